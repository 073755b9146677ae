"""The definitions of the CSWW rates are DfE's: its own counts give its own rates.

Invariant: every local authority row of the release is looked at, and no rate is passed over without a listed reason.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.published_rates import EXCEPTIONS, HALF_A_TENTH, TOLERANCE, Reason, Recomputed, authority_rows, recompute


@pytest.fixture(scope="module")
def rates(published_release: Path) -> list[Recomputed]:
    """Every rate of every local authority row."""
    return [found for row in authority_rows(published_release) for found in recompute(row)]


def follows(found: Recomputed) -> bool:
    return found.published is not None and found.value is not None and abs(found.value - found.published) <= TOLERANCE


def test_the_rates_follow_from_the_counts_within_a_tenth_but_for_those_listed(rates: list[Recomputed]) -> None:
    assert {found.which for found in rates if not follows(found)} == set(EXCEPTIONS)


def test_so_many_rates_were_recomputed(rates: list[Recomputed]) -> None:
    assert len(rates) == 906 * 9
    assert sum(found.value is not None for found in rates) == 8046
    assert sum(follows(found) for found in rates) == 7986
    assert Counter(EXCEPTIONS.values()) == {
        Reason.ROUNDED_COUNTS: 60,
        Reason.NOTHING_TO_DIVIDE_BY: 43,
        Reason.REPORTED_TOGETHER: 36,
        Reason.NOT_AVAILABLE: 19,
        Reason.NOBODY_IN_POST: 6,
        Reason.SUPPRESSED: 4,
    }


def test_where_rounding_is_the_reason_exact_counts_can_give_the_published_rate(rates: list[Recomputed]) -> None:
    for found in rates:
        if EXCEPTIONS.get(found.which) is Reason.ROUNDED_COUNTS:
            assert found.published is not None
            assert found.least is not None
            assert found.most is not None
            assert found.least - HALF_A_TENTH <= found.published <= found.most + HALF_A_TENTH, found


def test_the_other_reasons_are_what_stands_in_the_rows(rates: list[Recomputed]) -> None:
    for found in rates:
        reason = EXCEPTIONS.get(found.which)
        if reason is Reason.NOTHING_TO_DIVIDE_BY:
            assert found.published == 0, found
            assert (found.value, found.marked) == (None, False), found
        elif reason is not None and reason is not Reason.ROUNDED_COUNTS:
            assert (found.published, found.marked) == (None, True), found


def test_marks_of_each_listed_reason_are_those_of_the_file(published_release: Path) -> None:
    rows = {(int(row["time_period"]), row["old_la_code"]): row for row in authority_rows(published_release)}
    marks: dict[Reason, set[str]] = {}
    for which, reason in EXCEPTIONS.items():
        cells = set(rows[which.year, which.code].values()) & {"c", "u", "x", "z", "low", ":"}
        marks.setdefault(reason, set()).update(cells)
    assert marks[Reason.REPORTED_TOGETHER] == marks[Reason.NOBODY_IN_POST] == {"z"}
    assert marks[Reason.NOT_AVAILABLE] == {"x"}
    assert marks[Reason.SUPPRESSED] == {"c"}
    scilly = [row for (year, code), row in rows.items() if code == "420" and year >= 2021]
    assert [row["social_worker_fte"] for row in scilly] == ["0", "0"]
