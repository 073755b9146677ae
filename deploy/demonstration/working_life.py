"""Working life: absence, caseloads, wellbeing weeks, clinical supervision, and the published demand.

Invariant: nothing here changes who is in post. Sessions, registrations, referrals and demand are the paper's figures;
absences and caseloads are invented.
"""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from contracts.codes import AbsenceReason, Demand, Role, SupportOffer
from contracts.events.working_life import (
    AbsenceRecorded,
    CaseloadCounted,
    DemandCounted,
    SupportSessionHeld,
    SupportTakenUp,
)
from deploy.demonstration.ledger import Ledger
from deploy.demonstration.published import (
    CHILD_PROTECTION_PLANS,
    CHILDREN_LOOKED_AFTER,
    LAST_DAY,
    WELLBEING_REGISTRATIONS,
    WELLBEING_SESSIONS,
)
from deploy.demonstration.workforce import Workforce
from deploy.demonstration.working_days import Month, day_between
from services.metrics.snapshot.amounts import weekdays

WELLBEING_WEEKS = (date(2021, 10, 11), date(2022, 5, 9), date(2022, 11, 14), date(2023, 6, 5))
"""The Mondays of the four weeks; invented."""
SUPERVISION_PILOT: dict[date, int] = {
    date(2023, 5, 1): 2,
    date(2023, 6, 1): 3,
    date(2023, 7, 1): 3,
    date(2023, 9, 1): 2,
    date(2023, 10, 1): 1,
}
"""Referrals by month, 11 in all; which months is invented."""

SICKNESS_IN_A_MONTH = 0.05
"""The share of workers who have a spell of sickness in a month; invented."""
CENSUS_MONTH = 9
USUAL_CASES: dict[Role, int] = {
    Role.NEWLY_QUALIFIED_SOCIAL_WORKER: 10,
    Role.SOCIAL_WORKER: 16,
    Role.ADVANCED_SOCIAL_WORKER: 14,
}
"""Cases of a full-time worker; invented, near the published average caseloads."""
CASES_SPREAD = 3.0
DEMAND_GOING_ON = {Demand.CHILD_PROTECTION_PLANS: (410, 450), Demand.CHILDREN_LOOKED_AFTER: (735, 770)}
"""Between which numbers demand stays after the published counts; invented."""


def record_month(workforce: Workforce, chance: Random, month: Month) -> None:
    """A month's sickness, referrals and caseloads. Up to March 2024 only the census in September has caseloads."""
    _sickness(workforce, chance, month)
    if month.first.month == CENSUS_MONTH or month.first > LAST_DAY:
        _caseloads(workforce, chance, month.last)
    _refer_to_supervision(workforce, chance, month)


def count_demand(ledger: Ledger) -> None:
    """The published counts of children, one series for each kind."""
    for demand, series in (
        (Demand.CHILD_PROTECTION_PLANS, CHILD_PROTECTION_PLANS),
        (Demand.CHILDREN_LOOKED_AFTER, CHILDREN_LOOKED_AFTER),
    ):
        for counted_on, children in series.items():
            counted = DemandCounted(counted_on=counted_on, demand=demand, children=children)
            ledger.record(demand.value, counted, counted_on, days=(3, 8))


def count_demand_of(ledger: Ledger, chance: Random, month: Month) -> None:
    """Invented counts of children at the end of a month after the published ones."""
    for demand, between in DEMAND_GOING_ON.items():
        counted = DemandCounted(counted_on=month.last, demand=demand, children=chance.randint(*between))
        ledger.record(demand.value, counted, month.last, days=(3, 8))


def hold_wellbeing_weeks(ledger: Ledger) -> None:
    """The wellbeing weeks' sessions, and the registrations spread over them as evenly as whole people allow."""
    for number in range(WELLBEING_SESSIONS):
        week = number % len(WELLBEING_WEEKS)
        session = number // len(WELLBEING_WEEKS)
        before, after = (WELLBEING_REGISTRATIONS * edge // WELLBEING_SESSIONS for edge in (number, number + 1))
        held_on = WELLBEING_WEEKS[week] + timedelta(days=session % 5)
        held = SupportSessionHeld(held_on=held_on, offer=SupportOffer.WELLBEING, registrations=after - before)
        ledger.record(f"wellbeing-week-{week + 1}-session-{session + 1:02}", held, held_on, days=(1, 8))


def _sickness(workforce: Workforce, chance: Random, month: Month) -> None:
    present = [worker for worker in workforce.employed if worker.is_free(month.first)]
    for worker in chance.sample(present, round(len(present) * SICKNESS_IN_A_MONTH)):
        absent_from = day_between(chance, month.first, month.last)
        working_days = chance.choices((1, 2, 3, 5, 10, 20), (30, 25, 20, 15, 7, 3))[0]
        returned_on = absent_from + timedelta(days=working_days * 7 // 5 + (1 if working_days < 5 else 0))
        if absent_from <= LAST_DAY < returned_on:
            continue
        absent_from = max(absent_from, worker.sick_until)
        worker.sick_until = returned_on = max(returned_on, absent_from + timedelta(days=1))
        absence = AbsenceRecorded(
            absent_from=absent_from,
            returned_on=returned_on,
            working_days_lost=Decimal(min(working_days, weekdays(absent_from, returned_on))),
            reason=AbsenceReason.SICKNESS,
        )
        workforce.ledger.record(worker.number, absence, returned_on, days=(0, 7))


def _caseloads(workforce: Workforce, chance: Random, counted_on: date) -> None:
    for worker in workforce.employed:
        if worker.role not in USUAL_CASES or worker.absent_until > counted_on:
            continue
        fte = sum((share.fte for share in worker.shares), Decimal(0))
        cases = max(1, round(chance.gauss(USUAL_CASES[worker.role], CASES_SPREAD) * float(fte)))
        counted = CaseloadCounted(counted_on=counted_on, cases=cases)
        workforce.ledger.record(worker.number, counted, counted_on, days=(2, 8))


def _refer_to_supervision(workforce: Workforce, chance: Random, month: Month) -> None:
    case_holders = [worker for worker in workforce.holding(Role.SOCIAL_WORKER) if worker.is_free(month.first)]
    for worker in chance.sample(case_holders, SUPERVISION_PILOT.get(month.first, 0)):
        taken_up_on = day_between(chance, month.first, month.last)
        taken_up = SupportTakenUp(taken_up_on=taken_up_on, offer=SupportOffer.CLINICAL_SUPERVISION)
        workforce.ledger.record(worker.number, taken_up, taken_up_on, days=(0, 5))
