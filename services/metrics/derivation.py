"""Derivation: reads the events of subjects, folds them into rows, and replaces the rows that stood there.

Invariant: the rows of a subject after a derivation are a function of its events in the inbox alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TypeVar

from contracts.envelope import Event
from services.chassis import inbox
from services.chassis.database import Connection
from services.metrics import store
from services.metrics.store import Subject
from services.metrics.timelines.covers import covers
from services.metrics.timelines.posts import post_facts
from services.metrics.timelines.rows import Cover, Occupancy, Staffing
from services.metrics.timelines.staffing import staffing, unposted_cover_staffing
from services.metrics.timelines.workers import occupancies

Row = TypeVar("Row")


async def derive_subjects(connection: Connection, subjects: Collection[Subject]) -> set[Subject]:
    """Derive workers and agency assignments; gives the places whose staffing they touch, before or after."""
    if not subjects:
        return set()
    events = await _events_by_subject(connection, subjects)
    occupied: list[tuple[str, Occupancy]] = []
    covered: list[tuple[str, Cover]] = []
    for subject in subjects:
        if subject.kind == "worker":
            occupied += ((subject.authority, row) for row in occupancies(events[subject]))
        else:
            covered += ((subject.authority, row) for row in covers(events[subject]))
    workers = [subject for subject in subjects if subject.kind == "worker"]
    assignments = [subject for subject in subjects if subject.kind == "cover"]
    places = await store.replace_occupancies(connection, workers, occupied)
    return places | await store.replace_covers(connection, assignments, covered)


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
