"""Posts, occupancies and covers put together: vacancies, over-establishment, cover, and what is left uncovered."""

from datetime import date, datetime
from decimal import Decimal

from contracts.codes import CoverReason, CswwRole, Role
from services.metrics.timelines.dimensions import NOTHING_STATED
from services.metrics.timelines.rows import FOREVER, STILL_KNOWN, Cover, Occupancy, Post, PostFacts, Staffing
from services.metrics.timelines.staffing import staffing, unposted_cover_staffing
from tests.histories import at

OCTOBER_1, OCTOBER_16 = date(2023, 10, 1), date(2023, 10, 16)
NOVEMBER_1, DECEMBER_1 = date(2023, 11, 1), date(2023, 12, 1)
MONDAY, TUESDAY, WEDNESDAY = at(date(2023, 9, 25)), at(date(2023, 9, 26)), at(date(2023, 9, 27))


def in_millionths(fte: str) -> int:
    """An FTE as rows have it."""
    return int(Decimal(fte) * 1_000_000)


FACTS = NOTHING_STATED._replace(
    role=Role.SOCIAL_WORKER,
    team="assessment",
    service_area="help-and-protection",
    grade="grade-9",
    csww_role=CswwRole.CASE_HOLDER,
)


def post(
    funded: str,
    valid_from: date = OCTOBER_1,
    valid_to: date = FOREVER,
    known_from: datetime = MONDAY,
    known_to: datetime = STILL_KNOWN,
    team: str = "assessment",
) -> Post:
    facts = PostFacts(FACTS._replace(team=team), in_millionths(funded))
    return Post("P-1", facts, valid_from, valid_to, known_from, known_to)


def held_by(
    worker: str,
    fte: str = "1",
    valid_from: date = OCTOBER_1,
    valid_to: date = FOREVER,
    known_from: datetime = MONDAY,
    known_to: datetime = STILL_KNOWN,
) -> Occupancy:
    return Occupancy(worker, "P-1", in_millionths(fte), valid_from, valid_to, known_from, known_to)


def covered_by(
    cover: str,
    fte: str = "1",
    reason: CoverReason = CoverReason.VACANCY,
    valid_from: date = OCTOBER_1,
    valid_to: date = FOREVER,
    known_from: datetime = MONDAY,
    known_to: datetime = STILL_KNOWN,
    of_post: str | None = "P-1",
) -> Cover:
    stated = NOTHING_STATED._replace(role=None if of_post else Role.TEAM_MANAGER)
    return Cover(cover, "A-1", of_post, in_millionths(fte), reason, stated, valid_from, valid_to, known_from, known_to)


def amounts(row: Staffing) -> dict[str, str]:
    """The amounts of a row that are not 0."""
    named = {
        "establishment": row.establishment,
        "in_post": row.in_post,
        "vacancies": row.vacancies,
        "over_establishment": row.over_establishment,
        "agency": row.agency,
        "agency_cover": row.agency_cover,
        "uncovered": row.uncovered,
    }
    return {name: f"{(Decimal(value) / 1_000_000).normalize():f}" for name, value in named.items() if value}


def the_only(rows: list[Staffing]) -> dict[str, str]:
    """The amounts of the one row there is."""
    assert len(rows) == 1
    return amounts(rows[0])


def test_a_vacant_post_stands_with_all_its_facts_and_amounts() -> None:
    assert staffing("post/P-1", [post("0.8")], [], []) == [
        Staffing(
            staffing_unit="post/P-1",
            dimensions=FACTS,
            establishment=800_000,
            in_post=0,
            vacancies=800_000,
            over_establishment=0,
            agency=0,
            agency_cover=0,
            uncovered=800_000,
            valid_from=OCTOBER_1,
            valid_to=FOREVER,
            known_from=MONDAY,
            known_to=STILL_KNOWN,
        )
    ]


