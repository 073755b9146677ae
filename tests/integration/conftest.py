"""What the tests of the HTTP side share: one system on a broker of its own, for all of them.

Invariant: each test speaks of posts and workers of its own, so that none sees what another sent.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from deploy.demonstration import history
from tests.integration.alone import Alone, metrics_alone
from tests.integration.benchmarks import Loaded, two_releases
from tests.integration.fed import metrics_that_was_fed
from tests.integration.feed import Feed
from tests.integration.reported import read_as_dashboards_do, until_written_down
from tests.parts import EmbeddedBroker, PostgreSQL, RealSystem

"""How long the demonstration may take to come in, on a slow machine; usually some seconds."""


@pytest.fixture(scope="package")
def system(postgres: PostgreSQL, parts_folder: Path) -> Iterator[RealSystem]:
    """The three services on loopback, without keys."""
    folder = parts_folder / "integration"
    broker = EmbeddedBroker(folder / "broker.log")
    broker.start()
    system = RealSystem(postgres, broker, folder, {"largest_request_bytes": 100_000, "largest_batch": 50})
    try:
        system.start()
        yield system
    finally:
        system.stop()
        broker.stop()


@pytest.fixture(scope="package")
def benchmarks(postgres: PostgreSQL, parts_folder: Path) -> Iterator[Loaded]:
    """Metrics with keys, a default of neighbours, and two releases made by hand."""
    with two_releases(postgres, parts_folder) as loaded:
        yield loaded


@pytest.fixture(scope="package")
def alone(postgres: PostgreSQL, parts_folder: Path) -> Iterator[Alone]:
    """Metrics without Kafka: what comes of events that are written down by hand is asked of it at once."""
    with metrics_alone(postgres, parts_folder) as alone:
        yield alone


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def demonstration(postgres: PostgreSQL, parts_folder: Path) -> AsyncIterator[Feed]:
    """Metrics of a system of its own, when the demonstration authority's whole history has come in by the feeds.

    It writes down for dashboards what it answers.
    """
    folder, settings = parts_folder / "demonstration", {"reporting_every_seconds": 3}
    async with metrics_that_was_fed(postgres, folder, history(), settings) as metrics:
        yield metrics


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def reported(demonstration: Feed) -> AsyncIterator[asyncpg.Connection]:
    """The schema reporting, when all of the demonstration is written down, as a dashboard's role reads it."""
    await until_written_down(demonstration)
    async with read_as_dashboards_do(demonstration) as connection:
        yield connection


@pytest.fixture
def recruitment(system: RealSystem) -> Feed:
    """The feed of posts, hiring and agency cover."""
    return Feed(system.recruitment.url)


@pytest.fixture
def retention(system: RealSystem) -> Feed:
    """The feed of leavers, panels and working life."""
    return Feed(system.retention.url)


@pytest.fixture
def new() -> str:
    """A few letters that no other test has, to make identifiers of."""
    return uuid4().hex[:10]
