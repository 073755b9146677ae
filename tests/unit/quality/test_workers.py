"""Checks of how persons come, go and hold posts: what fires each, and what nearly does."""

from datetime import date

import pytest

from contracts.events.base import EventData
from contracts.events.hiring import WorkerMerged
from contracts.events.leavers import LeaverReversed
from services.metrics.quality.declaration import Affected
from services.metrics.snapshot.amounts import ONE
from services.metrics.timelines.rows import FOREVER
from tests.histories import fte_changed, left, moved, started
from tests.unit.quality.findings import (
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
    TWO_POSTS,
    findings_of,
    grave,
    history,
    ids,
    the_one,
    withdrawn,
)

W = "worker/W-1"
HALF = ONE // 2
Facts = list[tuple[str, EventData]]


def test_a_leaver_of_whom_no_start_is_known() -> None:
    finding = the_one("leaver-without-start", history(*TWO_POSTS, (W, left(OCTOBER))))
    assert finding.subjects == (W,)
    assert (finding.since, finding.until) == (OCTOBER, date(2023, 10, 2))
    assert finding.message == "worker/W-1 left on 2023-10-01, and no start is recorded."
    assert ids(finding) == withdrawn(finding) == ["E-3"]


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param([(W, started(SEPTEMBER)), (W, left(OCTOBER))], id="who started and left"),
        pytest.param([(W, left(OCTOBER)), (W, started(SEPTEMBER))], id="whose start is entered later"),
        pytest.param([(W, started(OCTOBER)), (W, left(OCTOBER))], id="who did not come"),
        pytest.param([(W, left(OCTOBER)), (W, LeaverReversed(left_on=OCTOBER))], id="whose leaver is reversed"),
        pytest.param(
            [("worker/W-2", started(SEPTEMBER)), (W, left(OCTOBER)), (W, WorkerMerged(duplicate="W-2"))],
            id="who started under another number",
        ),
        pytest.param(
            [(W, started(SEPTEMBER)), (W, left(OCTOBER)), (W, left(OCTOBER))], id="whose leaver is entered twice"
        ),
    ],
)
@pytest.mark.parametrize("check", ["leaver-without-start", "left-before-start", "leaver-not-in-post"])
def test_no_leaver_is_found(check: str, facts: Facts) -> None:
    assert findings_of(check, history(*TWO_POSTS, *facts)) == []


def test_who_only_ever_moved_on_the_day_of_leaving_has_no_start() -> None:
    events = history(*TWO_POSTS, (W, left(OCTOBER)), (W, moved(OCTOBER, "P-1", "P-2")))
    assert ids(the_one("leaver-without-start", events)) == ["E-3"]
    assert findings_of("leaver-not-in-post", events) == findings_of("left-before-start", events) == []


def test_who_left_before_the_first_start_is_in_post_since_by_mistake_perhaps() -> None:
    events = history(*TWO_POSTS, (W, left(SEPTEMBER)), (W, started(OCTOBER, "P-1", "0.5")))
    finding = the_one("left-before-start", events)
    assert finding.message == "worker/W-1 left on 2023-09-01, before the first start, on 2023-10-01."
    assert ids(finding) == ["E-3", "E-4"]
    assert finding.affected == (Affected(OCTOBER, FOREVER, HALF),)
    assert grave(events) == {"left-before-start"}


@pytest.mark.parametrize("gone", [left(OCTOBER), fte_changed(OCTOBER, "0")])
def test_who_left_again_without_having_come_back(gone: EventData) -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, gone), (W, left(NOVEMBER)))
    finding = the_one("leaver-not-in-post", events)
    assert finding.since == NOVEMBER
    assert (ids(finding), withdrawn(finding)) == (["E-4", "E-5"], ["E-5"])
    assert grave(events) == {"leaver-not-in-post"}


def test_who_left_came_back_and_left_again_is_no_finding() -> None:
    facts = [(W, started(SEPTEMBER)), (W, left(OCTOBER)), (W, started(OCTOBER, "P-2")), (W, left(NOVEMBER))]
    assert grave(history(*TWO_POSTS, *facts)) == set()


