"""What a journal is fed with in tests: events as the door hands them on, and a Kafka that a relay can publish to.

Invariant: Kafka's logs here are lists of records, and take what they are given in order.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
from aiokafka import TopicPartition
from aiokafka.structs import RecordMetadata

from contracts.catalogue import ALL_TOPICS, RECRUITMENT
from services.chassis import journal
from services.chassis.cloud_events import BATCH, Parsed, read_request
from services.chassis.journal import Outcome
from services.chassis.relay import Relay, _Clients
from services.chassis.settings import Settings
from services.chassis.telemetry import Telemetry
from tests.delivery.feed import Stated, post_established, stated
from tests.unit.chassis.as_read import parsed

NOON = datetime(2023, 11, 1, 12, tzinfo=UTC)
STARTED = {"started_on": "2021-03-01", "post": "P-1", "fte": 1, "origin": "other", "route": "direct"}


def incoming(*events: Stated) -> list[Parsed]:
    """Events as the door hands them on: each must be right."""
    return [parsed(item) for item in read_request({"content-type": BATCH}, json.dumps(events).encode(), 1000, NOON)]


def worker_started(worker: str, authority: str) -> Stated:
    """A start, which stands on another topic than a post."""
    return stated(worker, "worker.started", f"worker/{worker}", authority, STARTED)


async def accept(pool: asyncpg.Pool, *events: Stated) -> list[Outcome]:
    """Put events into the journal in one transaction."""
    async with pool.acquire() as connection, connection.transaction():
        return await journal.append(connection, journal.entries(incoming(*events), "request test"))


async def accept_posts(pool: asyncpg.Pool, *posts: str, authority: str = "331") -> None:
    """Put the establishment of these posts into the journal."""
    await accept(pool, *(post_established(post, authority) for post in posts))


class Kafka:
    """Logs in memory. A topic that is not in `partitions` is gone."""

    def __init__(self) -> None:
        self.partitions = {topic.name: topic.partitions for topic in ALL_TOPICS}
        self.logs: defaultdict[TopicPartition, list[tuple[bytes | None, bytes, dict[str, bytes]]]] = defaultdict(list)
        self.requests: list[bytes] = []
        self.shifts: dict[str, int] = {}
        """By how much the offsets of a topic that are acknowledged are off."""
        self.answers = asyncio.Event()
        """Until this is set, nobody is told where logs end."""
        self.answers.set()
        self.watermark_written = asyncio.Event()

    async def send(
        self, topic: str, value: bytes, key: bytes | None = None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> "asyncio.Future[RecordMetadata]":
        """A producer's: each record goes to the partition that the last byte of its key names."""
        partition = TopicPartition(topic, (key or b"0")[-1] % self.partitions[topic])
        self.logs[partition].append((key, value, dict(headers)))
        offset = len(self.logs[partition]) - 1 + self.shifts.get(topic, 0)
        acknowledged: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        acknowledged.set_result(RecordMetadata(topic, partition.partition, partition, offset, 0, 0, 0))
        return acknowledged

    async def send_and_wait(self, topic: str, value: bytes, key: bytes | None = None, partition: int = 0) -> None:
        """A producer's."""
        self.logs[TopicPartition(topic, partition)].append((key, value, {}))
        self.watermark_written.set()

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """A consumer's."""
        await self.answers.wait()
        return {partition: len(self.logs[partition]) for partition in partitions}

    async def getmany(self, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        """A consumer's: what readers ask for."""
        assert timeout_ms == 0, "nothing is published while it is waited for"
        heard, self.requests = self.requests, []
        return {TopicPartition("requests", 0): [SimpleNamespace(offset=0, value=value) for value in heard]}

    async def describe_topics(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """An administrator's."""
        return [
            {"topic": name, "error_code": 0, "partitions": [None] * self.partitions[name]}
            for name in names
            if name in self.partitions
        ]

    def published(self, topic: str) -> list[str]:
        """The ids of the events on a topic, in the order of their partitions."""
        partitions = sorted(partition for partition in self.logs if partition.topic == topic)
        return [headers["ce_id"].decode() for partition in partitions for _, _, headers in self.logs[partition]]

    def lose(self, topic: str) -> None:
        """Lose all that a topic held."""
        for partition in self.logs:
            if partition.topic == topic:
                self.logs[partition].clear()


class Publishing:
    """Recruitment's relay at work between a journal and such a Kafka."""

    def __init__(self, connection: Any) -> None:
        self.kafka = Kafka()
        self.telemetry = Telemetry()
        settings = Settings(database_url="postgresql://postgres@/nothing", kafka_create_topics=False)
        self.relay = Relay(RECRUITMENT, settings, self.telemetry)
        any_client = cast(Any, self.kafka)
        self.clients = _Clients(cast(asyncpg.Connection, connection), any_client, any_client, any_client, any_client)

    async def round(self) -> int:
        """What the relay does between two looks at the journal; gives how many events it published."""
        return await self.relay._publish(self.clients)

    def write_watermarks(self) -> "asyncio.Task[None]":
        """What the relay does beside, over the same connection: only while nothing is published."""
        return asyncio.create_task(self.relay._marking.for_ever(self.clients.connection, self.clients.producer))
