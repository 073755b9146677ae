"""Of every kind of event the day on which it takes effect, told by when an entry is late; and what is said twice."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.codes import (
    AbsenceReason,
    ApplicationStage,
    Demand,
    Destination,
    InitiativeKind,
    LeavingReason,
    PanelDecision,
    PanelKind,
    Role,
    Route,
    SupportOffer,
)
from contracts.events.agency_cover import CoverChanged, CoverEnded
from contracts.events.base import EventData
from contracts.events.hiring import ApplicationProgressed, CampaignOpened, CohortOpened
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.policies import InitiativeAnnounced
from contracts.events.posts import PostChanged, PostClosed
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import (
    CaseloadCounted,
    DemandCounted,
    DemandEnded,
    RetentionPaymentMade,
    SupportSessionHeld,
    SupportTakenUp,
)
from tests.histories import at, cover_started, established, event, fte_changed, left, merged, moved, started
from tests.unit.quality.findings import DECEMBER, OCTOBER, SEPTEMBER, findings_of, history, the_one
from tests.unit.quality.remedy import sick

LATER = date(2024, 6, 1)
TRAINING = AbsenceReason.TRAINING
OPEN = sick(OCTOBER).model_copy(update={"returned_on": None})
PANEL = PanelDecided(
    panel="PN-1",
    decided_on=OCTOBER,
    kind=PanelKind.ADVANCED_SOCIAL_WORKER,
    decision=PanelDecision.SUCCESSFUL,
    effective_from=LATER,
)


def counted(day: date = OCTOBER, children: int = 700, area: str | None = None) -> DemandCounted:
    return DemandCounted(counted_on=day, demand=Demand.CHILDREN_IN_NEED, children=children, service_area=area)


def paid(day: date, amount: int = 3000) -> RetentionPaymentMade:
    return RetentionPaymentMade(paid_on=day, service_completed_on=SEPTEMBER, amount=Decimal(amount))


# Each takes effect on 1 October 2023.
OF_EVERY_KIND: list[tuple[str, EventData]] = [
    ("post/P-1", established(OCTOBER)),
    ("post/P-1", PostChanged(effective_from=OCTOBER, team="duty")),
    ("post/P-1", PostClosed(closed_on=OCTOBER)),
    ("campaign/CA-1", CampaignOpened(opened_on=OCTOBER, closes_on=LATER, route=Route.DIRECT)),
    (
        "application/AP-1",
        ApplicationProgressed(stage=ApplicationStage.APPLIED, reached_on=OCTOBER, route=Route.DIRECT),
    ),
    ("cohort/AC-1", CohortOpened(entry_on=OCTOBER, completes_on=LATER)),
    ("worker/W-1", started(OCTOBER)),
    ("worker/W-1", moved(OCTOBER, "P-1", "P-2").model_copy(update={"expected_until": LATER})),
    ("worker/W-1", fte_changed(OCTOBER, "0.5")),
    ("worker/W-1", left(OCTOBER)),
    ("cover/C-1", cover_started(OCTOBER).model_copy(update={"expected_until": LATER})),
    ("cover/C-1", CoverChanged(effective_from=OCTOBER, expected_until=LATER)),
    ("cover/C-1", CoverEnded(ended_on=OCTOBER)),
    ("worker/W-1", PANEL),
    ("worker/W-1", sick(date(2023, 9, 4), OCTOBER)),
    ("worker/W-1", OPEN),
    ("worker/W-1", CaseloadCounted(counted_on=OCTOBER, cases=9)),
    ("worker/W-1", paid(OCTOBER)),
    ("worker/W-1", SupportTakenUp(taken_up_on=OCTOBER, offer=SupportOffer.CLINICAL_SUPERVISION)),
    (
        "support-session/S-1",
        SupportSessionHeld(held_on=OCTOBER, offer=SupportOffer.CLINICAL_SUPERVISION, registrations=3),
    ),
    ("demand/D-1", counted()),
    ("demand/D-1", DemandEnded(ended_on=OCTOBER)),
    (
        "initiative/I-1",
        InitiativeAnnounced(title="Regrading", kind=InitiativeKind.REGRADING, starts_on=OCTOBER, ends_on=LATER),
    ),
    (
        "initiative/I-1",
        InitiativeAnnounced(title="Regrading", kind=InitiativeKind.REGRADING, announced_on=OCTOBER, starts_on=LATER),
    ),
]


@pytest.mark.parametrize(
    ("subject", "data"),
    OF_EVERY_KIND,
    ids=[f"{index}-{data.event_type}" for index, (_, data) in enumerate(OF_EVERY_KIND)],
)
def test_an_entry_is_late_32_days_and_early_184_days_from_the_day_of_its_kind(subject: str, data: EventData) -> None:
    def recorded(day: date) -> tuple[int, int]:
        events = [event(data, subject, at(day), "E-1")]
        return len(findings_of("late-entry", events)), len(findings_of("early-entry", events))

    assert recorded(date(2023, 11, 2)) == (1, 0)
    assert recorded(date(2023, 11, 1)) == recorded(date(2023, 4, 1)) == (0, 0)
    assert recorded(date(2023, 3, 31)) == (0, 1)
    assert the_one("late-entry", [event(data, subject, at(date(2023, 11, 2)), "E-1")]).message == (
        "/coventry/hr#E-1 takes effect on 2023-10-01 and was recorded 32 days after it."
    )


@pytest.mark.parametrize(
    ("subject", "data"), [("worker/W-1", merged("W-2")), ("worker/W-1", LeaverReversed(left_on=SEPTEMBER))]
)
def test_merges_and_reversals_have_no_day_and_are_never_late(subject: str, data: EventData) -> None:
    for day in (date(2022, 1, 1), DECEMBER, date(2025, 1, 1)):
        events = [event(data, subject, at(day), "E-1")]
        assert findings_of("late-entry", events) == findings_of("early-entry", events) == []


def decided(panel: str, kind: PanelKind = PanelKind.ADVANCED_SOCIAL_WORKER, day: date = OCTOBER) -> PanelDecided:
    return PANEL.model_copy(update={"panel": panel, "kind": kind, "decided_on": day})


RETIRED = WorkerLeft(left_on=OCTOBER, reason=LeavingReason.RETIRED, destination=Destination.NOT_KNOWN)
W, P, C, D = "worker/W-1", "post/P-1", "cover/C-1", "demand/D-1"


@pytest.mark.parametrize(
    ("subject", "first", "the_same", "another"),
    [
        pytest.param(P, established(OCTOBER), established(OCTOBER, "2"), established(SEPTEMBER), id="post established"),
        pytest.param(P, PostClosed(closed_on=OCTOBER), None, PostClosed(closed_on=SEPTEMBER), id="post closed"),
        pytest.param(W, started(OCTOBER), started(OCTOBER, fte="0.5"), started(OCTOBER, "P-2"), id="started"),
        pytest.param(
            W, moved(OCTOBER, "P-1", "P-2"), moved(OCTOBER, "P-3", "P-2"), moved(OCTOBER, "P-1", "P-3"), id="moved"
        ),
        pytest.param(
            W, fte_changed(OCTOBER, "1"), fte_changed(OCTOBER, "0"), fte_changed(OCTOBER, "1", "P-2"), id="FTE"
        ),
        pytest.param(W, left(OCTOBER), RETIRED, left(SEPTEMBER), id="left"),
        pytest.param(C, cover_started(OCTOBER), cover_started(OCTOBER, "P-2"), cover_started(SEPTEMBER), id="cover"),
        pytest.param(C, CoverEnded(ended_on=OCTOBER), None, CoverEnded(ended_on=SEPTEMBER), id="cover ended"),
        pytest.param(W, decided("PN-1"), decided("PN-1", day=SEPTEMBER), decided("PN-2"), id="another panel"),
        pytest.param(W, decided("PN-1"), None, decided("PN-1", PanelKind.ASYE), id="a panel of another kind"),
        pytest.param(
            W, sick(OCTOBER), sick(OCTOBER, lost=4), sick(OCTOBER).model_copy(update={"reason": TRAINING}), id="absence"
        ),
        pytest.param(
            W,
            CaseloadCounted(counted_on=OCTOBER, cases=9),
            CaseloadCounted(counted_on=OCTOBER, cases=8),
            CaseloadCounted(counted_on=SEPTEMBER, cases=9),
            id="caseload",
        ),
        pytest.param(W, paid(OCTOBER), paid(OCTOBER, 100), paid(SEPTEMBER), id="payment"),
        pytest.param(D, counted(), counted(children=1), counted(area="north"), id="children of an area"),
        pytest.param(
            D,
            counted(),
            None,
            DemandCounted(counted_on=OCTOBER, demand=Demand.CHILDREN_LOOKED_AFTER, children=700),
            id="other children",
        ),
        pytest.param(D, DemandEnded(ended_on=OCTOBER), None, DemandEnded(ended_on=SEPTEMBER), id="demand ended"),
    ],
)
def test_two_events_say_one_thing_or_two(
    subject: str, first: EventData, the_same: EventData | None, another: EventData
) -> None:
    assert len(findings_of("recorded-twice", history((subject, first), (subject, first)))) == 1
    if the_same is not None:
        assert the_one("recorded-twice", history((subject, first), (subject, the_same))).message.endswith(
            "not the same."
        )
    assert findings_of("recorded-twice", history((subject, first), (subject, another))) == []


@pytest.mark.parametrize(
    ("subject", "data"),
    [
        ("worker/W-1", SupportTakenUp(taken_up_on=OCTOBER, offer=SupportOffer.CLINICAL_SUPERVISION)),
        ("post/P-1", PostChanged(effective_from=OCTOBER, role=Role.TEAM_MANAGER)),
    ],
)
def test_what_can_happen_twice_on_a_day_is_not_recorded_twice(subject: str, data: EventData) -> None:
    assert findings_of("recorded-twice", history((subject, data), (subject, data))) == []
