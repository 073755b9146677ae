"""Answers as tables, for files: one line for each row, or for each row and point.

Invariant: a table says what the JSON says, and leaves out what is the same on every line. If it is of a count, every
line has its exact amount, and these add up to the total.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import repeat
from typing import Any

from contracts.envelope import named
from services.metrics.api.adding_up import amount_of
from services.metrics.api.files import Lines
from services.metrics.figures.explanation import Explained
from services.metrics.measures.catalogue import counts_of
from services.metrics.measures.declaration import Kind, Measure, When, exact
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.quality.effect import STOCKS
from services.metrics.reasons import Reason, Value


def figure_lines(body: dict[str, Any]) -> Lines:
    """The figure as a table: one line a row; for a count, with its exact amount. The total is in the second file."""
    usual = (*body["by"], "value", "exact", "reason")
    more = sorted({name for row in body["rows"] for name in row if name not in usual})
    heading = [*body["by"], "value", *([] if body["kind"] is Kind.RATE else ["exact"]), "reason", *more]
    rows = ({"exact": row["value"]} | row for row in body["rows"])
    return heading, ([_cell(row, name) for name in heading] for row in rows)


def _cell(row: Mapping[str, Any], name: str) -> Any:
    value = row.get(name)
    # As in a series: without the trailing zeros of what is shown.
    return value if name != "exact" or value is None else Decimal(f"{Decimal(str(value)).normalize():f}")


_CHART = ("centre", "lower", "upper", "phase", "rules")
_OF_POINT = ("from", "to", "as_at", "provisional", "planned", "stale")


def series_lines(
    body: dict[str, Any], times: Sequence[dict[str, Any]], exact_values: Iterable[Sequence[Value]] | None
) -> Lines:
    """The series as a table: one line for each row and point, made when it is written, with its dates.

    For a count it has the exact amounts, which add up. If there are several rows, each has the total of its point
    beside it. A single row has the limits of its control chart.
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
    amounts: Iterable[list[list[Decimal | None]]]
    amounts = repeat([[]] * len(times)) if exact_values is None else map(_amounts, exact_values)
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


def measure_lines(body: Mapping[str, Any]) -> Lines:
    """The measures there are as a table: one line each."""
    names = ("measure", "title", "definition", "source", "unit", "kind", "formula")
    rows = ([*(item.get(name) for name in names), " ".join(item["dimensions"])] for item in body["measures"])
    return (*names, "dimensions"), rows


def part_lines(parts: Sequence[Explained], dimensions: Sequence[str]) -> Lines:
    """The parts as a table: one line a part."""
    rows = (
        [Decimal(exact(part.amount)), part.since, part.until, " ".join(part.subjects)]
        + [part.dimensions[name] for name in dimensions]
        for part in parts
    )
    return ["amount", "since", "until", "subjects", *dimensions], rows


def term_lines(body: dict[str, Any]) -> Lines:
    """The counts of a rate as a table: one line each."""
    names = ("measure", "title", "side", "sign", "exact", "reason", "unit")
    exactly = [None if term["exact"] is None else Decimal(term["exact"]) for term in body["terms"]]
    rows = (
        [amount if name == "exact" else term.get(name) for name in names]
        for term, amount in zip(body["terms"], exactly, strict=True)
    )
    return names, rows


_OF_AN_EVENT = (
    "id", "type", "subject", "in_force", "recorded", "accepted", "source", "provenance", "sourcesequence", "supersedes",
    "supersedessource", "voids", "voidssource",
)  # fmt: skip


def event_lines(body: dict[str, Any]) -> Lines:
    """The events as a table: one line each, with what was recorded as JSON."""
    rows = ([event.get(name) for name in _OF_AN_EVENT] + [json.dumps(event["data"])] for event in body["events"])
    return (*_OF_AN_EVENT, "data"), rows


def change_lines(body: dict[str, Any], measures: Sequence[tuple[Measure, When]]) -> Lines:
    """The changes as a table: one line a part, with every dimension that such a part can have."""
    of_any = {name for measure, _ in measures for counted in counts_of(measure) for name in counted.dimensions}
    dimensions, own = [name for name in EVERY_DIMENSION if name in of_any], ("before", "after", "difference")
    lines = (
        [change["measure"], " ".join(change["subjects"])]
        + [change.get(name) for name in dimensions]
        + [Decimal(change[name]) for name in own]
        + [" ".join(named(event["source"], event["id"]) for event in change["events"])]
        + [" ".join(event["effect"] for event in change["events"])]
        for change in body["changes"]
    )
    return ["measure", "subjects", *dimensions, *own, "events", "effects"], lines


