"""Facts: what a feed says is true, the events that state it, and what the feed said last.

Invariant: a fact holds exactly what an event would state. So the facts of a feed determine its events.
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
    """One thing that a feed says is true. `key` distinguishes it from other facts of its type and subject, even
    after its date or content is corrected. `row` is the row of the file that says it; it does not count when facts
    are compared.
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
    """A fact in force. `events` are the ids of the events that stated and corrected it, the last one last.

    All of them are kept, because voiding the last version of a record brings back the one before.
    """

    fact: Fact
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubjectState:
    """What a feed said last about one subject (`worker/…`, as in envelopes) in files of one kind: the facts that
    stand.

    `remembered` are the rows behind the facts, if a later extract need not repeat them all (its past, for example).
    `missing` counts the latest extracts in a row that did not name the subject; `missing_since` is the date of the
    first.
    """

    subject: str
    facts: tuple[StatedFact, ...] = ()
    remembered: tuple[PostStated | HoldingStated | CoverStated, ...] = ()
    missing: int = 0
    missing_since: date | None = None

    def to_json(self) -> str:
        """The state as JSON, as the service keeps it."""
        kept = [f'"subject":{_text(self.subject)},"facts":[{",".join(map(_fact_as_json, self.facts))}]']
        if self.remembered:
            rows = _rows_of(self.subject).dump_json(self.remembered, exclude_defaults=True)
            kept.append(f'"remembered":{rows.decode()}')
        if self.missing:
            kept.append(f'"missing":{self.missing},"missing_since":"{self.missing_since}"')
        return f"{{{','.join(kept)}}}"

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The state from its JSON. Raises ValueError for anything else."""
        kept = json.loads(text)
        subject, since = kept["subject"], kept.get("missing_since")
        facts = (_stated_fact(subject, **stated) for stated in kept["facts"])
        remembered = _rows_of(subject).validate_python(kept.get("remembered", ()))
        missing_since = None if since is None else date.fromisoformat(since)
        return cls(subject, tuple(facts), remembered, kept.get("missing", 0), missing_since)


_text = json.encoder.encode_basestring_ascii


def _fact_as_json(stated: StatedFact) -> str:
    fact = stated.fact
    events = ",".join(map(_text, stated.events))
    data = fact.data.model_dump_json(exclude_none=True)
    return f'{{"type":"{fact.type}","key":{_text(fact.key)},"data":{data},"events":[{events}]}}'


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

    `attributes` are those of CloudEvents, without those that the accepting service sets. `data` is JSON. `row` is the
    row that it came from; None if a missing row is the reason.
    """

    attributes: dict[str, str]
    data: str
    row: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that people should know about a file, but not a fault. `row` is None if a missing row is the reason.

    `dated` is the day that the extract gave to something, as the file says none.
    """

    row: int | None
    text: str
    dated: date | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What an extract changes about one subject: the state afterwards, and the events that lead there, in order."""

    state: SubjectState
    events: Sequence[StatedEvent] = ()
    notes: Sequence[Note] = ()
    """For people: what was dated by the extract, what is a question."""
    faults: Sequence[RowFault] = ()
    """Rows that cannot be true (one that ends before it begins). The others count."""
