"""What a file would do, told before anything of it is kept.

Invariant: nothing is written, in no database; what is told is what taking the file in now would do.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from services.chassis.runtime import Runtime
from services.people.comparing import Outcome, Status, read_answer
from services.people.delivering import MOST_EVENTS_OF_AN_EFFECT, NotNow
from services.people.handlers import People, Sent, as_kept, assert_same_key, mapping_for, read_file
from services.people.kept_rows import unpacked
from services.people.register.keys import Sealed
from services.people.taking_in import Totals, comparison_of, known_of, of_feed, outcomes, refusal

MOST_REJECTED = 100
"""Rows that are told with what is wrong in them; how many more there are is in the numbers."""


@dataclass(slots=True)
class _Seen:
    """What is kept of the outcomes for the answer."""

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
            known = await known_of(connection, of)
            plan = await asyncio.to_thread(lambda: comparison.plan(unpacked(read.parts, sealed), known))
            fault = await refusal(connection, file, comparison, plan.subjects)
            seen.totals.rows[Status.ALREADY_KNOWN] += len(plan.unchanged)
            async for outcome in outcomes(connection, comparison, plan, of, sealed):
                seen.add(outcome, sealed)
    effect, reason = (None, "the file would be refused") if fault else await _effect(people, sent, seen)
    told = seen.totals.as_json()
    return {
        "dry_run": True,
        "file": file_mapping.name,
        "refusal": None if fault is None else {"problem": f"{fault.field} {fault.problem}", "expected": fault.expected},
        "rows": {"read": read.rows, **told["rows"]},
        "events": [{"type": kind, "events": count} for kind, count in told["events"].items()],
        "left_out": [{"rule": rule, "rows": count} for rule, count in told["left_out"].items()],
        "questions": told["questions"],
        "questions_left_out": told["questions_left_out"],
        "rejected": seen.rejected,
        "dropped_columns": list(read.dropped),
        "effect": effect,
        "effect_reason": reason,
    }


async def _effect(people: People, sent: Sent, seen: _Seen) -> tuple[list[dict[str, Any]] | None, str | None]:
    """What the events would do to the figures; else why that is not told."""
    if len(seen.events) > MOST_EVENTS_OF_AN_EFFECT:
        return None, f"it would give more than {MOST_EVENTS_OF_AN_EFFECT} events: the effect is not worked out"
    query = {"authority": sent.authority, "measure": "vacancies,in-post,agency"}
    # Of days to come there are no figures yet.
    query |= {"as_at": sent.as_at.isoformat()} if sent.as_at <= sent.recorded_at.date() else {}
    try:
        answer = await people.doors.effect(query, seen.events)
    except NotNow as reason:
        return None, str(reason)
    figures = answer.get("figures")
    if not isinstance(figures, list):
        return None, "metrics gave an answer that cannot be read"
    return [_told(figure) for figure in figures], None


def _told(figure: dict[str, Any]) -> dict[str, Any]:
    found = {name: figure.get(name) for name in ("measure", "title", "unit", "as_at", "difference")}
    return found | {name: (figure.get(name) or {}).get("value") for name in ("before", "after")}


def _without_provenance(event: str) -> str:
    return json.dumps({name: value for name, value in json.loads(event).items() if name != "provenance"})
