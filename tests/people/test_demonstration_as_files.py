"""The demonstration authority, read from files as bytes in three layouts, has the figures that its own events give.

The bytes of each delivery go through reader, mapping, comparison and differ, and become events and figures. The figures
are as at every month end of the six years, and as they were known on the days of the deliveries.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import cache

import pytest

from contracts.envelope import Event
from services.metrics.snapshot.snapshot import Snapshot
from tests.people.demonstration import demonstration_events
from tests.people.demonstration_files import FILES, Delivering
from tests.people.files_read import FeedOfFiles
from tests.people.test_demonstration_as_extracts import (
    LONG_AFTER,
    MONTH_ENDS,
    Figures,
    as_known_on,
    different,
    figures_of,
)

SOME = [*(day for day in MONTH_ENDS if day.month == 9), MONTH_ENDS[-1]]
"""Once a year; in the soak each month end."""
KNOWN = [date(2021, 9, 30)]


@cache
def events() -> Sequence[Event]:
    """The authority's own."""
    return demonstration_events()


@cache
def own_figures() -> Figures:
    """What they give, as at every month end."""
    return figures_of(Snapshot(events()), LONG_AFTER, MONTH_ENDS)


def told(layout: str, days: Sequence[date]) -> list[Event]:
    """The events of the deliveries of these days, no row of which is rejected."""
    delivering = Delivering(layout, events())
    feed = FeedOfFiles(delivering.mapping)
    for day, made_at, files in delivering.deliveries(days):
        for name, content in files.items():
            taken = feed.take(name, content, day, made_at)
            assert (taken.refusal, taken.rejected) == (None, []), (day, name)
    return feed.events


def assert_same_figures(of_files: list[Event], known_on: Sequence[date]) -> None:
    """Every measure is that of the authority's own events: as at every month end, and as known on some days."""
    assert different(own_figures(), figures_of(Snapshot(of_files), LONG_AFTER, MONTH_ENDS)) == []
    own = of_them = None
    for day in known_on:
        own, of_them = as_known_on(events(), day, own), as_known_on(of_files, day, of_them)
        known_at = datetime.combine(day, time.max, UTC)
        assert different(figures_of(own, known_at, [day]), figures_of(of_them, known_at, [day])) == []


@pytest.mark.parametrize("layout", FILES)
def test_every_measure_is_the_same_at_every_month_end_in_each_layout(layout: str) -> None:
    assert_same_figures(told(layout, SOME), KNOWN)


@pytest.mark.soak
@pytest.mark.parametrize("layout", FILES)
def test_every_measure_is_the_same_at_every_month_end_of_monthly_deliveries(layout: str) -> None:
    assert_same_figures(told(layout, MONTH_ENDS), MONTH_ENDS)
