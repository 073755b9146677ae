"""Files that hold only what is current of workers: what differs holds from the day of the extract on."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.codes import Destination, LeavingReason, Origin, Route, WithdrawalReason
from contracts.events.base import Withdrawal
from contracts.events.hiring import WorkerFteChanged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from services.people.statements import Begins, Kind
from tests.unit.people.differ.feeds import Feed, current, held

JAN, FEB, MAR, APR, MAY = (date(2023, month, 1) for month in range(1, 6))
DAY_1, DAY_2, DAY_3, DAY_4, DAY_5 = (date(2023, 8, day) for day in range(1, 6))
LATER = date(2023, 10, 1)

ERROR = Withdrawal(because=WithdrawalReason.ENTERED_IN_ERROR)
CANCELLED = Withdrawal(because=WithdrawalReason.CANCELLED)
RESIGNED: dict[str, Any] = {"leaving_reason": LeavingReason.RESIGNATION}


@pytest.fixture
def feed() -> Feed:
    """A feed of workers."""
    return current(Kind.HOLDINGS)


def started(day: date, post: str = "P-1", fte: str = "1") -> WorkerStarted:
    return WorkerStarted(started_on=day, post=post, fte=Decimal(fte), origin=Origin.NOT_KNOWN, route=Route.DIRECT)


def moved(day: date, from_post: str, to_post: str, fte: str = "1") -> WorkerMoved:
    return WorkerMoved(moved_on=day, from_post=from_post, to_post=to_post, fte=Decimal(fte))


def fte(day: date, fte: str, post: str = "P-1") -> WorkerFteChanged:
    return WorkerFteChanged(effective_from=day, post=post, fte=Decimal(fte))


def left(day: date, reason: LeavingReason = LeavingReason.RESIGNATION) -> WorkerLeft:
    return WorkerLeft(left_on=day, reason=reason, destination=Destination.NOT_KNOWN)


def test_who_is_there_for_the_first_time_started_on_that_day_and_is_told_to_be_dated_so(feed: Feed) -> None:
    assert feed.reads(DAY_1, held()) == [(started(DAY_1), "")]
    assert feed.notes == ["the file does not say since when; 2023-08-01 counts, the day of the extract"]
    assert feed.reads(DAY_2, held()) == []


def test_the_start_date_of_the_file_counts_where_it_has_one(feed: Feed) -> None:
    assert feed.reads(DAY_1, held(JAN)) == [(started(JAN), "")]
    assert feed.notes == []


def test_another_start_date_corrects_the_start(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN))
    assert feed.reads(DAY_2, held(FEB)) == [(started(FEB), "corrects 1")]


def test_a_start_date_that_a_file_has_only_later_corrects_the_start(feed: Feed) -> None:
    feed.reads(DAY_1, held())
    assert feed.reads(DAY_2, held(JAN)) == [(started(JAN), "corrects 1")]


def test_another_fte_holds_from_the_day_of_the_extract_on(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN))
    assert feed.reads(DAY_2, held(JAN, fte="0.6")) == [(fte(DAY_2, "0.6"), "")]
    assert feed.notes == ["says something else than before; from 2023-08-02 on, the day of the extract"]
    assert feed.reads(DAY_3, held(JAN, fte="0.6")) == []
    assert feed.reads(DAY_4, held(JAN, fte="0.8")) == [(fte(DAY_4, "0.8"), "")]


def test_another_start_date_leaves_the_fte_changed_since(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN))
    feed.reads(DAY_2, held(JAN, fte="0.6"))
    assert feed.reads(DAY_3, held(FEB, fte="0.6")) == [(started(FEB), "corrects 1")]


def test_where_rows_begin_anew_with_each_change_their_dates_are_those_of_the_changes() -> None:
    feed = current(Kind.HOLDINGS, begins=Begins.ROW)
    assert feed.reads(DAY_1, held(JAN)) == [(started(JAN), "")]
    assert feed.reads(DAY_2, held(MAR, fte="0.6")) == [(fte(MAR, "0.6"), "")]
    assert feed.reads(DAY_3, held(APR, fte="0.6")) == []
    assert feed.reads(DAY_4, held(FEB, fte="0.6")) == [(fte(FEB, "0.6"), "corrects 2")]


def test_a_post_in_place_of_another_is_a_move_on_the_day_on_which_it_begins(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN))
    assert feed.reads(DAY_2, held(date(2023, 7, 17), post="P-2")) == [(moved(date(2023, 7, 17), "P-1", "P-2"), "")]
    assert feed.reads(DAY_3, held(post="P-3")) == [(moved(DAY_3, "P-2", "P-3"), "")]


def test_another_post_under_the_same_number_of_a_holding_is_a_move(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN, holding="7"))
    assert feed.reads(DAY_2, held(JAN, post="P-2", holding="7")) == [(moved(DAY_2, "P-1", "P-2"), "")]


def test_who_goes_back_to_a_former_post_moves_there(feed: Feed) -> None:
    feed.reads(DAY_1, held())
    feed.reads(DAY_2, held(post="P-2"))
    assert feed.reads(DAY_3, held()) == [(moved(DAY_3, "P-2", "P-1"), "")]
    assert feed.reads(DAY_4, held()) == []


def test_a_second_post_begins_beside_the_first_and_ends_when_its_row_is_gone(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN, fte="0.5"))
    both = held(JAN, fte="0.5"), held(MAR, post="P-2", fte="0.5", row=3)
    assert feed.reads(DAY_2, *both) == [(started(MAR, "P-2", "0.5"), "")]
    assert feed.reads(DAY_3, both[0]) == [(fte(DAY_3, "0", "P-2"), "")]
    assert feed.notes == ["no longer holds P-2, beside other posts; from 2023-08-03 on, the day of the extract"]
    assert feed.reads(DAY_4, held(JAN, fte="0.5"), held(post="P-2", fte="0.5", row=3)) == [
        (fte(DAY_4, "0.5", "P-2"), "")
    ]


def test_who_is_missing_is_a_question_and_no_leaver(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN))
    assert feed.reads(DAY_2) == []
    assert feed.notes == ["is not in the file (1 extract without it, since 2023-08-02); stays as it was"]
    assert feed.reads(DAY_3) == []
    assert feed.notes == ["is not in the file (2 extracts without it, since 2023-08-02); stays as it was"]
    assert feed.reads(DAY_4, held(JAN)) == []


def test_who_is_missing_so_often_left_on_the_day_of_the_first_extract_without_them() -> None:
    feed = current(Kind.HOLDINGS, gone_after=2)
    feed.reads(DAY_1, held(JAN))
    assert feed.reads(DAY_2) == []
    assert feed.reads(DAY_3) == [(left(DAY_2, LeavingReason.NOT_KNOWN), "")]
    assert feed.notes == ["ended on 2023-08-02, the day of the first of 2 extracts without it"]
    assert feed.reads(DAY_4) == []
    assert feed.notes == []


def test_who_is_back_after_being_taken_for_a_leaver_did_not_leave() -> None:
    feed = current(Kind.HOLDINGS, gone_after=1)
    feed.reads(DAY_1, held(JAN))
    feed.reads(DAY_2)
    assert feed.reads(DAY_4, held(JAN)) == [(LeaverReversed(left_on=DAY_2), "")]


def test_who_is_back_with_a_new_start_date_was_rehired() -> None:
    feed = current(Kind.HOLDINGS, gone_after=1)
    feed.reads(DAY_1, held(JAN))
    feed.reads(DAY_2)
    assert feed.reads(DAY_5, held(DAY_4)) == [(started(DAY_4), "")]


def test_who_is_back_after_leaving_with_a_date_was_rehired_on_the_day_of_the_extract(feed: Feed) -> None:
    feed.reads(DAY_1, held(left_on=DAY_2, **RESIGNED))
    feed.reads(DAY_3)
    assert feed.notes == []
    assert feed.reads(DAY_4, held()) == [(started(DAY_4), "")]


def test_who_leaves_with_a_date_is_a_leaver_and_with_another_date_on_another_day(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN))
    assert feed.reads(DAY_2, held(JAN, left_on=LATER, **RESIGNED)) == [(left(LATER), "")]
    later = date(2023, 11, 1)
    assert feed.reads(DAY_3, held(JAN, left_on=later, **RESIGNED)) == [(left(later), "corrects 2")]
    assert feed.reads(DAY_4, held(JAN)) == [(LeaverReversed(left_on=later), "")]
    assert feed.reads(DAY_5, held(JAN)) == []


def test_a_leaver_of_two_posts_who_takes_the_notice_back_holds_both(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN, fte="0.5", left_on=LATER, **RESIGNED), held(FEB, post="P-2", fte="0.5", row=3))
    told = feed.reads(DAY_2, held(JAN, fte="0.5"), held(FEB, post="P-2", fte="0.5", row=3))
    assert told == [(LeaverReversed(left_on=LATER), "")]


def test_a_hire_to_come_is_put_off_and_cancelled() -> None:
    feed = current(Kind.HOLDINGS, gone_after=1)
    feed.reads(DAY_1, held(LATER))
    later = date(2023, 11, 1)
    assert feed.reads(DAY_2, held(later)) == [(started(later), "corrects 1")]
    assert feed.reads(DAY_3) == [(CANCELLED, "voids 1"), (CANCELLED, "voids 2")]


def test_a_leaver_before_the_first_file_without_a_start_date_is_left_out(feed: Feed) -> None:
    assert feed.reads(DAY_1, held(left_on=JAN, **RESIGNED)) == []
    assert feed.notes == ["had ended by 2023-01-01, and the file does not say since when it held; left out"]


def test_where_rows_were_rejected_nothing_ends(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN, fte="0.5"), held(FEB, post="P-2", fte="0.5", row=3))
    assert feed.reads(DAY_2, held(JAN, fte="0.6"), incomplete=True) == [(fte(DAY_2, "0.6"), "")]
    assert feed.reads(DAY_3, held(JAN, fte="0.6"), held(FEB, post="P-2", fte="0.5", row=3)) == []


def test_a_start_that_says_more_later_is_corrected(feed: Feed) -> None:
    feed.reads(DAY_1, held(JAN))
    feed.reads(DAY_2, held(JAN, fte="0.6"))
    more = started(JAN).model_copy(update={"origin": Origin.NEWLY_QUALIFIED, "route": Route.ACADEMY})
    told = feed.reads(DAY_3, held(JAN, fte="0.6", origin=Origin.NEWLY_QUALIFIED, route=Route.ACADEMY))
    assert told == [(more, "corrects 1")]
