# SPDX-License-Identifier: MIT
"""A provider that refuses, loses, delays and garbles: the outcome is classed
rightly, the request goes on, and the customer's phone rings once."""
import re

import pytest

from company import AUTOMATIC, QUICK
from test_calls import ANSWERS, ID, VERA, asked

automatic = pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC]})
MEMORY_MAX_KB = 80 * 1024

# Fault: is the call there, and is it a certain refusal?
CREATE = {
    "500_before": (False, False), "503": (False, False),
    "429": (False, True), "400": (False, True),
    "close_before": (False, False), "redirect": (False, None),
    "500_after": (True, False), "close_after": (True, False),
    "late": (True, False), "garbage": (True, False), "huge": (True, False),
    "drip": (True, False),
}


def peak_kb(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))


@pytest.mark.parametrize("kind", CREATE)
@automatic
def test_order_to_call(daemon, kind):
    exists, is_refusal = CREATE[kind]
    # Long enough that a webhook does not come before the answer's end.
    daemon.sandbox.behave(VERA, answer_after=30)
    daemon.sandbox.faults({"create": {"kind": kind, "delay": 3}})
    asked(daemon)
    daemon.wait_for(daemon.sandbox.posts)
    daemon.sandbox.behave(VERA, answer_after=2)
    request = daemon.wait_for_state(ID, "wrapping", seconds=20)
    assert request["attempts"] == 1
    assert daemon.sandbox.rings(ANSWERS) == 1
    posts = daemon.sandbox.posts()
    # Never re-sent in silence: a second order is a second call of ours.
    assert len({line["url"] for line in posts}) == len(posts)
    assert len(posts) == (1 if exists else 2)
    if is_refusal is not None:
        # A time-out may come after the webhooks have told everything.
        words = ["event=call_unknown", "event=call_rejected"]
        daemon.wait_for(lambda: words[is_refusal] in daemon.log())
        assert words[not is_refusal] not in daemon.log()
    calls = request["calls"]
    if not exists:
        assert calls[0]["state"] == "ended" and not calls[0]["authorised"]
        assert "let_go" in daemon.story(ID)
    if "san" not in str(daemon.arguments[0]):
        assert peak_kb(daemon) < MEMORY_MAX_KB
    daemon.wait_for(lambda: daemon.sandbox.calls()["live"] == 0)


@automatic
def test_a_long_series_of_failures(daemon):
    daemon.sandbox.faults({"create": [{"kind": "500_before", "count": 3},
                                      {"kind": "400", "count": 2},
                                      {"kind": "close_before", "count": 2}]})
    asked(daemon)
    request = daemon.wait_for_state(ID, "wrapping", seconds=30)
    assert request["attempts"] == 1 and len(request["calls"]) <= 8
    assert daemon.sandbox.rings(ANSWERS) == 1
    assert len(daemon.sandbox.posts()) == 8


# ---- webhooks

@pytest.mark.parametrize("fault", [
    {"kind": "drop", "count": 1000},
    {"kind": "duplicate", "times": 9, "count": 1000},
    {"kind": "delay", "delay": 0.3, "count": 1000},
    {"kind": "reorder", "delay": 0.3, "count": 1000},
    {"kind": "forged", "count": 1000},
], ids=lambda fault: fault["kind"])
@automatic
def test_webhooks(daemon, fault):
    daemon.sandbox.faults({"webhook": fault})
    asked(daemon)
    request = daemon.wait_for_state(ID, "wrapping", seconds=20)
    assert request["attempts"] == 1
    assert daemon.sandbox.rings(ANSWERS) == 1
    assert len(daemon.sandbox.posts()) == 1
    assert daemon.act(ID, "close", disposition="solved")["state"] == "closed"
    # The end is heard of, by a poll if by nothing else.
    daemon.wait_for_specialist("vera", "idle", seconds=15)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] ==
                    "ended", 15)
    assert daemon.sandbox.rings(ANSWERS) == 1
    if fault["kind"] == "forged":
        refused = [line for line in daemon.sandbox.ledger()
                   if line["kind"] == "webhook" and line["status"] == 403]
        assert refused and "event=webhook_refused" in daemon.log()


@automatic
def test_webhook_with_a_wrong_token(daemon):
    daemon.sandbox.behave(ANSWERS, answer_after=4)
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.rings(ANSWERS))
    call = daemon.request(ID)["id"] + ".1"
    status, _ = daemon.http("POST", f"/hooks/sandbox/{call}/{'0' * 32}/status",
                            "CallStatus=completed", token="", headers={
                                "Content-Type":
                                "application/x-www-form-urlencoded"})
    assert status == 404
    assert daemon.http("POST", f"/hooks/nobody/{call}/{'0' * 32}/status", "",
                       token="")[0] == 404
    daemon.wait_for_state(ID, "wrapping")


@automatic
def test_a_double_call_is_hung_up(daemon):
    """Two of the provider's calls carry one token: the customer of one only."""
    daemon.sandbox.behave(VERA, answer_after=10)
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.rings(VERA))
    (post,) = daemon.sandbox.posts()
    hook = post["url"].rsplit("/", 1)[0]
    order = ("To=%2B79160000015&From=%2B74951234567&Url={0}/flow"
             "&StatusCallback={0}/status&StatusCallbackEvent=ringing"
             "&StatusCallbackEvent=answered&StatusCallbackEvent=completed"
             ).format(hook)
    daemon.sandbox.order(order)
    request = daemon.wait_for_state(ID, "wrapping")
    assert request["attempts"] == 1 and daemon.sandbox.rings(ANSWERS) == 1
    assert any(line["action"] == "hang_up_other" for line in request["story"])
