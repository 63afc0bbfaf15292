# SPDX-License-Identifier: MIT
"""What real telephone engines do, and what callbackd must therefore do: the tests
are named after the requirements, 7.1 to 7.11, that the measurements of Asterisk
22, FreeSWITCH 1.10 and Kamailio left. The servers are those of engines.py, the
provider files and the dialplan the shipped ones."""
import json
import re
import threading
import time
import urllib.parse

import pytest

import dialplan
from company import AUTOMATIC, QUICK, specialist
from engines import (HOOK_SECRET, PASSWORD, TALKED, TRUNK, USER, Asterisk,
                     FreeSwitch)
from harness import TOP
from test_calls import ANSWERS, ID, SILENT, asked

ANNA = specialist("anna", "+79160000001", ("info", 3), confirm="answer",
                  accept="automatic")
OTHER = "web-00000002"
SECRETS = {"user": USER, "password": PASSWORD, "trunk": TRUNK,
           "hook_token": HOOK_SECRET}
SWITCHED = {"user": USER, "password": PASSWORD, "gateway": TRUNK,
            "hook_password": HOOK_SECRET}
DIALPLAN = TOP / "config/asterisk/extensions.conf"


def engine(kind):
    server = kind()
    yield server
    server.end()


@pytest.fixture
def asterisk():
    yield from engine(Asterisk)


@pytest.fixture
def freeswitch():
    yield from engine(FreeSwitch)


def entry(tmp_path, server, name, secrets):
    path = tmp_path / f"{name}.secret"
    path.write_text("".join(f"{one} = {value}\n"
                            for one, value in secrets.items()), encoding="utf-8")
    path.chmod(0o600)
    return {"id": name, "file": f"{name}.conf", "private": True, "timeout": "1s",
            "base": server.url, "secrets": str(path)}


def start(start_daemon, request, tmp_path, server, name, secrets, another=None):
    """another: what is asked after the first, as (server, name, secrets)."""
    mark = request.node.get_closest_marker("settings")
    changes = {**QUICK, "allow_test_settings": False, "voice": [name],
               "specialists": [AUTOMATIC], **(mark.args[0] if mark else {})}
    changes["provider"] = {**entry(tmp_path, server, name, secrets),
                           **changes["provider"]}
    if another is not None:
        changes["voice"] = [name, another[1]]
        changes["providers"] = (changes.pop("provider"), entry(tmp_path, *another))
    daemon = start_daemon(changes)
    server.hook = f"http://127.0.0.1:{daemon.port}/hooks/{name}"
    return daemon


@pytest.fixture
def daemon(asterisk, start_daemon, request, tmp_path):
    return start(start_daemon, request, tmp_path, asterisk, "asterisk", SECRETS)


@pytest.fixture
def switched(freeswitch, start_daemon, request, tmp_path):
    return start(start_daemon, request, tmp_path, freeswitch, "freeswitch", SWITCHED)


def the_order(daemon, server, name=ID, phone=ANSWERS):
    before = len(server.orders)
    asked(daemon, phone, name)
    daemon.wait_for(lambda: len(server.orders) > before)
    return server.orders[before]


def call(daemon, name=ID):
    return daemon.request(name)["calls"][-1]


def kept(daemon, field, name=ID):
    key = daemon.key(f"call:{daemon.request(name)['id']}.1")
    return daemon.redis.hget(key, field)


def is_live(daemon, name=ID):
    return daemon.wait_for(lambda: call(daemon, name)["state"] == "live")


def log_says(daemon, *words):
    return daemon.wait_for(lambda: any(
        all(word in line for word in words)
        for line in daemon.log().splitlines()))


OK = (200, "ok")


def test_one_request_places_the_callback(daemon, asterisk):
    order = the_order(daemon, asterisk)
    assert order["endpoint"] == "PJSIP/+79160000014@trunk"
    assert order["context"] in asterisk.contexts
    assert order["variables"]["CB_CUSTOMER"] == ANSWERS
    is_live(daemon)
    assert kept(daemon, "sid") == order["id"]
    assert asterisk.post(order, "agent_answered", token="other")[0] == 403
    assert asterisk.post(order, "customer_dialing") == OK
    assert asterisk.post(order, "customer_answered") == OK
    daemon.wait_for_state(ID, "talking")
    assert asterisk.post(order, "ended", **TALKED) == OK
    daemon.wait_for_state(ID, "wrapping")
    assert kept(daemon, "talk_ms") == "2007"
    assert len(asterisk.orders) == 1


