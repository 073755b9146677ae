"""What the rows of one agency assignment come to: when it started, changed and ended.

Invariant: read in order, the facts give the assignment on every day as its rows do, as far as events can say it.
"""

from collections.abc import Iterable
from typing import Any

from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from services.people.differ.periods import Period, periods
from services.people.facts import Fact, Note
from services.people.statements import CoverStated

CONTENT = ("fte", "reason", "post", "expected_until", "hourly_rate")
"""What may change while an assignment runs; the fields are named alike in rows and events."""

CONSTANT = ("agency_worker", "role", "team", "service_area", "csww_role", "agency", "project_team")
"""What only its start says."""


def facts_of(rows: Iterable[CoverStated]) -> tuple[list[Fact], list[Note]]:
    """The facts of one assignment. Where days lie between two rows it ended, and started again.

    What no change can say is taken from the last row of a run: whatever it said before was in error.
    """
    found: list[Fact] = []
    notes: list[Note] = []
    for run in _runs(periods(rows)):
        of = f"cover/{run[0].row.cover}"
        first, last = run[0], run[-1]
        now = _stated(first.row, CONTENT)
        start = CoverStarted(started_on=first.since, **now, **_stated(last.row, CONSTANT))
        found.append(Fact(of, "", start, first.row.row))
        for stretch in run[1:]:
            row = stretch.row
            if now.get("post") is not None and row.post is None:
                notes.append(Note(row.row, f"names no post any more; the assignment stays on {now['post']}"))
            if others := {name: value for name, value in _stated(row, CONTENT).items() if now.get(name) != value}:
                now |= others
                found.append(Fact(of, "", CoverChanged(effective_from=stretch.since, **others), row.row))
        if last.until is not None:
            row = last.row
            end = CoverEnded(ended_on=last.until, outcome=row.outcome, converted_to=row.converted_to)
            found.append(Fact(of, "", end, row.row))
    return found, notes


def _runs(stretches: list[Period[CoverStated]]) -> list[list[Period[CoverStated]]]:
    runs: list[list[Period[CoverStated]]] = []
    for stretch in stretches:
        if runs and runs[-1][-1].goes_on_in(stretch):
            runs[-1].append(stretch)
        else:
            runs.append([stretch])
    return runs


def _stated(row: CoverStated, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(row, name)) is not None}
