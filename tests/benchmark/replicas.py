"""One, two and four processes of metrics on one database: what they take in and derive, and what they answer.

Invariant: the events are the same for each number of processes, and so are the questions and who asks them.
"""

import asyncio
import itertools
import resource
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from deploy.embedded.postgresql import PostgreSQL
from deploy.embedded.services import Service
from tests.benchmark import seeding
from tests.benchmark.figures import percentile
from tests.benchmark.history import EVENTS_AN_AUTHORITY, codes
from tests.parts import Broker

PROCESSES = (1, 2, 4)
AUTHORITIES = 12
CALLERS = 8
QUESTIONS = (
    "/v1/measures/vacancies?authority={}&as_at=2023-10-31&by=role",
    "/v1/measures/turnover-rate?authority={}&census_year=2023",
    "/v1/measures/in-post/series?authority={}&from=2014-04-01&to=2024-03-31&every=month&by=role",
)


def replicas(postgres: PostgreSQL, broker: Broker, folder: Path, console: Console, seconds: int) -> None:
    """Print how many events a second are taken in, without Kafka between, and how many questions are answered."""
    cores = psutil.cpu_count()
    table = Table(
        "processes",
        "events/s taken in",
        "of one",
        "processor ms an event, metrics + PostgreSQL",
        "answers/s",
        "of one",
        "p50 ms",
        "p99 ms",
        title=f"{cores} cores",
    )
    first: tuple[float, float] | None = None
    for count in PROCESSES:
        database = postgres.create(f"replicas_{count}")
        asyncio.run(seeding.prepare(database))
        began, spent = time.perf_counter(), _processor_seconds(postgres)
        seeding.seed(database, codes(AUTHORITIES), count)
        each = (
            1000 * (now - before) / (AUTHORITIES * EVENTS_AN_AUTHORITY)
            for now, before in zip(_processor_seconds(postgres), spent, strict=True)
        )
        taken_in = AUTHORITIES * EVENTS_AN_AUTHORITY / (time.perf_counter() - began)
        times = _answers(database, broker, folder, count, seconds)
        answered = len(times) / seconds
        first = first or (taken_in, answered)
        table.add_row(
            str(count),
            f"{taken_in:,.0f}",
            f"{taken_in / first[0]:.2f}",
            " + ".join(f"{milliseconds:.2f}" for milliseconds in each),
            f"{answered:,.0f}",
            f"{answered / first[1]:.2f}",
            *(f"{1000 * percentile(times, part):.0f}" for part in (0.5, 0.99)),
        )
        postgres.drop(f"replicas_{count}")
    console.print(table)


def _processor_seconds(postgres: PostgreSQL) -> tuple[float, float]:
    """Of the processes that this one waited for, and of those of PostgreSQL that have ended: its connections."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    of_postgres = psutil.Process(postgres.process.pid).cpu_times()
    return used.ru_utime + used.ru_stime, of_postgres.children_user + of_postgres.children_system


def _answers(database: str, broker: Broker, folder: Path, count: int, seconds: int) -> list[float]:
    settings = {
        "database_url": database, "kafka_servers": broker.servers, "kafka_idempotent_producer": broker.idempotent
    }  # fmt: skip
    services = [Service("metrics", folder / f"replica-{number}.log", settings) for number in range(count)]
    with ExitStack() as stop:
        for service in services:
            stop.callback(service.stop)
            service.start()
        for service in services:
            service.wait_until_ready()
        return asyncio.run(_ask([service.url for service in services], seconds))


async def _ask(urls: Sequence[str], seconds: int) -> list[float]:
    """The seconds of each answer: each caller asks one process, one question after another; first once unmeasured."""
    times: list[float] = []

    async def ask(number: int, until: float | None) -> None:
        async with httpx.AsyncClient(base_url=urls[number % len(urls)], timeout=120) as client:
            asked = itertools.product(codes(AUTHORITIES), QUESTIONS)
            for authority, path in asked if until is None else itertools.cycle(asked):
                began = time.perf_counter()
                if until is not None and began > until:
                    return
                (await client.get(path.format(authority))).raise_for_status()
                if until is not None:
                    times.append(time.perf_counter() - began)

    await asyncio.gather(*(ask(number, None) for number in range(len(urls))))
    until = time.perf_counter() + seconds
    await asyncio.gather(*(ask(number, until) for number in range(CALLERS)))
    return times
