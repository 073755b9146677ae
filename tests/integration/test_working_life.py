"""Working life through the doors: caseloads of merged numbers, absence beyond leaving, a series of children replaced.

Invariant: every expectation was worked out on paper from what stands here.
"""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from cloudevents.core.v1.event import CloudEvent

from tests.integration.arrival import arrival
from tests.integration.feed import Feed, cloud_event, post_established, worker_left, worker_started
from tests.parts import RealSystem

_NUMBERS = count(1)
DECEMBER = datetime(2023, 12, 4, 9, tzinfo=UTC)


def _told(kind: str, subject: str, authority: str, **data: Any) -> CloudEvent:
    """Recorded on 4 December 2023."""
    return cloud_event(kind, subject, f"told-{next(_NUMBERS)}", data, authority=authority, time=DECEMBER)


@pytest.fixture
def metrics(system: RealSystem) -> Feed:
    """Who answers."""
    return Feed(system.metrics.url)


async def _in(system: RealSystem, recruitment: Feed, retention: Feed, *events: CloudEvent) -> None:
    """Send each to the service that owns it, and wait until all have come in."""
    authority = str(events[0].get_extension("authority"))
    of_retention = ("left", "counted", "recorded", "ended")
    for event in events:
        feed = retention if event.get_type().split(".")[-2] in of_retention else recruitment
        assert feed.structured(event).status_code == 202
    await arrival(system.databases["metrics"], authority, {event.get_subject() or "" for event in events}, len(events))


def _total(metrics: Feed, asked: str) -> float | None:
    answer = metrics.get(f"/v1/measures/{asked}")
    assert answer.status_code == 200, answer.text
    total: float | None = answer.json()["total"]
    return total


def _checks(metrics: Feed, authority: str, as_at: str) -> set[str]:
    summary = metrics.get(f"/v1/quality?authority={authority}&as_at={as_at}").json()["summary"]
    return {item["check"] for item in summary if item["findings"]}


async def test_cases_counted_on_one_day_under_two_numbers_of_a_person_add_up(
    system: RealSystem, recruitment: Feed, retention: Feed, metrics: Feed
) -> None:
    of: dict[str, Any] = {"authority": "841"}
    await _in(
        system, recruitment, retention,
        post_established("E-1", **of),
        worker_started("S-1", **of),
        _told("caseload.counted", "worker/W-1", "841", counted_on="2023-11-30", cases=14),
        _told("caseload.counted", "worker/W-2", "841", counted_on="2023-11-30", cases=6),
        _told("worker.merged", "worker/W-1", "841", duplicate="W-2"),
    )  # fmt: skip
    assert _total(metrics, "cases?authority=841&as_at=2023-11-30") == 20
    assert "caseload-under-two-numbers" in _checks(metrics, "841", "2023-11-30")


async def test_an_absence_does_not_go_on_when_the_worker_has_left(
    system: RealSystem, recruitment: Feed, retention: Feed, metrics: Feed
) -> None:
    of: dict[str, Any] = {"authority": "802"}
    # Monday 18 September up to Monday 13 November are 40 weekdays; the worker leaves on Monday 25 September.
    await _in(
        system, recruitment, retention,
        post_established("E-1", **of),
        worker_started("S-1", **of),
        worker_left("L-1", left_on="2023-09-25", **of),
        _told(
            "absence.recorded", "worker/W-1", "802",
            absent_from="2023-09-18", returned_on="2023-11-13", working_days_lost=40, reason="SIC",
        ),
    )  # fmt: skip
    assert _total(metrics, "working-days-lost?authority=802&from=2023-10-01&to=2023-11-30") == 0
    assert _total(metrics, "working-days-lost?authority=802&from=2023-09-01&to=2023-09-30") == 5
    assert "absence-beyond-leaving" in _checks(metrics, "802", "2023-11-30")


