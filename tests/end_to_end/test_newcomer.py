"""The newcomer's path: clone, `make up`, the table, the README's commands, the changed figure, and the same again.

Invariant: nothing of this machine's set-up is used but git, make, curl and Python.
"""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.embedded.processes import free_port

REPOSITORY = Path(__file__).parents[2]
SET_UP_SECONDS = 900
"""A new virtual environment is installed on the way: a minute or two."""
STOP_SECONDS = 600
"""Each part may take as long over it as compose gives a service, and they are stopped in turn."""

PRINTED_TABLE = [
    ("social worker", ["22", "12", "8.5", "10"]),
    ("advanced social worker", ["17", "12", "12", "10"]),
    ("senior practitioner", ["8", "2", "1", "1"]),
    ("team manager", ["5", "3", "1", "1"]),
    ("total", ["52", "29", "22.5", "22"]),
]


@pytest.fixture(scope="module")
def clone(parts_folder: Path) -> Path:
    """A fresh clone of what is committed."""
    folder = parts_folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """What a newcomer's shell has, with ports that are free here."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WORKFORCE_", "MAKE", "MFLAGS", "ARGS"))
    }
    ports = {f"WORKFORCE_{name}_PORT": str(free_port()) for name in ("METRICS", "RECRUITMENT", "RETENTION", "PEOPLE")}
    return kept | ports | {"COLUMNS": "120", "PIP_RETRIES": "10", "PIP_DEFAULT_TIMEOUT": "60"}


@contextmanager
def make_up(clone: Path, environment: dict[str, str], args: str = "") -> Iterator[str]:
    """`make up ARGS=…` until it says that it runs; gives what it printed. Ctrl-C at the end."""
    log = clone / "up.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", "up", f"ARGS={args}"],
            cwd=clone,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + SET_UP_SECONDS
        while "Ctrl-C stops it" not in log.read_text():
            assert process.poll() is None, f"make up ended: {log.read_text()}"
            assert time.monotonic() < deadline, f"make up did not get there: {log.read_text()}"
            time.sleep(0.2)
        yield log.read_text()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_SECONDS)
    assert "stopped" in log.read_text()


def table_of(printed: str) -> list[tuple[str, list[str]]]:
    """The rows of the printed vacancy table: role, and its figures."""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if line.startswith("│")]
    return [(row[0], row[1:]) for row in rows]


def commands_of_the_readme(environment: dict[str, str]) -> list[str]:
    """The commands the README marks as run by this test, with the ports used here."""
    text = (REPOSITORY / "README.md").read_text()
    matches = re.findall(r"<!-- run by tests/end_to_end -->\n```sh\n(.*?)```", text, re.DOTALL)
    ports = {
        "8100": "WORKFORCE_METRICS_PORT",
        "8101": "WORKFORCE_RECRUITMENT_PORT",
        "8103": "WORKFORCE_PEOPLE_PORT",
    }
    return [re.sub(r":(810[013])/", lambda port: f":{environment[ports[port[1]]]}/", command) for command in matches]


def answer_to(command: str) -> dict[str, object]:
    """What a shell command prints, as JSON."""
    done = subprocess.run(["bash", "-c", command], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_a_newcomer_sees_the_table_sends_an_event_and_sees_the_figure_change(
    clone: Path, environment: dict[str, str]
) -> None:
    send, ask_now, ask_as_printed, put_mapping, try_extract, ask_turnover, ask_changes = commands_of_the_readme(
        environment
    )
    with make_up(clone, environment) as printed:
        assert table_of(printed) == PRINTED_TABLE
        assert "adds up to 29" in printed
        assert "/docs" in printed
        assert "/asyncapi" in printed
        assert "/metrics" in printed

        accepted = answer_to(send)
        assert (accepted["id"], accepted["status"]) == ("readme-1", "accepted")
        deadline = time.monotonic() + 120
        while (now := answer_to(ask_now))["total"] != 23.5:
            assert time.monotonic() < deadline, now
            time.sleep(0.1)
        assert {"role": "social-worker", "value": 9.5} in now["rows"]  # type: ignore[operator]
        assert answer_to(ask_as_printed)["total"] == 22.5
        assert answer_to(send)["status"] == "already-known"

        assert answer_to(put_mapping)["version"] == 1
        told = answer_to(try_extract)
        assert told["rows"] == {"read": 2, "accepted": 1, "already-known": 0, "rejected": 1, "left-out": 0}
        assert isinstance(told["effect"], list), told["effect_reason"]
        effect = {figure["measure"]: (figure["before"], figure["after"]) for figure in told["effect"]}
        assert effect["vacancies"] == (23.5, 24.5)

        assert answer_to(ask_turnover)["total"] == 20.1
        figures = answer_to(ask_changes)["figures"]
        assert isinstance(figures, list)
        assert [(figure["before"], figure["after"]) for figure in figures] == [(24.5, 22.5)]

    with make_up(clone, environment) as printed_again:
        assert "loading" not in printed_again
        assert ("total", ["52", "29", "23.5", "22"]) in table_of(printed_again)

    # Asked to, it goes on from there to today; what was is as it was.
    with make_up(clone, environment, "--ending today") as printed_going_on:
        assert "loading" in printed_going_on
        assert ("total", ["52", "29", "23.5", "22"]) in table_of(printed_going_on)
        assert answer_to(ask_turnover)["total"] == 20.1
        month = (datetime.now(UTC).date().replace(day=1) - timedelta(days=10)).replace(day=1) - timedelta(days=1)
        port = environment["WORKFORCE_METRICS_PORT"]
        caseload = f"http://127.0.0.1:{port}/v1/measures/average-caseload?authority=331&as_at={month}"
        assert 10 < float(str(answer_to(f"curl -sS '{caseload}'")["total"])) < 20


def test_a_taken_port_gives_one_clear_line(clone: Path, environment: dict[str, str]) -> None:
    same = environment | {"WORKFORCE_RETENTION_PORT": environment["WORKFORCE_METRICS_PORT"]}
    done = subprocess.run(["make", "up"], cwd=clone, env=same, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "WORKFORCE_RETENTION_PORT" in done.stderr
    assert "Traceback" not in done.stderr
