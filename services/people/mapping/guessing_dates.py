"""Which formats the dates of an undescribed file have, by the values in them.

Invariant: a format is found only where some value can be read in no other way. Whatever values leave open, above all
the order of day and month, is a question.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import combinations

from services.people.mapping.dates import ISO, WrongFormat, date_reader
from services.people.mapping.trouble import Trouble

FORMATS = (
    "yyyy-mm-dd",
    "dd/mm/yyyy",
    "mm/dd/yyyy",
    "yyyymmdd",
    "yyyy/mm/dd",
    "d-mmm-yy",
    "dd-mmm-yyyy",
    "dd mmm yyyy",
    "dd.mm.yyyy",
    "dd-mm-yyyy",
    "mm-dd-yyyy",
    "dd/mm/yy",
    "mm/dd/yy",
    "excel",
)
"""Those that are tried; of several that never contradict one another the first is taken."""
_READERS: Mapping[str, Callable[[str], date]] = {one: date_reader((one,)) for one in FORMATS}
_LIKE_NO_DATE = "0/.- "
"""What is made of these alone stands for no date."""


@dataclass(slots=True)
class DatesFound:
    """The formats of a file's dates: those that are sure, and of each column what is not."""

    sure: list[str] = field(default_factory=list)
    open: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns whose every value can be read in these formats, as different days."""
    by_others: dict[str, str] = field(default_factory=dict)
    """Columns that would be open, and are read by the format that other columns of the file can only have."""
    unread: list[str] = field(default_factory=list)
    """Columns with values that no format, or no one format, reads."""
    contradicting: tuple[str, str] | None = None
    """Two formats, both sure, that a file cannot have together."""


def dates_found(columns: Mapping[str, Iterable[str]]) -> DatesFound:
    """What the values of each date column leave open, and what they do not."""
    found = DatesFound()
    fitting = {name: [_fitting(text) for text in texts if text.strip(_LIKE_NO_DATE)] for name, texts in columns.items()}
    for name, values in fitting.items():
        if not all(values):
            found.unread.append(name)
        for fits in values:
            if fits and not _is_open(fits) and not any(one in found.sure for one in fits):
                _add(found, fits[0])
    for name, values in fitting.items():
        _judge(found, name, [fits for fits in values if fits])
    return found


@cache
def _is_open(fits: tuple[str, ...]) -> bool:
    """Whether formats that all read a value would read others as different days."""
    return any(_contradict(one, other) for one, other in combinations(fits, 2))


@cache
def _contradict(one: str, other: str) -> bool:
    try:
        date_reader((one, other))
    except WrongFormat:
        return True
    return False


def _judge(found: DatesFound, name: str, values: list[tuple[str, ...]]) -> None:
    """What of a column the sure formats do not read."""
    if not values:
        return
    left = [fits for fits in values if not any(one in found.sure for one in fits)]
    options = tuple(one for one in FORMATS if all(one in fits for fits in left))
    if not left:
        if all(_is_open(fits) for fits in values):
            found.by_others[name] = next(one for one in found.sure if one in values[0])
    elif len(options) == 1:
        _add(found, options[0])
    elif options:
        found.open[name] = options
    elif name not in found.unread:
        found.unread.append(name)


def _add(found: DatesFound, spelling: str) -> None:
    """Another sure format; two that contradict one another are no format of a file."""
    against = next((other for other in found.sure if _contradict(other, spelling)), None)
    if against is not None:
        found.contradicting = found.contradicting or (against, spelling)
    elif spelling not in found.sure:
        found.sure.append(spelling)


def _fitting(text: str) -> tuple[str, ...]:
    """The formats in which a value is a date."""
    # ISO is read without being named, in whatever format besides.
    return (ISO,) if _reads(ISO, text) else tuple(one for one in FORMATS if _reads(one, text))


def _reads(spelling: str, text: str) -> bool:
    try:
        _READERS[spelling](text)
    except Trouble:
        return False
    return True
