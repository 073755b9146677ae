"""Files of posts, of agency assignments, and of changes: each story, and the events it comes to."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.codes import AbsenceReason, CoverOutcome, CoverReason, CswwRole, Role, WithdrawalReason
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.base import EventData, Withdrawal
from contracts.events.hiring import WorkerMerged
from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from contracts.events.working_life import AbsenceRecorded, CaseloadCounted
from services.people.statements import ChangeStated, Kind
from tests.unit.people.differ.feeds import cover, current, post, whole

JAN, FEB, MAR, APR, MAY, JUN = (date(2023, month, 1) for month in range(1, 7))
DAY_1, DAY_2, DAY_3, DAY_4, DAY_5 = (date(2023, 8, day) for day in range(1, 6))
LATER = date(2023, 10, 1)

ERROR = Withdrawal(because=WithdrawalReason.ENTERED_IN_ERROR)
CANCELLED = Withdrawal(because=WithdrawalReason.CANCELLED)


def established(day: date, fte: str = "1", team: str = "assessment") -> PostEstablished:
    return PostEstablished(
        effective_from=day,
        role=Role.SOCIAL_WORKER,
        funded_fte=Decimal(fte),
        team=team,
        service_area="help-and-protection",
        csww_role=CswwRole.CASE_HOLDER,
    )


def started(day: date, fte: str = "1") -> CoverStarted:
    return CoverStarted(started_on=day, agency_worker="A-1", fte=Decimal(fte), reason=CoverReason.VACANCY, post="P-1")


# --- posts ------------------------------------------------------------------------------------------------------------


def test_the_history_of_a_post_is_when_it_was_established_changed_and_closed() -> None:
    feed = whole(Kind.POSTS)
    rows = [post(JAN), post(MAR, fte="0.5", row=3), post(APR, JUN, fte="0.5", team="duty", row=4)]
    assert feed.reads(DAY_1, *rows) == [
        (established(JAN), ""),
        (PostChanged(effective_from=MAR, funded_fte=Decimal("0.5")), ""),
        (PostChanged(effective_from=APR, team="duty"), ""),
        (PostClosed(closed_on=JUN), ""),
    ]
    assert feed.reads(DAY_2, *reversed(rows)) == []


def test_a_post_that_no_longer_has_a_grade_is_stated_anew() -> None:
    feed = whole(Kind.POSTS)
    told = feed.reads(DAY_1, post(JAN, grade="grade-9"), post(MAR, fte="0.5", row=3))
    assert told == [
        (established(JAN).model_copy(update={"grade": "grade-9"}), ""),
        (established(MAR, "0.5"), ""),
    ]


def test_rows_that_say_the_same_twice_are_one() -> None:
    feed = whole(Kind.POSTS)
    assert feed.reads(DAY_1, post(JAN, MAR), post(MAR, row=3)) == [(established(JAN), "")]
    assert feed.reads(DAY_2, post(JAN)) == []


def test_a_post_that_was_closed_is_opened_again() -> None:
    feed = whole(Kind.POSTS)
    feed.reads(DAY_1, post(JAN, MAR))
    assert feed.reads(DAY_2, post(JAN, MAR), post(MAY, fte="0.5", row=3)) == [(established(MAY, "0.5"), "")]


def test_a_post_that_was_not_closed_after_all_stays_open() -> None:
    feed = whole(Kind.POSTS)
    feed.reads(DAY_1, post(JAN, LATER))
    assert feed.reads(DAY_2, post(JAN)) == [(CANCELLED, "voids 2")]


def test_the_dates_of_a_post_are_corrected() -> None:
    feed = whole(Kind.POSTS)
    feed.reads(DAY_1, post(JAN), post(MAR, JUN, fte="0.5", row=3))
    assert feed.reads(DAY_2, post(FEB), post(APR, MAY, fte="0.5", row=3)) == [
        (established(FEB), "corrects 1"),
        (PostChanged(effective_from=APR, funded_fte=Decimal("0.5")), "corrects 2"),
        (PostClosed(closed_on=MAY), "corrects 3"),
    ]


def test_a_change_that_never_was_is_void_with_its_corrections() -> None:
    feed = whole(Kind.POSTS)
    feed.reads(DAY_1, post(JAN), post(MAR, fte="0.5", row=3))
    feed.reads(DAY_2, post(JAN), post(MAR, fte="0.6", row=3))
    assert feed.reads(DAY_3, post(JAN)) == [(ERROR, "voids 2"), (ERROR, "voids 3")]


def test_of_several_rows_of_one_day_the_last_counts() -> None:
    feed = whole(Kind.POSTS)
    assert feed.reads(DAY_1, post(JAN, fte="0.5"), post(JAN, row=3)) == [(established(JAN), "")]


def test_a_current_post_is_established_changed_and_closed_on_the_day_of_the_extract() -> None:
    feed = current(Kind.POSTS, gone_after=1)
    assert feed.reads(DAY_1, post()) == [(established(DAY_1), "")]
    assert feed.reads(DAY_2, post(fte="0.5")) == [(PostChanged(effective_from=DAY_2, funded_fte=Decimal("0.5")), "")]
    assert feed.reads(DAY_3) == [(PostClosed(closed_on=DAY_3), "")]
    assert feed.reads(DAY_4) == []
    assert feed.reads(DAY_5, post(fte="0.5")) == [(ERROR, "voids 3")]


def test_a_current_post_with_an_end_is_closed_and_opened_again_when_it_is_back() -> None:
    feed = current(Kind.POSTS)
    feed.reads(DAY_1, post(JAN))
    assert feed.reads(DAY_2, post(JAN, DAY_3)) == [(PostClosed(closed_on=DAY_3), "")]
    assert feed.reads(DAY_4) == []
    assert feed.notes == []
    assert feed.reads(DAY_5, post(DAY_5)) == [(established(DAY_5), "")]


# --- agency assignments -----------------------------------------------------------------------------------------------


def test_the_history_of_an_assignment_is_when_it_started_changed_and_ended() -> None:
    feed = whole(Kind.COVERS)
    converted: dict[str, Any] = {"outcome": CoverOutcome.CONVERTED_TO_PERMANENT, "converted_to": "W-7"}
    rows = [cover(JAN), cover(MAR, JUN, fte="0.6", row=3, **converted)]
    assert feed.reads(DAY_1, *rows) == [
        (started(JAN), ""),
        (CoverChanged(effective_from=MAR, fte=Decimal("0.6")), ""),
        (
            CoverEnded(ended_on=JUN, outcome=CoverOutcome.CONVERTED_TO_PERMANENT, converted_to="W-7"),
            "",
        ),
    ]
    assert feed.reads(DAY_2, *rows) == []


def test_an_assignment_is_extended() -> None:
    feed = whole(Kind.COVERS)
    feed.reads(DAY_1, cover(JAN, MAR))
    assert feed.reads(DAY_2, cover(JAN, MAY)) == [(CoverEnded(ended_on=MAY), "corrects 2")]


def test_an_assignment_with_a_break_ends_and_starts_again() -> None:
    feed = whole(Kind.COVERS)
    assert feed.reads(DAY_1, cover(JAN, MAR), cover(MAY, row=3)) == [
        (started(JAN), ""),
        (CoverEnded(ended_on=MAR), ""),
        (started(MAY), ""),
    ]


def test_another_agency_worker_under_one_number_corrects_the_start() -> None:
    feed = whole(Kind.COVERS)
    feed.reads(DAY_1, cover(JAN, agency="first-agency"))
    told = feed.reads(DAY_2, cover(JAN, agency="second-agency"))
    assert told == [(started(JAN).model_copy(update={"agency": "second-agency"}), "corrects 1")]


def test_a_current_assignment_changes_on_the_day_of_the_extract_and_ends_when_it_is_missing() -> None:
    feed = current(Kind.COVERS, gone_after=2)
    assert feed.reads(DAY_1, cover(JAN)) == [(started(JAN), "")]
    told = feed.reads(DAY_2, cover(JAN, post="P-2", reason=CoverReason.ABSENCE))
    assert told == [(CoverChanged(effective_from=DAY_2, post="P-2", reason=CoverReason.ABSENCE), "")]
    assert feed.reads(DAY_3) == []
    assert feed.reads(DAY_4) == [(CoverEnded(ended_on=DAY_3), "")]


def test_an_assignment_that_names_no_post_any_more_is_stated_anew() -> None:
    feed = whole(Kind.COVERS)
    extra: dict[str, Any] = {"post": None, "role": Role.SOCIAL_WORKER, "reason": CoverReason.ADDITIONAL}
    told = feed.reads(DAY_1, cover(JAN), cover(MAR, row=3, **extra))
    anew = CoverStarted(
        started_on=MAR,
        agency_worker="A-1",
        fte=Decimal(1),
        reason=CoverReason.ADDITIONAL,
        role=Role.SOCIAL_WORKER,
    )
    assert told == [(started(JAN), ""), (anew, "")]


def test_an_agency_that_is_corrected_after_a_change_corrects_the_start() -> None:
    feed = current(Kind.COVERS)
    feed.reads(DAY_1, cover(JAN, agency="first-agency"))
    feed.reads(DAY_2, cover(JAN, fte="0.5", agency="first-agency"))
    told = feed.reads(DAY_3, cover(JAN, fte="0.5", agency="second-agency"))
    assert told == [(started(JAN).model_copy(update={"agency": "second-agency"}), "corrects 1")]


def test_an_assignment_that_no_event_can_state_is_named_and_told_of_nothing() -> None:
    feed = whole(Kind.COVERS)
    assert feed.reads(DAY_1, cover(JAN, post=None)) == []
    assert feed.faults == ["event is not as the contract says"]


# --- changes ----------------------------------------------------------------------------------------------------------


def change(key: str, data: EventData, row: int = 2) -> ChangeStated:
    return ChangeStated(row, "W-1", key, data)


def absence(day: date, returned: date | None = None) -> AbsenceRecorded:
    return AbsenceRecorded(
        absent_from=day, returned_on=returned, working_days_lost=Decimal(5), reason=AbsenceReason.SICKNESS
    )


def test_a_change_file_states_facts_that_stay_when_a_later_file_does_not_name_them() -> None:
    feed = current(Kind.CHANGES)
    first = change("SIC-1", absence(JAN))
    assert feed.reads(DAY_1, first, first) == [(absence(JAN), "")]
    second = change("SIC-2", absence(MAR, APR))
    assert feed.reads(DAY_2, second) == [(absence(MAR, APR), "")]
    assert feed.reads(DAY_3) == []
    assert feed.notes == []
    assert feed.reads(DAY_4, first, second) == []


def test_a_change_with_the_same_key_and_other_content_corrects_what_was_stated() -> None:
    feed = current(Kind.CHANGES)
    feed.reads(DAY_1, change("SIC-1", absence(JAN)), change("SIC-2", absence(MAR), 3))
    assert feed.reads(DAY_2, change("SIC-1", absence(FEB, APR))) == [(absence(FEB, APR), "corrects 1")]


def test_two_changes_alike_with_two_keys_are_two() -> None:
    feed = current(Kind.CHANGES)
    rows = change("1", absence(JAN)), change("2", absence(JAN), 3)
    assert feed.reads(DAY_1, *rows) == [(absence(JAN), ""), (absence(JAN), "")]
    assert feed.reads(DAY_2, *rows) == []


def test_a_change_that_a_file_of_the_whole_history_no_longer_has_is_void() -> None:
    feed = whole(Kind.CHANGES)
    merged, counted = WorkerMerged(duplicate="W-9"), CaseloadCounted(counted_on=JAN, cases=14)
    feed.reads(DAY_1, change("W-9", merged), change("2023-01", counted, 3))
    assert feed.reads(DAY_2, change("2023-01", counted)) == [(ERROR, "voids 1")]


@pytest.mark.parametrize("kind", [Kind.POSTS, Kind.COVERS])
def test_what_was_never_there_is_not_missing(kind: Kind) -> None:
    feed = current(kind, gone_after=1)
    assert feed.reads(DAY_1) == []
    assert feed.states == {}
