"""What events would do to the figures, asked before they are sent: and what they then do.

Invariant: what is expected was worked out by hand, or is what the figures are once the same events have come in.
"""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from contracts.envelope import Event
from services.chassis.cloud_events import BATCH
from services.metrics.quality.effect import STOCKS
from tests.histories import at, cover_started, established, event, fte_changed, left, started, void
from tests.integration.alone import Alone
from tests.integration.feed import problem
from tests.integration.routes import APPLICATION

AUTHORITY, EMPTY = "341", "342"
APRIL, MAY, JUNE = date(2023, 4, 1), date(2023, 5, 1), date(2023, 6, 30)


def own(data: Any, subject: str, recorded: datetime, id: str, **attributes: Any) -> Event:
    return event(data, subject, recorded, id, authority=AUTHORITY, **attributes)


KNOWN = [
    own(established(APRIL), "post/P-1", at(APRIL), "post-1"),
    own(established(APRIL), "post/P-2", at(APRIL), "post-2"),
    own(started(APRIL, "P-1"), "worker/W-1", at(APRIL), "start-1"),
]
NEW = [
    own(established(MAY, "0.5"), "post/P-3", at(MAY), "post-3"),
    own(started(MAY, "P-2", "0.6"), "worker/W-2", at(MAY), "start-2"),
    own(fte_changed(date(2023, 6, 1), "0.8", "P-1"), "worker/W-1", at(MAY), "fte-1"),
    own(cover_started(MAY, post="P-3", fte="0.5"), "cover/C-1", at(MAY), "cover-1"),
]


@pytest.fixture(scope="module")
def metrics(alone: Alone) -> Alone:
    """Metrics, when it knows of two posts, on one of which somebody works full time."""
    alone.take_in(*KNOWN)
    return alone


def written(found: Event) -> dict[str, Any]:
    """An event as a feed sends it."""
    attributes = found.envelope.model_dump(mode="json", exclude_none=True)
    return attributes | {"data": json.loads(found.body)}


def asked(metrics: Alone, events: list[Any], query: str = "", authority: str = AUTHORITY) -> httpx.Response:
    headers = {"authorization": f"Bearer {metrics.keys['anybody']}", "content-type": BATCH}
    url = f"{metrics.url}/v1/effects?authority={authority}&as_at={JUNE}{query}"
    return httpx.post(url, content=json.dumps(events).encode(), headers=headers, timeout=60, trust_env=False)


