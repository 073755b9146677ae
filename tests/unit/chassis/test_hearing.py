"""Hearing the owners' watermarks: the newest record of each, once, and again where it did not come.

Invariant: Kafka's reader stands in; real ones are silenced, frozen and killed in tests/delivery.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from contracts.catalogue import METRICS, RECRUITMENT, RETENTION, watermark_topic
from contracts.watermark import RepublishRequest, Watermark, decode, encode
from services.chassis.telemetry import Telemetry
from services.chassis.watermarks import Watermarks

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OF_RECRUITMENT, OF_RETENTION = (TopicPartition(watermark_topic(owner).name, 0) for owner in (RECRUITMENT, RETENTION))


class Over(BaseException):
    """Ends what is done for ever."""


def said(owner: str, seconds: int) -> bytes:
    """What an owner said so many seconds after noon."""
    until = NOON + timedelta(seconds=seconds)
    return encode(Watermark(owner=owner, position=seconds, head=seconds, until=until, topics={}))


class Reader:
    """Logs of watermarks that grow from look to look; `deaf` are the looks at which nothing can be fetched."""

    def __init__(self, *looks: dict[TopicPartition, list[bytes]], deaf: Sequence[int] = ()) -> None:
        self.looks, self.look, self.deaf = looks, -1, deaf
        self.assigned: list[TopicPartition] = []
        self.sought: list[tuple[int, TopicPartition, int]] = []

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned = partitions

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        self.look += 1
        if self.look == len(self.looks):
            raise Over
        return {partition: len(self.looks[self.look].get(partition, [])) for partition in partitions}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought.append((self.look, partition, offset))

    async def getmany(self, partition: TopicPartition, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        if self.look in self.deaf:
            return {}
        _, _, offset = self.sought[-1]
        return {partition: [SimpleNamespace(value=value) for value in self.looks[self.look][partition][offset:]]}


async def heard(watermarks: Watermarks, reader: Reader) -> dict[str, int]:
    """How many seconds after noon each owner was heard last, when the reader has no more to say."""
    with pytest.raises(Over):
        await watermarks._hear_from(cast(Any, reader))
    return {owner: watermark.position for owner, watermark in watermarks._heard.items()}


@pytest.fixture
def watermarks(monkeypatch: pytest.MonkeyPatch) -> Watermarks:
    """Those of metrics, which hears both owners, and looks without a pause."""
    monkeypatch.setattr("services.chassis.watermarks.LOOK_SECONDS", 0)
    return Watermarks(METRICS, "127.0.0.1:1", Telemetry(), None, idempotent=False)


async def test_of_each_owner_the_newest_is_heard(watermarks: Watermarks) -> None:
    logs = {
        OF_RECRUITMENT: [said(RECRUITMENT, 1), said(RECRUITMENT, 2), said(RECRUITMENT, 3)],
        OF_RETENTION: [said(RETENTION, 7)],
    }
    reader = Reader(logs)
    assert await heard(watermarks, reader) == {RECRUITMENT: 3, RETENTION: 7}
    assert reader.assigned == [OF_RECRUITMENT, OF_RETENTION]
    assert reader.sought == [(0, OF_RECRUITMENT, 2), (0, OF_RETENTION, 0)]


async def test_what_was_heard_is_not_fetched_again_and_what_is_new_is(watermarks: Watermarks) -> None:
    first = {OF_RECRUITMENT: [said(RECRUITMENT, 1)]}
    second = {OF_RECRUITMENT: [said(RECRUITMENT, 1), said(RECRUITMENT, 2)]}
    reader = Reader(first, first, second, second)
    assert await heard(watermarks, reader) == {RECRUITMENT: 2}
    assert reader.sought == [(0, OF_RECRUITMENT, 0), (2, OF_RECRUITMENT, 1)]


async def test_a_log_that_was_made_anew_and_is_shorter_is_heard(watermarks: Watermarks) -> None:
    before = {OF_RECRUITMENT: [said(RECRUITMENT, 1), said(RECRUITMENT, 2)]}
    anew = {OF_RECRUITMENT: [said(RECRUITMENT, 3)]}
    assert await heard(watermarks, Reader(before, {}, anew)) == {RECRUITMENT: 3}


async def test_what_did_not_come_is_looked_for_again(watermarks: Watermarks) -> None:
    logs = {OF_RECRUITMENT: [said(RECRUITMENT, 1)]}
    reader = Reader(logs, logs, logs, deaf=[0])
    assert await heard(watermarks, reader) == {RECRUITMENT: 1}
    assert reader.sought == [(0, OF_RECRUITMENT, 0), (1, OF_RECRUITMENT, 0)]


async def test_while_nobody_says_anything_kafka_answers_all_the_same(
    watermarks: Watermarks, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([100.0, 101.0, 102.0])
    monkeypatch.setattr("services.chassis.watermarks.time", SimpleNamespace(monotonic=lambda: next(ticks)))
    assert await heard(watermarks, Reader({}, {}, {})) == {}
    assert (watermarks.kafka_answers_since, watermarks.kafka_answered_at) == (100.0, 102.0)


class Silenced(Reader):
    """A reader whose broker goes away after these looks."""

    async def start(self) -> None:
        """As Kafka's client does."""

    stop = start

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        try:
            return await super().end_offsets(partitions)
        except Over:
            raise KafkaConnectionError from None


