"""Figures and series as tables: one line a row, or a row and point.

Invariant: of a count every line has its exact amount, and they add up to the total.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import repeat
from typing import Any

from services.metrics.api.adding_up import amount_of
from services.metrics.api.files import Lines
from services.metrics.measures.declaration import Kind
from services.metrics.reasons import Reason, Value


def figure_lines(body: dict[str, Any]) -> Lines:
    """The figure as a table: one line a row, of a count with its exact amount. Its total stands beside what it is."""
    usual = (*body["by"], "value", "exact", "reason")
    more = sorted({name for row in body["rows"] for name in row if name not in usual})
    heading = [*body["by"], "value", *([] if body["kind"] is Kind.RATE else ["exact"]), "reason", *more]
    rows = ({"exact": row["value"]} | row for row in body["rows"])
    return heading, ([_cell(row, name) for name in heading] for row in rows)


def _cell(row: Mapping[str, Any], name: str) -> Any:
    value = row.get(name)
    # As in a series: without the noughts of what is shown.
    return value if name != "exact" or value is None else Decimal(f"{Decimal(str(value)).normalize():f}")


_CHART = ("centre", "lower", "upper", "phase", "rules")
_OF_POINT = ("from", "to", "as_at", "provisional", "planned", "stale")


def series_lines(
    body: dict[str, Any], times: Sequence[dict[str, Any]], exact_values: Iterable[Sequence[Value]] | None
) -> Lines:
    """The series as a table: one line a row and point, made when it is written, with the dates that it speaks of.

    Of a count with its exact amounts, which add up. Beside a row of several the total of its point; beside the only one
    the limits of its control chart.
    """
    of_point = [name for name in _OF_POINT if any(name in time for time in times)]
    if "control_chart" in body:
        points = body["control_chart"]["points"]
        names: tuple[str, ...] = _CHART
        beside = [[*(point[name] for name in _CHART[:-1]), " ".join(point["rules"])] for point in points]
    else:
        names, beside = ("total",), [[total] for total in body["totals"]]
    no_reasons = [None] * len(times)
    exactly_too = [] if exact_values is None else ["exact"]
    nothing: list[list[Decimal | None]] = [[] for _ in times]
    amounts = repeat(nothing) if exact_values is None else map(_amounts, exact_values)
    lines = (
        [*(time.get(name) for name in of_point), *(row[name] for name in body["by"]), value, *amount, reason, *more]
        for row, of_row in zip(body["rows"], amounts, strict=False)
        for time, value, amount, reason, more in zip(
            times, row["values"], of_row, row.get("reasons", no_reasons), beside, strict=True
        )
    )
    return [*of_point, *body["by"], "value", *exactly_too, "reason", *names], lines


def _amounts(values: Sequence[Value]) -> list[list[Decimal | None]]:
    """The exact amounts of a row of a count, each in a list."""
    return [[None if isinstance(value, Reason) else amount_of(value)] for value in values]
