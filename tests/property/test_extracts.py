"""Whatever was recorded: read from extracts, it comes to the same tables as the events that it was recorded by."""

from collections.abc import Sequence
from datetime import date, datetime, time
from datetime import UTC
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Event
from services.people.statements import Begins, History, Kind, Policy, Statement
from tests.histories import FIRST_DAY, LAST_DAY, histories, histories_of_leavers, histories_of_merges
from tests.people.hr_system import Written, current, written
from tests.people.reading import COMPLETE, Reading
from tests.property.test_timelines import DAYS, LATEST_INSTANT, Timelines

KINDS = (Kind.POSTS, Kind.HOLDINGS, Kind.COVERS, Kind.CHANGES)
HISTORIES = histories() | histories_of_leavers() | histories_of_merges()
Shuffle = Any


def rows_of(found: Written) -> dict[Kind, Sequence[Statement]]:
    return dict(zip(KINDS, (found.posts, found.holdings, found.covers, found.changes), strict=True))


def reading_whole_files() -> Reading:
    return Reading(dict.fromkeys(KINDS, COMPLETE))


def read_all(reading: Reading, history: Sequence[Event], known_at: datetime, shuffled: Shuffle = list) -> list[Event]:
    """What extracts of all that was known at an instant tell, recorded at it."""
    kinds = rows_of(written(history, known_at)).items()
    return [event for kind, rows in kinds for event in reading.read(kind, shuffled(rows), known_at.date(), known_at)]


def true_on(events: Sequence[Event], day: date, known_at: datetime) -> list[Any]:
    """What the tables hold that is true on a day, as known at an instant."""
    of_each = Timelines(event for event in events if event.envelope.time <= known_at).everything()
    return [
        sorted(
            repr(row._replace(valid_from=None, valid_to=None, known_from=None, known_to=None))
            for row in rows
            if row.valid_from <= day < row.valid_to and row.known_from <= LATEST_INSTANT < row.known_to
        )
        for rows in of_each
    ]


def instants(history: Sequence[Event]) -> list[datetime]:
    return sorted({event.envelope.time for event in history})


@given(HISTORIES, st.randoms(use_true_random=False))
def test_files_of_the_whole_history_give_the_same_tables_as_known_when_each_was_recorded(
    history: list[Event], chance: Any
) -> None:
    reading = reading_whole_files()
    for known_at in instants(history):
        read_all(reading, history, known_at, lambda rows: chance.sample(rows, len(rows)))
    assert reading.faults == []
    for known_at in instants(history):
        for day in DAYS:
            assert true_on(reading.events, day, known_at) == true_on(history, day, known_at)
