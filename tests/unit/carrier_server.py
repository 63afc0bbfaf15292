#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A hostile HTTP server for tests/unit/carrier.c and tests/platform/curl_facts.c.

Prints two ports of 127.0.0.1: of the server, and of one that closes every
connection as soon as it is accepted. Ends with its standard input. The first part
of a path says how it behaves; GET /executed/KEY tells how many whole POSTs came
whose path ends with KEY.
"""
import socket
import struct
import sys
import threading
import time

OK = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
executed = []
lock = threading.Lock()


class Gone(Exception):
    """The client has closed, or we have."""


class Peer:
    """One connection."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""
        self.gap = None             # (bytes, how) of the next request

    def more(self):
        piece = self.connection.recv(65536)
        if not piece:
            raise Gone
        self.buffer += piece

    def read(self):
        """(method, path) of the next whole request."""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, rest = self.buffer.split(b"\r\n\r\n", 1)
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(rest) < length:
            self.buffer = b""
            piece = self.connection.recv(65536)
            if not piece:
                raise Gone
            rest += piece
        self.buffer = rest[length:]
        method, path, _ = head.decode().split("\r\n")[0].split(" ")
        return method, path, len(head) + 4 + length

    def close(self, how="fin"):
        if how == "rst":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
        self.connection.close()
        raise Gone

    def send(self, *pieces):
        for piece in pieces:
            self.connection.sendall(piece)

    def fall_into_gap(self):
        """Reads so many bytes of a request, and closes; a whole one counts."""
        count, how, path, size = self.gap
        while len(self.buffer) < min(count, size):
            self.more()
        if count >= size:
            with lock:
                executed.append(path)
        self.close(how)

    def serve(self):
        while True:
            if self.gap:
                self.fall_into_gap()
            method, path, size = self.read()
            if method == "POST":
                with lock:
                    executed.append(path)
            self.behave(path, size)

    def behave(self, path, size):
        _, manner, *words = path.split("/")
        if manner == "executed":
            with lock:
                count = sum(one.endswith("/" + words[0]) for one in executed)
            text = b"%d" % count
            self.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text),
                      text)
        elif manner == "gap":
            with lock:
                is_first = executed.count(path) == 1
            self.send(OK)
            if is_first:
                self.gap = (int(words[0]), words[1], path, size)
        elif manner == "late":
            time.sleep(int(words[0]) / 1000)
            self.send(OK)
        elif manner == "drip":
            self.send(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
            while True:
                self.send(b"x")
                time.sleep(0.02)
        elif manner == "flood":
            while True:
                self.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        elif manner == "huge":
            self.send(b"HTTP/1.1 201 Created\r\nContent-Length: 10485760\r\n\r\n",
                      *[b"x" * 65536] * 160)
        elif manner == "large":
            self.send(b"HTTP/1.1 201 Created\r\nContent-Length: 524288\r\n\r\n",
                      *[b"x" * 65536] * 8)
        elif manner == "headers":
            self.send(b"HTTP/1.1 201 Created\r\n",
                      *[b"X-Header: " + b"y" * 1000 + b"\r\n"] * 200)
        elif manner in ANSWERS:
            self.send(ANSWERS[manner])
            if manner not in ("ok", "redirect", "refused"):
                self.close()
        else:
            self.close("rst" if manner == "reset" else "fin")


ANSWERS = {
    "ok": OK,
    "refused": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nbad!",
    "redirect": b"HTTP/1.1 307 Again\r\nLocation: /ok/r\r\n"
                b"Content-Length: 0\r\n\r\n",
    "garbage": b"\x00\xff nonsense\r\n\r\n",
    "ancient": b"hello",
    "status": b"HTTP/1.1 2x1 Created\r\nContent-Length: 2\r\n\r\n{}",
    "minus": b"HTTP/1.1 201 Created\r\nContent-Length: -5\r\n\r\n{}",
    "letters": b"HTTP/1.1 201 Created\r\nContent-Length: many\r\n\r\n{}",
    "truncated": b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{",
    "half": b"HTTP/1.1 201 Created\r\nContent-Le",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\n",
    "chunks": b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
}


def serve(connection):
    try:
        Peer(connection).serve()
    except (Gone, OSError):
        connection.close()


def listen(on_connection):
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=on_connection, args=[connection],
                             daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


print(listen(serve), listen(lambda connection: connection.close()), flush=True)
sys.stdin.read()
