"""Questions put to the pure functions that the service answers with.

Invariant: nothing here works out a figure; what is asked is only put as those functions take it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from contracts.codes import CswwRole
from contracts.envelope import Event
from contracts.values import EARLIEST_DATE
from services.metrics.academy.outcomes import COUNTED, cohorts, outcomes
from services.metrics.figures.figures import figures, mark
from services.metrics.figures.periods import Period, as_known_on, when_at, when_in
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import When
from services.metrics.reasons import Reason
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot, known
from services.metrics.statistics.survival import kaplan_meier
from tests.worked.answers import Answer, Exact, instant, period_of, telling
from tests.worked.example import OfCohort, Question

LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)


class Snapshots:
    """One snapshot of some events for each instant, as the service keeps them from one question to the next."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._made: dict[tuple[datetime, datetime | None], Snapshot] = {}

    def at(self, known_at: datetime, accepted_at: datetime | None) -> Snapshot:
        """That of what was known at one instant, of what was accepted by another."""
        key = known_at, accepted_at
        return self._made.setdefault(key, Snapshot(known(self._events, known_at, accepted_at)))


def ask(snapshots: Snapshots, question: Question, authority: str, points: int = 1) -> Answer:
    """What the product says, of one time or of each of several points alike of a series."""
    known_at = LONG_AFTER if question.known is None else instant(question.known)
    accepted_at = None if question.accepted is None else instant(question.accepted)
    snapshot = snapshots.at(known_at, accepted_at)
    reading = Reading(authority, known_at, lambda: snapshot)
    asked = FigureQuery(question.by, _where(question), Scope(question.scope))
    whens = [when(question, known_at.date())] * points
    counted = figures(MEASURES[question.measure], [reading], whens, asked)
    rows = {key: _plain(values[0]) for key, values in counted.rows.items()} if question.by else {}
    assert all(values == [values[0]] * points for values in (counted.totals, *counted.rows.values()))
    assert mark(MEASURES[question.measure], counted.totals[0]) == question.mark
    return Answer(_plain(counted.totals[0]), telling(rows))


def cohort(events: Sequence[Event], question: OfCohort) -> OfCohort:
    """What the product says of a cohort; its numbers exact."""
    snapshot, as_at = Snapshot(events), date.fromisoformat(question.as_at)
    counted = outcomes(snapshot, [question.cohort], as_at)
    told: dict[str, object] = {name: counted.count(name) for name in COUNTED}
    told |= {"retention": counted.share("in_post"), "progressed_share": counted.share("progressed")}
    told |= {"mean_service_years": counted.mean_service("in_post")}
    told |= {"mean_service_years_of_all": counted.mean_service("started")}
    told |= {"mean_days_to_progress": counted.mean_days_to_progress()}
    stay = {
        step.days: str(step.survival) for step in kaplan_meier(one.service for one in counted.known).steps if step.left
    }
    completed = cohorts(snapshot)[question.cohort].is_completed(as_at)
    return OfCohort(
        question.cohort, question.as_at, completed, {name: str(told[name]) for name in question.figures}, stay
    )


def when(question: Question, known_on: date) -> When:
    """The time that is asked for, as the service reads it."""
    measure, months = MEASURES[question.measure], question.months or 12
    period = period_of(question.time)
    if period is None:
        time, asked_for = when_at(measure, date.fromisoformat(question.time), EARLIEST_DATE, months), None
    else:
        as_at = None if question.as_at is None else date.fromisoformat(question.as_at)
        asked_for = Period(period.first, period.last)
        time = when_in(measure, asked_for, as_at, months)
    time = replace(time, above=25 if question.above is None else question.above)
    return as_known_on(time, asked_for, known_on, question.planned)


def _where(question: Question) -> dict[str, object]:
    return {name: CswwRole(value) if name == "csww_role" else value for name, value in question.where.items()}


def _plain(value: object) -> Exact:
    return str(value) if isinstance(value, Reason) else value  # type: ignore[return-value]
