# SPDX-License-Identifier: MIT
"""One day of a company, from twenty minutes before closing to the next evening, as
customers, specialists and a director live it. The rules are those of
config/callbackd.conf; the clock is set ahead where nothing would happen, and runs
as any other in between. Each step is another test's in detail: here they are one
company's, one after the other, on one Redis."""
import datetime
import zoneinfo

import pytest
import redis as redis_client

import harness
from company import DISPOSITIONS, specialist
from test_line import Caller, told
from test_messages import letter, sent

ZONE = zoneinfo.ZoneInfo("Europe/Moscow")
OURS = "+74951234567"
DIRECTOR, HEAD = "+79160000121", "+74950000109"
# Who is called +7916000..01 answers their phone and receives what is written.
ASKS_BEFORE_CLOSING, ASKS_LATE, ASKS_TOO_LATE = (
    f"+7916{n}0101" for n in (101, 102, 103))
AT_NIGHT, PARCEL, ABUSER, AT_LUNCH, CALLS_FIRST = (
    f"+7916{n}0101" for n in (201, 202, 203, 204, 205))
WITHOUT_SMS = "+79160000111"    # ..11: the message is refused, the call is not
IN_SILENCE = [f"+7916{n}0101" for n in range(301, 304)]

COMPANY = {
    "http.listen": None, "zone": "Europe/Moscow",
    "window": {"target": "10m", "limit": "15m", "scheduled": "5m", "late": "60m"},
    "hours": {"week": (("Mon-Fri", "09:00-19:00"),), "after_close": "15m",
              "outside": "slot"},
    "slots": {"length": "30m", "share": 0.5},
    "offer": {"screen": "20s", "wrap_up": "200ms", "rest": "100ms",
              "cool_off_declined": "2s", "cool_off_ignored": "2s"},
    "retry": {"after": ["2m", "15m"]},
    "telephony": {"look_up": "200ms", "poll": "1s", "quarantine": "2s",
                  "place_lease": "16s"},
    "provider": {"timeout": "1s"},
    "text": ["sandbox"],
    "messages": {
        "deferred": "{company}: позвоним {day} {from}-{to} с {caller_id}",
        "soon": "{company}: звоним с {caller_id}",
        "late": "{company}: простите, до {promise}",
        "passed": "{company}: {case} у {queue}, до {promise}"},
    "lines": ({"number": OURS, "queue": "info"},),
    "queues": [
        {"id": "info", "title": "Баланс и вклады", "default": True,
         "caller_id": OURS, "pass_to": ["delivery", "directors"]},
        {"id": "delivery", "title": "Доставка", "caller_id": OURS,
         "passed": {"limit": "4h", "clock": "open_hours", "dial": "when_ready",
                    "climb": "directors"},
         "pass_to": ["directors", "info"]},
        {"id": "directors", "title": "Дирекция", "public": False,
         "caller_id": OURS,
         "passed": {"limit": "2h", "clock": "open_hours", "dial": "when_ready",
                    "climb": HEAD},
         "pass_to": ["info", "delivery"]}],
    "specialists": [
        specialist("anna", "+79160000001", ("info", 3), confirm="answer"),
        specialist("boris", "+79160000012", ("info", 2), ("delivery", 1),
                   confirm="answer"),
        specialist("vera", "+79160000014", ("delivery", 3), confirm="answer"),
        specialist("gleb", DIRECTOR, ("directors", 3), confirm="answer",
                   supervisor=True)],
    "alarms": {"to": ["gleb"], "at_most": "10m",
               "on": ["late", "unattended", "provider_down", "maybe_called"]},
    "dispositions": [*DISPOSITIONS,
                     {"key": 9, "id": "abuse", "title": "Злоупотребление",
                      "then": "propose_block", "block": "30d"}],
}
del COMPANY["http.listen"]


