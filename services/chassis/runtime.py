"""A running service: its parts are started in the background, watched, and stopped in order.

Invariant: HTTP answers from the first moment; until PostgreSQL is there it says so, and nothing is accepted.
"""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import Request
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage

from services.chassis import dead_letter_actions
from services.chassis.bodies import Bodies
from services.chassis.cancelling import FAILURES, end, raise_if_cancelled, within
from services.chassis.database import connect_pool, migrate, why_not_now
from services.chassis.dead_letter_form import RejectedRecord, letter_made_of
from services.chassis.dead_letters import DeadLetters
from services.chassis.delivery import Delivery, TakeIn, lag_by_topic
from services.chassis.health import Health
from services.chassis.journal_writer import JournalWriter
from services.chassis.logs import get_log
from services.chassis.membership import BATCH_SECONDS, Membership
from services.chassis.problems import not_available
from services.chassis.readings import Readings
from services.chassis.recent_events import RecentEvents
from services.chassis.relay import Relay
from services.chassis.settings import Settings
from services.chassis.telemetry import Telemetry
from services.chassis.topics import TopicKeeper, admin_client
from services.chassis.turns import Turns
from services.chassis.watermarks import Settled, Watermarks, note_dead_letter

log = get_log(__name__)

COLLECT_GARBAGE_AFTER = (100_000, 20, 50)
"""New objects, then collections of younger generations, between two looks at a generation. It is more than the records
and events that a consumer has in hand at a time: these hold no cycles, and to look through them is all in vain."""

SMALL_REQUEST = 16_384
"""A request with events that is not larger (in bytes; about sixty events) is checked as soon as it comes."""
LARGE_REQUESTS = 8
"""So many larger ones are checked at the same time, of one caller half as many. In memory a checked body takes about
twelve times its size."""

START_AGAIN_SECONDS = 1.0
WATCH_SECONDS = 1.0
KEEP_READINGS_SECONDS = 0.5
PROBE_TIMEOUT_SECONDS = 10.0
SAVE_SECONDS = 5.0
CLOSE_SECONDS = 5.0
"""How long each of its clients may take to close when the service stops."""
STOP_SECONDS = 30.0
"""How long all of that may take. Requests may have taken 20 s before, and a service is killed after 60."""
CHASSIS_MIGRATIONS = Path(__file__).parent / "migrations"

PROBE = """
    SELECT to_regclass('migration')::oid AS tables,
           current_setting('transaction_read_only')::boolean AS takes_no_writes
"""

JOURNAL_STATE = """
    SELECT journal_head.position AS head,
           journal_head.position - relay_progress.position AS unpublished,
           (SELECT accepted_at FROM journal WHERE position = relay_progress.position + 1) AS oldest
    FROM journal_head, relay_progress
"""


