# SPDX-License-Identifier: MIT
"""Webhooks with one address for all calls: what they are about is found by what
comes back in them; what is not genuine, heard before or about nobody of ours
changes nothing, byte for byte, and is counted."""
import hashlib
import hmac
import http.server
import itertools
import json
import socket
import time

import pytest

import harness
from company import AUTOMATIC, QUICK
from test_calls import ANSWERS, ID, asked

KEY, OTHER_KEY = "the provider's secret", "another provider's"
FILE = """
name = "news"; tested = "specification"; base = "http://127.0.0.1:1"; fence = "none";
secrets = [ "key" ]; auth = { kind = "none"; };
call = { method = "POST"; path = "/calls"; id = "/id";
  json = "{\\"customer\\":\\"${customer}\\",\\"hook\\":\\"${hook}\\"}"; };
errors = ( { status = "429"; executed = "no"; }, { status = "4xx"; executed = "final"; text = "/why"; }, { status = "5xx,none"; executed = "maybe"; } );
webhook = {
  body = "json"; records = "/news"; dedup = "/once"; challenge = "echo";
  signature = { alg = "hmac-sha256"; key = "${key}"; encode = "hex";
    sign = [ "header:X-Time", "=.", "header:X-Nonce", "=.", "body" ];
    from = "header:X-Sign"; time = "header:X-Time"; nonce = "header:X-Nonce";
    tolerance = 60; };
  reply = { status = 200; type = "text/plain"; text = "ok"; };
  events = (
    { when = ( ("/about", "text") ); about = "inbound_message"; from = "/from"; text = "/text"; },
    { when = ( ("/state", "over") ); leg = "customer"; id = "/id"; job = "/job";
      customer = "/customer"; set = "over:answered"; milliseconds = "/ms"; },
    { id = "/id"; job = "/job"; customer = "/customer"; state = "/state";
      map = ( ("up", "agent_up"), ("off", "over:cancelled"), ("rings", "customer_ringing"), ("talks", "customer_up"),
        ("busy", "agent_over:busy") ); } );
};
"""


# The customer's leg is an order of ours.
SECOND = FILE.replace('fence = "none";', 'fence = "answer";').replace(
    '\\"customer\\":\\"${customer}\\",', "").replace("errors =", """
second_leg = { on = "agent_up"; method = "POST"; path = "/second";
  json = "{\\"customer\\":\\"${customer}\\",\\"key\\":\\"${token}\\"}"; id = "/id"; };
hangup = { method = "POST"; path = "/end"; json = "{\\"ends\\":\\"${id}\\"}"; };
errors =""")
LOST = 0


class Provider(http.server.ThreadingHTTPServer):
    """Takes orders to call; on_order(order) runs before each is answered, and may
    return another status than 201, or LOST."""

    def __init__(self):
        self.orders, self.on_order, self.states = [], lambda order: None, {}
        self.costs = {}
        super().__init__(("127.0.0.1", 0), Orders)


