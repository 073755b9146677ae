"""Delimited text: which delimiter, which quotes, and the records in it.

Invariant: a record has the number that a spreadsheet gives it, also where values hold line ends.

The standard library's csv reads every form that we met. It does not find the delimiter, and does not say that a quote
was never closed.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from services.people.files.encodings import encoding_of
from services.people.files.layout import Layout
from services.people.files.names import most_named
from services.people.files.refusal import FileRefused

Row = tuple[int, list[str]]

DELIMITERS = {",": "commas", "|": "pipes", ";": "semicolons", "\t": "tabs"}
"""Those that are tried, and what they are called."""

LONGEST_LINE = 1 << 20
"""Characters. A longer one is not a record of an HR system."""
_SAMPLE = 1 << 16
"""Characters in which the delimiter is looked for."""
_MOST_IN_SAMPLE = 200
_ENCODING_NAMES = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}

csv.field_size_limit(LONGEST_LINE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How records are written. `skipped` lines before the first record are no records (Excel's `sep=;`)."""

    encoding: str
    delimiter: str
    quoted: bool
    backslash_escapes: bool
    skipped: int = 0

    def __str__(self) -> str:
        name = _ENCODING_NAMES.get(self.encoding, self.encoding.upper())
        return f"{name}, separated by {DELIMITERS.get(self.delimiter, repr(self.delimiter))}"

    def reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """The reader that splits lines into records."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quoting=csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE,
            escapechar="\\" if self.backslash_escapes else None,
        )


def open_text(content: bytes, layout: Layout) -> tuple[str, Callable[[], Iterator[Row]]]:
    """How the records of a text are written, in words, and a function that streams them. Raises FileRefused."""
    dialect = _dialect(content, layout)
    return str(dialect), partial(_records, content, dialect)


def _text(content: bytes, encoding: str) -> io.TextIOWrapper:
    # BytesIO shares the memory of the bytes it is made of.
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")


def _dialect(content: bytes, layout: Layout) -> Dialect:
    encoding = encoding_of(content, layout.encoding)
    sample = _text(content, encoding).read(_SAMPLE)
    delimiter, skipped = layout.delimiter, 0
    first = sample.split("\n", 1)[0].strip().strip('"')
    if first.lower().startswith("sep=") and len(first) == 5:
        delimiter, skipped = delimiter or first[4], 1
    quoted = layout.quoted
    if delimiter is None:
        delimiter = max(DELIMITERS, key=lambda one: _fitness(sample, one, quoted, layout))
    escapes = layout.backslash_escapes
    if escapes is None:
        sequence = ("\\" + delimiter).encode("utf-16-le" if encoding == "utf-16" else encoding.removesuffix("-sig"))
        escapes = delimiter in "|\t" and sequence in content
    return Dialect(encoding, delimiter, quoted, escapes, skipped)


def _fitness(sample: str, delimiter: str, quoted: bool, layout: Layout) -> tuple[int, float, int]:
    """How well a delimiter fits: columns of the mapping that it finds, share of records of one width, the width."""
    lines = sample.splitlines(keepends=True)
    if len(sample) == _SAMPLE:
        lines = lines[:-1] or lines
    reader = Dialect("", delimiter, quoted, delimiter in "|\t").reader(iter(lines))
    records = []
    try:
        for record in reader:
            records.append(record)
            if len(records) == _MOST_IN_SAMPLE:
                break
    except csv.Error:
        return (0, 0.0, 0)
    widths = Counter(len(record) for record in records if len(record) > 1)
    if not widths:
        return (0, 0.0, 0)
    width, times = widths.most_common(1)[0]
    return (most_named(records, layout.columns)[1], times / len(records), width)


def _records(content: bytes, dialect: Dialect) -> Iterator[Row]:
    stream = _text(content, dialect.encoding)
    for _ in range(dialect.skipped):
        stream.readline(LONGEST_LINE)
    ended = False
    whole = True

    def lines() -> Iterator[str]:
        nonlocal ended, whole
        for line in iter(partial(stream.readline, LONGEST_LINE), ""):
            if len(line) == LONGEST_LINE:
                raise FileRefused(f"a line is longer than {LONGEST_LINE:,} characters", "one record a line")
            whole = line[-1] in "\r\n"
            yield line
        ended = True

    number = dialect.skipped
    width = 0
    try:
        for number, record in enumerate(dialect.reader(lines()), dialect.skipped + 1):
            if ended:
                # csv asked for more lines to close a quote, and there were none.
                raise FileRefused(
                    "a quote is opened and never closed: the file is cut off, or a value begins with a quote",
                    "a whole file; or `quoted: false` in the mapping, where quotes are letters",
                    f"row {number:,}",
                )
            if not whole and width > len(record):
                raise FileRefused(
                    f"the last line is cut off: it has {len(record)} of {width} cells and no line end",
                    "the whole file, sent when it is written to its end",
                    f"row {number:,}",
                )
            width = max(width, len(record)) if number <= dialect.skipped + _MOST_IN_SAMPLE else width
            yield number, record
    except csv.Error as error:
        raise FileRefused(
            f"cannot be split into cells ({error})",
            "values in quotes where they hold the delimiter or a quote, and every quote closed",
            f"row {number + 1:,}",
        ) from None
