# SPDX-License-Identifier: MIT
"""Requests accepted per second from {site}:in: written by a website all at once,
different numbers, for a moment in the future; until the last has its answer."""
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "parts"))
import rig  # noqa: E402  pylint: disable=wrong-import-position

CHUNK = 5000


def fill(redis, name, count):
    at = int(time.time()) + 86400
    for first in range(0, count, CHUNK):
        redis.zadd(name, {json.dumps({
            "id": f"web-{number:08}", "phone": f"8 (916) {number:07}",
            "name": "Пётр", "topic": "info"}, ensure_ascii=False): at
            for number in range(first, min(first + CHUNK, count))})


def main():
    options = rig.options(__doc__)
    count = options.n or (2000 if options.short else 30000)
    with rig.Rig(options.keep) as world:
        world.start_redis("everysec")
        world.start_stub()
        world.configure(10)
        world.start_daemon()
        rig.wait_until_idle(world.daemon_pid)
        fill(world.redis, rig.key("prepared"), count)
        cpu = rig.cpu_ms(world.daemon_pid), rig.cpu_ms(world.redis_pid)
        begun = time.monotonic()
        world.redis.rename(rig.key("prepared"), rig.key("in"))

        def inbox_is_empty():
            return world.redis.zcard(rig.key("in")) == 0
        rig.wait_for(inbox_is_empty, 80, 0.01)
        seconds = time.monotonic() - begun
        rig.wait_until_idle(world.daemon_pid)
        cpu = [after - before for after, before in zip(
            (rig.cpu_ms(world.daemon_pid), rig.cpu_ms(world.redis_pid)), cpu)]
        accepted = world.redis.zcount(rig.key("promises"), "-inf", "inf")
        answers = sum(1 for _ in world.redis.scan_iter(
            rig.key("answer:*"), count=1000))
    if (accepted, answers) != (count, count):
        raise SystemExit(f"{accepted} accepted and {answers} answered of {count}")
    rig.say(f"{count} requests in {seconds:.2f} s, appendfsync everysec")
    rig.finish({"requests_per_s": count / seconds,
                "cpu_ms_per_1k": cpu[0] * 1000 / count,
                "redis_ms_per_1k": cpu[1] * 1000 / count})


if __name__ == "__main__":
    main()
