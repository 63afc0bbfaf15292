# SPDX-License-Identifier: MIT
"""The shipped file and scenario of Voximplant, between the real daemon and a server
that behaves as its documents say: StartScenarios is answered 200 with an id, and the
scenario, config/voximplant/bridge.js, runs in a model of VoxEngine under Node. What
the scenario does by itself is tested there: tests/node/bridge.test.mjs."""
import base64
import http.server
import json
import shutil
import subprocess
import urllib.parse

import pytest

import harness
from company import AUTOMATIC, QUICK, specialist
from harness import TOP
from test_calls import ANSWERS, ID, asked

NODE = shutil.which("node")
KEY = "hook secret"
RULE = "77"
ANNA = specialist("anna", "+79160000001", ("info", 3), confirm="answer",
                  accept="automatic")

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node")


class Platform(http.server.ThreadingHTTPServer):
    """sessions: the custom data of each."""
    daemon_threads = True

    def __init__(self):
        self.sessions, self.tokens, self.is_refusing = [], [], False
        super().__init__(("127.0.0.1", 0), Interface)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Interface(harness.Handler):
    def do_POST(self):
        platform = self.server
        form = dict(urllib.parse.parse_qsl(
            self.rfile.read(int(self.headers["Content-Length"])).decode()))
        head, claims, _ = self.headers["Authorization"].split()[1].split(".")
        platform.tokens.append([json.loads(base64.urlsafe_b64decode(part + "==="))
                                for part in (head, claims)])
        if self.path != "/platform_api/StartScenarios" or \
                form.get("rule_id") != RULE or platform.is_refusing:
            self.say({"error": {"code": 100, "msg": "refused"}})
            return
        platform.sessions.append(form["script_custom_data"])
        self.say({"result": 1, "call_session_history_id": 1000 + len(platform.sessions),
                  "media_session_access_secure_url": "https://www.voximplant.com/request/1"})


@pytest.fixture
def platform():
    with harness.serving(Platform()) as server:
        yield server


@pytest.fixture
def daemon(platform, start_daemon, request, tmp_path):
    private = subprocess.run(
        ["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True).stdout
    path = tmp_path / "secrets"
    path.write_text("".join(f"{name} = {value}\n" for name, value in {
        "account_id": "1", "key_id": "2", "rule_id": RULE, "hook_secret": KEY,
        "private_key": private}.items()), encoding="utf-8")
    path.chmod(0o600)
    mark = request.node.get_closest_marker("settings")
    return start_daemon({
        **QUICK, "allow_test_settings": False, "voice": ["voximplant"],
        "specialists": [ANNA], **(mark.args[0] if mark else {}),
        "provider": {"id": "voximplant", "file": "voximplant.conf", "private": True,
                     "timeout": "1s", "base": platform.url, "secrets": str(path)}})


def session(daemon, platform, *acts):
    """What it did, once its posts are kept."""
    before = len(platform.sessions)
    asked(daemon, ANSWERS)
    daemon.wait_for(lambda: len(platform.sessions) > before)
    data = platform.sessions[before]
    assert len(data.encode()) <= 200
    ended = subprocess.run(
        [NODE, TOP / "tests/node/run_bridge.mjs",
         f"http://127.0.0.1:{daemon.port}/hooks/voximplant", KEY, data, *acts],
        capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["isTerminated"]
    return report


def first_call(daemon):
    key = daemon.key(f"call:{daemon.request(ID)['id']}.1")
    return daemon.redis.hgetall(key)


def test_both_talk(daemon, platform):
    report = session(daemon, platform, "0 answer", "1 answer", "wait 5000", "1 leave")
    assert [call["number"] for call in report["calls"]] == [ANNA["to"], ANSWERS]
    assert report["joined"] == 1
    daemon.wait_for_state(ID, "wrapping")
    assert first_call(daemon)["talk_ms"] == "5000"
    head, claims = platform.tokens[0]
    assert (head["alg"], head["kid"], claims["iss"]) == ("RS256", "2", "1")
    assert 0 < claims["exp"] - claims["iat"] <= 64


@pytest.mark.settings({"specialists": [dict(ANNA, confirm="press1")]})
def test_the_specialist_presses_1(daemon, platform):
    report = session(daemon, platform, "0 answer", "0 press 1", "1 answer", "wait 6000",
                     "0 leave")
    assert daemon.request(ID)["number"] == \
        "".join(one for one in report["calls"][0]["said"][0]["text"].split(".")[0]
                if one.isdigit())
    # Who hung up first changes nothing of how long they talked.
    daemon.wait_for_state(ID, "wrapping")
    assert first_call(daemon)["talk_ms"] == "6000"


# It was no attempt at the customer, and somebody else gets the request.
@pytest.mark.settings({"specialists": [dict(ANNA, confirm="press1"), AUTOMATIC]})
@pytest.mark.parametrize("acts,outcome", [
    (["0 fail 486"], "busy"), (["wait 60000"], "no_answer"), (["0 fail 603"], "rejected"),
    (["0 answer", "0 press 2"], "rejected"), (["0 answer", "wait 15000"], "rejected"),
    (["0 answer", "0 leave"], "cancelled")])
def test_the_specialist_is_not_reached(daemon, platform, acts, outcome):
    report = session(daemon, platform, *acts)
    assert len(report["calls"]) == 1
    daemon.wait_for(lambda: len(platform.sessions) == 2)
    assert first_call(daemon)["outcome"] == outcome
    first, second = map(json.loads, platform.sessions)
    assert first["a"] != second["a"] and daemon.request(ID)["attempts"] == 0


@pytest.mark.parametrize("code,outcome", [
    (486, "busy"), (404, "invalid_number"), (480, "no_answer")])
def test_the_customer_is_not_reached(daemon, platform, code, outcome):
    session(daemon, platform, "0 answer", f"1 fail {code}")
    daemon.wait_for(lambda: first_call(daemon).get("outcome") == outcome)
    assert daemon.request(ID)["attempts"] == 1


# Errors come with status 200.
def test_a_refusal_is_one(daemon, platform):
    platform.is_refusing = True
    asked(daemon, ANSWERS)
    daemon.wait_for(lambda: "event=call_rejected" in daemon.log())
    assert daemon.request(ID)["attempts"] == 0


def test_the_scenario_by_itself():
    ended = subprocess.run([NODE, "--test", "--test-reporter=tap", TOP / "tests/node/bridge.test.mjs"],
                           capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stdout
    assert "# pass 0" not in ended.stdout and "# fail 0" in ended.stdout
