"""A small authority, written down by hand: four posts, five workers, four agency assignments, one leaver corrected.

Invariant: every figure that the tests expect of it can be worked out on paper from what stands here.
"""

from datetime import UTC, datetime
from typing import Any

from cloudevents.core.v1.event import CloudEvent

from tests.integration.feed import cloud_event

AUTHORITY = "351"


def _post(id: str, role: str, fte: float, team: str, area: str, **facts: Any) -> CloudEvent:
    data = {"effective_from": "2023-04-01", "role": role, "funded_fte": fte, "team": team, "service_area": area}
    return cloud_event("post.established", f"post/{id}", f"established-{id}", data | facts, authority=AUTHORITY)


def _worker(id: str, post: str, fte: float) -> CloudEvent:
    data = {"started_on": "2023-09-01", "post": post, "fte": fte, "origin": "newly-qualified", "route": "academy"}
    return cloud_event("worker.started", f"worker/{id}", f"started-{id}", data, authority=AUTHORITY)


def _cover(id: str, fte: float, reason: str, **facts: Any) -> CloudEvent:
    data = {"started_on": "2023-09-01", "agency_worker": f"A-{id}", "fte": fte, "reason": reason}
    return cloud_event("cover.started", f"cover/{id}", f"covered-{id}", data | facts, authority=AUTHORITY)


def _leaver(id: str, left_on: str, recorded: datetime, **attributes: Any) -> CloudEvent:
    data = {"left_on": left_on, "reason": "resignation", "destination": "not-known"}
    return cloud_event("worker.left", "worker/W-5", id, data, time=recorded, authority=AUTHORITY, **attributes)


TO_RECRUITMENT = (
    _post("P-1", "social-worker", 3, "assessment", "help-and-protection", grade="grade-9", csww_role=5),
    _post("P-2", "team-manager", 1, "assessment", "help-and-protection", grade="grade-12", csww_role=3),
    _post("P-3", "social-worker", 0.5, "looked-after", "corporate-parenting", grade="grade-9"),
    _post("P-4", "residential-childrens-worker", 2, "willow-house", "residential"),
    _worker("W-1", "P-1", 1),
    _worker("W-2", "P-1", 0.75),
    _worker("W-3", "P-3", 1),
    _worker("W-4", "P-4", 1),
    _worker("W-5", "P-2", 1),
    _cover("C-1", 1, "vacancy", post="P-1"),
    _cover("C-2", 0.5, "absence", post="P-2"),
    _cover("C-3", 0.6, "additional", role="social-worker", team="assessment", service_area="help-and-protection"),
    _cover("C-4", 0.4, "vacancy", post="P-4"),
)
"""All recorded on 2 October 2023."""

TO_RETENTION = (
    _leaver("left-1", "2023-10-15", datetime(2023, 11, 20, 10, tzinfo=UTC)),
    _leaver("left-2", "2023-11-15", datetime(2023, 12, 1, 10, tzinfo=UTC), supersedes="left-1"),
)
"""The team manager's leaving, entered weeks late, and corrected: a month later than first said."""

SUBJECTS = {event.get_subject() or "" for event in (*TO_RECRUITMENT, *TO_RETENTION)}
BEFORE_THE_LEAVER = "2023-11-10T12:00:00Z"
BEFORE_THE_CORRECTION = "2023-11-30T12:00:00Z"
AFTER_THE_CORRECTION = "2023-12-02T12:00:00Z"
