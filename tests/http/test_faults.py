"""Allocations fail, one after the other, in the middle of requests of every kind."""

import gzip
import http.client
import json
import os
import re
import time

import pytest

import faults as injected
import origin as origins
import service as running
from service import LOOPBACK

pytestmark = pytest.mark.faults

JSON = {"Content-Type": "application/json"}
TEXT = ("The harbour bridge was closed on Monday after a crack was found. Engineers say that it had grown "
        "since the spring. Ferries run every ten minutes. The repair takes six weeks.")
PAGE = origins.ARTICLE


@pytest.fixture
def faults(tmp_path):
    return injected.Faults(tmp_path)


@pytest.fixture
def origin():
    server = origins.Origin()
    yield server
    server.close()


def post(**fields):
    return "POST", "/v1/summaries", json.dumps(fields).encode(), JSON


def figure(service, name):
    text = service.request("GET", "/metrics").body.decode()
    return float(re.search(rf"^precis_{name} (\S+)$", text, re.M)[1])


def ask(service, request):
    """The answer, or None if the connection was closed without a complete one."""
    try:
        return service.request(*request)
    except (ConnectionError, http.client.HTTPException):
        return None


# ---- memory ---------------------------------------------------------------------------------

BATCH = b"".join(json.dumps({"id": str(i), "text": TEXT}).encode() + b"\n" for i in range(3))
# A cached answer would skip the work that is to fail, so @ becomes a number.
KINDS = {
    "text": post(text=TEXT, cache=False, include=["keywords", "sentences"]),
    "text-to-be-kept": post(text=TEXT + " Number @."),
    "html": post(html=PAGE, cache=False, include=["html_offsets"]),
    "gzip": post(text=TEXT * 500 + " Number @."),
    "large": post(text=TEXT * 2000, cache=False),
    "url": post(url="{origin}/page?@"),
    "url-of-unknown-charset": post(url="{origin}/undeclared?@"),
    "url-redirected": post(url="{origin}/to-page?@"),
    "url-that-leads-on": post(url="{origin}/refresh?@"),
    "url-with-refresh-header": post(url="{origin}/refresh-header-to-self?@"),
    "url-with-cookie": post(url="{origin}/cookie-by-refresh?@"),
    "url-by-get": ("GET", "/v1/summaries?url={origin}/latin-1?@", None, {}),
    "batch": ("POST", "/v1/summaries", BATCH, {"Content-Type": "application/x-ndjson"}),
    "problem": post(text=5),
    "page": ("GET", "/", None, {}),
    "packed-page": ("GET", "/", None, {"Accept-Encoding": "gzip"}),
    "info": ("GET", "/v1/info", None, {}),
    "metrics": ("GET", "/metrics", None, {}),
    "ready": ("GET", "/readyz", None, {}),
}
# Fail each of the first allocations; after n allocations, only every (n divided by this)-th.
STEP = int(os.environ.get("PRECIS_FAULT_STEP", 60))


def numbered(kind, number, origin):
    method, path, body, headers = KINDS[kind]
    path = path.replace("{origin}", origin.name).replace("@", str(number))
    if body is not None:
        body = body.replace(b"{origin}", origin.name.encode()).replace(b"@", b"%d" % number)
    if kind == "gzip":
        body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
    return method, path, body, headers


def is_fair(kind, answer):
    """With a lack of memory: the answer, one of the service's own problems, or a closed connection."""
    if answer is None:
        return True
    if kind == "batch" and answer.status == 200:
        lines = answer.body.splitlines()
        return all("summary" in json.loads(line) or json.loads(line)["status"] >= 400 for line in lines)
    if kind == "packed-page" and answer.status == 200:
        return answer.headers["Content-Encoding"] == "gzip" and answer.body.startswith(b"\x1f\x8b")
    if answer.status == 200:
        return kind != "problem"
    code = answer.json()["code"]
    if kind == "problem" and code == "wrong_type":
        return True
    # libcurl does not always distinguish its own lack of memory from a fault of the origin.
    if kind.startswith("url") and code in ("url_refused", "url_unreachable", "url_too_large"):
        return True
    return code in ("too_complex", "internal", "overloaded")


@pytest.mark.parametrize("length", [1, 10**9], ids=["one", "all-from-there-on"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_allocation_fails_once(start_service, faults, origin, kind, length):
    service = start_service("--url-allow-nets", LOOPBACK, "--cache-bytes", "1M", "--workers", 2, env=faults.env)
    good = ask(service, numbered(kind, 0, origin)).status
    number = answers = 1
    while True:
        faults.fail(number, length)
        answer = ask(service, numbered(kind, 2 * number, origin))
        failed = faults.end()
        assert is_fair(kind, answer), f"allocation {number}: {answer}"
        # The failure leaves nothing behind: the next request is served.
        again = ask(service, numbered(kind, 2 * number + 1, origin))
        assert again is not None and again.status == good, f"after allocation {number}: {again}"
        answers += 1 + (answer is not None)
        if failed == 0:
            break
        number += 1 + number // STEP
    assert number > 1
    while figure(service, "requests_in_flight") > 1 or figure(service, "request_body_held_bytes") > 0:
        time.sleep(0.01)  # ends only if all was given back
    service.stop()
    assert service.events("stopped")[0]["given_up"] == 0
    # Those are logged only at debug level; and if a batch breaks off, its head may already have
    # been sent.
    if kind not in ("metrics", "ready", "batch"):
        assert len([line for line in service.events("request") if line["status"] != 0]) == answers


# ---- what is given back ----------------------------------------------------------------------


def test_a_large_request_leaves_no_memory_behind(start_service):
    """Decoded, a million and a half empty arrays take some 200 MB. Its answer, which is younger, outlives them."""
    service = start_service("--workers", 1)

    def resident_mb():
        status = open(f"/proc/{service.process.pid}/status").read()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) >> 10

    # Once a large block was freed, the C library takes blocks of that size from its heaps.
    assert ask(service, post(text=TEXT * 20_000)).status == 200
    answer = ask(service, ("POST", "/v1/summaries", b'{"text": [' + b"[]," * 1_500_000 + b"[]]}", JSON))
    assert answer.status == 422 and answer.json()["code"] == "wrong_type"
    while resident_mb() > 60:
        time.sleep(0.01)  # ends only if it was given back
