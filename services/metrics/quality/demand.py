"""Checks of the counts of children: series that another seems to have replaced, and those that grew old.

Invariant: a series of which the end is recorded has no finding.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from operator import itemgetter

from contracts.codes import Demand
from services.metrics.quality.declaration import Check, Finding, Severity, in_order
from services.metrics.snapshot.demand import COUNT_HOLDS_MONTHS, Counts, Series, demand_series, grows_old_on
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import FOREVER

MOVES = ("children", "children-by-area", "children-per-case-holder")


def series_replaced(snapshot: Snapshot) -> Iterable[Finding]:
    """Series that are not ended, and beside whose last count a later one of the same kind goes on."""
    alike: defaultdict[tuple[Demand, str | None], list[tuple[Series, Counts]]] = defaultdict(list)
    for series, counts in demand_series(snapshot).items():
        alike[series.demand, series.service_area].append((series, counts))
    for of_a_kind in alike.values():
        of_a_kind.sort(key=lambda one: (one[1].first, one[0].subject))
        days = sorted((day, index) for index, (_, counts) in enumerate(of_a_kind) for day in counts.events)
        for series, counts in of_a_kind:
            replacing = None if counts.is_ended() else _going_on(of_a_kind, days, counts)
            if replacing is None:
                continue
            since, (other, others) = replacing[0], of_a_kind[replacing[1]]
            (last, _), (first, _) = counts.events[counts.last], others.events[since]
            goes_on = f"began on {since}" if since == others.first else f"goes on from {since}"
            message = f"{_named(series)} was counted last on {counts.last}, and {other.subject} {goes_on}: both count."
            yield Finding(
                "demand-series-replaced", (series.subject, other.subject), since, grows_old_on(counts.last),
                message, in_order([last, first]),
            )  # fmt: skip


def _going_on(
    of_a_kind: Sequence[tuple[Series, Counts]], days: Sequence[tuple[date, int]], counts: Counts
) -> tuple[date, int] | None:
    """From which day on another series seems to have replaced one, and its place among those of the kind.

    The other series began after the last count. Or it began before that, but later than the series itself, and was
    counted twice since then. (Once can be the same round of counting, of which not all counts are in.) None if the
    series is too old by then.
    """
    counted_once: dict[int, date] = {}
    for at in range(bisect_right(days, counts.last, key=itemgetter(0)), len(days)):
        day, index = days[at]
        if day >= grows_old_on(counts.last):
            break
        began = of_a_kind[index][1].first
        if began > counts.last or (began > counts.first and index in counted_once):
            return counted_once.get(index, day), index
        counted_once[index] = day
    return None


def series_grown_old(snapshot: Snapshot) -> Iterable[Finding]:
    """Series that are not ended, and that nobody counted for so long that they count no more."""
    for series, counts in demand_series(snapshot).items():
        if not counts.is_ended():
            since = grows_old_on(counts.last)
            message = f"{_named(series)} was counted last on {counts.last}: from {since} on it does not count."
            last, _ = counts.events[counts.last]
            yield Finding("demand-series-grown-old", (series.subject,), since, FOREVER, message, (last,))


def _named(series: Series) -> str:
    area = "" if series.service_area is None else f" of {series.service_area}"
    return f"{series.subject} ({series.demand}{area})"


CHECKS = (
    Check(
        "demand-series-replaced",
        "Series of children that another seems to have replaced",
        "A series of children was counted last before another of the same kind began, or while a newer one that goes "
        "on was counted beside it. Its end is not recorded, so both count until it grows old.",
        "If the other replaced it, record its end (uk.workforce.demand.ended.v1) on the day on which the other began. "
        "If they were counted beside each other, take the day of the first count that the other made alone. If both go "
        "on, record the newer counts of it.",
        Severity.MAY_MOVE,
        MOVES,
        series_replaced,
    ),
    Check(
        "demand-series-grown-old",
        "Series of children that nobody counts any more",
        f"The last count of a series of children is more than {COUNT_HOLDS_MONTHS} months old, and its end is not "
        "recorded: it is left out.",
        "Record the newer counts; or, where the series is at an end, its end (uk.workforce.demand.ended.v1).",
        Severity.MAY_MOVE,
        MOVES,
        series_grown_old,
        once_due=True,
    ),
)
