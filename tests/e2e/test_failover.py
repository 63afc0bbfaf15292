# SPDX-License-Identifier: MIT
"""Two providers, each a telephone network of its own: the next one is used after a
certain refusal and never after an unclear one, and what fails is not used until a
probe has succeeded."""
import harness
from company import AUTOMATIC, settings_text, specialist
from lines import ID, PHONE, ask, name_of, probe_now, served, state_of


def test_the_next_one_after_a_certain_refusal(lines):
    """Once for each call, until that is known; and back when a probe succeeds."""
    daemon = lines.start()
    first, second = lines.networks
    lines.refuse(3, first)
    for i in range(1, 4):
        request = served(daemon, ask(daemon, i))
        calls = request["calls"]
        assert [call["provider"] for call in calls] == ["first", "second"]
        assert calls[0]["state"] == "ended"
        # One acceptance, one attempt: nobody was asked again.
        assert request["attempts"] == 1
        assert daemon.story(name_of(i)).count("take") == 1
        assert "place_elsewhere" in daemon.story(name_of(i))
    assert lines.posts() == [3, 3]
    assert "event=provider_down id=first" in daemon.log()
    view = state_of(daemon, "first")
    assert view["state"] == "down" and view["down_since"]
    assert "503" in view["error"]
    out = daemon.ctl("show", "providers").stdout
    assert "first: down since" in out and "503" in out
    # Not asked at all while it is down.
    request = served(daemon, ask(daemon, 4))
    assert [call["provider"] for call in request["calls"]] == ["second"]
    assert lines.posts() == [3, 4]
    # A probe that fails is a refusal like any other.
    lines.refuse(1, first)
    probe_now(daemon, "first")
    request = served(daemon, ask(daemon, 5))
    assert [call["provider"] for call in request["calls"]] == ["first", "second"]
    assert state_of(daemon, "first")["state"] == "down"
    probe_now(daemon, "first")
    request = served(daemon, ask(daemon, 6))
    assert [call["provider"] for call in request["calls"]] == ["first"]
    assert state_of(daemon, "first")["state"] == "works"
    assert "event=provider_back id=first" in daemon.log()
    for i in range(1, 7):
        number = f"+7900{i:05d}01"
        assert first.rings(number) + second.rings(number) == 1


def test_what_is_unclear_stays_where_it_is(lines):
    """Not placed in truth, but nobody can know: the other one is not asked for this
    call; it is found out at the first, and tried there again."""
    daemon = lines.start()
    first, second = lines.networks
    lines.refuse(1, first, kind="500_before")
    request = served(daemon, ask(daemon, 1))
    assert [call["provider"] for call in request["calls"]] == ["first", "first"]
    assert lines.posts() == [2, 0]
    assert "event=call_unknown" in daemon.log()
    assert first.rings("+79000000101") == 1


def test_a_queue_has_an_order_of_its_own(lines):
    daemon = lines.start()
    settings = daemon.settings
    queues = tuple({**queue, "voice": ["second"]} if queue["id"] == "delivery"
                   else queue for queue in settings["queues"])
    settings["queues"] = queues
    daemon.conf_path.write_text(settings_text(settings), encoding="utf-8")
    assert daemon.restart() == 0
    daemon.ask({"id": ID, "phone": PHONE, "topic": "delivery"})
    request = served(daemon, ID)
    assert [call["provider"] for call in request["calls"]] == ["second"]
    assert lines.posts() == [0, 1]


def offers(daemon):
    return daemon.log().count("action=offer ")


