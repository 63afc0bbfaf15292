# SPDX-License-Identifier: MIT
"""SMS has a pace, a price and a health of its own: what several nodes and two telephone
networks, each somebody's provider, make of it."""
import time

from lines import keep_pace, name_of, probe_now, served, state_of
from lines import ask as ask_to_be_called
from test_messages import MESSAGES

PACE, NODES, COUNT = 8, 3, 40
MESSAGES = {key: value for key, value in MESSAGES.items() if key != "text"}


def number_of(i):
    return f"+7916{i:05d}22"


def write(daemon, i):
    """Asks for a call in a day, which is confirmed by SMS at once."""
    daemon.ask({"id": name_of(i), "phone": number_of(i), "sms": True},
               int(time.time()) + 86400)
    return name_of(i)


def letter(daemon, name, **wanted):
    """Waits for the message to that request as it must become."""
    def find():
        status, answer = daemon.control("GET", f"/v1/messages?request={name}")
        if status != 200:
            return None         # not read from the inbox yet
        return next((one for one in answer["messages"] if all(
            one.get(key) == value for key, value in wanted.items())), None)
    return daemon.wait_for(find)


def test_three_nodes_keep_one_pace_of_messages(lines):
    """Many more than a second takes are born at once: never more than that in any second,
    as the network sees them, not much less either, and each arrives, once."""
    changes = {**MESSAGES, "specialists": (), "text": ["first"]}
    with lines.nodes(NODES, changes, messages_per_second=PACE) as nodes:
        for i in range(1, COUNT + 1):
            write(nodes[0], i)
        network = lines.networks[0]
        nodes[0].wait_for(lambda: len(network.texts()) >= COUNT, 30)
        keep_pace([line["at_ms"] for line in network.texts()], PACE)
        for i in range(1, COUNT + 1):
            letter(nodes[0], name_of(i), reason="delivered")
        assert len(network.texts()) == COUNT
        # Calls have a turn of their own, which these took nothing of.
        assert not nodes[0].redis.exists(nodes[0].key("pace:first"))


def test_a_turn_that_comes_too_late_ends_a_message(lines):
    """It is no news any more: what kept it is the reason, and nothing is sent."""
    daemon = lines.start({**MESSAGES, "specialists": (), "text": ["first"]},
                         messages_per_second=0.1)
    write(daemon, 1)
    letter(daemon, name_of(1), reason="delivered")
    one = letter(daemon, write(daemon, 2), state="queued")
    key = daemon.key(f"message:{one['id']}")
    daemon.wait_for(lambda: daemon.redis.hget(key, "waits_for") == "pace")
    story = daemon.do("GET", f"/v1/requests/{name_of(2)}")["story"]
    assert any(line["action"] == "wait_for_turn" for line in story)
    # As if the moment of the call had come.
    seconds, micros = daemon.redis.time()
    now_ms = seconds * 1000 + micros // 1000
    daemon.redis.hset(key, mapping={"stale_at_ms": now_ms,
                                    "send_at_ms": now_ms,
                                    "wake_at_ms": now_ms})
    daemon.redis.zadd(daemon.key("due"), {f"message:{one['id']}": now_ms})
    letter(daemon, name_of(2), reason="pace")
    assert lines.texts() == [1, 0]


def test_the_next_one_sends_while_the_first_does_not(lines):
    """Until a probe succeeds; calls, which it makes, go on as ever."""
    daemon = lines.start({**MESSAGES, "text": ["first", "second"]})
    first, second = lines.networks
    lines.refuse(3, first, what="sms")
    for i in range(1, 4):
        one = letter(daemon, write(daemon, i), reason="delivered")
        assert one["provider"] == "second"
    assert lines.texts() == [3, 3]
    assert "event=provider_down id=first channel=sms" in daemon.log()
    assert state_of(daemon, "first", "sms")["state"] == "down"
    assert state_of(daemon, "first")["state"] == "works"
    out = daemon.ctl("show", "providers").stdout
    assert "first SMS: down since" in out and "503" in out
    # Not asked at all while it is down.
    letter(daemon, write(daemon, 4), reason="delivered", provider="second")
    assert lines.texts() == [3, 4]
    request = served(daemon, ask_to_be_called(daemon, 50))
    assert [call["provider"] for call in request["calls"]] == ["first"]
    # A probe that fails is a refusal like any other.
    lines.refuse(1, first, what="sms")
    probe_now(daemon, "first", channel="sms")
    letter(daemon, write(daemon, 5), reason="delivered", provider="second")
    assert lines.texts() == [4, 5]
    assert state_of(daemon, "first", "sms")["state"] == "down"
    probe_now(daemon, "first", channel="sms")
    letter(daemon, write(daemon, 6), reason="delivered", provider="first")
    assert state_of(daemon, "first", "sms")["state"] == "works"
    assert "event=provider_back id=first channel=sms" in daemon.log()


