"""Columns that go on from those that were kept: of a change the changed units are read, and what is given is what a
process gives that kept nothing."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.envelope import Event
from services.chassis.database import connect_pool, migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS
from services.metrics.figures.columns import AMOUNTS, BROKEN_DOWN_BY, Columns, Sums
from services.metrics.ingest.store import CHANGES_KEPT, UNITS_TOLD
from tests.histories import at, event, histories, histories_of_merges, started, tied, void
from tests.integration.test_stock_columns import METRICS_MIGRATIONS, OCTOBER, post, stock_of, take_in
from tests.parts import PostgreSQL
from tests.property.test_timelines import DAYS, instants_of

KNOWN = datetime(2025, 1, 1, tzinfo=UTC)
LAST_OF_ALL = datetime.max.replace(tzinfo=UTC)
PLENTY = 100_000_000
AUTHORITIES = itertools.count(1)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Metrics of an authority with ten posts."""
    pool = await connect_pool(database, 4)
    await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
    await take_in(pool, *(post(number) for number in range(10)))
    yield pool
    await pool.close()


def started_in(post: str, day: date = OCTOBER) -> Event:
    return event(started(day, post), f"worker/W-{post}", at(day), f"S-{post}")


def in_post(columns: Columns) -> int:
    (total,) = columns.sums("in_post", [OCTOBER], KNOWN)[()]
    return total


async def tamper_with(pool: asyncpg.Pool, unit: str) -> None:
    """Write into a row what no change tells of: only who reads all rows sees it."""
    tag = await pool.execute("UPDATE staffing SET in_post = 500 WHERE authority = '331' AND staffing_unit = $1", unit)
    assert tag != "UPDATE 0"


async def test_only_the_units_that_changed_are_read_again(pool: asyncpg.Pool) -> None:
    stock = stock_of(pool, PLENTY)
    before = await stock.of("331")
    await tamper_with(pool, "post/P-2")
    await take_in(pool, started_in("P-1"))
    assert in_post(await stock.of("331")) == 1_000_000
    assert in_post(await stock_of(pool).of("331")) == 1_000_500
    # Whoever was given columns before goes on with what was committed then.
    assert in_post(before) == 0


async def test_a_start_that_never_was_leaves_no_rows_behind(pool: asyncpg.Pool) -> None:
    stock = stock_of(pool, PLENTY)
    await stock.of("331")
    start, other = started_in("P-1"), started_in("P-2")
    await take_in(pool, start, other)
    assert in_post(await stock.of("331")) == 2_000_000
    await take_in(pool, void(start, at(OCTOBER, 10), "V-1"))
    assert in_post(await stock.of("331")) == 1_000_000


@pytest.mark.parametrize("units", [UNITS_TOLD, UNITS_TOLD + 1])
async def test_many_changes_at_once_are_seen_whether_or_not_they_are_told(pool: asyncpg.Pool, units: int) -> None:
    await take_in(pool, *(post(number) for number in range(100, 100 + 4 * units)))
    stock = stock_of(pool, PLENTY)
    await stock.of("331")
    await tamper_with(pool, "post/P-2")
    await take_in(pool, *(started_in(f"P-{number}") for number in range(100, 100 + units)))
    told = units <= UNITS_TOLD
    assert in_post(await stock.of("331")) == units * 1_000_000 + (0 if told else 500)


async def test_where_a_large_part_has_changed_everything_is_read(pool: asyncpg.Pool) -> None:
    stock = stock_of(pool, PLENTY)
    await stock.of("331")
    await tamper_with(pool, "post/P-2")
    await take_in(pool, *(started_in(f"P-{number}") for number in range(5, 8)))
    assert in_post(await stock.of("331")) == 3_000_500


@pytest.mark.parametrize("changes", [CHANGES_KEPT - 1, CHANGES_KEPT])
async def test_what_is_older_than_the_changes_that_are_kept_is_read_whole(pool: asyncpg.Pool, changes: int) -> None:
    await take_in(pool, started_in("P-1"))
    stock = stock_of(pool, PLENTY)
    await stock.of("331")
    await tamper_with(pool, "post/P-2")
    move = (
        "UPDATE staffing_version SET generation = generation + 1, version = gen_random_uuid() WHERE authority = '331'"
    )
    note = """
        INSERT INTO staffing_change (authority, generation, version, units)
        SELECT authority, generation, version, '{post/P-1}' FROM staffing_version WHERE authority = '331'
    """
    for _ in range(changes - 1):
        await pool.execute(move)
        await pool.execute(note)
    await take_in(pool, started_in("P-3"))
    forgotten = changes == CHANGES_KEPT
    assert in_post(await stock.of("331")) == 2_000_000 + (500 if forgotten else 0)
    count = "SELECT count(*) FROM staffing_change WHERE authority = '331'"
    assert await pool.fetchval(count) == CHANGES_KEPT


