"""Compares an extract with what its feed said before: which subjects changed, their events, and an answer to each
row.

Invariant: no I/O. Every row has exactly one answer. Rows that did not change are not looked at again.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from contracts.catalogue import TOPIC_OF_TYPE
from services.people.delivering import as_sent
from services.people.differ import differing
from services.people.differ.remembering import IN_THE_FILE, NOT_IN_THE_FILE
from services.people.facts import Difference, SubjectState
from services.people.mapping.model import FileMapping
from services.people.mapping.reader import Pseudonym, Reader, RowsRead
from services.people.mapping.repeatable_cells import RepeatableCells
from services.people.mapping.rows import NamedRow
from services.people.register.keys import Keyring, Sealed
from services.people.statements import Extract, History, Kind, PersonalDetails, RowFault
from services.people.store import Outgoing, RowAnswer, Stated

NOT_READABLE = ""
"""The key of rows whose reference cannot be read."""
PSEUDONYMS_AT_HAND = 10_000
"""Those of the subjects that are being read. Those of a whole file would take much memory, and making them is quick."""


class Status(StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    ALREADY_KNOWN = "already-known"
    REJECTED = "rejected"
    LEFT_OUT = "left-out"


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept about a subject: the digest of its rows, how many extracts did not name it, whether a fact
    stands.
    """

    digest: bytes | None
    missing: int
    states: bool


@dataclass(slots=True)
class Plan:
    """What must be looked at: the rows of subjects that are new or changed, and the subjects that are missing.

    `named` is how many subjects the extract names. `stated` is how many of the unchanged ones have a fact that
    stands.
    """

    changed: dict[str, list[NamedRow]]
    named: int
    unchanged: list[int] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    stated: int = 0


@dataclass(slots=True)
class Outcome:
    """The result for some subjects: their states, events to send, persons, and answers."""

    states: list[Stated] = field(default_factory=list)
    events: list[Outgoing] = field(default_factory=list)
    persons: list[PersonalDetails] = field(default_factory=list, repr=False)
    rows: list[RowAnswer] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    stated: int = 0
    """How many of the subjects count: their rows say something, or would if mended. Subjects that are only left out
    do not."""
    nobodys: int = 0
    """Rejected rows that may be about somebody else than they seem."""


