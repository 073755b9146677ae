"""Says what a file would do, before anything of it is kept.

Invariant: nothing is written to any database. The answer is what taking the file in now would do.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from services.chassis.runtime import Runtime
from services.people import store
from services.people.comparing import Outcome, Status, read_answer
from services.people.delivering import MOST_EVENTS_OF_AN_EFFECT, NotNow
from services.people.handlers import People, Sent, as_kept, assert_same_key, mapping_for, read_file
from services.people.kept_rows import unpacked
from services.people.register.keys import Sealed
from services.people.taking_in import (
    Refusal,
    Totals,
    assert_not_refused,
    comparison_of,
    delivery_before,
    of_feed,
    outcomes,
    planned,
)

MOST_REJECTED = 100
"""The most faulty rows that are listed; the numbers say how many more there are."""


@dataclass(slots=True)
class _Seen:
    """What the answer needs of the outcomes."""

    totals: Totals = field(default_factory=Totals)
    events: list[str] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def add(self, outcome: Outcome, sealed: Sealed) -> None:
        """Of some subjects."""
        self.totals.add(outcome)
        left = MOST_EVENTS_OF_AN_EFFECT + 1 - len(self.events)
        self.events += [_without_provenance(event.event) for event in outcome.events[:left]]
        for row in outcome.rows:
            if row.status == Status.REJECTED and len(self.rejected) < MOST_REJECTED:
                faults = read_answer(sealed, row.row, row.sealed)["faults"]
                self.rejected.append({"row": row.row, "faults": faults})


async def dry_run(runtime: Runtime, people: People, sent: Sent, body: bytes) -> dict[str, Any]:
    """What would happen. Raises FileRefused."""
    await assert_same_key(runtime, people)
    # As if it were accepted now.
    sent = replace(sent, recorded_at=sent.recorded_at or datetime.now(UTC))
    mapping, file_mapping = await mapping_for(runtime, sent)
    seen = _Seen()
    async with people.reading:
        read, _, sealed = await read_file(people, sent, file_mapping, body)
        file = as_kept(sent, file_mapping, mapping, read)
        comparison = comparison_of(people, file, file_mapping, mapping["sha256"])
        async with (
            runtime.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            of = of_feed(file)
            plan = await planned(connection, of, comparison, unpacked(read.parts, sealed))
            before = await delivery_before(connection, file, comparison)
            is_known = await connection.fetchrow(store.SAME_FILE, *(file[name] for name in store.SAME_IN)) is not None
            seen.totals.rows[Status.ALREADY_KNOWN] += len(plan.unchanged)
            seen.totals.stated += plan.stated
            async for outcome in outcomes(connection, comparison, plan, of, sealed):
                seen.add(outcome, sealed)
    fault = None
    try:
        # The same file again changes nothing, and is not refused.
        if not is_known:
            assert_not_refused(before, file, comparison, seen.totals.stated)
    except Refusal as refusal:
        fault = refusal.fault
    effect, reason = (None, "the file would be refused") if fault else await _effect(people, sent, seen)
    if fault is not None:
        seen = _Seen()  # of a file that is refused whole no row counts
    counts = seen.totals.as_json()
    return {
        "dry_run": True,
        "file": file_mapping.name,
        "refusal": None if fault is None else {"problem": f"{fault.field} {fault.problem}", "expected": fault.expected},
        "rows": {"read": read.rows, **counts["rows"]},
        "events": [{"type": kind, "events": count} for kind, count in counts["events"].items()],
        "left_out": [{"rule": rule, "rows": count} for rule, count in counts["left_out"].items()],
        "questions": counts["questions"],
        "questions_left_out": counts["questions_left_out"],
        "rejected": seen.rejected,
        "dropped_columns": list(read.dropped),
        "effect": effect,
        "effect_reason": reason,
    }


async def _effect(people: People, sent: Sent, seen: _Seen) -> tuple[list[dict[str, Any]] | None, str | None]:
    """What the events would do to the figures, or why that is not known."""
    if len(seen.events) > MOST_EVENTS_OF_AN_EFFECT:
        return None, f"it would give more than {MOST_EVENTS_OF_AN_EFFECT} events: the effect is not worked out"
    query = {"authority": sent.authority, "measure": "vacancies,in-post,agency", "as_at": sent.as_at.isoformat()}
    try:
        answer = await people.doors.effect(query, seen.events)
    except NotNow as reason:
        return None, str(reason)
    figures = answer.get("figures")
    if not isinstance(figures, list):
        return None, "metrics gave an answer that cannot be read"
    return [_as_shown(figure) for figure in figures], None


def _as_shown(figure: dict[str, Any]) -> dict[str, Any]:
    effect = {name: figure.get(name) for name in ("measure", "title", "unit", "as_at", "difference")}
    return effect | {name: (figure.get(name) or {}).get("value") for name in ("before", "after")}


def _without_provenance(event: str) -> str:
    return json.dumps({name: value for name, value in json.loads(event).items() if name != "provenance"})
