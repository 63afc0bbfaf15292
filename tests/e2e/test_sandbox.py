# SPDX-License-Identifier: MIT
"""callback-sandbox from outside: the real binary, driven over HTTP.

A small application in this file plays the part of callbackd: it answers the
network's questions with TwiML and takes its webhooks, and checks the signature
of each. The network runs at a hundredth of real time unless a test says other.

The binary is $CALLBACK_SANDBOX, or lies in $top_builddir/sandbox.
"""

import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

HERE = pathlib.Path(__file__).resolve()
SOURCE = HERE.parents[2]
ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "a secret of the test"
AGENT = "+74950000101"
CUSTOMER = "+79160000001"
COMPANY = "+74951234567"


def binary():
    """The sandbox to test; the tests are skipped without one."""
    named = os.environ.get("CALLBACK_SANDBOX")
    build = pathlib.Path(os.environ.get("top_builddir", SOURCE))
    path = pathlib.Path(named) if named else build / "sandbox/callback-sandbox"
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return str(path.resolve())


def wait_for(what, seconds=10):
    """The first true value of what(); fails after some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError(f"still not so after {seconds} s")


def signature(token, url, fields):
    """The rule of the provider's documentation, written anew."""
    text = url + "".join(name + value for name, value in sorted(fields))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


class Heard:
    """One request the network made."""

    def __init__(self, method, path, fields, signed):
        self.method = method
        self.path = path
        self.fields = dict(fields)
        self.signed = signed
        self.at = time.monotonic()

    def __getitem__(self, name):
        return self.fields.get(name)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        app = self.server.app
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fields = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)
        url = app.base + self.path
        wanted = signature(TOKEN, url, fields)
        heard = Heard(self.command, self.path, fields,
                      self.headers.get("X-Twilio-Signature") == wanted)
        with app.lock:
            app.heard.append(heard)
        answer = app.answers.get(self.path.split("?")[0], "")
        if callable(answer):
            answer = answer(heard)
        if answer is None:
            # Not a byte: the connection just ends.
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, text = answer if isinstance(answer, tuple) else (200, answer)
        text = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = serve

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True

    def handle_error(self, *_):
        """The network may be gone in the middle of an answer."""


class App:
    """Plays callbackd."""

    def __init__(self):
        self.lock = threading.Lock()
        self.heard = []
        self.answers = {}
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.app = self
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def at(self, path):
        with self.lock:
            return [heard for heard in self.heard
                    if heard.path.split("?")[0] == path]

    def statuses(self, path="/status"):
        return [heard["CallStatus"] for heard in self.at(path)]


