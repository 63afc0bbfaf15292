# SPDX-License-Identifier: MIT
"""Widening: who else is asked as the promise comes near."""
import pytest

from company import QUICK, by_phone, specialist
from test_calls import ANSWERS, ID, asked
from test_messages import sent

QUEUE = {"caller_id": "+74951234567"}
ANNA, BORIS, CLARA, DORA, GLEB = (
    f"+7916000002{digit}" for digit in range(1, 6))


def company(*rungs, people, **more):
    """A queue with rungs, and another beside it."""
    return pytest.mark.settings({
        **QUICK, "window": {"target": "10s", "limit": "20s"},
        "offer.screen": "15s", "offer.phone": "15s",
        "queues": [{"id": "info", "title": "Баланс", "default": True,
                    "widen": tuple(rungs), **QUEUE},
                   {"id": "delivery", "title": "Доставка", **QUEUE}],
        "specialists": people, **more})


def seen(daemon):
    return daemon.do("GET", f"/v1/requests/{ID}")


def widenings(daemon):
    """What the story says of its rungs."""
    return [line["detail"] for line in seen(daemon)["story"]
            if line["action"] == "widen"]


def offered_to(daemon):
    return sorted(one["specialist"] for one in seen(daemon).get("offers", []))


def rung(daemon, *numbers):
    return [one["number"] for one in daemon.sandbox.ledger()
            if one["kind"] == "ring" and one["number"] in numbers]


@company({"before": "19s", "level": 1}, people=[
    specialist("anna", ANNA, ("info", 3), confirm="answer"),
    specialist("boris", BORIS, ("info", 1))])
def test_to_a_lower_level(daemon):
    daemon.available("boris")
    asked(daemon)
    # Idle all the time, and known to be.
    assert seen(daemon)["level"] == 3 and offered_to(daemon) == []
    daemon.wait_for(lambda: offered_to(daemon) == ["boris"])
    assert widenings(daemon) == ["to level 1, 19 s before the promise"]
    assert "to level 1, 19 s before the promise" in \
        daemon.ctl("show", "request", ID).stdout


@company({"before": "19s", "queue": "delivery"}, people=[
    specialist("anna", ANNA, ("info", 3), confirm="answer"),
    specialist("boris", BORIS, ("delivery", 1), confirm="answer")])
def test_to_another_queue(daemon):
    daemon.available("boris")
    asked(daemon)
    assert offered_to(daemon) == []
    daemon.wait_for(lambda: offered_to(daemon) == ["boris"])
    assert widenings(daemon) == [
        "to the queue delivery, 19 s before the promise"]
    assert seen(daemon)["queue"] == "info"
    assert seen(daemon)["also"] == ["delivery"]
    assert daemon.ctl("accept", ID, "--as", "boris").returncode == 0
    daemon.wait_for_state(ID, "talking", "wrapping")


@company({"before": "19s", "queue": "delivery"}, people=[
    specialist("anna", ANNA, ("info", 3), confirm="answer"),
    specialist("boris", BORIS, ("delivery", 1), confirm="answer")])
def test_it_waits_in_both_queues_until_somebody_comes(daemon):
    asked(daemon)
    lists = ["{test}:wait:info", "{test}:wait:delivery"]
    daemon.wait_for(lambda: [daemon.redis.zcard(one) for one in lists]
                    == [1, 1])
    daemon.available("boris")
    daemon.wait_for(lambda: offered_to(daemon) == ["boris"])
    assert [daemon.redis.zcard(one) for one in lists] == [0, 0]


@company({"before": "19s", "offers": 4}, people=[
    specialist("anna", ANNA, ("info", 3), confirm="answer"),
    *(by_phone(name, number, ("info", 2), confirm="press1")
      for name, number in (("boris", BORIS), ("clara", CLARA),
                           ("dora", DORA), ("gleb", GLEB)))])
def test_the_first_of_four_wins(daemon):
    for number in (BORIS, CLARA, DORA, GLEB):
        daemon.sandbox.behave(number, does="no_answer")
    daemon.available("anna", "boris", "clara", "dora", "gleb")
    asked(daemon)
    daemon.wait_for(lambda: len(offered_to(daemon)) == 4)
    assert widenings(daemon) == ["to 4 at once, 19 s before the promise"]
    others = [one for one in offered_to(daemon) if one != "anna"]
    assert len(others) == 3     # the best is asked first, and is one of them
    daemon.wait_for(lambda: len(rung(daemon, BORIS, CLARA, DORA, GLEB)) == 3)
    assert daemon.ctl("accept", ID, "--as", "anna").returncode == 0
    for one in others:
        daemon.wait_for_specialist(one, "idle")
    daemon.wait_for(lambda: all(
        call["state"] == "ended" for call in seen(daemon)["calls"]
        if call["specialist"] != "anna"))
    daemon.wait_for_state(ID, "talking", "wrapping")
    # Once, by the winner's call.
    assert len(rung(daemon, ANSWERS)) == 1
    assert "anna was the first" in str(daemon.redis.lrange(
        f"{{test}}:story:{seen(daemon)['id']}", 0, -1))


@company({"before": "19s", "offers": 4}, people=[
    specialist(name, number, ("info", 3), confirm="answer")
    for name, number in (("anna", ANNA), ("boris", BORIS))])
def test_who_loses_an_offer_to_nobody_reads_no_name(daemon):
    daemon.available("anna", "boris")
    asked(daemon)
    daemon.wait_for(lambda: len(offered_to(daemon)) == 2)
    assert daemon.ctl("cancel", ID, "--as", "gleb").returncode == 0
    daemon.wait_for_specialist("anna", "idle")
    daemon.wait_for_specialist("boris", "idle")
    assert "was the first" not in str(daemon.redis.lrange(
        daemon.key("story:" + daemon.request(ID)["id"]), 0, -1))


@company({"before": "19s", "tell": "delivery"},
         people=[specialist("anna", ANNA, ("info", 3), confirm="answer"),
                 specialist("gleb", GLEB, ("delivery", 3))],
         text=["sandbox"])
def test_somebody_is_told(daemon):
    asked(daemon)
    told = daemon.wait_for(lambda: sent(daemon, GLEB))
    assert len(told) == 1
    assert told[0]["body"].startswith(
        f"Ромашка: Баланс: заявке {seen(daemon)['number']} обещан звонок до ")
    assert widenings(daemon) == ["delivery is told, 19 s before the promise"]
