"""What must hold of what was seen during a round: health tells the truth, in time, and nothing is answered wrongly.

Invariant: pure; a process is never blamed for the time in which it was stopped itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from contracts.catalogue import METRICS
from tests.campaign.sending import Identity, Sent
from tests.campaign.stage import REPLICA, Stage
from tests.campaign.watching import FIGURE, LIVE, READY, Sample, Seen, Snapshot

HEALTH_SECONDS = 2.0
"""Within so long a health route answers."""
MISSING_SECONDS = 20.0
"""Metrics may say it is ready while events are missing that were accepted less than so long before."""
COMES_BACK_SECONDS = 3.0
"""After a process was stopped it may take so long to answer in time, and to see that it was stopped."""
ALL_COME_BACK_SECONDS = 20.0
"""After any part was away: reconnecting, a consumer group's rebalance, the next watermark."""
OF_METRICS = (METRICS, REPLICA)


@dataclass(frozen=True)
class Violation:
    """One thing that must not be: which rule it breaks, in a few words, and what was seen."""

    rule: str
    what: str


def verdicts(stage: Stage, seen: Seen, sent: Sent, faults_began: float) -> list[Violation]:
    """Every violation among what was seen and sent."""
    samples = sorted(seen.samples, key=lambda one: one.asked)
    return [
        *health_answers_in_time(stage, seen, samples),
        *liveness_asks_for_no_useless_restart(stage, samples),
        *readiness_tells_of_missing_events(stage, seen, sent, faults_began),
        *completeness_is_true(seen, sent),
        *readiness_tells_of_doors_that_take_nothing(stage, samples, sent),
        *who_is_asked_to_stop_ends_by_itself(stage),
        *nothing_fails(samples),
        *(Violation("answers are right", wrong) for wrong in dict.fromkeys(sent.wrong)),
    ]


def health_answers_in_time(stage: Stage, seen: Seen, samples: Iterable[Sample]) -> Iterator[Violation]:
    """Every health route answers within HEALTH_SECONDS, while its process is not stopped."""
    slow: dict[tuple[str, str], list[str]] = {}
    for one in samples:
        if one.route not in (LIVE, READY) or one.status not in (0, 200, 503):
            continue
        starved = sum(late for at, late in seen.starved if one.asked - 1 <= at <= one.came)
        if one.status and one.seconds <= HEALTH_SECONDS * stage.slack + starved:
            continue
        back = COMES_BACK_SECONDS * stage.slack
        if any(stage.was_away(one.process, moment, 0.2, back) for moment in (one.asked, one.came)):
            continue
        how = f"took {one.seconds:.1f} s" if one.status else f"gave no answer in {one.seconds:.1f} s ({one.said})"
        slow.setdefault((one.process, one.route), []).append(f"at {one.asked:.1f} it {how}")
    for (process, route), times in slow.items():
        yield Violation("health answers in time", f"{route} of {process}: {_some(times)}")


def liveness_asks_for_no_useless_restart(stage: Stage, samples: Iterable[Sample]) -> Iterator[Violation]:
    """Liveness is 503 only where a restart would mend something."""
    if stage.a_restart_mends:
        return
    asked: dict[str, list[str]] = {}
    for one in samples:
        back = COMES_BACK_SECONDS * stage.slack
        if one.route == LIVE and one.status == 503 and not stage.was_away(one.process, one.came, 0, back):
            asked.setdefault(one.process, []).append(f"at {one.asked:.1f}: {_reason(one)}")
    for process, times in asked.items():
        yield Violation("liveness asks for no useless restart", f"{process}: {_some(times)}")


def readiness_tells_of_missing_events(stage: Stage, seen: Seen, sent: Sent, faults_began: float) -> Iterator[Violation]:
    """Metrics is not ready while events are missing that were accepted MISSING_SECONDS before.

    While Kafka, PostgreSQL or an owner is away it cannot know of them: then it may be ready if it says until when it is
    complete.
    """
    told: dict[str, list[str]] = {}
    late = MISSING_SECONDS * stage.slack
    for one, missing in _with_what_was_missing(seen, sent, READY):
        if one.status != 200 or one.asked < faults_began + late:
            continue
        old = [key for key in missing if sent.accepted[key] < one.asked - late]
        if not old:
            continue
        unknown = any(away.covers(one.asked, 0, ALL_COME_BACK_SECONDS * stage.slack) for away in stage.away)
        if unknown and _says_it_is_incomplete(one, old, sent):
            continue
        oldest = max(one.asked - sent.accepted[key] for key in old)
        told.setdefault(one.process, []).append(
            f"at {one.asked:.1f} it said {one.said}; {len(old)} events were missing, the first for {oldest:.0f} s"
        )
    for process, times in told.items():
        yield Violation("readiness tells of missing events", f"{process}: {_some(times)}")