def effect_lines(body: Mapping[str, Any]) -> Lines:
    """What events would do to figures as a table: one line a measure."""
    sides = ("before", "after")
    heading = ["measure", "title", "unit", *sides, *(f"exact_{side}" for side in sides), "difference"]
    heading += [f"reason_{side}" for side in sides]
    rows = (
        [figure["measure"], figure["title"], figure["unit"], *(figure[side]["value"] for side in sides)]
        + [_decimal(figure[side].get("exact")) for side in sides]
        + [_decimal(figure.get("difference")), *(figure[side].get("reason") for side in sides)]
        for figure in body["figures"]
    )
    return heading, rows


def _decimal(written: str | None) -> Decimal | None:
    return None if written is None else Decimal(written)


def cohort_lines(body: dict[str, Any], figures: Iterable[str]) -> Lines:
    """The cohorts as a table: a line each. Those over all are in the second file, so that nobody adds them twice."""
    names = ["cohort", "entry_on", "completes_on", "completed", "academy_team", "places", *figures, "reason"]
    return names, ([row.get(name) for name in names] for row in body["rows"])


_OF_A_MEMBER = (
    "worker", "cohort", "started_on", "passed_on", "failed_on", "deferred_on", "progressed_on", "left_on", "reason",
    "destination", "service_days",
)  # fmt: skip


def member_lines(body: dict[str, Any]) -> Lines:
    """The members as a table: a line each."""
    return _OF_A_MEMBER, ([row[name] for name in _OF_A_MEMBER] for row in body["members"])


_OF_A_FINDING = ("check", "title", "severity", "message", "remedy", "since", "until")


def finding_lines(body: dict[str, Any]) -> Lines:
    """The findings as a table: one line each, with a column for every stock, empty if no difference was worked out."""
    stocks = [stock.name for stock in STOCKS]
    heading = [*_OF_A_FINDING, "subjects", "events", "affected_fte", "without", *stocks]
    lines = []
    for finding in body["findings"]:
        moves = finding["effect"].get("would_differ_by")
        lines.append(
            [
                *(finding[name] for name in _OF_A_FINDING),
                " ".join(finding["subjects"]),
                " ".join(named(event["source"], event["id"]) for event in finding["events"]),
                Decimal(finding["effect"]["affected_fte"]),
                " ".join(named(event["source"], event["id"]) for event in finding["effect"].get("without", ())),
                *(None if moves is None else Decimal(moves.get(name, "0")) for name in stocks),
            ]
        )
    return heading, lines


def check_lines(checks: Sequence[Mapping[str, Any]]) -> Lines:
    """The checks as a table: one line each."""
    names = ("check", "title", "severity", "meaning", "remedy")
    return (*names, "moves"), ([*(item[name] for name in names), " ".join(item["moves"])] for item in checks)


def file_lines(files: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Lines:
    """Files that were loaded as a table: one line each, with a list in one cell."""
    cells = ([file[name] for name in names] for file in files)
    return names, ([" ".join(map(str, cell)) if isinstance(cell, list) else cell for cell in row] for row in cells)


_OF_A_PLACE = ("year", "level", "code", "name")


def revision_lines(body: Mapping[str, Any]) -> Lines:
    """The revisions as a table: one line a row."""
    of_a_release = [(side, part) for side in ("older", "newer") for part in ("value", "mark")]
    heading = (*_OF_A_PLACE, *(f"{side}_{part}" for side, part in of_a_release), "change")
    rows = (
        [*(row[name] for name in _OF_A_PLACE), *(row[side][part] for side, part in of_a_release), row["change"]]
        for row in body["rows"]
    )
    return heading, rows


def survival_lines(body: Mapping[str, Any]) -> Lines:
    """The curve as a table: a line a point; for several curves, with the value that each is of."""
    names: tuple[str, ...] = ("days", "at_risk", "left", "censored", "survival", "lower", "upper", "reason")
    curves: Sequence[Mapping[str, Any]] = body.get("rows", [body])
    of_months = any("months" in point for curve in curves for point in curve["points"])
    heading, by = ("months", *names) if of_months else names, body.get("by", ())
    lines = (
        [*(curve[name] for name in by), *(point.get(name) for name in heading)]
        for curve in curves
        for point in curve["points"]
    )
    return (*by, *heading), lines