def test_a_filled_post_has_no_vacancy() -> None:
    assert the_only(staffing("post/P-1", [post("1")], [held_by("W-1")], [])) == {"establishment": "1", "in_post": "1"}


def test_two_workers_share_a_post_half_each() -> None:
    shared = staffing("post/P-1", [post("1")], [held_by("W-1", "0.5"), held_by("W-2", "0.5")], [])
    assert the_only(shared) == {"establishment": "1", "in_post": "1"}


def test_when_one_half_of_a_job_share_leaves_half_the_post_is_vacant_from_that_day() -> None:
    rows = staffing("post/P-1", [post("1")], [held_by("W-1", "0.5"), held_by("W-2", "0.5", valid_to=NOVEMBER_1)], [])
    assert [(row.valid_from, row.valid_to, amounts(row)) for row in rows] == [
        (OCTOBER_1, NOVEMBER_1, {"establishment": "1", "in_post": "1"}),
        (NOVEMBER_1, FOREVER, {"establishment": "1", "in_post": "0.5", "vacancies": "0.5", "uncovered": "0.5"}),
    ]


def test_a_post_handed_from_one_worker_to_the_next_stays_one_row() -> None:
    rows = staffing(
        "post/P-1", [post("1")], [held_by("W-1", valid_to=NOVEMBER_1), held_by("W-2", valid_from=NOVEMBER_1)], []
    )
    assert [(row.valid_from, row.valid_to) for row in rows] == [(OCTOBER_1, FOREVER)]


def test_a_post_covered_by_agency_stays_vacant() -> None:
    assert the_only(staffing("post/P-1", [post("1")], [], [covered_by("C-1", "0.6")])) == {
        "establishment": "1",
        "vacancies": "1",
        "agency": "0.6",
        "agency_cover": "0.6",
        "uncovered": "0.4",
    }


def test_an_agency_worker_beside_a_filled_post_is_agency_and_covers_no_vacancy() -> None:
    absence = covered_by("C-1", reason=CoverReason.ABSENCE)
    additional = covered_by("C-2", "0.5", CoverReason.ADDITIONAL)
    assert the_only(staffing("post/P-1", [post("1")], [held_by("W-1")], [absence, additional])) == {
        "establishment": "1",
        "in_post": "1",
        "agency": "1.5",
    }


def test_an_agency_worker_with_reason_vacancy_on_a_filled_post_still_counts_as_cover() -> None:
    assert the_only(staffing("post/P-1", [post("1")], [held_by("W-1")], [covered_by("C-1")])) == {
        "establishment": "1",
        "in_post": "1",
        "agency": "1",
        "agency_cover": "1",
    }


def test_ten_agency_workers_cover_eight_and_a_half_vacant_posts_and_none_is_uncovered() -> None:
    cover = [covered_by(f"C-{number}") for number in range(10)]
    assert the_only(staffing("post/P-1", [post("8.5")], [], cover)) == {
        "establishment": "8.5",
        "vacancies": "8.5",
        "agency": "10",
        "agency_cover": "10",
    }


def test_fte_in_post_above_the_funding_is_over_establishment() -> None:
    assert the_only(staffing("post/P-1", [post("1")], [held_by("W-1"), held_by("W-2", "0.5")], [])) == {
        "establishment": "1",
        "in_post": "1.5",
        "over_establishment": "0.5",
    }


def test_a_post_whose_funding_is_cut_under_its_worker_is_over_established_from_then_on() -> None:
    funding = [post("1", valid_to=NOVEMBER_1), post("0.6", valid_from=NOVEMBER_1)]
    rows = staffing("post/P-1", funding, [held_by("W-1")], [])
    assert [(row.valid_from, amounts(row)) for row in rows] == [
        (OCTOBER_1, {"establishment": "1", "in_post": "1"}),
        (NOVEMBER_1, {"establishment": "0.6", "in_post": "1", "over_establishment": "0.4"}),
    ]


