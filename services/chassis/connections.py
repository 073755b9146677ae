"""Connections to a service: uvicorn's HTTP/1.1, with limits on what one connection, and all together, may take.

Invariant: a connection ends by itself if it asks for nothing, sends its request without end, or does not read its
answers. Whatever other connections do, there is room for one more that asks for the service's health.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from services.chassis.authentication import LOOPBACK_CALLER, Caller
from services.chassis.last_answers import Answering, HealthAlone, Lingering
from services.chassis.limits import head_too_large, url_too_long
from services.chassis.logs import get_log
from services.chassis.problems import Problem
from services.chassis.settings import LimitSettings
from services.chassis.telemetry import Telemetry

log = get_log(__name__)

READ_BYTES = 16_384
"""Bytes read from a connection before the others have their turn. This bounds the work that one can cause at a time."""
RESERVE = 50
"""Connections allowed beyond the limit: for new ones that have not asked yet, and for questions about health when
all others are busy."""
NEW_SECONDS = 1.0
"""How long a connection may take to ask for something. After that it is the first to be closed if there are too
many."""
END_OF_HEAD = re.compile(rb"\n\r?\n")
MORE_LINES = 10
"""Lines of a request's head that are not headers: the first, the last, and empty ones before the first."""
CRUMBS_AMONG = 1000
LARGEST_CRUMB = 16
"""A chunked body with a line break for every so many bytes is refused: taking it apart costs more than sending it."""
CLOSE = (b"connection", b"close")
LINGER_SECONDS = 5.0
"""After a refusal, what the sender still sends is thrown away for so long. So the sender gets to read the answer."""
LOOK_SECONDS = 1.0
SAY_AGAIN_SECONDS = 60.0


QUIET = logging.getLogger(f"{__name__}.http")
QUIET.setLevel(logging.ERROR)


class Connections:
    """The connections of one process."""

    def __init__(self, limits: LimitSettings, telemetry: Telemetry) -> None:
        self.limits = limits
        self._telemetry = telemetry
        self._open: set[Connection] = set()
        self._looking: asyncio.TimerHandle | None = None
        self._full_logged_at = float("-inf")

    def accept(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: Any = None
    ) -> "Connection":
        """A connection just made: what uvicorn calls its protocol class."""
        return Connection(self, Http(config, server_state, app_state, _loop))

    def enter(self, connection: "Connection") -> None:
        """Count a connection in. If there are too many, one that can be spared is closed."""
        self._open.add(connection)
        self._telemetry.connections.set(len(self._open))
        if self._looking is None:
            self._looking = connection.loop.call_later(LOOK_SECONDS, self._look)
        if len(self._open) <= self.limits.connections:
            return
        self._say_full(connection.loop.time())
        others = [other for other in self._open if other is not connection]
        gives_way = self._gives_way(others)
        if gives_way is not None:
            self.end(gives_way, "connections")
        elif len(self._open) > self.limits.connections + RESERVE:
            self.end(_longest(other for other in others if other.asks_nothing()) or connection, "connections")
        elif not any(other.asks_nothing() for other in others):
            connection.answer_for_health_alone()

    def leave(self, connection: "Connection") -> None:
        """Count a connection out."""
        self._open.discard(connection)
        self._telemetry.connections.set(len(self._open))

    def end(self, connection: "Connection", limit: str, problem: Problem | None = None) -> None:
        """End a connection that went beyond a limit, with an answer or without."""
        self._telemetry.turned_away.labels(limit).inc()
        if problem is None or not connection.http.refuse(problem):
            connection.abort()

    def _gives_way(self, others: list["Connection"]) -> "Connection | None":
        """Which connection to close: the oldest of those that have asked for nothing for a while. If there are none,
        of those that send or read slowly and have no key. If there are none either, of those of a caller who has
        half of all.
        """
        idle = _longest(other for other in others if other.asks_nothing())
        if idle is not None and idle.loop.time() - idle.waits_since > NEW_SECONDS:
            return idle
        slow = [other for other in others if other.sends_or_reads()]
        held, half = Counter(other.caller() for other in slow), self.limits.connections // 2
        # Where there are no keys there is one caller, who has nobody to give way to.
        most = {who for who, count in held.items() if count > half and who not in (None, LOOPBACK_CALLER)}
        return _longest(other for other in slow if other.caller() is None) or _longest(
            other for other in slow if other.caller() in most
        )

    def _look(self) -> None:
        self._looking = None
        for connection in list(self._open):
            try:
                connection.look()
            except Exception as error:
                # One that is in no state we know must not keep the others from being looked at.
                log.error("a connection could not be looked at", exc_info=error)
                connection.abort()
        unread = {connection: connection.unread() for connection in self._open}
        while sum(unread.values()) > self.limits.unread_bytes:
            most = max(unread, key=lambda connection: unread[connection])
            del unread[most]
            self.end(most, "unread")
        loops = [connection.loop for connection in self._open]
        if loops:
            self._looking = loops[0].call_later(LOOK_SECONDS, self._look)

    def _say_full(self, now: float) -> None:
        if now - self._full_logged_at >= SAY_AGAIN_SECONDS:
            self._full_logged_at = now
            log.warning("as many connections as are allowed", connections=self.limits.connections)


