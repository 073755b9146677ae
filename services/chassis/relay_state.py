"""What the relay remembers: how far it has published, where Kafka's logs ended then, what is to be published again.

Invariant: progress never moves back. What a log lost is remembered topic by topic, and comes before anything new.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import asyncpg
from aiokafka import TopicPartition

from contracts.catalogue import Topic, types_on
from contracts.watermark import TopicMark, Watermark

READ_PROGRESS = "SELECT position FROM relay_progress"
SAVE_PROGRESS = "UPDATE relay_progress SET position = $1"

READ_LOG_ENDS = "SELECT topic, partition, next_offset FROM relay_log_end"
SAVE_LOG_ENDS = """
    INSERT INTO relay_log_end (topic, partition, next_offset)
    SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[])
    ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset
"""
FORGET_LOG_ENDS = "DELETE FROM relay_log_end WHERE topic = ANY ($1::text[])"

READ_COUNTS = "SELECT topic, events FROM relay_count"
COUNT_PUBLISHED = """
    INSERT INTO relay_count (topic, events, position)
    SELECT $1, (SELECT count(*) FROM journal WHERE type = ANY ($2::text[]) AND journal.position <= progress.position),
        progress.position
    FROM relay_progress AS progress
    WHERE NOT EXISTS (SELECT FROM relay_count WHERE topic = $1 AND relay_count.position = progress.position)
    ON CONFLICT (topic) DO UPDATE SET events = excluded.events, position = excluded.position
"""
ADD_TO_COUNTS = """
    UPDATE relay_count
    SET position = $1, events = events + coalesce(
        (SELECT added FROM unnest($2::text[], $3::bigint[]) AS published (topic, added)
         WHERE published.topic = relay_count.topic), 0)
"""

READ_AGAIN = "SELECT topic, position, up_to, lost FROM relay_again ORDER BY lost DESC, topic"
# What was lost begins anew however far it was, and whatever a reader had asked for.
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
ACCEPTED_AT = "SELECT accepted_at FROM journal WHERE position = $1"


@dataclass(frozen=True, slots=True)
class Again:
    """Events of a topic are published again: those after `position`, up to `up_to`."""

    topic: str
    position: int
    up_to: int
    lost: bool


async def count_published(connection: asyncpg.Connection, topics: Sequence[Topic]) -> None:
    """Count how many events of each topic have been published, where that is not known of the present progress."""
    for topic in topics:
        await connection.execute(COUNT_PUBLISHED, topic.name, types_on(topic.name))


async def log_ends(connection: asyncpg.Connection) -> dict[TopicPartition, int]:
    """By partition the offset after the last record that Kafka acknowledged."""
    rows = await connection.fetch(READ_LOG_ENDS)
    return {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def published_again(connection: asyncpg.Connection) -> list[Again]:
    """What is to be published again, what was lost first."""
    return [Again(*row) for row in await connection.fetch(READ_AGAIN)]


async def save_new(
    connection: asyncpg.Connection, position: int, ends: Mapping[TopicPartition, int], counts: Counter[str]
) -> None:
    """Everything up to this position has been published, so many of each topic more than before."""
    async with connection.transaction():
        await connection.execute(SAVE_PROGRESS, position)
        await connection.execute(ADD_TO_COUNTS, position, list(counts), list(counts.values()))
        await _save_ends(connection, ends)


async def save_again(
    connection: asyncpg.Connection, again: Again, position: int, ends: Mapping[TopicPartition, int]
) -> None:
    """The events of a topic have been published again up to this position."""
    async with connection.transaction():
        if position >= again.up_to:
            await connection.execute(END_AGAIN, again.topic)
        else:
            await connection.execute(MOVE_AGAIN, again.topic, position)
        await _save_ends(connection, ends)


async def _save_ends(connection: asyncpg.Connection, ends: Mapping[TopicPartition, int]) -> None:
    columns = zip(*((partition.topic, partition.partition, end) for partition, end in ends.items()), strict=True)
    await connection.execute(SAVE_LOG_ENDS, *[list(column) for column in columns] or [[], [], []])


async def remember_lost(connection: asyncpg.Connection, topics: Collection[str]) -> None:
    """The logs of these topics were lost: all their events are to be published again."""
    async with connection.transaction():
        await connection.execute(REMEMBER_LOST, list(topics))
        await connection.execute(FORGET_LOG_ENDS, list(topics))


async def remember_asked(connection: asyncpg.Connection, topic: str, after: int, up_to: int) -> None:
    """A reader misses events of a topic."""
    await connection.execute(REMEMBER_ASKED, topic, after, up_to)


async def watermark(connection: asyncpg.Connection, owner: str, topics: Sequence[Topic]) -> Watermark:
    """What is published now."""
    async with connection.transaction():
        ((head, clock),) = await connection.fetch(TAKE_INSTANT)
        progress = await connection.fetchval(READ_PROGRESS)
        until = clock if progress == head else await connection.fetchval(ACCEPTED_AT, progress + 1)
        counts = {row["topic"]: row["events"] for row in await connection.fetch(READ_COUNTS)}
        lost = {again.topic: again.position for again in await published_again(connection) if again.lost}
        ends = await log_ends(connection)
    marks = {
        topic.name: TopicMark(
            count=counts[topic.name],
            log_position=lost.get(topic.name, progress),
            log_ends=_in_order(
                {partition.partition: end for partition, end in ends.items() if partition.topic == topic.name}
            ),
        )
        for topic in topics
    }
    return Watermark(owner=owner, position=progress, head=head, until=until, topics=marks)


def _in_order(ends: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(ends.get(partition, 0) for partition in range(max(ends, default=-1) + 1))
