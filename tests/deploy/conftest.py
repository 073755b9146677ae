"""The system that docker-compose.yml describes, started once for the tests of its deployment, with a small history.

Invariant: what is missing on the machine is told in one loud line; under CI=true it is a failure.
"""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.deploy.history import feed_history
from tests.deploy.production import Production
from tests.parts.apache_kafka import why_not

MISSING = pytest.StashKey[set[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One loud line for each thing that was missing."""
    for reason in sorted(config.stash.get(MISSING, None) or ()):
        terminalreporter.write_line(f"TESTS OF THE DEPLOYMENT WERE SKIPPED. {reason}", red=True, bold=True)


@pytest.fixture(scope="session")
def without(pytestconfig: pytest.Config) -> Callable[[str], NoReturn]:
    """Say what is missing: skips the test, or, under CI=true, fails it."""

    def told(reason: str) -> NoReturn:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytestconfig.stash.setdefault(MISSING, set()).add(reason)
        pytest.skip(reason)

    return told


@pytest.fixture(scope="session")
def program(without: Callable[[str], NoReturn]) -> Callable[[str], str]:
    """Find prometheus, promtool, nginx or openssl on this machine."""
    packages = {"nginx": "nginx-light", "openssl": "openssl"}

    def find(name: str) -> str:
        # Debian puts nginx where only root looks for programs.
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
        if found is None:
            package = packages.get(name, "prometheus")
            without(f"There is no {name} on this machine (Debian: apt-get install --no-install-recommends {package})")
        return found

    return find


@pytest.fixture(scope="session")
async def production(parts_folder: Path, without: Callable[[str], NoReturn]) -> AsyncIterator[Production]:
    """Everything compose starts, but Prometheus and Grafana, holding the small history."""
    reason = why_not()
    if reason is not None:
        without(reason)
    folder = parts_folder / "production"
    folder.mkdir()
    running = Production(folder, "331")
    try:
        await running.start()
        await feed_history(running)
        yield running
    finally:
        running.stop()
