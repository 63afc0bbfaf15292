# SPDX-License-Identifier: MIT
"""Two telephone networks, each somebody's provider, and what the tests of several
providers ask of a daemon between them."""
import contextlib
import pathlib

import redis as redis_client

import harness
from company import AUTOMATIC, QUICK

# As the sandbox, but its 503 says for certain that nothing was placed.
CERTAIN = ('status = "429"; executed = "no";', 'status = "429,503"; executed = "no";')
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
            "breaker.probe": "1m", **changes})

    @contextlib.contextmanager
    def nodes(self, count, changes, **more):
        """Several daemons on one Redis, which ends after them."""
        server = harness.RedisServer(self.world.folder, "everysec")
        server.start()
        try:
            redis = redis_client.Redis(unix_socket_path=str(server.path),
                                       decode_responses=True)
            nodes = [self.start({**changes, "redis": f"unix:{server.path}"}, **more)
                     for _ in range(count)]
            for node in nodes:
                node.redis = redis
            yield nodes
            for node in nodes:
                node.redis = None
        finally:
            for node in self.world.daemons:
                if node.is_running():
                    assert node.end() == 0
            server.end()

    def refuse(self, count, *networks, kind="503", what="create"):
        for network in networks or self.networks:
            network.faults({what: {"kind": kind, "count": count}})

    def allow(self):
        for network in self.networks:
            status, _ = network.http("DELETE", "/sandbox/faults")
            assert status < 300

    def posts(self):
        return [len(network.posts()) for network in self.networks]

    def texts(self):
        return [len(network.texts()) for network in self.networks]

    def end(self):
        try:
            self.networks[1].end()
            self.networks[1].check_sanitizers()
        finally:
            self.world.end()


def keep_pace(moments, pace):
    """Never more in any second, and not much less either. In milliseconds."""
    moments = sorted(moments)
    assert max(sum(begin <= moment < begin + 1000 for moment in moments)
               for begin in moments) <= pace
    assert len(moments) / (moments[-1] - moments[0]) * 1000 > pace * 0.6


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


def probe_now(daemon, *names, channel="voice"):
    """As a node that has it tell all others: the moment of the next probe has come."""
    tail = "" if channel == "voice" else f":{channel}"
    seconds, micros = daemon.redis.time()
    now_ms = seconds * 1000 + micros // 1000
    for name in names:
        daemon.redis.delete(daemon.key(f"probe:{name}{tail}"))
        daemon.redis.hset(daemon.key(f"provider:{name}{tail}"), mapping={
            "probe_at_ms": now_ms, "changed_at_ms": now_ms})
    for name in names:
        daemon.wait_for(lambda name=name:
                        state_of(daemon, name, channel)["state"] != "down")


def state_of(daemon, name, channel="voice"):
    found = daemon.do("GET", "/v1/providers")["providers"]
    one = next(one for one in found if one["id"] == name)
    return one if channel == "voice" else one[channel]
