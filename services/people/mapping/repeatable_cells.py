"""What of a row may be repeated to its sender, and kept for that: its cells and values, except personal ones.

Invariant: a cell is repeated only on three conditions. The mapping reads its column as a fact of a post, a holding or
an event, and not as the number of a person. It contains nothing that is also in a personal column of the row. And it is
no word that is written like a name, where a number, a date or a reference should be.
"""

from services.people.mapping.codes import folded
from services.people.mapping.row_rules import RowRules
from services.people.mapping.rows import NamedRow

SHORTEST = 3
"""A personal value with at least so many letters is looked for in other cells; a single digit may be anywhere."""


class RepeatableCells:
    """What may be repeated of the rows of one file."""

    def __init__(self, rules: RowRules) -> None:
        readers = (rules.subject, *rules.fields.values())
        detailed = {part.slot for detail in rules.details for part in detail.parts}
        self._personal = sorted(detailed.union(*(reader.slots for reader in readers if reader.personal)))
        others = {slot for reader in readers if not reader.personal for slot in reader.slots}
        # Two lists of names may begin with the same one: it is one column.
        self._wordless = {rules.slots[slot][0] for slot in rules.wordless - rules.worded}
        self._shown = {rules.slots[slot][0]: slot for slot in sorted(others.difference(self._personal))}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose cells may be repeated."""
        return tuple(self._shown)

    def cells(self, row: NamedRow) -> dict[str, str]:
        """The cells of a row, by column, that may be repeated. A row whose cells have been shifted has no such cell."""
        if row.width is not None:
            return {}
        return {name: row.cells[slot] for name, slot in self._shown.items() if self.may_be(row, row.cells[slot], name)}

    def may_be(self, row: NamedRow, value: str, column: str) -> bool:
        """Whether a value in such a column of a row, not a personal one, may be repeated."""
        if column in self._wordless and written_like_a_name(value):
            return False
        text = folded(value)
        personal_values = (folded(row.cells[slot]) for slot in self._personal)
        return not any(len(one) >= SHORTEST and one in text for one in personal_values)


def written_like_a_name(value: str) -> bool:
    """Whether a text has no digit, and a word that begins with a capital. (`#N/A` is an error, and no name.)"""
    words = value.replace("-", " ").replace("'", " ").split()
    return not any(map(str.isdigit, value)) and any(word[0].isupper() for word in words)
