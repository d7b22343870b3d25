"""JSON lines both ways: in order, while they arrive, in bounded memory."""

import gzip
import io
import json
import random
import re
import socket
import struct
import threading
import time
import zlib

import pytest

import faults as faults_of
import origin as origins
from service import LOOPBACK, Load, wait_until

HEAD = (b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n")


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def line(number, **more):
    return json.dumps({"id": str(number), "text": f"Line number {number} is here. It has a second sentence.",
                       "sentences": 1, **more}).encode() + b"\n"


def parse(raw):
    """Head and lines of a complete answer, whose chunks must be well-formed."""
    head, body = raw.split(b"\r\n\r\n", 1)
    if b"chunked" not in head:
        return head, [json.loads(l) for l in body.splitlines()]
    chunks, stream = [], io.BytesIO(body)
    while size := int(stream.readline(), 16):
        chunks.append(stream.read(size))
        assert stream.readline() == b"\r\n"
    assert stream.read() == b"\r\n"
    return head, [json.loads(l) for l in b"".join(chunks).splitlines()]


def test_answers_come_in_the_order_of_the_lines(service):
    data = b"".join(line(i) for i in range(500))
    answer = service.request("POST", "/v1/summaries", data, {"Content-Type": "application/x-ndjson"})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    rows = [json.loads(l) for l in answer.body.splitlines()]
    assert [row["id"] for row in rows] == [str(i) for i in range(500)]
    assert rows[7]["summary"].startswith("Line number 7")


def test_a_line_says_what_a_request_says(service):
    alone = service.summarize(text="The same bytes. For a line, too.", sentences=1)
    batch = service.request("POST", "/v1/summaries",
                            json.dumps({"text": "The same bytes. For a line, too.", "sentences": 1}).encode(),
                            {"Content-Type": "application/x-ndjson"})
    assert batch.body == alone.body + b"\n"


def test_a_bad_line_gives_one_problem_and_the_rest_go_on(start_service):
    service = start_service("--max-body", "2K")
    data = b"\n".join([line(0).strip(), b"{", b"", b'{"text":""}', line(4).strip(), b'{"text":"' + b"a" * 3000 + b'"}',
                       b"\r", b" \t \r", line(7).strip(), b"[1,"])
    answer = service.request("POST", "/v1/summaries", data, {"Content-Type": "application/x-ndjson"})
    rows = [json.loads(l) for l in answer.body.splitlines()]
    assert [row.get("code", row.get("id")) for row in rows] == [
        "0", "invalid_json", "empty_text", "4", "body_too_large", "7", "invalid_json"]
    assert [row["line"] for row in rows if "code" in row] == [2, 4, 6, 10]
    assert rows[-1]["detail"].startswith("Column 3: ")  # one line number is enough
    assert (rows[4]["limit"], rows[4]["actual"]) == (2048, 3011)


def test_problems_keep_the_id_of_their_line(start_service):
    service = start_service("--cache-failure-ms", "60000")
    lines = [{"id": "none"}, {"id": "blank", "text": " "}, {"text": "x", "id": "unknown", "no": 1}, {"text": 1, "id": "ü"},
             {"id": "refused", "url": "http://127.0.0.1/"}, {"id": 7, "text": "x"}, {"id": "i" * 257, "text": "x"}]
    data = "\n".join(json.dumps(row) for row in lines).encode()
    for _ in range(2):  # the second time, the failure comes from the cache
        answer = service.request("POST", "/v1/summaries", data, {"Content-Type": "application/x-ndjson"})
        rows = [json.loads(l) for l in answer.body.splitlines()]
        assert [row.get("id") for row in rows] == ["none", "blank", "unknown", "ü", "refused", None, None]
        assert [row["line"] for row in rows] == list(range(1, len(lines) + 1))
    alone = service.request("POST", "/v1/summaries", b'{"id":"alone"}', {"Content-Type": "application/json"})
    assert (alone.status, alone.json()["id"]) == (422, "alone")


def test_answers_come_while_the_input_is_still_arriving(service):
    with service.connect() as connection:
        connection.sendall(HEAD)
        stream = connection.makefile("rb")
        for number in range(5):
            data = line(number)
            connection.sendall(chunk(data[:10]))
            connection.sendall(chunk(data[10:]))
            if number == 0:
                assert b" 200 " in stream.readline()
                while stream.readline() != b"\r\n":
                    pass
            size = int(stream.readline(), 16)
            row = json.loads(stream.read(size))
            assert row["id"] == str(number)
            stream.readline()
        connection.sendall(b"0\r\n\r\n")
        assert stream.read() == b"0\r\n\r\n"


def sized(length, *packed):
    """The head of a batch with its length."""
    fields = [b"Content-Length: %d" % length, *(b"Content-Encoding: gzip" for _ in packed)]
    return HEAD.replace(b"Transfer-Encoding: chunked", b"\r\n".join(fields))


@pytest.mark.parametrize("packed", [False, True])
def test_a_short_batch_is_read_to_its_end_before_it_is_answered(start_service, packed):
    """For clients that send everything before they read: meanwhile, the answers fill no socket."""
    service = start_service("--queue", "100000")
    lines = b"".join(line(i, text=f"Number {i}. {random.Random(i).randbytes(500).hex()}.", include=["text"])
                     for i in range(8000))
    body = gzip.compress(lines, 1) if packed else lines
    assert len(lines) > 8 << 20 < 10 << 20
    with service.connect(timeout=600) as connection:
        connection.sendall(sized(len(body), *"p" * packed) + body)
        _, rows = parse(connection.makefile("rb").read())
    assert [row["id"] for row in rows] == [str(i) for i in range(8000)]
    while figure(service, "request_body_held_bytes") > 0:
        time.sleep(0.01)


@pytest.mark.parametrize("packed", [False, True])
def test_a_sender_that_waits_for_answers_gets_them(service, packed):
    lines = [line(i) for i in range(20)]
    packer = zlib.compressobj(wbits=31)
    parts = [packer.compress(l) + packer.flush(zlib.Z_SYNC_FLUSH) for l in lines] if packed else list(lines)
    parts[-1] += packer.flush() if packed else b""
    with service.connect() as connection:
        connection.sendall(sized(sum(map(len, parts)), *"p" * packed))
        stream = connection.makefile("rb")
        for number, part in enumerate(parts):
            connection.sendall(part)
            if number == 0:
                while stream.readline() != b"\r\n":
                    pass
            assert json.loads(stream.read(int(stream.readline(), 16)))["id"] == str(number)
            stream.readline()
        assert stream.read() == b"0\r\n\r\n"


@pytest.mark.concurrency
def test_reading_ahead_leaves_room_for_the_lines(start_service):
    """The batches that may be read ahead have seven times the bytes that all requests may hold."""
    service = start_service("--max-inflight", "5M", "--deadline-ms", "60000", "--workers", "2")
    lines = b"".join(line(i, text="The harbour town voted on Sunday. " * 1500) for i in range(180))
    assert 8 << 20 < len(lines) < 10 << 20
    connections = [service.connect(timeout=600) for _ in range(4)]
    answers = [b""] * len(connections)

    def run(number):
        sender = threading.Thread(target=connections[number].sendall, args=(sized(len(lines)) + lines,))
        sender.start()
        answers[number] = connections[number].makefile("rb").read()
        sender.join()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(connections))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers:
        assert [row.get("code", row["id"]) for row in parse(answer)[1]] == [str(i) for i in range(180)]


