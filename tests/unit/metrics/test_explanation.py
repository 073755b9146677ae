"""What a figure is made of, worked out by hand: its parts in their order, and who stands behind each on which day."""

from datetime import date
from typing import Any

import pytest

from contracts.codes import CoverReason, Role
from contracts.envelope import Event
from contracts.events.posts import PostClosed
from services.metrics.figures.explanation import Explained, MadeOf, explain, occupancies_at
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import count
from services.metrics.measures.declaration import When
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, cover_started, established, event, left, moved, started

APRIL, JUNE, OCTOBER, NOVEMBER = date(2023, 4, 1), date(2023, 6, 1), date(2023, 10, 1), date(2023, 11, 1)
CLOSED = date(2024, 2, 29)


def _history() -> list[Event]:
    facts: list[tuple[str, date, Any]] = [
        ("post/P-1", APRIL, established(APRIL, "2")),
        ("post/P-2", APRIL, established(APRIL, "1", Role.TEAM_MANAGER)),
        ("post/P-3", JUNE, established(JUNE, "1")),
        ("post/P-2", APRIL, PostClosed(closed_on=CLOSED)),
        ("worker/W-2", APRIL, started(APRIL, "P-1", "0.5")),
        ("worker/W-1", JUNE, started(JUNE, "P-1")),
        ("worker/W-3", APRIL, started(APRIL, "P-2")),
        ("worker/W-3", OCTOBER, left(OCTOBER)),
        ("worker/W-2", OCTOBER, moved(OCTOBER, "P-1", "P-3", "0.25")),
        ("cover/C-1", APRIL, cover_started(APRIL, "P-1")),
        ("cover/C-2", JUNE, cover_started(JUNE, "P-1", "0.5", CoverReason.ABSENCE)),
        ("cover/C-4", NOVEMBER, cover_started(NOVEMBER, "P-3")),
        ("cover/C-3", JUNE, cover_started(JUNE, None, "1", CoverReason.ADDITIONAL, Role.SENIOR_PRACTITIONER)),
    ]
    return [event(data, subject, at(day), f"E-{index}") for index, (subject, day, data) in enumerate(facts)]


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return Snapshot(_history())


def parts(snapshot: Snapshot, measure: str, as_at: date, first: date = APRIL, **where: object) -> list[Explained]:
    reading = Reading("331", at(date(2024, 6, 1)), lambda: snapshot)
    return explain(count(measure), reading, When(first, as_at, as_at), FigureQuery(where=where))


def test_the_largest_part_comes_first_and_those_alike_by_subject(snapshot: Snapshot) -> None:
    listed = parts(snapshot, "establishment", JUNE)
    assert [(part.subjects, part.amount) for part in listed] == [
        (("post/P-1",), 2_000_000),
        (("post/P-2",), 1_000_000),
        (("post/P-3",), 1_000_000),
    ]


def test_a_part_says_from_when_to_when_it_holds(snapshot: Snapshot) -> None:
    (managers,) = parts(snapshot, "establishment", JUNE, role="team-manager")
    assert (managers.since, managers.until) == (APRIL, OCTOBER)
    (after,) = parts(snapshot, "establishment", OCTOBER, role="team-manager")
    assert (after.since, after.until) == (OCTOBER, CLOSED)
    assert parts(snapshot, "establishment", CLOSED, role="team-manager") == []
    assert parts(snapshot, "vacancies", JUNE, role="senior-practitioner") == []
    agency = parts(snapshot, "agency", JUNE)
    assert [(part.subjects[0], part.amount, part.until) for part in agency] == [
        ("post/P-1", 1_500_000, OCTOBER),
        ("cover/C-3", 1_000_000, None),
    ]


@pytest.mark.parametrize(
    ("staffing_unit", "as_at", "made_of"),
    [
        ("post/P-1", date(2023, 3, 31), []),
        (
            "post/P-1",
            APRIL,
            [("post/P-1", "establishment", 2), ("worker/W-2", "in-post", 0.5), ("cover/C-1", "agency-cover", 1)],
        ),
        (
            "post/P-1",
            JUNE,
            [
                ("post/P-1", "establishment", 2),
                ("worker/W-1", "in-post", 1),
                ("worker/W-2", "in-post", 0.5),
                ("cover/C-1", "agency-cover", 1),
                ("cover/C-2", "agency", 0.5),
            ],
        ),
        ("post/P-3", OCTOBER, [("post/P-3", "establishment", 1), ("worker/W-2", "in-post", 0.25)]),
        ("post/P-3", date(2023, 9, 30), [("post/P-3", "establishment", 1)]),
        ("post/P-2", date(2023, 9, 30), [("post/P-2", "establishment", 1), ("worker/W-3", "in-post", 1)]),
        ("post/P-2", OCTOBER, [("post/P-2", "establishment", 1)]),
        ("cover/C-3", JUNE, [("cover/C-3", "agency", 1)]),
        ("cover/C-3", date(2023, 5, 31), []),
        ("post/P-9", JUNE, []),
    ],
)
def test_who_stands_behind_a_unit_on_a_day_the_funding_first_and_workers_before_agency_workers(
    snapshot: Snapshot, staffing_unit: str, as_at: date, made_of: list[tuple[str, str, float]]
) -> None:
    on_the_post = occupancies_at(snapshot, staffing_unit, as_at)
    assert on_the_post == tuple(MadeOf(subject, counts_as, int(fte * 1_000_000)) for subject, counts_as, fte in made_of)


def test_a_closed_post_is_funded_for_nothing(snapshot: Snapshot) -> None:
    assert occupancies_at(snapshot, "post/P-2", date(2024, 2, 28)) == (MadeOf("post/P-2", "establishment", 1_000_000),)
    assert occupancies_at(snapshot, "post/P-2", CLOSED) == (MadeOf("post/P-2", "establishment", 0),)


def test_a_stock_shows_who_stands_there_at_the_date_and_a_flow_on_its_own_day(snapshot: Snapshot) -> None:
    (vacancy,) = parts(snapshot, "vacancies", JUNE, role="social-worker", csww_role=5)[:1]
    assert (vacancy.subjects, vacancy.amount) == (("post/P-3",), 1_000_000)
    (filled,) = parts(snapshot, "vacancies-filled", date(2023, 12, 31), OCTOBER)
    assert (filled.subjects, filled.since) == (("post/P-3",), OCTOBER)
    # As on the day on which it was filled: the agency worker came a month later.
    assert filled.made_of == (
        MadeOf("post/P-3", "establishment", 1_000_000),
        MadeOf("worker/W-2", "in-post", 250_000),
    )
    # Of who came and went there is nothing more behind it.
    assert [part.made_of for part in parts(snapshot, "leavers", date(2023, 12, 31))] == [()]
