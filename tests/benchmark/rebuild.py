"""One run over the Kafka log: the floor, or metrics as it is. A process of its own, so that neither helps the other.

    python -m tests.benchmark.rebuild floor|metrics|two-metrics <kafka servers> <database url> <records>

It prints the seconds from the first assignment of partitions to the commit of the last figure. Beside them stand the
seconds of processor time that Python took meanwhile, and the most MB that the process had resident. `two-metrics` are
two processes of the service on one database, as two replicas are.
"""

import asyncio
import os
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

import asyncpg
import psutil
from aiokafka import AIOKafkaConsumer

from contracts.catalogue import METRICS, topics_read_by
from contracts.envelope import decode_record
from services.chassis.runtime import Runtime
from services.metrics.app import SPEC, ServiceSettings
from tests.benchmark.resident import most_resident_of

LONGEST_SECONDS = 3600
# Asked again and again: it must cost PostgreSQL nothing. Places are given to what is in the inbox already, too.
ARRIVED = "SELECT last_value FROM inbox_arrival_seq"
COUNTED = "SELECT count(*) FROM inbox"
NONE_QUEUED = "SELECT NOT EXISTS (SELECT FROM derivation_queue)"

MEMORY_FIRST_AT = 100_000
"""So many records are taken in when memory is first looked at: it should be no more at the end."""

BEGAN, USED = "began ", "used "


class Cost(NamedTuple):
    """What a run took from the first assignment of partitions on: seconds, and those of Python's processor time."""

    seconds: float
    processor: float


TOPICS = [topic.name for topic in topics_read_by(METRICS)]


async def floor(servers: str, database: str, expected: int) -> Cost:
    """aiokafka `getmany`, pydantic validation of each record, asyncpg COPY of each batch: no figures, no safety."""
    connection = await asyncpg.connect(database)
    await connection.execute("CREATE TABLE floor (authority text, subject text, type text, event_id text, body text)")
    consumer = AIOKafkaConsumer(
        *TOPICS, bootstrap_servers=servers, group_id=uuid4().hex, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    await _until_true(consumer.assignment)
    began, used, taken = time.perf_counter(), time.process_time(), 0
    while taken < expected:
        batches = await consumer.getmany(timeout_ms=1000, max_records=5000)
        rows = []
        for record in (record for batch in batches.values() for record in batch):
            event = decode_record(record.headers, record.value)
            envelope = event.envelope
            rows.append((envelope.authority, envelope.subject, envelope.type, envelope.id, event.body.decode()))
        await connection.copy_records_to_table("floor", records=rows)
        taken += len(rows)
    cost = Cost(time.perf_counter() - began, time.process_time() - used)
    await consumer.stop()
    await connection.close()
    return cost


async def metrics(servers: str, database: str, expected: int, other: Process | None = None) -> Cost:
    """The service's own runtime, with a consumer group that has read nothing yet; `other` runs beside it."""
    runtime = Runtime(SPEC, ServiceSettings(database_url=database, kafka_servers=servers))
    await runtime.start()
    await _until_assigned(runtime)
    began, used = time.perf_counter(), time.process_time()
    if other is not None:
        # Whichever was given partitions first had the group to itself.
        began = min(began, await _told(other, BEGAN))
    await _until(runtime, ARRIVED, min(expected, MEMORY_FIRST_AT))
    resident = _resident()
    await _until(runtime, ARRIVED, expected)
    await _until(runtime, COUNTED, expected)
    taken_in = time.perf_counter() - began
    await _until(runtime, NONE_QUEUED, True)
    cost = Cost(time.perf_counter() - began, time.process_time() - used)
    sys.stderr.write(
        f"  taken in after {taken_in:.1f} s, derived after {cost.seconds:.1f} s; resident: {resident:.0f} MB at "
        f"{min(expected, MEMORY_FIRST_AT):,} records, {_resident():.0f} MB at the end\n"
    )
    await runtime.stop()
    return cost


async def two_metrics(servers: str, database: str, expected: int) -> Cost:
    """The same beside a second process, which starts at the same time and works until it is told to stop."""
    command = [sys.executable, "-m", "tests.benchmark.rebuild", "beside", servers, database, "0"]
    other = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdin is not None
    assert other.stdout is not None
    await other.stdout.readline()
    other.stdin.write(b"start\n")
    cost = await metrics(servers, database, expected, other)
    other.stdin.close()
    processor = cost.processor + await _told(other, USED)
    await other.wait()
    return Cost(cost.seconds, processor)


async def beside(servers: str, database: str, _: int) -> Cost:
    """The second process: starts when it gets a line, and stops when its input ends."""
    settings = ServiceSettings(database_url=database, kafka_servers=servers)
    print("ready", flush=True)
    sys.stdin.readline()
    runtime = Runtime(SPEC, settings)
    await runtime.start()
    await _until_assigned(runtime)
    # The clock counts from the start of the machine: the other process reads the same.
    print(f"{BEGAN}{time.perf_counter()}", flush=True)
    used = time.process_time()
    await asyncio.to_thread(sys.stdin.read)
    print(f"{USED}{time.process_time() - used}", flush=True)
    await runtime.stop()
    return Cost(0, 0)


async def _told(other: Process, what: str) -> float:
    """What the other process tells of itself; it writes its log to the same place."""
    assert other.stdout is not None
    while not (line := (await other.stdout.readline()).decode()).startswith(what):
        if not line:
            raise RuntimeError("the other process ended")
    return float(line.removeprefix(what))


async def _until_assigned(runtime: Runtime) -> None:
    await _until_true(lambda: any(consumer.assignment() for consumer in runtime.membership.consumers()))


async def _until_true(done: Callable[[], object]) -> None:
    for _ in range(6000):
        if done():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("no partitions were assigned within a minute")


async def _until(runtime: Runtime, asked: str, least: int) -> None:
    deadline = time.perf_counter() + LONGEST_SECONDS
    while time.perf_counter() < deadline:
        if await runtime.pool.fetchval(asked) >= least:
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(f"{asked} did not come to {least} within {LONGEST_SECONDS} seconds")


def _resident() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


def main() -> int:
    """Run one, and print its seconds, those of processor time, and the most MB that it had resident."""
    which, servers, database, expected = sys.argv[1:5]
    run = {"floor": floor, "metrics": metrics, "two-metrics": two_metrics, "beside": beside}[which]
    cost = asyncio.run(run(servers, database, int(expected)))
    most = most_resident_of(os.getpid()) / 1e6
    sys.stdout.write(f"{cost.seconds} {cost.processor} {most}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
