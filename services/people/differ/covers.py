"""What the rows of one agency assignment come to: when it started, changed and ended.

Invariant: read in order, the facts give the assignment on every day as its rows do.
"""

from collections.abc import Iterable
from typing import Any

from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from services.people.differ.periods import periods
from services.people.facts import Fact
from services.people.statements import CoverStated

CHANGES = ("fte", "reason", "post", "expected_until", "hourly_rate")
"""What a change can say; the fields are named alike in rows and events."""

CONTENT = (*CHANGES, "agency_worker", "role", "team", "service_area", "csww_role")
"""What may become something else while an assignment runs."""

CONSTANT = ("agency", "project_team")
"""What is of all of an assignment, whenever a file says it."""


def facts_of(rows: Iterable[CoverStated]) -> list[Fact]:
    """The facts of one assignment. Where days lie between two rows it ended, and started again.

    What no change can say (another agency worker, no post any more) is said by a start: all holds as it states.
    """
    found: list[Fact] = []
    stretches = periods(rows)
    now: dict[str, Any] = {}
    for place, stretch in enumerate(stretches):
        row, of = stretch.row, f"cover/{stretch.row.cover}"
        stated = {name: value for name in (*CONTENT, *CONSTANT) if (value := getattr(row, name)) is not None}
        others = {name: value for name, value in stated.items() if now.get(name) != value}
        if now.keys() - stated.keys() or others.keys() - set(CHANGES):
            found.append(Fact(of, "", CoverStarted(started_on=stretch.since, **stated), row.row))
        elif others:
            found.append(Fact(of, "", CoverChanged(effective_from=stretch.since, **others), row.row))
        now = stated
        following = stretches[place + 1] if place + 1 < len(stretches) else None
        if stretch.until is not None and not stretch.goes_on_in(following):
            now = {}
            end = CoverEnded(ended_on=stretch.until, outcome=row.outcome, converted_to=row.converted_to)
            found.append(Fact(of, "", end, row.row))
    return found
