"""The history: every part of the demonstration authority, played month by month into one ledger.

Invariant: the same seed gives the same history, byte for byte; another seed another history with the same published
figures.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from deploy.demonstration import progression, recruitment, structure, working_life
from deploy.demonstration.academy import Academy
from deploy.demonstration.agency import AgencyCover
from deploy.demonstration.awkward_records import AwkwardRecords
from deploy.demonstration.establishment import Establishment
from deploy.demonstration.ledger import Ledger
from deploy.demonstration.opening import open_history
from deploy.demonstration.staffing import Staffing
from deploy.demonstration.workforce import Worker, Workforce
from deploy.demonstration.working_days import months

SEED = 331


@dataclass(frozen=True, slots=True)
class AwkwardRecord:
    """One entry of the list of awkward records: its kind, what happened, and the identifiers of its events."""

    kind: str
    story: str
    events: tuple[str, ...]


def history(seed: int = SEED) -> list[dict[str, Any]]:
    """The invented history of authority 331, July 2018 to March 2024, in the order in which it was recorded.

    Each item is a CloudEvent in structured form that `contracts.envelope.parse_event` accepts (its `data` apart).
    """
    return _play(seed).events()


def awkward_records(seed: int = SEED) -> list[AwkwardRecord]:
    """Where to find late entries, corrections, withdrawals and the like in the history of that seed."""
    ledger = _play(seed)
    numbers = ledger.numbered()
    return [
        AwkwardRecord(item.kind, item.story, tuple(numbers[entry] for entry in item.entries)) for item in ledger.awkward
    ]


def _play(seed: int) -> Ledger:
    chance = Random(seed)  # noqa: S311  (an invented history, no secret)
    ledger = Ledger(chance)
    establishment = Establishment(ledger)
    workforce = Workforce(ledger, establishment, chance)
    academy = Academy(workforce)
    agency = AgencyCover(workforce, chance)
    staffing = Staffing(workforce, academy, agency, chance, recruitment.arrivals(ledger))
    awkward = AwkwardRecords(staffing)
    open_history(workforce, chance)
    successful: list[Worker] = []
    for month in months():
        structure.change_structure(establishment, month)
        academy.month(month)
        awkward.month(month)
        staffing.month(month)
        agency.month(month)
        working_life.record_month(workforce, chance, month)
        for decided_on in progression.PANELS:
            if month.first <= decided_on <= month.last:
                successful += progression.hold_panel(workforce, chance, decided_on)
    recruitment.hold_residential_evening(ledger)
    working_life.hold_wellbeing_weeks(ledger)
    working_life.count_demand(ledger)
    progression.pay_for_retention(workforce)
    progression.progress(workforce, successful)
    return ledger
