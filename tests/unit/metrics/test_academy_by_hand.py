"""The academy's cohorts on the days that tell: anniversaries, 29 February; two cohorts of one person; the censored."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from contracts.codes import Origin, PanelDecision, PanelKind, Role, Route
from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.hiring import CohortOpened, WorkerStarted
from contracts.events.posts import PostChanged
from contracts.events.progression_panels import PanelDecided
from services.metrics.academy.outcomes import Outcomes, cohorts, cohorts_as_at, members, outcomes
from services.metrics.measures.catalogue import count
from services.metrics.measures.declaration import When
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.statistics.survival import kaplan_meier
from tests.histories import at, established, event, fte_changed, left, merged, moved, started

NQSW = Role.NEWLY_QUALIFIED_SOCIAL_WORKER
RECORDED = at(date(2020, 1, 6))
LEAP_DAY = date(2020, 2, 29)


def entered(day: date, cohort: str = "AC-1", post: str = "A-1") -> WorkerStarted:
    came = started(day, post).model_dump() | {"cohort": cohort, "route": Route.ACADEMY}
    return WorkerStarted(**(came | {"origin": Origin.NEWLY_QUALIFIED}))


def decided(decision: PanelDecision, day: date) -> PanelDecided:
    return PanelDecided(panel="PN-1", decided_on=day, kind=PanelKind.ASYE, decision=decision)


def snapshot(*of_workers: Sequence[EventData], more: Sequence[tuple[str, EventData]] = ()) -> Snapshot:
    """Posts of the academy (A-1, A-2) and of a service area (P-1), and workers W-1, W-2 and so on."""
    facts: list[tuple[str, EventData]] = [
        ("post/A-1", established(date(2020, 1, 1), "9", NQSW)),
        ("post/A-2", established(date(2020, 1, 1), "9", NQSW)),
        ("post/P-1", established(date(2020, 1, 1), "9")),
        *more,
    ]
    facts += [(f"worker/W-{n}", data) for n, of_worker in enumerate(of_workers, 1) for data in of_worker]
    events: list[Event] = [event(data, subject, RECORDED, f"E-{n}") for n, (subject, data) in enumerate(facts)]
    return Snapshot(events)


def of(known: Snapshot, as_at: date, *names: str) -> Outcomes:
    return outcomes(known, names or ("AC-1",), as_at)


# --- retention at 12 and 24 months ------------------------------------------------------------------------------------


def retained(known: Snapshot, as_at: date, months: int) -> tuple[int, int]:
    """Of a cohort's starters so many were still there so many months after, of so many old enough to judge."""
    when = When(date.min, as_at, as_at, months=months)

    def of_cohort(name: str) -> int:
        parts = count(name).parts(known, Scope.ALL, when)
        return sum(part.amount for part in parts if part.more["cohort"] == "AC-1") // 1_000_000

    return of_cohort("starters-retained"), of_cohort("starters-old-enough")


@pytest.mark.parametrize(
    ("left_on", "as_at", "months", "expected"),
    [
        pytest.param(date(2021, 9, 6), date(2021, 9, 5), 12, (0, 0), id="the day before the anniversary: too young"),
        pytest.param(date(2021, 9, 7), date(2021, 9, 6), 12, (1, 1), id="there on the anniversary"),
        pytest.param(date(2021, 9, 6), date(2021, 9, 6), 12, (0, 1), id="left on the anniversary"),
        pytest.param(date(2021, 9, 7), date(2023, 1, 1), 12, (1, 1), id="left the day after"),
        pytest.param(date(2022, 9, 6), date(2022, 9, 5), 24, (0, 0), id="the day before the second: too young"),
        pytest.param(date(2022, 9, 6), date(2022, 9, 6), 24, (0, 1), id="left on the second"),
        pytest.param(date(2022, 9, 7), date(2022, 9, 6), 24, (1, 1), id="there on the second"),
    ],
)
def test_who_is_retained_is_still_there_on_the_anniversary(
    left_on: date, as_at: date, months: int, expected: tuple[int, int]
) -> None:
    of_it = snapshot([entered(date(2020, 9, 6)), left(left_on)], [entered(date(2020, 9, 6), "AC-2")])
    assert retained(of_it, as_at, months) == expected


@pytest.mark.parametrize(
    ("left_on", "as_at", "months", "expected"),
    [
        pytest.param(date(2021, 3, 1), date(2021, 2, 27), 12, (0, 0), id="27 February 2021: not a year"),
        pytest.param(date(2021, 3, 1), date(2021, 2, 28), 12, (1, 1), id="28 February 2021 is the anniversary"),
        pytest.param(date(2021, 2, 28), date(2021, 2, 28), 12, (0, 1), id="left on it"),
        pytest.param(date(2024, 3, 1), date(2024, 2, 28), 48, (0, 0), id="28 February 2024: not four years"),
        pytest.param(date(2024, 3, 1), date(2024, 2, 29), 48, (1, 1), id="29 February 2024 is the fourth"),
        pytest.param(date(2024, 2, 29), date(2024, 2, 29), 48, (0, 1), id="left on the fourth"),
    ],
)
def test_the_anniversary_of_29_february(left_on: date, as_at: date, months: int, expected: tuple[int, int]) -> None:
    assert retained(snapshot([entered(LEAP_DAY), left(left_on)]), as_at, months) == expected


