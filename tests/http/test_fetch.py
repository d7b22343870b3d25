"""Downloads end to end: a page comes back as a summary, everything else as its documented code,
and no forbidden address is ever dialled."""

import contextlib
import json
import os
import pathlib
import re
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

import faults
import http2_origin as h2
from origin import ARTICLE, BEHAVIOURS, PAGE, Origin, answers, page, redirect, refresh
from service import LOOPBACK, PROGRAM, Service, free_port, wait_until

STATUS = {"url_refused": 422, "url_unreachable": 502, "url_status": 502, "url_too_large": 422,
          "url_not_html": 422, "url_timeout": 504, "no_article": 422}

PAGES = ["page", "no-type", "empty-type", "empty-coding", "xhtml", "plain", "plain-gif89a", "latin-1", "gzip", "x-gzip",
         "deflate", "deflate-raw", "brotli", "gzip-twice", "chunked", "until-close", "early-hints", "http-1.0", "status-203",
         "status-201", "status-202", "to-page", "to-page-301", "to-page-303", "to-page-307",
         "to-page-308", "to-binary", "chain?5", "cookie", "cookie-to-self", "cookie-by-refresh", "to-endless", "negotiates",
         "refresh", "refresh-absolute", "refresh-to-redirect", "refresh-chain?5", "refresh-base", "refresh-noscript",
         "refresh-header", "refresh-header-empty", "to-refresh", "refresh-later", "refresh-itself",
         "gzip-padded", "gzip-and-more", "head-of-many-lines", "head-of-long-lines", "gzip-length-of-unpacked", "gzip-members-for-some", "brotli-for-some", "short-but-whole", "no-last-chunk-but-whole",
         "cut-gzip-but-whole", "coding-utf-8", "coding-none", "coding-of-storage", "odd-type", "type-without-semicolon", "type-with-comma", "types", "any-type", "page-as-plain", "plain-of-pages", "to-coding-utf-8", "zstd-for-some"]

NO_PAGES = {
    "url_refused": [
        "to-private", "to-metadata", "to-azure", "to-ipv6", "to-ftp", "to-file", "to-gopher",
        "to-user", "to-control", "to-odd-port", "to-bad-host", "to-long", "refresh-to-private",
        "refresh-to-metadata", "refresh-to-user", "refresh-to-odd-port", "refresh-header-to-private"],
    "url_status": [
        "to-self", "to-nowhere", "to-empty", "chain?6", "absent", "refresh-to-self", "refresh-to-twin", "refresh-chain?6",
        "refresh-to-absent"] + [
        name for name in BEHAVIOURS if name.startswith("status-")
        and name not in ("status-201", "status-202", "status-203", "status-101")],
    "url_not_html": ["rss", "atom", "xml", "pdf", "image", "json", "pdf-odd-type", "pdf-no-type", "binary-no-type",
                     "pdf-as-html", "pdf-as-plain", "image-as-html", "gif-as-html", "gzip-as-html", "refresh-to-pdf"],
    "url_timeout": ["silent", "half-head", "half-body", "half-gzip", "drip-head", "drip-body",
                    "drip-chunks", "drip-hints", "refresh-to-silent", "refresh-slowly"],
    "no_article": ["refresh-to-ftp", "refresh-to-script", "refresh-header-to-ftp"],
    "url_too_large": [
        "endless", "endless-chunks", "endless-head", "endless-line", "endless-hints",
        "endless-trailer", "announced", "announced-overflow", "gzip-bomb", "gzip-bomb-twice",
        "deflate-bomb", "brotli-bomb", "gzip-of-nothing"],
    "url_unreachable": [
        "closes", "garbage", "http-0.9", "bad-version", "bad-status", "no-colon", "nul-in-head",
        "gzip-members", "short", "short-behind-script", "negative", "length-word", "cut-chunk", "bad-chunk",
        "huge-chunk", "no-last-chunk", "not-gzip", "not-deflate", "not-brotli", "zstd",
        "coding-tower", "transfer-gzip"],
}
# Too large before any body; the others exceed --url-max-bytes.
HEADS = ["endless-head", "endless-line", "endless-hints", "endless-trailer"]
# Odd, and read differently by different versions of libraries: a page or a code, but always an
# answer.
ANYTHING = ["status-101", "two-lengths", "cut-gzip"]


@pytest.fixture(scope="module")
def origin():
    running = Origin()
    yield running
    running.close()


def fetch(service, url, **fields):
    """The answer and its code; a cached result of an earlier download must not replace it."""
    answer = service.summarize(url=url, cache=False, **fields)
    return answer, answer.json().get("code")


def asks(service, url):
    """A client's connection that waits for the answer."""
    body = json.dumps({"url": url}).encode()
    connection = service.connect()
    connection.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    return connection


