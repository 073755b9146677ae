"""How the command shows what it was told: a table for people, JSON and CSV for programs.

Invariant: with --json or --csv nothing but that goes to standard output; what is said besides goes to standard error.
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
) -> None:
    """A table on standard output, or wherever the console is."""
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
        return
    table = Table(title=title, title_justify="left")
    for name in heading:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    # In a file no line is broken for a screen that is none.
    shown = console or Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    shown.print(table)


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Progress]:
    """A bar on standard error, where that is a terminal, with one task."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        bar.add_task(what, total=total)
        yield bar
