"""Loading a recorded history through the services' own HTTP feeds, as any HR system would send it.

Invariant: each service gets its events in the order they were recorded. The services recognise what they have already,
so sending everything once more finishes an interrupted load.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

import asyncpg
import httpx

from contracts.catalogue import RECRUITMENT, RETENTION, TOPIC_OF_TYPE
from deploy.embedded.processes import PartFailed

CloudEvent = Mapping[str, Any]

TURN_EVENTS = 250
"""A quarter of what a service takes in one request: the progress bar moves."""
BATCH_TYPE = "application/cloudevents-batch+json"
FEEDS = (RECRUITMENT, RETENTION)
SHOWN_REJECTIONS = 5

HELD = """
    SELECT count(*)
    FROM journal
    WHERE (authority, source, event_id) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))
"""
EVENTS_IN_JOURNAL = "SELECT position FROM journal_head"
EVENTS_COUNTING = """
    SELECT CASE WHEN EXISTS (SELECT FROM derivation_queue) THEN 0 ELSE (SELECT count(*) FROM inbox) END
"""


class Held(Enum):
    """What the journals hold of a history."""

    NOTHING = "nothing at all"
    PART = "a part of it"
    ALL = "all of it"
    OTHER = "other events only"


async def held(history: Sequence[CloudEvent], database_urls: Mapping[str, str]) -> Held:
    """What the journals of the publishing services hold of this history."""
    identities = [[event[name] for event in history] for name in ("authority", "source", "id")]
    count = sum([await _number(database_urls[feed], HELD, *identities) for feed in FEEDS])
    if count:
        return Held.ALL if count == len(history) else Held.PART
    return Held.OTHER if await events_accepted(database_urls) else Held.NOTHING


async def events_accepted(database_urls: Mapping[str, str]) -> int:
    """How many events the publishing services have ever accepted."""
    return sum([await _number(database_urls[feed], EVENTS_IN_JOURNAL) for feed in FEEDS])


async def events_counting(metrics_database_url: str) -> int:
    """How many events metrics has taken in; 0 while figures wait to be derived from them."""
    return await _number(metrics_database_url, EVENTS_COUNTING)


def batches(history: Sequence[CloudEvent]) -> Iterator[tuple[str, list[CloudEvent]]]:
    """The history as (service, batch): each event goes to the service that owns its type, to each in recorded order.

    The services take turns every few hundred events, so neither is far ahead of what the other knows.
    """
    for start in range(0, len(history), TURN_EVENTS):
        turn = history[start : start + TURN_EVENTS]
        for feed in FEEDS:
            if events := [event for event in turn if TOPIC_OF_TYPE[event["type"]].owner == feed]:
                yield feed, events


def feed(
    history: Sequence[CloudEvent], urls: Mapping[str, str], api_key: str | None, progress: Callable[[int], None]
) -> None:
    """Send a history to the services at `urls`; `progress` is told the size of each batch that was taken.

    Raises PartFailed when a service refuses an event or cannot be reached.
    """
    with httpx.Client(headers=key_headers(api_key), timeout=120.0, trust_env=False) as client:
        for owner, events in batches(history):
            _send(client, owner, urls[owner], events)
            progress(len(events))


def key_headers(api_key: str | None) -> dict[str, str]:
    """The headers that show this key to a service."""
    return {} if api_key is None else {"Authorization": f"Bearer {api_key}"}


def _send(client: httpx.Client, owner: str, url: str, events: list[CloudEvent]) -> None:
    try:
        answer = client.post(f"{url}/v1/events", json=events, headers={"Content-Type": BATCH_TYPE})
    except httpx.TransportError as error:
        raise PartFailed(f"{owner} could not be reached while events were sent to it: {error!r}") from None
    if answer.status_code == httpx.codes.ACCEPTED:
        return
    try:
        results = answer.json()["results"]
    except (ValueError, KeyError):
        raise PartFailed(f"{owner} answered {answer.status_code}: {answer.text[:500]}") from None
    rejected = [result for result in results if result["status"] == "rejected"]
    shown = "\n".join(f"    {result}" for result in rejected[:SHOWN_REJECTIONS])
    raise PartFailed(f"{owner} rejected {len(rejected)} of {len(results)} events sent to it, among them\n{shown}")


async def _number(database_url: str, query: str, *arguments: object) -> int:
    connection = await asyncpg.connect(database_url)
    try:
        number: int = await connection.fetchval(query, *arguments)
        return number
    finally:
        await connection.close()
