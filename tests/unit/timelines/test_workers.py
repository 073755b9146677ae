"""What a worker's events say about the posts held: each sentence of the definitions, with what HR feeds really send."""

from datetime import date, datetime, timedelta

import pytest

from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.leavers import LeaverReversed
from contracts.events.working_life import CaseloadCounted
from services.metrics.timelines import workers
from services.metrics.timelines.rows import FOREVER, STILL_KNOWN, Occupancy
from services.metrics.timelines.workers import occupancies
from tests.histories import at, event, fte_changed, left, merged, moved, started, void

SEPTEMBER_1, OCTOBER_1, OCTOBER_16 = date(2023, 9, 1), date(2023, 10, 1), date(2023, 10, 16)
NOVEMBER_1, DECEMBER_1 = date(2023, 11, 1), date(2023, 12, 1)


@pytest.fixture(autouse=True, params=[workers.FEW, 0], ids=["folded anew", "followed"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these tests, by the way of few events and by that of many."""
    monkeypatch.setattr(workers, "FEW", request.param)


def about_worker(data: EventData, recorded: datetime, id: str, supersedes: str | None = None) -> Event:
    return event(data, "worker/W-1", recorded, id, supersedes=supersedes)


def at_once(*facts: EventData) -> list[Event]:
    """Facts all recorded at one instant, so that only valid time matters."""
    return [about_worker(data, at(SEPTEMBER_1), f"E-{index}") for index, data in enumerate(facts)]


def held(events: list[Event]) -> list[tuple[str, str, date, date]]:
    """Post, FTE, from, to as known now."""
    return [
        (row.post, f"{row.fte / 1_000_000:g}", row.valid_from, row.valid_to)
        for row in occupancies(events)
        if row.known_to == STILL_KNOWN
    ]


def told(events: list[Event]) -> list[tuple[date, date, datetime, datetime]]:
    """From, to, known from, known to of every row, for a worker of one post."""
    return [(row.valid_from, row.valid_to, row.known_from, row.known_to) for row in occupancies(events)]


def test_nothing_is_known_of_a_worker_without_events() -> None:
    assert occupancies([]) == []


def test_a_worker_who_started_is_in_post_from_that_date_on() -> None:
    assert occupancies([about_worker(started(OCTOBER_1, fte="0.8"), at(SEPTEMBER_1), "E-1")]) == [
        Occupancy("W-1", "P-1", 800_000, OCTOBER_1, FOREVER, at(SEPTEMBER_1), STILL_KNOWN)
    ]


def test_a_worker_is_not_in_post_on_the_day_of_leaving() -> None:
    assert held(at_once(started(OCTOBER_1), left(NOVEMBER_1))) == [("P-1", "1", OCTOBER_1, NOVEMBER_1)]


def test_starting_twice_in_one_post_sets_the_fte_and_does_not_double_it() -> None:
    assert held(at_once(started(OCTOBER_1, fte="0.5"), started(NOVEMBER_1, fte="0.6"))) == [
        ("P-1", "0.5", OCTOBER_1, NOVEMBER_1),
        ("P-1", "0.6", NOVEMBER_1, FOREVER),
    ]


def test_saying_the_same_twice_does_not_break_a_stretch() -> None:
    assert held(at_once(started(OCTOBER_1), started(NOVEMBER_1))) == [("P-1", "1", OCTOBER_1, FOREVER)]


def test_a_second_post_is_held_beside_the_first() -> None:
    assert held(at_once(started(OCTOBER_1, "P-1", "0.6"), started(NOVEMBER_1, "P-2", "0.4"))) == [
        ("P-1", "0.6", OCTOBER_1, FOREVER),
        ("P-2", "0.4", NOVEMBER_1, FOREVER),
    ]


def test_who_leaves_gives_up_all_posts() -> None:
    assert held(at_once(started(OCTOBER_1, "P-1", "0.6"), started(OCTOBER_1, "P-2", "0.4"), left(NOVEMBER_1))) == [
        ("P-1", "0.6", OCTOBER_1, NOVEMBER_1),
        ("P-2", "0.4", OCTOBER_1, NOVEMBER_1),
    ]


def test_a_move_in_the_middle_of_a_month_exchanges_the_posts() -> None:
    assert held(at_once(started(OCTOBER_1, "P-1"), moved(OCTOBER_16, "P-1", "P-2", "0.8"))) == [
        ("P-1", "1", OCTOBER_1, OCTOBER_16),
        ("P-2", "0.8", OCTOBER_16, FOREVER),
    ]


def test_a_move_leaves_other_posts_alone() -> None:
    beside = at_once(
        started(OCTOBER_1, "P-1", "0.5"), started(OCTOBER_1, "P-3", "0.5"), moved(OCTOBER_16, "P-1", "P-2")
    )
    assert held(beside) == [
        ("P-1", "0.5", OCTOBER_1, OCTOBER_16),
        ("P-2", "1", OCTOBER_16, FOREVER),
        ("P-3", "0.5", OCTOBER_1, FOREVER),
    ]


def test_a_move_from_a_post_not_held_still_takes_up_the_other() -> None:
    assert held(at_once(moved(OCTOBER_16, "P-1", "P-2"))) == [("P-2", "1", OCTOBER_16, FOREVER)]


def test_an_fte_changes_in_the_middle_of_a_month() -> None:
    assert held(at_once(started(OCTOBER_1), fte_changed(OCTOBER_16, "0.6"))) == [
        ("P-1", "1", OCTOBER_1, OCTOBER_16),
        ("P-1", "0.6", OCTOBER_16, FOREVER),
    ]


def test_an_fte_changed_to_0_gives_the_post_up() -> None:
    assert held(at_once(started(OCTOBER_1), fte_changed(OCTOBER_16, "0"))) == [("P-1", "1", OCTOBER_1, OCTOBER_16)]


def test_a_post_given_up_by_fte_0_is_taken_up_again_by_an_fte_above_0() -> None:
    events = at_once(started(OCTOBER_1), fte_changed(OCTOBER_16, "0"), fte_changed(NOVEMBER_1, "0.5"))
    assert held(events) == [("P-1", "1", OCTOBER_1, OCTOBER_16), ("P-1", "0.5", NOVEMBER_1, FOREVER)]


@pytest.mark.parametrize("gone", [left(NOVEMBER_1), moved(NOVEMBER_1, "P-1", "P-2")])
def test_but_not_after_leaving_or_moving_from_it(gone: EventData) -> None:
    events = at_once(started(OCTOBER_1), fte_changed(OCTOBER_16, "0"), gone, fte_changed(DECEMBER_1, "0.5"))
    assert [row for row in held(events) if row[0] == "P-1"] == [("P-1", "1", OCTOBER_1, OCTOBER_16)]


def test_of_an_fte_of_0_and_one_above_it_for_one_day_the_one_recorded_last_holds() -> None:
    back = at_once(started(OCTOBER_1), fte_changed(OCTOBER_16, "0"), fte_changed(OCTOBER_16, "0.5"))
    assert held(back)[-1] == ("P-1", "0.5", OCTOBER_16, FOREVER)
    gone = at_once(started(OCTOBER_1), fte_changed(OCTOBER_16, "0.5"), fte_changed(OCTOBER_16, "0"))
    assert held(gone) == [("P-1", "1", OCTOBER_1, OCTOBER_16)]


def test_who_starts_without_fixed_hours_holds_the_post_at_no_fte() -> None:
    assert held(at_once(started(OCTOBER_1, fte="0"))) == [("P-1", "0", OCTOBER_1, FOREVER)]


def test_who_took_a_post_up_without_fixed_hours_keeps_it_between_hours() -> None:
    casual = at_once(
        started(SEPTEMBER_1, fte="0"), fte_changed(OCTOBER_1, "0.4"), fte_changed(NOVEMBER_1, "0"), left(DECEMBER_1)
    )
    assert held(casual) == [
        ("P-1", "0", SEPTEMBER_1, OCTOBER_1),
        ("P-1", "0.4", OCTOBER_1, NOVEMBER_1),
        ("P-1", "0", NOVEMBER_1, DECEMBER_1),
    ]


def test_who_starts_again_with_fixed_hours_gives_the_post_up_by_fte_0() -> None:
    fixed = at_once(started(SEPTEMBER_1, fte="0"), started(OCTOBER_1, fte="0.4"), fte_changed(NOVEMBER_1, "0"))
    assert held(fixed) == [("P-1", "0", SEPTEMBER_1, OCTOBER_1), ("P-1", "0.4", OCTOBER_1, NOVEMBER_1)]


def test_an_fte_changed_in_a_post_not_held_says_nothing() -> None:
    assert held(at_once(started(OCTOBER_16), fte_changed(OCTOBER_1, "0.6"), fte_changed(NOVEMBER_1, "0.5", "P-2"))) == [
        ("P-1", "1", OCTOBER_16, FOREVER)
    ]


def test_a_worker_who_leaves_and_returns_is_in_post_twice() -> None:
    assert held(at_once(started(SEPTEMBER_1), left(OCTOBER_1), started(DECEMBER_1, fte="0.5"))) == [
        ("P-1", "1", SEPTEMBER_1, OCTOBER_1),
        ("P-1", "0.5", DECEMBER_1, FOREVER),
    ]


def test_who_leaves_one_post_and_starts_in_another_on_one_day_is_in_post() -> None:
    assert held(at_once(started(OCTOBER_1, "P-2"), left(OCTOBER_1), started(SEPTEMBER_1, "P-1"))) == [
        ("P-1", "1", SEPTEMBER_1, OCTOBER_1),
        ("P-2", "1", OCTOBER_1, FOREVER),
    ]


def test_an_fte_changed_on_the_day_of_a_move_holds_for_the_post_moved_to() -> None:
    same_day = at_once(fte_changed(OCTOBER_16, "0.5", "P-2"), moved(OCTOBER_16, "P-1", "P-2"), started(OCTOBER_1))
    assert held(same_day) == [("P-1", "1", OCTOBER_1, OCTOBER_16), ("P-2", "0.5", OCTOBER_16, FOREVER)]


def test_of_two_ftes_for_one_day_the_one_recorded_last_holds() -> None:
    events = [
        about_worker(started(OCTOBER_1), at(SEPTEMBER_1), "E-1"),
        about_worker(fte_changed(OCTOBER_16, "0.6"), at(NOVEMBER_1, 10), "E-2"),
        about_worker(fte_changed(OCTOBER_16, "0.8"), at(NOVEMBER_1, 9), "E-3"),
    ]
    assert held(events) == [("P-1", "1", OCTOBER_1, OCTOBER_16), ("P-1", "0.6", OCTOBER_16, FOREVER)]


def test_of_two_ftes_recorded_at_one_instant_the_one_with_the_greater_id_holds() -> None:
    both = at_once(started(OCTOBER_1), fte_changed(OCTOBER_16, "0.6"), fte_changed(OCTOBER_16, "0.8"))
    assert held(both)[1] == held(both[::-1])[1] == ("P-1", "0.8", OCTOBER_16, FOREVER)


def test_a_leaver_entered_weeks_late_was_in_post_as_known_before() -> None:
    events = [
        about_worker(started(SEPTEMBER_1), at(SEPTEMBER_1), "E-1"),
        about_worker(left(OCTOBER_1), at(NOVEMBER_1), "E-2"),
    ]
    assert told(events) == [
        (SEPTEMBER_1, FOREVER, at(SEPTEMBER_1), at(NOVEMBER_1)),
        (SEPTEMBER_1, OCTOBER_1, at(NOVEMBER_1), STILL_KNOWN),
    ]


def test_a_leaver_reversed_is_in_post_again_from_when_the_reversal_was_recorded() -> None:
    events = [
        about_worker(started(SEPTEMBER_1), at(SEPTEMBER_1), "E-1"),
        about_worker(left(NOVEMBER_1), at(OCTOBER_1), "E-2"),
        about_worker(LeaverReversed(left_on=NOVEMBER_1), at(OCTOBER_16), "E-3"),
    ]
    assert told(events) == [
        (SEPTEMBER_1, FOREVER, at(SEPTEMBER_1), at(OCTOBER_1)),
        (SEPTEMBER_1, NOVEMBER_1, at(OCTOBER_1), at(OCTOBER_16)),
        (SEPTEMBER_1, FOREVER, at(OCTOBER_16), STILL_KNOWN),
    ]


def test_a_reversal_recorded_at_the_instant_of_the_leaver_reverses_it() -> None:
    together = at_once(started(SEPTEMBER_1), left(OCTOBER_1), LeaverReversed(left_on=OCTOBER_1))
    assert held(together) == [("P-1", "1", SEPTEMBER_1, FOREVER)]


def test_a_reversal_reverses_no_leaver_of_another_date() -> None:
    events = at_once(started(SEPTEMBER_1), left(OCTOBER_16), LeaverReversed(left_on=OCTOBER_1))
    assert held(events) == [("P-1", "1", SEPTEMBER_1, OCTOBER_16)]


def test_a_leaver_recorded_again_after_the_reversal_counts() -> None:
    events = [
        about_worker(started(SEPTEMBER_1), at(SEPTEMBER_1), "E-1"),
        about_worker(left(NOVEMBER_1), at(OCTOBER_1), "E-2"),
        about_worker(LeaverReversed(left_on=NOVEMBER_1), at(OCTOBER_1, 10), "E-3"),
        about_worker(left(NOVEMBER_1), at(OCTOBER_1, 11), "E-4"),
    ]
    assert held(events) == [("P-1", "1", SEPTEMBER_1, NOVEMBER_1)]


def test_a_voided_reversal_makes_the_worker_a_leaver_again() -> None:
    reversal = about_worker(LeaverReversed(left_on=OCTOBER_1), at(OCTOBER_16), "E-3")
    events = [*at_once(started(SEPTEMBER_1), left(OCTOBER_1)), reversal, void(reversal, at(NOVEMBER_1), "V-1")]
    assert held(events) == [("P-1", "1", SEPTEMBER_1, OCTOBER_1)]


def test_a_start_corrected_twice_is_known_as_it_was_said_each_time() -> None:
    events = [
        about_worker(started(OCTOBER_1), at(SEPTEMBER_1), "E-1"),
        about_worker(started(OCTOBER_16), at(OCTOBER_1), "E-2", supersedes="E-1"),
        about_worker(started(NOVEMBER_1), at(OCTOBER_16), "E-3", supersedes="E-2"),
    ]
    assert told(events) == [
        (OCTOBER_1, FOREVER, at(SEPTEMBER_1), at(OCTOBER_1)),
        (OCTOBER_16, FOREVER, at(OCTOBER_1), at(OCTOBER_16)),
        (NOVEMBER_1, FOREVER, at(OCTOBER_16), STILL_KNOWN),
    ]


def test_a_correction_that_says_the_same_leaves_the_row_as_it_was() -> None:
    events = [
        about_worker(started(OCTOBER_1), at(SEPTEMBER_1), "E-1"),
        about_worker(started(OCTOBER_1), at(OCTOBER_16), "E-2", supersedes="E-1"),
    ]
    assert told(events) == [(OCTOBER_1, FOREVER, at(SEPTEMBER_1), STILL_KNOWN)]


def test_a_hire_dated_in_the_future_is_known_at_once_and_true_then() -> None:
    assert told([about_worker(started(DECEMBER_1), at(SEPTEMBER_1), "E-1")]) == [
        (DECEMBER_1, FOREVER, at(SEPTEMBER_1), STILL_KNOWN)
    ]


def test_a_hire_cancelled_before_it_starts_was_known_only_until_then() -> None:
    hire = about_worker(started(DECEMBER_1), at(SEPTEMBER_1), "E-1")
    assert told([hire, void(hire, at(NOVEMBER_1), "V-1")]) == [(DECEMBER_1, FOREVER, at(SEPTEMBER_1), at(NOVEMBER_1))]


def test_a_hire_cancelled_by_mistake_is_known_again_when_the_void_is_voided() -> None:
    hire = about_worker(started(DECEMBER_1), at(SEPTEMBER_1), "E-1")
    cancelled = void(hire, at(OCTOBER_1), "V-1")
    assert told([hire, cancelled, void(cancelled, at(NOVEMBER_1), "V-2")]) == [
        (DECEMBER_1, FOREVER, at(SEPTEMBER_1), at(OCTOBER_1)),
        (DECEMBER_1, FOREVER, at(NOVEMBER_1), STILL_KNOWN),
    ]


def test_a_move_rescinded_leaves_the_worker_in_the_first_post() -> None:
    move = about_worker(moved(OCTOBER_16, "P-1", "P-2"), at(OCTOBER_1), "E-2")
    events = [*at_once(started(SEPTEMBER_1, "P-1")), move, void(move, at(NOVEMBER_1), "V-1")]
    assert held(events) == [("P-1", "1", SEPTEMBER_1, FOREVER)]


def test_a_start_entered_after_the_leaver_is_put_before_it() -> None:
    events = [
        about_worker(left(NOVEMBER_1), at(SEPTEMBER_1), "E-1"),
        about_worker(started(SEPTEMBER_1), at(DECEMBER_1), "E-2"),
    ]
    assert told(events) == [(SEPTEMBER_1, NOVEMBER_1, at(DECEMBER_1), STILL_KNOWN)]


def test_events_that_say_nothing_about_posts_are_ignored() -> None:
    events = at_once(started(OCTOBER_1), CaseloadCounted(counted_on=NOVEMBER_1, cases=17))
    assert held(events) == [("P-1", "1", OCTOBER_1, FOREVER)]


def test_a_starter_who_left_on_the_day_of_the_start_never_was_in_post() -> None:
    assert held(at_once(started(OCTOBER_1), left(OCTOBER_1))) == []


def test_who_left_and_starts_again_on_that_day_stays_in_post() -> None:
    again = at_once(started(SEPTEMBER_1), left(OCTOBER_1), started(OCTOBER_1, post="P-2"))
    assert held(again) == [("P-1", "1", SEPTEMBER_1, OCTOBER_1), ("P-2", "1", OCTOBER_1, FOREVER)]


def test_who_left_by_two_records_and_starts_again_on_that_day_stays_in_post() -> None:
    again = at_once(started(SEPTEMBER_1), left(OCTOBER_1), left(OCTOBER_1), started(OCTOBER_1, post="P-2"))
    assert held(again) == [("P-1", "1", SEPTEMBER_1, OCTOBER_1), ("P-2", "1", OCTOBER_1, FOREVER)]


def test_a_starter_whose_leaving_on_the_first_day_was_reversed_is_in_post() -> None:
    stayed = at_once(started(OCTOBER_1), left(OCTOBER_1), LeaverReversed(left_on=OCTOBER_1))
    assert held(stayed) == [("P-1", "1", OCTOBER_1, FOREVER)]


@pytest.mark.parametrize("closed", [-1, 0, 1])
def test_who_comes_back_from_a_career_break_is_in_post_whenever_the_old_contract_is_closed(closed: int) -> None:
    back = at_once(
        started(SEPTEMBER_1),
        fte_changed(OCTOBER_1, "0"),
        left(NOVEMBER_1 + timedelta(days=closed)),
        started(NOVEMBER_1, "P-2"),
    )
    until = NOVEMBER_1 + timedelta(days=1) if closed == 1 else FOREVER  # a leaver after the new start ends that
    assert held(back) == [("P-1", "1", SEPTEMBER_1, OCTOBER_1), ("P-2", "1", NOVEMBER_1, until)]


def test_who_had_left_and_was_to_come_back_did_not_come_who_leaves_on_the_day_of_the_new_start() -> None:
    did_not = at_once(started(SEPTEMBER_1), left(OCTOBER_1), left(DECEMBER_1), started(DECEMBER_1, "P-2"))
    assert held(did_not) == [("P-1", "1", SEPTEMBER_1, OCTOBER_1)]


def test_nor_did_who_left_on_the_day_before() -> None:
    did_not = at_once(started(SEPTEMBER_1), left(OCTOBER_16), left(date(2023, 10, 17)), started(date(2023, 10, 17)))
    assert held(did_not) == [("P-1", "1", SEPTEMBER_1, OCTOBER_16)]


def test_who_leaves_and_starts_again_on_one_day_came_and_so_it_is_where_the_leaver_is_told_twice() -> None:
    again = at_once(started(SEPTEMBER_1), left(OCTOBER_1), left(OCTOBER_1), started(OCTOBER_1, "P-2"))
    assert held(again) == [("P-1", "1", SEPTEMBER_1, OCTOBER_1), ("P-2", "1", OCTOBER_1, FOREVER)]


def test_a_start_that_was_put_off_and_did_not_come_about_either() -> None:
    put_off = at_once(started(OCTOBER_1), left(OCTOBER_1), started(NOVEMBER_1, "P-2"), left(NOVEMBER_1))
    assert held(put_off) == []


def test_who_came_after_all_at_the_third_start_is_in_post_from_then_on() -> None:
    facts = (started(OCTOBER_1), left(OCTOBER_1), started(NOVEMBER_1), left(NOVEMBER_1), started(DECEMBER_1))
    assert held(at_once(*facts)) == [("P-1", "1", DECEMBER_1, FOREVER)]


def test_who_did_not_come_back_is_not_brought_back_by_a_move_that_was_planned() -> None:
    facts = (
        started(SEPTEMBER_1),
        left(OCTOBER_1),
        started(NOVEMBER_1),
        left(NOVEMBER_1),
        moved(DECEMBER_1, "P-1", "P-2"),
    )
    assert held(at_once(*facts)) == [("P-1", "1", SEPTEMBER_1, OCTOBER_1)]


def test_a_leaver_entered_later_tells_when_it_is_known_that_somebody_had_left_before() -> None:
    events = [
        about_worker(started(SEPTEMBER_1), at(SEPTEMBER_1), "E-1"),
        about_worker(started(NOVEMBER_1, "P-2"), at(NOVEMBER_1), "E-2"),
        about_worker(left(NOVEMBER_1), at(NOVEMBER_1, 10), "E-3"),
        about_worker(left(OCTOBER_1), at(DECEMBER_1), "E-4"),
    ]
    # Until December the leaver of November ends what is held since September, and the start counts.
    as_known = {(row.post, row.valid_from, row.valid_to, row.known_from, row.known_to) for row in occupancies(events)}
    assert ("P-2", NOVEMBER_1, FOREVER, at(NOVEMBER_1), at(DECEMBER_1)) in as_known
    assert held(events) == [("P-1", "1", SEPTEMBER_1, OCTOBER_1)]


def test_a_planned_move_that_nobody_withdrew_does_not_bring_back_who_left() -> None:
    planned = at_once(started(SEPTEMBER_1), moved(NOVEMBER_1, "P-1", "P-2"), left(OCTOBER_1))
    assert held(planned) == [("P-1", "1", SEPTEMBER_1, OCTOBER_1)]


def test_nor_does_it_when_it_is_recorded_after_the_leaver() -> None:
    events = [
        about_worker(started(SEPTEMBER_1), at(SEPTEMBER_1), "E-1"),
        about_worker(left(OCTOBER_1), at(OCTOBER_1), "E-2"),
        about_worker(moved(OCTOBER_16, "P-1", "P-2"), at(OCTOBER_16), "E-3"),
    ]
    assert held(events) == [("P-1", "1", SEPTEMBER_1, OCTOBER_1)]


def test_a_move_on_the_day_of_leaving_does_not_either() -> None:
    same_day = at_once(started(SEPTEMBER_1), moved(OCTOBER_1, "P-1", "P-2"), left(OCTOBER_1))
    assert held(same_day) == [("P-1", "1", SEPTEMBER_1, OCTOBER_1)]


def test_who_returned_can_move_again() -> None:
    returned = at_once(started(SEPTEMBER_1), left(OCTOBER_1), started(OCTOBER_16), moved(NOVEMBER_1, "P-1", "P-2"))
    assert held(returned)[1:] == [("P-1", "1", OCTOBER_16, NOVEMBER_1), ("P-2", "1", NOVEMBER_1, FOREVER)]


# --- one person under two numbers -------------------------------------------------------------------------------------


def under(worker: str, data: EventData, recorded: date, id: str) -> Event:
    return event(data, f"worker/{worker}", at(recorded), id)


STARTED_TWICE = [
    under("W-1", started(SEPTEMBER_1), SEPTEMBER_1, "S-1"),
    under("W-2", started(SEPTEMBER_1), OCTOBER_1, "S-2"),
]
"""The same start under two numbers, as it comes from two systems."""


def test_a_person_counts_twice_before_the_merge_is_known_and_once_from_then_on() -> None:
    merge = under("W-1", merged("W-2"), NOVEMBER_1, "M-1")
    assert occupancies([*STARTED_TWICE, merge]) == [
        Occupancy("W-1", "P-1", 1_000_000, SEPTEMBER_1, FOREVER, at(SEPTEMBER_1), STILL_KNOWN),
        Occupancy("W-2", "P-1", 1_000_000, SEPTEMBER_1, FOREVER, at(OCTOBER_1), at(NOVEMBER_1)),
    ]


def test_a_person_counts_twice_again_from_when_the_merge_is_known_to_be_wrong() -> None:
    merge = under("W-2", merged("W-1"), NOVEMBER_1, "M-1")
    assert occupancies([merge, *STARTED_TWICE, void(merge, at(DECEMBER_1), "V-1")]) == [
        Occupancy("W-1", "P-1", 1_000_000, SEPTEMBER_1, FOREVER, at(SEPTEMBER_1), at(NOVEMBER_1)),
        Occupancy("W-1", "P-1", 1_000_000, SEPTEMBER_1, FOREVER, at(DECEMBER_1), STILL_KNOWN),
        Occupancy("W-2", "P-1", 1_000_000, SEPTEMBER_1, FOREVER, at(OCTOBER_1), STILL_KNOWN),
    ]


def test_what_is_recorded_under_the_duplicate_after_the_merge_is_the_persons() -> None:
    history = [
        under("W-1", started(SEPTEMBER_1), SEPTEMBER_1, "S-1"),
        under("W-1", merged("W-2"), OCTOBER_1, "M-1"),
        under("W-2", left(DECEMBER_1), NOVEMBER_1, "L-2"),
    ]
    assert occupancies(history) == [
        Occupancy("W-1", "P-1", 1_000_000, SEPTEMBER_1, FOREVER, at(SEPTEMBER_1), at(NOVEMBER_1)),
        Occupancy("W-1", "P-1", 1_000_000, SEPTEMBER_1, DECEMBER_1, at(NOVEMBER_1), STILL_KNOWN),
    ]


def test_a_leaver_under_one_number_who_came_back_under_the_other_is_in_post_under_the_number_kept() -> None:
    history = [
        under("W-1", started(SEPTEMBER_1), SEPTEMBER_1, "S-1"),
        under("W-1", left(OCTOBER_1), OCTOBER_1, "L-1"),
        under("W-2", started(OCTOBER_16, "P-2"), OCTOBER_16, "S-2"),
        under("W-1", merged("W-2"), NOVEMBER_1, "M-1"),
    ]
    known_now = [row for row in occupancies(history) if row.known_to == STILL_KNOWN]
    assert [(row.worker, row.post, row.valid_from, row.valid_to) for row in known_now] == [
        ("W-1", "P-1", SEPTEMBER_1, OCTOBER_1),
        ("W-1", "P-2", OCTOBER_16, FOREVER),
    ]


def test_a_merge_that_is_corrected_joins_the_number_that_it_names_now() -> None:
    history = [
        under("W-2", started(SEPTEMBER_1, "P-2"), SEPTEMBER_1, "S-2"),
        under("W-3", started(SEPTEMBER_1, "P-3"), SEPTEMBER_1, "S-3"),
        under("W-1", merged("W-2"), OCTOBER_1, "M-1"),
        event(merged("W-3"), "worker/W-1", at(NOVEMBER_1), "M-2", supersedes="M-1"),
    ]
    assert [(row.worker, row.post, row.known_from, row.known_to) for row in occupancies(history)] == [
        ("W-1", "P-2", at(OCTOBER_1), at(NOVEMBER_1)),
        ("W-1", "P-3", at(NOVEMBER_1), STILL_KNOWN),
        ("W-2", "P-2", at(SEPTEMBER_1), at(OCTOBER_1)),
        ("W-2", "P-2", at(NOVEMBER_1), STILL_KNOWN),
        ("W-3", "P-3", at(SEPTEMBER_1), at(NOVEMBER_1)),
    ]


def test_two_merges_that_say_the_same_hold_until_both_are_voided() -> None:
    first, second = under("W-1", merged("W-2"), OCTOBER_1, "M-1"), under("W-1", merged("W-2"), OCTOBER_1, "M-2")
    voids = [void(first, at(OCTOBER_16), "V-1"), void(second, at(NOVEMBER_1), "V-2")]
    start = under("W-2", started(SEPTEMBER_1), SEPTEMBER_1, "S-2")
    assert [(row.worker, row.known_from, row.known_to) for row in occupancies([start, first, second, *voids])] == [
        ("W-1", at(OCTOBER_1), at(NOVEMBER_1)),
        ("W-2", at(SEPTEMBER_1), at(OCTOBER_1)),
        ("W-2", at(NOVEMBER_1), STILL_KNOWN),
    ]


def now(history: list[Event]) -> list[tuple[str, str, str, date, date]]:
    """Person, post, FTE, from, to as known now."""
    return [
        (row.worker, row.post, f"{row.fte / 1_000_000:g}", row.valid_from, row.valid_to)
        for row in occupancies(history)
        if row.known_to == STILL_KNOWN
    ]


KEPT_AND_DUPLICATE = [
    under("W-1", started(SEPTEMBER_1, "P-1", "0.6"), SEPTEMBER_1, "S-1"),
    under("W-2", started(OCTOBER_1, "P-1"), OCTOBER_1, "S-2"),
]
"""One person in one post under two numbers, whom the second says to be full time."""


@pytest.mark.parametrize("recorded", [date(2023, 11, 15), NOVEMBER_1, date(2023, 11, 17)])
@pytest.mark.parametrize("kept", ["W-1", "W-2"])
def test_a_leaver_under_one_number_ends_what_was_held_under_that_one_whenever_the_merge_is_known(
    kept: str, recorded: date
) -> None:
    history = [
        *KEPT_AND_DUPLICATE,
        under("W-2", left(NOVEMBER_1), date(2023, 11, 16), "L-2"),
        under(kept, merged("W-2" if kept == "W-1" else "W-1"), recorded, "M-1"),
    ]
    assert now(history) == [
        (kept, "P-1", "0.6", SEPTEMBER_1, OCTOBER_1),
        (kept, "P-1", "1", OCTOBER_1, NOVEMBER_1),
        (kept, "P-1", "0.6", NOVEMBER_1, FOREVER),
    ]


def test_before_the_merge_is_known_the_closed_duplicate_is_a_leaver() -> None:
    history = [
        *KEPT_AND_DUPLICATE,
        under("W-2", left(NOVEMBER_1), NOVEMBER_1, "L-2"),
        under("W-1", merged("W-2"), DECEMBER_1, "M-1"),
    ]
    before = [(row.worker, row.valid_to) for row in occupancies(history) if row.known_to == at(DECEMBER_1)]
    assert before == [("W-1", FOREVER), ("W-2", NOVEMBER_1)]


def test_who_leaves_under_both_numbers_holds_nothing_from_the_later_day_on() -> None:
    history = [
        *KEPT_AND_DUPLICATE,
        under("W-2", left(NOVEMBER_1), NOVEMBER_1, "L-2"),
        under("W-1", left(DECEMBER_1), NOVEMBER_1, "L-1"),
        under("W-1", merged("W-2"), NOVEMBER_1, "M-1"),
    ]
    assert now(history)[-1] == ("W-1", "P-1", "0.6", NOVEMBER_1, DECEMBER_1)


@pytest.mark.parametrize("taken_back", ["void", "reversal", "correction"])
def test_a_leaver_under_one_number_that_is_taken_back_ends_nothing(taken_back: str) -> None:
    leaver = under("W-2", left(NOVEMBER_1), NOVEMBER_1, "L-2")
    back = {
        "void": void(leaver, at(DECEMBER_1), "V"),
        "reversal": under("W-1", LeaverReversed(left_on=NOVEMBER_1), DECEMBER_1, "R"),
        "correction": event(left(DECEMBER_1), "worker/W-2", at(DECEMBER_1), "L-3", supersedes="L-2"),
    }[taken_back]
    merge = under("W-1", merged("W-2"), NOVEMBER_1, "M-1")
    current = now([*KEPT_AND_DUPLICATE, leaver, merge, back])
    assert ("W-1", "P-1", "1", OCTOBER_1, DECEMBER_1 if taken_back == "correction" else FOREVER) in current


@pytest.mark.parametrize("back_on", [date(2023, 10, 31), NOVEMBER_1, date(2023, 11, 2)])
@pytest.mark.parametrize("kept", ["W-1", "W-2"])
def test_who_comes_back_under_a_second_number_is_in_post_whenever_the_first_is_closed(kept: str, back_on: date) -> None:
    history = [
        under("W-1", started(SEPTEMBER_1), SEPTEMBER_1, "S-1"),
        under("W-1", fte_changed(OCTOBER_1, "0"), OCTOBER_1, "F-1"),
        under("W-2", started(back_on, "P-2"), NOVEMBER_1, "S-2"),
        under("W-1", left(NOVEMBER_1), NOVEMBER_1, "L-1"),
        under(kept, merged("W-2" if kept == "W-1" else "W-1"), DECEMBER_1, "M-1"),
    ]
    assert now(history) == [(kept, "P-1", "1", SEPTEMBER_1, OCTOBER_1), (kept, "P-2", "1", back_on, FOREVER)]


@pytest.mark.parametrize("kept", ["W-1", "W-2"])
def test_who_left_and_came_back_under_the_second_number_on_one_day_is_in_post(kept: str) -> None:
    history = [
        under("W-1", started(SEPTEMBER_1), SEPTEMBER_1, "S-1"),
        under("W-1", fte_changed(OCTOBER_1, "0"), OCTOBER_1, "F-1"),
        under("W-2", left(NOVEMBER_1), NOVEMBER_1, "L-2"),
        under("W-2", started(NOVEMBER_1, "P-2"), NOVEMBER_1, "S-2"),
        under(kept, merged("W-2" if kept == "W-1" else "W-1"), DECEMBER_1, "M-1"),
    ]
    assert now(history) == [(kept, "P-1", "1", SEPTEMBER_1, OCTOBER_1), (kept, "P-2", "1", NOVEMBER_1, FOREVER)]


def test_a_duplicate_opened_and_closed_on_one_day_leaves_the_person_in_post() -> None:
    history = [
        under("W-1", started(SEPTEMBER_1), SEPTEMBER_1, "S-1"),
        under("W-2", started(NOVEMBER_1, "P-2"), NOVEMBER_1, "S-2"),
        under("W-2", left(NOVEMBER_1), NOVEMBER_1, "L-2"),
        under("W-1", merged("W-2"), NOVEMBER_1, "M-1"),
    ]
    assert now(history) == [("W-1", "P-1", "1", SEPTEMBER_1, FOREVER)]


def test_so_does_one_opened_and_closed_on_one_day_under_a_number_that_was_closed_long_ago() -> None:
    history = [
        under("W-1", started(SEPTEMBER_1), SEPTEMBER_1, "S-1"),
        under("W-2", started(SEPTEMBER_1, "P-2"), SEPTEMBER_1, "S-2"),
        under("W-2", left(OCTOBER_1), OCTOBER_1, "L-2"),
        under("W-2", started(NOVEMBER_1, "P-2"), NOVEMBER_1, "S-3"),
        under("W-2", left(NOVEMBER_1), NOVEMBER_1, "L-3"),
        under("W-1", merged("W-2"), NOVEMBER_1, "M-1"),
    ]
    assert now(history) == [("W-1", "P-1", "1", SEPTEMBER_1, FOREVER), ("W-1", "P-2", "1", SEPTEMBER_1, OCTOBER_1)]


def test_a_move_and_an_fte_under_the_kept_number_are_of_what_is_held_under_the_other() -> None:
    history = [
        under("W-2", started(SEPTEMBER_1), SEPTEMBER_1, "S-2"),
        under("W-1", merged("W-2"), OCTOBER_1, "M-1"),
        under("W-1", fte_changed(OCTOBER_1, "0.5"), OCTOBER_1, "F-1"),
        under("W-1", moved(NOVEMBER_1, "P-1", "P-2", "0.8"), NOVEMBER_1, "V-1"),
        under("W-1", left(DECEMBER_1), DECEMBER_1, "L-1"),
    ]
    assert now(history) == [
        ("W-1", "P-1", "1", SEPTEMBER_1, OCTOBER_1),
        ("W-1", "P-1", "0.5", OCTOBER_1, NOVEMBER_1),
        ("W-1", "P-2", "0.8", NOVEMBER_1, DECEMBER_1),
    ]


def test_an_fte_under_one_of_two_numbers_in_a_post_holds_until_that_one_is_closed() -> None:
    history = [
        *KEPT_AND_DUPLICATE,
        under("W-1", fte_changed(OCTOBER_16, "0.5"), OCTOBER_16, "F-1"),
        under("W-1", left(NOVEMBER_1), NOVEMBER_1, "L-1"),
        under("W-1", merged("W-2"), NOVEMBER_1, "M-1"),
    ]
    assert [row[2:4] for row in now(history)] == [
        ("0.6", SEPTEMBER_1),
        ("1", OCTOBER_1),
        ("0.5", OCTOBER_16),
        ("1", NOVEMBER_1),
    ]
