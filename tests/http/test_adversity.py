"""What the machine may do to the service: signals at any moment, a log that nobody reads, no
descriptors left, a wall clock that jumps, a worker that never returns."""

import fcntl
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time

import pytest

import faults as faults_of
import origin as origins
import service as running

JSON = {"Content-Type": "application/json"}
TEXT = ("The harbour town of Vellmar voted on Sunday to rebuild the wooden lighthouse. "
        "It burned down in January. The work begins in May.")
BODY = json.dumps({"text": TEXT, "cache": False}).encode()


def ask(port, body=BODY):
    return running.exchange(port, "POST", "/v1/summaries", body, JSON)


def environment():
    return {k: v for k, v in os.environ.items() if not k.startswith("PRECIS_")} | running.SANITIZERS


def launch(stderr, *options, through=()):
    """A service whose standard error does not go to a file; waits until it answers."""
    while True:
        port = running.free_port()
        process = subprocess.Popen([*through, running.PROGRAM, "--listen", f"127.0.0.1:{port}", *options],
                                   env=environment(), stderr=stderr, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            try:
                if running.exchange(port, "GET", "/readyz").status == 200:
                    return process, port
            except OSError:
                time.sleep(0.01)
        assert process.returncode == 1, process.returncode  # the port was taken meanwhile


def test_a_full_disk_for_the_log_costs_nothing_else():
    with open("/dev/full", "wb") as full:
        process, port = launch(full)
    assert [ask(port).status for _ in range(50)] == [200] * 50
    process.terminate()
    assert process.wait() == 0


def test_standard_streams_that_are_closed():
    """The next sockets must not get their numbers, or the log would be written into them."""
    process, port = launch(None, "--sandbox", "off", through=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"])
    assert [os.readlink(f"/proc/{process.pid}/fd/{stream}") for stream in range(3)] == ["/dev/null"] * 3
    assert ask(port).status == 200
    process.terminate()
    assert process.wait() == 0


def test_a_log_that_nobody_listens_to_any_more():
    reader, writer = os.pipe()
    process, port = launch(writer)
    os.close(writer)
    os.close(reader)  # from now on each write is SIGPIPE and EPIPE
    assert [ask(port).status for _ in range(50)] == [200] * 50
    process.terminate()
    assert process.wait() == 0


def test_a_log_that_nobody_reads_holds_up_neither_requests_nor_the_end():
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    process, port = launch(writer)
    os.close(writer)
    # More lines than the pipe and the service's own 256 KB hold.
    assert all(ask(port).status == 200 for _ in range(2000))
    process.send_signal(signal.SIGHUP)  # the thread that waits for signals must not wait for the pipe
    process.terminate()
    assert process.wait() == 0
    os.close(reader)


def test_other_signals_do_not_end_it(start_service):
    service = start_service()
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGHUP, signal.SIGWINCH,
                   signal.SIGCHLD, signal.SIGXFSZ):
        service.process.send_signal(number)
        assert service.request("POST", "/v1/summaries", BODY, JSON).status == 200


def started(tmp_path, name):
    log = tmp_path / name
    with open(log, "wb") as file:
        process = subprocess.Popen([running.PROGRAM, "--listen", "127.0.0.1:0"], env=environment(),
                                   stderr=file, stdout=file)
    return process, log


def test_signals_while_it_starts(tmp_path):
    """Until main() has begun, nobody can block a signal; from then on none may do harm."""
    for moment in range(20):
        process, log = started(tmp_path, f"hup{moment}")
        time.sleep(moment * 0.002)
        process.send_signal(signal.SIGHUP)
        while process.poll() is None and "\"started\"" not in log.read_text():
            time.sleep(0.005)
        process.terminate()
        assert process.wait() in (0, -signal.SIGHUP), log.read_text()
        if "\"started\"" in log.read_text():
            assert process.returncode == 0, log.read_text()
    for moment in range(20):
        process, log = started(tmp_path, f"term{moment}")
        time.sleep(moment * 0.002)
        process.terminate()
        assert process.wait() in (0, -signal.SIGTERM), log.read_text()


def test_signals_while_it_stops(start_service):
    """A second SIGTERM, or any other signal, during the drain changes nothing: the answer still
    comes."""
    service = start_service()
    with service.connect() as client:
        client.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY[:20])
        # This request and the one that asks for metrics.
        while "precis_requests_in_flight 2" not in service.request("GET", "/metrics").body.decode():
            time.sleep(0.01)
        service.terminate()
        while not service.events("draining"):
            time.sleep(0.01)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
            service.process.send_signal(number)
        client.sendall(BODY[20:])
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert service.process.wait() == 0


