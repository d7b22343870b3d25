"""Answers shared in a real redis-server: one computation for several instances, and no request
fails or waits, whatever happens to the server."""

import json
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

import service as running
from origin import PAGE, Origin, page
from sharing import PATIENT, samples, wait_for_state, wait_until

NAMES = ["harbour", "market", "library", "station", "river", "castle", "school"]


def article(number):
    return " ".join(f"The {NAMES[(number + i) % 7]} had {number * 31 + i} visitors on day {i}."
                    for i in range(5))


def looked_up(service, result):
    return samples(service)[f'precis_shared_cache_lookups_total{{result="{result}"}}']


def stored(service, result="stored"):
    return samples(service)[f'precis_shared_cache_stores_total{{result="{result}"}}']


def post_all(instances, body, times):
    """Send the same request `times` times to each instance, all at once."""
    answers = []
    def ask(instance):
        answers.append(instance.request("POST", "/v1/summaries", body, {"Content-Type": "application/json"}))
    threads = [threading.Thread(target=ask, args=(i,)) for i in instances for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


class GatedOrigin:
    """One page; the first `held` requests get no answer before open() is called."""

    def __init__(self, held=1000000):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.gate, self.requests, self.held = threading.Event(), 0, held
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/page"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            connection.recv(65536)
            self.requests += 1
            if self.requests <= self.held:
                self.gate.wait()
            try:
                connection.sendall(page(PAGE))
            except OSError:
                pass

    def open(self):
        self.gate.set()

    def close(self):
        self.open()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def gated():
    origins = []

    def start(held=1000000):
        origins.append(GatedOrigin(held))
        return origins[-1]

    yield start
    for origin in origins:
        origin.close()


# ---- sharing ------------------------------------------------------------------------------------


def test_an_answer_is_made_once_and_is_the_same_everywhere(start_redis, start_instance):
    redis = start_redis()
    one, two = start_instance(redis.url, *PATIENT), start_instance(redis.url, *PATIENT)
    first = one.summarize(text=article(1), include=["keywords"])
    assert first.status == 200 and "summarize;dur" in first.headers["Server-Timing"]
    wait_until(lambda: stored(one) == 1)
    second = two.summarize(text=article(1), include=["keywords"])
    assert (second.status, second.body) == (200, first.body)
    assert second.headers["Server-Timing"] == "cache;desc=shared"
    third = two.summarize(text=article(1), include=["keywords"])
    assert (third.body, third.headers["Server-Timing"]) == (first.body, "cache;desc=hit")
    [key] = redis.keys("*/*")
    assert key.startswith(f"{first.json()['engine']}:".encode())
    assert 0 < redis("PTTL", key) <= 86400000
    assert (looked_up(one, "miss"), looked_up(two, "hit")) == (1, 1)


def max_age(answer):
    return int(re.search(r"max-age=(\d+)", answer.headers["Cache-Control"]).group(1))


def test_urls_with_their_headers_and_failures(start_redis, start_instance):
    redis, origin = start_redis(), Origin()
    options = (*PATIENT, "--cache-url-ms", 600000, "--cache-failure-ms", 500000)
    one, two = start_instance(redis.url, *options), start_instance(redis.url, *options)
    for path, status in (("page", 200), ("status-404", 502), ("pdf", 422)):
        query = f"/v1/summaries?url={origin.url(path)}&sentences=2"
        before = stored(one)
        first = one.request("GET", query)
        wait_until(lambda: stored(one) == before + 1)
        second = two.request("GET", query)
        assert (first.status, second.status) == (status, status)
        for header in ("ETag", "Content-Type"):
            assert first.headers[header] == second.headers[header]
        # Its remaining lifetime has become shorter, perhaps by a whole second.
        assert max_age(second) in range(max_age(first) - 60, max_age(first) + 1)
        mine, theirs = first.json(), second.json()
        mine.pop("request_id", None), theirs.pop("request_id", None)
        assert mine == theirs
    assert origin.connections == 3
    assert sorted(redis("PTTL", key) > 500000 for key in redis.keys()) == [False, False, True]
    origin.close()


def test_a_copy_lives_no_longer_than_the_original(start_redis, start_instance):
    redis, origin = start_redis(), Origin()
    options = (*PATIENT, "--cache-url-ms", 86400000)
    one, two = start_instance(redis.url, *options), start_instance(redis.url, *options)
    query = f"/v1/summaries?url={origin.url('page')}"
    one.request("GET", query)
    wait_until(lambda: stored(one) == 1)
    [key] = redis.keys()
    redis("PEXPIRE", key, 3000)
    assert two.request("GET", query).headers["Server-Timing"] == "cache;desc=shared"
    wait_until(lambda: redis("EXISTS", key) == 0)
    # A copy with a lifetime of its own would be kept for a day.
    wait_until(lambda: two.request("GET", query).headers["Server-Timing"] != "cache;desc=hit")
    assert origin.connections == 2
    origin.close()


def test_what_is_not_to_be_cached_is_not_shared(start_redis, start_instance):
    redis, origin = start_redis(), Origin()
    one = start_instance(redis.url, *PATIENT)
    one.summarize(text=article(2), cache=False)
    one.summarize(url=origin.url("page"), cache=False)
    one.request("GET", f"/v1/summaries?url={origin.url('page')}&cache=false")
    # Only decoding reveals this: the body is looked up in vain, and the lease is given back.
    hidden = json.dumps({"text": article(2), "cache": False}).replace("cache", "cach\\u0065").encode()
    assert one.request("POST", "/v1/summaries", hidden, {"Content-Type": "application/json"}).status == 200
    wait_until(lambda: redis.keys() == [])
    assert one.summarize(text="").status == 422
    wait_until(lambda: redis.keys() == [])
    assert (looked_up(one, "miss"), stored(one)) == (2, 0)
    origin.close()


def test_instances_with_other_rules_for_urls_share_nothing(start_redis, start_instance, start_service):
    redis, origin = start_redis(), Origin()
    open_one = start_instance(redis.url, *PATIENT)
    strict = start_service("--cache-url", redis.url, *PATIENT)
    wait_for_state(strict, 1)
    assert open_one.summarize(url=origin.url("page")).status == 200
    wait_until(lambda: stored(open_one) == 1)
    assert strict.summarize(url=origin.url("page")).json()["code"] == "url_refused"
    origin.close()


def test_lines_of_a_batch_are_shared(start_redis, start_instance):
    redis = start_redis()
    one, two = start_instance(redis.url, *PATIENT), start_instance(redis.url, *PATIENT)
    lines = "".join(json.dumps({"text": article(n), "id": str(n)}) + "\n" for n in range(20)).encode()
    head = {"Content-Type": "application/x-ndjson"}
    first = one.request("POST", "/v1/summaries", lines, head)
    wait_until(lambda: stored(one) == 20)
    second = two.request("POST", "/v1/summaries", lines, head)
    assert first.body == second.body and len(first.body.splitlines()) == 20
    assert looked_up(two, "hit") == 20


@pytest.mark.concurrency
def test_three_instances_make_one_download_and_one_computation(start_redis, start_instance, gated):
    redis, origin = start_redis(), gated()
    instances = [start_instance(redis.url, *PATIENT, "--deadline-ms", 600000, "--url-timeout-ms", 600000)
                 for _ in range(3)]
    bodies = []
    ask = threading.Thread(target=lambda: bodies.extend(
        answer.body for answer in post_all(instances, json.dumps({"url": origin.url}).encode(), 10)))
    ask.start()
    wait_until(lambda: sum(looked_up(i, "miss") + looked_up(i, "wait") for i in instances) == 3)
    assert sum(looked_up(i, "miss") for i in instances) == 1
    # Longer than a lease that is not renewed.
    time.sleep(1.5)
    origin.open()
    ask.join()
    assert origin.requests == 1
    assert len(bodies) == 30 and len(set(bodies)) == 1
    texts = json.dumps({"text": article(3)}).encode()
    answers = post_all(instances, texts, 10)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert sum(looked_up(i, "miss") for i in instances) == 2


@pytest.mark.concurrency
@pytest.mark.parametrize("end", ["kill", "hang"])
def test_another_takes_over_from_one_that_died_or_hangs(start_redis, start_instance, gated, end):
    redis, origin = start_redis(), gated(held=1)
    options = (*PATIENT, "--deadline-ms", 600000, "--url-timeout-ms", 600000)
    first, second = start_instance(redis.url, *options), start_instance(redis.url, *options)
    body = json.dumps({"url": origin.url}).encode()
    lost = first.connect()
    lost.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                 b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    wait_until(lambda: origin.requests == 1)
    if end == "kill":
        first.kill()
    else:
        first.killed = True
        first.process.send_signal(signal.SIGSTOP)
    assert second.summarize(url=origin.url).status == 200
    assert (looked_up(second, "wait"), looked_up(second, "miss"), origin.requests) == (1, 1, 2)
    first.kill()
    lost.close()


def test_waiting_for_another_instance_has_an_end(start_redis, start_instance):
    redis = start_redis()
    one = start_instance(redis.url, *PATIENT, "--deadline-ms", 4000)
    one.summarize(text=article(4))
    wait_until(lambda: stored(one) == 1)
    [key] = redis.keys()
    redis("SET", key, "lease:" + 32 * "0", "PX", 600000)
    two = start_instance(redis.url, *PATIENT, "--deadline-ms", 4000)
    assert two.summarize(text=article(4)).status == 200
    assert looked_up(two, "wait") == 1


def test_a_lease_in_its_last_millisecond_is_waited_for(start_redis, start_instance):
    """Redis then reports 0, which no test can hit: so a relay reports it for one that lives long."""
    redis = start_redis()
    one = start_instance(redis.url, *PATIENT)
    first = one.summarize(text=article(15))
    wait_until(lambda: stored(one) == 1)
    [key] = redis.keys()
    redis("SET", key, "lease:" + 32 * "0", "PX", 600000)
    changed = []

    def last_moment(data):
        out, count = re.subn(rb"(lease:0{32}\r\n):\d+\r\n", rb"\1:0\r\n", data)
        changed.append(count)
        return out
    relay = Relay(redis.port, last_moment)
    two = start_instance(f"redis://127.0.0.1:{relay.port}", *PATIENT, "--deadline-ms", 600000)
    answers = []
    ask = threading.Thread(target=lambda: answers.append(two.summarize(text=article(15))))
    ask.start()
    wait_until(lambda: sum(changed) >= 2 or answers)
    redis("DEL", key)
    ask.join()
    assert answers[0].body == first.body
    assert [looked_up(two, result) for result in ("wait", "miss", "invalid", "error")] == [1, 1, 0, 0]
    relay.close()


# ---- what is not ours ---------------------------------------------------------------------------


def test_values_that_are_not_ours_are_never_served(start_redis, start_instance):
    redis = start_redis()
    one = start_instance(redis.url, *PATIENT)
    good = [one.summarize(text=article(n)) for n in range(2)]
    wait_until(lambda: stored(one) == 2)
    keys = redis.keys()
    values = [redis("GET", key) for key in keys]
    flipped = values[0][:-5] + bytes([values[0][-5] ^ 1]) + values[0][-4:]
    for bad in (b"", b"x", b"lease:", values[1], values[0][:-1], values[0] + b" ", flipped, values[0][:56],
                values[0].replace(b"precis1", b"precis2"), bytes(3 << 20), b"P" * 500,
                json.dumps({"summary": "Foreign."}).encode()):
        two = start_instance(redis.url, *PATIENT)
        redis("SET", keys[0], bad, "PX", 60000)
        redis("SET", keys[1], bad if bad != values[1] else values[0], "PX", 60000)
        for n in range(2):
            answer = two.summarize(text=article(n))
            assert (answer.status, answer.body) == (200, good[n].body), bad[:60]
        assert looked_up(two, "invalid") == 2, bad[:60]
        wait_until(lambda: [redis("GET", key) for key in keys] == values)
        two.stop()
    two = start_instance(redis.url, *PATIENT)
    redis("PERSIST", keys[0])                       # a value without an end is not ours either
    redis("DEL", keys[1])
    redis("RPUSH", keys[1], "a list")
    for n in range(2):
        assert two.summarize(text=article(n)).body == good[n].body
    wait_until(lambda: redis("TYPE", keys[1]) != b"list")  # it is stored after the answer; GET of a list fails
    wait_until(lambda: [redis("GET", key) for key in keys] == values)


# ---- faults -------------------------------------------------------------------------------------


class Traffic:
    """Several clients send new articles to one instance until its end; all must be answered."""

    CLIENTS = 4

    def __init__(self, service):
        self.service, self.stopping = service, threading.Event()
        self.answered, self.failures = [0] * self.CLIENTS, []
        self.threads = [threading.Thread(target=self._run, args=(n,)) for n in range(self.CLIENTS)]
        for thread in self.threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *fault):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        assert fault != (None, None, None) or self.failures == []

    def _run(self, client):
        number = client
        while not self.stopping.is_set():
            number += self.CLIENTS
            try:
                answer = self.service.summarize(text=article(number))
                if answer.status != 200:
                    self.failures.append((answer.status, answer.body[:300]))
            except OSError as error:
                self.failures.append(repr(error))
            self.answered[client] += 1

    def more(self, answers):
        target = sum(self.answered) + answers
        wait_until(lambda: sum(self.answered) >= target or self.failures)



