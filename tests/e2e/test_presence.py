# SPDX-License-Identifier: MIT
"""Who is there to call: on another call, paused, off, ignoring, alone."""
import re
import time

import pytest

from company import AUTOMATIC, QUICK, specialist
from harness import TOP
from test_calls import ANNA, ANSWERS, BORIS, ID, asked

by_hand = pytest.mark.settings(QUICK)


def put_elsewhere(daemon, name, **body):
    return daemon.do("PUT", f"/v1/specialists/{name}/elsewhere", body)[
        "specialist"]


@by_hand
def test_who_is_on_another_call_is_offered_nothing(daemon):
    daemon.available("anna")
    daemon.wait_for_specialist("anna", "idle")
    seen = put_elsewhere(daemon, "anna")
    assert (seen["state"], seen["status"]) == ("elsewhere", "available")
    assert seen["elsewhere_until"] > time.time()
    asked(daemon)
    daemon.wait_for_state(ID, "waiting")
    # Another one comes later, and gets it: anna was not merely slow.
    daemon.available("boris")
    offered = daemon.wait_for_state(ID, "offered")
    assert [one["specialist"] for one in offered["offers"]] == ["boris"]
    assert daemon.do("DELETE", "/v1/specialists/anna/elsewhere")[
        "specialist"]["state"] == "idle"
    status = daemon.do("GET", "/v1/status")["specialists"]
    assert status["idle"] == 1 and status["elsewhere"] == 0


@by_hand
def test_an_offer_is_taken_back_and_not_counted(daemon):
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    daemon.do("POST", "/v1/specialists/anna/elsewhere", {"as": "anna"})
    request = daemon.wait_for_state(ID, "waiting")
    anna = daemon.wait_for_specialist("anna", "elsewhere")
    assert anna["ignored"] == 0 and "offers" not in request
    # No cool-off: the same request is there when they are back.
    daemon.do("POST", "/v1/specialists/anna/back", {})
    offered = daemon.wait_for_state(ID, "offered")
    assert offered["offers"][0]["specialist"] == "anna"
    assert "take_offer_back" in daemon.story(ID)


@pytest.mark.settings({**QUICK, "offer.elsewhere": "1s"})
def test_it_ends_after_the_limit(daemon):
    daemon.available("anna")
    put_elsewhere(daemon, "anna", until=int(time.time()) + 3600)
    asked(daemon)
    assert daemon.wait_for_state(ID, "offered")["offers"][0][
        "specialist"] == "anna"


@pytest.mark.settings({**QUICK, "offer.wrap_up": "30s"})
def test_it_is_noted_during_the_work(daemon):
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    daemon.act(ID, "accept", **{"as": "anna"})
    daemon.wait_for_specialist("anna", "wrapping")
    assert put_elsewhere(daemon, "anna")["state"] == "wrapping"
    daemon.act(ID, "close", disposition="solved", **{"as": "anna"})
    daemon.wait_for_specialist("anna", "elsewhere")


@by_hand
def test_the_last_one_is_told_whom_they_leave(daemon):
    daemon.available("anna", "boris")
    daemon.ctl("set", "specialist", "anna", "elsewhere")
    daemon.ctl("set", "specialist", "boris", "elsewhere")
    for i in range(2):
        asked(daemon, phone=f"+7900000000{i + 1}", name=f"web-0000000{i}")
        daemon.wait_for_state(f"web-0000000{i}", "waiting")
    # Boris is still at work, though on another call.
    answer = daemon.do("PUT", "/v1/specialists/anna", {"status": "paused"})
    assert "left_alone" not in answer
    answer = daemon.do("PUT", "/v1/specialists/boris", {
        "status": "paused", "reason": "lunch",
        "return_at": int(time.time()) + 600})
    (left,) = [one for one in answer["left_alone"] if one["queue"] == "info"]
    promises = [daemon.answer(f"web-0000000{i}")["promise"] for i in range(2)]
    assert left["waiting"] == 2 and left["promise"] == min(promises)
    assert left["title"] == "Баланс и вклады"
    # And with callbackctl, also who only goes home then.
    ran = daemon.ctl("set", "specialist", "boris", "off")
    assert "the last one in info; 2 wait; a call was promised until" in \
        ran.stdout, ran.stdout + ran.stderr
    # Who comes is told nothing.
    assert "left_alone" not in daemon.do("PUT", "/v1/specialists/anna",
                                         {"status": "available"})


@pytest.mark.settings({**QUICK, "specialists": [
    AUTOMATIC, specialist("boris", "+79160000002", ("info", 3), confirm="answer")]})
def test_who_leaves_after_their_call_stays_with_nobody(daemon):
    """Still busy, but they have said that they go: they are no company."""
    daemon.sandbox.behave(ANSWERS, talk_for=600)
    asked(daemon)
    daemon.wait_for_state(ID, "talking")
    daemon.available("boris")
    asked(daemon, phone="+79000000012", name="web-00000002")
    daemon.wait_for_state("web-00000002", "offered")
    answer = daemon.do("PUT", "/v1/specialists/vera", {"status": "paused"})
    assert answer["specialist"]["state"] == "busy"
    answer = daemon.do("PUT", "/v1/specialists/boris", {"status": "paused"})
    assert [(one["queue"], one["waiting"]) for one in answer["left_alone"]] == \
        [("info", 1)]


