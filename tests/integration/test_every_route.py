"""What holds for every route of metrics: whose data it gives, what it refuses, how its answers are written and kept.

Invariant: two authorities number their posts and people alike here, and differ in all else.
"""

import csv
import json
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from contracts.envelope import Event, parse_event
from deploy.demonstration import history
from tests.integration.alone import Alone
from tests.integration.benchmarks import NEWER, OLDER
from tests.integration.feed import fault, problem
from tests.integration.head import same_but_for_the_body
from tests.integration.routes import (
    APPLICATION,
    OF_AN_AUTHORITY,
    OF_NO_AUTHORITY,
    OPERATED,
    ROUTES,
    SENT,
    SUBJECT,
    of,
    questions,
)
from tests.unit.benchmarks.small_release import file_of
from tests.unit.metrics.test_workbook import rows_of

OWN, OTHERS = slice(800), slice(0, 2000, 2)
"""Of the demonstration's events authority 331 has the first, and authority 332 every second one, of a longer time."""
ELSEWHERE = ("benchmarks", "back-test", "feeds", "reports")
AUTHORITY_ROUTES = [(path, question) for path, questions in OF_AN_AUTHORITY.items() for question in questions]
OF_ITSELF = ("authority", "recorded_until", "stale")
REPORTED = ("/v1/measures/in-post?as_at=2019-06-30&by=role", "/v1/measures/in-post?as_at=2019-12-31&by=role")
PASSING = ("links", "complete_until", "as_known_at", "to_known")
"""Members that move on by themselves."""


def demonstration(authority: str, which: slice) -> list[Event]:
    """Some of the demonstration's events, as though this authority had recorded them."""
    events = []
    for stated in history()[which]:
        attributes = {name: value for name, value in stated.items() if name not in ("data", "datacontenttype")}
        attributes |= {"authority": authority, "source": f"/{authority}/hr"}
        events.append(parse_event(attributes, json.dumps(stated["data"]).encode()))
    return events


@pytest.fixture(scope="module")
def metrics(alone: Alone) -> Alone:
    """Metrics, when authority 331 has recorded, and two releases are loaded."""
    alone.take_in(*demonstration("331", OWN))
    for query, rows in (("release=2022&published=2023-02-23", OLDER), ("release=2025&published=2026-02-26", NEWER)):
        loading = alone.ask(f"/v1/benchmarks/releases?{query}", "operator", "POST", file_of(*rows))
        assert loading.status_code == 201
    for number, question in enumerate(REPORTED, 1):
        making = make_report(alone, {"name": f"Report {number}", "questions": [question]})
        assert making.json()["report"] == number
    return alone


def make_report(alone: Alone, body: dict[str, Any]) -> httpx.Response:
    headers = {"authorization": f"Bearer {alone.keys['analyst']}"}
    return httpx.post(f"{alone.url}/v1/reports?authority=331", json=body, headers=headers, timeout=60, trust_env=False)


# --- whose data -------------------------------------------------------------------------------------------------------


def test_what_is_told_of_an_authority_does_not_hang_on_what_another_recorded_under_the_same_numbers(
    metrics: Alone,
) -> None:
    asked = [of("331", question) for _, question in AUTHORITY_ROUTES]
    before = {path: lasting(metrics.ask(path, "analyst")) for path in asked}
    metrics.take_in(*demonstration("332", OTHERS))
    after = {path: lasting(metrics.ask(path, "analyst")) for path in asked}
    assert [path for path in asked if before[path] != after[path]] == []
    # And there is something that could be taken for its own (but nothing yet to test forecasts by, and no report).
    for path in (path for path in asked if not any(word in path for word in ELSEWHERE)):
        others = lasting(metrics.ask(path.replace("=331", "=332"), "neighbour"))
        assert any(others[name] != value for name, value in after[path].items() if name not in OF_ITSELF), path
        # Each says of when its own newest record is: the other's is a year older.
        assert others["recorded_until"] > "2019" > after[path]["recorded_until"]


def lasting(answer: httpx.Response) -> dict[str, Any]:
    """An answer without what moves on by itself."""
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    for term in body.get("terms", ()):
        term.pop("explanation")
    return {name: value for name, value in body.items() if name not in PASSING}


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_key_nothing_is_told(metrics: Alone, route: str) -> None:
    for question in questions(route):
        problem(metrics.ask(question, None, route.split()[0]), 401)


@pytest.mark.parametrize("route", ROUTES)
def test_a_reader_of_one_authority_gets_nothing_of_another_nor_of_all(metrics: Alone, route: str) -> None:
    method, _, path = route.partition(" ")
    if method == "GET" and path in OF_AN_AUTHORITY:
        for question in OF_AN_AUTHORITY[path]:
            for authority in ("332", "999", "all"):
                refused = problem(metrics.ask(of(authority, question), "analyst"), 403)
                assert refused["detail"] == f"This key may not read figures of authority {authority}."
            assert metrics.ask(of("331", question), "analyst").status_code == 200
            # Of two in one request neither is read.
            assert metrics.ask(of("331", of("332", question)), "analyst").status_code in (403, 422)
            assert metrics.ask(of("332", of("331", question)), "analyst").status_code in (403, 422)
    elif route in OPERATED:
        for caller in ("analyst", "neighbour", "anybody", "operator of one"):
            problem(metrics.ask(OPERATED[route], caller, method), 403)
    elif route in SENT:
        for authority in ("332", "999", "all"):
            refused = problem(metrics.ask(of(authority, SENT[route]), "analyst", method, b"[]"), 403)
            assert refused["detail"] == f"This key may not read figures of authority {authority}."
    else:
        assert "authority" not in metrics.ask(OF_NO_AUTHORITY[path], "analyst").json()
        assert fault(metrics.ask(of("332", OF_NO_AUTHORITY[path]), "analyst"), 422)["field"] == "authority"


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("unknown", ["colour=red", "as_know_at=2023-11-30T12:00:00Z", "AUTHORITY=331"])
def test_an_unknown_parameter_is_refused_by_name(metrics: Alone, route: str, unknown: str) -> None:
    for question in questions(route):
        path = f"{question}{'' if question.endswith('?') else '&'}{unknown}"
        faults = problem(metrics.ask(path, "operator", route.split()[0]), 422)["faults"]
        assert [(one["field"], one["problem"]) for one in faults] == [(unknown.split("=")[0], "is not a parameter")]


