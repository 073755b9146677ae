"""Which numbers are one person: single merges, chains, circles, several numbers kept."""

from datetime import date
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from contracts.persons import Persons, merges_stated, persons
from tests.histories import at, event, merged, started, void

DAY = date(2023, 10, 31)

_numbers = st.sampled_from(["W-1", "W-2", "W-3", "W-4", "W-5", "W-6"])
_merges = st.lists(st.tuples(_numbers, _numbers), max_size=8)


def test_without_merges_nobody_is_named() -> None:
    assert persons([]) == {}


def test_a_person_goes_by_the_number_kept() -> None:
    assert persons([("W-9", "W-1")]) == {"W-9": "W-9", "W-1": "W-9"}


def test_two_duplicates_of_one_number_are_one_person_with_it() -> None:
    assert persons([("W-9", "W-1"), ("W-9", "W-2")]) == {"W-9": "W-9", "W-1": "W-9", "W-2": "W-9"}


def test_merges_join_in_chains() -> None:
    for chain in permutations([("W-9", "W-1"), ("W-1", "W-5"), ("W-5", "W-2")]):
        assert persons(chain) == {"W-9": "W-9", "W-1": "W-9", "W-5": "W-9", "W-2": "W-9"}


def test_persons_without_a_merge_between_them_are_apart() -> None:
    assert persons([("W-1", "W-2"), ("W-4", "W-3")]) == {"W-1": "W-1", "W-2": "W-1", "W-3": "W-4", "W-4": "W-4"}


def test_of_a_circle_the_first_number_is_the_persons() -> None:
    assert persons([("W-2", "W-1"), ("W-1", "W-2")]) == {"W-1": "W-1", "W-2": "W-1"}
    for circle in permutations([("W-3", "W-2"), ("W-2", "W-4"), ("W-4", "W-3")]):
        assert persons(circle) == {"W-2": "W-2", "W-3": "W-2", "W-4": "W-2"}


def test_where_several_numbers_are_kept_the_first_of_all_is_the_persons_also_when_it_is_a_duplicate() -> None:
    assert persons([("W-3", "W-2"), ("W-4", "W-2")]) == {"W-2": "W-2", "W-3": "W-2", "W-4": "W-2"}
    assert persons([("W-1", "W-2"), ("W-4", "W-2")]) == {"W-1": "W-1", "W-2": "W-1", "W-4": "W-1"}


def test_a_number_merged_with_itself_is_a_person() -> None:
    assert persons([("W-1", "W-1")]) == {"W-1": "W-1"}
    assert persons([("W-2", "W-2"), ("W-2", "W-1")]) == {"W-1": "W-1", "W-2": "W-1"}


def test_the_alphabet_is_that_of_the_text() -> None:
    assert persons([("W-9", "W-10"), ("W-10", "W-9")]) == {"W-9": "W-10", "W-10": "W-10"}


@given(st.data())
def test_order_and_repetition_of_merges_do_not_matter(data: st.DataObject) -> None:
    merges = data.draw(_merges)
    again = data.draw(st.lists(st.sampled_from(merges), max_size=4)) if merges else []
    assert persons(data.draw(st.permutations(merges + again))) == persons(merges)


@given(_merges)
def test_every_number_is_named_with_one_of_its_own_persons_numbers_and_both_sides_of_a_merge_agree(
    merges: list[tuple[str, str]],
) -> None:
    by_number = persons(merges)
    assert by_number.keys() == {number for merge in merges for number in merge}
    for kept, duplicate in merges:
        assert by_number[kept] == by_number[duplicate]
    for person in by_number.values():
        assert by_number[person] == person


def test_what_merges_state_is_read_from_their_events_and_withdrawals_state_nothing() -> None:
    merge = event(merged("W-2"), "worker/W-1", at(DAY), "M-1")
    corrected = event(merged("W-3"), "worker/W-1", at(DAY), "M-2", supersedes="M-1")
    others = [event(started(DAY), "worker/W-4", at(DAY), "S-1"), void(merge, at(DAY), "V-1")]
    assert merges_stated([merge, corrected, *others]) == [("W-1", "W-2"), ("W-1", "W-3")]


@given(st.lists(st.tuples(_merges, st.integers(0, 3)), max_size=6))
def test_merges_that_come_and_go_leave_the_persons_that_the_merges_left_make(
    turns: list[tuple[list[tuple[str, str]], int]],
) -> None:
    known, in_force = Persons(), list[tuple[str, str]]()
    for begun, gone in turns:
        before = persons(in_force)
        ceased, in_force = in_force[:gone], [*in_force[gone:], *begun]
        changed = known.change(begun, ceased)
        now = persons(in_force)
        assert {number: person.goes_by for number, person in known.of_number.items()} == now
        numbers = before.keys() | now.keys()
        names = {number: (before.get(number, number), now.get(number, number)) for number in numbers}
        assert changed == {number: (was, is_now) for number, (was, is_now) in names.items() if was != is_now}
