"""Rows that say only which posts a worker holds today, put together with what was said of the worker before.

Invariant: rows that repeat what is remembered change nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from services.people.differ.periods import begins
from services.people.differ.remembering import NOT_IN_THE_FILE, Remembering
from services.people.facts import Note
from services.people.statements import Ending, HoldingStated

Histories = dict[str, list[HoldingStated]]
"""By holding its rows, in order."""


def by_holding(rows: Iterable[HoldingStated]) -> Histories:
    """Rows by their holding."""
    rows_of: defaultdict[str, list[HoldingStated]] = defaultdict(list)
    for row in rows:
        rows_of[row.holding].append(row)
    return rows_of


def up_to_the_leaver(rows: Sequence[HoldingStated]) -> list[HoldingStated]:
    """The rows, each ended on the day on which the worker left, if that ended it."""
    days = sorted({row.left_on for row in rows if row.left_on is not None})
    ended = []
    for row in rows:
        day = next((day for day in days if day > begins(row)), None)
        ends_it = day is not None and (row.holds_until is None or row.holds_until > day)
        ended.append(replace(row, holds_until=day) if ends_it else row)
    return ended


def brought_up_to_date(
    remembered: Sequence[HoldingStated],
    rows: Sequence[HoldingStated],
    reading: Remembering,
    *,
    all_named: bool,
) -> list[HoldingStated]:
    """The rows of a worker, with the current ones added. `all_named`: a holding that they do not name has ended."""
    before, named = by_holding(up_to_the_leaver(remembered)), by_holding(rows)
    now: Histories = {}
    for holding, current in named.items():
        history = reading.continued(before.get(holding, []), current)
        if history:
            now[holding] = history
    begun = [now[holding][-1] for holding in now if _is_new(before.get(holding, []), now[holding])]
    gone = {holding: history for holding, history in before.items() if holding not in named}
    now |= _ended(gone, begun, reading) if all_named else gone
    return _without_leavers_taken_back([row for history in now.values() for row in history], rows, named)


def _is_new(before: list[HoldingStated], now: list[HoldingStated]) -> bool:
    """Whether a holding begins (for the first time or again) by what the rows say now."""
    if not before:
        return True
    end = before[-1].holds_until
    return end is not None and begins(now[-1]) >= end


def _ended(gone: Histories, begun: Sequence[HoldingStated], reading: Remembering) -> Histories:
    """The holdings that the rows no longer name. Each goes on in one that begins, or ended."""
    histories: Histories = {}
    going_on: list[str] = []
    for holding, history in gone.items():
        histories[holding] = [replace(row, row=NOT_IN_THE_FILE) for row in history]
        end = history[-1].holds_until
        if end is None or end > reading.as_at:
            going_on.append(holding)
    targets = _goes_on_in({holding: histories[holding][-1] for holding in going_on}, begun)
    for holding in going_on:
        histories[holding] = _with_end(histories[holding], targets.get(holding), reading)
    return {holding: history for holding, history in histories.items() if history}


def _goes_on_in(gone: dict[str, HoldingStated], begun: Sequence[HoldingStated]) -> dict[str, HoldingStated]:
    """Which new holding continues which one that is gone: one of the same post, or else in order."""
    continued_in: dict[str, HoldingStated] = {}
    left = sorted(begun, key=lambda row: (begins(row), row.holding))
    in_order = sorted(gone, key=lambda holding: (begins(gone[holding]), holding))
    for same_post in (True, False):
        for holding in in_order:
            fits = (row for row in left if not same_post or row.post == gone[holding].post)
            if holding not in continued_in and (target := next(fits, None)) is not None:
                continued_in[holding] = target
                left.remove(target)
    return continued_in


def _with_end(history: list[HoldingStated], target: HoldingStated | None, reading: Remembering) -> list[HoldingStated]:
    """A holding that ended: on the day on which its continuation began, or else on the day of the extract."""
    *earlier, last = history
    moved = target is not None and begins(last) < begins(target) <= reading.as_at
    day = begins(target) if target is not None and moved else reading.as_at
    if begins(last) >= day:
        return earlier
    if not moved:
        text = f"no longer holds {last.post}, beside other posts; from {day} on, the day of the extract"
        reading.notes.append(Note(None, text, day))
    return [*earlier, replace(last, holds_until=day, ending=Ending.MOVED if moved else Ending.GAVE_UP)]


def _without_leavers_taken_back(
    now: list[HoldingStated], rows: Sequence[HoldingStated], named: Histories
) -> list[HoldingStated]:
    """The rows without those leavers that the file no longer states although the worker goes on after that day."""
    stated = {row.left_on for row in rows}
    taken_back = {row.left_on for row in now if row.left_on is not None and row.left_on not in stated}
    taken_back = {day for day in taken_back if any(_goes_beyond(row, day) for row in now if row.holding in named)}
    if not taken_back:
        return now
    return [_not_left(row) if row.left_on in taken_back else row for row in now]


def _goes_beyond(row: HoldingStated, day: date) -> bool:
    return begins(row) < day and (row.holds_until is None or row.holds_until > day)


def _not_left(row: HoldingStated) -> HoldingStated:
    ending = Ending.GAVE_UP if row.ending is Ending.LEFT else row.ending
    return replace(row, left_on=None, leaving_reason=None, destination=None, ending=ending)
