"""What is kept in memory of what the database holds: within one budget, and answering all the same."""

import weakref
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import asyncpg
import pytest

from services.chassis.database import connect_pool, migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS
from services.metrics.figures.figures import FigureSums
from services.metrics.figures.reading import FigureQuery
from services.metrics.measures.catalogue import MEASURES, count, counts_of
from services.metrics.measures.declaration import When
from services.metrics.read_models.authorities import ALL
from services.metrics.read_models.budget import Budget
from services.metrics.read_models.read_cache import ReadCache
from services.metrics.read_models.readers import Readers
from services.metrics.snapshot.snapshot import Snapshot
from tests.integration.test_stock_columns import METRICS_MIGRATIONS, half_a_starter, post, take_in
from tests.let_go import kept_of

NOW = datetime(2024, 1, 1, tzinfo=UTC)
OCTOBER = When(date(2022, 11, 1), date(2023, 10, 31), date(2023, 10, 31))
AUTHORITIES = ["331", "332", "333", "334"]
PLENTY = 10_000_000


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Metrics of four authorities with posts, the first with more of them than the others, and a worker."""
    pool = await connect_pool(database, 4)
    await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
    await take_in(pool, *(post(number, authority) for authority in AUTHORITIES for number in range(10)))
    await take_in(pool, *(post(number) for number in range(10, 40)), half_a_starter(1))
    yield pool
    await pool.close()


def read_cache_of(pool: asyncpg.Pool, budget: int) -> ReadCache:
    return ReadCache(Readers(pool, 4), Budget(budget))


async def figure(read_cache: ReadCache, name: str, authority: str) -> float:
    """A measure as at October, worked out as the API does."""
    measure = MEASURES[name]
    sums = FigureSums([measure], [OCTOBER], FigureQuery())
    async for readings in read_cache.readings(authority, NOW, None, counts_of(measure), FigureQuery()):
        sums.add(readings)
        readings.clear()
    read_cache.settle()
    (total,) = sums.figures(measure).totals
    assert total is not None
    return float(total)


async def everything(read_cache: ReadCache) -> list[float]:
    bodies = []
    for authority in (*AUTHORITIES, ALL, *AUTHORITIES):
        for name in ("vacancies", "in-post-headcount", "starters-fte"):
            bodies.append(await figure(read_cache, name, authority))
            assert read_cache.budget.kept <= read_cache.budget.most
    return bodies


async def test_the_budget_holds_whatever_is_asked_and_answers_are_the_same(pool: asyncpg.Pool) -> None:
    expected = [39.5, 1, 0.5, 10, 0, 0, 10, 0, 0, 10, 0, 0]
    expected += [69.5, 1, 0.5, *expected]
    for budget in (1, 20_000, 60_000, 200_000, PLENTY):
        read_cache = read_cache_of(pool, budget)
        assert await everything(read_cache) == expected
        assert sum(weight for _, weight in read_cache.budget.weights()) == read_cache.budget.kept


async def test_an_authority_beyond_the_budget_is_answered_and_not_kept(pool: asyncpg.Pool) -> None:
    read_cache = read_cache_of(pool, 60_000)
    assert await figure(read_cache, "in-post-headcount", "332") == 0
    kept = read_cache.budget.kept
    assert kept > 0
    # 41 events of 2,400 bytes.
    assert await figure(read_cache, "in-post-headcount", "331") == 1
    assert read_cache.budget.kept == kept
    assert await read_cache.size("332") == (10, 0, 0, 0, 0)
    assert await read_cache.size("331") == (41, 41, 41, 0, 0)


async def test_what_was_not_asked_for_longest_is_let_go_first(pool: asyncpg.Pool) -> None:
    read_cache = read_cache_of(pool, 60_000)
    for authority in ("332", "333", "332", "334"):
        await figure(read_cache, "in-post-headcount", authority)
    unread = {authority: (await read_cache.size(authority)).unread_events for authority in AUTHORITIES}
    assert unread == {"331": 41, "332": 0, "333": 10, "334": 0}


async def test_who_asks_every_authority_holds_one_snapshot_at_a_time_and_moves_nothing_that_is_kept(
    pool: asyncpg.Pool,
) -> None:
    read_cache = read_cache_of(pool, 40_000)
    await figure(read_cache, "in-post-headcount", "334")
    snapshots: list[weakref.ref[Snapshot]] = []
    most = 0
    async for readings in read_cache.readings(ALL, NOW, None, [count("leavers")], FigureQuery()):
        (reading,) = readings
        snapshots.append(weakref.ref(reading.snapshot()))
        most = max(most, await kept_of(snapshots[:-1]))
        del reading
        readings.clear()
    assert len(snapshots) == 4
    assert most == 0
    assert await read_cache.size("334") == (10, 0, 0, 0, 0)


async def test_what_was_not_read_yet_is_known_before_it_is_read(pool: asyncpg.Pool) -> None:
    read_cache = read_cache_of(pool, PLENTY)
    assert await read_cache.size(ALL, rows=True) == (71, 71, 71, 72, 72)
    await figure(read_cache, "vacancies", "331")
    assert await read_cache.size("331", rows=True) == (41, 41, 41, 42, 0)
    await figure(read_cache, "starters-fte", "331")
    assert await read_cache.size("331") == (41, 0, 0, 0, 0)
    await take_in(pool, post(50))
    assert await read_cache.size("331") == (42, 1, 1, 0, 0)
    asked = FigureQuery(("role", "team"))
    assert await read_cache.most_keys("331", asked, await read_cache.size("331")) == 1
    assert await read_cache.most_keys(ALL, asked, await read_cache.size(ALL)) == 1


async def test_readers_leave_half_of_the_connections_to_the_consumer(pool: asyncpg.Pool) -> None:
    readers = Readers(pool, 4)
    async with readers.acquire(), readers.acquire(), pool.acquire() as third, pool.acquire() as fourth:
        assert await third.fetchval("SELECT 3") == 3
        assert await fourth.fetchval("SELECT 4") == 4
        assert readers._slots.locked()
    assert await readers.fetchval("SELECT 1") == 1


async def test_events_are_counted_of_the_authorities_asked_for_and_as_far_as_they_are_read(pool: asyncpg.Pool) -> None:
    authorities = read_cache_of(pool, PLENTY).authorities
    both = ["331", "332"]
    # 40 posts and a starter, and 10 posts; those of the other two are never counted.
    assert await authorities.count(both) == (51, 51, 51)
    await authorities.snapshot("331", NOW)
    assert await authorities.count(both) == (51, 10, 10)
    # Read, but not yet in a snapshot.
    await authorities.events("332")
    assert await authorities.count(both) == (51, 0, 10)
    await take_in(pool, post(10, "332"))
    assert await authorities.count(both) == (52, 1, 11)
    assert await authorities.count(["331"]) == (41, 0, 0)
