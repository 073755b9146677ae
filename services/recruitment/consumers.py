"""Kafka in: recruitment reads leavers, to know which posts fell vacant."""

from faststream.kafka import KafkaBroker

from services.chassis.consuming import consume
from services.chassis.inbox import TakeInEvents
from services.chassis.runtime import Runtime


def subscribe(broker: KafkaBroker, runtime: Runtime) -> None:
    """Declare what recruitment consumes."""
    consume(broker, runtime, lambda: TakeInEvents(runtime.pool))
