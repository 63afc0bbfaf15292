# SPDX-License-Identifier: MIT
"""What becomes of a request: each way a call can go, from the asking to the end,
as the website, the story and the telephone network see it."""
import json
import time

import harness
import pytest

from company import AUTOMATIC, QUICK, SETTINGS, by_phone, specialist

ANSWERS, BUSY, SILENT, VOICEMAIL, HANGS_UP, INVALID, SECOND_TRY, REJECTS = (
    f"+7900000000{digit}" for digit in range(1, 9))
ID = "web-00000001"
ANNA, BORIS, VERA = "+79160000001", "+79160000012", "+79160000014"

automatic = pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC]})
by_hand = pytest.mark.settings(QUICK)


def asked(daemon, phone=ANSWERS, name=ID, at=0, **more):
    daemon.ask({"id": name, "phone": phone, **more}, at)
    return daemon.wait_for(lambda: daemon.answer(name))


def in_order(actions, *wanted):
    """Whether these come in this order, others in between or not."""
    rest = iter(actions)
    return all(one in rest for one in wanted)


# ---- the straight way

@automatic
def test_automatic_acceptance_from_asking_to_the_end(daemon):
    answer = asked(daemon, name=ID)
    assert answer["state"] in ("waiting", "calling")
    daemon.wait_for_answer(ID, "talking")
    request = daemon.wait_for_state(ID, "wrapping")
    assert daemon.answer(ID)["state"] == "done"
    assert request["attempts"] == 1 and request["kept_at"]
    assert request["promise_at"] == pytest.approx(time.time() + 900, abs=5)
    closed = daemon.act(ID, "close", disposition="solved")
    assert (closed["state"], closed["disposition"]) == ("closed", "solved")
    assert daemon.story(ID) == [
        "arrive", "join_queue", "offer", "take", "keep_promise", "begin_talk",
        "begin_wrapping", "close_with"]
    # First the specialist's phone, then the customer's, each once.
    rings = [line["number"] for line in daemon.sandbox.ledger()
             if line["kind"] == "ring"]
    assert rings == [VERA, ANSWERS]
    assert daemon.sandbox.legs(ANSWERS) == ["completed"]
    assert len(daemon.sandbox.posts()) == 1
    daemon.wait_for_specialist("vera", "idle")
    assert daemon.redis.zcard(daemon.key("due")) == 0
    assert daemon.redis.zcard(daemon.key("in")) == 0


@automatic
def test_the_answer_comes_within_100_ms(daemon):
    pids = [daemon.process.pid, daemon.redis.info("server")["process_id"]]
    began = time.monotonic() - harness.machine_s(pids)
    asked(daemon)
    assert time.monotonic() - harness.machine_s(pids) - began < 0.1


# ---- what customers do

@pytest.mark.parametrize("phone,outcome,leg", [
    (BUSY, "busy", "busy"), (SILENT, "no_answer", "no-answer"),
    (REJECTS, "rejected", "busy")])
@automatic
def test_not_reached_is_tried_again_then_unreachable(daemon, phone, outcome,
                                                     leg):
    asked(daemon, phone)
    request = daemon.wait_for_state(ID, "closed")
    assert request["reason"] == "unreachable"
    assert request["attempts"] == 3
    assert [call["outcome"] for call in request["calls"]] == [outcome] * 3
    assert daemon.story(ID).count("retry_later") == 2
    assert daemon.sandbox.legs(phone) == [leg] * 3
    assert daemon.answer(ID)["state"] == "unreachable"
    # Each retry is a promise of its own, and each was kept.
    assert request["promise_number"] == 3 and not request["late"]


@pytest.mark.parametrize("phone,attempts", [(BUSY, 4), (SILENT, 1), (REJECTS, 3)])
@pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC], "retry.no_answer": [],
                       "retry.busy": ["100ms", "100ms", "100ms"]})
def test_how_it_ended_says_when_it_is_tried_again(daemon, phone, attempts):
    asked(daemon, phone)
    request = daemon.wait_for_state(ID, "closed")
    assert (request["reason"], request["attempts"]) == ("unreachable", attempts)


