"""Every check is raised by what it is about, and not by the nearest thing to it."""

import pytest

from services.metrics.quality.catalogue import CHECKS
from tests.unit.quality.boundaries import BOUNDARIES, Boundary
from tests.unit.quality.findings import findings_of
from tests.unit.quality.remedy import Fact, Recorded, history


def test_every_check_has_a_history_that_raises_it_and_the_nearest_that_does_not() -> None:
    assert {boundary.check for boundary in BOUNDARIES} == set(CHECKS)


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=lambda boundary: f"{boundary.check}: {boundary.how}")
def test_a_check_is_raised_on_one_side_of_its_boundary_alone(boundary: Boundary) -> None:
    def raised(recorded: list[Recorded]) -> set[tuple[str, ...]]:
        # The two posts that every history has are not what it is about.
        own = {one.subject for one in recorded if isinstance(one, Fact)}
        findings = findings_of(boundary.check, history(recorded), boundary.as_at)
        return {finding.subjects for finding in findings if own & set(finding.subjects)}

    assert raised([*boundary.raises]) != set()
    assert raised([*boundary.does_not]) == set()
