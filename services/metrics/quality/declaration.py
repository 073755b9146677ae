"""How a check is declared, and what it finds.

Invariant: a check is declared once, with its name, meaning, remedy and the figures that it can move.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from contracts.envelope import Event
from contracts.in_force import order_of_recording
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import DAY, FOREVER

ACADEMY = "academy-cohorts"
"""Used beside the names of measures for the outcomes of the academy's cohorts, which are not measures."""


MOST_NAMED = 50
"""The most subjects, and events of one sort, that a finding names. Nobody reads thousands, and thousands of findings
with thousands of names each would be endless."""


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


class Affected(NamedTuple):
    """The FTE (in millionths) in question from `since` to the day before `until`."""

    since: date
    until: date
    fte: int


class Finding(NamedTuple):
    """What a check found.

    - It holds from `since` to the day before `until` (FOREVER: no end is known).
    - `says` is a sentence.
    - `events` are those behind it, in the order of recording.
    - `affected` is the FTE in question over time. Only the part from `since` on counts, because several findings
      can share one.
    - `withdrawn` are the events without which there would be nothing to find, if that is clear; none if more than
      one could be wrong.
    """

    check: str
    subjects: tuple[str, ...]
    since: date
    until: date
    message: str
    events: tuple[Event, ...]
    affected: tuple[Affected, ...] = ()
    withdrawn: tuple[Event, ...] = ()

    def affected_on(self, day: date) -> int:
        """The FTE in question on a day, in millionths."""
        if day < self.since:
            return 0
        return sum(item.fte for item in self.affected if item.since <= day < item.until)


def on_a_day(
    check: str,
    subjects: Sequence[str],
    day: date,
    message: str,
    events: Iterable[Event],
    affected: tuple[Affected, ...] = (),
    withdrawn: Sequence[Event] = (),
) -> Finding:
    """A finding about one day."""
    until = day + DAY
    return Finding(check, tuple(subjects), day, until, message, in_order(events), affected, tuple(withdrawn))


def nearest(events: Sequence[Event], index: int) -> Sequence[Event]:
    """At most `MOST_NAMED` of some ordered events: those around an index."""
    first = max(0, min(index - MOST_NAMED // 2, len(events) - MOST_NAMED))
    return events[first : first + MOST_NAMED]


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Events in the order of recording, each once."""
    once = {event.identity: event for event in events}
    return tuple(sorted(once.values(), key=order_of_recording))


def runs(stretches: Iterable[Affected]) -> list[list[Affected]]:
    """Stretches of one subject, ascending; adjacent ones are joined."""
    runs_of_stretches: list[list[Affected]] = []
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
    return f"on {since}" if until == since + DAY else f"from {since} to {until - DAY}"


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
