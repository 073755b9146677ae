"""Runs tests against a mutant: in a copy of the project, in a process of its own that is forked for each.

The process that forks has loaded the packages of others and none of ours, so that a mutant costs a fraction of a second
and starts from nothing that another left behind. Invariant: the checkout is never changed; a run that takes much longer
than without the mistake is ended, and counts as noticed.
"""

import contextlib
import gc
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import coverage
import hypothesis
import psutil
import pytest

OURS = ("contracts", "services", "deploy", "tests")
LINKED = (".venv", "deploy/kafka/libs")
"""What a checkout was set up with: the copy has links to it."""
SECONDS_ON_TOP = 10.0
TIMES_AS_LONG = 5.0
"""How long a test may take: so many times what it took without the mistake, and some seconds; a run, twice as long."""
NOTICED = (
    pytest.ExitCode.TESTS_FAILED,
    pytest.ExitCode.INTERRUPTED,
    pytest.ExitCode.INTERNAL_ERROR,
    pytest.ExitCode.USAGE_ERROR,
)
"""How pytest ends when a test fails, or when a module of tests, a fixture of the session or conftest.py falls over."""
QUIET = (
    *("-q", "-x", "--no-header", "--disable-warnings", "--tb=no"),
    *("-p", "no:cacheprovider", "-p", "no:unraisableexception"),
)
"""Stops at the first failure, and does nothing that costs time and finds no mistake."""


@dataclass(frozen=True)
class Known:
    """What a run without any mistake told: seconds by test, and by file and line which tests, by rank, ran it."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, list[int]]]

    def of(self, file: str, first: int, last: int) -> list[str]:
        """The tests that ran one of these lines, cheapest first. Of a line that only loading ran, all: what it made
        is there for every one. Of a file that was not loaded, none.

        Not every line of a statement is one that runs: of those that are none, the one that did before counts.
        """
        by_line = self.lines.get(file, {})
        before = [line for line in by_line if line <= first]
        ran = [line for line in by_line if first <= line <= last] or ([max(before)] if before else [])
        tests = list(self.seconds)
        ranks = {rank for line in ran for rank in by_line[line]} or (range(len(tests)) if ran else ())
        return self._cheapest_first(tests[rank] for rank in ranks)

    def beside(self, tests: Iterable[str]) -> list[str]:
        """The other tests of the files of these, cheapest first: what one of a file had made, others may look at."""
        those = set(tests)
        files = {_file_of(test) for test in those}
        return self._cheapest_first(test for test in self.seconds if _file_of(test) in files and test not in those)

    def _cheapest_first(self, tests: Iterable[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self.seconds[test], test))


class Choosing:
    """Has pytest run these tests alone, in this order, and not wait for a test that takes much longer than it did.

    What fails need not be made smaller: Hypothesis stops at the first example that does.
    """

    def __init__(self, tests: list[str], seconds: Mapping[str, float]) -> None:
        self.rank = {test: rank for rank, test in enumerate(tests)}
        self.seconds = seconds

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        usual = hypothesis.settings.get_profile("workforce")
        phases = [phase for phase in usual.phases if phase.name not in ("shrink", "explain")]
        hypothesis.settings.register_profile("mutation", usual, phases=phases)
        hypothesis.settings.load_profile("mutation")
        signal.signal(signal.SIGALRM, _took_too_long)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((item for item in items if item.nodeid in self.rank), key=lambda item: self.rank[item.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        signal.alarm(int(SECONDS_ON_TOP + TIMES_AS_LONG * self.seconds[nodeid]))


class Recording:
    """Notes how long each test takes and which lines it runs."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.measured.switch_context(item.nodeid)
        began = time.monotonic()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.monotonic() - began
            self.measured.switch_context("")