def errors(service):
    return looked_up(service, "error")


@pytest.mark.concurrency
def test_the_server_is_killed_and_comes_back(start_redis, start_instance):
    redis = start_redis()
    one = start_instance(redis.url, *PATIENT)
    with Traffic(one) as traffic:
        traffic.more(20)
        redis.kill()
        wait_for_state(one, 0)
        traffic.more(40)
        # Only requests under way at that moment lost a look-up.
        assert errors(one) <= Traffic.CLIENTS
        assert looked_up(one, "away") > 0
        assert redis.start()
        wait_for_state(one, 1)
        before = stored(one)
        traffic.more(20)
        wait_until(lambda: stored(one) > before)
    downs = one.events("shared_cache_down")
    assert downs[0]["level"] == "warn"
    assert [e["why"] for e in downs] in (["the connection broke"], ["the connection broke", "cannot connect"])
    wait_until(lambda: len(one.events("shared_cache_up")) == 2)


@pytest.mark.concurrency
@pytest.mark.parametrize("fault", ["hang", "pause"])
def test_the_server_hangs(start_redis, start_instance, fault):
    redis = start_redis()
    one = start_instance(redis.url, "--cache-timeout-ms", 500)
    with Traffic(one) as traffic:
        traffic.more(20)
        if fault == "hang":
            redis.hang()
        else:
            redis("CLIENT", "PAUSE", 2000, "ALL")
        wait_for_state(one, 0)
        if fault == "hang":
            before = errors(one)
            traffic.more(60)
            # Only requests under way at that moment may be counted after the state changed.
            assert errors(one) - before <= Traffic.CLIENTS
            redis.go_on()
        wait_for_state(one, 1)
        traffic.more(20)
    assert [e["why"] for e in one.events("shared_cache_down")][0] == "too slow"