def test_a_reversal_of_no_leaver_and_one_recorded_before_its_leaver() -> None:
    reversal = LeaverReversed(left_on=OCTOBER)
    alone = the_one("reversal-without-leaver", history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, reversal)))
    assert alone.message == "A leaver of worker/W-1 on 2023-10-01 is reversed, and none was recorded."
    assert ids(alone) == ["E-4"]
    early = the_one("reversal-without-leaver", history((W, started(SEPTEMBER)), (W, reversal), (W, left(OCTOBER))))
    assert early.message.endswith("and none was recorded before the reversal.")
    assert ids(early) == ["E-2", "E-3"]


def test_a_reversal_of_a_leaver_is_no_finding_and_of_another_date_is_one() -> None:
    facts = [(W, started(SEPTEMBER)), (W, left(OCTOBER))]
    assert findings_of("reversal-without-leaver", history(*facts, (W, LeaverReversed(left_on=OCTOBER)))) == []
    assert the_one("reversal-without-leaver", history(*facts, (W, LeaverReversed(left_on=NOVEMBER)))).since == NOVEMBER


def test_a_start_in_a_post_held_already() -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, started(OCTOBER, "P-1", "0.5")))
    finding = the_one("start-in-post-held", events)
    assert finding.message == "worker/W-1 started in post/P-1 on 2023-10-01, and held it already."
    assert finding.subjects == (W, "post/P-1")
    assert (ids(finding), withdrawn(finding)) == (["E-3", "E-4"], ["E-4"])
    assert grave(events) == {"start-in-post-held"}


@pytest.mark.parametrize(
    "between",
    [
        pytest.param([(W, left(OCTOBER))], id="left"),
        pytest.param([(W, moved(OCTOBER, "P-1", "P-2")), (W, left(OCTOBER.replace(day=9)))], id="moved and left"),
        pytest.param([(W, fte_changed(OCTOBER, "0"))], id="gave it up"),
    ],
)
def test_a_start_in_a_post_held_before_is_no_finding(between: Facts) -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), *between, (W, started(NOVEMBER)))
    assert grave(events) == set()


def test_a_start_in_a_post_held_under_another_number_could_be_either_and_none_is_withdrawn() -> None:
    facts = [
        (W, started(SEPTEMBER)),
        ("worker/W-2", started(OCTOBER, "P-1", "0.5")),
        (W, WorkerMerged(duplicate="W-2")),
    ]
    finding = the_one("start-in-post-held", history(*TWO_POSTS, *facts))
    assert (ids(finding), withdrawn(finding)) == (["E-3", "E-4"], [])


def test_the_same_start_twice_is_not_a_start_in_a_post_held() -> None:
    assert findings_of("start-in-post-held", history((W, started(SEPTEMBER)), (W, started(SEPTEMBER)))) == []


def test_a_move_from_a_post_that_is_not_held_counts_beside_what_is() -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER, "P-1", "0.5")), (W, moved(OCTOBER, "P-9", "P-2", "0.5")))
    finding = the_one("move-from-post-not-held", events)
    assert finding.message == "worker/W-1 moved from post/P-9 on 2023-10-01, and held post/P-1."
    assert finding.subjects == (W, "post/P-9", "post/P-2")
    assert (ids(finding), withdrawn(finding)) == (["E-3", "E-4"], ["E-4"])
    assert grave(events) == {"move-from-post-not-held"}


def test_a_move_of_somebody_who_never_started() -> None:
    finding = the_one("move-from-post-not-held", history(*TWO_POSTS, (W, moved(OCTOBER, "P-1", "P-2"))))
    assert finding.message == "worker/W-1 moved from post/P-1 on 2023-10-01, and held no post."


@pytest.mark.parametrize("day", [OCTOBER, SEPTEMBER])
def test_a_move_from_the_post_held_also_on_the_day_of_the_start_is_no_finding(day: date) -> None:
    assert grave(history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, moved(day, "P-1", "P-2")))) == set()


def test_a_move_after_leaving_says_nothing() -> None:
    events = history(*TWO_POSTS, (W, started(SEPTEMBER)), (W, left(OCTOBER)), (W, moved(NOVEMBER, "P-1", "P-2")))
    finding = the_one("move-after-leaving", events)
    assert finding.message == "worker/W-1 moved to post/P-2 on 2023-11-01, and had left."
    assert ids(finding) == ["E-4", "E-5"]
    assert grave(events) == {"move-after-leaving"}


