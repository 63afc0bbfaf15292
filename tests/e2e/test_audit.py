# SPDX-License-Identifier: MIT
"""What a hand in Redis, a defect or a partial restore does to the indexes and to
the records: the audit finds it, mends what it can, counts it, and buries what
cannot be read."""
import pytest

import harness
from company import QUICK

PHONE = "+79000000001"
SOON = {"audit.every": "200ms", "audit.scan": "30s"}
often = pytest.mark.settings({**QUICK, **SOON})


def waiting(daemon, name="web-00000001", phone=PHONE):
    """A request that nobody takes: its id in Redis."""
    daemon.ask({"id": name, "phone": phone})
    return "request:" + daemon.wait_for_state(name, "waiting")["id"]


def audit(daemon):
    return daemon.do("GET", "/v1/status")["audit"]


def score(daemon, index, member):
    return daemon.redis.zscore(daemon.key(index), member)


def buried(daemon):
    return {one["id"]: one for one in
            daemon.do("GET", "/v1/buried")["buried"]}


def walk_anew(daemon):
    """A whole walk that began after this call."""
    for _ in range(2):
        last = audit(daemon)["walked"]
        daemon.wait_for(lambda last=last: audit(daemon)["walked"] > last)


@often
@pytest.mark.parametrize("index", ["due", "wait:info", "promises"])
def test_a_hole_in_an_index_is_filled(daemon, index):
    member = waiting(daemon)
    before = score(daemon, index, member)
    assert before
    daemon.redis.zrem(daemon.key(index), member)
    daemon.wait_for(lambda: score(daemon, index, member) == before)
    daemon.wait_for(lambda: audit(daemon)["repaired"] == 1)
    assert f"event=audit_repaired record={member} index={index}" in \
        daemon.log()


@often
def test_a_hole_in_ready_is_filled(daemon):
    daemon.available("anna")
    daemon.wait_for_specialist("anna", "idle")
    before = daemon.wait_for(lambda: score(daemon, "ready:info",
                                           "specialist:anna"))
    daemon.redis.zrem(daemon.key("ready:info"), "specialist:anna")
    daemon.wait_for(lambda: score(daemon, "ready:info",
                                  "specialist:anna") == before)


@often
def test_a_wrong_score_is_put_right(daemon):
    member = waiting(daemon)
    before = score(daemon, "due", member)
    # Far away: nobody would look at it for a month.
    daemon.redis.zadd(daemon.key("due"), {member: before + 30 * 86400_000})
    daemon.wait_for(lambda: score(daemon, "due", member) == before)


@often
@pytest.mark.parametrize("index", ["late", "referred", "wait:delivery",
                                   "ready:info"])
def test_who_does_not_belong_there_leaves(daemon, index):
    member = waiting(daemon)
    daemon.redis.zadd(daemon.key(index), {member: 5})
    daemon.wait_for(lambda: score(daemon, index, member) is None)
    assert score(daemon, "wait:info", member)
    daemon.wait_for(lambda: audit(daemon)["repaired"] == 1)


@often
@pytest.mark.parametrize("index", ["active", "referred", "ready:info"])
def test_an_id_without_a_record_leaves(daemon, index):
    daemon.redis.zadd(daemon.key(index), {"request:nobody": 5})
    daemon.wait_for(lambda: score(daemon, index, "request:nobody") is None)
    daemon.wait_for(lambda: audit(daemon)["repaired"] == 1)


@often
def test_what_is_no_id_leaves_and_is_told(daemon):
    daemon.redis.zadd(daemon.key("due"), {"rubbish": 5e12})
    daemon.wait_for(lambda: score(daemon, "due", "rubbish") is None)
    assert 'event=audit_stray index=due member="rubbish"' in daemon.log()


@often
def test_a_unique_key_is_written_again(daemon):
    member = waiting(daemon)
    key = daemon.key(f"phone:{PHONE}:info")
    assert daemon.redis.get(key) == member.split(":")[1]
    daemon.redis.delete(key)
    daemon.wait_for(lambda: daemon.redis.get(key) == member.split(":")[1])
    daemon.wait_for(lambda: audit(daemon)["repaired"] == 1)


@pytest.mark.settings({**QUICK, "audit.every": "30s", "audit.scan": "300ms"})
def test_a_record_that_no_index_has_is_found(daemon):
    member = waiting(daemon)
    indexes = ["active", "due", "promises", "wait:info"]
    before = [score(daemon, one, member) for one in indexes]
    for one in indexes:
        daemon.redis.zrem(daemon.key(one), member)
    daemon.wait_for(lambda: [score(daemon, one, member)
                             for one in indexes] == before)


