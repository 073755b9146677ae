"""What rows say of one thing together with what was said of it before.

Invariant: rows that say what is remembered leave it as it is; what nothing gainsays is kept.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from services.people.differ.periods import Row, begins
from services.people.facts import Note
from services.people.statements import Begins, HoldingStated

NOT_IN_THE_FILE = 0
"""The number of a row that is remembered, and was not in the last extract that was looked at."""
IN_THE_FILE = 1
"""Of one that was. The file's own number is of no use later."""


@dataclass(slots=True)
class Remembering:
    """How the rows of one kind are read that say what is current on a day, `as_at`.

    `content` is what of a row may change while it holds, `constant` names what only its start says. `missing_since` is
    the day from which on extracts did not name the subject; None where the last one did. `notes` gathers what is dated
    by the extract.
    """

    as_at: date
    begins: Begins
    content: Callable[[Any], Any]
    constant: Sequence[str]
    missing_since: date | None = None
    notes: list[Note] = field(default_factory=list)

    def continued(self, history: list[Row], rows: Iterable[Row]) -> list[Row]:
        """The rows of one thing, in order, once those that are current are known too."""
        for row in sorted(rows, key=lambda row: (row.holds_from or self.as_at, row.row)):
            history = self._with(history, row)
        return self._started_as_stated_now(history)

    def _with(self, history: list[Row], row: Row) -> list[Row]:
        end = history[-1].holds_until if history else None
        if not history or (end is not None and self._begins_anew(history[-1], row, end)):
            return [*history, *self._dated(row, end)]
        if self.begins is Begins.ROW and row.holds_from is not None:
            return self._overwritten(history, row, row.holds_from)
        return self._changed(self._corrected(history, row.holds_from), row)

    def _started_as_stated_now(self, history: list[Row]) -> list[Row]:
        """A history in which the rows that the last one continues say of their start what it says."""
        if len(history) < 2 or not self.constant:
            return history
        stated = {name: getattr(history[-1], name) for name in self.constant}
        first = _first_of_run(history)
        return [*history[:first], *(replace(row, **stated) for row in history[first:])]

    def _dated(self, row: Row, not_before: date | None) -> list[Row]:
        if row.holds_from is not None:
            return [row]
        since = self.as_at if not_before is None or not_before < self.as_at else not_before
        end = _end_of(row)
        if end is not None and end <= since:
            self._note(row, f"had ended by {end}, and the file does not say since when it held; left out")
            return []
        self._note(row, f"the file does not say since when; {since} counts, the day of the extract")
        return [replace(row, holds_from=since)]

    def _begins_anew(self, last: Row, row: Row, end: date) -> bool:
        """Whether a row of what had ended is of something new. Else its end is taken back.

        An end that only the absence of the subject told is taken back by its return, unless the file dates that.
        """
        if _end_of(row) == end:
            return False
        if row.holds_from is not None:
            return row.holds_from >= end
        gone = self.missing_since is not None or last.row == NOT_IN_THE_FILE
        return gone and end != self.missing_since

    def _overwritten(self, history: list[Row], row: Row, since: date) -> list[Row]:
        """What a row says holds from `since` on, and what held before only up to then."""
        last = history[-1]
        if self.content(last) == self.content(row) and begins(last) <= since:
            return [*history[:-1], replace(row, holds_from=last.holds_from)]
        return [*_before(history, since), row]

    def _corrected(self, history: list[Row], since: date | None) -> list[Row]:
        """The history of a thing that goes on, its start as the file has it now."""
        first = _first_of_run(history)
        if since is None or since == history[first].holds_from:
            return history
        run = history[first:]
        later = [row for place, row in enumerate(run) if place + 1 == len(run) or begins(run[place + 1]) > since]
        return [*_before(history[:first], since), replace(later[0], holds_from=since), *later[1:]]

    def _changed(self, history: list[Row], row: Row) -> list[Row]:
        """The history with what a row says now: from the day of the extract on, where it is something else."""
        *earlier, last = history
        if self.content(last) == self.content(row):
            return [*earlier, replace(row, holds_from=last.holds_from)]
        if self.as_at <= begins(last):
            return [*earlier, replace(row, holds_from=last.holds_from)]
        self._note(row, f"says something else than before; from {self.as_at} on, the day of the extract")
        return [*earlier, replace(last, holds_until=self.as_at), replace(row, holds_from=self.as_at)]

    def _note(self, row: Row, text: str) -> None:
        self.notes.append(Note(row.row, text))


def _end_of(row: Row) -> date | None:
    """When a row says that it ends, by leaving too."""
    ends = [row.holds_until, row.left_on if isinstance(row, HoldingStated) else None]
    return min((end for end in ends if end is not None), default=None)


def _first_of_run(history: Sequence[Row]) -> int:
    """The place of the first of the rows that follow each other without a break up to the last."""
    first = len(history) - 1
    while first and history[first - 1].holds_until in (None, history[first].holds_from):
        first -= 1
    return first


def _before(history: Sequence[Row], day: date) -> list[Row]:
    """What of a history was before a day."""
    kept = [row for row in history if begins(row) < day]
    if kept and (kept[-1].holds_until is None or kept[-1].holds_until > day):
        kept[-1] = replace(kept[-1], holds_until=day)
    return kept


def ended_before(rows: Iterable[Row], day: date | None) -> list[Row]:
    """The rows that ended by a day, from which on a file holds all that was."""
    if day is None:
        return []
    return [row for row in rows if row.holds_until is not None and row.holds_until <= day]
