"""An HTTP/2 origin written by hand, frame by frame, for things that no good server does.

`Http2Origin` calls `behave(connection, stream, nth)` for each request, `nth` from 1 on each connection: write frames to the
connection, and raise EndOfConnection to close it.
"""

import socket
import ssl

from origin import PAGE, Origin

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE_BYTES = 24  # "PRI * HTTP/2.0 ..."


class EndOfConnection(Exception):
    pass


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def field(name, value):
    """A header field, as HPACK writes it without its table."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


OK = b"\x88" + field(b"content-type", b"text/html; charset=utf-8")
HINTS = b"\x08\x03103" + field(b"link", b"</style.css>; rel=preload")
PINGS = frame(PING, 0, 0, b"12345678") * 50


def headers(stream, head=OK, flags=END_HEADERS):
    return frame(HEADERS, flags, stream, head)


def data(stream, body=PAGE, flags=END_STREAM):
    return frame(DATA, flags, stream, body)


def goaway(last):
    return frame(GOAWAY, 0, 0, last.to_bytes(4, "big") + bytes(4))


def answer(connection, stream, nth=0):
    connection.sendall(headers(stream) + data(stream))


class Http2Origin(Origin):
    """Listens until close(). `tls` is an SSLContext."""

    def __init__(self, tls, behave):
        tls.set_alpn_protocols(["h2"])
        self.behave = behave
        super().__init__(tls=tls)

    def _serve(self, connection):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self.tls.wrap_socket(connection, server_side=True)
            self._speak(connection, connection.makefile("rb"))
        except (OSError, ssl.SSLError, EndOfConnection):
            pass
        finally:
            connection.close()

    def _speak(self, connection, arriving):
        connection.sendall(frame(SETTINGS, 0, 0))
        arriving.read(PREFACE_BYTES)
        nth = 0
        while len(begin := arriving.read(9)) == 9:
            kind, flags, stream = begin[3], begin[4], int.from_bytes(begin[5:], "big")
            arriving.read(int.from_bytes(begin[:3], "big"))
            if kind == SETTINGS and not flags & ACK:
                connection.sendall(frame(SETTINGS, ACK, 0))
            if kind == HEADERS:
                nth += 1
                self.behave(connection, stream, nth)
