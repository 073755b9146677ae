"""A system that has nothing but what DfE published of one year in it.

Invariant: each test has databases and a broker without topics of its own, so that an authority's years do not meet.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.parts import ApacheKafka, Broker, EmbeddedBroker, PostgreSQL, RealSystem


@contextmanager
def started(postgres: PostgreSQL, broker: Broker, logs: Path) -> Iterator[RealSystem]:
    """The three services, started, and stopped afterwards."""
    system = RealSystem(postgres, broker, logs)
    try:
        system.start()
        yield system
    finally:
        system.stop()


@pytest.fixture
def system(postgres: PostgreSQL, tmp_path: Path) -> Iterator[RealSystem]:
    """The services on the embedded broker."""
    broker = EmbeddedBroker(tmp_path / "broker.log")
    broker.start()
    try:
        with started(postgres, broker, tmp_path) as system:
            yield system
    finally:
        broker.stop()


@pytest.fixture
def large_system(postgres: PostgreSQL, apache_kafka: ApacheKafka, tmp_path: Path) -> Iterator[RealSystem]:
    """The services on Apache Kafka: the embedded broker, made for one small authority, slows down as its log grows."""
    apache_kafka.empty()
    with started(postgres, apache_kafka, tmp_path) as system:
        yield system
