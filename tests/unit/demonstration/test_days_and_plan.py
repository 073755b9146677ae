"""The demonstration's own rules: which days it works on, what it plans between published figures, how it records.

Invariant: expectations are from a calendar and by pencil.
"""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from contracts.codes import Destination, LeavingReason, MoveKind, Origin, Role, Route, WithdrawalReason
from contracts.events.posts import PostClosed, PostEstablished
from deploy.demonstration import history
from deploy.demonstration.__main__ import main as command
from deploy.demonstration.establishment import HALF, WHOLE, Establishment, Share
from deploy.demonstration.ledger import Entry, Ledger
from deploy.demonstration.plan import agency_cover_planned, agency_staff_planned, vacancies_planned
from deploy.demonstration.progression import progress
from deploy.demonstration.workforce import Coming, Leaving, Workforce
from deploy.demonstration.working_days import (
    Month,
    day_between,
    is_working_day,
    moment_on,
    monday_from,
    months,
    working_day_from,
)
from tests.unit.demonstration.counting import Event

CLOSED = [date(2023, 12, 23), date(2023, 12, 24), date(2023, 12, 25), date(2023, 12, 26), date(2024, 1, 1)]
OPEN = [date(2023, 12, 22), date(2023, 12, 27), date(2023, 12, 29), date(2024, 1, 2), date(2024, 2, 29)]


def digest(events: list[Event]) -> str:
    """What tells two histories apart, to the last character."""
    lines = "".join(f"{json.dumps(event)}\n" for event in events)
    return hashlib.sha256(lines.encode()).hexdigest()


def test_the_history_is_the_one_whose_figures_are_printed(events: list[Event]) -> None:
    # README.md, docs/definitions.md and the list of awkward records quote figures and events of this very history:
    # whoever changes it on purpose writes them anew, then this.
    assert digest(events) == "64d4f3872bf146982bbab2b373a4ed1cebdc9daa1126278c967ba1d5de1e0d9e"
    assert (
        digest(history(until=datetime(2026, 11, 1, tzinfo=UTC)))
        == "9329d63ca70b95c517865304e4725c339b582e582d827330a980729e19e9cf4e"
    )


# --- days -------------------------------------------------------------------------------------------------------------


def test_the_office_is_open_from_monday_to_friday_but_for_christmas_and_new_year() -> None:
    assert [day for day in CLOSED if is_working_day(day)] == []
    assert [day for day in OPEN if not is_working_day(day)] == []


def test_the_next_working_day_may_be_the_day_itself() -> None:
    assert working_day_from(date(2023, 12, 22)) == date(2023, 12, 22)
    assert working_day_from(date(2023, 12, 23)) == date(2023, 12, 27)
    assert working_day_from(date(2023, 12, 30)) == date(2024, 1, 2)


def test_the_next_monday_may_be_the_day_itself() -> None:
    assert [monday_from(date(2024, 3, day)) for day in (4, 5, 10, 11)] == [
        date(2024, 3, 4), date(2024, 3, 11), date(2024, 3, 11), date(2024, 3, 11),
    ]  # fmt: skip


def test_a_day_is_drawn_from_the_working_days_first_and_last_included() -> None:
    chance = Random(1)
    drawn = {day_between(chance, date(2023, 12, 22), date(2023, 12, 27)) for _ in range(100)}
    assert drawn == {date(2023, 12, 22), date(2023, 12, 27)}
    assert day_between(chance, date(2023, 12, 23), date(2023, 12, 26)) == date(2023, 12, 23)
    assert day_between(chance, date(2024, 2, 29), date(2024, 2, 29)) == date(2024, 2, 29)


def test_a_moment_is_in_working_hours_of_that_day_or_the_next_that_is_one() -> None:
    moments = [moment_on(Random(seed), date(2023, 12, 24)) for seed in range(300)]
    assert {moment.date() for moment in moments} == {date(2023, 12, 27)}
    assert min(moments) >= datetime(2023, 12, 27, 8, 30)  # noqa: DTZ001 - naive, as it is given
    assert max(moments) < datetime(2023, 12, 27, 16, 30)  # noqa: DTZ001


