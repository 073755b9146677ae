"""Derivation: reads the events of subjects, folds them into rows, and replaces their old rows.

Invariant: after a derivation the rows of a subject are a function of its events in the inbox alone. Events that this
process decoded lately (`tails`) are not read from the inbox again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple, TypeVar

from contracts.envelope import Event
from contracts.persons import persons
from services.chassis import recent_events
from services.chassis.database import Connection
from services.chassis.logs import get_log
from services.chassis.recent_events import Tails
from services.metrics.ingest import announcements, queue, store
from services.metrics.ingest.store import OfAuthority
from services.metrics.ingest.subjects import Subject
from services.metrics.timelines.covers import covers
from services.metrics.timelines.knowledge import TooManyStretches
from services.metrics.timelines.posts import post_facts
from services.metrics.timelines.rows import Cover, Occupancy, Staffing
from services.metrics.timelines.staffing import staffing, unposted_cover_staffing
from services.metrics.timelines.workers import occupancies

log = get_log(__name__)

Piece = TypeVar("Piece")

Events = dict[tuple[str, str], list[Event]]
"""Events by authority and subject."""


AT_ONCE = 300
"""A subject with so many events, or a post with so many rows of holders and covers, is not derived with every event. A
burst of thousands would derive it thousands of times. Real subjects have some dozens."""

IN_MEMORY = 1500
"""So many subjects are folded at a time: the events of those before are let go first. A rebuild's memory is that, and
Python's collector of garbage has no cause to look through it."""

NONE_KEPT: Tails = {}
"""All events are read from the inbox."""

Linked = dict[Subject, set[Subject]]
"""Groups of numbers that merges link (in force or not), each by one of its numbers."""


class Folded(NamedTuple):
    """New rows of workers and agency assignments, not yet written, and the units that they touched before or touch
    now. `failed` are the subjects that cannot be derived, each with the reason.
    """

    occupied: list[OfAuthority[Occupancy]]
    covered: list[OfAuthority[Cover]]
    units: set[Subject]
    failed: dict[Subject, str]


async def derive(connection: Connection, subjects: Collection[Subject], tails: Tails = NONE_KEPT) -> None:
    """Derive these subjects and every unit that they touch. Subjects with too many stretches are queued with the
    reason.
    """
    await _derive(connection, subjects, await _linked_numbers(connection, subjects), tails, put_off=False)


async def derive_or_enqueue(
    connection: Connection, subjects: Collection[Subject], tails: Tails = NONE_KEPT
) -> set[Subject]:
    """The same, but what would take long is queued to be derived later. Returns all subjects that are queued, for
    either reason.
    """
    linked = await _linked_numbers(connection, subjects)
    much = await store.subjects_of_many_events(connection, set(subjects).union(*linked.values()), AT_ONCE)
    for together in linked.values():
        if len(together) >= AT_ONCE or not much.isdisjoint(together):
            much |= together
    later = much.intersection(subjects)
    await queue.enqueue(connection, later)
    linked = {number: together for number, together in linked.items() if number not in much}
    return later | await _derive(connection, set(subjects) - later, linked, tails, put_off=True)


async def _derive(
    connection: Connection, subjects: Collection[Subject], linked: Linked, tails: Tails, *, put_off: bool
) -> set[Subject]:
    posts = {subject for subject in subjects if subject.is_post}
    folded = await _fold(connection, subjects, linked, tails)
    units = folded.units | posts
    crowded = await store.crowded(connection, units, AT_ONCE) if put_off else set()
    await queue.enqueue(connection, crowded)
    units -= crowded
    await _announce(connection, subjects, tails)
    # What others hold there is read before the new rows are written: these need not be read again.
    occupied = await store.occupancies_of_posts(connection, units) + folded.occupied
    covered = await store.covers_of_units(connection, units) + folded.covered
    await _write(connection, folded)
    failed = await _derive_staffing(connection, units, occupied, covered, tails)
    return crowded | folded.failed.keys() | failed


async def derive_subjects(
    connection: Connection, subjects: Collection[Subject], tails: Tails = NONE_KEPT
) -> set[Subject]:
    """Derive all but posts; gives the units whose staffing these touch, before or after."""
    alone = [subject for subject in subjects if not subject.is_post]
    folded = await _fold(connection, alone, await _linked_numbers(connection, alone), tails)
    await _write(connection, folded)
    await _announce(connection, alone, tails)
    return folded.units


async def derive_units(connection: Connection, units: Collection[Subject], tails: Tails = NONE_KEPT) -> None:
    """Derive the staffing of these units: posts, and agency assignments that cover no post."""
    occupied = await store.occupancies_of_posts(connection, units)
    covered = await store.covers_of_units(connection, units)
    await _derive_staffing(connection, units, occupied, covered, tails)


