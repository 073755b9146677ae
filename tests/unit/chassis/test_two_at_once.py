"""Two at once: each lock, that two really exclude one another, and that many feeds lose nothing to each other.

Invariant: that somebody waits is asked of PostgreSQL; nothing here depends on which of two is quicker.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest

from contracts.catalogue import RECRUITMENT, topics_owned_by
from contracts.watermark import TopicMark, Watermark
from services.chassis import journal, relay_state
from services.chassis.database import migrate
from services.chassis.journal import Accepted
from services.chassis.recent_events import RecentEvents
from services.chassis.relay import LEADER_LOCK, Relay
from services.chassis.runtime import Runtime
from services.chassis.settings import Settings
from services.chassis.telemetry import Telemetry
from services.chassis.watermarks import Watermarks
from services.metrics.ingest import handlers, queue
from services.metrics.ingest.subjects import Subject
from services.metrics.telemetry import MetricsTelemetry
from tests.delivery.feed import decoded, post_established
from tests.unit.chassis.journals import accept, incoming, worker_started

Step = Callable[[Any], Awaitable[Any]]
PATIENCE_SECONDS = 60.0


async def append(connection: Any) -> Any:
    return await journal.append(connection, journal.entries(incoming(post_established("P-1", "331")), "request test"))


async def write_watermark(connection: Any) -> Any:
    topics = topics_owned_by(RECRUITMENT)
    await relay_state.count_published(connection, topics)
    return await relay_state.watermark(connection, RECRUITMENT, topics)


async def lock_331(connection: Any) -> None:
    await queue.lock_authorities(connection, {"331"})


async def lock_332(connection: Any) -> None:
    await queue.lock_authorities(connection, {"332"})


async def blocked(pool: asyncpg.Pool, by: int, task: "asyncio.Task[Any]") -> bool:
    """Whether somebody waits for this process of PostgreSQL; False once the task is done."""
    query = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not task.done():
            if await pool.fetchval(query, by):
                return True
            await asyncio.sleep(0.005)
    return False


async def excludes(pool: asyncpg.Pool, first: Step, second: Callable[[], Awaitable[Any]]) -> bool:
    """Whether the second waits until the transaction of the first ends."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await first(connection)
        task = asyncio.ensure_future(second())
        waits = await blocked(pool, connection.get_server_pid(), cast(Any, task))
        await transaction.commit()
        await asyncio.wait_for(task, PATIENCE_SECONDS)
    return waits


def within(pool: asyncpg.Pool, step: Step) -> Callable[[], Awaitable[Any]]:
    """The step in a transaction of its own."""

    async def run() -> Any:
        async with pool.acquire() as connection, connection.transaction():
            return await step(connection)

    return run


@pytest.mark.parametrize(
    ("first", "second", "waits"),
    [
        pytest.param(append, append, True, id="two requests at one journal"),
        pytest.param(append, write_watermark, True, id="a watermark while a request is being accepted"),
        pytest.param(write_watermark, append, True, id="a request while a watermark is being written"),
        pytest.param(lock_331, lock_331, True, id="two consumers at one authority"),
        pytest.param(lock_331, lock_332, False, id="two consumers at different authorities"),
    ],
)
async def test_who_comes_second_waits_for_the_first(pool: asyncpg.Pool, first: Step, second: Step, waits: bool) -> None:
    assert await excludes(pool, first, within(pool, second)) is waits


async def test_a_batch_waits_for_whoever_works_on_one_of_its_authorities(pool: asyncpg.Pool) -> None:
    runtime = cast(Runtime, SimpleNamespace(pool=pool, telemetry=MetricsTelemetry(), recent_events=RecentEvents()))
    events = [decoded(post_established("P-1", "332"), 1), decoded(post_established("P-1", "331"), 2)]
    assert await excludes(pool, lock_331, lambda: handlers.TakeInEvents(runtime)(events, False))
    others = [decoded(post_established("P-1", "333"), 3)]
    assert not await excludes(pool, lock_331, lambda: handlers.TakeInEvents(runtime)(others, False))


async def test_authorities_are_locked_in_one_order_so_that_two_never_wait_for_each_other(pool: asyncpg.Pool) -> None:
    async def lock_both(connection: Any) -> None:
        await queue.lock_authorities(connection, ["332", "331"])

    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await lock_331(connection)
        waiting = asyncio.ensure_future(within(pool, lock_both)())
        assert await blocked(pool, connection.get_server_pid(), cast(Any, waiting))
        # Whoever waits for 331 has not taken 332 yet.
        await asyncio.wait_for(within(pool, lock_332)(), PATIENCE_SECONDS)
        await transaction.commit()
        await asyncio.wait_for(waiting, PATIENCE_SECONDS)


@asynccontextmanager
async def transaction_of(pool: asyncpg.Pool) -> AsyncIterator[Any]:
    """A connection with a transaction of its own."""
    async with pool.acquire() as connection, connection.transaction():
        yield connection


async def test_of_two_that_derive_one_takes_what_the_other_does_not_work_on(pool: asyncpg.Pool) -> None:
    listed = {Subject(authority, f"worker/W-{number}") for authority in ("331", "332") for number in range(3)}
    async with pool.acquire() as connection:
        await queue.enqueue(connection, listed)
    async with transaction_of(pool) as first, transaction_of(pool) as second, transaction_of(pool) as third:
        assert {subject.authority for subject in await queue.claim(first, 2)} == {"331"}
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await queue.claim(second, 10) == {one for one in listed if one.authority == "332"}
        # What is left of 331 waits for the one that works on it.
        assert await queue.claim(third, 10) == set()
    async with pool.acquire() as connection, connection.transaction():
        assert len(await queue.claim(connection, 10)) == 1


