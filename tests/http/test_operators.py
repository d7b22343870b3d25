"""What operators set and watch: keys, rates, origins, metrics, logs, reload."""

import gzip
import json
import os
import re
import resource
import signal
import subprocess
import time

import pytest

import origin as origins
import service as running

KEY = "k-0123456789abcdef"
JSON = {"Content-Type": "application/json"}
BODY = json.dumps({"text": "A sentence to summarize. And a second one."}).encode()


def run_program(*options):
    """Run it to its end, without the variables of the tests themselves: PRECIS_PROGRAM names no
    option."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PRECIS_")}
    return subprocess.run([running.PROGRAM, *options], capture_output=True, text=True, env=env)


def ask(service, **headers):
    return service.request("POST", "/v1/summaries", BODY, {**JSON, **headers})


def wait_for_event(service, name, count=1):
    while len(service.events(name)) < count:
        time.sleep(0.01)


def test_keys_are_asked_for_and_turn_without_a_stop(start_service, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text(f"# team\nnews:{KEY}\n")
    service = start_service("--api-keys-file", keys)
    answer = ask(service)
    assert (answer.status, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert ask(service, Authorization="Bearer wrong-key-of-some-length").status == 403
    assert ask(service, Authorization=f"Bearer {KEY}").status == 200
    assert ask(service, **{"X-API-Key": KEY}).status == 200
    for public in ("/livez", "/readyz", "/v1/info", "/metrics"):
        assert service.request("GET", public).status == 200
    assert service.request("GET", "/v1/summaries?url=http://a/").status == 401
    keys.write_text(f"news:{KEY}\nnext:another-key-987654321\n")
    service.process.send_signal(signal.SIGHUP)
    wait_for_event(service, "reloaded")
    assert ask(service, Authorization="Bearer another-key-987654321").status == 200
    assert ask(service, Authorization=f"Bearer {KEY}").status == 200
    keys.write_text("broken\n")
    service.process.send_signal(signal.SIGHUP)
    wait_for_event(service, "api_keys_refused")
    assert ask(service, Authorization=f"Bearer {KEY}").status == 200
    assert KEY not in service.log


def test_the_log_names_the_key_and_the_request(start_service, tmp_path):
    """So that operators find the one client behind many requests, and the request behind a failed
    download."""
    (tmp_path / "keys").write_text(f"news:{KEY}\n")
    service = start_service("--api-keys-file", tmp_path / "keys")
    ask(service, **{"X-API-Key": KEY, "X-Request-Id": "known"})
    ask(service, **{"X-API-Key": "some-key-that-nobody-has", "X-Request-Id": "unknown"})
    url = json.dumps({"url": "http://127.0.0.1:1/"}).encode()
    service.request("POST", "/v1/summaries", url, {**JSON, "X-API-Key": KEY, "X-Request-Id": "download"})
    wait_for_event(service, "request", 3)
    assert {line["id"]: line["key"] for line in service.events("request") if line["route"] == "/v1/summaries"} == {
        "known": "news", "unknown": "", "download": "news"}
    assert [line["id"] for line in service.events("download_failed")] == ["download"]
    assert KEY not in service.log and "nobody-has" not in service.log


def test_probes_are_logged_for_debugging_only(start_service):
    for level, logged in (("info", set()), ("debug", {"/livez", "/readyz", "/metrics"})):
        service = start_service("--log-level", level)
        for path in ("/livez", "/readyz", "/metrics"):
            service.request("GET", path)
        ask(service)
        while not [line for line in service.events("request") if line["route"] == "/v1/summaries"]:
            time.sleep(0.01)
        assert {line["route"] for line in service.events("request")} == logged | {"/v1/summaries"}


def test_keys_of_a_reload_make_answers_private(start_service, tmp_path):
    options = tmp_path / "options"
    options.write_text("")
    service = start_service("--config", options)
    path = "/v1/summaries?text=One+sentence."
    assert service.request("GET", path).headers["Cache-Control"] == "public, max-age=86400"
    (tmp_path / "keys").write_text(f"news:{KEY}\n")
    options.write_text(f"api-keys-file = {tmp_path}/keys\n")
    service.process.send_signal(signal.SIGHUP)
    wait_for_event(service, "reloaded")
    answer = service.request("GET", path, headers={"X-API-Key": KEY})
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "private, max-age=86400")


def test_keys_stay_in_force_without_their_line_and_that_is_said(start_service, tmp_path):
    options = tmp_path / "options"
    options.write_text("")
    (tmp_path / "keys").write_text(f"news:{KEY}\n")
    service = start_service("--config", options)
    for reloads, line in enumerate((f"api-keys-file = {tmp_path}/keys\n", ""), 1):
        options.write_text(line)
        service.process.send_signal(signal.SIGHUP)
        wait_for_event(service, "reloaded", reloads)
        assert ask(service).status == 401
        assert [line["options"] for line in service.events("restart_needed")] == ["api-keys-file"] * (reloads - 1)


def test_a_reload_without_good_keys_changes_nothing(start_service, tmp_path):
    options = tmp_path / "options"
    options.write_text("rate = 7/h\n")
    (tmp_path / "keys").write_text("broken\n")
    service = start_service("--config", options)
    options.write_text(f"rate = 5/h\nlog-level = error\napi-keys-file = {tmp_path}/keys\n")
    service.process.send_signal(signal.SIGHUP)
    wait_for_event(service, "api_keys_refused")
    assert ask(service).headers["RateLimit-Policy"].startswith('"client";q=7;')
    wait_for_event(service, "request")
    assert not service.events("reloaded")


def test_health_of_an_url(start_service):
    """Without a path, /livez is requested, even if / belongs to another listener."""
    port = running.free_port()
    service = start_service("--admin-listen", f"127.0.0.1:{port}", ready_port=port)

    def health(url):
        return subprocess.run([running.PROGRAM, "health", url], capture_output=True, text=True)

    admin = f"http://127.0.0.1:{port}"
    for url in (admin, admin + "/", admin + "/livez", admin + "/readyz", service.url + "/v1/info"):
        assert health(url).returncode == 0, url
    for url, reason in ((admin + "/v1/info", "404"), ("127.0.0.1", "no URL"), ("http://127.0.0.1:1/", "127.0.0.1:1")):
        refused = health(url)
        assert refused.returncode == 1 and reason in refused.stderr, (url, refused.stderr)


@pytest.mark.parametrize("help", ["--help", "-h"])
def test_health_says_how_it_is_used(help):
    run = subprocess.run([running.PROGRAM, "health", help], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert "usage: precis health [URL]" in run.stdout and "PRECIS_ADMIN_LISTEN" in run.stdout


@pytest.mark.parametrize("arguments", [["--listen", "127.0.0.1:1"], ["--url"], ["http://127.0.0.1:1/", "more"]])
def test_health_takes_nothing_but_an_url(arguments):
    run = subprocess.run([running.PROGRAM, "health", *arguments], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "precis health: at most a URL is wanted, and no options\n"


@pytest.mark.parametrize("name, host", [("listen", "127.0.0.1"), ("listen", "0.0.0.0"), ("admin-listen", "127.0.0.1")])
def test_health_asks_at_the_address_of_the_file(start_service, tmp_path, name, host):
    port = running.free_port()
    options = tmp_path / "options"
    admin = name == "admin-listen"
    service = start_service(*(("--admin-listen", f"{host}:{port}") if admin else ()), ready_port=port if admin else None)
    address = f"{host}:{port if admin else service.port}"

    def health(**env):
        return subprocess.run([running.PROGRAM, "health"], capture_output=True, text=True,
                              env={**service.env, "PRECIS_CONFIG": str(options), **env})

    options.write_text(f"{name} = {address}\n")
    assert health().returncode == 0
    options.write_text(f"quue = 5\nqueue = many\n{name} = {address}\n")  # the service goes on with what it has
    assert health().returncode == 0
    options.write_text(f"{name} = nowhere\n")
    refused = health()
    assert refused.returncode == 1 and "nowhere" in refused.stderr
    assert health(**{"PRECIS_" + name.upper().replace("-", "_"): address}).returncode == 0  # wins over the file


def test_a_missing_key_file_stops_the_start(tmp_path):
    run = subprocess.run([running.PROGRAM, "--listen", "127.0.0.1:0", "--api-keys-file", tmp_path / "none"],
                         capture_output=True, text=True)
    assert run.returncode != 0
    assert "api-keys-file" in run.stderr


@pytest.mark.parametrize("option", [[], ["--check-config"]], ids=["start", "check"])
def test_a_broken_key_file_is_a_wrong_option(tmp_path, option):
    """--check-config reports it, too; the start must not be retried again and again."""
    keys = tmp_path / "keys"
    keys.write_text(f"# ours\nnews {KEY}\n")
    run = run_program("--listen", "127.0.0.1:0", "--api-keys-file", keys, *option)
    assert (run.returncode, run.stderr) == (
        2, f"precis: --api-keys-file {keys}: line 2: a name, a colon and a key are expected\n")
    assert KEY not in run.stdout


@pytest.mark.parametrize("option", ["--api-keys-file", "--url-ca-file", "--cache-client-file"])
def test_a_pipe_is_no_file(tmp_path, option):
    """It would be empty when it is read again; without a writer the start would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    run = run_program("--listen", "127.0.0.1:0", option, tmp_path / "pipe")
    assert run.returncode == 2 and "it is a pipe, which cannot be read again" in run.stderr


