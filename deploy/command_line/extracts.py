"""Which files are sent, and the date of each: as stated, or as in its name.

Invariant: files go in the order of their dates. A file without a date cannot be placed, and is refused by name.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

KINDS = (".csv", ".tsv", ".txt", ".xlsx")
DAY = re.compile(r"(?<!\d)(19\d\d|20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
MONTH = re.compile(r"(?<!\d)(19\d\d|20\d\d)[-_.]?(0[1-9]|1[0-2])(?!\d)")
FORMATS = {"%d": r"\d{2}", "%m": r"\d{2}", "%Y": r"\d{4}", "%y": r"\d{2}", "%b": "[A-Za-z]{3}", "%B": "[A-Za-z]+"}


class Extract(NamedTuple):
    """One file, the date its rows are true on, and when it was made (None: now)."""

    path: Path
    as_at: str
    recorded_at: str | None


def extracts_of(
    files: Sequence[Path], as_at: str | None, dates: str | None, recorded_at: str | None, now: datetime
) -> list[Extract]:
    """The files that are meant, in the order of their dates. Raises ValueError, which says what would be right."""
    paths = [path for file in files for path in _inside(file)]
    if not paths:
        raise ValueError(f"there is no extract in {files[0]}: files that end in {', '.join(KINDS)}")
    if as_at is not None:
        day = _read(as_at)
        return [Extract(path, day.isoformat(), recorded_at) for path in paths]
    day_of = {path: _date_in(path.name, dates) for path in paths}
    missing = [path.name for path, day in day_of.items() if day is None]
    if missing:
        right = "say --as-at 2023-10-31, or how the name writes its date, as --dates %d%m%Y"
        raise ValueError(f"{missing[0]} has no date in its name that can be read: {right}")
    dated = sorted((day, path) for path, day in day_of.items() if day is not None)
    return [Extract(path, day.isoformat(), recorded_at or _made(day, now)) for day, path in dated]


def _inside(file: Path) -> list[Path]:
    if not file.is_dir():
        return [file]
    return sorted(path for path in file.iterdir() if path.suffix.lower() in KINDS and path.is_file())


def _read(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--as-at {text} is not a date: right would be 2023-10-31") from None


def _made(day: date, now: datetime) -> str | None:
    """When an extract of a past day was made: at its end. One of today is made now."""
    made = datetime.combine(day, time(23, 59, 59), UTC)
    return made.isoformat().replace("+00:00", "Z") if made < now else None


def _date_in(name: str, dates: str | None) -> date | None:
    """The date in the name of a file; of a month alone its last day."""
    if dates is not None:
        pattern = re.escape(dates)
        for code, digits in FORMATS.items():
            pattern = pattern.replace(re.escape(code), digits)
        match = re.search(pattern, name)
        try:
            parsed = None if match is None else datetime.strptime(match[0], dates).replace(tzinfo=UTC).date()
        except ValueError:
            return None
        return parsed if parsed is None or "%d" in dates else _last_of(parsed)
    if match := DAY.search(name):
        try:
            return date(*map(int, match.groups()))
        except ValueError:
            return None
    if match := MONTH.search(name):
        return _last_of(date(int(match[1]), int(match[2]), 1))
    return None


def _last_of(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
