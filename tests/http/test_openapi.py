"""/openapi.json describes what the service does. Every answer that any other test gets is also
checked against it: see Service.request()."""

import gzip
import json
import re
from pathlib import Path

import pytest

import contract
import service as running

JSON = {"Content-Type": "application/json"}
TEXT = ("The harbour opens again on Monday. Ferries will run every hour until midnight! Is the bridge safe? "
        "\"It is\", says the engineer of the town, who saw it. The repair of the piers takes six weeks.")
PATHS = contract.DOCUMENT["paths"]
FIELDS = contract.DOCUMENT["components"]["schemas"]["Request"]["properties"]
OPERATIONS = [(path, method, operation) for path, item in PATHS.items() for method, operation in item.items()]


def source_of(name):
    return (running.ROOT / "server" / name).read_text(encoding="utf-8")


def body_of(name):
    """An input with which the field may be sent."""
    html = f"<html><body><article><p>{TEXT}</p></article></body></html>"
    return {"html": html} if name in ("html", "base_url") else {"text": TEXT}


def summarize(service, **fields):
    return service.request("POST", "/v1/summaries", json.dumps(fields).encode(), JSON)


def test_served_as_written(service):
    served = service.request("GET", "/openapi.json")
    assert served.headers["Content-Type"] == "application/json"
    info = service.request("GET", "/v1/info").json()
    text = contract.SOURCE.read_text(encoding="utf-8").replace("@VERSION@", info["version"])
    assert served.json() == json.loads(text)
    assert service.request("GET", "/openapi.json", headers={"If-None-Match": served.headers["ETag"]}).status == 304
    packed = service.request("GET", "/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.body) == served.body


def test_every_reference_leads_somewhere():
    used = set(re.findall(r'"\$ref": "([^"]+)"', contract.SOURCE.read_text(encoding="utf-8")))
    for reference in used:
        contract.lookup(reference)
    names = {f"#/components/{kind}/{name}" for kind in ("parameters", "responses", "schemas")
             for name in contract.DOCUMENT["components"][kind]}
    used |= {answer["$ref"] for answer in contract.ELSEWHERE.values()}
    assert names <= used, f"never used: {names - used}"


def test_every_path_and_method_is_documented(service):
    routes = dict(re.findall(r'\{"(/[^"]*)", "([A-Z, ]+)", HANDLER', source_of("routes.c")))
    assert set(routes) <= set(PATHS)
    for path, item in PATHS.items():
        answer = service.request("OPTIONS", path)
        methods = {method.upper() for method in item} | ({"HEAD"} if "get" in item else set())
        assert answer.status == 204
        assert set(answer.headers["Allow"].split(", ")) == methods


def test_every_code_is_documented_under_its_status():
    table = re.findall(r'\{(\d+),\s*"(\w+)"', source_of("problem.c"))
    codes = {(int(status), code) for status, code in table if code != "none"}
    documented = set()
    for response in contract.DOCUMENT["components"]["responses"].values():
        problem = response.get("content", {}).get("application/problem+json", {}).get("schema")
        if problem:
            properties = problem["properties"]
            documented |= {(properties["status"]["const"], code) for code in properties["code"]["enum"]}
    assert documented == codes
    assert {code for _, code in codes} == set(contract.DOCUMENT["components"]["schemas"]["Problem"]
                                              ["properties"]["code"]["enum"])


def test_every_field_is_documented_in_both_forms():
    fields = set(re.findall(r'\{"(\w+)", read_', source_of("request.c")))
    parameters = {p["name"]: p for p in map(contract.resolved, PATHS["/v1/summaries"]["get"]["parameters"])
                  if p["in"] == "query"}
    assert fields == set(FIELDS) == set(parameters)
    for name, field in FIELDS.items():
        assert {**parameters[name]["schema"], "description": parameters[name]["description"]} == field


@pytest.mark.parametrize("name", FIELDS)
def test_bounds_are_those_that_hold(service, name):
    field, base = FIELDS[name], body_of(name)
    if "enum" in field:
        good, bad = field["enum"], ["no such", 1]
    elif field["type"] == "array":
        good, bad = [[value] for value in field["items"]["enum"]] + [[], field["items"]["enum"]], [["no such"], "text"]
    elif field["type"] == "integer":
        good, bad = [field["minimum"], field["maximum"]], [field["minimum"] - 1, field["maximum"] + 1, 1.5, "3"]
    elif field["type"] == "number":
        good, bad = [1e-9, field["maximum"]], [field["exclusiveMinimum"], field["maximum"] + 1e-9, "1"]
    elif field["type"] == "boolean":
        good, bad = [True, False], [0, "true"]
    else:
        good, bad = [], [1, None, ["text"], {}]
    for value in good:
        contract.check_value({**base, name: value}, contract.schema("Request"))
        assert summarize(service, **{**base, name: value}).status == 200
    for value in bad:
        with pytest.raises(AssertionError):
            contract.check_value({**base, name: value}, contract.schema("Request"))
        answer = summarize(service, **{**base, name: value})
        assert (answer.status, answer.json()["pointer"].split("/")[1]) == (422, name)


@pytest.mark.parametrize("name", [name for name in FIELDS if "At most" in FIELDS[name]["description"]
                                  and name not in ("text", "html", "url")])
def test_lengths_are_those_that_hold(service, name):
    most = int(re.search(r"[Aa]t most ([\d,]+) bytes", FIELDS[name]["description"])[1].replace(",", ""))
    value = "https://news.example/".ljust(most, "x") if name == "base_url" else "x" * most
    assert summarize(service, **body_of(name), **{name: value}).status == 200
    answer = summarize(service, **body_of(name), **{name: value + "x"})
    assert (answer.status, answer.json()["limit"], answer.json()["actual"]) == (422, most, most + 1)


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if "default" in field])
def test_defaults_are_those_that_hold(service, name):
    base = {"text": TEXT * 3, "include": ["keywords"]} if name != "include" else {"text": TEXT}
    assert summarize(service, **base, **{name: FIELDS[name]["default"]}).body == summarize(service, **base).body


