"""The rules of recruitment: which posts an event names, and which posts fell vacant.

Invariant: no I/O. What fell vacant depends only on the set of events.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.effects import action_of
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverStarted
from contracts.events.base import EventData, Withdrawal
from contracts.events.hiring import WorkerFteChanged, WorkerMerged, WorkerMoved, WorkerStarted
from contracts.events.leavers import WorkerLeft
from contracts.events.posts import PostClosed, PostEstablished
from contracts.in_force import events_in_force
from contracts.occupying import EFFECTS, posts_held
from contracts.persons import merges_stated, persons


@dataclass(frozen=True, slots=True, order=True)
class FallenVacant:
    """A post whose last occupant gave it up on `since`, for a reason: left, moved or gave up."""

    post: str
    since: date
    because: str


def posts_named(data: EventData | Withdrawal) -> set[str]:
    """The posts that an event says someone holds or covers."""
    if isinstance(data, WorkerStarted | WorkerFteChanged):
        return {data.post}
    if isinstance(data, WorkerMoved):
        return {data.from_post, data.to_post}
    if isinstance(data, CoverStarted | CoverChanged) and data.post is not None:
        return {data.post}
    return set()


def posts_established(events: Iterable[Event]) -> set[str]:
    """The posts that an event in force has established."""
    established = (event for event in events_in_force(events) if isinstance(event.data, PostEstablished))
    return {event.identifier for event in established}


def fallen_vacant(events: Iterable[Event], as_at: date) -> list[FallenVacant]:
    """The posts that someone held before `as_at` and nobody holds on it, with the day the last one gave it up.

    `events` are the post and worker events of one authority. A post that is closed on `as_at` is not among the results.
    Merged numbers are one person, so somebody who holds the post under the other number has not given it up.
    """
    of_authority = list(events)
    merges = events_in_force(event for event in of_authority if event.envelope.type == WorkerMerged.event_type)
    person_of = persons(merges_stated(merges))
    by_person: defaultdict[str, list[Event]] = defaultdict(list)
    by_post: defaultdict[str, list[Event]] = defaultdict(list)
    for event in of_authority:
        kind, _, identifier = event.envelope.subject.partition("/")
        if kind == "worker":
            by_person[person_of.get(identifier, identifier)].append(event)
        else:
            by_post[identifier].append(event)
    held: set[str] = set()
    given_up: dict[str, tuple[date, str]] = {}
    for of_person in by_person.values():
        holding, released = _posts_of_person(of_person, as_at)
        held |= holding
        for post, (day, because) in released.items():
            given_up[post] = max(given_up.get(post, (day, because)), (day, because))
    return sorted(
        FallenVacant(post, *gone)
        for post, gone in given_up.items()
        if post not in held and not _is_closed(by_post[post], as_at)
    )


def _is_closed(events: list[Event], as_at: date) -> bool:
    """Whether a post is closed: established again on the day of its closing, or later, it is open."""
    in_force = [event.data for event in events_in_force(events)]
    closed = [data.closed_on for data in in_force if isinstance(data, PostClosed) and data.closed_on <= as_at]
    opened = [data.effective_from for data in in_force if isinstance(data, PostEstablished)]
    return bool(closed) and not any(max(closed) <= day <= as_at for day in opened)


def _posts_of_person(events: list[Event], as_at: date) -> tuple[set[str], dict[str, tuple[date, str]]]:
    """The posts a person holds on `as_at`, and those given up by then: the day, and why."""
    in_force = events_in_force(events)
    actions = sorted(action_of(event, EFFECTS) for event in in_force if event.envelope.type in EFFECTS)
    of_day: defaultdict[date, list[Any]] = defaultdict(list)
    for day, *_, data in actions:
        of_day[day].append(data)
    held: set[str] = set()
    released: dict[str, tuple[date, str]] = {}
    for post, steps in posts_held(actions).items():
        by_then = [(day, fte) for day, fte in steps.items() if day <= as_at]
        if by_then and by_then[-1][1] is not None:
            held.add(post)
        elif by_then:
            released[post] = (by_then[-1][0], _why(post, of_day[by_then[-1][0]]))
    return held, released


def _why(post: str, of_the_day: Sequence[Any]) -> str:
    """Why a post was given up on a day, from what took effect that day."""
    if any(isinstance(data, WorkerLeft) for data in of_the_day):
        return "left"
    if any(isinstance(data, WorkerMoved) and data.from_post == post for data in of_the_day):
        return "moved"
    return "gave up"
