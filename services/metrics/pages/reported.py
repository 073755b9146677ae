"""The figures of a report as tables: one table for questions that differ only in the measure.

Invariant: every figure of the report is in one cell, which leads to what is behind it as the report has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from urllib.parse import quote

from services.metrics.api.asking import address
from services.metrics.pages.rendering import day, words
from services.metrics.reports.figures import Figure, Question, figures_of, is_of_a_measure, is_series

INSTANTS = ("as_known_at", "as_accepted_at")


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure, and where it is explained."""

    value: float | None
    unit: str
    address: str | None = None


@dataclass(slots=True)
class Table:
    """Rows by their heading, each with a cell in every column; None if there is no such figure."""

    title: str
    under: str
    by: str
    columns: list[str]
    rows: dict[str, list[Cell | None]]
    files: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reported:
    """A question with its answer and the figures of the answer."""

    question: Question
    answer: Mapping[str, Any]
    body: Mapping[str, Any] | None
    figures: Sequence[Figure]


def tables_of(report: Mapping[str, Any]) -> list[Table]:
    """The tables of an opened report, in the order of its questions."""
    answers = [_reported(answer) for answer in report["answers"]]
    return [_table(report, list(group)) for _, group in groupby(answers, key=_kind)]


def explained(figure: Figure, report: Mapping[str, Any]) -> str | None:
    """The page of what is behind a figure, as known and accepted when its report was made."""
    return None if figure.explanation is None else page_behind(figure.explanation, dict(figure.time), report)


def page_behind(question: Question, time: Mapping[str, str], report: Mapping[str, Any]) -> str:
    """The page that shows what a question to the API tells: what a figure is made of, or who the members are."""
    *_, name, last = question.path.split("/")
    path = f"/figures/{name}" if last == "explanation" else f"/academy/{quote(last)}"
    of = {"authority": report["authority"], "as_at": time.get("as_at") or time.get("to")}
    return address(path, of | dict(question.parameters) | {name: report[name] for name in INSTANTS})


def unit_of(figure: Figure) -> str:
    """The unit of a figure as shown: a whole number of people, or as many decimals as it needs."""
    if figure.unit:
        return figure.unit
    return "share" if figure.name == "survival" else "count" if isinstance(figure.value, int) else "FTE"


def of_words(where: Sequence[tuple[str, Any]]) -> str:
    """What a figure is of, in words."""
    return (
        ", ".join(f"{value} {name}" if name in ("months", "days") else words(value) for name, value in where) or "All"
    )


def time_words(time: Mapping[str, str]) -> str:
    """Its date or period, in words."""
    return f"{day(time['from'])} to {day(time['to'])}" if "from" in time else day(time["as_at"]) if time else ""


def _reported(answer: Mapping[str, Any]) -> Reported:
    question = Question.read(answer["question"])
    assert question is not None  # noqa: S101  (the API made it of one)
    body = answer.get("answer")
    return Reported(question, answer, body, [] if body is None else figures_of(question, body))


def _kind(reported: Reported) -> tuple[Any, ...]:
    """What is the same of questions that share a table."""
    if reported.body is None or is_of_a_measure(reported.question) is None or is_series(reported.question):
        return (str(reported.question),)
    return (reported.question.parameters,)


def _table(report: Mapping[str, Any], group: Sequence[Reported]) -> Table:
    first = group[0]
    table = Table(first.question.title, "", "", [], {})
    for reported in group:
        if reported.body is None:
            table.remarks.append(f"{reported.question.title}: {reported.answer['problem']['detail']}")
            continue
        if not reported.answer["as_made"]:
            table.remarks.append(f"{reported.question.title}: {NOT_AS_MADE}")
        table.files.append((reported.question.title, reported.body["links"]["pinned"]))
    figures = [figure for reported in group for figure in reported.figures]
    if figures and _kind(first) == (first.question.parameters,) and "by" not in dict(first.question.parameters):
        # Single figures, each of its own time: a row for each.
        table.title, table.by, table.columns = "Figures", "Measure", ["Figure"]
        for figure in figures:
            table.rows[f"{_heading(figure)}, {time_words(dict(figure.time))}"] = [_cell(figure, report)]
        return table
    _fill(table, figures, report, by_time=is_series(first.question))
    times = {time_words(dict(figure.time)) for figure in figures}
    table.under = times.pop() if len(times) == 1 else ""
    if len(group) > 1:
        table.title = "Figures by " + ", ".join(words(name).lower() for name in first.body["by"]) if first.body else ""
    return table


NOT_AS_MADE = (
    "these figures are others than when the report was made. Something that had been accepted then had not arrived "
    "yet, or the definition was mended since."
)


def _fill(table: Table, figures: Sequence[Figure], report: Mapping[str, Any], *, by_time: bool) -> None:
    """Rows by what figures are of, columns by their title; of a series rows by time, columns by what they are of."""
    times = [time_words(dict(figure.time)) for figure in figures]
    of = [of_words(figure.where) for figure in figures]
    positions = list(zip(times, of, strict=True) if by_time else zip(of, map(_heading, figures), strict=True))
    names = figures[0].where if figures else ()
    table.by = "Date" if by_time else ", ".join(words(name) for name, _ in names) or "Of"
    table.columns = list(dict.fromkeys(column for _, column in positions))
    for (row, column), figure in zip(positions, figures, strict=True):
        cells = table.rows.setdefault(row, [None] * len(table.columns))
        cells[table.columns.index(column)] = _cell(figure, report)
    # A total is told last, whichever question told of it first.
    if not by_time and "All" in table.rows:
        table.rows["All"] = table.rows.pop("All")


def _heading(figure: Figure) -> str:
    return f"{figure.title}, {figure.unit}" if figure.unit else figure.title


def _cell(figure: Figure, report: Mapping[str, Any]) -> Cell:
    return Cell(figure.value, unit_of(figure), explained(figure, report))
