# SPDX-License-Identifier: MIT
"""What specialists do on the desk, over HTTP, and with callbackctl."""
import json
import time

import pytest

from company import AUTOMATIC, QUICK, by_phone
from test_calls import ANNA, ANSWERS, BORIS, ID, asked

by_hand = pytest.mark.settings(QUICK)


def desk(daemon, name):
    status, answer = daemon.http("GET", f"/v1/desk?as={name}")
    assert status == 200, answer
    return answer


def act(daemon, key, verb, **body):
    return daemon.http("POST", f"/v1/requests/{key}/{verb}", body)


@pytest.mark.settings({**QUICK, "offer.wrap_up": "30s"})
def test_the_desk_of_one_who_accepts(daemon):
    daemon.available("anna")
    asked(daemon, name=ID, note="Где посылка?")
    daemon.wait_for_state(ID, "offered")
    seen = desk(daemon, "anna")
    assert seen["specialist"]["state"] == "offered"
    assert seen["company"] == "Ромашка"
    request = seen["request"]
    assert request["title"] == "Баланс и вклады" and not request["by_hand"]
    assert request["said"]["note"] == "Где посылка?"
    assert [one["id"] for one in request["pass_to"]] == ["delivery",
                                                          "directors"]
    assert [one["key"] for one in request["dispositions"]] == [1, 2, 3, 4, 5]
    assert 0 < request["offers"][0]["until"] - seen["now"] <= 20
    status, answer = act(daemon, ID, "accept", **{"as": "anna"})
    assert (status, answer["request"]["state"]) == (200, "calling")
    daemon.wait_for(lambda: desk(daemon, "anna")["specialist"]["shown"] ==
                    "talking")
    daemon.wait_for_state(ID, "wrapping")
    daemon.wait_for(lambda: desk(daemon, "anna")["specialist"]["state"] ==
                    "wrapping")
    status, answer = act(daemon, ID, "close", disposition="solved",
                         note="код подошёл", **{"as": "anna"})
    assert (status, answer["request"]["state"]) == (200, "closed")
    assert desk(daemon, "anna")["request"] is None
    last = daemon.request(ID)["story"][-1]
    closing = [line for line in daemon.request(ID)["story"]
               if line["action"] == "close_with"]
    assert closing[0]["by"] == "anna" and "код подошёл" in closing[0]["detail"]
    assert last["at_ms"] >= closing[0]["at_ms"]
    assert daemon.sandbox.rings(ANSWERS) == 1


@by_hand
def test_the_desk_is_not_for_everybody(daemon):
    asked(daemon)
    assert daemon.http("GET", "/v1/desk?as=anna", token="")[0] == 401
    assert daemon.http("GET", "/v1/desk?as=anna", token="x" * 32)[0] == 401
    assert daemon.http("POST", f"/v1/requests/{ID}/cancel", {},
                       token="")[0] == 401
    assert daemon.request(ID)["state"] == "waiting"
    assert daemon.http("GET", "/v1/desk?as=nobody")[0] == 404
    # Asking and reading one's own answer need no token.
    status, answer = daemon.http("POST", "/v1/requests", {
        "id": "web-00000002", "phone": "8 900 000 00 03"}, token="")
    assert status == 202 and answer["state"] == "waiting"
    assert daemon.http("GET", "/v1/answers/web-00000002", token="") == (
        200, daemon.answer("web-00000002"))
    status, answer = daemon.http("POST", "/v1/requests", {"phone": "12"},
                                 token="")
    assert (status, answer["state"]) == (422, "rejected")
    status, answer = daemon.http("POST", "/v1/requests/check", {
        "phone": "8 900 000 00 05"}, token="")
    assert answer["would"] == "accept"
    assert daemon.control("GET", "/v1/requests/79000000005")[0] == 404


