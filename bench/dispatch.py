# SPDX-License-Identifier: MIT
"""How fast accepted requests that fall due at once become orders to the provider
(specialists free for all, automatic acceptance, fence "key": one folded commit
before each POST), beside two loops that have no logic (bench/parts/loop.c). All
with each appendfsync; the last line is about everysec, of which three rounds are
run: the one whose ratio is in the middle counts, as machines are shared. Rates are
POSTs as they reach the stub, from the first to the last."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "parts"))
import rig  # noqa: E402  pylint: disable=wrong-import-position

ROUNDS = 3
LOADS_PER_S = 6000          # requests written, at the least
GOALS = {"ratio": 0.35, "intent_ratio": 0.8}


def rate(report):
    return (report["count"] - 1) * 1e6 / (report["last_us"] - report["first_us"])


def wait_for_posts(world, count):
    def all_posted():
        return world.report()["count"] >= count
    rig.wait_for(all_posted, pause=0.02)


def ours(fsync, count, keep):
    with rig.Rig(keep) as world:
        world.start_redis(fsync)
        world.start_stub()
        world.configure(count)
        world.start_daemon()
        rig.wait_until_idle(world.daemon_pid)
        due = time.time() + 1 + count / LOADS_PER_S
        world.load(count, int(due * 1000))
        if time.time() > due:
            raise SystemExit("the requests fell due before all were written")
        rig.wait_until_idle(world.daemon_pid)
        before = rig.cpu_ms(world.daemon_pid), rig.cpu_ms(world.redis_pid)
        wait_for_posts(world, count)
        rig.wait_until_idle(world.daemon_pid)
        after = rig.cpu_ms(world.daemon_pid), rig.cpu_ms(world.redis_pid)
        report = world.report()
        if report["count"] != count:
            raise SystemExit(f"{report['count']} calls for {count} requests")
        return {"per_s": rate(report),
                "cpu": (after[0] - before[0]) * 1000 / count,
                "redis": (after[1] - before[1]) * 1000 / count}


def loop(kind, fsync, count, keep):
    with rig.Rig(keep) as world:
        world.start_redis(fsync)
        world.start_stub()
        world.configure(count)
        world.load(count, int(time.time() * 1000))
        if kind == "intent":
            world.load("specialists")
        process = world.start_loop(kind, count)
        before = rig.cpu_ms(process.pid), rig.cpu_ms(world.redis_pid)
        process.stdin.write("go\n")
        process.stdin.flush()
        wait_for_posts(world, count)
        after = rig.cpu_ms(process.pid), rig.cpu_ms(world.redis_pid)
        if process.wait(30) != 0:
            raise SystemExit(f"the {kind} loop failed")
        return {"per_s": rate(world.report()),
                "cpu": (after[0] - before[0]) * 1000 / count,
                "redis": (after[1] - before[1]) * 1000 / count}


def one_round(fsync, count, keep):
    """The three, one after another; each with its ratio to ours."""
    runs = {"ceiling": loop("ceiling", fsync, count, keep),
            "intent": loop("intent", fsync, count, keep),
            "ours": ours(fsync, count, keep)}
    for name, run in runs.items():
        run["ratio"] = runs["ours"]["per_s"] / run["per_s"]
        rig.say(f"{fsync:<12}{name:<9}{run['per_s']:9.0f}"
                f"{run['ratio']:8.2f}{run['cpu']:8.1f}{run['redis']:8.1f}")
    return runs


def main():
    options = rig.options(__doc__)
    count = options.n or (1000 if options.short else 50000)
    rig.say(f"{count} requests due at once; CPU is ms per 1,000 dispatches\n")
    rig.say(f"{'appendfsync':<12}{'':<9}{'per s':>9}{'ratio':>8}"
            f"{'CPU':>8}{'Redis':>8}")
    for fsync in [] if options.short else ["off", "always"]:
        # The two that no goal is about are measured on a fifth.
        one_round(fsync, max(count // 5, 1000), options.keep)
    rounds = sorted((one_round("everysec", count, options.keep)
                     for _ in range(1 if options.short else ROUNDS)),
                    key=lambda runs: runs["ceiling"]["ratio"])
    runs = rounds[len(rounds) // 2]
    intent = sorted(one["intent"]["ratio"] for one in rounds)
    result = {"ours_per_s": round(runs["ours"]["per_s"]),
              "ceiling_per_s": round(runs["ceiling"]["per_s"]),
              "ratio": runs["ceiling"]["ratio"],
              "intent_loop_per_s": round(runs["intent"]["per_s"]),
              "intent_ratio": intent[len(intent) // 2],
              "cpu_ms_per_1k": runs["ours"]["cpu"],
              "redis_ms_per_1k": runs["ours"]["redis"]}
    for name, goal in GOALS.items():
        rig.say(f"{name} {result[name]:.2f}, the goal is {goal}")
    rig.finish(result)


if __name__ == "__main__":
    main()