@contextlib.contextmanager
def copied(repository: Path, into: Path) -> Iterator[Path]:
    """A copy of what git knows of the checkout, and what stands in it uncommitted."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=repository,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (repository / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repository / name, into / name)
    for name in LINKED:
        if (repository / name).exists() and not (into / name).exists():
            (into / name).symlink_to((repository / name).resolve(), target_is_directory=True)
    try:
        yield into
    finally:
        shutil.rmtree(into, ignore_errors=True)


def learn(copy: Path, files: list[str], tests: list[str]) -> Known:
    """Run the tests without any mistake. Raises TestsFail where they do not pass."""
    told = copy / ".known.json"

    def recorded() -> int:
        measured = coverage.Coverage(data_file=None, config_file=False, include=[str(copy / file) for file in files])
        recording = Recording(measured)
        measured.start()
        code = pytest.main([*QUIET, "--tb=short", *tests], plugins=[recording])
        measured.stop()
        ranks = {test: number for number, test in enumerate(recording.seconds)}
        lines = {file: _by_line(measured.get_data(), str(copy / file), ranks) for file in files}
        others = sorted(name for name in sys.modules if name.partition(".")[0] not in OURS and not name.startswith("_"))
        told.write_text(json.dumps({"seconds": recording.seconds, "lines": lines, "others": others}))
        return int(code)

    code, output = _forked(copy, recorded, seconds=3600.0)
    if code != 0 or not told.exists():
        raise TestsFail(output)
    said = json.loads(told.read_text())
    _load(said["others"])
    lines = {file: {int(line): those for line, those in tests_of.items()} for file, tests_of in said["lines"].items()}
    return Known(said["seconds"], lines)


def _by_line(data: coverage.CoverageData, file: str, ranks: Mapping[str, int]) -> dict[int, list[int]]:
    contexts = data.contexts_by_lineno(file)
    return {line: [ranks[test] for test in tests if test] for line, tests in contexts.items()}


def notices(copy: Path, file: str, code: str, tests: list[str], known: Known) -> bool:
    """Whether one of the tests fails with `code` in the place of the file."""
    path = copy / file
    original, stamp = path.read_bytes(), path.stat()
    seconds = 2 * sum(SECONDS_ON_TOP + TIMES_AS_LONG * known.seconds[test] for test in tests)
    names = sorted({_file_of(test) for test in tests})

    def run() -> int:
        sys.dont_write_bytecode = True
        try:
            return int(pytest.main([*QUIET, *names], plugins=[Choosing(tests, known.seconds)]))
        except SystemExit:
            # With the mistake the loading of a command runs it.
            return int(pytest.ExitCode.INTERRUPTED)

    path.write_text(code, encoding="utf-8")
    try:
        ended, output = _forked(copy, run, seconds)
    finally:
        path.write_bytes(original)
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    if ended is None or ended < 0 or ended in NOTICED:
        return True
    if ended in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return False
    raise TestsFail(f"pytest ended with {ended}: {output}")


def _file_of(test: str) -> str:
    return test.partition("::")[0]


class TestsFail(Exception):
    """The tests do not pass though nothing was changed, or could not be run."""

    __test__ = False


def _forked(copy: Path, run: Callable[[], int], seconds: float) -> tuple[int | None, str]:
    """What `run` gives in a child that stands in the copy, and what it printed; None when its time was over."""
    log = copy / ".output"
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            code = _in_copy(copy, log, run)
        finally:
            os._exit(code)
    end = time.monotonic() + seconds
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > end:
            _end(child)
            os.waitpid(child, 0)
            return None, ""
        time.sleep(0.005)
    return os.waitstatus_to_exitcode(status), log.read_text(encoding="utf-8", errors="replace")


def _in_copy(copy: Path, log: Path, run: Callable[[], int]) -> int:
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(copy)
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    here = Path(__file__).parents[2]
    sys.path[:] = [str(copy), *(entry for entry in sys.path if entry and Path(entry).resolve() != here)]
    sys.path_importer_cache.clear()
    sys.dont_write_bytecode = False
    importlib.invalidate_caches()
    return run()


def _took_too_long(_: int, __: object) -> None:
    """End this process, in which a test runs, with all that it started."""
    _end_all(psutil.Process().children(recursive=True))
    os._exit(pytest.ExitCode.TESTS_FAILED)


def _end(child: int) -> None:
    """End the child with all that it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(child)
        _end_all([*parent.children(recursive=True), parent])


def _end_all(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _load(names: list[str]) -> None:
    """Load what others wrote, once, so that no child has to."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.freeze()