def effects(metrics: Alone, events: list[Any], query: str = "", authority: str = AUTHORITY) -> dict[str, Any]:
    answer = asked(metrics, events, query, authority)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    operation = APPLICATION.openapi()["paths"]["/v1/effects"]["post"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    document = schema | {"components": APPLICATION.openapi()["components"]}
    assert [error.message for error in Draft202012Validator(document).iter_errors(body)] == []
    return body


def exactly(body: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {figure["measure"]: (figure["before"]["exact"], figure["after"]["exact"]) for figure in body["figures"]}


def test_the_effect_of_four_events_on_who_stands_where(metrics: Alone) -> None:
    body = effects(metrics, [written(found) for found in NEW])
    assert body["events"] == {"sent": 4, "new": 4, "already_known": 0, "rejected": 0}
    assert exactly(body) == {
        "establishment": ("2", "2.5"),
        "in-post": ("1", "1.4"),  # 0.8 on P-1 and 0.6 on P-2
        "vacancies": ("1", "1.1"),  # 0.2, 0.4 and 0.5
        "over-establishment": ("0", "0"),
        "agency": ("0", "0.5"),
        "agency-cover": ("0", "0.5"),
        "uncovered-vacancies": ("1", "0.6"),
        "in-post-headcount": ("1", "2"),
        "agency-headcount": ("0", "1"),
        "agency-cover-headcount": ("0", "1"),
    }
    (vacancies,) = (figure for figure in body["figures"] if figure["measure"] == "vacancies")
    assert (vacancies["before"]["value"], vacancies["after"]["value"]) == (1.0, 1.1)
    assert (vacancies["unit"], vacancies["as_at"], vacancies["difference"]) == ("FTE", "2023-06-30", "0.1")


def test_asking_stores_nothing(metrics: Alone) -> None:
    before = metrics.get(f"/v1/measures/vacancies?authority={AUTHORITY}&as_at={JUNE}")
    effects(metrics, [written(found) for found in NEW])
    after = metrics.get(f"/v1/measures/vacancies?authority={AUTHORITY}&as_at={JUNE}")
    assert (after["total"], after["recorded_until"]) == (before["total"], before["recorded_until"])


def test_of_events_that_are_known_or_wrong_only_the_others_count(metrics: Alone) -> None:
    known, new = written(KNOWN[0]), written(NEW[0])
    other_content = known | {"data": known["data"] | {"funded_fte": 2}}
    wrong = new | {"id": "wrong", "data": new["data"] | {"funded_fte": "many"}}
    elsewhere = new | {"id": "elsewhere", "authority": "999"}
    to_come = new | {"id": "to-come", "time": (datetime.now(UTC) + timedelta(days=2)).isoformat()}
    unlike = new | {"id": "unlike", "supersedes": "start-1"}
    body = effects(metrics, [known, other_content, new, new, wrong, elsewhere, to_come, unlike, 7])
    assert body["events"] == {"sent": 9, "new": 1, "already_known": 2, "rejected": 6}
    assert [(one["position"], one["id"], one["faults"][0]["field"]) for one in body["rejected"]] == [
        (1, "post-1", "id"),
        (4, "wrong", "data.funded_fte"),
        (5, "elsewhere", "authority"),
        (6, "to-come", "time"),
        (7, "unlike", "supersedes"),
        (8, None, "event"),
    ]
    assert exactly(body)["establishment"] == ("2", "2.5")


def test_without_events_nothing_differs(metrics: Alone) -> None:
    body = effects(metrics, [])
    assert all(figure["before"] == figure["after"] and figure["difference"] == "0" for figure in body["figures"])


def test_of_an_authority_that_nobody_knows_yet_everything_is_new(metrics: Alone) -> None:
    first = event(established(APRIL), "post/P-1", at(APRIL), "post-1", authority=EMPTY)
    body = effects(metrics, [written(first)], authority=EMPTY)
    assert exactly(body)["vacancies"] == ("0", "1")
    assert body["recorded_until"] is None


def test_what_was_recorded_later_is_not_known_yet(metrics: Alone) -> None:
    at_an_instant = at(date(2023, 4, 20)).strftime("&as_known_at=%Y-%m-%dT%H:%M:%SZ")
    headers = {"authorization": f"Bearer {metrics.keys['anybody']}", "content-type": BATCH}
    url = f"{metrics.url}/v1/effects?authority={AUTHORITY}&as_at=2023-04-15{at_an_instant}&measure=in-post"
    answer = httpx.post(url, json=[written(found) for found in NEW], headers=headers, timeout=60, trust_env=False)
    assert exactly(answer.json()) == {"in-post": ("1", "1")}


def test_a_rate_differs_without_exact_amounts(metrics: Alone) -> None:
    body = effects(metrics, [written(found) for found in NEW], "&measure=vacancy-rate,average-caseload")
    rate, caseload = body["figures"]
    assert rate["before"] == {"value": 50.0}  # 1 of 2
    assert rate["after"] == {"value": 44.0}  # 1.1 of 2.5
    assert caseload["before"] == caseload["after"] == {"value": None, "reason": "not-counted"}
    assert "difference" not in rate


def test_what_is_no_batch_of_events_is_refused(metrics: Alone) -> None:
    url = f"{metrics.url}/v1/effects?authority={AUTHORITY}&as_at={JUNE}"
    headers = {"authorization": f"Bearer {metrics.keys['anybody']}"}

    def posted(body: bytes, content_type: str) -> httpx.Response:
        sent = headers | {"content-type": content_type}
        return httpx.post(url, content=body, headers=sent, timeout=60, trust_env=False)

    problem(posted(b"[", BATCH), 400)
    problem(posted(b"{}", "text/csv"), 415)
    refused = problem(posted(json.dumps([{}] * 10_001).encode(), BATCH), 400)
    assert "at most 10000 events" in refused["detail"]
    nothing_measured = problem(asked(metrics, [], "&measure=vacancy"), 422)
    assert nothing_measured["faults"][0]["field"] == "measure"


def test_the_answer_can_be_had_as_a_table(metrics: Alone) -> None:
    lines = asked(metrics, [written(found) for found in NEW], "&format=csv&measure=vacancies,vacancy-rate").text
    assert lines.splitlines() == [
        "measure,title,unit,before,after,exact_before,exact_after,difference,reason_before,reason_after",
        "vacancies,Vacancies,FTE,1.0,1.1,1,1.1,0.1,,",
        "vacancy-rate,Vacancy rate (CSWW),%,50.0,44.0,,,,,",
    ]


# Last, as it changes what the others ask about.
def test_once_they_have_come_the_figures_are_what_was_told(metrics: Alone) -> None:
    correction = own(started(MAY, "P-2", "1"), "worker/W-2", at(JUNE), "start-2b", supersedes="start-2")
    gone = own(left(date(2023, 6, 20)), "worker/W-1", at(JUNE), "left-1")
    events = [*NEW, correction, gone, void(KNOWN[1], at(JUNE), "void-1")]
    names = [stock.name for stock in STOCKS] + ["leavers", "starters-fte", "vacancy-rate", "turnover-rate"]
    told = effects(metrics, [written(found) for found in events], f"&measure={','.join(names)}")
    metrics.take_in(*events)
    for figure in told["figures"]:
        really = metrics.get(f"/v1/measures/{figure['measure']}?authority={AUTHORITY}&as_at={JUNE}")
        assert (figure["measure"], figure["after"]["value"]) == (figure["measure"], really["total"])
    assert exactly(told | {"figures": told["figures"][:3]}) == {
        "establishment": ("2", "1.5"),  # P-2 never was
        "in-post": ("1", "1"),  # W-2 stands on a post that is not known
        "vacancies": ("1", "1.5"),
    }
    again = effects(metrics, [written(found) for found in events])
    assert again["events"] == {"sent": 7, "new": 0, "already_known": 7, "rejected": 0}
