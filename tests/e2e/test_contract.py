# SPDX-License-Identifier: MIT
"""The website's contract: every example of docs/redis.md, run against a daemon.

A block "redis" is sent line by line as redis-cli would; the block "json" behind it
is what the last GET must come to. The examples' moment is moved to now, their site
to the daemon's, and "…" stands for any value. The daemon needs the queues "info"
(the default) and "delivery", home "RU", and no rule that requires consent.
"""
import ast
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import time

import pytest

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
TEXT = (DOCS / "redis.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```([a-z-]*)\n(.*?)^```$", TEXT, re.M | re.S)
EXAMPLES_NOW = 1795448400
WAIT_S = 5
# What an answer may have or lack, depending on the company and on the hour.
MAY_BE_MISSING = {"expect", "slot", "why", "caller_id"}
MAY_BE_ADDED = MAY_BE_MISSING | {"promise"}
# A free specialist may have been quicker than the test.
AFTER_WAITING = {"waiting", "calling", "talking"}


def examples():
    """(commands, expected answer) of each pair of blocks."""
    for block, following in zip(BLOCKS, BLOCKS[1:] + [("", "")]):
        if block[0] == "redis":
            assert following[0] == "json", block[1]
            yield block[1].splitlines(), json.loads(following[1])


def blocks(language):
    return [text for name, text in BLOCKS if name == language]


def moved(line, shift_s):
    return re.sub(r"(?<!\d)1795\d{6}(?!\d)",
                  lambda found: str(int(found.group()) + shift_s), line)


def members():
    """Every member that the page shows, with what it expects of it."""
    for commands, expected in examples():
        for command in commands:
            words = shlex.split(command)
            if words[0] == "ZADD":
                yield json.loads(words[-1]), expected


def differs(answer, expected, where=""):
    """What is other than expected; None: nothing."""
    if expected == "…":
        return None
    if where == "/state" and expected == "waiting":
        return None if answer in AFTER_WAITING else f"{where}: {answer}"
    if type(answer) is not type(expected):
        return f"{where}: {answer!r}"
    if isinstance(expected, dict):
        missing = expected.keys() - answer.keys() - MAY_BE_MISSING
        added = answer.keys() - expected.keys() - MAY_BE_ADDED
        if missing or added:
            return f"{where}: missing {missing}, added {added}"
        common = [(key, answer[key], expected[key])
                  for key in expected if key in answer]
    elif isinstance(expected, list):
        if len(answer) != len(expected):
            return f"{where}: {len(answer)} values"
        common = [(str(i), *pair) for i, pair in enumerate(zip(answer, expected))]
    else:
        return None if answer == expected else f"{where}: {answer!r}"
    for key, ours, theirs in common:
        found = differs(ours, theirs, f"{where}/{key}")
        if found:
            return found
    return None


def bytes_of(value):
    return value.encode() if isinstance(value, str) else value


@pytest.fixture
def company(daemon):
    if not getattr(daemon, "has_libphonenumber", True):
        pytest.skip("built without libphonenumber: E.164 only")
    return daemon


def test_page_has_examples():
    assert len(list(examples())) >= 10
    assert len(blocks("redis-acl")) == 1


def test_examples(company):
    shift_s = int(time.time()) - EXAMPLES_NOW
    for commands, expected in examples():
        commands = [moved(line, shift_s).replace("{shop}", "{%s}" % company.site)
                    for line in commands]
        for line in commands[:-1]:
            company.redis.execute_command(*shlex.split(line))
        key = shlex.split(commands[-1])[1]
        last = {}

        def has_come():
            value = company.redis.get(key)
            last["value"] = value
            last["why"] = "no answer" if value is None else \
                differs(json.loads(value), expected)
            return last["why"] is None

        try:
            company.wait_for(has_come, WAIT_S)
        except Exception as error:
            pytest.fail(f"{commands}\nanswer: {last}\n{error!r}")


def test_answer_comes_quickly(company):
    key = "{%s}:answer:contract-quick" % company.site
    started = time.monotonic()
    company.redis.zadd("{%s}:in" % company.site, {
        '{"id":"contract-quick","phone":"8 (916) 123-46-01"}': 0}, nx=True)
    company.wait_for(lambda: company.redis.get(key) is not None, WAIT_S)
    # 100 ms are promised; the rest is room for a busy test machine.
    assert time.monotonic() - started < 1


def test_repeats(company):
    inbox = "{%s}:in" % company.site
    answer = "{%s}:answer:" % company.site

    def ask(member):
        company.redis.zadd(inbox, {json.dumps(member): 0}, nx=True)
        company.wait_for(lambda: company.redis.zcard(inbox) == 0, WAIT_S)

    def read(name):
        company.wait_for(lambda: company.redis.get(answer + name), WAIT_S)
        return json.loads(company.redis.get(answer + name))

    first = {"id": "contract-first", "phone": "8 (916) 123-46-02"}
    ask(first)
    number = read("contract-first")["number"]
    ask(first)
    assert read("contract-first")["number"] == number
    # another number under the same id leaves the first alone
    ask(dict(first, phone="8 (916) 123-46-03"))
    company.wait_for(lambda: any(
        bytes_of(fields.get(b"code", fields.get("code"))) == b"id_conflict"
        for _, fields in company.redis.xrevrange(
            "{%s}:rejected" % company.site, count=20)), WAIT_S)
    assert read("contract-first")["number"] == number
    assert read("contract-first")["state"] in AFTER_WAITING


