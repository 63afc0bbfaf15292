#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A replica is promoted: the campaign of campaign.py on a primary with one replica. The
primary is killed, at random instants, while the replica lags behind it by up to half a
second; the replica takes its place, loses what it had not received, and gets a replica
of its own.

    ./dev chaos --failovers 10 --nodes 3 --seed 7

Redis acknowledges before a replica has a write, so acknowledged requests are lost here:
they are counted, not forbidden. What must hold all the same: no call rings its customer
twice, what survived comes to an end, and its indexes follow from its records.
The last line is one JSON object; exit status 0 when these hold.
"""
import argparse
import json
import os
import random
import sys
import time

import redis as redis_client

import crash_points  # noqa: F401,I001  (finds the harness)
import faults
import harness
from campaign import Campaign
from checker import Legs, Snapshot, check_rings
from world import World

LAG_MAX_S = 0.5
CATCH_UP_S = 20


class Server(harness.RedisServer):
    """It takes replicas at a port, which they come to by the proxy, and may be one."""

    def __init__(self, folder, primary_port=None):
        folder.mkdir()
        super().__init__(folder)
        self.port = harness.free_port()
        self.arguments[self.arguments.index("--port") + 1] = str(self.port)
        # A replica that was gone takes all of it anew, at once.
        self.arguments += ["--repl-diskless-sync-delay", "0"]
        if primary_port:
            self.arguments += ["--replicaof", "127.0.0.1", str(primary_port)]

    def client(self):
        return redis_client.Redis(unix_socket_path=str(self.path),
                                  socket_timeout=5)


class Pair:
    """In the place of the world's one server: a primary, at the path that everybody
    knows, and a replica behind a link of the proxy."""

    def __init__(self, world):
        self.world, self.count = world, 0
        self.path = world.folder / "redis.sock"
        self.primary = self.replica = self.link = None

    def start(self):
        self.primary = Server(self.world.folder / "redis.0")
        self.primary.start()
        self.take_place(self.primary)
        self.add_replica()

    def take_place(self, server):
        """A socket goes on taking connections under its new name."""
        os.rename(server.path, self.path)
        server.path = self.path

    def add_replica(self):
        self.count += 1
        self.link = self.world.proxy.link(
            f"replica.{self.count}", ("tcp", 0), ("tcp", self.primary.port))
        self.replica = Server(self.world.folder / f"redis.{self.count}",
                              self.link.port)
        self.replica.start()
        harness.wait_for(self.is_in_step, CATCH_UP_S, self.replica.log_tail)

    def is_in_step(self):
        return self.replica.client().info("replication")[
            "master_link_status"] == "up"

    def fail_over(self, lag_s):
        """Returns how many bytes of the primary's the replica never had."""
        offset = self.primary.client().info("replication")["master_repl_offset"]
        self.link.delay(max(lag_s, 0.001), 60)
        time.sleep(2 * lag_s)       # what is on its way is as old as the lag
        with_primary = self.primary.client().info("replication")
        self.primary.kill()
        self.link.cut_all()
        client = self.replica.client()
        client.replicaof("NO", "ONE")
        kept = client.info("replication")["master_repl_offset"]
        self.take_place(self.replica)
        self.primary = self.replica
        self.add_replica()
        assert offset <= with_primary["master_repl_offset"]
        return max(with_primary["master_repl_offset"] - kept, 0)

    def kill(self):
        self.primary.kill()

    def end(self):
        for server in (self.replica, self.primary):
            if server:
                server.end()


class Failovers(faults.Injector):
    """One after the other, each when the last one's replica is in step."""

    kind, pause_s = "failovers", (2.0, 4.0)

    def __init__(self, world, seed, quota):
        super().__init__(world, seed, quota)
        self.lost_bytes = []

    def strike(self):
        lag_s = self.random.choice([0, self.random.uniform(0, LAG_MAX_S)])
        self.lost_bytes.append(self.world.server.fail_over(lag_s))


class PairWorld(World):
    """A world whose Redis is a pair."""

    def make_server(self, appendfsync):
        return Pair(self)


def judge(campaign, ledger):
    """(figures, what is wrong)"""
    snapshot = Snapshot(campaign.redis, campaign.world.key(""), is_whole=True)
    legs = Legs(ledger)
    twice, _ = check_rings(legs)
    gone = [name for name in campaign.asked
            if snapshot.values.get("answer:" + name) is None]
    again = [call for call, count in legs.orders.items() if count > 1]
    unknown = [call for call in legs.orders
               if f"{call[0]}.{call[1]}" not in snapshot.calls]
    wrong = [f"rung twice: {text}" for text in twice] + [
        f"{name} has not come to an end: {record}"
        for name, record in snapshot.unsettled().items()] + [
        f"still in the inbox at {at}: {member[:80]!r}"
        for member, at in snapshot.zset("in").items()] + snapshot.check()
    return {"requests": len(campaign.asked), "lost": len(gone),
            "rung_twice": len(twice), "ordered_again": len(again),
            "calls_unknown": len(unknown)}, wrong


def run(options, say=print):
    say(f"seed {options.seed}")
    harness.need_programs()
    began = time.monotonic()
    world = PairWorld(options.nodes)
    figures, wrong = {}, []
    try:
        world.start()
        campaign = Campaign(world, options.seed)
        failovers = Failovers(world, options.seed, options.failovers).start()
        while not failovers.is_done():
            campaign.step()
            campaign.put_unsure()
            time.sleep(campaign.pace_s)
        failovers.end()
        wrong += failovers.errors
        faults.heal(world)
        campaign.settle()
        figures, found = judge(campaign, world.sandbox.ledger())
        wrong += found
        figures = {"failovers": failovers.count,
                   "with_loss": sum(1 for one in failovers.lost_bytes if one),
                   "bytes_lost": sum(failovers.lost_bytes), **figures,
                   "noticed": sum(node.log().count("redis_lost_commits")
                                  for node in world.nodes),
                   "seed": options.seed,
                   "seconds": round(time.monotonic() - began)}
    finally:
        try:
            world.end()
        except AssertionError as error:
            wrong.append(str(error))
    return figures, wrong


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="./dev chaos --failovers")
    parser.add_argument("failovers", type=int)
    parser.add_argument("--nodes", type=int, default=3, choices=(1, 2, 3))
    parser.add_argument("--seed", type=int, help="drawn, and printed")
    options = parser.parse_args(arguments)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    figures, wrong = run(options)
    for fault in wrong[:50]:
        print("FAULT", fault)
    print(json.dumps(figures))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
