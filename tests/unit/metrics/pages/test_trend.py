"""What the page of trends says of two dates, and of what was before and after an initiative."""

from datetime import date

import pytest

from services.metrics.pages.charts import Point
from services.metrics.pages.marks import Initiative
from services.metrics.pages.trend import change_between, headline, since_each

JANUARY, FEBRUARY, MARCH = date(2023, 1, 31), date(2023, 2, 28), date(2023, 3, 31)
POINTS = [Point(JANUARY, 40.0), Point(FEBRUARY, 38.5), Point(MARCH, 30.1)]


def began(day: date) -> Initiative:
    return Initiative("Retention payment", day, None, "/subjects/initiative/I-1")


def test_an_initiative_stands_between_the_last_figure_before_it_and_the_latest_one() -> None:
    (since,) = since_each(POINTS, [began(date(2023, 3, 1))])
    assert (since.before.day, since.before.value, since.latest.day, since.latest.value) == (FEBRUARY, 38.5, MARCH, 30.1)
    assert since.change == -8.4


def test_the_figure_of_the_day_on_which_it_began_is_none_from_before() -> None:
    (since,) = since_each(POINTS, [began(FEBRUARY)])
    assert (since.before.day, since.change) == (JANUARY, -9.9)


def test_of_an_initiative_that_began_before_the_first_figure_nothing_is_said() -> None:
    assert since_each(POINTS, [began(date(2023, 1, 15))]) == []
    assert since_each([], [began(FEBRUARY)]) == []


@pytest.mark.parametrize(
    ("before", "after", "change"), [(0.1, 0.3, 0.2), (None, 3.0, None), (3.0, None, None), (2, 2, 0)]
)
def test_a_change_is_the_difference_of_figures_as_shown(
    before: float | None, after: float | None, change: float | None
) -> None:
    assert change_between(before, after) == change


def test_what_is_as_it_was_is_not_said_to_have_moved() -> None:
    series = {"title": "Vacancies", "unit": "FTE"}
    points = [Point(JANUARY, 40.0), Point(FEBRUARY, 38.5), Point(MARCH, 40.0)]
    assert headline(series, points) == "Vacancies: 40.0 in March 2023, as in January 2023"
    assert headline(series, POINTS) == "Vacancies fell from 40.0 in January 2023 to 30.1 in March 2023"
