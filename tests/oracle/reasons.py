"""Why there is no figure, written a second time from docs/definitions.md alone.

Invariant: nothing here comes from services/; the codes are those that answers give.
"""

from fractions import Fraction

from contracts.envelope import Event
from tests.oracle.days import Period
from tests.oracle.measures import MEASURES, figure
from tests.oracle.parts import Part

MADE_OF_COUNTS = ("cases", "case-holders-fte", "children", "children-by-area")
"""What follows from counts that people make."""
RATES_OF_COUNTS = {
    "average-caseload": ("cases", "case-holders-fte"),
    "children-per-case-holder": ("children", "case-holders-fte"),
}


def figure_of_count(name: str, parts: list[Part]) -> Fraction | str:
    """The sum; of counts that nobody made there is none."""
    return "not-counted" if name in MADE_OF_COUNTS and not parts else figure(parts)


def figure_of_rate(name: str, rate: Fraction | None, events: list[Event], period: Period, scope: str) -> Fraction | str:
    """The rate; where one of its counts was not made, or there is nothing to divide by, the reason."""
    for term in RATES_OF_COUNTS.get(name, ()):
        if not MEASURES[term](events, period, "census" if name == "average-caseload" else scope):
            return "not-counted"
    return "no-denominator" if rate is None else rate
