"""Figures that are none: sums of kinds that overlap, and what rests on a rule of another council."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from contracts.codes import Demand
from contracts.envelope import Event
from contracts.events.working_life import CaseloadCounted, DemandCounted
from services.metrics.figures.attribution import Attribution
from services.metrics.figures.changes import Report, part_changes
from services.metrics.figures.explanation import explain
from services.metrics.figures.figures import Figures, figures
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import MEASURES, count, counts_of
from services.metrics.measures.declaration import When
from services.metrics.reasons import Reason
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, established, event, started

DAY = date(2023, 10, 31)
WHEN = When(date(2023, 4, 1), DAY, DAY)
PLANS, LOOKED_AFTER = Demand.CHILD_PROTECTION_PLANS, Demand.CHILDREN_LOOKED_AFTER


def _history() -> list[Event]:
    facts = [
        ("post/P-1", established(date(2023, 4, 1), "2")),
        ("worker/W-1", started(date(2023, 4, 1), fte="1").model_copy(update={"fte": Decimal("0.8")})),
        ("worker/W-1", CaseloadCounted(counted_on=DAY, cases=12)),
        ("demand/plans", DemandCounted(counted_on=DAY, demand=PLANS, children=40)),
        ("demand/plans-of-the-north", DemandCounted(counted_on=DAY, demand=PLANS, children=20)),
        ("demand/looked-after", DemandCounted(counted_on=DAY, demand=LOOKED_AFTER, children=72)),
    ]
    return [event(data, subject, at(DAY, 9 + index), f"E-{index}") for index, (subject, data) in enumerate(facts)]


def _reading(events: list[Event], authority: str = "331") -> Reading:
    snapshot = Snapshot(events)
    return Reading(authority, at(DAY, 23), lambda: snapshot)


def _asked(measure: str, *by: str, **where: str) -> Figures:
    return figures(MEASURES[measure], [_reading(_history())], [WHEN], FigureQuery(by, where))


def test_children_of_overlapping_kinds_have_no_total_and_each_kind_has_its_own() -> None:
    assert _asked("children").totals == [Reason.KINDS_OVERLAP]
    by_kind = _asked("children", "demand")
    assert dict(by_kind.rows) == {(PLANS,): [60], (LOOKED_AFTER,): [72]}
    assert by_kind.totals == [Reason.KINDS_OVERLAP]
    assert _asked("children", demand=PLANS).totals == [60]


def test_where_only_one_kind_is_ever_counted_it_is_the_total() -> None:
    events = [one for one in _history() if one.envelope.id != "E-5"]
    for measure, total in (("children", 60), ("children-per-case-holder", 75)):
        assert figures(MEASURES[measure], [_reading(events)], [WHEN], FigureQuery()).totals == [total]
    both = [_reading(events), _reading([one for one in _history() if one.envelope.id == "E-5"], "332")]
    assert figures(MEASURES["children"], both, [WHEN], FigureQuery()).totals == [Reason.KINDS_OVERLAP]


def test_there_is_no_row_that_would_add_up_kinds() -> None:
    assert dict(_asked("children", "role").rows) == {}
    assert dict(_asked("children", "role", demand=PLANS).rows) == {(None,): [60]}


def test_children_per_case_holder_are_of_one_kind_each_over_all_case_holders() -> None:
    assert _asked("children-per-case-holder").totals == [Reason.KINDS_OVERLAP]
    assert _asked("children-per-case-holder", demand=PLANS).totals == [75]
    by_kind = _asked("children-per-case-holder", "demand")
    assert dict(by_kind.rows) == {(PLANS,): [75], (LOOKED_AFTER,): [90]}
    assert by_kind.totals == [Reason.KINDS_OVERLAP]


def test_what_changed_of_children_is_told_kind_by_kind_though_there_is_no_total() -> None:
    after = _history()
    before = [one for one in after if one.envelope.id != "E-5"]
    assert explain(count("children"), _reading(after), WHEN, FigureQuery()) == []
    reports = Report(_reading(before), before), Report(_reading(after), after)
    (change,) = part_changes(
        count("children"), WHEN, *reports, FigureQuery(), Attribution(before, after, FigureQuery())
    )
    assert (change.subjects, change.difference) == (("demand/looked-after",), 72_000_000)
    assert [moved.event.envelope.id for moved in change.moved_by] == ["E-5"]


OF_ONE_COUNCIL = ("progression-funded-fte", "retention-payments-due", "retention-payment-cost")


@pytest.mark.parametrize("measure", [*OF_ONE_COUNCIL, "progression-funding-used"])
def test_what_rests_on_the_rules_of_one_council_is_none_of_another(measure: str) -> None:
    when = When(date(2023, 4, 1), date(2024, 4, 30), date(2024, 4, 30))

    def asked(*authorities: str) -> Figures:
        return figures(
            MEASURES[measure], [_reading(_history(), one) for one in authorities], [when], FigureQuery(("role",))
        )

    assert isinstance(asked("331").totals[0], Fraction)
    for others in (["332"], ["331", "332"]):
        answer = asked(*others)
        assert answer.totals == [Reason.NO_POLICY]
        assert {value for values in answer.rows.values() for value in values} <= {Reason.NO_POLICY}
    for counted in counts_of(MEASURES[measure]):
        assert counted.authorities is None or explain(counted, _reading(_history(), "332"), when, FigureQuery()) == []


def test_every_measure_that_names_a_rule_of_the_paper_is_of_its_council_alone() -> None:
    named = {name for name, one in MEASURES.items() if "authority 331 alone" in one.definition}
    assert named == {
        name for name, one in MEASURES.items() if any(counted.authorities is not None for counted in counts_of(one))
    }
    assert named == {*OF_ONE_COUNCIL, "progression-funding-used"}
