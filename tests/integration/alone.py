"""Metrics alone, without Kafka, with keys: what it answers of events that tests take in as its consumer does.

Invariant: whatever was taken in is derived, and in every answer from then on.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from contracts.envelope import Event
from services.chassis.authentication import Right, new_key
from services.chassis.database import connect_pool, migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS
from tests.integration.test_stock_columns import METRICS_MIGRATIONS, take_in
from tests.parts import PostgreSQL, Service, free_port

CALLERS = {
    "analyst": ("331", (Right.READ,)),
    "neighbour": ("332", (Right.READ,)),
    "anybody": ("*", (Right.READ,)),
    "operator of one": ("331", tuple(Right)),
    "operator": ("*", tuple(Right)),
}


@dataclass(frozen=True)
class Alone:
    """The service, and its callers' keys."""

    url: str
    database: str
    keys: dict[str, str]

    def ask(
        self,
        path: str,
        caller: str | None = "operator",
        method: str = "GET",
        body: bytes = b"",
        held: str | None = None,
    ) -> httpx.Response:
        """Ask, or send a file, as one of CALLERS or without a key; `held` is the tag of an answer that is held."""
        headers = {} if caller is None else {"authorization": f"Bearer {self.keys[caller]}"}
        headers |= {} if held is None else {"if-none-match": held}
        headers |= {"content-type": "text/csv"} if body else {}
        return httpx.request(method, self.url + path, content=body, headers=headers, timeout=120, trust_env=False)

    def get(self, path: str) -> dict[str, Any]:
        """The answer in JSON to a question that is right."""
        answer = self.ask(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        body: dict[str, Any] = answer.json()
        return body

    def take_in(self, *events: Event) -> None:
        """As the consumer of metrics does."""
        asyncio.run(_take_in(self.database, events))


async def _take_in(database: str, events: tuple[Event, ...]) -> None:
    pool = await connect_pool(database, 2)
    await migrate(pool, (CHASSIS_MIGRATIONS, METRICS_MIGRATIONS))
    await take_in(pool, *events)
    await pool.close()


@contextmanager
def metrics_alone(postgres: PostgreSQL, logs: Path) -> Iterator[Alone]:
    """Metrics, when it answers with its database; stopped afterwards."""
    made = {name: new_key(name, authority, rights) for name, (authority, rights) in CALLERS.items()}
    told = {
        "database_url": postgres.create("metrics_alone"),
        "kafka_servers": f"127.0.0.1:{free_port()}",
        "api_keys": json.dumps([entry.model_dump(mode="json") for _, entry in made.values()]),
    }
    service = Service("metrics", logs / "metrics-alone.log", told)
    alone = Alone(service.url, told["database_url"], {name: key for name, (key, _) in made.items()})
    try:
        service.start()
        service.process.wait_until(lambda: _answers(alone), "answers with its database", 120)
        yield alone
    finally:
        service.stop()


def _answers(alone: Alone) -> bool:
    try:
        return alone.ask("/v1/benchmarks/releases").status_code == 200
    except httpx.TransportError:
        return False