async def test_a_series_of_children_that_another_replaced_is_found_and_ends_with_its_event(
    system: RealSystem, recruitment: Feed, retention: Feed, metrics: Feed
) -> None:
    def counted(series: str, counted_on: str, children: int) -> CloudEvent:
        data: dict[str, Any] = {"counted_on": counted_on, "demand": "child-protection-plans", "children": children}
        return _told("demand.counted", f"demand/{series}", "811", **data)

    before = [counted("old", "2023-09-30", 440), counted("new", "2023-10-31", 450)]
    await _in(system, recruitment, retention, *before)
    children = "children?authority=811&as_at=2023-10-31&demand=child-protection-plans"
    assert _total(metrics, children) == 890
    assert "demand-series-replaced" in _checks(metrics, "811", "2023-10-31")
    end = _told("demand.ended", "demand/old", "811", ended_on="2023-10-31")
    assert retention.structured(end).status_code == 202
    await arrival(system.databases["metrics"], "811", {"demand/old", "demand/new"}, 3)
    assert _total(metrics, children) == 450
    # The only kind that is counted is the total.
    assert _total(metrics, "children?authority=811&as_at=2023-10-31") == 450
    assert "demand-series-replaced" not in _checks(metrics, "811", "2023-10-31")


async def test_children_of_kinds_that_overlap_are_never_added(
    system: RealSystem, recruitment: Feed, retention: Feed, metrics: Feed
) -> None:
    def counted(kind: str, children: int) -> CloudEvent:
        data: dict[str, Any] = {"counted_on": "2023-11-30", "demand": kind, "children": children}
        return _told("demand.counted", f"demand/{kind}", "812", **data)

    of: dict[str, Any] = {"authority": "812"}
    holder = [post_established("E-1", **of), worker_started("S-1", **of)]
    holder.append(_told("caseload.counted", "worker/W-1", "812", counted_on="2023-11-30", cases=10))
    kinds = [counted("child-protection-plans", 40), counted("children-looked-after", 70)]
    await _in(system, recruitment, retention, *holder, *kinds)
    for measure, by_kind in (("children", [40, 70]), ("children-per-case-holder", [40.0, 70.0])):
        asked = f"{measure}?authority=812&as_at=2023-11-30"
        in_all = metrics.get(f"/v1/measures/{asked}").json()
        assert (in_all["total"], in_all["reason"]) == (None, "kinds-overlap")
        answer = metrics.get(f"/v1/measures/{asked}&by=demand").json()
        assert [row["value"] for row in answer["rows"]] == by_kind
        assert (answer["total"], answer["reason"]) == (None, "kinds-overlap")
        one = metrics.get(
            f"/v1/measures/{measure}/explanation?authority=812&as_at=2023-11-30&demand=children-looked-after"
        )
        assert one.json()["total"] == by_kind[1]
        for term in one.json().get("terms", []):
            assert metrics.get(term["explanation"]).json()["exact"] == term["exact"]


OF_ONE_COUNCIL = (
    "progression-funded-fte", "progression-funding-used", "retention-payments-due", "retention-payment-cost",
)  # fmt: skip


@pytest.mark.parametrize("measure", OF_ONE_COUNCIL)
async def test_what_rests_on_the_rules_of_one_council_is_null_for_another_wherever_it_is_asked(
    system: RealSystem, recruitment: Feed, metrics: Feed, new: str, measure: str
) -> None:
    of: dict[str, Any] = {"authority": "822"}
    events = [post_established(f"E-{new}", f"P-{new}", **of), worker_started(f"S-{new}", f"W-{new}", f"P-{new}", **of)]
    await _in(system, recruitment, recruitment, *events)
    year = "financial_year=2024-25&as_known_at=2025-06-01T00:00:00Z"
    answer = metrics.get(f"/v1/measures/{measure}?authority=822&{year}&by=role").json()
    assert (answer["total"], answer["reason"]) == (None, "no-policy")
    assert {(row["value"], row["reason"]) for row in answer["rows"]} <= {(None, "no-policy")}
    series = metrics.get(f"/v1/measures/{measure}/series?authority=822&from=2024-04-01&to=2024-06-30").json()
    assert (series["totals"], series["reasons"]) == ([None] * 3, ["no-policy"] * 3)
    explained = metrics.get(f"/v1/measures/{measure}/explanation?authority=822&{year}").json()
    assert (explained["total"], explained["reason"], explained.get("parts", [])) == (None, "no-policy", [])
    csv = metrics.get(f"/v1/measures/{measure}/explanation?authority=822&{year}", "text/csv")
    assert csv.status_code == 200, csv.text
    changes = metrics.get(f"/v1/changes?authority=822&measure={measure}&{year[:22]}&from_known=2023-01-01T00:00:00Z")
    assert changes.json()["changes"] == []
    in_all = metrics.get(f"/v1/measures/{measure}?authority=all&{year}").json()
    assert (in_all["total"], in_all["reason"]) == (None, "no-policy")
