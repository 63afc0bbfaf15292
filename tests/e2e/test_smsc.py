# SPDX-License-Identifier: MIT
"""The shipped file of SMSC.ru against a server that behaves as its documents say: it
answers 200 to everything, knows messages by our ids, and tells how they are when it
is asked."""
import http.server
import json
import urllib.parse

import pytest

import harness
from company import AUTOMATIC
from test_messages import (NUMBER, alarms, ask, letter, listener,  # noqa: F401
                           start_with)

KEY = "api key"


class Smsc(http.server.ThreadingHTTPServer):
    """refusal: (code, words) instead of taking a message; states: of each id, the
    status that it has, "lost" when the answer to send.php is lost."""
    daemon_threads = True

    def __init__(self):
        self.sent, self.asked = [], []      # forms
        self.refusal, self.is_lost, self.is_dropped = None, False, False
        self.status = {}
        super().__init__(("127.0.0.1", 0), Office)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def send(self, form):
        self.sent.append(form)
        if self.refusal is not None:
            code, words = self.refusal
            return {"error": words, "error_code": code}
        if form["id"] in self.status:
            return {"error": "duplicate request, wait a minute", "error_code": 9}
        if not self.is_dropped:
            self.status[form["id"]] = -1
        return {"id": form["id"], "cnt": 1}

    def tell(self, form):
        self.asked.append(form)
        status = self.status.get(form["id"], -3)
        return {"status": status, "last_date": "", "last_timestamp": 0, "err": 0}


class Office(harness.Handler):
    def do_POST(self):
        smsc = self.server
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
        if form.pop("apikey", None) != KEY:
            answer = {"error": "authorise error", "error_code": 2}
        elif form.get("fmt") != "3" or form.get("charset") != "utf-8":
            answer = {"error": "parameters error", "error_code": 1}
        elif self.path == "/sys/send.php":
            answer = smsc.send(form)
            if smsc.is_lost:
                self.connection.shutdown(2)
                return
        elif self.path == "/sys/status.php":
            answer = smsc.tell(form)
        else:
            self.send_error(404)
            return
        self.say(answer)


@pytest.fixture
def smsc():
    with harness.serving(Smsc()) as server:
        yield server


@pytest.fixture
def start(start_daemon, smsc):
    def start_it(**more):
        secrets = more.pop("secrets", {"apikey": KEY, "hook_secret": "h"})
        return start_with(
            start_daemon, {"id": "smsc", "file": "smsc.conf", "base": smsc.url,
                           "private": True, "secrets": secrets},
            **{"specialists": [AUTOMATIC], "telephony.poll": "1s", **more})
    return start_it


# Its handler need not be set up: what became of a text is asked.
@pytest.mark.parametrize("status,end", [(1, "delivered"), (2, "delivered"), (20, "failed")])
def test_what_became_of_it_is_asked(start, smsc, status, end):
    daemon = start()
    ask(daemon, "web-soon")
    one = letter(daemon, "web-soon", "soon", state="sent")
    [text] = smsc.sent
    assert text["phones"] == NUMBER[1:] and text["mes"] == one["text"]
    daemon.wait_for(lambda: smsc.asked)
    assert smsc.asked[0]["phone"] == NUMBER[1:]
    assert smsc.asked[0]["id"] == text["id"]
    smsc.status[text["id"]] = 0         # on its way
    letter(daemon, "web-soon", "soon", progress="sent")
    smsc.status[text["id"]] = status
    letter(daemon, "web-soon", "soon", state="ended", reason=end)
    assert len(smsc.sent) == 1
    asked = len(smsc.asked)
    ask(daemon, "web-other", "+79160000199")
    letter(daemon, "web-other", "soon", state="sent")
    daemon.wait_for(lambda: len(smsc.asked) > asked)
    assert smsc.asked[-1]["id"] != text["id"]


# The id is ours, so that a lost answer is no riddle.
def test_a_lost_answer_is_asked_about(start, smsc):
    smsc.is_lost = True
    daemon = start()
    ask(daemon, "web-soon")
    letter(daemon, "web-soon", "soon", state="sent")
    smsc.status[smsc.sent[0]["id"]] = 1
    letter(daemon, "web-soon", "soon", state="ended", reason="delivered")
    assert len(smsc.sent) == 1


# No money, or a wrong key: somebody of the company must see to it.
@pytest.mark.parametrize("code,words,secrets", [
    (3, "no money", None),
    (2, "authorise error", {"apikey": "wrong", "hook_secret": "h"})])
def test_no_money_is_an_alarm(start, smsc, listener, code, words, secrets):  # noqa: F811
    smsc.refusal = (code, words)
    daemon = start(alarms=alarms("provider_refuses", to=[listener.url + "/alarm"]),
                   **({"secrets": secrets} if secrets else {}))
    ask(daemon, "web-soon")
    letter(daemon, "web-soon", "soon", state="ended", reason="failed")
    daemon.wait_for(lambda: listener.heard)
    begun = json.loads(listener.bodies("/alarm")[0])
    assert (begun["cause"], begun["over"]) == ("provider_refuses", False)
    assert begun["detail"] == f"smsc {code} {words}"
    assert begun["detail"] in begun["text"]
    daemon.wait_for(lambda: len(listener.heard) == 2)
    assert json.loads(listener.bodies("/alarm")[1])["over"]


# What is wrong with one message is none.
def test_a_wrong_number_is_no_alarm(start, smsc, listener):  # noqa: F811
    smsc.refusal = (7, "invalid number")
    daemon = start(alarms=alarms("provider_refuses", "rejected",
                                 to=[listener.url + "/alarm"]))
    ask(daemon, "web-soon")
    letter(daemon, "web-soon", "soon", state="ended", reason="failed")
    # One that is comes after whatever would have come of that.
    daemon.ask({"id": "web-bad-1", "phone": "12"})
    daemon.wait_for(lambda: listener.heard)
    assert {json.loads(body)["cause"] for body in listener.bodies("/alarm")} == \
        {"rejected"}
