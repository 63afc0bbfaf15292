# SPDX-License-Identifier: MIT
"""A company without any telephone provider: people dial by hand, and everything
else is the same."""
import pytest

from company import AUTOMATIC, QUICK
from test_calls import ANSWERS, ID, asked

RULES = {name: value for name, value in QUICK.items() if name != "provider"}
by_hand = pytest.mark.settings({**RULES, "voice": ["manual"],
                                "providers": None, "call.short": "0"})
ANNA = {"as": "anna"}


def accepted(daemon):
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    assert daemon.act(ID, "accept", **ANNA)["state"] == "calling"


def on_desk(daemon):
    return daemon.do("GET", "/v1/desk?as=anna")["request"]


@by_hand
def test_dialled_by_hand(daemon):
    accepted(daemon)
    seen = on_desk(daemon)
    assert seen["by_hand"] and seen["tel"] == ANSWERS
    assert not daemon.request(ID).get("kept_at")
    daemon.act(ID, "progress", progress="ringing", **ANNA)
    request = daemon.request(ID)
    assert request["kept_at"] and request["attempts"] == 1
    assert daemon.act(ID, "progress", progress="answered",
                      **ANNA)["state"] == "talking"
    assert daemon.answer(ID)["state"] == "talking"
    assert daemon.act(ID, "progress", progress="over",
                      **ANNA)["state"] == "wrapping"
    assert daemon.act(ID, "close", disposition="solved",
                      **ANNA)["state"] == "closed"
    request = daemon.request(ID)
    assert request["calls"][0]["provider"] == "manual"
    take = next(line for line in request["story"] if line["action"] == "take")
    assert "by hand" in take["detail"]
    daemon.wait_for_specialist("anna", "idle")
    assert daemon.sandbox.ledger() == []


@by_hand
def test_not_reached_by_hand(daemon):
    accepted(daemon)
    daemon.act(ID, "progress", progress="ringing", **ANNA)
    request = daemon.act(ID, "progress", progress="over", outcome="busy",
                         **ANNA)
    assert (request["state"], request["reason"]) == ("scheduled", "busy")
    daemon.wait_for_state(ID, "offered")
    daemon.act(ID, "accept", **ANNA)
    assert daemon.act(ID, "progress", progress="over", outcome="no_answer",
                      **ANNA)["attempts"] == 2


@by_hand
def test_result_at_once(daemon):
    """Whoever says how it ended need not say that it is over."""
    accepted(daemon)
    daemon.act(ID, "progress", progress="answered", **ANNA)
    assert daemon.act(ID, "close", disposition="solved",
                      **ANNA)["state"] == "closed"
    daemon.wait_for_specialist("anna", "idle")
    assert daemon.request(ID)["disposition"] == "solved"


@by_hand
def test_cancelled_while_dialling_by_hand(daemon):
    accepted(daemon)
    daemon.act(ID, "cancel")
    daemon.wait_for_specialist("anna", "idle")
    assert daemon.request(ID)["calls"][0]["outcome"] == "cancelled"
    assert daemon.refused(ID, "progress", progress="ringing",
                          **ANNA) == (409, "no_row")


@pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC]})
def test_progress_of_a_providers_call_is_the_providers_to_say(daemon):
    daemon.sandbox.behave(ANSWERS, answer_after=4)
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.rings(ANSWERS))
    assert daemon.refused(ID, "progress", progress="over",
                          **{"as": "vera"}) == (409, "no_row")
    daemon.wait_for_state(ID, "wrapping")
