"""What tells one change from another of its type and subject, if the source gives changes no number.

Invariant: the fields named here belong to the event. They are its identity, not its content.
"""

from contracts.events.agency_cover import CoverStarted
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
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import (
    DemandCounted,
    RetentionPaymentMade,
    SupportSessionHeld,
    SupportTakenUp,
)

_KEYS: dict[type[EventData], tuple[str, ...]] = {
    ApplicationProgressed: ("stage",),
    CampaignOpened: (),
    CohortOpened: (),
    CoverStarted: (),
    DemandCounted: ("demand", "counted_on"),
    PanelDecided: ("panel", "kind"),
    RetentionPaymentMade: ("service_completed_on",),
    SupportSessionHeld: (),
    SupportTakenUp: ("offer", "taken_up_on"),
    WorkerFteChanged: ("post", "effective_from"),
    WorkerMerged: ("duplicate",),
    WorkerMoved: ("from_post", "moved_on"),
    WorkerStarted: ("post", "started_on"),
}


def key_fields(event: type[EventData]) -> tuple[str, ...]:
    """The fields that tell an event from others of its type and subject: mostly its effective date."""
    if event in _KEYS:
        return _KEYS[event]
    return () if event.effective_field is None else (event.effective_field,)
