# SPDX-License-Identifier: MIT
"""A callback without a website: customers who phone us while they wait, who are on
hold and press 1, and who return our call."""
import base64
import hashlib
import hmac
import json
import re
import subprocess
import time
import urllib.parse

import pytest

import harness
from company import AUTOMATIC, QUICK
from harness import TOP
from test_calls import ANSWERS, ID, asked

automatic = pytest.mark.settings({**QUICK, "specialists": [AUTOMATIC]})
by_hand = pytest.mark.settings(QUICK)


def told(daemon, state, number=ANSWERS, **more):
    """What a telephone system says; the states of what it was news for."""
    answer = daemon.do("POST", "/v1/inbound-calls",
                       {"number": number, "state": state, **more})
    return answer["known"], [one["state"] for one in answer["requests"]]


# ---- the customer phones us while they wait

# It ended just before it was counted; else that number would be refused for ever.
@by_hand
def test_a_counter_that_has_no_end_gets_one(daemon):
    counter = daemon.key(f"limit:caller:{ANSWERS}")
    daemon.redis.set(counter, 0)
    told(daemon, "spoke")
    daemon.wait_for(lambda: daemon.redis.pttl(counter) > 0)


@by_hand
def test_who_is_on_hold_is_not_called_until_they_hang_up(daemon):
    asked(daemon)
    promise = daemon.answer(ID)["promise"]
    assert told(daemon, "on_hold", id="pbx-1") == (False, ["waiting"])
    assert daemon.request(ID)["reason"] == "on_hold"
    daemon.available("anna")
    assert daemon.request(ID)["state"] == "waiting"
    assert told(daemon, "on_hold", id="pbx-1") == (True, [])
    assert told(daemon, "hung_up", id="pbx-1") == (False, ["offered"])
    daemon.wait_for_state(ID, "offered")
    assert daemon.answer(ID)["promise"] == promise
    # An offer is withdrawn when they come to hold meanwhile.
    assert told(daemon, "on_hold", id="pbx-2") == (False, ["waiting"])
    daemon.wait_for_specialist("anna", "idle")
    assert told(daemon, "on_hold", id="pbx-1") == (True, [])


@pytest.mark.settings({**QUICK, "line.hold": "1s"})
def test_a_hold_that_nobody_ends_ends_by_itself(daemon):
    asked(daemon)
    told(daemon, "on_hold")
    daemon.available("anna")
    daemon.wait_for_state(ID, "offered")
    assert "rejoin" in daemon.story(ID)


@by_hand
def test_who_has_spoken_to_somebody_is_not_called_any_more(daemon):
    daemon.available("anna")
    asked(daemon)
    asked(daemon, name="web-00000002", topic="delivery")
    daemon.wait_for_state(ID, "offered")
    assert told(daemon, "spoke", id="pbx-1") == (False, ["closed", "closed"])
    assert daemon.request(ID)["reason"] == "called_in"
    assert daemon.answer(ID)["state"] == "done"
    daemon.wait_for_specialist("anna", "idle")
    # What is asked afterwards is not answered by that talk.
    asked(daemon, name="web-00000003")
    assert told(daemon, "spoke", id="pbx-1") == (True, [])
    assert told(daemon, "spoke", id="pbx-2",
                at=int(time.time()) - 60) == (False, [])
    daemon.wait_for_state("web-00000003", "offered")
    assert daemon.ctl("called-in", ANSWERS).returncode == 0
    assert daemon.request("web-00000003")["state"] == "closed"
    assert "nothing" in daemon.ctl("called-in", ANSWERS, "hung_up").stdout


@automatic
def test_who_has_spoken_is_not_rung_by_a_call_that_has_begun(daemon):
    daemon.sandbox.behave("+79160000014", answer_after=60)
    asked(daemon)
    daemon.wait_for(lambda: daemon.sandbox.rings("+79160000014"))
    assert told(daemon, "spoke") == (False, ["closed"])
    daemon.wait_for_specialist("vera", "idle")
    assert daemon.sandbox.rings(ANSWERS) == 0


@pytest.mark.parametrize("body,code", [
    ({"number": ANSWERS, "state": "away"}, "state_unknown"),
    ({"number": "12", "state": "spoke"}, "phone_impossible"),
    ({"state": "spoke"}, "phone_missing"),
    ({"number": ANSWERS, "id": "x" * 65}, "id_too_long")])
