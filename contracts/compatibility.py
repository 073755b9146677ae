"""Whether the contracts of today still take every event published under those of yesterday.

Invariant: this checker refuses what it does not understand. If it reports nothing, everything was read and compared.

    python -m contracts.compatibility --against <git ref or folder>

exits with 0 when all is compatible (or nothing was published there yet), with 1 after naming what is not.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.narrowing import KEEP, NEW_VERSION, Finding, narrowings, not_understood
from contracts.schemas import Document, published_contracts


class PublishedTopic(BaseModel):
    """A topic as catalogue.json publishes it; a key that is none of these is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    purpose: str
    owner: str
    readers: list[str]
    partitions: int
    retention_days: int | None
    subject_kinds: dict[str, str]


class PublishedCatalogue(BaseModel):
    """catalogue.json: topics by name, the census's numbers of codes by item."""

    model_config = ConfigDict(extra="forbid", strict=True)

    key: str
    topics: dict[str, PublishedTopic]
    csww: dict[str, dict[str, int | str]]


def incompatible_changes(published: Mapping[str, Document], present: Mapping[str, Document]) -> list[Finding]:
    """Every change from the published documents to the present ones that breaks an event, a reader or a feed.

    Both hold documents by their path under contracts/generated, as `published_contracts` gives them; other paths (the
    AsyncAPI document, which is derived from these) are not compared. An empty list means compatible.
    """
    findings = [
        finding
        for side, documents in (("published", published), ("present", present))
        for finding in _not_understood(side, documents)
    ]
    if findings:
        return findings
    old = PublishedCatalogue.model_validate(published["catalogue.json"])
    new = PublishedCatalogue.model_validate(present["catalogue.json"])
    findings += _changed_topics(old, new)
    findings += _changed_event_types(old, new)
    findings += _changed_numbers(old, new)
    for path, schema in published.items():
        if path in present and _is_schema(path):
            findings += narrowings(schema, present[path], path)
    return findings


def _is_schema(path: str) -> bool:
    return path == "envelope.json" or path.startswith("events/")


def _not_understood(side: str, documents: Mapping[str, Document]) -> Iterator[Finding]:
    missing = [path for path in ("catalogue.json", "envelope.json") if path not in documents]
    for path in missing:
        yield Finding(path, f"is not among the {side} contracts", "run `python -m contracts.generate`")
    for path, schema in documents.items():
        if _is_schema(path):
            yield from not_understood(side, path, schema)
        elif path not in ("catalogue.json", "asyncapi.json"):
            yield Finding(
                path, f"{side}: is not a file of the contracts", "take it away, or name it as its kind is named"
            )
    if missing:
        return
    try:
        catalogue = PublishedCatalogue.model_validate(documents["catalogue.json"])
    except ValidationError as error:
        for item in error.errors():
            field = ".".join(str(part) for part in item["loc"])
            yield Finding(f"catalogue.json: {field}", f"{side}: {item['msg']}", "spell it as PublishedCatalogue has it")
        return
    listed = [f"events/{name}.json" for topic in catalogue.topics.values() for name in topic.subject_kinds]
    for path in sorted(set(listed) ^ {path for path in documents if path.startswith("events/")}):
        yield Finding(path, f"{side}: stands in the catalogue or as a schema, not both", "generate the files again")
    for path in sorted({path for path in listed if listed.count(path) > 1}):
        yield Finding(path, f"{side}: stands on several topics", "let it stand on one topic")


def _changed_topics(old: PublishedCatalogue, new: PublishedCatalogue) -> Iterator[Finding]:
    if old.key != new.key:
        yield Finding("catalogue.json: key", f"the key of records changed from {old.key} to {new.key}", KEEP)
    for name, topic in old.topics.items():
        where = f"catalogue.json: {name}"
        now = new.topics.get(name)
        if now is None:
            yield Finding(where, "the topic was removed", "keep it as long as it holds a record")
            continue
        if now.owner != topic.owner:
            instead = "give the new owner a topic of its own: one topic has one writer"
            yield Finding(where, f"the owner changed from {topic.owner} to {now.owner}", instead)
        if now.partitions < topic.partitions:
            instead = "keep them: Kafka cannot take partitions away"
            yield Finding(where, f"partitions went from {topic.partitions} down to {now.partitions}", instead)
        kept, keeps = (float("inf") if days is None else days for days in (topic.retention_days, now.retention_days))
        if keeps < kept:
            instead = "keep records as long as was published: readers rely on it"
            yield Finding(where, f"retention_days went from {topic.retention_days} to {now.retention_days}", instead)


def _changed_event_types(old: PublishedCatalogue, new: PublishedCatalogue) -> Iterator[Finding]:
    now = {name: (topic, kind) for topic, entry in new.topics.items() for name, kind in entry.subject_kinds.items()}
    for topic, entry in old.topics.items():
        for name, kind in entry.subject_kinds.items():
            where = f"catalogue.json: {name}"
            if name not in now:
                yield Finding(where, "the event type was removed", "keep it: journals and topics hold its events")
                continue
            new_topic, new_kind = now[name]
            if new_topic != topic:
                yield Finding(where, f"moved from {topic} to {new_topic}", f"keep it on its topic, or {NEW_VERSION}")
            if new_kind != kind:
                yield Finding(where, f"its subject changed from {kind}/ to {new_kind}/", NEW_VERSION)


def _changed_numbers(old: PublishedCatalogue, new: PublishedCatalogue) -> Iterator[Finding]:
    for item, numbers in old.csww.items():
        for code, number in numbers.items():
            now = new.csww.get(item, {}).get(code)
            if now is None:
                yield Finding(f"catalogue.json: {item}.{code}", "the code was removed", KEEP)
            elif now != number:
                what = f"its number in the census changed from {number} to {now}"
                yield Finding(f"catalogue.json: {item}.{code}", what, "add a new code and leave this one its number")


def _in_folder(folder: Path) -> dict[str, Document]:
    return {file.relative_to(folder).as_posix(): json.loads(file.read_text()) for file in folder.glob("**/*.json")}


def _at_git_ref(ref: str, repository: Path) -> dict[str, Document]:
    """The documents committed at a ref; none where it holds no contracts/generated. Raises CalledProcessError."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(repository), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603

    commit = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
    folder = "contracts/generated/"
    paths = git("ls-tree", "-r", "--name-only", "--full-tree", commit, folder).splitlines()
    return {path.removeprefix(folder): json.loads(git("show", f"{commit}:{path}")) for path in paths}


def main(arguments: list[str] | None = None, repository: Path = Path(__file__).parent.parent) -> int:
    """Compares and prints; exit status 0 compatible, 1 not, 2 when there is no such ref or folder."""
    parser = argparse.ArgumentParser(
        prog="python -m contracts.compatibility", description="Refuses what breaks readers."
    )
    parser.add_argument("--against", required=True, metavar="REF", help="a git ref, or a folder as contracts/generated")
    against: str = parser.parse_args(arguments).against
    if Path(against).is_dir():
        published = _in_folder(Path(against))
    else:
        try:
            published = _at_git_ref(against, repository)
        except subprocess.CalledProcessError:
            print(f"{against} is neither a folder nor a commit of {repository}", file=sys.stderr)
            return 2
        if not published:
            print(f"{against} has no contracts/generated yet: nothing is published there to compare with")
            return 0
    findings = incompatible_changes(published, published_contracts())
    for finding in findings:
        print(finding, file=sys.stderr)
    print(f"{len(published)} published files compared with the contracts here: {len(findings)} incompatible changes")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