@pytest.mark.faults
@pytest.mark.parametrize("lines", [b"", line(1)])
def test_100_continue_comes_before_the_answer(start_service, tmp_path, lines):
    """Even if the I/O thread lost its core before sending it, and other clients' lines are answered
    meanwhile."""
    faults = faults_of.Faults(tmp_path)
    service = start_service("--io-threads", "2", env=faults.env)
    faults.hold_continue = 1
    with service.connect() as connection:
        connection.sendall(HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        while faults.continuing == 0:
            time.sleep(0.01)
        for number in range(2):  # when the second comes, the first look at all batches is over
            assert service.request("POST", "/v1/summaries", line(number), {
                "Content-Type": "application/x-ndjson"}).status == 200
        faults.hold_continue = 0
        stream = connection.makefile("rb")
        assert stream.readline() + stream.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall((chunk(lines) if lines else b"") + b"0\r\n\r\n")
        head, rows = parse(stream.read())
    assert b" 200 " in head and [row["id"] for row in rows] == (["1"] if lines else [])


def test_no_lines_no_answers(service):
    head, rows = parse(service.raw(HEAD + b"0\r\n\r\n"))
    assert b" 200 " in head and rows == []


def test_http_1_0_gets_its_answer_without_chunks(service):
    data = line(1) + line(2)
    raw = service.raw(b"POST /v1/summaries HTTP/1.0\r\nContent-Type: application/x-ndjson\r\n"
                      b"Content-Length: %d\r\n\r\n" % len(data) + data)
    head, rows = parse(raw)
    assert b"chunked" not in head and [row["id"] for row in rows] == ["1", "2"]


PACKED_HEAD = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
PACKED = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}


