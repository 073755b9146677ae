"""Which posts an event names, and which posts fell vacant, by cases written down by hand."""

from datetime import date, datetime
from itertools import count

import pytest

from contracts.codes import CoverReason, Role, WithdrawalReason
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded
from contracts.events.base import EventData, Withdrawal
from contracts.events.leavers import LeaverReversed
from contracts.events.posts import PostClosed
from services.recruitment.rules import FallenVacant, fallen_vacant, posts_established, posts_named
from tests.histories import at, cover_started, established, event, fte_changed, left, merged, moved, started, void

SEPTEMBER, OCTOBER, NOVEMBER = date(2023, 9, 1), date(2023, 10, 1), date(2023, 11, 1)
DECEMBER = date(2023, 12, 1)
RECORDED = at(date(2023, 10, 2))
LATER = at(date(2023, 10, 3))
NUMBERS = count(1)


def of(data: EventData, worker: str = "W-1", recorded: datetime = RECORDED, id: str = "") -> Event:
    """An event of a worker, with an id that no other has where none is given."""
    return event(data, f"worker/{worker}", recorded, id or f"E-{next(NUMBERS)}")


def gone(post: str, since: date, because: str) -> list[FallenVacant]:
    """One post that fell vacant."""
    return [FallenVacant(post, since, because)]


def test_a_post_whose_occupant_left_is_vacant_from_that_day_on() -> None:
    history = [of(started(SEPTEMBER)), of(left(OCTOBER))]
    assert fallen_vacant(history, date(2023, 9, 30)) == []
    assert fallen_vacant(history, OCTOBER) == gone("P-1", OCTOBER, "left")
    assert fallen_vacant(history, DECEMBER) == gone("P-1", OCTOBER, "left")


def about_post(data: EventData, post: str = "P-1") -> Event:
    """An event of a post."""
    return event(data, f"post/{post}", RECORDED, f"E-{next(NUMBERS)}")


def test_a_post_that_is_closed_is_not_among_those_that_fell_vacant() -> None:
    history = [of(started(SEPTEMBER)), of(left(OCTOBER)), about_post(PostClosed(closed_on=NOVEMBER))]
    assert fallen_vacant(history, date(2023, 10, 31)) == gone("P-1", OCTOBER, "left")
    assert fallen_vacant(history, NOVEMBER) == []


def test_a_post_that_is_established_again_after_its_closing_is() -> None:
    closed = [of(started(SEPTEMBER)), of(left(OCTOBER)), about_post(PostClosed(closed_on=OCTOBER))]
    assert fallen_vacant([*closed, about_post(established(NOVEMBER))], DECEMBER) == gone("P-1", OCTOBER, "left")


@pytest.mark.parametrize(
    ("opened", "closed", "is_open"),
    [
        ([], [date(2023, 11, 30)], False),
        ([], [DECEMBER], False),
        ([], [date(2023, 12, 2)], True),
        ([SEPTEMBER], [NOVEMBER], False),
        ([date(2023, 10, 31)], [NOVEMBER], False),
        ([NOVEMBER], [NOVEMBER], True),
        ([date(2023, 11, 2)], [NOVEMBER], True),
        ([DECEMBER], [NOVEMBER], True),
        ([date(2023, 12, 2)], [NOVEMBER], False),
        ([NOVEMBER], [OCTOBER, date(2023, 11, 2)], False),
        ([NOVEMBER], [date(2023, 11, 2), OCTOBER], False),
        ([NOVEMBER], [OCTOBER, date(2023, 12, 2)], True),
        ([SEPTEMBER, NOVEMBER], [OCTOBER], True),
    ],
)
def test_on_1_december_a_post_is_open_that_was_established_on_the_day_of_its_last_closing_or_later(
    opened: list[date], closed: list[date], is_open: bool
) -> None:
    facts = [*(established(day) for day in opened), *(PostClosed(closed_on=day) for day in closed)]
    history = [of(started(SEPTEMBER)), of(left(OCTOBER)), *(about_post(data) for data in facts)]
    assert fallen_vacant(history, DECEMBER) == (gone("P-1", OCTOBER, "left") if is_open else [])


