# SPDX-License-Identifier: MIT
"""SMS to customers and staff, end to end: what is born of which step, what becomes
of it at the provider, and who is written to no more."""
import copy
import time

import pytest

import harness
from company import AUTOMATIC, QUICK, SETTINGS, specialist

TEXTS = {"deferred": "{company}: позвоним {day} {from}-{to} с {caller_id}",
         "soon": "{company}: звоним с {caller_id}",
         "late": "{company}: простите, до {promise}",
         "unreachable": "{company}: не дозвонились, {number}",
         "passed": "{company}: {case} у {queue}, до {promise}"}
MESSAGES = {**QUICK, "text": ["sandbox"], "messages": TEXTS,
            "messages.quiet": {"from": "00:00", "to": "00:00"},
            "telephony.look_up": "100ms", "telephony.quarantine": "1s"}
SUPPRESS = [*SETTINGS["dispositions"],
            {"key": 8, "id": "no_calls", "title": "Не звонить",
             "then": "suppress"}]
NUMBER = "+79160000101"     # ..01: receives what is sent
OURS = "+74951234567"


def with_settings(**more):
    changes = copy.deepcopy(MESSAGES)
    changes.update(more)
    return changes


def hear(daemon):
    """What phones write reaches the daemon."""
    url = f"http://127.0.0.1:{daemon.port}/hooks/sandbox"
    status, _ = daemon.sandbox.http("PUT", "/sandbox/inbound", {"url": url})
    assert status == 200


def write(daemon, number, text):
    status, answer = daemon.sandbox.http(
        "POST", f"/sandbox/phones/{number}/write", {"to": OURS, "text": text})
    assert status == 200, answer


def sent(daemon, number=None):
    """What phones received, oldest first; only what the network took."""
    status, answer = daemon.sandbox.http("GET", "/sandbox/messages")
    assert status == 200
    return [one for one in reversed(answer["messages"])
            if one["direction"] != "inbound" and number in (None, one["to"])]


def orders(daemon):
    return [line for line in daemon.sandbox.ledger()
            if line["kind"] == "request" and line["method"] == "POST"
            and line["path"].endswith("/Messages.json")]


def letters(daemon, key):
    return daemon.do("GET", f"/v1/messages?request={key}")["messages"]


def letter(daemon, key, kind, **wanted):
    """Waits for that message of a request as it must become."""
    def find():
        for one in letters(daemon, key):
            if one["kind"] == kind and all(
                    one.get(name) == value for name, value in wanted.items()):
                return one
        return None
    return daemon.wait_for(find)


def ask(daemon, name, number=NUMBER, at=0, **more):
    daemon.ask({"id": name, "phone": number, "sms": True, **more}, at)
    return daemon.wait_for(lambda: daemon.answer(name))


# ---- each kind

@pytest.mark.settings(with_settings(specialists=[AUTOMATIC]))
def test_soon_is_sent_when_somebody_accepts_and_is_delivered(daemon):
    ask(daemon, "web-soon")
    one = letter(daemon, "web-soon", "soon", state="ended")
    assert one["reason"] == "delivered" and not one["failed"]
    assert one["text"] == f"Ромашка: звоним с {OURS}"
    [text] = sent(daemon, NUMBER)
    assert text["body"] == one["text"] and text["from"] == OURS
    card = daemon.do("GET", "/v1/requests/web-soon")
    assert [m["kind"] for m in card["messages"]] == ["soon"]
    assert any(line["action"] == "deliver"
               for line in card["story"])


@pytest.mark.settings(with_settings(**{
    "window": {"target": "50ms", "limit": "100ms", "late": "1h"},
    "specialists": ()}))
def test_deferred_and_late_say_when(daemon):
    at = int(time.time()) + 3 * 86400
    ask(daemon, "web-deferred", at=at)
    one = letter(daemon, "web-deferred", "deferred", reason="delivered")
    moment = time.gmtime(at + 3 * 3600)     # Moscow
    assert time.strftime("%-d.%m", moment) in one["text"]
    assert time.strftime("%-H:%M", moment) in one["text"]
    ask(daemon, "web-late", "+79160000122")
    one = letter(daemon, "web-late", "late", reason="delivered")
    assert one["text"].startswith("Ромашка: простите, до ")
    # Once for this promise, however often it is looked at.
    assert len(sent(daemon, "+79160000122")) == 1


