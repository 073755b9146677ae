"""The words of a mapping file for one field: from which column it is read, and how.

Invariant: each field is written short, as the name of a column, or long, with what there is to say. Both mean the same.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema


class Words(BaseModel):
    """Base of all parts of a mapping: a word that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_names(value: object) -> object:
    return (value,) if isinstance(value, str) else value


ONE_OR_SEVERAL: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Texts = Annotated[tuple[str, ...], BeforeValidator(_as_names), WithJsonSchema(ONE_OR_SEVERAL)]
"""A text, or a list of some."""
Names = Annotated[tuple[str, ...], BeforeValidator(_as_names), Field(min_length=1), WithJsonSchema(ONE_OR_SEVERAL)]
"""A name, or a list of some."""


def _short_or_long(schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
    """The schema of words for which a name, or a list of names, may stand."""
    return {"anyOf": [*ONE_OR_SEVERAL["anyOf"], handler.resolve_ref_schema(handler(schema))]}


class FieldWords(Words):
    """A field: `column` names the column, or those it may be called; `value` says the same for every row."""

    column: Names | None = Field(None, description="The column's name, or a list of the names it may have.")
    value: str | None = Field(None, description="What holds for every row, instead of a column.")
    optional: bool = Field(False, description="A file without the column is read all the same, as if it were blank.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str | list) else given

    @model_validator(mode="after")
    def _from_somewhere(self) -> "FieldWords":
        if (self.column is None) == (self.value is None) and not getattr(self, "made_of", None):
            raise ValueError("must have either a column or a value")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A field may be written short."""
        return _short_or_long(core_schema, handler)


class DateWords(FieldWords):
    """A date."""

    dates: Texts | None = Field(None, description="Formats of this column, where they differ from the file's.")
    means: Literal["last-day", "day-after"] | None = Field(
        None, description="Of an end: the last day on which it holds, or the first on which it does not."
    )


Table = dict[str, str] | tuple[str, ...]
"""From what a file says to codes; or a list of names, each spelt with hyphens."""
Codes = str | Table


class CodeWords(FieldWords):
    """A coded value: `codes` is a table of the mapping by its name, or one of its own, from what the file says."""

    codes: Codes | None = Field(
        None, description="Name of a table under `codes`, or the table itself; of what is its own code a list."
    )
    unmatched: str = Field(
        "reject", description="What a value that is not in the table does: reject, leave-out, blank, or a code to take."
    )
    blank: str | None = Field(None, description="The code of a blank cell.")


class NameWords(CodeWords):
    """A name of a team, service area, grade or office: as the table has it, or its list of names, spelt with hyphens.

    `unmatched` may be `spell` too: what the table does not have, or all without one, is spelt so and published.
    """


class ReferenceWords(FieldWords):
    """A number of a person, a post and the like. `made_of`: put together of several columns, with hyphens."""

    made_of: tuple[NameWords, ...] = Field(
        (), description="Of what a number is made where the file has none: a post of its unit and role."
    )


class TextWords(FieldWords):
    """Words that are published as they stand: the title of an initiative. Map no column that may name a person."""


class HoursByGrade(Words):
    """Hours of full time by what a column says, a grade mostly."""

    column: str
    hours: dict[str, Decimal]
    otherwise: Decimal | None = Field(None, description="Hours for any other value; without it the row is rejected.")


class HoursColumn(Words):
    """Hours of full time in a column."""

    column: str


class FteWords(FieldWords):
    """A full-time equivalent, as ratio (0.6), percentage (60), or hours over those of full time (22.2 of 37)."""

    as_: Literal["ratio", "percentage", "hours"] = Field("ratio", alias="as")
    full_time: Decimal | HoursColumn | HoursByGrade | None = Field(None, description="Weekly hours of full time.")
    weeks: str | None = Field(None, description="Column with the weeks a year that are worked.")
    full_time_weeks: Decimal = Field(Decimal("52.143"), gt=0, description="Weeks a year of full time.")
    decimal: Literal[".", ","] = "."
    blank: Literal["reject", "full-time", "as-before"] = Field(
        "reject", description="What a blank cell means; as-before: as in the row before of the same post or assignment."
    )
    above: Literal["reject", "full-time"] = Field("reject", description="What more than full time does.")
    zero: Literal["accept", "reject", "leave-out"] = Field("accept", description="What 0 does.")

    @model_validator(mode="after")
    def _hours_of_full_time(self) -> "FteWords":
        if self.as_ == "hours" and self.full_time is None:
            raise ValueError("must have full_time, the weekly hours of full time, beside `as: hours`")
        return self


class NumberWords(FieldWords):
    """A number: pounds, days, a count."""

    decimal: Literal[".", ","] = "."


class FlagWords(FieldWords):
    """Yes or no."""

    yes: Texts = ("yes", "y", "true", "1")
    no: Texts = ("no", "n", "false", "0")


class ListWords(CodeWords):
    """Several values in one cell."""

    separator: str = Field(";", min_length=1)


class PersonWords(Words):
    """What names or describes a person. `columns` are put together with blanks between (forename, surname)."""

    columns: Names
    dates: Texts | None = Field(None, description="Of a date: its formats, where they differ from the file's.")
    codes: Codes | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"columns": given} if isinstance(given, str | list) else given

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A detail may be written short."""
        return _short_or_long(core_schema, handler)


class ReferenceRule(Words):
    """How the numbers of one kind are written in a source, so that several spellings are one."""

    pad_to: int | None = Field(None, ge=1, le=64, description="Zeros are put before it up to so many characters.")
    strip_zeros: bool = Field(False, description="Zeros before it are dropped.")
    upper: bool = Field(False, description="Letters are made capitals.")
    without_digits: bool = Field(
        False, description="Of posts, assignments, applications and sessions: numbers may have letters alone."
    )
    prefix: str = Field("", max_length=32, description="Put before it where it is not there.")
    replace: dict[str, str] = Field({}, description="Texts in it that are replaced, as ` ` by nothing.")
    scheme: str | None = Field(
        None,
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        description="Of people: by which scheme of numbers; feeds with the same scheme speak of the same people.",
    )


class ScopeRule(Words):
    """Which rows a rule concerns: those whose column is like one of the patterns (`*` for any letters), or blank."""

    column: Names
    like: Texts = ()
    blank: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> "ScopeRule":
        if not self.like and not self.blank:
            raise ValueError("must have `like` with patterns, or `blank: true`")
        return self
