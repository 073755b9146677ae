"""Whoever follows a link of a document, or a docstring to a definition, finds what is named there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
DEFINITIONS = REPOSITORY / "docs" / "definitions.md"
DOCUMENTS = [
    *(REPOSITORY / name for name in ("README.md", "CHANGELOG.md", "contracts/README.md")),
    *(REPOSITORY / "deploy").rglob("README.md"),
    *(REPOSITORY / "docs").rglob("*.md"),
]
CODE = [path for folder in ("contracts", "services", "deploy", "tests") for path in (REPOSITORY / folder).rglob("*.py")]

FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
OF_CODE = re.compile(r"docs/definitions\.md,\s+'([^']+)'")


def headings(text: str) -> list[str]:
    """The headings of a document as they are read: without marks of code, emphasis and links."""
    headings = HEADING.findall(FENCED.sub("", text))
    return [re.sub(r"[`*]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)) for heading in headings]


def anchors(text: str) -> set[str]:
    """What a link can name behind its #, as GitHub makes it of headings: of several alike the later are numbered."""
    counted: dict[str, int] = {}
    for heading in headings(text):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        counted[anchor] = counted.get(anchor, -1) + 1
        if counted[anchor]:
            counted[f"{anchor}-{counted[anchor]}"] = 0
    return set(counted)


def links_to_nothing(document: Path) -> Iterator[str]:
    """The links within the repository that lead nowhere."""
    text = re.sub(r"`[^`\n]*`", "", FENCED.sub("", document.read_text(encoding="utf-8")))
    for target in LINK.findall(text):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            yield target


def test_anchors_are_made_as_github_makes_them() -> None:
    text = "# FTE of `0`\n```\n# no heading\n```\n## What DfE's own rates say: *all*\n### Due\n### [Due](x.md)\n"
    assert anchors(text) == {"fte-of-0", "what-dfes-own-rates-say-all", "due", "due-1"}


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Here\n")
    document = tmp_path / "document.md"
    document.write_text(
        "# One\n[a](other.md#here) [b](other.md#there) [c](none.md) [d\ne](#one) [f](#two) `[g](none.md)`\n"
        "[h](https://workforce.example/#x)\n```\n[i](none.md)\n```\n"
    )
    assert list(links_to_nothing(document)) == ["other.md#there", "none.md", "#two"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    assert list(links_to_nothing(document)) == []


def test_every_definition_that_code_names_has_a_heading() -> None:
    named = {name for path in CODE for name in OF_CODE.findall(path.read_text(encoding="utf-8"))}
    assert {"Order of recording", "Working days lost", "Children"} <= named
    assert named - set(headings(DEFINITIONS.read_text(encoding="utf-8"))) == set()


def test_no_two_definitions_have_the_same_heading() -> None:
    titles = headings(DEFINITIONS.read_text(encoding="utf-8"))
    assert sorted(titles) == sorted(set(titles))
