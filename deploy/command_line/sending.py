"""`workforce send`: extracts to people, events to the doors of recruitment and retention.

Invariant: of several files none is sent before the one before it was taken in; what was sent is known when it is sent
again, so that a command that was broken off is finished by giving it once more.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.command_line.asking import Away, Code, Refused, ask, authority_or_fail, fail, request
from deploy.command_line.events import send_events
from deploy.command_line.extracts import Extract, extracts_of
from deploy.command_line.showing import AsJson, Authority, progress, say, show_json, show_table

EVENTS = (".json", ".ndjson", ".jsonl")
LOOK_SECONDS = 0.3
ENDED = ("delivered", "refused")
BYTES = "application/octet-stream"
FILE_REFUSED = "urn:workforce:problem:file-refused"
ROWS = ("read", "accepted", "already-known", "rejected", "left-out")


Files = Annotated[
    list[Path], typer.Argument(help="CSV, XLSX, or a folder of them; .json or .ndjson: CloudEvents.", exists=True)
]
Feed = Annotated[str | None, typer.Option(help="What the council calls the system that writes the file.")]
AsAt = Annotated[
    str | None, typer.Option(help="The date the rows are true on; if left out, the date in the name of the file.")
]
Dates = Annotated[
    str | None, typer.Option(help="How dates stand in names of files, as %d%m%Y; else 2023-10-31 and the like.")
]
RecordedAt = Annotated[
    str | None, typer.Option(help="When the extract was made; now, or of a past date the end of that day.")
]
MappingFile = Annotated[
    typer.FileText | None, typer.Option(help="The mapping of the feed: sent first, and applies from then on.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; tell what would happen.")]
Confirmed = Annotated[
    bool, typer.Option("--confirmed", help="It really is so much smaller than the last, or laid out otherwise.")
]
Annotate = Annotated[
    Path | None, typer.Option(help="Write the answer to each row as CSV; of several files a folder of these.")
]
Wait = Annotated[float, typer.Option(help="Seconds to wait until a file is taken in.")]


def send(
    files: Files,
    feed: Feed = None,
    authority: Authority = None,
    as_at: AsAt = None,
    dates: Dates = None,
    recorded_at: RecordedAt = None,
    mapping: MappingFile = None,
    dry_run: DryRun = False,
    confirmed: Confirmed = False,
    annotate: Annotate = None,
    wait: Wait = 600.0,
    as_json: AsJson = False,
) -> None:
    """Send an extract, a folder of extracts of past months in order, or events.

    \b
      workforce send employees_20231031.csv -a 331 --feed hr --mapping mapping.yml --dry-run
      workforce send employees_20231031.csv -a 331 --feed hr --annotate answers.csv
      workforce send extracts/ -a 331 --feed hr
      workforce send events.ndjson

    It ends with 1 where a row or an event was rejected, or a file refused.
    """
    if all(file.suffix.lower() in EVENTS for file in files):
        _send_events(files, as_json)
        return
    if feed is None:
        fail("which feed? Say --feed hr: what the council calls the system that writes the file", Code.USAGE)
    of = authority_or_fail(authority)
    try:
        extracts = extracts_of(files, as_at, dates, recorded_at, datetime.now(UTC))
    except ValueError as error:
        fail(str(error), Code.USAGE)
    if mapping is not None:
        content = mapping.read().encode()
        ask("people", "PUT", f"/v1/feeds/{feed}/mapping", params={"authority": of}, content=content,
            content_type="application/yaml")  # fmt: skip
    told = []
    for extract, answer in _send_in_order(extracts, feed, of, dry_run=dry_run, confirmed=confirmed, wait=wait):
        told.append(answer)
        if annotate is not None and not dry_run and answer["id"]:
            _annotate(answer["id"], annotate if len(extracts) == 1 else annotate / f"{extract.path.stem}.csv")
    show_json(told) if as_json else _show(told, extracts)
    if any(one.get("refusal") or one["rows"]["rejected"] for one in told):
        raise typer.Exit(Code.FAILED)


def _send_in_order(
    extracts: Sequence[Extract], feed: str, authority: str, *, dry_run: bool, confirmed: bool, wait: float
) -> Iterator[tuple[Extract, dict[str, Any]]]:
    """Send files one after another, each with what became of it; behind one that is refused none is sent."""
    with progress("files", len(extracts)) as bar:
        for extract in extracts:
            bar.update(bar.task_ids[0], description=extract.path.name)
            answer = _send_one(extract, feed, authority, dry_run=dry_run, confirmed=confirmed, wait=wait)
            bar.advance(bar.task_ids[0])
            yield extract, answer
            if answer.get("refusal"):
                # Those behind it would be compared with what is not there.
                return


def _send_one(
    extract: Extract, feed: str, authority: str, *, dry_run: bool, confirmed: bool, wait: float
) -> dict[str, Any]:
    """Send one file, and wait until it was taken in; gives what became of it."""
    params = {"authority": authority, "file": extract.path.name, "as_at": extract.as_at}
    params |= {"recorded_at": extract.recorded_at or "", "dry_run": "true" if dry_run else ""}
    params |= {"confirmed": "true" if confirmed else ""}
    asked = {name: value for name, value in params.items() if value}
    path, content = f"/v1/feeds/{feed}/files", extract.path.read_bytes()
    try:
        sent = request("people", "POST", path, params=asked, content=content, content_type=BYTES)
    except Away as error:
        fail(str(error), Code.AWAY)
    except Refused as error:
        if error.problem.get("type") != FILE_REFUSED:
            fail(str(error))
        return _refused(error)
    answer: dict[str, Any] = sent.json()
    if dry_run:
        return answer
    deadline = time.monotonic() + wait
    while True:
        body: dict[str, Any] = ask("people", "GET", f"/v1/files/{answer['id']}").json()
        if body["state"] in ENDED:
            return body
        if time.monotonic() > deadline:
            fail(f"{extract.path.name} is {body['state']} after {wait:.0f} seconds; /v1/files/{answer['id']} tells on")
        time.sleep(LOOK_SECONDS)


def _refused(error: Refused) -> dict[str, Any]:
    """What is told of a file that was refused at once, as of one that was refused later."""
    fault = error.problem["faults"][0]
    refusal = {"problem": f"{fault['field']} {fault['problem']}", "expected": fault["expected"]}
    nothing: dict[str, Any] = {"left_out": [], "questions": [], "questions_left_out": 0, "rows": dict.fromkeys(ROWS, 0)}
    return {"id": None, "state": "refused", "refusal": refusal} | nothing


def _annotate(file: int, path: Path) -> None:
    """Write the answer to each row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as written:
        answer = ask("people", "GET", f"/v1/files/{file}/rows", params={"format": "csv", "limit": 10_000})
        written.write(answer.content)
        while "next" in answer.links:
            answer = ask("people", "GET", answer.links["next"]["url"])
            written.write(answer.content)
    say(f"the answer to each row stands in {path}")


