"""A member that a group leaves waiting joins anew with other clients. The clients stand in for real ones here, because
no broker can be asked to leave a member waiting: the fault campaign meets it on the embedded broker.
"""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from services.chassis.membership import Membership

SOON = 0.05


class Broker:
    """Stands in for FastStream's: `starts` says whether its group gives it partitions. With `holds_on` it closes only
    once its connection is gone; `batch` is one that is at hand, and is waited for.
    """

    def __init__(self, starts: bool, holds_on: bool = False, batch: asyncio.Event | None = None) -> None:
        self.starts, self.closed, self.batch = starts, False, batch
        self.connected = holds_on
        self.disconnected = asyncio.Event()
        self.task: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(60))
        self.coordinating: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(60))
        self.consumer_closed = False
        self.topics: set[str] = set()
        self.given: set[TopicPartition] = set()
        self.subscription = SimpleNamespace(reassignment_in_progress=not starts)
        consumer = SimpleNamespace(
            _subscription=self.subscription,
            _client=SimpleNamespace(close=self.disconnect),
            _coordinator=SimpleNamespace(_coordination_task=self.coordinating),
            _fetcher=None,
            stop=self.close_consumer,
            subscription=lambda: self.topics,
            assignment=lambda: self.given,
        )
        self.subscribers = [SimpleNamespace(consumer=consumer, tasks=[self.task])]

    async def start(self) -> None:
        if not self.starts:
            await asyncio.Event().wait()

    async def disconnect(self) -> None:
        self.disconnected.set()

    async def close_consumer(self) -> None:
        self.consumer_closed = True

    async def stop(self) -> None:
        if self.batch is not None:
            await self.batch.wait()
        if self.connected:
            await self.disconnected.wait()
        self.closed = True
        self.task.cancel()


def member(*brokers: Any, reads_every_topic: bool = False, join_seconds: float = SOON) -> Membership:
    following = iter(brokers)
    return Membership(lambda: next(following), reads_every_topic=reads_every_topic, join_seconds=join_seconds)


async def test_who_gets_no_partitions_gives_up_and_the_next_client_joins() -> None:
    waits, joins = Broker(starts=False), Broker(starts=True)
    membership = member(waits, joins)
    with pytest.raises(TimeoutError, match=r"the consumer group gave no partitions within 0\.05 seconds"):
        await membership.join()
    assert waits.closed
    assert membership.consumers() == []
    await membership.join()
    assert membership.consumers() == [joins.subscribers[0].consumer]
    assert not await membership.left(kafka_answers=True, busy=False)
    assert not joins.closed


async def test_a_member_that_waits_in_vain_to_join_again_is_closed() -> None:
    broker = Broker(starts=True)
    membership = member(broker)
    await membership.join()
    broker.subscription.reassignment_in_progress = True
    assert not await membership.left(kafka_answers=True, busy=False)
    await asyncio.sleep(2 * SOON)
    assert await membership.left(kafka_answers=True, busy=False)
    assert broker.closed
    assert membership.consumers() == []


@pytest.mark.parametrize("reads_every_topic", [True, False])
@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ([("one", 0), ("one", 1), ("two", 0)], False),
        # Another process reads the other partitions.
        ([("one", 1), ("two", 0)], False),
        ([("one", 0), ("one", 1)], True),
        ([], True),
    ],
)
async def test_who_should_read_every_topic_and_was_not_given_one_waits_in_vain(
    reads_every_topic: bool, given: list[tuple[str, int]], lacks: bool
) -> None:
    broker = Broker(starts=True)
    broker.topics, broker.given = {"one", "two"}, {TopicPartition(*partition) for partition in given}
    membership = member(broker, reads_every_topic=reads_every_topic)
    await membership.join()
    assert not await membership.left(kafka_answers=True, busy=False)
    await asyncio.sleep(2 * SOON)
    assert await membership.left(kafka_answers=True, busy=False) is (reads_every_topic and lacks)
    assert broker.closed is (reads_every_topic and lacks)


@pytest.mark.parametrize(("kafka_answers", "busy"), [(False, False), (True, True)])
async def test_a_member_is_left_alone_while_kafka_is_silent_or_a_batch_is_at_hand(
    kafka_answers: bool, busy: bool
) -> None:
    broker = Broker(starts=True)
    membership = member(broker)
    await membership.join()
    broker.subscription.reassignment_in_progress = True
    for _ in range(3):
        assert not await membership.left(kafka_answers, busy)
        await asyncio.sleep(SOON)
    assert not broker.closed


async def test_a_member_that_joined_again_in_time_begins_to_wait_anew_the_next_time() -> None:
    broker = Broker(starts=True)
    membership = member(broker)
    await membership.join()
    for joining in (True, False, True):
        broker.subscription.reassignment_in_progress = joining
        assert not await membership.left(kafka_answers=True, busy=False)
        await asyncio.sleep(0.8 * SOON)
    assert not broker.closed


async def test_who_never_joined_did_not_leave() -> None:
    membership = member()
    assert not await membership.left(kafka_answers=True, busy=False)
    await membership.leave(busy=False)
    assert membership.consumers() == []


async def test_who_leaves_is_closed() -> None:
    broker = Broker(starts=True)
    membership = member(broker)
    await membership.join()
    await membership.leave(busy=False)
    assert broker.closed


async def test_a_consumer_that_ended_by_itself_is_closed_whatever_else() -> None:
    broker = Broker(starts=True)
    membership = member(broker)
    await membership.join()
    broker.task.cancel()
    await asyncio.wait([broker.task])
    assert await membership.left(kafka_answers=False, busy=True)
    assert broker.closed


async def test_a_member_that_waits_for_its_group_is_closed_without_its_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.chassis.membership.CLOSE_SECONDS", SOON)
    broker = Broker(starts=True, holds_on=True)
    membership = member(broker)
    await membership.join()
    await asyncio.wait_for(membership.leave(busy=False), 60)
    assert broker.closed


async def test_a_batch_at_hand_may_take_longer_than_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.chassis.membership.CLOSE_SECONDS", SOON)
    batch = asyncio.Event()
    broker = Broker(starts=True, batch=batch)
    membership = member(broker)
    await membership.join()
    leaving = asyncio.create_task(membership.leave(busy=True))
    await asyncio.sleep(3 * SOON)
    assert not leaving.done()
    batch.set()
    await asyncio.wait_for(leaving, 60)
    assert broker.closed
    assert not broker.disconnected.is_set()


async def test_a_client_that_never_closes_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("CLOSE_SECONDS", "BATCH_SECONDS", "DISCONNECT_SECONDS"):
        monkeypatch.setattr(f"services.chassis.membership.{limit}", SOON)
    broker = Broker(starts=True, batch=asyncio.Event())
    membership = member(broker)
    await membership.join()
    await asyncio.wait_for(membership.leave(busy=True), 60)
    assert membership.consumers() == []
    assert not broker.closed
    assert broker.consumer_closed
    assert (broker.task.cancelled(), broker.coordinating.cancelled()) == (True, True)


async def test_who_joins_and_is_cancelled_leaves_in_order_however_often_it_is_cancelled() -> None:
    batch = asyncio.Event()
    broker = Broker(starts=False, batch=batch)
    membership = member(broker, join_seconds=60)
    joining = asyncio.create_task(membership.join())
    for _ in range(3):
        await asyncio.sleep(0)
        joining.cancel()
    await asyncio.sleep(0)
    assert not joining.done()
    batch.set()
    await asyncio.wait([joining], timeout=60)
    assert joining.cancelled()
    assert broker.closed
