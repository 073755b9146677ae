"""What a timeline is of: the subject of events, by authority and name."""

from collections.abc import Collection
from typing import NamedTuple

from contracts.envelope import identifier_of


class Subject(NamedTuple):
    """Something of an authority that has a timeline: `worker/…`, `cover/…`, `post/…` or `initiative/…`."""

    authority: str
    name: str

    @property
    def kind(self) -> str:
        """The word before the slash."""
        return self.name.partition("/")[0]

    @property
    def identifier(self) -> str:
        """What stands behind the slash."""
        return identifier_of(self.name)

    @property
    def is_post(self) -> bool:
        """Whether it is a post."""
        return self.kind == "post"


def split(subjects: Collection[Subject]) -> tuple[list[str], list[str]]:
    """Their authorities and their names, as two columns of a query."""
    return [subject.authority for subject in subjects], [subject.name for subject in subjects]


def split_identifiers(subjects: Collection[Subject]) -> tuple[list[str], list[str]]:
    """Their authorities and their identifiers, as two columns of a query."""
    return [subject.authority for subject in subjects], [subject.identifier for subject in subjects]