def test_news_of_a_call_that_cannot_be_read(daemon, body, code):
    status, answer = daemon.control("POST", "/v1/inbound-calls", body)
    assert (status, answer["code"]) == (400, code)


# ---- the line: a caller is offered a callback

COMPANY = "+74951234567"
CALLER = "+79000000051"
LINE = {"number": COMPANY, "queue": "directors"}


def settings(**line):
    return {**QUICK, "lines": ({**LINE, **line},)}


line = pytest.mark.settings(settings())


class Caller:
    """A phone that calls the company's number."""

    def __init__(self, daemon, number=CALLER):
        self.daemon, self.number = daemon, number
        url = f"http://127.0.0.1:{daemon.port}/hooks/sandbox/line"
        status, answer = daemon.sandbox.http(
            "PUT", f"/sandbox/lines/{COMPANY}",
            {"url": url, "status_url": url + "?q=over"})
        assert status == 200, answer

    def calls(self, keys=(), **more):
        self.daemon.sandbox.behave(
            self.number, keys=[[1, key] for key in keys])
        status, answer = self.daemon.sandbox.http(
            "POST", f"/sandbox/phones/{self.number}/call",
            {"to": COMPANY, **more})
        assert status == 201, answer
        return answer["sid"]

    def heard(self, sid):
        """All that this call has heard, when it is over."""
        def over():
            call = next(one for one in self.daemon.sandbox.calls()["calls"]
                        if one["sid"] == sid)
            return call if call["ended_at_ms"] else None
        return " ".join(self.daemon.wait_for(over)["heard"])


def waiting(daemon):
    """What waits, as (telephone, queue, source)."""
    found = [daemon.redis.hgetall(daemon.key(one)) for one in
             daemon.redis.zrange(daemon.key("active"), 0, -1)
             if one.startswith("request:")]
    return [(one["phone"], one["queue"], one["source"]) for one in found]


def said(at):
    """That moment as the page, the voice and the SMS say it; in Moscow."""
    now, at = (time.gmtime(moment + 3 * 3600) for moment in (time.time(), at))
    day = "" if now.tm_yday == at.tm_yday else "завтра "
    return day + time.strftime("%-H:%M", at)


def promised(daemon):
    name = daemon.redis.zrange(daemon.key("promises"), 0, -1)[0]
    at = int(daemon.redis.hget(daemon.key(name), "promise_at_ms")) // 1000
    return said(at)


@line
def test_press_1_to_be_called_back(daemon):
    caller = Caller(daemon)
    heard = caller.heard(caller.calls("1"))
    assert "Ромашка" in heard and "Нажмите 1" in heard
    assert waiting(daemon) == [(CALLER, "directors", "line")]
    assert f"до {promised(daemon)}" in heard
    request = daemon.request(CALLER[-7:])
    number = request["number"]
    assert ", ".join(number) in heard
    # The words stay in its story, as they were spoken.
    assert any(line["action"] == "note" and f"до {promised(daemon)}" in line["detail"]
               for line in request["story"])
    # Who calls once more is told of the same; there is one request.
    assert f"до {promised(daemon)}" in caller.heard(caller.calls("1"))
    assert len(waiting(daemon)) == 1


@line
def test_who_asked_for_no_calls_may_ask_for_one(daemon):
    daemon.do("POST", f"/v1/suppressed/{CALLER}/suppress",
              {"reason": "asked us to"})
    caller = Caller(daemon)
    caller.heard(caller.calls("1"))
    assert waiting(daemon) == [(CALLER, "directors", "line")]
    # Messages are another matter.
    assert daemon.redis.hkeys(daemon.key("suppressed")) == [f"messages:{CALLER}"]


@pytest.mark.settings({**settings(), "window.limit": "2h"}, clock_scale=0.01)
def test_the_place_in_line_is_kept(daemon):
    """Handed over by the telephone system, with how long they wait already."""
    since = int(time.time()) - 600
    for waiting_since, name, phone in ((None, "web-00000001", "+79000000061"),
                                       (since, "pbx-00000001", "+79000000071")):
        body = {"id": name, "phone": phone}
        if waiting_since:
            body["waiting_since"] = waiting_since
        status, answer = daemon.http("POST", "/v1/requests", body)
        assert status == 202, answer
    assert daemon.answer("pbx-00000001")["promise"] == since + 7200
    queue = daemon.do("GET", "/v1/queues/info")
    assert [one["phone"][-2:] for one in queue["requests"]] == ["71", "61"]
    daemon.ask({"id": "pbx-00000002", "phone": "+79000000081",
                "waiting_since": since - 60})
    daemon.wait_for(lambda: daemon.answer("pbx-00000002"))
    assert daemon.do("GET", "/v1/queues/info")["requests"][0]["phone"] \
        .endswith("81")


