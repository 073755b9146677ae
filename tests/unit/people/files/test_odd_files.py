"""Files that look odd and are right: however they are written, their rows come out the same, with the numbers that a
spreadsheet shows beside them.
"""

import io
import tracemalloc
from collections.abc import Callable
from datetime import date, datetime, timedelta

import openpyxl
import pytest
import xlsxwriter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from services.people.files.layout import Layout
from services.people.files.reading import Table, open_table
from tests.unit.people.workbooks import by_hand, workbook

LINES = "Post,Role,FTE,Team\nP1,SW,0.6,Duty\nP2,TM,1,MASH\n"
ROWS = [(2, ["P1", "SW", "0.6", "Duty"]), (3, ["P2", "TM", "1", "MASH"])]
POSTS = Layout(columns=(("Post",), ("Role",), ("FTE",), ("Team",)), required=frozenset({"Post", "FTE"}))

SAME_ROWS: dict[str, bytes] = {
    "UTF-8": LINES.encode(),
    "UTF-8 with a byte order mark": LINES.encode("utf-8-sig"),
    "UTF-16, little end first, with a mark": LINES.encode("utf-16"),
    "UTF-16, big end first, with a mark": b"\xfe\xff" + LINES.encode("utf-16-be"),
    "UTF-16 without a mark": LINES.encode("utf-16-le"),
    "UTF-16, big end first, without a mark": LINES.encode("utf-16-be"),
    "semicolons": LINES.replace(",", ";").encode(),
    "tabs": LINES.replace(",", "\t").encode(),
    "pipes": LINES.replace(",", "|").encode(),
    "CRLF": LINES.replace("\n", "\r\n").encode(),
    "CR alone": LINES.replace("\n", "\r").encode(),
    "quotes everywhere": b'"Post","Role","FTE","Team"\n"P1","SW","0.6","Duty"\n"P2","TM","1","MASH"\n',
    "no line end behind the last line": LINES.rstrip().encode(),
    "trailing blanks in the header": b"Post ,  Role,FTE\t,Team  \nP1,SW,0.6,Duty\nP2,TM,1,MASH\n",
    "a hard blank in the header": "Post\xa0,Role,FTE,Team\nP1,SW,0.6,Duty\nP2,TM,1,MASH\n".encode(),
    "a delimiter behind the last column": b"Post,Role,FTE,Team,\nP1,SW,0.6,Duty,\nP2,TM,1,MASH,\n",
    "blank lines at the end": (LINES + "\n\n,,,\n").encode(),
    "a totals line": (LINES + "Total,,1.6,\n").encode(),
    "a page footer": (LINES + "Page 1 of 1,,,\nPrinted on 31/10/2023,,,\n").encode(),
    "a totals line, a blank line and a footer": (LINES + "Grand Total,2,1.6,\n\nEnd of report\n").encode(),
}
"""One table, written in many ways."""


def opened(content: bytes, layout: Layout = POSTS) -> Table:
    """The table in a file."""
    return open_table(content, layout)


@pytest.mark.parametrize("content", SAME_ROWS.values(), ids=SAME_ROWS)
def test_however_a_table_is_written_it_is_the_same_table(content: bytes) -> None:
    table = opened(content)
    assert table.header[:4] == ("Post", "Role", "FTE", "Team")
    assert [(number, cells[:4]) for number, cells in table.rows()] == ROWS


@pytest.mark.parametrize("content", SAME_ROWS.values(), ids=SAME_ROWS)
def test_a_table_is_found_also_where_nothing_is_known_of_it(content: bytes) -> None:
    table = opened(content, Layout())
    assert [(number, cells[:4]) for number, cells in table.rows()] == ROWS


def test_the_rows_can_be_asked_for_again() -> None:
    table = opened(LINES.encode())
    assert list(table.rows()) == list(table.rows()) == ROWS


def test_a_pound_sign_and_a_dash_of_windows_are_read_as_such() -> None:
    table = opened(b"Post,Role,FTE,Team\nP1,SW \x96 Duty,0.6,\xa312\n")
    assert table.form == "Windows-1252, separated by commas"
    assert list(table.rows()) == [(2, ["P1", "SW – Duty", "0.6", "£12"])]


def test_an_encoding_of_dos_is_read_where_the_mapping_says_so() -> None:
    table = opened(b"Post,Role,FTE,Team\nP1,SW,0.6,\x9c12\n", Layout(encoding="cp850"))
    assert list(table.rows()) == [(2, ["P1", "SW", "0.6", "£12"])]


def test_a_value_with_line_ends_and_delimiters_is_one_value_and_one_row() -> None:
    table = opened(b'Post,Role,FTE,Team\nP1,"SW,\r\nduty",0.6,"The ""A"" team"\nP2,TM,1,MASH\n')
    assert list(table.rows()) == [(2, ["P1", "SW,\r\nduty", "0.6", 'The "A" team']), ROWS[1]]