def completeness_is_true(seen: Seen, sent: Sent) -> Iterator[Violation]:
    """What says that it is complete until an instant holds every event accepted before it."""
    false: dict[tuple[str, str], list[str]] = {}
    for route in (READY, FIGURE):
        for one, missing in _with_what_was_missing(seen, sent, route):
            if one.status != 200 or one.complete_until is None:
                continue
            until = datetime.fromisoformat(one.complete_until)
            lost = [key for key in missing if sent.accepted_at[key] < until]
            if lost:
                what = f"at {one.asked:.1f} complete until {one.complete_until}, but {len(lost)} events were missing"
                false.setdefault((one.process, route), []).append(f"{what}, as {lost[0]}: {sent.accepted_at[lost[0]]}")
    for (process, route), times in false.items():
        yield Violation("completeness is true", f"{route} of {process}: {_some(times)}")


def readiness_tells_of_doors_that_take_nothing(stage: Stage, samples: list[Sample], sent: Sent) -> Iterator[Violation]:
    """A service that could not take a batch for MISSING_SECONDS does not say all the time that it is ready."""
    late = MISSING_SECONDS * stage.slack
    for wait in sent.waits:
        until = wait.until if wait.until is not None else samples[-1].came if samples else wait.since
        if until - wait.since < late:
            continue
        during = [
            one
            for one in samples
            if (one.process, one.route) == (wait.service, READY) and wait.since + late / 2 < one.asked < until
        ]
        ready = [one for one in during if one.status == 200 and not stage.was_away(one.process, one.asked, 0, 5)]
        if ready and len(ready) == len(during):
            what = f"{wait.service} took nothing for {until - wait.since:.0f} s ({wait.last}) and said it was ready"
            yield Violation("readiness tells of a door that takes nothing", what)


def who_is_asked_to_stop_ends_by_itself(stage: Stage) -> Iterator[Violation]:
    """In time, and with exit code 0: else it was killed, or failed."""
    for process, code in stage.ended:
        if code != 0:
            yield Violation("who is asked to stop ends by itself", f"{process} ended with exit code {code}")


def nothing_fails(samples: Iterable[Sample]) -> Iterator[Violation]:
    """Every answer is one that the documentation knows: 500 is none."""
    failed: dict[tuple[str, str], list[str]] = {}
    for one in samples:
        if one.status not in (0, 200, 404, 503):
            failed.setdefault((one.process, one.route), []).append(f"at {one.asked:.1f} {one.status} {one.said}")
    for (process, route), times in failed.items():
        yield Violation("answers are right", f"{route} of {process}: {_some(times)}")


def _with_what_was_missing(seen: Seen, sent: Sent, route: str) -> Iterator[tuple[Sample, set[Identity]]]:
    """Samples of metrics with the events that were missing before they were asked for and after they came."""
    index = 0
    snapshots = seen.snapshots
    for one in sorted(seen.samples, key=lambda sample: sample.asked):
        if one.process not in OF_METRICS or one.route != route:
            continue
        while index + 1 < len(snapshots) and snapshots[index + 1].came <= one.asked:
            index += 1
        after = next((later for later in snapshots[index:] if later.asked >= one.came), None)
        if snapshots and snapshots[index].came <= one.asked and after is not None:
            yield one, _missing(sent, one.asked, snapshots[index], after)


def _missing(sent: Sent, asked: float, before: Snapshot, after: Snapshot) -> set[Identity]:
    known = {key for key, accepted in sent.accepted.items() if accepted < asked}
    return known - before.held - after.held


def _says_it_is_incomplete(one: Sample, old: list[Identity], sent: Sent) -> bool:
    if not isinstance(one.said, dict) or "complete_until" not in one.said:
        return False
    if one.complete_until is None:
        return True
    until = datetime.fromisoformat(one.complete_until)
    return all(sent.accepted_at[key] >= until for key in old)


def _reason(one: Sample) -> str:
    return str(one.said.get("reason") if isinstance(one.said, dict) else one.said)


def _some(times: list[str]) -> str:
    more = f"; {len(times)} times in all" if len(times) > 3 else ""
    return "; ".join([*times[:2], *times[-1:]] if len(times) > 2 else times) + more
