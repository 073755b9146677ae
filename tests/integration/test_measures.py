"""The figures, from what the feeds took in to what the API answers.

Invariant: every figure expected here was worked out on paper from tests/integration/history.py.
"""

import csv
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.integration.arrival import AGE, arrival, until
from tests.integration.feed import Feed, fault, problem
from tests.integration.history import (
    AFTER_THE_CORRECTION,
    AUTHORITY,
    BEFORE_THE_CORRECTION,
    BEFORE_THE_LEAVER,
    SUBJECTS,
    TO_RECRUITMENT,
    TO_RETENTION,
)
from tests.parts import RealSystem

ASKED = f"authority={AUTHORITY}&as_at=2023-10-31&as_known_at={BEFORE_THE_CORRECTION}"
MEASURES = ["establishment", "in-post", "vacancies", "over-establishment", "agency", "agency-cover"]
MEASURES += ["uncovered-vacancies"]
RESIDENTIAL = "residential-childrens-worker"


@pytest_asyncio.fixture(scope="module")
async def figures(system: RealSystem) -> Feed:
    """Metrics, when the whole history has arrived."""
    assert Feed(system.recruitment.url).batch(*TO_RECRUITMENT).status_code == 202
    assert Feed(system.retention.url).batch(*TO_RETENTION).status_code == 202
    await arrival(system.databases["metrics"], AUTHORITY, SUBJECTS, len(TO_RECRUITMENT) + len(TO_RETENTION))
    return Feed(system.metrics.url)


def values(figures: Feed, measure: str, by: str) -> list[tuple[Any, ...]]:
    """The rows of a measure as at 31 October, before the correction: dimensions, then the value."""
    answer = figures.get(f"/v1/measures/{measure}?{ASKED}&by={by}").json()
    return [tuple(row.values()) for row in as_shown(answer)]


