"""Every measure, written a second time from docs/definitions.md alone: slow, obvious, over the plain set of events.

Invariant: nothing here or in what it imports comes from services/, nor from the folds that the services use.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from contracts.envelope import Event
from tests.oracle import flows, progression, recruitment, staffing, working_life
from tests.oracle.days import Period
from tests.oracle.parts import Dimensions, Part, by, figure
from tests.oracle.stock import in_force

__all__ = ["MEASURES", "Dimensions", "Part", "Period", "by", "figure", "known"]


def known(events: Iterable[Event], as_known_at: datetime, as_accepted_at: datetime | None = None) -> list[Event]:
    """The events in force as known at an instant, of those accepted by another where one is given."""
    accepted = [
        event
        for event in events
        if as_accepted_at is None
        or event.envelope.acceptedtime is None
        or event.envelope.acceptedtime <= as_accepted_at
    ]
    return in_force(accepted, as_known_at)


MEASURES: dict[str, Callable[..., list[Part]]] = {
    # Stocks in FTE, as at the last day.
    "establishment": staffing.establishment,
    "in-post": staffing.in_post,
    "vacancies": staffing.vacancies,
    "over-establishment": staffing.over_establishment,
    "agency": staffing.agency,
    "agency-cover": staffing.agency_cover,
    "uncovered-vacancies": staffing.uncovered_vacancies,
    "vacancies-by-age": staffing.vacancies_by_age,
    "uncovered-vacancies-by-age": staffing.uncovered_vacancies_by_age,
    "case-holders-fte": working_life.case_holders_fte,
    # Stocks of people, cases and children, as at the last day.
    "in-post-headcount": staffing.in_post_headcount,
    "agency-headcount": staffing.agency_headcount,
    "agency-cover-headcount": staffing.agency_cover_headcount,
    "in-post-by-length-of-service": flows.in_post_by_length_of_service,
    "agency-by-tenure": staffing.agency_by_tenure,
    "agency-tenure-days": staffing.agency_tenure_days,
    "cases": working_life.cases,
    "workers-by-caseload": working_life.workers_by_caseload,
    "workers-over-caseload": working_life.workers_over_caseload,
    "offers-not-started": recruitment.offers_not_started,
    "children": working_life.children,
    "children-by-area": working_life.children_by_area,
    # Flows of the period.
    "starters": flows.starters,
    "starters-fte": flows.starters_fte,
    "leavers": flows.leavers,
    "leavers-fte": flows.leavers_fte,
    "moves": flows.moves,
    "promotions": flows.promotions,
    "days-in-role-before-promotion": flows.days_in_role_before_promotion,
    "conversions": flows.conversions,
    "agency-conversions": flows.agency_conversions,
    "in-post-headcount-days": flows.in_post_headcount_days,
    "opening-headcount": flows.opening_headcount,
    "stayed-headcount": flows.stayed_headcount,
    "starters-old-enough": flows.starters_old_enough,
    "starters-retained": flows.starters_retained,
    "vacancies-filled": staffing.vacancies_filled,
    "days-to-fill": staffing.days_to_fill,
    "working-days-lost": working_life.working_days_lost,
    "panels-held": progression.panels_held,
    "panel-candidates": progression.panel_candidates,
    "panel-successes": progression.panel_successes,
    "progressed-fte": progression.progressed_fte,
    "progression-funded-fte": progression.progression_funded_fte,
    "retention-payments-due": progression.retention_payments_due,
    "retention-payment-cost": progression.retention_payment_cost,
    "retention-payments-made": progression.retention_payments_made,
    "retention-payments-paid": progression.retention_payments_paid,
    "applications": recruitment.applications,
    "campaigns-opened": recruitment.campaigns_opened,
    "agency-weeks": recruitment.agency_weeks,
    "agency-cost": recruitment.agency_cost,
    "support-sessions": working_life.support_sessions,
    "session-registrations": working_life.session_registrations,
    "support-taken-up": working_life.support_taken_up,
}
"""By name `(events_in_force, period, scope) -> parts`; scope is `all` or `census`.

`workers-over-caseload` takes `above` (else 25) besides.
`starters-old-enough` and `starters-retained` take `as_at` (else the period's last day) and `months` (else 12) besides.
"""