def test_another_post_that_is_closed_and_a_closing_that_was_withdrawn_close_nothing() -> None:
    history = [of(started(SEPTEMBER)), of(left(OCTOBER))]
    closed = about_post(PostClosed(closed_on=NOVEMBER))
    assert fallen_vacant([*history, about_post(PostClosed(closed_on=NOVEMBER), "P-2")], DECEMBER) == gone(
        "P-1", OCTOBER, "left"
    )
    assert fallen_vacant([*history, closed, void(closed, LATER, "V-9")], DECEMBER) == gone("P-1", OCTOBER, "left")


def test_a_post_that_nobody_ever_held_did_not_fall_vacant() -> None:
    assert fallen_vacant([], DECEMBER) == []
    assert fallen_vacant([of(left(OCTOBER))], DECEMBER) == []


def test_a_leaver_gives_up_every_post_held() -> None:
    history = [of(started(SEPTEMBER, "P-1", "0.5")), of(started(SEPTEMBER, "P-2", "0.5")), of(left(OCTOBER))]
    assert fallen_vacant(history, DECEMBER) == [
        FallenVacant("P-1", OCTOBER, "left"),
        FallenVacant("P-2", OCTOBER, "left"),
    ]


def test_a_shared_post_is_not_vacant_while_one_holds_it_and_then_since_the_last_left() -> None:
    history = [of(started(SEPTEMBER), "W-1"), of(started(SEPTEMBER), "W-2"), of(left(OCTOBER), "W-1")]
    assert fallen_vacant(history, DECEMBER) == []
    assert fallen_vacant([*history, of(left(NOVEMBER), "W-2")], DECEMBER) == gone("P-1", NOVEMBER, "left")


def test_of_several_who_gave_a_post_up_the_last_counts_whoever_is_told_of_first() -> None:
    early = [of(started(SEPTEMBER), "W-1"), of(moved(OCTOBER, "P-1", "P-2"), "W-1")]
    late = [of(started(SEPTEMBER), "W-2"), of(left(NOVEMBER), "W-2")]
    for history in (early + late, late + early):
        assert fallen_vacant(history, DECEMBER) == gone("P-1", NOVEMBER, "left")
        # As at the day before the last, one of the two still holds it.
        assert fallen_vacant(history, date(2023, 10, 31)) == []


def test_why_a_post_was_given_up_is_what_took_effect_that_day_of_that_post() -> None:
    both = [of(started(SEPTEMBER, "P-1", "0.5")), of(started(SEPTEMBER, "P-2", "0.5"))]
    given_up = [of(fte_changed(OCTOBER, "0", "P-1")), of(moved(OCTOBER, "P-2", "P-3"))]
    assert fallen_vacant([*both, *given_up], DECEMBER) == [
        FallenVacant("P-1", OCTOBER, "gave up"),
        FallenVacant("P-2", OCTOBER, "moved"),
    ]
    # Who leaves on the day of a move left, as all that was held is given up for that.
    assert fallen_vacant([*both, *given_up, of(left(OCTOBER))], DECEMBER) == [
        FallenVacant("P-1", OCTOBER, "left"),
        FallenVacant("P-2", OCTOBER, "left"),
    ]
    # What took effect on an earlier day is not why.
    later = [*both, of(moved(OCTOBER, "P-2", "P-3")), of(left(NOVEMBER))]
    assert [(one.post, one.because) for one in fallen_vacant(later, DECEMBER)] == [
        ("P-1", "left"), ("P-2", "moved"), ("P-3", "left"),
    ]  # fmt: skip


