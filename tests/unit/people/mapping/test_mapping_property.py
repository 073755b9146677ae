"""Rows and columns in another order say the same; whatever stands in cells and mappings, the answer is in our words."""

import dataclasses
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from services.people.files.reading import open_table
from services.people.mapping.model import read_mapping
from services.people.mapping.refusal import MappingRefused
from services.people.mapping.rows import named_rows
from services.people.statements import Statement
from tests.unit.people.mappings import GOOD, TEXT, mapping, read_all, written

CHANGES = {
    "posts": {
        "Post": ["P1", "P2", "p/3", "", "DUMMY1"],
        "Funded": ["1", "0.5", "x", ""],
        "From": ["01/04/2020", "01/04/2021", "31/04/2021", ""],
        "To": ["", "31/03/2021", "31/12/4712"],
    },
    "staff": {
        "Number": ["1", "000001", "2", ""],
        "Post": ["P1", "P2", "P 3"],
        "Hours": ["37", "22.2", "40", "22:12"],
        "Standard": ["37", "0"],
        "From": ["01/04/2020", "1-Apr-20", "01/05/2021"],
        "Left": ["", "31/03/2023"],
        "Born": ["10/12/1985", "soon"],
    },
}


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[dict[str, str]]]:
    """A file and its rows, some of them broken."""
    file = draw(st.sampled_from(sorted(CHANGES)))
    change = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CHANGES[file].items()})
    return file, [{**GOOD[file], **one} for one in draw(st.lists(change, min_size=1, max_size=8))]


def said(statements: list[Statement]) -> list[str]:
    """What is stated, whatever row states it."""
    return sorted(repr(dataclasses.replace(one, row=0)) for one in statements)


@given(files(), st.randoms(use_true_random=False))
def test_rows_and_columns_in_another_order_state_the_same(
    file_and_rows: tuple[str, list[dict[str, str]]], chance: Random
) -> None:
    file, rows = file_and_rows
    header = list(GOOD[file])
    shuffled_header, shuffled = header[:], rows[:]
    chance.shuffle(shuffled_header)
    chance.shuffle(shuffled)
    one = read_all(written(header, [[row[name] for name in header] for row in rows]), mapping().file(file))
    other_content = written(shuffled_header, [[row[name] for name in shuffled_header] for row in shuffled])
    other = read_all(other_content, mapping().file(file))
    assert said(one.statements) == said(other.statements)
    assert len(one.faults) == len(other.faults)
    assert len(one.left_out) == len(other.left_out)


@given(files())
def test_every_row_is_answered_once(file_and_rows: tuple[str, list[dict[str, str]]]) -> None:
    file, rows = file_and_rows
    header = list(GOOD[file])
    read = read_all(written(header, [[row[name] for name in header] for row in rows]), mapping().file(file))
    stated = [one.row for one in read.statements]
    rejected = {one.row for one in read.faults}
    left_out = [one.row for one in read.left_out]
    assert sorted([*stated, *rejected, *left_out]) == list(range(2, len(rows) + 2))


CELLS = st.one_of(
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20),
    st.from_regex(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2,4}", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{0,5}[.,]?[0-9]{0,8}(E[+-]?[0-9]{1,3})?%?", fullmatch=True),
)


@st.composite
def odd_rows(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A file, and a row of it in which up to four cells hold anything."""
    file = draw(st.sampled_from(sorted(GOOD)))
    odd = draw(st.dictionaries(st.sampled_from(sorted(GOOD[file])), CELLS, max_size=4))
    return file, list({**GOOD[file], **odd}.values())


@given(odd_rows())
def test_whatever_stands_in_its_cells_a_row_is_stated_rejected_or_left_out(file_and_row: tuple[str, list[str]]) -> None:
    file, row = file_and_row
    content = written(list(GOOD[file]), [row])
    rows = list(named_rows(open_table(content, mapping().file(file).layout), mapping().file(file)))
    read = read_all(content, mapping().file(file))
    assert len(read.statements) + len({one.row for one in read.faults}) + len(read.left_out) == len(rows)


def answered(text: str) -> str:
    """A mapping, or a refusal; nothing else may come of a text."""
    try:
        read_mapping(text)
    except MappingRefused as refused:
        return "refused" if refused.faults and str(refused) else "refused without a word"
    return "a mapping"


@given(st.text(max_size=200))
@example("? [a]\n: b")
@example("!!python/object/apply:os.system [ls]")
@example("files: {a: {kind: [posts], name: x, columns: {}}}")
@example("files: {a: {kind: changes, event: {}, name: x, columns: {}}}")
@example("- files")
@example("files: []")
@example("<<: {files: 1}")
def test_whatever_text_comes_as_a_mapping_the_answer_is_a_mapping_or_a_refusal(text: str) -> None:
    assert answered(text) in ("refused", "a mapping")


@given(st.lists(st.tuples(st.integers(0, 1 << 14), st.integers(0, 30), st.text(max_size=6)), min_size=1, max_size=4))
def test_a_mapping_changed_anywhere_is_a_mapping_or_refused(changes: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for place, length, instead in changes:
        at = place % len(text) if text else 0
        text = text[:at] + instead + text[at + length :]
    assert answered(text) in ("refused", "a mapping")
