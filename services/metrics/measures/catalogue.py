"""Every measure there is, by name.

Invariant: names are unique, and the terms of every rate are counts declared here.
"""

from services.metrics.measures import coming_and_going, filling, progressing, recruiting, staffing, working_life
from services.metrics.measures.declaration import Count, Measure, Rate
from services.metrics.measures.dimensions import EVERY_DIMENSION

FAMILIES = (staffing, coming_and_going, filling, recruiting, working_life, progressing)

MEASURES: dict[str, Measure] = {measure.name: measure for family in FAMILIES for measure in family.MEASURES}
"""Every measure by name, in reading order."""

CODED: dict[str, tuple[str, ...]] = {
    name: tuple(str(value) for value in dimension.values)
    for name, dimension in EVERY_DIMENSION.items()
    if dimension.codes
}
"""The values of each dimension that has only certain ones. Of the others authorities make their own."""


def count(name: str) -> Count:
    """The stock or flow of that name. Raises KeyError for a rate, and for an unknown name."""
    measure = MEASURES[name]
    if not isinstance(measure, Count):
        raise KeyError(name)
    return measure


def counts_of(measure: Measure) -> tuple[Count, ...]:
    """The counts that a measure is made of, each once; a count is made of itself."""
    if isinstance(measure, Count):
        return (measure,)
    return tuple({term.measure: count(term.measure) for term in measure.terms}.values())


def owners_of(measure: Measure) -> frozenset[str]:
    """The services by whose events a measure moves."""
    return frozenset().union(*(counted.rests_on for counted in counts_of(measure)))


def dimensions_of(measure: Measure) -> tuple[str, ...]:
    """The dimensions of a measure. A rate has those that all its counts share, and its numerator's own."""
    first, *others = counts_of(measure)
    of_all = (name for name in first.dimensions if all(name in other.dimensions for other in others))
    return (*of_all, *(measure.more if isinstance(measure, Rate) else ()))
