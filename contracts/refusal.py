"""Why something was refused: what was wrong, in which field, with which value, and what would be right.

Invariant: a fault about a field that no contract knows is named, but its value, which may be personal, is not repeated.
"""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from contracts.near_names import near_first
from contracts.values import PATTERNS_IN_WORDS

UNKNOWN_FIELD = "extra_forbidden"
MISSING_FIELD = "missing"
OF_A_LIST = "enum"
WRONG_PATTERN = "string_pattern_mismatch"

_INSTANT = "a date and a time with its offset, as 2023-10-31T08:00:00Z"
_DATE = "a date as 2023-10-31"
_NUMBER = "a JSON number, without quotes"

_RIGHT_BY_ERROR = {
    "bool_type": "true or false, without quotes",
    "date_from_datetime_parsing": _DATE,
    "date_parsing": _DATE,
    "date_type": _DATE,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_type": _INSTANT,
    "decimal_max_places": "a number with at most {decimal_places} decimals",
    "decimal_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "enum": "one of {expected}",
    "finite_number": _NUMBER,
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "int_type": "a whole number, without quotes",
    "json_invalid": "a JSON object",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "list_type": "a list",
    "literal_error": "{expected}",
    "model_type": "a JSON object",
    "string_too_long": "at most {max_length} characters",
    "string_type": "text, in quotes",
    "timezone_aware": _INSTANT,
    "too_short": "a list with at least {min_length} in it",
    "tuple_type": "a list",
}
"""What would be right, by pydantic's name for the error; in braces what pydantic says beside it."""

_RIGHT_BY_ATTRIBUTE = {
    "id": "1 to 128 letters, digits, dots, underscores, colons and hyphens, the first a letter or digit",
    "source": "1 to 200 letters, digits, slashes, dots, underscores, colons and hyphens, as /coventry/hr",
    "subject": "what it is about, a slash and its identifier, as worker/W-0001",
    "supersedes": "the id of an event",
    "supersedessource": "the source of the event that it supersedes",
    "voids": "the id of an event",
    "voidssource": "the source of the event that it voids",
    "sourcesequence": "a whole number from 0 on, of at most 18 digits",
    "sequence": "a whole number from 1 on",
    "provenance": "1 to 200 printable ASCII characters",
}
"""What would be right for an attribute of the envelope that does not match its pattern."""


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
    """Raised for input that breaks its contract; carries the faults found, at least one. `left_out` others were found,
    and are not told.
    """

    def __init__(self, *faults: Fault, left_out: int = 0) -> None:
        super().__init__("; ".join([*(str(fault) for fault in faults), *and_more(left_out)]))
        self.faults = faults
        self.left_out = left_out


def shown(value: object) -> str:
    """A value as it may be shown to the person who sent it: at most 80 characters."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


MOST_FAULTS = 20
"""The most faults that are listed for one thing."""


def and_more(left_out: int) -> list[str]:
    """What closes a list of faults of which so many others are left out; nothing where it is complete."""
    return [f"and {left_out:,} more"] if left_out else []


def refused_by(error: ValidationError, prefix: str, known_fields: tuple[str, ...]) -> Refused:
    """The refusal in a pydantic error. `prefix` is put before each field ('data.' or nothing)."""
    errors = error.errors(include_url=False)
    faults = (_fault(dict(item), prefix, known_fields) for item in errors[:MOST_FAULTS])
    return Refused(*faults, left_out=max(0, len(errors) - MOST_FAULTS))


def _fault(item: dict[str, Any], prefix: str, known_fields: tuple[str, ...]) -> Fault:
    path = ".".join(shown(str(part)) for part in item["loc"])
    field = f"{prefix}{path}" if path else prefix.rstrip(".") or "event"
    if item["type"] == UNKNOWN_FIELD:
        expected = f"one of {', '.join(known_fields)}, or leave it out"
        return Fault(field, "is not a field of this contract", near_first(str(item["loc"][-1]), known_fields, expected))
    if item["type"] == MISSING_FIELD:
        return Fault(field, "is missing", "a value for it")
    problem = "is not JSON" if item["type"] == "json_invalid" else "is not as the contract says"
    return Fault(field, problem, _right(item, field), _repeatable(item))


def _repeatable(item: dict[str, Any]) -> str | None:
    # What came in place of the whole data, or holds further values, could hold unknown, personal fields.
    came = item["input"]
    return None if not item["loc"] or isinstance(came, dict | list) else shown(came)


def _right(item: dict[str, Any], field: str) -> str:
    context: dict[str, Any] = item.get("ctx", {})
    if item["type"] == WRONG_PATTERN:
        pattern = context["pattern"]
        return PATTERNS_IN_WORDS.get(pattern) or _RIGHT_BY_ATTRIBUTE.get(field) or f"text that matches {pattern}"
    if item["type"] in _RIGHT_BY_ERROR:
        right = _RIGHT_BY_ERROR[item["type"]].format(**context)
        is_word = item["type"] == OF_A_LIST and isinstance(item["input"], str)
        return near_first(item["input"], re.findall("'([^']*)'", context["expected"]), right) if is_word else right
    return str(item["msg"]).removeprefix("Value error, ").removeprefix("must be ")
