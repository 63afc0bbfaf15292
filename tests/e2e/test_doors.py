# SPDX-License-Identifier: MIT
"""Closed doors: what is promised to who asks at night, just before closing, where a
queue is closed by hand, and where a promise would probably be missed."""
import collections
import datetime
import threading
import zoneinfo

import pytest
import redis as redis_client

import harness
from company import QUICK, specialist
from test_messages import TEXTS, letter

ZONE = zoneinfo.ZoneInfo("Europe/Moscow")
TEAM = [specialist(name, phone, ("info", 3), confirm="answer") for name, phone in
        (("anna", "+79160000001"), ("boris", "+79160000012"))]
# Two people, half of them, ten minutes each: three in half an hour.
COMPANY = {**QUICK, "specialists": TEAM, "window.handling": "10m",
           "hours": {"week": (("Mon-Fri", "09:00-19:00"),), "after_close": "15m",
                     "outside": "slot"},
           "slots": {"length": "30m", "share": 0.5},
           "text": ["sandbox"], "messages": TEXTS}


class Doors:
    """Daemons, and the clock on the wall; each day is counted from a Thursday."""

    def __init__(self, world, server, clock, first, changes):
        self.clock, self.first = clock, first
        self.world, self.server, self.changes = world, server, changes
        self.names = 0
        self.daemon = self.start()

    def start(self):
        daemon = self.world.start({**COMPANY, **self.changes,
                                   "redis": f"unix:{self.server.path}"})
        daemon.redis = redis_client.Redis(unix_socket_path=str(self.server.path),
                                          decode_responses=True)
        daemon.wait_for(daemon.knows_its_people)
        return daemon

    def moment(self, text, day=0):
        hour, minute = map(int, text.split(":"))
        date = self.first + datetime.timedelta(days=day)
        return int(datetime.datetime(date.year, date.month, date.day, hour, minute,
                                     tzinfo=ZONE).timestamp())

    def it_is(self, text, day=0):
        self.clock.set(self.moment(text, day))
        self.daemon.wait_for(lambda: abs(
            self.daemon.do("GET", "/v1/status")["now"] - self.clock.now()) < 2)

    def asks(self, at=0, **more):
        """Somebody else each time: (their name for it, the website's answer)."""
        self.names += 1
        name = f"web-{self.names:08d}"
        self.daemon.ask({"id": name, "phone": f"+7916{self.names:03d}0101",
                         "sms": True, **more}, at)
        return name, self.daemon.wait_for(lambda: self.daemon.answer(name))


@pytest.fixture
def doors(request):
    harness.need_programs()
    world = harness.World()
    clock = harness.Clock(world.folder)
    server = harness.RedisServer(world.folder, clock=clock)
    day = datetime.datetime.now(ZONE).date() + datetime.timedelta(days=2)
    first = day + datetime.timedelta(days=(3 - day.weekday()) % 7)
    begin = datetime.datetime(first.year, first.month, first.day, 8, 0, tzinfo=ZONE)
    found = None
    try:
        clock.set(begin.timestamp())
        server.start()
        found = Doors(world, server, clock, first, getattr(request, "param", {}))
        yield found
    finally:
        for one in world.daemons:
            if one.redis is not None:
                one.redis.close()
            one.redis = None
        try:
            world.end()
        finally:
            server.end()


