"""Requests for tests/soak/load: all kinds in one plan, each with the statuses that may come back."""

import json
import random
import subprocess

WORDS = {
    "en": "the a harbour bridge council engineer report river repair budget school of to in said had was "
          "were been week month ferry crack market mayor storm quay gate winter for with after before",
    "de": "der die das Hafen Brücke Stadt Rat Bericht Fluss Schule Woche Monat Sturm und mit nach vor war "
          "hatte wurde Ingenieur Kosten Markt Fähre Riss Tor",
    "cs": "přístav most město rada zpráva řeka škola týden měsíc bouře a s po před byl byla měl inženýr "
          "náklady trh přívoz trhlina brána",
}


def article(rng, sentences):
    """Sentences of real words in one of three languages, in paragraphs, with a number to make it new."""
    words = WORDS[rng.choice(sorted(WORDS))].split()
    out = ["Report @@@@@@@@ of the day."]
    for i in range(sentences):
        sentence = " ".join(rng.choice(words) for _ in range(rng.randint(6, 24)))
        out.append(sentence[0].upper() + sentence[1:] + rng.choice(".....?!"))
        if rng.random() < 0.2:
            out.append("\n\n")
    return " ".join(out)


def page(rng, sentences):
    paragraphs = article(rng, sentences).split("\n\n")
    body = "".join(f"<p>{p} <a href='/{i}'>more</a></p>\n" for i, p in enumerate(paragraphs))
    menu = "".join(f"<li><a href='/section/{i}'>Section {i}</a>" for i in range(30))
    return (f"<!DOCTYPE html><html lang=en><head><title>Harbour</title></head><body><nav><ul>{menu}</ul></nav>"
            f"<article><h1>Harbour</h1>{body}</article><footer>© the paper</footer></body></html>")


def post(body, kind="application/json"):
    if not isinstance(body, bytes):
        body = json.dumps(body, ensure_ascii=False).encode()
    return (f"POST /v1/summaries HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def get(target, method="GET"):
    return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def texts(rng, count=20, sentences=(3, 120)):
    for i in range(count):
        fields = {"text": article(rng, rng.randint(*sentences)), "cache": i % 3 == 0,
                  "sentences": rng.randint(1, 10), "include": rng.sample(["keywords", "sentences", "text"], 2)}
        yield "text", "200", post(fields)
    # The same request each time: answered from the cache.
    yield "cached", "200", post({"text": article(rng, 20).replace("@", "0")})


def pages(rng, count=8, sentences=(20, 120)):
    for _ in range(count):
        yield "html", "200", post({"html": page(rng, rng.randint(*sentences)), "include": ["html_offsets"]})


def urls(origin, forbidden):
    yield "url", "200", post({"url": origin + "page?@@@@@@@@"})
    yield "url", "200", get(f"/v1/summaries?sentences=2&url={origin}page")
    yield "url", "200", post({"url": origin + "to-page?@@@@@@@@"})
    for status in (404, 500):
        yield "url-status", "502", post({"url": f"{origin}status-{status}?@@@@@@@@"})
    for path in ("garbage", "short", "closes", "bad-chunk", "not-gzip"):
        yield "url-broken", "502", post({"url": f"{origin}{path}?@@@@@@@@"})
    yield "url-not-html", "422", post({"url": f"{origin}pdf?@@@@@@@@"})
    for name in forbidden:
        yield "forbidden", "422", post({"url": f"{name}?@@@@@@@@"})


def batches(rng):
    lines = [json.dumps({"id": str(i), "text": article(rng, 5)}) for i in range(5)] + ["{", '{"text": 1}']
    yield "batch", "200", post("\n".join(lines).encode(), "application/x-ndjson")


def bad_ones(rng):
    text = article(rng, 40)
    for status, body in (
            ("400", b'{"text": "unfinished'), ("400", b'{"text": "a", "text": "b"}'), ("400", b"\xff\xfe{}"),
            ("400", b'{"text": "a\\u0000b"}'), ("400", b'{"text": "\\ud800"}'), ("400", b"[" * 5000),
            ("422", b"[]"), ("422", b"{}"), ("422", b'{"text": " \\n "}'), ("422", b'{"text": 5}'),
            ("422", b'{"text": "a", "html": "b"}'), ("422", b'{"text": "a", "nothing": 1}'),
            ("422", b'{"text": "a", "sentences": 0}'), ("422", b'{"url": "file:///etc/passwd"}'),
            ("422", b'{"html": "<p></p>"}')):
        yield "bad", status, post(body)
    yield "bad", "404", get("/nothing")
    yield "bad", "405", get("/v1/summaries", "DELETE")
    yield "bad", "415", post(b"text", "text/plain")
    yield "bad", "400+", (b"POST /v1/summaries HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                          b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    yield "bad", "413+", (b"POST /v1/summaries HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                          b"Content-Length: 99999999999\r\n\r\n{")
    yield "bad", "400,505+", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"
    whole = post({"text": text})
    for cut in (0, 20, len(whole) // 2, len(whole)):
        yield "leaver", "-", whole[:cut]


def mixed(origin, forbidden=(), seed=1):
    """About four texts to one page, one URL and one bad one; in an order that is always the same."""
    rng = random.Random(seed)
    records = [*texts(rng, 90), *pages(rng, 20), *urls(origin, forbidden), *batches(rng), *bad_ones(rng)]
    rng.shuffle(records)
    return records


def encode(records):
    return b"".join(f"{name} {statuses} {len(sent)}\n".encode() + sent for name, statuses, sent in records)


def run(program, port, records, connections, requests, rate=0, warm_s=0.0):
    """Run tests/soak/load with these records; returns its report as a dictionary, and its
    complaints."""
    result = subprocess.run([program, *map(str, (port, connections, requests, rate, warm_s))],
                            input=encode(records), capture_output=True)
    if result.returncode not in (0, 1):
        raise RuntimeError(result.stderr.decode())
    return json.loads(result.stdout), result.stderr.decode(errors="replace")
