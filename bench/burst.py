# SPDX-License-Identifier: MIT
"""Ten thousand requests at once against three specialists. Nothing starves: all are
served, each promise is kept; the order of service is the one that the simulator's
comparison says (bench/parts/order.c); memory and processor time stay flat from the
first third to the last. They wait since different moments, so that the order of asking
is not the order of serving."""
import pathlib
import random
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "parts"))
import rig  # noqa: E402  pylint: disable=wrong-import-position

SPECIALISTS = 3
SEED = 5


def ask_all(world, count):
    """As a website does, in one go."""
    lot = random.Random(SEED)
    now = int(time.time())
    members = ['{"id":"burst-%06d","phone":"+7900%05d01","waiting_since":%d}' %
               (i, i, now - lot.randrange(600)) for i in range(count)]
    for begin in range(0, count, 1000):
        world.redis.zadd(rig.key("in"), {one: 0 for one in members[begin:begin + 1000]})


def records(world, fields):
    ids = [one[len("request:"):] for one in
           world.redis.zrange(rig.key("active"), 0, -1) if one.startswith("request:")]
    pipe = world.redis.pipeline(transaction=False)
    for one in ids:
        pipe.hmget(rig.key(f"request:{one}"), fields)
    return dict(zip(ids, pipe.execute()))


def predicted(waiting):
    lines = "".join(f"{name} {promise} {asked}\n"
                    for name, (promise, asked) in waiting.items())
    ran = subprocess.run([str(rig.PARTS / "order")], input=lines, text=True,
                         capture_output=True, check=True)
    return ran.stdout.split()


def put(world, status):
    for i in range(SPECIALISTS):
        rig.ask(world.control, "PUT", f"/v1/specialists/s{i}", {"status": status})


def main():
    options = rig.options(__doc__)
    count = options.n or (1000 if options.short else 10000)
    with rig.Rig(options.keep) as world:
        world.start_redis("everysec")
        (world.folder / "desk_token").write_text("0" * 32, encoding="ascii")
        world.start_stub(lives=True)
        world.configure(SPECIALISTS)
        world.start_daemon()
        rig.wait_until_idle(world.daemon_pid)
        put(world, "off")
        before = rig.rss_mb(world.daemon_pid)
        began = time.monotonic()
        ask_all(world, count)
        rig.wait_for(lambda: world.redis.zcard(rig.key("wait:info")) == count, 120, 0.05)
        took_in = time.monotonic() - began
        waiting = records(world, ["promise_at_ms", "asked_at_ms"])
        order = predicted(waiting)
        # ---- all three begin
        samples = [(rig.rss_mb(world.daemon_pid), rig.cpu_ms(world.daemon_pid))]
        began = time.monotonic()
        put(world, "available")
        for third in range(1, 4):
            rig.wait_for(lambda third=third: world.report()["lives"] >=
                         count * third // 3, 600, 0.02)
            samples.append((rig.rss_mb(world.daemon_pid),
                            rig.cpu_ms(world.daemon_pid)))
        seconds = time.monotonic() - began
        rig.wait_for(lambda: not records(world, ["state"]), 60, 0.05)
        pipe = world.redis.pipeline(transaction=False)
        for one in order:
            pipe.hmget(rig.key(f"request:{one}"),
                       ["accepted_at_ms", "kept_at_ms", "promise_at_ms", "state",
                        "missed_count"])
        lived = dict(zip(order, pipe.execute()))
    served = [name for name in order if lived[name][0] and lived[name][3] == "closed"]
    place = {name: i for i, name in enumerate(order)}
    # Those of one millisecond are told apart by nothing.
    came = sorted(served, key=lambda name: (int(lived[name][0]), place[name]))
    off = [abs(place[name] - i) for i, name in enumerate(came)]
    late = sum(int(lived[name][1] or 0) > int(lived[name][2]) for name in served)
    rss = [round(one, 1) for one, _ in samples]
    cpu = [round((b - a) / (count / 3) * 1000) for (_, a), (_, b) in
           zip(samples, samples[1:])]
    rig.say(f"taken in within {took_in:.1f} s, served in {seconds:.1f} s; "
            f"resident {before:.1f} MB before, then {rss}; "
            f"ms of a core for 1,000 requests, by thirds: {cpu}")
    wrong = len(served) != count or late or max(off) > SPECIALISTS
    rig.say("not as it must be" if wrong else "as predicted")
    result = {"requests": count, "served": len(served), "late": late,
              "places_off_max": max(off), "rss_mb_first": rss[1], "rss_mb_last": rss[3],
              "cpu_ms_per_1k_first": cpu[0], "cpu_ms_per_1k_last": cpu[2]}
    if wrong:
        print(result)
        sys.exit(1)
    rig.finish(result)


if __name__ == "__main__":
    main()
