"""Who is in service, in which main post, from when to when: employment periods, spells, moves.

Invariant: no two employment periods of one person share a day. A spell is a longest run of them without a gap.
Definitions: docs/definitions.md, 'Scope'.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from heapq import heappop, heappush
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import NamedTuple

from contracts.codes import Destination, Employment, LeavingReason, MoveKind, Origin, Route
from contracts.envelope import Event
from contracts.events.hiring import WorkerMoved, WorkerStarted
from contracts.events.leavers import WorkerLeft
from contracts.in_force import order_of_recording
from contracts.occupying import Reversals
from services.metrics.timelines.dimensions import NOTHING_STATED, Dimensions
from services.metrics.timelines.rows import DAY, FOREVER, Occupancy, Post

NO_CSWW_ROLE = 99
"""Sorts posts outside the census behind those in it."""


class Scope(StrEnum):
    """Which posts count: every post, or those with a CSWW role on the day (for the rates of the census)."""

    ALL = "all"
    CENSUS = "census"

    def holds(self, dimensions: Dimensions) -> bool:
        """Whether a post with these facts counts."""
        return self is Scope.ALL or dimensions.csww_role is not None


class EmploymentPeriod(NamedTuple):
    """One person in service over a stretch of days on which nothing of it changes. `fte` in millionths."""

    person: str
    fte: int
    post: str
    dimensions: Dimensions
    since: date
    until: date


class Start(NamedTuple):
    """How a person came."""

    origin: Origin = Origin.NOT_KNOWN
    route: Route | None = None
    employment: Employment | None = None
    cohort: str | None = None
    campaign: str | None = None
    converted_from: str | None = None

    @property
    def is_conversion(self) -> bool:
        """Whether an agency worker became a permanent one."""
        return self.route is Route.AGENCY_CONVERSION or self.converted_from is not None


class Leaving(NamedTuple):
    """Why a person left, and where to."""

    reason: LeavingReason
    destination: Destination


class Spell(NamedTuple):
    """A person's run of days in service, from `since` to the day before `until` (FOREVER: no end is known)."""

    person: str
    since: date
    until: date
    start: Start
    leaving: Leaving | None
    employment: tuple[EmploymentPeriod, ...]

    def at(self, day: date) -> EmploymentPeriod | None:
        """The service on a day; None outside the spell."""
        return employment_on(self.employment, day)


class Move(NamedTuple):
    """A person who went to another post. `dimensions`: the facts of `to_post` on that day. `fte` in millionths."""

    person: str
    moved_on: date
    from_post: str
    to_post: str
    kind: MoveKind
    fte: int
    dimensions: Dimensions


PostDimensions = Mapping[str, Sequence[tuple[date, date, Dimensions]]]
"""The dimensions of each post over time (from, to, dimensions), ascending. Adjacent stretches differ."""


def dimensions_of_rows(rows: Iterable[Post]) -> list[tuple[date, date, Dimensions]]:
    """The dimensions of one post over time, from the rows of its facts."""
    of_post: list[tuple[date, date, Dimensions]] = []
    for row in rows:
        dimensions, since = row.facts.dimensions, row.valid_from
        if of_post and of_post[-1][1:] == (since, dimensions):
            since = of_post.pop()[0]
        of_post.append((since, row.valid_to, dimensions))
    return of_post


def dimensions_of(post_dimensions: PostDimensions, post: str, day: date) -> Dimensions:
    """The dimensions of a post on a day."""
    of_post = post_dimensions.get(post, ())
    at = bisect_right(of_post, day, key=itemgetter(0)) - 1
    # Once it is established a post keeps facts for ever.
    return of_post[at][2] if at >= 0 else NOTHING_STATED


def dimensions_between(
    post_dimensions: PostDimensions, post: str, since: date, until: date
) -> Iterator[tuple[date, date, Dimensions]]:
    """The dimensions of a post over a stretch of days: from, to, dimensions; without gaps."""
    of_post = post_dimensions.get(post, ())
    for at in range(max(0, bisect_right(of_post, since, key=itemgetter(0)) - 1), len(of_post)):
        begins, ends, dimensions = of_post[at]
        if begins >= until:
            break
        if ends > since:
            if begins > since:
                yield since, begins, NOTHING_STATED
            yield max(since, begins), min(ends, until), dimensions
            since = min(ends, until)
    if since < until:
        yield since, until, NOTHING_STATED


class _Held(NamedTuple):
    """One post of a person over a stretch: how senior it is among the person's posts (the least is the main post)."""

    seniority: tuple[int, int, str]
    until: date
    since: date
    fte: int
    dimensions: Dimensions


