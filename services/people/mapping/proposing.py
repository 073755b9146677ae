"""A first mapping for a file that nobody has described yet: what its columns seem to be, for a person to decide.

Invariant: nothing is guessed between day and month, and no code is matched by likeness: these are questions.
"""

from dataclasses import dataclass

from services.people.files.reading import Table
from services.people.statements import Kind


@dataclass(frozen=True, slots=True)
class ColumnFound:
    """One column of a file: what it seems to be (a field of the kind's statements, a personal detail, or None) and why.

    `unmatched` are values that match no code of that field, the most frequent first, where the field is coded.
    """

    name: str
    field: str | None
    why: str
    personal: bool = False
    unmatched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file seems to be; `mapping` is the text of a first mapping file, with questions as comments."""

    kind: Kind
    columns: tuple[ColumnFound, ...]
    questions: tuple[str, ...]
    mapping: str


def propose(table: Table, name: str = "extract.csv") -> Proposal:
    """A first mapping for a table; `name` is that of its file. Raises FileRefused where its rows cannot be read."""
    raise NotImplementedError
