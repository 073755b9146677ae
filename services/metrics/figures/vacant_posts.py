"""Vacant posts one by one: what each is funded for, who stands there, and for how long how much of it has been open.

Invariant: over all posts of a scope, what is vacant comes to Vacancies, what is uncovered to Uncovered vacancies, and
what has been open for so long to Open vacancies by age, exactly.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.codes import CoverReason
from services.metrics.pauses import with_pauses
from services.metrics.snapshot.amounts import months_later
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.dimensions import Dimensions
from services.metrics.timelines.rows import Staffing

OVER_MONTHS = (3, 6, 12)
"""For how many full calendar months vacancies are told to have been open."""


@dataclass(frozen=True, slots=True)
class VacantPost:
    """One post of which something is vacant, in millionths of an FTE.

    `since` is the day on which what is vacant longest opened; `over` is what has been open for each of `OVER_MONTHS`.
    `covers` are the agency assignments that cover its vacancy.
    """

    subject: str
    dimensions: Dimensions
    funded: int
    in_post: int
    vacant: int
    agency_cover: int
    uncovered: int
    since: date
    over: tuple[int, ...]
    covers: tuple[str, ...]


def vacant_posts(
    snapshot: Snapshot, as_at: date, scope: Scope, where: Mapping[str, Any], open_months: int
) -> list[VacantPost]:
    """The posts vacant at a date, those open longest first.

    `where` says which values of dimensions count; only those of which something has been open for `open_months` count.
    """
    opened: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
    for tranche in snapshot.tranches:
        if tranche.opened_on <= as_at < tranche.closed_on:
            opened[tranche.post].append((tranche.opened_on, tranche.fte))
    covers = _covers(snapshot, as_at)
    vacant = [
        _vacant_post(row, opened[subject], tuple(covers.get(subject, ())), as_at)
        for subject, rows in with_pauses(snapshot.staffing.items())
        for row in rows
        if row.valid_from <= as_at < row.valid_to
        and row.vacancies
        and scope.holds(row.dimensions)
        and all(getattr(row.dimensions, name) == value for name, value in where.items())
    ]
    vacant = [post for post in vacant if as_at >= months_later(post.since, open_months)]
    return sorted(vacant, key=lambda post: (post.since, post.subject))


def _vacant_post(row: Staffing, opened: Sequence[tuple[date, int]], covers: tuple[str, ...], as_at: date) -> VacantPost:
    over = tuple(sum(fte for day, fte in opened if as_at >= months_later(day, months)) for months in OVER_MONTHS)
    return VacantPost(
        row.staffing_unit,
        row.dimensions,
        row.establishment,
        row.in_post,
        row.vacancies,
        row.agency_cover,
        row.uncovered,
        min(day for day, _ in opened),
        over,
        covers,
    )


def _covers(snapshot: Snapshot, as_at: date) -> Mapping[str, list[str]]:
    """The assignments that cover a vacancy of each post at a date."""
    by_post: defaultdict[str, list[str]] = defaultdict(list)
    for cover, runs in sorted(snapshot.assignments.items()):
        for run in runs:
            if run.post is not None and run.reason is CoverReason.VACANCY and run.since <= as_at < run.until:
                by_post[f"post/{run.post}"].append(f"cover/{cover}")
    return by_post