def test_a_voice_outage_stops_no_sms(lines):
    daemon = lines.start({**MESSAGES, "text": ["first"]})
    first = lines.networks[0]
    lines.refuse(3, first)
    for i in range(1, 4):
        served(daemon, ask_to_be_called(daemon, i))
    assert state_of(daemon, "first")["state"] == "down"
    letter(daemon, write(daemon, 60), reason="delivered", provider="first")
    assert state_of(daemon, "first", "sms")["state"] == "works"


def test_where_nobody_takes_it_a_message_waits(lines):
    """And is sent once somebody does; what is unclear is nobody else's."""
    daemon = lines.start({**MESSAGES, "specialists": (),
                          "text": ["first", "second"]})
    first, second = lines.networks
    lines.refuse(1000, what="sms")
    names = [write(daemon, i) for i in range(1, 5)]
    daemon.wait_for(lambda: daemon.log().count("channel=sms error=") == 2)
    assert all(letter(daemon, name)["state"] != "ended" for name in names)
    lines.allow()
    probe_now(daemon, "first", "second", channel="sms")
    for name in names:
        letter(daemon, name, reason="delivered")
    assert sum(len([line for line in network.texts() if line["status"] == 201])
               for network in lines.networks) == len(names)
    before = lines.texts()
    lines.refuse(1, first, second, kind="500_before", what="sms")
    letter(daemon, write(daemon, 9), reason="unknown", state="ended")
    assert sum(lines.texts()) == sum(before) + 1


def test_money_has_an_end_for_messages_too(lines):
    """Calls and messages are paid from one purse, messages by the segment; where nobody
    else sends it, one that would cost too much waits and says for what."""
    spend = {"currency": "RUB", "call": 3.0, "message": 1.5, "hour": 6.5}
    daemon = lines.start({**MESSAGES, "text": ["first"],
                          "messages.deferred": "позвоним " * 10}, spend=spend)
    served(daemon, ask_to_be_called(daemon, 1))
    letter(daemon, write(daemon, 11), reason="delivered")
    [purse] = daemon.redis.keys(daemon.key("spend:first:h*"))
    assert int(daemon.redis.get(purse)) == 60000        # 3.0, and two segments
    one = letter(daemon, write(daemon, 12), state="queued")
    key = daemon.key(f"message:{one['id']}")
    daemon.wait_for(lambda: daemon.redis.hget(key, "waits_for") == "spent")
    assert state_of(daemon, "first", "sms")["state"] == "spent"
    assert "event=provider_spent id=first channel=sms" in daemon.log()
    assert lines.texts() == [1, 0]


def test_what_was_paid_is_what_the_provider_says(lines):
    """It is asked once when a call or a message has ended, and it is counted by the day;
    the caps know only what the configuration says."""
    daemon = lines.start({**MESSAGES, "text": ["first"]})
    name = name_of(1)
    daemon.ask({"id": name, "phone": number_of(1), "sms": True})
    request = served(daemon, name)
    [call] = daemon.wait_for(lambda: [
        one for one in daemon.request(name)["calls"] if "paid" in one])
    assert (call["paid"], call["currency"]) == ("0.014", "USD"), request
    one = letter(daemon, name, paid="0.0079", reason="delivered")
    assert one["currency"] == "USD"
    day = time.strftime("%Y-%m-%d", time.gmtime(daemon.redis.time()[0]))
    assert daemon.redis.hget(daemon.key(f"stats:{day}"),
                             "paid:first:USD") == str(14000 + 7900)
    out = daemon.ctl("show", "request", name).stdout
    assert "cost: call by first 0.014 USD" in out
    assert "cost: SMS by first 0.0079 USD" in out
    assert "0.0079 USD" in daemon.ctl("show", "messages", name).stdout
