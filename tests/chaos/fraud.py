# SPDX-License-Identifier: MIT
"""./dev chaos --fraud: strangers who want us to call numbers that earn them money, or to
bother somebody, against three nodes on one Redis, by every way in; and people who just
want to be called, in between.

- Nothing is dialled that must not be, and of the rest no more than the limits say.
- Whoever asks honestly is called.
- The cap of what may be spent holds to the cent: by what the network has written down,
  not one order more, and not one less.
- Each refusal has a reason that staff can read, and the stranger the same two words.

The last line is JSON; exit status 0 only when nothing is wrong."""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import random
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/e2e"))

import redis as redis_client  # noqa: E402

import harness  # noqa: E402
from company import QUICK, specialist  # noqa: E402

NODES = 3
PEOPLE = [specialist(f"vera{i}", f"+7912000{i:02d}14", ("info", 3), confirm="answer",
                     accept="automatic") for i in range(12)]
PRICE = 2.37
VICTIM = "+79160000101"
LIMITS = {"number_day": 3, "prefix_hour": 20, "address_hour": 10, "address_day": 30,
          "country_address_day": 20, "site_hour": 100000}
ISLANDS = ("242 246 264 268 284 340 345 441 473 649 658 664 670 671 684 721 758 767 784 787 "
           "809 829 849 868 869 876 939").split()
SHARES = {"costly": 25, "caribbean": 20, "sequential": 20, "victim": 15, "address": 20}