# --- the days that tell -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("as_at", "completed"), [(date(2021, 2, 27), []), (date(2021, 2, 28), ["AC-1"])])
def test_a_cohort_is_completed_on_the_day_it_completes(as_at: date, completed: list[str]) -> None:
    opened = CohortOpened(entry_on=LEAP_DAY, completes_on=date(2021, 2, 28))
    known = snapshot(more=[("cohort/AC-1", opened)])
    assert [cohort.cohort for cohort in cohorts_as_at(known, as_at) if cohort.is_completed(as_at)] == completed
    assert cohorts_as_at(known, date(2020, 2, 28)) == []
    assert len(cohorts_as_at(known, LEAP_DAY)) == 1


def test_service_is_counted_in_days_from_the_start_on() -> None:
    known = snapshot([entered(LEAP_DAY), left(date(2021, 2, 28))], [entered(LEAP_DAY)])
    # 365 days to 28 February 2021, 366 to 1 March.
    assert of(known, date(2021, 3, 1)).mean_service("left") == Fraction(365) / Fraction("365.25")
    assert of(known, date(2021, 3, 1)).mean_service("in_post") == Fraction(366) / Fraction("365.25")
    assert of(known, LEAP_DAY).mean_service("in_post") == 0


@pytest.mark.parametrize("decision", [PanelDecision.PASSED, PanelDecision.FAILED])
@pytest.mark.parametrize(
    ("decided_on", "outcome"),
    [(date(2021, 8, 31), "left_after"), (date(2021, 9, 1), "left_after"), (date(2021, 9, 2), "left_during")],
)
def test_who_left_did_so_after_the_year_if_it_was_decided_by_the_day_of_leaving(
    decision: PanelDecision, decided_on: date, outcome: str
) -> None:
    counted = of(snapshot([entered(LEAP_DAY), left(date(2021, 9, 1)), decided(decision, decided_on)]), date(2022, 1, 1))
    assert [name for name in ("left_during", "left_after") if counted.count(name)] == [outcome]


def test_of_several_decisions_alike_the_earliest_tells() -> None:
    decisions = [decided(PanelDecision.FAILED, day) for day in (date(2021, 10, 1), date(2021, 3, 1), date(2021, 6, 1))]
    (known,) = of(snapshot([entered(LEAP_DAY), *decisions]), date(2022, 1, 1)).known
    assert known.failed_on == date(2021, 3, 1)


def test_who_had_another_role_before_the_cohort_has_not_progressed_by_it() -> None:
    # A social worker until the day of entry: the year is in a post of the academy.
    before = [started(date(2020, 2, 3), "P-1"), moved(LEAP_DAY, "P-1", "A-1"), entered(LEAP_DAY)]
    counted = of(snapshot(before), date(2021, 1, 1))
    assert (counted.count("started"), counted.count("progressed"), counted.count("in_the_year")) == (1, 0, 1)


def test_who_stands_on_another_post_on_the_day_of_entry_progressed_that_day() -> None:
    # More hours in the service area than in the academy, since before the entry: that is the main post.
    entry = entered(LEAP_DAY).model_copy(update={"fte": Decimal("0.4")})
    facts = [started(date(2020, 2, 3), "P-1", "0.6"), entry]
    (known,) = of(snapshot(facts), date(2021, 1, 1)).known
    assert known.progressed_on == LEAP_DAY


def test_who_held_a_service_area_post_all_along_has_progressed_from_the_day_of_entry_and_not_before_it() -> None:
    # The entry came under a second number, which was closed the same day: a duplicate, which changes nothing.
    history = snapshot([started(date(2020, 2, 3), "P-1"), merged("W-2")], [entered(LEAP_DAY), left(LEAP_DAY)])
    (known,) = of(history, date(2021, 1, 1)).known
    assert (known.member.spell.since, known.progressed_on) == (date(2020, 2, 3), LEAP_DAY)


def test_a_post_that_becomes_one_of_a_service_area_is_progression_from_that_day_on() -> None:
    changed = PostChanged(effective_from=date(2021, 3, 1), role=Role.SOCIAL_WORKER)
    known = snapshot([entered(LEAP_DAY)], more=[("post/A-1", changed)])
    assert of(known, date(2021, 2, 28)).count("progressed") == 0
    assert of(known, date(2021, 3, 1)).count("progressed") == 1


