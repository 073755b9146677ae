"""The mapping file of a feed, as a council writes it: which files it sends, what their columns mean.

    mapping = read_mapping(text)                   # MappingRefused with every fault
    file_mapping = mapping.file_for("POSTS_20231031.csv")

Invariant: three things are never guessed: the order of day and month, ratio or percentage, and the last day of a thing.
The mapping says them, or the mapping is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from pydantic import ValidationError

from contracts.near_names import near_first
from contracts.refusal import shown
from services.people.files.layout import Layout
from services.people.files.refusal import FileRefused
from services.people.mapping.compiling import Compiler
from services.people.mapping.document import TAGS, Document, FileWords
from services.people.mapping.refusal import MappingFault, MappingRefused
from services.people.mapping.row_rules import RowRules
from services.people.mapping.yaml_text import Path, dotted, read_yaml
from services.people.statements import Kind, Policy

SUBJECT_KINDS = {Kind.POSTS: "post", Kind.HOLDINGS: "worker", Kind.COVERS: "cover"}


@dataclass(frozen=True)
class FileMapping:
    """What the rows of one of a feed's files mean."""

    name: str
    """As the mapping calls it: `posts`, `employees`."""
    patterns: tuple[str, ...]
    """How files of it are called."""
    kind: Kind
    event_type: str | None
    """Of Kind.CHANGES: which events its rows state."""
    subject_kind: str
    """`post`, `worker`, `cover`; of changes that of their event."""
    policy: Policy
    layout: Layout
    names: tuple[str, ...]
    """The usual names of all columns that are read, in the order of `NamedRow.cells`."""
    rules: RowRules = field(repr=False)

    def subject(self, key: str, pseudonym: Callable[[str, str], str]) -> str:
        """The identifier of the subject with this key, as statements name it. That of a worker is a pseudonym."""
        scheme = self.rules.schemes.get(self.subject_kind)
        return key if scheme is None else pseudonym(scheme, key)


@dataclass(frozen=True)
class Mapping:
    """The mapping of a feed."""

    files: tuple[FileMapping, ...]

    def file_for(self, file_name: str) -> FileMapping:
        """What the mapping says of a file with this name. Raises FileRefused unless exactly one pattern matches."""
        name = file_name.replace("\\", "/").rpartition("/")[2].casefold()
        matching = [one for one in self.files if any(fnmatchcase(name, pattern.casefold()) for pattern in one.patterns)]
        if len(matching) == 1:
            return matching[0]
        known = ", ".join(f"{pattern} ({one.name})" for one in self.files for pattern in one.patterns)
        if not matching:
            raise FileRefused(
                "has a name that fits none of the mapping's files", f"one of {known}; or which of them it is"
            )
        several = ", ".join(one.name for one in matching)
        raise FileRefused(f"has a name that fits several of the mapping's files: {several}", "which of them it is")

    def file(self, name: str) -> FileMapping:
        """What the mapping says of the file that it calls by this name. Raises FileRefused if there is none."""
        for one in self.files:
            if one.name == name:
                return one
        raise FileRefused(
            f"is said to be {name!r}", f"one of the mapping's files: {', '.join(f.name for f in self.files)}"
        )


def read_mapping(text: str) -> Mapping:
    """The mapping in a YAML text. Raises MappingRefused with all that is wrong."""
    content, lines = read_yaml(text)
    try:
        document = Document.model_validate(content)
    except ValidationError as error:
        raise MappingRefused(*(_fault(dict(one), content, lines) for one in error.errors(include_url=False))) from None
    faults: list[MappingFault] = []
    files = []
    for name, words in document.files.items():
        compiler = Compiler(name, words, document)
        rules = compiler.compiled()
        if compiler.faults:
            faults += [_with_line(fault, lines) for fault in compiler.faults]
        else:
            files.append(_file(name, words, rules))
    if faults:
        raise MappingRefused(*faults)
    return Mapping(tuple(files))


def _file(name: str, words: FileWords, rules: RowRules) -> FileMapping:
    layout = words.layout
    policy: Any = getattr(words, "policy", None)
    return FileMapping(
        name=name,
        patterns=words.name,
        kind=rules.kind,
        event_type=None if rules.event is None else rules.event.event_type,
        subject_kind=SUBJECT_KINDS[rules.kind] if rules.event is None else rules.event.subject_kind,
        policy=Policy() if policy is None else Policy(**dict(policy)),
        layout=Layout(
            encoding=layout.encoding,
            delimiter={"tab": "\t"}.get(layout.delimiter or "", layout.delimiter),
            quoted=layout.quoted,
            backslash_escapes=layout.backslash_escapes,
            sheet=layout.sheet,
            header_row=layout.header_row,
            columns=tuple(rules.slots),
            required=frozenset(rules.required),
        ),
        names=tuple(names[0] for names in rules.slots),
        rules=rules,
    )


def _with_line(fault: MappingFault, lines: dict[Path, int]) -> MappingFault:
    by_dotted = {dotted(path): line for path, line in lines.items()}
    path = fault.path
    while path and path not in by_dotted:
        path = path.rpartition(".")[0]
    return MappingFault(fault.path, fault.problem, fault.expected, by_dotted.get(path), fault.value)


_RIGHT = {
    "extra_forbidden": "a word of the mapping: see docs/extracts.md",
    "missing": "a value for it",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "decimal_parsing": "a number, as 37",
    "decimal_type": "a number, as 37",
    "int_parsing": "a whole number",
    "date_from_datetime_parsing": "a date as 2019-04-01",
    "string_type": "a text",
    "dict_type": "words with colons, one below the other",
    "model_type": "words with colons, one below the other",
    "model_attributes_type": "words with colons, one below the other",
    "tuple_type": "a list",
    "union_tag_invalid": f"kind: {', '.join(TAGS[:3])}; or kind: changes with an event, one of {', '.join(TAGS[3:])}",
    "union_tag_not_found": "kind: posts, holdings, covers or changes",
}


@cache
def _words() -> frozenset[str]:
    """Every word that a mapping may have somewhere."""
    written = Document.model_json_schema(by_alias=True)
    return frozenset(word for one in (written, *written["$defs"].values()) for word in one.get("properties", ()))


def _fault(error: dict[str, Any], content: Any, lines: dict[Path, int]) -> MappingFault:
    """A fault that pydantic found, with the path that the file has and its line."""
    path: Path = ()
    at: Any = content
    location = error["loc"]
    for index, part in enumerate(location):
        inside = (isinstance(at, dict) and part in at) or (
            isinstance(at, list) and isinstance(part, int) and part < len(at)
        )
        if inside:
            path, at = (*path, part), at[part]
        elif index == len(location) - 1 and error["type"] == "missing":
            path = (*path, part)
    nearest = path
    while nearest and nearest not in lines:
        nearest = nearest[:-1]
    kind = error["type"]
    problem = {"extra_forbidden": "is not a word of a mapping here", "missing": "is missing"}.get(kind, "is not right")
    expected = _RIGHT.get(kind) or str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    if kind == "extra_forbidden":
        expected = near_first(str(location[-1]), _words(), expected)
    came = error["input"]
    value = None if kind == "missing" or isinstance(came, dict | list | tuple) else shown(came)
    return MappingFault(dotted(path), problem, expected, lines.get(nearest), value)
