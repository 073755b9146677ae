"""Names of columns: how they are compared, where the header row is, and the message when some are missing.

Invariant: a name is compared without blanks at its ends and with one between words, else to the letter.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from services.people.files.layout import Layout
from services.people.files.refusal import FileRefused

HEADER_WITHIN = 50
"""Rows: a header further down is named by the mapping."""
MOST_COLUMNS = 1_000
"""Exports of HR systems have up to some hundreds."""
_MORE_THAN = 3
"""A first row with more filled cells than that is not a title."""


def clean(name: str) -> str:
    """A column's name as it is compared."""
    return " ".join(name.replace("\ufeff", "").split())


def most_named(rows: Iterable[Sequence[str]], columns: tuple[tuple[str, ...], ...]) -> tuple[int, int]:
    """Which of some rows (from 0 on) names most of the columns, and how many it names. Of equals, the first."""
    best, most = 0, 0
    for index, row in enumerate(rows):
        cells = {clean(cell) for cell in row}
        named = sum(1 for names in columns if any(plain(name) in cells for name in names))
        if named > most:
            best, most = index, named
    return best, most


def plain(name: str) -> str:
    """A name of a mapping without the number that tells a repeated column from the others: `Hours (2)`, `Hours`."""
    bare, _, number = name.rpartition(" (")
    return bare if bare and number[:-1].isdigit() and number.endswith(")") else name


def header_index(rows: Sequence[Sequence[str]], layout: Layout) -> int:
    """Which of the first rows is the header: the one with most names of the mapping, or else the first long one."""
    index, named = most_named(rows, layout.columns)
    if named:
        return index
    filled = [len({clean(cell) for cell in row if cell.strip()}) for row in rows]
    widest = max(filled, default=0)
    long = (index for index, count in enumerate(filled) if count > _MORE_THAN and count * 2 > widest)
    return next(long, filled.index(widest) if filled else 0)


def header_names(cells: Sequence[str]) -> tuple[str, ...]:
    """The names in a header row. A name that is there twice is told apart by a number: `Hours (1)`, `Hours (2)`."""
    if len(cells) > MOST_COLUMNS:
        raise FileRefused(f"has {len(cells):,} columns", f"at most {MOST_COLUMNS:,}: an export of fewer columns")
    names = [clean(cell) for cell in cells]
    times = Counter(names)
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name} ({seen[name]})" if name and times[name] > 1 else name)
    return tuple(numbered)


def refuse_other_layout(header: tuple[str, ...], header_row: int, layout: Layout) -> None:
    """Raise FileRefused if a required column is missing."""
    there = set(header)
    gone = [names for names in layout.columns if names[0] in layout.required and not there.intersection(names)]
    if not gone:
        return
    if _is_a_record(header, layout):
        raise FileRefused(
            "the row with the names of the columns is missing",
            "a file that names its columns above its rows (what is there is not repeated: it may be personal)",
            f"row {header_row:,}",
        )
    problems = "; ".join(_gone(names, header) for names in gone[:10])
    more = f"; and {len(gone) - 10} more" if len(gone) > 10 else ""
    present = ", ".join(name for name in header if name) or "none"
    raise FileRefused(
        f"columns of the mapping are gone: {problems}{more}",
        f"a file with these columns, or a mapping with the names it has now; it has: {present[:2_000]}",
        f"header in row {header_row:,}",
    )


def _is_a_record(header: tuple[str, ...], layout: Layout) -> bool:
    """Whether what stands where a header should is a record: no column's name, and a value that is a number or date."""
    if not set(header).isdisjoint(name for names in layout.columns for name in names):
        return False
    values = (value for cell in header for value in re.split(r"[,;|\t]", cell))
    return any(any(map(str.isdigit, value)) and not any(map(str.isalpha, value)) for value in values)


def _gone(names: tuple[str, ...], header: tuple[str, ...]) -> str:
    either_name = " or ".join(repr(name) for name in names)
    repeated = [name for name in header if plain(name) in names]
    if repeated:
        return f"{either_name} is there more than once (write {' or '.join(map(repr, repeated))} in the mapping)"
    by_letters = {name.casefold(): name for name in header if name}
    near = get_close_matches(names[0].casefold(), by_letters, n=2, cutoff=0.7)
    return f"{either_name} (near to it: {', '.join(repr(by_letters[name]) for name in near)})" if near else either_name
