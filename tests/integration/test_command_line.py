"""The command `workforce` as people use it: against running services, by its exit codes, and by what it says.

Invariant: what it ends with is what its help says; nobody ever sees a traceback.
"""

import csv
import io
import json
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from typer.testing import CliRunner

from contracts.catalogue import POSTS
from contracts.envelope import Event, kafka_headers
from deploy.command_line.__main__ import app
from deploy.embedded.services import REPOSITORY
from tests.histories import at, established, event, started
from tests.integration.alone import Alone
from tests.integration.arrival import arrival
from tests.integration.test_dead_letters import dead_letters, good_post
from tests.parts import RealSystem, free_port

OK, FAILED, USAGE, AWAY = 0, 1, 2, 3
AUTHORITY = "371"
APRIL = date(2023, 4, 1)


@dataclass(frozen=True)
class Said:
    """What a command ended with, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out)))


class Terminal:
    """Somebody who gives commands, with these settings."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.settings = dict(settings)

    def __call__(self, *words: str, **settings: str) -> Said:
        done = CliRunner().invoke(app, list(words), env=self.settings | settings, prog_name="workforce")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "Traceback" not in done.output
        return Said(done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def workforce(system: RealSystem) -> Terminal:
    """A terminal that knows where the three services are, and that there is none for extracts."""
    urls = {f"WORKFORCE_{name.upper()}_URL": service.url for name, service in system.services.items()}
    return Terminal(urls | {"WORKFORCE_PEOPLE_URL": "", "WORKFORCE_API_KEY": "", "WORKFORCE_AUTHORITY": AUTHORITY})


@pytest.fixture
def with_keys(alone: Alone) -> Terminal:
    """A terminal for a metrics that wants keys, and no other service."""
    others = {f"WORKFORCE_{name}_URL": "" for name in ("RECRUITMENT", "RETENTION", "PEOPLE")}
    return Terminal(others | {"WORKFORCE_METRICS_URL": alone.url, "WORKFORCE_API_KEY": alone.keys["operator"]})


def written(found: Event) -> dict[str, Any]:
    attributes = found.envelope.model_dump(mode="json", exclude_none=True)
    return attributes | {"data": json.loads(found.body)}


def own(data: Any, subject: str, id: str) -> Event:
    return event(data, subject, at(APRIL), id, authority=AUTHORITY)


TWO_POSTS = [
    own(established(APRIL), "post/P-1", "post-1"),
    own(established(APRIL), "post/P-2", "post-2"),
    own(started(APRIL, "P-1"), "worker/W-1", "start-1"),
]


@pytest.fixture
async def two_posts(system: RealSystem, workforce: Terminal, tmp_path: Path) -> Said:
    """What was said when two posts, one of them held, were sent; they count."""
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(json.dumps(written(one)) for one in TWO_POSTS))
    said = workforce("send", str(file), "--json")
    await arrival(system.databases["metrics"], AUTHORITY, {"post/P-1", "post/P-2", "worker/W-1"}, 3)
    return said


# --- send -------------------------------------------------------------------------------------------------------------


def test_events_of_a_file_are_sent_and_sent_again_known(two_posts: Said, workforce: Terminal, tmp_path: Path) -> None:
    assert two_posts.code == OK
    assert two_posts.json["rejected"] == 0
    again = workforce("send", str(tmp_path / "events.ndjson"), "--json")
    assert (again.code, again.json) == (
        OK,
        {"sent": 3, "accepted": 0, "already_known": 3, "rejected": 0, "faults": []},
    )


def test_an_event_that_is_rejected_is_told_with_what_would_be_right(workforce: Terminal, tmp_path: Path) -> None:
    bad = written(TWO_POSTS[0]) | {"id": "bad-1"}
    bad["data"] = bad["data"] | {"funded_fte": "much"}
    (tmp_path / "events.json").write_text(json.dumps([bad]))
    said = workforce("send", str(tmp_path / "events.json"))
    assert said.code == FAILED
    assert "/coventry/hr#bad-1: data.funded_fte" in said.err