def test_a_server_that_hangs_while_it_greets_is_given_up_and_used_later(start_redis, start_instance):
    redis = start_redis()
    redis.hang()
    one = start_instance(redis.url, up=False)
    wait_until(lambda: one.events("shared_cache_down"))
    assert one.events("shared_cache_down")[0]["why"] == "too slow to connect"
    assert one.summarize(text=article(6)).status == 200
    redis.go_on()
    wait_for_state(one, 1)


def test_a_slow_server_is_used_within_its_time(start_redis, start_instance):
    redis = start_redis()
    def late(data):
        time.sleep(0.05)
        return data
    slow = Relay(redis.port, late)
    one = start_instance(f"redis://127.0.0.1:{slow.port}", *PATIENT)
    two = start_instance(redis.url, *PATIENT)
    first = two.summarize(text=article(5))
    wait_until(lambda: stored(two) == 1)
    answer = one.summarize(text=article(5))
    assert (answer.body, answer.headers["Server-Timing"]) == (first.body, "cache;desc=shared")
    slow.close()


class Relay:
    """Passes bytes on to `port`; each piece of the answers as `change` returns it."""

    def __init__(self, port, change):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.to, self.change = self.listener.getsockname()[1], port, change
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.to))
            for source, sink, change in ((client, server, bytes), (server, client, self.change)):
                threading.Thread(target=self._pass, args=(source, sink, change), daemon=True).start()

    @staticmethod
    def _pass(source, sink, change):
        try:
            while data := source.recv(65536):
                sink.sendall(change(data))
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def test_nothing_listens_and_nobody_notices(start_instance):
    one = start_instance(f"redis://127.0.0.1:{running.free_port()}", up=False)
    assert one.summarize(text=article(6)).status == 200
    wait_until(lambda: one.events("shared_cache_down"))
    assert (looked_up(one, "away"), errors(one)) == (1, 0)