def test_no_descriptor_left(start_service):
    service = start_service("--url-allow-nets", "127.0.0.0/8")
    pid, nowhere = service.process.pid, f"http://127.0.0.1:{running.free_port()}/"
    usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # The next descriptor is one too many for every connection, download and name to look up.
    used = max(map(int, os.listdir(f"/proc/{pid}/fd"))) + 1
    kept = http.client.HTTPConnection("127.0.0.1", service.port)
    kept.request("GET", "/livez")  # accepted before descriptors run out
    assert running.Answer(kept.getresponse()).status == 200
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 1, usual[1]))
    waiting = [service.connect() for _ in range(20)]
    for client in waiting:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    kept.request("POST", "/v1/summaries", json.dumps({"url": nowhere}), JSON)
    assert running.Answer(kept.getresponse()).status in (502, 503)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
    kept.close()  # libmicrohttpd accepts again as soon as a connection has ended
    for client in waiting:  # none of them was lost
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        client.close()
    assert service.request("POST", "/v1/summaries", BODY, JSON).status == 200
    assert service.summarize(url=nowhere).status == 502


def test_idle_clients_leave_descriptors_for_probes(tmp_path):
    """With fewer descriptors than allowed connections, a probe on the admin listener is still
    answered. So are other clients, because the connections idle for longest make room."""
    port, admin = running.free_port(), running.free_port()
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(["sh", "-c", 'ulimit -n 80 && exec "$@"', "sh", running.PROGRAM, "--listen", f"127.0.0.1:{port}",
                                    "--admin-listen", f"127.0.0.1:{admin}", "--deadline-ms", "600000"], env=environment(), stderr=log)

    def answers():
        try:
            return running.exchange(admin, "GET", "/readyz").status == 200
        except ConnectionError:
            assert process.poll() is None
            return False
    running.wait_until(answers)
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    running.wait_until(lambda: b"\nprecis_connections 41\n" in running.exchange(admin, "GET", "/metrics").body)
    for path in ("/livez", "/readyz", "/metrics"):
        assert running.exchange(admin, "GET", path).status == 200
    assert ask(port).status == 200
    for client in idle:
        client.close()
    process.terminate()
    assert process.wait() == 0


@pytest.mark.faults
def test_a_wall_clock_that_jumps(start_service, tmp_path):
    faults = faults_of.Faults(tmp_path)
    service = start_service("--rate", "1000/h", env=faults.env)
    for years in (0, 20, -20, 0, 5):
        faults.clock_offset_s = years * 365 * 86400
        answer = service.summarize(text=TEXT)
        assert answer.status == 200, answer
        assert 0 <= float(answer.headers["RateLimit"].split("t=")[1].split(";")[0]) <= 3600
        for stage in answer.headers.get("Server-Timing", "").split(","):
            if "dur=" in stage:
                assert 0 <= float(stage.split("dur=")[1].split(";")[0]) < 60000, stage
    assert service.request("GET", "/readyz").status == 200


