"""A file that cannot be taken in is refused whole: the answer says what is wrong, where, and what would be right."""

import tracemalloc

import pytest

from services.people.files.layout import Layout
from services.people.files.reading import open_table
from services.people.files.refusal import FileRefused
from tests.unit.people.files.broken_files import BROKEN_FILES, BrokenFile

MOST_MEMORY = 24 << 20
"""Bytes beside the file itself that refusing may take."""


@pytest.mark.parametrize("broken", BROKEN_FILES, ids=lambda broken: broken.name)
def test_a_broken_file_is_refused_with_what_is_wrong_and_what_would_be_right(broken: BrokenFile) -> None:
    content = broken.content()
    with pytest.raises(FileRefused) as refused:
        for _ in open_table(content, broken.layout).rows():
            pass
    assert broken.problem in refused.value.problem
    assert broken.expected in refused.value.expected
    if broken.where is not None:
        assert refused.value.where == broken.where


@pytest.mark.parametrize("broken", BROKEN_FILES, ids=lambda broken: broken.name)
def test_refusing_takes_little_memory_whatever_the_file_is(broken: BrokenFile) -> None:
    content = broken.content()
    tracemalloc.start()
    try:
        with pytest.raises(FileRefused):
            for _ in open_table(content, broken.layout).rows():
                pass
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


def test_no_cell_of_a_row_is_repeated_by_a_refusal() -> None:
    for row in ("Ada,Lovelace,1815", 'Ada,"Lovelace', "Ada,Lovelace,1815,x,y\nLove"):
        with pytest.raises(FileRefused) as refused:
            for _ in open_table(f"Forename,Surname,Born,Post\n{row}".encode(), Layout()).rows():
                pass
        assert "Lovelace" not in str(refused.value)
        assert "Ada" not in str(refused.value)
