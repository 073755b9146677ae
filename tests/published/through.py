"""A year's events through the services as they run: fed over HTTP, over Kafka, until figures are derived from them all.

Invariant: nothing but the services' own feeds and answers is used, but for seeing when metrics has taken in everything.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import httpx

from contracts.catalogue import RECRUITMENT, RETENTION, TOPIC_OF_TYPE
from tests.parts import RealSystem
from tests.published.events import CloudEvent

AT_ONCE = 1000
"""Events of one request: the most that a service takes."""
SECONDS_WITHOUT_PROGRESS = 120.0
"""A year of England takes minutes; nothing at all happens for long only when something is broken."""
COUNTING = "SELECT (SELECT count(*) FROM inbox) - (SELECT count(*) FROM derivation_queue)"


def feed(system: RealSystem, events: Sequence[CloudEvent]) -> None:
    """Send events to the two services that own them, both at once, each in the order given. All must be accepted."""
    with ThreadPoolExecutor(2) as pool:
        for sent in [pool.submit(_feed, system, owner, events) for owner in (RECRUITMENT, RETENTION)]:
            sent.result()


def _feed(system: RealSystem, owner: str, events: Sequence[CloudEvent]) -> None:
    of_owner = [event for event in events if TOPIC_OF_TYPE[event["type"]].owner == owner]
    headers = {"content-type": "application/cloudevents-batch+json"}
    with httpx.Client(base_url=system.services[owner].url, headers=headers, timeout=120, trust_env=False) as client:
        for start in range(0, len(of_owner), AT_ONCE):
            batch = of_owner[start : start + AT_ONCE]
            answer = client.post("/v1/events", json=batch)
            assert answer.status_code == httpx.codes.ACCEPTED, answer.text[:2000]


async def counting(system: RealSystem, events: int) -> None:
    """Wait until metrics has taken in so many events, and figures are derived from all."""
    connection = await asyncpg.connect(system.databases["metrics"])
    last, since = -1, time.monotonic()
    try:
        while (value := await connection.fetchval(COUNTING)) != events:
            if value != last:
                last, since = value, time.monotonic()
            waited = time.monotonic() - since
            assert waited < SECONDS_WITHOUT_PROGRESS, (
                f"{value} of {events} events count, and no more for {waited:.0f} s"
            )
            await asyncio.sleep(0.5)
    finally:
        await connection.close()