class Last(Silenced):
    """A reader of which nothing is asked after these looks."""

    end_offsets = Reader.end_offsets


def made_with(clients: Iterator[Any], settings: list[dict[str, Any]]) -> Callable[..., Any]:
    """Gives one client after the other, and notes with which settings each is made."""

    def make(**of_one: Any) -> Any:
        settings.append(of_one)
        return next(clients)

    return make


def noted_waits(monkeypatch: pytest.MonkeyPatch) -> set[float]:
    """How many seconds are waited for something at the most, each once."""
    waited: set[float] = set()

    async def wait_for(what: Awaitable[Any], seconds: float) -> Any:
        waited.add(seconds)
        return await what

    monkeypatch.setattr("services.chassis.watermarks.asyncio.wait_for", wait_for)
    return waited


async def test_kafka_that_was_away_answers_since_it_came_back(
    watermarks: Watermarks, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([90.0, 100.0, 101.0, 200.0, 201.0])
    readers = iter([Silenced({}, {}), Last({}, {})])
    monkeypatch.setattr("services.chassis.watermarks.time", SimpleNamespace(monotonic=lambda: next(ticks)))
    settings: list[dict[str, Any]] = []
    monkeypatch.setattr("services.chassis.watermarks.AIOKafkaConsumer", made_with(readers, settings))
    waited = noted_waits(monkeypatch)
    with pytest.raises(Over):
        await watermarks.hear()
    of_each = {
        "bootstrap_servers": "127.0.0.1:1",
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "request_timeout_ms": 4000,
        "fetch_max_wait_ms": 100,
        "metadata_max_age_ms": 5000,
    }
    assert (settings, waited) == ([of_each, of_each], {4.0})
    assert (watermarks.listens_since, watermarks.kafka_answers_since) == (90.0, 200.0)
    assert watermarks.kafka_answered_at == 201.0


@pytest.mark.parametrize("silent", ["start", "end_offsets"])
async def test_who_hears_ends_when_it_is_told_to(
    watermarks: Watermarks, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    waits = asyncio.Event()

    async def never(*_: Any) -> Any:
        if waits.is_set():
            raise Over  # it was told to end, and went on
        waits.set()
        await asyncio.Event().wait()

    reader = Last({})
    monkeypatch.setattr(reader, silent, never)
    monkeypatch.setattr("services.chassis.watermarks.AIOKafkaConsumer", lambda **_: reader)
    task = asyncio.create_task(watermarks.hear())
    await asyncio.wait_for(waits.wait(), 60)
    task.cancel()
    await asyncio.wait({task}, timeout=60)
    assert task.cancelled()


# --- asking an owner --------------------------------------------------------------------------------------------------


class Producer:
    """Takes what is sent, until it was sent so many records."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.sent: list[tuple[str, RepublishRequest, int]] = []
        self.stopped = False

    async def start(self) -> None:
        """It begins."""

    async def stop(self) -> None:
        self.stopped = True

    async def send_and_wait(self, topic: str, value: bytes, partition: int) -> None:
        if len(self.sent) == self.takes:
            raise KafkaConnectionError
        self.sent.append((topic, decode(RepublishRequest, value), partition))


@pytest.mark.parametrize("takes", [2, 1], ids=["all", "one, and then Kafka is away"])
@pytest.mark.parametrize("idempotent", [True, False])
async def test_each_owner_is_asked_on_its_own_topic_and_kafka_that_is_away_keeps_nobody_from_anything(
    monkeypatch: pytest.MonkeyPatch, takes: int, idempotent: bool
) -> None:
    producer, settings = Producer(takes), list[dict[str, Any]]()
    monkeypatch.setattr("services.chassis.watermarks.AIOKafkaProducer", made_with(iter([producer]), settings))
    waited = noted_waits(monkeypatch)
    requests = [
        RepublishRequest(reader=METRICS, topic=topic, after=3, up_to=7)
        for topic in ("workforce.posts", "workforce.leavers")
    ]
    await Watermarks(METRICS, "127.0.0.1:1", Telemetry(), None, idempotent)._ask(requests)
    asked = [("workforce.recruitment.requests", requests[0], 0), ("workforce.retention.requests", requests[1], 0)]
    assert producer.sent == asked[:takes]
    assert (producer.stopped, waited) == (True, {4.0})
    assert settings == [
        {
            "bootstrap_servers": "127.0.0.1:1",
            "acks": "all",
            "enable_idempotence": idempotent,
            "request_timeout_ms": 4000,
        }
    ]
