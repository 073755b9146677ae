"""What figures are made of, from the feeds to the parts, from the parts to the events, from the events to the request.

Invariant: every amount expected here was worked out on paper from tests/integration/year.py.
"""

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import PLACES, Count, Rate, Unit
from tests.integration.feed import Feed, fault, problem
from tests.integration.year import AFTER_ALL, AFTER_THE_CORRECTION, BEFORE_THE_CORRECTION, BEFORE_THE_LEAVER, sent
from tests.parts import RealSystem

AUTHORITY = "382"
NOVEMBER = "as_at=2023-11-30"
COUNTS = [name for name, measure in MEASURES.items() if isinstance(measure, Count)]
OF_ONE_COUNCIL = ("progression-funded-fte", "retention-payments-due", "retention-payment-cost")
"""These rest on rules of the council of authority 331, and are no figures of this authority."""
RATES = [name for name, measure in MEASURES.items() if isinstance(measure, Rate)]


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    return await sent(system, AUTHORITY)


def asked(metrics: Feed, path: str, query: str, as_known_at: str = AFTER_ALL) -> dict[str, Any]:
    return followed(metrics, f"/v1/{path}?authority={AUTHORITY}&as_known_at={as_known_at}&{query}")


def followed(metrics: Feed, link: str) -> dict[str, Any]:
    answer = metrics.get(link)
    assert answer.status_code == 200, f"{link}: {answer.text}"
    body: dict[str, Any] = answer.json()
    return body


def added_up(parts: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(part["amount"]) for part in parts), Decimal(0))


def why_none(measure: str) -> str:
    return "no-policy" if measure in OF_ONE_COUNCIL else "not-counted"


def rounded(exact: str | None, unit: str) -> float | None:
    """Half up, by hand: no amount here is negative. None of what nobody counted."""
    step = PLACES[Unit(unit)]
    if exact is None:
        return None
    return float((Decimal(exact) / step + Decimal("0.5")).to_integral_value("ROUND_FLOOR") * step)


@pytest.mark.parametrize("measure", COUNTS)
@pytest.mark.parametrize("time", [NOVEMBER, "financial_year=2023-24"])
def test_parts_add_up_to_the_figure_and_to_each_of_its_rows(metrics: Feed, measure: str, time: str) -> None:
    figure = asked(metrics, f"measures/{measure}", f"{time}&by=role,team,grade")
    whole = followed(metrics, figure["links"]["explanation"])
    assert added_up(whole["parts"]) == Decimal(whole["exact"] or 0)
    assert whole["count"] == len(whole["parts"])
    assert rounded(whole["exact"], figure["unit"]) == whole["total"] == figure["total"]
    assert whole.get("reason") == figure.get("reason") == (None if whole["exact"] else why_none(measure))
    of_rows = Decimal(0)
    for row in figure["rows"]:
        where = urlencode({name: row[name] or "not-stated" for name in ("role", "team", "grade")})
        answer = asked(metrics, f"measures/{measure}/explanation", f"{time}&{where}")
        assert added_up(answer["parts"]) == Decimal(answer["exact"])
        assert rounded(answer["exact"], figure["unit"]) == row["value"]
        of_rows += Decimal(answer["exact"])
    assert of_rows == Decimal(whole["exact"] or 0)


def test_most_measures_have_a_figure_in_this_year(metrics: Feed) -> None:
    """So that something is there to add up."""
    totals = {name: asked(metrics, f"measures/{name}", "financial_year=2023-24")["total"] for name in COUNTS}
    assert {name for name, total in totals.items() if not total} == {
        *("over-establishment", "agency", "agency-cover", "agency-headcount", "agency-cover-headcount"),
        *("cases", "case-holders-fte", "opening-headcount", "stayed-headcount", "conversions"),
        *("starters-old-enough", "starters-retained", "applications", "campaigns-opened", "agency-conversions"),
        *("children", "children-by-area", "support-sessions", "session-registrations", "support-taken-up"),
        *("retention-payments-made", "retention-payments-paid", *OF_ONE_COUNCIL),
        *("agency-by-tenure", "agency-tenure-days", "workers-by-caseload", "workers-over-caseload"),
        "offers-not-started",
    }
    assert totals["agency-cost"] == 19451.43  # 40 x 37 hours x 92 days / 7
    assert totals["days-to-fill"] == 335.5  # 44 x 0.5 in P-1, 78 in P-2, 289 x 0.5 in P-3, 91 in P-4


