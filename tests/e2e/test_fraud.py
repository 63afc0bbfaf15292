# SPDX-License-Identifier: MIT
"""Numbers that cost money, and strangers who ask too often: what is refused, that
nothing of it is dialled, and that who asks honestly is served in between."""
import signal

import pytest

import harness
from company import QUICK, specialist

ANNA = specialist("anna", "+79160000001", ("info", 3), confirm="answer")
NUMBER = "+79160000101"


def ask(daemon, name, phone=NUMBER, **more):
    daemon.ask({"id": name, "phone": phone, **more})
    return daemon.wait_for(lambda: daemon.answer(name))


def code(answer):
    return answer["errors"][0]["code"] if answer["state"] == "rejected" else ""


def reload(daemon, changes):
    before = daemon.log().count("event=reloaded")
    daemon.configure(changes)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for(lambda: daemon.log().count("event=reloaded") > before)


# ---- what is not called at all

@pytest.mark.settings({**QUICK, "specialists": [ANNA], "phones.refuse": ["+7916777"]})
def test_what_costs_money_is_refused_and_explained(daemon):
    refused = {"+79167770001": "it begins as phones.refuse says",
               "+18095551234": "a country that is not called",
               "+18091231234": "a country that is not called",
               "+19005551234": "premium rate or shared cost",
               "+881612345678": "a satellite, or a number of no country",
               "+979123456789": "premium rate or shared cost"}
    if daemon.has_libphonenumber:
        refused["+78095051234"] = "premium rate or shared cost"
        refused["+78081234567"] = "a personal, pager, company-wide or voicemail"
        refused["112"] = "an emergency or short number"
    answers = [ask(daemon, f"web-costs{i}", phone) for i, phone in enumerate(refused)]
    assert {code(answer) for answer in answers} == {"phone_not_accepted"}
    assert len({answer["errors"][0]["text"] for answer in answers}) == 1
    shown = daemon.ctl("show", "rejected").stdout
    for why in refused.values():
        assert why in shown
    assert ask(daemon, "web-honest")["state"] != "rejected"


@pytest.mark.settings({**QUICK, "specialists": [ANNA]})
def test_a_beginning_that_is_refused_by_now_is_not_dialled(daemon):
    daemon.available("anna")
    ask(daemon, "web-offered")
    daemon.wait_for_state("web-offered", "offered")
    reload(daemon, {**QUICK, "specialists": [ANNA], "phones.refuse": ["+7916000"]})
    daemon.ctl("accept", "web-offered", "--as", "anna")
    daemon.wait_for_state("web-offered", "closed")
    assert daemon.request("web-offered")["reason"] == "prefix"
    assert daemon.answer("web-offered")["why"] == "not_accepted"
    assert daemon.sandbox.posts() == []
