#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A random campaign: websites ask, cancel and send nonsense, specialists come and
go, the telephone network fails, daemons are killed. Then Redis is read directly,
in one atomic snapshot, and the invariants are checked by rules that share no code
with the daemon.

    tests/chaos/campaign.py --seconds 60 --seed 7 --daemons 2 --kill

Every choice comes from the seed alone, never from what was answered: the same seed
makes the same choices. The programs are those of $CALLBACKD_BUILD.
"""
import argparse
import http.client
import json
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import redis as redis_client  # noqa: E402

import harness  # noqa: E402
from company import AUTOMATIC, QUICK, by_phone, specialist  # noqa: E402

LEASE_MS = 10_000
SETTLE_S = 50              # longer than a lease and all look-ups
WORK_S = 5
PACE_S = 0.01
CLOCK_SCALE = 0.02
PEOPLE = [
    AUTOMATIC,
    specialist("wanda", "+79160000014", ("info", 2), ("delivery", 2),
               confirm="answer", accept="automatic"),
    specialist("anna", "+79160000001", ("info", 3), confirm="answer"),
    specialist("boris", "+79160000012", ("info", 2), ("delivery", 1),
               confirm="answer"),
    by_phone("petra", "+79160000021", ("info", 3), ("directors", 1)),
]
NAMES = [one["id"] for one in PEOPLE]
CHANGES = {
    **QUICK, "specialists": PEOPLE,
    "window.target": "4s", "window.limit": "6s", "window.late": "4s",
    "offer.screen": "500ms", "offer.phone": "2s",
}
CREATE_FAULTS = ["500_before", "500_after", "503", "429", "400", "close_before",
                 "close_after", "late", "garbage", "redirect"]
WEBHOOK_FAULTS = ["drop", "duplicate", "delay", "reorder", "forged"]
NONSENSE = [b"", b"{", b"[]", b"null", b"\x00\x01\xff", b'{"id":1}',
            b'{"phone":"+79001234501","phone":"x"}', b'{"id":"web-nonsense","op":[]}',
            b'{"id":"web-x","phone":{"a":[[[[[[1]]]]]]}}', b"x" * 70_000,
            b"[" * 50_000, b'{"id":"' + b"a" * 60_000 + b'"}', b"y" * 1_000_000]


# ---- what is done

class Campaign:
    """Chances, and the daemons they happen to."""

    def __init__(self, seed, daemon_count, kills):
        self.random = random.Random(seed)
        self.world = harness.World()
        self.daemons = [self.world.start(CHANGES, CLOCK_SCALE)]
        self.first = self.daemons[0]
        for _ in range(daemon_count - 1):
            self.daemons.append(self.world.start(
                {**CHANGES, "redis": f"unix:{self.first.redis_path}"}))
        self.redis = redis_client.Redis(
            unix_socket_path=str(self.first.redis_path), socket_timeout=10)
        self.asked = {}             # id: what its member was
        self.count = 0
        self.actions = [(30, self.ask), (6, self.ask_again), (4, self.cancel),
                        (3, self.move), (4, self.nonsense), (14, self.toggle),
                        (25, self.act), (6, self.fault_create),
                        (6, self.fault_webhook), (3, self.act_on_specialist)]
        if kills:
            self.actions.append((1, self.kill))

    def step(self):
        weights = [weight for weight, _ in self.actions]
        action = self.random.choices(self.actions, weights)[0][1]
        action()

    def put(self, member, at=0):
        self.redis.zadd(self.first.key("in"), {member: at}, nx=True)

    def send(self, member, at):
        text = json.dumps(member)
        way = self.random.random()
        if way < 0.8:
            self.put(text, at)
        else:
            self.http(self.some_daemon(), "POST", "/v1/requests",
                      {**member, "at": at} if at else member)

    def some_daemon(self):
        return self.random.choice(self.daemons)

    @staticmethod
    def http(daemon, method, path, body=None):
        """The answer does not matter; that there is a daemon is checked later."""
        try:
            return daemon.control(method, path, body)
        except (OSError, http.client.HTTPException):
            return 0, None

    def ask(self):
        self.count += 1
        name = f"web-{self.count:08d}"
        phone = "+7900%05d%02d" % (self.random.randrange(60),
                                   self.random.choice([1, 1, 1, 2, 3, 4, 5, 6, 7, 8]))
        at = 0
        if self.random.random() < 0.2:
            at = int(time.time()) + self.random.randrange(1, 8)
        member = {"id": name, "phone": phone,
                  "topic": self.random.choice(["info", "delivery", "", "other"])}
        self.asked[name] = member
        self.send(member, at)

    def earlier(self):
        """One that was asked before, or None."""
        choice = self.random.random()
        return f"web-{1 + int(choice * self.count):08d}" if self.count else None

    def ask_again(self):
        name = self.earlier()
        if name:
            self.send(self.asked[name], 0)

    def cancel(self):
        name = self.earlier()
        if name:
            self.send({"op": "cancel", "id": name}, 0)

    def move(self):
        name, ahead = self.earlier(), self.random.randrange(1, 10)
        if name:
            self.send({"op": "move", "id": name}, int(time.time()) + ahead)

    def nonsense(self):
        member = bytearray(self.random.choice(NONSENSE))
        for _ in range(self.random.randrange(3)):
            if member:
                at = self.random.randrange(len(member))
                member[at] = self.random.randrange(256)
        self.put(bytes(member), self.random.choice([0, -1, 1e300, 5]))

    def toggle(self):
        status = self.random.choice(["available", "available", "paused", "off"])
        self.http(self.some_daemon(), "PUT",
                  f"/v1/specialists/{self.random.choice(NAMES)}",
                  {"status": status})

    def act_on_specialist(self):
        verb = self.random.choice(["ready", "extend", "present"])
        self.http(self.some_daemon(), "POST",
                  f"/v1/specialists/{self.random.choice(NAMES)}/{verb}", {})

    def act(self):
        verb, body = self.random.choice([
            ("accept", {}), ("accept", {}), ("decline", {}),
            ("close", {"disposition": "solved"}),
            ("close", {"disposition": "later"}), ("pass", {"queue": "delivery"}),
            ("note", {"text": "note\nwith a line"}), ("cancel", {}),
            ("requeue", {}), ("reopen", {}),
            ("assign", {"specialist": self.random.choice(NAMES)})])
        body = {**body, "as": self.random.choice(NAMES)}
        name = self.earlier()
        if name:
            self.http(self.some_daemon(), "POST",
                      f"/v1/requests/{name}/{verb}", body)

    def fault(self, of, kinds):
        """A network that has been told of enough faults refuses more."""
        self.world.sandbox.http("POST", "/sandbox/faults", {
            of: [{"kind": self.random.choice(kinds), "count": 1}]})

    def fault_create(self):
        self.fault("create", CREATE_FAULTS)

    def fault_webhook(self):
        self.fault("webhook", WEBHOOK_FAULTS)

    def kill(self):
        daemon = self.some_daemon()
        daemon.end(signal.SIGKILL)
        daemon.start()

    # ---- the end of it

    def settle(self):
        """No more faults, everybody at work, and all results given; what then still
        waits is cancelled. All must come to an end."""
        self.world.sandbox.faults({"create": [], "webhook": []})
        began = time.monotonic()
        while time.monotonic() < began + SETTLE_S:
            snapshot = Snapshot(self.redis, self.first.key(""))
            if not snapshot.zset("in") and not snapshot.unsettled():
                break
            for name in NAMES:
                self.http(self.first, "PUT", f"/v1/specialists/{name}",
                          {"status": "available"})
            for request, record in snapshot.requests.items():
                self.bring_to_an_end(
                    request, record, time.monotonic() > began + WORK_S)
            time.sleep(0.3)

    def bring_to_an_end(self, request, record, is_late):
        who = record.get("specialist") or NAMES[0]
        verb, body = "", {"as": who}
        if record["state"] in ("wrapping", "referred"):
            verb, body = "close", {"disposition": "solved", "as": who}
        elif is_late and record["state"] != "closed":
            verb = "cancel"
        elif Snapshot.offers(record):
            verb, body = "accept", {"as": Snapshot.offers(record)[0][0]}
        if verb:
            self.http(self.first, "POST", f"/v1/requests/{request}/{verb}", body)


# ---- what must be so

READ_ALL = """
local all = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
	local kind, value = redis.call('TYPE', key).ok, false
	if kind == 'hash' then value = redis.call('HGETALL', key)
	elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
	elseif kind == 'string' then value = redis.call('GET', key) end
	all[#all + 1] = {key, kind, redis.call('PTTL', key), value}
end
return {redis.call('TIME'), all}
"""


class Snapshot:
    """All of a site at one moment."""

    def __init__(self, redis, prefix):
        # The braces are literal; of a pattern only [ ] * ? \\ mean something.
        (seconds, micros), everything = redis.eval(READ_ALL, 0, prefix)
        self.now_ms = int(seconds) * 1000 + int(micros) // 1000
        self.values, self.ttl = {}, {}
        for key, kind, ttl, value in everything:
            name = key.decode(errors="surrogateescape")[len(prefix):]
            self.ttl[name] = ttl
            if kind in (b"hash", b"zset"):
                texts = [one.decode(errors="surrogateescape") for one in value]
                value = dict(zip(texts[::2], texts[1::2]))
            elif kind == b"string":
                value = value.decode(errors="surrogateescape")
            self.values[name] = value
        self.requests = self.records("request:")
        self.calls = self.records("call:")
        self.specialists = self.records("specialist:")
        self.faults = []

    def records(self, head):
        return {name[len(head):]: value for name, value in self.values.items()
                if name.startswith(head)}

    def zset(self, name):
        return self.values.get(name, {})

    @staticmethod
    def offers(request):
        """(specialist, number, until, call) of each open offer."""
        words = [request[f"offer{i}"].split() for i in range(1, 5)
                 if request.get(f"offer{i}")]
        return [(one[0], int(one[1]), int(one[2]), int(one[3])) for one in words]

    def unsettled(self):
        """What has not come to an end: {id: record}."""
        return {name: one for name, one in {**self.requests, **self.calls}.items()
                if one["state"] not in ("closed", "ended")}

    def expect(self, is_so, text):
        if not is_so:
            self.faults.append(text)

    def check(self):
        """What is wrong, as sentences."""
        self.standing = {}          # (index, member): score or None for any
        self.unique = {}
        for name, one in self.requests.items():
            self.check_request(name, one)
        for name, one in self.calls.items():
            self.check_call(name, one)
        for name, one in self.specialists.items():
            self.check_specialist(name, one)
        self.check_indexes()
        self.check_unique_keys()
        return self.faults

    def stands(self, index, member, score=None):
        self.standing[index, member] = score

    def stands_due(self, member, record):
        if int(record.get("wake_at_ms", 0)):
            self.stands("due", member, int(record["wake_at_ms"]))

    def check_request(self, name, one):
        state, member = one["state"], "request:" + name
        number = one["phone"]
        if one.get("leg_open") == "1" or state in ("calling", "talking") or \
                (state == "referred" and one.get("reason") == "maybe_called"):
            self.unique["phone:" + number] = name
        if state == "closed":
            self.expect(self.ttl[member] > 0, f"{member} is closed for ever")
            self.expect(not self.offers(one), f"{member} is closed with an offer")
            return
        self.expect(self.ttl[member] == -1, f"{member} lives and will expire")
        for kind in ("story:", "said:"):
            self.expect(self.ttl.get(kind + name, -1) == -1,
                        f"{kind}{name} will expire before its request ends")
        self.stands("active", member, int(one.get("asked_at_ms", 0)))
        self.stands_due(member, one)
        if state in ("scheduled", "waiting", "offered", "calling", "talking"):
            self.unique[f"phone:{number}:{one['queue']}"] = name
        if state == "referred":
            self.stands("referred", member)
        offers = self.offers(one)
        if state in ("waiting", "offered") and not int(one.get("hold_until_ms", 0)) \
                and len(offers) < int(one.get("room", 0)):
            self.stands("wait:" + one["queue"], member)
        if one.get("missed") == "1" and not int(one.get("kept_at_ms", 0)):
            self.stands("late", member)
        self.expect((state == "offered") == bool(offers),
                    f"{member} is {state} with {len(offers)} offers")
        for who, number, _, _ in offers:
            other = self.specialists.get(who, {})
            self.expect(other.get("request") == name and
                        int(other.get("offer", 0)) == number,
                        f"{member} offers {number} to {who}, who holds "
                        f"{other.get('request')} {other.get('offer')}")
        if state in ("calling", "talking"):
            call = self.calls.get(f"{name}.{one.get('call')}")
            self.expect(call and call["state"] != "ended",
                        f"{member} is {state} without a live call")
        self.expect(state != "none", f"{member} is in no state")

    def check_call(self, name, one):
        member = "call:" + name
        if one["state"] == "ended":
            self.expect(self.ttl[member] > 0, f"{member} ended for ever")
            return
        self.expect(self.ttl[member] == -1, f"{member} lives and will expire")
        self.stands("active", member)
        self.stands_due(member, one)
        self.expect(int(one.get("wake_at_ms", 0)), f"{member} is never looked at")
        self.expect(name.rsplit(".")[0] in self.requests,
                    f"{member} has no request")

    def check_specialist(self, name, one):
        state, member = one["state"], "specialist:" + name
        self.stands("active", member)
        self.stands_due(member, one)
        if state == "idle":
            for i in range(1, 9):
                if one.get(f"skill{i}"):
                    self.stands("ready:" + one[f"skill{i}"].split()[0], member)
        request = one.get("request")
        if state == "offered":
            offers = self.offers(self.requests.get(request, {}))
            self.expect((name, int(one["offer"])) in [o[:2] for o in offers],
                        f"{member} holds an offer that {request} does not know")
        if state == "busy":
            call = self.calls.get(f"{request}.{one.get('call')}")
            self.expect(call and call["state"] != "ended",
                        f"{member} is busy with {request}.{one.get('call')}, "
                        f"which is {call and call['state']}")
        if state in ("idle", "away"):
            self.expect(not request, f"{member} is {state} and holds {request}")

    def check_indexes(self):
        for (index, member), score in self.standing.items():
            found = self.zset(index).get(member)
            self.expect(found is not None, f"{member} is missing in {index}")
            if found is None or score is None:
                continue
            later = float(found) - score
            most = self.now_ms + LEASE_MS + 2000 - score if index == "due" else 0
            self.expect(later == 0 or 0 < later <= most,
                        f"{member} stands in {index} at {found}, not {score}")
        for name, members in self.values.items():
            if not name.startswith(("wait:", "ready:")) and \
                    name not in ("due", "active", "late", "referred", "promises"):
                continue
            for member in members:
                if name == "promises":
                    record = self.values.get(member, {})
                    self.expect(record.get("state", "closed") != "closed",
                                f"{member} is in promises and not alive")
                else:
                    self.expect((name, member) in self.standing,
                                f"{member} does not belong in {name}")

    def check_unique_keys(self):
        for key, owner in self.unique.items():
            self.expect(self.values.get(key) == owner,
                        f"{key} belongs to {owner}, not {self.values.get(key)}")
        for key, owner in self.values.items():
            if key.startswith("phone:") and key not in self.unique and \
                    self.ttl[key] == -1:
                self.expect(False, f"{key} is held for ever by {owner}")


def check_ledger(lines):
    """Nobody's phone rings twice in one call of the provider's."""
    rings, faults = {}, []
    for line in lines:
        if line["kind"] == "ring" and line["parent"]:
            rings.setdefault(line["parent"], []).append(line["number"])
    for parent, numbers in rings.items():
        if len(numbers) > 1:
            faults.append(f"{parent} rang {numbers}")
    return faults


def check_attempts(snapshot, lines):
    """Nobody's phone rings oftener than there were authorised calls to it."""
    rings, allowed = {}, {}
    for line in lines:
        if line["kind"] == "ring" and line["parent"]:
            rings[line["number"]] = rings.get(line["number"], 0) + 1
    for call in snapshot.calls.values():
        if call.get("authorised"):
            number = call["customer"]
            allowed[number] = allowed.get(number, 0) + 1
    return [f"{number} rang {count} times in {allowed.get(number, 0)} calls"
            for number, count in rings.items() if count > allowed.get(number, 0)]


def check_answers(snapshot, asked):
    faults = []
    for name in asked:
        text = snapshot.values.get("answer:" + name)
        if text is None:
            faults.append(f"{name} was asked and has no answer")
            continue
        answer = json.loads(text)
        owner = snapshot.values.get("seen:" + name)
        if answer["state"] != "rejected" and owner not in snapshot.requests:
            faults.append(f"{name} is {answer['state']} and belongs to {owner}")
    return faults


def run(seconds, seed, daemon_count=1, kills=False, say=print):
    """Runs a campaign; returns what is wrong."""
    say(f"seed {seed}")
    harness.need_programs()
    campaign = Campaign(seed, daemon_count, kills)
    faults, steps, looks = [], 0, 0
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not faults:
            campaign.step()
            time.sleep(PACE_S)
            steps += 1
            if steps % 25 == 0:
                looks += 1
                faults = Snapshot(campaign.redis, campaign.first.key("")).check()
            for daemon in campaign.daemons:
                if not daemon.is_running():
                    faults.append(f"a daemon died\n{daemon.log_tail()}")
        campaign.settle()
        # In this order: what rings in between is authorised by then.
        ledger = campaign.world.sandbox.ledger()
        snapshot = Snapshot(campaign.redis, campaign.first.key(""))
        faults += snapshot.check()
        faults += check_answers(snapshot, campaign.asked)
        faults += check_ledger(ledger)
        faults += check_attempts(snapshot, ledger)
        faults += [f"{name} has not come to an end: {record}"
                   for name, record in snapshot.unsettled().items()]
        faults += [f"still in the inbox at {at}: {member[:80]!r}"
                   for member, at in snapshot.zset("in").items()]
        say(f"{steps} steps, {looks} looks, {len(campaign.asked)} asked, "
            f"{len(snapshot.requests)} requests, {len(snapshot.calls)} calls, "
            f"{sum(line['kind'] == 'ring' for line in ledger)} rings, "
            f"{len(faults)} faults")
    finally:
        try:
            campaign.world.end()
        except AssertionError as error:
            faults.append(str(error))
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--daemons", type=int, default=1)
    parser.add_argument("--kill", action="store_true",
                        help="kill -9 a daemon now and then")
    options = parser.parse_args()
    faults = run(options.seconds, options.seed, options.daemons, options.kill)
    for fault in faults:
        print("FAULT", fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
