# SPDX-License-Identifier: MIT
"""The daemon's own life: how it ends, how it reads its configuration again, and
what it says of one that is wrong."""
import os
import re
import signal
import subprocess
import time

import pytest

import harness
from company import AUTOMATIC, QUICK, specialist
from harness import CALLBACKD, TOP
from test_calls import ANSWERS, BORIS, BUSY, ID, VERA, asked

automatic = pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC]})
by_hand = pytest.mark.settings(QUICK)
# With a provider that may take its time to answer.
patient = pytest.mark.settings({
    **QUICK, "specialists": [AUTOMATIC], "provider": {"timeout": "20s"},
    "telephony.place_lease": "60s"})


# ---- the end

@automatic
def test_sigterm_during_a_talk(daemon):
    daemon.sandbox.behave(ANSWERS, talk_for=60)
    asked(daemon)
    daemon.wait_for_state(ID, "talking")
    assert daemon.end(signal.SIGTERM) == 0
    # Nobody is cut off, and the next daemon takes it from there.
    assert daemon.sandbox.calls()["live"] > 0
    daemon.start()
    assert daemon.request(ID)["state"] == "talking"
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.sandbox.rings(ANSWERS) == 1
    assert daemon.sandbox.legs(ANSWERS) == ["completed"]


@patient
def test_sigterm_waits_for_the_providers_answer(daemon):
    daemon.sandbox.faults({"create": {"kind": "late", "delay": 2}})
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.posts())
    daemon.process.send_signal(signal.SIGTERM)
    daemon.was_ended = True
    daemon.wait_for(lambda: "event=stopping" in daemon.log())
    # What comes now is not taken any more.
    began = time.monotonic()
    daemon.ask({"id": "web-00000002", "phone": BUSY})
    assert daemon.process.wait(20) == 0
    assert time.monotonic() - began < 10
    assert "answer_dropped" not in daemon.log()
    assert daemon.log().count("action=arrive") == 1
    daemon.start()
    assert daemon.request(ID)["calls"][0]["state"] != "placing"
    daemon.wait_for(lambda: daemon.answer("web-00000002"))
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.sandbox.rings(ANSWERS) == 1
    assert len(daemon.sandbox.posts(daemon.request(ID)["id"])) == 1


@patient
def test_second_sigterm_ends_at_once(daemon):
    # Nobody picks up in the moment in which nobody could say what to do.
    daemon.sandbox.behave(VERA, answer_after=20)
    daemon.sandbox.faults({"create": {"kind": "late", "delay": 15}})
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.posts())
    daemon.was_ended = True
    daemon.process.send_signal(signal.SIGTERM)
    daemon.wait_for(lambda: "event=stopping" in daemon.log())
    assert daemon.is_running()
    began = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(10) == 0
    assert time.monotonic() - began < 1
    # Its Redis stays, and what was in hand is found again.
    daemon.start()
    daemon.wait_for_state(ID, "wrapping", seconds=15)
    assert daemon.sandbox.rings(ANSWERS) == 1


@pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC],
                       "drain_timeout": "1s", "provider": {"timeout": "20s"},
                       "telephony.place_lease": "60s"})
def test_draining_has_an_end(daemon):
    daemon.sandbox.faults({"create": {"kind": "late", "delay": 15}})
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.posts())
    began = time.monotonic()
    assert daemon.end(signal.SIGTERM) == 0
    assert 0.9 < time.monotonic() - began < 5


# ---- reading the configuration again

@by_hand
def test_reload(daemon):
    daemon.configure({
        **QUICK, "company": "Лютик", "window": {"limit": "20m"},
        "state_dir": "/elsewhere",
        "specialists": [
            specialist("anna", "+79160000001", ("info", 3), confirm="answer"),
            specialist("zoya", BORIS, ("delivery", 3), confirm="answer")]})
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: "event=reloaded" in daemon.log())
    assert "event=setting_changed path=company" in daemon.log()
    assert "event=setting_needs_restart path=state_dir" in daemon.log()
    assert daemon.do("GET", "/v1/status")["company"] == "Лютик"
    daemon.wait_for(daemon.knows_its_people)
    daemon.available("zoya")
    assert daemon.control("PUT", "/v1/specialists/boris",
                          {"status": "available"})[0] == 404
    promise = asked(daemon, topic="delivery")["promise"]
    assert promise == pytest.approx(time.time() + 1200, abs=5)
    request = daemon.wait_for_state(ID, "offered")
    assert request["offers"][0]["specialist"] == "zoya"
    daemon.act(ID, "accept", **{"as": "zoya"})
    daemon.wait_for_state(ID, "wrapping")


