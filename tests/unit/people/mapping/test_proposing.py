"""A first mapping proposes what can be seen, and asks what cannot."""

import pytest

from services.people.files.layout import Layout
from services.people.files.reading import open_table
from services.people.mapping.model import read_mapping
from services.people.mapping.proposing import Proposal, propose
from services.people.statements import HoldingStated, Kind
from tests.unit.people.mappings import read_all

STAFF = b"""Staff list
As at,31/10/2023

Employee Number,Forename,Surname,DOB,NI Number,Post Number,Contracted Hours,Start Date,End Date,Contract Type,Shoe Size
1,Ada,Invented,10/12/1985,QQ123456C,P1,37,01/02/2020,,Permanent,6
2,Bob,Invented,11/12/1985,QQ123456D,P2,22.2,03/04/2020,05/06/2021,Fixed-Term,7
3,Cy,Invented,12/12/1985,QQ123456E,P3,37,04/05/2020,,Temp,8
"""
POSTS = b"""Position ID;Job Title;FTE;Department Name;Division
P1;Social Worker;1;Duty;Help
P2;Snr Prac;0,5;Duty;Help
"""


def proposed(content: bytes, name: str = "staff_20231031.csv") -> Proposal:
    """What is proposed for a file."""
    return propose(open_table(content, Layout()), name)


def fields(proposal: Proposal) -> dict[str, str | None]:
    """What each column seems to be."""
    return {column.name: column.field for column in proposal.columns}


def test_columns_are_known_by_the_names_that_the_field_gives_them() -> None:
    assert fields(proposed(STAFF)) == {
        "Employee Number": "worker",
        "Post Number": "post",
        "Contracted Hours": "fte",
        "Start Date": "holds_from",
        "End Date": "holds_until",
        "Contract Type": "employment",
        "Forename": "name",
        "Surname": "name",
        "DOB": "date_of_birth",
        "NI Number": None,
        "Shoe Size": None,
    }
    assert proposed(STAFF).kind is Kind.HOLDINGS


def test_posts_and_agency_assignments_are_told_from_employees() -> None:
    posts = proposed(POSTS)
    assert posts.kind is Kind.POSTS
    assert fields(posts) == {
        "Position ID": "post",
        "Job Title": "role",
        "FTE": "funded_fte",
        "Department Name": "team",
        "Division": "service_area",
    }
    agency = proposed(b"Booking,Candidate ID,Post Covered,Supplier\nB1,C1,P1,Acme\n")
    assert agency.kind is Kind.COVERS
    assert fields(agency) == {
        "Booking": "cover",
        "Candidate ID": "agency_worker",
        "Post Covered": "post",
        "Supplier": "agency",
    }


@pytest.mark.parametrize("short", ["No", "no.", "NO", "Num", "Nr"])
def test_a_number_is_one_however_the_word_is_cut_short(short: str) -> None:
    header = f"Employee {short},Surname,NI {short},SWE Reg,Post {short},Start Date,Leave Date,FTE"
    proposal = proposed(f"{header}\n1,Invented,QQ123456C,SW1,P1,13/02/2020,,1\n".encode())
    assert proposal.kind is Kind.HOLDINGS
    assert fields(proposal) == {
        f"Employee {short}": "worker",
        "Surname": "name",
        f"NI {short}": None,
        "SWE Reg": "registration_number",
        f"Post {short}": "post",
        "Start Date": "holds_from",
        "Leave Date": "left_on",
        "FTE": "fte",
    }


BOTH = "Start Date can be read as dd/mm/yyyy or as mm/dd/yyyy: every value fits"


def test_between_day_and_month_nothing_is_guessed_and_what_can_be_chosen_is_ready_to_take() -> None:
    ambiguous = proposed(STAFF)
    assert any(question.startswith(BOTH) for question in ambiguous.questions)
    assert "    dates: []\n" in ambiguous.mapping
    assert "    # dates: [dd/mm/yyyy]\n    # dates: [mm/dd/yyyy]\n" in ambiguous.mapping
    plain = proposed(STAFF.replace(b"03/04/2020", b"31/03/2020").replace(b"05/06/2021", b"30/06/2021"))
    assert "    dates: [dd/mm/yyyy]\n" in plain.mapping
    assert not any("can be read as" in question for question in plain.questions)


@pytest.mark.parametrize(
    ("starts", "ends", "formats"),
    [
        (("31/01/2020",), (), "dd/mm/yyyy"),
        (("01/31/2020",), (), "mm/dd/yyyy"),
        (("31/01/2020",), ("03/04/2021",), "dd/mm/yyyy"),
        (("31/01/2020", "31.12.2022"), (), "dd/mm/yyyy, dd.mm.yyyy"),
        (("31/01/2020",), ("01-Feb-23",), "dd/mm/yyyy, d-mmm-yy"),
        (("2020-01-31",), ("20230201",), "yyyymmdd"),
        (("2020-01-31",), (), ""),
        (("43861",), (), "excel"),
        (("1-Jan-2020",), (), "dd-mmm-yyyy"),
        (("31/01/2020", "01/01/2021"), ("00/00/0000",), "dd/mm/yyyy"),
    ],
)
def test_the_formats_that_the_values_can_only_have_are_proposed(
    starts: tuple[str, ...], ends: tuple[str, ...], formats: str
) -> None:
    mapping, questions = dates_proposed(starts, ends)
    assert f"    dates: [{formats}]\n" in mapping
    assert [one for one in questions if "can be read" in one or "format" in one] == []