@pytest.mark.parametrize(
    ("content", "told"),
    [("{", "is not JSON"), ('{"type": "post"}', "'post' is no type of event"), ("[7]", "is no JSON object")],
)
def test_a_file_that_holds_no_events_is_refused_before_anything_is_sent(
    workforce: Terminal, tmp_path: Path, content: str, told: str
) -> None:
    (tmp_path / "events.json").write_text(content)
    said = workforce("send", str(tmp_path / "events.json"))
    assert (said.code, told in said.err) == (USAGE, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "which feed? Say --feed hr"),
        (("--feed", "hr"), "employees.csv has no date in its name that can be read: say --as-at 2023-10-31"),
        (("--feed", "hr", "--as-at", "yesterday"), "--as-at yesterday is not a date: right would be 2023-10-31"),
    ],
)
def test_an_extract_needs_a_feed_and_a_date(
    workforce: Terminal, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "employees.csv").write_text("a,b\n1,2\n")
    said = workforce("send", str(tmp_path / "employees.csv"), *words)
    assert (said.code, told in said.err) == (USAGE, True)


# --- figures and explain ----------------------------------------------------------------------------------------------

OF_JUNE = ("vacancies", "--as-at", "2023-06-30")


def test_a_figure_as_json_csv_and_table(two_posts: Said, workforce: Terminal) -> None:
    body = workforce("figures", *OF_JUNE, "--by", "role", "--json").json
    assert (body["total"], body["rows"]) == (1.0, [{"role": "social-worker", "value": 1.0}])
    (row,) = workforce("figures", *OF_JUNE, "--by", "role", "--csv").rows
    assert (row["role"], row["value"]) == ("social-worker", "1.0")
    table = workforce("figures", *OF_JUNE, "--by", "role")
    assert table.code == OK
    assert "social-worker" in table.out
    # Nothing was sent for years.
    assert "stale" not in table.err


def test_a_series_has_a_line_for_each_month(two_posts: Said, workforce: Terminal) -> None:
    series = ("figures", "vacancies", "--from", "2023-04-01", "--to", "2023-06-30", "--every", "month")
    assert workforce(*series, "--json").json["totals"] == [1.0, 1.0, 1.0]
    table = workforce(*series)
    assert [day in table.out for day in ("2023-04-30", "2023-05-31", "2023-06-30")] == [True, True, True]


def test_a_figure_and_a_subject_are_explained(two_posts: Said, workforce: Terminal) -> None:
    (part,) = workforce("explain", *OF_JUNE, "--json").json["parts"]
    assert (part["subjects"], part["amount"]) == (["post/P-2"], "1")
    events = workforce("explain", "post/P-2", "--json").json["events"]
    assert [found["id"] for found in events] == ["post-2"]
    assert "post/P-2" in workforce("explain", *OF_JUNE).out
    assert "post-2" in workforce("explain", "post/P-2").out


README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_each_line_that_the_readme_shows_is_answered(two_posts: Said, workforce: Terminal) -> None:
    lines = re.findall(r"^\./workforce (.+)$", README, re.MULTILINE)
    assert [line.split()[0] for line in lines] == ["status", "figures", "explain"]
    for line in lines:
        said = workforce(*shlex.split(line.replace("331", AUTHORITY)))
        # Of the status the code says how the services are.
        assert said.code in ((OK, FAILED) if line == "status" else (OK,)), said.err
        assert said.out


def test_without_a_measure_all_are_listed(workforce: Terminal) -> None:
    names = {row["measure"] for row in workforce("figures", "--csv").rows}
    assert {"vacancies", "turnover-rate", "average-caseload"} <= names


@pytest.mark.parametrize(
    ("words", "settings", "code", "told"),
    [
        (("vacancies",), {"WORKFORCE_AUTHORITY": ""}, USAGE, "which authority? Say --authority 331"),
        (("vacancies", "-a", "999"), {}, FAILED, "No event of authority 999 was known"),
        (("vacancys",), {}, FAILED, "'vacancys' is not a measure"),
        (
            ("vacancies", "--by", "colour"),
            {},
            FAILED,
            "by cannot be read (came: colour); right would be: for vacancies one or more of role",
        ),
        (("vacancies", "--as-at", "soon"), {}, FAILED, "as_at"),
        (("vacancies", "--census-year", "soon"), {}, USAGE, "census-year"),
    ],
)
def test_what_was_asked_wrongly_is_told_with_what_would_be_right(
    two_posts: Said, workforce: Terminal, words: tuple[str, ...], settings: dict[str, str], code: int, told: str
) -> None:
    said = workforce("figures", *words, **settings)
    assert (said.code, said.out) == (code, "")
    assert told in said.err


