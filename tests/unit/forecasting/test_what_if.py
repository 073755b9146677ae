"""What is usual, and what to ask for in place of a change that cannot act within the months asked for."""

from datetime import date

import pytest

from contracts.envelope import Event
from contracts.events.hiring import CohortOpened
from services.metrics.forecasting.forecast import forecast
from services.metrics.forecasting.simulation import Change
from services.metrics.forecasting.what_if import is_usual, what_would_act
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, event
from tests.unit.forecasting.small import AS_AT
from tests.unit.forecasting.test_forecast import busy_authority


def a_cohort(entry_on: date, places: int) -> Event:
    opened = CohortOpened(entry_on=entry_on, completes_on=date(2025, 1, 8), places=places)
    return event(opened, "cohort/cohort-1", at(AS_AT), "opened-1")


# Two of the twelve hired in the year were agency workers, and two entered the academy.
@pytest.mark.parametrize(
    ("months", "change", "usual"),
    [
        (12, Change(conversions=2.0), True),
        (6, Change(conversions=1.0), True),
        (6, Change(conversions=2.0), False),
        (24, Change(conversions=4.0), True),
        (12, Change(conversions=0.0), False),
        (12, Change(intake=2.0), True),
        (6, Change(intake=2.0), True),
        (6, Change(intake=1.0), False),
        (12, Change(turnover_lower_by=0.0), True),
        (12, Change(turnover_lower_by=0.1), False),
        (12, Change(turnover_lower_by=-0.1), False),
    ],
)
def test_a_change_to_what_is_expected_in_the_months_asked_for_is_usual(
    months: int, change: Change, usual: bool
) -> None:
    made = forecast(Snapshot(busy_authority()), AS_AT, months, change=change)
    ((name, _),) = change.each_alone()
    assert is_usual(name, change, made, months) is usual


def test_entrants_known_of_can_hide_an_intake_in_few_months_which_then_shows_in_many() -> None:
    # Three enter in January: of eight a year two come in three months, and those are known.
    snapshot = Snapshot([*busy_authority(), a_cohort(date(2024, 1, 8), 3)])
    change = Change(intake=8.0)
    made = forecast(snapshot, AS_AT, 3, change=change)
    assert made.acts == {"intake": None}
    assert not is_usual("intake", change, made, 3)
    acts = what_would_act(snapshot, AS_AT, 3, "intake", change, made)
    assert acts == "months=36 or more: it acts from 2023-11-30 on"


def test_a_change_that_shows_a_month_later_is_told_with_that_many_months() -> None:
    # Three enter in November: of 36 a year three come in one month, six in two.
    snapshot = Snapshot([*busy_authority(), a_cohort(date(2023, 11, 6), 3)])
    change = Change(intake=36.0)
    made = forecast(snapshot, AS_AT, 1, change=change)
    assert made.acts == {"intake": None}
    acts = what_would_act(snapshot, AS_AT, 1, "intake", change, made)
    assert acts == "months=2 or more: it acts from 2023-11-30 on"
