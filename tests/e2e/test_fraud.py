# SPDX-License-Identifier: MIT
"""Numbers that cost money, and strangers who ask too often: what is refused, that
nothing of it is dialled, and that who asks honestly is served in between."""
import os
import pathlib
import random
import signal
import sys

import pytest

import harness
from company import QUICK, specialist

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))

import fraud  # noqa: E402  (found by the line above)

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


# ---- how often

LIMITED = {**QUICK, "specialists": [ANNA], "http.proxies": ["127.0.0.0/8"]}


def limited(answer, daemon=None, name=""):
    """Is that the refusal of a limit; and does staff see which one."""
    if daemon is not None:
        assert f"limits.{name}, again in" in daemon.ctl("show", "rejected").stdout
    return code(answer) == "too_many_requests"


def finish(daemon, name):
    """That matter is over: the next one of that number is one of its own."""
    daemon.wait_for(lambda: daemon.request(name)["state"] in ("waiting", "offered"))
    daemon.act(name, "close", disposition="solved", **{"as": "anna"})


@pytest.mark.settings({**LIMITED, "limits.number_day": 2})
def test_a_number_may_be_asked_for_so_often(daemon):
    ask(daemon, "web-number1")
    for i in range(5):          # joins what waits, and is no more calls
        assert code(ask(daemon, f"web-joins{i}")) == ""
    finish(daemon, "web-number1")
    ask(daemon, "web-number2")
    assert daemon.request("web-number2")["state"] != "closed"
    # Sent once more, while its limit is used up: the answer stays.
    before = daemon.answer("web-number2")
    daemon.ask({"id": "web-number2", "phone": NUMBER, "note": "again"})
    daemon.wait_for(lambda: daemon.redis.zcard(daemon.key("in")) == 0)
    assert daemon.answer("web-number2")["number"] == before["number"]
    assert code(ask(daemon, "web-joins9")) == ""
    finish(daemon, "web-number2")
    daemon.ask({"id": "web-number2", "phone": NUMBER, "note": "once more"})
    daemon.wait_for(lambda: daemon.redis.zcard(daemon.key("in")) == 0)
    assert daemon.answer("web-number2")["state"] == "done"
    assert limited(ask(daemon, "web-number3"), daemon, "number_day")
    status, answer = daemon.http("POST", "/v1/requests", {"phone": NUMBER}, token="")
    assert status == 429 and limited(answer)
    # It opens after a part of the day, and not because it was tried in vain.
    ttl = daemon.redis.pttl(daemon.key(f"limit:number_day:{NUMBER}"))
    assert 23 * 3600000 < ttl <= 24 * 3600000
    # Staff is nobody's stranger, nor is another number.
    assert daemon.ctl("submit", NUMBER).returncode == 0
    assert code(ask(daemon, "web-number4", "+79170000101")) == ""


@pytest.mark.settings({**LIMITED, "limits.prefix_hour": 4})
def test_numbers_side_by_side_are_counted_together(daemon):
    answers = [ask(daemon, f"web-prefix{i}", f"+791600001{i:02d}") for i in range(8)]
    assert [limited(answer) for answer in answers] == [False] * 4 + [True] * 4
    assert limited(answers[-1], daemon, "prefix_hour")
    assert code(ask(daemon, "web-elsewhere", "+79160010101")) == ""


@pytest.mark.settings({**LIMITED, "limits": {"address_hour": 2, "country_address_day": 1}})
def test_a_visitor_is_counted_by_their_address(daemon):
    def post(number, forwarded, ip=None):
        body = {"phone": f"+7916{number:04d}101", "consent": {"version": "1"}}
        if ip:
            body["consent"]["ip"] = ip
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        status, answer = daemon.http("POST", "/v1/requests", body, token="",
                                     headers=headers)
        return status if status != 429 else limited(answer)
    # Of IPv6 only the first 64 bits say who it is; what stands before the last
    # stranger, and in the member, is their own invention.
    assert post(1, "2001:db8:1:2::1") == 202
    assert post(2, "192.0.2.9, 2001:db8:1:2:ffff::2, 127.0.0.1") is True
    assert "country_address_day" in daemon.ctl("show", "rejected").stdout
    assert post(3, "2001:db8:1:3::1", ip="2001:db8:1:2::1") == 202
    # Another country of the same address is counted by itself, up to its own limit.
    status, _ = daemon.http("POST", "/v1/requests", {"phone": "+12025550143"}, token="",
                            headers={"X-Forwarded-For": "2001:db8:1:2::1"})
    assert status == 202
    assert "address_hour" not in daemon.ctl("show", "rejected").stdout
    assert post(4, "2001:db8:1:2::4") is True
    assert "limits.address_hour" in daemon.ctl("show", "rejected").stdout
    # Without a word of the proxy it is the website's server: what its member says.
    assert post(5, None, ip="198.51.100.1") == 202
    assert post(6, None, ip="198.51.100.1") is True
    # Many are behind such an address, or none.
    for i, hop in enumerate(("10.0.0.7", "unknown", "127.0.0.1", "")):
        assert post(10 + 2 * i, hop) == 202
        assert post(11 + 2 * i, hop) == 202
    # By Redis it is what the website saw.
    first = ask(daemon, "web-member1", "+79165550001", consent={"ip": "203.0.113.5"})
    other = ask(daemon, "web-member2", "+79165551001", consent={"ip": "203.0.113.5"})
    assert (limited(first), limited(other)) == (False, True)


@pytest.mark.settings({**QUICK, "specialists": [ANNA], "limits.address_hour": 1})
def test_who_is_no_proxy_is_not_believed(daemon):
    def post(number, forwarded):
        return daemon.http("POST", "/v1/requests", {"phone": f"+7916{number:04d}101"},
                           token="", headers={"X-Forwarded-For": forwarded})[0]
    # From this machine, which is nobody's address: not counted at all.
    assert [post(i, "198.51.100.7") for i in range(3)] == [202] * 3
    assert daemon.redis.keys(daemon.key("limit:*")) == []


@pytest.mark.settings({**LIMITED, "limits": {"country_hour": 3, "site_hour": 5}})
def test_a_country_and_the_whole_site_have_limits(daemon):
    russian = [ask(daemon, f"web-russian{i}", f"+7916{i:04d}101") for i in range(4)]
    assert [limited(answer) for answer in russian] == [False] * 3 + [True]
    american = [ask(daemon, f"web-america{i}", f"+1212555{i:04d}") for i in range(3)]
    assert [limited(answer) for answer in american] == [False] * 2 + [True]
    shown = daemon.ctl("show", "rejected").stdout
    assert "limits.country_hour" in shown and "limits.site_hour" in shown


def test_strangers_against_three_nodes():
    """A short ./dev chaos --fraud; another seed each time, CALLBACKD_SEED takes one."""
    harness.need_programs()
    seed = int(os.environ.get("CALLBACKD_SEED", random.randrange(1 << 32)))
    # 80 calls would cost a kopeck more.
    counted, faults = fraud.run(200, 12, seed, print, cap=189.59)
    assert not faults, (seed, counted, faults[:20])
    assert counted["orders"] == 79 and counted["refused"] > 100
