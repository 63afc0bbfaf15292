# SPDX-License-Identifier: MIT
"""Whole lives per second with 500 specialists: due, offered, accepted, ordered from
the provider, answered by the customer, over, its result said, closed. The stub
ends each call at once and says the results, each by a request of its own over
HTTP; requests wait in numbers, so the specialists are what is short."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "parts"))
import rig  # noqa: E402  pylint: disable=wrong-import-position

SPECIALISTS = 500
LOADS_PER_S = 6000


def main():
    options = rig.options(__doc__)
    count = options.n or (1000 if options.short else 20000)
    with rig.Rig(options.keep) as world:
        world.start_redis("everysec")
        # The token is the daemon's to make, and the stub must have it.
        (world.folder / "desk_token").write_text("0" * 32, encoding="ascii")
        world.start_stub(lives=True)
        world.configure(SPECIALISTS)
        world.start_daemon()
        rig.wait_until_idle(world.daemon_pid)
        due = time.time() + 1 + count / LOADS_PER_S
        world.load(count, int(due * 1000))
        rig.wait_until_idle(world.daemon_pid)
        cpu = rig.cpu_ms(world.daemon_pid), rig.cpu_ms(world.redis_pid)

        def all_lived():
            return world.report()["lives"] >= count
        rig.wait_for(all_lived, 80, 0.05)
        report = world.report()
        rig.wait_until_idle(world.daemon_pid)
        cpu = [after - before for after, before in zip(
            (rig.cpu_ms(world.daemon_pid), rig.cpu_ms(world.redis_pid)), cpu)]
    seconds = (report["life_us"] - report["first_us"]) / 1e6
    rig.say(f"{count} lives in {seconds:.1f} s, {report['refused']} requests of "
            "the provider asked again")
    rig.finish({"lives_per_s": count / seconds,
                "cpu_ms_per_1k": cpu[0] * 1000 / count,
                "redis_ms_per_1k": cpu[1] * 1000 / count})


if __name__ == "__main__":
    main()
