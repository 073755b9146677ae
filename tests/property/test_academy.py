"""What became of the members of a cohort is what the definitions say, whatever was recorded, corrected and voided.

Invariant: the outcomes expected here come from tests/oracle, which shares no code with the services.
"""

from hypothesis import given
from hypothesis import strategies as st

from services.metrics.academy.outcomes import members, outcomes
from services.metrics.reasons import Reason
from services.metrics.snapshot.snapshot import Snapshot, known
from services.metrics.statistics.survival import kaplan_meier
from tests.oracle import academy as oracle
from tests.oracle.measures import known as known_by_oracle
from tests.property.test_measures import asked_of
from tests.whole_histories import whole_histories

SAME = {
    "started": "started",
    "passed": "passed",
    "failed": "failed",
    "deferred": "deferred",
    "left": "left",
    "left_during": "left_during_the_year",
    "left_after": "left_after",
    "progressed": "progressed",
    "in_post": "in_post",
    "in_the_year": "still_in_the_year",
}
"""The oracle's name of each outcome."""


@given(st.data())
def test_every_outcome_and_the_survival_of_every_cohort_is_what_the_definitions_say(data: st.DataObject) -> None:
    history = data.draw(whole_histories(24))
    as_known_at, as_accepted_at, when, _ = data.draw(asked_of(history))
    snapshot = Snapshot(known(history, as_known_at, as_accepted_at))
    expected = oracle.cohorts(known_by_oracle(history, as_known_at, as_accepted_at), when.as_at)
    assert {member.cohort for member in members(snapshot) if member.started_on <= when.as_at} <= expected.keys()
    for cohort, of_cohort in expected.items():
        counted = outcomes(snapshot, {cohort}, when.as_at)
        assert {name: counted.count(name) for name in SAME} == {
            name: getattr(of_cohort, name_of_oracle) for name, name_of_oracle in SAME.items()
        }, cohort
        mean_days = counted.mean_days_to_progress()
        assert (None if mean_days is Reason.NO_DENOMINATOR else mean_days) == of_cohort.mean_days_to_progress
        curve = kaplan_meier(one.service for one in counted.known)
        steps = [(step.days, step.survival) for step in oracle.survival(list(of_cohort.durations))]
        assert [(step.days, step.survival) for step in curve.steps if step.left] == steps
