# SPDX-License-Identifier: MIT
"""The contract of Asterisk's REST interface as it was measured (TELEPHONY 3): an
id that protects only while the call is up, 500 that is final, 200 that is no call
yet, silent restarts, posts that come late and out of order. Debian 12 has no
Asterisk: a server of our own behaves so."""
import http.server
import json
import threading
import urllib.parse

import pytest

from company import AUTOMATIC, QUICK
from test_calls import ANSWERS, ID, asked

TOKEN = "hook secret"


class Asterisk(http.server.ThreadingHTTPServer):
    def __init__(self):
        self.channels, self.variables, self.orders = {}, {}, []
        self.asked_epoch = False
        self.started = "2026-01-01T00:00:00.000+0000"
        self.answer = lambda order: None    # or (status, body), or "close"
        super().__init__(("127.0.0.1", 0), Interface)

    def end(self, channel, last):
        """What the dialplan keeps of a call outlives it."""
        if last:
            self.variables["CB_LAST_" + channel] = last
        self.channels.pop(channel, None)

    def restart(self):
        self.channels.clear()
        self.variables.clear()
        self.started = "2026-01-01T00:10:00.000+0000"


class Interface(http.server.BaseHTTPRequestHandler):
    def reply(self, status, value=None):
        body = json.dumps(value).encode() if value is not None else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        world = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        channel = self.path.rsplit("/", 1)[1]
        world.orders.append({"id": channel, **body})
        said = world.answer(body)
        if isinstance(said, tuple):
            self.reply(*said)
            return
        if channel in world.channels:
            self.reply(409, {"message": "Channel with given unique ID already exists"})
            return
        assert all(isinstance(one, str) for one in body["variables"].values())
        world.channels[channel] = "Down"
        world.variables["CB_LAST_" + channel] = \
            body["variables"][f"GLOBAL(CB_LAST_{channel})"]
        if said == "close":
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.reply(200, {"id": channel, "state": "Down"})

    def do_GET(self):
        address = urllib.parse.urlparse(self.path)
        name = urllib.parse.parse_qs(address.query).get("variable", [""])[0]
        channel = address.path.rsplit("/", 1)[1]
        if address.path == "/ari/asterisk/variable":
            self.reply(200, {"value": self.server.variables.get(name, "")})
        elif address.path == "/ari/asterisk/info":
            self.reply(200, {"status": {"startup_time": self.server.started}})
            self.server.asked_epoch = True
        elif channel in self.server.channels:
            self.reply(200, {"id": channel, "state": self.server.channels[channel]})
        else:
            self.reply(404, {"message": "Channel not found"})

    def do_DELETE(self):
        channel = urllib.parse.urlparse(self.path).path.rsplit("/", 1)[1]
        self.reply(204 if self.server.channels.pop(channel, None) else 404)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def asterisk():
    server = Asterisk()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def daemon(asterisk, start_daemon, tmp_path):
    secrets = tmp_path / "asterisk.secret"
    secrets.write_text("user = callbackd\npassword = secret\ntrunk = trunk\n"
                       f"hook_token = {TOKEN}\n", encoding="utf-8")
    secrets.chmod(0o600)
    changes = {name: value for name, value in QUICK.items()
               if name != "provider"}
    return start_daemon({
        **changes, "allow_test_settings": False, "specialists": [AUTOMATIC], "voice": ["asterisk"],
        "provider": {"id": "asterisk", "file": "asterisk.conf", "timeout": "1s",
                     "private": True,
                     "base": f"http://127.0.0.1:{asterisk.server_port}",
                     "secrets": str(secrets)}})


def post(daemon, order, seq, event, more="", token=TOKEN):
    """As the dialplan's CURL does."""
    body = f"id={order['id']}&job={order['variables']['CB_JOB']}&seq={seq}" \
        f"&event={event}&at=1795339934{more}"
    return daemon.http("POST", "/hooks/asterisk", body, token="", headers={
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": f"Bearer {token}"})


def the_order(daemon, asterisk):
    asked(daemon)
    daemon.wait_for(lambda: asterisk.orders)
    return asterisk.orders[0]


def call(daemon):
    return daemon.request(ID)["calls"][0]


def kept(daemon, field):
    name = daemon.key(f"call:{daemon.request(ID)['id']}.1")
    return daemon.redis.hget(name, field)


def test_one_request_places_the_callback(daemon, asterisk):
    order = the_order(daemon, asterisk)
    assert order["endpoint"] == "PJSIP/+79160000014@trunk"
    assert order["variables"]["CB_CUSTOMER"] == ANSWERS
    daemon.wait_for(lambda: call(daemon)["state"] == "live")
    assert kept(daemon, "sid") == order["id"]
    assert post(daemon, order, 10, "agent_answered", token="other")[0] == 403
    assert post(daemon, order, 20, "customer_dialing") == (200, "ok")
    assert post(daemon, order, 30, "customer_answered") == (200, "ok")
    daemon.wait_for_state(ID, "talking")
    # The end overtakes what was before it, and is enough by itself.
    assert post(daemon, order, 90, "ended", "&last=customer_dialing"
                "&dialstatus=ANSWER&talk_ms=2007&hangupcause=16&sip=") == (200, "ok")
    daemon.wait_for_state(ID, "wrapping")
    assert post(daemon, order, 10, "agent_answered") == (200, "ok")
    assert call(daemon)["state"] == "ended"
    assert kept(daemon, "talk_ms") == "2007"
    assert len(asterisk.orders) == 1


def test_without_webhooks(daemon, asterisk):
    order = the_order(daemon, asterisk)
    asterisk.channels[order["id"]] = "Up"
    daemon.wait_for(lambda: kept(daemon, "progress") == "agent_up")
    asterisk.end(order["id"], f"id={order['id']}&job={order['variables']['CB_JOB']}"
                 "&seq=90&event=ended&last=customer_ANSWER&dialstatus=ANSWER"
                 "&talk_ms=2622&hangupcause=16&sip=")
    daemon.wait_for_state(ID, "wrapping")
    assert kept(daemon, "talk_ms") == "2622"


def test_a_lost_answer_is_looked_up(daemon, asterisk):
    asterisk.answer = lambda order: "close"
    order = the_order(daemon, asterisk)
    daemon.wait_for(lambda: call(daemon)["state"] == "live")
    assert kept(daemon, "sid") == order["id"] and len(asterisk.orders) == 1


def test_an_id_in_use_is_this_call(daemon, asterisk):
    asterisk.answer = lambda order: (
        409, {"message": "Channel with given unique ID already exists"})
    order = the_order(daemon, asterisk)
    asterisk.channels[order["id"]] = "Ringing"
    daemon.wait_for(lambda: call(daemon)["state"] == "live")
    assert kept(daemon, "sid") == order["id"]


def test_allocation_failed_is_final(daemon, asterisk):
    asterisk.answer = lambda order: (500, {"error": "Allocation failed"})
    the_order(daemon, asterisk)
    daemon.wait_for(lambda: "event=call_rejected" in daemon.log())
    assert "Allocation failed" in daemon.log()
    assert "event=call_unknown" not in daemon.log()


def test_a_silent_restart(daemon, asterisk):
    order = the_order(daemon, asterisk)
    asterisk.channels[order["id"]] = "Up"
    daemon.wait_for(lambda: kept(daemon, "progress") == "agent_up")
    daemon.wait_for(lambda: asterisk.asked_epoch)
    asterisk.restart()
    daemon.wait_for(lambda: kept(daemon, "state") == "ended")
    daemon.wait_for(lambda: "event=provider_started_anew" in daemon.log())
