# SPDX-License-Identifier: MIT
"""Keys of a type that nobody here gives them: a hand in Redis, or another program with
the same names. They are set aside; no commit is written by halves, work goes on, and
staff is told which key it was."""
import json

import pytest

from company import AUTOMATIC, QUICK
from test_messages import alarms, listener  # noqa: F401

PHONES = [f"+790000000{i}1" for i in range(1, 6)]
AFTER = ("wrapping", "referred", "closed")


def nobody(daemon):
    daemon.do("PUT", "/v1/specialists/vera", {"status": "off"})
    daemon.wait_for_specialist("vera", "away")


def plant(daemon, name):
    """In one go: between the two nothing may write the right one again."""
    key = daemon.key(name)
    daemon.redis.pipeline().delete(key).sadd(key, "rubbish", "more").execute()


def is_aside(daemon, name):
    return daemon.redis.zscore(daemon.key("aside"), name) is not None


def no_longer_rubbish(daemon, name):
    return daemon.redis.type(daemon.key(name)) != "set"


def ask_all(daemon, round_of):
    names = [f"web-{round_of}-{i:07}" for i in range(len(PHONES))]
    for name, phone in zip(names, PHONES):
        daemon.ask({"id": name, "phone": phone})
    return names


def index_of(daemon, index):
    return set(daemon.redis.zrange(daemon.key(index), 0, -1))


def assert_whole(daemon, ids):
    """Each stands where its record says, its story is there and its number."""
    for one in ids:
        record = daemon.redis.hgetall(daemon.key(f"request:{one}"))
        assert record["state"] and record["v"], record
        assert daemon.redis.get(daemon.key(f"phone:{record['phone']}:info")) == one


@pytest.mark.parametrize("name", ["due", "promises", "active", "wait:info",
                                  "ready:info"])
def test_an_index_is_made_anew(start_daemon, name):
    daemon = start_daemon({**QUICK, "specialists": [AUTOMATIC]})
    nobody(daemon)
    names = ask_all(daemon, 1)
    ids = [daemon.wait_for_state(one, "waiting")["id"] for one in names]
    if name == "ready:info":
        daemon.available("vera")
    before = {f"request:{one}" for one in ids}
    plant(daemon, name)
    # Under traffic: a new one is taken in whole, whatever is wrong.
    daemon.ask({"id": "web-00000009", "phone": "+79000000091"})
    late = daemon.wait_for(lambda: daemon.answer("web-00000009"))
    assert late
    daemon.wait_for(lambda: is_aside(daemon, name))
    assert daemon.redis.smembers(daemon.key("kept:" + name)) == {"rubbish",
                                                                 "more"}
    # The commit's reply comes after what the commit did.
    daemon.wait_for(
        lambda: f"event=key_set_aside key={name} " in daemon.log())
    daemon.wait_for(lambda: no_longer_rubbish(daemon, name))
    if name != "ready:info":
        daemon.wait_for(lambda: before <= index_of(daemon, name))
        assert_whole(daemon, ids)
        daemon.available("vera")
    # And all of them are called, each once.
    for one in [*names, "web-00000009"]:
        daemon.wait_for_state(one, *AFTER, seconds=30)
    for phone in PHONES:
        assert daemon.sandbox.rings(phone) == 1
    assert "event=commit_failed" not in daemon.log()


def test_what_a_commit_adds_to(start_daemon, listener):
    """A story, a number, the day's counters, the events: written whole, and staff
    hears of it once for all."""
    daemon = start_daemon({**QUICK, "specialists": [AUTOMATIC], "alarms": alarms(
        "set_aside", to=[listener.url + "/alarm"])})
    nobody(daemon)
    daemon.ask({"id": "web-00000001", "phone": PHONES[0]})
    one = daemon.wait_for_state("web-00000001", "waiting")["id"]
    day = daemon.redis.keys(daemon.key("stats:*"))[0].partition(":")[2]
    names = ["story:" + one, f"phone:{PHONES[1]}:info", day, "events"]
    for name in names:
        plant(daemon, name)
    daemon.ask({"id": "web-00000002", "phone": PHONES[1]})
    two = daemon.wait_for_state("web-00000002", "waiting")["id"]
    assert daemon.redis.get(daemon.key(f"phone:{PHONES[1]}:info")) == two
    daemon.available("vera")
    for name in ("web-00000001", "web-00000002"):
        daemon.wait_for_state(name, *AFTER, seconds=20)
    for name in names:
        assert is_aside(daemon, name), name
    assert daemon.redis.llen(daemon.key("story:" + one)) > 2
    assert int(daemon.redis.hget(daemon.key(day), "asked")) == 1
    assert daemon.redis.xlen(daemon.key("events")) > 2
    assert "event=commit_failed" not in daemon.log()
    daemon.wait_for(lambda: sum(
        json.loads(body)["cause"] == "set_aside"
        for body in listener.bodies("/alarm")))
    told = json.loads(listener.bodies("/alarm")[0])
    assert told["count"] > 0 and told["detail"] and not told["over"]
    checked = daemon.ctl("check")
    assert checked.returncode == 0, checked.stdout
    assert "set aside" in checked.stdout and \
        "{test}:kept:" in checked.stdout and \
        "DEL {test}:aside" in checked.stdout
    assert "set aside" in daemon.ctl("status").stdout
    daemon.redis.delete(daemon.key("aside"))
    assert "set aside" not in daemon.ctl("check").stdout


def test_who_wants_no_calls_is_never_guessed(start_daemon):
    """Nobody is dialled while it cannot be read who must not be."""
    daemon = start_daemon({**QUICK, "specialists": [AUTOMATIC]})
    nobody(daemon)
    daemon.ask({"id": "web-00000001", "phone": PHONES[0]})
    daemon.wait_for_state("web-00000001", "waiting")
    plant(daemon, "suppressed")
    daemon.available("vera")
    daemon.wait_for(lambda: "event=commit_failed" in daemon.log())
    assert daemon.sandbox.rings(PHONES[0]) == 0
    assert daemon.redis.type(daemon.key("suppressed")) == "set"
    assert daemon.request("web-00000001")["state"] in ("waiting", "offered")
    daemon.redis.delete(daemon.key("suppressed"))
    daemon.wait_for_state("web-00000001", *AFTER, seconds=20)
    assert daemon.sandbox.rings(PHONES[0]) == 1
