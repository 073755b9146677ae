"""schemathesis reads the OpenAPI document of each service and tries to have the service break what it says.

Invariant: no operation is named here: whatever a document holds is tried, with every check that schemathesis has.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.embedded.services import REPOSITORY, environment_without_settings
from tests.api.served import Served, served
from tests.conftest import EXAMPLES
from tests.parts import PostgreSQL

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
EXAMPLES_PER_OPERATION = max(1, EXAMPLES // 16)
ONE_IN = max(1, 1500 // EXAMPLES)
"""Of the thousands of requests that cover a document, one in so many is sent: with each seed others."""


@pytest.fixture(scope="module")
def services(postgres: PostgreSQL, parts_folder: Path) -> Iterator[Served]:
    with served(postgres, parts_folder / "api") as running:
        yield running


# Metrics first and alone: what the others are sent comes in there, too.
@pytest.mark.parametrize("together", [("metrics",), ("recruitment", "retention"), ("people",)], ids=",".join)
def test_schemathesis_finds_nothing(together: tuple[str, ...], services: Served, seed: int, tmp_path: Path) -> None:
    environment = environment_without_settings() | {
        "PYTHONPATH": str(REPOSITORY),
        "NO_PROXY": "127.0.0.1",
        "SCHEMATHESIS_KEY": services.key,
        "SCHEMATHESIS_ONE_IN": str(ONE_IN),
        "SCHEMATHESIS_SEED": str(seed),
    }
    running = []
    for service in together:
        folder = tmp_path / service
        folder.mkdir()
        command = [
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIGURATION)),
            *("run", f"{services.urls[service]}/openapi.json", "--seed", str(seed), "--continue-on-failure"),
            *("--max-examples", str(EXAMPLES_PER_OPERATION), "--no-color"),
        ]
        running.append(_started(command, folder, environment))
    said = [process.communicate()[0] for process in running]
    for service, process, text in zip(together, running, said, strict=True):
        assert process.returncode == 0, text
        paths = httpx.get(f"{services.urls[service]}/openapi.json", timeout=60, trust_env=False).json()["paths"]
        operations = sum(len(operations) for operations in paths.values())
        assert f"Selected: {operations}/{operations}\n  Tested: {operations}\n" in text


def _started(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
