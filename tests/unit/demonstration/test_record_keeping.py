"""How the demonstration authority keeps its records: valid events, in order, awkward ones where the list says."""

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from contracts.envelope import parse_event
from deploy.demonstration import AwkwardRecord, history
from tests.unit.demonstration.counting import Day, Event, day, known, of_type

README = Path(__file__).parents[3] / "deploy" / "demonstration" / "README.md"


def test_every_event_keeps_its_contract(events: list[Event]) -> None:
    for event in events:
        attributes = {name: value for name, value in event.items() if name != "data"}
        assert parse_event(attributes, json.dumps(event["data"]).encode()).envelope.authority == "331"


def test_a_seed_always_gives_the_same_history(events: list[Event]) -> None:
    assert history(331) == events


def test_events_are_numbered_in_the_order_of_recording_in_working_hours_before_april_2024(
    events: list[Event],
) -> None:
    assert 3000 <= len(events) <= 8000
    assert [event["id"] for event in events] == [f"demo-{number:06}" for number in range(1, len(events) + 1)]
    times = [event["time"] for event in events]
    assert times == sorted(times)
    assert times[0] >= "2018-07-01"
    assert times[-1] < "2024-04-01"
    for time in times:
        assert datetime.fromisoformat(time).weekday() < 5
        assert "08:30:00Z" <= time[11:] <= "17:00:00Z"


def test_workers_are_numbers_and_nothing_else(events: list[Event]) -> None:
    workers = {event["subject"] for event in events if event["subject"].startswith("worker/")}
    assert all(re.fullmatch(r"worker/W-\d{4}", worker) for worker in workers)
    agency_workers = {event["data"]["agency_worker"] for event in of_type(events, "cover.started")}
    assert all(re.fullmatch(r"A-\d{4}", worker) for worker in agency_workers)


def test_every_post_is_recorded_before_anything_uses_it(events: list[Event]) -> None:
    recorded: set[str] = set()
    for event in events:
        if event["type"] == "uk.workforce.post.established.v1":
            recorded.add(event["subject"].removeprefix("post/"))
        used = {event["data"].get(field) for field in ("post", "from_post", "to_post")} - {None}
        assert used <= recorded, event["id"]


def test_every_post_is_funded_from_the_day_it_is_first_held(events: list[Event]) -> None:
    funded = {event["subject"][5:]: event["data"]["effective_from"] for event in of_type(events, "post.established")}
    held = known(events)
    starts = [(event["data"]["post"], event["data"]["started_on"]) for event in of_type(held, "worker.started")]
    moves = [(event["data"]["to_post"], event["data"]["moved_on"]) for event in of_type(held, "worker.moved")]
    assert all(funded[post] <= on for post, on in starts + moves)


def test_corrections_and_withdrawals_name_an_earlier_event_of_the_same_type_and_subject(events: list[Event]) -> None:
    by_id = {event["id"]: event for event in events}
    referring = [event for event in events if "supersedes" in event or "voids" in event]
    assert len(referring) >= 10
    for event in referring:
        other = by_id[event.get("supersedes") or event["voids"]]
        assert (other["type"], other["subject"]) == (event["type"], event["subject"])
        assert other["time"] < event["time"]


def test_no_post_is_held_beyond_its_funding_but_where_documented(
    events: list[Event], awkward: list[AwkwardRecord], month_ends: dict[str, Day]
) -> None:
    documented = {started["data"]["post"] for (started,) in records_of(events, awkward, "over-establishment")}
    over = {post for table in month_ends.values() for post in table.over_established()}
    assert documented
    assert over == documented


def test_the_academys_posts_are_never_vacant(month_ends: dict[str, Day]) -> None:
    assert len(month_ends) == 69
    assert all("newly-qualified-social-worker" not in table.vacancies() for table in month_ends.values())


def test_agency_cover_of_a_vacancy_stands_on_a_vacant_post(month_ends: dict[str, Day]) -> None:
    for month_end, table in month_ends.items():
        in_post = table.in_post_by_post()
        posts = [cover["post"] for cover in table.covers.values() if cover["reason"] == "vacancy"]
        assert len(posts) == len(set(posts))
        assert all(table.posts[post]["funded_fte"] > in_post.get(post, 0) for post in posts), month_end


