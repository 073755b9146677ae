"""The relay: publishes the journal to Kafka in order, and publishes again what Kafka's log lost.

Invariant: progress moves past an event only after Kafka acknowledged it. One relay of a service leads at a time.
What a topic lost is published before anything new: nothing is sent before a look at the logs that began after the
batch before was acknowledged.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import RecordMetadata

from contracts.catalogue import TOPIC_OF_TYPE, request_topic, topics_owned_by, types_on
from contracts.envelope import kafka_headers
from contracts.refusal import Refused
from contracts.watermark import RepublishRequest, decode
from services.chassis import relay_state
from services.chassis.cancelling import FAILURES, raise_if_cancelled, together, within
from services.chassis.database import why_not_now
from services.chassis.journal import CHANNEL, READ_AFTER, READ_TYPES_AFTER
from services.chassis.logs import get_log
from services.chassis.marking import Marking
from services.chassis.partitions import by_authority, by_whole_key
from services.chassis.relay_state import Again, Remembered
from services.chassis.settings import Settings
from services.chassis.stored_events import envelope_of
from services.chassis.telemetry import Telemetry
from services.chassis.topics import TopicKeeper

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

BACKOFF_SECONDS = 1.0

LONGEST_START_SECONDS = 20.0
LONGEST_ROUND_SECONDS = 60.0
"""Time-out for connecting, and for everything between two looks at the journal. Clients of a broker that went away
can wait for ever, in spite of their own time-outs."""

CLOSE_SECONDS = 5.0
END_SECONDS = 5.0
"""How long Kafka may take to say where logs end."""

SOON_ON_DISK = {"synchronous_commit": "off"}
"""For the connection that publishes: what it saves is consistent, and may be forgotten if PostgreSQL crashes."""

TRY_LOCK = "SELECT pg_try_advisory_lock($1)"


class KafkaLogIsShorter(Exception):
    """Raised if Kafka's log ends before a record that Kafka acknowledged earlier."""


@dataclass(frozen=True, slots=True)
class _Clients:
    connection: asyncpg.Connection
    producer: AIOKafkaProducer
    admin: AIOKafkaAdminClient
    ends: AIOKafkaConsumer
    """Asks where logs end, and reads none."""
    requests: AIOKafkaConsumer
    """Reads readers' requests, on a client of its own. Kafka answers a connection in order, and a fetch waits half a
    second for records. On one client the question where logs end would wait behind it."""


