# SPDX-License-Identifier: MIT
"""What a campaign happens to: one to three daemons on one Redis, a telephone
network, and a proxy on every way between them. The programs are those of
$CALLBACKD_BUILD.

    website ── Redis directly            daemon N ── redis.N ── Redis
    daemon N ── net.N ── network         network ── hooks.N ── daemon N
"""
import http.client
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import redis as redis_client  # noqa: E402

import harness  # noqa: E402
from company import AUTOMATIC, QUICK, by_phone, specialist  # noqa: E402
from proxy import Proxy  # noqa: E402

LIMIT_S, SCHEDULED_S, LATE_S = 6, 5, 4
LEASE_MS = 10_000           # of a claim
PATIENCE_S = 2              # of who asks a daemon that may be dead or stopped
PEOPLE = [
    AUTOMATIC,
    specialist("wanda", "+79160000014", ("info", 2), ("delivery", 2),
               confirm="answer", accept="automatic"),
    *(specialist(f"auto{i}", f"+791600001{i}1", ("info", 1), ("delivery", 3),
                 confirm="answer", accept="automatic") for i in range(6)),
    specialist("anna", "+79160000001", ("info", 3), confirm="answer"),
    specialist("boris", "+79160000012", ("info", 2), ("delivery", 1),
               confirm="answer"),
    by_phone("petra", "+79160000021", ("info", 3), ("directors", 1)),
]
NAMES = [one["id"] for one in PEOPLE]
CHANGES = {
    **QUICK, "specialists": PEOPLE,
    "text": ["sandbox"],
    "messages": {"soon": "{company}: звоним", "late": "{company}: до {promise}"},
    "messages.quiet": {"from": "00:00", "to": "00:00"},
    "window.target": "4s", "window.limit": f"{LIMIT_S}s",
    "window.scheduled": f"{SCHEDULED_S}s", "window.late": f"{LATE_S}s",
    "offer.screen": "500ms", "offer.phone": "2s",
    # Faults come all the time: what is down is tried again soon.
    "breaker": {"probe": "300ms", "probe_max": "1s"},
}


class Node(harness.Daemon):
    """A daemon whose process comes and goes; nobody waits until it serves."""

    def __init__(self, folder, sandbox, changes):
        super().__init__(folder, sandbox, changes)
        self.lock = threading.Lock()        # held by who stops or kills it
        self.log_from = 0

    def spawn(self, **environment):
        """Variables hold for this process only."""
        kept = self.environment
        self.environment = {**kept, **environment}
        try:
            self.log_from = self.log_path.stat().st_size \
                if self.log_path.exists() else 0
            harness.Program.start(self)
        finally:
            self.environment = kept

    def kill(self):
        self.end(signal.SIGKILL)

    def process_name(self):
        """The name that this process gives its commits; None: not said yet."""
        try:
            with open(self.log_path, "rb") as log:
                log.seek(self.log_from)
                text = log.read().decode(errors="replace")
        except FileNotFoundError:
            return None
        found = re.search(r"\bnode id=(\S+)", text)
        return found and found.group(1)

    def ask_http(self, method, path, body=None):
        """(0, None) when there is nobody who could answer."""
        try:
            return harness.talk(
                harness.UnixConnection(self.socket_path, PATIENCE_S), method,
                path, body)
        except (OSError, http.client.HTTPException):
            return 0, None


class World:
    """All of it; end() ends everything and complains."""

    def __init__(self, node_count=1, changes=None, clock_scale=0.02,
                 embedded=False, appendfsync="always", has_proxy=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chaos-"))
        self.proxy = Proxy() if has_proxy else None
        self.server = None
        self.sandbox = harness.Sandbox(self.folder, clock_scale)
        self.nodes = []
        self.embedded = embedded
        try:
            self.sandbox.start()
            if not embedded:
                self.server = self.make_server(appendfsync)
                self.server.start()
            for i in range(node_count):
                self.add_node(i, changes or CHANGES, appendfsync)
        except BaseException:
            self.end()
            raise
        self.redis = self.connect()

    def make_server(self, appendfsync):
        """Has start, kill, end and a path."""
        return harness.RedisServer(self.folder, appendfsync)

    def connect(self):
        return redis_client.Redis(unix_socket_path=str(self.redis_path),
                                  socket_timeout=10)

    @property
    def redis_path(self):
        return self.nodes[0].redis_path if self.embedded else self.server.path

    def add_node(self, i, changes, appendfsync):
        folder = self.folder / f"node{i}"
        folder.mkdir()
        owns_redis = self.embedded and i == 0
        node = Node(folder, self.sandbox, {})
        self.nodes.append(node)
        changes = {**changes, "embedded.appendfsync": appendfsync}
        if self.proxy is None:
            if not owns_redis:
                changes["redis"] = f"unix:{self.redis_path}"
            node.configure(changes)
            return
        hooks = self.proxy.link(f"hooks.{i}", ("tcp", 0), ("tcp", node.port))
        net = self.proxy.link(f"net.{i}", ("tcp", 0),
                              ("tcp", self.sandbox.port))
        if not owns_redis:
            path = folder / "redis.proxy"
            self.proxy.link(f"redis.{i}", ("unix", path),
                            ("unix", self.redis_path))
            changes["redis"] = f"unix:{path}"
        changes["http.public_url"] = f"http://127.0.0.1:{hooks.port}"
        changes["provider"] = {**changes.get("provider", {}),
                               "base": f"http://127.0.0.1:{net.port}"}
        node.configure(changes)

    def start(self):
        """Every daemon, until each of them serves."""
        for node in self.nodes:
            node.spawn()
        for node in self.nodes:
            node.wait_until_ready(node.is_healthy)
        self.nodes[0].wait_for(self.nodes[0].knows_its_people)

    def key(self, name):
        return self.nodes[0].key(name)

    def kill_redis(self):
        """The separate one, or the one that the first daemon has started."""
        if not self.embedded:
            self.server.kill()
            return
        self.nodes[0].stop_redis()

    def start_redis(self):
        """An embedded one is started again by its daemon."""
        if not self.embedded:
            self.server.start()

    def end(self):
        errors = []
        try:
            for node in self.nodes:
                self._try(lambda node=node: self.end_node(node), errors)
                node.stop_redis()
            for program in (self.server, self.sandbox):
                if program:
                    self._try(program.end, errors)
            self._try(self.sandbox.check_sanitizers, errors)
            if self.proxy:
                self.proxy.end()
        finally:
            if os.environ.get("CALLBACKD_KEEP"):
                print(f"kept: {self.folder}")
            else:
                shutil.rmtree(self.folder, ignore_errors=True)
        assert not errors, "\n".join(errors)

    @staticmethod
    def end_node(node):
        if node.is_running():
            node.process.send_signal(signal.SIGCONT)
            node.stop()
        node.check_sanitizers()
        node.check_end()

    @staticmethod
    def _try(what, errors):
        try:
            what()
        except AssertionError as error:
            errors.append(str(error))
