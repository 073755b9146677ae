"""From the rows of an extract to what they change: which subjects changed, their events, an answer to each row.

Invariant: no I/O. Every row has exactly one answer; rows that say what they said before are not looked at again.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any

from contracts.catalogue import TOPIC_OF_TYPE
from services.people.delivering import as_sent
from services.people.differ import differing
from services.people.facts import Difference, SubjectState
from services.people.mapping.model import FileMapping
from services.people.mapping.reader import Pseudonym, Reader, RowsRead
from services.people.mapping.rows import NamedRow
from services.people.register.keys import Keyring, Sealed
from services.people.statements import Extract, PersonalDetails
from services.people.store import Outgoing, RowAnswer, Stated

NOT_READABLE = ""
"""The key of rows whose reference cannot be read."""


class Status(StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    ALREADY_KNOWN = "already-known"
    REJECTED = "rejected"
    LEFT_OUT = "left-out"


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of a subject: the digest of its rows, how many extracts did not name it, whether a fact stands."""

    digest: bytes | None
    missing: int
    states: bool


@dataclass(slots=True)
class Plan:
    """What of an extract is looked at: the rows of subjects that are new or changed, and subjects that are missing."""

    changed: dict[str, list[NamedRow]]
    digests: dict[str, bytes]
    unchanged: list[int]
    missing: list[str]
    subjects: int


@dataclass(slots=True)
class Outcome:
    """What some subjects give: their states, events on their way, persons, and answers."""

    states: list[Stated] = field(default_factory=list)
    events: list[Outgoing] = field(default_factory=list)
    persons: list[PersonalDetails] = field(default_factory=list, repr=False)
    rows: list[RowAnswer] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


class Comparison:
    """One extract, compared with what its feed said before."""

    def __init__(
        self, file_mapping: FileMapping, mapping_sha256: str, extract: Extract, file_sha256: str, keyring: Keyring
    ) -> None:
        self.file_mapping = file_mapping
        self.extract = extract
        self._keyring = keyring
        self._mapping = mapping_sha256.encode()
        self._pseudonym: Pseudonym = cache(
            lambda scheme, reference: keyring.pseudonym(extract.authority, scheme, reference)
        )
        self._reader = Reader(file_mapping, self._pseudonym)
        name = file_mapping.name.encode("ascii", "replace").decode()
        self._came_from = f"feed {extract.feed}, {name} of {extract.as_at} ({file_sha256[:8]})"

    def plan(self, rows: Iterable[NamedRow], known: Mapping[str, Known]) -> Plan:
        """What is to be looked at, given what is known of each subject of the feed."""
        by_key: defaultdict[str, list[NamedRow]] = defaultdict(list)
        for row in rows:
            by_key[row.key].append(row)
        # Two spellings of one reference are one subject.
        by_subject: defaultdict[str, list[NamedRow]] = defaultdict(list)
        while by_key:
            key, found = by_key.popitem()
            by_subject[self._subject(key)] += found
        plan = Plan({}, {}, [], [], len(by_subject.keys() - {NOT_READABLE}))
        plan.missing = sorted(subject for subject in known.keys() - by_subject.keys() if known[subject].states)
        while by_subject:
            subject, found = by_subject.popitem()
            found.sort()
            digest = self._digest(found)
            before = known.get(subject)
            if before is not None and (before.digest, before.missing) == (digest, 0):
                plan.unchanged += [row.number for row in found]
            else:
                plan.changed[subject], plan.digests[subject] = found, digest
        return plan

    def _subject(self, key: str) -> str:
        if key == NOT_READABLE:
            return NOT_READABLE
        return f"{self.file_mapping.subject_kind}/{self.file_mapping.subject(key, self._pseudonym)}"

    def outcome(
        self,
        changed: Mapping[str, Sequence[NamedRow]],
        digests: Mapping[str, bytes],
        before: Mapping[str, SubjectState],
        sealed: Sealed,
    ) -> Outcome:
        """What these subjects give. `sealed` is the file's."""
        outcome = Outcome()
        for subject in sorted(changed):
            read = self._reader.read(changed[subject])
            self._answer(changed[subject], read, subject, digests, before.get(subject), sealed, outcome)
        return outcome

    def _answer(
        self,
        rows: Sequence[NamedRow],
        read: RowsRead,
        subject: str,
        digests: Mapping[str, bytes],
        before: SubjectState | None,
        sealed: Sealed,
        outcome: Outcome,
    ) -> None:
        """Of one subject."""
        notes: defaultdict[int | None, list[str]] = defaultdict(list)
        found = self._difference(read, before)
        all_faults = [*read.faults, *(found.faults if found else ())]
        if found is None and before is not None:
            outcome.states.append(_stated(before, None))
        elif found is None:
            digest = None if all_faults or not subject else digests[subject]
            outcome.states += [_stated(SubjectState(subject), digest)] if digest else []
        else:
            # What was rejected in part is looked at again with the next extract, whatever that says.
            whole = None if all_faults else digests[subject]
            outcome.states.append(_stated(found.state, whole))
            outcome.events += self._outgoing(found, before)
            outcome.questions += [note.text for note in found.notes if note.row is None]
            for note in found.notes:
                notes[note.row].append(note.text)
        outcome.persons += read.persons
        told = {event.row for event in (found.events if found else ())}
        faults, left_out = defaultdict(list), {row.row: row.rule for row in read.left_out}
        for fault in all_faults:
            faults[fault.row].append(
                {"column": fault.column, "problem": fault.problem, "expected": fault.expected}
                | ({} if fault.value is None else {"value": fault.value})
            )
        outcome.left_out.update(left_out.values())
        for row in rows:
            answer: dict[str, object] = {}
            if row.number in faults:
                status, answer = Status.REJECTED, {"faults": faults[row.number], "cells": row.cells}
            elif row.number in left_out:
                status, answer = Status.LEFT_OUT, {"rule": left_out[row.number]}
            else:
                status = Status.ACCEPTED if row.number in told else Status.ALREADY_KNOWN
            answer |= {"notes": notes[row.number]} if row.number in notes else {}
            outcome.rows.append(RowAnswer(row.number, status, seal_answer(sealed, row.number, answer)))

    def missing(self, before: Mapping[str, SubjectState]) -> Outcome:
        """What it gives that the extract does not name these subjects."""
        outcome = Outcome()
        for subject in sorted(before):
            found = differing.missing(before[subject], self.extract, self.file_mapping.policy)
            outcome.states.append(_stated(found.state, None))
            outcome.events += self._outgoing(found, before[subject])
            outcome.questions += [note.text for note in found.notes]
        return outcome

    def _difference(self, read: RowsRead, before: SubjectState | None) -> Difference | None:
        """None where nothing is stated: of a subject all of whose rows were rejected all stays as it was."""
        if not read.statements and (before is None or read.faults):
            return None
        policy, incomplete = self.file_mapping.policy, bool(read.faults)
        return differing.difference(before, read.statements, self.extract, policy, incomplete=incomplete)

    def _outgoing(self, found: Difference, before: SubjectState | None) -> list[Outgoing]:
        state_before = None if before is None else before.to_json()
        events = []
        for event in found.events:
            attributes, row = event.attributes, "" if event.row is None else f", row {event.row}"
            text = as_sent(attributes, event.data, self._came_from + row)
            id, kind = attributes["id"], attributes["type"]
            door = TOPIC_OF_TYPE[kind].owner
            events.append(Outgoing(event.row, door, found.state.subject, id, kind, text, state_before))
        return events

    def _digest(self, rows: Sequence[NamedRow]) -> bytes:
        text = json.dumps([(row.cells, row.width) for row in rows]).encode()
        return self._keyring.digest(self._mapping, text)


