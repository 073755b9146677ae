"""What becomes of a connection: what it is told when it ends, which gives way, and when one has taken too long.

Invariant: bytes go over real sockets; where time passes the test sets the clock.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any, cast

import h11
import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from services.chassis.authentication import LOOPBACK_CALLER, Caller, Right, new_key
from services.chassis.connections import NEW_SECONDS, RESERVE, Connections
from services.chassis.settings import LimitSettings
from services.chassis.telemetry import Telemetry
from services.recruitment import app as recruitment
from tests.unit.chassis.connecting import MOMENT, Door

KEY, ENTRY = new_key("feed", "331", (Right.FEED,))
LARGEST = 1000
HEAD = f"Host: x\r\nAuthorization: Bearer {KEY}\r\n"
SOON = 60.0
"""Seconds within which an answer comes, on any machine."""


def service() -> FastAPI:
    """Recruitment, without a database: what is refused before one is asked, it refuses."""
    settings = recruitment.ServiceSettings(
        database_url="postgresql://postgres@/nothing", api_keys=(ENTRY,), largest_request_bytes=LARGEST
    )
    return recruitment.create(settings)


async def listen(app: Any, connections: Connections) -> tuple[asyncio.Server, int]:
    """Serve on a free port; gives the server and its port."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = Config(app, http=cast(Any, connections.accept), ws="none", log_config=None, lifespan="off")
    server = await asyncio.get_running_loop().create_server(
        lambda: connections.accept(config, ServerState(), {}), sock=listening
    )
    return server, listening.getsockname()[1]


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """Where recruitment listens."""
    server, port = await listen(service(), Connections(LimitSettings(), Telemetry()))
    yield port
    server.close()


class Client:
    """One connection of a client that reads what it is told byte for byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, text: str | bytes) -> None:
        self.writer.write(text.encode() if isinstance(text, str) else text)
        await self.writer.drain()

    async def answer(self) -> tuple[int, list[str], bytes]:
        """Status, the values of Connection, and the body, which is as long as it says."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), SOON)
        lines = head.decode().lower().split("\r\n")
        headers = [line.partition(": ")[::2] for line in lines[1:]]
        length = int(next(value for name, value in headers if name == "content-length"))
        body = await asyncio.wait_for(self.reader.readexactly(length), SOON)
        return int(lines[0].split()[1]), [value for name, value in headers if name == "connection"], body

    async def ends(self) -> bool:
        """Whether nothing more comes."""
        return await asyncio.wait_for(self.reader.read(1), SOON) == b""


async def call(port: int) -> Client:
    return Client(*await asyncio.open_connection("127.0.0.1", port))


UNREAD = {
    "401": ("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", 401),
    "403": (f"POST /v1/dead-letters/send-again HTTP/1.1\r\n{HEAD}Content-Length: 900\r\n\r\n", 403),
    "404": (f"POST /v1/nothing HTTP/1.1\r\n{HEAD}Content-Length: 900\r\n\r\n", 404),
    "405": ("POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", 405),
    "413": (f"POST /v1/events HTTP/1.1\r\n{HEAD}Content-Length: 1001\r\n\r\n", 413),
    "415": (f"POST /v1/events HTTP/1.1\r\n{HEAD}Content-Encoding: br\r\nContent-Length: 900\r\n\r\n", 415),
    "200": ("GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", 200),
    "chunked": (f"POST /v1/nothing HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n", 404),
    "closing": (f"POST /v1/nothing HTTP/1.1\r\n{HEAD}Connection: close\r\nContent-Length: 900\r\n\r\n", 404),
}
"""Requests that are answered without their bodies."""


@pytest.mark.parametrize("asked", UNREAD)
async def test_an_answer_before_the_body_was_read_says_that_the_connection_ends(port: int, asked: str) -> None:
    head, status = UNREAD[asked]
    caller = await call(port)
    await caller.send(head)
    answer_status, connection, body = await caller.answer()
    assert (answer_status, connection) == (status, ["close"])
    assert json.loads(body)
    # Whoever goes on sending is not told that the connection was reset: it reads the answer, and its end.
    await caller.send(b"x" * 900)
    assert await caller.ends()