def test_without_webhooks(daemon, asterisk):
    order = the_order(daemon, asterisk)
    asterisk.keep(order, "agent_answered")
    daemon.wait_for(lambda: kept(daemon, "progress") == "agent_up")
    asterisk.keep(order, "ended", **TALKED)
    daemon.wait_for_state(ID, "wrapping")
    assert kept(daemon, "talk_ms") == "2007"


# ---- the dialplan itself, in a model of Asterisk

def world_of(hear):
    text = DIALPLAN.read_text(encoding="utf-8").replace("CHANGE-ME", HOOK_SECRET)
    return dialplan.World(text, hear)


def ordered(**more):
    return {"context": "cb-agent-up", "extension": "s", "variables": {
        "CB_ID": "cb1", "CB_JOB": "r-1.2.cb1", "CB_CUSTOMER": ANSWERS,
        "CB_CALLERID": "+74950000000", "CB_CONFIRM": "", "CB_CUSTOMER_RING": "17",
        "CB_MAX_TALK": "1800", "GLOBAL(CB_LAST_cb1)": "id=cb1&seq=0&event=placed",
        "CHANNEL(hangup_handler_push)": "cb-end,s,1", **more}}


# As Asterisk 22 was measured: who did what, and what was posted. The rest of the last
# post is what the outcome is read from.
MEASURED = {
    "both talk, the customer hangs up": (
        {"customer": ("ANSWER", 16, "SIP 200 OK", 2622, True)},
        [10, 20, 30, 40, 90], {"dialstatus": "ANSWER", "talk_ms": "2622"}),
    "both talk, the specialist hangs up": (
        {"customer": ("ANSWER", 16, "SIP 200 OK", 2007, False)},
        [10, 20, 30, 90], {"last": "customer_dialing", "dialstatus": "ANSWER",
                           "talk_ms": "2007"}),
    "the specialist hangs up while it rings": (
        {"customer": ("CANCEL", 0, "", 0, False)},
        [10, 20, 90], {"last": "customer_dialing", "dialstatus": "CANCEL"}),
    "the specialist is busy": (
        {"agent": (17, "SIP 486 Busy Here", "Down")},
        [90], {"last": "agent_failed", "dialstatus": "", "hangupcause": "17",
               "sip": "SIP 486 Busy Here", "chanstate": "Down"}),
    "hung up while the specialist's phone rings": (
        {"agent": (16, "", "Ringing")},
        [90], {"last": "agent_failed", "hangupcause": "16", "chanstate": "Ringing"}),
    "the customer is busy": (
        {"customer": ("BUSY", 17, "SIP 486 Busy Here", 0, True)},
        [10, 20, 40, 90], {"last": "customer_BUSY", "dialstatus": "BUSY"}),
    "no such customer": (
        {"customer": ("CHANUNAVAIL", 1, "SIP 404 Not Found", 0, True)},
        [10, 20, 40, 90], {"dialstatus": "CHANUNAVAIL"}),
    "1 is pressed": (
        {"confirm": "1", "digit": "1"}, [10, 20, 30, 40, 90], {"dialstatus": "ANSWER"}),
    "1 is not pressed": (
        {"confirm": "1", "digit": ""},
        [10, 90], {"last": "agent_not_confirmed", "hangupcause": "21"}),
}


@pytest.mark.parametrize("name", MEASURED)
def test_the_dialplan_posts_what_was_measured(name):
    people, seqs, last = MEASURED[name]
    posts = []

    def hear(url, body, header):
        assert url.endswith("/hooks/asterisk")
        assert header == f"Authorization: Bearer {HOOK_SECRET}"
        posts.append(dict(urllib.parse.parse_qsl(body, keep_blank_values=True)))
        return "ok"

    world = world_of(hear)
    world.digit = people.get("digit", "")
    if "customer" in people:
        world.customer = lambda: people["customer"]
    world.place(ordered(CB_CONFIRM=people.get("confirm", "")), people.get("agent"))
    assert [int(post["seq"]) for post in posts] == seqs
    assert last.items() <= posts[-1].items()
    # Whose call it is stands in each, also in that of the customer's channel.
    assert all((post["id"], post["job"]) == ("cb1", "r-1.2.cb1") for post in posts)
    # What result and find read is the last of them.
    kept = dict(urllib.parse.parse_qsl(world.globals["CB_LAST_cb1"],
                                       keep_blank_values=True))
    assert kept == posts[-1]
    # The call's own limits, not the dialplan's.
    for leg in world.dialled:
        assert (leg["ring"], leg["limit"]) == ("17", 1800)
        assert leg["to"] == f"PJSIP/{ANSWERS}@{TRUNK}"
        assert leg["caller_id"] == "+74950000000"


