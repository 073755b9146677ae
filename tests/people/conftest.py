"""What the tests of people share: one system on a broker of its own, with keys, for all of them.

Invariant: each test has an authority of its own.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.invented import nothing_personal, on_kafka
from tests.parts import EmbeddedBroker, PostgreSQL, RealSystem
from tests.people.council import Council, keys

LARGEST_FILE = 400_000
DOOR_BATCH = 20
"""Few enough that a file of some hundred rows takes many requests."""
AUTHORITIES = count(100)


@pytest.fixture(scope="package")
def folder(parts_folder: Path) -> Path:
    """Where the services of these tests log."""
    return parts_folder / "people"


@pytest.fixture(scope="package")
def council_system(postgres: PostgreSQL, folder: Path) -> Iterator[tuple[RealSystem, dict[str, str]]]:
    """The four services with keys, and the keys by caller."""
    broker = EmbeddedBroker(folder / "broker.log")
    broker.start()
    of_callers, setting = keys()
    of_people = {"door_key": of_callers["people"], "largest_file_bytes": LARGEST_FILE, "door_batch": DOOR_BATCH}
    # A test waits in the middle of a file until another one is through.
    of_people["limits__slow_seconds"] = 120
    system = RealSystem(postgres, broker, folder, {"api_keys": setting}, of_people)
    try:
        system.start()
        yield system, of_callers
        nothing_personal(on_kafka(broker.servers))
    finally:
        system.stop()
        broker.stop()


@pytest.fixture
def council(council_system: tuple[RealSystem, dict[str, str]]) -> Council:
    """An authority that has put its mapping, and sent nothing yet. What a failed test left stopped runs again."""
    system, of_callers = council_system
    for service in system.services.values():
        if not service.process.running:
            service.restart()
    found = Council(system, str(next(AUTHORITIES)), of_callers)
    found.put_mapping()
    return found
