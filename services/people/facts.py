"""Facts: what a feed says is so, as the events that state it, and what it said last.

Invariant: a fact is what an event would say, no more: whoever knows the facts that a feed states knows its events.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.events.base import EventData


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
    """A fact that stands: `event` is the id of the last event that stated or corrected it."""

    fact: Fact
    event: str


@dataclass(frozen=True, slots=True)
class SubjectState:
    """What a feed said last of one subject (a post, a worker, an assignment): the facts that stand.

    `missing` counts the extracts, one after another, that did not name it; `missing_since` is the date of the first.
    """

    subject: str
    facts: tuple[StatedFact, ...] = ()
    missing: int = 0
    missing_since: str | None = None


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
class Difference:
    """What an extract changes about one subject: the state after it, and the events that lead there, in order."""

    state: SubjectState
    events: Sequence[StatedEvent]
    notes: Sequence[str] = ()
    """For people: what was dated by the extract, what is a question."""
