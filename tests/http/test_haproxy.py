"""deploy/haproxy.cfg in front of the program; only addresses are changed."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

import service as running

HAPROXY = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
JSON = {"Content-Type": "application/json"}
BODY = json.dumps({"text": "The harbour opens again. Ferries run every hour until midnight."}).encode()
SERVER = "server one 127.0.0.1:8080"

pytestmark = pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")


@pytest.fixture
def start_haproxy(tmp_path):
    started = []

    def start(*instances, probes=None):
        """`probes`: the port of the instances' probes, for the file's line about separate ports."""
        port = running.free_port()
        text = (running.ROOT / "deploy/haproxy.cfg").read_text()
        assert text.count("bind :80\n") == 1
        text = text.replace("bind :80\n", f"bind 127.0.0.1:{port}\n")
        plain, = re.findall(rf"^\t{SERVER} check inter.*$", text, re.M)
        apart, = re.findall(rf"^\t#{SERVER} check port 9080 inter.*$", text, re.M)
        assert apart.replace("#", "").replace(" port 9080", "") == plain
        line = plain if probes is None else apart.replace("#", "").replace("9080", str(probes))
        lines = [line.replace(SERVER, f"server i{i.port} 127.0.0.1:{i.port}") for i in instances]
        (tmp_path / "haproxy.cfg").write_text(text.replace(plain, "\n".join(lines)))
        with open(tmp_path / "haproxy.log", "wb") as log:
            process = subprocess.Popen([HAPROXY, "-db", "-f", tmp_path / "haproxy.cfg"], stderr=log, stdout=log)
        started.append(process)
        while True:
            assert process.poll() is None, (tmp_path / "haproxy.log").read_text()
            try:
                running.exchange(port, "GET", "/")
                return port
            except OSError:
                time.sleep(0.02)

    yield start
    for process in started:
        process.terminate()
        process.wait()


def test_same_answer_as_without_proxy(service, start_haproxy):
    port = start_haproxy(service)
    through = running.exchange(port, "POST", "/v1/summaries", BODY, JSON)
    direct = service.request("POST", "/v1/summaries", BODY, JSON)
    assert (through.status, through.body) == (200, direct.body)
    assert through.headers["X-Request-Id"]
    for path in ("/livez", "/readyz", "/metrics", "http://x/metrics", "http://x/v1/../metrics"):
        assert running.exchange(port, "GET", path).status == 404


def test_each_client_has_its_own_rate(start_service, start_haproxy):
    port = start_haproxy(start_service("--rate", "2/h", "--trust-proxies", "127.0.0.1"))

    def statuses(source, **headers):
        out = []
        for _ in range(3):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(source, 0))
            connection.request("POST", "/v1/summaries", BODY, {**JSON, **headers})
            out.append(running.Answer(connection.getresponse()).status)
            connection.close()
        return out

    assert statuses("127.0.0.2") == [200, 200, 429]
    assert statuses("127.0.0.3") == [200, 200, 429]
    # What a client says about itself is not believed.
    assert statuses("127.0.0.3", **{"X-Forwarded-For": "192.0.2.1"}) == [429, 429, 429]
    assert statuses("127.0.0.4", Forwarded="for=192.0.2.1") == [200, 200, 429]
    assert statuses("127.0.0.4", Forwarded="for=192.0.2.2") == [429, 429, 429]


def test_the_button_and_the_page_are_served(service, start_haproxy):
    port = start_haproxy(service)
    for path in running.files_of(service):
        through, direct = running.exchange(port, "GET", path), service.request("GET", path)
        assert (through.status, through.body) == (200, direct.body), path
        assert through.headers["Content-Type"] == direct.headers["Content-Type"]


def test_batches_pass_line_by_line(service, start_haproxy):
    """Each line is sent when the one before has been answered."""
    with socket.create_connection(("127.0.0.1", start_haproxy(service)), timeout=60) as connection:
        connection.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n")
        answer = b""
        for i in range(5):
            line = json.dumps({"id": f"line-{i}", "text": "One. Two."}).encode() + b"\n"
            connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            while f"line-{i}".encode() not in answer:
                piece = connection.recv(65536)
                assert piece, answer
                answer += piece


def test_long_batches_pass(start_service, start_haproxy):
    line = json.dumps({"text": "It passes. " * 500, "sentences": 1, "cache": False}).encode() + b"\n"
    answer = running.exchange(start_haproxy(start_service("--queue", 100000)), "POST", "/v1/summaries", line * 3000,
                              {"Content-Type": "application/x-ndjson"})
    assert answer.status == 200 and answer.body.count(b'"summary"') == 3000


def test_slow_clients_never_reach_precis(start_service, start_haproxy):
    port = start_haproxy(start_service("--connections", 8))
    head = b"POST /v1/summaries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
    for connection in slow:
        connection.sendall(head + b'{"text": ')
    assert [running.exchange(port, "POST", "/v1/summaries", BODY, JSON).status for _ in range(20)] == [200] * 20
    for connection in slow:
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")
        connection.close()


def test_probes_on_a_port_of_their_own(start_service, start_haproxy):
    """As in precis.socket. HAProxy takes an instance for alive until its first checks fail."""
    admin = running.free_port()
    instance = start_service("--admin-listen", f"127.0.0.1:{admin}", ready_port=admin)

    def probed():
        lines = running.exchange(admin, "GET", "/metrics").body.decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith('precis_requests_total{route="/readyz"'))

    before = probed()
    port = start_haproxy(instance, probes=admin)
    while probed() < before + 3:
        assert running.exchange(port, "POST", "/v1/summaries", BODY, JSON).status == 200


@pytest.mark.concurrency
@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_an_instance_less_and_no_request_lost(start_service, start_haproxy, end):
    instances = [start_service() for _ in range(3)]
    port, failures, stop, answered = start_haproxy(*instances), [], threading.Event(), []

    def client():
        while not stop.is_set():
            try:
                answer = running.exchange(port, "POST", "/v1/summaries", BODY, JSON)
                if answer.status != 200:
                    failures.append((answer.status, answer.body[:300]))
            except OSError as error:
                failures.append(repr(error))
            answered.append(1)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    while len(answered) < 200:
        time.sleep(0.01)
    getattr(instances[1], end)()
    while len(answered) < 800:
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
