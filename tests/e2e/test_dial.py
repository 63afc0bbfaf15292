# SPDX-License-Identifier: MIT
"""The dial protocol where nobody sees it: answers of Redis that are lost, daemons
that stand still, orders of which nothing is known, and what a monitor is told."""
import collections
import json
import os
import pathlib
import random
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest
import redis as redis_client

import harness
from company import AUTOMATIC, QUICK, SETTINGS, specialist
from test_calls import ANSWERS, BORIS, ID, SILENT, VERA, asked
from test_ctl import ctl, fake  # noqa: F401  (fake is a fixture)

WELL, UNREACHED, AWAY, LATE, NOBODY = 0, 3, 4, 5, 6
TOLD_S = 5              # a missed promise is told within this

automatic = pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC]})


def share(start_daemon, changes, count):
    """So many daemons on the Redis of the first one."""
    first = start_daemon(changes)
    others = [start_daemon({**changes, "redis": f"unix:{first.redis_path}"})
              for _ in range(count - 1)]
    for one in others:
        one.redis = first.redis
    return [first, *others]


# ---- a reply that is lost

class Proxy:
    """Stands before a Redis. Once told to, it lets a command that holds these
    bytes through, and hangs up instead of bringing the answer; or first does
    something, and brings it."""

    def __init__(self, path, server_path):
        self.server_path = str(server_path)
        self.marker = None
        self.is_done = lambda: True
        self.swallowed = 0
        self.do_first = None
        self.answers = b""      # since the last answer that was swallowed
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def swallow(self, marker, is_done):
        self.is_done = is_done
        self.marker = marker

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,),
                             daemon=True).start()

    def carry(self, client):
        server = socket.socket(socket.AF_UNIX)
        last = b""
        try:
            server.connect(self.server_path)
            while True:
                for one in select.select([client, server], [], [])[0]:
                    data = one.recv(1 << 16)
                    if not data:
                        return
                    if one is server:
                        self.answers += data
                        client.sendall(data)
                        continue
                    last = last[-64:] + data
                    is_it = self.marker and self.marker in last
                    if is_it and self.do_first:
                        self.marker = None
                        is_it = self.do_first()
                    server.sendall(data)
                    if is_it:
                        self.marker = None
                        harness.wait_for(self.is_done)
                        self.swallowed += 1
                        self.answers = b""
                        return
        except OSError:
            pass
        finally:
            client.close()
            server.close()

    def close(self):
        self.listener.close()


@pytest.fixture
def behind(start_daemon):
    """behind(changes): a daemon on a Redis behind a proxy."""
    ends = []

    def start(changes):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="callbackd-"))
        server = harness.RedisServer(folder, notify="")
        ends.append(server.end)
        server.start()
        proxy = Proxy(folder / "p", server.path)
        ends.append(proxy.close)
        daemon = start_daemon({**changes, "redis": f"unix:{folder}/p"})
        # Before its Redis goes: it would wait for what it has in hand.
        ends.append(lambda: daemon.is_running() and daemon.stop())
        daemon.redis = redis_client.Redis(
            unix_socket_path=str(server.path), decode_responses=True)
        daemon.wait_for(daemon.knows_its_people)
        return daemon, proxy
    yield start
    for end in reversed(ends):
        end()


ONCE = ["arrive", "join_queue", "offer", "take", "keep_promise", "begin_talk",
        "begin_wrapping", "close_with"]


@pytest.mark.parametrize("action", ["arrive", "take", "keep_promise",
                                    "begin_talk", "begin_wrapping",
                                    "close_with"])
def test_a_commit_whose_answer_was_lost_happened_once(behind, action):
    daemon, proxy = behind({**QUICK, "specialists": [AUTOMATIC]})

    def is_stored():
        return any(action in " ".join(daemon.redis.lrange(key, 0, -1))
                   for key in daemon.redis.keys(daemon.key("story:*")))
    proxy.swallow(action.encode(), is_stored)
    daemon.ask({"id": ID, "phone": ANSWERS})
    daemon.wait_for_state(ID, "wrapping")
    daemon.act(ID, "close", disposition="solved")
    request = daemon.wait_for_state(ID, "closed")
    assert proxy.swallowed == 1
    # It was sent once more, and Redis knew it.
    assert b"again" in proxy.answers
    assert daemon.story(ID) == ONCE
    assert request["attempts"] == 1 and len(request["calls"]) == 1
    assert len(daemon.sandbox.posts()) == 1
    assert daemon.sandbox.rings(ANSWERS) == 1
    assert daemon.sandbox.rings(VERA) == 1
    lines = [line for one in request["story"] for line in [json.dumps(
        {name: one[name] for name in one if name != "after_ms"})]]
    assert len(set(lines)) == len(lines)
    daemon.wait_for_specialist("vera", "idle")
    assert daemon.redis.zcard(daemon.key("due")) == 0


