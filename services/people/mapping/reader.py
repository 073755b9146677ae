"""From the rows of one subject to what they state, and to what is wrong with them.

    reader = Reader(file_mapping, pseudonym)
    read = reader.read(rows)      # all rows of one subject, in the order of the file

Invariant: a row with a fault takes no other row with it, and every row is answered: it has statements, faults, or a rule
that leaves it out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.people.mapping.model import FileMapping
from services.people.mapping.rows import NamedRow
from services.people.statements import PersonalDetails, RowFault, RowLeftOut, Statement

Pseudonym = Callable[[str, str], str]
"""The pseudonym of a reference: called with the scheme of numbers ("worker", "agency-worker", "holding") and the
reference, gives a token of contracts."""


@dataclass(slots=True)
class RowsRead:
    """What the rows of one subject say."""

    statements: list[Statement] = field(default_factory=list)
    persons: list[PersonalDetails] = field(default_factory=list, repr=False)
    faults: list[RowFault] = field(default_factory=list)
    left_out: list[RowLeftOut] = field(default_factory=list)


class Reader:
    """Applies the mapping of one file to the rows of one subject after another."""

    def __init__(self, file_mapping: FileMapping, pseudonym: Pseudonym) -> None:
        self.file_mapping = file_mapping
        self.pseudonym = pseudonym

    def read(self, rows: Sequence[NamedRow]) -> RowsRead:
        """What the rows of one subject say: all its rows in the file, or the statements are not whole."""
        raise NotImplementedError
