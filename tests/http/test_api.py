"""The contract of /v1/summaries and its neighbours, over real sockets."""

import collections
import gzip
import http.server
import json
import random
import threading
import time

import pytest

import service as running

JSON = {"Content-Type": "application/json"}
ARTICLE = (
    "The harbour bridge was closed on Monday after engineers found a crack in one of its piers.\n"
    "\n"
    "The crack had grown since the spring, said Dr. Ines Falk, who leads the inspection. "
    "\u201cWe could not wait any longer,\u201d she said. Could it have been seen earlier? "
    "Ferries run every ten minutes until the repair is done, and they are free of charge. "
    "Shops on the eastern side fear for their customers! "
    "The city expects the work on the bridge to take six weeks and to cost four million crowns.\n"
    "\n"
    "A second inspection of the bridge is planned for the autumn, when the water is low.")


PAGE = ("<!doctype html><html lang=en><title>Bridge closed</title><body><article><h1>Bridge closed</h1>"
        + "".join(f"<p>{paragraph}</p>" for paragraph in ARTICLE.split("\n\n"))
        + "</article></body></html>").encode()


class Newsroom(http.server.ThreadingHTTPServer):
    """An origin that counts requests: it answers /article at once, /slow after a moment, /gated
    once `gate` is set, /silent never."""

    def __init__(self):
        self.asked = collections.Counter()
        self.waiting = 0
        self.gate = threading.Event()
        super().__init__(("127.0.0.1", 0), self.Handler)

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request, client_address):
        pass  # some tests have clients that leave

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked[self.path] += 1
            self.server.waiting += 1
            if self.path == "/slow":
                time.sleep(0.5)
            elif self.path == "/gated":
                self.server.gate.wait()
            elif self.path == "/silent":
                self.connection.recv(1)  # until the client goes
            self.server.waiting -= 1
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *args):
            pass


@pytest.fixture(scope="module")
def newsroom():
    server = Newsroom()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def slices(text, unit):
    """`text` as something that slices in `unit`, and the way back to a string."""
    if unit == "codepoint":
        return text, lambda part: part
    if unit == "utf8":
        return text.encode(), lambda part: part.decode()
    raw = text.encode("utf-16-le")
    return [raw[i:i + 2] for i in range(0, len(raw), 2)], lambda part: b"".join(part).decode("utf-16-le")


def check_offsets(answer, text):
    """Every offset of the answer slices back to the text it names, in order and within bounds."""
    sliced, back = slices(text, answer["offset_unit"])
    last = 0
    for sentence in answer["sentences"]:
        assert back(sliced[sentence["start"]:sentence["end"]]) == sentence["text"]
        assert sentence["start"] >= last
        last = sentence["end"]
    last = 0
    for sentence in answer.get("all_sentences", []):
        assert last <= sentence["start"] < sentence["end"] <= len(sliced)
        last = sentence["end"]
        part = back(sliced[sentence["start"]:sentence["end"]])
        assert part == part.strip()
    for keyword in answer.get("keywords", []):
        for start, end in keyword["occurrences"]:
            assert 0 <= start < end <= len(sliced)
        start, end = keyword["occurrences"][0]
        assert back(sliced[start:end]) == keyword["text"]
    assert answer["source"]["length"] == len(sliced)


def test_an_answer_has_the_parts_of_the_contract(service):
    answer = service.summarize(text=ARTICLE, title="Bridge closed", id="a-1",
                               include=["sentences", "keywords", "text"])
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert list(body) == ["id", "summary", "sentences", "offset_unit", "reduced", "source",
                          "keywords", "all_sentences", "engine"]
    assert body["id"] == "a-1"
    assert body["offset_unit"] == "utf16"
    assert body["reduced"] is True
    assert body["summary"] == " ".join(s["text"] for s in body["sentences"])
    assert len(body["sentences"]) == 3
    for sentence in body["sentences"]:
        assert set(sentence) == {"text", "start", "end", "index", "paragraph", "score"}
        assert 0 <= sentence["score"] <= 1
        assert body["all_sentences"][sentence["index"]]["start"] == sentence["start"]
    source = body["source"]
    assert source["kind"] == "text"
    assert source["title"] == "Bridge closed"
    assert source["language"] == "en"
    assert source["text"] == ARTICLE
    assert source["sentences"] == len(body["all_sentences"])
    assert source["words"] > 90
    assert len(source["sha256"]) == 64
    assert body["keywords"][0]["score"] == 1
    assert body["engine"].startswith("precis/")
    check_offsets(body, ARTICLE)


