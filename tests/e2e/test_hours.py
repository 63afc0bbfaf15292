# SPDX-License-Identifier: MIT
"""When customers are called: opening hours, their quiet hours, attempts on another day."""
import time

import pytest

from company import AUTOMATIC, QUICK
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
    daemon = start_daemon(settings(hours=week(4, 3600)))
    daemon.available("vera")
    opens = time.time() + 3
    ask(daemon)
    request = daemon.wait_for_state(ID, "scheduled")
    assert request["reason"] == "closed"
    assert any(line.startswith("closed until ")
               for line in story_of(daemon, ID))
    daemon.wait_for_state(ID, "wrapping", seconds=20)
    assert time.time() > opens


def test_closed_until_tomorrow_is_told(start_daemon):
    daemon = start_daemon(settings(hours=week(-7200, -3600)))
    daemon.available("vera")
    ask(daemon)
    daemon.wait_for_state(ID, "scheduled")
    letter(daemon, ID, "deferred", reason="delivered")
    request = daemon.request(ID)
    assert request["promise_at"] > time.time() + 20 * 3600
    assert daemon.sandbox.rings(NUMBER) == []


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
    daemon.act(ID, "move", at=0)
    daemon.wait_for(lambda: daemon.request(ID)["reason"] == "quiet_hours")
    assert daemon.sandbox.rings(NUMBER) == []


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
        hours={**week(-3600, 5), "after_close": "10m"}))
    ask(daemon)
    closes = time.time() + 5
    daemon.wait_for(lambda: time.time() > closes + 1)
    assert daemon.request(ID)["state"] == "waiting"
    daemon.available("vera")
    daemon.wait_for_state(ID, "wrapping")


def test_an_attempt_on_another_day_is_announced(start_daemon):
    daemon = start_daemon(settings(
        hours=week(-3600, 20), retry__after=["10m"]))
    daemon.sandbox.behave(NUMBER, does="no_answer")
    daemon.available("vera")
    ask(daemon)
    request = daemon.wait_for(
        lambda: (lambda r: r if r["state"] == "scheduled" else None)(
            daemon.request(ID)), seconds=20)
    assert request["reason"] == "no_answer"
    assert request["promise_at"] > time.time() + 20 * 3600
    letter(daemon, ID, "deferred", reason="delivered")
