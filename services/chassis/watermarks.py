"""Reads the owners' watermarks, and judges by them whether everything has arrived.

Invariant: what is expected and what was found is in the database, so the next process that looks goes on from there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import astuple
from datetime import UTC, datetime

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from contracts.catalogue import Topic, request_topic, topics_read_by, types_on, watermark_topic
from contracts.refusal import Refused
from contracts.watermark import RepublishRequest, Watermark, decode, encode
from services.chassis import topics  # noqa: F401  (so that no topic is made by being asked for)
from services.chassis.cancelling import FAILURES, raise_if_cancelled, within
from services.chassis.completeness import FIELDS, Expected, Remedy
from services.chassis.database import Connection
from services.chassis.logs import get_log
from services.chassis.readings import next_offsets, read_again
from services.chassis.telemetry import Telemetry

log = get_log(__name__)

LOOK_SECONDS = 1.0
LOOKED_FOR_MILLISECONDS = 100
FETCH_MILLISECONDS = 2000
"""Kafka answers a fetch after the first of these times, even if there are no records. So a silent owner does not
delay the look for another owner's newest watermark, for which the second, much longer time is given."""

KAFKA_TIMEOUT_MS = 4000

READ_EXPECTED = f"SELECT {', '.join(FIELDS)} FROM expected WHERE topic = ANY ($1::text[]) ORDER BY topic"  # noqa: S608
LOCK_EXPECTED = f"{READ_EXPECTED} FOR UPDATE"
WRITE_EXPECTED = f"""
    INSERT INTO expected ({", ".join(FIELDS)})
    VALUES ({", ".join(f"${number}" for number in range(1, len(FIELDS) + 1))})
    ON CONFLICT (topic) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in FIELDS)}
"""  # noqa: S608

# By the index of positions: only what came after the verified position is counted, and each position once, even
# if another program wrote events of the same one to Kafka.
COUNT_ARRIVED = """
    SELECT count(DISTINCT sequence)
    FROM inbox
    WHERE owner = $1 AND sequence > $2 AND sequence <= $3 AND type = ANY ($4::text[])
"""
COUNT_SAID_TO_BE_DEAD_LETTERS = """
    SELECT count(*)
    FROM dead_letter_event
    WHERE topic = $1 AND sequence > $3 AND sequence <= $4
        AND NOT EXISTS (SELECT FROM inbox WHERE owner = $2 AND inbox.sequence = dead_letter_event.sequence)
"""
COUNT_DEAD_LETTERS = """
    SELECT dead_letter_event.topic, count(*) AS events
    FROM dead_letter_event
    JOIN expected ON expected.topic = dead_letter_event.topic
    WHERE expected.topic = ANY ($1::text[])
        AND NOT EXISTS (
            SELECT FROM inbox WHERE inbox.owner = expected.owner AND inbox.sequence = dead_letter_event.sequence
        )
    GROUP BY dead_letter_event.topic
    ORDER BY dead_letter_event.topic
"""
NOTE_DEAD_LETTER = "INSERT INTO dead_letter_event (topic, sequence) VALUES ($1, $2) ON CONFLICT DO NOTHING"

Settled = Callable[[Connection], Awaitable[bool]]
"""Whether all that follows from the inbox was derived."""


