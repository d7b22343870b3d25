"""Nothing that clients send or that is downloaded for them gets into the log: with no kind of
failure, and not even at the most verbose level."""

import json
import time

import pytest

from origin import BEHAVIOURS, Origin, answers, head, page
from service import LOOPBACK

SECRET = "xyzzyplugh"  # a word that nothing else contains
KEY = f"k-{SECRET}-0123456789"
JSON = {"Content-Type": "application/json", "X-API-Key": KEY}
ARTICLE = f"The {SECRET} harbour was closed on Monday. Nobody knows for how long. It may take weeks."
PAGE = f"<html><title>{SECRET}</title><article><h1>{SECRET}</h1><p>{ARTICLE}</p></article>".encode()


def body(**fields):
    return json.dumps(fields).encode()


# What is sent, and the code that must come back: this proves that each kind of failure really
# happened.
POSTS = {
    "fine": (body(text=ARTICLE, title=SECRET, query=SECRET, id=SECRET, include=["text"]), None),
    "html": (body(html=PAGE.decode(), base_url=f"https://{SECRET}.example/"), None),
    "not JSON": (b'{"text": "' + SECRET.encode(), "invalid_json"),
    "twice": (f'{{"{SECRET}": 1, "{SECRET}": 2}}'.encode(), "duplicate_key"),
    "not UTF-8": (b'{"text": "' + SECRET.encode() + b'\xff"}', "invalid_utf8"),
    "NUL": (body(text=f"{SECRET}\0"), "null_character"),
    "unknown field": (body(text=ARTICLE, **{SECRET: SECRET}), "unknown_field"),
    "wrong type": (body(text=[SECRET]), "wrong_type"),
    "no such value": (body(text=ARTICLE, length=SECRET), "invalid_value"),
    "out of range": (body(text=ARTICLE, id=SECRET * 100), "out_of_range"),
    "both": (body(text=ARTICLE, url=f"https://{SECRET}.example/"), "conflicting_input"),
    "empty HTML": (body(html=f"<!-- {SECRET} -->"), "empty_text"),
    "too large": (body(text=SECRET * 20000), "body_too_large"),
    "no such name": (body(url=f"http://{SECRET}.invalid/{SECRET}?{SECRET}"), "url_unreachable"),
    "no URL": (body(url=f"gopher://{SECRET}/"), "url_refused"),
    "credentials": (body(url=f"http://{SECRET}:{SECRET}@news.example/"), "url_refused"),
    "private": (body(url=f"http://10.0.0.1/{SECRET}?q={SECRET}"), "url_refused"),
}

DOWNLOADS = {
    "good": (page(PAGE), None),
    "absent": (page(PAGE, "404 Not Found"), "url_status"),
    "moved": (page(PAGE, "302 Found", Location=f"http://10.0.0.1/{SECRET}"), "url_refused"),
    "moved with a cookie": (page(b"", "302 Found", Location=f"/{SECRET}", Set_Cookie=f"{SECRET}={SECRET}"), "url_status"),
    "leads on": (page(f"<meta http-equiv=refresh content='0; url=http://10.0.0.1/{SECRET}'>".encode()), "url_refused"),
    "leads on by a header": (page(b"", Refresh=f"0; url={SECRET}"), "url_status"),
    "coding": (page(PAGE, Content_Encoding=f"{SECRET}, zstd"), "url_unreachable"),
    "no page": (page(PAGE, Content_Type=f"application/{SECRET}"), "url_not_html"),
    "garbage": (SECRET.encode() * 9, "url_unreachable"),
    "short": (head(Content_Length=len(PAGE) + 9) + PAGE, "url_unreachable"),
}

