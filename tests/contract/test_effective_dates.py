"""Every kind of event says from which date on it holds."""

from datetime import UTC, date, datetime
from typing import ClassVar

import pytest

from contracts.catalogue import EVENT_MODELS
from contracts.codes import WithdrawalReason
from contracts.effects import day_of_effect, effective_date
from contracts.events.base import EventData, Withdrawal
from contracts.events.hiring import WorkerMerged
from contracts.events.leavers import WorkerLeft
from contracts.values import EffectiveDate
from tests.histories import event, left, void

FIELDS = {
    "post.established": "effective_from",
    "post.changed": "effective_from",
    "post.closed": "closed_on",
    "campaign.opened": "opened_on",
    "application.progressed": "reached_on",
    "cohort.opened": "entry_on",
    "worker.started": "started_on",
    "worker.moved": "moved_on",
    "worker.fte-changed": "effective_from",
    "worker.merged": None,
    "cover.started": "started_on",
    "cover.changed": "effective_from",
    "cover.ended": "ended_on",
    "worker.left": "left_on",
    "leaver.reversed": "left_on",
    "panel.decided": "decided_on",
    "absence.recorded": "absent_from",
    "caseload.counted": "counted_on",
    "retention-payment.made": "paid_on",
    "support.taken-up": "taken_up_on",
    "support-session.held": "held_on",
    "demand.counted": "counted_on",
    "demand.ended": "ended_on",
    "initiative.announced": "starts_on",
}

NOON = datetime(2023, 12, 1, 12, tzinfo=UTC)


def test_each_kind_of_event_names_the_field_of_its_effective_date() -> None:
    named = {name.removeprefix("uk.workforce.").removesuffix(".v1"): kind for name, kind in EVENT_MODELS.items()}
    assert {name: kind.effective_field for name, kind in named.items()} == FIELDS


def test_an_event_holds_from_its_effective_date_on() -> None:
    leaver = event(left(date(2023, 10, 31)), "worker/W-1", NOON, "E-1")
    assert isinstance(leaver.data, WorkerLeft)
    assert (effective_date(leaver), day_of_effect(leaver)) == (date(2023, 10, 31), date(2023, 10, 31))


def test_a_merge_and_a_withdrawal_have_none() -> None:
    merged = event(WorkerMerged(duplicate="W-2"), "worker/W-1", NOON, "E-1")
    withdrawn = void(merged, NOON, "E-2")
    assert withdrawn.data == Withdrawal(because=WithdrawalReason.ENTERED_IN_ERROR)
    for one in (merged, withdrawn):
        assert effective_date(one) is None
        with pytest.raises(ValueError, match="has no effective date"):
            day_of_effect(one)


def test_a_kind_that_does_not_say_when_it_takes_effect_is_refused_when_it_is_declared() -> None:
    with pytest.raises(TypeError, match="Forgetful: effective_field must name"):

        class Forgetful(EventData):
            event_type: ClassVar[str] = "uk.workforce.forgetful.v1"
            subject_kind: ClassVar[str] = "post"

            held_on: EffectiveDate

    with pytest.raises(TypeError, match="Misspelt: effective_field must name"):

        class Misspelt(EventData):
            event_type: ClassVar[str] = "uk.workforce.misspelt.v1"
            subject_kind: ClassVar[str] = "post"
            effective_field: ClassVar[str | None] = "hold_on"

            held_on: EffectiveDate
