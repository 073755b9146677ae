"""The system that docker-compose.yml describes, started once for the tests of its deployment, with a small history.

Invariant: it is started at most once, and stopped with whatever it started.
"""

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from services.chassis.authentication import EVERY_AUTHORITY
from tests.deploy.history import feed_history
from tests.deploy.production import Production
from tests.deploy.two_authorities import TO_RECRUITMENT, TO_RETENTION
from tests.missing import without
from tests.parts.apache_kafka import why_not


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Find prometheus, promtool, nginx or openssl on this machine."""
    packages = {"nginx": "nginx-light", "openssl": "openssl"}

    def find(name: str) -> str:
        # Debian puts nginx where only root looks for programs.
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin")
        if path is None:
            package = packages.get(name, "prometheus")
            without(f"There is no {name} on this machine (Debian: apt-get install --no-install-recommends {package})")
        return path

    return find


@pytest.fixture(scope="session")
async def production(parts_folder: Path) -> AsyncIterator[Production]:
    """Everything compose starts, but Prometheus and Grafana, holding the small histories of two authorities."""
    reason = why_not()
    if reason is not None:
        without(reason)
    folder = parts_folder / "production"
    folder.mkdir()
    running = Production(folder, EVERY_AUTHORITY)
    try:
        await running.start()
        await feed_history(running, TO_RECRUITMENT, TO_RETENTION)
        yield running
    finally:
        running.stop()
