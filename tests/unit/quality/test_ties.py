"""Two events of one instant: what is found where a figure hangs on which is the later, and how it is mended."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from contracts.codes import CswwRole, Route
from contracts.envelope import Event
from contracts.events.base import EventData, Withdrawal
from contracts.events.hiring import CohortOpened, WorkerMerged
from contracts.events.leavers import LeaverReversed
from contracts.events.posts import PostChanged, PostClosed
from contracts.events.working_life import CaseloadCounted
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import SOURCE, established, event, fte_changed, left, moved, started, void
from tests.ties import (
    IN_POST,
    OCTOBER,
    OTHER_SOURCE,
    POST,
    RECORDED,
    SEPTEMBER,
    TIES,
    Tie,
    at_journal_positions,
)
from tests.unit.metrics.test_order_of_recording import REVERSAL, rows
from tests.unit.quality.findings import findings_of, ids, the_one

CHECK = "order-not-stated"
W = "worker/W-1"
LATER = RECORDED + timedelta(days=1)

each_tie = pytest.mark.parametrize("tie", TIES, ids=lambda tie: tie.name)


def together(*facts: tuple[str, EventData], before: tuple[tuple[str, EventData], ...] = IN_POST) -> list[Event]:
    """Facts recorded at one instant, A, B and so on, after others."""
    earlier = [
        event(data, subject, RECORDED - timedelta(days=9 - index), f"E-{index}")
        for index, (subject, data) in enumerate(before)
    ]
    return [
        *earlier,
        *(event(data, subject, RECORDED, id) for id, (subject, data) in zip("ABCDE", facts, strict=False)),
    ]


@each_tie
def test_a_tie_is_found_with_both_events(tie: Tie) -> None:
    finding = the_one(CHECK, tie.events())
    assert ids(finding) == ["A", "B"]
    assert finding.subjects == (tie.subject,)
    assert "B is taken to be" in finding.message
    assert all(findings_of(CHECK, at_journal_positions(arrived)) for arrived in permutations(tie.events()))


@each_tie
def test_what_a_source_states_an_order_of_is_no_finding(tie: Tie) -> None:
    for sequences in (("1", "2"), ("10", "9"), (None, "0"), ("0", None)):
        assert findings_of(CHECK, tie.events(sequences)) == []


@each_tie
def test_a_sourcesequence_orders_nothing_of_two_sources_nor_when_it_is_the_same(tie: Tie) -> None:
    assert ids(the_one(CHECK, tie.events(("7", "7")))) == ["A", "B"]
    finding = the_one(CHECK, tie.events(("1", "2"), (SOURCE, OTHER_SOURCE)))
    assert ids(finding) == ["B", "A"]
    because = "a leaver of the same time is reversed" if tie.name == REVERSAL else f"its source, {SOURCE}, comes"
    assert because in finding.message


@each_tie
@pytest.mark.parametrize("right", ["A", "B"])
def test_the_right_one_sent_again_removes_the_finding_and_gives_the_right_figure(tie: Tie, right: str) -> None:
    events = tie.events()
    of_right = next(one for one in events if one.envelope.id == right)
    assert not isinstance(of_right.data, Withdrawal)
    expected = tie.one_then_other if right == "B" else tie.other_then_one
    if right == "A" and tie.name == REVERSAL:
        return  # a leaver that is right is told by voiding the reversal
    again = event(of_right.data, tie.subject, LATER, "C", supersedes=right)
    assert findings_of(CHECK, [*events, again]) == []
    assert rows(tie, Snapshot([*events, again])) == expected
    at_once = event(of_right.data, tie.subject, RECORDED, "C", supersedes=right, sourcesequence="1")
    assert findings_of(CHECK, [*events, at_once]) == []
    assert rows(tie, Snapshot([*events, at_once])) == expected


@each_tie
@pytest.mark.parametrize("wrong", ["A", "B"])
def test_the_wrong_one_withdrawn_removes_the_finding(tie: Tie, wrong: str) -> None:
    events = tie.events()
    withdrawn = void(next(one for one in events if one.envelope.id == wrong), LATER, "V")
    assert findings_of(CHECK, [*events, withdrawn]) == []


def test_the_finding_says_which_counts_why_and_what_would_differ() -> None:
    tie = next(tie for tie in TIES if tie.name == "a worker's FTE changed twice")
    finding = the_one(CHECK, tie.events())
    assert finding.message == (
        f"{SOURCE}#A and {SOURCE}#B of worker/W-1 were recorded at the same time, 2023-10-09T09:00:00Z, and nothing "
        f"states which is the later. {SOURCE}#B is taken to be, as its id comes second in the alphabet. The "
        "other order would change a figure."
    )
    assert (finding.since, finding.until) == (OCTOBER, OCTOBER + timedelta(days=1))


@pytest.mark.parametrize(
    "facts",
    [
        # the same twice
        [(W, fte_changed(OCTOBER, "0.5")), (W, fte_changed(OCTOBER, "0.5"))],
        # two dates
        [(W, fte_changed(OCTOBER, "0.5")), (W, fte_changed(date(2023, 10, 2), "0.6"))],
        [(W, CaseloadCounted(counted_on=OCTOBER, cases=3)), (W, CaseloadCounted(counted_on=SEPTEMBER, cases=4))],
        # two fields
        [
            ("post/P-1", PostChanged(effective_from=OCTOBER, team="mash")),
            ("post/P-1", PostChanged(effective_from=OCTOBER, funded_fte=Decimal("0.5"))),
        ],
        # a field that both set alike, beside others
        [
            ("post/P-1", PostChanged(effective_from=OCTOBER, team="mash", funded_fte=Decimal("0.5"))),
            ("post/P-1", PostChanged(effective_from=OCTOBER, team="mash", csww_role=CswwRole.SENIOR_PRACTITIONER)),
        ],
        # two posts, two workers
        [(W, fte_changed(OCTOBER, "0.5")), (W, fte_changed(OCTOBER, "0.4", "P-2"))],
        [(W, started(OCTOBER, "P-2", "0.4")), ("worker/W-2", started(OCTOBER, "P-2", "0.6"))],
        # two kinds: a start counts before a change on one day, whichever was recorded first
        [("worker/W-2", started(OCTOBER, fte="0.4")), ("worker/W-2", fte_changed(OCTOBER, "0.6"))],
        # two posts taken up by one start each
        [("worker/W-2", started(OCTOBER, "P-2", "0.4")), ("worker/W-2", started(OCTOBER, "P-3", "0.6"))],
        # no figure has it: a post not held, cases of somebody without FTE
        [(W, fte_changed(OCTOBER, "0.5", "P-9")), (W, fte_changed(OCTOBER, "0.4", "P-9"))],
        [
            ("worker/W-2", CaseloadCounted(counted_on=OCTOBER, cases=3)),
            ("worker/W-2", CaseloadCounted(counted_on=OCTOBER, cases=4)),
        ],
        # numbers merged in either order are one person
        [(W, WorkerMerged(duplicate="W-2")), (W, WorkerMerged(duplicate="W-3"))],
    ],
)
def test_a_tie_on_which_no_figure_hangs_is_no_finding(facts: list[tuple[str, EventData]]) -> None:
    assert findings_of(CHECK, together(*facts)) == []


def test_a_tie_that_a_later_event_settles_is_no_finding() -> None:
    settled = event(fte_changed(OCTOBER, "0.6"), W, LATER, "S")
    assert (
        findings_of(CHECK, [*together((W, fte_changed(OCTOBER, "0.4")), (W, fte_changed(OCTOBER, "0.8"))), settled])
        == []
    )


def test_a_tie_across_two_numbers_of_one_person_is_found() -> None:
    events = together((W, fte_changed(OCTOBER, "0.4")), ("worker/W-2", fte_changed(OCTOBER, "0.8")))
    assert findings_of(CHECK, events) == []
    merge = event(WorkerMerged(duplicate="W-2"), W, LATER, "M")
    finding = the_one(CHECK, [*events, merge])
    assert (ids(finding), finding.subjects) == (["A", "B"], (W,))


def test_of_three_each_pair_of_which_the_last_counts_is_found() -> None:
    changes = [(W, fte_changed(OCTOBER, fte)) for fte in ("0.4", "0.6", "0.8")]
    assert [ids(finding) for finding in findings_of(CHECK, together(*changes))] == [["A", "C"], ["B", "C"]]


def test_an_order_that_is_stated_in_part_leaves_the_rest_to_be_found() -> None:
    def change(id: str, fte: str, source: str, sequence: str) -> Event:
        return event(fte_changed(OCTOBER, fte), W, RECORDED, id, source=source, sourcesequence=sequence)

    of_two = [
        change("A", "0.4", OTHER_SOURCE, "1"),
        change("B", "0.6", OTHER_SOURCE, "2"),
        change("C", "0.8", SOURCE, "1"),
    ]
    assert [ids(finding) for finding in findings_of(CHECK, [*together(), *of_two])] == [["B", "C"]]


def test_facts_of_a_closed_post_matter_while_somebody_stands_on_it() -> None:
    changes = [("post/P-1", PostChanged(effective_from=OCTOBER, team=team)) for team in ("mash", "duty")]
    closed = ("post/P-1", PostClosed(closed_on=date(2023, 9, 15)))
    assert [ids(one) for one in findings_of(CHECK, together(*changes, before=(*IN_POST, closed)))] == [["A", "B"]]
    assert findings_of(CHECK, together(*changes, before=(POST, closed))) == []


def test_a_cohort_opened_twice_is_found_by_its_dates() -> None:
    opened = [CohortOpened(entry_on=SEPTEMBER, completes_on=day) for day in (date(2024, 8, 31), date(2024, 2, 29))]
    finding = the_one(CHECK, together(*[("cohort/AC-1", one) for one in opened]))
    assert ids(finding) == ["A", "B"]


def test_two_starts_in_two_posts_are_found_where_they_say_otherwise_how_the_person_came() -> None:
    by_route = started(OCTOBER, "P-2", "0.4").model_copy(update={"route": Route.ACADEMY})
    assert findings_of(CHECK, together(("worker/W-2", by_route), ("worker/W-2", started(OCTOBER, "P-3", "0.6"))))


def test_a_correction_of_a_merge_that_names_another_number_is_found() -> None:
    second = ("worker/W-2", started(SEPTEMBER, "P-2"))
    third = ("worker/W-3", started(OCTOBER, "P-2"))
    merge = event(WorkerMerged(duplicate="W-9"), W, RECORDED - timedelta(days=1), "M")
    corrections = [
        event(WorkerMerged(duplicate=number), W, RECORDED, id, supersedes="M")
        for id, number in (("A", "W-2"), ("B", "W-3"))
    ]
    finding = the_one(CHECK, [*together(before=(*IN_POST, second, third)), merge, *corrections])
    assert ids(finding) == ["A", "B"]


def test_a_reversal_of_an_earlier_leaver_stays_what_it_is_beside_one_of_its_own_instant() -> None:
    earlier = event(left(OCTOBER), W, RECORDED - timedelta(hours=1), "L")
    reversal = event(LeaverReversed(left_on=OCTOBER), W, RECORDED, "A")
    assert findings_of(CHECK, [*together(), earlier, reversal]) == []
    at_once = event(left(OCTOBER), W, RECORDED, "B")
    assert ids(the_one(CHECK, [*together(), earlier, reversal, at_once])) == ["A", "B"]


def test_a_leaver_with_two_reversals_of_its_instant_is_found_with_both() -> None:
    events = together((W, left(OCTOBER)), (W, LeaverReversed(left_on=OCTOBER)), (W, LeaverReversed(left_on=OCTOBER)))
    assert ids(the_one(CHECK, events)) == ["A", "B", "C"]


def test_of_many_events_of_one_instant_the_last_are_looked_at() -> None:
    changes = [event(fte_changed(OCTOBER, f"0.{index:03}"), W, RECORDED, f"N-{index:03}") for index in range(1, 100)]
    findings = findings_of(CHECK, [*together(), *changes])
    assert len(findings) == 19
    assert all("N-099" in ids(finding) for finding in findings)


def test_of_many_corrections_of_one_event_and_instant_as_many_are_looked_at() -> None:
    wrong = event(fte_changed(OCTOBER, "0.999"), W, RECORDED - timedelta(hours=1), "wrong")
    corrections = [
        event(fte_changed(OCTOBER, f"0.{index:03}"), W, RECORDED, f"N-{index:03}", supersedes="wrong")
        for index in range(1, 100)
    ]
    findings = findings_of(CHECK, [*together(), wrong, *corrections])
    assert sorted(ids(finding) for finding in findings) == [[f"N-{index:03}", "N-099"] for index in range(80, 99)]


def test_of_thousands_of_ties_of_one_worker_it_is_told_that_some_were_not_counted_and_those_of_others_are_found() -> (
    None
):
    changes = [
        event(fte_changed(OCTOBER - timedelta(days=1 + index // 2), fte), W, RECORDED, f"N-{index:03}")
        for index, fte in enumerate(["0.4", "0.6"] * 200)
    ]
    of_another = [
        event(fte_changed(OCTOBER, fte, "P-2"), "worker/W-2", RECORDED, id) for id, fte in (("X", "0.5"), ("Y", "0.6"))
    ]
    before = (*IN_POST, ("worker/W-2", started(date(2023, 9, 1), "P-2")))
    begun = event(started(date(2022, 1, 1)), W, RECORDED - timedelta(days=99), "S")
    findings = findings_of(CHECK, [*together(before=before), begun, *changes, *of_another])
    assert [finding.message.count("other order would change a figure") for finding in findings] == [1] * len(findings)
    not_counted = [finding for finding in findings if "it was not counted whether" in finding.message]
    assert [finding.subjects for finding in not_counted] == [(W,)]
    assert 10 < len(findings) < 100
    assert ["X", "Y"] in [ids(finding) for finding in findings]


def test_a_chain_of_moves_of_one_instant_is_found_and_stated_in_order_is_not() -> None:
    before = (*IN_POST, ("post/P-2", established(SEPTEMBER)), ("post/P-3", established(SEPTEMBER)))
    chain = together((W, moved(OCTOBER, "P-1", "P-2")), (W, moved(OCTOBER, "P-2", "P-3")), before=before)
    assert ids(the_one(CHECK, chain)) == ["A", "B"]
    *rest, first, second = chain
    stated = [
        replace(one, envelope=one.envelope.model_copy(update={"sourcesequence": sequence}))
        for one, sequence in ((first, "1"), (second, "2"))
    ]
    assert findings_of(CHECK, [*rest, *stated]) == []
