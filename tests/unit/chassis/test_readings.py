"""How far a process has read: written down in the order in which it read, and never for another reading than it was.

Invariant: the table is a real one; Kafka's consumer stands in, and notes where it is sent.
"""

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import TopicPartition

from services.chassis.readings import Readings, next_offsets, read_again

PLACE = TopicPartition("workforce.posts", 0)


class SlowPool:
    """A database that is done with what it was told last before it is done with what it was told first."""

    def __init__(self) -> None:
        self.next_offset = 0
        self.first_may_end = asyncio.Event()
        self.told = 0

    async def execute(self, _: str, *columns: list[Any], **__: float) -> None:
        self.told += 1
        if self.told == 1:
            await self.first_may_end.wait()
        self.next_offset = columns[2][0]


def read_up_to(readings: Readings, offset: int) -> None:
    records = [cast(Any, SimpleNamespace(topic=PLACE.topic, partition=PLACE.partition, offset=offset - 1))]
    readings.finished(records, readings.begun(records))


async def test_an_older_note_of_how_far_was_read_never_follows_a_newer_one() -> None:
    pool = SlowPool()
    readings = Readings(lambda: cast(Any, pool), list)
    readings._known[PLACE] = uuid4()
    read_up_to(readings, 100)
    first = asyncio.create_task(readings.save())
    await asyncio.sleep(0)
    read_up_to(readings, 160)
    second = asyncio.create_task(readings.save())
    await asyncio.sleep(0)
    pool.first_may_end.set()
    await asyncio.gather(first, second)
    assert pool.next_offset == 160


# --- against the table ------------------------------------------------------------------------------------------------

OTHER = TopicPartition("workforce.posts", 1)
ELSEWHERE = TopicPartition("workforce.hiring", 0)


class Consumer:
    """Has these partitions, each at a position, and goes where it is sent."""

    def __init__(self, *partitions: TopicPartition) -> None:
        self.positions: dict[TopicPartition, int | None] = dict.fromkeys(partitions, 0)
        self.sought: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()

    def pause(self, *partitions: TopicPartition) -> None:
        self.paused |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self.paused -= set(partitions)

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought[partition] = self.positions[partition] = offset

    @property
    def _subscription(self) -> Any:
        def state(partition: TopicPartition) -> Any:
            if self.positions[partition] == -1:
                return None
            position = self.positions[partition]
            return SimpleNamespace(has_valid_position=position is not None, position=position)

        return SimpleNamespace(subscription=SimpleNamespace(assignment=SimpleNamespace(state_value=state)))


class Reading:
    """A process with one consumer of these partitions, on the database of the test."""

    def __init__(self, pool: asyncpg.Pool, *partitions: TopicPartition) -> None:
        self.pool = pool
        self.consumer = Consumer(*partitions)
        self.readings = Readings(lambda: self.pool, lambda: [self.consumer])

    def read(self, partition: TopicPartition, up_to: int, halted: tuple[TopicPartition, ...] = ()) -> None:
        """Take in a batch of one record, and halt these partitions."""
        records = batch(partition, up_to)
        self.readings.finished(records, self.readings.begun(records), halted)

    async def table(self) -> dict[tuple[str, int], int]:
        rows = await self.pool.fetch("SELECT topic, partition, next_offset FROM reading")
        return {(row[0], row[1]): row[2] for row in rows}

    async def id_of(self, partition: TopicPartition) -> UUID:
        query = "SELECT reading FROM reading WHERE topic = $1 AND partition = $2"
        value: UUID = await self.pool.fetchval(query, partition.topic, partition.partition)
        return value


def batch(partition: TopicPartition, up_to: int) -> list[Any]:
    return [SimpleNamespace(topic=partition.topic, partition=partition.partition, offset=up_to - 1)]


async def test_a_new_partition_begins_at_the_beginning_and_a_known_one_where_the_table_says(pool: asyncpg.Pool) -> None:
    process = Reading(pool, PLACE, OTHER)
    await process.readings.on_partitions_assigned({PLACE, OTHER})
    assert process.consumer.sought == {PLACE: 0, OTHER: 0}
    process.read(PLACE, 7)
    await process.readings.save()
    after = Reading(pool, PLACE, ELSEWHERE)
    await after.readings.on_partitions_assigned({PLACE, ELSEWHERE})
    assert after.consumer.sought == {PLACE: 7, ELSEWHERE: 0}
    assert await process.table() == {PLACE: 7, OTHER: 0, ELSEWHERE: 0}


async def test_who_is_where_the_table_says_is_sent_nowhere(pool: asyncpg.Pool) -> None:
    process = Reading(pool, PLACE)
    await process.readings.align()
    process.read(PLACE, 7)
    process.consumer.sought.clear()
    await process.readings.keep(busy=False)
    assert process.consumer.sought == {}
    assert await process.table() == {PLACE: 7}


async def test_another_reading_begins_at_the_beginning_and_what_was_fetched_before_counts_for_nothing(
    pool: asyncpg.Pool,
) -> None:
    process = Reading(pool, PLACE, ELSEWHERE)
    await process.readings.align()
    process.read(PLACE, 7)
    process.read(ELSEWHERE, 3)
    await process.readings.save()
    fetched = batch(PLACE, 9)
    begun = process.readings.begun(fetched)
    async with pool.acquire() as connection:
        await read_again(cast(Any, connection), PLACE.topic)
    # Before it is noticed, and after.
    process.readings.finished(fetched, begun)
    await process.readings.save()
    assert (await process.table())[PLACE] == 0
    process.consumer.sought.clear()
    await process.readings.align()
    assert process.consumer.sought == {PLACE: 0}
    process.readings.finished(fetched, begun)
    await process.readings.save()
    assert await process.table() == {PLACE: 0, ELSEWHERE: 3}
    process.read(PLACE, 2)
    await process.readings.save()
    async with pool.acquire() as connection:
        assert await next_offsets(cast(Any, connection), PLACE.topic) == {0: 2}


