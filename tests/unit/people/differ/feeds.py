"""A feed that is read day by day in tests, and what it told, written short.

Invariant: every event told is one that the doors would take.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from contracts.codes import CoverReason, CswwRole, Role
from contracts.envelope import Event, parse_event
from contracts.events.base import EventData, Withdrawal
from services.people.differ.differing import difference, missing, subject_of
from services.people.facts import Difference, StatedEvent, SubjectState
from services.people.statements import (
    CoverStated,
    Extract,
    History,
    HoldingStated,
    Kind,
    Policy,
    PostStated,
    Statement,
)

Told = tuple[EventData | Withdrawal, str]
"""What an event states, and to which of the feed's events, counted from 1, it refers: `corrects 1`, `voids 1`."""


class Feed:
    """Extracts of one kind, one after another."""

    def __init__(self, kind: Kind, policy: Policy) -> None:
        self.states: dict[str, SubjectState] = {}
        self.events: list[Event] = []
        self.notes: list[str] = []
        self.faults: list[str] = []
        self._kind = kind
        self._policy = policy

    def reads(self, day: date, *rows: Statement, incomplete: bool = False) -> list[Told]:
        """What an extract of a day tells."""
        extract = Extract("331", "hr", self._kind, day, datetime.combine(day, time(22), UTC))
        self.notes, self.faults = [], []
        told: list[Told] = []
        named = {subject_of(row): [one for one in rows if subject_of(one) == subject_of(row)] for row in rows}
        for subject, stated in named.items():
            before = self._kept(subject)
            told += self._take(difference(before, stated, extract, self._policy, incomplete=incomplete))
        for subject in [subject for subject in self.states if subject not in named]:
            before = self._kept(subject)
            assert before is not None
            told += self._take(missing(before, extract, self._policy))
        return told

    def _kept(self, subject: str) -> SubjectState | None:
        state = self.states.get(subject)
        return None if state is None else SubjectState.from_json(state.to_json())

    def _take(self, found: Difference) -> list[Told]:
        assert SubjectState.from_json(found.state.to_json()) == found.state
        self.states[found.state.subject] = found.state
        self.notes += [note.text for note in found.notes]
        self.faults += [f"{fault.column} {fault.problem}" for fault in found.faults]
        return [self._told(event) for event in found.events]

    def _told(self, stated: StatedEvent) -> Told:
        event = parse_event(stated.attributes, stated.data.encode())
        numbers = {told.envelope.id: number for number, told in enumerate(self.events, start=1)}
        self.events.append(event)
        assert len(numbers) + 1 == len({told.envelope.id for told in self.events})
        envelope = event.envelope
        if envelope.supersedes is not None:
            return event.data, f"corrects {numbers[envelope.supersedes]}"
        return event.data, "" if envelope.voids is None else f"voids {numbers[envelope.voids]}"


def whole(kind: Kind, **policy: Any) -> Feed:
    """A feed whose files hold the whole history."""
    return Feed(kind, Policy(history=History.COMPLETE, **policy))


def current(kind: Kind, **policy: Any) -> Feed:
    """A feed whose files hold only what is current."""
    return Feed(kind, Policy(history=History.CURRENT, **policy))


def held(
    since: date | None = None,
    until: date | None = None,
    post: str = "P-1",
    fte: str = "1",
    holding: str | None = None,
    worker: str = "W-1",
    row: int = 2,
    **stated: Any,
) -> HoldingStated:
    """A row about a worker in a post, of a source without keys of its own for it."""
    key = f"{worker}.{post}" if holding is None else holding
    return HoldingStated(row, worker, key, post, Decimal(fte), since, until, **stated)


def post(
    since: date | None = None, until: date | None = None, fte: str = "1", team: str = "assessment", **stated: Any
) -> PostStated:
    """A row about a social worker's post."""
    row, key = stated.pop("row", 2), stated.pop("post", "P-1")
    role = stated.pop("role", Role.SOCIAL_WORKER)
    return PostStated(
        row,
        key,
        role,
        Decimal(fte),
        team,
        "help-and-protection",
        csww_role=CswwRole.CASE_HOLDER,
        holds_from=since,
        holds_until=until,
        **stated,
    )


def cover(since: date | None = None, until: date | None = None, fte: str = "1", **stated: Any) -> CoverStated:
    """A row about an agency worker's assignment to a vacancy."""
    row, post = stated.pop("row", 2), stated.pop("post", "P-1")
    reason = stated.pop("reason", CoverReason.VACANCY)
    return CoverStated(row, "C-1", "A-1", Decimal(fte), reason, post, holds_from=since, holds_until=until, **stated)
