"""The real program on a free loopback port, with helpers for tests."""

import http.client
import inspect
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import contract

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("PRECIS_PROGRAM", ROOT / "build/server/precis")).resolve()
REPORT = re.compile(r"ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|: runtime error: |SUMMARY: \w+Sanitizer"
                    r"|Assertion .* failed")
TRIES = 30_000  # five minutes or more: only what never comes fails, and nothing is timed
LOOPBACK = "127.0.0.0/8,::1/128"  # for --url-allow-nets: the origins of the tests
SANITIZERS = {
    "ASAN_OPTIONS": "exitcode=77:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": f"exitcode=78:suppressions={ROOT}/tests/tsan.supp",
}


def free_port():
    """A port that nobody listens on. Somebody may still take it, so those who start servers try
    again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition):
    """Wait for something that another process does in its own time."""
    for _ in range(TRIES):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"waited in vain: {inspect.getsource(condition).strip()}")


def raw(port, *parts, pause=0.0, timeout=60.0):
    """Send bytes exactly as given, `pause` seconds between parts; returns all that comes until the
    close."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        for i, part in enumerate(parts):
            if i > 0:
                time.sleep(pause)
            try:
                connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                break  # refused in the middle of the request: the answer can still be read
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


class Answer:
    """Status, headers (by any case of their name) and body of one answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:200]!r}>"


def exchange(port, method, path, body=None, headers=None, timeout=60.0):
    """Send one request on its own connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def files_of(service):
    """The paths of the button, of the demo page and of all that the page loads."""
    page = service.request("GET", "/").body.decode()
    loaded = re.findall(r'(?:href|src)="(page-[^"]*|openapi\.json)"', page)
    assert len(loaded) == 3
    button = service.request("GET", "/v1/info").json()["button"]["path"]
    return ["/", "/button.js", button, *(f"/{path}" for path in loaded)]


class Load:
    """Clients that use a new connection for each request, until told to stop; every failure is
    kept."""

    def __init__(self, port, clients=8, headers=None, **fields):
        self.port, self.stopping = port, threading.Event()
        self.headers = {"Content-Type": "application/json", **(headers or {})}
        self.body = json.dumps(fields).encode()
        self.answered, self.failures = 0, []
        self.threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        while not self.stopping.is_set():
            try:
                answer = exchange(self.port, "POST", "/v1/summaries", self.body, self.headers)
                if answer.status != 200:
                    self.failures.append((answer.status, answer.body[:300]))
            except OSError as error:
                self.failures.append(repr(error))
            self.answered += 1

    def wait_for(self, answers):
        target = self.answered + answers
        while self.answered < target:
            time.sleep(0.01)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class Service:
    """One running precis. `log` is what it wrote to standard error."""

    def __init__(self, folder, *options, env=None, ready_port=None):
        self.folder = Path(folder)
        self.options = [str(option) for option in options]
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("PRECIS_")}
        self.env.update({k: os.environ.get(k, v) for k, v in SANITIZERS.items()})
        self.env.update(env or {})
        self.killed = False
        self.ready_port = ready_port  # port of the admin listener, if there is one
        for _ in range(20):
            self.port = free_port()
            if self._start():
                return
        raise RuntimeError("no free port in 20 tries")

    def _start(self):
        """Wait for /readyz. False: the port was taken meanwhile."""
        self.log_path = self.folder / f"precis-{self.port}.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--listen", f"127.0.0.1:{self.port}", *self.options],
                cwd=self.folder, env=self.env, stderr=log, stdout=log)
        while self.process.poll() is None:
            try:
                if exchange(self.ready_port or self.port, "GET", "/readyz").status == 200:
                    return True
            except OSError:
                pass
            time.sleep(0.01)
        if "Address already in use" in self.log:
            return False
        raise RuntimeError(f"precis did not start, exit {self.process.returncode}:\n{self.log}")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def events(self, name=None):
        """The log's JSON lines, or those of one event."""
        lines = [json.loads(line) for line in self.log.split("\n")[:-1] if line.startswith("{")]
        return [line for line in lines if name in (None, line["event"])]

    def request(self, method, path, body=None, headers=None, timeout=60.0):
        answer = exchange(self.port, method, path, body, headers, timeout)
        contract.check(method, path, answer.status, answer.headers, answer.body)
        return answer

    def summarize(self, **fields):
        """POST /v1/summaries with these fields as JSON."""
        return self.request("POST", "/v1/summaries", json.dumps(fields).encode(),
                            {"Content-Type": "application/json"})

    def still_works(self):
        """Get a summary, trying again: a starved machine may miss a short --deadline-ms several
        times."""
        while True:
            try:
                answer = self.summarize(text="It still works. It really does.")
            except OSError:
                assert self.process.poll() is None, self.log
                continue
            if answer.status not in (408, 504):
                break
        assert answer.status == 200, answer

    def figures(self):
        """The samples of /metrics: name and labels to value."""
        lines = self.request("GET", "/metrics").body.decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    def raw(self, *parts, pause=0.0, timeout=60.0):
        return raw(self.port, *parts, pause=pause, timeout=timeout)

    def connect(self, timeout=60.0):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def terminate(self):
        """Begin the drain and return at once."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self):
        """End it as a crash would; stop() then forgives the exit status."""
        self.killed = True
        self.process.kill()

    def start_again(self):
        """Start again on the same port, after it has ended."""
        self.process.wait()
        if not self._start():
            raise RuntimeError(f"somebody took port {self.port}")

    def stop(self):
        """Drain and check that it ended well: exit 0 and no report of a sanitizer."""
        if self.process.poll() is None:
            self.terminate()
        code = self.process.wait()
        report = REPORT.search(self.log)
        assert report is None, f"{self.log_path}:\n{self.log[report.start():][:20000]}"
        assert code == 0 or self.killed, f"exit {code}:\n{self.log[-20000:]}"