class Connection(asyncio.BufferedProtocol):
    """One connection. It hands what arrives on to uvicorn in small pieces, and watches its progress."""

    def __init__(self, connections: Connections, http: "Http") -> None:
        self._connections = connections
        self._buffer = bytearray(READ_BYTES)
        self._came = 0
        self._lines = 0
        self._rest = b""
        self._unread = 0
        self._window: float | None = None
        self._unread_since: float | None = None
        self._head_since: float | None = None
        self._silent = True
        self.waits_since = 0.0
        self.http = http
        self.http.connection = self
        self.loop = http.loop
        self.limits = connections.limits

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It begins."""
        self.waits_since = self._head_since = self.loop.time()
        self.http.connection_made(cast(asyncio.Transport, transport))
        self._connections.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._connections.leave(self)
        self.http.connection_lost(exc)

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where the next piece is to be put."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """A piece has come."""
        self._came += nbytes
        self._silent = False
        if self.http.lingers_since is not None or self.http.transport.is_closing():
            return
        self._take(self._rest + bytes(memoryview(self._buffer)[:nbytes]))

    def _take(self, data: bytes) -> None:
        """Hand on the head of a request first, by itself. So a caller without permission is refused before the body
        is parsed.
        """
        self._rest = b""
        if self.http.conn.their_state is h11.IDLE:
            end = END_OF_HEAD.search(data)
            head = data if end is None else data[: end.end()]
            self._lines += head.count(b"\n")
            if self._lines > self.limits.headers + MORE_LINES:
                self.end("head", head_too_large(self.limits))
                return
            data, self._rest = head, data[len(head) :]
        elif len(data) >= CRUMBS_AMONG and data.count(b"\r\n") * LARGEST_CRUMB > len(data) and self._is_chunked():
            self.end("body", Problem(400, "crumbs", "The body comes in very small chunks", "Send it in larger chunks."))
            return
        self.http.data_received(data)
        if self._rest:
            self.loop.call_soon(self._take_rest)
        if self.http.conn.their_state is not h11.IDLE:
            self._lines = 0
            self._head_since = None
        elif self._head_since is None:
            self._head_since = self.loop.time()

    def _take_rest(self) -> None:
        if self._rest and self.http.lingers_since is None and not self.http.transport.is_closing():
            self._take(self._rest)

    def _is_chunked(self) -> bool:
        return any(name == b"transfer-encoding" for name, _ in self.http.headers or ())

    def eof_received(self) -> None:
        """Nothing more will come."""
        self.http.eof_received()

    def pause_writing(self) -> None:
        """Enough waits to be read."""
        self.http.pause_writing()

    def resume_writing(self) -> None:
        """What waited was read."""
        self.http.resume_writing()

    def answered(self) -> None:
        """A request has been answered."""
        self.waits_since = self.loop.time()

    def asks_nothing(self) -> bool:
        """Whether there is no request whose head has arrived."""
        return self.http.lingers_since is not None or self.http.conn.their_state is h11.IDLE

    def sends_or_reads(self) -> bool:
        """Whether its request is still arriving, or its answer still being sent."""
        return self.http.conn.their_state is h11.SEND_BODY or self.unread() > 0

    def caller(self) -> Caller | None:
        """Who is asking, as far as that is known."""
        return self.http.scope.get("caller") if self.http.scope else None  # type: ignore[return-value]

    def unread(self) -> int:
        """Bytes of answers that have not been read yet."""
        return self.http.transport.get_write_buffer_size()

    def end(self, limit: str, problem: Problem | None = None) -> None:
        """Close it because it went beyond a limit, with or without an answer."""
        self._connections.end(self, limit, problem)

    def abort(self) -> None:
        """Close it at once, and count it out."""
        self._connections.leave(self)
        self.http.transport.abort()

    def answer_for_health_alone(self) -> None:
        """Refuse whatever else is asked."""
        self.http.answering.app = HealthAlone(self.http.answering.app)

    def look(self) -> None:
        """Close it if it has gone beyond a time limit."""
        now, lingers_since = self.loop.time(), self.http.lingers_since
        if self._reads_too_slowly(now):
            self.end("answer")
        elif lingers_since is not None:
            if now - lingers_since > LINGER_SECONDS:
                self.abort()
        elif self._head_since is not None:
            if now - self._head_since > self.limits.head_seconds:
                self.end("head", None if self._silent else _late("Its headers", "head"))
        elif self._sends_too_slowly(now):
            self.end("body", _late("Its body", "body"))

    def _sends_too_slowly(self, now: float) -> bool:
        if self.http.conn.their_state is not h11.SEND_BODY or self.http.flow.read_paused:
            self._window = None
        elif self._window is None:
            self._window, self._came = now, 0
        elif now - self._window > self.limits.slow_seconds:
            too_slow = self._came < self.limits.slowest_bytes_per_second * self.limits.slow_seconds or not self._came
            self._window, self._came = now, 0
            return too_slow
        return False

    def _reads_too_slowly(self, now: float) -> bool:
        unread = self.unread()
        if not unread:
            self._unread_since = None
        elif self._unread_since is None or unread > self._unread:
            # Another answer: it begins again.
            self._unread, self._unread_since = unread, now
        elif now - self._unread_since > self.limits.slow_seconds:
            read = self._unread - unread
            self._unread, self._unread_since = unread, now
            return read < self.limits.slowest_bytes_per_second * self.limits.slow_seconds or not read
        return False


def _longest(connections: Iterable[Connection]) -> Connection | None:
    """The one that has been there longest."""
    return min(connections, key=lambda connection: connection.waits_since, default=None)


def _late(what: str, kind: str) -> Problem:
    detail = f"{what} came too slowly. Send the request again."
    return Problem(408, f"{kind}-too-slow", "The request took too long", detail)


class Http(H11Protocol):
    """uvicorn's HTTP/1.1, which answers what it cannot read with problem details."""

    connection: Connection
    lingers_since: float | None = None

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        # A line for each request that is not HTTP would let strangers fill the disk: they are counted.
        self.logger = QUIET
        self.app = self.answering = Answering(self.app, self.announce_the_end)

    def on_response_complete(self) -> None:
        """An answer is written. If nobody read the request's body, the rest of it is not parsed."""
        super().on_response_complete()
        self.connection.answered()
        if isinstance(self.cycle.transport, Lingering) and not self.transport.is_closing():
            self._linger()

    def announce_the_end(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers that announce the end of this connection, if no further request can follow.

        That is so if the request's body has not arrived whole: what follows would be taken for the rest of it.
        """
        with_the_end = list(headers)
        if self.conn.their_state is not h11.SEND_BODY:
            return with_the_end
        self.cycle.transport = Lingering(self.transport, self.cycle)  # type: ignore[assignment]
        return with_the_end if CLOSE in with_the_end else [*with_the_end, CLOSE]

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is not HTTP, or is too large."""
        rest, _ = self.conn.trailing_data
        reads_a_body = self.cycle is not None and not self.cycle.response_complete
        if reads_a_body or len(rest) <= self.connection.limits.head_bytes:
            problem = Problem(400, "no-http", "The request cannot be read", "It is not valid HTTP/1.1 (RFC 9112).")
        else:
            problem = head_too_large(self.connection.limits) if b"\n" in rest else url_too_long(self.connection.limits)
        self.connection.end("head", problem)

    def refuse(self, problem: Problem) -> bool:
        """Answer without asking the application, and read no further. Returns False if an answer has begun already."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE) or self.transport.is_closing():
            return False
        at_hand = self.cycle is not None and not self.cycle.response_complete
        answer = problem.answer()
        headers = [*self.server_state.default_headers, *answer.raw_headers, CLOSE]
        body = b"" if at_hand and self.scope["method"] == "HEAD" else bytes(answer.body)
        for event in (
            h11.Response(status_code=answer.status_code, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        if at_hand:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._linger()
        return True

    def shutdown(self) -> None:
        """The service stops: finish the request being answered."""
        if self.lingers_since is not None:
            self.transport.close()
        else:
            super().shutdown()

    def _linger(self) -> None:
        self._unset_keepalive_if_required()
        self.lingers_since = self.loop.time()
        self.flow.resume_reading()
        self.transport.write_eof()

    def _unsupported_upgrade_warning(self) -> None:
        """A request for another protocol (Upgrade) is answered in this one."""