# --- away, and without a key ------------------------------------------------------------------------------------------


def test_a_service_that_is_away_is_named_with_the_setting_that_says_where_it_is(workforce: Terminal) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    said = workforce("figures", "vacancies", WORKFORCE_METRICS_URL=nowhere)
    assert said.code == AWAY
    assert f"metrics at {nowhere} does not answer" in said.err
    assert "WORKFORCE_METRICS_URL" in said.err


def test_without_a_key_it_is_told_which_setting_holds_it(with_keys: Terminal) -> None:
    for key in ("", "a wrong one"):
        said = with_keys("figures", "vacancies", "-a", "331", WORKFORCE_API_KEY=key)
        assert said.code == FAILED
        assert "metrics needs a key that it knows: set WORKFORCE_API_KEY" in said.err
        assert "a wrong one" not in said.err + said.out


def test_a_key_for_another_authority_is_told_so(with_keys: Terminal, alone: Alone) -> None:
    said = with_keys("figures", "vacancies", "-a", "332", WORKFORCE_API_KEY=alone.keys["analyst"])
    assert (said.code, "This key may not read figures of authority 332" in said.err) == (FAILED, True)
    not_mine = with_keys("dead-letters", "list", WORKFORCE_API_KEY=alone.keys["analyst"])
    assert (not_mine.code, "`operate` for all authorities" in not_mine.err) == (FAILED, True)


# --- status -----------------------------------------------------------------------------------------------------------


def test_the_status_tells_of_each_service_and_of_each_feed(two_posts: Said, workforce: Terminal) -> None:
    said = workforce("status", "--json")
    services = {one["service"]: one for one in said.json["services"]}
    assert services.keys() == {"metrics", "recruitment", "retention"}
    assert services["metrics"]["dead_letters_open"] is not None
    assert said.code == (OK if all(one["state"] == "ready" for one in services.values()) else FAILED)
    feeds = {(feed["source"], feed["topic"]): feed["events"] for feed in said.json["feeds"]}
    assert feeds == {("/coventry/hr", "workforce.posts"): 2, ("/coventry/hr", "workforce.hiring"): 1}
    assert {row["topic"] for row in workforce("status", "--feeds", "--csv").rows} == {
        "workforce.posts",
        "workforce.hiring",
    }
    assert "recruitment" in workforce("status").out
    # One table alone is a table: --csv gives the services, and the feeds with --feeds.
    assert {row["service"] for row in workforce("status", "--csv").rows} == services.keys()


def test_the_status_of_a_service_that_is_away_hides_nothing_of_the_others(workforce: Terminal) -> None:
    said = workforce("status", "--json", WORKFORCE_RETENTION_URL=f"http://127.0.0.1:{free_port()}")
    states = {one["service"]: one["state"] for one in said.json["services"]}
    assert (said.code, states["retention"]) == (AWAY, "away")
    assert states["recruitment"] != "away"


# --- dead letters -----------------------------------------------------------------------------------------------------


async def a_bad_post(system: RealSystem, good: Event) -> int:
    """The offset of the letter of a post whose FTE is none."""
    known = len(dead_letters(system, 0))
    producer = AIOKafkaProducer(bootstrap_servers=system.broker.servers)
    await producer.start()
    bad = json.dumps(json.loads(good.body) | {"funded_fte": "much"}).encode()
    await producer.send_and_wait(POSTS.name, value=bad, key=good.key, headers=kafka_headers(good.envelope))
    await producer.stop()
    offset: int = dead_letters(system, known + 1)[-1]["offset"]
    return offset


async def test_a_dead_letter_is_listed_shown_mended_and_open_no_more(
    system: RealSystem, workforce: Terminal, new: str
) -> None:
    good = good_post(new)
    offset = str(await a_bad_post(system, good))

    def listed(*words: str) -> dict[str, dict[str, str]]:
        return {row["offset"]: row for row in workforce("dead-letters", "list", "--csv", *words).rows}

    assert listed()[offset]["state"] == "open"
    shown = workforce("dead-letters", "show", offset)
    assert (shown.code, '"funded_fte": "much"' in shown.out) == (OK, True)
    mend = ("dead-letters", "mend", offset, "--reason", "mistyped")
    still_wrong = workforce(*mend, "--set", "funded_fte=several")
    assert (still_wrong.code, "data.funded_fte" in still_wrong.err) == (FAILED, True)
    assert workforce(*mend, "--set", "funded_fte=1", "--json").json == {"sent": 1}
    await arrival(system.databases["metrics"], "361", {f"post/P-{new}"}, 1)
    assert offset not in listed()
    assert listed("--all")[offset]["done"].startswith("mended by loopback at ")