def test_months_are_whole_and_follow_one_another() -> None:
    assert Month.of(date(2024, 2, 29)) == Month(date(2024, 2, 1), date(2024, 2, 29))
    assert Month.of(date(2023, 2, 1)).last == date(2023, 2, 28)
    assert Month.of(date(2023, 12, 31)).next() == Month(date(2024, 1, 1), date(2024, 1, 31))
    assert [month.first for month in months(date(2023, 12, 31), date(2024, 2, 1))] == [
        date(2023, 12, 1), date(2024, 1, 1), date(2024, 2, 1),
    ]  # fmt: skip
    assert len(list(months())) == 69


# --- the plan ---------------------------------------------------------------------------------------------------------


def test_between_two_points_the_plan_goes_straight_and_after_the_last_it_stays() -> None:
    # Residential: 0 on 30 November 2022, 4 on 31 January 2023, 62 days on.
    role = Role.RESIDENTIAL_CHILDRENS_WORKER
    assert vacancies_planned(role, date(2022, 11, 30)) == 0
    assert vacancies_planned(role, date(2022, 12, 31)) == 2
    assert vacancies_planned(role, date(2023, 1, 31)) == 4
    assert vacancies_planned(role, date(2024, 3, 31)) == vacancies_planned(role, date(2026, 1, 1)) == 2
    assert vacancies_planned(Role.HEAD_OF_SERVICE, date(2022, 12, 31)) == 0


def test_at_the_date_of_a_table_the_plan_is_the_table() -> None:
    assert vacancies_planned(Role.SOCIAL_WORKER, date(2023, 10, 31)) == Decimal("8.5")
    assert agency_cover_planned(Role.SOCIAL_WORKER, date(2023, 10, 31)) == 10
    assert [agency_staff_planned(date(2020, month, day)) for month, day in ((6, 30), (8, 31), (12, 31))] == [48, 56, 60]
    # Halfway, by days, from 48 to 56.
    assert agency_staff_planned(date(2020, 7, 31)) == 52


# --- the ledger -------------------------------------------------------------------------------------------------------


def established() -> PostEstablished:
    """A post."""
    return PostEstablished(
        effective_from=date(2022, 10, 3), role=Role.SOCIAL_WORKER, funded_fte=WHOLE, team="duty", service_area="duty"
    )


def recorded(ledger: Ledger, on: date, **named: object) -> Entry:
    """One entry of a post, recorded on the day on which it takes effect."""
    return ledger.record("P-1", established(), on, days=(0, 0), **named)  # type: ignore[arg-type]


def test_what_is_entered_later_of_one_subject_stands_later() -> None:
    ledger = Ledger(Random(1))
    first = recorded(ledger, date(2022, 10, 5))
    second = recorded(ledger, date(2022, 10, 3))
    assert second.recorded == first.recorded + timedelta(minutes=1)
    events = ledger.events(datetime(2030, 1, 1, tzinfo=UTC))
    assert [event["id"] for event in events] == ["demo-000001", "demo-000002"]
    assert events[0]["time"].endswith("Z")


def test_what_follows_late_in_the_day_is_recorded_when_the_office_opens_again() -> None:
    ledger = Ledger(Random(1))
    cause = recorded(ledger, date(2022, 10, 7))
    cause.recorded = datetime(2022, 10, 7, 16, 59, tzinfo=UTC)
    friday = ledger.record("P-2", PostClosed(closed_on=date(2022, 10, 7)), date(2022, 10, 7), follows=cause)
    assert friday.recorded == datetime(2022, 10, 10, 8, 30, tzinfo=UTC)
    cause.recorded = datetime(2022, 10, 7, 16, 58, tzinfo=UTC)
    assert ledger.record("P-3", PostClosed(closed_on=date(2022, 10, 7)), date(2022, 10, 7), follows=cause).recorded == (
        datetime(2022, 10, 7, 16, 59, tzinfo=UTC)
    )


