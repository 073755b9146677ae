"""The stock measures a second time: slow, obvious, at one date as known at one instant, written from the definitions.

Invariant: nothing here comes from services/; where the two disagree, one of them does not keep the definitions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
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
    """What stands in one staffing unit or in one role, in FTE."""

    establishment: Decimal = Decimal(0)
    in_post: Decimal = Decimal(0)
    vacancies: Decimal = Decimal(0)
    over_establishment: Decimal = Decimal(0)
    agency: Decimal = Decimal(0)
    agency_cover: Decimal = Decimal(0)
    uncovered: Decimal = Decimal(0)

    def add(self, other: "Stock") -> None:
        """Adds another unit's stock to this one."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


@dataclass
class Unit:
    """One unit's stock, and the role it counts in (None where nobody established the post)."""

    role: Role | None
    stock: Stock


# --- which events are in force ----------------------------------------------------------------------------------------


def in_force(events: Iterable[Event], as_known_at: datetime) -> list[Event]:
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


def stock_by_staffing_unit(events_that_stand: list[Event], as_at: date) -> dict[str, Unit]:
    """The stock at every post and at every agency assignment without one, by subject."""
    posts = {event.envelope.subject for event in events_that_stand if event.envelope.subject.startswith("post/")}
    numbers = {event.envelope.subject for event in events_that_stand if event.envelope.subject.startswith("worker/")}
    workers = {person(events_that_stand, number) for number in numbers}
    covers = {event.envelope.subject for event in events_that_stand if event.envelope.subject.startswith("cover/")}
    held = [posts_held(events_that_stand, worker, as_at) for worker in workers]
    assignments = {cover: _assignment(events_that_stand, cover, as_at) for cover in covers}
    posts |= {f"post/{post}" for posts_of_worker in held for post in posts_of_worker}
    posts |= {f"post/{running['post']}" for running in assignments.values() if running and running["post"]}

    units = {}
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
        units[post] = Unit(facts["role"] if facts else None, stock)
    for cover, running in assignments.items():
        if running and running["post"] is None:
            stock = Stock()
            _add_agency_worker(stock, running)
            units[cover] = Unit(running["role"], stock)
    return {subject: unit for subject, unit in units.items() if unit.stock != Stock()}


def stock_by_role(events_that_stand: list[Event], as_at: date) -> dict[Role | None, Stock]:
    """The stock of every role: the sum over its units."""
    roles: dict[Role | None, Stock] = {}
    for unit in stock_by_staffing_unit(events_that_stand, as_at).values():
        roles.setdefault(unit.role, Stock()).add(unit.stock)
    return roles


def _add_agency_worker(stock: Stock, running: dict[str, Any]) -> None:
    stock.agency += running["fte"]
    if running["reason"] == CoverReason.VACANCY:
        stock.agency_cover += running["fte"]


@dataclass
class Post:
    """A post that one number of a person is in, or is to come back to: at 0 FTE after having had more."""

    number: str
    name: str
    fte: Decimal
    no_fixed_hours: bool


def posts_held(events_that_stand: list[Event], worker: str, as_at: date) -> dict[str, Decimal]:
    """The FTE at which the person of a number holds each post at a date."""
    numbers = numbers_of_person(events_that_stand, worker)
    mine = [event for event in events_that_stand if event.envelope.subject in numbers]
    posts: list[Post] = []  # the one whose FTE was stated last comes last
    has_left = False
    held_before: dict[date, list[Post]] = {}  # when a day begins
    still_held: dict[date, list[Post]] = {}  # when those who leave on a day have left
    for event in _acted_by(mine, [WorkerLeft, WorkerStarted, WorkerMoved, WorkerFteChanged], as_at):
        data, number, day = event.data, event.envelope.subject, _effective(event)
        held_before.setdefault(day, posts)
        if isinstance(data, WorkerStarted):
            still_held.setdefault(day, posts)
        if isinstance(data, WorkerStarted) and not _did_not_come(mine, event, held_before[day], still_held[day]):
            posts = [post for post in posts if (post.number, post.name) != (number, data.post)]
            posts.append(Post(number, data.post, data.fte, no_fixed_hours=data.fte == 0))
            has_left = False
        if isinstance(data, WorkerMoved) and not has_left:
            if data.from_post != data.to_post:
                posts = [post for post in posts if post.name != data.from_post]
            posts = [post for post in posts if (post.number, post.name) != (number, data.to_post)]
            posts.append(Post(number, data.to_post, data.fte, no_fixed_hours=data.fte == 0))
        if isinstance(data, WorkerFteChanged):
            there = [post for post in posts if post.name == data.post]
            stated = [post for post in there if post.number == number] or there
            posts = [post for post in posts if post not in stated]
            posts += [replace(post, fte=data.fte) for post in stated]
        if isinstance(data, WorkerLeft) and not _was_reversed(mine, event):
            posts = [post for post in posts if post.number not in _numbers_that_leave(mine, event)]
            has_left = posts == []
    return {post.name: post.fte for post in posts if post.fte > 0 or post.no_fixed_hours}


def _did_not_come(mine: list[Event], start: Event, held_before: list[Post], still_held: list[Post]) -> bool:
    """Whether who left on the day of a start had nothing to leave but that, or began it as a second number alone."""
    day, number = _effective(start), start.envelope.subject
    leavers = [
        event
        for event in mine
        if isinstance(event.data, WorkerLeft) and event.data.left_on == day and not _was_reversed(mine, event)
    ]
    if not any(number in _numbers_that_leave(mine, leaver) for leaver in leavers):
        return False
    if held_before == []:
        return True
    is_in_post = any(post.fte > 0 or post.no_fixed_hours for post in still_held)
    left_itself = any(leaver.envelope.subject == number for leaver in leavers)
    return is_in_post and left_itself and all(post.number != number for post in held_before)


def _numbers_that_leave(mine: list[Event], leaver: Event) -> set[str]:
    """The number of a leaver; all numbers of the person, where nobody came under that one."""
    came = {event.envelope.subject for event in _comings(mine)}
    return {leaver.envelope.subject} if leaver.envelope.subject in came else came


def _comings(mine: list[Event]) -> list[Event]:
    return [event for event in mine if isinstance(event.data, WorkerStarted | WorkerMoved)]


def _was_reversed(mine: list[Event], leaver: Event) -> bool:
    of_its_day = [
        event for event in mine if isinstance(event.data, LeaverReversed) and event.data.left_on == _effective(leaver)
    ]
    return any(reverses(reversal, leaver) for reversal in of_its_day)


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
