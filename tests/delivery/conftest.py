"""One running system for the tests of this folder, on each broker in turn: each test has an authority of its own.

Invariant: a test finds everything running, whatever became of the one before.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts import Broker, PostgreSQL, RealSystem


@pytest.fixture(scope="package", params=["embedded_broker", "apache_kafka"])
def system_of_all(
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


@pytest.fixture
def standing_system(system_of_all: RealSystem) -> RealSystem:
    """That system. What a test stopped, or left stopped when it failed, is started again for the next."""
    for part in (system_of_all.postgres, system_of_all.broker):
        if not part.process.running:
            part.start()
    stopped = [service for service in system_of_all.services.values() if not service.process.running]
    for service in stopped:
        service.start()
    for service in stopped:
        service.wait_until_ready()
    return system_of_all
