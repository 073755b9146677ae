"""What a question costs, estimated before it is worked out: from what it asks for, and from the amount of data.

Invariant: a cost follows only from the question and the sizes. A million steps take about a second at most.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.metrics.figures.reading import FigureQuery, needs_snapshot
from services.metrics.measures.catalogue import CODED
from services.metrics.measures.declaration import Count

READ_EVENT = 15
"""Steps to read an event from the database and check it. This and what follows was measured (ADR 0019)."""
SNAPSHOT_EVENT = 15
"""Steps for an event of a snapshot that is yet to be made: its timelines, which all measures count from."""
PARTS_EVENT = 2
"""Steps for an event of a snapshot, for a count of which the parts are looked at one by one."""
COUNT_EVENT = 0.25
"""Steps for an event of a snapshot, for a count and a time at which it is counted again."""
READ_ROW = 3
"""Steps to read a row of staffing."""
SUM_ROW = 0.05
"""Steps to add a row of staffing up, whatever the number of days."""
FIGURE = 60
"""Steps for one figure of an answer. It is rounded and written in 4, but it weighs some hundred bytes meanwhile."""
SUM = 10
"""Steps for one count behind such a figure."""
FIND_EVENT = 30
"""Steps for an event of a snapshot that is looked at for data quality."""
EFFECT = 3_000
"""Steps for the effect of one finding."""
STEP, STEP_EVENT = 400, 12
"""Steps for each event that can have moved a part of a figure, and for each one around it then."""
PLAY_EVENT = 5
"""Steps for an event of a snapshot that a forecast is made of."""
PLAY_MONTH = 5_000
"""Steps for a month of a forecast."""
USUAL_VALUES = 60
"""Values taken for a dimension of which authorities make their own, where nothing tells how many there are."""


class Size(NamedTuple):
    """The amount of data of one authority, or of all of them together.

    Unread is what is not in memory. Events without a snapshot are those of authorities that have none in memory.
    """

    events: int = 0
    unread_events: int = 0
    events_without_snapshot: int = 0
    rows: int = 0
    unread_rows: int = 0


def of_snapshot(size: Size, snapshots: int = 1) -> int:
    """Of snapshots of one authority, with what is needed to make them."""
    return READ_EVENT * size.unread_events + SNAPSHOT_EVENT * size.events_without_snapshot * snapshots


def of_figures(counts: Sequence[Count], query: FigureQuery, points: int, size: Size, keys: int) -> int:
    """Of some counts at so many points, in at most `keys` rows."""
    cost = READ_ROW * size.unread_rows + SUM_ROW * size.rows * len(counts)
    cost += (FIGURE + SUM * len(counts)) * keys * points
    if needs_snapshot(counts, query):
        counted_again = sum(1 if counted.over_time is not None and points > 1 else points for counted in counts)
        cost += of_snapshot(size) + PARTS_EVENT * size.events * len(counts) + COUNT_EVENT * size.events * counted_again
    return math.ceil(cost)


def of_parts(counts: int, size: Size, snapshots: int) -> int:
    """Of the parts of so many counts in each of some snapshots."""
    return of_snapshot(size, snapshots) + PARTS_EVENT * size.events * counts * snapshots


def of_arriving(events: int, counts: int) -> int:
    """Of events sent with the question: a snapshot goes on with them, and all counts look at it."""
    return (SNAPSHOT_EVENT + PARTS_EVENT * counts) * events


def of_quality(size: Size, effects: int) -> int:
    """Of every check, and the effects of so many findings."""
    return of_snapshot(size) + FIND_EVENT * size.events + EFFECT * min(effects, size.events)


def of_effects(steps: Iterable[tuple[int, int]]) -> int:
    """Of what moved some parts: of each, how many events can have moved it, and how many stand around it."""
    return sum((moving + 1) * (STEP + STEP_EVENT * around) for moving, around in steps)


def of_forecast(size: Size, months: int, groups: int) -> int:
    """Of forecasts of so many groups of posts."""
    return of_snapshot(size) + groups * (PLAY_EVENT * size.events + PLAY_MONTH * (months + 1))


def of_back_test(size: Size, months: int, origins: int) -> int:
    """Of a forecast from each origin, with a snapshot of its own."""
    return of_snapshot(size) + origins * of_forecast(Size(size.events, 0, size.events), months, 1)


def most_keys(by: Iterable[str], known: int | None, known_by: Sequence[str], size: Size) -> int:
    """The most rows that an answer can have: `known` combinations of the dimensions `known_by`, times the others'
    values.
    """
    others = [name for name in by if name not in known_by]
    values = math.prod(len(CODED[name]) + 1 if name in CODED else USUAL_VALUES for name in others)
    combinations = values * (1 if known is None else known)
    return max(1, min(combinations, size.rows + size.events))
