"""A report pinned to two instants is the same bytes, whatever comes in afterwards.

Invariant: what is sent afterwards is recorded before and after the report, and corrects and voids what it counted.
"""

import json
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cloudevents.core.v1.event import CloudEvent

from services.metrics.measures.catalogue import MEASURES
from tests.integration.arrival import arrival, complete
from tests.integration.feed import RECORDED, Feed, cloud_event
from tests.integration.year import sent, to_recruitment, to_retention
from tests.parts import RealSystem

AUTHORITY = "384"
KNOWN = "2024-04-02T12:00:00Z"
LATER_EVENTS = 2500
BATCH = 50
MOVED = ("vacancies", "in-post", "starters", "leavers", "turnover-rate", "absence-rate", "average-caseload")
"""Measures that the later events move, where the report is not pinned."""
FINANCIAL_YEAR = "from=2023-04-01&to=2024-03-31"


def report(metrics: Feed, pins: str, measures: Iterable[str] = MEASURES) -> dict[str, bytes]:
    """Every answer of a report, by what was asked: figures as JSON and CSV, series, explanations, events, changes."""
    asked = {
        (f"/v1/measures/{measure}{rest}", accept)
        for measure in measures
        for rest, accept in (
            ("?financial_year=2023-24&by=role", "application/json"),
            ("?financial_year=2023-24&by=role", "text/csv"),
            (f"/series?{FINANCIAL_YEAR}", "application/json"),
            ("/explanation?financial_year=2023-24", "application/json"),
        )
    }
    asked |= {(f"/v1/subjects/{subject}?", "application/json") for subject in ("worker/W-2", "worker/W-3", "post/P-1")}
    contents = {}
    for path, accept in asked:
        answer = metrics.get(f"{path}&authority={AUTHORITY}&{pins}", accept)
        assert answer.status_code == 200, answer.text
        contents[f"{path} {accept}"] = answer.content
    return contents


def later(chance: random.Random, number: int) -> tuple[bool, CloudEvent]:
    """An event of the years around the report, recorded in or after it, and whether it goes to recruitment."""
    recorded = datetime(2023, 6, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(600 * 24 * 60))
    day = (datetime(2023, 4, 1, tzinfo=UTC) + timedelta(days=chance.randrange(500))).date().isoformat()
    worker, post, id = f"W-{chance.randrange(1, 40)}", f"P-{chance.randrange(1, 12)}", f"later-{number}"
    of: dict[str, Any] = {"authority": AUTHORITY, "time": recorded}
    start = {"started_on": day, "post": post, "fte": 0.5, "origin": "other", "route": "academy"}
    opened = {"effective_from": day, "role": "social-worker", "funded_fte": 1, "team": "duty", "service_area": "care"}
    cover = {"started_on": day, "agency_worker": "A-9", "fte": 1, "reason": "vacancy", "post": post, "hourly_rate": 35}
    away = {"absent_from": day, "working_days_lost": 4, "reason": "SIC"}
    kinds: list[tuple[bool, str, str, dict[str, Any]]] = [
        (True, "worker.started", f"worker/{worker}", start),
        (True, "post.established", f"post/{post}", opened | {"csww_role": 5}),
        (True, "post.changed", f"post/{post}", {"effective_from": day, "team": f"team-{number % 7}"}),
        (True, "cover.started", f"cover/C-{chance.randrange(1, 9)}", cover),
        (False, "worker.left", f"worker/{worker}", {"left_on": day, "reason": "retired", "destination": "other"}),
        (False, "caseload.counted", f"worker/{worker}", {"counted_on": day, "cases": chance.randrange(30)}),
        (False, "absence.recorded", f"worker/{worker}", away),
    ]
    to_recruitment, kind, subject, data = chance.choice(kinds)
    return to_recruitment, cloud_event(kind, subject, id, data, **of)


