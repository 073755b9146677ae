"""Two events of one instant from which another figure follows when one or the other is the later: one of each kind.

Invariant: the figures were worked out by hand; nothing but the order of the two tells one figure from the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from contracts.codes import (
    ApplicationStage,
    CoverReason,
    Demand,
    Destination,
    LeavingReason,
    MoveKind,
    PanelDecision,
    PanelKind,
    Role,
    Route,
)
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded
from contracts.events.base import EventData
from contracts.events.hiring import ApplicationProgressed, WorkerMoved
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.posts import PostChanged
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import CaseloadCounted, DemandCounted
from tests.histories import SOURCE, at, cover_started, established, event, fte_changed, moved, started

SEPTEMBER = date(2023, 9, 1)
OCTOBER = date(2023, 10, 1)
FIRST, LAST, AS_AT = date(2023, 4, 1), date(2024, 3, 31), date(2023, 10, 20)
"""The period of flows, and the date of stocks, of which the figures are."""
RECORDED = at(date(2023, 10, 9))
"""When both events were recorded; what came before was recorded in the days before."""
OTHER_SOURCE = "/coventry/agency"
"""Comes before SOURCE in alphabetical order, and so before it in the order of recording."""

Rows = dict[tuple[str | None, ...], Fraction]
"""A figure by its dimensions, without what is 0."""


@dataclass(frozen=True)
class Tie:
    """Events `one` and `other` after some `before`, and a figure by the order of the two.

    Both supersede the last event before them where `corrections`. Where nothing says which is the later, `other` is,
    whose id comes second.
    """

    name: str
    before: tuple[tuple[str, EventData], ...]
    subject: str
    one: EventData
    other: EventData
    measure: str
    one_then_other: Rows
    other_then_one: Rows
    by: tuple[str, ...] = ()
    corrections: bool = False

    def earlier(self) -> list[Event]:
        """What was recorded before the two."""
        return [
            event(data, subject, RECORDED - timedelta(days=9 - index), f"E-{index}")
            for index, (subject, data) in enumerate(self.before)
        ]

    def events(
        self, sequences: tuple[str | None, str | None] = (None, None), sources: tuple[str, str] = (SOURCE, SOURCE)
    ) -> list[Event]:
        """All events, the two (ids A and B) with these sourcesequences, of these sources."""
        corrected = {"supersedes": f"E-{len(self.before) - 1}", "supersedessource": SOURCE}
        correcting = corrected if self.corrections else {}
        pair = [
            event(data, self.subject, RECORDED, id, **correcting, source=source, sourcesequence=sequence)
            for id, data, source, sequence in zip("AB", (self.one, self.other), sources, sequences, strict=True)
        ]
        return [*self.earlier(), *pair]


def at_journal_positions(events: Iterable[Event]) -> list[Event]:
    """The events as though they had been accepted in the order given."""
    return [
        replace(one, envelope=one.envelope.model_copy(update={"sequence": str(position)}))
        for position, one in enumerate(events, 1)
    ]


def total(value: str) -> Rows:
    """A figure that is not broken down."""
    return {(): Fraction(value)}


def _retired(left_on: date) -> WorkerLeft:
    return WorkerLeft(left_on=left_on, reason=LeavingReason.RETIRED, destination=Destination.OTHER)


def _resigned(left_on: date) -> WorkerLeft:
    return WorkerLeft(left_on=left_on, reason=LeavingReason.RESIGNATION, destination=Destination.OTHER)


def _decided(decision: PanelDecision, decided_on: date = OCTOBER) -> PanelDecided:
    return PanelDecided(
        panel="PN-1", decided_on=decided_on, kind=PanelKind.ADVANCED_SOCIAL_WORKER, decision=decision, fte=Decimal(1)
    )


def _applied(route: Route) -> ApplicationProgressed:
    return ApplicationProgressed(stage=ApplicationStage.APPLIED, reached_on=OCTOBER, route=route)


POST = ("post/P-1", established(SEPTEMBER))
POSTS = (POST, ("post/P-2", established(SEPTEMBER)), ("post/P-3", established(SEPTEMBER)))
WORKER = ("worker/W-1", started(SEPTEMBER))
IN_POST = (POST, WORKER)
COVER = ("cover/C-1", cover_started(SEPTEMBER))
W, C = "worker/W-1", "cover/C-1"

TIES = (
    Tie(
        "a post funded twice",
        (POST,),
        "post/P-1",
        PostChanged(effective_from=OCTOBER, funded_fte=Decimal("0.4")),
        PostChanged(effective_from=OCTOBER, funded_fte=Decimal("0.8")),
        "establishment",
        total("0.8"),
        total("0.4"),
    ),
    Tie(
        "a post in two teams",
        (POST,),
        "post/P-1",
        PostChanged(effective_from=OCTOBER, team="mash", grade="grade-9"),
        PostChanged(effective_from=OCTOBER, team="children-in-care"),
        "establishment",
        {("children-in-care",): Fraction(1)},
        {("mash",): Fraction(1)},
        by=("team",),
    ),
    Tie(
        "a post established twice",
        (),
        "post/P-1",
        established(OCTOBER, "0.4"),
        established(OCTOBER, "0.8"),
        "vacancies",
        total("0.8"),
        total("0.4"),
    ),
    Tie(
        "a worker's FTE changed twice",
        IN_POST,
        W,
        fte_changed(OCTOBER, "0.4"),
        fte_changed(OCTOBER, "0.8"),
        "in-post",
        total("0.8"),
        total("0.4"),
    ),
    Tie(
        "a worker who started twice",
        (POST,),
        W,
        started(OCTOBER, fte="0.4"),
        started(OCTOBER, fte="0.8"),
        "in-post",
        total("0.8"),
        total("0.4"),
    ),
    Tie(
        "a worker who came by two routes",
        (POST,),
        W,
        started(OCTOBER).model_copy(update={"route": Route.ACADEMY}),
        started(OCTOBER),
        "starters",
        {("direct",): Fraction(1)},
        {("academy",): Fraction(1)},
        by=("route",),
    ),
    # In this order the worker holds P-3 alone; in the other P-3 beside P-1, and then P-2 instead of P-1.
    Tie(
        "two moves in a chain",
        (*POSTS, WORKER),
        W,
        moved(OCTOBER, "P-1", "P-2"),
        moved(OCTOBER, "P-2", "P-3"),
        "in-post",
        total("1"),
        total("2"),
    ),
    Tie(
        "one move of two kinds",
        (*POSTS, WORKER),
        W,
        WorkerMoved(moved_on=OCTOBER, from_post="P-1", to_post="P-2", fte=Decimal(1), kind=MoveKind.PROMOTION),
        WorkerMoved(moved_on=OCTOBER, from_post="P-1", to_post="P-2", fte=Decimal(1), kind=MoveKind.SECONDMENT),
        "moves",
        {("secondment",): Fraction(1)},
        {("promotion",): Fraction(1)},
        by=("move_kind",),
    ),
    Tie(
        "a cover changed twice",
        (POST, COVER),
        C,
        CoverChanged(effective_from=OCTOBER, fte=Decimal("0.4")),
        CoverChanged(effective_from=OCTOBER, fte=Decimal("0.8")),
        "agency",
        total("0.8"),
        total("0.4"),
    ),
    Tie(
        "a cover started for two reasons",
        (POST,),
        C,
        cover_started(OCTOBER),
        cover_started(OCTOBER, reason=CoverReason.ADDITIONAL),
        "agency-cover",
        {},
        total("1"),
    ),
    Tie(
        "a leaver for two reasons",
        IN_POST,
        W,
        _resigned(OCTOBER),
        _retired(OCTOBER),
        "leavers",
        {("retired",): Fraction(1)},
        {("resignation",): Fraction(1)},
        by=("leaving_reason",),
    ),
    # Where nothing says which came first, a leaver that is reversed is reversed.
    Tie(
        "a leaver and its reversal",
        IN_POST,
        W,
        _resigned(OCTOBER),
        LeaverReversed(left_on=OCTOBER),
        "leavers",
        {},
        total("1"),
    ),
    Tie(
        "two caseloads of one day",
        IN_POST,
        W,
        CaseloadCounted(counted_on=OCTOBER, cases=4),
        CaseloadCounted(counted_on=OCTOBER, cases=18),
        "cases",
        total("18"),
        total("4"),
    ),
    Tie(
        "two decisions of one panel",
        IN_POST,
        W,
        _decided(PanelDecision.SUCCESSFUL),
        _decided(PanelDecision.UNSUCCESSFUL),
        "progressed-fte",
        {},
        total("1"),
    ),
    Tie(
        "two decisions of one panel on two days",
        IN_POST,
        W,
        _decided(PanelDecision.SUCCESSFUL, SEPTEMBER),
        _decided(PanelDecision.UNSUCCESSFUL),
        "panel-successes",
        {},
        total("1"),
    ),
    Tie(
        "two corrections of one start",
        IN_POST,
        W,
        started(SEPTEMBER, fte="0.4"),
        started(OCTOBER, fte="0.8"),
        "in-post",
        total("0.8"),
        total("0.4"),
        corrections=True,
    ),
    Tie(
        "two corrections of one end of cover",
        (POST, COVER, (C, CoverEnded(ended_on=OCTOBER))),
        C,
        CoverEnded(ended_on=SEPTEMBER + timedelta(days=3)),
        CoverEnded(ended_on=date(2023, 12, 1)),
        "agency",
        total("1"),
        {},
        corrections=True,
    ),
    Tie(
        "two counts of children",
        (),
        "demand/D-1",
        DemandCounted(counted_on=OCTOBER, demand=Demand.CHILDREN_LOOKED_AFTER, children=750),
        DemandCounted(counted_on=OCTOBER, demand=Demand.CHILDREN_LOOKED_AFTER, children=757),
        "children",
        total("757"),
        total("750"),
    ),
    # Of an application's stage the first recorded counts.
    Tie(
        "an application by two routes",
        (),
        "application/AP-1",
        _applied(Route.DIRECT),
        _applied(Route.OPEN_EVENING),
        "applications",
        {("direct",): Fraction(1)},
        {("open-evening",): Fraction(1)},
        by=("route",),
    ),
    Tie(
        "two roles of a post whose worker is counted by them",
        IN_POST,
        "post/P-1",
        PostChanged(effective_from=OCTOBER, role=Role.TEAM_MANAGER),
        PostChanged(effective_from=OCTOBER, role=Role.SENIOR_PRACTITIONER),
        "in-post-headcount",
        {("senior-practitioner",): Fraction(1)},
        {("team-manager",): Fraction(1)},
        by=("role",),
    ),
)