def rows_of(answer):
    assert answer.status == 200
    return [json.loads(l) for l in answer.body.splitlines()]


def test_a_packed_batch_says_what_a_plain_one_says(start_service):
    service = start_service("--max-body", "2K")
    data = b"\n".join([line(i).strip() for i in range(300)] +
                      [b"{", b"", b'{"text":"' + b"a" * 3000 + b'"}', b"\r", line(7).strip()])
    plain = service.request("POST", "/v1/summaries", data, {"Content-Type": "application/x-ndjson"})
    half = data.index(b"Line number 150")
    for packed in (gzip.compress(data), gzip.compress(data[:half]) + gzip.compress(b"") + gzip.compress(data[half:])):
        assert service.request("POST", "/v1/summaries", packed, PACKED).body == plain.body
        for seed in range(5):  # pieces of any size, down to a byte each
            cut, at, pieces = random.Random(seed), 0, []
            while at < len(packed):
                size = cut.choice([1, 2, 10, 1000])
                pieces.append(chunk(packed[at:at + size]))
                at += size
            _, rows = parse(service.raw(PACKED_HEAD + b"".join(pieces) + b"0\r\n\r\n"))
            assert rows == rows_of(plain)


def test_answers_come_while_a_packed_input_is_still_arriving(service):
    """Even answers to more lines than the window holds, from one piece, with nothing sent after it."""
    packer = zlib.compressobj(wbits=31)
    with service.connect() as connection:
        connection.sendall(PACKED_HEAD)
        stream = connection.makefile("rb")
        number = 0
        for count in (1, 500, 3, 2000):
            block = b"".join(line(i) for i in range(number, number + count))
            connection.sendall(chunk(packer.compress(block) + packer.flush(zlib.Z_SYNC_FLUSH)))
            if number == 0:
                assert b" 200 " in stream.readline()
                while stream.readline() != b"\r\n":
                    pass
            for _ in range(count):
                assert json.loads(stream.read(int(stream.readline(), 16)))["id"] == str(number)
                stream.readline()
                number += 1
        connection.sendall(chunk(packer.flush()) + b"0\r\n\r\n")
        assert stream.read() == b"0\r\n\r\n"


