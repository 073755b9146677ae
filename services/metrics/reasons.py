"""Why a figure is null: the codes beside it.

Invariant: whatever answers null for a figure gives one of these, and never 0 in place of what is not known.
"""

from enum import StrEnum
from fractions import Fraction


class Reason(StrEnum):
    """Why no figure is given."""

    NOT_COUNTED = "not-counted"
    """Nobody had counted by then, or what was counted no longer holds."""
    KINDS_OVERLAP = "kinds-overlap"
    """Several kinds were counted, and somebody can be of more than one: each has its figure, all together have none."""
    NOT_YET = "not-yet"
    """The days asked for are not over at the instant it is known at."""
    NO_DENOMINATOR = "no-denominator"
    """There is nothing to divide by."""
    SUPPRESSED = "suppressed"
    """Held back, so that nobody can be made out."""
    NO_POLICY = "no-policy"
    """It rests on a rule of one council, which the authority asked for has not stated."""


Value = Fraction | Reason
"""A figure, exactly, or why there is none."""


def ratio(part: Fraction | int, whole: Fraction | int) -> Value:
    """part / whole; nothing can be divided by 0."""
    return Fraction(part) / whole if whole else Reason.NO_DENOMINATOR
