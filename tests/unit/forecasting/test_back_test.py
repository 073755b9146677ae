"""Forecasts of the demonstration authority as they would have been made at the time, beside what came."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.envelope import Event, parse_event
from deploy.demonstration import history
from services.metrics.forecasting.back_test import Compared, back_test, from_origin, origins, score, scores
from services.metrics.forecasting.forecast import forecast
from services.metrics.snapshot.snapshot import Snapshot, known
from tests.histories import event, left

LAST = date(2024, 3, 31)
"""The demonstration history ends here."""


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return [
        parse_event({name: value for name, value in one.items() if name != "data"}, json.dumps(one["data"]).encode())
        for one in history()
    ]


@pytest.fixture(scope="module")
def snapshot(events: list[Event]) -> Snapshot:
    return Snapshot(events)


@pytest.fixture(scope="module")
def compared(events: list[Event], snapshot: Snapshot) -> list[Compared]:
    return back_test(events, snapshot, LAST, 12)


def test_forecasts_are_made_at_every_month_end_from_october_2020_on(compared: list[Compared]) -> None:
    # 41 origins up to February 2024; of the last twelve there is less than a year to compare with.
    assert (compared[0].origin, compared[-1].origin) == (date(2020, 10, 31), date(2024, 2, 29))
    assert [len([item for item in compared if item.length == length]) for length in (1, 2, 12)] == [41, 40, 30]


def test_about_as_much_of_what_came_lies_in_the_intervals_as_they_say(compared: list[Compared]) -> None:
    scored = score(compared)
    assert 70 <= scored.coverage[80] <= 92
    assert 90 <= scored.coverage[95] <= 100
    for of_length in scores(compared, lambda item: item.length).values():
        assert 65 <= of_length.coverage[80] <= 97
        assert of_length.coverage[95] >= 85


def test_forecasts_are_nearer_than_vacancies_staying_as_they_are(compared: list[Compared]) -> None:
    scored = score(compared)
    assert scored.mean_absolute_error < 0.75 * scored.naive_mean_absolute_error
    assert abs(scored.bias) < 3


def test_vacancies_that_came_are_those_of_the_published_table(compared: list[Compared]) -> None:
    came = {item.as_at: item.came for item in compared}
    assert (came[date(2022, 10, 31)], came[date(2023, 10, 31)]) == (52.0, 22.5)


@pytest.mark.parametrize("origin", [date(2021, 9, 30), date(2023, 5, 31)])
def test_a_forecast_uses_nothing_that_was_recorded_after_its_origin(
    events: list[Event], snapshot: Snapshot, origin: date
) -> None:
    instant = datetime(origin.year, origin.month, origin.day, 23, 59, 59, 999999, tzinfo=UTC)
    never_told = [one for one in events if one.envelope.time <= instant]
    assert 0 < len(never_told) < len(events)
    workers = sorted({one.envelope.subject for one in never_told if one.envelope.subject.startswith("worker/")})

    def all_had_left(recorded: datetime) -> list[Event]:
        day = origin - timedelta(days=30)
        return [event(left(day), worker, recorded, f"invented-{index}") for index, worker in enumerate(workers)]

    def made(of: list[Event]) -> list[tuple[float, object]]:
        return [(item.expected, item.intervals) for item in from_origin(of, snapshot, origin, LAST, 12, None)]

    alone = [(month.expected, month.intervals) for month in forecast(Snapshot(never_told), origin, 12).months]
    assert made(events) == alone[: len(made(events))] != []
    assert made([*events, *all_had_left(instant + timedelta(microseconds=1))]) == made(events)
    # A moment before it would have changed everything.
    assert made([*events, *all_had_left(instant)])[0][0] > made(events)[0][0] + 100


def test_an_authority_known_for_too_short_a_time_has_no_origins(events: list[Event]) -> None:
    young = Snapshot(known(events, datetime.fromisoformat("2018-12-31T00:00:00Z")))
    assert origins(young, date(2019, 12, 31)) == []