@automatic
def test_second_try_reaches(daemon):
    asked(daemon, SECOND_TRY)
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["attempts"] == 2
    assert daemon.sandbox.legs(SECOND_TRY) == ["no-answer", "completed"]


@automatic
def test_invalid_number_is_not_tried_again(daemon):
    asked(daemon, INVALID)
    request = daemon.wait_for_state(ID, "closed")
    assert request["reason"] == "invalid_number"
    assert len(daemon.sandbox.posts()) == 1
    assert daemon.answer(ID)["state"] == "unreachable"


@pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC], "queues": [
    {**SETTINGS["queues"][0], "greeting": "Вам звонит Ромашка."},
    {**SETTINGS["queues"][1], "greeting": "Доставка, добрый день."},
    SETTINGS["queues"][2]]})
def test_the_customer_is_greeted_in_the_words_of_their_queue(daemon):
    asked(daemon)

    def heard():
        return [words for call in daemon.sandbox.calls()["calls"]
                if call["to"] == ANSWERS for words in call["heard"]]
    assert daemon.wait_for(heard) == ["Вам звонит Ромашка."]


@pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC],
                       "call.short": "10s"})
def test_customer_hangs_up_at_once(daemon):
    """A short talk counts as not reached; after the last one a person says
    what it was."""
    asked(daemon, HANGS_UP)
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["attempts"] == 3
    assert daemon.story(ID).count("retry_later") == 2
    assert daemon.sandbox.legs(HANGS_UP) == ["completed"] * 3


@automatic
def test_voicemail_is_what_the_specialist_says(daemon):
    asked(daemon, VOICEMAIL)
    for attempt in (1, 2, 3):
        daemon.wait_for(lambda: daemon.request(ID)["attempts"] == attempt)
        daemon.wait_for_state(ID, "talking")
        daemon.wait_for_state(ID, "wrapping")
        request = daemon.act(ID, "close", disposition="voicemail", **{
            "as": "vera"})
        assert request["state"] == ("closed" if attempt == 3 else "scheduled")
    assert request["reason"] == "unreachable"
    assert daemon.sandbox.legs(VOICEMAIL) == ["completed"] * 3


# ---- what specialists do

@by_hand
def test_specialist_hangs_up_while_the_customers_phone_rings(daemon):
    daemon.available("anna")
    daemon.sandbox.behave(ANNA, hang_up_after=2)
    asked(daemon, SILENT)
    daemon.wait_for_state(ID, "offered")
    daemon.act(ID, "accept", **{"as": "anna"})
    daemon.wait_for(lambda: daemon.sandbox.legs(SILENT) == ["canceled"])
    daemon.wait_for(lambda: "retry_later" in daemon.story(ID))
    request = daemon.wait_for_state(ID, "scheduled", "waiting", "offered")
    assert request["attempts"] == 1
    assert daemon.sandbox.rings(SILENT) == 1


@by_hand
def test_specialists_own_phone_is_busy_after_the_acceptance(daemon):
    daemon.available("anna", "boris")
    daemon.sandbox.behave(ANNA, does="busy")
    asked(daemon)
    assert daemon.wait_for_state(ID, "offered")["offers"][0][
        "specialist"] == "anna"
    daemon.act(ID, "accept", **{"as": "anna"})
    daemon.wait_for(lambda: "let_go" in daemon.story(ID))
    assert daemon.sandbox.rings(ANSWERS) == 0
    request = daemon.wait_for_state(ID, "offered")
    assert request["offers"][0]["specialist"] == "boris"
    assert request["attempts"] == 0
    daemon.act(ID, "accept", **{"as": "boris"})
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["attempts"] == 1 and daemon.sandbox.rings(ANSWERS) == 1


@pytest.mark.settings({**QUICK, "specialists": [
    specialist("anna", ANNA, ("info", 3))]})
