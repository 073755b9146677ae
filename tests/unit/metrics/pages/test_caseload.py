"""What the page of caseload works out of the API's answers."""

from typing import Any

from services.metrics.pages.caseload import bands_of, headline, headline_of_spread, highest_first, teams_of

RATE: dict[str, Any] = {
    "total": 15.3,
    "unit": "cases per FTE",
    "rows": [{"team": "duty", "value": 12.0}, {"team": None, "value": 18.0}, {"team": "court", "value": None}],
}


def test_a_team_of_which_nobody_counted_does_not_come() -> None:
    answers = {"cases": {"rows": [{"team": "duty", "value": 24}, {"team": "court", "value": 0}]}, "rate": RATE}
    assert [(team.value, team.amounts) for team in teams_of(answers)] == [
        ("duty", [("cases", 24), ("rate", 12.0)]),
        (None, [("cases", None), ("rate", 18.0)]),
    ]


def test_the_team_with_most_cases_for_each_case_holder_comes_first() -> None:
    assert [row["team"] for row in highest_first(RATE)] == [None, "duty"]


def test_the_headline_says_how_many_cases_and_where_most() -> None:
    assert headline(RATE) == "15.3 cases for each full-time case holder, most in Not stated (18.0)"
    assert headline({"total": None, "rows": []}) == "Cases were not counted"


def test_workers_are_told_by_their_cases_from_none_upwards_and_the_headline_says_where_most_are() -> None:
    spread: dict[str, Any] = {
        "total": 12,
        "rows": [{"caseload": "over-30", "value": 1}, {"caseload": "16-to-20", "value": 11}],
    }
    assert bands_of(spread) == [
        ("no-cases", 0),
        ("1-to-5", 0),
        ("6-to-10", 0),
        ("11-to-15", 0),
        ("16-to-20", 11),
        ("21-to-25", 0),
        ("26-to-30", 0),
        ("over-30", 1),
    ]
    assert headline_of_spread(spread) == "Of 12 workers 11 hold 16 to 20 cases"
    assert headline_of_spread({"total": None, "rows": []}) == "Cases were not counted"
