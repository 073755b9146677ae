"""Every rate: a ratio of sums of measures.

Invariant: where the denominator is 0 there is no rate; a percentage is times 100, and nothing is rounded.
"""

from collections.abc import Callable
from datetime import date
from fractions import Fraction

from contracts.envelope import Event
from tests.oracle.days import Period, holds_a_29_february, year_to
from tests.oracle.measures import MEASURES, figure

BEFORE_ALL = date(1900, 1, 1)


def _sum(events: list[Event], measure: str, period: Period, scope: str) -> Fraction:
    return figure(MEASURES[measure](events, period, scope))


def _at(events: list[Event], measure: str, as_at: date, scope: str = "census") -> Fraction:
    return _sum(events, measure, Period(as_at, as_at), scope)


def _ratio(part: Fraction, whole: Fraction) -> Fraction | None:
    return part / whole if whole else None


def _percentage(part: Fraction, whole: Fraction) -> Fraction | None:
    return part / whole * 100 if whole else None


# --- as at a date, in scope census ------------------------------------------------------------------------------------


def vacancy_rate(events: list[Event], as_at: date) -> Fraction | None:
    """CSWW, %."""
    vacant = _at(events, "vacancies", as_at)
    return _percentage(vacant, vacant + _at(events, "in-post", as_at))


def agency_worker_rate(events: list[Event], as_at: date) -> Fraction | None:
    """CSWW, FTE, %."""
    agency = _at(events, "agency", as_at)
    return _percentage(agency, agency + _at(events, "in-post", as_at))


def agency_worker_rate_headcount(events: list[Event], as_at: date) -> Fraction | None:
    """CSWW, headcount, %."""
    agency = _at(events, "agency-headcount", as_at)
    return _percentage(agency, agency + _at(events, "in-post-headcount", as_at))


def turnover_rate(events: list[Event], as_at: date) -> Fraction | None:
    """CSWW, FTE, % of the year that ends on the date."""
    return _percentage(_sum(events, "leavers-fte", year_to(as_at), "census"), _at(events, "in-post", as_at))


def turnover_rate_headcount(events: list[Event], as_at: date) -> Fraction | None:
    """CSWW, headcount, % of the year that ends on the date."""
    return _percentage(_sum(events, "leavers", year_to(as_at), "census"), _at(events, "in-post-headcount", as_at))


def agency_cover_rate(events: list[Event], as_at: date) -> Fraction | None:
    """CSWW, %."""
    return _percentage(_at(events, "agency-cover", as_at), _at(events, "agency", as_at))


def vacancy_agency_cover_rate(events: list[Event], as_at: date) -> Fraction | None:
    """CSWW, %; shown with `u` when above 100."""
    return _percentage(_at(events, "agency-cover", as_at), _at(events, "vacancies", as_at))


def absence_rate(events: list[Event], as_at: date) -> Fraction | None:
    """CSWW, % of the year that ends on the date."""
    year = year_to(as_at)
    working_days = 254 if holds_a_29_february(year) else 253
    lost = _sum(events, "working-days-lost", year, "census")
    return _percentage(lost, _at(events, "in-post", as_at) * working_days)


def average_caseload(events: list[Event], as_at: date) -> Fraction | None:
    """CSWW, cases per FTE."""
    return _ratio(_at(events, "cases", as_at), _at(events, "case-holders-fte", as_at))


# --- others, in the scope asked for -----------------------------------------------------------------------------------


def nhs_vacancy_rate(events: list[Event], as_at: date, *, scope: str = "all") -> Fraction | None:
    """NHS, %; negative when over-established."""
    funded = _at(events, "establishment", as_at, scope)
    return _percentage(funded - _at(events, "in-post", as_at, scope), funded)


def children_per_case_holder(events: list[Event], as_at: date, *, scope: str = "all") -> Fraction | None:
    """Children of every kind of demand per FTE of case holders."""
    return _ratio(_at(events, "children", as_at, scope), _at(events, "case-holders-fte", as_at, scope))


