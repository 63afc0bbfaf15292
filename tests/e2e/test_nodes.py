# SPDX-License-Identifier: MIT
"""Several nodes on one Redis, all at work: nobody's phone is rung twice, and nodes
that are replaced one after another under load lose nothing."""
import collections
import concurrent.futures
import itertools

import pytest
import redis as redis_client

import harness
from company import QUICK, specialist

PEOPLE = [specialist(f"vera{i}", f"+7916000{i:02d}14", ("info", 3), confirm="answer",
                     accept="automatic") for i in range(6)]
NODES = 3
DUTY = "+74950000109"


@pytest.fixture
def nodes(request):
    """Three daemons and a Redis that is nobody's own; the parameter: settings."""
    harness.need_programs()
    world = harness.World()
    server = harness.RedisServer(world.folder, "everysec")
    try:
        server.start()
        redis = redis_client.Redis(unix_socket_path=str(server.path),
                                   decode_responses=True)
        started = [world.start({**QUICK, "specialists": PEOPLE,
                                "redis": f"unix:{server.path}",
                                **getattr(request, "param", {})})
                   for _ in range(NODES)]
        for one in started:
            one.redis = redis
        yield started
    finally:
        for one in world.daemons:
            one.redis = None
        try:
            world.end()
        finally:
            server.end()


def ask_many(node, count, first=0):
    """The ids of that many requests of as many customers."""
    names = [f"web-{i:08d}" for i in range(first, first + count)]
    for i, name in enumerate(names, first):
        node.ask({"id": name, "phone": f"+7900{i:05d}01"})
    return names


def talked(node, name):
    """Has this customer been called and talked to; a result is still asked for."""
    status, answer = node.control("GET", f"/v1/requests/{name}")
    return status == 200 and answer["state"] in ("wrapping", "referred")


def legs(ledger):
    """(number, from, to) of each ring and each conversation, in ms."""
    begun, found = {}, []
    for line in ledger:
        if line["kind"] == "ring":
            begun[line["sid"]] = line
        elif line["kind"] == "end" and line["sid"] in begun:
            ring = begun.pop(line["sid"])
            found.append((ring["number"], ring["at_ms"], line["at_ms"]))
    return found


def assert_exclusive(node, names):
    """Each customer's phone rang once, each specialist was in one call at a time. Not
    counted is a ring whose call was let go by the network, because the only node that
    it asks for what follows was gone by then: that customer is called again."""
    ledger = node.sandbox.ledger()
    let_go = {line["sid"] for line in ledger if line["kind"] == "bad_twiml"}
    rings = collections.Counter(line["number"] for line in ledger
                                if line["kind"] == "ring" and
                                line["sid"] not in let_go)
    customers = {f"+7900{int(name[4:]):05d}01" for name in names}
    assert {number: rings[number] for number in customers} == \
        {number: 1 for number in customers}
    by_number = collections.defaultdict(list)
    for number, begin, end in legs(ledger):
        by_number[number].append((begin, end))
    for number, spans in by_number.items():
        spans.sort()
        for (_, end), (begin, _) in itertools.pairwise(spans):
            assert end <= begin, f"{number} is in two calls at {begin}"


def takes(nodes):
    return [node.log().count("action=take ") for node in nodes]


def ask_by_http(node, names):
    for name in names:
        node.do("POST", "/v1/requests",
                {"id": name, "phone": f"+7900{int(name[4:]):05d}01"})


def test_three_nodes_share_the_work(nodes):
    """Each is asked by itself at the same time, and matches what it was asked."""
    names = [f"web-{i:08d}" for i in range(24)]
    with concurrent.futures.ThreadPoolExecutor(NODES) as pool:
        list(pool.map(ask_by_http, nodes,
                      [names[i::NODES] for i in range(NODES)]))
    for name in names:
        nodes[0].wait_for(lambda name=name: talked(nodes[0], name), 60)
    assert_exclusive(nodes[0], names)
    assert sum(takes(nodes)) == len(names)
    for name in names:
        assert nodes[0].story(name).count("take") == 1


def test_nodes_are_replaced_one_after_another(nodes):
    """A rolling restart: all the time at least two nodes are there, requests keep
    coming, and the network's webhooks for the third find nobody; the others go on
    with its calls."""
    names, count = [], 0
    for node in nodes:
        names += ask_many(nodes[0], 8, count)
        count += 8
        other = nodes[(nodes.index(node) + 1) % NODES]
        other.wait_for(lambda other=other: other.sandbox.calls()["live"] > 0)
        assert node.end() == 0
        names += ask_many(nodes[0], 4, count)
        count += 4
        other.wait_for(lambda other=other: talked(other, names[-1]), 60)
        node.start()
    for name in names:
        nodes[0].wait_for(lambda name=name: talked(nodes[0], name), 90)
    assert_exclusive(nodes[0], names)
    # Who was rung by a node that was gone when the question came is let go.
    assert sum(takes(nodes)) >= len(names)
    assert sum(count > 0 for count in takes(nodes)) > 1
    for node in nodes:
        assert "level=err" not in node.log()


def refuse_some(node, count):
    for _ in range(count):
        status, _ = node.control("POST", "/v1/requests", {"phone": "12"})
        assert status == 422


# Whoever sends it: what a message counts has happened anywhere on the site.
@pytest.mark.parametrize("nodes", [{"alarms": {
    "to": [DUTY], "on": ["rejected"], "at_most": "4s"}, "text": ["sandbox"]}],
    indirect=True)
def test_an_alarm_counts_what_all_nodes_saw(nodes):
    first, second, third = nodes

    def told():
        return [int(one["text"].rpartition(": ")[2]) for one in
                first.do("GET", "/v1/messages?to=staff")["messages"]
                if one["kind"] == "alarm"]
    refuse_some(first, 1)
    first.wait_for(lambda: told() == [1])
    refuse_some(first, 2)
    refuse_some(second, 3)
    refuse_some(third, 4)
    first.wait_for(lambda: sorted(told()) == [1, 9])
    first.wait_for(lambda: first.redis.get(
        first.key("alarm:rejected:count")) == "0")
