"""What is mutated, area by area, and which tests could notice.

Invariant: the tests of an area run the code in their own process: a mutant that only another process would run is not
seen by them. Cheap tests are tried first, whatever their order here.
"""

from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = ("tests/worked/test_over_http.py",)
"""What of the folders runs the code in other processes."""


@dataclass(frozen=True)
class Area:
    """Files by patterns, and the files or folders of the tests that could notice a mistake in them."""

    name: str
    files: tuple[str, ...]
    tests: tuple[str, ...]

    def paths(self, root: Path) -> list[str]:
        """The files, from `root` on, in order."""
        paths = {path.relative_to(root).as_posix() for pattern in self.files for path in root.glob(pattern)}
        return sorted(path for path in paths if not path.endswith("__init__.py"))

    def test_files(self, root: Path) -> list[str]:
        """The files of its tests, from `root` on, without those that are left out."""
        files = [path for test in self.tests for path in _files(root / test)]
        names = [path.relative_to(root).as_posix() for path in files]
        return [name for name in names if name not in LEFT_OUT]


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("test_*.py")) if path.is_dir() else [path]


FIGURES = (
    "tests/unit/timelines",
    "tests/unit/metrics/test_order_of_recording.py",
    "tests/unit/metrics/test_leaving.py",
    "tests/unit/metrics/test_open_absences.py",
    "tests/unit/metrics/test_measures.py",
    "tests/unit/metrics/test_dimensions.py",
    "tests/unit/metrics/test_no_figure.py",
    "tests/unit/metrics/test_lazily.py",
    "tests/unit/metrics/test_snapshots_kept.py",
    "tests/unit/demonstration/test_vacancy_table.py",
    "tests/unit/demonstration/test_academy_and_recruitment.py",
    "tests/property/test_timelines.py",
    "tests/property/test_measures.py",
    "tests/worked",
    "tests/published/test_rates_of_events.py",
)
AREAS = {
    area.name: area
    for area in (
        Area(
            "contracts",
            ("contracts/*.py", "contracts/events/*.py"),
            (
                "tests/unit/contracts",
                "tests/contract",
                "tests/unit/recruitment",
                "tests/unit/retention",
                "tests/unit/chassis/test_cloud_events.py",
                "tests/unit/chassis/test_as_senders_write.py",
                "tests/unit/chassis/test_identity_by_source.py",
                "tests/property/test_in_force.py",
                "tests/property/test_door_and_consumer.py",
            ),
        ),
        Area("timelines", ("services/metrics/timelines/*.py",), FIGURES),
        Area("snapshot", ("services/metrics/snapshot/*.py",), FIGURES),
        Area("measures", ("services/metrics/measures/*.py",), FIGURES),
        Area(
            "statistics",
            ("services/metrics/statistics/control_chart.py", "services/metrics/statistics/survival.py"),
            (
                "tests/unit/metrics/test_control_chart.py",
                "tests/unit/metrics/test_survival.py",
                "tests/property/test_survival.py",
            ),
        ),
        Area(
            "chassis",
            ("services/chassis/*.py",),
            (
                "tests/unit/chassis",
                "tests/delivery/test_halting.py",
                "tests/delivery/test_patience.py",
                "tests/delivery/test_subscribers.py",
            ),
        ),
    )
}
