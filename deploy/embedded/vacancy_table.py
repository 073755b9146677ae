"""The council's vacancy table, read from the API of metrics and printed.

Invariant: every printed figure is one that the API gave. No figure is worked out here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
from rich.table import Table

from contracts.codes import Role
from deploy.embedded.processes import PartFailed

AUTHORITY = "331"
DATES = (date(2022, 10, 31), date(2023, 10, 31))
MEASURES = {"vacancies": "\nvacancies", "agency-cover": "agency\ncover"}
NOTE = "The council's paper prints 28 as the total agency cover of October 2022. Its column adds up to 29, as here."


@dataclass(frozen=True, slots=True)
class Column:
    """One measure as at one date: a value by role, and the total."""

    heading: str
    values: dict[str, float]
    total: float


def read_columns(metrics_url: str, headers: dict[str, str]) -> list[Column]:
    """The four columns of the table. Raises PartFailed when metrics does not answer with figures."""
    with httpx.Client(base_url=metrics_url, headers=headers, timeout=60.0, trust_env=False) as client:
        return [_column(client, measure, as_at) for as_at in DATES for measure in MEASURES]


def vacancy_table(columns: Sequence[Column]) -> Table:
    """The table: roles down, measures across, totals below. Roles without any figure are left out."""
    title = f"Vacancies, and agency staff covering vacancies, in FTE, as known now: authority {AUTHORITY}"
    table = Table(title=title, title_justify="left", show_footer=True)
    table.add_column("role", footer="total", no_wrap=True)
    for column in columns:
        table.add_column(column.heading, footer=_figure(column.total), justify="right", no_wrap=True)
    for role in Role:
        values = [column.values.get(role.value, 0.0) for column in columns]
        if any(values):
            table.add_row(role.value.replace("-", " "), *map(_figure, values))
    return table


def _column(client: httpx.Client, measure: str, as_at: date) -> Column:
    query = {"authority": AUTHORITY, "as_at": as_at.isoformat(), "by": "role"}
    try:
        answer = client.get(f"/v1/measures/{measure}", params=query)
    except httpx.TransportError as error:
        raise PartFailed(f"metrics could not be reached: {error!r}") from None
    if answer.status_code != httpx.codes.OK:
        raise PartFailed(f"metrics answered {answer.status_code} for {measure}: {answer.text[:500]}")
    figures: dict[str, Any] = answer.json()
    values = {row["role"]: float(row["value"]) for row in figures["rows"]}
    return Column(f"{as_at}\n{MEASURES[measure]}", values, float(figures["total"]))


def _figure(value: float) -> str:
    return f"{value:g}"
