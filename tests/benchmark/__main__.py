"""`make bench`: what the system takes, in time and memory.

- Reading: figures of an invented England beside SQL and DuckDB, pages, readers beside heavy readers, memory.
- Taking in: from Kafka's log to figures beside a floor, latency, one process beside several, large extracts.
- Trouble: what attacks at the door cost, and how the cost of dirt grows.

Invariant: what is compared runs in turn, in one run, on the same records; medians and ratios are printed, not tested.
"""

import argparse
import asyncio
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from rich.console import Console
from rich.progress import track
from rich.table import Table

from contracts.catalogue import METRICS, topics_read_by
from deploy.embedded.postgresql import PostgreSQL
from deploy.embedded.services import Service
from services.chassis.partitions import by_authority
from services.chassis.topics import TopicKeeper, admin_client
from tests.benchmark import readers, seeding
from tests.benchmark.after_an_event import england_by_turnover
from tests.benchmark.dirt import dirt
from tests.benchmark.door import door
from tests.benchmark.extracts import extracts
from tests.benchmark.figures import figures
from tests.benchmark.history import ENGLAND, ROLES, Record, codes, records
from tests.benchmark.pages import pages
from tests.benchmark.replicas import replicas
from tests.dirt import KINDS
from tests.entry_points import ENTRY_POINTS
from tests.parts import ApacheKafka, Broker, EmbeddedBroker, RealSystem
from tests.parts.apache_kafka import why_not

EVENTS_A_SECOND = 200
FLOOR, QUIX = "floor", "quix-vacancies"
"""A Quix Streams application that derives today's vacancies by role, and nothing else."""
WHO = (FLOOR, QUIX, "metrics", "two-metrics")
PUBLISHED_AT_ONCE = 5000
"""Records that wait for Kafka's acknowledgement, at most."""
console = Console(width=110)


def main() -> int:
    """Run all benchmarks, or those asked for, and print their tables."""
    given = _arguments()
    if "dirt" in given.only:
        dirt(console, given.kinds, given.sizes, list(ENTRY_POINTS))
    if set(given.only) == {"dirt"}:
        return 0
    with tempfile.TemporaryDirectory(prefix="workforce-bench-") as name:
        folder = Path(name)
        postgres = PostgreSQL(folder / "postgresql", folder / "postgresql.log")
        broker: Broker = EmbeddedBroker(folder / "broker.log") if why_not() else ApacheKafka(folder / "kafka")
        try:
            postgres.start()
            asyncio.run(_keep_commit_times(postgres.url("postgres")))
            postgres.stop()
            postgres.start()
            broker.start()
            kind = type(broker).__name__
            console.print(f"{datetime.now(UTC).date()}, {platform.machine()}, {psutil.cpu_count()} cores, {kind}")
            if "figures" in given.only:
                england(postgres, broker, folder, given.england, given.calls)
                broker.empty()
            if "pages" in given.only:
                see(postgres, broker, folder, given.england, given.calls, given.pages)
                broker.empty()
            if "rebuild" in given.only:
                throughput(postgres, broker, folder, given.authorities, given.rounds, given.who)
                broker.empty()
            if "latency" in given.only:
                latency(postgres, broker, folder, given.seconds)
                broker.empty()
            if "load" in given.only:
                readers.load(postgres, broker, folder, console, given.seconds)
                broker.empty()
            if "memory" in given.only:
                readers.memory(postgres, broker, folder, console, given.asked)
                broker.empty()
            if "replicas" in given.only:
                replicas(postgres, broker, folder, console, given.seconds)
                broker.empty()
            if "door" in given.only:
                door(postgres, broker, folder, console)
                broker.empty()
            if "extracts" in given.only:
                extracts(postgres, broker, folder, console, given.rows)
        finally:
            broker.stop()
            postgres.stop()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.split("\n\n")[0])
    benchmarks = ("figures", "pages", "rebuild", "latency", "load", "memory", "replicas", "door", "extracts", "dirt")
    parser.add_argument("--only", nargs="+", choices=benchmarks, default=benchmarks, help="some of the benchmarks")
    parser.add_argument("--england", type=int, default=ENGLAND, help="authorities whose figures are asked")
    parser.add_argument("--calls", type=int, default=200, help="how often each figure of one authority is asked")
    parser.add_argument(
        "--pages", nargs="+", metavar="PAGE", help="pages by their names in the navigation; all if left out"
    )
    parser.add_argument("--authorities", type=int, default=6, help="authorities rebuilt, about 6,500 events each")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND", help="kinds of dirt")
    parser.add_argument("--sizes", nargs="+", type=int, default=[500, 1000, 2000, 4000], help="how much dirt")
    parser.add_argument("--million", action="store_true", help="rebuild all of England once: takes many minutes")
    parser.add_argument("--who", nargs="+", choices=WHO, default=WHO, help="who rebuilds; the floor always does")
    parser.add_argument("--rounds", type=int, default=3, help="rebuilds, in turn with the floor; the median counts")
    parser.add_argument("--seconds", type=int, default=30, help="how long latency, and each load, is measured")
    parser.add_argument("--asked", type=int, default=60, help="authorities asked for while memory is measured")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the extract that is sent")
    given = parser.parse_args()
    if given.million:
        given.authorities, given.rounds = ENGLAND, 1
    given.who = list(dict.fromkeys([FLOOR, *given.who]))
    return given


