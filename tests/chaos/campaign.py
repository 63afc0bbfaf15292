#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A random campaign: websites ask, cancel and send nonsense, specialists come and
go, while daemons and Redis are killed, connections are cut and the telephone network
fails. Then everything must come to an end, and an independent checker says what is
wrong (checker.py).

    ./dev chaos --kills 1000 --nodes 3 --seed 7
    ./dev chaos --redis-kills 100

The last line is one JSON object. Every choice comes from the seed alone, never from
what was answered: the same seed makes the same choices, at moments that depend on the
machine. The programs are those of $CALLBACKD_BUILD.
"""
import argparse
import json
import os
import random
import sys
import time

import redis as redis_client

import world as worlds  # noqa: I001  (finds the harness)
import faults
import harness
from checker import Snapshot, Verdict
from recovery import Recovery
from world import NAMES, World

SETTLE_S = 60               # longer than a lease and all look-ups
WORK_S = 5
KILLS = 200                 # when nothing was said
PACE_S = 0.01
RECENT = 40
CUSTOMERS = 60              # names of telephones; each has ten numbers
NONSENSE = [b"", b"{", b"[]", b"null", b"\x00\x01\xff", b'{"id":1}',
            b'{"phone":"+79001234501","phone":"x"}', b'{"id":"web-nonsense","op":[]}',
            b'{"id":"web-x","phone":{"a":[[[[[[1]]]]]]}}', b"x" * 70_000,
            b"[" * 50_000, b'{"id":"' + b"a" * 60_000 + b'"}', b"y" * 1_000_000]


class Campaign:
    """What people do, and what they wrote down of it."""

    def __init__(self, world, seed, names=NAMES, customers=CUSTOMERS, pace_s=PACE_S):
        self.random = random.Random(seed)
        self.world, self.pace_s = world, pace_s
        self.names, self.customers = names, customers
        self.nodes = world.nodes
        self.redis = world.redis
        self.asked = {}             # id: what its member was
        self.unsure = {}            # member: moment; Redis has not acknowledged
        self.count = 0
        self.actions = [(30, self.ask), (6, self.ask_again), (4, self.cancel),
                        (3, self.move), (4, self.nonsense), (14, self.toggle),
                        (25, self.act), (3, self.act_on_specialist)]

    def step(self):
        weights = [weight for weight, _ in self.actions]
        action = self.random.choices(self.actions, weights)[0][1]
        action()

    def put(self, member, at=0):
        """What Redis has not acknowledged is put again, as a website does."""
        try:
            self.redis.zadd(self.world.key("in"), {member: at}, nx=True)
        except redis_client.ResponseError:
            raise
        except redis_client.RedisError:
            self.unsure[member] = at

    def put_unsure(self):
        for member, at in list(self.unsure.items()):
            del self.unsure[member]
            self.put(member, at)

    def send(self, member, at):
        text = json.dumps(member)
        way = self.random.random()
        if way < 0.8:
            self.put(text, at)
            return
        status, _ = self.http(self.some_node(), "POST", "/v1/requests",
                              {**member, "at": at} if at else member)
        # Told that it was taken, or not told anything: then by another way.
        if not 200 <= status < 300 and status != 422:
            self.put(text, at)

    def some_node(self):
        return self.random.choice(self.nodes)

    @staticmethod
    def http(node, method, path, body=None):
        return node.ask_http(method, path, body)

    def ask(self):
        self.count += 1
        name = f"web-{self.count:08d}"
        phone = "+7900%05d%02d" % (self.random.randrange(self.customers),
                                   self.random.choice([1, 1, 1, 2, 3, 4, 5, 6, 7, 8]))
        at = 0
        if self.random.random() < 0.2:
            at = int(time.time()) + self.random.randrange(1, 8)
        member = {"id": name, "phone": phone,
                  "topic": self.random.choice(["info", "delivery", "", "other"]),
                  "sms": self.count % 2 == 0}
        self.asked[name] = member
        self.send(member, at)

    def earlier(self):
        """One that was asked before, most often one of the last; or None."""
        count, choice = self.count, self.random.random()
        if not count:
            return None
        among = min(count, RECENT) if self.random.random() < 0.8 else count
        return f"web-{count - int(choice * among):08d}"

    def ask_again(self):
        name = self.earlier()
        if name:
            self.send(self.asked[name], 0)

    def cancel(self):
        name = self.earlier()
        if name:
            self.send({"op": "cancel", "id": name}, 0)

    def move(self):
        name, ahead = self.earlier(), self.random.randrange(1, 10)
        if name:
            self.send({"op": "move", "id": name}, int(time.time()) + ahead)

    def nonsense(self):
        member = bytearray(self.random.choice(NONSENSE))
        for _ in range(self.random.randrange(3)):
            if member:
                at = self.random.randrange(len(member))
                member[at] = self.random.randrange(256)
        self.put(bytes(member), self.random.choice([0, -1, 1e300, 5]))

    def toggle(self):
        status = self.random.choice(["available"] * 5 + ["paused", "off"])
        self.http(self.some_node(), "PUT",
                  f"/v1/specialists/{self.random.choice(self.names)}",
                  {"status": status})

    def act_on_specialist(self):
        verb = self.random.choice(["ready", "extend", "present"])
        self.http(self.some_node(), "POST",
                  f"/v1/specialists/{self.random.choice(self.names)}/{verb}", {})

    def act(self):
        verb, body = self.random.choice([
            ("accept", {}), ("accept", {}), ("decline", {}),
            ("close", {"disposition": "solved"}),
            ("close", {"disposition": "later"}), ("pass", {"queue": "delivery"}),
            ("note", {"text": "note\nwith a line"}), ("cancel", {}),
            ("requeue", {}), ("reopen", {}),
            ("assign", {"specialist": self.random.choice(self.names)})])
        body = {**body, "as": self.random.choice(self.names)}
        name = self.earlier()
        if name:
            self.http(self.some_node(), "POST",
                      f"/v1/requests/{name}/{verb}", body)

    # ---- the end of it

    def settle(self):
        """Everybody at work, and all results given; what then still waits is
        cancelled. All must come to an end."""
        began = time.monotonic()
        while time.monotonic() < began + SETTLE_S:
            self.put_unsure()
            snapshot = Snapshot(self.redis, self.world.key(""))
            if not snapshot.zset("in") and not snapshot.unsettled():
                break
            for name in self.names:
                self.http(self.nodes[0], "PUT", f"/v1/specialists/{name}",
                          {"status": "available"})
            for request, record in snapshot.requests.items():
                self.bring_to_an_end(
                    request, record, time.monotonic() > began + WORK_S)
            time.sleep(0.3)
        return time.monotonic() - began

    def bring_to_an_end(self, request, record, is_late):
        who = record.get("specialist") or self.names[0]
        verb, body = "", {"as": who}
        if record["state"] in ("wrapping", "referred"):
            verb, body = "close", {"disposition": "solved", "as": who}
        elif is_late and record["state"] != "closed":
            verb = "cancel"
        elif Snapshot.offers(record):
            verb, body = "accept", {"as": Snapshot.offers(record)[0][0]}
        if verb:
            self.http(self.nodes[0], "POST", f"/v1/requests/{request}/{verb}", body)


# ---- one whole campaign

def make_injectors(world, options, recovery):
    """One for each kind of fault that was asked for."""
    made = []
    share, rest = divmod(options.kills, len(world.nodes))
    for i, node in enumerate(world.nodes):
        quota = share + (i < rest)
        if quota:
            made.append(faults.Kills(world, options.seed, quota, node,
                                     recovery))
    for kind, quota in ((faults.RedisKills, options.redis_kills),
                        (faults.Stops, options.stops),
                        (faults.Cuts, options.cuts),
                        (faults.ProviderFaults, options.provider_faults)):
        if quota:
            made.append(kind(world, options.seed, quota))
    return made


def go_on(campaign, injectors, seconds):
    """Until every fault has struck and the seconds are over."""
    end = time.monotonic() + seconds
    looked = time.monotonic()
    while time.monotonic() < end or \
            not all(one.is_done() for one in injectors):
        if any(one.errors for one in injectors):
            break
        campaign.step()
        campaign.put_unsure()
        time.sleep(campaign.pace_s)
        if not injectors and time.monotonic() > looked + 1:
            looked = time.monotonic()
            wrong = Snapshot(campaign.redis, campaign.world.key("")).check()
            if wrong:
                return wrong
    return []


def run_options(options, say=print):
    """Returns (figures, what is wrong)."""
    say(f"seed {options.seed}")
    harness.need_programs()
    began = time.monotonic()
    world = World(options.nodes, embedded=options.embedded,
                  appendfsync=options.appendfsync)
    wrong, figures = [], {}
    try:
        world.start()
        recovery = Recovery(world.connect(), world.key(""))
        campaign = Campaign(world, options.seed)
        injectors = make_injectors(world, options, recovery)
        for one in injectors:
            one.start()
        wrong += go_on(campaign, injectors, options.seconds)
        for one in injectors:
            one.end()
            wrong += one.errors
        lasted = time.monotonic() - began
        faults.heal(world)
        settled = campaign.settle()
        recovery.end()
        # In this order: what rings in between is authorised by then.
        ledger = world.sandbox.ledger()
        verdict = Verdict(campaign.redis, world.key(""), ledger,
                          campaign.asked, (worlds.LIMIT_S, worlds.SCHEDULED_S,
                                           worlds.LATE_S))
        wrong += verdict.faults()
        delays = sorted(verdict.promises.delays_s) or [0]
        say(f"{lasted:.0f} s, settled in {settled:.0f} s: "
            f"{len(verdict.snapshot.requests)} requests, "
            f"{len(verdict.snapshot.calls)} calls, "
            f"{len(verdict.lines)} lines of stories, "
            f"{sum(line['kind'] == 'ring' for line in ledger)} rings; "
            + ", ".join(f"{one.count} {one.kind}" for one in injectors))
        say(f"{verdict.promises.missed} promises missed, reported after "
            f"{delays[len(delays) // 2]:.2f} s (p50), {delays[-1]:.2f} s (max)")
        for late in verdict.promises.late_reports[:5]:
            say("late report: " + late)
            for line in verdict.lines:
                if line.story == late.split(":")[0].split(" ")[0] and \
                        os.environ.get("CALLBACKD_STORIES"):
                    say(f"    {line}")
        figures = {
            "kills": sum(one.count for one in injectors
                         if isinstance(one, faults.Kills)),
            "redis_kills": sum(one.count for one in injectors
                               if isinstance(one, faults.RedisKills)),
            "provider_faults": sum(1 for line in ledger if line.get("fault")),
            "requests": len(campaign.asked), "lost": len(verdict.lost),
            "rung_twice": len(verdict.rung_twice),
            "overlaps": len(verdict.overlaps),
            "unreported_misses": len(verdict.unreported),
            "late_reports": len(verdict.promises.late_reports),
            "recoveries": len(recovery.seconds),
            "recovery_p50_s": recovery.percentile(0.5),
            "recovery_p99_s": recovery.percentile(0.99),
            "seed": options.seed, "seconds": round(time.monotonic() - began)}
    finally:
        try:
            world.end()
        except AssertionError as error:
            wrong.append(str(error))
    return figures, wrong


def parser():
    made = argparse.ArgumentParser(
        prog="./dev chaos", description=__doc__.split("\n\n", maxsplit=1)[0])
    made.add_argument("--kills", type=int, default=0,
                      help="kill -9 of daemons, at random instants")
    made.add_argument("--redis-kills", type=int, default=0)
    made.add_argument("--stops", type=int, help="SIGSTOP of a daemon, 3 or 15 s")
    made.add_argument("--cuts", type=int,
                      help="connections cut, stalled, delayed, deafened")
    made.add_argument("--provider-faults", type=int)
    made.add_argument("--nodes", "--daemons", type=int, default=3,
                      choices=(1, 2, 3))
    made.add_argument("--seconds", type=float, default=0,
                      help="at least so long, whatever has struck")
    made.add_argument("--seed", type=int, help="drawn, and printed")
    made.add_argument("--embedded", action="store_true",
                      help="the Redis that the first daemon starts")
    made.add_argument("--appendfsync", default="always",
                      choices=("always", "everysec"))
    return made


def fill(options):
    """What was not said: faults in proportion to what is killed."""
    if not (options.kills or options.redis_kills or options.provider_faults or
            options.seconds):
        options.kills = KILLS
    kills = options.kills + 10 * options.redis_kills
    for name, value in (("stops", kills // 40), ("cuts", kills // 2),
                        ("provider_faults", kills)):
        if getattr(options, name) is None:
            setattr(options, name, value)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    return options


def run(seconds, seed, daemon_count=1, kills=False, say=print):
    """A short one, with a little of everything; returns what is wrong."""
    options = parser().parse_args(
        ["--seconds", str(seconds), "--seed", str(seed), "--nodes",
         str(daemon_count), "--kills", str(10 if kills else 0), "--stops", "0",
         "--cuts", str(10 if kills else 0), "--provider-faults", "40"])
    return run_options(fill(options), say)[1]


def main(arguments=None):
    options = fill(parser().parse_args(arguments))
    figures, wrong = run_options(options)
    for fault in wrong[:50]:
        print("FAULT", fault)
    if len(wrong) > 50:
        print(f"and {len(wrong) - 50} more")
    print(json.dumps(figures))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
