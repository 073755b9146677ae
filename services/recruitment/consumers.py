"""Kafka in: recruitment reads leavers, to know which posts fell vacant."""

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage

from contracts.catalogue import RECRUITMENT, topics_read_by
from services.chassis.delivery import passthrough_parser, skip_decoding
from services.chassis.inbox import TakeInEvents
from services.chassis.runtime import Runtime


def subscribe(broker: KafkaBroker, runtime: Runtime) -> None:
    """Declare what recruitment consumes, with every delivery option."""

    @broker.subscriber(
        *(topic.name for topic in topics_read_by(RECRUITMENT)),
        group_id=RECRUITMENT,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        batch=True,
        max_records=1000,
        batch_timeout_ms=50,
        max_poll_interval_ms=600_000,
        session_timeout_ms=6000,
        heartbeat_interval_ms=2000,
        listener=runtime.readings,
        parser=passthrough_parser,
        decoder=skip_decoding,
    )
    async def take_in(message: KafkaMessage) -> None:
        await runtime.take_in(message, TakeInEvents(runtime.pool))