RAW = [
    f"GET /{SECRET} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    f"{SECRET} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    f"GET /livez {SECRET} HTTP/1.1\r\nHost: a\r\n\r\n",
    f"GET /livez HTTP/1.1\r\nHost: a\r\n{SECRET}\r\nConnection: close\r\n\r\n",
    f"GET /livez HTTP/1.1\r\nHost: a\r\nX: {SECRET * 5000}\r\n\r\n",
    f"GET /livez?{SECRET * 2000} HTTP/1.1\r\nHost: a\r\n\r\n",
    f"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Length: {SECRET}\r\n\r\n",
    f"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}\r\n",
    f"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: {SECRET}\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n",
    f"GET /v1/summaries?url=http%3A%2F%2F10.0.0.1%2F{SECRET}&{SECRET}=1 HTTP/1.1\r\nHost: a\r\n"
    f"X-API-Key: {KEY}\r\nConnection: close\r\n\r\n",
    f"GET /v1/summaries?url={SECRET} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {SECRET}-{SECRET}\r\n"
    "Connection: close\r\n\r\n",
]


@pytest.mark.parametrize("level", ["info", "debug"])
def test_the_log_never_quotes(start_service, tmp_path, level):
    keys = tmp_path / "keys"
    keys.write_text(f"reader:{KEY}\n")
    service = start_service("--log-level", level, "--api-keys-file", keys, "--max-body", "64K",
                            "--url-allow-nets", "127.0.0.0/8", "--trust-proxies", "127.0.0.1",
                            "--cors-origins", "https://a.example")
    origin, asked = Origin(), 0
    for name, (sent, code) in POSTS.items():
        answer = service.request("POST", "/v1/summaries", sent, JSON)
        assert answer.json().get("code") == code, (name, answer)
        asked += 1
    for name, (answered, code) in DOWNLOADS.items():
        path = f"{SECRET}/{name}".replace(" ", "-")
        BEHAVIOURS[path] = answers(answered)
        answer = service.request("POST", "/v1/summaries", body(url=origin.url(f"{path}?{SECRET}"), cache=False), JSON)
        assert answer.json().get("code") == code, (name, answer)
        asked += 1
    lines = b"\n".join(sent for sent, _ in POSTS.values() if b"\xff" not in sent)
    service.request("POST", "/v1/summaries", lines, {**JSON, "Content-Type": "application/x-ndjson"})
    for wrong in ({"X-API-Key": f"{SECRET}-wrong-key-0123"}, {"Origin": f"https://{SECRET}.example"},
                  {"X-Request-Id": f"{SECRET} {SECRET}", "X-Forwarded-For": SECRET, "traceparent": SECRET}):
        service.request("POST", "/v1/summaries", body(text=ARTICLE), {**JSON, **wrong})
    for request in RAW:
        service.raw(request.encode())
    while len(service.events("request")) < asked:
        time.sleep(0.01)
    service.stop()
    origin.close()
    assert service.events("download_failed")
    quoted = [line for line in service.log.splitlines() if SECRET in line.lower()]
    assert quoted == []


def test_an_origin_learns_nothing_of_who_asks(start_service):
    """Publishers' sites are third parties: a trace context, too, ends at the service."""
    origin = Origin()
    service = start_service("--url-allow-nets", LOOPBACK)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    told = {"traceparent": trace, "tracestate": SECRET, "X-Request-Id": SECRET, "X-API-Key": KEY, "Cookie": SECRET,
            "User-Agent": SECRET, "Referer": f"https://{SECRET}.example/", "Accept-Language": SECRET,
            "X-Forwarded-For": "192.0.2.7", "Content-Type": "application/json"}
    answer = service.request("POST", "/v1/summaries", body(url=origin.url("page")), told)
    assert (answer.status, answer.headers["traceparent"]) == (200, trace)
    sent, = origin.requests
    names = [line.partition(b":")[0] for line in sent.split(b"\r\n")[1:] if line]
    assert sorted(names) == [b"Accept", b"Accept-Encoding", b"Host", b"User-Agent"]
    assert SECRET.encode() not in sent
    origin.close()
