"""Checks of who comes and is in no post, and of who leaves under one of several numbers."""

from datetime import date

import pytest

from contracts.events.base import EventData
from contracts.events.leavers import LeaverReversed
from tests.histories import fte_changed, left, merged, moved, started, void
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
)

MIDDLE = date(2023, 10, 16)
W, V = "worker/W-1", "worker/W-2"
Facts = list[tuple[str, EventData]]
MERGED = (W, merged("W-2"))


def test_who_leaves_on_the_day_of_the_only_start_is_taken_as_not_having_come() -> None:
    finding = the_one("starter-not-in-post", history(*TWO_POSTS, (W, started(OCTOBER)), (W, left(OCTOBER))))
    assert (
        finding.message == "worker/W-1 started in post/P-1 on 2023-10-01, and left that day: taken as not having come."
    )
    assert finding.subjects == (W, "post/P-1")
    assert (ids(finding), finding.withdrawn) == (["E-3", "E-4"], ())


def test_who_gives_the_post_up_on_the_day_of_the_start_is_in_no_post() -> None:
    finding = the_one("starter-not-in-post", history(*TWO_POSTS, (W, started(OCTOBER)), (W, fte_changed(OCTOBER, "0"))))
    assert finding.message == "worker/W-1 started in post/P-1 on 2023-10-01, and gave it up that day."


def test_who_moves_without_a_start_and_gives_the_post_up_that_day_is_in_no_post() -> None:
    facts = [(W, moved(OCTOBER, "P-1", "P-2")), (W, fte_changed(OCTOBER, "0", "P-2"))]
    assert the_one("starter-not-in-post", history(*TWO_POSTS, *facts)).subjects == (W, "post/P-2")


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param([(W, started(OCTOBER))], id="who came"),
        pytest.param([(W, started(OCTOBER, "P-1", "0"))], id="who came without fixed hours"),
        pytest.param([(W, started(OCTOBER)), (W, moved(OCTOBER, "P-1", "P-2"))], id="who moved that day"),
        pytest.param([(W, started(OCTOBER)), (W, left(NOVEMBER))], id="who left later"),
        pytest.param(
            [(W, started(OCTOBER)), (W, left(OCTOBER)), (W, LeaverReversed(left_on=OCTOBER))], id="who did not leave"
        ),
        pytest.param(
            [(W, started(SEPTEMBER)), (W, left(OCTOBER)), (W, started(OCTOBER, "P-2"))], id="who left and came back"
        ),
    ],
)
def test_a_starter_in_post_is_no_finding(facts: Facts) -> None:
    assert findings_of("starter-not-in-post", history(*TWO_POSTS, *facts)) == []


def test_a_career_break_that_ends_as_the_old_contract_is_closed_has_a_leaver_not_in_post_and_nothing_else() -> None:
    facts = [
        (W, started(SEPTEMBER)),
        (W, fte_changed(OCTOBER, "0")),
        (W, left(NOVEMBER)),
        (W, started(NOVEMBER, "P-2")),
    ]
    events = history(*TWO_POSTS, *facts)
    assert grave(events) == {"leaver-not-in-post"}
    assert the_one("leaver-not-in-post", events).withdrawn == (events[4],)


def test_who_was_between_hours_and_left_on_the_day_of_a_start_is_found_with_the_start_that_counts() -> None:
    facts = [(W, started(SEPTEMBER)), (W, fte_changed(OCTOBER, "0")), (W, started(NOVEMBER)), (W, left(NOVEMBER))]
    finding = the_one("leaver-not-in-post", history(*TWO_POSTS, *facts))
    assert ids(finding) == ["E-4", "E-5", "E-6"]
    assert finding.message == (
        "worker/W-1 left on 2023-11-01, and held no post on the day before. Who starts that day counts as in post."
    )


@pytest.mark.parametrize("before", [SEPTEMBER, OCTOBER])
def test_who_had_left_and_was_to_come_back_is_taken_as_not_having_come(before: date) -> None:
    """Also where the first time, too, somebody left on the day of the start."""
    facts = [(W, started(before)), (W, left(OCTOBER)), (W, started(NOVEMBER)), (W, left(NOVEMBER))]
    events = history(*TWO_POSTS, *facts)
    finding = findings_of("starter-not-in-post", events)[-1]
    assert (
        finding.message == "worker/W-1 started in post/P-1 on 2023-11-01, and left that day: taken as not having come."
    )
    assert ids(finding) == ["E-5", "E-6"]
    assert grave(events) == set()


DUPLICATE: Facts = [(W, started(SEPTEMBER)), (V, started(OCTOBER, "P-2", "0.5"))]


def test_who_leaves_under_one_number_and_goes_on_under_another() -> None:
    events = history(*TWO_POSTS, *DUPLICATE, (V, left(NOVEMBER)), MERGED)
    finding = the_one("leaver-of-merged-numbers", events)
    assert finding.message == "worker/W-1 left under the number W-2 on 2023-11-01, and goes on under another."
    assert (finding.subjects, finding.since, ids(finding)) == ((W,), NOVEMBER, ["E-3", "E-5"])


def test_a_leaver_under_a_number_that_holds_nothing_any_more() -> None:
    facts = [(W, started(SEPTEMBER)), (V, started(SEPTEMBER, "P-2")), (V, left(OCTOBER)), (V, left(NOVEMBER)), MERGED]
    later = (W, left(date(2023, 11, 15)))
    finding = the_one("leaver-of-merged-numbers", history(*TWO_POSTS, *facts, later))
    assert finding.since == NOVEMBER


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param([*DUPLICATE, (V, left(NOVEMBER))], id="not merged"),
        pytest.param([*DUPLICATE, (V, left(NOVEMBER)), (W, left(NOVEMBER)), MERGED], id="left under both"),
        pytest.param([*DUPLICATE, (V, left(MIDDLE)), (W, left(NOVEMBER)), MERGED], id="left under the other later"),
        pytest.param(
            [*DUPLICATE, (V, left(MIDDLE)), (W, left(NOVEMBER)), (V, started(date(2023, 11, 2))), MERGED],
            id="left under the other later, and came back the day after",
        ),
        pytest.param([*DUPLICATE, (V, left(OCTOBER)), MERGED], id="opened and closed on one day"),
        pytest.param(
            [(W, started(SEPTEMBER)), (W, left(OCTOBER)), (V, started(OCTOBER)), MERGED], id="came back under another"
        ),
        pytest.param([(V, started(SEPTEMBER)), (W, left(OCTOBER)), MERGED], id="a number that is but another name"),
    ],
)
def test_a_leaver_of_whom_it_is_plain_is_no_finding(facts: Facts) -> None:
    assert findings_of("leaver-of-merged-numbers", history(*TWO_POSTS, *facts)) == []


def test_a_leaver_under_a_number_whose_start_was_withdrawn_ends_what_is_held_under_the_other_and_is_found() -> None:
    events = history(*TWO_POSTS, *DUPLICATE, (V, left(NOVEMBER)), MERGED)
    finding = the_one("leaver-of-merged-numbers", [*events, void(events[3], events[-1].envelope.time, "V-1")])
    assert finding.message == (
        "E-5 says that worker/W-2 left on 2023-11-01. No start under this number is in force, and the leaver ended "
        "what worker/W-1 held under others."
    )
    assert ids(finding) == ["E-4", "E-5"]


def test_leavers_under_two_numbers_on_one_day_are_not_one_recorded_twice() -> None:
    facts = [*DUPLICATE, (V, left(NOVEMBER)), (W, left(NOVEMBER)), MERGED]
    assert findings_of("recorded-twice", history(*TWO_POSTS, *facts)) == []
