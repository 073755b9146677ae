"""The measures as they are declared and shown."""

from datetime import date
from fractions import Fraction

import pytest

from contracts.codes import PanelDecision, PanelKind
from contracts.events.progression_panels import PanelDecided
from services.metrics.measures.catalogue import FAMILIES, MEASURES, count, counts_of, dimensions_of
from services.metrics.measures.declaration import Count, Rate, Unit, When, exact, shown
from services.metrics.reasons import Reason
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.dimensions import Dimensions
from services.metrics.timelines.rows import Staffing
from tests.histories import at, event


@pytest.mark.parametrize(
    ("value", "as_shown"),
    [
        ("0", 0.0),
        ("0.049999", 0.0),
        ("0.05", 0.1),
        ("0.25", 0.3),
        ("1.25", 1.3),
        ("1.35", 1.4),
        ("8.449999", 8.4),
        ("8.45", 8.5),
        ("22.5", 22.5),
        ("99.95", 100.0),
        ("-0.25", -0.3),
        ("1/3", 0.3),
        ("2/3", 0.7),
    ],
)
def test_an_fte_is_shown_to_one_decimal_half_up(value: str, as_shown: float) -> None:
    assert shown(Fraction(value), Unit.FTE) == as_shown


def test_a_zero_is_shown_without_a_sign() -> None:
    assert str(shown(Fraction("-0.04"), Unit.PERCENT)) == "0.0"


def test_people_are_shown_whole_pounds_to_the_penny_and_nothing_as_nothing() -> None:
    assert shown(Fraction("28.5"), Unit.PEOPLE) == 29
    assert isinstance(shown(Fraction(28), Unit.PEOPLE), int)
    assert shown(Fraction("3000.125"), Unit.POUNDS) == 3000.13
    assert shown(Reason.NO_DENOMINATOR, Unit.PERCENT) is None


@pytest.mark.parametrize(("amount", "written"), [(0, "0"), (500_000, "0.5"), (1, "0.000001"), (120_000_000, "120")])
def test_an_exact_amount_is_a_decimal_without_trailing_zeros(amount: int, written: str) -> None:
    assert exact(amount) == written


def test_a_measure_is_declared_once() -> None:
    assert sum(len(family.MEASURES) for family in FAMILIES) == len(MEASURES)


def test_every_measure_has_a_title_a_definition_in_sentences_and_a_source() -> None:
    for measure in MEASURES.values():
        assert measure.title
        assert measure.definition.endswith(".")
        assert measure.source


def test_what_can_be_summed_from_columns_are_the_amounts_of_staffing() -> None:
    columns = [measure.column for measure in MEASURES.values() if isinstance(measure, Count) and measure.column]
    assert columns == [
        "establishment",
        "in_post",
        "vacancies",
        "over_establishment",
        "agency",
        "agency_cover",
        "uncovered",
    ]
    assert set(columns) <= set(Staffing._fields)


@pytest.mark.parametrize(
    ("rate", "counts"),
    [
        ("vacancy-rate", ["vacancies", "in-post"]),
        ("nhs-vacancy-rate", ["establishment", "in-post"]),
        ("crude-turnover", ["leavers", "in-post-headcount-days"]),
        ("vacancies", ["vacancies"]),
    ],
)
def test_a_rate_is_made_of_counts_each_once_and_a_count_of_itself(rate: str, counts: list[str]) -> None:
    assert [counted.name for counted in counts_of(MEASURES[rate])] == counts


def test_every_rate_says_how_it_is_worked_out() -> None:
    assert [name for name, measure in MEASURES.items() if isinstance(measure, Rate) and not measure.formula] == []


def test_a_rate_can_be_broken_down_by_what_all_its_counts_can_be() -> None:
    assert dimensions_of(MEASURES["turnover-rate"]) == Dimensions._fields
    assert dimensions_of(MEASURES["leavers"])[len(Dimensions._fields) :] == (
        "origin",
        "route",
        "employment",
        "cohort",
        "leaving_reason",
        "destination",
        "length_of_service",
    )
    besides = ("origin", "route", "employment", "cohort")
    assert dimensions_of(MEASURES["retention-of-starters"]) == (*Dimensions._fields, *besides)


def test_a_rate_is_no_count() -> None:
    with pytest.raises(KeyError):
        count("vacancy-rate")


def test_a_panel_is_held_on_its_earliest_decision_though_the_decision_on_a_worker_was_said_again_later() -> None:
    def decided(day: date) -> PanelDecided:
        kind, decision = PanelKind.ASYE, PanelDecision.PASSED
        return PanelDecided(panel="PN-1", decided_on=day, kind=kind, decision=decision)

    first, later = date(2023, 9, 29), date(2023, 10, 2)
    events = [event(decided(day), "worker/W-1", at(day), f"decided-on-{day}") for day in (first, later)]
    snapshot = Snapshot(events)
    held = count("panels-held").parts(snapshot, Scope.ALL, When(first, later, later))
    assert [(part.since, part.amount) for part in held] == [(first, 1_000_000)]
