#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every defect that lib/fault.c can plant is planted, and the cheapest layer that
must find it is run: it has to fail with the defect and to pass without.

    ./dev chaos --planted

The last line is {"planted": n, "found": n}. A layer is a command in the build folder
or a short scene of this file; a name that LAYERS does not have is left to the
simulation. A name without a layer counts as not found.
"""
import argparse
import base64
import concurrent.futures
import functools
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import crash_points  # noqa: I001  (finds the harness)
import harness
from checker import Legs, Snapshot, read_events, read_stream
from company import AUTOMATIC, QUICK, specialist
from world import World

COMMAND_S = 240
MANY = 40
EVENTS = 250                # more than a node of a stream holds
SIMULATED_S = 10            # of real time
SEARCH_S = 90               # at the most: the first seed that finds it ends it
PAUSE_MS = 1500             # for which Redis takes no writes
LONG_PAUSE_MS = 4000        # longer than a commit may be on its way
COMMIT_BYTES = 1000         # that of a request is longer, a claim is not
ANSWERS = "+79000000001"
ID = "web-00000001"
JOBS = 4
ANNA = specialist("anna", "+79160000001", ("info", 3), confirm="answer")


class Found(Exception):
    """What a layer has found."""


def expect(is_so, text):
    if not is_so:
        raise Found(text)


# ---- layers that are commands

def command(*words, top=False):
    """Run in the build folder, or in the checkout; it fails by its exit status."""
    def layer(environment):
        place = harness.TOP if top else harness.BUILD
        found = subprocess.run(
            words, cwd=place, capture_output=True, timeout=COMMAND_S,
            check=False, env={
                **os.environ, **environment, "ASAN_OPTIONS": "detect_leaks=0",
                "srcdir": str(harness.TOP), "top_srcdir": str(harness.TOP),
                "top_builddir": str(harness.BUILD)})
        text = (found.stdout + found.stderr).decode(errors="replace")
        failed = [line for line in text.splitlines()
                  if line.startswith("not ok") or "FAULT" in line]
        expect(found.returncode == 0, failed[0] if failed else
               f"{words[0]} ended with {found.returncode}")
    return layer


# ---- layers that are scenes: one daemon, a separate Redis, no proxy

def scene(function, specialists=(AUTOMATIC,), **more):
    def layer(environment):
        world = World(1, {**QUICK, "specialists": list(specialists), **more},
                      has_proxy=False)
        try:
            try:
                node = world.nodes[0]
                node.environment.update(environment)
                node.spawn()
                node.wait_until_ready(node.is_healthy)
                node.wait_for(node.knows_its_people)
                function(world, node)
            finally:
                world.end()
        except AssertionError as error:
            raise Found(str(error).split("\n", maxsplit=1)[0]) from error
    return layer


def ask(world, name=ID, phone=ANSWERS):
    world.redis.zadd(world.key("in"), {json.dumps(
        {"id": name, "phone": phone, "topic": "info"}): 0})


def take_no_writes(world, pause_ms=PAUSE_MS):
    """What is sent meanwhile is done when the pause is over."""
    world.redis.execute_command("CLIENT", "PAUSE", pause_ms, "WRITE")
    return time.monotonic() + pause_ms / 1000


def in_background(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def nobody_is_at_work(node):
    node.do("PUT", "/v1/specialists/vera", {"status": "off"})


def act_after_commit(world, node):
    """No call is ordered before Redis has agreed to it."""
    node.available("anna")
    ask(world)
    node.wait_for_state(ID, "offered")
    until = take_no_writes(world)
    thread = in_background(node.control, "POST", f"/v1/requests/{ID}/accept",
                           {"as": "anna"})
    while time.monotonic() < until - 0.1:
        expect(not world.sandbox.posts(),
               "a call was ordered while Redis took no writes")
        time.sleep(0.02)
    thread.join()
    node.wait_for(world.sandbox.posts)


def webhooks_after_commit(world, node):
    """No webhook is answered well before Redis has kept what it told."""
    world.sandbox.behave(AUTOMATIC["to"], answer_after=100)
    node.available("vera")
    ask(world)
    node.wait_for(lambda: any(line["kind"] == "ring"
                              for line in world.sandbox.ledger()))
    until = take_no_writes(world)
    # The phone is hung up: the network tells of the end.
    sid = next(line["sid"] for line in world.sandbox.ledger()
               if line["kind"] == "ring")
    in_background(hang_up, world, sid)
    while time.monotonic() < until - 0.1:
        told = [line for line in world.sandbox.ledger()
                if line["kind"] == "webhook" and line["event"] == "completed"
                and line["status"] in range(200, 300)]
        expect(not told, "a webhook was answered while Redis took no writes")
        time.sleep(0.02)
    node.wait_for(lambda: [line for line in world.sandbox.ledger()
                           if line["kind"] == "webhook"
                           and line["event"] == "completed"])


def hang_up(world, sid):
    """As the provider's own console does it."""
    connection = http.client.HTTPConnection("127.0.0.1", world.sandbox.port,
                                            timeout=5)
    login = base64.b64encode(
        f"{harness.ACCOUNT}:{harness.TOKEN}".encode()).decode()
    harness.talk(
        connection, "POST",
        f"/2010-04-01/Accounts/{harness.ACCOUNT}/Calls/{sid}.json",
        "Status=completed",
        {"Authorization": f"Basic {login}",
         "Content-Type": "application/x-www-form-urlencoded"})


