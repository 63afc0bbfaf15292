# SPDX-License-Identifier: MIT
"""A request, its call and its specialist: what follows when one of them cannot be read,
or does not name the others. Nobody waits for ever, and nobody is rung twice."""
import pytest

from company import QUICK
from test_audit import SOON, audit, buried, score, waiting
from test_calls import ANNA, ANSWERS, ID, asked
from test_redis import come_to

# Phones ring longer than two rounds of the audit take.
often = pytest.mark.settings({**QUICK, **SOON, "call.ring": "2m",
                              "call.agent_ring": "2m"})


def record(daemon, member):
    return daemon.redis.hgetall(daemon.key(member))


def spoil(daemon, member, **fields):
    """What a hand does that knows nothing of versions; None: takes away."""
    key = daemon.key(member)
    for name, value in fields.items():
        if value is None:
            daemon.redis.hdel(key, name)
        else:
            daemon.redis.hset(key, name, value)


def told(daemon, member, partner, event):
    line = f"event=audit_backpointer record={member} partner={partner} " \
        f"event={event}"
    daemon.wait_for(lambda: line in daemon.log())


@pytest.fixture
def called(daemon):
    """(daemon, request, call): anna has accepted, and her phone rings for long."""
    daemon.sandbox.behave(ANNA, answer_after=2000)
    come_to(daemon, "agent ringing")
    request = "request:" + daemon.request(ID)["id"]
    call = "call:" + request.split(":")[1] + ".1"
    daemon.wait_for(lambda: record(daemon, call)["state"] == "live")
    return daemon, request, call


# ---- one that cannot be read

@often
@pytest.mark.parametrize("how", ["field", "type"])
def test_an_unreadable_call_gives_its_request_to_a_person(called, how):
    daemon, request, call = called
    daemon.sandbox.behave(ANSWERS, answer_after=20)
    if how == "field":
        spoil(daemon, call, progress="high")
    else:
        daemon.redis.delete(daemon.key(call))
        daemon.redis.set(daemon.key(call), "x")
    found = daemon.wait_for_state(ID, "referred")
    assert found["reason"] == "maybe_called"
    assert call in buried(daemon)
    # The number is held until a person has decided.
    assert daemon.redis.get(daemon.key("phone:" + ANSWERS)) == found["id"]
    daemon.wait_for_specialist("anna", "idle")
    assert daemon.sandbox.rings(ANSWERS) == 0
    assert len(daemon.sandbox.posts()) == 1
    assert score(daemon, "referred", request)


@often
def test_who_answers_an_unreadable_call_hears_goodbye(daemon):
    daemon.sandbox.behave(ANNA, answer_after=20)
    come_to(daemon, "agent ringing")
    call = "call:" + daemon.request(ID)["id"] + ".1"
    daemon.wait_for(lambda: record(daemon, call)["state"] == "live")
    spoil(daemon, call, progress="high")
    daemon.wait_for(lambda: any(
        line["kind"] == "end" and line["number"] == ANNA
        for line in daemon.sandbox.ledger()))
    asked_for = [line["url"] for line in daemon.sandbox.ledger()
                 if line["kind"] == "twiml"]
    assert len(asked_for) == 1 and "q=wait" not in asked_for[0]
    assert daemon.sandbox.rings(ANSWERS) == 0


@often
def test_an_unreadable_specialist_does_not_keep_the_request(daemon):
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    spoil(daemon, "specialist:anna", state="nowhere")
    daemon.available("boris")
    daemon.wait_for(lambda: [one["specialist"] for one in
                             daemon.request(ID)["offers"]] == ["boris"])
    assert "specialist:anna" in buried(daemon)


@often
def test_a_call_ends_without_its_specialist(called):
    daemon, _, call = called
    spoil(daemon, "specialist:anna", state="nowhere")
    daemon.sandbox.behave(ANNA, answer_after=1)
    daemon.wait_for(lambda: "specialist:anna" in buried(daemon))
    # Nobody was rung yet: it is taken back, and somebody else is asked.
    daemon.wait_for(lambda: record(daemon, call)["state"] == "ended")
    daemon.wait_for_state(ID, "waiting")
    assert daemon.sandbox.rings(ANSWERS) == 0


