"""Kaplan-Meier as lifelines works it out, on generated durations."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from services.metrics.statistics.survival import Duration, kaplan_meier

# lifelines wants whoever left to have been there for some time.
durations = st.builds(Duration, st.integers(1, 40) | st.integers(1, 6000), st.booleans())


@given(st.lists(durations, min_size=1, max_size=250))
def test_lifelines_agrees_on_survival_numbers_at_risk_and_the_band(people: list[Duration]) -> None:
    curve = kaplan_meier(people)
    fitted = KaplanMeierFitter().fit([one.days for one in people], [one.ended for one in people])
    events, band = fitted.event_table, fitted.confidence_interval_
    assert [step.days for step in curve.steps] == [day for day in events.index if day > 0]
    for step in curve.steps:
        row = events.loc[step.days]
        assert (step.at_risk, step.left, step.censored) == (row["at_risk"], row["observed"], row["censored"])
        assert float(step.survival) == pytest.approx(fitted.survival_function_at_times(step.days).iloc[0], abs=1e-9)
        if step.survival:  # where nobody is left, lifelines draws the band as 0 to 0
            lower, upper = band.loc[step.days]
            assert step.lower == pytest.approx(lower, abs=1e-9)
            assert step.upper == pytest.approx(upper, abs=1e-9)
    median = fitted.median_survival_time_
    # Half a life of exactly one half is one to us; lifelines compares floats, and may see it one step later.
    if all(step.survival != Fraction(1, 2) for step in curve.steps):
        assert (math.inf if curve.median is None else curve.median) == median