Subscribe = Callable[[KafkaBroker, "Runtime"], None]
Watch = Callable[["Runtime"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """What a service is made of, besides its routes.

    - Each of `watches` runs about once a second while the database is there; none waits for another.
    - `settled` says whether all that follows from the inbox was derived.
    - `telemetry` makes its metrics for Prometheus.
    - A service without `subscribe` does not use Kafka at all: it has neither journal nor inbox.
    """

    name: str
    migrations: Path | None
    subscribe: Subscribe | None
    publishes: bool
    watches: tuple[Watch, ...] = ()
    settled: Settled | None = None
    telemetry: Callable[[], Telemetry] = Telemetry

    @property
    def on_kafka(self) -> bool:
        """Whether it reads or writes Kafka."""
        return self.subscribe is not None


class Runtime:
    """The living parts of one service process."""

    def __init__(self, spec: ServiceSpec, settings: Settings) -> None:
        self.spec = spec
        self.settings = settings
        self.telemetry = spec.telemetry()
        self.bodies = Bodies(settings.limits)
        dead_letters = DeadLetters(spec.name, settings.kafka_servers, settings.kafka_idempotent_producer)
        self.delivery = Delivery(
            settings.delivery, dead_letters, self.telemetry, self._note_dead_letter, self._note_rejected
        )
        self.relay = Relay(spec.name, settings, self.telemetry) if spec.publishes else None
        self.journal = JournalWriter(lambda: self.pool)
        # Each that waits holds the bytes of its body: there can never be more of them.
        most = settings.limits.bodies_bytes // SMALL_REQUEST
        self.large_requests = Turns(LARGE_REQUESTS, waiting=most, waiting_of_one=most)
        self.membership = Membership(self._new_broker, reads_every_topic=not settings.kafka_idempotent_producer)
        self.recent_events = RecentEvents()
        self.readings = Readings(lambda: self._pool, self.membership.consumers)
        self.watermarks = Watermarks(
            spec.name, settings.kafka_servers, self.telemetry, spec.settled, settings.kafka_idempotent_producer
        )
        self.health = Health(self)
        self._dead_letters = dead_letters
        self._pool: asyncpg.Pool | None = None
        self._starting: asyncio.Task[None] | None = None
        """Starts the parts, and then looks after the consumer: it alone has consumers join."""
        self._tasks: list[asyncio.Task[None]] = []
        self._caught_up: list[asyncio.Event] = []
        """One event for each watch, set when the consumer has caught up, or by `wake`: what waited for that need not
        wait a second more."""
        self.waiting_to_start: str | None = None
        self.unsettled: str | None = None
        """What still has to be done with events that were taken in, in words; set by a watch of the service."""
        self.remark: str | None = None
        """What else operators should know that does not keep the service from its work; set by a watch."""
        self._hindered: dict[Callable[[], Awaitable[None]], str] = {}
        self.records_in_hand = False
        """Whether the consumer has taken records, and is not yet working on them: partitions stand further then than
        was read."""
        self.tables: int | None = None
        """Changes when the database was made again. Everything kept in memory is dropped then."""

    @property
    def pool(self) -> asyncpg.Pool:
        """The database. Raises a 503 problem until it is there."""
        if self._pool is None:
            raise not_available("PostgreSQL cannot be reached")
        return self._pool

    @property
    def is_set_up(self) -> bool:
        """Whether the database was there, with its tables, since this process began."""
        return self._pool is not None

    @property
    def hindered_by(self) -> list[str]:
        """What keeps the background work from making progress, in words."""
        return sorted(set(self._hindered.values()))

    async def start(self) -> None:
        """Begin to start; returns at once."""
        # Modules live as long as the process, and batches of events hold no cycles: with Python's own threshold the
        # collector looks through events that are still in use again and again, about a tenth of the time of a rebuild.
        gc.freeze()
        gc.set_threshold(*COLLECT_GARBAGE_AFTER)
        self._starting = asyncio.create_task(self._start_parts())
        self._tasks = [self._starting, asyncio.create_task(self._probe_database())]

    async def stop(self) -> None:
        """Finish current work, commit, close: first intake and consumers, then the relay, then the database. Each of
        these ends after some seconds, whatever PostgreSQL and Kafka do, and all of them together.
        """
        stopping = asyncio.create_task(self._stop())
        if await within(STOP_SECONDS, stopping, "stopping"):
            log.info("stopped")
        elif stopping.done():
            stopping.result()  # raises what failed

    async def _stop(self) -> None:
        await self.journal.stop()
        self.delivery.stop()
        if self._starting is not None:
            await end([self._starting])
        await self.membership.leave(self._busy)
        if self.spec.on_kafka:
            await within(SAVE_SECONDS, self.readings.save(), "saving how far was read")
        await end(self._tasks)
        await within(CLOSE_SECONDS, self._dead_letters.close(), "closing the producer of dead letters")
        if self._pool is not None:
            await within(CLOSE_SECONDS, self._pool.close(), "closing the connections to PostgreSQL")

    @property
    def _busy(self) -> bool:
        """Whether a batch is at hand."""
        return self.records_in_hand or self.delivery.busy_since is not None

    async def _start_parts(self) -> None:
        await self._until_done("PostgreSQL", self._start_database)
        if self.relay is not None:
            self._begin(self.relay.run())
            self._begin(self._every(WATCH_SECONDS, self._watch_journal))
        if self.spec.on_kafka:
            self._begin(self.watermarks.hear())
            self._begin(self._every(WATCH_SECONDS, lambda: self.watermarks.judge(self.pool)))
            self._begin(self._every(KEEP_READINGS_SECONDS, self._keep_readings))
            self._begin(self._every(WATCH_SECONDS, self._tell_dead_letters))
        for watch in self.spec.watches:
            self._caught_up.append(asyncio.Event())
            self._begin(self._every(WATCH_SECONDS, partial(watch, self), self._caught_up[-1]))
        if not self.spec.on_kafka:
            log.info("started")
            return
        await self._until_done("Kafka", self._start_consumer)
        log.info("started")
        await self._every(WATCH_SECONDS, self._look_after_consumer)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _until_done(self, what: str, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
                self.waiting_to_start = None
                return
            except FAILURES as error:
                raise_if_cancelled(error)
                level = log.warning if why_not_now(error) else log.error
                self.waiting_to_start = f"waiting for {what}: {type(error).__name__}: {str(error)[:300]}"
                level("waiting to start", waiting_for=what, cause=type(error).__name__, detail=str(error)[:300])
                await asyncio.sleep(START_AGAIN_SECONDS)

    async def _start_database(self) -> None:
        # What a feed sends first fills an empty journal, or the tables of extracts, and is looked up while it does.
        fills_empty_tables = self.spec.publishes or not self.spec.on_kafka
        pool = await connect_pool(
            self.settings.database_url, self.settings.database_connections, plans_each_time=fills_empty_tables
        )
        try:
            await self._migrate(pool)
            if self.spec.on_kafka:
                # Before anybody can ask: an answer that is pinned is the same in a new process, from the first on.
                await self.watermarks.recall(pool)
        except BaseException:
            pool.terminate()
            raise
        self._pool = pool

    async def _migrate(self, pool: asyncpg.Pool) -> None:
        of_the_log = (CHASSIS_MIGRATIONS,) if self.spec.on_kafka else ()
        own = () if self.spec.migrations is None else (self.spec.migrations,)
        await migrate(pool, (*of_the_log, *own))

    async def _start_consumer(self) -> None:
        # A consumer of a topic that is not there yet would find it only minutes later.
        async with admin_client(self.settings.kafka_servers) as admin:
            await TopicKeeper(self.settings.kafka_replication_factor, self.settings.kafka_create_topics).keep(admin)
        await self.membership.join()

    def _new_broker(self) -> KafkaBroker:
        broker = new_broker(self.settings)
        if self.spec.subscribe is not None:
            self.spec.subscribe(broker, self)
        return broker

    async def _look_after_consumer(self) -> None:
        kafka_answers = self.watermarks.kafka_answers_since is not None
        if await self.membership.left(kafka_answers, busy=self.delivery.busy_since is not None):
            await self._until_done("Kafka", self._start_consumer)

    async def _every(
        self, seconds: float, step: Callable[[], Awaitable[None]], sooner: asyncio.Event | None = None
    ) -> None:
        """Do something again and again, even if it fails; `sooner` wakes it early."""
        while True:
            if sooner is None:
                await asyncio.sleep(seconds)
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await sooner.wait()
                sooner.clear()
            try:
                await step()
                self._hindered.pop(step, None)
            except FAILURES as error:
                raise_if_cancelled(error)
                reason = why_not_now(error)
                if reason is None:
                    log.error("watching failed", exc_info=error)
                else:
                    self._hindered[step] = reason

    async def _probe_database(self) -> None:
        """Ask the database for a sign of life, on a connection of its own because all others may be in use.

        A frozen server can delay even a time-out. So what counts is when it last answered.
        """
        while True:
            try:
                connection = await asyncpg.connect(self.settings.database_url, timeout=PROBE_TIMEOUT_SECONDS)
                try:
                    await self._probe_for_ever(connection)
                finally:
                    connection.terminate()
            except FAILURES as error:
                raise_if_cancelled(error)
                self.health.database_failed(error)
            await asyncio.sleep(WATCH_SECONDS)

    async def _probe_for_ever(self, connection: asyncpg.Connection) -> None:
        while True:
            (answer,) = await connection.fetch(PROBE, timeout=PROBE_TIMEOUT_SECONDS)
            if answer["takes_no_writes"]:
                raise asyncpg.ReadOnlySQLTransactionError
            if answer["tables"] is None and self._pool is not None:
                log.error("the database was made again: setting it up again")
                await self._migrate(self._pool)
                continue
            # Another process may have set it up again before this one looked. Events arrive from 1 on again.
            if answer["tables"] != self.tables:
                self.recent_events.forget()
            self.tables = answer["tables"]
            if self.health.database_away() is not None and self._pool is not None:
                # What was opened while the database took no writes, or before it was made again, stays as it was.
                await self._pool.expire_connections()
            self.health.database_answered()
            await asyncio.sleep(WATCH_SECONDS)

    def hold_records(self) -> None:
        """The consumer has taken records that are not being worked on yet."""
        self.records_in_hand = True

    async def take_in(self, message: KafkaMessage, take_in: TakeIn) -> None:
        """Take in one batch as it came from Kafka, and note how far was read."""
        records = message.raw_message
        begun = self.readings.begun(records)
        behind = self.delivery.far_behind(message.consumer, len(records))
        # From here on delivery is busy with them.
        self.records_in_hand = False
        await self.delivery.deliver(message, take_in)
        self.readings.finished(records, begun, self.delivery.halted_partitions)
        # A connection or a timer that began meanwhile keeps the context that it began in, and with it the message, as
        # long as it lives: records of a batch for each connection to PostgreSQL.
        message.raw_message = ()
        if behind and not self.far_behind():
            self.wake()

    def wake(self) -> None:
        """Let the watches of the service run at once: there is something for them to do."""
        for watch in self._caught_up:
            watch.set()

    async def _note_dead_letter(self, topic: str, sequence: int) -> None:
        await note_dead_letter(self.pool, topic, sequence)

    async def _note_rejected(self, item: RejectedRecord) -> None:
        await dead_letter_actions.note(self.pool, letter_made_of(item.record), item.record.topic, item.cause)

    async def _tell_dead_letters(self) -> None:
        await dead_letter_actions.tell(self.pool, self.telemetry)

    async def _keep_readings(self) -> None:
        for consumer in self.membership.consumers():
            for topic, lag in lag_by_topic(consumer).items():
                self.telemetry.lag.labels(topic).set(lag)
        self.health.note_waiting()
        await self.readings.keep(self._busy)

    def records_behind(self) -> int:
        """How many records wait behind the consumers, as far as they know."""
        return sum(count for consumer in self.membership.consumers() for count in lag_by_topic(consumer).values())

    def far_behind(self) -> bool:
        """Whether so many records wait that derivation should be done once for several batches."""
        return any(self.delivery.far_behind(consumer) for consumer in self.membership.consumers())

    async def _watch_journal(self) -> None:
        (row,) = await self.pool.fetch(JOURNAL_STATE, timeout=5)
        age = (datetime.now(UTC) - row["oldest"]).total_seconds() if row["oldest"] else 0.0
        self.telemetry.journal_position.set(row["head"])
        self.telemetry.journal_unpublished.set(row["unpublished"])
        self.telemetry.journal_age.set(age)


def new_broker(settings: Settings) -> KafkaBroker:
    """A FastStream broker that only reads, creates no topics by itself and logs only errors."""
    return KafkaBroker(
        settings.kafka_servers,
        # Else it has a producer and a client for topics besides, which nobody closes if joining is broken off.
        consumer_only=True,
        allow_auto_create_topics=False,
        # So that topics that were made again, and partitions that were added, are found in seconds.
        metadata_max_age_ms=5000,
        graceful_timeout=BATCH_SECONDS,
        # FastStream gives the logger of its own name a handler that does not write JSON.
        logger=logging.getLogger("broker"),
        log_level=logging.DEBUG,
    )


def runtime_of(request: Request) -> Runtime:
    """The running service that a request came to."""
    runtime: Runtime = request.app.state.runtime
    return runtime
