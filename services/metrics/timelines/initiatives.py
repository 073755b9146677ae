"""What a council said of its initiatives, as known at each instant.

Invariant: at an instant exactly one thing is known about an initiative: the event recorded last among those that
then stand.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from contracts.codes import InitiativeKind
from contracts.envelope import Event
from contracts.events.policies import InitiativeAnnounced
from contracts.in_force import Recorded, changes_in_force, order_of_recording
from services.metrics.timelines.rows import STILL_KNOWN


class Initiative(NamedTuple):
    """One initiative, from `starts_on` to the day before `ends_on`, as known between two instants."""

    initiative: str
    title: str
    kind: InitiativeKind
    announced_on: date | None
    starts_on: date
    ends_on: date | None
    known_from: datetime
    known_to: datetime


def initiatives(events: Iterable[Event]) -> list[Initiative]:
    """What was known of one initiative over time, from all its events, in the order in which it became known."""
    rows: list[Initiative] = []
    in_force: list[Recorded] = []
    by_order: dict[Recorded, Event] = {}
    for instant, begun, ceased in changes_in_force(events):
        for event in ceased:
            del in_force[bisect_left(in_force, order_of_recording(event))]
        for event in begun:
            insort(in_force, order := order_of_recording(event))
            by_order[order] = event
        known = _initiative_of(by_order[in_force[-1]], instant) if in_force else None
        if rows and rows[-1].known_to == STILL_KNOWN:
            if known is not None and rows[-1][:-2] == known[:-2]:
                continue
            rows.append(rows.pop()._replace(known_to=instant))
        if known is not None:
            rows.append(known)
    return rows


def _initiative_of(event: Event, instant: datetime) -> Initiative:
    announced = event.data
    assert isinstance(announced, InitiativeAnnounced)  # noqa: S101  (of such a subject there is nothing else)
    identifier = event.identifier
    return Initiative(
        identifier,
        announced.title,
        announced.kind,
        announced.announced_on,
        announced.starts_on,
        announced.ends_on,
        instant,
        STILL_KNOWN,
    )
