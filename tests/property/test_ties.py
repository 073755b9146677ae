"""However the events of one instant arrive, and wherever they stand in journals: the same rows, figures, explanations,
findings and forecasts.

Invariant: what is compared differs in nothing but the order of arrival, the copies, and what the services stamped.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.catalogue import EVENT_MODELS, TOPIC_OF_TYPE
from contracts.envelope import Event, named
from contracts.events.base import EventData
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.working_life import AbsenceRecorded
from contracts.in_force import Recorded, changes_in_force, events_in_force, order_of_recording, recorded_before
from contracts.occupying import deciding, is_reversed
from services.metrics.academy.outcomes import cohorts, members
from services.metrics.figures.attribution import Attribution
from services.metrics.figures.changes import Report, part_changes
from services.metrics.figures.explanation import explain
from services.metrics.figures.figures import figures
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.forecasting.academy import academy
from services.metrics.forecasting.flows import Flow, months, steps
from services.metrics.measures.catalogue import MEASURES, dimensions_of
from services.metrics.measures.declaration import Count, When
from services.metrics.quality.catalogue import CHECKS, findings
from services.metrics.quality.declaration import Finding
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot, known
from services.recruitment.rules import fallen_vacant
from services.retention.rules import workers_started
from tests.histories import (
    FIRST_INSTANT,
    SOURCE,
    SOURCES,
    established,
    event,
    histories,
    histories_of_merges,
    histories_of_references,
    started,
    tied,
)
from tests.property.test_timelines import Timelines
from tests.whole_histories import FIRST_DAY, LAST_DAY, MATERIAL, whole_histories

thorough = settings(max_examples=2 * settings.default.max_examples)  # type: ignore[union-attr]

AS_AT = date(2023, 10, 1)
YEAR = When(date(2022, 10, 1), AS_AT, AS_AT)


@st.composite
def delivered_twice(draw: st.DrawFn, history: list[Event]) -> tuple[list[Event], list[Event]]:
    """A history as two systems got it: in two orders, with copies, and with other stamps of the services."""
    return draw(_delivered(history)), draw(_delivered(history))


@st.composite
def _delivered(draw: st.DrawFn, history: list[Event]) -> list[Event]:
    accepted: Counter[str] = Counter()
    stamped = []
    for one in draw(st.permutations(history)):
        owner = TOPIC_OF_TYPE[one.envelope.type].owner
        accepted[owner] += 1
        stamps = {"sequence": str(accepted[owner]), "provenance": f"request {draw(st.integers(1, 9))}"}
        stamped.append(replace(one, envelope=one.envelope.model_copy(update=stamps)))
    return draw(st.permutations(stamped + draw(st.lists(st.sampled_from(stamped), max_size=5))))


def plain(event: Event) -> tuple[object, ...]:
    """An event as its feed stated it."""
    envelope = event.envelope.model_copy(update={"sequence": None, "provenance": None, "acceptedtime": None})
    return envelope, event.data


def told(finding: Finding) -> tuple[object, ...]:
    """A finding, with its events as they were stated."""
    events = [plain(one) for one in finding.events]
    return *finding._replace(events=(), withdrawn=()), events, [plain(one) for one in finding.withdrawn]


@thorough
@given(st.data())
def test_the_same_timelines_and_the_same_order_of_what_stands(data: st.DataObject) -> None:
    history = data.draw(tied(histories() | histories_of_references() | histories_of_merges()))
    one, other = data.draw(delivered_twice(history))
    assert repr(Timelines(one).everything()) == repr(Timelines(other).everything())
    assert [plain(event) for event in events_in_force(one)] == [plain(event) for event in events_in_force(other)]
    for first, second in zip(changes_in_force(one), changes_in_force(other), strict=True):
        assert first[0] == second[0]
        for began, ceased in zip(first[1:], second[1:], strict=True):
            assert list(map(plain, began)) == list(map(plain, ceased))


@thorough
@given(st.data(), st.sampled_from(list(Scope)))
def test_the_same_figures_explanations_findings_and_forecasts(data: st.DataObject, scope: Scope) -> None:
    history = data.draw(tied(whole_histories()))
    one, other = (Snapshot(delivered) for delivered in data.draw(delivered_twice(history)))
    first, second = (Reading("331", FIRST_INSTANT, lambda snapshot=snapshot: snapshot) for snapshot in (one, other))  # type: ignore[misc]
    for measure in MEASURES.values():
        for asked in (FigureQuery(scope=scope), FigureQuery(dimensions_of(measure)[-2:], scope=scope)):
            assert list(figures(measure, [first], [YEAR], asked).sorted_rows()) == list(
                figures(measure, [second], [YEAR], asked).sorted_rows()
            ), measure.name
        if isinstance(measure, Count):
            parts = [explain(measure, reading, YEAR, FigureQuery(scope=scope)) for reading in (first, second)]
            assert parts[0] == parts[1]
            assert [part.made_of for part in parts[0]] == [part.made_of for part in parts[1]]
    assert [told(finding) for finding in findings(one, AS_AT)] == [told(finding) for finding in findings(other, AS_AT)]
    assert [repr(cohort) for cohort in cohorts(one).values()] == [repr(cohort) for cohort in cohorts(other).values()]
    assert list(map(repr, members(one))) == list(map(repr, members(other)))
    dates = steps(AS_AT, -24, 12)
    assert repr(academy(one, dates[24:])) == repr(academy(other, dates[24:]))
    for flow in Flow:
        assert months(one, dates).flows[flow].tolist() == months(other, dates).flows[flow].tolist()


SAID_OF_A_CHANGE = ("measure", "key", "before", "after")


@given(st.data())
def test_the_same_changes_between_two_reports(data: st.DataObject) -> None:
    history = data.draw(tied(whole_histories()))
    differences_told = []
    for delivered in data.draw(delivered_twice(history)):
        reports = []
        for instant in (FIRST_INSTANT, FIRST_INSTANT + timedelta(days=9)):
            events = known(delivered, instant)
            snapshot = Snapshot(events)
            reports.append(Report(Reading("331", instant, lambda snapshot=snapshot: snapshot), events))  # type: ignore[misc]
        attribution = Attribution(reports[0].events, reports[1].events, FigureQuery())
        changed = [
            change
            for measure in MEASURES.values()
            if isinstance(measure, Count)
            for change in part_changes(measure, YEAR, reports[0], reports[1], FigureQuery(), attribution)
        ]
        differences_told.append(
            [
                (
                    *(getattr(change, name) for name in SAID_OF_A_CHANGE),
                    [(plain(moved.event), moved.effect) for moved in change.moved_by],
                )
                for change in changed
            ]
        )
    assert differences_told[0] == differences_told[1]


@given(st.data())
def test_recruitment_and_retention_follow_the_same(data: st.DataObject) -> None:
    history = data.draw(tied(histories() | histories_of_merges()))
    one, other = data.draw(delivered_twice(history))
    of_posts_and_workers = [
        [event for event in delivered if not event.envelope.subject.startswith("cover/")] for delivered in (one, other)
    ]
    vacant = [fallen_vacant(delivered, date(2023, 10, 3)) for delivered in of_posts_and_workers]
    assert vacant[0] == vacant[1]
    assert workers_started(one, one) == workers_started(other, other)


# --- which ties are found ---------------------------------------------------------------------------------------------

SUBJECTS = {
    "post": "post/P-1",
    "worker": "worker/W-1",
    "cover": "cover/C-1",
    "campaign": "campaign/K-1",
    "application": "application/AP-1",
    "cohort": "cohort/AC-1",
    "session": "session/S-1",
    "demand": "demand/D-1",
    "initiative": "initiative/I-1",
}
BEFORE = [
    event(established(FIRST_DAY), "post/P-1", FIRST_INSTANT - timedelta(days=2), "before-1"),
    event(started(FIRST_DAY, "P-1", "0.7"), "worker/W-1", FIRST_INSTANT - timedelta(days=2), "before-2"),
]


DAYS = st.sampled_from([date(2023, 9, 30), date(2023, 10, 1), date(2023, 10, 1), date(2023, 10, 1)])
LEAVING: list[type[EventData]] = [WorkerLeft, LeaverReversed]


@st.composite
def at_one_instant(draw: st.DrawFn) -> list[Event]:
    """A few events of one type or two, about one thing each, on one day or two, recorded together.

    Or corrections of one event, or leavers and reversals of one source: ties are looked at one at a time, so not all at
    once. Of an absence the day on which it began counts as a figure, on which it has no day lost where it is a Sunday.
    """
    models = [model for model in EVENT_MODELS.values() if model is not AbsenceRecorded]
    kinds = draw(st.lists(st.sampled_from(models), min_size=1, max_size=2) | st.just(LEAVING))
    corrections = draw(st.sampled_from([False, False, True]))
    drawn: list[Event] = []
    for index in range(draw(st.integers(2, 4))):
        model: type[EventData] = kinds[0] if corrections else draw(st.sampled_from(kinds))
        data = draw(MATERIAL.data[model])
        first = next((name for name, value in data if isinstance(value, date)), None)
        data = data if first is None else data.model_copy(update={first: draw(DAYS)})
        refers_to = "E-0" if corrections and index else None
        if any(one.data == data for one in drawn):
            continue  # what is recorded twice is the later as well as the earlier
        drawn.append(event(data, SUBJECTS[model.subject_kind], FIRST_INSTANT, f"E-{index}", supersedes=refers_to))
    return draw(tied(st.just(drawn), 1, st.just(SOURCE) if LeaverReversed in kinds else SOURCES))


recorded = st.tuples(
    st.sampled_from([FIRST_INSTANT + timedelta(days=days) for days in range(3)]),
    st.sampled_from(["/agency", "/hr", "/payroll"]),
    st.integers(-1, 2),
    st.sampled_from("ABC"),
    st.just("uk.workforce.worker.leaver-reversed.v1"),
)


@thorough
@given(st.lists(recorded), recorded)
def test_two_reversals_at_most_tell_of_every_leaver_whether_any_reverses_it(
    reversals: list[Recorded], leaver: Recorded
) -> None:
    assert len(deciding(reversals)) <= 2
    assert is_reversed(leaver, deciding(reversals)) is is_reversed(leaver, reversals)


def in_stated_order(events: Iterable[Event]) -> list[Event]:
    """The events, stated by one source to have been recorded in the order in which they are given."""
    stated_events = []
    for index, one in enumerate(events):
        stated = {"source": "/one", "id": one.name, "sourcesequence": str(index)}
        if one.envelope.supersedes and one.envelope.referred:
            stated |= {"supersedes": named(*one.envelope.referred), "supersedessource": "/one"}
        stated_events.append(replace(one, envelope=one.envelope.model_copy(update=stated)))
    return stated_events


def keeps_what_is_stated(order: Iterable[Event]) -> bool:
    """Whether no event comes before one that is stated to be earlier."""
    recorded = [order_of_recording(one) for one in order]
    return not any(
        recorded_before(later, earlier) for index, earlier in enumerate(recorded) for later in recorded[index + 1 :]
    )


def every_figure(events: Iterable[Event]) -> dict[Hashable, int]:
    """Every count of every day on which it changes, and every cohort."""
    snapshot = Snapshot(events)
    counts: Counter[Hashable] = Counter(repr(cohort) for cohort in cohorts(snapshot).values())
    for measure in MEASURES.values():
        if not isinstance(measure, Count):
            continue
        for scope in Scope:
            for when in WHENS:
                for part in measure.parts(snapshot, scope, when):
                    counts[measure.name, scope, when, part.dimensions, *part.more.values()] += part.amount
    return {key: amount for key, amount in counts.items() if amount}


WHENS = [
    When(FIRST_DAY, LAST_DAY, LAST_DAY),
    *(
        When(day, day, day)
        for day in (
            date(2023, 4, 2),
            *(date(2023, 9, 29) + timedelta(days=days) for days in range(4)),
            date(2023, 10, 20),
        )
    ),
]


@thorough
@given(at_one_instant())
def test_a_tie_is_found_if_and_only_if_another_order_that_may_be_true_gives_another_figure(drawn: list[Event]) -> None:
    named = findings(Snapshot([*BEFORE, *drawn]), AS_AT, [CHECKS["order-not-stated"]])
    orders = [order for order in permutations(drawn) if keeps_what_is_stated(order)]
    answers: list[Any] = [every_figure([*BEFORE, *in_stated_order(order)]) for order in orders]
    by_rule = every_figure([*BEFORE, *drawn])
    assert bool(named) is any(answer != by_rule for answer in answers)


def test_the_strategy_makes_ties_that_matter_and_ties_that_do_not() -> None:
    seen = Counter()  # type: ignore[var-annotated]

    @settings(database=None, derandomize=True, max_examples=150)
    @given(at_one_instant())
    def count(drawn: list[Event]) -> None:
        named = findings(Snapshot([*BEFORE, *drawn]), AS_AT, [CHECKS["order-not-stated"]])
        seen[bool(named)] += 1

    count()
    assert seen[True] >= 10
    assert seen[False] >= 10


def test_the_instants_of_tied_histories_are_few() -> None:
    instants: set[datetime] = set()

    @settings(database=None, derandomize=True, max_examples=20)
    @given(tied(whole_histories()))
    def collect(history: list[Event]) -> None:
        instants.update(one.envelope.time for one in history)

    collect()
    assert len(instants) == 2
