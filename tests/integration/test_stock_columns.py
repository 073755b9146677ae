"""Columns read from PostgreSQL: they hold what was committed before they were asked for, and what SQL sums."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import asyncpg
import pytest

from contracts.codes import CoverReason, Role
from contracts.envelope import Event
from contracts.events.posts import PostEstablished
from services import metrics
from services.chassis.database import connect_pool, migrate
from services.chassis.recent_events import RecentEvents
from services.chassis.runtime import CHASSIS_MIGRATIONS, Runtime
from services.metrics.figures.columns import AMOUNTS, COLUMNS_BYTES, COMBINATION_BYTES, ROW, UNIT_BYTES
from services.metrics.ingest import handlers
from services.metrics.read_models.already_read import AlreadyRead
from services.metrics.read_models.budget import Budget
from services.metrics.read_models.readers import Readers
from services.metrics.read_models.stock_columns import StockColumns
from services.metrics.telemetry import MetricsTelemetry
from tests.histories import at, cover_started, established, event, fte_changed, left, started

METRICS_MIGRATIONS = Path(metrics.__file__).parent / "migrations"
APRIL, OCTOBER = date(2023, 4, 1), date(2023, 10, 31)
SEQUENCE = itertools.count(1)
KNOWN = datetime(2024, 1, 1, tzinfo=UTC)

SUM_STOCK = """
    SELECT {dimensions} sum({column}) AS value
    FROM staffing
    WHERE authority = $1
        AND valid_from <= $2 AND $2 < valid_to
        AND known_from <= $3 AND $3 < known_to
    {grouping}
