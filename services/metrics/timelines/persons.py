"""Whose the standing events are, as known at each instant: from when a merge is known, one person's under any number.

Invariant: an event that stands is one person's at a time: that of its number, as the merges that stand then say.
"""

from collections import defaultdict
from collections.abc import Iterable

from contracts.envelope import Event, Identity
from contracts.events.hiring import WorkerMerged
from contracts.persons import Persons, merges_stated
from contracts.standing import Change, changes_of_standing
from services.metrics.timelines.knowledge import MOST_STRETCHES, TooManyStretches


def changes_by_person(events: Iterable[Event]) -> dict[str, list[Change]]:
    """For each person the instants at which other events stand as theirs than before, in ascending order.

    `events` are those of all numbers that any merge ever linked, their merges among them, which are nobody's. A number
    is a person of its own while no merge of it stands. What a merge joins ceases to stand as the one person's and
    begins to stand as the other's.
    """
    changes: defaultdict[str, list[Change]] = defaultdict(list)
    standing: defaultdict[str, dict[Identity, Event]] = defaultdict(dict)
    known = Persons()
    gone_over = 0
    for instant, all_begun, all_ceased in changes_of_standing(events):
        begun: defaultdict[str, list[Event]] = defaultdict(list)
        ceased: defaultdict[str, list[Event]] = defaultdict(list)
        for event in _without_merges(all_ceased):
            number = _number(event)
            del standing[number][event.identity]
            ceased[known.goes_by(number)].append(event)
        for number, (was, now) in known.change(merges_stated(all_begun), merges_stated(all_ceased)).items():
            stood = standing.get(number, {}).values()
            ceased[was] += stood
            begun[now] += stood
            gone_over += len(stood)
        if gone_over > MOST_STRETCHES:
            raise TooManyStretches
        for event in _without_merges(all_begun):
            number = _number(event)
            standing[number][event.identity] = event
            begun[known.goes_by(number)].append(event)
        for person in begun.keys() | ceased.keys():
            changes[person].append((instant, begun.get(person, []), ceased.get(person, [])))
    return dict(changes)


def _without_merges(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event.data, WorkerMerged)]


def _number(event: Event) -> str:
    return event.envelope.subject.partition("/")[2]
