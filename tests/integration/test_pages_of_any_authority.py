"""Every page answers whatever an authority has recorded: one event alone, things of which nothing is stated, all kinds.

Invariant: what an authority has not recorded is told as not known, never as a fault of ours.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from contracts.envelope import Event, parse_event
from services.metrics.pages.page import NAVIGATION
from services.metrics.pages.router import pages_router
from tests.integration.alone import Alone

EXAMPLES = Path("contracts/examples")
pages_router()
PATHS = [link.path for link in NAVIGATION]

AGENCY_WORKER_OF_AN_UNKNOWN_POST = {
    "id": "cover", "type": "uk.workforce.cover.started.v1", "subject": "cover/C", "time": "2023-01-09T09:10:00Z",
    "data": {"started_on": "2023-01-09", "agency_worker": "AW-1", "fte": 0.8, "reason": "vacancy", "post": "P"},
}  # fmt: skip
LEAVER_WHO_NEVER_STARTED = {
    "id": "left", "type": "uk.workforce.worker.left.v1", "subject": "worker/W", "time": "2023-01-09T09:10:00Z",
    "data": {"left_on": "2023-01-09", "reason": "resignation", "destination": "other"},
}  # fmt: skip
HISTORIES = {
    "841": [AGENCY_WORKER_OF_AN_UNKNOWN_POST],
    "842": [LEAVER_WHO_NEVER_STARTED],
    "843": [json.loads(path.read_text()) for path in sorted(EXAMPLES.glob("*/*.json"))],
}


def of(authority: str, stated: Mapping[str, object]) -> Event:
    """The event as the authority's system records it."""
    attributes = {name: str(value) for name, value in stated.items() if name not in ("data", "datacontenttype")}
    attributes |= {"specversion": "1.0", "source": "/hr", "authority": authority, "provenance": "request test"}
    return parse_event(attributes, json.dumps(stated["data"]).encode())


@pytest.mark.parametrize("authority", HISTORIES)
@pytest.mark.parametrize("as_at", ["2015-10-31", "2023-10-31"])
def test_every_page_answers_whatever_was_recorded(alone: Alone, authority: str, as_at: str) -> None:
    alone.take_in(*(of(authority, stated) for stated in HISTORIES[authority]))
    answers = {path: alone.ask(f"{path}?authority={authority}&as_at={as_at}") for path in PATHS}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(PATHS, 200)


def test_the_overview_lists_what_has_no_role_last_and_leads_to_it(alone: Alone) -> None:
    alone.take_in(of("841", AGENCY_WORKER_OF_AN_UNKNOWN_POST))
    page = alone.ask("/?authority=841&as_at=2023-10-31").text
    assert page.index("Not stated") < page.index("All roles")
    assert "role=not-stated" in page


def test_all_authorities_together_have_an_overview(alone: Alone) -> None:
    alone.take_in(of("841", AGENCY_WORKER_OF_AN_UNKNOWN_POST), of("842", LEAVER_WHO_NEVER_STARTED))
    answer = alone.ask("/?authority=all&as_at=2023-10-31")
    assert (answer.status_code, "All authorities" in answer.text) == (200, True)
    assert "/posts" not in answer.text
    assert alone.ask("/posts?authority=all&as_at=2023-10-31").status_code == 422
    assert alone.ask("/?authority=all&as_at=2023-10-31", "analyst").status_code == 403


@pytest.mark.parametrize("path", ["/figures/establishment", "/posts", "/academy/all", "/quality"])
def test_beyond_the_last_row_one_is_led_to_the_last_and_never_told_that_there_is_nothing(
    alone: Alone, path: str
) -> None:
    alone.take_in(*(of("843", stated) for stated in HISTORIES["843"]))
    led = alone.ask(f"{path}?authority=843&as_at=2023-10-31&offset=500")
    assert led.status_code == 303
    # The last rows are there: from them nobody is led on.
    assert alone.ask(led.headers["location"]).status_code == 200
