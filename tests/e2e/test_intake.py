# SPDX-License-Identifier: MIT
"""What a website may do to the inbox that is not in the contract's examples."""
import json


def answer_of(daemon, site_id):
    return daemon.redis.get("{%s}:answer:%s" % (daemon.site, site_id))


def test_who_asks_too_often_is_told_so_and_the_others_learn_the_end(daemon):
    """Sixteen ids of one customer wait for one call; who comes then is refused, and
    not left with an answer that nobody would bring up to date."""
    ids = ["web-%08d" % i for i in range(20)]
    for site_id in ids:
        daemon.ask({"id": site_id, "phone": "+79000000001"})
    for site_id in ids:
        daemon.wait_for(lambda: answer_of(daemon, site_id))
    found = [json.loads(answer_of(daemon, site_id)) for site_id in ids]
    refused = [one["id"] for one in found if one["state"] == "rejected"]
    assert [one["errors"][0]["code"] for one in found if "errors" in one] == \
        ["too_many_requests"] * 4
    joined = [site_id for site_id in ids if site_id not in refused]
    cancel(daemon, joined[3])
    # Room for one again; and what becomes of it is told to all.
    daemon.ask({"id": "web-again", "phone": "+79000000001"})
    daemon.wait_for(lambda: answer_of(daemon, "web-again"))
    waiting = [one for one in joined if one != joined[3]] + ["web-again"]
    assert daemon.ctl("cancel", joined[0]).returncode == 0
    daemon.wait_for(lambda: {state_of(daemon, one) for one in waiting} == {"cancelled"})


def state_of(daemon, site_id):
    return json.loads(answer_of(daemon, site_id))["state"]


def cancel(daemon, site_id):
    """As the website does."""
    daemon.ask({"op": "cancel", "id": site_id})
    daemon.wait_for(lambda: state_of(daemon, site_id) == "cancelled")


def test_what_is_said_again_lies_beside_what_was_said(daemon):
    """Also by who gives no id, and after one of those who asked has cancelled."""
    words = ["parcel 1", "parcel 2", "parcel 3", "parcel 4"]
    for i, text in enumerate(words):
        one = {"phone": "+79000000001", "note": text}
        if i < 2:
            one["id"] = f"web-{i:08}"
        if i == 3:
            cancel(daemon, "web-00000001")
        daemon.ask(one)
        daemon.wait_for(lambda: text in json.dumps(full_of_customer(daemon)))
    full = full_of_customer(daemon)
    assert [one["note"] for one in full["also_said"]] == words[1:]


def full_of_customer(daemon):
    """Their request, found by its spoken number, with what was said."""
    answer = json.loads(answer_of(daemon, "web-00000000") or "{}")
    return daemon.control("GET", f"/v1/requests/{answer.get('number')}")[1]


def test_nothing_stays_in_the_inbox(daemon):
    inbox = "{%s}:in" % daemon.site
    members = [b"", b"\x00\xff", b"[]", b"{", b'{"phone":"+79000000001"}',
               b'{"phone":12}', b"x" * 100000]
    for member in members:
        daemon.redis.zadd(inbox, {member: 0})
    daemon.wait_for(lambda: daemon.redis.zcard(inbox) == 0)
    assert daemon.redis.xlen("{%s}:rejected" % daemon.site) == len(members) - 1


def test_a_note_is_kept_whole(daemon):
    words = "Слова человека, который записал разговор. " * 20
    daemon.ask({"id": "web-00000001", "phone": "+79000000001"})
    daemon.wait_for(lambda: answer_of(daemon, "web-00000001"))
    status, _ = daemon.control("POST", "/v1/requests/web-00000001/note",
                               {"text": words, "as": "anna"})
    assert status == 200
    status, full = daemon.control("GET", "/v1/requests/web-00000001")
    assert full["story"][-1]["detail"] == words
    status, _ = daemon.control("POST", "/v1/requests/web-00000001/note",
                               {"text": "x" * 3000, "as": "anna"})
    assert status == 400
