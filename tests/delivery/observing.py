"""What a test sees of the system: figures, tables, metrics, topics and offsets.

Invariant: nothing is waited for without a deadline, and what did not come is shown beside what came.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from contracts.catalogue import METRICS, RECRUITMENT, RETENTION, topics_owned_by, topics_read_by
from services.chassis.dead_letters import read_dead_letters
from tests.parts import Broker, RealSystem, Service

PLACE = ("dead-letter-topic", "dead-letter-partition", "dead-letter-offset")
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.1
TIMELINES = ("occupancy", "cover", "staffing", "initiative")

AWAY = (httpx.TransportError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, KafkaError)
"""What is raised while the one who is asked is away."""

Tables = dict[str, list[str]]
"""The rows of each timeline as PostgreSQL writes them, sorted."""


async def eventually(ask: Callable[[], Awaitable[object]], expected: object, seconds: float = PATIENCE_SECONDS) -> None:
    """Ask until the answer is the expected one; after `seconds`, fail and show the difference."""
    deadline = time.monotonic() + seconds
    answer: object
    while True:
        try:
            answer = await ask()
        except AWAY as error:
            answer = error
        if answer == expected or time.monotonic() > deadline:
            break
        await asyncio.sleep(POLL_SECONDS)
    assert answer == expected, f"{answer!r} came, {expected!r} was to come within {seconds:.0f} seconds"


async def get(service: Service, path: str, **query: str) -> httpx.Response:
    """What a service answers."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        return await client.get(f"{service.url}{path}", params=query)


async def total(metrics: Service, measure: str, authority: str, as_at: str = "2023-10-31") -> float | None:
    """The total of a stock measure, FTE; None while metrics gives no figure."""
    answer = await get(metrics, f"/v1/measures/{measure}", authority=authority, as_at=as_at)
    return float(answer.json()["total"]) if answer.status_code == httpx.codes.OK else None


async def counter(service: Service, name: str) -> float:
    """The sum of one of a service's metrics over its labels."""
    lines = (await get(service, "/metrics")).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.split("{")[0].split(" ")[0] == name)


async def read(database: str, query: str, *values: object) -> list[asyncpg.Record]:
    """The rows of a query on a service's database."""
    connection = await asyncpg.connect(database)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(query, *values)
        return rows
    finally:
        await connection.close()


async def events_in(database: str, table: str, authority: str | None = None) -> int:
    """How many events stand in a service's `journal` or `inbox`, of one authority or of all."""
    (row,) = await read(database, f"SELECT count(*) FROM {table} WHERE authority = $1 OR $1 IS NULL", authority)
    return int(row[0])


async def is_complete(system: RealSystem, service: str, owner: str) -> bool:
    """Whether a service has every event of an owner up to the owner's newest one, and says so."""
    (head,) = await read(system.databases[owner], "SELECT position FROM journal_head")
    expected = await read(
        system.databases[service],
        "SELECT verified_position, complete_until, missing FROM expected WHERE owner = $1",
        owner,
    )
    return bool(expected) and all(
        row["verified_position"] == head[0] and row["complete_until"] is not None and row["missing"] == 0
        for row in expected
    )


WHO_READS_WHOM = ((METRICS, RECRUITMENT), (METRICS, RETENTION), (RECRUITMENT, RETENTION), (RETENTION, RECRUITMENT))


async def all_has_come(system: RealSystem) -> bool:
    """Whether every service has every event of the others: nothing is on its way."""
    return all([await is_complete(system, service, owner) for service, owner in WHO_READS_WHOM])


async def tables(database: str, authority: str | None = None) -> Tables:
    """The timelines of metrics, byte for byte."""
    return {
        table: [
            row[0]
            for row in await read(
                database,
                f"SELECT ({table}.*)::text FROM {table} WHERE authority = $1 OR $1 IS NULL ORDER BY 1",
                authority,
            )
        ]
        for table in TIMELINES
    }


async def dead_letters(broker: Broker, key: bytes | None = None) -> list[ConsumerRecord[bytes, bytes]]:
    """The dead letters of metrics, of one key or all: each record once, though it becomes one whenever it is read."""
    letters: dict[tuple[object, ...], ConsumerRecord[bytes, bytes]] = {}
    async for record in read_dead_letters("metrics", broker.servers):
        if key is None or record.key == key:
            origin = [value for name, value in record.headers if name in PLACE]
            letters.setdefault((*origin, record.key, record.value), record)
    return list(letters.values())


async def log_of(
    broker: Broker, owner: str, authority: str
) -> dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]:
    """Every record of an authority on the topics of a service, by partition, in order."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    by_key: defaultdict[TopicPartition, list[ConsumerRecord[bytes, bytes]]] = defaultdict(list)
    async with consumer:
        present = await consumer.topics()
        partitions = [
            TopicPartition(topic.name, number)
            for topic in topics_owned_by(owner)
            if topic.name in present
            for number in range(topic.partitions)
        ]
        if not partitions:
            return {}
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for records in (await consumer.getmany(partition, timeout_ms=1000)).values():
                    by_key[partition] += [
                        record for record in records if (record.key or b"").startswith(f"{authority}:".encode())
                    ]
    return {partition: records for partition, records in by_key.items() if records}


def sequences(records: Sequence[ConsumerRecord[bytes, bytes]]) -> list[int]:
    """The journal positions that records carry, in the order of the records."""
    return [int(dict(record.headers)["ce_sequence"]) for record in records]


async def committed(broker: Broker, group: str) -> dict[str, int]:
    """Up to which offset a service has taken in each partition, as Kafka keeps it; without those it never committed."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.servers, group_id=group, enable_auto_commit=False)
    async with consumer:
        partitions = [
            TopicPartition(topic.name, number) for topic in topics_read_by(group) for number in range(topic.partitions)
        ]
        consumer.assign(partitions)
        offsets: dict[str, Any] = {
            f"{partition.topic}[{partition.partition}]": await consumer.committed(partition) for partition in partitions
        }
    return {partition: offset for partition, offset in offsets.items() if offset}


def stop_gracefully(service: Service) -> None:
    """Ask a service to stop: it ends by itself, after letting go of everything in order."""
    told = len(service.process.log.read_text())
    code = service.stop()
    assert code == 0, f"{service.name} was killed, or failed, with {code}; {service.process.last_words()}"
    assert '"message": "stopped"' in service.process.log.read_text()[told:]