async def test_a_halted_partition_was_not_read(pool: asyncpg.Pool) -> None:
    process = Reading(pool, PLACE, OTHER)
    await process.readings.align()
    process.read(PLACE, 7, halted=(PLACE,))
    process.read(OTHER, 7, halted=(PLACE,))
    await process.readings.save()
    assert await process.table() == {PLACE: 0, OTHER: 7}


async def test_partitions_that_go_to_another_process_are_saved_first_and_forgotten(pool: asyncpg.Pool) -> None:
    process = Reading(pool, PLACE)
    await process.readings.align()
    process.read(PLACE, 7)
    await process.readings.on_partitions_revoked({PLACE})
    assert await process.table() == {PLACE: 7}
    process.read(PLACE, 9)
    await process.readings.save()
    assert await process.table() == {PLACE: 7}


async def test_while_the_database_is_away_partitions_come_and_go_all_the_same() -> None:
    class Away:
        async def fetch(self, *_: Any, **__: Any) -> Any:
            raise ConnectionRefusedError

        execute = fetch

    process = Reading(cast(asyncpg.Pool, Away()), PLACE)
    await process.readings.on_partitions_assigned({PLACE})
    process.readings._known[PLACE] = uuid4()
    process.read(PLACE, 7)
    await process.readings.on_partitions_revoked({PLACE})
    assert process.consumer.sought == {}
    process.readings._pool = lambda: None
    await process.readings.keep(busy=False)


async def test_nothing_of_a_partition_is_fetched_before_the_table_has_said_where_to_begin(pool: asyncpg.Pool) -> None:
    process = Reading(pool, PLACE, OTHER)
    database: asyncpg.Pool | None = None
    process.readings._pool = lambda: database
    await process.readings.on_partitions_assigned({PLACE, OTHER})
    assert process.consumer.paused == {PLACE, OTHER}
    await process.readings.keep(busy=False)
    assert process.consumer.paused == {PLACE, OTHER}
    database = pool
    await process.readings.keep(busy=False)
    assert process.consumer.paused == set()
    assert process.consumer.sought == {PLACE: 0, OTHER: 0}
    # A halted partition is fetched from no more, also when the table names another reading.
    process.consumer.pause(OTHER)
    async with pool.acquire() as connection:
        await read_again(cast(Any, connection), PLACE.topic)
    await process.readings.align()
    assert process.consumer.paused == {OTHER}


async def test_a_partition_that_comes_back_is_read_on_from_where_another_process_left_it(pool: asyncpg.Pool) -> None:
    process, another = Reading(pool, PLACE), Reading(pool, PLACE)
    await process.readings.on_partitions_assigned({PLACE})
    process.read(PLACE, 7)
    await process.readings.on_partitions_revoked({PLACE})
    await another.readings.on_partitions_assigned({PLACE})
    another.read(PLACE, 9)
    await another.readings.on_partitions_revoked({PLACE})
    await process.readings.on_partitions_assigned({PLACE})
    assert process.consumer.sought == {PLACE: 9}
    assert process.consumer.paused == set()


async def test_offsets_without_a_record_are_passed_over_when_a_consumer_stands_there_twice(pool: asyncpg.Pool) -> None:
    process = Reading(pool, PLACE, OTHER, ELSEWHERE)
    await process.readings.align()
    process.consumer.positions = {PLACE: 12, OTHER: None, ELSEWHERE: -1}
    await process.readings.keep(busy=False)
    assert set((await process.table()).values()) == {0}
    process.consumer.positions[PLACE] = 13
    await process.readings.keep(busy=False)
    assert set((await process.table()).values()) == {0}
    await process.readings.keep(busy=False)
    assert await process.table() == {PLACE: 13, OTHER: 0, ELSEWHERE: 0}


async def test_what_a_process_wrote_late_of_a_partition_that_it_has_lost_does_not_stay(pool: asyncpg.Pool) -> None:
    held_up, owner = Reading(pool, PLACE), Reading(pool, PLACE)
    await held_up.readings.align()
    held_up.read(PLACE, 40)
    await owner.readings.align()
    owner.read(PLACE, 60)
    owner.consumer.positions[PLACE] = 60
    await owner.readings.keep(busy=False)
    await held_up.readings.save()
    assert await owner.table() == {("workforce.posts", 0): 40}

    # Nothing more is read, and yet the table says in the end how far was read.
    for _ in range(3):
        await owner.readings.keep(busy=False)
    assert await owner.table() == {("workforce.posts", 0): 60}


@pytest.mark.parametrize("busy", [(True, True, True), (True, False, True), (False, True, False)])
async def test_while_a_batch_is_at_hand_where_a_consumer_stands_says_nothing(
    pool: asyncpg.Pool, busy: tuple[bool, ...]
) -> None:
    process = Reading(pool, PLACE)
    await process.readings.align()
    process.consumer.positions[PLACE] = 12
    for is_busy in busy:
        await process.readings.keep(busy=is_busy)
    assert await process.table() == {PLACE: 0}