class Relay:
    """Publishes one service's journal for as long as `run` runs."""

    def __init__(self, service: str, settings: Settings, telemetry: Telemetry) -> None:
        self._service = service
        self._topics = topics_owned_by(service)
        self._settings = settings
        self._telemetry = telemetry
        self._keeper = TopicKeeper(settings.kafka_replication_factor, settings.kafka_create_topics)
        self._woken = asyncio.Event()
        self._marking = Marking(service)

    async def run(self) -> None:
        """Lead if possible, and begin again after any failure, until cancelled."""
        while True:
            try:
                await self._lead()
            except KafkaLogIsShorter as reason:
                log.warning("publishing topics again", reason=str(reason))
            except FAILURES as error:
                raise_if_cancelled(error)
                # Everything that can go wrong here is Kafka or PostgreSQL being away; new clients start clean, which
                # an idempotent producer needs after its broker lost data.
                level = log.warning if why_not_now(error) else log.error
                level("relay begins again", cause=type(error).__name__, detail=str(error)[:300])
            await asyncio.sleep(BACKOFF_SECONDS)

    async def _lead(self) -> None:
        async with AsyncExitStack() as stack:
            connection = await self._connect_to_database(stack, SOON_ON_DISK)
            if not await connection.fetchval(TRY_LOCK, LEADER_LOCK):
                return
            await connection.add_listener(CHANNEL, lambda *_: self._woken.set())
            await relay_state.count_published(connection, self._topics)
            marks = await self._connect_to_database(stack)
            async with asyncio.timeout(LONGEST_START_SECONDS):
                clients = await self._connect_to_kafka(stack, connection)
            await together(self._publish_for_ever(clients), self._marking.for_ever(marks, clients.producer))

    async def _connect_to_database(
        self, stack: AsyncExitStack, settings: dict[str, str] | None = None
    ) -> asyncpg.Connection:
        connection = await asyncpg.connect(
            self._settings.database_url, timeout=10, command_timeout=60, server_settings=settings
        )
        stack.push_async_callback(_close, lambda: connection.close(timeout=2), "the relay's connection to PostgreSQL")
        return connection

    async def _connect_to_kafka(self, stack: AsyncExitStack, connection: asyncpg.Connection) -> _Clients:
        servers, gathers = self._settings.kafka_servers, self._settings.kafka_idempotent_producer
        producer = AIOKafkaProducer(
            bootstrap_servers=servers,
            client_id=f"{self._service}-relay",
            acks="all",
            enable_idempotence=gathers,
            linger_ms=LINGER_MS,
            max_batch_size=LARGEST_REQUEST if gathers else ONE_RECORD,
            # One by one they would wait for one another on one partition; and there is but one process to read them.
            partitioner=by_authority if gathers else by_whole_key,
            request_timeout_ms=10_000,
        )
        admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=10_000)
        ends, reader = (
            AIOKafkaConsumer(
                bootstrap_servers=servers,
                request_timeout_ms=10_000,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                metadata_max_age_ms=5000,
            )
            for _ in range(2)
        )
        for stop in (admin.close, ends.stop, reader.stop, producer.stop):
            stack.push_async_callback(_close, stop, "a client of the relay")
        await admin.start()
        await ends.start()
        await reader.start()
        await self._keeper.keep(admin, retention_too=True)
        await producer.start()
        requests = TopicPartition(request_topic(self._service).name, 0)
        reader.assign([requests])
        # Older ones are asked again by a reader that still misses something.
        await reader.seek_to_end(requests)
        return _Clients(connection, producer, admin, ends, reader)

    async def _publish_for_ever(self, clients: _Clients) -> None:
        has_looked = False
        while True:
            self._woken.clear()
            async with asyncio.timeout(LONGEST_ROUND_SECONDS):
                count = await self._publish(clients)
            # The first watermark of a leader follows its first look at the logs.
            if count or not has_looked:
                self._marking.soon()
            has_looked = True
            if count < BATCH:
                try:
                    await asyncio.wait_for(self._woken.wait(), LOOK_AGAIN_SECONDS)
                except TimeoutError:
                    continue

    async def _publish(self, clients: _Clients) -> int:
        """Publish some events: first what was lost; if nothing was, what readers asked for and new events. Returns
        how many, or an upper bound of it.

        What comes next is read while Kafka says where its logs end. It is sent only when nothing turns out to be lost.
        """
        await self._hear_requests(clients)
        partitions, remembered = await together(
            self._keeper.keep(clients.admin), relay_state.remembered(clients.connection)
        )
        reasons, (again, new) = await together(
            _look_at_logs(clients.ends, remembered, partitions), _read_next(clients.connection, remembered)
        )
        if reasons:
            await self._lost(clients.connection, reasons)
        ends = dict(remembered.ends)
        if remembered.again:
            await self._publish_again(clients, remembered.again[0], again, ends)
            if remembered.again[0].lost:
                return BATCH
        if new:
            counts = await self._send_all(clients, new, ends)
            await relay_state.save_new(clients.connection, new[-1]["sequence"], ends, counts)
        return max(len(again), len(new))

    async def _publish_again(
        self, clients: _Clients, again: Again, rows: Sequence[asyncpg.Record], ends: dict[TopicPartition, int]
    ) -> None:
        await self._send_all(clients, rows, ends)
        reached = again.up_to if len(rows) < BATCH else rows[-1]["sequence"]
        await relay_state.save_again(clients.connection, again, reached, ends)

    async def _send_all(
        self, clients: _Clients, rows: Sequence[asyncpg.Record], ends: dict[TopicPartition, int]
    ) -> Counter[str]:
        """Hand events to the producer in order and wait until Kafka has them. Notes where the logs end then. Returns
        how many events went to each topic. Raises KafkaLogIsShorter if Kafka gives an offset a second time.
        """
        waiting = [await self._send(clients.producer, row) for row in rows]
        acknowledged: list[RecordMetadata] = await asyncio.gather(*waiting)
        for record in acknowledged:
            partition = TopicPartition(record.topic, record.partition)
            # An idempotent producer's repeated record is acknowledged with offset -1: it is in the log already.
            if 0 <= record.offset < ends.get(partition, 0):
                what = f"{partition} took offset {record.offset} once more"
                await self._lost(clients.connection, {partition.topic: what})
            ends[partition] = max(ends.get(partition, 0), record.offset + 1)
        counts = Counter(record.topic for record in acknowledged)
        for topic, count in counts.items():
            self._telemetry.published.labels(topic).inc(count)
        return counts

    async def _send(self, producer: AIOKafkaProducer, row: asyncpg.Record) -> asyncio.Future[RecordMetadata]:
        envelope = envelope_of(row)
        future: asyncio.Future[RecordMetadata] = await producer.send(
            TOPIC_OF_TYPE[envelope.type].name,
            value=row["body"].encode(),
            key=f"{envelope.authority}:{envelope.subject}".encode(),
            headers=kafka_headers(envelope),
        )
        return future

    async def _lost(self, connection: asyncpg.Connection, reasons: dict[str, str]) -> None:
        """Have these topics published again from the first event. Raises KafkaLogIsShorter."""
        await relay_state.remember_lost(connection, reasons)
        self._telemetry.published_again.inc()
        raise KafkaLogIsShorter("; ".join(reasons.values()))

    async def _hear_requests(self, clients: _Clients) -> None:
        """Remember what readers ask for."""
        heard = await clients.requests.getmany(timeout_ms=0)
        for record in (record for records in heard.values() for record in records):
            try:
                request = decode(RepublishRequest, record.value)
            except Refused as refusal:
                log.warning("request passed over", offset=record.offset, reason=str(refusal)[:300])
                continue
            if request.topic in {topic.name for topic in self._topics}:
                log.warning("publishing again what a reader misses", **request.model_dump())
                await relay_state.remember_request(clients.connection, request.topic, request.after, request.up_to)


