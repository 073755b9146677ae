"""A snapshot that goes on from another one says what one says that is made of its events alone.

Invariant: whatever the other one held, less, more or corrected otherwise, and whatever was asked of it.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.envelope import Event
from services.metrics.figures.explanation import explain
from services.metrics.figures.figures import figures
from services.metrics.figures.periods import year_to
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import Count, When
from services.metrics.quality.catalogue import findings
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import tied
from tests.whole_histories import whole_histories

AS_AT = date(2023, 12, 1)
KNOWN = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = When(year_to(AS_AT).first, AS_AT, AS_AT, 12)

PARTS: dict[str, Callable[[Snapshot], Any]] = {
    "events of subjects": lambda snapshot: snapshot._grouped.of_subject,
    "events of persons": lambda snapshot: snapshot.of_persons,
    "posts": lambda snapshot: snapshot.posts,
    "post_dimensions": lambda snapshot: snapshot.post_dimensions,
    "occupancies": lambda snapshot: snapshot.occupancies,
    "occupied": lambda snapshot: snapshot.occupied,
    "covered": lambda snapshot: snapshot.covered,
    "assignments": lambda snapshot: snapshot.assignments,
    "staffing": lambda snapshot: snapshot.staffing,
    "moves": lambda snapshot: snapshot.moves,
    "tranches": lambda snapshot: snapshot.tranches,
    "employment": lambda snapshot: [snapshot.employment(scope) for scope in Scope],
    "employment of the census": lambda snapshot: snapshot.employment(Scope.CENSUS),
    "spells": lambda snapshot: [snapshot.spells(scope) for scope in Scope],
    "spells of the census": lambda snapshot: snapshot.spells(Scope.CENSUS),
}


def some_of(history: list[Event]) -> st.SearchStrategy[list[Event]]:
    """Some of the events, in an order of their own."""
    if not history:
        return st.just([])
    return st.lists(st.sampled_from(history), unique_by=id).flatmap(st.permutations)


def and_more(before: list[Event], history: list[Event]) -> st.SearchStrategy[list[Event]]:
    """The same events, and then some of the others: as it is when they have arrived since."""
    there = set(map(id, before))
    return some_of([event for event in history if id(event) not in there]).map(lambda more: [*before, *more])


def rest(before: list[Event], history: list[Event]) -> list[Event]:
    """All of the history, of which some events came before."""
    there = set(map(id, before))
    return [*before, *(event for event in history if id(event) not in there)]


@st.composite
def one_after_another(draw: st.DrawFn) -> tuple[Snapshot, list[Event]]:
    """A snapshot that goes on from others, of which each was asked for some parts, and its events."""
    history = draw(tied(whole_histories()))
    snapshot = None
    before: list[Event] = []
    for _ in range(draw(st.integers(1, 3))):
        before = draw(st.one_of(some_of(history), and_more(before, history)))
        snapshot = Snapshot(before, snapshot)
        for part in draw(st.lists(st.sampled_from(list(PARTS)), unique=True)):
            PARTS[part](snapshot)
    return Snapshot(draw(st.sampled_from([history, rest(before, history)])), snapshot), history


@given(one_after_another(), st.permutations(list(PARTS)))
def test_every_part_is_that_of_the_events_alone(made: tuple[Snapshot, list[Event]], order: list[str]) -> None:
    snapshot, history = made
    alone = Snapshot(history)
    assert snapshot.in_force == alone.in_force
    for part in order:
        assert repr(PARTS[part](snapshot)) == repr(PARTS[part](alone)), part


@settings(max_examples=settings.default.max_examples // 2)  # type: ignore[union-attr]
@given(one_after_another(), st.sampled_from(list(Scope)))
def test_figures_explanations_and_findings_are_those_of_the_events_alone(
    made: tuple[Snapshot, list[Event]], scope: Scope
) -> None:
    one, history = made
    other = Snapshot(history)
    readings = [Reading("331", KNOWN, lambda snapshot=snapshot: snapshot) for snapshot in (one, other)]  # type: ignore[misc]
    for measure in MEASURES.values():
        asked = FigureQuery(scope=scope)
        of_both = [list(figures(measure, [reading], [YEAR], asked).sorted_rows()) for reading in readings]
        assert of_both[0] == of_both[1], measure.name
        if isinstance(measure, Count):
            parts = [explain(measure, reading, YEAR, asked) for reading in readings]
            assert parts[0] == parts[1]
            assert [part.made_of for part in parts[0]] == [part.made_of for part in parts[1]]
    assert repr(list(findings(one, AS_AT))) == repr(list(findings(other, AS_AT)))
