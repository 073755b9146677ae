"""Derivation: reads the events of subjects, folds them into rows, and replaces the rows that stood there.

Invariant: the rows of a subject after a derivation are a function of its events in the inbox alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TypeVar

from contracts.envelope import Event
from contracts.persons import persons
from services.chassis import inbox
from services.chassis.database import Connection
from services.metrics import store
from services.metrics.store import Subject
from services.metrics.timelines.covers import covers
from services.metrics.timelines.posts import post_facts
from services.metrics.timelines.rows import Occupancy, Staffing
from services.metrics.timelines.staffing import staffing, unposted_cover_staffing
from services.metrics.timelines.workers import occupancies

Row = TypeVar("Row")


async def derive_subjects(connection: Connection, subjects: Collection[Subject]) -> set[Subject]:
    """Derive workers and agency assignments; gives the places whose staffing they touch, before or after.

    With a worker's number all those are derived, and taken off the list, that merges link with it.
    """
    if not subjects:
        return set()
    linked = await _linked_numbers(connection, [subject for subject in subjects if subject.kind == "worker"])
    numbers = {number for together in linked.values() for number in together}
    assignments = [subject for subject in subjects if subject.kind == "cover"]
    events = await _events_by_subject(connection, [*numbers, *assignments])
    occupied: list[tuple[str, Occupancy]] = []
    for linked_by, together in linked.items():
        rows = occupancies(event for number in together for event in events[number])
        occupied += ((linked_by.authority, row) for row in rows)
    covered = [(subject.authority, row) for subject in assignments for row in covers(events[subject])]
    if others := numbers.difference(subjects):
        await store.take_off_list(connection, others)
    places = await store.replace_occupancies(connection, numbers, occupied)
    return places | await store.replace_covers(connection, assignments, covered)


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


async def derive_places(connection: Connection, places: Collection[Subject]) -> None:
    """Derive the staffing of these places: posts, and agency assignments that cover no post."""
    if not places:
        return
    posts = [place for place in places if place.is_post]
    events = await _events_by_subject(connection, posts)
    occupied = _grouped(await store.occupancies_of_posts(connection, posts))
    covered = _grouped(await store.covers_of_places(connection, places))
    derived: list[tuple[str, Staffing]] = []
    for place in places:
        rows = (
            staffing(place.name, post_facts(events[place]), occupied[place], covered[place])
            if place.is_post
            else unposted_cover_staffing(covered[place])
        )
        derived += ((place.authority, row) for row in rows)
    await store.replace_staffing(connection, places, derived)


async def _events_by_subject(
    connection: Connection, subjects: Collection[Subject]
) -> defaultdict[Subject, list[Event]]:
    events: defaultdict[Subject, list[Event]] = defaultdict(list)
    for event in await inbox.read_subjects(connection, list(subjects)):
        events[Subject(event.envelope.authority, event.envelope.subject)].append(event)
    return events


def _grouped(rows: Iterable[tuple[Subject, Row]]) -> defaultdict[Subject, list[Row]]:
    grouped: defaultdict[Subject, list[Row]] = defaultdict(list)
    for subject, row in rows:
        grouped[subject].append(row)
    return grouped