def running(folder, *options, timeout_ms=600000):
    """A service for all tests of this file."""
    service = Service(folder.mktemp("service"), "--url-timeout-ms", timeout_ms, "--deadline-ms", 600000,
                      *options)
    yield service
    service.stop()


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """Started as by an operator who opens no private networks."""
    yield from running(tmp_path_factory)


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """May dial loopback and has ample time: for downloads that must end by themselves."""
    yield from running(tmp_path_factory, "--url-allow-nets", "127.0.0.0/8,::1", "--url-max-bytes", "1M")


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """The same with little time, for downloads that never end by themselves."""
    yield from running(tmp_path_factory, "--url-allow-nets", "127.0.0.0/8,::1", "--url-max-bytes", "1M",
                       timeout_ms=300)


@pytest.mark.parametrize("path", PAGES)
def test_page(patient, origin, path):
    answer, _ = fetch(patient, origin.url(path))
    assert answer.status == 200, answer
    assert answer.json()["source"]["kind"] == "url"
    assert answer.json()["sentences"]


@pytest.mark.parametrize("code,path", [(code, path) for code, paths in NO_PAGES.items()
                                       for path in paths])
def test_no_page(patient, hasty, origin, code, path):
    answer, got = fetch(hasty if code == "url_timeout" else patient, origin.url(path))
    assert (got, answer.status) == (code, STATUS[code]), answer
    if code == "url_too_large":
        assert answer.json()["limit"] == (64 << 10 if path in HEADS else 1 << 20) < answer.json()["actual"]
    if code == "url_timeout":
        assert answer.json()["limit"] == 300 <= answer.json()["actual"]
        assert answer.json()["detail"] == "The page did not arrive within 300 milliseconds."
    if path in ("to-self", "chain?6", "refresh-to-self", "refresh-chain?6"):
        assert (answer.json()["limit"], answer.json()["actual"]) == (5, 6)
        assert answer.json()["detail"] == "The URL redirects 6 times or more; at most 5 are followed."


def test_a_page_that_is_whole_when_its_time_is_over(hasty, origin):
    answer, _ = fetch(hasty, origin.url("whole-then-silence"))
    assert answer.status == 200, answer


@pytest.mark.parametrize("path", ANYTHING)
def test_odd_answer(hasty, origin, path):
    answer, code = fetch(hasty, origin.url(path))
    assert answer.status == 200 or code in STATUS or code == "no_article"


@pytest.mark.parametrize("path,kind", [("pdf", "application/pdf"), ("pdf-as-html", "application/pdf"),
                                       ("gzip-as-html", "application/gzip"),
                                       ("binary-no-type", "application/octet-stream")])
def test_what_it_is_instead_of_a_page(patient, origin, path, kind):
    answer, _ = fetch(patient, origin.url(path))
    assert answer.json()["detail"] == f'The content type is "{kind}"; it must be HTML or plain text.'


def test_a_page_that_is_called_text(patient, origin):
    answer, _ = fetch(patient, origin.url("page-as-plain"), include=["text"])
    assert answer.json()["source"]["text"].startswith("The harbour reopens\n\nThe harbour of Lindenau reopened")
    answer, _ = fetch(patient, origin.url("plain-of-pages"), include=["text"])
    assert answer.json()["source"]["text"] == "A page begins with <!DOCTYPE html>. Then <html> comes, as a rule."


def test_text_comes_through(patient, origin):
    answer, _ = fetch(patient, origin.url("page"), include=["text"])
    assert "The harbour of Lindenau reopened on Monday" in answer.json()["source"]["text"]
    answer, _ = fetch(patient, origin.url("latin-1"), include=["text"])
    assert "Der Fluß trat über die Ufer." in answer.json()["source"]["text"]


@pytest.mark.parametrize("path", ["to-page-308", "refresh", "refresh-to-redirect", "refresh-base", "refresh-header"])
def test_final_url(patient, origin, path):
    answer, _ = fetch(patient, origin.url(path), include=["text", "html_offsets"], offset_unit="utf8")
    assert answer.json()["source"]["url"] == origin.url("page")
    assert "The harbour of Lindenau reopened on Monday" in answer.json()["source"]["text"]
    for sentence in answer.json()["sentences"]:
        html = PAGE[sentence["html_start"]:sentence["html_end"]].decode().replace("\n", " ")
        assert (html, sentence["fragment"][:9]) == (sentence["text"], "#:~:text=")


def test_bytes_of_a_location_are_kept(patient, origin):
    answer, _ = fetch(patient, origin.url("to-binary"))
    assert answer.json()["source"]["url"] == origin.url("page?%FC=%C3%BC")


@pytest.mark.parametrize("path,requests", [("refresh-later", 1), ("refresh-itself", 1), ("refresh-header-to-self", 1),
                                           ("refresh-header-to-part", 1), ("refresh-header-and-cookie", 2)])