def test_who_accepted_on_a_screen_says_so_on_the_phone(daemon):
    """confirm = press1: nobody is rung for who does not press."""
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    daemon.act(ID, "accept", **{"as": "anna"})
    daemon.wait_for(lambda: "let_go" in daemon.story(ID))
    assert daemon.sandbox.rings(ANSWERS) == 0
    daemon.sandbox.behave(ANNA, keys=[[0.5, "1"]])
    daemon.wait_for_state(ID, "offered")
    daemon.act(ID, "accept", **{"as": "anna"})
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.sandbox.rings(ANSWERS) == 1


# ---- offers by phone

def phone_company(**more):
    return pytest.mark.settings({**QUICK, "specialists": [
        by_phone("anna", ANNA, ("info", 3), **more),
        by_phone("boris", BORIS, ("info", 2), confirm="answer")]})


@phone_company()
def test_phone_offer_press_1(daemon):
    daemon.available("anna")
    daemon.sandbox.behave(ANNA, keys=[[1, "1"]])
    asked(daemon)
    daemon.wait_for_state(ID, "wrapping")
    assert in_order(daemon.story(ID), "offer", "take", "keep_promise",
                    "begin_talk", "begin_wrapping")
    assert daemon.sandbox.rings(ANNA) == daemon.sandbox.rings(ANSWERS) == 1
    assert len(daemon.sandbox.posts()) == 1


@phone_company()
def test_phone_offer_press_2_goes_to_the_next(daemon):
    daemon.available("anna", "boris")
    daemon.sandbox.behave(ANNA, keys=[[1, "2"]])
    asked(daemon)
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["specialist"] == "boris"
    assert "note_declined" in daemon.story(ID)
    assert daemon.specialist("anna")["ignored"] == 0
    assert daemon.sandbox.rings(ANSWERS) == 1


@phone_company()
def test_phone_offer_nothing_pressed_goes_to_the_next(daemon):
    daemon.available("anna", "boris")
    asked(daemon)
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["specialist"] == "boris"
    assert daemon.sandbox.rings(ANNA) == daemon.sandbox.rings(ANSWERS) == 1


@phone_company()
def test_phone_offer_to_a_busy_phone_is_not_an_ignored_one(daemon):
    daemon.available("anna", "boris")
    daemon.sandbox.behave(ANNA, does="busy")
    asked(daemon)
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["specialist"] == "boris"
    assert "drop_offer" in daemon.story(ID)
    assert "lapse" not in daemon.story(ID)
    anna = daemon.specialist("anna")
    assert (anna["ignored"], anna["status"]) == (0, "available")


@pytest.mark.settings({**QUICK, "offer.phone": "700ms", "specialists": [
    by_phone("anna", ANNA, ("info", 3)),
    by_phone("boris", BORIS, ("info", 2), confirm="answer", offer="10s")]})
def test_phone_offer_that_rings_out_is_ignored(daemon):
    daemon.available("anna", "boris")
    daemon.sandbox.behave(ANNA, does="no_answer")
    asked(daemon)
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["specialist"] == "boris"
    assert "lapse" in daemon.story(ID)
    assert daemon.specialist("anna")["ignored"] == 1
    # Their phone was silenced, and they are free only after that.
    daemon.wait_for_specialist("anna", "idle")


@phone_company(confirm="answer")
def test_answering_is_enough(daemon):
    daemon.available("anna")
    asked(daemon)
    assert daemon.wait_for_state(ID, "wrapping")["specialist"] == "anna"
    assert daemon.sandbox.rings(ANSWERS) == 1


@phone_company()
def test_result_by_keys_after_the_customer_hung_up(daemon):
    daemon.available("anna")
    daemon.sandbox.behave(ANNA, keys=[[1, "1"], [1, "1"]])
    asked(daemon)
    request = daemon.wait_for_state(ID, "closed")
    assert request["disposition"] == "solved"
    assert in_order(daemon.story(ID), "begin_wrapping", "close_with")
    daemon.wait_for_specialist("anna", "idle")
    assert request["story"][-1]["by"] == "anna"


