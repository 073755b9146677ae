"""Judging by watermarks whether everything has arrived, against the tables: what is counted, and what is done then.

Invariant: what owners said is given to the listener as though it had been heard; nothing here asks Kafka.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import pytest

from contracts.catalogue import HIRING, POSTS, RETENTION, TOPIC_OF_TYPE
from contracts.watermark import RepublishRequest, TopicMark, Watermark, encode
from services.chassis import inbox
from services.chassis.readings import read_again
from services.chassis.telemetry import Telemetry
from services.chassis.watermarks import Settled, Watermarks, note_dead_letter
from tests.delivery.feed import decoded, post_established, stated
from tests.unit.chassis.journals import worker_started

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def said(position: int, starts: int, until: datetime = NOON, ends: tuple[int, ...] = ()) -> Watermark:
    """What recruitment says of starts, which retention reads."""
    mark = TopicMark(count=starts, log_position=position, log_ends=ends)
    topics = {HIRING.name: mark}
    return Watermark(owner="recruitment", position=position, head=position, until=until, topics=topics)


class Judging:
    """Retention, which reads one topic, and what it would ask owners."""

    def __init__(self, pool: asyncpg.Pool, settled: Settled | None = None, service: str = RETENTION) -> None:
        self.pool = pool
        self.asked: list[RepublishRequest] = []
        self.watermarks = Watermarks(service, "127.0.0.1:1", Telemetry(), settled, idempotent=False)
        self.watermarks._ask = cast(Any, self._ask)  # type: ignore[method-assign]

    async def _ask(self, requests: Sequence[RepublishRequest]) -> None:
        self.asked += requests

    async def judge(self, watermark: Watermark | None = None) -> tuple[int, datetime | None]:
        """How many events of starts miss, and up to when it is complete."""
        if watermark is not None:
            self.watermarks._note(encode(watermark))
        await self.watermarks.judge(self.pool)
        missing = sum(expected.missing for expected in self.watermarks.expected)
        return missing, self.watermarks.complete_until


async def arrived(pool: asyncpg.Pool, *sequences: int, name: str = "W", authority: str = "331") -> None:
    """Starts of these positions in recruitment's journal have arrived."""
    events = [decoded(worker_started(f"{name}-{sequence}", authority), sequence) for sequence in sequences]
    async with pool.acquire() as connection, connection.transaction():
        await inbox.take(connection, events)


async def has_read(pool: asyncpg.Pool, topic: str, *next_offsets: int) -> None:
    for partition, offset in enumerate(next_offsets):
        query = """INSERT INTO reading (topic, partition, next_offset) VALUES ($1, $2, $3)
                   ON CONFLICT (topic, partition) DO UPDATE SET next_offset = $3"""
        await pool.execute(query, topic, partition, offset)


async def test_before_an_owner_was_heard_nothing_can_be_said(pool: asyncpg.Pool) -> None:
    judging = Judging(pool)
    assert judging.watermarks.unheard == ["recruitment"]
    assert await judging.judge() == (0, None)
    assert judging.watermarks.expected == ()
    assert await judging.judge(said(0, 0)) == (0, NOON)
    assert judging.watermarks.unheard == []


async def test_every_owner_that_was_not_heard_is_named_once(pool: asyncpg.Pool) -> None:
    assert Judging(pool, service="metrics").watermarks.unheard == ["recruitment", "retention"]


async def test_what_is_no_watermark_is_passed_over(pool: asyncpg.Pool) -> None:
    judging = Judging(pool)
    for value in (None, b"", b"{}", b"\xff"):
        judging.watermarks._note(value)
    assert await judging.judge() == (0, None)


async def test_events_are_counted_by_position_each_once_of_the_topic_alone(pool: asyncpg.Pool) -> None:
    judging = Judging(pool)
    await arrived(pool, 1, 2, 4)
    await arrived(pool, 4, name="again")  # another event that claims the same position
    posts = [decoded(post_established("P-3", "331"), 3)]
    async with pool.acquire() as connection, connection.transaction():
        await inbox.take(connection, posts)
    # Positions 1 to 5, of which 3 is a post's.
    assert await judging.judge(said(5, 4)) == (1, None)
    await arrived(pool, 6)
    assert await judging.judge() == (1, None)
    await arrived(pool, 5)
    assert await judging.judge() == (0, NOON)