def test_a_post_closed_with_someone_in_it_is_over_established_in_its_own_role() -> None:
    funding = [post("1", valid_to=NOVEMBER_1), post("0", valid_from=NOVEMBER_1)]
    closed = staffing("post/P-1", funding, [held_by("W-1")], [])[1]
    assert (closed.dimensions.role, closed.dimensions.team, amounts(closed)) == (
        Role.SOCIAL_WORKER,
        "assessment",
        {"in_post": "1", "over_establishment": "1"},
    )


def test_a_closed_post_that_is_empty_is_left_out() -> None:
    funding = [post("1", valid_to=NOVEMBER_1), post("0", valid_from=NOVEMBER_1)]
    assert [(row.valid_from, row.valid_to) for row in staffing("post/P-1", funding, [], [])] == [
        (OCTOBER_1, NOVEMBER_1)
    ]


def test_a_post_that_nobody_established_has_staff_but_neither_role_nor_funding() -> None:
    unknown = staffing("post/P-1", [], [held_by("W-1")], [covered_by("C-1", "0.5")])
    assert [set(row.dimensions) for row in unknown] == [{None}]
    assert the_only(unknown) == {"in_post": "1", "over_establishment": "1", "agency": "0.5", "agency_cover": "0.5"}


def test_before_a_post_is_established_its_worker_is_in_post_without_a_role() -> None:
    rows = staffing("post/P-1", [post("1", valid_from=NOVEMBER_1)], [held_by("W-1")], [])
    assert [(row.dimensions.role, row.valid_from, amounts(row)) for row in rows] == [
        (None, OCTOBER_1, {"in_post": "1", "over_establishment": "1"}),
        (Role.SOCIAL_WORKER, NOVEMBER_1, {"establishment": "1", "in_post": "1"}),
    ]


def test_a_post_that_changes_its_team_is_another_row() -> None:
    rows = staffing(
        "post/P-1", [post("1", valid_to=NOVEMBER_1), post("1", NOVEMBER_1, team="children-in-care")], [], []
    )
    assert [(row.dimensions.team, row.valid_from) for row in rows] == [
        ("assessment", OCTOBER_1),
        ("children-in-care", NOVEMBER_1),
    ]


def test_the_order_in_which_facts_are_given_does_not_matter() -> None:
    funding = [post("1", valid_to=NOVEMBER_1), post("0.5", valid_from=NOVEMBER_1, team="children-in-care")]
    held = [held_by("W-1", valid_to=NOVEMBER_1), held_by("W-2", "0.5", valid_from=NOVEMBER_1)]
    rows = staffing("post/P-1", funding[::-1], held[::-1], [])
    assert [(row.dimensions.team, row.valid_from, row.valid_to, amounts(row)) for row in rows] == [
        ("assessment", OCTOBER_1, NOVEMBER_1, {"establishment": "1", "in_post": "1"}),
        ("children-in-care", NOVEMBER_1, FOREVER, {"establishment": "0.5", "in_post": "0.5"}),
    ]


def test_a_post_whose_team_is_corrected_was_known_in_the_other_team_before() -> None:
    rows = staffing(
        "post/P-1", [post("1", known_to=TUESDAY), post("1", known_from=TUESDAY, team="children-in-care")], [], []
    )
    assert [(row.dimensions.team, row.known_from, row.known_to) for row in rows] == [
        ("assessment", MONDAY, TUESDAY),
        ("children-in-care", TUESDAY, STILL_KNOWN),
    ]


def test_a_worker_known_again_after_a_gap_was_not_in_post_as_known_within_it() -> None:
    rows = staffing("post/P-1", [], [held_by("W-1", known_to=TUESDAY), held_by("W-1", known_from=WEDNESDAY)], [])
    assert [(row.known_from, row.known_to) for row in rows] == [(MONDAY, TUESDAY), (WEDNESDAY, STILL_KNOWN)]


