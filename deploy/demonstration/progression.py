"""The progression pathway of 2024, and the retention payments it replaces.

Invariant: successful workers progress on 1 April 2024, at no more FTE than the pathway funds. Their moves are recorded
in March, so they are known before they take effect.
"""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from contracts.codes import MoveKind, PanelDecision, PanelKind, Role
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import RetentionPaymentMade
from deploy.demonstration.published import (
    LAST_DAY,
    PROGRESSION_FUNDED_FTE,
    PROGRESSION_TAKES_EFFECT,
    RETENTION_PAYMENT,
    RETENTION_PAYMENT_PAID_ON,
)
from deploy.demonstration.workforce import Worker, Workforce

SUCCESSFUL = PanelDecision.SUCCESSFUL
PANELS: dict[date, tuple[PanelDecision, ...]] = {
    date(2024, 1, 24): (PanelDecision.SUCCESSFUL,) * 20
    + (PanelDecision.UNSUCCESSFUL,) * 4
    + (PanelDecision.DEFERRED,) * 2,
    date(2024, 2, 21): (PanelDecision.SUCCESSFUL,) * 17 + (PanelDecision.UNSUCCESSFUL,) * 4,
}
"""The decisions of the two panels; how many of each is invented, the months are the paper's."""
SERVICE_OF_CANDIDATES = timedelta(days=730)

PAYMENT_SERVICE_FROM = date(2023, 4, 1)
PAID_ROLES = (
    Role.NEWLY_QUALIFIED_SOCIAL_WORKER,
    Role.SOCIAL_WORKER,
    Role.ADVANCED_SOCIAL_WORKER,
    Role.SENIOR_PRACTITIONER,
)
"""Which roles 'a social worker' takes in; chosen, the paper does not say: those below team manager."""


def hold_panel(workforce: Workforce, chance: Random, decided_on: date) -> list[Worker]:
    """A progression panel's decisions on social workers; returns those who were successful."""
    decisions = PANELS[decided_on]
    eligible = [
        worker
        for worker in workforce.holding(Role.SOCIAL_WORKER)
        if worker.may_move
        and worker.is_free(decided_on)
        and len(worker.share.post.shares) == 1
        and decided_on - worker.since > SERVICE_OF_CANDIDATES
    ]
    candidates = chance.sample(eligible, len(decisions))
    for worker, decision in zip(candidates, decisions, strict=True):
        worker.may_leave = worker.may_move = False
        successful = decision is PanelDecision.SUCCESSFUL
        decided = PanelDecided(
            panel=f"PROGRESSION-{decided_on:%Y-%m}",
            decided_on=decided_on,
            kind=PanelKind.ADVANCED_SOCIAL_WORKER,
            decision=decision,
            effective_from=PROGRESSION_TAKES_EFFECT if successful else None,
            fte=worker.share.fte,
        )
        workforce.ledger.record(worker.number, decided, decided_on)
    return candidates[: decisions.count(PanelDecision.SUCCESSFUL)]


def progress(workforce: Workforce, successful: list[Worker]) -> None:
    """Each successful worker's post closes on 1 April 2024 and one of an advanced social worker opens in its stead.

    Raises ValueError where that would take more FTE than the pathway funds.
    """
    if sum((worker.share.fte for worker in successful), Decimal(0)) > PROGRESSION_FUNDED_FTE:
        raise ValueError(f"the pathway funds {PROGRESSION_FUNDED_FTE} FTE")
    for worker in successful:
        old = worker.share.post
        team_and_area = (old.team, old.service_area)
        new = workforce.establishment.establish(
            PROGRESSION_TAKES_EFFECT, Role.ADVANCED_SOCIAL_WORKER, team_and_area, (worker.share.fte,)
        )
        moved = workforce.move(worker, new.shares[0], PROGRESSION_TAKES_EFFECT, MoveKind.PROGRESSION, days=(-18, -6))
        workforce.establishment.close(old, PROGRESSION_TAKES_EFFECT, moved)


def pay_for_retention(workforce: Workforce) -> None:
    """The retention payment to everyone who served from 1 April 2023 to 31 March 2024, with the March salary."""
    for worker in workforce.employed:
        if worker.role in PAID_ROLES and worker.since <= PAYMENT_SERVICE_FROM:
            payment = RetentionPaymentMade(
                paid_on=RETENTION_PAYMENT_PAID_ON, service_completed_on=LAST_DAY, amount=RETENTION_PAYMENT
            )
            workforce.ledger.record(worker.number, payment, RETENTION_PAYMENT_PAID_ON, days=(-3, 0))
