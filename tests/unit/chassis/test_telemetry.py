"""What the system tells Prometheus of itself: the event happens, and its metric follows, with its labels.

Invariant: each test shows everything that changed, so that what one metric counts no other one does; every metric that
is declared has a test here.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import asyncpg
import httpx
import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from fastapi import FastAPI

import services
from contracts.watermark import TopicMark, Watermark
from services.chassis import dead_letter_actions, inbox
from services.chassis.authentication import Right, new_key
from services.chassis.dead_letter_actions import Action
from services.chassis.recent_events import RecentEvents
from services.chassis.relay import KafkaLogIsShorter
from services.chassis.runtime import Runtime
from services.chassis.service import Measured
from services.chassis.telemetry import FINE_SECONDS, Telemetry
from services.chassis.watermarks import Watermarks
from services.metrics import app as metrics
from services.metrics.ingest import feeds, handlers, queue
from services.metrics.ingest.subjects import Subject
from services.metrics.telemetry import MetricsTelemetry
from services.people.telemetry import PeopleTelemetry
from services.recruitment import app as recruitment
from tests.delivery.consuming import ONE, ZERO, Consuming, bad, good
from tests.delivery.feed import Stated, decoded, post_established, stated
from tests.unit.chassis.connecting import Door
from tests.unit.chassis.journals import Publishing, accept_posts, worker_started

SHOWN: set[str] = set()
Test = TypeVar("Test", bound=Callable[..., Any])

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY, ENTRY = new_key("HR system", "331", (Right.FEED,))


def shows(*names: str) -> Callable[[Test], Test]:
    """Of a test: it shows that these metrics follow what happens."""

    def noted(test: Test) -> Test:
        SHOWN.update(names)
        return test

    return noted


def figures(telemetry: Telemetry) -> dict[str, float]:
    """Every figure that is told, by name and labels; of a histogram how many it counted, and their sum."""
    return {
        sample.name.removeprefix("workforce_")
        + "".join(f" {label}={value}" for label, value in sample.labels.items()): sample.value
        for metric in telemetry.registry.collect()
        for sample in metric.samples
        if not sample.name.endswith(("_created", "_bucket"))
    }


@contextmanager
def changes(telemetry: Telemetry) -> Iterator[dict[str, float]]:
    """By how much each figure has grown when the block ends."""
    before, differences = figures(telemetry), dict[str, float]()
    yield differences
    after = figures(telemetry)
    differences |= {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}


# --- the catalogue ----------------------------------------------------------------------------------------------------


def test_every_metric_that_is_declared_has_a_test_here() -> None:
    assert vars(MetricsTelemetry()).keys() - {"registry"} == SHOWN


def test_every_metric_that_is_declared_is_changed_by_the_code_and_no_other_file_declares_one() -> None:
    files = {path: path.read_text() for folder in services.__path__ for path in Path(folder).rglob("*.py")}
    told = "\n".join(text for path, text in files.items() if path.name != "telemetry.py")
    changed = set(re.findall(r"telemetry\.(\w+)", told))
    assert vars(MetricsTelemetry()).keys() - changed == set()
    assert vars(PeopleTelemetry()).keys() - changed == set()
    declaring = {
        path.name for path, text in files.items() if re.search(r"import .*\b(Counter|Gauge|Histogram)\b", text)
    }
    using = {path.name for path, text in files.items() if "prometheus_client" in text}
    assert (using, declaring & using) == ({"telemetry.py", "operation.py"}, {"telemetry.py"})


def test_times_are_told_as_finely_as_the_alerts_need_them() -> None:
    assert FINE_SECONDS == (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
    telemetry = MetricsTelemetry()
    telemetry.origin_to_figure.observe(0.25)
    told = {
        sample.labels["le"]: sample.value
        for sample in next(iter(telemetry.origin_to_figure.collect())).samples
        if sample.name.endswith("_bucket")
    }
    assert (told["0.1"], told["0.25"], told["+Inf"]) == (0, 1, 1)


# --- the door ---------------------------------------------------------------------------------------------------------


class Served:
    """A service without Kafka, asked over HTTP, with the database of the test."""

    def __init__(self, app: FastAPI, pool: asyncpg.Pool | None) -> None:
        self.runtime: Runtime = app.state.runtime
        self.runtime._pool = pool
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"authorization": f"Bearer {KEY}"}
        self.client = httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers)

    async def send(self, event: Stated) -> int:
        """The status of the answer to one event."""
        content = {"content-type": "application/cloudevents+json"}
        return (await self.client.post("/v1/events", json=event, headers=content)).status_code


@pytest_asyncio.fixture
async def door(pool: asyncpg.Pool) -> AsyncIterator[Served]:
    settings = recruitment.ServiceSettings(database_url="postgresql://postgres@/nothing", api_keys=(ENTRY,))
    served = Served(recruitment.create(settings), pool)
    yield served
    await served.client.aclose()


def without_requests(differences: dict[str, float]) -> dict[str, float]:
    """Without what each request is counted by, which has a test of its own."""
    return {name: grown for name, grown in differences.items() if not name.startswith("http_request_seconds")}


@shows("accepted", "already_known")
async def test_an_event_is_counted_by_its_type_when_it_is_accepted_and_as_known_when_it_comes_again(
    door: Served,
) -> None:
    with changes(door.runtime.telemetry) as changed:
        assert await door.send(post_established("P-1", "331")) == 202
        assert await door.send(post_established("P-2", "331")) == 202
        assert await door.send(worker_started("W-1", "331")) == 202
    assert without_requests(changed) == {
        "accepted_total type=uk.workforce.post.established.v1": 2,
        "accepted_total type=uk.workforce.worker.started.v1": 1,
    }
    with changes(door.runtime.telemetry) as changed:
        assert await door.send(post_established("P-1", "331")) == 200
    assert without_requests(changed) == {"already_known_total type=uk.workforce.post.established.v1": 1}


async def test_an_event_that_is_turned_away_is_named_as_its_sender_named_it(door: Served) -> None:
    faults: list[Stated] = [{"data": {}}, {"authority": "332"}]
    wrong = [post_established("P-1", "331") | fault for fault in faults]
    batch = {"content-type": "application/cloudevents-batch+json"}
    answer = await door.client.post("/v1/events", json=wrong, headers=batch)
    names = [(result["id"], result["source"], result["status"]) for result in answer.json()["results"]]
    assert names == [(event["id"], event["source"], "rejected") for event in wrong]


async def test_an_event_that_is_accepted_stands_in_the_log_by_what_it_is_known_by_and_once(
    door: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, str]] = []
    monkeypatch.setattr("services.chassis.intake.log", SimpleNamespace(info=lambda what, **of: told.append(of)))
    event = post_established("P-1", "331")
    assert [await door.send(event), await door.send(event)] == [202, 200]
    names = {"event_id": event["id"], "source": event["source"], "authority": "331", "type": event["type"]}
    assert told == [names]


OF_THE_OTHER = stated("L-1", "worker.left", "worker/W-1", "331", {
    "left_on": "2023-10-31", "reason": "resignation", "destination": "other"
})  # fmt: skip


@shows("rejected")
@pytest.mark.parametrize(
    ("event", "status", "reason"),
    [
        (post_established("P-1", "331") | {"data": {}}, 422, "contract"),
        (post_established("P-1", "332"), 403, "authority"),
        (post_established("P-1", "331") | {"time": "2099-01-01T00:00:00Z"}, 422, "future"),
        (OF_THE_OTHER, 422, "other-service"),
    ],
    ids=["contract", "authority", "future", "other-service"],
)
async def test_an_event_that_is_turned_away_is_counted_by_the_reason(
    door: Served, event: Stated, status: int, reason: str
) -> None:
    with changes(door.runtime.telemetry) as changed:
        assert await door.send(event) == status
    assert without_requests(changed) == {f"rejected_total reason={reason}": 1}


@shows("rejected")
async def test_so_is_one_that_conflicts_and_a_request_that_cannot_be_read(door: Served) -> None:
    assert await door.send(post_established("P-1", "331")) == 202
    with changes(door.runtime.telemetry) as changed:
        assert await door.send(post_established("P-1", "331", funded_fte=0.5)) == 409
        unreadable = await door.client.post("/v1/events", content=b"{", headers={"content-type": "application/xml"})
        assert unreadable.status_code == 415
    assert without_requests(changed) == {
        "rejected_total reason=conflict": 1,
        "rejected_total reason=unreadable-request": 1,
    }


@shows("requests")
@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/health/live", "method=GET route=/health/live status=200"),
        ("HEAD", "/health/live", "method=HEAD route=/health/live status=200"),
        ("POST", "/health/live", "method=POST route=/health/live status=405"),
        ("GET", "/v1/nothing/at/all", "method=GET route=unknown status=404"),
        ("BREW", "/health/live", "method=other route=/health/live status=405"),
        ("GET", "/v1/posts/fallen-vacant?authority=331", "method=GET route=/v1/posts/fallen-vacant status=403"),
        ("POST", "/v1/events", "method=POST route=/v1/events status=415"),
    ],
)
async def test_a_request_is_timed_by_method_route_and_status(
    door: Served, monkeypatch: pytest.MonkeyPatch, method: str, path: str, labels: str
) -> None:
    ticks = iter([10.0, 12.5])
    monkeypatch.setattr("services.chassis.service.time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    with changes(door.runtime.telemetry) as changed:
        await door.client.request(method, path)
    changed.pop("rejected_total reason=unreadable-request", None)
    assert changed == {f"http_request_seconds_count {labels}": 1, f"http_request_seconds_sum {labels}": 2.5}


@shows("requests")
@pytest.mark.parametrize(
    ("error", "status"), [(ConnectionRefusedError(), 503), (asyncpg.DiskFullError(), 503), (ZeroDivisionError(), 500)]
)
async def test_a_request_that_failed_is_timed_as_failed(door: Served, error: Exception, status: int) -> None:
    class Broken:
        def acquire(self) -> Any:
            raise error

    door.runtime._pool = cast(asyncpg.Pool, Broken())
    with changes(door.runtime.telemetry) as changed:
        assert await door.send(post_established("P-1", "331")) == status
    assert changed[f"http_request_seconds_count method=POST route=/v1/events status={status}"] == 1


@shows("requests")
async def test_an_answer_that_breaks_off_is_timed_by_the_status_with_which_it_began_and_no_other_follows_it() -> None:
    sent: list[str] = []

    async def breaking(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ConnectionRefusedError

    async def send(message: Any) -> None:
        sent.append(message["type"])

    telemetry = Telemetry()
    asked = {"type": "http", "method": "GET", "path": "/v1/measures"}
    with changes(telemetry) as changed, pytest.raises(ConnectionRefusedError):
        await Measured(breaking, telemetry)(asked, cast(Any, None), send)
    assert sent == ["http.response.start"]
    assert changed["http_request_seconds_count method=GET route=unknown status=200"] == 1


# --- connections: their limits have tests of their own in test_connections --------------------------------------------


@shows("connections", "turned_away")
def test_connections_are_counted_and_those_that_are_ended_by_the_limit() -> None:
    door = Door(head_seconds=10.0)
    with changes(door.telemetry) as changed:
        connection, _ = door.enter()
        door.enter()
    assert changed == {"http_connections": 2}
    with changes(door.telemetry) as changed:
        door.clock.now += 11
        connection.look()
    assert changed == {"http_connections": -1, "http_turned_away_total limit=head": 1}


# --- the journal and its relay ----------------------------------------------------------------------------------------


@shows("published")
async def test_what_kafka_acknowledged_is_counted_by_topic(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1", "P-2")
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        with changes(publishing.telemetry) as changed:
            await publishing.round()
            await publishing.round()
    assert changed == {"published_total topic=workforce.posts": 2}


@shows("published_again")
async def test_a_log_that_was_lost_is_counted_once(pool: asyncpg.Pool) -> None:
    await accept_posts(pool, "P-1", "P-2")
    async with pool.acquire() as connection:
        publishing = Publishing(connection)
        await publishing.round()
        publishing.kafka.lose("workforce.posts")
        with changes(publishing.telemetry) as changed:
            with pytest.raises(KafkaLogIsShorter):
                await publishing.round()
            for _ in range(3):
                await publishing.round()
    assert changed == {"journal_replays_total": 1, "published_total topic=workforce.posts": 2}


@shows("journal_position", "journal_unpublished", "journal_age")
async def test_the_journal_tells_its_newest_position_what_is_unpublished_and_how_old_the_oldest_of_it_is(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = recruitment.ServiceSettings(database_url="postgresql://postgres@/nothing")
    runtime = Runtime(recruitment.SPEC, settings)
    runtime._pool = pool
    monkeypatch.setattr("services.chassis.runtime.datetime", SimpleNamespace(now=lambda _: NOON))
    await accept_posts(pool, "P-1", "P-2", "P-3")
    accepted = "UPDATE journal SET accepted_at = $1::timestamptz - position * interval '10 seconds'"
    await pool.execute(accepted, NOON)
    await pool.execute("UPDATE relay_progress SET position = 1")
    with changes(runtime.telemetry) as changed:
        await runtime._watch_journal()
    assert changed == {"journal_position": 3, "journal_unpublished": 2, "journal_age_seconds": 20}
    await pool.execute("UPDATE relay_progress SET position = 3")
    await runtime._watch_journal()
    told = figures(runtime.telemetry)
    assert (told["journal_position"], told["journal_unpublished"], told["journal_age_seconds"]) == (3, 0, 0)


# --- consuming --------------------------------------------------------------------------------------------------------


@shows("consumed", "dead_letters")
async def test_records_are_counted_by_topic_when_they_are_done_with_and_by_cause_when_they_are_rejected() -> None:
    consuming = Consuming(in_a_row=10)
    elsewhere = TopicPartition("workforce.hiring", 0)
    with changes(consuming.telemetry) as changed:
        await consuming.deliver(good(ZERO, 1), bad(ZERO, 2, "301"), good(ONE, 1), bad(elsewhere, 1, "301"))
    assert changed == {
        "consumed_total topic=workforce.posts": 3,
        "consumed_total topic=workforce.hiring": 1,
        "dead_letters_total topic=workforce.posts cause=contract": 1,
        "dead_letters_total topic=workforce.hiring cause=contract": 1,
    }


@shows("dead_letters", "retries")
async def test_what_cannot_be_taken_in_is_a_dead_letter_by_its_cause_and_each_further_try_is_counted_by_its_own() -> (
    None
):
    consuming = Consuming(10, None, KafkaConnectionError())  # attempts: 2

    async def take_in(events: list[Any], far_behind: bool) -> None:
        raise ZeroDivisionError

    message = SimpleNamespace(raw_message=[good(ZERO, 1)], consumer=consuming.consumer)
    with changes(consuming.telemetry) as changed:
        await consuming.delivery.deliver(cast(Any, message), take_in)
    assert changed == {
        "retries_total cause=ZeroDivisionError": 1,
        "retries_total cause=KafkaConnectionError": 1,
        "dead_letters_total topic=workforce.posts cause=handler": 1,
        "consumed_total topic=workforce.posts": 1,
    }


@shows("dead_letter_runs")
async def test_a_run_of_one_authoritys_bad_records_is_counted_once_however_long_it_is() -> None:
    consuming = Consuming(in_a_row=4)
    for offset, runs in ((3, 0), (4, 1), (9, 1)):
        kept = len(consuming.dead_letters.kept)
        await consuming.deliver(*[bad(ZERO, number, "301") for number in range(kept, offset)])
        assert consuming.metric("workforce_dead_letter_runs_total") == runs
    assert figures(consuming.telemetry)["dead_letter_runs_total topic=workforce.posts"] == 1
    # After one that is right another run begins.
    await consuming.deliver(good(ZERO, 20), *[bad(ZERO, 21 + number, "301") for number in range(4)])
    assert figures(consuming.telemetry)["dead_letter_runs_total topic=workforce.posts"] == 2


@shows("halted", "halted_partitions")
async def test_a_partition_that_is_halted_is_counted_by_topic_and_what_stands_on_it_was_not_consumed() -> None:
    consuming = Consuming(in_a_row=2)
    with changes(consuming.telemetry) as changed:
        await consuming.deliver(bad(ZERO, 1, None), bad(ZERO, 2, None), good(ONE, 1))
        await consuming.deliver(bad(ZERO, 1, None), bad(ZERO, 2, None))
    assert changed == {
        "consumer_halted": 1,
        "consumer_halted_partitions topic=workforce.posts": 1,
        "consumed_total topic=workforce.posts": 1,
    }


class Behind:
    """A consumer of some partitions, of which one has no position yet, and of another nobody knows where it ends."""

    def __init__(self) -> None:
        self.positions: dict[TopicPartition, tuple[int | None, int | None]] = {
            TopicPartition("workforce.posts", 0): (10, 13),
            TopicPartition("workforce.posts", 1): (5, 7),
            TopicPartition("workforce.hiring", 0): (4, 4),
            TopicPartition("workforce.leavers", 0): (None, 9),
            TopicPartition("workforce.working-life", 0): (3, None),
        }

    @property
    def _subscription(self) -> Any:
        def state(partition: TopicPartition) -> Any:
            position, _ = self.positions[partition]
            return SimpleNamespace(has_valid_position=position is not None, position=position)

        return SimpleNamespace(subscription=SimpleNamespace(assignment=SimpleNamespace(state_value=state)))

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def highwater(self, partition: TopicPartition) -> int | None:
        return self.positions[partition][1]


@shows("lag")
async def test_how_many_records_wait_behind_the_consumer_is_told_by_topic() -> None:
    runtime = Runtime(metrics.SPEC, metrics.ServiceSettings(database_url="postgresql://postgres@/nothing"))
    runtime.membership = cast(Any, SimpleNamespace(consumers=lambda: [Behind()]))
    with changes(runtime.telemetry) as changed:
        await runtime._keep_readings()
    assert changed == {"consumer_lag_records topic=workforce.posts": 5}
    assert figures(runtime.telemetry)["consumer_lag_records topic=workforce.hiring"] == 0
    assert "consumer_lag_records topic=workforce.leavers" not in figures(runtime.telemetry)
    assert runtime.records_behind() == 5


# --- completeness -----------------------------------------------------------------------------------------------------


def mark(events: int, position: int) -> TopicMark:
    return TopicMark(count=events, log_position=position, log_ends=())


@shows("missing", "complete_until")
async def test_what_misses_is_told_by_owner_and_up_to_when_all_is_there(pool: asyncpg.Pool) -> None:
    telemetry = Telemetry()
    watermarks = Watermarks("metrics", "127.0.0.1:1", telemetry, None, idempotent=False)
    nothing = dict.fromkeys(("workforce.leavers", "workforce.progression-panels", "workforce.policies"), mark(0, 0))
    some = {"workforce.posts": mark(3, 5), "workforce.hiring": mark(2, 5), "workforce.agency-cover": mark(0, 5)}
    working_life = {"workforce.working-life": mark(0, 0)}
    watermarks._heard = {
        "retention": Watermark(owner="retention", position=0, head=0, until=NOON, topics=nothing | working_life),
        "recruitment": Watermark(
            owner="recruitment", position=5, head=5, until=NOON + timedelta(seconds=1), topics=some
        ),
    }
    watermarks._ask = cast(Any, lambda _: asyncio.sleep(0))  # type: ignore[method-assign]
    with changes(telemetry) as changed:
        await watermarks.judge(pool)
    assert changed == {"inbox_missing_events owner=recruitment": 5}
    assert figures(telemetry)["inbox_missing_events owner=retention"] == 0

    async with pool.acquire() as connection, connection.transaction():
        events = [decoded(post_established(f"P-{number}", "331"), number) for number in (1, 2, 3)]
        events += [decoded(worker_started(f"W-{number}", "331"), number) for number in (4, 5)]
        await inbox.take(connection, events)
    await watermarks.judge(pool)
    assert figures(telemetry)["inbox_missing_events owner=recruitment"] == 0
    # Of the owner that was heard for the shorter time.
    assert figures(telemetry)["complete_until_timestamp_seconds"] == NOON.timestamp()


@shows("dead_letters_open")
async def test_dead_letters_that_are_open_are_told_by_the_topic_they_came_from(pool: asyncpg.Pool) -> None:
    telemetry = Telemetry()
    for letter in ("one", "another", "a third", "a fourth", "a third"):
        await dead_letter_actions.note(pool, letter, "workforce.posts", "contract")
    async with pool.acquire() as connection:
        await dead_letter_actions.add(connection, ["one"], Action.SHOWN, "an operator")
        await dead_letter_actions.add(connection, ["another"], Action.DISMISSED, "an operator", "a test record")
        await dead_letter_actions.add(connection, ["a fourth"], Action.SENT_AGAIN, "an operator")
    with changes(telemetry) as changed:
        await dead_letter_actions.tell(pool, telemetry)
    assert changed == {"dead_letters_open topic=workforce.posts": 2}


# --- metrics' own -----------------------------------------------------------------------------------------------------


@shows("queued", "underivable")
async def test_subjects_that_wait_to_be_derived_and_those_that_cannot_be_are_told(pool: asyncpg.Pool) -> None:
    runtime = cast(Runtime, SimpleNamespace(pool=pool, telemetry=MetricsTelemetry(), unsettled="before"))
    async with pool.acquire() as connection:
        await queue.enqueue(connection, {Subject("331", f"worker/W-{number}") for number in range(3)})
        await queue.enqueue_failed(connection, {Subject("332", "worker/W-1"): "too many stretches"})
    with changes(runtime.telemetry) as changed:
        await handlers.count_waiting(runtime)
    assert changed == {"timelines_queued": 3, "timelines_underivable": 1}
    assert runtime.unsettled == "3 timelines wait to be derived"
    await pool.execute("DELETE FROM derivation_queue")
    await handlers.count_waiting(runtime)
    told = figures(runtime.telemetry)
    assert (told["timelines_queued"], told["timelines_underivable"]) == (0, 0)
    assert runtime.unsettled is None


@shows("origin_to_figure")
async def test_the_time_from_acceptance_to_the_figure_is_told_of_each_event_that_is_new(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.metrics.ingest.handlers.datetime", SimpleNamespace(now=lambda _: NOON))
    runtime = cast(Runtime, SimpleNamespace(pool=pool, telemetry=MetricsTelemetry(), recent_events=RecentEvents()))

    def accepted(post: str, sequence: int, seconds: float) -> Any:
        event = decoded(post_established(post, "331"), sequence)
        envelope = event.envelope.model_copy(update={"acceptedtime": NOON - timedelta(seconds=seconds)})
        return replace(event, envelope=envelope)

    first, second = accepted("P-1", 1, 1.5), accepted("P-2", 2, 0.25)
    with changes(runtime.telemetry) as changed:
        await handlers.TakeInEvents(runtime)([first, second], False)
        await handlers.TakeInEvents(runtime)([first, second], False)
    assert changed == {"origin_to_figure_seconds_count": 2, "origin_to_figure_seconds_sum": 1.75}


@shows("feed_recorded", "feed_accepted", "feeds_left_out")
async def test_when_each_feed_last_came_is_told_and_of_how_many_feeds_it_is_not(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.metrics.ingest.feeds.MOST_WATCHED", 1)
    runtime = cast(Runtime, SimpleNamespace(pool=pool, telemetry=MetricsTelemetry(), recent_events=RecentEvents()))

    def of(source: str, sequence: int, minutes: int) -> Any:
        event = decoded(post_established("P-1", "331"), sequence)
        stated = {"source": source, "time": NOON, "acceptedtime": NOON + timedelta(minutes=minutes)}
        return replace(event, envelope=event.envelope.model_copy(update=stated))

    await handlers.TakeInEvents(runtime)([of("/hr", 1, 2), of("/panels", 2, 1)], False)
    with changes(runtime.telemetry) as changed:
        await feeds.tell(runtime)
    assert changed == {
        "feed_recorded_until_timestamp_seconds authority=331 source=/hr": NOON.timestamp(),
        "feed_last_accepted_timestamp_seconds authority=331 source=/hr": NOON.timestamp() + 120,
        "feeds_left_out": 1,
    }