class Comparison:
    """One extract, compared with what its feed said before."""

    def __init__(
        self, file_mapping: FileMapping, mapping_sha256: str, extract: Extract, file_sha256: str, keyring: Keyring
    ) -> None:
        self.file_mapping = file_mapping
        self.extract = extract
        self._keyring = keyring
        self._mapping = mapping_sha256.encode()
        self._pseudonym: Pseudonym = lru_cache(PSEUDONYMS_AT_HAND)(
            lambda scheme, reference: keyring.pseudonym(extract.authority, scheme, reference)
        )
        self._reader = Reader(file_mapping, self._pseudonym)
        self._repeatable = RepeatableCells(file_mapping.rules)
        name = file_mapping.name.encode("ascii", "replace").decode()
        self._came_from = f"feed {extract.feed}, {name} of {extract.as_at} ({file_sha256[:8]})"

    def plan(self, rows: Iterable[NamedRow]) -> Plan:
        """What must be looked at if nothing is known of any subject of the feed."""
        by_key: defaultdict[str, list[NamedRow]] = defaultdict(list)
        for row in rows:
            by_key[row.key].append(row)
        # Two spellings of one reference are one subject.
        by_subject: defaultdict[str, list[NamedRow]] = defaultdict(list)
        while by_key:
            key, of_key = by_key.popitem()
            by_subject[self._subject(key)] += of_key
        for of_key in by_subject.values():
            of_key.sort()
        return Plan(dict(by_subject), len(by_subject.keys() - {NOT_READABLE}))

    def compare(self, plan: Plan, known: Mapping[str, Known]) -> None:
        """Let a plan know what is known of some subjects of the feed."""
        for subject, before in known.items():
            rows = plan.changed.get(subject)
            if rows is None:
                plan.missing += [subject] if before.states else []
            elif (before.digest, before.missing) == (self._digest(rows), 0):
                plan.unchanged += [row.number for row in rows]
                plan.stated += before.states
                del plan.changed[subject]

    def _subject(self, key: str) -> str:
        if key == NOT_READABLE:
            return NOT_READABLE
        return f"{self.file_mapping.subject_kind}/{self.file_mapping.subject(key, self._pseudonym)}"

    def outcome(
        self,
        changed: Mapping[str, Sequence[NamedRow]],
        before: Mapping[str, SubjectState],
        sealed: Sealed,
    ) -> Outcome:
        """The result for these subjects. `sealed` encrypts with the file's key."""
        outcome = Outcome()
        for subject in sorted(changed):
            read = self._reader.read(changed[subject])
            self._answer(changed[subject], read, subject, before.get(subject), sealed, outcome)
        return outcome

    def _answer(
        self,
        rows: Sequence[NamedRow],
        read: RowsRead,
        subject: str,
        before: SubjectState | None,
        sealed: Sealed,
        outcome: Outcome,
    ) -> None:
        """Of one subject."""
        notes: defaultdict[int | None, list[str]] = defaultdict(list)
        difference = self._difference(read, before)
        all_faults = [*read.faults, *(self._in_columns(fault) for fault in (difference.faults if difference else ()))]
        if difference is None and before is not None:
            outcome.states.append(_stated(before, None))
        elif difference is None:
            if subject and not all_faults:
                outcome.states.append(_stated(SubjectState(subject), self._digest(rows)))
        else:
            # What was rejected in part is looked at again with the next extract, whatever that says.
            whole = None if all_faults else self._digest(rows)
            outcome.states.append(_stated(difference.state, whole))
            outcome.events += self._outgoing(difference, before)
            outcome.questions += _questions(difference)
            for note in difference.notes:
                notes[note.row].append(note.text)
        outcome.persons += read.persons
        rows_with_events = {event.row for event in (difference.events if difference else ())}
        left_out = {row.row: row.rule for row in read.left_out}
        faults: defaultdict[int, list[RowFault]] = defaultdict(list)
        for fault in all_faults:
            faults[fault.row].append(fault)
        outcome.left_out.update(left_out.values())
        outcome.stated += bool(subject) and bool(read.statements or read.faults)
        outcome.nobodys += sum(row.number in faults and (not subject or row.width is not None) for row in rows)
        for row in rows:
            answer: dict[str, object] = {}
            if row.number in faults:
                status, answer = Status.REJECTED, self._rejected(row, faults[row.number])
            elif row.number in left_out:
                status, answer = Status.LEFT_OUT, {"rule": left_out[row.number]}
            else:
                status = Status.ACCEPTED if row.number in rows_with_events else Status.ALREADY_KNOWN
            answer |= {"notes": notes[row.number]} if row.number in notes else {}
            outcome.rows.append(RowAnswer(row.number, status, seal_answer(sealed, row.number, answer)))

    def _in_columns(self, fault: RowFault) -> RowFault:
        """A fault that the differ found, which knows fields alone, with the column that the file has for it."""
        reader = self.file_mapping.rules.fields.get(fault.column)
        return fault if reader is None else replace(fault, column=reader.column)

    def _rejected(self, row: NamedRow, faults: Iterable[RowFault]) -> dict[str, object]:
        """The answer about a rejected row, which is also kept: nothing personal."""
        faults_shown = []
        for fault in faults:
            words = {"column": fault.column, "problem": fault.problem, "expected": fault.expected}
            if fault.value is not None and self._repeatable.may_be(row, fault.value, fault.column):
                words["value"] = fault.value
            faults_shown.append(words)
        return {"faults": faults_shown, "told_cells": self._repeatable.cells(row)}

    def missing(self, before: Mapping[str, SubjectState]) -> Outcome:
        """The result for subjects that the extract does not name."""
        outcome = Outcome()
        for subject in sorted(before):
            difference = differing.missing(before[subject], self.extract, self.file_mapping.policy)
            outcome.states.append(_stated(difference.state, None))
            outcome.events += self._outgoing(difference, before[subject])
            outcome.questions += _questions(difference)
        return outcome

    def nobody_missing(self, nobodys: int, missing: int) -> Outcome:
        """The result if an extract does not name some subjects but has rows that may be theirs."""
        policy = self.file_mapping.policy
        if self.extract.kind is Kind.CHANGES and policy.history is History.CURRENT:
            return Outcome()
        whose = f"{nobodys} rejected rows may be of anybody"
        return Outcome(
            questions=[f"{whose}: the {missing} that the file does not name stay, and are not counted as missing"]
        )

    def _difference(self, read: RowsRead, before: SubjectState | None) -> Difference | None:
        """None if nothing is stated: if all rows of a subject were rejected, everything stays as it was."""
        if not read.statements and (before is None or read.faults):
            return None
        policy, incomplete = self.file_mapping.policy, bool(read.faults)
        return differing.difference(before, read.statements, self.extract, policy, incomplete=incomplete)

    def _outgoing(self, difference: Difference, before: SubjectState | None) -> list[Outgoing]:
        state_before = None if before is None else before.to_json()
        dated = {(note.row, str(note.dated)) for note in difference.notes if note.dated is not None}
        events = []
        for event in difference.events:
            # What follows of a row that is remembered is of no row of this file.
            row = None if event.row in (NOT_IN_THE_FILE, IN_THE_FILE) else event.row
            came_from = self._came_from if row is None else f"{self._came_from}, row {row}"
            if dated and any((row, day) in dated for day in json.loads(event.data).values() if isinstance(day, str)):
                came_from += ", dated by the extract"
            attributes = event.attributes
            text = as_sent(attributes, event.data, came_from)
            id, kind = attributes["id"], attributes["type"]
            door = TOPIC_OF_TYPE[kind].owner
            events.append(Outgoing(row, door, difference.state.subject, id, kind, text, state_before))
        return events

    def _digest(self, rows: Sequence[NamedRow]) -> bytes:
        text = json.dumps([(row.cells, row.width) for row in rows]).encode()
        return self._keyring.digest(self._mapping, text)