class Orders(harness.Handler):
    def do_GET(self):
        state = self.server.states.get(self.path.rsplit("/", 1)[1])
        cost = self.server.costs.get(self.path.rsplit("/", 1)[1])
        body = json.dumps({"state": state, "cost": cost}).encode()
        self.send_response(404 if state is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        order = json.loads(self.rfile.read(length))
        self.server.orders.append(order)
        status = self.server.on_order(order)
        if status == LOST and status is not None:
            return
        body = json.dumps({"id": f"c{len(self.server.orders)}",
                           "why": "no " + order.get("customer", "") +
                           "я" * 100}, ensure_ascii=False).encode()
        self.send_response(status or 201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def provider():
    with harness.serving(Provider()) as server:
        yield server


@pytest.fixture
def daemon(provider, start_daemon, tmp_path):
    return start(provider, start_daemon, tmp_path, FILE, "60s")


def start(provider, start_daemon, tmp_path, text, poll, **more):
    path = tmp_path / "news.conf"
    path.write_text(text, encoding="utf-8")
    changes = {name: value for name, value in QUICK.items()
               if name != "provider"}
    def entry(name, key):
        return {"id": name, "file": str(path), "timeout": "1s",
                "base": f"http://127.0.0.1:{provider.server_port}",
                "secrets": {"key": key}}
    return start_daemon({
        **changes, "telephony.poll": poll, "specialists": [AUTOMATIC],
        "voice": ["news"], **more,
        "providers": (entry("news", KEY), entry("other", OTHER_KEY))})


nonces = itertools.count()


def tell(daemon, *news, path="/hooks/news", key=KEY, at=None, nonce=None,
         once=None, send=None):
    """What the provider posts; send: another body than the one signed."""
    at, nonce = str(int(at or time.time())), nonce or f"n{next(nonces)}"
    body = json.dumps({"news": news, **({"once": once} if once else {})})
    sign = hmac.new(key.encode(), f"{at}.{nonce}.{body}".encode(),
                    hashlib.sha256).hexdigest()
    return daemon.http("POST", path, send or body, token="", headers={
        "X-Time": at, "X-Nonce": nonce, "X-Sign": sign})


def job_of(order):
    call, token = order["hook"].rsplit("/", 2)[1:]
    return f"{call}.{token}"


def counts(daemon, provider="news"):
    (one,) = [one for one in daemon.do("GET", "/v1/providers")["providers"]
              if one["id"] == provider]
    return one["webhooks"]


def test_news_find_their_call(daemon, provider):
    """Before the answer to the order, several at once, by job and by number."""
    answers = []
    provider.on_order = lambda order: answers.append(tell(
        daemon, {"id": "c1", "job": job_of(order), "state": "up"}))
    asked(daemon)
    request = daemon.wait_for_state(ID, "calling")
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] == "live")
    daemon.wait_for(lambda: answers == [(200, "ok")])
    call = daemon.key(f"call:{request['id']}.1")
    assert daemon.redis.hget(call, "progress") == "agent_up"
    assert tell(daemon, {"customer": ANSWERS, "id": "c1", "state": "rings"},
                {"state": "sneezes", "id": "c1", "customer": ANSWERS},
                {"id": "c1", "job": job_of(provider.orders[0]),
                 "state": "talks"}) == (200, "ok")
    daemon.wait_for_state(ID, "talking")
    # The address may say it as well; then they must be of one mind.
    path = provider.orders[0]["hook"].split("//", 1)[1].split("/", 1)[1]
    assert tell(daemon, {"id": "c1", "job": "", "state": "over", "ms": 2500},
                path=f"/{path}/over") == (200, "ok")
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.redis.hget(call, "talk_ms") == "2500"
    assert "/state says sneezes, which is not known" in daemon.log()
    assert counts(daemon) == {"heard": 3, "refused": 0, "repeated": 0,
                              "foreign": 0, "limited": 0}


def test_another_call_to_that_number_is_not_ours(daemon, provider):
    """One that somebody makes by hand: it is neither believed nor hung up."""
    asked(daemon)
    daemon.wait_for(lambda: provider.orders)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] == "live")
    before = steady(daemon)
    for state in ("rings", "talks", "over"):
        assert tell(daemon, {"customer": ANSWERS, "id": "other",
                             "state": state}) == (200, "ok")
    assert everything(daemon) == before
    assert counts(daemon)["foreign"] == 3


