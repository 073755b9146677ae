"""In whatever way deliveries come: skipped, again, late, rows and columns in any order; as bytes in three layouts."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Event
from tests.histories import histories, histories_of_leavers, histories_of_merges
from tests.people.demonstration_files import FILES, HOW_ROWS_ARE, mapping_of
from tests.people.files_read import FeedOfFiles, Taken
from tests.people.hr_system import HrSystem
from tests.people.layouts import Writing
from tests.property.test_extracts import instants

HISTORIES = histories() | histories_of_leavers() | histories_of_merges()
MOST = 4
"""Deliveries of one history."""
MAPPINGS = {layout: mapping_of(layout, []) for layout in FILES}
WRITING = {layout: Writing(mapping) for layout, mapping in MAPPINGS.items()}
Files = dict[str, bytes]


def files_of(layout: str, history: Sequence[Event], known_at: datetime, chance: Any) -> Files:
    """What the HR system writes out that knows a history up to an instant. It writes no file without a record."""
    system, writing = HrSystem(), WRITING[layout]
    system.learn([event for event in history if event.envelope.time <= known_at])
    rows = {
        kind: [row for found in of.values() for row in HOW_ROWS_ARE[layout](found)] for kind, of in system.rows.items()
    }
    return {f"{name}.csv": writing.file(name, rows[kind], chance) for kind, name in FILES[layout].items() if rows[kind]}


def delivered(feed: FeedOfFiles, files: Files, known_at: datetime, made_at: datetime | None = None) -> list[Taken]:
    """Files, taken in; somebody has looked at how few rows they have."""
    at = made_at or known_at
    return [feed.take(name, content, known_at.date(), at, confirmed=True) for name, content in files.items()]


def stands(feed: FeedOfFiles, files: Iterable[str]) -> set[str]:
    """The facts that a feed states in files of these names, by subject, type, key and content."""
    return {
        json.dumps([subject, *(fact[name] for name in ("type", "key", "data"))])
        for name in files
        for subject, stated in feed.states.get(name.removesuffix(".csv"), {}).items()
        for fact in json.loads(stated.state)["facts"]
    }


@given(st.sampled_from(list(FILES)), HISTORIES, st.data(), st.randoms(use_true_random=False))
def test_deliveries_that_are_late_or_come_again_change_nothing_and_the_last_one_stands(
    layout: str, history: list[Event], data: st.DataObject, chance: Any
) -> None:
    known = instants(history)
    chosen = sorted(data.draw(st.sets(st.sampled_from(known), min_size=1, max_size=MOST)))
    every = FILES[layout].values()
    in_order, feed = (FeedOfFiles(MAPPINGS[layout]) for _ in range(2))
    for place, known_at in enumerate(chosen):
        delivered(in_order, files_of(layout, history, known_at, None), known_at)
        delivered(feed, files_of(layout, history, known_at, chance), known_at)
        if data.draw(st.booleans(), "again"):
            again = files_of(layout, history, known_at, chance)
            for taken in delivered(feed, again, known_at, known_at + timedelta(seconds=1)):
                assert (taken.refusal, taken.events) == (None, [])
        if place and data.draw(st.booleans(), "late"):
            before, events = stands(feed, every), list(feed.events)
            late = data.draw(st.sampled_from(chosen[:place]))
            # What had no record then, and so no file, cannot be late; what no longer has any was taken in before.
            for taken in delivered(feed, files_of(layout, history, late, chance), late):
                assert taken.refusal is not None
                assert taken.refusal.field == ("as_at" if late.date() < known_at.date() else "recorded_at")
            assert (stands(feed, every), feed.events) == (before, events)
    alone = FeedOfFiles(MAPPINGS[layout])
    last = files_of(layout, history, chosen[-1], None)
    delivered(alone, last, chosen[-1])
    assert [event.data for event in feed.events] == [event.data for event in in_order.events]
    assert [event.envelope for event in feed.events] == [event.envelope for event in in_order.events]
    assert stands(alone, last) == stands(feed, last)
