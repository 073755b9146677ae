"""How fast the door takes events in: one to a request, in batches, and in both at once, beside a floor in the same run.

Invariant: the floor writes rows of the same size into the same server, as many to a commit, and does nothing else.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg
import psutil
from rich.table import Table

from deploy.embedded.postgresql import PostgreSQL
from deploy.embedded.services import Service

SECONDS = 5.0
EVENTS_OF_A_BATCH = 500
SINGLE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"

ROWS_OF_THE_FLOOR = """
    CREATE TABLE row (
        position bigint PRIMARY KEY, authority text, event_id text, body json, UNIQUE (authority, event_id)
    )
"""
INSERT = "INSERT INTO row SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::json[])"


@dataclass(frozen=True)
class Way:
    """A way to send: so many connections, each with so many events to a request."""

    name: str
    connections: int
    events: int


ONE = Way("one event, 1 connection", 1, 1)
TWENTY = Way("one event, 20 connections", 20, 1)
LONE_BATCHES = Way(f"batches of {EVENTS_OF_A_BATCH}, 1 connection", 1, EVENTS_OF_A_BATCH)
BATCHES = Way(f"batches of {EVENTS_OF_A_BATCH}, 4 connections", 4, EVENTS_OF_A_BATCH)


async def feeding(service: Service, key: str, postgres: PostgreSQL) -> Table:
    """The table: each way alone, then single events beside batches, and the floors.

    The processor time is the service's own, its relay's included: it says what a quiet machine would let through.
    """
    table = Table("", "events/s", "p50 ms", "p99 ms", "of the floor", "processor µs/event", title="the door")
    numbers, port = _Numbers(), service.port
    floors = await _floors(postgres)
    for way in (ONE, TWENTY, LONE_BATCHES, BATCHES):
        before = _processor_seconds(service)
        times = await _send(port, key, way, numbers)
        each = (_processor_seconds(service) - before) / (len(times) * way.events)
        floor = floors[way.connections * way.events]
        table.add_row(way.name, *_figures(way, times), f"{_rate(way, times) / floor:.2f}", f"{1e6 * each:,.0f}")
    beside = await asyncio.gather(_send(port, key, ONE, numbers), _send(port, key, BATCHES, numbers))
    for way, times in zip((ONE, BATCHES), beside, strict=True):
        table.add_row(f"{way.name}, beside the other", *_figures(way, times))
    for rows, rate in floors.items():
        table.add_row(f"floor: asyncpg, {rows} rows to a commit", f"{rate:,.0f}")
    return table


def _rate(way: Way, times: list[float]) -> float:
    return len(times) * way.events / SECONDS


def _figures(way: Way, times: list[float]) -> list[str]:
    times.sort()
    shares = (f"{1000 * times[int(len(times) * share)]:.1f}" for share in (0.5, 0.99))
    return [f"{_rate(way, times):,.0f}", *shares]


def _processor_seconds(service: Service) -> float:
    used = psutil.Process(service.process.pid).cpu_times()
    return float(used.user + used.system)


class _Numbers:
    """Numbers for events, each once."""

    def __init__(self) -> None:
        self._last = 0

    def take(self, count: int) -> range:
        """The next so many."""
        self._last += count
        return range(self._last - count, self._last)


async def _send(port: int, key: str, way: Way, numbers: _Numbers) -> list[float]:
    """Send over these connections, each one request after the other; gives the seconds that each took."""
    times: list[float] = []
    until = time.perf_counter() + SECONDS

    def request() -> bytes:
        events = [_event(number) for number in numbers.take(way.events)]
        body = json.dumps(events[0] if way.events == 1 else events)
        kind = SINGLE if way.events == 1 else BATCH
        head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nAuthorization: Bearer {key}\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    await asyncio.gather(*(ask(port, request, until, times) for _ in range(way.connections)))
    return times


async def ask(port: int, request: Callable[[], bytes], until: float, times: list[float]) -> None:
    """One request after the other over one connection, until then; adds the seconds that each took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    while time.perf_counter() < until:
        content = request()
        began = time.perf_counter()
        writer.write(content)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head[9:12] in (b"200", b"202"), head
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        times.append(time.perf_counter() - began)
    writer.close()


def _event(number: int) -> dict[str, object]:
    """Posts first, then starters in them: of every other event the door looks up whether its post is established."""
    common: dict[str, object] = {"specversion": "1.0", "id": f"door-{number}", "source": "/bench", "authority": "331"}
    post, is_start = number // 2, number % 2
    if is_start:
        data = {"started_on": "2023-11-01", "post": f"D-{post}", "fte": 0.5, "origin": "other", "route": "direct"}
        return common | {"type": "uk.workforce.worker.started.v1", "subject": f"worker/D-{post}", "data": data}
    data = {"effective_from": "2023-10-01", "role": "social-worker", "funded_fte": 1, "team": "a", "service_area": "b"}
    return common | {"type": "uk.workforce.post.established.v1", "subject": f"post/D-{post}", "data": data}


async def _floors(postgres: PostgreSQL) -> dict[int, float]:
    """Rows a second that one connection of asyncpg inserts, by how many stand in each commit."""
    connection = await asyncpg.connect(postgres.create("floor"))
    await connection.execute(ROWS_OF_THE_FLOOR)
    floors, numbers = {}, _Numbers()
    for rows in (1, 20, EVENTS_OF_A_BATCH, 4 * EVENTS_OF_A_BATCH):
        count, began = 0, time.perf_counter()
        while time.perf_counter() < began + SECONDS:
            taken = numbers.take(rows)
            bodies = [json.dumps(_event(number)) for number in taken]
            await connection.execute(INSERT, list(taken), ["331"] * rows, [f"door-{n}" for n in taken], bodies)
            count += rows
        floors[rows] = count / (time.perf_counter() - began)
    await connection.close()
    return floors
