"""What the page of the academy makes of the API's answers."""

from typing import Any

import pytest

from services.metrics.pages.academy import month_columns, months_headline, shaded, survival_headline


def point(months: int, at_risk: int, survival: float) -> dict[str, Any]:
    return {"months": months, "at_risk": at_risk, "survival": survival, "lower": survival, "upper": survival}


def cohort(name: str, *survival: float) -> dict[str, Any]:
    """A cohort of ten, with its survival after each month; after the last nobody is at risk any more."""
    points = [point(month, 10, share) for month, share in enumerate(survival)]
    return {"cohort": name, "count": 10, "points": [*points, point(len(survival), 0, survival[-1])]}


OLD = cohort("cohort-01", *[1.0] * 6, *[0.9] * 6, 0.8, 0.7)
BETTER = cohort("cohort-02", *[1.0] * 13)
YOUNG = cohort("cohort-03", 1.0, 1.0)


def test_the_headline_says_the_share_after_each_year_as_far_as_it_came() -> None:
    points = [point(0, 30, 1.0), point(12, 20, 0.843), point(24, 9, 0.6), point(36, 0, 0.6)]
    assert survival_headline({"points": points}) == "Members still in post: 84% after 1 year, 60% after 2 years"
    assert survival_headline({"points": points[:1]}) == "No member has been there for a year yet"


def test_a_cohort_has_a_share_for_each_month_that_it_came_to() -> None:
    assert shaded(YOUNG) == {"cohort": "cohort-03", "count": 10, "shares": {0: 1.0, 1: 1.0}}


@pytest.mark.parametrize(
    ("rows", "columns"),
    [([], [0]), ([YOUNG], [0]), ([OLD, YOUNG], [0, 3, 6, 9, 12])],
)
def test_the_map_has_a_column_for_every_third_month(rows: list[Any], columns: list[int]) -> None:
    assert month_columns({"rows": rows}) == columns


def test_of_many_years_the_columns_are_further_apart() -> None:
    columns = month_columns({"rows": [cohort("cohort-01", *[1.0] * 120)]})
    assert columns[:3] == [0, 6, 12]
    assert columns[-1] == 120


def test_the_headline_of_the_map_names_the_cohorts_that_kept_fewest_and_most_for_a_year() -> None:
    assert months_headline({"rows": [OLD, BETTER, YOUNG]}) == (
        "After a year cohorts had kept from 80.0% (Cohort 01) to 100.0% (Cohort 02)"
    )
    assert months_headline({"rows": [YOUNG]}) == "No cohort has been there for a year yet"
