"""The history under test, made once."""

from datetime import date, timedelta

import pytest

from deploy.demonstration import AwkwardRecord, awkward_records, history
from tests.unit.demonstration.counting import Day, Event, day, known


@pytest.fixture(scope="session")
def events() -> list[Event]:
    """The demonstration authority's history, in the order of recording."""
    return history()


@pytest.fixture(scope="session")
def awkward() -> list[AwkwardRecord]:
    """The list of awkward records of that history."""
    return awkward_records()


@pytest.fixture(scope="session")
def month_ends(events: list[Event]) -> dict[str, Day]:
    """How things stood at the end of every month, as known now."""
    held = known(events)
    firsts = [date(2018 + number // 12, number % 12 + 1, 1) for number in range(7, 76)]
    return {last: day(held, last) for last in ((first - timedelta(days=1)).isoformat() for first in firsts)}
