"""Progression panels, and the retention payments that the progression pathway replaced.

Invariant: what was decided and what was paid are counted from their own events; what is due follows from service.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.codes import PanelDecision, Role
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import RetentionPaymentMade
from services.metrics.measures.declaration import (
    BOARD,
    OverTime,
    Part,
    Rate,
    Term,
    Unit,
    When,
    flow,
    windowed,
)
from services.metrics.snapshot.amounts import ONE, millionths, months_later
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.dimensions import NOTHING_STATED
from services.metrics.timelines.rows import DAY, FOREVER

OF_THE_PAPER = frozenset({"331"})
"""The authority whose council's rules are those of the Scrutiny Board's paper; others have others, or none."""
FUNDED_FTE = 41
FUNDED_FROM = date(2024, 4, 1)
"""FTE that the progression pathway funds, and from when on: Scrutiny Board, November 2023."""
PAYMENT = Decimal(3000)
"""Pounds; the retention payment, the scheme's dates and its twelve months: Scrutiny Board, November 2023."""
SCHEME_FIRST, SCHEME_LAST = date(2023, 4, 1), date(2024, 3, 31)
SERVICE_MONTHS = 12
PAID_ROLES = frozenset(
    {
        Role.NEWLY_QUALIFIED_SOCIAL_WORKER,
        Role.SOCIAL_WORKER,
        Role.ADVANCED_SOCIAL_WORKER,
        Role.SENIOR_PRACTITIONER,
    }
)
"""Whom 'a social worker' takes in: those below team manager. Chosen; the paper does not say."""
OF_A_PANEL = ("panel", "panel_kind", "decision")


def _candidates(snapshot: Snapshot) -> dict[tuple[str, str, Any], PanelDecided]:
    """The last recorded decision of each person, panel and kind."""
    return {
        (snapshot.person_of(event), decided.panel, decided.kind): decided
        for event, decided in snapshot.facts(PanelDecided)
    }


def _panel_parts(snapshot: Snapshot, scope: Scope, successes_only: bool, in_fte: bool) -> Iterable[Part]:
    for (person, panel, kind), decided in _candidates(snapshot).items():
        if successes_only and decided.decision is not PanelDecision.SUCCESSFUL:
            continue
        service = snapshot.employment_on(person, decided.decided_on, Scope.ALL)
        dimensions = NOTHING_STATED if service is None else service.dimensions
        if not scope.holds(dimensions):
            continue
        more = {"panel": panel, "panel_kind": kind, "decision": decided.decision}
        amount, day = ONE, decided.decided_on
        if in_fte:
            amount = millionths(decided.fte) if decided.fte is not None else 0 if service is None else service.fte
            day = decided.effective_from or decided.decided_on
        yield Part(amount, day, day + DAY, (f"worker/{person}",), dimensions, more)


def _decided(successes_only: bool, in_fte: bool = False) -> OverTime:
    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        return _panel_parts(snapshot, scope, successes_only, in_fte)

    return parts


