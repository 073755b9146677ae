"""Takes in an accepted file: compares it with what its feed said before, in one transaction.

Invariant: states, events, answers and what the register learns from one file are committed together, or not at all.
Files of one feed are taken in in the order in which they were accepted.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import asyncpg

from contracts.refusal import Fault
from services.chassis.cancelling import FAILURES, raise_if_cancelled
from services.chassis.database import Connection, why_not_now
from services.chassis.logs import get_log
from services.chassis.problems import Problem
from services.chassis.runtime import Runtime
from services.people import store
from services.people.comparing import Comparison, Known, Outcome, Plan, Status, subject_state
from services.people.differ.refusing import Delivery, refused
from services.people.facts import SubjectState
from services.people.handlers import People, assert_same_key, read_mapping_once, sealed_of, source_line_of
from services.people.kept_rows import unpacked
from services.people.mapping.model import FileMapping
from services.people.mapping.rows import NamedRow
from services.people.register import store as register
from services.people.register.keys import Sealed
from services.people.statements import Extract
from services.people.store import RowAnswer

log = get_log(__name__)

SUBJECTS_AT_ONCE = 1000
"""So many subjects are worked out and written before the next ones are looked at, because results are many times
larger than rows."""
KNOWN_AT_ONCE = 5000
"""Subjects of which is read at once what is known."""
MOST_QUESTIONS = 1000
"""That are kept of one file; how many more there are is told."""


class Refusal(Exception):
    """Raised to refuse a file that is being taken in: what was written of it is rolled back."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.problem)
        self.fault = fault


@dataclass(slots=True)
class Totals:
    """The results of a file, in numbers. `stated`: the number of subjects that it says something about."""

    rows: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    questions: list[str] = field(default_factory=list)
    questions_left_out: int = 0
    stated: int = 0

    def add(self, outcome: Outcome) -> None:
        """What some subjects gave."""
        self.rows.update(row.status for row in outcome.rows)
        self.events.update(event.event_type for event in outcome.events)
        self.left_out.update(outcome.left_out)
        self.stated += outcome.stated
        kept = outcome.questions[: MOST_QUESTIONS - len(self.questions)]
        self.questions += kept
        self.questions_left_out += len(outcome.questions) - len(kept)

    def as_json(self) -> dict[str, Any]:
        """As it is kept, and told."""
        return {
            "rows": {status: self.rows[status] for status in Status},
            "events": dict(sorted(self.events.items())),
            "left_out": dict(sorted(self.left_out.items())),
            "questions": self.questions,
            "questions_left_out": self.questions_left_out,
        }


async def take_in_files(people: People, runtime: Runtime) -> None:
    """Take in what waits, one file after another."""
    try:
        await assert_same_key(runtime, people)
        runtime.unsettled = None
    except Problem as reason:
        runtime.unsettled = str(reason)
        return
    while await _take_in_next(people, runtime):
        runtime.wake()


async def _take_in_next(people: People, runtime: Runtime) -> bool:
    """Take in the oldest file that waits. Returns False if none waits, or another process is taking one in."""
    async with runtime.pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(store.TRY_TO_TAKE_IN, store.ONE_AT_A_TIME):
            return False
        file = await connection.fetchrow(store.NEXT_FILE)
        if file is None:
            return False
        try:
            async with connection.transaction():
                await _take_in(people, connection, file)
        except Refusal as refusal:
            await _refuse(connection, file, f"{refusal.fault.field} {refusal.fault.problem}", refusal.fault.expected)
        except FAILURES as error:
            raise_if_cancelled(error)
            if why_not_now(error) is not None or isinstance(error, Problem):
                raise
            # It would fail again, and keep all that come after it waiting.
            at = source_line_of(error)
            log.error("a file could not be taken in", file=file["id"], cause=type(error).__name__, at=at)
            await _refuse(connection, file, "the service failed on it", "to ask those who run the service: see its log")
    return True


async def _take_in(people: People, connection: Connection, file: asyncpg.Record) -> None:
    comparison, sealed = await compared(people, connection, file)
    of = of_feed(file)
    parts = [row["sealed_rows"] for row in await connection.fetch(store.PARTS, file["id"])]
    plan = await planned(connection, of, comparison, unpacked(parts, sealed))
    before = await delivery_before(connection, file, comparison)
    assert_not_refused(before, file, comparison, plan.named)
    totals = Totals(stated=plan.stated)
    totals.rows[Status.ALREADY_KNOWN] += len(plan.unchanged)
    await store.write_rows(connection, file["id"], already_known(plan.unchanged))
    async for outcome in outcomes(connection, comparison, plan, of, sealed):
        await store.write_states(connection, of, outcome.states)
        await store.write_outgoing(connection, file["id"], file["kind"], outcome.events)
        await store.write_rows(connection, file["id"], outcome.rows)
        await register.remember(connection, people.keyring, of, file["recorded_at"], outcome.persons)
        totals.add(outcome)
    assert_not_refused(before, file, comparison, totals.stated)
    await connection.execute(store.FORGET_PARTS, file["id"])
    state = "taken-in" if totals.events else "delivered"
    await connection.execute(store.FILE_TAKEN_IN, file["id"], state, totals.stated, json.dumps(totals.as_json()))
    log.info("file taken in", file=file["id"], **{str(status): count for status, count in totals.rows.items()})


