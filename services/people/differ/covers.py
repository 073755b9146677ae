"""From the rows of one agency assignment to its facts: when it started, changed and ended.

Invariant: read in order, the facts give the assignment on every day as its rows do.
"""

from collections.abc import Iterable
from typing import Any

from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from services.people.differ.periods import periods
from services.people.facts import Fact
from services.people.statements import CoverStated

CHANGES = ("fte", "reason", "post", "expected_until", "hourly_rate")
"""The fields that a `cover.changed` can state; they have the same names in rows and events."""

CONTENT = (*CHANGES, "agency_worker", "role", "team", "service_area", "csww_role")
"""What may become something else while an assignment runs."""

CONSTANT = ("agency", "project_team")
"""Fields that hold for the whole assignment, whenever a file states them."""


def facts_of(rows: Iterable[CoverStated]) -> list[Fact]:
    """The facts of one assignment. If there are days between two rows, it ended and started again.

    What no change can state (another agency worker, no post any more) is stated by a new start, from which all
    holds.
    """
    facts: list[Fact] = []
    stretches = periods(rows)
    now: dict[str, Any] = {}
    for index, stretch in enumerate(stretches):
        row, of = stretch.row, f"cover/{stretch.row.cover}"
        stated = {name: value for name in (*CONTENT, *CONSTANT) if (value := getattr(row, name)) is not None}
        others = {name: value for name, value in stated.items() if now.get(name) != value}
        if now.keys() - stated.keys() or others.keys() - set(CHANGES):
            facts.append(Fact(of, "", CoverStarted(started_on=stretch.since, **stated), row.row))
        elif others:
            facts.append(Fact(of, "", CoverChanged(effective_from=stretch.since, **others), row.row))
        now = stated
        following = stretches[index + 1] if index + 1 < len(stretches) else None
        if stretch.until is not None and not stretch.goes_on_in(following):
            now = {}
            end = CoverEnded(ended_on=stretch.until, outcome=row.outcome, converted_to=row.converted_to)
            facts.append(Fact(of, "", end, row.row))
    return facts
