"""When figures are written down for dashboards, and of whom: of those whose events have changed.

Invariant: the database is a real one; the service is made as it is made when it runs, without Kafka.
"""

from collections.abc import AsyncIterator
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest
from fastapi import FastAPI

from services.chassis.database import connect_pool, migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS, Runtime
from services.metrics.api.asking import NotAnswered
from services.metrics.app import create
from services.metrics.reporting import filling
from services.metrics.reporting.filling import Filling, fill
from services.metrics.settings import ServiceSettings
from tests.grafana import RULES
from tests.histories import at, established, event, started
from tests.integration.test_stock_columns import METRICS_MIGRATIONS, take_in

FUNDED, CAME, LAST = date(2023, 4, 1), date(2023, 6, 15), date(2023, 6, 20)
VACANCIES = """
    SELECT month_end, value
    FROM reporting.monthly_figure
    WHERE authority = $1 AND measure = 'vacancies' AND dimension = ''
    ORDER BY month_end
"""


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """A database of metrics, in which two authorities have a post each, of 1 and of 0.5 FTE."""
    pool = await connect_pool(database, 4)
    await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
    for authority, fte in (("331", "1"), ("332", "0.5")):
        posts = event(established(FUNDED, fte), "post/P-1", at(FUNDED), f"funded-{authority}", authority=authority)
        await take_in(pool, posts)
    yield pool
    await pool.close()


def service(pool: asyncpg.Pool, database: str, **told: Any) -> FastAPI:
    """Metrics, as it answers."""
    app = create(ServiceSettings(database_url=database, **told))
    app.state.runtime._pool = pool
    return app


async def known_at(pool: asyncpg.Pool) -> dict[str, Any]:
    """As known when figures are written down, by authority."""
    return {row["authority"]: row["as_known_at"] for row in await pool.fetch("SELECT * FROM reporting.reported")}


async def test_figures_are_written_anew_of_whom_something_else_is_known(pool: asyncpg.Pool, database: str) -> None:
    app = service(pool, database)
    await fill(app, pool)
    # The newest record is of 1 April: three months later nothing is known any more.
    april_to_june = [date(2023, 4, 30), date(2023, 5, 31), date(2023, 6, 30)]
    assert [tuple(row) for row in await pool.fetch(VACANCIES, "331")] == [(day, 1) for day in april_to_june]
    first = await known_at(pool)
    assert set(first) == {"331", "332"}

    await take_in(pool, event(started(CAME), "worker/W-1", at(LAST), "came"))
    await fill(app, pool)
    months = [*april_to_june, date(2023, 7, 31), date(2023, 8, 31)]
    assert [tuple(row) for row in await pool.fetch(VACANCIES, "331")] == list(zip(months, [1, 1, 0, 0, 0], strict=True))
    second = await known_at(pool)
    assert (second["331"] > first["331"], second["332"] == first["332"]) == (True, True)


async def test_findings_as_known_at_an_earlier_day_are_written_anew_only_if_something_else_was_known_by_then(
    pool: asyncpg.Pool, database: str
) -> None:
    app = service(pool, database)
    written = "SELECT known_on, xmin::text FROM reporting.quality WHERE authority = '331' AND known_on < 'infinity'"
    await fill(app, pool)
    first = {row["known_on"]: row["xmin"] for row in await pool.fetch(written)}
    march, june = date(2023, 3, 31), date(2023, 6, 30)
    assert set(first) == {june, march, date(2022, 12, 31), date(2022, 9, 30)}
    # Recorded in June, and so known at its end.
    await take_in(pool, event(started(CAME), "worker/W-1", at(LAST), "came"))
    await fill(app, pool)
    second = {row["known_on"]: row["xmin"] for row in await pool.fetch(written)}
    assert (second[march] == first[march], second[june] == first[june]) == (True, False)


async def test_what_another_process_wrote_of_later_knowledge_stays(pool: asyncpg.Pool, database: str) -> None:
    await pool.execute("INSERT INTO reporting.reported VALUES ('331', 'another', now() + interval '1 hour')")
    await fill(service(pool, database), pool)
    assert await pool.fetch(VACANCIES, "331") == []
    assert len(await pool.fetch(VACANCIES, "332")) == 3


