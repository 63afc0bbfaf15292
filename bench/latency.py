# SPDX-License-Identifier: MIT
"""What users feel, one request at a time, with everything kept before it is acted
upon (the embedded Redis, appendfsync always): from just before ZADD until the
offer is committed, and from just before the acceptance is sent until the provider
has the order. The offer is seen in `events`, where its commit writes it."""
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "parts"))
import rig  # noqa: E402  pylint: disable=wrong-import-position

GOALS = {"offer_p50_ms": 20, "offer_p99_ms": 100, "post_p50_ms": 10}
DEADLINE_S = 10


def is_offered(world, request, places):
    """Do these lines of its story say so?"""
    first, last = map(int, places.split(" "))
    lines = world.redis.lrange(rig.key(f"story:{request}"), first, last)
    return any(line.split(" ")[1].startswith("request:") and
               line.split(" ")[3] == "offered" for line in lines)


def wait_for_offer(world, last):
    """The request that was offered, and the last event that was read."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        for _, entries in world.redis.xread({rig.key("events"): last},
                                            block=1000) or []:
            for last, fields in entries:
                for request, places in fields.items():
                    if request and is_offered(world, request, places):
                        return request, last
    raise SystemExit(f"no offer within {DEADLINE_S} s")


def wait_for_post(world, count):
    def one_more_post():
        return rig.ask(world.stub, "GET", f"/posts?from={count}")
    return rig.wait_for(one_more_post, DEADLINE_S, 0.001)[0][0]


def one_round(world, number, last):
    """Offer and post in ms, and the last event that was read."""
    member = json.dumps({"id": f"web-{number:08}",
                         "phone": f"+7916{number:07}"})
    # Not always the same place between two polls of the inbox.
    time.sleep(number * 7 % 23 / 1000)
    begun = time.monotonic()
    world.redis.zadd(rig.key("in"), {member: 0})
    request, last = wait_for_offer(world, last)
    offered = time.monotonic()
    accepted_us = time.monotonic_ns() / 1000
    rig.ask(world.control, "POST", f"/v1/requests/{request}/accept",
            {"as": f"s{number}"})
    posted_us = wait_for_post(world, number)
    return (offered - begun) * 1000, (posted_us - accepted_us) / 1000, last


def main():
    options = rig.options(__doc__)
    rounds = options.n or (60 if options.short else 500)
    offers, posts = [], []
    with rig.Rig(options.keep) as world:
        world.start_stub()
        # One for each round: a call that has been placed keeps its specialist.
        world.configure(rounds, embedded=True, automatic=False)
        world.start_daemon(embedded=True)
        rig.wait_until_idle(world.daemon_pid)
        last = "0"
        for number in range(rounds):
            rig.ask(world.control, "PUT", f"/v1/specialists/s{number}",
                    {"status": "available"})
            offer, post, last = one_round(world, number, last)
            offers.append(offer)
            posts.append(post)
    result = {f"{name}_p{percent}_ms": rig.percentile(values, percent)
              for name, values in (("offer", offers), ("post", posts))
              for percent in (50, 99)}
    rig.say(f"{rounds} rounds, appendfsync always")
    for name, goal in GOALS.items():
        rig.say(f"{name:<13}{result[name]:7.2f}, the goal is {goal}")
    rig.finish(result)


if __name__ == "__main__":
    main()
