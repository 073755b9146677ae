"""What the checks propose, followed: the finding is gone, nothing graver has come, and the figure is the right one.

Invariant: every check that proposes a remedy has a row for each way of mending that its text names. The figures were
worked out on paper; both the product and the oracle are asked for them.
"""

import pytest

from contracts.envelope import Event
from services.metrics.academy.outcomes import cohorts_as_at
from services.metrics.measures.catalogue import count
from services.metrics.measures.declaration import When
from services.metrics.quality.catalogue import CHECKS
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from tests.oracle.facts import LATER, total
from tests.oracle.measures import Period, known
from tests.unit.quality import (
    remedies_of_posts,
    remedies_of_records,
    remedies_of_workers,
    remedies_of_working_life,
)
from tests.unit.quality.findings import (
    SEPTEMBER,
    findings_of,
    grave,
)
from tests.unit.quality.remedy import LAST_DAY, Remedy, history

NOTHING_TO_MEND = {"late-entry"}
REMEDIES = [
    remedy
    for family in (remedies_of_workers, remedies_of_posts, remedies_of_working_life, remedies_of_records)
    for remedy in family.REMEDIES
]


def test_every_check_that_proposes_a_remedy_has_one_that_is_tried() -> None:
    assert {remedy.check for remedy in REMEDIES} | NOTHING_TO_MEND == CHECKS.keys()
    assert all(CHECKS[check].remedy.startswith("Nothing to mend") for check in NOTHING_TO_MEND)


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: f"{remedy.check}: {remedy.how}")
def test_a_remedy_that_is_followed_leads_to_the_right_figure_and_the_finding_is_gone(remedy: Remedy) -> None:
    mistaken, mended = history(remedy.mistake), history([*remedy.mistake, *remedy.mended])
    assert findings_of(remedy.check, mistaken, remedy.as_at) != []
    assert findings_of(remedy.check, mended, remedy.as_at) == []
    assert grave(mended) <= grave(mistaken)
    assert figure(mended, remedy.measure) == pytest.approx(remedy.right)


def figure(events: list[Event], measure: str) -> float:
    """The figure of September to November, or as at 30 November, as the product and the oracle have it."""
    snapshot = Snapshot(events)
    if measure == "completed cohorts":
        return sum(1 for one in cohorts_as_at(snapshot, LAST_DAY) if one.completes_on and one.completes_on <= LAST_DAY)
    parts = count(measure).parts(snapshot, Scope.ALL, When(SEPTEMBER, LAST_DAY, LAST_DAY))
    product = sum(part.amount for part in parts) / 1_000_000
    assert product == pytest.approx(float(total(known(events, LATER), measure, Period(SEPTEMBER, LAST_DAY), "all")))
    return product
