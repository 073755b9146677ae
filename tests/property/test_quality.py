"""Findings over thousands of histories: they hang on the set of events alone, and a history in order has none.

Invariant: a history made by `in_order` never contradicts itself: nobody is in two posts, and every date follows.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import CoverReason
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded
from contracts.events.base import EventData
from contracts.events.hiring import WorkerFteChanged, WorkerMerged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed
from contracts.events.posts import PostChanged
from contracts.events.working_life import CaseloadCounted
from services.metrics.measures.declaration import When
from services.metrics.quality.catalogue import CHECKS, findings
from services.metrics.quality.declaration import Severity
from services.metrics.quality.effect import STOCKS, difference_without
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from tests.histories import (
    FIRST_DAY,
    FIRST_INSTANT,
    LAST_DAY,
    cover_started,
    established,
    event,
    fte_changed,
    histories,
    histories_of_leavers,
    histories_of_merges,
    histories_of_references,
    left,
    moved,
    started,
)
from tests.oracle import stock as oracle

LATEST_INSTANT = datetime(2030, 1, 1, tzinfo=UTC)
AS_AT = FIRST_DAY + timedelta(days=5)
MERGE = event(WorkerMerged(duplicate="W-2"), "worker/W-1", FIRST_INSTANT, "merged")
COUNT = event(CaseloadCounted(counted_on=AS_AT, cases=4), "worker/W-1", FIRST_INSTANT, "counted")

_any_history = st.one_of(
    histories(),
    histories().map(lambda events: [*events, MERGE, COUNT]),
    histories_of_references(),
    histories_of_leavers(),
    histories_of_merges(),
)


@given(_any_history, st.randoms(use_true_random=False))
def test_findings_do_not_depend_on_the_order_or_repetition_of_events(events: list[Event], chance: Random) -> None:
    otherwise = [*events, *chance.choices(events, k=3)]
    chance.shuffle(otherwise)
    assert findings(Snapshot(otherwise), AS_AT) == findings(Snapshot(events), AS_AT)


@given(_any_history)
def test_a_finding_names_its_events_and_those_to_withdraw_are_among_them_and_stand(events: list[Event]) -> None:
    snapshot = Snapshot(events)
    for finding in findings(snapshot, AS_AT):
        assert finding.events
        assert finding.since < finding.until
        assert set(map(id, finding.withdrawn)) <= set(map(id, finding.events)) & set(map(id, snapshot.in_force))
        assert all(item.fte >= 0 and item.since < item.until for item in finding.affected)


@given(_any_history)
def test_whoever_comes_is_in_post_that_day_or_is_named_by_a_finding(events: list[Event]) -> None:
    snapshot = Snapshot(events)
    in_force = oracle.in_force(events, LATEST_INSTANT)
    named_in = {(one.envelope.type, one.envelope.id) for finding in findings(snapshot, AS_AT) for one in finding.events}
    for one in in_force:
        if isinstance(one.data, WorkerStarted):
            in_post = oracle.posts_held(in_force, one.envelope.subject, one.data.started_on)
            assert in_post or (one.envelope.type, one.envelope.id) in named_in


@given(_any_history)
def test_nobody_who_is_said_to_be_in_a_post_is_in_no_figure_and_in_no_finding(events: list[Event]) -> None:
    snapshot = Snapshot(events)
    in_force = oracle.in_force(events, LATEST_INSTANT)
    named = {subject for finding in findings(snapshot, AS_AT) for subject in finding.subjects}
    for one in in_force:
        if isinstance(one.data, WorkerStarted | WorkerMoved | WorkerFteChanged):
            person = oracle.person(in_force, one.envelope.subject)
            days = [FIRST_DAY + timedelta(days=day) for day in range((LAST_DAY - FIRST_DAY).days + 1)]
            was_in_post = any(oracle.posts_held(in_force, person, day) for day in days)
            assert was_in_post or person in named


@given(_any_history, st.randoms(use_true_random=False))
def test_the_difference_without_events_is_that_of_two_whole_snapshots(events: list[Event], chance: Random) -> None:
    snapshot = Snapshot(events)
    without = chance.sample(snapshot.in_force, min(2, len(snapshot.in_force)))
    left_out = {event.identity for event in without}
    whole = _stocks(Snapshot(event for event in snapshot.in_force if event.identity not in left_out))
    present = _stocks(snapshot)
    expected = {name: whole[name] - present[name] for name in present if whole[name] != present[name]}
    assert difference_without(snapshot, without, AS_AT) == expected


def _stocks(snapshot: Snapshot) -> dict[str, int]:
    when = When(AS_AT, AS_AT, AS_AT)
    return {stock.name: sum(part.amount for part in stock.parts(snapshot, Scope.ALL, when)) for stock in STOCKS}


@st.composite
def in_order(draw: st.DrawFn) -> list[Event]:
    """A history in which every post is established first, and everybody is in one post at a time and leaves it."""
    facts: list[tuple[str, EventData]] = [(f"post/P-{n}", established(FIRST_DAY, "99")) for n in (1, 2, 3)]
    facts.append(("post/P-1", PostChanged(effective_from=FIRST_DAY, team="mash")))
    for number in range(draw(st.integers(1, 3))):
        facts += [(f"worker/W-{number}", data) for data in _working_life(draw)]
        facts += [(f"cover/C-{number}", data) for data in _assignment(draw)]
    return [
        event(data, subject, FIRST_INSTANT + timedelta(minutes=index), f"E-{index}")
        for index, (subject, data) in enumerate(facts)
    ]


WHAT_HAPPENS = ["move", "change", "pause", "leave", "stay"]


def _working_life(draw: st.DrawFn) -> list[EventData]:
    """Who starts, moves, changes, pauses and leaves, perhaps more than once, on days that never go back."""
    day, post, fte = FIRST_DAY, "", ""
    facts: list[EventData] = []
    for _ in range(draw(st.integers(1, 8))):
        day += timedelta(days=draw(st.integers(1, 3)))
        kind = "start" if not post else "change" if fte == "paused" else draw(st.sampled_from(WHAT_HAPPENS))
        other = draw(st.sampled_from(["P-1", "P-2", "P-3"]))
        if kind == "stay":
            facts += [left(day), LeaverReversed(left_on=day)]
            continue
        fte = draw(st.sampled_from(["0.5", "1", *(["0"] if kind in ("start", "move") else [])]))
        if kind == "start":
            facts.append(started(day, other, fte))
        elif kind == "move":
            facts.append(moved(day, post, other, fte))
        elif kind == "change":
            facts.append(fte_changed(day, fte, post))
        elif kind == "pause":
            facts.append(fte_changed(day, "0", post))
            fte = "paused"
        else:
            facts.append(left(day))
        post = {"leave": "", "change": post, "pause": post}.get(kind, other)
        if post and fte in ("0.5", "1"):
            facts.append(CaseloadCounted(counted_on=day, cases=draw(st.integers(0, 20))))
    return facts


def _assignment(draw: st.DrawFn) -> list[EventData]:
    """An agency assignment that covers a vacancy (there is always one), changes and ends."""
    day = FIRST_DAY + timedelta(days=draw(st.integers(0, 3)))
    facts: list[EventData] = [cover_started(day, "P-1", "1", draw(st.sampled_from(list(CoverReason))))]
    day += timedelta(days=draw(st.integers(0, 3)))
    facts.append(CoverChanged(effective_from=day, fte=Decimal("0.5"), post=draw(st.sampled_from(["P-1", "P-2"]))))
    return [*facts, CoverEnded(ended_on=day + timedelta(days=draw(st.integers(0, 3))))]


@given(in_order())
def test_a_history_in_order_has_no_finding_that_moves_a_figure(events: list[Event]) -> None:
    named = findings(Snapshot(events), date(2023, 12, 1))
    assert [finding.message for finding in named if CHECKS[finding.check].severity is Severity.MOVES] == []
