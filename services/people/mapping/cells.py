"""What single cells say: numbers, titles, dates of birth and other details of persons.

Invariant: a blank cell says nothing (None). What cannot be read raises Trouble, which says what would be right.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from re import fullmatch

from contracts.values import LONGEST_TITLE, PATTERNS_IN_WORDS, TITLE_PATTERN
from services.people.mapping import amounts, codes
from services.people.mapping.dates import date_reader
from services.people.mapping.trouble import Trouble, plain


def whole_or_decimal(cell: str, whole: bool, decimal: str) -> Decimal | int | None:
    """A number as a cell writes it; None if blank. Raises Trouble."""
    amount = amounts.number(cell, decimal, thousands=True)
    if amount is None or not whole:
        return amount
    if amount != amount.to_integral_value() or abs(amount) > 10**12:
        raise Trouble("is not a whole number", "a whole number")
    return int(amount)


def title(cell: str) -> str | None:
    """A title that is published as it stands; None if blank. Raises Trouble."""
    text = plain(cell)
    if text and (len(text) > LONGEST_TITLE or not fullmatch(TITLE_PATTERN, text)):
        raise Trouble("is not a title", f"at most {LONGEST_TITLE} characters on {PATTERNS_IN_WORDS[TITLE_PATTERN]}")
    return text or None


def birth_reader(formats: tuple[str, ...]) -> Callable[[str], str | None]:
    """A function that reads a date of birth: as text, None if blank. It raises Trouble."""
    read = date_reader(formats)

    def birth(cell: str) -> str | None:
        text = plain(cell)
        if not text:
            return None
        day = read(text)
        if not date(1900, 1, 1) <= day < date(2100, 1, 1):
            raise Trouble("is not a date of birth", "a date from 1900 on")
        return day.isoformat()

    return birth


def detail_text(cell: str, table: dict[str, str] | None) -> str | None:
    """A detail of a person, by the table of the mapping if it has one; None if blank. Raises Trouble."""
    text = plain(cell)
    if not text:
        return None
    if table is None:
        return text
    code = table.get(codes.folded(text))
    if code is None:
        raise Trouble("matches no code of the mapping", "a line for it in the table of the mapping")
    return code