@by_hand
def test_declining_goes_to_the_next(daemon):
    daemon.available("anna", "boris")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    status, answer = act(daemon, ID, "decline", **{"as": "anna"})
    assert status == 200
    request = daemon.wait_for_state(ID, "offered")
    assert request["offers"][0]["specialist"] == "boris"
    assert daemon.specialist("anna")["ignored"] == 0
    # Too late, and not hers.
    status, answer = act(daemon, ID, "accept", **{"as": "anna"})
    assert (status, answer["code"]) == (409, "no_row")
    assert act(daemon, ID, "accept", **{"as": "nobody"})[0] == 400
    assert act(daemon, ID, "accept", **{"as": "boris"})[0] == 200
    assert act(daemon, ID, "accept", **{"as": "boris"})[0] == 409
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.sandbox.rings(ANSWERS) == 1


@pytest.mark.settings({**QUICK, "offer.screen": "150ms", "offer.phone": "150ms",
                       "offer.cool_off_ignored": "100ms"})
def test_ignored_offers(daemon):
    # Nor is the telephone answered that rings at last.
    for number in (ANNA, BORIS):
        daemon.sandbox.behave(number, does="no_answer")
    daemon.available("anna", "boris")
    asked(daemon)

    def paused():
        return [name for name in ("anna", "boris")
                if daemon.specialist(name)["status"] == "paused"]
    (name,) = daemon.wait_for(paused)
    other = {"anna": "boris", "boris": "anna"}[name]
    assert daemon.specialist(name)["reason"] == "ignored"
    offers = [line for line in daemon.request(ID)["story"]
              if line["action"] == "offer"]
    assert [line["detail"] for line in offers[:2]] == ["to Anna", "to Boris"]
    # Who is left is never paused, however many they ignore.
    daemon.wait_for(lambda: daemon.specialist(other)["ignored"] > 3)
    assert daemon.specialist(other)["status"] == "available"
    assert desk(daemon, name)["ask_back"] and desk(daemon, other)["ask_back"]
    # Any sign of life ends such a pause.
    daemon.do("POST", f"/v1/specialists/{name}/present", {})
    daemon.wait_for(lambda: daemon.specialist(name)["status"] == "available")
    assert daemon.request(ID)["attempts"] == 0


@by_hand
def test_status(daemon):
    daemon.available("anna", "boris")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    # Who leaves gives the offer back.
    back = int(time.time()) + 600
    daemon.do("PUT", "/v1/specialists/anna", {
        "status": "paused", "reason": "обед", "return_at": back})
    request = daemon.wait_for_state(ID, "offered")
    assert request["offers"][0]["specialist"] == "boris"
    anna = daemon.specialist("anna")
    assert (anna["state"], anna["reason"], anna["return_at"]) == (
        "away", "обед", back)
    # During a call it is noted, and holds afterwards.
    act(daemon, ID, "accept", **{"as": "boris"})
    daemon.wait_for_state(ID, "talking")
    daemon.do("PUT", "/v1/specialists/boris", {"status": "off"})
    assert daemon.specialist("boris")["state"] == "busy"
    daemon.wait_for_state(ID, "wrapping")
    daemon.wait_for_specialist("boris", "away")
    assert daemon.control("PUT", "/v1/specialists/anna",
                          {"status": "asleep"})[0] == 400
    assert daemon.control("PUT", "/v1/specialists/nobody",
                          {"status": "off"})[0] == 404


@pytest.mark.settings({**QUICK, "offer.wrap_up": "30s"})
def test_wrapping_up(daemon):
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    act(daemon, ID, "accept", **{"as": "anna"})
    daemon.wait_for_state(ID, "wrapping")
    until = daemon.wait_for_specialist("anna", "wrapping")["until"]
    extended = daemon.do("POST", "/v1/specialists/anna/extend", {})
    assert extended["specialist"]["until"] == until + 30
    assert daemon.control("POST", "/v1/specialists/anna/extend", {})[0] == 409
    daemon.do("POST", "/v1/specialists/anna/ready", {})
    assert daemon.specialist("anna")["state"] == "idle"
    # The request still waits for what she has to say.
    assert daemon.request(ID)["state"] == "wrapping"


