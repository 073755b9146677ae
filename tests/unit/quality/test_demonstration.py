"""What the checks find in the demonstration's history: nothing that cannot be so, and what its README tells of."""

import json
from collections import Counter
from datetime import date

import pytest

from contracts.envelope import Event, parse_event
from contracts.events.working_life import AbsenceRecorded
from deploy.demonstration import history
from services.metrics.measures.declaration import When
from services.metrics.quality.catalogue import CHECKS, findings
from services.metrics.quality.declaration import Affected
from services.metrics.quality.effect import STOCKS, difference_without
from services.metrics.quality.records import Lateness, lateness
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from tests.unit.quality.findings import grave

AS_AT = date(2024, 4, 1)
"""The last day on which anything takes effect."""


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """The demonstration authority's events, with the usual seed."""
    return [
        parse_event({name: value for name, value in one.items() if name != "data"}, json.dumps(one["data"]).encode())
        for one in history()
    ]


@pytest.fixture(scope="module")
def snapshot(events: list[Event]) -> Snapshot:
    """As known when all is recorded."""
    return Snapshot(events)


def test_nothing_contradicts_and_the_rest_is_what_was_meant(snapshot: Snapshot) -> None:
    assert Counter(finding.check for finding in findings(snapshot, AS_AT)) == {
        "occupants-above-funded-fte": 2,
        "demand-series-grown-old": 2,
        "late-entry": 648,
    }


def test_the_two_posts_above_establishment_are_those_of_the_readme(snapshot: Snapshot) -> None:
    # The first ended, by a move to another post, in February 2023, the second in January 2024.
    first, second = findings(snapshot, AS_AT, [CHECKS["occupants-above-funded-fte"]])
    assert first.message == "post/P-0131 has 1 FTE in post above its funded FTE from 2022-06-06 to 2023-02-05."
    assert second.affected == (Affected(date(2023, 8, 7), date(2024, 1, 8), ONE),)
    assert "demo-003897" in [event.envelope.id for event in first.events]
    assert "demo-005311" in [event.envelope.id for event in second.events]
    assert (second.subjects[0], len(second.subjects)) == ("post/P-0088", 3)


def test_of_the_five_late_leavers_the_two_beyond_a_month_are_late_entries(snapshot: Snapshot) -> None:
    # The README has them 35, 24, 30, 32 and 29 days late.
    late = findings(snapshot, AS_AT, [CHECKS["late-entry"]])
    leavers = [
        event.envelope.id for finding in late for event in finding.events if event.envelope.type.endswith("left.v1")
    ]
    assert leavers == ["demo-001188", "demo-004521"]
    of_leavers = [item for item in lateness(snapshot) if item.event_type == "uk.workforce.worker.left.v1"]
    assert of_leavers == [Lateness("uk.workforce.worker.left.v1", 355, 2, 33.5)]


def test_what_is_there_when_the_history_begins_is_entered_late_and_little_besides(snapshot: Snapshot) -> None:
    late = findings(snapshot, AS_AT, [CHECKS["late-entry"]])
    since_then = [event for finding in late if finding.since >= date(2018, 7, 1) for event in finding.events]
    # Two leavers, and four workers who are still away when the history ends.
    absences = [event.data for event in since_then if isinstance(event.data, AbsenceRecorded)]
    assert (len(since_then), [absence.returned_on for absence in absences]) == (6, [None] * 4)


def test_cover_that_runs_when_the_history_ends_is_overdue_later(snapshot: Snapshot) -> None:
    overdue = findings(snapshot, date(2024, 4, 30), [CHECKS["cover-past-expected-end"]])
    assert [finding.since for finding in overdue] == [date(2024, 4, 16), date(2024, 4, 20)]


def test_a_start_that_is_lost_leaves_a_leaver_without_one(events: list[Event]) -> None:
    leaver = next(event for event in events if event.envelope.id == "demo-001188")
    lost = [e for e in events if (e.envelope.subject, e.envelope.type) == (leaver.envelope.subject, _STARTED)]
    assert len(lost) == 1
    without = [event for event in events if event is not lost[0]]
    assert "leaver-without-start" in grave(without, AS_AT)
    (named,) = findings(Snapshot(without), AS_AT, [CHECKS["leaver-without-start"]])
    assert named.events == (leaver,)


def test_a_void_that_is_lost_has_a_cancelled_hire_fill_a_post_beyond_its_funding(events: list[Event]) -> None:
    # demo-005312 was to start on 2023-08-21 and was voided by demo-005345; the post was filled otherwise.
    without = [event for event in events if event.envelope.id != "demo-005345"]
    above = findings(Snapshot(without), AS_AT, [CHECKS["occupants-above-funded-fte"]])
    assert len(above) == 3
    assert any("demo-005312" in [event.envelope.id for event in finding.events] for finding in above)


@pytest.mark.parametrize("index", range(40, 6400, 1060))
def test_the_difference_without_an_event_is_that_of_two_whole_snapshots(snapshot: Snapshot, index: int) -> None:
    as_at = date(2023, 10, 31)
    without = snapshot.in_force[index]
    whole = _stocks(Snapshot(event for event in snapshot.in_force if event is not without), as_at)
    present = _stocks(snapshot, as_at)
    expected = {name: whole[name] - present[name] for name in present if whole[name] != present[name]}
    assert difference_without(snapshot, [without], as_at) == expected


def _stocks(snapshot: Snapshot, as_at: date) -> dict[str, int]:
    when = When(as_at, as_at, as_at)
    return {stock.name: sum(part.amount for part in stock.parts(snapshot, Scope.ALL, when)) for stock in STOCKS}


_STARTED = "uk.workforce.worker.started.v1"
