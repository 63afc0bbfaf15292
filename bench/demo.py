# SPDX-License-Identifier: MIT
"""./dev demo: forty requests from the asking to the end, on a private Redis and the
sandbox, with four specialists of different habits. A table shows what goes on;
then every request is accounted for, and the account is held against what the
telephone network has written down. The last line is one JSON object."""
import argparse
import collections
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import redis as redis_client

TOP = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("CALLBACKD_BUILD", TOP / "build/plain"))
SITE = "shop"
CLOCK_SCALE = 0.1
READY_S, LIMIT_S, STOP_S = 20, 80, 40
PEOPLE = {"anna": "Анна", "boris": "Борис", "vera": "Вера", "gleb": "Глеб"}


# ---- the website: a process of its own, which knows only the contract

def wishes():
    """(seconds from the start, id, member, seconds ahead) of each request."""
    endings = ["01"] * 19 + ["02"] * 3 + ["03"] * 3 + ["04"] * 3 + \
        ["07"] * 2 + ["05", "08"]
    order = sorted(range(len(endings)), key=lambda i: i * 7 % len(endings))
    plain = [(f"web-demo-{i:04}", f"8 (900) 4{place:02}-00-{endings[place]}",
              0) for i, place in enumerate(order)]
    plain += [("web-demo-later", "+7 900 500 00 01", 8),
              ("web-demo-none", "+7 900 500 00 06", 0)]
    for i, (name, phone, ahead) in enumerate(plain):
        member = {"id": name, "phone": phone, "locale": "ru",
                  "topic": "delivery" if i % 5 == 3 else "info"}
        yield i * 0.3, name, json.dumps(member), ahead
    first = plain[0]
    for at, name, member, ahead in (
            # The same form once more; and the same person once more.
            (0.1, first[0], {"id": first[0], "phone": first[1],
                             "note": "sent twice"}, 0),
            (6.1, "web-demo-joined", {"id": "web-demo-joined",
                                      "phone": "8 900 500 00 01"}, 8),
            (1.0, "web-demo-changed", {"id": "web-demo-changed",
                                       "phone": "8 900 600 00 01"}, 30),
            (2.0, "web-demo-short", {"id": "web-demo-short",
                                     "phone": "8 (900) 123-45"}, 0),
            (3.0, "web-demo-future", {"id": "web-demo-future",
                                      "phone": "8 900 600 00 01"},
             90 * 86400)):
        yield at, name, json.dumps(member), ahead
    yield 4.0, "", '{"id": "web-demo-broken", "phone": "8 900', 0


def website(path):
    """Prints what it has asked, one JSON array a line: id and phone."""
    store = redis_client.Redis(unix_socket_path=path, decode_responses=True)
    inbox = "{" + SITE + "}:in"
    plan = sorted(wishes())
    plan.append((5.0, "web-demo-changed", None, 0))
    began = time.time()
    for at, name, member, ahead in sorted(plan, key=lambda one: one[0]):
        time.sleep(max(0, began + at - time.time()))
        if member is None:
            store.zadd(inbox, {json.dumps({"op": "cancel", "id": name}): 0},
                       nx=True)
            continue
        moment = int(time.time()) + ahead if ahead else 0
        store.zadd(inbox, {member: moment}, nx=True)
        try:
            phone = json.loads(member)["phone"]
        except ValueError:
            phone = None
        print(json.dumps([name, phone]), flush=True)


# ---- programs

