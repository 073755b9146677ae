"""Writes down what is published of the contracts: schemas, the AsyncAPI document, the table of topics in README.md.

Invariant: all of it is derived from the models and the catalogue, the same each time; only `main` touches files.

    python -m contracts.generate            writes contracts/generated/ and the table in contracts/README.md
    python -m contracts.generate --check    writes nothing; exit status 1 when a file is not up to date
"""

import argparse
import json
import sys
from pathlib import Path

from contracts.asyncapi import Examples, asyncapi_document
from contracts.catalogue import (
    ALL_TOPICS,
    DEAD_LETTER_TOPICS,
    EVENT_TOPICS,
    Topic,
)
from contracts.schemas import Document, published_contracts

COMMAND = "python -m contracts.generate"
TABLE_BEGINS = f"<!-- topics: from here on written by {COMMAND} -->"
TABLE_ENDS = "<!-- topics: up to here -->"


def topics_in_markdown() -> str:
    """The topics as a table, and as a picture that shows who writes and who reads them."""
    rows = [
        f"| `{topic.name}` | {topic.purpose} | {', '.join(topic.written_by)} "
        f"| {', '.join(topic.readers) or 'nobody'} "
        f"| {topic.partitions} | {_kept(topic)} |"
        for topic in ALL_TOPICS
    ]
    arrows = [
        f"    {topic.owner} --> {_node(topic)} --> {' & '.join(f'{name}_reads[{name}]' for name in topic.readers)}"
        for topic in EVENT_TOPICS
    ]
    aside = [f"    {topic.owner}_reads -.-> {_node(topic)}" for topic in DEAD_LETTER_TOPICS]
    types = [
        f"- `{topic.name}`: {', '.join(f'`{event.event_type}`' for event in topic.events)}" for topic in EVENT_TOPICS
    ]
    head = ["| topic | what stands on it | written by | read by | partitions | kept |", "|---|---|---|---|---|---|"]
    picture = ["```mermaid", "flowchart LR", *arrows, *aside, "```"]
    return "\n".join([*head, *rows, "", *picture, "", *types])


def _kept(topic: Topic) -> str:
    if topic.retention_days is None:
        return "for ever"
    return "1 day" if topic.retention_days == 1 else f"{topic.retention_days} days"


def _node(topic: Topic) -> str:
    return f"{topic.name.replace('.', '_').replace('-', '_')}([{topic.name}])"


def with_table(readme: str) -> str:
    """The README with its table of topics renewed. Raises ValueError unless each marker is there once."""
    before, begins, rest = readme.partition(TABLE_BEGINS)
    _, ends, after = rest.partition(TABLE_ENDS)
    if not begins or not ends or TABLE_BEGINS in rest or TABLE_ENDS in after:
        raise ValueError(f"README.md must hold '{TABLE_BEGINS}' and after it '{TABLE_ENDS}', once each")
    return f"{before}{TABLE_BEGINS}\n{topics_in_markdown()}\n{TABLE_ENDS}{after}"


def as_text(document: Document) -> str:
    """A document as it stands in a file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def files_to_generate(readme: str, examples: Examples) -> dict[str, str]:
    """The text of every file this module keeps, by its path under contracts/."""
    documents = {**published_contracts(), "asyncapi.json": asyncapi_document(examples)}
    generated = {f"generated/{path}": as_text(document) for path, document in documents.items()}
    return {**generated, "README.md": with_table(readme)}


def main(arguments: list[str] | None = None, folder: Path = Path(__file__).parent) -> int:
    """Writes the files, or with --check says which are not up to date (exit status 1)."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Writes contracts/generated/ and the table of topics.")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is not up to date")
    check: bool = parser.parse_args(arguments).check

    examples: dict[str, dict[str, Document]] = {}
    for file in sorted(folder.glob("examples/*/*.json")):
        examples.setdefault(file.parent.name, {})[file.stem] = json.loads(file.read_text())
    generated = files_to_generate((folder / "README.md").read_text(), examples)
    committed = {file.relative_to(folder).as_posix(): file.read_text() for file in folder.glob("generated/**/*.json")}
    committed["README.md"] = (folder / "README.md").read_text()

    stale = [path for path, text in generated.items() if committed.get(path) != text]
    left_over = sorted(committed.keys() - generated.keys())
    if check:
        for path in stale:
            print(f"contracts/{path} is not up to date: run `{COMMAND}`", file=sys.stderr)
        for path in left_over:
            print(f"contracts/{path} belongs to nothing any more: run `{COMMAND}`", file=sys.stderr)
        return 1 if stale or left_over else 0
    for path in stale:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(generated[path])
    for path in left_over:
        (folder / path).unlink()
    print(f"{len(stale)} files written, {len(left_over)} removed, {len(generated)} in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
