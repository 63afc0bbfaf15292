# SPDX-License-Identifier: MIT
"""SMS to customers and staff, end to end: what is born of which step, what becomes
of it at the provider, and who is written to no more."""
import base64
import copy
import hashlib
import hmac
import http.server
import json
import re
import time
import urllib.parse

import pytest

import harness
from company import AUTOMATIC, QUICK, SETTINGS, specialist
from lines import ask as ask_any, probe_now
from test_dial import without_fence  # noqa: F401  (a fixture)

TEXTS = {"deferred": "{company}: позвоним {day} {from}-{to} с {caller_id}",
         "soon": "{company}: звоним с {caller_id}",
         "late": "{company}: простите, до {promise}",
         "unreachable": "{company}: не дозвонились, {number}",
         "passed": "{company}: {case} у {queue}, до {promise}"}
MESSAGES = {**QUICK, "text": ["sandbox"], "messages": TEXTS,
            "messages.quiet": {"from": "00:00", "to": "00:00"},
            "telephony.look_up": "100ms", "telephony.quarantine": "1s"}
SUPPRESS = [*SETTINGS["dispositions"],
            {"key": 8, "id": "no_calls", "title": "Не звонить",
             "then": "suppress"}]
NUMBER = "+79160000101"     # ..01: receives what is sent
OURS = "+74951234567"


def with_settings(**more):
    changes = copy.deepcopy(MESSAGES)
    changes.update(more)
    return changes


def hear(daemon):
    """What phones write reaches the daemon."""
    url = f"http://127.0.0.1:{daemon.port}/hooks/sandbox"
    status, _ = daemon.sandbox.http("PUT", "/sandbox/inbound", {"url": url})
    assert status == 200


def write(daemon, number, text):
    status, answer = daemon.sandbox.http(
        "POST", f"/sandbox/phones/{number}/write", {"to": OURS, "text": text})
    assert status == 200, answer


def sent(daemon, number=None):
    """What phones received, oldest first; only what the network took."""
    status, answer = daemon.sandbox.http("GET", "/sandbox/messages")
    assert status == 200
    return [one for one in reversed(answer["messages"])
            if one["direction"] != "inbound" and number in (None, one["to"])]


def orders(daemon):
    return [line for line in daemon.sandbox.ledger()
            if line["kind"] == "request" and line["method"] == "POST"
            and line["path"].endswith("/Messages.json")]


def letters(daemon, key):
    return daemon.do("GET", f"/v1/messages?request={key}")["messages"]


def letter(daemon, key, kind, **wanted):
    """Waits for that message of a request as it must become."""
    def find():
        for one in letters(daemon, key):
            if one["kind"] == kind and all(
                    one.get(name) == value for name, value in wanted.items()):
                return one
        return None
    return daemon.wait_for(find)


def ask(daemon, name, number=NUMBER, at=0, **more):
    daemon.ask({"id": name, "phone": number, "sms": True, **more}, at)
    return daemon.wait_for(lambda: daemon.answer(name))


class Listener(http.server.ThreadingHTTPServer):
    """Somebody's HTTP server: keeps what is posted, and has it, as a program that is
    alarmed, as Telegram and as Twilio say so."""

    def __init__(self):
        self.heard = []         # (path, body)
        super().__init__(("127.0.0.1", 0), Hearing)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def bodies(self, path):
        return [body for at, body in self.heard if at == path]


