"""The schema reporting and the panels on the day of each change and on the day before, beside the API.

Invariant: expectations are the tables of tests/deploy/two_authorities.py, by hand; what is run is what Grafana runs.
"""

from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest

from contracts.codes import Role
from tests.deploy.production import Production
from tests.deploy.test_dashboards import (
    COVERED_BY_MONTH,
    ROLES_BY_MONTH,
    SQL,
    TABLE,
    TABLE_NOW,
    measure,
    run,
)
from tests.deploy.two_authorities import (
    BEFORE_THE_MERGE,
    LEAVER_ENTERED,
    MEASURES,
    MERGED,
    MONTHS,
    OTHER,
    STOCK,
    Row,
)

JUST_BEFORE = {LEAVER_ENTERED: "2022-11-05T08:59:59.999999Z", MERGED: "2022-10-31T11:59:59.999999Z"}


EVERYTHING_KNOWN = "2024-01-31T23:59:59Z"
"""An instant after the last record."""
SAME_DAY_OF_THE_YEAR_BEFORE = "2021-10-31"


def asked(as_at: str, as_known_at: str = EVERYTHING_KNOWN) -> dict[str, Any]:
    """What the reader of the board has chosen."""
    roles, teams = [*Role, "not-stated"], ["assessment", "not-stated"]
    dates = {"as_at": as_at, "compare_with": SAME_DAY_OF_THE_YEAR_BEFORE, "as_known_at": as_known_at}
    return {"authority": OTHER, "role": roles, "team": teams, **dates}


async def stock(production: Production, as_at: str, as_known_at: str = EVERYTHING_KNOWN) -> dict[str, Row]:
    """What reporting.stock says to the role that Grafana logs in as, by role."""
    password = production.variables["GRAFANA_DATABASE_PASSWORD"]
    connection = await asyncpg.connect(production.database_url("grafana", password, "metrics"))
    try:
        rows = await connection.fetch(f"SELECT * FROM reporting.stock('{OTHER}', '{as_at}', '{as_known_at}')")
    finally:
        await connection.close()
    return {row["role"] or "not stated": tuple(map(float, list(row)[1:])) for row in rows}  # type: ignore[misc]


@pytest.mark.parametrize("as_at", STOCK)
async def test_the_stock_of_a_day_is_the_one_worked_out_by_hand(production: Production, as_at: str) -> None:
    assert await stock(production, as_at) == STOCK[as_at]


@pytest.mark.parametrize(
    ("as_at", "as_known_at", "expected"),
    [
        ("2022-10-30", JUST_BEFORE[MERGED], BEFORE_THE_MERGE),
        ("2022-10-30", MERGED, STOCK["2022-10-30"]),
        # The leaver was not entered yet: above establishment still.
        ("2022-10-31", JUST_BEFORE[LEAVER_ENTERED], STOCK["2022-10-30"]),
        ("2022-10-31", LEAVER_ENTERED, STOCK["2022-10-31"]),
    ],
    ids=["before the merge", "merged", "before the leaver was entered", "entered"],
)
async def test_a_change_is_known_from_the_instant_at_which_it_was_recorded(
    production: Production, as_at: str, as_known_at: str, expected: Mapping[str, Row]
) -> None:
    assert await stock(production, as_at, as_known_at) == expected


@pytest.mark.parametrize("as_at", ["2022-06-30", "2022-08-31", "2022-10-31", "2022-12-31"])
@pytest.mark.parametrize("name", MEASURES)
async def test_the_api_says_what_the_reports_say(production: Production, name: str, as_at: str) -> None:
    # Each row, and the total, is rounded by itself, half up: a quarter is shown as 0.3.
    shown = {0.25: 0.3, 0.5: 0.5, 0.6: 0.6, 1.6: 1.6}
    index = MEASURES.index(name)
    by_hand = {role: row[index] for role, row in STOCK[as_at].items()}
    answer = measure(production, name, asked(as_at))
    rows = {row["role"] or "not stated": row["value"] for row in answer["rows"]}
    assert {role.replace("-", " "): value for role, value in rows.items() if value} == {
        role.replace("-", " "): shown.get(value, value) for role, value in by_hand.items() if value
    }
    assert answer["total"] == sum(by_hand.values())


