"""Judges events as the doors would: new, known already, or rejected, and why.

Invariant: a door would now accept (or already knows) every event that is new here, if a feed of the authority sent
it. It would reject every event that is rejected here.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.envelope import Event
from contracts.refusal import Fault, Refused
from services.chassis.cloud_events import Claimed, Incoming, Parsed
from services.chassis.intake import recorded_to_come
from services.chassis.problems import LONGEST_ECHO, beginning, faults_as_json
from services.metrics.pauses import with_pauses

_Key = tuple[str, str, str]
"""Owner, source and id: the identity by which a door knows the events of an authority."""


class Rejected(NamedTuple):
    """An event that a door would reject: its place in the batch, and why."""

    position: int
    claimed: Claimed
    refusal: Refused

    def as_json(self) -> dict[str, Any]:
        """As answers tell it."""
        id, source = (None if text is None else beginning(text, LONGEST_ECHO) for text in self.claimed)
        return {"position": self.position, "id": id, "source": source} | faults_as_json(self.refusal)


class Arriving(NamedTuple):
    """A batch of events, looked at as the doors would."""

    new: list[Event]
    already_known: int
    rejected: list[Rejected]

    def counted(self) -> dict[str, int]:
        """How many there are of each."""
        new, known, rejected = len(self.new), self.already_known, len(self.rejected)
        return {"sent": new + known + rejected, "new": new, "already_known": known, "rejected": rejected}


def arriving(incoming: Iterator[Incoming], held: Iterable[Event], authority: str, now: datetime) -> Arriving:
    """Judge a batch, each event after those before it. `held` are the known events of the authority."""
    known = {_key_of(event): event for event in with_pauses(held)}
    new: list[Event] = []
    rejected: list[Rejected] = []
    already_known = 0
    for position, item in enumerate(with_pauses(incoming)):
        if not isinstance(item, Parsed):
            rejected.append(Rejected(position, item.claimed, item.refusal))
        elif (fault := _fault(item, authority, now, known)) is not None:
            envelope = item.event.envelope
            rejected.append(Rejected(position, (envelope.id, envelope.source), Refused(fault)))
        elif _key_of(item.event) in known:
            already_known += 1
        else:
            known[_key_of(item.event)] = item.event
            new.append(item.event)
    return Arriving(new, already_known, rejected)


def _key_of(event: Event) -> _Key:
    return TOPIC_OF_TYPE[event.envelope.type].owner, event.envelope.source, event.envelope.id


def _fault(item: Parsed, authority: str, now: datetime, known: dict[_Key, Event]) -> Fault | None:
    event, envelope = item.event, item.event.envelope
    if envelope.authority != authority:
        return Fault("authority", "is not the one that is asked for", f"authority {authority}", envelope.authority)
    same = known.get(_key_of(event))
    if same is not None and not _states_the_same(item, same):
        expected = "a new id; to correct an event, a new id with `supersedes` set to the old one"
        return Fault("id", f"was used by {envelope.source} for another event", expected, envelope.id)
    if envelope.referred is not None:
        held = known.get((TOPIC_OF_TYPE[envelope.type].owner, *envelope.referred))
        if held is not None and _of_what(held) != _of_what(event):
            name, (type, subject) = ("supersedes" if envelope.supersedes else "voids"), _of_what(held)
            expected = f"the id of an event of type {envelope.type} and subject {envelope.subject}"
            target = envelope.supersedes or envelope.voids
            return Fault(name, f"is an event of type {type} and subject {subject}", expected, target)
    return recorded_to_come(envelope, now)


def _of_what(event: Event) -> tuple[str, str]:
    return event.envelope.type, event.envelope.subject


def _states_the_same(item: Parsed, held: Event) -> bool:
    """Whether an event that is sent again states the same as the known one."""
    one, other = item.event.envelope, held.envelope
    same_time = item.stated_time is None or one.time == other.time
    stated = [
        (of.type, of.subject, of.supersedes, of.voids, of.referred_source, of.sourcesequence) for of in (one, other)
    ]
    return same_time and stated[0] == stated[1] and item.event.data == held.data
