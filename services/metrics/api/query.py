"""What requests ask for: the query parameters that `parameters.py` declares, read.

Invariant: a parameter that is unknown or cannot be read is refused by name, with what would be right; all that is wrong
with a request is told at once. (A misspelt as_known_at that is passed over would give the figure as known now.)
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from fastapi import Request

from contracts.envelope import format_instant
from contracts.values import AUTHORITY_PATTERN, DATE_PATTERN, EARLIEST_DATE, INSTANT_PATTERN, LATEST_DATE
from services.chassis.authentication import Right, authenticated_caller
from services.chassis.problems import Problem
from services.chassis.runtime import runtime_of
from services.metrics.api.formats import Format, Sheet, format_by_path_or_header
from services.metrics.api.parameters import (
    ACCEPTED,
    FORMAT,
    IN_WORDS_DATE,
    IN_WORDS_INSTANT,
    KNOWN_AT,
    LONGEST_WAIT,
    MOST_OFFSET,
    MOST_ROWS,
    NOT_STATED,
    OF_FORMAT,
    SHEET,
    TEXT,
    USUAL_ROWS,
    Parameter,
)
from services.metrics.figures.age import is_stale
from services.metrics.figures.periods import (
    Period,
    as_known_on,
    census_year,
    financial_year,
    fits,
    when_at,
    when_in,
    year_to,
)
from services.metrics.measures.catalogue import CODED, dimensions_of
from services.metrics.measures.declaration import Measure, When
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.read_models.authorities import ALL
from services.metrics.snapshot.employment import Scope

Value = TypeVar("Value")

EVERY_ROW = 2**31
"""More rows than there are."""


class QueryReader:
    """The query parameters of one request, read one by one; `raise_if_invalid` refuses the request if any was wrong."""

    def __init__(self, request: Request, *names: str, also: Sequence[Parameter] = ()) -> None:
        self.request = request
        self.now = datetime.now(UTC)
        self._faults: list[dict[str, str]] = []
        self._time_read: tuple[int, date | None, Period | None] | None = None
        self.meant: dict[str, str] = {}
        """What was meant by parameters that were left out, as far as it moves with the time of asking."""
        # Who asks can choose a format; who sends something cannot.
        of_format = () if request.scope.get("method") == "POST" else OF_FORMAT
        self.names = (*names, *(parameter.name for parameter in (*also, *of_format)))
        self.pins = tuple(name for name in self.names if name in ACCEPTED)
        """The parameters that pin what events answer; none where events do not answer."""
        self.recorded_until: datetime | None = None
        """The time of the newest record that the answer knows of, once it is being worked out (`computing.py`)."""
        request.state.question = self
        # Before anything is read: what is read afterwards is complete at least up to then.
        self._complete_until = runtime_of(request).watermarks.complete_until if self.pins else None
        expected = f"one of {', '.join(self.names)}" if self.names else "no parameter"
        for name in request.query_params:
            if name not in self.names:
                self.fault(name, "is not a parameter", expected)
        self.format = Format(self.choice(FORMAT.name, list(Format), format_by_path_or_header(request)))
        self.sheet = Sheet(self.choice(SHEET.name, list(Sheet), Sheet.DATA))

    def fault(self, field: str, problem: str, expected: str, value: str | None = None) -> None:
        """Note something wrong, once, however often it is read."""
        found = {"field": field, "problem": problem, "expected": expected}
        found |= {} if value is None else {"value": value[:80]}
        if found not in self._faults:
            self._faults.append(found)

    def raise_if_invalid(self) -> None:
        """Raises a 422 problem that tells everything that was wrong."""
        if self._faults:
            detail = "; ".join(f"{fault['field']} {fault['problem']}: {fault['expected']}" for fault in self._faults)
            raise Problem(422, "request-refused", "The request is not as described", detail, faults=self._faults)

    def text(self, name: str) -> str | None:
        """A parameter as it came; None where it is left out. Given twice or empty, it is refused."""
        values = self.request.query_params.getlist(name)
        if len(values) > 1:
            self.fault(name, "is given more than once", "one value")
        if values and not values[-1]:
            self.fault(name, "is empty", f"a value, or no {name} at all")
        return values[-1] or None if values else None

    def read(
        self, name: str, reader: Callable[[str], Value | None], expected: str, needed: bool = False
    ) -> Value | None:
        """A parameter as `reader` reads it, which gives None for what it cannot read."""
        text = self.text(name)
        if text is None:
            if needed and name not in self.request.query_params:
                self.fault(name, "is missing", expected)
            return None
        value = reader(text)
        if value is None:
            self.fault(name, "cannot be read", expected, text)
        return value

    def day(self, name: str, needed: bool = False) -> date | None:
        """A date."""
        return self.read(name, read_date, IN_WORDS_DATE, needed)

    def instant(self, name: str, needed: bool = False) -> datetime | None:
        """An instant, in UTC."""
        return self.read(name, read_instant, IN_WORDS_INSTANT, needed)

    def matching(self, name: str, pattern: str, expected: str, needed: bool = False) -> str | None:
        """Text of a pattern."""
        # fullmatch: $ also matches before a line break at the end.
        return self.read(name, lambda text: text if re.fullmatch(pattern, text) else None, expected, needed)

    def whole(self, name: str, least: int, most: int, usual: int) -> int:
        """A whole number."""

        def reader(text: str) -> int | None:
            fits = text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most
            return int(text) if fits else None

        found = self.read(name, reader, f"a whole number from {least} to {most}")
        return usual if found is None else found

    def choice(self, name: str, choices: Sequence[str], usual: str = "", needed: bool = False) -> str:
        """One of some words."""
        expected = f"one of {', '.join(choices)}"
        return self.read(name, lambda text: text if text in choices else None, expected, needed) or usual

    def several(self, name: str) -> tuple[str, ...]:
        """Words, repeated or joined by commas, each once; an empty one is refused."""
        words = [word for text in self.request.query_params.getlist(name) for word in text.split(",")]
        if not all(words):
            self.fault(name, "holds an empty value", f"one or more values, with a comma between, or no {name} at all")
        return tuple(dict.fromkeys(word for word in words if word))

    def codes(self, name: str, expected: str, besides: str) -> tuple[str, ...]:
        """Three-digit codes of authorities, repeated or joined by commas, each once; `besides` is none of them."""
        found = self.several(name)
        for code in found:
            if not re.fullmatch(AUTHORITY_PATTERN, code) or code == besides:
                self.fault(name, "cannot be read", expected, code)
        return found

    def authority(self) -> str:
        """The authority, which the caller must be allowed to read. Raises a 403 problem."""
        caller = authenticated_caller(self.request)
        text = self.text("authority")
        reads = text == ALL or (text is not None and len(text) == 3 and text.isascii() and text.isdigit())
        if text is None or not reads:
            if text is not None:
                self.fault("authority", "cannot be read", "three digits, as 331", text)
            elif "authority" not in self.request.query_params:
                self.fault("authority", "is missing", "three digits, as 331")
            return ""
        if not caller.may(Right.READ, text):
            detail = f"This key may not read figures of authority {text}."
            raise Problem(403, "not-allowed", "Not allowed", detail)
        return text

    def one_authority(self) -> str:
        """The same where only one can be asked for."""
        authority = self.authority()
        if authority == ALL:
            self.fault("authority", "is every authority", "one authority, as 331", ALL)
        return authority

    def as_known_at(self) -> datetime:
        """The instant as known at which; now where it is left out."""
        return self.instant("as_known_at") or self.now

    def latest_known_at(self) -> datetime:
        """The instant as known at which; of two reports the later."""
        return max((self.instant(name) or self.now for name in KNOWN_AT if name in self.names), default=self.now)

    def latest_accepted_at(self) -> datetime | None:
        """The instant that pins the report, of two reports the later; None where it is not pinned."""
        accepted = [instant for name in self.pins if (instant := self.instant(name)) is not None]
        return max(accepted) if accepted and len(accepted) == len(self.pins) else None

    def known_on(self) -> date:
        """The day of that instant (UTC), or today, if that is earlier: what comes later is still to come."""
        return min(self.as_known_at(), self.now).date()

    def past_day(self, name: str) -> date:
        """A date that had come as known then; the day itself where it is left out."""
        day, known_on = self.day(name), self.known_on()
        if day is not None and day > known_on:
            self.fault(name, "is to come, as known then", f"a date up to {known_on}", day.isoformat())
        return day or known_on

    def planned(self) -> bool:
        """Whether what was recorded for days to come counts."""
        return self.choice("planned", ("true", "false"), "false") == "true"

    def complete_until(self) -> datetime | None:
        """Everything that was accepted before has arrived and was derived; None while that cannot be said.

        A report that is pinned by acceptance is told of nothing later: what it says stays, once all of it has arrived.
        """
        accepted = self.latest_accepted_at()
        if self._complete_until is None or accepted is None:
            return self._complete_until
        return min(self._complete_until, accepted)

    def is_stale(self, day: date) -> bool:
        """Whether a figure of this day is stale, by the newest record that the answer knows of."""
        return is_stale(self.recorded_until, day, min(self.latest_known_at(), self.now))

    def when(self, measure: Measure) -> When:
        """The date or period a figure of this measure is asked for, as far as it had come."""
        return as_known_on(self._when(measure), self._time()[2], self.known_on(), self.planned())

    def _when(self, measure: Measure) -> When:
        months, as_at, period = self._time()
        if period is None:
            if as_at is None:
                as_at = self.known_on()
                self.meant["as_at"] = as_at.isoformat()
            return when_at(measure, as_at, EARLIEST_DATE, months)
        if as_at is not None and not measure.all_time:
            self.fault("as_at", "does not go with a period", "either as_at or a period", as_at.isoformat())
        if not fits(measure, period):
            year = year_to(period.last)
            self.fault("from", f"is no year before {period.last}", f"{year.first}: {measure.name} is of a year")
        return when_in(measure, period, as_at, months)

    def whens(self, measures: Sequence[Measure], leave_out: bool) -> list[tuple[Measure, When]]:
        """The same for several measures, days to come among them, for who compares what was known of one time; those
        that the period does not fit are left out, or else refused.
        """
        _, as_at, period = self._time()
        if as_at is not None and period is not None:
            self.fault("as_at", "does not go with a period", "either as_at or a period", as_at.isoformat())
            return []
        fitting = [measure for measure in measures if not leave_out or period is None or fits(measure, period)]
        return [(measure, self._when(measure)) for measure in fitting]

    def _time(self) -> tuple[int, date | None, Period | None]:
        if self._time_read is None:
            self._time_read = self.whole("months", 1, LONGEST_WAIT, 12), self.day("as_at"), self._period()
        return self._time_read

    def _period(self) -> Period | None:
        first, last = self.day("from"), self.day("to")
        census = self.read("census_year", _read_census_year, "a year as 2023, from 1949 to 2099")
        financial = self.read("financial_year", _read_financial_year, "two following years as 2023-24")
        given = [name for name in ("from", "census_year", "financial_year") if self.text(name) is not None]
        if self.text("to") is not None and "from" not in given:
            given.append("to")
        if len(given) > 1:
            self.fault(given[1], f"does not go with {given[0]}", "one way of giving the period")
        if census or financial:
            return census or financial
        if first is None and last is None:
            return None
        if first is None or last is None:
            if (self.text("from") is None) != (self.text("to") is None):
                self.fault("to" if last is None else "from", "is missing", "both from and to, or neither")
            return None
        if first > last:
            self.fault("to", "is before from", f"a date from {first} on", last.isoformat())
            return None
        return Period(first, last)

    def dimensions(self, measure: Measure) -> tuple[str, ...]:
        """By what the figure is broken down."""
        names, known = self.several("by"), dimensions_of(measure)
        for name in names:
            if name not in known:
                self.fault("by", "cannot be read", f"for {measure.name} one or more of {', '.join(known)}", name)
        return names

    def filters(self, measure: Measure) -> dict[str, Any]:
        """Only which values of dimensions count; None: only where it is not stated."""
        known, found = dimensions_of(measure), dict[str, Any]()
        for name in EVERY_DIMENSION:
            text = self.text(name)
            if text is None:
                continue
            if name not in known:
                self.fault(name, f"is no dimension of {measure.name}", f"one of {', '.join(known)}")
            elif text == NOT_STATED:
                found[name] = None
            elif name in CODED and text not in CODED[name]:
                self.fault(name, "cannot be read", f"{NOT_STATED}, or one of {', '.join(CODED[name])}", text)
            elif not re.fullmatch(TEXT, text):
                self.fault(name, "cannot be read", "up to 64 letters, digits, dots, underscores and hyphens", text)
            else:
                found[name] = EVERY_DIMENSION[name].read(text)
        return found

    def scope(self) -> Scope:
        """Which posts count."""
        return Scope(self.choice("scope", list(Scope), Scope.ALL))

    def page(self) -> tuple[int, int]:
        """How many rows to give, and how many to pass over: of JSON a page, of a file every row."""
        page = self.whole("limit", 1, MOST_ROWS, USUAL_ROWS), self.whole("offset", 0, MOST_OFFSET, 0)
        return page if self.format is Format.JSON else (EVERY_ROW, 0)


def read_date(text: str) -> date | None:
    """A date as 2023-10-31, of the years that the pattern takes in; None for anything else."""
    try:
        return date.fromisoformat(text) if re.fullmatch(DATE_PATTERN, text) else None
    except ValueError:
        return None


def read_instant(text: str) -> datetime | None:
    """An instant with its offset, in UTC; None for anything else."""
    # A plus sign that was not escaped arrives as a space.
    text = text.replace(" ", "+")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC) if re.fullmatch(INSTANT_PATTERN, text) else None
    except ValueError:
        return None


def _read_census_year(text: str) -> Period | None:
    is_year = text.isascii() and text.isdigit() and len(text) == 4
    return census_year(int(text)) if is_year and EARLIEST_DATE.year < int(text) < LATEST_DATE.year else None


def _read_financial_year(text: str) -> Period | None:
    first, _, second = text.partition("-")
    is_year = len(first) == 4 and len(second) == 2 and (first + second).isascii() and (first + second).isdigit()
    if not is_year or (int(first) + 1) % 100 != int(second):
        return None
    return financial_year(int(first)) if EARLIEST_DATE.year <= int(first) < LATEST_DATE.year - 1 else None


def said(instant: datetime) -> str:
    """An instant as answers say it."""
    return format_instant(instant)


def no_such_authority(authority: str, as_known_at: datetime, as_accepted_at: datetime | None) -> Problem:
    """The 404 problem of an authority of which nothing was known: that is no 0."""
    accepted = "" if as_accepted_at is None else f" and accepted at {said(as_accepted_at)}"
    detail = f"No event of authority {authority} was known at {said(as_known_at)}{accepted}."
    return Problem(404, "no-such-authority", "Nothing is known of this authority", detail)
