# SPDX-License-Identifier: MIT
"""Numbers of which no requests are taken: who says so, for how long, what lives on,
and what the customer and staff are told."""
import json
import time

import pytest

from company import DISPOSITIONS, QUICK, specialist

NUMBER = "+79160000101"
SILENT = "+79160000103"     # ..03: nobody answers
ABUSE = [*DISPOSITIONS, {"key": 9, "id": "abuse", "title": "Злоупотребление",
                         "then": "propose_block", "block": "30d"}]
OLGA = specialist("olga", "+79160000015", ("directors", 3), confirm="answer",
                  supervisor=True)
ANNA = specialist("anna", "+79160000001", ("info", 3), confirm="answer")
SETTINGS = {**QUICK, "dispositions": ABUSE, "specialists": [ANNA, OLGA]}
DAY_MS = 86400000


def ask(daemon, name, phone=NUMBER):
    daemon.ask({"id": name, "phone": phone})
    return daemon.wait_for(lambda: daemon.answer(name))


def code(answer):
    assert answer["state"] == "rejected", answer
    return answer["errors"][0]["code"]


def entry(daemon, phone=NUMBER):
    text = daemon.redis.hget(daemon.key("blocked"), phone)
    return None if text is None else json.loads(text)


def events(daemon):
    return "\n".join(str(fields) for _, fields in
                     daemon.redis.xrange(daemon.key("events")))


def block(daemon, number=NUMBER):
    done = daemon.ctl("block", number, "--reason", "threats", "--for", "30d")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.settings(SETTINGS)
def test_no_request_of_a_blocked_number_is_taken(daemon):
    assert "done" in block(daemon)
    sentence = ask(daemon, "web-barred")
    assert code(sentence) == "phone_not_accepted"
    daemon.do("POST", "/v1/suppressed/+79160000102/suppress", {"reason": "asked"})
    # Theirs and ours: the same words, so that nobody learns which list it is.
    other = ask(daemon, "web-asked", "+79160000102")
    assert other["errors"] == sentence["errors"]
    # Staff is told more, by every way in.
    status, over_http = daemon.http("POST", "/v1/requests", {"phone": NUMBER}, token="")
    assert status == 422 and code(over_http) == "phone_not_accepted"
    shown = daemon.ctl("show", "rejected").stdout
    assert shown.count("blocked") == 2 and shown.count("suppressed") == 1
    assert "threats" in daemon.ctl("show", "blocked").stdout
    assert ask(daemon, "web-other", "+79160000103")["state"] != "rejected"

    daemon.restart()
    assert code(ask(daemon, "web-again")) == "phone_not_accepted"
    done = daemon.ctl("unblock", NUMBER, "--reason", "a mistake")
    assert done.returncode == 0 and "done" in done.stdout
    assert "it was so already" in daemon.ctl("unblock", NUMBER, "--reason", "x").stdout
    assert ask(daemon, "web-welcome")["state"] != "rejected"
    assert "confirmed - listed unblock callbackctl a mistake" in events(daemon)


@pytest.mark.settings(SETTINGS)
def test_what_lived_before_gets_its_call(daemon):
    daemon.available("anna")
    ask(daemon, "web-lives")
    daemon.wait_for_state("web-lives", "offered")
    block(daemon)
    assert code(ask(daemon, "web-more-1")) == "phone_not_accepted"
    # The same form, sent once more: what it was told stays true.
    daemon.ask({"id": "web-lives", "phone": NUMBER, "note": "again"})
    daemon.wait_for(lambda: daemon.redis.zcard(daemon.key("in")) == 0)
    assert daemon.answer("web-lives")["state"] == "waiting"
    daemon.act("web-lives", "accept", **{"as": "anna"})
    daemon.wait_for(lambda: daemon.sandbox.rings(NUMBER) == 1)
    daemon.wait_for_state("web-lives", "wrapping", "referred")


@pytest.mark.settings(SETTINGS)
def test_it_is_rung_once_and_not_retried(daemon):
    daemon.available("anna")
    ask(daemon, "web-silent", SILENT)
    daemon.wait_for_state("web-silent", "offered")
    block(daemon, number=SILENT)
    daemon.act("web-silent", "accept", **{"as": "anna"})
    daemon.wait_for_state("web-silent", "closed", seconds=20)
    assert daemon.request("web-silent")["reason"] == "blocked"
    # Who asked is not told so.
    assert daemon.answer("web-silent")["why"] == "not_accepted"
    assert daemon.sandbox.rings(SILENT) == 1


