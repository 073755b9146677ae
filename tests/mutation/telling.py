"""What became of the mutants: a table by area, and each that survived as a change to read.

Invariant: what is accepted counts neither as noticed nor as a mistake that could have been.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rich.table import Table

from tests.mutation.accepted import Accepted

Identity = tuple[str, str, str]


class Mutant(Protocol):
    """What is told of a mutant."""

    @property
    def file(self) -> str: ...
    @property
    def within(self) -> str: ...
    @property
    def operator(self) -> str: ...
    @property
    def first(self) -> int: ...
    @property
    def change(self) -> str: ...
    @property
    def identity(self) -> Identity: ...


@dataclass
class Result:
    """Of one area. `whole` when every mutant of it is tried, so that an entry which is not met can go."""

    area: str
    whole: bool
    noticed: int = 0
    survived: list[Mutant] = field(default_factory=list)
    accepted: set[Identity] = field(default_factory=set)
    caught: set[Identity] = field(default_factory=set)
    spared: int = 0
    entries: Mapping[Identity, Accepted] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    def count(self, mutant: Mutant, entries: Mapping[Identity, Accepted], *, noticed: bool) -> None:
        """Count one mutant."""
        self.entries = entries
        self.files.add(mutant.file)
        if noticed:
            self.noticed += 1
            self.caught.add(mutant.identity)
        elif mutant.identity in entries:
            self.spared += 1
            self.accepted.add(mutant.identity)
        else:
            self.survived.append(mutant)

    @property
    def mutants(self) -> int:
        """All that were tried."""
        return self.noticed + len(self.survived) + self.spared

    @property
    def gone(self) -> list[Accepted]:
        """Entries that no longer survive: noticed by now, or, where every mutant was tried, made no more."""
        here = [entry for entry in self.entries.values() if entry.file in self.files]
        return [
            entry
            for entry in here
            if entry.identity not in self.accepted and (self.whole or entry.identity in self.caught)
        ]

    def write(self, file: Path) -> None:
        """The survivors so far, to read while the rest is tried."""
        head = f"# {self.area}: {self.mutants} tried, {self.noticed} noticed, {self.spared} accepted\n"
        file.write_text("\n".join([head, *(_told(mutant) for mutant in self.survived)]) + "\n", encoding="utf-8")


def table(results: Collection[Result]) -> Table:
    """One line for each area."""
    shown = Table("area", *("mutants", "noticed", "survived", "accepted", "noticed of what could be"))
    for column in shown.columns[1:]:
        column.justify = "right"
    for result in results:
        could = result.mutants - result.spared
        share = f"{result.noticed / could:.1%}" if could else "-"
        figures = (result.mutants, result.noticed, len(result.survived), result.spared)
        shown.add_row(result.area, *(f"{figure:,}" for figure in figures), share)
    return shown


def told(result: Result) -> Iterator[str]:
    """Each survivor, and each entry that can go."""
    for mutant in result.survived:
        yield f"survived in {_told(mutant)}"
    for entry in result.gone:
        yield f"no longer survives, take it from accepted.yml: {entry.file}, in {entry.within}\n{entry.change}\n"


def _told(mutant: Mutant) -> str:
    change = "\n".join(f"    {line}" for line in mutant.change.splitlines())
    return f"{mutant.file}:{mutant.first}, in {mutant.within} ({mutant.operator.partition('/')[2]})\n{change}\n"