@by_hand
def test_a_pause_ends_by_itself(daemon):
    back = int(time.time()) + 2
    seen = daemon.do("PUT", "/v1/specialists/anna", {
        "status": "paused", "reason": "lunch", "return_at": back})
    assert seen["specialist"]["return_at"] == back
    shown = daemon.ctl("show", "specialists").stdout
    assert "paused: lunch until" in shown
    assert daemon.do("GET", "/v1/desk?as=anna")["specialist"][
        "return_at"] == back
    seen = daemon.wait_for_specialist("anna", "idle")
    assert seen["status"] == "available" and "return_at" not in seen
    assert time.time() >= back


@pytest.mark.settings({**QUICK, "specialists": [
    specialist("anna", "+79160000011", ("info", 3)),
    specialist("boris", "+79160000012", ("delivery", 3))]})
def test_a_queue_without_anybody_is_an_event_and_so_is_its_end(daemon):
    def events(word):
        return re.findall(rf"event={word} queue=(\w+) waiting=(\d+)",
                          daemon.log())
    # Nobody has come yet, and nobody waits; nor has anybody asked for alarms.
    daemon.wait_for(lambda: ("info", "0") in events("queue_unattended") and
                    ("delivery", "0") in events("queue_unattended"))
    daemon.available("anna")
    daemon.wait_for(lambda: events("queue_attended") == [("info", "0")])
    # Who is at work, but not free, is there.
    daemon.ctl("set", "specialist", "anna", "elsewhere")
    asked(daemon)
    daemon.available("boris")
    daemon.wait_for(lambda: ("delivery", "0") in events("queue_attended"))
    assert len(events("queue_unattended")) == 3
    daemon.do("PUT", "/v1/specialists/anna", {"status": "off"})
    daemon.wait_for(lambda: events("queue_unattended")[3:] == [("info", "1")])
    assert len(events("queue_attended")) == 2


@pytest.mark.settings({**QUICK, "offer.screen": "150ms", "offer.phone": "150ms",
                       "offer.cool_off_ignored": "100ms",
                       "offer.presence": "1h", "offer.ignored_return": "1h",
                       "text": ["sandbox"],
                       "alarms": {"to": ["+79160000101"], "at_most": "2s",
                                  "on": ["late"]}})
def test_the_last_one_who_ignores_is_an_alarm_and_asked(daemon):
    def desk(name):
        return daemon.do("GET", f"/v1/desk?as={name}")

    def alarms():
        return [one["body"] for one in
                daemon.sandbox.http("GET", "/sandbox/messages")[1]["messages"]
                if "заявки остаются без ответа" in one["body"]]
    for number in (ANNA, BORIS):
        daemon.sandbox.behave(number, does="no_answer")
    daemon.available("anna", "boris")
    asked(daemon)
    paused = daemon.wait_for(lambda: next((name for name in ("anna", "boris")
                             if daemon.specialist(name)["status"] ==
                             "paused"), None))
    last = {"anna": "boris", "boris": "anna"}[paused]
    assert daemon.wait_for(alarms)[0].startswith(
        "Ромашка: " + {"anna": "Anna", "boris": "Boris"}[last])
    assert daemon.specialist(last)["status"] == "available"
    # An open desk asks, and is no sign of life by itself.
    daemon.wait_for(lambda: desk(last)["ask_back"])
    before = daemon.specialist(last)["ignored"]
    assert desk(paused)["ask_back"]
    daemon.wait_for(lambda: desk(paused) and
                    daemon.specialist(last)["ignored"] > before)
    assert daemon.specialist(paused)["status"] == "paused"
    # The touch is.
    seen = daemon.do("POST", f"/v1/specialists/{paused}/present",
                     {"as": paused})["specialist"]
    assert seen["status"] == "available"
    seen = daemon.do("POST", f"/v1/specialists/{last}/present",
                     {"as": last})["specialist"]
    assert seen["ignored"] == 0


@by_hand
def test_asterisk_can_say_so(daemon):
    """As its CURL() posts: a form by its type, and the desk's token."""
    dialplan = (TOP / "config/asterisk/extensions.conf").read_text("utf-8")
    (curl,) = [line for line in dialplan.splitlines() if "${CB_API}" in line]
    path, body = re.search(r"CURL\(\$\{CB_API\}(\S+),(\S+)\)\}\)$",
                           curl).groups()
    daemon.available("anna")
    for word, state in (("elsewhere", "elsewhere"), ("back", "idle")):
        assert "(${CB_WHO}," + word + ")" in dialplan
        url = path.replace("${CB_WHO}", "anna").replace("${CB_WORD}", word)
        status, answer = daemon.http(
            "POST", f"/v1{url}", body,
            headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert status == 200, answer
        assert answer["specialist"]["state"] == state


@by_hand
def test_callbackctl_says_elsewhere_and_back(daemon):
    daemon.available("anna")
    ran = daemon.ctl("set", "specialist", "anna", "elsewhere", "--as", "anna")
    assert ran.returncode == 0 and "now elsewhere" in ran.stdout, ran.stderr
    shown = daemon.ctl("show", "specialists").stdout
    assert "on another call until" in shown
    ran = daemon.ctl("set", "specialist", "anna", "back")
    assert ran.returncode == 0 and "now idle" in ran.stdout, ran.stderr
    assert daemon.control("PUT", "/v1/specialists/nobody/elsewhere", {})[
        0] == 404