def test_hours_that_change_begin_no_other_spell() -> None:
    counted = of(snapshot([entered(LEAP_DAY), fte_changed(date(2020, 6, 1), "0.5", "A-1")]), date(2021, 1, 1))
    assert (counted.count("started"), counted.count("in_post"), counted.count("left")) == (1, 1, 0)


# --- two cohorts ------------------------------------------------------------------------------------------------------


def test_who_goes_on_in_a_second_cohort_without_leaving_is_in_post_in_both() -> None:
    history = snapshot([entered(LEAP_DAY), entered(date(2020, 9, 1), "AC-2", "A-2")])
    assert [(member.cohort, member.started_on) for member in members(history)] == [
        ("AC-1", LEAP_DAY),
        ("AC-2", date(2020, 9, 1)),
    ]
    as_at = date(2021, 1, 1)
    assert (of(history, as_at, "AC-1").count("in_post"), of(history, as_at, "AC-2").count("in_post")) == (
        1,
        1,
    )
    # One spell: whoever leaves has left both.
    gone = snapshot([entered(LEAP_DAY), entered(date(2020, 9, 1), "AC-2", "A-2"), left(date(2020, 12, 1))])
    assert of(gone, as_at, "AC-1", "AC-2").count("left") == 2
    # Both are told from their own start.
    assert [known.service.days for known in of(gone, as_at, "AC-1", "AC-2").known] == [276, 91]


def test_who_had_left_and_did_not_come_to_the_cohort_is_no_member() -> None:
    before = [started(date(2020, 2, 3), "P-1"), left(date(2020, 6, 1))]
    assert members(snapshot([*before, entered(date(2020, 9, 1)), left(date(2020, 9, 1))])) == []
    assert len(members(snapshot([*before, entered(date(2020, 9, 1)), left(date(2020, 9, 2))]))) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_starts_in_one_cohort_the_earlier_tells_whichever_was_recorded_first(order: tuple[int, int]) -> None:
    twice = [entered(LEAP_DAY), entered(date(2020, 9, 1), post="A-2")]
    (member,) = members(snapshot([twice[index] for index in order]))
    assert member.started_on == LEAP_DAY


def test_a_pass_counts_in_each_cohort_of_the_person() -> None:
    passed = decided(PanelDecision.PASSED, date(2021, 3, 1))
    known = snapshot([entered(LEAP_DAY), left(date(2020, 6, 1)), entered(date(2020, 9, 1), "AC-2"), passed])
    as_at = date(2021, 6, 1)
    assert (of(known, as_at, "AC-1").count("passed"), of(known, as_at, "AC-2").count("passed")) == (1, 1)
    # The first was left before anything was decided.
    assert of(known, as_at, "AC-1").count("left_during") == 1


def test_cohorts_stand_in_the_order_of_entry_and_those_of_which_nothing_is_stated_last() -> None:
    opened = [
        ("cohort/B", CohortOpened(entry_on=date(2020, 9, 1), completes_on=date(2021, 9, 1))),
        ("cohort/A", CohortOpened(entry_on=date(2020, 9, 1), completes_on=date(2021, 9, 1))),
        ("cohort/C", CohortOpened(entry_on=date(2020, 3, 1), completes_on=date(2021, 3, 1))),
    ]
    known = snapshot([entered(LEAP_DAY, "0-unheard-of")], more=opened)
    assert list(cohorts(known)) == ["C", "A", "B", "0-unheard-of"]
    # Members by start, then cohort, then person.
    two = snapshot([entered(date(2020, 9, 1), "A")], [entered(LEAP_DAY, "B")], [entered(LEAP_DAY, "A")])
    assert [(member.cohort, member.person) for member in members(two)] == [("A", "W-3"), ("B", "W-2"), ("A", "W-1")]


# --- survival ---------------------------------------------------------------------------------------------------------


def test_whoever_is_still_in_post_is_censored_at_the_date_and_not_counted_as_staying() -> None:
    counted = of(
        snapshot(
            [entered(date(2020, 9, 1)), left(date(2021, 9, 1))],
            [entered(date(2020, 9, 1))],
            [entered(date(2021, 3, 1))],
            [entered(date(2021, 9, 1)), left(date(2021, 12, 10))],
        ),
        date(2021, 12, 9),
    )
    # 365 days and left; 464 and 283 days so far; 99 days so far, as the leaver is of tomorrow.
    assert [known.service for known in counted.known] == [(365, True), (464, False), (283, False), (99, False)]
    curve = kaplan_meier(known.service for known in counted.known)
    # Of the four two are observed for less than 365 days: of the two at risk then one leaves.
    assert [(step.days, step.at_risk, step.left, step.censored, step.survival) for step in curve.steps] == [
        (99, 4, 0, 1, 1),
        (283, 3, 0, 1, 1),
        (365, 2, 1, 0, Fraction(1, 2)),
        (464, 1, 0, 1, Fraction(1, 2)),
    ]
    assert (curve.median, curve.at_risk(365), curve.at_risk(366)) == (365, 2, 1)
