# SPDX-License-Identifier: MIT
"""Who is on duty, by date: a rota that begins and ends by itself, outlives restarts,
is known to every node, and says who is told of alarms and of what comes near."""
import time

import pytest

from company import QUICK, SETTINGS, specialist
from test_calls import ID, asked
from test_messages import TEXTS, sent

GLEB, OLGA = "+79160000121", "+79160000122"
DIRECTORS = [
    specialist("gleb", GLEB, ("directors", 3), confirm="answer", duty=True),
    specialist("olga", OLGA, ("directors", 3), confirm="answer", duty=True),
    specialist("anna", "+79160000001", ("info", 3), confirm="answer")]
BASE = {**QUICK, "specialists": DIRECTORS, "text": ["sandbox"], "messages": TEXTS,
        "messages.quiet": {"from": "00:00", "to": "00:00"}}


def put(daemon, who, begin, end, queue="directors"):
    """From and to in seconds from now."""
    now = int(time.time())
    return daemon.control("PUT", f"/v1/duty/{queue}/{who}",
                          {"from": now + begin, "to": now + end})


def rota(daemon):
    return [(one["queue"], one["specialist"], one["now"]) for one in
            daemon.do("GET", "/v1/duty")["duty"]]


@pytest.mark.settings({**BASE, "offer.screen": "100ms"})
def test_it_begins_and_ends_by_itself(daemon):
    assert daemon.specialist("gleb")["state"] == "away"
    assert put(daemon, "gleb", 6, 9)[0] == 200
    one = daemon.specialist("gleb")
    assert one["shift"] == "off" and one["by_rota"] and len(one["duty"]) == 1
    assert rota(daemon) == [("directors", "gleb", False)]
    shown = daemon.ctl("show", "queue").stdout
    assert "directors: nobody is at work; Gleb is back at" in shown
    daemon.restart()
    assert daemon.wait_for(lambda: rota(daemon)) == [("directors", "gleb", False)]
    daemon.wait_for_specialist("gleb", "idle")
    assert daemon.specialist("gleb")["shift"] == "duty"
    assert rota(daemon) == [("directors", "gleb", True)]
    assert "on duty until" in daemon.ctl("show", "specialists").stdout
    daemon.wait_for_specialist("gleb", "away")
    daemon.wait_for(lambda: rota(daemon) == [])
    assert "not on duty" in daemon.ctl("show", "specialists").stdout


@pytest.mark.settings(BASE)
def test_callbackctl_writes_it(daemon):
    now = time.time()
    texts = [time.strftime("%Y-%m-%d %H:%M", time.localtime(now + hours * 3600))
             for hours in (-1, 1)]
    ran = daemon.ctl("duty", "directors", "olga", "from", texts[0], "to", texts[1])
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Olga is on duty for directors from ")
    daemon.wait_for_specialist("olga", "idle")
    shown = daemon.ctl("show", "duty").stdout
    assert "Olga (olga)" in shown and "now" in shown
    assert daemon.ctl("duty", "directors", "olga", "off").returncode == 0
    daemon.wait_for_specialist("olga", "away")
    ran = daemon.ctl("duty", "directors", "olga", "off")
    assert ran.returncode == 1 and "not on duty" in ran.stderr
    assert "nobody" in daemon.ctl("show", "duty").stdout
    ran = daemon.ctl("duty", "directors", "olga", "from", "noon", "to", texts[1])
    assert ran.returncode != 0 and "is no time" in ran.stderr


@pytest.mark.settings(BASE)
@pytest.mark.parametrize("queue,who,body,status,code", [
    ("sales", "gleb", {}, 404, "not_found"),
    ("directors", "ivan", {}, 404, "not_found"),
    ("info", "gleb", {}, 400, "queue_not_theirs"),
    ("directors", "gleb", {"from": "now", "to": 1}, 400, "time_invalid"),
    ("directors", "gleb", {"from": 2000000000, "to": 2000000000}, 400, "time_invalid"),
    ("directors", "gleb", {"from": 1, "to": 1000}, 400, "time_past"),
    ("directors", "gleb", {"from": 1795000000, "to": 1895000000}, 400, "time_too_far")])
def test_what_is_wrong_is_said(daemon, queue, who, body, status, code):
    got, answer = daemon.control("PUT", f"/v1/duty/{queue}/{who}", body)
    assert (got, answer["code"]) == (status, code)


@pytest.mark.settings(BASE)
def test_so_many_at_most(daemon):
    for day in range(8):
        assert put(daemon, "gleb", day * 86400 + 3600, day * 86400 + 7200)[0] == 200
    status, answer = put(daemon, "gleb", 900000, 907200)
    assert (status, answer["code"]) == (409, "duty_full")


@pytest.mark.settings({**BASE, "alarms": {
    "to": ["directors"], "on": ["rejected"], "at_most": "1s"}})
def test_an_alarm_goes_to_who_is_on_duty(daemon):
    daemon.control("POST", "/v1/requests", {"phone": "12"})
    # Nobody is: both are told.
    daemon.wait_for(lambda: sent(daemon, GLEB) and sent(daemon, OLGA))
    assert put(daemon, "olga", -1, 600)[0] == 200
    daemon.wait_for(lambda: daemon.redis.get(
        daemon.key("alarm:rejected:count")) in (None, "0"))
    count = len(sent(daemon, GLEB))
    told = len(sent(daemon, OLGA))
    daemon.wait_for(lambda: not daemon.redis.exists(daemon.key("alarm:rejected")) or
                    len(sent(daemon, OLGA)) > told)
    daemon.control("POST", "/v1/requests", {"phone": "12"})
    daemon.wait_for(lambda: len(sent(daemon, OLGA)) > told)
    assert len(sent(daemon, GLEB)) == count


@pytest.mark.settings({
    **BASE, "offer.screen": "1s", "window.limit": "3s", "window.target": "1s",
    "queues": [
        {**SETTINGS["queues"][0], "widen": ({"before": "2s", "tell": "directors"},)},
        *SETTINGS["queues"][1:]]})
def test_who_is_told_that_a_promise_is_near(daemon):
    assert put(daemon, "olga", -1, 600)[0] == 200
    asked(daemon)
    daemon.wait_for(lambda: sent(daemon, OLGA))
    assert sent(daemon, GLEB) == []
    assert "directors is told" in daemon.ctl("show", "request", ID).stdout
