# SPDX-License-Identifier: MIT
"""When customers are called: opening hours, their quiet hours, attempts on another day."""
import time

from company import AUTOMATIC, QUICK, SETTINGS, specialist
from test_messages import NUMBER, TEXTS, letter

NEVER = {"from": "00:00", "to": "00:00"}
ID = "web-hours"


def noon():
    """A zone in which it is about noon, so that nothing here meets midnight."""
    hour = int(time.time()) // 3600 % 24 - 12
    return f"Etc/GMT{hour:+d}" if hour else "Etc/GMT"


def asleep():
    """One in which it is about four in the morning."""
    hour = (int(time.time()) // 3600 % 24 - 4 + 12) % 24 - 12
    return f"Etc/GMT{hour:+d}" if hour else "Etc/GMT"


def clock(shift):
    """The time at noon's, so many seconds from now."""
    local = int(time.time()) % 3600 + 12 * 3600 + shift
    return f"{local // 3600:02}:{local // 60 % 60:02}:{local % 60:02}"


def week(opens, closes):
    return {"week": [("Mon-Sun", f"{clock(opens)}-{clock(closes)}")]}


def settings(**changes):
    return {**QUICK, "zone": noon(), "text": ["sandbox"], "messages": TEXTS,
            "messages.quiet": NEVER, "specialists": [AUTOMATIC],
            **{name.replace("__", "."): value
               for name, value in changes.items()}}


def story_of(daemon, key):
    card = daemon.do("GET", f"/v1/requests/{key}")
    return [line.get("detail", "") for line in card["story"]]


def ask(daemon, **fields):
    daemon.ask({"id": ID, "phone": NUMBER, "sms": True, **fields})


def test_closed_for_some_seconds(start_daemon):
    daemon = start_daemon(settings(hours=week(3, 4 * 3600)))
    daemon.available("vera")
    ask(daemon)
    request = daemon.wait_for_state(ID, "scheduled")
    assert request["reason"] == "closed"
    assert any("closed until " in line for line in story_of(daemon, ID))
    # A slot that begins when it is open; who asks then is called at once.
    slot = daemon.answer(ID)["slot"]
    assert time.time() < slot[0] < time.time() + 3600
    daemon.wait_for(lambda: not daemon.do("GET", "/v1/queues")["queues"][0].get(
        "closed_until"))
    daemon.ask({"v": 1, "op": "move", "id": ID})
    daemon.wait_for_state(ID, "wrapping")


def test_closed_until_tomorrow_is_told(start_daemon):
    daemon = start_daemon(settings(hours=week(-7200, -3600)))
    daemon.available("vera")
    ask(daemon)
    daemon.wait_for_state(ID, "scheduled")
    letter(daemon, ID, "deferred", reason="delivered")
    request = daemon.request(ID)
    assert request["promise_at"] > time.time() + 20 * 3600
    assert daemon.sandbox.rings(NUMBER) == 0


def test_the_customer_sleeps(start_daemon):
    daemon = start_daemon(settings(
        quiet={"hours": "21:00-09:00", "now": "wait"}))
    daemon.available("vera")
    ask(daemon, tz=asleep())
    request = daemon.wait_for_state(ID, "scheduled")
    assert request["reason"] == "quiet_hours"
    assert 3 * 3600 < request["promise_at"] - time.time() < 7 * 3600
    assert any("quiet hours at the customer's until 09:00" in line
               for line in story_of(daemon, ID))
    letter(daemon, ID, "deferred", reason="delivered")
    # A restart knows their clock again, from the record.
    daemon.restart()
    daemon.ask({"v": 1, "op": "move", "id": ID})
    daemon.wait_for(lambda: sum("quiet hours" in line for line in
                                story_of(daemon, ID)) == 2)
    assert daemon.sandbox.rings(NUMBER) == 0


def test_who_asks_for_now_is_called_now(start_daemon):
    daemon = start_daemon(settings(quiet={"hours": "21:00-09:00"}))
    daemon.available("vera")
    ask(daemon, tz=asleep())
    daemon.wait_for_state(ID, "wrapping")


def test_numbers_have_quiet_hours_of_their_own(start_daemon):
    daemon = start_daemon(settings(quiet={
        "hours": "21:00-09:00", "now": "wait",
        "numbers": [(NUMBER[:5], "none")]}))
    daemon.available("vera")
    ask(daemon, tz=asleep())
    daemon.wait_for_state(ID, "wrapping")


def test_asked_before_closing_called_after_it(start_daemon):
    daemon = start_daemon(settings(
        hours={**week(-3600, 5), "after_close": "10m"},
        window__limit="5m", window__target="4m"))
    daemon.do("PUT", "/v1/specialists/vera", {"status": "off"})
    ask(daemon)
    closes = time.time() + 5
    daemon.wait_for(lambda: time.time() > closes + 1)
    assert daemon.request(ID)["state"] == "waiting"
    daemon.available("vera")
    daemon.wait_for_state(ID, "wrapping")


def test_an_attempt_on_another_day_is_announced(start_daemon):
    daemon = start_daemon(settings(
        hours=week(-3600, 20), retry__after=["10m"],
        window__limit="8s", window__target="7s"))
    daemon.sandbox.behave(NUMBER, does="no_answer")
    daemon.available("vera")
    ask(daemon)
    request = daemon.wait_for_state(ID, "scheduled", seconds=20)
    assert request["reason"] == "no_answer"
    assert request["promise_at"] > time.time() + 20 * 3600
    letter(daemon, ID, "deferred", reason="delivered")


# What is passed on at noon with two hours has one today, and another one tomorrow.
def test_a_passed_case_counts_open_hours(start_daemon):
    info, second, third = SETTINGS["queues"]
    daemon = start_daemon(settings(
        hours=week(-3600, 3600), queues=[info, {**second, "passed": {
            "limit": "2h", "clock": "open_hours"}}, third],
        specialists=[specialist("anna", "+79160000014", ("info", 3),
                                confirm="answer", accept="automatic")]))
    daemon.available("anna")
    ask(daemon)
    first = daemon.wait_for_state(ID, "wrapping")["id"]
    daemon.act(first, "pass", queue="delivery")
    passed = daemon.wait_for_state(ID, "waiting")
    assert passed["queue"] == "delivery"
    assert abs(passed["promise_at"] - time.time() - 24 * 3600) < 60


def test_no_hour_of_ours_is_one_of_theirs(start_daemon):
    daemon = start_daemon(settings(
        quiet={"hours": "21:00-09:00", "now": "wait"},
        hours={"week": [("Mon-Sun", "11:00-15:00")]}))
    ask(daemon, tz=asleep())
    request = daemon.wait_for_state(ID, "referred")
    assert request["reason"] == "no_common_hours"


# Nobody answers: it is only looked what became of them.
def test_whose_clock_it_is(start_daemon):
    daemon = start_daemon(settings(specialists=(),
                                   phones__allow=["RU", "DE", "KZ"]))
    if not daemon.has_libphonenumber:
        return
    for name, phone, fields, zone in (
            ("web-berlin", "+4930901820", {}, "Europe/Berlin"),
            ("web-tokyo", "+4930901821", {"tz": "Asia/Tokyo"}, "Asia/Tokyo"),
            ("web-nowhere", "+4930901822", {"tz": "Mars/Base"}, "Europe/Berlin"),
            ("web-no-zone", "+4930901823", {"tz": "soon"}, "Europe/Berlin"),
            ("web-at-home", "+79160000101", {}, None)):
        daemon.ask({"id": name, "phone": phone, **fields})
        daemon.wait_for_answer(name, "waiting")
        key = daemon.key(f"request:{daemon.request(name)['id']}")
        found = daemon.redis.hget(key, "zone")
        found = found.decode() if isinstance(found, bytes) else found
        assert found == zone, name