def england(postgres: PostgreSQL, broker: Broker, folder: Path, authorities: int, calls: int) -> None:
    """Figures of one authority and of all, in process and over HTTP, beside plain SQL and DuckDB."""
    database = postgres.create("england")
    asyncio.run(seeding.prepare(database))
    began = time.perf_counter()
    seeding.seed(database, codes(authorities))
    console.print(f"{authorities} authorities taken in within {time.perf_counter() - began:.0f} s")
    metrics = _metrics(database, broker, folder)
    try:
        metrics.start()
        metrics.wait_until_ready()
        asyncio.run(figures(database, metrics.url, console, calls))
        resident = psutil.Process(metrics.process.pid).memory_info().rss / 1e6
        console.print(f"metrics, after it was asked over HTTP: {resident:.0f} MB resident")
        england_by_turnover(metrics.url, metrics.process.pid, console)
        console.print(f"most resident memory meanwhile: {readers.most_resident(metrics) / 1e6:,.0f} MB")
    finally:
        metrics.stop()


def see(
    postgres: PostgreSQL, broker: Broker, folder: Path, authorities: int, calls: int, names: Sequence[str] | None
) -> None:
    """The pages of an authority with ten years, of the demonstration authority, and of England."""
    database = postgres.create("seen")
    asyncio.run(seeding.prepare(database))
    seeding.seed(database, [*codes(authorities), seeding.DEMONSTRATION])
    asyncio.run(seeding.clean(database))
    metrics = _metrics(database, broker, folder)
    try:
        metrics.start()
        metrics.wait_until_ready()
        asyncio.run(pages(metrics.url, psutil.Process(metrics.process.pid), console, calls, names))
    finally:
        metrics.stop()


def _metrics(database: str, broker: Broker, folder: Path) -> Service:
    settings = {
        "database_url": database, "kafka_servers": broker.servers, "kafka_idempotent_producer": broker.idempotent
    }  # fmt: skip
    return Service("metrics", folder / "metrics.log", settings)


def throughput(
    postgres: PostgreSQL, broker: Broker, folder: Path, authorities: int, rounds: int, who: Sequence[str]
) -> None:
    """Records per second from Kafka's log to committed figures, by one process of metrics and by two, beside the floor
    and a Quix Streams application, on the same records.
    """
    count = asyncio.run(_publish(broker.servers, records(authorities)))
    seconds: dict[str, list[float]] = {which: [] for which in who}
    most_resident = dict.fromkeys(who, 0.0)
    processor: dict[str, list[float]] = {which: [] for which in seconds}
    for turn in track(range(rounds), "log to figures", console=console):
        for which, times in seconds.items():
            name = f"{which}_{turn}"
            database = postgres.create(name)
            command = [sys.executable, "-m", "tests.benchmark.rebuild", which, broker.servers, database, str(count)]
            if which == QUIX:
                state = folder / name
                command = [".venv/peers/bin/python", "tests/benchmark/quix_vacancies.py", broker.servers, str(count)]
                command += [str(state), name]
            elif which != FLOOR:
                asyncio.run(_begin_at_the_beginning(broker.servers))
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            sys.stderr.write(done.stderr if which != FLOOR else "")
            took, used, *resident = map(float, done.stdout.splitlines()[-1].split())
            most_resident[which] = max([most_resident[which], *resident])
            times.append(took)
            processor[which].append(used)
            postgres.drop(name)
    table = Table(
        "",
        "seconds, median",
        "records/s",
        "of the floor",
        "Python's processor time, us a record",
        "most resident, MB",
        "records/s of all rounds",
        title=f"{count:,} records",
    )
    floor = statistics.median(seconds[FLOOR])
    for which, times in seconds.items():
        median = statistics.median(times)
        rates = " ".join(f"{count / t:,.0f}" for t in times)
        each = f"{1e6 * statistics.median(processor[which]) / count:.0f}"
        table.add_row(
            which,
            f"{median:.1f}",
            f"{count / median:,.0f}",
            f"{floor / median:.2f}",
            each,
            f"{most_resident[which]:.0f}",
            rates,
        )
    console.print(table)