async def test_only_what_came_after_the_verified_position_is_counted_again(pool: asyncpg.Pool) -> None:
    judging = Judging(pool)
    await arrived(pool, 1, 2)
    assert await judging.judge(said(2, 2)) == (0, NOON)
    await arrived(pool, 3)
    assert await judging.judge(said(4, 4, NOON + SECOND)) == (1, NOON)
    await arrived(pool, 4)
    assert await judging.judge() == (0, NOON + SECOND)


async def test_a_topic_is_judged_when_each_partition_was_read_to_where_it_ended(pool: asyncpg.Pool) -> None:
    judging = Judging(pool)
    await arrived(pool, 1)
    for offsets in ((), (1,), (1, 0), (0, 5)):
        await has_read(pool, HIRING.name, *offsets)
        await has_read(pool, POSTS.name, 9, 9)
        assert await judging.judge(said(2, 2, ends=(1, 1))) == (0, None), offsets
        assert not judging.watermarks.expected[0].complete
    await has_read(pool, HIRING.name, 1, 1)
    assert await judging.judge() == (1, None)


async def test_what_has_arrived_is_complete_when_what_follows_was_derived(pool: asyncpg.Pool) -> None:
    derived = False

    async def settled(_: Any) -> bool:
        return derived

    judging = Judging(pool, settled)
    await arrived(pool, 1)
    assert await judging.judge(said(1, 1)) == (0, None)
    derived = True
    assert await judging.judge() == (0, NOON)
    derived = False
    await arrived(pool, 2)
    assert await judging.judge(said(2, 2, NOON + SECOND)) == (0, NOON)


async def test_what_misses_is_read_again_from_its_beginning_and_then_asked_for(pool: asyncpg.Pool) -> None:
    judging = Judging(pool)
    await arrived(pool, 1, 2)
    assert await judging.judge(said(2, 2)) == (0, NOON)
    await has_read(pool, HIRING.name, 3, 3)
    await has_read(pool, POSTS.name, 4)
    before = await readings(pool)
    assert await judging.judge(said(5, 4, NOON + SECOND, ends=(3, 3))) == (2, NOON)
    after = await readings(pool)
    for partition in (0, 1):
        assert after[HIRING.name, partition][0] == 0
        assert after[HIRING.name, partition][1] != before[HIRING.name, partition][1]
    assert after[POSTS.name, 0] == before[POSTS.name, 0]
    assert judging.asked == []

    # As long as it is being read again nothing is judged; then the owner is asked, once.
    await judging.judge()
    assert judging.asked == []
    await has_read(pool, HIRING.name, 3, 3)
    await judging.judge()
    await judging.judge()
    assert judging.asked == [RepublishRequest(reader="retention", topic=HIRING.name, after=2, up_to=5)]
    assert (await readings(pool))[HIRING.name, 0][0] == 3


async def readings(pool: asyncpg.Pool) -> dict[tuple[str, int], tuple[int, Any]]:
    rows = await pool.fetch("SELECT topic, partition, next_offset, reading FROM reading")
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


async def test_what_became_a_dead_letter_is_told_unless_it_has_come_since(pool: asyncpg.Pool) -> None:
    judging = Judging(pool)
    await arrived(pool, 1)
    await note_dead_letter(pool, HIRING.name, 1)
    await note_dead_letter(pool, HIRING.name, 2)
    await note_dead_letter(pool, HIRING.name, 2)
    await note_dead_letter(pool, POSTS.name, 7)
    assert judging.watermarks.dead_letters == {}
    await judging.judge(said(3, 3))
    assert judging.watermarks.dead_letters == {HIRING.name: 1}
    await arrived(pool, 2)
    await judging.judge()
    assert judging.watermarks.dead_letters == {}


@pytest.mark.parametrize(
    ("topic", "sequence", "remedy"),
    [
        (HIRING.name, 3, "asked"),
        (HIRING.name, 4, "asked"),
        (HIRING.name, 2, "read-again"),
        (HIRING.name, 5, "read-again"),
        (POSTS.name, 3, "read-again"),
    ],
)
async def test_what_is_said_to_be_dead_letters_counts_between_the_positions_that_are_judged(
    pool: asyncpg.Pool, topic: str, sequence: int, remedy: str
) -> None:
    judging = Judging(pool)
    await arrived(pool, 1, 2)
    assert await judging.judge(said(2, 2)) == (0, NOON)
    await note_dead_letter(pool, topic, sequence)
    assert await judging.judge(said(4, 3, NOON + SECOND)) == (1, NOON)
    assert str(judging.watermarks.expected[0].remedy) == remedy


