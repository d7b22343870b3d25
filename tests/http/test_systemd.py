"""A supervisor that speaks systemd's protocols: readiness, sockets handed over, reload, upgrade under load."""

import errno
import fcntl
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

import service as running

JSON = {"Content-Type": "application/json"}
UNIT = pathlib.Path(__file__).parents[2] / "deploy/precis.service.in"
TEXT = "A sentence to summarize. And a second one."
BODY = json.dumps({"text": TEXT}).encode()


@pytest.fixture
def notify(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(60)
        yield receiver


def heard(receiver):
    return receiver.recv(4096).decode().split("\n")


def wait_for_event(service, name, count=1):
    while len(service.events(name)) < count:
        time.sleep(0.01)


def test_states_are_told(start_service, notify, tmp_path):
    service = start_service(env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
    assert heard(notify) == ["READY=1"]
    service.process.send_signal(signal.SIGHUP)
    reloading = heard(notify)
    assert reloading[0] == "RELOADING=1" and reloading[1].startswith("MONOTONIC_USEC=")
    assert heard(notify) == ["READY=1"]
    service.stop()
    assert heard(notify) == ["STOPPING=1"]


def test_sighup_takes_limits_from_the_file(start_service, tmp_path):
    file = tmp_path / "precis.conf"
    file.write_text("rate = 2/h\nqueue = 7\n")
    service = start_service("--config", file)
    assert [service.request("POST", "/v1/summaries", BODY, JSON).status for _ in range(3)] == [200, 200, 429]
    file.write_text("rate = 100000/s\nlog-level = debug\nqueue = 8\n")
    service.process.send_signal(signal.SIGHUP)
    wait_for_event(service, "reloaded")
    assert service.events("restart_needed")[0]["options"] == "queue"
    assert service.request("POST", "/v1/summaries", BODY, JSON).status == 200
    file.write_text("rate = often\n")
    service.process.send_signal(signal.SIGHUP)
    wait_for_event(service, "config_refused")
    assert service.events("config_refused")[0]["why"] == (
        f"{file}, line 1: rate: 'often' is not allowed; it takes a number per s, m or h, such as 60/m")
    file.write_text("quue = 7\nqueue\n")
    service.process.send_signal(signal.SIGHUP)
    wait_for_event(service, "config_refused", 2)
    assert service.events("config_refused")[1]["why"] == (
        f"{file}, line 1: unknown name; --help lists them, here without the dashes; "
        f"{file}, line 2: 'name = value' is expected")
    assert service.request("POST", "/v1/summaries", BODY, JSON).status == 200


def systemctl_reload(service, file):
    """Run the unit's commands one after the other, until one fails."""
    for line in UNIT.read_text().splitlines():
        name, _, command = line.partition("=")
        words = command.replace("@BINDIR@/precis", str(running.PROGRAM)).replace("@CONFIG@", str(file)) \
            .replace("$MAINPID", str(service.process.pid)).split()
        if name == "ExecReload" and subprocess.run(words, env=service.env, stdout=subprocess.PIPE).returncode != 0:
            return False
    return True


def test_a_reload_that_is_refused_fails(start_service, tmp_path):
    """`systemctl reload` reports the actual outcome."""
    file, keys = tmp_path / "precis.conf", tmp_path / "keys"
    file.write_text("rate = 2/h\n")
    service = start_service("--config", file)
    for refused in ("rate = often\n", f"api-keys-file = {keys}\n"):
        keys.write_text("a key without a name\n")
        file.write_text(refused)
        assert not systemctl_reload(service, file)
    file.write_text("rate = 3/h\n")
    assert systemctl_reload(service, file)
    wait_for_event(service, "reloaded")
    assert service.request("POST", "/v1/summaries", BODY, JSON).headers["RateLimit-Policy"].startswith('"client";q=3;')


@pytest.mark.concurrency
def test_reloads_under_load_lose_nothing(start_service, tmp_path):
    """Keys are replaced and limits change, while requests with a key that stays keep coming."""
    keys, file = tmp_path / "keys", tmp_path / "precis.conf"
    stays = "site:0123456789abcdef\n"
    keys.write_text(stays)
    file.write_text(f"api-keys-file = {keys}\n")
    service = start_service("--config", file)
    load = running.Load(service.port, headers={"X-API-Key": "0123456789abcdef"}, text=TEXT, cache=False)
    load.wait_for(100)
    for turn in range(1, 11):
        keys.write_text(f"next:another-key-number-{turn}\n" + stays)
        file.write_text(f"api-keys-file = {keys}\nrate = {100000 + turn}/s\nlog-level = {'info' if turn % 2 else 'warn'}\n")
        service.process.send_signal(signal.SIGHUP)
        new = {**JSON, "X-API-Key": f"another-key-number-{turn}"}
        while service.request("POST", "/v1/summaries", BODY, new).status != 200:
            time.sleep(0.01)
        load.wait_for(20)
    load.stop()
    assert load.failures == []


class Instance:
    """A precis that got its sockets as descriptors from 3 on, as from systemd."""

    def __init__(self, folder, name, *sockets, options=()):
        self.log_path = folder / f"{name}.log"
        env = {k: v for k, v in os.environ.items() if not k.startswith("PRECIS_")} | running.SANITIZERS
        # The shell has the process id that precis will have.
        self.log_file = open(self.log_path, "wb")
        moves = " ".join(f"{3 + i}<&{s.fileno()}" for i, s in enumerate(sockets))
        command = f'exec {moves}; LISTEN_PID=$$ LISTEN_FDS={len(sockets)} exec "$0" "$@"'
        self.process = subprocess.Popen(["bash", "-c", command, running.PROGRAM, *options], env=env, cwd=folder,
                                        pass_fds=[s.fileno() for s in sockets],
                                        stderr=self.log_file, stdout=self.log_file)
        while "\"started\"" not in self.log_path.read_text():
            assert self.process.poll() is None, self.log_path.read_text()
            time.sleep(0.01)

    def events(self, name):
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [line for line in lines if line["event"] == name]

    def stop(self):
        self.process.terminate()
        code = self.process.wait()
        self.log_file.close()
        log = self.log_path.read_text()
        assert code == 0 and running.REPORT.search(log) is None, log


def listener():
    """Numbers above those to which the shell moves it."""
    made = socket.create_server(("127.0.0.1", 0), backlog=4096)
    high = socket.socket(fileno=fcntl.fcntl(made.fileno(), fcntl.F_DUPFD, 50))
    made.close()
    return high


def test_sockets_are_handed_over(tmp_path):
    with listener() as service, listener() as admin:
        instance = Instance(tmp_path, "handed", service, admin)
        port, admin_port = service.getsockname()[1], admin.getsockname()[1]
        assert running.exchange(port, "POST", "/v1/summaries", BODY, JSON).status == 200
        assert running.exchange(admin_port, "GET", "/readyz").status == 200
        assert running.exchange(port, "GET", "/metrics").status == 404
        instance.stop()


def test_sockets_handed_over_win_and_say_so(tmp_path):
    """Nobody listens on the address that the option names, so this must be logged."""
    free = f"127.0.0.1:{running.free_port()}"
    with listener() as service, listener() as admin:
        handed = [f"127.0.0.1:{socket.getsockname()[1]}" for socket in (service, admin)]
        both = Instance(tmp_path, "both", service, admin, options=["--listen", free, "--admin-listen", handed[1]])
        assert [(line["option"], line["value"], line["socket_handed_over"]) for line in both.events("option_ignored")] \
            == [("listen", free, handed[0])]
        started, = both.events("started")
        assert (started["listen"], started["admin_listen"]) == tuple(handed)
        assert (started["port"], started["admin_port"]) == tuple(int(text.split(":")[1]) for text in handed)
        both.stop()
        one = Instance(tmp_path, "one", service, options=["--admin-listen", free])
        assert one.events("option_ignored") == []
        assert one.events("started")[0]["admin_listen"] == free
        one.stop()


def test_a_unix_socket_is_refused_in_words(tmp_path):
    with socket.socket(socket.AF_UNIX) as handed:
        handed.bind(str(tmp_path / "socket"))
        handed.listen()
        run = subprocess.run(["bash", "-c", f'exec 3<&{handed.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0"',
                              running.PROGRAM], pass_fds=[handed.fileno()], capture_output=True, text=True, env={})
    assert run.returncode == 1
    assert run.stderr == "precis: LISTEN_FDS: one or two listening TCP sockets are wanted, and no other\n"


@pytest.mark.concurrency
def test_upgrade_on_a_socket_handed_over_loses_nothing(tmp_path):
    with listener() as service:
        first = Instance(tmp_path, "first", service)
        load = running.Load(service.getsockname()[1], text=TEXT)
        load.wait_for(200)
        first.stop()  # in between, the socket stays open and connections wait in it
        second = Instance(tmp_path, "second", service)
        load.wait_for(200)
        load.stop()
        second.stop()
    assert load.failures == []


@pytest.mark.concurrency
def test_upgrade_on_a_shared_port_answers_on(start_service, tmp_path):
    first = start_service("--reuse-port", "yes")
    load = running.Load(first.port, text=TEXT)
    load.wait_for(100)
    command = [running.PROGRAM, "--listen", f"127.0.0.1:{first.port}", "--reuse-port", "yes"]
    with open(tmp_path / "second.log", "wb") as log:
        second = subprocess.Popen(command, stderr=log, env=first.env)
    while "\"started\"" not in (tmp_path / "second.log").read_text():
        assert second.poll() is None
        time.sleep(0.01)
    load.wait_for(100)
    assert load.failures == []
    first.stop()
    load.wait_for(100)
    load.stop()
    second.terminate()
    assert second.wait() == 0
    # If the kernel completes a connection in the instant in which the old socket closes, it is
    # reset (deploy/README.md): at most the one that each client was opening.
    assert set(load.failures) <= {repr(ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))}
    assert len(load.failures) <= len(load.threads)
    events = first.events() + [json.loads(line) for line in (tmp_path / "second.log").read_text().splitlines()]
    assert {event["code"] for event in events if event["event"] == "request"} == {"ok"}
    assert [event["given_up"] for event in events if event["event"] == "stopped"] == [0, 0]


def test_a_port_is_not_shared_unless_asked_for(start_service):
    first = start_service()
    run = subprocess.run([running.PROGRAM, "--listen", f"127.0.0.1:{first.port}", "--reuse-port", "yes"],
                         capture_output=True, text=True, env=first.env)
    assert (run.returncode, run.stderr) == (
        1, f"precis: --listen: cannot listen on 127.0.0.1:{first.port}: {os.strerror(errno.EADDRINUSE)}\n")