def asking_is_answered_after_commit(world, node):
    """Nobody is told 202 before Redis has kept it."""
    node.do("GET", "/v1/status")
    until = take_no_writes(world)
    answers = []
    thread = in_background(lambda: answers.append(node.control(
        "POST", "/v1/requests", {"id": ID, "phone": ANSWERS})))
    while time.monotonic() < until - 0.1:
        expect(not answers, "a request was acknowledged while Redis took no "
               "writes")
        time.sleep(0.02)
    thread.join()
    expect(answers[0][0] == 202, f"answered {answers[0]}")


def events_are_kept(world, node):
    """Nothing of what just happened is missing in the stream."""
    nobody_is_at_work(node)
    for i in range(EVENTS):
        status, _ = node.control("POST", "/v1/requests", {
            "id": f"web-{i:08d}", "phone": f"+79000{i:04d}01"})
        expect(status in (200, 202), f"a request was answered with {status}")
    wrong = read_events(Snapshot(world.redis, world.key(""), is_whole=True))[1]
    expect(not wrong, wrong[0] if wrong else "")


def promises_are_scanned(world, node):
    """A request that has fallen out of `due` is reported all the same."""
    nobody_is_at_work(node)
    ask(world)
    node.wait_for_state(ID, "waiting")
    name = node.request(ID)["id"]
    end = time.monotonic() + 8
    while time.monotonic() < end:
        if node.request(ID).get("late"):
            return
        world.redis.zrem(world.key("due"), "request:" + name)
        time.sleep(0.02)
    raise Found("a missed promise was not told of within 5 s")


def everybody_is_taken(world, node):
    """So many who ask are so many requests."""
    names = [f"web-{i:08d}" for i in range(MANY)]
    for i, name in enumerate(names):
        ask(world, name, f"+790000{i:03d}01")

    def inbox_is_empty():
        return world.redis.zcard(world.key("in")) == 0
    node.wait_for(inbox_is_empty, 5)
    ids = {node.request(name)["id"] for name in names}
    expect(len(ids) == MANY, f"{MANY} who asked became {len(ids)}")


def numbers_stay_out_of_the_log(world, node):
    node.available("vera")
    ask(world)
    node.wait_for_state(ID, "wrapping")
    for number in (ANSWERS, AUTOMATIC["to"]):
        expect(number[1:] not in node.log(),
               "a telephone number stands in the log")