def test_a_second_leg_is_ordered_until_it_is_heard_of(provider, start_daemon,
                                                     tmp_path):
    """The first comes too fast, the answer to the second is lost, its twin refused: it
    may ring."""
    daemon = start(provider, start_daemon, tmp_path, SECOND, "1s",
                   **{"telephony.quarantine": "30s"})
    ends = iter([None, 429, LOST, 409])
    provider.on_order = lambda order: next(ends, None)
    asked(daemon)
    daemon.wait_for(lambda: provider.orders)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] == "live")
    job = job_of(provider.orders[0])
    assert tell(daemon, {"id": "c1", "job": job, "state": "up"})[0] == 200
    daemon.wait_for(lambda: daemon.log().count("second_leg_failed") == 3)
    twins = provider.orders[1:4]
    assert twins[0] == twins[1] == twins[2] and twins[0]["key"] in job
    assert daemon.request(ID)["state"] == "calling"
    assert tell(daemon, {"id": "c1", "job": job, "state": "talks"})[0] == 200
    daemon.wait_for_state(ID, "talking")


def test_a_second_leg_ends_with_the_specialists(provider, start_daemon,
                                               tmp_path):
    """They hang up while it rings; and before the order for it was answered."""
    daemon = start(provider, start_daemon, tmp_path, SECOND, "60s")
    over = {"id": "c1", "state": "off"}

    def ended():
        return [order["ends"] for order in provider.orders if "ends" in order]

    asked(daemon)
    daemon.wait_for(lambda: provider.orders)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] == "live")
    over["job"] = job_of(provider.orders[0])
    tell(daemon, {**over, "state": "up"})
    call = daemon.key(f"call:{daemon.request(ID)['id']}.1")
    daemon.wait_for(lambda: daemon.redis.hget(call, "leg") == "c2")
    tell(daemon, over)
    daemon.wait_for(lambda: ended() == ["c2"])

    def leave_first(order):
        if "key" in order:
            over.update(job=job, id="c4")
            assert tell(daemon, over)[0] == 200

    daemon.wait_for(lambda: len(provider.orders) == 4)
    job = job_of(provider.orders[3])
    daemon.wait_for(lambda: daemon.request(ID)["calls"][-1]["state"] == "live")
    provider.on_order = leave_first
    tell(daemon, {"id": "c4", "job": job, "state": "up"})
    daemon.wait_for(lambda: ended() == ["c2", "c5"])


def answered(daemon, provider):
    """A specialist is on the line; returns the job of their call."""
    asked(daemon)
    daemon.wait_for(lambda: provider.orders)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] == "live")
    job = job_of(provider.orders[0])
    assert tell(daemon, {"id": "c1", "job": job, "state": "up"})[0] == 200
    return job


def test_a_second_leg_that_is_refused_is_no_attempt(provider, start_daemon,
                                                   tmp_path):
    """Nobody was rung: the promise is not kept, and somebody else is asked."""
    daemon = start(provider, start_daemon, tmp_path, SECOND, "60s")
    provider.on_order = lambda order: 422 if "key" in order else None
    job = answered(daemon, provider)
    daemon.wait_for(lambda: "let_go" in daemon.story(ID))
    assert "keep_promise" not in daemon.story(ID)
    name = daemon.key(f"request:{daemon.request(ID)['id']}")
    assert daemon.redis.hmget(name, "attempts", "kept_at_ms") in (
        [None, None], ["0", "0"])
    daemon.wait_for(lambda: {"ends": "c1"} in provider.orders)
    # It rings in the end.
    provider.on_order = lambda order: None
    tell(daemon, {"id": "c1", "job": job, "state": "off"})
    daemon.wait_for(lambda: len(daemon.request(ID)["calls"]) == 2)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][1]["state"] == "live")
    call = next(order for order in reversed(provider.orders)
                if "hook" in order)
    sid = daemon.redis.hget(
        daemon.key(f"call:{daemon.request(ID)['id']}.2"), "sid")
    news = {"id": sid, "job": job_of(call)}
    tell(daemon, {**news, "state": "up"}, {**news, "state": "rings"})
    daemon.wait_for(lambda: "keep_promise" in daemon.story(ID))
    assert daemon.request(ID)["attempts"] == 1


