"""Which names are told to whoever mistyped one."""

import pytest

from contracts.near_names import meant, near

ROLES = ("social-worker", "senior-practitioner", "team-manager")
TYPES = ("uk.workforce.post.established.v1", "uk.workforce.post.closed.v1", "uk.workforce.worker.left.v1")


@pytest.mark.parametrize(
    ("word", "names", "found"),
    [
        ("social-wroker", ROLES, "social-worker"),
        ("Social Worker", ROLES, "social-worker"),
        ("team_manager", ROLES, "team-manager"),
        ("senior", ROLES, "senior-practitioner"),
        ("uk.workforce.post.establised.v1", TYPES, "uk.workforce.post.established.v1"),
        ("hrr", ("hr",), "hr"),
    ],
)
def test_a_name_written_almost_so_comes_first(word: str, names: tuple[str, ...], found: str) -> None:
    assert near(word, names)[0] == found


@pytest.mark.parametrize("word", ["", "x", "sw", "nurse", "payroll-clerk"])
def test_no_name_is_told_that_is_not_near(word: str) -> None:
    assert near(word, ROLES) == []


def test_never_more_than_three_names_are_told() -> None:
    assert len(near("grade", [f"grade-{number}" for number in range(20)])) == 3


def test_where_no_name_is_near_a_short_list_is_told_whole_and_of_a_long_one_its_length() -> None:
    assert meant("nurse", ROLES) == "There are 3: social-worker, senior-practitioner, team-manager."
    assert meant("nurse", ["agency"]) == "There is 1: agency."
    assert meant("nurse", [str(number) for number in range(40)]) == "There are 40."
    assert meant("nurse", []) == "There is none yet."
