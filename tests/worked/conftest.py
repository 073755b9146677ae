"""One running system that knows every example, each as the records of an authority of its own."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from deploy.embedded.feeding import events_counting, feed
from tests.integration.feed import Feed
from tests.parts import EmbeddedBroker, PostgreSQL, RealSystem
from tests.worked.examples import AUTHORITIES, EXAMPLES

LOAD_SECONDS = 120.0
"""How long the examples may take to come in, on a slow machine; usually a few seconds."""


def _cloud_events() -> list[dict[str, Any]]:
    return [
        {**example.attributes(place, AUTHORITIES[example.title]), "data": fact.data}
        for example in EXAMPLES
        if example.not_over_http is None
        for place, fact in enumerate(example.facts)
    ]


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def metrics(postgres: PostgreSQL, parts_folder: Path) -> AsyncIterator[Feed]:
    """Who answers, when all that the examples state has gone through the doors and counts."""
    folder = parts_folder / "worked"
    broker = EmbeddedBroker(folder / "broker.log")
    broker.start()
    system = RealSystem(postgres, broker, folder)
    try:
        await asyncio.to_thread(system.start)
        urls = {name: service.url for name, service in system.services.items()}
        events = _cloud_events()
        await asyncio.to_thread(feed, events, urls, None, lambda _: None)
        deadline = time.monotonic() + LOAD_SECONDS
        while (found := await events_counting(system.databases["metrics"])) < len(events):
            assert time.monotonic() < deadline, f"{found} of {len(events)} events count after {LOAD_SECONDS} seconds"
            await asyncio.sleep(0.1)
        yield Feed(system.metrics.url)
    finally:
        await asyncio.to_thread(system.stop)
        broker.stop()
