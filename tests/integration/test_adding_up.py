"""Rows and totals: exact amounts add up, and where figures as shown do not, the answer says so.

Invariant: the weeks expected here are days by seven, worked out by hand.
"""

from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event, fault
from tests.integration.year import AFTER_ALL, sent
from tests.parts import RealSystem

AUTHORITY, YEAR = "393", "394"
ROLES = ("social-worker", "senior-practitioner", "team-manager")
WEEKS = f"/v1/measures/agency-weeks?authority={AUTHORITY}&from=2023-10-01&to=2023-10-31"


@pytest_asyncio.fixture(scope="module")
async def metrics(system: RealSystem) -> Feed:
    """Three assignments of a day each, of different roles."""
    events = []
    for number, role in enumerate(ROLES):
        started = {"started_on": "2023-10-09", "agency_worker": f"A-{number}", "fte": 1, "reason": "additional"}
        ended = {"ended_on": "2023-10-10", "outcome": "completed"}
        of: dict[str, Any] = {"authority": AUTHORITY}
        events += [
            cloud_event("cover.started", f"cover/C-{number}", f"S-{number}", started | {"role": role}, **of),
            cloud_event("cover.ended", f"cover/C-{number}", f"E-{number}", ended, **of),
        ]
    assert Feed(system.recruitment.url).batch(*events).status_code == 202
    subjects = {f"cover/C-{number}" for number in range(len(ROLES))}
    await arrival(system.databases["metrics"], AUTHORITY, subjects, len(events))
    return Feed(system.metrics.url)


def test_weeks_by_role_add_up_exactly_to_those_in_all_and_are_shown_rounded_once(metrics: Feed) -> None:
    by_role, in_all = (metrics.get(WEEKS + by).json() for by in ("&by=role", ""))
    # A seventh of a week each: 0.142857, and three of them 0.428571.
    assert [(row["value"], row["exact"]) for row in by_role["rows"]] == [(0.1, "0.142857")] * 3
    assert (by_role["total"], by_role["exact"]) == (in_all["total"], in_all["exact"]) == (0.4, "0.428571")
    assert by_role["rounding"].startswith("As shown the rows add up to 0.3: each figure is rounded once")
    assert "rounding" not in in_all


def test_a_row_is_the_same_as_the_figure_of_it_alone(metrics: Feed) -> None:
    for row in metrics.get(f"{WEEKS}&by=role").json()["rows"]:
        alone = metrics.get(f"{WEEKS}&role={row['role']}").json()
        assert (alone["total"], alone["exact"]) == (row["value"], row["exact"])


def test_the_exact_amounts_of_a_file_add_up(metrics: Feed) -> None:
    rows, about = metrics.rows(f"{WEEKS}&by=role"), metrics.about(f"{WEEKS}&by=role")
    assert sum(Decimal(row["exact"]) for row in rows) == Decimal(about["exact"]) == Decimal("0.428571")
    assert about["rounding"].startswith("As shown the rows add up to 0.3")


@pytest_asyncio.fixture(scope="module")
async def year(system: RealSystem) -> Feed:
    return await sent(system, YEAR)


@pytest.mark.parametrize(
    ("query", "left_out"),
    [
        ("from=2023-10-15&to=2024-01-10", ["2023-10-15/2023-10-31", "2024-01-01/2024-01-10"]),
        ("from=2023-10-01&to=2024-01-10", ["2024-01-01/2024-01-10"]),
        ("from=2023-03-02&to=2024-03-31&every=year", ["2023-03-02/2023-03-31"]),
        ("from=2023-05-01&to=2023-12-31&every=quarter", ["2023-05-01/2023-06-30"]),
        ("from=2023-10-01&to=2023-12-31", None),
    ],
)
def test_a_series_says_which_days_are_in_none_of_its_points(year: Feed, query: str, left_out: list[str] | None) -> None:
    path = f"/v1/measures/vacancies/series?authority={YEAR}&as_known_at={AFTER_ALL}&{query}"
    assert year.get(path).json().get("left_out") == left_out
    assert year.about(path).get("left_out") == (None if left_out is None else " ".join(left_out))


def test_a_period_without_a_whole_month_says_that_all_of_it_is_left_out(year: Feed) -> None:
    path = f"/v1/measures/vacancies/series?authority={YEAR}&from=2023-10-02&to=2023-10-30"
    refused = fault(year.get(path), 422)
    assert (refused["field"], refused["problem"]) == ("to", "leaves no whole month")
    assert refused["expected"].endswith("all from 2023-10-02 on is left out")
