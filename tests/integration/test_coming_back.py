"""Who comes back, goes on under a second number, or has no fixed hours: in post, in every figure, from door to answer.

Invariant: the figures were worked out on paper. P-1 and P-2 are funded for 1 FTE each, from 2018 on.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.v1.event import CloudEvent

from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event
from tests.parts import RealSystem

STARTED = {"post": "P-1", "fte": 1, "origin": "other", "route": "direct"}
LEFT = {"reason": "other", "destination": "other"}
FUNDED = {
    "effective_from": "2018-01-01",
    "role": "social-worker",
    "funded_fte": 1,
    "team": "duty",
    "service_area": "help-and-protection",
    "csww_role": 5,
}


class Recorded:
    """Events of one authority, each recorded an hour after the one before, from 9:00 on 3 June 2024 on."""

    def __init__(self, authority: str) -> None:
        self.authority = authority
        self.events: list[CloudEvent] = [
            self._event(index, "post.established", f"post/P-{index + 1}", FUNDED) for index in (0, 1)
        ]

    def add(self, kind: str, number: str, data: dict[str, Any], **attributes: Any) -> "Recorded":
        """One more event of a worker."""
        self.events.append(self._event(len(self.events), kind, f"worker/{number}", data, **attributes))
        return self

    def _event(self, index: int, kind: str, subject: str, data: dict[str, Any], **attributes: Any) -> CloudEvent:
        time = datetime(2024, 6, 3, 9 + index, tzinfo=UTC)
        return cloud_event(kind, subject, f"E-{index + 1}", data, time=time, authority=self.authority, **attributes)


async def metrics_of(system: RealSystem, recorded: Recorded) -> Feed:
    """Metrics, when all this has arrived through the services that own it."""
    for feed, owned in ((Feed(system.retention.url), True), (Feed(system.recruitment.url), False)):
        of_it = [event for event in recorded.events if (".left." in event.get_type()) is owned]
        assert not of_it or feed.batch(*of_it).status_code == 202
    subjects = {str(event.get_subject()) for event in recorded.events}
    await arrival(system.databases["metrics"], recorded.authority, subjects, len(recorded.events))
    return Feed(system.metrics.url)


def figure(metrics: Feed, authority: str, measure: str, of: str, known: str = "2024-12-31T00:00:00Z") -> float:
    """The total of a measure."""
    answer = metrics.get(f"/v1/measures/{measure}?authority={authority}&{of}&as_known_at={known}")
    total: float = answer.json()["total"]
    return total


def checks(metrics: Feed, authority: str, as_at: str) -> set[str]:
    """The checks that find something which moves a figure, or may."""
    path = f"/v1/quality?authority={authority}&as_at={as_at}&as_known_at=2024-12-31T00:00:00Z"
    findings = metrics.get(path).json()["findings"]
    return {one["check"] for one in findings if one["severity"] != "for-information"}


@pytest.mark.parametrize(("authority", "back_under"), [("848", "W-1"), ("849", "W-2")])
async def test_who_is_back_from_a_career_break_on_the_day_the_old_contract_ends_is_in_post_and_a_starter(
    system: RealSystem, authority: str, back_under: str
) -> None:
    recorded = (
        Recorded(authority)
        .add("worker.started", "W-1", {**STARTED, "started_on": "2020-01-06"})
        .add("worker.fte-changed", "W-1", {"effective_from": "2023-09-01", "post": "P-1", "fte": 0})
        .add("worker.left", "W-1", {**LEFT, "left_on": "2024-03-04"})
        .add("worker.started", back_under, {**STARTED, "post": "P-2", "started_on": "2024-03-04"})
    )
    if back_under != "W-1":
        recorded.add("worker.merged", "W-1", {"duplicate": back_under})
    metrics = await metrics_of(system, recorded)
    assert figure(metrics, authority, "in-post-headcount", "as_at=2024-04-30") == 1
    assert figure(metrics, authority, "in-post", "as_at=2024-04-30") == 1
    assert figure(metrics, authority, "starters", "from=2024-03-01&to=2024-03-31") == 1
    assert figure(metrics, authority, "leavers", "from=2023-09-01&to=2023-09-30") == 1
    assert checks(metrics, authority, "2024-04-30") == {"leaver-not-in-post"}


async def test_a_duplicate_that_is_closed_and_merged_ends_nobody(system: RealSystem) -> None:
    recorded = (
        Recorded("815")
        .add("worker.started", "W-1", {**STARTED, "started_on": "2020-01-06"})
        .add("worker.started", "W-2", {**STARTED, "started_on": "2023-01-09"})
        .add("worker.left", "W-2", {**LEFT, "left_on": "2023-06-01"})
        .add("worker.merged", "W-1", {"duplicate": "W-2"})  # at 14:00
    )
    metrics = await metrics_of(system, recorded)
    june = "from=2023-06-01&to=2023-06-30"
    before, after = "2024-06-03T13:59:59Z", "2024-06-03T14:00:00Z"
    for known, leavers, headcount in ((before, 1, 2), (after, 0, 1)):
        assert figure(metrics, "815", "leavers", june, known) == leavers
        assert figure(metrics, "815", "in-post-headcount", "as_at=2023-05-31", known) == headcount
        assert figure(metrics, "815", "in-post-headcount", "as_at=2024-01-31", known) == 1
        assert figure(metrics, "815", "in-post", "as_at=2024-01-31", known) == 1
    assert checks(metrics, "815", "2024-01-31") == {"start-in-post-held", "leaver-of-merged-numbers"}


async def test_the_remedy_for_a_closed_duplicate_clears_the_findings_and_keeps_the_person(system: RealSystem) -> None:
    never = {"because": "duplicate"}
    recorded = (
        Recorded("816")
        .add("worker.started", "W-1", {**STARTED, "started_on": "2020-01-06"})
        .add("worker.started", "W-2", {**STARTED, "started_on": "2023-01-09"})
        .add("worker.left", "W-2", {**LEFT, "left_on": "2023-06-01"})
        .add("worker.merged", "W-1", {"duplicate": "W-2"})
        .add("worker.started", "W-2", never, voids="E-4")
        .add("worker.left", "W-2", never, voids="E-5")
    )
    metrics = await metrics_of(system, recorded)
    assert figure(metrics, "816", "in-post-headcount", "as_at=2024-01-31") == 1
    assert figure(metrics, "816", "leavers", "from=2020-01-01&to=2024-01-31") == 0
    assert checks(metrics, "816", "2024-01-31") <= {"merge-without-events"}


async def test_who_has_no_fixed_hours_is_in_post_at_no_fte_until_hours_are_worked(system: RealSystem) -> None:
    recorded = (
        Recorded("850")
        .add("worker.started", "W-1", {**STARTED, "fte": 0, "started_on": "2023-09-04"})
        .add("worker.fte-changed", "W-1", {"effective_from": "2023-11-01", "post": "P-1", "fte": 0.4})
        .add("worker.fte-changed", "W-1", {"effective_from": "2024-01-01", "post": "P-1", "fte": 0})
        .add("worker.left", "W-1", {**LEFT, "left_on": "2024-04-01"})
    )
    metrics = await metrics_of(system, recorded)
    figures = {
        as_at: [
            figure(metrics, "850", measure, f"as_at={as_at}")
            for measure in ("in-post-headcount", "in-post", "vacancies")
        ]
        for as_at in ("2023-09-03", "2023-09-04", "2023-10-31", "2023-11-01", "2024-01-01", "2024-03-31", "2024-04-01")
    }
    assert figures == {
        "2023-09-03": [0, 0, 2],
        "2023-09-04": [1, 0, 2],
        "2023-10-31": [1, 0, 2],
        "2023-11-01": [1, 0.4, 1.6],
        "2024-01-01": [1, 0, 2],
        "2024-03-31": [1, 0, 2],
        "2024-04-01": [0, 0, 2],
    }
    year = "from=2023-09-01&to=2024-08-31"
    assert [figure(metrics, "850", measure, year) for measure in ("starters", "leavers", "leavers-fte")] == [1, 1, 0]
    assert checks(metrics, "850", "2024-04-30") == set()


async def test_who_is_back_at_an_fte_after_giving_the_post_up_is_a_leaver_and_a_starter(system: RealSystem) -> None:
    recorded = (
        Recorded("851")
        .add("worker.started", "W-1", {**STARTED, "started_on": "2020-01-06"})
        .add("worker.fte-changed", "W-1", {"effective_from": "2023-09-01", "post": "P-1", "fte": 0})
        .add("worker.fte-changed", "W-1", {"effective_from": "2024-03-04", "post": "P-1", "fte": 0.6})
    )
    metrics = await metrics_of(system, recorded)
    assert figure(metrics, "851", "in-post-headcount", "as_at=2024-03-03") == 0
    assert figure(metrics, "851", "in-post", "as_at=2024-03-04") == 0.6
    assert figure(metrics, "851", "leavers", "from=2023-09-01&to=2023-09-30") == 1
    assert figure(metrics, "851", "starters", "from=2024-03-01&to=2024-03-31") == 1
    assert checks(metrics, "851", "2024-04-30") == set()
