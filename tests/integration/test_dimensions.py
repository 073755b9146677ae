"""Every dimension of posts, from the event that states it to each place that tells it.

Invariant: what is expected stands here by hand: a dimension that is not written down here, or is not told everywhere,
fails.
"""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.hiring import WorkerStarted
from contracts.events.posts import PostChanged, PostEstablished
from services.metrics.timelines.dimensions import OF_POSTS
from tests.histories import event
from tests.integration.alone import Alone

AUTHORITY = "390"
BEFORE: dict[str, Any] = {
    "role": "social-worker",
    "team": "duty",
    "service_area": "help-and-protection",
    "grade": "grade-9",
    "csww_role": 5,
    "location": "city-hall",
}
"""What P-1 is from 1 April 2023 on."""
AFTER: dict[str, Any] = {
    "role": "team-manager",
    "team": "north",
    "service_area": "children-in-care",
    "grade": "grade-12",
    "csww_role": 3,
    "location": "north-office",
}
"""What it is from 1 July 2023 on: nothing is as it was."""
OPTIONAL = ["grade", "csww_role", "location"]
"""What P-2, which is the same otherwise and empty, does not state."""
OLD, NEW = "as_at=2023-06-30", "as_at=2023-07-01"


def stated(number: int, subject: str, model: type[EventData], data: dict[str, Any]) -> Event:
    return event(
        model.model_validate_json(json.dumps(data)),
        subject,
        datetime(2023, 4, 1, 9, number, tzinfo=UTC),
        f"dimensions-{number}",
        authority=AUTHORITY,
    )


@pytest.fixture(scope="module")
def metrics(alone: Alone) -> Alone:
    """Metrics, when it knows of P-1, which W-1 holds at 0.75, and of P-2."""
    established = {"effective_from": "2023-04-01", "funded_fte": 1, **BEFORE}
    without = {name: value for name, value in established.items() if name not in OPTIONAL}
    came = {"started_on": "2023-04-01", "post": "P-1", "fte": 0.75, "origin": "other", "route": "direct"}
    alone.take_in(
        stated(1, "post/P-1", PostEstablished, established),
        stated(2, "post/P-1", PostChanged, {"effective_from": "2023-07-01", **AFTER}),
        stated(3, "post/P-2", PostEstablished, without),
        stated(4, "worker/W-1", WorkerStarted, came),
    )
    return alone


def rows(metrics: Alone, measure: str, name: str, asked: str) -> dict[Any, float]:
    """The figures of a measure by one dimension."""
    body = metrics.get(f"/v1/measures/{measure}?authority={AUTHORITY}&by={name}&{asked}")
    return {row[name]: row["value"] for row in body["rows"]}


def of_p_2(name: str) -> Any:
    return None if name in OPTIONAL else BEFORE[name]


def together(*figures: tuple[Any, float]) -> dict[Any, float]:
    """Rows of which those of one value are one."""
    sums: dict[Any, float] = {}
    for value, figure in figures:
        sums[value] = sums.get(value, 0) + figure
    return sums


def test_every_dimension_of_posts_is_written_down_here() -> None:
    assert list(BEFORE) == list(AFTER) == list(OF_POSTS)


@pytest.mark.parametrize("name", OF_POSTS)
def test_a_stock_in_fte_is_told_by_it_on_the_day_before_a_change_and_on_the_day(metrics: Alone, name: str) -> None:
    assert rows(metrics, "establishment", name, OLD) == together((BEFORE[name], 1.0), (of_p_2(name), 1.0))
    assert rows(metrics, "establishment", name, NEW) == together((AFTER[name], 1.0), (of_p_2(name), 1.0))


@pytest.mark.parametrize("name", OF_POSTS)
def test_people_are_told_by_that_of_their_post(metrics: Alone, name: str) -> None:
    assert rows(metrics, "in-post-headcount", name, OLD) == {BEFORE[name]: 1}
    assert rows(metrics, "in-post-headcount", name, NEW) == {AFTER[name]: 1}


@pytest.mark.parametrize("measure", ["vacancies", "vacancies-by-age"])
@pytest.mark.parametrize("name", OF_POSTS)
def test_a_value_of_it_can_be_asked_for_alone_and_so_can_where_it_is_not_stated(
    metrics: Alone, measure: str, name: str
) -> None:
    def asked(value: Any) -> float:
        where = f"{name}={'not-stated' if value is None else value}"
        total: float = metrics.get(f"/v1/measures/{measure}?authority={AUTHORITY}&{NEW}&{where}")["total"]
        return total

    assert asked(AFTER[name]) == 0.3
    assert asked(of_p_2(name)) == 1.0
    assert asked(None) == (1.0 if name in OPTIONAL else 0.0)


@pytest.mark.parametrize("measure", ["in-post", "in-post-headcount"])
@pytest.mark.parametrize("name", OF_POSTS)
def test_a_series_is_told_by_it_month_by_month(metrics: Alone, measure: str, name: str) -> None:
    path = f"/v1/measures/{measure}/series?authority={AUTHORITY}&from=2023-06-01&to=2023-07-31&by={name}"
    figure = 0.8 if measure == "in-post" else 1
    body = metrics.get(path)
    assert {row[name]: row["values"] for row in body["rows"]}[BEFORE[name]][0] == figure
    assert {row[name]: row["values"] for row in body["rows"]}[AFTER[name]][1] == figure


@pytest.mark.parametrize("name", OF_POSTS)
def test_each_part_of_a_figure_says_it(metrics: Alone, name: str) -> None:
    body = metrics.get(f"/v1/measures/establishment/explanation?authority={AUTHORITY}&{NEW}")
    assert {tuple(part["subjects"]): part[name] for part in body["parts"]} == {
        ("post/P-1",): AFTER[name],
        ("post/P-2",): of_p_2(name),
    }


@pytest.mark.parametrize("name", OF_POSTS)
def test_the_schema_reporting_has_it_as_a_column(metrics: Alone, name: str) -> None:
    assert asyncio.run(_reported(metrics, name, "2023-06-30")) == together((BEFORE[name], 1.0), (of_p_2(name), 1.0))
    assert asyncio.run(_reported(metrics, name, "2023-07-01")) == together((AFTER[name], 1.0), (of_p_2(name), 1.0))


async def _reported(metrics: Alone, name: str, as_at: str) -> dict[Any, float]:
    connection = await asyncpg.connect(metrics.database)
    try:
        rows = await connection.fetch(
            f"SELECT {name} AS value, sum(establishment) AS fte "
            f"FROM reporting.detailed_stock('{AUTHORITY}', '{as_at}', now()) GROUP BY 1"
        )
    finally:
        await connection.close()
    return {row["value"]: float(row["fte"]) for row in rows}
