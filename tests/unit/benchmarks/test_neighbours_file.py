"""Reading a file of statistical neighbours: both layouts of DfE, and what is said of a file that cannot be read."""

import pytest

from contracts.refusal import Fault, Refused
from services.metrics.benchmarks.neighbours import read_neighbours

APRIL_2021 = """\
LA num,LA Name,LA number,GOInd,GOReg,SN1,SNP,SN2,SNP,SN3,SNP,
331,Coventry,331,8,West Midlands,901,Very Close,902,Close,903,Not Close,
901,"Invented, Borough of",901,8,West Midlands,331,Very Close,903,Close,902,Close,
,,,,,,,,,,,
,Old SNs:,,,,,,,,,,
,,,,,,,,,,,
902,Invented (Pre LG),902,8,West Midlands,901,Close,903,Close,331,Close,
"""
OF_2025 = """\
old_la_code,la_name,region_ind,region_name,SN_1,SN_1P,SN_2,SN_2P,SN_3,SN_3P
331,Coventry,8,West Midlands,904,Very close,901,Close ,902,Close
901,"Invented, Borough of",8,West Midlands,902,Very close,331,Close ,904,Somewhat close
"""


def faults(text: str) -> list[Fault]:
    with pytest.raises(Refused) as refused:
        read_neighbours(text.encode())
    return list(refused.value.faults)


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"])
def test_the_layout_of_april_2021_is_read(before: bytes) -> None:
    groups = read_neighbours(before + APRIL_2021.encode())
    assert groups.neighbours == {
        "331": ("901", "902", "903"),
        "901": ("331", "903", "902"),
        "902": ("901", "903", "331"),
    }
    assert groups.left_out == ()


def test_the_layout_of_2025_is_read() -> None:
    groups = read_neighbours(OF_2025.encode())
    assert groups.neighbours == {"331": ("904", "901", "902"), "901": ("902", "331", "904")}
    assert groups.left_out == ()


def test_neighbours_stand_in_the_order_of_their_numbers_not_of_the_columns() -> None:
    groups = read_neighbours(b"old_la_code,SN_2,SN_1,SN_10,SN_3,SN_4,SN_5,SN_6,SN_7,SN_8,SN_9\n331,2,1\n".replace(
        b"331,2,1", b"331,902,901,910,903,904,905,906,907,908,909"
    ))  # fmt: skip
    assert groups.neighbours["331"] == tuple(str(900 + number) for number in range(1, 11))


def test_a_column_that_is_not_known_is_listed() -> None:
    groups = read_neighbours(b"old_la_code,la_name,SN_1,distance_1\n331,Coventry,901,0.7\n")
    assert (groups.neighbours, groups.left_out) == ({"331": ("901",)}, ("distance_1",))


@pytest.mark.parametrize(
    ("text", "field", "problem"),
    [
        ("", "line 1, column old_la_code", "is missing"),
        ("old_la_code,SN1\n", "line 2", "is missing"),
        ("old_la_code,la_name\n331,Coventry\n", "line 1, column SN1", "is missing, or one after it"),
        ("old_la_code,SN1,SN3\n331,901,903\n", "line 1, column SN1", "is missing, or one after it"),
        ("old_la_code,SN1,SN_1\n331,901,903\n", "line 1, column sn_1", "is there more than once"),
        ("old_la_code,SN1\n331,Derby\n", "line 2, column SN1", "cannot be read"),
        ("old_la_code,SN1\n331,331\n", "line 2, column SN1", "is the authority itself, or is there before"),
        ("old_la_code,SN1,SN2\n331,9,901\n", "line 2, column SN1", "cannot be read"),
        ("old_la_code,SN1,SN2\n331,901,901\n", "line 2, column SN2", "is the authority itself, or is there before"),
        ("old_la_code,SN1\n331,901\n331,902\n", "line 3", "is there a second time"),
        ("LA num,LA number,SN1\n331,332,901\n", "line 2, column LA number", "is not what LA num says"),
        ("old_la_code,SN1\n331,901,902\n", "line 2", "has another length than the header"),
    ],
)
def test_what_cannot_be_read_is_told_by_line_and_column(text: str, field: str, problem: str) -> None:
    first = faults(text)[0]
    assert (first.field, first.problem) == (field, problem)


def test_rows_of_no_authority_without_neighbours_are_passed_over_and_others_are_not() -> None:
    assert read_neighbours(b"old_la_code,la_name,SN1\n331,,901\n,,\n,Old:,\n").neighbours == {"331": ("901",)}
    (fault,) = faults("old_la_code,la_name,SN1\n,Somewhere,901\n")
    assert (fault.field, fault.expected) == ("line 2, column old_la_code", "an authority's three digits, as 331")


def test_of_very_many_faults_the_first_twenty_are_told_and_the_rest_is_not_looked_for() -> None:
    rows = "".join(f"{code},Derby\n" for code in range(300, 325))
    with pytest.raises(Refused) as refused:
        read_neighbours(f"old_la_code,SN1\n{rows}".encode())
    assert [fault.field for fault in refused.value.faults] == [f"line {line}, column SN1" for line in range(2, 22)]
    assert refused.value.left_out == 0