def test_the_dialplan_dials_numbers_only():
    world = world_of(lambda *post: "ok")
    world.place(ordered(CB_CUSTOMER="1@x&PJSIP/2@trunk", CB_CALLERID="a\"<1>"))
    [leg] = world.dialled
    assert leg["to"] == f"PJSIP/12@{TRUNK}" and leg["caller_id"] == "1"


def test_the_dialplan_posts_again_what_is_not_kept():
    answers = ["", "no", "ok", "ok"]
    bodies = []
    world = world_of(lambda url, body, header: bodies.append(body) or answers.pop(0))
    world.place(ordered(), (17, "SIP 486 Busy Here", "Down"))
    assert len(bodies) == 3 and len(set(bodies)) == 1


@pytest.mark.parametrize("name,field,value", [
    ("both talk, the specialist hangs up", "talk_ms", "2007"),
    ("the specialist is busy", "outcome", "busy"),
    ("no such customer", "outcome", "invalid_number"),
    ("1 is not pressed", "outcome", "rejected")])
def test_the_daemons_order_in_the_dialplan(daemon, asterisk, name, field, value):
    """What callbackd orders is what the dialplan needs, and what that posts is what
    callbackd understands."""
    people, _, _ = MEASURED[name]
    order = the_order(daemon, asterisk)

    def hear(url, body, header):
        kind, login = header.split(": ")
        status, said = asterisk.send(body, {
            kind: login, "Content-Type": "application/x-www-form-urlencoded"})
        assert status == 200
        return said

    world = world_of(hear)
    world.globals["CB_HOOK"] = asterisk.hook
    world.digit = people.get("digit", "")
    if "customer" in people:
        world.customer = lambda: people["customer"]
    if "confirm" in people:
        order["variables"]["CB_CONFIRM"] = people["confirm"]
    world.place(order, people.get("agent"))
    daemon.wait_for(lambda: kept(daemon, field) == value)
    assert daemon.request(ID)["attempts"] == (1 if world.dialled else 0)


# What the specialist's phone did is never an attempt at the customer.
def test_the_specialist_is_not_reached(daemon, asterisk):
    order = the_order(daemon, asterisk)
    assert asterisk.post(order, "ended", last="agent_failed", dialstatus="",
                         talk_ms="", hangupcause=17, sip="SIP 486 Busy Here",
                         chanstate="Down") == OK
    daemon.wait_for(lambda: kept(daemon, "outcome") == "busy")
    assert daemon.request(ID)["attempts"] == 0


# DIALSTATUS says the same of a declined call and an unknown number.
@pytest.mark.parametrize("cause,sip,outcome", [
    (21, "SIP 603 Decline", "rejected"),
    (1, "SIP 404 Not Found", "invalid_number")])
def test_the_customer_is_not_reached(daemon, asterisk, cause, sip, outcome):
    order = the_order(daemon, asterisk)
    asterisk.post(order, "agent_answered")
    asterisk.post(order, "customer_dialing")
    assert asterisk.post(order, "customer_leg", dialstatus="CHANUNAVAIL",
                         hangupcause=cause, sip=sip, talk_ms="") == OK
    daemon.wait_for(lambda: kept(daemon, "outcome") == outcome)
    assert daemon.request(ID)["attempts"] == 1


# ---- 7.1: "200" is not "a call", and failure may be 200, 409, 500 or silence

def test_7_1_asterisk_an_id_in_use_is_this_call(daemon, asterisk):
    asterisk.answer = lambda order: (
        409, {"message": "Channel with given unique ID already exists"})
    order = the_order(daemon, asterisk)
    asterisk.state(order, "Ringing")
    is_live(daemon)
    assert kept(daemon, "sid") == order["id"]


