"""The senders of a round: each batch is sent until it is answered, whatever is away meanwhile.

Invariant: an event counts as accepted only when an answer said so, from the instant of that answer.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from tests.campaign.load import Load
from tests.delivery.feed import BATCH, Stated
from tests.parts import Service

SENDERS = 3
PAUSE_SECONDS = 0.1
"""Between two tries of a batch that was not taken."""
ANSWERED = (202, 207, 422)
NOT_NOW = (429, 503)
"""Statuses that ask to come again."""
FITS_NOT = ("supersedes", "voids")
"""A good event may be turned away because what it refers to is of another type or subject."""
Identity = tuple[str, str, str]
"""Authority, source and id of an event."""


def identity_of(event: Stated) -> Identity:
    """Which event it is."""
    return str(event["authority"]), str(event["source"]), str(event["id"])


@dataclass
class Waiting:
    """A batch that a service has not taken, from one instant to another (monotonic seconds); None while it is not."""

    service: str
    since: float
    until: float | None = None
    last: str = ""


@dataclass
class Sent:
    """What the doors answered."""

    accepted: dict[Identity, float] = field(default_factory=dict)
    """When it was first known to be accepted (monotonic seconds)."""
    accepted_at: dict[Identity, datetime] = field(default_factory=dict)
    """When the service says it accepted it."""
    events: dict[Identity, Stated] = field(default_factory=dict)
    rejected: dict[Identity, str] = field(default_factory=dict)
    waits: list[Waiting] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Answers that should not be."""
    repeated: int = 0
    tries: int = 0


class Sending:
    """Sends a load over a time, and then until all is answered."""

    def __init__(self, load: Load, services: Mapping[str, Service], seconds: float) -> None:
        self._load = load
        self._urls = {name: service.url for name, service in services.items()}
        self._seconds = seconds
        self._left = deque(enumerate(load.batches))
        self.sent = Sent()

    async def run(self) -> None:
        """Send everything."""
        began = time.monotonic()
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            await asyncio.gather(*(self._work(client, began) for _ in range(SENDERS)))

    async def _work(self, client: httpx.AsyncClient, began: float) -> None:
        while self._left:
            index, (service, events) = self._left.popleft()
            due = began + self._seconds * index / len(self._load.batches)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._send(client, service, events)

    async def _send(self, client: httpx.AsyncClient, service: str, events: list[Stated]) -> None:
        waiting: Waiting | None = None
        while True:
            self.sent.tries += 1
            try:
                answer = await client.post(
                    f"{self._urls[service]}/v1/events", content=json.dumps(events), headers=BATCH
                )
                problem = self._take(answer, events)
            except httpx.TransportError as error:
                problem = type(error).__name__
            if problem is None:
                if waiting is not None:
                    waiting.until = time.monotonic()
                return
            if waiting is None:
                waiting = Waiting(service, time.monotonic())
                self.sent.waits.append(waiting)
            waiting.last = problem
            await asyncio.sleep(PAUSE_SECONDS)

    def _take(self, answer: httpx.Response, events: list[Stated]) -> str | None:
        """Note an answer; gives why the batch must be sent again, or None."""
        status = answer.status_code
        if status in NOT_NOW:
            return f"{status} {answer.text[:200]}"
        if status not in ANSWERED:
            self.sent.wrong.append(f"POST /v1/events was answered {status}: {answer.text[:300]}")
            return str(status) if answer.is_server_error else None
        results = answer.json()["results"]
        if len(results) != len(events):
            self.sent.wrong.append(f"{len(events)} events were answered by {len(results)} results: {answer.text[:300]}")
        for event, result in zip(events, results, strict=False):
            self._note(event, result)
        return None

    def _note(self, event: Stated, result: dict[str, object]) -> None:
        key = identity_of(event)
        if result["status"] == "rejected":
            self.sent.rejected[key] = json.dumps(result)[:300]
            faults = result["faults"]
            assert isinstance(faults, list)
            if key not in self._load.bad and any(fault["field"] not in FITS_NOT for fault in faults):
                self.sent.wrong.append(f"a good event was rejected: {json.dumps(event)} {json.dumps(result)}")
            return
        if key in self._load.bad:
            self.sent.wrong.append(f"a bad event was {result['status']}: {json.dumps(event)}")
        self.sent.repeated += result["status"] == "already-known"
        accepted_at = datetime.fromisoformat(str(result["accepted_at"]))
        before = self.sent.accepted_at.setdefault(key, accepted_at)
        if before != accepted_at:
            self.sent.wrong.append(f"{key} was accepted at {before}, and then at {accepted_at}")
        self.sent.accepted.setdefault(key, time.monotonic())
        self.sent.events[key] = event
