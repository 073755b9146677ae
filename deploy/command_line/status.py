"""`workforce status`: is everything running, is all that was accepted counted, and when did each feed last come?

Invariant: a service that is away hides nothing about the others.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from deploy.command_line.asking import USUAL, Away, Code, Refused, request, url_of
from deploy.command_line.showing import READABLE, AsCsv, AsJson, Authority, say, show_json, show_table

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
OF_TOPICS = "workforce."
"""How the names of all topics begin."""


def status(
    authority: Authority = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    feeds_alone: Annotated[bool, typer.Option("--feeds", help="The feeds alone.")] = False,
) -> None:
    """Services, how far behind they are, dead letters, and when each feed last came. --csv gives the services, and
    and with --feeds the feeds. Tables are in short and of UTC; --csv and --json tell every column.

    \b
      workforce status
      workforce status --authority 331 --feeds --csv > feeds.csv

    It ends with 3 where a service is away, and with 1 where one is not ready. Set WORKFORCE_PEOPLE_URL to nothing where
    there is no service for extracts. Feeds of all authorities, and dead letters, need keys for all.
    """
    services = [] if feeds_alone else [_service(name) for name in USUAL if url_of(name)]
    feeds, why_none = _feeds(authority or "all")
    if as_json:
        show_json({"services": services, "feeds": feeds} | ({"feeds_unknown": why_none} if why_none else {}))
    elif as_csv:
        _as_csv(services, feeds, feeds_alone)
    else:
        show_status(services, feeds)
    if why_none and not as_json:
        say(f"of feeds: {why_none}")
    if any(one["state"] == "away" for one in services) or (feeds_alone and why_none):
        raise typer.Exit(Code.AWAY if not feeds_alone else Code.FAILED)
    if any(one["state"] != "ready" for one in services):
        raise typer.Exit(Code.FAILED)


def _as_csv(services: Sequence[dict[str, Any]], feeds: Sequence[dict[str, Any]], feeds_alone: bool) -> None:
    """One table alone goes to standard output, with every column."""
    if feeds_alone:
        heading = list(feeds[0]) if feeds else ["authority", "source", "topic"]
        show_table("Feeds", heading, (list(feed.values()) for feed in feeds), as_csv=True)
    elif services:
        lines = ([_in_a_cell(value) for value in one.values()] for one in services)
        show_table("Services", list(services[0]), lines, as_csv=True)


def show_status(services: Sequence[dict[str, Any]], feeds: Sequence[dict[str, Any]]) -> None:
    """The tables for people: what is needed at a glance, in no more than READABLE characters."""
    if services:
        heading = ["service", "state", "behind", "complete until", "dead letters"]
        names = ["service", "state", "behind", "complete_until", "dead_letters_open"]
        lines = ([_in_short(one[name]) for name in names] for one in services)
        show_table("Services", heading, lines, most=READABLE)
        for service, remark in ((one["service"], remark) for one in services for remark in one["remarks"]):
            typer.echo(f"{service}: {remark}")
    if feeds:
        several = len({feed["authority"] for feed in feeds}) > 1
        whose = ["authority"] if several else []
        heading = [*whose, "source", "topic", "newest record", "days old", "last came"]
        names = [*whose, "source", "topic", "recorded_until", "newest_is_days_old", "last_accepted_at"]
        lines = ([_in_short(feed[name]) for name in names] for feed in feeds)
        title = "Feeds" if several else f"Feeds of authority {feeds[0]['authority']}"
        show_table(title, heading, lines, most=READABLE)


def _in_a_cell(value: Any) -> Any:
    return "; ".join(value) if isinstance(value, list) else value


def _in_short(value: Any) -> Any:
    """An instant to the minute; the name of a topic without what all begin with."""
    if isinstance(value, str) and INSTANT.match(value):
        return value[:16].replace("T", " ")
    return value.removeprefix(OF_TOPICS) if isinstance(value, str) else value


def _service(name: str) -> dict[str, Any]:
    """One service in a line."""
    line: dict[str, Any] = {"service": name, "state": "away", "behind": None, "complete_until": None}
    line |= {"dead_letters_open": None, "remarks": [f"does not answer at {url_of(name)}"]}
    try:
        body = request(name, "GET", "/health/ready").json()
    except Away:
        return line
    except Refused as refused:
        body = refused.problem
    line |= {"state": "ready" if body.get("ready") else "not ready"}
    line |= {"behind": body.get("records_behind"), "complete_until": body.get("complete_until")}
    line["remarks"] = [*body.get("reasons", ()), *body.get("remarks", ())]
    try:
        letters = request(name, "GET", "/v1/dead-letters").json()["records"]
        line["dead_letters_open"] = sum(letter["state"] == "open" for letter in letters)
    except (Refused, Away) as error:
        if not (isinstance(error, Refused) and error.status == 404):
            line["remarks"].append(f"dead letters: {str(error).splitlines()[0]}")
    return line


def _feeds(authority: str) -> tuple[list[dict[str, Any]], str | None]:
    """When each feed last came, and how old its newest record is in days; or why that is not known."""
    try:
        body = request("metrics", "GET", "/v1/feeds", params={"authority": authority, "limit": 1000}).json()
        rows = body["rows"]
        while following := body["links"].get("next"):
            body = request("metrics", "GET", following).json()
            rows += body["rows"]
    except (Away, Refused) as error:
        return [], str(error)
    now = datetime.now(UTC)
    return [
        row | {"newest_is_days_old": (now - datetime.fromisoformat(row["recorded_until"])).days} for row in rows
    ], None
