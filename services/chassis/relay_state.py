"""What the relay remembers: how far it has published, where Kafka's logs ended then, what is to be published again.

Invariant: progress never moves back. What a log lost is remembered topic by topic, and is published before anything
new.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from aiokafka import TopicPartition

from contracts.catalogue import Topic, types_on
from contracts.watermark import TopicMark, Watermark

# One statement sees the database at one moment. So position, counts and ends belong together, even while another
# connection saves new ones.
REMEMBERED = """
    SELECT
        position,
        ARRAY(SELECT ROW(topic, partition, next_offset) FROM relay_log_end) AS ends,
        ARRAY(SELECT ROW(topic, position, up_to, lost) FROM relay_again ORDER BY lost DESC, topic) AS again,
        ARRAY(SELECT ROW(topic, events) FROM relay_count) AS counts,
        (SELECT accepted_at FROM journal WHERE journal.position = relay_progress.position + 1) AS next_accepted_at
    FROM relay_progress
"""

SAVE_LOG_ENDS = """
    INSERT INTO relay_log_end (topic, partition, next_offset)
    SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[])
    ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset
"""
FORGET_LOG_ENDS = "DELETE FROM relay_log_end WHERE topic = ANY ($1::text[])"

COUNT_PUBLISHED = """
    INSERT INTO relay_count (topic, events, position)
    SELECT $1, (SELECT count(*) FROM journal WHERE type = ANY ($2::text[]) AND journal.position <= progress.position),
        progress.position
    FROM relay_progress AS progress
    WHERE NOT EXISTS (SELECT FROM relay_count WHERE topic = $1 AND relay_count.position = progress.position)
    ON CONFLICT (topic) DO UPDATE SET events = excluded.events, position = excluded.position
"""
SAVE_NEW = f"""
    WITH progress AS (UPDATE relay_progress SET position = $4),
    counted AS (
        UPDATE relay_count
        SET position = $4, events = events + coalesce(
            (SELECT added FROM unnest($5::text[], $6::bigint[]) AS published (topic, added)
             WHERE published.topic = relay_count.topic), 0)
    )
    {SAVE_LOG_ENDS}
"""  # noqa: S608

# What was lost begins again however far it was, and whatever a reader had asked for.
REMEMBER_LOST = """
    INSERT INTO relay_again (topic, position, up_to, lost)
    SELECT topic, 0, relay_progress.position, true
    FROM unnest($1::text[]) AS lost (topic), relay_progress
    ON CONFLICT (topic) DO UPDATE SET position = 0, up_to = excluded.up_to, lost = true
"""
# A reader asks again until it has what it misses: one request of a topic at a time is enough.
REMEMBER_ASKED = """
    INSERT INTO relay_again (topic, position, up_to, lost)
    SELECT $1, $2, least($3, position), false
    FROM relay_progress
    ON CONFLICT (topic) DO NOTHING
"""
MOVE_AGAIN = "UPDATE relay_again SET position = $2 WHERE topic = $1"
END_AGAIN = "DELETE FROM relay_again WHERE topic = $1"

# The row's lock waits for a transaction that is accepting events, and lets none begin before this one ends: events that
# are accepted later get later instants.
TAKE_INSTANT = """
    UPDATE journal_head
    SET clock = greatest(clock_timestamp(), clock)
    RETURNING position, clock
