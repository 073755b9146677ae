"""Every field of every event type, written down by hand: what it may hold, whether it may be left out, and what then.

Invariant: no product code is asked here, so that whatever a contract is changed to, a test says so.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.contract.every_value import (
    ABSENCE_REASON,
    COUNT,
    COVER_OUTCOME,
    COVER_REASON,
    CSWW_ROLE,
    DATE,
    DECISION,
    DEMAND,
    DESTINATION,
    EMPLOYMENT,
    FTE,
    FUNDED_FTE,
    INITIATIVE,
    LATER,
    LEAVING_REASON,
    LIST_OF_ROLES,
    LIST_OF_TOKENS,
    MOVE_KIND,
    OFFER,
    ORIGIN,
    PANEL_KIND,
    POUNDS,
    ROLE,
    ROUTE,
    SLUG,
    STAGE,
    TITLE,
    TOKEN,
    TRUTH,
    WORKING_DAYS,
    Values,
)


@dataclass(frozen=True)
class EventType:
    """An event type: what its subject is, its fields, and one event's data to change field by field.

    `optional` may be null, which is leaving it out; `with_default` may be left out, which is the value given here, and
    may not be null.
    """

    subject: str
    data: dict[str, Any]
    needed: dict[str, Values]
    optional: dict[str, Values] = field(default_factory=dict)
    with_default: dict[str, tuple[Values, Any]] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Values]:
        """The values of each field."""
        return self.needed | self.optional | {name: values for name, (values, _) in self.with_default.items()}


DAY = "2023-10-02"
POST_FACTS = {"team": SLUG, "service_area": SLUG, "grade": SLUG, "csww_role": CSWW_ROLE, "location": SLUG}

EVENT_TYPES = {
    "uk.workforce.post.established.v1": EventType(
        "post",
        {"effective_from": DAY, "role": "social-worker", "funded_fte": 1, "team": "duty", "service_area": "help"},
        {"effective_from": DATE, "role": ROLE, "funded_fte": FUNDED_FTE, "team": SLUG, "service_area": SLUG},
        {"grade": SLUG, "csww_role": CSWW_ROLE, "location": SLUG},
    ),
    "uk.workforce.post.changed.v1": EventType(
        "post",
        {"effective_from": DAY, "role": "social-worker", "team": "duty"},
        {"effective_from": DATE},
        {"role": ROLE, "funded_fte": FUNDED_FTE, **POST_FACTS},
    ),
    "uk.workforce.post.closed.v1": EventType("post", {"closed_on": DAY}, {"closed_on": DATE}),
    "uk.workforce.campaign.opened.v1": EventType(
        "campaign",
        {"opened_on": DAY, "route": "direct"},
        {"opened_on": DATE, "route": ROUTE},
        {"closes_on": DATE},
        {"roles": (LIST_OF_ROLES, []), "posts": (LIST_OF_TOKENS, [])},
    ),
    "uk.workforce.application.progressed.v1": EventType(
        "application",
        {"stage": "offered", "reached_on": DAY, "route": "direct"},
        {"stage": STAGE, "reached_on": DATE, "route": ROUTE},
        {"campaign": TOKEN, "role": ROLE, "worker": TOKEN},
    ),
    "uk.workforce.cohort.opened.v1": EventType(
        "cohort",
        {"entry_on": DAY, "completes_on": "2024-10-01"},
        {"entry_on": DATE, "completes_on": DATE},
        {"academy_team": SLUG, "places": COUNT},
    ),
    "uk.workforce.worker.started.v1": EventType(
        "worker",
        {"started_on": DAY, "post": "P-1", "fte": 1, "origin": "other", "route": "direct"},
        {"started_on": DATE, "post": TOKEN, "fte": FTE, "origin": ORIGIN, "route": ROUTE},
        {"cohort": TOKEN, "campaign": TOKEN, "converted_from": TOKEN},
        {"employment": (EMPLOYMENT, "permanent")},
    ),
    "uk.workforce.worker.moved.v1": EventType(
        "worker",
        {"moved_on": DAY, "from_post": "P-1", "to_post": "P-2", "fte": 1},
        {"moved_on": DATE, "from_post": TOKEN, "to_post": TOKEN, "fte": FTE},
        {"expected_until": DATE},
        {"kind": (MOVE_KIND, "move")},
    ),
    "uk.workforce.worker.fte-changed.v1": EventType(
        "worker",
        {"effective_from": DAY, "post": "P-1", "fte": 0.5},
        {"effective_from": DATE, "post": TOKEN, "fte": FTE},
    ),
    "uk.workforce.worker.merged.v1": EventType("worker", {"duplicate": "W-2"}, {"duplicate": TOKEN}),
    "uk.workforce.cover.started.v1": EventType(
        "cover",
        {
            "started_on": DAY,
            "agency_worker": "AW-1",
            "fte": 1,
            "reason": "absence",
            "post": "P-1",
            "role": "social-worker",
        },
        {"started_on": DATE, "agency_worker": TOKEN, "fte": FTE, "reason": COVER_REASON},
        {
            "post": TOKEN,
            "role": ROLE,
            "team": SLUG,
            "service_area": SLUG,
            "csww_role": CSWW_ROLE,
            "expected_until": DATE,
            "hourly_rate": POUNDS,
            "agency": SLUG,
            "project_team": TRUTH,
        },
    ),
    "uk.workforce.cover.changed.v1": EventType(
        "cover",
        {"effective_from": DAY, "fte": 0.5, "reason": "absence"},
        {"effective_from": DATE},
        {"fte": FTE, "reason": COVER_REASON, "post": TOKEN, "expected_until": DATE, "hourly_rate": POUNDS},
    ),
    "uk.workforce.cover.ended.v1": EventType(
        "cover",
        {"ended_on": DAY},
        {"ended_on": DATE},
        {"converted_to": TOKEN},
        {"outcome": (COVER_OUTCOME, "not-known")},
    ),
    "uk.workforce.worker.left.v1": EventType(
        "worker",
        {"left_on": DAY, "reason": "resignation", "destination": "not-known"},
        {"left_on": DATE, "reason": LEAVING_REASON, "destination": DESTINATION},
    ),
    "uk.workforce.leaver.reversed.v1": EventType("worker", {"left_on": DAY}, {"left_on": DATE}),
    "uk.workforce.panel.decided.v1": EventType(
        "worker",
        {"panel": "N-1", "decided_on": DAY, "kind": "asye", "decision": "deferred"},
        {"panel": TOKEN, "decided_on": DATE, "kind": PANEL_KIND, "decision": DECISION},
        {"effective_from": DATE, "fte": FTE, "cohort": TOKEN},
    ),
    "uk.workforce.absence.recorded.v1": EventType(
        "worker",
        {"absent_from": "1948-01-01", "working_days_lost": 3, "reason": "SIC"},
        {"absent_from": DATE, "working_days_lost": WORKING_DAYS, "reason": ABSENCE_REASON},
        {"returned_on": LATER},
    ),
    "uk.workforce.caseload.counted.v1": EventType(
        "worker", {"counted_on": DAY, "cases": 14}, {"counted_on": DATE, "cases": COUNT}
    ),
    "uk.workforce.retention-payment.made.v1": EventType(
        "worker",
        {"paid_on": DAY, "service_completed_on": DAY, "amount": 3000},
        {"paid_on": DATE, "service_completed_on": DATE, "amount": POUNDS},
    ),
    "uk.workforce.support.taken-up.v1": EventType(
        "worker", {"taken_up_on": DAY, "offer": "coaching"}, {"taken_up_on": DATE, "offer": OFFER}
    ),
    "uk.workforce.support-session.held.v1": EventType(
        "session",
        {"held_on": DAY, "offer": "wellbeing", "registrations": 10},
        {"held_on": DATE, "offer": OFFER, "registrations": COUNT},
    ),
    "uk.workforce.demand.counted.v1": EventType(
        "demand",
        {"counted_on": DAY, "demand": "children-looked-after", "children": 757},
        {"counted_on": DATE, "demand": DEMAND, "children": COUNT},
        {"service_area": SLUG},
    ),
    "uk.workforce.demand.ended.v1": EventType("demand", {"ended_on": DAY}, {"ended_on": DATE}),
    "uk.workforce.initiative.announced.v1": EventType(
        "initiative",
        {"title": "Regrading", "kind": "regrading", "starts_on": "1948-01-01"},
        {"title": TITLE, "kind": INITIATIVE, "starts_on": DATE},
        {"announced_on": DATE, "ends_on": LATER},
    ),
}
