# SPDX-License-Identifier: MIT
"""Who is asked first, and who is left alone: the preferred specialist, people kept
for callers on hold, and what stands behind those whom nobody wants."""
import time

import pytest

from company import QUICK, specialist
from test_calls import ANSWERS, BUSY, ID, asked, in_order

# Long enough that a preference ends only by what the test does.
PATIENT = {**QUICK, "window": {"target": "10m", "limit": "15m"},
           "offer.wrap_up": "30s"}
OTHERS = [f"+790000000{n}" for n in range(11, 90)]


def offered_to(daemon, name=ID):
    return [one["specialist"] for one in
            daemon.request(name).get("offers", [])]


def busy(daemon, who, name="web-busy"):
    """They talk, and wrap up afterwards."""
    daemon.available(who)
    asked(daemon, OTHERS[0], name)
    daemon.wait_for_state(name, "offered")
    daemon.act(name, "accept", **{"as": who})
    daemon.wait_for_specialist(who, "wrapping")


@pytest.mark.settings(PATIENT)
def test_who_is_at_work_is_waited_for(daemon):
    busy(daemon, "boris")
    daemon.available("anna")
    asked(daemon, specialist="boris")
    daemon.wait_for(lambda: daemon.request(ID).get("why") == "preferred")
    shown = daemon.ctl("show", "request", ID).stdout
    assert "waits for who knows it" in shown, shown
    assert "waits for who knows it, boris" in \
        daemon.ctl("show", "queue", "info").stdout
    # Anna is idle, and gets what waits for nobody.
    asked(daemon, BUSY, "web-next")
    daemon.wait_for_state("web-next", "offered")
    assert daemon.request(ID)["state"] == "waiting"
    daemon.act("web-next", "cancel")
    daemon.act("web-busy", "close", disposition="solved", **{"as": "boris"})
    daemon.wait_for(lambda: offered_to(daemon) == ["boris"])
    assert "release_wished" not in daemon.story(ID)


@pytest.mark.settings(PATIENT)
@pytest.mark.parametrize("how", ["paused", "off", "elsewhere"])
def test_who_leaves_is_waited_for_no_longer(daemon, how):
    busy(daemon, "boris")
    daemon.available("anna")
    asked(daemon, specialist="boris")
    daemon.wait_for(lambda: daemon.request(ID).get("why") == "preferred")
    daemon.ctl("set", "specialist", "boris", how)
    daemon.wait_for(lambda: offered_to(daemon) == ["anna"])
    (line,) = [one for one in daemon.request(ID)["story"]
               if one["action"] == "release_wished"]
    assert line["detail"] == f"boris is {how}"
    assert "no longer waits for" in daemon.ctl("show", "request", ID).stdout


@pytest.mark.settings(PATIENT)
def test_who_says_no_is_waited_for_no_longer(daemon):
    daemon.available("boris")
    daemon.wait_for_specialist("boris", "idle")
    asked(daemon, specialist="boris")
    daemon.wait_for(lambda: offered_to(daemon) == ["boris"])
    daemon.available("anna")
    daemon.act(ID, "decline", **{"as": "boris"})
    daemon.wait_for(lambda: offered_to(daemon) == ["anna"])


@pytest.mark.settings({**PATIENT, "window": {
    "target": "10s", "limit": "20s", "prefer": "19s"}, "offer.screen": "15s",
    "offer.phone": "15s", "offer.sms": "15s"})
def test_time_ends_it(daemon):
    busy(daemon, "boris")
    daemon.available("anna")
    asked(daemon, specialist="boris")
    request = daemon.wait_for_state(ID, "offered")
    assert request["offers"][0]["specialist"] == "anna"
    line = next(one for one in request["story"]
                if one["action"] == "release_wished")
    assert line["detail"] == "boris did not come free"
    assert line["at_ms"] >= request["asked_at"] * 1000 + 1000


@pytest.mark.settings(PATIENT)
def test_a_supervisor_assigns_it_to_who_is_busy(daemon):
    busy(daemon, "boris")
    asked(daemon)
    assert daemon.act(ID, "assign", specialist="boris")["wished"] == "boris"
    daemon.available("anna")
    asked(daemon, BUSY, "web-next")
    daemon.wait_for(lambda: offered_to(daemon, "web-next") == ["anna"])
    assert daemon.request(ID)["why"] == "preferred"
    daemon.act("web-busy", "close", disposition="solved", **{"as": "boris"})
    daemon.wait_for(lambda: offered_to(daemon) == ["boris"])


