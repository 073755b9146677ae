"""Series, from what the feeds took in to what the API answers.

Invariant: every point expected here was worked out on paper from tests/integration/year.py.
"""

from typing import Any

import pytest
import pytest_asyncio

from tests.integration.feed import Feed, fault, problem
from tests.integration.year import AFTER_ALL, BEFORE_THE_CORRECTION, sent
from tests.parts import RealSystem

AUTHORITY = "381"
YEAR = "from=2023-04-01&to=2024-03-31"


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    return await sent(system, AUTHORITY)


def series(metrics: Feed, measure: str, asked: str, as_known_at: str = AFTER_ALL) -> dict[str, Any]:
    answer = metrics.get(f"/v1/measures/{measure}/series?authority={AUTHORITY}&as_known_at={as_known_at}&{asked}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(
    ("measure", "months"),
    [
        ("vacancies", [3.0, 2.5, 2.5, 1.5, 1.5, 1.5, 1.5, 2.5, 2.5, 2.5, 1.5, 1.5]),
        ("in-post-headcount", [2, 3, 3, 4, 4, 4, 4, 3, 3, 3, 4, 4]),
        ("agency", [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ("starters", [2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0]),
        ("leavers", [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
        ("moves", [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]),
        ("working-days-lost", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 7.0, 0.0, 0.0, 0.0, 0.0]),
        ("progressed-fte", [0.0] * 11 + [1.0]),
        # Of the year up to each month's end; in post in the census then: 2, 2.5 from May, 1.5, 2.5 from February.
        ("turnover-rate", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 66.7, 66.7, 66.7, 40.0, 40.0]),
    ],
)
def test_a_year_month_by_month(metrics: Feed, measure: str, months: list[Any]) -> None:
    answer = series(metrics, measure, YEAR)
    assert answer["totals"] == months
    assert "reasons" not in answer
    assert [period["to"][5:] for period in answer["periods"]][:3] == ["04-30", "05-31", "06-30"]
    assert answer["rows"] == [{"values": months}] or set(months) == {0}


def test_cases_are_null_where_nobody_counted_them_and_when_the_count_has_run_out(metrics: Feed) -> None:
    # Cases hold for 30 days: 24 of 1.5 FTE at the end of October, 15 and 9 still at the end of November.
    known = [None] * 6 + ["cases"] * 2 + [None] * 4
    reasons = [None if counted else "not-counted" for counted in known]
    of_each = {"average-caseload": 16.0, "cases": 24, "case-holders-fte": 1.5}
    for measure, value in of_each.items():
        months = [value if counted else None for counted in known]
        answer = series(metrics, measure, YEAR)
        assert (answer["totals"], answer["reasons"]) == (months, reasons)
        assert answer["rows"] == [{"values": months, "reasons": reasons}]
        assert answer["control_chart"]["phases"][0]["points"] == 2


@pytest.mark.parametrize(
    ("measure", "before", "after"),
    [
        ("vacancies", [1.5, 2.5, 2.5], [1.5, 1.5, 2.5]),  # September to November
        ("leavers", [0, 1, 0], [0, 0, 1]),
        ("turnover-rate", [0.0, 66.7, 66.7], [0.0, 0.0, 66.7]),
    ],
)
def test_a_series_as_known_before_and_after_a_correction(
    metrics: Feed, measure: str, before: list[float], after: list[float]
) -> None:
    asked = "from=2023-09-01&to=2023-11-30"
    assert series(metrics, measure, asked, BEFORE_THE_CORRECTION)["totals"] == before
    assert series(metrics, measure, asked)["totals"] == after


@pytest.mark.parametrize(
    ("measure", "asked", "ends", "totals"),
    [
        ("vacancies", f"every=quarter&{YEAR}", ["06-30", "09-30", "12-31", "03-31"], [2.5, 1.5, 2.5, 1.5]),
        ("starters", f"every=quarter&{YEAR}", ["06-30", "09-30", "12-31", "03-31"], [3, 1, 0, 1]),
        # Quarters of years that begin in February: two whole ones from 1 May on.
        ("starters", f"every=quarter&year_starts_in=2&to=2023-12-31&{YEAR[:15]}", ["07-31", "10-31"], [2, 0]),
        ("starters", f"every=year&year_starts_in=4&{YEAR}", ["03-31"], [5]),
        ("turnover-rate", f"every=year&year_starts_in=4&{YEAR}", ["03-31"], [40.0]),
        # The second census year was under way on 2 April 2024.
        ("starters", "every=year&year_starts_in=10&from=2022-10-01&to=2024-09-30", ["09-30", "04-02"], [4, 1]),
        ("starters", "every=census-year&from=2022-10-01&to=2024-09-30", ["09-30", "04-02"], [4, 1]),
        ("starters", f"every=financial-year&{YEAR}", ["03-31"], [5]),
        (
            "turnover-rate",
            "every=year&year_starts_in=10&from=2022-10-01&to=2024-09-30",
            ["09-30", "04-02"],
            [0.0, 40.0],
        ),
        ("vacancies", "every=year&year_starts_in=10&from=2022-09-30&to=2024-09-29", ["09-30"], [1.5]),
        # 9 days of 2.5 FTE x 254 working days: the census year 2024 holds a 29 February.
        ("absence-rate", "every=year&year_starts_in=10&from=2023-10-01&to=2024-09-30", ["04-02"], [1.4]),
    ],
)
def test_a_series_by_quarters_and_by_years(
    metrics: Feed, measure: str, asked: str, ends: list[str], totals: list[float]
) -> None:
    answer = series(metrics, measure, asked)
    assert [period["to"][5:] for period in answer["periods"]] == ends
    assert answer["totals"] == totals


def test_a_series_by_dimensions(metrics: Feed) -> None:
    asked = "from=2023-10-01&to=2023-12-31"
    answer = series(metrics, "vacancies", f"{asked}&by=role")
    assert answer["rows"] == [
        {"role": "residential-childrens-worker", "values": [0.0, 0.0, 0.0]},
        {"role": "social-worker", "values": [1.5, 1.5, 1.5]},
        {"role": "team-manager", "values": [0.0, 1.0, 1.0]},
    ]
    assert answer["totals"] == [1.5, 2.5, 2.5]
    assert "control_chart" not in answer
    starters = series(metrics, "starters", "from=2023-04-01&to=2023-07-31&by=origin,csww_role")
    assert starters["rows"] == [
        {"origin": "newly-qualified", "csww_role": 5, "values": [1, 0, 0, 0]},
        {"origin": "not-social-care", "csww_role": None, "values": [0, 0, 0, 1]},
        {"origin": "other-english-authority", "csww_role": 3, "values": [1, 0, 0, 0]},
        {"origin": "other-english-authority", "csww_role": 5, "values": [0, 1, 0, 0]},
    ]


@pytest.mark.parametrize(
    ("measure", "asked", "totals"),
    [
        ("vacancies", "role=team-manager", [0.0, 0.0, 1.0]),
        ("vacancies", "csww_role=5", [1.5, 1.5, 1.5]),
        ("vacancies", "csww_role=not-stated", [0.0, 0.0, 0.0]),
        ("establishment", "csww_role=not-stated", [1.0, 1.0, 1.0]),
        ("establishment", "team=assessment&grade=grade-9", [2.0, 2.0, 2.0]),
        ("establishment", "scope=census", [4.0, 4.0, 4.0]),
        ("in-post-headcount", "scope=census", [3, 3, 2]),
        ("leavers", "leaving_reason=resignation&role=team-manager", [0, 0, 1]),
        ("leavers", "leaving_reason=retired", [0, 0, 0]),
        ("vacancies", "team=no-such-team", [0.0, 0.0, 0.0]),
    ],
)
def test_a_series_of_some_posts_only(metrics: Feed, measure: str, asked: str, totals: list[float]) -> None:
    assert series(metrics, measure, f"from=2023-09-01&to=2023-11-30&{asked}")["totals"] == totals


@pytest.mark.parametrize("day", ["2023-10-01", "2023-10-15", "2023-10-31"])
def test_a_series_carries_its_control_chart_rebased_where_told(metrics: Feed, day: str) -> None:
    answer = series(metrics, "starters", f"{YEAR}&rebase={day}")["control_chart"]
    first, second = answer["phases"]
    # 2 1 0 1 0 0: mean 2/3, moving ranges 1 1 1 1 0 of mean 0.8; 2/3 + 2.66 x 0.8 = 2.8, and below 0 nothing.
    assert (first["start"], first["points"], first["centre"], first["mean_moving_range"]) == (0, 6, 0.7, 0.8)
    assert (first["lower"], first["upper"], first["provisional"]) == (0.0, 2.8, True)
    # 0 0 0 0 1 0: mean 1/6, moving ranges 0 0 0 1 1 of mean 0.4.
    assert (second["start"], second["centre"], second["mean_moving_range"]) == (6, 0.2, 0.4)
    assert [point["phase"] for point in answer["points"]] == [1] * 6 + [2] * 6
    (whole,) = series(metrics, "starters", YEAR)["control_chart"]["phases"]
    assert (whole["centre"], whole["provisional"]) == (0.4, False)  # 5 in 12 months


def test_a_series_as_csv_has_a_line_for_every_row_and_point(metrics: Feed) -> None:
    path = f"/v1/measures/vacancies/series?authority={AUTHORITY}&as_known_at={AFTER_ALL}&by=role"
    path += "&from=2023-10-01&to=2023-11-30"
    # A stock has a date alone. Beside each row stands what all rows of its date come to.
    assert [tuple(line.items()) for line in metrics.rows(path)] == [
        (("as_at", as_at), ("role", role), ("value", value), ("exact", exact), ("reason", ""), ("total", total))
        for as_at, role, value, exact, total in (
            ("2023-10-31", "residential-childrens-worker", "0.0", "0", "1.5"),
            ("2023-11-30", "residential-childrens-worker", "0.0", "0", "2.5"),
            ("2023-10-31", "social-worker", "1.5", "1.5", "1.5"),
            ("2023-11-30", "social-worker", "1.5", "1.5", "2.5"),
            ("2023-10-31", "team-manager", "0.0", "0", "1.5"),
            ("2023-11-30", "team-manager", "1.0", "1", "2.5"),
        )
    ]
    about = metrics.about(path)
    assert (about["measure"], about["authority"], about["as_known_at"]) == ("vacancies", AUTHORITY, AFTER_ALL)


def test_a_series_as_csv_has_the_limits_of_its_control_chart(metrics: Feed) -> None:
    path = f"/v1/measures/starters/series?authority={AUTHORITY}&as_known_at={AFTER_ALL}&{YEAR}&rebase=2023-10-15"
    lines = metrics.rows(path)
    assert list(lines[0]) == ["from", "to", "value", "exact", "reason", "centre", "lower", "upper", "phase", "rules"]
    # The limits worked out above: of the months before October, and of those from then on.
    assert [(line["to"], line["value"], line["centre"], line["upper"], line["phase"]) for line in lines[5:7]] == [
        ("2023-09-30", "0", "0.7", "2.8", "1"),
        ("2023-10-31", "0", "0.2", "1.2", "2"),
    ]


@pytest.mark.parametrize(
    ("asked", "field", "expected"),
    [
        ("from=2023-10-02&to=2023-10-30", "to", "a later date than 2023-10-30"),
        ("from=2023-04-02&to=2024-03-31&every=year", "to", "a later date than 2024-03-31"),
        ("from=2023-10-31&to=2023-10-01", "to", "a later date than 2023-10-01"),
        ("from=1948-01-01&to=2099-12-31", "from", "at most 1200"),
        ("to=2023-10-31", "from", "a date as 2023-10-31"),
        ("from=2023-04-01", "to", "a date as 2023-10-31"),
        (f"{YEAR}&rebase=2024-04-01", "rebase", "a day of one of its points"),
        (f"{YEAR}&rebase=2023-02-30", "rebase", "a date as 2023-10-31"),
        (f"{YEAR}&every=week", "every", "month, quarter, year"),
        (f"{YEAR}&year_starts_in=13", "year_starts_in", "from 1 to 12"),
        (f"{YEAR}&every=census-year&year_starts_in=4", "year_starts_in", "no year_starts_in beside every=census-year"),
        (f"{YEAR}&window=6m", "window", "one of point, 12m"),
        (f"{YEAR}&planned=yes", "planned", "one of true, false"),
        (f"{YEAR}&by=colour", "by", "role, team"),
        (f"{YEAR}&role=social-workr", "role", "social-worker"),
        (f"{YEAR}&csww_role=7", "csww_role", "1, 2, 3, 4, 5, 6"),
        (f"{YEAR}&leaving_reason=retired", "leaving_reason", "one of role, team"),
        (f"{YEAR}&as_at=2023-10-31", "as_at", "one of authority, from, to"),
    ],
)
def test_a_series_that_cannot_be_had_is_refused_with_what_would_be_right(
    metrics: Feed, asked: str, field: str, expected: str
) -> None:
    refused = fault(metrics.get(f"/v1/measures/vacancies/series?authority={AUTHORITY}&{asked}"), 422)
    assert refused["field"] == field
    assert expected in refused["expected"]


def test_the_longest_series_is_given(metrics: Feed) -> None:
    answer = series(metrics, "vacancies", "from=1999-10-01&to=2099-09-30&planned=true")
    assert len(answer["totals"]) == 1200
    assert (answer["totals"][0], answer["totals"][-1]) == (0.0, 1.5)
    assert (
        len(series(metrics, "starters", "from=1948-01-01&to=2099-12-31&every=year&year_starts_in=1")["totals"]) == 152
    )


def test_of_an_authority_of_which_nothing_is_known_there_is_no_series(metrics: Feed) -> None:
    answer = metrics.get(f"/v1/measures/vacancies/series?authority=999&{YEAR}")
    assert "No event of authority 999" in problem(answer, 404)["detail"]
