"""What the rows of one agency assignment come to: when it started, changed and ended.

Invariant: read in order, the facts give the assignment on every day as its rows do.
"""

from collections.abc import Iterable
from typing import Any

from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from services.people.differ.periods import periods
from services.people.facts import Fact
from services.people.statements import CoverStated

CONTENT = ("fte", "reason", "post", "expected_until", "hourly_rate")
"""What may change while an assignment runs; the fields are named alike in rows and events."""

CONSTANT = ("agency_worker", "role", "team", "service_area", "csww_role", "agency", "project_team")
"""What only a start says."""


def facts_of(rows: Iterable[CoverStated]) -> list[Fact]:
    """The facts of one assignment. Where days lie between two rows it ended, and started again.

    What no change can say (another agency worker, no post any more) is said by a start: all holds as it states.
    """
    found: list[Fact] = []
    stretches = periods(rows)
    content: dict[str, Any] = {}
    constant: dict[str, Any] = {}
    for place, stretch in enumerate(stretches):
        row, of = stretch.row, f"cover/{stretch.row.cover}"
        stated, always = _stated(row, CONTENT), _stated(row, CONSTANT)
        if constant != always or content.keys() - stated.keys():
            found.append(Fact(of, "", CoverStarted(started_on=stretch.since, **stated, **always), row.row))
        elif others := {name: value for name, value in stated.items() if content.get(name) != value}:
            found.append(Fact(of, "", CoverChanged(effective_from=stretch.since, **others), row.row))
        content, constant = stated, always
        following = stretches[place + 1] if place + 1 < len(stretches) else None
        if stretch.until is not None and not stretch.goes_on_in(following):
            content, constant = {}, {}
            end = CoverEnded(ended_on=stretch.until, outcome=row.outcome, converted_to=row.converted_to)
            found.append(Fact(of, "", end, row.row))
    return found


def _stated(row: CoverStated, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(row, name)) is not None}