@line
def test_another_number_is_typed(daemon):
    caller = Caller(daemon)
    heard = caller.heard(caller.calls("2" + "89000000041#"))
    assert "решётку" in heard and "перезвоним вам до" in heard
    assert waiting(daemon) == [("+79000000041", "directors", "line")]


@line
def test_who_hides_their_number_types_one(daemon):
    caller = Caller(daemon)
    heard = caller.heard(caller.calls("112#" + "89000000041#", hidden=True))
    assert "Нажмите 1" not in heard and "позвонить не можем" in heard
    assert waiting(daemon) == [("+79000000041", "directors", "line")]


@line
def test_who_presses_nothing_is_not_called_back(daemon):
    caller = Caller(daemon)
    daemon.sandbox.behave(CALLER, hang_up_after=30)
    caller.heard(caller.calls())
    assert waiting(daemon) == []


@pytest.mark.settings(settings(offer="nothing", missed=True))
def test_missed_calls_where_switched_on(daemon):
    caller = Caller(daemon)
    caller.heard(caller.calls(wait=9))
    assert waiting(daemon) == []
    assert "до" in caller.heard(caller.calls())
    assert waiting(daemon) == [(CALLER, "directors", "missed")]
    daemon.act(CALLER[-7:], "cancel")
    caller.heard(caller.calls())
    assert waiting(daemon) == []          # once a day
    # The same from a telephone system that has rung by itself.
    for rang, known, count in ((9, False, 0), (12, False, 1), (12, True, 1)):
        answer = daemon.do("POST", "/v1/inbound-calls", {
            "number": "+79000000091", "state": "missed", "rang": rang,
            "line": COMPANY})
        assert answer["known"] == known
        assert len(waiting(daemon)) == count


@line
def test_missed_calls_are_not_called_back_by_default(daemon):
    assert daemon.do("POST", "/v1/inbound-calls", {
        "number": CALLER, "state": "missed", "rang": 60,
        "line": COMPANY}) == {"known": False, "requests": []}
    assert waiting(daemon) == []


@pytest.mark.settings({**settings(), "line.per_hour": 2})
def test_a_number_is_served_so_often(daemon):
    caller = Caller(daemon)
    for _ in range(2):
        assert "Нажмите 1" in caller.heard(caller.calls("1"))
    assert "Нажмите 1" not in caller.heard(caller.calls("1"))
    assert "limit_reached" in daemon.log()


@line
def test_what_nobody_signed_changes_nothing(daemon):
    def everything():
        return sorted(daemon.redis.keys("*"))
    before = everything()
    body = f"CallSid=CA1&CallStatus=ringing&From=%2B{CALLER[1:]}" \
        f"&To=%2B{COMPANY[1:]}&Digits=1"
    for headers in ({}, {"X-Twilio-Signature": "bm90IGdlbnVpbmU="}):
        status, answer = daemon.http(
            "POST", "/hooks/sandbox/line?q=keys", body,
            headers={"Content-Type": "application/x-www-form-urlencoded",
                     **headers})
        assert (status, answer["code"]) == (403, "not_genuine")
    assert everything() == before


# ---- who returns our call

