"""Whatever was recorded: read from extracts, it comes to the same tables as the events that it was recorded by.

What extracts cannot carry stands in `tests/people/hr_system.py`.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Event
from services.metrics.timelines.rows import Post, Staffing
from services.people.statements import Begins, History, Kind, Policy, Statement
from tests.histories import histories, histories_of_leavers, histories_of_merges
from tests.people.hr_system import Written, current, written
from tests.people.reading import COMPLETE, Reading
from tests.property.test_timelines import DAYS, LATEST_INSTANT, Timelines

KINDS = (Kind.POSTS, Kind.HOLDINGS, Kind.COVERS, Kind.CHANGES)
HISTORIES = histories() | histories_of_leavers() | histories_of_merges()
Rows = Sequence[Statement]


def rows_of(found: Written) -> dict[Kind, Sequence[Statement]]:
    return dict(zip(KINDS, (found.posts, found.holdings, found.covers, found.changes), strict=True))


def reading_whole_files() -> Reading:
    return Reading(dict.fromkeys(KINDS, COMPLETE))


def read_all(
    reading: Reading, history: Sequence[Event], known_at: datetime, shuffled: Callable[[Rows], Rows] = list
) -> list[Event]:
    """What extracts of all that was known at an instant tell, recorded at it."""
    kinds = rows_of(written(history, known_at)).items()
    return [event for kind, rows in kinds for event in reading.read(kind, shuffled(rows), known_at.date(), known_at)]


def tables(events: Sequence[Event], known_at: datetime, days: Sequence[date] = DAYS) -> dict[date, list[list[str]]]:
    """What the tables hold that is true on each day, as known at an instant."""
    of_each = Timelines(event for event in events if event.envelope.time <= known_at).everything()
    known = [[row for row in rows if row.known_from <= LATEST_INSTANT < row.known_to] for rows in of_each]
    return {
        day: [sorted({_shown(row) for row in rows if row.valid_from <= day < row.valid_to} - {""}) for rows in known]
        for day in days
    }


def _shown(row: Any) -> str:
    """A row without its dates; of a post that is not funded nothing but who is there: what else it was no file says."""
    if isinstance(row, Post) and not row.facts.funded:
        return ""
    if isinstance(row, Staffing) and not row.establishment:
        row = cast(Any, row)._replace(dimensions=None)
        if not (row.in_post or row.agency):
            return ""
    return repr(row._replace(valid_from=None, valid_to=None, known_from=None, known_to=None))


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
        assert tables(reading.events, known_at) == tables(history, known_at)


@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_same_files_again_tell_nothing_however_their_rows_are_shuffled(history: list[Event], chance: Any) -> None:
    reading = reading_whole_files()
    for known_at in instants(history):
        read_all(reading, history, known_at)
        kinds = rows_of(written(history, known_at))
        again = known_at + timedelta(hours=1)
        for kind, rows in kinds.items():
            shuffled = chance.sample(list(rows), len(rows))
            assert reading.read(kind, shuffled, again.date(), again) == []


@given(HISTORIES, st.data())
def test_files_that_were_left_out_change_nothing_of_what_is_told_in_the_end(
    history: list[Event], data: st.DataObject
) -> None:
    *earlier, last = instants(history)
    reading = reading_whole_files()
    for known_at in earlier:
        if data.draw(st.booleans()):
            read_all(reading, history, known_at)
    read_all(reading, history, last)
    assert tables(reading.events, last) == tables(history, last)


@given(HISTORIES)
def test_after_each_file_those_facts_stand_that_the_file_alone_states(history: list[Event]) -> None:
    reading = reading_whole_files()
    for known_at in instants(history):
        read_all(reading, history, known_at)
        alone = reading_whole_files()
        read_all(alone, history, known_at)
        for kind in KINDS:
            assert reading.stated(kind) == alone.stated(kind)


@given(HISTORIES)
def test_the_same_files_in_the_same_order_tell_the_same_events(history: list[Event]) -> None:
    one, other = reading_whole_files(), reading_whole_files()
    for known_at in instants(history):
        assert read_all(one, history, known_at) == read_all(other, history, known_at)


DATED = {
    "not": Policy(history=History.CURRENT, gone_after=1),
    "thing": Policy(history=History.CURRENT, gone_after=1, begins=Begins.THING),
    "row": Policy(history=History.CURRENT, gone_after=1, begins=Begins.ROW),
}


@pytest.mark.parametrize("dated", list(DATED))
@given(HISTORIES, st.sets(st.sampled_from(DAYS), min_size=1, max_size=5))
def test_files_of_what_is_current_give_the_same_tables_of_their_day(
    dated: str, history: list[Event], days: set[date]
) -> None:
    reading = Reading({kind: COMPLETE if kind is Kind.CHANGES else DATED[dated] for kind in KINDS})
    for day in sorted(days):
        recorded_at = datetime.combine(day, time(23), UTC)
        found = rows_of(written(history, recorded_at))
        for kind, rows in found.items():
            now = rows if kind is Kind.CHANGES else current(rows, day, dated)
            reading.read(kind, now, day, recorded_at)
            assert reading.read(kind, now, day, recorded_at + timedelta(minutes=1)) == []
        assert tables(reading.events, LATEST_INSTANT, [day]) == tables(history, recorded_at, [day])
    for earlier, later in pairwise(reading.events):
        assert earlier.envelope.time <= later.envelope.time
    assert reading.faults == []
