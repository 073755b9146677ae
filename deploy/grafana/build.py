"""`python -m deploy.grafana.build` writes the dashboards that Grafana is provisioned with; `--check` compares only.

Invariant: the committed files are exactly what the dashboards declared here give.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.grafana.operation import OPERATION_DASHBOARD
from deploy.grafana.panels import Dashboard, dashboard_json
from deploy.grafana.vacancies import VACANCIES

FOLDER = Path(__file__).parent / "dashboards"
DASHBOARDS: dict[str, Dashboard] = {"vacancies.json": VACANCIES, "operation.json": OPERATION_DASHBOARD}


def texts() -> dict[str, str]:
    """The text of each file by its name."""
    return {
        name: json.dumps(dashboard_json(dashboard), indent=2, ensure_ascii=False) + "\n"
        for name, dashboard in DASHBOARDS.items()
    }


def stale(folder: Path) -> list[str]:
    """The files of this folder that differ from what they would be written as, that are missing, or have no source."""
    expected = texts()
    committed = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in expected.keys() | committed.keys() if expected.get(name) != committed.get(name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or say which are stale; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana.build", description="Write Grafana's dashboards.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 when a file is stale")
    if parser.parse_args(arguments).check:
        names = stale(FOLDER)
        for name in names:
            sys.stderr.write(f"{FOLDER / name} is stale: run python -m deploy.grafana.build\n")
        return 1 if names else 0
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
