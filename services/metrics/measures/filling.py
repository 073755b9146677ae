"""How long vacancies last: those filled, and those still open by age.

Invariant: open vacancies by age add up to the vacancies of the posts.
"""

from collections.abc import Iterable
from datetime import date, timedelta

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
from services.metrics.measures.dimensions import VacancyAge
from services.metrics.snapshot.amounts import months_later
from services.metrics.snapshot.employment import Scope, dimensions_of
from services.metrics.snapshot.snapshot import Snapshot

DAY = timedelta(days=1)
AGES = {
    3: VacancyAge.UNDER_3_MONTHS,
    6: VacancyAge.FROM_3_TO_6_MONTHS,
    9: VacancyAge.FROM_6_TO_9_MONTHS,
    12: VacancyAge.FROM_9_TO_12_MONTHS,
}


def age(opened_on: date, as_at: date) -> VacancyAge:
    """The band of a vacancy's age in full calendar months."""
    for months, band in AGES.items():
        if as_at < months_later(opened_on, months):
            return band
    return VacancyAge.OVER_12_MONTHS


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
            dimensions = dimensions_of(snapshot.post_dimensions, tranche.post.partition("/")[2], when.as_at)
            if scope.holds(dimensions):
                more = {"age": age(tranche.opened_on, when.as_at)}
                yield Part(tranche.fte, tranche.opened_on, tranche.closed_on, (tranche.post,), dimensions, more)


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
)