@pytest.mark.faults
def test_a_stuck_worker_is_told_by_readyz(start_service, tmp_path):
    faults = faults_of.Faults(tmp_path)
    service = start_service("--workers", "1", "--deadline-ms", "1000", env=faults.env)
    assert service.request("GET", "/readyz").status == 200
    faults.stuck = 1
    answers = []
    client = threading.Thread(target=lambda: answers.append(ask(service.port)))
    client.start()
    while faults.waiting == 0:
        time.sleep(0.01)
    while (answer := service.request("GET", "/readyz")).status == 200:
        time.sleep(0.01)
    assert (answer.status, answer.json()["code"]) == (503, "not_ready")
    assert service.request("GET", "/livez").status == 200  # a restart would lose answers that it can still give
    assert "precis_ready 0" in service.request("GET", "/metrics").body.decode()
    client.join()  # answered although its worker is stuck
    if answers[0].status == 504:
        assert answers[0].json()["limit"] == 1000 <= answers[0].json()["actual"]
    assert answers[0].status in (503, 504)
    faults.stuck = 0
    while service.request("GET", "/readyz").status != 200:
        time.sleep(0.01)
    service.still_works()


@pytest.mark.faults
def test_pages_that_wait_for_a_worker_are_within_the_limit(start_service, tmp_path, monkeypatch):
    """If all workers are busy for long, pages downloaded meanwhile are held, and counted."""
    gate, ended = threading.Semaphore(0), threading.Semaphore(0)

    def gated(connection, request):
        gate.acquire()
        try:
            connection.sendall(origins.page(origins.PAGE + b" " * 400_000))
            while connection.recv(4096):
                pass
        finally:
            ended.release()  # the service has read all that it wants, and closed

    monkeypatch.setitem(origins.BEHAVIOURS, "gated", gated)
    origin, faults = origins.Origin(), faults_of.Faults(tmp_path)
    service = start_service("--workers", "1", "--max-inflight", "1M", "--deadline-ms", "600000", "--url-timeout-ms",
                            "600000", "--url-allow-nets", running.LOOPBACK, env=faults.env)
    answers = []
    clients = [threading.Thread(target=lambda: answers.append(service.summarize(url=origin.url("gated"), cache=False)))
               for _ in range(4)]
    for client in clients:
        client.start()
    while len(origin.requests) < len(clients):
        time.sleep(0.01)
    faults.stuck = 1
    clients.append(threading.Thread(target=lambda: ask(service.port)))
    clients[-1].start()
    while faults.waiting == 0:
        time.sleep(0.01)
    for _ in clients[:-1]:  # one after the other: together they would be too many anyway
        gate.release()
        ended.acquire()
    faults.stuck = 0
    for client in clients:
        client.join()
    origin.close()
    assert sorted(answer.status for answer in answers) == [200, 200, 503, 503]  # each takes half a megabyte
    refused = [answer.json() for answer in answers if answer.status == 503]
    assert all(problem["code"] == "overloaded" for problem in refused)
    assert all(problem["limit"] == 1 << 20 < problem["actual"] for problem in refused)
    service.still_works()


@pytest.mark.faults
def test_a_connection_accepted_right_at_the_end_is_served(start_service, tmp_path):
    """The kernel gave it to an I/O thread, which then lost its core: nobody else knows of it yet."""
    faults = faults_of.Faults(tmp_path)
    service = start_service("--io-threads", "2", env=faults.env)
    faults.hold_accepted = 1
    answers = []
    client = threading.Thread(target=lambda: answers.append(ask(service.port)))
    client.start()
    while faults.holding == 0:
        time.sleep(0.01)
    service.terminate()
    while not service.events("draining"):
        time.sleep(0.01)
    time.sleep(0.5)  # a drain that does not see the connection is over by then
    stopped = service.events("stopped")
    faults.hold_accepted = 0
    client.join()
    assert not stopped
    assert answers[0].status == 200
    assert service.process.wait() == 0
    assert [line["status"] for line in service.events("request")][-1] == 200


