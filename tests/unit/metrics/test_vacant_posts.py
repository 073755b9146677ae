"""Vacant posts one by one, worked out by hand."""

from datetime import date
from typing import Any

import pytest

from contracts.codes import CoverReason, Role
from services.metrics.api.vacant_posts import as_row
from services.metrics.figures.vacant_posts import VacantPost, vacant_posts
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, cover_started, established, event, left, started

LAST_YEAR, APRIL, JUNE, AUGUST = date(2022, 4, 1), date(2023, 4, 1), date(2023, 6, 1), date(2023, 8, 1)
OCTOBER = date(2023, 10, 31)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """P-1 of two FTE, half of it vacant for a year and a half and another half since June; P-2 filled; P-3 new."""
    facts: list[tuple[str, date, Any]] = [
        ("post/P-1", LAST_YEAR, established(LAST_YEAR, "2")),
        ("worker/W-1", LAST_YEAR, started(LAST_YEAR, "P-1")),
        ("worker/W-2", LAST_YEAR, started(LAST_YEAR, "P-1", "0.5")),
        ("worker/W-2", JUNE, left(JUNE)),
        ("cover/C-1", AUGUST, cover_started(AUGUST, "P-1", "0.6")),
        ("cover/C-2", AUGUST, cover_started(AUGUST, "P-1", "1", CoverReason.ABSENCE)),
        ("post/P-2", APRIL, established(APRIL, "1")),
        ("worker/W-3", APRIL, started(APRIL, "P-2")),
        ("post/P-3", AUGUST, established(AUGUST, "1", Role.TEAM_MANAGER)),
    ]
    return Snapshot([event(data, subject, at(day), f"E-{index}") for index, (subject, day, data) in enumerate(facts)])


def found(snapshot: Snapshot, as_at: date = OCTOBER, open_months: int = 0, **where: Any) -> list[VacantPost]:
    return vacant_posts(snapshot, as_at, Scope.ALL, where, open_months)


def test_the_post_that_has_been_vacant_longest_comes_first(snapshot: Snapshot) -> None:
    assert [post.subject for post in found(snapshot)] == ["post/P-1", "post/P-3"]


def test_a_post_says_since_when_how_much_of_it_is_open_and_who_covers_it(snapshot: Snapshot) -> None:
    assert as_row(found(snapshot)[0]) == {
        "post": "P-1",
        "role": "social-worker",
        "team": "assessment",
        "service_area": "help-and-protection",
        "grade": "grade-9",
        "csww_role": 5,
        "location": None,
        "funded": "2",
        "in_post": "1",
        "vacant": "1",
        "agency_cover": "0.6",
        "uncovered": "0.4",
        # Half an FTE since April of last year, the other half since W-2 left on 1 June.
        "over_3_months": "1",
        "over_6_months": "0.5",
        "over_12_months": "0.5",
        "since": "2022-04-01",
        "subjects": ["post/P-1", "cover/C-1"],
    }


@pytest.mark.parametrize(
    ("as_at", "open_months", "posts"),
    [
        (date(2023, 10, 31), 3, ["post/P-1"]),
        (date(2023, 11, 1), 3, ["post/P-1", "post/P-3"]),
        (date(2023, 10, 31), 19, []),
        (date(2023, 11, 1), 19, ["post/P-1"]),
    ],
    ids=["a day short of three months", "three months", "a day short of nineteen", "nineteen"],
)
def test_only_posts_open_for_so_many_full_months_count(
    snapshot: Snapshot, as_at: date, open_months: int, posts: list[str]
) -> None:
    assert [post.subject for post in found(snapshot, as_at, open_months)] == posts


def test_only_posts_of_a_role_count(snapshot: Snapshot) -> None:
    assert [post.subject for post in found(snapshot, role=Role.TEAM_MANAGER)] == ["post/P-3"]


def test_a_post_that_is_filled_is_not_vacant(snapshot: Snapshot) -> None:
    assert found(snapshot, date(2022, 3, 31)) == []
    assert [post.subject for post in found(snapshot, date(2023, 5, 1))] == ["post/P-1"]
