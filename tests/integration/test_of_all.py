"""Figures of all authorities: what was counted of each is kept, and counted anew where anything has changed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from random import Random
from types import SimpleNamespace
from typing import cast

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codes import Demand
from contracts.envelope import Event
from contracts.events.working_life import DemandCounted
from services.chassis.database import connect_pool, migrate
from services.chassis.problems import Problem
from services.chassis.recent_events import RecentEvents
from services.chassis.runtime import CHASSIS_MIGRATIONS, Runtime
from services.metrics.api.computing import SMALL, Computation, Lanes
from services.metrics.api.measures import FigureRequest
from services.metrics.figures.reading import FigureQuery, Key
from services.metrics.ingest import handlers
from services.metrics.measures.catalogue import MEASURES, dimensions_of
from services.metrics.measures.declaration import When
from services.metrics.read_models.authorities import ALL
from services.metrics.read_models.budget import Budget
from services.metrics.read_models.read_cache import ReadCache
from services.metrics.read_models.readers import Readers
from services.metrics.reasons import Reason, Value
from services.metrics.telemetry import MetricsTelemetry
from tests.histories import at, event, left
from tests.integration.test_stock_columns import METRICS_MIGRATIONS, half_a_starter, post, take_in
from tests.parts import PostgreSQL
from tests.whole_histories import whole_histories

NOW = datetime(2024, 6, 1, tzinfo=UTC)
YEAR = When(date(2022, 11, 1), date(2023, 10, 31), date(2023, 10, 31))
BEFORE = When(date(2021, 11, 1), date(2022, 10, 31), date(2022, 10, 31))
PLENTY, MOST_STEPS = 100_000_000, 150_000_000
AUTHORITIES = ("331", "332", "333")

Answer = tuple[list[tuple[Key, list[Value]]], list[Value]]
"""The rows and the totals."""


class Asking(Computation):
    """One who asks, and is told what it costs."""

    def __init__(self, read_cache: ReadCache, most: int = MOST_STEPS) -> None:
        super().__init__(read_cache, Lanes(8), "somebody", most)
        self.cost = 0

    async def weigh(self, steps: int) -> None:
        """Note the cost as well."""
        self.cost = steps
        await super().weigh(steps)

    async def answer(
        self, measure: str, by: tuple[str, ...] = (), known: datetime = NOW, accepted: datetime | None = None
    ) -> Answer:
        """A measure of all authorities, in two years."""
        request = FigureRequest(MEASURES[measure], ALL, known, accepted, FigureQuery(by))
        found = (await request.add_up(self, [BEFORE, YEAR])).figures(request.measure)
        self.read_cache.settle()
        return list(found.sorted_rows()), found.totals


def cache_of(pool: asyncpg.Pool, budget: int = PLENTY) -> ReadCache:
    return ReadCache(Readers(pool, 4), Budget(budget))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Metrics of three authorities, each with ten posts and somebody who holds half of one."""
    pool = await connect_pool(database, 4)
    await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
    for authority in AUTHORITIES:
        await take_in(pool, *(post(number, authority) for number in range(10)), of(authority, half_a_starter(1)))
    yield pool
    await pool.close()


def of(authority: str, one: Event) -> Event:
    return replace(one, envelope=one.envelope.model_copy(update={"authority": authority}))


def leaver(authority: str, number: int = 1) -> Event:
    day = date(2023, 10, 1)
    return event(left(day), f"worker/W-{number}", at(day), f"L-{number}", authority=authority)


async def test_what_was_counted_is_kept_and_only_who_changed_is_counted_anew(pool: asyncpg.Pool) -> None:
    read_cache = cache_of(pool)
    half = Fraction(1, 2)
    assert (await Asking(read_cache).answer("starters-fte"))[1] == [0, 3 * half]
    # Nobody tells of this: only who counts 332 anew sees that its worker never started.
    await pool.execute("DELETE FROM inbox WHERE authority = '332' AND subject = 'worker/W-1'")
    await take_in(pool, of("331", half_a_starter(2)))
    assert (await Asking(read_cache).answer("starters-fte"))[1] == [0, 4 * half]
    assert (await Asking(cache_of(pool)).answer("starters-fte"))[1] == [0, 3 * half]


async def test_what_changes_no_staffing_and_was_recorded_long_ago_is_seen(pool: asyncpg.Pool) -> None:
    read_cache = cache_of(pool)
    assert (await Asking(read_cache).answer("children"))[1] == [Reason.NOT_COUNTED] * 2
    april = date(2023, 4, 1)
    plans = DemandCounted(counted_on=april, demand=Demand.CHILD_PROTECTION_PLANS, children=40)
    await take_in(pool, event(plans, "demand/D-1", at(april, 1), "D-1", authority="332"))
    assert (await Asking(read_cache).answer("children"))[1] == [Reason.NOT_COUNTED, 40]