def test_a_night_is_spread_over_the_morning(doors):
    doors.it_is("23:00")
    slots = [doors.asks()[1] for _ in range(7)]
    assert {one["state"] for one in slots} == {"scheduled"}
    assert {one["why"] for one in slots} == {"closed"}
    wanted = [doors.moment(begin, 1) for begin in
              ("09:00",) * 3 + ("09:30",) * 3 + ("10:00",)]
    assert [one["slot"] for one in slots] == [[at, at + 1800] for at in wanted]
    assert [one["promise"] for one in slots] == [at + 1800 for at in wanted]
    # Who only wants to know what would happen hears the same, and takes no place.
    for _ in range(2):
        status, would = doors.daemon.control("POST", "/v1/requests/check", {
            "id": "web-only-looks", "phone": "+79169990101"})
        assert status == 200 and would["would"] == "accept"
        assert would["answer"]["state"] == "scheduled"
        assert would["answer"]["why"] == "closed"
        assert would["answer"]["slot"] == [wanted[-1], wanted[-1] + 1800]
    # Told at once: it answers their own act, at night too.
    name, _ = doors.asks()
    assert "10:00-10:30" in letter(doors.daemon, name, "deferred",
                                   state="ended")["text"]
    assert "closed" in doors.daemon.ctl("show", "request", name).stdout
    # What one gives back another gets; a restart forgets nothing.
    doors.daemon.ask({"id": "web-00000002", "op": "cancel"})
    doors.daemon.wait_for(
        lambda: doors.daemon.answer("web-00000002")["state"] == "cancelled")
    doors.daemon.restart()
    doors.daemon.wait_for(lambda: doors.daemon.redis.zcard(
        doors.daemon.key("slots:info")) == 7)
    doors.daemon.wait_for(
        lambda: doors.daemon.do("GET", "/v1/queues")["queues"][0].get("appointments")
        == 7)
    assert doors.asks()[1]["slot"][0] == wanted[0]


def test_nobody_is_called_at_night_and_all_in_the_morning(doors):
    doors.daemon.available("anna")
    doors.it_is("20:00")
    name, answer = doors.asks()
    assert answer["slot"][0] == doors.moment("09:00", 1)
    doors.it_is("03:00", 1)
    assert doors.daemon.request(name)["state"] == "scheduled"
    doors.it_is("09:00", 1)
    offered = doors.daemon.wait_for_state(name, "offered")
    assert offered["promise_at"] == doors.moment("09:30", 1)
    # Saturday is none of theirs: what is asked on Friday evening waits for Monday.
    doors.it_is("19:30", 1)
    assert doors.asks()[1]["slot"][0] == doors.moment("09:00", 4)


def test_before_closing(doors):
    """Called until a quarter past, where the promise reaches no further."""
    doors.it_is("18:52")
    name, answer = doors.asks()
    assert answer["state"] == "waiting"
    assert answer["promise"] == pytest.approx(doors.moment("19:07"), abs=30)
    late, answer = doors.asks(at=0, topic="delivery")
    assert answer["state"] == "waiting"
    doors.it_is("19:03")
    assert doors.asks()[1]["why"] == "closed"
    doors.daemon.available("boris")
    doors.daemon.wait_for_state(name, "offered")
    doors.daemon.act(name, "accept", **{"as": "boris"})
    doors.daemon.wait_for_state(name, "wrapping")
    # Nobody has called the other one by then: in the morning, and told so.
    doors.it_is("19:15")
    moved = doors.daemon.wait_for_state(late, "scheduled")
    assert moved["reason"] == "closed"
    assert doors.daemon.answer(late)["slot"][0] == doors.moment("09:00", 1)
    letter(doors.daemon, late, "deferred")


@pytest.mark.parametrize("doors", [{"hours.after_close": "5m"}], indirect=True)
def test_a_promise_that_closing_would_break_is_not_made(doors):
    doors.it_is("18:52")
    _, answer = doors.asks()
    assert answer["state"] == "scheduled" and answer["why"] == "closing"
    assert answer["slot"][0] == doors.moment("09:00", 1)


def test_who_lives_elsewhere_reads_their_own_clock(doors):
    doors.it_is("23:00")
    name, answer = doors.asks(tz="Asia/Vladivostok")
    assert answer["slot"][0] == doors.moment("09:00", 1)
    assert "16:00-16:30" in letter(doors.daemon, name, "deferred")["text"]
    shown = doors.daemon.do("GET", f"/v1/messages?request={name}")
    assert "16:00-16:30" in shown["messages"][0]["text"]


