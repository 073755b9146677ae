"""Which events moved a part of a figure between two reports, and by how much each.

Invariant: the effects of a part add up to its difference, exactly; no event is named that did not move it.

The events that only one report knows are taken one after another. First those that only the earlier one knows are
taken away, the last recorded first. Then those that only the later one knows are added, in the order of recording.
The effect of an event is the difference of the part between one step and the next. If there are very many events around
a part, several are taken in one step. (docs/definitions.md, 'Changes')
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from pydantic import BaseModel

from contracts.envelope import Event, identifier_of
from contracts.events.hiring import WorkerMerged
from contracts.events.progression_panels import PanelDecided
from contracts.in_force import order_of_recording
from contracts.persons import persons
from services.metrics.figures.reading import FigureQuery, Reading, parts
from services.metrics.measures.declaration import Count, When
from services.metrics.pauses import pause
from services.metrics.snapshot.snapshot import Snapshot

Key = tuple[tuple[str, ...], tuple[Any, ...]]
"""The identity of a part of a count: its subjects, and the values of its dimensions."""
MOST_LOOKED_AT = 100_000
"""The most events that are looked at for one part (the events around it, once at each step): about a second's work.
A post has some tens of events around it in as many years."""


class Moved(NamedTuple):
    """An event, and by how much (in millionths) it moved a part: alone, or together with so many `others` before it."""

    event: Event
    effect: int
    others: int = 0


Effects = tuple[Moved, ...]
"""The events that moved a part, in the order in which they are taken."""

NAMING = {
    "post": "post",
    "from_post": "post",
    "to_post": "post",
    "panel": "panel",
    "agency_worker": "worker",
}
"""The fields by which events name something other than their own subject that a figure can depend on, and its kind."""
OF_PANELS = frozenset({PanelDecided.event_type, WorkerMerged.event_type})
"""The types of events that say whom a panel decided about."""
_AT_SOME_INSTANT = datetime.min.replace(tzinfo=UTC)


class Surroundings:
    """The events that a part can depend on, found by what they name. All events of both reports are looked at,
    in force or not, because that changes from step to step.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self._of_subject: defaultdict[str, list[Event]] = defaultdict(list)
        self._naming: defaultdict[str, list[Event]] = defaultdict(list)
        merged: list[tuple[str, str]] = []
        for event in events:
            subject = event.envelope.subject
            self._of_subject[subject].append(event)
            for name in named_by(event):
                self._naming[name].append(event)
            if isinstance(event.data, WorkerMerged):
                merged.append((identifier_of(subject), event.data.duplicate))
        together: defaultdict[str, set[str]] = defaultdict(set)
        self._person = persons(merged)
        for number, person in self._person.items():
            together[person].add(f"worker/{number}")
        self._numbers = dict(together)
        self._around: dict[tuple[str, ...], tuple[Event, ...]] = {}

    def of(self, subjects: tuple[str, ...]) -> tuple[Event, ...]:
        """The events around the subjects of a part, each once.

        These are all events
        - about the subjects themselves, under every number that was ever the same person's;
        - about the subjects that name them: for a worker the covers as an agency worker, for a post the workers who
          held or covered it. (If a part names people, its posts are left out: what the people held leads to them.)
        - about the posts that they name;
        - that are other decisions of the panels that they went to.
        """
        people = tuple(name for name in subjects if not name.startswith("post/"))
        return self._of(people or subjects)

    def _of(self, subjects: tuple[str, ...]) -> tuple[Event, ...]:
        if subjects not in self._around:
            near = self._persons(subjects)
            naming = (event for name in near for event in self._naming.get(name, ()))
            near |= self._persons(event.envelope.subject for event in naming)
            own = [event for name in sorted(near) for event in self._of_subject.get(name, ())]
            named = sorted({name for event in own for name in named_by(event)} - near)
            own += [event for name in named if name.startswith("post/") for event in self._of_subject.get(name, ())]
            panels = [event for name in named if name.startswith("panel/") for event in self._naming[name]]
            others = sorted(self._persons(event.envelope.subject for event in panels) - near)
            decided = (
                event for name in others for event in self._of_subject.get(name, ()) if event.envelope.type in OF_PANELS
            )
            self._around[subjects] = tuple({event.identity: event for event in (*own, *decided)}.values())
        return self._around[subjects]

    def _persons(self, subjects: Iterable[str]) -> set[str]:
        """The same subjects; for a worker every number that the person ever had."""
        numbers: set[str] = set()
        for subject in subjects:
            kind, _, number = subject.partition("/")
            numbers.add(subject)
            if kind == "worker":
                numbers |= self._numbers.get(self._person.get(number, number), set())
        return numbers