def test_a_packed_batch_that_breaks_off_or_is_damaged_says_so(service):
    data = b"".join(line(i) for i in range(20))
    good = gzip.compress(data)
    for bad, whole in ((good[:-4], 20), (good + b"x", 20), (good[:-8] + b"\xff" * 8, 20), (b"not gzip", 0), (b"", 0),
                       (good[:60], None)):
        rows = rows_of(service.request("POST", "/v1/summaries", bad, PACKED))
        assert rows[-1]["code"] == "bad_request" and rows[-1]["line"] == len(rows)
        assert whole is None or len(rows) == whole + 1
        assert [row["id"] for row in rows[:-1]] == [str(i) for i in range(len(rows) - 1)]


@pytest.mark.parametrize("filling", [b"a", b"\n"])
def test_a_bomb_in_a_batch_is_cut_off(start_service, filling):
    service = start_service("--max-body", "100K", "--workers", "1")
    bomb = gzip.compress(line(0) + filling * (100 << 20) + b"\n" + line(1))
    before = resident_kb(service)
    rows = rows_of(service.request("POST", "/v1/summaries", bomb, PACKED))
    assert [row.get("code", row.get("id")) for row in rows] == ["0", "body_too_large"]
    assert rows[1]["limit"] == 200 << 10 < rows[1]["actual"]
    assert resident_kb(service) < before + 20000
    service.still_works()


def test_a_client_that_leaves_or_never_reads_harms_nobody(start_service):
    service = start_service("--deadline-ms", "500", "--workers", "2")
    for _ in range(10):
        with service.connect() as connection:
            connection.sendall(HEAD + chunk(line(1) * 50))
    stuck = service.connect()
    data = chunk(line(1, include=["sentences", "keywords", "text"]) * 100)
    stuck.settimeout(600)
    with pytest.raises(OSError) as end:
        stuck.sendall(HEAD)
        for _ in range(100000):
            stuck.sendall(data)  # blocks once nothing flows, and is cut off
    assert not isinstance(end.value, TimeoutError)
    service.still_works()


@pytest.mark.parametrize("head,piece", [(HEAD, b" "), (HEAD, b"\n"), (PACKED_HEAD, gzip.compress(b"")),
                                        (PACKED_HEAD, gzip.compress(b"\n"))],
                         ids=["half a line", "blank lines", "nothing, packed", "blank lines, packed"])
def test_bytes_that_make_no_line_win_no_time(start_service, head, piece):
    service = start_service("--deadline-ms", "300")
    with service.connect() as connection:
        connection.sendall(head + chunk(line(1)))
        try:
            while True:
                connection.sendall(chunk(piece))
                time.sleep(0.02)
        except OSError:
            pass  # cut off
    service.still_works()


