"""Figures over several authorities: each knows posts and people by its own numbers, be they the same as another's."""

from datetime import date, datetime
from fractions import Fraction
from typing import Any

import pytest

from contracts.codes import CswwRole, Demand
from contracts.envelope import Event
from services.metrics.figures.figures import Figures, FigureSums
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import When
from services.metrics.reasons import Reason
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from tests.worked.answers import events_of
from tests.worked.example import Fact, example
from tests.worked.stated import caseload, children, covered, left, post, started

DAY = date(2023, 9, 30)
YEAR = When(date(2022, 10, 1), DAY, DAY)
BEFORE = "2022-01-03"
WAYS = ("one by one", "together", "merged")


def reading(authority: str, *facts: Fact) -> Reading:
    """What one authority recorded."""
    events: list[Event] = events_of(example("", *facts), authority)
    snapshot = Snapshot(events)
    return Reading(authority, datetime.fromisoformat("2024-01-01T00:00:00Z"), lambda: snapshot)


def figure(measure: str, *readings: Reading, by: tuple[str, ...] = (), way: str = "one by one") -> Figures:
    """A measure over the readings: they come together, or one by one, or each is counted by itself and then merged."""

    def nothing() -> FigureSums:
        return FigureSums([MEASURES[measure]], [YEAR], FigureQuery(by))

    sums = nothing()
    for some in [list(readings)] if way == "together" else [[one] for one in readings]:
        if way == "merged":
            of_one = nothing()
            of_one.add(some)
            sums.merge(of_one)
        else:
            sums.add(some)
    return sums.figures(MEASURES[measure])


ONE = reading(
    "331",
    post("P-1", BEFORE),
    started("W-1", BEFORE, fte=0.5),
    covered("C-1", BEFORE),
    caseload("W-1", "2023-09-29", 10),
)
OTHER = reading(
    "332", post("P-1", BEFORE, fte=2), started("W-1", BEFORE), started("W-2", BEFORE), left("W-2", "2023-05-01")
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("measure", "total"),
    [
        ("establishment", 3),
        ("in-post", "3/2"),
        # Half of the one, 1 of the other; a person of the same number in both is two.
        ("vacancies", "3/2"),
        ("in-post-headcount", 2),
        ("agency-headcount", 1),
        ("leavers", 1),
        # 1.5 of 1.5 and 1.5; 1 of 1.5; one of two who were there. Sums are divided, no rates averaged.
        ("vacancy-rate", 50),
        ("turnover-rate", "200/3"),
        ("stability-index", "200/3"),
        # What some counted stands where others did not.
        ("cases", 10),
        ("average-caseload", 20),
    ],
)
def test_what_two_authorities_recorded_under_the_same_numbers_adds_up(measure: str, total: str, way: str) -> None:
    for readings in ((ONE, OTHER), (OTHER, ONE)):
        assert figure(measure, *readings, way=way).totals == [Fraction(total)]


def test_rows_of_two_authorities_add_up_by_what_posts_have_in_common() -> None:
    answer = figure("in-post", ONE, OTHER, by=("csww_role", "team"))
    assert list(answer.sorted_rows()) == [((CswwRole.CASE_HOLDER, "p-1"), [Fraction(3, 2)])]


