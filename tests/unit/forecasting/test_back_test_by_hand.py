"""The back-test of an authority in which nobody ever leaves, so that what is known is all that is expected; and what a
forecast uses of what was recorded when.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.codes import Role
from contracts.envelope import Event
from services.metrics.forecasting.back_test import Compared, back_test, from_origin, origins, score, scores
from services.metrics.forecasting.forecast import forecast
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import event, left, started
from tests.unit.forecasting.small import post

RECORDED = datetime(2021, 1, 1, 9, tzinfo=UTC)
LAST = date(2023, 8, 31)
MAY_31 = date(2023, 5, 31)
LAST_INSTANT = datetime(2023, 5, 31, 23, 59, 59, 999999, tzinfo=UTC)
"""Of the day of the origin."""


def posts() -> list[Event]:
    """Three social workers' posts and a manager's, all vacant."""
    roles = [Role.SOCIAL_WORKER] * 3 + [Role.TEAM_MANAGER]
    return [post(f"P-{n}", role=role, recorded=RECORDED) for n, role in enumerate(roles)]


def starter(number: int, on: date, recorded: datetime) -> Event:
    return event(started(on, f"P-{number}"), f"worker/W-{number}", recorded, f"s-{number}")


# Entered on 10 May: starts in July. Entered on 10 July: started on 20 June.
PLANNED = starter(0, date(2023, 7, 3), datetime(2023, 5, 10, 9, tzinfo=UTC))
ENTERED_LATE = starter(1, date(2023, 6, 20), datetime(2023, 7, 10, 9, tzinfo=UTC))
HISTORY = [*posts(), PLANNED, ENTERED_LATE]


def rows(role: Role | None = None, length: int = 12) -> list[tuple[Any, ...]]:
    tested = back_test(HISTORY, Snapshot(HISTORY), LAST, length, role)
    return [(item.origin, item.as_at, item.naive, item.expected, item.came) for item in tested]


def test_each_forecast_is_of_what_was_known_that_evening_beside_what_is_known_now() -> None:
    # Vacant: 4; from 20 June 3, from 3 July 2. In April nothing was known of either; from May of the one in July; from
    # July of both.
    april, may, june, july = date(2023, 4, 30), date(2023, 5, 31), date(2023, 6, 30), date(2023, 7, 31)
    august = LAST
    lines = rows()
    assert lines[:-1] == [
        (april, may, 4.0, 4.0, 4.0),
        (april, june, 4.0, 4.0, 3.0),
        (april, july, 4.0, 4.0, 2.0),
        (april, august, 4.0, 4.0, 2.0),
        (may, june, 4.0, 4.0, 3.0),
        (may, july, 4.0, 3.0, 2.0),
        (may, august, 4.0, 3.0, 2.0),
        (june, july, 4.0, 3.0, 2.0),
        (june, august, 4.0, 3.0, 2.0),
    ]
    # By then two of 46 vacant FTE-months (ten of 4, then 3.5 and 2.5) were filled: a 23rd of the 2 is expected to be.
    expected = pytest.approx(2 - 2 / 23, abs=5 * (0.09 / 4000) ** 0.5)
    assert lines[-1] == (july, august, 2.0, expected, 2.0)


def test_a_length_is_at_most_the_one_asked_for_and_a_role_has_its_own() -> None:
    assert [(origin.month, as_at.month) for origin, as_at, *_ in rows(length=2)] == [
        (4, 5), (4, 6), (5, 6), (5, 7), (6, 7), (6, 8), (7, 8),
    ]  # fmt: skip
    of_manager = rows(Role.TEAM_MANAGER)
    assert len(of_manager) == 10
    assert {(naive, expected, came) for *_, naive, expected, came in of_manager[:-1]} == {(1.0, 1.0, 1.0)}


@pytest.mark.parametrize(
    ("recorded", "last", "expected"),
    [
        pytest.param(date(2021, 1, 1), date(2023, 4, 30), [], id="nothing came after the first month end"),
        pytest.param(date(2021, 1, 1), date(2023, 5, 1), [date(2023, 4, 30)], id="a day did"),
        pytest.param(date(2021, 1, 31), date(2023, 5, 1), [date(2023, 4, 30)], id="27 months, on the day"),
        pytest.param(date(2021, 2, 1), date(2023, 6, 1), [MAY_31], id="a day less than 27 months"),
        pytest.param(
            date(2021, 11, 30), date(2024, 4, 1), [date(2024, 2, 29), date(2024, 3, 31)], id="over 29 February"
        ),
        pytest.param(date(2021, 1, 1), date(2022, 12, 31), [], id="too early altogether"),
    ],
)
def test_origins_are_month_ends_after_27_months_of_history(recorded: date, last: date, expected: list[date]) -> None:
    instant = datetime(recorded.year, recorded.month, recorded.day, 9, tzinfo=UTC)
    assert origins(Snapshot([post("P-1", recorded=instant)]), last) == expected


def test_of_many_origins_the_last_sixty_are_tested() -> None:
    days = origins(Snapshot([post("P-1", recorded=datetime(2010, 1, 1, tzinfo=UTC))]), LAST)
    assert (len(days), days[0], days[-1]) == (60, date(2018, 8, 31), date(2023, 7, 31))


# --- scores -----------------------------------------------------------------------------------------------------------


def compared(length: int, expected: float, came: float, naive: float = 10.0, high: float = 12.0) -> Compared:
    intervals = {80: (8.0, high), 95: (7.0, high + 1)}
    return Compared(MAY_31, MAY_31 + timedelta(days=30 * length), length, expected, intervals, naive, came)


def test_scores_of_four_forecasts() -> None:
    scored = score([compared(1, 9, 8), compared(1, 10, 12.5), compared(2, 11, 14), compared(2, 10, 10.5)])
    # Off by 1, 2.5, 3 and 0.5; too high by 1, too low by 2.5, 3 and 0.5. Naive off by 2, 2.5, 4 and 0.5.
    assert scored.forecasts == 4
    assert scored.coverage == {80: 50.0, 95: 75.0}
    assert (scored.mean_absolute_error, scored.naive_mean_absolute_error) == (1.75, 2.25)
    assert scored.bias == -1.25
    by_length = scores([compared(2, 11, 14), compared(1, 9, 8)], lambda item: item.length)
    assert [(length, of_it.forecasts, of_it.bias) for length, of_it in by_length.items()] == [(1, 1, 1.0), (2, 1, -3.0)]


@pytest.mark.parametrize(
    ("came", "covered"), [(8.0, True), (7.95, True), (7.94, False), (12.0, True), (12.04, True), (12.05, False)]
)
def test_what_came_is_covered_where_it_is_shown_within_the_ends_that_are_shown(came: float, covered: bool) -> None:
    assert compared(1, 10, came).covered(80) is covered
    # The ends are rounded too: 12.04 is shown as 12.0.
    assert compared(1, 10, 12.01, high=11.96).covered(80)


# --- nothing later is used --------------------------------------------------------------------------------------------


def forecast_of_may(events: list[Event]) -> list[float]:
    """What the back-test says was expected on 31 May of the three months after, given everything recorded ever."""
    return [item.expected for item in from_origin(events, Snapshot(events), MAY_31, LAST, 3, None)]


def test_what_was_recorded_in_the_last_instant_of_the_day_is_known_and_in_the_next_one_not() -> None:
    def with_starter(recorded: datetime) -> list[float]:
        return forecast_of_may([*posts(), starter(2, date(2023, 6, 15), recorded)])

    assert with_starter(LAST_INSTANT) == [3.0, 3.0, 3.0]
    assert with_starter(LAST_INSTANT + timedelta(microseconds=1)) == [4.0, 4.0, 4.0]
    # That afternoon, as seen from a report of noon: what the report does not know is in no forecast of it.
    afternoon = starter(2, date(2023, 6, 15), datetime(2023, 5, 31, 14, tzinfo=UTC))
    assert [month.expected for month in forecast(Snapshot(posts()), MAY_31, 3).months] == [4.0, 4.0, 4.0]
    assert forecast_of_may([*posts(), afternoon]) == [3.0, 3.0, 3.0]


def test_what_changes_everything_changes_nothing_that_was_forecast_before_it_was_recorded() -> None:
    people = [starter(n, date(2021, 4, 1), RECORDED) for n in range(3)]
    next_instant = LAST_INSTANT + timedelta(microseconds=1)
    told_later, told_then = (
        [event(left(date(2023, 5, 1)), f"worker/W-{n}", instant, f"l-{n}") for n in range(3)]
        for instant in (next_instant, LAST_INSTANT)
    )
    assert forecast_of_may([*posts(), *people]) == [1.0, 1.0, 1.0]
    assert forecast_of_may([*posts(), *people, *told_later]) == [1.0, 1.0, 1.0]
    # Told a moment before, all are gone, and whoever is left is expected to go.
    assert forecast_of_may([*posts(), *people, *told_then]) == [4.0, 4.0, 4.0]
    # What came is as known now.
    everything = [*posts(), *people, *told_later]
    tested = from_origin(everything, Snapshot(everything), MAY_31, LAST, 1, None)
    assert [(item.naive, item.came) for item in tested] == [(1.0, 4.0)]
