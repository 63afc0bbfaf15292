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
    assert daemon.ctl("cancel", joined[0]).returncode == 0
    for site_id in joined[1:]:
        assert daemon.redis.get("{%s}:seen:%s" % (daemon.site, site_id))
        assert json.loads(answer_of(daemon, site_id))["state"] != "rejected"
    # Room for one again.
    daemon.ask({"id": "web-again", "phone": "+79000000001"})
    daemon.wait_for(lambda: answer_of(daemon, "web-again"))
    assert "errors" not in json.loads(answer_of(daemon, "web-again"))


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