def test_a_backslash_before_a_pipe_makes_it_a_letter() -> None:
    table = opened(b"Post|Role|FTE|Team\r\nP1|SW\\|NQSW|0.6|Duty\r\n")
    assert list(table.rows()) == [(2, ["P1", "SW|NQSW", "0.6", "Duty"])]


def test_quotes_are_letters_where_the_mapping_says_so() -> None:
    table = opened(b'Post|Role|FTE|Team\nP1|"A" team lead|0.6|Duty\n', Layout(quoted=False))
    assert list(table.rows()) == [(2, ["P1", '"A" team lead', "0.6", "Duty"])]


def test_the_line_by_which_a_file_tells_excel_its_delimiter_is_no_row() -> None:
    table = opened(b"sep=;\nPost;Role;FTE;Team\nP1;SW;0,6;Duty\n")
    assert list(table.rows()) == [(3, ["P1", "SW", "0,6", "Duty"])]


def test_a_title_a_date_and_filters_may_stand_above_the_header() -> None:
    above = "Establishment report\nAs at,31/10/2023\n\nDirectorate: Children,Status: all\n"
    table = opened((above + LINES).encode())
    assert table.header_row == 5
    assert [number for number, _ in table.rows()] == [6, 7]


def test_the_mapping_may_say_which_row_is_the_header() -> None:
    table = opened(b"Post,Role,FTE,Team\nPost,Role,FTE,Team\nP1,SW,1,Duty\n", Layout(header_row=2))
    assert list(table.rows()) == [(3, ["P1", "SW", "1", "Duty"])]


def test_a_header_that_is_repeated_on_each_page_is_no_record() -> None:
    table = opened((LINES + "Post,Role,FTE,Team\nP3,SW,1,Duty\n").encode())
    assert [number for number, _ in table.rows()] == [2, 3, 5]
    assert table.no_records == [(4, "the header once more")]


def test_what_is_no_record_is_told_with_its_row() -> None:
    table = opened((LINES + "Total,,1.6,\nPage 1 of 1,,,\n").encode())
    list(table.rows())
    assert table.no_records == [(4, "a totals line"), (5, "a page footer")]


def test_a_row_that_looks_like_a_footer_in_the_middle_is_a_row() -> None:
    table = opened(b"Post,Role,FTE,Team\nTotal care team,,,\nP1,SW,1,Duty\n")
    assert [number for number, _ in table.rows()] == [2, 3]
    assert table.no_records == []


def test_a_last_row_without_a_blank_is_a_row_whatever_it_is_called() -> None:
    table = opened(b"Team,Post,Role,FTE\nDuty,P1,SW,1\nTotal Care,P2,SW,1\n")
    assert [number for number, _ in table.rows()] == [2, 3]
    assert table.no_records == []


def test_columns_of_one_name_are_told_apart_by_a_number() -> None:
    table = opened(b"Post,Hours,Hours,Team,FTE\nP1,37,22,Duty,1\n")
    assert table.header == ("Post", "Hours (1)", "Hours (2)", "Team", "FTE")


def _many_sheets() -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    hidden, about, posts = book.add_worksheet("Old"), book.add_worksheet("About"), book.add_worksheet("Posts")
    hidden.write_row(0, 0, ["Post", "Role", "FTE", "Team"])
    hidden.write_row(1, 0, ["P9", "SW", 1, "Old"])
    about.activate()
    hidden.hide()
    about.write_row(0, 0, ["This report", "is", "of", "October"])
    posts.write_row(3, 2, ["Post", "Role", "FTE", "Team"])
    posts.write_row(4, 2, ["P1", "SW", 0.6, "Duty"])
    posts.set_row(4, None, None, {"hidden": True})
    book.close()
    return content.getvalue()


def test_of_many_sheets_the_shown_one_with_the_columns_is_read_hidden_rows_and_all() -> None:
    table = opened(_many_sheets())
    assert table.form == "workbook, sheet Posts"
    assert table.header_row == 4
    assert list(table.rows()) == [(5, ["", "", "P1", "SW", "0.6", "Duty"])]


def test_a_hidden_sheet_is_read_where_the_mapping_names_it() -> None:
    assert list(opened(_many_sheets(), Layout(sheet="Old")).rows()) == [(2, ["P9", "SW", "1", "Old"])]


CELLS: dict[str, tuple[object, str]] = {
    "a whole number": (37.0, "37"),
    "a fraction": (0.6, "0.6"),
    "a fraction that binary numbers blur": (0.1 + 0.2, "0.3"),
    "15 digits": (123456789012345, "123456789012345"),
    "more digits than a spreadsheet keeps": (1234567890123456789, "1.23456789012346E+18"),
    "a text of digits": ("004711", "004711"),
    "a date": (date(2023, 10, 31), "2023-10-31"),
    "a date and midnight": (datetime(2023, 10, 31), "2023-10-31"),  # noqa: DTZ001
    "a date and a time": (datetime(2023, 10, 31, 8, 30), "2023-10-31 08:30:00"),  # noqa: DTZ001
    "yes": (True, "TRUE"),
}


