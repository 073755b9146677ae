"""What became of the academy's members: every line of the outcome table, with small cohorts written down by hand."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from contracts.codes import Destination, LeavingReason, MoveKind, Origin, PanelDecision, PanelKind, Role, Route
from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.hiring import CohortOpened, WorkerMerged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.progression_panels import PanelDecided
from services.metrics.academy.outcomes import COUNTED, Outcomes, Which, cohorts, cohorts_as_at, members, outcomes
from services.metrics.reasons import Reason
from services.metrics.snapshot.employment import Leaving
from services.metrics.snapshot.snapshot import Snapshot, known
from tests.histories import at, established, event, left

ENTRY, PANEL, COMPLETES = date(2022, 1, 17), date(2023, 1, 9), date(2023, 1, 17)
BEFORE_THE_PANEL, AFTER = date(2022, 12, 31), date(2023, 6, 30)
LATER = date(2024, 1, 17)


def start(started_on: date = ENTRY, cohort: str | None = "cohort-13", post: str = "P-ACADEMY") -> WorkerStarted:
    return WorkerStarted(
        started_on=started_on,
        post=post,
        fte=Decimal(1),
        origin=Origin.NEWLY_QUALIFIED,
        route=Route.ACADEMY,
        cohort=cohort,
    )


def decided(decision: PanelDecision, decided_on: date = PANEL, kind: PanelKind = PanelKind.ASYE) -> PanelDecided:
    return PanelDecided(panel="ASYE-2023-01", decided_on=decided_on, kind=kind, decision=decision)


def progressed(moved_on: date = COMPLETES, to_post: str = "P-AREA") -> WorkerMoved:
    return WorkerMoved(
        moved_on=moved_on, from_post="P-ACADEMY", to_post=to_post, fte=Decimal(1), kind=MoveKind.PROGRESSION
    )


PASSED, FAILED, DEFERRED = PanelDecision.PASSED, PanelDecision.FAILED, PanelDecision.DEFERRED
OPENED = CohortOpened(entry_on=ENTRY, completes_on=COMPLETES, academy_team="academy-team-1", places=16)


def the_academy(*facts_of_workers: Sequence[EventData]) -> list[Event]:
    """A cohort, an academy post, a service area post, and workers W-1, W-2 and so on; all recorded on one morning."""
    morning = at(date(2022, 1, 3))
    events = [
        event(OPENED, "cohort/cohort-13", morning, "opened"),
        event(established(ENTRY, "9", Role.NEWLY_QUALIFIED_SOCIAL_WORKER), "post/P-ACADEMY", morning, "academy"),
        event(established(ENTRY, "9", Role.NEWLY_QUALIFIED_SOCIAL_WORKER), "post/P-SECOND", morning, "second"),
        event(established(ENTRY, "9"), "post/P-AREA", morning, "area"),
    ]
    for number, facts in enumerate(facts_of_workers, start=1):
        events += [
            event(data, f"worker/W-{number}", morning, f"W-{number}-{index}") for index, data in enumerate(facts)
        ]
    return events


def of_cohort(events: list[Event], as_at: date) -> Outcomes:
    return outcomes(Snapshot(events), ["cohort-13"], as_at)


def counts_of(as_at: date, *facts: EventData) -> set[str]:
    """The figures that one worker with these facts makes up."""
    cohort = of_cohort(the_academy(facts), as_at)
    return {name for name in COUNTED if cohort.count(name) == 1}


@pytest.mark.parametrize(
    ("as_at", "facts", "counts_as"),
    [
        # In the year, and whoever has not started yet.
        (date(2022, 1, 16), [start()], set()),
        (ENTRY, [start()], {"started", "in_the_year", "in_post"}),
        (date(2022, 1, 16), [start(), left(date(2022, 1, 24))], set()),
        # Passed; deferred on the way; decided only after the date.
        (BEFORE_THE_PANEL, [start(), decided(PASSED)], {"started", "in_the_year", "in_post"}),
        (PANEL, [start(), decided(PASSED)], {"started", "passed", "in_post"}),
        (PANEL, [start(), decided(DEFERRED)], {"started", "deferred", "in_the_year", "in_post"}),
        (AFTER, [start(), decided(DEFERRED), decided(PASSED, AFTER)], {"started", "deferred", "passed", "in_post"}),
        # Failed; failed at first; a failure after a pass changes nothing.
        (PANEL, [start(), decided(FAILED)], {"started", "failed", "in_post"}),
        (AFTER, [start(), decided(FAILED), decided(PASSED, AFTER)], {"started", "passed", "in_post"}),
        (AFTER, [start(), decided(PASSED), decided(FAILED, AFTER)], {"started", "passed", "in_post"}),
        # Another panel than that of the ASYE decides nothing here.
        (
            AFTER,
            [start(), decided(PanelDecision.SUCCESSFUL, kind=PanelKind.ADVANCED_SOCIAL_WORKER)],
            {"started", "in_the_year", "in_post"},
        ),
        (
            AFTER,
            [start(), decided(DEFERRED, kind=PanelKind.ADVANCED_SOCIAL_WORKER)],
            {"started", "in_the_year", "in_post"},
        ),
        # Progressed, with or without a decision; a move within the academy is none.
        (COMPLETES, [start(), decided(PASSED), progressed()], {"started", "passed", "progressed", "in_post"}),
        (COMPLETES, [start(), progressed()], {"started", "progressed", "in_post"}),
        (PANEL, [start(), decided(PASSED), progressed()], {"started", "passed", "in_post"}),
        (AFTER, [start(), progressed(to_post="P-SECOND")], {"started", "in_the_year", "in_post"}),
        (AFTER, [start(), progressed(to_post="P-UNHEARD-OF")], {"started", "in_the_year", "in_post"}),
        # Left during the year: before any decision, or deferred only.
        (AFTER, [start(), left(date(2022, 9, 1))], {"started", "left", "left_during"}),
        (date(2022, 9, 1), [start(), left(date(2022, 9, 1))], {"started", "left", "left_during"}),
        (date(2022, 8, 31), [start(), left(date(2022, 9, 1))], {"started", "in_the_year", "in_post"}),
        (AFTER, [start(), decided(DEFERRED), left(COMPLETES)], {"started", "deferred", "left", "left_during"}),
        (AFTER, [start(), left(date(2022, 9, 1)), decided(PASSED)], {"started", "passed", "left", "left_during"}),
        # Left after: failed or passed by the day of leaving, that day included.
        (AFTER, [start(), decided(FAILED), left(COMPLETES)], {"started", "failed", "left", "left_after"}),
        (AFTER, [start(), decided(PASSED), left(PANEL)], {"started", "passed", "left", "left_after"}),
        (
            AFTER,
            [start(), decided(PASSED), progressed(), left(date(2023, 6, 1))],
            {"started", "passed", "progressed", "left", "left_after"},
        ),
        # Stayed after all.
        (
            AFTER,
            [start(), left(date(2022, 9, 1)), LeaverReversed(left_on=date(2022, 9, 1))],
            {"started", "in_the_year", "in_post"},
        ),
    ],
)  # fmt: skip
def test_a_member_makes_up_these_figures(as_at: date, facts: list[EventData], counts_as: set[str]) -> None:
    assert counts_of(as_at, *facts) == counts_as


def test_who_returns_later_has_left_for_good() -> None:
    facts = [start(), left(date(2022, 9, 1)), start(date(2023, 3, 1), cohort=None, post="P-AREA")]
    assert counts_of(AFTER, *facts) == {"started", "left", "left_during"}


def test_who_enters_two_cohorts_is_a_member_of_both() -> None:
    facts = [start(), left(date(2022, 9, 1)), start(date(2023, 3, 1), cohort="cohort-18")]
    snapshot = Snapshot(the_academy(facts))
    assert [(member.cohort, member.person, member.started_on) for member in members(snapshot)] == [
        ("cohort-13", "W-1", ENTRY),
        ("cohort-18", "W-1", date(2023, 3, 1)),
    ]
    both = outcomes(snapshot, ["cohort-13", "cohort-18"], AFTER)
    assert (both.count("started"), both.count("left"), both.count("in_post")) == (2, 1, 1)


def test_a_second_start_in_the_cohort_does_not_count_again() -> None:
    facts = [start(), start(date(2022, 3, 1), post="P-SECOND")]
    assert of_cohort(the_academy(facts), AFTER).count("started") == 1


def test_two_numbers_of_one_person_are_one_member() -> None:
    events = the_academy([start(), decided(PASSED)], [start(date(2022, 3, 1), post="P-SECOND")])
    assert of_cohort(events, AFTER).count("started") == 2
    merged = event(WorkerMerged(duplicate="W-2"), "worker/W-1", at(date(2022, 4, 1)), "merged")
    cohort = of_cohort([*events, merged], AFTER)
    assert [(known.member.person, known.passed_on) for known in cohort.known] == [("W-1", PANEL)]


def test_why_and_where_to_a_member_left_is_told_from_the_day_on() -> None:
    leaving = WorkerLeft(left_on=date(2022, 9, 1), reason=LeavingReason.RESIGNATION, destination=Destination.NOT_KNOWN)
    events = the_academy([start(), leaving])
    (before,) = of_cohort(events, date(2022, 8, 31)).known
    (after,) = of_cohort(events, AFTER).known
    assert (before.left_on, before.leaving) == (None, None)
    assert after.left_on == date(2022, 9, 1)
    assert after.leaving == Leaving(LeavingReason.RESIGNATION, Destination.NOT_KNOWN)


def test_shares_and_mean_lengths_of_service() -> None:
    # As at 17 January 2024: 730 days since the start. The leavers stayed 100 and 365 days.
    cohort = of_cohort(
        the_academy(
            [start(), decided(PASSED), progressed()],
            [start()],
            [start(), left(date(2022, 4, 27))],
            [start(), decided(PASSED), left(COMPLETES)],
        ),
        LATER,
    )
    assert cohort.share("in_post") == 50
    assert cohort.share("progressed") == 25
    assert cohort.mean_service("in_post") == Fraction(730) / Fraction("365.25")
    assert cohort.mean_service("started") == Fraction(730 + 730 + 100 + 365, 4) / Fraction("365.25")
    assert cohort.mean_service("failed") is Reason.NO_DENOMINATOR


def test_a_cohort_nobody_has_entered_has_no_shares() -> None:
    cohort = of_cohort(the_academy(), AFTER)
    assert cohort.count("started") == 0
    assert cohort.share("in_post") is cohort.mean_service("in_post") is Reason.NO_DENOMINATOR


@pytest.mark.parametrize(
    ("as_at", "which", "expected"),
    [
        (date(2022, 1, 16), Which.ALL, []),
        (ENTRY, Which.ALL, ["cohort-13"]),
        (date(2023, 1, 16), Which.RUNNING, ["cohort-13"]),
        (date(2023, 1, 16), Which.COMPLETED, []),
        (COMPLETES, Which.COMPLETED, ["cohort-13"]),
        (COMPLETES, Which.RUNNING, []),
        (AFTER, Which.ALL, ["cohort-13", "cohort-18"]),
        (AFTER, Which.RUNNING, ["cohort-18"]),
    ],
)
def test_a_cohort_is_completed_from_the_day_its_year_ends(as_at: date, which: Which, expected: list[str]) -> None:
    # Nobody has told of cohort 18 but the start of a member: it counts from then on, and never as completed.
    snapshot = Snapshot(the_academy([start()], [start(date(2023, 3, 1), cohort="cohort-18")]))
    assert [cohort.cohort for cohort in cohorts_as_at(snapshot, as_at, which)] == expected


def test_a_cohort_carries_its_dates_team_and_places() -> None:
    (cohort,) = cohorts(Snapshot(the_academy())).values()
    assert cohort == ("cohort-13", ENTRY, COMPLETES, "academy-team-1", 16)


@pytest.mark.parametrize(
    ("as_known_at", "in_post", "left_during", "retention"),
    [(at(date(2022, 10, 3), 8), 2, 0, 100), (at(date(2022, 10, 3), 9), 1, 1, 50)],
)
def test_a_leaver_entered_weeks_late_counts_from_when_it_is_known(
    as_known_at: datetime, in_post: int, left_during: int, retention: int
) -> None:
    late = event(left(date(2022, 9, 1)), "worker/W-1", at(date(2022, 10, 3), 9), "late")
    cohort = of_cohort(known([*the_academy([start()], [start()]), late], as_known_at), date(2022, 9, 30))
    assert (cohort.count("in_post"), cohort.count("left_during")) == (in_post, left_during)
    assert cohort.share("in_post") == retention
