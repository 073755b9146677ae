"""What is seen of the system during a round: what health routes say, what metrics holds, what figures are answered.

Invariant: nothing is judged here; every sample says when it was asked for and when it came (monotonic seconds).
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx

from contracts.catalogue import METRICS
from tests.campaign.sending import Identity
from tests.campaign.stage import REPLICA, Stage

EVERY_SECONDS = 0.25
SNAPSHOT_SECONDS = 0.5
ASK_SECONDS = 0.8
LONGEST_ANSWER = 8.0
LIVE, READY, FIGURE = "/health/live", "/health/ready", "/v1/measures/vacancies"
HELD = "SELECT authority, source, event_id FROM inbox WHERE authority = ANY ($1::text[])"


@dataclass(frozen=True)
class Sample:
    """An answer of a process; status 0 when none came, and why in `said`."""

    process: str
    route: str
    asked: float
    came: float
    status: int
    said: Any

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.came - self.asked

    @property
    def complete_until(self) -> str | None:
        """Up to which instant of acceptance it says it is complete, where it says so."""
        instant = self.said.get("complete_until") if isinstance(self.said, dict) else None
        return instant if isinstance(instant, str) else None


@dataclass(frozen=True)
class Snapshot:
    """What metrics' inbox held of the round's events, read between two instants."""

    asked: float
    came: float
    held: frozenset[Identity]


@dataclass
class Seen:
    """All that was seen."""

    samples: list[Sample] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    starved: list[tuple[float, float]] = field(default_factory=list)
    """When this process itself did not get to run, and for how many seconds: the machine was busy."""

    def latest(self, process: str, route: str) -> Sample | None:
        """The last sample of a process."""
        return next((one for one in reversed(self.samples) if (one.process, one.route) == (process, route)), None)


class Watch:
    """Asks again and again until it is cancelled."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.seen = Seen()

    async def run(self) -> None:
        """Watch everything."""
        processes = (*self._stage.system.services, REPLICA)
        async with httpx.AsyncClient(timeout=LONGEST_ANSWER * self._stage.slack, trust_env=False) as client:
            await asyncio.gather(
                *(self._ask_again(client, name, route) for name in processes for route in (LIVE, READY)),
                *(self._ask_again(client, name, FIGURE) for name in (METRICS, REPLICA)),
                self._look_again(),
                self._canary(),
            )

    async def _ask_again(self, client: httpx.AsyncClient, name: str, route: str) -> None:
        index = 0
        while True:
            service = self._stage.processes().get(name)
            if service is not None:
                index += 1
                query = self._question(index) if route == FIGURE else {}
                asked = time.monotonic()
                said: Any
                try:
                    answer = await client.get(service.url + route, params=query)
                    status, said = answer.status_code, _json(answer)
                except httpx.TransportError as error:
                    status, said = 0, type(error).__name__
                self.seen.samples.append(Sample(name, route, asked, time.monotonic(), status, said))
            await asyncio.sleep(ASK_SECONDS if route == FIGURE else EVERY_SECONDS)

    def _question(self, index: int) -> dict[str, str]:
        return {"authority": self._stage.authorities[index % len(self._stage.authorities)], "as_at": "2023-10-31"}

    async def _look_again(self) -> None:
        connection: asyncpg.Connection | None = None
        while True:
            asked = time.monotonic()
            try:
                if connection is None:
                    url = self._stage.system.databases[METRICS]
                    connection = await asyncpg.connect(url, timeout=3, command_timeout=3)
                rows = await connection.fetch(HELD, list(self._stage.authorities))
                held = frozenset((row["authority"], row["source"], row["event_id"]) for row in rows)
                self.seen.snapshots.append(Snapshot(asked, time.monotonic(), held))
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
                if connection is not None:
                    connection.terminate()
                connection = None
            except asyncio.CancelledError:
                if connection is not None:
                    with suppress(Exception):
                        connection.terminate()
                raise
            await asyncio.sleep(SNAPSHOT_SECONDS)

    async def _canary(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.1)
            late = time.monotonic() - before - 0.1
            if late > 0.1:
                self.seen.starved.append((before, late))


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text[:200]
