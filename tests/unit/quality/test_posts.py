"""Checks of posts and of agency cover: what fires each, and what nearly does."""

from datetime import date

import pytest

from contracts.codes import CoverReason, Role
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.base import EventData
from contracts.events.posts import PostChanged, PostClosed
from services.metrics.quality.declaration import Affected
from services.metrics.snapshot.amounts import ONE
from services.metrics.timelines.rows import FOREVER
from tests.histories import cover_started, established, fte_changed, left, moved, started
from tests.unit.quality.findings import (
    APRIL,
    DECEMBER,
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

W, V, C, P = "worker/W-1", "worker/W-2", "cover/C-1", "post/P-1"
Facts = list[tuple[str, EventData]]


@pytest.mark.parametrize(
    ("subject", "fact", "verb"),
    [
        (W, started(SEPTEMBER, "P-9"), "holds"),
        (W, moved(SEPTEMBER, "P-1", "P-9"), "holds"),
        (C, cover_started(SEPTEMBER, "P-9"), "covers"),
    ],
)
def test_a_start_a_move_and_a_cover_in_an_unknown_post(subject: str, fact: EventData, verb: str) -> None:
    finding = the_one("unknown-post", history(*TWO_POSTS, (subject, fact)))
    assert finding.message == f"{subject} {verb} post/P-9 from 2023-09-01 on, a post that no event establishes."
    assert finding.subjects == (subject, "post/P-9")
    assert ids(finding) == ["E-3"]
    assert finding.affected == (Affected(SEPTEMBER, FOREVER, ONE),)


def test_an_unknown_post_is_in_question_for_as_long_as_it_is_held() -> None:
    facts = [(W, started(SEPTEMBER, "P-9")), (W, fte_changed(OCTOBER, "0.5", "P-9")), (W, left(NOVEMBER))]
    finding = the_one("unknown-post", history(*facts))
    assert finding.message.startswith("worker/W-1 holds post/P-9 from 2023-09-01 to 2023-10-31")
    assert finding.affected == (Affected(SEPTEMBER, OCTOBER, ONE), Affected(OCTOBER, NOVEMBER, ONE // 2))
    assert ids(finding) == ["E-1", "E-2"]


def test_a_post_established_late_was_used_before() -> None:
    events = history((P, established(OCTOBER)), (W, started(SEPTEMBER)))
    assert findings_of("unknown-post", events) == []
    finding = the_one("post-used-before-established", events)
    assert finding.message == (
        "worker/W-1 holds post/P-1 from 2023-09-01 to 2023-09-30, and the post is established on 2023-10-01."
    )
    assert ids(finding) == ["E-1", "E-2"]
    assert grave(events) == {"post-used-before-established"}


def test_a_post_established_on_the_day_of_the_start_is_no_finding() -> None:
    assert grave(history((P, established(SEPTEMBER)), (W, started(SEPTEMBER)))) == set()


def test_a_post_held_and_covered_after_it_closed() -> None:
    facts = [(W, started(SEPTEMBER)), (C, cover_started(SEPTEMBER, "P-1", "0.5", CoverReason.ABSENCE))]
    events = history(*TWO_POSTS, *facts, (P, PostClosed(closed_on=OCTOBER)))
    by_cover, by_worker = findings_of("post-used-after-closing", events)
    assert by_cover.message == "cover/C-1 covers post/P-1 from 2023-10-01 on, and the post was closed on 2023-10-01."
    assert by_worker.affected == (Affected(OCTOBER, FOREVER, ONE),)
    assert by_worker.message == "worker/W-1 holds post/P-1 from 2023-10-01 on, and the post was closed on 2023-10-01."
    assert ids(by_worker) == ["E-1", "E-3", "E-5"]
    assert findings_of("occupants-above-funded-fte", events) == []


def test_a_post_held_while_it_was_closed_twice_is_found_twice() -> None:
    facts = [
        (P, PostClosed(closed_on=SEPTEMBER)),
        (P, established(date(2023, 9, 11))),
        (P, PostClosed(closed_on=OCTOBER)),
        (W, started(date(2023, 8, 1))),
        (W, left(NOVEMBER)),
    ]
    found_twice = findings_of("post-used-after-closing", history(*TWO_POSTS, *facts))
    assert [(finding.since, finding.until) for finding in found_twice] == [
        (SEPTEMBER, date(2023, 9, 11)),
        (OCTOBER, NOVEMBER),
    ]
    assert found_twice[1].message.endswith("and the post was closed on 2023-10-01.")


def test_a_post_left_on_the_day_it_closed_is_no_finding() -> None:
    facts = [(W, started(SEPTEMBER)), (W, left(OCTOBER)), (P, PostClosed(closed_on=OCTOBER))]
    assert grave(history(*TWO_POSTS, *facts)) == set()


@pytest.mark.parametrize("fact", [PostChanged(effective_from=APRIL, team="mash"), PostClosed(closed_on=APRIL)])
def test_a_post_changed_or_closed_before_it_is_established(fact: EventData) -> None:
    events = history((P, fact), (P, established(SEPTEMBER)))
    finding = the_one("post-changed-before-established", events)
    assert (finding.since, ids(finding), withdrawn(finding)) == (APRIL, ["E-1", "E-2"], ["E-1"])
    assert finding.message.endswith("and not established by then.")
    closed = isinstance(fact, PostClosed)
    assert finding.affected == ((Affected(SEPTEMBER, FOREVER, ONE),) if closed else ())


def test_a_post_changed_that_was_never_established() -> None:
    finding = the_one("post-changed-before-established", history((P, PostChanged(effective_from=APRIL, team="mash"))))
    assert finding.message == "post/P-1 is changed on 2023-04-01, and never established."


def test_a_post_changed_from_its_first_day_on_is_no_finding() -> None:
    facts = [(P, established(APRIL)), (P, PostChanged(effective_from=APRIL, team="mash"))]
    assert grave(history(*facts, (P, PostClosed(closed_on=SEPTEMBER)))) == set()


def test_two_workers_over_the_fte_of_a_post() -> None:
    facts = [(W, started(SEPTEMBER, "P-1", "0.6")), (V, started(OCTOBER, "P-1", "0.5")), (W, left(NOVEMBER))]
    events = history(*TWO_POSTS, *facts)
    finding = the_one("occupants-above-funded-fte", events)
    assert finding.message == "post/P-1 has 0.1 FTE in post above its funded FTE from 2023-10-01 to 2023-10-31."
    assert finding.subjects == (P, W, V)
    assert ids(finding) == ["E-1", "E-3", "E-4"]
    assert finding.affected == (Affected(OCTOBER, NOVEMBER, ONE // 10),)
    assert grave(events) == set()


def test_two_workers_who_share_a_post_are_no_finding() -> None:
    facts = [(W, started(SEPTEMBER, "P-1", "0.5")), (V, started(OCTOBER, "P-1", "0.5"))]
    assert findings_of("occupants-above-funded-fte", history(*TWO_POSTS, *facts)) == []


def test_cover_of_a_vacancy_on_a_filled_post_until_its_holder_leaves() -> None:
    facts = [(W, started(SEPTEMBER)), (C, cover_started(OCTOBER, "P-1", "0.5")), (W, left(NOVEMBER))]
    events = history(*TWO_POSTS, *facts)
    finding = the_one("cover-of-filled-post", events)
    assert finding.message == (
        "0.5 FTE of agency cover with reason vacancy stands on post/P-1 from 2023-10-01 to 2023-10-31, and nothing of "
        "the post is vacant."
    )
    assert finding.subjects == (P, C, W)
    assert ids(finding) == ["E-1", "E-3", "E-4"]
    assert finding.affected_on(OCTOBER) == ONE // 2
    assert grave(events) == {"cover-of-filled-post"}


def test_a_finding_of_a_post_names_those_who_stand_there_for_it_and_no_others() -> None:
    # Somebody left as the others came, and another cover is not for the vacancy.
    facts = [
        ("worker/W-3", started(SEPTEMBER)),
        ("worker/W-3", left(OCTOBER)),
        (W, started(OCTOBER)),
        (V, started(OCTOBER, "P-1", "0.5")),
        (C, cover_started(OCTOBER)),
        ("cover/C-2", cover_started(OCTOBER, "P-1", "1", CoverReason.ABSENCE)),
        ("cover/C-3", cover_started(SEPTEMBER)),
        ("cover/C-3", CoverEnded(ended_on=OCTOBER)),
    ]
    events = history(*TWO_POSTS, *facts)
    assert the_one("occupants-above-funded-fte", events).subjects == (P, W, V)
    of_october = findings_of("cover-of-filled-post", events)[-1]
    assert (of_october.since, of_october.subjects) == (SEPTEMBER, (P, C, "cover/C-3", W, V, "worker/W-3"))


@pytest.mark.parametrize(
    ("fte", "reason"), [("1", CoverReason.ABSENCE), ("1", CoverReason.ADDITIONAL), ("0.9", CoverReason.VACANCY)]
)
def test_cover_for_another_reason_or_of_a_post_partly_vacant_is_no_finding(fte: str, reason: CoverReason) -> None:
    facts = [(W, started(SEPTEMBER, "P-1", fte)), (C, cover_started(OCTOBER, "P-1", "1", reason))]
    assert grave(history(*TWO_POSTS, *facts)) == set()


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param([], id="never started"),
        pytest.param([(C, cover_started(OCTOBER))], id="starts later"),
        pytest.param([(C, cover_started(APRIL)), (C, CoverEnded(ended_on=APRIL.replace(month=5)))], id="ended"),
    ],
)
@pytest.mark.parametrize("fact", [CoverEnded(ended_on=SEPTEMBER), CoverChanged(effective_from=SEPTEMBER, post="P-2")])
def test_cover_changed_or_ended_while_it_does_not_hold(facts: Facts, fact: EventData) -> None:
    events = history(*TWO_POSTS, *facts, (C, fact))
    finding = the_one("cover-changed-while-not-held", events)
    assert (finding.subjects, finding.since) == ((C,), SEPTEMBER)
    assert withdrawn(finding) == [f"E-{len(events)}"]
    assert grave(events) == {"cover-changed-while-not-held"}


def test_cover_that_ended_before_it_started_runs_without_end() -> None:
    events = history(*TWO_POSTS, (C, cover_started(OCTOBER)), (C, CoverEnded(ended_on=SEPTEMBER)))
    finding = the_one("cover-changed-while-not-held", events)
    assert finding.message == "cover/C-1 is ended on 2023-09-01, and does not hold then."
    assert finding.affected == (Affected(OCTOBER, FOREVER, ONE),)


def test_cover_that_starts_changes_and_ends_on_one_day_is_no_finding() -> None:
    changed = CoverChanged(effective_from=OCTOBER, post="P-2")
    facts = [(C, cover_started(OCTOBER)), (C, changed), (C, CoverEnded(ended_on=OCTOBER))]
    assert grave(history(*TWO_POSTS, *facts)) == set()


def _expected(until: date) -> CoverStarted:
    return cover_started(SEPTEMBER).model_copy(update={"expected_until": until})


def test_cover_beyond_its_expected_end_is_found_once_that_is_past() -> None:
    events = history(*TWO_POSTS, (C, _expected(OCTOBER)))
    finding = the_one("cover-past-expected-end", events)
    assert finding.message == "cover/C-1 was expected to run until 2023-10-01, and runs from 2023-10-02 on."
    assert (ids(finding), finding.affected_on(NOVEMBER)) == (["E-3"], ONE)
    assert findings_of("cover-past-expected-end", events, as_at=OCTOBER) == []


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param([(C, CoverEnded(ended_on=OCTOBER))], id="ended as expected"),
        pytest.param([(C, CoverChanged(effective_from=SEPTEMBER, expected_until=DECEMBER))], id="extended"),
        pytest.param([(C, CoverEnded(ended_on=OCTOBER.replace(day=2)))], id="last day worked"),
    ],
)
def test_cover_that_ends_when_expected_or_is_extended_is_no_finding(facts: Facts) -> None:
    assert findings_of("cover-past-expected-end", history(*TWO_POSTS, (C, _expected(OCTOBER)), *facts)) == []


def test_cover_without_a_post_stands_on_none() -> None:
    without = (C, cover_started(SEPTEMBER, None, reason=CoverReason.ADDITIONAL, role=Role.SOCIAL_WORKER))
    facts = [without, ("cover/C-2", cover_started(OCTOBER, "P-9"))]
    assert the_one("unknown-post", history(*TWO_POSTS, *facts)).subjects == ("cover/C-2", "post/P-9")
