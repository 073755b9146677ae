"""Why there is no figure, written a second time from docs/definitions.md alone.

Invariant: nothing here comes from services/; the codes are those that answers give.
"""

from fractions import Fraction

from contracts.envelope import Event
from contracts.events.working_life import DemandCounted
from tests.oracle.days import Period
from tests.oracle.measures import MEASURES, figure
from tests.oracle.parts import Part

MADE_OF_COUNTS = (
    "cases", "case-holders-fte", "workers-by-caseload", "workers-over-caseload", "children", "children-by-area",
    "offers-not-started",
)  # fmt: skip
"""What follows from counts that people make."""
RATES_OF_COUNTS = {
    "average-caseload": ("cases", "case-holders-fte"),
    "children-per-case-holder": ("children", "case-holders-fte"),
    "children-per-case-holder-by-area": ("children-by-area", "case-holders-fte"),
}


OF_OVERLAPPING_KINDS = (
    "children", "children-by-area", "children-per-case-holder", "children-per-case-holder-by-area",
)  # fmt: skip
"""There is no total of several kinds of children, nor a rate of one: a child can be of several kinds."""
OF_ONE_COUNCIL = ("progression-funded-fte", "retention-payments-due", "retention-payment-cost")
"""What rests on the rules of the council of authority 331 is told of no other."""


def figure_of_count(name: str, parts: list[Part], events: list[Event]) -> Fraction | str:
    """The sum; of counts that nobody made there is none, nor of several kinds that overlap, nor by another's rules."""
    if name in OF_ONE_COUNCIL and any(event.envelope.authority != "331" for event in events):
        return "no-policy"
    if adds_several_kinds(name, events):
        return "kinds-overlap"
    return "not-counted" if name in MADE_OF_COUNTS and not parts else figure(parts)


def adds_several_kinds(name: str, events: list[Event]) -> bool:
    """Whether a figure without kinds would add several that were ever counted."""
    if name not in OF_OVERLAPPING_KINDS:
        return False
    children = MEASURES["children-by-area" if name.endswith("by-area") else "children"]
    days = {event.data.counted_on for event in events if isinstance(event.data, DemandCounted)}
    kinds = {part.dimensions["demand"] for day in days for part in children(events, Period(day, day), "all")}
    return len(kinds) > 1


def figure_of_rate(name: str, rate: Fraction | None, events: list[Event], period: Period, scope: str) -> Fraction | str:
    """The rate; where one of its counts was not made, or there is nothing to divide by, the reason."""
    if name == "progression-funding-used" and any(event.envelope.authority != "331" for event in events):
        return "no-policy"
    if adds_several_kinds(name, events):
        return "kinds-overlap"
    for term in RATES_OF_COUNTS.get(name, ()):
        if not MEASURES[term](events, period, "census" if name == "average-caseload" else scope):
            return "not-counted"
    return "no-denominator" if rate is None else rate
