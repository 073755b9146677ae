"""Being a member of the group of consumers: joined when Kafka is there, joined anew when that came to nothing.

Invariant: whatever becomes of one client, a while later another one is reading.

A group can leave a member waiting for its partitions for ever, when others come and go at the same moment; and
FastStream gives up a consumer whose client passed on a cancelling of its own. Neither ends by itself.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from faststream.kafka import KafkaBroker

from services.chassis.cancelling import FAILURES
from services.chassis.logs import get_log

log = get_log(__name__)

JOIN_SECONDS = 20.0
"""How long a group may take to give a member its partitions: several times the sessions of 6 s after which it knows
that another member is gone."""

CLOSE_SECONDS = 25.0
"""A little longer than a batch at hand may take to be finished."""

MakeBroker = Callable[[], KafkaBroker]


class Membership:
    """The consumers of one process. `make` gives a broker that nobody started yet, with its subscribers."""

    def __init__(self, make: MakeBroker, join_seconds: float = JOIN_SECONDS) -> None:
        self._make = make
        self._join_seconds = join_seconds
        self._broker: KafkaBroker | None = None
        self._waits_since: float | None = None

    async def join(self) -> None:
        """Start consumers and have them join. Raises TimeoutError when that takes too long, or what aiokafka raises."""
        broker = self._broker = self._make()
        try:
            async with asyncio.timeout(self._join_seconds):
                await broker.start()
        except BaseException:
            await self._close(broker)
            raise

    async def leave(self) -> None:
        """Finish the batch at hand and leave."""
        if self._broker is not None:
            await self._broker.stop()

    def consumers(self) -> list[Any]:
        """The aiokafka consumers that are running."""
        if self._broker is None:
            return []
        consumers = (getattr(subscriber, "consumer", None) for subscriber in self._broker.subscribers)
        return [consumer for consumer in consumers if consumer is not None]

    async def left(self, kafka_answers: bool, busy: bool) -> bool:
        """To be asked every second: whether a consumer ended, or waits too long for partitions, and was closed.

        While Kafka does not answer no new one would fare better, and while a batch is at hand it is left alone.
        """
        broker = self._broker
        if broker is None:
            return False
        ended = any(all(task.done() for task in consuming.tasks) for consuming in _consuming(broker))
        waits = not busy and kafka_answers and any(_waits(consumer) for consumer in self.consumers())
        self._waits_since = (self._waits_since or time.monotonic()) if waits else None
        in_vain = self._waits_since is not None and time.monotonic() - self._waits_since > self._join_seconds
        if not (ended or in_vain):
            return False
        log.error("the consumer ended by itself, or waits in vain for its partitions: starting another one")
        self._waits_since = None
        await self._close(broker)
        return True

    async def _close(self, broker: KafkaBroker) -> None:
        self._broker = None
        with suppress(*FAILURES):
            await asyncio.wait_for(broker.stop(), CLOSE_SECONDS)


def _consuming(broker: KafkaBroker) -> list[Any]:
    return [subscriber for subscriber in broker.subscribers if getattr(subscriber, "tasks", None)]


def _waits(consumer: Any) -> bool:
    """Whether the consumer is joining its group, or joining it again."""
    return bool(consumer._subscription.reassignment_in_progress)
