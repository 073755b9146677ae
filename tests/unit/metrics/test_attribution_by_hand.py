"""Which events moved a part between two reports, and by how much each, worked out on paper."""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from contracts.codes import Demand, PanelDecision, PanelKind
from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.posts import PostChanged
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import CaseloadCounted, DemandCounted
from services.metrics.figures import attribution
from services.metrics.figures.attribution import Attribution, Surroundings, amounts, most_steps
from services.metrics.figures.changes import PartChange, Report, part_changes
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import count
from services.metrics.measures.declaration import When
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import at, cover_started, established, event, fte_changed, left, merged, moved, started

AS_AT = date(2023, 10, 31)
OCTOBER = When(date(2023, 10, 1), AS_AT, AS_AT)
FIRST = at(date(2023, 11, 1))
APRIL, SEPTEMBER, TENTH = date(2023, 4, 1), date(2023, 9, 1), date(2023, 10, 10)
W, V, P = "worker/W-1", "worker/W-2", "post/P-1"


def fact(id: str, subject: str, data: EventData, hour: int, supersedes: str | None = None) -> Event:
    return event(data, subject, FIRST + timedelta(hours=hour), id, supersedes=supersedes)


POST = fact("post", P, established(APRIL), 0)
STARTED = fact("start", W, started(SEPTEMBER), 1)
HALF = fact("half", W, fte_changed(TENTH, "0.5"), 2)
MOST = fact("most", W, fte_changed(date(2023, 10, 20), "0.8"), 3)

PLAIN = FigureQuery()


def changed(measure: str, before: list[Event], after: list[Event], asked: FigureQuery = PLAIN) -> list[PartChange]:
    """The parts that differ."""
    first, second = (Report(_reading(events), events) for events in (before, after))
    return part_changes(count(measure), OCTOBER, first, second, asked, Attribution(before, after, asked))


def moved_by(measure: str, before: Iterable[Event], after: Iterable[Event]) -> dict[Any, Any]:
    """By subjects the events that moved each part, with their effects (in FTE, people and so on)."""
    effects = changed(measure, list(before), list(after))
    for change in effects:
        assert sum(moved.effect for moved in change.moved_by) == change.difference
    return {
        change.subjects: [(moved.event.envelope.id, Fraction(moved.effect, 1_000_000)) for moved in change.moved_by]
        for change in effects
    }


def _reading(events: list[Event]) -> Reading:
    snapshot = Snapshot(events)
    return Reading("331", FIRST, lambda: snapshot)


# --- in which order ---------------------------------------------------------------------------------------------------


def test_what_became_known_is_added_in_the_order_of_recording_in_whatever_order_it_is_given() -> None:
    effects = [("start", 1), ("half", Fraction(-1, 2)), ("most", Fraction(3, 10))]
    assert moved_by("in-post", [POST], [MOST, STARTED, POST, HALF]) == {(P,): effects}


def test_what_is_no_longer_known_is_taken_away_the_last_recorded_first() -> None:
    effects = [("most", Fraction(-3, 10)), ("half", Fraction(1, 2)), ("start", -1)]
    assert moved_by("in-post", [STARTED, MOST, POST, HALF], [POST]) == {(P,): effects}


def test_what_is_gone_is_taken_away_before_what_has_come_is_added() -> None:
    # Recorded before what is gone, and added after it all the same.
    gone, come = fact("gone", W, started(SEPTEMBER, fte="0.6"), 5), fact("come", V, started(SEPTEMBER, fte="0.8"), 4)
    effects = [("gone", Fraction(6, 10)), ("come", Fraction(-8, 10))]
    assert moved_by("vacancies", [POST, gone], [POST, come]) == {(P,): effects}
    # Where what has come makes up for what is gone the part does not differ, and nothing is told.
    as_much = fact("come", V, started(SEPTEMBER, fte="0.6"), 4)
    assert moved_by("vacancies", [POST, gone], [POST, as_much]) == {}


