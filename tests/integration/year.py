"""A year of a small authority, written down by hand: starters, a leaver corrected, a move, an absence, cases, a panel.

Invariant: every figure that the tests expect of it can be worked out on paper from what stands here.

FTE in post, from which day on (as known after the correction):
    P-1, social workers, funded for 2:  1 from 1 April, 1.5 from 15 May 2023, 1 from 15 January 2024
    P-2, a team manager, funded for 1:  1 from 1 April, 0 from 15 November 2023, 1 from 1 February 2024
    P-3, a social worker, funded for 1: 0, 0.5 from 15 January 2024
    P-4, outside the census, for 1:     0, 1 from 1 July 2023
"""

from datetime import UTC, datetime
from typing import Any

from cloudevents.core.v1.event import CloudEvent

from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event
from tests.parts import RealSystem

BEFORE_THE_LEAVER = "2023-11-10T12:00:00Z"
BEFORE_THE_CORRECTION = "2023-11-30T12:00:00Z"
AFTER_THE_CORRECTION = "2023-12-02T12:00:00Z"
AFTER_THE_MERGE = "2023-12-06T12:00:00Z"
AFTER_ALL = "2024-04-02T12:00:00Z"


def _on(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 10, tzinfo=UTC)


def to_recruitment(authority: str) -> list[CloudEvent]:
    """Posts, starters, a move, an agency assignment, and that W-2b is another number of W-2."""

    def post(id: str, role: str, fte: float, team: str, area: str, **facts: Any) -> CloudEvent:
        data = {"effective_from": "2023-04-01", "role": role, "funded_fte": fte, "team": team, "service_area": area}
        return cloud_event("post.established", f"post/{id}", f"established-{id}", data | facts, authority=authority)

    def started(worker: str, on: str, post: str, fte: float, origin: str, **attributes: Any) -> CloudEvent:
        data = {"started_on": on, "post": post, "fte": fte, "origin": origin, "route": "direct"}
        subject, id = f"worker/{worker}", f"started-{worker}"
        return cloud_event("worker.started", subject, id, data, authority=authority, **attributes)

    def hired(kind: str, subject: str, id: str, data: dict[str, Any], **attributes: Any) -> CloudEvent:
        return cloud_event(kind, subject, id, data, authority=authority, **attributes)

    cover = {"started_on": "2023-06-01", "agency_worker": "A-1", "fte": 1, "reason": "vacancy", "post": "P-1"}
    cover |= {"hourly_rate": 40, "agency": "county-agency"}
    moved = {"moved_on": "2024-01-15", "from_post": "P-1", "to_post": "P-3", "fte": 0.5, "kind": "promotion"}
    return [
        post("P-1", "social-worker", 2, "assessment", "help-and-protection", grade="grade-9", csww_role=5),
        post("P-2", "team-manager", 1, "assessment", "help-and-protection", grade="grade-12", csww_role=3),
        post("P-3", "social-worker", 1, "looked-after", "corporate-parenting", grade="grade-9", csww_role=5),
        post("P-4", "residential-childrens-worker", 1, "willow-house", "residential"),
        started("W-1", "2023-04-01", "P-1", 1, "newly-qualified"),
        started("W-2", "2023-05-15", "P-1", 0.5, "other-english-authority"),
        started("W-3", "2023-04-01", "P-2", 1, "other-english-authority"),
        started("W-4", "2023-07-01", "P-4", 1, "not-social-care"),
        hired("cover.started", "cover/C-1", "covered", cover),
        hired("cover.ended", "cover/C-1", "cover-ended", {"ended_on": "2023-09-01", "outcome": "completed"}),
        hired("worker.merged", "worker/W-2", "merged", {"duplicate": "W-2b"}, time=_on(2023, 12, 5)),
        hired("worker.moved", "worker/W-2", "moved", moved, time=_on(2024, 1, 15)),
        started("W-5", "2024-02-01", "P-2", 1, "other-english-authority", time=_on(2024, 2, 1)),
    ]


def to_retention(authority: str) -> list[CloudEvent]:
    """The team manager's leaving, entered weeks late and corrected; sickness, cases (one count voided), a panel."""

    def said(kind: str, worker: str, id: str, on: datetime, data: dict[str, Any], **attributes: Any) -> CloudEvent:
        return cloud_event(kind, f"worker/{worker}", id, data, time=on, authority=authority, **attributes)

    def left(id: str, left_on: str, on: datetime, **attributes: Any) -> CloudEvent:
        data = {"left_on": left_on, "reason": "resignation", "destination": "not-known"}
        return said("worker.left", "W-3", id, on, data, **attributes)

    def counted(worker: str, id: str, cases: int) -> CloudEvent:
        data = {"counted_on": "2023-10-31", "cases": cases}
        return said("caseload.counted", worker, id, _on(2023, 11, 1), data)

    # Nine Mondays to Fridays, of which two in October.
    sick = {"absent_from": "2023-10-30", "returned_on": "2023-11-10", "working_days_lost": 9, "reason": "SIC"}
    decided = {"panel": "PN-1", "decided_on": "2024-02-20", "kind": "advanced-social-worker", "decision": "successful"}
    decided |= {"effective_from": "2024-03-01"}
    because = {"because": "entered-in-error"}
    return [
        counted("W-1", "counted-W-1", 15),
        counted("W-2b", "counted-W-2b", 9),
        counted("W-4", "counted-by-mistake", 40),
        said("caseload.counted", "W-4", "not-counted", _on(2023, 11, 3), because, voids="counted-by-mistake"),
        said("absence.recorded", "W-1", "sick", _on(2023, 11, 13), sick),
        left("left-1", "2023-10-15", _on(2023, 11, 20)),
        left("left-2", "2023-11-15", _on(2023, 12, 1), supersedes="left-1"),
        said("panel.decided", "W-1", "decided", _on(2024, 2, 21), decided),
    ]


async def sent(system: RealSystem, authority: str) -> Feed:
    """Metrics, when this year of an authority has arrived."""
    hired, kept = to_recruitment(authority), to_retention(authority)
    assert Feed(system.recruitment.url).batch(*hired).status_code == 202
    assert Feed(system.retention.url).batch(*kept).status_code == 202
    subjects = {event.get_subject() or "" for event in (*hired, *kept)}
    await arrival(system.databases["metrics"], authority, subjects, len(hired) + len(kept))
    return Feed(system.metrics.url)
