"""`workforce send`: extracts to people, events to the doors of recruitment and retention.

Invariant: a file is sent only after the file before it was taken in. The services recognise what was sent before, so
a command that was broken off is finished by giving it once more.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.command_line.asking import Away, Code, Refused, ask, authority_or_fail, fail, in_path, request
from deploy.command_line.events import send_events
from deploy.command_line.extracts import Extract, extracts_of
from deploy.command_line.showing import UTF_8, AsCsv, AsJson, Authority, progress, say, show_json, show_table

EVENTS = (".json", ".ndjson", ".jsonl")
LOOK_SECONDS = 0.3
ENDED = ("delivered", "refused")
BYTES = "application/octet-stream"
FILE_REFUSED = "urn:workforce:problem:file-refused"
NO_MAPPING = "urn:workforce:problem:no-mapping"
MOST_REJECTED = 20
"""Rejected rows of one file that are told in words."""
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
    typer.FileText | None,
    typer.Option(encoding=UTF_8, help="The mapping of the feed: sent first, and applies from then on."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Of an extract: change nothing; tell what would happen.")]
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
    as_csv: AsCsv = False,
) -> None:
    """Send an extract, a folder of extracts of past months in order, or events.

    \b
      workforce send employees_20231031.csv -a 331 --feed hr --mapping mapping.yml --dry-run
      workforce send employees_20231031.csv -a 331 --feed hr --annotate answers.csv
      workforce send extracts/ -a 331 --feed hr
      workforce send events.ndjson

    A row or an event that is wrong holds up no other: each is told with its number and with what would be right, and
    the others are taken in. Send the file again when it is mended; what was taken in before is known already. It ends
    with 1 where a row or an event was rejected, or a file refused.
    """
    if all(file.suffix.lower() in EVENTS for file in files):
        of_extracts = {
            "--feed": feed, "--as-at": as_at, "--dates": dates, "--recorded-at": recorded_at, "--mapping": mapping,
            "--dry-run": dry_run, "--confirmed": confirmed, "--annotate": annotate,
        }  # fmt: skip
        if given := [name for name, value in of_extracts.items() if value]:
            hint = "; what events would change is told by POST /v1/effects of metrics" if dry_run else ""
            fail(f"{', '.join(given)} is for extracts, and these are events: nothing was sent{hint}", Code.USAGE)
        _send_events(files, as_json, as_csv)
        return
    if feed is None:
        fail("which feed? Say --feed hr: what the council calls the system that writes the file", Code.USAGE)
    of = authority_or_fail(authority)
    try:
        extracts = extracts_of(files, as_at, dates, recorded_at, datetime.now(UTC))
    except ValueError as error:
        fail(str(error), Code.USAGE)
    answers = {} if annotate is None else _paths_of_answers(extracts, annotate)
    if mapping is not None:
        content = mapping.read().encode()
        ask("people", "PUT", f"/v1/feeds/{in_path(feed)}/mapping", params={"authority": of}, content=content,
            content_type="application/yaml")  # fmt: skip
    answered = []
    for extract, answer in _send_in_order(extracts, feed, of, dry_run=dry_run, confirmed=confirmed, wait=wait):
        answered.append(answer)
        if extract.path in answers and not dry_run and answer["id"]:
            _annotate(answer["id"], answers[extract.path])
    show_json(answered) if as_json else _show(answered, extracts, as_csv=as_csv)
    if any(one.get("refusal") or one["rows"]["rejected"] for one in answered):
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
    parameters = {name: value for name, value in params.items() if value}
    path, content = f"/v1/feeds/{in_path(feed)}/files", extract.path.read_bytes()
    try:
        sent = request("people", "POST", path, params=parameters, content=content, content_type=BYTES)
    except Away as error:
        fail(str(error), Code.AWAY)
    except Refused as error:
        if error.problem.get("type") != FILE_REFUSED:
            here = "\n  --mapping FILE puts one; `workforce map FILE` proposes it"
            fail(f"{error}{here if error.problem.get('type') == NO_MAPPING else ''}")
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
            where = f"/v1/files/{answer['id']}"
            fail(f"{extract.path.name} is {body['state']} after {wait:.0f} seconds; {where} says how it goes on")
        time.sleep(LOOK_SECONDS)


def _refused(error: Refused) -> dict[str, Any]:
    """What is told of a file that was refused at once, as of one that was refused later."""
    fault = error.problem["faults"][0]
    refusal = {"problem": f"{fault['field']} {fault['problem']}", "expected": fault["expected"]}
    nothing: dict[str, Any] = {"left_out": [], "questions": [], "questions_left_out": 0, "rows": dict.fromkeys(ROWS, 0)}
    return {"id": None, "state": "refused", "refusal": refusal} | nothing


def _paths_of_answers(extracts: Sequence[Extract], annotate: Path) -> dict[Path, Path]:
    """Where the answers to each file go: never over a file that is sent."""
    alone = len(extracts) == 1 and not annotate.is_dir()
    answers = {one.path: annotate if alone else annotate / f"{one.path.stem}.csv" for one in extracts}
    sent = {path.resolve() for path in answers}
    for path in answers.values():
        if path.resolve() in sent:
            fail(f"--annotate would write over {path}, which is to be sent: name another folder", Code.USAGE)
    return answers


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


def _show(answered: Sequence[dict[str, Any]], extracts: Sequence[Extract], *, as_csv: bool) -> None:
    lines = [
        [extract.path.name, extract.as_at, one.get("state", "dry run"), *(one["rows"].get(name) for name in ROWS)]
        for one, extract in zip(answered, extracts, strict=False)
    ]
    heading = ["file", "as at", "state", *(name.replace("-", " ") for name in ROWS)]
    show_table("Rows", heading, lines, as_csv=as_csv)
    for one, extract in zip(answered, extracts, strict=False):
        _say_more(one, extract.path.name)
    if len(answered) < len(extracts):
        say(f"{len(extracts) - len(answered)} files behind it were not sent")


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
    _say_rejected(one)
    for rule in one["left_out"]:
        say(f"  left out by rule: {rule['rows']} rows ({rule['rule']})")
    for question in one["questions"]:
        say(f"  question: {question}")
    if one["questions_left_out"]:
        say(f"  and {one['questions_left_out']} questions more")


def _say_rejected(one: dict[str, Any]) -> None:
    """What is wrong with the first rejected rows: of a dry run they are in the answer, else they are asked for."""
    count = one["rows"]["rejected"]
    rejected = one.get("rejected", ())
    if count and not one.get("dry_run"):
        parameters = {"status": "rejected", "limit": MOST_REJECTED}
        rejected = ask("people", "GET", f"/v1/files/{one['id']}/rows", params=parameters).json()["rows"]
    for row in rejected[:MOST_REJECTED]:
        for fault in row["faults"]:
            came = f" (came: {fault['value']})" if "value" in fault else ""
            column, problem, right = fault["column"], fault["problem"], fault["expected"]
            say(f"  row {row['row']}, {column}: {problem}{came}; right would be: {right}")
    if count > MOST_REJECTED:
        say(f"  and {count - MOST_REJECTED} rejected rows more: --annotate writes the answer to each")


def _send_events(files: Sequence[Path], as_json: bool, as_csv: bool) -> None:
    summary = send_events(files)
    if as_json:
        show_json(summary)
    else:
        heading = ["sent", "accepted", "already known", "rejected"]
        show_table("Events", heading, [list(summary.values())[:4]], as_csv=as_csv)
        for rejected in summary["faults"]:
            say(f"  {rejected}")
        if summary["rejected"] > len(summary["faults"]):
            say(f"  and {summary['rejected'] - len(summary['faults'])} more")
    if summary["rejected"]:
        raise typer.Exit(Code.FAILED)
