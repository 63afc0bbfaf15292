# SPDX-License-Identifier: MIT
"""Shifts: who comes and goes by the clock. Their times are computed from now, in UTC;
a shift may have seconds."""
import signal
import time

from company import QUICK, specialist
from test_calls import ID, asked
from test_messages import sent

NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def shift(from_s, to_s):
    """A span of today that begins and ends so many seconds from now; it may go on into
    tomorrow, and one that ends now began today, or yesterday."""
    first, last = (time.gmtime(time.time() + s) for s in (from_s, to_s))
    return time.strftime(f"{NAMES[first.tm_wday]} %H:%M:%S-", first) + \
        time.strftime("%H:%M:%S", last)


def people(anna, boris=None):
    return [specialist("anna", "+79160000011", ("info", 3), shift=anna),
            specialist("boris", "+79160000012", ("info", 2), shift=boris)]


def start(start_daemon, anna, boris=None, **more):
    return start_daemon({**QUICK, "zone": "UTC", "specialists": people(anna, boris),
                         **more})


def test_they_come_by_it_and_go_by_it(start_daemon):
    """Nobody presses anything, on any day."""
    daemon = start(start_daemon, shift(4, 9), **{"offer.screen": "1s"})
    seen = daemon.wait_for_specialist("anna", "away")
    assert (seen["shift"], seen["status"]) == ("off", "available")
    starts = seen["shift_starts"]
    assert "off shift, which starts" in daemon.ctl("show", "specialists").stdout
    seen = daemon.wait_for_specialist("anna", "idle")
    assert starts <= time.time() and seen["shift"] == "on"
    assert seen["shift_until"] == starts + 5
    assert "on shift until" in daemon.ctl("show", "specialists").stdout
    seen = daemon.wait_for_specialist("anna", "away")
    assert seen["status"] == "available" and seen["shift"] == "off"
    # Before its end: an offer must fit in.
    assert time.time() < starts + 5


def test_who_is_off_shift_is_offered_nothing_but_may_say_so(start_daemon):
    daemon = start(start_daemon, shift(3600, 7200), shift(-3600, 3600))
    daemon.wait_for_specialist("boris", "idle")
    asked(daemon)
    # Anna knows it better.
    assert daemon.wait_for_state(ID, "offered")["offers"][0]["specialist"] == "boris"
    answer = daemon.do("PUT", "/v1/specialists/anna", {"status": "available"})
    assert answer["specialist"]["state"] == "idle"
    assert answer["specialist"]["shift"] == "overtime"
    asked(daemon, phone="+79000000012", name="web-00000002")
    daemon.wait_for_state("web-00000002", "offered")
    desk = daemon.do("GET", "/v1/desk?as=anna")["specialist"]
    assert desk["shift_until"] > time.time() + 7000


def test_other_shifts_hold_after_a_reload(start_daemon):
    daemon = start(start_daemon, shift(-3600, 3600))
    daemon.wait_for_specialist("anna", "idle")
    for anna, state in ((shift(3600, 7200), "away"), (None, "idle")):
        daemon.configure({**QUICK, "zone": "UTC", "specialists": people(anna)})
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for_specialist("anna", state)


def queue_events(daemon, queue):
    """What `events` says of that queue, oldest first: (event, detail)."""
    lines = [value for _, fields in daemon.redis.xrange(daemon.key("events"))
             for name, value in fields.items() if name == ""]
    return [(line.split(" ")[4], line.split(" ", 7)[7]) for line in lines
            if line.split(" ")[1] == f"queue:{queue}"]


def test_an_open_queue_with_nobody_is_an_event_and_an_alarm(start_daemon):
    """Also with nobody waiting; once, also after another start; and over once."""
    alarms = {"to": ["+79160000131"], "at_most": "2s", "on": ["unattended"]}
    daemon = start(start_daemon, shift(3600, 7200), text=["sandbox"], alarms=alarms)
    told = daemon.wait_for(lambda: [one for one in sent(daemon, "+79160000131")
                                    if "никого" in one["body"]], 20)
    assert len(told) == 1 and "ждут 0" in told[0]["body"]
    assert queue_events(daemon, "info") == [
        ("queue_unattended", "waiting=0 why=no_one_on_shift")]
    daemon.restart()
    daemon.do("PUT", "/v1/specialists/anna", {"status": "available"})
    daemon.wait_for(lambda: queue_events(daemon, "info")[1:] == [
        ("queue_attended", "waiting=0")])
    assert daemon.redis.hkeys(daemon.key("unattended")).count("info") == 0


def test_a_closed_queue_needs_nobody(start_daemon):
    closed = {"week": [("Mon-Sun", "00:00-24:00")], "days": [
        (time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400)) + ".." +
         time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400)), "closed")]}
    daemon = start(start_daemon, None, hours=closed)
    daemon.do("PUT", "/v1/specialists/boris", {"status": "off"})
    # The first look comes a second after the start; its line would be there.
    daemon.wait_for(lambda: daemon.do("GET", "/v1/status")["uptime_s"] >= 4)
    assert "queue_unattended" not in daemon.log()
