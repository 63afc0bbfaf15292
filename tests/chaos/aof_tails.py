#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The append-only file of a real run, without its end: cut at N places of its last
4 KiB, and Redis started on what is left. What must hold at each place: Redis starts; a
commit is there as a whole or not at all, so indexes follow from records and stories end
where their records are; what is left is a beginning of what was.

    ./dev chaos --aof-tails 4096        every byte
    ./dev chaos --aof-tails 100 --rounds 3 --flips 50 --seed 7

--rounds: so many times a run is killed, its file cut at a random place, and Redis and a
daemon started on that: no call may ring its customer twice, and what is left must come
to an end. --flips: so many times one bit of the tail is turned over. An append-only file
has no sums: Redis refuses what is no command any more, and takes another value for a
value; counted, not judged. The last line is one JSON object.
"""
import argparse
import json
import random
import shutil
import sys
import time

import redis as redis_client

import crash_points  # noqa: F401,I001  (finds the harness)
import harness
from campaign import Campaign
from checker import Legs, Snapshot, check_moves, check_rings, read_events
from world import World

TAIL = 4096
RUN_S = 4
START_S = 20


def make_run(world, seed, seconds=RUN_S):
    """Some life, and then everybody is dead at once."""
    campaign = Campaign(world, seed)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        campaign.step()
        time.sleep(campaign.pace_s)
    for node in world.nodes:
        node.kill()
    # What the dead had sent is done by now: the last answer comes after it.
    whole = Snapshot(campaign.redis, world.key(""), is_whole=True)
    world.kill_redis()
    return campaign, whole


def tail_of(folder):
    """The file that Redis appends to."""
    found = sorted((folder / "appendonlydir").glob("*.incr.aof"))
    assert len(found) == 1, f"{len(found)} files that are appended to"
    return found[0]


class Rest(harness.RedisServer):
    """A Redis on a copy of the file."""

    def __init__(self, folder, files):
        folder.mkdir()
        shutil.copytree(files, folder / "appendonlydir")
        super().__init__(folder)

    def has_started(self):
        """False: it has refused the file, and ended."""
        harness.Program.start(self)
        harness.wait_for(lambda: not self.is_running() or self.answers(),
                         START_S, self.log_tail)
        return self.is_running()

    def client(self):
        return redis_client.Redis(unix_socket_path=str(self.path),
                                  socket_timeout=10)


def entries_of(snapshot):
    return [entry for entry, _ in snapshot.values.get("events") or []]


def look_at(server, prefix, whole):
    """What is wrong with what is left."""
    snapshot = Snapshot(server.client(), prefix, is_whole=True)
    lines, faults = read_events(snapshot)
    left, all_of_it = entries_of(snapshot), entries_of(whole)
    if left != all_of_it[:len(left)]:
        faults.append("what is left is no beginning of what was")
    return snapshot.check() + faults + check_moves(snapshot, lines), \
        len(all_of_it) - len(left)


def try_tails(world, whole, places):
    """Returns (figures, what is wrong)."""
    files = world.server.folder / "appendonlydir"
    size = tail_of(world.server.folder).stat().st_size
    wrong, most = [], 0
    for back in places:
        server = Rest(world.folder / f"cut.{back}", files)
        try:
            with open(tail_of(server.folder), "r+b") as file:
                file.truncate(max(size - back, 0))
            if not server.has_started():
                wrong.append(f"{back} bytes less: Redis does not start")
                continue
            found, lost = look_at(server, world.key(""), whole)
            most = max(most, lost)
            wrong += [f"{back} bytes less: {text}" for text in found]
        finally:
            server.kill()
            shutil.rmtree(server.folder)
    return {"tails": len(places), "commits_lost_most": most}, wrong


def try_flips(world, chance, count):
    files = world.server.folder / "appendonlydir"
    size = tail_of(world.server.folder).stat().st_size
    refused = 0
    for i in range(count):
        server = Rest(world.folder / f"flip.{i}", files)
        try:
            with open(tail_of(server.folder), "r+b") as file:
                at = size - 1 - chance.randrange(min(TAIL, size))
                file.seek(at)
                byte = file.read(1)[0] ^ (1 << chance.randrange(8))
                file.seek(at)
                file.write(bytes([byte]))
            refused += not server.has_started()
        finally:
            server.kill()
            shutil.rmtree(server.folder)
    return {"flips": count, "flips_refused": refused}


def try_round(seed, chance):
    """A run, a cut, and everybody again. Returns (lost, what is wrong)."""
    world, lost, wrong = World(1, has_proxy=False), [], []
    try:
        world.start()
        campaign, _ = make_run(world, seed)
        path = tail_of(world.server.folder)
        back = chance.randrange(min(TAIL, path.stat().st_size))
        with open(path, "r+b") as file:
            file.truncate(path.stat().st_size - back)
        world.start_redis()
        for node in world.nodes:
            node.spawn()
            node.wait_until_ready(node.is_healthy)
        campaign.settle()
        snapshot = Snapshot(campaign.redis, world.key(""), is_whole=True)
        twice, _ = check_rings(Legs(world.sandbox.ledger()))
        lost = [name for name in campaign.asked
                if snapshot.values.get("answer:" + name) is None]
        wrong = [f"rung twice: {text}" for text in twice] + snapshot.check() + [
            f"{name} has not come to an end: {record}"
            for name, record in snapshot.unsettled().items()]
        wrong = [f"round {seed}, {back} bytes less: {text}" for text in wrong]
    finally:
        world.end()
    return len(lost), wrong


def run(options):
    print(f"seed {options.seed}")
    harness.need_programs()
    began, chance = time.monotonic(), random.Random(options.seed)
    world, figures, wrong = World(1, has_proxy=False), {}, []
    try:
        world.start()
        _, whole = make_run(world, options.seed)
        size = min(TAIL, tail_of(world.server.folder).stat().st_size)
        places = sorted(chance.sample(range(size), min(options.tails, size)))
        figures, wrong = try_tails(world, whole, places)
        figures |= try_flips(world, chance, options.flips)
    finally:
        world.end()
    lost = 0
    for i in range(options.rounds):
        more, found = try_round(options.seed + i, chance)
        lost += more
        wrong += found
    return {**figures, "rounds": options.rounds, "rounds_lost": lost,
            "seed": options.seed,
            "seconds": round(time.monotonic() - began)}, wrong


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="./dev chaos --aof-tails")
    parser.add_argument("tails", type=int)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--flips", type=int, default=0)
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
