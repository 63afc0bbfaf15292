# SPDX-License-Identifier: MIT
"""callbackctl from outside: the real binary against a small daemon in this file.

The fake daemon answers on a Unix socket with what a test puts into it, and
remembers what it was asked. Tests marked `daemon` run against a real daemon and
are skipped where none is built.

The binary is $CALLBACKCTL, or that of $CALLBACKD_BUILD (harness.py).
"""
import fcntl
import http.server
import json
import os
import pathlib
import pty
import re
import select
import signal
import socketserver
import struct
import subprocess
import termios
import threading
import time
import unicodedata

import pytest

import harness

SOURCE = pathlib.Path(__file__).resolve().parents[2]
START = NOW = int(time.time())


@pytest.fixture(autouse=True)
def fresh_now():
    """callbackctl looks at the clock: what is said to it must be of now, however
    long the tests before took."""
    global NOW
    NOW = int(time.time())


DONE, REFUSED, USAGE, UNREACHED, NOT_NOW = range(5)


def binary():
    path = pathlib.Path(os.environ.get("CALLBACKCTL", harness.CALLBACKCTL))
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return str(path.resolve())


class FakeDaemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """answers: {"GET /v1/status": (status, object or bytes)}."""
    daemon_threads = True

    def __init__(self, path):
        self.answers = {}
        self.asked = []
        super().__init__(path, Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.server.asked.append((self.command, self.path, body))
        status, what = self.server.answers.get(
            f"{self.command} {self.path}",
            (404, {"code": "not_found", "detail": "there is none"}))
        if callable(what):
            what(self)
            self.close_connection = True
            return
        sent = what if isinstance(what, bytes) else json.dumps(
            what, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        try:
            self.wfile.write(sent)
        except OSError:
            pass

    do_GET = do_POST = do_PUT = answer

    def address_string(self):
        return "test"

    def log_message(self, *arguments):
        pass


@pytest.fixture
def fake(tmp_path):
    path = str(tmp_path / "control.sock")
    server = FakeDaemon(path)
    server.path = path
    thread = threading.Thread(target=server.serve_forever,
                              kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def environment(**more):
    kept = {name: value for name, value in os.environ.items()
            if name not in ("CALLBACKD_SOCKET", "NO_COLOR", "LC_ALL", "LANG")}
    return {**kept, "TZ": "UTC", **more}


def ctl(server, *words, given=None, cwd=None, **more):
    path = [] if server is None else ["--socket", server.path]
    return subprocess.run([binary(), *path, *words], input=given, cwd=cwd,
                          env=environment(**more), capture_output=True,
                          text=not isinstance(given, bytes), timeout=60)


def clock(at):
    then, today = time.gmtime(at), time.gmtime()
    date = ("" if then[:3] == today[:3] else "%d %b " if then[0] == today[0]
            else "%d %b %Y ")
    return time.strftime(date + "%H:%M:%S", then)


def width(text):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in text)


def on_terminal(server, columns, *words, lines=24, until=None):
    """What a terminal of that size is sent; until(output): then Ctrl-C."""
    try:
        child, master = pty.fork()
    except OSError as error:        # a chroot without /dev/pts
        pytest.skip(f"no terminal: {error}")
    if child == 0:
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(1, termios.TIOCSWINSZ, size)
        os.execve(binary(), [binary(), "--socket", server.path, *words],
                  environment(TERM="xterm", LANG="C.UTF-8"))
    output, is_stopped, end = b"", False, time.monotonic() + 20
    while time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            try:
                more = os.read(master, 65536)
            except OSError:
                break
            if not more:
                break
            output += more
        if until is not None and not is_stopped and until(output):
            os.kill(child, signal.SIGINT)
            is_stopped = True
    os.close(master)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, output.decode()


def plain(text):
    return re.sub(r"\033\[[?0-9;]*[A-Za-z]", "", text).replace("\r", "")


# ---- samples

def brief(**more):
    return {"id": "01J9Z4A", "number": "4821", "state": "waiting",
            "queue": "delivery", "phone": "+79000000001", "name": "Иван",
            "asked_at": NOW - 60, "promise_at": NOW + 840, "promise_number": 1,
            "why": "all_busy", "slack_s": 790, **more}


SPECIALISTS = [
    {"id": "anna", "name": "Анна", "state": "busy", "shown": "talking",
     "status": "available", "since": START - 30,
     "queues": [{"id": "info", "level": 9}, {"id": "delivery", "level": 5}],
     "request": "01J9Z4A", "number": "4821"},
    {"id": "boris", "name": "Борис", "state": "away", "shown": "away",
     "status": "paused", "reason": "обед", "return_at": START + 600,
     "since": START - 30, "queues": [{"id": "info", "level": 9}]},
]

STATUS = {
    "version": "0.1.0", "site": "shop", "company": "Магазин", "now": START,
    "state": "running", "redis": {"up": True, "why": "", "since": START - 90},
    "uptime_s": 7500, "in_hand": 0, "active": 3, "scheduled": 1, "late": 1,
    "rejected": 2, "unknown": 0, "results": 0,
    "queues": [{"id": "delivery", "title": "Доставка", "waiting": 2,
                "late": 1, "ready": 0}],
    "specialists": {"idle": 0, "busy": 1, "away": 1},
    "carrier": {"in_flight": 1}, "clock_scale": 1.0}


class Story:
    """Lines of a request's story, by seconds since it was asked."""

    def __init__(self, asked_at):
        self.asked_at = asked_at
        self.lines = []

    def add(self, after, move, action, event="due", by="-", detail="",
            record="request:R1"):
        start, end = move.split(">")
        self.lines.append({
            "at_ms": (self.asked_at + after) * 1000, "record": record,
            "from": start, "to": end, "event": event, "action": action,
            "by": by, "detail": detail})
        return self

    def person(self, after, name, move, action, event):
        return self.add(after, move, action, event,
                        record=f"specialist:{name}")

    def asked(self):
        return self.add(0, "none>scheduled", "arrive", "arrived", "website",
                        "delivery").add(0, "scheduled>waiting", "join_queue")

    def offered(self, after, name):
        return self.add(after, "waiting>offered", "offer", "matched",
                        detail=f"to {name}")


def full(story, **more):
    return {**brief(asked_at=story.asked_at, promise_at=story.asked_at + 900,
                    why=""), "said": {"note": "код 12"}, "askers": ["web-1"],
            "calls": [], "story": story.lines, **more}


def show(fake, request, *words):
    fake.answers["GET /v1/requests/4821"] = (200, request)
    fake.answers["GET /v1/specialists"] = (200, {"specialists": SPECIALISTS})
    ran = ctl(fake, "show", "request", "4821", *words)
    assert ran.returncode == DONE, ran.stderr
    return ran.stdout


# ---- what is shown

def test_status(fake):
    fake.answers["GET /v1/status"] = (200, STATUS)
    out = ctl(fake, "status").stdout
    assert 'callbackd 0.1.0, site "shop" (Магазин): running, up 2 h 05' in out
    assert f"Redis: up since {clock(START - 90)}" in out
    assert "records: 3 live (1 for later); orders to providers under way: 1" in out
    assert "specialists: 1 busy, 1 away" in out
    assert "look at: 1 late (show late), 2 not accepted" in out
    assert re.search(r"delivery +Доставка +2 +1 +0", out)


def test_status_without_redis(fake):
    away = {"up": False, "why": "Connection refused", "since": NOW - 5}
    fake.answers["GET /v1/status"] = (
        200, {**STATUS, "state": "no_redis", "redis": away})
    out = ctl(fake, "status").stdout
    assert "waiting for Redis" in out
    assert f"Redis: away since {clock(NOW - 5)}: Connection refused" in out


def test_queue_of_all_and_of_one(fake):
    late = brief(number="4822", promise_at=NOW - 432, late=True)
    held = brief(number="4823", state="offered", why="", offers=[
        {"specialist": "anna", "number": 1, "until": NOW + 20}])
    one = {"id": "delivery", "title": "Доставка", "total": 3,
           "requests": [late, brief(), held]}
    fake.answers["GET /v1/queues"] = (200, {"queues": STATUS["queues"]})
    fake.answers["GET /v1/queues/delivery"] = (200, one)
    for words in (("show", "queue"), ("show", "queue", "delivery")):
        out = ctl(fake, *words).stdout
        assert "delivery, Доставка: 3 requests" in out
        assert re.search(r"1 +4822 +\+7900\*\*\*0001 +Иван +waiting +"
                         + clock(NOW - 432) + r" +-7:1\d +nobody free",
                         out)
        assert re.search(r"2 +4821 .* 1[34]:\d\d +nobody free", out)
        assert re.search(r"3 +4823 .* to anna until " + clock(NOW + 20), out)
    assert "+79000000001" in ctl(fake, "show", "queue", "--full").stdout


def test_long_queue_says_how_many_more(fake):
    fake.answers["GET /v1/queues/info"] = (
        200, {"id": "info", "total": 240, "requests": [brief()]})
    assert "and 239 more" in ctl(fake, "show", "queue", "info").stdout


def test_columns_are_aligned_by_width(fake):
    names = ["Ёж", "李小龙", "e\u0301e\u0301", "Александра"]
    fake.answers["GET /v1/late"] = (
        200, {"requests": [brief(name=name, kept_at=NOW) for name in names]})
    lines = ctl(fake, "show", "late").stdout.splitlines()
    assert lines[0].split()[:3] == ["CASE", "PHONE", "NAME"]
    starts = {width(line[:line.index(" waiting")]) for line in lines[1:]}
    assert len(starts) == 1
    # The same in a locale without UTF-8.
    assert ctl(fake, "show", "late", LC_ALL="C").stdout.splitlines() == lines


@pytest.mark.parametrize("columns", [40, 80, 140])
def test_lines_are_cut_to_the_terminal(fake, columns):
    many = [brief(name="Константин Константинопольский " * 3, why="w" * 90)]
    fake.answers["GET /v1/late"] = (200, {"requests": many})
    code, out = on_terminal(fake, columns, "show", "late")
    assert code == DONE
    lines = plain(out).splitlines()
    assert len(lines) == 2
    assert all(width(line) <= columns for line in lines)
    assert width(lines[1]) > columns - 3 and "…" in lines[1]


def test_colour_only_on_a_terminal(fake):
    fake.answers["GET /v1/late"] = (200, {"requests": [brief(
        promise_at=NOW - 9, late=True)]})
    assert "\033" not in ctl(fake, "show", "late").stdout
    assert "\033[31m" in on_terminal(fake, 80, "show", "late")[1]
    assert "\033" not in on_terminal(fake, 80, "show", "late",
                                     "--no-colour")[1]


def test_specialists(fake):
    fake.answers["GET /v1/specialists"] = (200, {"specialists": SPECIALISTS})
    out = ctl(fake, "show", "specialists").stdout
    assert re.search(r"anna +Анна +talking .* available +4821 +info 9, "
                     r"delivery 5", out)
    assert f"paused: обед until {clock(START + 600)}" in out


def test_lists_of_what_went_wrong(fake):
    fake.answers["GET /v1/late"] = (200, {"requests": []})
    fake.answers["GET /v1/unknown"] = (200, {"requests": [brief(
        state="referred", reason="maybe_called", why="")]})
    fake.answers["GET /v1/results"] = (200, {"requests": [brief(
        state="referred", reason="no_result", why="", specialist="anna")]})
    fake.answers["GET /v1/rejected"] = (200, {"rejected": [
        {"at": NOW, "id": "web-9", "code": "phone_impossible",
         "pointer": "/phone", "text": "В номере не хватает цифр",
         "raw": '{"phone":"+790000"}'}]})
    assert ctl(fake, "show", "late").stdout == "none\n"
    assert "may have been called" in ctl(fake, "show", "unknown").stdout
    assert "waits for a result, anna" in ctl(fake, "show", "results").stdout
    out = ctl(fake, "show", "rejected").stdout
    assert re.search(r"web-9 +phone_impossible +/phone +В номере", out)
    assert "+790000" not in out and "--full" in out
    assert "+790000" in ctl(fake, "show", "rejected", "--full").stdout


# ---- the story

def test_story_of_a_call_on_time(fake):
    story = Story(NOW - 600).asked()
    story.offered(0, "Анна")
    story.add(5, "offered>calling", "take", "accepted", "callbackctl")
    story.person(5, "anna", "offered>busy", "tell_accepted", "accept")
    story.add(5, "placing>live", "bind", "created", record="call:R1.1")
    story.add(7, "calling>calling", "keep_promise", "rung",
              detail="on time, 893 s left")
    story.add(13, "calling>talking", "begin_talk", "talk")
    story.add(213, "talking>wrapping", "begin_wrapping", "call_over",
              detail="answered, talked 200 s")
    story.add(220, "wrapping>closed", "close_with", "disposed", "anna",
              "решено, код подошёл")
    out = show(fake, full(story, state="closed", kept_at=NOW - 593,
                          closed_at=NOW - 380, disposition="solved"))
    at = [clock(NOW - 600 + s) for s in (0, 5, 7, 13, 213, 220)]
    lines = [re.sub(" {2,}", "  ", line) for line in out.splitlines()]
    assert lines[0] == ("request 4821: +7900***0001 Иван, closed, "
                        "queue delivery")
    assert lines[1] == "note: код 12"
    assert lines[4:] == [
        f"{at[0]}  asked  by website, promised by {clock(NOW + 300)}  15:00",
        f"{at[0]}  waiting  in the queue  15:00",
        f"{at[0]}  offered  to Анна  15:00",
        f"{at[1]}  accepted  by Анна  0:05  14:55",
        f"{at[2]}  ringing  the customer's phone  0:02  14:53",
        f"{at[3]}  talking  the customer answered  0:06",
        f"{at[4]}  wrapping  the call is over, answered, talked "
        "3 min 20 s  3:20",
        f"{at[5]}  closed  решено, код подошёл, by Анна  0:07",
        "",
        "on time, 14:53 left",
    ]


def late_story():
    story = Story(NOW - 1800).asked()
    story.offered(600, "Борис")
    story.add(660, "offered>waiting", "lapse", detail="ignored by boris")
    story.add(900, "waiting>waiting", "go_late", detail="promise 1 missed")
    story.offered(1310, "Анна")
    story.add(1315, "offered>calling", "take", "accepted", "anna")
    story.add(1320, "calling>calling", "keep_promise", "rung",
              detail="late by 420 s")
    return story


def test_story_of_a_late_call(fake):
    out = show(fake, full(late_story(), state="talking", late=True, missed=1,
                          specialist="anna", kept_at=NOW - 480))
    assert out.splitlines()[-1] == (
        "late by 7 min: 6 min nobody free, 1 min offer ignored by Борис")
    assert re.search(r"LATE +promise 1 missed +0:00", out)
    assert re.search(r"ringing .* -7:00", out)


# What the daemon says that it waited for, in its line of the offer; what is lost of
# that was waiting for people. Each cause has its word.
@pytest.mark.parametrize("waited,said", [
    ("waited 1000 s provider_down", "7 min no provider works"),
    ("waited 300 s provider_down, 90 s no_one_on_shift",
     "6 min nobody free, 1 min offer ignored by Борис"),
    ("waited 900 s all_paused, 60 s all_busy",
     "6 min everybody has paused, 1 min offer ignored by Борис"),
    ("waited 900000 ms kept_for_line", "6 min kept for callers on hold, "
     "1 min offer ignored by Борис"),
    ("waited 900 s pace", "6 min the provider's pace, 1 min offer ignored by "
     "Борис"),
    ("waited 999999999 s spent, 5", "6 min the providers' money is spent, "
     "1 min offer ignored by Борис"),
    ("waited -5 s pace", "6 min nobody free, 1 min offer ignored by Борис")])
def test_each_wait_has_its_word(fake, waited, said):
    story = late_story()
    offers = [line for line in story.lines if line["action"] == "offer"]
    offers[-1]["detail"] += f", {waited}"
    if "1 min" not in said:
        # Both waits together are longer than what it is late by.
        offers[0]["detail"] += f", {waited}"
        story.lines = [line for line in story.lines
                       if line["action"] != "lapse"]
    out = show(fake, full(story, state="talking", late=True, missed=1,
                          specialist="anna", kept_at=NOW - 480))
    assert out.splitlines()[-1] == f"late by 7 min: {said}"


def test_waiting_for_who_knows_it_is_a_cause(fake):
    story = Story(NOW - 1800).asked()
    story.lines[-1]["detail"] = "waits for boris"
    story.add(840, "waiting>waiting", "release_wished",
              detail="boris did not come free")
    story.add(900, "waiting>waiting", "go_late", detail="promise 1 missed")
    story.offered(1000, "Анна")
    story.add(1005, "offered>calling", "take", "accepted", "anna")
    story.add(1020, "calling>calling", "keep_promise", "rung",
              detail="late by 120 s")
    out = show(fake, full(story, state="talking", late=True, missed=1,
                          specialist="anna", kept_at=NOW - 780))
    assert out.splitlines()[-1] == "late by 2 min: 2 min waiting for who knows it"
    assert re.search(r"released +no longer waits for the preferred one, "
                     r"Борис did not come free", out)
    # Had they come at last, it was the same wait.
    story.lines = [line for line in story.lines
                   if line["action"] != "release_wished"]
    out = show(fake, full(story, state="talking", late=True, missed=1,
                          specialist="anna", kept_at=NOW - 780))
    assert out.splitlines()[-1] == "late by 2 min: 2 min waiting for who knows it"


@pytest.mark.parametrize("action,detail,said", [
    ("rejoin", "pace", "the provider's pace"),
    ("rejoin", "number_busy", "customer in another call"),
    ("rejoin", "", "customer in another call"),     # of an older daemon
    ("go_on", "the customer has hung up", "customer on hold with us")])
def test_what_it_was_held_for_is_a_cause(fake, action, detail, said):
    story = Story(NOW - 1800).asked()
    story.add(10, "waiting>waiting", "hold_back")
    story.add(1000, "waiting>waiting", action, detail=detail)
    story.offered(1001, "Анна")
    story.add(1005, "offered>calling", "take", "accepted", "anna")
    story.add(1020, "calling>calling", "keep_promise", "rung",
              detail="late by 120 s")
    out = show(fake, full(story, state="talking", late=True, missed=1,
                          specialist="anna", kept_at=NOW - 780))
    assert out.splitlines()[-1] == f"late by 2 min: 2 min {said}"


def test_faults_are_answered_for_in_full(fake):
    story = Story(NOW - 1800).asked()
    for begin in (100, 400, 700):
        story.offered(begin, "Борис")
        story.add(begin + 60, "offered>waiting", "lapse",
                  detail="ignored by boris")
    story.offered(800, "Анна")
    story.add(805, "offered>calling", "take", "accepted", "anna")
    story.add(850, "calling>waiting", "let_go", "call_over",
              detail="anna was not reached: no_answer")
    story.offered(955, "Анна")
    story.add(960, "offered>calling", "take", "accepted", "anna")
    story.add(1000, "calling>calling", "keep_promise", "rung")
    out = show(fake, full(story, state="talking", kept_at=NOW - 800,
                          missed=1))
    assert out.splitlines()[-1] == (
        "late by 1 min 40 s: 1 min 40 s offer ignored by Борис")
    assert re.search(r"not reached +Анна was not reached: no answer", out)


@pytest.mark.parametrize("end", [
    lambda: ({"why": "nobody_available"},
     r"not called yet, 1[45]:\d\d left: nobody available"),
    lambda: ({"state": "closed", "closed_at": NOW, "reason": "cancelled"},
     r"closed without a call \(cancelled\), 15:00 before the promise"),
    lambda: ({"state": "referred", "reason": "maybe_called"},
     r"a person must decide: may have been called; then callbackctl close "
     r"4821 as DISPOSITION, or requeue 4821"),
    lambda: ({"state": "scheduled", "at": NOW + 600},
     "to be called from " + clock(NOW + 600) + " on, promised by "
     + clock(NOW + 900)),
    lambda: ({"promise_at": NOW - 3600, "asked_at": NOW - 4500, "why": "all_busy"},
     r"not called yet, late by 60 min.*"),
    lambda: ({"kept_at": NOW, "missed": 2, "state": "talking"},
     r"on time, 15:00 left; 2 earlier promises were missed"),
])
def test_sentence_of_each_end(fake, end):
    more, sentence = end()
    story = Story(NOW).asked()
    request = full(story, **{"promise_at": NOW + 900, **more})
    assert re.fullmatch(sentence, show(fake, request).splitlines()[-1])


def test_each_promise_has_its_own_time_left(fake):
    story = Story(NOW - 2000).asked()
    story.offered(100, "Анна")
    story.add(110, "offered>calling", "take", "accepted", "anna")
    story.add(120, "calling>calling", "keep_promise", "rung",
              detail="on time, 780 s left")
    story.add(150, "calling>scheduled", "retry_later", "call_over",
              detail="no_answer, again in 900 s")
    story.add(1050, "scheduled>waiting", "join_queue")
    out = show(fake, full(story, promise_at=NOW - 50, promise_number=2))
    assert re.search(r"offered +to Анна +1:40 +13:20", out)
    assert re.search(r"retry +no answer, again in 15 min, promised by "
                     + clock(NOW - 50), out)
    assert re.search(r"waiting +in the queue +15:00 +15:00", out)


def test_unknown_actions_are_told_in_the_daemons_words(fake):
    story = Story(NOW).asked()
    story.add(1, "waiting>levitating", "levitate", detail="by magic")
    story.add(2, "levitating>levitating", "hover")
    out = show(fake, full(story))
    assert re.search(r"levitating +by magic +0:01", out)
    assert "hover" in out


def test_story_without_the_peoples_names(fake):
    fake.answers["GET /v1/requests/4821"] = (200, full(
        late_story(), kept_at=NOW - 480))
    ran = ctl(fake, "show", "request", "4821")
    assert ran.returncode == DONE and ran.stderr == ""
    assert "ignored by boris" in ran.stdout.splitlines()[-1]


# ---- what is done

@pytest.mark.parametrize("words,method,path,body", [
    ("accept 4821 --as anna", "POST", "requests/4821/accept",
     {"as": "anna"}),
    ("decline 4821 --as anna", "POST", "requests/4821/decline",
     {"as": "anna"}),
    ("pass 4821 --to logistics --as anna", "POST", "requests/4821/pass",
     {"queue": "logistics", "as": "anna"}),
    ("pass 4821", "POST", "requests/4821/pass", {}),
    ("note 4821 ждёт у подъезда", "POST", "requests/4821/note",
     {"text": "ждёт у подъезда"}),
    ("assign 4821 to boris", "POST", "requests/4821/assign",
     {"specialist": "boris"}),
    ("close 4821 as solved --as anna", "POST", "requests/4821/close",
     {"disposition": "solved", "as": "anna"}),
    ("close 4821 as later --at 1795448400", "POST", "requests/4821/close",
     {"disposition": "later", "at": 1795448400}),
    ("reopen 4821", "POST", "requests/4821/reopen", {}),
    ("requeue 4821", "POST", "requests/4821/requeue", {}),
    ("cancel web-01/9", "POST", "requests/web-01%2F9/cancel", {}),
    ("progress 4821 ringing", "POST", "requests/4821/progress",
     {"progress": "ringing"}),
    ("progress 4821 over --outcome no_answer --as anna", "POST",
     "requests/4821/progress",
     {"progress": "over", "outcome": "no_answer", "as": "anna"}),
    ("set specialist anna paused --reason обед --until 1795448400", "PUT",
     "specialists/anna",
     {"status": "paused", "reason": "обед", "return_at": 1795448400}),
    ("set specialist anna elsewhere --until 1795448400 --as boris", "PUT",
     "specialists/anna/elsewhere", {"until": 1795448400, "as": "boris"}),
    ("set specialist anna back", "POST", "specialists/anna/back", {}),
])
def test_what_is_sent(fake, words, method, path, body):
    fake.answers[f"{method} /v1/{path}"] = (200, {
        "request": brief(), "specialist": SPECIALISTS[1]})
    ran = ctl(fake, *words.split())
    assert ran.returncode == DONE, ran.stderr
    (asked,) = fake.asked
    assert asked[:2] == (method, f"/v1/{path}")
    assert json.loads(asked[2]) == body
    if path.startswith("requests"):
        assert re.fullmatch(
            r"request 4821 is waiting in delivery: nobody free; promised by "
            + clock(NOW + 840) + r", 1\d:\d\d left\n", ran.stdout)
    else:
        assert ran.stdout == (f"Борис is paused: обед until "
                              f"{clock(START + 600)}; now away\n")


def test_done_without_a_request_to_show(fake):
    fake.answers["POST /v1/requests/4821/cancel"] = (200, {})
    ran = ctl(fake, "cancel", "4821")
    assert (ran.returncode, ran.stdout) == (DONE, "done\n")


def test_time_of_day_is_the_next_one(fake):
    fake.answers["POST /v1/requests/4821/close"] = (200, {"request": brief()})
    for shift in (3600, -3600):
        there = time.gmtime(time.time() + shift)
        ctl(fake, "close", "4821", "as", "later", "--at",
            time.strftime("%H:%M", there))
        at = json.loads(fake.asked[-1][2])["at"]
        assert time.gmtime(at)[3:6] == (there[3], there[4], 0)
        assert 0 < at - time.time() <= 86400
    ctl(fake, "close", "4821", "as", "later", "--at", "2026-12-24 18:30")
    assert json.loads(fake.asked[-1][2])["at"] == 1798137000


ANSWER = {"v": 1, "id": "web-1", "state": "waiting", "number": "4821",
          "queue": "info", "expect": [START + 360, START + 540],
          "promise": START + 900, "warnings": [
              {"code": "topic_unknown", "pointer": "/topic",
               "text": 'no queue "delivry"'}]}
REJECTED = {"v": 1, "id": "web-1", "state": "rejected", "errors": [
    {"code": "phone_impossible", "pointer": "/phone",
     "text": "В номере не хватает цифр"}]}


def test_submit(fake, tmp_path):
    fake.answers["POST /v1/requests"] = (202, ANSWER)
    ran = ctl(fake, "submit", "+79000000001", "--topic", "delivry",
              "--name", "Иван")
    assert ran.returncode == DONE
    assert json.loads(fake.asked[-1][2]) == {
        "phone": "+79000000001", "topic": "delivry", "name": "Иван"}
    assert ran.stdout == (
        f"request 4821 waiting in info, promised by {clock(START + 900)}, "
        f"expected {clock(START + 360)} to {clock(START + 540)}\n"
        'warning: topic_unknown at /topic: no queue "delivry"\n')
    # Files are sent byte by byte: what is wrong in them is the daemon's word.
    raw = b'{"phone": "1", "phone": "2"} \xff'
    (tmp_path / "one.json").write_bytes(raw)
    ctl(fake, "submit", str(tmp_path / "one.json"))
    assert fake.asked[-1][2] == raw
    ctl(fake, "submit", "-", given=raw)
    assert fake.asked[-1][2] == raw
    fake.answers["POST /v1/requests"] = (422, REJECTED)
    ran = ctl(fake, "submit", "+7900")
    assert ran.returncode == REFUSED and ran.stdout == ""
    assert ran.stderr == ("callbackctl: refused: phone_impossible at /phone: "
                          "В номере не хватает цифр\n")


def test_check_request(fake, tmp_path):
    file = tmp_path / "one.json"
    file.write_text('{"phone":"1"}')
    fake.answers["POST /v1/requests/check"] = (
        200, {"would": "accept", "answer": ANSWER})
    ran = ctl(fake, "check-request", str(file))
    assert ran.returncode == DONE
    assert ran.stdout.startswith("would accept; nothing was stored\nthe answe")
    fake.answers["POST /v1/requests/check"] = (
        200, {"would": "accept", "phone": "+79161234567", "queue": "info"})
    assert ctl(fake, "check-request", str(file)).stdout == (
        "would accept +7916***4567 into info; nothing was stored\n")
    fake.answers["POST /v1/requests/check"] = (
        200, {"would": "reject", "answer": REJECTED})
    for words in ((), ("--json",)):
        ran = ctl(fake, "check-request", str(file), *words)
        assert ran.returncode == REFUSED
        assert "phone_impossible" in ran.stdout


# ---- refusals, and what is no answer at all

@pytest.mark.parametrize("status,problem,code,said", [
    (404, {"code": "not_found", "detail": "no request 4821"}, REFUSED,
     "not_found: no request 4821; see: callbackctl show queue"),
    (409, {"code": "no_row", "detail": "a closed request cannot be accepted"},
     REFUSED, "no_row: a closed request cannot be accepted; "
     "see: callbackctl show request KEY"),
    (409, {"code": "ambiguous", "matches": [brief(), brief(number="4822")]},
     REFUSED, "several requests fit: 4821 (waiting in delivery, asked "
     f"{clock(NOW - 60)}, id 01J9Z4A), 4822 (waiting in delivery, asked "
     f"{clock(NOW - 60)}, id 01J9Z4A); name one of them"),
    (400, {"code": "field_type", "detail": "as is no specialist"}, USAGE,
     "field_type: as is no specialist"),
    (503, {"code": "unavailable", "detail": "Redis is away"}, NOT_NOW,
     "unavailable: Redis is away; try again in a few seconds; see: "
     "callbackctl status"),
    (404, {"code": "verb_unknown", "detail": "no such verb"}, REFUSED,
     "verb_unknown: no such verb; callbackd is older than this callbackctl"),
    (500, {}, NOT_NOW, "HTTP 500"),
    (302, {}, UNREACHED, "HTTP 302"),
], ids=["not_found", "no_row", "ambiguous", "field_type", "unavailable", "verb_unknown",
        "no_words", "elsewhere"])
def test_refusals(fake, status, problem, code, said):
    fake.answers["POST /v1/requests/4821/accept"] = (status, problem)
    ran = ctl(fake, "accept", "4821", "--as", "anna")
    assert (ran.returncode, ran.stdout) == (code, "")
    assert ran.stderr == f"callbackctl: {said}\n"
    ran = ctl(fake, "accept", "4821", "--as", "anna", "--json")
    assert ran.returncode == code and json.loads(ran.stdout) == problem


def never(handler):
    handler.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")


def endless(handler):
    handler.connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    try:
        for _ in range(1024):
            handler.connection.sendall(b" " * 65536)
    except OSError:
        pass


def deep(handler):
    body = b"[" * 100000
    handler.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                               % len(body) + body)


@pytest.mark.parametrize("answer,said", [
    (b"<html>", "is not JSON"),
    (b"", "is not JSON"),
    (b"[]", "it is not an object"),
    (b"7", "it is not an object"),
    ({**STATUS, "redis": "up"}, "/redis is not an object"),
    ({**STATUS, "queues": [{"id": 7}]}, "/queues/0/id is not a string"),
    ({**STATUS, "state": None}, "/state is missing"),
    ({**STATUS, "late": "many"}, "/late is not a number"),
    (never, "no whole answer"),
    (endless, "longer than 16 MB"),
    (deep, "is not JSON"),
])
def test_hostile_answers(fake, answer, said):
    fake.answers["GET /v1/status"] = (200, answer)
    ran = ctl(fake, "status")
    assert (ran.returncode, ran.stdout) == (UNREACHED, "")
    assert said in ran.stderr and ran.stderr.count("\n") == 1


def test_a_change_without_an_answer_may_be_done(fake):
    fake.answers["POST /v1/requests/4821/cancel"] = (200, never)
    ran = ctl(fake, "cancel", "4821")
    assert ran.returncode == UNREACHED
    assert "it may have done it" in ran.stderr


def test_numbers_out_of_all_bounds(fake):
    huge = brief(promise_at=10 ** 18, asked_at=-10 ** 18, slack_s=1e300)
    fake.answers["GET /v1/late"] = (200, {"requests": [huge]})
    assert ctl(fake, "show", "late").returncode == DONE
    story = Story(0).asked()
    story.lines[0]["at_ms"] = -10 ** 18
    story.lines[1]["at_ms"] = 10 ** 18
    story.add(1, "waiting>waiting", "keep_promise",
              detail="late by 9223372036854775807 s")
    for promise in (10 ** 18, -10 ** 18, 0):
        show(fake, full(story, promise_at=promise, kept_at=-promise,
                        closed_at=promise))


EVIL = "a\x1b[31mb\x07c\u009bd\u202ee\nf\x7fg"


def test_nothing_from_data_steers_a_terminal(fake):
    story = Story(NOW).asked().add(1, "waiting>waiting", "note", "noted",
                                   EVIL, EVIL)
    fake.answers["GET /v1/late"] = (200, {"requests": [brief(
        name=EVIL, why=EVIL, number=EVIL)]})
    fake.answers["GET /v1/status"] = (200, {
        **STATUS, "site": EVIL, "specialists": {EVIL: 1}})
    fake.answers["POST /v1/requests/4821/cancel"] = (409, {
        "code": EVIL, "detail": EVIL})
    outputs = [show(fake, full(story, name=EVIL, said={"note": EVIL}))]
    for words in (["show", "late"], ["status"], ["cancel", "4821"],
                  ["show", "late", "--json"], [EVIL], ["--at", EVIL, "close",
                   "1", "as", "x"], ["submit", EVIL]):
        ran = ctl(fake, *words)
        outputs += [ran.stdout, ran.stderr]
    for out in outputs:
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out), out