class Sandbox:
    """The program under test."""

    def __init__(self, directory, *arguments):
        self.ledger_path = directory / "ledger"
        self.log = open(directory / "stderr", "ab")
        self.process = subprocess.Popen(
            [binary(), "--listen", "127.0.0.1:0", "--account", ACCOUNT,
             "--token", TOKEN, "--ledger", str(self.ledger_path),
             "--web", str(SOURCE / "web/phones"), *arguments],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        ready = self.process.stdout.readline()
        assert ready.startswith("listening on http://127.0.0.1:"), ready
        self.base = ready.split()[-1]
        self.port = int(self.base.rsplit(":", 1)[1])

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0
        self.process.stdout.close()
        self.log.close()

    def request(self, method, path, body=None, headers=(), timeout=30):
        """Status, headers and body of the answer; never follows."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=timeout)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def control(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        status, _, answer = self.request(method, path, text)
        return status, json.loads(answer)

    def api(self, method, path, fields=None, account=ACCOUNT, token=TOKEN,
            timeout=30):
        pair = base64.b64encode(f"{account}:{token}".encode()).decode()
        headers = {"Authorization": "Basic " + pair}
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self.request(method, f"/2010-04-01/Accounts/{ACCOUNT}{path}",
                            body, headers, timeout)

    def create(self, app, to=AGENT, **more):
        fields = [("To", to), ("From", COMPANY),
                  ("Url", app.base + "/flow/T1"),
                  ("StatusCallback", app.base + "/status")]
        for event in ("initiated", "ringing", "answered", "completed"):
            fields.append(("StatusCallbackEvent", event))
        fields = [pair for pair in fields if pair[0] not in more]
        fields += [pair for pair in more.items() if pair[1] is not None]
        return self.api("POST", "/Calls.json", fields)

    def order(self, app, to=AGENT, **more):
        status, _, body = self.create(app, to, **more)
        assert status == 201, body
        return json.loads(body)

    def call(self, sid):
        status, _, body = self.api("GET", f"/Calls/{sid}.json")
        assert status == 200
        return json.loads(body)

    def ended(self, sid):
        done = ("completed", "busy", "no-answer", "failed", "canceled")
        return wait_for(lambda: (lambda call: call if call["status"] in done
                                 else None)(self.call(sid)))

    def ledger(self, kind=None):
        lines = self.ledger_path.read_text().splitlines()
        lines = [json.loads(line) for line in lines]
        return [line for line in lines if kind in (None, line["kind"])]

    def change(self, number, **behaviour):
        status, answer = self.control(
            "PUT", "/sandbox/phones/" + urllib.parse.quote(number, ""),
            behaviour)
        assert status == 200, answer
        return answer


@pytest.fixture
def app():
    app = App()
    yield app
    app.close()


@pytest.fixture
def run(tmp_path):
    """Starts sandboxes; all of them must end cleanly."""
    started = []

    def start(*arguments):
        if not arguments:
            arguments = ("--clock-scale", "0.01")
        started.append(Sandbox(tmp_path, *arguments))
        return started[-1]

    yield start
    for sandbox in started:
        sandbox.close()


@pytest.fixture
def net(run):
    return run()


def dial(customer=CUSTOMER, number="", attributes=""):
    return (f'<Response><Dial callerId="{COMPANY}" action="/dialled" '
            f'timeout="30" {attributes}><Number statusCallback="/child" '
            'statusCallbackEvent="initiated ringing answered completed" '
            f'{number}>{customer}</Number></Dial></Response>')


def test_the_rule_of_signatures():
    """The one example that the provider publishes; it checks this file."""
    fields = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"),
              ("Digits", "1234"), ("From", "+14158675309"),
              ("To", "+18005551212")]
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, fields) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


# ---- a call and its webhooks

def test_a_call_from_order_to_end(net, app):
    app.answers["/flow/T1"] = "<Response><Say>Good day</Say></Response>"
    order = net.order(app)
    assert order["status"] == "queued"
    assert order["start_time"] is None and order["direction"] == "outbound-api"
    assert order["sid"].startswith("CA") and len(order["sid"]) == 34
    call = net.ended(order["sid"])
    assert call["status"] == "completed" and int(call["duration"]) >= 0
    wait_for(lambda: len(app.at("/status")) == 4)
    assert app.statuses() == ["initiated", "ringing", "in-progress",
                              "completed"]
    heard = app.at("/status")
    assert [h["SequenceNumber"] for h in heard] == ["0", "1", "2", "3"]
    assert all(h.signed for h in app.heard)
    assert heard[3]["SipResponseCode"] == "200"
    assert heard[3]["CallDuration"] == call["duration"]
    assert heard[0]["To"] == AGENT and heard[0]["From"] == COMPANY
    assert heard[0]["AccountSid"] == ACCOUNT
    assert heard[0]["CallSid"] == order["sid"]
    question = app.at("/flow/T1")[0]
    assert question["CallStatus"] == "in-progress"


def test_only_the_end_is_told_unless_asked(net, app):
    app.answers["/flow/T1"] = "<Response/>"
    order = net.order(app, StatusCallbackEvent=None)
    net.ended(order["sid"])
    # A call's webhooks are sent one after another: what came before the end
    # would have been here first.
    wait_for(lambda: app.at("/status"))
    assert app.statuses() == ["completed"]


@pytest.mark.parametrize("digits, status, sip", [
    ("02", "busy", "486"),
    ("03", "no-answer", "487"),
    ("08", "busy", "603"),
])
def test_numbers_that_do_not_answer(net, app, digits, status, sip):
    order = net.order(app, "+791600000" + digits, Timeout="20")
    assert net.ended(order["sid"])["status"] == status
    wait_for(lambda: status in app.statuses())
    last = app.at("/status")[-1]
    assert last["SipResponseCode"] == sip and last["CallDuration"] == "0"
    assert not app.at("/flow/T1")


def test_invalid_number(net, app):
    status, _, body = net.create(app, "+79160000006")
    assert status == 400 and json.loads(body)["code"] == 21211
    app.answers["/flow/T1"] = dial("+79160000006")
    net.order(app)
    done = wait_for(lambda: app.at("/dialled"))[0]
    assert done["DialCallStatus"] == "failed"
    assert done["DialBridged"] == "false"


def test_voicemail_stays_fifteen_seconds(net, app):
    app.answers["/flow/T1"] = '<Response><Pause length="60"/></Response>'
    order = net.order(app, "+79160000004", MachineDetection="Enable")
    call = net.ended(order["sid"])
    assert call["status"] == "completed"
    assert 15 <= int(call["duration"]) <= 25
    assert app.at("/flow/T1")[0]["AnsweredBy"] == "machine_start"


def test_hangs_up_after_three_seconds(net, app):
    app.answers["/flow/T1"] = '<Response><Pause length="60"/></Response>'
    call = net.ended(net.order(app, "+79160000005")["sid"])
    assert call["status"] == "completed" and 3 <= int(call["duration"]) <= 10


def test_answers_on_the_second_try_only(net, app):
    app.answers["/flow/T1"] = "<Response/>"
    first = net.order(app, "+79160000007", Timeout="5")
    assert net.ended(first["sid"])["status"] == "no-answer"
    second = net.order(app, "+79160000007", Timeout="30")
    assert net.ended(second["sid"])["status"] == "completed"


def test_a_phone_in_a_call_is_busy(net, app):
    app.answers["/flow/T1"] = '<Response><Pause length="60"/></Response>'
    first = net.order(app)
    wait_for(lambda: net.call(first["sid"])["status"] == "in-progress")
    assert net.ended(net.order(app)["sid"])["status"] == "busy"
    net.api("POST", f"/Calls/{first['sid']}.json", {"Status": "completed"})
    assert net.ended(first["sid"])["status"] == "completed"


@pytest.mark.parametrize("address", ["sip:101@pbx.example", "user:boris"])
def test_addresses_that_are_no_numbers(net, app, address):
    app.answers["/flow/T1"] = "<Response><Say>Hello</Say></Response>"
    call = net.ended(net.order(app, address)["sid"])
    assert call["status"] == "completed" and call["to"] == address


# ---- TwiML

def test_press_one_then_the_customer(net, app):
    """The flow of callbackd: ask, dial, whisper, join, end."""
    net.change(AGENT, keys=[[3, "1"]])
    app.answers["/flow/T1"] = (
        '<Response><Gather numDigits="1" timeout="10" action="pressed?t=T1">'
        "<Say>Press 1</Say></Gather><Hangup/></Response>")
    app.answers["/flow/pressed"] = dial(number='url="/whisper"')
    app.answers["/whisper"] = "<Response><Say>We call you back</Say></Response>"
    app.answers["/dialled"] = "<Response><Hangup/></Response>"
    order = net.order(app)
    assert net.ended(order["sid"])["status"] == "completed"
    pressed, = app.at("/flow/pressed")
    assert pressed["Digits"] == "1" and pressed.path == "/flow/pressed?t=T1"
    wait_for(lambda: len(app.at("/child")) == 4)
    assert app.statuses("/child") == ["initiated", "ringing", "in-progress",
                                      "completed"]
    child = app.at("/child")[0]
    assert child["ParentCallSid"] == order["sid"]
    assert child["CallSid"] != order["sid"]
    assert child["To"] == CUSTOMER and child["From"] == COMPANY
    whisper, = app.at("/whisper")
    assert whisper["CallSid"] == child["CallSid"]
    dialled, = app.at("/dialled")
    assert dialled["CallSid"] == order["sid"]
    assert dialled["DialCallStatus"] == "completed"
    assert dialled["DialCallSid"] == child["CallSid"]
    assert dialled["DialBridged"] == "true"
    assert int(dialled["DialCallDuration"]) >= 8
    assert all(h.signed for h in app.heard)
    listed = json.loads(net.api(
        "GET", f"/Calls.json?ParentCallSid={order['sid']}")[2])["calls"]
    assert [c["sid"] for c in listed] == [child["CallSid"]]


def test_declines_with_two(net, app):
    net.change(AGENT, keys=[[1, "2"]])
    app.answers["/flow/T1"] = ('<Response><Gather numDigits="1" action="/g">'
                               "</Gather></Response>")
    app.answers["/g"] = "<Response><Hangup/></Response>"
    net.ended(net.order(app)["sid"])
    assert [h["Digits"] for h in app.at("/g")] == ["2"]


def test_each_gather_gets_its_own_key(net, app):
    net.change(AGENT, keys=[[1, "1"], [2, "3"]])
    app.answers["/flow/T1"] = ('<Response><Gather numDigits="1" action="/a">'
                               "<Say>first</Say></Gather></Response>")
    app.answers["/a"] = ('<Response><Say>then</Say><Gather numDigits="1" '
                         'action="/b"><Say>second</Say></Gather></Response>')
    app.answers["/b"] = "<Response/>"
    net.ended(net.order(app)["sid"])
    assert [h["Digits"] for h in app.at("/a")] == ["1"]
    assert [h["Digits"] for h in app.at("/b")] == ["3"]


def test_gather_without_a_key_goes_on(net, app):
    app.answers["/flow/T1"] = (
        '<Response><Gather timeout="2" action="/g"><Say>Press</Say></Gather>'
        '<Redirect method="GET">/next?x=1</Redirect></Response>')
    app.answers["/next"] = "<Response/>"
    net.ended(net.order(app)["sid"])
    assert not app.at("/g")
    following, = app.at("/next")
    assert following.method == "GET" and following.signed
    assert "x=1&" in following.path and "CallSid=" in following.path


def test_dial_reports_who_was_not_reached(net, app):
    app.answers["/flow/T1"] = dial("+79160000002")
    app.answers["/dialled"] = "<Response><Say>Busy</Say></Response>"
    net.ended(net.order(app)["sid"])
    assert app.at("/dialled")[0]["DialCallStatus"] == "busy"
    wait_for(lambda: "busy" in app.statuses("/child"))


def test_dial_timeout_and_time_limit(net, app):
    app.answers["/flow/T1"] = dial("+79160000003")
    net.ended(net.order(app)["sid"])
    assert app.at("/dialled")[0]["DialCallStatus"] == "no-answer"
    net.change(CUSTOMER, talk_for=0)
    net.change("+74950000201", talk_for=0)
    app.answers["/flow/T1"] = dial(attributes='timeLimit="20"')
    net.ended(net.order(app, "+74950000201")["sid"])
    talked = int(app.at("/dialled")[1]["DialCallDuration"])
    assert talked >= 20


def test_the_first_of_several_numbers_wins(net, app):
    app.answers["/flow/T1"] = (
        '<Response><Dial action="/dialled"><Number>+79160000003</Number>'
        '<Number>+79160000011</Number></Dial></Response>')
    order = net.order(app)
    net.ended(order["sid"])
    assert app.at("/dialled")[0]["DialCallStatus"] == "completed"
    ends = {line["number"]: line["status"] for line in net.ledger("end")}
    assert ends["+79160000003"] == "canceled"
    assert ends["+79160000011"] == "completed"


def test_the_specialist_leaves_while_the_customer_rings(net, app):
    net.change(CUSTOMER, answer_after=3600)
    app.answers["/flow/T1"] = dial()
    order = net.order(app)
    wait_for(lambda: "ringing" in app.statuses("/child"))
    phone = urllib.parse.quote(AGENT, "")
    assert net.control("POST", f"/phones/{phone}/hangup")[0] == 200
    net.ended(order["sid"])
    wait_for(lambda: "canceled" in app.statuses("/child"))
    assert not app.at("/dialled")


def test_whisper_may_refuse_the_join(net, app):
    app.answers["/flow/T1"] = dial(number='url="/whisper"')
    app.answers["/whisper"] = "<Response><Hangup/></Response>"
    net.ended(net.order(app)["sid"])
    assert app.at("/dialled")[0]["DialBridged"] == "false"
    assert not net.ledger("join")


def test_inline_twiml(net, app):
    net.ended(net.order(app, Url=None, Twiml="<Response><Say>Hi</Say>"
                        "</Response>")["sid"])
    calls = net.control("GET", "/sandbox/calls")[1]["calls"]
    assert calls[0]["heard"] == ["Hi"]


@pytest.mark.parametrize("answer", [
    (500, "<Response/>"),
    (302, ""),
    "<Response><Say>unclosed</Response>",
    "<Response><Conference/></Response>",
    "<!DOCTYPE r [<!ENTITY a 'b'>]><Response><Say>&a;</Say></Response>",
    "<html></html>",
    "<Response><Number>1</Number></Response>",
    "<Response><Say>" + "x" * 70000 + "</Say></Response>",
])
def test_a_bad_answer_ends_the_call(net, app, answer):
    app.answers["/flow/T1"] = answer
    assert net.ended(net.order(app)["sid"])["status"] == "completed"
    assert net.ledger("bad_twiml")


def test_two_documents_that_ask_for_each_other(run, app):
    net = run("--fast")
    app.answers["/flow/T1"] = "<Response><Redirect>/flow/T2</Redirect></Response>"
    app.answers["/flow/T2"] = "<Response><Redirect>/flow/T1</Redirect></Response>"
    net.ended(net.order(app)["sid"])
    assert "too many" in net.ledger("bad_twiml")[0]["why"]


def test_a_broken_connection_is_tried_once_more(net, app):
    answers = [None, "<Response><Say>Second try</Say></Response>"]
    app.answers["/flow/T1"] = lambda heard: answers.pop(0)
    net.ended(net.order(app)["sid"])
    calls = net.control("GET", "/sandbox/calls")[1]["calls"]
    assert calls[0]["heard"] == ["Second try"]


# ---- the API

def test_who_may_call(net, app):
    assert net.api("GET", "/Calls.json", token="wrong")[0] == 401
    assert net.request("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json")[0] == 401
    status, _, body = net.api("GET", "/Queues.json")
    assert status == 404 and json.loads(body)["code"] == 20404


@pytest.mark.parametrize("change, code", [
    ({"To": None}, 21201),
    ({"From": None}, 21213),
    ({"Url": None}, 21205),
    ({"Url": "ftp://x/"}, 21205),
    ({"To": "nobody"}, 21211),
    ({"From": "abc"}, 21212),
    ({"Timeout": "x"}, 20001),
    ({"StatusCallback": "x"}, 20001),
    ({"Method": "PUT"}, 20001),
])
def test_orders_that_are_refused(net, app, change, code):
    fields = dict(change)
    to = fields.pop("To", AGENT)
    if to is None:
        status, _, body = net.api("POST", "/Calls.json", [("From", COMPANY)])
    else:
        status, _, body = net.create(app, to, **fields)
    assert status == 400 and json.loads(body)["code"] == code
    assert not net.ledger("ring")


def test_list_filters_and_pages(net, app):
    app.answers["/flow/T1"] = "<Response/>"
    for number in range(7):
        url = f"{app.base}/status?token=t{number}"
        net.order(app, f"+7916000{number}001", StatusCallback=url)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    path = f"/Calls.json?From={urllib.parse.quote(COMPANY)}" \
           f"&StartTime%3E={day}&PageSize=3"
    seen = []
    while path:
        page = json.loads(net.api("GET", path)[2])
        seen += [call["to"] for call in page["calls"]]
        path = page["next_page_uri"]
        path = path and path.split(ACCOUNT, 1)[1]
    assert seen == [f"+7916000{n}001" for n in reversed(range(7))]
    one, = json.loads(net.api("GET", "/Calls.json?To=%2B79160003001")[2])["calls"]
    assert one["status_callback"] == f"{app.base}/status?token=t3"
    tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))
    page = json.loads(net.api("GET", f"/Calls.json?StartTime>={tomorrow}")[2])
    assert page["calls"] == []
    assert net.api("GET", "/Calls.json?PageSize=0")[0] == 400
    assert net.api("GET", "/Calls.json?StartTime=yesterday")[0] == 400


def test_hang_up(net, app):
    app.answers["/flow/T1"] = '<Response><Pause length="600"/></Response>'
    net.change(AGENT, answer_after=3600)
    order = net.order(app, Timeout="600")
    path = f"/Calls/{order['sid']}.json"
    wait_for(lambda: net.call(order["sid"])["status"] == "ringing")
    body = json.loads(net.api("POST", path, {"Status": "canceled"})[2])
    assert body["status"] == "canceled"
    status, _, body = net.api("POST", path, {"Status": "completed"})
    assert status == 400 and json.loads(body)["code"] == 21220
    net.change(AGENT, answer_after=0)
    order = net.order(app)
    path = f"/Calls/{order['sid']}.json"
    wait_for(lambda: net.call(order["sid"])["status"] == "in-progress")
    body = json.loads(net.api("POST", path, {"Status": "canceled"})[2])
    assert body["status"] == "in-progress"
    body = json.loads(net.api("POST", path, {"Status": "completed"})[2])
    assert body["status"] == "completed"
    assert net.api("POST", path, {"Status": "x"})[0] == 400
    assert net.api("GET", "/Calls/CA" + "0" * 32 + ".json")[0] == 404


# ---- the ledger

def test_the_ledger_tells_all(net, app):
    app.answers["/flow/T1"] = dial()
    app.answers["/dialled"] = "<Response/>"
    order = net.order(app)
    net.ended(order["sid"])
    wait_for(lambda: len(net.ledger("webhook")) == 8)
    request = net.ledger("request")[0]
    assert request["method"] == "POST" and request["status"] == 201
    assert request["token"] == "T1" and request["sid"] == order["sid"]
    rings = net.ledger("ring")
    assert [ring["number"] for ring in rings] == [AGENT, CUSTOMER]
    assert rings[0]["parent"] is None and rings[1]["parent"] == order["sid"]
    assert all(ring["at_ms"] > 1600000000000 for ring in rings)
    kinds = [line["kind"] for line in net.ledger()
             if line["kind"] in ("ring", "answer", "join", "end")]
    assert kinds == ["ring", "answer", "ring", "answer", "join", "end", "end"]
    assert all(line["status"] == 200 for line in net.ledger("webhook"))


def test_a_webhook_nobody_takes(net, app):
    app.answers["/flow/T1"] = "<Response/>"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    net.ended(net.order(app, StatusCallback=f"http://127.0.0.1:{port}/")["sid"])
    lines = wait_for(lambda: net.ledger("webhook"))
    assert lines[0]["status"] == 0 and lines[0]["error"]


# ---- faults

def fault(net, **order):
    status, answer = net.control("POST", "/sandbox/faults", order)
    assert status == 200, answer


@pytest.mark.parametrize("kind, status, created", [
    ("500_before", 500, False), ("500_after", 500, True), ("503", 503, False),
    ("429", 429, False), ("400", 400, False), ("redirect", 307, False),
])
def test_faults_with_an_answer(net, app, kind, status, created):
    app.answers["/flow/T1"] = "<Response/>"
    fault(net, create={"kind": kind, "count": 2})
    assert net.create(app)[0] == status
    assert net.create(app, "+74950000201")[0] == status
    assert net.create(app, "+74950000301")[0] == 201
    calls = json.loads(net.api("GET", "/Calls.json")[2])["calls"]
    assert len(calls) == (3 if created else 1)
    assert [line.get("fault") for line in net.ledger("request")
            if line["method"] == "POST"] == [kind, kind, None]


@pytest.mark.parametrize("kind, created", [("close_before", 0),
                                           ("close_after", 1)])
def test_faults_without_an_answer(net, app, kind, created):
    fault(net, create={"kind": kind})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        net.create(app)
    calls = json.loads(net.api("GET", "/Calls.json")[2])["calls"]
    assert len(calls) == created


def test_late_garbage_and_huge_answers(net, app):
    fault(net, create=[{"kind": "late", "delay": 0.5}, {"kind": "garbage"},
                       {"kind": "huge"}])
    began = time.monotonic()
    assert net.create(app)[0] == 201
    assert time.monotonic() - began > 0.4
    with pytest.raises(ValueError):
        json.loads(net.create(app, "+74950000201")[2])
    body = net.create(app, "+74950000301")[2]
    assert len(body) > 10 * 1024 * 1024 and json.loads(body)["sid"]


def test_an_answer_that_drips(net, app):
    fault(net, create={"kind": "drip"})
    with socket.create_connection(("127.0.0.1", net.port), 10) as stream:
        form = urllib.parse.urlencode({"To": AGENT, "From": COMPANY,
                                       "Url": app.base + "/flow/T1"})
        pair = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        stream.sendall((f"POST /2010-04-01/Accounts/{ACCOUNT}/Calls.json "
                        "HTTP/1.1\r\nHost: x\r\n"
                        f"Authorization: Basic {pair}\r\n"
                        f"Content-Length: {len(form)}\r\n\r\n{form}").encode())
        got = 0
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            got += len(stream.recv(65536))
    assert 0 < got < 60
    assert net.create(app, "+74950000201")[0] == 201


def test_webhooks_dropped_doubled_and_delayed(net, app):
    app.answers["/flow/T1"] = "<Response/>"
    fault(net, webhook=[{"kind": "drop"},
                        {"kind": "duplicate", "times": 3},
                        {"kind": "delay", "delay": 0.6}])
    net.ended(net.order(app)["sid"])
    wait_for(lambda: len(app.at("/status")) == 6)
    assert sorted(app.statuses()) == ["completed", "in-progress"] + \
        ["ringing"] * 4
    assert app.statuses()[-1] == "in-progress"
    assert app.statuses().index("completed") < 5
    wait_for(lambda: {line.get("fault") for line in net.ledger("webhook")} ==
             {"drop", "duplicate", "delay", None})


def test_webhooks_out_of_order(net, app):
    app.answers["/flow/T1"] = "<Response/>"
    fault(net, webhook={"kind": "reorder"})
    net.ended(net.order(app)["sid"])
    wait_for(lambda: len(app.at("/status")) == 4)
    assert app.statuses()[:2] == ["ringing", "initiated"]


def test_forged_webhooks(net, app):
    app.answers["/flow/T1"] = '<Response><Pause length="100"/></Response>'
    fault(net, webhook={"kind": "forged", "count": 2})
    net.order(app)
    wait_for(lambda: len(app.at("/status")) == 5)
    forged = [h for h in app.at("/status") if not h.signed]
    assert [h["CallStatus"] for h in forged] == ["completed"] * 2


def test_faults_are_listed_and_taken_back(net, app):
    fault(net, create={"kind": "429", "count": 5})
    left = net.control("GET", "/sandbox/faults")[1]
    assert left["create"][0]["kind"] == "429"
    assert left["create"][0]["count"] == 5 and left["webhook"] == []
    assert net.control("DELETE", "/sandbox/faults")[1]["create"] == []
    app.answers["/flow/T1"] = "<Response/>"
    assert net.create(app)[0] == 201


@pytest.mark.parametrize("order", [
    [], {"create": {"kind": "drop"}}, {"webhook": {"kind": "500_before"}},
    {"other": {}}, {"create": {"kind": "429", "count": 0}},
    {"create": [{"kind": "429"}] * 65}, {"webhook": {"kind": "duplicate",
                                                     "times": 1000}},
])
def test_faults_that_make_no_sense(net, order):
    status, answer = net.control("POST", "/sandbox/faults", order)
    assert status == 400 and answer["detail"]
    assert net.control("GET", "/sandbox/faults")[1] == {
        "create": [], "webhook": [], "sms": []}


# ---- phones, the page

SETUP = """
phones = (
  { number = "+7 (495) 000-01-01"; name = "Анна"; hand = true; },
  { number = "sip:102@pbx"; name = "Boris"; answer_after = 1.5;
    keys = ( (3.0, "1"), (2, "2") ); hang_up_after = 0; },
  { number = "user:vera"; like = "02"; }
);
"""


def test_the_setup_file(run, app, tmp_path):
    path = tmp_path / "phones.conf"
    path.write_text(SETUP)
    net = run("--phones", str(path), "--clock-scale", "0.01")
    phones = {phone["number"]: phone for phone
              in net.control("GET", "/sandbox/phones")[1]["phones"]}
    assert phones[AGENT]["hand"] and phones[AGENT]["name"] == "Анна"
    assert phones["sip:102@pbx"]["keys"] == [[3.0, "1"], [2.0, "2"]]
    assert phones["sip:102@pbx"]["answer_after"] == 1.5
    assert phones["user:vera"]["does"] == "busy"
    net.change("user:vera", does="answers")
    assert net.control("POST", "/sandbox/reset")[0] == 200
    assert net.control("GET", "/sandbox/phones/user:vera")[1]["does"] == "busy"


@pytest.mark.parametrize("text, what", [
    ("phones = ( { name = \"x\"; } );", "number"),
    ("phones = ( { number = \"+7495\"; colour = 1; } );", "colour"),
    ("phones = ( { number = \"+7495\"; keys = ( 1 ); } );", "keys"),
    ("phones = ( { number = \"+7495\"; answer_after = -1; } );", "seconds"),
    ("phones = 1;", "list"), ("fones = ();", "phones"), ("phones = (", ":1"),
])
def test_a_bad_setup_file(tmp_path, text, what):
    path = tmp_path / "phones.conf"
    path.write_text(text)
    done = subprocess.run([binary(), "--listen", "127.0.0.1:0", "--phones",
                           str(path)], capture_output=True, text=True,
                          timeout=10)
    assert done.returncode == 78
    assert what in done.stderr and str(path) in done.stderr


def test_a_phone_held_by_hand(net, app):
    net.change(AGENT, hand=True, name="Anna")
    app.answers["/flow/T1"] = ('<Response><Gather numDigits="1" timeout="600"'
                               ' action="/g"><Say>Press 1</Say></Gather>'
                               "</Response>")
    app.answers["/g"] = '<Response><Pause length="600"/></Response>'

    def card():
        state = net.control("GET", "/phones/state")[1]
        return [phone for phone in state["phones"]
                if phone["number"] == AGENT][0]["call"]

    def act(what):
        number = urllib.parse.quote(AGENT)
        return net.control("POST", f"/phones/{number}/{what}")[0]

    assert act("answer") == 409
    order = net.order(app, Timeout="600")
    wait_for(lambda: card() and card()["status"] == "ringing")
    assert card()["from"] == COMPANY
    assert act("answer") == 200
    wait_for(lambda: card()["heard"] == ["Press 1"])
    assert card()["listens"]
    assert act("key?digit=x") == 404
    assert act("key?digit=1") == 200
    wait_for(lambda: app.at("/g"))
    assert act("hangup") == 200
    assert net.ended(order["sid"])["status"] == "completed"
    assert act("hangup") == 409
    net.order(app, Timeout="600")
    wait_for(lambda: card() and card()["status"] == "ringing")
    assert act("reject") == 200
    recent = net.control("GET", "/phones/state")[1]["calls"]
    assert recent[0]["status"] == "busy" and recent[0]["to_name"] == "Anna"


def test_the_page_is_served(net):
    status, headers, _ = net.request("GET", "/phones")
    assert status == 302 and headers["Location"] == "/phones/"
    status, headers, body = net.request("GET", "/phones/")
    assert status == 200 and "default-src 'none'" in headers[
        "Content-Security-Policy"]
    for name in ("phones.js", "phones.css"):
        assert name.encode() in body
        assert net.request("GET", "/phones/" + name)[0] == 200
    assert net.request("GET", "/phones/nothing")[0] == 404


def test_another_sites_page_may_not_steer(net):
    headers = {"Origin": "http://evil.example"}
    for method, path in (("POST", "/sandbox/reset"),
                         ("POST", "/phones/%2B74950000101/answer"),
                         ("PUT", "/sandbox/phones/%2B74950000101"),
                         ("DELETE", "/sandbox/faults")):
        assert net.request(method, path, "{}" if method == "PUT" else None,
                           headers)[0] == 403


def test_reset_forgets_calls(net, app):
    app.answers["/flow/T1"] = '<Response><Pause length="600"/></Response>'
    order = net.order(app)
    wait_for(lambda: net.call(order["sid"])["status"] == "in-progress")
    net.control("POST", "/sandbox/reset")
    assert net.control("GET", "/sandbox/calls")[1] == {"live": 0, "calls": []}
    assert net.api("GET", f"/Calls/{order['sid']}.json")[0] == 404
    app.answers["/flow/T1"] = "<Response/>"
    assert net.ended(net.order(app)["sid"])["status"] == "completed"


# ---- time and size

def test_fast_takes_no_time(run, app):
    net = run("--fast")
    app.answers["/flow/T1"] = (
        '<Response><Gather numDigits="1" action="/g"><Say>Press</Say>'
        "</Gather></Response>")
    app.answers["/g"] = dial()
    net.change(AGENT, keys=[[3, "1"]])
    began = time.monotonic()
    net.ended(net.order(app)["sid"])
    assert time.monotonic() - began < 1
    assert app.at("/dialled")[0]["DialCallStatus"] == "completed"


def test_the_clock_is_scaled(run, app):
    net = run("--clock-scale", "0.1")
    app.answers["/flow/T1"] = "<Response><Say>" + "a" * 100 + "</Say></Response>"
    began = time.monotonic()
    call = net.ended(net.order(app)["sid"])
    took = time.monotonic() - began
    assert 0.8 <= took < 2          # 0.2 + 2 + 6 s of the network
    assert 6 <= int(call["duration"]) <= 8


def test_a_thousand_calls_at_once(net, app):
    app.answers["/flow/T1"] = '<Response><Pause length="6000"/></Response>'
    connection = http.client.HTTPConnection("127.0.0.1", net.port)
    pair = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    for number in range(1000):
        body = urllib.parse.urlencode({
            "To": f"+7916{number:05d}01", "From": COMPANY,
            "Url": app.base + "/flow/T1"})
        connection.request(
            "POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", body,
            {"Authorization": "Basic " + pair})
        answer = connection.getresponse()
        assert answer.status == 201
        answer.read()
    connection.close()
    wait_for(lambda: len(net.ledger("answer")) == 1000, 60)
    assert net.control("GET", "/sandbox/calls")[1]["live"] == 1000
    state = net.control("GET", "/phones/state")[1]
    assert len(state["phones"]) == 60 and state["left_out"] == 940


def test_ends_cleanly_in_the_middle_of_everything(run, app):
    net = run()
    app.answers["/flow/T1"] = lambda heard: time.sleep(1) or "<Response/>"
    fault(net, webhook=[{"kind": "delay", "delay": 60}, {"kind": "reorder",
                                                        "delay": 60}])
    fault(net, create={"kind": "late", "delay": 60})
    late = threading.Thread(target=lambda: net.create(app, "+74950000201"))
    late.start()
    wait_for(lambda: net.ledger("request"))
    net.order(app)
    wait_for(lambda: app.at("/flow/T1"))
    net.close()
    late.join(10)
    assert not late.is_alive()


def test_kill_leaves_a_whole_ledger(tmp_path, app):
    net = Sandbox(tmp_path, "--clock-scale", "0.01")
    app.answers["/flow/T1"] = dial()
    for number in range(50):
        net.order(app, f"+7916{number:05d}01")
    net.process.kill()
    net.process.wait()
    net.process.stdout.close()
    net.log.close()
    assert len(net.ledger("request")) == 50


# ---- phones that call the application

LINE = "+74951234567"


def line_call(net, app, phone=CUSTOMER, status=201, **more):
    code, answer = net.control(
        "PUT", "/sandbox/lines/" + urllib.parse.quote(LINE, ""),
        {"url": app.base + "/line", "status_url": app.base + "/line-status"})
    assert code == 200 and LINE in answer["lines"]
    code, answer = net.control(
        "POST", "/sandbox/phones/" + urllib.parse.quote(phone, "") + "/call",
        {"to": LINE, **more})
    assert code == status, answer
    return answer


def test_a_phone_calls_a_line_and_presses_keys(net, app):
    app.answers["/line"] = (
        '<Response><Gather numDigits="1" action="/keys"><Say>Press 1</Say>'
        "</Gather></Response>")
    app.answers["/keys"] = "<Response><Say>Thank you</Say></Response>"
    net.change(CUSTOMER, keys=[[1, "1"]])
    sid = line_call(net, app)["sid"]
    assert net.ended(sid)["status"] == "completed"
    wait_for(lambda: app.statuses("/line-status"))
    first, keys = app.at("/line")[0], app.at("/keys")[0]
    assert first["Direction"] == "inbound" and first.signed
    assert (first["From"], first["To"]) == (CUSTOMER, LINE)
    assert (first["CallStatus"], keys["CallStatus"]) == ("ringing",
                                                        "in-progress")
    assert keys["Digits"] == "1"
    assert app.statuses("/line-status") == ["completed"]
    assert [line["kind"] for line in net.ledger()
            if line["kind"] in ("dial", "answer", "ring", "end")] == [
                "dial", "answer", "end"]
    assert net.call(sid)["direction"] == "inbound"


def test_what_needs_no_answer_lets_a_line_ring_on(net, app):
    app.answers["/line"] = (
        '<Response><Pause length="10"/><Redirect>/rang</Redirect></Response>')
    app.answers["/rang"] = "<Response><Reject/></Response>"
    sid = line_call(net, app)["sid"]
    assert net.ended(sid)["status"] == "busy"
    assert app.at("/rang")[0]["CallStatus"] == "ringing"
    assert net.call(sid)["duration"] is None
    # Who waits for less does not hear of it.
    app.answers["/line"] = '<Response><Pause length="600"/></Response>'
    sid = line_call(net, app, wait=5)["sid"]
    assert net.ended(sid)["status"] == "no-answer"
    assert len(app.at("/rang")) == 1


def test_a_hidden_number_and_calls_that_cannot_be_made(net, app):
    app.answers["/line"] = '<Response><Pause length="600"/></Response>'
    sid = line_call(net, app, hidden=True)["sid"]
    wait_for(lambda: app.at("/line"))
    assert app.at("/line")[0]["From"] == "anonymous"
    assert line_call(net, app, status=409)["code"] == "phone_is_busy"
    assert line_call(net, app, "nobody", 404)["code"] == "phone_invalid"
    code, answer = net.control("POST", "/phones/" + urllib.parse.quote(
        CUSTOMER, "") + "/hangup")
    assert code == 200, answer
    assert net.ended(sid)["status"] == "canceled"
    code, answer = net.control("POST", "/sandbox/phones/1234/call",
                               {"to": "+74950000000"})
    assert (code, answer["code"]) == (404, "line_unknown")


def test_a_caller_is_joined_with_a_specialist(net, app):
    app.answers["/line"] = dial(AGENT)
    app.answers["/dialled"] = "<Response/>"
    sid = line_call(net, app)["sid"]
    net.ended(sid)
    assert app.at("/dialled")[0]["DialCallStatus"] == "completed"
    assert [line["number"] for line in net.ledger("join")] == [AGENT]


def test_lines_in_the_setup_file(run, tmp_path, app):
    path = tmp_path / "lines.conf"
    path.write_text(f'lines = ( {{ number = "{LINE}"; url = "{app.base}/line"; '
                    "} );")
    net = run("--clock-scale", "0.01", "--phones", str(path))
    app.answers["/line"] = "<Response/>"
    code, answer = net.control("POST", "/sandbox/phones/1234/call",
                               {"to": LINE})
    assert code == 201, answer
    assert LINE in net.control("GET", "/phones/state")[1]["lines"]
