"""How a mistake, what mends it and the figure that is right then are written down.

Invariant: P-1 and P-2 are funded for 1 FTE each, from April on, and are E-1 and E-2; what is written after them is E-3,
E-4 …, recorded in December. What happens, happens from September to November.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from contracts.codes import AbsenceReason, Origin, PanelDecision, PanelKind, Route
from contracts.envelope import Event
from contracts.events.agency_cover import CoverStarted
from contracts.events.base import EventData
from contracts.events.hiring import WorkerStarted
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import AbsenceRecorded
from tests.histories import at, cover_started, event, left, merged, started, void_of
from tests.unit.quality.findings import (
    DECEMBER,
    FIRST_RECORDED,
    NOVEMBER,
    OCTOBER,
    SEPTEMBER,
    TWO_POSTS,
)

W, V, C, A, P3 = "worker/W-1", "worker/W-2", "cover/C-1", "worker/A-1", "post/P-3"
AUGUST, MID_SEPTEMBER, MID_OCTOBER = date(2023, 8, 1), date(2023, 9, 16), date(2023, 10, 16)
LAST_DAY = date(2023, 11, 30)


class Fact(NamedTuple):
    """What is recorded of a subject, perhaps instead of an event, at the instant of the one before, or a later day."""

    subject: str
    data: EventData
    supersedes: str | None = None
    id: str | None = None
    at_once: bool = False
    recorded: date | None = None


class Void(NamedTuple):
    """The event with this id never happened."""

    id: str
    of: Fact | None = None


Recorded = Fact | Void


class Remedy(NamedTuple):
    """A mistake, what mends it, and a figure that is right then (scope all; of the period, or as at its last day).

    Findings are asked for as at a day: that of recording, if none is given.
    """

    check: str
    how: str
    mistake: Sequence[Recorded]
    mended: Sequence[Recorded]
    measure: str
    right: float
    as_at: date = DECEMBER


def remedies(check: str, *rows: tuple[str, Sequence[Recorded], Sequence[Recorded], str, float]) -> list[Remedy]:
    """Remedies of one check."""
    return [Remedy(check, *row) for row in rows]


def of_one_mistake(
    check: str, mistake: Sequence[Recorded], *rows: tuple[str, Sequence[Recorded], str, float]
) -> list[Remedy]:
    """Remedies of one check for one mistake."""
    return [Remedy(check, how, mistake, mended, measure, right) for how, mended, measure, right in rows]


def history(recorded: Iterable[Recorded]) -> list[Event]:
    """The two posts and what is recorded after them as events E-1, E-2 …, an hour after one another."""
    events: list[Event] = []
    for index, one in enumerate((*(Fact(*post) for post in TWO_POSTS), *recorded)):
        instant = FIRST_RECORDED + timedelta(hours=index)
        if isinstance(one, Void):
            voided = next((event.envelope for event in events if event.envelope.id == one.id), None)
            kind = voided.type if voided else one.of.data.event_type  # type: ignore[union-attr]
            subject = voided.subject if voided else one.of.subject  # type: ignore[union-attr]
            events.append(void_of(one.id, kind, subject, instant, f"E-{index + 1}"))
        else:
            instant = events[-1].envelope.time if one.at_once else at(one.recorded) if one.recorded else instant
            id = one.id or f"E-{index + 1}"
            events.append(event(one.data, one.subject, instant, id, supersedes=one.supersedes))
    return events


def on_a_panel(day: date, kind: PanelKind = PanelKind.ADVANCED_SOCIAL_WORKER) -> PanelDecided:
    """A decision in favour."""
    decision = PanelDecision.PASSED if kind is PanelKind.ASYE else PanelDecision.SUCCESSFUL
    return PanelDecided(panel="PN-1", decided_on=day, kind=kind, decision=decision)


def in_cohort(day: date) -> WorkerStarted:
    """A start in the academy."""
    return WorkerStarted(
        started_on=day, post="P-1", fte=Decimal(1), origin=Origin.NEWLY_QUALIFIED, route=Route.ACADEMY, cohort="AC-1"
    )


def sick(day: date, returned_on: date | None = None, lost: int = 5) -> AbsenceRecorded:
    """Five days of sickness, if nothing else is said."""
    until = returned_on or day + timedelta(days=7)
    reason = AbsenceReason.SICKNESS
    return AbsenceRecorded(absent_from=day, returned_on=until, working_days_lost=Decimal(lost), reason=reason)


def expected(started_on: date, expected_until: date) -> CoverStarted:
    """Cover of P-2 that is to end on a day."""
    return cover_started(started_on, "P-2").model_copy(update={"expected_until": expected_until})


CLOSED_DUPLICATE = [
    Fact(W, started(SEPTEMBER)),
    Fact(V, started(OCTOBER)),
    Fact(V, left(NOVEMBER)),
    Fact(W, merged("W-2")),
]
LEFT = [Fact(W, started(SEPTEMBER)), Fact(W, left(OCTOBER))]
