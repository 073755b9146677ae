"""An absence without a day of return runs over as many weekdays as have days lost, rounded up."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.codes import AbsenceReason
from contracts.events.working_life import AbsenceRecorded
from services.metrics.snapshot.absences import stated_until


@pytest.mark.parametrize(
    ("lost", "until"),
    [("0", date(2023, 9, 30)), ("1", date(2023, 9, 30)), ("1.5", date(2023, 10, 3)), ("2.5", date(2023, 10, 4)),
     ("3", date(2023, 10, 4))],
)  # fmt: skip
def test_half_a_day_takes_a_weekday_of_its_own(lost: str, until: date) -> None:
    # 29 September 2023 is a Friday; the days after it that count are Monday and Tuesday.
    absence = AbsenceRecorded(
        absent_from=date(2023, 9, 29), working_days_lost=Decimal(lost), reason=AbsenceReason.SICKNESS
    )
    assert stated_until(absence) == until
