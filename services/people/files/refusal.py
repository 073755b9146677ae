"""Why a whole file is refused: what is wrong, where, and what would be right.

Invariant: a refusal repeats no cell of a row, which may be personal; names of columns and sheets it does.
"""


class FileRefused(Exception):
    """Nothing of the file is taken in.

    `problem` says what is wrong, `where` in which part (a row, a sheet, a column; None: the file as a whole), and
    `expected` what would be right. Each is a sentence or part of one, for whoever sent the file.
    """

    def __init__(self, problem: str, expected: str, where: str | None = None) -> None:
        place = "" if where is None else f"{where}: "
        super().__init__(f"{place}{problem}; right would be: {expected}")
        self.problem = problem
        self.expected = expected
        self.where = where
