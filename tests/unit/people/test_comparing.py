"""Whole files, compared with what their feed said before: who is missing, who is only left out, what is refused."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.events.base import EventData
from services.people.comparing import subject_state, taken_back
from services.people.store import Stated
from tests.people.council import PLAIN, Person, employees, posts
from tests.people.files_read import KEYRING, FeedOfFiles, Taken

TEXT = PLAIN.read_text(encoding="utf-8")
GONE_AT_ONCE = TEXT.replace("gone_after: 3", "gone_after: 1")
FIRST = date(2023, 1, 31)
CLOSED = "uk.workforce.post.closed.v1"


def sent(feed: FeedOfFiles, text: str, month: int, *, confirmed: bool = False) -> Taken:
    """A file of posts of the end of a month, taken in."""
    day = FIRST + timedelta(days=30 * month)
    recorded_at = datetime(day.year, day.month, day.day, 19, tzinfo=UTC)
    return feed.take("posts.csv", f"{text}\n".encode(), day, recorded_at, confirmed=confirmed)


def kinds(taken: Taken) -> list[str]:
    """The types of the events of a file."""
    return [event.envelope.type for event in taken.events]


def test_a_rule_that_suddenly_fits_all_rows_ends_nobody() -> None:
    feed = FeedOfFiles(TEXT)
    sent(feed, posts(*range(1, 11)), 0)
    feed.mapping = TEXT.replace('like: [DUMMY*, "9999*"]', 'like: ["PST-*"]')
    taken = sent(feed, posts(*range(1, 11)).replace("G9", "G10"), 1)
    assert str(taken.refusal) == (
        "rows: name 0 subjects that no rule leaves out, and those of the last extract 10; "
        "right would be: at least 7 subjects, or somebody's word that so few are right"
    )


def test_what_a_rule_leaves_out_from_the_start_is_no_subject_of_the_first_file_either() -> None:
    feed = FeedOfFiles(TEXT)
    _, *dummies = posts(*range(11, 21)).replace("PST-", "DUMMY").splitlines()
    assert sent(feed, "\n".join([posts(*range(1, 11)), *dummies]), 0).refusal is None
    assert sent(feed, posts(*range(1, 11)), 1).refusal is None


def test_rejected_rows_count_as_subjects_for_they_end_nobody() -> None:
    feed = FeedOfFiles(GONE_AT_ONCE)
    sent(feed, posts(*range(1, 11)), 0)
    taken = sent(feed, posts(*range(1, 11)).replace(",1,Duty", ",one,Duty"), 1)
    assert (taken.refusal, kinds(taken), len(taken.rejected)) == (None, [], 10)


@pytest.mark.parametrize("reference", ["PST 3 or so", "1.23E+11", ""])
def test_nobody_is_missing_from_a_file_with_a_row_that_may_be_anybodys(reference: str) -> None:
    feed = FeedOfFiles(GONE_AT_ONCE)
    sent(feed, posts(1, 2, 3, 4), 0)
    taken = sent(feed, posts(1, 2, 3, 4).replace("PST-3", reference), 1)
    assert (kinds(taken), len(taken.rejected)) == ([], 1)
    assert taken.questions == [
        "1 rejected rows may be of anybody: the 1 that the file does not name stay, and are not counted as missing"
    ]
    # Once the row is mended, and another is gone, this one is.
    assert kinds(sent(feed, posts(1, 2, 3), 2)) == [CLOSED]


def test_nobody_is_missing_from_a_file_with_a_row_whose_cells_have_been_shifted() -> None:
    feed = FeedOfFiles(GONE_AT_ONCE)
    sent(feed, posts(1, 2, 3, 4), 0)
    taken = sent(feed, posts(1, 2, 3, 4).replace("PST-3,", "PST-7,Senior, "), 1)
    assert (kinds(taken), len(taken.rejected)) == ([], 1)


def test_rows_that_a_rule_leaves_out_are_nobodys_and_who_is_gone_is_gone() -> None:
    feed = FeedOfFiles(GONE_AT_ONCE)
    sent(feed, posts(1, 2, 3, 4), 0)
    assert kinds(sent(feed, posts(1, 2, 3, 4).replace("PST-3", "DUMMY 3"), 1)) == [CLOSED]


def test_a_question_says_of_whom_it_is() -> None:
    feed = FeedOfFiles(TEXT)
    sent(feed, posts(1, 2, 3, 4), 0)
    assert sent(feed, posts(1, 2, 4), 1).questions == [
        "post/PST-3 is not in the file (1 extract without it, since 2023-03-02); stays as it was"
    ]


def test_what_cannot_be_true_is_told_by_the_column_of_the_file() -> None:
    feed, day = FeedOfFiles(TEXT.replace("policy: {history: current}", "policy: {history: complete}")), FIRST
    undated = f"{employees(Person(1, 'P-1', start=''))}\n".encode()
    (row,) = feed.take("employees.csv", undated, day, datetime(2023, 1, 31, 19, tzinfo=UTC)).rejected
    assert [(fault["column"], fault["problem"]) for fault in row["faults"]] == [("Start in Post", "is empty")]


# --- where an event came from -----------------------------------------------------------------------------------------


def came_from(taken: Taken) -> list[tuple[str, str]]:
    """The type of each event of a file, and what it says of where it came from, behind the name of the file."""
    sent_events = [json.loads(one.event) for outcome in taken.outcomes for one in outcome.events]
    return [(one["type"].split(".", 2)[2], one["provenance"].partition(")")[2]) for one in sent_events]


def test_an_event_says_of_which_row_it_is_and_whether_the_extract_dated_it() -> None:
    feed = FeedOfFiles(TEXT)
    first = sent(feed, posts(1, 2), 0)
    dated = ", dated by the extract"
    assert came_from(first) == [("post.established.v1", f", row 2{dated}"), ("post.established.v1", f", row 3{dated}")]
    assert came_from(sent(feed, posts(2, 1).replace("PST-1,Social Worker,1,", "PST-1,Social Worker,0.5,"), 1)) == [
        ("post.changed.v1", f", row 3{dated}")
    ]
    for month in (2, 3):
        assert came_from(sent(feed, posts(2), month, confirmed=True)) == []
    assert came_from(sent(feed, posts(2), 4)) == [("post.closed.v1", dated)]


def test_what_the_file_dates_does_not_say_that_the_extract_did() -> None:
    feed, day = FeedOfFiles(TEXT), datetime(2023, 10, 31, 19, tzinfo=UTC)
    taken = feed.take("employees.csv", f"{employees(Person(1, 'P-1'))}\n".encode(), day.date(), day)
    assert came_from(taken) == [("worker.started.v1", ", row 2")]


def test_what_follows_of_a_row_that_is_not_in_the_file_any_more_is_of_no_row() -> None:
    feed = FeedOfFiles(TEXT)
    for month, people in ((1, (Person(1, "P-1", "0.5"), Person(1, "P-2", "0.5"))), (2, (Person(1, "P-1", "0.5"),))):
        day = datetime(2023, month, 28, 19, tzinfo=UTC)
        taken = feed.take("employees.csv", f"{employees(*people)}\n".encode(), day.date(), day)
    assert came_from(taken) == [("worker.fte-changed.v1", ", dated by the extract")]


# --- what a door rejects ----------------------------------------------------------------------------------------------


def rejected(feed: FeedOfFiles, file: Taken, before: dict[str, str]) -> None:
    """A door rejects the one event of a file, also after later files were taken in."""
    (event,) = file.outcomes[0].events
    now = feed.states["posts"][event.subject]
    stood = before.get(event.subject)
    state = taken_back(subject_state(now.state), json.loads(event.event), subject_state(stood) if stood else None)
    feed.states["posts"][event.subject] = Stated(event.subject, None, state.to_json(), 0, bool(state.facts))


def kept(feed: FeedOfFiles) -> dict[str, str]:
    """What the feed states of each post."""
    return {subject: stated.state for subject, stated in feed.states["posts"].items()}


def stated(taken: Taken) -> list[tuple[str, str]]:
    """The type of each event of a file, and the day it speaks of."""
    told = [(one.envelope.type.split(".", 2)[2], one.data) for one in taken.events]
    return [(kind, str(data.effective_date)) for kind, data in told if isinstance(data, EventData)]


def test_what_a_door_rejects_is_stated_again_by_the_next_file_as_of_that_file() -> None:
    feed = FeedOfFiles(TEXT)
    sent(feed, posts(1), 0)
    before = kept(feed)
    rejected(feed, sent(feed, posts(1).replace("G9", "G10"), 1), before)
    assert stated(sent(feed, posts(1).replace("G9", "G11"), 2)) == [("post.changed.v1", "2023-04-01")]


def test_what_a_later_file_said_keeps_its_day_when_something_before_it_is_rejected() -> None:
    feed = FeedOfFiles(TEXT)
    sent(feed, posts(1), 0)
    before = kept(feed)
    second = sent(feed, posts(1).replace("G9", "G10"), 1)
    moved = posts(1).replace("G9", "G10").replace("Duty", "Court Team")
    assert stated(sent(feed, moved, 2)) == [("post.changed.v1", "2023-04-01")]
    rejected(feed, second, before)
    # The grade is told again, of the day on which the file said it; the team is not told anew.
    assert stated(sent(feed, moved, 3)) == [("post.changed.v1", "2023-03-02")]


# --- files of changes -------------------------------------------------------------------------------------------------


CASES = """
files:
  cases:
    kind: changes
    event: uk.workforce.caseload.counted.v1
    name: cases.csv
    dates: [dd/mm/yyyy]
    subject: Number
    columns: {counted_on: Day, cases: Cases}
