"""Watermarks as the relay writes them: beside the publishing of events, which never waits for them.

Invariant: a watermark is written only after all that it says is on disk in the journal's database. It says what the
relay has saved, which is no more than Kafka acknowledged.
"""

import asyncio
from contextlib import suppress

import asyncpg
from aiokafka import AIOKafkaProducer

from contracts.catalogue import topics_owned_by, watermark_topic
from contracts.watermark import encode
from services.chassis import relay_state

MARK_SECONDS = 5.0
"""How often a watermark is written when nothing happens."""

MARK_NEWS_SECONDS = 0.2
"""How long at least between two, while events are published."""

LONGEST_MARK_SECONDS = 60.0
"""Time-out for one watermark: clients of a broker that went away can wait for ever."""


class Marking:
    """Writes the watermarks of one service for as long as its relay leads."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._topics = topics_owned_by(service)
        self._news = asyncio.Event()

    def soon(self) -> None:
        """There is news: something was published, or the logs were looked at for the first time."""
        self._news.set()

    async def for_ever(self, connection: asyncpg.Connection, producer: AIOKafkaProducer) -> None:
        """Write a watermark at the first news, then soon after others, and from time to time without any."""
        self._news.clear()
        await self._news.wait()
        while True:
            self._news.clear()
            async with asyncio.timeout(LONGEST_MARK_SECONDS):
                await self._mark(connection, producer)
            await asyncio.sleep(MARK_NEWS_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), MARK_SECONDS - MARK_NEWS_SECONDS)

    async def _mark(self, connection: asyncpg.Connection, producer: AIOKafkaProducer) -> None:
        watermark = await relay_state.watermark(connection, self._service, self._topics)
        topic = watermark_topic(self._service).name
        await producer.send_and_wait(topic, encode(watermark), self._service.encode(), partition=0)