def _show(told: Sequence[dict[str, Any]], extracts: Sequence[Extract]) -> None:
    lines = [
        [extract.path.name, extract.as_at, one.get("state", "dry run"), *(one["rows"].get(name) for name in ROWS)]
        for one, extract in zip(told, extracts, strict=False)
    ]
    show_table("Rows", ["file", "as at", "state", *(name.replace("-", " ") for name in ROWS)], lines)
    for one, extract in zip(told, extracts, strict=False):
        _say_more(one, extract.path.name)
    if len(told) < len(extracts):
        say(f"{len(extracts) - len(told)} files behind it were not sent")


def _say_more(one: dict[str, Any], name: str) -> None:
    if refusal := one.get("refusal"):
        say(f"{name} is refused, nothing changed: {refusal['problem']}; right would be: {refusal['expected']}")
    if one.get("dry_run"):
        for event in one["events"]:
            say(f"  {event['events']} x {event['type']}")
        for figure in one["effect"] or ():
            if figure["difference"] != "0":
                say(f"  {figure['title'] or figure['measure']}: {figure['before']} -> {figure['after']}")
        if one["effect_reason"]:
            say(f"  the effect on the figures is not known: {one['effect_reason']}")
        for row in one["rejected"]:
            for fault in row["faults"]:
                say(f"  row {row['row']}, {fault['column']}: {fault['problem']}; right would be: {fault['expected']}")
    for rule in one["left_out"]:
        say(f"  left out by rule: {rule['rows']} rows ({rule['rule']})")
    for question in one["questions"]:
        say(f"  question: {question}")
    if one["questions_left_out"]:
        say(f"  and {one['questions_left_out']} questions more")


def _send_events(files: Sequence[Path], as_json: bool) -> None:
    told = send_events(files)
    if as_json:
        show_json(told)
    else:
        show_table("Events", ["sent", "accepted", "already known", "rejected"], [list(told.values())[:4]])
        for rejected in told["faults"]:
            say(f"  {rejected}")
    if told["rejected"]:
        raise typer.Exit(Code.FAILED)
