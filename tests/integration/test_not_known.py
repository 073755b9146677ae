"""What is not known is not 0: months to come, counts that nobody made, years that are not over; and why, each time.

Invariant: every expectation was worked out on paper from the events in force here.
"""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from cloudevents.core.v1.event import CloudEvent

from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event
from tests.integration.reasons import figures_of, nulls_without_reason, without_a_place_for_reasons
from tests.parts import RealSystem

LEAVERS, COUNTS, CHILDREN = "819", "823", "820"
NOW = "2023-11-26T12:00:00Z"
"""The month under way is November 2023."""
LATER = "2024-06-02T12:00:00Z"
LEFT = ["2023-04-10", "2023-04-11", "2023-05-10", "2023-05-11", "2023-05-12", "2023-06-10", "2023-07-10", "2023-07-11"]
LEFT += ["2023-08-10", "2023-08-11", "2023-08-12", "2023-09-10", "2023-09-11", "2023-10-10"]
"""2 in April, 3 in May, 1 in June, 2 in July, 3 in August, 2 in September, 1 in October 2023."""
NOTICE = "2024-01-31"
"""When who has given notice will have left."""
PER_MONTH = [397, 400, 398, 403, 398, 396, 405, 394, 399, 399, 399, 396]
PER_MONTH += [416, 396, 413, 402, 400, 404, 403, 404, 402, 395, 403, 406]
"""Children looked after in the middle of each month of 2022 and 2023: 416 and 413 lie around 396."""


def of(authority: str, kind: str, subject: str, on: str, data: dict[str, Any]) -> CloudEvent:
    """An event recorded at nine on a day; it is named by its kind, its subject and the day."""
    id = f"{kind}-{subject.partition('/')[2]}-{on}"
    recorded = datetime.fromisoformat(f"{on}T09:00:00").replace(tzinfo=UTC)
    return cloud_event(kind, subject, id, data, time=recorded, authority=authority)


def post(authority: str, fte: int) -> CloudEvent:
    data = {"effective_from": "2018-01-01", "role": "social-worker", "funded_fte": fte, "csww_role": 5}
    data |= {"team": "duty", "service_area": "help-and-protection"}
    return of(authority, "post.established", "post/P", "2020-01-01", data)


def started(authority: str, worker: str, on: str) -> CloudEvent:
    data = {"started_on": on, "post": "P", "fte": 1, "origin": "other", "route": "direct"}
    return of(authority, "worker.started", f"worker/{worker}", on, data)


def left(worker: str, on: str, recorded_on: str) -> CloudEvent:
    data = {"left_on": on, "reason": "resignation", "destination": "other"}
    return of(LEAVERS, "worker.left", f"worker/{worker}", recorded_on, data)


def children(authority: str, on: str, count: int) -> CloudEvent:
    data = {"counted_on": on, "demand": "children-looked-after", "children": count}
    return of(authority, "demand.counted", "demand/cla", on, data)


def cases(worker: str, on: str, count: int) -> CloudEvent:
    return of(COUNTS, "caseload.counted", f"worker/{worker}", on, {"counted_on": on, "cases": count})


def still_sending(authority: str, on: str) -> CloudEvent:
    """What changes no figure, and shows that recruitment was told something on a day."""
    return of(authority, "post.changed", "post/P", on, {"effective_from": on, "location": "city-office"})


HIRED = [
    post(LEAVERS, 40),
    *(started(LEAVERS, f"W{number}", "2021-01-08") for number in range(1, len(LEFT) + 3)),
    post(COUNTS, 2),
    started(COUNTS, "W1", "2022-01-03"),
    started(COUNTS, "W2", "2022-01-03"),
    still_sending(LEAVERS, "2023-11-20"),
    still_sending(COUNTS, "2024-01-31"),
    still_sending(COUNTS, "2024-04-30"),
]
KEPT = [
    *(left(f"W{number}", day, day) for number, day in enumerate(LEFT, start=1)),
    left(f"W{len(LEFT) + 1}", NOTICE, "2023-11-20"),
    children(COUNTS, "2024-01-31", 700),
    cases("W1", "2024-01-31", 18),
    cases("W2", "2024-04-30", 0),
    *(
        children(CHILDREN, f"{2022 + index // 12}-{index % 12 + 1:02}-15", count)
        for index, count in enumerate(PER_MONTH)
    ),
]


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    for service, events in ((system.recruitment, HIRED), (system.retention, KEPT)):
        for index in range(0, len(events), 50):
            answer = Feed(service.url).batch(*events[index : index + 50])
            assert answer.status_code == 202, answer.text
    for authority in (LEAVERS, COUNTS, CHILDREN):
        own = [event for event in (*HIRED, *KEPT) if event.get_extension("authority") == authority]
        await arrival(system.databases["metrics"], authority, {event.get_subject() or "" for event in own}, len(own))
    return Feed(system.metrics.url)