async def test_two_processes_judge_completeness_one_after_the_other(pool: asyncpg.Pool) -> None:
    mark = TopicMark(count=0, log_position=0, log_ends=())
    said = Watermark(
        owner="recruitment",
        position=0,
        head=0,
        until=datetime(2026, 3, 2, 12, tzinfo=UTC),
        topics={"workforce.hiring": mark},
    )
    watermarks = Watermarks("retention", "127.0.0.1:1", Telemetry(), None, idempotent=False)
    watermarks._heard["recruitment"] = said
    await watermarks.judge(pool)

    async def settle(connection: Any) -> None:
        await connection.execute("UPDATE expected SET missing = missing")

    # One that has heard nothing writes nothing: it waits to read, so as never to go on from what is out of date.
    another = Watermarks("retention", "127.0.0.1:1", Telemetry(), None, idempotent=False)
    assert await excludes(pool, settle, lambda: another.judge(pool))


async def test_what_is_expected_is_locked_in_one_order_so_that_two_never_wait_for_each_other(
    pool: asyncpg.Pool,
) -> None:
    mark = TopicMark(count=0, log_position=0, log_ends=())
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    # Written in another order than that of their names.
    for topic in ("workforce.posts", "workforce.agency-cover"):
        said = Watermark(owner="recruitment", position=0, head=0, until=now, topics={topic: mark})
        watermarks = Watermarks("metrics", "127.0.0.1:1", Telemetry(), None, idempotent=False)
        watermarks._heard["recruitment"] = said
        await watermarks.judge(pool)
    lock = "SELECT FROM expected WHERE topic = $1 FOR UPDATE NOWAIT"
    another = Watermarks("metrics", "127.0.0.1:1", Telemetry(), None, idempotent=False)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.fetch(lock, "workforce.agency-cover")
        waiting = asyncio.ensure_future(another.judge(pool))
        assert await blocked(pool, connection.get_server_pid(), cast(Any, waiting))
        # Whoever waits for the first has not taken the second yet.
        await pool.fetch(lock, "workforce.posts")
        await transaction.commit()
        await asyncio.wait_for(waiting, PATIENCE_SECONDS)


async def test_a_process_that_migrates_waits_for_the_one_that_does(pool: asyncpg.Pool, tmp_path: Path) -> None:
    folder = tmp_path / "service" / "migrations"
    folder.mkdir(parents=True)

    async def lock(connection: Any) -> None:
        await connection.execute("SELECT pg_advisory_xact_lock(7231001)")

    assert await excludes(pool, lock, lambda: migrate(pool, (folder,)))


async def test_one_relay_of_a_service_leads_and_another_comes_to_nothing(
    pool: asyncpg.Pool, address_of_tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    led: list[str] = []

    async def connecting(_: Any, __: Any, connection: asyncpg.Connection) -> Any:
        led.append(str(connection.get_server_pid()))
        raise ZeroDivisionError

    monkeypatch.setattr(Relay, "_connect_to_kafka", connecting)
    settings = Settings(database_url=address_of_tables)
    relay = Relay(RECRUITMENT, settings, Telemetry())
    async with pool.acquire() as leader:
        assert await leader.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK)
        await relay._lead()
        assert led == []
        await leader.execute("SELECT pg_advisory_unlock($1)", LEADER_LOCK)
    with pytest.raises(ZeroDivisionError):
        await relay._lead()
    assert len(led) == 1


async def test_events_of_many_feeds_at_one_moment_are_all_accepted_at_positions_without_gaps(
    pool: asyncpg.Pool,
) -> None:
    feeds = [
        [post_established(f"P-{number}", f"3{feed:02}"), worker_started(f"W-{number}", f"3{feed:02}")]
        for feed in range(8)
        for number in range(5)
    ]
    outcomes = await asyncio.gather(*(accept(pool, *events) for events in feeds))
    accepted = [one for outcome in outcomes for one in outcome]
    assert all(isinstance(one, Accepted) and not one.known for one in accepted)
    assert sorted(one.position for one in accepted if isinstance(one, Accepted)) == list(range(1, 81))
    rows = await pool.fetch("SELECT position, accepted_at FROM journal ORDER BY position")
    assert [row["position"] for row in rows] == list(range(1, 81))
    instants = [row["accepted_at"] for row in rows]
    assert instants == sorted(instants)
    assert await pool.fetchval("SELECT position FROM journal_head") == 80


async def test_one_event_from_many_requests_at_once_is_accepted_once(pool: asyncpg.Pool) -> None:
    event = post_established("P-1", "331")
    outcomes = await asyncio.gather(*(accept(pool, event) for _ in range(8)))
    accepted_ones = [one for (one,) in outcomes if isinstance(one, Accepted)]
    assert sorted(one.known for one in accepted_ones) == [False] + [True] * 7
    assert {(one.position, one.accepted_at) for one in accepted_ones} == {(1, accepted_ones[0].accepted_at)}
    assert await pool.fetchval("SELECT count(*) FROM journal") == 1


async def test_a_request_that_was_given_up_leaves_no_gap(pool: asyncpg.Pool) -> None:
    await accept(pool, post_established("P-1", "331"))
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        (outcome,) = await journal.append(
            connection, journal.entries(incoming(post_established("P-2", "331")), "request test")
        )
        assert cast(Accepted, outcome).position == 2
        await transaction.rollback()
    (outcome,) = await accept(pool, post_established("P-3", "331"))
    assert cast(Accepted, outcome).position == 2
