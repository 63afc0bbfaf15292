# SPDX-License-Identifier: MIT
"""What a website or a hand in Redis can do wrong, and what must go on all the same."""
import signal
import time

import pytest

from company import AUTOMATIC, QUICK

automatic = pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC]})
PHONE = "+79000000001"


def ask(daemon, name="web-00000001", phone=PHONE, **more):
    daemon.ask({"id": name, "phone": phone, **more})
    return daemon.wait_for(lambda: daemon.answer(name))


@automatic
@pytest.mark.parametrize("count", [30, 70])
def test_members_as_long_as_redis_takes_them_block_nobody(daemon, count):
    # All at once: as if they came while the daemon was away.
    daemon.process.send_signal(signal.SIGSTOP)
    for i in range(count):
        daemon.redis.zadd(daemon.key("in"), {"%08d" % i + "x" * 1_048_000: 0})
    daemon.ask({"id": "web-00000001", "phone": PHONE}, int(time.time()))
    daemon.process.send_signal(signal.SIGCONT)
    daemon.wait_for(lambda: daemon.answer("web-00000001"), 20)
    daemon.wait_for(lambda: not daemon.redis.zcard(daemon.key("in")))
    assert daemon.redis.xlen(daemon.key("rejected")) == count


@automatic
def test_strays_leave_the_indexes(daemon):
    strays = {f"request:stray{i}": 0 for i in range(100)}
    for index in ("wait:info", "due", "active", "promises"):
        daemon.redis.zadd(daemon.key(index), strays)
    daemon.redis.hset(daemon.key("request:" + "a" * 30), mapping={"v": 1})
    daemon.redis.zadd(daemon.key("due"), {"request:" + "a" * 30: 0})
    ask(daemon)
    daemon.wait_for_answer("web-00000001", "talking", "done")
    for index in ("wait:info", "due", "active", "promises"):
        def is_clean(index=index):
            return not any(one.startswith("request:stray") for one in
                           daemon.redis.zrange(daemon.key(index), 0, -1))
        daemon.wait_for(is_clean)


@automatic
def test_the_number_of_a_request_that_is_gone_is_free(daemon):
    daemon.redis.set(daemon.key(f"phone:{PHONE}"), "gone")
    daemon.redis.set(daemon.key(f"phone:{PHONE}:info"), "gone")
    ask(daemon)
    daemon.wait_for_answer("web-00000001", "talking", "done")


@automatic
def test_a_key_of_the_wrong_type_harms_its_request_only(daemon):
    ask(daemon)
    first = daemon.wait_for_state("web-00000001", "wrapping")
    story = daemon.key("story:" + first["id"])
    daemon.redis.delete(story)
    daemon.redis.set(story, "wrong")
    daemon.control("POST", f"/v1/requests/{first['id']}/note",
                   {"text": "x", "as": "vera"})
    ask(daemon, "web-00000002", "+79000001101")
    assert daemon.http("GET", "/v1/health")[0] == 200


@automatic
def test_a_note_is_one_line_of_the_story(daemon):
    ask(daemon)
    request = daemon.wait_for_state("web-00000001", "wrapping")
    daemon.act("web-00000001", "note", text="one\n1 request:x none closed",
               **{"as": "who am\nI"})
    lines = daemon.redis.lrange(daemon.key("story:" + request["id"]), 0, -1)
    assert not any("\n" in line for line in lines)
    assert " who_am_I " in lines[-1]
