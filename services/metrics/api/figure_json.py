"""Figures as answers give them: a number, or null with its reason beside it, and the time that was counted.

Invariant: no null figure leaves without its reason, because a missing figure is a `Reason` until it is shown here.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from services.metrics.figures.figures import mark
from services.metrics.figures.periods import Period, counts_over_time
from services.metrics.measures.catalogue import MEASURES, counts_of
from services.metrics.measures.declaration import PLACES, Elapsed, Kind, Measure, Rate, Unit, When, shown
from services.metrics.reasons import Reason, Value
from services.metrics.statistics.control_chart import chart
from services.metrics.statistics.control_chart import shown as chart_shown

OVERLAPPING = (
    "Its points count days of each other, so that one follows from the one before: limits would lie too close, and "
    "mark changes that are none. Ask for window=point, or for points as far apart as they are long."
)
"""Why a series of twelve months month by month has no control chart (D. J. Wheeler, *Understanding Variation*: values
and moving ranges are of separate times)."""


def described(measure: Measure) -> dict[str, Any]:
    """A measure as answers describe it."""
    body: dict[str, Any] = {
        "measure": measure.name,
        "title": measure.title,
        "definition": measure.definition,
        "source": measure.source,
        "unit": measure.unit,
        "kind": measure.kind,
    }
    return body | ({"formula": measure.formula} if isinstance(measure, Rate) else {})


def figure_json(name: str, value: Value, unit: Unit) -> dict[str, Any]:
    """One figure by its name; `reason` if there is no figure."""
    return {name: shown(value, unit)} | ({"reason": value} if isinstance(value, Reason) else {})


def figures_json(values: Mapping[str, Value], units: Mapping[str, Unit]) -> dict[str, Any]:
    """Several figures by name. Those that are missing all have one reason."""
    body: dict[str, Any] = {name: shown(value, units[name]) for name, value in values.items()}
    reasons = [value for value in values.values() if isinstance(value, Reason)]
    return body | ({"reason": reasons[0]} if reasons else {})


def points_json(name: str, values: Sequence[Value], unit: Unit) -> dict[str, Any]:
    """Figures of points in their order. If one is missing, `reasons` has an item for each, null for a figure."""
    body: dict[str, Any] = {name: [shown(value, unit) for value in values]}
    reasons = [value if isinstance(value, Reason) else None for value in values]
    return body | ({"reasons": reasons} if any(reasons) else {})


def marked(measure: Measure, value: Value, name: str) -> dict[str, str]:
    """DfE's mark of a figure, if it has one."""
    its_mark = mark(measure, value)
    return {} if its_mark is None else {name: its_mark}


def time_of(measure: Measure, when: When) -> dict[str, Any]:
    """The date or period that a figure speaks of, and whether it was over, as answers say it."""
    kinds = {counted.kind for counted in counts_of(measure)}
    body: dict[str, Any] = {}
    if Kind.FLOW in kinds:
        body |= {"from": when.first.isoformat(), "to": when.last.isoformat()}
    if Kind.STOCK in kinds or measure.all_time:
        body["as_at"] = when.as_at.isoformat()
    if measure.all_time:
        body["months"] = when.months
    if has_a_limit(measure):
        body["above"] = when.above
    return body | elapsed(when)


def has_a_limit(measure: Measure) -> bool:
    """Whether the caller says above which limit something counts."""
    return any(counted.has_a_limit for counted in counts_of(measure))


def elapsed(when: When) -> dict[str, bool]:
    """`provisional` for a time that was under way, `planned` if days to come were meant to count."""
    marks = {Elapsed.UNDER_WAY: {"provisional": True}, Elapsed.PLANNED: {"planned": True}}
    return marks.get(when.elapsed, {})


def point_of_time(measure: Measure, period: Period, when: When) -> dict[str, Any]:
    """What a point of a series counts: from when to when, and, for stocks, as at which date."""
    body = {"from": period.first.isoformat(), "to": min(period.last, when.last).isoformat()} | time_of(measure, when)
    body.pop("months", None)
    return body


MAY_BE_NEGATIVE = {
    measure.name
    for measure in MEASURES.values()
    if isinstance(measure, Rate) and any(term.sign < 0 for term in measure.terms)
}
"""Rates from which something is taken away."""


def control_chart(
    measure: Measure, whens: Sequence[When], values: Sequence[Value], stale: Sequence[bool], rebased: Sequence[int]
) -> dict[str, Any]:
    """The control chart of a series, of the points whose time is over and that are not stale.

    If points overlap there is no chart, and the reason is told.
    """
    if counts_over_time(measure) and any(after.first <= before.last for before, after in pairwise(whens)):
        return {"no_control_chart": OVERLAPPING}
    points = [
        value if when.elapsed is Elapsed.OVER and not is_stale and not isinstance(value, Reason) else None
        for when, value, is_stale in zip(whens, values, stale, strict=True)
    ]
    least = None if measure.name in MAY_BE_NEGATIVE else 0
    decimals = max(0, -int(PLACES[measure.unit].as_tuple().exponent), 1)
    return {"control_chart": chart_shown(chart(points, rebased, least=least), decimals)}
