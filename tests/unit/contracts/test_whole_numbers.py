"""Counts in events: whole, however a system writes them."""

import json

import pytest
from pydantic import ValidationError

from contracts.events.working_life import CaseloadCounted


def counted(cases: object) -> CaseloadCounted:
    return CaseloadCounted.model_validate_json(json.dumps({"counted_on": "2023-09-30", "cases": cases}))


@pytest.mark.parametrize("written", [14, 14.0])
def test_a_whole_number_may_have_a_decimal_point(written: float) -> None:
    cases = counted(written).cases
    assert cases == 14
    assert isinstance(cases, int)


@pytest.mark.parametrize("written", [14.5, "14", True, -1, 1_000_001, 1e300])
def test_anything_else_is_no_count(written: object) -> None:
    with pytest.raises(ValidationError):
        counted(written)