@by_hand
def test_reload_of_a_bad_file_keeps_the_old_one(daemon):
    text = daemon.conf_path.read_text(encoding="utf-8")
    for bad, said in (
            (text.replace('language = "ru"', 'langauge = "ru"'), "langauge"),
            (text + "window = {", "callbackd.conf:"),
            (text.replace('"info"', '"in fo"'), "queues")):
        daemon.conf_path.write_text(bad, encoding="utf-8")
        failed = daemon.log().count("event=reload_failed")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for(lambda: daemon.log().count("event=reload_failed") >
                        failed)
        errors = [line for line in daemon.log().splitlines()
                  if "event=reload_error" in line]
        assert said in errors[-1] or any(said in line for line in errors)
        assert re.search(r"callbackd\.conf:\d+: ", errors[-1])
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    daemon.conf_path.write_text(text, encoding="utf-8")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: "event=reloaded" in daemon.log())


# ---- the command line

def callbackd(*arguments):
    return subprocess.run(
        [str(CALLBACKD), *map(str, arguments)], capture_output=True, text=True,
        timeout=30, check=False,
        env={**os.environ, "CALLBACKD_DATADIR": str(TOP / "config")})


@by_hand
def test_check_of_a_good_file(daemon):
    ran = callbackd("-t", "-c", daemon.conf_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "in order" in ran.stdout
    ran = callbackd("-T", "-c", daemon.conf_path)
    assert ran.returncode == 0 and 'site = "test"' in ran.stdout
    assert "token of the tests" not in ran.stdout + ran.stderr


@by_hand
def test_every_error_is_listed(daemon):
    text = daemon.conf_path.read_text(encoding="utf-8")
    wrong = {
        'language = "ru"': 'langauge = "ru"',
        'zone = "Europe/Moscow"': 'zone = "Europe/Moskau"',
        'redis = "embedded"': 'redis = "embeded"',
        'rest = "100ms"': 'rest = "100 years"',
        'home = "RU"': 'home = "Russia"',
    }
    lines = []
    for good, bad in wrong.items():
        assert text.count(good) == 1, good
        lines.append(text[:text.index(good)].count("\n") + 1)
        text = text.replace(good, bad)
    daemon.conf_path.write_text(text, encoding="utf-8")
    ran = callbackd("-t", "-c", daemon.conf_path)
    assert (ran.returncode, ran.stdout) == (78, "")
    for line in lines:
        assert f"callbackd.conf:{line}: " in ran.stderr, ran.stderr
    assert 'language' in ran.stderr     # what "langauge" may have meant
    assert len(ran.stderr.splitlines()) == len(wrong)
    # It does not start with such a file either.
    assert callbackd("-c", daemon.conf_path).returncode == 78


@by_hand
def test_an_order_that_blocks_is_no_lost_one(daemon):
    freeswitch = {"voice": ["line"], "provider": {
        "id": "line", "file": "freeswitch.conf", "timeout": "10s", "secrets": {
            "user": "u", "password": "p", "gateway": "g", "hook_password": "h"}}}
    daemon.configure({**freeswitch, "telephony.place_lease": "60s"})
    ran = callbackd("-t", "-c", daemon.conf_path)
    assert ran.returncode == 0, ran.stderr
    daemon.configure({**freeswitch, "telephony.place_lease": "50s"})
    ran = callbackd("-t", "-c", daemon.conf_path)
    assert ran.returncode == 78
    assert "telephony.place_lease: must be above 53 s" in ran.stderr


@by_hand
@pytest.mark.parametrize("operation", ["call_customer", "sms"])
def test_no_order_blocks_longer_than_its_lease(daemon, tmp_path, operation):
    """Each has a time of its own."""
    text = (TOP / "config/providers/sandbox.conf").read_text(encoding="utf-8")
    path = tmp_path / "slow.conf"
    path.write_text(text.replace(f"\n{operation} = {{", f"\n{operation} = {{ "
                                 "timeout = 50;"), encoding="utf-8")
    slow = {"voice": ["slow"], "provider": {
        "id": "slow", "file": str(path), "timeout": "10s", "secrets": {
            "account": harness.ACCOUNT, "auth_token": harness.TOKEN}}}
    for lease, code in (("60s", 0), ("50s", 78)):
        daemon.configure({**slow, "telephony.place_lease": lease})
        ran = callbackd("-t", "-c", daemon.conf_path)
        assert ran.returncode == code, ran.stderr
    assert "telephony.place_lease: must be above 53 s, the timeout of " \
        f'"{operation}" in the file of provider "slow"' in ran.stderr


def test_wrong_usage_and_what_is_not_there(tmp_path):
    assert callbackd("-x").returncode == 64
    assert callbackd("-t", "stray").returncode == 64
    ran = callbackd("-t", "-c", tmp_path / "none.conf")
    assert ran.returncode == 78 and "none.conf" in ran.stderr
    assert callbackd("-V").returncode == callbackd("-h").returncode == 0


@by_hand
def test_address_in_use(daemon, start_daemon):
    folder = daemon.folder.parent / "second"
    folder.mkdir()
    conf = folder / "callbackd.conf"
    conf.write_text(daemon.conf_path.read_text(encoding="utf-8").replace(
        str(daemon.folder) + "/", str(folder) + "/"), encoding="utf-8")
    ran = callbackd("-c", conf)
    assert ran.returncode == 69
    assert str(daemon.port) in ran.stderr
    assert not (folder / "state/redis/redis.sock").exists()
