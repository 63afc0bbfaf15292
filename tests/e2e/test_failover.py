# SPDX-License-Identifier: MIT
"""Two providers, each a telephone network of its own: the next one is used after a
certain refusal and never after an unclear one, what fails is not used until a probe
has succeeded, and the pace of three nodes together is the provider's."""
import pathlib

import pytest
import redis as redis_client

import harness
from company import AUTOMATIC, QUICK, settings_text, specialist

# As the sandbox, but its 503 says for certain that nothing was placed.
CERTAIN = ('{ status = "429"; executed = "no"; code = "/code"; text = "/message"; },',
           '{ status = "429,503"; executed = "no"; code = "/code"; '
           'text = "/message"; },')
ID = "web-00000001"
PHONE = "+79000000101"


class Lines:
    """A daemon, or several, between two networks."""

    def __init__(self):
        harness.need_programs()
        self.world = harness.World()
        self.networks = []
        for name in ("a", "b"):
            folder = self.world.folder / name
            folder.mkdir()
            network = harness.Sandbox(folder)
            network.start()
            self.networks.append(network)
        self.world.sandbox = self.networks[0]
        text = (harness.TOP / "config/providers/sandbox.conf").read_text(
            encoding="utf-8")
        assert CERTAIN[0] in text
        self.file = pathlib.Path(self.world.folder) / "certain.conf"
        self.file.write_text(text.replace(*CERTAIN), encoding="utf-8")

    def provider(self, name, network, **more):
        return {"id": name, "file": str(self.file), "base": network.url,
                "timeout": "1s",
                "secrets": {"account": harness.ACCOUNT,
                            "auth_token": harness.TOKEN}, **more}

    def start(self, changes=None, **more):
        first, second = self.networks
        changes = {key: value for key, value in {**QUICK, **(changes or {})}.items()
                   if key != "provider"}
        return self.world.start({
            "specialists": [AUTOMATIC], "voice": ["first", "second"],
            "providers": (self.provider("first", first, **more),
                          self.provider("second", second, **more)),
            "breaker.probe": "1s", **changes})

    def refuse(self, count, *networks, kind="503"):
        for network in networks or self.networks:
            network.faults({"create": {"kind": kind, "count": count}})

    def allow(self):
        for network in self.networks:
            status, _ = network.http("DELETE", "/sandbox/faults")
            assert status < 300

    def posts(self):
        return [len(network.posts()) for network in self.networks]

    def end(self):
        try:
            self.networks[1].end()
            self.networks[1].check_sanitizers()
        finally:
            self.world.end()


@pytest.fixture
def lines():
    found = Lines()
    try:
        yield found
    finally:
        found.end()


def name_of(i):
    return f"web-{i:08d}"


def ask(daemon, i):
    daemon.ask({"id": name_of(i), "phone": f"+7900{i:05d}01"})
    return name_of(i)


def served(daemon, name):
    """Called and talked to; then closed, so that whoever did it is free."""
    daemon.wait_for_state(name, "wrapping", "referred", seconds=20)
    daemon.act(name, "close", disposition="solved")
    return daemon.request(name)


def state_of(daemon, name):
    found = daemon.do("GET", "/v1/providers")["providers"]
    return next(one for one in found if one["id"] == name)


def test_the_next_one_after_a_certain_refusal(lines):
    """Once for each call, until that is known; and back when a probe succeeds."""
    daemon = lines.start()
    first, second = lines.networks
    lines.refuse(3, first)
    for i in range(1, 4):
        request = served(daemon, ask(daemon, i))
        calls = request["calls"]
        assert [call["provider"] for call in calls] == ["first", "second"]
        assert calls[0]["state"] == "ended"
        # One acceptance, one attempt: nobody was asked again.
        assert request["attempts"] == 1
        assert daemon.story(name_of(i)).count("take") == 1
        assert "place_elsewhere" in daemon.story(name_of(i))
    assert lines.posts() == [3, 3]
    assert "event=provider_down id=first" in daemon.log()
    view = state_of(daemon, "first")
    assert view["state"] == "down" and view["down_since"]
    assert "503" in view["error"]
    out = daemon.ctl("show", "providers").stdout
    assert "first: down since" in out and "503" in out
    # Not asked at all while it is down.
    request = served(daemon, ask(daemon, 4))
    assert [call["provider"] for call in request["calls"]] == ["second"]
    assert lines.posts() == [3, 4]
    # A probe that fails is a refusal like any other, and waits for longer.
    lines.refuse(1, first)
    daemon.wait_for(lambda: state_of(daemon, "first")["state"] == "probe")
    request = served(daemon, ask(daemon, 5))
    assert [call["provider"] for call in request["calls"]] == ["first", "second"]
    assert state_of(daemon, "first")["state"] == "down"
    daemon.wait_for(lambda: state_of(daemon, "first")["state"] == "probe")
    request = served(daemon, ask(daemon, 6))
    assert [call["provider"] for call in request["calls"]] == ["first"]
    assert state_of(daemon, "first")["state"] == "works"
    assert "event=provider_back id=first" in daemon.log()
    for i in range(1, 7):
        number = f"+7900{i:05d}01"
        assert first.rings(number) + second.rings(number) == 1


def test_what_is_unclear_stays_where_it_is(lines):
    """Not placed in truth, but nobody can know: the other one is not asked for this
    call; it is found out at the first, and tried there again."""
    daemon = lines.start()
    first, second = lines.networks
    lines.refuse(1, first, kind="500_before")
    request = served(daemon, ask(daemon, 1))
    assert [call["provider"] for call in request["calls"]] == ["first", "first"]
    assert lines.posts() == [2, 0]
    assert "event=call_unknown" in daemon.log()
    assert first.rings("+79000000101") == 1