def test_json_is_the_daemons_own(fake):
    raw = b'{"requests": [ {"id":"x","state":"waiting","extra":1.50} ]}'
    fake.answers["GET /v1/late"] = (200, raw)
    assert ctl(fake, "show", "late", "--json").stdout == raw.decode() + "\n"
    fake.answers["GET /v1/late"] = (200, {"requests": [brief(name=EVIL)]})
    out = ctl(fake, "show", "late", "--json").stdout
    assert json.loads(out)["requests"][0]["name"] == EVIL


# ---- the command line

@pytest.mark.parametrize("words,said", [
    ([], "what shall it do"),
    (["cloze", "4821"], 'did you mean "close"?'),
    (["xyzzy"], 'there is no command "xyzzy"'),
    (["close", "4821"], "say: callbackctl close KEY as DISPOSITION [--at T]"),
    (["accept", "4821"], "--as is missing; say: callbackctl accept KEY --as"),
    (["show", "late", "--topic", "x"], "--topic does not go with it"),
    (["progress", "4821", "dancing"], "progress KEY ringing|answered|over"),
    (["set", "specialist", "anna", "tired"], "available|paused|off"),
    (["close", "4821", "as", "x", "--at", "25:99"], "--at 25:99 is no time"),
    (["submit", "/no/such/file"], "/no/such/file cannot be read: No such"),
    (["cancel", ""], "say: callbackctl cancel KEY"),
    (["status", "more"], "say: callbackctl status"),
    (["--bogus"], "bogus"),
    (["top"], "top draws on a terminal"),
])
def test_wrong_usage(fake, words, said):
    ran = ctl(fake, *words)
    assert (ran.returncode, ran.stdout) == (USAGE, "")
    assert said in ran.stderr and ran.stderr.count("\n") == 1
    assert fake.asked == []


