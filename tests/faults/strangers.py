"""Who means no good: writes bytes by hand, as slowly or as many as no honest client would.

Invariant: nothing here waits for ever; what a service does to a connection is what is told.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

PIECE = 65_536
EVENTS = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\n"


@dataclass
class Stranger:
    """One connection to a service on this machine."""

    port: int
    connection: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def send(self, text: str | bytes) -> bool:
        """Send this; whether the service still took it."""
        try:
            self.connection.sendall(text.encode() if isinstance(text, str) else text)
        except OSError:
            return False
        return True

    def answer(self, seconds: float = 60.0) -> str:
        """The first line of the answer; empty where the connection is ended without one."""
        self.connection.settimeout(seconds)
        with suppress(ConnectionError):
            return self.connection.recv(4096).partition(b"\r\n")[0].decode()
        return ""

    def ended(self) -> bool:
        """Whether the service has ended the connection."""
        self.connection.setblocking(False)
        try:
            while self.connection.recv(PIECE):
                pass
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Go away."""
        self.connection.close()


def key_header(key: str | None) -> str:
    """The header of a key."""
    return "" if key is None else f"Authorization: Bearer {key}\r\n"


def endless(stranger: Stranger, beginning: str, megabytes: int = 30) -> str:
    """Begin and never come to an end; gives the answer."""
    stranger.send(beginning)
    for _ in range(megabytes * 16):
        if not stranger.send(b"a" * PIECE):
            break
    return stranger.answer()


def drop_by_drop(stranger: Stranger, beginning: str, drop: str, seconds: float) -> str:
    """A little every tenth of a second; gives the answer."""
    stranger.send(beginning)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and stranger.send(drop):
        time.sleep(0.1)
        stranger.connection.setblocking(False)
        with suppress(BlockingIOError, ConnectionError):
            return stranger.connection.recv(4096).partition(b"\r\n")[0].decode()
        stranger.connection.settimeout(60)
    return stranger.answer(1.0)


def many(port: int, count: int, do: Callable[[Stranger], object]) -> list[Stranger]:
    """So many connections, each of which does the same."""
    connections = []
    for _ in range(count):
        stranger = Stranger(port)
        do(stranger)
        connections.append(stranger)
    return connections


def how_many_ended(strangers: list[Stranger], seconds: float) -> int:
    """How many of these connections the service has ended by then; they are all closed afterwards."""
    deadline = time.monotonic() + seconds
    while (ended := sum(stranger.ended() for stranger in strangers)) < len(strangers) and time.monotonic() < deadline:
        time.sleep(0.1)
    for stranger in strangers:
        stranger.close()
    return ended