def test_a_second_leg_never_heard_of_goes_to_a_person(provider, start_daemon,
                                                     tmp_path):
    """Its order was never answered: the specialist does not stay in silence."""
    daemon = start(provider, start_daemon, tmp_path, SECOND, "1s",
                   **{"telephony.quarantine": "1s", "call.ring": "1s"})
    provider.on_order = lambda order: LOST if "key" in order else None
    job = answered(daemon, provider)
    request = daemon.wait_for_state(ID, "referred")
    assert request["reason"] == "maybe_called"
    daemon.wait_for(lambda: {"ends": "c1"} in provider.orders)
    assert "keep_promise" not in daemon.story(ID)
    tell(daemon, {"id": "c1", "job": job, "state": "off"})
    daemon.wait_for_specialist("vera", "idle")


def test_a_second_leg_is_asked_for(provider, start_daemon, tmp_path):
    """By the id that its order was answered with, when no webhook tells of it."""
    text = SECOND.replace("errors =", """
get = { method = "GET"; path = "/calls/${id}"; state = "/state"; gone = [ 404 ];
  price = "/cost"; };
states = ( ("ringing", "agent_ringing"), ("up", "agent_up") );
errors =""", 1)
    daemon = start(provider, start_daemon, tmp_path, text, "1s",
                   **{"telephony.quarantine": "5s", "call.short": "0"})
    provider.states = {"c1": "up", "c2": "ringing"}
    provider.costs = {"c2": "0.5"}          # which is not what the call has cost
    answered(daemon, provider)
    daemon.wait_for(lambda: "keep_promise" in daemon.story(ID))
    assert daemon.request(ID)["state"] == "calling"
    provider.states["c2"] = "up"
    daemon.wait_for_state(ID, "talking")
    del provider.states["c2"]
    daemon.wait_for_state(ID, "wrapping")
    assert "paid" not in daemon.request(ID)["calls"][0]
    provider.costs["c1"] = "0.25"
    daemon.wait_for(lambda: {"ends": "c1"} in provider.orders)
    daemon.wait_for(lambda: "0.25" in daemon.request(ID)["calls"][0].get("paid", ""))
    del provider.states["c1"]
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] == "ended")


UNTOLD = {"call.ring": "1s", "call.agent_ring": "1s", "call.longest": "1s"}


def test_a_call_whose_end_is_never_told_ends(provider, start_daemon, tmp_path):
    """There is nothing to ask the provider, and nobody is kept busy for ever."""
    daemon = start(provider, start_daemon, tmp_path, FILE, "1s", **UNTOLD)
    job = answered(daemon, provider)
    tell(daemon, {"id": "c1", "job": job, "state": "talks"})
    daemon.wait_for_state(ID, "talking")
    daemon.wait_for_state(ID, "wrapping", seconds=30)
    assert daemon.request(ID)["calls"][0]["state"] == "ended"
    daemon.act(ID, "close", disposition="solved")
    daemon.wait_for_specialist("vera", "idle")


def test_a_call_that_nothing_is_told_of_goes_to_a_person(
        provider, start_daemon, tmp_path):
    daemon = start(provider, start_daemon, tmp_path, FILE, "1s", **UNTOLD)
    answered(daemon, provider)
    request = daemon.wait_for_state(ID, "referred", seconds=30)
    assert request["reason"] == "maybe_called"
    assert request["calls"][0]["state"] == "ended"
    daemon.wait_for_specialist("vera", "idle")
    assert len(provider.orders) == 1


def test_a_long_refusal_is_shown(daemon, provider):
    """Cut, but between two characters, and without the whole number."""
    provider.on_order = lambda order: 422
    asked(daemon)
    daemon.wait_for(lambda: "not_placed" in daemon.story(ID) or
                    "let_go" in daemon.story(ID))
    (one,) = [one for one in daemon.do("GET", "/v1/providers")["providers"]
              if one["id"] == "news"]
    assert one["error"].startswith("422  no +7900*****01яя")
    assert ANSWERS not in daemon.log() and "no +7900*****01яя" in daemon.log()
    lines = daemon.redis.lrange(daemon.key(f"story:{daemon.request(ID)['id']}"),
                                0, -1)
    assert any("яяя" in line for line in lines)


