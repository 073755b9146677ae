"""The rows of one thing as stretches of time: each holds until its own end, or until the next one begins.

Invariant: the stretches of one thing do not overlap, and none is empty.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from services.people.statements import CoverStated, HoldingStated, PostStated, RowFault

Dated = PostStated | HoldingStated | CoverStated
Row = TypeVar("Row", bound=Dated)


@dataclass(slots=True)
class Period(Generic[Row]):
    """What a row says from `since` to the day before `until`; None: no end is known."""

    row: Row
    since: date
    until: date | None

    def goes_on_in(self, following: "Period[Row] | None") -> bool:
        """Whether another begins on the day this one ends."""
        return following is not None and following.since == self.until


def begins(row: Dated) -> date:
    """The first day on which a row holds. Only for rows that state it."""
    if row.holds_from is None:
        raise ValueError(f"row {row.row} has no start")
    return row.holds_from


def periods(rows: Iterable[Row]) -> list[Period[Row]]:
    """The stretches of one thing, in order. If several rows begin on one day, the last one counts."""
    of_days = {begins(row): row for row in sorted(rows, key=lambda row: (begins(row), row.row))}
    stretches: list[Period[Row]] = []
    for since, row in of_days.items():
        if stretches and ((until := stretches[-1].until) is None or until > since):
            stretches[-1].until = since
        stretches.append(Period(row, since, row.holds_until))
    return [period for period in stretches if period.until is None or period.since < period.until]


def not_backwards(rows: Sequence[Row]) -> tuple[list[Row], list[RowFault]]:
    """The rows that do not end before they begin, and what is wrong with the others."""
    sound: list[Row] = []
    faults: list[RowFault] = []
    for row in rows:
        if row.holds_from is not None and row.holds_until is not None and row.holds_until < row.holds_from:
            expected = f"a day from {row.holds_from} on, or none"
            faults.append(RowFault(row.row, "holds_until", "is before the row begins", expected, str(row.holds_until)))
        else:
            sound.append(row)
    return sound, faults
