"""Who calls: an HR system that pushes events with the official CloudEvents SDK in three ways, and who asks for figures.

Invariant: what goes over the wire is what the SDK writes; only where it can write no such request is it put by hand.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_ASKING = httpx.Client(timeout=60, trust_env=False)
"""One for all questions: to make one costs more than a question."""
RECORDED = datetime(2023, 10, 2, 8, 30, tzinfo=UTC)


def cloud_event(kind: str, subject: str, id: str, data: Mapping[str, Any], **attributes: Any) -> CloudEvent:
    """An event of authority 331, recorded on 2 October 2023. `kind` is its type without prefix and version."""
    stated = {
        "id": id,
        "source": "/coventry/hr",
        "type": f"uk.workforce.{kind}.v1",
        "subject": subject,
        "time": RECORDED,
        "datacontenttype": "application/json",
        "authority": "331",
    }
    return CloudEvent(stated | attributes, dict(data))


def post_established(id: str, post: str = "P-1", **attributes: Any) -> CloudEvent:
    """A social worker's post, funded from 1 April 2023 on."""
    data = {
        "effective_from": "2023-04-01",
        "role": "social-worker",
        "funded_fte": 1,
        "team": "assessment",
        "service_area": "help-and-protection",
    }
    return cloud_event("post.established", f"post/{post}", id, data, **attributes)


def worker_started(id: str, worker: str = "W-1", post: str = "P-1", **attributes: Any) -> CloudEvent:
    """A worker takes up a post on 1 September 2023."""
    data = {
        "started_on": "2023-09-01",
        "post": post,
        "fte": 1,
        "origin": "other-english-authority",
        "route": "direct",
    }
    return cloud_event("worker.started", f"worker/{worker}", id, data, **attributes)


def worker_left(id: str, worker: str = "W-1", left_on: str = "2023-09-30", **attributes: Any) -> CloudEvent:
    """A worker resigned."""
    data = {"left_on": left_on, "reason": "resignation", "destination": "not-known"}
    return cloud_event("worker.left", f"worker/{worker}", id, data, **attributes)


@dataclass(frozen=True)
class Feed:
    """The service at `url` as a caller has it, with a key where one is asked for."""

    url: str
    key: str | None = None
    database: str | None = None
    """Where what came in stands, for who reads it there."""

    def structured(self, event: CloudEvent) -> httpx.Response:
        """Send one event, attributes and data in one JSON object."""
        return self._send(to_structured_event(event))

    def binary(self, event: CloudEvent) -> httpx.Response:
        """Send one event, attributes as headers, data as the body."""
        return self._send(to_binary_event(event))

    def batch(self, *events: CloudEvent) -> httpx.Response:
        """Send several events in one request: the SDK has no batch mode, so what it writes of each stands in a list."""
        return self.raw(b"[" + b",".join(JSONFormat().write(event) for event in events) + b"]", BATCH)

    def as_json(self, event: Mapping[str, Any]) -> httpx.Response:
        """Send an event that the SDK would not write."""
        return self.raw(json.dumps(event).encode(), STRUCTURED)

    def raw(self, body: bytes, content_type: str) -> httpx.Response:
        """Send these bytes."""
        return self._send(HTTPMessage({"content-type": content_type}, body))

    def get(self, path: str, accept: str | None = None) -> httpx.Response:
        """Ask the service for what stands at this path."""
        headers = self._headers({} if accept is None else {"accept": accept})
        return _ASKING.get(self.url + path, headers=headers)

    def rows(self, path: str) -> list[dict[str, str]]:
        """The rows of an answer, as its CSV has them."""
        answer = self.get(path, "text/csv")
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(answer.text.splitlines()))

    def about(self, path: str) -> dict[str, str]:
        """What the rows of an answer are, as its second table of CSV says."""
        return {row["name"]: row["value"] for row in self.rows(f"{path}&sheet=about")}

    def reachable(self) -> bool:
        """Whether it answers anything at all."""
        try:
            return bool(self.get("/health/live").status_code)
        except httpx.TransportError:
            return False

    def _send(self, message: HTTPMessage) -> httpx.Response:
        headers = self._headers(message.headers)
        return httpx.post(f"{self.url}/v1/events", content=message.body, headers=headers, timeout=60, trust_env=False)

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return dict(headers) | ({} if self.key is None else {"authorization": f"Bearer {self.key}"})


def written(event: CloudEvent) -> dict[str, Any]:
    """An event as the SDK writes it in structured mode, to be changed by hand before it is sent."""
    attributes: dict[str, Any] = json.loads(JSONFormat().write(event))
    return attributes


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem details (RFC 9457) of an answer with this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:workforce:problem:")
    assert body["title"]
    assert body["detail"]
    return body


def fault(answer: httpx.Response, status: int) -> dict[str, str]:
    """The one fault that an answer with this status tells of."""
    faults = problem(answer, status)["faults"]
    assert len(faults) == 1
    first: dict[str, str] = faults[0]
    return first
