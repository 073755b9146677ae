"""Why a mapping file is refused: every fault at once, each with its line, its path, what came and what would be right.

Invariant: a mapping that was accepted can be applied. What is wrong after that is a fault of a row.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MappingFault:
    """One thing that is wrong in a mapping. `path` is dotted, as `files.posts.columns.role`; `line` counts from 1."""

    path: str
    problem: str
    expected: str
    line: int | None = None
    value: str | None = None

    def __str__(self) -> str:
        line = "" if self.line is None else f"line {self.line}, "
        came = "" if self.value is None else f" (came: {self.value})"
        return f"{line}{self.path}: {self.problem}{came}; right would be: {self.expected}"


class MappingRefused(Exception):
    """Raised for a mapping that cannot be applied; carries all its faults, at least one."""

    def __init__(self, *faults: MappingFault) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults
