"""What can be wrong with a cell: its value cannot be read, or a rule leaves the row out.

Invariant: both are raised within the reading of one row, and never leave it.
"""


class Trouble(Exception):
    """A value is not as the mapping says: what is wrong, and what would be right.

    `column` and `value` are those of the cell in question, if that is not the one that was being read.
    """

    def __init__(self, problem: str, expected: str, column: str | None = None, value: str | None = None) -> None:
        super().__init__(f"{problem}; right would be: {expected}")
        self.problem = problem
        self.expected = expected
        self.column = column
        self.value = value


class LeaveOut(Exception):
    """A rule of the mapping leaves the row out."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


SPREADSHEET_ERRORS = (
    "#N/A",
    "#NAME?",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NULL!",
    "#NUM!",
    "#UNCALCULATED!",
    "#GETTING_DATA",
)


def plain(cell: str) -> str:
    """A cell's text without blanks around it. Raises Trouble for an error of a spreadsheet."""
    text = cell.strip()
    if text.startswith("#") and (text.upper() in SPREADSHEET_ERRORS or text.strip("#") == ""):
        what = "a formula without its result" if text == "#UNCALCULATED!" else "an error of a spreadsheet"
        raise Trouble(f"is {what}", "the value itself, or a blank cell")
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1].strip()  # how some exports keep Excel from dropping zeros
    return text
