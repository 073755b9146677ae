"""What Grafana is provisioned with, read from the committed files, and its queries as Grafana sends them.

Invariant: nothing is made by the builder here; what is tested is what is committed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg

FOLDER = Path(__file__).parents[1] / "deploy" / "grafana"

Chosen = Mapping[str, str | Sequence[str]]
Json = dict[str, Any]


def read(path: str) -> Json:
    """One committed file."""
    content: Json = json.loads((FOLDER / path).read_text(encoding="utf-8"))
    return content


def boards(folder: str) -> dict[str, Json]:
    """The boards of a folder by their names."""
    paths = sorted((FOLDER / "dashboards" / folder).glob("*.json"))
    return {path.stem: read(path.relative_to(FOLDER).as_posix()) for path in paths}


FIGURES, OPERATION = boards("figures"), boards("operation")
BOARDS = FIGURES | OPERATION
RULES: list[Json] = read("provisioning/alerting/figures.json")["groups"][0]["rules"]


def sql_of(board: Json) -> Iterator[tuple[str, str]]:
    """The SQL of every panel, by the panel's title."""
    for panel in board["panels"]:
        for target in panel["targets"]:
            if "rawSql" in target:
                yield panel["title"], target["rawSql"]


def lists_of(board: Json) -> list[Json]:
    """What there is to choose from."""
    return [variable for variable in board["templating"]["list"] if variable["type"] == "query"]


def promql_of(board: Json) -> Iterator[tuple[str, str]]:
    """Every PromQL of a board with its legend, of all services and authorities."""
    for panel in board["panels"]:
        for target in panel["targets"]:
            if "expr" in target:
                query = target["expr"].replace("$service", ".*").replace("$authority", ".*")
                yield query.replace("$__rate_interval", "1m"), target["legendFormat"]


def as_sent(sql: str, chosen: Chosen, from_time: str, to_time: str) -> str:
    """The query with the choices and the chosen time written in, as Grafana's PostgreSQL data source writes them."""
    for name, value in chosen.items():
        values = [value] if isinstance(value, str) else value
        quoted = ",".join("'" + each.replace("'", "''") + "'" for each in values)
        sql = sql.replace(f"${{{name}:sqlstring}}", quoted)
    sql = sql.replace("$__timeFrom()", f"'{from_time}'").replace("$__timeTo()", f"'{to_time}'")
    assert "$" not in sql, sql
    return sql


async def first_choices(connection: asyncpg.Connection, board: Json) -> dict[str, str | list[str]]:
    """What is chosen where nobody chose: the first of each list, all where several may be."""
    chosen: dict[str, str | list[str]] = {}
    for variable in lists_of(board):
        rows = await connection.fetch(as_sent(variable["query"], chosen, "", ""))
        values = [str(row["__value"] if "__value" in row else row[0]) for row in rows]
        assert values, variable["name"]
        chosen[variable["name"]] = values if variable["multi"] else values[0]
    return chosen
