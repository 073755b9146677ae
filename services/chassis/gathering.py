"""What a consumer takes at a time: what waits for it here, and what came to Kafka meanwhile.

Invariant: no record is passed over. What is given on continues where a partition stands; the rest is fetched again.

While a batch is worked on, aiokafka fetches ahead: the first few records that come, and no more until these are taken.
Taken alone they would be a batch that costs nearly as much as a large one, and all behind them would wait for it.
"""

from collections.abc import Callable
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.chassis.logs import get_log

log = get_log(__name__)

MANY = 500
"""So many records are worth a batch of their own."""

MORE_MILLISECONDS = 5
"""How long Kafka may take to send what it has."""

LONGEST_FETCH_MILLISECONDS = 100
"""Kafka holds a fetch for so long if it has no records. A partition that was not in it, because some of its records
were still waiting here, is asked about only after that. Kafka's default is 500."""


async def gather(
    consumer: Any, timeout_ms: int, max_records: int, in_hand: Callable[[], None]
) -> tuple[ConsumerRecord, ...]:
    """The next records; none if none come in this time. `in_hand` is called when some were taken, and others are still
    waited for: from then on a partition stands further than its records were worked on.
    """
    fetched_ahead = bool(consumer._fetcher._records)
    first = await consumer.getmany(timeout_ms=timeout_ms, max_records=max_records)
    count = sum(map(len, first.values()))
    if not fetched_ahead or not 0 < count < min(MANY, max_records):
        return _in_order(first)
    in_hand()
    stood_at = {partition: position(consumer, partition) for partition in first}
    try:
        more = await consumer.getmany(timeout_ms=MORE_MILLISECONDS, max_records=max_records - count)
    except KafkaError as error:
        # It is raised again when the next records are asked for.
        log.debug("no more records now", cause=type(error).__name__)
        more = {}
    for partition, records in first.items():
        stood = stood_at[partition]
        goes_on = (
            more[partition][0].offset >= (stood or 0) if partition in more else position(consumer, partition) == stood
        )
        # Or else somebody went back to where the database says, or has the partition now: these records come again.
        if goes_on and stood is not None and partition in consumer.assignment():
            more[partition] = [*records, *more.get(partition, ())]
    return _in_order(more)


def position(consumer: Any, partition: TopicPartition) -> int | None:
    """Where a partition stands; None if that is not known, or it is not this consumer's."""
    subscription = consumer._subscription.subscription
    assignment = None if subscription is None else subscription.assignment
    state = None if assignment is None else assignment.state_value(partition)
    return state.position if state is not None and state.has_valid_position else None


def _in_order(records: dict[TopicPartition, list[ConsumerRecord]]) -> tuple[ConsumerRecord, ...]:
    return tuple(record for of_partition in records.values() for record in of_partition)