def test_what_can_be_read_is_not_left(patient, origin, path, requests):
    """Except once for itself, if it may be waiting for its cookie."""
    before = len(origin.requests)
    answer, _ = fetch(patient, origin.url(path))
    assert answer.status == 200, answer
    assert answer.json()["source"]["url"] == origin.url(path)
    assert len(origin.requests) == before + requests


def test_html_that_was_sent_leads_nowhere(patient, origin):
    before = origin.connections
    html = f"<meta http-equiv=refresh content='0; url={origin.url('page')}'><p>Moved.</p>"
    answer = patient.summarize(html=html, base_url=origin.name)
    assert answer.json()["summary"] == "Moved."
    assert origin.connections == before


def test_where_a_page_leads_is_kept_with_it(patient, origin):
    """It is cached under the requested URL; a failure of the second page counts as one of the
    first."""
    before = len(origin.requests)
    for path, count, status in (("refresh?kept", 2, 200), ("refresh-to-absent?kept", 4, 502)):
        for _ in range(2):
            assert patient.summarize(url=origin.url(path)).status == status
            assert len(origin.requests) == before + count


def test_no_redirects_no_refresh(origin, start_service):
    service = start_service("--url-allow-nets", "127.0.0.0/8", "--url-max-redirects", 0)
    answer, code = fetch(service, origin.url("refresh"))
    assert (code, answer.json()["limit"], answer.json()["actual"]) == ("url_status", 0, 1)


def test_a_client_leaves_behind_a_refresh(origin, start_service):
    """The download of the second page is given up like that of a first one."""
    service = start_service("--url-allow-nets", "127.0.0.0/8", "--url-timeout-ms", 600000, "--deadline-ms", 600000)
    before = len(origin.requests)
    with asks(service, origin.url("refresh-to-silent")):
        wait_until(lambda: len(origin.requests) == before + 2)
    wait_until(lambda: service.figures()['precis_fetches_total{result="cancelled"}'] == 1)
    assert service.figures()['precis_fetches_total{result="ok"}'] == 1
    assert service.figures()["precis_request_body_held_bytes"] == 0


def test_cookies_last_as_long_as_a_download(patient, origin):
    """And they go only to the host that set them."""
    other = Origin("127.0.0.2")
    BEHAVIOURS["cookie-elsewhere"] = answers(page(b"", "302 Found", Location=other.url("to-page"), Set_Cookie="seen=1"))
    for path in ("cookie-to-self", "cookie-by-refresh"):
        for _ in range(2):
            before = len(origin.requests)
            assert fetch(patient, origin.url(path))[0].status == 200
            assert [b"cookie: seen=1" in request.lower() for request in origin.requests[before:]] == [False, True]
    before = len(origin.requests)
    assert fetch(patient, origin.url("cookie-elsewhere"))[0].status == 200
    assert len(other.requests) == 2
    assert not any(b"cookie:" in request.lower() for request in other.requests + origin.requests[before:])
    other.close()


def test_nothing_is_carried(origin, tmp_path, start_service):
    """Neither environment proxies nor .netrc have an effect on what reaches an origin."""
    proxy = Origin()
    (tmp_path / ".netrc").write_text("default login user password secret\n")
    (tmp_path / ".curlrc").write_text(f"proxy = {proxy.name}\n")
    variables = {name: proxy.name for name in (
        "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")}
    service = start_service("--url-allow-nets", "127.0.0.0/8", env={
        **variables, "HOME": str(tmp_path), "NETRC": str(tmp_path / ".netrc"), "no_proxy": "",
        "CURL_HOME": str(tmp_path)})
    before = len(origin.requests)
    assert fetch(service, origin.url("cookie"))[0].status == 200
    assert fetch(service, origin.url("to-page"))[0].status == 200
    sent = origin.requests[before:]
    assert [b"cookie:" in request.lower() for request in sent] == [False, True, False, False]
    for request in sent:
        for field in (b"authorization:", b"proxy-", b"referer:"):
            assert field not in request.lower()
    assert proxy.connections == 0
    proxy.close()


# ---- no connection attempt -----------------------------------------------------------------

FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")

SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "127.0.0.1.", "127.1.", "2130706433", "2130706433.", "0x7f000001",
    "0X7F000001", "0x7f.1", "0x7f.0.0.1", "0x7f.0x0.0x0.0x1", "0177.1", "0177.0.0.1", "0177.0.0.01",
    "017700000001", "0000000177.0.0.1", "127.0x1", "127.0.0x0.1", "127.000.000.001", "127.255.255.254",
    "0", "0.0.0.0", "0x0", "00", "127.0.0.1".translate(FULL_WIDTH), "127。0。0。1", "127｡1",
    "①②⑦.0.0.1", "𝟏𝟐𝟕.𝟎.𝟎.𝟏", "%31%32%37.0.0.1", "127%2e0%2e0%2e1", "%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1",
    "127.0.0.1%00.example.org", "127.0.0.1%0d%0a", "127.0.0.1%09", "127.0.0.1%20", " 127.0.0.1",
    "localhost", "LOCALHOST", "LocalHost", "localhost.", "localhost..", "%6c%6f%63alhost", "ｌｏｃａｌｈｏｓｔ",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "loca\u00adlhost", "local\u200bhost", "localho\u017ft", "𝓁ocalhost",
    "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::FFFF:7F00:0001]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::]",
    "[2002:7f00:0001::1]", "[2001:0:7f00:1::]", "[fe80::5efe:127.0.0.1]", "[2a00::5efe:127.0.0.1]",
    "[::1%25lo]", "[::1%lo]", "[fe80::1%25eth0]", "[::ffff:0x7f.1]", "[127.0.0.1]", "[::1", "::1",
    "user@127.0.0.1", "user:secret@127.0.0.1", "@127.0.0.1", ":@127.0.0.1", "example.org@127.0.0.1",
    "example.org:80@127.0.0.1", "example.org%40127.0.0.1", "127.0.0.1\\@example.org", "127.0.0.1\t", "127.0.0\n.1", "127.0.0.1\r",
    "\x01127.0.0.1", "127.0.0.1\x7f", "127.0.0.1,", "127.0.0.1;", "127.0.0.1&x", "127.0.0.256", "127.0.0.1.1",
]
SCHEMES = ["http://", "https://", "HTTP://", "http:", "http:/", "http:///", "http:\\\\", "http:/\\",
           "//", "", "ftp://", "gopher://", "dict://", "ws://", "file://", "jar:http://", "url:http://"]


@pytest.fixture(scope="module")
def listeners():
    """Everything of this machine that such a URL could mean, on one port."""
    first = Origin("127.0.0.1")
    everything = [first] + [Origin(a, first.port) for a in ("::1", "127.255.255.254")]
    yield everything
    for origin in everything:
        origin.close()


@pytest.fixture(scope="module")
def refusal(closed):
    """One text for every reason that the URL itself does not show, so that the service is no port
    scanner."""
    return fetch(closed, "http://10.0.0.1/")[0].json()["detail"]


def check_refused(service, listeners, refusal, url):
    answer, code = fetch(service, url)
    assert (code, answer.status, answer.json()["detail"]) == ("url_refused", 422, refusal), (url, answer)
    assert [origin.connections for origin in listeners] == [0] * len(listeners), url


@pytest.mark.parametrize("host", SPELLINGS)
def test_spelling_is_refused(closed, listeners, refusal, host):
    check_refused(closed, listeners, refusal, f"http://{host}:{listeners[0].port}/page")
    check_refused(closed, listeners, refusal, f"http://{host}/page")


@pytest.mark.parametrize("host", ["x.localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"])
def test_local_name_is_not_dialled(closed, listeners, host):
    """Some machines know these names, others do not."""
    _, code = fetch(closed, f"http://{host}:{listeners[0].port}/page")
    assert code in ("url_refused", "url_unreachable")
    assert [origin.connections for origin in listeners] == [0] * len(listeners)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_scheme_is_refused(closed, listeners, refusal, scheme):
    """With the reason, if that is about nothing but the URL itself."""
    wanted = "The URL must begin with http:// or https://."
    check_refused(closed, listeners, refusal if scheme.lower().startswith("http") else wanted, f"{scheme}127.0.0.1:{listeners[0].port}/page")


@pytest.mark.parametrize("host", [
    "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "169.254.169.254",
    "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "168.63.129.16", "[fd00:ec2::254]", "[fd20:ce::254]", "[fe80::1]", "[fc00::1]",
    "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[100::1]", "[fec0::1]", "[4000::1]",
    "8.8.8.8:22", "8.8.8.8:25", "8.8.8.8:6379", "8.8.8.8:0", "8.8.8.8:65536", "[2606:4700::1111]:25"])
def test_address_is_refused(closed, listeners, refusal, host):
    check_refused(closed, listeners, refusal, f"http://{host}/")
    check_refused(closed, listeners, refusal, f"https://{host}/")


def test_redirects_are_judged(patient, origin, start_service):
    """The first hop is allowed; the second leads to a forbidden listener."""
    other = Origin("::1")
    service = start_service("--url-allow-nets", "127.0.0.0/8")
    BEHAVIOURS["to-other"] = redirect(other.url("page"))
    BEHAVIOURS["refresh-to-other"] = refresh(f"0; url={other.url('page')}")
    BEHAVIOURS["refresh-header-to-other"] = answers(page(b"", Refresh=f"0; url={other.url('page')}"))
    every = ("to-other", "refresh-to-other", "refresh-header-to-other")
    for path in every:
        assert fetch(service, origin.url(path))[1] == "url_refused"
    assert other.connections == 0
    for path in every:
        assert fetch(patient, origin.url(path))[0].status == 200
    assert other.connections == len(every)
    other.close()


