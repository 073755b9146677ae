"""An authority is known where an event of it is, and every route says the same of it."""

from datetime import date, datetime

import pytest

from tests.histories import at, established, event, void
from tests.integration.alone import Alone

WITHDRAWN, NEVER_HEARD_OF = "391", "392"
APRIL, MAY = at(date(2023, 4, 3)), at(date(2023, 5, 2))

ROUTES = (
    "/v1/measures/vacancies?",
    "/v1/measures/in-post-headcount?",
    "/v1/measures/vacancies/series?from=2023-06-01&to=2023-07-31&",
    "/v1/measures/vacancies/explanation?",
    "/v1/academy/cohorts?",
    "/v1/survival?",
    "/v1/vacant-posts?",
    "/v1/quality?",
    "/v1/forecasts/vacancies?",
)


@pytest.fixture(scope="module")
def metrics(alone: Alone) -> Alone:
    """Metrics, when it knows of one post, and that it never was."""
    post = event(established(date(2023, 4, 1)), "post/P-1", APRIL, "withdrawn-1", authority=WITHDRAWN)
    alone.take_in(post, void(post, MAY, "withdrawn-2"))
    return alone


@pytest.mark.parametrize("route", ROUTES)
def test_an_authority_whose_every_event_was_withdrawn_is_known(metrics: Alone, route: str) -> None:
    assert metrics.ask(f"{route}authority={WITHDRAWN}").status_code == 200


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("authority", "as_known_at"), [(NEVER_HEARD_OF, MAY), (WITHDRAWN, at(date(2023, 4, 2)))])
def test_an_authority_of_which_no_event_was_known_by_then_is_not(
    metrics: Alone, route: str, authority: str, as_known_at: datetime
) -> None:
    at_an_instant = as_known_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = metrics.ask(f"{route}authority={authority}&as_known_at={at_an_instant}")
    assert answer.status_code == 404, answer.text
    assert answer.json()["title"] == "Nothing is known of this authority"