def test_who_was_never_rung_was_no_attempt(daemon, provider):
    asked(daemon)
    daemon.wait_for(lambda: provider.orders)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] == "live")
    tell(daemon, {"id": "c1", "job": job_of(provider.orders[0]),
                  "state": "busy"})
    daemon.wait_for(lambda: len(provider.orders) > 1)
    assert "let_go" in daemon.story(ID)


def test_a_number_that_writes_without_end_is_not_heard(daemon):
    texts = [{"about": "text", "from": f"+7900000001{number}", "text": "?"}
             for number in (1,) * 32 + (2,)]
    before = steady(daemon)
    assert tell(daemon, *texts) == (200, "ok")
    assert counts(daemon)["limited"] == 2
    assert everything(daemon) == before


def everything(daemon):
    """Redis as it is, byte for byte."""
    return {key: daemon.redis.execute_command("DUMP", key, NEVER_DECODE=True)
            for key in daemon.redis.keys("*")}


def steady(daemon):
    """Its state once nothing goes on by itself."""
    last = [None]

    def is_same():
        now = everything(daemon)
        same, last[0] = now == last[0], now
        return same and now
    return daemon.wait_for(is_same)


def test_what_is_not_news_changes_nothing(daemon, provider):
    asked(daemon)
    daemon.wait_for(lambda: provider.orders)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] == "live")
    job = job_of(provider.orders[0])
    over = {"id": "c1", "job": job, "state": "over", "ms": 1}
    assert tell(daemon, {"id": "c1", "job": job, "state": "up"}, nonce="once",
                once="w1")[0] == 200
    before = steady(daemon)
    call, token = job.rsplit(".", 1)
    wrong = call + "." + ("0" if token[0] != "0" else "1") + token[1:]

    # Not genuine, or sent before.
    refused = [
        tell(daemon, over, key="another secret"),
        tell(daemon, over, send=json.dumps({"news": [{**over, "ms": 2}]})),
        tell(daemon, over, at=time.time() - 61),
        tell(daemon, over, at=time.time() + 61),
        tell(daemon, over, nonce="once"),
        tell(daemon, over, send="x" * 65537),
        tell(daemon, over, send="[" * 30000),
        daemon.http("POST", "/hooks/news", json.dumps({"news": [over]}),
                    token=""),
        daemon.http("GET", "/hooks/news?state=over", token=""),
    ]
    assert [status for status, _ in refused] == [403] * len(refused)
    assert counts(daemon)["refused"] == len(refused)
    assert tell(daemon, over, path="/hooks/news/%s/%s/over" % tuple(
        wrong.rsplit(".", 1)))[0] == 404
    assert tell(daemon, over, path="/hooks/news/x/y/over")[0] == 404
    assert tell(daemon, over, path="/hooks/nobody")[0] == 404
    assert tell(daemon, over, send="x" * 200000)[0] == 413
    assert counts(daemon)["refused"] == len(refused) + 1
    assert counts(daemon)["last_refusal"] == "wrong token"

    # Genuine, and of nobody, or old.
    assert tell(daemon, over, once="w1") == (200, "ok")
    foreign = [{"state": "over", "job": wrong}, {"state": "over", "id": "c1"},
               {"state": "over", "job": "x.y.z"},
               {"state": "over", "id": "c9", "customer": "+79000000099"}]
    assert tell(daemon, *foreign) == (200, "ok")
    assert tell(daemon, {"about": "text", "from": "+79000000009",
                         "text": "hello"}) == (200, "ok")
    assert daemon.http("GET", "/hooks/news?echo=a-1", token="") == (200, "a-1")
    assert everything(daemon) == before
    assert counts(daemon)["foreign"] == len(foreign)
    assert counts(daemon)["repeated"] == 1
    assert "wrong token" in daemon.ctl("show", "providers").stdout

    # It still listens.
    tell(daemon, {**over, "state": "talks"})
    daemon.wait_for_state(ID, "talking")


