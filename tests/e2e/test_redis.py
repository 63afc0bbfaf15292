# SPDX-License-Identifier: MIT
"""Redis away, killed, hung; and the daemon killed in each phase of a call: nothing
is lost, and nobody's phone rings twice for one attempt."""
import os
import pathlib
import signal
import time

import pytest
import redis as redis_client

import harness
from company import AUTOMATIC, QUICK, by_phone
from test_calls import ANNA, ANSWERS, ID, VERA, asked

BACK_S = 2
automatic = pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC]})
by_hand = pytest.mark.settings({**QUICK, "call.ring": "30s"})


def redis_pid(daemon):
    return int((daemon.redis_path.parent / "redis.pid").read_text())


def state(daemon):
    return daemon.do("GET", "/v1/status")["state"]


def returns_within(daemon, seconds=BACK_S):
    """From now on: how long until it works again."""
    began = time.monotonic()
    daemon.wait_for(lambda: state(daemon) == "running")
    took = time.monotonic() - began
    print(f"back after {took:.3f} s")
    assert took < seconds


# ---- away from the start

@pytest.fixture
def somewhere(tmp_path_factory):
    """A Redis of its own that is not running yet: (address, start)."""
    folder = pathlib.Path(os.path.realpath(
        tmp_path_factory.mktemp("r", numbered=True)))
    server = harness.RedisServer(folder, notify="")
    yield server.path, server.start
    server.end()


def test_absent_at_the_start(start_daemon, somewhere):
    path, start = somewhere
    daemon = start_daemon({**QUICK, "specialists": [AUTOMATIC],
                           "redis": f"unix:{path}", "embedded": None},
                          is_ready="answers")
    assert state(daemon) == "no_redis"
    assert daemon.control("GET", "/v1/health")[0] == 503
    assert "event=redis_lost" in daemon.log()
    status, _ = daemon.http("POST", "/v1/requests",
                            {"phone": "8 900 000 00 01"}, token="")
    assert status == 503
    ran = daemon.ctl("status")
    assert "redis" in (ran.stdout + ran.stderr).lower()
    start()
    daemon.wait_for(path.exists)
    returns_within(daemon)
    daemon.redis = redis_client.Redis(unix_socket_path=str(path),
                                      decode_responses=True)
    daemon.wait_for(daemon.knows_its_people)
    asked(daemon)
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.sandbox.rings(ANSWERS) == 1


# ---- in the middle

@pytest.mark.parametrize("phase", ["waiting", "offered", "calling", "talking",
                                   "wrapping"])
@by_hand
def test_killed(daemon, phase):
    """The embedded Redis is started again, and has kept everything."""
    daemon.sandbox.behave(ANSWERS, answer_after=10, talk_for=40)
    come_to(daemon, phase)
    pid = redis_pid(daemon)
    os.kill(pid, signal.SIGKILL)
    daemon.wait_for(lambda: "event=redis_lost" in daemon.log())
    returns_within(daemon)
    assert redis_pid(daemon) != pid
    assert "event=redis_back" in daemon.log()
    goes_on(daemon, phase)


@by_hand
def test_hung(daemon):
    come_to(daemon, "offered")
    pid = redis_pid(daemon)
    os.kill(pid, signal.SIGSTOP)
    try:
        # Nothing is dialled that cannot be recorded, and nobody waits long.
        began = time.monotonic()
        status, answer = daemon.control(
            "POST", f"/v1/requests/{ID}/accept", {"as": "anna"})
        assert (status, answer["code"]) == (503, "unavailable")
        assert time.monotonic() - began < 9
        daemon.wait_for(lambda: state(daemon) == "no_redis")
        assert "event=redis_lost" in daemon.log()
        assert daemon.sandbox.posts() == []
    finally:
        os.kill(pid, signal.SIGCONT)
    returns_within(daemon)
    request = daemon.wait_for_state(ID, "offered", "calling")
    if request["state"] == "offered":
        daemon.act(ID, "accept", **{"as": "anna"})
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.sandbox.rings(ANSWERS) == 1


