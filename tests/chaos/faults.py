# SPDX-License-Identifier: MIT
"""What befalls a world: one thread for each kind of fault, with a quota and chances
of its own. Which fault comes next depends on the seed alone; when it strikes, on the
machine."""
import random
import signal
import threading
import time


CREATE_FAULTS = ["500_before", "500_after", "503", "429", "400", "close_before",
                 "close_after", "late", "garbage", "redirect", "huge", "drip"]
WEBHOOK_FAULTS = ["drop", "duplicate", "delay", "reorder", "forged"]
STORM = 50                  # copies of one webhook at once


class Injector:
    """Strikes `quota` times; each kind says how and how often."""

    kind = ""
    pause_s = (0.1, 1.0)

    def __init__(self, world, seed, quota):
        self.world, self.quota = world, quota
        self.random = random.Random(f"{seed} {self.kind}")
        self.count = 0
        self.must_end = threading.Event()
        self.errors = []
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def is_done(self):
        return self.count >= self.quota or bool(self.errors) or \
            not self.thread.is_alive()

    def end(self):
        self.must_end.set()
        self.thread.join()

    def run(self):
        try:
            while self.count < self.quota and not self.must_end.wait(
                    self.random.uniform(*self.pause_s)):
                self.strike()
                self.count += 1
        except Exception as error:  # told to whoever waits, not lost
            self.errors.append(f"{self.kind}: {error!r}")

    def strike(self):
        raise NotImplementedError


class Kills(Injector):
    """kill -9 of one daemon, at a random moment of its life; it starts again at
    once. One injector for each: kills overlap."""

    pause_s = (0.05, 1.6)

    def __init__(self, world, seed, quota, node, recovery):
        self.kind = f"kills {world.nodes.index(node)}"
        super().__init__(world, seed, quota)
        self.node, self.recovery = node, recovery

    def strike(self):
        with self.node.lock:
            if not self.node.is_running():
                raise AssertionError(
                    f"a daemon died by itself\n{self.node.log_tail()}")
            process = self.node.process_name()
            at = time.monotonic()
            self.node.kill()
            if process:
                self.recovery.killed(process, at)
            self.node.spawn()


class RedisKills(Injector):
    """kill -9 of Redis, which stays away for up to a second."""

    kind, pause_s = "redis kills", (1.0, 3.0)

    def strike(self):
        self.world.kill_redis()
        if self.must_end.wait(self.random.uniform(0, 1)):
            pass
        self.world.start_redis()


class Stops(Injector):
    """A daemon stands still for 3 s, or for longer than a claim (15 s) or the placing
    of a call (18 s) is leased."""

    kind, pause_s = "stops", (1.0, 6.0)

    def strike(self):
        node = self.random.choice(self.world.nodes)
        seconds = self.random.choice([3, 3, 3, 15, 18])
        with node.lock:
            node.process.send_signal(signal.SIGSTOP)
            self.must_end.wait(seconds)
            node.process.send_signal(signal.SIGCONT)


class Cuts(Injector):
    """Something happens to a connection."""

    kind, pause_s = "cuts", (0.05, 0.6)

    def strike(self):
        chance = self.random
        link = chance.choice(sorted(self.world.proxy.links.items()))[1]
        what = chance.choice(["cut"] * 6 + ["cut_all", "stall", "delay", "drop"])
        if what == "cut":
            link.cut(chance.choice([0, 1, chance.randrange(200),
                                    chance.randrange(5000)]))
        elif what == "cut_all":
            link.cut_all()
        elif what == "stall":
            link.stall(chance.uniform(0.1, 2.5))
        elif what == "delay":
            link.delay(chance.uniform(0.01, 0.3), chance.uniform(0.2, 2))
        else:
            link.drop(chance.randrange(2), chance.uniform(0.1, 1.5))


class ProviderFaults(Injector):
    """The provider fails, or its webhooks come late, twice, never, as a storm."""

    kind, pause_s = "provider faults", (0.02, 0.25)

    def __init__(self, world, seed, quota):
        super().__init__(world, seed, quota)
        self.read_to = 0

    def has_rung(self):
        """A phone has since the last time: otherwise each call that is tried while
        the provider counts as down would meet the next fault, and none be made."""
        with open(self.world.sandbox.ledger_path, "rb") as ledger:
            ledger.seek(self.read_to)
            news = ledger.read()
        if b'"kind":"ring"' not in news:
            return False
        self.read_to += len(news)
        return True

    def strike(self):
        chance = self.random
        if chance.random() < 0.5 and self.has_rung():
            order = {"create": [{"kind": chance.choice(CREATE_FAULTS),
                                 "count": 1, "delay": 2}]}
        else:
            kind = chance.choice(WEBHOOK_FAULTS)
            times = STORM if chance.random() < 0.1 else 2
            order = {"webhook": [{"kind": kind, "count": 1, "delay": 1,
                                  "times": times}]}
        # Told of enough faults already, the network refuses more.
        while not self.must_end.is_set():
            try:
                status, _ = self.world.sandbox.http("POST", "/sandbox/faults",
                                                    order)
                if status < 300:
                    return
            except OSError:
                pass
            self.must_end.wait(0.05)


def heal(world):
    """Nothing befalls it any more."""
    world.sandbox.http("DELETE", "/sandbox/faults")
    if world.proxy:
        for link in world.proxy.links.values():
            link.heal()
    for node in world.nodes:
        if node.is_running():
            node.process.send_signal(signal.SIGCONT)
        else:
            node.spawn()
    for node in world.nodes:
        node.wait_until_ready(node.is_healthy)


