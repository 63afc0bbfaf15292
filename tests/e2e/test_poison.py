# SPDX-License-Identifier: MIT
"""A record that brings the daemon down with it: after three times it is buried,
and the others go on."""
import signal

import pytest

import harness
from company import QUICK


def has_plants():
    config = (harness.BUILD / "config.h").read_text(encoding="utf-8") \
        if (harness.BUILD / "config.h").exists() else ""
    return "#define WITH_CRASHPOINTS 1" in config


@pytest.fixture
def planted(monkeypatch):
    if not has_plants():
        pytest.skip("built without --enable-crashpoints")
    monkeypatch.setenv("CALLBACKD_PLANTED", "step_aborts")


def crash(daemon):
    """Until it is gone by itself; that was to be expected."""
    gone(daemon, signal.SIGABRT)


def gone(daemon, number):
    daemon.wait_for(lambda: not daemon.is_running(), 20)
    assert daemon.process.returncode == -number, daemon.tails()
    daemon.was_ended = True


def begin(daemon):
    """Started, but perhaps not for long."""
    harness.Program.start(daemon)


def test_after_three_crashes_it_is_buried(planted, start_daemon):
    daemon = start_daemon(QUICK)
    daemon.ask({"id": "web-00000001", "phone": "+79000000001",
                "name": "Abort"})
    bad = "request:" + daemon.wait_for_state("web-00000001", "waiting")["id"]
    daemon.ask({"id": "web-00000002", "phone": "+79000000002",
                "name": "Ivan"})
    daemon.wait_for_state("web-00000002", "waiting")
    # Somebody is there: it is stepped at once, now and after each start.
    daemon.control("PUT", "/v1/specialists/anna", {"status": "available"})
    crash(daemon)
    for marks in (1, 2):
        begin(daemon)
        crash(daemon)
        assert f"event=step_crashed record={bad} marks={marks}" in daemon.log()
    daemon.start()
    assert f"event=step_crashed record={bad} marks=3" in daemon.log()
    grave = daemon.wait_for(lambda: {
        one["id"]: one for one in
        daemon.do("GET", "/v1/buried")["buried"]}.get(bad))
    assert "crashes" in grave["why"]
    assert bad in daemon.ctl("show", "buried").stdout
    told = daemon.ctl("cancel", "web-00000001")
    assert told.returncode == 1 and "show buried" in told.stderr
    # The other one goes on, and the next start knows as well.
    daemon.wait_for_state("web-00000002", "offered")
    del daemon.environment["CALLBACKD_PLANTED"]
    daemon.restart()
    assert bad in daemon.ctl("show", "buried").stdout
    # The defect is mended: so is the record.
    assert daemon.ctl("unbury", bad).returncode == 0
    daemon.wait_for(lambda: daemon.redis.zscore(daemon.key("active"), bad))
    assert daemon.do("GET", "/v1/buried") == {"buried": []}
    daemon.available("boris")
    daemon.wait_for_state("web-00000001", "offered")


def test_a_form_that_crashes_is_refused(planted, start_daemon):
    """It has no id yet, and would bring down every start."""
    daemon = start_daemon(QUICK)
    daemon.ask({"id": "web-00000001", "phone": "+79000000001",
                "name": "Abort at once"})
    crash(daemon)
    for _ in (1, 2):
        begin(daemon)
        crash(daemon)
    daemon.start()
    said = daemon.wait_for(
        lambda: daemon.do("GET", "/v1/rejected")["rejected"])
    assert "crashed" in str(said) and "Abort at once" in str(said)
    assert daemon.redis.zcard(daemon.key("in")) == 0
    daemon.ask({"id": "web-00000002", "phone": "+79000000002"})
    daemon.wait_for_state("web-00000002", "waiting")


def test_a_kill_from_outside_marks_nothing(planted, start_daemon):
    daemon = start_daemon(QUICK)
    assert daemon.end() == 0
    # Its first step is that of a specialist of the configuration.
    daemon.environment["CALLBACKD_CRASH_AT"] = "in_step:1"
    for _ in range(4):
        begin(daemon)
        gone(daemon, signal.SIGKILL)
    del daemon.environment["CALLBACKD_CRASH_AT"]
    daemon.start()
    assert "event=step_crashed" not in daemon.log()
    assert daemon.do("GET", "/v1/buried") == {"buried": []}