@pytest.mark.parametrize("fields", [{}, {"text": TEXT, "html": "<p>x"}, {"text": TEXT, "base_url": "https://a.example/"},
                                    {"text": TEXT, "unknown": 1}, {"text": TEXT, "url": "https://a.example/"}])
def test_what_the_schema_refuses_is_refused(service, fields):
    with pytest.raises(AssertionError):
        contract.check_value(fields, contract.schema("Request"))
    assert summarize(service, **fields).status == 422


def examples():
    for path, method, operation in OPERATIONS:
        for content_type, content in operation.get("requestBody", {}).get("content", {}).items():
            for example in [content["example"]] if "example" in content else \
                           [example["value"] for example in content.get("examples", {}).values()]:
                yield path, method, content_type, example


@pytest.mark.parametrize("path, method, content_type, example", examples())
def test_requests_shown_as_examples_work(service, path, method, content_type, example):
    body = example.encode() if isinstance(example, str) else json.dumps(example).encode()
    if content_type == "application/json":
        contract.check_value(example, contract.schema("Request"))
    answer = service.request(method.upper(), path, body, {"Content-Type": content_type})
    assert answer.status == 200


def test_the_answer_shown_as_example_is_the_answer(service):
    post = PATHS["/v1/summaries"]["post"]
    request = post["requestBody"]["content"]["application/json"]["examples"]["text"]["value"]
    shown = post["responses"]["200"]["content"]["application/json"]["example"]
    contract.check_value(json.loads(json.dumps(shown).replace("@VERSION@", "1.0.0")), contract.schema("Summary"))
    answer = summarize(service, **request).json()
    assert {**answer, "engine": None} == {**shown, "engine": None}


def test_problems_shown_as_examples_are_well_formed():
    for response in contract.DOCUMENT["components"]["responses"].values():
        for content in response.get("content", {}).values():
            if "example" in content:
                contract.check_value(content["example"], content["schema"])


def test_every_part_of_an_answer(service):
    """With everything that can be included, by text, HTML, batch and query string."""
    everything = FIELDS["include"]["items"]["enum"]
    page = f"<html><head><title>Harbour</title></head><body><article><h1>Harbour</h1><p>{TEXT}</p></article></body></html>"
    for fields in ({"text": TEXT}, {"html": page}):
        answer = summarize(service, **fields, include=everything, id="a")
        assert answer.status == 200
        assert {"keywords", "all_sentences", "id"} <= set(answer.json())
    lines = b"\n".join(json.dumps({"text": TEXT, "sentences": n}).encode() for n in (1, 0, 2))
    batch = service.request("POST", "/v1/summaries", lines, {"Content-Type": "application/x-ndjson"})
    assert [json.loads(line).get("code") for line in batch.body.splitlines()] == [None, "out_of_range", None]


def test_the_check_can_fail(service):
    """Each kind of deviation is detected."""
    answer = summarize(service, text=TEXT)
    good = answer.json()
    headers = dict(answer.headers)
    contract.check("POST", "/v1/summaries", 200, headers, answer.body)
    wrong = [
        (200, headers, {**good, "undocumented": 1}),
        (200, headers, {**good, "reduced": "yes"}),
        (200, headers, {name: good[name] for name in good if name != "source"}),
        (299, headers, good),
        (200, {**headers, "X-Undocumented": "1"}, good),
        (200, {name: value for name, value in headers.items() if name != "X-Request-Id"}, good),
        (200, {**headers, "Content-Type": "text/html"}, good),
        (422, {**headers, "Content-Type": "application/problem+json"},
         {"type": "urn:precis:problem:new", "title": "New", "status": 422, "code": "new"}),
    ]
    for status, given, body in wrong:
        with pytest.raises(AssertionError):
            contract.check("POST", "/v1/summaries", status, given, json.dumps(body).encode())
