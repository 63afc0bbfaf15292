# SPDX-License-Identifier: MIT
"""A proxy on this machine between programs that speak over TCP or Unix sockets. It
cuts connections at any byte, holds bytes back, stops carrying them, or drops those
of one direction. One thread carries everything; the faults are ordered from others.

    proxy = Proxy()
    link = proxy.link("redis", ("unix", "/tmp/p"), ("unix", "/tmp/redis.sock"))
    link.cut(after=17)
    proxy.end()
"""
import collections
import contextlib
import os
import selectors
import socket
import struct
import threading
import time

CHUNK = 64 * 1024
HELD_MAX = 1024 * 1024      # of one direction; more is not read until it went on
FORTH, BACK = 0, 1
RESET = struct.pack("ii", 1, 0)


def make_socket(address):
    return socket.socket(socket.AF_UNIX if address[0] == "unix"
                         else socket.AF_INET)


def place_of(address):
    return str(address[1]) if address[0] == "unix" \
        else ("127.0.0.1", address[1])


class Link:
    """Where connections come in and where they go, and what befalls them."""

    def __init__(self, proxy, name, target):
        self.proxy, self.name, self.target = proxy, name, target
        self.listener = None
        self.connections = set()
        self.cut_after = None       # bytes that still pass
        self.stalled_until = 0.0
        self.delay_s, self.delayed_until = 0.0, 0.0
        self.dropped, self.dropped_until = None, 0.0

    def cut(self, after):
        """When that many more bytes have passed, the connection that carries
        them ends at once, both ways."""
        with self.proxy.lock:
            self.cut_after = after
        self.proxy.wake()

    def cut_all(self):
        """Every connection ends now."""
        with self.proxy.lock:
            for connection in self.connections:
                connection.is_doomed = True
        self.proxy.wake()

    def stall(self, seconds):
        """Nothing passes for so long; then all of it."""
        with self.proxy.lock:
            self.stalled_until = time.monotonic() + seconds
        self.proxy.wake()

    def delay(self, each, seconds):
        """For so long every byte comes `each` seconds later."""
        with self.proxy.lock:
            self.delay_s = each
            self.delayed_until = time.monotonic() + seconds
        self.proxy.wake()

    def drop(self, direction, seconds):
        """For so long the bytes of one direction are lost; a connection that
        lost some ends with that time."""
        with self.proxy.lock:
            self.dropped = direction
            self.dropped_until = time.monotonic() + seconds
        self.proxy.wake()

    def heal(self):
        with self.proxy.lock:
            self.cut_after = None
            self.stalled_until = self.delayed_until = 0.0
            self.dropped_until = 0.0
        self.proxy.wake()


class Connection:
    """Two sockets and what is on its way between them."""

    def __init__(self, link, near, far):
        self.link = link
        self.ends = (near, far)             # FORTH is read from near
        self.held = (collections.deque(), collections.deque())
        self.held_bytes = [0, 0]
        self.is_over = [False, False]       # nothing more is read there
        self.is_shut = [False, False]       # and that was passed on
        self.has_lost = False
        self.is_doomed = False

    def close(self):
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.close()