# ---- results

@pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC],
                       "result.wait": "1s"})
def test_without_a_result_it_waits_for_one(daemon):
    asked(daemon)
    request = daemon.wait_for_state(ID, "referred")
    assert request["reason"] == "no_result"
    assert daemon.answer(ID)["state"] == "done"
    assert [one["site_id"] for one in
            daemon.do("GET", "/v1/results")["requests"]] == [ID]
    # The person is free all the same.
    daemon.wait_for_specialist("vera", "idle")
    assert daemon.act(ID, "close", disposition="solved")["state"] == "closed"
    assert daemon.do("GET", "/v1/results")["requests"] == []


@pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC],
                       "result.wait": "1s"})
def test_what_waits_for_a_person_may_be_called_again(daemon):
    asked(daemon)
    daemon.wait_for_state(ID, "referred")
    daemon.act(ID, "requeue", **{"as": "vera"})
    daemon.wait_for(lambda: daemon.sandbox.rings(ANSWERS) == 2)
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["attempts"] == 2 and request["promise_number"] == 2
    assert daemon.refused(ID, "requeue") == (409, "no_row")


@automatic
def test_result_during_the_talk(daemon):
    daemon.sandbox.behave(ANSWERS, talk_for=20)
    asked(daemon)
    daemon.wait_for_state(ID, "talking")
    assert daemon.act(ID, "close", disposition="solved", **{
        "as": "vera"})["state"] == "talking"
    request = daemon.wait_for_state(ID, "closed")
    assert request["disposition"] == "solved"
    assert "begin_wrapping" not in daemon.story(ID)
    daemon.wait_for_specialist("vera", "idle")


@automatic
def test_call_later(daemon):
    asked(daemon)
    daemon.wait_for_state(ID, "wrapping")
    at = int(time.time()) + 2
    request = daemon.act(ID, "close", disposition="later", at=at)
    assert (request["state"], request["at"]) == ("scheduled", at)
    assert request["promise_number"] == 2
    answer = daemon.answer(ID)
    assert answer["state"] == "scheduled" and answer["slot"][0] == at
    daemon.wait_for(lambda: daemon.sandbox.rings(ANSWERS) == 2)
    ring = [line for line in daemon.sandbox.ledger()
            if line["kind"] == "ring" and line["number"] == ANSWERS][1]
    assert ring["at_ms"] >= at * 1000
    daemon.wait_for_state(ID, "wrapping")


@by_hand
def test_passing_on(daemon):
    daemon.available("anna", "boris")
    first = asked(daemon)
    daemon.wait_for_state(ID, "offered")
    daemon.act(ID, "accept", **{"as": "anna"})
    daemon.wait_for_state(ID, "wrapping")
    old = daemon.act(ID, "pass", queue="delivery", note="не та посылка", **{
        "as": "anna"})
    assert (old["state"], old["reason"]) == ("closed", "passed")
    new = daemon.wait_for_state(old["next"], "offered")
    assert new["from"] == old["id"] and new["queue"] == "delivery"
    assert new["number"] == first["number"] == old["number"]
    assert new["promise_number"] == 1 and not new.get("kept_at")
    assert new["promise_at"] >= old["promise_at"]
    # The website's answer follows the case; so does its name.
    answer = daemon.wait_for_answer(ID, "waiting")
    assert (answer["queue"], answer["number"]) == ("delivery", new["number"])
    assert daemon.request(ID)["id"] == new["id"]
    daemon.act(new["id"], "accept", **{"as": "boris"})
    daemon.wait_for_answer(ID, "talking")
    daemon.wait_for_state(new["id"], "wrapping")
    daemon.act(new["id"], "close", disposition="solved")
    assert daemon.answer(ID)["state"] == "done"
    assert daemon.sandbox.rings(ANSWERS) == 2