@pytest.mark.parametrize("url", ["redis://no-such-host.invalid", "unix:///no/such/socket"])
def test_the_server_is_not_found(start_instance, url):
    one = start_instance(url, up=False)
    wait_until(lambda: one.events("shared_cache_down"))
    assert one.summarize(text=article(6)).status == 200


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 100, b"*3\r\n$-5\r\n",
                                  b"+OK\r\n" * 50, b"$9999999999\r\n" + b"x" * (5 << 20)],
                         ids=["http", "zeros", "bad-length", "unasked", "endless"])
def test_what_listens_there_is_no_redis(start_instance, said):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
                connection.sendall(said)
            except OSError:
                return
    threading.Thread(target=serve, daemon=True).start()
    one = start_instance(f"redis://127.0.0.1:{listener.getsockname()[1]}", up=False)
    wait_until(lambda: one.events("shared_cache_down"))
    assert one.summarize(text=article(7)).status == 200
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_full_memory(start_redis, start_instance):
    redis = start_redis("--maxmemory-policy", "noeviction")
    one = start_instance(redis.url, *PATIENT)
    first = one.summarize(text=article(8))
    wait_until(lambda: stored(one) == 1)
    redis("CONFIG", "SET", "maxmemory", 1)
    two = start_instance(redis.url, *PATIENT)
    assert two.summarize(text=article(8)).body == first.body
    assert looked_up(two, "hit") == 1                 # what it holds can still be read
    assert two.summarize(text=article(9)).status == 200
    wait_until(lambda: stored(two, "failed") == 1)
    assert samples(two)["precis_shared_cache_up"] == 1
    redis("CONFIG", "SET", "maxmemory", 0)
    two.summarize(text=article(10))
    wait_until(lambda: stored(two) == 1)


