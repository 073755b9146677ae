"""Writes the demonstration authority's events to a file, one CloudEvent as JSON to a line.

Invariant: the lines stand in the order in which the authority recorded them.
"""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path

from deploy.demonstration.ending import ENDING_HELP, ending
from deploy.demonstration.generator import SEED, awkward_records, history


def main() -> None:
    """Read the command line and write what it asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.demonstration",
        description="Write the history of authority 331, from July 2018 on, as CloudEvents (JSON Lines).",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="file to write to; standard output without it")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed, another history (default: %(default)s)")
    parser.add_argument("--ending", type=ending, metavar="DAY", help=ENDING_HELP)
    parser.add_argument(
        "--awkward", action="store_true", help="list the awkward records instead, as a Markdown table with event ids"
    )
    options = parser.parse_args()
    text = _awkward_table(options.seed) if options.awkward else _json_lines(options.seed, options.ending)
    if options.out is None:
        sys.stdout.write(text)
    else:
        options.out.write_text(text, encoding="utf-8")


def _json_lines(seed: int, until: datetime | None) -> str:
    return "".join(f"{json.dumps(event)}\n" for event in history(seed, until))


def _awkward_table(seed: int) -> str:
    rows = [f"| {item.kind} | {item.story} | {', '.join(item.events)} |\n" for item in awkward_records(seed)]
    return "".join(["| kind | what happened | events |\n|---|---|---|\n", *rows])


if __name__ == "__main__":
    main()
