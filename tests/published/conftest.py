"""A system that has nothing but what DfE published of one year in it.

Invariant: each test has databases and a broker of its own, so that an authority's years do not meet.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts import EmbeddedBroker, PostgreSQL, RealSystem


@pytest.fixture
def system(postgres: PostgreSQL, tmp_path: Path) -> Iterator[RealSystem]:
    """The three services, started, on the embedded broker."""
    broker = EmbeddedBroker(tmp_path / "broker.log")
    broker.start()
    system = RealSystem(postgres, broker, tmp_path)
    try:
        system.start()
        yield system
    finally:
        system.stop()
        broker.stop()