@pytest.mark.settings({**QUICK, "result.wait": "1s", "specialists": [
    AUTOMATIC, by_phone("anna", ANNA, ("delivery", 1))]})
def test_results_that_are_waited_for_stand_on_the_desk(daemon):
    asked(daemon)
    daemon.wait_for_state(ID, "referred")
    assert [one["site_id"] for one in desk(daemon, "vera")["results"]] == [ID]
    assert desk(daemon, "anna")["results"] == []
    status, answer = act(daemon, ID, "close", disposition="solved",
                         **{"as": "vera"})
    assert (status, answer["request"]["state"]) == (200, "closed")
    assert desk(daemon, "vera")["results"] == []


# ---- what was closed by mistake

def closed(daemon, name):
    return [(one["site_id"], one.get("result"))
            for one in desk(daemon, name)["closed"]]


def takes_it(daemon, key, name):
    daemon.wait_for_state(key, "offered")
    act(daemon, key, "accept", **{"as": name})
    daemon.wait_for_state(key, "wrapping")
    daemon.wait_for_specialist(name, "wrapping")


@pytest.mark.settings({**QUICK, "offer.wrap_up": "30s"})
def test_what_they_closed_can_be_opened_again(daemon):
    daemon.available("anna")
    asked(daemon, name=ID)
    takes_it(daemon, ID, "anna")
    assert closed(daemon, "anna") == []
    old = daemon.act(ID, "close", disposition="solved", **{"as": "anna"})
    assert closed(daemon, "anna") == [(ID, "Решено")]
    assert closed(daemon, "boris") == []
    (one,) = desk(daemon, "anna")["closed"]
    assert (one["number"], one["closed_at"]) == (
        old["number"], old["closed_at"])
    assert "went_on" not in one and "barred" not in one
    daemon.restart()
    assert closed(daemon, "anna") == [(ID, "Решено")]
    # Opened again it is shown as such, and where it is now.
    status, answer = act(daemon, old["id"], "reopen", **{"as": "anna"})
    assert status == 200
    new = answer["request"]["next"]
    daemon.wait_for_state(new, "offered")
    (one,) = desk(daemon, "anna")["closed"]
    assert (one["id"], one["next"]) == (old["id"], new)
    assert (one["went_on"]["id"], one["went_on"]["from"]) == (new, old["id"])
    assert one["went_on"]["state"] == "offered"
    assert desk(daemon, "anna")["request"]["id"] == new
    # A second press, on a page that is old, opens nothing else.
    status, answer = act(daemon, old["id"], "reopen", **{"as": "anna"})
    assert (status, answer["request"]["next"]) == (200, new)
    daemon.restart()
    assert desk(daemon, "anna")["closed"][0]["next"] == new


@pytest.mark.settings({**QUICK, "result.wait": "1s", "offer.wrap_up": "100ms",
                       "specialists": [AUTOMATIC,
                                       by_phone("boris", BORIS, ("info", 1))]})
def test_the_last_three_that_they_closed(daemon):
    names = [f"web-closed-{n}" for n in range(1, 5)]
    for name in names:
        asked(daemon, f"+790000001{name[-1]}1", name=name)
    # Also results that come late, while they are at other work.
    for name in names:
        daemon.wait_for_state(name, "referred", seconds=30)
        daemon.act(name, "close", disposition="wrong", **{"as": "vera"})
    assert closed(daemon, "vera") == [
        (name, "Не тот человек") for name in reversed(names[1:])]
    # Nobody's click is nobody's, and what is not closed is not shown.
    asked(daemon, name=ID)
    daemon.act(ID, "close", disposition="wrong")
    assert len(closed(daemon, "vera")) == 3
    assert ID not in dict(closed(daemon, "vera"))