class Watermarks:
    """What one process knows of the completeness of what its service reads."""

    def __init__(
        self, service: str, kafka_servers: str, telemetry: Telemetry, settled: Settled | None, idempotent: bool
    ) -> None:
        self._service = service
        self._servers = kafka_servers
        self._telemetry = telemetry
        self._settled = settled
        self._idempotent = idempotent
        self._topics: tuple[Topic, ...] = topics_read_by(service)
        self._heard: dict[str, Watermark] = {}
        self.expected: tuple[Expected, ...] = ()
        self.dead_letters: dict[str, int] = {}
        self.listens_since: float | None = None
        self.kafka_answered_at: float | None = None
        self.kafka_answers_since: float | None = None

    @property
    def complete_until(self) -> datetime | None:
        """Every event that was accepted before this instant has arrived; None while that cannot be said of every
        topic.
        """
        if not self._topics or len(self.expected) < len(self._topics):
            return None
        until = [expected.complete_until for expected in self.expected]
        return None if None in until else min(instant for instant in until if instant is not None)

    @property
    def unheard(self) -> list[str]:
        """The owners that have never been heard."""
        heard = {expected.topic for expected in self.expected}
        return sorted({topic.owner for topic in self._topics if topic.name not in heard})

    async def recall(self, pool: asyncpg.Pool) -> None:
        """Recall what was found before this process began, so that it never says less than the one before it did."""
        names = [topic.name for topic in self._topics]
        self.expected = tuple(_expected(row) for row in await pool.fetch(READ_EXPECTED, names))

    async def hear(self) -> None:
        """Look for new watermarks for ever."""
        self.listens_since = time.monotonic()
        while True:
            reader = AIOKafkaConsumer(
                bootstrap_servers=self._servers,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                request_timeout_ms=KAFKA_TIMEOUT_MS,
                fetch_max_wait_ms=LOOKED_FOR_MILLISECONDS,
                metadata_max_age_ms=5000,
            )
            try:
                await asyncio.wait_for(reader.start(), KAFKA_TIMEOUT_MS / 1000)
                await self._hear_from(reader)
            except FAILURES as error:
                raise_if_cancelled(error)
                log.debug("watermarks cannot be heard", cause=type(error).__name__)
                self.kafka_answers_since = None
            finally:
                await within(KAFKA_TIMEOUT_MS / 1000, reader.stop(), "closing the reader of watermarks")
            await asyncio.sleep(LOOK_SECONDS)

    async def _hear_from(self, reader: AIOKafkaConsumer) -> None:
        owners = {topic.owner for topic in self._topics}
        partitions = [TopicPartition(watermark_topic(owner).name, 0) for owner in sorted(owners)]
        reader.assign(partitions)
        ends: dict[TopicPartition, int] = {}
        while True:
            # Only the newest record counts, and a log that was made again may end anywhere: so its end is asked for.
            # The consumer's own time-out does not end the wait for a broker that went away.
            before, ends = ends, await asyncio.wait_for(reader.end_offsets(partitions), KAFKA_TIMEOUT_MS / 1000)
            self._kafka_answered()
            for partition in partitions:
                if ends[partition] and ends[partition] != before.get(partition):
                    reader.seek(partition, ends[partition] - 1)
                    fetched = await reader.getmany(partition, timeout_ms=FETCH_MILLISECONDS)
                    if not fetched:
                        ends.pop(partition)
                    for record in fetched.get(partition, ()):
                        self._note(record.value)
            await asyncio.sleep(LOOK_SECONDS)

    def _kafka_answered(self) -> None:
        self.kafka_answered_at = time.monotonic()
        if self.kafka_answers_since is None:
            self.kafka_answers_since = self.kafka_answered_at

    def _note(self, value: bytes | None) -> None:
        try:
            watermark = decode(Watermark, value)
        except Refused as refusal:
            log.warning("watermark passed over", reason=str(refusal)[:300])
            return
        self._heard[watermark.owner] = watermark

    async def judge(self, pool: asyncpg.Pool) -> None:
        """Look once whether everything has arrived, and act if it has not."""
        names = [topic.name for topic in self._topics]
        async with pool.acquire() as connection, connection.transaction():
            now = datetime.now(UTC)
            known = {row["topic"]: _expected(row) for row in await connection.fetch(LOCK_EXPECTED, names)}
            judged = [await self._judge_topic(connection, topic, known.get(topic.name), now) for topic in self._topics]
            if self._settled is None or await self._settled(connection):
                judged = [expected and expected.derived() for expected in judged]
            requests = []
            for expected in judged:
                before = known.get(expected.topic) if expected is not None else None
                if expected is not None and expected != before:
                    await connection.execute(WRITE_EXPECTED, *astuple(expected))
                    requests += await self._remedy(connection, before, expected)
            dead_letters = await connection.fetch(COUNT_DEAD_LETTERS, names)
        self.dead_letters = {row["topic"]: row["events"] for row in dead_letters}
        self.expected = tuple(expected for expected in judged if expected is not None)
        self._tell()
        if requests:
            await self._ask(requests)

    async def _judge_topic(
        self, connection: Connection, topic: Topic, known: Expected | None, now: datetime
    ) -> Expected | None:
        watermark = self._heard.get(topic.owner)
        if watermark is not None and topic.name in watermark.topics:
            known = Expected.first(topic.name, watermark, now) if known is None else known.hear(watermark, now)
        if known is None or known.complete:
            return known
        if not known.has_read_it_all(await next_offsets(connection, topic.name)):
            return known
        after, up_to = known.verified_position, known.position
        arrived = await connection.fetchval(COUNT_ARRIVED, known.owner, after, up_to, types_on(known.topic))
        letters = await connection.fetchval(COUNT_SAID_TO_BE_DEAD_LETTERS, known.topic, known.owner, after, up_to)
        return known.count(arrived, letters, now)

    async def _remedy(
        self, connection: Connection, before: Expected | None, expected: Expected
    ) -> list[RepublishRequest]:
        """Have a topic read again. If that did not help, return the request to its owner."""
        if expected.remedy is None or (before is not None and before.remedy_at == expected.remedy_at):
            return []
        log.warning(
            "events are missing",
            topic=expected.topic,
            missing=expected.missing,
            accepted_before=expected.until.isoformat(),
            remedy=expected.remedy.value,
        )
        if expected.remedy is Remedy.READ_AGAIN:
            await read_again(connection, expected.topic)
            return []
        return [
            RepublishRequest(
                reader=self._service,
                topic=expected.topic,
                after=expected.verified_position,
                up_to=expected.position,
            )
        ]

    async def _ask(self, requests: Sequence[RepublishRequest]) -> None:
        """Send requests to the owners. A request that does not get through is sent again later, as long as events
        are missing.
        """
        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers,
            acks="all",
            enable_idempotence=self._idempotent,
            request_timeout_ms=KAFKA_TIMEOUT_MS,
        )
        try:
            await asyncio.wait_for(producer.start(), KAFKA_TIMEOUT_MS / 1000)
            owners = {topic.name: topic.owner for topic in self._topics}
            for request in requests:
                await producer.send_and_wait(request_topic(owners[request.topic]).name, encode(request), partition=0)
        except (KafkaError, TimeoutError) as error:
            log.warning("owner not asked", cause=type(error).__name__)
        finally:
            await within(KAFKA_TIMEOUT_MS / 1000, producer.stop(), "closing the producer of requests")

    def _tell(self) -> None:
        for owner in {topic.owner for topic in self._topics}:
            missing = sum(expected.missing for expected in self.expected if expected.owner == owner)
            self._telemetry.missing.labels(owner).set(missing)
        if self.complete_until is not None:
            self._telemetry.complete_until.set(self.complete_until.timestamp())


async def note_dead_letter(pool: asyncpg.Pool, topic: str, sequence: int) -> None:
    """Note that the event with this position is a dead letter, so it is accounted for."""
    await pool.execute(NOTE_DEAD_LETTER, topic, sequence, timeout=5)


def _expected(row: asyncpg.Record) -> Expected:
    values = dict(row)
    remedy = values["remedy"]
    return Expected(
        **values | {"log_ends": tuple(values["log_ends"]), "remedy": None if remedy is None else Remedy(remedy)}
    )
