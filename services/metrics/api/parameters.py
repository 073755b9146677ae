"""The query parameters that requests may have, each declared once: its name, its meaning, its schema.

Invariant: the documentation is as strict as the reading in `query.py`: what a schema lets pass can be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.values import AUTHORITY_PATTERN, DATE_PATTERN, EARLIEST_DATE, INSTANT_PATTERN, LATEST_DATE
from services.metrics.api.formats import NAME, Format, Sheet
from services.metrics.figures.periods import Every
from services.metrics.measures.catalogue import CODED
from services.metrics.measures.dimensions import EVERY_DIMENSION
from services.metrics.snapshot.employment import Scope

YEARS = r"(19(4[89]|[5-9][0-9])|20[0-9]{2})"
"""The years from EARLIEST_DATE up to LATEST_DATE."""
NOT_STATED = "not-stated"
"""The value of a dimension that nobody has stated: null in answers."""
TEXT = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""What authorities call their teams, grades, cohorts and the like."""
MOST_ROWS = 1000
"""Rows of one page."""
USUAL_ROWS = 100
MOST_OFFSET = 10_000_000
LONGEST_WAIT = 120
"""Months for which retention can be asked."""


DATE = {"type": "string", "format": "date", "pattern": DATE_PATTERN}
INSTANT = {"type": "string", "format": "date-time", "pattern": INSTANT_PATTERN}
IN_WORDS_DATE = f"a date as 2023-10-31, from {EARLIEST_DATE} and before {LATEST_DATE}"
IN_WORDS_INSTANT = "an instant with its offset, as 2023-11-30T12:00:00Z"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter as the documentation shows it."""

    name: str
    meaning: str
    schema: Mapping[str, Any]
    example: Any = None
    required: bool = False

    def documented(self) -> dict[str, Any]:
        """The parameter object of OpenAPI."""
        found: dict[str, Any] = {
            "name": self.name,
            "in": "query",
            "description": self.meaning,
            "required": self.required,
            "schema": dict(self.schema),
        }
        if self.schema.get("type") == "array":
            found |= {"style": "form", "explode": False, "schema": {**self.schema, "minItems": 1}}
        return found if self.example is None else found | {"example": self.example}


def _value_of(dimension: str) -> dict[str, Any]:
    if dimension in CODED:
        return {"type": "string", "enum": [*CODED[dimension], NOT_STATED]}
    return {"type": "string", "pattern": TEXT}


def _whole(least: int, most: int, usual: int | None = None) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most} | ({} if usual is None else {"default": usual})


_DECLARED = (
    Parameter(
        "authority",
        "Three-digit code of the authority; `all` for every one there is, with a key for all.",
        {"type": "string", "pattern": r"^([0-9]{3}|all)$"},
        "331",
        required=True,
    ),
    # No examples where one way of giving the time excludes another: documentation tools would fill in all of them.
    Parameter(
        "as_at",
        "The date the figure is true for, as 2023-10-31; the day of as_known_at (today) if left out. Of a later date "
        "nothing is known yet: there is a figure only with planned=true.",
        DATE,
    ),
    Parameter("from", "First day of the period, as 2023-04-01.", DATE),
    Parameter("to", "Last day of the period, as 2024-03-31.", DATE),
    Parameter("census_year", "The year to 30 September of this year, instead of from and to.", _whole(1949, 2099)),
    Parameter(
        "financial_year",
        "The year from 1 April of the first to 31 March of the second, as 2023-24, instead of from and to.",
        {"type": "string", "pattern": rf"^{YEARS}-[0-9]{{2}}$"},
    ),
    Parameter(
        "as_known_at",
        "What the authority had recorded by then counts; now if left out.",
        INSTANT,
        "2023-11-30T12:00:00Z",
    ),
    Parameter(
        "as_accepted_at",
        "Only what had also been accepted by this system by then counts: with as_known_at it pins a report, whatever "
        "comes in later. Everything if left out.",
        INSTANT,
    ),
    Parameter(
        "by",
        "Dimensions to break the figure down by; repeat, or join by commas.",
        {"type": "array", "items": {"type": "string", "enum": list(EVERY_DIMENSION)}},
        ["role"],
    ),
    Parameter(
        "scope",
        "Which posts count: all, or those of the CSWW census. CSWW rates are of the census always.",
        {"type": "string", "enum": list(Scope), "default": Scope.ALL.value},
        "all",
    ),
    Parameter(
        "planned",
        "`true`: what is recorded for days that are still to come as known then (starts, leavers, posts, payments) "
        "counts too; the answer says `planned` of each such figure. Without it figures of a time to come are null "
        "(`not-yet`), and one that is under way is counted up to the day of as_known_at and `provisional`.",
        {"type": "boolean", "default": False},
    ),
    Parameter("months", "After how many months retention of starters is judged.", _whole(1, LONGEST_WAIT, 12), 12),
    Parameter(
        "every", "How often a series has a point.", {"type": "string", "enum": list(Every), "default": "month"}, "month"
    ),
    Parameter(
        "limit", "How many rows to give, of JSON: a file holds every row.", _whole(1, MOST_ROWS, USUAL_ROWS), 100
    ),
    Parameter("offset", "How many rows to pass over, of JSON.", _whole(0, MOST_OFFSET, 0), 0),
    *(
        Parameter(name, f"Only this value, or {NOT_STATED}. {dimension.meaning}", _value_of(name))
        for name, dimension in EVERY_DIMENSION.items()
    ),
)

PARAMETERS: dict[str, Parameter] = {parameter.name: parameter for parameter in _DECLARED}
"""Every parameter that several routes share, by name."""

ONE_AUTHORITY = Parameter(
    "authority", "Three-digit code of the authority.", {"type": "string", "pattern": AUTHORITY_PATTERN}, "331", True
)
"""The authority where only one can be asked for."""

FORMAT = Parameter(
    NAME,
    "How to answer. It goes before what the header Accept says; a path that ends in .csv or .xlsx says so too. A file "
    "is always whole: limit and offset are for JSON. xlsx is an Excel workbook with the sheets that CSV has as two "
    "files.",
    {"type": "string", "enum": list(Format)},
)
SHEET = Parameter(
    "sheet",
    "Of CSV: `data`, the rows; or `about`, what they are (measure, definition, unit, dates, instants, totals), a line "
    "each. JSON and workbooks hold both, and pass it over.",
    {"type": "string", "enum": list(Sheet)},
)
OF_FORMAT = (FORMAT, SHEET)
"""What every question can say of the format of its answer."""

PERIOD = ("as_at", "from", "to", "census_year", "financial_year")
KNOWN = ("as_known_at", "as_accepted_at")
KNOWN_AT = ("as_known_at", "from_known", "to_known")
"""What says as known at which instant; of two reports, for each."""
ACCEPTED = ("as_accepted_at", "from_accepted", "to_accepted")
"""What pins a report. Only questions that events answer can have them."""
FIGURE = ("authority", *PERIOD, *KNOWN, "by", "scope", "planned", "months", *EVERY_DIMENSION)
"""What determines a figure."""
PAGE = ("limit", "offset")


def documented(*names: str, also: Sequence[Parameter] = ()) -> dict[str, Any]:
    """What a question adds to its operation in OpenAPI: parameters by name, its own (of one name, these stand), and
    those of the format.
    """
    declared = {item.name: item for item in (*(PARAMETERS[name] for name in names), *also, *OF_FORMAT)}
    return {"parameters": [item.documented() for item in declared.values()]}
