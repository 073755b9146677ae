"""How long vacancies last: those filled, and those still open by age.

Invariant: open vacancies by age add up to the vacancies of the posts.
"""

from collections.abc import Iterable
from datetime import date

from contracts.envelope import identifier_of
from services.metrics.measures.bands import age
from services.metrics.measures.declaration import (
    OWN,
    Kind,
    OverTime,
    Part,
    Rate,
    Term,
    Unit,
    When,
    as_it_is,
    flow,
    windowed,
)
from services.metrics.snapshot.employment import Scope, dimensions_of
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import DAY


def _filled(times_days: bool) -> OverTime:
    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        for tranche in snapshot.tranches:
            if tranche.filled and scope.holds(tranche.dimensions):
                amount = tranche.fte * (tranche.closed_on - tranche.opened_on).days if times_days else tranche.fte
                yield Part(amount, tranche.closed_on, tranche.closed_on + DAY, (tranche.post,), tranche.dimensions)

    return parts


def _open_by_age(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
    for tranche in snapshot.tranches:
        if tranche.opened_on <= when.as_at < tranche.closed_on:
            dimensions = dimensions_of(snapshot.post_dimensions, identifier_of(tranche.post), when.as_at)
            if scope.holds(dimensions):
                more = {"age": age(tranche.opened_on, when.as_at)}
                yield Part(tranche.fte, tranche.opened_on, tranche.closed_on, (tranche.post,), dimensions, more)


def _uncovered_by_age(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
    covering: dict[str, int] = {}
    # Cover is set against what has been open longest, as new occupants are.
    for part in sorted(_open_by_age(snapshot, scope, when), key=lambda part: (part.subjects, part.since)):
        (post,) = part.subjects
        if post not in covering:
            covering[post] = _agency_cover(snapshot, post, when.as_at)
        covered = min(covering[post], part.amount)
        covering[post] -= covered
        if covered < part.amount:
            yield part._replace(amount=part.amount - covered)


def _agency_cover(snapshot: Snapshot, post: str, as_at: date) -> int:
    return sum(row.agency_cover for row in snapshot.staffing[post] if row.valid_from <= as_at < row.valid_to)


MEASURES = (
    flow(
        "vacancies-filled",
        "Vacancies filled",
        "The FTE of vacancies that a new occupant ended in the period, oldest first within a post.",
        OWN,
        Unit.FTE,
        _filled(times_days=False),
    ),
    flow(
        "days-to-fill",
        "Days until filled",
        "FTE of the vacancies filled in the period times the days for which they had been open.",
        OWN,
        Unit.FTE_DAYS,
        _filled(times_days=True),
    ),
    Rate(
        "time-to-fill",
        "Time to fill",
        "Mean days from the day a vacancy opened to the day its next occupant started, weighted by FTE, of the "
        "vacancies filled in the period.",
        OWN,
        Unit.DAYS,
        (Term("days-to-fill"),),
        (Term("vacancies-filled"),),
        "FTE x days until filled / FTE filled",
        factor=as_it_is,
        also=("vacancies-filled",),
    ),
    windowed(
        "vacancies-by-age",
        "Open vacancies by age",
        "Vacancies of posts at the date, by how long each has been open, in full calendar months.",
        OWN,
        Unit.FTE,
        _open_by_age,
        Kind.STOCK,
        more=("age",),
    ),
    windowed(
        "uncovered-vacancies-by-age",
        "Uncovered vacancies by age",
        "Vacancies of posts that no agency worker covers at the date, by how long each has been open, in full calendar "
        "months. Of a post with several, cover is set against the oldest first.",
        OWN,
        Unit.FTE,
        _uncovered_by_age,
        Kind.STOCK,
        more=("age",),
    ),
)