def test_own_listener_is_refused(start_service):
    """Not even an allowed network opens the service to itself."""
    service = start_service("--url-allow-nets", "127.0.0.0/8,::1,0.0.0.0/8")
    for host in ("127.0.0.1", "localhost", "0.0.0.0", "0x7f.1", "[::ffff:127.0.0.1]"):
        assert fetch(service, f"http://{host}:{service.port}/livez")[1] == "url_refused", host


OF_MANY_ADDRESSES = """ip link set lo up && for i in $(seq 100); do ip addr add 10.9.0.$i/32 dev lo; done
"$0" --listen 0.0.0.0:8080 --url-allow-nets 10.9.0.0/16 & trap "kill $!" EXIT
until "$0" health http://127.0.0.1:8080; do sleep 0.1; done
curl -s "http://127.0.0.1:8080/v1/summaries?url=http://10.9.0.[1-100]:8080/" """


@pytest.mark.skipif(subprocess.run(["unshare", "-rn", "ip", "link"], capture_output=True).returncode != 0,
                    reason="no network of one's own is to be had here")
def test_own_listener_is_refused_at_each_of_many_addresses():
    run = subprocess.run(["unshare", "-rn", "sh", "-c", OF_MANY_ADDRESSES, str(PROGRAM)], capture_output=True, text=True)
    assert run.stdout.count('"code":"url_refused"') == 100, run.stdout[:2000]


def test_allowed_hosts(origin, start_service):
    service = start_service("--url-allow-nets", "127.0.0.0/8,::1", "--url-hosts", "*.example.org,localhost")
    before = origin.connections
    assert fetch(service, origin.url("page"))[1] == "url_refused"
    assert fetch(service, "http://example.org/")[1] == "url_refused"
    assert origin.connections == before
    assert fetch(service, f"http://localhost:{origin.port}/page")[0].status == 200
    before = origin.connections
    BEHAVIOURS["refresh-by-address"] = refresh(f"0; url={origin.url('page')}")
    assert fetch(service, f"http://localhost:{origin.port}/refresh-by-address")[1] == "url_refused"
    assert origin.connections == before + 1
    service = start_service("--url-hosts", "")
    assert fetch(service, "http://example.org/")[1] == "url_refused"


# ---- TLS -----------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """The test's own certificate authority, and what it signed."""
    place = tmp_path_factory.mktemp("tls")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=place, check=True, capture_output=True)

    def certificate(name, subject, end):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (place / f"{name}.cnf").write_text(
            "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nrand_serial=yes\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\n"
            "unique_subject=no\nx509_extensions=names\n[any]\ncommonName=supplied\n"
            f"[names]\nsubjectAltName={subject}\n")
        openssl("ca", "-batch", "-config", f"{name}.cnf", "-in", f"{name}.csr", "-cert", "ca.pem",
                "-keyfile", "ca.key", "-notext", "-startdate", "20200101000000Z",
                "-enddate", end, "-out", f"{name}.pem")

    (place / "index").touch()

    for name in ("ca", "stranger"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "30",
                "-keyout", f"{name}.key", "-out", f"{name}.pem")
    certificate("good", "IP:127.0.0.1,IP:127.0.0.2,DNS:localhost", "20991231000000Z")
    certificate("expired", "IP:127.0.0.1", "20200201000000Z")
    certificate("other-name", "DNS:example.org", "20991231000000Z")
    return place


def tls_context(authority, name="good"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / f"{name}.pem", authority / f"{name}.key")
    return context


def tls_origin(authority, name, **keywords):
    return Origin(tls=tls_context(authority, name), **keywords)


@pytest.fixture(scope="module")
def trusting(authority, tmp_path_factory):
    yield from running(tmp_path_factory, "--url-allow-nets", "127.0.0.0/8",
                       "--url-ca-file", authority / "ca.pem")


def test_tls(authority, trusting):
    origin = tls_origin(authority, "good")
    for path in ("page", "gzip", "to-page", "chain?3", "until-close"):  # the last without TLS's goodbye
        assert fetch(trusting, origin.url(path))[0].status == 200
    origin.close()


@pytest.mark.parametrize("name", ["expired", "other-name", "stranger"])
def test_wrong_certificate(authority, trusting, name):
    origin = tls_origin(authority, name)
    assert fetch(trusting, origin.url("page"))[1] == "url_unreachable"
    assert origin.requests == []
    origin.close()


def test_certificate_of_unknown_authority(authority, patient):
    origin = tls_origin(authority, "good")
    assert fetch(patient, origin.url("page"))[1] == "url_unreachable"
    assert origin.requests == []
    origin.close()


def test_no_tls_at_all(trusting):
    origin = Origin()
    assert fetch(trusting, f"https://127.0.0.1:{origin.port}/page")[1] == "url_unreachable"
    origin.close()


def test_tls_stall(hasty):
    origin = Origin(stall=True)
    assert fetch(hasty, f"https://127.0.0.1:{origin.port}/")[1] == "url_timeout"
    assert fetch(hasty, f"http://127.0.0.1:{origin.port}/")[1] == "url_timeout"
    origin.close()