# Redis is given up over its own deadline, or while the commit is younger.
@pytest.mark.parametrize("answer_after", [6, 18])
@automatic
def test_hung_while_the_provider_asks_what_to_do(daemon, answer_after):
    """The specialist hears "one moment" until the commit can be made."""
    daemon.sandbox.behave(VERA, answer_after=answer_after)
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.rings(VERA))
    pid = redis_pid(daemon)
    os.kill(pid, signal.SIGSTOP)
    try:
        daemon.wait_for(lambda: any(
            line["kind"] == "twiml" and "q=wait" in line["url"]
            for line in daemon.sandbox.ledger()))
        assert daemon.sandbox.rings(ANSWERS) == 0
        ledger = daemon.sandbox.ledger()
        up = next(line["at_ms"] for line in ledger
                  if line["kind"] == "answer" and line["number"] == VERA)
        first = next(line for line in ledger if line["kind"] == "twiml")
        # Not left until the server says 503 by itself.
        assert first["status"] == 200 and first["at_ms"] - up < 2400
    finally:
        os.kill(pid, signal.SIGCONT)
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.sandbox.rings(ANSWERS) == 1
    assert len(daemon.sandbox.posts()) == 1


@automatic
def test_hung_before_the_order_was_answered(daemon):
    """That answer waits for Redis; the question that comes behind it does not."""
    daemon.sandbox.behave(VERA, answer_after=18)
    daemon.sandbox.faults({"create": {"kind": "late", "delay": 0.4}})
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.rings(VERA))
    pid = redis_pid(daemon)
    os.kill(pid, signal.SIGSTOP)
    try:
        first = daemon.wait_for(lambda: next(
            (line for line in daemon.sandbox.ledger()
             if line["kind"] == "twiml"), None))
        up = next(line["at_ms"] for line in daemon.sandbox.ledger()
                  if line["kind"] == "answer" and line["number"] == VERA)
        assert first["status"] == 200 and first["at_ms"] - up < 2400
    finally:
        os.kill(pid, signal.SIGCONT)
    # Heard of, not looked for after a lease.
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.sandbox.rings(ANSWERS) == 1
    assert len(daemon.sandbox.posts()) == 1


@automatic
def test_what_was_asked_meanwhile_is_called(daemon):
    """The website writes while the daemon is down."""
    assert daemon.end(signal.SIGKILL) == -signal.SIGKILL
    for i in range(20):
        daemon.ask({"id": f"web-{i:08}", "phone": f"+790000010{i:02}"})
    assert daemon.answer("web-00000000") is None
    daemon.start()
    daemon.wait_for(lambda: all(daemon.answer(f"web-{i:08}")
                                for i in range(20)))
    assert daemon.redis.zcard(daemon.key("in")) == 0
    numbers = {daemon.answer(f"web-{i:08}")["number"] for i in range(20)}
    assert len(numbers) == 20


# ---- the daemon killed

def come_to(daemon, phase):
    """A request, and its call as far as that."""
    if phase != "waiting":
        daemon.available("anna")
    asked(daemon)
    if phase == "waiting":
        daemon.wait_for_state(ID, "waiting")
        return
    daemon.wait_for_state(ID, "offered")
    if phase == "offered":
        return
    if phase == "placing":
        daemon.sandbox.faults({"create": {"kind": "late", "delay": 1}})
    daemon.act(ID, "accept", **{"as": "anna"})
    if phase == "placing":
        daemon.wait_for(daemon.sandbox.posts)
    elif phase == "agent ringing":
        daemon.wait_for(lambda: daemon.sandbox.rings(ANNA))
    elif phase in ("calling", "customer ringing"):
        daemon.wait_for(lambda: daemon.sandbox.rings(ANSWERS))
    else:
        daemon.wait_for_state(ID, phase)


def goes_on(daemon, phase):
    """To its end, and each attempt has rung the customer at most once."""
    if phase == "waiting":
        daemon.available("anna")

    def is_over():
        request = daemon.request(ID)
        if request["state"] == "offered" and \
                request["offers"][0]["specialist"] == "anna":
            daemon.control("POST", f"/v1/requests/{ID}/accept",
                           {"as": "anna"})
        return request["state"] in ("wrapping", "closed")
    daemon.wait_for(is_over, 20)
    daemon.act(ID, "close", disposition="solved")
    request = daemon.request(ID)
    assert (request["state"], request["disposition"]) == ("closed", "solved")
    assert daemon.sandbox.rings(ANSWERS) == request["attempts"] >= 1
    daemon.wait_for_specialist("anna", "idle")
    assert daemon.answer(ID)["state"] == "done"
    return request


@pytest.mark.parametrize("phase", [
    "waiting", "offered", "placing", "agent ringing", "customer ringing",
    "talking", "wrapping"])
