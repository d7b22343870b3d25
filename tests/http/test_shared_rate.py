"""One count of --rate for several instances in a real redis-server; without it, each counts by
itself."""

import json
import signal
import socket
import threading
import time

import pytest

import service as running
from sharing import PATIENT, samples, wait_for_state, wait_until

BODY = json.dumps({"text": "A sentence to summarize. And a second one."}).encode()


@pytest.fixture
def start_limited(start_instance):
    """An instance with this rate that tells clients apart by X-Forwarded-For."""
    def start(url, rate, *options, **settings):
        return start_instance(url, *PATIENT, "--rate", rate, "--trust-proxies", "127.0.0.1", *options, **settings)
    return start


def ask(service, client, **headers):
    return service.request("POST", "/v1/summaries", BODY, {
        "Content-Type": "application/json", "X-Forwarded-For": client, **headers})


def left(answer):
    """What a client that was let in has left; None if it was refused."""
    if answer.status == 429:
        assert answer.json()["code"] == "rate_limited"
        assert int(answer.headers["Retry-After"]) > 0
        return None
    assert answer.status == 200
    return int(answer.headers["RateLimit"].split(";")[1].removeprefix("r="))


def counted(service, by):
    return samples(service)[f'precis_shared_rate_total{{by="{by}"}}']


def keys(redis):
    return redis.keys("precis:rate:*")


# ---- one count ----------------------------------------------------------------------------------


def test_two_instances_count_against_the_same_limit(start_redis, start_limited):
    redis = start_redis()
    one, two = start_limited(redis.url, "5/h"), start_limited(redis.url, "5/h")
    assert [left(ask(i, "192.0.2.1")) for i in (one, two, two, one, two)] == [4, 3, 2, 1, 0]
    assert [left(ask(i, "192.0.2.1")) for i in (one, two, one)] == [None, None, None]
    assert left(ask(one, "192.0.2.2")) == 4
    late = start_limited(redis.url, "5/h")
    assert left(ask(late, "192.0.2.1")) is None
    assert left(ask(late, "192.0.2.2")) == 3
    # A client known to be over its limit is refused without asking: the last request let in was
    # two's.
    assert [counted(i, "shared") for i in (one, two, late)] == [4, 3, 2]
    assert [counted(i, "instance") for i in (one, two, late)] == [0, 0, 0]


def test_lines_of_a_batch_count_for_all(start_redis, start_limited):
    redis = start_redis()
    one, two = start_limited(redis.url, "6/h"), start_limited(redis.url, "6/h")
    lines = b"".join(json.dumps({"text": f"A sentence. Number {i} follows."}).encode() + b"\n" for i in range(4))

    def ask_lines(service):
        answer = service.request("POST", "/v1/summaries", lines, {
            "Content-Type": "application/x-ndjson", "X-Forwarded-For": "192.0.2.1"})
        return [json.loads(line).get("code", "made") for line in answer.body.splitlines()]

    assert ask_lines(one) == ["made"] * 4
    wait_until(lambda: counted(one, "shared") == 4)
    assert left(ask(two, "192.0.2.1")) == 1
    assert left(ask(one, "192.0.2.1")) == 0
    # What the instance knows is enough to refuse; the other one learns it with its next question.
    assert left(ask(two, "192.0.2.1")) is None
    assert left(ask(one, "192.0.2.1")) is None
    redis.kill()
    wait_for_state(one, 0)
    answer = one.request("POST", "/v1/summaries", lines, {
        "Content-Type": "application/x-ndjson", "X-Forwarded-For": "192.0.2.2"})
    assert len(answer.body.splitlines()) == 4 and counted(one, "instance") == 4


def test_an_api_key_has_one_count(start_redis, start_limited, tmp_path):
    redis = start_redis()
    (tmp_path / "keys").write_text("news:k-0123456789abcdef\nblog:k-fedcba9876543210\n")
    one, two = (start_limited(redis.url, "2/h", "--api-keys-file", tmp_path / "keys") for _ in range(2))
    for name in ("k-0123456789abcdef", "k-fedcba9876543210"):
        # Clients with one key share its count, whatever their addresses.
        assert [left(ask(i, f"192.0.2.{n}", Authorization=f"Bearer {name}"))
                for n, i in enumerate((one, two, one, two))] == [1, 0, None, None]


