"""Metrics of a system of its own into which events came by the feeds' own way.

Invariant: whoever gets it finds every event counted.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from contracts.catalogue import METRICS
from deploy.embedded.feeding import events_counting, feed
from tests.integration.feed import Feed
from tests.parts import EmbeddedBroker, PostgreSQL, RealSystem

LOAD_SECONDS = 300.0


@asynccontextmanager
async def metrics_that_was_fed(
    postgres: PostgreSQL, folder: Path, events: list[dict[str, Any]], settings: Mapping[str, object] | None = None
) -> AsyncIterator[Feed]:
    """Metrics, when all of these CloudEvents have gone through the doors and count."""
    broker = EmbeddedBroker(folder / "broker.log")
    broker.start()
    system = RealSystem(postgres, broker, folder, settings)
    try:
        await asyncio.to_thread(system.start)
        urls = {name: service.url for name, service in system.services.items()}
        await asyncio.to_thread(feed, events, urls, None, lambda _: None)
        deadline = time.monotonic() + LOAD_SECONDS
        while (told := await events_counting(system.databases["metrics"])) < len(events):
            assert time.monotonic() < deadline, f"{told} of {len(events)} events count after {LOAD_SECONDS} seconds"
            await asyncio.sleep(0.1)
        yield Feed(system.metrics.url, database=system.databases[METRICS])
    finally:
        await asyncio.to_thread(system.stop)
        broker.stop()
