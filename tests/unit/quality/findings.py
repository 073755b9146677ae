"""What the tests of data quality share: a history written down by hand, and what one check finds in it.

Invariant: the events of a history are E-1, E-2 and so on, recorded one hour after another, from 1 December 2023 on.
"""

from datetime import date, timedelta

from contracts.envelope import Event
from contracts.events.base import EventData
from services.metrics.quality.catalogue import CHECKS, findings
from services.metrics.quality.declaration import Finding, Severity
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, established, event

APRIL = date(2023, 4, 1)
SEPTEMBER = date(2023, 9, 1)
OCTOBER = date(2023, 10, 1)
NOVEMBER = date(2023, 11, 1)
DECEMBER = date(2023, 12, 1)
FIRST_RECORDED = at(DECEMBER)

TWO_POSTS: tuple[tuple[str, EventData], ...] = (
    ("post/P-1", established(APRIL)),
    ("post/P-2", established(APRIL)),
)
"""Two posts of 1 FTE, E-1 and E-2 where they come first."""


def history(*facts: tuple[str, EventData]) -> list[Event]:
    """These facts (subject, data) as events, in the order of recording."""
    return [
        event(data, subject, FIRST_RECORDED + timedelta(hours=index), f"E-{index + 1}")
        for index, (subject, data) in enumerate(facts)
    ]


def findings_of(check: str, events: list[Event], as_at: date = DECEMBER) -> list[Finding]:
    """What one check finds."""
    return findings(Snapshot(events), as_at, [CHECKS[check]])


def the_one(check: str, events: list[Event], as_at: date = DECEMBER) -> Finding:
    """The only finding of a check."""
    (finding,) = findings_of(check, events, as_at)
    assert finding.check == check
    return finding


def ids(finding: Finding) -> list[str]:
    """The events behind a finding."""
    return [event.envelope.id for event in finding.events]


def withdrawn(finding: Finding) -> list[str]:
    """The events that are one too many."""
    return [event.envelope.id for event in finding.withdrawn]


def grave(events: list[Event], as_at: date = DECEMBER) -> set[str]:
    """The checks of the first severity that find something."""
    return {f.check for f in findings(Snapshot(events), as_at) if CHECKS[f.check].severity is Severity.MOVES}