def test_keys_that_cannot_be_read_have_no_line(tmp_path):
    run = run_program("--listen", "127.0.0.1:0", "--api-keys-file", tmp_path)
    assert (run.returncode, run.stderr) == (2, f"precis: --api-keys-file {tmp_path}: Is a directory\n")


def test_good_keys_pass_the_check(tmp_path):
    (tmp_path / "keys").write_text(f"news:{KEY}\n")
    run = run_program("--api-keys-file", tmp_path / "keys", "--check-config")
    assert (run.returncode, run.stderr) == (0, "") and KEY not in run.stdout


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Files with a certificate and a key: a good one, and what is wrong with the others."""
    folder = tmp_path_factory.mktemp("pairs")

    def make(name, *key):
        subprocess.run(["openssl", "req", "-x509", "-subj", "/CN=x", "-newkey", *key, "-keyout", f"{name}.key", "-out",
                        f"{name}.pem"], cwd=folder, check=True, capture_output=True)
        return (folder / f"{name}.pem").read_text(), (folder / f"{name}.key").read_text()
    curve = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    certificate, key = make("good", *curve, "-nodes")
    kinds = {"good": certificate + key, "key first": key + certificate, "alone": certificate, "key alone": key,
             "of another": certificate + make("other", *curve, "-nodes")[1],
             "locked": "".join(make("locked", *curve, "-passout", "pass:secret")), "empty": "",
             "weak": "".join(make("weak", "rsa:512", "-nodes"))}
    for name, text in kinds.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("kind", ["alone", "key alone", "of another", "locked", "empty"])
def test_a_certificate_without_its_key_is_a_wrong_option(pairs, kind):
    """--check-config reports it, too; the start must not be retried again and again."""
    run = run_program("--cache-url", "rediss://127.0.0.1:1/", "--cache-client-file", pairs / kind, "--check-config")
    assert run.returncode == 2
    assert f"--cache-client-file (PRECIS_CACHE_CLIENT_FILE): '{pairs / kind}' is not allowed: there is no certificate with " \
        "its key" in run.stderr


@pytest.mark.parametrize("kind", ["good", "key first"])
def test_a_certificate_with_its_key_is_taken(pairs, kind):
    run = run_program("--cache-client-file", pairs / kind, "--check-config")
    assert (run.returncode, run.stderr) == (0, "")


def test_the_reason_comes_before_the_end(pairs):
    """Debian's OpenSSL requires longer keys."""
    run = run_program("--listen", "127.0.0.1:0", "--cache-url", "rediss://127.0.0.1:1/", "--cache-client-file", pairs / "weak")
    reason, end = run.stderr.splitlines()
    assert run.returncode == 1 and "--cache-url" in reason and "cannot start: see above" in end


