"""Does an answer keep the promises of server/web/openapi.json?"""

import gzip
import json
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema

SOURCE = Path(__file__).resolve().parents[2] / "server/web/openapi.json"
DOCUMENT = json.loads(SOURCE.read_text(encoding="utf-8"))
# Headers that HTTP itself adds (RFC 9110, RFC 9112).
PLAIN_HEADERS = {"date", "connection", "keep-alive", "content-length", "content-type", "transfer-encoding"}
HEADERS = {name.lower() for name in DOCUMENT["components"]["headers"]} | PLAIN_HEADERS
# For paths that the document lacks, or methods that a path lacks.
ELSEWHERE = {"404": {"$ref": "#/components/responses/NotFound"},
             "405": {"$ref": "#/components/responses/MethodNotAllowed"}}
MOST_ITEMS = 50  # items of a list that are checked, in answers of megabytes
_validators = {}


def resolved(node):
    while "$ref" in node:
        node = lookup(node["$ref"])
    return node


def lookup(reference):
    node = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        node = node[name]
    return node


def validator(schema):
    key = json.dumps(schema, sort_keys=True)
    if key not in _validators:
        whole = {**schema, "components": DOCUMENT["components"]}
        _validators[key] = jsonschema.Draft202012Validator(whole)
    return _validators[key]


def schema(name):
    return {"$ref": f"#/components/schemas/{name}"}


def check_value(value, value_schema):
    faults = [f"{fault.json_path}: {fault.message[:300]}" for fault in validator(value_schema).iter_errors(value)]
    assert not faults, "\n".join(faults)


def shortened(value):
    if isinstance(value, list):
        return [shortened(item) for item in value[:MOST_ITEMS]]
    if isinstance(value, dict):
        return {name: shortened(item) for name, item in value.items()}
    return value


def check_body(body, content_type, content):
    assert content_type in content, f"{content_type} is not documented"
    if content_type == "application/x-ndjson":
        for line in body.splitlines():
            check_value(json.loads(line), {"oneOf": [schema("Summary"), schema("Problem")]})
    elif content_type.endswith("json"):
        value = json.loads(body)
        check_value(shortened(value) if len(body) > 100_000 else value, content[content_type]["schema"])


def check_headers(headers, documented):
    unknown = {name.lower() for name in headers} - HEADERS
    assert not unknown, f"undocumented headers: {unknown}"
    for name, header in documented.items():
        header = resolved(header)
        if header.get("required"):
            assert name in headers, f"{name} is missing"
        if name in headers:
            check_value(headers[name], header["schema"])


def check(method, target, status, headers, body):
    """Every status, header and member of an answer is documented and is as documented."""
    content_type = headers.get("Content-Type", "").partition(";")[0]
    item = DOCUMENT["paths"].get(urlsplit(target).path, {})
    operation = item.get("get" if method == "HEAD" else method.lower())
    if operation is None:
        responses = ELSEWHERE
    else:
        responses = operation["responses"]
        assert str(status) in responses, f"{method} {target}: {status} is not documented"
    if str(status) not in responses:
        return
    response = resolved(responses[str(status)])
    check_headers(headers, response.get("headers", {}))
    if headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    if body:
        check_body(body, content_type, response.get("content", {}))