def test_who_comes_back_later_has_left_the_post_vacant_until_then() -> None:
    history = [of(started(SEPTEMBER)), of(left(OCTOBER)), of(started(DECEMBER))]
    assert fallen_vacant(history, date(2023, 11, 30)) == gone("P-1", OCTOBER, "left")
    assert fallen_vacant(history, DECEMBER) == []


def test_who_has_no_fixed_hours_holds_the_post() -> None:
    history = [of(started(SEPTEMBER, "P-1", "0")), of(fte_changed(OCTOBER, "0"))]
    assert fallen_vacant(history, DECEMBER) == []


def test_a_post_that_was_filled_again_is_not_vacant() -> None:
    history = [of(started(SEPTEMBER), "W-1"), of(left(OCTOBER), "W-1"), of(started(NOVEMBER), "W-2")]
    assert fallen_vacant(history, date(2023, 10, 31)) == gone("P-1", OCTOBER, "left")
    assert fallen_vacant(history, NOVEMBER) == []


def test_a_worker_who_moved_gives_up_the_post_moved_from() -> None:
    history = [of(started(SEPTEMBER)), of(moved(OCTOBER, "P-1", "P-2"))]
    assert fallen_vacant(history, DECEMBER) == gone("P-1", OCTOBER, "moved")


def test_who_moves_and_comes_back_holds_the_first_post_again() -> None:
    history = [of(started(SEPTEMBER)), of(moved(OCTOBER, "P-1", "P-2")), of(moved(NOVEMBER, "P-2", "P-1"))]
    assert fallen_vacant(history, DECEMBER) == gone("P-2", NOVEMBER, "moved")


def test_of_two_moves_on_one_day_the_one_recorded_later_comes_later() -> None:
    first = of(moved(OCTOBER, "P-1", "P-2"), recorded=RECORDED, id="Z")
    second = of(moved(OCTOBER, "P-2", "P-3"), recorded=LATER, id="A")
    history = [of(started(SEPTEMBER)), first, second]
    assert fallen_vacant(history, DECEMBER) == [
        FallenVacant("P-1", OCTOBER, "moved"),
        FallenVacant("P-2", OCTOBER, "moved"),
    ]


def test_an_fte_of_nothing_gives_a_post_up_and_a_smaller_one_does_not() -> None:
    history = [of(started(SEPTEMBER)), of(fte_changed(OCTOBER, "0.5"))]
    assert fallen_vacant(history, DECEMBER) == []
    assert fallen_vacant([*history, of(fte_changed(NOVEMBER, "0"))], DECEMBER) == gone("P-1", NOVEMBER, "gave up")


def test_a_change_of_fte_does_not_take_a_post_up() -> None:
    history = [of(started(SEPTEMBER), "W-1"), of(left(OCTOBER), "W-1"), of(fte_changed(NOVEMBER, "0.5"), "W-2")]
    assert fallen_vacant(history, DECEMBER) == gone("P-1", OCTOBER, "left")


def test_who_leaves_and_starts_again_on_one_day_holds_the_post() -> None:
    assert fallen_vacant([of(started(SEPTEMBER)), of(left(OCTOBER)), of(started(OCTOBER))], DECEMBER) == []


def test_a_leaver_who_stayed_holds_the_post() -> None:
    history = [of(started(SEPTEMBER)), of(left(OCTOBER), recorded=RECORDED)]
    assert fallen_vacant([*history, of(LeaverReversed(left_on=OCTOBER), recorded=LATER)], DECEMBER) == []
    assert fallen_vacant([*history, of(LeaverReversed(left_on=NOVEMBER), recorded=LATER)], DECEMBER) == gone(
        "P-1", OCTOBER, "left"
    )


def test_a_leaver_of_that_day_who_is_recorded_after_the_reversal_left() -> None:
    history = [of(started(SEPTEMBER)), of(LeaverReversed(left_on=OCTOBER), recorded=RECORDED)]
    assert fallen_vacant([*history, of(left(OCTOBER), recorded=LATER)], DECEMBER) == gone("P-1", OCTOBER, "left")


