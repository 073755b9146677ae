"""Which events speak of someone who must have started, and who has."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.codes import AbsenceReason, Demand, PanelDecision, PanelKind, SupportOffer
from contracts.events.base import EventData
from contracts.events.leavers import LeaverReversed
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import (
    AbsenceRecorded,
    CaseloadCounted,
    DemandCounted,
    RetentionPaymentMade,
    SupportSessionHeld,
    SupportTakenUp,
)
from services.retention.rules import linked_numbers, needs_a_start, workers_started
from tests.histories import at, event, left, merged, started, void

DAY = date(2023, 10, 31)
RECORDED, LATER = at(DAY), at(DAY, 10)


@pytest.mark.parametrize(
    "data",
    [
        left(DAY),
        LeaverReversed(left_on=DAY),
        PanelDecided(
            panel="ASW-1", decided_on=DAY, kind=PanelKind.ADVANCED_SOCIAL_WORKER, decision=PanelDecision.SUCCESSFUL
        ),
        AbsenceRecorded(absent_from=DAY, working_days_lost=Decimal(3), reason=AbsenceReason.SICKNESS),
        RetentionPaymentMade(paid_on=DAY, service_completed_on=DAY, amount=Decimal(3000)),
    ],
)
def test_who_leaves_is_decided_on_is_away_or_is_paid_must_have_started(data: EventData) -> None:
    assert needs_a_start(event(data, "worker/W-1", RECORDED, "E-1"))


@pytest.mark.parametrize(
    ("data", "subject"),
    [
        (CaseloadCounted(counted_on=DAY, cases=14), "worker/A-1"),
        (SupportTakenUp(taken_up_on=DAY, offer=SupportOffer.COACHING), "worker/A-1"),
        (SupportSessionHeld(held_on=DAY, offer=SupportOffer.WELLBEING, registrations=10), "session/S-1"),
        (DemandCounted(counted_on=DAY, demand=Demand.CHILDREN_LOOKED_AFTER, children=757), "demand/D-1"),
    ],
)
def test_an_agency_worker_has_cases_and_support_without_ever_starting(data: EventData, subject: str) -> None:
    assert not needs_a_start(event(data, subject, RECORDED, "E-1"))


def test_a_withdrawal_speaks_of_nobody() -> None:
    assert not needs_a_start(void(event(left(DAY), "worker/W-1", RECORDED, "E-1"), LATER, "V-1"))


def test_a_worker_has_started_while_a_start_stands() -> None:
    first = event(started(DAY), "worker/W-1", RECORDED, "E-1")
    cancelled = event(started(DAY), "worker/W-2", RECORDED, "E-2")
    assert workers_started([first, cancelled], []) == {"worker/W-1", "worker/W-2"}
    assert workers_started([first, cancelled, void(cancelled, LATER, "V-1")], []) == {"worker/W-1"}
    corrected = event(started(DAY, "P-2"), "worker/W-1", LATER, "E-3", supersedes="E-1")
    assert workers_started([first, corrected], []) == {"worker/W-1"}


def test_a_start_under_another_number_of_the_person_counts() -> None:
    start = event(started(DAY), "worker/W-1", RECORDED, "E-1")
    merge = event(merged("W-2"), "worker/W-1", RECORDED, "M-1")
    assert workers_started([start], [merge]) == {"worker/W-1", "worker/W-2"}
    assert workers_started([start], [merge, void(merge, LATER, "V-1")]) == {"worker/W-1"}
    assert workers_started([], [merge]) == set()
    other = event(merged("W-1"), "worker/W-0", RECORDED, "M-2")
    assert workers_started([start], [other, merge]) == {"worker/W-0", "worker/W-1", "worker/W-2"}


def test_the_start_of_a_worker_is_looked_for_under_all_numbers_of_the_person() -> None:
    merge = event(merged("W-2"), "worker/W-1", RECORDED, "M-1")
    assert linked_numbers({"worker/W-2", "worker/W-3"}, [merge]) == {"worker/W-1", "worker/W-2", "worker/W-3"}
    assert linked_numbers({"worker/W-2"}, [merge, void(merge, LATER, "V-1")]) == {"worker/W-2"}
    assert linked_numbers({"worker/W-3"}, [merge]) == {"worker/W-3"}
