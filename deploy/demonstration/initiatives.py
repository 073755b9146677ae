"""What the council did to fill its posts and to keep its people: the initiatives that its papers name.

Invariant: the initiatives and their months come from the papers. The days within the months, and when the initiatives
were announced, are invented.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from contracts.codes import InitiativeKind
from contracts.events.policies import InitiativeAnnounced
from deploy.demonstration.academy import COHORTS
from deploy.demonstration.ledger import Ledger
from deploy.demonstration.progression import PAYMENT_SERVICE_FROM
from deploy.demonstration.published import PROGRESSION_TAKES_EFFECT, REFER_A_FRIEND_SINCE
from deploy.demonstration.recruitment import OPEN_EVENINGS, RESIDENTIAL_EVENING
from deploy.demonstration.structure import REGRADED

ANNOUNCED_AT = time(10, 30)
PATHWAY_OPENS = date(2023, 12, 1)


class _Initiative(NamedTuple):
    identifier: str
    title: str
    kind: InitiativeKind
    announced_on: date
    starts_on: date
    ends_on: date | None = None


def _evening(title: str, announced_on: date, on: date) -> _Initiative:
    identifier = f"open-evening-{on:%Y-%m}"
    return _Initiative(identifier, title, InitiativeKind.OPEN_EVENING, announced_on, on, on + timedelta(days=1))


INITIATIVES = (
    _Initiative(
        "social-work-academy",
        "Social Work Academy opens",
        InitiativeKind.OTHER,
        date(2018, 7, 3),
        COHORTS[0].entry_on,
    ),
    _Initiative("refer-a-friend", "Refer a friend", InitiativeKind.OTHER, date(2020, 2, 18), REFER_A_FRIEND_SINCE),
    _evening("Open evening of residential homes", date(2023, 1, 9), RESIDENTIAL_EVENING),
    _Initiative(
        "retention-payment-2023",
        "Retention payment",
        InitiativeKind.RETENTION_PAYMENT,
        date(2023, 3, 6),
        PAYMENT_SERVICE_FROM,
        PROGRESSION_TAKES_EFFECT,
    ),
    _Initiative(
        "regrading-2023",
        "Team managers and chairs regraded",
        InitiativeKind.REGRADING,
        date(2023, 3, 13),
        REGRADED,
    ),
    _evening("Open evening", date(2023, 4, 17), OPEN_EVENINGS[0][0]),
    _evening("Open evening", date(2023, 8, 14), OPEN_EVENINGS[1][0]),
    _Initiative(
        "progression-pathway-2023",
        "Progression pathway opens",
        InitiativeKind.PROGRESSION_PATHWAY,
        date(2023, 11, 20),
        PATHWAY_OPENS,
    ),
)


def announce(ledger: Ledger) -> None:
    """Announce each on its day. Nothing here uses chance, so all other events stay as they were."""
    for one in INITIATIVES:
        announced = InitiativeAnnounced(
            title=one.title,
            kind=one.kind,
            announced_on=one.announced_on,
            starts_on=one.starts_on,
            ends_on=one.ends_on,
        )
        ledger.record_at(one.identifier, announced, datetime.combine(one.announced_on, ANNOUNCED_AT, UTC))
