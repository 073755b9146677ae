"""Events from a file to the doors that take them: each to the service that owns its type.

Invariant: the events of one service go in the order of the file.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from deploy.command_line.asking import Away, Code, Refused, fail, request
from deploy.command_line.showing import progress

AT_ONCE = 250
BATCH = "application/cloudevents-batch+json"
MOST_TOLD = 20
"""Faults that are told; how many there are is in the numbers."""


def send_events(files: Sequence[Path]) -> dict[str, Any]:
    """Send the CloudEvents of these files; gives how many were accepted, known already, rejected, and why."""
    # Only here: the catalogue of events takes longer to load than the rest of the command.
    from contracts.catalogue import TOPIC_OF_TYPE

    told: dict[str, Any] = {"sent": 0, "accepted": 0, "already_known": 0, "rejected": 0, "faults": []}
    of_services: dict[str, list[Any]] = {}
    for event in (event for file in files for event in _read(file)):
        kind = event.get("type") if isinstance(event, dict) else None
        topic = TOPIC_OF_TYPE.get(kind) if isinstance(kind, str) else None
        if topic is None:
            fail(
                f"{str(kind)[:80]!r} is no type of event: docs/measures.md and /asyncapi say which there are",
                Code.USAGE,
            )
        of_services.setdefault(topic.owner, []).append(event)
    with progress("events", sum(map(len, of_services.values()))) as bar:
        for service, events in of_services.items():
            for start in range(0, len(events), AT_ONCE):
                batch = events[start : start + AT_ONCE]
                _count(told, _results(service, batch))
                bar.advance(bar.task_ids[0], len(batch))
    return told


def _read(file: Path) -> Iterator[Any]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix.lower() == ".json":
            found = json.loads(text)
            yield from found if isinstance(found, list) else [found]
        else:
            yield from (json.loads(line) for line in text.splitlines() if line.strip())
    except ValueError as error:
        fail(f"{file.name} is not JSON: {error}", Code.USAGE)


def _results(service: str, batch: list[Any]) -> list[dict[str, Any]]:
    """What the door said of each. Where it rejects all of them it is a problem that says so of each, too."""
    try:
        answer = request(service, "POST", "/v1/events", content=json.dumps(batch).encode(), content_type=BATCH)
        body = answer.json()
    except Away as error:
        fail(str(error), Code.AWAY)
    except Refused as refused:
        if "results" not in refused.problem:
            fail(str(refused))
        body = refused.problem
    results: list[dict[str, Any]] = body["results"]
    return results


def _count(told: dict[str, Any], results: list[dict[str, Any]]) -> None:
    for result in results:
        told["sent"] += 1
        told[result["status"].replace("-", "_")] += 1
        if result["status"] == "rejected" and len(told["faults"]) < MOST_TOLD:
            faults = "; ".join(f"{one['field']} {one['problem']}: {one['expected']}" for one in result["faults"])
            told["faults"].append(f"{result['source']}#{result['id']}: {faults}")
