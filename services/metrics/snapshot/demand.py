"""Demand: each series of counts of children, and the days on which each count holds.

Invariant: no count holds beyond the next of its series, the end of its series, or twelve months.
Definition: docs/definitions.md, 'Children'.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from contracts.codes import Demand
from contracts.envelope import Event
from contracts.events.working_life import DemandCounted, DemandEnded
from services.metrics.snapshot.amounts import months_later
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import DAY, FOREVER

COUNT_HOLDS_MONTHS = 12
"""A count of children so many months ago still counts: the rarest that DfE collects are made once a year. Chosen."""


class Series(NamedTuple):
    """A series of counts: its subject, which children are counted, and of which service area (None: of the
    authority).
    """

    subject: str
    demand: Demand
    service_area: str | None


@dataclass(slots=True)
class Counts:
    """The counts of one series, and the ends of its subject.

    `events` has, for each day, the count recorded last.
    """

    events: dict[date, tuple[Event, DemandCounted]] = field(default_factory=dict)
    ends: list[date] = field(default_factory=list)

    @property
    def first(self) -> date:
        """The day of the first count."""
        return min(self.events)

    @property
    def last(self) -> date:
        """The day of the last count."""
        return max(self.events)

    def is_ended(self) -> bool:
        """Whether the series ends with or after its last count."""
        return bool(self.ends) and self.ends[-1] >= self.last

    def stretches(self) -> Iterator[tuple[date, date, int]]:
        """The first day, the day after the last, and how many children were counted; ascending."""
        ends = iter(self.ends)
        end = next(ends, FOREVER)
        for since, counted_anew in pairwise([*sorted(self.events), FOREVER]):
            while end < since:
                end = next(ends, FOREVER)
            until = min(counted_anew, end, grows_old_on(since))
            if since < until:
                yield since, until, self.events[since][1].children


def grows_old_on(counted_on: date) -> date:
    """The first day on which a count is too old to count."""
    return months_later(counted_on, COUNT_HOLDS_MONTHS) + DAY


def demand_series(snapshot: Snapshot) -> Mapping[Series, Counts]:
    """Every series with a count in force, worked out once for each snapshot."""
    return snapshot.kept("demand", lambda: _demand_series(snapshot))


def _demand_series(snapshot: Snapshot) -> Mapping[Series, Counts]:
    by_series: defaultdict[Series, Counts] = defaultdict(Counts)
    for event, counted in snapshot.facts(DemandCounted):
        series = Series(event.envelope.subject, counted.demand, counted.service_area)
        by_series[series].events[counted.counted_on] = event, counted
    ends: defaultdict[str, set[date]] = defaultdict(set)
    for event, ended in snapshot.facts(DemandEnded):
        ends[event.envelope.subject].add(ended.ended_on)
    for series, counts in by_series.items():
        counts.ends = sorted(ends.get(series.subject, ()))
    return by_series
