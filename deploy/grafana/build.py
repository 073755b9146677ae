"""`python -m deploy.grafana.build` writes what Grafana is provisioned with; `--check` only compares.

Invariant: the committed files are exactly what the boards and rules declared here give.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.academy import ACADEMY
from deploy.grafana.agency import AGENCY
from deploy.grafana.boards import Board, built
from deploy.grafana.operation import DELIVERY, FEEDS, INTAKE
from deploy.grafana.quality import QUALITY
from deploy.grafana.retention import RETENTION
from deploy.grafana.rules import provisioned
from deploy.grafana.vacancies import VACANCIES

FOLDER = Path(__file__).parent
WRITTEN = ("dashboards", "provisioning/alerting")
"""The folders that hold nothing else."""
BOARDS = (VACANCIES, RETENTION, ACADEMY, AGENCY, QUALITY, INTAKE, DELIVERY, FEEDS)
RULES = "provisioning/alerting/figures.json"


def path_of(board: Board) -> str:
    """Where a board is written."""
    return f"dashboards/{board.folder.lower()}/{board.uid.removeprefix('workforce-')}.json"


def texts() -> dict[str, str]:
    """The text of each file by its path."""
    made: dict[str, object] = {path_of(board): built(board) for board in BOARDS}
    made[RULES] = provisioned()
    return {
        path: json.dumps(content, cls=JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        for path, content in made.items()
    }


def stale(folder: Path) -> list[str]:
    """The files of this folder that differ from what they would be written as, that are missing, or have no source."""
    expected = texts()
    committed = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for written in WRITTEN
        for path in (folder / written).rglob("*.json")
    }
    return sorted(name for name in expected.keys() | committed.keys() if expected.get(name) != committed.get(name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or say which are stale; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana.build", description="Write Grafana's boards.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 when a file is stale")
    if parser.parse_args(arguments).check:
        names = stale(FOLDER)
        for name in names:
            sys.stderr.write(f"{FOLDER / name} is stale: run python -m deploy.grafana.build\n")
        return 1 if names else 0
    for name, text in texts().items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
