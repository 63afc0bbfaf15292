# SPDX-License-Identifier: MIT
"""Providers that mean harm: what hostile.py does to an order never makes it placed
twice, never costs more than its time and a little memory, and keeps nobody else
waiting."""
import json
import pathlib
import re
import subprocess
import sys
import time

import pytest

import harness
from company import AUTOMATIC, QUICK, SETTINGS, specialist
from hostile import number_of, ways

MEMORY_MAX_KB = 32 * 1024
LAG_MAX_MS = 100
TIMEOUT_MS = 1000
# Only what runs as it is shipped can be measured.
PLAIN = harness.TOP / "build/plain/daemon/callbackd"
builds = pytest.mark.parametrize("build", [
    pytest.param(harness.CALLBACKD, id="checked"), pytest.param(PLAIN, id="plain")])
FILE = """
name = "evil"; tested = "specification"; base = "http://127.0.0.1:1"; fence = "none";
secrets = [ "key" ]; auth = { kind = "none"; };
call = { method = "POST"; path = "/calls/${customer|digits}"; id = "/id";
  json = "{\\"hook\\":\\"${hook}\\"}"; };
sms = { method = "POST"; path = "/texts/${to|digits}"; id = "/id";
  json = "{\\"text\\":\\"${text}\\"}"; };
sms_states = ( ("sent", "sent") );
errors = ( { status = "4xx"; executed = "final"; code = "/code"; text = "/text"; },
           { status = "5xx,none"; executed = "maybe"; } );
webhook = { body = "json"; signature = { alg = "shared"; key = "${key}"; from = "header:X-Key"; };
  reply = { status = 200; }; events = ( { id = "/id"; set = "agent_up"; } ); };
"""
# How each of the server's addresses is reached.
SCHEMES = {"clear": "http", "own": "https", "silent": "https", "drips": "https",
           "bare": "https"}


class Evil:
    """The server of hostile.py."""

    def __init__(self, folder):
        self.log = pathlib.Path(folder) / "evil.log"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, pathlib.Path(__file__).with_name("hostile.py"),
                 "serve", str(folder)], stdin=subprocess.PIPE, stdout=out)
        harness.wait_for(self.told)
        self.ports = self.told()[0]["ports"]

    def told(self):
        text = self.log.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def count(self, **what):
        return sum(what.items() <= one.items() for one in self.told())

    def base(self, name):
        return f"{SCHEMES[name]}://127.0.0.1:{self.ports[name]}"

    def end(self):
        self.process.communicate()


@pytest.fixture
def evil(tmp_path):
    server = Evil(tmp_path)
    yield server
    server.end()
    assert server.count(came="trap") == 0


class Watch:
    """The memory of a daemon and how long it let somebody wait, while within."""

    def __init__(self, daemon):
        self.daemon = daemon
        program = pathlib.Path(daemon.arguments[0]).read_bytes()
        self.is_measured = b"__asan_init" not in program

    def memory(self, what):
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status")
        return int(re.search(rf"{what}:\s+(\d+)", status.read_text()).group(1))

    def __enter__(self):
        self.before_kb = self.memory("VmRSS")
        self.process = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__).with_name("hostile.py"),
             "watch", self.daemon.socket_path, str(self.daemon.process.pid)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *error):
        out, _ = self.process.communicate()
        grown_kb = self.memory("VmHWM") - self.before_kb
        print(f"\n{grown_kb} KB, {float(out):.1f} ms")
        if error == (None, None, None) and self.is_measured:
            assert float(out) < LAG_MAX_MS
            assert grown_kb < MEMORY_MAX_KB


@pytest.fixture
def start(start_daemon, evil, tmp_path, build, monkeypatch):
    """A daemon of that build. It asks a hostile provider before the good one: "clear" in the queue
    info, the others in a queue of their own name."""
    path = tmp_path / "evil.conf"
    path.write_text(FILE, encoding="utf-8")
    if not build.exists():
        pytest.skip(f"{build} is not built")
    monkeypatch.setattr(harness, "CALLBACKD", build)

    def start_it(changes=None):
        sandbox = {"id": "sandbox", "file": "sandbox.conf", "timeout": "1s",
                   "secrets": {"account": harness.ACCOUNT,
                               "auth_token": harness.TOKEN}}
        world = start_daemon.__self__
        if world.sandbox is None:
            world.sandbox = harness.Sandbox(world.folder)
            world.sandbox.start()
        sandbox["base"] = world.sandbox.url
        queue = {**SETTINGS["queues"][0], "pass_to": None}
        people = [specialist(f"vera{i}", f"+7916{i:05d}14",
                             *((name, 1) for name in ("info", *SCHEMES)),
                             confirm="answer", accept="automatic")
                  for i in range(len(ways) * 2)]
        return start_daemon({
            **{key: value for key, value in QUICK.items() if key != "provider"},
            "telephony.quarantine": "1s", "log.level": "debug", "specialists": people,
            "breaker": {"failures": 100, "share": 1.0},
            "queues": (queue, *({**queue, "id": name, "title": name,
                                 "default": False,
                                 "voice": [name, "sandbox"]}
                                for name in SCHEMES)),
            "providers": (sandbox, *({"id": name, "file": str(path),
                                      "timeout": "1s", "base": evil.base(name),
                                      "secrets": {"key": "of evil"}}
                                     for name in SCHEMES)),
            **(changes or {})})
    return start_it


