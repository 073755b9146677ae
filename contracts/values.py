"""Value types that several events share: identifiers, full-time equivalents, dates and instants.

Invariant: an identifier is a pseudonymous token without spaces, so that no name of a person fits into it. One value
alone is free text: `Title`, which is published.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    WithJsonSchema,
)

TOKEN_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"  # noqa: S105  (an identifier's pattern, not a secret)
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+){0,15}$"
AUTHORITY_PATTERN = r"^[0-9]{3}$"
TITLE_PATTERN = r"^[A-Za-z0-9£]([A-Za-z0-9 £%&'(),./:-]*[A-Za-z0-9£%).])?$"
LONGEST_TITLE = 60

PATTERNS_IN_WORDS = {
    TOKEN_PATTERN: "an identifier: 1 to 64 letters, digits, dots, underscores and hyphens, the first a letter or digit",
    SLUG_PATTERN: "up to 16 lower-case words joined by hyphens, as mash-and-assessment",
    AUTHORITY_PATTERN: "the authority's three-digit code, as 331",
    TITLE_PATTERN: "one line of letters, digits, spaces and £ % & ' ( ) , . / : -, as Retention payment",
}
"""What a value of each pattern looks like, for the person whose value does not."""

Token = Annotated[
    str,
    Field(
        pattern=TOKEN_PATTERN,
        description="An identifier: 1 to 64 letters, digits, dots, underscores and hyphens; never a person's name.",
        examples=["P-0001"],
    ),
]
"""An identifier given by the authority's own systems."""

PostId = Token
WorkerId = Token
CohortId = Token
CampaignId = Token
CoverId = Token
PanelId = Token

Slug = Annotated[
    str,
    Field(
        pattern=SLUG_PATTERN,
        max_length=64,
        description="A lower-case name of a team, service area, grade or office, words joined by hyphens.",
        examples=["mash-and-assessment"],
    ),
]
"""A team, service area, grade or office, as the authority calls it."""

Title = Annotated[
    str,
    Field(
        pattern=TITLE_PATTERN,
        max_length=LONGEST_TITLE,
        description="Words that are published as they stand, on charts and pages: never a person's name.",
        examples=["Retention payment"],
    ),
]
"""The only free text of an event: short, on one line, without what could be taken for markup or an address of mail.

That it names no person cannot be checked here; the sender answers for that, and can correct it.
"""

AuthorityCode = Annotated[
    str,
    Field(
        pattern=AUTHORITY_PATTERN,
        description="The authority's three-digit code, as in DfE collections (331 is Coventry).",
        examples=["331"],
    ),
]


def _is_a_json_number(value: object) -> object:
    # pydantic would read a string as a number; a JSON number reaches it as a float, so it is not strict.
    if isinstance(value, str):
        raise ValueError("must be a JSON number, without quotes")
    return value


def _number(value: Decimal) -> float | int:
    return int(value) if value == value.to_integral_value() else float(value)


def _number_schema(description: str, decimals: int, **bounds: int) -> WithJsonSchema:
    # JSON Schema has `multipleOf`, but 0.1 is no multiple of 0.000001 in binary: the decimals stand beside it.
    words = f"{description}; at most {decimals} decimal{'' if decimals == 1 else 's'}."
    return WithJsonSchema({"type": "number", **bounds, "x-decimals": decimals, "description": words})


Fte = Annotated[
    Decimal,
    Field(ge=0, le=1, decimal_places=6),
    Strict(False),
    BeforeValidator(_is_a_json_number),
    PlainSerializer(_number, when_used="json"),
    _number_schema("Full-time equivalent of one worker, 0 to 1", 6, minimum=0, maximum=1),
]
"""Full-time equivalent of one worker, 0 to 1, at most 6 decimals (CSWW's format for FTE)."""

FundedFte = Annotated[
    Decimal,
    Field(gt=0, le=999, decimal_places=6),
    Strict(False),
    BeforeValidator(_is_a_json_number),
    PlainSerializer(_number, when_used="json"),
    _number_schema("Full-time equivalent a post is funded for, above 0", 6, exclusiveMinimum=0, maximum=999),
]
"""Full-time equivalent that a post is funded for: above 0; above 1 where HR keeps one position for several people."""

