"""How far this service has read each partition, kept in its own database.

Invariant: what the table says was read is in the inbox, or is a dead letter. Kafka's committed offsets can be moved
or lost, so they decide nothing: no partition is fetched before the table has said where to begin.

To have a partition read again, a new `reading` is put into the table. The process that owns the partition, now or
later, finds it there and goes back to the beginning.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition

from services.chassis.database import Connection
from services.chassis.logs import get_log
from services.chassis.partitions import by_partition

log = get_log(__name__)

# To the row as it stands, where there is one: DO NOTHING would not return it.
BEGIN = """
    INSERT INTO reading (topic, partition)
    SELECT * FROM unnest($1::text[], $2::integer[])
    ON CONFLICT (topic, partition) DO UPDATE SET next_offset = reading.next_offset
    RETURNING topic, partition, next_offset, reading
"""
SAVE = """
    UPDATE reading
    SET next_offset = read.next_offset
    FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::uuid[]) AS read (topic, partition, next_offset, reading)
    WHERE reading.topic = read.topic AND reading.partition = read.partition AND reading.reading = read.reading
"""
CURRENT = """
    SELECT reading.topic, reading.partition, reading, next_offset
    FROM unnest($1::text[], $2::integer[]) AS wanted (topic, partition)
    JOIN reading ON reading.topic = wanted.topic AND reading.partition = wanted.partition
"""
NEXT_OFFSETS = "SELECT partition, next_offset FROM reading WHERE topic = $1"
READ_AGAIN = "UPDATE reading SET next_offset = 0, reading = gen_random_uuid() WHERE topic = $1"

Begun = dict[TopicPartition, UUID]
"""The reading in which the records of a batch were fetched, by partition."""


class Readings(ConsumerRebalanceListener):  # type: ignore[misc]
    """How far the consumers of one process are. `pool` returns None until the database is there."""

    def __init__(self, pool: Callable[[], asyncpg.Pool | None], consumers: Callable[[], list[Any]]) -> None:
        self._pool = pool
        self._consumers = consumers
        self._known: Begun = {}
        self._unsaved: dict[TopicPartition, int] = {}
        self._written: dict[TopicPartition, int] = {}
        self._stood_at: dict[TopicPartition, int] = {}
        self._one_at_a_time = asyncio.Lock()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Save how far these were read, and forget them."""
        await self._if_possible(self.save)
        for partition in revoked:
            self._known.pop(partition, None)
            self._unsaved.pop(partition, None)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Go on where the table says, and fetch nothing before that is known: it would be taken in twice."""
        for partition in assigned:
            self._known.pop(partition, None)
        for consumer in self._consumers():
            consumer.pause(*assigned & consumer.assignment())
        await self._if_possible(self.align)

    async def _if_possible(self, step: Callable[[], Any]) -> None:
        # `keep` does it again in a moment; an error here would leave the consumer without its partitions.
        try:
            await asyncio.wait_for(step(), 5)
        except Exception as error:
            log.warning("readings are looked at later", cause=type(error).__name__)

    def begun(self, records: Sequence[ConsumerRecord]) -> Begun:
        """Ask this as soon as a batch has come: the reading of each of its partitions.

        Nothing is awaited between the fetch of a batch and this call, so no other reading can have begun.
        """
        return {partition: self._known[partition] for partition, _ in by_partition(records) if partition in self._known}

    def finished(
        self, records: Sequence[ConsumerRecord], begun: Begun, halted: Collection[TopicPartition] = ()
    ) -> None:
        """A batch was taken in, except for halted partitions.

        Records that were fetched in an earlier reading do not count.
        """
        for partition, of_partition in by_partition(records):
            if partition not in halted and partition in begun and begun[partition] == self._known.get(partition):
                self._unsaved[partition] = of_partition[-1].offset + 1

    async def keep(self, busy: bool) -> None:
        """Call this regularly: it saves how far was read, and begins again if another reading was asked for.

        `busy` while a batch is at hand.
        """
        self._look_at_positions(busy)
        await self.save()
        await self.align()

    def _look_at_positions(self, busy: bool) -> None:
        """Look at the consumers' positions: they skip offsets without a record, which no batch shows."""
        stood_at, self._stood_at = self._stood_at, {}
        for consumer in () if busy else self._consumers():
            for partition in consumer.assignment() & self._known.keys():
                state = consumer._subscription.subscription.assignment.state_value(partition)
                if state is None or not state.has_valid_position:
                    continue
                self._stood_at[partition] = state.position
                # Twice, so that a batch which failed has been gone back to.
                if stood_at.get(partition) == state.position != self._written.get(partition):
                    self._unsaved[partition] = state.position

    async def save(self) -> None:
        """Write down how far was read."""
        pool = self._pool()
        if pool is None:
            return
        # Two at once could reach the database in either order: the older note would be the one that stays.
        async with self._one_at_a_time:
            unsaved = {partition: end for partition, end in self._unsaved.items() if partition in self._known}
            if not unsaved:
                return
            rows = [
                (partition.topic, partition.partition, end, self._known[partition])
                for partition, end in unsaved.items()
            ]
            await pool.execute(SAVE, *map(list, zip(*rows, strict=True)), timeout=5)
            for partition, end in unsaved.items():
                self._written[partition] = end
                if self._unsaved.get(partition) == end:
                    del self._unsaved[partition]

    async def align(self) -> None:
        """If the table names another reading than is known here, go where it says. If it names this one, remember how
        far it says that was read: a process that was held up may have written what it knew before.
        """
        pool = self._pool()
        if pool is None:
            return
        async with self._one_at_a_time:
            for consumer in self._consumers():
                assigned = list(consumer.assignment())
                current = await pool.fetch(CURRENT, *_columns(assigned), timeout=5)
                noted = {TopicPartition(row["topic"], row["partition"]): row["reading"] for row in current}
                self._written |= {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in current}
                others = [
                    partition
                    for partition in assigned
                    if partition not in noted or noted[partition] != self._known.get(partition)
                ]
                if others:
                    rows = await pool.fetch(BEGIN, *_columns(others), timeout=5)
                    self._go_to(consumer, rows)

    def _go_to(self, consumer: Any, rows: Sequence[asyncpg.Record]) -> None:
        for topic, number, next_offset, reading in rows:
            partition = TopicPartition(topic, number)
            if partition in consumer.assignment():
                # An offset that is not there any more makes the consumer begin at the beginning.
                consumer.seek(partition, next_offset)
                if partition not in self._known:
                    consumer.resume(partition)
                self._known[partition], self._written[partition] = reading, next_offset
                self._unsaved.pop(partition, None)
                self._stood_at.pop(partition, None)


async def next_offsets(connection: Connection, topic: str) -> dict[int, int]:
    """By partition the offset after the last record of a topic that was read, by any process."""
    return {row["partition"]: row["next_offset"] for row in await connection.fetch(NEXT_OFFSETS, topic)}


async def read_again(connection: Connection, topic: str) -> None:
    """Have all partitions of a topic read again from their beginning, by the processes that own them."""
    await connection.execute(READ_AGAIN, topic)


def _columns(partitions: Sequence[TopicPartition]) -> tuple[list[str], list[int]]:
    return [partition.topic for partition in partitions], [partition.partition for partition in partitions]
