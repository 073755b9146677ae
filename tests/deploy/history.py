"""A small history of authority 331, sent to the services as an HR system would; its figures are worked out by hand.

Invariant: what the figures are at each date stands beside the events, written down, not computed.

Posts, all of 1 FTE from 1 April 2022 on: P-1 and P-2 social workers, P-3 advanced social worker, P-4 team manager. W-1
holds P-1 until February 2023. Nobody holds P-2; an agency worker covers half of it from June 2022 on. W-2 holds P-3 at
0.75 FTE. W-3 held P-4 until September 2022, which was entered on 15 November only.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import asyncpg
import httpx

from tests.deploy.production import Production

TAKEN_IN_SECONDS = 120.0
ALL_COUNTS = "SELECT count(*) = $1 AND NOT EXISTS (SELECT FROM derivation_queue) FROM inbox"

ROLES = {"P-1": "social-worker", "P-2": "social-worker", "P-3": "advanced-social-worker", "P-4": "team-manager"}


def event(
    id: str, noun_and_verb: str, subject: str, recorded: str, data: Mapping[str, Any], authority: str = "331"
) -> dict[str, Any]:
    """A CloudEvent as an HR system sends it."""
    return {
        "specversion": "1.0",
        "id": id,
        "source": "/coventry/hr",
        "type": f"uk.workforce.{noun_and_verb}.v1",
        "subject": subject,
        "time": recorded,
        "authority": authority,
        "data": data,
    }


def established(post: str, role: str) -> dict[str, Any]:
    """A post of 1 FTE of the assessment team."""
    facts = {"effective_from": "2022-04-01", "role": role, "funded_fte": 1}
    team = {"team": "assessment", "service_area": "help-and-protection"}
    return event(f"established-{post}", "post.established", f"post/{post}", "2022-04-01T09:00:00Z", facts | team)


def started(worker: str, post: str, fte: float) -> dict[str, Any]:
    """A worker who took up a post on 1 April 2022."""
    facts = {"started_on": "2022-04-01", "post": post, "fte": fte, "origin": "not-known", "route": "direct"}
    return event(f"started-{worker}", "worker.started", f"worker/{worker}", "2022-04-01T10:00:00Z", facts)


def left(worker: str, left_on: str, recorded: str) -> dict[str, Any]:
    """A worker who resigned."""
    facts = {"left_on": left_on, "reason": "resignation", "destination": "not-known"}
    return event(f"left-{worker}", "worker.left", f"worker/{worker}", recorded, facts)


TO_RECRUITMENT = [
    *(established(post, role) for post, role in ROLES.items()),
    started("W-1", "P-1", 1),
    started("W-2", "P-3", 0.75),
    started("W-3", "P-4", 1),
    event(
        "cover-C-1",
        "cover.started",
        "cover/C-1",
        "2022-06-01T09:00:00Z",
        {"started_on": "2022-06-01", "agency_worker": "A-1", "fte": 0.5, "reason": "vacancy", "post": "P-2"},
    ),
]
TO_RETENTION = [
    left("W-3", "2022-09-01", "2022-11-15T09:00:00Z"),
    left("W-1", "2023-02-01", "2023-01-10T09:00:00Z"),
]


async def feed_history(
    production: Production, to_recruitment: list[dict[str, Any]], to_retention: list[dict[str, Any]]
) -> None:
    """Send a first history and wait until all of it counts in the figures."""
    feed(production, "recruitment", to_recruitment)
    feed(production, "retention", to_retention)
    connection = await asyncpg.connect(production.postgresql.url("metrics"))
    try:
        deadline = time.monotonic() + TAKEN_IN_SECONDS
        while not await connection.fetchval(ALL_COUNTS, len(to_recruitment) + len(to_retention)):
            assert time.monotonic() < deadline, production.services["metrics"].last_words()
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


def feed(production: Production, service: str, events: list[dict[str, Any]]) -> None:
    """Send events with the key of the HR system; all must be accepted."""
    answer = httpx.post(
        f"{production.url(service)}/v1/events",
        json=events,
        headers={
            "Authorization": f"Bearer {production.keys['HR system']}",
            "Content-Type": "application/cloudevents-batch+json",
        },
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 202, answer.text
