"""The relay: publishes the journal to Kafka in order, again where Kafka's log lost it, and says how far it has come.

Invariant: progress moves past an event only after Kafka acknowledged it; one relay of a service leads at a time; what a
topic lost is published before anything new.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import RecordMetadata

from contracts.catalogue import TOPIC_OF_TYPE, request_topic, topics_owned_by, types_on, watermark_topic
from contracts.envelope import kafka_headers
from contracts.refusal import Refused
from contracts.watermark import RepublishRequest, decode, encode
from services.chassis import relay_state
from services.chassis.cancelling import FAILURES, raise_if_cancelled
from services.chassis.database import why_not_now
from services.chassis.journal import CHANNEL, READ_AFTER, READ_TYPES_AFTER
from services.chassis.logs import get_log
from services.chassis.partitions import by_authority, by_whole_key
from services.chassis.relay_state import Again
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

MARK_SECONDS = 5.0
"""How often a watermark is written when nothing happens."""

MARK_NEWS_SECONDS = 0.2
"""How often at the most, while events are published."""

BACKOFF_SECONDS = 1.0

LONGEST_START_SECONDS = 20.0
LONGEST_ROUND_SECONDS = 60.0
"""For connecting, and for everything between two looks at the journal. What takes longer will not come: clients that
met a broker which went away can wait for ever, whatever their own time-outs are."""

CLOSE_SECONDS = 5.0
END_SECONDS = 5.0
"""How long Kafka may take to say where logs end."""

TRY_LOCK = "SELECT pg_try_advisory_lock($1)"


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
        self._topics = topics_owned_by(service)
        self._settings = settings
        self._telemetry = telemetry
        self._keeper = TopicKeeper(settings.kafka_replication_factor, settings.kafka_create_topics)
        self._woken = asyncio.Event()
        self._marked_at = 0.0
        self._news_to_mark = True

    async def run(self) -> None:
        """Lead when possible, begin anew after any failure, until cancelled."""
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
                level("relay begins anew", cause=type(error).__name__, detail=str(error)[:300])
            await asyncio.sleep(BACKOFF_SECONDS)

    async def _lead(self) -> None:
        async with AsyncExitStack() as stack:
            connection = await asyncpg.connect(self._settings.database_url, timeout=10, command_timeout=60)
            stack.push_async_callback(_stop_quietly, lambda: connection.close(timeout=2))
            if not await connection.fetchval(TRY_LOCK, LEADER_LOCK):
                return
            await connection.add_listener(CHANNEL, lambda *_: self._woken.set())
            await relay_state.count_published(connection, self._topics)
            async with asyncio.timeout(LONGEST_START_SECONDS):
                clients = await self._connect_to_kafka(stack, connection)
            await self._publish_for_ever(clients)

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
        reader = AIOKafkaConsumer(
            bootstrap_servers=servers,
            request_timeout_ms=10_000,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=5000,
        )
        for stop in (admin.close, reader.stop, producer.stop):
            stack.push_async_callback(_stop_quietly, stop)
        await admin.start()
        await reader.start()
        await self._keeper.keep(admin, retention_too=True)
        await producer.start()
        requests = TopicPartition(request_topic(self._service).name, 0)
        reader.assign([requests])
        # Older ones are asked again by whoever still misses something.
        await reader.seek_to_end(requests)
        return _Clients(connection, producer, admin, reader)

    async def _publish_for_ever(self, clients: _Clients) -> None:
        while True:
            self._woken.clear()
            async with asyncio.timeout(LONGEST_ROUND_SECONDS):
                await self._compare_log_with_journal(clients)
                await self._hear_requests(clients)
                count = await self._publish(clients)
                await self._mark(clients)
            if count < BATCH:
                try:
                    await asyncio.wait_for(self._woken.wait(), LOOK_AGAIN_SECONDS)
                except TimeoutError:
                    continue

    async def _publish(self, clients: _Clients) -> int:
        """Publish some events; gives how many at the most of one kind: again what was lost, or else what was asked for
        beside what is new.
        """
        waiting = await relay_state.published_again(clients.connection)
        count = await self._publish_again(clients, waiting[0]) if waiting else 0
        if waiting and waiting[0].lost:
            return BATCH
        return max(count, await self._publish_new(clients))

    async def _publish_new(self, clients: _Clients) -> int:
        """Publish the next events of the journal; gives how many.

        1. read the events after the progress; 2. have them acknowledged; 3. save progress and offsets in one
        transaction.
        """
        progress = await clients.connection.fetchval(relay_state.READ_PROGRESS)
        rows = await clients.connection.fetch(READ_AFTER, progress, BATCH)
        if rows:
            ends, counts = await self._send_all(clients, rows)
            await relay_state.save_new(clients.connection, rows[-1]["sequence"], ends, counts)
        return len(rows)

    async def _publish_again(self, clients: _Clients, again: Again) -> int:
        """Publish the next events that are to be published again; gives how many."""
        types = types_on(again.topic)
        rows = await clients.connection.fetch(READ_TYPES_AFTER, again.position, again.up_to, types, BATCH)
        ends, _ = await self._send_all(clients, rows)
        reached = again.up_to if len(rows) < BATCH else rows[-1]["sequence"]
        await relay_state.save_again(clients.connection, again, reached, ends)
        return len(rows)

    async def _send_all(
        self, clients: _Clients, rows: Sequence[asyncpg.Record]
    ) -> tuple[dict[TopicPartition, int], Counter[str]]:
        """Hand events to the producer in order and wait until Kafka has them; gives where the logs end now, and how
        many went to each topic. Raises KafkaLogIsShorter when Kafka gives an offset a second time.
        """
        waiting = [await self._send(clients.producer, row) for row in rows]
        acknowledged: list[RecordMetadata] = await asyncio.gather(*waiting)
        ends = await relay_state.log_ends(clients.connection)
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
        self._news_to_mark = self._news_to_mark or bool(rows)
        return ends, counts

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
        """Raises KafkaLogIsShorter when a topic ends before what it acknowledged: recreated, or its broker lost it.

        Done before every batch, so that nothing new goes to a topic before what it lacks. It costs two requests.
        """
        how_many = await self._keeper.keep(clients.admin)
        ends = await relay_state.log_ends(clients.connection)
        # A partition that is gone would be waited for until the request times out.
        gone = {
            partition.topic: f"{partition} is gone"
            for partition in ends
            if partition.partition >= how_many.get(partition.topic, 0)
        }
        asked = clients.reader.end_offsets([partition for partition in ends if partition.topic not in gone])
        present = await asyncio.wait_for(asked, END_SECONDS)
        shorter = {
            partition.topic: f"{partition} ends at {end}, {ends[partition]} were acknowledged"
            for partition, end in present.items()
            if end < ends[partition]
        }
        if gone or shorter:
            await self._lost(clients.connection, gone | shorter)

    async def _lost(self, connection: asyncpg.Connection, reasons: dict[str, str]) -> None:
        """Have these topics published again from the first event. Raises KafkaLogIsShorter."""
        await relay_state.remember_lost(connection, reasons)
        self._telemetry.published_again.inc()
        raise KafkaLogIsShorter("; ".join(reasons.values()))

    async def _hear_requests(self, clients: _Clients) -> None:
        """Remember what readers ask for."""
        heard = await clients.reader.getmany(timeout_ms=0)
        for record in (record for records in heard.values() for record in records):
            try:
                request = decode(RepublishRequest, record.value)
            except Refused as refusal:
                log.warning("request passed over", offset=record.offset, reason=str(refusal)[:300])
                continue
            if request.topic in {topic.name for topic in self._topics}:
                log.warning("publishing again what a reader misses", **request.model_dump())
                await relay_state.remember_asked(clients.connection, request.topic, request.after, request.up_to)

    async def _mark(self, clients: _Clients) -> None:
        """Write a watermark: soon after news, and now and then without."""
        now = asyncio.get_running_loop().time()
        if now < self._marked_at + (MARK_NEWS_SECONDS if self._news_to_mark else MARK_SECONDS):
            return
        watermark = await relay_state.watermark(clients.connection, self._service, self._topics)
        topic = watermark_topic(self._service).name
        await clients.producer.send_and_wait(topic, encode(watermark), self._service.encode(), partition=0)
        self._marked_at, self._news_to_mark = now, False


async def _stop_quietly(stop: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Close a client whose server may be gone: waiting for it would keep the relay from beginning anew."""
    stopping = asyncio.ensure_future(stop())
    # Not wait_for: that would wait on, where a client does not mind being cancelled.
    await asyncio.wait([stopping], timeout=CLOSE_SECONDS)
    if not stopping.done():
        stopping.cancel()
    elif not stopping.cancelled() and stopping.exception() is not None:
        log.debug("client did not close", detail=str(stopping.exception())[:300])
