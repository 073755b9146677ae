"""By what every figure can be broken down: the facts of a post that are dimensions, each declared here alone.

Invariant: a dimension of posts has one name everywhere. It is the field of the events that state it, the column of
staffing and of the schema reporting, the parameter of a query, and the column of a file. What an event says of a post
is a dimension, or stands in NO_DIMENSIONS; else this does not load.
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
    """The dimensions of a post, each with its meaning; None where nobody has stated it."""

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
"""The dimensions that an agency assignment states itself, for where it covers no post."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """What a dimension means, and the sets of codes it is one of; none where authorities make names of their own."""

    meaning: str
    codes: tuple[type[Enum], ...] = ()

    @property
    def values(self) -> tuple[str | int, ...]:
        """Every value there can be, once; none where authorities make their own."""
        return tuple(dict.fromkeys(code.value for codes in self.codes for code in codes))

    def read(self, text: str) -> str | int:
        """A value as columns and parts hold it, from its text: of codes that are numbers the number."""
        return next((value for value in self.values if str(value) == text), text)


def _declared() -> dict[str, Dimension]:
    declared = {}
    for name, hint in get_type_hints(Dimensions, include_extras=True).items():
        of_type, meaning = get_args(hint)
        codes = tuple(each for each in get_args(of_type) if issubclass(each, Enum))
        declared[name] = Dimension(meaning, codes)
    return declared


OF_POSTS: Mapping[str, Dimension] = _declared()
"""Every dimension of posts by name, in the order in which it is told."""


def check_stated(model: type[BaseModel]) -> None:
    """Refuse a model of events that say what a post is, where it and the dimensions do not name the same facts."""
    facts = model.model_fields.keys() - NO_DIMENSIONS
    if forgotten := facts ^ set(Dimensions._fields):
        raise TypeError(f"{model.__name__} and Dimensions do not both have {', '.join(sorted(forgotten))}")


check_stated(PostEstablished)
check_stated(PostChanged)

_of_post = attrgetter(*Dimensions._fields)


def dimensions_of_post(data: PostEstablished | PostChanged) -> Dimensions:
    """What an event says of a post; of a change None where it stays as it was."""
    return Dimensions(*_of_post(data))


def dimensions_of_assignment(stated: Mapping[str, Any] | CoverStarted) -> Dimensions:
    """What an agency assignment states itself, from its event or from a row; None for what assignments do not state."""
    facts = vars(stated) if isinstance(stated, CoverStarted) else stated
    return NOTHING_STATED._replace(**{name: _coded(name, facts[name]) for name in BY_ASSIGNMENTS})


def _coded(name: str, value: Any) -> Any:
    codes = OF_POSTS[name].codes
    return codes[0](value) if codes and value is not None else value


def plain(value: Any) -> str | int | None:
    """The value of a dimension as it stands in a column or an answer: of a code its text or number."""
    simple: str | int | None = value.value if isinstance(value, Enum) else value
    return simple
