"""What tests can ask for: real parts, started once a session, and the randomness they run with.

Invariant: the same seed gives the same tests; nothing that was started is left running; no test is skipped silently.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
import structlog
from xdist.scheduler import LoadScopeScheduling

from deploy.embedded import processes
from tests.invented import in_databases, in_logs, nothing_personal
from tests.missing import tell, without
from tests.parts import ApacheKafka, Broker, EmbeddedBroker, PostgreSQL, RealSystem
from tests.parts.apache_kafka import why_not
from tests.shared_data import PUBLISHED_RELEASE, why_no_release

SEED = int(os.environ.get("WORKFORCE_SEED", "20231031"))
"""What randomised tests start from: `make soak` gives others."""
EXAMPLES = int(os.environ.get("WORKFORCE_EXAMPLES", "50"))
"""How many examples each property is tried on: `make soak` gives more."""
ONE_SYSTEM = ("integration", "delivery", "campaign", "faults", "deploy", "browser", "end_to_end", "api", "people")
"""Folders whose tests share running parts: one process runs a folder, or what of it is on one broker. The longest come
first, so that no process is left with a long one at the end."""
NUMBERED = ("WORKER", "WORKER_COUNT")
"""What pytest-xdist says of a process: which one (gw0, gw1, …), of how many."""
BROKERS = {
    "apache_kafka": "apache_kafka",
    "kafka": "apache_kafka",
    "embedded_broker": "embedded",
    "embedded": "embedded",
}
"""How parameters name the brokers."""


def pytest_configure(config: pytest.Config) -> None:
    """Fixed seeds: a run can be had again. Logs in plain words: tracebacks in colour take seconds each. Processes that
    run at once start parts on ports of their own.
    """
    number, of = (int(os.environ.get(f"PYTEST_XDIST_{name}", "1").removeprefix("gw")) for name in NUMBERED)
    processes.PORTS = processes.PORTS[number % of :: of]
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""
    items.sort(key=lambda item: _rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Who hands out the tests, where several processes run them."""
    return Together(config, log)


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out tests that share parts together, to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """What a test shares its parts with: its file, or of a folder of `ONE_SYSTEM` all that is on the same broker."""
    path, _, rest = nodeid.partition("::")
    folder = _folder(path)
    if folder not in ONE_SYSTEM:
        return path
    parameters = re.split(r"[\[\]-]", rest)
    return "/".join([folder, *(BROKERS[name] for name in parameters if name in BROKERS)])


def _folder(path: str) -> str:
    return path.split("/")[1]


def _rank(nodeid: str) -> int:
    folder = _folder(nodeid)
    return ONE_SYSTEM.index(folder) if folder in ONE_SYSTEM else len(ONE_SYSTEM)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was missing on this machine."""
    tell(terminalreporter)


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
def postgres(parts_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """One PostgreSQL for the session. A test that kills it restarts it.

    At the end nobody whom a test invented may stand in what services kept in it, or logged.
    """
    server = PostgreSQL(parts_folder / "postgresql", parts_folder / "postgresql.log")
    try:
        server.start()
        yield server
        in_all = in_databases({name: server.url(name) for name in server.databases()})
        nothing_personal([*in_all, *in_logs([parts_folder, tmp_path_factory.getbasetemp()])])
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
def apache_kafka(parts_folder: Path) -> Iterator[ApacheKafka]:
    """One Apache Kafka for the session. Where there is none the test is skipped; under CI=true it fails."""
    reason = why_not()
    if reason is not None:
        without(reason)
    kafka = ApacheKafka(parts_folder / "kafka")
    try:
        kafka.start()
        yield kafka
    finally:
        kafka.stop()


@pytest.fixture(scope="session")
def published_release() -> Path:
    """DfE's release of 2022, which is no part of the project. Where there is none the test is skipped."""
    reason = why_no_release()
    if reason is not None:
        without(reason, may_miss=True)
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
