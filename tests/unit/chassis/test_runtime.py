"""A process and its work behind: what hinders it is told as long as it does, and it ends in order.

Invariant: what the process is made of stands in where another server would be needed.
"""

import asyncio
import gc
import weakref
from contextvars import ContextVar, copy_context
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest

from services.chassis.problems import Problem
from services.chassis.runtime import Runtime
from services.metrics import app as metrics
from services.metrics.ingest.queue import enqueue, queue_is_empty
from services.metrics.ingest.subjects import Subject
from services.recruitment import app as recruitment
from services.retention import app as retention


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """Of metrics, without anything that it needs."""
    silent = SimpleNamespace(**dict.fromkeys(("info", "error", "warning", "debug"), lambda *_, **__: None))
    monkeypatch.setattr("services.chassis.runtime.log", silent)
    return Runtime(metrics.SPEC, metrics.ServiceSettings(database_url="postgresql://postgres@/nothing"))


def test_batches_are_delivered_as_the_settings_say(runtime: Runtime) -> None:
    assert runtime.delivery._settings is runtime.settings.delivery
    assert runtime.delivery._dead_letters._topic == "workforce.metrics.dead-letter"


@pytest.mark.parametrize("idempotent", [True, False])
def test_only_on_the_embedded_broker_every_process_reads_every_topic(idempotent: bool) -> None:
    settings = metrics.ServiceSettings(database_url="postgresql:///unused", kafka_idempotent_producer=idempotent)
    assert Runtime(metrics.SPEC, settings).membership._reads_every_topic is not idempotent


class Over(BaseException):
    """Ends what is done for ever."""


