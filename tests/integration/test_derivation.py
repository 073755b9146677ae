"""Timelines that are derived later: one that cannot be derived stops no other; numbers of one person go together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import MagicMock

import asyncpg
import pytest

from contracts.envelope import Event
from services import metrics
from services.chassis.database import connect_pool, migrate
from services.chassis.recent_events import RecentEvents
from services.chassis.runtime import CHASSIS_MIGRATIONS, Runtime
from services.metrics.ingest import handlers, queue
from services.metrics.ingest.derivation import AT_ONCE
from services.metrics.ingest.subjects import Subject
from services.metrics.timelines import knowledge
from services.metrics.timelines.workers import occupancies
from tests.dirt import KINDS, WORKER
from tests.histories import event, started

METRICS_MIGRATIONS = Path(metrics.__file__).parent / "migrations"
START = '{"started_on": "2023-04-01", "post": "P-1", "fte": 1, "origin": "other", "route": "direct"}'
POST = '{"effective_from": "2023-04-01", "role": "social-worker", "funded_fte": 1, "team": "a", "service_area": "b"}'

PUT_POSTS = """
    INSERT INTO inbox (
        authority, subject, type, event_id, source, recorded_at, accepted_at, owner, sequence, body
    )
    SELECT '331', 'post/P-' || number, 'uk.workforce.post.established.v1', 'E-' || number, '/hr',
           CASE number WHEN 17 THEN '-infinity'::timestamptz ELSE '2023-04-01 09:00+00' END, now(), 'recruitment',
           number, $1::json
    FROM generate_series(1, 40) AS number
"""
"""The seventeenth has an instant that no contract lets in any more, and that no fold can compare with others."""

PUT_MERGED_NUMBERS = """
    INSERT INTO inbox (
        authority, subject, type, event_id, source, recorded_at, accepted_at, owner, sequence, body
    )
    SELECT '331', 'worker/' || worker, 'uk.workforce.worker.' || type || '.v1', 'E-' || sequence, '/hr',
           '2023-04-01 09:00+00', now(), 'recruitment', sequence, body::json
    FROM (VALUES
        (1, 'W-1', 'started', $1),
        (2, 'W-2', 'started', $1),
        (3, 'W-1', 'merged', '{"duplicate": "W-2"}')
    ) AS event (sequence, worker, type, body)
