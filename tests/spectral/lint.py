"""Writes the documents as they are served, and has Spectral read them; npm fetches it, once, by its lock.

Invariant: what is read is what the services would answer now, not what was written down before.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory
from typing import Any

from contracts.asyncapi import asyncapi_document
from services.metrics import app as metrics
from services.people import app as people
from services.people.register.keys import new_master_keys, new_pseudonym_key
from services.people.settings import ServiceSettings as PeopleSettings
from services.recruitment import app as recruitment
from services.retention import app as retention
from tests import npm

HERE = Path(__file__).parent
RULESET = HERE / "ruleset.yaml"
LINT_SECONDS = 300
NOWHERE = "postgresql://postgres@/nothing"


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every document of the services, by name."""
    yield "asyncapi", asyncapi_document()
    yield "metrics", metrics.create(metrics.ServiceSettings(database_url=NOWHERE)).openapi()
    keys: Any = {"master_keys": json.loads(new_master_keys()), "pseudonym_key": new_pseudonym_key()}
    yield "people", people.create(PeopleSettings(database_url=NOWHERE, **keys)).openapi()
    yield "recruitment", recruitment.create(recruitment.ServiceSettings(database_url=NOWHERE)).openapi()
    yield "retention", retention.create(retention.ServiceSettings(database_url=NOWHERE)).openapi()


def lint(folder: Path, fetched: Path) -> int:
    """What Spectral ends with when it has read every document in a folder: 0 where it has nothing to say."""
    files = [str(path) for path in sorted(folder.glob("*.json"))]
    spectral = fetched / ".bin" / "spectral"
    command = (str(spectral), "lint", "--fail-severity", "hint", "--ruleset", str(RULESET), *files)
    return run(command, check=False, timeout=LINT_SECONDS).returncode


def main() -> int:
    """0 where the documents are as the rules say, or Spectral cannot run (under CI=true that is 1)."""
    reason = npm.why_not()
    if reason is not None:
        print(f"\033[1;31mTHE DOCUMENTS WERE NOT LINTED. No Spectral: {reason}\033[0m", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else 0
    fetched = npm.fetch(HERE, "Spectral")
    with TemporaryDirectory() as written:
        for name, document in documents():
            Path(written, f"{name}.json").write_text(json.dumps(document, indent=2))
        return lint(Path(written), fetched)