def test_nothing_is_recorded_before_july_2018_nor_between_easter_and_what_goes_on() -> None:
    ledger = Ledger(Random(1))
    assert recorded(ledger, date(2003, 4, 7)).recorded.date() == date(2018, 7, 2)
    assert recorded(ledger, date(2024, 3, 31)).recorded.date() == date(2024, 3, 28)
    ledger.go_on()
    assert ledger.record("P-9", established(), date(2024, 3, 1), days=(0, 0)).recorded.date() == date(2024, 4, 2)


def test_an_entry_names_what_it_replaces_or_withdraws() -> None:
    ledger = Ledger(Random(1))
    first = recorded(ledger, date(2022, 10, 3))
    second = recorded(ledger, date(2022, 10, 4), replaces=first)
    ledger.withdraw(second, WithdrawalReason.CANCELLED, date(2022, 10, 5))
    one, two, three = ledger.events(datetime(2030, 1, 1, tzinfo=UTC))
    assert not one.keys() & {"supersedes", "voids"}
    assert (two["supersedes"], three["voids"]) == (one["id"], two["id"])
    assert three["data"] == {"because": "cancelled"}
    assert three["time"][:10] == "2022-10-05"
    assert {event["subject"] for event in (one, two, three)} == {"post/P-1"}


def test_events_end_with_the_instant_that_is_asked_for() -> None:
    ledger = Ledger(Random(1))
    entry = recorded(ledger, date(2022, 10, 3))
    assert len(ledger.events(entry.recorded)) == 1
    assert ledger.events(entry.recorded - timedelta(microseconds=1)) == []


# --- the workforce ----------------------------------------------------------------------------------------------------


@pytest.fixture
def shares() -> tuple[Workforce, Share, Share]:
    """A workforce without anybody, and two vacant posts: from 1 October 2022, and half of one from 1 November."""
    ledger = Ledger(Random(1))
    establishment = Establishment(ledger)
    team_and_area = ("duty", "help-and-protection")
    first = establishment.establish(date(2022, 10, 1), Role.SOCIAL_WORKER, team_and_area, (WHOLE,))
    second = establishment.establish(date(2022, 11, 1), Role.TEAM_MANAGER, team_and_area, (HALF, HALF))
    return Workforce(ledger, establishment, Random(1)), first.shares[0], second.shares[0]


COMING = Coming(Origin.NOT_KNOWN, Route.DIRECT)


def test_a_share_is_taken_from_the_day_it_is_vacant_and_by_one(shares: tuple[Workforce, Share, Share]) -> None:
    workforce, share, _ = shares
    with pytest.raises(ValueError, match="P-0001 is not vacant on 2022-09-30"):
        workforce.start(share, date(2022, 9, 30), COMING)
    worker, _ = workforce.start(share, date(2022, 10, 1), COMING)
    assert (worker.number, worker.role, share.worker) == ("W-0002", Role.SOCIAL_WORKER, worker)
    with pytest.raises(ValueError, match="P-0001 is not vacant"):
        workforce.start(share, date(2022, 10, 2), COMING)
    workforce.leave(worker, Leaving(date(2022, 12, 1), LeavingReason.RETIRED, Destination.NOT_KNOWN))
    assert (worker.left_from, worker.settled, worker.shares) == (Role.SOCIAL_WORKER, date(2022, 12, 1), [])
    with pytest.raises(ValueError, match="P-0001 is not vacant on 2022-11-30"):
        workforce.start(share, date(2022, 11, 30), COMING)
    workforce.start(share, date(2022, 12, 1), COMING)


def test_the_vacancy_of_a_role_is_that_of_its_vacant_shares_longest_vacant_first(
    shares: tuple[Workforce, Share, Share],
) -> None:
    workforce, share, half = shares
    establishment = workforce.establishment
    assert establishment.vacancy(Role.TEAM_MANAGER) == 1
    assert establishment.vacancy(Role.SOCIAL_WORKER) == 1
    worker, _ = workforce.start(share, date(2022, 10, 1), COMING)
    workforce.move(worker, half, date(2022, 11, 7), MoveKind.PROMOTION)
    assert establishment.vacancy(Role.TEAM_MANAGER) == HALF
    assert establishment.vacancy(Role.SOCIAL_WORKER) == 1
    workforce.give_up(worker, half, date(2022, 11, 14))
    assert [share.vacated_on for share in establishment.vacant(Role.TEAM_MANAGER)] == [
        date(2022, 11, 1), date(2022, 11, 14),
    ]  # fmt: skip