def employment_periods(
    person: str, occupancies: Sequence[Occupancy], post_dimensions: PostDimensions, scope: Scope
) -> list[EmploymentPeriod]:
    """The stretches of service of one person, ascending, as long as they can be."""
    pieces = sorted(
        (
            _Held((dimensions.csww_role or NO_CSWW_ROLE, -held.fte, held.post), until, since, held.fte, dimensions)
            for held in occupancies
            for since, until, dimensions in dimensions_between(
                post_dimensions, held.post, held.valid_from, held.valid_to
            )
            if scope.holds(dimensions)
        ),
        key=attrgetter("since"),
    )
    periods: list[EmploymentPeriod] = []
    holding: list[_Held] = []
    fte, coming = 0, 0
    ending: defaultdict[date, int] = defaultdict(int)
    for since, until in pairwise(sorted({day for piece in pieces for day in (piece.since, piece.until)})):
        fte -= ending.pop(since, 0)
        while coming < len(pieces) and pieces[coming].since == since:
            heappush(holding, pieces[coming])
            fte += pieces[coming].fte
            ending[pieces[coming].until] += pieces[coming].fte
            coming += 1
        while holding and holding[0].until <= since:
            heappop(holding)
        if not holding:
            continue
        main = holding[0]
        service = EmploymentPeriod(person, fte, main.seniority[2], main.dimensions, since, until)
        if periods and periods[-1].until == since and periods[-1][1:4] == service[1:4]:
            service = service._replace(since=periods.pop().since)
        periods.append(service)
    return periods


def employment_on(stretches: Sequence[EmploymentPeriod], day: date) -> EmploymentPeriod | None:
    """The one of a person's employment periods that holds a day; None outside of them."""
    at = bisect_right(stretches, day, key=attrgetter("since")) - 1
    return stretches[at] if at >= 0 and day < stretches[at].until else None


def spells(
    person: str, stretches: Iterable[EmploymentPeriod], in_any_post: Sequence[EmploymentPeriod], events: Iterable[Event]
) -> list[Spell]:
    """The spells that stretches of service of one scope make, with how the person came and left.

    `in_any_post` is the person's service of scope `all`, `events` the person's events in force.
    """
    runs: list[list[EmploymentPeriod]] = []
    for service in stretches:
        if runs and runs[-1][-1].until == service.since:
            runs[-1].append(service)
        else:
            runs.append([service])
    if not runs:
        return []
    stated = _ComingAndGoing(events)
    return [
        Spell(
            person,
            run[0].since,
            run[-1].until,
            stated.start(run[0].since),
            None if run[-1].until == FOREVER else stated.leaving(run[-1].until, in_any_post),
            tuple(run),
        )
        for run in runs
    ]


class _ComingAndGoing:
    """What one person's events say about how the person came and left."""

    def __init__(self, events: Iterable[Event]) -> None:
        starts: list[WorkerStarted] = []
        self._leaving: dict[date, Leaving] = {}
        in_order = sorted(events, key=order_of_recording)
        reversals = Reversals(in_order)
        for event in in_order:
            data = event.data
            if isinstance(data, WorkerStarted):
                starts.append(data)
            elif isinstance(data, WorkerLeft) and not reversals.reverse(event):
                self._leaving[data.left_on] = Leaving(data.reason, data.destination)
        # Of one day in the order of recording still.
        self._starts = sorted(starts, key=attrgetter("started_on"))

    def start(self, day: date) -> Start:
        """How the person came who began a spell on a day: by the latest start up to that day; if several are of one
        day, the last recorded.
        """
        at = bisect_right(self._starts, day, key=attrgetter("started_on")) - 1
        if at < 0:
            return Start()
        latest = self._starts[at]
        return Start(
            latest.origin, latest.route, latest.employment, latest.cohort, latest.campaign, latest.converted_from
        )

    def leaving(self, day: date, in_any_post: Sequence[EmploymentPeriod]) -> Leaving:
        """Why the person left on a day: by the last recorded leaver of that day that is not reversed."""
        if day in self._leaving:
            return self._leaving[day]
        if employment_on(in_any_post, day) is not None:
            return Leaving(LeavingReason.MOVED_WITHIN_AUTHORITY, Destination.OTHER)
        return Leaving(LeavingReason.NOT_KNOWN, Destination.NOT_KNOWN)


def moves(
    person: str,
    occupancies: Sequence[Occupancy],
    in_any_post: Sequence[EmploymentPeriod],
    post_dimensions: PostDimensions,
    events: Iterable[Event],
) -> list[Move]:
    """The moves of one person that took effect, from the person's events in force.

    `in_any_post` is the person's service of scope `all`.
    """
    of_post: defaultdict[str, list[Occupancy]] = defaultdict(list)
    for held in occupancies:
        of_post[held.post].append(held)
    by_day_and_post: dict[tuple[date, str], Move] = {}
    for event in sorted(events, key=order_of_recording):
        data = event.data
        if not isinstance(data, WorkerMoved) or data.from_post == data.to_post:
            continue
        day, rows = data.moved_on, of_post.get(data.to_post, [])
        at = bisect_right(rows, day, key=attrgetter("valid_from")) - 1
        holds = at >= 0 and day < rows[at].valid_to
        if holds and employment_on(in_any_post, day - DAY) is not None:
            dimensions = dimensions_of(post_dimensions, data.to_post, day)
            by_day_and_post[day, data.to_post] = Move(
                person, day, data.from_post, data.to_post, data.kind, rows[at].fte, dimensions
            )
    return list(by_day_and_post.values())
