"""What docs/definitions.md says of rates, of absence and caseloads, and of vacancies in lots; expectations by hand."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from contracts.codes import CoverReason, Demand, Role
from contracts.events.agency_cover import CoverChanged
from contracts.events.hiring import WorkerMerged
from contracts.events.posts import PostChanged, PostClosed
from contracts.events.working_life import AbsenceRecorded, CaseloadCounted, DemandCounted, DemandEnded
from tests.histories import started
from tests.oracle.facts import BEFORE, YEAR_2023, Fact, a_post, away, covers, day, on, resigned, standing, total
from tests.oracle.measures import MEASURES, Period, by
from tests.oracle.rates import RATES

# --- rates ------------------------------------------------------------------------------------------------------------


def test_turnover_stability_and_crude_turnover_of_one_year() -> None:
    events = standing(
        a_post("P-1", fte="4"),
        on("W-1", started(BEFORE)),
        on("W-2", started(BEFORE)),
        on("W-2", resigned(date(2022, 10, 1))),
        on("W-3", started(date(2023, 9, 30))),
    )
    assert RATES["turnover-rate"](events, date(2023, 9, 30)) == 50
    assert RATES["stability-index"](events, YEAR_2023) == 50
    # W-1 all 365 days, W-3 one.
    assert RATES["crude-turnover"](events, YEAR_2023) == Fraction(100 * 365, 366)
    assert RATES["turnover-rate"](events, date(2022, 9, 30)) == 0


def test_stock_rates_in_census_scope_and_the_nhs_rate_over_all() -> None:
    events = standing(
        a_post("P-1", fte="2"),
        a_post("P-2", None, Role.RESIDENTIAL_CHILDRENS_WORKER),
        on("W-1", started(BEFORE, "P-1", "0.5")),
        on("W-2", started(BEFORE, "P-2")),
        on("W-3", started(BEFORE, "P-2")),
        (
            "cover/C-1",
            covers("A-1", "P-1"),
        ),
        (
            "cover/C-2",
            covers("A-1", "P-1", "1", CoverReason.ABSENCE),
        ),
        (
            "cover/C-3",
            covers("A-2", "P-2", "1", CoverReason.ABSENCE),
        ),
        ("cover/C-2", CoverChanged(effective_from=BEFORE, fte=Decimal("0.5"))),
    )
    assert RATES["vacancy-rate"](events, BEFORE) == 75
    assert RATES["agency-worker-rate"](events, BEFORE) == 75
    assert RATES["agency-worker-rate-headcount"](events, BEFORE) == Fraction(200, 3)
    assert RATES["agency-cover-rate"](events, BEFORE) == Fraction(200, 3)
    assert RATES["vacancy-agency-cover-rate"](events, BEFORE) == Fraction(200, 3)
    assert RATES["nhs-vacancy-rate"](events, BEFORE) == Fraction(100, 6)
    assert total(events, "over-establishment", day(BEFORE), "all") == 1
    assert total(events, "uncovered-vacancies", day(BEFORE)) == Fraction(1, 2)


@pytest.mark.parametrize(
    ("absence", "in_the_year", "after"),
    [
        # Monday 25 September up to Wednesday 4 October 2023: 5 weekdays of the year and 2 after it; then of 9 days lost
        # only 7.
        (away(date(2023, 9, 25), date(2023, 10, 4), "6"), Fraction("4.285714"), Fraction("1.714286")),
        (away(date(2023, 9, 25), date(2023, 10, 4), "9"), 5, 2),
        # Still away: 2.5 days are 3 weekdays, Thursday, Friday and Monday 2 October.
        (away(date(2023, 9, 28), None, "2.5"), Fraction("1.666667"), Fraction("0.833333")),
        # A Saturday and a Sunday only.
        (away(date(2023, 9, 30), date(2023, 10, 2), "2"), 0, 0),
    ],
)
def test_days_lost_are_spread_over_the_weekdays_of_an_absence(
    absence: AbsenceRecorded, in_the_year: Fraction, after: Fraction
) -> None:
    events = standing(a_post("P-1"), on("W-1", started(BEFORE)), on("W-1", absence))
    assert total(events, "working-days-lost", YEAR_2023) == in_the_year
    assert total(events, "working-days-lost", Period(date(2023, 10, 1), date(2024, 9, 30))) == after


def test_an_absence_loses_the_days_in_service_and_before_the_start_is_at_no_post() -> None:
    # Wednesday 1 to Friday 3 March 2023; the worker starts on the Thursday.
    away_from_march_on = on("W-1", away(date(2023, 3, 1), date(2023, 3, 4), "3"))
    assert total(standing(a_post("P-1"), away_from_march_on), "working-days-lost", YEAR_2023, "all") == 0
    events = standing(a_post("P-1"), on("W-1", started(date(2023, 3, 2))), away_from_march_on)
    assert by(MEASURES["working-days-lost"](events, YEAR_2023, "all"), ["role"]) == {(None,): 2}
    assert total(events, "working-days-lost", YEAR_2023) == 0


def test_an_absence_ends_when_the_worker_leaves_and_goes_on_when_the_worker_is_back() -> None:
    # Monday 1 May to Friday 26 May 2023: 20 weekdays, of which the worker is in post on 5 and, come back, on 3 more.
    facts = [a_post("P-1"), on("W-1", started(BEFORE)), on("W-1", away(date(2023, 5, 1), date(2023, 5, 27), "20"))]
    gone = [*facts, on("W-1", resigned(date(2023, 5, 8)))]
    assert total(standing(*gone), "working-days-lost", YEAR_2023) == 5
    back = [*gone, on("W-1", started(date(2023, 5, 24)))]
    assert total(standing(*back), "working-days-lost", YEAR_2023) == 8


def test_a_day_of_several_absences_counts_once_for_the_one_that_loses_most_of_it() -> None:
    def lost(*absences: AbsenceRecorded) -> Fraction:
        facts = [a_post("P-1"), on("W-1", started(BEFORE)), *(on("W-1", absence) for absence in absences)]
        return total(standing(*facts), "working-days-lost", YEAR_2023)

    first_week_of_may, may = date(2023, 5, 1), date(2023, 5, 29)
    in_full = away(first_week_of_may, date(2023, 5, 6), "5")
    by_half = away(first_week_of_may, may, "10")
    assert lost(in_full, in_full) == 5
    assert lost(in_full, by_half) == lost(by_half, in_full) == 5 + 15 * Fraction(1, 2)


def test_a_year_with_a_29_february_has_254_working_days() -> None:
    facts = [a_post("P-1"), on("W-1", started(BEFORE))]
    lost = [on("W-1", away(date(year, 3, 1), date(year, 3, 6), "2")) for year in (2023, 2024)]
    events = standing(*facts, *lost)
    assert RATES["absence-rate"](events, date(2023, 9, 30)) == Fraction(200, 253)
    assert RATES["absence-rate"](events, date(2024, 9, 30)) == Fraction(200, 254)


def test_cases_count_for_30_days_of_whoever_works_and_agency_workers_too() -> None:
    def counted(day: date, cases: int) -> CaseloadCounted:
        return CaseloadCounted(counted_on=day, cases=cases)

    events = standing(
        a_post("P-1", fte="3"),
        on("W-1", started(BEFORE, "P-1", "0.5")),
        on("W-2", started(BEFORE, "P-1", "1")),
        (
            "cover/C-1",
            covers("A-1", "P-1"),
        ),
        (
            "cover/C-2",
            covers("W-1", "P-1", "0.2", CoverReason.ABSENCE),
        ),
        on("W-1", counted(date(2023, 8, 31), 7)),
        on("A-1", counted(date(2023, 9, 1), 20)),
        on("W-2", counted(date(2023, 8, 31), 9)),
        on("W-2", counted(date(2023, 9, 20), 0)),
        on("W-3", counted(date(2023, 9, 20), 5)),
    )
    assert RATES["average-caseload"](events, date(2023, 9, 30)) == Fraction(27) / Fraction("1.7")
    assert RATES["average-caseload"](events, date(2023, 10, 1)) == 20
    assert RATES["average-caseload"](events, date(2023, 10, 2)) is None
    counted_on = date(2022, 9, 30)
    count = DemandCounted(counted_on=counted_on, demand=Demand.CHILDREN_IN_NEED, children=34)
    of_one_area = DemandCounted(counted_on=counted_on, demand=Demand.CHILDREN_IN_NEED, children=5, service_area="north")
    with_demand = [*events, *standing(("demand/D-1", count), ("demand/D-1", of_one_area))]
    assert RATES["children-per-case-holder"](with_demand, date(2023, 9, 30)) == 20
    assert total(with_demand, "children-by-area", day(counted_on)) == 5


def test_counts_of_one_day_under_two_numbers_of_a_person_add_up_and_those_of_an_earlier_day_do_not() -> None:
    facts = [
        a_post("P-1"),
        on("W-1", started(BEFORE)),
        on("W-1", CaseloadCounted(counted_on=date(2023, 8, 31), cases=14)),
        on("W-2", CaseloadCounted(counted_on=date(2023, 8, 31), cases=5)),
        on("W-2", CaseloadCounted(counted_on=date(2023, 8, 31), cases=6)),
        on("W-1", WorkerMerged(duplicate="W-2")),
    ]
    assert total(standing(*facts), "cases", day(date(2023, 9, 15))) == 20
    later = [*facts, on("W-1", CaseloadCounted(counted_on=date(2023, 9, 14), cases=19))]
    assert total(standing(*later), "cases", day(date(2023, 9, 15))) == 19


def test_a_series_of_children_ends_when_it_is_ended_or_after_twelve_months() -> None:
    def counted(day: date, children: int) -> DemandCounted:
        return DemandCounted(counted_on=day, demand=Demand.CHILDREN_IN_NEED, children=children)

    def children(as_at: date, *facts: Fact) -> Fraction:
        return total(standing(*facts), "children", day(as_at))

    march, june, july = date(2023, 3, 31), date(2023, 6, 30), date(2023, 7, 31)
    old, new = ("demand/old", counted(march, 700)), ("demand/new", counted(june, 690))
    assert children(june, old, new) == 1390
    ended = ("demand/old", DemandEnded(ended_on=june))
    assert children(date(2023, 6, 29), old, new, ended) == 700
    assert children(june, old, new, ended) == 690
    assert children(july, old, new, ended, ("demand/old", counted(july, 3))) == 693
    assert children(date(2024, 3, 31), old) == 700
    assert children(date(2024, 4, 1), old) == 0


# --- vacancies in lots ------------------------------------------------------------------------------------------------


def test_the_oldest_vacancy_is_filled_first_in_part_and_withdrawn_when_nobody_came() -> None:
    events = standing(
        a_post("P-1", fte="1", day=date(2023, 1, 1)),
        ("post/P-1", PostChanged(effective_from=date(2023, 4, 1), funded_fte=Decimal(2))),
        on("W-1", started(date(2023, 4, 11), "P-1", "0.6")),
        on("W-2", started(date(2023, 5, 1), "P-1", "0.6")),
        ("post/P-1", PostClosed(closed_on=date(2023, 8, 1))),
    )
    # 0.6 of the lot of 1 January after 100 days, 0.4 of it after 120, 0.2 of that of 1 April after 30; 0.8 withdrawn.
    assert total(events, "vacancies-filled", YEAR_2023) == Fraction("1.2")
    assert total(events, "days-to-fill", YEAR_2023) == 60 + 48 + 6
    assert RATES["time-to-fill"](events, YEAR_2023) == 95
    ages = by(MEASURES["vacancies-by-age"](events, day(date(2023, 4, 11)), "census"), ["age"])
    assert ages == {("3-to-6-months",): Fraction("0.4"), ("under-3-months",): 1}
    assert by(MEASURES["vacancies-by-age"](events, day(date(2023, 6, 30)), "census"), ["age"]) == {
        ("under-3-months",): Fraction("0.8")
    }
    assert total(events, "vacancies-by-age", day(date(2023, 8, 1))) == 0


def test_a_worker_who_leaves_opens_a_lot_that_ages_by_full_months() -> None:
    events = standing(a_post("P-1"), on("W-1", started(BEFORE)), on("W-1", resigned(date(2022, 11, 30))))
    for as_at, age in [
        (date(2023, 2, 27), "under-3-months"),
        (date(2023, 2, 28), "3-to-6-months"),
        (date(2023, 11, 29), "9-to-12-months"),
        (date(2023, 11, 30), "over-12-months"),
    ]:
        assert by(MEASURES["vacancies-by-age"](events, day(as_at), "all"), ["age"]) == {(age,): 1}
