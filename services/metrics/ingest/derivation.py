"""Derivation: takes the events of subjects, folds them into rows, and replaces the rows that stood there.

Invariant: the rows of a subject after a derivation are a function of its events in the inbox alone. Those that this
process decoded lately (`tails`) are not read from it again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from contracts.envelope import Event
from contracts.persons import persons
from services.chassis import recent_events
from services.chassis.database import Connection
from services.chassis.logs import get_log
from services.chassis.recent_events import Tails
from services.metrics.ingest import store
from services.metrics.ingest.store import OfAuthority, Subject
from services.metrics.timelines.covers import covers
from services.metrics.timelines.knowledge import TooManyStretches
from services.metrics.timelines.posts import post_facts
from services.metrics.timelines.rows import Cover, Occupancy, Staffing
from services.metrics.timelines.staffing import staffing, unposted_cover_staffing
from services.metrics.timelines.workers import occupancies

log = get_log(__name__)

Events = dict[tuple[str, str], list[Event]]
"""Events by authority and subject."""


AT_ONCE = 300
"""Events of one subject, or rows of who holds and covers one post, from which on it is not derived with every event: in
a burst of thousands that would be thousands of times. Real ones have some dozens."""

NONE_KEPT: Tails = {}
"""All events are read from the inbox."""

Linked = dict[Subject, set[Subject]]
"""Numbers that merges link, standing or not, one way or the other; by one of them."""


class Folded(NamedTuple):
    """What workers and agency assignments hold, not yet written, and the units that they touched before or touch now.

    `events` are all that were read. `failed` are the subjects that cannot be derived, each with why.
    """

    occupied: list[OfAuthority[Occupancy]]
    covered: list[OfAuthority[Cover]]
    units: set[Subject]
    events: Events
    failed: dict[Subject, str]


async def derive(connection: Connection, subjects: Collection[Subject], tails: Tails = NONE_KEPT) -> None:
    """Derive these subjects and every unit that they touch. Those of which too much is known are queued with why."""
    await _derive(connection, subjects, await _linked_numbers(connection, subjects), tails, put_off=False)


async def derive_or_enqueue(
    connection: Connection, subjects: Collection[Subject], tails: Tails = NONE_KEPT
) -> set[Subject]:
    """The same, but what would take long is queued to be derived later; gives all that is queued, and why ever."""
    linked = await _linked_numbers(connection, subjects)
    much = await store.much_said(connection, set(subjects).union(*linked.values()), AT_ONCE)
    for together in linked.values():
        if len(together) >= AT_ONCE or not much.isdisjoint(together):
            much |= together
    later = much.intersection(subjects)
    await store.enqueue(connection, later)
    linked = {number: together for number, together in linked.items() if number not in much}
    return later | await _derive(connection, set(subjects) - later, linked, tails, put_off=True)


async def _derive(
    connection: Connection, subjects: Collection[Subject], linked: Linked, tails: Tails, *, put_off: bool
) -> set[Subject]:
    posts = {subject for subject in subjects if subject.is_post}
    folded = await _fold(connection, subjects, linked, tails)
    units = folded.units | posts
    crowded = await store.crowded(connection, units, AT_ONCE) if put_off else set()
    await store.enqueue(connection, crowded)
    units -= crowded
    # What others hold there is read before the new rows are written: these need not be read again.
    occupied = await store.occupancies_of_posts(connection, units) + folded.occupied
    covered = await store.covers_of_units(connection, units) + folded.covered
    await _write(connection, folded)
    failed = await _derive_staffing(connection, units, occupied, covered, folded.events, tails)
    return crowded | folded.failed.keys() | failed


async def derive_subjects(
    connection: Connection, subjects: Collection[Subject], tails: Tails = NONE_KEPT
) -> set[Subject]:
    """Derive workers and agency assignments alone; gives the units whose staffing they touch, before or after."""
    alone = [subject for subject in subjects if not subject.is_post]
    folded = await _fold(connection, alone, await _linked_numbers(connection, alone), tails)
    await _write(connection, folded)
    return folded.units


async def derive_units(connection: Connection, units: Collection[Subject], tails: Tails = NONE_KEPT) -> None:
    """Derive the staffing of these units: posts, and agency assignments that cover no post."""
    occupied = await store.occupancies_of_posts(connection, units)
    covered = await store.covers_of_units(connection, units)
    await _derive_staffing(connection, units, occupied, covered, {}, tails)


async def _fold(connection: Connection, subjects: Collection[Subject], linked: Linked, tails: Tails) -> Folded:
    """Fold the workers and assignments among these, and take away the rows that they had.

    With a worker's number all those are derived, and taken off the list, that merges link with it. What cannot be
    folded keeps the rows that it had.
    """
    numbers = {number for together in linked.values() for number in together}
    assignments = {subject for subject in subjects if subject.kind == "cover"}
    events = await _read_events(connection, numbers.union(subjects), tails)
    # In a thread of its own: thousands of events take a while, and this one has others to serve.
    occupied, covered, failed = await asyncio.to_thread(_rows_of, linked, assignments, events)
    await _list_failed(connection, failed)
    numbers, assignments = numbers - failed.keys(), assignments - failed.keys()
    if others := numbers.difference(subjects):
        await store.remove(connection, others)
    units = await store.delete_occupancies(connection, numbers) | await store.delete_covers(connection, assignments)
    units.update(Subject(*unit) for unit in {(authority, f"post/{row.post}") for authority, row in occupied})
    units.update(store.unit_covered(authority, row.cover, row.post) for authority, row in covered)
    return Folded(occupied, covered, units, events, failed)


def _rows_of(
    linked: Linked, assignments: Iterable[Subject], events: Events
) -> tuple[list[OfAuthority[Occupancy]], list[OfAuthority[Cover]], dict[Subject, str]]:
    occupied: list[OfAuthority[Occupancy]] = []
    covered: list[OfAuthority[Cover]] = []
    failed: dict[Subject, str] = {}
    for linked_by, together in linked.items():
        try:
            rows = occupancies(event for number in together for event in events.get(number, ()))
            occupied += [(linked_by.authority, row) for row in rows]
        except TooManyStretches as error:
            failed |= dict.fromkeys(together, str(error))
    for subject in assignments:
        try:
            covered += [(subject.authority, row) for row in covers(events.get(subject, ()))]
        except TooManyStretches as error:
            failed[subject] = str(error)
    return occupied, covered, failed


async def _linked_numbers(connection: Connection, subjects: Collection[Subject]) -> Linked:
    """All numbers that merges link with the workers among these subjects."""
    workers = [subject for subject in subjects if subject.kind == "worker"]
    linked: defaultdict[Subject, set[Subject]] = defaultdict(set)
    merges = await store.merges(connection, {worker.authority for worker in workers}) if workers else {}
    person_of = {authority: persons(of_authority) for authority, of_authority in merges.items()}
    for worker in workers:
        person = person_of.get(worker.authority, {}).get(worker.identifier, worker.identifier)
        linked[Subject(worker.authority, f"worker/{person}")].add(worker)
    for authority, person_of_number in person_of.items():
        for number, person in person_of_number.items():
            if (linked_by := Subject(authority, f"worker/{person}")) in linked:
                linked[linked_by].add(Subject(authority, f"worker/{number}"))
    return linked


async def _list_failed(connection: Connection, failed: Mapping[Subject, str]) -> None:
    for subject, why in failed.items():
        log.error("a timeline cannot be derived", authority=subject.authority, cause=why)
    await store.enqueue_failed(connection, failed)


async def _write(connection: Connection, folded: Folded) -> None:
    await store.add_occupancies(connection, folded.occupied)
    await store.add_covers(connection, folded.covered)


async def _derive_staffing(
    connection: Connection,
    units: Collection[Subject],
    occupied: Iterable[OfAuthority[Occupancy]],
    covered: Iterable[OfAuthority[Cover]],
    events: Events,
    tails: Tails,
) -> set[Subject]:
    """Derive the staffing of these units from all that is held there and the events of posts; gives those that cannot
    be, which keep the rows that they had, and are queued with why.

    Those that `events` has none of are read.
    """
    if not units:
        return set()
    others = [unit for unit in units if unit.is_post and unit not in events]
    more = await _read_events(connection, others, tails)
    occupancies_at: defaultdict[tuple[str, str], list[Occupancy]] = defaultdict(list)
    for authority, occupancy in occupied:
        occupancies_at[authority, f"post/{occupancy.post}"].append(occupancy)
    covers_at: defaultdict[tuple[str, str], list[Cover]] = defaultdict(list)
    for authority, cover in covered:
        covers_at[store.unit_covered(authority, cover.cover, cover.post)].append(cover)
    of_units = {unit: events.get(unit) or more.get(unit) or () for unit in units}
    derived, failed = await asyncio.to_thread(_staffing_of, of_units, occupancies_at, covers_at)
    await _list_failed(connection, failed)
    await store.replace_staffing(connection, of_units.keys() - failed.keys(), derived)
    return set(failed)


def _staffing_of(
    of_units: Mapping[Subject, Collection[Event]],
    occupancies_at: Mapping[tuple[str, str], list[Occupancy]],
    covers_at: Mapping[tuple[str, str], list[Cover]],
) -> tuple[list[OfAuthority[Staffing]], dict[Subject, str]]:
    derived: list[OfAuthority[Staffing]] = []
    failed: dict[Subject, str] = {}
    for unit, of_unit in of_units.items():
        held, covering = occupancies_at.get(unit, ()), covers_at.get(unit, ())
        try:
            rows = (
                staffing(unit.name, post_facts(of_unit), held, covering)
                if unit.is_post
                else unposted_cover_staffing(covering)
            )
            derived += [(unit.authority, row) for row in rows]
        except TooManyStretches as error:
            failed[unit] = str(error)
    return derived, failed


async def _read_events(connection: Connection, subjects: Collection[Subject], tails: Tails) -> Events:
    events: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in await recent_events.read_subjects(connection, subjects, tails):
        events[event.envelope.authority, event.envelope.subject].append(event)
    return events