@by_hand
def test_where_the_customer_asked_again_it_goes_on(daemon):
    asked(daemon)
    old = daemon.act(ID, "close", disposition="solved", **{"as": "anna"})
    asked(daemon, name="web-again-1")
    assert "went_on" not in desk(daemon, "anna")["closed"][0]
    daemon.act(old["id"], "reopen", **{"as": "anna"})
    (one,) = desk(daemon, "anna")["closed"]
    assert one["went_on"]["site_id"] == "web-again-1"
    assert "from" not in one["went_on"]
    assert one["went_on"]["number"] != one["number"]


@by_hand
def test_who_wants_no_calls_is_not_opened_again(daemon):
    asked(daemon)
    old = daemon.act(ID, "close", disposition="solved", **{"as": "anna"})
    daemon.do("POST", f"/v1/suppressed/{ANSWERS}/suppress", {"reason": "x"})
    assert desk(daemon, "anna")["closed"][0]["barred"] == "suppressed"
    daemon.do("POST", f"/v1/suppressed/{ANSWERS}/unsuppress", {"reason": "x"})
    assert "barred" not in desk(daemon, "anna")["closed"][0]
    # After half a day it is another matter.
    daemon.redis.hset(daemon.key(f"request:{old['id']}"), "closed_at_ms",
                      int(time.time() - 13 * 3600) * 1000)
    assert desk(daemon, "anna")["closed"] == []


# ---- callbackctl

def ctl(daemon, *words, status=0, text_in=None):
    ran = daemon.ctl(*words, text_in=text_in)
    assert ran.returncode == status, (words, ran.stdout, ran.stderr)
    return ran.stdout + ran.stderr


@by_hand
def test_callbackctl_does_it_all(daemon, tmp_path):
    ctl(daemon, "set", "specialist", "anna", "available")
    out = ctl(daemon, "submit", ANSWERS, "--topic", "info", "--name", "Иван")
    number = out.split()[1]
    daemon.wait_for_state(number, "offered")
    ctl(daemon, "decline", number, "--as", "anna")
    daemon.wait_for_state(number, "offered")
    ctl(daemon, "accept", number, "--as", "anna")
    daemon.wait_for_state(number, "wrapping")
    assert "Иван" in ctl(daemon, "show", "request", number)
    ctl(daemon, "note", number, "ждёт")
    ctl(daemon, "pass", number, "--to", "delivery", "--as", "anna")
    passed = daemon.wait_for_state(number, "waiting")
    assert passed["queue"] == "delivery"
    ctl(daemon, "assign", number, "to", "boris")
    assert daemon.request(number)["wished"] == "boris"
    assert number in ctl(daemon, "show", "queue", "delivery")
    ctl(daemon, "close", number, "as", "solved", "--as", "boris")
    assert daemon.request(number)["state"] == "closed"
    ctl(daemon, "reopen", number)
    assert daemon.wait_for_state(number, "waiting")["queue"] == "delivery"
    ctl(daemon, "cancel", number)
    assert daemon.request(number)["reason"] == "cancelled"
    ctl(daemon, "cancel", number, status=1)
    ctl(daemon, "set", "specialist", "anna", "paused", "--reason", "обед")
    assert "обед" in ctl(daemon, "show", "specialists")
    file = tmp_path / "one.json"
    file.write_text('{"phon": "8 900 000 00 01"}')
    ctl(daemon, "check-request", file, status=1)
    file.write_text('{"phone": "8 900 000 00 01"}')
    ctl(daemon, "check-request", file)
    daemon.ask("{")
    daemon.wait_for(lambda: "json_invalid" in
                    ctl(daemon, "show", "rejected"))
    for words in (("status",), ("show", "late"), ("show", "unknown")):
        ctl(daemon, *words)
        json.loads(ctl(daemon, *words, "--json"))
