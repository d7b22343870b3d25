"""An origin for downloads, well-behaved and hostile: each path answers in its own way.

`Origin` runs in a thread of the test and counts what connects to it. Each behaviour is a function
named like its path and listed in BEHAVIOURS; it gets the socket and the request's head and writes
what it likes. Return to close the connection.
"""

import gzip
import socket
import ssl
import threading
import zlib

ARTICLE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>The harbour reopens</title></head>
<body><nav><a href="/">Home</a></nav><article><h1>The harbour reopens</h1>
<p>The harbour of Lindenau reopened on Monday after eleven months of repairs. Divers had replaced
the old lock gates, which had leaked since the storm of last winter. The first ship to enter was a
barge with gravel for the new quay.</p>
<p>The town council had feared that the work would cost more than planned. In the end the repairs
came in slightly below the budget, the harbour master said at the ceremony. She thanked the crews
who had worked through the coldest nights of January.</p>
<p>Fishing boats may return from next week. Their owners had moved to the neighbouring port and paid
higher fees there. Many of them say that they will come back at once, because the way to the fish
market is so much shorter.</p></article></body></html>
"""
PAGE = ARTICLE.encode()

# 200 MiB of zeros, and a page of three sentences; made once with the brotli program.
BROTLI_BOMB = bytes.fromhex(
    "cfffff7f002400e2b14072effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdff"
    "e7ffff3f001200715800baf7fffcffff074002200e0b40f7fe9fffffff004800c46101e8deff"
    "f3ffff1f000980382c00ddfb7ffeffff032001108705a07bffcfffff7f002400e2b00074efff"
    "f9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200715800baf7ff"
    "f9ffff074002200e0b40f7fe0f")

BROTLI_PAGE = bytes.fromhex(
    "1fe600e01c89714c89c7de1379ca6246352dd3bebd415ce6f24698538e720ebd251c0412e8b7"
    "83c7f07a68b728f1a524b150b03951961b93849bce7d48ff5d547f243ec111")


def gzip_bomb():
    """200 MiB of zeros in 200 KB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(200)) + packer.flush()


def head(status="200 OK", **fields):
    fields = {"Content_Type": "text/html; charset=utf-8", "Connection": "close", **fields}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def page(body=PAGE, status="200 OK", **fields):
    return head(status, Content_Length=len(body), **fields) + body


def answers(*parts):
    """Write these bytes, then close."""
    def behave(connection, request):
        for part in parts:
            connection.sendall(part)
    return behave


def then_silence(*parts):
    """Write these bytes, then wait until the client goes."""
    def behave(connection, request):
        for part in parts:
            connection.sendall(part)
        while connection.recv(4096):
            pass
    return behave


def for_ever(first, block, pause_s=0.0):
    """Write `first`, then `block` again and again until the client goes."""
    def behave(connection, request):
        gone = threading.Event()
        connection.sendall(first)
        while True:
            connection.sendall(block)
            gone.wait(pause_s)
    return behave


def redirect(location, status="302 Found", body=b"moved"):
    def behave(connection, request):
        target = location.replace("{origin}", connection.origin_name)
        connection.sendall(page(body, status, Location=target))
    return behave


def redirect_chain(connection, request):
    """/chain?5 leads to /chain?4 and so on; /chain?0 is a page."""
    left = int(request.split(b" ")[1].partition(b"?")[2] or b"0")
    if left == 0:
        connection.sendall(page())
    else:
        connection.sendall(page(b"", "302 Found", Location=f"/chain?{left - 1}"))


def set_cookie(connection, request):
    connection.sendall(page(b"", "302 Found", Location="/show", Set_Cookie="session=1; Path=/"))


def refresh(content, pause_s=0.0):
    """A page that is nothing but <meta http-equiv="refresh">."""
    def behave(connection, request):
        threading.Event().wait(pause_s)
        to = content.replace("{origin}", connection.origin_name)
        connection.sendall(page(f'<head><meta http-equiv="refresh" content="{to}"></head>'.encode()))
    return behave


def refresh_chain(connection, request):
    """/refresh-chain?5 leads to ?4 and so on; ?0 is a page."""
    left = int(request.split(b" ")[1].partition(b"?")[2] or b"0")
    if left == 0:
        connection.sendall(page())
    elif left % 2:
        refresh(f"0; url=?{left - 1}")(connection, request)
    else:
        connection.sendall(page(b"", "302 Found", Location=f"?{left - 1}"))