class Campaign:
    def __init__(self, hostile, honest, seed, say):
        self.chance = random.Random(seed)
        self.hostile, self.honest, self.say = hostile, honest, say
        self.faults = []
        self.world = harness.World()
        self.nodes, self.redis = [], None
        self.asked = {}                         # id: kind, phone
        self.over_http = {}                     # id: status, answer

    def check(self, is_right, text):
        if not is_right:
            self.faults.append(text)

    # ---- who asks for what

    def number(self, prefix, digits):
        return prefix + "".join(self.chance.choice("0123456789") for _ in range(digits))

    def address(self):
        """Of the public internet, and nobody else's."""
        if self.chance.random() < 0.5:
            return "203.0." + ".".join(str(self.chance.randrange(256)) for _ in range(2))
        return "2001:db8:" + ":".join(f"{self.chance.randrange(1 << 16):x}"
                                      for _ in range(6))

    def costly(self, _):
        ranges = [("+881", 9), ("+882", 9), ("+883", 9), ("+870", 9), ("+979", 9),
                  ("+888", 11), ("+808", 8), ("+1900", 7), ("+7940", 7)]
        if self.nodes[0].has_libphonenumber:
            ranges += [("+7809", 7), ("+7803", 7), ("+7808", 7), ("+4470", 8)]
        return self.number(*self.chance.choice(ranges)), self.address()

    def caribbean(self, _):
        return self.number("+1" + self.chance.choice(ISLANDS), 7), self.address()

    def sequential(self, i):
        return f"+7916555{i % 10000:04d}", self.address()

    def victim(self, _):
        return VICTIM, self.address()

    def one_address(self, i):
        """Of one address, and of one /64, in turn."""
        phone = self.number("+7917", 5) + "01"
        return phone, "198.51.100.7" if i % 2 else \
            f"2001:db8:7:7:{self.chance.randrange(1 << 16):x}::1"

    def honest_one(self, i):
        """Their number lies beside nobody else's, and answers (..01)."""
        return f"+7903{i:03d}{self.chance.randrange(100):02d}01", self.address()

    def wishes(self):
        kinds = {"costly": self.costly, "caribbean": self.caribbean,
                 "sequential": self.sequential, "victim": self.victim,
                 "address": self.one_address}
        plan = []
        for kind, share in SHARES.items():
            plan += [(kind, *kinds[kind](i))
                     for i in range(self.hostile * share // 100)]
        plan += [("honest", *self.honest_one(i)) for i in range(self.honest)]
        self.chance.shuffle(plan)
        return [(f"web-{i:08d}", *one) for i, one in enumerate(plan)]

    # ---- asking

    def post(self, node, name, phone, address):
        status, answer = node.http(
            "POST", "/v1/requests", {"id": name, "phone": phone}, token="",
            headers={"X-Forwarded-For": f"192.0.2.{self.hostile % 256}, {address}"})
        self.over_http[name] = (status, answer)

    def ask_all(self):
        """Every third over HTTP, at each node; the others as a website does."""
        inbox = self.nodes[0].key("in")
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            posts, members = [], {}
            for i, (name, kind, phone, address) in enumerate(self.wishes()):
                self.asked[name] = (kind, phone)
                if i % 3 == 0:
                    posts.append(pool.submit(self.post, self.nodes[i // 3 % NODES],
                                             name, phone, address))
                else:
                    members[json.dumps({
                        "id": name, "phone": phone, "locale": "ru",
                        "consent": {"version": "1", "ip": address}})] = 0
                if len(members) >= 50:
                    self.redis.zadd(inbox, members, nx=True)
                    members = {}
            if members:
                self.redis.zadd(inbox, members, nx=True)
            for one in posts:
                one.result()
        self.nodes[0].wait_for(lambda: self.redis.zcard(inbox) == 0, 240)

    def answers(self):
        names = list(self.asked)
        texts = self.redis.mget([self.nodes[0].key(f"answer:{name}")
                                 for name in names])
        return {name: json.loads(text) if text else None
                for name, text in zip(names, texts)}

    # ---- what must hold

    def dialled(self):
        """How often each customer's phone was rung."""
        staff = {one["to"] for one in PEOPLE}
        return collections.Counter(
            line["number"] for line in self.nodes[0].sandbox.ledger()
            if line["kind"] == "ring" and line["number"] not in staff)

    def look_at_answers(self, answers):
        refused = collections.Counter()
        for name, (kind, phone) in self.asked.items():
            answer = answers[name]
            self.check(answer is not None, f"{name} has no answer")
            if answer is None or answer["state"] != "rejected":
                self.check(kind not in ("costly", "caribbean"),
                           f"{name} {phone} ({kind}) was taken")
                continue
            word = answer["errors"][0]["code"]
            refused[f"{kind} {word}"] += 1
            wanted = "phone_not_accepted" if kind in ("costly", "caribbean") else \
                "too_many_requests"
            self.check(kind != "honest", f"{name} {phone} is honest, and was refused")
            # What is not even long enough for a number of its country is told so.
            self.check(word in (wanted, "phone_impossible"), f"{name} {phone}: {word}")
            if name in self.over_http and word == "too_many_requests":
                self.check(self.over_http[name][0] == 429, f"{name}: not 429")
        return refused

    def look_at_phones(self, dialled, seconds):
        """A limit lets so many through at once, and then one in each part of its time."""
        kinds = collections.defaultdict(set)
        for kind, phone in self.asked.values():
            kinds[kind].add(phone)
        hourly = 1 + int(seconds / 3600 * LIMITS["prefix_hour"])
        for kind in ("costly", "caribbean"):
            self.check(not any(dialled[phone] for phone in kinds[kind]),
                       f"{kind}: something was dialled")
        for kind, most in (("sequential", LIMITS["prefix_hour"] + hourly),
                           ("victim", LIMITS["number_day"]),
                           ("address", 2 * (LIMITS["address_hour"] + hourly))):
            count = sum(dialled[phone] for phone in kinds[kind])
            self.check(0 < count <= most, f"{kind}: {count} dialled, at most {most}")
        for phone in kinds["honest"]:
            self.check(dialled[phone] == 1, f"honest {phone}: dialled {dialled[phone]}")
        for phone, count in dialled.items():
            self.check(count <= LIMITS["number_day"], f"{phone}: rung {count} times")
            self.check(any(phone in one for one in kinds.values()),
                       f"{phone} was never asked for")

    def look_at_refusals(self, refused):
        entries = self.redis.xrange(self.nodes[0].key("rejected"))
        self.check(len(entries) == min(sum(refused.values()), len(entries)) and
                   len(entries) >= min(sum(refused.values()), 10000),
                   f"{len(entries)} refusals kept of {sum(refused.values())}")
        reasons = collections.Counter()
        for _, fields in entries:
            reasons[fields["why"].split(",")[0]] += 1
            self.check(fields["why"] != "", f"{fields['id']}: refused without a reason")
        shown = self.nodes[0].ctl("show", "rejected").stdout.split("\n")
        for _, fields in entries[-50:]:
            self.check(any(fields["id"] in line and fields["why"][:24] in line
                           for line in shown),
                       f"{fields['id']}: callbackctl does not say {fields['why']}")
        return reasons

    def spend_all(self, cap):
        """More honest people than there is money for, from everywhere."""
        orders = int(round(cap * 100)) // int(round(PRICE * 100))
        before = len(self.nodes[0].sandbox.posts())
        self.redis.zadd(self.nodes[0].key("in"), {json.dumps({
            "id": f"late-{i:07d}", "phone": f"+7904{i:03d}5501"}): 0
            for i in range(orders - before + 40)}, nx=True)
        self.nodes[0].wait_for(
            lambda: len(self.nodes[0].sandbox.posts()) >= orders, 120)
        # Whoever would still order has had their turn when all three say so.
        for node in self.nodes:
            node.wait_for(lambda node=node: "event=provider_spent id=sandbox" in
                          node.log() or not node.is_running(), 60)
        posts = len(self.nodes[0].sandbox.posts())
        [purse] = self.redis.keys(self.nodes[0].key("spend:sandbox:d*"))
        spent = int(self.redis.get(purse)) / 10000
        self.check(posts == orders, f"{posts} orders at the network, {orders} may be paid")
        self.check(abs(spent - posts * PRICE) < 0.001,
                   f"{spent:.2f} in the purse, {posts * PRICE:.2f} at the network")
        self.check(spent <= cap < spent + PRICE, f"{spent:.2f} of {cap:.2f} spent")
        return posts, spent

    # ---- from first to last

    def settled(self):
        """Nobody waits, and no call is under way."""
        live = self.redis.zcard(self.nodes[0].key("wait:info")) + \
            self.redis.zcard(self.nodes[0].key("calls:sandbox"))
        return live == 0

    def run(self, cap):
        server = harness.RedisServer(self.world.folder, "everysec")
        try:
            server.start()
            self.redis = redis_client.Redis(unix_socket_path=str(server.path),
                                            decode_responses=True)
            settings = {**QUICK, "specialists": PEOPLE, "limits": LIMITS,
                        "redis": f"unix:{server.path}", "retry.after": [],
                        "phones.refuse": ["+7940"], "http.proxies": ["127.0.0.1"],
                        "telephony.place_lease": "25s", "log.level": "notice",
                        "provider": {"timeout": "5s", "spend": {
                            "currency": "RUB", "call": PRICE, "day": cap}}}
            self.nodes = [self.world.start(settings) for _ in range(NODES)]
            for node in self.nodes:
                node.redis = self.redis
            begun = time.monotonic()
            self.ask_all()
            refused = self.look_at_answers(self.answers())
            self.nodes[0].wait_for(self.settled, 120)
            seconds = time.monotonic() - begun
            dialled = self.dialled()
            self.look_at_phones(dialled, seconds)
            reasons = self.look_at_refusals(refused)
            posts, spent = self.spend_all(cap)
            return {"hostile": self.hostile, "honest": self.honest,
                    "refused": sum(refused.values()), "dialled": sum(dialled.values()),
                    "seconds": round(seconds, 1), "reasons": dict(reasons),
                    "refused_as": dict(refused), "orders": posts,
                    "spent": round(spent, 2), "cap": cap, "faults": len(self.faults)}
        finally:
            for one in self.world.daemons:
                one.redis = None
            try:
                self.world.end()
            finally:
                server.end()


def run(hostile, honest, seed, say, cap=355.49):
    """Returns what was counted, and what is wrong."""
    campaign = Campaign(hostile, honest, seed, say)
    counted = campaign.run(cap)
    return counted, campaign.faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--requests", type=int, default=10000, help="of strangers")
    parser.add_argument("--honest", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    harness.need_programs()
    print(f"seed {options.seed}", flush=True)
    counted, faults = run(options.requests, options.honest, options.seed, print)
    for fault in faults[:20]:
        print(fault)
    print(json.dumps({"bench": "fraud", "seed": options.seed, **counted}))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
