"""Every route of metrics with questions that it answers, for what must hold of each of them.

Invariant: the routes are those of the application itself, so that none can be forgotten: a new one has no question yet,
and the tests that look for one fail.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.routing import APIRoute

from services.metrics import app

APPLICATION = app.create(app.ServiceSettings(database_url="postgresql://postgres@/nothing"))

MEASURE = "/v1/measures/{measure}"
SERIES = f"{MEASURE}/series"
EXPLANATION = f"{MEASURE}/explanation"
SUBJECT = "/v1/subjects/{kind}/{identifier}"

OF_AN_AUTHORITY: dict[str, tuple[str, ...]] = {
    MEASURE: (
        "/v1/measures/in-post?by=role,team&as_at=2019-12-31",
        "/v1/measures/leavers?by=leaving_reason,role&financial_year=2018-19",
        "/v1/measures/average-caseload?as_at=2018-09-30",
    ),
    SERIES: (
        "/v1/measures/vacancies/series?from=2018-07-01&to=2020-06-30&by=role",
        "/v1/measures/starters/series?from=2018-07-01&to=2020-06-30&every=quarter",
    ),
    EXPLANATION: (
        "/v1/measures/vacancies/explanation?as_at=2019-06-30&limit=1000",
        "/v1/measures/turnover-rate/explanation?as_at=2019-06-30",
        "/v1/measures/starters/explanation?as_at=2019-06-30",
    ),
    SUBJECT: (
        "/v1/subjects/post/P-0292?limit=50",
        "/v1/subjects/worker/W-0007?limit=50",
        "/v1/subjects/cover/C-0001?limit=50",
    ),
    "/v1/changes": ("/v1/changes?from_known=2018-07-31T00:00:00Z&as_at=2018-09-30&measure=in-post,starters,cases",),
    "/v1/academy/cohorts": ("/v1/academy/cohorts?as_at=2019-12-31",),
    "/v1/academy/cohorts/{cohort}": ("/v1/academy/cohorts/all?as_at=2019-12-31",),
    "/v1/vacant-posts": ("/v1/vacant-posts?as_at=2019-06-30&role=social-worker",),
    "/v1/reports": ("/v1/reports?limit=10",),
    "/v1/reports/{report}": ("/v1/reports/1?",),
    "/v1/reports/{report}/comparison": ("/v1/reports/2/comparison?earlier=1",),
    "/v1/feeds": ("/v1/feeds?",),
    "/v1/initiatives": ("/v1/initiatives?from=2020-01-01&to=2023-12-31",),
    "/v1/survival": ("/v1/survival?as_at=2020-06-30", "/v1/survival?of=academy-members&points=days&as_at=2020-06-30"),
    "/v1/quality": ("/v1/quality?as_at=2019-12-31&limit=20",),
    "/v1/forecasts/vacancies": ("/v1/forecasts/vacancies?as_at=2020-06-30&months=3",),
    "/v1/forecasts/vacancies/back-test": ("/v1/forecasts/vacancies/back-test?as_at=2020-06-30&months=3",),
    "/v1/benchmarks/{measure}": ("/v1/benchmarks/turnover-rate?year=2022",),
    "/v1/benchmarks/{measure}/series": ("/v1/benchmarks/turnover-rate/series?",),
}
"""Routes that answer of one authority: it is named by `of`."""

OF_NO_AUTHORITY: dict[str, str] = {
    "/v1/measures": "/v1/measures?",
    "/v1/quality/checks": "/v1/quality/checks?",
    "/v1/benchmarks/releases": "/v1/benchmarks/releases?",
    "/v1/benchmarks/neighbours": "/v1/benchmarks/neighbours?",
    "/v1/benchmarks/revisions": "/v1/benchmarks/revisions?older=2022&newer=2025&measure=turnover-rate",
}
"""Routes that tell what there is, and what DfE published of all authorities alike."""

OPERATED = {
    "GET /v1/dead-letters": "/v1/dead-letters?",
    "GET /v1/dead-letters/{offset}": "/v1/dead-letters/1?",
    "POST /v1/dead-letters/send-again": "/v1/dead-letters/send-again?",
    "POST /v1/dead-letters/dismiss": "/v1/dead-letters/dismiss?",
    "POST /v1/dead-letters/{offset}/mend": "/v1/dead-letters/1/mend?",
    "GET /v1/replays": "/v1/replays?authority=331",
    "POST /v1/replays": "/v1/replays?authority=331",
    "POST /v1/benchmarks/releases": "/v1/benchmarks/releases?release=mine&published=2025-05-01",
    "POST /v1/benchmarks/neighbours": "/v1/benchmarks/neighbours?name=mine&published=2025-05-01",
}
"""What only an operator for all authorities may do."""

SENT = {
    "POST /v1/effects": "/v1/effects?as_at=2019-12-31",
    "POST /v1/reports": "/v1/reports?",
    "DELETE /v1/reports/{report}": "/v1/reports/99?",
}
"""What is asked of what is sent with the question, or done: their own tests say what is answered."""


def _routes(routes: Iterable[Any]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (included := getattr(route, "original_router", None)) is not None:
            yield from _routes(included.routes)


ROUTES = sorted(
    f"{method} {route.path_format}"
    for route in _routes(APPLICATION.routes)
    for method in route.methods or ()
    if route.path_format.startswith("/v1/")
)
"""Method and path of every route under /v1, documented or not."""


def of(authority: str, question: str) -> str:
    """A question about an authority."""
    return f"{question}{'' if question.endswith('?') else '&'}authority={authority}"


def questions(route: str) -> tuple[str, ...]:
    """Right questions for a route, by method and path; of authority 331 where it needs one. KeyError: it has none."""
    method, _, path = route.partition(" ")
    if route in OPERATED:
        return (OPERATED[route],)
    if route in SENT:
        return (of("331", SENT[route]),)
    if method == "GET" and path in OF_AN_AUTHORITY:
        return tuple(of("331", question) for question in OF_AN_AUTHORITY[path])
    return (OF_NO_AUTHORITY[path],)
