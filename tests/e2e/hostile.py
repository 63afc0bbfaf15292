# SPDX-License-Identifier: MIT
"""A provider that means harm, and a watch on how long a daemon keeps others
waiting. Programs of their own, for the threads of one Python wait for each other:

    hostile.py serve FOLDER     what came, one JSON a line
    hostile.py watch SOCKET PID the longest wait in ms, once stdin ends

What the server does is told by the number that an order is for: ways[i] is done to
number_of(i). Its first line says where it listens: in clear text, behind a
certificate of its own, where a handshake never begins, where it drips, where the
answer comes in clear text, and a trap that nobody must come to.
"""
import gzip
import http.client
import json
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import zlib

EVERY_S = 0.02          # how often the daemon is asked
CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
GIVES_UP_S = 30         # whoever has not hung up by then never will
ID = b'{"id":"c1"}'


def number_of(i, customer=1):
    return f"+7901{i:05d}{customer:02d}"


def head(*headers, status="201 Created"):
    """It says that it hangs up: no order is lost on a connection that is ending."""
    return "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *headers,
                        "", ""]).encode()


def answer(body=ID, *headers, status="201 Created"):
    return head(f"Content-Length: {len(body)}", *headers, status=status) + body


def chunked(*rest):
    return head("Transfer-Encoding: chunked", *rest)


def drip(sock, data):
    """A byte a second."""
    for i in range(len(data)):
        sock.sendall(data[i:i + 1])
        time.sleep(1)


def for_ever(sock, data, first=b""):
    sock.sendall(first)
    while True:
        sock.sendall(data)


def stored_brotli(data):
    """As a brotli stream that holds it as it is."""
    return struct.pack("<I", (len(data) - 1) << 4 | 1 << 20)[:3] + data + b"\3"


def gzip_bomb(megabytes):
    """So many megabytes of nothing in a thousandth of that; it never ends well."""
    compress = zlib.compressobj(9, wbits=-15)
    one = compress.compress(bytes(1 << 20)) + compress.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + one * megabytes


def redirect(status, where):
    return lambda sock, trap: sock.sendall(
        answer(b"", f"Location: {where.format(trap)}", status=status))


def say(data):
    return lambda sock, trap: sock.sendall(data)


def flood(data, first=b""):
    return lambda sock, trap: for_ever(sock, data, first)


def slowly(data, first=b""):
    def run(sock, trap):
        sock.sendall(first)
        drip(sock, data)
    return run


def reset(sock, trap):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


DEEP = b'{"id":' + b"[" * 100000 + b"]" * 100000 + b"}"
SETTINGS_FRAME = b"\0\0\0\4\0\0\0\0\0"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

# Name: (what the daemon must make of it, what is done). "placed": there is a call,
# "refused": certainly not, and the next provider is asked; "unknown": nobody is.
ways = {
    "well": ("placed", say(answer())),
    "wrong_type": ("placed", say(answer(ID, "Content-Type: image/png"))),
    "continue_first": ("placed", say(CONTINUE * 3 + answer())),
    "early": ("placed", None),
    "refusal": ("refused", say(answer(
        b'{"code":"1\\u001b[2J\\nevent=forged","text":"\\u0007\\" event=forged"}',
        status="400 Bad Request"))),
    "refusal_of_another_type": ("refused", say(answer(
        b"<html>" * 30000, "Content-Type: text/html", status="404 Not Found"))),
    "301": ("unknown", redirect("301 Moved", "http://127.0.0.2:{}/calls")),
    "302": ("unknown", redirect("302 Found", "file:///etc/passwd")),
    "307": ("unknown", redirect("307 Again", "http://127.0.0.1:{}/calls")),
    "308": ("unknown", redirect("308 Moved", "//localhost:{}/calls")),
    "endless": ("unknown", flood(CHUNK, chunked())),
    "endless_refusal": ("unknown", flood(CHUNK, head(
        "Transfer-Encoding: chunked", status="400 Bad Request"))),
    "ten_gigabytes": ("unknown", flood(b"x" * 65536, head(
        "Content-Length: 10000000000"))),
    "gzip": ("unknown", say(answer(
        gzip.compress(ID), "Content-Encoding: gzip"))),
    "gzip_transfer": ("unknown", say(head(
        "Transfer-Encoding: gzip") + gzip.compress(ID))),
    "brotli": ("unknown", say(answer(
        stored_brotli(ID), "Content-Encoding: br"))),
    "gzip_bomb": ("unknown", say(answer(
        gzip_bomb(200), "Content-Encoding: gzip"))),
    "gzip_bomb_twice": ("unknown", say(answer(
        gzip.compress(gzip_bomb(20000)), "Content-Encoding: gzip, gzip"))),
    "head_drips": ("unknown", slowly(answer())),
    "body_drips": ("unknown", slowly(ID, head("Content-Length: 11"))),
    "refusal_drips": ("unknown", slowly(ID, head(
        "Content-Length: 11", status="400 Bad Request"))),
    "silence": ("unknown", lambda sock, trap: time.sleep(GIVES_UP_S)),
    "http_0.9": ("unknown", say(ID)),
    "http_2": ("unknown", flood(SETTINGS_FRAME)),
    "switch": ("unknown", flood(SETTINGS_FRAME, head(
        "Connection: Upgrade", "Upgrade: h2c",
        status="101 Switching Protocols"))),
    "many_headers": ("unknown", say(head(
        *(f"X-{i}: {i}" for i in range(100000)), "Content-Length: 0"))),
    "large_header": ("unknown", say(head("X: " + "x" * 10000000,
                                         "Content-Length: 0"))),
    "endless_header": ("unknown", flood(b"x" * 65536, b"HTTP/1.1 201 x")),
    "continue_for_ever": ("unknown", flood(CONTINUE * 1000)),
    "continue_slowly": ("unknown", slowly(CONTINUE * 10)),
    "hints_for_ever": ("unknown", flood(
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1000)),
    "endless_chunk_size": ("unknown", flood(b";x=" + b"x" * 65536,
                                            chunked() + b"5")),
    "endless_trailer": ("unknown", flood(b"X-Y: z\r\n" * 8192, chunked() +
                                         b"b\r\n" + ID + b"\r\n0\r\n")),
    "deep": ("unknown", say(answer(DEEP))),
    "nul_in_body": ("unknown", say(answer(b'{"id":"c1\0"}'))),
    "nul_in_id": ("unknown", say(answer(b'{"id":"c1\\u0000c2"}'))),
    "nul_in_header": ("unknown", say(answer(ID, "X: \0y"))),
    "line_in_id": ("unknown", say(answer(b'{"id":"c1\\r\\nX: y"}'))),
    "long_id": ("unknown", say(answer(b'{"id":"' + b"c" * 100000 + b'"}'))),
    "two_ids": ("unknown", say(answer(b'{"id":"c1","id":"c2"}'))),
    "no_json": ("unknown", say(answer(b"<html>done</html>"))),
    "nothing_at_all": ("unknown", say(answer(b""))),
    "half_a_chunk": ("unknown", say(chunked() + b"40\r\n" + ID)),
    "no_last_chunk": ("unknown", say(chunked() + b"b\r\n" + ID + b"\r\n")),
    "no_chunk_size": ("unknown", say(chunked() + b"x\r\n" + ID)),
    "short": ("unknown", say(head("Content-Length: 99") + ID)),
    "head_only": ("unknown", say(b"HTTP/1.1 400 Bad Request\r\nX: y\r\n")),
    "hangs_up": ("unknown", lambda sock, trap: None),
    "resets": ("unknown", reset),
    "status_0": ("unknown", say(answer(status="000 x"))),
    "status_999": ("unknown", say(answer(status="999 x"))),
    "status_of_four": ("unknown", say(answer(status="4000 x"))),
}


