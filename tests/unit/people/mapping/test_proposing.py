"""A first mapping proposes what can be seen, and asks what cannot."""

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


def test_between_day_and_month_nothing_is_guessed() -> None:
    ambiguous = proposed(STAFF)
    assert "Start Date can be read as dd/mm/yyyy or as mm/dd/yyyy" in ambiguous.questions
    assert "    dates: []\n" in ambiguous.mapping
    plain = proposed(STAFF.replace(b"03/04/2020", b"31/03/2020").replace(b"05/06/2021", b"30/06/2021"))
    assert "    dates: [dd/mm/yyyy]\n" in plain.mapping
    assert not any("can be read as" in question for question in plain.questions)


def test_codes_that_match_nothing_are_asked_for_and_never_matched_by_likeness() -> None:
    unmatched = {column.name: column.unmatched for column in proposed(STAFF).columns if column.unmatched}
    assert unmatched == {"Contract Type": ("Temp",)}
    mapping = proposed(STAFF).mapping
    assert "          Permanent: permanent\n          Fixed-Term: fixed-term\n" in mapping
    assert "          # Temp:\n" in mapping
    assert {column.name: column.unmatched for column in proposed(POSTS).columns if column.unmatched} == {
        "Job Title": ("Snr Prac",)
    }


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
