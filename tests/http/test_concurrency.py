"""Many clients at once: no failure, the same bytes on one worker or sixteen, nothing lost at the end."""

import hashlib
import http.client
import json
import os
import socket
import threading
import time

import pytest

import service as running

pytestmark = pytest.mark.concurrency
JSON = {"Content-Type": "application/json"}
CLIENTS = 64
PATIENT = ("--queue-wait-ms", 0)
# For instrumented programs, PRECIS_REQUESTS sets a smaller number.
REQUESTS = int(os.environ.get("PRECIS_REQUESTS", 10000))


def article(number):
    """Articles that differ in words, length and script (two)."""
    places = ["harbour", "market", "library", "station", "river", "castle", "school"]
    lines = [f"The {places[(number + i) % 7]} had {number * 31 % 97 + i} visitors on day {i}. "
             f"Nobody at the {places[(number * i) % 7]} knew why!" for i in range(3 + number % 20)]
    if number % 5 == 0:
        lines.append("東京の図書館は今日も開いています。多くの人が本を読みに来ました。")
    return "\n\n".join(lines)


# Half of them may be answered from the cache, half may not.
BODIES = [json.dumps({"text": article(n), "sentences": 1 + n % 4, "cache": n % 2 == 0,
                      "include": ["keywords", "sentences"]}).encode() for n in range(40)]


def run_clients(service, count):
    """`count` requests over CLIENTS kept connections: digest of the answers by body, and failures."""
    digests, failures, lock = {}, [], threading.Lock()

    def client(first):
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=600)
        for number in range(first, count, CLIENTS):
            which = number % len(BODIES)
            try:
                connection.request("POST", "/v1/summaries", BODIES[which], JSON)
                response = connection.getresponse()
                body = response.read()
            except OSError as error:
                failures.append(error)
                return
            with lock:
                if response.status != 200:
                    failures.append((response.status, body[:300]))
                digests.setdefault(which, set()).add(hashlib.sha256(body).hexdigest())
        connection.close()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return digests, failures


def test_same_bytes_with_one_and_sixteen_workers(start_service):
    alone, failures = run_clients(start_service("--workers", 1, *PATIENT), len(BODIES))
    assert failures == []
    crowd, failures = run_clients(start_service("--workers", 16, "--io-threads", 4, *PATIENT), REQUESTS)
    assert failures == []
    assert all(len(answers) == 1 for answers in crowd.values())
    assert crowd == alone


class Crowd:
    """Clients that each request their own large article again and again, until they have seen
    enough."""

    def __init__(self, service, clients):
        self.service, self.enough, self.answers = service, threading.Event(), []
        self.threads = [threading.Thread(target=self.ask, args=(n,)) for n in range(clients)]
        for thread in self.threads:
            thread.start()

    def ask(self, number):
        body = json.dumps({"text": article(20 * number + 19) * 50, "cache": False}).encode()
        while not self.enough.is_set():
            self.answers.append(self.service.request("POST", "/v1/summaries", body, JSON, timeout=600))

    def leave(self):
        self.enough.set()
        for thread in self.threads:
            thread.join()


def test_a_full_queue_refuses_at_once(start_service):
    service = start_service("--workers", 1, "--queue", 1, "--deadline-ms", 600000)
    crowd = Crowd(service, 24)
    while {answer.status for answer in list(crowd.answers)} < {200, 503}:
        time.sleep(0.01)
    crowd.leave()
    assert {answer.status for answer in crowd.answers} == {200, 503}
    for answer in crowd.answers:
        if answer.status == 503:
            assert answer.json()["code"] == "queue_full"
            assert int(answer.headers["Retry-After"]) >= 1


def test_who_would_wait_too_long_is_refused_once_the_queue_stays_long(start_service):
    service = start_service("--workers", 1, "--queue-wait-ms", 1, "--deadline-ms", 600000)
    crowd = Crowd(service, 16)
    while not [answer for answer in crowd.answers if answer.status != 200]:
        time.sleep(0.01)
    crowd.leave()
    refused = [answer for answer in crowd.answers if answer.status != 200]
    for answer in refused:
        problem = answer.json()
        assert (answer.status, problem["code"], problem["limit"]) == (503, "overloaded", 1)
        assert problem["actual"] >= 1 and int(answer.headers["Retry-After"]) >= 1
    assert f'code="overloaded"}} {len(refused)}' in service.request("GET", "/metrics").body.decode()
    # With nobody in front there is no wait, however long it was before.
    assert service.summarize(text=article(1), cache=False).status == 200


def test_without_a_bound_of_the_wait_only_a_full_queue_refuses(start_service):
    service = start_service("--workers", 1, *PATIENT, "--deadline-ms", 600000)
    crowd, begun = Crowd(service, 16), time.monotonic()
    # Longer than it takes until an overload is recognized.
    while time.monotonic() < begun + 1.5 or len(crowd.answers) < 100:
        time.sleep(0.01)
    crowd.leave()
    assert {answer.status for answer in crowd.answers} == {200}


def test_clients_that_leave_do_no_harm(start_service):
    service = start_service("--workers", 2)
    large = json.dumps({"text": article(3) * 500}).encode()
    head = (f"POST /v1/summaries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(large)}\r\n\r\n").encode()
    for cut in (0, 10, len(head), len(head) + 100, len(head) + len(large)):
        leavers = []
        for _ in range(20):
            connection = service.connect()
            connection.sendall((head + large)[:cut])
            leavers.append(connection)
        for connection in leavers:
            connection.close()
    assert service.summarize(text=article(2)).status == 200


def test_every_accepted_request_is_answered_on_sigterm(start_service):
    service = start_service("--workers", 2)
    body = json.dumps({"text": article(7) * 100}).encode()
    request = (f"POST /v1/summaries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    idle = service.connect()
    idle.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    assert idle.recv(65536).startswith(b"HTTP/1.1 200")
    clients = [service.connect(timeout=600) for _ in range(32)]
    for client in clients:
        client.sendall(request)
    # An answered later request shows that these were read, because connections are served in turn.
    assert service.request("GET", "/livez").status == 200
    service.terminate()
    answers = []
    for client in clients:
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        client.close()
        # An answer, or nothing at all if the request was not accepted before the drain.
        assert answer == b"" or answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503")), answer[:300]
        answers += [answer] if answer else []
        if answer.startswith(b"HTTP/1.1 200"):
            payload = answer.partition(b"\r\n\r\n")[2]
            assert json.loads(payload)["sentences"]
    assert service.process.wait() == 0
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", service.port), timeout=1)
    idle.close()
    accepted = [event for event in service.events("request") if event["route"] == "/v1/summaries"]
    assert all(event["status"] in (200, 503) for event in accepted)
    assert len(answers) == len(accepted) > 0


def test_repeated_starts_and_stops_under_load(start_service):
    for _ in range(5):
        service = start_service("--workers", 2)
        stop = threading.Event()

        def client():
            while not stop.is_set():
                try:
                    assert service.summarize(text=article(4)).status in (200, 503)
                except (OSError, http.client.HTTPException):
                    return  # the service has gone

        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        while len(service.events("request")) < 50:
            assert service.process.poll() is None
        service.stop()
        stop.set()
        for thread in threads:
            thread.join()
