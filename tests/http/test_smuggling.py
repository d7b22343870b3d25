"""Sends odd requests through real proxies: precis never sees a request that the proxy in front did
not send, and nobody gets another client's answer."""

import itertools
import os
import shutil
import socket
import subprocess
import time

import pytest

from service import exchange, free_port

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
BODY = b'{"text":"One sentence. Another sentence."}'

# Unclear ways to say where a request ends; %d is a length.
FRAMINGS = [
    [b"Content-Length: %d", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: chunked", b"Content-Length: %d"],
    [b"Content-Length: %d"],
    [b"Transfer-Encoding: chunked"],
    [b"Content-Length: %d", b"Content-Length: 5"],
    [b"Content-Length: 5", b"Content-Length: %d"],
    [b"Content-Length: %d, 5"],
    [b"Content-Length: +%d"],
    [b"Content-Length: 0%d"],
    [b"Content-Length: %d\t"],
    [b"Content-Length:\r\n %d"],
    [b"Content-Length : %d"],
    [b"Content_Length: %d"],
    [b"Content-Length: %d\x00"],
    [b"Content-Length: %d", b"Transfer-Encoding : chunked"],
    [b"Content-Length: %d", b"Transfer_Encoding: chunked"],
    [b"Content-Length: %d", b"Transfer-Encoding: xchunked"],
    [b"Content-Length: %d", b"Transfer-Encoding: chunked, identity"],
    [b"Content-Length: %d", b"Transfer-Encoding: identity, chunked"],
    [b"Content-Length: %d", b"Transfer-Encoding:\x0bchunked"],
    [b"Content-Length: %d", b"Transfer-Encoding: chunked\x00"],
    [b"Content-Length: %d", b"Transfer-Encoding:\r\n chunked"],
    [b"Content-Length: %d", b"X: y\r\n Transfer-Encoding: chunked"],
    [b"Content-Length: %d", b"X: y\rTransfer-Encoding: chunked"],
    [b"Content-Length: %d", b"X: y\nTransfer-Encoding: chunked"],
    [b"Content-Length: %d", b": y", b"Transfer-Encoding: chunked"],
    [b"Content-Length: %d", b"TRANSFER-encoding: CHUNKED"],
    [b"Content-Length: %d", b'Transfer-Encoding: "chunked"'],
    [b"Content-Length: %d", b"Connection: Content-Length"],
    [b"Transfer-Encoding: chunked", b"Connection: Transfer-Encoding"],
    [b"Content-Length: %d", b"Expect: 100-continue", b"Transfer-Encoding: chunked"],
    [b"Content-Length: %d", b"Upgrade: h2c", b"Connection: Upgrade"],
]


def bodies(hidden):
    """Where another request can hide, and the length that would precede it."""
    chunk = b"%x\r\n%s\r\n" % (len(BODY), BODY)
    return [
        (b"0\r\n\r\n" + hidden, (0, 5, len(hidden) + 5)),
        (chunk + b"0\r\n\r\n" + hidden, (len(chunk), len(chunk) + 5)),
        (BODY + hidden, (len(BODY), len(BODY) + len(hidden))),
        (b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden), (len(b"%x\r\n" % len(hidden)), 0)),
        (b"%x;\n%s\r\n0\r\n\r\n" % (len(BODY), BODY) + hidden, (5,)),
        (b"+%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY) + hidden, (5,)),
        (b"1%016x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY) + hidden, (5,)),
    ]


def requests():
    count = itertools.count()
    for framing in FRAMINGS:
        for shape in range(7):
            hidden = b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Request-Id: hidden-%d\r\n\r\n" % next(count)
            body, lengths = bodies(hidden)[shape]
            for length in lengths if any(b"%d" in field for field in framing) else (0,):
                fields = [field.replace(b"%d", b"%d" % length) for field in framing]
                yield b"\r\n".join([b"POST /v1/summaries HTTP/1.1", b"Host: a", b"X-Request-Id: front-%d" % next(count),
                                    b"Content-Type: application/json", *fields, b"", b""]) + body


def start_nginx(folder, port, service):
    user = "user root;" if os.getuid() == 0 else ""
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "proxy.conf").write_text(f"""{user} daemon off; pid {folder}/pid; events {{}}
        http {{ {temporary} log_format id '$http_x_request_id'; access_log {folder}/ids id;
        keepalive_timeout 200ms; client_header_timeout 200ms; client_body_timeout 200ms;
        ignore_invalid_headers off; underscores_in_headers on;
        upstream precis {{ server 127.0.0.1:{service.port}; keepalive 1; }}
        server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://precis; proxy_http_version 1.1;
        proxy_set_header Connection ""; proxy_request_buffering off; }} }} }}""")
    return subprocess.Popen([shutil.which("nginx", path=PATH), "-p", str(folder), "-e", f"{folder}/errors",
                             "-c", f"{folder}/proxy.conf"])


def start_haproxy(folder, port, service):
    (folder / "proxy.conf").write_text(f"""
global
    log stdout format raw local0
defaults
    mode http
    log global
    option http-keep-alive
    http-reuse always
    timeout connect 10s
    timeout server 60s
    timeout client 200ms
    timeout http-request 200ms
frontend in
    bind 127.0.0.1:{port}
    http-request capture req.hdr(X-Request-Id) len 64
    log-format "%[capture.req.hdr(0)]"
    default_backend precis
backend precis
    server one 127.0.0.1:{service.port}
""")
    with open(folder / "ids", "wb") as log:
        return subprocess.Popen([shutil.which("haproxy", path=PATH), "-f", str(folder / "proxy.conf")],
                                stdout=log, stderr=subprocess.DEVNULL)


def send(port, request):
    """Send everything, then read to the end; the result is judged by the logs."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        try:
            connection.sendall(request)
            while connection.recv(65536):
                pass
        except OSError:
            pass


def is_up(port):
    try:
        return exchange(port, "GET", "/livez").status == 200
    except OSError:
        return False


@pytest.mark.parametrize("name,start", [("nginx", start_nginx), ("haproxy", start_haproxy)])
def test_nothing_is_smuggled(tmp_path, start_service, name, start):
    if shutil.which(name, path=PATH) is None:
        pytest.skip(f"no {name}")
    service = start_service("--deadline-ms", 1000, "--keepalive-ms", 60000, "--log-level", "debug")  # logs probes, too
    port = free_port()
    proxy = start(tmp_path, port, service)
    try:
        while not is_up(port):
            time.sleep(0.02)
        for i, request in enumerate(requests()):
            send(port, request)
            # The next client whose request uses the same upstream connection gets its own answer.
            victim = exchange(port, "GET", "/livez", headers={"X-Request-Id": f"victim-{i}"})
            assert victim.status == 200, request
            assert victim.headers["X-Request-Id"] == f"victim-{i}", request
    finally:
        proxy.terminate()
        proxy.wait()
    sent = set((tmp_path / "ids").read_text().split())
    service.stop()
    seen = {event["id"] for event in service.events("request")}
    smuggled = {request_id for request_id in seen
                if request_id.startswith(("hidden", "front", "victim")) and request_id not in sent}
    assert not smuggled
    assert sum(request_id.startswith("victim") for request_id in seen) > 100
