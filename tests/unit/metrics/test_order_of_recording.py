"""Of two events of one instant the later is the one that the feeds state to be so: every figure, in every order."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from itertools import permutations

import pytest

from contracts.envelope import Event
from contracts.events.hiring import CohortOpened
from contracts.in_force import order_of_recording, recorded_before
from services.metrics.academy.outcomes import cohorts
from services.metrics.figures.figures import figures
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import When
from services.metrics.reasons import Reason
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import SOURCE, at, established, event, left, started
from tests.ties import (
    AS_AT,
    FIRST,
    LAST,
    OCTOBER,
    OTHER_SOURCE,
    RECORDED,
    SEPTEMBER,
    TIES,
    Rows,
    Tie,
    at_journal_positions,
)

each_tie = pytest.mark.parametrize("tie", TIES, ids=lambda tie: tie.name)
REVERSAL = "a leaver and its reversal"


def figure_in_every_order(tie: Tie, events: list[Event]) -> Rows:
    """The figure of a tie, which is the same in whichever order the events arrive and were accepted."""
    figures_told = []
    for arrived in permutations(events):
        for accepted in (arrived, tuple(reversed(arrived))):
            positions = {one.envelope.id: one for one in at_journal_positions(accepted)}
            snapshot = Snapshot([positions[one.envelope.id] for one in arrived])
            figures_told.append(rows(tie, snapshot))
    assert all(one == figures_told[0] for one in figures_told)
    return figures_told[0]


def rows(tie: Tie, snapshot: Snapshot) -> Rows:
    """The figure of a tie in one snapshot."""
    reading = Reading("331", RECORDED, lambda: snapshot)
    result = figures(MEASURES[tie.measure], [reading], [When(FIRST, LAST, AS_AT)], FigureQuery(tie.by))
    return {
        tuple(None if one is None else str(one) for one in key): value
        for key, (value,) in result.rows.items()
        if value and not isinstance(value, Reason)
    }


@each_tie
def test_without_a_sourcesequence_the_later_is_the_one_whose_id_comes_second(tie: Tie) -> None:
    assert figure_in_every_order(tie, tie.events()) == tie.one_then_other


@each_tie
def test_the_higher_sourcesequence_is_the_later(tie: Tie) -> None:
    assert figure_in_every_order(tie, tie.events(("1", "2"))) == tie.one_then_other
    assert figure_in_every_order(tie, tie.events(("2", "1"))) == tie.other_then_one


@each_tie
def test_sourcesequences_are_numbers_and_no_text(tie: Tie) -> None:
    assert figure_in_every_order(tie, tie.events(("10", "9"))) == tie.other_then_one
    assert figure_in_every_order(tie, tie.events(("99999999999999999", "100000000000000000"))) == tie.one_then_other


@each_tie
def test_one_that_states_a_sourcesequence_is_later_than_one_of_its_source_that_does_not(tie: Tie) -> None:
    assert figure_in_every_order(tie, tie.events(("0", None))) == tie.other_then_one
    assert figure_in_every_order(tie, tie.events((None, "0"))) == tie.one_then_other


@each_tie
def test_of_two_sources_the_one_that_comes_second_in_the_alphabet_is_the_later_whatever_they_state(tie: Tie) -> None:
    for sequences in ((None, None), ("1", "2"), ("2", "1"), ("7", None), (None, "7")):
        events = tie.events(sequences, (SOURCE, OTHER_SOURCE))
        # A reversal that no order is stated of reverses.
        expected = tie.one_then_other if tie.name == REVERSAL else tie.other_then_one
        assert figure_in_every_order(tie, events) == expected
        assert figure_in_every_order(tie, tie.events(sequences, (OTHER_SOURCE, SOURCE))) == tie.one_then_other


def test_of_a_cohort_opened_twice_the_later_counts() -> None:
    one = CohortOpened(entry_on=SEPTEMBER, completes_on=date(2024, 8, 31))
    other = CohortOpened(entry_on=SEPTEMBER, completes_on=date(2024, 2, 29))

    def completes_on(first: str | None, second: str | None) -> set[date | None]:
        pair = [
            event(one, "cohort/AC-1", RECORDED, "A", sourcesequence=first),
            event(other, "cohort/AC-1", RECORDED, "B", sourcesequence=second),
        ]
        return {cohorts(Snapshot(arrived))["AC-1"].completes_on for arrived in permutations(pair)}

    assert completes_on(None, None) == completes_on("1", "2") == {other.completes_on}
    assert completes_on("2", "1") == {one.completes_on}


def test_a_leaver_reversed_and_entered_again_in_one_extract_left() -> None:
    tie = next(tie for tie in TIES if tie.name == REVERSAL)
    again = event(left(OCTOBER), "worker/W-1", RECORDED, "C", sourcesequence="3")
    assert figure_in_every_order(tie, [*tie.events(("1", "2")), again]) == {(): Fraction(1)}
    in_another_order = event(left(OCTOBER), "worker/W-1", RECORDED, "C", sourcesequence="0")
    assert figure_in_every_order(tie, [*tie.events(("1", "2")), in_another_order]) == {}


def test_a_correction_of_a_correction_does_not_count_for_more_than_another_stated_to_be_later() -> None:
    def start(id: str, fte: str, sequence: str, supersedes: str | None) -> Event:
        data = started(SEPTEMBER, fte=fte)
        return event(data, "worker/W-1", RECORDED, id, supersedes=supersedes, sourcesequence=sequence)

    post = event(established(SEPTEMBER), "post/P-1", at(SEPTEMBER), "P")
    chain = [start("A", "1", "1", None), start("B", "0.5", "2", "A"), start("C", "0.6", "3", "B")]
    tie = next(tie for tie in TIES if tie.measure == "in-post")
    assert figure_in_every_order(tie, [post, *chain, start("D", "0.8", "4", "A")]) == {(): Fraction("0.8")}
    assert figure_in_every_order(tie, [post, *chain, start("D", "0.8", "0", "A")]) == {(): Fraction("0.6")}


def mixed() -> list[Event]:
    """Events of one instant and the next, of two sources and two types, with and without sourcesequence."""
    ids = iter("zyxwvutsrqponmlkjihgfedcba" * 2)
    return [
        event(data, "worker/W-1", recorded, next(ids), source=source, sourcesequence=sequence)
        for recorded in (RECORDED, at(date(2023, 10, 10)))
        for source in (SOURCE, OTHER_SOURCE)
        for sequence in (None, None, "2", "10", "10")
        for data in (started(OCTOBER), left(OCTOBER))
    ]


def ids(events: Iterable[Event]) -> list[tuple[str, str]]:
    return [(one.envelope.id, one.envelope.type) for one in events]


def test_the_order_is_total_and_transitive_and_keeps_what_the_feeds_state() -> None:
    events = mixed()
    recorded = [order_of_recording(one) for one in events]
    assert len(set(recorded)) == len(events)
    for one, other in permutations(recorded, 2):
        assert not (recorded_before(one, other) and recorded_before(other, one))
        assert (one < other) or not recorded_before(one, other)
    for one, other, third in permutations(recorded[::2], 3):
        if recorded_before(one, other) and recorded_before(other, third):
            assert recorded_before(one, third)


def test_the_order_is_by_time_source_sourcesequence_and_id() -> None:
    def placed(id: str, source: str, sequence: str | None, hour: int = 9) -> Event:
        data = started(OCTOBER)
        return event(data, "worker/W-1", at(OCTOBER, hour), id, source=source, sourcesequence=sequence)

    in_order = [
        placed("9", SOURCE, "99", hour=8),
        placed("7", OTHER_SOURCE, None),
        placed("8", OTHER_SOURCE, None),
        placed("6", OTHER_SOURCE, "2"),
        placed("5", OTHER_SOURCE, "10"),
        placed("4", SOURCE, None),
        placed("1", SOURCE, "1"),
        placed("3", SOURCE, "1"),
        placed("0", OTHER_SOURCE, None, hour=10),
    ]
    for arrived in (in_order, in_order[::-1], in_order[3:] + in_order[:3]):
        assert ids(sorted(at_journal_positions(arrived), key=order_of_recording)) == ids(in_order)
