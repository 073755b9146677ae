"""`workforce map`: a first mapping for a file that nobody has described yet.

Invariant: the file is read on this machine and goes nowhere. No value of a column that may be personal is shown.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.command_line.asking import fail
from deploy.command_line.showing import AsCsv, AsJson, say, show_json, show_table


def map_file(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX, as the HR system writes it.", exists=True, dir_okay=False)],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Read a file and propose a mapping: which columns it has, what they seem to mean, which codes match nothing.

    \b
      workforce map employees.csv > mapping.yml
      workforce send employees.csv --feed hr --mapping mapping.yml --dry-run

    The mapping goes to standard output; what was found, and what you have to decide, to standard error. In the mapping
    these stand behind "decide:". With --csv the columns, and what they seem to mean, go to standard output instead of
    the mapping. The file is read here and sent nowhere.
    """
    # Only here: what else the command does needs none of it.
    from rich.console import Console

    from services.people.files.layout import Layout
    from services.people.files.reading import open_table
    from services.people.files.refusal import FileRefused
    from services.people.mapping.proposing import propose

    try:
        proposal = propose(open_table(file.read_bytes(), Layout()), file.name)
    except FileRefused as refusal:
        fail(f"{file.name} cannot be read: {refusal}")
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    columns = [[one.name, one.field, one.why, " ".join(one.unmatched)] for one in proposal.columns]
    heading = ["column", "seems to be", "because", "codes that match nothing"]
    if as_json:
        described = [dict(zip(("column", "field", "why"), row, strict=False)) for row in columns]
        for line, one in zip(described, proposal.columns, strict=True):
            line["unmatched"] = list(one.unmatched)  # type: ignore[assignment]
        questions = list(proposal.questions)
        show_json({"kind": proposal.kind, "columns": described, "questions": questions, "mapping": proposal.mapping})
        return
    on_error = Console(stderr=True, highlight=False)
    show_table(f"{file.name}: {proposal.kind}", heading, columns, console=on_error, as_csv=as_csv)
    for question in proposal.questions:
        say(f"decide: {question}")
    if not as_csv:
        sys.stdout.write(proposal.mapping)
