"""Which snapshots of an authority are kept when events arrive, and what an explanation keeps of them."""

import gc
import json
import weakref
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from contracts.envelope import Event, parse_event
from services.chassis import inbox
from services.metrics.figures.explanation import MadeOf, occupancies_at
from services.metrics.read_models.authorities import Authorities
from services.metrics.read_models.budget import Budget
from services.metrics.read_models.readers import Readers
from services.metrics.read_models.weights import weight_of_events
from services.metrics.snapshot.snapshot import Snapshot
from tests.let_go import kept_of

AUTHORITY = "331"


def event(kind: str, subject: str, time: str, accepted: str, **data: Any) -> Event:
    attributes = {
        "specversion": "1.0",
        "id": f"{subject.replace('/', '-')}-{time}",
        "source": "/hr",
        "type": f"uk.workforce.{kind}.v1",
        "subject": subject,
        "time": time,
        "authority": AUTHORITY,
        "acceptedtime": accepted,
    }
    return parse_event(attributes, json.dumps(data).encode())


def post(identifier: str, time: str, accepted: str) -> Event:
    facts = {"role": "social-worker", "funded_fte": 1, "team": "duty", "service_area": "care"}
    return event("post.established", f"post/{identifier}", time, accepted, effective_from="2023-04-01", **facts)


def instant(month: int, day: int) -> datetime:
    return datetime(2023, month, day, tzinfo=UTC)


