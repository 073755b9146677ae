"""Months and weekdays counted on a calendar, and parts of amounts, by hand."""

from datetime import date

import pytest

from services.metrics.snapshot.amounts import after_weekdays, months_later, part_of, weekdays

FRIDAY, SATURDAY, SUNDAY, MONDAY = date(2023, 9, 29), date(2023, 9, 30), date(2023, 10, 1), date(2023, 10, 2)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2023, 2, 28), 12, date(2024, 2, 28)),
        (date(2023, 8, 31), 1, date(2023, 9, 30)),
        (date(2023, 11, 30), 1, date(2023, 12, 30)),
        (date(2023, 12, 31), 1, date(2024, 1, 31)),
        (date(2023, 12, 31), 12, date(2024, 12, 31)),
        (date(2024, 1, 31), -1, date(2023, 12, 31)),
        (date(2024, 3, 31), -1, date(2024, 2, 29)),
        (date(2024, 3, 31), 0, date(2024, 3, 31)),
        (date(9999, 1, 31), 1, date(9999, 2, 28)),
        (date(9999, 11, 30), 1, date(9999, 12, 30)),
        (date(9999, 12, 1), 1, date.max),
        (date(9999, 11, 30), 2, date.max),
        (date(1, 1, 31), -1, date.min),
        (date(1, 2, 28), -1, date(1, 1, 28)),
    ],
)
def test_some_months_later_it_is_the_same_day_or_the_last_of_a_shorter_month(
    day: date, months: int, later: date
) -> None:
    assert months_later(day, months) == later


@pytest.mark.parametrize(
    ("first", "until", "count"),
    [
        (FRIDAY, FRIDAY, 0),
        (FRIDAY, SATURDAY, 1),
        (FRIDAY, MONDAY, 1),
        (SATURDAY, MONDAY, 0),
        (SUNDAY, date(2023, 10, 3), 1),
        (FRIDAY, date(2023, 10, 6), 5),
        (SATURDAY, date(2023, 10, 14), 10),
        (MONDAY, FRIDAY, 0),
    ],
)
def test_weekdays_are_mondays_to_fridays_without_the_day_at_the_end(first: date, until: date, count: int) -> None:
    assert weekdays(first, until) == count


@pytest.mark.parametrize(
    ("first", "count", "after"),
    [
        (FRIDAY, 1, SATURDAY),
        (FRIDAY, 2, date(2023, 10, 3)),
        (SATURDAY, 1, date(2023, 10, 3)),
        (MONDAY, 5, date(2023, 10, 7)),
    ],
)
def test_after_so_many_weekdays_it_is_the_day_after_the_last_of_them(first: date, count: int, after: date) -> None:
    assert after_weekdays(first, count) == after


@pytest.mark.parametrize(
    ("amount", "numerator", "denominator", "part"),
    [
        (10, 1, 2, 5),
        (5, 1, 2, 3),
        (4, 1, 3, 1),
        (5, 1, 3, 2),
        (7, 0, 3, 0),
        (3, 3, 3, 3),
        (1, 1, 2, 1),
        (1, 49, 100, 0),
    ],
)
def test_a_part_of_an_amount_is_rounded_half_up(amount: int, numerator: int, denominator: int, part: int) -> None:
    assert part_of(amount, numerator, denominator) == part