def test_a_day_that_is_the_same_in_both_orders_does_not_decide_the_order() -> None:
    mapping, (question, *_) = dates_proposed(("01/01/2020", "02/02/2020"), ())
    assert question.startswith(BOTH)
    assert "    dates: []\n" in mapping


def test_a_column_that_only_others_decide_is_said_to_be_read_as_they_are() -> None:
    mapping, _ = dates_proposed(("31/01/2020",), ("03/04/2021",))
    assert "    # End Date is read as dd/mm/yyyy, which other dates of the file can only be\n" in mapping


def test_dates_that_no_format_reads_are_asked_about_and_not_repeated() -> None:
    mapping, questions = dates_proposed(("31/01/2020", "early 2021"), ())
    assert "    dates: [dd/mm/yyyy]\n" in mapping
    assert "the format of the dates in Start Date: no format that is known reads all" in questions
    assert "early" not in mapping


def test_two_orders_in_one_file_are_asked_about() -> None:
    mapping, questions = dates_proposed(("31/01/2020",), ("01/31/2021",))
    assert "    dates: [dd/mm/yyyy]\n" in mapping
    assert "some dates are dd/mm/yyyy and others mm/dd/yyyy: `dates` at the column of either" in questions


def dates_proposed(starts: tuple[str, ...], ends: tuple[str, ...]) -> tuple[str, list[str]]:
    """The mapping proposed for a file with these dates, and what is asked about dates."""
    lines = [f"{number},P{number},{start}," for number, start in enumerate(starts)]
    lines += [f"{number},P{number},,{end}" for number, end in enumerate(ends, 50)]
    text = "\n".join(("Employee Number,Post Number,Start Date,End Date", *lines))
    proposal = proposed(f"{text}\n".encode())
    return proposal.mapping, [one for one in proposal.questions if "Date" in one or "date" in one]


def test_codes_that_match_nothing_are_asked_for_and_never_matched_by_likeness() -> None:
    unmatched = {column.name: column.unmatched for column in proposed(STAFF).columns if column.unmatched}
    assert unmatched == {"Contract Type": ("Temp",)}
    mapping = proposed(STAFF).mapping
    assert "          Permanent: permanent\n          Fixed-Term: fixed-term\n" in mapping
    assert "          # Temp:\n" in mapping
    assert {column.name: column.unmatched for column in proposed(POSTS).columns if column.unmatched} == {
        "Job Title": ("Snr Prac",)
    }


def test_names_that_would_be_published_are_listed_for_somebody_to_see() -> None:
    proposal = proposed(POSTS)
    assert (
        "      team:\n"
        "        column: Department Name\n"
        "        # decide: all of these of Department Name are published: is none the name of a person?\n"
        "        codes:\n"
        "          Duty: duty\n"
    ) in proposal.mapping
    assert "all of these of Department Name are published: is none the name of a person?" in proposal.questions


def test_a_column_with_too_many_names_is_asked_about() -> None:
    rows = "\n".join(f"P{number},Unit {number}" for number in range(61))
    mapping = proposed(f"Post Number,Team\n{rows}\n".encode()).mapping
    assert (
        "# decide: Team has more than 60 values: is it team? They are published\n        # unmatched: spell" in mapping
    )
    assert "Unit 17" not in mapping


def test_no_value_of_a_person_is_in_a_proposal() -> None:
    proposal = repr(proposed(STAFF))
    for value in ("Ada", "Invented", "1985", "QQ123456C"):
        assert value not in proposal


def test_what_is_personal_and_of_no_use_is_dropped_and_said_to_be() -> None:
    dropped = {column.name: column.why for column in proposed(STAFF).columns if column.field is None}
    assert dropped["NI Number"] == "is personal, and nothing here needs it"
    assert "NI Number" not in proposed(STAFF).mapping.split("# Columns that are dropped")[0]


def test_a_proposal_is_a_mapping_once_its_questions_are_answered() -> None:
    text = proposed(STAFF).mapping
    for question, answer in (
        ("    dates: []", "    dates: [dd/mm/yyyy]"),
        ("    # end_dates: last-day", "    end_dates: last-day"),
        ("        # as: hours", "        as: hours"),
        ("        # full_time: 37", "        full_time: 37"),
        ("          # Temp:", "          Temp: leave-out"),
    ):
        assert question in text
        text = text.replace(question, answer)
    mapping = read_mapping(text)
    read = read_all(STAFF, mapping.file_for("staff_20240131.csv"))
    assert read.faults == []
    assert [one.row for one in read.statements] == [5, 6]
    assert [str(one.fte) for one in read.statements if isinstance(one, HoldingStated)] == ["1", "0.6"]


def test_what_is_needed_and_not_found_is_asked_for() -> None:
    proposal = proposed(b"Post Number,Job Title,Shoe Size,Colour\nP1,Social Worker,6,red\n")
    asked = [
        question for question in proposal.questions if question.endswith("no column seems to be it, and it is needed")
    ]
    assert [question.split(":")[0] for question in asked] == ["funded_fte", "team", "service_area"]


def test_a_column_of_names_that_yaml_would_read_otherwise_is_quoted() -> None:
    proposal = proposed(b'Post Number,"FTE: budget",Team,"#1 ""best"""\nP1,1,x,y\n')
    assert '"FTE: budget"' in proposal.mapping
    assert r'"#1 \"best\""' in proposal.mapping
