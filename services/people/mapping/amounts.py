"""Numbers as files write them: full-time equivalents in every form, hours, pounds, counts.

Invariant: a number is exact. The mapping says whether a comma parts decimals, and whether 60 is a percentage.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

from services.people.mapping.trouble import Trouble, plain

SIX_PLACES = Decimal("0.000001")
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(E[+-]?\d{1,2})?", re.IGNORECASE)
_THOUSANDS_POINT = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_THOUSANDS_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?")
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)(:00)?")
_LONGEST = 40


def number(cell: str, decimal: str = ".", thousands: bool = False) -> Decimal | None:
    """The number in a cell, None where it is blank. `thousands` reads 1,250.00 as well. Raises Trouble."""
    text = plain(cell).replace(" ", "").replace("\xa0", "").removeprefix("£")
    if not text:
        return None
    expected = f"a number as {'0.6' if decimal == '.' else '0,6'}"
    grouped = _THOUSANDS_POINT if decimal == "." else _THOUSANDS_COMMA
    if thousands and grouped.fullmatch(text):
        text = text.replace("," if decimal == "." else ".", "")
    if decimal == ",":
        if "." in text:
            raise Trouble("has a point, and the mapping says that decimals follow a comma", expected)
        text = text.replace(",", ".")
    elif "," in text:
        raise Trouble("has a comma", f'{expected}; or `decimal: ","` in the mapping')
    if len(text) > _LONGEST or not (text.isascii() and _PLAIN.fullmatch(text)):
        raise Trouble("is not a number", expected)
    return Decimal(text)


def hours(cell: str, decimal: str = ".") -> Decimal | None:
    """Hours, as 22.2 or as 22:12; None where blank. Raises Trouble."""
    clock = _CLOCK.fullmatch(cell.strip())
    if clock is not None:
        return Decimal(clock[1]) + Decimal(clock[2]) / 60
    return number(cell, decimal)


def percentage(cell: str, decimal: str = ".") -> Decimal | None:
    """A percentage, with or without its sign, as a share of one; None where blank. Raises Trouble."""
    text = cell.strip()
    share = number(text.removesuffix("%"), decimal)
    if share is None:
        return None
    if 0 < share <= 1 and not text.endswith("%"):
        raise Trouble("is a percentage of 1 or less", "a percentage as 60; or `as: ratio` in the mapping")
    return share / 100


def ratio(cell: str, decimal: str = ".") -> Decimal | None:
    """A share of one, written as 0.6, or as 60% with the sign; None if blank. Raises Trouble."""
    text = cell.strip()
    return percentage(text, decimal) if text.endswith("%") else number(text, decimal)


def as_fte(fte: Decimal, most: int, above_is_full_time: bool = False) -> Decimal:
    """A full-time equivalent as the contracts want it: 0 to `most`, at most six decimals. Raises Trouble."""
    if fte < 0:
        raise Trouble("is below 0", f"a number from 0 to {most}")
    rounded = fte.quantize(SIX_PLACES, ROUND_HALF_UP) if fte <= most else fte
    if rounded > most:
        if above_is_full_time:
            return Decimal(most)
        shown = rounded.quantize(Decimal("0.01"), ROUND_HALF_UP) if rounded < 10**9 else "very many"
        raise Trouble(f"comes to an FTE of {shown}", f"an FTE of at most {most}")
    return rounded.normalize() + 0 if rounded else Decimal(0)