def of_what_was_counted(chance: random.Random) -> Iterator[tuple[bool, CloudEvent]]:
    """A correction, or a void, of every event that the report was made of; most recorded before it was taken."""
    for hires, events in ((True, to_recruitment(AUTHORITY)), (False, to_retention(AUTHORITY))):
        for number, event in enumerate(events):
            id, kind = event.get_id(), event.get_type().removeprefix("uk.workforce.").removesuffix(".v1")
            of: dict[str, Any] = {"authority": AUTHORITY, "time": (event.get_time() or RECORDED) + timedelta(hours=1)}
            if number % 2 or event.get_attributes().get("voids"):
                because = {"because": "entered-in-error"}
                yield hires, cloud_event(kind, event.get_subject() or "", f"void-of-{id}", because, voids=id, **of)
            else:
                data = dict(event.get_data() or {})  # type: ignore[arg-type]
                data |= {name: 0.25 for name in ("fte", "funded_fte") if name in data}
                data |= {name: "2023-08-08" for name in ("left_on", "counted_on") if name in data}
                yield hires, cloud_event(kind, event.get_subject() or "", f"of-{id}", data, supersedes=id, **of)


@pytest.fixture(scope="module")
def chance(seed: int) -> random.Random:
    return random.Random(seed)


async def test_a_pinned_report_is_byte_identical_after_thousands_of_later_events(
    system: RealSystem, chance: random.Random
) -> None:
    metrics = await sent(system, AUTHORITY)
    events = [
        event
        for subject in ("worker/W-1", "worker/W-2", "worker/W-3", "worker/W-4", "worker/W-5", "post/P-4", "cover/C-1")
        for event in metrics.get(f"/v1/subjects/{subject}?authority={AUTHORITY}").json()["events"]
    ]
    accepted = max(event["accepted"] for event in events)
    pins = f"as_known_at={KNOWN}&as_accepted_at={accepted}"
    complete(metrics, f"/v1/measures/vacancies?authority={AUTHORITY}&{pins}")
    pinned, unpinned = report(metrics, pins), report(metrics, f"as_known_at={KNOWN}", MOVED)
    await _send(system, [*of_what_was_counted(chance), *(later(chance, number) for number in range(LATER_EVENTS))])
    again = report(metrics, pins)
    assert [asked for asked in pinned if pinned[asked] != again[asked]] == []
    moved = report(metrics, f"as_known_at={KNOWN}", MOVED)
    changed = {asked for asked in unpinned if _figures(moved[asked]) != _figures(unpinned[asked])}
    for measure in MOVED:
        for rest in ("?financial_year=2023-24&by=role", f"/series?{FINANCIAL_YEAR}"):
            assert f"/v1/measures/{measure}{rest} application/json" in changed
    between = f"/v1/changes?authority={AUTHORITY}&from_known={KNOWN}&to_known={KNOWN}&from_accepted={accepted}"
    answer = metrics.get(f"{between}&financial_year=2023-24&limit=1").json()
    assert {"vacancies", "leavers", "cases"} <= {figure["measure"] for figure in answer["figures"]}
    assert answer["count"] > 100
    system.metrics.restart()
    after_a_restart = report(metrics, pins, MOVED)
    assert after_a_restart == {asked: pinned[asked] for asked in after_a_restart}


def _figures(answer: bytes) -> object:
    """An answer in JSON without what moves on by itself; one in CSV as it is."""
    if not answer.startswith(b"{"):
        return answer
    return {name: said for name, said in json.loads(answer).items() if name not in ("links", "complete_until")}


async def _send(system: RealSystem, events: list[tuple[bool, CloudEvent]]) -> None:
    """Send events to the two services, and wait until every one has arrived in metrics."""
    for hires, service in ((True, system.recruitment), (False, system.retention)):
        of_service = [event for to_recruitment, event in events if to_recruitment is hires]
        for first in range(0, len(of_service), BATCH):
            answer = Feed(service.url).batch(*of_service[first : first + BATCH])
            assert answer.status_code == 202, answer.text
    before = [*to_recruitment(AUTHORITY), *to_retention(AUTHORITY)]
    subjects = {event.get_subject() or "" for event in (*before, *(event for _, event in events))}
    await arrival(system.databases["metrics"], AUTHORITY, subjects, len(before) + len(events))