@pytest.mark.parametrize("option", ["--help", "--version", "--check-config"])
def test_what_could_not_be_said_is_no_success(option):
    with open("/dev/full", "wb") as full:
        run = subprocess.run([running.PROGRAM, option], stdout=full, stderr=subprocess.PIPE, text=True, env={})
    assert (run.returncode, run.stderr) == (1, "precis: standard output did not take all that was to be said\n")


def test_help_fits_a_terminal():
    lines = run_program("--help").stdout.splitlines()
    assert len(lines) > 100 and max(len(line) for line in lines) < 80


def test_a_reader_may_stop_reading_help():
    """As `precis --help | head` does: no complaint."""
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run([running.PROGRAM, "--help"], stdout=writer, stderr=subprocess.PIPE, text=True, env={})
    os.close(writer)
    assert (run.returncode, run.stderr) == (-signal.SIGPIPE, "")


def test_what_is_hardly_meant_is_said(start_service):
    """A start says it in the log, --check-config on standard error; neither shows the value of a
    variable."""
    options = ["--url-timeout-ms", "20000", "--max-text", "2M", "--max-body", "1536K", "--max-inflight", "1M"]
    wrong = {"PRECIS_QUUE": "secret-value", "PRECIS_SERVICE_HOST": "10.0.0.1", "PRECIS_PORT": "tcp://10.0.0.1:80",
             "PRECIS_PORT_80_TCP_ADDR": "10.0.0.1", "PRECIS_ADMIN_PORT": "9080"}
    doubts = ["the variable PRECIS_QUUE names no option", "the variable PRECIS_ADMIN_PORT names no option",
              "url-timeout-ms is 20000, but deadline-ms, 10000, is reached first",
              "max-text is 2097152, but max-body, 1572864, is reached first",
              "max-body is 1572864, but max-inflight, 1048576, is reached first"]
    service = start_service(*options, env=wrong)
    wait_for_event(service, "started")  # which comes after them
    assert [(line["level"], line["why"]) for line in service.events("config_doubtful")] == [("warn", d) for d in doubts]
    assert "secret-value" not in service.log
    check = subprocess.run([running.PROGRAM, *options, "--check-config"], capture_output=True, text=True,
                           env=service.env)
    assert check.returncode == 0 and "secret-value" not in check.stdout
    assert check.stderr.splitlines() == [f"precis: warning: {doubt}" for doubt in doubts]


