"""Twice the dirt costs about twice as much, whatever its kind and whatever is asked.

Invariant: nothing is timed. The lines of Python that run are counted, which is the same on every machine.
"""

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import pytest

from contracts.envelope import Event
from services.metrics.figures import attribution
from services.metrics.quality import both_ways
from services.metrics.timelines import knowledge
from services.metrics.timelines.knowledge import TooManyStretches
from services.metrics.timelines.staffing import staffing
from tests.dirt import KINDS
from tests.entry_points import ENTRY_POINTS, held_over_time

MANY = 100
MOST_GROWTH = 2.6
"""For twice the dirt. What grows with the square comes to between 3 and 4 at this size."""

SQUARE_OF_ITSELF = {
    ("occupants in turn anyhow", "staffing"),
    ("merges from the end", "timelines"),
    ("merges from the end", "staffing"),
    ("teams said otherwise of posts of one worker in pairs", "changes"),
}
"""What has as many rows as the square of the events: each start or leaver recorded late moves all that follow on the
post, each merge gives everybody behind it another number. Of changes, one page: at this size it is not full yet, and
each part of it follows from all that one worker held."""


def lines_run(work: Callable[[Sequence[Event]], None], events: Sequence[Event]) -> int:
    """How many lines of Python run."""
    count = 0

    def trace(frame: FrameType, what: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work(events)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("kind", KINDS)
def test_twice_the_dirt_costs_no_more_than_about_twice_as_much(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is counted anew whatever there is would hide what grows.
    monkeypatch.setattr(both_ways, "COUNTED_ANEW", 0)
    monkeypatch.setattr(attribution, "MOST_LOOKED_AT", 0)
    some, twice = KINDS[kind](MANY), KINDS[kind](2 * MANY)
    growth = {
        name: lines_run(work, twice) / lines_run(work, some)
        for name, work in ENTRY_POINTS.items()
        if (kind, name) not in SQUARE_OF_ITSELF
    }
    assert {name: by for name, by in growth.items() if by > MOST_GROWTH} == {}


def test_a_unit_of_more_rows_than_can_be_kept_is_refused_with_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    occupied, _, facts = held_over_time(KINDS["occupants in turn anyhow"](MANY))
    assert len(staffing("post/P-1", facts, occupied, ())) > 1000
    monkeypatch.setattr(knowledge, "MOST_STRETCHES", 1000)
    with pytest.raises(TooManyStretches, match=r"more than 1,000 stretches: .* void those that are wrong"):
        staffing("post/P-1", facts, occupied, ())


def test_merges_that_each_rename_all_before_them_are_refused_with_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.metrics.timelines.persons.MOST_STRETCHES", 100)
    chain = KINDS["merges from the end"](MANY)
    with pytest.raises(TooManyStretches):
        held_over_time(chain)
