# SPDX-License-Identifier: MIT
"""Real programs, started for one test: callbackd with its own embedded Redis, and
a telephone network. Everything of theirs lies in one temporary folder and is
reached over 127.0.0.1 or a Unix socket; nothing sleeps for a fixed time.

The programs are those of $CALLBACKD_BUILD (build/san by default). With
CALLBACKD_KEEP=1 the folders stay for a look.
"""
import base64
import collections
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse

import pytest
import redis as redis_client

from company import SETTINGS, override, settings_text

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CALLBACKD_BUILD", TOP / "build/san"))
CALLBACKD = BUILD / "daemon/callbackd"
CALLBACKCTL = BUILD / "ctl/callbackctl"
SANDBOX = BUILD / "sandbox/callback-sandbox"

READY_S = 20                # under a sanitizer, on a busy machine
STOP_S = 30
LOG_TAIL_LINES = 60
ACCOUNT = "AC0000000000000000000000000000e2e0"
TOKEN = "token of the tests"
SANITIZER = re.compile(
    r"ERROR: (Address|Leak)Sanitizer|runtime error: |SUMMARY: \w+Sanitizer")


def need_programs():
    """Skips where nothing was built; who names a build must have it."""
    for program in (CALLBACKD, CALLBACKCTL, SANDBOX):
        if not program.exists():
            give_up = pytest.fail if "CALLBACKD_BUILD" in os.environ \
                else pytest.skip
            give_up(f"{program} is not built")


# ---- waiting, ports, HTTP

def machine_s(pids):
    """What those processes and this one have waited for a processor, in seconds: a busy
    machine's fault, which a time that is held against a limit is without."""
    waited_ns = 0
    for pid in [*pids, "thread-self"]:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            waited_ns += int(file.read().split()[1])
    return waited_ns / 1e9


def wait_for(function, seconds=10, explain=None):
    """The first true value of function(); asked every 5 ms."""
    end = time.monotonic() + seconds
    while True:
        value = function()
        if value:
            return value
        if time.monotonic() >= end:
            name = getattr(function, "__name__", repr(function))
            raise AssertionError(f"{name}: still {value!r} after {seconds} s"
                                 + (f"\n{explain()}" if explain else ""))
        time.sleep(0.005)


@contextlib.contextmanager
def serving(server):
    """An http.server of a test's own, until the block is left."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    """Of such a server: answers in JSON, and says nothing to the terminal."""

    def say(self, answer, status=200):
        text = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


_reserved = collections.deque(maxlen=64)  # far more than programs live at once


def free_port():
    """Nobody else gets it before the program listens there: it stays bound, and who
    draws a port or connects is then given another one. Whoever names it with
    SO_REUSEADDR, as all our programs do, may have it all the same."""
    reservation = socket.socket()
    reservation.bind(("127.0.0.1", 0))
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _reserved.append(reservation)
    return reservation.getsockname()[1]


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def talk(connection, method, path, body=None, headers=None):
    """(status, what the JSON says); the text itself where it is not JSON."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body, ensure_ascii=False)
        headers.setdefault("Content-Type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    try:
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        text = reply.read().decode(errors="replace")
    finally:
        connection.close()
    try:
        return reply.status, json.loads(text)
    except ValueError:
        return reply.status, text


# ---- programs

class Program:
    """A process whose output goes to a file."""

    def __init__(self, name, arguments, log_path, environment=None):
        self.name = name
        self.log_path = pathlib.Path(log_path)
        self.arguments = [str(one) for one in arguments]
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.was_ended = False

    def start(self):
        self.was_ended = False
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        try:
            return self.log_path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def log_tail(self):
        lines = self.log().splitlines()[-LOG_TAIL_LINES:]
        return "\n".join([f"---- {self.name}'s last lines", *lines])

    def wait_until_ready(self, is_ready):
        def ready_or_dead():
            return not self.is_running() or is_ready()
        wait_for(ready_or_dead, READY_S, self.log_tail)
        assert self.is_running(), f"{self.name} ended with " \
            f"{self.process.returncode}\n{self.log_tail()}"

    def end(self, number=signal.SIGTERM):
        """Sends a signal and returns the exit status; kills who does not obey."""
        if self.process is None:
            return None
        if self.is_running():
            self.was_ended = True
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not stop within {STOP_S} s\n"
                                 f"{self.log_tail()}") from None

    def check_sanitizers(self):
        found = SANITIZER.search(self.log())
        assert not found, f"{self.name}: {self.log()[found.start():][:6000]}"


