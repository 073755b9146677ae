"""What changed between two reports: only what moved a figure is named, and the effects add up to the digit.

Invariant: effects are worked out here from all events at every step; the service looks at those around a part alone.
"""

from collections import defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.catalogue import EVENT_MODELS
from contracts.envelope import Event
from contracts.in_force import order_of_recording
from services.metrics.figures import attribution as attribution_module
from services.metrics.figures.attribution import NAMING, Attribution, Surroundings
from services.metrics.figures.changes import Report, part_changes
from services.metrics.figures.explanation import explain
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import Count, When
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.snapshot import Snapshot, known
from tests.histories import tied
from tests.oracle.measures import known as known_by_oracle
from tests.oracle.parts import figure
from tests.property.test_measures import CONSTANT, asked_of, by_oracle
from tests.whole_histories import whole_histories

COUNTS = [measure for measure in MEASURES.values() if isinstance(measure, Count)]
Instants = tuple[datetime, datetime | None]
Amounts = dict[Any, int]


@st.composite
def two_reports(draw: st.DrawFn) -> tuple[list[Event], Instants, Instants, When, FigureQuery]:
    """A history, two pairs of instants, in any order, and what is asked."""
    history = draw(whole_histories() | tied(whole_histories()))
    known_first, accepted_first, when, scope = draw(asked_of(history))
    known_second, accepted_second, _, _ = draw(asked_of(history))
    first, second = (known_first, accepted_first), (known_second, accepted_second)
    return history, first, second, when, FigureQuery(scope=scope)


def report(history: list[Event], instants: Instants) -> Report:
    events = known(history, *instants)
    snapshot = Snapshot(events)
    return Report(Reading("331", instants[0], lambda: snapshot), events)


def amounts(measure: Count, events: list[Event], when: When, asked: FigureQuery) -> Amounts:
    """Every part of a count, of all these events."""
    snapshot = Snapshot(events)
    by_key: Amounts = defaultdict(int)
    for part in explain(measure, Reading("331", datetime.max.replace(tzinfo=UTC), lambda: snapshot), when, asked):
        by_key[part.subjects, tuple(part.dimensions.values())] += part.amount
    return by_key


def taken_one_after_another(first: list[Event], second: list[Event]) -> list[tuple[Event, list[Event]]]:
    """The rule of the definitions: each event that only one report knows, and what is known after its step."""
    now, steps = list(first), []
    in_both = {event.identity for event in first} & {event.identity for event in second}
    for event in sorted(first, key=order_of_recording, reverse=True):
        if event.identity not in in_both and event in now:
            now = [other for other in now if other.identity != event.identity]
            steps.append((event, now))
    for event in sorted(second, key=order_of_recording):
        if event.identity not in in_both and event.identity not in {other.identity for other in now}:
            now = [*now, event]
            steps.append((event, now))
    return steps


@given(two_reports())
def test_effects_add_up_and_each_is_what_the_event_did_at_its_step(
    asked: tuple[list[Event], Instants, Instants, When, FigureQuery],
) -> None:
    history, *instants, when, wanted = asked
    before, after = (report(history, one) for one in instants)
    attribution = Attribution(before.events, after.events, wanted)
    steps = taken_one_after_another(list(before.events), list(after.events))
    for measure in COUNTS:
        changes = part_changes(measure, when, before, after, wanted, attribution)
        expected: dict[Any, list[tuple[Any, int]]] = defaultdict(list)
        last = amounts(measure, list(before.events), when, wanted) if changes else {}
        for event, now in steps if changes else ():
            following = amounts(measure, now, when, wanted)
            for key in last.keys() | following.keys():
                if effect := following.get(key, 0) - last.get(key, 0):
                    expected[key].append((event.identity, effect))
            last = following
        for change in changes:
            moved = [(event.identity, effect) for event, effect, _ in change.moved_by]
            assert moved == expected[change.key], measure.name
            assert sum(effect for _, effect in moved) == change.difference != 0
            assert all(effect for _, effect in moved)


@given(two_reports(), st.sampled_from([0, 10, 40]))
def test_where_very_many_are_taken_together_effects_add_up_all_the_same(
    asked: tuple[list[Event], Instants, Instants, When, FigureQuery], looked_at: int
) -> None:
    history, *instants, when, wanted = asked
    before, after = (report(history, one) for one in instants)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attribution_module, "MOST_LOOKED_AT", looked_at)
        attribution = Attribution(before.events, after.events, wanted)
        for measure in COUNTS:
            for change in part_changes(measure, when, before, after, wanted, attribution):
                assert sum(moved.effect for moved in change.moved_by) == change.difference
                assert all(moved.effect for moved in change.moved_by)


@given(two_reports())
def test_the_effects_of_all_parts_are_the_difference_that_the_definitions_give(
    asked: tuple[list[Event], Instants, Instants, When, FigureQuery],
) -> None:
    history, *instants, when, wanted = asked
    before, after = (report(history, one) for one in instants)
    attribution = Attribution(before.events, after.events, wanted)
    in_force = [known_by_oracle(history, *one) for one in instants]
    for measure in COUNTS:
        if measure.name == CONSTANT:
            continue
        first, second = (figure(by_oracle(measure.name, one, when, wanted.scope)) for one in in_force)
        changes = part_changes(measure, when, before, after, wanted, attribution)
        effects = sum(moved.effect for change in changes for moved in change.moved_by)
        assert Fraction(effects, ONE) == second - first, measure.name


@given(two_reports())
def test_the_events_around_a_part_are_enough_to_tell_it(
    asked: tuple[list[Event], Instants, Instants, When, FigureQuery],
) -> None:
    history, *instants, when, wanted = asked
    surroundings = Surroundings(history)
    for one in instants:
        events = known(history, *one)
        for measure in COUNTS:
            for key, amount in amounts(measure, events, when, wanted).items():
                around = {event.identity for event in surroundings.of(key[0])}
                near = [event for event in events if event.identity in around]
                if key[0]:
                    assert amounts(measure, near, when, wanted)[key] == amount, (measure.name, key)


@pytest.mark.parametrize("field", NAMING)
def test_what_an_event_names_is_a_field_of_some_event(field: str) -> None:
    assert any(field in model.model_fields for model in EVENT_MODELS.values())