def test_nothing_extra_is_sent_unasked(service):
    body = service.summarize(text=ARTICLE).json()
    assert "keywords" not in body and "all_sentences" not in body and "text" not in body["source"]
    assert "id" not in body


@pytest.mark.parametrize("fields, count", [
    ({}, 3), ({"length": "medium"}, 5), ({"length": "long"}, 7), ({"sentences": 1}, 1),
    ({"sentences": 100}, 8), ({"ratio": 0.5, "sentences": 2}, 2), ({"ratio": 0.0001}, 1),
    ({"max_words": 1}, 1), ({"max_chars": 1}, 1), ({"ratio": 1}, 8),
    ({"length": "long", "sentences": 2}, 2),
])
def test_the_tightest_bound_wins(service, fields, count):
    body = service.summarize(text=ARTICLE, **fields).json()
    assert len(body["sentences"]) == count
    assert body["reduced"] is (count < 8)


def test_a_length_is_not_filled_up_with_greetings(service):
    mail = ("Dear all,\n\nThe movers come on the 14th of June at eight in the morning.\n\n"
            "On Thursday evening every desk should be packed and labelled.\n\nMany thanks,\n\nMaria\n")
    for length in ("short", "medium", "long"):
        body = service.summarize(text=mail, length=length).json()
        assert [s["index"] for s in body["sentences"]] == [1, 2] and body["reduced"] is True
    assert len(service.summarize(text=mail, sentences=3).json()["sentences"]) == 3
    assert service.summarize(text="Dear all,\n\nThe movers come on Tuesday.\n\nMaria").json()["reduced"] is False
    body = service.summarize(text=mail, ratio=0.6).json()
    assert [s["index"] for s in body["sentences"]] == [1, 2]
    assert len(service.summarize(text=mail, ratio=0.6, sentences=4).json()["sentences"]) == 3


def test_budgets_cut_no_sentence(service):
    for words in range(5, 120, 7):
        body = service.summarize(text=ARTICLE, max_words=words).json()
        got = sum(len(s["text"].split()) for s in body["sentences"])
        assert got <= words or len(body["sentences"]) == 1
    for chars in range(20, 700, 40):
        body = service.summarize(text=ARTICLE, max_chars=chars).json()
        assert len(body["summary"]) <= chars or len(body["sentences"]) == 1


def test_order_by_score(service):
    body = service.summarize(text=ARTICLE, order="score", sentences=4).json()
    scores = [s["score"] for s in body["sentences"]]
    assert scores == sorted(scores, reverse=True)
    assert body["summary"] == " ".join(s["text"] for s in body["sentences"])
    same = service.summarize(text=ARTICLE, order="source", sentences=4).json()
    assert {s["index"] for s in same["sentences"]} == {s["index"] for s in body["sentences"]}


def test_avoided_sentences_come_last(service):
    for sentences in range(1, 8):
        body = service.summarize(text=ARTICLE, sentences=sentences,
                                 avoid=["quotes", "questions", "exclamations"]).json()
        bad = [s for s in body["sentences"] if s["text"][-1] in "?!" or "\u201c" in s["text"]]
        assert len(body["sentences"]) == sentences
        assert len(bad) == max(0, sentences - 5)


def test_a_query_changes_the_choice(service):
    ferries = service.summarize(text=ARTICLE, sentences=1, query="ferries free of charge").json()
    assert "Ferries" in ferries["summary"]
    shops = service.summarize(text=ARTICLE, sentences=1, query="shops and customers").json()
    assert "Shops" in shops["summary"]


@pytest.mark.parametrize("text", ["Hi", "One sentence only.", "\U0001F600", "a\n\n\nb", " x ", "?"])
def test_short_text_is_no_error(service, text):
    body = service.summarize(text=text, sentences=100).json()
    assert body["reduced"] is False
    assert len(body["sentences"]) >= 1


@pytest.mark.parametrize("text", ["", " ", "\n\t \r\n", "\u00a0\u2003\u3000", "\u00ad", "\u2060 \u034f\ufe0f", "\u2800",
                                  "\u3164 \u115f\uffa0", "\x01\x7f\x90", "\u200c\u200d\ufeff"])
