"""Taking in an accepted file: compared with what its feed said before, in one transaction.

Invariant: states, events, answers and what the register learns of one file are committed together, or none of them; of
one feed files go in the order in which they were accepted.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
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
from services.people.handlers import People, assert_same_key, place_of, read_mapping_once, sealed_of
from services.people.kept_rows import unpacked
from services.people.mapping.model import FileMapping
from services.people.mapping.rows import NamedRow
from services.people.register import store as register
from services.people.register.keys import Sealed
from services.people.statements import Extract
from services.people.store import RowAnswer

log = get_log(__name__)

SUBJECTS_AT_ONCE = 500
"""Of which what they give is made, and written, before the next ones are looked at: it is many times what they are."""
MOST_QUESTIONS = 1000
"""That are kept of one file; how many more there are is told."""


@dataclass(slots=True)
class Totals:
    """What a file gave, in numbers."""

    rows: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    questions: list[str] = field(default_factory=list)
    questions_left_out: int = 0

    def add(self, outcome: Outcome) -> None:
        """What some subjects gave."""
        self.rows.update(row.status for row in outcome.rows)
        self.events.update(event.event_type for event in outcome.events)
        self.left_out.update(outcome.left_out)
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
        pass


async def _take_in_next(people: People, runtime: Runtime) -> bool:
    """Take in the oldest file that waits; False where none does, or another process is at it."""
    async with runtime.pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", store.ONE_AT_A_TIME):
            return False
        file = await connection.fetchrow(store.NEXT_FILE)
        if file is None:
            return False
        try:
            async with connection.transaction():
                await _take_in(people, connection, file)
        except FAILURES as error:
            raise_if_cancelled(error)
            if why_not_now(error) is not None or isinstance(error, Problem):
                raise
            # It would fail again, and keep all that come after it waiting.
            log.error("a file could not be taken in", file=file["id"], cause=type(error).__name__, at=place_of(error))
            await _refuse(connection, file, "the service failed on it", "to ask those who run the service: see its log")
    return True


async def _take_in(people: People, connection: Connection, file: asyncpg.Record) -> None:
    comparison, sealed = await compared(people, connection, file)
    rows = await _rows(connection, file, sealed)
    of = of_feed(file)
    known = await known_of(connection, of)
    plan = await asyncio.to_thread(comparison.plan, rows, known)
    del rows, known
    fault = await refusal(connection, file, comparison, plan.subjects)
    if fault is not None:
        await _refuse(connection, file, f"{fault.field} {fault.problem}", fault.expected)
        return
    totals = Totals()
    totals.rows[Status.ALREADY_KNOWN] += len(plan.unchanged)
    await store.write_rows(connection, file["id"], (RowAnswer(row, Status.ALREADY_KNOWN) for row in plan.unchanged))
    async for outcome in outcomes(connection, comparison, plan, of, sealed):
        await store.write_states(connection, of, outcome.states)
        await store.write_outgoing(connection, file["id"], file["kind"], outcome.events)
        await store.write_rows(connection, file["id"], outcome.rows)
        await register.remember(connection, people.keyring, of, file["recorded_at"], outcome.persons)
        totals.add(outcome)
    await connection.execute(store.FORGET_PARTS, file["id"])
    state = "taken-in" if totals.events else "delivered"
    await connection.execute(store.FILE_TAKEN_IN, file["id"], state, plan.subjects, json.dumps(totals.as_json()))
    log.info("file taken in", file=file["id"], **{str(status): count for status, count in totals.rows.items()})


async def compared(people: People, connection: Connection, file: asyncpg.Record) -> tuple[Comparison, Sealed]:
    """What compares a file by the mapping it was accepted by, and the file's key."""
    of = (file["authority"], file["feed"], file["mapping_version"])
    mapping = await connection.fetchrow(store.MAPPING_OF_VERSION, *of)
    sealed = sealed_of(people, file)
    assert mapping is not None and sealed is not None  # noqa: S101, PT018 - both stay while a file waits
    found = await asyncio.to_thread(read_mapping_once, mapping["content"])
    return comparison_of(people, file, found.file(file["kind"]), mapping["sha256"]), sealed


def comparison_of(people: People, file: store.File, file_mapping: FileMapping, mapping_sha256: str) -> Comparison:
    """What compares a file by what its mapping says of it."""
    extract = Extract(file["authority"], file["feed"], file_mapping.kind, file["as_at"], file["recorded_at"])
    return Comparison(file_mapping, mapping_sha256, extract, file["sha256"], people.keyring)


async def _rows(connection: Connection, file: asyncpg.Record, sealed: Sealed) -> list[NamedRow]:
    parts = [row["sealed_rows"] for row in await connection.fetch(store.PARTS, file["id"])]
    return await asyncio.to_thread(lambda: list(unpacked(parts, sealed)))


def of_feed(file: store.File) -> tuple[str, str, str]:
    """Of which authority, feed and kind a file is."""
    return file["authority"], file["feed"], file["kind"]


async def known_of(connection: Connection, of: tuple[str, str, str]) -> dict[str, Known]:
    """What is known of each subject that the feed ever named in such a file."""
    rows = await connection.fetch(store.KNOWN, *of)
    return {row["subject"]: Known(row["digest"], row["missing"], row["states"]) for row in rows}


async def refusal(connection: Connection, file: store.File, comparison: Comparison, subjects: int) -> Fault | None:
    """Why a file is refused whole; None where it is not."""
    last = await connection.fetchrow(store.FILE_BEFORE, *of_feed(file))
    before = None
    if last is not None:
        extract = replace(comparison.extract, as_at=last["as_at"], recorded_at=last["recorded_at"])
        before = Delivery(extract, last["subjects"], layout_of(last["header"]))
    now = Delivery(comparison.extract, subjects, layout_of(file["header"]))
    policy = comparison.file_mapping.policy
    return refused(before, now, policy, confirmed=file["confirmed"])


def layout_of(header: Sequence[str]) -> str:
    """Which of the mapping's columns a file has, in whatever order."""
    return ", ".join(sorted(header))


async def outcomes(
    connection: Connection, comparison: Comparison, plan: Plan, of: tuple[str, str, str], sealed: Sealed
) -> AsyncIterator[Outcome]:
    """What a file gives, some subjects at a time, in the order of their names."""
    subjects = iter(sorted(plan.changed))
    while some := list(islice(subjects, SUBJECTS_AT_ONCE)):
        before = await store.states_of(connection, of, some)
        changed = {subject: plan.changed.pop(subject) for subject in some}
        states = await asyncio.to_thread(lambda: {name: subject_state(kept) for name, kept in before.items()})  # noqa: B023
        yield await asyncio.to_thread(comparison.outcome, changed, plan.digests, states, sealed)
    left = iter(plan.missing)
    while some := list(islice(left, SUBJECTS_AT_ONCE)):
        before = await store.states_of(connection, of, some)
        yield await asyncio.to_thread(
            lambda: comparison.missing({name: subject_state(kept) for name, kept in before.items()})  # noqa: B023
        )


async def _refuse(connection: Connection, file: asyncpg.Record, problem: str, expected: str) -> None:
    await connection.execute(store.FORGET_PARTS, file["id"])
    await connection.execute(store.REFUSE_FILE, file["id"], json.dumps({"problem": problem, "expected": expected}))
    log.warning("file refused", file=file["id"])
