"""Mutants that no test needs to notice, and why: `accepted.yml`.

Invariant: an entry says its reason, and stands for a change of lines in one function of one file, wherever they stand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("accepted.yml")
KEYS = {"file", "in", "change", "why"}


@dataclass(frozen=True)
class Accepted:
    """One change that was looked at, and why nobody could notice it."""

    file: str
    within: str
    change: str
    why: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """As a mutant's."""
        return self.file, self.within, self.change


def accepted(file: Path = FILE) -> list[Accepted]:
    """Every entry. Raises ValueError naming the entry that is not as it should be."""
    entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    return [_entry(number, entry) for number, entry in enumerate(entries, start=1)]


def _entry(number: int, entry: object) -> Accepted:
    if not isinstance(entry, Mapping) or set(entry) != KEYS or not all(isinstance(entry[key], str) for key in KEYS):
        raise ValueError(f"entry {number} of accepted.yml: wants the texts {', '.join(sorted(KEYS))}, not {entry!r}")
    if len(entry["why"].split()) < 3:
        raise ValueError(f"entry {number} of accepted.yml: say why nobody could notice it")
    change = "\n".join(line.strip() for line in entry["change"].strip().splitlines())
    return Accepted(entry["file"], entry["in"], change, entry["why"].strip())
