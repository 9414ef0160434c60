"""A way to a port on this machine that can be cut: nothing goes through any more, and nobody is told.

That is what a network does whose cable is pulled: connections stay open, new ones are taken, and nothing answers.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator

CHUNK_BYTES = 1 << 16
LOOK_SECONDS = 0.05


class Proxy:
    """Forwards connections to a port, on a thread of its own."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._is_cut = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def cut(self) -> None:
        self._is_cut.set()

    def mend(self) -> None:
        """What was sent meanwhile arrives now, as it does when packets are sent again."""
        self._is_cut.clear()

    def close(self) -> None:
        self._ended.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        self._wait_while_cut()
        with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", self._target)) as server:
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            others = {client: server, server: client}
            with selectors.DefaultSelector() as selector:
                for end in others:
                    selector.register(end, selectors.EVENT_READ)
                while not self._ended.is_set():
                    for key, _ in selector.select(LOOK_SECONDS):
                        self._wait_while_cut()
                        end = next(end for end in others if end is key.fileobj)
                        data = end.recv(CHUNK_BYTES)
                        if not data:
                            return
                        others[end].sendall(data)

    def _wait_while_cut(self) -> None:
        while self._is_cut.is_set() and not self._ended.wait(LOOK_SECONDS):
            pass


@contextlib.contextmanager
def between(target: int) -> Iterator[Proxy]:
    """A proxy that is closed afterwards."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
