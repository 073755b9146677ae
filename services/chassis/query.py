"""How a query is read: each route declares a model of its parameters. The declaration is also the documentation.

Invariant: a model reads all its parameters when it is made. A parameter that is unknown or cannot be read is refused
by name, with what would be right. Everything that is wrong with a request is told at once. (If a misspelt parameter
were ignored, the answer would not be to the question that was meant.)
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from fastapi import Request

from contracts.near_names import near_first
from contracts.refusal import MOST_FAULTS
from contracts.values import DATE_PATTERN, EARLIEST_DATE, INSTANT_PATTERN, LATEST_DATE
from services.chassis.problems import Problem

Value = TypeVar("Value")
Choice = TypeVar("Choice", bound=StrEnum)


# --- kinds of parameters ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind(Generic[Value]):
    """How one value is written: its schema for the documentation, its description in words for errors, and how to
    read it.

    `usual` is the value if the parameter is left out. (It also takes the place of a wrong value until the request is
    refused.)
    """

    schema: Mapping[str, Any]
    expected: str
    reader: Callable[[str], Value | None]
    """Gives None for what it cannot read."""
    usual: Value

    @property
    def words(self) -> Sequence[str]:
        """The words that there are, of a closed list."""
        return self.schema.get("enum") or self.schema.get("items", {}).get("enum") or ()

    def read(self, query: "QueryModel", name: str, required: bool) -> Value | None:
        """The value given; None if it was left out or is wrong. A wrong value is noted as a fault."""
        text = query.text(name)
        if text is None:
            if required and name not in query.request.query_params:
                query.fault(name, "is missing", self.expected)
            return None
        value = self.reader(text)
        if value is None:
            query.fault(name, "cannot be read", self.expected, text, self.words)
        return value


@dataclass(frozen=True, slots=True)
class Several(Kind[tuple[str, ...]]):
    """Words, as repeated parameters or joined by commas; each once, in the order given. An empty word is refused."""

    problem: str = "cannot be read"

    def read(self, query: "QueryModel", name: str, required: bool) -> tuple[str, ...] | None:
        """The words that can be read; the others are noted as faults."""
        words = [word for text in query.request.query_params.getlist(name) for word in text.split(",")]
        if not all(words):
            query.fault(name, "holds an empty value", f"one or more values, with a comma between, or no {name} at all")
        stated = tuple(dict.fromkeys(word for word in words if word))
        for word in stated:
            if self.reader(word) is None:
                query.fault(name, self.problem, self.expected, word, self.words)
        return tuple(word for word in stated if self.reader(word) is not None) or None


def several(items: Mapping[str, Any], expected: str, fits: Callable[[str], bool], **more: str) -> Several:
    """Words each of which fits."""
    schema = {"type": "array", "items": dict(items)}
    return Several(schema, expected, lambda word: (word,) if fits(word) else None, (), **more)


def whole(least: int, most: int, usual: Value) -> Kind[int | Value]:
    """A whole number."""

    def reader(text: str) -> int | None:
        fits = text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most
        return int(text) if fits else None

    schema = {"type": "integer", "minimum": least, "maximum": most}
    schema |= {} if usual is None else {"default": usual}
    return Kind(schema, f"a whole number from {least} to {most}", reader, usual)


def choice(choices: type[Choice], usual: Value, *, is_default: bool = True) -> Kind[Choice | Value]:
    """One of some words. `is_default`: whether the documentation names `usual` as the default."""
    words = {str(word): word for word in choices}
    schema = {"type": "string", "enum": list(words)} | ({"default": str(usual)} if usual and is_default else {})
    return Kind(schema, f"one of {', '.join(words)}", words.get, usual)


def word(words: Sequence[str], usual: Value) -> Kind[str | Value]:
    """One of some words that have no type of their own."""
    schema = {"type": "string", "enum": list(words)} | ({"default": usual} if usual else {})
    return Kind(schema, f"one of {', '.join(words)}", lambda text: text if text in words else None, usual)


def matching(pattern: str, expected: str, usual: Value) -> Kind[str | Value]:
    """Text of a pattern."""
    schema = {"type": "string", "pattern": pattern} | ({"default": usual} if usual else {})
    # fullmatch: $ also matches before a line break at the end.
    return Kind(schema, expected, lambda text: text if re.fullmatch(pattern, text) else None, usual)


def read_date(text: str) -> date | None:
    """A date such as 2023-10-31, of the years that the pattern allows; None for anything else."""
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


ASKED_AT = "asked_at"
"""Key in a request's scope: the instant of asking, if the request is one of several that are asked at once."""

DATE = {"type": "string", "format": "date", "pattern": DATE_PATTERN}
IN_WORDS_DATE = f"a date as 2023-10-31, from {EARLIEST_DATE} and before {LATEST_DATE}"
DAY: Kind[date | None] = Kind(DATE, IN_WORDS_DATE, read_date, None)
INSTANT: Kind[datetime | None] = Kind(
    {"type": "string", "format": "date-time", "pattern": INSTANT_PATTERN},
    "an instant with its offset, as 2023-11-30T12:00:00Z",
    read_instant,
    None,
)
FLAG = Kind(
    {"type": "boolean", "default": False},
    "one of true, false",
    lambda text: {"true": True, "false": False}.get(text),
    usual=False,
)


