# SPDX-License-Identifier: MIT
"""What a provider bears: calls a second of three nodes together, calls at a time, and
what may be spent."""
import pytest

import harness
from company import AUTOMATIC, QUICK, specialist
from lines import ask, keep_pace, served, state_of

PEOPLE = [specialist(f"vera{i}", f"+7916000{i:02d}14", ("info", 3),
                     confirm="answer", accept="automatic") for i in range(24)]
PACE, NODES = 8, 3


def test_three_nodes_keep_one_pace(lines):
    """Three times as many people as calls a second: never more of these in any second,
    as the network sees them, and not much less either."""
    changes = {"specialists": PEOPLE, "voice": ["first"], "offer.wrap_up": "100ms"}
    with lines.nodes(NODES, changes, calls_per_second=PACE) as nodes:
        names = [ask(nodes[0], i) for i in range(1, 27)]
        network = lines.networks[0]
        nodes[0].wait_for(lambda: len(network.posts()) >= len(names), 30)
        keep_pace([line["at_ms"] for line in network.posts()], PACE)


def test_no_more_calls_than_fit(lines):
    """in_flight: calls alive at a time, however many people are free."""
    people = PEOPLE[:4]
    daemon = lines.start({"specialists": people, "voice": ["first"]},
                         in_flight=2)
    names = [ask(daemon, i) for i in range(1, 6)]
    network = lines.networks[0]
    most = 0

    def all_over():
        nonlocal most
        most = max(most, int(daemon.redis.zcard(daemon.key("calls:first"))))
        return all(daemon.request(name)["state"] in ("wrapping", "referred")
                   for name in names)
    daemon.wait_for(all_over, 30)
    assert most == 2
    assert len(network.posts()) == len(names)


@pytest.mark.parametrize("limit,least,most", [
    ("requests_per_second = 100.0", 3, 30), ("find_per_minute = 6.0", 1, 1),
    ("requests_per_minute = 6.0", 1, 1)])
def test_looking_keeps_to_its_own_pace(start_daemon, tmp_path, limit, least, most):
    """A call that may have been placed is looked for until it is certain; a list that
    may be asked every ten seconds is asked once in that time."""
    text = (harness.TOP / "config/providers/sandbox.conf").read_text(encoding="utf-8")
    path = tmp_path / "paced.conf"
    path.write_text(text.replace('fence = "answer"', 'fence = "none"').replace(
        "limits = {", f"limits = {{ {limit};"), encoding="utf-8")
    daemon = start_daemon({**QUICK, "specialists": [AUTOMATIC],
                           "provider": {"timeout": "1s", "file": str(path)}})
    daemon.sandbox.faults({"create": {"kind": "500_before", "count": 1}})
    ask(daemon, 1)
    key = daemon.wait_for(lambda: daemon.redis.keys(daemon.key("call:*.1")))[0]
    daemon.wait_for(lambda: daemon.redis.hget(key, "state") == "ended")
    looks = [line for line in daemon.sandbox.ledger()
             if line["kind"] == "request" and line["method"] == "GET"
             and "/Calls.json" in line["path"]]
    assert least <= len(looks) <= most


def test_money_has_an_end(lines):
    """The cap of an hour is reached: the next provider is used."""
    daemon = lines.start(spend={"currency": "RUB", "call": 2.5, "hour": 5.5})
    for i in range(1, 4):
        served(daemon, ask(daemon, i))
    assert lines.posts() == [2, 1]
    assert state_of(daemon, "first")["state"] == "spent"
    assert "event=provider_spent id=first" in daemon.log()
