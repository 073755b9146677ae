"""The questions that a report may ask, the figures of their answers, and how two reports compare, figure by figure.

Invariant: a figure is identified by what it is of, not by where it stands in an answer. A comparison of two answers
lists every figure of either, also one that the other lacks.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from services.metrics.academy.outcomes import COUNTED
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.dimensions import EVERY_DIMENSION

MEASURE = re.compile(r"/v1/measures/(?P<measure>[a-z0-9-]+)")
SERIES = re.compile(r"/v1/measures/(?P<measure>[a-z0-9-]+)/series")
COHORTS, SURVIVAL = "/v1/academy/cohorts", "/v1/survival"
PATHS = ("/v1/measures/{measure}", "/v1/measures/{measure}/series", COHORTS, SURVIVAL)
"""The routes that a report may ask, as their documentation has them."""
OF_THE_REPORT = ("authority", "as_known_at", "as_accepted_at", "format", "sheet")
"""What a question does not say: the report does, or it is for who asks."""
TIMES = ("as_at", "from", "to", "census_year", "financial_year")
OF_A_SERIES = ("every", "window", "year_starts_in", "rebase")
NOT_STATED = "not-stated"

Scalar = str | int | None
Value = int | float | None
Parameters = tuple[tuple[str, str], ...]


class Question(NamedTuple):
    """A question: a path, and its parameters in their order."""

    path: str
    parameters: Parameters

    @classmethod
    def read(cls, text: str) -> "Question | None":
        """The question that a text states; None if its path is not one that a report may ask."""
        try:
            parts = urlsplit(text)
        except ValueError:
            return None
        is_ours = not (parts.scheme or parts.netloc or parts.fragment) and text.startswith("/")
        if not is_ours or not _kind(parts.path):
            return None
        return cls(parts.path, tuple(parse_qsl(parts.query, keep_blank_values=True)))

    def __str__(self) -> str:
        """The question as it is kept: one way of writing it."""
        return f"{self.path}?{urlencode(self.parameters, safe=':,')}" if self.parameters else self.path

    @property
    def title(self) -> str:
        """The subject of the question, in words."""
        if self.path in (COHORTS, SURVIVAL):
            return "Academy cohorts" if self.path == COHORTS else "How long people stay"
        measure = MEASURES.get(self.path.split("/")[3])
        return self.path if measure is None else measure.title

    @property
    def time(self) -> dict[str, str]:
        """The date or period that it states."""
        return {name: value for name, value in self.parameters if name in TIMES}

    def besides(self, *names: str) -> dict[str, str]:
        """Its parameters, except these."""
        return {name: value for name, value in self.parameters if name not in names}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of an answer: what it is of, its time, and the question that tells what is behind it."""

    name: str
    title: str
    unit: str
    where: tuple[tuple[str, Scalar], ...]
    time: tuple[tuple[str, str], ...]
    value: Value
    reason: str | None = None
    explanation: Question | None = field(default=None, compare=False)


class Difference(NamedTuple):
    """A figure in an earlier and a later report; None for the report that lacks it."""

    earlier: Figure | None
    later: Figure | None

    @property
    def of(self) -> Figure:
        """Either of them, for what it is of."""
        figure = self.later or self.earlier
        assert figure is not None  # noqa: S101  (there is one of them)
        return figure

    @property
    def difference(self) -> Value:
        """By how much the figure as shown is larger in the later report; None if one of the two is missing."""
        values = [None if figure is None else figure.value for figure in self]
        if None in values:
            return None
        larger_by = Decimal(str(values[1])) - Decimal(str(values[0]))
        return int(larger_by) if larger_by == larger_by.to_integral_value() else float(larger_by)


def figures_of(question: Question, body: Mapping[str, Any]) -> list[Figure]:
    """The figures of the answer to a question."""
    kinds = {"measure": _of_a_measure, "series": _of_a_series, "cohorts": _of_cohorts, "survival": _of_survival}
    return list(kinds[_kind(question.path)](question, body))


def digest_of(figures: Sequence[Figure]) -> str:
    """The digest of figures: the same for the same figures, and different for others."""
    values = [[each.name, each.where, each.time, each.value, each.reason] for each in figures]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def paired(earlier: Sequence[Question], later: Sequence[Question]) -> list[tuple[int | None, int | None]]:
    """Pairs of questions that ask the same in two reports, by their indexes: first those of the later report."""
    of_earlier = {key: index for index, key in enumerate(_keys(earlier))}
    of_later = list(_keys(later))
    pairs: list[tuple[int | None, int | None]] = [(of_earlier.pop(key, None), at) for at, key in enumerate(of_later)]
    return pairs + [(index, None) for index in of_earlier.values()]