async def test_what_cannot_be_answered_is_told_and_asked_again(pool: asyncpg.Pool, database: str) -> None:
    with pytest.raises(NotAnswered, match="would cost about"):
        await fill(service(pool, database, largest_question=1), pool)
    assert await known_at(pool) == {}
    await fill(service(pool, database), pool)
    assert set(await known_at(pool)) == {"331", "332"}


def told(rule: str, rows: list[asyncpg.Record]) -> set[str]:
    """Of whom a rule of Grafana's tells somebody, by what its query has found."""
    (found,) = [each for each in RULES if each["title"] == rule]
    (condition,) = [query["model"] for query in found["data"] if query["refId"] == found["condition"]]
    ((evaluator,),) = [[one["evaluator"] for one in condition["conditions"]]]
    assert (condition["type"], condition["expression"], evaluator["type"]) == ("threshold", "A", "gt")
    return {" ".join(str(value) for value in list(row)[:-1]) for row in rows if row["value"] > evaluator["params"][0]}


def query_of(rule: str) -> str:
    """The SQL of a rule."""
    (found,) = [each for each in RULES if each["title"] == rule]
    return str(found["data"][0]["model"]["rawSql"])


async def test_uncovered_vacancies_are_told_above_ten_fte_and_no_more_when_somebody_comes(pool: asyncpg.Pool) -> None:
    nine = [established(FUNDED, "9.5"), established(FUNDED, "9")]
    for authority, post in zip(("332", "331"), nine, strict=True):
        await take_in(pool, event(post, "post/P-2", at(FUNDED), f"more-{authority}", authority=authority))
    # Ten FTE in both: that is the threshold, and not above it.
    assert told("UncoveredVacancies", await pool.fetch(query_of("UncoveredVacancies"))) == set()
    await take_in(pool, event(established(FUNDED, "0.1"), "post/P-3", at(FUNDED), "a-little-more"))
    assert told("UncoveredVacancies", await pool.fetch(query_of("UncoveredVacancies"))) == {"331"}
    await take_in(pool, event(started(CAME), "worker/W-1", at(LAST), "came"))
    assert told("UncoveredVacancies", await pool.fetch(query_of("UncoveredVacancies"))) == set()


async def test_a_signal_is_told_in_the_month_it_begins_and_rests_when_it_goes_on(pool: asyncpg.Pool) -> None:
    wrote = "INSERT INTO reporting.monthly_figure VALUES ('331', $1, '', '', $2, 5, NULL, NULL, NULL, NULL, $3)"
    april, may, june = date(2023, 4, 30), date(2023, 5, 31), date(2023, 6, 30)
    query = query_of("ControlChartSignal")
    for measure, day, rules in (
        ("leavers", april, []),
        ("leavers", may, ["outside-limits"]),
        ("vacancies", april, ["run"]),
        ("vacancies", may, ["run"]),
        # What no chart is watched of, and what is of a part alone, tells nobody.
        ("starters", may, ["outside-limits"]),
    ):
        await pool.execute(wrote, measure, day, rules)
    assert told("ControlChartSignal", await pool.fetch(query)) == {"331 leavers"}
    await pool.execute(wrote, "leavers", june, ["outside-limits"])
    await pool.execute(wrote, "vacancies", june, ["run", "outside-limits"])
    assert told("ControlChartSignal", await pool.fetch(query)) == {"331 vacancies"}


@pytest.mark.parametrize(
    ("every_seconds", "far_behind", "unsettled", "times"),
    [(60, False, None, 1), (None, False, None, 0), (60, True, None, 0), (60, False, "2 timelines wait", 0)],
    ids=["it is time", "nobody asked for it", "many events wait", "timelines wait"],
)
async def test_it_is_done_from_time_to_time_when_all_that_arrived_is_derived(
    monkeypatch: pytest.MonkeyPatch, every_seconds: int | None, far_behind: bool, unsettled: str | None, times: int
) -> None:
    done = []

    async def counted(app: FastAPI, pool: object) -> None:
        done.append((app, pool))

    monkeypatch.setattr(filling, "fill", counted)
    watch, app = Filling(every_seconds), FastAPI()
    runtime = cast(Runtime, SimpleNamespace(far_behind=lambda: far_behind, unsettled=unsettled, pool="pool"))
    await watch(runtime)
    assert done == []
    watch.app = app
    for _ in range(3):
        await watch(runtime)
    assert done == [(app, "pool")] * times