def test_help_and_version():
    ran = ctl(None, "help")
    assert ran.returncode == DONE and ran.stdout == ctl(None, "--help").stdout
    assert "progress KEY ringing|answered|over" in ran.stdout
    assert all(width(line) <= 80 for line in ran.stdout.splitlines())
    assert re.fullmatch(r"callbackctl \d+\.\d+\.\d+\n",
                        ctl(None, "--version").stdout)


def test_manual_page_has_every_command_and_code():
    page = (SOURCE / "ctl/callbackctl.1").read_text(encoding="utf-8")
    # What the page shows without its macros.
    shown = re.sub(r"(?m)^\.(It )?[A-Z][a-z]|\b(Ar|Cm|Op|Fl|Ic)\b", " ", page)
    shown = " ".join(shown.split())
    for line in ctl(None, "help").stdout.split("\n\n")[1].splitlines():
        command = re.match(r"  ([a-z][a-z-]*( [a-z]+)?)", line)
        if command:
            assert command.group(1) in shown
    for option in ("json", "full", "socket", "no-colour", "as", "outcome"):
        assert f"-{option}" in page


def test_socket_is_found(fake, tmp_path):
    fake.answers["GET /v1/status"] = (200, STATUS)
    assert ctl(None, "status", CALLBACKD_SOCKET=fake.path).returncode == DONE
    (tmp_path / "run").mkdir()
    (tmp_path / "run/control.sock").symlink_to(fake.path)
    assert ctl(None, "status", cwd=tmp_path).returncode == DONE
    ran = ctl(None, "status", "--socket", str(tmp_path / "none"))
    assert ran.returncode == UNREACHED and "No such file" in ran.stderr
    ran = ctl(None, "status", "--socket", "/" + "x" * 200)
    assert ran.returncode == UNREACHED and ran.stderr.count("\n") == 1


