"""What changed between two reports, around a leaver who was entered late and a correction of that.

Invariant: every difference expected here was worked out on paper from tests/integration/year.py.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio

from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import Count
from tests.histories import at, established, event, started
from tests.integration.alone import Alone
from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event, fault, post_established, worker_started
from tests.integration.year import (
    AFTER_ALL,
    AFTER_THE_CORRECTION,
    AFTER_THE_MERGE,
    BEFORE_THE_CORRECTION,
    BEFORE_THE_LEAVER,
    sent,
)
from tests.parts import RealSystem

AUTHORITY = "383"
COUNTS = [name for name, measure in MEASURES.items() if isinstance(measure, Count)]
OCTOBER = "as_at=2023-10-31"
CORRECTED = datetime(2023, 11, 1, 9, tzinfo=UTC)
LATE_ENTRIES = ("391", "392")


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    return await sent(system, AUTHORITY)


def changes(metrics: Feed, from_known: str, to_known: str, query: str = OCTOBER) -> dict[str, Any]:
    return followed(
        metrics, f"/v1/changes?authority={AUTHORITY}&from_known={from_known}&to_known={to_known}&limit=1000&{query}"
    )


def followed(metrics: Feed, link: str) -> dict[str, Any]:
    answer = metrics.get(link)
    assert answer.status_code == 200, f"{link}: {answer.text}"
    body: dict[str, Any] = answer.json()
    return body


def test_the_figures_that_a_correction_moved(metrics: Feed) -> None:
    changed = changes(metrics, BEFORE_THE_CORRECTION, AFTER_THE_CORRECTION)
    # The team manager had been thought to have left on 15 October, and was in post until 15 November.
    assert {figure["measure"]: (figure["before"], figure["after"]) for figure in changed["figures"]} == {
        "in-post": (2.5, 3.5),
        "vacancies": (2.5, 1.5),
        "uncovered-vacancies": (2.5, 1.5),
        "in-post-headcount": (3, 4),
        "vacancy-rate": (62.5, 37.5),  # 2.5 of 4 in the census; 1.5 of 4
        "nhs-vacancy-rate": (50.0, 30.0),  # of 5
        "leavers": (1, 0),
        "leavers-fte": (1.0, 0.0),
        "in-post-headcount-days": (704.0, 721.0),  # 17 days from 15 October on
        "turnover-rate": (66.7, 0.0),  # 1 of 1.5
        "turnover-rate-headcount": (50.0, 0.0),  # 1 of 2
        "crude-turnover": (51.8, 0.0),  # 365 / 704
        "absence-rate": (0.5, 0.3),  # 2 days / (1.5 or 2.5 x 253)
        "vacancies-by-age": (2.5, 1.5),
        "uncovered-vacancies-by-age": (2.5, 1.5),
        "in-post-by-length-of-service": (3, 4),
    }
    (vacancies,) = (figure for figure in changed["figures"] if figure["measure"] == "vacancies")
    assert (vacancies["as_at"], vacancies["unit"]) == ("2023-10-31", "FTE")
    (leavers,) = (figure for figure in changed["figures"] if figure["measure"] == "leavers")
    assert (leavers["from"], leavers["to"]) == ("2022-11-01", "2023-10-31")


def test_the_parts_and_the_events_that_a_correction_moved(metrics: Feed) -> None:
    changed = changes(metrics, BEFORE_THE_CORRECTION, AFTER_THE_CORRECTION)
    assert {
        (change["measure"], *change["subjects"]): (change["before"], change["after"], change["difference"])
        for change in changed["changes"]
    } == {
        ("in-post", "post/P-2"): ("0", "1", "1"),
        ("vacancies", "post/P-2"): ("1", "0", "-1"),
        ("uncovered-vacancies", "post/P-2"): ("1", "0", "-1"),
        ("vacancies-by-age", "post/P-2"): ("1", "0", "-1"),
        ("uncovered-vacancies-by-age", "post/P-2"): ("1", "0", "-1"),
        ("in-post-by-length-of-service", "worker/W-3", "post/P-2"): ("0", "1", "1"),
        ("in-post-headcount", "worker/W-3", "post/P-2"): ("0", "1", "1"),
        ("leavers", "worker/W-3", "post/P-2"): ("1", "0", "-1"),
        ("leavers-fte", "worker/W-3", "post/P-2"): ("1", "0", "-1"),
        ("in-post-headcount-days", "worker/W-3", "post/P-2"): ("197", "214", "17"),
    }
    for change in changed["changes"]:
        assert [(event["id"], event["supersedes"]) for event in change["events"]] == [("left-2", "left-1")]
        assert change["events"][0]["provenance"].startswith("request ")
    (vacancies,) = (change for change in changed["changes"] if change["measure"] == "vacancies")
    assert (vacancies["role"], vacancies["team"], vacancies["csww_role"]) == ("team-manager", "assessment", 3)


def test_the_late_entry_itself(metrics: Feed) -> None:
    changed = changes(metrics, BEFORE_THE_LEAVER, BEFORE_THE_CORRECTION, f"{OCTOBER}&measure=vacancies,leavers")
    assert [(figure["measure"], figure["before"], figure["after"]) for figure in changed["figures"]] == [
        ("vacancies", 1.5, 2.5),
        ("leavers", 0, 1),
    ]
    assert [[event["id"] for event in change["events"]] for change in changed["changes"]] == [["left-1"], ["left-1"]]


def test_over_the_whole_story_the_late_entry_and_its_correction_cancel_out_in_october(metrics: Feed) -> None:
    october = f"{OCTOBER}&measure=vacancies,leavers,in-post"
    changed = changes(metrics, BEFORE_THE_LEAVER, AFTER_THE_CORRECTION, october)
    assert (changed["figures"], changed["changes"], changed["count"]) == ([], [], 0)
    november = changes(metrics, BEFORE_THE_LEAVER, AFTER_THE_CORRECTION, "as_at=2023-11-30&measure=leavers")
    (change,) = november["changes"]
    # The correction moved her leaving to another day of the year: by then she had left all the same.
    assert [(event["id"], event["effect"]) for event in change["events"]] == [("left-1", "1")]


def test_a_merge_of_numbers_is_the_event_that_moves_the_caseload(metrics: Feed) -> None:
    changed = changes(metrics, AFTER_THE_CORRECTION, AFTER_THE_MERGE)
    assert {figure["measure"]: (figure["before"], figure["after"]) for figure in changed["figures"]} == {
        "cases": (15, 24),
        "case-holders-fte": (1.0, 1.5),
        "average-caseload": (15.0, 16.0),
        "workers-by-caseload": (1, 2),
    }
    assert [[event["id"] for event in change["events"]] for change in changed["changes"]] == [["merged"]] * 3


@pytest.mark.parametrize("time", [OCTOBER, "as_at=2023-11-30", "financial_year=2023-24"])
@pytest.mark.parametrize(
    ("from_known", "to_known"),
    [(BEFORE_THE_LEAVER, BEFORE_THE_CORRECTION), (BEFORE_THE_CORRECTION, AFTER_ALL), (AFTER_ALL, BEFORE_THE_LEAVER)],
)
def test_differences_add_up_to_those_of_the_figures_for_every_measure(
    metrics: Feed, time: str, from_known: str, to_known: str
) -> None:
    changed = changes(metrics, from_known, to_known, time)
    moved = {figure["measure"]: (figure["before"], figure["after"]) for figure in changed["figures"]}
    for measure in COUNTS:
        path = f"/v1/measures/{measure}/explanation?authority={AUTHORITY}&{time}&planned=true&as_known_at="
        before, after = (followed(metrics, path + instant) for instant in (from_known, to_known))
        parts = [change for change in changed["changes"] if change["measure"] == measure]
        differences = sum((Decimal(change["difference"]) for change in parts), Decimal(0))
        assert differences == Decimal(after["exact"] or 0) - Decimal(before["exact"] or 0)
        assert moved.get(measure, (before["total"], before["total"])) == (before["total"], after["total"])
        for change in parts:
            assert Decimal(change["after"]) - Decimal(change["before"]) == Decimal(change["difference"]) != 0
            effects = [Decimal(event["effect"]) for event in change["events"]]
            assert sum(effects) == Decimal(change["difference"])
            assert all(effects)
        of_figure = [figure["difference"] for figure in changed["figures"] if figure["measure"] == measure]
        assert [Decimal(difference) for difference in of_figure] == ([differences] if parts else [])


@pytest.mark.parametrize("query", [OCTOBER, "census_year=2023", "from=2023-04-01&to=2023-06-30"])
def test_where_nothing_changed_there_is_nothing_to_tell(metrics: Feed, query: str) -> None:
    changed = changes(metrics, BEFORE_THE_CORRECTION, BEFORE_THE_CORRECTION, query)
    assert (changed["figures"], changed["changes"], changed["count"]) == ([], [], 0)


def test_pages_can_be_followed_to_the_end_and_pinned(metrics: Feed) -> None:
    path = f"/v1/changes?authority={AUTHORITY}&from_known={BEFORE_THE_CORRECTION}&{OCTOBER}"
    whole, page = followed(metrics, path), followed(metrics, f"{path}&limit=5")
    listed = page["changes"]
    while "next" in page["links"]:
        page = followed(metrics, page["links"]["next"])
        listed = listed + page["changes"]
    assert len(listed) == whole["count"] > 5
    assert listed == whole["changes"]
    assert followed(metrics, whole["links"]["pinned"])["figures"] == whole["figures"]


def test_changes_as_csv(metrics: Feed) -> None:
    path = f"/v1/changes?authority={AUTHORITY}&from_known={BEFORE_THE_CORRECTION}&to_known={AFTER_THE_CORRECTION}"
    about = metrics.about(f"{path}&{OCTOBER}&measure=vacancies")
    assert (about["authority"], about["from_known"]) == (AUTHORITY, BEFORE_THE_CORRECTION)
    assert metrics.rows(f"{path}&{OCTOBER}&measure=vacancies") == [
        {
            "measure": "vacancies",
            "subjects": "post/P-2",
            "role": "team-manager",
            "team": "assessment",
            "service_area": "help-and-protection",
            "grade": "grade-12",
            "csww_role": "3",
            "location": "",
            "before": "1",
            "after": "0",
            "difference": "-1",
            "events": "/coventry/hr#left-2",
            "effects": "-1",
        }
    ]


@pytest.mark.parametrize("authority", LATE_ENTRIES[:1])
async def test_what_is_accepted_later_with_an_older_time_moves_a_report_unless_it_is_pinned(
    system: RealSystem, recruitment: Feed, metrics: Feed, authority: str
) -> None:
    assert recruitment.structured(post_established("E-1", authority=authority)).status_code == 202
    await arrival(system.databases["metrics"], authority, {"post/P-1"}, 1)
    (event,) = followed(metrics, f"/v1/subjects/post/P-1?authority={authority}")["events"]
    known, accepted = "2023-11-30T12:00:00Z", event["accepted"]
    report = f"/v1/measures/vacancies?authority={authority}&{OCTOBER}&as_known_at={known}"
    assert followed(metrics, report)["total"] == 1.0
    assert followed(metrics, f"{report}&as_accepted_at={accepted}")["total"] == 1.0
    recruitment.structured(worker_started("S-1", authority=authority))  # recorded on 2 October
    await arrival(system.databases["metrics"], authority, {"worker/W-1"}, 1)
    assert followed(metrics, report)["total"] == 0.0
    assert followed(metrics, f"{report}&as_accepted_at={accepted}")["total"] == 1.0
    between = f"/v1/changes?authority={authority}&{OCTOBER}&measure=vacancies&from_known={known}&to_known={known}"
    assert followed(metrics, between)["figures"] == []
    answer = followed(metrics, f"{between}&from_accepted={accepted}")
    assert answer["from_accepted"] == accepted
    assert [(figure["before"], figure["after"]) for figure in answer["figures"]] == [(1.0, 0.0)]
    assert [event["id"] for event in answer["changes"][0]["events"]] == ["S-1"]
    assert followed(metrics, f"{between}&from_accepted={accepted}&to_accepted={accepted}")["figures"] == []


def test_events_that_cancel_out_in_part_are_each_told_with_their_effect(metrics: Feed) -> None:
    changed = changes(metrics, BEFORE_THE_LEAVER, AFTER_ALL, "as_at=2024-03-31&measure=in-post")
    (post,) = (change for change in changed["changes"] if change["subjects"] == ["post/P-1"])
    # W-2 went from P-1 to P-3 in January. That W-3 left P-2, and W-5 took it up, cancel out: P-2 did not differ.
    assert [(event["id"], event["effect"]) for event in post["events"]] == [("moved", "-0.5")]
    assert [change["subjects"] for change in changed["changes"]] == [["post/P-1"], ["post/P-3"]]
    vacancies = changes(metrics, BEFORE_THE_LEAVER, "2024-03-01T00:00:00Z", "as_at=2023-12-31&measure=vacancies")
    (post,) = vacancies["changes"]
    assert [(event["id"], event["effect"]) for event in post["events"]] == [("left-1", "1")]


@pytest.mark.parametrize("authority", LATE_ENTRIES[1:])
async def test_a_corrected_leaver_is_named_where_a_vacancy_was_filled_later(
    system: RealSystem, recruitment: Feed, retention: Feed, metrics: Feed, authority: str
) -> None:
    """How long a vacancy was open follows from who left, though who filled it is another."""
    of: dict[str, Any] = {"authority": authority}
    left = {"reason": "resignation", "destination": "not-known"}
    recruitment.batch(
        post_established("E-1", **of),
        worker_started("S-1", "W-1", **of),
        cloud_event("worker.started", "worker/W-2", "S-2", {
            "started_on": "2023-10-20", "post": "P-1", "fte": 1, "origin": "other", "route": "direct"}, **of),
    )  # fmt: skip
    retention.batch(
        cloud_event("worker.left", "worker/W-1", "L-1", {"left_on": "2023-10-01", **left}, **of),
        cloud_event("worker.left", "worker/W-1", "L-2", {"left_on": "2023-10-11", **left}, supersedes="L-1",
                    time=CORRECTED, **of),
    )  # fmt: skip
    await arrival(system.databases["metrics"], authority, {"post/P-1", "worker/W-1", "worker/W-2"}, 5)
    path = f"/v1/changes?authority={authority}&from_known=2023-10-31T00:00:00Z&to_known=2023-11-02T00:00:00Z"
    answer = followed(metrics, f"{path}&from=2023-10-01&to=2023-10-31&measure=time-to-fill,days-to-fill")
    assert {figure["measure"]: (figure["before"], figure["after"]) for figure in answer["figures"]} == {
        "time-to-fill": (19.0, 9.0),
        "days-to-fill": (19.0, 9.0),
    }
    (change,) = answer["changes"]
    assert (change["subjects"], change["difference"]) == (["post/P-1"], "-10")
    assert [event["id"] for event in change["events"]] == ["L-2"]


# --- a start that was first recorded for another post -----------------------------------------------------------------

STARTED, FIRST_SAID, SAID = date(2023, 10, 1), date(2023, 10, 2), date(2023, 10, 9)
BETWEEN = "authority=704&from_known=2023-10-05T00:00:00Z&to_known=2023-10-10T00:00:00Z"


@pytest.fixture(scope="module")
def another_post(alone: Alone) -> Alone:
    """W-1 was said to have started in P-1, which is of the census; then in P-2, which is not."""
    of: dict[str, Any] = {"authority": "704"}
    outside = established(STARTED).model_copy(update={"csww_role": None})
    alone.take_in(
        event(established(STARTED), "post/P-1", at(STARTED), "E-1", **of),
        event(outside, "post/P-2", at(STARTED), "E-2", **of),
        event(started(STARTED, "P-1"), "worker/W-1", at(FIRST_SAID), "S-1", **of),
        event(started(STARTED, "P-2"), "worker/W-1", at(SAID), "S-2", supersedes="S-1", **of),
    )
    return alone


def test_a_figure_that_is_the_same_is_told_where_its_parts_are_not(another_post: Alone) -> None:
    answer = another_post.get(f"/v1/changes?{BETWEEN}&as_at=2023-10-05&measure=in-post,establishment")
    (figure,) = answer["figures"]
    assert (figure["measure"], figure["before"], figure["after"], figure["difference"]) == ("in-post", 1.0, 1.0, "0")
    assert [(change["subjects"], change["difference"]) for change in answer["changes"]] == [
        (["post/P-1"], "-1"),
        (["post/P-2"], "1"),
    ]
    assert [change["events"][0]["id"] for change in answer["changes"]] == ["S-2", "S-2"]


def test_in_the_census_alone_one_of_them_counts(another_post: Alone) -> None:
    answer = another_post.get(f"/v1/changes?{BETWEEN}&as_at=2023-10-05&measure=in-post&scope=census")
    assert [(figure["before"], figure["after"]) for figure in answer["figures"]] == [(1.0, 0.0)]
    assert [change["subjects"] for change in answer["changes"]] == [["post/P-1"]]


@pytest.mark.parametrize(
    ("as_at", "planned"),
    [("2023-10-05", None), ("2023-10-06", "before"), ("2023-10-10", "before"), ("2023-10-11", "both")],
)
def test_days_that_were_to_come_are_planned_in_the_report_of_before_or_in_both(
    another_post: Alone, as_at: str, planned: str | None
) -> None:
    answer = another_post.get(f"/v1/changes?{BETWEEN}&as_at={as_at}&measure=in-post&scope=census")
    assert [figure.get("planned") for figure in answer["figures"]] == [planned]


def test_changes_come_page_by_page_and_links_pin_both_reports(another_post: Alone) -> None:
    asked = f"/v1/changes?{BETWEEN}&as_at=2023-10-05&measure=in-post"
    first, second = (another_post.get(f"{asked}&limit=1&offset={offset}") for offset in (0, 1))
    assert [page["changes"][0]["subjects"] for page in (first, second)] == [["post/P-1"], ["post/P-2"]]
    assert (first["count"], second["count"], "next" in second["links"]) == (2, 2, False)
    pinned = dict(parse_qsl(urlsplit(first["links"]["pinned"]).query))
    assert {"from_known", "to_known", "from_accepted", "to_accepted"} <= pinned.keys()
    assert not {"as_known_at", "as_accepted_at"} & pinned.keys()
    assert another_post.get(first["links"]["next"])["changes"] == second["changes"]
    # Without an end the second report is of now.
    until_now = another_post.get(f"/v1/changes?{BETWEEN.rpartition('&')[0]}&as_at=2023-10-05&measure=in-post")
    assert until_now["figures"] == first["figures"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (f"authority={AUTHORITY}", "from_known"),
        ("authority=all&from_known=2023-10-31T00:00:00Z", "authority"),
        (f"authority={AUTHORITY}&from_known=2023-10-31", "from_known"),
        (f"authority={AUTHORITY}&from_known=2023-10-31T00:00:00Z&measure=vacancy", "measure"),
        (f"authority={AUTHORITY}&from_known=2023-10-31T00:00:00Z&as_known_at=2023-10-31T00:00:00Z", "as_known_at"),
        (f"authority={AUTHORITY}&from_known=2023-10-31T00:00:00Z&census_year=2023&as_at=2023-10-31", "as_at"),
        (f"authority={AUTHORITY}&from_known=2023-10-31T00:00:00Z&measure=turnover-rate&from=2023-10-01&to=2023-10-31",
         "from"),
    ],
)  # fmt: skip
def test_changes_that_cannot_be_had_are_refused_by_field(metrics: Feed, query: str, field: str) -> None:
    assert fault(metrics.get(f"/v1/changes?{query}"), 422)["field"] == field
