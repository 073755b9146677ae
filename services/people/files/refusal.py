"""Why a whole file is refused: what is wrong, where, and what would be right.

Invariant: a refusal repeats no cell of a row, because that may be personal. It repeats names of columns and sheets.
"""


class FileRefused(Exception):
    """Nothing of the file is taken in.

    `problem` says what is wrong, and `expected` what would be right. `where` says in which part: a row, a sheet, a
    column, or None for the file as a whole. Each is a sentence or part of one, for the sender of the file.
    """

    def __init__(self, problem: str, expected: str, where: str | None = None) -> None:
        location = "" if where is None else f"{where}: "
        super().__init__(f"{location}{problem}; right would be: {expected}")
        self.problem = problem
        self.expected = expected
        self.where = where