def compared(earlier: Sequence[Figure], later: Sequence[Figure], *, of_a_series: bool) -> list[Difference]:
    """Every figure of either, in the order of the later one. Figures of a series are paired only if of one time."""

    def key(figure: Figure) -> tuple[Any, ...]:
        return figure.name, figure.where, figure.time if of_a_series else None

    before, after = {key(each): each for each in earlier}, {key(each): each for each in later}
    return [Difference(before.get(each), after.get(each)) for each in {**after, **before}]


def is_series(question: Question) -> bool:
    """Whether each of its figures has its own time."""
    return _kind(question.path) == "series"


def is_of_a_measure(question: Question) -> str | None:
    """The measure that it asks for, if it asks for one."""
    return question.path.split("/")[3] if _kind(question.path) in ("measure", "series") else None


def _kind(path: str) -> str:
    if path in (COHORTS, SURVIVAL):
        return "cohorts" if path == COHORTS else "survival"
    if SERIES.fullmatch(path):
        return "series"
    return "measure" if MEASURE.fullmatch(path) else ""


def _keys(questions: Sequence[Question]) -> Iterator[tuple[Any, ...]]:
    seen: Counter[tuple[Any, ...]] = Counter()
    for question in questions:
        key = question.path, tuple(sorted(question.besides(*TIMES).items()))
        seen[key] += 1
        yield *key, seen[key]


def _of_a_measure(question: Question, body: Mapping[str, Any]) -> Iterator[Figure]:
    time = _time(body)
    for row in body["rows"] if body["by"] else ():
        where = _where(body, row)
        yield _figure(body, where, time, row["value"], row.get("reason"), _behind(question, dict(where), question.time))
    yield _figure(body, (), time, body["total"], body.get("reason"), _behind(question, {}, question.time))


def _of_a_series(question: Question, body: Mapping[str, Any]) -> Iterator[Figure]:
    lists = [(_where(body, row), row["values"], row.get("reasons")) for row in body["rows"]] if body["by"] else []
    for where, values, reasons in [*lists, ((), body["totals"], body.get("reasons"))]:
        for index, period in enumerate(body["periods"]):
            time = (
                {"as_at": period["as_at"]} if body["kind"] == "stock" else {"from": period["from"], "to": period["to"]}
            )
            behind = _behind(question, dict(where), time)
            reason = None if reasons is None else reasons[index]
            yield _figure(body, where, tuple(time.items()), values[index], reason, behind)


def _of_cohorts(question: Question, body: Mapping[str, Any]) -> Iterator[Figure]:
    time = (("as_at", body["as_at"]),)
    for row in [*body["rows"], {"cohort": None} | body["over_all"]]:
        cohort = row["cohort"]
        where: tuple[tuple[str, Scalar], ...] = () if cohort is None else (("cohort", cohort),)
        for name, definition in body["definitions"].items():
            if name not in row:
                continue
            members = Question(f"{COHORTS}/{cohort or 'all'}", (*question.parameters, ("outcome", name)))
            behind = members if name in COUNTED else None
            yield Figure(name, definition["title"], "", where, time, row[name], row.get("reason"), behind)


def _of_survival(_: Question, body: Mapping[str, Any]) -> Iterator[Figure]:
    time = (("as_at", body["as_at"]),)
    for name in ("count", "left", "in_post", "median_years"):
        yield Figure(name, name.replace("_", " ").capitalize(), "", (), time, body[name])
    for point in body["points"]:
        after = "months" if "months" in point else "days"
        yield Figure("survival", "Share who stay", "", ((after, point[after]),), time, point["survival"])


def _figure(
    body: Mapping[str, Any],
    where: tuple[tuple[str, Scalar], ...],
    time: tuple[tuple[str, str], ...],
    value: Value,
    reason: str | None,
    explanation: Question,
) -> Figure:
    is_missing = reason if value is None else None
    return Figure(body["measure"], body["title"], body["unit"], where, time, value, is_missing, explanation)


def _where(body: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[tuple[str, Scalar], ...]:
    return tuple((name, row[name]) for name in body["by"])


def _time(body: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, body[name]) for name in ("from", "to", "as_at") if name in body)


def _behind(question: Question, where: Mapping[str, Scalar], time: Mapping[str, str]) -> Question:
    """The question that tells what a figure is made of."""
    narrowed = {name: NOT_STATED if value is None else str(value) for name, value in where.items()}
    kept = {name: value for name, value in question.besides("by", *TIMES, *OF_A_SERIES).items() if name not in narrowed}
    path = f"{question.path.removesuffix('/series')}/explanation"
    narrowing = {name: value for name, value in narrowed.items() if name in EVERY_DIMENSION}
    return Question(path, tuple((kept | narrowing | dict(time)).items()))
