"""Short ways to write down, by hand, what happened; and to ask for one figure of it.

Invariant: what is written later is recorded later.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from contracts.codes import (
    AbsenceReason,
    CoverReason,
    CswwRole,
    Destination,
    LeavingReason,
    Role,
)
from contracts.envelope import Event
from contracts.events.agency_cover import CoverStarted
from contracts.events.base import EventData
from contracts.events.leavers import WorkerLeft
from contracts.events.posts import PostEstablished
from contracts.events.working_life import AbsenceRecorded
from tests.histories import at, event
from tests.oracle.measures import MEASURES, Period, figure, known

LATER = datetime(2030, 1, 1, tzinfo=UTC)
BEFORE = date(2022, 1, 3)
YEAR_2023 = Period(date(2022, 10, 1), date(2023, 9, 30))

Fact = tuple[str, EventData]


def recorded(*facts: Fact) -> list[Event]:
    """Events, each recorded an hour after the one before."""
    begin = at(date(2022, 1, 1))
    return [
        event(data, subject, begin + timedelta(hours=number), f"E-{number}")
        for number, (subject, data) in enumerate(facts)
    ]


def standing(*facts: Fact) -> list[Event]:
    """The same, as known long after."""
    return known(recorded(*facts), LATER)


def a_post(
    name: str,
    csww_role: CswwRole | None = CswwRole.CASE_HOLDER,
    role: Role = Role.SOCIAL_WORKER,
    fte: str = "1",
    day: date = BEFORE,
) -> Fact:
    """A funded post."""
    facts = PostEstablished(
        effective_from=day,
        role=role,
        funded_fte=Decimal(fte),
        team=name.lower(),
        service_area="help-and-protection",
        csww_role=csww_role,
    )
    return f"post/{name}", facts


def on(worker: str, data: EventData) -> Fact:
    """What happened to a worker."""
    return f"worker/{worker}", data


def resigned(left_on: date, reason: LeavingReason = LeavingReason.RESIGNATION) -> WorkerLeft:
    """A leaver to another authority."""
    return WorkerLeft(left_on=left_on, reason=reason, destination=Destination.OTHER_ENGLISH_AUTHORITY)


def total(events: list[Event], measure: str, period: Period, scope: str = "census") -> Fraction:
    """The figure of a measure."""
    return figure(MEASURES[measure](events, period, scope))


def day(as_at: date) -> Period:
    """One day."""
    return Period(as_at, as_at)


def covers(
    worker: str, post: str, fte: str = "1", reason: CoverReason = CoverReason.VACANCY, day: date = BEFORE
) -> CoverStarted:
    """The start of an agency worker's assignment."""
    return CoverStarted(started_on=day, agency_worker=worker, fte=Decimal(fte), reason=reason, post=post)


def away(absent_from: date, returned_on: date | None, lost: str) -> AbsenceRecorded:
    """Sickness."""
    return AbsenceRecorded(
        absent_from=absent_from, returned_on=returned_on, working_days_lost=Decimal(lost), reason=AbsenceReason.SICKNESS
    )
