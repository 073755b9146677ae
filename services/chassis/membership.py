"""Membership of the consumer group: join when Kafka is there, and join again if that failed.

Invariant: whatever happens to one client, a little later another one is reading.

Four things never end by themselves. A group can leave a member waiting for its partitions for ever, if others come
and go at the same moment. The embedded broker gives a member that joins again what it gave it before: nothing, if the
topics were not there then. A client that is closed waits for its group all the same. And FastStream gives up a consumer
whose client passed on the CancelledError of an inner task.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from faststream.kafka import KafkaBroker

from services.chassis.cancelling import end, to_its_end, within
from services.chassis.logs import get_log

log = get_log(__name__)

JOIN_SECONDS = 20.0
"""How long a group may take to give a member its partitions: several times the session time-out of 6 s, after which
it knows that another member is gone."""

BATCH_SECONDS = 10.0
"""How long the current batch may take to finish. If it takes longer it comes again."""

CLOSE_SECONDS = 5.0
"""How long a client may take to leave its group and close."""

DISCONNECT_SECONDS = 2.0

MakeBroker = Callable[[], KafkaBroker]


class Membership:
    """The consumers of one process. `make` returns a broker with its subscribers, not yet started.

    With `reads_every_topic` a consumer that was given no partition of one of its topics waits for it. So it must be on
    the embedded broker, and may be where no group has more members than a topic has partitions.
    """

    def __init__(self, make: MakeBroker, *, reads_every_topic: bool, join_seconds: float = JOIN_SECONDS) -> None:
        self._make = make
        self._reads_every_topic = reads_every_topic
        self._join_seconds = join_seconds
        self._broker: KafkaBroker | None = None
        self._waits_since: float | None = None

    async def join(self) -> None:
        """Start consumers and have them join. Raises TimeoutError if that takes too long, or what aiokafka raises."""
        broker = self._broker = self._make()
        try:
            async with asyncio.timeout(self._join_seconds):
                await broker.start()
        except BaseException as error:
            await self._close(broker, busy=False)
            if isinstance(error, TimeoutError):
                seconds = f"{self._join_seconds:g} seconds"
                raise TimeoutError(f"the consumer group gave no partitions within {seconds}") from error
            raise

    async def leave(self, busy: bool) -> None:
        """Finish the batch, if one is at hand, and leave. That ends whatever Kafka does. Nobody joins any more then, or
        is about to.
        """
        if self._broker is not None:
            await self._close(self._broker, busy)

    def consumers(self) -> list[Any]:
        """The aiokafka consumers that are running."""
        if self._broker is None:
            return []
        consumers = (getattr(subscriber, "consumer", None) for subscriber in self._broker.subscribers)
        return [consumer for consumer in consumers if consumer is not None]

    async def left(self, kafka_answers: bool, busy: bool) -> bool:
        """Ask this every second: whether a consumer ended, or waited too long for partitions and was closed.

        Nothing is closed while Kafka does not answer (a new consumer would not do better) or while a batch is being
        taken in.
        """
        broker = self._broker
        if broker is None:
            return False
        ended = any(all(task.done() for task in consuming.tasks) for consuming in _consuming(broker))
        waits = not busy and kafka_answers and any(map(self._waits, self.consumers()))
        self._waits_since = (self._waits_since or time.monotonic()) if waits else None
        in_vain = self._waits_since is not None and time.monotonic() - self._waits_since > self._join_seconds
        if not (ended or in_vain):
            return False
        log.error("the consumer ended by itself, or waits in vain for its partitions: starting another one")
        self._waits_since = None
        await self._close(broker, busy)
        return True

    def _waits(self, consumer: Any) -> bool:
        """Whether the consumer is joining its group, or joining it again, or lacks a topic that it should read."""
        lacks = self._reads_every_topic and _lacks_a_topic(consumer)
        return lacks or consumer._subscription.reassignment_in_progress

    async def _close(self, broker: KafkaBroker, busy: bool) -> None:
        self._broker = None
        # Who is broken off here would leave a member in the group that holds its partitions and reads none of them.
        await to_its_end(_close(broker, busy))


async def _close(broker: KafkaBroker, busy: bool) -> None:
    """Have the consumers leave the group and end, in order as far as Kafka lets them."""
    clients = [_Client(subscriber) for subscriber in broker.subscribers if getattr(subscriber, "consumer", None)]
    closing = asyncio.ensure_future(broker.stop())
    await asyncio.wait([closing], timeout=CLOSE_SECONDS + (BATCH_SECONDS if busy else 0))
    # What it waits for may never come. Without a connection it ends by itself, and in order.
    for client in () if closing.done() else clients:
        await client.disconnect()
    in_order = await within(DISCONNECT_SECONDS, closing, "leaving the consumer group")
    for client in () if in_order else clients:
        await client.take_apart()


class _Client:
    """The consumer of a subscriber, and all that works for it. Taken before it closes: it forgets some of them then."""

    def __init__(self, subscriber: Any) -> None:
        self._consumer = subscriber.consumer
        self._reading = list(subscriber.tasks)

    async def disconnect(self) -> None:
        await within(DISCONNECT_SECONDS, self._consumer._client.close(), "disconnecting from Kafka")

    async def take_apart(self) -> None:
        """Close what the subscriber did not come to close, and end what did not end."""
        await within(DISCONNECT_SECONDS, self._consumer.stop(), "closing a consumer")
        coordinator, fetcher = self._consumer._coordinator, self._consumer._fetcher
        tasks = [
            *self._reading,
            *(getattr(coordinator, f"_{name}_task", None) for name in ("coordination", "heartbeat", "commit_refresh")),
            *([] if fetcher is None else [fetcher._fetch_task, *fetcher._pending_tasks]),
        ]
        await end([task for task in tasks if task is not None], DISCONNECT_SECONDS)
        # One of them may have connected again.
        await self.disconnect()


def _consuming(broker: KafkaBroker) -> list[Any]:
    return [subscriber for subscriber in broker.subscribers if getattr(subscriber, "tasks", None)]


def _lacks_a_topic(consumer: Any) -> bool:
    """Whether the consumer has no partition of a topic that it reads."""
    return not consumer.subscription() <= {partition.topic for partition in consumer.assignment()}
