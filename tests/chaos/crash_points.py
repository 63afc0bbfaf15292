#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every crash point once: a daemon is started that dies there, the short life of three
requests is led through it, the daemon is started again, and all must end well. A
point that was never passed is a failure too.

    ./dev chaos --crash-points             every point
    ./dev chaos --crash-points --pairs     and a second point after the restart

The names are read from lib/fault.c.
"""
import argparse
import concurrent.futures
import itertools
import json
import random
import re
import signal
import sys
import time

import world as worlds  # noqa: I001  (finds the harness)
import harness
from checker import Snapshot, Verdict
from company import QUICK, SETTINGS, specialist
from world import World

LIFE_S = 60                 # longer than a place lease, quarantine and look-ups
PACE_S = 0.03
PAIRS = 200
JOBS = 8
ANSWERS = "+79000000001"
OTHER = "+79000000101"
LATER = "+79000000201"
FIRST, SECOND, THIRD = "web-00000001", "web-00000002", "web-00000003"
AHEAD_S = 2                 # of the third: so that something becomes due
LIMIT_S, SCHEDULED_S, LATE_S = 4, 5, 30
CHANGES = {
    **QUICK, "specialists": [
        specialist("vera", "+79160000014", ("info", 3), confirm="answer",
                   accept="automatic"),
        specialist("anna", "+79160000001", ("delivery", 3), confirm="answer")],
    "queues": [{**queue, "greeting": "Вам звонит Ромашка."}
               for queue in SETTINGS["queues"]],
    "text": ["sandbox"], "messages": {"soon": "{company}: звоним"},
    "messages.quiet": {"from": "00:00", "to": "00:00"},
    "window.target": "3s", "window.limit": f"{LIMIT_S}s",
    "window.scheduled": f"{SCHEDULED_S}s", "window.late": f"{LATE_S}s",
}
# What the network must do for a point to be passed.
NETWORK = {
    "unknown_before_event": {"create": {"kind": "close_after"}},
    "look_up_before_event": {"create": {"kind": "500_after"}},
    "rejected_before_event": {"create": {"kind": "400"}},
    "state_before_event": {"webhook": {"kind": "drop", "count": 60}},
}


def names(what):
    """The list `what` of lib/fault.c."""
    text = (harness.TOP / "lib/fault.c").read_text(encoding="utf-8")
    inside = re.search(r"%s\[\] = \{(.*?)\};" % what, text, re.S).group(1)
    return re.findall(r'"(\w+)"', inside)


class Life:
    """Three requests: one comes through Redis and goes to who accepts by itself, one
    over HTTP to somebody with a desk, one is for a moment ahead. Whoever is dead is
    started again."""

    def __init__(self, world, points, environment=None):
        self.world, self.node = world, world.nodes[0]
        self.points = list(points)  # those that are still to be died at
        self.environment = environment or {}
        self.died = 0
        self.acknowledged = set()
        self.began = time.monotonic()

    def spawn(self):
        crash = {}
        if self.died < len(self.points):
            point = self.points[self.died]
            crash = {"CALLBACKD_CRASH_AT": point}
            self.world.sandbox.http("DELETE", "/sandbox/faults")
            if point in NETWORK:
                self.world.sandbox.faults(NETWORK[point])
        self.node.spawn(**crash, **self.environment)

    def revive(self):
        """True: it runs."""
        if self.node.is_running():
            return True
        status = self.node.process.returncode
        assert status == -signal.SIGKILL, \
            f"ended with {status}\n{self.node.log_tail()}"
        assert self.died < len(self.points), "killed without a crash point"
        self.node.was_ended = True
        self.died += 1
        self.spawn()
        return False

    def ask(self, method, path, body=None):
        return self.node.ask_http(method, path, body)

    def request(self, key):
        status, answer = self.ask("GET", f"/v1/requests/{key}")
        return answer if status == 200 else {}

    def come(self):
        """A form is sent again until it was answered."""
        if FIRST not in self.acknowledged:
            self.world.redis.zadd(self.world.key("in"), {json.dumps(
                {"id": FIRST, "phone": ANSWERS, "topic": "info",
                 "sms": True}): 0}, nx=True)
            self.acknowledged.add(FIRST)
        # Not before it would be seen at once: its moment must still be ahead.
        if THIRD not in self.acknowledged and self.node.is_healthy():
            self.world.redis.zadd(self.world.key("in"), {json.dumps(
                {"id": THIRD, "phone": LATER, "topic": "info"}):
                    int(time.time()) + AHEAD_S}, nx=True)
            self.acknowledged.add(THIRD)
        if SECOND not in self.acknowledged:
            status, _ = self.ask("POST", "/v1/requests", {
                "id": SECOND, "phone": OTHER, "topic": "delivery"})
            if 200 <= status < 300:
                self.acknowledged.add(SECOND)

    def somebody_comes(self):
        """Only once they wait, so that they are matched from the queue."""
        for who in ("vera", "anna"):
            self.ask("PUT", f"/v1/specialists/{who}", {"status": "available"})

    def act(self, key):
        request = self.request(key)
        who = request.get("specialist") or "anna"
        if request.get("state") == "offered":
            self.ask("POST", f"/v1/requests/{key}/accept", {"as": "anna"})
        elif request.get("state") in ("wrapping", "referred"):
            self.ask("POST", f"/v1/requests/{key}/close",
                     {"disposition": "solved", "as": who})

    def snapshot(self):
        return Snapshot(self.world.redis, self.world.key(""))

    def step(self):
        if not self.revive():
            return False
        self.come()
        states = [one["state"] for one in self.snapshot().requests.values()]
        if len(states) < 3:
            return False
        if self.is_promise_left_alone(states):
            return False
        self.somebody_comes()
        for key in (FIRST, SECOND, THIRD):
            self.act(key)
        return self.is_over()

    def is_promise_left_alone(self, states):
        """For the scan of promises: their moments are taken out of `due` until
        they are told of."""
        if "promise_found" not in self.points or self.died:
            return False
        if "scheduled" not in states:
            for name in self.snapshot().requests:
                self.world.redis.zrem(self.world.key("due"), "request:" + name)
        return time.monotonic() < self.began + LIMIT_S + 6

    def is_over(self):
        snapshot = self.snapshot()
        if not self.node.is_healthy():
            return False
        if self.died < len(self.points) and \
                self.points[self.died] == "drain_begun":
            self.node.was_ended = True
            self.node.process.send_signal(signal.SIGTERM)
        return not snapshot.unsettled() and not snapshot.zset("in") and \
            (self.died or not self.points)

    def lead(self):
        self.spawn()
        end = time.monotonic() + LIFE_S
        while time.monotonic() < end:
            if self.step():
                return
            time.sleep(PACE_S)

    def verdict(self):
        """What is wrong after it."""
        verdict = Verdict(self.world.redis, self.world.key(""),
                          self.world.sandbox.ledger(), [FIRST, SECOND, THIRD],
                          (LIMIT_S, SCHEDULED_S, LATE_S))
        return verdict.faults()


def run(points, environment=None, life=Life):
    """(how often it died, what is wrong, seconds)."""
    began = time.monotonic()
    wrong, died = [], 0
    world = World(1, CHANGES, has_proxy=False)
    try:
        one = life(world, points, environment)
        try:
            one.lead()
            wrong += one.verdict()
        except AssertionError as error:
            wrong.append(str(error))
        died = one.died
    finally:
        try:
            world.end()
        except AssertionError as error:
            wrong.append(str(error))
    if points and not died:
        wrong.append(f"{points[0]} was never passed")
    return died, wrong, time.monotonic() - began


def run_all(cases, jobs, say=print):
    """Returns how many were good."""
    good, second = 0, 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for points, (died, wrong, took) in zip(cases, pool.map(run, cases)):
            good += not wrong
            second += died > 1
            say(f"{'ok' if not wrong else 'FAULT':6}{took:5.1f} s  "
                f"{' then '.join(points)}", flush=True)
            for text in wrong[:5]:
                say("      " + text.replace("\n", "\n      "), flush=True)
    return good, second


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="./dev chaos --crash-points")
    parser.add_argument("--pairs", nargs="?", type=int, const=PAIRS, default=0,
                        help="that many pairs, drawn by the seed; a negative "
                        "number: all")
    parser.add_argument("--skip", type=int, default=0,
                        help="leave out so many of them, and the single points")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--only", help="points with this in their names")
    options = parser.parse_args(arguments)
    harness.need_programs()
    points = [name for name in names("fault_crash_points")
              if not options.only or options.only in name]
    cases = [[name] for name in points]
    if options.pairs:
        pairs = [list(pair) for pair in itertools.product(points, repeat=2)]
        random.Random(options.seed).shuffle(pairs)
        if options.skip:
            cases, pairs = [], pairs[options.skip:]
        cases += pairs if options.pairs < 0 else pairs[:options.pairs]
    good, second = run_all(cases, options.jobs)
    pairs = sum(len(case) > 1 for case in cases)
    print(json.dumps({"points": len(cases) - pairs, "pairs": pairs,
                      "second_reached": second, "good": good,
                      "seed": options.seed}))
    return 0 if good == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main())
