"""What rows state once a mapping was applied: each statement written down by hand."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.catalogue import EVENT_MODELS
from contracts.codes import AbsenceReason, CoverReason, CswwRole, Employment, LeavingReason, Role
from contracts.events.hiring import WorkerMerged
from contracts.events.policies import InitiativeAnnounced
from contracts.events.working_life import AbsenceRecorded
from services.people.files.reading import open_table
from services.people.files.refusal import FileRefused
from services.people.mapping.document import NAMES
from services.people.mapping.model import FileMapping, read_mapping
from services.people.mapping.readers import MOST_AT_HAND, Column, OneCell
from services.people.mapping.rows import dropped_columns, named_rows
from services.people.mapping.trouble import Trouble
from services.people.statements import (
    ChangeStated,
    CoverStated,
    HoldingStated,
    PersonalDetails,
    PostStated,
    RowLeftOut,
)
from tests.unit.people.mappings import GOOD, content_of, mapping, pseudonym, read_all, rows_of, written


def file_mapping(words: str, columns: str) -> FileMapping:
    """The mapping of one file, by its columns and the words beside them."""
    return read_mapping(f"files:\n  one:\n    name: x\n    {words}\n    columns: {columns}\n").files[0]


POSTS = "post: Post, role: {value: social-worker}, team: {value: duty}, service_area: {value: help}"


def funded(words: str, header: str, *rows: str) -> list[Decimal]:
    """The funded FTE of posts P1, P2 and so on, of which each row says what follows their number."""
    mapped = file_mapping("kind: posts", f"{{{POSTS}, funded_fte: {words}}}")
    lines = [f"P{number},{row}" for number, row in enumerate(rows, 1)]
    read = read_all("\n".join([f"Post,{header}", *lines, ""]).encode(), mapped)
    assert read.faults == []
    return [one.funded_fte for one in read.statements if isinstance(one, PostStated)]


def test_a_row_about_a_post() -> None:
    read = rows_of("posts", {"Post": "p/1", "To": "31/03/2021"})
    assert read.statements == [
        PostStated(
            row=2,
            post="P-1",
            role=Role.SOCIAL_WORKER,
            funded_fte=Decimal(1),
            team="duty",
            service_area="help-and-protection",
            grade="so1",
            csww_role=CswwRole.CASE_HOLDER,
            holds_from=date(2020, 4, 1),
            holds_until=date(2021, 4, 1),
        )
    ]
    assert read.persons == []


def test_a_row_about_a_worker_in_a_post_names_nobody() -> None:
    read = rows_of("staff", {"Hours": "22.2", "Left": "31/03/2023", "To": "31/03/2023", "Reason": "resigned"})
    assert read.statements == [
        HoldingStated(
            row=2,
            worker="worker-000001-hidden",
            holding="worker-000001-hidden.P1",
            post="P1",
            fte=Decimal("0.6"),
            holds_from=date(2020, 4, 1),
            holds_until=date(2023, 3, 31),
            left_on=date(2023, 3, 31),
            leaving_reason=LeavingReason.RESIGNATION,
            employment=Employment.PERMANENT,
        )
    ]


def test_what_names_a_person_goes_to_the_register_alone() -> None:
    read = rows_of("staff", {})
    assert read.persons == [
        PersonalDetails(
            row=2,
            worker="worker-000001-hidden",
            reference="000001",
            details={"name": "Ada Invented", "date_of_birth": "1985-12-10", "salary": "38,296.00"},
        )
    ]
    assert "Invented" not in repr(read)
    assert "Invented" not in repr(read.persons[0])


def test_the_last_day_in_a_post_of_one_who_stays_is_the_day_before_its_end() -> None:
    (statement,) = rows_of("staff", {"To": "31/03/2023"}).statements
    assert isinstance(statement, HoldingStated)
    assert statement.holds_until == date(2023, 4, 1)


def test_a_row_about_cover() -> None:
    read = rows_of("agency", {"Percent": "60", "To": "31/12/2020", "Project": "Yes"})
    assert read.statements == [
        CoverStated(
            row=2,
            cover="B1",
            agency_worker="agency-worker-C1-hidden",
            fte=Decimal("0.6"),
            reason=CoverReason.VACANCY,
            post="P1",
            role=Role.SOCIAL_WORKER,
            holds_from=date(2020, 4, 1),
            holds_until=date(2021, 1, 1),
            hourly_rate=Decimal("34.50"),
            project_team=True,
        )
    ]


def test_a_row_about_an_absence_has_the_key_of_its_record() -> None:
    read = rows_of("absences", {})
    assert read.statements == [
        ChangeStated(
            row=2,
            subject="worker-000001-hidden",
            key="A1",
            data=AbsenceRecorded(
                absent_from=date(2020, 4, 1),
                returned_on=date(2020, 4, 4),
                working_days_lost=Decimal(3),
                reason=AbsenceReason.SICKNESS,
            ),
        )
    ]


def test_people_in_the_data_of_a_change_are_pseudonyms_too() -> None:
    read = rows_of("merged", {})
    assert read.statements == [
        ChangeStated(2, "worker-000001-hidden", "worker-000002-hidden", WorkerMerged(duplicate="worker-000002-hidden"))
    ]


def test_a_change_without_a_number_of_its_own_is_known_by_its_date() -> None:
    keys = [one.key for one in rows_of("cases", {}, {"Date": "30/09/2021"}).statements if isinstance(one, ChangeStated)]
    assert keys == ["2020-09-30", "2021-09-30"]
    keys = [one.key for one in rows_of("panels", {}).statements if isinstance(one, ChangeStated)]
    assert keys == ["PN1/asye"]


def test_rows_that_a_rule_leaves_out_are_told_by_its_name_whatever_else_is_wrong_with_them() -> None:
    read = rows_of(
        "posts", {}, {"Post": "dummy 1", "Funded": "x"}, {"Post": "PREV12"}, {"Post": "P2", "Role": "Business Support"}
    )
    assert [one.row for one in read.statements] == [2]
    assert read.faults == []
    assert sorted((one.row, one.rule) for one in read.left_out) == [
        (3, "dummy posts"),
        (4, "dummy posts"),
        (5, "code left out: Business Support"),
    ]


def test_people_out_of_scope_reach_not_even_the_register() -> None:
    read = rows_of("staff", {"Department": "Adults' Services"}, {"Number": "2"})
    assert read.left_out == [RowLeftOut(2, "adults' services")]
    assert [person.reference for person in read.persons] == ["000002"]


def test_only_rows_that_a_rule_names_are_read() -> None:
    mapped = file_mapping(
        "kind: posts\n    only: {current: {column: State, like: [C*, J]}}", f"{{{POSTS}, funded_fte: {{value: '1'}}}}"
    )
    read = read_all(b"Post,State\nP1,Current\nP2,Closed\nP3,Old\nP4,j\n", mapped)
    assert [one.row for one in read.statements] == [2, 3, 5]
    assert read.left_out == [RowLeftOut(4, "current")]


def test_rows_about_nobody_can_be_left_out_by_a_rule() -> None:
    mapped = file_mapping(
        "kind: holdings\n    left_out: {vacant: {column: Person, blank: true}}",
        "{worker: Person, post: Post, fte: {value: '1'}}",
    )
    read = read_all(b"Post,Person,Other\nP1,1,x\nP2,,x\n", mapped)
    assert [one.row for one in read.statements] == [2]
    assert read.left_out == [RowLeftOut(3, "vacant")]


def test_one_person_in_two_spellings_is_one_subject() -> None:
    content = content_of("staff", {"Number": "1"}, {"Number": "000001", "Post": "P2"})
    rows = list(named_rows(open_table(content, mapping().file("staff").layout), mapping().file("staff")))
    assert [row.key for row in rows] == ["000001", "000001"]
    assert mapping().file("staff").subject(rows[0].key, pseudonym) == "worker-000001-hidden"
    assert mapping().file("posts").subject("P1", pseudonym) == "P1"


def test_hours_over_those_of_the_grade_are_an_fte() -> None:
    words = "{column: Hours, as: hours, full_time: {column: Grade, hours: {A: 35, B: '36'}, otherwise: 37}}"
    assert funded(words, "Hours,Grade", "21,A", "18,b", "37,C", "18.5,") == [
        Decimal("0.6"),
        Decimal("0.5"),
        1,
        Decimal("0.5"),
    ]


def test_hours_of_a_grade_that_the_mapping_does_not_know_are_rejected_with_the_grade() -> None:
    words = "{column: Hours, as: hours, full_time: {column: Grade, hours: {A: 35}}}"
    mapped = file_mapping("kind: posts", f"{{{POSTS}, funded_fte: {words}}}")
    read = read_all(b"Post,Hours,Grade\nP1,35,A\nP2,35,Z\n", mapped)
    assert [one.row for one in read.statements] == [2]
    assert [(one.row, one.column, one.problem, one.value) for one in read.faults] == [
        (3, "Grade", "has no hours of full time in the mapping", "Z")
    ]


def test_hours_and_weeks_a_year_are_an_fte() -> None:
    words = "{column: Hours, as: hours, full_time: 37, weeks: Weeks, full_time_weeks: 52}"
    assert funded(words, "Hours,Weeks", "37,39", "18.5,52") == [Decimal("0.75"), Decimal("0.5")]


def test_a_blank_fte_is_full_time_where_the_mapping_says_so() -> None:
    assert funded("{column: FTE, blank: full-time}", "FTE", '""', "0.5") == [1, Decimal("0.5")]


def test_a_decimal_comma_is_read_where_the_mapping_says_so() -> None:
    assert funded('{column: FTE, decimal: ","}', "FTE", '"0,6"') == [Decimal("0.6")]


def test_what_is_above_full_time_is_full_time_where_the_mapping_says_so() -> None:
    mapped = file_mapping(
        "kind: holdings", "{worker: W, post: P, fte: {column: F, as: hours, full_time: 37, above: full-time}}"
    )
    (statement,) = read_all(b"W,P,F,X\n1,P1,40,\n", mapped).statements
    assert isinstance(statement, HoldingStated)
    assert statement.fte == 1


def test_a_worker_without_fixed_hours_is_in_post_at_no_fte() -> None:
    (statement,) = rows_of("staff", {"Hours": "0"}).statements
    assert isinstance(statement, HoldingStated)
    assert statement.fte == 0


def test_a_post_funded_at_nothing_can_be_left_out() -> None:
    mapped = file_mapping("kind: posts", f"{{{POSTS}, funded_fte: {{column: FTE, zero: leave-out}}}}")
    read = read_all(b"Post,FTE,X,Y\nP1,0,x,y\nP2,1,x,y\n", mapped)
    assert [one.row for one in read.statements] == [3]
    assert read.left_out == [RowLeftOut(2, "FTE of 0")]


SPARSE = "{worker: W, holding: K, post: P, fte: {column: F, blank: as-before}, holds_from: S}"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_a_sparse_row_is_as_the_row_before_it_in_time_whatever_the_order_of_the_file(
    order: tuple[int, int, int],
) -> None:
    lines = ["1,A,P1,0.6,2020-04-01", "1,A,P2,,2021-04-01", "1,A,P2,1,2022-04-01"]
    content = "\n".join(["W,K,P,F,S", *(lines[place] for place in order), ""]).encode()
    read = read_all(content, file_mapping("kind: holdings\n    policy: {begins: row}", SPARSE))
    stated = {one.holds_from: one.fte for one in read.statements if isinstance(one, HoldingStated)}
    assert stated == {date(2020, 4, 1): Decimal("0.6"), date(2021, 4, 1): Decimal("0.6"), date(2022, 4, 1): 1}


def test_a_sparse_row_without_one_before_it_is_rejected() -> None:
    read = read_all(b"W,K,P,F,S\n1,A,P1,,2020-04-01\n1,B,P2,0.5,2020-04-01\n", file_mapping("kind: holdings", SPARSE))
    assert [one.row for one in read.statements] == [3]
    assert [(one.row, one.column, one.problem) for one in read.faults] == [
        (2, "F", "is blank, and no row before says it")
    ]


@pytest.mark.parametrize("more", ["", "references: {post: {prefix: P-1}}"])
def test_a_word_in_a_column_of_post_numbers_may_be_a_name_and_is_rejected(more: str) -> None:
    mapped = read_mapping(
        f"{more}\nfiles: {{one: {{name: x, kind: posts, columns: {{{POSTS}, funded_fte: F}}}}}}\n"
    ).files[0]
    read = read_all(b"Post,F\nZarquar,1\n77,1\nQ-7,1\n", mapped)
    assert [one.row for one in read.statements] == [3, 4]
    assert [(one.row, one.column, one.problem) for one in read.faults] == [
        (2, "Post", "has no digit, and may be a name")
    ]


def test_where_numbers_of_posts_are_words_the_mapping_says_so() -> None:
    rule = "references: {post: {without_digits: true}}"
    mapped = read_mapping(
        f"{rule}\nfiles: {{one: {{name: x, kind: posts, columns: {{{POSTS}, funded_fte: F}}}}}}\n"
    ).files[0]
    assert [one.row for one in read_all(b"Post,F\nDUTYLEAD,1\n", mapped).statements] == [2]


START_TWICE = b"W,P,F,S,E\n1,P1,1,2021-03-01,\n1,P1,0.5,2022-05-01,\n1,P2,0.5,2021-03-01,\n"
HELD = "{worker: W, post: P, fte: F, holds_from: S, holds_until: E}"


def test_rows_that_say_two_starts_of_one_holding_are_rejected_for_the_last_one_would_correct_the_others() -> None:
    read = read_all(START_TWICE, file_mapping("kind: holdings\n    end_dates: day-after", HELD))
    assert [one.row for one in read.statements] == [4]
    assert [(one.row, one.column, one.value, one.problem) for one in read.faults] == [
        (2, "S", "2021-03-01", "is another start of the same post of the same person than row 3 says"),
        (3, "S", "2022-05-01", "is another start of the same post of the same person than row 2 says"),
    ]
    assert "`begins: row`" in read.faults[0].expected


@pytest.mark.parametrize("policy", ["begins: row", "history: complete"])
def test_rows_of_one_holding_follow_one_another_where_each_begins_when_what_it_says_begins(policy: str) -> None:
    mapped = file_mapping(f"kind: holdings\n    end_dates: day-after\n    policy: {{{policy}}}", HELD)
    assert [one.row for one in read_all(START_TWICE, mapped).statements] == [2, 3, 4]


def test_a_holding_that_ended_before_it_began_again_has_two_starts() -> None:
    ended = START_TWICE.replace(b"2021-03-01,\n", b"2021-03-01,2022-05-01\n", 1)
    read = read_all(ended, file_mapping("kind: holdings\n    end_dates: day-after", HELD))
    assert ([one.row for one in read.statements], read.faults) == ([2, 3, 4], [])


def test_of_a_number_made_of_two_columns_the_fault_is_told_of_the_column_that_has_it() -> None:
    mapped = file_mapping(
        "kind: posts",
        f"{{post: {{made_of: [{UNIT}, {JOB}]}}, role: {{value: social-worker}}, team: {UNIT},"
        " service_area: {value: help}, funded_fte: F}",
    )
    (fault,) = read_all(b"Unit,Job,F\nDuty Team,Cook,1\n", mapped).faults
    assert (fault.column, fault.value) == ("Job", "Cook")


def test_the_key_of_an_occupancy_holds_the_number_of_a_person_and_so_is_a_pseudonym() -> None:
    (statement,) = read_all(b"W,K,P,F,S\n1,1A,P1,1,2020-04-01\n", file_mapping("kind: holdings", SPARSE)).statements
    assert isinstance(statement, HoldingStated)
    assert statement.holding == "holding-1A-hidden"


UNIT = "{column: Unit, codes: {Duty Team: duty, MASH: mash}}"
JOB = "{column: Job, codes: {SW: social-worker, TM: team-manager}}"


def test_where_the_establishment_is_by_unit_and_role_a_post_is_made_for_each() -> None:
    mapped = file_mapping(
        "kind: posts",
        f"{{post: {{made_of: [{UNIT}, {JOB}]}}, role: {JOB}, team: {UNIT}, service_area: {{value: help}},"
        " funded_fte: Budget}",
    )
    read = read_all(b"Unit,Job,Budget,Band\nDuty Team,SW,12.5,5\nDuty Team,SW,3,6\nMASH,TM,1,8\n", mapped)
    assert [(one.row, one.post, one.funded_fte) for one in read.statements if isinstance(one, PostStated)] == [
        (2, "duty-social-worker", Decimal("15.5")),
        (4, "mash-team-manager", 1),
    ]
    assert read.faults == []


def test_and_workers_hold_the_posts_that_were_made() -> None:
    mapped = file_mapping("kind: holdings", f"{{worker: Person, post: {{made_of: [{UNIT}, {JOB}]}}, fte: FTE}}")
    read = read_all(b"Person,Unit,Job,FTE\n1,Duty Team,SW,0.5\n2,Elsewhere,SW,1\n", mapped)
    assert [one.post for one in read.statements if isinstance(one, HoldingStated)] == ["duty-social-worker"]
    assert [(one.row, one.problem) for one in read.faults] == [(3, "matches no code of the mapping")]


def test_a_column_may_have_several_names_and_stand_anywhere() -> None:
    mapped = file_mapping("kind: posts", f"{{{POSTS}, funded_fte: [FTE, Budget FTE]}}")
    one = read_all(b"X,Post,Y,FTE\nx,P1,y,0.5\n", mapped)
    other = read_all(b"Budget FTE,A,B,Post\n0.5,a,b,P1\n", mapped)
    assert one.statements == other.statements


def test_an_fte_that_need_not_be_stated_may_be_blank() -> None:
    columns = "{panel: P, decided_on: On, kind: K, decision: D, fte: {column: FTE, as: percentage}}"
    mapped = file_mapping("kind: changes\n    event: uk.workforce.panel.decided.v1\n    subject: W", columns)
    read = read_all(b"W,P,On,K,D,FTE\n1,PN1,2020-04-01,asye,passed,\n2,PN1,2020-04-01,asye,passed,60\n", mapped)
    assert read.faults == []
    panels = [one.data for one in read.statements if isinstance(one, ChangeStated)]
    assert [getattr(panel, "fte", panel) for panel in panels] == [None, Decimal("0.6")]


def test_an_optional_column_may_be_gone_and_a_named_one_may_not() -> None:
    mapped = file_mapping(
        "kind: posts", f"{{{POSTS}, funded_fte: FTE, grade: {{column: Grade, codes: [G], optional: true}}}}"
    )
    (statement,) = read_all(b"Post,FTE,X,Y\nP1,1,x,y\n", mapped).statements
    assert isinstance(statement, PostStated)
    assert statement.grade is None
    with pytest.raises(FileRefused, match="columns of the mapping are gone: 'FTE'"):
        read_all(b"Post,Grade,X,Y\nP1,1,x,y\n", mapped)


def test_what_the_mapping_does_not_name_is_gone_and_its_names_are_told_once() -> None:
    header = [*GOOD["staff"], "NI Number", "Religion"]
    content = written(header, [[*GOOD["staff"].values(), "QQ123456C", "none"]])
    staff = mapping().file("staff")
    table = open_table(content, staff.layout)
    (row,) = named_rows(table, staff)
    assert "QQ123456C" not in repr(row)
    assert len(row.cells) == len(staff.names)
    assert dropped_columns(table, staff) == ("NI Number", "Religion")


def test_an_extract_without_a_record_is_refused_and_a_file_of_changes_without_one_is_a_quiet_day() -> None:
    with pytest.raises(FileRefused, match="has a header and no records"):
        rows_of("posts")
    assert rows_of("cases").statements == []


def test_short_rows_are_blank_at_their_end_where_the_mapping_says_so() -> None:
    columns = f"{{{POSTS}, funded_fte: FTE, grade: {{column: Grade, codes: [G]}}}}"
    mapped = file_mapping("kind: posts\n    layout: {short_rows: blank}", columns)
    read = read_all(b"Post,FTE,Grade,Other\nP1,1\nP2,1,G,x,y\n", mapped)
    assert [one.row for one in read.statements] == [2]
    assert [one.row for one in read.faults] == [3]


def test_a_code_taken_for_all_that_matches_nothing_and_for_blanks() -> None:
    words = "{column: Why, codes: {Resigned: resignation}, unmatched: not-known, blank: not-yet-collected}"
    mapped = file_mapping("kind: holdings", f"{{worker: W, post: P, fte: {{value: '1'}}, leaving_reason: {words}}}")
    read = read_all(b"W,P,Why,X\n1,P1,resigned,\n2,P1,Gone,\n3,P1,,\n", mapped)
    reasons = [one.leaving_reason for one in read.statements if isinstance(one, HoldingStated)]
    assert reasons == ["resignation", "not-known", "not-yet-collected"]


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_a_file_of_changes_of_every_type_of_event_can_be_mapped(event_type: str) -> None:
    columns = ", ".join(
        f"{name}: {{column: {name}, unmatched: spell}}" if name in NAMES else f"{name}: {name}"
        for name in EVENT_MODELS[event_type].model_fields
    )
    mapped = file_mapping(
        f"kind: changes\n    event: {event_type}\n    subject: S\n    end_dates: day-after", f"{{{columns}}}"
    )
    assert mapped.kind == "changes"


def test_the_title_of_an_initiative_is_taken_as_it_stands_and_refused_where_it_is_none() -> None:
    mapped = file_mapping(
        "kind: changes\n    event: uk.workforce.initiative.announced.v1\n    subject: Number",
        "{title: What, kind: Kind, starts_on: From}",
    )
    rows = (
        "Number,What,Kind,From\nI1, Retention payment ,retention-payment,2023-04-01\nI2,<b>Pay</b>,other,2023-04-01\n"
    )
    read = read_all(rows.encode(), mapped)
    (stated,) = read.statements
    assert isinstance(stated, ChangeStated)
    assert isinstance(stated.data, InitiativeAnnounced)
    assert stated.data.title == "Retention payment"
    ((row, fault),) = [(one.row, one.problem) for one in read.faults]
    assert (row, fault) == (3, "is not a title")


def test_what_a_cell_says_again_is_not_read_again_and_what_is_wrong_is_wrong_each_time() -> None:
    cells: list[str] = []

    def convert(cell: str) -> str:
        cells.append(cell)
        if cell == "wrong":
            raise Trouble("is wrong", "something else")
        return cell.upper()

    column = Column(OneCell("Code", 1, convert))
    assert [column.read(("x", "a")), column.read(("y", "b")), column.read(("z", "a"))] == ["A", "B", "A"]
    assert cells == ["a", "b"]
    for _ in range(2):
        with pytest.raises(Trouble):
            column.read(("x", "wrong"))
    assert cells == ["a", "b", "wrong", "wrong"]


def test_a_column_of_which_every_cell_says_something_else_is_read_all_the_same() -> None:
    column = Column(OneCell("Number", 0, str.upper))
    numbers = [f"p{number % (MOST_AT_HAND + 1)}" for number in range(3 * MOST_AT_HAND)]
    assert [column.read((number,)) for number in numbers] == [number.upper() for number in numbers]
