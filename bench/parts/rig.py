# SPDX-License-Identifier: MIT
"""What every bench starts and reads: a Redis of its own, the stub provider, the
daemon on both; processor time and memory of each. Everything lies in one
temporary folder and listens on 127.0.0.1 or a Unix socket."""
import argparse
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
import time
import http.client

import redis as redis_client

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CALLBACKD_BUILD", TOP / "build/plain"))
PARTS = BUILD / "bench/parts"
SITE = "bench"
SECRET = "secret of the benches"
READY_S = 60
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")

CONF = """
allow_test_settings = true;
site = "%(site)s";
company = "Bench";
language = "ru";
redis = "%(redis)s";
embedded = { port = 0; appendfsync = "always"; };
state_dir = "%(folder)s/state";
control = "%(folder)s/control.sock";
desk_token_file = "%(folder)s/desk_token";
web_dir = "%(top)s/web";
http = { listen = "127.0.0.1:%(port)d"; public_url = "http://127.0.0.1:%(port)d"; };
log = { level = "notice"; };
phones = { home = "RU"; allow = [ "RU" ]; };
call = { short = "0"; };
telephony = { poll = "1h"; };
queues = ( { id = "info"; title = "Info"; default = true; caller_id = "+74951234567"; } );
specialists = (
%(specialists)s
);
voice = [ "stub" ];
providers = ( { id = "stub"; file = "stub.conf"; base = "%(stub)s";
	secrets = { stub_secret = "%(secret)s"; }; } );
dispositions = ( { key = 1; id = "solved"; title = "Solved"; then = "close"; } );
"""


def options(about):
    """--short: less of everything, for the check; --n: so many."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--n", type=int, help="how many, instead of the usual")
    parser.add_argument("--keep", action="store_true",
                        help="leave the folder for a look")
    return parser.parse_args()


def say(text):
    print(text, flush=True)


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * percent / 100))]


def wait_for(function, seconds=READY_S, pause=0.005):
    end = time.monotonic() + seconds
    while True:
        value = function()
        if value:
            return value
        if time.monotonic() > end:
            raise SystemExit(f"{function.__name__}: not within {seconds} s")
        time.sleep(pause)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_ms(pid):
    """User and system time of a process, its threads included."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    fields = text.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_MS


def rss_mb(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.M).group(1)) / 1024


def wait_until_idle(*pids):
    """Until none of them has used a tick of processor time for 0.4 s."""
    before, since = None, time.monotonic()

    def is_idle():
        nonlocal before, since
        now = [cpu_ms(pid) for pid in pids]
        if before is None or sum(now) - sum(before) > TICK_MS:
            before, since = now, time.monotonic()
        return time.monotonic() - since > 0.4
    wait_for(is_idle, pause=0.05)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def ask(connection, method, path, body=None):
    """The JSON of the answer; anything but a good one ends the bench."""
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text,
                       {"Content-Type": "application/json"} if body else {})
    reply = connection.getresponse()
    answer = reply.read()
    if reply.status >= 300:
        raise SystemExit(f"{method} {path}: {reply.status} {answer[:300]}")
    return json.loads(answer)


