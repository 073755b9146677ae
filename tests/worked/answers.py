"""What an example expects, and the three that are asked: the oracle, the product's pure functions, the running system.

Invariant: an expectation is read as it is written; it is rounded here as the definitions say, not by the product.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from contracts.envelope import Event, parse_event
from tests.oracle.days import Period
from tests.worked.example import Example, Figure, OfCohort, Question

Exact = Fraction | str
"""A number, or the reason why there is none."""
Rows = dict[tuple[Any, ...], Exact]

_REASON = re.compile(r"[a-z][a-z-]+")
_WHOLE = ("people", "assignments", "count", "children")


@dataclass(frozen=True)
class Answer:
    """A total and the rows that are numbers other than 0; no rows where there are none or nobody asked for any."""

    total: Exact
    rows: Rows


def exact(figure: Figure) -> Exact:
    """A figure as it stands in an example."""
    return figure if isinstance(figure, str) and _REASON.fullmatch(figure) else Fraction(figure)


def expected(question: Question) -> Answer:
    """The answer that stands in the example."""
    return Answer(exact(question.total), {key: exact(value) for key, value in (question.rows or {}).items()})


def telling(rows: Mapping[tuple[Any, ...], Exact]) -> Rows:
    """The rows that are numbers other than 0, with codes as plain as an example has them."""
    return {tuple(map(_plain, key)): value for key, value in rows.items() if isinstance(value, Fraction) and value}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)


def as_shown(figure: Exact, unit: str) -> Decimal | None:
    """A figure as people are shown it: half up, people whole, pounds to the penny, all else to one decimal."""
    if isinstance(figure, str):
        return None
    decimals = Decimal(1) if unit in _WHOLE else Decimal("0.01") if unit == "GBP" else Decimal("0.1")
    return (Decimal(figure.numerator) / Decimal(figure.denominator)).quantize(decimals, ROUND_HALF_UP)


def of_cohort(question: OfCohort) -> OfCohort:
    """What stands in an example of a cohort, or was answered, in numbers that can be compared."""
    figures = {name: str(exact(value)) for name, value in question.figures.items()}
    return replace(
        question, figures=figures, stay={days: str(Fraction(share)) for days, share in question.stay.items()}
    )


def events_at_once(example: Example, authority: str) -> list[Event]:
    """The same as though all had been recorded at one instant, in their order."""
    events = events_of(example, authority)
    time = events[0].envelope.time
    return [
        replace(event, envelope=event.envelope.model_copy(update={"time": time, "sourcesequence": str(index)}))
        for index, event in enumerate(events)
    ]


def events_of(example: Example, authority: str) -> list[Event]:
    """What an example states, as events of an authority."""
    return [
        parse_event(example.attributes(index, authority), json.dumps(fact.data).encode())
        for index, fact in enumerate(example.facts)
    ]


def instant(text: str) -> datetime:
    """An instant as an example writes it."""
    return datetime.fromisoformat(text)


def period_of(text: str) -> Period | None:
    """The period that a question asks for; None where it asks for a date."""
    kind, _, year = text.partition(" ")
    if kind == "census":
        return Period(date(int(year) - 1, 10, 1), date(int(year), 9, 30))
    if kind == "financial":
        first = int(year[:4])
        return Period(date(first, 4, 1), date(first + 1, 3, 31))
    first_day, _, last_day = text.partition("..")
    return Period(date.fromisoformat(first_day), date.fromisoformat(last_day)) if last_day else None
