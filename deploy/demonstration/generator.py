"""The history: every part of the demonstration authority, played month by month into one ledger.

Invariant: the same seed gives the same history, byte for byte. Another seed gives another history with the same
published figures. A longer history begins with every shorter one, event by event.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from deploy.demonstration import initiatives, progression, recruitment, structure, working_life
from deploy.demonstration.academy import Academy
from deploy.demonstration.agency import AgencyCover
from deploy.demonstration.awkward_records import AwkwardRecords
from deploy.demonstration.establishment import Establishment
from deploy.demonstration.ledger import Ledger
from deploy.demonstration.opening import open_history
from deploy.demonstration.published import LAST_DAY
from deploy.demonstration.staffing import Staffing
from deploy.demonstration.workforce import Worker, Workforce
from deploy.demonstration.working_days import DAY, Month, months

SEED = 331
END_OF_PUBLISHED = datetime.combine(LAST_DAY + DAY, datetime.min.time(), UTC)
"""All that belongs to the published figures is recorded before."""
PLAYED_AHEAD = timedelta(days=120)
"""Longer than anything is recorded before it takes effect: so far beyond its end a history must be played."""


@dataclass(frozen=True, slots=True)
class AwkwardRecord:
    """One entry of the list of awkward records: its kind, what happened, and the identifiers of its events."""

    kind: str
    story: str
    events: tuple[str, ...]


def history(seed: int = SEED, until: datetime | None = None) -> list[dict[str, Any]]:
    """The invented history of authority 331 from July 2018 on, in the order in which it was recorded.

    It ends in March 2024, with the published figures, or goes on to what was recorded `until` a later instant. Each
    item is a CloudEvent in structured form that `contracts.envelope.parse_event` accepts (its `data` apart).
    """
    if until is None or until < END_OF_PUBLISHED:
        return _play(seed).events(END_OF_PUBLISHED)
    return _play(seed, until.date() + PLAYED_AHEAD).events(until)


def awkward_records(seed: int = SEED) -> list[AwkwardRecord]:
    """Where to find late entries, corrections, withdrawals and the like in the history of that seed."""
    ledger = _play(seed)
    numbers = ledger.numbered()
    return [
        AwkwardRecord(item.kind, item.story, tuple(numbers[entry] for entry in item.entries)) for item in ledger.awkward
    ]


def _play(seed: int, last: date | None = None) -> Ledger:
    """The ledger of the published history; with `last`, of what follows too, up to the month of that day."""
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
        _staff(staffing, month)
        for decided_on in progression.PANELS:
            if month.first <= decided_on <= month.last:
                successful += progression.hold_panel(workforce, chance, decided_on)
    initiatives.announce(ledger)
    recruitment.hold_residential_evening(ledger)
    working_life.hold_wellbeing_weeks(ledger)
    working_life.count_demand(ledger)
    progression.pay_for_retention(workforce)
    progression.progress(workforce, successful)
    if last is not None:
        _go_on(staffing, last)
    return ledger


def _staff(staffing: Staffing, month: Month) -> None:
    staffing.month(month)
    staffing.agency.month(month)
    working_life.record_month(staffing.workforce, staffing.chance, month)


def _go_on(staffing: Staffing, last: date) -> None:
    """The months after the published history: nothing that happens in them is published, all of it is invented."""
    ledger = staffing.workforce.ledger
    ledger.go_on()
    staffing.academy.go_on(last)
    for month in months(LAST_DAY + DAY, last):
        staffing.academy.month(month)
        _staff(staffing, month)
        staffing.agency.record_returns(month)
        working_life.count_demand_of(ledger, staffing.chance, month)
