"""The list of mistakes that no test needs to notice: each entry says why, and speaks of lines that are there."""

from pathlib import Path

import pytest

from tests.mutation.accepted import accepted

REPOSITORY = Path(__file__).parents[3]
ENTRY = """
- file: contracts/codes.py
  in: Code.of
  change: |
    - if code < last:
    + if code <= last:
  why: no two codes are the same
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "accepted.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_every_accepted_change_begins_with_lines_that_its_file_has() -> None:
    for entry in accepted():
        lines = {line.strip() for line in (REPOSITORY / entry.file).read_text(encoding="utf-8").splitlines()}
        gone = [line[1:].strip() for line in entry.change.splitlines() if line.startswith("-")]
        assert gone, f"{entry.file}, in {entry.within}: no line that is changed"
        assert not set(gone) - lines, f"{entry.file}, in {entry.within}: take the entry out, its lines are no more"


def test_no_change_is_accepted_twice() -> None:
    identities = [entry.identity for entry in accepted()]
    assert sorted(identities) == sorted(set(identities))


def test_an_entry_is_known_by_its_file_its_function_and_its_lines(tmp_path: Path) -> None:
    (entry,) = accepted(written(tmp_path, ENTRY))
    assert entry.identity == ("contracts/codes.py", "Code.of", "- if code < last:\n+ if code <= last:")
    assert entry.why == "no two codes are the same"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (ENTRY.replace("  why: no two codes are the same\n", ""), "entry 1 of accepted.yml: wants the texts"),
        (ENTRY.replace("no two codes are the same", "equivalent"), "entry 1 of accepted.yml: say why"),
        (ENTRY + ENTRY.replace("in: Code.of", "line: 12"), "entry 2 of accepted.yml: wants the texts"),
    ],
    ids=["no reason", "a word for a reason", "a line's number"],
)
def test_an_entry_that_is_not_as_it_should_be_is_refused_by_its_place(tmp_path: Path, wrong: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        accepted(written(tmp_path, wrong))