class Day:
    """The company, and the clock on its wall."""

    def __init__(self, daemon, clock, first):
        self.daemon, self.clock, self.first = daemon, clock, first
        self.names = 0

    def moment(self, text, day=0):
        """Unix seconds of "18:40" on that day."""
        hour, minute = map(int, text.split(":"))
        date = self.first + datetime.timedelta(days=day)
        return datetime.datetime(date.year, date.month, date.day, hour, minute,
                                 tzinfo=ZONE).timestamp()

    def it_is(self, text, day=0):
        """Sets the clock, and waits until the daemon goes by it."""
        self.clock.set(self.moment(text, day))
        self.daemon.wait_for(lambda: abs(
            self.daemon.do("GET", "/v1/status")["now"] - self.clock.now()) < 2)

    def asks(self, phone, at=0, **more):
        """Their name for it, and what the website is told."""
        self.names += 1
        name = f"web-{self.names:08d}"
        self.daemon.ask({"id": name, "phone": phone, "sms": True, **more}, at)
        answer = self.daemon.wait_for(lambda: self.daemon.answer(name))
        assert answer["state"] != "rejected", answer
        return name, answer

    def takes(self, name, who):
        """That specialist accepts it and talks; what it is when they have."""
        offered = self.daemon.wait_for_state(name, "offered")
        assert [one["specialist"] for one in offered["offers"]] == [who]
        self.daemon.act(name, "accept", **{"as": who})
        return self.daemon.wait_for_state(name, "wrapping")

    def solves(self, name, who, disposition="solved"):
        self.takes(name, who)
        self.daemon.act(name, "close", disposition=disposition, **{"as": who})
        self.daemon.wait_for_specialist(who, "idle", "offered")
        return self.daemon.request(name)

    def at_work(self, *people):
        """These are, nobody else."""
        for one in ("anna", "boris", "vera", "gleb"):
            status = "available" if one in people else "off"
            self.daemon.do("PUT", f"/v1/specialists/{one}", {"status": status})
        for one in people:
            self.daemon.wait_for_specialist(one, "idle", "offered")


def next_thursday():
    """The day after it is a working day too, and neither was yet."""
    day = datetime.datetime.now(ZONE).date() + datetime.timedelta(days=2)
    return day + datetime.timedelta(days=(3 - day.weekday()) % 7)


@pytest.fixture
def day():
    harness.need_programs()
    world = harness.World()
    clock = harness.Clock(world.folder)
    server = harness.RedisServer(world.folder, clock=clock)
    found = Day(None, clock, next_thursday())
    try:
        clock.set(found.moment("18:35"))
        server.start()
        daemon = world.start({**COMPANY, "redis": f"unix:{server.path}"})
        daemon.redis = redis_client.Redis(unix_socket_path=str(server.path),
                                          decode_responses=True)
        daemon.wait_for(daemon.knows_its_people)
        found.daemon = daemon
        yield found
        daemon.redis.close()
        daemon.redis = None
    finally:
        try:
            world.end()
        finally:
            server.end()


def test_from_closing_to_closing(day):
    before_closing(day)
    night = at_two_in_the_morning(day)
    morning(day, night)
    case = a_parcel_is_looked_for(day)
    press_1_on_hold(day)
    an_abuser(day)
    lunch_with_one_specialist(day)
    an_sms_that_fails(day)
    the_customer_calls_first(day)
    twenty_minutes_without_a_provider(day)
    the_parcel_climbs(day, case)
    nothing_is_left(day)


def before_closing(day):
    """18:40 and 18:52: who asks while it is open is called in their window, also
    beyond the closing, and nobody after that."""
    daemon = day.daemon
    day.at_work("anna", "boris")
    day.it_is("18:40")
    name, answer = day.asks(ASKS_BEFORE_CLOSING)
    assert day.moment("18:55") <= answer["promise"] < day.moment("18:56")
    assert day.solves(name, "anna")["kept_at"] < answer["promise"]

    day.at_work()                       # Anna and Boris are in a meeting
    day.it_is("18:52")
    name, answer = day.asks(ASKS_LATE)
    assert day.moment("19:07") <= answer["promise"] < day.moment("19:08")
    day.it_is("19:04")
    daemon.available("boris")
    assert day.solves(name, "boris")["kept_at"] < answer["promise"]
    assert daemon.sandbox.rings(ASKS_LATE) == 1
    day.at_work()


def at_two_in_the_morning(day):
    """Nobody is called at night, nor all at nine: who asks gets a slot of the morning,
    and reads so at once, for it answers their own act."""
    daemon, names = day.daemon, []
    for phone, when in ((ASKS_TOO_LATE, ("19:20",)), (AT_NIGHT, ("02:00", 1))):
        day.it_is(*when)
        name, answer = day.asks(phone)
        assert (answer["state"], answer["why"]) == ("scheduled", "closed")
        assert answer["slot"][0] == day.moment("09:00", 1)
        assert "9:00-9:30" in letter(daemon, name, "deferred", state="ended")["text"]
        names.append(name)
    assert "closed until" in daemon.ctl("show", "queue").stdout
    return names


