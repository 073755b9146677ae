"""A hypothesis strategy for histories of every type of event: what a whole authority records, on few subjects.

Invariant: every event made here keeps its contract, and was accepted when it was recorded or later.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from contracts.codes import (
    AbsenceReason,
    ApplicationStage,
    CoverOutcome,
    CoverReason,
    CswwRole,
    Demand,
    Destination,
    Employment,
    InitiativeKind,
    LeavingReason,
    MoveKind,
    Origin,
    PanelKind,
    Role,
    Route,
    SupportOffer,
)
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.base import EventData
from contracts.events.hiring import (
    ApplicationProgressed,
    CampaignOpened,
    CohortOpened,
    WorkerFteChanged,
    WorkerMerged,
    WorkerMoved,
    WorkerStarted,
)
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.policies import InitiativeAnnounced
from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from contracts.events.progression_panels import DECISIONS, PanelDecided
from contracts.events.working_life import (
    AbsenceRecorded,
    CaseloadCounted,
    DemandCounted,
    DemandEnded,
    RetentionPaymentMade,
    SupportSessionHeld,
    SupportTakenUp,
)
from tests.histories import Material, drawn_history, maybe

FIRST_DAY = date(2022, 6, 1)
LAST_DAY = date(2024, 10, 31)
"""Before and after everything that these histories say, but for payments still due."""

# A week over the end of a census year, and days some months and years away from it: ends of a scheme, of financial
# years, of short months.
_DAYS = [
    *[date(2023, 9, 29) + timedelta(days=days) for days in range(5)],
    *[date(2022, 9, 30), date(2022, 11, 30), date(2023, 3, 31), date(2023, 4, 1), date(2023, 6, 15)],
    *[date(2024, 1, 2), date(2024, 2, 29), date(2024, 4, 1), date(2024, 9, 30), date(2024, 10, 1)],
]
_days = st.sampled_from(_DAYS)
_census_days = st.sampled_from(_DAYS[:5]) | _days
_early_days = st.sampled_from([date(2022, 6, 1), date(2022, 10, 1), date(2022, 11, 30), date(2023, 4, 1)] * 5 + _DAYS)
_leaving_days = st.sampled_from([date(2023, 3, 31), date(2023, 9, 30), date(2024, 2, 29)])
_instants = st.integers(0, 5).map(lambda months: datetime(2023, 7, 3, 8, tzinfo=UTC) + timedelta(days=31 * months))
_posts = st.sampled_from(["P-1", "P-1", "P-1", "P-2", "P-2", "P-3"])
_ftes = st.sampled_from([Decimal("0.5"), Decimal("0.6"), Decimal("1")])
_ftes_and_none = st.sampled_from([Decimal("0"), Decimal("0.5"), Decimal("1")])
_funded = st.sampled_from([Decimal("0.5"), Decimal("1"), Decimal("2")])
_teams = st.sampled_from(["assessment", "children-in-care"])
_reasons = st.sampled_from(list(CoverReason))
_workers = st.sampled_from(["W-1", "W-2", "W-3"])
_agency_workers = st.sampled_from(["W-1", "A-1"])
_csww_roles = st.sampled_from([CswwRole.CASE_HOLDER, CswwRole.FIRST_LINE_MANAGER])
_csww_roles_and_none = st.sampled_from([CswwRole.CASE_HOLDER, CswwRole.FIRST_LINE_MANAGER, None])
_all_roles = st.sampled_from([Role.NEWLY_QUALIFIED_SOCIAL_WORKER, Role.SOCIAL_WORKER, Role.TEAM_MANAGER])
_areas = st.sampled_from(["help-and-protection", "care"])
_offices = st.sampled_from(["city-hall", "north-office"])
_cohorts = st.sampled_from(["AC-1", "AC-2"])
_counts = st.integers(0, 25) | st.sampled_from([26, 30, 31])
_stages = [
    ApplicationStage.APPLIED, ApplicationStage.OFFERED, ApplicationStage.OFFERED, ApplicationStage.ACCEPTED,
    ApplicationStage.STARTED, ApplicationStage.WITHDRAWN,
]  # fmt: skip
_rates = st.sampled_from([Decimal("38.5"), Decimal("40.01")])


def _absence(absent_from: date, days_away: int | None, lost: Decimal, reason: AbsenceReason) -> AbsenceRecorded:
    returned_on = None if days_away is None else absent_from + timedelta(days=days_away)
    return AbsenceRecorded(absent_from=absent_from, returned_on=returned_on, working_days_lost=lost, reason=reason)


def _decisions_of(kind: PanelKind) -> st.SearchStrategy[EventData]:
    return st.builds(
        PanelDecided,
        panel=st.sampled_from(["PN-1", "PN-2"]),
        decided_on=_days,
        kind=st.just(kind),
        decision=st.sampled_from(DECISIONS[kind]),
        effective_from=maybe(_days),
        fte=maybe(_ftes_and_none),
    )


_data_of_type: dict[type[EventData], st.SearchStrategy[EventData]] = {
    PostEstablished: st.builds(
        PostEstablished,
        effective_from=_early_days,
        role=_all_roles,
        funded_fte=_funded,
        team=_teams,
        service_area=_areas,
        grade=maybe(st.just("grade-9")),
        csww_role=_csww_roles_and_none,
        location=maybe(_offices),
    ),
    PostChanged: st.builds(PostChanged, effective_from=_days, funded_fte=_funded, csww_role=maybe(_csww_roles))
    | st.builds(PostChanged, effective_from=_days, location=_offices)
    | st.builds(PostChanged, effective_from=_days, team=maybe(_teams), role=_all_roles),
    PostClosed: st.builds(PostClosed, closed_on=_days),
    WorkerStarted: st.builds(
        WorkerStarted,
        started_on=_early_days,
        post=_posts,
        fte=_ftes,
        origin=st.sampled_from([Origin.NEWLY_QUALIFIED, Origin.AGENCY_OR_CONSULTANCY]),
        route=st.sampled_from([Route.ACADEMY, Route.AGENCY_CONVERSION, Route.DIRECT]),
        employment=st.sampled_from([Employment.PERMANENT, Employment.FIXED_TERM]),
        cohort=maybe(_cohorts),
        campaign=maybe(st.just("K-1")),
        converted_from=maybe(st.just("C-1")),
    ),
    WorkerMoved: st.builds(
        WorkerMoved,
        moved_on=_days,
        from_post=_posts,
        to_post=_posts,
        fte=_ftes,
        kind=st.sampled_from([MoveKind.MOVE, MoveKind.PROMOTION, MoveKind.PROGRESSION]),
    ),
    WorkerFteChanged: st.builds(WorkerFteChanged, effective_from=_days, post=_posts, fte=_ftes_and_none),
    WorkerMerged: st.builds(WorkerMerged, duplicate=_workers | _agency_workers),
    WorkerLeft: st.builds(
        WorkerLeft,
        left_on=_leaving_days,
        reason=st.sampled_from([LeavingReason.RESIGNATION, LeavingReason.RETIRED]),
        destination=st.sampled_from([Destination.OTHER_ENGLISH_AUTHORITY, Destination.NOT_KNOWN]),
    ),
    LeaverReversed: st.builds(LeaverReversed, left_on=_leaving_days),
    CoverStarted: st.builds(
        CoverStarted,
        started_on=_early_days,
        agency_worker=_agency_workers,
        fte=_ftes_and_none,
        reason=_reasons,
        post=_posts,
        hourly_rate=maybe(_rates),
        agency=maybe(st.just("county-agency")),
    )
    | st.builds(
        CoverStarted,
        started_on=_early_days,
        agency_worker=_agency_workers,
        fte=_ftes,
        reason=st.just(CoverReason.ADDITIONAL),
        role=_all_roles,
        service_area=maybe(_areas),
        csww_role=maybe(_csww_roles),
        hourly_rate=maybe(_rates),
    ),
    CoverChanged: st.builds(
        CoverChanged, effective_from=_days, fte=_ftes_and_none, reason=maybe(_reasons), hourly_rate=maybe(_rates)
    )
    | st.builds(CoverChanged, effective_from=_days, post=_posts),
    CoverEnded: st.builds(
        CoverEnded,
        ended_on=_days,
        outcome=st.sampled_from([CoverOutcome.CONVERTED_TO_PERMANENT, CoverOutcome.COMPLETED]),
    ),
    CampaignOpened: st.builds(
        CampaignOpened, opened_on=_days, route=st.sampled_from([Route.OPEN_EVENING, Route.DIRECT])
    ),
    ApplicationProgressed: st.builds(
        ApplicationProgressed,
        stage=st.sampled_from(_stages),
        reached_on=_days,
        route=st.sampled_from([Route.OPEN_EVENING, Route.DIRECT]),
        campaign=maybe(st.just("K-1")),
        role=maybe(_all_roles),
        worker=maybe(_workers),
    ),
    CohortOpened: st.builds(CohortOpened, entry_on=_early_days, completes_on=_days),
    PanelDecided: _decisions_of(PanelKind.ADVANCED_SOCIAL_WORKER) | _decisions_of(PanelKind.ASYE),
    AbsenceRecorded: st.builds(
        _absence,
        _census_days,
        maybe(st.sampled_from([1, 2, 9, 40])),
        st.sampled_from([Decimal(0), Decimal("2.5"), Decimal(7)]),
        st.sampled_from([AbsenceReason.SICKNESS, AbsenceReason.SICKNESS, AbsenceReason.TRAINING]),
    ),
    CaseloadCounted: st.builds(CaseloadCounted, counted_on=_census_days, cases=_counts),
    RetentionPaymentMade: st.builds(
        RetentionPaymentMade,
        paid_on=_days,
        service_completed_on=_days,
        amount=st.sampled_from([Decimal(3000), Decimal("1500.5")]),
    ),
    SupportTakenUp: st.builds(SupportTakenUp, taken_up_on=_days, offer=st.sampled_from(list(SupportOffer))),
    SupportSessionHeld: st.builds(
        SupportSessionHeld, held_on=_days, offer=st.sampled_from(list(SupportOffer)), registrations=_counts
    ),
    DemandCounted: st.builds(
        DemandCounted,
        counted_on=_days,
        demand=st.sampled_from([Demand.CHILDREN_IN_NEED, Demand.CHILDREN_LOOKED_AFTER]),
        children=_counts,
        service_area=maybe(_areas),
    ),
    DemandEnded: st.builds(DemandEnded, ended_on=_days),
    InitiativeAnnounced: st.builds(
        InitiativeAnnounced,
        title=st.sampled_from(["Retention payment", "Open evening"]),
        kind=st.sampled_from([InitiativeKind.RETENTION_PAYMENT, InitiativeKind.OPEN_EVENING]),
        announced_on=maybe(_days),
        starts_on=_early_days,
        ends_on=st.just(LAST_DAY),
    ),
}

_subjects = {
    "post": st.sampled_from(["post/P-1", "post/P-2", "post/P-3"]),
    "worker": st.sampled_from([*["worker/W-1"] * 4, *["worker/W-2"] * 2, "worker/W-3", "worker/A-1"]),
    "cover": st.sampled_from(["cover/C-1", "cover/C-2"]),
    "campaign": st.just("campaign/K-1"),
    "application": st.sampled_from(["application/AP-1", "application/AP-2"]),
    "cohort": _cohorts.map(lambda cohort: f"cohort/{cohort}"),
    "session": st.just("session/S-1"),
    "demand": st.sampled_from(["demand/D-1", "demand/D-2"]),
    "initiative": st.sampled_from(["initiative/I-1", "initiative/I-2"]),
}

_COMING_AND_GOING: list[type[EventData]] = [WorkerStarted, WorkerMoved, WorkerLeft, CoverStarted]
_WORKING: list[type[EventData]] = [CaseloadCounted, PanelDecided, AbsenceRecorded]
_CHANGING: list[type[EventData]] = [
    PostEstablished, PostChanged, WorkerFteChanged, LeaverReversed, CoverChanged, CoverEnded
]  # fmt: skip
_SELDOM: list[type[EventData]] = [
    PostClosed, WorkerMerged, CohortOpened, CampaignOpened, ApplicationProgressed, RetentionPaymentMade, SupportTakenUp,
    SupportSessionHeld, DemandCounted, DemandCounted, DemandEnded, InitiativeAnnounced,
]  # fmt: skip
TYPES = [*_COMING_AND_GOING * 3, *_CHANGING * 2, *_WORKING * 3, *_SELDOM]
"""Every type of event: what happens most in a history comes first and more than once."""

_to_begin_with: tuple[tuple[type[EventData], str], ...] = (
    (PostEstablished, "post/P-1"),
    (WorkerStarted, "worker/W-1"),
    (PostEstablished, "post/P-2"),
    (WorkerStarted, "worker/W-2"),
    (CoverStarted, "cover/C-1"),
    (PostEstablished, "post/P-3"),
)

MATERIAL = Material(st.sampled_from(TYPES), _subjects, _data_of_type, _instants, _to_begin_with)
"""What these histories are drawn of."""


@st.composite
def whole_histories(draw: st.DrawFn, most_events: int = 20) -> list[Event]:
    """Events of every type about a few subjects over two years, in any order, with corrections and voids.

    Each was accepted when it was recorded or up to two months later, and `sequence` is its position in that order.
    """
    history = drawn_history(draw, MATERIAL, most_events)
    delays = [draw(st.sampled_from([0, 0, 1, 62])) for _ in history]
    accepted = [one.envelope.time + timedelta(days=days) for one, days in zip(history, delays, strict=True)]
    in_order_of_acceptance = sorted(range(len(history)), key=lambda index: (accepted[index], index))
    return [
        _stamped(one, accepted[index], in_order_of_acceptance.index(index) + 1) for index, one in enumerate(history)
    ]


def _stamped(one: Event, accepted: datetime, sequence: int) -> Event:
    envelope = one.envelope.model_copy(update={"acceptedtime": accepted, "sequence": str(sequence)})
    return replace(one, envelope=envelope)