def test_an_order_is_not_given_long_after_its_commit(behind):
    """The daemon stands still between the commit and the POST: somebody else may
    have looked for the call meanwhile. It gives the order no more."""
    daemon, proxy = behind({**QUICK, "specialists": [AUTOMATIC]})
    stopped = threading.Event()

    def stop():
        daemon.process.send_signal(signal.SIGSTOP)
        stopped.set()
    proxy.do_first = stop
    proxy.swallow(b"take", None)
    try:
        daemon.ask({"id": ID, "phone": ANSWERS})
        assert stopped.wait(10)
        over = time.monotonic() + 2.5
        daemon.wait_for(lambda: time.monotonic() > over)
        (call,) = daemon.redis.keys(daemon.key("call:*"))
        assert daemon.redis.hget(call, "state") == "placing"
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    request = daemon.wait_for_state(ID, "wrapping", seconds=40)
    assert request["attempts"] == 1 and daemon.sandbox.rings(ANSWERS) == 1
    assert daemon.sandbox.posts(f"/{request['id']}.1/") == []
    assert not request["calls"][0]["authorised"]


# ---- an order of which nothing is known

@pytest.fixture
def without_fence(tmp_path):
    """The network as a provider that dials by itself and cannot look up."""
    text = (harness.TOP / "config/providers/sandbox.conf").read_text(
        encoding="utf-8")
    start, end = text.index("# The sandbox tells"), text.index("errors = (")
    text = (text[:start] + text[end:]).replace('fence = "answer"',
                                               'fence = "none"')
    path = tmp_path / "none.conf"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_what_cannot_be_known_goes_to_a_person(start_daemon, without_fence):
    daemon = start_daemon({**QUICK, "specialists": [AUTOMATIC],
                           "provider": {"timeout": "1s",
                                        "file": without_fence}})
    daemon.sandbox.faults({"create": {"kind": "close_after"},
                           "webhook": {"kind": "drop", "count": 1000}})
    asked(daemon)
    request = daemon.wait_for_state(ID, "referred")
    assert request["reason"] == "maybe_called"
    assert len(daemon.sandbox.posts()) == 1
    assert any("may have been called" in line["detail"]
               for line in request["story"] if line.get("detail"))
    ran = daemon.ctl("show", "unknown")
    assert "may have been called" in ran.stdout, ran.stdout
    assert request["number"] in ran.stdout
    # Nobody dials that number by itself, for this matter or for another one.
    asked(daemon, name="web-00000002", topic="delivery")
    other = daemon.request("web-00000002")
    assert other["state"] == "waiting"
    assert len(daemon.sandbox.posts()) == 1
    # A person has found out.
    daemon.act(ID, "close", disposition="solved")
    daemon.wait_for(lambda: len(daemon.sandbox.posts()) == 2)


@pytest.mark.parametrize("how", ["told", "asks"])
@automatic
def test_a_second_call_is_reported(daemon, how):
    daemon.sandbox.behave(VERA, answer_after=10)
    asked(daemon)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0].get("sid") or
                    daemon.request(ID)["calls"][0]["state"] == "live")
    (post,) = daemon.sandbox.posts()
    hook = post["url"].rsplit("/", 1)[0]
    status = "" if how == "asks" else \
        f"&StatusCallback={hook}/status&StatusCallbackEvent=initiated"
    second = daemon.sandbox.order(
        f"To=%2B79160000015&From=%2B74951234567&Url={hook}/flow{status}")
    daemon.wait_for(lambda: "event=call_double" in daemon.log())
    request = daemon.wait_for_state(ID, "wrapping")
    alarms = [line for line in request["story"] if line["action"] ==
              ("refuse_other" if how == "asks" else "hang_up_other")]
    assert alarms and second["sid"] in alarms[0]["detail"]
    assert "ALARM" in daemon.ctl("show", "request", ID).stdout
    assert daemon.sandbox.rings(ANSWERS) == 1
    answered = [call for call in daemon.sandbox.calls()["calls"]
                if call["sid"] == second["sid"] and
                call["status"] == "in-progress"]
    assert not answered


