"""Every example, a file for each family of measures.

Invariant: no two have one title, and each that is asked of the running system has an authority of its own there.
"""

from tests.worked.example import Example
from tests.worked.examples import (
    academy,
    agency,
    coming_and_going,
    demand,
    filling,
    how_long,
    persons,
    posts,
    progressing,
    recruiting,
    staying,
    two_times,
    working_life,
)

FAMILIES = (
    posts,
    agency,
    coming_and_going,
    staying,
    filling,
    how_long,
    recruiting,
    working_life,
    demand,
    progressing,
    academy,
    persons,
    two_times,
)
EXAMPLES: tuple[Example, ...] = tuple(example for family in FAMILIES for example in family.EXAMPLES)

FIRST_AUTHORITY = 101


def _authorities() -> dict[str, str]:
    """By title of which authority an example is, over HTTP too."""
    stated = {example.authority for example in EXAMPLES if example.authority}
    free = (str(code) for code in range(FIRST_AUTHORITY, 1000) if str(code) not in stated)
    return {example.title: example.authority or next(free) for example in EXAMPLES}


AUTHORITIES = _authorities()