def test_a_chosen_moment(doors):
    doors.it_is("12:00")
    # In the middle of the day it is kept as it is; at night it is moved.
    _, answer = doors.asks(doors.moment("15:10"))
    assert answer["slot"] == [doors.moment("15:10"), doors.moment("15:10") + 300]
    name, answer = doors.asks(doors.moment("22:00"))
    assert answer["why"] == "closed"
    assert answer["slot"][0] == doors.moment("09:00", 1)
    # Moved by hand, into the night and out of it.
    doors.daemon.ask({"id": name, "op": "move"}, doors.moment("03:00", 1))
    doors.daemon.wait_for(lambda: doors.daemon.redis.zcard(doors.daemon.key("in")) == 0)
    assert doors.daemon.answer(name)["slot"][0] == doors.moment("09:00", 1)
    doors.daemon.ask({"id": name, "op": "move"}, doors.moment("16:00"))
    doors.daemon.wait_for(
        lambda: doors.daemon.answer(name)["slot"][0] == doors.moment("16:00"))


@pytest.mark.parametrize("doors", [{"slots.least": 0.5}], indirect=True)
def test_who_would_be_late_is_given_a_slot(doors):
    doors.it_is("12:00")
    daemon = doors.daemon
    daemon.available("anna")
    daemon.ctl("set", "specialist", "anna", "elsewhere")
    daemon.wait_for_specialist("anna", "elsewhere")
    # Who works is reckoned with as it was seen last, a part of a second ago.
    daemon.wait_for(lambda: daemon.do("GET", "/v1/queues")["queues"][0].get("expect"))
    answers = [doors.asks()[1] for _ in range(4)]
    # One person, ten minutes each, a quarter of an hour: the first will be in time.
    assert answers[0]["state"] == "waiting"
    assert answers[-1]["state"] == "scheduled" and answers[-1]["why"] == "crowded"
    assert answers[-1]["slot"][0] >= doors.moment("12:30")
    # Nor does asking again get round it: there is no more room for that than before.
    daemon.ask({"id": "web-impatient", "phone": f"+7916{doors.names:03d}0101"})
    again = daemon.wait_for(lambda: daemon.answer("web-impatient"))
    assert (again["state"], again["slot"]) == ("scheduled", answers[-1]["slot"])
    assert again["why"] == "crowded"


def test_closed_today(doors):
    """A burst pipe: who waits is told of another moment, who comes is given one."""
    doors.it_is("14:00")
    daemon = doors.daemon
    name, before = doors.asks()
    assert before["state"] == "waiting"
    ran = daemon.ctl("close", "queue", "info", "today", "as", "авария", "--as", "anna")
    assert ran.returncode == 0, ran.stderr
    moved = daemon.wait_for_state(name, "scheduled")
    assert moved["reason"] == "closed_today"
    answer = daemon.answer(name)
    assert answer["why"] == "closed_today"
    assert answer["slot"][0] == doors.moment("09:00", 1)
    assert "9:00-9:30" in letter(daemon, name, "deferred")["text"]
    _, late = doors.asks()
    assert late["why"] == "closed_today" and late["slot"] == answer["slot"]
    shown = daemon.ctl("show", "queue").stdout
    assert "info: closed by anna until" in shown and "авария" in shown
    # Other queues are open; this one opens again.
    assert doors.asks(topic="delivery")[1]["state"] == "waiting"
    daemon.restart()
    daemon.wait_for(lambda: daemon.do("GET", "/v1/queues")["queues"][0].get(
        "closed_until"))
    assert daemon.ctl("open", "queue", "info").returncode == 0
    daemon.wait_for(lambda: not daemon.do("GET", "/v1/queues")["queues"][0].get(
        "closed_until"))
    assert doors.asks()[1]["state"] == "waiting"
    assert daemon.ctl("close", "queue", "nothing", "today", "as", "x").returncode != 0


def test_two_nodes_keep_one_book(doors):
    other = doors.start()
    doors.it_is("23:00")
    for i in range(3):
        doors.asks()
    other.wait_for(lambda: other.do("GET", "/v1/queues")["queues"][0].get(
        "appointments") == 3)
    status, answer = other.control("POST", "/v1/requests", {
        "id": "web-other-1", "phone": "+79169990101"})
    assert status == 202, answer
    assert other.answer("web-other-1")["slot"][0] == doors.moment("09:30", 1)


