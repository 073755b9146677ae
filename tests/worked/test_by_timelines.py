"""The rows that timelines make, of which stocks are read over HTTP, say what was worked out by hand."""

import pytest

from tests.worked import by_timelines
from tests.worked.answers import events_at_once, events_of, expected
from tests.worked.example import Example
from tests.worked.examples import AUTHORITIES, EXAMPLES

ASKED = [
    example
    for example in EXAMPLES
    if any(by_timelines.can_be_asked(question) and question.accepted is None for question in example.questions)
]


@pytest.mark.parametrize("example", ASKED, ids=lambda example: example.title)
def test_the_rows_say_that(example: Example) -> None:
    events = events_of(example, AUTHORITIES[example.title])
    at_once = events_at_once(example, AUTHORITIES[example.title]) if example.says_nothing_of_recording else events
    for in_any_order in (events, events[::-1], at_once):
        rows = by_timelines.rows(in_any_order)
        for question in example.questions:
            if by_timelines.can_be_asked(question) and question.accepted is None:
                assert by_timelines.ask(rows, question) == expected(question), str(question)
