"""Checks of panels, absences, caseloads and cohorts: what fires each, and what nearly does."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from contracts.codes import AbsenceReason, PanelDecision, PanelKind
from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.hiring import CohortOpened, WorkerMerged, WorkerStarted
from contracts.events.leavers import LeaverReversed
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import AbsenceRecorded, CaseloadCounted
from services.metrics.figures.figures import figures
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import count
from services.metrics.measures.declaration import When
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, cover_started, event, left, started, void
from tests.unit.quality.findings import (
    DECEMBER,
    FIRST_RECORDED,
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
    TWO_POSTS,
    findings_of,
    grave,
    history,
    ids,
    the_one,
)
from tests.unit.quality.remedy import in_cohort, on_a_panel

W, C = "worker/W-1", "cover/C-1"
Facts = list[tuple[str, EventData]]


def _asye(decided_on: date, cohort: str | None = None) -> PanelDecided:
    asye, passed = PanelKind.ASYE, PanelDecision.PASSED
    return PanelDecided(panel="A-1", decided_on=decided_on, kind=asye, decision=passed, cohort=cohort)


def _advanced(decided_on: date) -> PanelDecided:
    kind, decision = PanelKind.ADVANCED_SOCIAL_WORKER, PanelDecision.SUCCESSFUL
    return PanelDecided(panel="A-1", decided_on=decided_on, kind=kind, decision=decision)


def _in_cohort(started_on: date, cohort: str) -> WorkerStarted:
    return started(started_on).model_copy(update={"cohort": cohort})


def _absent(day: date) -> AbsenceRecorded:
    return AbsenceRecorded(absent_from=day, working_days_lost=Decimal(3), reason=AbsenceReason.SICKNESS)


@pytest.mark.parametrize("fact", [_advanced(OCTOBER), _asye(OCTOBER)])
def test_a_panel_for_a_leaver(fact: EventData) -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, left(OCTOBER)), (W, fact))
    finding = the_one("panel-outside-service", events)
    assert finding.message == "Panel A-1 decided on worker/W-1 on 2023-10-01, who is in no post that day."
    assert (finding.subjects, ids(finding)) == ((W,), ["E-4", "E-5"])
    assert grave(events) == {"panel-outside-service"}


def test_a_panel_on_the_last_day_in_post_is_no_finding() -> None:
    facts = [(W, started(SEPTEMBER)), (W, left(OCTOBER)), (W, _advanced(date(2023, 9, 30)))]
    assert grave(history(*TWO_POSTS, *facts)) == set()


def test_an_asye_decision_before_the_start_in_the_cohort() -> None:
    events = history(*TWO_POSTS, (W, _in_cohort(OCTOBER, "cohort-1")), (W, _asye(SEPTEMBER)))
    finding = the_one("asye-decided-before-start", events)
    assert finding.message == "Panel A-1 decided on the ASYE of worker/W-1 on 2023-09-01, before the start."
    assert ids(finding) == ["E-3", "E-4"]
    assert grave(events) == {"asye-decided-before-start"}


def test_an_asye_decision_is_held_against_the_cohort_it_names() -> None:
    twice = [(W, _in_cohort(SEPTEMBER, "cohort-1")), (W, left(OCTOBER)), (W, _in_cohort(OCTOBER, "cohort-2"))]
    decided = date(2023, 9, 20)
    assert grave(history(*TWO_POSTS, *twice, (W, _asye(decided, "cohort-1")))) == set()
    assert grave(history(*TWO_POSTS, *twice, (W, _asye(decided)))) == set()
    assert grave(history(*TWO_POSTS, *twice, (W, _asye(decided, "cohort-2")))) == {"asye-decided-before-start"}


def test_an_absence_before_the_start() -> None:
    events = history(*TWO_POSTS, (W, started(OCTOBER)), (W, _absent(SEPTEMBER)))
    finding = the_one("absence-outside-service", events)
    assert finding.message == "worker/W-1 was absent from 2023-09-01 on, and is in no post that day."
    assert ids(finding) == ["E-3", "E-4"]
    assert grave(history(*TWO_POSTS, (W, started(OCTOBER)), (W, _absent(OCTOBER)))) == set()


def _sick(absent_from: date, returned_on: date | None, lost: str) -> AbsenceRecorded:
    reason = AbsenceReason.SICKNESS
    return AbsenceRecorded(
        absent_from=absent_from, returned_on=returned_on, working_days_lost=Decimal(lost), reason=reason
    )


def _lost(events: list[Event]) -> float:
    """The working days lost in the year to November 2023."""
    snapshot = Snapshot(events)
    reading = Reading("331", FIRST_RECORDED, lambda: snapshot)
    year = When(date(2022, 12, 1), date(2023, 11, 30), date(2023, 11, 30))
    total = figures(count("working-days-lost"), [reading], [year], FigureQuery()).totals[0]
    assert isinstance(total, Fraction)
    return float(total)


def _said_again(events: list[Event], id: str, data: EventData) -> list[Event]:
    """The history after one of its events was superseded."""
    (before,) = (one for one in events if one.envelope.id == id)
    return [*events, event(data, before.envelope.subject, at(DECEMBER, 20), "again", supersedes=id)]


def _without(events: list[Event], id: str) -> list[Event]:
    """The history after one of its events was voided."""
    (before,) = (one for one in events if one.envelope.id == id)
    return [*events, void(before, at(DECEMBER, 20), "voided")]


# Monday 2 October to Friday 27 October 2023 are 20 weekdays; the worker leaves on Monday 9 October.
SECOND, NINTH, END = date(2023, 10, 2), date(2023, 10, 9), date(2023, 10, 28)


def test_an_absence_that_goes_on_after_leaving() -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, left(NINTH)), (W, _sick(SECOND, END, "20")))
    finding = the_one("absence-beyond-leaving", events)
    assert finding.message == (
        "worker/W-1 left on 2023-10-09, and is recorded as absent until 2023-10-28: of 20 weekdays 5 count."
    )
    assert (ids(finding), finding.since) == (["E-4", "E-5"], NINTH)
    assert grave(events) == {"absence-beyond-leaving"}
    assert _lost(events) == 5


def test_an_absence_that_ends_with_leaving_is_no_finding_and_so_it_is_when_the_leaver_is_reversed() -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, left(NINTH)), (W, _sick(SECOND, END, "20")))
    superseded = _said_again(events, "E-5", _sick(SECOND, NINTH, "5"))
    assert (grave(superseded), _lost(superseded)) == (set(), 5)
    reversal = event(LeaverReversed(left_on=NINTH), W, at(DECEMBER, 21), "reversed")
    assert (grave([*events, reversal]), _lost([*events, reversal])) == (set(), 20)


@pytest.mark.parametrize(
    ("returned_on", "lost", "is_found"),
    [(END, "20", False), (END, "20.5", True), (date(2023, 10, 3), "1.5", True), (None, "200", False)],
)
def test_an_absence_of_more_days_than_weekdays(returned_on: date | None, lost: str, is_found: bool) -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, _sick(SECOND, returned_on, lost)))
    assert grave(events) == ({"absence-of-too-many-days"} if is_found else set())


def test_an_absence_of_too_many_days_counts_its_weekdays_until_it_is_put_right() -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, _sick(SECOND, NINTH, "7.5")))
    assert the_one("absence-of-too-many-days", events).message == (
        "worker/W-1 is recorded as absent from 2023-10-02 until 2023-10-09 with 7.5 working days lost: "
        "it has 5 weekdays."
    )
    assert _lost(events) == 5
    right = _said_again(events, "E-4", _sick(SECOND, date(2023, 10, 12), "7.5"))
    assert (grave(right), _lost(right)) == (set(), 7.5)


def test_absences_that_overlap_under_two_numbers() -> None:
    facts = [(W, started(SEPTEMBER)), (W, _sick(SECOND, NINTH, "5")), ("worker/W-2", _sick(SECOND, END, "20"))]
    events = history(*TWO_POSTS, *facts, (W, WorkerMerged(duplicate="W-2")))
    finding = the_one("absences-overlap", events)
    assert finding.message == (
        "worker/W-1 is recorded as absent twice from 2023-10-02 to 2023-10-08: each day counts once."
    )
    assert ids(finding) == ["E-4", "E-5"]
    assert (grave(events), _lost(events)) == ({"absences-overlap"}, 20)
    for right in (_without(events, "E-4"), _said_again(events, "E-5", _sick(NINTH, END, "15"))):
        assert (grave(right), _lost(right)) == (set(), 20)


def test_absences_one_after_the_other_or_that_share_a_weekend_are_no_finding() -> None:
    facts = [(W, started(SEPTEMBER)), (W, _sick(SECOND, NINTH, "5")), (W, _sick(date(2023, 10, 7), END, "15"))]
    assert grave(history(*TWO_POSTS, *facts)) == set()
    training = _sick(SECOND, END, "3").model_copy(update={"reason": AbsenceReason.TRAINING})
    assert grave(history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, _sick(SECOND, NINTH, "5")), (W, training))) == set()


def _two_numbers(first: date, second: date) -> list[Event]:
    facts: Facts = [
        (W, started(SEPTEMBER)),
        ("worker/W-2", CaseloadCounted(counted_on=first, cases=6)),
        (W, CaseloadCounted(counted_on=second, cases=14)),
        (W, WorkerMerged(duplicate="W-2")),
    ]
    return history(*TWO_POSTS, *facts)


def _cases(events: list[Event], as_at: date) -> Fraction:
    snapshot = Snapshot(events)
    reading = Reading("331", FIRST_RECORDED, lambda: snapshot)
    total = figures(count("cases"), [reading], [When(as_at, as_at, as_at)], FigureQuery()).totals[0]
    assert isinstance(total, Fraction)
    return total


@pytest.mark.parametrize(
    ("first", "says", "cases"),
    [
        pytest.param(
            NOVEMBER,
            "worker/W-1: 14 cases were counted as worker/W-1 on 2023-11-01 and 6 as worker/W-2 on 2023-11-01, 20 in "
            "all.",
            20,
            id="on one day",
        ),
        pytest.param(
            date(2023, 10, 27),
            "worker/W-1: 6 cases were counted as worker/W-2 on 2023-10-27 and 14 as worker/W-1 on 2023-11-01, only the "
            "later count is taken.",
            14,
            id="in one week",
        ),
    ],
)
def test_cases_counted_under_two_numbers_of_one_person(first: date, says: str, cases: int) -> None:
    events = _two_numbers(first, NOVEMBER)
    assert the_one("caseload-under-two-numbers", events).message == says
    assert _cases(events, NOVEMBER) == cases
    the_same_cases = _without(events, "E-4")
    assert findings_of("caseload-under-two-numbers", the_same_cases) == []
    assert _cases(the_same_cases, NOVEMBER) == 14
    others = _said_again(the_same_cases, "E-5", CaseloadCounted(counted_on=NOVEMBER, cases=20))
    assert findings_of("caseload-under-two-numbers", others) == []
    assert _cases(others, NOVEMBER) == 20


def _counts(*counted: tuple[str, date, int]) -> list[Event]:
    counts = [(f"worker/{number}", CaseloadCounted(counted_on=day, cases=cases)) for number, day, cases in counted]
    merges = [(W, WorkerMerged(duplicate="W-2")), ("worker/W-2", WorkerMerged(duplicate="W-3"))]
    return history(*TWO_POSTS, (W, started(SEPTEMBER)), *counts, *merges)


def test_cases_that_a_count_of_none_under_another_number_takes_away() -> None:
    events = _counts(("W-2", date(2023, 10, 31), 15), ("W-1", NOVEMBER, 0))
    assert _cases(events, NOVEMBER) == 0
    assert the_one("caseload-under-two-numbers", events).message == (
        "worker/W-1: 15 cases were counted as worker/W-2 on 2023-10-31 and 0 as worker/W-1 on 2023-11-01, only the "
        "later count is taken."
    )


@pytest.mark.parametrize(
    ("counted", "cases"),
    [
        pytest.param([("W-1", NOVEMBER, 0), ("W-2", NOVEMBER, 15)], 15, id="none beside cases on one day"),
        pytest.param([("W-1", date(2023, 10, 31), 0), ("W-2", NOVEMBER, 15)], 15, id="none before cases"),
        pytest.param([("W-2", date(2023, 10, 31), 15), ("W-1", NOVEMBER, 0), ("W-2", NOVEMBER, 0)], 0, id="given up"),
        pytest.param([("W-2", date(2023, 10, 31), 15), ("W-1", NOVEMBER, 0), ("W-2", NOVEMBER, 14)], 14, id="one less"),
    ],
)
def test_counts_of_no_cases_that_take_nothing_away_are_no_finding(
    counted: list[tuple[str, date, int]], cases: int
) -> None:
    assert findings_of("caseload-under-two-numbers", _counts(*counted)) == []
    assert _cases(_counts(*counted), NOVEMBER) == cases


def test_cases_of_three_numbers_add_up_beside_a_count_of_none_and_are_found() -> None:
    events = _counts(("W-1", NOVEMBER, 5), ("W-2", NOVEMBER, 0), ("W-3", NOVEMBER, 4))
    assert _cases(events, NOVEMBER) == 9
    assert the_one("caseload-under-two-numbers", events).message.endswith("9 in all.")


def test_cases_of_the_next_month_under_the_number_that_was_kept_are_no_finding() -> None:
    events = _two_numbers(OCTOBER, date(2023, 10, 9))
    assert findings_of("caseload-under-two-numbers", events) == []
    assert _cases(events, date(2023, 10, 9)) == 14


@pytest.mark.parametrize(
    ("facts", "cases", "is_found"),
    [
        pytest.param([], 12, True, id="nobody known"),
        pytest.param([], 0, False, id="no cases"),
        pytest.param([(W, started(SEPTEMBER))], 12, False, id="in post"),
        pytest.param([(W, started(SEPTEMBER)), (W, left(NOVEMBER))], 12, True, id="left that day"),
        pytest.param([("worker/A-1", started(SEPTEMBER, "P-2"))], 12, True, id="another worker"),
    ],
)
def test_cases_of_somebody_with_no_fte(facts: Facts, cases: int, is_found: bool) -> None:
    events = history(*TWO_POSTS, *facts, (W, CaseloadCounted(counted_on=NOVEMBER, cases=cases)))
    assert bool(findings_of("caseload-without-fte", events)) is is_found


def test_cases_of_an_agency_worker_while_the_assignment_runs_are_no_finding() -> None:
    counted = CaseloadCounted(counted_on=NOVEMBER, cases=9)
    assert grave(history(*TWO_POSTS, (C, cover_started(SEPTEMBER)), ("worker/A-1", counted))) == set()
    early = history(*TWO_POSTS, (C, cover_started(NOVEMBER.replace(day=2))), ("worker/A-1", counted))
    assert the_one("caseload-without-fte", early).message == (
        "worker/A-1 held 9 cases on 2023-11-01, and has no FTE that day."
    )
    merged = [(W, counted), (W, WorkerMerged(duplicate="A-1"))]
    assert grave(history(*TWO_POSTS, (C, cover_started(SEPTEMBER)), *merged)) == set()


@pytest.mark.parametrize(("completes_on", "is_found"), [(SEPTEMBER, True), (OCTOBER, True), (NOVEMBER, False)])
def test_a_cohort_that_completes_before_it_enters(completes_on: date, is_found: bool) -> None:
    cohort = CohortOpened(entry_on=OCTOBER, completes_on=completes_on)
    assert bool(findings_of("cohort-completes-before-entry", history(("cohort/cohort-1", cohort)))) is is_found


def test_a_short_absence_within_a_long_one_does_not_hide_another_that_overlaps_the_long_one() -> None:
    short, third = _sick(date(2023, 10, 4), date(2023, 10, 5), "1"), _sick(date(2023, 10, 16), date(2023, 10, 18), "2")
    facts = [(W, started(SEPTEMBER)), (W, _sick(SECOND, END, "20")), (W, short), (W, third)]
    assert [finding.since for finding in findings_of("absences-overlap", history(*TWO_POSTS, *facts))] == [
        date(2023, 10, 4),
        date(2023, 10, 16),
    ]


def test_another_panel_before_the_start_in_a_cohort_is_of_somebody_not_in_service() -> None:
    facts = [(W, in_cohort(NOVEMBER)), (W, on_a_panel(OCTOBER))]
    assert len(findings_of("panel-outside-service", history(*TWO_POSTS, *facts))) == 1
    assert findings_of("asye-decided-before-start", history(*TWO_POSTS, *facts)) == []


def test_a_panel_after_leaving_is_named_with_the_leaver_not_the_start() -> None:
    facts = [(W, started(SEPTEMBER)), (W, left(OCTOBER)), (W, on_a_panel(NOVEMBER))]
    assert ids(the_one("panel-outside-service", history(*TWO_POSTS, *facts))) == ["E-4", "E-5"]