@often
def test_a_company_at_work_has_nothing_to_repair(daemon):
    daemon.available("anna", "boris")
    for i in range(8):
        daemon.ask({"id": "web-%08d" % i, "phone": "+7900000000%d" % i})
    for i in range(8):
        def is_next(i=i):
            for name in ("anna", "boris"):
                daemon.control("POST", f"/v1/requests/web-{i:08d}/accept",
                               {"as": name})
                daemon.control("POST", f"/v1/requests/web-{i:08d}/close",
                               {"as": name, "disposition": "solved"})
                daemon.control("POST", f"/v1/specialists/{name}/ready", {})
            return daemon.answer(f"web-{i:08d}")["state"] == "done"
        daemon.wait_for(is_next, 30)
    walk_anew(daemon)
    found = audit(daemon)
    assert found["last_at"] > 0
    assert (found["repaired"], found["buried"], found["backpointers"]) == \
        (0, 0, 0), daemon.log()


@often
def test_what_cannot_be_read_is_buried_and_comes_back(daemon):
    member = waiting(daemon)
    other = waiting(daemon, "web-00000002", "+79000000002")
    daemon.redis.hset(daemon.key(member), "state", b"\xff\x00bad")
    grave = daemon.wait_for(lambda: buried(daemon).get(member))
    assert grave["why"] == "state" and grave["at"] > 0 and grave["node"]
    fields = {name: value for name, value in grave["fields"]
              if isinstance(name, str)}
    assert fields["state"] == {"base64": "/wBiYWQ="}
    assert fields["phone"] == PHONE
    for index in ("active", "due", "promises", "wait:info"):
        assert score(daemon, index, member) is None
        assert score(daemon, index, other) is not None
    # The original is still there, and what is seen of it is one line each.
    assert daemon.redis.hget(daemon.key(member), "phone") == PHONE
    daemon.wait_for(lambda: audit(daemon)["buried"] == 1)
    assert f"event=buried record={member}" in daemon.log()
    shown = daemon.ctl("show", "buried")
    assert shown.returncode == 0 and member in shown.stdout
    assert "1 cannot go on (show buried)" in daemon.ctl("status").stdout
    # Whoever asks for it is told where it lies.
    told = daemon.ctl("show", "request", "web-00000001")
    assert told.returncode == 1 and "show buried" in told.stderr

    # Not before it can be read.
    refused = daemon.ctl("unbury", member)
    assert refused.returncode == 1 and "mend it" in refused.stderr
    daemon.redis.hset(daemon.key(member), "state", "waiting")
    assert daemon.ctl("unbury", member).returncode == 0
    for index in ("active", "due", "promises", "wait:info"):
        assert score(daemon, index, member) is not None
    assert buried(daemon) == {}
    daemon.wait_for(lambda: not daemon.redis.exists(
        daemon.key("buried:" + member)))
    daemon.available("anna")
    daemon.wait_for_state("web-00000001", "offered", "waiting")
    assert daemon.ctl("unbury", member).returncode == 1


@often
@pytest.mark.parametrize("how", ["field", "list"])
def test_a_website_is_told_what_cannot_be_read(daemon, how):
    """Not that there is no such request; and the customer may ask anew."""
    member = waiting(daemon)
    if how == "field":
        daemon.redis.hset(daemon.key(member), "state", "bad")
    else:
        daemon.redis.pipeline().delete(daemon.key(member)).rpush(
            daemon.key(member), "x").execute()
    daemon.wait_for(lambda: member in buried(daemon))
    for body in ({"op": "cancel"}, {"op": "move", "at": 0},
                 {"phone": PHONE}):
        status, answer = daemon.control(
            "POST", "/v1/requests", {"id": "web-00000001", **body})
        assert status == 409, answer
        assert answer["errors"][0]["code"] == "unreadable", answer
        assert "show buried" in answer["errors"][0]["text"]
    daemon.ask({"id": "web-00000001", "op": "cancel"})
    daemon.wait_for(lambda: daemon.redis.zcard(daemon.key("in")) == 0)
    said = daemon.do("GET", "/v1/rejected")["rejected"]
    assert "unreadable" in str(said), said
    # Their number is held by nobody who could ever let it go.
    other = waiting(daemon, "web-00000002")
    assert other != member
    assert daemon.redis.get(daemon.key(f"phone:{PHONE}:info")) == \
        other.partition(":")[2]


@pytest.mark.settings(QUICK)
def test_a_step_buries_what_it_cannot_read(daemon):
    """Also before any audit: whoever loads it."""
    member = waiting(daemon)
    daemon.redis.hset(daemon.key(member), "room", "many")
    daemon.redis.zadd(daemon.key("due"), {member: 0})
    assert daemon.wait_for(lambda: buried(daemon).get(member))["why"] == "room"


@often
def test_a_newer_format_is_left_alone(daemon):
    member = waiting(daemon)
    daemon.redis.hset(daemon.key(member), mapping={"fmt": "99",
                                                   "state": "dreaming"})
    daemon.redis.zadd(daemon.key("due"), {member: 0})
    # It was claimed: put back by a lease.
    daemon.wait_for(lambda: score(daemon, "due", member) > 0)
    daemon.wait_for(lambda: "event=record_newer" in daemon.log())
    walk_anew(daemon)
    assert buried(daemon) == {}
    assert score(daemon, "active", member) is not None
    assert audit(daemon)["buried"] == 0


