"""Whatever was recorded, corrected, voided and sent twice, every measure says what the definitions say.

Invariant: the figures expected here come from tests/oracle, which shares no code with the services.
"""

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codes import Demand
from contracts.envelope import Event
from services.metrics.figures.explanation import explain
from services.metrics.figures.figures import Figures, figures
from services.metrics.figures.periods import year_to
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import MEASURES, dimensions_of
from services.metrics.measures.declaration import Count, Rate, When
from services.metrics.reasons import Reason
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot, known
from tests.histories import tied
from tests.oracle.measures import MEASURES as ORACLE
from tests.oracle.measures import Part, Period, by
from tests.oracle.measures import known as known_by_oracle
from tests.oracle.rates import OF_A_PERIOD
from tests.oracle.rates import RATES as ORACLE_RATES
from tests.oracle.reasons import adds_several_kinds, figure_of_count, figure_of_rate
from tests.whole_histories import FIRST_DAY, LAST_DAY, whole_histories

thorough = settings(max_examples=3 * settings.default.max_examples)  # type: ignore[union-attr]

SPAN = (LAST_DAY - FIRST_DAY).days
CONSTANT = "progression-funded-fte"
"""A figure of a paper, not of events: it names no subject."""


@st.composite
def asked_of(draw: st.DrawFn, history: list[Event]) -> tuple[datetime, datetime | None, When, Scope]:
    """An instant as known at which, one by which it was accepted (or none), a period, a scope."""
    instants = sorted({event.envelope.time for event in history})
    accepted = sorted({event.envelope.acceptedtime for event in history if event.envelope.acceptedtime is not None})
    days = sorted({day for event in history for day in event.data.model_dump().values() if isinstance(day, date)})
    some_day = st.integers(0, SPAN).map(lambda days: FIRST_DAY + timedelta(days=days))
    if days:
        some_day = st.sampled_from(days) | some_day
    last = draw(some_day)
    first = draw(st.sampled_from([year_to(last).first, last, last - timedelta(days=30), last - timedelta(days=400)]))
    return (
        draw(st.sampled_from(instants)),
        draw(st.none() | st.sampled_from(accepted)),
        When(first, last, last, draw(st.sampled_from([1, 3, 12])), draw(st.sampled_from([0, 10, 25]))),
        draw(st.sampled_from(list(Scope))),
    )


def reading_of(history: list[Event], as_known_at: datetime, as_accepted_at: datetime | None = None) -> Reading:
    """What figures are read from, as the service makes it."""
    snapshot = Snapshot(known(history, as_known_at, as_accepted_at))
    return Reading("331", as_known_at, lambda: snapshot)


def by_oracle(name: str, in_force: list[Event], when: When, scope: Scope) -> list[Part]:
    """The parts of a count as the oracle has them."""
    more = {"as_at": when.as_at, "months": when.months} if name in ("starters-old-enough", "starters-retained") else {}
    more |= {"above": when.above} if name == "workers-over-caseload" else {}
    return ORACLE[name](in_force, Period(when.first, when.last), scope.value, **more)


def rows(figures: Figures) -> dict[Any, Fraction]:
    """The rows that are not 0, with dimensions as plain as the oracle has them."""
    return {
        tuple(_plain(value) for value in key): value
        for key, (value,) in figures.rows.items()
        if not isinstance(value, Reason)
    }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)


def without_zeros(sums: dict[Any, Fraction]) -> dict[Any, Fraction]:
    """The rows that are not 0."""
    return {key: value for key, value in sums.items() if value}


def test_every_measure_is_compared() -> None:
    counts = {name for name, measure in MEASURES.items() if isinstance(measure, Count)}
    assert counts == set(ORACLE)
    assert set(MEASURES) - counts == set(ORACLE_RATES)


@thorough
@given(st.data())
def test_every_count_by_each_of_its_dimensions_is_what_the_definitions_say(data: st.DataObject) -> None:
    history = data.draw(whole_histories() | tied(whole_histories()))
    as_known_at, as_accepted_at, when, scope = data.draw(asked_of(history))
    reading = reading_of(history, as_known_at, as_accepted_at)
    in_force = known_by_oracle(history, as_known_at, as_accepted_at)
    for name in ORACLE:
        measure = MEASURES[name]
        expected = by_oracle(name, in_force, when, scope)
        for dimensions in [(), *((dimension,) for dimension in dimensions_of(measure)), ("role", "team")]:
            counted = figures(measure, [reading], [when], FigureQuery(dimensions, scope=scope))
            told_apart = "demand" in dimensions or not adds_several_kinds(name, in_force)
            assert without_zeros(rows(counted)) == (by(expected, dimensions) if told_apart else {}), (
                name,
                dimensions,
            )
            assert counted.totals[0] == figure_of_count(name, expected, in_force), name


@thorough
@given(st.data())
def test_every_rate_is_what_the_definitions_say(data: st.DataObject) -> None:
    history = data.draw(whole_histories() | tied(whole_histories()))
    as_known_at, as_accepted_at, when, scope = data.draw(asked_of(history))
    reading = reading_of(history, as_known_at, as_accepted_at)
    in_force = known_by_oracle(history, as_known_at, as_accepted_at)
    year = year_to(when.last)
    for name, oracle in ORACLE_RATES.items():
        measure = MEASURES[name]
        assert isinstance(measure, Rate)
        more: dict[str, Any] = {}
        if measure.scope is None and name != "progression-funding-used":
            more["scope"] = scope.value
        asked = When(year.first, year.last, year.last) if measure.annual else when
        if name == "retention-of-starters":
            more |= {"months": when.months, "period": Period(when.first, when.last)}
        elif name == "progression-funding-used":
            asked = when
        time: Any = Period(when.first, when.last) if name in OF_A_PERIOD else when.last
        wanted_scope = Scope.ALL if name == "progression-funding-used" else scope
        counted = figures(measure, [reading], [asked], FigureQuery(scope=wanted_scope))
        expected = oracle(in_force, time, **more)
        period = Period(when.first, when.last)
        assert counted.totals[0] == figure_of_rate(name, expected, in_force, period, scope.value), name