def test_the_role_of_a_post_withdrawn_from_some_day_on_does_not_stay_with_its_worker() -> None:
    rows = staffing("post/P-1", [post("1", valid_to=NOVEMBER_1)], [held_by("W-1")], [])
    assert [(row.dimensions.role, row.valid_from, row.valid_to) for row in rows] == [
        (Role.SOCIAL_WORKER, OCTOBER_1, NOVEMBER_1),
        (None, NOVEMBER_1, FOREVER),
    ]


def test_a_leaver_entered_late_makes_a_vacancy_that_was_not_known_before() -> None:
    told_on_monday = held_by("W-1", known_to=WEDNESDAY)
    told_on_wednesday = held_by("W-1", valid_to=NOVEMBER_1, known_from=WEDNESDAY)
    rows = staffing("post/P-1", [post("1")], [told_on_monday, told_on_wednesday], [])
    assert [
        (row.valid_from, row.valid_to, row.known_from, row.known_to, f"{row.vacancies / 1_000_000:g}") for row in rows
    ] == [
        (OCTOBER_1, FOREVER, MONDAY, WEDNESDAY, "0"),
        (OCTOBER_1, NOVEMBER_1, WEDNESDAY, STILL_KNOWN, "0"),
        (NOVEMBER_1, FOREVER, WEDNESDAY, STILL_KNOWN, "1"),
    ]


def test_a_worker_exchanged_for_another_in_a_correction_does_not_break_the_row() -> None:
    rows = staffing("post/P-1", [post("1")], [held_by("W-1", known_to=TUESDAY), held_by("W-2", known_from=TUESDAY)], [])
    assert [(row.known_from, row.known_to) for row in rows] == [(MONDAY, STILL_KNOWN)]


def test_a_post_is_known_before_its_worker_is() -> None:
    rows = staffing("post/P-1", [post("1")], [held_by("W-1", known_from=TUESDAY)], [])
    assert [(row.known_from, row.known_to, f"{row.in_post / 1_000_000:g}") for row in rows] == [
        (MONDAY, TUESDAY, "0"),
        (TUESDAY, STILL_KNOWN, "1"),
    ]


def test_a_staffing_unit_without_anything_has_no_rows() -> None:
    assert staffing("post/P-1", [], [], []) == []
    assert unposted_cover_staffing([]) == []


def test_an_assignment_without_a_post_is_a_staffing_unit_of_its_own_in_the_role_it_states() -> None:
    alone = covered_by("C-1", "0.5", CoverReason.ADDITIONAL, of_post=None)
    rows = unposted_cover_staffing([alone])
    assert [(row.staffing_unit, row.dimensions.role, row.dimensions.team, row.valid_from) for row in rows] == [
        ("cover/C-1", Role.TEAM_MANAGER, None, OCTOBER_1)
    ]
    assert the_only(rows) == {"agency": "0.5"}


def test_assignments_without_a_post_are_kept_apart_and_those_with_a_post_left_to_it() -> None:
    several = [
        covered_by("C-2", reason=CoverReason.ABSENCE, of_post=None),
        covered_by("C-1", reason=CoverReason.ADDITIONAL, of_post=None),
        covered_by("C-3"),
    ]
    assert [row.staffing_unit for row in unposted_cover_staffing(several)] == ["cover/C-1", "cover/C-2"]


def test_a_reason_changed_from_absence_to_additional_does_not_break_the_row() -> None:
    absence = covered_by("C-1", reason=CoverReason.ABSENCE, valid_to=OCTOBER_16, of_post=None)
    additional = covered_by(
        "C-1", reason=CoverReason.ADDITIONAL, valid_from=OCTOBER_16, valid_to=DECEMBER_1, of_post=None
    )
    assert [(row.valid_from, row.valid_to) for row in unposted_cover_staffing([absence, additional])] == [
        (OCTOBER_1, DECEMBER_1)
    ]
