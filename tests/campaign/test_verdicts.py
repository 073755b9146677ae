"""The verdicts themselves: each finds what it is there for, and blames nobody for the time in which it was stopped.

Invariant: every expectation is written by hand.
"""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from tests.campaign.kinds import BROKERS, KINDS, kinds_on
from tests.campaign.load import load_of
from tests.campaign.plan import plan_of
from tests.campaign.sending import Sent, Waiting, identity_of
from tests.campaign.stage import Away, Stage
from tests.campaign.verdicts import verdicts
from tests.campaign.watching import FIGURE, LIVE, READY, Sample, Seen, Snapshot

EVENT = ("100", "/hr", "E-1")
ACCEPTED_AT = datetime(2026, 1, 1, 12, 0, 5, tzinfo=UTC)


def stage(*away: Away) -> Stage:
    """A stage on which these parts were away."""
    nothing = cast(Any, None)
    return Stage(nothing, Path(), nothing, Random(1), ("100",), {}, away=list(away))


def sent(*waits: Waiting) -> Sent:
    """One event, accepted at second 5."""
    return Sent(accepted={EVENT: 5.0}, accepted_at={EVENT: ACCEPTED_AT}, waits=list(waits))


def missing_until(second: float) -> list[Snapshot]:
    """The event is not in metrics' inbox until a second."""
    return [Snapshot(at, at + 0.1, frozenset({EVENT} if at >= second else ())) for at in range(60)]


def said(route: str, status: int, at: float, process: str = "metrics", **body: Any) -> Sample:
    """An answer that came at once."""
    return Sample(process, route, at, at + 0.01, status, body)


def rules(stage: Stage, seen: Seen, sent: Sent) -> list[str]:
    """The rules that are found broken, when the first fault began at second 0."""
    return [violation.rule for violation in verdicts(stage, seen, sent, 0.0)]


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    samples = [said(route, 200, second) for route in (LIVE, READY, FIGURE) for second in range(50)]
    assert rules(stage(), Seen(samples, missing_until(24)), sent()) == []


def test_a_health_route_that_is_slow_or_silent_is_found_unless_its_process_was_stopped() -> None:
    slow = Seen([Sample("metrics", LIVE, 10.0, 12.5, 200, {})])
    silent = Seen([Sample("retention", READY, 10.0, 10.1, 0, "ConnectError")])
    assert rules(stage(), slow, Sent()) == ["health answers in time"]
    assert rules(stage(), silent, Sent()) == ["health answers in time"]
    assert rules(stage(Away("metrics", 8.0, 11.0)), slow, Sent()) == []
    assert rules(stage(Away("metrics", 8.0, 11.0)), silent, Sent()) == ["health answers in time"]


def test_a_process_that_was_asked_to_stop_and_did_not_end_by_itself_is_found() -> None:
    ended = stage()
    ended.ended = [("metrics", 0), ("retention", 0)]
    assert rules(ended, Seen(), Sent()) == []
    ended.ended = [("metrics", 0), ("retention", -9), ("metrics", 1)]
    assert rules(ended, Seen(), Sent()) == ["who is asked to stop ends by itself"] * 2


def test_with_slack_everything_may_take_so_many_times_as_long() -> None:
    slack = stage(Away("metrics", 8.0, 9.0))
    slack.slack = 5.0
    slow, slower = (Seen([Sample("retention", LIVE, 30.0, came, 200, {})]) for came in (39.9, 40.1))
    assert (rules(slack, slow, Sent()), rules(slack, slower, Sent())) == ([], ["health answers in time"])
    back, late = (Seen([Sample("metrics", READY, at, at + 11, 200, {})]) for at in (23.0, 24.5))
    assert (rules(slack, back, Sent()), rules(slack, late, Sent())) == ([], ["health answers in time"])
    samples = [said(READY, 200, at) for at in range(59)]
    assert rules(slack, Seen(samples, missing_until(59)), sent()) == []


