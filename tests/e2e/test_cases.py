# SPDX-License-Identifier: MIT
"""Cases that are passed on: each tier's promise, and what climbs by itself."""
import json
import subprocess

import pytest

import harness
from company import (AUTOMATIC, DISPOSITIONS, QUICK, SETTINGS, by_phone, settings_text,
                     specialist)
from test_calls import ANSWERS, ID, asked
from test_messages import TEXTS, letter, listener, sent  # noqa: F401

ANNA = "+79160000001"
HEAD = "+74950000109"
OPEN = {"from": "00:00", "to": "00:00"}


def tiers(delivery, directors):
    """The company's three queues, two of them with rules for what is passed on."""
    info, second, third = SETTINGS["queues"]
    return [info, {**second, "passed": delivery},
            {**third, "passed": directors}]


def story_of(daemon, first):
    """Every request of the case, from that one on."""
    found = [daemon.do("GET", f"/v1/requests/{first}")]
    while found[-1].get("next"):
        found.append(daemon.do("GET", f"/v1/requests/{found[-1]['next']}"))
    return found


# Anna serves the front line only: nobody answers above it.
@pytest.mark.settings({
    **QUICK, "text": ["sandbox"], "messages": TEXTS, "messages.quiet": OPEN,
    "queues": tiers({"limit": "2s", "climb": "directors"},
                    {"limit": "1s", "climb": HEAD}),
    "specialists": [specialist("anna", "+79160000001", ("info", 3),
                               confirm="answer", accept="automatic")]})
def test_it_climbs_every_tier_by_itself(daemon):
    daemon.available("anna")
    asked(daemon, sms=True)
    first = daemon.wait_for_state(ID, "wrapping")["id"]
    daemon.act(first, "pass", queue="delivery", note="где посылка?")
    last = daemon.wait_for_state(ID, "referred")
    front, delivery, directors = story_of(daemon, first)
    assert directors["id"] == last["id"]
    assert [one["reason"] for one in (front, delivery, directors)] == [
        "passed", "climbed", "climbed"]
    assert [one["queue"] for one in (delivery, directors)] == [
        "delivery", "directors"]
    assert len({one["number"] for one in (front, delivery, directors)}) == 1
    whole = daemon.do("GET", f"/v1/cases/{last['number']}")
    assert [one["id"] for one in whole["requests"]] == [
        front["id"], delivery["id"], directors["id"]]
    assert whole["number"] == last["number"] and whole["customer"]["cases"] == 1
    # A new promise each time, told to the customer.
    assert delivery["promise_at"] < directors["promise_at"]
    for key, where in ((first, "Доставка"), (delivery["id"], "Дирекция")):
        assert where in letter(daemon, key, "passed")["text"]
    daemon.wait_for(lambda: sent(daemon, HEAD))
    answer = daemon.answer(ID)
    assert answer["state"] == "waiting" and answer["queue"] == "directors"
    text = daemon.ctl("show", "request", delivery["id"]).stdout
    assert "CLIMBED" in text and "to directors" in text
    story = daemon.ctl("show", "case", ID).stdout
    assert story.count("request ") >= 3 and story.splitlines()[-1].startswith(
        f"case {last['number']}: info (passed) - delivery (climbed")


def test_the_last_tier_may_be_a_program(start_daemon, listener):  # noqa: F811
    url = listener.url + "/secret-of-ours"
    daemon = start_daemon({
        **QUICK, "queues": tiers({"limit": "1s", "climb": url}, {"limit": "1h"}),
        "specialists": [specialist("anna", ANNA, ("info", 3), confirm="answer")],
        "alarms": {"to": [listener.url + "/alarm"], "on": ["rejected"], "private": True}})
    daemon.available("anna")
    asked(daemon)
    first = daemon.wait_for_state(ID, "offered")["id"]
    daemon.act(first, "pass", queue="delivery")
    last = daemon.wait_for_state(ID, "referred")
    assert last["reason"] == "climbed"
    [body] = daemon.wait_for(lambda: listener.bodies("/secret-of-ours"))
    told = json.loads(body)
    assert (told["request"], told["number"], told["queue"]) == (
        last["id"], last["number"], "delivery")
    # Only what names it goes there; and nobody reads the path in the story.
    daemon.ask({"id": "web-nonsense", "phone": "12"})
    daemon.wait_for(lambda: listener.bodies("/alarm"))
    staff = daemon.do("GET", "/v1/messages?to=staff")["messages"]
    assert sorted(one["id"].split(".")[1] for one in staff) == ["alarm", "rejected"]
    assert len(listener.bodies("/secret-of-ours")) == 1
    text = daemon.ctl("show", "request", last["id"]).stdout
    assert f"{listener.url} is told" in text and "secret-of-ours" not in text


@pytest.mark.settings({
    **QUICK, "queues": tiers({"limit": "1h", "climb": "directors"},
                             {"limit": "2h"}),
    "specialists": [AUTOMATIC]})
