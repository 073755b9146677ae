"""`workforce send`: extracts from a terminal, what becomes of each row, and a folder of past months.

Invariant: what is counted here can be counted in the few lines of the files below.
"""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from deploy.command_line.__main__ import app
from tests.people.council import PLAIN, Council, Person, employees, posts

OK, FAILED = 0, 1
TWO_POSTS = posts(1, 2)
ONE_WRONG = posts(1, 2) + "\n" + posts(3, role="Social Wroker").splitlines()[1]


class Terminal:
    """The council's own terminal, with the key of its HR system."""

    def __init__(self, council: Council, caller: str = "HR system") -> None:
        urls = {f"WORKFORCE_{name.upper()}_URL": service.url for name, service in council.system.services.items()}
        self.settings = urls | {"WORKFORCE_AUTHORITY": council.authority, "WORKFORCE_API_KEY": council.keys[caller]}

    def __call__(self, *words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, list(words), env=self.settings, prog_name="workforce")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr


def test_an_extract_is_sent_taken_in_and_sent_again_changes_nothing(council: Council, tmp_path: Path) -> None:
    workforce, file = Terminal(council), tmp_path / "posts_2023-10-31.csv"
    file.write_text(TWO_POSTS)
    code, out, _ = workforce("send", str(file), "--feed", "hr", "--json")
    (told,) = json.loads(out)
    assert (code, told["state"], told["as_at"]) == (OK, "delivered", "2023-10-31")
    assert (told["rows"]["read"], told["rows"]["accepted"], told["rows"]["rejected"]) == (2, 2, 0)
    code, out, _ = workforce("send", str(file), "--feed", "hr")
    assert (code, "posts_2023-10-31.csv" in out) == (OK, True)


def test_a_dry_run_tells_what_would_happen_and_changes_nothing(council: Council, tmp_path: Path) -> None:
    workforce, file = Terminal(council), tmp_path / "posts.csv"
    file.write_text(ONE_WRONG)
    dry = ("send", str(file), "--feed", "hr", "--as-at", "2023-10-31", "--dry-run")
    code, out, _ = workforce(*dry, "--json")
    (told,) = json.loads(out)
    assert code == FAILED
    assert told["events"] == [{"type": "uk.workforce.post.established.v1", "events": 2}]
    code, _, said = workforce(*dry)
    assert code == FAILED
    assert "Vacancies: 0.0 -> 2.0" in said
    assert "Job Title" in said
    # Twice the same: nothing was kept of the first.
    assert "2 x uk.workforce.post.established.v1" in said


def test_what_is_wrong_with_a_row_is_told_when_it_is_sent_as_in_a_dry_run(council: Council, tmp_path: Path) -> None:
    workforce, file = Terminal(council), tmp_path / "posts.csv"
    file.write_text(ONE_WRONG)
    sent = ("send", str(file), "--feed", "hr", "--as-at", "2023-10-31", "--csv")
    for more in (("--dry-run",), ()):
        code, out, said = workforce(*sent, *more)
        assert code == FAILED
        assert "row 4, Job Title: matches no code of the mapping (came: Social Wroker)" in said
        assert "right would be: perhaps Social Worker or Advanced Social Worker; one of" in said
        heading, line = out.splitlines()
        assert heading == "file,as at,state,read,accepted,already known,rejected,left out"
        assert line == f"posts.csv,2023-10-31,{'dry run' if more else 'delivered'},3,2,0,1,0"


def test_the_answer_to_each_row_is_written_beside_the_file(council: Council, tmp_path: Path) -> None:
    file, answers = tmp_path / "posts.csv", tmp_path / "answers.csv"
    file.write_text(ONE_WRONG)
    sent = ("send", str(file), "--feed", "hr", "--as-at", "2023-10-31", "--annotate", str(answers))
    code, _, said = Terminal(council)(*sent)
    assert (code, f"the answer to each row stands in {answers}" in said) == (FAILED, True)
    heading, *lines = answers.read_text().splitlines()
    assert heading.startswith("row,status,column,value,problem,expected")
    assert [line.split(",")[1] for line in lines] == ["accepted", "accepted", "rejected"]
    assert "Social Wroker" in lines[2]


def test_a_folder_of_past_months_is_sent_in_the_order_of_its_dates(council: Council, tmp_path: Path) -> None:
    (tmp_path / "posts_2023-02.csv").write_text(posts(1, 2, 3))
    (tmp_path / "posts_2023-01.csv").write_text(TWO_POSTS)
    code, out, _ = Terminal(council)("send", str(tmp_path), "--feed", "hr", "--json")
    told: list[dict[str, Any]] = json.loads(out)
    assert code == OK
    assert [(one["as_at"], one["recorded_at"]) for one in told] == [
        ("2023-01-31", "2023-01-31T23:59:59Z"),
        ("2023-02-28", "2023-02-28T23:59:59Z"),
    ]
    assert [one["rows"]["accepted"] for one in told] == [2, 1]


def test_behind_a_file_that_is_refused_none_is_sent(council: Council, tmp_path: Path) -> None:
    (tmp_path / "posts_2023-01.csv").write_text("no,such,columns\n1,2,3\n")
    (tmp_path / "posts_2023-02.csv").write_text(TWO_POSTS)
    code, _, said = Terminal(council)("send", str(tmp_path), "--feed", "hr")
    assert code == FAILED
    assert "posts_2023-01.csv is refused, nothing changed: " in said
    assert "1 files behind it were not sent" in said
    assert council.ask("GET", "/v1/feeds").json()["feeds"] == []


def test_a_feed_without_a_mapping_is_told_and_one_can_be_sent_with_the_file(council: Council, tmp_path: Path) -> None:
    workforce, file = Terminal(council), tmp_path / "posts.csv"
    file.write_text(TWO_POSTS)
    sent = ("send", str(file), "--feed", "another", "--as-at", "2023-10-31")
    code, out, said = workforce(*sent)
    assert (code, out) == (FAILED, "")
    assert "mapping" in said
    code, out, _ = workforce(*sent, "--mapping", str(PLAIN), "--json")
    assert (code, json.loads(out)[0]["rows"]["accepted"]) == (OK, 2)


def workers_of(council: Council, number: int) -> list[str]:
    """Under which pseudonyms figures know who has this number."""
    answer = council.ask("GET", "/v1/persons", "registrar", reference=str(number), reason="a test")
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.json()["workers"]
    return found


def test_a_person_is_erased_when_somebody_says_yes_and_not_before(council: Council) -> None:
    council.delivered("posts.csv", posts(7))
    council.delivered("employees.csv", employees(Person(7)))
    workforce, (worker,) = Terminal(council, "eraser"), workers_of(council, 7)
    erase = ("erase", worker, "--reason", "request 1")
    code, out, said = workforce(*erase)
    assert (code, "Erase all details of" in out + said) == (FAILED, True)
    assert workers_of(council, 7) == [worker]
    code, out, _ = workforce(*erase, "--yes")
    assert (code, out.startswith(f"{worker} was erased at ")) == (OK, True)
    assert workers_of(council, 7) == []


def test_who_may_not_erase_is_told_so(council: Council) -> None:
    code, out, said = Terminal(council)("erase", "W-0001", "--reason", "request 1", "--yes")
    assert (code, out) == (FAILED, "")
    assert "right" in said