def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def ask(port, method, path, body=None, token=None):
    """(status, JSON) of a request over HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request(method, path, json.dumps(body) if body is not None
                           else None, headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read() or b"null")
    finally:
        connection.close()


def wait_for(what, condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"demo: {what}: not within {seconds} s")
        time.sleep(0.02)


class World:
    """Both programs in a folder of their own, on free ports."""

    def __init__(self, folder):
        self.folder = folder
        self.port, self.phones_port, redis_port = free_ports(3)
        self.ledger_path = folder / "ledger.jsonl"
        self.processes = {}
        shutil.copy(TOP / "config/sandbox/phones.conf", folder)
        text = (TOP / "config/sandbox/demo.conf").read_text(encoding="utf-8")
        for pattern, value in (
                (r"127\.0\.0\.1:8080", f"127.0.0.1:{self.port}"),
                (r"(127\.0\.0\.1|localhost):8081",
                 f"127.0.0.1:{self.phones_port}"),
                (r"port = 6399", f"port = {redis_port}"),
                (r'state_dir = "."', f'state_dir = "{folder}"'),
                (r'control = "control.sock"',
                 f'control = "{folder}/control.sock"'),
                (r'web_dir = "../web"', f'web_dir = "{TOP}/web"')):
            text, count = re.subn(pattern, value, text)
            if count == 0:
                raise SystemExit(f"demo: config/sandbox/demo.conf has no "
                                 f"{pattern}")
        (folder / "callbackd.conf").write_text(text, encoding="utf-8")

    def start(self):
        self._start("sandbox", BUILD / "sandbox/callback-sandbox", "--listen",
                    f"127.0.0.1:{self.phones_port}", "--phones",
                    self.folder / "phones.conf", "--web", TOP / "web/phones",
                    "--ledger", self.ledger_path, "--clock-scale",
                    CLOCK_SCALE)
        wait_for("the sandbox", lambda: "listening" in self.log("sandbox"),
                 READY_S)
        self._start("callbackd", BUILD / "daemon/callbackd", "-c",
                    self.folder / "callbackd.conf")
        wait_for("callbackd", self._serves, READY_S)

    def _start(self, name, *arguments):
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen(
                [str(one) for one in arguments], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "CALLBACKD_DATADIR": str(TOP / "config")})

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8",
                                                       errors="replace")

    def _serves(self):
        if self.processes["callbackd"].poll() is not None:
            raise SystemExit(f"demo: callbackd ended\n{self.log('callbackd')}")
        try:
            return ask(self.port, "GET", "/v1/health")[0] == 200 and \
                len(self.get("/v1/specialists")["specialists"]) == len(PEOPLE)
        except OSError:
            return False

    @property
    def token(self):
        return (self.folder / "desk_token").read_text(encoding="ascii").strip()

    def get(self, path):
        return ask(self.port, "GET", path, token=self.token)[1]

    def request(self, key):
        """One request by any of its names; None: there is none."""
        status, answer = ask(self.port, "GET", "/v1/requests/" +
                             urllib.parse.quote(key), token=self.token)
        return answer if status == 200 else None

    def ledger(self):
        with open(self.ledger_path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def stop(self):
        """How callbackd ended; the network afterwards."""
        status = None
        for name in ("callbackd", "sandbox"):
            process = self.processes.get(name)
            if process is None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                ended = process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                ended = process.wait()
            status = ended if name == "callbackd" else status
        return status


# ---- desks

class Desk(threading.Thread):
    """A specialist in front of a screen: waits `thinks` seconds before an offer
    is taken, and `writes` seconds before a result is said."""

    def __init__(self, world, name, thinks, writes, declines_each=0,
                 passes_each=0):
        super().__init__(name=name, daemon=True)
        self.world = world
        self.thinks, self.writes = thinks, writes
        self.declines_each, self.passes_each = declines_each, passes_each
        self.offers = self.results = 0
        self.seen = {}
        self.is_over = threading.Event()

    def act(self, request, verb, **body):
        return ask(self.world.port, "POST",
                   f"/v1/requests/{request}/{verb}",
                   {"as": self.name, **body}, self.world.token)[0] == 200

    def since(self, what):
        """How long this has been on the screen."""
        return time.monotonic() - self.seen.setdefault(what, time.monotonic())

    def run(self):
        ask(self.world.port, "PUT", f"/v1/specialists/{self.name}",
            {"status": "available"}, self.world.token)
        while not self.is_over.wait(0.1):
            try:
                self.look(self.world.get(f"/v1/desk?as={self.name}"))
            except OSError:
                return

    def look(self, desk):
        request, state = desk["request"], desk["specialist"]["state"]
        if request and state == "offered" and self.since(
                (request["id"], desk["specialist"]["offer"])) >= self.thinks:
            self.offers += 1
            if self.declines_each and self.offers % self.declines_each == 0:
                self.act(request["id"], "decline")
            else:
                self.act(request["id"], "accept")
        mine = [request] if request and request["state"] == "wrapping" else []
        for one in mine + desk["results"]:
            if self.since((one["id"], "result")) >= self.writes and \
                    one.get("specialist") == self.name:
                self.say_result(one)

    def say_result(self, request):
        self.results += 1
        if request["phone"].endswith("04"):
            self.act(request["id"], "close", disposition="voicemail")
        elif self.passes_each and self.results % self.passes_each == 0 and \
                "from" not in request:
            self.act(request["id"], "pass", queue=request["pass_to"][0]["id"],
                     note="не наш вопрос")
        else:
            self.act(request["id"], "close", disposition="solved")


class Telephone(Desk):
    """One without a desk: comes to work, and the phone does the rest. Voicemail
    cannot be told by keys that are always the same."""

    def look(self, desk):
        self.is_over.wait(1)


def desks(world):
    return [Desk(world, "anna", 0.2, 0.2),
            Desk(world, "boris", 1.2, 0.8, declines_each=4, passes_each=3),
            Telephone(world, "vera", 0, 0),
            Desk(world, "gleb", 0, 2.5)]


# ---- what is seen while it runs

STATES = ["scheduled", "waiting", "offered", "calling", "talking", "wrapping",
          "referred", "closed", "rejected"]


class Table:
    def __init__(self, began):
        self.began = began
        self.lines = 0
        self.second, self.summary = -1, ""
        self.is_live = sys.stdout.isatty()

    def show(self, requests, people):
        groups = collections.defaultdict(list)
        for state, number in requests:
            groups[state].append(number)
        if self.is_live:
            self._draw(groups, people)
            return
        # Somebody reads this later: once a second, and only what is new.
        second = int(time.monotonic() - self.began)
        summary = "  ".join(f"{state} {len(groups[state])}"
                            for state in STATES if groups[state])
        if summary not in ("", self.summary) and second > self.second:
            print(f"{second:3} s  {summary}", flush=True)
            self.second, self.summary = second, summary

    def _draw(self, groups, people):
        width = shutil.get_terminal_size().columns - 1
        lines = [f"{time.monotonic() - self.began:5.1f} s"]
        for state in STATES:
            numbers = " ".join(groups[state])
            lines.append(f"  {state:<10}{len(groups[state]):>3}  {numbers}")
        lines.append("")
        for one in people:
            lines.append(f"  {one['name']:<10}{one['shown']:<10}"
                         f"{one.get('number', '')}")
        if self.lines:
            sys.stdout.write(f"\x1b[{self.lines}A")
        for line in lines:
            sys.stdout.write(f"\x1b[2K{line[:width]}\n")
        self.lines = len(lines)
        sys.stdout.flush()


# ---- the account

class Account:
    """Each request that was asked, once, with its end; `complaints` is what does
    not fit."""

    def __init__(self, world, asked):
        self.world, self.asked = world, asked
        self.complaints = []
        self.counts = dict.fromkeys(
            ("requests", "on_time", "late", "retried", "rejected",
             "cancelled", "unaccounted"), 0)
        self.attempts = collections.Counter()   # by telephone number
        self.cancelled = set()
        self.known = set()

    def chain(self, name):
        """The request of this id, and those it was passed on from."""
        request = self.world.request(name)
        found = []
        while request is not None:
            found.insert(0, request)
            earlier = request.get("from")
            request = self.world.request(earlier) if earlier else None
        return found

    def settle(self):
        refusals = collections.Counter(
            one["id"] for one in
            self.world.get("/v1/rejected")["rejected"])
        for name, _ in self.asked:
            self.counts["requests"] += 1
            requests = self.chain(name) if name else []
            if not requests and refusals[name] > 0:
                refusals[name] -= 1
                self.counts["rejected"] += 1
                self.say(name or "(unreadable)", "", "rejected")
            elif not requests:
                self.counts["unaccounted"] += 1
                self.complaints.append(f"{name}: nobody knows of it")
            else:
                self.settle_one(name, requests)
        for name, count in refusals.items():
            if count > 0:
                self.complaints.append(f"{name}: refused, but not asked")

    def settle_one(self, name, requests):
        last, number = requests[-1], requests[-1]["number"]
        if last["state"] != "closed":
            self.counts["unaccounted"] += 1
            self.complaints.append(f"{name}: still {last['state']}")
            return
        is_again = last["id"] in self.known
        attempts = sum(one["attempts"] for one in requests)
        missed = sum(one.get("missed", 0) for one in requests)
        words = [last["reason"], f"{attempts} attempt" +
                 ("s" if attempts != 1 else "")]
        if last["reason"] == "cancelled":
            self.counts["cancelled"] += 1
            self.cancelled.add(last["phone"])
        else:
            self.counts["late" if missed else "on_time"] += 1
            words.append("late" if missed else "on time")
        self.counts["retried"] += any(one["attempts"] > 1 for one in requests)
        if len(requests) > 1:
            words.append("passed on to " + last["queue"])
        if is_again:
            words.append("asked more than once")
        else:
            self.attempts[last["phone"]] += attempts
        self.known.add(last["id"])
        self.say(name, number, ", ".join(words))

    @staticmethod
    def say(name, number, words):
        print(f"  {name:<20}{number:<6}{words}")

    def compare(self):
        """Against what the telephone network has written down."""
        legs, open_legs = collections.Counter(), {}
        rung = set()
        orders = collections.Counter()
        for line in self.world.ledger():
            if line["kind"] == "request" and line["method"] == "POST" and \
                    line["path"].endswith("/Calls.json"):
                orders[line["url"]] += 1
            if not line.get("parent"):
                continue
            number = line["number"]
            if line["kind"] == "ring":
                rung.add(number)
                if open_legs.get(number):
                    self.complaints.append(f"{number}: rung twice at a time")
                open_legs[number] = line["sid"]
            elif line["kind"] == "end":
                legs[number] += 1
                open_legs.pop(number, None)
        for number in sorted(legs.keys() | self.attempts.keys()):
            if legs[number] != self.attempts[number]:
                self.complaints.append(
                    f"{number}: {self.attempts[number]} attempts here, "
                    f"{legs[number]} calls in the network")
        for number in self.cancelled & (rung | legs.keys()):
            self.complaints.append(f"{number}: cancelled before, and called")
        for url, count in orders.items():
            if count > 1:
                self.complaints.append(f"{url}: ordered {count} times")
        print(f"\nthe network: {sum(orders.values())} calls ordered, "
              f"{sum(legs.values())} to customers; here: "
              f"{sum(self.attempts.values())} attempts")

    def balances(self):
        counts = self.counts
        ends = sum(counts[name] for name in
                   ("on_time", "late", "rejected", "cancelled"))
        return not self.complaints and counts["unaccounted"] == 0 and \
            ends == counts["requests"]


# ---- the demo

def follow(world, client, asked, began):
    """Shows what goes on until everything that was asked has ended."""
    table = Table(began)
    while time.monotonic() - began < LIMIT_S:
        is_asking = client.poll() is None
        rows, ended = [], 0
        for name, _ in list(asked):
            request = world.request(name) if name else None
            state = request["state"] if request else "rejected"
            rows.append((state, request["number"] if request else "-"))
            ended += state in ("closed", "rejected")
        table.show(sorted(rows), world.get("/v1/specialists")["specialists"])
        if not is_asking and ended == len(asked):
            return
        time.sleep(0.3)


def read_client(client, asked):
    for line in client.stdout:
        asked.append(tuple(json.loads(line)))


def run(world):
    asked = []
    world.start()
    began = time.monotonic()
    people = desks(world)
    for one in people:
        one.start()
    client = subprocess.Popen(
        [sys.executable, __file__, "--website",
         str(world.folder / "redis/redis.sock")],
        stdout=subprocess.PIPE, text=True)
    reader = threading.Thread(target=read_client, args=(client, asked),
                              daemon=True)
    reader.start()
    follow(world, client, asked, began)
    if client.poll() is None:
        client.kill()
    reader.join(5)
    for one in people:
        one.is_over.set()
        one.join(5)
    # The specialists' phones are put down a moment after the last customer's.
    wait_for("the last call", lambda: ask(
        world.phones_port, "GET", "/sandbox/calls")[1]["live"] == 0, 20)
    print("\nwhat became of each:\n")
    account = Account(world, asked)
    account.settle()
    account.compare()
    return account


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--website", metavar="SOCKET", help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true",
                        help="keeps the folder with logs, data and ledger")
    options = parser.parse_args()
    if options.website:
        website(options.website)
        return 0
    folder = pathlib.Path(tempfile.mkdtemp(prefix="callbackd-demo-"))
    world = World(folder)
    account = status = None
    try:
        account = run(world)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"demo: {error}\n{world.log('callbackd')[-4000:]}",
              file=sys.stderr)
        return 1
    finally:
        status = world.stop()
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if status != 0:
        account.complaints.append(f"callbackd ended with {status}")
    for complaint in account.complaints:
        print(f"does not fit: {complaint}")
    print(json.dumps(account.counts))
    return 0 if account.balances() else 1


if __name__ == "__main__":
    sys.exit(main())
