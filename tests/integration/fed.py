"""Metrics of a system of its own into which events came by the feeds' own way.

Invariant: whoever gets it finds every event counted.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from deploy.embedded.feeding import events_counting, feed
from tests.integration.feed import Feed
from tests.parts import EmbeddedBroker, PostgreSQL, RealSystem

LOAD_SECONDS = 120.0


@asynccontextmanager
async def metrics_that_was_fed(postgres: PostgreSQL, folder: Path, events: list[dict[str, Any]]) -> AsyncIterator[Feed]:
    """Metrics, when all of these CloudEvents have gone through the doors and count."""
    broker = EmbeddedBroker(folder / "broker.log")
    broker.start()
    system = RealSystem(postgres, broker, folder)
    try:
        await asyncio.to_thread(system.start)
        urls = {name: service.url for name, service in system.services.items()}
        await asyncio.to_thread(feed, events, urls, None, lambda _: None)
        deadline = time.monotonic() + LOAD_SECONDS
        while (told := await events_counting(system.databases["metrics"])) < len(events):
            assert time.monotonic() < deadline, f"{told} of {len(events)} events count after {LOAD_SECONDS} seconds"
            await asyncio.sleep(0.1)
        yield Feed(system.metrics.url)
    finally:
        await asyncio.to_thread(system.stop)
        broker.stop()
