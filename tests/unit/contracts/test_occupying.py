"""What a person's events say of the posts held, event by event and day by day: what every service asks.

Invariant: the actions are given in their order by `action_of`, as every caller does it.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from contracts.catalogue import EVENT_MODELS
from contracts.effects import action_of, in_order_of_effect
from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.hiring import WorkerFteChanged, WorkerMerged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from contracts.in_force import Recorded
from contracts.occupying import (
    EFFECTS,
    HeldUnder,
    Leaving,
    OnADay,
    Reversals,
    at_another_fte,
    deciding,
    did_not_come,
    followed,
    fte_held,
    held_after,
    is_reversed,
    leaving,
    numbers_that_came,
    posts_held,
    taken_up,
)
from tests.histories import established, event, fte_changed, left, moved, started

DAY_1, DAY_2, DAY_3, DAY_4 = date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 2)
RECORDED = datetime(2024, 3, 5, 9, tzinfo=UTC)
HALF, FULL, NONE = Decimal("0.5"), Decimal(1), Decimal(0)
Of = tuple[str, EventData]


def history(*facts: EventData | Of) -> list[Event]:
    """Events of W-1, or of the worker whose number is given, recorded minute by minute in this order."""
    told = [fact if isinstance(fact, tuple) else ("W-1", fact) for fact in facts]
    return [
        event(data, f"worker/{number}", RECORDED.replace(minute=index), f"E-{index}")
        for index, (number, data) in enumerate(told)
    ]


def held(*facts: EventData | Of) -> dict[str, list[tuple[date, str | None]]]:
    """From each day on the FTE at which each post is held, None where it is not."""
    actions = sorted(action_of(one, EFFECTS) for one in history(*facts))
    return {
        post: [(day, None if fte is None else f"{fte:f}") for day, fte in steps.items()]
        for post, steps in posts_held(actions).items()
    }


def reversed_on(day: date) -> LeaverReversed:
    """Nobody left on a day after all."""
    return LeaverReversed(left_on=day)


# --- the order of effect ----------------------------------------------------------------------------------------------


def test_on_one_day_reversals_act_first_then_leavers_starts_moves_and_changes_of_fte() -> None:
    facts = [fte_changed(DAY_1, "1"), moved(DAY_1, "P-1", "P-2"), started(DAY_1), left(DAY_1), reversed_on(DAY_1)]
    actions = sorted(action_of(one, EFFECTS) for one in history(*facts))
    assert [type(data) for *_, data in actions] == [
        LeaverReversed,
        WorkerLeft,
        WorkerStarted,
        WorkerMoved,
        WorkerFteChanged,
    ]
    assert [precedence for _, precedence, *_ in actions] == [0, 1, 2, 3, 4]


def test_an_action_is_of_its_effective_date_its_subject_and_its_position_in_the_order_of_recording() -> None:
    effects = in_order_of_effect(PostEstablished, PostClosed, PostChanged)
    opened = event(established(DAY_2), "post/P-7", RECORDED, "E-1", sourcesequence="4")
    assert action_of(opened, effects) == (
        DAY_2, 0, (RECORDED, "/coventry/hr", 4, "E-1", "uk.workforce.post.established.v1"), "P-7", opened.data,
    )  # fmt: skip
    closed = event(PostClosed(closed_on=DAY_1), "post/P-7", RECORDED, "E-2")
    assert action_of(closed, effects)[:2] == (DAY_1, 1)


def test_a_type_of_event_about_the_same_subject_cannot_be_forgotten() -> None:
    with pytest.raises(TypeError, match=r"^PostChanged: list each in the order"):
        in_order_of_effect(PostEstablished, PostClosed)
    assert list(in_order_of_effect(PostEstablished, PostClosed, without=[PostChanged]).values()) == [0, 1]


def test_a_type_of_event_without_an_effective_date_has_no_effect_on_a_date() -> None:
    with pytest.raises(TypeError, match=r"^WorkerMerged: has no effective date"):
        in_order_of_effect(
            WorkerMerged, without=[model for model in EVENT_MODELS.values() if model is not WorkerMerged]
        )


def test_an_earlier_day_acts_before_a_later_one_whatever_was_recorded_first() -> None:
    assert held(left(DAY_3), started(DAY_1)) == {"P-1": [(DAY_1, "1"), (DAY_3, None)]}


# --- posts held -------------------------------------------------------------------------------------------------------


def test_who_starts_holds_the_post_and_who_leaves_holds_none_from_that_day_on() -> None:
    assert held(started(DAY_1), started(DAY_1, "P-2", "0.5"), left(DAY_2)) == {
        "P-1": [(DAY_1, "1"), (DAY_2, None)],
        "P-2": [(DAY_1, "0.5"), (DAY_2, None)],
    }


def test_who_moves_holds_the_one_post_instead_of_the_other_at_the_fte_stated() -> None:
    assert held(started(DAY_1), moved(DAY_2, "P-1", "P-2", "0.5")) == {
        "P-1": [(DAY_1, "1"), (DAY_2, None)],
        "P-2": [(DAY_2, "0.5")],
    }
    assert held(moved(DAY_2, "P-1", "P-2")) == {"P-2": [(DAY_2, "1")]}
    assert held(started(DAY_1), moved(DAY_2, "P-1", "P-1", "0.5")) == {"P-1": [(DAY_1, "1"), (DAY_2, "0.5")]}


def test_who_has_left_moves_no_more_until_a_new_start() -> None:
    gone = (started(DAY_1), left(DAY_2))
    assert held(*gone, moved(DAY_2, "P-1", "P-2")) == {"P-1": [(DAY_1, "1"), (DAY_2, None)]}
    assert held(*gone, moved(DAY_3, "P-1", "P-2")) == {"P-1": [(DAY_1, "1"), (DAY_2, None)]}
    assert held(*gone, started(DAY_3), moved(DAY_4, "P-1", "P-2"))["P-2"] == [(DAY_4, "1")]
    assert held(*gone, started(DAY_2), moved(DAY_2, "P-1", "P-2"))["P-2"] == [(DAY_2, "1")]


def test_an_fte_is_of_a_post_that_is_held_and_0_gives_it_up_until_it_is_above_0() -> None:
    assert held(fte_changed(DAY_1, "1")) == {}
    assert held(started(DAY_1), fte_changed(DAY_2, "1", "P-2")) == {"P-1": [(DAY_1, "1")]}
    assert held(started(DAY_1), fte_changed(DAY_2, "0"), fte_changed(DAY_3, "0.5")) == {
        "P-1": [(DAY_1, "1"), (DAY_2, None), (DAY_3, "0.5")]
    }
    assert held(started(DAY_1), fte_changed(DAY_2, "0"), left(DAY_3), fte_changed(DAY_4, "0.5")) == {
        "P-1": [(DAY_1, "1"), (DAY_2, None)]
    }


def test_who_took_a_post_up_without_fixed_hours_keeps_it_at_0() -> None:
    assert held(started(DAY_1, fte="0"), fte_changed(DAY_2, "0.5"), fte_changed(DAY_3, "0")) == {
        "P-1": [(DAY_1, "0"), (DAY_2, "0.5"), (DAY_3, "0")]
    }
    assert held(moved(DAY_1, "P-1", "P-2", "0"), fte_changed(DAY_2, "0", "P-2")) == {
        "P-2": [(DAY_1, "0"), (DAY_2, "0")]
    }
    assert held(started(DAY_1, fte="0"), started(DAY_2, fte="1"), fte_changed(DAY_3, "0")) == {
        "P-1": [(DAY_1, "0"), (DAY_2, "1"), (DAY_3, None)]
    }


def test_who_leaves_and_starts_on_one_day_is_in_post_and_a_start_that_stands_alone_is_of_who_did_not_come() -> None:
    assert held(started(DAY_1), left(DAY_2), started(DAY_2, "P-2")) == {
        "P-1": [(DAY_1, "1"), (DAY_2, None)],
        "P-2": [(DAY_2, "1")],
    }
    assert held(started(DAY_1), left(DAY_1)) == {}
    assert held(started(DAY_2), started(DAY_2, "P-2"), left(DAY_2)) == {}
    assert held(moved(DAY_1, "P-0", "P-1"), left(DAY_2), started(DAY_2)) == {"P-1": [(DAY_1, "1"), (DAY_2, "1")]}


def test_a_leaver_that_is_reversed_says_nothing() -> None:
    assert held(started(DAY_1), left(DAY_2), reversed_on(DAY_2)) == {"P-1": [(DAY_1, "1")]}
    for other in (DAY_1, DAY_3):
        assert held(started(DAY_1), left(DAY_2), reversed_on(other)) == {"P-1": [(DAY_1, "1"), (DAY_2, None)]}
    assert held(started(DAY_1), reversed_on(DAY_2), left(DAY_2)) == {"P-1": [(DAY_1, "1"), (DAY_2, None)]}
    assert held(started(DAY_1), left(DAY_1), reversed_on(DAY_1)) == {"P-1": [(DAY_1, "1")]}


def test_a_leaver_speaks_of_its_own_number_and_of_all_where_nobody_came_under_it() -> None:
    both = (("W-1", started(DAY_1, "P-1")), ("W-2", started(DAY_1, "P-2")))
    assert held(*both, ("W-2", left(DAY_2))) == {"P-1": [(DAY_1, "1")], "P-2": [(DAY_1, "1"), (DAY_2, None)]}
    gone = {"P-1": [(DAY_1, "1"), (DAY_2, None)], "P-2": [(DAY_1, "1"), (DAY_2, None)]}
    assert held(*both, ("W-3", left(DAY_2))) == gone
    # Of a number under which nobody comes until later it is the number's all the same.
    assert held(*both, ("W-3", left(DAY_2)), ("W-3", started(DAY_3, "P-3"))) == {
        "P-1": [(DAY_1, "1")],
        "P-2": [(DAY_1, "1")],
        "P-3": [(DAY_3, "1")],
    }


def test_who_holds_a_post_under_another_number_too_goes_on_and_can_move() -> None:
    both = (("W-1", started(DAY_1, "P-1")), ("W-2", started(DAY_1, "P-2")), ("W-2", left(DAY_2)))
    assert held(*both, ("W-2", moved(DAY_3, "P-1", "P-3")))["P-3"] == [(DAY_3, "1")]
    assert "P-3" not in held(*both, ("W-1", left(DAY_2)), ("W-1", moved(DAY_3, "P-1", "P-3")))


def test_one_post_under_two_numbers_is_held_once_at_the_fte_stated_last() -> None:
    both = (("W-1", started(DAY_1, "P-1", "1")), ("W-2", started(DAY_2, "P-1", "0.5")))
    assert held(*both) == {"P-1": [(DAY_1, "1"), (DAY_2, "0.5")]}
    assert held(*both, ("W-2", left(DAY_3))) == {"P-1": [(DAY_1, "1"), (DAY_2, "0.5"), (DAY_3, "1")]}
    # An FTE under a number of its own is of what is held under it; under a third one of all of them.
    assert held(*both, ("W-1", fte_changed(DAY_3, "0.6")), ("W-1", left(DAY_4)))["P-1"][2:] == [
        (DAY_3, "0.6"),
        (DAY_4, "0.5"),
    ]
    assert held(*both, ("W-3", fte_changed(DAY_3, "0.7")), ("W-2", left(DAY_4)))["P-1"][2:] == [
        (DAY_3, "0.7"),
        (DAY_4, "0.7"),
    ]


def test_a_duplicate_opened_and_closed_on_a_day_leaves_the_person_in_post() -> None:
    person = (("W-1", started(DAY_1, "P-1")),)
    opened = (("W-2", started(DAY_2, "P-2")), ("W-2", left(DAY_2)))
    assert held(*person, *opened) == {"P-1": [(DAY_1, "1")]}
    # Nobody else is in post: whoever left under the first number came back under the second.
    assert held(*person, ("W-1", left(DAY_2)), *opened) == {
        "P-1": [(DAY_1, "1"), (DAY_2, None)],
        "P-2": [(DAY_2, "1")],
    }


def test_who_else_is_in_post_is_asked_anew_on_each_day() -> None:
    person = (("W-1", started(DAY_1, "P-1")), ("W-2", started(DAY_2, "P-2")), ("W-2", left(DAY_2)))
    came_back = (("W-1", left(DAY_3)), ("W-3", started(DAY_3, "P-3")), ("W-3", left(DAY_3)))
    assert held(*person, *came_back) == {"P-1": [(DAY_1, "1"), (DAY_3, None)], "P-3": [(DAY_3, "1")]}


def test_a_move_within_a_post_changes_its_fte_and_gives_nothing_up() -> None:
    actions = sorted(action_of(one, EFFECTS) for one in history(started(DAY_1), moved(DAY_2, "P-1", "P-1", "0.5")))
    assert list(followed(actions)) == [(DAY_1, [("P-1", None, FULL)]), (DAY_2, [("P-1", FULL, HALF)])]


def test_each_action_is_followed_by_what_it_changes() -> None:
    facts = (left(DAY_1), started(DAY_2), fte_changed(DAY_3, "0.5"), fte_changed(DAY_3, "1", "P-9"))
    actions = sorted(action_of(one, EFFECTS) for one in history(*facts, moved(DAY_4, "P-1", "P-2")))
    assert list(followed(actions)) == [
        (DAY_1, []),
        (DAY_2, [("P-1", None, FULL)]),
        (DAY_3, [("P-1", FULL, HALF)]),
        (DAY_3, []),
        (DAY_4, [("P-1", HALF, None), ("P-2", None, FULL)]),
    ]


# --- its parts --------------------------------------------------------------------------------------------------------


def under(number: str, fte: Decimal, without_hours: bool = False) -> HeldUnder:
    """A post as it is held under a number."""
    return HeldUnder(number, fte, without_hours)


def test_the_fte_of_a_post_is_that_of_the_last_number_that_holds_it() -> None:
    assert fte_held(()) is None
    assert fte_held((under("W-1", NONE),)) is None
    assert fte_held((under("W-1", NONE, without_hours=True),)) == 0
    assert fte_held((under("W-1", FULL), under("W-2", HALF))) == HALF
    assert fte_held((under("W-1", FULL), under("W-2", NONE))) == FULL


def test_a_post_taken_up_again_under_a_number_is_stated_last_and_anew() -> None:
    before = (under("W-1", FULL), under("W-2", HALF))
    assert taken_up(before, "W-1", NONE) == (under("W-2", HALF), under("W-1", NONE, without_hours=True))
    assert taken_up((), "W-1", HALF) == (under("W-1", HALF),)


def test_an_fte_is_stated_of_the_own_number_or_else_of_all() -> None:
    before = (under("W-1", FULL), under("W-2", HALF, without_hours=True))
    assert at_another_fte(before, "W-1", NONE) == (under("W-2", HALF, without_hours=True), under("W-1", NONE))
    assert at_another_fte(before, "W-3", NONE) == (under("W-1", NONE), under("W-2", NONE, without_hours=True))
    assert at_another_fte((), "W-1", FULL) == ()


def recorded(minute: int, source: str = "/hr", stated: int = -1, id: str = "E-1") -> Recorded:
    """A position in the order of recording."""
    return RECORDED.replace(minute=minute), source, stated, id, "uk.workforce.worker.left.v1"


def test_of_the_reversals_of_a_date_the_first_and_the_last_of_the_latest_instant_decide() -> None:
    early, first, middle, last = recorded(1), recorded(2), recorded(2, id="E-2"), recorded(2, "/payroll")
    assert deciding([]) == []
    assert deciding([early]) == [early]
    for order in ([early, middle, last, first], [last, first, early, middle], [first, middle, last, early]):
        assert deciding(order) == [first, last]


@pytest.mark.parametrize(
    ("reversal", "reverses"),
    [
        (recorded(6), True),
        (recorded(5), True),
        (recorded(4), False),
        (recorded(5, stated=3), True),
        (recorded(5, stated=2), True),
        (recorded(5, stated=1), False),
        (recorded(5, "/payroll", stated=1), True),
    ],
)
def test_a_reversal_reverses_a_leaver_that_is_not_stated_to_have_come_after_it(
    reversal: Recorded, reverses: bool
) -> None:
    leaver = recorded(5, stated=2 if reversal[2] >= 0 else -1)
    assert is_reversed(leaver, [reversal]) is reverses
    assert is_reversed(leaver, [recorded(1), reversal]) is reverses
    assert not is_reversed(leaver, [])


def test_the_reversals_of_a_person_reverse_the_leavers_of_their_dates_and_nothing_else() -> None:
    day, other_day = date(2023, 10, 2), date(2023, 10, 3)
    morning, noon, evening = (datetime(2023, 10, 5, hour, tzinfo=UTC) for hour in (9, 12, 18))
    leaver = event(left(day), "worker/W-1", morning, "left")
    reversal = event(LeaverReversed(left_on=day), "worker/W-1", noon, "reversed")
    again = event(left(day), "worker/W-1", evening, "left-again")
    another = event(left(other_day), "worker/W-1", morning, "left-later")
    reversals = Reversals([leaver, reversal, again, another])
    assert [reversals.reverse(one) for one in (leaver, again, another, reversal)] == [True, False, False, False]
    assert not Reversals([leaver]).reverse(leaver)


def test_leavers_speak_of_numbers_that_came_or_else_of_every_number() -> None:
    came = {"W-1", "W-2"}
    assert leaving(["W-1"], came) == Leaving(frozenset({"W-1"}))
    assert leaving(["W-1", "W-9"], came) == Leaving(frozenset({"W-1"}), every_number=True)
    assert leaving([], came) == Leaving()
    assert Leaving(frozenset({"W-1"})).ends(under("W-1", FULL))
    assert not Leaving(frozenset({"W-1"})).ends(under("W-2", FULL))
    assert Leaving(every_number=True).ends(under("W-2", FULL))


def test_the_numbers_that_came_are_those_of_a_start_or_a_move() -> None:
    facts: list[Of] = [
        ("W-2", moved(DAY_2, "P-1", "P-2")),
        ("W-1", started(DAY_3)),
        ("W-1", started(DAY_4)),
        ("W-3", left(DAY_1)),
        ("W-4", fte_changed(DAY_1, "1")),
        ("W-5", reversed_on(DAY_1)),
    ]
    actions = sorted(action_of(one, EFFECTS) for one in history(*facts))
    assert numbers_that_came(actions) == {"W-1", "W-2"}


OWN, OTHER, EVERYBODY = Leaving(frozenset({"W-1"})), Leaving(frozenset({"W-2"})), Leaving(every_number=True)


@pytest.mark.parametrize(
    ("left_by", "ended", "held_beside", "in_post_beside", "did_not"),
    [
        # Nothing was held at all.
        (OWN, (), False, False, True),
        (EVERYBODY, (), False, False, True),
        (OTHER, (), False, False, False),
        (Leaving(), (), False, False, False),
        # Something of the own number's ends that day: the start comes after it.
        (OWN, ("W-1",), False, False, False),
        (OWN, ("W-1",), True, True, False),
        (EVERYBODY, ("W-1",), False, False, False),
        # Something of another number's ends: whoever left under it came back under this one.
        (Leaving(frozenset({"W-1", "W-2"})), ("W-2",), False, False, False),
        (Leaving(frozenset({"W-1", "W-2"})), ("W-2",), True, True, True),
        # Something is held beside: a duplicate opened and closed on a day, if somebody is in post by it.
        (OWN, (), True, True, True),
        (OWN, (), True, False, False),
        (EVERYBODY, (), True, True, False),
        (OTHER, (), True, True, False),
    ],
)
def test_a_start_does_not_count_of_who_leaves_that_day_and_held_nothing_before(
    left_by: Leaving, ended: tuple[str, ...], held_beside: bool, in_post_beside: bool, did_not: bool
) -> None:
    persons = did_not_come("W-1", left_by, ended, held_beside=held_beside, in_post_beside=in_post_beside)
    assert persons is did_not


def test_who_had_left_and_leaves_on_the_day_of_a_new_start_did_not_come_back() -> None:
    gone = (started(DAY_1), left(DAY_2))
    assert held(*gone, started(DAY_3), left(DAY_3)) == {"P-1": [(DAY_1, "1"), (DAY_2, None)]}
    # Who has given a post up by an FTE of 0, to come back to it, has something that the leaver ends.
    assert held(started(DAY_1), fte_changed(DAY_2, "0"), left(DAY_3), started(DAY_3, "P-2")) == {
        "P-1": [(DAY_1, "1"), (DAY_2, None)],
        "P-2": [(DAY_3, "1")],
    }


def test_a_day_ends_what_leavers_held_then_starts_moves_and_changes_the_fte() -> None:
    before = (under("W-1", FULL), under("W-2", HALF))
    nothing = OnADay((), False, (), ())
    leaves = Leaving(frozenset({"W-1"}))
    assert held_after(before, nothing, Leaving(), (), gone=False) == before
    assert held_after(before, nothing, leaves, (), gone=False) == (under("W-2", HALF),)
    starts = OnADay((("W-1", HALF), ("W-3", FULL)), False, (), ())
    assert held_after((), starts, leaves, (), gone=False) == (under("W-1", HALF), under("W-3", FULL))
    assert held_after((), starts, leaves, ("W-1",), gone=True) == (under("W-3", FULL),)
    moves = OnADay((("W-1", HALF),), True, (("W-2", FULL),), (("W-2", HALF),))
    assert held_after(before, moves, Leaving(), (), gone=False) == (under("W-2", HALF),)
    assert held_after(before, moves, Leaving(), (), gone=True) == (under("W-1", HALF), under("W-2", HALF))