def test_a_move_after_a_reversed_leaver_is_no_finding() -> None:
    facts = [(W, started(SEPTEMBER)), (W, left(OCTOBER)), (W, LeaverReversed(left_on=OCTOBER))]
    assert grave(history(*TWO_POSTS, *facts, (W, moved(NOVEMBER, "P-1", "P-2")))) == set()


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param([(W, fte_changed(OCTOBER, "0.5"))], id="never started"),
        pytest.param([(W, started(NOVEMBER)), (W, fte_changed(OCTOBER, "0.5"))], id="started later"),
        pytest.param([(W, started(SEPTEMBER, "P-2")), (W, fte_changed(OCTOBER, "0.5"))], id="another post"),
        pytest.param(
            [(W, started(SEPTEMBER)), (W, left(OCTOBER)), (W, fte_changed(OCTOBER, "0.5"))], id="left that day"
        ),
    ],
)
def test_an_fte_change_in_a_post_not_held_says_nothing(facts: Facts) -> None:
    events = history(*TWO_POSTS, *facts)
    finding = the_one("fte-change-in-post-not-held", events)
    assert finding.message == "worker/W-1 has 0.5 FTE of post/P-1 from 2023-10-01 on, and does not hold it."
    assert withdrawn(finding) == [f"E-{len(events)}"]
    assert grave(events) == {"fte-change-in-post-not-held"}


def test_an_fte_change_on_the_day_of_the_start_is_no_finding() -> None:
    assert grave(history(*TWO_POSTS, (W, fte_changed(SEPTEMBER, "0.5")), (W, started(SEPTEMBER)))) == set()


def test_a_second_post_beyond_full_time_until_the_first_is_given_up() -> None:
    facts = [(W, started(SEPTEMBER)), (W, started(OCTOBER, "P-2", "0.5")), (W, fte_changed(NOVEMBER, "0"))]
    events = history(*TWO_POSTS, *facts)
    finding = the_one("overlapping-occupancies", events)
    assert finding.message == "worker/W-1 holds 2 posts of 1.5 FTE together from 2023-10-01 to 2023-10-31."
    assert finding.subjects == (W, "post/P-1", "post/P-2")
    assert ids(finding) == ["E-3", "E-4"]
    assert finding.affected == (Affected(OCTOBER, NOVEMBER, HALF),)
    assert finding.affected_on(date(2023, 10, 31)) == HALF
    assert finding.affected_on(NOVEMBER) == 0
    assert grave(events) == {"overlapping-occupancies"}


def test_two_posts_of_half_time_are_no_finding_and_become_one_when_an_fte_is_raised() -> None:
    two = [(W, started(SEPTEMBER, "P-1", "0.5")), (W, started(OCTOBER, "P-2", "0.5"))]
    assert grave(history(*TWO_POSTS, *two)) == set()
    finding = the_one("fte-above-one", history(*TWO_POSTS, *two, (W, fte_changed(NOVEMBER, "0.8"))))
    assert finding.message == "worker/W-1 holds 2 posts of 1.3 FTE together from 2023-11-01 on."
    assert ids(finding) == ["E-4", "E-5"]
    assert finding.affected == (Affected(NOVEMBER, FOREVER, 300_000),)


def test_two_numbers_of_one_person_overlap_only_when_they_are_merged() -> None:
    facts = [("worker/W-1", started(SEPTEMBER)), ("worker/W-2", started(OCTOBER, "P-2"))]
    assert grave(history(*TWO_POSTS, *facts)) == set()
    merged = history(*TWO_POSTS, *facts, (W, WorkerMerged(duplicate="W-2")))
    assert the_one("overlapping-occupancies", merged).subjects == (W, "post/P-1", "post/P-2")


def test_hours_of_a_post_that_was_left_are_named_with_the_start_by_which_it_was_taken_up() -> None:
    facts = [(W, started(SEPTEMBER)), (W, fte_changed(OCTOBER, "0.5")), (W, left(NOVEMBER))]
    late = (W, fte_changed(date(2023, 11, 2), "0.8"))
    assert ids(the_one("fte-change-in-post-not-held", history(*TWO_POSTS, *facts, late))) == ["E-3", "E-6"]