def test_up_across_and_back_down(daemon):
    daemon.available("vera")
    asked(daemon)
    request = daemon.wait_for_state(ID, "wrapping")
    first = request["id"]
    for queue in ("delivery", "directors", "info"):
        daemon.act(request["id"], "pass", queue=queue)
        daemon.wait_for(
            lambda queue=queue: daemon.request(ID)["queue"] == queue)
        request = daemon.wait_for_state(ID, "wrapping")
    daemon.act(request["id"], "close", disposition="solved")
    whole = story_of(daemon, first)
    assert [one["queue"] for one in whole] == [
        "info", "delivery", "directors", "info"]
    assert [one["reason"] for one in whole] == ["passed"] * 3 + ["solved"]
    limits = [one["promise_at"] - one["asked_at"] for one in whole[1:]]
    assert limits[0] > limits[2] and limits[1] > limits[2]
    assert daemon.sandbox.rings(ANSWERS) == 4
    assert daemon.ctl("show", "case", first).stdout.splitlines()[-1].startswith(
        f"case {request['number']}: info (passed)")
    line = daemon.ctl("show", "case", request["number"]).stdout.splitlines()[-1]
    assert "info (passed) - delivery (passed) - directors (passed) - info" in \
        line and "0 of 4 requests late" in line


@pytest.mark.settings({
    **QUICK, "queues": tiers({"limit": "1h", "dial": "when_ready"},
                             {"limit": "2h"}),
    "specialists": [
        specialist("anna", "+79160000001", ("info", 3), ("delivery", 3),
                   confirm="answer"),
        specialist("boris", "+79160000012", ("delivery", 1), confirm="answer")]})
def test_taking_is_not_dialling(daemon):
    daemon.available("anna", "boris")
    asked(daemon)
    first = daemon.wait_for_state(ID, "offered")["id"]
    daemon.act(first, "pass", queue="delivery")
    offered = daemon.wait_for_state(ID, "offered")
    daemon.act(offered["id"], "accept", **{
        "as": offered["offers"][0]["specialist"]})
    taken = daemon.request(ID)
    assert taken["state"] == "taken" and daemon.sandbox.rings(ANSWERS) == 0
    assert daemon.answer(ID)["state"] == "waiting"
    assert daemon.answer(ID)["promise"] == taken["promise_at"]
    daemon.wait_for_specialist(taken["wished"], "idle")
    # Shown to both who serve the queue, and started by the colleague.
    for name in ("anna", "boris"):
        desk = daemon.do("GET", f"/v1/desk?as={name}")
        assert [(one["id"], one["state"]) for one in desk["results"]] == [
            (taken["id"], "taken")]
    daemon.restart()
    daemon.wait_for_state(ID, "taken")
    other = {"anna": "boris", "boris": "anna"}[taken["wished"]]
    daemon.wait_for_specialist(other, "idle")
    assert daemon.ctl("start", ID, "--as", other).returncode == 0
    assert daemon.wait_for_state(ID, "wrapping")["specialist"] == other
    assert daemon.sandbox.rings(ANSWERS) == 1


@pytest.mark.settings({**QUICK, "limits.number_day": 9, "specialists": [
    specialist("anna", ANNA, ("info", 3), ("delivery", 3), confirm="answer")],
    "card_url": "https://crm.example/find?phone={phone}&case={case}"})
def test_what_else_the_customer_asked_for_is_shown(daemon):
    daemon.available("anna")
    asked(daemon, name="web-before")
    daemon.act("web-before", "close", disposition="solved")
    before = daemon.request("web-before")
    # Another matter of the same person is a request of its own, and shown beside this one.
    asked(daemon, name="web-parcel", topic="delivery")
    asked(daemon, name="web-card")
    parcel, card = daemon.request("web-parcel"), daemon.request("web-card")
    for one, other in ((parcel, card), (card, parcel)):
        assert one["customer"]["cases"] == 3 and one["customer"]["days"] == 30
        assert [(each["number"], each["state"]) for each in one["customer"]["others"]] == [
            (other["number"], other["state"]), (before["number"], "closed")]
    assert card["customer"]["others"][0]["title"] == "Доставка"
    # Whoever has it sees the same, with the company's own page of this customer.
    work = daemon.wait_for(lambda: daemon.do("GET", "/v1/desk?as=anna")["request"])
    assert work["customer"]["cases"] == 3
    url = "https://crm.example/find?phone=%2B79000000001&case=" + card["number"]
    assert card["card_url"] == url
    shown = daemon.ctl("show", "request", "web-card")
    assert f"customer: 3 cases in 30 days: also {parcel['number']} delivery (" in shown.stdout
    assert f"{before['number']} info (solved)" in shown.stdout
    assert url not in shown.stdout
    assert f"card: {url}" in daemon.ctl("show", "request", "web-card", "--full").stdout
    # A restart forgets nothing; what is older than 30 days is not counted.
    key = daemon.key("cases:+79000000001")
    assert 29.9 * 86400 < daemon.redis.ttl(key) <= 30 * 86400
    daemon.redis.zincrby(key, -31 * 86400 * 1000, f"case:{before['number']}")
    daemon.restart()
    assert daemon.request("web-card")["customer"]["cases"] == 2
    # A number that was given to somebody else since shows nothing of them.
    daemon.redis.hset(daemon.key(f"case:{parcel['number']}"), "phone", "+79000000009")
    assert daemon.request("web-card")["customer"]["others"] == []


