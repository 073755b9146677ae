"""Dates as files spell them, by the formats that a mapping names.

Invariant: no order of day and month is ever guessed. Only ISO dates (2023-10-31) are read without being named, because
they can be read in one way alone. Workbooks give these.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache

from contracts.values import EARLIEST_DATE, LATEST_DATE
from services.people.mapping.trouble import Trouble, plain

SERIALS = {"excel": date(1899, 12, 30), "excel-1904": date(1904, 1, 1)}
"""Formats for days counted from a first day, as spreadsheets keep dates."""
ISO = "yyyy-mm-dd"
NO_END = ("4712-12-31", "9999-12-31", "2099-12-31")
"""Dates that mean: no end. So do blank, zeros, and every date from 2200 on."""
_FAR_YEAR = 2200
_FIRST_SERIAL, _LAST_SERIAL = 17_000, 74_000
"""Days from 1946 to 2102: other numbers are no dates of employment."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH_BY_NAME = {
    **{name: number for number, name in enumerate(_MONTHS, 1)},
    **{name: number for number, name in enumerate(_FULL, 1)},
    "sept": 9,
}
_TOKEN = re.compile("yyyy|yy|mmmm|mmm|mm|m|dd|d")
_MIDNIGHT = re.compile(r"[T ](00:00(:00(\.0+)?)?|0:00(:00)?|12:00(:00)? ?AM)Z?$", re.IGNORECASE)
_ZEROS = re.compile(r"^0+([/.\- ]0+)*$")


class WrongFormat(ValueError):
    """A format that cannot be read, or contradicts another one. Its text says why."""


def pattern_of(spelling: str) -> re.Pattern[str]:
    """What dates of a format look like. Raises WrongFormat if it is not a format."""
    tokens = _TOKEN.findall(spelling)
    kinds = sorted(token[0] for token in tokens)
    if kinds != ["d", "m", "y"]:
        raise WrongFormat("must have day, month and year once each, as dd/mm/yyyy, yyyymmdd, d-mmm-yy")
    compact = _TOKEN.sub("", spelling) == ""
    digits = {"d": r"\d{2}" if compact else r"\d{1,2}", "m": r"\d{2}" if compact else r"\d{1,2}"}
    parts: list[str] = []
    end = 0
    for match in _TOKEN.finditer(spelling):
        parts.append(re.escape(spelling[end : match.start()]))
        end = match.end()
        token = match[0]
        if token[0] == "y":
            parts.append(rf"(?P<y>\d{{{len(token)}}})")
        elif token in ("mmm", "mmmm"):
            parts.append(r"(?P<m>[A-Za-z]{3,9})")
        else:
            parts.append(f"(?P<{token[0]}>{digits[token[0]]})")
    parts.append(re.escape(spelling[end:]))
    return re.compile("".join(parts))


def date_reader(formats: Iterable[str]) -> Callable[[str], date]:
    """A function that reads dates of these formats from the text of a cell, without blanks around it.

    It raises Trouble. It reads dates of any year, and the caller judges them. Making it raises WrongFormat if formats
    contradict one another.
    """
    spelt = [one for one in formats if one not in SERIALS]
    patterns = [pattern_of(one) for one in spelt]
    _refuse_contradictions(spelt, patterns)
    if ISO not in spelt:
        patterns.append(pattern_of(ISO))
    serial = next((SERIALS[one] for one in formats if one in SERIALS), None)
    expected = f"a date as {' or '.join([*formats, *([] if ISO in spelt else [ISO])])}"

    @lru_cache(maxsize=10_000)
    def read(text: str) -> date:
        text = _MIDNIGHT.sub("", text)
        for pattern in patterns:
            match = pattern.fullmatch(text)
            if match is not None:
                day = _date(match)
                if day is None:
                    raise Trouble("is not a day of the calendar", expected)
                return day
        number = re.fullmatch(r"(\d{4,6})(?:\.0*)?", text)
        if number is not None and _FIRST_SERIAL <= int(number[1]) <= _LAST_SERIAL:
            if serial is not None:
                return serial + timedelta(days=int(number[1]))
            raise Trouble(
                "looks like a day counted by a spreadsheet", f"{expected}; or `excel` among the mapping's dates"
            )
        raise Trouble("is not a date", expected)

    return read


def _refuse_contradictions(spelt: list[str], patterns: list[re.Pattern[str]]) -> None:
    """Two formats that read the same text, and not as the same date, are a guess."""
    for text in (
        "01/02/2003",
        "01-02-2003",
        "01.02.2003",
        "2003-01-02",
        "2003/01/02",
        "20030102",
        "01022003",
        "010203",
        "01/02/03",
        "01-02-03",
        "01.02.03",
        "01 02 2003",
        "2003 01 02",
        "2003.01.02",
    ):
        read = {
            _date(match): one
            for one, pattern in zip(spelt, patterns, strict=True)
            if (match := pattern.fullmatch(text))
        }
        if len(read) > 1:
            raise WrongFormat(f"{' and '.join(read.values())} read {text} as different days: name one of them")
    if any(re.fullmatch(r"y{4}-d{1,2}-m{1,2}", one) for one in spelt):
        raise WrongFormat("yyyy-dd-mm would be read as the ISO date yyyy-mm-dd")


def _date(match: re.Match[str]) -> date | None:
    year, month = match["y"], match["m"]
    number = int(month) if month.isdigit() else _MONTH_BY_NAME.get(month.lower(), 0)
    full_year = int(year)
    if len(year) == 2:
        # The hundred years from the earliest date on.
        full_year += 1900 if full_year >= EARLIEST_DATE.year - 1900 else 2000
    try:
        return date(full_year, number, int(match["d"]))
    except ValueError:
        return None


def within_a_working_lifetime(day: date) -> date:
    """The date itself. Raises Trouble for a date that the contracts would refuse."""
    if not EARLIEST_DATE <= day < LATEST_DATE:
        raise Trouble(
            "is not a date of somebody's working life", f"a date from {EARLIEST_DATE} and before {LATEST_DATE}"
        )
    return day


def begin_reader(formats: Iterable[str]) -> Callable[[str], date | None]:
    """A function that reads the day from which something holds; blank is None."""
    read = date_reader(formats)

    def begin(cell: str) -> date | None:
        text = plain(cell)
        return within_a_working_lifetime(read(text)) if text else None

    return begin


def end_reader(formats: Iterable[str], no_end: Iterable[str], last_day: bool) -> Callable[[str], date | None]:
    """A function that reads the first day on which something does not hold any more; None if it has no end.

    With `last_day` the file names the last day on which it holds.
    """
    read = date_reader(formats)
    texts = {text.casefold() for text in no_end}
    dates = {date.fromisoformat(text) for text in NO_END}

    def end(cell: str) -> date | None:
        text = plain(cell)
        if not text or text.casefold() in texts or _ZEROS.fullmatch(text):
            return None
        day = read(text)
        if day in dates or day.year >= _FAR_YEAR or day.isoformat() in texts:
            return None
        day = within_a_working_lifetime(day)
        return day + timedelta(days=1) if last_day else day

    return end
