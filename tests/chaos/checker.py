# SPDX-License-Identifier: MIT
"""The independent checker: it reads Redis in one atomic snapshot, the events stream
with the stories, the ledger of the telephone network and what the websites wrote down,
and says what is wrong. It shares no code with the daemon."""
import collections
import json
import re

LEASE_MS = 10_000           # of a claim
REPORT_MS = 5_000           # within which a miss is told of
UNSURE_MS = 500             # so near to a promise either is right


# ---- what must be so

READ_ALL = """
local all = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
	local kind, value = redis.call('TYPE', key).ok, false
	if kind == 'hash' then value = redis.call('HGETALL', key)
	elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
	elseif kind == 'string' then value = redis.call('GET', key)
	elseif ARGV[2] == '1' and kind == 'list' then
		value = redis.call('LRANGE', key, 0, -1)
	elseif ARGV[2] == '1' and key == ARGV[1] .. 'events' then
		value = redis.call('XRANGE', key, '-', '+') end
	all[#all + 1] = {key, kind, redis.call('PTTL', key), value}
end
return {redis.call('TIME'), all}
"""


class Snapshot:
    """All of a site at one moment; is_whole: the stories and events too."""

    def __init__(self, redis, prefix, is_whole=False):
        # The braces are literal; of a pattern only [ ] * ? \\ mean something.
        (seconds, micros), everything = redis.eval(READ_ALL, 0, prefix,
                                                     int(is_whole))
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
            elif kind == b"list" and is_whole:
                value = [one.decode(errors="replace") for one in value]
            self.values[name] = value
        self.requests = self.records("request:")
        self.calls = self.records("call:")
        self.messages = self.records("message:")
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
        records = {**self.requests, **self.calls, **self.messages}
        return {name: one for name, one in records.items()
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
        for name, one in self.messages.items():
            self.check_message(name, one)
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
        if state in ("scheduled", "waiting", "offered", "taken", "calling",
                     "talking"):
            self.unique[f"phone:{number}:{one['queue']}"] = name
        if state in ("referred", "taken"):
            self.stands(state, member)
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
        if one["provider"] != "manual":
            self.stands("calls:" + one["provider"], member)
        self.expect(int(one.get("wake_at_ms", 0)), f"{member} is never looked at")
        self.expect(name.rsplit(".")[0] in self.requests,
                    f"{member} has no request")

    def check_message(self, name, one):
        member = "message:" + name
        if one["state"] == "ended":
            self.expect(self.ttl[member] > 0, f"{member} ended for ever")
            return
        self.expect(self.ttl[member] == -1, f"{member} lives and will expire")
        self.stands("active", member)
        self.stands_due(member, one)
        self.expect(int(one.get("wake_at_ms", 0)), f"{member} is never looked at")

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
            if not name.startswith(("wait:", "ready:", "calls:")) and \
                    name not in ("due", "active", "late", "referred", "taken",
                             "promises"):
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


def is_of_text(line):
    return line.get("path", "").endswith("/Messages.json")


def check_texts(lines):
    """No message is ordered a second time once it may have been taken: only a refusal
    is certain."""
    orders = collections.Counter(
        line["url"].split("/")[-3] for line in lines
        if line["kind"] == "request" and line["method"] == "POST"
        and is_of_text(line)
        and not 400 <= line["status"] < 500)
    return [f"the message {name} was ordered {count} times"
            for name, count in orders.items() if count > 1]


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


# ---- stories: what happened, in the order in which it was committed

Line = collections.namedtuple(
    "Line", "at_ms record before after event action by detail story")


def read_line(text, story):
    at_ms, record, before, after, event, action, by, *detail = text.split(" ", 7)
    return Line(int(at_ms), record, before, after, event, action, by,
                detail[0] if detail else "", story)


def read_commits(snapshot):
    """(the lines of each commit, in order; what is wrong with the stream), of a whole
    snapshot."""
    commits, faults, told = [], [], {}
    stories = {name[len("story:"):]: value
               for name, value in snapshot.values.items()
               if name.startswith("story:")}
    for entry, fields in read_stream(snapshot.values.get("events") or []):
        lines = []
        for name, value in fields:
            if name == "":
                lines.append(read_line(value, ""))
                continue
            first, last = map(int, value.split())
            if first != told.get(name, 0):
                faults.append(f"events {entry}: {name} goes on at {first}, "
                              f"not {told.get(name, 0)}")
            told[name] = last + 1
            lines += [read_line(one, name)
                      for one in stories.get(name, [])[first:last + 1]]
        commits.append(lines)
    for name, story in stories.items():
        if told.get(name, 0) != len(story):
            faults.append(f"{name}: {len(story)} lines, {told.get(name, 0)} "
                          "in events")
    return commits, faults


def read_events(snapshot):
    """The same, all lines one after another."""
    commits, faults = read_commits(snapshot)
    return [line for lines in commits for line in lines], faults


def read_stream(entries):
    """(id, pairs) of each entry: one may have the same field several times."""
    for entry, flat in entries:
        flat = [part.decode(errors="replace") for part in flat]
        yield entry.decode(), list(zip(flat[::2], flat[1::2]))


def check_moves(snapshot, lines):
    """Each record goes from where it was; at the end it is where its last line
    says."""
    states, faults = {}, []
    for line in lines:
        before = states.get(line.record)
        if before is not None and line.before != before:
            faults.append(f"{line.record} goes from {line.before} to "
                          f"{line.after} ({line.action}), but was {before}")
        states[line.record] = line.after
    for record, state in states.items():
        found = snapshot.values.get(record)
        if isinstance(found, dict) and found.get("state") != state:
            faults.append(f"{record} is {found.get('state')}, its last line "
                          f"says {state}")
    return faults


def check_reservations(lines):
    """Nobody is reserved for two requests at once."""
    holder, faults = {}, []
    for line in lines:
        if not line.record.startswith("specialist:"):
            continue
        if line.after not in ("offered", "busy"):
            holder.pop(line.record, None)
            continue
        if holder.get(line.record, line.story) != line.story and \
                line.before in ("offered", "busy"):
            faults.append(f"{line.record} is {line.after} for {line.story} "
                          f"while held by {holder[line.record]}")
        holder[line.record] = line.story
    return faults


# How an offer may end, by what the specialist's line says was done.
OFFER_ENDS = {
    "tell_accepted": "accepted",
    "decline": "declined", "decline_ringing": "declined",
    "leave_offer": "declined", "leave_ringing": "declined",
    "leave_offer_for_call": "declined", "leave_ringing_for_call": "declined",
    "ignore": "expired", "ignore_ringing": "expired", "pause_ignored": "expired",
    "lose_offer": "withdrawn", "lose_ringing": "withdrawn",
    "rest": "withdrawn",        # their phone's call is over
}


class Offers:
    """Each offer from its commit to its end, by what the specialists' lines say; and
    whether their requests' lines say the same after every commit."""

    def __init__(self, commits, longest_ms):
        self.longest_ms = longest_ms
        self.open = {}              # specialist: (request, since)
        self.holders = collections.defaultdict(set)
        self.states = {}            # of requests
        self.made = collections.Counter()       # by request
        self.ends = collections.Counter()
        self.faults, self.twice = [], []
        self.lasted_ms = []
        for lines in commits:
            for line in lines:
                if line.record.startswith("specialist:"):
                    self.read(line)
                elif line.record == "request:" + line.story:
                    self.states[line.story] = line.after
            for story in {line.story for line in lines if line.story}:
                self.compare(story)

    def read(self, line):
        was, is_open = line.before == "offered", line.after == "offered"
        if is_open and not was:
            if line.record in self.open:
                self.twice.append(f"{line.record} is offered {line.story} while in "
                                  f"an offer of {self.open[line.record][0]}")
            self.open[line.record] = (line.story, line.at_ms)
            self.holders[line.story].add(line.record)
            self.made[line.story] += 1
        elif was and not is_open:
            story, since = self.open.pop(line.record, ("nobody", line.at_ms))
            self.holders[story].discard(line.record)
            self.lasted_ms.append(line.at_ms - since)
            if line.action in OFFER_ENDS and story == line.story:
                self.ends[OFFER_ENDS[line.action]] += 1
            else:
                self.faults.append(f"{line.record}'s offer of {story} ends by "
                                   f"{line.action} of {line.story or 'nothing'}")
            if self.lasted_ms[-1] > self.longest_ms:
                self.faults.append(f"{line.record}'s offer of {story} ended after "
                                   f"{self.lasted_ms[-1]} ms ({line.action})")

    def compare(self, story):
        holders = self.holders[story]
        if (self.states.get(story) == "offered") != bool(holders):
            self.faults.append(f"{story} is {self.states.get(story)} and offered to "
                               f"{sorted(holders) or 'nobody'}")

    def check(self, snapshot):
        """Nothing is open at the end, and each request has counted the same."""
        self.faults += [f"{who}'s offer of {story} has no end"
                        for who, (story, _) in self.open.items()]
        self.faults += [
            f"{name} has made {one.get('offers', 0)} offers, its specialists got "
            f"{self.made[name]}" for name, one in snapshot.requests.items()
            if int(one.get("offers", 0)) != self.made[name]]
        return self


def check_talks(lines):
    """A customer who was talked to is called again only when that was settled on."""
    faults, talked = [], set()
    for line in lines:
        if line.record != "request:" + line.story or line.before == line.after:
            continue
        if line.after == "talking" and line.story in talked:
            faults.append(f"{line.story} is talked to again")
        if line.after == "talking":
            talked.add(line.story)
        elif line.after == "scheduled":
            talked.discard(line.story)
    return faults


def check_rest(snapshot):
    """When all has come to an end, nobody is kept by anything."""
    return [f"specialist {name} is {one['state']} at the end"
            for name, one in snapshot.specialists.items()
            if one["state"] in ("offered", "busy", "wrapping") or one.get("request")]


# ---- the telephone network's own account

class Legs:
    """What the ledger says of phones: legs with their call and their times."""

    def __init__(self, ledger):
        self.calls = {}             # sid of an order: (request, n)
        self.orders = collections.Counter()
        self.legs = {}
        self.busy = []
        for line in ledger:
            kind, sid = line["kind"], line.get("sid")
            if kind == "request" and not is_of_text(line):
                found = re.search(r"/hooks/[^/]+/([^/]+)\.(\d+)/",
                                  line.get("url") or "")
                if found:
                    call = (found.group(1), int(found.group(2)))
                    self.orders[call] += 1
                    if sid:
                        self.calls[sid] = call
            elif kind == "ring":
                self.legs[sid] = {**line, "rang": line["at_ms"], "over": None}
            elif kind == "end":
                if sid in self.legs:
                    self.legs[sid]["over"] = line["at_ms"]
                if line.get("sip_code") == 486:     # 603: rejected
                    self.busy.append(line)

    def customers(self):
        return [leg for leg in self.legs.values() if leg["parent"]]

    def call_of(self, leg):
        return self.calls.get(leg["parent"] or leg["sid"])


def check_rings(legs):
    """One call rings the customer once; one customer's phone rings for one call
    at a time. Returns (rung twice, overlapping)."""
    twice, overlaps = [], []
    by_call = collections.Counter(legs.call_of(leg) or leg["parent"]
                                  for leg in legs.customers())
    twice += [f"{call} rang the customer {count} times"
              for call, count in by_call.items() if count > 1]
    by_number = collections.defaultdict(list)
    for leg in legs.customers():
        by_number[leg["number"]].append(leg)
    for number, all_legs in by_number.items():
        all_legs.sort(key=lambda leg: leg["rang"])
        for one, other in zip(all_legs, all_legs[1:]):
            if one["over"] is None or one["over"] > other["rang"]:
                overlaps.append(
                    f"{number} rang for {legs.call_of(other)} during "
                    f"{legs.call_of(one)}")
    return twice, overlaps


def check_phones(legs, numbers):
    """Nobody's phone is called while they are in a call of ours: such numbers
    are never busy by themselves."""
    faults = []
    for leg in legs.busy:
        if leg["number"] in numbers:
            faults.append(f"{leg['number']} was called while in a call")
    return faults


def check_orders(snapshot, legs):
    """Nothing is ordered that was not committed, and nothing twice."""
    faults = []
    for (request, n), count in legs.orders.items():
        if count > 1:
            faults.append(f"{request}.{n} was ordered {count} times")
        if f"{request}.{n}" not in snapshot.calls:
            faults.append(f"{request}.{n} was ordered and never committed")
    return faults


# ---- promises

class Promises:
    """What was promised, kept and missed, from the first line of a story, from
    calls and from the network; and what was reported."""

    def __init__(self, limit_s, scheduled_s, late_s):
        self.limit_ms, self.scheduled_ms = limit_s * 1000, scheduled_s * 1000
        self.late_ms = late_s * 1000
        self.unreported, self.false, self.wrong = [], [], []
        self.missed, self.delays_s, self.late_reports = 0, [], []

    def check(self, snapshot, lines, legs):
        stories = collections.defaultdict(list)
        for line in lines:
            if line.record == "request:" + line.story:
                stories[line.story].append(line)
        rings = collections.defaultdict(list)
        for leg in legs.customers():
            call = legs.call_of(leg)
            if call:
                rings[call[0]].append(leg["rang"])
        for name, call in snapshot.calls.items():
            if int(call.get("authorised_at_ms", 0)):
                rings[name.rsplit(".", 1)[0]].append(
                    int(call["authorised_at_ms"]))
        for name, story in stories.items():
            record = snapshot.requests.get(name)
            if record and record.get("promise_number") == "1" and \
                    story[0].before == "none":
                self.check_one(name, record, story, rings[name])
        return self

    def check_one(self, name, record, story, rings):
        born, at_ms = story[0].at_ms, int(record.get("at_ms", 0))
        promise = born + self.limit_ms if at_ms <= born else \
            at_ms + self.scheduled_ms
        found = int(record["promise_at_ms"])
        if any(line.event in ("move", "repeated", "requeue", "reopen")
               for line in story):
            promise = found         # what they agreed on later
        elif not promise - REPORT_MS <= found <= promise + 100:
            self.wrong.append(f"{name}: promised {found}, not {promise}")
        else:
            promise = found         # it counts from the asking
        over = [line.at_ms for line in story if line.after == "closed"]
        kept = min(rings + over, default=float("inf"))
        self.compare(name, promise, kept,
                     [line.at_ms for line in story
                      if line.detail.startswith("promise 1 missed")])
        if kept > promise:
            self.compare(name + " (second)", promise + self.late_ms, kept,
                         [line.at_ms for line in story
                          if line.detail.startswith("second promise missed")])

    def compare(self, name, promise, kept, told):
        if kept > promise + UNSURE_MS:
            self.missed += 1
            if not told and kept > promise + REPORT_MS:
                self.unreported.append(
                    f"{name}: missed {promise}, kept {kept}, and nobody told")
        if told:
            self.delays_s.append((told[0] - promise) / 1000)
            if told[0] > promise + REPORT_MS:
                self.late_reports.append(
                    f"{name}: missed {promise}, told of "
                    f"{(told[0] - promise) / 1000:.1f} s later")
            if kept < promise - UNSURE_MS:
                self.false.append(f"{name}: told of a miss that was none")
        if len(told) > 1:
            self.false.append(f"{name}: told {len(told)} times of one miss")


# ---- everything together

class Verdict:
    """What a whole campaign comes to."""

    def __init__(self, redis, prefix, ledger, asked, limits):
        # At one moment: who wraps up has not always ended.
        snapshot = self.snapshot = Snapshot(redis, prefix, is_whole=True)
        legs = self.legs = Legs(ledger)
        self.commits, stream = read_commits(snapshot)
        self.lines = [line for lines in self.commits for line in lines]
        twice, self.overlaps = check_rings(legs)
        self.rung_twice = twice + check_attempts(snapshot, ledger)
        self.overlaps += check_reservations(self.lines)
        self.lost = check_answers(snapshot, asked) + [
            f"{name} has not come to an end: {record}"
            for name, record in snapshot.unsettled().items()] + [
            f"still in the inbox at {at}: {member[:80]!r}"
            for member, at in snapshot.zset("in").items()]
        self.promises = Promises(*limits).check(snapshot, self.lines, legs)
        self.unreported = self.promises.unreported
        self.others = snapshot.check() + stream + \
            check_moves(snapshot, self.lines) + check_ledger(ledger) + \
            check_texts(ledger) + \
            check_orders(snapshot, legs) + \
            self.promises.false + self.promises.wrong

    def faults(self):
        return [f"{kind}: {text}" for kind, texts in (
            ("lost", self.lost), ("rung twice", self.rung_twice),
            ("overlap", self.overlaps), ("unreported miss", self.unreported),
            ("wrong", self.others)) for text in texts]