def test_a_server_turns_into_a_replica(start_redis, start_instance):
    redis = start_redis()
    one = start_instance(redis.url, *PATIENT)
    redis("REPLICAOF", "127.0.0.1", running.free_port())
    with Traffic(one) as traffic:
        wait_for_state(one, 0)
        traffic.more(20)
        redis("REPLICAOF", "NO", "ONE")
        wait_for_state(one, 1)
        traffic.more(20)
    assert {e["code"] for e in one.events("shared_cache_down")} <= {"READONLY", "MASTERDOWN"}


def test_keys_are_evicted_all_the_time(start_redis, start_instance):
    redis = start_redis()
    one = start_instance(redis.url, *PATIENT, "--cache-bytes", 0)
    with Traffic(one) as traffic:
        for _ in range(20):
            traffic.more(4)
            redis("FLUSHALL")
            redis("SCRIPT", "FLUSH")
    assert errors(one) == 0


# ---- who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", [None, "precis"])
def test_passwords(start_redis, start_instance, user):
    redis = start_redis("--requirepass", "s3cret:p@ss")
    redis.login = ["s3cret:p@ss"]
    if user:
        redis("ACL", "SETUSER", user, "on", ">s3cret:p@ss", "~precis*", "+@all")
    url = f"redis://{user or ''}:s3cret%3Ap%40ss@127.0.0.1:{redis.port}/3"
    one = start_instance(url, *PATIENT)
    one.summarize(text=article(11))
    wait_until(lambda: stored(one) == 1)
    assert b"db3" in redis("INFO", "keyspace")
    wrong = start_instance(f"redis://{user or ''}:another-secret@127.0.0.1:{redis.port}", up=False)
    wait_until(lambda: wrong.events("shared_cache_down"))
    assert wrong.events("shared_cache_down")[0]["code"] == "WRONGPASS"
    assert wrong.summarize(text=article(11)).status == 200
    none = start_instance(f"redis://127.0.0.1:{redis.port}", up=False)
    wait_until(lambda: none.events("shared_cache_down"))
    assert none.events("shared_cache_down")[0]["code"] == "NOAUTH"
    for instance in (one, wrong, none):
        assert "secret" not in instance.log and "s3cret" not in instance.log
        assert b"s3cret" not in instance.request("GET", "/v1/info").body