def test_a_provider_is_not_heard_of_another_ones_call(daemon, provider):
    """Not even with its right token, and a signature that is genuine."""
    asked(daemon)
    daemon.wait_for(lambda: provider.orders)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] == "live")
    job = job_of(provider.orders[0])
    call, token = job.rsplit(".", 1)
    over = {"id": "c1", "job": job, "state": "over", "ms": 1}
    before = steady(daemon)
    for news, path in ((over, "/hooks/other"),
                       ({**over, "job": ""}, f"/hooks/other/{call}/{token}/over"),
                       ({**over, "job": "", "customer": ANSWERS}, "/hooks/other"),
                       ({**over, "id": "c2"}, "/hooks/other")):
        assert tell(daemon, news, path=path, key=OTHER_KEY) == (200, "ok")
        assert tell(daemon, news, path=path)[0] == 403
        assert tell(daemon, news, path=path.replace("other", "news"),
                    key=OTHER_KEY)[0] == 403
    assert everything(daemon) == before
    assert counts(daemon, "other")["foreign"] == 4
    assert counts(daemon, "other")["refused"] == 4
    assert counts(daemon)["refused"] == 4
    tell(daemon, {**over, "state": "talks"})
    daemon.wait_for_state(ID, "talking")


def test_what_was_said_before_moves_nothing(daemon, provider):
    """Nor after a start, when nobody remembers having heard it."""
    asked(daemon)
    daemon.wait_for(lambda: provider.orders)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] == "live")
    job = job_of(provider.orders[0])
    for state in ("up", "rings", "talks"):
        tell(daemon, {"id": "c1", "job": job, "state": state}, nonce=state)
    daemon.wait_for_state(ID, "talking")
    daemon.restart()
    before = steady(daemon)
    for state in ("up", "rings", "talks"):
        assert tell(daemon, {"id": "c1", "job": job, "state": state},
                    nonce=state) == (200, "ok")
    assert everything(daemon) == before


def test_webhooks_that_never_come_whole_change_nothing(daemon, provider):
    """And keep nobody waiting whose webhooks do."""
    asked(daemon)
    daemon.wait_for(lambda: provider.orders)
    daemon.wait_for(lambda: daemon.request(ID)["calls"][0]["state"] == "live")
    job = job_of(provider.orders[0])
    before = steady(daemon)
    head = b"POST /hooks/news HTTP/1.1\r\nHost: x\r\nX-Sign: 0\r\n"
    pieces = [b"", b"P", head, head + b"Content-Length: 60000\r\n\r\n",
              head + b"Content-Length: 10000000000\r\n\r\n" + b"x" * 100000,
              head + b"Transfer-Encoding: chunked\r\n\r\n5;",
              head + b"X: " + b"x" * 100000, head + b"X: y\r\n" * 10000,
              head + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nover",
              b"\0" * 1000, b"\x16\x03\x01\x02\x00\x01" + b"\0" * 500]
    slow = [socket.create_connection(("127.0.0.1", daemon.port), 10)
            for _ in pieces * 3]
    for i, piece in enumerate(pieces * 3):
        try:
            slow[i].sendall(piece)
        except OSError:
            pass        # it has hung up on that
    began = time.monotonic()
    assert tell(daemon, {"job": "x.y.z", "state": "over"}) == (200, "ok")
    assert time.monotonic() - began < 1
    for one in slow:
        one.close()
    assert everything(daemon) == before
    assert counts(daemon)["heard"] == counts(daemon)["foreign"] == 1
    tell(daemon, {"id": "c1", "job": job, "state": "talks"})
    daemon.wait_for_state(ID, "talking")
