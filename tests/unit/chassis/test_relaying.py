"""What the relay publishes, in which order, what it remembers of it, and what it says of it in watermarks.

Invariant: the tables are real, and Kafka is logs in memory, which can be lost. (Real ones are lost in tests/delivery.)
"""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any, cast

import asyncpg
import pytest
from aiokafka import TopicPartition

from contracts.catalogue import AGENCY_COVER, HIRING, LEAVERS, POSTS, RECRUITMENT, topics_owned_by, watermark_topic
from contracts.watermark import RepublishRequest, Watermark, decode, encode
from services.chassis import journal, marking, relay, relay_state
from services.chassis.relay import BATCH, KafkaLogIsShorter
from services.chassis.relay_state import Again
from tests.delivery.feed import post_established
from tests.unit.chassis.journals import Publishing, accept, accept_posts, incoming, worker_started

TOPICS = topics_owned_by(RECRUITMENT)


@pytest.fixture
def two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "BATCH", 2)


async def position(connection: Any) -> int:
    """How far the relay has come."""
    return (await relay_state.remembered(connection)).position


async def again(connection: Any) -> list[Again]:
    """What is to be published again."""
    return list((await relay_state.remembered(connection)).again)


async def log_ends(connection: Any) -> dict[TopicPartition, int]:
    """Where the logs ended when the relay last saw it."""
    return dict((await relay_state.remembered(connection)).ends)


def in_order(publishing: Publishing, topic: str = POSTS.name) -> dict[int, list[int]]:
    """The positions of the events on a topic, by partition."""
    return {
        partition.partition: [int(headers["ce_sequence"]) for _, _, headers in records]
        for partition, records in publishing.kafka.logs.items()
        if partition.topic == topic and records
    }


async def test_new_events_are_published_in_order_and_each_once(pool: asyncpg.Pool, two_at_a_time: None) -> None:
    await accept_posts(pool, "P-1", "P-2", "P-3", "P-1a", "P-1b")
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        assert [await publishing.round() for _ in range(4)] == [2, 2, 1, 0]
        assert sorted(publishing.kafka.published(POSTS.name)) == ["P-1", "P-1a", "P-1b", "P-2", "P-3"]
        for positions in in_order(publishing).values():
            assert positions == sorted(positions)
        assert await position(connection) == 5
        # Another relay goes on from there.
        after = Publishing(connection)
        after.kafka = publishing.kafka
        await accept_posts(pool, "P-6")
        assert await publishing.round() == 1
        assert publishing.kafka.published(POSTS.name).count("P-6") == 1