def test_a_restart_that_liveness_asks_for_is_found_unless_it_would_mend_something() -> None:
    asking = Seen([said(LIVE, 503, 10, reason="nothing was taken in")])
    assert rules(stage(Away("postgresql", 5.0, 15.0)), asking, Sent()) == ["liveness asks for no useless restart"]
    mended = stage()
    mended.a_restart_mends = True
    assert rules(mended, asking, Sent()) == []


@pytest.mark.parametrize(("second", "is_told"), [(24, []), (30, ["readiness tells of missing events"])])
def test_readiness_while_an_event_is_missing_for_long_is_found(second: int, is_told: list[str]) -> None:
    seen = Seen([said(READY, 200, at) for at in range(50)], missing_until(second))
    assert rules(stage(), seen, sent()) == is_told


def test_readiness_is_no_lie_while_a_part_is_away_and_it_says_until_when_it_is_complete() -> None:
    away = stage(Away("kafka", 4.0, 40.0))
    honest = [said(READY, 200, at, complete_until="2026-01-01T12:00:04Z") for at in range(40)]
    silent = [said(READY, 200, at) for at in range(40)]
    assert rules(away, Seen(honest, missing_until(45)), sent()) == []
    assert rules(away, Seen(silent, missing_until(45)), sent()) == ["readiness tells of missing events"]
    assert rules(stage(), Seen(honest, missing_until(45)), sent()) == ["readiness tells of missing events"]


@pytest.mark.parametrize("route", [READY, FIGURE])
def test_completeness_until_an_instant_before_which_a_missing_event_was_accepted_is_found(route: str) -> None:
    false = Seen([said(route, 200, 10, complete_until="2026-01-01T12:00:06Z")], missing_until(20))
    assert rules(stage(), false, sent()) == ["completeness is true"]
    true = Seen([said(route, 200, 10, complete_until="2026-01-01T12:00:05Z")], missing_until(20))
    assert rules(stage(), true, sent()) == []


def test_a_door_that_takes_nothing_and_says_it_is_ready_is_found() -> None:
    waits = sent(Waiting("retention", 2.0, 30.0, "ReadTimeout"))
    ready = [said(READY, 200, at, "retention") for at in range(40)]
    assert rules(stage(), Seen(ready), waits) == ["readiness tells of a door that takes nothing"]
    unready = [said(READY, 503 if at > 10 else 200, at, "retention") for at in range(40)]
    assert rules(stage(), Seen(unready), waits) == []


def test_an_answer_500_is_found() -> None:
    assert rules(stage(), Seen([said(FIGURE, 500, 10)]), Sent()) == ["answers are right"]


def test_a_round_can_be_had_again() -> None:
    for broker in BROKERS:
        one, other = plan_of(7, 3, broker), plan_of(7, 3, broker)
        assert one == other
        assert load_of(one.number, one.random) == load_of(other.number, other.random)
        assert plan_of(8, 3, broker).faults != one.faults


def test_the_kinds_take_turns_and_two_faults_befall_two_parts() -> None:
    for broker in BROKERS:
        plans = [plan_of(1, number, broker) for number in range(1, len(KINDS) + 1)]
        assert {fault.kind.name for plan in plans for fault in plan.faults} == {kind.name for kind in kinds_on(broker)}
        assert all(len({fault.part for fault in plan.faults}) == len(plan.faults) for plan in plans)


def test_a_load_has_ties_of_time_corrections_repetitions_and_bad_events() -> None:
    load = load_of(5, Random(5))
    events = [event for _, batch in load.batches for event in batch]
    keys = [identity_of(event) for event in events]
    assert len(set(keys)) < len(keys)
    assert load.bad
    assert load.bad <= set(keys)
    assert len({event["time"] for event in events}) < 20 < len(events)
    assert any("supersedes" in event for event in events)
    assert any("voids" in event for event in events)
    apart = load_of(5, Random(5), ties=False)
    good = {
        identity_of(event): event["time"]
        for _, batch in apart.batches
        for event in batch
        if identity_of(event) not in apart.bad
    }
    assert len(set(good.values())) == len(good)
