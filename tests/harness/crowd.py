"""Many clients on one thread. Each is a generator that yields a request and is sent the answer to it.

One thread, because threads of one interpreter would take turns anyway and pay for the switching, and because between
two answers a test can stop the world: kill the server, start it again, go on. A client that was waiting when the
server was killed is sent None, or the answer if that had arrived before.

Every client has one connection and one request in flight. Where several servers serve the same data, the clients are
spread over them; those of a dead one go to another, and come back when theirs is there again.
"""

from __future__ import annotations

import re
import selectors
import socket
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from urllib.parse import urlsplit

from harness.wire import Answer, WireError

Client = Generator[bytes, Answer | None, None]

ANSWER_SECONDS = 30.0
# How often at most one request is sent again.
RESENDS_MAX = 1_000
READ_BYTES = 1 << 18
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Crowd:
    """Clients of one server, or of several that serve the same data."""

    def __init__(self, endpoint: str | Sequence[str], clients: Iterable[Client]) -> None:
        self._selector = selectors.DefaultSelector()
        self._lines: list[_Line] = []
        # Requests that are held back, while they are.
        self._held: list[tuple[_Line, bytes]] | None = None
        # Of servers that were killed.
        self._dead: set[str] = set()
        endpoints = [endpoint] if isinstance(endpoint, str) else endpoint
        for number, client in enumerate(clients):
            line = _Line(client, endpoints[number % len(endpoints)])
            self._lines.append(line)
            self._selector.register(line.socket, selectors.EVENT_READ, line)
            self._go_on(line, None)

    def run(self) -> None:
        """Runs all clients to their end."""
        while self.step():
            pass

    def step(self) -> bool:
        """Waits for answers, hands them to their clients and sends what these ask next. False when all have ended."""
        if not self._lines:
            return False
        ready = self._selector.select(ANSWER_SECONDS)
        if not ready:
            raise WireError(f"no client was answered within {ANSWER_SECONDS} s")
        for key, _ in ready:
            line: _Line = key.data
            answer = line.take()
            if answer is not None:
                self._go_on(line, answer)
        return bool(self._lines)

    def volley(self) -> None:
        """Waits until no client waits for an answer, and sends what all of them ask next at once.

        A server that is faster than the clients has little to do at any moment. After a volley it has a lot, which is
        the time to kill it.
        """
        self._held = []
        while len(self._held) < len(self._lines):
            self.step()
        held, self._held = self._held, None
        for line, request in held:
            line.socket.sendall(request)

    def move(self, dead: str, endpoint: str) -> None:
        """Goes on elsewhere with the clients of a server that was killed, or there if it was started again."""
        if dead != endpoint:
            self._dead.add(dead)
        for line in [line for line in self._lines if line.endpoint == dead]:
            answer = line.last_answer()
            self._reopen(line, endpoint)
            self._go_on(line, answer)

    def come_back(self, endpoint: str) -> None:
        """A server that was killed is there again: its clients return, each when it is answered."""
        self._dead.discard(endpoint)

    def _reopen(self, line: _Line, endpoint: str) -> None:
        self._selector.unregister(line.socket)
        line.open(endpoint)
        self._selector.register(line.socket, selectors.EVENT_READ, line)

    def _go_on(self, line: _Line, answer: Answer | None) -> None:
        try:
            # A client that has not begun takes None.
            request = line.client.send(answer)
        except StopIteration:
            self._end(line)
            return
        if line.endpoint != line.home and line.home not in self._dead:
            self._reopen(line, line.home)
        if self._held is None:
            line.socket.sendall(request)
        else:
            self._held.append((line, request))

    def _end(self, line: _Line) -> None:
        self._selector.unregister(line.socket)
        line.socket.close()
        self._lines.remove(line)


def persist(data: bytes, *, has_token: bool, counts: Counter[str]) -> Generator[bytes, Answer | None, Answer | None]:
    """Sends a request, and, with a token, again until its outcome is known: to be used with `yield from`.

    What a dead server had begun may still be under way in a database, and refuse the same request for being in
    conflict with it. That says nothing about the first.
    """
    answer = yield data
    was_cut_off = False
    for _ in range(RESENDS_MAX if has_token else 0):
        was_cut_off = was_cut_off or answer is None
        if answer is not None and not (was_cut_off and answer.is_conflict()):
            return answer
        counts["sent again with its token"] += 1
        answer = yield data
    return None if was_cut_off and answer and answer.is_conflict() else answer


class _Line:
    """One client and its connection."""

    def __init__(self, client: Client, home: str) -> None:
        self.client = client
        # The server that it belongs to, and the one that it is connected to.
        self.home = home
        self.endpoint = home
        self._received = b""
        self.socket = _connect(home)

    def open(self, endpoint: str) -> None:
        """A new connection in place of the old one."""
        self.socket.close()
        self._received = b""
        self.endpoint = endpoint
        self.socket = _connect(endpoint)

    def take(self) -> Answer | None:
        """Reads what is there. The answer, if it is complete."""
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise WireError("the server closed the connection")
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not end or length is None or len(body) < int(length[1]):
            return None
        self._received = b""
        return Answer(int(head[9:12]), {}, body)

    def last_answer(self) -> Answer | None:
        """The answer that a server sent before it was killed, if it did."""
        try:
            # What a dead server sent is there: nothing to wait for.
            self.socket.setblocking(False)
            answer = None
            while answer is None:
                answer = self.take()
            return answer
        except (WireError, OSError):
            return None


def _connect(endpoint: str) -> socket.socket:
    address = urlsplit(endpoint)
    connection = socket.create_connection((address.hostname, address.port or 8000), ANSWER_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
