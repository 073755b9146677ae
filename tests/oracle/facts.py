"""Short ways to ask the oracle for one figure."""

from datetime import UTC, datetime
from fractions import Fraction

from contracts.envelope import Event
from tests.oracle.measures import MEASURES, Period, figure

LATER = datetime(2030, 1, 1, tzinfo=UTC)


def total(events: list[Event], measure: str, period: Period, scope: str = "census") -> Fraction:
    """The figure of a measure."""
    return figure(MEASURES[measure](events, period, scope))
