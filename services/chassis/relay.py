"""The relay: publishes the journal to Kafka in order, and again when Kafka's log turns out shorter than the journal.

Invariant: progress moves past an event only after Kafka acknowledged it; one relay of a service leads at a time.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import RecordMetadata

from contracts.catalogue import TOPIC_OF_TYPE, topics_owned_by
from contracts.envelope import kafka_headers
from services.chassis.database import why_not_now
from services.chassis.journal import CHANNEL, READ_AFTER
from services.chassis.logs import get_log
from services.chassis.settings import Settings
from services.chassis.stored_events import envelope_of
from services.chassis.telemetry import Telemetry
from services.chassis.topics import make_missing_topics

log = get_log(__name__)

LEADER_LOCK = 7_231_002
"""Advisory lock of the leading relay; each service has a database, and so a lock, of its own."""

BATCH = 1000
"""Events sent to Kafka before their acknowledgements are waited for."""

LINGER_MS = 2
"""How long the producer gathers records into one request: little against the 250 ms an event may take."""

LARGEST_REQUEST = 64 * 1024
"""Bytes of records gathered for one partition."""

ONE_RECORD = 1
"""For the embedded broker: it counts a batch as one record when asked where a log ends."""

LOOK_AGAIN_SECONDS = 0.5
"""Longest wait for a notification before the journal is read anyway."""

CHECK_LOG_SECONDS = 2.0
"""How often Kafka's log is compared with what was published."""

BACKOFF_SECONDS = 1.0

TRY_LOCK = "SELECT pg_try_advisory_lock($1)"
READ_PROGRESS = "SELECT position FROM relay_progress"
SAVE_PROGRESS = "UPDATE relay_progress SET position = $1"
READ_LOG_ENDS = "SELECT topic, partition, next_offset FROM relay_log_end"
SAVE_LOG_ENDS = """
    INSERT INTO relay_log_end (topic, partition, next_offset)
    SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[])
    ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset
"""
FORGET_LOG_ENDS = "DELETE FROM relay_log_end"


class KafkaLogIsShorter(Exception):
    """Raised when Kafka's log ends before a record that it acknowledged earlier."""


@dataclass(frozen=True, slots=True)
class _Clients:
    connection: asyncpg.Connection
    producer: AIOKafkaProducer
    admin: AIOKafkaAdminClient
    reader: AIOKafkaConsumer


