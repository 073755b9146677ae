"""Puts the rows of one thing together with what was said of it before.

Invariant: rows that repeat what is remembered change nothing. What no row contradicts is kept.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from services.people.differ.periods import Row, begins
from services.people.facts import Note
from services.people.statements import Begins, HoldingStated

NOT_IN_THE_FILE = 0
"""The row number of a remembered row that was not in the last extract."""
IN_THE_FILE = 1
"""The row number of a remembered row that was in it. The file's own number is of no use later."""


@dataclass(slots=True)
class Remembering:
    """How to read rows of one kind that say what is current on a day, `as_at`.

    - `content` gives the fields of a row that may change while it holds; `constant` names those that only its start
      states.
    - `missing_since` is the day since which extracts have not named the subject; None if the last one did.
    - `notes` collects what is dated by the extract.
    """

    as_at: date
    begins: Begins
    content: Callable[[Any], Any]
    constant: Sequence[str]
    missing_since: date | None = None
    notes: list[Note] = field(default_factory=list)

    def continued(self, history: list[Row], rows: Iterable[Row]) -> list[Row]:
        """The rows of one thing, in order, with the current ones added."""
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
        """A history in which the rows that the last one continues have the same facts about their start as that row."""
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
        self._note(row, f"the file does not say since when; {since} counts, the day of the extract", since)
        return [replace(row, holds_from=since)]

    def _begins_anew(self, last: Row, row: Row, end: date) -> bool:
        """Whether a row about something that had ended begins something new. If not, the end is taken back.

        If it ended only because its subject was missing, its return takes that back, unless the file dates the
        return.
        """
        if _end_of(row) == end:
            return False
        if row.holds_from is not None:
            return row.holds_from >= end
        gone = self.missing_since is not None or last.row == NOT_IN_THE_FILE
        return gone and end != self.missing_since

    def _overwritten(self, history: list[Row], row: Row, since: date) -> list[Row]:
        """The history in which a row holds from `since` on, and what held before only up to then."""
        last = history[-1]
        if self.content(last) == self.content(row) and begins(last) <= since:
            return [*history[:-1], replace(row, holds_from=last.holds_from)]
        return [*_before(history, since), row]

    def _corrected(self, history: list[Row], since: date | None) -> list[Row]:
        """The history of a thing that goes on, with its start as the file states it now."""
        first = _first_of_run(history)
        if since is None or since == history[first].holds_from:
            return history
        run = history[first:]
        later = [row for index, row in enumerate(run) if index + 1 == len(run) or begins(run[index + 1]) > since]
        return [*_before(history[:first], since), replace(later[0], holds_from=since), *later[1:]]

    def _changed(self, history: list[Row], row: Row) -> list[Row]:
        """The history with what a row says now. If that is something else, it holds from the day of the extract on."""
        *earlier, last = history
        if self.content(last) == self.content(row):
            return [*earlier, replace(row, holds_from=last.holds_from)]
        if self.as_at <= begins(last):
            return [*earlier, replace(row, holds_from=last.holds_from)]
        text = f"says something else than before; from {self.as_at} on, the day of the extract"
        self._note(row, text, self.as_at)
        return [*earlier, replace(last, holds_until=self.as_at), replace(row, holds_from=self.as_at)]

    def _note(self, row: Row, text: str, dated: date | None = None) -> None:
        self.notes.append(Note(row.row, text, dated))


def _end_of(row: Row) -> date | None:
    """The day on which a row ends by its own account, leaving included."""
    ends = [row.holds_until, row.left_on if isinstance(row, HoldingStated) else None]
    return min((end for end in ends if end is not None), default=None)


def _first_of_run(history: Sequence[Row]) -> int:
    """The index of the first row of the unbroken run that reaches the last row."""
    first = len(history) - 1
    while first and history[first - 1].holds_until in (None, history[first].holds_from):
        first -= 1
    return first


def _before(history: Sequence[Row], day: date) -> list[Row]:
    """The part of a history before a day."""
    kept = [row for row in history if begins(row) < day]
    if kept and (kept[-1].holds_until is None or kept[-1].holds_until > day):
        kept[-1] = replace(kept[-1], holds_until=day)
    return kept


def ended_before(rows: Iterable[Row], day: date | None) -> list[Row]:
    """The rows that ended by the day from which a file holds the whole history."""
    if day is None:
        return []
    return [row for row in rows if row.holds_until is not None and row.holds_until <= day]
