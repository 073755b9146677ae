"""What docs/definitions.md says of the academy, of panels and payments, and of recruitment; expectations by hand."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from contracts.codes import PanelDecision, PanelKind, Role, Route
from contracts.events.hiring import CohortOpened, WorkerStarted
from contracts.events.progression_panels import PanelDecided
from tests.histories import moved, started
from tests.oracle.academy import Step, cohorts, over_all, survival
from tests.oracle.facts import a_post, on, resigned, standing

LONG_AGO = date(2018, 1, 1)
AS_AT = date(2023, 11, 30)


def decided(
    decision: PanelDecision, decided_on: date, effective_from: date | None = None, fte: str | None = None
) -> PanelDecided:
    """A decision of panel PN-1; of ASYE unless it is a success or none."""
    is_progression = decision in (PanelDecision.SUCCESSFUL, PanelDecision.UNSUCCESSFUL)
    return PanelDecided(
        panel="PN-1",
        decided_on=decided_on,
        kind=PanelKind.ADVANCED_SOCIAL_WORKER if is_progression else PanelKind.ASYE,
        decision=decision,
        effective_from=effective_from,
        fte=None if fte is None else Decimal(fte),
    )


# --- academy ----------------------------------------------------------------------------------------------------------


def joined(started_on: date, post: str = "P-1", cohort: str = "AC-1") -> WorkerStarted:
    """A newly qualified member of a cohort."""
    return started(started_on, post).model_copy(update={"cohort": cohort, "route": Route.ACADEMY})


COHORT = [
    a_post("P-1", role=Role.NEWLY_QUALIFIED_SOCIAL_WORKER, fte="9", day=LONG_AGO),
    a_post("P-2", role=Role.SOCIAL_WORKER, fte="9", day=LONG_AGO),
    ("cohort/AC-1", CohortOpened(entry_on=date(2021, 9, 1), completes_on=date(2022, 9, 1))),
]
ENTRY = date(2021, 9, 1)


def test_each_outcome_of_a_cohort() -> None:
    events = standing(
        *COHORT,
        # Deferred, passed, and in a service area since.
        on("W-1", joined(ENTRY)),
        on("W-1", decided(PanelDecision.DEFERRED, date(2022, 7, 1))),
        on("W-1", decided(PanelDecision.PASSED, date(2022, 9, 1))),
        on("W-1", moved(date(2022, 9, 1), "P-1", "P-2")),
        # Failed on the day of leaving: left after.
        on("W-2", joined(ENTRY)),
        on("W-2", decided(PanelDecision.FAILED, date(2022, 8, 1))),
        on("W-2", resigned(date(2022, 8, 1))),
        # Left, and the panel passed the work of the year afterwards: left during the year.
        on("W-3", joined(ENTRY)),
        on("W-3", resigned(date(2022, 8, 1))),
        on("W-3", decided(PanelDecision.PASSED, date(2022, 8, 2))),
        # Still there, deferred.
        on("W-4", joined(ENTRY)),
        on("W-4", decided(PanelDecision.DEFERRED, date(2022, 7, 1))),
        # Did not come, and starts after the date.
        on("W-5", joined(ENTRY)),
        on("W-5", resigned(ENTRY)),
        on("W-6", joined(date(2023, 12, 1))),
    )
    outcomes = cohorts(events, AS_AT)["AC-1"]
    assert (outcomes.completed, outcomes.started, outcomes.in_post, outcomes.left) == (True, 4, 2, 2)
    assert (outcomes.passed, outcomes.failed, outcomes.deferred) == (2, 1, 2)
    assert (outcomes.left_during_the_year, outcomes.left_after) == (1, 1)
    assert (outcomes.progressed, outcomes.still_in_the_year) == (1, 1)
    assert outcomes.retention == 50
    # 820 days from 1 September 2021 to 30 November 2023, 334 to 1 August 2022.
    assert outcomes.mean_length_of_service_in_post == Fraction(820) / Fraction("365.25")
    assert outcomes.mean_length_of_service_of_all == Fraction(577) / Fraction("365.25")
    assert survival(list(outcomes.durations)) == [Step(334, 4, 2, Fraction(1, 2))]
    before_it_completed = cohorts(events, date(2022, 8, 31))["AC-1"]
    assert (before_it_completed.completed, before_it_completed.passed, before_it_completed.progressed) == (False, 1, 0)


def test_a_member_counts_once_from_the_earliest_start_and_is_judged_by_the_spell_of_it() -> None:
    events = standing(
        *COHORT,
        on("W-1", joined(date(2022, 1, 10))),
        on("W-1", joined(ENTRY)),
        on("W-1", resigned(date(2022, 3, 1))),
        on("W-1", joined(date(2022, 5, 1))),
        on("W-1", joined(date(2022, 5, 1), "P-2", "AC-2")),
    )
    outcomes = cohorts(events, AS_AT)
    assert (outcomes["AC-1"].started, outcomes["AC-1"].left, outcomes["AC-1"].progressed) == (1, 1, 0)
    assert outcomes["AC-1"].durations == ((181, True),)
    assert (outcomes["AC-2"].started, outcomes["AC-2"].in_post, outcomes["AC-2"].completed) == (1, 1, False)
    assert over_all(events, AS_AT).started == 2
    assert over_all(events, AS_AT, completed_only=True).retention == 0


def test_survival_is_the_product_of_the_shares_that_stayed() -> None:
    assert survival([(100, True), (100, False), (200, True), (300, True), (400, False)]) == [
        Step(100, 5, 1, Fraction(4, 5)),
        Step(200, 3, 1, Fraction(8, 15)),
        Step(300, 2, 1, Fraction(4, 15)),
    ]
