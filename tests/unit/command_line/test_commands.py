"""What holds of every command: how answers can be had, and what is said of files that cannot be used.

Nothing here asks a service that runs: these commands end before, or ask a door of the test.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from deploy.command_line.__main__ import app
from deploy.command_line.asking import in_path, variable_of
from deploy.command_line.events import send_events
from deploy.command_line.showing import show_table
from deploy.command_line.status import show_status

FAILED, USAGE = 1, 2
TABLES = {"status", "figures", "explain", "map", "send", "dead-letters list"}
"""What answers with a table, whose rows a program may want as CSV. Others say what they did, or show one thing."""


def commands() -> dict[str, Any]:
    found: dict[str, Any] = {}
    top: Any = typer.main.get_command(app)
    for name, command in top.commands.items():
        inner = getattr(command, "commands", None)
        found |= {name: command} if inner is None else {f"{name} {one}": inner[one] for one in inner}
    return found


def options_of(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def said(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words), env={"WORKFORCE_PEOPLE_URL": ""}, prog_name="workforce")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.mark.parametrize("name", sorted(commands()))
def test_each_command_answers_in_json_and_with_a_table_in_csv(name: str) -> None:
    options = options_of(commands()[name])
    assert "--json" in options
    assert ("--csv" in options) == (name in TABLES)


def test_a_name_with_slashes_leads_to_no_other_address() -> None:
    assert in_path("hr/../finance") == "hr%2F..%2Ffinance"


def test_answers_are_never_written_over_the_extract_that_is_sent(tmp_path: Path) -> None:
    (tmp_path / "posts_2023-10-31.csv").write_text("the only copy")
    for sent, annotate in ((tmp_path, tmp_path), (tmp_path / "posts_2023-10-31.csv", tmp_path)):
        code, text = said("send", str(sent), "--feed", "hr", "-a", "331", "--annotate", str(annotate))
        assert code == USAGE
        assert "would write over" in text
    assert (tmp_path / "posts_2023-10-31.csv").read_text() == "the only copy"


@pytest.mark.parametrize("command", [("send", "--mapping"), ("dead-letters mend 1 --reason x", "--data")])
def test_a_file_that_is_no_text_is_told_in_words(tmp_path: Path, command: tuple[str, str]) -> None:
    binary, extract = tmp_path / "mapping.yml", tmp_path / "posts_2023-10-31.csv"
    binary.write_bytes(b"\x89PNG\xff\xfe")
    extract.write_text("Post\n1\n")
    words, option = command
    of = (str(extract), "--feed", "hr", "-a", "331") if words == "send" else ()
    assert said(*words.split(), *of, option, str(binary)) == (
        FAILED,
        "workforce: a file is not text in UTF-8: save it so\n",
    )


def test_a_file_that_cannot_be_opened_is_told_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "events.ndjson"
    folder.mkdir()
    assert said("send", str(folder)) == (
        FAILED,
        f"workforce: {folder} cannot be read or written: Is a directory\n",
    )


def test_columns_and_what_they_seem_to_mean_come_as_a_table_instead_of_the_mapping(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("Post Number,Team\nPST-1,Duty\nPST-2,Court\n")
    done = CliRunner().invoke(app, ["map", str(file), "--csv"], prog_name="workforce")
    assert done.stdout.splitlines()[:2] == [
        "column,seems to be,because,codes that match nothing",
        "Post Number,post,by its name,",
    ]
    assert "decide:" in done.stderr
    assert "files:" not in done.stdout


@pytest.mark.parametrize(
    "option",
    [
        ("--dry-run",),
        ("--confirmed",),
        ("--feed", "hr"),
        ("--as-at", "2023-10-31"),
        ("--dates", "%d%m%Y"),
        ("--recorded-at", "2023-10-31T12:00:00Z"),
        ("--annotate", "answers.csv"),
    ],
    ids=lambda option: option[0],
)
def test_events_are_not_sent_where_an_option_is_given_that_is_of_extracts_alone(
    option: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "events.ndjson").write_text("{}")
    code, text = said("send", str(tmp_path / "events.ndjson"), *option)
    assert code == USAGE
    assert f"{option[0]} is for extracts" in " ".join(text.split())
    assert "nothing was sent" in " ".join(text.split())


def test_every_bad_line_is_told_with_its_number_and_the_good_ones_are_sent(tmp_path: Path) -> None:
    good = {"type": "uk.workforce.post.established.v1", "id": "e-1", "source": "/hr"}
    lines = ["not json", json.dumps(good), "", "[1]", '{"type": "uk.workforce.post.establishd.v1"}', "{}", "\xff"]
    file, asked = tmp_path / "events.ndjson", list[list[Any]]()
    file.write_bytes("\n".join(lines).encode("latin-1"))
    with responses_of("recruitment", asked):
        told = send_events([file])
    assert asked == [[good]]
    assert (told["sent"], told["accepted"], told["rejected"]) == (1, 1, 5)
    assert [fault.partition(":")[0] for fault in told["faults"]] == [
        "events.ndjson line 1",
        "events.ndjson line 4",
        "events.ndjson line 5",
        "events.ndjson line 6",
        "events.ndjson line 7",
    ]
    assert "not JSON" in told["faults"][0]
    assert "perhaps uk.workforce.post.established.v1" in told["faults"][2]
    assert "has no type" in told["faults"][3]
    assert "no text in UTF-8" in told["faults"][4]


def test_a_file_without_an_event_is_refused_with_every_line_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text('[{"id": 1}, \n[]\n')
    code, text = said("send", str(file))
    assert code == USAGE
    assert "nothing was sent" in text
    assert "events.ndjson line 1: not sent: it is not JSON" in text
    assert "events.ndjson line 2: not sent: it is no JSON object" in text


@contextmanager
def responses_of(service: str, asked: list[list[Any]]) -> Iterator[None]:
    """A door that accepts whatever it is sent; `asked` keeps it."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            results = [{"id": one["id"], "source": one["source"], "status": "accepted"} for one in asked[-1]]
            body = json.dumps({"results": results}).encode()
            self.send_response(202)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Door) as server, pytest.MonkeyPatch.context() as settings:
        settings.setenv(variable_of(service), f"http://127.0.0.1:{server.server_port}")
        answering = Thread(target=server.serve_forever)
        answering.start()
        try:
            yield
        finally:
            server.shutdown()
            answering.join()


