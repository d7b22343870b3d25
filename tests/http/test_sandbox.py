"""What a running service has given up, and that it needs nothing of that. Builds with the address
or thread sanitizer have no sandbox: there the same tests show that everything works without it."""

import ctypes
import json
import os
import signal
import struct
import subprocess
import time

import pytest

import service as running
from origin import Origin
from test_fetch import authority, tls_origin  # noqa: F401 (a fixture)

pytestmark = pytest.mark.sandbox

TEXT = "A sentence to summarize. And a second one."
KEY, NEXT_KEY = "k-0123456789abcdef", "another-key-987654321"
LANDLOCK_CREATE_RULESET = 444  # on every machine


def in_force(service):
    wait_for_event(service, "started")  # another thread writes the log
    return service.events("started")[0]["sandbox"]


def wait_for_event(service, name, count=1):
    while len(service.events(name)) < count:
        time.sleep(0.01)


def ask(service, key):
    return service.request("POST", "/v1/summaries", json.dumps({"text": TEXT}).encode(),
                           {"Content-Type": "application/json", "X-API-Key": key}).status


def forbid_landlock():
    """Runs in the child before the program: installs an older filter, as containers may have, that
    does not know Landlock and refuses it."""
    load, equal, give = 0x20, 0x15, 0x06
    program = [(load, 0, 0, 0), (equal, 0, 1, LANDLOCK_CREATE_RULESET), (give, 0, 0, 0x00050000 | 1),
               (give, 0, 0, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    whole = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    no_new_privileges, set_filter = 38, 22
    if prctl(no_new_privileges, 1, 0, 0, 0) != 0 or prctl(set_filter, 2, whole, 0, 0) != 0:
        os._exit(99)


def start_once(tmp_path, *options, **settings):
    """The exit status and the output of a start that must fail."""
    run = subprocess.run([running.PROGRAM, "--listen", "127.0.0.1:0", *options], cwd=tmp_path,
                         capture_output=True, text=True, **settings)
    return run.returncode, run.stderr


def test_every_thread_is_confined(start_service):
    service = start_service("--workers", "3")
    service.summarize(text=TEXT)
    told = in_force(service)
    threads = list(os.scandir(f"/proc/{service.process.pid}/task"))
    assert len(threads) > 5
    for thread in threads:
        with open(f"{thread.path}/status", encoding="ascii") as file:
            status = {name: rest.strip() for name, _, rest in (line.partition(":") for line in file)}
        assert status["NoNewPrivs"] == ("0" if told == "off" else "1")
        if told.startswith("seccomp"):
            assert status["Seccomp"] == "2"
    metrics = service.request("GET", "/metrics").body.decode()
    assert f'precis_sandbox{{part="seccomp"}} {int(told.startswith("seccomp"))}\n' in metrics
    assert f'precis_sandbox{{part="no_core_dumps"}} {int("no core dumps" in told)}\n' in metrics
    # Its own figures can still be read.
    figures = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if line.startswith("process_"))
    assert float(figures["process_resident_memory_bytes"]) > 1 << 20
    assert float(figures["process_open_fds"]) > 5


def test_off_is_off(start_service):
    service = start_service("--sandbox", "off")
    assert in_force(service) == "off"
    with open(f"/proc/{service.process.pid}/status", encoding="ascii") as file:
        assert "NoNewPrivs:\t0\n" in file.read()
    assert service.summarize(text=TEXT).status == 200


def test_without_landlock_the_rest_holds_and_on_does_not_start(tmp_path):
    code, said = start_once(tmp_path, "--sandbox", "on", preexec_fn=forbid_landlock)
    assert code == 1 and "--sandbox on: not all of it is to be had here" in said, said
    process = subprocess.Popen([running.PROGRAM, "--listen", "127.0.0.1:0"], cwd=tmp_path,
                               stderr=subprocess.PIPE, text=True, preexec_fn=forbid_landlock)
    told = next(line["sandbox"] for line in map(json.loads, process.stderr) if line["event"] == "started")
    process.terminate()
    process.communicate()
    assert process.returncode == 0
    assert told == "off" or "no landlock" in told


def test_downloads_work(start_service, authority):  # noqa: F811
    """Names are looked up and certificates read and checked when no rule can be added any more."""
    service = start_service("--url-allow-nets", "127.0.0.0/8,::1", "--url-ca-file", authority / "ca.pem")
    origin, plain = tls_origin(authority, "good"), Origin()
    for url in (f"https://localhost:{origin.port}/page", f"http://localhost:{plain.port}/page"):
        answer = service.summarize(url=url, cache=False)
        assert answer.status == 200, answer
    # The authority's file may be replaced meanwhile.
    fresh = authority / "fresh.pem"
    fresh.write_bytes((authority / "ca.pem").read_bytes())
    fresh.rename(authority / "ca.pem")
    assert service.summarize(url=origin.url("page"), cache=False).status == 200
    assert service.summarize(url="http://no-such-name.invalid/").json()["code"] == "url_unreachable"
    origin.close()
    plain.close()


def test_batches_html_and_probes_work(start_service):
    service = start_service()
    lines = "\n".join(json.dumps({"text": TEXT, "id": str(i)}) for i in range(50)).encode()
    answer = service.request("POST", "/v1/summaries", lines, {"Content-Type": "application/x-ndjson"})
    assert [json.loads(line)["id"] for line in answer.body.splitlines()] == [str(i) for i in range(50)]
    assert service.summarize(html=f"<article><h1>A title</h1><p>{TEXT}</p></article>").status == 200
    health = subprocess.run([running.PROGRAM, "health", service.url], capture_output=True)
    assert health.returncode == 0


def test_files_are_read_again_where_they_were_and_nowhere_else(start_service, tmp_path):
    """Files are replaced as an editor does it, and as Kubernetes updates a mounted secret: by a
    link to a folder."""
    place, elsewhere = tmp_path / "secret", tmp_path / "elsewhere"
    for folder in (place / "first", place / "second", elsewhere):
        folder.mkdir(parents=True)
    (place / "first/keys").write_text(f"news:{KEY}\n")
    (place / "second/keys").write_text(f"news:{NEXT_KEY}\n")
    (place / "now").symlink_to("first")
    (place / "keys").symlink_to("now/keys")
    (elsewhere / "keys").write_text(f"news:{KEY}\n")
    config = tmp_path / "config/precis.conf"
    config.parent.mkdir()
    config.write_text(f"api-keys-file = {place / 'keys'}\n")
    service = start_service("--config", config)
    assert (ask(service, KEY), ask(service, NEXT_KEY)) == (200, 403)

    (place / "next").symlink_to("second")
    (place / "next").rename(place / "now")
    service.process.send_signal(signal.SIGHUP)
    wait_for_event(service, "reloaded")
    assert (ask(service, KEY), ask(service, NEXT_KEY)) == (403, 200)

    fresh = config.with_name("fresh")
    fresh.write_text(f"api-keys-file = {elsewhere / 'keys'}\nrate = 1000000/s\n")
    fresh.rename(config)
    service.process.send_signal(signal.SIGHUP)
    if ", landlock" in in_force(service):
        wait_for_event(service, "api_keys_refused")
        assert "Permission denied" in service.events("api_keys_refused")[0]["why"]
        assert (ask(service, KEY), ask(service, NEXT_KEY)) == (403, 200)
    else:
        wait_for_event(service, "reloaded", 2)
        assert ask(service, KEY) == 200


def test_a_file_is_read_again_where_a_link_leads_to(start_service, tmp_path):
    place, elsewhere = tmp_path / "etc", tmp_path / "vault"
    place.mkdir()
    elsewhere.mkdir()
    (elsewhere / "keys").write_text(f"news:{KEY}\n")
    (place / "keys").symlink_to("../vault/keys")
    service = start_service("--api-keys-file", place / "keys")
    (elsewhere / "fresh").write_text(f"news:{NEXT_KEY}\n")
    (elsewhere / "fresh").rename(elsewhere / "keys")
    service.process.send_signal(signal.SIGHUP)
    wait_for_event(service, "reloaded")
    assert (ask(service, KEY), ask(service, NEXT_KEY)) == (403, 200)
