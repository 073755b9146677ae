"""Questions put to the oracle.

Invariant: nothing of services/ has a part in its answers.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from contracts.envelope import Event
from tests.oracle.academy import cohorts, survival
from tests.oracle.days import Period, year_to
from tests.oracle.measures import MEASURES, by, figure, known
from tests.oracle.parts import Part
from tests.oracle.rates import BEFORE_ALL, OF_A_PERIOD, RATES
from tests.oracle.reasons import figure_of_count, figure_of_rate
from tests.worked.answers import Answer, instant, period_of, telling
from tests.worked.example import OfCohort, Question

LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)
OF_ALL_TIME = ("starters-old-enough", "starters-retained", "retention-of-starters")
"""What without a period counts from the beginning on."""


def ask(events: Sequence[Event], question: Question) -> Answer | None:
    """What the oracle says; None where it says nothing: it has rates in all only, and no plans."""
    is_rate = question.measure in RATES
    if question.planned or (is_rate and (question.by or question.where)):
        return None
    known_at = LONG_AFTER if question.known is None else instant(question.known)
    in_force = known(events, known_at, None if question.accepted is None else instant(question.accepted))
    period, as_at = _time(question)
    known_on = known_at.date()
    begins = period.first if period_of(question.time) is not None else as_at
    if begins > known_on or (question.as_at is not None and as_at > known_on):
        return Answer("not-yet", {})
    period, as_at = Period(period.first, min(period.last, known_on)), min(as_at, known_on)
    if is_rate:
        return Answer(_rate(in_force, question, period, as_at), {})
    more = {"as_at": as_at, "months": question.months or 12} if question.measure in OF_ALL_TIME else {}
    more |= {} if question.above is None else {"above": question.above}
    parts = MEASURES[question.measure](in_force, period, question.scope, **more)
    parts = [one for one in parts if _fits(one, question)]
    rows = telling(by(parts, question.by)) if question.by else {}
    if "demand" in question.where:
        return Answer(figure(parts) if parts else "not-counted", rows)
    return Answer(figure_of_count(question.measure, parts, in_force), rows)


OUTCOMES = {
    "left_during": "left_during_the_year",
    "in_the_year": "still_in_the_year",
    "mean_service_years": "mean_length_of_service_in_post",
    "mean_service_years_of_all": "mean_length_of_service_of_all",
}
"""How the oracle calls what answers call otherwise."""


def cohort(events: Sequence[Event], question: OfCohort) -> OfCohort:
    """What the oracle says of a cohort; its numbers exact."""
    of_cohort = cohorts(known(events, LONG_AFTER), date.fromisoformat(question.as_at))[question.cohort]
    figures = {name: getattr(of_cohort, OUTCOMES.get(name, name)) for name in question.figures}
    figures = {name: "no-denominator" if value is None else str(value) for name, value in figures.items()}
    stay = {step.days: str(step.survival) for step in survival(list(of_cohort.durations))}
    return OfCohort(question.cohort, question.as_at, of_cohort.completed, figures, stay)


def _time(question: Question) -> tuple[Period, date]:
    """The days that flows are of, and the date that stocks are as at."""
    period = period_of(question.time)
    if period is None:
        last = date.fromisoformat(question.time)
        period = Period(BEFORE_ALL, last) if question.measure in OF_ALL_TIME else year_to(last)
    as_at = period.last if question.as_at is None else date.fromisoformat(question.as_at)
    return period, as_at


def _rate(in_force: list[Event], question: Question, period: Period, as_at: date) -> Any:
    name, more = question.measure, dict[str, Any]()
    if name in ("nhs-vacancy-rate", "children-per-case-holder", "retention-of-starters", *OF_A_PERIOD):
        more["scope"] = question.scope
    if name == "progression-funding-used":
        del more["scope"]
    if name == "retention-of-starters":
        more |= {"months": question.months or 12, "period": period}
    rate = RATES[name](in_force, period if name in OF_A_PERIOD else as_at, **more)
    return figure_of_rate(name, rate, in_force, period, question.scope)


def _fits(part: Part, question: Question) -> bool:
    return all(part.dimensions.get(name) == value for name, value in question.where.items())
