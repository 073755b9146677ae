"""How a query is read: each route declares a model of its parameters, and what is declared is what is documented.

Invariant: a model reads every parameter it declares when it is made; one that is unknown or cannot be read is refused
by name, with what would be right; all that is wrong with a request is told at once. (Where a misspelt parameter is
passed over, something else is answered than was asked for.)
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from fastapi import Request

from contracts.values import DATE_PATTERN, EARLIEST_DATE, INSTANT_PATTERN, LATEST_DATE
from services.chassis.problems import Problem

Value = TypeVar("Value")
Choice = TypeVar("Choice", bound=StrEnum)


# --- kinds of parameters ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind(Generic[Value]):
    """How one value is written: for the documentation, in words for who wrote it otherwise, and to be read.

    `usual` is what is meant where the parameter is left out (and what stands in for a wrong one, until it is refused).
    """

    schema: Mapping[str, Any]
    expected: str
    reader: Callable[[str], Value | None]
    """Gives None for what it cannot read."""
    usual: Value

    def read(self, query: "QueryModel", name: str, required: bool) -> Value | None:
        """What was given; None where it was left out or is wrong, which is noted then."""
        text = query.text(name)
        if text is None:
            if required and name not in query.request.query_params:
                query.fault(name, "is missing", self.expected)
            return None
        value = self.reader(text)
        if value is None:
            query.fault(name, "cannot be read", self.expected, text)
        return value


@dataclass(frozen=True, slots=True)
class Several(Kind[tuple[str, ...]]):
    """Words, repeated or joined by commas, each once, in the order in which they are given; an empty one is refused."""

    problem: str = "cannot be read"

    def read(self, query: "QueryModel", name: str, required: bool) -> tuple[str, ...] | None:
        """The words that can be read; the others are noted."""
        words = [word for text in query.request.query_params.getlist(name) for word in text.split(",")]
        if not all(words):
            query.fault(name, "holds an empty value", f"one or more values, with a comma between, or no {name} at all")
        stated = tuple(dict.fromkeys(word for word in words if word))
        for word in stated:
            if self.reader(word) is None:
                query.fault(name, self.problem, self.expected, word)
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
    """One of some words; `is_default` where the documentation can say what is usual."""
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
    """A parameter: what stands in the documentation of it, and, as a member of a model, what was given."""

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
        """The same of any model, also of one that does not declare it."""
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

    A route's model has its parameters as members, its own beside those of the models it is made of.
    """

    own: ClassVar[dict[str, Parameter[Any]]] = {}
    after: ClassVar[dict[str, Parameter[Any]]] = {}
    """Parameters that every model of a kind has, after its own."""
    declared: ClassVar[dict[str, Parameter[Any]]] = {}
    """Every parameter there can be, by name, in the order of the documentation."""

    def __init_subclass__(cls) -> None:
        """Collect what is declared: that of each base, then its own; of one name its own stands."""
        inherited: dict[str, Parameter[Any]] = {}
        for base in cls.__bases__:
            inherited |= getattr(base, "own", {})
        cls.own = inherited | {parameter.name: parameter for parameter in _parameters(vars(cls).values())}
        cls.declared = cls.own | cls.after

    def __init__(self, request: Request) -> None:
        self.request = request
        self.now = datetime.now(UTC)
        self._faults: list[dict[str, str]] = []
        self.values: dict[str, Any] = {}
        """What was given and could be read, by name."""
        expected = f"one of {', '.join(self.declared)}" if self.declared else "no parameter"
        for name in request.query_params:
            if name not in self.declared:
                self.fault(name, "is not a parameter", expected)
        for name, parameter in self.declared.items():
            value = parameter.kind.read(self, name, parameter.required)
            if value is not None:
                self.values[name] = value

    @classmethod
    def documented(cls) -> dict[str, Any]:
        """What it adds to its operation in OpenAPI."""
        return {"parameters": [parameter.documented() for parameter in cls.declared.values()]}

    def fault(self, field: str, problem: str, expected: str, value: str | None = None) -> None:
        """Note something wrong, once, however often it is found."""
        fault = {"field": field, "problem": problem, "expected": expected}
        fault |= {} if value is None else {"value": value[:80]}
        if fault not in self._faults:
            self._faults.append(fault)

    def check(self) -> None:
        """Note what is wrong by rules between one parameter and another."""

    def raise_if_invalid(self) -> None:
        """Raises a 422 problem that tells everything that was wrong."""
        self.check()
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


def _parameters(members: Any) -> Iterator[Parameter[Any]]:
    for member in members:
        if isinstance(member, Parameter):
            yield member
        elif isinstance(member, Group):
            yield from member.parameters
