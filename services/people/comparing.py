"""From the rows of an extract to what they change: which subjects are new or changed, their events, an answer to each row.

Invariant: no I/O. Every row has exactly one answer; rows that say what they said before are not looked at again.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from services.people.facts import SubjectState
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
        self._came_from = f"feed {extract.feed}, {file_mapping.name} of {extract.as_at} ({file_sha256[:8]})"

    def plan(self, rows: Iterable[NamedRow], known: Mapping[str, tuple[bytes | None, int]]) -> Plan:
        """`known` has of each subject the digest of its rows, and how many extracts did not name it."""
        grouped: defaultdict[str, list[NamedRow]] = defaultdict(list)
        for row in rows:
            grouped[row.key].append(row)
        plan = Plan({}, {}, [], [], 0)
        named = set()
        for key in list(grouped):
            found = grouped.pop(key)
            subject = self.file_mapping.subject(key, self._pseudonym) if key != NOT_READABLE else NOT_READABLE
            digest = self._digest(found)
            named.add(subject)
            if known.get(subject) == (digest, 0):
                plan.unchanged += [row.number for row in found]
            else:
                plan.changed.setdefault(subject, []).extend(found)
                plan.digests[subject] = digest
        plan.subjects = len(named - {NOT_READABLE})
        plan.missing = sorted(known.keys() - named)
        return plan

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
        difference = self._difference(subject, read, before)
        if difference is not None:
            # What was rejected in part is looked at again with the next extract, whatever that says.
            whole = None if read.faults else digests[subject]
            outcome.states.append(_stated(difference.state, whole))
            outcome.events += self._outgoing(difference, before)
            outcome.questions += difference.notes
        outcome.persons += read.persons
        told = {event.row for event in (difference.events if difference else ())}
        faults, left_out = defaultdict(list), {row.row: row.rule for row in read.left_out}
        for fault in read.faults:
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
            outcome.rows.append(RowAnswer(row.number, status, seal_answer(sealed, row.number, answer)))

    def _digest(self, rows: Sequence[NamedRow]) -> bytes:
        text = json.dumps([(row.cells, row.width) for row in rows]).encode()
        return self._keyring.digest(self._mapping, text)