@pytest.mark.settings(with_settings(**{
    "specialists": [AUTOMATIC], "retry.after": []}))
def test_unreachable_and_passed(daemon):
    ask(daemon, "web-silent", "+79160000103")       # ..03: nobody answers
    one = letter(daemon, "web-silent", "unreachable", reason="delivered")
    number = daemon.answer("web-silent")["number"]
    assert one["text"] == f"Ромашка: не дозвонились, {number}"
    ask(daemon, "web-pass", topic="info")
    daemon.wait_for(lambda: daemon.answer("web-pass")["state"] == "done")
    passed = daemon.do("GET", "/v1/requests/web-pass")
    daemon.act(passed["id"], "close", disposition="pass", queue="directors")
    one = letter(daemon, passed["id"], "passed", reason="delivered")
    assert one["text"].startswith(
        f"Ромашка: {passed['number']} у Дирекция, до ")


# ---- who gets none

@pytest.mark.settings(with_settings(specialists=[AUTOMATIC]))
def test_without_consent_or_to_a_landline_nothing_is_planned(daemon):
    daemon.ask({"id": "web-silent", "phone": NUMBER})
    daemon.wait_for_answer("web-silent", "done")
    ask(daemon, "web-wired", "+74950000101")
    daemon.wait_for(lambda: daemon.answer("web-wired")["state"] == "done")
    ask(daemon, "web-office", "+7 916 000-01-22 доб. 12")
    daemon.wait_for(lambda: daemon.answer("web-office")["state"] == "done")
    assert orders(daemon) == []


@pytest.mark.settings(with_settings(**{
    "window": {"target": "50ms", "limit": "100ms", "late": "1h"},
    "specialists": (), "messages.quiet": None}))