def as_shown(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of an answer without what some of them are exactly."""
    return [{name: value for name, value in row.items() if name != "exact"} for row in answer["rows"]]


def test_what_is_shown_rounded_has_its_exact_amount_beside_it(figures: Feed) -> None:
    answer = figures.get(f"/v1/measures/vacancies?{ASKED}&by=role").json()
    assert [(row["value"], row.get("exact")) for row in answer["rows"]] == [(1.0, None), (1.3, "1.25"), (1.0, None)]
    assert (answer["total"], answer["exact"], "rounding" in answer) == (3.3, "3.25", False)


@pytest.mark.parametrize(
    ("measure", "residential", "social_worker", "team_manager", "total"),
    [
        ("establishment", 2.0, 3.5, 1.0, 6.5),
        ("in-post", 1.0, 2.8, 0.0, 3.8),  # 2.75 and 3.75
        ("vacancies", 1.0, 1.3, 1.0, 3.3),  # 1.25 and 3.25
        ("over-establishment", 0.0, 0.5, 0.0, 0.5),
        ("agency", 0.4, 1.6, 0.5, 2.5),
        ("agency-cover", 0.4, 1.0, 0.0, 1.4),
        ("uncovered-vacancies", 0.6, 0.3, 1.0, 1.9),  # 0.25 and 1.85
    ],
)
def test_a_measure_by_role_and_in_all(
    figures: Feed, measure: str, residential: float, social_worker: float, team_manager: float, total: float
) -> None:
    answer = figures.get(f"/v1/measures/{measure}?{ASKED}&by=role").json()
    assert as_shown(answer) == [
        {"role": RESIDENTIAL, "value": residential},
        {"role": "social-worker", "value": social_worker},
        {"role": "team-manager", "value": team_manager},
    ]
    assert answer["total"] == total
    whole = figures.get(f"/v1/measures/{measure}?{ASKED}").json()
    assert (whole["by"], as_shown(whole), whole["total"]) == ([], [{"value": total}], total)


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("team", [("assessment", 2.3), ("looked-after", 0.0), ("willow-house", 1.0)]),
        ("service_area", [("corporate-parenting", 0.0), ("help-and-protection", 2.3), ("residential", 1.0)]),
        ("grade", [("grade-12", 1.0), ("grade-9", 1.3), (None, 1.0)]),
        ("csww_role", [(3, 1.0), (5, 1.3), (None, 1.0)]),
    ],
)
def test_vacancies_by_each_other_dimension(figures: Feed, by: str, rows: list[tuple[Any, ...]]) -> None:
    assert values(figures, "vacancies", by) == rows


@pytest.mark.parametrize("by", ["role,team", "role&by=team"])
def test_a_measure_by_two_dimensions(figures: Feed, by: str) -> None:
    assert values(figures, "agency", by) == [
        (RESIDENTIAL, "willow-house", 0.4),
        ("social-worker", "assessment", 1.6),
        ("social-worker", "looked-after", 0.0),
        ("team-manager", "assessment", 0.5),
    ]


@pytest.mark.parametrize(
    ("as_at", "as_known_at", "total"),
    [
        ("2023-03-31", AFTER_THE_CORRECTION, 0.0),  # no post was funded
        ("2023-08-31", AFTER_THE_CORRECTION, 6.5),  # nobody had started
        ("2023-10-31", BEFORE_THE_LEAVER, 2.3),  # 2.25: the team manager was thought to be in post
        ("2023-10-31", BEFORE_THE_CORRECTION, 3.3),
        ("2023-10-31", AFTER_THE_CORRECTION, 2.3),  # who left in November only
        ("2023-11-14", AFTER_THE_CORRECTION, 2.3),
        ("2023-11-15", AFTER_THE_CORRECTION, 3.3),
    ],
)
def test_vacancies_as_at_a_date_as_known_at_an_instant(
    figures: Feed, as_at: str, as_known_at: str, total: float
) -> None:
    path = f"/v1/measures/vacancies?authority={AUTHORITY}&as_at={as_at}&as_known_at={as_known_at}"
    assert figures.get(path).json()["total"] == total


def test_before_anything_was_recorded_there_is_no_figure_rather_than_a_zero(figures: Feed) -> None:
    answer = figures.get(
        f"/v1/measures/vacancies?authority={AUTHORITY}&as_at=2023-10-31&as_known_at=2000-01-01T00:00:00Z"
    )
    assert answer.status_code == 404
    assert answer.json()["detail"] == f"No event of authority {AUTHORITY} was known at 2000-01-01T00:00:00Z."


def test_an_answer_has_the_members_that_its_users_were_promised(figures: Feed) -> None:
    answer = figures.get(f"/v1/measures/vacancies?{ASKED}&by=role").json()
    described = ["measure", "title", "definition", "source", "unit", "kind"]
    determined = ["authority", "scope", "as_at", "as_known_at", "by"]
    assert list(answer) == [*described, *determined, "rows", "total", "exact", "links", *AGE]
    assert (answer["kind"], answer["scope"]) == ("stock", "all")
    assert answer["measure"] == "vacancies"
    assert answer["definition"].startswith("For each post the funded FTE minus the FTE in post, never below 0")
    assert answer["unit"] == "FTE"
    assert answer["authority"] == AUTHORITY
    assert (answer["as_at"], answer["as_known_at"]) == ("2023-10-31", "2023-11-30T12:00:00Z")
    assert answer["by"] == ["role"]


def test_today_and_now_are_meant_where_nothing_is_said(figures: Feed) -> None:
    before = datetime.now(UTC)
    answer = figures.get(f"/v1/measures/vacancies?authority={AUTHORITY}").json()
    assert answer["total"] == 3.3
    known_at = datetime.fromisoformat(answer["as_known_at"])
    assert before <= known_at <= before + timedelta(minutes=1)
    assert answer["as_at"] == known_at.date().isoformat()


@pytest.mark.parametrize(
    "instant", ["2023-11-30T13:00:00+01:00", "2023-11-30T13:00:00%2B01:00", "2023-11-30T07:00:00-05:00"]
)
def test_an_instant_can_be_asked_for_in_any_offset_also_with_its_plus_unescaped(figures: Feed, instant: str) -> None:
    answer = figures.get(f"/v1/measures/vacancies?authority={AUTHORITY}&as_at=2023-10-31&as_known_at={instant}").json()
    assert (answer["as_known_at"], answer["total"]) == ("2023-11-30T12:00:00Z", 3.3)


def test_a_measure_can_be_had_as_csv_and_what_it_is_as_a_second_one(figures: Feed) -> None:
    answer = figures.get(f"/v1/measures/vacancies?{ASKED}&by=csww_role,role", accept="text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["vary"] == "Accept, Authorization"
    lines = list(csv.DictReader(answer.text.splitlines()))
    assert [(line["csww_role"], line["role"], line["value"]) for line in lines] == [
        ("3", "team-manager", "1.0"),
        ("5", "social-worker", "1.3"),
        ("", RESIDENTIAL, "1.0"),
        ("", "social-worker", "0.0"),
    ]
    assert list(lines[0]) == ["csww_role", "role", "value", "exact", "reason"]
    second = re.fullmatch('<(/v1/.*)>; rel="describedby"; type="text/csv"', answer.headers["link"])
    assert second
    told = {row["name"]: row["value"] for row in figures.rows(second[1])}
    assert (told["measure"], told["unit"], told["authority"], told["by"]) == (
        "vacancies",
        "FTE",
        AUTHORITY,
        "csww_role role",
    )
    assert (told["as_at"], told["as_known_at"], told["total"]) == ("2023-10-31", "2023-11-30T12:00:00Z", "3.3")
    assert told["definition"].startswith("For each post the funded FTE")
    # It may have moved on meanwhile: the first answer says no more than the second.
    again = figures.get(second[1]).headers["complete-until"]
    assert datetime.min.replace(tzinfo=UTC) < until(told["complete_until"]) <= until(again)


@pytest.mark.parametrize(
    "accept",
    [
        "text/csv",
        "TEXT/CSV; charset=utf-8",
        "text/csv, */*;q=0.1",
        "text/csv, */*",
        "text/csv, application/json;q=0.9",
        "application/json; q=0.2, text/csv;q=0.3",
    ],
)
def test_csv_is_given_where_it_is_wanted_most(figures: Feed, accept: str) -> None:
    answer = figures.get(f"/v1/measures/vacancies?{ASKED}", accept=accept)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("path", ["?", "/series?"])
def test_of_nobody_who_left_csv_has_a_line_with_a_zero(figures: Feed, path: str) -> None:
    asked = f"/v1/measures/leavers{path}authority={AUTHORITY}&from=2010-01-01&to=2010-01-31"
    (line,) = figures.rows(asked)
    assert line["value"] == "0"
    told = figures.about(asked) | line
    assert (told["measure"], told["from"], told["to"]) == ("leavers", "2010-01-01", "2010-01-31")
    (row,) = figures.get(asked).json()["rows"]
    assert row in ({"value": 0}, {"values": [0]})


def test_nothing_is_funded_where_nothing_is_known(figures: Feed) -> None:
    answer = figures.get("/v1/measures/progression-funded-fte?authority=999")
    assert problem(answer, 404)["type"] == "urn:workforce:problem:no-such-authority"


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "application/json",
        "text/csv;q=0.5, application/json",
        "text/csv, application/json",
        "text/csv;q=0",
        "text/csv;q=much",
    ],
)
def test_json_is_given_wherever_csv_is_not_what_is_asked_for(figures: Feed, accept: str | None) -> None:
    answer = figures.get(f"/v1/measures/vacancies?{ASKED}", accept=accept)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["total"] == 3.3


def test_every_measure_is_listed_with_its_definition_source_and_unit(figures: Feed) -> None:
    listed = figures.get("/v1/measures").json()
    assert [measure["measure"] for measure in listed["measures"]][:7] == MEASURES
    for measure in listed["measures"]:
        given = figures.get(f"/v1/measures/{measure['measure']}?{ASKED}").json()
        assert [given[name] for name in measure if name != "dimensions"] == [
            value for name, value in measure.items() if name != "dimensions"
        ]
    dimensions = ["role", "team", "service_area", "grade", "csww_role", "location"]
    assert [dimension["dimension"] for dimension in listed["dimensions"]][:6] == dimensions


def test_an_unknown_measure_is_answered_with_those_there_are(figures: Feed) -> None:
    listed = problem(figures.get(f"/v1/measures/vacancy?authority={AUTHORITY}"), 404)["measures"]
    assert listed[:7] == MEASURES


def test_an_authority_of_which_nothing_is_known_has_no_figures(figures: Feed) -> None:
    assert "No event of authority 999" in problem(figures.get("/v1/measures/vacancies?authority=999"), 404)["detail"]


@pytest.mark.parametrize(
    ("query", "field", "value", "expected"),
    [
        ("", "authority", None, "three digits, as 331"),
        ("authority=Coventry", "authority", "Coventry", "three digits, as 331"),
        ("authority=351&as_at=31/10/2023", "as_at", "31/10/2023", "a date as 2023-10-31"),
        ("authority=351&as_at=2023-02-29", "as_at", "2023-02-29", "a date as 2023-10-31"),
        ("authority=351&as_known_at=2023-11-30", "as_known_at", "2023-11-30", "as 2023-11-30T12:00:00Z"),
        ("authority=351&as_known_at=2023-11-30T12:00", "as_known_at", "2023-11-30T12:00", "with its offset"),
        ("authority=351&by=colour", "by", "colour", "role, team, service_area, grade, csww_role, location"),
        (
            "authority=351&as_know_at=2023-11-30T12:00:00Z",
            "as_know_at",
            None,
            "perhaps as_known_at or as_at; one of authority",
        ),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named_with_what_would_be_right(
    figures: Feed, query: str, field: str, value: str | None, expected: str
) -> None:
    refused = fault(figures.get(f"/v1/measures/vacancies?{query}"), 422)
    assert (refused["field"], refused.get("value")) == (field, value)
    assert expected in refused["expected"]


def test_everything_wrong_with_a_request_is_told_at_once(figures: Feed) -> None:
    answer = figures.get("/v1/measures/vacancies?authority=3&as_at=x&as_known_at=y&by=role,z")
    faults = problem(answer, 422)["faults"]
    assert {one["field"] for one in faults} == {"authority", "as_at", "as_known_at", "by"}