def test_a_leaver_that_was_withdrawn_did_not_leave() -> None:
    leaver = of(left(OCTOBER))
    assert fallen_vacant([of(started(SEPTEMBER)), leaver, void(leaver, LATER, "V-1")], DECEMBER) == []


def test_a_leaving_date_that_was_corrected_counts_as_corrected() -> None:
    corrected = event(left(NOVEMBER), "worker/W-1", LATER, "L-2", supersedes="L-1")
    history = [of(started(SEPTEMBER)), of(left(OCTOBER), id="L-1"), corrected]
    assert fallen_vacant(history, DECEMBER) == gone("P-1", NOVEMBER, "left")


def test_who_leaves_under_another_number_of_theirs_gives_up_the_post() -> None:
    history = [of(started(SEPTEMBER), "W-1"), of(left(OCTOBER), "W-2")]
    assert fallen_vacant(history, DECEMBER) == []
    assert fallen_vacant([*history, of(merged("W-2"), "W-1")], DECEMBER) == gone("P-1", OCTOBER, "left")


def test_a_post_held_under_two_numbers_of_one_person_is_given_up_once_under_either() -> None:
    twice = [of(started(SEPTEMBER), "W-1"), of(started(SEPTEMBER), "W-2"), of(moved(OCTOBER, "P-1", "P-2"), "W-1")]
    assert fallen_vacant(twice, DECEMBER) == []
    merge = of(merged("W-1"), "W-2")
    assert fallen_vacant([*twice, merge], DECEMBER) == gone("P-1", OCTOBER, "moved")
    assert fallen_vacant([*twice, merge, void(merge, LATER, "V-1")], DECEMBER) == []


def test_the_order_in_which_events_came_does_not_matter() -> None:
    history = [
        of(started(SEPTEMBER), "W-1"),
        of(started(SEPTEMBER, "P-2"), "W-2"),
        of(moved(OCTOBER, "P-2", "P-3"), "W-2"),
        of(left(OCTOBER), "W-1"),
    ]
    expected = [FallenVacant("P-1", OCTOBER, "left"), FallenVacant("P-2", OCTOBER, "moved")]
    assert fallen_vacant(history, DECEMBER) == expected
    assert fallen_vacant(list(reversed(history)), DECEMBER) == expected


@pytest.mark.parametrize(
    ("data", "posts"),
    [
        (started(OCTOBER, "P-1"), {"P-1"}),
        (fte_changed(OCTOBER, "0.5", "P-2"), {"P-2"}),
        (moved(OCTOBER, "P-1", "P-2"), {"P-1", "P-2"}),
        (cover_started(OCTOBER, "P-3"), {"P-3"}),
        (cover_started(OCTOBER, None, reason=CoverReason.ADDITIONAL, role=Role.SOCIAL_WORKER), set()),
        (CoverChanged(effective_from=OCTOBER, post="P-4"), {"P-4"}),
        (CoverChanged(effective_from=OCTOBER, reason=CoverReason.ABSENCE), set()),
        (CoverEnded(ended_on=OCTOBER), set()),
        (established(OCTOBER), set()),
        (left(OCTOBER), set()),
        (Withdrawal(because=WithdrawalReason.DUPLICATE), set()),
    ],
)
def test_the_posts_that_an_event_names(data: EventData | Withdrawal, posts: set[str]) -> None:
    assert posts_named(data) == posts


def test_a_post_is_established_while_an_event_that_says_so_stands() -> None:
    first = event(established(SEPTEMBER), "post/P-1", RECORDED, "E-1")
    other = event(established(SEPTEMBER), "post/P-2", RECORDED, "E-2")
    assert posts_established([first, other]) == {"P-1", "P-2"}
    assert posts_established([first, other, void(first, LATER, "V-1")]) == {"P-2"}
    correction = event(established(OCTOBER), "post/P-2", LATER, "E-3", supersedes="E-2")
    assert posts_established([other, correction]) == {"P-2"}