@pytest.mark.parametrize("held_up_by", ["the client", "a download"])
def test_a_batch_that_does_not_end_does_not_crash_the_end(start_service, held_up_by):
    """libmicrohttpd ends the process when it is stopped while a connection is still suspended."""
    origin = origins.Origin()
    service = start_service("--drain-ms", "100", "--deadline-ms", "600000", "--url-timeout-ms", "600000",
                            "--url-allow-nets", running.LOOPBACK)
    with service.connect(timeout=1) as client:
        client.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
                       b"Connection: close\r\nContent-Length: 1000000000\r\n\r\n")
        if held_up_by == "the client":
            line = json.dumps({"text": 1000 * TEXT, "include": ["text"]}).encode() + b"\n"
            with pytest.raises(TimeoutError):  # it reads no answer, so no more lines are taken
                client.sendall(1000 * line)
        else:
            line = json.dumps({"url": origin.url("silent"), "cache": False}).encode() + b"\n"
            with pytest.raises(TimeoutError):
                client.sendall(1_000_000 * line)
        service.terminate()
        assert service.process.wait() == 0, service.log[-2000:]
        assert service.events("stopped")[-1]["given_up"] == 1
    origin.close()


def test_lines_that_are_not_answered_in_time_are_told_so(start_service):
    """The lines under way are told one by one, and those that would follow all at once; earlier
    answers stay."""
    origin = origins.Origin()
    service = start_service("--drain-ms", "100", "--deadline-ms", "600000", "--url-timeout-ms", "600000",
                            "--url-allow-nets", running.LOOPBACK, "--workers", "2")
    done = json.dumps({"text": TEXT, "sentences": 1}).encode() + b"\n"
    lines = done + b"".join(json.dumps({"url": origin.url("silent"), "id": str(i)}).encode() + b"\n" for i in range(3))
    with service.connect(timeout=600) as client:
        client.sendall(b"POST /v1/summaries HTTP/1.0\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
                       b"Content-Length: 1000000000\r\n\r\n" + lines + b'{"text": "Half a li')
        stream = client.makefile("rb")
        while stream.readline() != b"\r\n":
            pass
        first = json.loads(stream.readline())
        service.terminate()
        rest = [json.loads(row) for row in stream.read().splitlines()]
    assert first["summary"]
    assert [(row["code"], row["line"]) for row in rest] == [("not_ready", line) for line in (2, 3, 4, 5)]
    assert service.process.wait() == 0, service.log[-2000:]
    origin.close()


@pytest.mark.faults
def test_more_connections_at_the_end_than_there_may_be_are_served(start_service, tmp_path):
    """They wait in the kernel and then for their turn, because libmicrohttpd 0.9.75 must not take
    several at once."""
    for io_threads in (1, 2):
        faults = faults_of.Faults(tmp_path)
        service = start_service("--connections", 2, "--io-threads", io_threads, env=faults.env)
        faults.hold_accepted = 1
        clients = [service.connect(timeout=600) for _ in range(8)]
        for client in clients:
            client.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
        running.wait_until(lambda: faults.holding == io_threads)
        service.terminate()
        running.wait_until(lambda: faults.holding == io_threads + 1)  # the drain takes the rest
        faults.hold_accepted = 0
        answers = [client.makefile("rb").readline() for client in clients]
        assert answers == [b"HTTP/1.1 200 OK\r\n"] * len(clients)
        assert service.process.wait() == 0


def test_sigterm_under_load_answers_all_that_it_accepted(start_service, tmp_path):
    """Counted at both ends; tests/soak/sigterm does the same a thousand times."""
    for _ in range(5):
        service = start_service()
        load = running.Load(service.port, clients=4, text=TEXT, cache=False)
        load.wait_for(50)
        service.terminate()
        assert service.process.wait() == 0
        load.stop()
        said = [line for line in service.events("request") if line["route"] == "/v1/summaries"]
        # A connection that was refused, or closed before a byte was read, was never accepted.
        got = load.answered - len(load.failures)
        assert got == len([line for line in said if line["status"] == 200])
