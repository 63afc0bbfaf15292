# SPDX-License-Identifier: MIT
"""What we send, held against the providers' own OpenAPI documents where those lie
beside the project: the golden requests are what goes over the wire."""
import json
import re
import urllib.parse

import pytest

import harness

jsonschema = pytest.importorskip("jsonschema")
SPECS = harness.TOP.parent / "shared/specs"
GOLDEN = harness.TOP / "tests/unit/golden"
# Provider file, its document, and the requests it is no document for.
PROVIDERS = [("twilio", "twilio.strict"), ("vonage", "vonage.strict"),
             ("zadarma", "zadarma"), ("bandwidth", "bandwidth")]


def requests(name):
    """(title, method, URL, headers, body) of each golden request."""
    text = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    for part in text.split("## ")[1:]:
        title, rest = part.split("\n", 1)
        if rest.startswith("it refuses"):
            continue
        head, _, body = rest.partition("\n\n")
        first, *lines = head.split("\n")
        method, url = first.split(" ", 1)
        headers = dict(line.split(": ", 1) for line in lines if line)
        yield title, method, url, headers, body.strip("\n")


def operation_of(spec, method, path):
    """The one of its paths that fits, and the values in it."""
    for template, operations in spec["paths"].items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)",
                         re.escape(template))
        found = re.fullmatch(pattern, path)
        if found and method.lower() in operations:
            shared = operations.get("parameters", [])
            return operations[method.lower()], shared, found.groupdict()
    return None


def resolve(spec, value):
    while "$ref" in value:
        reference, value = value["$ref"], spec
        for step in reference.lstrip("#/").split("/"):
            value = value[step.replace("~1", "/")]
    return value


def typed(spec, schema, values):
    """Texts of a form as their schema has them; what repeats is a list."""
    schema = resolve(spec, schema)
    kind = schema.get("type")
    if kind == "array":
        return [typed(spec, schema.get("items", {}), [one]) for one in values]
    assert len(values) == 1, values
    if kind in ("integer", "number"):
        return int(values[0])
    if kind == "boolean":
        return values[0] == "true"
    return values[0]


def check(spec, schema, value):
    # Definitions are found in the document itself.
    jsonschema.Draft4Validator(
        schema, resolver=jsonschema.RefResolver("", spec)).validate(value)


def check_query(spec, operation, shared, query):
    known = {one["name"]: one for one in
             (resolve(spec, one) for one in operation.get("parameters", []) + shared)
             if one["in"] == "query"}
    for name, values in query.items():
        assert name in known, f"{name} is no parameter"
        schema = known[name].get("schema", {})
        check(spec, schema, typed(spec, schema, values))
    missing = [name for name, one in known.items()
               if one.get("required") and name not in query]
    assert not missing, missing


def check_body(spec, operation, headers, body):
    wanted = resolve(spec, operation["requestBody"])["content"]
    kind = headers.get("Content-Type", "")
    assert kind in wanted, f"{kind} is none of {list(wanted)}"
    schema = wanted[kind]["schema"]
    if kind == "application/json":
        check(spec, schema, json.loads(body))
        return
    properties = resolve(spec, schema).get("properties", {})
    fields = urllib.parse.parse_qs(body, keep_blank_values=True, strict_parsing=True)
    assert set(fields) <= set(properties), set(fields) - set(properties)
    check(spec, schema, {name: typed(spec, properties[name], values)
                         for name, values in fields.items()})


@pytest.mark.parametrize("name,document", PROVIDERS)
def test_requests_are_valid(name, document):
    path = SPECS / f"{document}.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    if not (GOLDEN / f"{name}.txt").exists():
        pytest.skip(f"no golden requests of {name}")
    spec = json.loads(path.read_text(encoding="utf-8"))
    checked = 0
    for title, method, url, headers, body in requests(name):
        address = urllib.parse.urlparse(url)
        found = operation_of(spec, method, address.path)
        if found is None:
            continue                    # the documents are cut down
        operation, shared, _ = found
        try:
            check_query(spec, operation, shared,
                        urllib.parse.parse_qs(address.query, keep_blank_values=True))
            if body or "requestBody" in operation:
                check_body(spec, operation, headers, body)
        except (AssertionError, jsonschema.ValidationError) as error:
            raise AssertionError(f"{name}: {title}: {error}") from error
        checked += 1
    assert checked >= 4, checked