@by_hand
def test_reopening(daemon):
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    old = daemon.act(ID, "close", disposition="solved")
    assert old["state"] == "closed"
    daemon.wait_for_specialist("anna", "idle")
    daemon.act(old["id"], "reopen")
    again = daemon.request(daemon.request(old["id"])["next"])
    assert again["from"] == old["id"] and again["number"] == old["number"]
    daemon.wait_for_state(again["id"], "offered")
    assert daemon.request(old["id"])["state"] == "closed"
    assert daemon.refused(again["id"], "reopen") == (409, "no_row")


# ---- cancelling and moving

def cancel(daemon, name=ID):
    daemon.ask({"op": "cancel", "id": name})


@by_hand
def test_cancelled_before_the_call(daemon):
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    cancel(daemon)
    daemon.wait_for_answer(ID, "cancelled")
    assert daemon.story(ID)[-1] == "withdraw_and_close"
    daemon.wait_for_specialist("anna", "idle")
    assert daemon.refused(ID, "accept", **{"as": "anna"}) == (409, "no_row")
    assert daemon.sandbox.posts() == []


@automatic
def test_cancelled_while_the_specialists_phone_rings(daemon):
    daemon.sandbox.behave(VERA, answer_after=30)
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.rings(VERA))
    cancel(daemon)
    daemon.wait_for_answer(ID, "cancelled")
    daemon.wait_for_specialist("vera", "idle")
    assert daemon.sandbox.rings(ANSWERS) == 0
    assert daemon.request(ID)["calls"][0]["revoked"]
    assert daemon.sandbox.calls()["live"] == 0


@automatic
def test_cancelled_while_the_customers_phone_rings(daemon):
    daemon.sandbox.behave(ANSWERS, answer_after=60)
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.rings(ANSWERS))
    cancel(daemon)
    daemon.wait_for_answer(ID, "cancelled")
    daemon.wait_for(lambda: daemon.sandbox.legs(ANSWERS))
    daemon.wait_for_specialist("vera", "idle")
    assert daemon.sandbox.rings(ANSWERS) == 1


@by_hand
def test_one_of_two_who_ask_cancels(daemon):
    asked(daemon, name="web-00000001", note="Где посылка?")
    asked(daemon, "8 (900) 000-00-01", name="web-00000002", note="Скорее!")
    request = daemon.request("web-00000002")
    # Both notes side by side, and nothing of one is told to the other.
    said = json.dumps([request["said"], request["also_said"]],
                      ensure_ascii=False)
    assert "Где посылка?" in said and "Скорее!" in said
    assert request["askers"] == ["web-00000001", "web-00000002"]
    assert daemon.request("web-00000001")["id"] == request["id"]
    cancel(daemon, "web-00000001")
    daemon.wait_for(lambda: daemon.request("web-00000002")["askers"] ==
                    ["web-00000002"])
    assert daemon.request("web-00000002")["state"] == "waiting"
    assert daemon.answer("web-00000002")["state"] == "waiting"
    assert daemon.answer("web-00000001")["state"] == "cancelled"
    cancel(daemon, "web-00000002")
    daemon.wait_for_answer("web-00000002", "cancelled")
    assert daemon.request(request["id"])["state"] == "closed"


@by_hand
def test_moving(daemon):
    at = int(time.time()) + 3600
    assert asked(daemon, at=at)["state"] == "scheduled"
    daemon.ask({"op": "move", "id": ID}, at + 600)
    daemon.wait_for(lambda: daemon.answer(ID)["slot"][0] == at + 600)
    daemon.ask({"op": "move", "id": ID}, 0)
    answer = daemon.wait_for_answer(ID, "waiting")
    assert answer["promise"] < at
    daemon.available("anna")
    daemon.wait_for_state(ID, "offered")
    # Out of a specialist's hand, too.
    daemon.ask({"op": "move", "id": ID, "v": 1}, at)
    daemon.wait_for_answer(ID, "scheduled")
    daemon.wait_for_specialist("anna", "idle")