@pytest.mark.parametrize("measure", RATES)
@pytest.mark.parametrize("time", [NOVEMBER, "as_at=2023-10-31", "financial_year=2023-24"])
def test_every_term_of_a_rate_can_be_followed(metrics: Feed, measure: str, time: str) -> None:
    rate = asked(metrics, f"measures/{measure}/explanation", f"{time}&csww_role=5&limit=7")
    assert {term["side"] for term in rate["terms"]} == {"numerator", "denominator"}
    for term in rate["terms"]:
        answer = followed(metrics, term["explanation"])
        assert (answer["measure"], answer["exact"]) == (term["measure"], term["exact"])
        assert added_up(answer["parts"]) == Decimal(term["exact"] or 0)
        assert answer.get("reason") == term.get("reason") == (None if term["exact"] else why_none(term["measure"]))
        assert answer["where"] == {"csww_role": 5}


def test_a_term_of_a_rate_of_the_first_year_there_is_can_be_followed(metrics: Feed) -> None:
    rate = asked(metrics, "measures/turnover-rate/explanation", "as_at=1948-01-01")
    # The year up to it began before any date that can be asked for.
    assert rate["from"] == "1947-01-02"
    leavers = followed(metrics, rate["terms"][0]["explanation"])
    assert (leavers["measure"], leavers["exact"]) == ("leavers-fte", "0")


def test_a_rate_is_the_ratio_of_its_terms(metrics: Feed) -> None:
    rate = asked(metrics, "measures/turnover-rate/explanation", NOVEMBER)
    assert [(term["measure"], term["side"], term["exact"]) for term in rate["terms"]] == [
        ("leavers-fte", "numerator", "1"),
        ("in-post", "denominator", "1.5"),
    ]
    assert rate["total"] == 66.7
    leavers, in_post = (followed(metrics, term["explanation"]) for term in rate["terms"])
    assert (leavers["from"], leavers["to"], leavers["scope"]) == ("2022-12-01", "2023-11-30", "census")
    assert (in_post["as_at"], in_post["scope"]) == ("2023-11-30", "census")
    nhs = asked(metrics, "measures/nhs-vacancy-rate/explanation", NOVEMBER)
    assert [(term["measure"], term["sign"]) for term in nhs["terms"]] == [
        ("establishment", 1),
        ("in-post", -1),
        ("establishment", 1),
    ]


def test_terms_of_retention_are_judged_at_the_date_that_was_asked_for(metrics: Feed) -> None:
    time = "from=2023-04-01&to=2023-04-30&as_at=2023-11-20&months=6"
    rate = asked(metrics, "measures/retention-of-starters/explanation", time)
    # W-1 and W-3 began on 1 April and were in post on 1 October.
    assert (rate["total"], [term["exact"] for term in rate["terms"]]) == (100.0, ["2", "2"])
    assert [followed(metrics, term["explanation"])["exact"] for term in rate["terms"]] == ["2", "2"]


def test_what_a_vacancy_is_made_of_adds_up(metrics: Feed) -> None:
    answer = asked(metrics, "measures/vacancies/explanation", "as_at=2023-07-31")
    assert [(part["amount"], part["subjects"], part["since"], part["until"]) for part in answer["parts"]] == [
        ("1", ["post/P-3"], "2023-04-01", "2024-01-15"),
        ("0.5", ["post/P-1"], "2023-06-01", "2023-09-01"),  # the agency worker came and went
    ]
    assert answer["parts"][0]["made_of"] == [{"subject": "post/P-3", "as": "establishment", "amount": "1"}]
    assert answer["parts"][1]["made_of"] == [
        {"subject": "post/P-1", "as": "establishment", "amount": "2"},
        {"subject": "worker/W-1", "as": "in-post", "amount": "1"},
        {"subject": "worker/W-2", "as": "in-post", "amount": "0.5"},
        {"subject": "cover/C-1", "as": "agency-cover", "amount": "1"},
    ]


