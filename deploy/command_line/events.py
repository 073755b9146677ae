"""Events from a file to the doors that take them: each to the service that owns its type.

Invariant: the events of one service go in the order of the file. A line that cannot be sent holds up no other: it is
told with its number, and counts as rejected.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.near_names import near_first
from deploy.command_line.asking import Away, Code, Refused, fail, request
from deploy.command_line.showing import progress

AT_ONCE = 250
BATCH = "application/cloudevents-batch+json"
MOST_TOLD = 20
"""Faults that are told; how many there are is in the numbers."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An event, or what is wrong with what stands in place of one, and where it stands."""

    place: str
    event: Any = None
    wrong: str | None = None


class Summary:
    """What became of the events: how many were sent, accepted, known already and rejected, and why."""

    def __init__(self) -> None:
        self.body: dict[str, Any] = {"sent": 0, "accepted": 0, "already_known": 0, "rejected": 0, "faults": []}

    def rejected(self, place: str, why: str) -> None:
        """Count one that was rejected, here or by a door."""
        self.body["rejected"] += 1
        if len(self.body["faults"]) < MOST_TOLD:
            self.body["faults"].append(f"{place}: {why}")

    def answered(self, place: str, result: dict[str, Any]) -> None:
        """Count what a door said of one."""
        self.body["sent"] += 1
        if result["status"] == "rejected":
            faults = "; ".join(f"{one['field']} {one['problem']}: {one['expected']}" for one in result["faults"])
            self.rejected(f"{place}, {result.get('source')}#{result.get('id')}", faults)
        else:
            self.body[result["status"].replace("-", "_")] += 1


def send_events(files: Sequence[Path]) -> dict[str, Any]:
    """Send the CloudEvents of these files. Gives how many were accepted, known already and rejected, and why.

    If there is no event in them at all, they are not what was meant: the command ends, and nothing is sent.
    """
    # Only here: the catalogue of events takes longer to load than the rest of the command.
    from contracts.catalogue import TOPIC_OF_TYPE

    summary, of_services = Summary(), dict[str, list[Placed]]()
    for one in (one for file in files for one in _read(file)):
        kind = one.event.get("type") if isinstance(one.event, dict) else None
        topic = TOPIC_OF_TYPE.get(kind) if isinstance(kind, str) else None
        if topic is None:
            summary.rejected(one.place, f"not sent: {one.wrong or _no_event(one.event, kind, TOPIC_OF_TYPE)}")
        else:
            of_services.setdefault(topic.owner, []).append(one)
    if not of_services and summary.body["rejected"]:
        fail("\n  ".join(["no event is in it, and nothing was sent", *summary.body["faults"]]), Code.USAGE)
    with progress("events", sum(map(len, of_services.values()))) as bar:
        for service, placed in of_services.items():
            for start in range(0, len(placed), AT_ONCE):
                batch = placed[start : start + AT_ONCE]
                for one, result in zip(batch, _results(service, [one.event for one in batch]), strict=True):
                    summary.answered(one.place, result)
                bar.advance(bar.task_ids[0], len(batch))
    return summary.body


def _no_event(event: Any, kind: Any, types: Iterable[str]) -> str:
    """Why a JSON value is no event that can be sent."""
    if not isinstance(event, dict):
        return "it is no JSON object, as an event is one"
    if kind is None:
        return "it has no type; docs/measures.md and /asyncapi say which there are"
    right = near_first(str(kind), types, "docs/measures.md and /asyncapi say which there are")
    return f"{str(kind)[:80]!r} is no type of event: {right}"


def _read(file: Path) -> Iterator[Placed]:
    """What stands in a file: of .json one event or a list of them, else one event in each line."""
    content = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if file.suffix.lower() != ".json":
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip():
                yield _parsed(f"{file.name} line {number}", line)
        return
    whole = _parsed(file.name, content)
    if not isinstance(whole.event, list):
        yield whole
        return
    yield from (Placed(f"{file.name} event {number}", event) for number, event in enumerate(whole.event, 1))


def _parsed(place: str, content: bytes) -> Placed:
    try:
        return Placed(place, json.loads(content.decode()))
    except UnicodeDecodeError:
        return Placed(place, wrong="it is no text in UTF-8")
    except json.JSONDecodeError as error:
        return Placed(place, wrong=f"it is not JSON: {error.msg}, at its character {error.pos + 1}")
    except RecursionError:
        return Placed(place, wrong="it is not JSON that can be read: too much is in one another")


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