@automatic
def test_a_call_under_way_cannot_be_moved(daemon):
    daemon.sandbox.behave(ANSWERS, answer_after=4)
    asked(daemon)
    daemon.wait_for_state(ID, "calling")
    daemon.ask({"op": "move", "id": ID}, int(time.time()) + 3600)
    daemon.wait_for(lambda: daemon.redis.zcard(daemon.key("in")) == 0)
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["attempts"] == 1


# ---- one customer, several requests

@by_hand
def test_same_id_again_changes_nothing(daemon):
    first = asked(daemon, name="web-00000001")
    daemon.ask({"id": ID, "phone": "8 900 000 00 01", "note": "again"})
    daemon.wait_for(lambda: daemon.redis.zcard(daemon.key("in")) == 0)
    assert daemon.story(ID) == ["arrive", "join_queue"]
    assert daemon.answer(ID)["number"] == first["number"]
    assert daemon.do("GET", "/v1/status")["active"] == 1 + 2  # and two people


@by_hand
def test_id_of_another_number(daemon):
    first = asked(daemon)
    daemon.ask({"id": ID, "phone": BUSY})
    daemon.wait_for(lambda: daemon.do("GET", "/v1/rejected")["rejected"])
    (refusal,) = daemon.do("GET", "/v1/rejected")["rejected"]
    assert (refusal["code"], refusal["id"]) == ("id_conflict", ID)
    assert daemon.answer(ID) == first
    assert daemon.request(ID)["phone"] == ANSWERS


@automatic
def test_two_matters_of_one_customer_never_ring_together(daemon):
    vera = dict(AUTOMATIC, queues=[("info", 3)])
    daemon.configure({**QUICK, "specialists": [
        vera, specialist("boris", BORIS, ("delivery", 3), confirm="answer",
                         accept="automatic")]})
    daemon.restart()
    asked(daemon, topic="info")
    asked(daemon, name="web-00000002", topic="delivery")
    assert daemon.request("web-00000002")["id"] != daemon.request(ID)["id"]
    for name in (ID, "web-00000002"):
        daemon.wait_for_state(name, "wrapping", "closed")
    legs = [(line["kind"], line["at_ms"]) for line in daemon.sandbox.ledger()
            if line.get("number") == ANSWERS and line["parent"]
            and line["kind"] in ("ring", "end")]
    assert [kind for kind, _ in legs] == ["ring", "end", "ring", "end"]
    assert "hold_back" in daemon.story("web-00000002") + daemon.story(ID) or \
        "give_way" in daemon.story("web-00000002") + daemon.story(ID)


@automatic
def test_scheduled_is_called_at_its_moment(daemon):
    at = int(time.time()) + 2
    answer = asked(daemon, at=at)
    assert answer["state"] == "scheduled" and answer["slot"][0] == at
    daemon.wait_for_state(ID, "wrapping")
    (ring,) = [line for line in daemon.sandbox.ledger()
               if line["kind"] == "ring" and line["number"] == ANSWERS]
    assert at * 1000 <= ring["at_ms"] < at * 1000 + 2000


@automatic
def test_a_later_request_continues_the_case(daemon):
    number = asked(daemon)["number"]
    daemon.wait_for_state(ID, "wrapping")
    daemon.act(ID, "close", disposition="solved")
    again = asked(daemon, name="web-00000002", case=number)
    assert again["number"] == number and again["warnings"] == []
    # Of another customer's case nothing is said.
    other = asked(daemon, BUSY, name="web-00000003", case=number)
    assert other["number"] != number
    assert daemon.request(number)["id"] == daemon.request("web-00000002")["id"]


@automatic
def test_to_be_called_again_while_they_wait_again_already(daemon):
    """One customer waits once in a queue: the later request takes over."""
    asked(daemon)
    daemon.wait_for_state(ID, "wrapping")
    first = daemon.request(ID)["id"]
    assert daemon.control("PUT", "/v1/specialists/vera",
                          {"status": "off"})[0] == 200
    daemon.wait_for_specialist("vera", "away")
    asked(daemon, name="web-00000002")
    second = daemon.request("web-00000002")["id"]
    closed = daemon.act(first, "close", disposition="later")
    assert (closed["state"], closed["reason"], closed["next"]) == (
        "closed", "continued_in", second)
    daemon.wait_for(lambda: "merge" in daemon.story(second))
    assert daemon.request(second)["state"] == "waiting"


