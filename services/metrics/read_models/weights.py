"""How much memory is used by what is kept, in bytes: estimates by counting, without looking at every object.

Invariant: an estimate is within a third of what Python has allocated (`tests/unit/metrics/test_weights.py` measures).
"""

from collections.abc import Iterable, Mapping, Sized
from typing import Any

from services.metrics.snapshot.snapshot import Snapshot

EVENT = 2400
"""Of an event: envelope, data and the body as it came."""
IN_A_SNAPSHOT = 64
"""Of an event in a snapshot: its slots in lists. The event itself is shared with all snapshots of its authority."""
OF_A_TIMELINE = 150
"""Of a row of a timeline in a snapshot: a post, an occupancy, staffing, and the lists they stand in."""
MADE = 300
"""Of a result of one thing's facts, beside what it holds itself: for the next snapshot to go on from."""
KEPT = 290
"""Of a part of a measure, a spell, a finding and the like, which a snapshot keeps once they were worked out."""


def weight_of_events(events: int) -> int:
    """Of so many events."""
    return events * EVENT


def weight_of(snapshot: Snapshot) -> int:
    """The size of a snapshot as it is now, without its events. It grows with what is asked of it."""
    events = IN_A_SNAPSHOT * len(snapshot.events) + MADE * len(snapshot._made)
    return events + OF_A_TIMELINE * sum(_items(_timelines(snapshot))) + KEPT * sum(_items(snapshot._kept.values()))


def growth_of(snapshot: Snapshot) -> tuple[int, int, int]:
    """Is another one whenever the snapshot weighs something else: what was worked out once never grows itself."""
    return len(vars(snapshot)), len(snapshot._kept), len(snapshot._made)


def _timelines(snapshot: Snapshot) -> Iterable[Any]:
    known_from_the_start = ("events", "in_force", "_of_subject", "_in_force_of", "_grouped", "_kept", "_made")
    return [value for name, value in list(vars(snapshot).items()) if name not in known_from_the_start]


def _items(values: Iterable[Any]) -> Iterable[int]:
    """The number of items in lists, and in mappings to lists. Other threads may add to them meanwhile."""
    for value in list(values):
        if isinstance(value, Mapping):
            yield len(value) + sum(len(item) for item in list(value.values()) if isinstance(item, list | set))
        elif isinstance(value, Sized):
            yield len(value)
