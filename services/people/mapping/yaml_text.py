"""A YAML text as plain dictionaries, lists and texts, and the line of each of its parts.

Invariant: every value is text as it was typed. YAML would read 0123 as 83, 12:30 as 750, and `No` as false. Codes and
references must not be read so.
"""

from typing import Any

import yaml

from services.people.mapping.refusal import MappingFault, MappingRefused

LARGEST = 1 << 18
MOST_PARTS = 50_000
"""Parts, counted each time that an alias repeats them."""
DEEPEST = 40

Path = tuple[str | int, ...]


def read_yaml(text: str) -> tuple[Any, dict[Path, int]]:
    """What a text holds, and on which line each part of it begins. Raises MappingRefused."""
    if len(text) > LARGEST:
        raise MappingRefused(MappingFault("file", "is too long", f"at most {LARGEST:,} characters"))
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        raise MappingRefused(MappingFault("file", f"is not YAML ({error.problem})", "a YAML file", line)) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise MappingRefused(MappingFault("file", "is not YAML", "a YAML file")) from None
    if node is None:
        raise MappingRefused(MappingFault("file", "is empty", "a mapping, as in the examples"))
    lines: dict[Path, int] = {}
    faults: list[MappingFault] = []
    content = _plain(node, (), lines, faults)
    if faults:
        raise MappingRefused(*faults)
    return content, lines


def _plain(node: yaml.Node, path: Path, lines: dict[Path, int], faults: list[MappingFault]) -> Any:
    lines[path] = node.start_mark.line + 1
    if len(lines) > MOST_PARTS or len(path) > DEEPEST:
        raise MappingRefused(
            MappingFault("file", "has too many parts, or parts in one another", f"at most {MOST_PARTS:,}")
        )
    if isinstance(node, yaml.SequenceNode):
        return [_plain(part, (*path, index), lines, faults) for index, part in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    values: dict[str, Any] = {}
    for key, value in node.value:
        name = str(key.value)
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            faults.append(MappingFault(dotted(path), "has a key that is not text", "a word before each colon", line))
        elif name in values:
            faults.append(MappingFault(dotted((*path, name)), "is there twice", "one of them", line))
        else:
            values[name] = _plain(value, (*path, name), lines, faults)
            lines[(*path, name)] = line
    return values


def dotted(path: Path) -> str:
    """A path as people write it."""
    return ".".join(str(part) for part in path) or "file"
