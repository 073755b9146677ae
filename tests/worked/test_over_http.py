"""The running system answers every example over HTTP as it was worked out by hand.

Each example is the records of an authority of its own, and all use the same numbers of posts and workers: so none may
see what another authority recorded under the same number.
"""

from collections import Counter
from fractions import Fraction

import pytest

from tests.integration.feed import Feed
from tests.worked.answers import exact, expected
from tests.worked.example import Example
from tests.worked.examples import AUTHORITIES, EXAMPLES
from tests.worked.over_http import ask, cohort, rows_of, says

SENT = [example for example in EXAMPLES if example.not_over_http is None]


@pytest.mark.parametrize("example", SENT, ids=lambda example: example.title)
def test_the_running_system_says_that(metrics: Feed, example: Example) -> None:
    for question in example.questions:
        body = ask(metrics, question, AUTHORITIES[example.title])
        unit, is_count = body["unit"], body["kind"] != "rate"
        answer = expected(question)
        assert says(body, "total", answer.total, unit, is_count), (str(question), body)
        assert body.get("total_mark") == question.mark, (str(question), body)
        if question.by:
            rows = rows_of(body, question.by)
            assert set(rows) == set(answer.rows), (str(question), body)
            for key, figure in answer.rows.items():
                assert says(rows[key], "value", figure, unit, is_count), (str(question), key, body)


@pytest.mark.parametrize("example", [one for one in SENT if one.of_cohorts], ids=lambda example: example.title)
def test_the_running_system_says_what_became_of_cohorts(metrics: Feed, example: Example) -> None:
    for of in example.of_cohorts:
        row, stay = cohort(metrics, of, AUTHORITIES[example.title])
        assert row["completed"] == of.completed
        for name, figure in of.figures.items():
            unit = "years" if name in ("retention", "progressed_share") or name.startswith("mean") else "people"
            assert says(row, name, exact(figure), unit, is_count=False), (name, row)
        assert stay == {days: round(float(Fraction(share)), 6) for days, share in of.stay.items()}


def test_no_two_examples_are_the_records_of_one_authority() -> None:
    times = Counter(AUTHORITIES[example.title] for example in SENT)
    assert [authority for authority, number in times.items() if number > 1] == []


def test_who_is_not_asked_over_http_says_why() -> None:
    assert [example.title for example in EXAMPLES if example.not_over_http == ""] == []
