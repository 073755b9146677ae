"""The demonstration authority's own HR system: what it has on record at month ends, written as files of three layouts.

Invariant: each mapping is that of a worked example, with what an authority adds to its copy. All files hold the whole
history. What happens beside posts, employees and assignments comes in a file of changes for each type of event.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import yaml

from contracts.catalogue import EVENT_MODELS
from contracts.envelope import Event
from contracts.events.hiring import WorkerFteChanged
from contracts.occupying import EFFECTS as OF_WORKERS
from services.people.mapping.document import NAMES
from services.people.statements import ChangeStated, HoldingStated, Kind
from tests.people.demonstration import Layout, by_assignment, plain, sparse
from tests.people.hr_system import OF_COVERS, OF_POSTS, HrSystem
from tests.people.layouts import Writing, example

WHOLE = {"history": "complete", "gone_after": "1"}
FILES = {
    "plain": {Kind.POSTS: "posts", Kind.HOLDINGS: "employees", Kind.COVERS: "agency"},
    "itrent_like": {Kind.POSTS: "positions", Kind.HOLDINGS: "occupancies", Kind.COVERS: "agency"},
    "oracle_like": {Kind.POSTS: "positions", Kind.HOLDINGS: "assignments", Kind.COVERS: "agency"},
}
"""What each example calls its files."""
HOURS = "hours"
"""And iTrent the file with what its occupancies do not say."""
HOW_ROWS_ARE = {"plain": plain, "itrent_like": sparse, "oracle_like": by_assignment}

Rows = Mapping[str, Sequence[Any]]
"""By subject."""


def mapping_of(layout: str, types: Sequence[str]) -> str:
    """The authority's mapping: an example, whole history, and a file of changes for each of these types of event."""
    document = yaml.load(example(layout), Loader=yaml.BaseLoader)  # noqa: S506  (texts alone)
    names = FILES[layout]
    files = {name: words for name, words in document["files"].items() if name in (*names.values(), HOURS)}
    posts, holdings = files[names[Kind.POSTS]], files[names[Kind.HOLDINGS]]
    if layout == "plain":
        posts |= {"dates": ["dd/mm/yyyy"], "end_dates": "last-day"}
        posts["columns"] |= {"holds_from": "From", "holds_until": "Until"}
        holdings["columns"] |= {"ending": "Ending", "holding": "Occupancy"}
    form = {name: posts[name] for name in ("layout", "dates") if name in posts}
    for kind in types:
        files[kind] = {"kind": "changes", "event": kind, "subject": "Subject", "key": ["Key"], **form}
        files[kind] |= {"end_dates": "day-after", "columns": _columns(kind)}
    for name, words in files.items():
        words |= {"name": f"{name}.csv", "policy": WHOLE}
    return yaml.safe_dump({"codes": document["codes"], "files": files}, sort_keys=False)


def _columns(kind: str) -> dict[str, Any]:
    named = EVENT_MODELS[kind].model_fields
    return {name: {"column": name, "unmatched": "spell"} if name in NAMES else name for name in named}


class Delivering:
    """Writes what the HR system has on record, delivery by delivery. Lines of what did not change are kept."""

    def __init__(self, layout: str, events: Sequence[Event]) -> None:
        self._layout, self._events = layout, events
        self._types = sorted({event.envelope.type for event in events} - {*OF_POSTS, *OF_COVERS, *OF_WORKERS})
        self.mapping = mapping_of(layout, self._types)
        self._writing = Writing(self.mapping)
        self._system = HrSystem()
        self._lines: dict[tuple[str, str], tuple[Sequence[Any], list[bytes]]] = {}

    def deliveries(self, days: Sequence[date]) -> Iterator[tuple[date, datetime, dict[str, bytes]]]:
        """The files of each of these days, by name, and when they were made: with all that was recorded until then."""
        before = datetime.min.replace(tzinfo=UTC)
        for day in days:
            made_at = datetime.combine(day, time.max, UTC)
            self._system.learn([one for one in self._events if before < one.envelope.time <= made_at])
            before = made_at
            yield day, made_at, {f"{name}.csv": content for name, content in self._files()}

    def _files(self) -> Iterator[tuple[str, bytes]]:
        rows = self._system.rows
        how: Layout = HOW_ROWS_ARE[self._layout]
        for kind, name in FILES[self._layout].items():
            if rows[kind]:  # an extract without a record would be refused
                yield name, self._written(name, rows[kind], _occupancies if name == "occupancies" else how)
        if self._layout == "itrent_like":
            yield HOURS, self._written(HOURS, rows[Kind.HOLDINGS], _hours)
        for event_type in self._types:
            of_type = (lambda kind: lambda stated: [one for one in stated if one.data.event_type == kind])(event_type)
            yield event_type, self._written(event_type, rows[Kind.CHANGES], of_type)

    def _written(self, file: str, rows: Rows, how: Callable[[Sequence[Any]], Sequence[Any]]) -> bytes:
        lines = [self._writing.header(file)]
        for subject, stated in rows.items():
            kept = self._lines.get((file, subject))
            if kept is None or kept[0] is not stated:
                kept = self._lines[file, subject] = (stated, self._writing.rows(file, how(stated)))
            lines += kept[1]
        return b"".join(lines)


def _occupancies(rows: Sequence[HoldingStated]) -> Sequence[Any]:
    """Occupancies without their hours: rows of which only the FTE differs are one."""
    found: list[HoldingStated] = []
    for row in sorted(rows, key=lambda row: (row.holding, row.holds_from or date.min)):
        before = found[-1] if found else None
        if before is not None and before.holding == row.holding and before.holds_until == row.holds_from:
            ends = {name: getattr(row, name) for name in _OF_ENDS}
            found[-1] = replace(before, **ends)
        else:
            found.append(replace(row, fte=Decimal(1)))
    return sparse(found)


_OF_ENDS = ("holds_until", "ending", "left_on", "leaving_reason", "destination")


def _hours(rows: Sequence[HoldingStated]) -> Sequence[ChangeStated]:
    """The hours of occupancies, where they are not those of full time, or are again."""
    found = []
    for row in rows:
        goes_on = any(one.holding == row.holding and one.holds_until == row.holds_from for one in rows)
        if row.holds_from is not None and (row.fte != 1 or goes_on):
            data = WorkerFteChanged(effective_from=row.holds_from, post=row.post, fte=row.fte)
            found.append(ChangeStated(0, row.worker, "", data))
    return found