def test_a_batch_whose_sender_has_ended_is_answered_whole(start_service):
    """Like `nc -N`: the answers take longer than the watcher needs to see the end of input."""
    service = start_service("--url-timeout-ms", "2000", "--url-allow-nets", LOOPBACK, "--workers", "1")
    origin = origins.Origin()
    slow = [json.dumps({"id": str(i), "url": origin.url("silent") + f"?{i}"}).encode() + b"\n" for i in range(3)]
    # More lines than may be under way: the last stay in libmicrohttpd's buffer.
    data = line(9) + b"".join(slow) + line(8)
    with service.connect() as connection:
        connection.sendall(HEAD + chunk(data) + b"0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        raw = b""
        while piece := connection.recv(65536):
            raw += piece
    origin.close()
    assert [row.get("code", row.get("id")) for row in parse(raw)[1]] == ["9"] + ["url_timeout"] * 3 + ["8"]


def check_half_closed(service, sent, lines):
    """Every line is answered although the sender closed its half right after the batch."""
    with service.connect() as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()
    assert answer.endswith(b"\r\n0\r\n\r\n")
    assert [row["id"] for row in parse(answer)[1]] == [str(i) for i in range(lines)]


@pytest.mark.concurrency
@pytest.mark.parametrize("kind", ["chunked", "sized", "packed"])
def test_a_batch_whose_sender_has_ended_is_answered_whole_among_others(start_service, kind):
    """libmicrohttpd sees the end of input before it hands over what it holds, when it has more to do."""
    service = start_service("--workers", "2")
    load = Load(service.port, clients=2, text="It works. It really does.", cache=False)
    try:
        for number in range(20):
            lines = b"".join(line(i, text=f"Number {number}. " * (2000 if i % 5 == 2 and kind != "sized" else 2))
                             for i in range(20))
            sent = {"chunked": HEAD + chunk(lines) + b"0\r\n\r\n", "sized": sized(len(lines)) + lines,
                    "packed": PACKED_HEAD + chunk(gzip.compress(lines)) + b"0\r\n\r\n"}[kind]
            check_half_closed(service, sent, 20)
    finally:
        load.stop()
    assert load.failures == []


@pytest.mark.concurrency
def test_a_batch_in_pieces_whose_sender_has_ended_is_answered_whole(start_service):
    """libmicrohttpd holds several pieces, and is woken by the end of input."""
    service = start_service("--workers", "2", "--cache-bytes", "0")
    text = "The harbour town voted on Sunday to rebuild its lighthouse. The work begins in May. " * 20
    load = Load(service.port, clients=2, text=text, cache=False)
    try:
        for _ in range(60):
            lines = b"".join(line(i, text=text) for i in range(8))
            pieces = [chunk(lines[at:at + 4000]) for at in range(0, len(lines), 4000)]
            check_half_closed(service, HEAD + b"".join(pieces) + b"0\r\n\r\n", 8)
    finally:
        load.stop()
    assert load.failures == []


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.concurrency
@pytest.mark.parametrize("end,leave", [(b"", lambda connection: None), (b"", reset), (b"0\r\n\r\n", reset)],
                         ids=["before the end", "before the end, by reset", "by reset"])
def test_downloads_of_a_client_that_has_left_are_given_up(start_service, end, leave):
    """Except those that others wait for."""
    service = start_service("--url-timeout-ms", "600000", "--deadline-ms", "600000", "--url-allow-nets", LOOPBACK,
                            "--workers", "2", "--drain-ms", "0")
    origin = origins.Origin()
    lines = [json.dumps({"url": origin.url("silent") + f"?{i}"}).encode() for i in range(3)]
    with service.connect() as connection, service.connect() as other:
        connection.sendall(HEAD + chunk(b"\n".join(lines) + b"\n") + end)
        wait_until(lambda: figure(service, "downloads_active") == 3)
        other.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                      b"Content-Length: %d\r\n\r\n%s" % (len(lines[1]), lines[1]))
        wait_until(lambda: figure(service, "cache_joined_total") == 1)
        leave(connection)
        connection.close()
        wait_until(lambda: figure(service, "downloads_active") == 1)
        wait_until(lambda: figure(service, 'fetches_total{result="cancelled"}') == 2)
    wait_until(lambda: figure(service, 'fetches_total{result="cancelled"}') == 3)
    origin.close()


def test_what_becomes_of_a_batch_is_logged_and_counted(start_service):
    """Downloads are logged with its id; its time, which depends on its client, is not counted; the
    log says whether its client stayed to the end."""
    service = start_service("--url-allow-nets", LOOPBACK, "--log-level", "info", "--deadline-ms", "600000")
    origin = origins.Origin()
    lines = b"".join(json.dumps({"url": origin.url(path)}).encode() + b"\n" for path in ("rss", "closes"))
    service.request("POST", "/v1/summaries", lines, {"Content-Type": "application/x-ndjson", "X-Request-Id": "batch-1"})
    with service.connect() as connection:
        connection.sendall(HEAD + chunk(line(1)))
        come = b""
        while not come.endswith(b"}\n\r\n"):
            come += connection.recv(65536)
        reset(connection)
    wait_until(lambda: len(service.events("request")) == 2)
    origin.close()
    assert [event["id"] for event in service.events("download_failed")] == ["batch-1", "batch-1"]
    assert [(event["status"], event["code"]) for event in service.events("request")] == [(200, "ok"), (0, "dropped")]
    assert figure(service, 'requests_total{route="/v1/summaries",status="200",code="ok"}') == 1
    assert figure(service, 'requests_dropped_total{route="/v1/summaries"}') == 1
    assert figure(service, 'stage_seconds_count{stage="total"}') == 0