def test_while_none_works_nothing_is_offered(lines):
    """But what waits can be called by hand; afterwards one call is tried first, and
    the others follow in the order of their promises."""
    anna = specialist("anna", "+79160000001", ("info", 3), confirm="answer")
    daemon = lines.start({"specialists": [AUTOMATIC, anna]})
    lines.refuse(1000)
    ask(daemon, 1)
    daemon.wait_for(lambda: daemon.log().count("event=provider_down") == 2)
    daemon.available("anna")
    daemon.wait_for_specialist("vera", "idle")
    before, posts = offers(daemon), lines.posts()
    for i in range(2, 5):
        ask(daemon, i)
        daemon.wait_for_state(name_of(i), "waiting")
    for i in range(1, 5):
        assert daemon.request(name_of(i))["why"] == "provider_down"
    queue = daemon.do("GET", "/v1/queues")["queues"][0]
    assert queue["silent_since"] > 0 and queue["waiting"] == 4
    assert "the line is silent since" in daemon.ctl("status").stdout
    check = daemon.ctl("check")
    assert check.returncode == 5 and "is silent since" in check.stdout
    silent = daemon.do("GET", "/v1/desk?as=anna")["silent"]
    assert silent["waiting"] == 4 and silent["since"] == queue["silent_since"]
    # By hand, by whoever is there.
    first = silent["first"]
    assert daemon.request(first)["number"] == \
        daemon.request(name_of(1))["number"]
    assert daemon.ctl("manual", ID, "--as", "anna").returncode == 0
    request = daemon.wait_for_state(ID, "calling")
    assert request["calls"][-1]["provider"] == "manual"
    assert daemon.do("GET", "/v1/desk?as=anna")["request"]["by_hand"]
    assert daemon.refused(ID, "manual", **{"as": "anna"})[1] == "no_row"
    daemon.act(ID, "progress", progress="answered")
    daemon.act(ID, "close", disposition="solved")
    assert daemon.request(ID)["state"] == "closed"
    assert offers(daemon) == before and lines.posts() == posts
    # The line is there again: one is tried, then all.
    lines.allow()
    daemon.do("PUT", "/v1/specialists/anna", {"status": "off"})
    probe_now(daemon, "first", "second")
    for i in range(2, 5):
        served(daemon, name_of(i))
    assert "event=provider_back" in daemon.log()
    taken = [line for network in lines.networks for line in network.posts()
             if line["status"] == 201]
    order = [line["url"].split("/")[-3].split(".")[0] for line in
             sorted(taken, key=lambda line: line["at_ms"])]
    assert order == [daemon.request(name_of(i))["id"] for i in range(2, 5)]
    assert all(not queue.get("silent_since")
               for queue in daemon.do("GET", "/v1/queues")["queues"])


# ---- callbackctl test provider

def test_one_real_call_tells_each_step(lines):
    daemon = lines.start()
    first = lines.networks[0]
    keys = set(daemon.redis.keys("*"))
    done = daemon.ctl("test", "provider", "first", "--to", "+7 900 000-01-01")
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("sent: POST " + first.url, "header: Authorization: ***",
                  "body: To=%2B79000000101", "answer: HTTP 201 after",
                  "that means: done, the id is CA", "webhook: agent_ringing",
                  "is told to say goodbye", "the call is over: answered",
                  "it works"):
        assert words in done.stdout, words
    assert harness.TOKEN not in done.stdout
    assert first.rings(PHONE) == 1 and lines.posts() == [1, 0]
    # It is nobody's request.
    assert set(daemon.redis.keys("*")) - keys <= {daemon.key("events")}
    first.faults({"create": {"kind": "400"}})
    done = daemon.ctl("test", "provider", "first", "--to", PHONE)
    assert done.returncode == 1
    assert "that means: certainly not done" in done.stdout
    assert "it does not work" in done.stdout


def test_what_may_not_be_tested(lines):
    daemon = lines.start()
    for words, why in (
            (("first", "--to", "+33123456789"), "country"),
            (("first", "--to", "+7495"), "too few digits"),
            (("third", "--to", PHONE), "no such provider")):
        done = daemon.ctl("test", "provider", *words)
        assert done.returncode == 1 and why in done.stderr, done.stderr
    status, answer = daemon.http("POST", "/v1/providers/first/test",
                                 {"to": PHONE})
    assert (status, answer["code"]) == (403, "control_only")
    assert lines.posts() == [0, 0]
    done = daemon.ctl("test", "provider", "first", "--to", PHONE, "--text", "Привет")
    assert done.returncode == 0 and "delivered" in done.stdout, done.stdout