@pytest.mark.parametrize("asked", UNREAD)
async def test_what_follows_a_body_that_nobody_read_is_no_request(port: int, asked: str) -> None:
    head, status = UNREAD[asked]
    caller = await call(port)
    await caller.send(head + "x" * 900 + "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    answer_status, connection, _ = await caller.answer()
    assert (answer_status, connection) == (status, ["close"])
    assert await caller.ends()


async def test_an_answer_to_a_body_that_was_read_says_nothing_of_the_sort_and_the_next_request_is_answered(
    port: int,
) -> None:
    caller = await call(port)
    for _ in range(3):
        await caller.send(
            f"POST /v1/events HTTP/1.1\r\n{HEAD}Content-Type: application/json\r\nContent-Length: 900\r\n\r\n"
        )
        await caller.send(b"x" * 900)
        status, connection, _ = await caller.answer()
        assert (status, connection) == (415, [])
        await caller.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await caller.answer())[:2] == (200, [])


async def test_a_client_that_keeps_its_connections_loses_no_request(port: int) -> None:
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=SOON, trust_env=False
    ) as client:
        for _ in range(5):
            refused = await client.post("/v1/nothing", content=b"x" * 100_000)
            assert (refused.status_code, refused.headers["connection"]) == (401, "close")
            assert (await client.get("/health/live")).status_code == 200


async def test_an_answer_that_breaks_off_ends_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ZeroDivisionError

    server, port = await listen(broken, Connections(LimitSettings(), Telemetry()))
    caller = await call(port)
    await caller.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n")
    told = await asyncio.wait_for(caller.reader.read(), SOON)
    assert told.endswith(b"\r\n\r\nhalf")
    server.close()


def known(name: str) -> Caller:
    return Caller(name=name, authority="331", rights=(Right.FEED,))


def test_beyond_the_most_the_longest_idle_gives_way_once_it_has_asked_for_nothing_for_a_second() -> None:
    door = Door()
    first = [door.enter() for _ in range(10)]
    door.clock.now = first[0][0].waits_since + NEW_SECONDS - MOMENT
    door.enter()
    assert not any(wire.ended for _, wire in first)
    door.enter()
    assert [wire.ended for _, wire in first] == [True] + [False] * 9
    assert door.turned_away() == {"connections": 1}


def test_the_tenth_of_ten_makes_nobody_give_way() -> None:
    door = Door()
    first = [door.enter() for _ in range(9)]
    door.clock.now += 60
    door.enter()
    assert not any(wire.ended for _, wire in first)


def test_of_those_that_are_busy_the_longest_without_a_key_gives_way() -> None:
    door = Door()
    with_key = [door.enter(h11.SEND_BODY, known(f"caller {number}")) for number in range(5)]
    door.clock.now += 1
    without = [door.enter(h11.SEND_BODY) for _ in range(5)]
    door.clock.now += 1
    door.enter()
    assert [wire.ended for _, wire in without] == [True] + [False] * 4
    assert not any(wire.ended for _, wire in with_key)


def test_one_who_reads_its_answer_is_busy_as_one_who_sends() -> None:
    door = Door()
    reads = [door.enter(h11.DONE, unread=1)] + [door.enter(h11.DONE, known("other")) for _ in range(9)]
    door.enter()
    assert [wire.ended for _, wire in reads] == [True] + [False] * 9


@pytest.mark.parametrize(("of_one", "ended"), [(5, 0), (6, 1)])
def test_who_has_more_than_half_of_all_gives_way(of_one: int, ended: int) -> None:
    door = Door()
    others = [door.enter(h11.SEND_BODY, known(f"caller {number}")) for number in range(10 - of_one)]
    door.clock.now += 1
    greedy = [door.enter(h11.SEND_BODY, known("greedy")) for _ in range(of_one)]
    door.enter()
    assert sum(wire.ended for _, wire in greedy) == ended
    assert greedy[0][1].ended == bool(ended)
    assert not any(wire.ended for _, wire in others)


def test_where_there_are_no_keys_the_one_caller_gives_way_to_nobody() -> None:
    door = Door()
    all_of_them = [door.enter(h11.SEND_BODY, LOOPBACK_CALLER) for _ in range(10)]
    door.enter()
    assert not any(wire.ended for _, wire in all_of_them)


def test_while_all_are_busy_a_new_one_is_answered_for_health_alone_and_beyond_the_reserve_it_ends() -> None:
    door = Door()
    for number in range(10):
        door.enter(h11.SEND_BODY, known(f"caller {number}"))
    _, first = door.enter(h11.IDLE)
    assert first.answering.app is not None
    first.conn.their_state, first.scope = h11.DONE, {"caller": known("health")}
    for number in range(RESERVE - 1):
        _, wire = door.enter(h11.IDLE)
        assert not wire.ended
        wire.conn.their_state, wire.scope = h11.DONE, {"caller": known(f"health {number}")}
    _, beyond = door.enter(h11.IDLE)
    assert beyond.ended