@pytest.mark.concurrency
def test_no_more_are_let_in_than_the_limit(start_redis, start_limited):
    redis = start_redis()
    instances = [start_limited(redis.url, "10/h") for _ in range(2)]
    found = []

    def run(service):
        found.extend(left(ask(service, "192.0.2.1")) for _ in range(5))
    threads = [threading.Thread(target=run, args=(service,)) for service in instances for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(n for n in found if n is not None) == list(range(10))
    assert found.count(None) == 50


# ---- keys ---------------------------------------------------------------------------------------


def test_limits_do_not_mix(start_redis, start_limited):
    redis = start_redis()
    hours, more, seconds, other = (
        start_limited(redis.url, "3/h"), start_limited(redis.url, "4/h"), start_limited(redis.url, "3/m"),
        start_limited(redis.url.replace("/0", "/1"), "3/h"))
    assert [left(ask(hours, "192.0.2.1")) for _ in range(4)] == [2, 1, 0, None]
    assert [left(ask(i, "192.0.2.1")) for i in (more, seconds, other)] == [3, 2, 2]
    assert sorted(key.split(b":")[2] for key in keys(redis)) == [b"3/3600", b"3/60", b"4/3600"]
    # Nobody can read whose count it is.
    assert not any(b"192.0.2.1" in key for key in keys(redis))


def test_a_count_ends_when_the_client_has_all_again(start_redis, start_limited):
    redis = start_redis()
    one = start_limited(redis.url, "5/h")
    token_ms = 720000
    for taken in range(1, 6):
        assert left(ask(one, "192.0.2.1")) == 5 - taken
        [key] = keys(redis)
        assert 0 < redis("PTTL", key) <= taken * token_ms
        assert redis("PTTL", key) > (taken - 1) * token_ms
    redis("PEXPIRE", key, 3000000)
    two = start_limited(redis.url, "5/h")
    assert left(ask(two, "192.0.2.1")) is None
    assert redis("PTTL", key) <= 3000000              # a refused request costs nothing
    fast = start_limited(redis.url, "2/s")
    assert left(ask(fast, "192.0.2.1")) == 1
    wait_until(lambda: len(keys(redis)) == 1)
    assert left(ask(fast, "192.0.2.1")) == 1


def test_who_was_refused_is_let_in_again(start_redis, start_limited):
    redis = start_redis()
    one, two = start_limited(redis.url, "1/s"), start_limited(redis.url, "1/s")
    wait_until(lambda: left(ask(one, "192.0.2.1")) is None)
    wait_until(lambda: left(ask(one, "192.0.2.1")) == 0)
    wait_until(lambda: left(ask(two, "192.0.2.1")) == 0)
    assert counted(one, "instance") == counted(two, "instance") == 0


@pytest.mark.parametrize("bad", [b"", b"x", b"nan", b"12 monkeys", b"-1", b"-inf", bytes(1 << 20)],
                         ids=["empty", "x", "nan", "words", "negative", "minus-infinity", "zeros"])
def test_a_foreign_value_fails_no_request(start_redis, start_limited, bad):
    redis = start_redis()
    one, two = start_limited(redis.url, "5/h"), start_limited(redis.url, "5/h")
    assert left(ask(one, "192.0.2.1")) == 4
    [key] = keys(redis)
    redis("SET", key, bad)
    assert left(ask(two, "192.0.2.1")) == 4
    assert samples(two)["precis_shared_cache_up"] == 1


def test_a_foreign_kind_of_value_leaves_each_to_itself(start_redis, start_limited):
    redis = start_redis()
    one, two = start_limited(redis.url, "3/h"), start_limited(redis.url, "3/h")
    assert left(ask(one, "192.0.2.1")) == 2
    [key] = keys(redis)
    redis("DEL", key)
    redis("RPUSH", key, "a list")
    assert [left(ask(two, "192.0.2.1")) for _ in range(4)] == [2, 1, 0, None]
    assert [left(ask(one, "192.0.2.1")) for _ in range(3)] == [1, 0, None]
    assert left(ask(two, "192.0.2.2")) == 2 and left(ask(one, "192.0.2.2")) == 1


# ---- faults -------------------------------------------------------------------------------------


def test_without_the_server_each_limits_by_itself(start_redis, start_limited):
    redis = start_redis()
    one, two = start_limited(redis.url, "5/h"), start_limited(redis.url, "5/h")
    assert [left(ask(i, "192.0.2.1")) for i in (one, one, two)] == [4, 3, 2]
    redis.kill()
    for service in (one, two):
        wait_for_state(service, 0)
    # Each continues from what it was told last.
    assert [left(ask(one, "192.0.2.1")) for _ in range(4)] == [2, 1, 0, None]
    assert [left(ask(two, "192.0.2.1")) for _ in range(3)] == [1, 0, None]
    assert [left(ask(i, "192.0.2.2")) for i in (one, two)] == [4, 4]
    assert (counted(one, "instance"), counted(two, "instance")) == (4, 3)
    assert redis.start()                              # it has forgotten everything
    for service in (one, two):
        wait_for_state(service, 1)
    assert [left(ask(i, "192.0.2.1")) for i in (one, two)] == [None, None]
    assert [left(ask(i, "192.0.2.3")) for i in (one, two, one, two, one)] == [4, 3, 2, 1, 0]
    assert [left(ask(i, "192.0.2.3")) for i in (one, two)] == [None, None]
    assert (counted(one, "instance"), counted(two, "instance")) == (4, 3)


def test_without_a_server_from_the_start(start_limited):
    one = start_limited(f"redis://127.0.0.1:{running.free_port()}", "2/h", up=False)
    assert [left(ask(one, "192.0.2.1")) for _ in range(3)] == [1, 0, None]
    assert (counted(one, "instance"), counted(one, "shared")) == (2, 0)


@pytest.mark.concurrency
@pytest.mark.parametrize("fault", ["kill", "hang"])
def test_no_request_fails_while_the_server_goes_and_comes(start_redis, start_limited, fault):
    redis = start_redis()
    options = () if fault == "kill" else ("--cache-timeout-ms", 500)
    instances = [start_limited(redis.url, "900000000/h", *options) for _ in range(2)]
    loads = [running.Load(service.port, 4, text="A sentence. And a second one.") for service in instances]

    def every(state):
        for service, load in zip(instances, loads):
            wait_for_state(service, state)
            before = counted(service, "shared" if state else "instance")
            load.wait_for(20)
            wait_until(lambda: counted(service, "shared" if state else "instance") > before)
    try:
        every(1)
        redis.kill() if fault == "kill" else redis.hang()
        every(0)
        # Nobody waits for the server any more, or asks it.
        asked = [counted(service, "shared") for service in instances]
        for load in loads:
            load.wait_for(50)
        assert [counted(service, "shared") for service in instances] == asked
        redis.start() if fault == "kill" else redis.go_on()
        every(1)
    finally:
        for load in loads:
            load.stop()
    assert [load.failures for load in loads] == [[], []]


def test_who_has_ended_his_half_is_answered_when_the_server_has_decided(start_redis, start_limited):
    """The end of input comes after a complete request, which libmicrohttpd has: it did not break
    off."""
    redis = start_redis()
    service = start_limited(redis.url, "5/h")
    head = b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
    redis.process.send_signal(signal.SIGSTOP)
    with service.connect() as client:
        client.sendall(head + b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY))
        client.shutdown(socket.SHUT_WR)
        time.sleep(0.5)  # long enough for the watcher to look at it several times
        redis.process.send_signal(signal.SIGCONT)
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 "), answer
