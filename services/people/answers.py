"""What is told of a file: its state, its numbers, and the answer to each row.

Invariant: what is told of a row is what the sender sent and what became of it; nothing of another file.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import asyncpg

from contracts.envelope import format_instant
from services.chassis.runtime import Runtime
from services.people import store
from services.people.comparing import Status, read_answer, read_faults
from services.people.handlers import People, read_mapping_once, sealed_of

STATES = ("waiting", "accepted", "already-known", "rejected")
"""Of an event: what its door said."""


async def file_as_json(runtime: Runtime, file: asyncpg.Record) -> dict[str, Any]:
    """What became of a file so far."""
    counts: dict[str, Any] = json.loads(file["counts"])
    events: dict[str, dict[str, int]] = {}
    for row in await runtime.pool.fetch(store.EVENTS_OF_FILE, file["id"]):
        events.setdefault(row["event_type"], {})[row["state"]] = row["events"]
    at_the_doors = await runtime.pool.fetch(store.STATUSES_OF_FILE, file["id"])
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
            **dict.fromkeys(Status, 0),
            **{row["status"]: row["rows"] for row in at_the_doors},
        },
        "events": [{"type": kind, **dict.fromkeys(STATES, 0), **found} for kind, found in events.items()],
        "left_out": [{"rule": rule, "rows": rows} for rule, rows in counts.get("left_out", {}).items()],
        "questions": counts.get("questions", []),
        "questions_left_out": counts.get("questions_left_out", 0),
        "links": {"self": here, "rows": f"{here}/rows"},
    }


async def names_of(runtime: Runtime, file: asyncpg.Record) -> tuple[str, ...]:
    """The columns that were read of a file, in the order of its cells."""
    of = (file["authority"], file["feed"], file["mapping_version"])
    mapping = await runtime.pool.fetchrow(store.MAPPING_OF_VERSION, *of)
    assert mapping is not None  # noqa: S101 - mappings stay for ever
    found = read_mapping_once(mapping["content"])
    return found.file(file["kind"]).names


async def rows_after(
    runtime: Runtime, people: People, file: asyncpg.Record, after: int, most: int, status: str | None
) -> list[dict[str, Any]]:
    """The answers to rows of a file behind one of them, in the order of the file."""
    rows = await runtime.pool.fetch(store.ROWS_OF_FILE, file["id"], after, most, status)
    sealed = sealed_of(people, file)
    events: dict[int, list[dict[str, Any]]] = {}
    faults: dict[int, list[dict[str, Any]]] = {}
    for event in await runtime.pool.fetch(store.EVENTS_OF_ROWS, file["id"], [row["row"] for row in rows]):
        told = {"id": event["event_id"], "type": event["event_type"], "status": event["state"]}
        events.setdefault(event["row"], []).append(told)
        for fault in read_faults(sealed, event["event_id"], event["sealed_faults"]):
            at_the_door = {"column": fault["field"], "problem": fault["problem"], "expected": fault["expected"]}
            at_the_door |= {"value": fault["value"]} if "value" in fault else {}
            faults.setdefault(event["row"], []).append(at_the_door)
    found = []
    for row in rows:
        answer = read_answer(sealed, row["row"], row["sealed_answer"])
        found.append(
            {
                "row": row["row"],
                "status": row["status"],
                "faults": answer.get("faults", []) + faults.get(row["row"], []),
                "rule": answer.get("rule"),
                "notes": answer.get("notes", []),
                "events": events.get(row["row"], []),
                "cells": answer.get("cells"),
            }
        )
    return found


def annotated(names: Sequence[str], rows: Iterable[dict[str, Any]], *, heading: bool) -> Iterator[str]:
    """Rows as CSV: what became of each, then the named columns of those that were rejected, as they came."""
    if heading:
        yield _line(["row", "status", "column", "value", "problem", "expected", *names])
    for row in rows:
        cells = row["cells"] or [""] * len(names)
        faults = row["faults"] or [{}]
        for fault in faults:
            told = [fault.get(name, "") for name in ("column", "value", "problem", "expected")]
            reason = row["rule"] or "; ".join(row["notes"])
            told[2] = told[2] or reason
            yield _line([str(row["row"]), row["status"], *told, *cells])


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    # What begins like a formula would be one to a spreadsheet.
    csv.writer(text).writerow(f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell for cell in cells)
    return text.getvalue()
