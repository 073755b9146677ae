"""The mapping file of a feed, as a council writes it: which files it sends, what their columns mean.

    mapping = read_mapping(text)                   # MappingRefused with every fault
    file_mapping = mapping.file_for("POSTS_20231031.csv")

Invariant: between day and month, between ratio and percentage, and of the last day of a thing nothing is guessed: the
mapping says it, or the mapping is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass

from services.people.files.layout import Layout
from services.people.statements import Kind, Policy


@dataclass(frozen=True)
class FileMapping:
    """What the rows of one of a feed's files mean."""

    name: str
    """As the mapping calls it: `posts`, `employees`."""
    kind: Kind
    event_type: str | None
    """Of Kind.CHANGES: which events its rows state."""
    subject_kind: str
    """`post`, `worker`, `cover`; of changes that of their event."""
    policy: Policy
    layout: Layout
    names: tuple[str, ...]
    """The usual names of all columns that are read, in the order of `NamedRow.cells`."""

    def subject(self, key: str, pseudonym: Callable[[str, str], str]) -> str:
        """The identifier of the subject with this key, a worker's as a pseudonym: as statements name it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Mapping:
    """The mapping of a feed."""

    files: tuple[FileMapping, ...]

    def file_for(self, file_name: str) -> FileMapping:
        """What the mapping says of a file with this name. Raises FileRefused where none or several patterns match."""
        raise NotImplementedError


def read_mapping(text: str) -> Mapping:
    """The mapping in a YAML text. Raises MappingRefused with all that is wrong."""
    raise NotImplementedError
