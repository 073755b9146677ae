"""The demonstration authority, read from extracts, has the figures that its own events give.

There is an extract of each day of six years on which something was recorded, in three layouts:
- rows with their dates
- sparse rows of lettered occupancies, each up to the next
- assignments that go on from post to post

No figure differs. `tests/people/hr_system.py` lists what could differ, because no file carries it. It does not bear on
any figure of this authority.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from contracts.envelope import Event
from contracts.values import EARLIEST_DATE
from services.metrics.figures.figures import figures
from services.metrics.figures.periods import Period, when_of_point
from services.metrics.figures.reading import FigureQuery
from services.metrics.figures.reading import Reading as Read
from services.metrics.measures.catalogue import MEASURES, dimensions_of
from services.metrics.snapshot.snapshot import Snapshot, known
from tests.people.demonstration import LAYOUTS, Day, days, demonstration_events, read
from tests.people.reading import Reading

LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)
MONTH_ENDS = [
    date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    for year in range(2018, 2025)
    for month in range(1, 13)
    if (2018, 7) <= (year, month) <= (2024, 3)
]
CENSUS_DAYS = [date(year, 9, 30) for year in range(2019, 2024)]


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """Its own events."""
    return demonstration_events()


@pytest.fixture(scope="module")
def every_day(events: list[Event]) -> list[Day]:
    """Its extracts."""
    return list(days(events))


@pytest.fixture(scope="module")
def plain(every_day: list[Day]) -> Reading:
    """What is told of its extracts in the plain layout."""
    return read(every_day, LAYOUTS["plain"])


Figures = dict[str, Any]
"""By measure."""


def figures_of(snapshot: Snapshot, known_at: datetime, ends: Sequence[date], by: tuple[str, ...] = ()) -> Figures:
    """Every measure of the months that end on some days (of their years, where it is a rate over time)."""
    reading = Read("331", known_at, lambda: snapshot)
    found: Figures = {}
    for name, measure in MEASURES.items():
        if set(by) <= set(dimensions_of(measure)):
            points = [Period(end.replace(day=1), end) for end in ends]
            whens = [when_of_point(measure, point, EARLIEST_DATE, 12, None) for point in points]
            counted = figures(measure, [reading], whens, FigureQuery(by))
            found[name] = counted.totals, dict(counted.rows)
    return found


def different(one: Figures, other: Figures) -> list[str]:
    return [name for name in one if one[name] != other[name]]


def as_known_on(events: Sequence[Event], day: date, before: Snapshot | None) -> Snapshot:
    return Snapshot(known(events, datetime.combine(day, time.max, UTC)), before)


def without_ids(events: Sequence[Event]) -> list[tuple[Any, ...]]:
    """What events state, and which of the others each refers to, whatever their ids."""
    places = {event.envelope.id: place for place, event in enumerate(events)}
    return [
        (
            *(event.envelope.time, event.envelope.subject, event.envelope.type, event.data),
            *(event.envelope.sourcesequence, places.get(event.envelope.supersedes or event.envelope.voids or "")),
        )
        for event in events
    ]


def test_every_row_is_taken_and_the_authority_is_told_in_full(plain: Reading) -> None:
    assert plain.faults == []
    told = Counter(event.envelope.type.split(".", 2)[2] for event in plain.events if event.envelope.referred is None)
    assert told["worker.left.v1"] == 355
    assert told["worker.moved.v1"] == 365
    assert told["leaver.reversed.v1"] == 3
    assert told["cover.ended.v1"] == 354
    assert told["caseload.counted.v1"] == 1463


def test_every_measure_is_the_same_at_every_month_end(events: list[Event], plain: Reading) -> None:
    own = figures_of(Snapshot(events), LONG_AFTER, MONTH_ENDS)
    assert len(own) == len(MEASURES)
    assert different(own, figures_of(Snapshot(plain.events), LONG_AFTER, MONTH_ENDS)) == []


def test_every_measure_is_the_same_as_it_was_known_on_each_day_of_the_census(
    events: list[Event], plain: Reading
) -> None:
    own = told = None
    for day in CENSUS_DAYS:
        own, told = as_known_on(events, day, own), as_known_on(plain.events, day, told)
        known_at = datetime.combine(day, time.max, UTC)
        assert different(figures_of(own, known_at, [day]), figures_of(told, known_at, [day])) == []


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "plain"])
def test_another_layout_tells_the_same_events(layout: str, every_day: list[Day], plain: Reading) -> None:
    other = read(every_day, LAYOUTS[layout])
    assert other.faults == []
    assert without_ids(other.events) == without_ids(plain.events)


@pytest.mark.soak
def test_every_measure_is_the_same_by_every_dimension(events: list[Event], plain: Reading) -> None:
    own, told = Snapshot(events), Snapshot(plain.events)
    for dimension in sorted({name for measure in MEASURES.values() for name in dimensions_of(measure)}):
        by = (dimension,)
        of_own, of_told = (figures_of(one, LONG_AFTER, MONTH_ENDS, by) for one in (own, told))
        assert different(of_own, of_told) == []


@pytest.mark.soak
def test_every_measure_is_the_same_as_it_was_known_at_every_month_end(events: list[Event], plain: Reading) -> None:
    own = told = None
    for day in MONTH_ENDS:
        own, told = as_known_on(events, day, own), as_known_on(plain.events, day, told)
        known_at = datetime.combine(day, time.max, UTC)
        assert different(figures_of(own, known_at, [day]), figures_of(told, known_at, [day])) == []
