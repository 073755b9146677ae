"""Sends events to the doors of recruitment and retention (`POST /v1/events`), as any HR system does.

Invariant: an event counts as answered only once its door has said what became of it. Until then it is sent again, in
order.
"""

import gzip
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from contracts.catalogue import METRICS
from services.people.settings import ServiceSettings

BATCH_TYPE = "application/cloudevents-batch+json"
PATIENCE_SECONDS = 60.0
MOST_EVENTS_OF_AN_EFFECT = 10_000
"""What metrics takes at once."""

# A line for each request says nothing that the file's own does not.
logging.getLogger("httpx").setLevel(logging.WARNING)


class NotNow(Exception):
    """A door did not take what it was sent, for a reason that is not in the events. The text gives the reason."""


class TooMuch(Exception):
    """A door takes fewer events at once."""


@dataclass(frozen=True, slots=True)
class DoorAnswer:
    """A door's answer about one event: accepted, already-known, or rejected with its faults."""

    status: str
    faults: list[dict[str, Any]]


class Doors:
    """The doors, with the key to them."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._urls = {**settings.doors, METRICS: settings.metrics_url}
        key = settings.door_key
        self._headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        self._client: httpx.AsyncClient | None = None

    async def send(self, door: str, events: Sequence[str]) -> list[DoorAnswer]:
        """Send events, each a CloudEvent as JSON, as one batch. Raises NotNow, or TooMuch."""
        body = f"[{','.join(events)}]".encode()
        answer = await self._post(door, "/v1/events", body)
        results = _results(answer)
        if results is not None and len(results) == len(events):
            if any(result["status"] == "rejected" and _of_the_key(result) for result in results):
                raise NotNow(f"{door} does not take events of this authority with WORKFORCE_DOOR_KEY")
            return [DoorAnswer(result["status"], result.get("faults", [])) for result in results]
        if answer.status_code in (400, 413, 422):
            if len(events) > 1:
                raise TooMuch
            # One event alone, and it is refused as a request: what is wrong is in it.
            return [DoorAnswer("rejected", [{"field": "event", "problem": _detail(answer), "expected": "an event"}])]
        raise NotNow(f"{door} answered {answer.status_code}")

    async def effect(self, query: Mapping[str, str], events: Sequence[str]) -> dict[str, Any]:
        """What these events would do to the figures; metrics is asked. Raises NotNow."""
        body = f"[{','.join(events)}]".encode()
        answer = await self._post(METRICS, "/v1/effects", body, query)
        if answer.status_code != httpx.codes.OK:
            raise NotNow(f"metrics answered {answer.status_code}")
        effect: dict[str, Any] = answer.json()
        return effect

    async def _post(
        self, service: str, path: str, body: bytes, query: Mapping[str, str] | None = None
    ) -> httpx.Response:
        if self._client is None:
            self._client = httpx.AsyncClient(headers=self._headers, timeout=PATIENCE_SECONDS, trust_env=False)
        headers = {"Content-Type": BATCH_TYPE, "Content-Encoding": "gzip"}
        try:
            return await self._client.post(
                f"{self._urls[service]}{path}", params=query, content=gzip.compress(body, 1), headers=headers
            )
        except httpx.HTTPError as error:
            raise NotNow(f"{service} cannot be reached ({type(error).__name__})") from None


def _of_the_key(result: dict[str, Any]) -> bool:
    """Whether an event was rejected because of its sender's key, which is not a fault of the row."""
    return [fault["field"] for fault in result.get("faults", [])] == ["authority"]


def _results(answer: httpx.Response) -> list[dict[str, Any]] | None:
    try:
        body = answer.json()
    except ValueError:
        return None
    results = body.get("results") if isinstance(body, dict) else None
    return results if isinstance(results, list) else None


def _detail(answer: httpx.Response) -> str:
    """The reason in an answer. Only the sender of the file may see it: it may repeat a value of a wrong column."""
    try:
        body = answer.json()
    except ValueError:
        return "no reason that can be read"
    return str(body.get("detail", ""))[:300] if isinstance(body, dict) else ""


def as_sent(attributes: Mapping[str, str], data: str, provenance: str) -> str:
    """A CloudEvent in JSON, with its provenance; `data` is JSON."""
    return f'{json.dumps({**attributes, "provenance": provenance})[:-1]}, "data": {data}}}'
