"""`workforce figures` and `workforce explain`: what the services answer, as a table, JSON or CSV.

Invariant: nothing is worked out here. The command shows what was answered.
"""

import sys
from typing import Annotated, Any

import typer

from deploy.command_line.asking import ask, authority_or_fail, in_path
from deploy.command_line.showing import AsCsv, AsJson, Authority, say, show_json, show_table

AsAt = Annotated[str | None, typer.Option(help="The date the figure is true for, as 2023-10-31; today if left out.")]
From = Annotated[str | None, typer.Option("--from", help="First day of a period, with --to.")]
To = Annotated[str | None, typer.Option("--to", help="Last day of the period.")]
CensusYear = Annotated[int | None, typer.Option(help="The year to 30 September, as 2023.")]
FinancialYear = Annotated[str | None, typer.Option(help="The year from 1 April, as 2023-24.")]
KnownAt = Annotated[str | None, typer.Option("--as-known-at", help="As known at an instant, as 2023-11-30T12:00:00Z.")]


def figures(
    measure: Annotated[str | None, typer.Argument(help="What is counted; without it every measure is listed.")] = None,
    authority: Authority = None,
    as_at: AsAt = None,
    first: From = None,
    last: To = None,
    census_year: CensusYear = None,
    financial_year: FinancialYear = None,
    as_known_at: KnownAt = None,
    by: Annotated[list[str] | None, typer.Option(help="Broken down by this: role, team, grade … Can repeat.")] = None,
    every: Annotated[str | None, typer.Option(help="A series over --from and --to: month, quarter, year …")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """A figure as at a date or over a period, or a series of them.

    \b
      workforce figures
      workforce figures vacancies -a 331 --as-at 2023-10-31 --by role
      workforce figures turnover-rate -a 331 --census-year 2023 --json
      workforce figures vacancies -a 331 --from 2023-04-01 --to 2024-03-31 --every month --csv
    """
    if measure is None:
        _list_measures(as_json, as_csv)
        return
    time = {"from": first, "to": last} if every else _time(as_at, first, last, census_year, financial_year)
    params = {"authority": authority_or_fail(authority)} | time
    params |= {"as_known_at": as_known_at, "by": ",".join(by) if by else None, "every": every}
    path = f"/v1/measures/{in_path(measure)}" + ("/series" if every else "")
    if as_csv:
        sys.stdout.write(ask("metrics", "GET", path, params=params | {"format": "csv"}).text)
        return
    body: dict[str, Any] = ask("metrics", "GET", path, params=params).json()
    if as_json:
        show_json(body)
    elif every:
        _show_series(body)
    else:
        rows = [[*(row[name] for name in body["by"]), _value(row, "value")] for row in body["rows"] if body["by"]]
        show_table(_title(body), [*body["by"], body["unit"]], [*rows, [*_total(body["by"]), _value(body, "total")]])
        _age(body)


def explain(
    measure: Annotated[
        str,
        typer.Argument(help="What is counted, as vacancies; or a subject, as post/P-0412: the answer names them."),
    ],
    authority: Authority = None,
    as_at: AsAt = None,
    first: From = None,
    last: To = None,
    census_year: CensusYear = None,
    financial_year: FinancialYear = None,
    as_known_at: KnownAt = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """What a figure is made of; or, of a post, a worker or an assignment, its events and what brought each.

    \b
      workforce explain vacancies -a 331 --as-at 2023-10-31
      workforce explain post/P-0412 -a 331

    What a figure is made of names each part by its subject, in the column "whose": post/P-0412, worker/W-0001,
    cover/A-0007. Give one of these to see its events. They are the identifiers that the feed sent; of what extracts
    brought, workers have a pseudonym (`workforce erase --help` says how it is found by the staff number).
    """
    is_subject = "/" in measure
    time = {} if is_subject else _time(as_at, first, last, census_year, financial_year)
    params = {"authority": authority_or_fail(authority), "as_known_at": as_known_at} | time
    kind, _, name = measure.partition("/")
    path = f"/v1/subjects/{in_path(kind)}/{in_path(name)}" if is_subject else f"/v1/measures/{measure}/explanation"
    if as_csv:
        sys.stdout.write(ask("metrics", "GET", path, params=params | {"format": "csv"}).text)
        return
    body: dict[str, Any] = ask("metrics", "GET", path, params=params | {"limit": 1000}).json()
    if as_json:
        show_json(body)
    elif is_subject:
        lines = ([event["recorded"], event["type"], event["in_force"], event.get("provenance"), event["id"]]
                 for event in body["events"])  # fmt: skip
        show_table(measure, ["recorded", "type", "in force", "brought by", "id"], lines)
    elif body.get("terms"):
        terms = ([term["title"], term["side"], term["exact"], term["unit"]] for term in body["terms"])
        show_table(_title(body), ["count", "side", "exact", "unit"], terms)
    else:
        parts = ([part["amount"], " ".join(part["subjects"]), part["since"], part["until"]] for part in body["parts"])
        show_table(_title(body), ["amount", "whose", "since", "until"], parts)
        if body["count"] > len(body["parts"]):
            say(f"{len(body['parts'])} of {body['count']} parts: --csv gives all")


def _time(
    as_at: str | None, first: str | None, last: str | None, census_year: int | None, financial_year: str | None
) -> dict[str, Any]:
    years = {"census_year": census_year, "financial_year": financial_year}
    return {"as_at": as_at, "from": first, "to": last} | years


def _list_measures(as_json: bool, as_csv: bool) -> None:
    body = ask("metrics", "GET", "/v1/measures").json()
    if as_json:
        show_json(body)
        return
    rows = ([item["measure"], item["title"], item["unit"], item["kind"]] for item in body["measures"])
    show_table("Measures", ["measure", "title", "unit", "kind"], rows, as_csv=as_csv)


def _show_series(body: dict[str, Any]) -> None:
    """A line for each period, a column for each row of the answer."""
    rows = body["rows"] if body["by"] else []
    names = [" ".join(str(row[name]) for name in body["by"]) for row in rows]
    lines = []
    for number, period in enumerate(body["periods"]):
        values = [row["values"][number] for row in rows]
        lines.append([period["to"], *values, body["totals"][number], "stale" if period.get("stale") else ""])
    show_table(_title(body), ["up to", *names, "total", ""], lines)


def _title(body: dict[str, Any]) -> str:
    known = body.get("as_known_at", "")
    when = f"as at {body['as_at']}" if "as_at" in body else f"{body.get('from', '')} to {body.get('to', '')}"
    when = f"{body['periods'][0]['from']} to {body['periods'][-1]['to']}" if body.get("periods") else when
    return f"{body['title']}, {body['unit']}, authority {body['authority']}, {when}, as known at {known}"


def _total(by: list[str]) -> list[str]:
    return ["total", *[""] * (len(by) - 1)] if by else []


def _value(row: dict[str, Any], name: str) -> Any:
    return row[name] if row[name] is not None else f"not known: {row.get('reason', '')}"


def _age(body: dict[str, Any]) -> None:
    if body.get("stale"):
        feeds = ", ".join(f"{feed['source']} until {feed['recorded_until'][:10]}" for feed in body.get("feeds", ()))
        say(f"stale: what happened since was not sent ({feeds})")
