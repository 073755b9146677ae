"""Amounts in timelines: exact whole numbers of millionths.

Invariant: nothing is rounded: an FTE has at most 6 decimals (`contracts/values.py`).
"""

from decimal import Decimal

ONE = 1_000_000
"""One person, FTE, day or pound, in millionths: CSWW's 6 decimals of an FTE."""


def millionths(value: Decimal) -> int:
    """A decimal of at most 6 places in millionths."""
    return int(value * ONE)