"""


async def fresh(database: str) -> asyncpg.Pool:
    """An empty database of metrics."""
    pool = await connect_pool(database, 4)
    await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
    return pool


async def establishment(pool: asyncpg.Pool) -> Any:
    """The FTE of all posts derived."""
    return await pool.fetchval("SELECT sum(establishment) / 1000000 FROM staffing")


async def test_one_subject_that_cannot_be_derived_is_marked_and_the_others_count(database: str) -> None:
    pool = await fresh(database)
    await pool.execute(PUT_POSTS, POST)
    await pool.execute("INSERT INTO derivation_queue (authority, subject) SELECT authority, subject FROM inbox")
    runtime = cast(Runtime, SimpleNamespace(pool=pool, recent_events=RecentEvents()))

    while await handlers.derive_queued(runtime):
        pass

    assert await establishment(pool) == 39
    (left,) = await pool.fetch("SELECT subject, failed FROM derivation_queue")
    assert left["subject"] == "post/P-17"
    assert left["failed"] is not None

    await pool.execute("UPDATE inbox SET recorded_at = accepted_at WHERE subject = 'post/P-17'")
    async with pool.acquire() as connection:
        await queue.enqueue(connection, {Subject("331", "post/P-17")})
    while await handlers.derive_queued(runtime):
        pass

    assert await establishment(pool) == 40
    await pool.close()


@pytest.mark.parametrize("listed", ["worker/W-1", "worker/W-2"])
async def test_the_numbers_of_one_person_are_derived_together_and_none_is_left_on_the_list(
    database: str, listed: str
) -> None:
    pool = await fresh(database)
    await pool.execute(PUT_MERGED_NUMBERS, START)
    await pool.execute(
        "INSERT INTO derivation_queue VALUES ('331', 'worker/W-1', 'failed'), ('331', 'worker/W-2', 'failed')"
    )
    await pool.execute("UPDATE derivation_queue SET failed = NULL WHERE subject = $1", listed)
    runtime = cast(Runtime, SimpleNamespace(pool=pool, recent_events=RecentEvents()))

    while await handlers.derive_queued(runtime):
        pass

    assert await pool.fetchval("SELECT count(*) FROM derivation_queue") == 0
    rows = await pool.fetch("SELECT worker, post, fte, valid_from FROM occupancy")
    assert [tuple(row) for row in rows] == [("W-1", "P-1", 1_000_000, date(2023, 4, 1))]
    assert await pool.fetchval("SELECT in_post FROM staffing WHERE staffing_unit = 'post/P-1'") == 1_000_000
    await pool.close()


async def test_who_has_two_events_of_one_instant_is_derived_anew_by_the_new_order_of_recording(database: str) -> None:
    pool = await fresh(database)
    await pool.execute(
        PUT_POSTS.replace("'331'", "CASE WHEN number <= 2 THEN '331' ELSE '3' || (number + 39) END"), POST
    )
    # As it was called when that migration was written.
    await pool.execute("ALTER TABLE derivation_queue RENAME TO to_derive")
    await pool.execute((METRICS_MIGRATIONS / "0008_order_of_recording.sql").read_text())
    queued = await pool.fetch("SELECT authority, subject FROM to_derive ORDER BY subject")
    assert [tuple(row) for row in queued] == [("331", "post/P-1"), ("331", "post/P-2")]
    await pool.close()


def accepted(events: Sequence[Event]) -> list[Event]:
    """Events as a service publishes them: with a position in its journal."""
    stamps = [{"acceptedtime": datetime.now(UTC), "sequence": str(index)} for index in range(1, len(events) + 1)]
    return [
        replace(one, envelope=one.envelope.model_copy(update=stamp)) for one, stamp in zip(events, stamps, strict=True)
    ]


def runtime_of(pool: asyncpg.Pool) -> Runtime:
    """As much of a process as taking in and deriving need."""
    runtime = SimpleNamespace(pool=pool, telemetry=MagicMock(), recent_events=RecentEvents(), unsettled=None)
    runtime.far_behind = lambda: False
    return cast(Runtime, runtime)


async def listed(pool: asyncpg.Pool) -> dict[str, str | None]:
    """What waits to be derived, and why it could not be."""
    return {row["subject"]: row["failed"] for row in await pool.fetch("SELECT subject, failed FROM derivation_queue")}


async def test_a_burst_about_one_worker_is_put_off_and_derived_once_it_is_over(database: str) -> None:
    pool = await fresh(database)
    events = accepted(KINDS["ftes of one worker"](AT_ONCE + 200))
    take_in = handlers.TakeInEvents(runtime_of(pool))
    for first in range(0, len(events), 50):
        await take_in(events[first : first + 50], False)
    derived = await pool.fetchval("SELECT count(*) FROM occupancy")
    assert derived < AT_ONCE * 2
    # So many rows of one holder crowd the post, too.
    assert set(await listed(pool)) >= {WORKER}
    await handlers.derive_waiting(runtime_of(pool))
    of_worker = occupancies(one for one in events if one.envelope.subject == WORKER)
    assert len(of_worker) > derived
    assert await pool.fetchval("SELECT count(*) FROM occupancy") == len(of_worker)
    assert await listed(pool) == {}
    await pool.close()


async def test_what_has_too_many_stretches_is_listed_with_why_and_the_others_of_its_batch_are_derived(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knowledge, "MOST_STRETCHES", 50)
    pool = await fresh(database)
    dirt = KINDS["ftes of one worker"](100)
    other = event(started(date(2023, 4, 1), "P-2"), "worker/W-9", dirt[0].envelope.time, "other")
    await handlers.TakeInEvents(runtime_of(pool))(accepted([*dirt, other]), False)
    why = "more than 50 stretches: thousands of facts each change all that follow; void those that are wrong"
    assert await listed(pool) == {WORKER: why}
    assert await pool.fetchval("SELECT array_agg(DISTINCT worker) FROM occupancy") == ["W-9"]
    # It is not tried again by itself.
    await handlers.derive_waiting(runtime_of(pool))
    assert await listed(pool) == {WORKER: why}
    await pool.close()