async def test_a_dead_letter_is_sent_again_or_dismissed_with_a_reason(
    system: RealSystem, workforce: Terminal, new: str
) -> None:
    first = str(await a_bad_post(system, good_post(new)))
    without = workforce("dead-letters", "dismiss", first)
    assert (without.code, "--reason" in without.err) == (USAGE, True)
    assert workforce("dead-letters", "dismiss", first, "--reason", "a test", "--json").json == {"dismissed": 1}
    again = workforce("dead-letters", "send-again", first)
    assert (again.code, again.out) == (OK, "1 sent\n")
    nowhere = workforce("dead-letters", "send-again", "999999")
    assert (nowhere.code, "there is no such record" in nowhere.err) == (FAILED, True)


@pytest.mark.parametrize(
    "words",
    [
        ("mend", "1", "--reason", "a test"),
        ("mend", "1", "--reason", "a test", "--header", "ce_subject"),
        ("list", "--service", "people"),
        ("show", "first"),
    ],
)
def test_dead_letters_asked_for_wrongly_are_refused_before_anything_is_done(
    workforce: Terminal, words: tuple[str, ...]
) -> None:
    said = workforce("dead-letters", *words)
    assert (said.code, said.out) == (USAGE, "")


# --- replay -----------------------------------------------------------------------------------------------------------


def test_a_replay_derives_what_there_is_and_changes_no_figure(two_posts: Said, workforce: Terminal) -> None:
    said = workforce("replay", "--json")
    assert (said.code, said.json) == (OK, {"authority": AUTHORITY, "queued": 3, "waiting": 0, "failed": 0})
    assert workforce("figures", *OF_JUNE, "--json").json["total"] == 1.0
    neither = workforce("replay", WORKFORCE_AUTHORITY="")
    assert (neither.code, "Either --authority 331 or --all" in neither.err) == (USAGE, True)


# --- map, and help ----------------------------------------------------------------------------------------------------


def test_a_first_mapping_is_proposed_without_any_service(tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text("Post Number,Job Title,FTE,Start Date\nP-1,Social Worker,1.0,2023-04-01\n")
    said = Terminal({"WORKFORCE_PEOPLE_URL": ""})("map", str(tmp_path / "posts.csv"), "--json")
    assert said.code == OK
    assert [column["column"] for column in said.json["columns"]] == ["Post Number", "Job Title", "FTE", "Start Date"]
    assert said.json["mapping"]
    (tmp_path / "empty.csv").write_bytes(b"")
    refused = Terminal({})("map", str(tmp_path / "empty.csv"))
    assert (refused.code, refused.out) == (FAILED, "")
    assert "empty.csv cannot be read" in refused.err


COMMANDS = ("status", "figures", "explain", "map", "send", "replay", "dead-letters", "erase")


def test_the_help_names_every_command_and_what_each_exit_code_means() -> None:
    told = Terminal({})("--help").out
    assert [name for name in COMMANDS if f"\n  {name} " not in told] == []
    assert "Exit codes: 0 all went well; 1 something was rejected" in " ".join(told.split())
    assert "--install-completion" in told


@pytest.mark.parametrize(
    "words",
    [*((name,) for name in COMMANDS if name != "dead-letters")]
    + [("dead-letters", name) for name in ("list", "show", "mend", "send-again", "dismiss")],
    ids=" ".join,
)
def test_the_help_of_each_command_teaches_by_an_example(words: tuple[str, ...]) -> None:
    said = Terminal({})(*words, "--help")
    assert said.code == OK
    assert f"\n    workforce {' '.join(words)}" in said.out


def test_it_runs_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [REPOSITORY / "workforce", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (OK, "")
    assert done.stdout.startswith("Usage: workforce [OPTIONS] COMMAND")


def test_an_unknown_command_is_a_mistake_in_use() -> None:
    said = Terminal({})("vacancies")
    assert (said.code, "No such command 'vacancies'" in said.err) == (USAGE, True)
