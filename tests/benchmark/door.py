"""The door: requests a second, events a second, and what attacks cost: memory, and the patience of others.

Invariant: the service has its usual limits; who attacks has no key but where it is said.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from deploy.embedded.postgresql import PostgreSQL
from deploy.embedded.services import Service
from services.chassis.authentication import Right, new_key
from tests.benchmark.feeding import SECONDS, ask, feeding
from tests.faults.strangers import EVENTS, Stranger, endless, key_header, many
from tests.parts import Broker

CONNECTIONS = 8


def door(postgres: PostgreSQL, broker: Broker, folder: Path, console: Console) -> None:
    """Print the tables."""
    key, entry = new_key("bench", "331", (Right.FEED,))
    settings = {
        "database_url": postgres.create("door"),
        "kafka_servers": broker.servers,
        "kafka_idempotent_producer": broker.idempotent,
        "api_keys": json.dumps([entry.model_dump(mode="json")]),
    }
    service = Service("recruitment", folder / "door.log", settings)
    try:
        service.start()
        service.wait_until_ready()
        console.print(asyncio.run(_health(service.port)))
        console.print(asyncio.run(feeding(service, key, postgres)))
        console.print(_attacks(service, key))
    finally:
        service.stop()


async def _health(port: int) -> Table:
    table = Table("", "requests/s", "p50 ms", "p99 ms", title=f"one client, {CONNECTIONS} connections")
    times: list[float] = []
    until = time.perf_counter() + SECONDS
    request = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    await asyncio.gather(*(ask(port, lambda: request, until, times) for _ in range(CONNECTIONS)))
    times.sort()
    shares = (f"{1000 * times[int(len(times) * share)]:.1f}" for share in (0.5, 0.99))
    table.add_row("health", f"{len(times) / SECONDS:,.0f}", *shares)
    return table


def _attacks(service: Service, key: str) -> Table:
    table = Table("attack", "seconds", "peak MB", "health answered", "longest, ms", title="under attack")
    port = service.port
    attacks: dict[str, Callable[[], Any]] = {
        "a header of 91 MB": lambda: endless(Stranger(port), "GET / HTTP/1.1\r\nHost: x\r\nX: ", 91),
        "60 unfinished bodies of 7 MB": lambda: many(port, 60, _unfinished(None)),
        "the same, with a key": lambda: many(port, 60, _unfinished(key)),
        "send-again of 4 MB": lambda: _send_again(service.url),
        "1,500 silent connections": lambda: _silent(port),
        "chunks of one byte": lambda: many(port, 20, _chunks),
        "200 bundles that nobody reads": lambda: many(port, 200, _reads_nothing),
    }
    for name, attack in attacks.items():
        table.add_row(name, *_under(service, attack))
    return table


def _under(service: Service, attack: Callable[[], Any]) -> list[str]:
    process, times, peak = psutil.Process(service.process.pid), list[float](), 0
    asked = 0
    running = threading.Thread(target=attack)
    began = time.perf_counter()
    running.start()
    while running.is_alive() or asked < 10:
        asked += 1
        before = time.perf_counter()
        with suppress(httpx.TransportError):
            httpx.get(f"{service.url}/health/live", timeout=60, trust_env=False).raise_for_status()
            times.append(time.perf_counter() - before)
        peak = max(peak, process.memory_info().rss)
        time.sleep(0.02)
    taken = time.perf_counter() - began
    return [f"{taken:.1f}", f"{peak / 1e6:.0f}", f"{len(times)} of {asked}", f"{1000 * max(times, default=0):.0f}"]


def _unfinished(key: str | None) -> Callable[[Stranger], object]:
    head = f"{EVENTS}{key_header(key)}Content-Length: 7999999\r\n\r\n"
    return lambda new: new.send(head.encode() + b" " * 7_000_000)


def _send_again(url: str) -> None:
    headers = {"content-type": "application/json"}
    with suppress(httpx.TransportError):
        body = b'{"offsets":[' + b'"a",' * 1_000_000 + b"1]}"
        httpx.post(f"{url}/v1/dead-letters/send-again", content=body, headers=headers, timeout=60, trust_env=False)


def _silent(port: int) -> None:
    silent = many(port, 1500, lambda _: None)
    time.sleep(5)
    for stranger in silent:
        stranger.close()


def _chunks(new: Stranger) -> None:
    new.connection.settimeout(0.5)
    new.send(f"{EVENTS}Transfer-Encoding: chunked\r\n\r\n".encode() + b"1\r\n \r\n" * 500_000)


def _reads_nothing(new: Stranger) -> None:
    new.connection.settimeout(0.5)
    new.send(b"GET /static-offline-docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