def unknown_is_not_tried_again(world, node):
    """A call was created and the answer lost: nobody is called a second time."""
    world.sandbox.faults({"create": {"kind": "500_after"}})
    node.available("vera")
    ask(world)
    node.wait_for_state(ID, "wrapping", "closed", "waiting", "scheduled",
                        seconds=20)
    node.wait_for_state(ID, "wrapping", "closed", seconds=20)
    expect(len(world.sandbox.posts()) == 1,
           f"{len(world.sandbox.posts())} calls were ordered for one attempt")


def tokens_are_checked(_world, node):
    status, _ = node.http("POST", "/hooks/sandbox/bcdfghjkmnpqrstv.1/"
                          + "0" * 64 + "/status", "CallSid=CA1",
                          token="", headers={"Content-Type":
                                             "application/x-www-form-urlencoded"})
    expect(status == 404, f"a wrong token was answered with {status}")


def leases_end(world, node):
    """Who dies with claimed work leaves it to others within the lease."""
    node.kill()
    node.spawn(CALLBACKD_CRASH_AT="claim_replied")
    world.redis.zadd(world.key("in"), {json.dumps(
        {"id": ID, "phone": ANSWERS}): int(time.time()) + 1})
    harness.wait_for(lambda: not node.is_running(), 10)
    node.was_ended = True
    wrong = [text for text in Snapshot(world.redis, world.key("")).check()
             if "stands in due" in text]
    expect(not wrong, wrong[0] if wrong else "")


def steps_end(world, node):
    """Nobody's name stops a daemon."""
    node.available("anna")
    world.redis.zadd(world.key("in"), {json.dumps(
        {"id": ID, "phone": ANSWERS, "name": "Abort"}): 0})
    node.wait_for_state(ID, "offered")
    try:
        node.do("POST", f"/v1/requests/{ID}/note", {"as": "anna", "text": "?"})
    except (OSError, http.client.HTTPException) as error:
        raise AssertionError("a daemon ended while it stepped") from error


def waiting_bytes(world):
    """Of the longest that was sent to Redis and is kept waiting by a pause."""
    return max(int(one["qbuf"]) + int(one["argv-mem"])
               for one in world.redis.client_list() if one["cmd"] != "client|list")


def commits_are_fenced(world, node):
    """What was stepped by a clock of long ago is not written: its sender stands still
    between the sending and the writing, and so does not give up the line."""
    nobody_is_at_work(node)
    take_no_writes(world, LONG_PAUSE_MS)
    answers = []
    thread = in_background(lambda: answers.append(node.control(
        "POST", "/v1/requests", {"id": ID, "phone": ANSWERS})))
    harness.wait_for(lambda: waiting_bytes(world) > COMMIT_BYTES, 2)
    node.process.send_signal(signal.SIGSTOP)
    try:
        harness.wait_for(lambda: waiting_bytes(world) == 0, 2 * LONG_PAUSE_MS / 1000)
    finally:
        node.process.send_signal(signal.SIGCONT)
    thread.join()
    request = node.wait_for_state(ID, "waiting")
    stepped_ms = request["story"][0]["at_ms"]
    snapshot = Snapshot(world.redis, world.key(""), is_whole=True)
    written_ms = min(int(entry.split("-")[0])
                     for entry, fields in read_stream(snapshot.values["events"])
                     if request["id"] in dict(fields))
    expect(written_ms - stepped_ms < 2500,
           f"a commit was written {written_ms - stepped_ms} ms after its step")


def lost_orders_are_looked_up(world, node):
    """Redis comes back without the commit by which a call was ordered: the call is
    found at the network, and none is ordered beside it."""
    node.available("anna")
    ask(world)
    node.wait_for_state(ID, "offered")
    files = world.server.folder / "appendonlydir"
    kept = world.folder / "kept"
    shutil.copytree(files, kept)
    node.do("POST", f"/v1/requests/{ID}/accept", {"as": "anna"})
    node.wait_for(world.sandbox.posts)
    node.wait_for_state(ID, "calling", "talking", "wrapping")
    world.kill_redis()
    shutil.rmtree(files)
    shutil.copytree(kept, files)
    world.start_redis()
    node.wait_for(node.is_healthy)
    node.wait_for_state(ID, "offered")
    node.do("POST", f"/v1/requests/{ID}/accept", {"as": "anna"})
    # Found with the customer's phone ringing, or over before it rang.
    node.wait_for_state(ID, "talking", "wrapping", "waiting", "offered")
    orders = Legs(world.sandbox.ledger()).orders
    expect(set(orders.values()) == {1}, f"ordered, and ordered again: {orders}")