class Hearing(harness.Handler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.heard.append((self.path, body))
        self.say({
            "ok": True, "result": {"message_id": len(self.server.heard)},
            "sid": f"SM{len(self.server.heard):032x}", "status": "queued"})


@pytest.fixture
def listener():
    with harness.serving(Listener()) as server:
        yield server


def start_with(start_daemon, provider, **more):
    """A daemon with one more provider, which is the one of messages."""
    daemon = start_daemon(with_settings(**more))
    sandbox = daemon.settings["providers"][0]
    daemon.stop()
    daemon.configure({**with_settings(**more), "text": [provider["id"]],
                      "providers": [sandbox, {"timeout": "1s", **provider}]})
    daemon.start()
    return daemon


# ---- each kind

@pytest.mark.settings(with_settings(specialists=[AUTOMATIC]))
def test_soon_is_sent_when_somebody_accepts_and_is_delivered(daemon):
    ask(daemon, "web-soon")
    one = letter(daemon, "web-soon", "soon", state="ended")
    assert one["reason"] == "delivered" and not one["failed"]
    assert one["text"] == f"Ромашка: звоним с {OURS}"
    [text] = sent(daemon, NUMBER)
    assert text["body"] == one["text"] and text["from"] == OURS
    card = daemon.do("GET", "/v1/requests/web-soon")
    assert [m["kind"] for m in card["messages"]] == ["soon"]
    assert any(line["action"] == "deliver"
               for line in card["story"])
    # The words stay as they were told, whatever becomes of the texts.
    assert [line["detail"] for line in card["story"] if line["action"] == "send"] == \
        [one["text"]]
    assert one["text"] in daemon.ctl("show", "request", "web-soon").stdout


@pytest.mark.settings(with_settings(**{
    "window": {"target": "50ms", "limit": "100ms", "late": "1h"},
    "specialists": ()}))
def test_deferred_and_late_say_when(daemon):
    at = int(time.time()) + 3 * 86400
    ask(daemon, "web-deferred", at=at)
    one = letter(daemon, "web-deferred", "deferred", reason="delivered")
    moment = time.gmtime(at + 3 * 3600)     # Moscow
    assert time.strftime("%-d.%m", moment) in one["text"]
    assert time.strftime("%-H:%M", moment) in one["text"]
    ask(daemon, "web-late", "+79160000122")
    one = letter(daemon, "web-late", "late", reason="delivered")
    assert one["text"].startswith("Ромашка: простите, до ")
    # Once for this promise, however often it is looked at.
    assert len(sent(daemon, "+79160000122")) == 1


@pytest.mark.settings(with_settings(**{
    "specialists": [AUTOMATIC], "retry.after": []}))
def test_unreachable_and_passed(daemon):
    ask(daemon, "web-silent", "+79160000103")       # ..03: nobody answers
    one = letter(daemon, "web-silent", "unreachable", reason="delivered")
    number = daemon.answer("web-silent")["number"]
    assert one["text"] == f"Ромашка: не дозвонились, {number}"
    ask(daemon, "web-pass", topic="info")
    daemon.wait_for(lambda: daemon.answer("web-pass")["state"] == "done")
    passed = daemon.do("GET", "/v1/requests/web-pass")
    daemon.act(passed["id"], "close", disposition="pass", queue="directors")
    one = letter(daemon, passed["id"], "passed", reason="delivered")
    assert one["text"].startswith(
        f"Ромашка: {passed['number']} у Дирекция, до ")


# ---- who gets none

@pytest.mark.settings(with_settings(specialists=[AUTOMATIC]))
def test_without_consent_or_to_a_landline_nothing_is_planned(daemon):
    daemon.ask({"id": "web-silent", "phone": NUMBER})
    daemon.wait_for_answer("web-silent", "done")
    ask(daemon, "web-wired", "+74950000101")
    daemon.wait_for(lambda: daemon.answer("web-wired")["state"] == "done")
    ask(daemon, "web-office", "+7 916 000-01-22 доб. 12")
    daemon.wait_for(lambda: daemon.answer("web-office")["state"] == "done")
    assert orders(daemon) == []


@pytest.mark.settings(with_settings(**{
    "window": {"target": "50ms", "limit": "100ms", "late": "1h"},
    "specialists": (), "messages.quiet": None}))
def test_quiet_hours_hold_what_keeps_and_not_an_answer(start_daemon):
    hour = (int(time.time()) // 3600 + 3) % 24      # in Moscow
    changes = with_settings(**{
        "window": {"target": "50ms", "limit": "100ms", "late": "48h"},
        "specialists": ()})
    changes["messages.quiet"] = {"from": f"{(hour - 1) % 24:02}:00",
                                 "to": f"{(hour + 2) % 24:02}:00"}
    daemon = start_daemon(changes)
    ask(daemon, "web-late", "+79160000122")
    one = letter(daemon, "web-late", "late", state="queued")
    assert one["send_at"] > time.time() + 1800
    ask(daemon, "web-deferred", at=int(time.time()) + 86400)
    letter(daemon, "web-deferred", "deferred", reason="delivered")
    assert sent(daemon, "+79160000122") == []
    # Nobody is told any more of a call that they cancelled.
    daemon.act("web-late", "cancel")
    letter(daemon, "web-late", "late", reason="withdrawn")


# It is one number: what the second asker allows is told of what both asked for.
@pytest.mark.settings(with_settings(specialists=()))
def test_who_asks_again_may_allow_messages(daemon):
    at = int(time.time()) + 3 * 86400
    daemon.ask({"id": "web-first", "phone": NUMBER}, at)
    daemon.wait_for_answer("web-first", "scheduled")
    ask(daemon, "web-again", at=at)
    assert daemon.request("web-again")["id"] == daemon.request("web-first")["id"]
    letter(daemon, "web-first", "deferred", reason="delivered")
    ask(daemon, "web-third", at=at)
    assert len(sent(daemon, NUMBER)) == 1


# ---- what a provider does

@pytest.mark.settings(with_settings(specialists=[AUTOMATIC]))
def test_failures_stand_on_the_card_and_stop_nothing(daemon):
    for name, number, error in (("web-no-11", "+79160000111", "30003"),
                                ("web-no-12", "+79160000112", "30008"),
                                ("web-no-14", "+79160000114", "21610 ")):
        ask(daemon, name, number)
        one = letter(daemon, name, "soon", reason="failed")
        assert one["failed"] and one["error"].startswith(error.strip()), one
        card = daemon.do("GET", f"/v1/requests/{name}")
        told = [line["action"] for line in card["story"]]
        assert "fail" in told or "fail_delivery" in told
        # What reads the events finds the line in that story.
        assert any(card["id"] in fields for _, fields in
                   daemon.redis.xrange(daemon.key("events")))
        daemon.wait_for_answer(name, "done")
    # Who has told the provider that they want none is asked of no other either.
    fields = daemon.redis.hgetall(daemon.key("suppressed"))
    assert list(fields) == ["messages:+79160000114"]
    entry = json.loads(fields["messages:+79160000114"])
    assert entry["who"] == "provider" and entry["why"].startswith("21610")
    daemon.act("web-no-14", "close", disposition="solved")
    ask(daemon, "web-again", "+79160000114")
    letter(daemon, "web-again", "soon", reason="suppressed")
    daemon.wait_for_answer("web-again", "done")


@pytest.mark.settings(with_settings(**{
    "specialists": [AUTOMATIC], "provider": {"timeout": "1s"}}))
def test_what_nobody_knows_is_not_sent_twice(daemon):
    daemon.sandbox.faults({"sms": {"kind": "500_after"}})
    ask(daemon, "web-heard", NUMBER)
    # Its webhook says that the provider has it.
    letter(daemon, "web-heard", "soon", reason="delivered")
    assert len(sent(daemon, NUMBER)) == 1
    # Nobody ever says more of this one.
    daemon.sandbox.faults({"sms": {"kind": "500_before"}})
    ask(daemon, "web-lost", "+79160000122")
    letter(daemon, "web-lost", "soon", reason="unknown")
    assert sent(daemon, "+79160000122") == []
    assert len(orders(daemon)) == 2


def test_an_order_takes_the_time_of_its_own(start_daemon, tmp_path):
    """More than its provider's: it is not given up while it is under way."""
    text = (harness.TOP / "config/providers/sandbox.conf").read_text(
        encoding="utf-8")
    path = tmp_path / "slow.conf"
    path.write_text(text.replace("\nsms = {", "\nsms = { timeout = 8;"),
                    encoding="utf-8")
    daemon = start_daemon(with_settings(
        specialists=[AUTOMATIC],
        provider={"timeout": "1s", "file": str(path)}))
    daemon.sandbox.faults({"sms": {"kind": "late", "delay": 2},
                           "webhook": {"kind": "drop", "count": 1000}})
    ask(daemon, "web-slow", NUMBER)
    letter(daemon, "web-slow", "soon", reason="delivered")
    # Its name is known from the answer alone.
    assert len(sent(daemon, NUMBER)) == 1
    assert "unsure" not in daemon.log()


@pytest.mark.settings(with_settings(specialists=[AUTOMATIC]))
def test_webhooks_that_are_lost(daemon):
    daemon.sandbox.faults({"webhook": {"kind": "drop", "count": 1000}})
    ask(daemon, "web-poll", NUMBER)
    # The provider is asked, too: poll is a second here.
    letter(daemon, "web-poll", "soon", reason="delivered")
    daemon.sandbox.http("DELETE", "/sandbox/faults")


TWILIO = {"id": "twilio", "file": "twilio.conf",
          "secrets": {"account": harness.ACCOUNT, "auth_token": harness.TOKEN}}
TEXT_PATH = f"/2010-04-01/Accounts/{harness.ACCOUNT}/Messages.json"


def deliver(daemon, order, state, key=harness.TOKEN, path=None, **more):
    """What Twilio tells of a message; `order` is the body that ordered it."""
    url = dict(urllib.parse.parse_qsl(order))["StatusCallback"]
    url = url if path is None else f"http://127.0.0.1:{daemon.port}{path}"
    form = {"MessageSid": "SM" + "0" * 31 + "1", "MessageStatus": state,
            **more}
    signed = url + "".join(name + form[name] for name in sorted(form))
    sign = base64.b64encode(hmac.new(key.encode(), signed.encode(),
                                     hashlib.sha1).digest()).decode()
    status, _ = daemon.http(
        "POST", urllib.parse.urlsplit(url).path, urllib.parse.urlencode(form),
        token="", headers={"Content-Type": "application/x-www-form-urlencoded",
                           "X-Twilio-Signature": sign})
    return status


def everything(daemon):
    """Redis as it is, byte for byte."""
    return {key: daemon.redis.execute_command("DUMP", key, NEVER_DECODE=True)
            for key in daemon.redis.keys("*")}


def test_webhooks_doubled_reordered_and_forged(start_daemon, listener):
    daemon = start_with(start_daemon, {**TWILIO, "base": listener.url},
                        **{"specialists": (), "telephony.poll": "60s"})
    ask(daemon, "web-plain", at=int(time.time()) + 3 * 86400)
    letter(daemon, "web-plain", "deferred", state="sent")
    [order] = listener.bodies(TEXT_PATH)
    assert deliver(daemon, order, "sent") == 204
    letter(daemon, "web-plain", "deferred", progress="sent")
    before = everything(daemon)
    # Twice, and what was so before.
    assert deliver(daemon, order, "sent") == 204
    assert deliver(daemon, order, "queued") == 204
    # Not signed by them, of another message, with a token that is not its own.
    hook = urllib.parse.urlsplit(dict(urllib.parse.parse_qsl(order))
                                 ["StatusCallback"]).path
    token = hook.split("/")[-2]
    assert deliver(daemon, order, "delivered", key="guessed") == 403
    assert deliver(daemon, order, "failed", path=hook.replace(
        token, token[::-1])) == 404
    assert deliver(daemon, order, "failed",
                   path="/hooks/twilio/nobody.deferred.1/x/sms") == 404
    assert everything(daemon) == before
    assert deliver(daemon, order, "delivered") == 204
    letter(daemon, "web-plain", "deferred", reason="delivered")
    before = everything(daemon)
    # An end stays.
    for state in ("delivered", "sent", "failed"):
        assert deliver(daemon, order, state) == 204
    assert everything(daemon) == before
    assert len(listener.bodies(TEXT_PATH)) == 1


def test_who_is_unsubscribed_may_be_told_by_webhook(start_daemon, listener):
    daemon = start_with(start_daemon, {**TWILIO, "base": listener.url},
                        **{"specialists": (), "telephony.poll": "60s"})
    ask(daemon, "web-plain", at=int(time.time()) + 3 * 86400)
    letter(daemon, "web-plain", "deferred", state="sent")
    [order] = listener.bodies(TEXT_PATH)
    assert deliver(daemon, order, "failed", ErrorCode="21610") == 204
    letter(daemon, "web-plain", "deferred", reason="failed")
    assert daemon.redis.hkeys(daemon.key("suppressed")) == [f"messages:{NUMBER}"]


def test_the_next_provider_is_asked_only_after_a_certain_refusal(start_daemon):
    daemon = start_daemon(with_settings(specialists=[AUTOMATIC]))
    second = dict(daemon.settings["providers"][0], id="second")
    daemon.stop()
    daemon.configure({**with_settings(specialists=[AUTOMATIC]),
                      "text": ["sandbox", "second"],
                      "providers": [daemon.settings["providers"][0], second]})
    daemon.start()
    daemon.sandbox.faults({"sms": {"kind": "429"}})
    ask(daemon, "web-next")
    one = letter(daemon, "web-next", "soon", reason="delivered")
    assert one["provider"] == "second"
    daemon.sandbox.faults({"sms": {"kind": "500_after"}})
    ask(daemon, "web-same", "+79160000122")
    one = letter(daemon, "web-same", "soon", reason="delivered")
    assert one["provider"] == "sandbox"


# ---- STOP, START, do not call

@pytest.mark.settings(with_settings(specialists=[AUTOMATIC],
                                    dispositions=SUPPRESS))
def test_stop_ends_messages_not_the_call_and_start_brings_them_back(daemon):
    hear(daemon)
    daemon.sandbox.faults({"webhook": {"kind": "duplicate", "times": 2}})
    write(daemon, NUMBER, " стоп! ")
    daemon.wait_for(lambda: [one["body"] for one in sent(daemon, NUMBER)] ==
                    ["Ромашка: сообщений больше не будет. Вернуть: СТАРТ"])
    ask(daemon, "web-stopped")
    letter(daemon, "web-stopped", "soon", reason="suppressed")
    daemon.wait_for(lambda: daemon.answer("web-stopped")["state"] == "done")
    assert len(sent(daemon, NUMBER)) == 1       # told once, for all the copies
    assert NUMBER[1:] not in daemon.log()
    write(daemon, NUMBER, "START")
    daemon.wait_for(lambda: len(sent(daemon, NUMBER)) == 2)
    assert daemon.redis.hlen(daemon.key("suppressed")) == 0
    daemon.act("web-stopped", "close", disposition="solved")
    ask(daemon, "web-again")
    letter(daemon, "web-again", "soon", reason="delivered")
    # A sentence is no command.
    write(daemon, NUMBER, "stop calling me at night")
    write(daemon, "+79160000122", "не  звоните")
    daemon.wait_for(lambda: daemon.redis.hlen(daemon.key("suppressed")) == 2)
    assert not daemon.redis.hexists(daemon.key("suppressed"),
                                    f"messages:{NUMBER}")


@pytest.mark.parametrize("word", ["нет", "Не надо!", "No", "отмена"])
@pytest.mark.settings(with_settings(specialists=()))
def test_no_calls_off_what_they_were_told_of(daemon, word):
    hear(daemon)
    ask(daemon, "web-tomorrow", at=int(time.time()) + 86400)
    letter(daemon, "web-tomorrow", "deferred", reason="delivered")
    # What else they asked for was not spoken of, and a stranger's word is theirs alone.
    ask(daemon, "web-other", topic="delivery")
    write(daemon, "+79160000122", word)
    write(daemon, NUMBER, "нет, позвоните раньше")
    write(daemon, NUMBER, word)
    request = daemon.wait_for_state("web-tomorrow", "closed")
    assert request["reason"] == "cancelled"
    assert request["story"][-1]["by"] == "customer"
    assert daemon.answer("web-tomorrow")["state"] == "cancelled"
    assert daemon.request("web-other")["state"] == "waiting"
    assert daemon.redis.hlen(daemon.key("suppressed")) == 0
    # Twice is as good as once; nobody is told what they have said themselves.
    write(daemon, NUMBER, word)
    write(daemon, NUMBER, "STOP")
    daemon.wait_for(lambda: len(sent(daemon, NUMBER)) > 1)
    assert len(sent(daemon, NUMBER)) == 2 and "СТАРТ" in sent(daemon, NUMBER)[1]["body"]


STOPS = ["STOP", "Unsubscribe", "стоп", "Отписка.", "отписаться", "arrêt",
         "ARRET", "stopp", "Alto", "baja", "PARAR"]


@pytest.mark.settings(with_settings(specialists=()))
def test_stop_in_each_language(daemon):
    hear(daemon)
    numbers = [f"+791600002{i:02}" for i in range(len(STOPS))]
    for number, word in zip(numbers, STOPS):
        write(daemon, number, word)
    daemon.wait_for(lambda: set(daemon.redis.hkeys(daemon.key("suppressed"))) ==
                    {f"messages:{number}" for number in numbers})
    starts = ["START", "старт", "Подписка", "unstop"]
    for number, word in zip(numbers, starts):
        write(daemon, number, word)
    daemon.wait_for(lambda: set(daemon.redis.hkeys(daemon.key("suppressed"))) ==
                    {f"messages:{number}" for number in numbers[len(starts):]})


@pytest.mark.settings(with_settings(specialists=(), dispositions=SUPPRESS))
def test_do_not_call_ends_both_until_it_is_lifted(daemon):
    hear(daemon)
    ask(daemon, "web-waits")
    write(daemon, NUMBER, "НЕ ЗВОНИТЬ")
    daemon.wait_for(lambda: daemon.answer("web-waits").get("why") == "suppressed")
    daemon.restart()
    answer = ask(daemon, "web-refused")
    assert answer["state"] == "rejected"
    assert answer["errors"][0]["code"] == "phone_not_accepted"
    [one] = daemon.do("GET", "/v1/suppressed")["suppressed"]
    assert one["phone"] == NUMBER and one["calls"]["who"] == "customer"
    done = daemon.ctl("unsuppress", NUMBER, "--reason", "asked us to", "--as", "olga")
    assert done.returncode == 0, done.stderr
    assert ask(daemon, "web-welcome")["state"] != "rejected"
    assert any("unsuppress olga asked us to" in str(entry)
               for entry in daemon.redis.xrange(daemon.key("events")))
    done = daemon.ctl("suppress", NUMBER, "--reason", "by letter", "--as", "olga")
    assert done.returncode == 0, done.stderr
    daemon.wait_for(lambda: daemon.answer("web-welcome").get("why") == "suppressed")
    assert "by letter" in daemon.ctl("show", "suppressed").stdout


@pytest.mark.settings(with_settings(dispositions=SUPPRESS))
def test_what_a_specialist_heard_counts_too(daemon):
    ask(daemon, "web-tells")
    daemon.wait_for(lambda: daemon.answer("web-tells")["state"] == "waiting")
    daemon.act("web-tells", "close", disposition="no_calls", **{"as": "anna"})
    fields = daemon.redis.hgetall(daemon.key("suppressed"))
    assert set(fields) == {f"calls:{NUMBER}", f"messages:{NUMBER}"}
    assert '"who":"anna"' in fields[f"calls:{NUMBER}"]


# A hand in Redis, or another node just now: the commit that would dial finds out.
@pytest.mark.settings(with_settings())
def test_who_is_suppressed_meanwhile_is_not_dialled(daemon):
    daemon.available("anna")
    ask(daemon, "web-held")
    daemon.wait_for_state("web-held", "offered")
    daemon.redis.hset(daemon.key("suppressed"), f"calls:{NUMBER}", "{}")
    daemon.ctl("accept", "web-held", "--as", "anna")
    daemon.wait_for(lambda: daemon.answer("web-held").get("why") == "suppressed")
    assert daemon.sandbox.posts() == [] and orders(daemon) == []


# ---- staff

GLEB = specialist("gleb", "+79160000121", ("info", 3), confirm="answer",
                  offers=["sms"])


@pytest.mark.settings(with_settings(specialists=[GLEB]))
def test_an_offer_by_sms_is_taken_with_1(daemon):
    hear(daemon)
    daemon.available("gleb")
    ask(daemon, "web-offer")
    daemon.wait_for(lambda: sent(daemon, "+79160000121"))
    text = sent(daemon, "+79160000121")[0]["body"]
    assert "Ответ 1 - беру" in text
    write(daemon, "+79160000121", "2")
    daemon.wait_for_state("web-offer", "waiting")
    daemon.wait_for(lambda: len(sent(daemon, "+79160000121")) == 2)
    write(daemon, "+79160000121", "1")
    daemon.wait_for(lambda: daemon.answer("web-offer")["state"] == "done")
    staff = daemon.do("GET", "/v1/messages?to=staff")["messages"]
    assert [one["kind"] for one in staff] == ["offer", "offer"]
    assert "offer" in daemon.ctl("show", "messages", "to", "staff").stdout


@pytest.mark.settings(with_settings(**{
    "specialists": [dict(GLEB, offers=["sms", "phone"])],
    "offer.sms": "1s", "offer.phone": "8s"}))
def test_an_sms_that_is_ignored_is_followed_by_a_ring(daemon):
    daemon.available("gleb")
    ask(daemon, "web-offer")
    daemon.wait_for(lambda: sent(daemon, "+79160000121"))
    assert daemon.sandbox.rings("+79160000121") == 0
    # They lie in bed: the next offer rings, and who answers it takes it.
    daemon.wait_for(lambda: daemon.sandbox.rings("+79160000121"))
    daemon.wait_for_answer("web-offer", "talking", "done")
    assert len(sent(daemon, "+79160000121")) == 1
    assert daemon.story("web-offer").count("offer") == 2


@pytest.mark.settings(with_settings(**{
    "window": {"target": "50ms", "limit": "100ms", "late": "1h"},
    "specialists": [dict(GLEB, offers=["screen"])],
    "alarms": {"to": ["gleb"], "at_most": "2s", "on": ["late", "rejected"]}}))
def test_alarms_are_grouped_and_one_tells_that_it_is_over(daemon):
    for i in range(6):
        ask(daemon, f"web-late-{i}", f"+7916000020{i}")
    gleb = "+79160000121"
    daemon.wait_for(lambda: sent(daemon, gleb))
    for i in range(6):
        daemon.wait_for(lambda: daemon.do(
            "GET", f"/v1/requests/web-late-{i}")["late"])
    # Six are late, and told of by one more message at most.
    daemon.wait_for(lambda: any("просрочено 6" in one["body"]
                                for one in sent(daemon, gleb)))
    assert len(sent(daemon, gleb)) <= 2
    for i in range(6):
        daemon.act(f"web-late-{i}", "cancel")
    daemon.wait_for(lambda: "больше нет" in sent(daemon, gleb)[-1]["body"])
    count = len(sent(daemon, gleb))
    assert count <= 4
    daemon.restart()
    assert len(sent(daemon, gleb)) == count


DUTY = "+79160000131"


def alarms(*causes, to=(DUTY,), at_most="2s"):
    return {"to": list(to), "at_most": at_most, "on": list(causes)}


def alarmed(daemon, words):
    """What the number on duty was told of that, oldest first."""
    return [one for one in sent(daemon, DUTY) if words in one["body"]]


# Many are one message, more wait their time, and the end is told once.
@pytest.mark.settings(with_settings(specialists=(), alarms=alarms("rejected")))
def test_alarm_rejected(daemon):
    for i in range(5):
        daemon.ask({"id": f"web-bad-{i}", "phone": "12"})
    daemon.wait_for(lambda: alarmed(daemon, "не приняты"))
    daemon.ask({"id": "web-bad-9", "phone": "12"})
    daemon.wait_for(lambda: alarmed(daemon, "снова принимаются"))
    [over] = alarmed(daemon, "снова принимаются")
    begun = alarmed(daemon, "не приняты")
    counts = [int(re.search(r"сайта: (\d+)", one["body"]).group(1))
              for one in begun]
    assert sum(counts) == 6 and 2 <= len(counts) <= 3, counts
    moments = [one["created_at_ms"] for one in [*begun, over]]
    # Messages pass a queue of their own on their way; the marks are exact.
    assert all(b - a > 1500 for a, b in zip(moments, moments[1:])), moments
    daemon.ask({"id": "web-bad-10", "phone": "12"})
    daemon.wait_for(lambda: len(alarmed(daemon, "не приняты")) > len(begun))


@pytest.mark.settings(with_settings(
    specialists=[specialist("anna", "+79160000001", ("info", 3))],
    alarms=alarms("unattended")))
def test_alarm_unattended(daemon):
    ask(daemon, "web-alone", "+79160000122")
    daemon.wait_for(lambda: alarmed(daemon, "никого"))
    assert "Баланс и вклады: ждут 1" in alarmed(daemon, "никого")[0]["body"]
    daemon.available("anna")
    daemon.wait_for(lambda: alarmed(daemon, "снова есть люди"))
    assert len(sent(daemon, DUTY)) == 2


def test_alarm_provider_down(lines):
    daemon = lines.start({**MESSAGES, "voice": ["first"], "text": ["second"],
                          "alarms": alarms("provider_down")})
    lines.refuse(1000, lines.networks[0])
    daemon.sandbox = lines.networks[1]      # which carries the messages
    ask_any(daemon, 1)
    daemon.wait_for(lambda: alarmed(daemon, "first не работает"))
    lines.allow()
    probe_now(daemon, "first")
    daemon.wait_for(lambda: alarmed(daemon, "first снова работает"))
    assert len(sent(daemon, DUTY)) == 2


# What only staff can mend: told at once, with the provider's words, once.
def test_alarm_provider_refuses(lines):
    first, second = lines.networks
    wrong = {"account": harness.ACCOUNT, "auth_token": "wrong"}
    daemon = lines.start({
        **MESSAGES, "voice": ["first"], "text": ["third", "second"],
        "alarms": alarms("provider_refuses"),
        "providers": (lines.provider("first", first, secrets=wrong),
                      lines.provider("second", second),
                      lines.provider("third", first, secrets=wrong))})
    daemon.sandbox = lines.networks[1]      # which carries the messages
    ask_any(daemon, 1)
    [begun] = daemon.wait_for(lambda: alarmed(daemon, "сами не пройдут"))
    assert "first 20003 Authenticate" in begun["body"]
    # The alarm itself was refused by the third: both are named when it is over.
    def both():
        return [one for one in alarmed(daemon, "новых отказов нет (first 20003")
                if "third 20003" in one["body"]]
    daemon.wait_for(both, 20)


def test_alarm_maybe_called(start_daemon, without_fence, listener):
    daemon = start_daemon(with_settings(
        specialists=[AUTOMATIC], text=[],
        alarms=alarms("maybe_called", to=[listener.url + "/alarm"]),
        provider={"timeout": "1s", "file": without_fence}))
    daemon.sandbox.faults({"create": {"kind": "close_after"},
                           "webhook": {"kind": "drop", "count": 1000}})
    ask_any(daemon, 1)
    daemon.wait_for(lambda: len(listener.heard) == 2)
    begun, over = map(json.loads, listener.bodies("/alarm"))
    assert "неясно, звонили ли: 1" in begun["text"] and not begun["over"]
    assert "новых неясных звонков нет" in over["text"] and over["over"]


def test_alarms_go_to_a_program_and_to_a_chat(start_daemon, listener):
    daemon = start_with(
        start_daemon,
        {"id": "telegram", "file": "telegram.conf", "base": listener.url,
         "secrets": {"bot_id": "1", "bot_key": "k"}},
        specialists=(), alarms=alarms("rejected", to=[
            "chat:-1001", listener.url + "/alarm"]))
    daemon.ask({"id": "web-bad-1", "phone": "12"})
    daemon.wait_for(lambda: len(listener.heard) == 4)
    begun, over = map(json.loads, listener.bodies("/alarm"))
    assert (begun["cause"], begun["over"], begun["count"]) == ("rejected", False, 1)
    assert (over["cause"], over["over"]) == ("rejected", True)
    assert begun["site"] == "test" and "не приняты заявки" in begun["text"]
    chat = [json.loads(body) for body in listener.bodies("/bot1:k/sendMessage")]
    assert [one["chat_id"] for one in chat] == ["-1001"] * 2
    assert chat[0]["text"] == begun["text"] and chat[1]["text"] == over["text"]
    daemon.wait_for(lambda: all(
        one["state"] == "ended" or one["provider"] == "telegram" and
        one["state"] == "sent" for one in
        daemon.do("GET", "/v1/messages?to=staff")["messages"]))


# Who does not answer is told of as a failure, and asked no second time.
def test_an_alarm_that_nobody_takes_has_failed(start_daemon):
    url = f"http://127.0.0.1:{harness.free_port()}/alarm"
    daemon = start_daemon(with_settings(
        specialists=(), alarms=alarms("rejected", to=[url], at_most="1h")))
    daemon.ask({"id": "web-bad-1", "phone": "12"})

    def failed():
        return [one for one in
                daemon.do("GET", "/v1/messages?to=staff")["messages"]
                if one["failed"]]
    daemon.wait_for(failed)
    assert "failed" in daemon.ctl("show", "messages", "to", "staff").stdout


# A company's own network is no place for what a stranger may name, but for alarms
# where the configuration says so.
@pytest.mark.parametrize("is_private", [True, False])
def test_an_alarm_in_the_private_network(start_daemon, listener, tmp_path,
                                         is_private):
    # https: plain HTTP would not even pass the check of the file.
    url = listener.url if is_private else \
        listener.url.replace("http:", "https:")
    secrets = tmp_path / "secrets"
    secrets.write_text(f"account={harness.ACCOUNT}\n"
                       f"auth_token={harness.TOKEN}\n", encoding="utf-8")
    secrets.chmod(0o600)
    settings = with_settings(
        specialists=(), provider={"private": True, "secrets": str(secrets)},
        alarms={**alarms("rejected", to=[url + "/alarm"]),
                "private": is_private})
    daemon = start_daemon({**settings, "allow_test_settings": None,
                           "telephony.place_lease": "1m"})
    daemon.ask({"id": "web-bad-1", "phone": "12"})
    if is_private:
        daemon.wait_for(lambda: listener.bodies("/alarm"))
    else:
        daemon.wait_for(lambda: any(
            one["failed"] for one in
            daemon.do("GET", "/v1/messages?to=staff")["messages"]))
        assert "a private network's, which is not allowed" in daemon.log()
        assert listener.heard == []
