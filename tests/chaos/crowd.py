#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A crowd at work: two hundred specialists who accept, decline, ignore and vanish as
they like, at any of the daemons, while requests come in waves. Nothing is killed; an
independent checker (checker.py) says afterwards whether anybody was in two offers,
whether an offer has no end, whether a promise was missed in silence.

    ./dev chaos --crowd --minutes 10 --nodes 3 --specialists 200

The last line is one JSON object. What each does follows from the seed alone; when, from
the machine. The programs are those of $CALLBACKD_BUILD.
"""
import argparse
import collections
import concurrent.futures
import http.client
import json
import random
import sys
import threading
import time

import world as worlds  # noqa: I001  (finds the harness)
import harness
from campaign import Campaign
from checker import (REPORT_MS, Offers, Snapshot, Verdict, check_phones, check_rest,
                     check_talks)
from company import SETTINGS, specialist
from world import World

SPECIALISTS = 200
MINUTES = 10
CUSTOMERS = 300             # names of telephones; each has ten numbers
LOOK_S = 0.25               # between two looks at who was offered something
WHIM_S = 0.1                # between two that do something of their own accord
WORKERS = 4                 # requests to the daemons at once
SCREEN_MS, PHONE_MS = 1500, 3000
CLOCK_SCALE = 0.1           # of the network: a talk of 8 s takes 0.8 s
SETTLE_S = 90
WORK_S = 15
WAVES = [(10, 0.3), (20, 0.1), (60, 0.02), (200, 0.002)]    # so many, so far apart
QUEUES = ("info", "delivery", "directors")


# ---- the company

def person(i, draw):
    """Most have a desk, some only a telephone, some take whatever comes."""
    levels = [(queue, draw.randrange(1, 10)) for queue in
              draw.sample(QUEUES, draw.choice([1, 1, 2, 3]))]
    more = draw.choices([{}, {"offers": ["phone"]}, {"accept": "automatic"}],
                        [7, 2, 1])[0]
    return specialist(f"s{i:03d}", f"+7916{i:05d}01", *levels, confirm="answer", **more)


def company(count, draw):
    queues = [dict(one) for one in SETTINGS["queues"]]
    # One that asks several at once, and one that asks others for help.
    queues[0]["widen"] = ({"before": "3s", "offers": 3}, {"before": "1s", "level": 1})
    queues[1]["widen"] = ({"before": "2s", "queue": "info"},)
    return {**worlds.CHANGES, "queues": queues,
            "specialists": [person(i, draw) for i in range(count)],
            "offer.screen": f"{SCREEN_MS}ms", "offer.phone": f"{PHONE_MS}ms",
            "offer.wrap_up": "1s", "offer.elsewhere": "4s",
            "offer.ignored_return": "5s"}


class Customers(Campaign):
    """They come in waves: in one second as many as in the next ten."""

    def __init__(self, world, seed, names):
        super().__init__(world, seed, names, CUSTOMERS)
        self.actions = [(60, self.ask), (4, self.ask_again), (4, self.cancel),
                        (4, self.move), (3, self.supervise)]
        self.left, self.next_s = 0, 0       # of the wave

    def supervise(self):
        verb, body = self.random.choice([
            ("assign", {"specialist": self.random.choice(self.names)}),
            ("requeue", {}), ("reopen", {}), ("note", {"text": "note"})])
        name = self.earlier()
        if name:
            self.http(self.some_node(), "POST", f"/v1/requests/{name}/{verb}",
                      {**body, "as": self.random.choice(self.names)})

    def come(self):
        """Whoever comes now; returns when the next do, in seconds."""
        if self.left == 0:
            self.left, self.next_s = self.random.choice(WAVES)
        self.left -= 1
        self.step()
        self.put_unsure()
        return self.next_s if self.left else self.random.uniform(0.3, 4)


# ---- who works

class Crowd:
    """Looks at what is offered to whom, and does what each has in mind. Every one
    draws from a lot of their own, so that what they do does not depend on how fast
    the others are."""

    def __init__(self, world, seed, people):
        self.world = world
        self.people = {one["id"]: one for one in people}
        self.lots = {name: random.Random(f"{seed}:{name}") for name in self.people}
        self.random = random.Random(f"{seed}:whims")
        self.pool = concurrent.futures.ThreadPoolExecutor(WORKERS)
        self.todo = []              # (moment, function, arguments)
        self.known = {}             # specialist: the offer or result that was seen
        self.did = collections.Counter()
        self.refused = collections.Counter()
        self.errors = []
        self.lock = threading.Lock()

    # -- what can be asked of a daemon

    def send(self, node, way, method, path, body=None):
        """One request, by TCP, by the control socket or by callbackctl's way."""
        try:
            status, answer = node.http(method, path, body) if way < 0.7 else \
                node.control(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            self.errors.append(f"{method} {path}: {error!r}")
            return
        with self.lock:
            self.refused[status] += status >= 300
        if status >= 500 or status == 400:
            self.errors.append(f"{method} {path} {body}: {status} {answer}")

    def post(self, lot, method, path, body=None):
        node, way = lot.choice(self.world.nodes), lot.random()
        self.pool.submit(self.send, node, way, method, path, body)

    def change_phone(self, name, **behaviour):
        def change():
            try:
                self.world.sandbox.behave(self.people[name]["to"], **behaviour)
            except (OSError, AssertionError) as error:
                self.errors.append(f"{name}'s phone: {error!r}")
        self.pool.submit(change)

    def later(self, seconds, function, *arguments):
        self.todo.append((time.monotonic() + seconds, function, arguments))

    # -- what each does

    def status(self, name, status, **more):
        self.post(self.lots[name], "PUT", f"/v1/specialists/{name}",
                  {"status": status, **more})

    def act(self, name, request, verb, **more):
        self.post(self.lots[name], "POST", f"/v1/requests/{request}/{verb}",
                  {"as": name, **more})

    def close(self, name, request, result):
        self.act(name, request, "close", disposition=result)

    def vanish(self, name):
        """Without a word, or with one; they come back by themselves or by a whim."""
        lot = self.lots[name]
        how = lot.choice(["off", "paused", "elsewhere", "phone", "phone"])
        if how == "phone":
            self.change_phone(name, does=lot.choice(["no_answer", "rejects", "invalid"]))
            self.later(lot.uniform(1, 5), self.revive, name)
        elif how == "elsewhere":
            self.post(lot, "PUT", f"/v1/specialists/{name}/elsewhere", {})
            self.later(lot.uniform(0.5, 6), self.post, lot, "DELETE",
                       f"/v1/specialists/{name}/elsewhere")
        elif how == "paused":
            self.status(name, "paused", reason="coffee",
                        return_at=int(time.time()) + lot.randrange(1, 5))
        else:
            self.status(name, "off")
            self.later(lot.uniform(0.5, 5), self.status, name, "available")
        self.did[how] += 1

    def revive(self, name):
        """Their phone works again, and on it they press what they draw."""
        keys = [[self.lots[name].choice([0.5, 2, 8]),
                 self.lots[name].choice(["1", "1", "1", "2"])]]
        self.change_phone(name, like="01", does="answers", keys=keys)

    def on_offer(self, name, request):
        lot = self.lots[name]
        mind = lot.choices(["accept", "decline", "ignore", "vanish", "both", "vanish "
                            "and accept"], [55, 12, 10, 10, 8, 5])[0]
        # Some are too late, and some at the very end of the offer.
        after = lot.choice([0, 0, lot.uniform(0, 0.8), lot.gauss(SCREEN_MS / 1000, 0.05)])
        after = max(0, after - LOOK_S / 2)
        self.did[mind] += 1
        if mind.startswith("vanish"):
            self.later(after, self.vanish, name)
        if mind in ("accept", "both") or mind.endswith("accept"):
            self.later(after, self.act, name, request, "accept")
        if mind == "both":          # at two desks at the same time
            self.later(after, self.act, name, request,
                       lot.choice(["accept", "decline"]))
        if mind == "decline":
            self.later(after, self.act, name, request, "decline")

    def on_work(self, name, request):
        """A result, during the talk or after it, or none at all."""
        lot = self.lots[name]
        result = lot.choices(["solved", "later", "wrong", "pass", ""],
                             [60, 8, 10, 10, 12])[0]
        self.did["result " + (result or "none")] += 1
        if result == "pass":
            self.later(lot.uniform(0.2, 2), self.act, name, request, "pass")
        elif result:
            self.later(lot.uniform(0, 2), self.close, name, request, result)
        if lot.random() < 0.3:
            self.later(lot.uniform(1, 2), self.post, lot, "POST",
                       f"/v1/specialists/{name}/" + lot.choice(["ready", "extend"]), {})

    def whim(self):
        """Somebody does something that nobody has asked them for."""
        name = self.random.choice(list(self.people))
        self.random.choices([
            lambda: self.status(name, "available"), lambda: self.vanish(name),
            lambda: self.post(self.lots[name], "POST",
                              f"/v1/specialists/{name}/present", {})],
            [70, 20, 10])[0]()

    # -- all of them, until the end

    def look(self):
        node = self.random.choice(self.world.nodes)
        status, answer = node.http("GET", "/v1/specialists")
        if status != 200:
            self.errors.append(f"GET /v1/specialists: {status}")
            return
        for one in answer["specialists"]:
            name, request = one["id"], one.get("request")
            if one["state"] == "offered":
                seen, react = (request, one["offer"]), self.on_offer
            elif one["state"] in ("busy", "wrapping") and request:
                seen, react = (request, "work"), self.on_work
            else:
                continue
            if self.known.get(name) != seen:
                self.known[name] = seen
                react(name, request)

    def due(self, now):
        due = [one for one in self.todo if one[0] <= now]
        self.todo = [one for one in self.todo if one[0] > now]
        for _, function, arguments in due:
            function(*arguments)

    def work(self, customers, seconds):
        now = time.monotonic()
        end, moments = now + seconds, {self.look: now, self.whim: now, "come": now}
        while now < end and not self.errors:
            self.due(now)
            if now >= moments["come"]:
                moments["come"] = now + customers.come()
            if now >= moments[self.whim]:
                moments[self.whim] += WHIM_S
                self.whim()
            if now >= moments[self.look]:
                moments[self.look] = now + LOOK_S
                self.look()
            time.sleep(0.002)
            now = time.monotonic()

    def come_to_rest(self):
        """Everybody at their desk, with a phone that works."""
        for name in self.people:
            self.post(self.lots[name], "DELETE", f"/v1/specialists/{name}/elsewhere")
            self.status(name, "available")
            self.change_phone(name, like="01", does="answers", keys=[[0.5, "1"]])

    def end(self):
        self.pool.shutdown()


def settle(customers, crowd):
    """All work is done, and what then still waits is cancelled; how long it took."""
    began = time.monotonic()
    crowd.come_to_rest()
    while time.monotonic() < began + SETTLE_S:
        snapshot = Snapshot(customers.redis, customers.world.key(""))
        if not snapshot.zset("in") and not snapshot.unsettled() and \
                not check_rest(snapshot):
            break
        for request, record in snapshot.requests.items():
            customers.bring_to_an_end(request, record,
                                      time.monotonic() > began + WORK_S)
        time.sleep(0.3)
    return time.monotonic() - began


# ---- one whole run

def judge(world, customers, people):
    """(the verdict, the offers, what is wrong beyond what the verdict says)."""
    verdict = Verdict(world.redis, world.key(""), world.sandbox.ledger(),
                      customers.asked, (worlds.LIMIT_S, worlds.SCHEDULED_S,
                                        worlds.LATE_S))
    offers = Offers(verdict.commits, PHONE_MS + REPORT_MS).check(verdict.snapshot)
    numbers = {one["to"] for one in people}
    wrong = [f"two offers: {text}" for text in offers.twice] + \
        [f"offer: {text}" for text in offers.faults] + \
        [f"late report: {text}" for text in verdict.promises.late_reports] + \
        [f"talk: {text}" for text in check_talks(verdict.lines) +
         check_phones(verdict.legs, numbers)] + \
        [f"not at rest: {text}" for text in check_rest(verdict.snapshot)]
    return verdict, offers, wrong


def figures_of(verdict, offers, customers, options):
    talks = sum(line.after == "talking" and line.before != "talking"
                for line in verdict.lines if line.record == "request:" + line.story)
    delays = sorted(verdict.promises.delays_s) or [0]
    return {
        "nodes": options.nodes, "specialists": options.specialists,
        "requests": len(customers.asked), "offers": sum(offers.made.values()),
        **{end: offers.ends[end] for end in ("accepted", "declined", "expired",
                                             "withdrawn")},
        "talks": talks, "in_two_offers": len(offers.twice),
        "offers_without_end": len(offers.faults), "lost": len(verdict.lost),
        "rung_twice": len(verdict.rung_twice), "overlaps": len(verdict.overlaps),
        "missed": verdict.promises.missed,
        "unreported_misses": len(verdict.unreported),
        "late_reports": len(verdict.promises.late_reports),
        "report_max_s": round(delays[-1], 2)}


def run_options(options, say=print, environment=None):
    """Returns (figures, what is wrong)."""
    say(f"seed {options.seed}")
    harness.need_programs()
    began = time.monotonic()
    changes = company(options.specialists, random.Random(f"{options.seed}:people"))
    people = changes["specialists"]
    world = World(options.nodes, changes, clock_scale=CLOCK_SCALE, has_proxy=False)
    wrong, figures, crowd = [], {}, None
    try:
        for node in world.nodes:
            node.environment.update(environment or {})
        world.start()
        customers = Customers(world, options.seed, [one["id"] for one in people])
        crowd = Crowd(world, options.seed, people)
        for name in crowd.people:
            crowd.revive(name)
            crowd.status(name, "available")
        crowd.work(customers, options.minutes * 60)
        lasted = time.monotonic() - began
        settled = settle(customers, crowd)
        verdict, offers, more = judge(world, customers, people)
        wrong += crowd.errors[:20] + verdict.faults() + more
        say(f"{lasted:.0f} s, settled in {settled:.0f} s; did: " + ", ".join(
            f"{count} {what}" for what, count in sorted(crowd.did.items())))
        say("refused: " + (", ".join(f"{count} with {status}" for status, count in
                                     sorted(crowd.refused.items()) if count) or "none"))
        figures = {**figures_of(verdict, offers, customers, options),
                   "seed": options.seed, "seconds": round(time.monotonic() - began)}
    finally:
        if crowd:
            crowd.end()
        try:
            world.end()
        except AssertionError as error:
            wrong.append(str(error))
    return figures, wrong


def parser():
    made = argparse.ArgumentParser(
        prog="./dev chaos --crowd", description=__doc__.split("\n\n", maxsplit=1)[0])
    made.add_argument("--minutes", type=float, default=MINUTES)
    made.add_argument("--nodes", type=int, default=3, choices=(1, 2, 3))
    made.add_argument("--specialists", type=int, default=SPECIALISTS)
    made.add_argument("--seed", type=int, help="drawn, and printed")
    return made


def read_options(arguments=None):
    options = parser().parse_args(arguments)
    if not 2 <= options.specialists <= 1000:
        raise SystemExit("--specialists: 2 to 1000")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    return options


def run(seconds, seed, node_count, specialists, say=print, environment=None):
    """A short one; returns what is wrong."""
    options = read_options(["--minutes", str(seconds / 60), "--seed", str(seed),
                            "--nodes", str(node_count),
                            "--specialists", str(specialists)])
    return run_options(options, say, environment)[1]


def main():
    figures, wrong = run_options(read_options())
    for fault in wrong[:50]:
        print("FAULT", fault)
    if len(wrong) > 50:
        print(f"and {len(wrong) - 50} more")
    print(json.dumps(figures))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