@often
def test_an_unreadable_specialist_keeps_nobody_from_starting(daemon):
    daemon.redis.hset(daemon.key("specialist:anna"), "state", "nowhere")
    daemon.wait_for(lambda: "specialist:anna" in buried(daemon))
    assert daemon.end() == 0
    # Not daemon.start(), which waits for everybody.
    harness.Program.start(daemon)
    daemon.wait_until_ready(daemon.is_healthy)
    waiting(daemon)
    assert "specialist:anna" in buried(daemon)


# ---- a key of another type

def turn(daemon, member, kind="string"):
    """A hand writes something else in its place; the hash as it was."""
    key = daemon.key(member)
    was = daemon.redis.hgetall(key)
    daemon.redis.delete(key)
    if kind == "string":
        daemon.redis.set(key, "x" * 40)
    else:
        daemon.redis.rpush(key, "a", "b")
    return was


@often
@pytest.mark.parametrize("kind", ["string", "list"])
def test_a_request_that_is_no_hash_is_buried(daemon, kind):
    member = waiting(daemon)
    other = waiting(daemon, "web-00000002", "+79000000002")
    indexes = ["active", "due", "promises", "wait:info"]
    was = turn(daemon, member, kind)
    daemon.redis.zadd(daemon.key("due"), {member: 0, other: 0})
    grave = daemon.wait_for(lambda: buried(daemon).get(member))
    assert grave["why"] == f"it is a {kind}, no hash"
    assert [score(daemon, index, member) for index in indexes] == [None] * 4
    # The whole of it is kept, and stays where it is.
    kept = daemon.key("kept:" + member)
    assert daemon.redis.dump(kept) == daemon.redis.dump(daemon.key(member))
    shown = daemon.ctl("show", "buried")
    assert member in shown.stdout and "no hash" in shown.stdout
    # Nobody else is held up.
    daemon.available("anna")
    daemon.wait_for_state("web-00000002", "offered")
    assert daemon.ctl("unbury", member).returncode == 1
    daemon.redis.delete(daemon.key(member))
    daemon.redis.hset(daemon.key(member), mapping=was)
    assert daemon.ctl("unbury", member).returncode == 0
    assert None not in [score(daemon, index, member) for index in indexes]
    daemon.wait_for(lambda: not daemon.redis.exists(kept))
    assert buried(daemon) == {}


@often
def test_a_specialist_who_is_no_hash_is_buried(daemon):
    daemon.available("anna")
    was = turn(daemon, "specialist:anna")
    daemon.wait_for(lambda: "specialist:anna" in buried(daemon))
    daemon.redis.delete(daemon.key("specialist:anna"))
    daemon.redis.hset(daemon.key("specialist:anna"), mapping=was)
    assert daemon.ctl("unbury", "specialist:anna").returncode == 0
    daemon.ask({"id": "web-00000001", "phone": PHONE})
    daemon.wait_for_state("web-00000001", "offered")


@pytest.mark.settings({**QUICK, "audit.every": "30s", "audit.scan": "300ms"})
def test_what_is_no_hash_and_in_no_index_is_found(daemon):
    daemon.redis.set(daemon.key("call:nobody.1"), "x")
    daemon.wait_for(lambda: "call:nobody.1" in buried(daemon))


@pytest.mark.settings(QUICK)
def test_a_burial_is_told_once(daemon):
    daemon.redis.hset(daemon.key("specialist:anna"), "state", "nowhere")
    for _ in range(5):
        daemon.control("PUT", "/v1/specialists/anna", {"status": "available"})
    daemon.wait_for(lambda: "specialist:anna" in buried(daemon))
    for _ in range(5):
        daemon.control("PUT", "/v1/specialists/anna", {"status": "available"})
    assert daemon.log().count("specialist:anna") == 1
    # Dug up without being mended, it is told again, and why.
    daemon.redis.hset(daemon.key("specialist:anna"),
                      mapping={"state": "away", "since_ms": "never"})
    assert daemon.ctl("unbury", "specialist:anna").returncode == 1
    daemon.wait_for(lambda: buried(daemon)["specialist:anna"]["why"] ==
                    "since_ms")
    assert daemon.log().count("record=specialist:anna") == 2


@pytest.mark.settings(QUICK)
def test_a_list_of_askers_that_is_gone_stops_nobody(daemon):
    """It was asked for again and again, and the request was never stepped."""
    name = waiting(daemon).removeprefix("request:")
    daemon.ask({"id": "web-00000002", "phone": PHONE})
    daemon.wait_for(lambda: daemon.redis.get(daemon.key("askers:" + name)))
    daemon.restart()
    daemon.redis.delete(daemon.key("askers:" + name))
    daemon.do("POST", f"/v1/requests/{name}/note", {"text": "?"})
