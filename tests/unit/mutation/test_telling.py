"""What `make mutate` tells at its end: what was noticed, what survived, and which accepted entries can go."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tests.mutation.accepted import Accepted
from tests.mutation.telling import Result, table, told

FILE = "contracts/codes.py"


@dataclass(frozen=True)
class Made:
    """A mutant of one line, as Cosmic Ray would make it."""

    change: str
    file: str = FILE
    within: str = "Code.of"
    operator: str = "core/NumberReplacer"
    first: int = 12

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.file, self.within, self.change


NOTICED, MISSED, SPARED = Made("- 1\n+ 2"), Made("- 3\n+ 4"), Made("- 5\n+ 6")
LIST = {made.identity: Accepted(*made.identity, why="nobody reads it") for made in (NOTICED, SPARED, Made("- 7\n+ 8"))}


def measured(*, whole: bool) -> Result:
    """Two mutants were noticed, of which one is on the list of those that need not be; one was missed, one spared."""
    result = Result("contracts", whole)
    result.count(NOTICED, LIST, noticed=True)
    result.count(Made("- 9\n+ 0"), LIST, noticed=True)
    result.count(MISSED, LIST, noticed=False)
    result.count(SPARED, LIST, noticed=False)
    return result


def test_an_accepted_mutant_counts_neither_as_noticed_nor_as_one_that_could_be() -> None:
    console = Console(width=110)
    with console.capture() as printed:
        console.print(table([measured(whole=True)]))
    row = next(line for line in printed.get().splitlines() if "contracts" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["contracts", "4", "2", "1", "1", "66.7%"]


def test_what_survives_is_told_by_its_file_its_function_and_its_lines() -> None:
    (survivor, *_) = told(measured(whole=False))
    assert survivor == "survived in contracts/codes.py:12, in Code.of (NumberReplacer)\n    - 3\n    + 4\n"


def test_an_entry_that_is_noticed_by_now_can_go_and_so_can_one_that_nobody_makes_any_more() -> None:
    assert [entry.change for entry in measured(whole=True).gone] == ["- 1\n+ 2", "- 7\n+ 8"]


def test_where_a_part_is_tried_only_what_was_noticed_can_go() -> None:
    assert [entry.change for entry in measured(whole=False).gone] == ["- 1\n+ 2"]


def test_what_survived_so_far_can_be_read_while_the_rest_is_tried(tmp_path: Path) -> None:
    measured(whole=True).write(tmp_path / "contracts.md")
    assert (tmp_path / "contracts.md").read_text(encoding="utf-8") == (
        "# contracts: 4 tried, 2 noticed, 1 accepted\n\n"
        "contracts/codes.py:12, in Code.of (NumberReplacer)\n    - 3\n    + 4\n\n"
    )