async def test_what_became_a_dead_letter_at_the_verified_position_covers_nothing_that_misses_after_it(
    pool: asyncpg.Pool,
) -> None:
    judging = Judging(pool)
    await arrived(pool, 1)
    await note_dead_letter(pool, HIRING.name, 2)
    await judging.judge(said(2, 2))
    await pool.execute("UPDATE expected SET verified_position = 2, verified_events = 2, missing = 0, remedy = NULL")
    assert await judging.judge(said(3, 3, NOON + SECOND)) == (1, None)
    assert str(judging.watermarks.expected[0].remedy) == "read-again"


async def test_what_came_after_it_became_a_dead_letter_covers_nothing_that_misses(pool: asyncpg.Pool) -> None:
    judging = Judging(pool)
    await arrived(pool, 1)
    await note_dead_letter(pool, HIRING.name, 1)
    assert await judging.judge(said(2, 2)) == (1, None)
    assert str(judging.watermarks.expected[0].remedy) == "read-again"


async def test_an_event_of_another_owner_at_the_same_position_is_not_the_one_that_became_a_dead_letter(
    pool: asyncpg.Pool,
) -> None:
    left = {"left_on": "2023-10-31", "reason": "resignation", "destination": "other"}
    leaver = decoded(stated("L-1", "worker.left", "worker/W-1", "331", left), 2)
    assert TOPIC_OF_TYPE[leaver.envelope.type].owner == "retention"
    async with pool.acquire() as connection, connection.transaction():
        await inbox.take(connection, [leaver])
    judging = Judging(pool)
    await arrived(pool, 1)
    await note_dead_letter(pool, HIRING.name, 2)
    assert await judging.judge(said(2, 2)) == (1, None)
    assert judging.watermarks.dead_letters == {HIRING.name: 1}
    # It is believed to be the one that misses, so its owner is asked at once.
    assert str(judging.watermarks.expected[0].remedy) == "asked"


async def test_another_process_goes_on_from_what_the_one_before_it_found(pool: asyncpg.Pool) -> None:
    await arrived(pool, 1)
    first = Judging(pool)
    await first.judge(said(1, 1))
    second = Judging(pool)
    await second.watermarks.recall(pool)
    assert second.watermarks.expected == first.watermarks.expected
    assert second.watermarks.complete_until == NOON
    other = Judging(pool, service="recruitment")
    await other.watermarks.recall(pool)
    assert other.watermarks.expected == ()


async def test_all_is_complete_up_to_the_least_of_its_topics(pool: asyncpg.Pool) -> None:
    judging = Judging(pool, service="metrics")
    nothing = TopicMark(count=0, log_position=0, log_ends=())

    def of(owner: str, until: datetime, *topics: str) -> Watermark:
        return Watermark(owner=owner, position=0, head=0, until=until, topics=dict.fromkeys(topics, nothing))

    recruitment = of("recruitment", NOON + SECOND, "workforce.posts", "workforce.hiring", "workforce.agency-cover")
    assert await judging.judge(recruitment) == (0, None)
    all_but_one = ("workforce.leavers", "workforce.progression-panels", "workforce.policies")
    assert await judging.judge(of("retention", NOON, *all_but_one)) == (0, None)
    of_all = of("retention", NOON, *all_but_one, "workforce.working-life")
    assert await judging.judge(of_all) == (0, NOON)


async def test_a_topic_is_read_again_by_whoever_reads_it_and_no_other_is(pool: asyncpg.Pool) -> None:
    await has_read(pool, HIRING.name, 3, 4)
    await has_read(pool, POSTS.name, 5)
    async with pool.acquire() as connection:
        await read_again(connection, POSTS.name)
    assert {partition: reading[0] for partition, reading in (await readings(pool)).items()} == {
        (HIRING.name, 0): 3,
        (HIRING.name, 1): 4,
        (POSTS.name, 0): 0,
    }
