"""How a file is written, as far as its mapping says. The rest is found out from the file.

Invariant: what the mapping says is never overruled by what the file looks like.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of a file before it is opened. What is None is found out.

    `columns` are the columns that are read, each with the names it may have, the usual one first. `required` are those
    without which the file is refused. Both help to find the header row.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quoted: bool = True
    """Whether values stand in quotes where they need to. False: a quote is a letter like any other."""
    backslash_escapes: bool | None = None
    sheet: str | None = None
    header_row: int | None = None
    columns: tuple[tuple[str, ...], ...] = ()
    required: frozenset[str] = frozenset()
    """The usual names of the required columns."""
