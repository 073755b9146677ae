"""What the page of retention makes of the API's answers."""

from datetime import date
from typing import Any

import pytest

from services.metrics.pages.curves import Survived
from services.metrics.pages.retention import (
    behind,
    beside,
    curve_of,
    drawn_routes,
    leavers_headline,
    routes_headline,
    service_headline,
    service_rows,
    survival_after,
    time_of,
)

NOW = {
    "rows": [
        {"destination": "not-known", "value": 4},
        {"destination": "other-english-authority", "value": 9},
        {"destination": None, "value": 0},
    ],
    "total": 13,
}
BEFORE = {"rows": [{"destination": "agency-or-consultancy", "value": 2}, {"destination": "not-known", "value": 1}]}


def test_rows_stand_beside_what_they_were_the_largest_first() -> None:
    assert beside(NOW, BEFORE, "destination") == [
        {"value": "other-english-authority", "now": 9, "before": 0},
        {"value": "not-known", "now": 4, "before": 1},
        {"value": "agency-or-consultancy", "now": 0, "before": 2},
    ]


def test_where_nothing_was_known_of_the_earlier_year_it_is_not_said_to_be_none() -> None:
    assert [row["before"] for row in beside(NOW, None, "destination")] == [None, None]


def test_the_headline_says_where_most_went_in_words() -> None:
    expected = "The most common destination: other English authority, 9 of 13 leavers"
    assert leavers_headline(NOW, "destination") == expected
    assert leavers_headline({"rows": [], "total": 0}, "destination") == "Nobody left in these twelve months"


def test_the_counts_behind_a_rate_stand_in_its_order() -> None:
    terms = [
        {"title": "Leavers (FTE)", "exact": "71.2", "unit": "FTE"},
        {"title": "In post", "exact": "367.3", "unit": "FTE"},
    ]
    assert behind(terms) == "71.2 leavers (FTE), 367.3 in post"
    assert behind([{"title": "Leavers", "exact": None, "unit": "people"}]) == ""


def test_starters_are_judged_of_the_year_that_was_over_a_year_ago() -> None:
    assert time_of("turnover-rate", date(2023, 10, 31)) == {"as_at": date(2023, 10, 31)}
    assert time_of("retention-of-starters", date(2023, 10, 31)) == {
        "from_": date(2021, 11, 1),
        "to": date(2022, 10, 31),
        "as_at": date(2023, 10, 31),
    }


def by_length(total: float, **values: float) -> dict[str, Any]:
    rows = [{"length_of_service": name.replace("_", "-"), "value": value} for name, value in values.items()]
    return {"total": total, "rows": rows}


SERVICE = {
    "in-post-by-length-of-service": by_length(
        50, **{"10_to_20_years": 20, "2_to_5_years": 25, "under_2_years": 5, "30_years_and_over": 0}
    ),
    "leavers": by_length(9, **{"2_to_5_years": 2, "5_to_10_years": 1, "under_2_years": 6}),
}


def test_bands_of_service_stand_in_their_order_and_those_of_nobody_are_left_out() -> None:
    assert [tuple(row.values()) for row in service_rows(SERVICE)] == [
        ("under-2-years", 5, 6),
        ("2-to-5-years", 25, 2),
        ("5-to-10-years", 0, 1),
        ("10-to-20-years", 20, 0),
    ]


def test_the_headline_says_how_long_most_have_been_here_and_had_been_here() -> None:
    assert service_headline(SERVICE) == (
        "Most common length of service: 25 of 50 people in post 2 to 5 years, 6 of 9 leavers under 2 years"
    )
    nobody = {"in-post-by-length-of-service": by_length(0), "leavers": by_length(0)}
    assert service_headline(nobody) == "Nobody is in post, and nobody left"


def point(months: int, at_risk: int, survival: float) -> dict[str, Any]:
    return {"months": months, "at_risk": at_risk, "survival": survival, "lower": survival, "upper": survival}


def route(name: str, count: int, *points: dict[str, Any]) -> dict[str, Any]:
    return {"route": name, "count": count, "points": list(points)}


SURVIVED = {
    "rows": [
        route("academy", 20, point(0, 20, 1.0), point(12, 15, 0.9), point(24, 0, 0.9)),
        route("direct", 40, point(0, 40, 1.0), point(12, 10, 0.751)),
        route("step-up", 3, point(0, 3, 1.0), point(12, 1, 0.1)),
    ]
}


def test_the_share_still_there_is_told_as_far_as_somebody_came() -> None:
    told = survival_after(SURVIVED, (12, 24))
    assert [(each["row"]["route"], each["shares"]) for each in told] == [
        ("direct", [75.1, None]),
        ("academy", [90.0, None]),
        ("step-up", [10.0, None]),
    ]


def test_a_curve_ends_where_nobody_was_at_risk_any_more() -> None:
    assert curve_of("Academy", SURVIVED["rows"][0]).points == [Survived(0, 1.0, 1.0, 1.0), Survived(12, 0.9, 0.9, 0.9)]


def test_routes_by_which_too_few_came_are_neither_drawn_nor_in_the_headline() -> None:
    assert [curve.name for curve in drawn_routes(SURVIVED)] == ["Direct", "Academy"]
    assert routes_headline(SURVIVED) == "Still in post after a year: from 75% (direct) to 90% (academy)"


@pytest.mark.parametrize(
    ("rows", "headline"),
    [
        ([SURVIVED["rows"][0]], "Still in post after a year: 90% (academy)"),
        ([SURVIVED["rows"][2]], "Too few started to say how many stay for a year"),
        ([route("direct", 40, point(0, 40, 1.0))], "Too few started to say how many stay for a year"),
        ([], "Too few started to say how many stay for a year"),
    ],
)
def test_the_headline_compares_routes_where_there_are_some(rows: list[Any], headline: str) -> None:
    assert routes_headline({"rows": rows}) == headline