def morning(day, night):
    """At nine they are called, one after the other, inside of their slot."""
    day.it_is("09:00", 1)
    day.at_work("anna", "vera", "gleb")
    for name in night:
        assert day.solves(name, "anna")["kept_at"] < day.moment("09:30", 1)


def a_parcel_is_looked_for(day):
    """Anna cannot know where it is: logistics looks first, and will call. Told to
    the customer; the rest of the day Vera has no time for it."""
    daemon = day.daemon
    day.it_is("10:00", 1)
    day.at_work("anna", "boris", "vera", "gleb")
    name, _ = day.asks(PARCEL, note="где посылка?")
    first = day.takes(name, "anna")["id"]
    daemon.act(first, "pass", queue="delivery", note="трек 4711")
    offered = daemon.wait_for_state(name, "offered")
    assert offered["queue"] == "delivery" and offered["number"] in \
        letter(daemon, first, "passed")["text"]
    # Four open hours from ten o'clock.
    assert day.moment("14:00", 1) <= offered["promise_at"] < day.moment("14:01", 1)
    daemon.act(name, "accept", **{"as": "vera"})
    assert daemon.request(name)["state"] == "taken"
    assert daemon.sandbox.rings(PARCEL) == 1
    return name


def press_1_on_hold(day):
    """A caller is on hold, presses 1, and is called in the place they had in line."""
    daemon = day.daemon
    day.it_is("11:00", 1)
    caller = Caller(daemon, "+79000000051")
    heard = caller.heard(caller.calls("1"))
    assert "Нажмите 1" in heard and "11:15" in heard
    request = daemon.wait_for_state("0000051", "offered")
    assert day.solves(request["id"], "anna")["source"] == "line"


def an_abuser(day):
    """One specialist proposes; it holds at once, and the supervisor confirms. What the
    customer reads is what any number reads that is not served."""
    daemon = day.daemon
    name, _ = day.asks(ABUSER)
    day.solves(name, "anna", "abuse")
    daemon.ask({"id": "web-abuser-2", "phone": ABUSER})
    answer = daemon.wait_for(lambda: daemon.answer("web-abuser-2"))
    assert answer["state"] == "rejected"
    assert answer["errors"][0]["code"] == "phone_not_accepted"
    assert daemon.ctl("confirm", "block", ABUSER, "--as", "anna").returncode == 1
    assert daemon.ctl("confirm", "block", ABUSER, "--as", "gleb").returncode == 0
    assert "confirmed" in daemon.ctl("show", "blocked").stdout


def lunch_with_one_specialist(day):
    """Anna alone goes to lunch: she is told who waits, the director within a minute
    that nobody is there, and she is back by herself when she said."""
    daemon = day.daemon
    day.it_is("13:00", 1)
    daemon.do("PUT", "/v1/specialists/boris", {"status": "off"})
    daemon.ctl("set", "specialist", "anna", "elsewhere")
    name, answer = day.asks(AT_LUNCH)
    leaving = daemon.do("PUT", "/v1/specialists/anna", {
        "status": "paused", "reason": "обед",
        "return_at": int(day.moment("13:10", 1))})
    assert [(one["queue"], one["waiting"], one["promise"])
            for one in leaving["left_alone"]] == [("info", 1, answer["promise"])]
    daemon.ctl("set", "specialist", "anna", "back")
    daemon.wait_for(lambda: any(
        "Баланс и вклады: ждут 1" in one["body"] for one in sent(daemon, DIRECTOR)),
        60)
    assert daemon.request(name)["state"] == "waiting"
    day.it_is("13:10", 1)
    daemon.do("PUT", "/v1/specialists/gleb", {"status": "off"})
    closed = day.solves(name, "anna")
    assert closed["kept_at"] <= answer["promise"]
    daemon.wait_for(lambda: any("снова есть люди" in one["body"]
                                for one in sent(daemon, DIRECTOR)), 60)


def an_sms_that_fails(day):
    """It stands on the card; the call comes all the same."""
    daemon = day.daemon
    name, _ = day.asks(WITHOUT_SMS)
    day.solves(name, "anna")
    assert letter(daemon, name, "soon", reason="failed")["failed"]
    assert daemon.sandbox.legs(WITHOUT_SMS) == ["completed"]