async def test_after_a_restore_of_an_older_copy_nothing_is_gone_on_from_that_never_was(pool: asyncpg.Pool) -> None:
    """Both have as many changes behind them, but not the same."""
    tables = ("staffing", "staffing_version", "staffing_change")
    await take_in(pool, started_in("P-1"))
    for table in tables:
        await pool.execute(f"CREATE TABLE old_{table} AS TABLE {table}")
    stock = stock_of(pool, PLENTY)
    await take_in(pool, started_in("P-2"))
    assert in_post(await stock.of("331")) == 2_000_000

    await pool.execute(f"TRUNCATE {', '.join(tables)}")
    for table in tables:
        await pool.execute(f"INSERT INTO {table} TABLE old_{table}")
    assert in_post(await stock.of("331")) == 1_000_000
    await take_in(pool, started_in("P-3"), started_in("P-4"))
    assert in_post(await stock.of("331")) == 3_000_000
    # Those that were kept of the one go on with the other no more than those of a rebuilt database.
    await pool.execute(f"TRUNCATE {', '.join(tables)}")
    assert in_post(await stock.of("331")) == 0
    await take_in(pool, post(99))
    assert (await stock.of("331")).sums("establishment", [OCTOBER], KNOWN) == {(): [1_000_000]}


async def test_a_process_that_only_reads_sees_what_others_derive_transaction_by_transaction(
    pool: asyncpg.Pool, database: str
) -> None:
    await take_in(pool, *(post(number) for number in range(10, 100)))
    elsewhere = await connect_pool(database, 2)
    stock, seen = stock_of(elsewhere, PLENTY), set()

    async def derive() -> None:
        for number in range(0, 40, 2):
            await take_in(pool, started_in(f"P-{number}"), started_in(f"P-{number + 1}"))

    deriving = asyncio.create_task(derive())
    while not deriving.done():
        seen.add(in_post(await stock.of("331")))
    await deriving
    assert in_post(await stock.of("331")) == 40_000_000
    assert all(total % 2_000_000 == 0 for total in seen)
    await elsewhere.close()


# --- whatever happened ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared(postgres: PostgreSQL) -> str:
    """A database of metrics, in which each history has an authority of its own."""
    database = postgres.create("staffing_changes")

    async def prepare() -> None:
        pool = await connect_pool(database, 1)
        await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
        await pool.close()

    asyncio.run(prepare())
    return database


def everything(columns: Columns, history: list[Event]) -> list[Sums]:
    """Every sum by every dimension, as known at every instant at which anything became known."""
    return [
        columns.sums(amount, DAYS, known, by)
        for known in [*instants_of(history), KNOWN, LAST_OF_ALL]
        for amount in AMOUNTS
        for by in ((), BROKEN_DOWN_BY)
    ]


@settings(max_examples=max(10, settings.default.max_examples // 5), deadline=None)  # type: ignore[union-attr]
@given(tied(histories(40) | histories_of_merges(30)), st.randoms(use_true_random=False))
def test_whatever_happened_a_process_that_kept_some_gives_what_one_gives_that_kept_nothing(
    shared: str, history: list[Event], drawn: Random
) -> None:
    asyncio.run(_piece_by_piece(shared, history, drawn))


async def _piece_by_piece(database: str, history: list[Event], drawn: Random) -> None:
    authority = f"{next(AUTHORITIES):03}"
    of_it = [replace(one, envelope=one.envelope.model_copy(update={"authority": authority})) for one in history]
    # So many others that of a change hardly ever everything is read.
    posts = [post(number, authority) for number in range(100, 120)]
    pool = await connect_pool(database, 2)
    stock = stock_of(pool, PLENTY)
    await take_in(pool, *posts)
    await stock.of(authority)
    while of_it:
        some = drawn.randint(1, 6)
        await take_in(pool, *of_it[:some], far_behind=drawn.random() < 0.2)
        del of_it[:some]
        if not of_it or drawn.random() < 0.7:
            kept, fresh = await stock.of(authority), await stock_of(pool, PLENTY).of(authority)
            assert everything(kept, [*posts, *history]) == everything(fresh, [*posts, *history])
            assert (len(kept), kept.weight) == (len(fresh), fresh.weight)
    await pool.close()
