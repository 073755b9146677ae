"""A row that cannot be read is rejected with every fault it has, and takes no other row with it."""

from dataclasses import replace

import pytest

from services.people.statements import RowFault
from tests.unit.people.files.broken_files import BROKEN_FILES
from tests.unit.people.mapping.broken_rows import BROKEN_ROWS, BrokenRow
from tests.unit.people.mappings import GOOD, content_of, mapping, read_all, rows_of, written

OTHERS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "posts": ({"Post": "P8"}, {"Post": "P9"}),
    "staff": ({"Number": "8"}, {"Number": "9"}),
    "agency": ({"Booking": "B8"}, {"Booking": "B9"}),
    "merged": ({"Kept": "8"}, {"Kept": "9"}),
}
"""Two good rows of each file, of other subjects."""


def test_more_than_a_hundred_kinds_of_broken_files_and_rows_are_tried() -> None:
    names = [broken.name for broken in (*BROKEN_FILES, *BROKEN_ROWS)]
    assert len(names) == len(set(names))
    assert len(names) >= 120


@pytest.mark.parametrize("broken", BROKEN_ROWS, ids=lambda broken: broken.name)
def test_a_broken_row_is_rejected_with_what_is_wrong_and_the_rows_beside_it_are_kept(broken: BrokenRow) -> None:
    before, behind = OTHERS.get(broken.file, ({"Number": "8"}, {"Number": "9"}))
    read = rows_of(broken.file, before, broken.change, behind)
    assert sorted(statement.row for statement in read.statements) == [2, 4]
    assert [(fault.row, fault.column, fault.value) for fault in read.faults] == [(3, broken.column, broken.value)]
    assert read.faults[0].problem.startswith(broken.problem)
    assert read.faults[0].expected.startswith(broken.expected)


def test_every_fault_of_a_row_is_told_at_once() -> None:
    read = rows_of("staff", {"Number": "", "Post": "P 1", "Hours": "x", "From": "31/04/2023", "Reason": "Gone"})
    assert read.statements == []
    assert [fault.column for fault in read.faults] == ["Number", "Post", "Hours", "From", "Reason"]


def test_a_row_with_a_delimiter_in_a_value_without_quotes_is_told_as_such() -> None:
    content = content_of("posts", {}, {"Post": "P2"}) + b"P3,Social Worker,1,Duty, and MASH,Help,SO1,5,01/04/2020,\n"
    read = read_all(content, mapping().file("posts"))
    assert sorted(statement.row for statement in read.statements) == [2, 3]
    assert read.faults == [
        RowFault(
            4,
            "(the row)",
            "has 10 cells, and not as many as the header",
            "as many cells as the header: a value with the delimiter or a line end in it must stand in quotes",
        )
    ]


def test_a_row_with_too_few_cells_is_rejected_where_the_mapping_does_not_say_that_they_are_blank() -> None:
    content = (
        content_of("posts", {})
        + b"P3,Social Worker,1,Duty,Help\n"
        + content_of("posts", {"Post": "P4"}).split(b"\r\n", 1)[1]
    )
    read = read_all(content, mapping().file("posts"))
    assert sorted(statement.row for statement in read.statements) == [2, 4]
    assert [(fault.row, fault.problem) for fault in read.faults] == [(3, "has 5 cells, and not as many as the header")]


def test_rows_that_contradict_one_another_are_all_rejected_and_told_which() -> None:
    read = rows_of("posts", {}, {"Team": "MASH"}, {"Post": "P2"})
    assert [statement.row for statement in read.statements] == [4]
    assert [(fault.row, fault.problem) for fault in read.faults] == [
        (2, "stands in row 3 too, with other content for the same day"),
        (3, "stands in row 2 too, with other content for the same day"),
    ]


def test_the_same_row_again_is_left_out_and_counted() -> None:
    read = rows_of("posts", {}, {}, {})
    assert [statement.row for statement in read.statements] == [2]
    assert [(one.row, one.rule) for one in read.left_out] == [
        (3, "the same again as row 2"),
        (4, "the same again as row 2"),
    ]
    assert read.faults == []


def test_a_personal_detail_that_cannot_be_read_does_not_reject_its_row() -> None:
    read = rows_of("staff", {"Born": "31/02/1985"})
    assert len(read.statements) == 1
    assert read.faults == []
    assert [(one.column, one.problem, one.value) for one in read.remarks] == [
        ("Born", "is not a day of the calendar", None)
    ]
    assert read.persons[0].details == {"name": "Ada Invented", "salary": "38,296.00"}


def test_no_value_of_a_personal_column_is_repeated_in_any_answer() -> None:
    header = list(GOOD["staff"])
    wrong = [["Secret" if name in ("Number", "Forename", "Surname", "Born", "Salary") else "?" for name in header]]
    read = read_all(written(header, wrong), mapping().file("staff"))
    said = repr([read.statements, read.faults, read.remarks, read.left_out, read.persons])
    assert "Secret" not in said
    assert read.faults


def test_a_fault_says_nothing_of_the_rows_beside_it() -> None:
    alone = rows_of("posts", {"Funded": "x"}).faults[0]
    among = rows_of("posts", {"Post": "P2"}, {"Post": "P3"}, {"Funded": "x"}).faults[0]
    assert replace(among, row=2) == alone
