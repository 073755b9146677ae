"""Checks of the records themselves: what fires each, and what nearly does."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from contracts.codes import AbsenceReason
from contracts.events.base import EventData
from contracts.events.hiring import WorkerMerged
from contracts.events.leavers import LeaverReversed
from contracts.events.working_life import AbsenceRecorded, CaseloadCounted
from services.metrics.quality.catalogue import CHECKS
from services.metrics.quality.records import Lateness, lateness
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import SOURCE, at, cover_started, event, left, moved, started, void, void_of
from tests.unit.quality.findings import (
    DECEMBER,
    FIRST_RECORDED,
    OCTOBER,
    SEPTEMBER,
    findings_of,
    history,
    ids,
    the_one,
    withdrawn,
)

W = "worker/W-1"
LATER = FIRST_RECORDED + timedelta(days=1)
STARTED = event(started(SEPTEMBER), W, FIRST_RECORDED, "E-1")
STARTED_OTHERWISE = event(started(OCTOBER), W, LATER, "E-2", supersedes="E-1")


def test_a_correction_of_no_event_counts_beside_what_it_was_to_replace() -> None:
    lost = event(started(OCTOBER), W, LATER, "E-2", supersedes="E-9")
    finding = the_one("reference-to-no-event", [STARTED, lost])
    assert finding.message == f"{SOURCE}#E-2 supersedes {SOURCE}#E-9, and no such event of worker/W-1 is known."
    assert (finding.subjects, ids(finding), finding.since) == ((W,), ["E-2"], date(2023, 12, 2))


def test_a_withdrawal_of_an_event_of_somebody_else_says_whose_it_is() -> None:
    void_of_other = void_of("E-1", STARTED.envelope.type, "worker/W-2", LATER, "E-2")
    finding = the_one("reference-to-no-event", [STARTED, void_of_other])
    assert finding.message == (
        f"{SOURCE}#E-2 voids {SOURCE}#E-1, and no such event of worker/W-2 is known; "
        f"{SOURCE}#E-1 is uk.workforce.worker.started.v1 of worker/W-1."
    )


def test_a_withdrawal_that_leaves_out_the_source_of_what_it_means_says_where_there_is_such_an_event() -> None:
    careless = void_of("E-1", STARTED.envelope.type, W, LATER, "E-1-void", source="/coventry/payroll")
    finding = the_one("reference-to-no-event", [STARTED, careless])
    assert finding.message == (
        "/coventry/payroll#E-1-void voids /coventry/payroll#E-1, and no such event of worker/W-1 is known; "
        "/coventry/hr#E-1 is uk.workforce.worker.started.v1 of worker/W-1."
    )
    assert "`voidssource`" in CHECKS["reference-to-no-event"].remedy
    right = void_of("E-1", STARTED.envelope.type, W, LATER, "V", source="/coventry/payroll", voidssource=SOURCE)
    assert findings_of("reference-to-no-event", [STARTED, careless, void(careless, LATER, "V-1"), right]) == []


def test_two_events_of_one_number_in_two_systems_are_corrected_each_by_its_own() -> None:
    other = event(started(OCTOBER), W, LATER, "E-1", source="/coventry/payroll")
    of_other = event(started(DECEMBER), W, LATER, "E-2", supersedes="E-1", source="/coventry/payroll")
    assert findings_of("corrected-twice", [STARTED, STARTED_OTHERWISE, other, of_other]) == []
    assert findings_of("reference-to-no-event", [STARTED, STARTED_OTHERWISE, other, of_other]) == []


def test_a_correction_and_a_withdrawal_that_find_their_event_are_no_findings() -> None:
    assert (
        findings_of("reference-to-no-event", [STARTED, STARTED_OTHERWISE, void(STARTED_OTHERWISE, LATER, "E-3")]) == []
    )


def test_a_correction_of_no_event_that_was_withdrawn_or_corrected_itself_is_no_finding() -> None:
    lost = event(started(OCTOBER), W, LATER, "E-2", supersedes="E-9")
    assert findings_of("reference-to-no-event", [lost, void(lost, LATER, "E-3")]) == []
    assert (
        findings_of("reference-to-no-event", [lost, event(started(OCTOBER), W, LATER, "E-3", supersedes="E-2")]) == []
    )


def test_two_corrections_of_one_event() -> None:
    other = event(started(DECEMBER), W, LATER + timedelta(hours=1), "E-3", supersedes="E-1")
    finding = the_one("corrected-twice", [STARTED, STARTED_OTHERWISE, other])
    corrections = f"{SOURCE}#E-2, {SOURCE}#E-3"
    assert (
        finding.message == f"{SOURCE}#E-1 of worker/W-1 is superseded by {corrections}: the one recorded last counts."
    )
    assert ids(finding) == ["E-1", "E-2", "E-3"]


def test_a_correction_that_is_of_another_worker_corrects_nothing_a_second_time() -> None:
    of_other = event(started(DECEMBER), "worker/W-2", LATER + timedelta(hours=1), "E-3", supersedes="E-1")
    assert findings_of("corrected-twice", [STARTED, STARTED_OTHERWISE, of_other]) == []


def test_a_correction_of_a_correction_and_one_withdrawn_are_no_findings_unless_the_void_is_void() -> None:
    again = event(started(DECEMBER), W, LATER + timedelta(hours=1), "E-3", supersedes="E-2")
    assert findings_of("corrected-twice", [STARTED, STARTED_OTHERWISE, again]) == []
    other = event(started(DECEMBER), W, LATER + timedelta(hours=1), "E-3", supersedes="E-1")
    taken_back = void(STARTED_OTHERWISE, LATER + timedelta(hours=2), "E-4")
    assert findings_of("corrected-twice", [STARTED, STARTED_OTHERWISE, other, taken_back]) == []
    restored = void(taken_back, LATER + timedelta(hours=3), "E-5")
    assert ids(the_one("corrected-twice", [STARTED, STARTED_OTHERWISE, other, taken_back, restored])) == [
        "E-1",
        "E-2",
        "E-3",
    ]


def _absent(day: date, days: str) -> AbsenceRecorded:
    return AbsenceRecorded(absent_from=day, working_days_lost=Decimal(days), reason=AbsenceReason.SICKNESS)


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (started(SEPTEMBER), started(SEPTEMBER), "'worker started' stands 2 times"),
        (started(SEPTEMBER), started(SEPTEMBER, "P-1", "0.5"), "saying not the same."),
        (left(SEPTEMBER), left(SEPTEMBER), "saying the same."),
        (moved(SEPTEMBER, "P-1", "P-2"), moved(SEPTEMBER, "P-3", "P-2"), "'worker moved'"),
        (_absent(SEPTEMBER, "3"), _absent(SEPTEMBER, "4"), "'absence recorded'"),
    ],
)
def test_the_same_recorded_twice(first: EventData, second: EventData, says: str) -> None:
    finding = the_one("recorded-twice", history((W, first), (W, second)))
    assert says in finding.message
    assert (finding.subjects, finding.since) == ((W,), SEPTEMBER)
    assert (ids(finding), withdrawn(finding)) == (["E-1", "E-2"], ["E-1"])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (started(SEPTEMBER), started(OCTOBER)),
        (started(SEPTEMBER), started(SEPTEMBER, "P-2")),
        (started(SEPTEMBER), left(SEPTEMBER)),
        (_absent(SEPTEMBER, "3"), _absent(OCTOBER, "3")),
    ],
)
def test_another_day_post_or_kind_is_not_the_same(first: EventData, second: EventData) -> None:
    assert findings_of("recorded-twice", history((W, first), (W, second))) == []
    assert findings_of("recorded-twice", history((W, first), ("worker/W-2", first))) == []


def test_a_leaver_entered_anew_after_its_reversal_is_no_second_one() -> None:
    facts = [(W, left(OCTOBER)), (W, LeaverReversed(left_on=OCTOBER)), (W, left(OCTOBER))]
    assert findings_of("recorded-twice", history(*facts)) == []


def test_the_same_under_two_numbers_of_one_person_is_recorded_twice() -> None:
    facts = [(W, started(SEPTEMBER)), ("worker/W-2", started(SEPTEMBER)), (W, WorkerMerged(duplicate="W-2"))]
    assert ids(the_one("recorded-twice", history(*facts))) == ["E-1", "E-2"]


def test_a_merge_with_a_number_of_which_nothing_is_recorded() -> None:
    merged = WorkerMerged(duplicate="W-2")
    finding = the_one("merge-without-events", history((W, started(SEPTEMBER)), (W, merged)))
    assert finding.message == "worker/W-1 and worker/W-2 are merged, and nothing is recorded of the duplicate."
    (kept,) = findings_of("merge-without-events", history(("worker/W-2", started(SEPTEMBER)), (W, merged)))
    assert kept.message.endswith("of the number kept.")


def test_a_merge_of_two_numbers_known_also_of_an_agency_worker_is_no_finding() -> None:
    first, second = (W, started(SEPTEMBER)), ("worker/W-2", CaseloadCounted(counted_on=OCTOBER, cases=3))
    assert findings_of("merge-without-events", history(first, second, (W, WorkerMerged(duplicate="W-2")))) == []
    agency = ("cover/C-1", cover_started(SEPTEMBER))
    assert findings_of("merge-without-events", history(first, agency, (W, WorkerMerged(duplicate="A-1")))) == []


@pytest.mark.parametrize(
    ("recorded", "late", "early"),
    [
        (date(2023, 11, 2), True, False),  # 32 days after 1 October
        (date(2023, 11, 1), False, False),
        (date(2023, 4, 1), False, False),  # 183 days before
        (date(2023, 3, 31), False, True),
    ],
)
def test_entries_long_after_and_long_before_they_take_effect(recorded: date, late: bool, early: bool) -> None:
    events = [event(started(OCTOBER), W, at(recorded), "E-1")]
    assert bool(findings_of("late-entry", events)) is late
    assert bool(findings_of("early-entry", events)) is early


def test_lateness_is_told_by_kind_of_event() -> None:
    # 31, 40 and 70 days late: 31 are none.
    recorded = [date(2023, 11, 1), date(2023, 11, 10), date(2023, 12, 10)]
    starts = [event(started(OCTOBER), f"worker/W-{n}", at(day), f"E-{n}") for n, day in enumerate(recorded, 1)]
    leaver = event(left(OCTOBER), "worker/W-1", at(OCTOBER), "E-4")
    assert lateness(Snapshot([*starts, leaver])) == [
        Lateness("uk.workforce.worker.left.v1", 1, 0, None),
        Lateness("uk.workforce.worker.started.v1", 3, 2, 55.0),
    ]