def the_customer_calls_first(day):
    """They wait on hold, where nobody dials them, and speak to somebody."""
    daemon = day.daemon
    daemon.do("PUT", "/v1/specialists/anna", {"status": "off"})
    name, _ = day.asks(CALLS_FIRST)
    assert told(daemon, "on_hold", CALLS_FIRST, id="pbx-1")[1] == ["waiting"]
    daemon.available("anna")
    daemon.wait_for_specialist("anna", "idle")
    assert daemon.request(name)["reason"] == "on_hold"
    assert told(daemon, "spoke", CALLS_FIRST, id="pbx-1")[1] == ["closed"]
    assert daemon.answer(name)["state"] == "done"
    assert daemon.request(name)["reason"] == "called_in"
    assert daemon.sandbox.rings(CALLS_FIRST) == 0


def twenty_minutes_without_a_provider(day):
    """Nothing is offered while the line is silent; the director is told once, and once
    that it is over; then they are called in the order of their promises."""
    daemon = day.daemon

    def told_since(before, words):
        return [one["body"] for one in sent(daemon, DIRECTOR)[before:]
                if words in one["body"]]
    day.it_is("15:00", 1)
    before = len(sent(daemon, DIRECTOR))
    daemon.sandbox.faults({"create": {"kind": "503", "count": 10000}})
    names = [day.asks(phone)[0] for phone in IN_SILENCE[:1]]
    # Whoever accepts the first ones hears nothing; then it is known.
    while True:
        found = daemon.wait_for(lambda: (
            daemon.do("GET", "/v1/queues")["queues"][0].get("silent_since") and
            "silent") or daemon.request(names[0]).get("offers") and "offered")
        if found == "silent":
            break
        daemon.control("POST", f"/v1/requests/{names[0]}/accept", {"as": "anna"})
    offers = daemon.log().count("action=offer ")
    names += [day.asks(phone)[0] for phone in IN_SILENCE[1:]]
    for name in names:
        daemon.wait_for_state(name, "waiting")
        assert daemon.request(name)["why"] == "provider_down"
    daemon.wait_for(lambda: told_since(before, "не работает"))
    day.it_is("15:20", 1)
    for name in names:
        daemon.wait_for(lambda name=name: daemon.request(name)["late"])
    # But now and then one is offered, to find out whether it works again.
    assert daemon.log().count("action=offer ") <= offers + 1
    daemon.sandbox.http("DELETE", "/sandbox/faults")
    for name in names:
        day.solves(name, "anna")
    rung = [line["number"] for line in daemon.sandbox.ledger()
            if line["kind"] == "ring" and line["number"] in IN_SILENCE]
    assert rung == IN_SILENCE
    daemon.wait_for(lambda: told_since(before, "снова работает"))
    assert len(told_since(before, "не работает")) == 1
    assert len(told_since(before, "снова работает")) == 1
    assert len(told_since(before, "просрочено")) == 1      # three at once


def the_parcel_climbs(day, name):
    """Vera has let the limit pass: the director takes it, calls, and the answer goes
    back down to whoever knows the customer. One case from first to last."""
    daemon = day.daemon
    day.it_is("16:00", 1)
    climbed = daemon.wait_for_state(name, "waiting")
    assert climbed["queue"] == "directors"
    daemon.available("gleb")
    daemon.wait_for_state(name, "offered")
    daemon.act(name, "accept", **{"as": "gleb"})
    assert daemon.request(name)["state"] == "taken"
    assert daemon.ctl("start", name, "--as", "gleb").returncode == 0
    talked = daemon.wait_for_state(name, "wrapping")
    daemon.act(talked["id"], "pass", queue="info", note="посылка в Туле",
               **{"as": "gleb"})
    daemon.wait_for(lambda: daemon.request(name)["queue"] == "info")
    assert day.solves(name, "anna")["number"] == climbed["number"]
    assert daemon.sandbox.rings(PARCEL) == 3
    story = daemon.ctl("show", "case", climbed["number"]).stdout
    assert story.splitlines()[-1].startswith(
        f"case {climbed['number']}: info (passed) - delivery (climbed"), story
    assert "1 of 4 requests late" in story


def nothing_is_left(day):
    """Everything has its end, and no index names a request any more."""
    daemon = day.daemon
    for index in ("active", "promises", "late", "referred", "taken"):
        left = [one for one in daemon.redis.zrange(daemon.key(index), 0, -1)
                if not one.startswith("specialist:")]
        assert left == [], index
    assert not daemon.redis.keys(daemon.key("phone:*"))
