"""How the command shows what it was told: a table for people, JSON and CSV for programs.

Invariant: with --json or --csv only that goes to standard output. All other messages go to standard error.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

WIDE = 200
"""Characters of a table that goes into a file."""
READABLE = 100
"""Characters of a table that is looked at again and again: as many as a small window shows."""

UTF_8 = "utf-8-sig"
"""How files of text are read, whatever the language of the terminal: with or without the mark of an encoding."""

AsJson = Annotated[bool, typer.Option("--json", help="The answer as JSON, for programs.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="The table as CSV.")]
Authority = Annotated[
    str | None,
    typer.Option("--authority", "-a", envvar="WORKFORCE_AUTHORITY", help="Three-digit code of the authority, as 331."),
]


def say(text: str) -> None:
    """A line for people, beside whatever goes to standard output."""
    sys.stderr.write(f"{text}\n")


def show_json(value: Any) -> None:
    """A value as JSON on standard output."""
    sys.stdout.write(f"{json.dumps(value, indent=2)}\n")


def show_table(
    title: str,
    heading: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    as_csv: bool = False,
    console: Console | None = None,
    most: int = WIDE,
) -> None:
    """A table on standard output, or wherever the console is; in a file of so many characters at most."""
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
        return
    table = Table()
    for name in heading:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    # In a file no line is broken for a screen that is none.
    shown = console or Console(highlight=False, width=None if sys.stdout.isatty() else most)
    # Above the table: a title of the table itself is broken to its width, which of one figure is ten letters.
    shown.print(title, style="italic", markup=False)
    shown.print(table)


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Progress]:
    """A bar with one task, on standard error, if that is a terminal."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        bar.add_task(what, total=total)
        yield bar