class Clock:
    """The wall clock of a redis-server, and with it of every daemon on it: it may be
    set, so that a day can be lived through without waiting for it. Between two
    settings it runs as fast as any."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "clock"
        library = pathlib.Path(folder) / "set_clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                        TOP / "tests/e2e/set_clock.c"], check=True)
        self.path.write_bytes(struct.pack("<q", 0))
        self.environment = {"LD_PRELOAD": str(library), "SET_CLOCK": str(self.path)}
        self.offset_s = 0.0

    def now(self):
        return time.time() + self.offset_s

    def set(self, at_s):
        """Forward only: no machine that lives through a day goes back."""
        assert at_s >= self.now(), "the clock is past that already"
        self.offset_s = at_s - time.time()
        with open(self.path, "r+b") as file:  # it is mapped: never cut
            file.write(struct.pack("<q", round(self.offset_s * 1000)))


class RedisServer(Program):
    """A redis-server that keeps what it has acknowledged. notify "": it tells nobody
    of a new member, who must look for it. clock: a Clock, else the machine's."""

    def __init__(self, folder, appendfsync="always", appendonly="yes",
                 notify="Kz", clock=None):
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "redis.sock"
        super().__init__(
            "redis-server",
            ["redis-server", "--port", "0", "--unixsocket", self.path,
             "--dir", self.folder, "--save", "", "--appendonly", appendonly,
             "--appendfsync", appendfsync, "--notify-keyspace-events", notify,
             "--maxmemory-policy", "noeviction"],
            self.folder / "redis.log", clock.environment if clock else None)

    def answers(self):
        try:
            return redis_client.Redis(unix_socket_path=str(self.path),
                                      socket_timeout=1).ping()
        except redis_client.RedisError:
            return False

    def start(self):
        super().start()
        self.wait_until_ready(self.answers)

    def kill(self):
        self.end(signal.SIGKILL)


class Sandbox(Program):
    """The telephone network; its port is its own choice."""

    def __init__(self, folder, clock_scale=0.05, phones=None):
        self.folder = pathlib.Path(folder)
        self.ledger_path = self.folder / "ledger.jsonl"
        arguments = [SANDBOX, "--listen", "127.0.0.1:0", "--account", ACCOUNT,
                     "--token", TOKEN, "--ledger", self.ledger_path,
                     "--web", TOP / "web/phones",
                     "--clock-scale", clock_scale]
        if phones:
            path = self.folder / "phones.conf"
            path.write_text(settings_text({"phones": phones}), encoding="utf-8")
            arguments += ["--phones", path]
        super().__init__("callback-sandbox", arguments,
                         self.folder / "sandbox.log")
        self.port = None

    def start(self):
        super().start()
        ready = re.compile(r"^listening on http://127\.0\.0\.1:(\d+)$", re.M)
        self.wait_until_ready(lambda: ready.search(self.log()))
        self.port = int(ready.search(self.log()).group(1))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def http(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=10)
        return talk(connection, method, path, body)

    def calls(self):
        """What GET /sandbox/calls says."""
        status, answer = self.http("GET", "/sandbox/calls")
        assert status == 200, answer
        return answer

    def behave(self, number, **behaviour):
        """Changes how a phone behaves: answer_after=1, keys=[[3, "1"]], …"""
        path = "/sandbox/phones/" + urllib.parse.quote(number, safe="")
        status, answer = self.http("PUT", path, behaviour)
        assert status < 300, answer

    def faults(self, *faults):
        """Orders faults for the next requests or webhooks."""
        for fault in faults:
            status, answer = self.http("POST", "/sandbox/faults", fault)
            assert status < 300, answer

    def order(self, form):
        """A call that somebody else orders of the provider."""
        login = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=10)
        status, answer = talk(
            connection, "POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json",
            form, {"Authorization": f"Basic {login}",
                   "Content-Type": "application/x-www-form-urlencoded"})
        assert status == 201, answer
        return answer

    def ledger(self):
        """Its lines so far; one that is being written does not count yet."""
        try:
            text = self.ledger_path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def posts(self, request=""):
        """The orders to call that came, all or those of one request."""
        return [line for line in self.ledger()
                if line["kind"] == "request" and line["method"] == "POST"
                and line["path"].endswith("/Calls.json")
                and request in (line.get("url") or "")]

    def texts(self):
        """The orders to send a message that came."""
        return [line for line in self.ledger()
                if line["kind"] == "request" and line["method"] == "POST"
                and line["path"].endswith("/Messages.json")]

    def legs(self, number):
        """How the calls to a customer ended, in order: "completed", "busy"."""
        return [line["status"] for line in self.ledger()
                if line["kind"] == "end" and line["number"] == number
                and line["parent"]]

    def rings(self, number):
        """How often a phone rang, whoever called."""
        return sum(line["kind"] == "ring" and line["number"] == number
                   for line in self.ledger())