def test_blank_text_is_an_error(service, text):
    answer = service.summarize(text=text)
    assert answer.status == 422
    assert answer.json()["code"] == "empty_text"
    assert answer.json()["pointer"] == "/text"


@pytest.mark.parametrize("html", ["", " ", "<p> </p>", "<title>Bridge</title><img src=a>", "<!-- a --><script>b</script>"])
def test_html_without_text_is_an_error(service, html):
    problem = service.summarize(html=html).json()
    assert (problem["status"], problem["code"], problem["pointer"]) == (422, "empty_text", "/html")


REAL = [
    "Plain ASCII. Two sentences here.\r\nA third after CRLF.\r\n\r\nNew paragraph.",
    "\ufeffA byte order mark. It counts as a character.",
    "Emoji \U0001F468\u200D\U0001F469\u200D\U0001F467 family. Flags \U0001F1E9\U0001F1EA too! \U0001F600 starts.",
    "Combining: e\u0301a\u0308. Zalgo h\u0336\u0321e\u0337\u0322y\u0334. End.",
    "\u0647\u0644 \u062a\u0639\u0644\u0645\u061f \u0646\u0639\u0645. \u0647\u0630\u0627 \u0646\u0635 \u0642\u0635\u064a\u0631.",
    "\u0909\u0938\u0928\u0947 \u0915\u0939\u093e\u0964 \u0935\u0939 \u0918\u0930 \u0917\u092f\u093e\u0964",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0e27\u0e31\u0e19\u0e19\u0e35\u0e49\u0e2d\u0e32\u0e01\u0e32\u0e28\u0e14\u0e35",
    "\u4eca\u65e5\u306f\u3002\u5143\u6c17\u3067\u3059\u304b\uff1f\u300c\u306f\u3044\u3002\u300d\U00020000\u3002",
    "Tabs\tand\u00a0no-break\u2028line separators. Soft\u00adhyphens\u200b too.\x0c New page.",
]


@pytest.mark.parametrize("unit", ["utf8", "utf16", "codepoint"])
@pytest.mark.parametrize("text", REAL)
def test_offsets_are_exact_on_odd_text(service, text, unit):
    body = service.summarize(text=text, offset_unit=unit, include=["sentences", "keywords"],
                             sentences=100).json()
    assert body["offset_unit"] == unit
    check_offsets(body, text)


def random_text(generator):
    pieces = (". ", "! ", "? ", "\n", "\n\n", "\r\n", " ", " ", " ", "...", "\u3002", "\u061f", "\u0964",
              "\"", "\u201c", "\u201d", "(", ")", "- ", "1. ", "Dr. ", "e.g. ", "http://a.b/c.d ", "\u200d", "\u0301",
              "\U0001F600", "\ufeff", "\u00ad", "\t", "\x0c", "\x01", "\u202e")
    ranges = ((97, 122), (65, 90), (0xC0, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5D0, 0x5EA), (0x620, 0x64A),
              (0x900, 0x97F), (0xE01, 0xE4E), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x1F300, 0x1F6FF),
              (0xE000, 0xE010), (0x10000, 0x10100), (0xE0100, 0xE0110))
    out = []
    for _ in range(generator.randrange(1, 120)):
        if generator.random() < 0.5:
            out.append(generator.choice(pieces))
        else:
            low, high = generator.choice(ranges)
            out.append("".join(chr(generator.randint(low, high)) for _ in range(generator.randrange(1, 9))))
    return "".join(out)


def test_offsets_are_exact_on_random_text(service):
    generator = random.Random(1)
    for i in range(600):
        text = random_text(generator)
        answer = service.summarize(text=text, include=["sentences", "keywords"], cache=False,
                                   offset_unit=("utf8", "utf16", "codepoint")[i % 3])
        if answer.status != 200:
            assert answer.json()["code"] == "empty_text", (text, answer)
            continue
        check_offsets(answer.json(), text)


