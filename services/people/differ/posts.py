"""What the rows of one post come to: when it was established, changed and closed.

Invariant: read in order, the facts give the post on every day as its rows do.
"""

from collections.abc import Iterable
from typing import Any

from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from services.people.differ.periods import periods
from services.people.facts import Fact
from services.people.statements import PostStated

CONTENT = ("role", "funded_fte", "team", "service_area", "grade", "csww_role", "location")
"""What a post is; the fields are named alike in rows and events."""


def facts_of(rows: Iterable[PostStated]) -> list[Fact]:
    """The facts of one post. Days between two rows on which neither holds are days on which it was closed.

    No change can say that a post no longer has a grade, a CSWW role or a location: then it is established anew.
    """
    found: list[Fact] = []
    stretches = periods(rows)
    now: dict[str, Any] = {}
    for place, stretch in enumerate(stretches):
        row = stretch.row
        stated = {name: value for name in CONTENT if (value := getattr(row, name)) is not None}
        if now.keys() - stated.keys() or not now:
            now = stated
            found.append(Fact(_of(row), "", PostEstablished(effective_from=stretch.since, **stated), row.row))
        elif others := {name: value for name, value in stated.items() if now.get(name) != value}:
            now |= others
            found.append(Fact(_of(row), "", PostChanged(effective_from=stretch.since, **others), row.row))
        following = stretches[place + 1] if place + 1 < len(stretches) else None
        if stretch.until is not None and not stretch.goes_on_in(following):
            now = {}
            found.append(Fact(_of(row), "", PostClosed(closed_on=stretch.until), row.row))
    return found


def _of(row: PostStated) -> str:
    return f"post/{row.post}"