def test_https_may_lead_to_http(authority, trusting):
    """As short links do that lead to older pages. What is only for https stays there: libcurl takes
    127.0.0.1 for as safe as https, but not its neighbour."""
    secure, origin = tls_origin(authority, "good", address="127.0.0.2"), Origin("127.0.0.2")
    BEHAVIOURS["to-plain"] = answers(page(b"", "302 Found", Location=origin.url("page"), Set_Cookie="for=all").replace(
        b"Set-Cookie", b"Set-Cookie: only=here; Secure\r\nSet-Cookie"))
    BEHAVIOURS["to-secure"] = redirect(secure.url("page"))
    BEHAVIOURS["refresh-to-plain"] = refresh(f"0; url={origin.url('page')}")
    BEHAVIOURS["refresh-to-secure"] = refresh(f"0; url={secure.url('page')}")
    for begin, path, end in ((secure, "to-plain", origin), (secure, "refresh-to-plain", origin),
                             (origin, "to-secure", secure), (origin, "refresh-to-secure", secure)):
        answer, _ = fetch(trusting, begin.url(path))
        assert answer.json()["source"]["url"] == end.url("page"), answer
        cookies = re.findall(rb"(?i)\r\ncookie: (.*)\r\n", end.requests[-1])
        assert cookies == ([b"for=all"] if path == "to-plain" else [])
    secure.close()
    origin.close()


@pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="no nginx")
def test_http2(authority, trusting, tmp_path):
    """A real HTTP/2 origin, compressing."""
    (tmp_path / "article.html").write_text(ARTICLE)
    port = free_port()
    log = tmp_path / "access.log"
    (tmp_path / "nginx.conf").write_text(f"""
        daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}
        http {{ access_log {log}; types {{ text/html html; }} gzip on; gzip_proxied any;
                client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;
                fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;
                server {{ listen 127.0.0.1:{port} ssl http2; root {tmp_path};
                          ssl_certificate {authority}/good.pem; ssl_certificate_key {authority}/good.key;
                }} }}""")
    tmp_path.chmod(0o755)
    nginx = subprocess.Popen(["/usr/sbin/nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"),
                              "-g", "user root;" if tmp_path.owner() == "root" else ""],
                             stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: (tmp_path / "pid").exists())
        for _ in range(3):
            answer, _ = fetch(trusting, f"https://127.0.0.1:{port}/article.html")
            assert answer.status == 200, answer
        wait_until(lambda: log.read_text().count("HTTP/2.0") == 3)
    finally:
        nginx.terminate()
        nginx.wait()


PIECES = {
    "byte by byte": lambda stream: [bytes([b]) for b in h2.headers(stream) + h2.data(stream)],
    "end apart": lambda stream: [h2.headers(stream), h2.data(stream, flags=0), h2.data(stream, b"")],
    "among pings": lambda stream: [
        h2.PINGS + h2.headers(stream) + h2.PINGS + h2.data(stream, flags=0) + h2.PINGS + h2.data(stream, b"") + h2.PINGS],
    "early hints": lambda stream: [h2.headers(stream, h2.HINTS) + h2.headers(stream), h2.data(stream)],
    "trailers": lambda stream: [h2.headers(stream), h2.data(stream, flags=0),
                                h2.headers(stream, h2.field(b"x-sum", b"1"), h2.END_HEADERS | h2.END_STREAM)],
    "reset behind it": lambda stream: [h2.headers(stream), h2.data(stream, flags=0),
                                       h2.frame(h2.RST_STREAM, 0, stream, (2).to_bytes(4, "big"))],
    "goodbye first": lambda stream: [h2.goaway(stream), h2.headers(stream), h2.data(stream)],
}


@pytest.mark.parametrize("pieces", PIECES)
def test_http2_in_pieces(authority, trusting, pieces):
    def behave(connection, stream, nth):
        for piece in PIECES[pieces](stream):
            connection.sendall(piece)

    origin = h2.Http2Origin(tls_context(authority), behave)
    for _ in range(3):
        answer, _ = fetch(trusting, origin.url("page"))
        assert answer.status == 200, answer
    origin.close()


def test_http2_on_a_busy_machine(authority, start_service, tmp_path):
    """libcurl forgets that there is more to do at once if its thread loses the core in between."""
    def behave(connection, stream, nth):
        connection.sendall(h2.headers(stream))
        connection.sendall(h2.data(stream))  # a separate record, read in a separate turn

    origin = h2.Http2Origin(tls_context(authority), behave)
    injected = faults.Faults(tmp_path)
    service = start_service("--url-allow-nets", "127.0.0.0/8", "--url-ca-file", authority / "ca.pem",
                            "--url-timeout-ms", 600000, "--deadline-ms", 600000, env=injected.env)
    injected.slow_looks = 1
    for _ in range(20):
        answer, _ = fetch(service, origin.url("page"))
        assert answer.status == 200, answer
    assert injected.looks > 0
    origin.close()


