"""A running service: what it is made of, started in the background, watched, and stopped in order.

Invariant: HTTP answers from the first moment; until PostgreSQL is there it says so, and nothing is accepted.
"""

import asyncio
import gc
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import Request
from faststream.kafka import KafkaBroker

from services.chassis.bodies import Bodies
from services.chassis.completeness import Completeness
from services.chassis.database import UNREACHABLE, connect_pool, migrate
from services.chassis.dead_letters import DeadLetters
from services.chassis.delivery import Delivery, lag_by_topic
from services.chassis.logs import get_log
from services.chassis.problems import not_available
from services.chassis.relay import Relay
from services.chassis.settings import Settings
from services.chassis.telemetry import Telemetry
from services.chassis.topics import admin_client, make_missing_topics

log = get_log(__name__)

COLLECT_GARBAGE_AFTER = (50_000, 20, 50)
"""New objects, then collections of younger generations, between two looks at a generation."""

START_AGAIN_SECONDS = 1.0
WATCH_SECONDS = 1.0
CHASSIS_MIGRATIONS = Path(__file__).parent / "migrations"

JOURNAL_STATE = """
    SELECT journal_head.position AS head,
           journal_head.position - relay_progress.position AS unpublished,
           (SELECT accepted_at FROM journal WHERE position = relay_progress.position + 1) AS oldest
    FROM journal_head, relay_progress
"""