async def _publish(servers: str, records: Iterable[Record]) -> int:
    """Put the records on Kafka as they are made; gives how many there were."""
    async with admin_client(servers) as admin:
        await TopicKeeper(1, may_make=True).keep(admin)
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, linger_ms=5, max_batch_size=256 * 1024, partitioner=by_authority
    )
    await producer.start()
    count = 0
    waiting = []
    for record in track(records, "publishing", console=console, total=None):
        waiting.append(await producer.send(record.topic, record.value, record.key, headers=record.headers))
        count += 1
        if len(waiting) == PUBLISHED_AT_ONCE:
            await asyncio.gather(*waiting)
            waiting.clear()
    await asyncio.gather(*waiting)
    await producer.stop()
    return count


async def _begin_at_the_beginning(servers: str) -> None:
    """Set the group of metrics back: each turn has a fresh database."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=METRICS, enable_auto_commit=False)
    await consumer.start()
    partitions = [
        TopicPartition(topic.name, number) for topic in topics_read_by(METRICS) for number in range(topic.partitions)
    ]
    consumer.assign(partitions)
    await consumer.commit(dict.fromkeys(partitions, 0))
    await consumer.stop()


async def _keep_commit_times(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    await connection.close()


COMMIT_LATENCIES = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - accepted_at)::float8 AS seconds
    FROM inbox
    WHERE event_id LIKE 'latency-%'
"""


def latency(postgres: PostgreSQL, broker: Broker, folder: Path, seconds: int) -> None:
    """From acceptance to the commit that makes a figure visible, at 200 events/s, one to a request; then memory."""
    system = RealSystem(postgres, broker, folder)
    try:
        system.start()
        asyncio.run(_send_steadily(system.recruitment.url, seconds))
        times = sorted(asyncio.run(_commit_latencies(system.databases["metrics"], seconds * EVENTS_A_SECOND)))
        table = Table(
            "", "p50", "p99", "longest", title=f"accepted to visible, {EVENTS_A_SECOND} events/s, {len(times):,} events"
        )
        table.add_row(
            "milliseconds",
            *(f"{1000 * times[int(len(times) * part)]:.0f}" for part in (0.5, 0.99)),
            f"{1000 * times[-1]:.0f}",
        )
        console.print(table)
        memory = Table("process", "resident MB", title="memory after that load")
        for name, service in system.services.items():
            memory.add_row(name, f"{psutil.Process(service.process.pid).memory_info().rss / 1e6:.0f}")
        console.print(memory)
    finally:
        system.stop()


async def _send_steadily(url: str, seconds: int) -> None:
    """One event to a request at a steady rate, whatever the answers take."""
    total = seconds * EVENTS_A_SECOND
    began = time.perf_counter()
    headers = {"content-type": "application/cloudevents+json"}
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=20), timeout=30) as client:

        async def send(number: int) -> None:
            answer = await client.post(f"{url}/v1/events", content=_event(number), headers=headers)
            answer.raise_for_status()

        waiting = []
        for number in track(range(total), "sending", console=console):
            await asyncio.sleep(max(0.0, began + number / EVENTS_A_SECOND - time.perf_counter()))
            waiting.append(asyncio.create_task(send(number)))
        await asyncio.gather(*waiting)
    console.print(f"sent at {total / (time.perf_counter() - began):.0f} events/s, one to a request")


def _event(number: int) -> bytes:
    """Posts first, then starters in them: every one moves a figure."""
    post, is_start = number // 2, number % 2
    common = {"specversion": "1.0", "id": f"latency-{number}", "source": "/bench", "authority": "331"}
    if is_start:
        data = {"started_on": "2023-01-01", "post": f"P-{post}", "fte": 0.5, "origin": "other", "route": "direct"}
        return json.dumps(
            common | {"type": "uk.workforce.worker.started.v1", "subject": f"worker/W-{post}", "data": data}
        ).encode()
    data = {"effective_from": "2022-01-01", "role": ROLES[post % 4], "funded_fte": 1, "team": "a", "service_area": "b"}
    return json.dumps(
        common | {"type": "uk.workforce.post.established.v1", "subject": f"post/P-{post}", "data": data}
    ).encode()


async def _commit_latencies(url: str, expected: int) -> list[float]:
    connection = await asyncpg.connect(url)
    rows: list[asyncpg.Record] = []
    while len(rows) < expected:
        await asyncio.sleep(0.2)
        rows = await connection.fetch(COMMIT_LATENCIES)
    await connection.close()
    return [row["seconds"] for row in rows]


if __name__ == "__main__":
    sys.exit(main())
