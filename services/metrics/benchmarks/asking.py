"""What a request for benchmarks asks for, read from its parameters.

Invariant: everything wrong with a request is told at once; a parameter that is not known is refused by its name.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

from fastapi import Request

from contracts.values import AUTHORITY_PATTERN, EARLIEST_DATE, LATEST_DATE
from services.chassis.problems import Problem

RELEASE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
SOURCE = r"^[ -~]{1,200}$"
YEAR = r"^(19[5-9][0-9]|20[0-9]{2})$"
_WHOLE = r"^[0-9]{1,7}$"


class Asking:
    """Reads parameters and notes what is wrong with them.

    What a method gives for a parameter that cannot be read is not to be used: `finish` raises after it.
    """

    def __init__(self, request: Request, *parameters: str) -> None:
        """`parameters` are those that the request may have."""
        expected = f"one of {', '.join(parameters)}" if parameters else "no parameter"
        self._faults: list[dict[str, str]] = [
            {"field": name, "problem": "is not a parameter", "expected": expected}
            for name in request.query_params
            if name not in parameters
        ]

    def fault(self, field: str, value: str, expected: str) -> None:
        """Note that a parameter is missing or cannot be read."""
        fault = {"field": field, "problem": "cannot be read" if value else "is missing", "expected": expected}
        self._faults.append(fault | ({"value": value[:80]} if value else {}))

    def finish(self) -> None:
        """Raises a 422 problem with everything that was noted."""
        if self._faults:
            detail = "; ".join(
                f"{item['field']} {item['problem']}: expected {item['expected']}" for item in self._faults
            )
            raise Problem(422, "request-refused", "The request is not as described", detail, faults=self._faults)

    def matching(self, field: str, value: str, pattern: str, expected: str) -> str:
        """Text of a pattern; needed."""
        # fullmatch: $ also matches before a line break at the end.
        if not re.fullmatch(pattern, value):
            self.fault(field, value, expected)
        return value

    def authority(self, value: str) -> str:
        """A three-digit code; needed."""
        return self.matching("authority", value, AUTHORITY_PATTERN, "three digits, as 331")

    def neighbours(self, values: Sequence[str], authority: str) -> tuple[str, ...]:
        """Three-digit codes, repeated or joined by commas; not the authority itself."""
        codes = tuple(dict.fromkeys(code for part in values for code in part.split(",") if code))
        for code in codes:
            if not re.fullmatch(AUTHORITY_PATTERN, code) or code == authority:
                self.fault("neighbours", code, "three-digit codes of other authorities, as 825,908")
        return codes

    def release(self, field: str, value: str) -> str:
        """The name of a release; needed."""
        expected = "a name of up to 40 letters, digits, dots, underscores and hyphens, as 2022"
        return self.matching(field, value, RELEASE_NAME, expected)

    def year(self, value: str) -> int:
        """A census year; needed."""
        found = self.matching("year", value, YEAR, "the year a census ended in, as 2022")
        return int(found) if found.isdecimal() else 0

    def date(self, field: str, value: str) -> date:
        """A date; needed."""
        try:
            day = date.fromisoformat(value) if len(value) == len("2023-02-23") else None
        except ValueError:
            day = None
        if day is None or not EARLIEST_DATE <= day < LATEST_DATE:
            self.fault(field, value, f"a date as 2023-02-23, from {EARLIEST_DATE} and before {LATEST_DATE}")
            return EARLIEST_DATE
        return day

    def instant(self, field: str, value: str) -> datetime:
        """An instant with its offset; now if left out."""
        if not value:
            return datetime.now(UTC)
        try:
            # A plus sign that was not escaped arrives as a space.
            instant = datetime.fromisoformat(value.replace(" ", "+"))
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None or not EARLIEST_DATE.year <= instant.year < LATEST_DATE.year:
            self.fault(field, value, "an instant with its offset, as 2023-11-30T12:00:00Z")
            return datetime.now(UTC)
        return instant.astimezone(UTC)

    def whole(self, field: str, value: str, otherwise: int, lowest: int, highest: int) -> int:
        """A whole number between two; `otherwise` if left out."""
        if not value:
            return otherwise
        found = int(value) if re.fullmatch(_WHOLE, value) else -1
        if not lowest <= found <= highest:
            self.fault(field, value, f"a whole number from {lowest} to {highest}")
        return found