OWN = [{**SETTINGS["queues"][0], "dispositions": ["solved", "to_delivery"]},
       {**SETTINGS["queues"][1], "dispositions": ["traced", "wrong"]},
       SETTINGS["queues"][2]]
WORDS = [*DISPOSITIONS[:4],
         {"key": 3, "id": "to_delivery", "title": "В доставку", "then": "pass",
          "queue": "delivery"},
         {"key": 1, "id": "traced", "title": "Посылка нашлась", "then": "close"},
         {"key": 5, "id": "wrong", "title": "Не тот человек", "then": "wrong_person"}]
DESK = [specialist("anna", ANNA, ("info", 3), ("delivery", 3), confirm="answer")]


# The same key says different things in two queues; "pass" and the rest are the third's.
@pytest.mark.settings({**QUICK, "queues": [
    *OWN[:2], {**OWN[2], "dispositions": ["solved", "later", "pass", "voicemail"]}],
    "dispositions": WORDS, "specialists": DESK})
def test_each_queue_has_its_own_results(daemon):
    daemon.available("anna")
    asked(daemon)
    first = daemon.wait_for_state(ID, "offered")["id"]

    def offered():
        work = daemon.do("GET", "/v1/desk?as=anna")["request"]
        return [one["id"] for one in work["dispositions"]]
    assert offered() == ["solved", "to_delivery"]
    ran = daemon.ctl("close", first, "as", "traced", "--as", "anna")
    assert ran.returncode != 0
    assert 'in queue "info" there is only solved to_delivery' in ran.stderr
    assert daemon.refused(first, "close", disposition="pass",
                          queue="directors") == (400, "disposition_unknown")
    # What passes it on says where to; so does "pass" without a word.
    daemon.act(first, "pass", note="где посылка?")
    request = daemon.wait_for_state(ID, "offered")
    assert request["queue"] == "delivery" and offered() == ["traced", "wrong"]
    assert daemon.refused(request["id"], "pass") == (400, "disposition_unknown")
    # Who was reached is somebody else: their website says so, and that it is over.
    daemon.act(request["id"], "close", disposition="wrong")
    answer = daemon.wait_for(lambda: daemon.answer(ID)["state"] == "unreachable" and
                             daemon.answer(ID))
    assert answer["why"] == "wrong_person"
    assert daemon.request(request["id"])["disposition"] == "wrong"


@pytest.mark.settings({**QUICK, "queues": [
    *OWN[:2], {**OWN[2], "dispositions": ["solved", "later", "pass", "voicemail"]}],
    "dispositions": WORDS, "specialists": [by_phone("anna", ANNA, ("delivery", 3))]})
def test_a_key_says_what_its_queue_means_by_it(daemon):
    daemon.available("anna")
    daemon.sandbox.behave(ANNA, keys=[[1, "1"], [1, "1"]])
    asked(daemon, topic="delivery")
    daemon.wait_for_state(ID, "closed")
    assert daemon.request(ID)["disposition"] == "traced"


@pytest.mark.settings({**QUICK, "card_url":
                       "https://crm.example/find?phone={phone}&case={case}"})
def test_the_card_has_the_script_and_the_customers_page(daemon):
    script = daemon.folder / "say.txt"
    script.write_text("Здравствуйте, {name}! Это «{company}», {specialist}.\n"
                      "Обращение {case}, обещано до {promise}.", encoding="utf-8")
    daemon.settings["queues"][0]["script"] = str(script)
    daemon.conf_path.write_text(settings_text(daemon.settings), encoding="utf-8")
    daemon.restart()
    daemon.available("anna")
    asked(daemon, name=ID)
    number = daemon.wait_for_state(ID, "offered")["number"]
    work = daemon.do("GET", "/v1/desk?as=anna")["request"]
    assert work["script"].startswith("Здравствуйте, ! Это «Ромашка», Anna.\n"
                                     f"Обращение {number}, обещано до ")
    assert work["card_url"] == \
        f"https://crm.example/find?phone=%2B79000000001&case={number}"
    # What does not exist is refused, with its file and line.
    script.write_text("Добрый день!\n{naem}, это мы.", encoding="utf-8")
    ran = subprocess.run([harness.CALLBACKD, "-t", "-c", daemon.conf_path],
                         capture_output=True, text=True, check=False)
    assert ran.returncode == 78
    assert "say.txt:2: there is no {naem}" in ran.stderr + ran.stdout