def signed(daemon, sid):
    """What the network asks when that call has come: a body, and as it is signed."""
    form = {"CallSid": sid, "CallStatus": "ringing", "Direction": "inbound",
            "From": CALLER, "To": COMPANY}
    text = f"http://127.0.0.1:{daemon.port}/hooks/sandbox/line" + \
        "".join(name + form[name] for name in sorted(form))
    sign = hmac.new(harness.TOKEN.encode(), text.encode(), hashlib.sha1)
    return urllib.parse.urlencode(form), "", {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": base64.b64encode(sign.digest()).decode()}


def unreached(daemon, **more):
    """Somebody whom we have just rung in vain."""
    daemon.sandbox.behave(CALLER, does="no_answer")
    asked(daemon, CALLER, **more)
    return daemon.wait_for_state(ID, "scheduled", "closed")


@pytest.mark.settings({**QUICK, "call.ring": "1s", "retry.after": ["1h", "1h"],
                       "specialists": [AUTOMATIC]})
def test_who_returns_our_call_is_called_at_once(daemon):
    caller = Caller(daemon)
    assert unreached(daemon)["reason"] == "no_answer"
    daemon.sandbox.behave(CALLER, does="answers", answer_after=0)
    daemon.do("PUT", "/v1/specialists/vera", {"status": "paused"})
    daemon.wait_for_specialist("vera", "away")
    heard = caller.heard(caller.calls())
    daemon.available("vera")
    assert "Мы вам звонили" in heard and "Нажмите" not in heard
    daemon.wait_for_state(ID, "wrapping")
    assert "retry_now" in daemon.story(ID)
    assert daemon.request(ID)["attempts"] == 2


@pytest.mark.settings({**QUICK, "call.ring": "1s", "retry.after": ["1h", "1h"],
                       "specialists": [AUTOMATIC]})
def test_who_returns_our_call_is_joined_with_who_called(daemon):
    caller = Caller(daemon)
    assert unreached(daemon)["reason"] == "no_answer"
    daemon.wait_for_specialist("vera", "idle")
    daemon.sandbox.behave(CALLER, does="answers", answer_after=0)
    sid = caller.calls()
    daemon.wait_for_answer(ID, "talking")
    request = daemon.wait_for_state(ID, "wrapping")
    assert daemon.story(ID)[-5:] == ["join_caller", "take", "keep_promise",
                                     "begin_talk", "begin_wrapping"]
    assert request["attempts"] == 2
    # Nobody has rung them: they were on the telephone.
    assert daemon.sandbox.rings(CALLER) == 1
    assert daemon.sandbox.rings("+79160000014") == 2
    assert "Нажмите" not in caller.heard(sid)
    daemon.act(ID, "close", disposition="solved")
    daemon.wait_for_specialist("vera", "idle")


@pytest.mark.settings({**QUICK, "call.ring": "1s", "retry.after": ["1h", "1h"],
                       "specialists": [AUTOMATIC]})
def test_who_was_joined_asks_again_as_the_answer_was_lost(daemon):
    caller = Caller(daemon)
    unreached(daemon)
    daemon.wait_for_specialist("vera", "idle")
    daemon.sandbox.behave(CALLER, does="answers", answer_after=0)
    daemon.sandbox.behave("+79160000014", answer_after=20, talk_for=200)
    sid = caller.calls()
    daemon.wait_for(lambda: "join_caller" in daemon.story(ID))

    def asks(call):
        return daemon.http(
            "POST", "/hooks/sandbox/line", *signed(daemon, call))

    before = daemon.request(ID)
    status, flow = asks(sid)
    assert status == 200 and "<Dial" in flow and "+79160000014" in flow
    after = daemon.request(ID)
    assert (after["attempts"], len(after["calls"])) == (
        before["attempts"], len(before["calls"]))
    # Another call of theirs is told that they are being called.
    status, flow = asks("CA" + "7" * 32)
    assert status == 200 and "<Dial" not in flow
    assert daemon.request(ID)["state"] == "calling"
    # Once the two talk nobody is dialled again.
    daemon.wait_for_state(ID, "talking")
    status, flow = asks(sid)
    assert status == 200 and "<Dial" not in flow


@pytest.mark.settings({**QUICK, "call.ring": "1s", "retry.after": ["1h", "1h"],
                       "telephony.poll": "1h", "call.short": "0",
                       "specialists": [AUTOMATIC]})
def test_who_was_joined_hangs_up(daemon):
    caller = Caller(daemon)
    unreached(daemon)
    daemon.wait_for_specialist("vera", "idle")
    daemon.sandbox.behave(CALLER, does="answers", answer_after=0)
    daemon.sandbox.behave("+79160000014", talk_for=0, answer_after=1)
    caller.calls()
    daemon.wait_for_state(ID, "talking")
    assert daemon.sandbox.http("POST", f"/phones/{CALLER}/hangup")[0] == 200
    daemon.wait_for_state(ID, "wrapping")
    assert daemon.request(ID)["calls"][-1]["state"] == "ended"


@pytest.mark.settings({**QUICK, "call.ring": "1s", "retry.after": ["1h", "1h"],
                       "specialists": [AUTOMATIC]})
def test_who_returns_our_call_in_vain_is_called_later(daemon):
    caller = Caller(daemon)
    unreached(daemon)
    daemon.wait_for_specialist("vera", "idle")
    daemon.sandbox.behave(CALLER, does="answers", answer_after=0)
    daemon.sandbox.behave("+79160000014", does="busy")
    sid = caller.calls()
    daemon.wait_for(lambda: "join_caller" in daemon.story(ID))
    request = daemon.wait_for_state(ID, "scheduled", "waiting", "offered")
    assert request["calls"][-1]["outcome"] != "answered"
    assert caller.heard(sid)
    daemon.wait_for_specialist("vera", "idle", "resting", "away")


@pytest.mark.settings({**QUICK, "call.ring": "1s", "retry.after": [],
                       "specialists": [AUTOMATIC]})
def test_who_returns_our_last_call_is_called_again(daemon):
    caller = Caller(daemon)
    assert unreached(daemon)["reason"] == "unreachable"
    # That they wanted no calls any more is taken back by this.
    daemon.do("POST", f"/v1/suppressed/{CALLER}/suppress",
              {"reason": "they asked", "as": "olga"})
    daemon.sandbox.behave(CALLER, does="answers", answer_after=0)
    assert "Мы вам звонили" in caller.heard(caller.calls())
    again = daemon.wait_for_state(ID, "wrapping")
    assert again["source"] == "reopened"
    assert daemon.sandbox.legs(CALLER)[-1] == "completed"


# ---- docs/phone-queue.md, config/asterisk/queue.conf

DOCUMENT = (TOP / "docs/phone-queue.md").read_text(encoding="utf-8")
DIALPLAN = (TOP / "config/asterisk/queue.conf").read_text(encoding="utf-8")


@pytest.mark.settings({**QUICK, "lines": ({**LINE, "missed": True},)})
def test_the_lines_of_the_document_work(daemon):
    """Each as it stands there, after the two that say where callbackd is."""
    lines = [block.strip() for block in
             re.findall(r"^```sh\n(.*?)^```", DOCUMENT, re.M | re.S)]
    where, *posts = lines
    assert where.startswith("CALLBACKD=") and len(posts) == 5
    begin = f"CALLBACKD=http://127.0.0.1:{daemon.port}\n" \
        f"TOKEN=$(cat {daemon.token_path})\n"
    answers = []
    for post in posts:
        assert post.startswith("curl ")
        done = subprocess.run(["bash", "-euc", begin + post], check=True,
                              capture_output=True, text=True, timeout=20)
        answers.append(json.loads(done.stdout))
    held, asked_for, gone, spoke, missed = answers
    assert held == {"known": False, "requests": []}
    assert asked_for["promise"] == pytest.approx(time.time() - 240 + 900, abs=5)
    assert asked_for["say"].startswith(
        f"Мы перезвоним вам до {said(asked_for['promise'])}.")
    assert ", ".join(asked_for["number"]) in asked_for["say"]
    assert gone["known"] is False
    assert [one["state"] for one in spoke["requests"]] == ["closed"]
    assert missed["answer"]["state"] == "waiting"


@by_hand
def test_the_posts_of_the_dialplan_work(daemon):
    """What CURL() of the dialplan would send, with its variables filled in."""
    values = {"CB_CALL": "1764096240.7", "CB_NUMBER": "89161234567",
              "CB_CALLER": "+79161234567", "CB_STATE": "spoke",
              "CB_SINCE": str(int(time.time()) - 240)}
    posts = re.findall(r"CURL\(\$\{CB_URL\}([^,]+),(\{.*\})\)\}", DIALPLAN)
    assert [path for path, _ in posts] == ["/v1/requests?say=ru",
                                           "/v1/inbound-calls"]
    answers = []
    for path, body in posts:
        body = re.sub(r"\$\{(\w+)\}", lambda name: values[name.group(1)],
                      body.replace("\\,", ","))
        status, answer = daemon.http("POST", path, body)
        assert status in (200, 202), answer
        answers.append(answer)
    assert answers[0]["state"] == "waiting" and answers[0]["say"]
    assert [one["state"] for one in answers[1]["requests"]] == ["closed"]
