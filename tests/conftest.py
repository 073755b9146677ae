"""What tests can ask for: real parts, started once a session, and the randomness they run with.

Invariant: the same seed gives the same tests; nothing that was started is left running; no test is skipped silently.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest

from tests.parts import ApacheKafka, Broker, EmbeddedBroker, PostgreSQL, RealSystem
from tests.parts.apache_kafka import why_not
from tests.shared_data import PUBLISHED_RELEASE, why_no_release

SEED = int(os.environ.get("WORKFORCE_SEED", "20231031"))
"""What randomised tests start from: `make soak` gives others."""
EXAMPLES = int(os.environ.get("WORKFORCE_EXAMPLES", "50"))
"""How many examples each property is tried on: `make soak` gives more."""
WITHOUT_KAFKA = pytest.StashKey[str]()
WITHOUT_SHARED_DATA = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Fixed seeds: a run can be had again."""
    hypothesis.settings.register_profile(
        "workforce",
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
    )
    hypothesis.settings.load_profile("workforce")
    if config.getoption("hypothesis_seed") is None:
        config.option.hypothesis_seed = SEED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One loud line when there was no Apache Kafka, and one when there was no release of DfE's."""
    for missing in (WITHOUT_KAFKA, WITHOUT_SHARED_DATA):
        reason = config.stash.get(missing, None)
        if reason is None:
            continue
        skipped = sum(reason in str(report.longrepr) for report in terminalreporter.stats.get("skipped", []))
        terminalreporter.write_line(f"{skipped} TESTS WERE SKIPPED. {reason}", red=True, bold=True)


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of this run, for tests that draw their own random numbers."""
    return SEED


@pytest.fixture(scope="session")
def parts_folder() -> Iterator[Path]:
    """A folder for the data and logs of parts. (PostgreSQL, run as another account, cannot enter pytest's own.)"""
    folder = Path(tempfile.mkdtemp(prefix="workforce-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(parts_folder: Path) -> Iterator[PostgreSQL]:
    """One PostgreSQL for the session. A test that kills it restarts it."""
    server = PostgreSQL(parts_folder / "postgresql", parts_folder / "postgresql.log")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[str]:
    """The address of a fresh database, dropped afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    yield postgres.create(name)
    postgres.drop(name)


@pytest.fixture(scope="session")
def embedded_broker(parts_folder: Path) -> Iterator[EmbeddedBroker]:
    """One embedded broker for the session."""
    broker = EmbeddedBroker(parts_folder / "broker.log")
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def apache_kafka(parts_folder: Path, pytestconfig: pytest.Config) -> Iterator[ApacheKafka]:
    """One Apache Kafka for the session. Where there is none the test is skipped; under CI=true it fails."""
    reason = why_not()
    if reason is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytestconfig.stash[WITHOUT_KAFKA] = reason
        pytest.skip(reason)
    kafka = ApacheKafka(parts_folder / "kafka")
    try:
        kafka.start()
        yield kafka
    finally:
        kafka.stop()


@pytest.fixture(scope="session")
def published_release(pytestconfig: pytest.Config) -> Path:
    """DfE's release of 2022, which is no part of the project. Where there is none the test is skipped."""
    reason = why_no_release()
    if reason is not None:
        pytestconfig.stash[WITHOUT_SHARED_DATA] = reason
        pytest.skip(reason)
    return PUBLISHED_RELEASE


@pytest.fixture(params=["embedded_broker", "apache_kafka"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """A broker without any topic: first the embedded one, then Apache Kafka."""
    broker: Broker = request.getfixturevalue(request.param)
    broker.empty()
    return broker


@pytest.fixture
def system(postgres: PostgreSQL, broker: Broker, tmp_path: Path) -> Iterator[RealSystem]:
    """The three services, started, on fresh databases and an empty broker; on both brokers."""
    system = RealSystem(postgres, broker, tmp_path)
    try:
        system.start()
        yield system
    finally:
        system.stop()