@given(st.data())
def test_children_of_one_kind_are_what_the_definitions_say_and_so_are_those_of_it_per_case_holder(
    data: st.DataObject,
) -> None:
    history = data.draw(whole_histories())
    as_known_at, as_accepted_at, when, scope = data.draw(asked_of(history))
    reading = reading_of(history, as_known_at, as_accepted_at)
    in_force = known_by_oracle(history, as_known_at, as_accepted_at)
    holders = by_oracle("case-holders-fte", in_force, when, scope)
    children = by_oracle("children", in_force, when, scope)
    rate = MEASURES["children-per-case-holder"]
    of_kinds = figures(rate, [reading], [when], FigureQuery(("demand",), scope=scope))
    for demand in Demand:
        of_kind = [part for part in children if part.dimensions["demand"] == demand]
        asked = FigureQuery((), {"demand": demand}, scope)
        counted = sum(part.amount for part in of_kind) if of_kind else "not-counted"
        assert figures(MEASURES["children"], [reading], [when], asked).totals[0] == counted
        rate_told = figures(rate, [reading], [when], asked).totals[0]
        fte = sum(part.amount for part in holders)
        if not of_kind or not holders:
            assert rate_told == "not-counted"
        else:
            assert rate_told == (sum(part.amount for part in of_kind) / fte if fte else "no-denominator")
            assert of_kinds.rows[demand,] == [rate_told]


@given(st.data())
def test_a_series_says_at_each_point_what_the_figure_says(data: st.DataObject) -> None:
    history = data.draw(whole_histories() | tied(whole_histories()))
    as_known_at, as_accepted_at, when, scope = data.draw(asked_of(history))
    reading = reading_of(history, as_known_at, as_accepted_at)
    whens = [when, *(When(first, first + timedelta(days=27), first + timedelta(days=27)) for first in _months(when))]
    for measure in MEASURES.values():
        asked = FigureQuery(dimensions_of(measure)[-1:], scope=scope)
        series = figures(measure, [reading], whens, asked)
        for index, one in enumerate(whens):
            figure = figures(measure, [reading], [one], asked)
            assert figure.totals[0] == series.totals[index], measure.name
            assert told(series, index) == told(figure, 0), measure.name


def told(figures: Figures, index: int) -> dict[Any, Fraction]:
    """The rows of one time that are known and not 0."""
    at_index = ((key, values[index]) for key, values in figures.rows.items())
    return {key: value for key, value in at_index if value and not isinstance(value, Reason)}


def _months(when: When) -> list[date]:
    return [when.last - timedelta(days=30 * months) for months in range(6)]


@given(st.data())
def test_the_parts_of_an_explanation_add_up_to_the_figure(data: st.DataObject) -> None:
    history = data.draw(whole_histories() | tied(whole_histories()))
    as_known_at, as_accepted_at, when, scope = data.draw(asked_of(history))
    reading = reading_of(history, as_known_at, as_accepted_at)
    subjects = {event.envelope.subject for event in history}
    for measure in MEASURES.values():
        if not isinstance(measure, Count):
            continue
        counted = figures(measure, [reading], [when], FigureQuery(("role",), scope=scope))
        for (role,), (value,) in counted.rows.items():
            parts = explain(measure, reading, when, FigureQuery((), {"role": role}, scope))
            assert sum(Fraction(part.amount, ONE) for part in parts) == (0 if isinstance(value, Reason) else value)
            assert all(part.amount for part in parts)
        everything = explain(measure, reading, when, FigureQuery(scope=scope))
        total = counted.totals[0]
        assert sum(Fraction(part.amount, ONE) for part in everything) == (0 if isinstance(total, Reason) else total)
        if measure.name != CONSTANT:
            named = {subject for part in everything for subject in part.subjects}
            assert {subject for subject in named if not subject.startswith("post/")} <= subjects


@given(st.data())
def test_a_pinned_report_stays_as_it_is_whatever_is_recorded_or_delivered_later(data: st.DataObject) -> None:
    history = data.draw(whole_histories() | tied(whole_histories()))
    as_known_at, as_accepted_at, when, scope = data.draw(asked_of(history))
    if as_accepted_at is None:
        as_accepted_at = max(event.envelope.acceptedtime for event in history if event.envelope.acceptedtime)
    then = reading_of(known(history, as_known_at, as_accepted_at), as_known_at, as_accepted_at)
    now = reading_of(data.draw(st.permutations(history)), as_known_at, as_accepted_at)
    for measure in MEASURES.values():
        asked = FigureQuery(dimensions_of(measure)[:1], scope=scope)
        before, after = (figures(measure, [reading], [when], asked) for reading in (then, now))
        assert list(before.sorted_rows()) == list(after.sorted_rows()), measure.name
        if isinstance(measure, Count):
            assert explain(measure, then, when, asked) == explain(measure, now, when, asked), measure.name