def test_a_vacancy_that_was_filled_and_one_of_an_age_say_who_is_in_post(metrics: Feed) -> None:
    filled = asked(metrics, "measures/vacancies-filled/explanation", "from=2024-02-01&to=2024-02-29")
    (part,) = filled["parts"]
    assert (part["amount"], part["since"], part["subjects"]) == ("1", "2024-02-01", ["post/P-2"])
    assert {"subject": "worker/W-5", "as": "in-post", "amount": "1"} in part["made_of"]
    aged = asked(metrics, "measures/vacancies-by-age/explanation", "as_at=2024-01-31&role=team-manager")
    (part,) = aged["parts"]
    assert (part["age"], part["since"], part["made_of"]) == (
        "under-3-months",
        "2023-11-15",
        [{"subject": "post/P-2", "as": "establishment", "amount": "1"}],
    )


def test_each_subject_leads_to_events_and_these_to_where_they_came_from(metrics: Feed) -> None:
    subjects = {
        subject
        for measure in COUNTS
        for part in asked(metrics, f"measures/{measure}/explanation", "financial_year=2023-24")["parts"]
        for subject in (*part["subjects"], *(item["subject"] for item in part.get("made_of", ())))
    }
    assert subjects == {
        *("post/P-1", "post/P-2", "post/P-3", "post/P-4"),
        *("worker/W-1", "worker/W-2", "worker/W-3", "worker/W-4", "worker/W-5", "cover/C-1"),
    }
    for subject in subjects:
        answer = asked(metrics, f"subjects/{subject}", "")
        assert answer["count"] == len(answer["events"]) >= 1
        for event in answer["events"]:
            assert re.fullmatch(r"request [0-9a-f-]{8,36}", event["provenance"])
            assert event["source"] == "/coventry/hr"
            assert event["accepted"] > "2024-04-02" > event["recorded"]


def test_whether_an_event_stands_is_said_as_known_at_the_instant(metrics: Feed) -> None:
    def in_force(subject: str, as_known_at: str) -> dict[str, bool]:
        events = asked(metrics, f"subjects/{subject}", "", as_known_at)["events"]
        return {event["id"]: event["in_force"] for event in events}

    assert in_force("worker/W-3", BEFORE_THE_LEAVER) == {"started-W-3": True}
    assert in_force("worker/W-3", BEFORE_THE_CORRECTION) == {"started-W-3": True, "left-1": True}
    assert in_force("worker/W-3", AFTER_THE_CORRECTION) == {"started-W-3": True, "left-1": False, "left-2": True}
    assert in_force("worker/W-4", "2023-11-02T00:00:00Z") == {"started-W-4": True, "counted-by-mistake": True}
    assert in_force("worker/W-4", AFTER_ALL) == {
        "started-W-4": True,
        "counted-by-mistake": False,
        "not-counted": False,
    }
    (correction,) = (event for event in asked(metrics, "subjects/worker/W-3", "")["events"] if event["id"] == "left-2")
    assert (correction["supersedes"], correction["recorded"]) == ("left-1", "2023-12-01T10:00:00Z")
    assert correction["data"] == {"left_on": "2023-11-15", "reason": "resignation", "destination": "not-known"}


@pytest.mark.parametrize("number", ["W-2", "W-2b"])
def test_a_person_of_two_numbers_is_asked_for_by_either(metrics: Feed, number: str) -> None:
    answer = asked(metrics, f"subjects/worker/{number}", "")
    assert answer["numbers"] == ["W-2", "W-2b"]
    assert [event["id"] for event in answer["events"]] == ["started-W-2", "counted-W-2b", "merged", "moved"]
    before = asked(metrics, f"subjects/worker/{number}", "", AFTER_THE_CORRECTION)
    assert before["numbers"] == [number]