def closes(connection, stream):
    raise h2.EndOfConnection


def goes_away(connection, stream):
    connection.sendall(h2.goaway(stream - 2))
    raise h2.EndOfConnection


def refuses(connection, stream):
    connection.sendall(h2.frame(h2.RST_STREAM, 0, stream, (7).to_bytes(4, "big")))


@pytest.mark.parametrize("end", [closes, goes_away, refuses])
def test_http2_connection_ends_as_it_is_used_again(authority, trusting, end):
    """That says nothing about the page: it is requested once more, on a new connection."""
    def behave(connection, stream, nth):
        (h2.answer if nth == 1 else end)(connection, stream)

    origin = h2.Http2Origin(tls_context(authority), behave)
    for _ in range(2):
        answer, _ = fetch(trusting, origin.url("page"))
        assert answer.status == 200, answer
    assert origin.connections == 2
    origin.close()


def test_http2_connection_has_ended_meanwhile(authority, trusting):
    """It ended with TLS's goodbye, which libcurl reads and forgets."""
    read, gone = threading.Event(), threading.Event()

    def behave(connection, stream, nth):
        h2.answer(connection, stream)
        read.wait()
        connection.settimeout(0)
        with contextlib.suppress(ssl.SSLWantReadError):
            while connection.recv(65536):  # frames that only acknowledge
                pass
        with contextlib.suppress(ssl.SSLWantReadError):
            connection.unwrap()  # send the goodbye, but do not wait for the peer's
        gone.set()
        select.select([connection], [], [])
        os.read(connection.fileno(), 65536)  # a request, nevertheless: closed in order, not broken
        raise h2.EndOfConnection

    origin = h2.Http2Origin(tls_context(authority), behave)
    for _ in range(2):
        answer, _ = fetch(trusting, origin.url("page"))
        assert answer.status == 200, answer
        read.set()
        gone.wait()
    assert origin.connections == 2
    origin.close()


def test_http2_that_ends_anew_is_unreachable(authority, trusting):
    """A new connection is tried once."""
    origin = h2.Http2Origin(tls_context(authority), lambda connection, stream, nth: closes(connection, stream))
    assert fetch(trusting, origin.url("page"))[1] == "url_unreachable"
    assert origin.connections == 1
    origin.close()


# ---- nothing is lost -----------------------------------------------------------------------

def descriptors(service):
    return len(os.listdir(f"/proc/{service.process.pid}/fd"))


def test_descriptors_come_back(hasty, origin):
    """After every kind of failure the service holds what it held before."""
    every = [path for paths in NO_PAGES.values() for path in paths] + ANYTHING
    fetch(hasty, origin.url("page"))
    before = descriptors(hasty)
    for path in every * 2:
        fetch(hasty, origin.url(path))
    wait_until(lambda: descriptors(hasty) <= before + 1)


@pytest.mark.concurrency
def test_many_header_lines_cost_little(patient, origin):
    """No more than a hundred times as much time as long ones; if each line were compared with each
    other, it would be thousands, and no other download would go on meanwhile."""
    def cost(path):
        before = patient.figures()["process_cpu_seconds_total"]
        for number in range(3):
            assert patient.summarize(url=origin.url(f"{path}?cost={number}")).status == 200
        return patient.figures()["process_cpu_seconds_total"] - before
    assert cost("head-of-many-lines") < 100 * cost("head-of-long-lines")


def test_only_workers_have_a_lower_priority(patient, origin):
    """Not the thread of downloads, although a worker begins the first of them."""
    fetch(patient, origin.url("page"))
    nice = {}
    for task in pathlib.Path(f"/proc/{patient.process.pid}/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        nice.setdefault((task / "comm").read_text().strip(), set()).add(int(fields[16]))
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert nice.pop("worker") == {min(own + 1, 19)}
    assert "fetch" in nice and set().union(*nice.values()) == {own}


def test_slow_origins_hold_no_worker(origin, start_service):
    """A hundred downloads hang; one worker summarizes text meanwhile."""
    service = start_service("--url-allow-nets", "127.0.0.0/8", "--workers", 1, "--drain-ms", 0,
                            "--url-timeout-ms", 600000, "--deadline-ms", 600000)
    before = len(origin.requests)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(fetch(service, origin.url("silent"))[1]))
               for _ in range(100)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(origin.requests) == before + 100)
    for i in range(20):
        assert service.summarize(text=f"It works. It really does, {i} times.", cache=False).status == 200
    assert answers == []
    service.terminate()  # with no time to drain, the downloads are given up and answered
    for thread in threads:
        thread.join()
    assert answers == ["not_ready"] * 100