class Server:
    def __init__(self, folder):
        self.certificate = pathlib.Path(folder) / "own.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", self.certificate, "-out", f"{self.certificate}.crt"],
            check=True, capture_output=True)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(f"{self.certificate}.crt", self.certificate)
        self.lock = threading.Lock()
        self.ports = {}
        for name in ("clear", "own", "silent", "drips", "bare", "trap"):
            self.listen(name, getattr(self, name))

    def tell(self, **what):
        with self.lock:
            print(json.dumps(what), flush=True)

    def listen(self, name, serve):
        listener = socket.create_server(("" if name == "trap" else "127.0.0.1", 0),
                                        backlog=256)
        self.ports[name] = listener.getsockname()[1]

        def accept():
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=self.talk, args=(sock, name, serve),
                                 daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()

    def talk(self, sock, name, serve):
        sock.settimeout(GIVES_UP_S)
        self.tell(came=name)
        try:
            serve(sock)
        except OSError:
            pass
        finally:
            sock.close()

    def clear(self, sock):
        data = sock.recv(65536)
        while b"\r\n\r\n" not in data:
            data += sock.recv(65536)
        top, body = data.split(b"\r\n\r\n", 1)
        what, number = re.match(rb"POST /(\w+)/7901(\d{5})\d\d ", top).groups()
        name = list(ways)[int(number)]
        self.tell(order=name, what=what.decode(), head=top.decode())
        if name == "early":
            sock.sendall(answer())
        length = int(re.search(rb"(?i)content-length: (\d+)", top).group(1))
        while len(body) < length:
            body += sock.recv(65536)
        if name != "early":
            ways[name][1](sock, self.ports["trap"])

    def own(self, sock):
        with self.tls.wrap_socket(sock, server_side=True) as inside:
            self.tell(order=inside.recv(65536).decode())

    def silent(self, sock):
        time.sleep(GIVES_UP_S)

    def drips(self, sock):
        drip(sock, b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + bytes(64))

    def bare(self, sock):
        sock.sendall(answer())

    def trap(self, sock):
        self.tell(trapped=sock.recv(65536).decode(errors="replace"))


def serve(folder):
    server = Server(folder)
    server.tell(ports=server.ports)
    sys.stdin.read()


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def waited_ms(pid):
    """For a processor, up to now: that is the machine's fault and not its own."""
    path = pathlib.Path(f"/proc/{pid}/schedstat")
    return int(path.read_text(encoding="ascii").split()[1]) / 1e6


def watch(path, pid):
    longest, over = 0, threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()),
                     daemon=True).start()
    while not over.wait(EVERY_S):
        connection = Unix(path)
        idle = waited_ms(pid) + waited_ms("thread-self")
        began = time.monotonic()
        connection.request("GET", "/v1/health")
        assert connection.getresponse().status == 200
        lag = (time.monotonic() - began) * 1000
        idle = waited_ms(pid) + waited_ms("thread-self") - idle
        connection.close()
        longest = max(longest, lag - idle)
    print(longest)


if __name__ == "__main__":
    {"serve": serve, "watch": watch}[sys.argv[1]](*sys.argv[2:])
