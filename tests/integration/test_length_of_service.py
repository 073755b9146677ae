"""Survival over HTTP, worked out by hand: who is at risk, who is censored on which day, who is in the curve at all.

Invariant: every point expected here can be worked out on paper from the starts and leavers that stand here.
"""

from datetime import date
from typing import Any

import pytest

from contracts.codes import Origin, Role, Route
from contracts.events.hiring import CohortOpened
from tests.histories import at, established, event, left, moved, started
from tests.integration.alone import Alone
from tests.unit.metrics.test_workbook import rows_of

AUTHORITY = "702"
OF = f"authority={AUTHORITY}"
SERVICE = {
    # Social workers.
    "W-1": ("P-1", date(2020, 1, 1), date(2020, 1, 11)),
    "W-2": ("P-1", date(2020, 1, 1), date(2020, 1, 21)),
    "W-3": ("P-1", date(2020, 2, 1), None),
    "W-4": ("P-1", date(2020, 2, 1), date(2020, 2, 21)),
    "W-5": ("P-1", date(2020, 3, 1), None),
    # A team manager, in post for 4 years of 365.25 days by 1 March 2020.
    "W-6": ("P-2", date(2016, 3, 1), None),
    # Outside the census.
    "W-7": ("P-3", date(2019, 12, 1), date(2020, 1, 1)),
}
"""Post, first day, and the day of leaving: 10, 20 and 20 days, and two who are still there."""
FIRST = date(2016, 1, 4)


def _outside_the_census() -> Any:
    return established(FIRST, "9", Role.RESIDENTIAL_CHILDRENS_WORKER).model_copy(update={"csww_role": None})


def _history() -> list[Any]:
    of: dict[str, Any] = {"authority": AUTHORITY}
    events = [
        event(established(FIRST, "9"), "post/P-1", at(FIRST), "E-1", **of),
        event(established(FIRST, "9", Role.TEAM_MANAGER), "post/P-2", at(FIRST), "E-2", **of),
        event(_outside_the_census(), "post/P-3", at(FIRST), "E-3", **of),
    ]
    for worker, (post, first, last) in SERVICE.items():
        events.append(event(started(first, post), f"worker/{worker}", at(first), f"S-{worker}", **of))
        if last is not None:
            events.append(event(left(last), f"worker/{worker}", at(last), f"L-{worker}", **of))
    return events


@pytest.fixture(scope="module")
def metrics(alone: Alone) -> Alone:
    alone.take_in(*_history(), *_academy())
    return alone


def curve(metrics: Alone, asked: str, of: str = OF) -> dict[str, Any]:
    return metrics.get(f"/v1/survival?{of}&{asked}")


def by_day(metrics: Alone, asked: str) -> list[tuple[int, int, int, int, float]]:
    """After how many days how many were at risk, left, and were censored, and the survival from then on."""
    points = curve(metrics, f"points=days&{asked}")["points"]
    return [tuple(point[name] for name in ("days", "at_risk", "left", "censored", "survival")) for point in points]


SOCIAL_WORKERS = "role=social-worker"


def test_the_curve_of_five_social_workers(metrics: Alone) -> None:
    asked = f"{SOCIAL_WORKERS}&as_at=2020-03-01"
    # February 2020 has 29 days. Who began on the date itself has been there for none.
    assert by_day(metrics, asked) == [
        (0, 5, 0, 1, 1.0),
        (10, 4, 1, 0, 0.75),
        (20, 3, 2, 0, 0.25),
        (29, 1, 0, 1, 0.25),
    ]
    answer = curve(metrics, asked)
    assert (answer["count"], answer["left"], answer["in_post"]) == (5, 3, 2)
    assert (answer["median_days"], answer["median_years"], "reason" in answer) == (20, 0.05, False)
    assert answer["at_risk_by_year"] == [{"years": 0, "at_risk": 5}]
    # Greenwood's sum after the first leaver is 1 / (4 x 3): survival to the power of 7.1473, and of 1 / 7.1473.
    assert (answer["confidence"], curve(metrics, f"{asked}&points=days")["points"][1]["lower"]) == (0.95, 0.127947)
    assert curve(metrics, f"{asked}&points=days")["points"][1]["upper"] == 0.960549


