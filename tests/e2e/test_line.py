# SPDX-License-Identifier: MIT
"""A callback without a website: customers who phone us while they wait, who are on
hold and press 1, and who return our call."""
import time

import pytest

from company import AUTOMATIC, QUICK
from test_calls import ANSWERS, ID, asked

automatic = pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC]})
by_hand = pytest.mark.settings(QUICK)


def told(daemon, state, number=ANSWERS, **more):
    """What a telephone system says; the states of what it was news for."""
    answer = daemon.do("POST", "/v1/inbound-calls",
                       {"number": number, "state": state, **more})
    return answer["known"], [one["state"] for one in answer["requests"]]


# ---- the customer phones us while they wait

@by_hand
def test_who_is_on_hold_is_not_called_until_they_hang_up(daemon):
    asked(daemon)
    promise = daemon.answer(ID)["promise"]
    assert told(daemon, "on_hold", id="pbx-1") == (False, ["waiting"])
    assert daemon.request(ID)["reason"] == "on_hold"
    daemon.available("anna")
    assert daemon.request(ID)["state"] == "waiting"
    assert told(daemon, "on_hold", id="pbx-1") == (True, [])
    assert told(daemon, "hung_up", id="pbx-1") == (False, ["offered"])
    daemon.wait_for_state(ID, "offered")
    assert daemon.answer(ID)["promise"] == promise
    # An offer is withdrawn when they come to hold meanwhile.
    assert told(daemon, "on_hold", id="pbx-2") == (False, ["waiting"])
    daemon.wait_for_specialist("anna", "idle")
    assert told(daemon, "on_hold", id="pbx-1") == (True, [])


@pytest.mark.settings({**QUICK, "line.hold": "1s"})
def test_a_hold_that_nobody_ends_ends_by_itself(daemon):
    asked(daemon)
    told(daemon, "on_hold")
    daemon.available("anna")
    daemon.wait_for_state(ID, "offered")
    assert "rejoin" in daemon.story(ID)


@by_hand
def test_who_has_spoken_to_somebody_is_not_called_any_more(daemon):
    daemon.available("anna")
    asked(daemon)
    asked(daemon, name="web-00000002", topic="delivery")
    daemon.wait_for_state(ID, "offered")
    assert told(daemon, "spoke", id="pbx-1") == (False, ["closed", "closed"])
    assert daemon.request(ID)["reason"] == "called_in"
    assert daemon.answer(ID)["state"] == "done"
    daemon.wait_for_specialist("anna", "idle")
    # What is asked afterwards is not answered by that talk.
    asked(daemon, name="web-00000003")
    assert told(daemon, "spoke", id="pbx-1") == (True, [])
    assert told(daemon, "spoke", id="pbx-2",
                at=int(time.time()) - 60) == (False, [])
    daemon.wait_for_state("web-00000003", "offered")
    assert daemon.ctl("called-in", ANSWERS).returncode == 0
    assert daemon.request("web-00000003")["state"] == "closed"
    assert "nothing" in daemon.ctl("called-in", ANSWERS, "hung_up").stdout


@automatic
def test_who_has_spoken_is_not_rung_by_a_call_that_has_begun(daemon):
    daemon.sandbox.behave("+79160000014", answer_after=60)
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.rings("+79160000014"))
    assert told(daemon, "spoke") == (False, ["closed"])
    daemon.wait_for_specialist("vera", "idle")
    assert daemon.sandbox.rings(ANSWERS) == 0


@pytest.mark.parametrize("body,code", [
    ({"number": ANSWERS, "state": "away"}, "state_unknown"),
    ({"number": "12", "state": "spoke"}, "phone_impossible"),
    ({"state": "spoke"}, "phone_missing"),
    ({"number": ANSWERS, "id": "x" * 65}, "id_too_long")])
def test_news_of_a_call_that_cannot_be_read(daemon, body, code):
    status, answer = daemon.control("POST", "/v1/inbound-calls", body)
    assert (status, answer["code"]) == (400, code)
