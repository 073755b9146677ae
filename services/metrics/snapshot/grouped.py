"""The events in force of an authority: in the order of recording, by subject, and by the type of their data.

Invariant: what is made from another's is the same, in the same order, as what is made from all events.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType

from contracts.envelope import Event
from contracts.in_force import order_of_recording

OfSubject = Mapping[str, Sequence[Event]]
"""Events by subject, such as `post/P-1`."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """The events in force. Nothing in it is ever changed."""

    in_order: list[Event]
    """All of them, in the order of recording."""
    of_subject: dict[str, list[Event]]
    """The same by subject, ordered by their first events. A subject of which none is in force is not there."""
    of_type: dict[type, list[Event]]

    @classmethod
    def of(cls, in_force: Mapping[str, list[Event]]) -> "Grouped":
        """From those in force of each subject, in the order of recording."""
        in_order = sorted(chain.from_iterable(in_force.values()), key=order_of_recording)
        of_type: defaultdict[type, list[Event]] = defaultdict(list)
        for event in in_order:
            of_type[type(event.data)].append(event)
        return cls(in_order, _by_first_event(in_force), dict(of_type))

    def after(self, changed: Mapping[str, list[Event]]) -> "Grouped":
        """The same once others are in force of some subjects."""
        gone: list[Event] = []
        come: list[Event] = []
        for subject, now in changed.items():
            before = self.of_subject.get(subject, [])
            gone += _missing(before, now)
            come += _missing(now, before)
        of_type = self.of_type.copy()
        for model in {type(event.data) for event in chain(gone, come)}:
            of_type[model] = _edited(
                of_type.get(model, []),
                (event for event in gone if type(event.data) is model),
                (event for event in come if type(event.data) is model),
            )
        return Grouped(_edited(self.in_order, gone, come), self._of_subject_after(changed), of_type)

    def _of_subject_after(self, changed: Mapping[str, list[Event]]) -> dict[str, list[Event]]:
        of_subject = self.of_subject.copy()
        elsewhere: dict[str, list[Event]] = {}
        for subject, now in changed.items():
            before = of_subject.get(subject)
            if before is not None and now and now[0] is before[0]:
                of_subject[subject] = now
                continue
            of_subject.pop(subject, None)
            elsewhere[subject] = now
        new = _by_first_event(elsewhere)
        if not new or not of_subject:
            return of_subject | new
        last, first = next(reversed(of_subject.values())), next(iter(new.values()))
        if order_of_recording(last[0]) < order_of_recording(first[0]):
            return of_subject | new
        return _by_first_event(of_subject | new)


def _by_first_event(of_subject: Mapping[str, list[Event]]) -> dict[str, list[Event]]:
    not_empty = ((subject, events) for subject, events in of_subject.items() if events)
    return dict(sorted(not_empty, key=lambda item: order_of_recording(item[1][0])))


def _missing(events: Iterable[Event], others: Iterable[Event]) -> list[Event]:
    """Those of the events that are not among the others."""
    there = {id(event) for event in others}
    return [event for event in events if id(event) not in there]


def _edited(in_order: list[Event], gone: Iterable[Event], come: Iterable[Event]) -> list[Event]:
    """The same events without some and with others, in the order of recording, in which no two are equal."""
    edited = in_order.copy()
    for event in gone:
        del edited[bisect_left(edited, order_of_recording(event), key=order_of_recording)]
    for event in come:
        insort(edited, event, key=order_of_recording)
    return edited


def by_subject(
    events: tuple[Event, ...], before: tuple[Event, ...] = (), of_before: OfSubject = MappingProxyType({})
) -> OfSubject:
    """Events by subject, in the order given. `of_before` is the same of others: if these come first among the events,
    only the rest is added.
    """
    goes_on = events[: len(before)] == before
    of_subject: dict[str, Sequence[Event]] = dict(of_before) if goes_on else {}
    more: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events[len(before) :] if goes_on else events:
        more[event.envelope.subject].append(event)
    for subject, of_it in more.items():
        of_subject[subject] = [*of_subject.get(subject, ()), *of_it]
    return of_subject


def changed_between(before: Mapping[str, list[Event]], now: Mapping[str, list[Event]]) -> dict[str, list[Event]]:
    """The subjects of which other events are in force than before, with those in force now."""
    changed = {
        subject: events
        for subject, events in now.items()
        if (were := before.get(subject)) is not events and (were or []) != events
    }
    return changed | {subject: [] for subject in before.keys() - now.keys()}