@pytest.mark.parametrize(("value", "text"), CELLS.values(), ids=CELLS)
def test_a_cell_of_a_workbook_is_read_as_it_would_be_typed(value: object, text: str) -> None:
    table = opened(workbook([["Post", "Role", "FTE", "Team"], ["P1", "SW", value, "Duty"]]))
    assert list(table.rows()) == [(2, ["P1", "SW", text, "Duty"])]


def test_hours_as_a_time_above_a_day_are_hours_and_minutes() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Post", "Role", "FTE", "Team"])
    sheet.append(["P1", "SW", timedelta(hours=37, minutes=30), "Duty"])
    assert list(opened(_saved(book)).rows()) == [(2, ["P1", "SW", "37:30", "Duty"])]


def test_dates_counted_from_1904_are_the_same_dates() -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.worksheets[0]
    sheet.append(["Post", "Role", "FTE", "From"])
    sheet.append(["P1", "SW", 1, date(2023, 10, 31)])
    assert list(opened(_saved(book)).rows()) == [(2, ["P1", "SW", "1", "2023-10-31"])]


def test_a_formula_is_its_result() -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Post", "Role", "FTE", "Team"])
    sheet.write_row(1, 0, ["P1", "SW"])
    sheet.write_formula("C2", "=22.2/37", None, 0.6)
    sheet.write("D2", "")
    book.close()
    assert list(opened(content.getvalue()).rows()) == [(2, ["P1", "SW", "0.6", ""])]


def test_a_formula_of_which_the_result_is_an_empty_text_is_blank() -> None:
    cells = (
        '<row r="1"><c r="A1" t="str"><v>Post</v></c><c r="B1" t="str"><v>FTE</v></c></row>'
        '<row r="2"><c r="A2" t="str"><v>P1</v></c><c r="B2" t="str"><f>IF(1=1,"","x")</f><v></v></c></row>'
    )
    assert list(opened(by_hand(cells)).rows()) == [(2, ["P1", ""])]


def test_a_formula_without_a_result_and_an_error_are_not_read_as_blank() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Post", "Role", "FTE", "Team"])
    sheet.append(["P1", "#N/A", "=22.2/37", "Duty"])
    assert list(opened(_saved(book)).rows()) == [(2, ["P1", "#N/A", "#UNCALCULATED!", "Duty"])]


def test_an_error_in_the_last_column_of_all_rows_is_still_seen() -> None:
    cells = (
        '<row r="1"><c r="B1" t="inlineStr"><is><t>Post</t></is></c>'
        '<c r="C1" t="inlineStr"><is><t>FTE</t></is></c></row>'
        '<row r="2"><c r="B2" t="inlineStr"><is><t>P1</t></is></c><c r="C2" t="e"><v>#REF!</v></c></row>'
        '<row r="3"><c r="B3" t="inlineStr"><is><t>P2</t></is></c><c r="C3" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    )
    table = opened(by_hand(cells))
    assert list(table.rows()) == [(2, ["", "P1", "#REF!"]), (3, ["", "P2", "#DIV/0!"])]


def test_a_cell_merged_over_rows_counts_for_each_of_them() -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.merge_range("A1:D1", "Establishment of October")
    sheet.write_row(1, 0, ["Post", "Role", "FTE", "Team"])
    for row in range(2, 5):
        sheet.write_row(row, 0, [f"P{row - 1}", "SW", 1])
    sheet.merge_range("D3:D4", "Duty")
    sheet.write("D5", "MASH")
    book.close()
    table = opened(content.getvalue())
    assert [cells[3] for _, cells in table.rows()] == ["Duty", "Duty", "MASH"]


@pytest.mark.parametrize("write", [lambda rows: workbook(rows), lambda rows: workbook(rows, strings_to_numbers=True)])
def test_a_workbook_has_the_row_numbers_that_it_shows(write: Callable[[list[list[object]]], bytes]) -> None:
    table = opened(write([["Report"], [], ["Post", "Role", "FTE", "Team"], [], ["P1", "SW", "1", "Duty"]]))
    assert list(table.rows()) == [(5, ["P1", "SW", "1", "Duty"])]


def _saved(book: openpyxl.Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_rows_are_streamed_a_large_file_is_never_held_a_second_time() -> None:
    row = b"P1,Social Worker,1," + b"Duty " * 100 + b"\n"
    content = b"Post,Role,FTE,Team\n" + row * 20_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in opened(content).rows()) == 20_000
        assert tracemalloc.get_traced_memory()[1] < len(content) // 2
    finally:
        tracemalloc.stop()
