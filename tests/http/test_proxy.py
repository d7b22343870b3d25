"""deploy/nginx.conf in front of the program."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

import pytest

import service as running
from nginx_server import NGINX, Nginx
from origin import Origin
from service import LOOPBACK

JSON = {"Content-Type": "application/json"}
TEXT = ("The harbour opens again on Monday. Ferries will run every hour until midnight. "
        "The city paid for the new pier. Fishermen had asked for it since the storm of 1987.")

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


def head(body_len):
    return (f"POST /v1/summaries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {body_len}\r\n\r\n").encode()


def test_debians_nginx_takes_the_file_as_it_is(tmp_path):
    """The other tests store the cached answers elsewhere."""
    kept, = re.findall(r"proxy_cache_path (\S+)", (running.ROOT / "deploy/nginx.conf").read_text())
    says = subprocess.run([NGINX, "-V"], text=True, stderr=subprocess.PIPE, check=True).stderr
    bodies = re.search(r"--http-client-body-temp-path=(\S+)", says)[1]
    assert Path(kept).parent == Path(bodies).parent
    if os.getuid() != 0:
        return  # this user may not listen on port 80
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}}\n"
                                         f"http {{ include {running.ROOT}/deploy/nginx.conf; }}\n")
    was_there = Path(kept).exists()
    try:
        tried = subprocess.run([NGINX, "-t", "-e", str(tmp_path / "log"), "-c", str(tmp_path / "nginx.conf")],
                               text=True, stderr=subprocess.PIPE)
        assert tried.returncode == 0, tried.stderr
    finally:
        if not was_there:
            shutil.rmtree(kept, ignore_errors=True)


@pytest.fixture
def start_nginx(tmp_path):
    started = []

    def start(*instances, rate=100000):
        started.append(Nginx(tmp_path, instances, rate))
        return started[-1]

    yield start
    for nginx in started:
        nginx.stop()


def test_same_answer_as_without_proxy(service, start_nginx):
    nginx = start_nginx(service)
    through, direct = nginx.summarize(text=TEXT, sentences=2), service.summarize(text=TEXT, sentences=2)
    assert (through.status, through.body) == (200, direct.body)
    assert through.headers["Content-Type"] == direct.headers["Content-Type"]


def test_request_id_of_the_proxy_is_in_both_logs(service, start_nginx):
    answer = start_nginx(service).summarize(text=TEXT)
    request_id = answer.headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{32}", request_id)
    # The log is written after the answer is sent.
    while not any(event["id"] == request_id for event in service.events("request")):
        time.sleep(0.01)


def test_body_over_the_limit_is_refused_by_precis(service, start_nginx):
    body = json.dumps({"text": "x" * (10 << 20)}).encode()
    answer = start_nginx(service).request("POST", "/v1/summaries", body, JSON)
    assert answer.status == 413
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["code"] in ("body_too_large", "text_too_large")
    assert answer.json()["limit"] == 10 << 20


def test_body_over_the_proxys_limit_has_the_same_shape(service, start_nginx):
    nginx = start_nginx(service)
    with socket.create_connection(("127.0.0.1", nginx.port)) as connection:
        connection.sendall(head(12 << 20))
        answer = b""
        while not answer.endswith(b"}\n"):
            answer += connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Content-Type: application/problem+json" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "body_too_large"


def test_the_button_and_the_page_are_served(service, start_nginx):
    nginx = start_nginx(service)
    for path in running.files_of(service):
        through, direct = nginx.request("GET", path), service.request("GET", path)
        assert (through.status, through.body) == (200, direct.body), path
        for name in ("Content-Type", "Cache-Control", "ETag", "Access-Control-Allow-Origin", "Content-Security-Policy"):
            assert through.headers[name] == direct.headers[name], (path, name)
        again = nginx.request("GET", path, headers={"If-None-Match": direct.headers["ETag"]})
        assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/v2/summaries", "/button.css", "/page.js",
                                  "/buttons.js", "/index.html", "//livez", "/button.js/../livez",
                                  "http://x/metrics", "http://x/v1/../metrics"])
def test_probes_stay_inside(service, start_nginx, path):
    assert start_nginx(service).request("GET", path).status == 404


def test_info_and_problems_pass(service, start_nginx):
    nginx = start_nginx(service)
    assert nginx.request("GET", "/v1/info").json()["version"]
    problem = nginx.summarize(text=TEXT, sentences=0)
    assert (problem.status, problem.json()["pointer"]) == (422, "/sentences")


def batch(size):
    """Lines of about 300 bytes, as many as fit into `size`, and their number."""
    line = json.dumps({"text": TEXT, "sentences": 1, "cache": False}).encode() + b"\n"
    return line * (size // len(line)), size // len(line)


def test_batches_up_to_the_length_that_nginx_can_pass(start_service, start_nginx):
    nginx = start_nginx(start_service("--queue", 100000))
    ndjson = {"Content-Type": "application/x-ndjson; charset=utf-8"}
    body, lines = batch(10 << 20)
    for _ in range(3):
        answer = nginx.request("POST", "/v1/summaries", body, ndjson)
        answers = [json.loads(line) for line in answer.body.splitlines()]
        assert (answer.status, len(answers)) == (200, lines)
        assert all(answer.get("summary") for answer in answers)
    for longer in (body + b" " * (1 << 20), iter([body, body])):  # with its length, and in chunks
        refused = nginx.request("POST", "/v1/summaries", longer, ndjson)
        assert (refused.status, refused.json()["code"]) == (413, "body_too_large")
        assert "in parts" in refused.json()["detail"] and may_be_read_anywhere(refused)
    # The internal location itself must not be reachable.
    assert nginx.request("POST", "/batches", b"{}", ndjson).status == 404


def test_too_many_requests(service, start_nginx):
    nginx = start_nginx(service, rate=1)
    answers = [nginx.summarize(text=TEXT) for _ in range(60)]
    refused = [answer for answer in answers if answer.status != 200]
    assert 41 <= len(answers) - len(refused) < 60
    for answer in refused:
        assert answer.status == 429
        assert answer.json()["code"] == "rate_limited"
        assert answer.headers["Retry-After"] == "1"


def may_be_read_anywhere(answer):
    return (answer.headers["Access-Control-Allow-Origin"], answer.headers["Access-Control-Expose-Headers"]) == \
        ("*", "Retry-After")


def test_a_page_of_another_origin_can_read_why(start_service, start_nginx):
    """It can read what nginx itself refuses. The browser's preflight is not refused for the rate."""
    site = "https://news.example"
    instance = start_service("--cors-origins", site)
    nginx = start_nginx(instance, rate=1)
    asks = {"Origin": site, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for _ in range(60):
        allowed = nginx.request("OPTIONS", "/v1/summaries", headers=asks)
        assert (allowed.status, allowed.headers["Access-Control-Allow-Origin"]) == (204, site)
    body = json.dumps({"text": TEXT}).encode()
    answers = [nginx.request("POST", "/v1/summaries", body, {**JSON, "Origin": site}) for _ in range(60)]
    assert answers[0].status == 200 and answers[0].headers["Access-Control-Allow-Origin"] == site
    refused = [answer for answer in answers if answer.status == 429]
    assert refused and all(may_be_read_anywhere(answer) for answer in refused)
    large = nginx.request("POST", "/v1/info", b"x" * (12 << 20), {**JSON, "Origin": site})
    assert large.status == 413 and may_be_read_anywhere(large)
    instance.stop()
    away = nginx.request("GET", "/button.js", headers={"Origin": site})
    assert away.status == 503 and may_be_read_anywhere(away)


def test_no_instance_left(start_service, start_nginx):
    instance = start_service()
    nginx = start_nginx(instance)
    instance.stop()
    answer = nginx.summarize(text=TEXT)
    assert (answer.status, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"


@pytest.fixture
def origin():
    running_origin = Origin()
    yield running_origin
    running_origin.close()


def ask_for(origin, nginx, source="127.0.0.1", **headers):
    """GET the summary of the origin's page from an address of this machine."""
    path = "/v1/summaries?" + urllib.parse.urlencode({"url": origin.url("page")})
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=60, source_address=(source, 0))
    try:
        connection.request("GET", path, headers=headers)
        return running.Answer(connection.getresponse())
    finally:
        connection.close()


def asked(service, method):
    """How many requests for summaries reached the service. The log is written after the answer is
    sent."""
    last = service.request("GET", "/v1/info").headers["X-Request-Id"]
    while not any(event["id"] == last for event in service.events("request")):
        time.sleep(0.01)
    return sum(event["method"] == method and event["route"] == "/v1/summaries" for event in service.events("request"))


def test_a_kept_answer(start_service, start_nginx, origin):
    service = start_service("--url-allow-nets", LOOPBACK)
    nginx = start_nginx(service)
    first, again = ask_for(origin, nginx), ask_for(origin, nginx)
    assert [answer.status for answer in (first, again)] == [200, 200]
    assert [answer.headers["X-Cache"] for answer in (first, again)] == ["MISS", "HIT"]
    assert (again.body, again.headers["ETag"]) == (first.body, first.headers["ETag"])
    assert first.headers["Server-Timing"] and again.headers["Server-Timing"] is None
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    unchanged = ask_for(origin, nginx, If_None_Match=first.headers["ETag"])
    assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert ask_for(origin, nginx, If_None_Match='"another"').body == first.body
    assert asked(service, "GET") == 1
    assert [nginx.summarize(text=TEXT).headers["X-Cache"] for _ in range(2)] == [None, None]
    assert asked(service, "POST") == 2


def test_a_failed_download_is_kept_for_seconds(start_service, start_nginx, origin):
    service = start_service("--cache-failure-ms", 3600000)  # an instance that may not download from here
    nginx = start_nginx(service)
    first, again = ask_for(origin, nginx), ask_for(origin, nginx)
    assert [answer.status for answer in (first, again)] == [422, 422]
    assert [answer.headers["X-Cache"] for answer in (first, again)] == ["MISS", "HIT"]
    assert (first.headers["Cache-Control"], first.headers["ETag"]) == ("public, max-age=3600", None)
    assert asked(service, "GET") == 1


def test_other_problems_are_not_kept(start_service, start_nginx):
    service = start_service()
    nginx = start_nginx(service)
    answers = [nginx.request("GET", "/v1/summaries?sentences=0&url=http://a.example/") for _ in range(2)]
    assert [answer.json()["code"] for answer in answers] == ["out_of_range"] * 2
    assert [answer.headers["Cache-Control"] for answer in answers] == ["no-store"] * 2
    assert asked(service, "GET") == 2


@pytest.mark.concurrency
def test_many_readers_are_one_request(start_service, start_nginx, origin):
    service = start_service("--url-allow-nets", LOOPBACK)
    nginx, answers = start_nginx(service), []
    readers = [threading.Thread(target=lambda: answers.append(ask_for(origin, nginx))) for _ in range(40)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert {answer.status for answer in answers} == {200} and len(answers) == 40
    assert len({answer.body for answer in answers}) == 1
    assert asked(service, "GET") == 1
    assert origin.connections == 1


def test_each_web_origin_has_its_own_kept_answer(start_service, start_nginx, origin):
    sites = ["https://one.example", "https://two.example"]
    service = start_service("--url-allow-nets", LOOPBACK, "--cors-origins", ",".join(sites))
    nginx = start_nginx(service)
    for cache in ("MISS", "HIT"):
        for site in sites:
            answer = ask_for(origin, nginx, Origin=site)
            assert (answer.headers["X-Cache"], answer.headers["Access-Control-Allow-Origin"]) == (cache, site)
            assert answer.headers["Vary"] == "Origin"
    assert asked(service, "GET") == 2


def test_what_a_key_opened_stays_closed_to_others(start_service, start_nginx, origin, tmp_path):
    (tmp_path / "keys").write_text("site:0123456789abcdef\n")
    service = start_service("--url-allow-nets", LOOPBACK, "--api-keys-file", tmp_path / "keys")
    nginx = start_nginx(service)
    for headers in ({"X_API_Key": "0123456789abcdef"}, {"Authorization": "Bearer 0123456789abcdef"}):
        answer = ask_for(origin, nginx, **headers)
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "private, max-age=300")
        assert ask_for(origin, nginx).status == 401
    assert asked(service, "GET") == 4


def test_each_client_has_its_own_rate(start_service, start_nginx):
    nginx = start_nginx(start_service("--rate", "2/h", "--trust-proxies", "127.0.0.1"))

    def statuses(source, **headers):
        out = []
        for _ in range(3):
            connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=60, source_address=(source, 0))
            connection.request("POST", "/v1/summaries", json.dumps({"text": TEXT}), {**JSON, **headers})
            out.append(running.Answer(connection.getresponse()).status)
            connection.close()
        return out

    assert statuses("127.0.0.2") == [200, 200, 429]
    assert statuses("127.0.0.3") == [200, 200, 429]
    # What a client says about itself is not believed.
    assert statuses("127.0.0.3", **{"X-Forwarded-For": "192.0.2.1"}) == [429, 429, 429]
    assert statuses("127.0.0.4", Forwarded="for=192.0.2.1") == [200, 200, 429]
    assert statuses("127.0.0.4", Forwarded="for=192.0.2.2") == [429, 429, 429]


@pytest.mark.concurrency
@pytest.mark.parametrize("shared", [False, True], ids=["alone", "shared"])
@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_an_instance_less_and_no_request_lost(start_service, start_nginx, start_redis, end, shared):
    options = ("--cache-url", start_redis().url) if shared else ()
    instances = [start_service(*options) for _ in range(3)]
    load = running.Load(start_nginx(*instances).port, text=TEXT, cache=shared)
    load.wait_for(200)
    getattr(instances[1], end)()
    load.wait_for(400)
    load.stop()
    assert load.failures == []


def test_slow_clients_never_reach_precis(start_service, start_nginx):
    nginx = start_nginx(start_service("--connections", 8))
    slow = [socket.create_connection(("127.0.0.1", nginx.port)) for _ in range(40)]
    for connection in slow:
        connection.sendall(head(1000) + b'{"text": ')
    assert [nginx.summarize(text=TEXT).status for _ in range(20)] == [200] * 20
    for connection in slow:
        connection.close()
