"""From the rows of one post to its facts: when it was established, changed and closed.

Invariant: read in order, the facts give the post on every day as its rows do.
"""

from collections.abc import Iterable
from typing import Any

from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from services.people.differ.periods import periods
from services.people.facts import Fact
from services.people.statements import PostStated

CONTENT = tuple(name for name in PostEstablished.model_fields if name != PostEstablished.effective_field)
"""The facts of a post; the fields have the same names in rows and events."""
if forgotten := [name for name in CONTENT if name not in PostStated.__dataclass_fields__]:
    raise TypeError(f"PostStated does not have {', '.join(forgotten)}, which the events of posts state")


def facts_of(rows: Iterable[PostStated]) -> list[Fact]:
    """The facts of one post. On days between two rows, on which neither holds, it was closed.

    A change cannot state that a post no longer has a grade, a CSWW role or a location. Then it is established again.
    """
    facts: list[Fact] = []
    stretches = periods(rows)
    now: dict[str, Any] = {}
    for index, stretch in enumerate(stretches):
        row = stretch.row
        stated = {name: value for name in CONTENT if (value := getattr(row, name)) is not None}
        if now.keys() - stated.keys() or not now:
            now = stated
            facts.append(Fact(_of(row), "", PostEstablished(effective_from=stretch.since, **stated), row.row))
        elif others := {name: value for name, value in stated.items() if now.get(name) != value}:
            now |= others
            facts.append(Fact(_of(row), "", PostChanged(effective_from=stretch.since, **others), row.row))
        following = stretches[index + 1] if index + 1 < len(stretches) else None
        if stretch.until is not None and not stretch.goes_on_in(following):
            now = {}
            facts.append(Fact(_of(row), "", PostClosed(closed_on=stretch.until), row.row))
    return facts


def _of(row: PostStated) -> str:
    return f"post/{row.post}"
