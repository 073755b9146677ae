"""One person under two numbers: counted twice before the authority knows of it, and once from then on.

Invariant: the figures were worked out on paper. P-1 and P-2 are funded for 1 FTE each. W-1 holds P-1 from 1 September
on; W-2, the same person's number in a second system, has them start in P-1 and then move to P-2 on 16 October.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.v1.event import CloudEvent

from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event, post_established, worker_left, worker_started
from tests.parts import RealSystem

MOVED = {"moved_on": "2023-10-16", "from_post": "P-1", "to_post": "P-2", "fte": 1}
MERGED_AT, VOIDED_AT = datetime(2023, 11, 6, 9, tzinfo=UTC), datetime(2023, 11, 20, 9, tzinfo=UTC)
BEFORE, MERGED, VOIDED = "2023-11-06T08:59:59Z", "2023-11-06T09:00:00Z", "2023-11-20T09:00:00Z"
SUBJECTS = {"worker/W-1", "worker/W-2", "post/P-1", "post/P-2"}


def about_both(authority: str) -> list[CloudEvent]:
    """Who is thought to be two, in two posts; recorded on 2 October."""
    of: dict[str, Any] = {"authority": authority}
    return [
        post_established("E-1", "P-1", **of),
        post_established("E-2", "P-2", **of),
        worker_started("S-1", "W-1", "P-1", **of),
        worker_started("S-2", "W-2", "P-1", **of),
        cloud_event("worker.moved", "worker/W-2", "M-2", MOVED, **of),
    ]


def merge(authority: str) -> list[CloudEvent]:
    """On 6 November it is noticed that they are one; on 20 November it is taken back."""
    because = {"because": "entered-in-error"}
    subject, of = "worker/W-1", {"authority": authority}
    return [
        cloud_event("worker.merged", subject, "J-1", {"duplicate": "W-2"}, time=MERGED_AT, **of),
        cloud_event("worker.merged", subject, "J-1-void", because, time=VOIDED_AT, voids="J-1", **of),
    ]


def figure(metrics: Feed, measure: str, authority: str, as_at: str, as_known_at: str) -> float:
    """The total of a stock measure, FTE."""
    asked = f"authority={authority}&as_at={as_at}&as_known_at={as_known_at}"
    total: float = metrics.get(f"/v1/measures/{measure}?{asked}").json()["total"]
    return total


@pytest.mark.parametrize(("authority", "merge_first"), [("372", False), ("373", True)])
async def test_a_person_with_two_numbers_counts_twice_before_the_merge_is_known_and_once_from_then_on(
    system: RealSystem, recruitment: Feed, authority: str, merge_first: bool
) -> None:
    batches = [about_both(authority), merge(authority)]
    for batch in reversed(batches) if merge_first else batches:
        assert recruitment.batch(*batch).status_code == 202
    await arrival(system.databases["metrics"], authority, SUBJECTS, 7)
    metrics = Feed(system.metrics.url)
    by_date_and_instant = {
        ("2023-09-30", BEFORE): (2.0, 1.0, 1.0),  # both numbers in P-1
        ("2023-09-30", MERGED): (1.0, 1.0, 0.0),
        ("2023-09-30", VOIDED): (2.0, 1.0, 1.0),
        ("2023-10-31", BEFORE): (2.0, 0.0, 0.0),  # one number in each post
        ("2023-10-31", MERGED): (1.0, 1.0, 0.0),  # the person moved to P-2
        ("2023-10-31", VOIDED): (2.0, 0.0, 0.0),
    }
    figures = {
        (as_at, known): tuple(
            figure(metrics, measure, authority, as_at, known)
            for measure in ("in-post", "vacancies", "over-establishment")
        )
        for as_at, known in by_date_and_instant
    }
    assert figures == by_date_and_instant


async def test_a_leaver_who_started_under_another_number_has_no_note(
    system: RealSystem, recruitment: Feed, retention: Feed, new: str
) -> None:
    kept, duplicate = f"{new}-a", f"{new}-b"
    recruitment.structured(worker_started(f"{new}-1", kept))
    await arrival(system.databases["retention"], "331", {f"worker/{kept}"}, 1)
    assert "notes" in retention.structured(worker_left(f"{new}-2", duplicate)).json()
    recruitment.structured(cloud_event("worker.merged", f"worker/{kept}", f"{new}-3", {"duplicate": duplicate}))
    await arrival(system.databases["retention"], "331", {f"worker/{kept}"}, 2)
    assert "notes" not in retention.structured(worker_left(f"{new}-4", duplicate)).json()