async def test_a_record_is_keyed_by_authority_and_subject(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1")
    await accept(pool, worker_started("W-1", "332"))
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        await publishing.round()
    keys = {topic: key for (topic, _), records in publishing.kafka.logs.items() for key, *_ in records}
    assert keys == {POSTS.name: b"331:post/P-1", HIRING.name: b"332:worker/W-1"}


async def test_progress_does_not_move_past_what_kafka_did_not_take(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1")
    async with pool.acquire() as connection:
        publishing = Publishing(connection)

        async def refused(*_: Any, **__: Any) -> Any:
            future = asyncio.get_running_loop().create_future()
            future.set_exception(ConnectionError())
            return future

        publishing.kafka.send, taken = refused, publishing.kafka.send  # type: ignore[method-assign]
        with pytest.raises(ConnectionError):
            await publishing.round()
        assert await position(connection) == 0
        publishing.kafka.send = taken  # type: ignore[method-assign]
        assert await publishing.round() == 1


async def test_a_log_that_is_shorter_is_published_again_from_the_first_event_before_anything_new(
    pool: asyncpg.Pool, two_at_a_time: None
) -> None:
    await accept_posts(pool, "P-1", "P-2", "P-3")
    await accept(pool, worker_started("W-1", "331"))
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        for _ in range(3):
            await publishing.round()
        publishing.kafka.lose(POSTS.name)
        await accept_posts(pool, "P-9")
        with pytest.raises(KafkaLogIsShorter, match=r"workforce\.posts.* ends at 0, 1 were acknowledged"):
            await publishing.round()
        assert await again(connection) == [Again(POSTS.name, 0, 4, True)]
        # Only what is known of the lost topic's ends is forgotten.
        assert {partition.topic for partition in await log_ends(connection)} == {HIRING.name}
        assert await publishing.round() == 2
        assert sorted(publishing.kafka.published(POSTS.name)) == ["P-1", "P-2"]
        assert await again(connection) == [Again(POSTS.name, 2, 4, True)]
        await publishing.round()
        assert sorted(publishing.kafka.published(POSTS.name)) == ["P-1", "P-2", "P-3"]
        assert await again(connection) == []
        await publishing.round()
        assert sorted(publishing.kafka.published(POSTS.name)) == ["P-1", "P-2", "P-3", "P-9"]
        assert publishing.kafka.published(HIRING.name) == ["W-1"]


async def test_while_something_lost_is_published_again_there_is_more_to_do_at_once(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1")
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        await publishing.round()
        publishing.kafka.lose(POSTS.name)
        with pytest.raises(KafkaLogIsShorter):
            await publishing.round()
        assert await publishing.round() == BATCH


async def test_a_partition_that_is_gone_is_lost_and_not_waited_for(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-5")
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        await publishing.round()
        (partition,) = await log_ends(connection)
        publishing.kafka.partitions[POSTS.name] = partition.partition + 1
        assert await publishing.round() == 0
        publishing.kafka.partitions[POSTS.name] = partition.partition
        with pytest.raises(KafkaLogIsShorter, match="is gone"):
            await publishing.round()


async def test_an_offset_that_is_given_a_second_time_tells_of_a_lost_log(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1", "P-1b1")
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        await publishing.round()
        await accept_posts(pool, "P-11")  # to the same partition
        publishing.kafka.shifts[POSTS.name] = -1
        with pytest.raises(KafkaLogIsShorter, match="took offset 1 once more"):
            await publishing.round()
        assert await position(connection) == 2


async def test_a_record_that_an_idempotent_producer_repeated_is_no_lost_log(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1")
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        publishing.kafka.shifts[POSTS.name] = -1  # acknowledged with -1: it is in the log already
        await publishing.round()
        assert await position(connection) == 1


async def test_what_a_reader_asks_for_is_published_beside_what_is_new(pool: asyncpg.Pool, two_at_a_time: None) -> None:
    await accept_posts(pool, "P-1", "P-2", "P-3", "P-4")
    await accept(pool, worker_started("W-1", "331"))
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        for _ in range(3):
            await publishing.round()
        ask = RepublishRequest(reader="metrics", topic=POSTS.name, after=1, up_to=3)
        elsewhere = RepublishRequest(reader="metrics", topic=LEAVERS.name, after=0, up_to=3)
        publishing.kafka.requests = [b"no request", encode(elsewhere), encode(ask)]
        await accept_posts(pool, "P-9")
        await publishing.round()
        assert Counter(publishing.kafka.published(POSTS.name)) == {"P-1": 1, "P-2": 2, "P-3": 2, "P-4": 1, "P-9": 1}
        await publishing.round()
        assert await again(connection) == []
        assert Counter(publishing.kafka.published(POSTS.name)).total() == 7
        assert publishing.kafka.published(HIRING.name) == ["W-1"]


# --- what it remembers ------------------------------------------------------------------------------------------------


async def test_a_request_reaches_as_far_as_was_published_and_one_at_a_time_is_enough(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        asked = cast(asyncpg.Connection, connection)
        await relay_state.save_new(asked, 7, {}, Counter())
        await relay_state.remember_request(asked, POSTS.name, 2, 9)
        await relay_state.remember_request(asked, HIRING.name, 2, 5)
        await relay_state.remember_request(asked, POSTS.name, 0, 3)
        assert await again(asked) == [
            Again(HIRING.name, 2, 5, False),
            Again(POSTS.name, 2, 7, False),
        ]


async def test_what_was_lost_begins_anew_whatever_was_asked_for_and_comes_first(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        asked = cast(asyncpg.Connection, connection)
        await relay_state.save_new(asked, 7, {}, Counter())
        await relay_state.remember_request(asked, AGENCY_COVER.name, 2, 5)
        await relay_state.remember_request(asked, POSTS.name, 2, 5)
        await relay_state.save_new(asked, 8, {}, Counter())
        await relay_state.remember_lost(asked, [POSTS.name])
        assert await again(asked) == [
            Again(POSTS.name, 0, 8, True),
            Again(AGENCY_COVER.name, 2, 5, False),
        ]
        (lost, _) = await again(asked)
        await relay_state.save_again(asked, lost, 7, {TopicPartition(POSTS.name, 1): 4})
        assert (await again(asked))[0] == Again(POSTS.name, 7, 8, True)
        await relay_state.save_again(asked, lost, 8, {TopicPartition(POSTS.name, 1): 5})
        assert await again(asked) == [Again(AGENCY_COVER.name, 2, 5, False)]
        assert await log_ends(asked) == {TopicPartition(POSTS.name, 1): 5}


async def test_published_events_are_counted_by_topic_and_anew_where_the_progress_was_moved(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1", "P-2")
    await accept(pool, worker_started("W-1", "331"))
    await accept_posts(pool, "P-4")

    async def counts(connection: Any) -> dict[str, tuple[int, int]]:
        rows = await connection.fetch("SELECT topic, events, position FROM relay_count")
        return {row["topic"]: (row["events"], row["position"]) for row in rows}

    async with pool.acquire() as connection:
        asked = cast(asyncpg.Connection, connection)
        await relay_state.count_published(asked, TOPICS)
        assert set((await counts(asked)).values()) == {(0, 0)}
        await relay_state.save_new(asked, 3, {}, Counter({POSTS.name: 2, HIRING.name: 1}))
        expected = {POSTS.name: (2, 3), HIRING.name: (1, 3), AGENCY_COVER.name: (0, 3)}
        assert await counts(asked) == expected
        # What is published next adds up with it.
        await relay_state.save_new(asked, 4, {}, Counter({POSTS.name: 1}))
        assert await counts(asked) == {POSTS.name: (3, 4), HIRING.name: (1, 4), AGENCY_COVER.name: (0, 4)}
        await relay_state.save_new(asked, 3, {}, Counter())
        # What was counted at the present position is believed, and not counted again.
        await asked.execute("UPDATE relay_count SET events = 5 WHERE topic = 'workforce.posts'")
        await relay_state.count_published(asked, TOPICS)
        assert (await counts(asked))[POSTS.name] == (5, 3)
        await asked.execute("UPDATE relay_progress SET position = 1")
        await relay_state.count_published(asked, TOPICS)
        assert await counts(asked) == {POSTS.name: (1, 1), HIRING.name: (0, 1), AGENCY_COVER.name: (0, 1)}


# --- what it says of it -----------------------------------------------------------------------------------------------


async def test_a_watermark_says_what_was_published_up_to_when_and_where_the_logs_end(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1", "P-2")
    await accept(pool, worker_started("W-1", "331"))
    async with pool.acquire() as connection:
        asked = cast(asyncpg.Connection, connection)
        await relay_state.count_published(asked, TOPICS)
        ends = {TopicPartition(POSTS.name, 3): 2, TopicPartition(POSTS.name, 0): 1, TopicPartition(HIRING.name, 1): 9}
        await relay_state.save_new(asked, 2, ends, Counter({POSTS.name: 2}))
        said = await relay_state.watermark(asked, RECRUITMENT, TOPICS)
        third = await asked.fetchval("SELECT accepted_at FROM journal WHERE position = 3")
        # What is not published yet was accepted at that instant: before it everything is.
        assert (said.owner, said.position, said.head, said.until) == (RECRUITMENT, 2, 3, third)
        assert {topic: mark.count for topic, mark in said.topics.items()} == {
            POSTS.name: 2,
            HIRING.name: 0,
            AGENCY_COVER.name: 0,
        }
        assert said.topics[POSTS.name].log_ends == (1, 0, 0, 2)
        assert said.topics[HIRING.name].log_ends == (0, 9)
        assert said.topics[AGENCY_COVER.name].log_ends == ()
        assert {mark.log_position for mark in said.topics.values()} == {2}


async def test_where_all_is_published_a_watermark_says_so_up_to_now_and_what_comes_is_accepted_later(
    pool: asyncpg.Pool,
) -> None:
    await accept_posts(pool, "P-1")
    async with pool.acquire() as connection:
        asked = cast(asyncpg.Connection, connection)
        await relay_state.count_published(asked, TOPICS)
        await relay_state.save_new(asked, 1, {}, Counter({POSTS.name: 1}))
        ahead = datetime(2099, 1, 1, tzinfo=UTC)
        await asked.execute("UPDATE journal_head SET clock = $1", ahead)
        said = await relay_state.watermark(asked, RECRUITMENT, TOPICS)
        assert (said.position, said.head, said.until) == (1, 1, ahead)
        await accept_posts(pool, "P-2")
        assert await asked.fetchval("SELECT accepted_at >= $1 FROM journal WHERE position = 2", said.until)


async def test_a_log_that_is_being_published_again_holds_no_more_than_that(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        asked = cast(asyncpg.Connection, connection)
        await relay_state.count_published(asked, TOPICS)
        await relay_state.save_new(asked, 7, {}, Counter())
        await relay_state.remember_lost(asked, [POSTS.name])
        await relay_state.remember_request(asked, HIRING.name, 2, 5)
        await pool.execute("UPDATE journal_head SET position = 7")
        (lost, _) = await again(asked)
        await relay_state.save_again(asked, lost, 3, {})
        said = await relay_state.watermark(asked, RECRUITMENT, TOPICS)
        positions = {topic: mark.log_position for topic, mark in said.topics.items()}
        assert positions == {POSTS.name: 3, HIRING.name: 7, AGENCY_COVER.name: 7}


async def test_watermarks_are_written_soon_after_news_and_from_time_to_time_without_any(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marking, "MARK_NEWS_SECONDS", 0)
    for seconds, news in ((10_000.0, True), (0.001, False)):
        monkeypatch.setattr(marking, "MARK_SECONDS", seconds)
        async with pool.acquire() as connection:
            publishing = Publishing(connection)
            await relay_state.count_published(cast(asyncpg.Connection, connection), TOPICS)
            writing = publishing.write_watermarks()
            await asyncio.sleep(0)
            for each in range(2):
                if news or each == 0:
                    publishing.relay._marking.soon()
                await asyncio.wait_for(publishing.kafka.watermark_written.wait(), 60)
                publishing.kafka.watermark_written.clear()
            writing.cancel()
            await asyncio.wait({writing})
        key, value, _ = publishing.kafka.logs[TopicPartition(watermark_topic(RECRUITMENT).name, 0)][0]
        assert key == b"recruitment"
        assert decode(Watermark, value).owner == RECRUITMENT


async def test_what_was_published_is_news_and_so_is_the_first_look(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LOOK_AGAIN_SECONDS", 0.001)
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        news = publishing.relay._marking._news
        publishing.kafka.answers.clear()
        task = asyncio.create_task(publishing.relay._publish_for_ever(publishing.clients))
        # The leader begins to look at the logs. Nothing is said before it has.
        assert not news.is_set()
        publishing.kafka.answers.set()
        await asyncio.wait_for(news.wait(), 60)
        news.clear()
        await accept_posts(pool, "P-1")
        await asyncio.wait_for(news.wait(), 60)
        assert publishing.kafka.published(POSTS.name) == ["P-1"]
        task.cancel()
        await asyncio.wait({task})


# --- at the same time -------------------------------------------------------------------------------------------------


async def test_nothing_is_sent_before_kafka_has_said_where_its_logs_end(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1")
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        read, reading = asyncio.Event(), relay._read_next

        async def read_next(*given: Any) -> Any:
            rows = await reading(*given)
            read.set()
            return rows

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(relay, "_read_next", read_next)
            publishing.kafka.answers.clear()
            round_ = asyncio.create_task(publishing.round())
            await asyncio.wait_for(read.wait(), 60)
        for _ in range(10):
            await asyncio.sleep(0)
        assert publishing.kafka.published(POSTS.name) == []
        publishing.kafka.answers.set()
        assert await asyncio.wait_for(round_, 60) == 1
        assert publishing.kafka.published(POSTS.name) == ["P-1"]


async def test_a_log_that_is_lost_while_new_events_are_read_gets_none_of_them_before_the_old_ones(
    pool: asyncpg.Pool,
) -> None:
    await accept_posts(pool, "P-1", "P-2")
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        await publishing.round()
        await accept_posts(pool, "P-3")
        publishing.kafka.answers.clear()
        round_ = asyncio.create_task(publishing.round())
        await asyncio.sleep(0)
        publishing.kafka.lose(POSTS.name)
        publishing.kafka.answers.set()
        with pytest.raises(KafkaLogIsShorter):
            await asyncio.wait_for(round_, 60)
        assert publishing.kafka.published(POSTS.name) == []
        for _ in range(2):
            await publishing.round()
        for positions in in_order(publishing).values():
            assert positions == sorted(positions)
        assert sorted(publishing.kafka.published(POSTS.name)) == ["P-1", "P-2", "P-3"]


async def test_events_are_published_while_a_watermark_waits_for_one_that_is_being_accepted(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1")
    async with pool.acquire() as connection, pool.acquire() as marks, pool.acquire() as accepting:
        asked = cast(asyncpg.Connection, marks)
        await relay_state.count_published(asked, TOPICS)
        publishing = Publishing(connection)
        async with accepting.transaction():
            await journal.append(accepting, journal.entries(incoming(post_established("P-2", "331")), "request test"))
            writing = asyncio.create_task(relay_state.watermark(asked, RECRUITMENT, TOPICS))
            await asyncio.wait_for(until_it_waits(pool, marks.get_server_pid()), 60)
            assert await publishing.round() == 1
            assert not writing.done()
        said = await asyncio.wait_for(writing, 60)
        second = await connection.fetchval("SELECT accepted_at FROM journal WHERE position = 2")
    # It says what had been published by then, counts and ends alike, and that the second is still to come.
    assert (said.position, said.head, said.until) == (1, 2, second)
    assert said.topics[POSTS.name].count == 1
    assert sum(said.topics[POSTS.name].log_ends) == 1


async def until_it_waits(pool: asyncpg.Pool, process: int) -> None:
    """Return when this process of PostgreSQL waits for a lock."""
    while True:
        if await pool.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", process):
            return
