"""Whose events the events in force are, as known at each instant. Once a merge is known, the events of both numbers
are one person's.

Invariant: at any instant an event in force belongs to one person: the one that its number belongs to by the merges
then in force.
"""

from collections import defaultdict
from collections.abc import Iterable

from contracts.envelope import Event, Identity
from contracts.events.hiring import WorkerMerged
from contracts.in_force import Change, changes_in_force
from contracts.persons import Persons, merges_stated
from services.metrics.timelines.knowledge import MOST_STRETCHES, TooManyStretches


def changes_by_person(events: Iterable[Event]) -> dict[str, list[Change]]:
    """For each person, in ascending order, the instants at which the person's events in force change.

    `events` are those of all numbers that any merge ever linked, including the merges themselves, which belong to
    nobody. A number is a person of its own while no merge of it is in force. When a merge joins two numbers,
    events cease to be the one person's, and become the other's.
    """
    changes: defaultdict[str, list[Change]] = defaultdict(list)
    in_force: defaultdict[str, dict[Identity, Event]] = defaultdict(dict)
    known = Persons()
    gone_over = 0
    for instant, all_begun, all_ceased in changes_in_force(events):
        begun: defaultdict[str, list[Event]] = defaultdict(list)
        ceased: defaultdict[str, list[Event]] = defaultdict(list)
        for event in _without_merges(all_ceased):
            number = _number(event)
            del in_force[number][event.identity]
            ceased[known.goes_by(number)].append(event)
        for number, (was, now) in known.change(merges_stated(all_begun), merges_stated(all_ceased)).items():
            were_in_force = in_force.get(number, {}).values()
            ceased[was] += were_in_force
            begun[now] += were_in_force
            gone_over += len(were_in_force)
        if gone_over > MOST_STRETCHES:
            raise TooManyStretches
        for event in _without_merges(all_begun):
            number = _number(event)
            in_force[number][event.identity] = event
            begun[known.goes_by(number)].append(event)
        for person in begun.keys() | ceased.keys():
            changes[person].append((instant, begun.get(person, []), ceased.get(person, [])))
    return dict(changes)


def _without_merges(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event.data, WorkerMerged)]


def _number(event: Event) -> str:
    return event.identifier
