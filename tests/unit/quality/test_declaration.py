"""How findings are put together: which of many events are named, in which order, and a stretch of days in words."""

from datetime import date, timedelta

import pytest

from services.metrics.quality.declaration import Affected, in_order, in_words, nearest, on_a_day, runs
from services.metrics.timelines.rows import FOREVER
from tests.unit.quality.findings import NOVEMBER, OCTOBER, SEPTEMBER, history
from tests.unit.quality.remedy import sick

MANY = history(*[("worker/W-1", sick(SEPTEMBER))] * 120)
"""E-1 to E-120."""


@pytest.mark.parametrize(
    ("index", "first", "last"),
    [(0, 1, 50), (25, 1, 50), (26, 2, 51), (60, 36, 85), (95, 71, 120), (96, 71, 120), (120, 71, 120)],
)
def test_of_very_many_events_the_fifty_around_an_index_are_named(index: int, first: int, last: int) -> None:
    named = nearest(MANY, index)
    assert len(named) == 50
    assert (named[0].envelope.id, named[-1].envelope.id) == (f"E-{first}", f"E-{last}")


def test_of_fifty_all_are_named() -> None:
    assert list(nearest(MANY[:50], 40)) == MANY[:50]
    assert list(nearest([], 0)) == []


def test_events_stand_in_the_order_of_recording_each_once() -> None:
    one, other, last = MANY[0], MANY[1], MANY[9]
    assert in_order([last, one, other, one]) == (one, other, last)
    finding = on_a_day("unknown-post", ["worker/W-1"], OCTOBER, "It is so.", [other, one])
    assert (finding.events, finding.since, finding.until) == ((one, other), OCTOBER, date(2023, 10, 2))


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (FOREVER, "from 2023-10-01 on"),
        (date(2023, 10, 2), "on 2023-10-01"),
        (date(2023, 10, 3), "from 2023-10-01 to 2023-10-02"),
    ],
)
def test_a_stretch_of_days_is_told_by_its_first_and_its_last(until: date, words: str) -> None:
    assert in_words(OCTOBER, until) == words


def test_stretches_that_go_on_from_each_other_are_one_and_a_day_between_parts_them() -> None:
    first = Affected(SEPTEMBER, OCTOBER, 1)
    on, later = Affected(OCTOBER, NOVEMBER, 2), Affected(OCTOBER + timedelta(days=1), NOVEMBER, 2)
    assert runs([first, on]) == [[first, on]]
    assert runs([first, later]) == [[first], [later]]