@pytest.mark.parametrize(
    ("as_at", "points"),
    [
        # On the last day in post nobody has left yet; on the day of leaving one has, and the other is still there.
        ("2020-01-10", [(9, 2, 0, 2, 1.0)]),
        ("2020-01-11", [(10, 2, 1, 1, 0.5)]),
        ("2020-01-12", [(10, 2, 1, 0, 0.5), (11, 1, 0, 1, 0.5)]),
        ("2020-01-01", [(0, 2, 0, 2, 1.0)]),
        ("2019-12-31", []),
    ],
)
def test_who_left_on_the_date_has_left_and_who_is_there_is_censored_on_it(
    metrics: Alone, as_at: str, points: list[Any]
) -> None:
    assert by_day(metrics, f"{SOCIAL_WORKERS}&as_at={as_at}") == points


@pytest.mark.parametrize(
    ("asked", "band"),
    [
        # W-3 and W-5 since this year, W-6 for four years.
        ("in-post-by-length-of-service?as_at=2020-03-01&scope=census&by=length_of_service", "under-2-years"),
        ("in-post-by-length-of-service?as_at=2019-03-01&scope=census&by=length_of_service", "2-to-5-years"),
        ("leavers?from=2020-01-01&to=2020-03-01&scope=census&by=length_of_service", "under-2-years"),
        ("leavers?from=2019-01-01&to=2019-03-01&scope=census&by=length_of_service", None),
    ],
)
def test_the_median_of_bands_lies_in_one_of_them(metrics: Alone, asked: str, band: str | None) -> None:
    path, _, query = asked.partition("?")
    assert metrics.get(f"/v1/measures/{path}?{OF}&{query}")["median_in"] == band


@pytest.mark.parametrize("by", ["role", "length_of_service,role"])
def test_a_median_is_said_of_what_is_in_bands_alone(metrics: Alone, by: str) -> None:
    path = f"/v1/measures/in-post-by-length-of-service?{OF}&as_at=2020-03-01&by={by}"
    assert "median_in" not in metrics.get(path)


@pytest.mark.parametrize(
    ("began", "count"),
    [
        ("from=2020-02-01", 3),
        ("from=2020-02-02", 1),
        ("to=2020-02-01", 4),
        ("to=2020-01-31", 2),
        ("from=2020-02-01&to=2020-02-01", 2),
        ("from=2020-03-01&to=2020-12-31", 1),
        ("from=2020-03-02", 0),
        ("to=2019-12-31", 0),
    ],
)
def test_those_who_began_in_a_period_both_days_included(metrics: Alone, began: str, count: int) -> None:
    assert curve(metrics, f"{SOCIAL_WORKERS}&as_at=2020-03-01&{began}")["count"] == count


def test_of_a_period_that_goes_beyond_the_date_those_count_who_had_begun(metrics: Alone) -> None:
    assert curve(metrics, f"{SOCIAL_WORKERS}&as_at=2020-02-15&to=2020-12-31")["count"] == 4


def test_four_years_to_the_day_are_48_months_and_the_fourth_year(metrics: Alone) -> None:
    answer = curve(metrics, "role=team-manager&as_at=2020-03-01")
    assert [item["at_risk"] for item in answer["at_risk_by_year"]] == [1, 1, 1, 1, 1]
    last = answer["points"][-1]
    assert (len(answer["points"]), last["months"], last["days"]) == (49, 48, 1461.0)
    assert (last["at_risk"], last["left"], last["censored"]) == (1, 0, 1)
    assert sum(point["censored"] for point in answer["points"]) == 1
    assert (answer["median_days"], answer["reason"]) == (None, "not-yet")
    before = curve(metrics, "role=team-manager&as_at=2020-02-29")
    assert [item["years"] for item in before["at_risk_by_year"]] == [0, 1, 2, 3]


def test_months_tell_what_happened_since_the_one_before(metrics: Alone) -> None:
    points = curve(metrics, f"{SOCIAL_WORKERS}&as_at=2020-03-01")["points"]
    assert [(one["months"], one["at_risk"], one["left"], one["censored"], one["survival"]) for one in points] == [
        (0, 5, 0, 1, 1.0),
        (1, 0, 3, 1, 0.25),
    ]


def test_the_scope_says_who_is_in_the_curve(metrics: Alone) -> None:
    assert curve(metrics, "as_at=2020-03-01&scope=all")["count"] == 7
    assert curve(metrics, "as_at=2020-03-01&scope=census")["count"] == 6
    assert curve(metrics, "as_at=2020-03-01&csww_role=not-stated")["count"] == 1