class Step:
    """Work that is done again and again: each time it raises the next of these, or does nothing for None."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.seen: list[list[str]] = []

    async def run(self, runtime: Runtime) -> None:
        """Until there are no more."""

        async def step() -> None:
            self.seen.append(runtime.hindered_by)
            if not self.outcomes:
                raise Over
            outcome = self.outcomes.pop(0)
            if outcome is not None:
                raise outcome

        with pytest.raises(Over):
            await runtime._every(0, step)


async def test_what_hinders_work_is_told_until_the_work_is_done_again(runtime: Runtime) -> None:
    step = Step(asyncpg.DiskFullError(), ConnectionRefusedError(), None, None)
    await step.run(runtime)
    assert step.seen == [[], ["PostgreSQL's disk is full"], ["PostgreSQL cannot be reached"], [], []]


async def test_a_fault_of_our_own_hinders_nothing_and_the_work_goes_on(runtime: Runtime) -> None:
    step = Step(ZeroDivisionError(), asyncpg.UniqueViolationError(), None)
    await step.run(runtime)
    assert step.seen == [[], [], [], []]


async def test_what_hinders_several_is_told_once_and_in_order(runtime: Runtime) -> None:
    for error in (asyncpg.DiskFullError(), ConnectionRefusedError(), asyncpg.DiskFullError()):
        await Step(error).run(runtime)
    assert runtime.hindered_by == ["PostgreSQL cannot be reached", "PostgreSQL's disk is full"]


async def test_work_that_is_cancelled_ends(runtime: Runtime) -> None:
    task = asyncio.create_task(runtime._every(0, lambda: asyncio.sleep(3600)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


@pytest.mark.parametrize("work", ["waits to start", "probes"])
async def test_so_does_work_that_is_tried_again_whatever_becomes_of_it(
    monkeypatch: pytest.MonkeyPatch, runtime: Runtime, work: str
) -> None:
    waits = asyncio.Event()

    async def never(*_: Any, **__: Any) -> Any:
        if waits.is_set():
            raise Over  # it was told to end, and went on
        waits.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("services.chassis.runtime.asyncpg.connect", never)
    doing = runtime._probe_database() if work == "probes" else runtime._until_done("Kafka", never)
    task = asyncio.create_task(doing)
    await asyncio.wait_for(waits.wait(), 60)
    task.cancel()
    await asyncio.wait({task}, timeout=60)
    assert task.cancelled()


async def test_a_database_that_refuses_is_told_and_asked_again(
    monkeypatch: pytest.MonkeyPatch, runtime: Runtime
) -> None:
    monkeypatch.setattr("services.chassis.runtime.WATCH_SECONDS", 0)
    outcomes = iter([asyncpg.InvalidCatalogNameError(), ConnectionRefusedError()])
    told: list[str | None] = []
    asked: list[Any] = []

    async def connect(*address: str, **settings: float) -> Any:
        told.append(runtime.health.database_away())
        asked.append((*address, settings))
        raise next(outcomes, Over())

    monkeypatch.setattr("services.chassis.runtime.asyncpg.connect", connect)
    with pytest.raises(Over):
        await runtime._probe_database()
    assert told == ["PostgreSQL has not answered yet", "the database does not exist", "PostgreSQL cannot be reached"]
    assert asked == [("postgresql://postgres@/nothing", {"timeout": 10.0})] * 3


def test_before_its_database_is_there_a_service_says_so(runtime: Runtime) -> None:
    assert not runtime.is_set_up
    with pytest.raises(Problem) as refused:
        _ = runtime.pool
    assert refused.value.status == 503
    assert refused.value.body["detail"].startswith("PostgreSQL cannot be reached.")
    runtime._pool = cast(asyncpg.Pool, object())
    assert runtime.is_set_up


@pytest.mark.parametrize(
    ("app", "mode"), [(recruitment, "force_custom_plan"), (retention, "force_custom_plan"), (metrics, "auto")]
)
async def test_a_service_that_fills_a_journal_keeps_no_plan_from_when_it_was_small(
    database: str, app: Any, mode: str
) -> None:
    runtime = Runtime(app.SPEC, app.ServiceSettings(database_url=database))
    await runtime._start_database()
    try:
        assert await runtime.pool.fetchval("SHOW plan_cache_mode") == mode
    finally:
        await runtime.pool.close()


async def test_what_it_waits_for_to_start_is_told_until_it_is_there(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.runtime.START_AGAIN_SECONDS", 0)
    outcomes: list[Exception] = [ConnectionRefusedError("nobody listens"), ZeroDivisionError()]
    told: list[str | None] = []

    async def step() -> None:
        told.append(runtime.waiting_to_start)
        if outcomes:
            raise outcomes.pop(0)

    await runtime._until_done("Kafka", step)
    assert told == [
        None,
        "waiting for Kafka: ConnectionRefusedError: nobody listens",
        "waiting for Kafka: ZeroDivisionError: ",
    ]
    assert runtime.waiting_to_start is None


def delivering(deliver: Any, far_behind: bool = False, **more: Any) -> Any:
    """A delivery that says whether the consumer is far behind."""
    return SimpleNamespace(deliver=deliver, far_behind=lambda *_: far_behind, **more)


def a_batch(records: list[Any]) -> Any:
    """A message, of which nothing is known but its records."""
    return SimpleNamespace(raw_message=records, consumer=None)


async def test_a_batch_is_read_when_it_was_delivered_in_the_reading_in_which_it_came(runtime: Runtime) -> None:
    told: list[Any] = []

    async def deliver(message: Any, _: Any) -> None:
        told.append("delivered")

    def begun(records: Any) -> str:
        told.append(("begun", records))
        return "the reading"

    halted = {"a partition"}
    runtime.readings = cast(
        Any,
        SimpleNamespace(
            begun=begun,
            finished=lambda *given: told.append(("finished", *given)),
        ),
    )
    runtime.delivery = delivering(deliver, halted_partitions=halted)
    await runtime.take_in(a_batch([1, 2]), cast(Any, None))
    assert told == [("begun", [1, 2]), "delivered", ("finished", [1, 2], "the reading", halted)]


async def test_a_batch_that_was_not_delivered_was_not_read(runtime: Runtime) -> None:
    async def deliver(*_: Any) -> None:
        raise ZeroDivisionError

    finished: list[Any] = []
    runtime.readings = cast(Any, SimpleNamespace(begun=lambda _: {}, finished=lambda *given: finished.append(given)))
    runtime.delivery = delivering(deliver, halted_partitions=())
    message = a_batch([1])
    with pytest.raises(ZeroDivisionError):
        await runtime.take_in(message, cast(Any, None))
    assert finished == []
    # FastStream goes back to where its records began.
    assert message.raw_message == [1]


class Record:
    """Something that can be seen to go."""


async def test_records_of_a_batch_go_when_it_was_taken_in_though_what_began_meanwhile_goes_on(runtime: Runtime) -> None:
    at_hand: ContextVar[Any] = ContextVar("at_hand")
    began: list[Any] = []

    async def deliver(*_: Any) -> None:
        # As each connection and each timer does that asyncio begins.
        began.append(copy_context())

    runtime.readings = cast(Any, SimpleNamespace(begun=lambda _: {}, finished=lambda *_: None))
    runtime.delivery = delivering(deliver, halted_partitions=())
    record = Record()
    gone = weakref.ref(record)
    message = a_batch([record])
    at_hand.set(message)
    await runtime.take_in(message, cast(Any, None))
    del record
    gc.collect()
    assert began[0][at_hand] is message
    assert gone() is None


@pytest.mark.parametrize(
    ("before", "after", "sooner"),
    [(True, False, True), (True, True, False), (False, False, False)],
    ids=["caught up by it", "still far behind", "never far behind"],
)
async def test_what_waits_for_the_consumer_to_catch_up_begins_as_soon_as_it_has(
    runtime: Runtime, before: bool, after: bool, sooner: bool
) -> None:
    caught_up = asyncio.Event()
    runtime._caught_up = [caught_up]
    is_behind = before

    async def deliver(*_: Any) -> None:
        nonlocal is_behind
        is_behind = after

    consumers = SimpleNamespace(consumers=lambda: [None], leave=None)
    delivery = delivering(deliver, halted_partitions=())
    delivery.far_behind = lambda *_: is_behind
    runtime.membership, runtime.delivery = cast(Any, consumers), delivery
    runtime.readings = cast(Any, SimpleNamespace(begun=lambda _: {}, finished=lambda *_: None))
    await runtime.take_in(a_batch([1]), cast(Any, None))
    assert caught_up.is_set() is sooner


async def test_a_watch_that_need_not_wait_is_run_at_once_and_then_waits_anew(runtime: Runtime) -> None:
    sooner, ran = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        ran.set()

    watching = asyncio.create_task(runtime._every(3600, step, sooner))
    for _ in range(2):
        sooner.set()
        await asyncio.wait_for(ran.wait(), 60)
        assert not sooner.is_set()
        ran.clear()
    watching.cancel()


async def test_a_service_ends_its_waits_then_its_consumers_saves_and_then_lets_go_of_the_database(
    runtime: Runtime,
) -> None:
    order: list[str] = []

    def noting(name: str) -> Any:
        async def note() -> None:
            order.append(name)

        return note

    async def leave(busy: bool) -> None:
        order.append("consumers, and their batch" if busy else "consumers")

    runtime.delivery = cast(Any, SimpleNamespace(stop=lambda: order.append("waits"), busy_since=1.0))
    runtime.membership = cast(Any, SimpleNamespace(leave=leave))
    runtime.readings = cast(Any, SimpleNamespace(save=noting("readings")))
    runtime._dead_letters = cast(Any, SimpleNamespace(close=noting("dead letters")))
    runtime._pool = cast(Any, SimpleNamespace(close=noting("database")))

    async def starts_consumers() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            order.append("who starts consumers")

    runtime._starting = asyncio.create_task(starts_consumers())
    behind = asyncio.create_task(asyncio.sleep(3600))
    runtime._tasks = [cast(Any, behind)]
    await asyncio.sleep(0)
    await runtime.stop()
    ended = ["waits", "who starts consumers", "consumers, and their batch", "readings", "dead letters", "database"]
    assert order == ended
    assert behind.cancelled()


async def test_a_service_does_not_stop_for_longer_than_it_may_and_tells_what_fails(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.runtime.STOP_SECONDS", 0.01)
    runtime.membership = cast(Any, SimpleNamespace(leave=lambda _: asyncio.Event().wait()))
    await asyncio.wait_for(runtime.stop(), 60)

    async def fails(_: bool) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("services.chassis.runtime.STOP_SECONDS", 60.0)
    runtime.membership = cast(Any, SimpleNamespace(leave=fails))
    with pytest.raises(ZeroDivisionError):
        await runtime.stop()


async def test_what_became_a_dead_letter_is_noted_in_its_own_database(runtime: Runtime, pool: asyncpg.Pool) -> None:
    runtime._pool = pool
    await runtime._note_dead_letter("workforce.posts", 7)
    await runtime._note_dead_letter("workforce.posts", 7)
    rows = await pool.fetch("SELECT topic, sequence FROM dead_letter_event")
    assert [tuple(row) for row in rows] == [("workforce.posts", 7)]


async def test_metrics_is_settled_when_nothing_waits_to_be_derived(pool: asyncpg.Pool) -> None:
    assert metrics.SPEC.settled is queue_is_empty
    assert recruitment.SPEC.settled is None
    assert retention.SPEC.settled is None
    async with pool.acquire() as connection:
        assert await queue_is_empty(connection)
        await enqueue(connection, {Subject("331", "worker/W-1")})
        assert not await queue_is_empty(connection)


class Probed:
    """PostgreSQL as the probe finds it, again and again, until the test is over."""

    def __init__(self, *answers: tuple[int | None, bool]) -> None:
        self.answers = list(answers)

    async def fetch(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        if not self.answers:
            raise Over
        tables, takes_no_writes = self.answers.pop(0)
        return [{"tables": tables, "takes_no_writes": takes_no_writes}]


async def probed(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, *answers: tuple[int | None, bool]) -> list[str]:
    """What a process does about its database that is found so."""
    done: list[str] = []
    monkeypatch.setattr("services.chassis.runtime.WATCH_SECONDS", 0)

    async def migrate(_: Any) -> None:
        done.append("migrated")

    async def expire() -> None:
        done.append("connections expired")

    runtime._pool = cast(Any, SimpleNamespace(expire_connections=expire))
    monkeypatch.setattr(runtime, "_migrate", migrate)
    try:
        await runtime._probe_for_ever(cast(Any, Probed(*answers)))
    except Over:
        pass
    except asyncpg.ReadOnlySQLTransactionError:
        done.append("away")
    return done


async def test_a_database_that_answers_is_there_and_connections_of_before_are_let_go(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await probed(runtime, monkeypatch, (5, False), (5, False)) == ["connections expired"]
    assert runtime.health.database_away() is None
    assert runtime.tables == 5


async def test_a_database_that_was_made_anew_is_set_up_again(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await probed(runtime, monkeypatch, (None, False), (9, False)) == ["migrated", "connections expired"]
    assert runtime.tables == 9


async def test_a_database_that_takes_no_writes_is_away(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await probed(runtime, monkeypatch, (5, False), (5, True)) == ["connections expired", "away"]


async def test_a_service_that_starts_looks_for_garbage_less_often_and_begins_its_work_beside_the_probe(
    monkeypatch: pytest.MonkeyPatch, runtime: Runtime
) -> None:
    told: list[Any] = []

    async def begun(name: str) -> None:
        told.append(name)

    collector = SimpleNamespace(freeze=lambda: told.append("frozen"), set_threshold=lambda *most: told.append(most))
    monkeypatch.setattr("services.chassis.runtime.gc", collector)
    monkeypatch.setattr(runtime, "_start_parts", lambda: begun("parts"))
    monkeypatch.setattr(runtime, "_probe_database", lambda: begun("probe"))
    await runtime.start()
    await asyncio.gather(*runtime._tasks)
    assert told == ["frozen", (100_000, 20, 50), "parts", "probe"]


# --- how it starts ----------------------------------------------------------------------------------------------------


async def test_a_database_is_there_when_its_tables_are_and_what_was_known_is_known(
    monkeypatch: pytest.MonkeyPatch, address_of_tables: str, pool: asyncpg.Pool
) -> None:
    runtime = Runtime(metrics.SPEC, metrics.ServiceSettings(database_url=address_of_tables))
    recalled: list[Any] = []

    async def recall(opened: asyncpg.Pool) -> None:
        recalled.append((opened, runtime.is_set_up))

    monkeypatch.setattr(runtime.watermarks, "recall", recall)
    await runtime._start_database()
    # Nobody can ask before it is known up to when all is complete.
    assert recalled == [(runtime.pool, False)]
    assert runtime.is_set_up
    await runtime.pool.close()


async def test_a_database_that_cannot_be_set_up_is_not_there_and_is_let_go_of(
    monkeypatch: pytest.MonkeyPatch, runtime: Runtime
) -> None:
    ended: list[bool] = []

    async def connected(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(terminate=lambda: ended.append(True))

    async def refused(_: Any) -> None:
        raise asyncpg.InsufficientPrivilegeError

    monkeypatch.setattr("services.chassis.runtime.connect_pool", connected)
    monkeypatch.setattr(runtime, "_migrate", refused)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime._start_database()
    assert (runtime.is_set_up, ended) == (False, [True])


@pytest.mark.parametrize(
    ("service", "begun"),
    [
        (
            recruitment,
            ["Relay.run", "_watch_journal", "Watermarks.hear", "judge", "_keep_readings", "_tell_dead_letters"],
        ),
        (metrics, ["Watermarks.hear", "judge", "_keep_readings", "_tell_dead_letters"]),
    ],
    ids=["recruitment", "metrics"],
)
async def test_work_begins_behind_the_database_and_the_consumer_behind_kafka(
    monkeypatch: pytest.MonkeyPatch, service: Any, begun: list[str]
) -> None:
    runtime = Runtime(service.SPEC, service.ServiceSettings(database_url="postgresql:///unused"))
    order: list[str] = []

    def every(_: float, step: Any, sooner: Any = None) -> Any:
        name = getattr(step, "__qualname__", "watch")
        part = "judge" if "lambda" in name else name.rpartition(".")[2]

        async def again_and_again() -> None:
            """Not here."""

        again_and_again.__qualname__ = part
        return again_and_again()

    def begin(work: Any) -> None:
        order.append(work.__qualname__)
        work.close()

    async def until_done(what: str, step: Any) -> None:
        order.append(f"{what}: {step.__name__}")

    monkeypatch.setattr("services.chassis.runtime.log", SimpleNamespace(info=lambda _: None))
    monkeypatch.setattr(runtime, "_every", every)
    monkeypatch.setattr(runtime, "_begin", begin)
    monkeypatch.setattr(runtime, "_until_done", until_done)
    await runtime._start_parts()
    watches = ["watch"] * len(service.SPEC.watches)
    assert order == ["PostgreSQL: _start_database", *begun, *watches, "Kafka: _start_consumer"]


@pytest.mark.parametrize(("answers_since", "busy_since"), [(None, None), (5.0, None), (5.0, 7.0)])
@pytest.mark.parametrize("left", [True, False])
async def test_who_left_its_group_joins_again(
    monkeypatch: pytest.MonkeyPatch,
    runtime: Runtime,
    left: bool,
    answers_since: float | None,
    busy_since: float | None,
) -> None:
    asked: list[Any] = []

    async def has_left(kafka_answers: bool, busy: bool) -> bool:
        asked.append((kafka_answers, busy))
        return left

    async def until_done(what: str, step: Any) -> None:
        asked.append((what, step.__name__))

    runtime.watermarks.kafka_answers_since, runtime.delivery.busy_since = answers_since, busy_since
    monkeypatch.setattr(runtime.membership, "left", has_left)
    monkeypatch.setattr(runtime, "_until_done", until_done)
    await runtime._look_after_consumer()
    joins = [("Kafka", "_start_consumer")] if left else []
    assert asked == [(answers_since is not None, busy_since is not None), *joins]
