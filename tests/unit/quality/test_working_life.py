"""Checks of panels, absences, caseloads and cohorts: what fires each, and what nearly does."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.codes import AbsenceReason, PanelDecision, PanelKind
from contracts.events.base import EventData
from contracts.events.hiring import CohortOpened, WorkerMerged, WorkerStarted
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import AbsenceRecorded, CaseloadCounted
from tests.histories import cover_started, left, started
from tests.unit.quality.findings import NOVEMBER, OCTOBER, SEPTEMBER, TWO_POSTS, found, grave, history, ids, the_one

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
    assert finding.says == "Panel A-1 decided on worker/W-1 on 2023-10-01, who is in no post that day."
    assert (finding.subjects, ids(finding)) == ((W,), ["E-4", "E-5"])
    assert grave(events) == {"panel-outside-service"}


def test_a_panel_on_the_last_day_in_post_is_no_finding() -> None:
    facts = [(W, started(SEPTEMBER)), (W, left(OCTOBER)), (W, _advanced(date(2023, 9, 30)))]
    assert grave(history(*TWO_POSTS, *facts)) == set()


def test_an_asye_decision_before_the_start_in_the_cohort() -> None:
    events = history(*TWO_POSTS, (W, _in_cohort(OCTOBER, "cohort-1")), (W, _asye(SEPTEMBER)))
    finding = the_one("asye-decided-before-start", events)
    assert finding.says == "Panel A-1 decided on the ASYE of worker/W-1 on 2023-09-01, before the start."
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
    assert finding.says == "worker/W-1 was absent from 2023-09-01 on, and is in no post that day."
    assert ids(finding) == ["E-3", "E-4"]
    assert grave(history(*TWO_POSTS, (W, started(OCTOBER)), (W, _absent(OCTOBER)))) == set()


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
    assert bool(found("caseload-without-fte", events)) is is_found


def test_cases_of_an_agency_worker_while_the_assignment_runs_are_no_finding() -> None:
    counted = CaseloadCounted(counted_on=NOVEMBER, cases=9)
    assert grave(history(*TWO_POSTS, (C, cover_started(SEPTEMBER)), ("worker/A-1", counted))) == set()
    early = history(*TWO_POSTS, (C, cover_started(NOVEMBER.replace(day=2))), ("worker/A-1", counted))
    assert the_one("caseload-without-fte", early).says == (
        "worker/A-1 held 9 cases on 2023-11-01, and has no FTE that day."
    )
    merged = [(W, counted), (W, WorkerMerged(duplicate="A-1"))]
    assert grave(history(*TWO_POSTS, (C, cover_started(SEPTEMBER)), *merged)) == set()


@pytest.mark.parametrize(("completes_on", "is_found"), [(SEPTEMBER, True), (OCTOBER, True), (NOVEMBER, False)])
def test_a_cohort_that_completes_before_it_enters(completes_on: date, is_found: bool) -> None:
    cohort = CohortOpened(entry_on=OCTOBER, completes_on=completes_on)
    assert bool(found("cohort-completes-before-entry", history(("cohort/cohort-1", cohort)))) is is_found
