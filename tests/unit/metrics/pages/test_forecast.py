"""What the page of the forecast makes of the API's answers."""

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.metrics.pages.curves import Ahead
from services.metrics.pages.forecast import (
    acts_in_words,
    ahead,
    as_made_then,
    faults_of,
    headline,
    months_that_show,
    of_role,
)
from services.metrics.pages.page import Page

MONTH: dict[str, Any] = {
    "as_at": "2023-11-30",
    "expected": 22.9,
    "interval_80": [17.1, 28.8],
    "interval_95": [14.2, 32.0],
    "known": 22.0,
}
CHANGED = MONTH | {"what_if": {"expected": 17.4, "difference": -5.5}}
INTAKE = {
    "field": "intake",
    "problem": "cannot act within 12 months",
    "expected": "months=13 or more: it acts from 2024-11-30 on",
}
CONVERSIONS = {
    "field": "conversions",
    "problem": "cannot act within 12 months",
    "expected": "another change: within 36 months this one opens and fills no vacancy",
}


def test_what_cannot_act_is_told_by_its_field_with_when_it_could() -> None:
    assert faults_of({"faults": [INTAKE]}) == {
        "intake": "Academy intake a year cannot act within 12 months: look 13 months ahead or more: it acts from "
        "30 November 2024 on"
    }
    assert faults_of({"faults": [{"field": "as_at", "problem": "is to come", "expected": "a date"}]}) == {}
    assert faults_of({}) == {}


@pytest.mark.parametrize(
    ("faults", "months"),
    [
        ([INTAKE], 13),
        ([INTAKE, INTAKE | {"expected": "months=20 or more: it acts from 2025-06-30 on"}], 20),
        ([INTAKE, CONVERSIONS], None),
        ([], None),
    ],
)
def test_one_is_led_to_the_fewest_months_that_show_every_change(faults: list[Any], months: int | None) -> None:
    assert months_that_show({"faults": faults}) == months


def test_the_forecast_of_a_role_is_its_row_and_of_a_role_without_posts_there_is_none() -> None:
    row = {"role": "social-worker", "vacancies": 8.5, "months": [MONTH]}
    answer = {"total": {"vacancies": 22.5, "months": [MONTH]}, "rows": [row]}
    assert of_role(answer, None)["vacancies"] == 22.5
    assert of_role(answer, "social-worker")["vacancies"] == 8.5
    assert of_role(answer, "head-of-service") == {"vacancies": None, "months": []}


def test_the_headline_says_what_is_expected_with_its_interval() -> None:
    made = {"vacancies": 22.5, "months": [MONTH]}
    said = "22.5 now, 22.9 expected on 30 November 2023 (80% interval 17.1 to 28.8)"
    assert headline(made, None) == f"Vacancies: {said}"
    assert headline(made, "social-worker") == f"Vacancies of social worker posts: {said}"
    assert headline({"vacancies": 22.5, "months": [CHANGED]}, None) == (
        f"Vacancies: {said}; \N{MINUS SIGN}5.5 with the change"
    )
    assert headline({"vacancies": None, "months": []}, "team-manager") == "No posts of this role are known"


def test_a_change_is_said_to_act_from_a_day_on_or_to_be_what_is_expected_anyway() -> None:
    acts = {"acts_from": {"conversions": "2023-11-30", "turnover_lower_by": None}}
    assert acts_in_words(acts) == [
        "By agency workers employed (FTE): a difference from 30 November 2023 on",
        "No difference by turnover lower by, points a year: it is what is expected anyway",
    ]
    assert acts_in_words({}) == []


def test_the_chart_has_the_numbers_of_the_answer() -> None:
    expected = (date(2023, 11, 30), 22.9, (17.1, 28.8), (14.2, 32.0), 22.0)
    assert ahead({"months": [MONTH, CHANGED]}) == [Ahead(*expected), Ahead(*expected, 17.4)]


FIRST = "2018-07-02T10:57:12Z"


@pytest.mark.parametrize(
    ("as_at", "known", "first", "led_to"),
    [
        ("2018-07-02", {}, [FIRST], "2018-07-02T23:59:59Z"),
        ("2023-10-31", {}, ["2020-01-01T00:00:00Z", FIRST], "2023-10-31T23:59:59Z"),
        # Nothing was known yet, or nothing is.
        ("2018-07-01", {}, [FIRST], None),
        ("2018-07-02", {}, [], None),
        # It is that forecast, or there is nothing later.
        ("2023-10-31", {"as_known_at": "2023-11-30T12:00:00Z"}, [FIRST], None),
        ("2026-11-27", {}, [FIRST], None),
    ],
)
async def test_a_forecast_leads_to_the_one_made_on_that_day_where_something_was_known(
    as_at: str, known: dict[str, str], first: list[str], led_to: str | None
) -> None:
    async def feeds(path: str, **_: Any) -> Any:
        assert path == "/v1/feeds"
        return SimpleNamespace(body={"rows": [{"first_recorded_at": each} for each in first]})

    page = SimpleNamespace(
        known={"as_known_at": None, "as_accepted_at": None} | known,
        as_at=date.fromisoformat(as_at),
        ask=feeds,
        here=lambda as_known_at: as_known_at,
    )
    assert await as_made_then(cast(Page, page), {"as_known_at": "2026-11-27T02:45:00Z"}) == led_to
