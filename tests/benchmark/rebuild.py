"""One run over the Kafka log: the floor, or metrics as it is. A process of its own, so that neither helps the other.

`python -m tests.benchmark.rebuild floor|metrics <kafka servers> <database url> <records>` prints the seconds from the
assignment of partitions to the commit of the last figure.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer

from contracts.catalogue import METRICS, topics_read_by
from contracts.envelope import decode_record
from services.chassis.runtime import Runtime
from services.metrics.app import PARTS, ServiceSettings

LONGEST_SECONDS = 3600
TOPICS = [topic.name for topic in topics_read_by(METRICS)]


async def floor(servers: str, database: str, expected: int) -> float:
    """aiokafka `getmany`, pydantic validation of each record, asyncpg COPY of each batch: no figures, no safety."""
    connection = await asyncpg.connect(database)
    await connection.execute("CREATE TABLE floor (authority text, subject text, type text, event_id text, body text)")
    consumer = AIOKafkaConsumer(
        *TOPICS, bootstrap_servers=servers, group_id=uuid4().hex, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    await _until(consumer.assignment)
    began, taken = time.perf_counter(), 0
    while taken < expected:
        batches = await consumer.getmany(timeout_ms=1000, max_records=5000)
        rows = []
        for record in (record for batch in batches.values() for record in batch):
            event = decode_record(record.headers, record.value)
            envelope = event.envelope
            rows.append((envelope.authority, envelope.subject, envelope.type, envelope.id, event.body.decode()))
        await connection.copy_records_to_table("floor", records=rows)
        taken += len(rows)
    seconds = time.perf_counter() - began
    await consumer.stop()
    await connection.close()
    return seconds


async def metrics(servers: str, database: str, expected: int) -> float:
    """The service's own runtime, with a consumer group that has read nothing yet."""
    settings = ServiceSettings(database_url=database, kafka_servers=servers)
    runtime = Runtime(PARTS, settings)
    await runtime.start()
    await _until(lambda: any(consumer.assignment() for consumer in runtime.consumers()))
    began = time.perf_counter()
    await _until_count(runtime, "SELECT count(*) FROM inbox", expected)
    taken_in = time.perf_counter() - began
    await _until_count(runtime, "SELECT 0 - count(*) FROM to_derive", 0)
    seconds = time.perf_counter() - began
    sys.stderr.write(f"  taken in after {taken_in:.1f} s, derived after {seconds:.1f} s\n")
    await runtime.stop()
    return seconds


async def _until(done: Callable[[], object]) -> None:
    for _ in range(6000):
        if done():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("no partitions were assigned within a minute")


async def _until_count(runtime: Runtime, count: str, least: int) -> None:
    deadline = time.perf_counter() + LONGEST_SECONDS
    while time.perf_counter() < deadline:
        began = time.perf_counter()
        if await runtime.pool.fetchval(count) >= least:
            return
        # To count a million rows takes a while itself: a twentieth of the time at most goes into it.
        await asyncio.sleep(max(0.05, 20 * (time.perf_counter() - began)))
    raise TimeoutError(f"{count} did not come to {least} within {LONGEST_SECONDS} seconds")


def main() -> int:
    """Run one and print its seconds."""
    which, servers, database, expected = sys.argv[1:5]
    run = {"floor": floor, "metrics": metrics}[which]
    sys.stdout.write(f"{asyncio.run(run(servers, database, int(expected)))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
