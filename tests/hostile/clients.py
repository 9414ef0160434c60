"""The hostile clients. Each is a function that does its worst over one connection, until it is cut off or told to stop.

They run in threads, many of each. What a connection's end raises is no concern of theirs: they are run again.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from random import Random

from harness.wire import request_bytes
from hostile import frames

TABLE = "hostile"
# Answers to it are a page of a megabyte.
SCAN = request_bytes("Scan", {"TableName": TABLE})
MEGABYTE = 1_000_000
BODY_BYTES = 15 * MEGABYTE
LEVELS = 1_000_000
PIECE_BYTES = 1 << 16
STREAMS = 100
# A stream number is odd, and has 31 bits.
STREAM_MAX = 1 << 20

Attack = Callable[[socket.socket, threading.Event, Random], None]


def silent(link: socket.socket, stop: threading.Event, _: Random) -> None:
    """Connects, and says nothing."""
    del link
    stop.wait()


def slow_heads(link: socket.socket, stop: threading.Event, _: Random) -> None:
    """One byte a second."""
    for byte in SCAN:
        link.send(bytes([byte]))
        if stop.wait(1.0):
            return


def slow_bodies(link: socket.socket, stop: threading.Event, _: Random) -> None:
    """A body that is announced, and comes byte by byte."""
    link.sendall(request_bytes("ListTables", b"", {"Content-Length": str(BODY_BYTES)}))
    while not stop.wait(0.2):
        link.send(b" ")


def stalled_bodies(link: socket.socket, stop: threading.Event, _: Random) -> None:
    """Large bodies that lack their last byte."""
    link.sendall(request_bytes("ListTables", b"", {"Content-Length": str(BODY_BYTES)}))
    link.sendall(b" " * (BODY_BYTES - 1))
    stop.wait()


def endless_heads(link: socket.socket, stop: threading.Event, _: Random) -> None:
    """Header after header."""
    link.sendall(b"POST / HTTP/1.1\r\n")
    while not stop.is_set():
        link.sendall(b"X-Header: value\r\n" * 1_000)


def huge_bodies(link: socket.socket, stop: threading.Event, _: Random) -> None:
    """Large bodies, one after the other, that mean nothing."""
    request = request_bytes("PutItem", b'{"TableName": "' + b"x" * BODY_BYTES + b'"}')
    while not stop.is_set():
        link.sendall(request)
        link.recv(PIECE_BYTES)


def half_closed(link: socket.socket, stop: threading.Event, random: Random) -> None:
    """Says that it has nothing more to say, in the middle of a request or behind it."""
    del stop
    link.sendall(SCAN if random.random() < 0.5 else SCAN[: random.randrange(len(SCAN))])
    link.shutdown(socket.SHUT_WR)
    while link.recv(PIECE_BYTES):
        pass


def deep_json(link: socket.socket, stop: threading.Event, random: Random) -> None:
    """Nesting of a million levels."""
    opening, inner, closing = random.choice((("[", "", "]"), ('{"a":', "1", "}"), ('{"L":[', "", "]}")))
    nested = opening * LEVELS + inner + closing * random.choice((0, LEVELS))
    request = request_bytes("PutItem", f'{{"TableName":"{TABLE}","Item":{{"pk":{nested}}}}}'.encode())
    while not stop.is_set():
        link.sendall(request)
        link.recv(PIECE_BYTES)


def garbage(link: socket.socket, stop: threading.Event, random: Random) -> None:
    """Requests and noise, without waiting for answers."""
    while not stop.is_set():
        link.sendall(
            request_bytes("ListTables", {}) * random.randrange(3) + random.randbytes(random.randrange(1, 5_000))
        )
        if random.random() < 0.1:
            link.recv(PIECE_BYTES)


def unread(link: socket.socket, stop: threading.Event, _: Random) -> None:
    """Asks for megabytes again and again, and reads nothing."""
    for _number in range(1_000):
        link.sendall(SCAN)
    stop.wait()


def sipped(link: socket.socket, stop: threading.Event, _: Random) -> None:
    """Asks for megabytes, and reads them byte by byte."""
    for _number in range(100):
        link.sendall(SCAN)
    while not stop.wait(0.2):
        link.recv(1)


def rapid_reset(link: socket.socket, stop: threading.Event, _: Random) -> None:
    """HTTP/2: opens streams and takes them back at once."""
    link.sendall(frames.PREFACE + frames.settings({}))
    call = frames.call("ListTables")
    for first in range(1, STREAM_MAX, 2 * STREAMS):
        wave = [
            frames.frame(frames.HEADERS, frames.END_HEADERS, stream, call)
            + frames.frame(frames.DATA, frames.END_STREAM, stream, b"{}")
            + frames.frame(frames.RST_STREAM, 0, stream, frames.CANCEL)
            for stream in range(first, first + 2 * STREAMS, 2)
        ]
        link.sendall(b"".join(wave))
        if stop.is_set():
            return


def continuation(link: socket.socket, stop: threading.Event, _: Random) -> None:
    """HTTP/2: a header block without an end."""
    link.sendall(frames.PREFACE + frames.settings({}) + frames.frame(frames.HEADERS, 0, 1, frames.call("ListTables")))
    piece = frames.frame(frames.CONTINUATION, 0, 1, frames.block([("x-header", "v" * 10_000)]))
    while not stop.is_set():
        link.sendall(piece)


def closed_windows(link: socket.socket, stop: threading.Event, _: Random) -> None:
    """HTTP/2: asks for megabytes on a hundred streams, and lets none of the answers go."""
    link.sendall(frames.PREFACE + frames.settings({frames.INITIAL_WINDOW_SIZE: 0}))
    body = json.dumps({"TableName": TABLE}).encode()
    call = frames.call("Scan")
    for stream in range(1, 2 * STREAMS, 2):
        link.sendall(
            frames.frame(frames.HEADERS, frames.END_HEADERS, stream, call)
            + frames.frame(frames.DATA, frames.END_STREAM, stream, body)
        )
    while not stop.is_set() and link.recv(PIECE_BYTES):
        pass


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        silent,
        slow_heads,
        slow_bodies,
        stalled_bodies,
        endless_heads,
        huge_bodies,
        half_closed,
        deep_json,
        garbage,
        unread,
        sipped,
        rapid_reset,
        continuation,
        closed_windows,
    )
}