def test_a_reader_that_has_had_enough(fake):
    fake.answers["GET /v1/late"] = (200, {"requests": [brief()] * 3000})
    ran = subprocess.run(
        f"{binary()} --socket {fake.path} show late; echo $? >&2",
        shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(), text=True, timeout=60)
    assert len(ran.stdout.splitlines()) == 3001
    piped = subprocess.run(
        f"({binary()} --socket {fake.path} show late; echo $? >&2) | head -1",
        shell=True, capture_output=True, env=environment(), text=True,
        timeout=60)
    assert piped.stderr == "0\n"
    full_disk = subprocess.run(
        f"{binary()} --socket {fake.path} show late >/dev/full", shell=True,
        capture_output=True, env=environment(), text=True, timeout=60)
    assert full_disk.returncode == REFUSED
    assert "cannot be written" in full_disk.stderr


def test_top_draws_again_and_ends(fake):
    fake.answers["GET /v1/queues"] = (200, {"queues": STATUS["queues"]})
    fake.answers["GET /v1/queues/delivery"] = (200, {
        "id": "delivery", "title": "", "requests": [brief()] * 60,
        "total": 60})
    code, out = on_terminal(fake, 80, "top", lines=20,
                            until=lambda seen: seen.count(b"\033[H") >= 2)
    assert code == DONE
    assert out.startswith("\033[?1049h") and out.endswith("\033[?1049l")
    frames = out.split("\033[H")[1:]
    assert len(frames) >= 2
    for frame in frames:
        lines = plain(frame).splitlines()
        assert len(lines) <= 20
        assert all(width(line) <= 80 for line in lines)
    assert "Ctrl-C ends" in plain(frames[0])