def test_descriptors_that_will_not_do_are_said():
    """32 descriptors are for everything else; connections get at least half of all."""
    def doubts(descriptors, downloads):
        check = ["sh", "-c", f'ulimit -n {descriptors} && exec "$@" --check-config --connections 300', "sh", running.PROGRAM]
        return subprocess.run([*check, "--url-downloads", downloads], capture_output=True, text=True, env={}).stderr
    told = "precis: warning: connections is 300, but {} descriptors (ulimit -n) leave room for {} beside url-downloads\n"
    assert doubts(512, "180") == ""
    assert doubts(512, "181") == told.format(512, 299)
    assert doubts(512, "500") == told.format(512, 256)


@pytest.mark.parametrize("wrong", ["a port in use", "a file of keys"])
def test_doubts_are_said_before_a_start_that_fails(service, tmp_path, wrong):
    """They may be the cause of the failure."""
    (tmp_path / "keys").write_text("broken\n")
    options = ["--listen", service.url.removeprefix("http://")] if wrong == "a port in use" else [
        "--listen", "127.0.0.1:0", "--api-keys-file", str(tmp_path / "keys")]
    run = subprocess.run([running.PROGRAM, *options], capture_output=True, text=True,
                         env={**service.env, "PRECIS_LISTN": "127.0.0.1:0"})
    assert run.returncode != 0 and "the variable PRECIS_LISTN names no option" in run.stderr


def test_defaults_leave_no_doubt(start_service):
    service = start_service("--deadline-ms", "3000", "--max-body", "64K")
    ask(service)
    assert service.events("config_doubtful") == []


