"""A member that a group leaves waiting joins anew with other clients. The clients stand in for real ones here, because
no broker can be asked to leave a member waiting: the fault campaign meets it on the embedded broker.
"""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from services.chassis.membership import Membership

SOON = 0.05


class Broker:
    """Stands in for FastStream's: `starts` says whether its group gives it partitions."""

    def __init__(self, starts: bool) -> None:
        self.starts, self.closed = starts, False
        self.task: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(60))
        self.subscription = SimpleNamespace(reassignment_in_progress=not starts)
        consumer = SimpleNamespace(_subscription=self.subscription)
        self.subscribers = [SimpleNamespace(consumer=consumer, tasks=[self.task])]

    async def start(self) -> None:
        if not self.starts:
            await asyncio.Event().wait()

    async def stop(self) -> None:
        self.closed = True
        self.task.cancel()


def member(*brokers: Any) -> Membership:
    following = iter(brokers)
    return Membership(lambda: next(following), join_seconds=SOON)


async def test_who_gets_no_partitions_gives_up_and_the_next_client_joins() -> None:
    waits, joins = Broker(starts=False), Broker(starts=True)
    membership = member(waits, joins)
    with pytest.raises(TimeoutError):
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
    await membership.leave()
    assert membership.consumers() == []


async def test_who_leaves_is_closed() -> None:
    broker = Broker(starts=True)
    membership = member(broker)
    await membership.join()
    await membership.leave()
    assert broker.closed


async def test_a_consumer_that_ended_by_itself_is_closed_whatever_else() -> None:
    broker = Broker(starts=True)
    membership = member(broker)
    await membership.join()
    broker.task.cancel()
    await asyncio.wait([broker.task])
    assert await membership.left(kafka_answers=False, busy=True)
    assert broker.closed