@by_hand
def test_numbers_names_and_tails(daemon):
    number = asked(daemon, "+79000001234")["number"]
    asked(daemon, "+79000005678", name="web-00000002")
    asked(daemon, "+79110005678", name="web-00000003")
    identity = daemon.request(ID)["id"]
    for key in (identity, ID, number, "+79000001234", "01234"):
        assert daemon.request(key)["id"] == identity
    status, answer = daemon.control("GET", "/v1/requests/05678")
    assert (status, answer["code"]) == (409, "ambiguous")
    assert {one["site_id"] for one in answer["matches"]} == {
        "web-00000002", "web-00000003"}
    assert daemon.request("79000005678")["site_id"] == "web-00000002"
    assert daemon.control("GET", "/v1/requests/99990000")[0] == 404


@by_hand
def test_assigned_and_noted(daemon):
    asked(daemon)
    assert daemon.act(ID, "assign", specialist="boris")["wished"] == "boris"
    daemon.act(ID, "note", text="ждёт у подъезда", **{"as": "anna"})
    assert daemon.refused(ID, "assign", specialist="nobody")[0] == 400
    daemon.available("anna")
    daemon.wait_for(lambda: daemon.request(ID)["state"] == "offered")
    daemon.act(ID, "decline", **{"as": "anna"})
    daemon.available("boris")
    request = daemon.wait_for_state(ID, "offered")
    assert request["offers"][0]["specialist"] == "boris"
    line = next(one for one in request["story"] if one["action"] == "note")
    assert (line["by"], line["detail"]) == ("anna", "ждёт у подъезда")


@pytest.mark.settings(QUICK)
def test_who_is_wished_for_comes_first(daemon):
    asked(daemon, specialist="boris")
    daemon.available("anna")
    # Boris is off: Anna has it, before he comes and would be waited for.
    daemon.wait_for_state(ID, "offered")
    daemon.available("boris")
    asked(daemon, BUSY, name="web-00000002", specialist="boris")
    names = {daemon.wait_for_state(name, "offered")["offers"][0]["specialist"]
             for name in (ID, "web-00000002")}
    assert names == {"anna", "boris"}


# ---- lateness

# A second promise is near when less is left than two phones may ring.
@pytest.mark.settings({**QUICK, "call.ring": "1s", "call.agent_ring": "1s",
                       "window": {"target": "1s", "limit": "2s",
                                  "late": "5s"}})
def test_missed_promise(daemon):
    for phone in (ANNA, ANSWERS):
        daemon.sandbox.behave(phone, answer_after=0.3)
    asked(daemon)
    request = daemon.wait_for(lambda: (lambda r: r if r["late"] else None)(
        daemon.request(ID)))
    assert request["missed"] == 1 and request["second_at"]
    assert "event=promise_missed" in daemon.log()
    assert [one["site_id"] for one in
            daemon.do("GET", "/v1/late")["requests"]] == [ID]
    assert daemon.do("GET", "/v1/queues/info")["requests"][0]["late"]
    # A younger one that is still on time goes first.
    asked(daemon, BUSY, name="web-00000002")
    daemon.available("anna")
    assert daemon.wait_for_state(ID, "waiting", "offered")
    daemon.wait_for_state("web-00000002", "offered")
    # The second promise is missed once, and there is no third.
    daemon.wait_for(lambda: daemon.request(ID).get("missed") == 2)
    story = daemon.story(ID)
    assert story.count("go_late") == story.count("miss_second") == 1
    daemon.act("web-00000002", "cancel")
    daemon.wait_for_state(ID, "offered")
    daemon.act(ID, "accept", **{"as": "anna"})
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["late"] and request["kept_at"]
    kept = next(line for line in request["story"]
                if line["action"] == "keep_promise")
    assert kept["detail"].startswith("late by ")
