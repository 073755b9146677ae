"""Answers about a file: its state, its numbers, and what became of each row.

Invariant: an answer about a row contains only what the sender sent and what became of it; nothing of another file.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import asyncpg

from contracts.envelope import format_instant
from services.chassis.runtime import Runtime
from services.people import store
from services.people.comparing import Status, read_answer, read_faults
from services.people.handlers import People, read_mapping_once, sealed_of
from services.people.mapping.refusal import MappingRefused
from services.people.mapping.repeatable_cells import RepeatableCells

STATES = ("waiting", "accepted", "already-known", "rejected")
"""Of an event: what its door said."""
OF_AN_ANSWER = ("row", "status", "column", "value", "problem", "expected")
"""The columns before those of the file, in an annotated copy."""


async def file_as_json(runtime: Runtime, file: asyncpg.Record) -> dict[str, Any]:
    """What became of a file so far."""
    counts: dict[str, Any] = json.loads(file["counts"])
    events: dict[str, dict[str, int]] = {}
    for row in await runtime.pool.fetch(store.EVENTS_OF_FILE, file["id"]):
        events.setdefault(row["event_type"], {})[row["state"]] = row["events"]
    rows = Counter(counts.get("rows", {}))
    later = file["rejected_at_doors"]
    rows.update({Status.REJECTED: later, Status.ACCEPTED: -later})
    here = f"/v1/files/{file['id']}"
    return {
        "id": file["id"],
        "authority": file["authority"],
        "feed": file["feed"],
        "file": file["kind"],
        "as_at": file["as_at"].isoformat(),
        "recorded_at": format_instant(file["recorded_at"]),
        "accepted_at": format_instant(file["accepted_at"]),
        "taken_in_at": None if file["taken_in_at"] is None else format_instant(file["taken_in_at"]),
        "mapping_version": file["mapping_version"],
        "sha256": file["sha256"],
        "form": file["form"],
        "state": file["state"],
        "refusal": None if file["refusal"] is None else json.loads(file["refusal"]),
        "rows": {
            "read": file["rows"],
            **{status: rows[status] for status in Status},
        },
        "events": [{"type": kind, **dict.fromkeys(STATES, 0), **by_state} for kind, by_state in events.items()],
        "left_out": [{"rule": rule, "rows": rows} for rule, rows in counts.get("left_out", {}).items()],
        "questions": counts.get("questions", []),
        "questions_left_out": counts.get("questions_left_out", 0),
        "links": {"self": here, "rows": f"{here}/rows"},
    }


async def columns_of(runtime: Runtime, file: asyncpg.Record) -> tuple[str, ...]:
    """The columns of a file whose cells may be shown."""
    of = (file["authority"], file["feed"], file["mapping_version"])
    mapping = await runtime.pool.fetchrow(store.MAPPING_OF_VERSION, *of)
    assert mapping is not None  # noqa: S101 - mappings stay for ever
    try:
        mapping_file = read_mapping_once(mapping["content"])
    except MappingRefused:
        return ()  # of a file of long ago, when less was asked of a mapping
    return RepeatableCells(mapping_file.file(file["kind"]).rules).columns


async def rows_after(
    runtime: Runtime, people: People, file: asyncpg.Record, after: int, most: int, status: str | None
) -> list[dict[str, Any]]:
    """The answers to the rows after a given one, in the order of the file."""
    rows = await runtime.pool.fetch(store.ROWS_OF_FILE, file["id"], after, most, status)
    sealed = sealed_of(people, file)
    events: dict[int, list[dict[str, Any]]] = {}
    faults: dict[int, list[dict[str, Any]]] = {}
    for event in await runtime.pool.fetch(store.EVENTS_OF_ROWS, file["id"], [row["row"] for row in rows]):
        described = {"id": event["event_id"], "type": event["event_type"], "status": event["state"]}
        events.setdefault(event["row"], []).append(described)
        for fault in read_faults(sealed, event["event_id"], event["sealed_faults"]):
            at_the_door = {"column": fault["field"], "problem": fault["problem"], "expected": fault["expected"]}
            at_the_door |= {"value": fault["value"]} if "value" in fault else {}
            faults.setdefault(event["row"], []).append(at_the_door)
    answers = []
    for row in rows:
        answer = read_answer(sealed, row["row"], row["sealed_answer"])
        answers.append(
            {
                "row": row["row"],
                "status": row["status"],
                "faults": answer.get("faults", []) + faults.get(row["row"], []),
                "rule": answer.get("rule"),
                "notes": answer.get("notes", []),
                "events": events.get(row["row"], []),
                "cells": [{"column": name, "value": cell} for name, cell in answer.get("told_cells", {}).items()],
            }
        )
    return answers


def annotated(columns: Sequence[str], rows: Iterable[dict[str, Any]], *, heading: bool) -> Iterator[str]:
    """Rows as CSV: what became of each, then, for rejected rows, the cells that may be shown, as they came."""
    if heading:
        yield _line([*OF_AN_ANSWER, *(f"{name} (file)" if name in OF_AN_ANSWER else name for name in columns)])
    for row in rows:
        value_of = {cell["column"]: cell["value"] for cell in row["cells"]}
        cells = [value_of.get(name, "") for name in columns]
        faults = row["faults"] or [{}]
        for fault in faults:
            answer = [fault.get(name, "") for name in OF_AN_ANSWER[2:]]
            reason = row["rule"] or "; ".join(row["notes"])
            answer[2] = answer[2] or reason
            yield _line([str(row["row"]), row["status"], *answer, *cells])


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    # What begins like a formula would be one to a spreadsheet.
    csv.writer(text).writerow(f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell for cell in cells)
    return text.getvalue()