def test_a_line_that_is_late_is_answered_so(start_service):
    """The line's deadline comes before the connection's."""
    service = start_service("--deadline-ms", "1500", "--url-timeout-ms", "60000", "--url-allow-nets", LOOPBACK)
    origin = origins.Origin()
    data = line(1) + json.dumps({"url": origin.url("silent")}).encode() + b"\n" + line(2)
    rows = rows_of(service.request("POST", "/v1/summaries", data, {"Content-Type": "application/x-ndjson"}))
    origin.close()
    assert [row.get("code", row.get("id")) for row in rows] == ["1", "url_timeout", "2"]


def resident_kb(service):
    status = open(f"/proc/{service.process.pid}/status").read()
    return int(status.split("VmRSS:")[1].split()[0])


def test_answers_of_any_length_come_whole(service):
    """Even those that end anywhere near the end of the 16 KB buffer from which they are sent."""
    ids = ["a" * length for length in range(1, 129)]
    data = b"".join(json.dumps({"id": name, "text": "a" * 5320, "include": ["text"], "cache": False}).encode() + b"\n"
                    for name in ids)
    answer = service.request("POST", "/v1/summaries", data, {"Content-Type": "application/x-ndjson"})
    lengths = [len(one) + 1 for one in answer.body.splitlines()]
    assert lengths == list(range(lengths[0], lengths[0] + 128)) and lengths[0] < 16384 - 30 < 16384 + 3 < lengths[-1]
    assert [row["id"] for row in rows_of(answer)] == ids