def test_top_survives_a_daemon_that_goes_away(fake):
    fake.answers["GET /v1/queues/delivery"] = (200, {
        "id": "delivery", "requests": [brief()], "total": 1})

    def until(seen):
        if seen.count(b"\033[H") == 1:
            fake.answers["GET /v1/queues/delivery"] = (503, {
                "code": "unavailable"})
        return b"unavailable" in seen
    code, out = on_terminal(fake, 80, "top", "delivery", until=until)
    assert code == DONE and "4821" in out
    fake.answers.clear()
    code, out = on_terminal(fake, 80, "top", "delivery")
    assert code == REFUSED and "\033[?1049h" not in out


# ---- a real daemon

@pytest.mark.daemon
@pytest.mark.parametrize("words", [
    "status", "show queue", "show specialists", "show late", "show rejected",
    "show unknown", "show results"])
def test_daemon_shows(daemon, words):
    ran = daemon.ctl(*words.split())
    assert ran.returncode == DONE, ran.stderr
    json.loads(daemon.ctl(*words.split(), "--json").stdout)


@pytest.mark.daemon
def test_daemon_request_from_asking_to_cancelling(daemon):
    ran = daemon.ctl("submit", "+79161234567", "--at", int(time.time()) + 7200,
                     "--name", "Проба", "--json")
    assert ran.returncode == DONE, ran.stderr
    number = json.loads(ran.stdout)["number"]
    assert daemon.ctl("note", number, "проверка").returncode == DONE
    out = daemon.ctl("show", "request", number).stdout
    assert "asked" in out and "проверка" in out and "promised by" in out
    ran = daemon.ctl("cancel", number)
    assert ran.returncode == DONE and "closed" in ran.stdout
    assert daemon.ctl("cancel", number).returncode == REFUSED
    assert daemon.ctl("show", "request", "no-such-one").returncode == REFUSED


@pytest.mark.daemon
def test_daemon_checks_and_stores_nothing(daemon):
    ran = daemon.ctl("check-request", "-", text_in='{"phone":"12"}')
    assert ran.returncode == REFUSED, ran.stderr
    ran = daemon.ctl("check-request", "-", text_in='{"phone":"+79161234567"}')
    assert ran.returncode == DONE, ran.stderr
    assert "nothing was stored" in ran.stdout
