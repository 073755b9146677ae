"""The parts of a figure, and what each part is made of.

Invariant: the amounts of the parts add up to the figure; no part is 0.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from contracts.codes import CoverReason
from services.metrics.figures.reading import FigureQuery, Reading, parts
from services.metrics.measures.declaration import Count, Kind, Part, When
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.days import OverDays
from services.metrics.timelines.rows import FOREVER, Cover


class MadeOf(NamedTuple):
    """Somebody or something behind a part, and as what it counts there. `amount` in millionths."""

    subject: str
    counts_as: str
    amount: int


@dataclass(frozen=True, slots=True)
class Explained:
    """One part of a figure, in millionths. `until` None: no end is known."""

    amount: int
    since: date
    until: date | None
    subjects: tuple[str, ...]
    dimensions: dict[str, Any]
    _snapshot: Snapshot = field(compare=False, repr=False)
    _as_at: date | None

    @property
    def made_of(self) -> tuple[MadeOf, ...]:
        """What the part follows from, if that is the staffing of one unit. Worked out only when asked for, because
        one page out of thousands of parts is shown.
        """
        return () if self._as_at is None else occupancies_at(self._snapshot, self.subjects[0], self._as_at)


def explain(counted: Count, reading: Reading, when: When, query: FigureQuery) -> list[Explained]:
    """The parts of a stock or flow, the largest first, those alike by subject."""
    counting = [part for part in parts(counted, reading, when, query) if part.amount]
    counting.sort(key=lambda part: (-part.amount, part.subjects, part.since))
    snapshot = reading.snapshot()
    return [
        Explained(
            part.amount,
            part.since,
            None if part.until == FOREVER else part.until,
            part.subjects,
            {name: part.dimension(name) for name in counted.dimensions},
            snapshot,
            (when.as_at if counted.kind is Kind.STOCK else part.since) if _is_of_one_unit(counted, part) else None,
        )
        for part in counting
    ]


def _is_of_one_unit(counted: Count, part: Part) -> bool:
    """Whether a part follows from the staffing of one unit (a vacancy that was filled does, on that day)."""
    return counted.column is not None or (len(part.subjects) == 1 and part.subjects[0].startswith("post/"))


def occupancies_at(snapshot: Snapshot, staffing_unit: str, as_at: date) -> tuple[MadeOf, ...]:
    """What the staffing of a unit at a date follows from: the funding, who is in post there, and who covers it."""
    kind, _, identifier = staffing_unit.partition("/")
    made_of = []
    if kind == "post":
        posts = snapshot.posts.get(identifier, ())
        # From when it was established on something holds on every day.
        at = bisect_right(posts, as_at, key=attrgetter("valid_from")) - 1
        if at >= 0:
            made_of.append(MadeOf(staffing_unit, "establishment", posts[at].facts.funded))
    return (*made_of, *sorted(_holders(snapshot, staffing_unit).on(as_at), key=_workers_first))


def _workers_first(made_of: MadeOf) -> tuple[bool, str]:
    return made_of.counts_as != "in-post", made_of.subject


def _holders(snapshot: Snapshot, staffing_unit: str) -> OverDays[MadeOf]:
    """Who holds a staffing unit and who covers it, over all time. Worked out for each unit that is shown."""
    of_units: dict[str, OverDays[MadeOf]] = snapshot.kept(("holders",), dict)
    if staffing_unit not in of_units:
        kind, _, identifier = staffing_unit.partition("/")
        held = snapshot.occupied.get(identifier, ()) if kind == "post" else ()
        of_units[staffing_unit] = _over_days(
            [(row.valid_from, row.valid_to, MadeOf(f"worker/{row.worker}", "in-post", row.fte)) for row in held]
            + [(row.valid_from, row.valid_to, _covering(row)) for row in snapshot.covered.get(staffing_unit, ())]
        )
    return of_units[staffing_unit]


def _covering(row: Cover) -> MadeOf:
    counts_as = "agency-cover" if row.reason is CoverReason.VACANCY else "agency"
    return MadeOf(f"cover/{row.cover}", counts_as, row.fte)


def _over_days(stretches: Sequence[tuple[date, date, MadeOf]]) -> OverDays[MadeOf]:
    there: OverDays[MadeOf] = OverDays(sorted({day for since, until, _ in stretches for day in (since, until)}))
    for since, until, made_of in stretches:
        there.put(since, until, made_of)
    return there
