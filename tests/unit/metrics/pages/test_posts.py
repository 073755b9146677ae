"""What the page of vacant posts works out of the API's answers."""

from typing import Any

from services.metrics.pages.posts import headline, teams_of

AGES: dict[str, Any] = {
    "rows": [
        {"team": "duty", "age": "under-3-months", "value": 1.0},
        {"team": "duty", "age": "over-12-months", "value": 0.5},
        {"team": None, "age": "under-3-months", "value": 2.0},
    ]
}
VACANCIES: dict[str, Any] = {
    "rows": [
        {"team": "court", "value": 0.0},
        {"team": "duty", "value": 1.5},
        {"team": None, "value": 2.0},
    ]
}
UNCOVERED: dict[str, Any] = {"rows": [{"team": "duty", "value": 0.5}]}


def test_the_team_with_most_vacancies_comes_first_and_one_without_does_not_come() -> None:
    assert teams_of(AGES, VACANCIES, UNCOVERED) == [
        {"team": None, "vacant": 2.0, "uncovered": 0.0, "ages": {"under-3-months": 2.0}},
        {"team": "duty", "vacant": 1.5, "uncovered": 0.5, "ages": {"under-3-months": 1.0, "over-12-months": 0.5}},
    ]


def test_the_headline_says_how_much_where_most_and_for_how_long() -> None:
    by_age = {"total": 3.5, "rows": [{"age": "over-12-months", "value": 0.5}, {"age": "under-3-months", "value": 3.0}]}
    said = headline(teams_of(AGES, VACANCIES), by_age)
    assert said == "3.5 FTE are vacant, most in Not stated (2.0); 0.5 for over 12 months"


def test_the_headline_says_that_nothing_is_vacant() -> None:
    assert headline([], {"total": 0.0, "rows": []}) == "No post is vacant"