# --- parameters and models --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter(Generic[Value]):
    """A parameter: its documentation and, as a member of a model, the value given."""

    name: str
    meaning: str
    kind: Kind[Value]
    example: Any = None
    required: bool = False

    @overload
    def __get__(self, query: None, owner: type) -> Self: ...
    @overload
    def __get__(self, query: "QueryModel", owner: type) -> Value: ...
    def __get__(self, query: "QueryModel | None", owner: type) -> Self | Value:
        """What was given, or what is usual."""
        return self if query is None else self.of(query)

    def of(self, query: "QueryModel") -> Value:
        """The value given in any model, even in one that does not declare this parameter."""
        value: Value = query.values.get(self.name, self.kind.usual)
        return value

    def documented(self) -> dict[str, Any]:
        """The parameter object of OpenAPI."""
        documented: dict[str, Any] = {
            "name": self.name,
            "in": "query",
            "description": self.meaning,
            "required": self.required,
            "schema": dict(self.kind.schema),
        }
        if self.kind.schema.get("type") == "array":
            documented |= {"style": "form", "explode": False, "schema": {**self.kind.schema, "minItems": 1}}
        return documented if self.example is None else documented | {"example": self.example}


@dataclass(frozen=True, slots=True)
class Group(Generic[Value]):
    """Several parameters as one member of a model: those that were given, by name."""

    parameters: Sequence[Parameter[Value]] = field(default_factory=tuple)

    @overload
    def __get__(self, query: None, owner: type) -> Self: ...
    @overload
    def __get__(self, query: "QueryModel", owner: type) -> dict[str, Value]: ...
    def __get__(self, query: "QueryModel | None", owner: type) -> Self | dict[str, Value]:
        """What was given."""
        return (
            self if query is None else {one.name: one.of(query) for one in self.parameters if one.name in query.values}
        )


class QueryModel:
    """The query of one request, read when it is made; `raise_if_invalid` refuses the request if anything was wrong.

    The members of a route's model are its parameters: its own, and those of the models that it inherits from.
    """

    own: ClassVar[dict[str, Parameter[Any]]] = {}
    after: ClassVar[dict[str, Parameter[Any]]] = {}
    """Parameters that every model of a kind has, after its own."""
    declared: ClassVar[dict[str, Parameter[Any]]] = {}
    """Every parameter there can be, by name, in the order of the documentation."""
    of_others: ClassVar[set[str]] = set()
    """Parameters of other routes, which are passed over here where one address leads to all of them."""

    def __init_subclass__(cls) -> None:
        """Collect the parameters: those of each base, then its own. If a name is in both, its own counts."""
        inherited: dict[str, Parameter[Any]] = {}
        for base in cls.__bases__:
            inherited |= getattr(base, "own", {})
        cls.own = inherited | {parameter.name: parameter for parameter in _parameters(vars(cls).values())}
        cls.declared = cls.own | cls.after

    def __init__(self, request: Request) -> None:
        self.request = request
        self.now: datetime = request.scope.get(ASKED_AT) or datetime.now(UTC)
        self._faults: dict[tuple[str, ...], dict[str, str]] = {}
        self.values: dict[str, Any] = {}
        """What was given and could be read, by name."""
        self.passed_over: dict[str, str] = {}
        """What was given and means something elsewhere alone, by name: whoever asked is to be told so."""
        expected = f"one of {', '.join(self.declared)}" if self.declared else "no parameter"
        for name in request.query_params:
            if name in self.declared:
                continue
            if name in self.of_others:
                self.passed_over[name] = request.query_params[name]
            else:
                self.fault(name, "is not a parameter", expected, among=self.declared)
        for name, parameter in self.declared.items():
            value = parameter.kind.read(self, name, parameter.required)
            if value is not None:
                self.values[name] = value

    @classmethod
    def documented(cls) -> dict[str, Any]:
        """What the model adds to its operation in OpenAPI."""
        return {"parameters": [parameter.documented() for parameter in cls.declared.values()]}

    def fault(
        self, field: str, problem: str, expected: str, value: str | None = None, among: Iterable[str] = ()
    ) -> None:
        """Note a fault, once, however often it is found. `among` is the closed list that the word is not in."""
        key = (field, problem, expected, *(() if value is None else (value[:80],)))
        if key in self._faults:
            return
        if len(self._faults) < MOST_FAULTS:  # of others only the number is told
            expected = near_first(field if value is None else value, among, expected)
        fault = {"field": field, "problem": problem, "expected": expected}
        self._faults[key] = fault | ({} if value is None else {"value": value[:80]})

    def check(self) -> None:
        """Note faults by rules between several parameters."""

    def raise_if_invalid(self) -> None:
        """Raises a 422 problem that tells everything that was wrong."""
        self.check()
        if self._faults:
            faults = list(self._faults.values())
            detail = "; ".join(f"{fault['field']} {fault['problem']}: {fault['expected']}" for fault in faults)
            raise Problem(422, "request-refused", "The request is not as described", detail, faults=faults)

    def text(self, name: str) -> str | None:
        """A parameter as it came; None if it is left out. If it is given twice or empty, it is refused."""
        values = self.request.query_params.getlist(name)
        if len(values) > 1:
            self.fault(name, "is given more than once", "one value")
        if values and not values[-1]:
            self.fault(name, "is empty", f"a value, or no {name} at all")
        return values[-1] or None if values else None


def _parameters(members: Any) -> Iterator[Parameter[Any]]:
    for member in members:
        if isinstance(member, Parameter):
            yield member
        elif isinstance(member, Group):
            yield from member.parameters
