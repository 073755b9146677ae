"""The demonstration authority written out as extracts, day by day, in three layouts.

Invariant: an extract is written of each day on which something was recorded, with all that was known by its end.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from contracts.envelope import Event, parse_event
from deploy.demonstration.generator import history
from services.people.statements import ChangeStated, Ending, HoldingStated, Kind
from tests.people.hr_system import HrSystem
from tests.people.reading import COMPLETE, Reading


def demonstration_events() -> list[Event]:
    """The events of authority 331, with the usual seed, in the order in which they were recorded."""
    events = (
        parse_event({name: value for name, value in one.items() if name != "data"}, json.dumps(one["data"]).encode())
        for one in history()
    )
    return sorted(events, key=lambda event: event.envelope.time)


@dataclass(frozen=True)
class Day:
    """What the extracts of one day say otherwise than those before: by kind and subject all its rows, or none."""

    as_at: date
    recorded_at: datetime
    changed: Sequence[tuple[Kind, str, Sequence[Any]]]


def days(events: Sequence[Event]) -> Iterator[Day]:
    """The extracts of each day on which something was recorded, one after another."""
    system = HrSystem()
    for day, recorded in groupby(events, lambda event: event.envelope.time.date()):
        of_day = list(recorded)
        named = sorted(system.learn(of_day))
        changed = [(kind, subject, rows.get(subject, ())) for kind, rows in system.rows.items() for subject in named]
        yield Day(day, max(event.envelope.time for event in of_day), changed)


def read(every_day: Iterable[Day], layout: "Layout") -> Reading:
    """A feed that was read day by day."""
    reading = Reading(dict.fromkeys(Kind, COMPLETE))
    for day in every_day:
        for kind, subject, rows in day.changed:
            reading.read_subject(kind, subject, layout(rows), day.as_at, day.recorded_at)
    return reading


# --- layouts ----------------------------------------------------------------------------------------------------------

Layout = Callable[[Sequence[Any]], Sequence[Any]]
"""How a source writes the rows of one subject."""


def plain(rows: Sequence[Any]) -> Sequence[Any]:
    """Each row says from when to when it holds, and how it ended."""
    return rows


def sparse(rows: Sequence[Any]) -> Sequence[Any]:
    """Rows say since when they hold, and no end while another row of the thing follows; occupancies have letters."""
    found: list[Any] = []
    for row in rows if rows and not isinstance(rows[0], ChangeStated) else ():
        follows = any(_thing(other) == _thing(row) and other.holds_from == row.holds_until for other in rows)
        row = replace(row, holds_until=None) if row.holds_until is not None and follows else row
        if isinstance(row, HoldingStated):
            keys = list(dict.fromkeys(other.holding for other in rows))
            row = replace(row, holding=f"{row.worker}-{keys.index(row.holding)}")
        found.append(row)
    return found or rows


def by_assignment(rows: Sequence[Any]) -> Sequence[Any]:
    """An assignment goes on from post to post, and ends only by its end; all of it stands in each row."""
    if not rows or not isinstance(rows[0], HoldingStated):
        return rows
    number: dict[tuple[str, date | None], int] = {}
    found: list[HoldingStated] = []
    for row in rows:
        before = [one for one in found if one.ending is Ending.MOVED and one.holds_until == row.holds_from]
        same = [one for one in found if one.holding == row.holding and one.holds_until == row.holds_from]
        taken = number.setdefault((row.holding, row.holds_from), len(number) + 1)
        key = next(iter(same or [one for one in before if not _goes_on(one, found)]), None)
        found.append(replace(row, holding=f"{row.worker}.{taken}" if key is None else key.holding))
    return found


def _goes_on(row: HoldingStated, rows: Sequence[HoldingStated]) -> bool:
    return any(other.holding == row.holding and other.holds_from == row.holds_until for other in rows)


def _thing(row: Any) -> str:
    for name in ("holding", "cover", "post"):
        if hasattr(row, name):
            return str(getattr(row, name))
    raise TypeError(type(row))


LAYOUTS: dict[str, Layout] = {"plain": plain, "sparse": sparse, "by assignment": by_assignment}