def test_each_client_has_its_rate(start_service):
    service = start_service("--rate", "3/h", "--trust-proxies", "127.0.0.1")
    for left in (2, 1, 0):
        answer = ask(service, **{"X-Forwarded-For": "198.51.100.1"})
        assert answer.status == 200
        assert answer.headers["RateLimit-Policy"] == '"client";q=3;w=3600'
        assert answer.headers["RateLimit"].startswith(f'"client";r={left};t=')
    answer = ask(service, **{"X-Forwarded-For": "198.51.100.1"})
    assert (answer.status, answer.json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 1200
    assert ask(service, **{"X-Forwarded-For": "198.51.100.2"}).status == 200
    assert ask(service, **{"X-Forwarded-For": "198.51.100.1, 198.51.100.3"}).status == 200
    assert service.request("GET", "/livez").status == 200


@pytest.mark.parametrize("lines, client", [
    (["X-Forwarded-For: 6.6.6.{}", "X-Forwarded-For: 198.51.100.1"], "198.51.100.1"),
    (["X-Forwarded-For: 6.6.6.{}", "x-forwarded-for: 198.51.100.1, 127.0.0.1"], "198.51.100.1"),
    (["Forwarded: for=6.6.6.{}", "Forwarded: for=198.51.100.1"], "198.51.100.1"),
    (["Forwarded: for=6.6.6.{}", "X-Forwarded-For: 198.51.100.1"], "127.0.0.1"),
    (["X-Forwarded-For: 6.6.6.{}", "Forwarded: for=198.51.100.1"], "127.0.0.1"),
], ids=["a second line", "and a second proxy", "Forwarded", "a header that the proxy passes on", "whichever it is"])
def test_no_client_takes_another_address(start_service, lines, client):
    """However it writes the headers that its proxy then extends or passes on, one client has one
    rate."""
    service = start_service("--rate", "2/h", "--trust-proxies", "127.0.0.1")
    body = json.dumps({"text": "One sentence. And one more."}).encode()

    def status(*head):
        request = "\r\n".join(["POST /v1/summaries HTTP/1.1", "Host: a", "Content-Type: application/json",
                               f"Content-Length: {len(body)}", *head, "", ""]).encode() + body
        with service.connect() as connection:
            connection.sendall(request)
            return int(connection.recv(12)[9:])

    assert [status(*(line.format(i) for line in lines)) for i in range(4)] == [200, 200, 429, 429]
    assert status("X-Forwarded-For: " + client) == 429
    assert status("X-Forwarded-For: 198.51.100.2") == 200


def test_without_trust_the_header_is_ignored(start_service):
    service = start_service("--rate", "2/h")
    assert [ask(service, **{"X-Forwarded-For": f"198.51.100.{i}"}).status for i in range(4)] == [200, 200, 429, 429]


def test_origins_of_the_list_may_call(start_service):
    service = start_service("--cors-origins", "https://news.example,http://localhost:3000")
    good, bad = {"Origin": "https://news.example"}, {"Origin": "https://evil.example"}
    answer = service.request("OPTIONS", "/v1/summaries", headers={
        **good, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"})
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://news.example"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    # Every request field that has a meaning here and for which a browser asks permission.
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"Authorization", "Content-Encoding", "Content-Type", "If-None-Match", "X-API-Key"} <= set(allowed)
    assert answer.headers["Vary"] == "Origin"
    assert int(answer.headers["Access-Control-Max-Age"]) > 600  # or browsers ask before every request
    answer = ask(service, **good)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://news.example"
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
    # The page can read errors, too.
    answer = service.request("POST", "/v1/summaries", b"{", {**JSON, **good})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (400, "https://news.example")
    for answer in (ask(service, **bad), ask(service)):
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] is None
        assert answer.headers["Vary"] == "Origin"


def test_no_origins_by_default(service):
    answer = ask(service, Origin="https://news.example")
    assert answer.headers["Access-Control-Allow-Origin"] is None
    assert answer.headers["Vary"] is None


def figures(text):
    """The samples of an exposition as a dictionary; every line must be well-formed."""
    sample = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[a-z_]+="[^"\n]*"(?:,[a-z_]+="[^"\n]*")*\})?) (\S+)$')
    out = {}
    for line in text.splitlines():
        if line.startswith("# "):
            continue
        match = sample.match(line)
        assert match, line
        assert match[1] not in out, line
        out[match[1]] = float(match[2])
    return out