class Arriving:
    """Stands in for the inbox: what arrived so far, in that order."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def read(self, pool: object, authority: str, after: int) -> tuple[list[Event], int]:
        return self.events[after:], len(self.events)


@pytest.fixture
def arriving(monkeypatch: pytest.MonkeyPatch) -> Arriving:
    arriving = Arriving()
    monkeypatch.setattr(inbox, "read_arrived", arriving.read)
    arriving.events += [
        post("P-1", "2023-05-01T00:00:00Z", "2023-05-01T01:00:00Z"),
        post("P-2", "2023-07-01T00:00:00Z", "2023-07-01T01:00:00Z"),
    ]
    return arriving


@pytest.fixture
def authorities() -> Authorities:
    """Without a database: what arrives is read from `arriving`."""
    return Authorities(cast(Readers, None), Budget(1_000_000))


async def posts(authorities: Authorities, known: datetime, accepted: datetime | None = None) -> list[str]:
    return sorted((await authorities.snapshot(AUTHORITY, known, accepted)).posts)


async def test_a_snapshot_is_kept_while_nothing_arrives_that_was_known_to_it(
    arriving: Arriving, authorities: Authorities
) -> None:
    june, now = instant(6, 1), instant(12, 1)
    before, latest = await authorities.snapshot(AUTHORITY, june), await authorities.snapshot(AUTHORITY, now)
    arriving.events.append(post("P-3", "2023-08-01T00:00:00Z", "2023-08-01T01:00:00Z"))
    assert await authorities.snapshot(AUTHORITY, june) is before
    assert await authorities.snapshot(AUTHORITY, now) is not latest
    assert await posts(authorities, now) == ["P-1", "P-2", "P-3"]


async def test_what_arrives_late_is_in_every_snapshot_to_which_it_was_known(
    arriving: Arriving, authorities: Authorities
) -> None:
    assert await posts(authorities, instant(6, 1)) == ["P-1"]
    assert await posts(authorities, instant(4, 1)) == []
    arriving.events.append(post("P-3", "2023-04-15T00:00:00Z", "2023-09-01T01:00:00Z"))
    assert await posts(authorities, instant(6, 1)) == ["P-1", "P-3"]
    assert await posts(authorities, instant(4, 20)) == ["P-3"]
    assert await posts(authorities, instant(4, 1)) == []


async def test_a_pinned_snapshot_is_kept_whatever_is_accepted_later(
    arriving: Arriving, authorities: Authorities
) -> None:
    known, accepted = instant(8, 1), instant(6, 1)
    pinned = await authorities.snapshot(AUTHORITY, known, accepted)
    arriving.events.append(post("P-3", "2023-04-15T00:00:00Z", "2023-09-01T01:00:00Z"))
    assert await authorities.snapshot(AUTHORITY, known, accepted) is pinned
    assert await posts(authorities, known, accepted) == ["P-1"]
    arriving.events.append(post("P-4", "2023-04-16T00:00:00Z", "2023-05-20T00:00:00Z"))
    assert await posts(authorities, known, accepted) == ["P-1", "P-4"]


async def test_the_next_snapshot_works_out_only_what_has_changed(arriving: Arriving, authorities: Authorities) -> None:
    before = await authorities.snapshot(AUTHORITY, instant(12, 1))
    assert list(before.posts) == ["P-1", "P-2"]
    arriving.events.append(post("P-3", "2023-08-01T00:00:00Z", "2023-08-01T01:00:00Z"))
    after = await authorities.snapshot(AUTHORITY, instant(12, 1))
    assert list(after.posts) == ["P-1", "P-2", "P-3"]
    assert after.posts["P-1"] is before.posts["P-1"]
    # What was asked of neither in between stands for the one after.
    changed = event("post.closed", "post/P-1", "2023-09-01T00:00:00Z", "2023-09-01T01:00:00Z", closed_on="2023-10-01")
    arriving.events.append(changed)
    await authorities.snapshot(AUTHORITY, instant(12, 1))
    arriving.events.append(post("P-4", "2023-10-01T00:00:00Z", "2023-10-01T01:00:00Z"))
    last = await authorities.snapshot(AUTHORITY, instant(12, 1))
    assert last.posts["P-2"] is before.posts["P-2"]
    assert last.posts["P-3"] is after.posts["P-3"]
    assert last.posts["P-1"] != before.posts["P-1"]
    # As known at another instant, too.
    assert (await authorities.snapshot(AUTHORITY, instant(6, 1))).posts["P-1"] is not last.posts["P-1"]
    assert (await authorities.snapshot(AUTHORITY, instant(7, 15))).posts["P-2"] is last.posts["P-2"]


async def test_a_snapshot_that_was_replaced_is_kept_no_longer_than_the_next_one_needs_it(
    arriving: Arriving, authorities: Authorities
) -> None:
    before = weakref.ref(await authorities.snapshot(AUTHORITY, instant(12, 1)))
    arriving.events.append(post("P-3", "2023-06-15T00:00:00Z", "2023-06-15T01:00:00Z"))
    await authorities.events(AUTHORITY)
    gc.collect()
    assert before() is not None
    await authorities.snapshot(AUTHORITY, instant(12, 1))
    assert await kept_of([before]) == 0


async def test_a_snapshot_that_was_replaced_weighs_on_the_budget(arriving: Arriving) -> None:
    events = weight_of_events(3)
    authorities = Authorities(cast(Readers, None), Budget(events + 600))
    before = weakref.ref(await authorities.snapshot(AUTHORITY, instant(12, 1)))
    arriving.events.append(post("P-3", "2023-06-15T00:00:00Z", "2023-06-15T01:00:00Z"))
    await authorities.events(AUTHORITY)
    assert await kept_of([before]) == 0
    assert await posts(authorities, instant(12, 1)) == ["P-1", "P-2", "P-3"]


def test_explanations_of_many_dates_keep_no_more_than_of_one() -> None:
    recorded = "2023-05-01T00:00:00Z"
    came = {"started_on": "2023-06-01", "fte": 0.5, "post": "P-1", "origin": "not-known", "route": "direct"}
    covered = {"started_on": "2023-07-01", "agency_worker": "A-1", "fte": 1, "reason": "absence", "post": "P-1"}
    snapshot = Snapshot(
        [
            post("P-1", recorded, recorded),
            event("worker.started", "worker/W-1", recorded, recorded, **came),
            event("cover.started", "cover/C-1", recorded, recorded, **covered),
        ]
    )
    funded = MadeOf("post/P-1", "establishment", 1_000_000)
    held, cover = MadeOf("worker/W-1", "in-post", 500_000), MadeOf("cover/C-1", "agency", 1_000_000)
    assert occupancies_at(snapshot, "post/P-1", date(2023, 3, 31)) == ()
    assert occupancies_at(snapshot, "post/P-1", date(2023, 5, 31)) == (funded,)
    assert occupancies_at(snapshot, "post/P-1", date(2023, 6, 30)) == (funded, held)
    assert occupancies_at(snapshot, "post/P-1", date(2023, 7, 1)) == (funded, held, cover)
    kept = len(snapshot._kept)
    for days in range(500):
        occupancies_at(snapshot, "post/P-1", date(2023, 1, 1) + timedelta(days=days))
    assert len(snapshot._kept) == kept
