"""A real redis-server on a free loopback port, and a small client."""

import shutil
import signal
import socket
import subprocess
import time

import service as running

PROGRAM = shutil.which("redis-server")


class RedisError(Exception):
    pass


def _words(words):
    out = b"*%d\r\n" % len(words)
    for word in words:
        word = word if isinstance(word, bytes) else str(word).encode()
        out += b"$%d\r\n%s\r\n" % (len(word), word)
    return out


def _reply(stream):
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("closed")
    kind, rest = line[:1], line[1:-2]
    if kind == b"-":
        raise RedisError(rest.decode())
    if kind == b"+":
        return rest
    if kind == b":":
        return int(rest)
    length = int(rest)
    if length < 0:
        return None
    return stream.read(length + 2)[:-2] if kind == b"$" else [_reply(stream) for _ in range(length)]


class Redis:
    """One server; `options` as on its command line: "--requirepass", "x"."""

    def __init__(self, folder, *options, password=None, user=None):
        self.folder, self.options = folder, [str(option) for option in options]
        self.login = [word for word in (user, password) if word is not None]
        for _ in range(20):
            self.port = running.free_port()
            if self.start():
                return
        raise RuntimeError("no free port in 20 tries")

    def start(self):
        """False: the port was taken meanwhile."""
        self.process = subprocess.Popen(
            [PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder,
             "--logfile", f"{self.folder}/redis-{self.port}.log", *self.options], stdout=subprocess.DEVNULL)
        while self.process.poll() is None:
            try:
                self("PING")
                return True
            except RedisError:
                return True  # it answers
            except OSError:
                time.sleep(0.01)
        return False

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def __call__(self, *words):
        """Run one command on its own connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            stream = connection.makefile("rb")
            if self.login:
                connection.sendall(_words(["AUTH", *self.login]))
                _reply(stream)
            connection.sendall(_words(words))
            return _reply(stream)

    def keys(self, pattern="precis/*"):
        return self("KEYS", pattern)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.go_on()
        self.kill()