def ask(metrics: Feed, path: str, authority: str, asked: str, known: str = NOW) -> dict[str, Any]:
    answer = metrics.get(f"/v1/{path}?authority={authority}&as_known_at={known}&{asked}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def series(metrics: Feed, measure: str, authority: str, asked: str, known: str = NOW) -> dict[str, Any]:
    return ask(metrics, f"measures/{measure}/series", authority, asked, known)


# --- months to come ---------------------------------------------------------------------------------------------------

YEAR = "from=2023-04-01&to=2024-03-31"


def test_of_months_to_come_there_are_no_leavers_yet_and_the_month_under_way_is_provisional(metrics: Feed) -> None:
    answer = series(metrics, "leavers", LEAVERS, YEAR)
    assert answer["totals"] == [2, 3, 1, 2, 3, 2, 1, 0, None, None, None, None]
    assert answer["reasons"] == [None] * 8 + ["not-yet"] * 4
    assert answer["rows"] == [{"values": answer["totals"], "reasons": answer["reasons"]}]
    assert answer["periods"][6:9] == [
        {"from": "2023-10-01", "to": "2023-10-31"},
        {"from": "2023-11-01", "to": "2023-11-26", "provisional": True},
        {"from": "2023-12-01", "to": "2023-12-31"},
    ]


def test_the_control_chart_is_of_the_months_that_are_over(metrics: Feed) -> None:
    chart = series(metrics, "leavers", LEAVERS, YEAR)["control_chart"]
    (phase,) = chart["phases"]
    # 2 3 1 2 3 2 1: mean 2, moving ranges 1 2 1 1 1 1 of mean 7/6.
    assert (phase["points"], phase["centre"], phase["mean_moving_range"]) == (7, 2.0, 1.2)
    assert [point["rules"] for point in chart["points"]] == [[]] * 12


def test_in_a_file_the_reason_stands_in_a_column(metrics: Feed) -> None:
    path = f"/v1/measures/leavers/series?authority={LEAVERS}&as_known_at={NOW}&from=2023-11-01&to=2023-12-31"
    lines = list(csv.DictReader(metrics.get(path, "text/csv").text.splitlines()))
    assert [(line["value"], line["reason"]) for line in lines] == [("0", ""), ("", "not-yet")]
    path = f"/v1/measures/leavers?authority={LEAVERS}&as_known_at={NOW}&from=2023-12-01&to=2023-12-31"
    (line,) = csv.DictReader(metrics.get(path, "text/csv").text.splitlines())
    assert (line["value"], line["reason"]) == ("", "not-yet")


def test_stocks_of_months_to_come_are_given_where_what_is_planned_is_meant_and_so_it_is_said(metrics: Feed) -> None:
    asked = "from=2023-10-01&to=2024-02-29"
    answer = series(metrics, "in-post", LEAVERS, asked)
    assert answer["totals"] == [2.0, 2.0, None, None, None]
    assert [period["as_at"] for period in answer["periods"]][:2] == ["2023-10-31", "2023-11-26"]
    planned = series(metrics, "in-post", LEAVERS, f"{asked}&planned=true")
    # One of the two has given notice.
    assert planned["totals"] == [2.0, 2.0, 2.0, 1.0, 1.0]
    assert "reasons" not in planned
    assert [period.get("planned", False) for period in planned["periods"]] == [False, True, True, True, True]
    assert planned["control_chart"]["phases"][0]["points"] == 1
    notice = ask(metrics, "measures/leavers", LEAVERS, "from=2023-12-01&to=2024-02-29&planned=true")
    assert (notice["total"], notice["planned"]) == (1, True)


def test_as_known_later_the_same_months_are_figures(metrics: Feed) -> None:
    assert series(metrics, "leavers", LEAVERS, YEAR, LATER)["totals"] == [2, 3, 1, 2, 3, 2, 1, 0, 0, 1, 0, 0]


def test_an_instant_that_is_still_to_come_makes_no_month_known(metrics: Feed) -> None:
    answer = series(metrics, "leavers", LEAVERS, "from=2097-01-01&to=2097-12-31", "2099-01-01T00:00:00Z")
    assert (answer["totals"], answer["reasons"]) == ([None] * 12, ["not-yet"] * 12)


def test_what_changed_says_that_one_report_counted_days_that_were_to_come(metrics: Feed) -> None:
    asked = f"authority={LEAVERS}&as_at=2024-01-31&measure=in-post"
    path = f"/v1/changes?from_known=2023-11-19T12:00:00Z&to_known={NOW}&{asked}"
    (figure,) = metrics.get(path).json()["figures"]
    assert (figure["before"], figure["after"], figure["planned"]) == (2.0, 1.0, "both")
    later = metrics.get(path.replace(NOW, LATER)).json()["figures"]
    assert [one["planned"] for one in later] == ["before"]


@pytest.mark.parametrize("path", ["academy/cohorts", "academy/cohorts/all", "survival", "forecasts/vacancies"])
def test_as_at_a_date_to_come_outcomes_are_refused_with_the_last_date_there_is(metrics: Feed, path: str) -> None:
    answer = metrics.get(f"/v1/{path}?authority={LEAVERS}&as_known_at={NOW}&as_at=2023-11-27")
    (fault,) = answer.json()["faults"]
    assert (answer.status_code, fault["field"], fault["expected"]) == (422, "as_at", "a date up to 2023-11-26")
    assert ask(metrics, path, LEAVERS, "")["as_at"] == "2023-11-26"


# --- before the first count, and after the last -----------------------------------------------------------------------

AROUND = "from=2023-10-01&to=2024-05-31"


@pytest.mark.parametrize(
    ("measure", "totals"),
    [
        ("children", [None, None, None, 700, 700]),
        # The count of 31 January holds for 30 days: 29 February is one of them. On 30 April W2 was counted with none.
        ("cases", [None, None, None, 18, 18, None, 0, None]),
        ("case-holders-fte", [None, None, None, 1.0, 1.0, None, 0.0, None]),
        ("children-by-area", [None] * 8),
    ],
)
def test_what_nobody_counted_is_null_in_figures_and_in_series(
    metrics: Feed, measure: str, totals: list[float | None]
) -> None:
    answer = series(metrics, measure, COUNTS, AROUND, LATER)
    known = len(totals)
    reasons = [None if total is not None else "not-counted" for total in totals]
    assert (answer["totals"][:known], answer["reasons"][:known]) == (totals, reasons)
    for period, total, reason in zip(answer["periods"], totals, reasons, strict=False):
        figure = ask(metrics, f"measures/{measure}", COUNTS, f"as_at={period['as_at']}", LATER)
        assert (figure["total"], figure.get("reason")) == (total, reason)
        explained = ask(metrics, f"measures/{measure}/explanation", COUNTS, f"as_at={period['as_at']}", LATER)
        assert (explained["total"], explained.get("reason")) == (total, reason)
        assert (explained["exact"] is None) == (total is None)


def test_a_rate_of_counts_is_not_known_before_them_and_of_nobody_has_no_denominator(metrics: Feed) -> None:
    answer = series(metrics, "average-caseload", COUNTS, AROUND, LATER)
    assert answer["totals"] == [None, None, None, 18.0, 18.0, None, None, None]
    assert answer["reasons"] == ["not-counted"] * 3 + [None] * 2 + ["not-counted", "no-denominator", "not-counted"]


def test_the_chart_of_a_count_begins_with_the_count(metrics: Feed) -> None:
    answer = series(metrics, "children", COUNTS, "from=2023-10-01&to=2024-02-29", LATER)["control_chart"]
    (phase,) = answer["phases"]
    assert (phase["points"], phase["centre"], phase["mean_moving_range"]) == (2, 700.0, 0.0)


def test_a_row_is_null_where_its_kind_was_not_counted(metrics: Feed) -> None:
    asked = "from=2023-12-01&to=2024-01-31&by=demand"
    (row,) = series(metrics, "children", COUNTS, asked, LATER)["rows"]
    assert row == {"demand": "children-looked-after", "values": [None, 700], "reasons": ["not-counted", None]}
    of_others = ask(metrics, "measures/children", COUNTS, "as_at=2024-01-31&demand=children-in-need", LATER)
    assert (of_others["total"], of_others["reason"]) == (None, "not-counted")


def test_a_figure_that_nobody_had_counted_before_says_so_among_what_changed(metrics: Feed) -> None:
    path = f"/v1/changes?authority={COUNTS}&from_known=2024-01-30T00:00:00Z&to_known={LATER}&as_at=2024-01-31"
    figures = {figure["measure"]: figure for figure in metrics.get(path).json()["figures"]}
    assert (figures["cases"]["before"], figures["cases"]["before_reason"]) == (None, "not-counted")
    assert (figures["cases"]["after"], figures["cases"].get("after_reason")) == (18, None)


# --- a chart of children ----------------------------------------------------------------------------------------------


def test_two_high_months_around_a_low_one_are_no_change(metrics: Feed) -> None:
    answer = series(metrics, "children", CHILDREN, "from=2022-01-01&to=2023-12-31", LATER)
    assert answer["totals"] == PER_MONTH
    marked = {rule for point in answer["control_chart"]["points"] for rule in point["rules"]}
    assert "two-of-three" not in marked


# --- over what a point counts -----------------------------------------------------------------------------------------

OVER_TIME = ("turnover-rate", "turnover-rate-headcount", "crude-turnover", "stability-index", "absence-rate")


@pytest.mark.parametrize("measure", [*OVER_TIME, "time-to-fill"])
def test_every_rate_in_a_series_is_of_twelve_months_and_says_so(metrics: Feed, measure: str) -> None:
    answer = series(metrics, measure, LEAVERS, "from=2023-09-01&to=2023-10-31")
    assert [(period["from"], period["to"]) for period in answer["periods"]] == [
        ("2022-10-01", "2023-09-30"),
        ("2022-11-01", "2023-10-31"),
    ]
    figures = [ask(metrics, f"measures/{measure}", LEAVERS, f"as_at={day}") for day in ("2023-09-30", "2023-10-31")]
    assert answer["totals"] == [figure["total"] for figure in figures]
    asked = series(metrics, measure, LEAVERS, "from=2023-09-01&to=2023-10-31&window=12m")
    assert (asked["totals"], asked["periods"]) == (answer["totals"], answer["periods"])


def test_a_flow_is_of_the_point_and_of_twelve_months_where_asked_for(metrics: Feed) -> None:
    asked = "from=2023-06-01&to=2023-08-31"
    assert series(metrics, "leavers", LEAVERS, asked)["totals"] == [1, 2, 3]
    year = series(metrics, "leavers", LEAVERS, f"{asked}&window=12m")
    assert year["totals"] == [6, 8, 11]
    assert year["periods"][0] == {"from": "2022-07-01", "to": "2023-06-30"}


def test_a_rate_is_of_the_point_where_asked_for_but_an_annual_one_cannot_be(metrics: Feed) -> None:
    asked = "from=2023-09-01&to=2023-09-30&window=point"
    # 5 at the end of August less 2: of those 5 there are 3.
    stability = series(metrics, "stability-index", LEAVERS, asked)
    assert (stability["totals"], stability["periods"]) == ([60.0], [{"from": "2023-09-01", "to": "2023-09-30"}])
    answer = metrics.get(f"/v1/measures/turnover-rate/series?authority={LEAVERS}&{asked}")
    (fault,) = answer.json()["faults"]
    assert (answer.status_code, fault["field"], fault["expected"]) == (422, "window", "12m, or every=year")


def test_a_stock_says_as_at_when_it_is(metrics: Feed) -> None:
    (period,) = series(metrics, "vacancies", LEAVERS, "from=2023-09-01&to=2023-09-30")["periods"]
    assert period == {"from": "2023-09-01", "to": "2023-09-30", "as_at": "2023-09-30"}


def test_points_that_share_days_have_no_control_chart_and_it_is_said_why(metrics: Feed) -> None:
    answer = series(metrics, "crude-turnover", LEAVERS, "from=2023-01-01&to=2023-10-31")
    assert "control_chart" not in answer
    assert "window=point" in answer["no_control_chart"]
    apart = series(metrics, "crude-turnover", LEAVERS, "from=2023-01-01&to=2023-10-31&window=point")
    assert apart["control_chart"]["phases"][0]["points"] == 10
    years = series(metrics, "turnover-rate", LEAVERS, "from=2020-10-01&to=2023-09-30&every=census-year")
    assert "control_chart" in years


def test_census_years_are_points_of_every_series_and_the_one_that_is_not_over_is_marked(metrics: Feed) -> None:
    asked = "from=2021-10-01&to=2024-09-30&every=census-year"
    for measure, totals in (("leavers", [0, 13, 1]), ("turnover-rate-headcount", [0.0, 433.3, 50.0])):
        answer = series(metrics, measure, LEAVERS, asked)
        assert answer["totals"] == totals
        assert [(period["from"], period["to"]) for period in answer["periods"]] == [
            ("2021-10-01", "2022-09-30"),
            ("2022-10-01", "2023-09-30"),
            ("2023-10-01", "2023-11-26"),
        ]
        assert [period.get("provisional", False) for period in answer["periods"]] == [False, False, True]
    july = series(metrics, "leavers", LEAVERS, "from=2021-07-01&to=2023-06-30&every=year&year_starts_in=7")
    assert [period["from"] for period in july["periods"]] == ["2021-07-01", "2022-07-01"]


# --- no null without its reason ---------------------------------------------------------------------------------------


def schemas_of(metrics: Feed) -> dict[str, Any]:
    """The schema of what each route that is asked answers in JSON."""
    schemas = {}
    for path, operations in metrics.get("/openapi.json").json()["paths"].items():
        content = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if path.startswith("/v1/") and "application/json" in content:
            schemas[path] = content["application/json"].get("schema", {})
    return schemas


def test_every_figure_that_can_be_null_has_a_place_for_its_reason_in_every_route(metrics: Feed) -> None:
    schemas = schemas_of(metrics)
    assert {path: list(without_a_place_for_reasons(schema)) for path, schema in schemas.items()} == {
        path: [] for path in schemas
    }
    can_be_null = {path for path, schema in schemas.items() if figures_of(schema)}
    assert can_be_null >= {
        "/v1/measures/{measure}",
        "/v1/measures/{measure}/series",
        "/v1/measures/{measure}/explanation",
        "/v1/changes",
        "/v1/academy/cohorts",
        "/v1/academy/cohorts/{cohort}",
        "/v1/survival",
        "/v1/benchmarks/{measure}",
        "/v1/benchmarks/{measure}/series",
        "/v1/benchmarks/revisions",
        "/v1/quality",
    }


def every_question(metrics: Feed) -> Iterable[str]:
    """A question of every kind, of an authority with counts and of one without, as known before, between and after."""
    measures = [one["measure"] for one in metrics.get("/v1/measures").json()["measures"]]
    for authority in (LEAVERS, COUNTS):
        for known in ("2022-02-01T00:00:00Z", NOW, LATER):
            of = f"authority={authority}&as_known_at={known}"
            for measure in measures:
                yield f"/v1/measures/{measure}?{of}&by=role"
                yield f"/v1/measures/{measure}?{of}&census_year=2024&role=team-manager"
                yield f"/v1/measures/{measure}/series?{of}&from=2023-10-01&to=2024-12-31&by=team"
                yield f"/v1/measures/{measure}/series?{of}&from=2023-10-01&to=2024-12-31"
                yield f"/v1/measures/{measure}/explanation?{of}&financial_year=2023-24"
            yield f"/v1/academy/cohorts?{of}"
            yield f"/v1/survival?{of}&points=days"
            yield f"/v1/survival?{of}&of=academy-members"
            yield f"/v1/quality?{of}"
            yield f"/v1/forecasts/vacancies?{of}&months=2"
            yield f"/v1/forecasts/vacancies/back-test?{of}"
            yield f"/v1/changes?authority={authority}&from_known={known}&to_known={LATER}"


def test_no_answer_has_a_null_figure_without_its_reason(metrics: Feed) -> None:
    figures = set().union(*(figures_of(schema) for schema in schemas_of(metrics).values()))
    assert {"value", "values", "total", "totals", "exact", "before", "retention", "lower", "median_days"} <= figures
    nulls, without = 0, []
    for path in every_question(metrics):
        answer = metrics.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        nulls += answer.text.count("null")
        without += [f"{path}: {where}" for where in nulls_without_reason(answer.json(), figures)]
    assert nulls > 1000
    assert without == []