def test_there_is_no_answer_for_health_alone_while_another_can_give_way_soon() -> None:
    door = Door()
    for number in range(9):
        door.enter(h11.SEND_BODY, known(f"caller {number}"))
    door.enter(h11.IDLE)
    _, new = door.enter(h11.IDLE)
    assert new.answering.app is None


def test_the_gauge_counts_who_is_there() -> None:
    door = Door()
    connection, _ = door.enter()
    door.enter()
    assert door.telemetry.connections._value.get() == 2
    connection.abort()
    assert door.telemetry.connections._value.get() == 1


@pytest.mark.parametrize(("seconds", "told"), [(10.0, []), (10.001, [408])])
def test_a_head_may_take_as_long_as_it_may(seconds: float, told: list[int]) -> None:
    door = Door(head_seconds=10.0)
    connection, wire = door.enter()
    connection._silent = False
    door.clock.now += seconds
    connection.look()
    assert wire.told == told
    assert door.turned_away() == ({"head": 1} if told else {})


def test_who_never_said_anything_is_ended_without_a_word() -> None:
    door = Door(head_seconds=10.0)
    connection, wire = door.enter()
    door.clock.now += 11
    connection.look()
    assert (wire.told, wire.ended) == ([], True)


def test_a_body_that_the_service_does_not_take_is_not_too_slow() -> None:
    door = Door(slow_seconds=20.0)
    connection, wire = door.enter()
    connection._head_since, wire.conn.their_state, wire.flow.read_paused = None, h11.SEND_BODY, True
    for _ in range(5):
        connection.look()
        door.clock.now += 21
    assert not wire.ended


def test_nothing_in_a_window_is_too_slow_whatever_is_asked_for() -> None:
    door = Door(slow_seconds=20.0, slowest_bytes_per_second=0)
    connection, wire = door.enter()
    connection._head_since, wire.conn.their_state = None, h11.SEND_BODY
    connection.look()
    door.clock.now += 20.001
    connection.look()
    assert wire.told == [408]


@pytest.mark.parametrize(("read", "ended"), [(10_000, False), (9_999, True)])
def test_an_answer_must_be_read_by_so_many_bytes_in_each_window(read: int, ended: bool) -> None:
    door = Door(slow_seconds=20.0, slowest_bytes_per_second=500)
    connection, wire = door.enter(h11.DONE, unread=100_000)
    connection._head_since = None
    connection.look()
    wire.unread -= read
    door.clock.now += 20
    connection.look()
    assert not wire.ended
    door.clock.now += 0.001
    connection.look()
    assert wire.ended is ended
    assert door.turned_away() == ({"answer": 1} if ended else {})


@pytest.mark.parametrize("slowest", [500, 0])
def test_an_answer_of_which_nothing_is_read_is_ended_however_often_it_is_looked_at(slowest: int) -> None:
    door = Door(slow_seconds=20.0, slowest_bytes_per_second=slowest)
    connection, wire = door.enter(h11.DONE, unread=100)
    connection._head_since = None
    for _ in range(21):
        connection.look()
        assert not wire.ended
        door.clock.now += 1
    connection.look()
    assert wire.ended


def test_another_answer_begins_anew() -> None:
    door = Door(slow_seconds=20.0)
    connection, wire = door.enter(h11.DONE, unread=100)
    connection._head_since = None
    connection.look()
    wire.unread = 200
    door.clock.now += 20.5
    connection.look()
    assert not wire.ended
    wire.unread = 0
    door.clock.now += 20.5
    connection.look()
    assert not wire.ended


@pytest.mark.parametrize(("seconds", "ended"), [(5.0, False), (5.001, True)])
def test_after_a_refusal_what_still_comes_is_thrown_away_for_five_seconds(seconds: float, ended: bool) -> None:
    door = Door()
    connection, wire = door.enter(h11.SEND_BODY)
    wire.lingers_since = door.clock.now
    door.clock.now += seconds
    connection.look()
    assert wire.ended is ended
    assert door.turned_away() == {}


@pytest.mark.parametrize(
    ("unread", "ended"), [([400, 500, 100], []), ([400, 500, 101], [1]), ([900, 500, 800], [0, 2])]
)
def test_of_all_that_waits_to_be_read_the_most_goes_first_until_it_is_little_enough(
    unread: list[int], ended: list[int]
) -> None:
    door = Door(unread_bytes=1000)
    wires = [door.enter(h11.DONE, unread=size)[1] for size in unread]
    door.connections._look()
    assert [number for number, wire in enumerate(wires) if wire.ended] == ended
    assert door.turned_away() == ({"unread": len(ended)} if ended else {})
