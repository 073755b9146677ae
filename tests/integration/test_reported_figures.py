"""What is written down for dashboards of the demonstration: it is what the API answers, figure by figure.

Invariant: it is read as a dashboard's role reads it.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from services.metrics.reporting.questions import MONTHLY, NOT_STATED, Monthly
from tests.integration.feed import Feed

FIRST, LAST = "2014-06-01", "2024-05-31"
"""Ten years. The history of the demonstration ends on 28 March 2024: three months later nothing is known any more."""


def answered(demonstration: Feed, path: str) -> dict[str, Any]:
    """An answer of the API."""
    answer = demonstration.get(path)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def exact(value: float | None) -> Decimal | None:
    """A number of JSON, to the digit."""
    return None if value is None else Decimal(str(value))


async def test_the_months_are_those_that_are_known_and_over(reported: asyncpg.Connection) -> None:
    months = [row["month_end"] for row in await reported.fetch("SELECT * FROM reporting.month_ends('331') ORDER BY 1")]
    assert (months[0], months[-1], len(months)) == (date(2014, 6, 30), date(2024, 5, 31), 120)
    assert await reported.fetch("SELECT * FROM reporting.month_ends('332')") == []
    assert [row["authority"] for row in await reported.fetch("SELECT authority FROM reporting.authority")] == ["331"]


async def test_the_vacancies_of_the_councils_papers_are_written_down(reported: asyncpg.Connection) -> None:
    rows = await reported.fetch(
        "SELECT month_end, value FROM reporting.monthly_figure "
        "WHERE authority = '331' AND measure = 'vacancies' AND dimension = '' AND month_end = ANY ($1::date[]) "
        "ORDER BY 1",
        [date(2022, 10, 31), date(2023, 10, 31)],
    )
    assert [row["value"] for row in rows] == [Decimal(52), Decimal("22.5")]


@pytest.mark.parametrize("question", MONTHLY, ids=lambda question: f"{question.measure} by {question.dimension}")
async def test_every_month_of_a_measure_is_as_the_api_answers(
    reported: asyncpg.Connection, demonstration: Feed, question: Monthly
) -> None:
    by = f"&by={question.dimension}" if question.dimension else ""
    series = answered(demonstration, f"{question.path}?authority=331&from={FIRST}&to={LAST}{by}")
    lines = series["rows"] if question.dimension else [{"values": series["totals"]}]
    expected: dict[str, list[Decimal | None]] = {}
    for line in lines:
        member = "" if question.dimension is None else line[question.dimension] or NOT_STATED
        if question.dimension is None or any(line["values"]):
            expected[member] = [exact(value) for value in line["values"]]
    rows = await reported.fetch(
        "SELECT member, array_agg(value ORDER BY month_end) AS values, array_agg(reason ORDER BY month_end) AS reasons "
        "FROM reporting.monthly_figure WHERE authority = '331' AND measure = $1 AND dimension = $2 GROUP BY member",
        question.measure,
        question.dimension or "",
    )
    assert {row["member"]: row["values"] for row in rows} == expected
    assert len(expected) > (1 if question.dimension else 0)
    if question.dimension is None:
        assert rows[0]["reasons"] == series.get("reasons", [None] * 120)


async def test_the_control_chart_is_the_one_of_the_api(reported: asyncpg.Connection, demonstration: Feed) -> None:
    path = f"/v1/measures/leavers/series?authority=331&from={FIRST}&to={LAST}"
    points = answered(demonstration, path)["control_chart"]["points"]
    rows = await reported.fetch(
        "SELECT lower, centre, upper, rules FROM reporting.monthly_figure "
        "WHERE authority = '331' AND measure = 'leavers' AND dimension = '' ORDER BY month_end"
    )
    assert [tuple(row) for row in rows] == [
        (*(exact(point[name]) for name in ("lower", "centre", "upper")), point["rules"]) for point in points
    ]
    assert any(row["rules"] for row in rows)


async def test_the_cohorts_are_those_of_the_api(reported: asyncpg.Connection, demonstration: Feed) -> None:
    answer = answered(demonstration, f"/v1/academy/cohorts?authority=331&as_at={LAST}")
    rows = await reported.fetch(
        "SELECT * FROM reporting.cohort WHERE authority = '331' AND as_at = $1 ORDER BY entry_on NULLS LAST",
        date.fromisoformat(LAST),
    )
    assert len(rows) == 22
    assert {row["as_at"] for row in rows} == {date.fromisoformat(LAST)}
    named = ("started", "passed", "progressed", "left", "in_post", "progressed_share", "retention")
    for row, expected in zip(rows, [*answer["rows"], answer["over_all"]], strict=True):
        assert row["cohort"] == expected.get("cohort", "all")
        for name in (*named, "mean_service_years"):
            assert row[name] == exact(expected[name]), (row["cohort"], name)


async def test_the_survival_curve_is_the_one_of_the_api(reported: asyncpg.Connection, demonstration: Feed) -> None:
    answer = answered(demonstration, f"/v1/survival?authority=331&of=academy-members&as_at={LAST}")
    rows = await reported.fetch(
        "SELECT months, at_risk, survival, lower, upper FROM reporting.survival "
        "WHERE authority = '331' AND as_at = $1 ORDER BY months",
        date.fromisoformat(LAST),
    )
    assert [tuple(row) for row in rows] == [
        (point["months"], point["at_risk"], *(exact(point[name]) for name in ("survival", "lower", "upper")))
        for point in answer["points"]
    ]
    assert len(rows) == 72


async def test_findings_and_lateness_are_those_of_the_api(reported: asyncpg.Connection, demonstration: Feed) -> None:
    answer = answered(demonstration, f"/v1/quality?authority=331&as_at={LAST}&limit=1")
    rows = await reported.fetch(
        "SELECT check_name, findings FROM reporting.finding WHERE authority = '331' AND known_on = 'infinity'"
    )
    assert {row["check_name"]: row["findings"] for row in rows} == {
        row["check"]: row["findings"] for row in answer["summary"] if row["findings"]
    }
    assert len(rows) == 4
    rows = await reported.fetch(
        "SELECT event_type, events, late, median_days_late FROM reporting.lateness "
        "WHERE authority = '331' AND known_on = 'infinity'"
    )
    assert {row["event_type"]: tuple(row)[1:] for row in rows} == {
        row["type"]: (row["events"], row["late"], exact(row["median_days_late"])) for row in answer["lateness"]
    }
    assert len(rows) == 21


async def test_the_feeds_are_those_of_the_api(reported: asyncpg.Connection, demonstration: Feed) -> None:
    answer = answered(demonstration, "/v1/feeds?authority=331")
    rows = await reported.fetch("SELECT source, topic, events FROM reporting.feed WHERE authority = '331'")
    assert {tuple(row) for row in rows} == {(row["source"], row["topic"], row["events"]) for row in answer["rows"]}
    assert len(rows) == 7


async def test_who_reads_for_dashboards_writes_nothing_down(reported: asyncpg.Connection) -> None:
    for table in ("reported", "monthly_figure", "cohort", "survival", "finding", "lateness", "feed", "authority"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reported.execute(f"DELETE FROM reporting.{table}")