@pytest.mark.settings({**PATIENT, "offer.wrap_up": "200ms"})
def test_a_retry_goes_to_who_knows_it(daemon):
    daemon.available("boris")
    asked(daemon, BUSY)
    daemon.wait_for_state(ID, "offered")
    daemon.act(ID, "accept", **{"as": "boris"})
    daemon.wait_for(lambda: "retry_later" in daemon.story(ID))
    # Idle for longer, and better at it.
    daemon.available("anna")
    daemon.wait_for(lambda: offered_to(daemon) == ["boris"])
    assert daemon.request(ID)["wished"] == "boris"


@pytest.mark.settings({**PATIENT, "offer.wrap_up": "200ms"})
def test_a_case_goes_on_with_who_had_it(daemon):
    daemon.available("boris")
    number = asked(daemon)["number"]
    daemon.wait_for_state(ID, "offered")
    daemon.act(ID, "accept", **{"as": "boris"})
    daemon.wait_for_specialist("boris", "wrapping", "idle")
    daemon.act(ID, "close", disposition="solved", **{"as": "boris"})
    daemon.available("anna")
    asked(daemon, name="web-again", case=number)
    daemon.wait_for(lambda: offered_to(daemon, "web-again") == ["boris"])
    assert daemon.request("web-again")["number"] == number


# ---- people kept for the line

@pytest.mark.settings({**PATIENT, "keep_for_line": 1})
def test_one_is_kept_for_the_line(daemon):
    daemon.available("anna")
    daemon.wait_for_specialist("anna", "idle")
    asked(daemon)
    daemon.wait_for(lambda: daemon.request(ID).get("why") == "kept_for_line")
    assert "kept for callers on hold" in daemon.ctl(
        "show", "queue", "info").stdout
    assert "kept for callers on hold" in daemon.ctl(
        "show", "request", ID).stdout
    # With a second one, one of them is taken, and again one is left.
    daemon.available("boris")
    daemon.wait_for_state(ID, "offered")
    asked(daemon, BUSY, "web-next")
    daemon.wait_for(
        lambda: daemon.request("web-next").get("why") == "kept_for_line")
    assert daemon.do("GET", "/v1/status")["specialists"]["idle"] == 1
    # Who goes to a caller on hold was the one left: nobody is taken instead.
    (left,) = {"anna", "boris"} - set(offered_to(daemon))
    daemon.ctl("set", "specialist", left, "elsewhere")
    daemon.wait_for(lambda: daemon.request("web-next").get("why") ==
                    "all_busy")


@pytest.mark.settings({**QUICK, "window": {"target": "2s", "limit": "4s"},
                       "keep_for_line": 1})
def test_who_is_kept_is_taken_in_a_hurry(daemon):
    daemon.available("anna")
    daemon.wait_for_specialist("anna", "idle")
    began = time.time()
    asked(daemon)
    daemon.wait_for(lambda: daemon.request(ID).get("why") == "kept_for_line")
    daemon.wait_for_state(ID, "offered")
    assert time.time() - began > 1.9     # half of the limit


# ---- behind the first page

@pytest.mark.settings({**PATIENT, "offer.cool_off_declined": "10m",
                       "offer.rest": "1ms", "offer.presence": "1h"})
def test_who_declines_a_page_full_sees_what_is_behind(daemon):
    names = [f"web-{i:08}" for i in range(70)]
    for i, name in enumerate(names):
        daemon.ask({"id": name, "phone": f"+7900001{i:04}"})
    daemon.wait_for(lambda: daemon.redis.zcard(
        daemon.key("wait:info")) == len(names))
    daemon.available("anna")
    seen = []
    for _ in names:
        desk = daemon.wait_for(lambda: daemon.do(
            "GET", "/v1/desk?as=anna")["request"], 20)
        seen.append(desk["id"])
        daemon.act(desk["id"], "decline", **{"as": "anna"})
    # Each once, the 65th too: nobody gets the same again right after a no.
    assert len(set(seen)) == len(names)
    assert all(in_order(daemon.story(one), "offer", "note_declined")
               for one in seen[-3:])