def _panels_held(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
    held: dict[tuple[str, Any], tuple[date, str]] = {}
    for event, decided in snapshot.facts(PanelDecided):
        first = (decided.decided_on, f"worker/{snapshot.person_of(event)}")
        held[decided.panel, decided.kind] = min(held.get((decided.panel, decided.kind), first), first)
    for (panel, kind), (day, candidate) in held.items():
        yield Part(ONE, day, day + DAY, (candidate,), NOTHING_STATED, {"panel": panel, "panel_kind": kind})


def _payments_due(in_pounds: bool) -> OverTime:
    amount = millionths(PAYMENT) if in_pounds else ONE

    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        for spell in snapshot.spells(Scope.ALL):
            due_on = SCHEME_LAST if spell.since <= SCHEME_FIRST else months_later(spell.since, SERVICE_MONTHS)
            service = spell.at(due_on) if spell.since <= SCHEME_LAST else None
            if service is None or service.dimensions.role not in PAID_ROLES:
                continue
            if scope.holds(service.dimensions):
                subjects = (f"worker/{spell.person}", f"post/{service.post}")
                yield Part(amount, due_on, due_on + DAY, subjects, service.dimensions)

    return parts


def _payments_made(in_pounds: bool) -> OverTime:
    def parts(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
        for event, paid in snapshot.facts(RetentionPaymentMade):
            person = snapshot.person_of(event)
            service = snapshot.employment_on(person, paid.paid_on, Scope.ALL)
            dimensions = NOTHING_STATED if service is None else service.dimensions
            if scope.holds(dimensions):
                amount = millionths(paid.amount) if in_pounds else ONE
                yield Part(amount, paid.paid_on, paid.paid_on + DAY, (f"worker/{person}",), dimensions)

    return parts


def _funded(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
    # If nothing is in force, nothing is known to be funded. No event says how much is: no subject.
    if snapshot.in_force and when.last >= FUNDED_FROM:
        yield Part(FUNDED_FTE * ONE, FUNDED_FROM, FOREVER, (), NOTHING_STATED)


MEASURES = (
    flow(
        "panels-held",
        "Panels held",
        "Progression panels with a decision, on their first day, each once.",
        BOARD,
        Unit.COUNT,
        _panels_held,
        more=("panel", "panel_kind"),
    ),
    flow(
        "panel-candidates",
        "Panel candidates",
        "Workers on whom a panel decided, once per panel.",
        BOARD,
        Unit.PEOPLE,
        _decided(successes_only=False),
        more=OF_A_PANEL,
    ),
    flow(
        "panel-successes",
        "Successful candidates",
        "Candidates whom a panel for Advanced Social Worker found successful. Panels that end the ASYE year pass or "
        "fail theirs: see panel-candidates by decision.",
        BOARD,
        Unit.PEOPLE,
        _decided(successes_only=True),
        more=OF_A_PANEL,
    ),
    flow(
        "progressed-fte",
        "FTE progressed",
        "FTE of successful candidates, on the day their progression takes effect.",
        BOARD,
        Unit.FTE,
        _decided(successes_only=True, in_fte=True),
        more=OF_A_PANEL,
    ),
    windowed(
        "progression-funded-fte",
        "FTE the pathway funds",
        "The FTE that the progression pathway funds from 1 April 2024 on: 41, by the council's paper (authority 331 "
        "alone).",
        BOARD,
        Unit.FTE,
        _funded,
        authorities=OF_THE_PAPER,
    ),
    Rate(
        "progression-funding-used",
        "Share of the pathway's funding used",
        "FTE progressed in the period as a share of the FTE that the pathway funds (authority 331 alone).",
        BOARD,
        Unit.PERCENT,
        (Term("progressed-fte"),),
        (Term("progression-funded-fte"),),
        "100 x FTE progressed / 41",
    ),
    flow(
        "retention-payments-due",
        "Retention payments due",
        "Workers who complete twelve months' service under the scheme of 1 April 2023 to 31 March 2024, on "
        "the day they do (authority 331 alone).",
        BOARD,
        Unit.PEOPLE,
        _payments_due(in_pounds=False),
        authorities=OF_THE_PAPER,
    ),
    flow(
        "retention-payment-cost",
        "Cost of retention payments due",
        "GBP 3,000 for each retention payment that falls due (authority 331 alone).",
        BOARD,
        Unit.POUNDS,
        _payments_due(in_pounds=True),
        authorities=OF_THE_PAPER,
    ),
    flow(
        "retention-payments-made",
        "Retention payments made",
        "Retention payments made in the period.",
        BOARD,
        Unit.COUNT,
        _payments_made(in_pounds=False),
    ),
    flow(
        "retention-payments-paid",
        "Retention payments made (GBP)",
        "Pounds paid as retention payments in the period.",
        BOARD,
        Unit.POUNDS,
        _payments_made(in_pounds=True),
    ),
)
