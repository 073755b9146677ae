"""Kafka in: retention reads hiring, to know who is employed."""

from faststream.kafka import KafkaBroker

from services.chassis.consuming import consume
from services.chassis.inbox import TakeInEvents
from services.chassis.runtime import Runtime


def subscribe(broker: KafkaBroker, runtime: Runtime) -> None:
    """Declare what retention consumes."""
    consume(broker, runtime, lambda: TakeInEvents(runtime.pool))