class Daemon(Program):
    """callbackd on an embedded Redis of its own."""

    def __init__(self, folder, sandbox, changes=None):
        self.folder = pathlib.Path(folder)
        self.sandbox = sandbox
        self.port = free_port()
        self.socket_path = self.folder / "control.sock"
        self.conf_path = self.folder / "callbackd.conf"
        self.redis_path = self.folder / "state/redis/redis.sock"
        self.token_path = self.folder / "state/desk_token"
        self.settings = None
        self.redis = None
        self.configure(changes or {})
        super().__init__(
            "callbackd", [CALLBACKD, "-c", self.conf_path],
            self.folder / "callbackd.log",
            {"CALLBACKD_DATADIR": str(TOP / "config"),
             "ASAN_OPTIONS": "detect_leaks=1",
             "UBSAN_OPTIONS": "print_stacktrace=1"})

    def configure(self, changes):
        """Writes the configuration: SETTINGS, this folder's own, the changes;
        "provider" holds what is other in the only provider there is."""
        url = f"http://127.0.0.1:{self.port}"
        provider = {"id": "sandbox", "file": "sandbox.conf",
                    "secrets": {"account": ACCOUNT, "auth_token": TOKEN}}
        if self.sandbox:
            provider["base"] = self.sandbox.url
        changes = dict(changes)
        provider.update(changes.pop("provider", {}))
        own = {
            "state_dir": str(self.folder / "state"),
            "control": str(self.socket_path),
            "desk_token_file": str(self.token_path),
            "http.listen": f"127.0.0.1:{self.port}",
            "http.public_url": url,
            "web_dir": str(TOP / "web"),
            "providers": [provider],
        }
        self.settings = override(override(SETTINGS, own), changes)
        (self.folder / "state").mkdir(mode=0o700, exist_ok=True)
        self.conf_path.write_text(settings_text(self.settings),
                                  encoding="utf-8")

    @property
    def site(self):
        return self.settings["site"]

    @property
    def has_libphonenumber(self):
        config = (BUILD / "config.h").read_text(encoding="utf-8")
        return "#define WITH_LIBPHONENUMBER 1" in config

    def key(self, name):
        """A key of this site: key("in") is {test}:in."""
        return "{%s}:%s" % (self.site, name)

    def start(self, is_ready="serves"):
        """Until it serves; or, without a Redis, until it "answers" at all."""
        super().start()
        if is_ready == "answers":
            self.wait_until_ready(self.answers)
            return
        self.wait_until_ready(self.is_healthy)
        if self.redis_path.exists():
            self.redis = redis_client.Redis(
                unix_socket_path=str(self.redis_path), decode_responses=True,
                encoding_errors="surrogateescape", socket_timeout=10)
            self.wait_for(self.knows_its_people)

    def knows_its_people(self):
        """The list of the configuration is read in just after the start."""
        return len(self.do("GET", "/v1/specialists")["specialists"]) == \
            len(self.settings["specialists"])

    def answers(self):
        try:
            return self.control("GET", "/v1/status")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def is_healthy(self):
        try:
            return self.control("GET", "/v1/health")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    # -- its faces

    def http(self, method, path, body=None, token=None, headers=None):
        """Over TCP; with the desk's token unless another or "" is given."""
        if token is None:
            token = self.token_path.read_text(encoding="utf-8").strip() \
                if self.token_path.exists() else ""
        headers = dict(headers or {})
        if token:
            headers.setdefault("Authorization", f"Bearer {token}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=10)
        return talk(connection, method, path, body, headers)

    def control(self, method, path, body=None, headers=None):
        return talk(UnixConnection(self.socket_path, 10), method, path, body,
                    headers)

    def ctl(self, *arguments, text_in=None):
        return subprocess.run(
            [str(CALLBACKCTL), "--socket", str(self.socket_path),
             *map(str, arguments)],
            input=text_in, capture_output=True, text=True, timeout=30,
            check=False)

    def ask(self, member, at=0):
        """What a website does. A dictionary is written as JSON."""
        if not isinstance(member, (str, bytes)):
            member = json.dumps(member, ensure_ascii=False)
        return self.redis.zadd(self.key("in"), {member: at}, nx=True)

    def answer(self, name):
        """The website's answer; None: there is none yet."""
        text = self.redis.get(self.key(f"answer:{name}"))
        return None if text is None else json.loads(text)

    def do(self, method, path, body=None):
        """Over the control socket; anything but a good answer is a failure."""
        status, answer = self.control(method, path, body)
        assert status < 300, (method, path, status, answer)
        return answer

    def act(self, key, verb, **body):
        """A verb upon a request; returns what the request is then."""
        return self.do("POST", f"/v1/requests/{key}/{verb}", body)["request"]

    def refused(self, key, verb, **body):
        """The same where it must not work: (status, code)."""
        status, answer = self.control("POST", f"/v1/requests/{key}/{verb}",
                                      body)
        assert status >= 400, answer
        return status, answer["code"]

    def available(self, *specialists):
        for one in specialists:
            self.do("PUT", f"/v1/specialists/{one}", {"status": "available"})

    def specialist(self, name):
        return next(one for one in
                    self.do("GET", "/v1/specialists")["specialists"]
                    if one["id"] == name)

    def request(self, key):
        return self.do("GET", f"/v1/requests/{key}")

    def story(self, key):
        """What happened to the request itself: its actions in order."""
        request = self.request(key)
        return [line["action"] for line in request["story"]
                if line["record"] == "request:" + request["id"]]

    def wait_for_specialist(self, name, *states, seconds=10):
        def in_state():
            found = self.specialist(name)
            return found if found["state"] in states else None
        return self.wait_for(in_state, seconds)

    def wait_for_answer(self, name, *states, seconds=10):
        """The website's answer once it is one of these."""
        def in_state():
            answer = self.answer(name)
            return answer if answer and answer["state"] in states else None
        return self.wait_for(in_state, seconds)

    def wait_for(self, function, seconds=10):
        try:
            return wait_for(function, seconds, self.tails)
        except OSError:
            assert self.is_running(), f"callbackd ended with " \
                f"{self.process.returncode}\n{self.tails()}"
            raise

    def wait_for_state(self, key, *states, seconds=10):
        """A request, by any of its names, once it is in one of these states."""
        def in_state():
            status, answer = self.control("GET", f"/v1/requests/{key}")
            return answer if status == 200 and answer["state"] in states \
                else None
        return self.wait_for(in_state, seconds)

    def tails(self):
        tails = [self.log_tail()]
        if self.sandbox:
            tails.append(self.sandbox.log_tail())
        return "\n".join(tails)

    # -- its life

    def restart(self, number=signal.SIGTERM):
        """Ends it by a signal and starts it again on the same configuration;
        returns how it ended."""
        status = self.end(number)
        self.check_sanitizers()
        self.start()
        return status

    def stop(self):
        """Ends it as systemctl does: it must leave cleanly."""
        status = self.end()
        if self.redis:
            self.redis.close()
        self.check_sanitizers()
        assert status == 0, f"callbackd ended with {status}\n{self.tails()}"

    def check_end(self):
        """One that is not running any more was ended by somebody."""
        assert self.process is None or self.was_ended, \
            f"callbackd ended with {self.process.returncode} by itself\n" \
            f"{self.log_tail()}"

    def stop_redis(self):
        """What a killed daemon leaves behind: its Redis."""
        try:
            pid = int((self.redis_path.parent / "redis.pid").read_text())
            command = pathlib.Path(f"/proc/{pid}/comm").read_text()
        except (FileNotFoundError, ValueError):
            return
        if command.strip() == "redis-server":
            os.kill(pid, signal.SIGKILL)


class World:
    """What one test starts, and ends together."""

    def __init__(self):
        # Not pytest's folder: its name may be too long for a Unix socket.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="callbackd-"))
        self.daemons = []
        self.sandbox = None

    def start(self, changes=None, clock_scale=0.05, phones=None,
              is_ready="serves"):
        """A daemon with these changes; the network is shared by all."""
        if self.sandbox is None:
            self.sandbox = Sandbox(self.folder, clock_scale, phones)
            self.sandbox.start()
        folder = self.folder / str(len(self.daemons))
        folder.mkdir()
        daemon = Daemon(folder, self.sandbox, changes)
        self.daemons.append(daemon)
        daemon.start(is_ready)
        return daemon

    def end(self):
        """Every program is ended, whatever the others did; then complains."""
        errors = []
        try:
            for daemon in self.daemons:
                if daemon.is_running():
                    self._try(daemon.stop, errors)
                else:
                    self._try(daemon.check_sanitizers, errors)
                    self._try(daemon.check_end, errors)
                daemon.stop_redis()
            if self.sandbox:
                self._try(self.sandbox.end, errors)
                self._try(self.sandbox.check_sanitizers, errors)
        finally:
            if not os.environ.get("CALLBACKD_KEEP"):
                shutil.rmtree(self.folder, ignore_errors=True)
        assert not errors, "\n".join(errors)

    @staticmethod
    def _try(what, errors):
        try:
            what()
        except AssertionError as error:
            errors.append(str(error))