def named_by(event: Event) -> Iterator[str]:
    """What an event names besides its own subject, such as `post/P-1`."""
    for field, kind in _naming(type(event.data)):
        value = getattr(event.data, field)
        if isinstance(value, str):
            yield f"{kind}/{value}"


@cache
def _naming(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """Those of the fields that the data of one kind of event has: to ask each event for all of them takes long."""
    return tuple((field, kind) for field, kind in NAMING.items() if field in model.model_fields)


class Attribution:
    """What moved the parts of counts between two reports."""

    def __init__(self, before: Iterable[Event], after: Iterable[Event], query: FigureQuery) -> None:
        self._first = {event.identity: event for event in before}
        second = {event.identity: event for event in after}
        gone = sorted((self._first[key] for key in self._first.keys() - second.keys()), key=order_of_recording)
        come = sorted((second[key] for key in second.keys() - self._first.keys()), key=order_of_recording)
        self._steps = [*reversed(gone), *come]
        self._index = {event.identity: index for index, event in enumerate(self._steps)}
        self._query = query
        self._all = second | self._first
        self._authority = next((event.envelope.authority for event in self._all.values()), "")
        self._surroundings = Surroundings(self._all.values())
        self._kept: dict[tuple[str, When, tuple[Event, ...]], dict[Key, Effects]] = {}

    def steps(self, key: Key) -> tuple[int, int]:
        """In how many steps a part is looked at, and how many events are around it. That is what `effects` costs."""
        pause()
        around = self._surroundings.of(key[0])
        moving = sum(1 for event in around if event.identity in self._index)
        return min(moving, most_steps(len(around))), len(around)

    def effects(self, counted: Count, when: When, key: Key, difference: int) -> Effects:
        """The events that moved one part, with their effects, given the part's difference."""
        effects = self._effects(counted, when, self._surroundings.of(key[0])).get(key, ())
        if sum(moved.effect for moved in effects) != difference:
            # Of the surroundings something was missing: then all events are looked at.
            effects = self._effects(counted, when, tuple(self._all.values())).get(key, ())
        return effects

    def _effects(self, counted: Count, when: When, around: tuple[Event, ...]) -> dict[Key, Effects]:
        kept = counted.name, when, around
        if kept not in self._kept:
            self._kept[kept] = self._step_by_step(counted, when, around)
        return self._kept[kept]

    def _step_by_step(self, counted: Count, when: When, around: Sequence[Event]) -> dict[Key, Effects]:
        """The effects on every part that depends on some events."""
        known = {event.identity: event for event in around if event.identity in self._first}
        indexes = sorted(index for event in around if (index := self._index.get(event.identity)) is not None)
        before = self._amounts(counted, when, known.values())
        effects_by_key: defaultdict[Key, list[Moved]] = defaultdict(list)
        for together in _in_steps(indexes, most_steps(len(around))):
            pause()
            for event in (self._steps[index] for index in together):
                if known.pop(event.identity, None) is None:
                    known[event.identity] = event
            after = self._amounts(counted, when, known.values())
            for key in before.keys() | after.keys():
                if effect := after.get(key, 0) - before.get(key, 0):
                    effects_by_key[key].append(Moved(self._steps[together[-1]], effect, len(together) - 1))
            before = after
        return {key: tuple(effects) for key, effects in effects_by_key.items()}

    def _amounts(self, counted: Count, when: When, events: Iterable[Event]) -> dict[Key, int]:
        snapshot = Snapshot(events)
        return amounts(counted, Reading(self._authority, _AT_SOME_INSTANT, lambda: snapshot), when, self._query)


def most_steps(around: int) -> int:
    """In how many steps a part is looked at if there are so many events around it."""
    return max(1, MOST_LOOKED_AT // max(1, around))


def _in_steps(indexes: Sequence[int], most: int) -> Iterator[list[int]]:
    """The same in at most so many steps, of about as many each."""
    steps, remaining = min(most, len(indexes)), iter(indexes)
    for step in range(steps):
        yield list(islice(remaining, len(indexes) * (step + 1) // steps - len(indexes) * step // steps))


def amounts(counted: Count, reading: Reading, when: When, query: FigureQuery) -> dict[Key, int]:
    """The amount of every part of a count that is not 0, in millionths.

    If kinds overlap, there is no figure of them all: the amounts of each kind are given separately.
    """
    sums: defaultdict[Key, int] = defaultdict(int)
    for part in parts(counted, reading, when, replace(query, by=counted.apart)):
        sums[part.subjects, tuple(part.dimension(name) for name in counted.dimensions)] += part.amount
    return {key: amount for key, amount in sums.items() if amount}