def test_the_password_is_shown_nowhere():
    def check(value):
        return subprocess.run([running.PROGRAM, "--check-config", "--cache-url", value],
                              capture_output=True, text=True)
    good = check("rediss://me:hidden@[::1]:7000/2")
    assert good.returncode == 0
    assert "cache-url = rediss://***@[::1]:7000/2 (flag)\n" in good.stdout
    for value in ("redis://me:hidden@host:port", "http://me:hidden@host", "hidden", "redis://hidden@host",
                  "redis:/me:hidden@host"):
        wrong = check(value)
        assert wrong.returncode == 2
        assert "--cache-url" in wrong.stderr
        assert "hidden" not in wrong.stderr + wrong.stdout


def test_a_unix_socket(start_redis, start_instance, tmp_path):
    start_redis("--unixsocket", tmp_path / "redis.sock")
    one = start_instance(f"unix://{tmp_path}/redis.sock?db=1", *PATIENT)
    one.summarize(text=article(12))
    wait_until(lambda: stored(one) == 1)


def make_certificates(folder):
    """An authority, and a server's and a client's certificate signed by it."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test")
    for name in ("server", "client"):
        (folder / f"{name}.ext").write_text("subjectAltName=DNS:localhost\n")
        openssl("req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
    both = (folder / "client.pem").read_text() + (folder / "client.key").read_text()
    (folder / "client-both.pem").write_text(both)


def test_tls(start_redis, start_instance, tmp_path):
    make_certificates(tmp_path)
    tls_port = running.free_port()
    start_redis("--tls-port", tls_port, "--tls-cert-file", tmp_path / "server.pem", "--tls-key-file",
                tmp_path / "server.key", "--tls-ca-cert-file", tmp_path / "ca.pem", "--tls-auth-clients", "yes")
    trusts = ("--cache-ca-file", tmp_path / "ca.pem")
    shows = ("--cache-client-file", tmp_path / "client-both.pem")
    one, two = (start_instance(f"rediss://localhost:{tls_port}", *trusts, *shows, *PATIENT) for _ in range(2))
    long = article(13) + "".join(f" Number {i} is at the {NAMES[i % 7]}." for i in range(20000))
    first = one.summarize(text=long, include=["text"])
    assert len(first.body) > 500000                   # many TLS records
    wait_until(lambda: stored(one) == 1)
    second = two.summarize(text=long, include=["text"])
    assert (second.body, second.headers["Server-Timing"]) == (first.body, "cache;desc=shared")
    for url, options, why in (
            (f"rediss://localhost:{tls_port}", shows, "its certificate is not trusted"),
            (f"rediss://127.0.0.1:{tls_port}", (*trusts, *shows), "its certificate is not trusted"),
            (f"rediss://localhost:{tls_port}", trusts, None)):
        refused = start_instance(url, *options, up=False)
        wait_until(lambda: refused.events("shared_cache_down"))
        assert why in (None, refused.events("shared_cache_down")[0]["why"])
        assert refused.summarize(text=article(14)).status == 200
    plain = subprocess.run([running.PROGRAM, "--listen", "127.0.0.1:0", "--cache-url", "rediss://localhost",
                            "--cache-ca-file", tmp_path / "ca.key"], capture_output=True, text=True)
    assert plain.returncode == 2 and "--cache-ca-file" in plain.stderr