def seal_answer(sealed: Sealed, row: int, answer: Mapping[str, object]) -> bytes | None:
    """The answer about a row beyond its status, encrypted; None if there is nothing."""
    return sealed.seal(json.dumps(answer).encode(), f"row {row}") if answer else None


def seal_faults(sealed: Sealed, event: str, faults: Sequence[Mapping[str, Any]]) -> bytes:
    """What a door found wrong with an event. Encrypted, because it may repeat a value of a wrong column."""
    return sealed.seal(json.dumps(faults).encode(), f"event {event}")


def read_faults(sealed: Sealed | None, event: str, faults: bytes | None) -> list[dict[str, Any]]:
    """The same again; nothing where it may no longer be read."""
    if sealed is None or faults is None:
        return []
    opened: list[dict[str, Any]] = json.loads(sealed.read(faults, f"event {event}"))
    return opened


def read_answer(sealed: Sealed | None, row: int, answer: bytes | None) -> dict[str, Any]:
    """The same again; nothing where it may no longer be read."""
    if sealed is None or answer is None:
        return {}
    opened: dict[str, Any] = json.loads(sealed.read(answer, f"row {row}"))
    return opened


def subject_state(kept: str) -> SubjectState:
    """What a feed said last of a subject, as it was kept."""
    return SubjectState.from_json(kept)


def _questions(difference: Difference) -> list[str]:
    """What people are asked about a subject, which each question names: without it nobody could answer."""
    return [f"{difference.state.subject} {note.text}" for note in difference.notes if note.row is None]


def _stated(state: SubjectState, digest: bytes | None) -> Stated:
    return Stated(state.subject, digest, state.to_json(), state.missing, bool(state.facts))


def taken_back(state: SubjectState, event: Mapping[str, Any], before: SubjectState | None) -> SubjectState:
    """A state without what a rejected event stated; `before` is the state before that event.

    What the event corrected or withdrew stands again. Its rows are forgotten, so that the next rows count as new.
    They are kept if something else stands that was said with the event or after it: that would get a new date.
    """
    referred = event.get("supersedes") or event.get("voids")
    facts = [fact for fact in state.facts if fact.events[-1] != event["id"]]
    stood = before.facts if before else ()
    facts += [fact for fact in stood if fact.events[-1] == referred]
    events_before = {id for fact in stood for id in fact.events}
    remembered = before.remembered if before else ()
    if any(fact.events[-1] not in events_before for fact in facts):
        remembered = state.remembered
    return replace(state, facts=tuple(facts), remembered=remembered)
