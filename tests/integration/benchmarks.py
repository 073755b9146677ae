"""Metrics with two releases made by hand, and who asks it for benchmarks.

Invariant: what stands in the releases is what stands here; tests load others under other names only.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from services.chassis.authentication import Right, new_key
from tests.integration.feed import Feed
from tests.parts import PostgreSQL, Service, free_port
from tests.unit.benchmarks.small_release import authority, england, file_of, region, turnover

CALLERS = {
    "operator": ("*", Right.OPERATE),
    "operator of one": ("331", Right.OPERATE),
    "analyst": ("331", Right.READ),
    "anyone": ("*", Right.READ),
}
NEIGHBOURS = {"331": ["332", "333", "334"]}
WEST_MIDLANDS = "E12000005"

OLDER = [
    *(england(year, turnover("17.1")) for year in (2021, 2022)),
    *(region(WEST_MIDLANDS, "West Midlands", year, turnover("16.4")) for year in (2021, 2022)),
    authority("331", "Coventry", 2021, turnover("17.1")),
    authority("331", "Coventry", 2022, turnover("18")),
    authority("332", "Dudley", 2022, turnover("12.5")),
    authority("333", "Sandwell", 2022, turnover("18")),
    authority("334", "Solihull", 2022, turnover("c")),
    authority("335", "Walsall", 2022, turnover("25")),
    authority("839", '"Bournemouth, Christchurch and Poole"', 2021, region="E12000009,South West"),
]
NEWER = [
    england(2022, turnover("17.3")),
    region(WEST_MIDLANDS, "West Midlands", 2022, turnover("16.4")),
    authority("331", "Coventry", 2022, turnover("18.04")),
    authority("332", "Dudley", 2022, turnover("12.2")),
    authority("333", "Sandwell", 2022, turnover("x")),
    authority("334", "Solihull", 2022, turnover("c")),
    authority("336", "Wolverhampton", 2022),
]


@dataclass(frozen=True)
class Loaded:
    """Metrics with two releases made by hand: 2022, and 2025 that revises it."""

    url: str
    keys: dict[str, str]

    def load(
        self,
        body: bytes,
        query: str,
        caller: str | None = "operator",
        kind: str = "text/csv",
        what: str = "releases",
    ) -> httpx.Response:
        """Send a release, or neighbours."""
        headers = {"content-type": kind} | ({} if caller is None else {"authorization": f"Bearer {self.keys[caller]}"})
        address = f"{self.url}/v1/benchmarks/{what}?{query}"
        return httpx.post(address, content=body, headers=headers, timeout=60, trust_env=False)

    def ask(self, path: str, caller: str | None = "analyst", accept: str | None = None) -> httpx.Response:
        """Ask for what stands at this path under /v1/benchmarks."""
        return Feed(self.url, None if caller is None else self.keys[caller]).get(f"/v1/benchmarks/{path}", accept)


@contextmanager
def two_releases(postgres: PostgreSQL, logs: Path) -> Iterator[Loaded]:
    """Metrics, without Kafka, when both releases are loaded; stopped afterwards."""
    databases = {
        "database_url": postgres.create("benchmarks_metrics"),
        "benchmarks_database_url": postgres.create("benchmarks"),
        "statistical_neighbours": json.dumps(NEIGHBOURS),
    }
    with metrics_alone(logs / "benchmarks.log", databases) as (loaded, _):
        for body, query in (
            (file_of(*OLDER), "release=2022&published=2023-02-23"),
            (file_of(*NEWER), "release=2025&published=2026-02-26"),
        ):
            assert loaded.load(body, query).status_code == 201
        yield loaded


@contextmanager
def metrics_alone(log: Path, settings: dict[str, str]) -> Iterator[tuple[Loaded, Service]]:
    """Metrics, without Kafka, when it answers; stopped afterwards."""
    made = {name: new_key(name, whose, (right,)) for name, (whose, right) in CALLERS.items()}
    told = {
        "api_keys": json.dumps([entry.model_dump(mode="json") for _, entry in made.values()]),
        "kafka_servers": f"127.0.0.1:{free_port()}",
        "kafka_idempotent_producer": False,
        **settings,
    }
    metrics = Service("metrics", log, told)
    try:
        metrics.start()
        loaded = Loaded(metrics.url, {name: key for name, (key, _) in made.items()})
        metrics.process.wait_until(lambda: answers(loaded), "answers with its database", 120)
        yield loaded, metrics
    finally:
        metrics.stop()


def answers(loaded: Loaded) -> bool:
    """Whether it answers with its database."""
    try:
        return loaded.ask("releases").status_code == 200
    except httpx.TransportError:
        return False


def area(code: str, name: str, value: float | None, mark: str | None = None) -> dict[str, Any]:
    """An area as it stands in an answer."""
    return {"code": code, "name": name, "value": value, "mark": mark}
