"""One running system for the tests of this folder, on each broker in turn: each test has an authority of its own.

Invariant: a test leaves all three services running.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts import Broker, PostgreSQL, RealSystem


@pytest.fixture(scope="package", params=["embedded_broker", "apache_kafka"])
def standing_system(
    request: pytest.FixtureRequest, postgres: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealSystem]:
    """The three services on an empty broker, for all tests of this folder."""
    broker: Broker = request.getfixturevalue(request.param)
    broker.empty()
    logs: Path = tmp_path_factory.mktemp("services")
    system = RealSystem(postgres, broker, logs)
    try:
        system.start()
        yield system
    finally:
        system.stop()