async def _look_at_logs(
    consumer: AIOKafkaConsumer, remembered: Remembered, partitions: Mapping[str, int]
) -> dict[str, str]:
    """The topics that end before what was acknowledged, each with the reason: it was made again, or its broker lost
    it. `partitions` is how many each topic has now.

    Done before every batch, so that nothing new goes to a topic before what it lacks. It costs two requests.
    """
    ends = remembered.ends
    # A partition that is gone would be waited for until the request times out.
    gone = {
        partition.topic: f"{partition} is gone"
        for partition in ends
        if partition.partition >= partitions.get(partition.topic, 0)
    }
    ends_read = consumer.end_offsets([partition for partition in ends if partition.topic not in gone])
    present = await asyncio.wait_for(ends_read, END_SECONDS)
    shorter = {
        partition.topic: f"{partition} ends at {end}, {ends[partition]} were acknowledged"
        for partition, end in present.items()
        if end < ends[partition]
    }
    return gone | shorter


async def _read_next(
    connection: asyncpg.Connection, remembered: Remembered
) -> tuple[list[asyncpg.Record], list[asyncpg.Record]]:
    """The next events that are to be published again, and the next new ones: none while something was lost."""
    rows: list[asyncpg.Record] = []
    if remembered.again:
        again = remembered.again[0]
        rows = await connection.fetch(READ_TYPES_AFTER, again.position, again.up_to, types_on(again.topic), BATCH)
        if again.lost:
            return rows, []
    return rows, await connection.fetch(READ_AFTER, remembered.position, BATCH)


async def _close(stop: Callable[[], Awaitable[object]], what: str) -> None:
    await within(CLOSE_SECONDS, stop(), f"closing {what}")
