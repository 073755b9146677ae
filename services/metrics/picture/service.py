"""Who is in service, in which main post, from when to when: stretches of service, spells, moves.

Invariant: of one person no two stretches of service share a day; a spell is a longest run of them without a gap.
Definitions: docs/definitions.md, 'Scope'.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from contracts.codes import Destination, Employment, LeavingReason, MoveKind, Origin, Route
from contracts.envelope import Event
from contracts.events.hiring import WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.occupying import is_reversed
from contracts.standing import order_of_recording
from services.metrics.timelines.rows import FOREVER, Dimensions, Occupancy, Post

DAY = timedelta(days=1)
NO_CSWW_ROLE = 99
"""Sorts posts outside the census behind those in it."""


class Scope(StrEnum):
    """Which posts count: every one, or those with a CSWW role on the day (the rates of the census)."""

    ALL = "all"
    CENSUS = "census"


class Service(NamedTuple):
    """One person in service over a stretch of days on which nothing of it changes. `fte` in millionths."""

    person: str
    fte: int
    post: str
    place: Dimensions
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


class Leaving(NamedTuple):
    """Why a person left, and where to."""

    reason: LeavingReason
    destination: Destination


class Spell(NamedTuple):
    """A person's run of days in service, from `since` up to and without `until` (FOREVER: no end is known)."""

    person: str
    since: date
    until: date
    start: Start
    leaving: Leaving | None
    service: tuple[Service, ...]

    def at(self, day: date) -> Service | None:
        """The service on a day; None outside the spell."""
        for service in self.service:
            if service.since <= day < service.until:
                return service
        return None


class Move(NamedTuple):
    """A person who went to another post. `place`: the facts of `to_post` on that day. `fte` in millionths."""

    person: str
    moved_on: date
    from_post: str
    to_post: str
    kind: MoveKind
    fte: int
    place: Dimensions


def dimensions_of(posts: Sequence[Post], day: date) -> Dimensions:
    """By what a post is broken down on a day, from the rows of its facts."""
    for post in posts:
        if post.valid_from <= day < post.valid_to:
            facts = post.facts
            return Dimensions(facts.role, facts.team, facts.service_area, facts.grade, facts.csww_role)
    return Dimensions()


def services(
    person: str, occupancies: Sequence[Occupancy], posts: Mapping[str, Sequence[Post]], scope: Scope
) -> list[Service]:
    """The stretches of service of one person, ascending, as long as they can be."""
    days: set[date] = set()
    for held in occupancies:
        days |= {held.valid_from, held.valid_to}
        for post in posts.get(held.post, ()):
            days |= {day for day in (post.valid_from, post.valid_to) if held.valid_from < day < held.valid_to}
    ordered = sorted(days)
    found: list[Service] = []
    for since, until in pairwise(ordered):
        service = _service_on(person, occupancies, posts, scope, since, until)
        if service is None:
            continue
        if found and found[-1].until == since and found[-1][1:4] == service[1:4]:
            service = service._replace(since=found.pop().since)
        found.append(service)
    return found


def _service_on(
    person: str,
    occupancies: Sequence[Occupancy],
    posts: Mapping[str, Sequence[Post]],
    scope: Scope,
    since: date,
    until: date,
) -> Service | None:
    fte, main = 0, None
    for held in occupancies:
        if held.valid_from <= since < held.valid_to:
            place = dimensions_of(posts.get(held.post, ()), since)
            if scope is Scope.CENSUS and place.csww_role is None:
                continue
            amount = held.fte
            seniority = (place.csww_role or NO_CSWW_ROLE, -amount, held.post)
            fte += amount
            if main is None or seniority < main[0]:
                main = (seniority, held.post, place)
    return None if main is None else Service(person, fte, main[1], main[2], since, until)


def spells(
    person: str, stretches: Iterable[Service], in_any_post: Sequence[Service], events: Iterable[Event]
) -> list[Spell]:
    """The spells that stretches of service of one scope make, with how the person came and left.

    `in_any_post` is the person's service of scope `all`, `events` the person's events that stand.
    """
    runs: list[list[Service]] = []
    for service in stretches:
        if runs and runs[-1][-1].until == service.since:
            runs[-1].append(service)
        else:
            runs.append([service])
    if not runs:
        return []
    recorded = sorted(events, key=order_of_recording)
    return [
        Spell(
            person,
            run[0].since,
            run[-1].until,
            _start(recorded, run[0].since),
            None if run[-1].until == FOREVER else _leaving(recorded, run[-1].until, in_any_post),
            tuple(run),
        )
        for run in runs
    ]


def _start(recorded: Sequence[Event], day: date) -> Start:
    latest: WorkerStarted | None = None
    for event in recorded:
        data = event.data
        if isinstance(data, WorkerStarted) and _is_later(data, latest) and data.started_on <= day:
            latest = data
    if latest is None:
        return Start()
    return Start(latest.origin, latest.route, latest.employment, latest.cohort, latest.campaign, latest.converted_from)


def _is_later(start: WorkerStarted, than: WorkerStarted | None) -> bool:
    return than is None or start.started_on >= than.started_on


def _leaving(recorded: Sequence[Event], day: date, in_any_post: Sequence[Service]) -> Leaving:
    reversals = [
        order_of_recording(event)
        for event in recorded
        if isinstance(event.data, LeaverReversed) and event.data.left_on == day
    ]
    for event in reversed(recorded):
        data = event.data
        if (
            isinstance(data, WorkerLeft)
            and data.left_on == day
            and not is_reversed(order_of_recording(event), reversals)
        ):
            return Leaving(data.reason, data.destination)
    if any(service.since <= day < service.until for service in in_any_post):
        return Leaving(LeavingReason.MOVED_WITHIN_AUTHORITY, Destination.OTHER)
    return Leaving(LeavingReason.NOT_KNOWN, Destination.NOT_KNOWN)


def moves(
    person: str, occupancies: Sequence[Occupancy], posts: Mapping[str, Sequence[Post]], events: Iterable[Event]
) -> list[Move]:
    """The moves of one person that took effect, from the person's events that stand."""
    found: dict[tuple[date, str], Move] = {}
    for event in sorted(events, key=order_of_recording):
        data = event.data
        if not isinstance(data, WorkerMoved) or data.from_post == data.to_post:
            continue
        day = data.moved_on
        if not any(held.valid_from < day <= held.valid_to for held in occupancies):
            continue
        for held in occupancies:
            if held.post == data.to_post and held.valid_from <= day < held.valid_to:
                place = dimensions_of(posts.get(data.to_post, ()), day)
                found[day, data.to_post] = Move(person, day, data.from_post, data.to_post, data.kind, held.fte, place)
    return list(found.values())