# ---- one customer, several daemons

def test_one_attempt_for_a_number_at_a_time(start_daemon):
    queues = [{**queue, "public": True} for queue in SETTINGS["queues"]]
    changes = {**QUICK, "queues": queues, "specialists": [
        specialist("anna", "+79160000001", ("info", 3), confirm="answer",
                   accept="automatic"),
        specialist("boris", BORIS, ("delivery", 3), confirm="answer",
                   accept="automatic"),
        specialist("vera", VERA, ("directors", 3), confirm="answer",
                   accept="automatic")]}
    daemons = share(start_daemon, changes, 3)
    first = daemons[0]
    names = {}
    for daemon, queue in zip(daemons, queues):
        names[f"web-{queue['id']}"] = daemon
        status, answer = daemon.control("POST", "/v1/requests", {
            "id": f"web-{queue['id']}", "phone": ANSWERS,
            "topic": queue["id"]})
        assert status == 202, answer
    for name in names:
        first.wait_for_state(name, "wrapping", "closed", "referred",
                             seconds=30)
    legs = [line["kind"] for line in first.sandbox.ledger()
            if line.get("number") == ANSWERS and line["parent"]
            and line["kind"] in ("ring", "end")]
    assert legs == ["ring", "end"] * 3
    assert all(first.request(name)["attempts"] == 1 for name in names)
    for daemon in reversed(daemons[1:]):
        daemon.stop()


@pytest.mark.parametrize("stopped", [0, 1])
def test_a_miss_is_told_in_time_and_once(start_daemon, stopped):
    daemons = share(start_daemon, {
        **QUICK, "window": {"target": "1s", "limit": "2s", "late": "1h"}}, 2)
    other = daemons[1 - stopped]
    names = [f"web-{i:08}" for i in range(8)]
    for i, name in enumerate(names):
        asked(other, f"+79000{i:04}11", name)
    promises = {name: other.request(name)["promise_at"] for name in names}
    daemons[stopped].process.send_signal(signal.SIGSTOP)
    try:
        # promise_at is in whole seconds, cut.
        for name in names:
            other.wait_for(lambda: other.request(name)["late"],
                           promises[name] + 1 + TOLD_S - time.time())
        assert other.log().count("event=promise_missed") == len(names)
    finally:
        daemons[stopped].process.send_signal(signal.SIGCONT)
    daemons[stopped].wait_for(
        lambda: daemons[stopped].ctl("check").returncode == NOBODY)
    for name in names:
        assert other.story(name).count("go_late") == 1
    assert sum(one.log().count("event=promise_missed")
               for one in daemons) == len(names)
    daemons[1].stop()


# ---- webhooks in any order

@automatic
def test_webhooks_in_any_order_come_to_the_same_end(daemon):
    seed = int(os.environ.get("CALLBACKD_SEED", random.randrange(1 << 32)))
    print(f"CALLBACKD_SEED={seed}")
    chance = random.Random(seed)
    ends = collections.Counter()
    for i in range(8):
        name, phone = f"web-{i:08}", f"+79000{i:04}11"
        daemon.sandbox.http("DELETE", "/sandbox/faults")
        daemon.sandbox.faults({"webhook": [
            {"kind": "delay", "delay": chance.choice([0, 0.1, 0.3, 0.6])}
            if chance.random() < 0.7 else
            {"kind": "duplicate", "times": chance.randrange(1, 4)}
            for _ in range(16)]})
        asked(daemon, phone, name)
        daemon.wait_for_state(name, "wrapping", seconds=20)
        daemon.act(name, "close", disposition="solved")
        daemon.wait_for(lambda: daemon.request(name)["calls"][0]["state"] ==
                        "ended", 20)
        daemon.wait_for_specialist("vera", "idle")
        request = daemon.request(name)
        call = request["calls"][0]
        ends[request["state"], request["attempts"], len(request["calls"]),
             call["outcome"], daemon.sandbox.rings(phone),
             *daemon.story(name)] += 1
    assert len(ends) == 1, ends
    assert list(ends)[0][-len(ONCE):] == tuple(ONCE)


@pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC],
                       "telephony.poll": "1s"})