def test_rows_come_in_the_order_of_what_they_are_broken_down_by_and_what_is_not_stated_last() -> None:
    cohorts: dict[str, dict[str, Any]] = {"W-1": {"cohort": "AC-2"}, "W-2": {}, "W-3": {"cohort": "AC-1"}}
    starts = [started(worker, "2023-05-01", **named) for worker, named in cohorts.items()]
    answer = figure("starters", reading("331", post("P-1", BEFORE, fte=3), *starts), by=("cohort",))
    assert [key for key, _ in answer.sorted_rows()] == [("AC-1",), ("AC-2",), (None,)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("readings", [(ONE, OTHER), (OTHER, ONE)], ids=["331 first", "332 first"])
def test_what_rests_on_the_rules_of_one_of_them_is_told_of_no_two(readings: tuple[Reading, Reading], way: str) -> None:
    assert figure("progression-funding-used", *readings, way=way).totals == [Reason.NO_POLICY]
    assert figure("retention-payments-due", *readings, by=("role",)).totals == [Reason.NO_POLICY]
    assert figure("retention-payments-due", ONE).totals == [Fraction(0)]


@pytest.mark.parametrize("way", WAYS)
def test_children_of_two_kinds_are_not_added_though_each_authority_counts_but_one(way: str) -> None:
    plans = reading("331", children("D-1", "2023-09-30", 40, "child-protection-plans"))
    looked_after = reading("332", children("D-1", "2023-09-30", 70, "children-looked-after"))
    for readings in ((plans, looked_after), (looked_after, plans)):
        assert figure("children", *readings, way=way).totals == [Reason.KINDS_OVERLAP]
        by_kind = figure("children", *readings, by=("demand",), way=way)
        assert [values for _, values in by_kind.sorted_rows()] == [[Fraction(40)], [Fraction(70)]]
    assert figure("children", plans, plans, way=way).totals == [Fraction(80)]


CASES = [post("P-1", BEFORE), started("W-1", BEFORE), caseload("W-1", "2023-09-30", 10)]
"""Of an authority with a case holder of 1 FTE."""


@pytest.mark.parametrize("way", WAYS)
def test_children_are_divided_by_the_case_holders_of_those_alone_who_counted_children(way: str) -> None:
    plans = reading("331", *CASES, children("D-1", "2023-09-30", 40, "child-protection-plans"))
    none = reading("332", *CASES)
    other_plans = reading("333", *CASES, children("D-1", "2023-09-30", 20, "child-protection-plans"))
    for readings in ((plans, none), (none, plans)):
        assert figure("children-per-case-holder", *readings, way=way).totals == [Fraction(40)]
    # 60 children of both, and 2 FTE.
    three = figure("children-per-case-holder", plans, none, other_plans, way=way)
    assert three.totals == [Fraction(30)]
    assert figure("children-per-case-holder", none, none).totals == [Reason.NOT_COUNTED]


def test_each_kind_of_children_is_divided_by_the_case_holders_of_those_who_counted_that_kind() -> None:
    plans = reading("331", *CASES, children("D-1", "2023-09-30", 40, "child-protection-plans"))
    both = reading(
        "332",
        *CASES,
        children("D-1", "2023-09-30", 20, "child-protection-plans"),
        children("D-2", "2023-09-30", 70, "children-looked-after"),
    )
    by_kind = figure("children-per-case-holder", plans, both, by=("demand",))
    assert dict(by_kind.rows) == {
        (Demand.CHILD_PROTECTION_PLANS,): [Fraction(30)],
        (Demand.CHILDREN_LOOKED_AFTER,): [Fraction(70)],
    }
    assert by_kind.totals == [Reason.KINDS_OVERLAP]


def test_children_are_divided_at_each_time_by_those_who_counted_them_then() -> None:
    earlier = When(date(2021, 10, 1), date(2022, 9, 30), date(2022, 9, 30))
    cases = [post("P-1", BEFORE), started("W-1", BEFORE)]
    cases += [caseload("W-1", "2022-09-30", 10), caseload("W-1", "2023-09-30", 10)]
    then = reading("331", *cases, children("D-1", "2022-09-01", 40, "child-protection-plans"))
    now = reading("332", *cases, children("D-1", "2023-09-01", 20, "child-protection-plans"))
    sums = FigureSums([MEASURES["children-per-case-holder"]], [earlier, YEAR], FigureQuery())
    sums.add([then, now])
    assert sums.figures(MEASURES["children-per-case-holder"]).totals == [Fraction(40), Fraction(20)]


def test_scope_is_the_callers_for_counts_and_the_census_for_its_rates() -> None:
    home = reading("331", post("P-1", BEFORE, csww_role=None), started("W-1", BEFORE), post("P-2", BEFORE))
    sums = FigureSums(
        [MEASURES["vacancies"], MEASURES["vacancy-rate"], MEASURES["in-post"]], [YEAR], FigureQuery(scope=Scope.ALL)
    )
    sums.add([home])
    assert sums.figures(MEASURES["in-post"]).totals == [Fraction(1)]
    assert sums.figures(MEASURES["vacancies"]).totals == [Fraction(1)]
    assert sums.figures(MEASURES["vacancy-rate"]).totals == [Fraction(100)]
