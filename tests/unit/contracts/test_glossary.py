"""The glossary lists the words that the code uses, each once, and no others."""

import re
from itertools import chain
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
TERM = re.compile(r"^\| (?!word \|)(?P<terms>[^|]+) \| (?P<meaning>[^|]+) \|$", re.MULTILINE)
TERMS = [
    term
    for row in TERM.finditer((REPOSITORY / "docs/glossary.md").read_text("utf-8"))
    for term in row["terms"].split(", ")
]


@pytest.fixture(scope="module")
def code() -> str:
    """All of the code in small letters, with names taken apart into their words."""
    files = chain.from_iterable(
        (REPOSITORY / folder).rglob("*.py") for folder in ("contracts", "services", "deploy", "tests")
    )
    names = " ".join(path.read_text("utf-8") for path in files if path != Path(__file__))
    return re.sub(r"[_\s]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", names)).lower()


@pytest.mark.parametrize("term", TERMS)
def test_a_word_of_the_glossary_is_a_word_of_the_code(term: str, code: str) -> None:
    assert term.lower() in code


def test_a_word_is_explained_once() -> None:
    assert len(TERMS) > 50
    assert sorted(TERMS) == sorted(set(TERMS))
