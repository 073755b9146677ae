"""The mapping file as a document: its words, for each kind of file and of event, and its JSON Schema.

Invariant: the statements and the contracts of events determine which fields a file may state. So a field that they gain
can be mapped at once.
"""

import dataclasses
import types
import typing
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_type_hints

from pydantic import Discriminator, Field, Tag, create_model, model_validator

from contracts.catalogue import EVENT_MODELS
from contracts.events.base import EventData
from contracts.values import Slug
from services.people.files.encodings import ENCODINGS
from services.people.mapping.fields import (
    CodeWords,
    DateWords,
    FieldWords,
    FlagWords,
    FteWords,
    ListWords,
    Names,
    NameWords,
    NumberWords,
    PersonWords,
    ReferenceRule,
    ReferenceWords,
    ScopeRule,
    Table,
    Texts,
    TextWords,
    Words,
)
from services.people.statements import Begins, CoverStated, History, HoldingStated, Kind, PostStated

STATED: dict[Kind, type] = {Kind.POSTS: PostStated, Kind.HOLDINGS: HoldingStated, Kind.COVERS: CoverStated}
NAMES = frozenset(
    name
    for event in EVENT_MODELS.values()
    for name, hint in get_type_hints(event, include_extras=True).items()
    if Slug in (hint, *get_args(hint))
)
"""Fields of text that are names, spelt with hyphens: whatever is one in an event."""
FREE_TEXTS = frozenset({"title"})
"""Fields of text that are published as they stand. All other text is a reference."""
WITHOUT_COLUMN = frozenset({"row"})
MAY_BE_LEFT_OUT = frozenset({"holding"})
"""Of the required: without a column the worker and the post tell one holding from another."""

ReferenceKind = Literal[
    "worker",
    "agency_worker",
    "post",
    "cover",
    "holding",
    "campaign",
    "cohort",
    "panel",
    "application",
    "session",
    "demand",
]


@dataclasses.dataclass(frozen=True, slots=True)
class Stated:
    """A field that rows can state: its type without `None`, and whether a row must have it."""

    type: Any
    required: bool
    several: bool = False


def fields_of(kind: Kind, event: type[EventData] | None) -> dict[str, Stated]:
    """The fields that rows of a kind state, in the order in which they are listed."""
    if event is not None:
        return {name: _stated(field.annotation, field.is_required()) for name, field in event.model_fields.items()}
    hints = get_type_hints(STATED[kind])
    return {
        field.name: _stated(
            hints[field.name], field.default is dataclasses.MISSING and field.name not in MAY_BE_LEFT_OUT
        )
        for field in dataclasses.fields(STATED[kind])
        if field.name not in WITHOUT_COLUMN
    }


def _stated(annotation: Any, required: bool) -> Stated:
    several = False
    while True:
        origin, parts = typing.get_origin(annotation), get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            annotation = next(part for part in parts if part is not type(None))
        elif origin is Annotated:
            annotation = parts[0]
        elif origin is tuple:
            annotation, several = parts[0], True
        else:
            return Stated(annotation, required, several)


def words_for(name: str, stated: Stated) -> type[FieldWords]:
    """The words that map a field."""
    if stated.several:
        return ListWords
    if name in ("fte", "funded_fte"):
        return FteWords
    if issubclass(stated.type, Enum):
        return CodeWords
    by_type: dict[type, type[FieldWords]] = {bool: FlagWords, date: DateWords, Decimal: NumberWords, int: NumberWords}
    if stated.type in by_type:
        return by_type[stated.type]
    if name in FREE_TEXTS:
        return TextWords
    return NameWords if name in NAMES else ReferenceWords


class LayoutWords(Words):
    """How a file is written; what is not said is found out."""

    encoding: Literal[ENCODINGS] | None = None  # type: ignore[valid-type]
    delimiter: Literal[",", "|", ";", "tab"] | None = None
    quoted: bool = Field(True, description="false: a quote is a letter like any other.")
    backslash_escapes: bool | None = Field(None, description="A backslash takes its meaning from a delimiter.")
    sheet: str | None = Field(None, description="The sheet of a workbook, also a hidden one.")
    header_row: int | None = Field(None, ge=1, description="The row with the names of the columns.")
    short_rows: Literal["reject", "blank"] = Field(
        "reject", description="What a row with fewer cells than the header is; blank: those that lack are blank."
    )


class PolicyWords(Words):
    """What the authority decided about the rows that an extract does not have."""

    history: History = Field(History.CURRENT, description="What of the past an extract holds.")
    complete_from: date | None = Field(None, description="With complete history: rows that ended before are not in it.")
    begins: Begins = Field(
        Begins.THING,
        description="Of current history: what begins on a row's start date, the post, holding or assignment (thing), or"
        " what the row says of it (row).",
    )
    gone_after: int | None = Field(
        None, ge=1, le=1000, description="So many extracts without a subject settle what became of it."
    )
    smallest_share: Decimal = Field(Decimal("0.7"), ge=0, le=1, description="A smaller extract is refused whole.")

    @model_validator(mode="after")
    def _complete_from_when(self) -> "PolicyWords":
        if self.history is History.CURRENT and self.complete_from is not None:
            raise ValueError("complete_from can only be used with `history: complete`")
        return self