def test_a_service_without_dead_letters_is_told_with_the_near_one() -> None:
    code, text = said("dead-letters", "list", "--service", "metric")
    assert (code, "perhaps metrics; one of metrics, recruitment, retention has" in text) == (USAGE, True)


@pytest.mark.parametrize(
    ("command", "words"), [("erase", "/v1/persons?authority="), ("explain", "in the column")], ids=["erase", "explain"]
)
def test_the_help_says_where_the_name_that_it_asks_for_is_found(command: str, words: str) -> None:
    code, text = said(command, "--help")
    assert (code, words in " ".join(text.split())) == (0, True)


def test_the_status_of_long_named_feeds_is_no_wider_than_a_small_window(capsys: pytest.CaptureFixture[str]) -> None:
    ready, source = "2026-11-27T06:08:35.267808Z", "/council/human-resources/extracts-of-employees"
    service: dict[str, Any] = {"service": "recruitment", "state": "not ready", "behind": 120_000}
    service |= {"complete_until": ready, "dead_letters_open": 12, "remarks": ["Kafka cannot be reached"]}
    feed: dict[str, Any] = {"source": source, "topic": "workforce.progression-panels", "service": "retention"}
    feed |= {"events": 12_415, "first_recorded_at": ready, "recorded_until": ready}
    feed |= {"last_accepted_at": ready, "newest_is_days_old": 1102}
    show_status([service], [feed | {"authority": "331"}, feed | {"authority": "332"}])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert any("2026-11-27 06:08" in line and "1102" in line and "332" in line for line in lines)
    assert "recruitment: Kafka cannot be reached" in lines


def test_nobody_is_erased_without_being_named() -> None:
    code, text = said("erase", "worker/", "-a", "331", "--reason", "request 1", "--yes")
    assert (code, "which worker?" in text) == (USAGE, True)


def test_the_title_of_a_narrow_table_is_in_one_piece(capsys: pytest.CaptureFixture[str]) -> None:
    title = "Vacancies, FTE, authority 331, as at 2023-10-31"
    show_table(title, ["FTE"], [["23.5"]])
    assert capsys.readouterr().out.splitlines()[0] == title
