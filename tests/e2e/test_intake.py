# SPDX-License-Identifier: MIT
"""What a website may do to the inbox that is not in the contract's examples."""


def answer_of(daemon, site_id):
    return daemon.redis.get("{%s}:answer:%s" % (daemon.site, site_id))


def test_every_id_is_answered_also_when_too_many_join(daemon):
    ids = ["web-%08d" % i for i in range(20)]
    for site_id in ids:
        daemon.ask({"id": site_id, "phone": "+79000000001"})
    for site_id in ids:
        daemon.wait_for(lambda: answer_of(daemon, site_id))


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