@pytest.mark.parametrize("status,body,means", [
    (500, {"error": "Allocation failed"}, "call_rejected"),
    (401, {"message": "Authentication required"}, "call_rejected"),
    (503, {"error": "later"}, "call_unknown")])
def test_7_1_asterisk_answers(daemon, asterisk, status, body, means):
    asterisk.answer = lambda order: (status, body)
    the_order(daemon, asterisk)
    log_says(daemon, f"event={means}", *body.values())


@pytest.mark.settings({"telephony.place_lease": "1m"})
def test_7_1_freeswitch_answers_200_whatever_happened(switched, freeswitch):
    order = the_order(switched, freeswitch)
    freeswitch.specialist(order, "GATEWAY_DOWN")
    log_says(switched, "event=call_rejected", "GATEWAY_DOWN")
    assert switched.request(ID)["attempts"] == 0
    assert "event=call_unknown" not in switched.log()


@pytest.mark.settings({"telephony.place_lease": "1m",
                       "specialists": [AUTOMATIC, ANNA]})
@pytest.mark.parametrize("cause,outcome", [
    ("USER_BUSY", "busy"), ("NO_ANSWER", "no_answer"),
    ("NO_USER_RESPONSE", "no_answer"), ("CALL_REJECTED", "rejected")])
def test_7_1_freeswitch_says_what_the_specialist_did(
        freeswitch, asterisk, start_daemon, request, tmp_path, cause, outcome):
    """No refusal: the next provider would ring the same person at once. Somebody else
    gets the request."""
    daemon = start(start_daemon, request, tmp_path, freeswitch, "freeswitch",
                   SWITCHED, another=(asterisk, "asterisk", SECRETS))
    order = the_order(daemon, freeswitch)
    freeswitch.specialist(order, cause)
    daemon.wait_for(lambda: len(freeswitch.orders) == 2)
    assert kept(daemon, "outcome") == outcome
    first, second = daemon.request(ID)["calls"]
    assert first["specialist"] != second["specialist"]
    assert "let_go" in daemon.story(ID) and "place_elsewhere" not in daemon.story(ID)
    assert daemon.request(ID)["attempts"] == 0
    assert asterisk.orders == [] and "event=call_rejected" not in daemon.log()
    # The leg's record says it again, late.
    assert freeswitch.over(order, "agent", cause, 0)[0] == 200
    freeswitch.specialist(freeswitch.orders[1])
    is_live(daemon)
    assert len(daemon.request(ID)["calls"]) == 2


@pytest.mark.settings({"telephony.place_lease": "1m"})
def test_7_1_a_trial_says_it_too(switched, freeswitch):
    begun = switched.do("POST", "/v1/providers/freeswitch/test",
                        {"to": "+79160000001"})
    switched.wait_for(lambda: freeswitch.orders)
    freeswitch.specialist(freeswitch.orders[0], "NO_ANSWER")
    path = f"/v1/providers/freeswitch/test/{begun['trial']}"
    trial = switched.wait_for(lambda: (one := switched.do("GET", path))["over"] and one)
    assert not trial["good"]
    assert any("not reached: no_answer" in step for step in trial["steps"])


# ---- 7.2: a client's id protects only as long as the call lives

def test_7_2_a_lost_answer_is_looked_up(daemon, asterisk):
    asterisk.answer = lambda order: "lost"
    order = the_order(daemon, asterisk)
    is_live(daemon)
    assert kept(daemon, "sid") == order["id"] and len(asterisk.orders) == 1


def test_7_2_also_when_the_call_is_over_by_then(daemon, asterisk):
    """The same order would be a second real call now."""
    asterisk.answer = lambda order: "over"
    the_order(daemon, asterisk)
    daemon.wait_for_state(ID, "wrapping")
    assert len(asterisk.orders) == 1


def test_7_2_nor_is_it_sent_again_when_all_is_forgotten(daemon, asterisk):
    """The restart that took the answer took the call's traces with it."""
    asterisk.answer = lambda order: "crash"
    daemon.wait_for(lambda: ("GET", "/ari/asterisk/info") in asterisk.answered)
    the_order(daemon, asterisk)
    daemon.wait_for_state(ID, "referred")
    assert len(asterisk.orders) == 1


# ---- 7.3: late, twice and out of order

