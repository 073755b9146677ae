"""Why something was refused: what was wrong, in which field, with which value, and what would be right.

Invariant: a fault about a field that no contract knows is named, but its value, which may be personal, is not repeated.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

UNKNOWN_FIELD = "extra_forbidden"
MISSING_FIELD = "missing"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `field` is a dotted path, as `data.fte`; `value` is what came, shortened, or None."""

    field: str
    problem: str
    expected: str
    value: str | None = None

    def __str__(self) -> str:
        came = "" if self.value is None else f" (came: {self.value})"
        return f"{self.field}: {self.problem}{came}; right would be: {self.expected}"


class Refused(Exception):
    """Raised for input that breaks its contract; carries every fault found, at least one."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


def shown(value: object) -> str:
    """A value as it may be shown to the person who sent it: at most 80 characters."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def faults_of(error: ValidationError, prefix: str, known_fields: tuple[str, ...]) -> tuple[Fault, ...]:
    """The faults in a pydantic error. `prefix` is put before each field ('data.' or nothing)."""
    return tuple(_fault(dict(item), prefix, known_fields) for item in error.errors(include_url=False))


def _fault(item: dict[str, Any], prefix: str, known_fields: tuple[str, ...]) -> Fault:
    path = ".".join(str(part) for part in item["loc"])
    field = f"{prefix}{path}" if path else prefix.rstrip(".")
    if item["type"] == UNKNOWN_FIELD:
        return Fault(field, "is not a field of this contract", f"one of {', '.join(known_fields)}, or leave it out")
    if item["type"] == MISSING_FIELD:
        return Fault(field, "is missing", "a value for it")
    message = str(item["msg"]).removeprefix("Value error, ")
    problem = "is not JSON" if item["type"] == "json_invalid" else "is not as the contract says"
    # A value that failed as a whole object could hold unknown, personal fields: it is not repeated.
    value = None if isinstance(item["input"], dict | bytes) else shown(item["input"])
    return Fault(field, problem, _as_expectation(message), value)


def _as_expectation(message: str) -> str:
    return message[0].lower() + message[1:] if message else "a valid value"
