"""The stock measures a second time: slow, obvious, at one date as known at one instant, written from the definitions.

Invariant: nothing here comes from services/; where the two disagree, one of them does not keep the definitions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from contracts.codes import CoverReason, Role
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.base import EventData
from contracts.events.hiring import WorkerFteChanged, WorkerMerged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from tests.oracle.order import in_order_of_recording, reverses


@dataclass
class Stock:
    """What stands at one place or in one role, in FTE."""

    establishment: Decimal = Decimal(0)
    in_post: Decimal = Decimal(0)
    vacancies: Decimal = Decimal(0)
    over_establishment: Decimal = Decimal(0)
    agency: Decimal = Decimal(0)
    agency_cover: Decimal = Decimal(0)
    uncovered: Decimal = Decimal(0)

    def add(self, other: "Stock") -> None:
        """Adds another place's stock to this one."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


@dataclass
class Place:
    """One place's stock, and the role it counts in (None where nobody established the post)."""

    role: Role | None
    stock: Stock


# --- which events stand -----------------------------------------------------------------------------------------------


def standing(events: Iterable[Event], as_known_at: datetime) -> list[Event]:
    """The events that state facts as known at an instant."""
    known: list[Event] = []
    for event in events:
        if event.envelope.time <= as_known_at and not any(_is_same(event, other) for other in known):
            known.append(event)
    versions = [event for event in known if event.envelope.voids is None and _happened(event, known)]
    candidates = [
        event
        for event in versions
        if not any(_is_same(event, earlier) for other in versions for earlier in _versions_before(other, known)[1:])
    ]
    return [event for event in candidates if not any(_is_a_later_version(other, event, known) for other in candidates)]


def _is_a_later_version(other: Event, event: Event, known: list[Event]) -> bool:
    mine, theirs = _versions_before(event, known), _versions_before(other, known)
    one_record = any(_is_same(a, b) for a in mine for b in theirs)
    return one_record and in_order_of_recording([event, other])[-1] is other and not _is_same(event, other)


def _versions_before(event: Event, known: list[Event]) -> list[Event]:
    """The event, what it replaces, what that replaces, and so on; the event once more where that is a circle."""
    versions = [event]
    while True:
        replaced = [other for other in known if _replaces(versions[-1], other)]
        if not replaced or any(_is_same(replaced[0], version) for version in versions[1:]):
            return versions
        versions.append(replaced[0])


def _happened(event: Event, known: list[Event]) -> bool:
    if _is_in_a_circle_of_voids(event, known):
        return False
    return not any(_voids(other, event) and _happened(other, known) for other in known)


def _is_in_a_circle_of_voids(event: Event, known: list[Event]) -> bool:
    reached = event
    for _ in known:
        next_ones = [other for other in known if _voids(reached, other)]
        if not next_ones:
            return False
        reached = next_ones[0]
        if _is_same(reached, event):
            return True
    return False


def _is_same(one: Event, other: Event) -> bool:
    a, b = one.envelope, other.envelope
    return (a.authority, a.type, a.source, a.id) == (b.authority, b.type, b.source, b.id)


def _is_alike(one: Event, other: Event) -> bool:
    a, b = one.envelope, other.envelope
    return (a.authority, a.type, a.subject) == (b.authority, b.type, b.subject)


def _voids(one: Event, other: Event) -> bool:
    of = one.envelope.voidssource or one.envelope.source
    return (of, one.envelope.voids) == (other.envelope.source, other.envelope.id) and _is_alike(one, other)


def _replaces(one: Event, other: Event) -> bool:
    of = one.envelope.supersedessource or one.envelope.source
    return (of, one.envelope.supersedes) == (other.envelope.source, other.envelope.id) and _is_alike(one, other)


# --- whose they are ---------------------------------------------------------------------------------------------------


def numbers_of_person(events: list[Event], number: str) -> set[str]:
    """The numbers (`worker/…`) that the merges among these events join to this one, itself among them."""
    numbers = {number}
    while True:
        beside = {one for pair in _merged_pairs(events) if numbers & set(pair) for one in pair} - numbers
        if not beside:
            return numbers
        numbers |= beside


def person(events: list[Event], number: str) -> str:
    """The number by which the person goes: the only one that is no duplicate, else the first in the alphabet."""
    numbers = sorted(numbers_of_person(events, number))
    no_duplicates = [one for one in numbers if all(one != duplicate for _, duplicate in _merged_pairs(events))]
    return no_duplicates[0] if len(no_duplicates) == 1 else numbers[0]


def _merged_pairs(events: list[Event]) -> list[tuple[str, str]]:
    merges = [event for event in events if isinstance(event.data, WorkerMerged)]
    return [(event.envelope.subject, f"worker/{event.data.duplicate}") for event in merges]  # type: ignore[union-attr]


# --- what they say at a date ------------------------------------------------------------------------------------------


def stock_by_place(events_that_stand: list[Event], as_at: date) -> dict[str, Place]:
    """The stock at every post and at every agency assignment without one, by subject."""
    posts = {event.envelope.subject for event in events_that_stand if event.envelope.subject.startswith("post/")}
    numbers = {event.envelope.subject for event in events_that_stand if event.envelope.subject.startswith("worker/")}
    workers = {person(events_that_stand, number) for number in numbers}
    covers = {event.envelope.subject for event in events_that_stand if event.envelope.subject.startswith("cover/")}
    held = [posts_held(events_that_stand, worker, as_at) for worker in workers]
    assignments = {cover: _assignment(events_that_stand, cover, as_at) for cover in covers}
    posts |= {f"post/{post}" for posts_of_worker in held for post in posts_of_worker}
    posts |= {f"post/{running['post']}" for running in assignments.values() if running and running["post"]}

    places = {}
    for post in posts:
        facts = _facts_of_post(events_that_stand, post, as_at)
        stock = Stock()
        if facts is not None:
            stock.establishment = facts["funded_fte"]
        for posts_of_worker in held:
            stock.in_post += posts_of_worker.get(post.removeprefix("post/"), Decimal(0))
        for running in assignments.values():
            if running and running["post"] == post.removeprefix("post/"):
                _add_agency_worker(stock, running)
        if stock.establishment > stock.in_post:
            stock.vacancies = stock.establishment - stock.in_post
        if stock.in_post > stock.establishment:
            stock.over_establishment = stock.in_post - stock.establishment
        if stock.vacancies > stock.agency_cover:
            stock.uncovered = stock.vacancies - stock.agency_cover
        places[post] = Place(facts["role"] if facts else None, stock)
    for cover, running in assignments.items():
        if running and running["post"] is None:
            stock = Stock()
            _add_agency_worker(stock, running)
            places[cover] = Place(running["role"], stock)
    return {subject: place for subject, place in places.items() if place.stock != Stock()}


def stock_by_role(events_that_stand: list[Event], as_at: date) -> dict[Role | None, Stock]:
    """The stock of every role: the sum over its places."""
    roles: dict[Role | None, Stock] = {}
    for place in stock_by_place(events_that_stand, as_at).values():
        roles.setdefault(place.role, Stock()).add(place.stock)
    return roles


def _add_agency_worker(stock: Stock, running: dict[str, Any]) -> None:
    stock.agency += running["fte"]
    if running["reason"] == CoverReason.VACANCY:
        stock.agency_cover += running["fte"]


def posts_held(events_that_stand: list[Event], worker: str, as_at: date) -> dict[str, Decimal]:
    """The FTE at which the person of a number holds each post at a date."""
    numbers = numbers_of_person(events_that_stand, worker)
    mine = [event for event in events_that_stand if event.envelope.subject in numbers]
    reversals = [event for event in mine if isinstance(event.data, LeaverReversed)]
    held: dict[str, Decimal] = {}
    did_not_come_on: list[date] = []
    came_and_left_on: list[date] = []
    has_left = False
    for event in _acted_by(mine, [WorkerLeft, WorkerStarted, WorkerMoved, WorkerFteChanged], as_at):
        data = event.data
        if isinstance(data, WorkerStarted) and data.started_on not in did_not_come_on:
            held[data.post] = data.fte
            has_left = False
        if isinstance(data, WorkerMoved) and not has_left:
            if data.from_post in held:
                del held[data.from_post]
            held[data.to_post] = data.fte
        if isinstance(data, WorkerFteChanged) and data.post in held:
            held[data.post] = data.fte
            if data.fte == 0:
                del held[data.post]
        if isinstance(data, WorkerLeft):
            reversed_later = [
                reversal for reversal in reversals if _effective(reversal) == data.left_on and reverses(reversal, event)
            ]
            if not reversed_later:
                if held == {} and data.left_on not in came_and_left_on:
                    did_not_come_on.append(data.left_on)
                else:
                    came_and_left_on.append(data.left_on)
                held = {}
                has_left = True
    return held


def _facts_of_post(events_that_stand: list[Event], post: str, as_at: date) -> dict[str, Any] | None:
    mine = [event for event in events_that_stand if event.envelope.subject == post]
    facts = None
    closed = False
    for event in _acted_by(mine, [PostClosed, PostEstablished, PostChanged], as_at):
        data = event.data
        if isinstance(data, PostEstablished):
            facts = data.model_dump()
            closed = False
        if isinstance(data, PostChanged) and facts is not None:
            facts = {**facts, **data.model_dump(exclude_none=True)}
        if isinstance(data, PostClosed):
            closed = True
    if facts is not None and closed:
        facts["funded_fte"] = Decimal(0)
    return facts


def _assignment(events_that_stand: list[Event], cover: str, as_at: date) -> dict[str, Any] | None:
    mine = [event for event in events_that_stand if event.envelope.subject == cover]
    running = None
    for event in _acted_by(mine, [CoverStarted, CoverChanged, CoverEnded], as_at):
        data = event.data
        if isinstance(data, CoverStarted):
            running = data.model_dump()
        if isinstance(data, CoverChanged) and running is not None:
            running = {**running, **data.model_dump(exclude_none=True)}
        if isinstance(data, CoverEnded):
            running = None
    return running


def _acted_by(events: list[Event], order_on_one_day: list[type[EventData]], as_at: date) -> list[Event]:
    """The events of these types that took effect by a date, in the order in which they act."""
    acted = [event for event in events if type(event.data) in order_on_one_day and _effective(event) <= as_at]
    acted = in_order_of_recording(acted)
    acted.sort(key=lambda event: order_on_one_day.index(type(event.data)))  # type: ignore[arg-type]
    acted.sort(key=_effective)
    return acted


def _effective(event: Event) -> date:
    """The one date in an event's data at which its fact begins to be true."""
    for name in ("effective_from", "closed_on", "started_on", "moved_on", "left_on", "ended_on"):
        if hasattr(event.data, name):
            effective: date = getattr(event.data, name)
            return effective
    raise AssertionError(f"{event.envelope.type} has no effective date")