def test_what_is_given_up_of_an_fte_becomes_a_vacant_share_of_the_same_post(
    shares: tuple[Workforce, Share, Share],
) -> None:
    workforce, share, _ = shares
    worker, _ = workforce.start(share, date(2022, 10, 3), COMING)
    changed = workforce.reduce_fte(worker, Decimal("0.6"), date(2022, 11, 7))
    assert [(part.fte, part.worker is worker, part.vacated_on) for part in share.post.shares] == [
        (Decimal("0.6"), True, date(2022, 10, 1)),
        (Decimal("0.4"), False, date(2022, 11, 7)),
    ]
    assert changed.data.model_dump(mode="json", exclude_none=True)["fte"] == 0.6


def test_chance_leaves_alone_who_is_new_absent_about_to_go_or_holds_two_posts(
    shares: tuple[Workforce, Share, Share],
) -> None:
    workforce, share, half = shares
    worker, _ = workforce.start(share, date(2022, 10, 3), COMING)
    # Settled for more than sixty days.
    assert not worker.is_free(date(2022, 12, 2))
    assert worker.is_free(date(2022, 12, 3))
    worker.absent_until = date(2022, 12, 4)
    assert not worker.is_free(date(2022, 12, 3))
    assert worker.is_free(date(2022, 12, 4))
    worker.leaving = Leaving(date(2023, 1, 1), LeavingReason.RETIRED, Destination.NOT_KNOWN)
    assert not worker.is_free(date(2022, 12, 4))
    worker.leaving = None
    workforce.start(half, date(2022, 12, 5), COMING, worker=worker)
    assert not worker.is_free(date(2023, 6, 1))


def test_the_pathway_takes_the_fte_that_it_is_funded_for_and_no_more(shares: tuple[Workforce, Share, Share]) -> None:
    workforce, _, _ = shares
    team_and_area, since = ("duty", "help-and-protection"), date(2022, 10, 3)
    posts = [
        workforce.establishment.establish(since, Role.SOCIAL_WORKER, team_and_area, (fte,))
        for fte in [WHOLE] * 41 + [HALF]
    ]
    workers = [workforce.start(post.shares[0], since, COMING)[0] for post in posts]
    with pytest.raises(ValueError, match="the pathway funds 41 FTE"):
        progress(workforce, workers)
    progress(workforce, workers[:41])
    assert {worker.role for worker in workers[:41]} == {Role.ADVANCED_SOCIAL_WORKER}
    assert {worker.settled for worker in workers[:41]} == {date(2024, 4, 1)}


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_writes_the_history_of_another_seed_and_a_later_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    monkeypatch.setattr("sys.argv", ["demonstration", "--seed", "7", "--ending", "2024-05-31", "--out", str(file)])
    command()
    written = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert written == history(7, datetime(2024, 6, 1, tzinfo=UTC))
    assert "2024-05-24" < written[-1]["time"] < "2024-06-01"
    assert capsys.readouterr().out == ""
    monkeypatch.setattr("sys.argv", ["demonstration", "--seed", "7", "--awkward"])
    command()
    heading, line, *rows = capsys.readouterr().out.splitlines()
    assert (heading, line) == ("| kind | what happened | events |", "|---|---|---|")
    (corrected,) = [row for row in rows if row.startswith("| post corrected |")]
    wrong, right = corrected.removesuffix(" |").rpartition("| ")[2].split(", ")
    by_id = {event["id"]: event for event in written}
    assert (by_id[wrong]["data"]["funded_fte"], by_id[right]["data"]["funded_fte"]) == (0.1, 1)
    assert by_id[right]["supersedes"] == wrong
