"""Delivery: from the records of one Kafka batch to committed work; record by record if one of them fails.

Invariant: when `deliver` returns, every record of the batch is committed in the database, or acknowledged on the
dead-letter topic, or on a partition that is halted before it. In every other case `deliver` raises, and the batch
comes again.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from faststream.kafka.message import KafkaMessage

from contracts.catalogue import EVENT_TOPICS
from contracts.envelope import Event, format_instant
from services.chassis.database import why_not_now
from services.chassis.dead_letter_form import RejectedRecord
from services.chassis.dead_letter_limit import DeadLetterLimit
from services.chassis.dead_letters import DeadLetters
from services.chassis.decoding import decode_records, in_words, owner_of, sequence_of
from services.chassis.logs import get_log
from services.chassis.partitions import by_partition
from services.chassis.settings import DeliverySettings
from services.chassis.telemetry import Telemetry

log = get_log(__name__)

TakeIn = Callable[[list[Event], bool], Awaitable[None]]
"""A service's handler: takes in events in one transaction. The flag says whether many more records wait."""

OnDeadLetter = Callable[[str, int], Awaitable[None]]
OnRejected = Callable[[RejectedRecord], Awaitable[None]]
"""Called with the topic and the sequence of a rejected event, once Kafka has its dead letter."""

TAKEN_IN_TOGETHER = 1000
"""Records whose events one transaction takes in. The next ones are decoded while PostgreSQL writes these."""

EVENT_TOPIC_NAMES = frozenset(topic.name for topic in EVENT_TOPICS)


class Stopping(Exception):
    """Raised inside a wait if the service stops. The batch is not committed and comes again."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a partition is halted, from which offset on, and since when (RFC 3339, UTC)."""

    reason: str
    offset: int
    cause: str
    since: str