def test_7_3_posts_late_twice_and_out_of_order(daemon, asterisk):
    order = the_order(daemon, asterisk)
    is_live(daemon)
    first = asterisk.keep(order, "agent_answered")
    dialing = asterisk.keep(order, "customer_dialing")
    answered = asterisk.keep(order, "customer_answered")
    ended = asterisk.keep(order, "ended", **TALKED)
    assert asterisk.deliver(answered) == OK
    assert asterisk.deliver(first) == OK
    assert asterisk.deliver(ended) == OK
    request = daemon.wait_for_state(ID, "wrapping")
    before = daemon.redis.hgetall(
        daemon.key(f"call:{daemon.request(ID)['id']}.1"))
    for body in (first, ended, dialing, answered, ended):
        assert asterisk.deliver(body) == OK
    after = daemon.redis.hgetall(
        daemon.key(f"call:{daemon.request(ID)['id']}.1"))
    assert (after["state"], after["talk_ms"]) == ("ended", "2007")
    assert after == before and daemon.request(ID)["state"] == request["state"]


# ---- 7.4: a slow webhook must not be heard on the line

def test_7_4_webhooks_do_not_wait_for_the_provider(daemon, asterisk):
    """Asterisk answers nothing any more: its posts are taken all the same."""
    order = the_order(daemon, asterisk)
    is_live(daemon)
    with asterisk.lock:
        began = time.monotonic()
        for event in ("agent_answered", "customer_dialing", "customer_answered"):
            assert asterisk.post(order, event) == OK
        assert time.monotonic() - began < 0.5


def test_7_4_the_dialplan_posts_on_a_channel_of_its_own():
    """CURL() blocks its channel: only those that nobody listens to have it."""
    contexts = re.split(r"^\[([\w-]+)\].*$", DIALPLAN.read_text(encoding="utf-8"),
                        flags=re.M)
    users = [name for name, text in zip(contexts[1::2], contexts[2::2])
             if "CURL(" in text]
    assert users == ["cb-deliver", "cb-say-it"]
    for caller, user in (("cb-post", "cb-deliver"), ("cb-say", "cb-say-it")):
        text = contexts[contexts.index(caller) + 1]
        assert re.search(rf"Originate\(Local/s@{user}/n,.*,av\(", text)


# ---- 7.5: who sees which number

def test_7_5_neither_learns_the_others_number(daemon, asterisk):
    order = the_order(daemon, asterisk)
    assert order["callerId"] == "+74951234567"
    assert order["variables"]["CB_CALLERID"] == "+74951234567"
    trunk = (TOP / "config/asterisk/pjsip.conf").read_text(encoding="utf-8")
    for word in ("send_pai", "send_rpid", "send_connected_line"):
        assert re.search(rf"^{word} = no$", trunk, re.M)


# ---- 7.6: a restart is silent

@pytest.mark.settings({"telephony.poll": "1h",
                       "specialists": [AUTOMATIC, ANNA]})
def test_7_6_one_call_that_is_gone_settles_all(daemon, asterisk):
    daemon.wait_for(lambda: ("GET", "/ari/asterisk/info") in asterisk.answered)
    orders = [the_order(daemon, asterisk),
              the_order(daemon, asterisk, OTHER, SILENT)]
    for name, order in zip((ID, OTHER), orders):
        is_live(daemon, name)
        asterisk.post(order, "agent_answered")
        asterisk.post(order, "customer_dialing")
    asterisk.restart()
    # Nobody looks for an hour, but for what somebody does to one of them.
    daemon.do("POST", f"/v1/requests/{ID}/cancel", {})
    daemon.wait_for(lambda: kept(daemon, "state", OTHER) == "ended")
    log_says(daemon, "event=provider_started_anew")


def test_7_6_each_call_is_watched(daemon, asterisk):
    order = the_order(daemon, asterisk)
    asterisk.keep(order, "agent_answered")
    daemon.wait_for(lambda: kept(daemon, "progress") == "agent_up")
    asterisk.restart()
    daemon.wait_for(lambda: kept(daemon, "state") == "ended")
    log_says(daemon, "event=provider_started_anew")


@pytest.mark.settings({"telephony.place_lease": "1m"})
def test_7_6_freeswitch_is_asked_whether_they_talk(switched, freeswitch):
    order = the_order(switched, freeswitch)
    freeswitch.specialist(order)
    switched.wait_for(lambda: "/txtapi/global_getvar" in freeswitch.answered)
    order["cb_talked"] = "1"
    switched.wait_for_state(ID, "talking")
    # No record will come any more.
    freeswitch.restart()
    switched.wait_for_state(ID, "wrapping")
    log_says(switched, "event=provider_started_anew")