async def test_the_table_shows_each_row_rounded_and_the_total_of_the_exact_ones(production: Production) -> None:
    rows = [tuple(row) for row in await run(production, TABLE, asked("2022-08-30"))]
    # By vacancies, then by name. Two quarters are shown as 0.3 each, and are half an FTE.
    # Nothing was known a year before: neither then, nor as a change.
    assert [(role, *map(float, (now, *values))) for role, _, now, _, *values, _ in rows] == [
        ("senior practitioner", 2.0, 0.0, 2.0, 2.0, 0.0),
        ("social worker", 0.5, 1.0, 0.0, 1.0, 0.5),
        ("head of service", 0.3, 0.0, 0.3, 0.3, 0.0),
        ("service manager", 0.3, 0.0, 0.3, 0.3, 0.0),
        ("advanced social worker", 0.0, 0.0, 0.0, 1.0, 1.0),
        ("not stated", 0.0, 0.0, 0.0, 0.0, 1.0),
        ("team manager", 0.0, 0.0, 0.0, 1.0, 2.0),
        ("total", 3.0, 1.0, 2.5, 5.5, 4.5),
    ]


@pytest.mark.parametrize(
    ("title", "total"),
    [("vacancies", 3.0), ("agency cover", 1.0), ("uncovered vacancies", 2.5), ("establishment", 5.5), ("in post", 4.5)],
)
async def test_a_total_is_of_all_roles_of_the_one_authority(production: Production, title: str, total: float) -> None:
    (row,) = await run(production, title, asked("2022-08-30"))
    assert [float(value) for value in row] == [total]
    assert list(row.keys()) == [title]


async def test_of_an_authority_of_which_nothing_is_known_each_total_is_0(production: Production) -> None:
    (row,) = await run(production, "vacancies", asked("2022-08-30") | {"authority": "777"})
    assert [float(value) for value in row] == [0.0]


async def test_of_a_vacancy_the_part_that_is_covered_is_shown_and_no_more(production: Production) -> None:
    rows = await run(production, COVERED_BY_MONTH, asked("2022-10-31"))
    assert [
        (f"{row['time']:%Y-%m-%d}", float(row["covered by agency"]), float(row["uncovered"])) for row in rows
    ] == MONTHS


async def test_a_month_end_has_a_value_for_each_role_that_ever_has_vacancies_in_the_order_of_names(
    production: Production,
) -> None:
    rows = await run(production, ROLES_BY_MONTH, asked("2022-10-31"))
    assert [(row["metric"], float(row["value"])) for row in rows if f"{row['time']:%Y-%m-%d}" == "2022-08-31"] == [
        ("head of service", 0.3),
        ("senior practitioner", 2.0),
        ("service manager", 0.3),
        ("social worker", 0.5),
    ]
    until_closed = [float(row["value"]) for row in rows if row["metric"] == "senior practitioner"]
    # May and June; July to November with another; closed on the last day of the year.
    assert until_closed == [1, 1, 2, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("as_at", "as_known_at", "vacancies"),
    [
        # On the day itself there is a figure, of the day after none.
        ("2022-10-31", "2022-10-31T00:00:00Z", 3.0),
        ("2022-11-01", "2022-10-31T23:59:59Z", None),
        # The day of an instant is that in UTC, wherever it is written down.
        ("2022-11-01", "2022-10-31T20:00:00-05:00", 3.0),
        ("2022-11-01", "2022-11-01T00:30:00+01:00", None),
        # It is August by British Summer Time.
        ("2022-08-01", "2022-07-31T23:30:00Z", None),
    ],
)
async def test_of_a_day_that_had_not_come_there_is_no_figure(
    production: Production, as_at: str, as_known_at: str, vacancies: float | None
) -> None:
    (row,) = await run(production, "vacancies", asked(as_at, as_known_at))
    assert row[0] == vacancies
    rows = await run(production, TABLE, asked(as_at, as_known_at))
    assert rows[-1]["vacancies"] == vacancies
    assert (len(rows) > 1) == (vacancies is not None)


async def test_a_month_end_is_midnight_in_utc_wherever_the_server_stands(production: Production) -> None:
    for title in (COVERED_BY_MONTH, ROLES_BY_MONTH):
        (first, *_) = await run(production, title, asked("2022-10-31"), timezone="Pacific/Auckland")
        assert f"{first['time']:%Y-%m-%dT%H:%M:%S%z}" == "2022-05-31T00:00:00+0000"


async def test_the_other_authority_has_the_same_numbers_and_other_figures(production: Production) -> None:
    rows = await run(production, TABLE, asked("2022-10-31") | {"authority": "331"})
    assert [(row[0], *map(float, list(row)[4:8])) for row in rows] == [(row[0], *row[4:]) for row in TABLE_NOW]


def test_every_panel_asks_for_the_authority_the_day_and_the_instant_that_were_chosen() -> None:
    for title in ("vacancies", "agency cover", "uncovered vacancies", "establishment", "in post", TABLE):
        assert "(${authority:sqlstring}, ${as_at:sqlstring}, ${as_known_at:sqlstring})" in SQL[title]
    for title in (COVERED_BY_MONTH, ROLES_BY_MONTH):
        assert "${authority:sqlstring}" in SQL[title]
        assert SQL[title].count("${as_known_at:sqlstring}") == 2
