"""docs/extracts.md says of every field and of every word of a mapping that there is one: none is added unseen."""

import re
from pathlib import Path

import pytest

from services.people.mapping import fields
from services.people.mapping.document import LayoutWords, PersonsWords, PolicyWords, fields_of
from services.people.mapping.model import read_mapping
from services.people.statements import Kind

PAGE = (Path(__file__).parents[4] / "docs" / "extracts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [Kind.POSTS, Kind.HOLDINGS, Kind.COVERS])
def test_the_page_names_every_field_of_a_kind_as_needed_or_not(kind: Kind) -> None:
    (row,) = re.findall(rf"^\| `{kind}` \|.*$", PAGE, re.MULTILINE)
    _, _, _, needed, possible, _ = row.split("|")
    named = re.compile(r"`(\w+)`")
    stated = fields_of(kind, None)
    assert set(named.findall(needed)) == {name for name, one in stated.items() if one.required}
    assert set(named.findall(possible)) == {name for name, one in stated.items() if not one.required}


@pytest.mark.parametrize(
    "words",
    [
        LayoutWords,
        PolicyWords,
        PersonsWords,
        fields.FteWords,
        fields.CodeWords,
        fields.DateWords,
        fields.ReferenceRule,
        fields.ScopeRule,
    ],
)
def test_the_page_tells_every_word(words: type[fields.Words]) -> None:
    for name, field in words.model_fields.items():
        assert re.search(rf"\b{field.alias or name}\b", PAGE), name


def test_what_the_page_shows_of_units_and_roles_is_a_mapping() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (units,) = (block for block in blocks if "made_of" in block)
    mapping = read_mapping(f"codes: {{roles: {{SW: social-worker}}, units: [Duty], areas: [Help]}}\n{units}")
    assert [one.kind for one in mapping.files] == [Kind.POSTS]
    (short,) = (block for block in blocks if block.startswith("references"))
    assert [one.kind for one in read_mapping(short).files] == [Kind.HOLDINGS]