@pytest.mark.concurrency
def test_too_many_downloads(origin, start_service):
    """Two may run and two wait; the next is told so at once."""
    service = start_service("--url-allow-nets", "127.0.0.0/8", "--url-downloads", 2, "--drain-ms", 0,
                            "--url-timeout-ms", 600000, "--deadline-ms", 600000)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(fetch(service, origin.url("silent"))[1]))
               for _ in range(10)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answers) == 6)
    assert answers == ["overloaded"] * 6
    service.terminate()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["not_ready"] * 4 + ["overloaded"] * 6


@pytest.mark.concurrency
def test_lines_leave_downloads_to_requests(origin, start_service):
    """One of two slots may be a line's: a request gets the other, even if it joins a line that
    waits."""
    service = start_service("--url-allow-nets", "127.0.0.0/8", "--url-downloads", 2, "--workers", 4, "--drain-ms", 0,
                            "--url-timeout-ms", 600000, "--deadline-ms", 600000)
    before = len(origin.requests)
    lines = [json.dumps({"url": origin.url(path)}) for path in ("silent?1", "silent?2", "silent?3", "page?joined")]
    with service.connect() as batch:
        batch.sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n")
        for waiting, line in enumerate(lines):
            batch.sendall(b"%x\r\n%s\n\r\n" % (len(line) + 1, line.encode()))
            wait_until(lambda: service.figures()["precis_downloads_waiting"] == waiting)
            wait_until(lambda: service.figures()["precis_downloads_active"] == 1)
        assert fetch(service, origin.url("page"))[0].status == 200
        assert service.request("POST", "/v1/summaries", lines[3].encode(), {"Content-Type": "application/json"}).status == 200
        assert [request.split()[1] for request in origin.requests[before:]] == [b"/silent?1", b"/page", b"/page?joined"]


def test_who_comes_later_has_time_still_for_the_same_download(start_service, monkeypatch):
    go, first = threading.Event(), []
    monkeypatch.setitem(BEHAVIOURS, "held", lambda connection, request: go.wait() and connection.sendall(page()))
    origin = Origin()
    service = start_service("--url-allow-nets", "127.0.0.0/8", "--url-timeout-ms", 600000, "--deadline-ms", 5000)
    asker = threading.Thread(target=lambda: first.append(service.summarize(url=origin.url("held"))))
    asker.start()
    wait_until(lambda: len(origin.requests) == 1)
    time.sleep(2.5)
    with asks(service, origin.url("held")) as second:
        asker.join()
        go.set()
        assert second.recv(12) == b"HTTP/1.1 200"
    assert (first[0].status, first[0].json()["code"]) == (504, "deadline_exceeded")
    assert len(origin.requests) == 1
    origin.close()


def test_a_download_whose_client_left_is_counted(origin, start_service):
    service = start_service("--url-allow-nets", "127.0.0.0/8", "--url-timeout-ms", 600000, "--deadline-ms", 600000)
    before = len(origin.requests)
    with asks(service, origin.url("silent")):
        wait_until(lambda: len(origin.requests) > before)
    wait_until(lambda: b'\nprecis_fetches_total{result="cancelled"} 1\n' in service.request("GET", "/metrics").body)


@pytest.mark.parametrize("same", [False, True])
def test_answers_that_nobody_reads_are_within_the_limit(start_service, monkeypatch, same):
    """Three take all the room; one kept in the cache counts once, however many read it."""
    text = "The harbour town voted on Sunday. " * 270_000
    monkeypatch.setitem(BEHAVIOURS, "long", answers(page(text.encode(), Content_Type="text/plain")))
    origin, connections, codes = Origin(), [], []
    service = start_service("--max-inflight", "30M", "--cache-bytes", "20M", "--deadline-ms", "600000",
                            "--url-timeout-ms", "600000", "--url-allow-nets", LOOPBACK)
    for number in range(6):
        body = json.dumps({"url": origin.url(f"long?{same or number}"), "include": ["text"]}).encode()
        connections.append(socket.socket())
        connections[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connections[-1].connect(("127.0.0.1", service.port))
        connections[-1].sendall(b"POST /v1/summaries HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                                b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        codes.append(int(connections[-1].recv(12).split()[1]))
    # Two are in the cache, and three outside of it.
    assert codes == [200] * 6 if same else codes == [200] * 5 + [503]
    held = float(re.search(r"^precis_request_body_held_bytes (\S+)$",
                           service.request("GET", "/metrics").body.decode(), re.M)[1])
    assert held < 100_000 if same else 3 * len(text) < held <= 30 << 20
    read = [connection.makefile("rb").read().partition(b"\r\n\r\n")[2] for connection in connections]
    origin.close()
    assert all(json.loads(body)["source"]["text"] == text for code, body in zip(codes, read) if code == 200)
    if not same:
        assert json.loads(read[-1])["code"] == "overloaded"
        assert json.loads(read[-1])["limit"] == 30 << 20 < json.loads(read[-1])["actual"]
    service.still_works()
