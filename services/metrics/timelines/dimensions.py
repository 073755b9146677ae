"""What every figure can be broken down by: the facts of a post that are dimensions. Each is declared only here.

Invariant: a dimension of posts has one name everywhere. It is the field of the events that state it, the column of
staffing and of the schema reporting, the parameter of a query, and the column of a file. Every field of an event
about a post is a dimension or is listed in NO_DIMENSIONS; if not, this module does not load.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

from pydantic import BaseModel

from contracts.codes import CswwRole, Role
from contracts.events.agency_cover import CoverStarted
from contracts.events.posts import PostChanged, PostEstablished


class Dimensions(NamedTuple):
    """The dimensions of a post, each with its meaning; None if nobody has stated it."""

    role: Annotated[Role | None, "What the post is for."]
    team: Annotated[str | None, "The team the post belongs to."]
    service_area: Annotated[str | None, "The service area the post belongs to."]
    grade: Annotated[str | None, "The post's grade."]
    csww_role: Annotated[CswwRole | None, "The post's role in the CSWW census, 1 to 6."]
    location: Annotated[str | None, "The office where the post is based."]


NO_DIMENSIONS = frozenset({"effective_from", "funded_fte"})
"""What the events of a post say besides."""

NOTHING_STATED = Dimensions(*(None for _ in Dimensions._fields))
"""The dimensions of what nothing is known about."""

BY_ASSIGNMENTS = tuple(name for name in Dimensions._fields if name in CoverStarted.model_fields)
"""The dimensions that an agency assignment states itself, in case it covers no post."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """The meaning of a dimension, and its sets of codes; none if authorities choose the names."""

    meaning: str
    codes: tuple[type[Enum], ...] = ()

    @property
    def values(self) -> tuple[str | int, ...]:
        """Every possible value, once; none if authorities choose the names."""
        return tuple(dict.fromkeys(code.value for codes in self.codes for code in codes))

    def read(self, text: str) -> str | int:
        """A value as columns and parts hold it, from its text; for codes that are numbers, the number."""
        return next((value for value in self.values if str(value) == text), text)


def _declared() -> dict[str, Dimension]:
    declared = {}
    for name, hint in get_type_hints(Dimensions, include_extras=True).items():
        of_type, meaning = get_args(hint)
        codes = tuple(each for each in get_args(of_type) if issubclass(each, Enum))
        declared[name] = Dimension(meaning, codes)
    return declared


OF_POSTS: Mapping[str, Dimension] = _declared()
"""Every dimension of posts by name, in the order in which answers list them."""


def check_stated(model: type[BaseModel]) -> None:
    """Refuse a model of events about posts if its fields and the dimensions are not the same facts."""
    facts = model.model_fields.keys() - NO_DIMENSIONS
    if forgotten := facts ^ set(Dimensions._fields):
        raise TypeError(f"{model.__name__} and Dimensions do not both have {', '.join(sorted(forgotten))}")


check_stated(PostEstablished)
check_stated(PostChanged)

_of_post = attrgetter(*Dimensions._fields)


def dimensions_of_post(data: PostEstablished | PostChanged) -> Dimensions:
    """The dimensions that an event states of a post; in a change None means that it stays as it was."""
    return Dimensions(*_of_post(data))


def dimensions_of_assignment(stated: Mapping[str, Any] | CoverStarted) -> Dimensions:
    """What an agency assignment states itself, from its event or from a row; None for what assignments do not state."""
    facts = vars(stated) if isinstance(stated, CoverStarted) else stated
    return NOTHING_STATED._replace(**{name: _coded(name, facts[name]) for name in BY_ASSIGNMENTS})


def _coded(name: str, value: Any) -> Any:
    codes = OF_POSTS[name].codes
    return codes[0](value) if codes and value is not None else value


def plain(value: Any) -> str | int | None:
    """The value of a dimension as columns and answers show it: for a code, its text or number."""
    simple: str | int | None = value.value if isinstance(value, Enum) else value
    return simple