def test_a_correction_has_the_effect_of_what_it_says_instead() -> None:
    corrected = fact("right", W, started(SEPTEMBER, fte="0.4"), 4, supersedes="start")
    assert moved_by("in-post", [POST, STARTED], [POST, STARTED, corrected]) == {(P,): [("right", Fraction(-6, 10))]}
    assert moved_by("in-post", [POST, STARTED, corrected], [POST, STARTED]) == {(P,): [("right", Fraction(6, 10))]}


# --- which are named --------------------------------------------------------------------------------------------------


def test_an_event_that_moves_nothing_is_not_named_whatever_it_is_about() -> None:
    more = [
        fact("cases", W, CaseloadCounted(counted_on=TENTH, cases=9), 4),
        fact("later", W, left(date(2023, 11, 1)), 5),
        fact("other", V, started(SEPTEMBER, "P-2"), 6),
    ]
    assert moved_by("in-post", [POST], [POST, STARTED, *more])[(P,)] == [("start", 1)]


def test_what_needs_two_events_is_the_doing_of_the_later() -> None:
    early = fact("start", W, started(SEPTEMBER), -1)
    assert moved_by("vacancies", [], [early, POST]) == {}
    # Recorded the other way round one more is vacant, and then not.
    assert moved_by("in-post", [], [POST, STARTED])[(P,)] == [("start", 1)]


def test_a_move_moves_two_posts_each_by_its_own() -> None:
    second = fact("second", "post/P-2", established(APRIL), 0)
    move = fact("move", W, moved(TENTH, "P-1", "P-2", "0.6"), 4)
    assert moved_by("in-post", [POST, second, STARTED], [POST, second, STARTED, move]) == {
        (P,): [("move", -1)],
        ("post/P-2",): [("move", Fraction(6, 10))],
    }


def test_a_change_of_a_post_takes_its_part_from_one_team_to_another() -> None:
    other_team = fact("changed", P, PostChanged(effective_from=TENTH, team="duty"), 4)
    effects = changed("in-post", [POST, STARTED], [POST, STARTED, other_team], FigureQuery(by=("team",)))
    assert {(change.dimensions["team"], change.difference) for change in effects} == {
        ("assessment", -1_000_000),
        ("duty", 1_000_000),
    }
    assert [[moved.event.envelope.id for moved in change.moved_by] for change in effects] == [["changed"], ["changed"]]


def test_a_merge_takes_one_of_two_people_away() -> None:
    second = [fact("second", "post/P-2", established(APRIL), 0), fact("other", V, started(SEPTEMBER, "P-2", "0.5"), 2)]
    before = [POST, STARTED, *second]
    assert moved_by("in-post-headcount", before, [*before, fact("merge", W, merged("W-2"), 4)]) == {
        (V, "post/P-2"): [("merge", -1)]
    }


def test_a_cover_moves_what_is_covered_of_its_post() -> None:
    cover = fact("cover", "cover/C-1", cover_started(TENTH), 4)
    assert moved_by("uncovered-vacancies", [POST], [POST, cover]) == {(P,): [("cover", -1)]}


def test_a_panel_held_earlier_is_told_by_the_decision_about_whoever_it_was() -> None:
    def decided(day: date) -> PanelDecided:
        return PanelDecided(
            panel="PN-1", decided_on=day, kind=PanelKind.ADVANCED_SOCIAL_WORKER, decision=PanelDecision.SUCCESSFUL
        )

    later, earlier = fact("later", W, decided(TENTH), 1), fact("earlier", V, decided(SEPTEMBER), 2)
    # Held in October, until it is known that somebody was decided about in September.
    assert list(moved_by("panels-held", [later], [later, earlier]).values()) == [[("earlier", -1)]]


# --- what stands around a part ----------------------------------------------------------------------------------------


def around(events: Iterable[Event], *subjects: str) -> set[str]:
    return {one.envelope.id for one in Surroundings(events).of(subjects)}


