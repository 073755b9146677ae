"""What docs/definitions.md says of persons, of the two times and of who comes and goes; expectations by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from contracts.codes import CoverOutcome, CswwRole, LeavingReason, MoveKind, Origin, Role, Route
from contracts.events.agency_cover import CoverEnded
from contracts.events.hiring import WorkerFteChanged, WorkerMerged, WorkerMoved
from contracts.events.leavers import LeaverReversed
from contracts.events.posts import PostChanged
from tests.histories import at, event, moved, started
from tests.oracle.facts import BEFORE, LATER, YEAR_2023, a_post, covers, day, on, recorded, resigned, standing, total
from tests.oracle.measures import MEASURES, Period, by, figure, known
from tests.oracle.rates import RATES

# --- persons, main posts, scopes --------------------------------------------------------------------------------------


def test_a_person_counts_once_at_the_most_senior_post_and_with_the_fte_of_all() -> None:
    events = standing(
        a_post("P-1", CswwRole.CASE_HOLDER),
        a_post("P-2", CswwRole.FIRST_LINE_MANAGER, Role.TEAM_MANAGER),
        a_post("P-3", None, Role.RESIDENTIAL_CHILDRENS_WORKER),
        on("W-1", started(date(2023, 2, 1), "P-1", "0.5")),
        on("W-1", started(date(2023, 2, 1), "P-2", "0.2")),
        on("W-1", started(date(2023, 2, 1), "P-3", "0.3")),
    )
    assert by(MEASURES["in-post-headcount"](events, day(date(2023, 3, 1)), "all"), ["role"]) == {("team-manager",): 1}
    assert by(MEASURES["starters-fte"](events, YEAR_2023, "all"), ["role"]) == {("team-manager",): 1}
    assert by(MEASURES["starters-fte"](events, YEAR_2023, "census"), ["role"]) == {("team-manager",): Fraction(7, 10)}


def test_of_equally_senior_posts_the_larger_is_the_main_one_and_of_equally_large_ones_the_first() -> None:
    posts = [a_post("P-1"), a_post("P-2"), a_post("P-3")]
    smaller_first = standing(*posts, on("W-1", started(BEFORE, "P-1", "0.4")), on("W-1", started(BEFORE, "P-2", "0.6")))
    alike = standing(*posts, on("W-1", started(BEFORE, "P-3", "0.5")), on("W-1", started(BEFORE, "P-2", "0.5")))
    for events in (smaller_first, alike):
        assert by(MEASURES["in-post-headcount"](events, day(BEFORE), "census"), ["team"]) == {("p-2",): 1}


def test_who_moves_to_a_post_outside_the_census_is_a_leaver_of_the_census_only() -> None:
    events = standing(
        a_post("P-1"),
        a_post("P-2", None, Role.RESIDENTIAL_CHILDRENS_WORKER),
        on("W-1", started(date(2022, 2, 1), "P-1")),
        on("W-1", moved(date(2023, 5, 1), "P-1", "P-2")),
    )
    leavers = MEASURES["leavers"](events, YEAR_2023, "census")
    assert by(leavers, ["reason", "destination", "role"]) == {("moved-within-authority", "other", "social-worker"): 1}
    assert total(events, "leavers", YEAR_2023, "all") == 0
    assert total(events, "moves", YEAR_2023, "all") == 1
    assert total(events, "moves", YEAR_2023, "census") == 0


def test_a_post_regraded_out_of_the_census_lets_its_worker_leave_the_census() -> None:
    events = standing(
        a_post("P-1", None),
        on("W-1", started(date(2022, 2, 1), "P-1")),
        ("post/P-1", PostChanged(effective_from=date(2023, 5, 1), csww_role=CswwRole.CASE_HOLDER)),
        a_post("P-1", None, day=date(2023, 6, 1)),
    )
    assert total(events, "starters", day(date(2023, 5, 1))) == 1
    assert total(events, "leavers", day(date(2023, 6, 1))) == 1
    assert total(events, "starters", YEAR_2023, "all") == 0


def test_who_leaves_returns_and_leaves_again_is_two_starters_and_two_leavers() -> None:
    events = standing(
        a_post("P-1"),
        on("W-1", started(date(2022, 10, 3))),
        on("W-1", resigned(date(2022, 12, 1))),
        on("W-1", started(date(2023, 4, 3), fte="0.5").model_copy(update={"origin": Origin.AGENCY_OR_CONSULTANCY})),
        on("W-1", resigned(date(2023, 9, 30), LeavingReason.RETIRED)),
    )
    assert by(MEASURES["leavers-fte"](events, YEAR_2023, "census"), ["reason", "origin"]) == {
        ("resignation", "other-english-authority"): 1,
        ("retired", "agency-or-consultancy"): Fraction(1, 2),
    }
    assert total(events, "starters", YEAR_2023) == 2
    # Who left on the last day of the year has no FTE then, and is a leaver of the year.
    assert total(events, "in-post-headcount", YEAR_2023) == 0


def test_who_gives_up_every_post_without_leaving_left_for_a_reason_not_known() -> None:
    events = standing(
        a_post("P-1"),
        on("W-1", started(BEFORE)),
        on("W-1", WorkerFteChanged(effective_from=date(2023, 3, 1), post="P-1", fte=Decimal(0))),
    )
    leavers = MEASURES["leavers"](events, YEAR_2023, "all")
    assert by(leavers, ["reason", "destination"]) == {("not-known", "not-known"): 1}


def test_a_leaver_of_one_number_ends_what_the_merged_person_holds_under_that_number() -> None:
    merge = on("W-2", WorkerMerged(duplicate="W-1"))
    facts = [
        a_post("P-1"),
        a_post("P-2"),
        on("W-1", started(date(2022, 2, 1), "P-1", "0.5")),
        on("W-2", started(date(2022, 3, 1), "P-2", "0.5")),
        on("W-1", resigned(date(2023, 5, 1))),
    ]
    apart, together = standing(*facts), standing(*facts, merge)
    assert total(apart, "leavers-fte", YEAR_2023) == Fraction(1, 2)
    assert total(together, "leavers-fte", YEAR_2023) == 0
    assert total(apart, "in-post-headcount", day(date(2023, 4, 30))) == 2
    assert total(together, "in-post-headcount", day(date(2023, 4, 30))) == 1
    assert total(together, "in-post", day(date(2023, 4, 30))) == 1
    assert total(together, "in-post-headcount", day(date(2023, 5, 1))) == 1
    assert total(together, "in-post", day(date(2023, 5, 1))) == Fraction(1, 2)
    both = standing(*facts, on("W-2", resigned(date(2023, 6, 1))), merge)
    assert total(both, "leavers", YEAR_2023) == 1
    assert total(both, "leavers-fte", YEAR_2023) == Fraction(1, 2)
    assert total(both, "in-post-headcount", day(date(2023, 6, 1))) == 0
    assert total(together, "starters", Period(date(2022, 1, 1), date(2022, 12, 31))) == 1


# --- two times --------------------------------------------------------------------------------------------------------


def test_a_reversed_leaver_never_left_and_one_recorded_after_the_reversal_did() -> None:
    left_on = date(2023, 5, 1)
    reversal = on("W-1", LeaverReversed(left_on=left_on))
    facts = [a_post("P-1"), on("W-1", started(BEFORE)), on("W-1", resigned(left_on)), reversal]
    assert total(standing(*facts[:3]), "leavers", YEAR_2023) == 1
    assert total(standing(*facts), "leavers", YEAR_2023) == 0
    again = standing(*facts, on("W-1", resigned(left_on, LeavingReason.RETIRED)))
    assert by(MEASURES["leavers"](again, YEAR_2023, "census"), ["reason"]) == {("retired",): 1}


def test_a_start_corrected_counts_on_its_first_day_until_the_correction_is_known() -> None:
    post, start = recorded(a_post("P-1"), on("W-1", started(date(2023, 2, 1))))
    corrected = event(
        started(date(2023, 3, 1)), "worker/W-1", at(date(2023, 3, 2)), "E-9", supersedes=start.envelope.id
    )
    events = [corrected, start, post]
    february = Period(date(2023, 2, 1), date(2023, 2, 28))
    assert total(known(events, at(date(2023, 3, 2), 8)), "starters", february) == 1
    assert total(known(events, at(date(2023, 3, 2))), "starters", february) == 0
    assert total(known(events, at(date(2023, 3, 2))), "starters", day(date(2023, 3, 1))) == 1


def test_what_was_accepted_after_a_report_changes_none_of_its_digits_whenever_it_was_recorded() -> None:
    post, start = recorded(a_post("P-1"), on("W-1", started(BEFORE)))
    late = replace(start, envelope=start.envelope.model_copy(update={"acceptedtime": at(date(2023, 6, 1))}))
    events = [post, late]
    assert known(events, LATER, at(date(2023, 5, 31))) == [post]
    assert known(events, LATER, at(date(2023, 6, 1))) == events
    assert known(events, LATER) == events


# --- starters, moves, conversions -------------------------------------------------------------------------------------


def test_a_starter_by_a_move_came_by_the_latest_start_whatever_post_that_named() -> None:
    events = standing(
        a_post("P-1", None),
        a_post("P-2"),
        on("W-1", started(date(2022, 2, 1), "P-1")),
        on("W-1", moved(date(2023, 5, 1), "P-1", "P-2")),
        on("W-2", moved(date(2023, 5, 1), "P-9", "P-2")),
    )
    assert by(MEASURES["starters"](events, YEAR_2023, "census"), ["origin", "route", "employment"]) == {
        ("other-english-authority", "direct", "permanent"): 1,
        ("not-known", None, None): 1,
    }


def test_a_move_counts_once_only_of_who_was_in_service_and_only_to_another_post() -> None:
    progression = WorkerMoved(
        moved_on=date(2023, 4, 3), from_post="P-1", to_post="P-2", fte=Decimal(1), kind=MoveKind.PROGRESSION
    )
    events = standing(
        a_post("P-1"),
        a_post("P-2"),
        on("W-1", started(BEFORE, "P-1")),
        on("W-1", moved(date(2023, 4, 3), "P-1", "P-2")),
        on("W-1", progression),
        on("W-1", moved(date(2023, 5, 1), "P-2", "P-2")),
        on("W-2", moved(date(2023, 5, 1), "P-1", "P-2")),
    )
    moves = MEASURES["moves"](events, YEAR_2023, "all")
    assert by(moves, ["move_kind", "team"]) == {("progression", "p-2"): 1}
    assert total(events, "promotions", YEAR_2023) == 1


def test_conversions_of_starters_and_of_assignments() -> None:
    converted = started(date(2023, 5, 1), "P-1").model_copy(update={"converted_from": "C-1"})
    by_route = started(date(2023, 5, 1), "P-2").model_copy(update={"route": Route.AGENCY_CONVERSION})
    ended = CoverEnded(ended_on=date(2023, 5, 1), outcome=CoverOutcome.CONVERTED_TO_PERMANENT)
    events = standing(
        a_post("P-1"),
        a_post("P-2"),
        ("cover/C-1", covers("A-1", "P-1")),
        ("cover/C-1", ended),
        ("cover/C-2", ended),
        on("W-1", converted),
        on("W-2", by_route),
        on("W-3", started(date(2023, 5, 1), "P-2", "0.1")),
    )
    assert total(events, "conversions", YEAR_2023) == 2
    assert by(MEASURES["agency-conversions"](events, YEAR_2023, "census"), ["team", "reason"]) == {
        ("p-1", "vacancy"): 1
    }


def test_retention_judges_only_starters_old_enough_and_holds_on_the_day_months_after() -> None:
    events = standing(
        a_post("P-1"),
        on("W-1", started(date(2022, 10, 1))),
        on("W-1", resigned(date(2023, 1, 1))),
        on("W-2", started(date(2022, 10, 1))),
        on("W-2", resigned(date(2023, 1, 2))),
        on("W-3", started(date(2022, 10, 2))),
    )
    starters = {"events": events, "period": YEAR_2023, "scope": "all", "as_at": date(2023, 1, 1), "months": 3}
    assert figure(MEASURES["starters-old-enough"](**starters)) == 2
    assert figure(MEASURES["starters-retained"](**starters)) == 1
    assert RATES["retention-of-starters"](events, date(2023, 1, 1), months=3) == 50
    assert RATES["retention-of-starters"](events, date(2023, 9, 30)) is None