# ---- 7.7: a wrong set-up rings a human first

def test_7_7_no_call_before_the_dialplan_is_there(
        asterisk, start_daemon, request, tmp_path):
    asterisk.variables["CB_HOOK"] = ""
    daemon = start(start_daemon, request, tmp_path, asterisk, "asterisk", SECRETS)
    log_says(daemon, "event=provider_down", "its check failed")
    asked(daemon)
    shown = daemon.ctl("show", "providers").stdout
    assert "down" in shown and "check failed" in shown
    assert asterisk.orders == []
    asterisk.variables["CB_HOOK"] = "http://127.0.0.1/hooks/asterisk"
    daemon.wait_for(lambda: asterisk.orders)
    log_says(daemon, "event=provider_back")


def test_7_7_not_even_while_that_is_being_asked(
        asterisk, start_daemon, request, tmp_path):
    asterisk.slow_s = 0.5
    daemon = start(start_daemon, request, tmp_path, asterisk, "asterisk", SECRETS)
    order = the_order(daemon, asterisk)
    assert asterisk.answered.index(("GET", "/ari/asterisk/variable")) < \
        asterisk.answered.index(("POST", "/ari/channels/" + order["id"]))


@pytest.mark.settings({"breaker": {"probe": "1h", "probe_max": "1h"}})
def test_7_7_it_stops_after_a_few_calls_without_a_customer(daemon, asterisk):
    asked(daemon)
    for count in range(1, 4):
        daemon.wait_for(lambda: len(asterisk.orders) == count)
        assert "event=provider_down" not in daemon.log()
        assert asterisk.post(asterisk.orders[-1], "ended", last="agent_failed",
                             dialstatus="", talk_ms="", hangupcause=16, sip="",
                             chanstate="Up") == OK
    log_says(daemon, "event=provider_down", "were not rung")
    assert len(asterisk.orders) == 3
    assert daemon.request(ID)["attempts"] == 0


@pytest.mark.settings({"telephony.place_lease": "1m",
                       "breaker": {"probe": "1h", "probe_max": "1h"}})
def test_7_7_freeswitch_without_its_dialplan(switched, freeswitch):
    asked(switched)
    for count in range(1, 4):
        switched.wait_for(lambda: len(freeswitch.orders) == count)
        order = freeswitch.orders[-1]
        freeswitch.specialist(order)
        switched.wait_for(lambda: call(switched)["state"] == "live")
        assert freeswitch.over(order, "agent", "NORMAL_CLEARING", 1)[0] == 200
    log_says(switched, "event=provider_down", "were not rung")
    assert len(freeswitch.orders) == 3


# ---- 7.8: an answered phone is not a specialist

@pytest.mark.settings({"specialists": [{**AUTOMATIC, "confirm": "press1"}]})
def test_7_8_who_does_not_press_1_does_not_take_the_call(daemon, asterisk):
    order = the_order(daemon, asterisk)
    assert order["variables"]["CB_CONFIRM"] == "1"
    assert asterisk.post(order, "agent_answered") == OK
    assert asterisk.post(order, "agent_not_confirmed") == OK
    assert asterisk.post(order, "ended", last="agent_not_confirmed",
                         dialstatus="", talk_ms="", hangupcause=21, sip="",
                         chanstate="Up") == OK
    daemon.wait_for(lambda: kept(daemon, "outcome") == "rejected")
    assert daemon.request(ID)["attempts"] == 0


# ---- 7.9: dangling calls

def test_7_9_a_call_that_does_not_end_is_ended(daemon, asterisk):
    order = the_order(daemon, asterisk)
    assert order["variables"]["CB_MAX_TALK"] == "3600"
    is_live(daemon)
    asterisk.post(order, "agent_answered")
    asterisk.post(order, "customer_answered")
    daemon.wait_for_state(ID, "talking")
    # Hours later: the phone is gone, the channel still up.
    name = f"call:{daemon.request(ID)['id']}.1"
    daemon.redis.hset(daemon.key(name), "placed_at_ms", 1000)
    daemon.redis.zadd(daemon.key("due"), {name: 0})
    daemon.wait_for(lambda: order["id"] not in asterisk.channels)