def test_around_a_worker_stands_all_that_is_recorded_under_any_number_and_the_posts_that_it_names() -> None:
    events = [
        POST,
        STARTED,
        fact("duplicate", V, CaseloadCounted(counted_on=TENTH, cases=9), 2),
        fact("merge", W, merged("W-2"), 3),
        fact("cover", "cover/C-1", cover_started(TENTH).model_copy(update={"agency_worker": "W-2"}), 4),
        fact("others-post", "post/P-2", established(APRIL), 0),
        fact("other", "worker/W-3", started(SEPTEMBER, "P-2"), 5),
        fact("beside", "worker/W-4", started(SEPTEMBER), 6),
    ]
    assert around(events, W) == {"post", "start", "duplicate", "merge", "cover"}
    assert around(events, V) == {"post", "start", "duplicate", "merge", "cover"}
    # Around a post all who ever stood on it, with the posts that they name.
    assert around(events, P) == {"post", "start", "duplicate", "merge", "cover", "beside"}
    # Of a part of somebody on a post the post is told by what that one holds.
    assert around(events, P, "worker/W-4") == {"beside", "post"}


# --- where very much stands around ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "steps"),
    [(0, 100_000), (1, 100_000), (3, 33_333), (50_000, 2), (50_001, 1), (100_000, 1), (100_001, 1), (10**9, 1)],
)
def test_so_many_steps_are_taken_that_a_hundred_thousand_events_are_looked_at(events: int, steps: int) -> None:
    assert most_steps(events) == steps


@pytest.mark.parametrize(
    ("looked_at", "effects"),
    [
        (16, [("start", 1, 0), ("half", Fraction(-1, 2), 0), ("most", Fraction(3, 10), 0)]),
        (8, [("start", 1, 0), ("most", Fraction(-2, 10), 1)]),
        (4, [("most", Fraction(8, 10), 2)]),
    ],
)
def test_where_too_much_stands_around_several_are_taken_at_once_and_the_last_is_named_with_the_number_of_others(
    monkeypatch: pytest.MonkeyPatch, looked_at: int, effects: list[tuple[str, Fraction, int]]
) -> None:
    monkeypatch.setattr(attribution, "MOST_LOOKED_AT", looked_at)
    before, after = [POST], [POST, STARTED, HALF, MOST]
    (change,) = changed("in-post", before, after)
    assert [(m.event.envelope.id, Fraction(m.effect, 1_000_000), m.others) for m in change.moved_by] == effects
    # Around the part stand four events, of which three move.
    assert Attribution(before, after, PLAIN).steps(change.key) == (min(3, looked_at // 4), 4)


def test_where_something_is_missing_around_a_part_all_events_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Surroundings, "of", lambda self, subjects: (POST,))
    assert moved_by("in-post", [POST], [POST, STARTED, HALF]) == {(P,): [("start", 1), ("half", Fraction(-1, 2))]}


def test_children_of_kinds_that_overlap_are_told_each_by_itself() -> None:
    counts = [
        fact(f"count-{kind}", f"demand/{kind}", DemandCounted(counted_on=TENTH, demand=kind, children=number), 1)
        for kind, number in ((Demand.CHILDREN_IN_NEED, 700), (Demand.CHILDREN_LOOKED_AFTER, 300))
    ]
    counted = amounts(count("children"), _reading(counts), OCTOBER, FigureQuery())
    assert sorted(counted.values()) == [300_000_000, 700_000_000]


def test_amounts_are_of_the_parts_that_are_not_zero() -> None:
    counted = amounts(count("in-post"), _reading([POST, STARTED, HALF]), OCTOBER, FigureQuery())
    assert {key[0]: amount for key, amount in counted.items()} == {(P,): 500_000}
    empty = fact("empty", "post/P-2", established(APRIL), 0)
    assert amounts(count("in-post"), _reading([POST, empty]), OCTOBER, FigureQuery()) == {}