@pytest.mark.parametrize("body, status, code", [
    (b"", 400, "invalid_json"), (b"{", 400, "invalid_json"), (b"[]", 422, "wrong_type"),
    (b'{"text":"a","text":"b"}', 400, "duplicate_key"), (b'{"text":"\xff"}', 400, "invalid_utf8"),
    (b'{"text":"\\ud800"}', 400, "invalid_json"), (b'{"text":"a\\u0000b"}', 400, "null_character"),
    (b'{"text":"a\x00b"}', 400, "invalid_json"), (b"[" * 100000, 400, "invalid_json"),
    (b'{"text":"a","sentences":' + b"9" * 400 + b"}", 422, "out_of_range"),
    (b"{}", 422, "missing_input"), (b'{"text":"a","html":"b"}', 422, "conflicting_input"),
    (b'{"text":"a","nope":1}', 422, "unknown_field"), (b'{"text":"a","ratio":2}', 422, "out_of_range"),
    (b'{"url":"ftp://example.org/"}', 422, "url_refused"),
    (b'{"url":"http://10.0.0.1/"}', 422, "url_refused"),
])
def test_bad_bodies_get_a_problem(service, body, status, code):
    answer = service.request("POST", "/v1/summaries", body, JSON)
    problem = answer.json()
    assert (answer.status, problem["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["title"] and problem["type"].endswith(code)
    assert problem["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
def test_fields_beside_a_body_are_not_passed_over(service, content_type):
    def post(query):
        return service.request("POST", "/v1/summaries" + query, b'{"text":"a"}\n', {"Content-Type": content_type})

    for query, name in (("?sentences=3", "sentences"), ("?&nope=1&url=a", "nope"), ("?=", "")):
        answer = post(query)
        problem = answer.json()
        assert (answer.status, problem["code"]) == (422, "unknown_field")
        assert problem["detail"] == f'"{name}" stands in the query string; with POST all fields are in the body.'
        assert "pointer" not in problem  # the body is not at fault
    assert [post(query).status for query in ("", "?", "?&")] == [200] * 3


@pytest.mark.parametrize("body, detail", [
    (b'{"text":"a\\u0000b"}', "Column 18: \\u0000 is not allowed."),
    (b'{"te\\u0000xt":"a"}', "Column 13: \\u0000 is not allowed."),
    (b'{"text":"a",\n"b"}', "Line 2, column 4: ':' expected near '}'."),
    (b'{"text":"a","ratio":1.0000001}', '"ratio" is more than 1; it must be above 0 and at most 1.'),
    (b'{"text":"a","ratio":-0.5}', '"ratio" is not above 0; it must be above 0 and at most 1.'),
    (b'{"html":"<p>a","base_url":"news.example/a"}', '"base_url" is no absolute http or https URL.'),
    (b'{"url":"news.example/a"}', "The URL must begin with http:// or https://."),
    (b'{"url":"ftp://news.example/"}', "The URL must begin with http:// or https://."),
    (b'{"url":" HTTP://10.0.0.1/"}', "This URL is not allowed here."),
])
def test_details_are_in_words_of_our_own(service, body, detail):
    assert service.request("POST", "/v1/summaries", body, JSON).json()["detail"] == detail


def test_key_points_may_be_chosen(service):
    points = ["Cracks were found in a pier of the bridge", "Ferries are free of charge until the spring",
              "The council has to find four million crowns"]
    links = "".join(f'<li><a href="#p{i}">{point}</a></li>' for i, point in enumerate(points))
    page = PAGE.decode().replace("</h1>", f"</h1><div><h2>Key points</h2><ul>{links}</ul></div>")
    body = service.summarize(html=page, sentences=3, include=["html_offsets", "text"]).json()
    assert body["source"]["text"].split("\n\n")[1:5] == ["Key points", *points]
    check_offsets(body, body["source"]["text"])
    chosen = [sentence for sentence in body["sentences"] if sentence["text"] in points]
    assert chosen
    for sentence in chosen:
        assert page.encode()[sentence["html_start"]:sentence["html_end"]].decode() == sentence["text"]


def test_html_is_extracted_and_traced_back(service):
    html = ("<!doctype html><html lang=en><title>Bridge closed | The Paper</title><body><nav>Home | Sport</nav>"
            "<article><h1>Bridge closed</h1>"
            "<p>The harbour bridge was <b>closed</b> on Monday &amp; stays closed for six weeks, the city said.</p>"
            "<p>Engineers found a crack in one of its piers, which had grown since the spring inspection.</p>"
            "<p>Ferries run every ten minutes until the repair is done, and they are free of charge &mdash; always.</p>"
            "</article><footer>All rights reserved.</footer></body></html>")
    answer = service.summarize(html=html, base_url="https://example.org/a", sentences=2,
                               include=["html_offsets", "text", "sentences"])
    body = answer.json()
    assert answer.status == 200
    assert body["source"]["kind"] == "html"
    assert body["source"]["title"] == "Bridge closed"
    text = body["source"]["text"]
    check_offsets(body, text)
    assert "rights reserved" not in text and "Sport" not in text
    raw = html.encode()
    for sentence in body["sentences"]:
        part = raw[sentence["html_start"]:sentence["html_end"]].decode()
        assert part.split()[0] == sentence["text"].split()[0]
        assert part.split()[-1] == sentence["text"].split()[-1]


def test_probes_and_info(service):
    assert service.request("GET", "/livez").body == b"alive\n"
    assert service.request("GET", "/readyz").body == b"ready\n"
    info = service.request("GET", "/v1/info").json()
    assert info["name"] == "precis"
    assert info["limits"]["body_bytes"] == 10 << 20
    assert {"en", "de", "fr", "zh", "ar", "hi"} <= set(info["languages"])
    for language in info["languages"]:
        assert service.summarize(text=ARTICLE, language=language).status == 200
    assert "und" not in info["languages"]
    assert service.request("HEAD", "/livez").status == 200


@pytest.mark.parametrize("path, detail", [
    (b"/nothing", 'Nothing is served at "/nothing".'),
    ("/été".encode(), 'Nothing is served at "/été".'),
    (b'/"\xC3', 'Nothing is served at "/"".'),  # cut to valid UTF-8
    (b"/%6civez", "No path of this service has percent-escapes."),
])
def test_what_is_not_found_is_named(service, path, detail):
    answer = service.raw(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ") and json.loads(body)["detail"] == detail


def test_paths_methods_and_types(service):
    assert service.request("GET", "/nothing").json()["code"] == "not_found"
    answer = service.request("DELETE", "/v1/summaries")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    answer = service.request("OPTIONS", "/v1/summaries")
    assert (answer.status, answer.headers["Allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    body = json.dumps({"text": "A."}).encode()
    for kind, status in (("application/json", 200), ("Application/JSON; charset=UTF-8", 200),
                         ("application/json; charset=latin1", 415), ("text/plain", 415),
                         ("application/jsonp", 415)):
        assert service.request("POST", "/v1/summaries", body, {"Content-Type": kind}).status == status
    assert service.request("POST", "/v1/summaries", body).status == 415


@pytest.mark.parametrize("target, status", [
    (b"http://x/livez", 200), (b"HTTP://x:80/livez?a=b", 200), (b"https://[::1]/livez", 200), (b"http://x", 200),
    (b"http://x?a=b", 200), (b"http://x/v1/summaries?text=One+sentence.&sentences=1", 200), (b"http://x/nothing", 404),
    (b"http://x/%6civez", 404), (b"http://%78/livez", 404), (b"http:///livez", 404), (b"http://u@x/livez", 404)])
def test_a_target_may_name_the_host(service, target, status):
    for host in (b"x", b"elsewhere"):
        answer = service.raw(b"GET " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 %d " % status), answer


def test_a_body_goes_to_a_target_with_a_host(service):
    body = json.dumps({"text": "One sentence."}).encode()
    head = b"POST http://x/v1/summaries HTTP/1.1\r\n%sContent-Type: application/json\r\nConnection: close\r\n%s\r\n"
    length = b"Content-Length: %d\r\n" % len(body)
    assert service.raw(head % (b"Host: x\r\n", length) + body).startswith(b"HTTP/1.1 200 ")
    for host, framing in ((b"", length), (b"Host: x\r\nHost: x\r\n", length),  # RFC 9112, 3.2: still one Host
                          (b"Host: x\r\n", length + b"Transfer-Encoding: chunked\r\n")):
        assert service.raw(head % (host, framing) + body).startswith(b"HTTP/1.1 400 ")


def test_request_ids_are_echoed_or_made(service):
    assert service.request("GET", "/livez", headers={"X-Request-Id": "abc-1.2_3"}).headers["X-Request-Id"] == "abc-1.2_3"
    for bad in ("", "a b", "x" * 129, "\"quote"):
        made = service.request("GET", "/livez", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
        assert made != bad and len(made) == 32


def test_limits_are_named(start_service):
    service = start_service("--max-body", "4K", "--max-text", "1K")
    answer = service.summarize(text="a", sentences=101)
    assert (answer.json()["limit"], answer.json()["actual"]) == (100, 101)
    answer = service.summarize(text="a" * 1025)
    assert (answer.status, answer.json()["code"]) == (413, "text_too_large")
    assert (answer.json()["limit"], answer.json()["actual"]) == (1024, 1025)
    answer = service.summarize(text="a" * 5000)
    assert (answer.status, answer.json()["code"]) == (413, "body_too_large")
    assert answer.json()["limit"] == 4096
    answer = service.request("GET", "/v1/summaries?text=" + "a" * 20000)
    assert (answer.status, answer.json()["limit"], answer.json()["actual"]) == (414, 12288, 20019)
    answer = service.request("GET", "/v1/info", headers={"X-Long": "a" * 30000})
    assert answer.status == 431 and answer.json()["actual"] > answer.json()["limit"] > 16000
    answer = service.request("GET", "/v1/info", headers={f"X-{i}": "a" for i in range(200)})
    assert answer.status == 431 and answer.json()["actual"] > 200 > answer.json()["limit"]
    # A body of unknown length is counted while it arrives.
    chunk = b"1000\r\n" + b"a" * 4096 + b"\r\n"
    head = (b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    refused = service.raw(head + chunk + b"1\r\na\r\n0\r\n\r\n")
    assert b" 413 " in refused.split(b"\r\n")[0]
    assert b"The body has 4097 bytes or more; at most 4096 are allowed." in refused
    # With Expect, the client is spared sending the body.
    head = (b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n")
    assert b" 413 " in service.raw(head).split(b"\r\n")[0]


def test_packed_bodies_are_unpacked_within_the_limit(start_service):
    service = start_service("--max-body", "100K")
    packed = {**JSON, "Content-Encoding": "gzip"}

    def ask(body):
        return service.request("POST", "/v1/summaries", body, packed)

    good = gzip.compress(json.dumps({"text": ARTICLE}).encode())
    assert ask(good).json()["summary"] == service.summarize(text=ARTICLE).json()["summary"]
    bomb = gzip.compress(b'{"text":"' + b"a" * (50 << 20))
    assert len(bomb) < 100 * 1024
    answer = ask(bomb)
    assert (answer.status, answer.json()["code"], answer.json()["limit"]) == (413, "body_too_large", 102400)
    for bad in (good[:-4], good + b"x", b"not gzip", b"", good[:10] + b"\xff" + good[11:]):
        answer = ask(bad)
        assert (answer.status, answer.json()["code"]) == (400, "bad_request")
    # What unpacks to nothing is bounded as well: a name in the gzip header that never ends, and
    # empty members.
    head = (b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Encoding: gzip\r\n"
            b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for data in (b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 110000, gzip.compress(b"") * 6000):
        assert b" 413 " in service.raw(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)).split(b"\r\n")[0]
    answer = service.request("POST", "/v1/summaries", good, {**JSON, "Content-Encoding": "br"})
    assert (answer.status, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("ends", [True, False], ids=["and no more", "then the rest"])
def test_a_packed_body_begins_with_its_header_alone(start_service, ends):
    """This is the first request of a service, which has no memory for any body yet."""
    packed = gzip.compress(json.dumps({"text": ARTICLE}).encode())
    chunks = [packed[:10]] if ends else [packed[:10], packed[10:]]
    answer = start_service().raw(
        b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Encoding: gzip\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 " if ends else b"HTTP/1.1 200 ")


def test_a_summary_by_get_can_be_kept_on_the_way(service, newsroom):
    path = "/v1/summaries?sentences=2&url=" + newsroom.url("/article")
    first = service.request("GET", path)
    assert first.status == 200
    assert first.headers["Cache-Control"].startswith("public, max-age=")
    etag = first.headers["ETag"]
    assert etag.startswith('"') and etag.endswith('"')
    again = service.request("GET", path, headers={"If-None-Match": etag})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == etag
    assert service.request("GET", path, headers={"If-None-Match": '"other"'}).body == first.body
    lines = f'GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIf-None-Match: "other"\r\nIf-None-Match: {etag}\r\n'
    assert service.raw(lines.encode() + b"\r\n").startswith(b"HTTP/1.1 304 ")
    body = first.json()
    assert body["source"]["kind"] == "url"
    assert len(body["sentences"]) == 2
    for sentence in body["sentences"]:
        assert sentence["fragment"].startswith("#:~:text=")
    assert service.request("GET", "/v1/summaries?sentences=2").json()["code"] == "missing_input"
    for number in ("sentences=99999999999999999999", "sentences=1e15", "sentences=-1e999", "ratio=1e309"):
        answer = service.request("GET", "/v1/summaries?url=a&" + number)
        assert (answer.status, answer.json()["code"]) == (422, "out_of_range")
        assert answer.json()["pointer"] == "/" + number.partition("=")[0]
    assert service.request("GET", "/v1/summaries?url=a%00b").json()["code"] == "null_character"
    # As forms and browsers read a query (WHATWG URL): nothing between two "&" is no argument.
    assert service.request("GET", "/v1/summaries?&sentences=2&&url=" + newsroom.url("/article") + "&").status == 200
    assert service.request("GET", "/v1/summaries?url=a&=b").json()["code"] == "unknown_field"
    for field in ("title", "include", "avoid"):
        answer = service.request("GET", f"/v1/summaries?url=a&{field}=%FF")
        assert (answer.status, answer.json()["code"]) == (400, "invalid_utf8")


def test_what_is_kept_grows_old(service, newsroom):
    def max_age(answer):
        return int(answer.headers["Cache-Control"].removeprefix("public, max-age="))

    path = "/v1/summaries?sentences=1&url=" + newsroom.url("/grows-old")
    first = service.request("GET", path)
    time.sleep(1.1)
    second = service.request("GET", path)
    assert (second.body, second.headers["Server-Timing"]) == (first.body, "cache;desc=hit")
    assert max_age(second) < max_age(first)
    unchanged = service.request("GET", path, headers={"If-None-Match": first.headers["ETag"]})
    assert unchanged.status == 304 and max_age(unchanged) <= max_age(second)


def test_the_cache_serves_the_same_bytes(service):
    text = ARTICLE + " Asked for the cache."
    first = service.summarize(text=text)
    again = service.summarize(text=text)
    assert again.body == first.body
    assert again.headers["Server-Timing"] == "cache;desc=hit"
    fresh = service.summarize(text=text, cache=False)
    assert fresh.body == first.body
    assert service.summarize(text=text, cache=False).headers["Server-Timing"].startswith("queue;dur=")
    service.summarize(text=text, cache=True)
    assert service.summarize(text=text, cache=True).headers["Server-Timing"] == "cache;desc=hit"


def test_a_thousand_readers_cost_one_download(start_service, newsroom):
    service = start_service("--url-allow-nets", "127.0.0.0/8", "--cache-failure-ms", "0")
    url = newsroom.url("/slow")
    before = newsroom.asked["/slow"]
    answers = []

    def press():
        answers.append(service.summarize(url=url).body)

    readers = [threading.Thread(target=press) for _ in range(100)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(set(answers)) == 1 and len(answers) == 100
    assert newsroom.asked["/slow"] == before + 1


def test_the_deadline_is_over_the_whole_request(start_service, newsroom):
    service = start_service("--deadline-ms", "300", "--url-timeout-ms", "60000",
                            "--url-allow-nets", "127.0.0.0/8")
    answer = service.summarize(url=newsroom.url("/silent"))
    assert answer.status == 504
    assert answer.json()["code"] in ("deadline_exceeded", "url_timeout")
    # Nor does a body that drips in keep a connection longer than that.
    connection = service.connect()
    connection.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                       b"Content-Length: 1000\r\n\r\n")
    try:
        while True:
            connection.sendall(b" ")
            time.sleep(0.02)
    except OSError:
        pass
    # Nor does a head.
    connection = service.connect()
    try:
        for _ in range(100000):
            connection.sendall(b"G")
            time.sleep(0.02)
        pytest.fail("a dripping head was never cut off")
    except OSError:
        pass


def test_a_client_that_leaves_behind_its_head_is_not_waited_for(start_service):
    service = start_service("--deadline-ms", "600000", "--drain-ms", "600000")
    with service.connect() as connection:
        connection.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                           b"Content-Length: 100\r\n\r\n")
        time.sleep(0.2)
    while not any(event["code"] == "dropped" for event in service.events("request")):
        time.sleep(0.01)


def test_a_full_queue_refuses_at_once(start_service):
    service = start_service("--queue", "1", "--workers", "1", "--max-body", "64M", "--max-text", "64M",
                            "--deadline-ms", "600000")
    slow = json.dumps({"text": "One more sentence of a long text. " * 100000, "cache": False}).encode()
    answers, refused = [], []

    def ask():
        while not refused:  # starved clients may come one after the other
            answers.append(service.request("POST", "/v1/summaries", slow, JSON, timeout=600))
            refused.extend(answers[-1:] if answers[-1].status != 200 else [])

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200, 503}
    refused = refused[0]
    assert refused.json()["code"] == "queue_full"
    assert refused.headers["Retry-After"] == "1"
    assert service.summarize(text="Afterwards it works again.").status == 200


def test_a_client_that_leaves_gives_its_download_up(start_service, newsroom):
    service = start_service("--url-allow-nets", "127.0.0.0/8", "--deadline-ms", "600000",
                            "--url-timeout-ms", "600000")
    body = json.dumps({"url": newsroom.url("/silent")}).encode()
    open_before = newsroom.waiting
    connection = service.connect()
    connection.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(body) + body)
    while newsroom.waiting == open_before:
        time.sleep(0.01)
    connection.close()
    while newsroom.waiting > open_before:
        time.sleep(0.01)
    while not any(event["code"] == "dropped" for event in service.events("request")):
        time.sleep(0.01)


def test_a_stop_answers_what_was_accepted(start_service, newsroom):
    service = start_service("--url-allow-nets", "127.0.0.0/8")
    idle = service.connect()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(service.summarize(url=newsroom.url("/gated"))))
    asking.start()
    while newsroom.asked["/gated"] == 0:
        time.sleep(0.005)
    service.terminate()
    while (ready := service.request("GET", "/readyz")).status == 200:
        time.sleep(0.005)
    assert (ready.status, ready.json()["code"]) == (503, "not_ready")
    newsroom.gate.set()
    asking.join()
    assert answers[0].status == 200
    assert answers[0].headers["Connection"] == "close"
    assert service.process.wait() == 0
    assert idle.recv(1) == b""


def test_a_worker_that_does_not_end_holds_no_stop(start_service):
    """The drain time passes, the client gets its 503, and the process ends although a worker computes on."""
    service = start_service("--drain-ms", "100", "--deadline-ms", "600000", "--max-body", "64M", "--max-text", "64M",
                            "--workers", "1")
    answers = []
    body = json.dumps({"text": "Every sentence of it is much like the other one. " * 1200000}).encode()
    asking = threading.Thread(target=lambda: answers.append(service.request("POST", "/v1/summaries", body, JSON,
                                                                            timeout=600)))
    asking.start()
    while not b"precis_workers_busy 1" in service.request("GET", "/metrics").body:
        time.sleep(0.01)
    service.terminate()
    asking.join()
    assert answers[0].status in (200, 503)  # 200: the machine was faster than the drain
    code = service.process.wait()
    service.killed = code == 1 and "worker_abandoned" in service.log
    assert code == 0 or service.killed


def test_probes_have_their_own_door_where_asked(start_service):
    port = running.free_port()
    service = start_service("--admin-listen", f"127.0.0.1:{port}", ready_port=port)
    assert running.exchange(port, "GET", "/livez").status == 200
    assert running.exchange(port, "GET", "/v1/info").status == 404
    assert service.request("GET", "/livez").status == 404
    assert service.request("GET", "/v1/info").status == 200


@pytest.mark.concurrency
def test_one_and_sixteen_workers_say_the_same(start_service):
    seen = set()
    for workers in (1, 16):
        service = start_service("--workers", workers, "--queue", 1000, "--queue-wait-ms", 0)
        bodies = []

        def ask():
            for _ in range(20):
                bodies.append(service.summarize(text=ARTICLE, cache=False, include=["keywords", "sentences"]).body)

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(bodies) == 320
        seen |= set(bodies)
    assert len(seen) == 1
