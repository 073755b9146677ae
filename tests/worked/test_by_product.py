"""The product's pure functions answer every example as it was worked out by hand."""

from collections import Counter

import pytest

from services.metrics.measures.catalogue import MEASURES
from tests.worked import by_product
from tests.worked.answers import events_of, expected, of_cohort
from tests.worked.example import Example
from tests.worked.examples import AUTHORITIES, EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_the_product_says_that(example: Example) -> None:
    authority = AUTHORITIES[example.title]
    events = events_of(example, authority)
    snapshots = by_product.Snapshots(events)
    for question in example.questions:
        assert by_product.ask(snapshots, question, authority) == expected(question), str(question)
    for of in example.of_cohorts:
        assert of_cohort(by_product.cohort(events, of)) == of_cohort(of)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_the_product_says_that_at_the_points_of_a_series_too_in_whatever_order_events_came(example: Example) -> None:
    authority = AUTHORITIES[example.title]
    snapshots = by_product.Snapshots(events_of(example, authority)[::-1])
    for question in example.questions:
        assert by_product.ask(snapshots, question, authority, points=2) == expected(question), str(question)


def test_each_example_has_a_title_of_its_own_and_asks_something() -> None:
    assert [title for title, times in Counter(example.title for example in EXAMPLES).items() if times > 1] == []
    assert [example.title for example in EXAMPLES if not example.questions and not example.of_cohorts] == []


def test_no_measure_is_without_an_example_of_its_figure() -> None:
    told = {
        question.measure
        for example in EXAMPLES
        for question in example.questions
        if question.total not in (0, "not-counted", "kinds-overlap", "not-yet", "no-denominator", "no-policy")
    }
    assert [name for name in MEASURES if name not in told] == []
