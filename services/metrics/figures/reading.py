"""Queries for figures, the readings that they are read from, and the parts that a count is made of.

Invariant: the figure of a count is the sum of its parts. If it has no figure, it has no parts.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.metrics.figures.columns import Columns
from services.metrics.measures.declaration import Count, Part, When, kept_over_time
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.dimensions import OF_POSTS

Key = tuple[Any, ...]
"""The values of the dimensions asked for, in their order."""

Sums = list[int | None]
"""Sums in millionths, one for each time; None if nobody counted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What figures of one authority are read from, as known at one instant.

    `snapshot` is worked out when it is first asked for. `columns`, if there are any, give the stocks of staffing
    without a snapshot.
    """

    authority: str
    as_known_at: datetime
    snapshot: Callable[[], Snapshot]
    columns: Columns | None = None


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """A query for a figure: broken down `by` dimensions, only `where` they have these values, in one scope."""

    by: tuple[str, ...] = ()
    where: Mapping[str, Any] | None = None
    scope: Scope = Scope.ALL


def needs_snapshot(counts: Iterable[Count], query: FigureQuery) -> bool:
    """Whether the columns of staffing alone are not enough for these counts."""
    return not all(in_columns(counted, query) for counted in counts)


def in_columns(counted: Count, query: FigureQuery) -> bool:
    return counted.column is not None and all(name in OF_POSTS for name in (*query.by, *(query.where or {})))


def parts(counted: Count, reading: Reading, when: When, query: FigureQuery) -> list[Part]:
    """The parts that a count is made of; their amounts add up to it. None where there is no such figure."""
    if not has_figure(counted, reading, query):
        return []
    counting = counted.parts(reading.snapshot(), counted.scope or query.scope, when)
    return [part for part in counting if fits(part, query)] if query.where else list(counting)


def has_figure(counted: Count, reading: Reading, query: FigureQuery) -> bool:
    return adds_up(counted, query, kinds_of(counted, reading)) and rests_on_rules_of(counted, {reading.authority})


def kinds_of(counted: Count, reading: Reading) -> set[Key]:
    """The kinds (which may overlap) of which anything is ever counted; none if a count has no such kinds."""
    if not counted.apart or counted.over_time is None:
        return set()
    snapshot = reading.snapshot()
    of_all_time = kept_over_time(counted.name, counted.over_time, snapshot, counted.scope or Scope.ALL)
    return snapshot.kept(
        ("kinds", counted.name), lambda: {tuple(part.dimension(name) for name in counted.apart) for part in of_all_time}
    )


def adds_up(counted: Count, query: FigureQuery, kinds: Collection[Key]) -> bool:
    """Whether the parts asked for, of one row or in all, may be added up. If several kinds overlap, only the parts
    of one kind may.
    """
    return len(kinds) < 2 or all(name in query.by or name in (query.where or {}) for name in counted.apart)


def rests_on_rules_of(counted: Count, authorities: Collection[str]) -> bool:
    """Whether the query is only for the authority on whose rule the count rests, if it rests on one."""
    return counted.authorities is None or counted.authorities.issuperset(authorities)


def narrowed(query: FigureQuery, counted: Count) -> FigureQuery:
    """The query for one count of a rate, without dimensions that the count does not have."""
    has = counted.dimensions
    by = tuple(name for name in query.by if name in has)
    return replace(query, by=by, where={name: value for name, value in (query.where or {}).items() if name in has})


def fits(part: Part, query: FigureQuery) -> bool:
    return not query.where or all(part.dimension(name) == value for name, value in query.where.items())


def key_of(part: Part, query: FigureQuery) -> Key:
    return tuple(part.dimension(name) for name in query.by)
