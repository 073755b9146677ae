"""HEAD of every route that metrics does not have alone: as GET, without the body.

Invariant: the routes are those of the applications themselves, so that none can be forgotten. (Those of metrics alone
are asked in `test_every_route.py`, where there are figures to ask for.)
"""

from collections.abc import Iterable, Iterator
from typing import Any

import httpx
import pytest

from tests.integration.head import same_but_for_the_body
from tests.parts import RealSystem
from tests.unit.chassis.test_pages import APPS

QUERIES = {"/v1/posts/fallen-vacant": "?authority=331"}
"""What a route needs to be asked for."""


def _paths(routes: Iterable[Any]) -> Iterator[str]:
    for route in routes:
        if (included := getattr(route, "original_router", None)) is not None:
            yield from _paths(included.routes)
        elif hasattr(route, "methods"):
            yield route.path


ASKED = [
    (service, path)
    for service, app in APPS.items()
    for path in sorted(set(_paths(app.routes)))
    if service != "metrics" or not path.startswith("/v1/") or path.startswith("/v1/dead-letters")
]


@pytest.mark.parametrize(("service", "path"), ASKED)
def test_head_says_of_an_answer_all_but_its_body(system: RealSystem, service: str, path: str) -> None:
    url = f"{system.services[service].url}{path}{QUERIES.get(path, '')}"
    for asked in (url, f"{url}{'&' if '?' in url else '?'}colour=red"):
        before, head, after = (
            httpx.request(method, asked, timeout=60, trust_env=False) for method in ("GET", "HEAD", "GET")
        )
        same_but_for_the_body(head, before, after)


@pytest.mark.parametrize("service", APPS)
def test_every_service_has_routes_of_its_own_and_those_of_the_chassis(service: str) -> None:
    paths = {path for asked, path in ASKED if asked == service}
    assert {"/", "/health/live", "/health/ready", "/metrics", "/asyncapi", "/asyncapi.json", "/docs"} < paths
    assert ("/v1/events" in paths) is (service != "metrics")