def test_no_slot_takes_more_than_it_has(doors):
    """Two nodes are asked at the same time, before either knows what the other gave."""
    doors.it_is("23:00")
    nodes = [doors.daemon, doors.start()]
    names = [f"web-race-{i:04d}" for i in range(24)]

    def ask(i):
        status, answer = nodes[i % 2].control("POST", "/v1/requests", {
            "id": names[i], "phone": f"+7917{i:03d}0101"})
        assert status == 202, answer

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(names))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    begins = collections.Counter(
        doors.daemon.wait_for(lambda name=name: doors.daemon.answer(name))["slot"][0]
        for name in names)
    assert begins == {doors.moment("09:00", 1) + 1800 * i: 3 for i in range(8)}


def test_a_chosen_moment_takes_a_place(doors):
    doors.it_is("12:00")
    for minute in ("00", "10", "20"):
        _, answer = doors.asks(doors.moment("15:" + minute))
        assert answer["slot"][0] == doors.moment("15:" + minute)
    # No place is left: the next slot, and why.
    name, answer = doors.asks(doors.moment("15:20"))
    assert answer["why"] == "full"
    assert answer["slot"] == [doors.moment("15:30"), doors.moment("16:00")]
    # So it is with what is moved; who moves inside of a slot keeps the place.
    other, _ = doors.asks(doors.moment("17:00"))
    doors.daemon.ask({"id": other, "op": "move"}, doors.moment("15:05"))
    moved = doors.daemon.wait_for(
        lambda: (a := doors.daemon.answer(other)).get("why") == "full" and a)
    assert moved["slot"][0] == doors.moment("15:30")
    doors.daemon.ask({"id": "web-00000001", "op": "move"}, doors.moment("15:25"))
    doors.daemon.wait_for(lambda: doors.daemon.answer("web-00000001")["slot"][0] ==
                          doors.moment("15:25"))
    # What one gives back another gets.
    doors.daemon.ask({"id": "web-00000002", "op": "cancel"})
    doors.daemon.wait_for(
        lambda: doors.daemon.answer("web-00000002")["state"] == "cancelled")
    doors.daemon.ask({"id": name, "op": "move"}, doors.moment("15:15"))
    doors.daemon.wait_for(
        lambda: doors.daemon.answer(name)["slot"][0] == doors.moment("15:15"))


def test_a_queue_closed_on_one_node_is_closed_on_all(doors):
    """Who waits is given another moment, no slot more than it has, whoever gives it."""
    other = doors.start()
    doors.it_is("14:00")
    names = [doors.asks()[0] for _ in range(8)]
    assert other.ctl("close", "queue", "info", "today", "as", "пожар", "--as",
                     "boris").returncode == 0
    for name in names:
        doors.daemon.wait_for_state(name, "scheduled")
    begins = collections.Counter(doors.daemon.answer(name)["slot"][0] for name in names)
    assert begins == {doors.moment("09:00", 1): 3, doors.moment("09:30", 1): 3,
                      doors.moment("10:00", 1): 2}
    # The other node learns it within a second.
    doors.daemon.wait_for(lambda: doors.daemon.do("GET", "/v1/queues")["queues"][0].get(
        "closed_until"))
    assert "closed by boris" in doors.daemon.ctl("show", "queue").stdout
    # Who asks either node is told so; the other one opens it again.
    assert doors.asks()[1]["why"] == "closed_today"
    assert doors.daemon.ctl("open", "queue", "info").returncode == 0
    other.wait_for(lambda: not other.do("GET", "/v1/queues")["queues"][0].get(
        "closed_until"))
    status, _ = other.control("POST", "/v1/requests", {
        "id": "web-open-0001", "phone": "+79169990101"})
    assert status == 202 and other.answer("web-open-0001")["state"] == "waiting"