def test_refusals_are_kept(company):
    raw = '{"phone":"112","data":{"contract":"refused"}}'
    company.redis.zadd("{%s}:in" % company.site, {raw: 0}, nx=True)

    def is_kept():
        for _, fields in company.redis.xrevrange(
                "{%s}:rejected" % company.site, count=20):
            fields = {bytes_of(k): bytes_of(v) for k, v in fields.items()}
            if fields[b"raw"] == raw.encode():
                return fields
        return None

    company.wait_for(is_kept, WAIT_S)
    fields = is_kept()
    assert fields[b"code"] == b"phone_not_accepted"
    assert fields[b"pointer"] == b"/phone"
    assert abs(int(fields[b"at"]) - time.time()) < 60


def test_user_of_the_website(company):
    redis = pytest.importorskip("redis")
    line = blocks("redis-acl")[0].strip().replace("{shop}", "{%s}" % company.site)
    words = shlex.split(line.replace(" shop ", " contract-shop "))
    company.redis.execute_command(*words)
    pool = company.redis.connection_pool
    settings = dict(pool.connection_kwargs, username="contract-shop",
                    password="PASSWORD", db=0)
    shop = redis.Redis(connection_pool=redis.ConnectionPool(
        connection_class=pool.connection_class, **settings))
    inbox, answer = "{%s}:in" % company.site, "{%s}:answer:x" % company.site
    try:
        assert shop.ping()
        shop.execute_command("CLIENT", "SETNAME", "shop")
        shop.zadd(inbox, {'{"phone":"112"}': 0}, nx=True)
        shop.get(answer)
        for refused in (
                ("SET", answer, "x"), ("ZADD", answer, "0", "x"),
                ("GET", inbox), ("ZRANGE", inbox, "0", "-1"), ("FLUSHDB",),
                ("HGETALL", "{%s}:request:x" % company.site),
                ("GET", "{%s}:said:x" % company.site), ("SELECT", "1"),
                ("MULTI",), ("KEYS", "*"), ("CONFIG", "GET", "*"),
                ("XRANGE", "{%s}:rejected" % company.site, "-", "+"),
                ("ZADD", "shop:in", "0", "x"), ("PUBLISH", "x", "x")):
            with pytest.raises(redis.exceptions.ResponseError,
                               match="(?i)no permissions|NOPERM|can't"):
                shop.execute_command(*refused)
    finally:
        shop.close()
        company.redis.execute_command("ACL", "DELUSER", "contract-shop")


def test_python_snippet(company):
    scope = {}
    exec(blocks("python")[0], scope)
    form = {"phone": "8 (916) 123-46-04", "name": "Анна"}
    answer = scope["request_call"](company.redis, company.site,
                                   "contract-python", form)
    assert answer is None or answer["state"] in AFTER_WAITING


def test_snippets_can_be_parsed(tmp_path):
    ast.parse(blocks("python")[0])
    for language, suffix, command in (("js", ".mjs", ["node", "--check"]),
                                      ("php", ".php", ["php", "-l"])):
        if shutil.which(command[0]):
            path = tmp_path / ("snippet" + suffix)
            path.write_text(blocks(language)[0], encoding="utf-8")
            subprocess.run(command + [str(path)], check=True,
                           stdout=subprocess.DEVNULL)


def schema_validator():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((DOCS / "request.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_examples_follow_the_schema():
    validator = schema_validator()
    for member, expected in members():
        codes = {error["code"] for error in expected.get("errors", [])}
        # A score and a number that cannot be are beyond a schema.
        is_right = not codes & {"phone_missing", "field_type", "field_too_long"}
        assert validator.is_valid(member) == is_right, member


def test_schema_refuses_what_intake_refuses():
    validator = schema_validator()
    phone = {"phone": "+79000000001"}
    deep = {"a": {"b": [1]}}
    for right in (phone, dict(phone, id=None, name="", data=deep),
                  dict(phone, name="Ж" * 80, nmae=1),
                  {"op": "cancel", "id": "web-01J9Z4"}):
        assert validator.is_valid(right), right
    for wrong in ({}, {"phone": None}, {"phone": 5}, dict(phone, v=2),
                  dict(phone, id="short"), dict(phone, id="web 01J9Z4"),
                  dict(phone, id="a" * 65), dict(phone, name="Ж" * 81),
                  dict(phone, sms="true"), dict(phone, consent=True),
                  dict(phone, consent={"ip": 4}), dict(phone, op="ASK"),
                  dict(phone, waiting_since=1795448400000),
                  dict(phone, data=[]), dict(phone, data={"a": {"b": [[1]]}}),
                  {"op": "cancel"}, {"op": "move", "id": ""}, []):
        assert not validator.is_valid(wrong), wrong