"""


async def sum_stock(
    pool: asyncpg.Pool, column: str, authority: str, as_at: date, as_known_at: datetime, dimensions: Sequence[str]
) -> list[asyncpg.Record]:
    """The sum of one staffing column as at a date, as known at an instant, by dimensions (columns of staffing)."""
    grouping = f"GROUP BY {', '.join(dimensions)} ORDER BY {', '.join(dimensions)}" if dimensions else ""
    sql = SUM_STOCK.format(dimensions="".join(f"{name}, " for name in dimensions), column=column, grouping=grouping)
    rows: list[asyncpg.Record] = await pool.fetch(sql, authority, as_at, as_known_at)
    return rows


def stock_of(pool: asyncpg.Pool, budget: int = 1_000_000) -> StockColumns:
    """Columns kept in so many bytes."""
    return StockColumns(Readers(pool, 4), Budget(budget))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """An empty database of metrics."""
    pool = await connect_pool(database, 4)
    await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
    yield pool
    await pool.close()


async def take_in(pool: asyncpg.Pool, *events: Event, far_behind: bool = False) -> None:
    """As the consumer of metrics does."""
    runtime = cast(Runtime, SimpleNamespace(pool=pool, telemetry=MetricsTelemetry(), recent_events=RecentEvents()))
    accepted = [
        replace(
            event,
            envelope=event.envelope.model_copy(update={"acceptedtime": event.envelope.time, "sequence": sequence}),
        )
        for sequence, event in ((str(next(SEQUENCE)), event) for event in events)
    ]
    await handlers.TakeInEvents(runtime)(accepted, far_behind)
    while await handlers.derive_queued(runtime):
        pass


def post(number: int, authority: str = "331", role: Role = Role.SOCIAL_WORKER) -> Event:
    """A post of 1 FTE from April on."""
    data = established(APRIL, role=role)
    return event(data, f"post/P-{number}", at(APRIL), f"{authority}-{number}", authority=authority)


def half_a_starter(post: int) -> Event:
    """Half of a post filled in June."""
    return event(started(date(2023, 6, 1), f"P-{post}", "0.5"), f"worker/W-{post}", at(date(2023, 6, 1)), f"S-{post}")


@pytest.mark.parametrize("far_behind", [False, True])
async def test_new_events_are_seen_as_soon_as_they_are_committed(pool: asyncpg.Pool, far_behind: bool) -> None:
    stock = stock_of(pool)
    assert (await stock.of("331")).sums("vacancies", [OCTOBER], KNOWN) == {(): [0]}

    await take_in(pool, post(1), post(2), far_behind=far_behind)
    assert (await stock.of("331")).sums("vacancies", [OCTOBER], KNOWN) == {(): [2_000_000]}

    before = await stock.of("331")
    await take_in(pool, half_a_starter(1), far_behind=far_behind)
    assert (await stock.of("331")).sums("vacancies", [OCTOBER, APRIL], KNOWN) == {(): [1_500_000, 2_000_000]}
    # Whoever was given columns before goes on with what was committed then.
    assert before.sums("vacancies", [OCTOBER], KNOWN) == {(): [2_000_000]}


async def test_one_authority_is_not_read_again_when_another_changes(pool: asyncpg.Pool) -> None:
    stock = stock_of(pool)
    await take_in(pool, post(1), post(1, "332"))
    assert await stock.authorities() == ["331", "332"]
    first = await stock.of("331")

    await take_in(pool, post(2, "332"))
    assert await stock.of("331") is first
    assert (await stock.of("332")).sums("establishment", [OCTOBER], KNOWN) == {(): [2_000_000]}


async def test_questions_that_are_asked_together_are_answered_from_what_the_first_has_read(pool: asyncpg.Pool) -> None:
    stock = stock_of(pool)
    await take_in(pool, post(1), post(1, "332"))
    of_a_page = stock.together(AlreadyRead())
    first = await of_a_page.of("331")
    every = [columns async for some in of_a_page.of_each() for columns in some]
    await take_in(pool, post(2))
    assert every[0] is first
    assert await of_a_page.of("331") is first
    # The next page sees what was committed before it, and whoever still reads by the one before is none the worse.
    for asked in (stock.together(AlreadyRead()), stock, of_a_page):
        assert (await asked.of("331")).sums("establishment", [OCTOBER], KNOWN) == {(): [2_000_000]}


async def test_the_columns_hold_what_sql_sums(pool: asyncpg.Pool) -> None:
    outside_the_census = PostEstablished(
        effective_from=APRIL, role=Role.TEAM_MANAGER, funded_fte=established(APRIL, "2.5").funded_fte, team="b",
        service_area="residential", grade=None, csww_role=None,
    )  # fmt: skip
    july, august = date(2023, 7, 1), date(2023, 8, 15)
    await take_in(
        pool,
        post(1),
        post(2),
        event(outside_the_census, "post/P-3", at(APRIL), "E-3"),
        half_a_starter(1),
        half_a_starter(2),
        event(fte_changed(july, "0.333333", "P-2"), "worker/W-2", at(august), "E-4"),
        event(left(august), "worker/W-1", at(OCTOBER), "E-5"),
        event(cover_started(july, "P-1"), "cover/C-1", at(july), "E-6"),
        event(
            cover_started(july, None, "1", CoverReason.ADDITIONAL, Role.SENIOR_PRACTITIONER),
            "cover/C-2",
            at(july),
            "E-7",
        ),
        event(started(july, "P-9"), "worker/W-9", at(july), "E-8"),
    )
    columns = await stock_of(pool).of("331")
    compared = 0
    for day in (APRIL, july, august, OCTOBER):
        for known in (at(APRIL), at(july), at(august), at(OCTOBER)):
            for by in ((), ("role",), ("role", "team"), ("csww_role", "grade", "service_area")):
                for amount in AMOUNTS:
                    rows = await sum_stock(pool, amount, "331", day, known, by)
                    by_sql = {tuple(row[name] for name in by): [int(row["value"] or 0)] for row in rows}
                    assert columns.sums(amount, [day], known, by) == by_sql
                    compared += len(by_sql)
    assert compared > 500
    assert columns.sums("in_post", [OCTOBER], KNOWN, ["role", "csww_role"]) == {
        ("social-worker", 5): [333_333],
        ("team-manager", None): [0],
        (None, None): [1_000_000],
        ("senior-practitioner", None): [0],
    }


async def test_how_many_combinations_there_are_is_told_alike_before_and_after_they_are_read(pool: asyncpg.Pool) -> None:
    without_grade = established(APRIL, role=Role.TEAM_MANAGER).model_copy(update={"grade": None})
    await take_in(
        pool,
        post(1),
        post(2),
        event(without_grade, "post/P-3", at(APRIL), "331-3"),
        post(1, "332", Role.SENIOR_PRACTITIONER),
    )
    stock = stock_of(pool)
    questions: list[tuple[list[str], list[str], dict[str, object], int]] = [
        (["331"], ["role"], {}, 2),
        (["331"], ["role", "team"], {"grade": None}, 1),
        (["331"], ["role", "grade"], {"role": "social-worker", "grade": "grade-9"}, 1),
        (["331"], ["role"], {"role": "head-of-service"}, 0),
        (["332"], ["role"], {}, 1),
        (["331", "332"], ["role"], {}, 3),
        (["331", "332"], ["team"], {}, 1),
    ]
    for _ in range(2):
        for authorities, by, where, count in questions:
            assert await stock.count_keys(authorities, by, where) == count
        for authority in ("331", "332"):
            await stock.of(authority)


async def test_how_many_rows_there_are_and_how_many_of_them_are_yet_to_be_read(pool: asyncpg.Pool) -> None:
    await take_in(pool, post(1), post(2), post(1, "332"))
    stock = stock_of(pool)
    assert await stock.count(["331", "332"]) == (3, 3)
    assert await stock.count(["332"]) == (1, 1)
    await stock.of("331")
    assert await stock.count(["331", "332"]) == (3, 1)
    assert await stock.count(["331"]) == (2, 0)
    assert await stock.count(["333"]) == (0, 0)


async def test_all_authorities_come_a_few_at_a_time_never_more_bytes_than_so_many(pool: asyncpg.Pool) -> None:
    await take_in(pool, *(post(1, authority) for authority in ("333", "331", "332")))
    stock = stock_of(pool)
    weight = (await stock.of("331")).weight

    async def together(most: int) -> list[int]:
        return [len(some) async for some in stock.of_each(most)]

    assert await together(3 * weight) == [3]
    assert await together(3 * weight - 1) == [2, 1]
    assert await together(2 * weight) == [2, 1]
    assert await together(1) == [1, 1, 1]


async def test_many_who_ask_at_once_read_the_rows_once(pool: asyncpg.Pool) -> None:
    await take_in(pool, *(post(number) for number in range(20)))
    stock = stock_of(pool)
    answers = await asyncio.gather(*(stock.of("331") for _ in range(30)))
    assert len({id(columns) for columns in answers}) == 1
    assert len(answers[0]) == 20


async def test_readers_see_whole_transactions_while_events_come_in(pool: asyncpg.Pool) -> None:
    stock = stock_of(pool)
    await take_in(pool, post(1000), post(1001))
    seen: list[int] = []

    async def ask() -> None:
        while not feeding.done():
            (total,) = (await stock.of("331")).sums("establishment", [OCTOBER], KNOWN)[()]
            seen.append(total // 1_000_000)

    async def feed() -> None:
        for number in range(0, 40, 2):
            await take_in(pool, post(number), post(number + 1))

    feeding = asyncio.create_task(feed())
    await asyncio.gather(feeding, ask(), ask())
    assert (await stock.of("331")).sums("establishment", [OCTOBER], KNOWN) == {(): [42_000_000]}
    assert all(total % 2 == 0 for total in seen)
    assert len(set(seen)) > 2


async def test_what_was_not_asked_for_longest_is_given_up_first(pool: asyncpg.Pool) -> None:
    await take_in(pool, *(post(number, authority) for authority in ("331", "332", "333") for number in range(4)))
    stock = stock_of(pool, 2 * (COLUMNS_BYTES + COMBINATION_BYTES + 4 * (ROW.itemsize + UNIT_BYTES)))
    first, second = await stock.of("331"), await stock.of("332")
    assert await stock.of("331") is first
    await stock.of("333")
    assert await stock.of("331") is first
    assert await stock.of("332") is not second
    # More than may be kept is given all the same, and answers.
    england = [columns async for some in stock.of_each() for columns in some]
    assert [columns.sums("establishment", [OCTOBER], KNOWN) for columns in england] == [{(): [4_000_000]}] * 3