class PolicyOfChangesWords(Words):
    """What the authority decided about rows that a later file of changes does not have."""

    history: History = Field(
        History.CURRENT,
        description="current: a file names what is new, and a row that is gone means nothing. complete: a file names"
        " everything that is true, and a row that is gone should never have been.",
    )
    gone_after: int | None = Field(
        None, ge=1, le=1000, description="With complete history: so many files without a subject void all of it."
    )
    smallest_share: Decimal = Field(
        Decimal("0.7"), ge=0, le=1, description="With complete history: a smaller file is refused whole."
    )

    @model_validator(mode="after")
    def _gone_from_what(self) -> "PolicyOfChangesWords":
        if self.history is History.CURRENT and self.model_fields_set & {"gone_after", "smallest_share"}:
            raise ValueError("gone_after and smallest_share can only be used with `history: complete`")
        return self


class PersonsWords(Words):
    """Columns that name or describe a person: they go to the register and nowhere else."""

    name: PersonWords | None = None
    date_of_birth: PersonWords | None = None
    sex: PersonWords | None = None
    ethnicity: PersonWords | None = None
    registration_number: PersonWords | None = None
    qualification: PersonWords | None = None
    salary: PersonWords | None = None


class FileWords(Words):
    """One of the feed's files."""

    name: Names = Field(description="How the file is called, `*` for what changes: POSTS_*.csv.")
    layout: LayoutWords = LayoutWords()
    dates: Texts = Field((), description="Formats of its dates: dd/mm/yyyy, yyyymmdd, d-mmm-yy, excel.")
    no_end: Texts = Field((), description="What means `no end` besides blank, 4712-12-31 and the like.")
    end_dates: Literal["last-day", "day-after"] | None = Field(
        None, description="Whether an end is the last day on which something holds, or the first on which it does not."
    )
    left_out: dict[str, ScopeRule] = Field({}, description="Rules, by name: rows like these are left out, and counted.")
    only: dict[str, ScopeRule] = Field({}, description="Rules, by name: rows not like these are left out, and counted.")


def _columns(name: str, fields: dict[str, Stated], documentation: str) -> type[Words]:
    definitions: dict[str, Any] = {}
    for field, stated in fields.items():
        words = words_for(field, stated)
        definitions[field] = (words, ...) if stated.required else (words | None, None)
    return create_model(name, __base__=Words, __doc__=documentation, **definitions)


def _file_of_kind(kind: Kind) -> type[FileWords]:
    columns = _columns(f"{kind.capitalize()}Columns", fields_of(kind, None), f"What rows of {kind} state.")
    definitions: dict[str, Any] = {
        "kind": (Literal[kind.value], ...),
        "columns": (columns, ...),
        "policy": (PolicyWords, PolicyWords()),
    }
    if kind is not Kind.POSTS:
        definitions["persons"] = (PersonsWords, PersonsWords())
    name = f"{kind.capitalize()}File"
    return create_model(name, __base__=FileWords, __doc__=f"A file of {kind}.", **definitions)


def _file_of_changes(event: type[EventData]) -> type[FileWords]:
    fields = fields_of(Kind.CHANGES, event)
    columns = _columns(f"{event.__name__}Columns", fields, f"What an event {event.event_type} states.")
    key = Field(None, description="Columns that tell a row from others of its subject: the number of a record.")
    definitions: dict[str, Any] = {
        "kind": (Literal["changes"], ...),
        "event": (Literal[event.event_type], ...),
        "subject": (ReferenceWords, Field(description=f"Of which {event.subject_kind} each row is.")),
        "key": (Names | None, key),
        "columns": (columns, ...),
        "policy": (PolicyOfChangesWords, PolicyOfChangesWords()),
    }
    if event.subject_kind == "worker":
        definitions["persons"] = (PersonsWords, PersonsWords())
    documentation = f"A file of changes, each row an event {event.event_type}."
    return create_model(f"{event.__name__}File", __base__=FileWords, __doc__=documentation, **definitions)


def _tag(given: Any) -> str:
    if not isinstance(given, dict):
        return ""
    kind = str(given.get("kind", ""))
    return str(given.get("event", "")) if kind == Kind.CHANGES else kind


_FILES: dict[str, type[FileWords]] = {
    **{kind.value: _file_of_kind(kind) for kind in STATED},
    **{name: _file_of_changes(event) for name, event in EVENT_MODELS.items()},
}
TAGS = tuple(_FILES)
if TYPE_CHECKING:
    AnyFile = FileWords
else:
    _TAGGED = (Annotated[model, Tag(tag)] for tag, model in _FILES.items())
    AnyFile = Annotated[reduce(or_, _TAGGED), Discriminator(_tag)]


class Document(Words):
    """How the files of one feed are read: which columns they have, and what these mean."""

    references: dict[ReferenceKind, ReferenceRule] = Field({}, description="How numbers are written in the source.")
    codes: dict[str, Table] = Field(
        {}, description="Tables, by name, from what files say to codes; or lists of what is its own code."
    )
    files: dict[str, AnyFile] = Field(min_length=1, description="The files, by a name of yours.")