def test_every_route_that_reads_an_authority_needs_one(metrics: Alone) -> None:
    for _, question in AUTHORITY_ROUTES:
        assert fault(metrics.ask(question, "operator"), 422)["field"] == "authority"


PARAMETERS = {
    path: [one["name"] for one in operations["get"].get("parameters", ()) if one["in"] == "query"]
    for path, operations in APPLICATION.openapi()["paths"].items()
    if path in OF_AN_AUTHORITY or path in OF_NO_AUTHORITY
}


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in PARAMETERS.items() for name in names])
def test_a_parameter_that_is_given_must_say_something(metrics: Alone, path: str, name: str) -> None:
    """Passed over, an empty one would give another figure than who asks has in mind."""
    question = questions(f"GET {path}")[0]
    route, _, query = question.partition("?")
    kept = "&".join(part for part in query.split("&") if part and part.split("=")[0] != name)
    answer = metrics.ask(f"{route}?{kept}&{name}=", "operator")
    assert name in [one["field"] for one in problem(answer, 422)["faults"]]


# --- how answers are written and kept ---------------------------------------------------------------------------------

ASKED = [route for route in ROUTES if route not in OPERATED and route not in SENT]
ANSWERED = [question for route in ASKED for question in questions(route)]
LISTS = ("rows", "parts", "changes", "findings", "members", "points", "events", "measures", "checks", "files")


@pytest.mark.parametrize("route", ASKED)
def test_an_answer_has_the_members_that_its_schema_names_and_no_others(metrics: Alone, route: str) -> None:
    document = APPLICATION.openapi()
    method, _, path = route.partition(" ")
    documented = document["paths"][path][method.lower()]["responses"]["200"]["content"]["application/json"]["schema"]
    assert documented["additionalProperties"] is False
    for question in questions(route):
        body = metrics.ask(question, "operator").json()
        schema = documented | {"components": document["components"]}
        assert [error.message for error in Draft202012Validator(schema).iter_errors(body)] == []


@pytest.mark.parametrize("question", ANSWERED)
def test_json_csv_and_workbook_tell_the_same(metrics: Alone, question: str) -> None:
    body = metrics.ask(question, "operator").json()
    route, _, query = question.partition("?")
    lines = list(csv.reader(metrics.ask(f"{route}.csv?{query}", "operator").text.splitlines()))
    workbook = metrics.ask(f"{route}.xlsx?{query}", "operator")
    assert workbook.status_code == 200
    heading, *rows = rows_of(workbook.content)
    assert heading == lines[0]
    assert [[_plain(cell) for cell in row] for row in rows] == [[_plain(cell) for cell in line] for line in lines[1:]]
    told: list[dict[str, Any]] = next((body[name] for name in LISTS if isinstance(body.get(name), list)), [])
    if "/series" in route or "limit" in query or "terms" in body:
        return
    assert len(told) in (0, len(rows), body.get("limit"))
    for item, line in zip(told, lines[1:], strict=False):
        of_line = dict(zip(heading, line, strict=True))
        for name in item.keys() & of_line.keys():
            if not isinstance(item[name], list | dict) and name != "exact":
                assert _plain(of_line[name]) == _plain(item[name])


def _plain(value: Any) -> str:
    """A cell without how it is written: 1.0 is 1, and what is not known is empty."""
    text = "" if value is None else str(value).removeprefix("'")
    try:
        return f"{float(text):.6f}"
    except ValueError:
        return text


@pytest.mark.parametrize("question", ANSWERED)
def test_an_answer_that_has_not_changed_is_not_sent_again(metrics: Alone, question: str) -> None:
    route, _, query = question.partition("?")
    tags = set()
    for path in (question, f"{route}.csv?{query}", f"{route}.xlsx?{query}"):
        first, second = (metrics.ask(path, "operator") for _ in range(2))
        assert first.headers["etag"] == second.headers["etag"]
        assert (first.headers["vary"], first.headers["cache-control"]) == ("Accept, Authorization", "private, no-cache")
        again = metrics.ask(path, "operator", held=first.headers["etag"])
        assert (again.status_code, again.content) == (304, b"")
        for name in ("etag", "vary", "cache-control", "recorded-until"):
            assert again.headers.get(name) == first.headers.get(name)
        tags.add(first.headers["etag"])
    assert len(tags) == 3


@pytest.mark.parametrize("route", ROUTES)
def test_head_says_of_an_answer_all_but_its_body(metrics: Alone, route: str) -> None:
    for question in questions(route):
        path, _, query = question.partition("?")
        for asked in (question, f"{path}?{query}{'&' if query else ''}format=csv", f"{question}&colour=red"):
            same_but_for_the_body(metrics.ask(asked, method="HEAD"), metrics.ask(asked))


@pytest.mark.parametrize("path", [path for path in OF_AN_AUTHORITY if path != SUBJECT])
def test_another_authority_has_another_tag(metrics: Alone, path: str) -> None:
    for question in OF_AN_AUTHORITY[path]:
        tags = [metrics.ask(of(code, question), "operator").headers.get("etag") for code in ("331", "332")]
        assert tags[0] != tags[1]
