"""Facts: what a feed says is so, as the events that state it, and what it said last.

Invariant: a fact is what an event would say, no more: whoever knows the facts that a feed states knows its events.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from pydantic import TypeAdapter

from contracts.catalogue import EVENT_MODELS
from contracts.events.base import EventData
from services.people.statements import CoverStated, HoldingStated, PostStated, RowFault


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a feed says is so. `key` tells it from the other facts of its type and subject, also once its date or
    its content is corrected. `row` is the row of the file that says it; two facts of other rows alone are the same.
    """

    subject: str
    key: str
    data: EventData
    row: int | None = None

    @property
    def type(self) -> str:
        """The type of the event that states it."""
        return self.data.event_type


@dataclass(frozen=True, slots=True)
class StatedFact:
    """A fact that stands: `events` are the ids of those that stated and corrected it, the last one last.

    All of them, because whoever voids the last version of a record brings back the one before.
    """

    fact: Fact
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubjectState:
    """What a feed said last of one subject (`worker/…`, as in envelopes) in files of one kind: the facts that stand.

    `remembered` are the rows that say so, where a later extract need not say all of it again: its past, say. `missing`
    counts the extracts, one after another, that did not name it; `missing_since` is the date of the first.
    """

    subject: str
    facts: tuple[StatedFact, ...] = ()
    remembered: tuple[PostStated | HoldingStated | CoverStated, ...] = ()
    missing: int = 0
    missing_since: date | None = None

    def to_json(self) -> str:
        """The state as JSON, as the service keeps it."""
        facts = [
            {
                "type": stated.fact.type,
                "key": stated.fact.key,
                "data": stated.fact.data.model_dump(mode="json", exclude_none=True),
                "events": stated.events,
            }
            for stated in self.facts
        ]
        kept: dict[str, object] = {"subject": self.subject, "facts": facts}
        if self.remembered:
            kept["remembered"] = _rows_of(self.subject).dump_python(self.remembered, mode="json", exclude_defaults=True)
        if self.missing:
            kept |= {"missing": self.missing, "missing_since": str(self.missing_since)}
        return json.dumps(kept, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The state that was kept. Raises ValueError for anything else."""
        kept = json.loads(text)
        subject, since = kept["subject"], kept.get("missing_since")
        facts = (_stated_fact(subject, **stated) for stated in kept["facts"])
        remembered = _rows_of(subject).validate_python(kept.get("remembered", ()))
        missing_since = None if since is None else date.fromisoformat(since)
        return cls(subject, tuple(facts), remembered, kept.get("missing", 0), missing_since)


_ROWS_BY_KIND: dict[str, TypeAdapter[Any]] = {
    "post": TypeAdapter(tuple[PostStated, ...]),
    "worker": TypeAdapter(tuple[HoldingStated, ...]),
    "cover": TypeAdapter(tuple[CoverStated, ...]),
}
_NO_ROWS: TypeAdapter[Any] = TypeAdapter(tuple[()])


def _rows_of(subject: str) -> TypeAdapter[Any]:
    return _ROWS_BY_KIND.get(subject.partition("/")[0], _NO_ROWS)


def _stated_fact(subject: str, type: str, key: str, data: dict[str, object], events: list[str]) -> StatedFact:
    model = EVENT_MODELS.get(type)
    if model is None:
        raise ValueError(f"{type} is not a known event type")
    # Contracts are strict: a date in JSON is a text, which they take from JSON alone.
    return StatedFact(Fact(subject, key, model.model_validate(data, strict=False)), tuple(events))


@dataclass(frozen=True, slots=True)
class StatedEvent:
    """An event that an extract gives, before it is sent.

    `attributes` are those of CloudEvents, without those that the accepting service sets, `data` is its JSON. `row` says
    where it came from, None for what a missing row says.
    """

    attributes: dict[str, str]
    data: dict[str, object]
    row: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """What people should know of what was read, and is no fault. `row` is None for what a missing row says."""

    row: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What an extract changes about one subject: the state after it, and the events that lead there, in order."""

    state: SubjectState
    events: Sequence[StatedEvent] = ()
    notes: Sequence[Note] = ()
    """For people: what was dated by the extract, what is a question."""
    faults: Sequence[RowFault] = ()
    """Rows that cannot be true (one that ends before it begins). The others count."""
