"""Readers beside each other: what heavy ones do to everybody else, and what memory they leave behind.

Invariant: the process that measures does nothing else. The heavy callers are a process of their own:
`python -m tests.benchmark.readers <url> <seconds> <key> …` asks one heavy question after another with each key.
"""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
from aiokafka import AIOKafkaProducer
from rich.console import Console
from rich.table import Table

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.envelope import kafka_headers, parse_event
from deploy.embedded.postgresql import PostgreSQL
from deploy.embedded.services import Service
from services.chassis.authentication import Right, new_key
from tests.benchmark import seeding
from tests.benchmark.figures import percentile
from tests.benchmark.history import ROLES, codes
from tests.benchmark.resident import most_resident_of
from tests.parts import Broker

CALLERS = 10
EVERY_SECONDS = 0.05
"""Between two questions of one who measures."""
EVENTS_A_SECOND = 40
WARM_UP_SECONDS = 3.0

BY_FIVE = "role,team,service_area,grade,csww_role"
HEAVY = (
    # A century by five dimensions of an authority whose posts hardly share any; and what counts from snapshots.
    f"/v1/measures/vacancies/series?authority={seeding.VARIED}&from=1950-01-01&to=2049-12-31&every=month&by={BY_FIVE}",
    "/v1/measures/crude-turnover/series?authority=201&from=1990-01-01&to=2024-03-31&every=month&by=team",
    f"/v1/measures/vacancy-rate/series?authority={seeding.VARIED}&from=2004-04-01&to=2024-03-31&every=month&by={BY_FIVE}",
    "/v1/measures/turnover-rate?authority=all&census_year=2023",
    "/v1/forecasts/vacancies/back-test?authority=202&as_at=2024-03-31",
    "/v1/quality?authority=203&as_at=2024-03-31",
)
STOCK = "/v1/measures/vacancies?authority=204&as_at=2023-10-31&by=role"
HEALTH = "/health/live"

COMMITTED = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - accepted_at)::float8 AS seconds
    FROM inbox
    WHERE event_id LIKE $1
"""


def load(postgres: PostgreSQL, broker: Broker, folder: Path, console: Console, seconds: int) -> None:
    """How long health, a stock of another key and taking in events take beside no, one and ten heavy callers."""
    database = postgres.create("load")
    asyncio.run(seeding.prepare(database))
    seeding.seed(database, [*codes(4), f"{seeding.VARIED}:varied"])
    keys = [new_key(f"caller {number}", "*", (Right.READ,)) for number in range(CALLERS + 1)]
    entries = json.dumps([entry.model_dump(mode="json") for _, entry in keys])
    own, *heavy = (key for key, _ in keys)
    metrics = Service("metrics", folder / "metrics-load.log", _settings(database, broker) | {"api_keys": entries})
    table = Table("heavy callers", "asked", "times", "p50 ms", "p99 ms", "longest ms", title=f"{seconds} s each")
    try:
        metrics.start()
        metrics.wait_until_ready()
        for callers in (0, 1, CALLERS):
            command = [sys.executable, "-m", "tests.benchmark.readers", metrics.url, str(seconds + 5), *heavy[:callers]]
            beside = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            time.sleep(WARM_UP_SECONDS)
            result = asyncio.run(_measure(metrics.url, own, database, broker, seconds, f"{callers}-"))
            answers, _ = beside.communicate(timeout=600)
            for asked, times in result.items():
                figures = (percentile(times, part) for part in (0.5, 0.99, 1.0)) if times else ()
                table.add_row(str(callers), asked, str(len(times)), *(f"{1000 * value:,.0f}" for value in figures))
            table.add_row(str(callers), "heavy answers by status", answers.strip() if callers else "none")
            table.add_section()
        console.print(table)
        console.print(f"most resident memory meanwhile: {most_resident(metrics) / 1e6:,.0f} MB")
    finally:
        metrics.stop()


async def _measure(
    url: str, key: str, database: str, broker: Broker, seconds: int, name: str
) -> dict[str, list[float]]:
    """Seconds of each question and of each event from its acceptance to its commit."""
    async with httpx.AsyncClient(base_url=url, timeout=120, headers={"authorization": f"Bearer {key}"}) as client:
        health, stock, _ = await asyncio.gather(
            _ask(client, HEALTH, seconds), _ask(client, STOCK, seconds), _publish(broker, seconds, name)
        )
        stocks = sum(1 for _ in stock)
    connection = await asyncpg.connect(database)
    rows: list[asyncpg.Record] = []
    for _ in range(600):
        rows = await connection.fetch(COMMITTED, f"{name}%")
        if len(rows) >= seconds * EVENTS_A_SECOND:
            break
        await asyncio.sleep(0.2)
    await connection.close()
    assert stocks
    return {"health": health, "a stock, another key": stock, "taking in": [row["seconds"] for row in rows]}


async def _ask(client: httpx.AsyncClient, path: str, seconds: int) -> list[float]:
    """One question after another: the seconds that each took."""
    seconds_taken, until = [], time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        answer = await client.get(path)
        answer.raise_for_status()
        seconds_taken.append(time.perf_counter() - began)
        await asyncio.sleep(EVERY_SECONDS)
    return seconds_taken


async def _publish(broker: Broker, seconds: int, name: str) -> None:
    """Events as the relay publishes them, at a steady rate: posts of an authority that nobody asks for."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.servers)
    await producer.start()
    began = time.perf_counter()
    for number in range(seconds * EVENTS_A_SECOND):
        await asyncio.sleep(max(0.0, began + number / EVENTS_A_SECOND - time.perf_counter()))
        now = datetime.now(UTC).isoformat()
        attributes = {
            "specversion": "1.0", "id": f"{name}{number}", "source": "/bench", "authority": "398", "time": now,
            "type": "uk.workforce.post.established.v1", "subject": f"post/P-{name}{number}", "acceptedtime": now,
            "sequence": str(number + 1), "provenance": "request bench",
        }  # fmt: skip
        data: dict[str, Any] = {
            "effective_from": "2022-01-01", "role": ROLES[number % 4], "funded_fte": 1, "team": "a",
            "service_area": "b",
        }  # fmt: skip
        event = parse_event(attributes, json.dumps(data).encode())
        topic = TOPIC_OF_TYPE[event.envelope.type].name
        await producer.send(topic, event.body, event.key, headers=kafka_headers(event.envelope))
    await producer.stop()