def test_pages_can_be_followed_to_the_end(metrics: Feed) -> None:
    time = "financial_year=2023-24"
    whole = asked(metrics, "measures/starters/explanation", time)
    page, pages = asked(metrics, "measures/starters/explanation", f"{time}&limit=2"), list[dict[str, Any]]()
    while True:
        assert (page["count"], page["exact"], page["total"]) == (5, "5", 5)
        pages.append(page)
        if "next" not in page["links"]:
            break
        page = followed(metrics, page["links"]["next"])
    assert [len(page["parts"]) for page in pages] == [2, 2, 1]
    assert [part for page in pages for part in page["parts"]] == whole["parts"]
    beyond = asked(metrics, "measures/starters/explanation", f"{time}&offset=10000000")
    assert (beyond["parts"], beyond["links"].keys()) == ([], {"pinned", "events_of_subject"})
    first = asked(metrics, "subjects/worker/W-3", "limit=1")
    assert followed(metrics, first["links"]["next"])["events"][0]["id"] == "left-1"


def test_an_explanation_as_csv_and_what_it_explains(metrics: Feed) -> None:
    path = f"/v1/measures/starters/explanation?authority={AUTHORITY}&as_known_at={AFTER_ALL}&financial_year=2023-24"
    lines, about = metrics.rows(path), metrics.about(path)
    assert [(line["amount"], line["since"], line["subjects"], line["origin"]) for line in lines][:2] == [
        ("1", "2023-04-01", "worker/W-1 post/P-1", "newly-qualified"),
        ("1", "2023-05-15", "worker/W-2 post/P-1", "other-english-authority"),
    ]
    names = ("measure", "unit", "scope", "from", "to")
    assert [about[name] for name in names] == ["starters", "people", "all", "2023-04-01", "2024-03-31"]
    empty = metrics.get(f"{path}&leaving_reason=retired".replace("starters", "leavers"), "text/csv").text.splitlines()
    assert empty == ["amount,since,until,subjects,role,team,service_area,grade,csww_role,location,origin,route,"
                     "employment,cohort,leaving_reason,destination,length_of_service"]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("measures/vacancies/explanation", "authority=all", "authority"),
        ("subjects/worker/W-1", "authority=all", "authority"),
        ("measures/vacancies/explanation", f"authority={AUTHORITY}&by=role", "by"),
        ("measures/vacancies/explanation", f"authority={AUTHORITY}&limit=0", "limit"),
        ("measures/vacancies/explanation", f"authority={AUTHORITY}&limit=1001", "limit"),
        ("measures/vacancies/explanation", f"authority={AUTHORITY}&offset=-1", "offset"),
        ("subjects/worker/W-1", f"authority={AUTHORITY}&as_at=2023-10-31", "as_at"),
    ],
)
def test_an_explanation_that_cannot_be_had_is_refused_by_field(
    metrics: Feed, path: str, query: str, field: str
) -> None:
    assert fault(metrics.get(f"/v1/{path}?{query}"), 422)["field"] == field


def test_what_is_wrong_with_the_path_and_with_the_query_is_told_at_once(metrics: Feed) -> None:
    answer = metrics.get("/v1/subjects/WORKER/W%20Smith?authority=33&limit=0")
    assert answer.status_code == 422
    told = {one["field"]: one.get("value") for one in answer.json()["faults"]}
    assert told == {"authority": "33", "limit": "0", "kind": "WORKER", "identifier": "W Smith"}


def test_of_what_nothing_is_known_there_is_nothing_to_explain(metrics: Feed) -> None:
    of = f"authority={AUTHORITY}"
    problem(metrics.get(f"/v1/subjects/worker/W-77?{of}"), 404)
    problem(metrics.get(f"/v1/subjects/worker/W-1?{of}&as_known_at=2023-10-01T00:00:00Z"), 404)
    problem(metrics.get("/v1/measures/vacancies/explanation?authority=999"), 404)
    problem(metrics.get(f"/v1/measures/vacancy/explanation?{of}"), 404)
    problem(metrics.get(f"/v1/subjects/WORKER/W-1?{of}"), 422)