def children_per_case_holder_by_area(events: list[Event], as_at: date, *, scope: str = "all") -> Fraction | None:
    """Children counted by service area, of every area and kind, per FTE of case holders."""
    return _ratio(_at(events, "children-by-area", as_at, scope), _at(events, "case-holders-fte", as_at, scope))


def mean_agency_tenure(events: list[Event], as_at: date, *, scope: str = "all") -> Fraction | None:
    """Months of a twelfth of 365.25 days, of the assignments that run."""
    days = _ratio(_at(events, "agency-tenure-days", as_at, scope), _at(events, "agency-by-tenure", as_at, scope))
    return None if days is None else days * 12 / Fraction(36525, 100)


def crude_turnover(events: list[Event], period: Period, *, scope: str = "all") -> Fraction | None:
    """CIPD, %."""
    average = _sum(events, "in-post-headcount-days", period, scope) / period.days
    return _percentage(_sum(events, "leavers", period, scope), average)


def stability_index(events: list[Event], period: Period, *, scope: str = "all") -> Fraction | None:
    """NHS, %."""
    opening = _sum(events, "opening-headcount", period, scope)
    return _percentage(_sum(events, "stayed-headcount", period, scope), opening)


def retention_of_starters(
    events: list[Event], as_at: date, *, months: int = 12, period: Period | None = None, scope: str = "all"
) -> Fraction | None:
    """% of the starters (of a period, where one is given) old enough to judge."""
    began = period or Period(BEFORE_ALL, as_at)
    old_enough = MEASURES["starters-old-enough"](events, began, scope, as_at=as_at, months=months)
    retained = MEASURES["starters-retained"](events, began, scope, as_at=as_at, months=months)
    return _percentage(figure(retained), figure(old_enough))


def time_to_fill(events: list[Event], period: Period, *, scope: str = "all") -> Fraction | None:
    """Mean days, weighted by FTE."""
    filled = _sum(events, "vacancies-filled", period, scope)
    return _ratio(_sum(events, "days-to-fill", period, scope), filled)


def time_in_role_before_promotion(events: list[Event], period: Period, *, scope: str = "all") -> Fraction | None:
    """Mean months of a twelfth of 365.25 days."""
    promoted = _sum(events, "promotions", period, scope)
    days = _ratio(_sum(events, "days-in-role-before-promotion", period, scope), promoted)
    return None if days is None else days * 12 / Fraction(36525, 100)


def progression_funding_used(events: list[Event], period: Period) -> Fraction | None:
    """% of the FTE that the progression pathway funds, of periods that reach the day from which on it does."""
    funded = _sum(events, "progression-funded-fte", period, "all")
    return _percentage(_sum(events, "progressed-fte", period, "all"), funded)


RATES: dict[str, Callable[..., Fraction | None]] = {
    "vacancy-rate": vacancy_rate,
    "agency-worker-rate": agency_worker_rate,
    "agency-worker-rate-headcount": agency_worker_rate_headcount,
    "turnover-rate": turnover_rate,
    "turnover-rate-headcount": turnover_rate_headcount,
    "agency-cover-rate": agency_cover_rate,
    "vacancy-agency-cover-rate": vacancy_agency_cover_rate,
    "absence-rate": absence_rate,
    "average-caseload": average_caseload,
    "nhs-vacancy-rate": nhs_vacancy_rate,
    "crude-turnover": crude_turnover,
    "stability-index": stability_index,
    "retention-of-starters": retention_of_starters,
    "time-to-fill": time_to_fill,
    "time-in-role-before-promotion": time_in_role_before_promotion,
    "progression-funding-used": progression_funding_used,
    "children-per-case-holder": children_per_case_holder,
    "children-per-case-holder-by-area": children_per_case_holder_by_area,
    "mean-agency-tenure": mean_agency_tenure,
}
"""By name `(events_in_force, as_at)`, or `(events_in_force, period)` where OF_A_PERIOD says so."""

OF_A_PERIOD = (
    "crude-turnover",
    "stability-index",
    "time-to-fill",
    "time-in-role-before-promotion",
    "progression-funding-used",
)