def test_a_silent_call_is_asked_about(daemon):
    """Nothing is told of it from the moment it rings on."""
    daemon.sandbox.behave(SILENT, answer_after=60)
    daemon.sandbox.behave(VERA, answer_after=40)
    daemon.sandbox.faults({"webhook": {"kind": "drop", "count": 1000}})
    asked(daemon)
    daemon.wait_for(lambda: any(
        line["kind"] == "request" and line["method"] == "GET" and
        "/Calls/" in line["path"] for line in daemon.sandbox.ledger()))


# ---- what may be promised, and what a monitor is told

def test_promise_levels_are_shown(start_daemon, without_fence):
    daemon = start_daemon({**QUICK, "voice": ["sandbox", "manual"]})
    (one, by_hand) = daemon.do("GET", "/v1/providers")["providers"]
    assert (one["id"], one["fence"], one["level"], one["voice"]) == (
        "sandbox", "answer", "specialist_may_ring_twice", 1)
    assert one["can"]["find"] and one["can"]["sms"]
    assert (by_hand["id"], by_hand["level"], by_hand["voice"]) == (
        "manual", "unknown_to_a_person", 2)
    assert daemon.http("GET", "/v1/providers", token="")[0] == 401
    shown = daemon.ctl("show", "providers")
    assert shown.returncode == 0
    assert "specialist_may_ring_twice" in shown.stdout
    assert json.loads(daemon.ctl("show", "providers", "--json").stdout)[
        "providers"][0] == one
    daemon.configure({**QUICK, "provider": {"timeout": "1s",
                                            "file": without_fence}})
    ran = subprocess.run([str(harness.CALLBACKD), "-t", "-c",
                          str(daemon.conf_path)], capture_output=True,
                         text=True, env=daemon.environment, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "provider sandbox: fence none, unknown_to_a_person" in ran.stdout


def check(daemon):
    """Its exit status and its only line; and the JSON says the same."""
    ran = daemon.ctl("check")
    assert ran.stderr == "" and len(ran.stdout.splitlines()) == 1, ran
    return ran.returncode, ran.stdout.strip()


@pytest.mark.settings(QUICK)
def test_what_a_monitor_is_told(daemon):
    code, line = check(daemon)
    assert code == NOBODY and "nobody is at work" in line
    daemon.available("anna")
    assert check(daemon)[0] == WELL
    said = json.loads(daemon.ctl("check", "--json").stdout)
    assert (said["check"], said["exit"], said["unreported"]) == ("well", 0, 0)
    # A miss that nobody told of: of a record that nobody can read.
    stray = "nothing that is known"
    daemon.redis.zadd(daemon.key("promises"),
                      {stray: int(time.time() * 1000) - 8000})
    code, line = check(daemon)
    assert code == LATE and "a promise was missed" in line
    said = json.loads(daemon.ctl("check", "--json").stdout)
    assert (said["check"], said["exit"], said["unreported"]) == ("late", 5, 1)
    assert said["oldest_promise_s"] >= 8
    daemon.redis.zrem(daemon.key("promises"), stray)
    assert check(daemon)[0] == WELL
    # Redis stands still.
    pid = int((daemon.redis_path.parent / "redis.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        daemon.wait_for(lambda: check(daemon)[0] == AWAY)
        assert "Redis is away" in check(daemon)[1]
    finally:
        os.kill(pid, signal.SIGCONT)
    daemon.wait_for(lambda: check(daemon)[0] == WELL)
    # The daemon stands still, then is gone.
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        assert check(daemon)[0] == UNREACHED
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    daemon.stop()
    code, line = check(daemon)
    assert code == UNREACHED and "no daemon answers" in line


def test_work_that_is_late(fake):  # noqa: F811
    status = {"state": "running", "redis": {"up": True}, "active": 3,
              "specialists": {"idle": 1, "away": 2},
              "work": {"oldest_due_s": 4.9, "oldest_promise_s": 0.0,
                       "unreported": 0}}
    fake.answers["GET /v1/status"] = 200, status
    assert ctl(fake, "check").returncode == WELL
    status["work"]["oldest_due_s"] = 5.2
    ran = ctl(fake, "check")
    assert ran.returncode == LATE and "due for 5 s" in ran.stdout
    # The worst comes first.
    status["specialists"] = {"away": 3}
    assert ctl(fake, "check").returncode == LATE
    status["state"] = "stopping"
    assert ctl(fake, "check").returncode == AWAY
    fake.answers["GET /v1/status"] = 200, b"not JSON"
    ran = ctl(fake, "check", "--json")
    assert ran.returncode == UNREACHED
    assert json.loads(ran.stdout)["check"] == "unreached"