@pytest.mark.settings({**SETTINGS, "blocked": {"hold": "1500ms"}})
def test_a_proposal_holds_until_it_lapses_by_itself(daemon):
    daemon.available("anna")
    ask(daemon, "web-abuses")
    daemon.wait_for_state("web-abuses", "offered")
    daemon.act("web-abuses", "close", disposition="abuse", **{"as": "anna"})
    one = entry(daemon)
    assert one["state"] == "proposed" and one["who"] == "anna"
    assert one["until"] - one["since"] == 1500 and one["for"] == 30 * DAY_MS
    assert code(ask(daemon, "web-refused")) == "phone_not_accepted"
    # From that moment on, whenever somebody tidies up.
    daemon.wait_for(lambda: time.time() * 1000 > one["until"] + 50)
    assert ask(daemon, "web-later")["state"] != "rejected"
    daemon.wait_for(lambda: entry(daemon) is None)
    assert "proposed - listed lapse - abuse" in events(daemon)


@pytest.mark.settings(SETTINGS)
def test_a_supervisor_confirms_or_lifts_it(daemon):
    daemon.available("anna")
    for name, phone in (("web-first", NUMBER), ("web-second", "+79160000102")):
        ask(daemon, name, phone)
        daemon.wait_for(lambda name=name: daemon.request(name)["state"] in
                        ("waiting", "offered"))
        daemon.act(name, "close", disposition="abuse", **{"as": "anna"})
    shown = daemon.ctl("show", "blocked").stdout
    assert shown.count("proposed") == 3 and "confirm block NUMBER" in shown

    def confirm(who, **body):
        return daemon.http("POST", f"/v1/blocked/{NUMBER}/confirm", {"as": who, **body})
    assert confirm("anna")[0] == 403            # a specialist proposes
    assert confirm("")[0] == 403                # somebody of staff
    assert daemon.http("POST", f"/v1/blocked/{NUMBER}/confirm", {"as": "olga"},
                       token="")[0] == 401
    assert daemon.ctl("confirm", "block", NUMBER, "--as", "anna").returncode == 1
    assert entry(daemon)["state"] == "proposed"
    assert confirm("olga") == (200, {"ok": True, "changed": True})
    assert confirm("olga") == (200, {"ok": True, "changed": False})
    one = entry(daemon)
    assert one["state"] == "confirmed" and one["who"] == "olga"
    assert one["why"] == "abuse" and one["until"] - one["since"] == 30 * DAY_MS

    # What is proposed anew shortens no block.
    before = entry(daemon)
    daemon.do("POST", "/v1/blocked/+79160000102/unblock",
              {"reason": "was angry only", "as": "olga"})
    assert entry(daemon, "+79160000102") is None
    assert ask(daemon, "web-three", "+79160000102")["state"] != "rejected"
    daemon.do("POST", "/v1/blocked/+79160000102/block",
              {"reason": "again", "for": "60d", "as": "olga"})
    daemon.act("web-three", "close", disposition="abuse", **{"as": "anna"})
    assert entry(daemon, "+79160000102")["state"] == "confirmed"
    assert entry(daemon) == before


@pytest.mark.settings(SETTINGS)
def test_what_is_wrong_with_a_block_is_said(daemon):
    for body, wrong in (({"for": "30d"}, "reason"), ({"reason": "x"}, "how long"),
                        ({"reason": "x", "for": "soon"}, "1m to 3650d"),
                        ({"reason": "x", "for": "1s"}, "1m to 3650d"),
                        ({"reason": "x" * 91, "for": "1d"}, "90 bytes")):
        status, answer = daemon.control("POST", f"/v1/blocked/{NUMBER}/block", body)
        assert status == 400 and wrong in answer["detail"], answer
    assert daemon.control("POST", "/v1/blocked/abc/block",
                          {"reason": "x", "for": "1d"})[0] == 400
    assert daemon.control("POST", f"/v1/blocked/{NUMBER}/bless", {})[0] == 404
    assert entry(daemon) is None
    # A hand's own words hold, for ever, and are shown.
    daemon.redis.hset(daemon.key("blocked"), NUMBER, "bad man")
    assert code(ask(daemon, "web-hand")) == "phone_not_accepted"
    assert "(unreadable)" in daemon.ctl("show", "blocked").stdout
    assert daemon.ctl("unblock", NUMBER, "--reason", "x").returncode == 0
    assert ask(daemon, "web-free")["state"] != "rejected"


@pytest.mark.settings({**SETTINGS, "lines": (
    {"number": "+74951234567", "queue": "info", "missed": True},)})
def test_nor_by_our_own_lines_and_commands(daemon):
    block(daemon)
    answer = daemon.do("POST", "/v1/inbound-calls", {
        "number": NUMBER, "state": "missed", "rang": 60, "line": "+74951234567",
        "id": "pbx-1"})
    assert code(answer["answer"]) == "phone_not_accepted"
    done = daemon.ctl("submit", NUMBER)
    assert done.returncode == 1 and "phone_not_accepted" in done.stdout + done.stderr
    assert daemon.redis.zcard(daemon.key("active")) == 2     # the two specialists
