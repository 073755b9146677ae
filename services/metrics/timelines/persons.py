"""Whose the standing events are, as known at each instant: from when a merge is known, one person's under any number.

Invariant: an event that stands is one person's at a time: that of its number, as the merges that stand then say.
"""

from collections import defaultdict
from collections.abc import Iterable

from contracts.envelope import Event
from contracts.events.hiring import WorkerMerged
from contracts.persons import merges_stated, persons
from contracts.standing import Change, changes_of_standing


def changes_by_person(events: Iterable[Event]) -> dict[str, list[Change]]:
    """For each person the instants at which other events stand as theirs than before, in ascending order.

    `events` are those of all numbers that any merge ever linked, their merges among them, which are nobody's. A number
    is a person of its own while no merge of it stands. What a merge joins ceases to stand as the one person's and
    begins to stand as the other's.
    """
    changes: defaultdict[str, list[Change]] = defaultdict(list)
    standing: defaultdict[str, dict[tuple[str, str], Event]] = defaultdict(dict)
    merges: dict[str, Event] = {}
    person_of: dict[str, str] = {}
    for instant, all_begun, all_ceased in changes_of_standing(events):
        begun: defaultdict[str, list[Event]] = defaultdict(list)
        ceased: defaultdict[str, list[Event]] = defaultdict(list)
        for event in _without_merges(all_ceased):
            number = _number(event)
            del standing[number][_identity(event)]
            ceased[person_of.get(number, number)].append(event)
        before = person_of
        if _replace_merges(merges, all_begun, all_ceased):
            person_of = persons(merges_stated(merges.values()))
            for number, stood in standing.items():
                was, now = before.get(number, number), person_of.get(number, number)
                if was != now:
                    ceased[was] += stood.values()
                    begun[now] += stood.values()
        for event in _without_merges(all_begun):
            number = _number(event)
            standing[number][_identity(event)] = event
            begun[person_of.get(number, number)].append(event)
        for person in begun.keys() | ceased.keys():
            changes[person].append((instant, begun.get(person, []), ceased.get(person, [])))
    return dict(changes)


def _replace_merges(merges: dict[str, Event], begun: list[Event], ceased: list[Event]) -> bool:
    """Take out the merges that ceased to stand, by id, and put in those that began to; gives whether there were any."""
    gone = [event.envelope.id for event in ceased if isinstance(event.data, WorkerMerged)]
    new = {event.envelope.id: event for event in begun if isinstance(event.data, WorkerMerged)}
    for id in gone:
        del merges[id]
    merges.update(new)
    return bool(gone or new)


def _without_merges(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event.data, WorkerMerged)]


def _number(event: Event) -> str:
    return event.envelope.subject.partition("/")[2]


def _identity(event: Event) -> tuple[str, str]:
    return event.envelope.type, event.envelope.id