@by_hand
def test_daemon_killed(daemon, phase):
    # Nobody picks up in the moment in which nobody could say what to do.
    daemon.sandbox.behave(ANNA, answer_after=30)
    daemon.sandbox.behave(ANSWERS, answer_after=20, talk_for=30)
    come_to(daemon, phase)
    pid = redis_pid(daemon)
    assert daemon.end(signal.SIGKILL) == -signal.SIGKILL
    daemon.start()
    # Its Redis was adopted, not started again.
    assert redis_pid(daemon) == pid
    request = goes_on(daemon, phase)
    assert request["attempts"] == 1
    assert len(daemon.sandbox.posts()) == 1
    rings = [line for line in daemon.sandbox.ledger()
             if line["kind"] == "ring" and line["number"] == ANSWERS]
    assert len(rings) == 1


@pytest.mark.settings({**QUICK, "specialists": [
    by_phone("anna", ANNA, ("info", 3))]})
def test_daemon_killed_while_a_phone_offer_rings(daemon):
    daemon.sandbox.behave(ANNA, answer_after=30, keys=[[1, "1"]])
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.rings(ANNA))
    daemon.end(signal.SIGKILL)
    daemon.start()
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.sandbox.rings(ANSWERS) == 1
    assert daemon.sandbox.rings(ANNA) == 1


@automatic
def test_killed_again_and_again(daemon):
    """Six requests, five deaths: each is called, and each call rings once. The
    specialist picks up when the daemon is back: what is asked while it is away
    is asked in vain, and known only when the lease of the order is over."""
    daemon.sandbox.behave(VERA, answer_after=30)
    names = [f"web-{i:08}" for i in range(6)]
    posts = 0
    for i, name in enumerate(names):
        daemon.ask({"id": name, "phone": f"+79000{i:04}11"})
    for _ in range(5):
        daemon.wait_for(lambda: len(daemon.sandbox.posts()) > posts)
        daemon.end(signal.SIGKILL)
        posts = len(daemon.sandbox.posts())  # by those who are dead
        daemon.start()
        close_what_is_over(daemon, names)

    def all_over():
        return close_what_is_over(daemon, names) == len(names)
    daemon.wait_for(all_over, 40)
    for i, name in enumerate(names):
        request = daemon.request(name)
        assert daemon.sandbox.rings(f"+79000{i:04}11") == \
            request["attempts"], request
        assert request["attempts"] >= 1


def close_what_is_over(daemon, names):
    closed = 0
    for name in names:
        status, request = daemon.control("GET", f"/v1/requests/{name}")
        if status != 200:
            continue
        if request["state"] in ("wrapping", "referred"):
            daemon.act(name, "close", disposition="solved")
        closed += request["state"] == "closed"
    return closed


@automatic
def test_away_when_the_customers_leg_ends(daemon):
    """The network says that the customer's leg is over, nobody can keep it, and
    its webhooks are lost: whatever is answered must not ring them once more."""
    daemon.sandbox.faults({"webhook": {"kind": "drop", "count": 1000}})
    daemon.sandbox.behave(ANSWERS, does="rejects", answer_after=20)
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.rings(ANSWERS))
    daemon.redis.execute_command("CLIENT", "PAUSE", 8000, "WRITE")
    daemon.wait_for(lambda: [
        line for line in daemon.sandbox.ledger()
        if line["kind"] == "twiml" and "dial_over" in line["url"]], 15)
    daemon.wait_for(lambda: daemon.sandbox.calls()["live"] == 0, 15)
    assert all(len(rings) == 1 for rings in rings_by_call(daemon, ANSWERS))


def rings_by_call(daemon, number):
    """The rings of one customer's phone, for each of the provider's calls."""
    found = {}
    for line in daemon.sandbox.ledger():
        if line["kind"] == "ring" and line["number"] == number:
            found.setdefault(line["parent"], []).append(line)
    return list(found.values())


@pytest.mark.settings({**QUICK, "window.target": "1s", "window.limit": "2s"})
def test_misses_are_told_of_by_who_never_lives_for_a_second(daemon):
    """The request has fallen out of `due`, as if a claim had been lost: only the scan
    of promises finds it, and no life of a daemon is as long as its pace."""
    for name in ("anna", "boris"):
        daemon.do("PUT", f"/v1/specialists/{name}", {"status": "off"})
    asked(daemon)
    name = daemon.wait_for_state(ID, "waiting")["id"]
    daemon.redis.zrem(daemon.key("due"), f"request:{name}")
    until = time.monotonic() + 2 + 5
    while time.monotonic() < until and \
            daemon.redis.hget(daemon.key(f"request:{name}"), "missed") != "1":
        daemon.end(signal.SIGKILL)
        daemon.start()
        born = time.monotonic()
        while time.monotonic() < born + 0.5:
            daemon.redis.zrem(daemon.key("due"), f"request:{name}")
            time.sleep(0.01)
    assert time.monotonic() < until