class Relay:
    """Publishes one service's journal for as long as `run` runs."""

    def __init__(self, service: str, settings: Settings, telemetry: Telemetry) -> None:
        self._service = service
        self._settings = settings
        self._telemetry = telemetry
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Lead when possible, begin anew after any failure, until cancelled."""
        while True:
            try:
                await self._lead()
            except KafkaLogIsShorter as reason:
                log.warning("publishing the journal again", reason=str(reason))
            except asyncio.CancelledError:
                raise
            except Exception as error:
                # Everything that can go wrong here is Kafka or PostgreSQL being away; new clients start clean, which
                # an idempotent producer needs after its broker lost data.
                level = log.warning if why_not_now(error) else log.error
                level("relay begins anew", cause=type(error).__name__, detail=str(error)[:300])
            await asyncio.sleep(BACKOFF_SECONDS)

    async def _lead(self) -> None:
        async with AsyncExitStack() as stack:
            connection = await asyncpg.connect(self._settings.database_url, timeout=10, command_timeout=60)
            stack.push_async_callback(connection.close, timeout=2)
            if not await connection.fetchval(TRY_LOCK, LEADER_LOCK):
                return
            await connection.add_listener(CHANNEL, lambda *_: self._woken.set())
            clients = await self._connect_to_kafka(stack, connection)
            await self._publish_for_ever(clients)

    async def _connect_to_kafka(self, stack: AsyncExitStack, connection: asyncpg.Connection) -> _Clients:
        servers = self._settings.kafka_servers
        producer = AIOKafkaProducer(
            bootstrap_servers=servers,
            client_id=f"{self._service}-relay",
            acks="all",
            enable_idempotence=self._settings.kafka_idempotent_producer,
            linger_ms=LINGER_MS,
            max_batch_size=LARGEST_REQUEST if self._settings.kafka_idempotent_producer else ONE_RECORD,
            request_timeout_ms=20_000,
        )
        admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=10_000)
        reader = AIOKafkaConsumer(bootstrap_servers=servers, request_timeout_ms=10_000, enable_auto_commit=False)
        for client, stop in ((admin, admin.close), (reader, reader.stop), (producer, producer.stop)):
            stack.push_async_callback(_stop_quietly, stop)
            if client is not producer:
                await client.start()
        if self._settings.kafka_create_topics:
            await make_missing_topics(admin, self._settings.kafka_replication_factor)
        await producer.start()
        return _Clients(connection, producer, admin, reader)

    async def _publish_for_ever(self, clients: _Clients) -> None:
        loop = asyncio.get_running_loop()
        check_at = loop.time()
        while True:
            self._woken.clear()
            if loop.time() >= check_at:
                await self._compare_log_with_journal(clients)
                check_at = loop.time() + CHECK_LOG_SECONDS
            if await self._publish_batch(clients) < BATCH:
                try:
                    await asyncio.wait_for(self._woken.wait(), LOOK_AGAIN_SECONDS)
                except TimeoutError:
                    continue

    async def _publish_batch(self, clients: _Clients) -> int:
        """Publish the next events of the journal. Gives how many; raises KafkaLogIsShorter.

        1. read the events after the progress; 2. hand them to the producer in order; 3. wait for every acknowledgement;
        4. compare the offsets with those of before; 5. save progress and offsets in one transaction.
        """
        progress = await clients.connection.fetchval(READ_PROGRESS)
        rows = await clients.connection.fetch(READ_AFTER, progress, BATCH)
        if not rows:
            return 0
        waiting = [await self._send(clients.producer, row) for row in rows]
        acknowledged: list[RecordMetadata] = await asyncio.gather(*waiting)
        ends = await self._log_ends(clients.connection)
        for record in acknowledged:
            place = TopicPartition(record.topic, record.partition)
            # An idempotent producer's repeated record is acknowledged with offset -1: it is in the log already.
            if 0 <= record.offset < ends.get(place, 0):
                await self._begin_again(clients.connection, f"{place} took offset {record.offset} a second time")
            ends[place] = max(ends.get(place, 0), record.offset + 1)
        async with clients.connection.transaction():
            await clients.connection.execute(SAVE_PROGRESS, rows[-1]["sequence"])
            columns = zip(*((place.topic, place.partition, end) for place, end in ends.items()), strict=True)
            await clients.connection.execute(SAVE_LOG_ENDS, *[list(column) for column in columns])
        for topic, count in Counter(record.topic for record in acknowledged).items():
            self._telemetry.published.labels(topic).inc(count)
        return len(rows)

    async def _send(self, producer: AIOKafkaProducer, row: asyncpg.Record) -> asyncio.Future[RecordMetadata]:
        envelope = envelope_of(row)
        future: asyncio.Future[RecordMetadata] = await producer.send(
            TOPIC_OF_TYPE[envelope.type].name,
            value=row["body"].encode(),
            key=f"{envelope.authority}:{envelope.subject}".encode(),
            headers=kafka_headers(envelope),
        )
        return future

    async def _compare_log_with_journal(self, clients: _Clients) -> None:
        """Raises KafkaLogIsShorter when a topic ends before what it acknowledged (topic recreated, broker lost)."""
        if self._settings.kafka_create_topics:
            await make_missing_topics(clients.admin, self._settings.kafka_replication_factor)
        ends = await self._log_ends(clients.connection)
        if not ends:
            return
        owned = {topic.name for topic in topics_owned_by(self._service)}
        present = await clients.reader.end_offsets([place for place in ends if place.topic in owned])
        for place, end in present.items():
            if end < ends[place]:
                await self._begin_again(clients.connection, f"{place} ends at {end}, {ends[place]} were acknowledged")

    async def _begin_again(self, connection: asyncpg.Connection, reason: str) -> None:
        async with connection.transaction():
            await connection.execute(SAVE_PROGRESS, 0)
            await connection.execute(FORGET_LOG_ENDS)
        self._telemetry.published_again.inc()
        raise KafkaLogIsShorter(reason)

    @staticmethod
    async def _log_ends(connection: asyncpg.Connection) -> dict[TopicPartition, int]:
        rows = await connection.fetch(READ_LOG_ENDS)
        return {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def _stop_quietly(stop: Callable[[], Awaitable[None]]) -> None:
    """Close a client whose server may be gone: waiting for it would keep the relay from beginning anew."""
    try:
        await asyncio.wait_for(stop(), 5)
    except Exception as error:
        log.debug("client did not close", detail=str(error)[:300])