def seal_answer(sealed: Sealed, row: int, answer: Mapping[str, object]) -> bytes | None:
    """What is told of a row beyond its status, encrypted; None where there is nothing."""
    return sealed.seal(json.dumps(answer).encode(), f"row {row}") if answer else None


def seal_faults(sealed: Sealed, event: str, faults: Sequence[Mapping[str, Any]]) -> bytes:
    """What a door found wrong with an event, encrypted: it may repeat a value of a wrong column."""
    return sealed.seal(json.dumps(faults).encode(), f"event {event}")


def read_faults(sealed: Sealed | None, event: str, faults: bytes | None) -> list[dict[str, Any]]:
    """The same again; nothing where it may no longer be read."""
    if sealed is None or faults is None:
        return []
    found: list[dict[str, Any]] = json.loads(sealed.read(faults, f"event {event}"))
    return found


def read_answer(sealed: Sealed | None, row: int, answer: bytes | None) -> dict[str, Any]:
    """The same again; nothing where it may no longer be read."""
    if sealed is None or answer is None:
        return {}
    found: dict[str, Any] = json.loads(sealed.read(answer, f"row {row}"))
    return found


def subject_state(kept: str) -> SubjectState:
    """What a feed said last of a subject, as it was kept."""
    return SubjectState.from_json(kept)


def _stated(state: SubjectState, digest: bytes | None) -> Stated:
    return Stated(state.subject, digest, state.to_json(), state.missing, bool(state.facts))


def taken_back(state: SubjectState, event: Mapping[str, Any], before: SubjectState | None) -> SubjectState:
    """A state without what this event stated; `before` is the state that led to it.

    What the event corrected or withdrew stands again; its rows are forgotten, so that the next ones count afresh.
    """
    referred = event.get("supersedes") or event.get("voids")
    facts = [fact for fact in state.facts if fact.events[-1] != event["id"]]
    facts += [fact for fact in (before.facts if before else ()) if fact.events[-1] == referred]
    return replace(state, facts=tuple(facts), remembered=before.remembered if before else ())