def asks_for_cookie(redirecting):
    """Redirects to itself, by a status or a page, until its cookie comes back."""
    def behave(connection, request):
        path = request.split(b" ")[1].decode()
        if b"\r\ncookie: seen=1\r\n" in request.lower():
            connection.sendall(page())
        elif redirecting:
            connection.sendall(page(b"", "302 Found", Location=path, Set_Cookie="seen=1; Path=/; HttpOnly"))
        else:
            connection.sendall(page(f'<meta http-equiv=refresh content="0;{path}">'.encode(), Set_Cookie="seen=1"))
    return behave


def negotiates(connection, request):
    """A page for those who ask for one, else data."""
    asks = b"accept: text/html," in request.lower()
    connection.sendall(page() if asks else page(b"{}", Content_Type="application/json"))


def plain_if_asked(coded):
    """The coded answer, but the plain page for who does not offer to undo any coding."""
    def behave(connection, request):
        connection.sendall(page() if b"\r\naccept-encoding: identity\r\n" in request.lower() else coded)
    return behave


def deflate_raw(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


GZIP_MEMBERS = gzip.compress(PAGE[:700]) + gzip.compress(PAGE[700:])

BEHAVIOURS = {
    # pages
    "page": answers(page()),
    "show": answers(page()),
    "negotiates": negotiates,
    "no-type": answers(page(Content_Type=None)),
    "empty-type": answers(page(Content_Type="")),
    "empty-coding": answers(page(Content_Encoding="")),
    "odd-type": answers(page(Content_Type="html; charset=utf-8")),
    "type-without-semicolon": answers(page(Content_Type="text/html charset=utf-8")),
    "type-with-comma": answers(page(Content_Type="text/html,charset=utf-8")),
    "types": answers(page(Content_Type="text/html, text/html; charset=utf-8")),
    "any-type": answers(page(Content_Type="*/*")),
    "page-as-plain": answers(page(b"\xef\xbb\xbf\n" + PAGE, Content_Type="text/plain")),
    "plain-of-pages": answers(page(b"A page begins with <!DOCTYPE html>. Then <html> comes, as a rule.", Content_Type="text/plain")),
    "xhtml": answers(page(Content_Type="application/xhtml+xml")),
    "plain": answers(page(b"One plain sentence. Another plain sentence.", Content_Type="text/plain")),
    "plain-gif89a": answers(page(b"GIF89a is a format of images. It is from 1989.", Content_Type="text/plain")),
    "latin-1": answers(page("<p>Der Fluß trat über die Ufer. Das Dorf schläft.</p>".encode("latin-1"),
                            Content_Type="text/html; charset=iso-8859-1")),
    "undeclared": answers(page("<p>Der Fluß trat über die Ufer. Das Dörfchen schläft früh.</p>".encode("latin-1"),
                               Content_Type="text/html")),
    "gzip": answers(page(gzip.compress(PAGE), Content_Encoding="gzip")),
    "x-gzip": answers(page(gzip.compress(PAGE), Content_Encoding="x-gzip")),
    "deflate": answers(page(zlib.compress(PAGE), Content_Encoding="deflate")),
    "deflate-raw": answers(page(deflate_raw(PAGE), Content_Encoding="deflate")),
    "brotli": answers(page(BROTLI_PAGE, Content_Encoding="br")),
    "gzip-twice": answers(page(gzip.compress(gzip.compress(PAGE)), Content_Encoding="gzip, gzip")),
    "chunked": answers(head(Transfer_Encoding="chunked"),
                       b"%x\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(PAGE), PAGE)),
    "until-close": answers(head(), PAGE),
    "early-hints": answers(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", page()),
    "http-1.0": answers(page().replace(b"HTTP/1.1", b"HTTP/1.0")),
    "status-203": answers(page(status="203 Non-Authoritative")),
    # a whole page, and then something wrong
    "gzip-padded": answers(page(gzip.compress(PAGE) + bytes(512), Content_Encoding="gzip")),
    "gzip-and-more": answers(page(gzip.compress(PAGE), Content_Encoding="gzip", Connection="close") + bytes(9)),
    "gzip-length-of-unpacked": answers(head(Content_Encoding="gzip", Content_Length=len(PAGE)), gzip.compress(PAGE)),
    "short-but-whole": answers(head(Content_Length=len(PAGE) + 5), PAGE),
    "no-last-chunk-but-whole": answers(head(Transfer_Encoding="chunked"), b"%x\r\n%s\r\n" % (len(PAGE), PAGE)),
    "cut-gzip-but-whole": answers(page(gzip.compress(PAGE)[:-8], Content_Encoding="gzip")),
    "whole-then-silence": then_silence(head(Content_Length=len(PAGE) + 5), PAGE),
    # heads of 60 KB
    "head-of-many-lines": answers(head(Content_Length=len(PAGE))[:-2], b"a:\r\n" * 15000, b"\r\n", PAGE),
    "head-of-long-lines": answers(head(Content_Length=len(PAGE))[:-2], (b"a:" + b"a" * 996 + b"\r\n") * 60, b"\r\n", PAGE),
    # names that are no codings
    "coding-utf-8": answers(page(Content_Encoding="UTF-8")),
    "coding-none": answers(page(Content_Encoding="none")),
    "coding-of-storage": answers(page(Content_Encoding="aws-chunked, identity")),
    "to-coding-utf-8": redirect("/coding-utf-8"),
    "zstd-for-some": plain_if_asked(page(b"\x28\xb5\x2f\xfd", Content_Encoding="zstd")),
    # a coding that libcurl cannot undo, at once or only after a part of the page
    "brotli-for-some": plain_if_asked(page(b"This is not brotli.", Content_Encoding="br")),
    "gzip-members-for-some": plain_if_asked(page(GZIP_MEMBERS, Content_Encoding="gzip")),
    # redirects
    "to-page": redirect("/page"),
    "to-page-301": redirect("{origin}/page", "301 Moved"),
    "to-page-303": redirect("page", "303 See Other"),
    "to-page-307": redirect("/x/../page", "307 Temporary", b""),
    "to-page-308": redirect("/page#part", "308 Permanent"),
    "chain": redirect_chain,
    "cookie": set_cookie,
    "to-self": redirect("/to-self"),
    "to-nowhere": answers(page(b"", "302 Found")),
    "to-empty": redirect(""),
    "to-private": redirect("http://10.0.0.1/"),
    "to-metadata": redirect("http://169.254.169.254/latest/meta-data/"),
    "to-azure": redirect("http://168.63.129.16/"),
    "to-ipv6": redirect("http://[::ffff:10.0.0.1]/"),
    "to-ftp": redirect("ftp://example.org/"),
    "to-file": redirect("file:///etc/passwd"),
    "to-gopher": redirect("gopher://127.0.0.1:6379/_INFO"),
    "to-user": redirect("http://user:secret@127.0.0.1/"),
    "to-control": redirect("/page\tx"),
    "to-odd-port": redirect("http://8.8.8.8:25/"),
    "to-bad-host": redirect("http://exa mple/"),
    "to-long": redirect("/" + "a" * 9000),
    "to-binary": answers(b"HTTP/1.1 302 Found\r\nLocation: /page?\xfc=\xc3\xbc\r\nContent-Length: 0\r\n\r\n"),
    "cookie-to-self": asks_for_cookie(True),
    "cookie-by-refresh": asks_for_cookie(False),
    "to-endless": for_ever(head("302 Found", Location="/page"), bytes(4096)),
    # pages that only lead to another
    "refresh": refresh("0; url=page"),
    "refresh-absolute": refresh("5;URL='{origin}/page'"),
    "refresh-to-redirect": refresh("0; url=to-page"),
    "refresh-chain": refresh_chain,
    "refresh-base": answers(page(b"<base href='/x/'><meta http-equiv=refresh content='0; url=../page'>Moved.")),
    "refresh-noscript": answers(page(b"<noscript><META http-equiv=refresh content='0;URL=/page'></noscript>"
                                     b"<title>/page</title><script>location.replace('/page')</script>")),
    "refresh-header": answers(page(b"<p>You are taken to the new place.</p>", Refresh="3; url=/page")),
    "refresh-header-empty": answers(page(b"", Refresh="0;/page", Content_Type=None)),
    "to-refresh": redirect("/refresh"),
    "refresh-to-self": refresh("0; url=refresh-to-self"),
    "refresh-slowly": refresh("0; url=refresh-slowly", pause_s=0.1),
    "refresh-to-silent": refresh("0; url=silent"),
    "refresh-to-absent": refresh("0; url=absent"),
    "refresh-to-pdf": refresh("0; url=pdf"),
    "refresh-to-private": refresh("0; url=http://10.0.0.1/"),
    "refresh-to-metadata": refresh("0; url=//169.254.169.254/latest/"),
    "refresh-to-user": refresh("0; url=http://user:secret@127.0.0.1/"),
    "refresh-to-odd-port": refresh("0; url=http://8.8.8.8:25/"),
    "refresh-header-to-private": answers(page(b"", Refresh="0; url=http://10.0.0.1/")),
    "refresh-to-ftp": refresh("0; url=ftp://example.org/"),
    "refresh-to-script": refresh("0; url=javascript:alert(1)"),
    "refresh-header-to-ftp": answers(page(b"", Refresh="0; url=ftp://example.org/")),
    "refresh-header-to-self": answers(page(b"<p>The ferry waits in the harbour. It is half past two.", Refresh="10; url=/refresh-header-to-self")),
    "refresh-header-to-part": answers(page(b"<p>The ferry waits in the harbour. It is half past two.", Refresh="10; url=/refresh-header-to-part?#now")),
    "refresh-header-and-cookie": answers(page(b"<p>The ferry waits in the harbour. It is half past two.",
                                              Refresh="10; url=/refresh-header-and-cookie", Set_Cookie="seen=1")),
    "refresh-to-twin": answers(page(b"<meta http-equiv=refresh content='5; url=refresh-to-one'><p>The other ferry waits. It is half past two.")),
    "refresh-to-one": answers(page(b"<meta http-equiv=refresh content='5; url=refresh-to-twin'><p>One ferry waits. It is half past one.")),
    "refresh-later": answers(page(PAGE.replace(b"<head>", b"<head><meta http-equiv=refresh content='0; url=/absent'>"),
                                  Refresh="0; url=/absent")),
    "refresh-itself": answers(page(b"<meta http-equiv=refresh content='30; url=/absent'><p>The ferry waits in the harbour.",
                                   Refresh="30; url=/absent")),
    # not pages
    "rss": answers(page(b"<rss/>", Content_Type="application/rss+xml")),
    "atom": answers(page(b"<feed/>", Content_Type="application/atom+xml")),
    "xml": answers(page(b"<x/>", Content_Type="text/xml")),
    "pdf": answers(page(b"%PDF-1.7", Content_Type="application/pdf")),
    "image": answers(page(b"\x89PNG", Content_Type="image/png")),
    "json": answers(page(b"{}", Content_Type="application/json")),
    "pdf-odd-type": answers(page(b"%PDF-1.7\n", Content_Type="pdf")),
    "pdf-no-type": answers(page(b"%PDF-1.7\n", Content_Type=None)),
    "binary-no-type": answers(page(b"\x00\x01\x02", Content_Type=None)),
    "pdf-as-html": answers(page(b"%PDF-1.7\nA sentence that nobody reads.")),
    "pdf-as-plain": answers(page(b"%PDF-1.7\nA sentence that nobody reads.", Content_Type="text/plain")),
    "image-as-html": answers(page(b"\x89PNG\r\n\x1a\nA sentence that nobody reads.")),
    "gif-as-html": answers(page(b"GIF89a\x01\x00\x01\x00\x80\x00\x00A sentence that nobody reads.")),
    "gzip-as-html": answers(page(gzip.compress(PAGE))),
    # time
    "silent": then_silence(),
    "half-head": then_silence(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "half-body": then_silence(head(Content_Length=100), b"<p>Half"),
    "half-gzip": then_silence(head(Content_Encoding="gzip"), gzip.compress(PAGE)[:20]),
    "drip-head": for_ever(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.02),
    "drip-body": for_ever(head(), b"x", 0.02),
    "drip-chunks": for_ever(head(Transfer_Encoding="chunked"), b"1\r\nx\r\n", 0.02),
    "drip-hints": for_ever(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.02),
    # size
    "endless": for_ever(head(), b"<p>" + b"x" * 8189),
    "endless-chunks": for_ever(head(Transfer_Encoding="chunked"), b"1000\r\n" + bytes(4096) + b"\r\n"),
    "endless-head": for_ever(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"x" * 1000 + b"\r\n"),
    "endless-line": for_ever(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 4096),
    "endless-hints": for_ever(b"", b"HTTP/1.1 103 Early Hints\r\nX: " + b"x" * 1000 + b"\r\n\r\n"),
    "endless-trailer": for_ever(head(Transfer_Encoding="chunked") + b"0\r\n", b"X: " + b"x" * 999 + b"\r\n"),
    "announced": then_silence(head(Content_Length=10**12)),
    "announced-overflow": for_ever(head(Content_Length=10**30), bytes(4096)),
    "gzip-bomb": answers(page(gzip_bomb(), Content_Encoding="gzip")),
    "gzip-bomb-twice": answers(page(gzip.compress(gzip_bomb()), Content_Encoding="gzip, gzip")),
    "deflate-bomb": answers(page(zlib.compress(bytes(50 << 20)), Content_Encoding="deflate")),
    "brotli-bomb": answers(page(BROTLI_BOMB, Content_Encoding="br")),
    "gzip-of-nothing": for_ever(head(Content_Encoding="gzip") + gzip.compress(b"")[:10],
                                b"\x00\x00\x00\xff\xff" * 1000),
    # broken
    "closes": answers(),
    "garbage": answers(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "http-0.9": answers(b"<p>No head at all.</p>"),
    "bad-version": answers(b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "bad-status": answers(b"HTTP/1.1 abc OK\r\n\r\n"),
    "no-colon": answers(b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\nok"),
    "nul-in-head": answers(b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\nok"),
    "gzip-members": answers(page(GZIP_MEMBERS, Content_Encoding="gzip")),
    "short": answers(head(Content_Length=5000), b"<p>Not five thousand.</p>"),
    "short-behind-script": answers(head(Content_Length=5000), b"<p>Cut.<script>write('<html></HTML>');</script><p>And"),
    "negative": answers(head(Content_Length=-5), b"hello"),
    "length-word": answers(head(Content_Length="five"), b"hello"),
    "two-lengths": answers(head(Content_Length=2) .replace(
        b"Connection", b"Content-Length: 5\r\nConnection"), b"hello"),
    "cut-chunk": answers(head(Transfer_Encoding="chunked"), b"ff\r\n<p>Cut"),
    "bad-chunk": answers(head(Transfer_Encoding="chunked"), b"zz\r\nhello\r\n0\r\n\r\n"),
    "huge-chunk": answers(head(Transfer_Encoding="chunked"), b"ffffffffffffffffff\r\nhello"),
    "no-last-chunk": answers(head(Transfer_Encoding="chunked"), b"5\r\nhello\r\n"),
    "not-gzip": answers(page(b"This is not gzip.", Content_Encoding="gzip")),
    "not-deflate": answers(page(b"This is not deflate.", Content_Encoding="deflate")),
    "not-brotli": answers(page(b"\xff\xff\xff This is not brotli.", Content_Encoding="br")),
    "cut-gzip": answers(page(gzip.compress(PAGE)[:-20], Content_Encoding="gzip")),
    "zstd": answers(page(b"\x28\xb5\x2f\xfd", Content_Encoding="zstd")),
    "coding-tower": answers(page(b"?", Content_Encoding=", ".join(["gzip"] * 40))),
    "transfer-gzip": answers(head(Transfer_Encoding="gzip, chunked"), b"0\r\n\r\n"),
    # statuses
    **{f"status-{n}": answers(page(PAGE if n < 300 else b"<p>No page for you.</p>", f"{n} Status"))
       for n in (201, 202, 206, 207, 226, 300, 305, 306, 400, 401, 402, 403, 404, 405, 406, 407, 408,
                 409, 410, 412, 416, 418, 421, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503,
                 504, 505, 511, 520, 599, 600, 999)},
    "status-204": answers(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
    "status-205": answers(page(b"", "205 Reset Content")),
    "status-304": answers(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"),
    "status-101": then_silence(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
}


class Connection:
    """The socket and what a behaviour may need to know."""

    def __init__(self, connection, origin_name):
        self._connection = connection
        self.sendall = connection.sendall
        self.recv = connection.recv
        self.origin_name = origin_name


class Origin:
    """Listens until close(). `tls` is an SSLContext; `stall` accepts and never sends anything."""

    def __init__(self, address="127.0.0.1", port=0, tls=None, stall=False):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, port), family=family, backlog=128)
        self.port = self.listener.getsockname()[1]
        self.name = f"http{'s' if tls else ''}://{'[' + address + ']' if ':' in address else address}:{self.port}"
        self.tls = tls
        self.stall = stall
        self.connections = 0
        self.requests = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path):
        return f"{self.name}/{path}"

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self.stall:
                while connection.recv(4096):
                    pass
            elif self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request:
                more = connection.recv(65536)
                if not more:
                    return
                request += more
                if request.startswith(b"\x16"):
                    return  # the client speaks TLS, which this origin does not
            self.requests.append(request)
            path = request.split(b" ")[1].decode().lstrip("/").partition("?")[0]
            BEHAVIOURS.get(path, answers(page(b"", "404 Not Found")))(Connection(connection, self.name),
                                                                    request)
        except (OSError, ssl.SSLError):
            pass  # the client has gone, as most behaviours expect
        finally:
            connection.close()
