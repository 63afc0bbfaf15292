# SPDX-License-Identifier: MIT
"""When the phone will probably ring: what the website reads of it, from who works,
who waits in front and how long requests take, and what is kept of how that went."""
import time

import pytest

from company import AUTOMATIC, QUICK, specialist
from test_calls import ANSWERS, ID, asked

TEAM = {**QUICK, "specialists": [
    specialist("anna", "+79160000001", ("info", 3), confirm="answer"),
    specialist("boris", "+79160000012", ("info", 3), confirm="answer")]}


def spans(answer):
    """In how many minutes, as the website reads it."""
    begin, end = answer["expect"]
    return [round((at - time.time()) / 60) for at in (begin, end)]


def crowd(daemon, count, first=10):
    for i in range(first, first + count):
        asked(daemon, phone=f"+790000{i:03d}01", name=f"web-crowd-{i}")


def busy(daemon, *names):
    """They are seen, and each has something else to do."""
    daemon.available(*names)
    for name in names:
        daemon.ctl("set", "specialist", name, "elsewhere")
        daemon.wait_for_specialist(name, "elsewhere")


def queue(daemon, name="info"):
    return next(one for one in daemon.do("GET", "/v1/queues")["queues"]
                if one["id"] == name)


@pytest.mark.settings(TEAM)
def test_somebody_is_free(daemon):
    daemon.available("anna")
    daemon.wait_for(lambda: queue(daemon).get("on_time") == 1)
    answer = asked(daemon)
    assert spans(answer) == [0, 1]
    request = daemon.request(ID)
    assert any("expected in 0-1 min, on time 100 %" in line["detail"]
               for line in request["story"])
    assert "expected in 0-1 min" in daemon.ctl("show", "request", ID).stdout
    # Neither a probability nor a place is for customers.
    assert not {"on_time", "place", "ahead"} & set(answer)


@pytest.mark.settings(TEAM)
def test_more_in_front_is_later_and_never_beyond_the_promise(daemon):
    busy(daemon, "anna", "boris")
    crowd(daemon, 1)
    daemon.wait_for(lambda: queue(daemon).get("on_time"))
    near = spans(asked(daemon))
    crowd(daemon, 4, 20)
    far = asked(daemon, phone="+79000000002", name="web-00000002")
    # Two people, six minutes each: two ahead, then six.
    assert near[0] < spans(far)[0] or near[1] < spans(far)[1]
    assert far["expect"][0] < far["expect"][1] <= far["promise"]
    assert queue(daemon)["on_time"] < .5
    crowd(daemon, 20, 30)
    hopeless = asked(daemon, phone="+79000000003", name="web-00000003")
    # Nothing that will not come is told; the promise stands.
    assert "expect" not in hopeless and "late" not in hopeless
    assert hopeless["promise"] == far["promise"] or \
        hopeless["promise"] >= far["promise"]


@pytest.mark.settings(TEAM)
def test_nobody_works_and_somebody_returns(daemon):
    assert "expect" not in asked(daemon)
    back = int(time.time()) + 300
    daemon.do("PUT", "/v1/specialists/anna", {
        "status": "paused", "reason": "обед", "return_at": back})
    daemon.wait_for(lambda: queue(daemon).get("expect"))
    answer = asked(daemon, phone="+79000000002", name="web-00000002")
    # One is in front, and Anna begins with that one.
    assert answer["expect"][0] >= back - 60
    assert answer["expect"][1] <= answer["promise"]


@pytest.mark.settings({**TEAM, "window.limit": "600ms", "window.target": "500ms",
                       "window.late": "1h", "window.handling": "50ms"})
def test_who_is_late_is_told_so(daemon):
    busy(daemon, "anna")
    asked(daemon)
    daemon.wait_for(lambda: "late" in daemon.answer(ID))
    answer = daemon.answer(ID)
    assert answer["late"] is True and "expect" not in answer


@pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC], "window.handling": "20s"})
def test_what_was_measured_stays(daemon):
    assert queue(daemon)["handling_s"] == 20 and queue(daemon)["handled"] == 0
    for i in range(6):
        name = f"web-0000001{i}"
        asked(daemon, phone=ANSWERS, name=name)
        daemon.wait_for_state(name, "wrapping")
        daemon.act(name, "close", disposition="solved")
    daemon.wait_for_specialist("vera", "idle")
    day = time.strftime("%Y-%m-%d", time.gmtime())
    stats = daemon.redis.hgetall(daemon.key(f"stats:{day}"))
    assert stats["handled:info"] == "6"
    assert 500 < int(stats["handled_ms:info"]) < 60000
    assert stats["expected:9"] == stats["kept:9"] == "6"
    daemon.restart()
    daemon.wait_for(lambda: queue(daemon)["handled"] == 6)
    # Sixteen of 20 s, and six that took a second or two.
    assert queue(daemon)["handling_s"] < 17
    shown = daemon.ctl("show", "queue").stdout
    assert "TAKES" in shown and "100 % on time" in shown