def test_quiet_hours_hold_what_keeps_and_not_an_answer(start_daemon):
    hour = (int(time.time()) // 3600 + 3) % 24      # in Moscow
    changes = with_settings(**{
        "window": {"target": "50ms", "limit": "100ms", "late": "48h"},
        "specialists": ()})
    changes["messages.quiet"] = {"from": f"{(hour - 1) % 24:02}:00",
                                 "to": f"{(hour + 2) % 24:02}:00"}
    daemon = start_daemon(changes)
    ask(daemon, "web-late", "+79160000122")
    one = letter(daemon, "web-late", "late", state="queued")
    assert one["send_at"] > time.time() + 1800
    ask(daemon, "web-deferred", at=int(time.time()) + 86400)
    letter(daemon, "web-deferred", "deferred", reason="delivered")
    assert sent(daemon, "+79160000122") == []
    # Nobody is told any more of a call that they cancelled.
    daemon.act("web-late", "cancel")
    letter(daemon, "web-late", "late", reason="withdrawn")


# ---- what a provider does

@pytest.mark.settings(with_settings(specialists=[AUTOMATIC]))
def test_failures_stand_on_the_card_and_stop_nothing(daemon):
    for name, number, error in (("web-no-11", "+79160000111", "30003"),
                                ("web-no-12", "+79160000112", "30008"),
                                ("web-no-14", "+79160000114", "21610 ")):
        ask(daemon, name, number)
        one = letter(daemon, name, "soon", reason="failed")
        assert one["failed"] and one["error"].startswith(error.strip()), one
        card = daemon.do("GET", f"/v1/requests/{name}")
        told = [line["action"] for line in card["story"]]
        assert "fail" in told or "fail_delivery" in told
        # What reads the events finds the line in that story.
        assert any(card["id"] in fields for _, fields in
                   daemon.redis.xrange(daemon.key("events")))
        daemon.wait_for_answer(name, "done")


@pytest.mark.settings(with_settings(**{
    "specialists": [AUTOMATIC], "provider": {"timeout": "1s"}}))
def test_what_nobody_knows_is_not_sent_twice(daemon):
    daemon.sandbox.faults({"sms": {"kind": "500_after"}})
    ask(daemon, "web-heard", NUMBER)
    # Its webhook says that the provider has it.
    letter(daemon, "web-heard", "soon", reason="delivered")
    assert len(sent(daemon, NUMBER)) == 1
    # Nobody ever says more of this one.
    daemon.sandbox.faults({"sms": {"kind": "500_before"}})
    ask(daemon, "web-lost", "+79160000122")
    letter(daemon, "web-lost", "soon", reason="unknown")
    assert sent(daemon, "+79160000122") == []
    assert len(orders(daemon)) == 2


@pytest.mark.settings(with_settings(specialists=[AUTOMATIC]))
def test_webhooks_lost_doubled_and_forged(daemon):
    daemon.sandbox.faults({"webhook": {"kind": "drop", "count": 1000}})
    ask(daemon, "web-poll", NUMBER)
    # The provider is asked, too: poll is a second here.
    letter(daemon, "web-poll", "soon", reason="delivered")
    daemon.sandbox.http("DELETE", "/sandbox/faults")


def test_the_next_provider_is_asked_only_after_a_certain_refusal(start_daemon):
    daemon = start_daemon(with_settings(specialists=[AUTOMATIC]))
    second = dict(daemon.settings["providers"][0], id="second")
    daemon.stop()
    daemon.configure({**with_settings(specialists=[AUTOMATIC]),
                      "text": ["sandbox", "second"],
                      "providers": [daemon.settings["providers"][0], second]})
    daemon.start()
    daemon.sandbox.faults({"sms": {"kind": "429"}})
    ask(daemon, "web-next")
    one = letter(daemon, "web-next", "soon", reason="delivered")
    assert one["provider"] == "second"
    daemon.sandbox.faults({"sms": {"kind": "500_after"}})
    ask(daemon, "web-same", "+79160000122")
    one = letter(daemon, "web-same", "soon", reason="delivered")
    assert one["provider"] == "sandbox"


# ---- STOP, START, do not call

@pytest.mark.settings(with_settings(specialists=[AUTOMATIC],
                                    dispositions=SUPPRESS))
def test_stop_ends_messages_not_the_call_and_start_brings_them_back(daemon):
    hear(daemon)
    daemon.sandbox.faults({"webhook": {"kind": "duplicate", "times": 2}})
    write(daemon, NUMBER, " стоп! ")
    daemon.wait_for(lambda: [one["body"] for one in sent(daemon, NUMBER)] ==
                    ["Ромашка: сообщений больше не будет. Вернуть: СТАРТ"])
    ask(daemon, "web-stopped")
    letter(daemon, "web-stopped", "soon", reason="suppressed")
    daemon.wait_for(lambda: daemon.answer("web-stopped")["state"] == "done")
    assert len(sent(daemon, NUMBER)) == 1       # told once, for all the copies
    assert NUMBER[1:] not in daemon.log()
    write(daemon, NUMBER, "START")
    daemon.wait_for(lambda: len(sent(daemon, NUMBER)) == 2)
    assert daemon.redis.hlen(daemon.key("suppressed")) == 0
    daemon.act("web-stopped", "close", disposition="solved")
    ask(daemon, "web-again")
    letter(daemon, "web-again", "soon", reason="delivered")
    # A sentence is no command.
    write(daemon, NUMBER, "stop calling me at night")
    write(daemon, "+79160000122", "не  звоните")
    daemon.wait_for(lambda: daemon.redis.hlen(daemon.key("suppressed")) == 2)
    assert not daemon.redis.hexists(daemon.key("suppressed"),
                                    f"messages:{NUMBER}")


@pytest.mark.settings(with_settings(specialists=(), dispositions=SUPPRESS))
def test_do_not_call_ends_both_until_it_is_lifted(daemon):
    hear(daemon)
    ask(daemon, "web-waits")
    write(daemon, NUMBER, "НЕ ЗВОНИТЬ")
    daemon.wait_for(lambda: daemon.answer("web-waits").get("why") == "suppressed")
    answer = ask(daemon, "web-refused")
    assert answer["state"] == "rejected"
    assert answer["errors"][0]["code"] == "phone_not_accepted"
    [one] = daemon.do("GET", "/v1/suppressed")["suppressed"]
    assert one["phone"] == NUMBER and one["calls"]["who"] == "customer"
    done = daemon.ctl("unsuppress", NUMBER, "--reason", "asked us to", "--as", "olga")
    assert done.returncode == 0, done.stderr
    assert ask(daemon, "web-welcome")["state"] != "rejected"
    assert any("unsuppress olga asked us to" in str(entry)
               for entry in daemon.redis.xrange(daemon.key("events")))
    done = daemon.ctl("suppress", NUMBER, "--reason", "by letter", "--as", "olga")
    assert done.returncode == 0, done.stderr
    daemon.wait_for(lambda: daemon.answer("web-welcome").get("why") == "suppressed")
    assert "by letter" in daemon.ctl("show", "suppressed").stdout


@pytest.mark.settings(with_settings(dispositions=SUPPRESS))
def test_what_a_specialist_heard_counts_too(daemon):
    ask(daemon, "web-tells")
    daemon.wait_for(lambda: daemon.answer("web-tells")["state"] == "waiting")
    daemon.act("web-tells", "close", disposition="no_calls", **{"as": "anna"})
    fields = daemon.redis.hgetall(daemon.key("suppressed"))
    assert set(fields) == {f"calls:{NUMBER}", f"messages:{NUMBER}"}
    assert '"who":"anna"' in fields[f"calls:{NUMBER}"]


# A hand in Redis, or another node just now: the commit that would dial finds out.
@pytest.mark.settings(with_settings())
def test_who_is_suppressed_meanwhile_is_not_dialled(daemon):
    daemon.available("anna")
    ask(daemon, "web-held")
    daemon.wait_for_state("web-held", "offered")
    daemon.redis.hset(daemon.key("suppressed"), f"calls:{NUMBER}", "{}")
    daemon.ctl("accept", "web-held", "--as", "anna")
    daemon.wait_for(lambda: daemon.answer("web-held").get("why") == "suppressed")
    assert daemon.sandbox.posts() == [] and orders(daemon) == []


# ---- staff

GLEB = specialist("gleb", "+79160000121", ("info", 3), confirm="answer",
                  offers=["sms"])


@pytest.mark.settings(with_settings(specialists=[GLEB]))
def test_an_offer_by_sms_is_taken_with_1(daemon):
    hear(daemon)
    daemon.available("gleb")
    ask(daemon, "web-offer")
    daemon.wait_for(lambda: sent(daemon, "+79160000121"))
    text = sent(daemon, "+79160000121")[0]["body"]
    assert "Ответ 1 - беру" in text
    write(daemon, "+79160000121", "2")
    daemon.wait_for_state("web-offer", "waiting")
    daemon.wait_for(lambda: len(sent(daemon, "+79160000121")) == 2)
    write(daemon, "+79160000121", "1")
    daemon.wait_for(lambda: daemon.answer("web-offer")["state"] == "done")
    staff = daemon.do("GET", "/v1/messages?to=staff")["messages"]
    assert [one["kind"] for one in staff] == ["offer", "offer"]
    assert "offer" in daemon.ctl("show", "messages", "to", "staff").stdout


@pytest.mark.settings(with_settings(**{
    "window": {"target": "50ms", "limit": "100ms", "late": "1h"},
    "specialists": [dict(GLEB, offers=["screen"])],
    "alarms": {"to": ["gleb"], "at_most": "2s", "on": ["late", "rejected"]}}))
def test_alarms_are_grouped_and_one_tells_that_it_is_over(daemon):
    for i in range(6):
        ask(daemon, f"web-late-{i}", f"+7916000020{i}")
    gleb = "+79160000121"
    daemon.wait_for(lambda: sent(daemon, gleb))
    for i in range(6):
        daemon.wait_for(lambda: daemon.do(
            "GET", f"/v1/requests/web-late-{i}")["late"])
    # Six are late, and told of by one more message at most.
    daemon.wait_for(lambda: any("просрочено 6" in one["body"]
                                for one in sent(daemon, gleb)))
    assert len(sent(daemon, gleb)) <= 2
    for i in range(6):
        daemon.act(f"web-late-{i}", "cancel")
    daemon.wait_for(lambda: "больше нет" in sent(daemon, gleb)[-1]["body"])
    count = len(sent(daemon, gleb))
    assert count <= 4
    daemon.restart()
    assert len(sent(daemon, gleb)) == count