"""


def counted(feed: FeedOfFiles, month: int, *rows: str) -> list[tuple[str, str]]:
    """The events of a file of caseloads: of which kind each is (stated, corrected, voided), and its worker."""
    content = "\n".join(["Number,Day,Cases", *rows, ""]).encode()
    day = FIRST + timedelta(days=30 * month)
    taken = feed.take("cases.csv", content, day, datetime(day.year, day.month, day.day, 19, tzinfo=UTC))
    assert taken.refusal is None
    workers = {name: KEYRING.pseudonym("331", "worker", name) for name in ("1", "2", "3")}
    by_subject = {f"worker/{pseudonym}": name for name, pseudonym in workers.items()}
    kinds = {(True, False): "corrected", (False, True): "voided", (False, False): "stated"}
    of = [one.envelope for one in taken.events]
    return [(kinds[one.supersedes is not None, one.voids is not None], by_subject[one.subject]) for one in of]


def test_a_row_that_a_later_file_of_changes_does_not_have_means_nothing_also_of_the_same_days() -> None:
    feed = FeedOfFiles(CASES)
    rows = ("1,30/09/2022,14", "1,31/12/2022,15", "2,30/09/2022,9")
    assert counted(feed, 0, *rows) == [("stated", "1"), ("stated", "1"), ("stated", "2")]
    assert counted(feed, 1, "1,31/12/2022,16", "3,30/09/2022,7") == [("corrected", "1"), ("stated", "3")]
    assert counted(feed, 2) == []


def test_a_file_of_changes_that_holds_all_voids_what_it_no_longer_has() -> None:
    feed = FeedOfFiles(CASES + "    policy: {history: complete, gone_after: 2, smallest_share: 0.5}\n")
    counted(feed, 0, "1,30/09/2022,14", "1,31/12/2022,15", "2,30/09/2022,9")
    assert counted(feed, 1, "1,30/09/2022,14", "2,30/09/2022,9") == [("voided", "1")]
    assert counted(feed, 2, "1,30/09/2022,14") == []
    assert counted(feed, 3, "1,30/09/2022,14") == [("voided", "2")]
