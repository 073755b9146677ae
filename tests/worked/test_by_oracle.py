"""The oracle answers every example as it was worked out by hand."""

import pytest

from tests.worked import by_oracle
from tests.worked.answers import events_of, expected, of_cohort
from tests.worked.example import Example
from tests.worked.examples import AUTHORITIES, EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_the_oracle_says_that(example: Example) -> None:
    events = events_of(example, AUTHORITIES[example.title])
    for question in example.questions:
        answer = by_oracle.ask(events, question)
        assert answer in (None, expected(question)), str(question)
    for of in example.of_cohorts:
        assert of_cohort(by_oracle.cohort(events, of)) == of_cohort(of)