def test_of_nobody_there_is_no_curve_and_it_is_said_why(metrics: Alone) -> None:
    answer = curve(metrics, "role=head-of-service&as_at=2020-03-01")
    assert (answer["count"], answer["points"], answer["median_days"]) == (0, [], None)
    assert answer["reason"] == "no-denominator"


def test_in_files_a_point_is_a_line(metrics: Alone) -> None:
    asked = f"/v1/survival{{}}?{OF}&{SOCIAL_WORKERS}&as_at=2020-03-01&points=days"
    heading, *lines = metrics.ask(asked.format(".csv")).text.splitlines()
    assert heading == "days,at_risk,left,censored,survival,lower,upper,reason"
    assert lines[1] == "10,4,1,0,0.75,0.127947,0.960549,"
    assert rows_of(metrics.ask(asked.format(".xlsx")).content)[2][:5] == ["10", "4", "1", "0", "0.75"]


# --- members of the academy -------------------------------------------------------------------------------------------


def _academy() -> list[Any]:
    """Two cohorts of another authority: one completes on 30 June 2020, one a year later.

    A-1 became a team manager after half a year. A-3 was one before, and kept that post beside the one of the academy.
    """
    of: dict[str, Any] = {"authority": "703"}
    first, second = date(2019, 7, 1), date(2020, 7, 1)
    joining = {"origin": Origin.NEWLY_QUALIFIED, "route": Route.ACADEMY}
    starts = {
        "A-1": (first, "P-1", "C-1"),
        "A-2": (first, "P-1", "C-1"),
        "A-3": (second, "P-1", "C-2"),
    }
    events = [
        event(established(FIRST, "9"), "post/P-1", at(FIRST), "E-1", **of),
        event(established(FIRST, "9", Role.TEAM_MANAGER), "post/P-2", at(FIRST), "E-2", **of),
        event(CohortOpened(entry_on=first, completes_on=date(2020, 6, 30)), "cohort/C-1", at(first), "C-1", **of),
        event(CohortOpened(entry_on=second, completes_on=date(2021, 6, 30)), "cohort/C-2", at(second), "C-2", **of),
    ]
    for worker, (day, post, cohort) in starts.items():
        start = started(day, post).model_copy(update={**joining, "cohort": cohort})
        events.append(event(start, f"worker/{worker}", at(day), f"S-{worker}", **of))
    gone, up = date(2019, 10, 9), date(2020, 1, 1)
    events.append(event(left(gone), "worker/A-2", at(gone), "L-A-2", **of))
    events.append(event(started(up, "P-2"), "worker/A-3", at(up), "S-A-3-before", **of))
    events.append(event(moved(up, "P-1", "P-2"), "worker/A-1", at(up), "M-A-1", **of))
    return events


@pytest.mark.parametrize(
    ("asked", "count", "left"),
    [
        ("as_at=2020-12-31", 3, 1),
        ("as_at=2020-12-31&cohorts=completed", 2, 1),
        ("as_at=2020-12-31&cohorts=running", 1, 0),
        ("as_at=2020-12-31&cohort=C-2", 1, 0),
        ("as_at=2020-06-30&cohorts=completed", 2, 1),
        ("as_at=2020-06-29&cohorts=completed", 0, 0),
        ("as_at=2020-06-30", 2, 1),
        # As they were on their first day in the cohort.
        ("as_at=2020-12-31&role=social-worker", 3, 1),
        ("as_at=2020-12-31&role=team-manager", 0, 0),
        ("as_at=2020-12-31&from=2020-07-01", 1, 0),
    ],
)
def test_members_of_the_cohorts_that_are_meant(metrics: Alone, asked: str, count: int, left: int) -> None:
    answer = curve(metrics, f"of=academy-members&{asked}", "authority=703")
    assert (answer["count"], answer["left"]) == (count, left)


def test_whose_cohorts_are_chosen_must_be_members(metrics: Alone) -> None:
    for asked, field in (("cohorts=completed", "cohorts"), ("of=academy-members&scope=census", "scope")):
        answer = metrics.ask(f"/v1/survival?authority=703&{asked}")
        assert [fault["field"] for fault in answer.json()["faults"]] == [field]
    assert metrics.ask("/v1/survival?authority=703&cohort=C-9").status_code == 404
