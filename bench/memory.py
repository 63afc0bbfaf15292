# SPDX-License-Identifier: MIT
"""What a million scheduled requests cost while nothing happens: the daemon's
memory and its share of a core, and bytes of Redis for each request."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "parts"))
import rig  # noqa: E402  pylint: disable=wrong-import-position

GOALS = {"rss_mb": 64, "idle_cpu_pct": 1}
WEEK_S = 7 * 86400


def main():
    options = rig.options(__doc__)
    count = options.n or (20000 if options.short else 1000000)
    watch_s = 3 if options.short else 20
    with rig.Rig(options.keep) as world:
        world.start_redis("off")
        world.start_stub()
        world.configure(10)
        empty = world.redis.info("memory")["used_memory"]
        begun = time.monotonic()
        world.load(count, int((time.time() + WEEK_S) * 1000))
        loaded = time.monotonic() - begun
        used = world.redis.info("memory")["used_memory"] - empty
        # What the events of the load take is trimmed with time; it is not the
        # requests'.
        events = world.redis.memory_usage(rig.key("events"), samples=0) or 0
        rig.say(f"{count} requests written in {loaded:.0f} s; the stream of "
                f"events takes {events / count:.0f} bytes for each")
        world.start_daemon()
        rig.wait_until_idle(world.daemon_pid)
        before, begun = rig.cpu_ms(world.daemon_pid), time.monotonic()
        time.sleep(watch_s)
        share = (rig.cpu_ms(world.daemon_pid) - before) / 10 / \
            (time.monotonic() - begun)
        result = {"rss_mb": rig.rss_mb(world.daemon_pid),
                  "idle_cpu_pct": share,
                  "redis_bytes_per_request": round((used - events) / count)}
    for name, goal in GOALS.items():
        rig.say(f"{name:<13}{result[name]:6.2f}, the goal is at most {goal}")
    rig.finish(result)


if __name__ == "__main__":
    main()