def test_a_queue_has_an_order_of_its_own(lines):
    daemon = lines.start()
    settings = daemon.settings
    queues = tuple({**queue, "voice": ["second"]} if queue["id"] == "delivery"
                   else queue for queue in settings["queues"])
    settings["queues"] = queues
    daemon.conf_path.write_text(settings_text(settings), encoding="utf-8")
    assert daemon.restart() == 0
    daemon.ask({"id": ID, "phone": PHONE, "topic": "delivery"})
    request = served(daemon, ID)
    assert [call["provider"] for call in request["calls"]] == ["second"]
    assert lines.posts() == [0, 1]


def offers(daemon):
    return daemon.log().count("action=offer ")


def test_while_none_works_nothing_is_offered(lines):
    """But what waits can be called by hand; afterwards one call is tried first, and
    the others follow in the order of their promises."""
    anna = specialist("anna", "+79160000001", ("info", 3), confirm="answer")
    daemon = lines.start({"specialists": [AUTOMATIC, anna],
                          "breaker.probe": "3s"})
    lines.refuse(1000)
    ask(daemon, 1)
    daemon.wait_for(lambda: daemon.log().count("event=provider_down") == 2)
    daemon.available("anna")
    daemon.wait_for_specialist("vera", "idle")
    before, posts = offers(daemon), lines.posts()
    for i in range(2, 5):
        ask(daemon, i)
        daemon.wait_for_state(name_of(i), "waiting")
    for i in range(1, 5):
        assert daemon.request(name_of(i))["why"] == "provider_down"
    queue = daemon.do("GET", "/v1/queues")["queues"][0]
    assert queue["silent_since"] > 0 and queue["waiting"] == 4
    assert "the line is silent since" in daemon.ctl("status").stdout
    check = daemon.ctl("check")
    assert check.returncode == 5 and "is silent since" in check.stdout
    silent = daemon.do("GET", "/v1/desk?as=anna")["silent"]
    assert silent["waiting"] == 4 and silent["since"] == queue["silent_since"]
    # By hand, by whoever is there.
    first = silent["first"]
    assert daemon.request(first)["number"] == \
        daemon.request(name_of(1))["number"]
    assert daemon.ctl("manual", ID, "--as", "anna").returncode == 0
    request = daemon.wait_for_state(ID, "calling")
    assert request["calls"][-1]["provider"] == "manual"
    assert daemon.do("GET", "/v1/desk?as=anna")["request"]["by_hand"]
    assert daemon.refused(ID, "manual", **{"as": "anna"})[1] == "no_row"
    daemon.act(ID, "progress", progress="answered")
    daemon.act(ID, "close", disposition="solved")
    assert daemon.request(ID)["state"] == "closed"
    assert offers(daemon) == before and lines.posts() == posts
    # The line is there again: one is tried, then all.
    lines.allow()
    daemon.do("PUT", "/v1/specialists/anna", {"status": "off"})
    for i in range(2, 5):
        served(daemon, name_of(i))
    assert "event=provider_back" in daemon.log()
    taken = [line for network in lines.networks for line in network.posts()
             if line["status"] == 201]
    order = [line["url"].split("/")[-3].split(".")[0] for line in
             sorted(taken, key=lambda line: line["at_ms"])]
    assert order == [daemon.request(name_of(i))["id"] for i in range(2, 5)]
    assert all(not queue.get("silent_since")
               for queue in daemon.do("GET", "/v1/queues")["queues"])


# ---- pace

PEOPLE = [specialist(f"vera{i}", f"+7916000{i:02d}14", ("info", 3),
                     confirm="answer", accept="automatic") for i in range(24)]
PACE, NODES = 8, 3


def most_in_a_second(moments):
    return max(sum(begin <= moment < begin + 1000 for moment in moments)
               for begin in moments)


def test_three_nodes_keep_one_pace(lines):
    """Three times as many people as calls a second: never more of these in any second,
    as the network sees them, and not much less either."""
    server = harness.RedisServer(lines.world.folder, "everysec")
    server.start()
    try:
        redis = redis_client.Redis(unix_socket_path=str(server.path),
                                   decode_responses=True)
        changes = {"specialists": PEOPLE, "voice": ["first"],
                   "redis": f"unix:{server.path}", "offer.wrap_up": "100ms"}
        nodes = [lines.start(changes, calls_per_second=PACE)
                 for _ in range(NODES)]
        for node in nodes:
            node.redis = redis
        names = [ask(nodes[0], i) for i in range(1, 33)]
        network = lines.networks[0]
        nodes[0].wait_for(lambda: len(network.posts()) >= len(names), 30)
        moments = sorted(line["at_ms"] for line in network.posts())
        assert most_in_a_second(moments) <= PACE
        assert len(moments) / (moments[-1] - moments[0]) * 1000 > PACE * 0.6
        for node in nodes:
            node.redis = None
    finally:
        for node in lines.world.daemons:
            if node.is_running():
                assert node.end() == 0
        server.end()


def test_no_more_calls_than_fit(lines):
    """in_flight: calls alive at a time, however many people are free."""
    people = PEOPLE[:6]
    daemon = lines.start({"specialists": people, "voice": ["first"]},
                         in_flight=2)
    names = [ask(daemon, i) for i in range(1, 7)]
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


def test_money_has_an_end(lines):
    """The cap of an hour is reached: the next provider is used."""
    daemon = lines.start(spend={"currency": "RUB", "call": 2.5, "hour": 5.5})
    for i in range(1, 4):
        served(daemon, ask(daemon, i))
    assert lines.posts() == [2, 1]
    assert state_of(daemon, "first")["state"] == "spent"
    assert "event=provider_spent id=first" in daemon.log()
