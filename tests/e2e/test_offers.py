# SPDX-License-Identifier: MIT
"""Offers that are refused: by the only one, by all, by who is never paused; what each
delay is called, and what the closing sentence makes of it."""
import re

import pytest

from company import DISPOSITIONS, QUICK, specialist
from lines import PHONE, probe_now
from test_calls import ANNA, ANSWERS, BUSY, ID, asked
from test_messages import alarmed, alarms, with_settings
from test_prefer import offered_to
from test_prefer import busy as make_busy

QUEUE = {"caller_id": "+74951234567"}
INFO = {"id": "info", "title": "Баланс", "default": True, **QUEUE}
DELIVERY = {"id": "delivery", "title": "Доставка", **QUEUE}
BOTH = [specialist("anna", ANNA, ("info", 3), confirm="answer"),
        specialist("boris", "+79160000012", ("info", 2), confirm="answer")]


def why(daemon, name=ID):
    return daemon.request(name).get("why")


def sentence(daemon, name=ID):
    """The last line of its story."""
    return daemon.ctl("show", "request", name).stdout.strip().splitlines()[-1]


def parts(text):
    """{"offer ignored by Anna": 1, ...}, and how late it says that it was."""
    head, _, tail = text.partition(": ")
    late = int(re.search(r"late by (\d+) s", head).group(1))
    return late, {cause: int(s) for s, cause in
                  re.findall(r"(\d+) s ([^,]+)", tail)}


def noes(daemon):
    return alarmed(daemon, "а на линии больше никого")


# ---- who says no

@pytest.mark.settings(with_settings(specialists=BOTH, alarms=alarms("late")))
def test_the_only_one_says_no_and_a_human_is_told(daemon):
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    daemon.act(ID, "decline", **{"as": "anna"})
    # It comes back to her, behind the cool-off.
    again = daemon.wait_for_state(ID, "offered")
    assert offered_to(daemon) == ["anna"]
    moments = [line["at_ms"] for line in again["story"]
               if line["action"] in ("note_declined", "offer")][-2:]
    assert moments[1] - moments[0] >= 300
    daemon.wait_for(lambda: noes(daemon))
    assert "Anna: отказ от заявок (1)" in noes(daemon)[0]["body"]


GLEB = specialist("gleb", "+79160000025", ("delivery", 3), confirm="answer")


@pytest.mark.settings(with_settings(
    specialists=[*BOTH, GLEB], alarms=alarms("late"), **{"offer.wrap_up": "10m"}))
def test_whose_colleague_is_busy_is_not_alone(daemon):
    make_busy(daemon, "boris")
    daemon.available("anna", "gleb")
    asked(daemon)
    asked(daemon, BUSY, "web-next", topic="delivery")
    for name, who in ((ID, "anna"), ("web-next", "gleb")):
        daemon.wait_for_state(name, "offered")
        daemon.act(name, "decline", **{"as": who})
    # Both were looked into at once; who is alone is told of.
    daemon.wait_for(lambda: noes(daemon))
    assert "Gleb: отказ от заявок (1)" in noes(daemon)[0]["body"]


@pytest.mark.settings({**QUICK, "offer.presence": "1h", "specialists": [
    specialist("anna", ANNA, ("info", 3), confirm="answer"),
    GLEB], "queues": [{**INFO, "widen": ({"before": "1m", "queue": "delivery"},)},
               DELIVERY]})
def test_all_say_no_twice_and_more_see_it(daemon):
    daemon.available("anna", "gleb")
    asked(daemon)
    for _ in range(2):
        daemon.wait_for(lambda: offered_to(daemon) == ["anna"])
        daemon.act(ID, "decline", **{"as": "anna"})
    # A quarter of an hour before its time.
    daemon.wait_for(lambda: offered_to(daemon) == ["gleb"])
    line = [one for one in daemon.request(ID)["story"]
            if one["action"] == "note_declined"][-1]
    assert line["detail"] == \
        "by anna, to the queue delivery, all have refused it 2 times"


@pytest.mark.settings({**QUICK, "offer.screen": "150ms", "offer.presence": "1h",
                       "offer.phone": "10s", "offer.cool_off_ignored": "50ms",
                       "specialists": [BOTH[0]]})
def test_the_last_one_who_ignores_is_rung(daemon):
    daemon.sandbox.behave(ANNA, answer_after=6)
    daemon.available("anna")
    asked(daemon)
    # A screen that nobody looks at, three times: now it rings, and that is answered.
    daemon.wait_for_answer(ID, "talking", "done")
    story = daemon.story(ID)
    assert story.count("lapse") == 3 and story.count("offer") == 4
    assert daemon.sandbox.rings(ANNA) == 1
    assert daemon.specialist("anna")["status"] == "available"


# ---- what staff hears of

@pytest.mark.settings(with_settings(
    specialists=(), window={"target": "1s", "limit": "2s", "late": "1h"},
    alarms=alarms("late", at_most="1m")))
def test_a_storm_becomes_two_messages(daemon):
    names = [f"web-storm-{i}" for i in range(12)]
    for i, name in enumerate(names):
        daemon.ask({"id": name, "phone": f"+79000002{i:03}"})
    daemon.wait_for(lambda: daemon.redis.zcard(daemon.key("late")) == 12)
    daemon.wait_for(lambda: alarmed(daemon, "просрочено"))
    for name in names:
        daemon.act(name, "cancel")
    daemon.wait_for(lambda: alarmed(daemon, "просроченных больше нет"))
    staff = daemon.do("GET", "/v1/messages?to=staff")["messages"]
    assert sorted(one["kind"] for one in staff) == ["alarm", "alarm_over"]