def came_to_an_end(daemon, names, wanted):
    """What became of each, once wanted(it) of all."""
    found = {}

    def is_over():
        for name in names:
            if name not in found:
                status, one = daemon.control("GET", f"/v1/requests/{name}")
                if status != 200 or not wanted(one):
                    return False
                found[name] = one
        return True
    daemon.wait_for(is_over, 20)
    return found


def took_ms(daemon, call, operation="call"):
    """An order, from the sending to the end."""
    line = re.search(rf"=({call}) operation={operation} .* ms=(\d+)", daemon.log())
    return int(line.group(2))


@builds
def test_an_order_is_placed_once_whatever_comes_back(start, evil):
    daemon = start()
    orders = {f"hostile-{name}": way for name, (way, _) in ways.items()}
    orders.update({f"hostile-{name}": "refused" for name in SCHEMES
                   if name != "clear"})
    good = [f"good-{name}" for name in orders]
    with Watch(daemon):
        for i, name in enumerate(orders):
            topic = name.removeprefix("hostile-")
            daemon.ask({"id": name, "phone": number_of(i),
                        "topic": topic if topic in SCHEMES else "clear"})
            daemon.ask({"id": f"good-{name}", "phone": f"+7900{i:05d}01"})
        found = came_to_an_end(daemon, [*orders, *good], lambda one: (
            one["state"] in ("referred", "wrapping") or
            one["calls"] and one["calls"][0]["state"] == "live"))
    for name, way in orders.items():
        calls = [call["provider"] for call in found[name]["calls"]]
        assert (name, len(calls)) == (name, 2 if way == "refused" else 1)
        assert (name, found[name].get("reason")) == \
            (name, "maybe_called" if way == "unknown" else None)
        assert took_ms(daemon, found[name]["id"] + ".1") <= TIMEOUT_MS + 1000, name
    assert any("HTTP 301" in line.get("detail", "")
               for line in found["hostile-301"]["story"])
    for name in ways:
        assert evil.count(order=name) == 1, name
    assert sum("order" in one for one in evil.told()) == len(ways)
    # The good one was asked once for each of its own, and heard at once.
    for name in good:
        assert [call["provider"] for call in found[name]["calls"]] == ["sandbox"]
        assert took_ms(daemon, found[name]["id"] + ".1") < TIMEOUT_MS, name
    check_log(daemon)


def check_log(daemon):
    """Nobody else writes a line, or to the screen."""
    for line in daemon.log().splitlines():
        assert re.match(r"\d{4}-\S+Z (debug|info|notice|warning|err)", line), line
        assert line.isprintable(), line
        assert "event=forged" not in re.sub('"[^"]*"', "", line), line


def texts_of(daemon, name):
    return daemon.do("GET", f"/v1/messages?request={name}")["messages"]


@builds
def test_a_text_is_sent_once_whatever_comes_back(start, evil):
    """Of texts "sent" is all that a webhook is not needed for."""
    daemon = start({"text": ["clear", "sandbox"], "messages": {
        "deferred": "{day} {from}",
        "quiet": {"from": "00:00", "to": "00:00"}}})
    at = int(time.time()) + 3 * 86400
    ends = {"placed": ("clear", "sent", None), "refused": ("sandbox", "ended", "delivered"),
            "unknown": ("clear", "ended", "unknown")}
    with Watch(daemon):
        for i, name in enumerate(ways):
            daemon.ask({"id": f"hostile-{name}", "phone": number_of(i),
                        "sms": True}, at)
        for name, (way, _) in ways.items():
            def is_so(name=name, way=way):
                return [(one["provider"], one["state"], one.get("reason"))
                        for one in texts_of(daemon, f"hostile-{name}")] == [ends[way]]
            daemon.wait_for(is_so, 20)
    for name in ways:
        (text,) = texts_of(daemon, f"hostile-{name}")
        assert evil.count(order=name, what="texts") == 1, name
        if ways[name][0] != "refused":
            assert took_ms(daemon, text["id"], "sms") <= TIMEOUT_MS + 1000, name
    check_log(daemon)


@pytest.mark.parametrize("build", [PLAIN], ids=["plain"])
@pytest.mark.parametrize("way", ["endless_chunk_size", "deep"])
def test_many_at_once_keep_nobody_waiting(start, evil, way):
    daemon = start()
    orders = {f"hostile-{i}": number_of(list(ways).index(way), i)
              for i in range(60)}
    # While one of them was well, it is not down.
    daemon.ask({"id": "hostile-well", "topic": "clear", "phone": number_of(0)})
    came_to_an_end(daemon, ["hostile-well"], lambda one: (
        one["calls"] and one["calls"][0]["state"] == "live"))
    with Watch(daemon):
        for name, number in orders.items():
            daemon.ask({"id": name, "topic": "clear", "phone": number})
        came_to_an_end(daemon, orders, lambda one: one["state"] == "referred")
    assert evil.count(order=way) == len(orders)
