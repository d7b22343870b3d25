"""deploy/nginx.conf in front of the program: the file as it is, but for addresses and rate."""

import json
import os
import re
import shutil
import socket
import subprocess
import time

import pytest

import service as running

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
JSON = {"Content-Type": "application/json"}
TEXT = ("The harbour opens again on Monday. Ferries will run every hour until midnight. "
        "The city paid for the new pier. Fishermen had asked for it since the storm of 1987.")

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


def head(body_len):
    return (f"POST /v1/summaries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {body_len}\r\n\r\n").encode()


def replace_once(pattern, replacement, text):
    changed, count = re.subn(pattern, replacement, text, flags=re.M)
    assert count == 1, f"{pattern} stands {count} times in deploy/nginx.conf"
    return changed


class Nginx:
    """A real nginx with the example configuration on a free port."""

    def __init__(self, folder, instances, rate):
        self.folder = folder
        self.port = running.free_port()
        site = (running.ROOT / "deploy/nginx.conf").read_text()
        site = replace_once(r"listen 80;", f"listen 127.0.0.1:{self.port};", site)
        servers = "".join(f"server 127.0.0.1:{i.port}\\1;" for i in instances)
        site = replace_once(r"server 127\.0\.0\.1:8080( [^;]*);", servers, site)
        site = replace_once(r"rate=10r/s", f"rate={rate}r/s", site)
        (folder / "site.conf").write_text(site)
        user = "user root;" if os.getuid() == 0 else ""
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"{user} daemon off; pid {folder}/nginx.pid; worker_processes 2;\n"
            f"events {{ worker_connections 1024; }}\n"
            f"http {{ access_log off; {temporary} include {folder}/site.conf; }}\n")
        self.command = [NGINX, "-p", str(folder), "-e", str(folder / "error.log"),
                        "-c", str(folder / "nginx.conf")]
        self.process = subprocess.Popen(self.command)
        while self.process.poll() is None:
            try:
                running.exchange(self.port, "GET", "/")
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError((folder / "error.log").read_text())

    def request(self, method, path, body=None, headers=None):
        return running.exchange(self.port, method, path, body, headers)

    def summarize(self, **fields):
        return self.request("POST", "/v1/summaries", json.dumps(fields).encode(), JSON)

    def stop(self):
        self.process.terminate()
        self.process.wait()


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


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/", "/v2/summaries"])
def test_probes_stay_inside(service, start_nginx, path):
    assert start_nginx(service).request("GET", path).status == 404


def test_info_and_problems_pass(service, start_nginx):
    nginx = start_nginx(service)
    assert nginx.request("GET", "/v1/info").json()["version"]
    problem = nginx.summarize(text=TEXT, sentences=0)
    assert (problem.status, problem.json()["pointer"]) == (422, "/sentences")


def test_too_many_requests(service, start_nginx):
    nginx = start_nginx(service, rate=1)
    answers = [nginx.summarize(text=TEXT) for _ in range(60)]
    refused = [answer for answer in answers if answer.status != 200]
    assert 41 <= len(answers) - len(refused) < 60
    for answer in refused:
        assert answer.status == 429
        assert answer.json()["code"] == "rate_limited"
        assert answer.headers["Retry-After"] == "1"


def test_no_instance_left(start_service, start_nginx):
    instance = start_service()
    nginx = start_nginx(instance)
    instance.stop()
    answer = nginx.summarize(text=TEXT)
    assert (answer.status, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.concurrency
@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_an_instance_less_and_no_request_lost(start_service, start_nginx, end):
    instances = [start_service() for _ in range(3)]
    load = running.Load(start_nginx(*instances).port, text=TEXT)
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