def memory(postgres: PostgreSQL, broker: Broker, folder: Path, console: Console, authorities: int) -> None:
    """The resident memory of metrics while one authority after another is asked for, and all of them at once."""
    database = postgres.create("memory")
    asyncio.run(seeding.prepare(database))
    seeding.seed(database, codes(authorities))
    metrics = Service("metrics", folder / "metrics-memory.log", _settings(database, broker))
    table = Table("asked", "seconds", "resident MB afterwards", "most resident MB", title=f"{authorities} authorities")
    try:
        metrics.start()
        metrics.wait_until_ready()
        with httpx.Client(base_url=metrics.url, timeout=600) as client:
            for name, ask in _questions(client, authorities):
                with _watching(metrics) as most:
                    began = time.perf_counter()
                    ask()
                    seconds = time.perf_counter() - began
                table.add_row(name, f"{seconds:.1f}", f"{_resident(metrics) / 1e6:,.0f}", f"{most[0] / 1e6:,.0f}")
        console.print(table)
    finally:
        metrics.stop()


def _questions(client: httpx.Client, authorities: int) -> Iterator[tuple[str, Callable[[], None]]]:
    def ask(path: str) -> None:
        client.get(path).raise_for_status()

    def each(*paths: str) -> Callable[[], None]:
        def ask_each() -> None:
            for code in codes(authorities):
                for path in paths:
                    ask(path.format(code))

        return ask_each

    yield "nothing yet", lambda: None
    yield "a stock of each", each("/v1/measures/vacancies?authority={}&as_at=2023-10-31&by=role")
    yield "turnover of each", each("/v1/measures/turnover-rate?authority={}&census_year=2023")
    yield (
        "ten years of stability, and quality, of each",
        each(
            "/v1/measures/stability-index/series?authority={}&from=2014-04-01&to=2024-03-31&every=year",
            "/v1/quality?authority={}&as_at=2024-03-31",
        ),
    )
    yield "turnover of all", lambda: ask("/v1/measures/turnover-rate?authority=all&census_year=2023")
    yield (
        "ten years of vacancies of all, by role and team",
        lambda: ask(
            "/v1/measures/vacancies/series?authority=all&from=2014-04-01&to=2024-03-31&every=month&by=role,team"
        ),
    )


def _settings(database: str, broker: Broker) -> dict[str, object]:
    return {
        "database_url": database, "kafka_servers": broker.servers, "kafka_idempotent_producer": broker.idempotent
    }  # fmt: skip


def _resident(service: Service) -> int:
    return int(psutil.Process(service.process.pid).memory_info().rss)


def most_resident(service: Service) -> int:
    """Bytes, since it was started, as Linux counts it."""
    return most_resident_of(service.process.pid)


@contextmanager
def _watching(service: Service) -> Iterator[list[int]]:
    """The most resident memory while this lasts, looked at twenty times a second."""
    most, over = [_resident(service)], threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            most[0] = max(most[0], _resident(service))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield most
    finally:
        over.set()
        watching.join()


async def _ask_heavily(url: str, seconds: float, keys: list[str]) -> Counter[str]:
    """Each key asks one heavy question after another, none the same at the same time."""
    until = time.perf_counter() + seconds
    statuses: Counter[str] = Counter()

    async def caller(number: int, key: str) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=300, headers={"authorization": f"Bearer {key}"}) as client:
            turn = number
            while (left := until - time.perf_counter()) > 0:
                question: Awaitable[httpx.Response] = client.get(HEAVY[turn % len(HEAVY)])
                try:
                    statuses[str((await asyncio.wait_for(question, left)).status_code)] += 1
                except TimeoutError:
                    statuses["not answered"] += 1
                turn += 1
                await asyncio.sleep(EVERY_SECONDS)

    await asyncio.gather(*(caller(number, key) for number, key in enumerate(keys)))
    return statuses


if __name__ == "__main__":
    counted = asyncio.run(_ask_heavily(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
    sys.stdout.write(", ".join(f"{status}: {count}" for status, count in sorted(counted.items())) + "\n")
