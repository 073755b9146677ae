"""Files that hold the whole history of workers: each story of HR, and the events it comes to."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.codes import Destination, LeavingReason, MoveKind, Origin, Route, WithdrawalReason
from contracts.events.base import Withdrawal
from contracts.events.hiring import WorkerFteChanged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from services.people.statements import Ending, Kind
from tests.unit.people.differ.feeds import Feed, held, whole

JAN, FEB, MAR, APR, MAY, JUN, JUL = (date(2023, month, 1) for month in range(1, 8))
DAY_1, DAY_2, DAY_3, DAY_4 = (date(2023, 8, day) for day in range(1, 5))

ERROR = Withdrawal(because=WithdrawalReason.ENTERED_IN_ERROR)
CANCELLED = Withdrawal(because=WithdrawalReason.CANCELLED)


@pytest.fixture
def feed() -> Feed:
    """A feed of workers."""
    return whole(Kind.HOLDINGS)


def started(day: date, post: str = "P-1", fte: str = "1") -> WorkerStarted:
    return WorkerStarted(started_on=day, post=post, fte=Decimal(fte), origin=Origin.NOT_KNOWN, route=Route.DIRECT)


def moved(day: date, from_post: str, to_post: str, fte: str = "1") -> WorkerMoved:
    return WorkerMoved(moved_on=day, from_post=from_post, to_post=to_post, fte=Decimal(fte))


def fte(day: date, fte: str, post: str = "P-1") -> WorkerFteChanged:
    return WorkerFteChanged(effective_from=day, post=post, fte=Decimal(fte))


def left(day: date) -> WorkerLeft:
    return WorkerLeft(left_on=day, reason=LeavingReason.RESIGNATION, destination=Destination.NOT_KNOWN)


RESIGNED: dict[str, Any] = {"leaving_reason": LeavingReason.RESIGNATION}


def test_a_worker_starts_and_the_same_file_again_says_nothing(feed: Feed) -> None:
    row = held(JAN, origin=Origin.NEWLY_QUALIFIED, route=Route.ACADEMY, cohort="C-2023")
    assert feed.reads(DAY_1, row) == [
        (
            WorkerStarted(
                started_on=JAN,
                post="P-1",
                fte=Decimal(1),
                origin=Origin.NEWLY_QUALIFIED,
                route=Route.ACADEMY,
                cohort="C-2023",
            ),
            "",
        )
    ]
    assert feed.reads(DAY_2, row) == []


def test_one_post_after_another_is_a_move(feed: Feed) -> None:
    rows = [held(JAN, MAR), held(MAR, post="P-2", fte="0.6", row=3, move_kind=MoveKind.PROMOTION)]
    assert feed.reads(DAY_1, *rows) == [
        (started(JAN), ""),
        (moved(MAR, "P-1", "P-2", "0.6").model_copy(update={"kind": MoveKind.PROMOTION}), ""),
    ]
    assert feed.reads(DAY_2, *reversed(rows)) == []


def test_a_move_that_is_told_later_is_only_the_move(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN))
    told = feed.reads(DAY_2, held(JAN, MAR), held(MAR, post="P-2", row=3))
    assert told == [(moved(MAR, "P-1", "P-2"), "")]


def test_a_post_given_up_on_the_day_on_which_another_begins_is_no_move(feed: Feed) -> None:
    told = feed.reads(DAY_1, held(JAN, MAR, ending=Ending.GAVE_UP), held(MAR, post="P-2", row=3))
    assert told == [(started(JAN), ""), (fte(MAR, "0"), ""), (started(MAR, "P-2"), "")]


def test_a_transfer_into_a_post_held_already_is_a_move(feed: Feed) -> None:
    told = feed.reads(
        DAY_1,
        held(JAN, MAR, fte="0.5", ending=Ending.MOVED),
        held(JAN, MAR, post="P-2", fte="0.5", row=3),
        held(MAR, post="P-2", fte="1", row=4),
    )
    assert told == [(started(JAN, fte="0.5"), ""), (started(JAN, "P-2", "0.5"), ""), (moved(MAR, "P-1", "P-2"), "")]


def test_other_hours_in_the_middle_of_a_month_are_another_fte_from_that_day_on(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN))
    assert feed.reads(DAY_2, held(JAN), held(date(2023, 5, 17), fte="0.6", row=3)) == [
        (fte(date(2023, 5, 17), "0.6"), "")
    ]


def test_the_date_of_other_hours_is_corrected(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN), held(MAY, fte="0.6", row=3))
    assert feed.reads(DAY_2, held(JAN), held(JUN, fte="0.6", row=3)) == [(fte(JUN, "0.6"), "corrects 2")]


def test_a_career_break_gives_the_post_up_and_the_return_takes_it_up(feed: Feed) -> None:
    assert feed.reads(DAY_1, held(JAN, MAR), held(JUN, fte="0.8", row=3)) == [
        (started(JAN), ""),
        (fte(MAR, "0"), ""),
        (fte(JUN, "0.8"), ""),
    ]


def test_a_career_break_may_be_written_as_a_row_without_hours(feed: Feed) -> None:
    assert feed.reads(DAY_1, held(JAN), held(MAR, fte="0", row=3), held(JUN, row=4)) == [
        (started(JAN), ""),
        (fte(MAR, "0"), ""),
        (fte(JUN, "1"), ""),
    ]


def test_a_worker_leaves_with_reason_and_destination(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN))
    stated: dict[str, Any] = {"leaving_reason": LeavingReason.RETIRED, "destination": Destination.NOT_SOCIAL_CARE}
    assert feed.reads(DAY_2, held(JAN, left_on=JUN, **stated)) == [
        (
            WorkerLeft(left_on=JUN, reason=LeavingReason.RETIRED, destination=Destination.NOT_SOCIAL_CARE),
            "",
        )
    ]


def test_a_leaver_ends_all_posts_whichever_row_says_it(feed: Feed) -> None:
    told = feed.reads(DAY_1, held(JAN, left_on=JUN, **RESIGNED), held(FEB, post="P-2", row=3))
    assert told == [(started(JAN), ""), (started(FEB, "P-2"), ""), (left(JUN), "")]


def test_the_end_of_a_row_by_leaving_is_a_leaver(feed: Feed) -> None:
    assert feed.reads(DAY_1, held(JAN, JUN, ending=Ending.LEFT, **RESIGNED)) == [(started(JAN), ""), (left(JUN), "")]


def test_who_takes_the_notice_back_did_not_leave(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN, left_on=JUN, **RESIGNED))
    assert feed.reads(DAY_2, held(JAN)) == [(LeaverReversed(left_on=JUN), "")]
    assert feed.reads(DAY_3, held(JAN)) == []
    assert feed.reads(DAY_4, held(JAN, left_on=JUN, **RESIGNED)) == [(left(JUN), "")]


def test_the_day_and_the_reason_of_a_leaver_are_corrected(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN, left_on=JUN, **RESIGNED))
    assert feed.reads(DAY_2, held(JAN, left_on=JUL, **RESIGNED)) == [(left(JUL), "corrects 2")]
    retired = WorkerLeft(left_on=JUL, reason=LeavingReason.RETIRED, destination=Destination.NOT_KNOWN)
    told = feed.reads(DAY_3, held(JAN, left_on=JUL, leaving_reason=LeavingReason.RETIRED))
    assert told == [(retired, "corrects 3")]


def test_two_posts_are_held_beside_each_other_and_one_is_given_up(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN, fte="0.5"), held(MAR, post="P-2", fte="0.5", row=3))
    told = feed.reads(DAY_2, held(JAN, JUN, fte="0.5"), held(MAR, post="P-2", fte="0.5", row=3))
    assert told == [(fte(JUN, "0"), "")]


def test_one_post_held_twice_at_once_is_held_at_both_together(feed: Feed) -> None:
    told = feed.reads(DAY_1, held(JAN, JUN, fte="0.5", holding="1"), held(MAR, fte="0.3", holding="2", row=3))
    assert told == [(started(JAN, fte="0.5"), ""), (fte(MAR, "0.8"), ""), (fte(JUN, "0.3"), "")]


def test_one_post_held_twice_at_once_is_held_at_1_at_most(feed: Feed) -> None:
    told = feed.reads(DAY_1, held(JAN, holding="1"), held(MAR, fte="0.3", holding="2", row=3))
    assert told == [(started(JAN), "")]
    assert feed.notes == ["is in P-1 twice at once, at 1.3 FTE in all; 1 counts"]


def test_who_leaves_and_returns_starts_again(feed: Feed) -> None:
    rows = [held(JAN, MAR, left_on=MAR, **RESIGNED), held(JUN, row=3)]
    assert feed.reads(DAY_1, *rows) == [(started(JAN), ""), (left(MAR), ""), (started(JUN), "")]


def test_who_leaves_and_returns_on_one_day_starts_again(feed: Feed) -> None:
    rows = [held(JAN, MAR, holding="1", left_on=MAR, **RESIGNED), held(MAR, holding="2", row=3)]
    assert feed.reads(DAY_1, *rows) == [(started(JAN), ""), (left(MAR), ""), (started(MAR), "")]


def test_a_move_is_rescinded(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN, MAR), held(MAR, post="P-2", row=3))
    assert feed.reads(DAY_2, held(JAN)) == [(ERROR, "voids 2")]


def test_a_move_to_come_is_rescinded(feed: Feed) -> None:
    later = date(2023, 10, 1)
    feed.reads(DAY_1, held(JAN, later), held(later, post="P-2", row=3))
    assert feed.reads(DAY_2, held(JAN)) == [(CANCELLED, "voids 2")]


def test_a_hire_is_cancelled_before_it_begins(feed: Feed) -> None:
    later = date(2023, 10, 1)
    feed.reads(DAY_1, held(later))
    assert feed.reads(DAY_2, held(later, later)) == [(CANCELLED, "voids 1")]
    assert feed.reads(DAY_3, held(later, left_on=later)) == []


def test_a_start_is_corrected_and_then_withdrawn_in_all_its_versions(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN))
    assert feed.reads(DAY_2, held(FEB)) == [(started(FEB), "corrects 1")]
    assert feed.reads(DAY_3, held(FEB, FEB)) == [(ERROR, "voids 1"), (ERROR, "voids 2")]
    assert feed.reads(DAY_4, held(FEB)) == [(started(FEB), "")]


def test_a_start_in_the_wrong_post_is_corrected(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN, holding="1"))
    assert feed.reads(DAY_2, held(JAN, post="P-2", holding="1")) == [(started(JAN, "P-2"), "corrects 1")]


def test_a_source_that_numbers_its_holdings_anew_says_nothing_new(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN, holding="1", left_on=JUN, **RESIGNED))
    assert feed.reads(DAY_2, held(JAN, holding="ABC-1", left_on=JUN, **RESIGNED)) == []


def test_an_earlier_post_that_was_forgotten_makes_of_the_start_a_move(feed: Feed) -> None:
    feed.reads(DAY_1, held(MAR, post="P-2"))
    told = feed.reads(DAY_2, held(JAN, MAR), held(MAR, post="P-2", row=3))
    assert told == [(started(JAN), "corrects 1"), (moved(MAR, "P-1", "P-2"), "")]


def test_without_fixed_hours_a_worker_leaves_rather_than_giving_up(feed: Feed) -> None:
    unknown = WorkerLeft(left_on=MAR, reason=LeavingReason.NOT_KNOWN, destination=Destination.NOT_KNOWN)
    assert feed.reads(DAY_1, held(JAN, MAR, fte="0")) == [(started(JAN, fte="0"), ""), (unknown, "")]


def test_a_duplicate_number_is_closed_once_its_rows_stand_under_the_number_kept() -> None:
    feed = whole(Kind.HOLDINGS, gone_after=2)
    feed.reads(DAY_1, held(JAN, worker="W-1"), held(MAR, post="P-2", worker="W-9", row=3))
    rows = held(JAN, MAR), held(MAR, post="P-2", row=3)
    assert feed.reads(DAY_2, *rows) == [(moved(MAR, "P-1", "P-2"), "")]
    assert feed.notes == ["is not in the file (1 extract without it, since 2023-08-02); stays as it was"]
    assert feed.reads(DAY_3, *rows) == [(ERROR, "voids 2")]
    assert feed.reads(DAY_4, *rows) == []


def test_a_row_that_ends_before_it_begins_is_named_and_ends_nothing(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN), held(FEB, post="P-2", fte="0.5", row=3))
    assert feed.reads(DAY_2, held(JAN, fte="0.5"), held(FEB, JAN, post="P-2", fte="0.5", row=3)) == [
        (started(JAN, fte="0.5"), "corrects 1")
    ]
    assert feed.faults == ["holds_until is before the row begins"]


def test_a_row_without_a_start_has_no_place_in_a_history(feed: Feed) -> None:
    assert feed.reads(DAY_1, held()) == []
    assert feed.faults == ["holds_from is empty"]


def test_what_rejected_rows_said_before_stays(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN, fte="0.5"), held(FEB, post="P-2", fte="0.5", row=3))
    assert feed.reads(DAY_2, held(JAN, fte="0.5"), incomplete=True) == []
    assert feed.reads(DAY_3, held(JAN, fte="0.5")) == [(ERROR, "voids 2")]


def test_rows_that_ended_before_the_file_begins_stay_as_they_were() -> None:
    feed = whole(Kind.HOLDINGS, complete_from=APR)
    feed.reads(DAY_1, held(JAN, MAR), held(MAR, MAY, post="P-2", row=3), held(MAY, post="P-3", row=4))
    assert feed.reads(DAY_2, held(MAR, MAY, post="P-2", row=3), held(MAY, post="P-3", row=4)) == []
    assert feed.reads(DAY_3, held(MAR, JUN, post="P-2", row=3), held(JUN, post="P-3", row=4)) == [
        (moved(JUN, "P-2", "P-3"), "corrects 3")
    ]


def test_who_left_before_the_file_begins_is_no_question() -> None:
    feed = whole(Kind.HOLDINGS, complete_from=APR, gone_after=1)
    feed.reads(DAY_1, held(JAN, left_on=MAR, **RESIGNED))
    assert feed.reads(DAY_2) == []
    assert feed.notes == []


def test_one_of_several_posts_without_fixed_hours_is_given_up_by_a_move(feed: Feed) -> None:
    told = feed.reads(DAY_1, held(JAN, MAR, fte="0"), held(JAN, post="P-2", fte="0.5", row=3))
    assert told == [
        (started(JAN, fte="0"), ""),
        (started(JAN, "P-2", "0.5"), ""),
        (moved(MAR, "P-1", "P-2", "0.5"), ""),
    ]
    assert feed.notes == ["gives up P-1, without fixed hours, beside other posts; told as a move to P-2, held already"]
