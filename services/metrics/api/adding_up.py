"""Exact amounts that add up, beside figures that are rounded once each.

Invariant: the exact amounts of the rows of a count add up to that of its total, whatever it is broken down by.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from services.metrics.measures.declaration import Count, Measure, exact, shown
from services.metrics.snapshot.amounts import ONE


def exactly(measure: Measure, value: object) -> dict[str, str]:
    """A count to the last millionth, as `exact`, if it is shown rounded.

    Nothing for a rate, which is not a sum, or for a figure that is not known.
    """
    if not isinstance(measure, Count) or not isinstance(value, Fraction):
        return {}
    exact_value = f"{amount_of(value):f}"
    return {} if Decimal(exact_value) == Decimal(str(shown(value, measure.unit))) else {"exact": exact_value}


def amount_of(value: Fraction) -> Decimal:
    """A count in whole millionths, as a decimal."""
    return Decimal(exact(int(value * ONE)))


def rounding(measure: Measure, rows: Iterable[Mapping[str, Any]], total: float | None) -> dict[str, str]:
    """A note that the rounded rows of a count do not add up to its rounded total, and why, if that is so."""
    values = [row["value"] for row in rows]
    if not isinstance(measure, Count) or total is None or not values or None in values:
        return {}
    as_shown = sum((Decimal(str(value)) for value in values), Decimal(0))
    if as_shown == Decimal(str(total)):
        return {}
    return {
        "rounding": f"As shown the rows add up to {as_shown}: each figure is rounded once, from its exact amount. Add "
        "up the exact amounts."
    }
