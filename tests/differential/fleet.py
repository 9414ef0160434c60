"""The servers of one differential run, asked in lockstep: every request goes to all of them before the next.

A worker thread has one connection per server and sends to all before it reads from any, so that the slowest server
sets the pace and not the sum. A peer that dies of a request is restarted, empty, and sits out the episode.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from harness import servers
from harness.wire import Answer, Connection, WireError, request_bytes

ANSWER_SECONDS = 30.0
NO_ANSWER = Answer(0, {}, b"")


@dataclass
class Fleet:
    """The servers by name; the first is the one under test."""

    subject: str
    running: dict[str, servers.Server | str]
    restarts: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def endpoint(self, name: str) -> str:
        server = self.running[name]
        return server if isinstance(server, str) else server.endpoint

    def revive(self, name: str) -> bool:
        """Starts a dead peer again. False when it is alive, or the one under test."""
        with self._lock:
            server = self.running[name]
            if isinstance(server, str) or server.alive() or name not in servers.PEER_NAMES:
                return False
            server.close()
            self.running[name] = servers.start_peer(name)
            self.restarts[name] = self.restarts.get(name, 0) + 1
            return True

    def close(self) -> None:
        for server in self.running.values():
            if not isinstance(server, str):
                server.close()


def start(subject: str, peers: Sequence[str], endpoint: str | None, stack: ExitStack) -> Fleet:
    """Starts the server under test, unless an endpoint is given, and the peers."""
    running: dict[str, servers.Server | str] = {}
    fleet = Fleet(subject, running)
    stack.callback(fleet.close)
    if endpoint:
        running[subject] = endpoint
    elif subject in servers.PEER_NAMES:
        running[subject] = servers.start_peer(subject)
    else:
        running[subject] = stack.enter_context(servers.stator())
    for name in peers:
        running[name] = servers.start_peer(name)
    return fleet


class Links:
    """One worker's connections to some servers of the fleet."""

    def __init__(self, fleet: Fleet, names: Sequence[str]) -> None:
        self._fleet = fleet
        self.names = list(names)
        self._connections = {name: self._connect(name) for name in names}

    def _connect(self, name: str) -> Connection:
        return Connection(self._fleet.endpoint(name), ANSWER_SECONDS)

    def ask(self, operation: str, bodies: Mapping[str, Any]) -> dict[str, Answer]:
        """Asks the named servers, each with its body, and collects the answers."""
        answers: dict[str, Answer] = {}
        sent = []
        for name, body in bodies.items():
            try:
                self._connections[name].send(request_bytes(operation, body))
                sent.append(name)
            except OSError:
                answers[name] = NO_ANSWER
        for name in sent:
            try:
                answers[name] = self._connections[name].receive()
            except (WireError, OSError):
                answers[name] = NO_ANSWER
        for name in [name for name, answer in answers.items() if answer is NO_ANSWER]:
            self._connections[name].close()
            self._fleet.revive(name)
            self._connections[name] = self._connect(name)
        return answers

    def ask_all(self, operation: str, body: Any) -> dict[str, Answer]:
        return self.ask(operation, dict.fromkeys(self.names, body))

    def drop(self, name: str) -> None:
        """Leaves a server out from now on."""
        self.names.remove(name)
        self._connections.pop(name).close()

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