def test_answers_that_nobody_reads_are_within_the_limit(start_service):
    """Three take all the room; the others are told so, and in the end the first is complete."""
    service = start_service("--max-inflight", "30M", "--cache-bytes", "0", "--deadline-ms", "600000")
    text = "The harbour town voted on Sunday. " * 270_000
    connections, begun = [], []
    for number in range(5):
        connections.append(socket.socket())
        connections[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connections[-1].connect(("127.0.0.1", service.port))
        connections[-1].sendall(HEAD + chunk(line(number, text=text, include=["text"])) + b"0\r\n\r\n")
        begun.append(b"")
        while begun[-1].count(b"\n{") < 1:
            begun[-1] += connections[-1].recv(100)
    assert 3 * len(text) < figure(service, "request_body_held_bytes") <= 30 << 20
    rows = [parse(start + connection.makefile("rb").read())[1] for start, connection in zip(begun, connections)]
    assert [row.get("code", row.get("id")) for (row,) in rows] == ["0", "1", "2", "overloaded", "overloaded"]
    assert all(row["source"]["text"] == text for (row,) in rows[:3])
    while figure(service, "request_body_held_bytes") > 0:
        time.sleep(0.01)


def figure(service, name):
    text = service.request("GET", "/metrics").body.decode()
    return float(re.search(rf"^precis_{name} (\S+)$", text, re.M)[1])


def wait_until_read(service):
    """The only I/O thread has received all that was sent."""
    port, unread = f":{service.port:04X}", True
    while unread:
        rows = [row.split() for row in open("/proc/net/tcp").readlines()[1:]]
        unread = any(int(row[4].split(":")[1], 16) for row in rows if row[1].endswith(port) and row[3] == "01")
    service.request("GET", "/livez")


def in_two(head, number):
    """A batch with a line of 400 KB, as most of it and its end. Packed, it is a kilobyte."""
    text = line(number, query="a" * 400_000 if head is HEAD else " " * 400_000)
    if head is HEAD:
        return chunk(text[:-1]), chunk(b"\n")
    packer = zlib.compressobj(wbits=31)
    most = packer.compress(text[:-1]) + packer.flush(zlib.Z_SYNC_FLUSH)
    return chunk(most), chunk(packer.compress(b"\n") + packer.flush())


@pytest.mark.parametrize("head", [HEAD, PACKED_HEAD], ids=["plain", "packed"])
def test_lines_that_never_end_are_within_the_limit(start_service, head):
    """Two take all the room; the third is told so, and its batch goes on."""
    service = start_service("--max-inflight", "1300K", "--max-body", "500K", "--io-threads", "1")
    connections = [service.connect() for _ in range(3)]
    for number, connection in enumerate(connections):
        connection.sendall(head + in_two(head, number)[0])
        wait_until_read(service)
    assert 2 * 400_000 < figure(service, "request_body_held_bytes") <= 1300 << 10
    for number in (2, 1):
        connections[number].sendall(in_two(head, number)[1] + b"0\r\n\r\n")
    rows = [parse(connections[number].makefile("rb").read())[1] for number in (1, 2)]
    connections[0].close()
    service.still_works()
    assert [row["code"] for answers in rows for row in answers] == ["out_of_range", "overloaded"]
    assert rows[1][0]["limit"] == 1300 << 10 < rows[1][0]["actual"]
    while figure(service, "request_body_held_bytes") > 0:
        time.sleep(0.01)


@pytest.mark.concurrency
@pytest.mark.parametrize("packed", [False, True])
def test_a_long_batch_takes_no_more_memory_than_a_short_one(start_service, packed):
    # Do not measure the freed memory that the sanitizer keeps to catch late uses.
    service = start_service("--cache-bytes", "1M", env={"ASAN_OPTIONS": "exitcode=77:quarantine_size_mb=1"})

    def run(lines):
        """Send and read at the same time; returns how many answers came and the largest memory seen."""
        with service.connect() as connection:
            block = b"".join(line(i) for i in range(100))

            def send():
                connection.sendall(PACKED_HEAD if packed else HEAD)
                for _ in range(lines // 100):
                    connection.sendall(chunk(gzip.compress(block) if packed else block))
                connection.sendall(b"0\r\n\r\n")

            sender = threading.Thread(target=send)
            sender.start()
            count, most = 0, 0
            while piece := connection.recv(1 << 20):
                count += piece.count(b"}\n")
                most = max(most, resident_kb(service))
            sender.join()
            return count, most

    assert run(2000)[0] == 2000
    before = resident_kb(service)
    count, most = run(30000)
    assert count == 30000
    assert most < before * 1.5 + 20000


@pytest.mark.parametrize("packed", [False, True])
def test_each_line_counts_for_the_rate(start_service, packed):
    service = start_service("--rate", "5/h", "--trust-proxies", "127.0.0.1")

    def ask(client, data):
        head = {"Content-Type": "application/x-ndjson", "X-Forwarded-For": client}
        if packed:
            data, head = gzip.compress(data), {**head, "Content-Encoding": "gzip"}
        return service.request("POST", "/v1/summaries", data, head)

    def outcome(answer):
        return [row.get("id", (row.get("code"), row.get("line"))) for row in rows_of(answer)]

    # Blank lines and lines that are too long cause no summaries.
    lines = b"\n" + line(1) + b"\n" + b"".join(map(line, range(2, 5)))
    assert outcome(ask("192.0.2.1", lines)) == ["1", "2", "3", "4"]
    over = ask("192.0.2.1", b"".join(map(line, range(5, 9))))
    assert outcome(over) == ["5", ("rate_limited", 2), ("rate_limited", 3), ("rate_limited", 4)]
    problem = rows_of(over)[1]
    assert (problem["status"], problem["limit"]) == (429, 5)
    assert problem["detail"].startswith("5 in 3600 s are allowed; the next in ")
    refused = ask("192.0.2.1", line(9))
    assert (refused.status, refused.json()["code"]) == (429, "rate_limited")
    assert outcome(ask("192.0.2.2", line(10))) == ["10"]


@pytest.mark.concurrency
def test_batches_are_slowed_down_and_single_requests_are_not_refused(start_service):
    """If single requests waited behind the lines, their queue would be too slow."""
    service = start_service("--workers", "1", "--queue-wait-ms", "1", "--cache-bytes", "0", "--deadline-ms", "600000")
    answers = []

    def run(number):
        lines = b"".join(line(i, text=f"Town {number} voted on Sunday. " * 300) for i in range(300))
        answers.append(service.request("POST", "/v1/summaries", lines, {"Content-Type": "application/x-ndjson"}, timeout=600))

    batches = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for batch in batches:
        batch.start()
    while len(answers) < len(batches):
        answer = service.summarize(text="It works. It really does.", cache=False)
        assert answer.status == 200, answer
    for answer in answers:
        assert [row.get("id", row) for row in rows_of(answer)] == [str(i) for i in range(300)]


@pytest.mark.concurrency
def test_a_request_that_asks_what_a_line_does_goes_first(start_service):
    """Otherwise it would wait for all lines before that one."""
    service = start_service("--workers", "1", "--queue-wait-ms", "0", "--deadline-ms", "600000", "--log-level", "info")
    lines = [line(i, text=f"Town {i} voted on Sunday. " * 10_000) for i in range(20)]
    long_text = "The harbour town votes on Sunday, and the work begins in May. " * 60_000

    def send(body, kind):
        service.request("POST", "/v1/summaries", body, {"Content-Type": kind}, timeout=600)

    clients = [threading.Thread(target=send, args=(json.dumps({"text": long_text, "cache": False}).encode(), "application/json"))
               for _ in range(8)]
    clients += [threading.Thread(target=send, args=(body, "application/x-ndjson")) for body in lines]
    for client in clients[:8]:
        client.start()
    wait_until(lambda: figure(service, "queue_depth") >= 4)
    for client in clients[8:-1]:
        client.start()
    wait_until(lambda: figure(service, "queue_depth") >= 19)
    clients[-1].start()
    wait_until(lambda: figure(service, "queue_depth") >= 20)
    body = lines[-1].strip()
    answer = service.request("POST", "/v1/summaries", body, {"Content-Type": "application/json", "X-Request-Id": "joins"},
                             timeout=600)
    assert answer.status == 200
    for client in clients:
        client.join()
    wait_until(lambda: len(service.events("request")) == 29)
    assert figure(service, "cache_joined_total") == 1
    assert [event["id"] for event in service.events("request")].index("joins") < 22


def test_the_head_has_what_every_answer_has(start_service):
    service = start_service("--rate", "5/h", "--cors-origins", "https://news.example")
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    head = {"X-Request-Id": "batch-1", "traceparent": trace, "Origin": "https://news.example"}
    batch = service.request("POST", "/v1/summaries", line(1), {**head, "Content-Type": "application/x-ndjson"})
    alone = service.request("POST", "/v1/summaries", line(1), {**head, "Content-Type": "application/json"})
    assert (batch.status, alone.status) == (200, 200)
    for name in ("X-Request-Id", "X-Content-Type-Options", "Cache-Control", "Vary", "Access-Control-Allow-Origin",
                 "Access-Control-Expose-Headers", "RateLimit-Policy"):
        assert batch.headers[name] == alone.headers[name] is not None, name
    assert batch.headers["traceparent"].startswith(trace[:36])
    assert batch.headers["RateLimit"].startswith('"client";r=4;t=')
    assert batch.headers["Connection"] == "close"


def test_without_a_rate_lines_are_not_counted(service):
    answer = service.request("POST", "/v1/summaries", b"".join(map(line, range(300))), {
        "Content-Type": "application/x-ndjson"})
    assert [row["id"] for row in rows_of(answer)] == [str(i) for i in range(300)]
