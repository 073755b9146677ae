"""Connections without sockets: what stands around them notes what it is told, and the test sets the clock.

Invariant: two connections never begin at the same moment.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import h11

from services.chassis.authentication import Caller
from services.chassis.connections import Connection, Connections
from services.chassis.settings import LimitSettings
from services.chassis.telemetry import Telemetry

MOMENT = 1 / 1024
"""Seconds between two connections that come one after the other."""


class Clock:
    """A loop whose time a test sets, and whose calls it makes itself."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.soon: list[Callable[[], None]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, what: Callable[[], None]) -> None:
        """Nobody is called: the test looks."""

    def call_soon(self, what: Callable[[], None]) -> None:
        self.soon.append(what)

    def go_on(self) -> None:
        """Make the calls that were to be made soon."""
        while self.soon:
            self.soon.pop(0)()


class Wire:
    """Stands in for uvicorn's protocol: a state, bytes that wait to be read, and whether it was ended."""

    def __init__(self, clock: Clock) -> None:
        self.loop = clock
        self.lingers_since: float | None = None
        self.conn = SimpleNamespace(their_state=h11.IDLE)
        self.flow = SimpleNamespace(read_paused=False)
        self.scope: dict[str, Any] | None = None
        self.unread = 0
        self.ended = False
        self.told: list[int] = []
        self.taken: list[bytes] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.health_alone = False
        self.transport = SimpleNamespace(
            get_write_buffer_size=lambda: self.unread, abort=self._abort, is_closing=lambda: self.ended
        )
        self.answering = SimpleNamespace(app=None)

    def _abort(self) -> None:
        self.ended = True

    def connection_made(self, transport: Any) -> None:
        """It begins."""

    def data_received(self, data: bytes) -> None:
        self.taken.append(data)

    def refuse(self, problem: Any) -> bool:
        self.told.append(problem.status)
        self.ended = True
        return True


class Door:
    """The connections of a process, of which there may be ten, with a clock that the test sets."""

    def __init__(self, **limits: Any) -> None:
        self.telemetry = Telemetry()
        self.connections = Connections(LimitSettings(**{"connections": 10} | limits), self.telemetry)
        self.clock = Clock()

    def enter(self, state: Any = h11.IDLE, caller: Caller | None = None, unread: int = 0) -> tuple[Connection, Wire]:
        """A new connection whose request has come so far."""
        self.clock.now += MOMENT
        wire = Wire(self.clock)
        connection = Connection(self.connections, cast(Any, wire))
        connection.connection_made(cast(Any, wire.transport))
        wire.conn.their_state, wire.unread = state, unread
        wire.scope = None if caller is None else {"caller": caller}
        return connection, wire

    def turned_away(self) -> dict[str, float]:
        """How many connections were ended, by the limit."""
        samples = next(iter(self.telemetry.turned_away.collect())).samples
        return {sample.labels["limit"]: sample.value for sample in samples if sample.name.endswith("_total")}
