"""Progression panels, and the retention payment that the progression pathway replaced.

Invariant: main posts and service are those of scope `all`, as the definitions say; scope `census` keeps those whose
main post has a CSWW role.
"""

from datetime import date

from contracts.envelope import Event
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import RetentionPaymentMade
from tests.oracle.days import Period, months_after
from tests.oracle.parts import Dimensions, Part, part
from tests.oracle.service import Spell, Workforce, plain, workforce_of

FUNDED_FTE = 41
"""The FTE that the progression pathway of 2024 funds."""

RETENTION_PAYMENT = 3000
"""Pounds, by the scheme of 1 April 2023 to 31 March 2024."""

FUNDED_FROM = date(2024, 4, 1)

SCHEME = Period(date(2023, 4, 1), date(2024, 3, 31))
SOCIAL_WORKERS = ("newly-qualified-social-worker", "social-worker", "advanced-social-worker", "senior-practitioner")


def panels_held(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Panels, each once for each kind of decision."""
    held_on: dict[tuple[str, str], date] = {}
    for decision in workforce_of(events).told(PanelDecided):
        panel = decision.data.panel, str(decision.data.kind)
        held_on[panel] = min(decision.data.decided_on, held_on.get(panel, decision.data.decided_on))
    return [part({"panel": panel, "panel_kind": kind}) for (panel, kind), day in held_on.items() if day in period]


def progression_funded_fte(events: list[Event], period: Period, scope: str) -> list[Part]:
    """What the pathway funds, of a period that reaches the day from which on it does."""
    return [part({}, FUNDED_FTE)] if events and period.last >= FUNDED_FROM else []


def _of_scope(parts: list[Part], scope: str) -> list[Part]:
    return [one for one in parts if scope == "all" or one.dimensions["csww_role"] is not None]


def _candidates(workforce: Workforce) -> list[tuple[str, PanelDecided, Dimensions]]:
    last_recorded = {(one.of, one.data.panel, one.data.kind): one.data for one in workforce.told(PanelDecided)}
    candidates = []
    for (person, panel, kind), decision in last_recorded.items():
        dimensions: Dimensions = {
            **workforce.dimensions_of_person(person, decision.decided_on, "all"),
            "panel": panel,
            "panel_kind": plain(kind),
            "decision": plain(decision.decision),
        }
        candidates.append((person, decision, dimensions))
    return candidates


def panel_candidates(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Persons about whom a panel decided."""
    candidates = _candidates(workforce_of(events))
    counted = [part(dimensions) for _, decision, dimensions in candidates if decision.decided_on in period]
    return _of_scope(counted, scope)


def panel_successes(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Those of them who were successful."""
    return [one for one in panel_candidates(events, period, scope) if one.dimensions["decision"] == "successful"]


def progressed_fte(events: list[Event], period: Period, scope: str) -> list[Part]:
    """The FTE of the successful, on the day on which it took effect."""
    workforce = workforce_of(events)
    parts = []
    for person, decision, dimensions in _candidates(workforce):
        takes_effect_on = decision.effective_from or decision.decided_on
        if decision.decision == "successful" and takes_effect_on in period:
            in_service = workforce.fte(person, decision.decided_on, "all")
            parts.append(part(dimensions, in_service if decision.fte is None else decision.fte))
    return _of_scope(parts, scope)


# --- retention payments -----------------------------------------------------------------------------------------------


def payment_due_on(spell: Spell) -> date | None:
    """The day on which a spell in service makes a retention payment due, if the main post is a social worker's then."""
    if spell.first <= SCHEME.first:
        due_on = SCHEME.last
    elif spell.first <= SCHEME.last:
        due_on = months_after(spell.first, 12)
    else:
        return None
    return due_on if spell.holds(due_on) else None


def retention_payments_due(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Payments."""
    workforce = workforce_of(events)
    parts = []
    for person in workforce.persons:
        for spell in workforce.spells(person, "all"):
            due_on = payment_due_on(spell)
            if due_on is not None and due_on in period:
                dimensions = workforce.dimensions_of_person(person, due_on, "all")
                if dimensions["role"] in SOCIAL_WORKERS:
                    parts.append(part(dimensions))
    return _of_scope(parts, scope)


def retention_payment_cost(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Their pounds."""
    return [part(due.dimensions, RETENTION_PAYMENT) for due in retention_payments_due(events, period, scope)]


def retention_payments_made(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Payments made."""
    return _of_scope([part(dimensions) for dimensions, _ in _made(events, period)], scope)


def retention_payments_paid(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Their pounds."""
    return _of_scope([part(dimensions, made.amount) for dimensions, made in _made(events, period)], scope)


def _made(events: list[Event], period: Period) -> list[tuple[Dimensions, RetentionPaymentMade]]:
    workforce = workforce_of(events)
    return [
        (workforce.dimensions_of_person(made.of, made.data.paid_on, "all"), made.data)
        for made in workforce.told(RetentionPaymentMade)
        if made.data.paid_on in period
    ]
