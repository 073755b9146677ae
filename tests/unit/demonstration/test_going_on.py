"""The demonstration that goes on after its published figures: alive on the day asked for, its past untouched."""

import argparse
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta, tzinfo

import pytest

from contracts.envelope import parse_event
from deploy.demonstration import history
from deploy.demonstration.academy import later_cohorts
from deploy.demonstration.ending import ending
from tests.unit.demonstration.counting import Event, day, known, of_type

UNTIL = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
A_MONTH_BEFORE = UNTIL - timedelta(days=37)


@pytest.fixture(scope="module")
def longer() -> list[Event]:
    """The history that goes on to a morning in November 2026."""
    return history(until=UNTIL)


def test_it_begins_with_the_very_events_of_the_published_history(events: list[Event], longer: list[Event]) -> None:
    assert longer[: len(events)] == events
    assert len(longer) > 2 * len(events)
    assert history(until=datetime(2024, 4, 1, tzinfo=UTC)) == events


@pytest.mark.parametrize("until", [A_MONTH_BEFORE, datetime(2024, 4, 10, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)])
def test_a_longer_history_begins_with_every_shorter_one(longer: list[Event], until: datetime) -> None:
    shorter = history(until=until)
    assert longer[: len(shorter)] == shorter
    assert all(event["time"] > until.isoformat().replace("+00:00", "Z") for event in longer[len(shorter) :])


def test_nothing_is_recorded_after_its_end_and_something_in_its_last_week(longer: list[Event]) -> None:
    times = [event["time"] for event in longer]
    assert times == sorted(times)
    assert "2026-11-19T00:00:00Z" < times[-1] <= "2026-11-26T10:00:00Z"
    assert [event["id"] for event in longer] == [f"demo-{number:06}" for number in range(1, len(longer) + 1)]


def test_every_event_of_it_keeps_its_contract(longer: list[Event]) -> None:
    for event in longer:
        attributes = {name: value for name, value in event.items() if name != "data"}
        assert parse_event(attributes, json.dumps(event["data"]).encode()).envelope.authority == "331"


def test_caseloads_and_demand_are_counted_every_month_after_the_published_history(longer: list[Event]) -> None:
    counts = Counter(
        event["data"]["counted_on"] for event in known(longer) if event["type"] == "uk.workforce.caseload.counted.v1"
    )
    firsts = [date(2024 + number // 12, number % 12 + 1, 1) for number in range(4, 34)]
    months = [(first - timedelta(days=1)).isoformat() for first in firsts]
    assert months[0] == "2024-04-30"
    assert months[-1] == "2026-09-30"
    assert {month: counts[month] > 200 for month in months} == dict.fromkeys(months, True)
    demand = {event["data"]["counted_on"] for event in of_type(longer, "demand.counted")}
    assert set(months) <= demand


def test_vacancies_agency_cover_and_the_academy_stay_alive(longer: list[Event]) -> None:
    held = known(longer)
    for as_at in ("2024-10-31", "2025-06-30", "2026-10-31"):
        shown_day = day(held, as_at)
        assert 5 <= shown_day.vacancies()["social-worker"] <= 14, as_at
        assert 35 <= len(shown_day.covers) <= 55, as_at
    entries = {event["data"]["entry_on"] for event in of_type(longer, "cohort.opened")}
    assert [entry for entry in sorted(entries) if entry > "2024-03-31"] == [
        "2024-07-08", "2024-09-09", "2025-01-13", "2025-04-14", "2025-07-14", "2025-09-08", "2026-01-12", "2026-04-13",
        "2026-07-13", "2026-09-14",
    ]  # fmt: skip


def test_nobody_is_absent_for_ever(longer: list[Event]) -> None:
    for event in known(longer):
        if event["type"] == "uk.workforce.absence.recorded.v1" and event["data"].get("returned_on") is None:
            assert event["data"]["absent_from"] > "2025-12-31", event["id"]


def test_cohorts_go_on_in_the_academy_s_numbering() -> None:
    first, second, third, *_ = later_cohorts(date(2025, 12, 31))
    assert [plan.identifier for plan in (first, second, third)] == ["cohort-22", "cohort-23", "cohort-24"]
    assert [plan.entry_on for plan in (first, second, third)] == [date(2024, 7, 8), date(2024, 9, 9), date(2025, 1, 13)]


class ThatMorning(datetime):
    """A clock that stands still on a morning in November 2026."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "ThatMorning":
        """That morning."""
        return cls(2026, 11, 26, 10, 0, tzinfo=tz)


def test_an_ending_is_today_or_a_day_of_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.demonstration.ending.datetime", ThatMorning)
    assert ending("today") == UNTIL
    # A day is over at midnight; today is not over.
    assert ending("2025-09-30") == datetime(2025, 10, 1, tzinfo=UTC)
    assert ending("2024-03-31") == datetime(2024, 4, 1, tzinfo=UTC)
    assert ending("2026-11-25") == datetime(2026, 11, 26, tzinfo=UTC)
    assert ending("2026-11-26") == UNTIL
    for text in ("2026-11-27", "2999-01-01", "2024-03-30", "tomorrow", "30/09/2025", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="neither today nor a day from 2024-03-31 to 2026-11-26"):
            ending(text)