async def test_what_is_kept_is_of_the_question_that_was_asked(pool: asyncpg.Pool) -> None:
    read_cache = cache_of(pool)
    await take_in(pool, leaver("331"))
    for _ in range(2):
        assert (await Asking(read_cache).answer("leavers"))[1] == [0, 1]
        assert (await Asking(read_cache).answer("starters"))[1] == [0, 3]
        assert dict((await Asking(read_cache).answer("starters", ("role",)))[0]) == {("social-worker",): [0, 3]}
        assert (await Asking(read_cache).answer("leavers", known=at(date(2023, 9, 1))))[1] == [0, 0]
        assert (await Asking(read_cache).answer("leavers", accepted=at(date(2023, 9, 1))))[1] == [0, 0]
        assert (await Asking(read_cache).answer("leavers", accepted=NOW))[1] == [0, 1]


async def test_the_cost_is_of_those_who_are_counted_anew_and_is_told_before(pool: asyncpg.Pool) -> None:
    read_cache = cache_of(pool)
    first, again, after = Asking(read_cache), Asking(read_cache), Asking(read_cache)
    await first.answer("leavers")
    await again.answer("leavers")
    await take_in(pool, post(50, "332"))
    await after.answer("leavers")
    assert again.cost < after.cost < first.cost < SMALL
    with pytest.raises(Problem) as refused:
        await Asking(cache_of(pool), most=first.cost - 1).answer("leavers")
    assert refused.value.status == 422
    assert await Asking(read_cache, most=again.cost).answer("leavers") == await first.answer("leavers")


async def test_what_is_derived_later_than_it_arrived_is_seen(pool: asyncpg.Pool) -> None:
    """Turnover divides leavers, of whom events tell, by who is in post, of whom staffing tells."""
    read_cache = cache_of(pool)
    runtime = cast(Runtime, SimpleNamespace(pool=pool, telemetry=MetricsTelemetry(), recent_events=RecentEvents()))
    await take_in(pool, leaver("331"))
    start = of("332", half_a_starter(2))
    accepted = start.envelope.model_copy(update={"acceptedtime": NOW, "sequence": "1"})
    await handlers.TakeInEvents(runtime)([replace(start, envelope=accepted)], far_behind=True)
    # Half of one left, and two halves are there.
    assert (await Asking(read_cache).answer("turnover-rate"))[1] == [Reason.NO_DENOMINATOR, 50]
    while await handlers.derive_queued(runtime):
        pass
    assert (await Asking(read_cache).answer("turnover-rate"))[1] == [Reason.NO_DENOMINATOR, Fraction(100, 3)]


async def test_a_question_with_very_many_rows_is_answered_and_not_kept(pool: asyncpg.Pool) -> None:
    expected = await Asking(cache_of(pool)).answer("starters-fte", ("role", "team"))
    read_cache = cache_of(pool, 60_000)
    for _ in range(2):
        asking = Asking(read_cache)
        assert await asking.answer("starters-fte", ("role", "team")) == expected
        assert read_cache.budget.kept <= read_cache.budget.most
    assert not [key for key, _ in read_cache.budget.weights() if "amounts" in str(key)]


# --- whatever happened ------------------------------------------------------------------------------------------------

EMPTY = (
    "TRUNCATE inbox, occupancy, cover, initiative, staffing, staffing_version, staffing_change, derivation_queue, feed"
)


@pytest.fixture(scope="module")
def shared(postgres: PostgreSQL) -> str:
    """An empty database of metrics."""
    database = postgres.create("of_all")

    async def prepare() -> None:
        pool = await connect_pool(database, 1)
        await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
        await pool.close()

    asyncio.run(prepare())
    return database


@settings(max_examples=max(6, settings.default.max_examples // 8), deadline=None)  # type: ignore[union-attr]
@given(st.lists(whole_histories(), min_size=2, max_size=3), st.randoms(use_true_random=False))
def test_whatever_happened_who_kept_what_was_counted_answers_as_one_who_kept_nothing(
    shared: str, histories: list[list[Event]], drawn: Random
) -> None:
    asyncio.run(_piece_by_piece(shared, histories, drawn))


async def _piece_by_piece(database: str, histories: list[list[Event]], drawn: Random) -> None:
    pool = await connect_pool(database, 2)
    await pool.execute(EMPTY)
    read_cache = cache_of(pool)
    waiting = {code: [of(code, one) for one in history] for code, history in zip(AUTHORITIES, histories, strict=False)}
    measures = drawn.sample(list(MEASURES), 6)
    while waiting:
        code = drawn.choice(list(waiting))
        await take_in(pool, *waiting[code][:8], far_behind=drawn.random() < 0.2)
        del waiting[code][:8]
        if not waiting[code]:
            del waiting[code]
        for measure in [*measures, "children-per-case-holder"]:
            by = tuple(dimensions_of(MEASURES[measure])[: drawn.choice([0, 1])])
            known = drawn.choice([NOW, at(date(2023, 10, 15))])
            kept = await Asking(read_cache).answer(measure, by, known)
            assert kept == await Asking(cache_of(pool)).answer(measure, by, known), measure
    await pool.close()