@pytest.mark.settings(QUICK)
def test_an_unreadable_case_does_not_stop_the_call(daemon):
    daemon.available("anna")
    asked(daemon)
    number = daemon.wait_for_state(ID, "offered")["number"]
    spoil(daemon, "case:" + number, requests="many")
    daemon.act(ID, "accept", **{"as": "anna"})
    daemon.wait_for_state(ID, "wrapping")
    daemon.act(ID, "close", disposition="solved")
    assert daemon.request(ID)["state"] == "closed"
    assert daemon.sandbox.rings(ANSWERS) == 1
    assert "case:" + number in buried(daemon)
    spoil(daemon, "case:" + number, requests="1")
    assert daemon.ctl("unbury", "case:" + number).returncode == 0
    assert buried(daemon) == {}


@often
def test_a_call_whose_request_is_gone_is_buried(called):
    daemon, request, call = called
    daemon.redis.delete(daemon.key(request))
    grave = daemon.wait_for(lambda: buried(daemon).get(call))
    assert grave["why"] == "its request: there is none"
    assert daemon.sandbox.rings(ANSWERS) == 0


@often
def test_an_unreadable_request_frees_its_specialist(daemon):
    member = waiting(daemon)
    daemon.available("anna")
    daemon.wait_for_state("web-00000001", "offered")
    spoil(daemon, member, room="many")
    daemon.wait_for_specialist("anna", "idle")
    assert member in buried(daemon)


# ---- those that do not name each other

@often
def test_who_holds_an_offer_that_nobody_made_is_freed(daemon):
    member = waiting(daemon)
    daemon.available("anna")
    daemon.wait_for_state("web-00000001", "offered")
    spoil(daemon, member, state="closed", offer1=None)
    told(daemon, "specialist:anna", member, "withdrawn")
    daemon.wait_for_specialist("anna", "idle")
    daemon.wait_for(lambda: audit(daemon)["repaired"] > 0)


@often
def test_who_is_busy_with_nobody_is_freed(daemon):
    daemon.available("anna")
    later = record(daemon, "specialist:anna")["since_ms"][:-1] + "99999"
    spoil(daemon, "specialist:anna", state="busy", request="nobody", call="1",
          until_ms=later, wake_at_ms=later)
    told(daemon, "specialist:anna", "request:nobody", "withdrawn")
    daemon.wait_for_specialist("anna", "idle")


@often
def test_an_offer_that_nobody_holds_ends(daemon):
    member = waiting(daemon)
    daemon.available("anna")
    daemon.wait_for_state("web-00000001", "offered")
    spoil(daemon, "specialist:anna", state="away", status="off", request=None,
          offer=None, until_ms=None, wake_at_ms=None)
    told(daemon, member, "specialist:anna", "declined")
    daemon.wait_for_state("web-00000001", "waiting")


@often
def test_a_call_that_ended_unheard_ends_for_its_request(called):
    daemon, request, call = called
    now = record(daemon, call)["placed_at_ms"]
    spoil(daemon, call, state="ended", outcome="failed", over_at_ms=now,
          progress="over", wake_at_ms=None)
    told(daemon, request, call, "call_over")
    told(daemon, "specialist:anna", request, "withdrawn")
    daemon.wait_for(lambda: "call" not in record(daemon, request))
    assert daemon.sandbox.rings(ANSWERS) == 0


@often
def test_a_call_that_nobody_holds_is_taken_back(called):
    """As after a partial restore: an older request beside its newer call."""
    daemon, request, call = called
    spoil(daemon, request, state="waiting", call=None, specialist=None,
          accepted_at_ms=None)
    told(daemon, call, request, "revoked")
    daemon.wait_for(lambda: record(daemon, call)["state"] == "ended")
    assert daemon.sandbox.rings(ANSWERS) == 0


@often
def test_a_call_that_nobody_makes_is_taken_back(called):
    daemon, _, call = called
    spoil(daemon, "specialist:anna", state="away", status="off", request=None,
          call=None, until_ms=None, wake_at_ms=None, offer=None)
    told(daemon, call, "specialist:anna", "revoked")
    daemon.wait_for_state(ID, "waiting")
    assert daemon.sandbox.rings(ANSWERS) == 0


@often
def test_who_calls_learns_by_which_call(called):
    daemon, request, call = called
    spoil(daemon, "specialist:anna", call="7")
    told(daemon, "specialist:anna", request, "taken")
    daemon.wait_for(lambda: record(daemon, "specialist:anna")["call"] == "1")
    assert record(daemon, call).get("revoked") is None
