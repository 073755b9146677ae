"""How a check is declared, and what it finds.

Invariant: a check is declared once: its name, what it means, what would mend it and what it can move stand together.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from contracts.envelope import Event
from contracts.standing import order_of_recording
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import FOREVER

ONE_DAY = timedelta(days=1)
ACADEMY = "academy-cohorts"
"""Stands beside the names of measures for the outcomes of the academy's cohorts, which are figures of their own."""


MOST_NAMED = 50
"""How many subjects, and events of one sort, a finding names at most: of thousands nobody reads on, and where thousands
of findings each name thousands there is no end to it."""


class Severity(StrEnum):
    """What a finding is to the figures."""

    MOVES = "moves-a-figure"
    MAY_MOVE = "may-move-a-figure"
    INFORMATION = "for-information"


SEVERITIES = {
    Severity.MOVES: "What is recorded cannot be so, and a figure counts it, or leaves it out.",
    Severity.MAY_MOVE: "It can be so; where it is a mistake, a figure is wrong.",
    Severity.INFORMATION: "No figure as known now is wrong by it.",
}
"""Every severity with its meaning, the gravest first."""


class Concerned(NamedTuple):
    """The FTE (in millionths) that is in question from `since` up to and without `until`."""

    since: date
    until: date
    fte: int


class Finding(NamedTuple):
    """What a check found.

    It holds from `since` up to and without `until` (FOREVER: no end is known). `says` is a sentence. `events` are those
    behind it, in the order of recording. `concerned` is the FTE in question over time, from `since` on where it begins
    before (many findings can share one). `withdrawn` are the events without which there would be nothing to find, where
    that is plain; none where more than one could be wrong.
    """

    check: str
    subjects: tuple[str, ...]
    since: date
    until: date
    message: str
    events: tuple[Event, ...]
    concerned: tuple[Concerned, ...] = ()
    withdrawn: tuple[Event, ...] = ()

    def concerned_on(self, day: date) -> int:
        """The FTE in question on a day, in millionths."""
        if day < self.since:
            return 0
        return sum(item.fte for item in self.concerned if item.since <= day < item.until)


def on_a_day(
    check: str,
    subjects: Sequence[str],
    day: date,
    message: str,
    events: Iterable[Event],
    concerned: tuple[Concerned, ...] = (),
    withdrawn: Sequence[Event] = (),
) -> Finding:
    """A finding about one day."""
    until = day + ONE_DAY
    return Finding(check, tuple(subjects), day, until, message, in_order(events), concerned, tuple(withdrawn))


def nearest(events: Sequence[Event], index: int) -> Sequence[Event]:
    """At most `MOST_NAMED` of some events in order: those around an index among them."""
    first = max(0, min(index - MOST_NAMED // 2, len(events) - MOST_NAMED))
    return events[first : first + MOST_NAMED]


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Events in the order of recording, each once."""
    once = {event.identity: event for event in events}
    return tuple(sorted(once.values(), key=order_of_recording))


def runs(stretches: Iterable[Concerned]) -> list[list[Concerned]]:
    """Stretches of one subject, ascending, put together where one goes on from the other."""
    runs_of_stretches: list[list[Concerned]] = []
    for stretch in stretches:
        if runs_of_stretches and runs_of_stretches[-1][-1].until == stretch.since:
            runs_of_stretches[-1].append(stretch)
        else:
            runs_of_stretches.append([stretch])
    return runs_of_stretches


def in_words(since: date, until: date) -> str:
    """A stretch of days in words: the first and the last of them."""
    if until == FOREVER:
        return f"from {since} on"
    return f"on {since}" if until == since + ONE_DAY else f"from {since} to {until - ONE_DAY}"


@dataclass(frozen=True, slots=True)
class Check:
    """A check. `find` gives its findings in any order.

    `moves` names the measures (or `ACADEMY`) that what it finds can move. `once_due`: a finding counts only once its
    first day has come (an end that is expected next month is not overdue).
    """

    name: str
    title: str
    meaning: str
    remedy: str
    severity: Severity
    moves: tuple[str, ...]
    find: Callable[[Snapshot], Iterable[Finding]]
    once_due: bool = False