Subscribe = Callable[[KafkaBroker, "Runtime"], None]
Watch = Callable[["Runtime"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service is made of, besides its routes. `watch` runs about once a second while the database is there."""

    name: str
    migrations: Path | None
    subscribe: Subscribe
    publishes: bool
    watch: Watch | None = None


class Runtime:
    """The living parts of one service process."""

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self.parts = parts
        self.settings = settings
        self.telemetry = Telemetry()
        self.bodies = Bodies(settings.limits)
        dead_letters = DeadLetters(parts.name, settings.kafka_servers, settings.kafka_idempotent_producer)
        self.delivery = Delivery(settings.delivery, dead_letters, self.telemetry)
        self.relay = Relay(parts.name, settings, self.telemetry) if parts.publishes else None
        self._dead_letters = dead_letters
        self._completeness = Completeness(parts.name, self.telemetry)
        self._pool: asyncpg.Pool | None = None
        self._broker: KafkaBroker | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting_to_start: str | None = None
        self.catching_up: str | None = None
        self.database_reachable = False

    @property
    def pool(self) -> asyncpg.Pool:
        """The database. Raises a 503 problem until it is there."""
        if self._pool is None:
            raise not_available("PostgreSQL")
        return self._pool

    async def start(self) -> None:
        """Begin to start; returns at once."""
        # Modules live as long as the process, and batches of events hold no cycles: with Python's own threshold the
        # collector looks through events that are still in use again and again, about a tenth of the time of a rebuild.
        gc.freeze()
        gc.set_threshold(*COLLECT_GARBAGE_AFTER)
        self._tasks = [asyncio.create_task(self._start_parts()), asyncio.create_task(self._watch())]

    async def stop(self) -> None:
        """Finish the batch at hand, commit, close: consumers first, then the relay, then the database."""
        self.delivery.stop()
        if self._broker is not None:
            await self._broker.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._dead_letters.close()
        if self._pool is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._pool.close(), 5)
        log.info("stopped")

    async def _start_parts(self) -> None:
        await self._until_done("PostgreSQL", self._start_database)
        if self.relay is not None:
            self._tasks.append(asyncio.create_task(self.relay.run()))
        await self._until_done("Kafka", self._start_consumer)
        log.info("started")

    async def _until_done(self, what: str, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
                self._waiting_to_start = None
                return
            except Exception as error:
                level = log.warning if isinstance(error, UNREACHABLE) else log.error
                self._waiting_to_start = f"waiting for {what}: {type(error).__name__}: {str(error)[:300]}"
                level("waiting to start", waiting_for=what, cause=type(error).__name__, detail=str(error)[:300])
                await asyncio.sleep(START_AGAIN_SECONDS)

    async def _start_database(self) -> None:
        pool = await connect_pool(self.settings.database_url, self.settings.database_connections)
        try:
            own = () if self.parts.migrations is None else (self.parts.migrations,)
            await migrate(pool, (CHASSIS_MIGRATIONS, *own))
        except BaseException:
            pool.terminate()
            raise
        self._pool = pool
        self.database_reachable = True

    async def _start_consumer(self) -> None:
        # A consumer of a topic that is not there yet would find it only minutes later.
        if self.settings.kafka_create_topics:
            async with admin_client(self.settings.kafka_servers) as admin:
                await make_missing_topics(admin, self.settings.kafka_replication_factor)
        broker = new_broker(self.settings)
        self.parts.subscribe(broker, self)
        try:
            await broker.start()
        except BaseException:
            await broker.stop()
            raise
        self._broker = broker

    def consumers(self) -> list[Any]:
        """The aiokafka consumers that are running."""
        if self._broker is None:
            return []
        found = (getattr(subscriber, "consumer", None) for subscriber in self._broker.subscribers)
        return [consumer for consumer in found if consumer is not None]

    def records_behind(self) -> int:
        """How many records wait behind the consumers, as far as they know."""
        return sum(count for consumer in self.consumers() for count in lag_by_topic(consumer).values())

    def far_behind(self) -> bool:
        """Whether so many records wait that figures should be derived once for several batches."""
        return any(self.delivery.far_behind(consumer) for consumer in self.consumers())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for consumer in self.consumers():
                for topic, lag in lag_by_topic(consumer).items():
                    self.telemetry.lag.labels(topic).set(lag)
            if self._pool is None:
                continue
            try:
                await self._watch_database(self._pool)
                self.database_reachable = True
            except UNREACHABLE:
                self.database_reachable = False
            except Exception as error:
                log.error("watching failed", exc_info=error)

    async def _watch_database(self, pool: asyncpg.Pool) -> None:
        if self.relay is not None:
            (row,) = await pool.fetch(JOURNAL_STATE, timeout=5)
            age = (datetime.now(UTC) - row["oldest"]).total_seconds() if row["oldest"] else 0.0
            self.telemetry.journal_position.set(row["head"])
            self.telemetry.journal_unpublished.set(row["unpublished"])
            self.telemetry.journal_age.set(age)
        else:
            await pool.fetchval("SELECT 1", timeout=5)
        await self._completeness.check(pool, self.consumers(), self.records_behind())
        if self.parts.watch is not None:
            await self.parts.watch(self)

    def stalled(self) -> str | None:
        """Why the process should be started again, or None: a consumer with work before it that does not get on."""
        patience = self.settings.stalled_seconds
        now = time.monotonic()
        delivery = self.delivery
        # Waiting for PostgreSQL, or stopped on purpose, is told by readiness: a new process would do no better.
        if delivery.waiting_for is not None or delivery.halted is not None:
            return None
        if delivery.busy_since is not None and now - delivery.busy_since > patience:
            return f"one batch has taken more than {patience:g} seconds"
        for consumer in self.consumers():
            behind = sum(lag_by_topic(consumer).values())
            if behind and delivery.busy_since is None and now - delivery.progress_at > patience:
                return f"{behind} records wait and none was taken in for {patience:g} seconds"
        return None

    def unready(self) -> list[str]:
        """What keeps the service from doing its work now; empty when it is ready."""
        reasons = []
        if not self.database_reachable:
            reasons.append((self._pool is None and self._waiting_to_start) or "PostgreSQL cannot be reached")
        elif self._broker is None and not self.parts.publishes:
            # A service that takes events in does so without Kafka too: the journal keeps them.
            reasons.append(self._waiting_to_start or "waiting for Kafka")
        if self.catching_up is not None:
            reasons.append(self.catching_up)
        if self.delivery.halted is not None:
            reasons.append(f"the consumer stopped: {self.delivery.halted}")
        if self.delivery.waiting_for is not None:
            reasons.append(f"the consumer waits for {self.delivery.waiting_for}")
        return reasons


def new_broker(settings: Settings) -> KafkaBroker:
    """A FastStream broker that makes no topics by itself and logs only what went wrong."""
    return KafkaBroker(
        settings.kafka_servers,
        allow_auto_create_topics=False,
        # So that topics that were made again, and partitions that were added, are found in seconds.
        metadata_max_age_ms=5000,
        acks="all",
        enable_idempotence=settings.kafka_idempotent_producer,
        graceful_timeout=20.0,
        # FastStream gives the logger of its own name a handler that does not write JSON.
        logger=logging.getLogger("broker"),
        log_level=logging.DEBUG,
    )


def runtime_of(request: Request) -> Runtime:
    """The running service that a request came to."""
    runtime: Runtime = request.app.state.runtime
    return runtime
