"""`make mutate`: puts small mistakes into the code, one at a time, and tells which of them no test notices.

Areas are named by ARGS (all of them where none is), files by `--file`. A mistake that survives and does not stand in
tests/mutation/accepted.yml makes it fail; those are written to .mutation/<area>.md as they are found.
Invariant: the same seed tries the same mutants; the checkout is not changed.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.mutation.accepted import accepted
from tests.mutation.areas import AREAS, Area
from tests.mutation.mutants import Mutant, mutants_of, tried_on_examples
from tests.mutation.running import Known, TestsFail, copied, learn, notices
from tests.mutation.telling import Result, table, told

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / ".mutation"
console = Console(width=110)


def main() -> int:
    """Measure the areas asked for; gives 0 when every mutant was noticed or is accepted."""
    asked = _asked()
    tried_on_examples()
    FOLDER.mkdir(exist_ok=True)
    areas = [AREAS[name] for name in asked.areas]
    with tempfile.TemporaryDirectory(prefix="workforce-mutants-") as folder, copied(REPOSITORY, Path(folder)) as copy:
        try:
            results = [_measured(area, copy, asked, known) for area, known in _known(areas, copy)]
        except TestsFail as failed:
            console.print("[red]the tests do not pass without any mistake[/]")
            console.print(str(failed), markup=False, highlight=False)
            return 2
    console.print(table(results))
    for result in results:
        for line in told(result):
            console.print(line, markup=False, highlight=False)
    return 1 if any(result.survived for result in results) else 0


def _known(areas: list[Area], copy: Path) -> Iterator[tuple[Area, Known]]:
    """Each area with what its tests tell without any mistake. Areas with the same tests run them once."""
    for tests, alike in groupby(areas, key=lambda area: area.test_files(copy)):
        together = list(alike)
        files = [file for area in together for file in area.paths(copy)]
        with console.status(f"{', '.join(area.name for area in together)}: the tests without any mistake"):
            known = learn(copy, files, tests)
        yield from ((area, known) for area in together)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate", description=(__doc__ or "").partition("Invariant:")[0])
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"of {', '.join(AREAS)}; all where none is named")
    parser.add_argument("--file", action="append", default=[], help="only files whose path ends so; may be repeated")
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants of each area, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    unknown = [name for name in asked.areas if name not in AREAS]
    if unknown:
        parser.error(f"there is no area {', '.join(unknown)}: the areas are {', '.join(AREAS)}")
    asked.areas = asked.areas or list(AREAS)
    return asked


def _measured(area: Area, copy: Path, asked: argparse.Namespace, known: Known) -> Result:
    """What becomes of the area's mutants."""
    files = [file for file in area.paths(copy) if not asked.file or file.endswith(tuple(asked.file))]
    mutants = [mutant for file in files for mutant in mutants_of(file, copy)]
    sampled = asked.sample is not None and asked.sample < len(mutants)
    if sampled:
        mutants = sorted(random.Random(asked.seed).sample(mutants, asked.sample), key=lambda one: (one.file, one.first))
    result = Result(area.name, whole=not sampled and not asked.file)
    entries = {entry.identity: entry for entry in accepted()}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as progress:
        for mutant in progress.track(mutants, description=area.name):
            if mutant.code:
                result.count(mutant, entries, noticed=_noticed(mutant, copy, known))
                result.write(FOLDER / f"{area.name}.md")
    return result


def _noticed(mutant: Mutant, copy: Path, known: Known) -> bool:
    """Whether the tests that run its lines notice it, or else those beside them. Where none does, nobody can."""
    tests = known.of(mutant.file, mutant.first, mutant.last)
    tried = (tests, known.beside(tests))
    return any(some and notices(copy, mutant.file, mutant.code, some, known) for some in tried)


if __name__ == "__main__":
    sys.exit(main())
