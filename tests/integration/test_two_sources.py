"""Two systems that number their own events feed one authority: what either says is its own, and counts.

Invariant: the events of the HR system and of the agency portal have the same ids throughout, and the figures were
worked out on paper. P-1 and P-2 are funded for 1 FTE each and empty.
"""

from typing import Any

import pytest
from cloudevents.core.v1.event import CloudEvent

from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event, fault, post_established, worker_left, worker_started
from tests.parts import RealSystem

HR, PORTAL = "/iTrent", "/agency-portal"
AS_AT = "2023-10-31"
MISTAKE = {"because": "entered-in-error"}


def cover_started(id: str, cover: str, fte: float, **attributes: Any) -> CloudEvent:
    """An agency worker covers the vacancy on P-1 from 1 October 2023 on."""
    data = {"started_on": "2023-10-01", "agency_worker": f"A-{cover}", "fte": fte, "reason": "vacancy", "post": "P-1"}
    return cloud_event("cover.started", f"cover/{cover}", id, data, **attributes)


def void(kind: str, subject: str, id: str, voids: str, **attributes: Any) -> CloudEvent:
    """The event that another one never happened."""
    return cloud_event(kind, subject, id, MISTAKE, voids=voids, **attributes)


def total(metrics: Feed, measure: str, authority: str) -> float:
    """The total of a stock measure at the end of October, FTE."""
    answer: float = metrics.get(f"/v1/measures/{measure}?authority={authority}&as_at={AS_AT}").json()["total"]
    return answer


@pytest.fixture
def metrics(system: RealSystem) -> Feed:
    """Where figures are asked for."""
    return Feed(system.metrics.url)


async def test_two_systems_that_number_their_own_events_do_not_collide(
    system: RealSystem, recruitment: Feed, retention: Feed, metrics: Feed
) -> None:
    of: dict[str, Any] = {"authority": "829"}
    post = post_established("1001", "P-1", source=HR, **of)
    cover = cover_started("1001", "C-1", 0.5, source=PORTAL, **of)
    told = [recruitment.structured(event).json() for event in (post, cover)]
    assert [(one["source"], one["id"], one["status"]) for one in told] == [
        (HR, "1001", "accepted"),
        (PORTAL, "1001", "accepted"),
    ]
    again = recruitment.batch(post, cover).json()["results"]
    assert [(one["source"], one["status"]) for one in again] == [(HR, "already-known"), (PORTAL, "already-known")]
    # A third system, another service: and a source may number what it sends to each service by itself.
    start = worker_started("1001", "W-1", "P-1", source="/payroll", **of)
    assert recruitment.binary(start).status_code == 202
    assert retention.binary(worker_left("1001", "W-1", "2023-10-16", source="/payroll", **of)).status_code == 202
    await arrival(system.databases["metrics"], "829", {"post/P-1", "cover/C-1", "worker/W-1"}, 4)
    assert total(metrics, "establishment", "829") == 1
    assert total(metrics, "vacancies", "829") == 1
    assert total(metrics, "agency-cover", "829") == 0.5
    events = metrics.get("/v1/subjects/worker/W-1?authority=829").json()["events"]
    assert [(one["source"], one["id"], one["in_force"]) for one in events] == [("/payroll", "1001", True)] * 2


def test_of_one_source_an_id_still_stands_for_one_event(recruitment: Feed, new: str) -> None:
    assert recruitment.structured(post_established(new, f"{new}-1", source=HR)).status_code == 202
    refused = fault(recruitment.structured(post_established(new, f"{new}-2", source=HR)), 409)
    assert (refused["field"], refused["value"]) == ("id", new)
    assert refused["problem"].startswith(f"was used by {HR} at ")


async def test_chains_of_corrections_with_equal_ids_are_told_apart(
    system: RealSystem, recruitment: Feed, metrics: Feed
) -> None:
    of: dict[str, Any] = {"authority": "830"}
    by_hr, by_portal = {"source": HR, **of}, {"source": PORTAL, **of}
    events = [
        post_established("1", "P-1", **by_hr),
        cover_started("2", "C-1", 0.2, **by_hr),
        cover_started("3", "C-1", 0.3, supersedes="2", **by_hr),
        cover_started("2", "C-2", 0.6, **by_portal),
        cover_started("3", "C-2", 0.4, supersedes="2", **by_portal),
        cover_started("4", "C-3", 0.9, **by_portal),
        void("cover.started", "cover/C-3", "5", "4", **by_portal),
    ]
    assert recruitment.batch(*reversed(events)).status_code == 202
    await arrival(system.databases["metrics"], "830", {"post/P-1", "cover/C-1", "cover/C-2", "cover/C-3"}, 7)
    assert total(metrics, "agency-cover", "830") == 0.7
    checks = {one["check"] for one in metrics.get("/v1/quality?authority=830").json()["findings"]}
    assert checks.isdisjoint({"reference-to-no-event", "corrected-twice"})


async def test_a_withdrawal_means_an_event_of_the_source_that_it_names(
    system: RealSystem, recruitment: Feed, metrics: Feed
) -> None:
    of: dict[str, Any] = {"authority": "831"}
    careless = void("post.established", "post/P-1", "2", "1", source=PORTAL, **of)
    assert recruitment.structured(post_established("1", "P-1", source=HR, **of)).status_code == 202
    assert recruitment.structured(post_established("4", "P-2", source=HR, **of)).status_code == 202
    # The portal has no event 1: this says nothing of the post, at the door, in the figure, in data quality.
    assert recruitment.structured(careless).json()["notes"] == [
        f"event {PORTAL}#1 has not come yet: until it does, this one changes nothing of it"
    ]
    start = worker_started("5", "W-1", "P-1", source=HR, **of)
    assert "notes" not in recruitment.structured(start).json()
    await arrival(system.databases["metrics"], "831", {"post/P-1", "post/P-2", "worker/W-1"}, 4)
    assert total(metrics, "establishment", "831") == 2
    (finding,) = metrics.get("/v1/quality?authority=831&check=reference-to-no-event").json()["findings"]
    assert finding["message"] == (
        f"{PORTAL}#2 voids {PORTAL}#1, and no such event of post/P-1 is known; "
        f"{HR}#1 is uk.workforce.post.established.v1 of post/P-1."
    )
    assert finding["events"][0]["source"] == PORTAL

    right = void("post.established", "post/P-1", "3", "1", source=PORTAL, voidssource=HR, **of)
    assert "notes" not in recruitment.binary(right).json()
    assert recruitment.structured(right).json()["status"] == "already-known"
    later = worker_started("6", "W-2", "P-1", source=HR, **of)
    assert recruitment.structured(later).json()["notes"][0].startswith("post P-1 is not established")
    await arrival(system.databases["metrics"], "831", {"post/P-1", "post/P-2", "worker/W-1", "worker/W-2"}, 6)
    assert total(metrics, "establishment", "831") == 1
    events = metrics.get("/v1/subjects/post/P-1?authority=831").json()["events"]
    assert [(one["voids"], one.get("voidssource")) for one in events if "voids" in one] == [("1", None), ("1", HR)]


def test_what_is_corrected_in_another_source_is_of_the_same_type_and_subject(recruitment: Feed, new: str) -> None:
    assert recruitment.structured(post_established("1", new, source=f"/{new}")).status_code == 202
    other = post_established(f"x{new}", f"{new}-2", source=HR, supersedes="1", supersedessource=f"/{new}")
    refused = fault(recruitment.structured(other), 409)
    assert (refused["field"], refused["value"]) == ("supersedes", "1")
