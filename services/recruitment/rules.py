"""The rules of recruitment: which posts an event names, and which posts fell vacant.

Invariant: no I/O; what fell vacant depends on the set of events alone.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverStarted
from contracts.events.base import EventData, Withdrawal
from contracts.events.hiring import WorkerFteChanged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.posts import PostClosed, PostEstablished
from contracts.standing import standing_events


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
    """The posts that an event which stands has established."""
    established = (event for event in standing_events(events) if isinstance(event.data, PostEstablished))
    return {event.envelope.subject.removeprefix("post/") for event in established}


def fallen_vacant(events: Iterable[Event], as_at: date) -> list[FallenVacant]:
    """The posts that someone held before `as_at` and nobody holds on it, with the day the last one gave it up.

    `events` are the post and worker events of one authority. A post that is closed on `as_at` is not among them.
    """
    by_worker: defaultdict[str, list[Event]] = defaultdict(list)
    by_post: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        kind, _, identifier = event.envelope.subject.partition("/")
        if kind == "worker":
            by_worker[identifier].append(event)
        else:
            by_post[identifier].append(event)
    held: set[str] = set()
    given_up: dict[str, tuple[date, str]] = {}
    for of_worker in by_worker.values():
        holding, released = _posts_of_worker(of_worker, as_at)
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
    standing = [event.data for event in standing_events(events)]
    closed = [data.closed_on for data in standing if isinstance(data, PostClosed) and data.closed_on <= as_at]
    opened = [data.effective_from for data in standing if isinstance(data, PostEstablished)]
    return bool(closed) and not any(max(closed) <= day <= as_at for day in opened)


def _posts_of_worker(events: list[Event], as_at: date) -> tuple[set[str], dict[str, tuple[date, str]]]:
    """The posts a worker holds on `as_at`, and those given up by then: the day, and why."""
    standing = standing_events(events)
    reversed_ = {
        (event.data.left_on, event.envelope.time) for event in standing if isinstance(event.data, LeaverReversed)
    }
    steps = sorted(
        (step for event in standing if (step := _step(event, reversed_)) is not None and step[0] <= as_at),
        key=lambda step: step[:4],
    )
    held: set[str] = set()
    released: dict[str, tuple[date, str]] = {}
    for day, *_, data in steps:
        because, gone, taken = _effect(data, held)
        for post in gone & held:
            released[post] = (day, because)
        held = held - gone | taken
    return held, {post: gone for post, gone in released.items() if post not in held}


_Step = tuple[date, int, datetime, str, EventData]


def _step(event: Event, reversed_: set[tuple[date, datetime]]) -> _Step | None:
    """An event as it takes effect: the day, its place among those of one day, when it was recorded, its id, its data.

    The same order as in the figures of metrics, so that both tell one story.
    """
    data, recorded, event_id = event.data, event.envelope.time, event.envelope.id
    if isinstance(data, WorkerLeft):
        stayed = any(day == data.left_on and recorded <= time for day, time in reversed_)
        return None if stayed else (data.left_on, 0, recorded, event_id, data)
    if isinstance(data, WorkerStarted):
        return data.started_on, 1, recorded, event_id, data
    if isinstance(data, WorkerMoved):
        return data.moved_on, 2, recorded, event_id, data
    if isinstance(data, WorkerFteChanged):
        return data.effective_from, 3, recorded, event_id, data
    return None


def _effect(data: EventData, held: set[str]) -> tuple[str, set[str], set[str]]:
    """Why posts are given up, which, and which are taken up."""
    if isinstance(data, WorkerLeft):
        return "left", set(held), set()
    if isinstance(data, WorkerMoved):
        return "moved", {data.from_post}, {data.to_post}
    if isinstance(data, WorkerFteChanged) and data.fte == 0:
        return "gave up", {data.post}, set()
    return "", set(), {data.post} if isinstance(data, WorkerStarted) else set()