class Proxy:
    """The thread, its links and its connections."""

    def __init__(self):
        self.lock = threading.RLock()
        self.links = {}
        self.selector = selectors.DefaultSelector()
        self.woken, self.waker = os.pipe()
        os.set_blocking(self.woken, False)
        self.selector.register(self.woken, selectors.EVENT_READ, None)
        self.is_ended = False
        self.cuts = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def link(self, name, listen, target):
        """`listen` ("tcp", 0) takes any port: link.port."""
        link = Link(self, name, target)
        listener = make_socket(listen)
        if listen[0] == "tcp":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place_of(listen))
        listener.listen(128)
        listener.setblocking(False)
        link.listener = listener
        link.port = listener.getsockname()[1] if listen[0] == "tcp" else None
        with self.lock:
            self.links[name] = link
            self.selector.register(listener, selectors.EVENT_READ, link)
        self.wake()
        return link

    def wake(self):
        with contextlib.suppress(OSError):
            os.write(self.waker, b"x")

    def end(self):
        self.is_ended = True
        self.wake()
        self.thread.join()
        for link in self.links.values():
            link.listener.close()
            for connection in link.connections:
                connection.close()
        self.selector.close()
        os.close(self.woken)
        os.close(self.waker)

    # ---- the thread

    def run(self):
        while not self.is_ended:
            ready = self.selector.select(self.patience())
            with self.lock:
                for key, events in ready:
                    if key.data is None:
                        with contextlib.suppress(BlockingIOError):
                            os.read(self.woken, 4096)
                    elif isinstance(key.data, Link):
                        self.accept(key.data)
                    elif events & selectors.EVENT_READ:
                        self.read(*key.data)
                self.carry_all()

    def patience(self):
        with self.lock:
            now = time.monotonic()
            is_busy = any(
                link.stalled_until > now or link.delayed_until > now or
                link.dropped_until > now or
                any(one.held[0] or one.held[1] for one in link.connections)
                for link in self.links.values())
        return 0.002 if is_busy else 0.5

    def accept(self, link):
        try:
            near, _ = link.listener.accept()
        except OSError:
            return
        far = make_socket(link.target)
        try:
            far.settimeout(1)
            far.connect(place_of(link.target))
        except OSError:
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            near.close()
            far.close()
            return
        for end in (near, far):
            end.setblocking(False)
            if end.family == socket.AF_INET:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(link, near, far)
        link.connections.add(connection)
        for direction in (FORTH, BACK):
            self.selector.register(connection.ends[direction],
                                   selectors.EVENT_READ,
                                   (connection, direction))

    def read(self, connection, direction):
        if connection not in connection.link.connections:
            return
        if connection.held_bytes[direction] > HELD_MAX:
            return
        try:
            data = connection.ends[direction].recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            connection.is_doomed = True
            return
        if not data:
            connection.is_over[direction] = True
            self.selector.unregister(connection.ends[direction])
            return
        link, now = connection.link, time.monotonic()
        if link.dropped == direction and link.dropped_until > now:
            connection.has_lost = True
            return
        after = link.delay_s if link.delayed_until > now else 0
        connection.held[direction].append((now + after, data))
        connection.held_bytes[direction] += len(data)

    def carry_all(self):
        now = time.monotonic()
        for link in self.links.values():
            if link.stalled_until > now:
                continue
            for connection in list(link.connections):
                self.carry(connection, now)

    def carry(self, connection, now):
        link = connection.link
        if connection.has_lost and link.dropped_until <= now:
            connection.is_doomed = True
        for direction in (FORTH, BACK):
            if not connection.is_doomed:
                self.pass_on(connection, direction, now)
        if connection.is_doomed or all(connection.is_shut):
            self.close(connection)

    def pass_on(self, connection, direction, now):
        held, target = connection.held[direction], connection.ends[1 - direction]
        link = connection.link
        while held and held[0][0] <= now:
            due, data = held.popleft()
            part = data
            if link.cut_after is not None and link.cut_after < len(data):
                part = data[:link.cut_after]
            try:
                sent = target.send(part) if part else 0
            except BlockingIOError:
                sent = 0
            except OSError:
                connection.is_doomed = True
                return
            connection.held_bytes[direction] -= sent
            if link.cut_after is not None:
                link.cut_after -= sent
                if link.cut_after <= 0 and sent == len(part):
                    link.cut_after = None
                    connection.is_doomed = True
                    self.cuts += 1
                    return
            if sent < len(data):
                held.appendleft((due, data[sent:]))
                return
        if connection.is_over[direction] and not held and \
                not connection.is_shut[direction]:
            connection.is_shut[direction] = True
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_WR)

    def close(self, connection):
        connection.link.connections.discard(connection)
        for direction in (FORTH, BACK):
            if not connection.is_over[direction]:
                with contextlib.suppress(KeyError, ValueError):
                    self.selector.unregister(connection.ends[direction])
        if all(connection.is_shut):
            for end in connection.ends:
                end.close()
        else:
            connection.close()