async def _fold(connection: Connection, subjects: Collection[Subject], linked: Linked, tails: Tails) -> Folded:
    """Fold the workers and assignments among these subjects, and delete their old rows.

    All numbers that merges link with a worker's number are derived with it, and removed from the queue. What cannot
    be folded keeps its old rows.
    """
    numbers = {number for together in linked.values() for number in together}
    assignments = {subject for subject in subjects if subject.kind == "cover"}
    folded = Folded([], [], set(), {})
    for groups in _pieces([*linked.values(), *({assignment} for assignment in assignments)]):
        events = await _read_events(connection, [subject for group in groups for subject in group], tails)
        # In a thread of its own: thousands of events take a while, and this one has others to serve.
        await asyncio.to_thread(_fold_groups, groups, events, folded)
    await _list_failed(connection, folded.failed)
    numbers, assignments = numbers - folded.failed.keys(), assignments - folded.failed.keys()
    if others := numbers.difference(subjects):
        await queue.remove(connection, others)
    units = await store.delete_occupancies(connection, numbers) | await store.delete_covers(connection, assignments)
    folded.units.update(units)
    folded.units.update(
        Subject(*unit) for unit in {(authority, f"post/{row.post}") for authority, row in folded.occupied}
    )
    folded.units.update(store.unit_covered(authority, row.cover, row.post) for authority, row in folded.covered)
    return folded


def _fold_groups(groups: Iterable[Collection[Subject]], events: Events, folded: Folded) -> None:
    """Fold the events of each group: the numbers of one person, or one agency assignment."""
    for group in groups:
        one = next(iter(group))
        of_group = [event for subject in group for event in events.get(subject, ())]
        try:
            if one.kind == "cover":
                folded.covered.extend([(one.authority, row) for row in covers(of_group)])
            else:
                folded.occupied.extend([(one.authority, row) for row in occupancies(of_group)])
        except TooManyStretches as error:
            folded.failed.update(dict.fromkeys(group, str(error)))


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
    await queue.enqueue_failed(connection, failed)


async def _write(connection: Connection, folded: Folded) -> None:
    await store.add_occupancies(connection, folded.occupied)
    await store.add_covers(connection, folded.covered)


async def _announce(connection: Connection, subjects: Collection[Subject], tails: Tails) -> None:
    if announced := [subject for subject in subjects if subject.kind == "initiative"]:
        await announcements.derive(connection, announced, await _read_events(connection, announced, tails))


async def _derive_staffing(
    connection: Connection,
    units: Collection[Subject],
    occupied: Iterable[OfAuthority[Occupancy]],
    covered: Iterable[OfAuthority[Cover]],
    tails: Tails,
) -> set[Subject]:
    """Derive the staffing of these units from all that is held there and the events of posts. Returns those that
    cannot be derived: they keep their old rows, and are queued with the reason.
    """
    if not units:
        return set()
    occupancies_at: defaultdict[tuple[str, str], list[Occupancy]] = defaultdict(list)
    for authority, occupancy in occupied:
        occupancies_at[authority, f"post/{occupancy.post}"].append(occupancy)
    covers_at: defaultdict[tuple[str, str], list[Cover]] = defaultdict(list)
    for authority, cover in covered:
        covers_at[store.unit_covered(authority, cover.cover, cover.post)].append(cover)
    failed: dict[Subject, str] = {}
    for some in _pieces(units):
        events = await _read_events(connection, [unit for unit in some if unit.is_post], tails)
        derived = await asyncio.to_thread(_staffing_of, some, events, occupancies_at, covers_at, failed)
        await store.replace_staffing(connection, set(some) - failed.keys(), derived)
    await store.renew_versions(connection, set(units) - failed.keys())
    await _list_failed(connection, failed)
    return set(failed)


def _staffing_of(
    units: Iterable[Subject],
    events: Events,
    occupancies_at: Mapping[tuple[str, str], list[Occupancy]],
    covers_at: Mapping[tuple[str, str], list[Cover]],
    failed: dict[Subject, str],
) -> list[OfAuthority[Staffing]]:
    derived: list[OfAuthority[Staffing]] = []
    for unit in units:
        held, covering = occupancies_at.get(unit, ()), covers_at.get(unit, ())
        try:
            rows = (
                staffing(unit.name, post_facts(events.get(unit, ())), held, covering)
                if unit.is_post
                else unposted_cover_staffing(covering)
            )
            derived += [(unit.authority, row) for row in rows]
        except TooManyStretches as error:
            failed[unit] = str(error)
    return derived


def _pieces(all_of_them: Iterable[Piece]) -> Iterator[list[Piece]]:
    left = iter(all_of_them)
    while some := list(islice(left, IN_MEMORY)):
        yield some


async def _read_events(connection: Connection, subjects: Collection[Subject], tails: Tails) -> Events:
    events: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in await recent_events.read_subjects(connection, subjects, tails):
        events[event.envelope.authority, event.envelope.subject].append(event)
    return events
