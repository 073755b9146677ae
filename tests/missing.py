"""What a machine may lack: a test that needs it is skipped, and the end of the run says so loudly.

Invariant: under CI=true nothing may be missing but what is no part of the project; the test fails then.
"""

import os
from typing import NoReturn

import pytest

MISSING = "missing: "
"""How the reason of such a skip begins."""


def without(reason: str, *, may_miss: bool = False) -> NoReturn:
    """Skip this test for what is missing; under CI=true fail it, unless that `may_miss`."""
    if os.environ.get("CI") == "true" and not may_miss:
        pytest.fail(reason)
    pytest.skip(f"{MISSING}{reason}")


def tell(reporter: pytest.TerminalReporter) -> None:
    """One loud line for each thing that was missing, with how many tests were skipped for it."""
    counts: dict[str, int] = {}
    for report in reporter.stats.get("skipped", []):
        _, is_missing, reason = str(report.longrepr).partition(MISSING)
        if is_missing:
            reason = reason.rstrip("')")
            counts[reason] = counts.get(reason, 0) + 1
    for reason, count in sorted(counts.items()):
        reporter.write_line(f"{count} TESTS WERE SKIPPED. {reason}", red=True, bold=True)