# ---- what a delay is called

@pytest.mark.settings({**QUICK, "specialists": BOTH, "offer.wrap_up": "10m",
                       "window": {"target": "1s", "limit": "2s"}})
def test_nobody_on_shift_paused_busy(daemon):
    asked(daemon)
    daemon.wait_for(lambda: why(daemon) == "no_one_on_shift")
    assert "nobody on shift" in daemon.ctl("show", "queue", "info").stdout
    assert "nobody on shift" in sentence(daemon)
    daemon.do("PUT", "/v1/specialists/boris", {"status": "paused"})
    daemon.wait_for(lambda: why(daemon) == "all_paused")
    assert "everybody has paused" in daemon.ctl("show", "queue", "info").stdout
    daemon.wait_for(lambda: daemon.request(ID)["late"])
    daemon.available("anna")
    daemon.wait_for_state(ID, "offered")
    asked(daemon, BUSY, "web-next")
    daemon.wait_for(lambda: why(daemon, "web-next") == "all_busy")
    daemon.act(ID, "accept", **{"as": "anna"})
    daemon.wait_for(lambda: daemon.request(ID).get("kept_at"))
    late, causes = parts(sentence(daemon))
    assert set(causes) <= {"nobody on shift", "everybody has paused",
                           "nobody free"}
    assert {"nobody on shift", "everybody has paused"} & set(causes)
    assert sum(causes.values()) <= late
    (offer,) = [one for one in daemon.request(ID)["story"]
                if one["action"] == "offer"]
    assert re.search(r"waited \d+ m?s (no_one_on_shift|all_paused)",
                     offer["detail"])


def test_no_provider_and_then_an_offer_ignored(lines):
    """PRODUCT's own sentence, in seconds."""
    vera = specialist("vera", "+79160000014", ("delivery", 3), confirm="answer",
                      accept="automatic")
    daemon = lines.start({
        "voice": ["first"], "specialists": [vera, BOTH[0]],
        "queues": [INFO, DELIVERY], "offer.screen": "2s",
        "window": {"target": "1s", "limit": "2s"}})
    lines.refuse(1000, lines.networks[0])
    daemon.ask({"id": "web-first", "phone": PHONE, "topic": "delivery"})
    daemon.wait_for(lambda: "event=provider_down" in daemon.log())
    daemon.available("anna")
    daemon.ask({"id": ID, "phone": ANSWERS})
    daemon.wait_for(lambda: daemon.answer(ID) and
                    why(daemon) == "provider_down")
    assert "no provider works" in daemon.ctl("show", "queue", "info").stdout
    daemon.act("web-first", "cancel")
    daemon.wait_for(lambda: daemon.request(ID)["late"])
    daemon.wait_for(lambda: "late by 2 s" in sentence(daemon))
    assert re.search(r"late by \d+ s: \d+ s no provider works$",
                     sentence(daemon))
    lines.allow()
    probe_now(daemon, "first")
    daemon.wait_for(lambda: daemon.story(ID).count("lapse") == 1)
    daemon.wait_for_state(ID, "offered")
    daemon.act(ID, "accept", **{"as": "anna"})
    daemon.wait_for(lambda: daemon.request(ID).get("kept_at"))
    late, causes = parts(sentence(daemon))
    assert causes["offer ignored by Anna"] == 2
    assert causes["no provider works"] >= 2
    assert late - 2 <= sum(causes.values()) <= late


@pytest.mark.parametrize("limits,word,said", [
    ({"calls_per_second": 0.1}, "pace", "the provider's pace"),
    ({"in_flight": 1}, "in_flight", "the provider's lines are full"),
    ({"spend": {"currency": "RUB", "call": 2.5, "hour": 3.0}}, "spent",
     "the providers' money is spent")])
def test_what_the_provider_does_not_give(lines, limits, word, said):
    people = [specialist(name, f"+7916000001{i}", ("info", 3),
                         confirm="answer", accept="automatic")
              for i, name in ((4, "vera"), (5, "olga"))]
    daemon = lines.start({"voice": ["first"], "specialists": people}, **limits)
    lines.networks[0].behave(ANSWERS, talk_for=600)
    asked(daemon)
    daemon.wait_for_state(ID, "talking")
    asked(daemon, PHONE, "web-next")
    daemon.wait_for(lambda: why(daemon, "web-next") == word)
    assert said in daemon.ctl("show", "queue", "info").stdout


@pytest.mark.settings({**QUICK, "specialists": [BOTH[0]],
                       "offer.cool_off_declined": "5m"})
def test_who_is_free_has_said_no(daemon):
    daemon.available("anna")
    asked(daemon)
    daemon.wait_for_state(ID, "offered")
    ran = daemon.ctl("decline", ID, "--as", "anna", "--note",
                     "не мой клиент")
    assert ran.returncode == 0, ran.stderr
    daemon.wait_for(lambda: why(daemon) == "declined")
    # With her reason; who only ignores gives none.
    assert "by Anna, не мой клиент" in daemon.ctl(
        "show", "request", ID).stdout
    assert "who is free has said no" in daemon.ctl("show", "queue",
                                                   "info").stdout


# A company of one queue passes nothing on.
@pytest.mark.settings({**QUICK, "specialists": BOTH, "queues": [{**INFO, "level": 3}],
                       "dispositions": DISPOSITIONS[:2]})
def test_who_is_free_does_not_know_it_well_enough(daemon):
    daemon.available("boris")
    daemon.wait_for_specialist("boris", "idle")
    asked(daemon)
    daemon.wait_for(lambda: why(daemon) == "level")
    assert "does not know it well enough" in daemon.ctl(
        "show", "request", ID).stdout