def test_stock_is_last_years_stock_plus_starters_less_leavers(events: list[Event]) -> None:
    held = known(events)
    before, after = set(day(held, "2022-09-30").held), set(day(held, "2023-09-30").held)
    starters = {
        event["subject"]
        for event in of_type(held, "worker.started")
        if "2022-10-01" <= event["data"]["started_on"] <= "2023-09-30"
    }
    leavers = {
        event["subject"]
        for event in of_type(held, "worker.left")
        if "2022-10-01" <= event["data"]["left_on"] <= "2023-09-30"
    }
    assert after == (before | starters) - leavers


def test_every_kind_of_awkward_record_is_there(awkward: list[AwkwardRecord]) -> None:
    kinds = Counter(item.kind for item in awkward)
    assert kinds.pop("agency conversion") >= 5
    assert kinds.pop("future-dated hire") >= 5
    assert kinds == {
        "FTE changed mid-month": 7,
        "hire cancelled before it starts": 4,
        "late leaver": 5,
        "leaver reversed": 3,
        "leaves and returns": 3,
        "move rescinded": 3,
        "over-establishment": 2,
        "person holding two posts": 2,
        "post corrected": 1,
        "second post given up": 1,
        "start date corrected": 5,
        "two numbers merged": 1,
    }


def records_of(events: list[Event], awkward: list[AwkwardRecord], kind: str) -> list[list[Event]]:
    """The events of each awkward record of a kind."""
    by_id = {event["id"]: event for event in events}
    return [[by_id[event_id] for event_id in item.events] for item in awkward if item.kind == kind]


def test_late_leavers_are_entered_more_than_three_weeks_late(events: list[Event], awkward: list[AwkwardRecord]) -> None:
    for (left,) in records_of(events, awkward, "late leaver"):
        late = datetime.fromisoformat(left["time"]).date() - datetime.fromisoformat(left["data"]["left_on"]).date()
        assert late > timedelta(weeks=3)


def test_hires_are_cancelled_before_they_start(events: list[Event], awkward: list[AwkwardRecord]) -> None:
    for started, void in records_of(events, awkward, "hire cancelled before it starts"):
        assert void["voids"] == started["id"]
        assert void["time"][:10] < started["data"]["started_on"]


def test_conversions_name_the_assignment_and_the_worker(events: list[Event], awkward: list[AwkwardRecord]) -> None:
    for ended, started in records_of(events, awkward, "agency conversion"):
        assert ended["data"]["outcome"] == "converted-to-permanent"
        assert f"worker/{ended['data']['converted_to']}" == started["subject"]
        assert f"cover/{started['data']['converted_from']}" == ended["subject"]
        assert started["data"]["route"] == "agency-conversion"


def test_the_reversed_leavers_stayed(events: list[Event], awkward: list[AwkwardRecord]) -> None:
    for left, back in records_of(events, awkward, "leaver reversed"):
        assert left["subject"] == back["subject"]
        assert left["data"]["left_on"] == back["data"]["left_on"]
        assert left["subject"] in day(events, "2024-03-31").held
        assert left["subject"] not in day(events, left["data"]["left_on"], left["time"]).held


def test_a_worker_holds_two_posts(events: list[Event], awkward: list[AwkwardRecord]) -> None:
    for (started,) in records_of(events, awkward, "person holding two posts"):
        held = day(events, started["data"]["started_on"]).held[started["subject"]]
        assert sorted(held.values()) == [0.5, 0.5]


def test_job_shares_put_two_workers_on_one_post(events: list[Event]) -> None:
    held = day(events, "2022-10-31").held
    holders = Counter(post for posts in held.values() for post in posts if not post.startswith("P-ACADEMY-"))
    assert len([post for post, workers in holders.items() if workers == 2]) >= 10


def test_the_readme_lists_the_awkward_records_as_they_are() -> None:
    command = [sys.executable, "-m", "deploy.demonstration", "--awkward"]
    table = subprocess.run(command, check=True, capture_output=True, text=True, cwd=README.parents[2]).stdout
    assert table.count("\n") > 40
    assert table in README.read_text(encoding="utf-8")


def test_the_command_writes_one_event_to_a_line(events: list[Event], tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    command = [sys.executable, "-m", "deploy.demonstration", "--out", str(out)]
    subprocess.run(command, check=True, cwd=README.parents[2])
    assert [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] == events