class Delivery:
    """The failure policy of one service's consumer. `progress_at` and `busy_since` are monotonic seconds."""

    def __init__(
        self,
        settings: DeliverySettings,
        dead_letters: DeadLetters,
        telemetry: Telemetry,
        on_dead_letter: OnDeadLetter | None = None,
        on_rejected: OnRejected | None = None,
    ) -> None:
        self._settings = settings
        self._dead_letters = dead_letters
        self._telemetry = telemetry
        self._on_dead_letter = on_dead_letter
        self._on_rejected = on_rejected
        self._limits: defaultdict[TopicPartition, DeadLetterLimit] = defaultdict(
            lambda: DeadLetterLimit(settings.dead_letters_in_a_row, settings.dead_letters_share)
        )
        self._halts: dict[TopicPartition, Halt] = {}
        self._stopping = asyncio.Event()
        self.waiting_for: str | None = None
        self.progress_at = time.monotonic()
        self.busy_since: float | None = None

    @property
    def halted(self) -> str | None:
        """Which partitions are halted, why and since when; None if no partition is."""
        # Where, not what: the reason of a refusal may repeat a value, and callers who ask for readiness see this.
        halts = (
            f"{halt.reason}: {partition.topic}, partition {partition.partition}, is halted since {halt.since} before "
            f"offset {halt.offset} (cause {halt.cause})"
            for partition, halt in self._halts.items()
        )
        return "; ".join(halts) or None

    @property
    def halted_partitions(self) -> Collection[TopicPartition]:
        """The partitions of which nothing is taken in until the service is started again."""
        return self._halts.keys()

    def stop(self) -> None:
        """End every wait, so that the service can stop."""
        self._stopping.set()

    async def deliver(self, message: KafkaMessage, take_in: TakeIn) -> None:
        """Take in one batch as it came from Kafka."""
        records: Sequence[ConsumerRecord] = message.raw_message
        self.busy_since = time.monotonic()
        try:
            await self._deliver(records, take_in, message.consumer)
        finally:
            self.busy_since = None
        self.progress_at = time.monotonic()

    async def _deliver(self, records: Sequence[ConsumerRecord], take_in: TakeIn, consumer: Any) -> None:
        """Leave out records of halted partitions, decode each record and take in the events. Then halt partitions
        with too many bad records, and make dead letters of the bad records of the others.
        """
        at_hand = self._not_halted(records)
        bad = await self._decode_and_take_in(at_hand, take_in, self.far_behind(consumer, len(at_hand)))
        self._judge(at_hand, bad)
        self._hold_back(records, consumer)
        for item in bad:
            if partition_of(item.record) not in self._halts:
                await self._reject(item)
        for partition, done in by_partition(self._not_halted(at_hand)):
            self._telemetry.consumed.labels(partition.topic).inc(len(done))

    def _not_halted(self, records: Sequence[ConsumerRecord]) -> Sequence[ConsumerRecord]:
        """Those of partitions that are not halted. Hardly ever is one: then no record is looked at."""
        if not self._halts:
            return records
        return [record for record in records if partition_of(record) not in self._halts]

    async def _decode_and_take_in(
        self, records: Sequence[ConsumerRecord], take_in: TakeIn, far_behind: bool
    ) -> list[RejectedRecord]:
        """Decode records and take in their events. While some are written, the next ones are decoded."""
        bad: list[RejectedRecord] = []
        writing: asyncio.Task[list[RejectedRecord]] | None = None
        try:
            for first in range(0, len(records), TAKEN_IN_TOGETHER):
                good, rejected = await decode_records(records[first : first + TAKEN_IN_TOGETHER])
                bad += rejected
                if writing is not None:
                    bad += await writing
                writing = asyncio.create_task(self._take_in(good, take_in, far_behind))
            return bad + await writing if writing is not None else bad
        finally:
            if writing is not None and not writing.done():
                writing.cancel()

    async def _take_in(
        self, good: list[tuple[ConsumerRecord, Event]], take_in: TakeIn, far_behind: bool
    ) -> list[RejectedRecord]:
        """Take in these events. If that fails for good, halve them until each failing one is alone."""
        if not good:
            return []
        error = await self._try([event for _, event in good], take_in, far_behind)
        if error is None:
            return []
        if len(good) == 1:
            return [RejectedRecord(good[0][0], "handler", in_words(error), self._settings.attempts)]
        middle = len(good) // 2
        return await self._take_in(good[:middle], take_in, far_behind) + await self._take_in(
            good[middle:], take_in, far_behind
        )

    async def _try(self, events: list[Event], take_in: TakeIn, far_behind: bool) -> Exception | None:
        """Take in these events. Returns the error if that failed for good."""
        error = await self._patiently(partial(take_in, events, far_behind), why_not_now)
        if error is not None:
            log.error("events could not be taken in", events=len(events), exc_info=error)
        return error

    async def _patiently(
        self, step: Callable[[], Awaitable[None]], why_wait: Callable[[Exception], str | None]
    ) -> Exception | None:
        """Try with back-off. While there is a reason to wait, try without limit: the step is not at fault.

        Returns the last error if it failed by its own fault as often as the settings allow.
        """
        attempt = failures = 0
        while True:
            try:
                await step()
                self.waiting_for = None
                return None
            except Exception as error:
                cause = error
            before, self.waiting_for = self.waiting_for, why_wait(cause)
            if self.waiting_for is None:
                failures += 1
                if failures >= self._settings.attempts:
                    return cause
            elif self.waiting_for != before:
                log.warning("consumer waits", reason=self.waiting_for, cause=type(cause).__name__)
            self._telemetry.retries.labels(type(cause).__name__).inc()
            await self._wait(attempt)
            attempt += 1

    async def _wait(self, attempt: int) -> None:
        seconds = min(self._settings.backoff_seconds * 2 ** min(attempt, 20), self._settings.longest_backoff_seconds)
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise Stopping

    def _judge(self, records: Sequence[ConsumerRecord], bad: list[RejectedRecord]) -> None:
        """Note whether each record was rejected, and halt the partitions that reach their limit."""
        causes = {(partition_of(item.record), item.record.offset): item.cause for item in bad}
        with_bad = {partition for partition, _ in causes}
        for partition, of_partition in by_partition(records):
            limit = self._limits[partition]
            if partition not in with_bad and limit.is_clear:
                limit.note_good(len(of_partition))
            else:
                self._judge_each(partition, of_partition, causes)

    def _judge_each(
        self,
        partition: TopicPartition,
        records: Sequence[ConsumerRecord],
        causes: Mapping[tuple[TopicPartition, int], str],
    ) -> None:
        limit = self._limits[partition]
        for record in records:
            owner = owner_of(record)
            cause = causes.get((partition, record.offset))
            reason = limit.note(owner, cause is not None)
            if cause is not None and limit.one_authority_only(owner):
                self._telemetry.dead_letter_runs.labels(record.topic).inc()
                log.error(
                    "many records of one authority are rejected",
                    authority=owner,
                    topic=record.topic,
                    partition=record.partition,
                    right="mend what its feed or its records have in common, then send them again",
                )
            if cause is not None and reason is not None and partition not in self._halts:
                first = min(offset for rejected, offset in causes if rejected == partition)
                self._halt(
                    partition, Halt(reason, first, cause, format_instant(datetime.now(UTC).replace(microsecond=0)))
                )

    def _halt(self, partition: TopicPartition, halt: Halt) -> None:
        self._halts[partition] = halt
        self._telemetry.halted.set(1)
        self._telemetry.halted_partitions.labels(partition.topic).inc()
        log.critical(
            "partition halted",
            topic=partition.topic,
            partition=partition.partition,
            reason=halt.reason,
            first=halt.offset,
            cause=halt.cause,
            right="mend the cause or raise WORKFORCE_DELIVERY__DEAD_LETTERS_IN_A_ROW, then start the service again",
        )

    def _hold_back(self, records: Sequence[ConsumerRecord], consumer: Any) -> None:
        """Leave the records of halted partitions uncommitted, and fetch no more of them. The other partitions go on.

        A commit covers the position of every partition, so a halted one goes back to where this batch began.
        """
        first: dict[TopicPartition, int] = {}
        for record in records if self._halts else ():
            if (partition := partition_of(record)) in self._halts:
                first[partition] = min(record.offset, first.get(partition, record.offset))
        # A partition that went to another process meanwhile is that one's to judge.
        for partition in first.keys() & consumer.assignment():
            consumer.pause(partition)
            consumer.seek(partition, first[partition])

    async def _reject(self, item: RejectedRecord) -> None:
        """Make a dead letter of one record, however long Kafka takes, and report it."""
        record = item.record
        await self._patiently(partial(self._dead_letters.put, item), _why_no_dead_letter)
        self._telemetry.dead_letters.labels(record.topic, item.cause).inc()
        if self._on_rejected is not None:
            await self._note(record, partial(self._on_rejected, item))
        sequence = sequence_of(record)
        if self._on_dead_letter is not None and sequence is not None and record.topic in EVENT_TOPIC_NAMES:
            await self._note(record, partial(self._on_dead_letter, record.topic, sequence))

    async def _note(self, record: ConsumerRecord, note: Callable[[], Awaitable[None]]) -> None:
        """Note in the database that a record became a dead letter."""
        error = await self._patiently(note, why_not_now)
        if error is not None:
            log.error("that a record became a dead letter could not be noted", topic=record.topic, exc_info=error)

    def far_behind(self, consumer: Any, at_hand: int = 0) -> bool:
        """Whether so many records wait (with those at hand) that derivation should be done once for all of them."""
        waiting = sum(lag_by_topic(consumer, without=self._halts).values())
        return at_hand + waiting > self._settings.catching_up_records


def lag_by_topic(consumer: Any, without: Collection[TopicPartition] = ()) -> dict[str, int]:
    """Records that wait behind the consumer, by topic, over its assigned partitions except `without`."""
    lag: dict[str, int] = {}
    for partition in consumer.assignment():
        end = consumer.highwater(partition)
        state = consumer._subscription.subscription.assignment.state_value(partition)
        if partition not in without and end is not None and state is not None and state.has_valid_position:
            lag[partition.topic] = lag.get(partition.topic, 0) + max(0, end - state.position)
    return lag


def partition_of(record: ConsumerRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def _why_no_dead_letter(error: Exception) -> str:
    # Without a dead letter the record would be lost, so there is nothing to do but wait.
    return f"Kafka does not take a dead letter ({type(error).__name__})"
