"""What docs/definitions.md says of the academy, of panels and payments, and of recruitment; expectations by hand."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from contracts.codes import ApplicationStage, CswwRole, PanelDecision, PanelKind, Role, Route
from contracts.events.agency_cover import CoverChanged
from contracts.events.hiring import ApplicationProgressed, CohortOpened, WorkerStarted
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import RetentionPaymentMade
from tests.histories import moved, started
from tests.oracle.academy import Step, cohorts, over_all, survival
from tests.oracle.facts import YEAR_2023, Fact, a_post, covers, day, on, resigned, standing, total
from tests.oracle.measures import MEASURES, Period, by
from tests.oracle.rates import RATES

LONG_AGO = date(2018, 1, 1)
AS_AT = date(2023, 11, 30)


# --- payments ---------------------------------------------------------------------------------------------------------


def due(*facts: Fact) -> dict[date, int]:
    """On which days payments are due, and how many."""
    events = standing(
        a_post("P-1", fte="9", day=LONG_AGO),
        a_post("P-2", CswwRole.FIRST_LINE_MANAGER, Role.TEAM_MANAGER, day=LONG_AGO),
        *facts,
    )
    days = Period(date(2023, 4, 1), date(2025, 4, 30))
    sums = {one: total(events, "retention-payments-due", day(one), "all") for one in days}
    return {one: int(count) for one, count in sums.items() if count}


def test_who_was_in_service_when_the_scheme_began_is_due_a_payment_at_its_end() -> None:
    end = date(2024, 3, 31)
    assert due(on("W-1", started(date(2023, 4, 1)))) == {end: 1}
    assert due(on("W-1", started(date(2020, 6, 1)))) == {end: 1}
    assert due(on("W-1", started(date(2020, 6, 1))), on("W-1", resigned(end))) == {}
    assert due(on("W-1", started(date(2020, 6, 1))), on("W-1", resigned(date(2024, 4, 1)))) == {end: 1}


def test_who_came_later_is_due_a_payment_after_twelve_months() -> None:
    assert due(on("W-1", started(date(2023, 4, 2)))) == {date(2024, 4, 2): 1}
    assert due(on("W-1", started(date(2024, 2, 29)))) == {date(2025, 2, 28): 1}
    assert due(on("W-1", started(date(2024, 3, 31)))) == {date(2025, 3, 31): 1}
    assert due(on("W-1", started(date(2024, 4, 1)))) == {}
    assert due(on("W-1", started(date(2023, 5, 1))), on("W-1", resigned(date(2024, 5, 1)))) == {}


def test_a_payment_is_due_to_social_workers_below_team_manager_on_the_day_and_costs_3000_pounds() -> None:
    assert due(on("W-1", started(date(2023, 5, 1), "P-2"))) == {}
    assert due(on("W-1", started(date(2023, 5, 1))), on("W-1", moved(date(2024, 5, 1), "P-1", "P-2"))) == {}
    events = standing(a_post("P-1", day=LONG_AGO), on("W-1", started(LONG_AGO)), on("W-2", started(LONG_AGO)))
    assert total(events, "retention-payment-cost", day(date(2024, 3, 31)), "all") == 6000


def test_payments_made_count_on_the_day_they_were_paid() -> None:
    paid = RetentionPaymentMade(
        paid_on=date(2024, 3, 28), service_completed_on=date(2024, 3, 31), amount=Decimal("2999.5")
    )
    events = standing(a_post("P-1", day=LONG_AGO), on("W-1", started(LONG_AGO)), on("W-1", paid), on("W-2", paid))
    march = Period(date(2024, 3, 1), date(2024, 3, 31))
    assert by(MEASURES["retention-payments-paid"](events, march, "all"), ["role"]) == {
        ("social-worker",): Fraction("2999.5"),
        (None,): Fraction("2999.5"),
    }
    assert total(events, "retention-payments-made", march, "all") == 2


# --- panels -----------------------------------------------------------------------------------------------------------


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


def test_a_candidate_counts_once_for_each_panel_with_the_last_decision_recorded() -> None:
    january, february, april = date(2024, 1, 10), date(2024, 2, 7), date(2024, 4, 1)
    events = standing(
        a_post("P-1", day=LONG_AGO),
        on("W-1", started(LONG_AGO, fte="0.8")),
        on("W-1", decided(PanelDecision.UNSUCCESSFUL, january)),
        on("W-1", decided(PanelDecision.SUCCESSFUL, february, april)),
        on("W-2", decided(PanelDecision.SUCCESSFUL, february, fte="0.5")),
        on("W-2", decided(PanelDecision.PASSED, february)),
    )
    panels = MEASURES["panels-held"](events, day(january), "all")
    assert by(panels, ["panel", "panel_kind"]) == {("PN-1", "advanced-social-worker"): 1}
    assert total(events, "panels-held", day(february), "all") == 1  # the one about the ASYE
    assert total(events, "panel-candidates", day(january), "all") == 0
    assert total(events, "panel-candidates", day(february), "all") == 3
    assert total(events, "panel-successes", day(february), "all") == 2
    assert total(events, "progressed-fte", day(february), "all") == Fraction("0.5")
    assert total(events, "progressed-fte", day(april), "all") == Fraction("0.8")
    assert RATES["progression-funding-used"](events, Period(january, april)) == Fraction(130, 41)


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


# --- recruitment and agency cover -------------------------------------------------------------------------------------


def reached(stage: ApplicationStage, reached_on: date, route: Route = Route.DIRECT) -> ApplicationProgressed:
    """A stage of an application."""
    return ApplicationProgressed(stage=stage, reached_on=reached_on, route=route)


def test_an_application_reaches_a_stage_once_on_the_earliest_day() -> None:
    may, june = date(2023, 5, 10), date(2023, 6, 1)
    events = standing(
        ("application/AP-1", reached(ApplicationStage.APPLIED, june)),
        ("application/AP-1", reached(ApplicationStage.APPLIED, may, Route.OPEN_EVENING)),
        ("application/AP-1", reached(ApplicationStage.APPLIED, may, Route.REFER_A_FRIEND)),
        ("application/AP-1", reached(ApplicationStage.OFFERED, june)),
        ("application/AP-2", reached(ApplicationStage.APPLIED, june)),
    )
    assert by(MEASURES["applications"](events, YEAR_2023, "all"), ["stage", "route"]) == {
        ("applied", "open-evening"): 1,
        ("offered", "direct"): 1,
        ("applied", "direct"): 1,
    }


def test_weeks_of_cover_count_days_running_and_cost_only_with_a_rate() -> None:
    first = date(2023, 5, 1)
    events = standing(
        a_post("P-1", day=LONG_AGO),
        ("cover/C-1", covers("A-1", "P-1", "0.5", day=first)),
        ("cover/C-1", CoverChanged(effective_from=date(2023, 5, 8), hourly_rate=Decimal(40))),
        ("cover/C-1", CoverChanged(effective_from=date(2023, 5, 11), fte=Decimal(0))),
    )
    may = Period(first, date(2023, 5, 31))
    assert total(events, "agency-weeks", may) == Fraction("1.428571")
    # Three days of 40 pounds for 37 hours a week at half time.
    assert total(events, "agency-cost", may) == Fraction("317.142857")