def test_7_9_and_asterisk_has_limits_of_its_own():
    trunk = (TOP / "config/asterisk/pjsip.conf").read_text(encoding="utf-8")
    assert int(re.search(r"^rtp_timeout = (\d+)$", trunk, re.M).group(1)) >= 60
    assert "Set(TIMEOUT(absolute)=${CB_MAX_TALK})" in \
        DIALPLAN.read_text(encoding="utf-8")


# ---- 7.10: providers that answer when the specialist does

@pytest.mark.settings({"telephony.place_lease": "1m"})
def test_7_10_a_request_that_blocks(switched, freeswitch):
    order = the_order(switched, freeswitch)
    # It rings for longer than any other request may take.
    timer = threading.Timer(1.2, freeswitch.specialist, (order,))
    timer.start()
    is_live(switched)
    timer.join()
    assert kept(switched, "sid") == order["origination_uuid"]
    assert order["cb_customer"] == ANSWERS[1:]
    assert freeswitch.over(order, "customer", "NORMAL_CLEARING", 3)[0] == 200
    assert freeswitch.over(order, "agent", "NORMAL_CLEARING", 4,
                           cb_talked="1")[0] == 200
    switched.wait_for_state(ID, "wrapping")
    assert kept(switched, "talk_ms") == "3000"


@pytest.mark.settings({"telephony.place_lease": "1m"})
def test_7_10_a_cut_connection_is_never_a_failure(switched, freeswitch):
    order = the_order(switched, freeswitch)
    order["said"] = "lost"
    order["done"].set()
    log_says(switched, "event=call_unknown")
    # It may be ringing: what it tells later is about this call.
    assert freeswitch.over(order, "customer", "USER_BUSY", 0)[0] == 200
    switched.wait_for(lambda: kept(switched, "outcome") == "busy")
    assert switched.request(ID)["attempts"] == 1
    assert len(freeswitch.orders) == 1


@pytest.mark.settings({"telephony.place_lease": "1m"})
def test_7_10_a_trial_waits_as_long(switched, freeswitch):
    begun = switched.do("POST", "/v1/providers/freeswitch/test",
                        {"to": "+79160000001"})
    switched.wait_for(lambda: freeswitch.orders)
    timer = threading.Timer(1.2, freeswitch.specialist, (freeswitch.orders[0],))
    timer.start()
    path = f"/v1/providers/freeswitch/test/{begun['trial']}"
    switched.wait_for(lambda: any(
        "that means: done" in step for step in switched.do("GET", path)["steps"]))
    timer.join()


# ---- 7.11: capacity fails on the second leg

@pytest.mark.settings({"specialists": [AUTOMATIC, ANNA],
                       "provider": {"in_flight": 1}})
def test_7_11_never_more_calls_than_the_trunk_carries(daemon, asterisk):
    order = the_order(daemon, asterisk)
    asked(daemon, SILENT, OTHER)
    is_live(daemon)
    # As long as it lives, at which is looked now and then, nobody else is called.
    look = ("GET", "/ari/channels/" + order["id"])
    daemon.wait_for(lambda: look in asterisk.asked)
    assert len(asterisk.orders) == 1
    asterisk.post(order, "customer_answered")
    asterisk.post(order, "ended", **TALKED)
    daemon.wait_for(lambda: len(asterisk.orders) == 2)
    assert asterisk.orders[1]["variables"]["CB_CUSTOMER"] == SILENT


def test_7_11_no_room_is_not_a_wrong_number(daemon, asterisk):
    order = the_order(daemon, asterisk)
    asterisk.post(order, "agent_answered")
    asterisk.post(order, "customer_dialing")
    assert asterisk.post(order, "customer_leg", dialstatus="CHANUNAVAIL",
                         hangupcause=0, sip="", talk_ms="") == OK
    daemon.wait_for(lambda: kept(daemon, "outcome") == "failed")
    assert asterisk.post(order, "ended", last="customer_CHANUNAVAIL",
                         dialstatus="CHANUNAVAIL", talk_ms="", hangupcause=0,
                         sip="") == OK
    daemon.wait_for(lambda: len(asterisk.orders) == 2)
    assert json.dumps(asterisk.orders[1]).count(ANSWERS) == 1