def e2e(test):
    return command(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                   f"tests/e2e/{test}", top=True)


LAYERS = {
    "accepted_before_commit": scene(asking_is_answered_after_commit),
    "act_before_commit": scene(act_after_commit, [ANNA]),
    "connection_reused": command("tests/unit/carrier"),
    "events_trimmed": scene(events_are_kept),
    "intake_id_short": scene(everybody_is_taken),
    "lease_for_ever": scene(leases_end),
    "orders_not_doubted": scene(lost_orders_are_looked_up, [ANNA]),
    "number_in_log": scene(numbers_stay_out_of_the_log),
    "promise_scan_off": scene(promises_are_scanned, **{
        "window.target": "1s", "window.limit": "2s"}),
    "redis_keeps_nothing": command("tests/unit/embedded_redis"),
    "skew_unchecked": scene(commits_are_fenced),
    "step_aborts": scene(steps_end, [ANNA]),
    "token_unchecked": scene(tokens_are_checked),
    "unknown_is_rejected": scene(unknown_is_not_tried_again),
    "webhook_before_commit": scene(webhooks_after_commit),
    "webhook_signature_off": command("tests/unit/provider"),
    "zone_hour_off": command("tests/unit/zone"),
    "youth_off": e2e("test_dial.py::"
                     "test_an_order_is_not_given_long_after_its_commit"),
}


@functools.cache
def sound_simulation():
    """What the simulation finds with no defect: once for all of them."""
    try:
        command("tests/sim/sim", "--seconds", str(SIMULATED_S))({})
    except Found as found:
        return str(found)
    return None


# Where the search begins for what one seed in some dozens meets. A change of the
# simulation moves them; then it goes on from there, and takes longer.
SEEDS = {"answer_5xx_not_created": 2, "authorise_any_sid": 9,
         "lease_shorter_than_timeout": 34}


def simulation(name):
    """Finds what is planted in lib/, where there is one."""
    def layer(environment):
        if environment:
            where = ["--seconds", str(SEARCH_S), "--first",
                     str(SEEDS.get(name, 1))]
            command("tests/sim/sim", *where, "--plant", name)({})
        else:
            expect(sound_simulation() is None, sound_simulation())
    return layer


def layer_of(name):
    if name in LAYERS:
        return LAYERS[name]
    return simulation(name) if (harness.BUILD / "tests/sim/sim").exists() \
        else None


def look(name, environment):
    """What the layer has found, or None."""
    try:
        layer_of(name)(environment)
    except Found as found:
        return str(found).split("\n", maxsplit=1)[0]
    except subprocess.TimeoutExpired:
        return "it did not end"
    return None


def try_one(name):
    """(is found, a line)."""
    if layer_of(name) is None:
        return False, f"no layer is named for {name}"
    without = look(name, {})
    if without is not None:
        return False, f"fails without the defect too: {without}"
    found = look(name, {"CALLBACKD_PLANTED": name})
    return found is not None, found or "not found"


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="./dev chaos --planted")
    parser.add_argument("--only", help="defects with this in their names")
    parser.add_argument("--jobs", type=int, default=JOBS)
    options = parser.parse_args(arguments)
    harness.need_programs()
    names = [name for name in crash_points.names("fault_plants")
             if not options.only or options.only in name]
    found = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, (is_found, text) in zip(names, pool.map(try_one, names)):
            found += is_found
            print(f"{'found' if is_found else 'NOT':6}{name}: {text}",
                  flush=True)
    print(json.dumps({"planted": len(names), "found": found}))
    return 0 if found == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
