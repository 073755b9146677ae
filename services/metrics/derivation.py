"""Derivation: reads the events of subjects, folds them into rows, and replaces the rows that stood there.

Invariant: the rows of a subject after a derivation are a function of its events in the inbox alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from contracts.envelope import Event
from contracts.persons import persons
from services.chassis import inbox
from services.chassis.database import Connection
from services.metrics import store
from services.metrics.store import OfAuthority, Subject
from services.metrics.timelines.covers import covers
from services.metrics.timelines.posts import post_facts
from services.metrics.timelines.rows import Cover, Occupancy, Staffing
from services.metrics.timelines.staffing import staffing, unposted_cover_staffing
from services.metrics.timelines.workers import occupancies

Events = dict[tuple[str, str], list[Event]]
"""Events by authority and subject."""


class Folded(NamedTuple):
    """What workers and agency assignments hold, not yet written; and the places that they touched before or touch now.

    `events` are all that were read.
    """

    occupied: list[OfAuthority[Occupancy]]
    covered: list[OfAuthority[Cover]]
    places: set[Subject]
    events: Events


async def derive(connection: Connection, subjects: Collection[Subject]) -> None:
    """Derive these subjects and every place that they touch."""
    posts = {subject for subject in subjects if subject.is_post}
    folded = await _fold(connection, subjects)
    places = folded.places | posts
    # What others hold there is read before the new rows are written: these need not be read again.
    occupied = await store.occupancies_of_posts(connection, places) + folded.occupied
    covered = await store.covers_of_places(connection, places) + folded.covered
    await _write(connection, folded)
    await _derive_staffing(connection, places, occupied, covered, folded.events)


async def derive_subjects(connection: Connection, subjects: Collection[Subject]) -> set[Subject]:
    """Derive workers and agency assignments alone; gives the places whose staffing they touch, before or after."""
    folded = await _fold(connection, [subject for subject in subjects if not subject.is_post])
    await _write(connection, folded)
    return folded.places


async def derive_places(connection: Connection, places: Collection[Subject]) -> None:
    """Derive the staffing of these places: posts, and agency assignments that cover no post."""
    occupied = await store.occupancies_of_posts(connection, places)
    covered = await store.covers_of_places(connection, places)
    await _derive_staffing(connection, places, occupied, covered, {})


async def _fold(connection: Connection, subjects: Collection[Subject]) -> Folded:
    """Fold the workers and assignments among these, and take away the rows that they had.

    With a worker's number all those are derived, and taken off the list, that merges link with it.
    """
    linked = await _linked_numbers(connection, [subject for subject in subjects if subject.kind == "worker"])
    numbers = {number for together in linked.values() for number in together}
    assignments = [subject for subject in subjects if subject.kind == "cover"]
    events = await _read_events(connection, numbers.union(subjects))
    occupied: list[OfAuthority[Occupancy]] = []
    for linked_by, together in linked.items():
        rows = occupancies(event for number in together for event in events.get(number, ()))
        occupied += [(linked_by.authority, row) for row in rows]
    covered = [(subject.authority, row) for subject in assignments for row in covers(events.get(subject, ()))]
    if others := numbers.difference(subjects):
        await store.take_off_list(connection, others)
    places = await store.delete_occupancies(connection, numbers) | await store.delete_covers(connection, assignments)
    places.update(Subject(*place) for place in {(authority, f"post/{row.post}") for authority, row in occupied})
    places.update(store.place_of(authority, row.cover, row.post) for authority, row in covered)
    return Folded(occupied, covered, places, events)


async def _linked_numbers(connection: Connection, workers: Collection[Subject]) -> dict[Subject, set[Subject]]:
    """All numbers that merges link with these workers, standing or not, one way or the other; by one of them."""
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


async def _write(connection: Connection, folded: Folded) -> None:
    await store.add_occupancies(connection, folded.occupied)
    await store.add_covers(connection, folded.covered)


async def _derive_staffing(
    connection: Connection,
    places: Collection[Subject],
    occupied: Iterable[OfAuthority[Occupancy]],
    covered: Iterable[OfAuthority[Cover]],
    events: Events,
) -> None:
    """Derive the staffing of these places from all that is held there and the events of posts.

    Those that `events` has none of are read.
    """
    if not places:
        return
    more = await _read_events(connection, [place for place in places if place.is_post and place not in events])
    occupancies_at: defaultdict[tuple[str, str], list[Occupancy]] = defaultdict(list)
    for authority, occupancy in occupied:
        occupancies_at[authority, f"post/{occupancy.post}"].append(occupancy)
    covers_at: defaultdict[tuple[str, str], list[Cover]] = defaultdict(list)
    for authority, cover in covered:
        covers_at[store.place_of(authority, cover.cover, cover.post)].append(cover)
    derived: list[OfAuthority[Staffing]] = []
    for place in places:
        of_place = events.get(place) or more.get(place) or ()
        rows = (
            staffing(place.name, post_facts(of_place), occupancies_at[place], covers_at[place])
            if place.is_post
            else unposted_cover_staffing(covers_at[place])
        )
        derived += [(place.authority, row) for row in rows]
    await store.replace_staffing(connection, places, derived)


async def _read_events(connection: Connection, subjects: Collection[Subject]) -> Events:
    events: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    if subjects:
        for event in await inbox.read_subjects(connection, list(subjects)):
            events[event.envelope.authority, event.envelope.subject].append(event)
    return events
