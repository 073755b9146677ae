"""`workforce dead-letters`: list, show, mend, send again, dismiss.

Invariant: only a command that says so changes anything. The service keeps who did it.
"""

import json
from typing import Annotated, Any

import typer

from contracts.near_names import near_first
from deploy.command_line.asking import Code, ask, fail
from deploy.command_line.showing import UTF_8, AsCsv, AsJson, show_json, show_table

app = typer.Typer(
    help="Records that a service could not take in: look at them, mend them, send them again, dismiss them. Needs a "
    "key with the right `operate` for all authorities.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Service = Annotated[
    str, typer.Option("--service", "-s", help="Whose: metrics, recruitment or retention.", envvar="WORKFORCE_SERVICE")
]
Offset = Annotated[int, typer.Argument(help="Which, as `list` numbers them.", min=0)]
Offsets = Annotated[list[int], typer.Argument(help="Which, as `list` numbers them.", min=0)]
Why = Annotated[str, typer.Option("--reason", help="Why: it is kept. Name no person in it.")]
SERVICES = ("metrics", "recruitment", "retention")


@app.command("list")
def list_letters(
    service: Service = "metrics",
    every: Annotated[bool, typer.Option("--all", help="Those too that were looked after.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Those that are open, oldest first: where each was, and why it could not be taken in.

    \b
      workforce dead-letters list
      workforce dead-letters list --service retention --all --csv
    """
    letters = ask(_known(service), "GET", "/v1/dead-letters").json()["records"]
    shown = [letter for letter in letters if every or letter["state"] == "open"]
    if as_json:
        show_json(shown)
        return
    lines = ([letter["offset"], letter["state"], *_about(letter), _last(letter)] for letter in shown)
    heading = ["offset", "state", "since", "stood at", "cause", "reason", "done"]
    if as_csv or shown:
        show_table(f"Dead letters of {service}", heading, lines, as_csv=as_csv)
    else:
        typer.echo(f"{service} has no {'dead letter' if every else 'open dead letter; --all shows those looked after'}")


@app.command("show")
def show_letter(offset: Offset, service: Service = "metrics", as_json: AsJson = False) -> None:
    """One as it came, with its body. That you looked is kept: it may hold anything.

    \b
      workforce dead-letters show 12
    """
    letter = ask(_known(service), "GET", f"/v1/dead-letters/{offset}").json()
    if as_json:
        show_json(letter)
        return
    heads = [[header["name"], _text(header["content"])] for header in letter["headers"]]
    about = [[f"({name})", text] for name, text in letter["about"].items()]
    show_table(f"Dead letter {offset} of {service}: {letter['state']}", ["", ""], [*about, *heads])
    typer.echo(_text(letter["body"]))


@app.command("mend")
def mend_letter(
    offset: Offset,
    reason: Why,
    service: Service = "metrics",
    values: Annotated[
        list[str] | None, typer.Option("--set", help="A field of its data that is to be this: left_on=2023-10-27.")
    ] = None,
    headers: Annotated[
        list[str] | None, typer.Option("--header", help="A header that is to be this: ce_subject=worker/W-1.")
    ] = None,
    data: Annotated[
        typer.FileText | None,
        typer.Option(encoding=UTF_8, help="A file with the whole data as JSON; - is standard input."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a mended record in its place. It is checked first, as every consumer will check it.

    \b
      workforce dead-letters mend 12 --set left_on=2023-10-27 --reason "a day mistyped"
      workforce dead-letters mend 12 --data right.json --reason "as HR says"
    """
    if not (values or headers or data):
        fail("what is to change? Say --set field=value, --header name=value, or --data FILE", Code.USAGE)
    path = f"/v1/dead-letters/{offset}"
    body: dict[str, Any] = {"reason": reason}
    if data is not None:
        body["data"] = _read(data.read())
    if values:
        kept = body.get("data") or _read(_text(ask(_known(service), "GET", path).json()["body"]))
        body["data"] = kept | dict(_pair(text, as_json=True) for text in values)
    if headers:
        body["headers"] = dict(_pair(text) for text in headers)
    _done(ask(_known(service), "POST", f"{path}/mend", json=body).json(), as_json)


@app.command("send-again")
def send_letters_again(offsets: Offsets, service: Service = "metrics", as_json: AsJson = False) -> None:
    """Put records back on their topics as they came, after the cause is mended. What was taken in meanwhile stays.

    \b
      workforce dead-letters send-again 12 13
    """
    _done(ask(_known(service), "POST", "/v1/dead-letters/send-again", json={"offsets": offsets}).json(), as_json)


@app.command("dismiss")
def dismiss_letters(offsets: Offsets, reason: Why, service: Service = "metrics", as_json: AsJson = False) -> None:
    """Say that they need nothing more. They stay in the list, and count as open no more.

    \b
      workforce dead-letters dismiss 12 13 --reason "a test of the supplier"
    """
    content = {"offsets": offsets, "reason": reason}
    _done(ask(_known(service), "POST", "/v1/dead-letters/dismiss", json=content).json(), as_json)


def _known(service: str) -> str:
    if service not in SERVICES:
        listed = ", ".join(SERVICES)
        fail(f"{service} has no dead letters: {near_first(service, SERVICES, f'one of {listed} has')}", Code.USAGE)
    return service


def _about(letter: dict[str, Any]) -> list[Any]:
    about = letter["about"]
    where = f"{about.get('topic', '?')}[{about.get('partition', '?')}]@{about.get('offset', '?')}"
    return [about.get("at"), where, about.get("cause"), about.get("reason", "no service put it there")]


def _last(letter: dict[str, Any]) -> str:
    if not letter["history"]:
        return ""
    done = letter["history"][-1]
    return f"{done['action']} by {done['by']} at {done['at']}" + (f": {done['reason']}" if "reason" in done else "")


def _text(content: dict[str, Any]) -> str:
    return content["text"] if content["text"] is not None else content["base64"] or ""


def _read(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        fail("the data is not JSON object: give the whole of it with --data FILE", Code.USAGE)
    return value


def _pair(text: str, *, as_json: bool = False) -> tuple[str, Any]:
    """A name and its value: what is JSON (1, true, null) is that, everything else is text."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        fail(f"{text!r} is not name=value", Code.USAGE)
    if not as_json:
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _done(body: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(body)
    else:
        typer.echo(", ".join(f"{count} {what}" for what, count in body.items()))
