"""Value types that several events share: identifiers, full-time equivalents, dates and instants.

Invariant: an identifier is a pseudonymous token without spaces, so that no name of a person fits into it.
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
        pattern=r"^[a-z0-9]+(-[a-z0-9]+){0,15}$",
        max_length=64,
        description="A lower-case name of a team, service area or grade, words joined by hyphens.",
        examples=["mash-and-assessment"],
    ),
]
"""A team, service area or grade, as the authority calls it."""

AuthorityCode = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{3}$",
        description="The authority's three-digit code, as in DfE collections (331 is Coventry).",
        examples=["331"],
    ),
]


def _is_a_json_number(value: object) -> object:
    # pydantic would read a string or a boolean as a number; a JSON number reaches it as a float, so it is not strict.
    if isinstance(value, str | bool):
        raise ValueError("must be a JSON number, without quotes")
    return value


def _number(value: Decimal) -> float | int:
    return int(value) if value == value.to_integral_value() else float(value)


def _number_schema(minimum: int, maximum: int, decimals: int) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "number", "minimum": minimum, "maximum": maximum, "description": f"At most {decimals} decimals."}
    )


Fte = Annotated[
    Decimal,
    Field(ge=0, le=1, decimal_places=6),
    Strict(False),
    BeforeValidator(_is_a_json_number),
    PlainSerializer(_number, when_used="json"),
    _number_schema(0, 1, 6),
]
"""Full-time equivalent of one worker, 0 to 1, at most 6 decimals (CSWW's format for FTE)."""

FundedFte = Annotated[
    Decimal,
    Field(gt=0, le=999, decimal_places=6),
    Strict(False),
    BeforeValidator(_is_a_json_number),
    PlainSerializer(_number, when_used="json"),
    _number_schema(0, 999, 6),
]
"""Full-time equivalent that a post is funded for: above 0; above 1 where HR keeps one position for several people."""

Pounds = Annotated[
    Decimal,
    Field(ge=0, le=1_000_000, decimal_places=2),
    Strict(False),
    BeforeValidator(_is_a_json_number),
    PlainSerializer(_number, when_used="json"),
    _number_schema(0, 1_000_000, 2),
]
"""An amount in pounds sterling, at most 2 decimals."""

WorkingDays = Annotated[
    Decimal,
    Strict(False),
    BeforeValidator(_is_a_json_number),
    Field(ge=0, le=366, decimal_places=1),
    PlainSerializer(_number, when_used="json"),
    _number_schema(0, 366, 1),
]
"""Working days, at most 1 decimal (CSWW's format for WorkingDaysLost)."""

Count = Annotated[int, Field(ge=0, le=1_000_000)]
"""A whole number of people, cases or registrations."""

EARLIEST_DATE = date(1948, 1, 1)
LATEST_DATE = date(2100, 1, 1)


def _within_a_working_lifetime(value: date) -> date:
    # A mistyped year (0202, 20230) would otherwise stretch a timeline over centuries.
    if not EARLIEST_DATE <= value < LATEST_DATE:
        raise ValueError(f"must be a date from {EARLIEST_DATE} and before {LATEST_DATE}")
    return value


EffectiveDate = Annotated[date, AfterValidator(_within_a_working_lifetime)]
"""A date on which something is true in the world (valid time), as YYYY-MM-DD."""


def _as_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_as_utc)]
"""A moment with its offset from UTC, kept in UTC, as RFC 3339."""


class Contract(BaseModel):
    """Base of all that stands in an event: a field it does not know is refused by name, values are never coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
