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
EXAMPLES_PER_OPERATION = max(1, EXAMPLES // 5)
SOAKING = EXAMPLES > 50
ONE_IN = 4 if SOAKING else 20
"""Of the thousands of requests that cover the document of the events, one in so many is sent: with each seed others."""


@pytest.fixture(scope="module")
def services(postgres: PostgreSQL, parts_folder: Path) -> Iterator[Served]:
    with served(postgres, parts_folder / "api") as found:
        yield found


# Metrics first: what the others are sent comes in there, too.
@pytest.mark.parametrize("service", ["metrics", "recruitment", "retention"])
def test_schemathesis_finds_nothing(service: str, services: Served, seed: int, tmp_path: Path) -> None:
    url = services.urls[service]
    environment = environment_without_settings() | {
        "PYTHONPATH": str(REPOSITORY),
        "NO_PROXY": "127.0.0.1",
        "SCHEMATHESIS_KEY": services.key,
        "SCHEMATHESIS_ONE_IN": str(ONE_IN),
        "SCHEMATHESIS_SEED": str(seed),
    }
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIGURATION)),
        *("run", f"{url}/openapi.json", "--seed", str(seed), "--max-examples", str(EXAMPLES_PER_OPERATION)),
        *("--continue-on-failure", "--no-color"),
    ]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    paths = httpx.get(f"{url}/openapi.json", trust_env=False).json()["paths"]
    operations = sum(len(operations) for operations in paths.values())
    assert f"Selected: {operations}/{operations}\n  Tested: {operations}\n" in done.stdout