Pounds = Annotated[
    Decimal,
    Field(ge=0, le=1_000_000, decimal_places=2),
    Strict(False),
    BeforeValidator(_is_a_json_number),
    PlainSerializer(_number, when_used="json"),
    _number_schema("Pounds sterling", 2, minimum=0, maximum=1_000_000),
]
"""An amount in pounds sterling, at most 2 decimals."""

WorkingDays = Annotated[
    Decimal,
    Strict(False),
    BeforeValidator(_is_a_json_number),
    Field(ge=0, le=366, decimal_places=1),
    PlainSerializer(_number, when_used="json"),
    _number_schema("Working days", 1, minimum=0, maximum=366),
]
"""Working days, at most 1 decimal (CSWW's format for WorkingDaysLost)."""


def _whole(value: object) -> object:
    # To JSON Schema 3.0 is an integer, and some systems write every number with a decimal point.
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Beside an int: a JSON integer, however it is written."""

Count = Annotated[
    int, Field(ge=0, le=1_000_000, description="A whole number of people, cases or registrations."), WHOLE
]
"""A whole number of people, cases or registrations."""

EARLIEST_DATE = date(1948, 1, 1)
LATEST_DATE = date(2100, 1, 1)


def _is_written_as_a_date(value: object) -> object:
    # pydantic would read 1698710400, with and without quotes, as seconds since 1970, and so as a date.
    if not isinstance(value, date) and not (isinstance(value, str) and len(value) == 10 and value[4] == "-"):
        raise ValueError("must be a date as 2023-10-31")
    return value


def _within_a_working_lifetime(value: date) -> date:
    # A mistyped year (0202, 20230) would otherwise stretch a timeline over centuries.
    if not EARLIEST_DATE <= value < LATEST_DATE:
        raise ValueError(f"must be a date from {EARLIEST_DATE} and before {LATEST_DATE}")
    return value


EffectiveDate = Annotated[
    date,
    Strict(False),
    BeforeValidator(_is_written_as_a_date),
    AfterValidator(_within_a_working_lifetime),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date",
            # JSON Schema has no range for dates: the years from EARLIEST_DATE up to LATEST_DATE.
            "pattern": r"^(19(4[89]|[5-9][0-9])|20[0-9]{2})-[0-9]{2}-[0-9]{2}$",
            "description": f"A date as 2023-10-31, from {EARLIEST_DATE} and before {LATEST_DATE}.",
        }
    ),
]
"""A date on which something is true in the world (valid time), as YYYY-MM-DD."""


_DAY = r"(19(4[89]|[5-9][0-9])|20[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
DATE_PATTERN = rf"^{_DAY}$"
"""A date from EARLIEST_DATE and before LATEST_DATE; that the month has so many days, its format says."""
INSTANT_PATTERN = rf"^{_DAY}[Tt]{_CLOCK}:[0-5][0-9](\.[0-9]{{1,9}})?([Zz]|[+-]{_CLOCK})$"
"""An instant of those years with its offset, as RFC 3339 writes it."""


def _as_utc(value: datetime) -> datetime:
    # Systems write their smallest or largest instant where they have none, and databases keep those as infinity. An
    # instant is within the years as it is written and in UTC: it is written in UTC from here on, and checked again.
    years = range(EARLIEST_DATE.year, LATEST_DATE.year)
    if value.year in years:
        instant = value if value.tzinfo is UTC else value.astimezone(UTC)
        if instant.year in years:
            return instant
    raise ValueError(f"must be an instant from {EARLIEST_DATE} and before {LATEST_DATE}, in UTC too")


Instant = Annotated[AwareDatetime, AfterValidator(_as_utc)]
"""A moment with its offset from UTC, kept in UTC, as RFC 3339."""

LARGEST_SEQUENCE = 2**63 - 1
"""The largest position in a journal: PostgreSQL's bigint."""


def _is_a_position_in_a_journal(value: str) -> str:
    if int(value) > LARGEST_SEQUENCE:
        raise ValueError(f"must be a whole number from 1 to {LARGEST_SEQUENCE}")
    return value


Sequence64 = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,18}$"), AfterValidator(_is_a_position_in_a_journal)]
"""A position in a journal, from 1 on."""


class Contract(BaseModel):
    """Base of all parts of an event: a field it does not know is refused by name, values are never coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
