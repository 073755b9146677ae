"""What the page of data quality works out of the API's answers."""

from typing import Any

import pytest

from services.metrics.pages.quality import by_severity, does, in_words, sources
from services.metrics.pages.rendering import ENVIRONMENT


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (
            {"affected_fte": "0", "would_differ_by": {"in-post": "-1", "vacancies": "1", "agency": "0"}},
            "Without it: In post \N{MINUS SIGN}1.0, Vacancies +1.0",
        ),
        ({"affected_fte": "0.5"}, "0.5 FTE in question"),
        ({"affected_fte": "0"}, "Nothing on this date"),
        ({"affected_fte": "0", "would_differ_by": {}}, "Nothing on this date"),
    ],
)
def test_the_effect_of_a_finding_is_told_in_words(effect: dict[str, Any], said: str) -> None:
    assert does({"effect": effect}) == said


def test_whoever_runs_the_sources_of_the_events_can_mend_it() -> None:
    events = [{"source": "/coventry/hr"}, {"source": "/coventry/agency"}, {"source": "/coventry/hr"}]
    assert sources({"events": events}) == ["/coventry/agency", "/coventry/hr"]


def test_a_message_names_posts_and_dates_as_people_do() -> None:
    message = "worker/W-0211 moved from post/P-0411 on 2023-09-04, and held post/P-0412."
    assert in_words(message) == "worker W-0211 moved from post P-0411 on 4 September 2023, and held post P-0412."


def test_findings_are_counted_by_what_they_do_the_gravest_first() -> None:
    summary = [
        {"severity": "moves-a-figure", "findings": 2},
        {"severity": "for-information", "findings": 7},
        {"severity": "moves-a-figure", "findings": 1},
    ]
    assert [(severity, count) for severity, _, _, count in by_severity(summary)] == [
        ("moves-a-figure", 3),
        ("may-move-a-figure", 0),
        ("for-information", 7),
    ]


class OfNoRequest:
    """What the templates ask of a page, where there is no request."""

    authority = "331"
    as_at = "2023-10-31"
    asked = ()

    def there(self, path: str, **_: Any) -> str:
        return path


def test_a_dead_letter_says_where_it_stood_why_and_what_to_do() -> None:
    letters = [
        {
            "offset": 12,
            "about": {
                "topic": "workforce.leavers",
                "partition": "3",
                "offset": "17",
                "cause": "contract",
                "reason": "left_on: is missing",
                "at": "2023-11-06T09:31:00Z",
            },
        },
        {"offset": 13, "about": {}},
    ]
    context = {
        "title": "Dead letters",
        "page": OfNoRequest(),
        "navigation": [],
        "letters": letters,
        "count": 2,
        "refused": None,
        "remedies": {"contract": "Mend the record."},
    }
    written = ENVIRONMENT.get_template("dead-letters.html").render(context)
    assert "6 November 2023 at 09:31 UTC" in written
    assert "workforce.leavers, partition 3, offset 17" in written
    assert "Contract: left_on: is missing" in written
    assert "Mend the record." in written
    assert "No service put it there." in written
    # What waits with the other services this page does not see: it says where it can be seen.
    for elsewhere in ("--service recruitment", "--service retention", "rows?status=rejected", "workforce status"):
        assert elsewhere in written
