# SPDX-License-Identifier: MIT
"""What the campaigns of tests/chaos rest on: a checker that finds what is wrong, and a
proxy that does what it is told."""
import pathlib
import socket
import sys
import threading
import time

import pytest

import harness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))

import checker  # noqa: E402  (found by the line above)
from proxy import BACK, Proxy  # noqa: E402

HOOK = "http://127.0.0.1:1/hooks/sandbox/%s/t/flow"


# ---- the checker

def order(sid, call):
    return {"kind": "request", "at_ms": 0, "method": "POST", "sid": sid,
            "url": HOOK % call}


def leg(sid, parent, number, rang, over):
    return [{"kind": "ring", "at_ms": rang, "sid": sid, "parent": parent,
             "number": number},
            {"kind": "end", "at_ms": over, "sid": sid, "parent": parent,
             "number": number}]


def rings(*lines):
    return checker.check_rings(checker.Legs(lines))


def test_one_ring_is_right():
    assert rings(order("A", "r.1"), *leg("a", "A", "+1", 10, 20),
                 order("B", "r.2"), *leg("b", "B", "+1", 30, 40)) == ([], [])


def test_a_second_ring_is_found():
    twice, overlaps = rings(order("A", "r.1"), order("B", "r.1"),
                            *leg("a", "A", "+1", 10, 20),
                            *leg("b", "B", "+1", 30, 40))
    assert len(twice) == 1 and not overlaps


def test_overlapping_rings_are_found():
    twice, overlaps = rings(order("A", "r.1"), order("B", "s.1"),
                            *leg("a", "A", "+1", 10, 30),
                            *leg("b", "B", "+1", 20, 40))
    assert not twice and len(overlaps) == 1


def text(name, status):
    return {"kind": "request", "method": "POST", "status": status,
            "path": "/2010-04-01/Accounts/AC1/Messages.json",
            "url": f"http://127.0.0.1:1/hooks/sandbox/{name}/t/sms"}


def test_a_message_that_is_ordered_twice_is_found():
    once = [text("r.soon.1", 429), text("r.soon.1", 500), text("r.late.1", 201)]
    assert not checker.check_texts(once)
    assert checker.check_texts([*once, text("r.soon.1", 201)]) == [
        "the message r.soon.1 was ordered 2 times"]


def line(text, story="r"):
    return checker.read_line(text, story)


def test_overlapping_reservations_are_found():
    first = line("1 specialist:anna idle offered offer offer -")
    assert not checker.check_reservations(
        [first, line("2 specialist:anna offered idle due rest -"),
         line("3 specialist:anna idle offered offer offer -", "s")])
    assert checker.check_reservations(
        [first, line("3 specialist:anna offered offered offer offer -", "s")])


class Nothing:
    """A snapshot without calls."""

    def __init__(self, **requests):
        self.requests, self.calls = requests, {}


def promises(told, closed):
    record = {"promise_number": "1", "promise_at_ms": "7000"}
    lines = [line("1000 request:r none waiting arrived arrive website"),
             *told, line(f"{closed} request:r waiting closed cancel end -")]
    return checker.Promises(6, 5, 4).check(Nothing(r=record), lines,
                                           checker.Legs([]))


def test_misses_are_computed():
    told = [line("7010 request:r waiting waiting due go_late - promise 1 missed")]
    assert not promises([], 6000).unreported
    assert promises([], 30000).unreported
    # The first is told of, the second is not.
    assert len(promises(told, 30000).unreported) == 1
    assert promises(told, 5000).false


# ---- ports

def test_a_reserved_port_is_given_to_nobody_else():
    """Daemons that draw theirs at once, in several processes, met now and then."""
    port = harness.free_port()
    with socket.socket() as other, pytest.raises(OSError):
        other.bind(("127.0.0.1", port))
    with socket.socket() as chosen, pytest.raises(OSError):
        chosen.connect(("127.0.0.1", port))  # nobody listens there yet
    drawn = set()
    for _ in range(200):
        with socket.socket() as stranger:
            stranger.bind(("127.0.0.1", 0))
            drawn.add(stranger.getsockname()[1])
    assert port not in drawn
    with socket.create_server(("127.0.0.1", port)):  # with SO_REUSEADDR
        socket.create_connection(("127.0.0.1", port)).close()


# ---- the proxy

@pytest.fixture
def echo():
    """(a proxy, a link to a server that says everything again)."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=say_again, args=(client,),
                             daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    proxy = Proxy()
    yield proxy.link("echo", ("tcp", 0), ("tcp", server.getsockname()[1]))
    proxy.end()
    server.close()


def say_again(client):
    with client:
        try:
            while data := client.recv(65536):
                client.sendall(data)
        except OSError:
            pass


def read_all(client, count):
    """At most so many bytes, or what came before the end."""
    data = b""
    try:
        while len(data) < count and (more := client.recv(count - len(data))):
            data += more
    except ConnectionError:
        pass
    return data


def connect(link):
    return socket.create_connection(("127.0.0.1", link.port), 5)


def test_the_proxy_carries_everything(echo):
    data = bytes(range(256)) * 4000
    with connect(echo) as client:
        threading.Thread(target=client.sendall, args=(data,)).start()
        assert read_all(client, len(data)) == data


@pytest.mark.parametrize("after", [0, 1, 7, 13])
def test_the_proxy_cuts_at_a_byte(echo, after):
    """Of ten bytes there and ten back so many pass."""
    with connect(echo) as client:
        client.sendall(b"x")
        assert read_all(client, 1) == b"x"
        echo.cut(after)
        client.sendall(b"0123456789")
        came = read_all(client, 10)
        assert len(came) <= max(0, after - 10)
        # Later connections are whole.
    with connect(echo) as client:
        client.sendall(b"y")
        assert read_all(client, 1) == b"y"


def test_the_proxy_stalls_and_delays(echo):
    for hold, least in ((lambda: echo.stall(0.3), 0.2),
                        (lambda: echo.delay(0.2, 5), 0.3)):
        with connect(echo) as client:
            hold()
            began = time.monotonic()
            client.sendall(b"x")
            assert read_all(client, 1) == b"x"
            assert time.monotonic() - began > least
        echo.heal()


def test_the_proxy_drops_one_direction(echo):
    with connect(echo) as client:
        echo.drop(BACK, 0.3)
        client.sendall(b"x")
        assert read_all(client, 1) == b""
