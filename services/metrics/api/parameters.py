"""The query parameters that several routes share, each declared once, and the models that routes combine.

Invariant: documentation and reading are equally strict, because both come from one declaration: what fits the schema
can be read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from contracts.envelope import format_instant
from contracts.values import AUTHORITY_PATTERN, EARLIEST_DATE, LATEST_DATE
from services.chassis.authentication import Right, authenticated_caller
from services.chassis.problems import Problem
from services.chassis.query import DAY, FLAG, INSTANT, Group, Kind, Parameter, QueryModel, choice, several, whole
from services.metrics.api.formats import Format
from services.metrics.api.query import ReadQuery
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

YEARS = r"(19(4[89]|[5-9][0-9])|20[0-9]{2})"
"""The years from EARLIEST_DATE up to LATEST_DATE."""
NOT_STATED = "not-stated"
"""The parameter's value for a dimension that nobody has stated; in answers it is null."""
TEXT = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""What authorities call their teams, grades, cohorts and the like."""
MOST_ROWS = 1000
"""Rows of one page."""
USUAL_ROWS = 100
MOST_OFFSET = 10_000_000
EVERY_ROW = 2**31
"""More rows than there are."""
LONGEST_WAIT = 120
"""Months for which retention can be asked."""
MOST_ABOVE = 1000
"""Cases above which nobody asks."""


# --- whose ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Authority(Kind[str]):
    """The code of an authority, which the caller must be allowed to read. With `is_one`, `all` cannot be asked for."""

    is_one: bool = False

    def read(self, query: QueryModel, name: str, required: bool) -> str | None:
        """Raises a 403 problem."""
        code = Kind.read(self, query, name, required)
        if code is None:
            return None
        if not authenticated_caller(query.request).may(Right.READ, code):
            raise Problem(403, "not-allowed", "Not allowed", f"This key may not read figures of authority {code}.")
        if code == ALL and self.is_one:
            query.fault(name, "is every authority", "one authority, as 331", ALL)
        return code


def _authority(pattern: str, *, is_one: bool) -> Authority:
    schema = {"type": "string", "pattern": pattern}
    # `all` is read where one is needed, too: a caller who may not ask for all is told so.
    return Authority(schema, "three digits, as 331", _read_authority, "", is_one)


def _read_authority(text: str) -> str | None:
    return text if text == ALL or (len(text) == 3 and text.isascii() and text.isdigit()) else None


AUTHORITY = Parameter(
    "authority",
    "Three-digit code of the authority; `all` for every one there is, with a key for all.",
    _authority(r"^([0-9]{3}|all)$", is_one=False),
    "331",
    required=True,
)
ONE_AUTHORITY = Parameter(
    "authority",
    "Three-digit code of the authority.",
    _authority(AUTHORITY_PATTERN, is_one=True),
    "331",
    required=True,
)


class OfAuthority(ReadQuery):
    """Of one authority, or of all."""

    authority = AUTHORITY


class OfOneAuthority(ReadQuery):
    """Of an authority where only one can be asked for."""

    authority = ONE_AUTHORITY


# --- as known when ----------------------------------------------------------------------------------------------------


class AsKnown(ReadQuery):
    """As known, and as accepted, at an instant."""

    as_known_at = Parameter(
        "as_known_at",
        "What the authority had recorded by then counts; now if left out.",
        INSTANT,
        "2023-11-30T12:00:00Z",
    )
    as_accepted_at = Parameter(
        "as_accepted_at",
        "Only what had also been accepted by this system by then counts: with as_known_at it pins a report, whatever "
        "comes in later. Everything if left out.",
        INSTANT,
    )

    def instants(self) -> dict[str, str]:
        """The instant known and, if the report is pinned, the instant accepted, as answers state them."""
        return instants_json(self.known_at, self.as_accepted_at)


# --- of which time ----------------------------------------------------------------------------------------------------


def _read_census_year(text: str) -> Period | None:
    is_year = text.isascii() and text.isdigit() and len(text) == 4
    return census_year(int(text)) if is_year and EARLIEST_DATE.year < int(text) < LATEST_DATE.year else None


def _read_financial_year(text: str) -> Period | None:
    first, _, second = text.partition("-")
    is_year = len(first) == 4 and len(second) == 2 and (first + second).isascii() and (first + second).isdigit()
    if not is_year or (int(first) + 1) % 100 != int(second):
        return None
    return financial_year(int(first)) if EARLIEST_DATE.year <= int(first) < LATEST_DATE.year - 1 else None


# No examples where one way of giving the time excludes another: documentation tools would fill in all of them.
AS_AT = Parameter(
    "as_at",
    "The date the figure is true for, as 2023-10-31; the day of as_known_at (today) if left out. Of a later date "
    "nothing is known yet: there is a figure only with planned=true.",
    DAY,
)
FIRST = Parameter("from", "First day of the period, as 2023-04-01.", DAY)
LAST = Parameter("to", "Last day of the period, as 2024-03-31.", DAY)
CENSUS_YEAR: Parameter[Period | None] = Parameter(
    "census_year",
    "The year to 30 September of this year, instead of from and to.",
    Kind(
        {"type": "integer", "minimum": 1949, "maximum": 2099},
        "a year as 2023, from 1949 to 2099",
        _read_census_year,
        None,
    ),
)
FINANCIAL_YEAR: Parameter[Period | None] = Parameter(
    "financial_year",
    "The year from 1 April of the first to 31 March of the second, as 2023-24, instead of from and to.",
    Kind(
        {"type": "string", "pattern": rf"^{YEARS}-[0-9]{{2}}$"},
        "two following years as 2023-24",
        _read_financial_year,
        None,
    ),
)
PLANNED = Parameter(
    "planned",
    "`true`: what is recorded for days that are still to come as known then (starts, leavers, posts, payments) "
    "counts too; the answer says `planned` of each such figure. Without it figures of a time to come are null "
    "(`not-yet`), and one that is under way is counted up to the day of as_known_at and `provisional`.",
    FLAG,
)
MONTHS = Parameter("months", "After how many months retention of starters is judged.", whole(1, LONGEST_WAIT, 12), 12)

ABOVE = Parameter(
    "above",
    "Above how many cases a worker has more than the limit, where a measure asks it.",
    whole(0, MOST_ABOVE, 25),
    25,
)


class AsAt(ReadQuery):
    """As at a date."""

    as_at = AS_AT


class OfADay(OfOneAuthority, AsAt, AsKnown):
    """Of one authority, as at a date that had come at the instant known."""

    @property
    def day(self) -> date:
        """The date; if it is left out, the day of the instant known."""
        return self.as_at or self.known_on

    @property
    def report(self) -> tuple[str, datetime, datetime | None]:
        """Of which authority, as known and as accepted when."""
        return self.authority, self.known_at, self.as_accepted_at

    def check(self) -> None:
        """The date must have come."""
        super().check()
        if self.day > self.known_on:
            problem, expected = "is to come, as known then", f"a date up to {self.known_on}"
            self.fault("as_at", problem, expected, self.day.isoformat())

    def facts(self) -> dict[str, str]:
        """Date and instants, as answers say them."""
        return {"as_at": self.day.isoformat()} | self.instants()


class OfATime(ReadQuery):
    """As at a date, or over a period in one of three ways."""

    as_at = AS_AT
    first = FIRST
    last = LAST
    census_year = CENSUS_YEAR
    financial_year = FINANCIAL_YEAR

    def when(self, measure: Measure) -> When:
        """The date or period for which a figure of this measure is asked, as far as it had come."""
        return as_known_on(self._when(measure), self.period(), self.known_on, PLANNED.of(self))

    def _when(self, measure: Measure) -> When:
        return replace(self._time(measure), above=ABOVE.of(self))

    def _time(self, measure: Measure) -> When:
        as_at, period, months = self.as_at, self.period(), MONTHS.of(self)
        if period is None:
            if as_at is None:
                as_at = self.known_on
                self.meant["as_at"] = as_at.isoformat()
            return when_at(measure, as_at, EARLIEST_DATE, months)
        if as_at is not None and not measure.all_time:
            self.fault("as_at", "does not go with a period", "either as_at or a period", as_at.isoformat())
        if not fits(measure, period):
            year = year_to(period.last)
            self.fault("from", f"is not a year before {period.last}", f"{year.first}: {measure.name} is of a year")
        return when_in(measure, period, as_at, months)

    def whens(self, measures: Sequence[Measure], leave_out: bool) -> list[tuple[Measure, When]]:
        """The same for several measures, including days to come, to compare what was known of one time. Measures
        that the period does not fit are left out, or else refused.
        """
        as_at, period = self.as_at, self.period()
        if as_at is not None and period is not None:
            self.fault("as_at", "does not go with a period", "either as_at or a period", as_at.isoformat())
            return []
        fitting = [measure for measure in measures if not leave_out or period is None or fits(measure, period)]
        return [(measure, self._when(measure)) for measure in fitting]

    def period(self) -> Period | None:
        """The period; None if none is asked for, or if it is wrong (which is noted)."""
        given = [name for name in ("from", "census_year", "financial_year") if self.text(name) is not None]
        if self.text("to") is not None and "from" not in given:
            given.append("to")
        if len(given) > 1:
            self.fault(given[1], f"does not go with {given[0]}", "one way of giving the period")
        return self.census_year or self.financial_year or self._from_to()

    def _from_to(self) -> Period | None:
        first, last = self.first, self.last
        if first is None or last is None:
            if (self.text("from") is None) != (self.text("to") is None):
                self.fault("to" if last is None else "from", "is missing", "both from and to, or neither")
            return None
        if first > last:
            self.fault("to", "is before from", f"a date from {first} on", last.isoformat())
            return None
        return Period(first, last)


# --- of what of it ----------------------------------------------------------------------------------------------------


def _value_of(name: str) -> Kind[str]:
    if name in CODED:
        schema = {"type": "string", "enum": [*CODED[name], NOT_STATED]}
        expected = f"{NOT_STATED}, or one of {', '.join(CODED[name])}"
        return Kind(schema, expected, lambda text: text if text in (*CODED[name], NOT_STATED) else None, "")
    expected = "up to 64 letters, digits, dots, underscores and hyphens"
    schema = {"type": "string", "pattern": TEXT}
    return Kind(schema, expected, lambda text: text if re.fullmatch(TEXT, text) else None, "")


BY = Parameter(
    "by",
    "Dimensions to break the figure down by; repeat, or join by commas.",
    # Which of them there are the measure says.
    several({"type": "string", "enum": list(EVERY_DIMENSION)}, "", lambda name: True),
    ["role"],
)
SCOPE = Parameter(
    "scope",
    "Which posts count: all, or those of the CSWW census. CSWW rates are of the census always.",
    choice(Scope, Scope.ALL),
    "all",
)


def of_dimensions(names: Sequence[str]) -> Group[str]:
    """The parameters that choose which values of these dimensions count."""
    return Group(
        [
            Parameter(name, f"Only this value, or {NOT_STATED}. {EVERY_DIMENSION[name].meaning}", _value_of(name))
            for name in names
        ]
    )


class Filtered(ReadQuery):
    """Only of some values of dimensions."""

    def filters(self, measure: Measure) -> dict[str, Any]:
        """The values of dimensions that count; None as a value means: not stated."""
        known, filters = dimensions_of(measure), dict[str, Any]()
        for name in EVERY_DIMENSION:
            if name not in self.values:
                continue
            if name not in known:
                self.fault(name, f"is not a dimension of {measure.name}", f"one of {', '.join(known)}")
                continue
            text = self.values[name]
            filters[name] = None if text == NOT_STATED else EVERY_DIMENSION[name].read(text)
        return filters


class BrokenDown(ReadQuery):
    """By dimensions."""

    by = BY


class Counted(Filtered):
    """What of a measure counts."""

    scope = SCOPE
    planned = PLANNED
    months = MONTHS
    above = ABOVE
    only = of_dimensions(list(EVERY_DIMENSION))

    def dimensions(self, measure: Measure) -> tuple[str, ...]:
        """By what the figure is broken down."""
        names, known = BY.of(self), dimensions_of(measure)
        for name in names:
            if name not in known:
                expected = f"for {measure.name} one or more of {', '.join(known)}"
                self.fault("by", "cannot be read", expected, name, known)
        return names


class Paged(ReadQuery):
    """A page of the rows."""

    limit = Parameter(
        "limit", "How many rows to give, of JSON: a file holds every row.", whole(1, MOST_ROWS, USUAL_ROWS), 100
    )
    offset = Parameter("offset", "How many rows to pass over, of JSON.", whole(0, MOST_OFFSET, 0), 0)

    def page(self) -> tuple[int, int]:
        """How many rows to give, and how many to skip: for JSON a page, for a file every row."""
        return (self.limit, self.offset) if self.format is Format.JSON else (EVERY_ROW, 0)


# --- what answers say of it -------------------------------------------------------------------------------------------


def instants_json(as_known_at: datetime, as_accepted_at: datetime | None) -> dict[str, str]:
    """The instant known and, if the report is pinned, the instant accepted, as answers state them."""
    accepted = {} if as_accepted_at is None else {"as_accepted_at": format_instant(as_accepted_at)}
    return {"as_known_at": format_instant(as_known_at)} | accepted
