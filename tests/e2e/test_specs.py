# SPDX-License-Identifier: MIT
"""Our requests (tests/unit/golden, which holds them byte for byte, also with the
worst values there are) against the providers' own OpenAPI documents. Those are not
part of the project: they lie beside the source tree, or in $CALLBACKD_SPECS."""
import json
import os
import pathlib
import re
import urllib.parse
import warnings

import jsonschema
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
SPECS = pathlib.Path(os.environ.get("CALLBACKD_SPECS", TOP / "../shared/specs"))
# Vonage's own document fits nothing: a telephone is a SIP address to it as well.
DOCUMENTS = ["bandwidth.json", "twilio.json", "twilio.strict.json",
             "vonage.strict.json", "zadarma.json"]


def requests(provider):
    text = (TOP / f"tests/unit/golden/{provider}.txt").read_text("utf-8")
    for block in re.split("^## ", text, flags=re.M)[1:]:
        name, head, *lines = block.split("\n")
        method, url = head.split(" ", 1)
        blank = lines.index("") if "" in lines else len(lines)
        headers = dict(line.split(": ", 1) for line in lines[:blank])
        yield name, method, url, headers, "\n".join(lines[blank + 1:]).rstrip("\n")


def resolved(spec, part):
    while "$ref" in part:
        found = spec
        for step in part["$ref"].lstrip("#/").split("/"):
            found = found[step]
        part = found
    return part


def operation(spec, method, path):
    for pattern, operations in spec["paths"].items():
        if method.lower() in operations and re.fullmatch(
                re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(pattern)), path):
            return operations[method.lower()]
    return None


def typed(spec, schema, value):
    """A form knows only texts; its schema has numbers and lists."""
    kind = resolved(spec, schema).get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", value[0]):
        return int(value[0])
    return value if kind == "array" else value[0]


def content(spec, kind, body, schema):
    if kind == "application/json":
        return json.loads(body)
    properties = resolved(spec, schema).get("properties", {})
    return {name: typed(spec, properties.get(name, {}), value) for name, value in
            urllib.parse.parse_qs(body, True, True, encoding="utf-8").items()}


def problems(spec, found, url, headers, body):
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    for one in found.get("parameters", []):
        one = resolved(spec, one)
        if one["in"] == "query" and one.get("required") and \
                one["name"] not in query:
            yield f"the query has no {one['name']}"
    if "requestBody" not in found:
        return
    kinds = resolved(spec, found["requestBody"])["content"]
    kind = headers.get("Content-Type")
    if kind not in kinds:
        yield f"{kind} is none of {list(kinds)}"
        return
    schema = {**kinds[kind]["schema"], "components": spec["components"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checker = jsonschema.Draft7Validator(schema)
        for error in checker.iter_errors(content(spec, kind, body, schema)):
            yield f"{list(error.absolute_path)}: {error.message[:200]}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_requests_are_as_the_provider_specifies(document):
    if not (SPECS / document).exists():
        pytest.skip("no such document beside the source tree")
    spec = json.loads((SPECS / document).read_text("utf-8"))
    wrong, checked = [], 0
    for name, method, url, headers, body in requests(document.split(".")[0]):
        found = operation(spec, method, urllib.parse.urlsplit(url).path)
        if found is None:       # the document is cut down
            continue
        checked += 1
        wrong += [f"{name}: {problem}" for problem in
                  problems(spec, found, url, headers, body)]
    assert not wrong, "\n".join(wrong)
    assert checked >= 4