class Rig:
    """Use it in a `with`: whatever was started is ended."""

    def __init__(self, keep=False):
        self.keep = keep
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="callbackd-bench-"))
        self.socket = self.folder / "redis.sock"
        self.conf = self.folder / "callbackd.conf"
        self.port = free_port()
        self.stub_url = "http://127.0.0.1:1"
        self.processes = []
        self.redis = self.redis_pid = self.daemon_pid = None
        self.control = self.stub = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.daemon_pid:
            self.end_daemon()
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        if self.keep:
            say(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def spawn(self, *command, **more):
        process = subprocess.Popen([str(one) for one in command], **more)
        self.processes.append(process)
        return process

    # -- the parts

    def start_redis(self, fsync):
        """`fsync`: "off" (nothing is kept), "everysec" or "always"."""
        with open(self.folder / "redis.log", "ab") as log:
            process = self.spawn(
                "redis-server", "--port", 0, "--unixsocket", self.socket,
                "--dir", self.folder, "--save", "", "--appendonly",
                "no" if fsync == "off" else "yes", "--appendfsync",
                "no" if fsync == "off" else fsync,
                "--auto-aof-rewrite-percentage", 0,
                "--maxmemory-policy", "noeviction", stdout=log, stderr=log)
        self.redis_pid = process.pid
        self.open_redis(self.socket)

    def open_redis(self, path):
        self.redis = redis_client.Redis(unix_socket_path=str(path),
                                        decode_responses=True)

        def redis_answers():
            try:
                return self.redis.ping()
            except redis_client.ConnectionError:
                return False
        wait_for(redis_answers)

    def start_stub(self, lives=False):
        arguments = []
        if lives:
            token = (self.folder / "desk_token").read_text(encoding="ascii")
            arguments = ["--lives", self.port, token.strip(), SECRET]
        process = self.spawn(PARTS / "stub", *arguments,
                             stdout=subprocess.PIPE, text=True)
        self.stub_url = process.stdout.readline().split()[-1]
        self.stub = http.client.HTTPConnection(
            "127.0.0.1", int(self.stub_url.rsplit(":", 1)[1]), timeout=30)
        self.stub_pid = process.pid

    def report(self):
        return ask(self.stub, "GET", "/report")

    def configure(self, specialists, embedded=False, automatic=True):
        lines = ",\n".join(
            f'{{id="s{i}";name="S{i}";to="+79160000001";queues=(("info",3));'
            f'{"accept=" + chr(34) + "automatic" + chr(34) + ";" if automatic else ""}'
            'wrap_up="0";}' for i in range(specialists))
        self.conf.write_text(CONF % {
            "site": SITE, "folder": self.folder, "top": TOP,
            "redis": "embedded" if embedded else f"unix:{self.socket}",
            "port": self.port, "specialists": lines, "stub": self.stub_url,
            "secret": SECRET}, encoding="utf-8")
        shutil.copy(TOP / "bench/parts/stub.conf", self.folder)

    def load(self, *what):
        subprocess.run([str(PARTS / "load"), str(self.conf), str(self.socket),
                        *map(str, what)], check=True)

    def start_daemon(self, embedded=False):
        with open(self.folder / "callbackd.log", "ab") as log:
            process = self.spawn(
                *os.environ.get("BENCH_UNDER", "").split(),
                BUILD / "daemon/callbackd", "-c", self.conf, stdout=log,
                stderr=log)
        self.daemon = process
        self.daemon_pid = process.pid

        def daemon_is_healthy():
            if process.poll() is not None:
                raise SystemExit((self.folder / "callbackd.log").read_text(
                    encoding="utf-8")[-3000:])
            try:
                connection = UnixConnection(self.folder / "control.sock")
                connection.request("GET", "/v1/health")
                return connection.getresponse().status == 200
            except OSError:
                return False
        wait_for(daemon_is_healthy)
        self.control = UnixConnection(self.folder / "control.sock")
        if embedded:
            folder = self.folder / "state/redis"
            self.redis_pid = int((folder / "redis.pid").read_text())
            self.open_redis(folder / "redis.sock")

    def end_daemon(self):
        self.daemon.send_signal(signal.SIGTERM)
        try:
            self.daemon.wait(15)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
        self.daemon_pid = None

    def start_loop(self, kind, count):
        """One that waits for its start: write a line to its stdin."""
        process = self.spawn(PARTS / "loop", kind, self.conf, self.socket,
                             self.stub_url, count, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
        if process.stdout.readline() != "ready\n":
            raise SystemExit(f"loop {kind} did not start")
        return process


def key(name):
    return "{%s}:%s" % (SITE, name)


def finish(result):
    """The one line that programs read."""
    print(json.dumps({name: round(value, 3) if isinstance(value, float)
                      else value for name, value in result.items()}),
          flush=True)
    sys.exit(0)