async def compared(people: People, connection: Connection, file: asyncpg.Record) -> tuple[Comparison, Sealed]:
    """What compares a file by the mapping it was accepted by, and the file's key."""
    of = (file["authority"], file["feed"], file["mapping_version"])
    mapping = await connection.fetchrow(store.MAPPING_OF_VERSION, *of)
    sealed = sealed_of(people, file)
    assert mapping is not None and sealed is not None  # noqa: S101, PT018 - both stay while a file waits
    mapping_file = await asyncio.to_thread(read_mapping_once, mapping["content"])
    return comparison_of(people, file, mapping_file.file(file["kind"]), mapping["sha256"]), sealed


def comparison_of(people: People, file: store.File, file_mapping: FileMapping, mapping_sha256: str) -> Comparison:
    """What compares a file by what its mapping says of it."""
    extract = Extract(file["authority"], file["feed"], file_mapping.kind, file["as_at"], file["recorded_at"])
    return Comparison(file_mapping, mapping_sha256, extract, file["sha256"], people.keyring)


async def planned(
    connection: Connection, of: tuple[str, str, str], comparison: Comparison, rows: Iterable[NamedRow]
) -> Plan:
    """What of a file is looked at. What is known of subjects that the feed ever named is read some at a time."""
    plan = await asyncio.to_thread(comparison.plan, rows)
    known = await connection.cursor(store.KNOWN, *of)
    while some := await known.fetch(KNOWN_AT_ONCE):
        kept = {row["subject"]: Known(row["digest"], row["missing"], row["states"]) for row in some}
        await asyncio.to_thread(comparison.compare, plan, kept)
    plan.missing.sort()
    return plan


def already_known(rows: Iterable[int]) -> Iterator[RowAnswer]:
    """The answers to rows that say what they said before: one for all that follow one another."""
    first = last = 0
    for row in sorted(rows):
        if first and row != last + 1:
            yield RowAnswer(first, Status.ALREADY_KNOWN, last=last)
            first = 0
        first, last = first or row, row
    if first:
        yield RowAnswer(first, Status.ALREADY_KNOWN, last=last)


def of_feed(file: store.File) -> tuple[str, str, str]:
    """Of which authority, feed and kind a file is."""
    return file["authority"], file["feed"], file["kind"]


async def delivery_before(connection: Connection, file: store.File, comparison: Comparison) -> Delivery | None:
    """The last file of the feed and kind that was taken in."""
    last = await connection.fetchrow(store.FILE_BEFORE, *of_feed(file))
    if last is None:
        return None
    extract = replace(comparison.extract, as_at=last["as_at"], recorded_at=last["recorded_at"])
    return Delivery(extract, last["subjects"], layout_of(last["header"]))


def assert_not_refused(before: Delivery | None, file: store.File, comparison: Comparison, subjects: int) -> None:
    """Raises Refusal for a file that is refused whole, if it speaks of so many subjects.

    Called twice: before the rows are read, with the number of subjects named; then with the number of subjects that
    it says something about. Rows left out by a rule do not count as subjects (if they did, a rule that suddenly fits
    all rows would end everybody); rejected rows do.
    """
    now = Delivery(comparison.extract, subjects, layout_of(file["header"]))
    fault = refused(before, now, comparison.file_mapping.policy, confirmed=file["confirmed"])
    if fault is not None:
        raise Refusal(fault)


def layout_of(header: Sequence[str]) -> str:
    """The set of the mapping's columns that a file has, regardless of their order."""
    return ", ".join(sorted(header))


async def outcomes(
    connection: Connection, comparison: Comparison, plan: Plan, of: tuple[str, str, str], sealed: Sealed
) -> AsyncIterator[Outcome]:
    """The results of a file, some subjects at a time, in the order of their names.

    What the next ones give is made while what these gave is written. Nobody is missing from a file with rows that may
    be anybody's.
    """
    subjects, nobodys = iter(sorted(plan.changed)), 0
    pending: asyncio.Task[Outcome] | None = None
    try:
        while some := list(islice(subjects, SUBJECTS_AT_ONCE)):
            before = await store.states_of(connection, of, some)
            changed = {subject: plan.changed.pop(subject) for subject in some}
            outcome = None if pending is None else await pending
            made = asyncio.to_thread(_outcome, comparison, changed, before, sealed)
            pending = asyncio.create_task(made)
            if outcome is not None:
                nobodys += outcome.nobodys
                yield outcome
        if pending is not None:
            outcome = await pending
            nobodys += outcome.nobodys
            yield outcome
    finally:
        if pending is not None:
            pending.cancel()
    if nobodys and plan.missing:
        yield comparison.nobody_missing(nobodys, len(plan.missing))
        return
    left = iter(plan.missing)
    while some := list(islice(left, SUBJECTS_AT_ONCE)):
        before = await store.states_of(connection, of, some)
        yield await asyncio.to_thread(comparison.missing, _states(before))


def _outcome(
    comparison: Comparison,
    changed: Mapping[str, Sequence[NamedRow]],
    before: Mapping[str, str],
    sealed: Sealed,
) -> Outcome:
    return comparison.outcome(changed, _states(before), sealed)


def _states(kept: Mapping[str, str]) -> dict[str, SubjectState]:
    return {subject: subject_state(state) for subject, state in kept.items()}


async def _refuse(connection: Connection, file: asyncpg.Record, problem: str, expected: str) -> None:
    await connection.execute(store.FORGET_PARTS, file["id"])
    await connection.execute(store.REFUSE_FILE, file["id"], json.dumps({"problem": problem, "expected": expected}))
    log.warning("file refused", file=file["id"])
