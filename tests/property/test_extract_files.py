"""Whatever was recorded: written as files in the layouts of the worked examples, it is read as it was stated."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Event
from services.people.files.reading import open_table
from services.people.files.refusal import FileRefused
from services.people.mapping.model import read_mapping
from services.people.mapping.reader import Reader
from services.people.mapping.rows import NamedRow, named_rows
from services.people.statements import Statement
from tests.histories import histories, histories_of_leavers
from tests.people.hr_system import written
from tests.people.layouts import Writing, example
from tests.property.test_timelines import LATEST_INSTANT

HISTORIES = histories() | histories_of_leavers()


def read_back(name: str, file: str, content: bytes) -> list[Statement]:
    """What a file says, with references for pseudonyms."""
    mapping = read_mapping(example(name)).file(file)
    of_subject: dict[str, list[NamedRow]] = {}
    for row in named_rows(open_table(content, mapping.layout), mapping):
        of_subject.setdefault(row.key, []).append(row)
    reader = Reader(mapping, lambda _, reference: reference)
    read = [reader.read(rows) for rows in of_subject.values()]
    assert [fault for one in read for fault in one.faults] == []
    assert [row for one in read for row in one.left_out] == []
    return sorted((statement for one in read for statement in one.statements), key=lambda statement: statement.row)


def as_read(name: str, file: str, statements: Sequence[Any]) -> list[Any]:
    """What of some statements a layout can carry: iTrent's occupancies have their hours in a file of their own."""
    if (name, file) == ("itrent_like", "occupancies"):
        return [replace(one, fte=Decimal(1)) for one in statements]
    return list(statements)


@pytest.mark.parametrize(
    ("name", "posts", "holdings", "covers"),
    [("oracle_like", "positions", "assignments", "agency"), ("itrent_like", "positions", "occupancies", "agency")],
)
@given(history=HISTORIES, chance=st.randoms(use_true_random=False))
def test_a_history_written_as_files_is_read_as_it_was_stated(
    name: str, posts: str, holdings: str, covers: str, history: list[Event], chance: Any
) -> None:
    found = written(history, LATEST_INSTANT)
    for file, statements in ((posts, found.posts), (holdings, found.holdings), (covers, found.covers)):
        shuffled = [replace(one, row=row) for row, one in enumerate(chance.sample(statements, len(statements)), 2)]
        content = Writing(example(name)).file(file, shuffled)
        if shuffled:
            assert read_back(name, file, content) == as_read(name, file, shuffled)
        else:
            with pytest.raises(FileRefused, match="has a header and no records"):
                read_back(name, file, content)