def test_each_metric_is_described(service):
    lines = service.request("GET", "/metrics").body.decode().splitlines()
    described = {kind: [line.split()[2] for line in lines if line.startswith(f"# {kind} ")] for kind in ("HELP", "TYPE")}
    assert described["HELP"] == described["TYPE"] and "process_open_fds" in described["HELP"]
    names = {re.sub(r"_(bucket|sum|count)$", "", re.split("[{ ]", line)[0]) for line in lines if line[0] != "#"}
    assert names <= set(described["HELP"])


def test_descriptors_are_told_beside_their_limit(start_service):
    service = start_service()
    told = figures(service.request("GET", "/metrics").body.decode())
    soft, _ = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
    assert 5 < told["process_open_fds"] < told["process_max_fds"] == soft


def test_metrics_count_what_happened(start_service):
    port = running.free_port()
    service = start_service("--admin-listen", f"127.0.0.1:{port}", ready_port=port)
    for _ in range(3):
        ask(service)
    service.request("POST", "/v1/summaries", b"{", JSON)
    service.request("GET", "/nothing")
    page = service.request("GET", "/")
    assert service.request("GET", "/", headers={"If-None-Match": page.headers["ETag"]}).status == 304
    assert service.request("OPTIONS", "/").status == 204
    # The request is counted and then logged after the answer was sent, which the client may have
    # read a moment before.
    while len(service.events("request")) < 8:
        time.sleep(0.01)
    answer = running.exchange(port, "GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    got = figures(answer.body.decode())
    assert got['precis_requests_total{route="/v1/summaries",status="200",code="ok"}'] == 3
    assert got['precis_requests_total{route="/v1/summaries",status="400",code="invalid_json"}'] == 1
    assert got['precis_requests_total{route="none",status="404",code="not_found"}'] == 1
    for status in (200, 304, 204):
        assert got[f'precis_requests_total{{route="/",status="{status}",code="ok"}}'] == 1
    assert got["precis_cache_hits_total"] == 2
    assert got['precis_stage_seconds_count{stage="total"}'] == 4
    assert got['precis_stage_seconds_bucket{stage="total",le="+Inf"}'] == 4
    assert got['precis_stage_seconds_count{stage="summarize"}'] == 2
    assert got["precis_workers"] >= 1 and got["precis_ready"] == 1
    assert got["process_resident_memory_bytes"] > 1 << 20
    assert got["precis_request_body_bytes_total"] == 3 * len(BODY) + 1
    assert service.request("GET", "/metrics").status == 404


def test_gauges_show_what_is_under_way_and_then_nothing(start_service):
    port = running.free_port()
    service = start_service("--admin-listen", f"127.0.0.1:{port}", "--url-allow-nets", running.LOOPBACK,
                            ready_port=port)
    origin = origins.Origin()

    def told(name):
        return figures(running.exchange(port, "GET", "/metrics").body.decode())[f"precis_{name}"]

    before = {name: told(name) for name in ("connections", "requests_in_flight")}
    clients, held = [service.connect() for _ in range(3)], 0
    for n, client in enumerate(clients[1:]):
        body = json.dumps({"url": origin.url(f"silent?{n}")}).encode()
        held += len(body)
        client.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    running.wait_until(lambda: told("downloads_active") == 2)
    assert told("request_body_held_bytes") >= held
    assert told("requests_in_flight") == before["requests_in_flight"] + 2
    assert told("connections") == before["connections"] + 3
    for client in clients:
        client.close()
    running.wait_until(lambda: told("downloads_active") == told("request_body_held_bytes") == 0)
    running.wait_until(lambda: {name: told(name) for name in before} == before)
    assert told('fetches_total{result="cancelled"}') == 2

    assert service.summarize(url=origin.url("page")).status == 200
    assert service.summarize(url=origin.url("status-404")).status == 502
    assert told('fetches_total{result="ok"}') == told('fetches_total{result="status"}') == 1
    entries = told("cache_entries")
    assert entries > 0 and told("cache_bytes") > 0
    ask(service)
    assert told("cache_entries") == entries + 1
    origin.close()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_lines_of_batches_are_counted(start_service, packed):
    """A batch is one successful request; whether its lines succeeded, and its size, is counted,
    too."""
    service = start_service()
    body = b'{"text": "One sentence. And another."}\n' * 3 + b'{"text": ""}\n{\n'
    headers = {"Content-Type": "application/x-ndjson"}
    sent = body
    if packed:
        headers["Content-Encoding"] = "gzip"
        sent = gzip.compress(body)
    answer = service.request("POST", "/v1/summaries", sent, headers)
    assert len(answer.body.splitlines()) == 5
    running.wait_until(lambda: service.events("request"))
    got = figures(service.request("GET", "/metrics").body.decode())
    assert got['precis_requests_total{route="/v1/summaries",status="200",code="ok"}'] == 1
    assert got['precis_batch_lines_total{status="200",code="ok"}'] == 3
    assert got['precis_batch_lines_total{status="422",code="empty_text"}'] == 1
    assert got['precis_batch_lines_total{status="400",code="invalid_json"}'] == 1
    assert got["precis_request_body_bytes_total"] == service.events("request")[0]["body_bytes"] == len(body)
    assert got["precis_response_body_bytes_total"] == len(answer.body)


def test_requests_and_lines_are_each_a_hit_or_a_miss(start_service):
    service = start_service()
    lines = b'{"text": "One sentence."}\n{"text": "Another one."}\n'

    def told():
        got = figures(service.request("GET", "/metrics").body.decode())
        return [got[f"precis_cache_{name}_total"] for name in ("misses", "hits", "joined")]
    for expected in ([2, 0, 0], [2, 2, 0]):
        assert service.request("POST", "/v1/summaries", lines, {"Content-Type": "application/x-ndjson"}).status == 200
        assert told() == expected
    for expected in ([3, 2, 0], [3, 3, 0]):
        ask(service)
        assert told() == expected


def test_a_request_is_one_line_without_its_text(start_service):
    service = start_service()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = ask(service, traceparent=trace, **{"X-Request-Id": "line-1"})
    assert answer.headers["traceparent"] == trace
    # W3C Trace Context: other versions go on, but not version ff, nor ids that are all zeros.
    assert ask(service, traceparent="cc" + trace[2:]).headers["traceparent"] == "cc" + trace[2:]
    for bad in ("00-nonsense", "ff" + trace[2:], trace.upper(), trace.replace(trace[3:35], "0" * 32),
                trace.replace(trace[36:52], "0" * 16)):
        assert ask(service, traceparent=bad).headers["traceparent"] is None, bad
    while not [e for e in service.events("request") if e["id"] == "line-1"]:
        time.sleep(0.01)
    line = next(e for e in service.events("request") if e["id"] == "line-1")
    assert line["status"] == 200 and line["code"] == "ok" and line["trace"] == trace
    assert line["route"] == "/v1/summaries" and line["method"] == "POST"
    assert {"total_ms", "receive_ms", "queue_ms", "fetch_ms", "extract_ms", "summarize_ms",
            "send_ms"} <= set(line)
    assert "sentence to summarize" not in service.log


def test_a_kept_answer_has_no_times_in_the_log(start_service):
    """The times are those of the request that made it."""
    service = start_service()
    first, second = ask(service), ask(service)
    assert second.headers["Server-Timing"] == "cache;desc=hit" != first.headers["Server-Timing"]
    service.request("GET", "/v1/info")
    wait_for_event(service, "request", 3)
    lines = service.events("request")
    stages = [[line[name] for name in ("queue_ms", "fetch_ms", "extract_ms", "summarize_ms")] for line in lines]
    assert [line["cache"] for line in lines] == ["none", "hit", "none"]
    assert stages[0][3] > 0 and stages[1] == stages[2] == [0, 0, 0, 0]