"""

# What else the relay saves does not wait for the disk. If PostgreSQL crashes, the last moment of it may be gone:
# position, counts and ends together. Then these events are published once more.
TO_DISK_AT_ONCE = "SET LOCAL synchronous_commit = on"


@dataclass(frozen=True, slots=True)
class Again:
    """Events of a topic that are to be published again: those after `position`, up to `up_to`."""

    topic: str
    position: int
    up_to: int
    lost: bool


@dataclass(frozen=True, slots=True)
class Remembered:
    """How far the relay has come, at one moment."""

    position: int
    """Everything up to this position of the journal was acknowledged by Kafka."""
    ends: Mapping[TopicPartition, int]
    """For each partition the offset after the last record that Kafka acknowledged."""
    again: Sequence[Again]
    """What is to be published again, what was lost first."""
    counts: Mapping[str, int]
    """By topic how many events there are up to the position."""
    next_accepted_at: datetime | None
    """When the first event was accepted that is not published yet; None if all are."""


async def remembered(connection: asyncpg.Connection) -> Remembered:
    """What the relay remembers now."""
    (row,) = await connection.fetch(REMEMBERED)
    return Remembered(
        row["position"],
        {TopicPartition(topic, partition): next_offset for topic, partition, next_offset in row["ends"]},
        [Again(*again) for again in row["again"]],
        dict(row["counts"]),
        row["next_accepted_at"],
    )


async def count_published(connection: asyncpg.Connection, topics: Sequence[Topic]) -> None:
    """Count how many events of each topic have been published, if that is not known for the present progress."""
    for topic in topics:
        await connection.execute(COUNT_PUBLISHED, topic.name, types_on(topic.name))


async def save_new(
    connection: asyncpg.Connection, position: int, ends: Mapping[TopicPartition, int], counts: Counter[str]
) -> None:
    """Everything up to this position has been published, so many of each topic more than before."""
    await connection.execute(SAVE_NEW, *_columns(ends), position, list(counts), list(counts.values()))


async def save_again(
    connection: asyncpg.Connection, again: Again, position: int, ends: Mapping[TopicPartition, int]
) -> None:
    """The events of a topic have been published again up to this position."""
    async with connection.transaction():
        if position >= again.up_to:
            await connection.execute(END_AGAIN, again.topic)
        else:
            await connection.execute(MOVE_AGAIN, again.topic, position)
        await connection.execute(SAVE_LOG_ENDS, *_columns(ends))


def _columns(ends: Mapping[TopicPartition, int]) -> tuple[list[str], list[int], list[int]]:
    partitions = list(ends)
    return (
        [partition.topic for partition in partitions],
        [partition.partition for partition in partitions],
        [ends[partition] for partition in partitions],
    )


async def remember_lost(connection: asyncpg.Connection, topics: Collection[str]) -> None:
    """The logs of these topics were lost: all their events are to be published again."""
    async with connection.transaction():
        await connection.execute(TO_DISK_AT_ONCE)
        await connection.execute(REMEMBER_LOST, list(topics))
        await connection.execute(FORGET_LOG_ENDS, list(topics))


async def remember_request(connection: asyncpg.Connection, topic: str, after: int, up_to: int) -> None:
    """A reader misses events of a topic."""
    await connection.execute(REMEMBER_ASKED, topic, after, up_to)


async def watermark(connection: asyncpg.Connection, owner: str, topics: Sequence[Topic]) -> Watermark:
    """What is published now. The connection must wait for the disk: then all that was saved before is there, too,
    and no later watermark says less.
    """
    async with connection.transaction():
        ((head, clock),) = await connection.fetch(TAKE_INSTANT)
        # Only now: nothing is accepted until this transaction ends, so what is not published yet is known.
        now = await remembered(connection)
    until = clock if now.position == head else now.next_accepted_at
    assert until is not None, "each position of the journal has an event"  # noqa: S101
    lost = {again.topic: again.position for again in now.again if again.lost}
    marks = {
        topic.name: TopicMark(
            count=now.counts[topic.name],
            log_position=lost.get(topic.name, now.position),
            log_ends=_in_order(
                {partition.partition: end for partition, end in now.ends.items() if partition.topic == topic.name}
            ),
        )
        for topic in topics
    }
    return Watermark(owner=owner, position=now.position, head=head, until=until, topics=marks)


def _in_order(ends: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(ends.get(partition, 0) for partition in range(max(ends, default=-1) + 1))
