"""Dirt: what a faulty feed sends in thousands, about one worker, post or assignment, and kind by kind.

Invariant: each kind is a function of a number alone, and makes about so many events, so that twice the number is twice
the dirt. Each event is known at an instant of its own, but in the kinds that say otherwise.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from contracts.codes import (
    AbsenceReason,
    ApplicationStage,
    CoverReason,
    Demand,
    MoveKind,
    Origin,
    PanelDecision,
    PanelKind,
    Role,
    Route,
    SupportOffer,
)
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.base import EventData
from contracts.events.hiring import ApplicationProgressed, CampaignOpened, WorkerStarted
from contracts.events.leavers import LeaverReversed
from contracts.events.posts import PostChanged, PostClosed
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import (
    AbsenceRecorded,
    CaseloadCounted,
    DemandCounted,
    RetentionPaymentMade,
    SupportTakenUp,
)
from tests.histories import cover_started, established, event, fte_changed, left, merged, moved, started, void_of

FIRST_DAY = date(2010, 1, 4)
RECORDING_BEGINS = datetime(2023, 1, 2, 8, tzinfo=UTC)
WORKER, POST, COVER = "worker/W-1", "post/P-1", "cover/C-1"
HALVES = (Decimal("0.5"), Decimal("0.6"))

Facts = Iterable[tuple[str, EventData]]
"""Subject and data, in the order of recording."""


def day(index: int) -> date:
    """One day after another; there are enough of them for ten thousand."""
    return FIRST_DAY + timedelta(days=index)


def recorded(facts: Facts) -> list[Event]:
    """Facts as events, each recorded a minute after the one before."""
    return [event(data, subject, instant(index), f"E-{index}") for index, (subject, data) in enumerate(facts)]


def instant(index: int) -> datetime:
    """One minute after another."""
    return RECORDING_BEGINS + timedelta(minutes=index)


def backwards(facts: Facts) -> list[Event]:
    """The same facts, entered from the last to the first."""
    return recorded(reversed(list(facts)))


def anyhow(facts: Facts) -> list[Event]:
    """The same facts, entered in an order of chance, always the same."""
    mixed = list(facts)
    Random(7).shuffle(mixed)
    return recorded(mixed)


def at_once(facts: Facts) -> list[Event]:
    """The same facts, all recorded at one instant, and nothing states in which order."""
    return [event(data, subject, RECORDING_BEGINS, f"E-{index}") for index, (subject, data) in enumerate(facts)]


def in_a_stated_order(facts: Facts) -> list[Event]:
    """The same facts, all recorded at one instant by two sources, each of which numbers its own."""
    return [
        event(data, subject, RECORDING_BEGINS, f"E-{index}", source=f"/{index % 2}", sourcesequence=str(index))
        for index, (subject, data) in enumerate(facts)
    ]


def in_pairs(facts: Facts) -> list[Event]:
    """The same facts, two and two recorded at one instant."""
    return [event(data, subject, instant(index // 2), f"E-{index}") for index, (subject, data) in enumerate(facts)]


def ftes_of_one_worker(n: int) -> Facts:
    """A worker whose FTE changes every day."""
    yield POST, established(day(0))
    yield WORKER, started(day(0))
    yield from ((WORKER, fte_changed(day(index + 1), str(HALVES[index % 2]))) for index in range(n))


def ftes_of_one_day(n: int) -> Facts:
    """A worker whose FTE of one day is stated again and again."""
    yield POST, established(day(0))
    yield WORKER, started(day(0))
    yield from ((WORKER, fte_changed(day(1), str(HALVES[index % 2]))) for index in range(n))


def ftes_said_otherwise(n: int) -> Facts:
    """A worker whose FTE of every day is stated twice, and not the same."""
    yield POST, established(day(0))
    yield WORKER, started(day(0))
    yield from ((WORKER, fte_changed(day(index // 2 + 1), str(HALVES[index % 2]))) for index in range(n))


def ftes_said_otherwise_on_one_post(n: int) -> Facts:
    """A post of which the same team is stated every day, and workers on it whose FTE is stated twice."""
    for index in range(n // 4):
        yield POST, established(day(0)) if index == 0 else PostChanged(effective_from=day(index), team="mash")
        yield f"worker/W-{index}", started(day(0), fte="0.1")
        yield from ((f"worker/W-{index}", fte_changed(day(1), fte)) for fte in ("0.2", "0.3"))


def teams_said_otherwise_of_posts_of_one_worker(n: int) -> Facts:
    """Posts of one worker, the team of each of which is stated twice."""
    for index in range(n // 4):
        yield f"post/P-{index}", established(day(0))
        yield WORKER, started(day(0), f"P-{index}", "0.1")
        yield from ((f"post/P-{index}", PostChanged(effective_from=day(1), team=team)) for team in ("mash", "duty"))


def posts_of_one_worker(n: int) -> Facts:
    """One number under which everybody is entered who has none."""
    yield from ((WORKER, started(day(0), f"P-{index}")) for index in range(n))


def posts_one_after_another(n: int) -> Facts:
    """The same, day after day, so that more and more posts are held."""
    yield from ((WORKER, started(day(index), f"P-{index}")) for index in range(n))


def moves_to_and_fro(n: int) -> Facts:
    """A worker who moves from one post to another and back."""
    yield from ((f"post/P-{index}", established(day(0))) for index in (0, 1))
    yield WORKER, started(day(0), "P-0")
    yield from ((WORKER, moved(day(index + 1), f"P-{index % 2}", f"P-{1 - index % 2}")) for index in range(n))


def moves_from_elsewhere(n: int) -> Facts:
    """Moves from posts that are not held."""
    yield from ((WORKER, moved(day(index), f"Q-{index}", f"P-{index % 7}")) for index in range(n))


def moves_after_leaving(n: int) -> Facts:
    """Moves of somebody who has left."""
    yield WORKER, started(day(0))
    yield WORKER, left(day(1))
    yield from ((WORKER, moved(day(index + 2), f"P-{index}", f"P-{index + 1}")) for index in range(n))


def leavers_and_reversals(n: int) -> Facts:
    """Leavers, each of another day and reversed."""
    yield WORKER, started(day(0))
    for index in range(n // 2):
        yield WORKER, left(day(index + 1))
        yield WORKER, LeaverReversed(left_on=day(index + 1))


def leavers_and_reversals_of_one_day(n: int) -> Facts:
    """Leavers of one day, reversed again and again."""
    yield WORKER, started(day(0))
    for _ in range(n // 2):
        yield WORKER, left(day(9))
        yield WORKER, LeaverReversed(left_on=day(9))


def reversals_before_leavers(n: int) -> Facts:
    """Reversals of one day that were all recorded before its leavers."""
    yield from ((WORKER, LeaverReversed(left_on=day(9))) for _ in range(n // 2))
    yield from ((WORKER, left(day(9))) for _ in range(n // 2))


def leavers_of_nobody(n: int) -> Facts:
    """Leavers before the first start."""
    yield from ((WORKER, left(day(index))) for index in range(n))
    yield WORKER, started(day(n + 1))


def comings_and_goings(n: int) -> Facts:
    """A worker who starts and leaves again and again."""
    yield POST, established(day(0))
    for index in range(n // 2):
        yield WORKER, started(day(2 * index))
        yield WORKER, left(day(2 * index + 1))


def ftes_above_one(n: int) -> Facts:
    """A worker of three posts whose FTE goes above 1 and below it."""
    yield from ((WORKER, started(day(0), f"P-{index}", "0.4")) for index in range(3))
    yield from ((WORKER, fte_changed(day(index + 1), ("0.1", "0.4")[index % 2], "P-0")) for index in range(n))


def ftes_of_posts_not_held(n: int) -> Facts:
    """FTE changes in a post that is taken up and given up, where it is not held."""
    for index in range(n // 3):
        yield WORKER, started(day(3 * index))
        yield WORKER, left(day(3 * index + 1))
        yield WORKER, fte_changed(day(3 * index + 2), "0.5")


def occupants(n: int) -> Facts:
    """People who all stand on one post."""
    yield POST, established(day(0))
    yield from ((f"worker/W-{index}", started(day(index))) for index in range(n))


def occupants_on_one_day(n: int) -> Facts:
    """The same, all from one day on."""
    yield POST, established(day(0))
    yield from ((f"worker/W-{index}", started(day(1))) for index in range(n))


def occupants_in_turn(n: int) -> Facts:
    """People who hold one post one after another."""
    yield POST, established(day(0))
    for index in range(n // 2):
        yield f"worker/W-{index}", started(day(2 * index))
        yield f"worker/W-{index}", left(day(2 * index + 1))


def changes_of_one_post(n: int) -> Facts:
    """A post whose team and funding change every day, and its one occupant."""
    yield POST, established(day(0))
    yield WORKER, started(day(0))
    for index in range(n // 2):
        yield POST, PostChanged(effective_from=day(2 * index + 1), team=f"team-{index % 9}")
        yield POST, PostChanged(effective_from=day(2 * index + 2), funded_fte=HALVES[index % 2])


def funding_of_a_crowded_post(n: int) -> Facts:
    """A post of many occupants whose funding changes every day."""
    yield POST, established(day(0))
    yield from ((f"worker/W-{index}", started(day(0), fte="0.1")) for index in range(n // 2))
    for index in range(n // 2):
        yield POST, PostChanged(effective_from=day(index + 1), funded_fte=Decimal((1, 90)[index % 2]))


def closings_of_one_post(n: int) -> Facts:
    """A post that closes and opens again and again under its occupant."""
    yield WORKER, started(day(0))
    for index in range(n // 2):
        yield POST, established(day(2 * index))
        yield POST, PostClosed(closed_on=day(2 * index + 1))


def closings_before_established(n: int) -> Facts:
    """Closings of a post that is established later only, and changed many times."""
    yield from ((POST, PostClosed(closed_on=day(index))) for index in range(n // 2))
    yield POST, established(day(n))
    changes = (PostChanged(effective_from=day(n + index), funded_fte=HALVES[index % 2]) for index in range(1, n // 2))
    yield from ((POST, change) for change in changes)


def changes_of_one_cover(n: int) -> Facts:
    """An assignment whose FTE and rate change every day."""
    yield POST, established(day(0))
    yield COVER, cover_started(day(0))
    for index in range(n // 2):
        yield COVER, CoverChanged(effective_from=day(2 * index + 1), fte=HALVES[index % 2])
        yield COVER, CoverChanged(effective_from=day(2 * index + 2), hourly_rate=Decimal(30 + index % 9))


def covers_not_held(n: int) -> Facts:
    """An assignment that starts and ends again and again, and is changed where it does not hold."""
    for index in range(n // 3):
        yield COVER, cover_started(day(3 * index))
        yield COVER, CoverEnded(ended_on=day(3 * index + 1))
        yield COVER, CoverChanged(effective_from=day(3 * index + 2), fte=HALVES[index % 2])


def agency_workers_on_one_post(n: int) -> Facts:
    """Assignments that all cover one filled post beyond the day on which they were to end."""
    yield POST, established(day(0))
    yield WORKER, started(day(0))
    for index in range(n):
        begun = CoverStarted(
            started_on=day(index), agency_worker=f"A-{index}", fte=Decimal(1), reason=CoverReason.VACANCY, post="P-1",
            expected_until=day(index + 3),
        )  # fmt: skip
        yield f"cover/C-{index}", begun


def assignments_of_one_agency_worker(n: int) -> Facts:
    """Assignments that are all one agency worker's, and cases counted of that worker."""
    yield POST, established(day(0))
    for index in range(n // 2):
        yield f"cover/C-{index}", cover_started(day(index))
        yield f"cover/C-{index}", CoverEnded(ended_on=day(index + 1))
        yield "worker/A-1", CaseloadCounted(counted_on=day(n // 2 + index), cases=3)


def caseloads(n: int) -> Facts:
    """Cases of one worker, counted every day, half of them after the worker left."""
    yield WORKER, started(day(0))
    yield WORKER, left(day(n // 2))
    yield from ((WORKER, CaseloadCounted(counted_on=day(index), cases=9)) for index in range(n))


def absences(n: int) -> Facts:
    """Absences of one worker that overlap, half of them after the worker left."""
    yield WORKER, started(day(0))
    yield WORKER, left(day(n // 2))
    for index in range(n):
        yield (
            WORKER,
            AbsenceRecorded(
                absent_from=day(index),
                returned_on=day(index + 40) if index % 2 else None,
                working_days_lost=Decimal(25),
                reason=AbsenceReason.SICKNESS,
            ),
        )


def decisions_on_one_worker(n: int) -> Facts:
    """Panels that decide on one worker every day, who starts in the academy as often."""
    for index in range(n // 2):
        start = WorkerStarted(
            started_on=day(n + index), post="P-1", fte=Decimal(1), origin=Origin.NEWLY_QUALIFIED, route=Route.ACADEMY,
            cohort="AC-1",
        )  # fmt: skip
        decision = PanelDecided(
            panel=f"PN-{index}", decided_on=day(index), kind=PanelKind.ASYE, decision=PanelDecision.PASSED
        )
        yield WORKER, start
        yield WORKER, decision


def decisions_of_one_panel(n: int) -> Facts:
    """One panel that decides on thousands who never started."""
    for index in range(n):
        decision = PanelDecided(
            panel="PN-1",
            decided_on=day(index),
            kind=PanelKind.ADVANCED_SOCIAL_WORKER,
            decision=PanelDecision.SUCCESSFUL,
        )
        yield f"worker/W-{index}", decision


def payments(n: int) -> Facts:
    """Payments to one worker, and support taken up, every day."""
    yield WORKER, started(day(0))
    for index in range(n // 2):
        paid = RetentionPaymentMade(paid_on=day(index), service_completed_on=day(index), amount=Decimal(3000))
        yield WORKER, paid
        yield WORKER, SupportTakenUp(taken_up_on=day(index), offer=SupportOffer.CLINICAL_SUPERVISION)


def applications(n: int) -> Facts:
    """One application that progresses, and campaigns that open, every day."""
    stages = list(ApplicationStage)
    for index in range(n // 2):
        yield (
            "application/AP-1",
            ApplicationProgressed(stage=stages[index % len(stages)], reached_on=day(index), route=Route.DIRECT),
        )
        yield f"campaign/CA-{index}", CampaignOpened(opened_on=day(index), route=Route.DIRECT)


def demand_counts(n: int) -> Facts:
    """Children of one series counted every day."""
    kinds = list(Demand)
    for index in range(n):
        yield "demand/D-1", DemandCounted(counted_on=day(index), demand=kinds[index % len(kinds)], children=index)


def said_twice(n: int) -> Facts:
    """The same start and leaver, sent again and again under other ids."""
    for _ in range(n // 2):
        yield WORKER, started(day(0))
        yield WORKER, left(day(9))


def promotions(n: int) -> Facts:
    """Posts of many teams through which one worker is promoted."""
    yield WORKER, started(day(0), "P-0")
    for index in range(n // 2):
        yield f"post/P-{index}", established(day(0), role=(Role.SOCIAL_WORKER, Role.TEAM_MANAGER)[index % 2])
        move = moved(day(index + 1), f"P-{index}", f"P-{index + 1}").model_copy(update={"kind": MoveKind.PROMOTION})
        yield WORKER, move


def _numbers_started(n: int) -> Facts:
    return ((f"worker/W-{index:05}", started(day(0), f"P-{index}")) for index in range(n + 1))


def merges_in_a_chain(n: int) -> Facts:
    """Each number a duplicate of the one before."""
    yield from _numbers_started(n)
    yield from ((f"worker/W-{index:05}", merged(f"W-{index + 1:05}")) for index in range(n))


def merges_from_the_end(n: int) -> Facts:
    """The same chain, of which the last merge is entered first: each renames everybody behind it."""
    yield from _numbers_started(n)
    yield from ((f"worker/W-{index:05}", merged(f"W-{index + 1:05}")) for index in reversed(range(n)))


def merges_in_a_star(n: int) -> Facts:
    """All numbers duplicates of one."""
    yield from _numbers_started(n)
    yield from ((f"worker/W-{0:05}", merged(f"W-{index + 1:05}")) for index in range(n))


def merges_in_cliques(n: int) -> Facts:
    """Ten numbers each merged with each."""
    size = 10
    yield from _numbers_started(n)
    pairs = [(one, other) for one in range(size) for other in range(size) if one != other]
    for index in range(n):
        first = index // len(pairs) * size
        one, other = pairs[index % len(pairs)]
        yield f"worker/W-{first + one:05}", merged(f"W-{first + other:05}")


def merges_said_again(n: int) -> Facts:
    """Two numbers merged again and again, either way."""
    yield from _numbers_started(1)
    yield from ((f"worker/W-{index % 2:05}", merged(f"W-{1 - index % 2:05}")) for index in range(n))


def leavers_under_another_name(n: int) -> Facts:
    """Somebody who starts again and again, and whose leavers all come under a number without any start."""
    yield WORKER, merged("W-2")
    for index in range(n // 2):
        yield WORKER, started(day(2 * index))
        yield "worker/W-2", left(day(2 * index + 1))


def comings_and_goings_under_two_numbers(n: int) -> Facts:
    """Somebody who starts and leaves in one post under two numbers in turn, each before the other leaves."""
    yield WORKER, merged("W-2")
    for index in range(n // 4):
        for number in (1, 2):
            yield f"worker/W-{number}", started(day(4 * index + number))
            yield f"worker/W-{number}", left(day(4 * index + number + 2))


def leavers_under_a_second_number(n: int) -> Facts:
    """Somebody who holds many posts under one number, and comes and goes under another."""
    yield WORKER, merged("W-2")
    yield from ((WORKER, started(day(0), f"P-{index}", "0.1")) for index in range(n // 3))
    for index in range(n // 3):
        yield "worker/W-2", started(day(2 * index), "Q-1")
        yield "worker/W-2", left(day(2 * index + 1))


def corrections_in_a_chain(n: int) -> list[Event]:
    """Each event corrects the one before."""
    return _corrections(n, lambda index: f"E-{index - 1}")


def corrections_of_one_event(n: int) -> list[Event]:
    """Every event corrects the first."""
    return _corrections(n, lambda index: "E-0")


def corrections_at_once(n: int) -> list[Event]:
    """Every event corrects the first, all at one instant."""
    return [replace(one, envelope=one.envelope.model_copy(update={"time": instant(0)})) for one in
            corrections_of_one_event(n)]  # fmt: skip


def corrections_of_nothing(n: int) -> list[Event]:
    """Every event corrects one that never came."""
    return _corrections(n, lambda index: f"N-{index}")


def _corrections(n: int, of: Callable[[int], str]) -> list[Event]:
    first = event(started(day(0)), WORKER, instant(0), "E-0")
    starts = [started(day(index % 5), fte=str(HALVES[index % 2])) for index in range(n)]
    return [first] + [
        event(starts[index], WORKER, instant(index), f"E-{index}", supersedes=of(index)) for index in range(1, n)
    ]


def corrections_known_backwards(n: int) -> list[Event]:
    """A chain of corrections of which the last was recorded first."""
    chain = [
        event(started(day(index % 5)), WORKER, instant(n - index), f"E-{index}", supersedes=f"E-{index - 1}")
        for index in range(1, n)
    ]
    return [event(started(day(0)), WORKER, instant(n), "E-0"), *chain]


def corrections_each_withdrawn(n: int) -> list[Event]:
    """A chain of corrections, each voided before the next."""
    events = [event(started(day(0)), WORKER, instant(0), "E-0")]
    for index in range(1, n // 2):
        correction = started(day(index % 5), fte=str(HALVES[index % 2]))
        events.append(event(correction, WORKER, instant(2 * index), f"E-{index}", supersedes=f"E-{index - 1}"))
        events.append(void_of(f"E-{index}", WorkerStarted.event_type, WORKER, instant(2 * index + 1), f"V-{index}"))
    return events


def corrections_twice(n: int) -> list[Event]:
    """FTEs each of which is corrected twice, and one of the corrections voided."""
    events = [event(started(day(0)), WORKER, instant(0), "E")]
    for index in range(n // 4):
        kind, when = fte_changed(day(index + 1), "0.5").event_type, day(index + 1)
        events.append(event(fte_changed(when, "0.5"), WORKER, instant(index), f"E-{index}"))
        for turn, fte in enumerate(("0.6", "0.7")):
            late = instant(n + 2 * index + turn)
            events.append(event(fte_changed(when, fte), WORKER, late, f"C-{index}-{turn}", supersedes=f"E-{index}"))
        if index % 2:
            events.append(void_of(f"C-{index}-0", kind, WORKER, instant(4 * n + index), f"V-{index}"))
    return events


def voids_of_voids(n: int) -> list[Event]:
    """A start that is voided, and each void voided in turn."""
    voids = (
        void_of(f"E-{index - 1}", WorkerStarted.event_type, WORKER, instant(index), f"E-{index}")
        for index in range(1, n)
    )
    return [event(started(day(0)), WORKER, instant(0), "E-0"), *voids]


def voids_known_backwards(n: int) -> list[Event]:
    """The same, of which the last void was recorded first."""
    voids = (
        void_of(f"E-{index - 1}", WorkerStarted.event_type, WORKER, instant(n - index), f"E-{index}")
        for index in range(1, n)
    )
    return [event(started(day(0)), WORKER, instant(n), "E-0"), *voids]


def merges_taken_apart(n: int) -> list[Event]:
    """Merges of many small groups, and as many voids."""
    facts = [*_numbers_started(n // 2)]
    facts += [(f"worker/W-{index:05}", merged(f"W-{index + 1:05}")) for index in range(n // 2) if index % 5]
    events = recorded(facts)
    merges = [one for one in events if one.envelope.type == merged("W-1").event_type]
    return events + [
        void_of(one.envelope.id, one.envelope.type, one.envelope.subject, instant(9 * n + index), f"V-{index}")
        for index, one in enumerate(merges)
    ]


def _as(entered: Callable[[Facts], list[Event]], facts: Callable[[int], Facts]) -> Callable[[int], list[Event]]:
    return lambda n: entered(facts(n))


_FACTS: tuple[Callable[[int], Facts], ...] = (
    ftes_of_one_worker, ftes_of_one_day, posts_of_one_worker, posts_one_after_another, moves_to_and_fro,
    moves_from_elsewhere, moves_after_leaving, leavers_and_reversals, leavers_and_reversals_of_one_day,
    reversals_before_leavers, leavers_of_nobody, comings_and_goings, ftes_above_one, ftes_of_posts_not_held, occupants,
    occupants_on_one_day, occupants_in_turn, changes_of_one_post, funding_of_a_crowded_post, closings_of_one_post,
    closings_before_established, changes_of_one_cover, covers_not_held, agency_workers_on_one_post,
    assignments_of_one_agency_worker, caseloads, absences, decisions_on_one_worker, decisions_of_one_panel, payments,
    applications, demand_counts, said_twice, promotions, merges_in_a_chain, merges_from_the_end, merges_in_a_star,
    merges_in_cliques, merges_said_again, leavers_under_another_name, comings_and_goings_under_two_numbers,
    leavers_under_a_second_number,
)  # fmt: skip

_LATE = (
    ftes_of_one_worker, moves_to_and_fro, comings_and_goings, changes_of_one_post, changes_of_one_cover,
    leavers_under_another_name, comings_and_goings_under_two_numbers,
)  # fmt: skip
"""What a feed also sends from the end to the beginning, and in no order."""

_AT_ONCE = (
    ftes_of_one_worker, ftes_of_one_day, moves_to_and_fro, leavers_and_reversals_of_one_day, reversals_before_leavers,
    comings_and_goings, changes_of_one_post, changes_of_one_cover, decisions_of_one_panel, applications, demand_counts,
    caseloads, merges_in_a_chain, merges_said_again,
)  # fmt: skip
"""What a nightly extract also stamps with one instant."""

_IN_PAIRS = (
    ftes_said_otherwise, ftes_said_otherwise_on_one_post, teams_said_otherwise_of_posts_of_one_worker,
    leavers_and_reversals, leavers_and_reversals_of_one_day,
)  # fmt: skip

_EVENTS = (
    corrections_in_a_chain, corrections_of_one_event, corrections_at_once, corrections_of_nothing,
    corrections_known_backwards, corrections_each_withdrawn, corrections_twice, voids_of_voids, voids_known_backwards,
    merges_taken_apart,
)  # fmt: skip

KINDS: dict[str, Callable[[int], list[Event]]] = (
    {facts.__name__.replace("_", " "): _as(recorded, facts) for facts in _FACTS}
    | {facts.__name__.replace("_", " ") + " backwards": _as(backwards, facts) for facts in _LATE}
    | {facts.__name__.replace("_", " ") + " anyhow": _as(anyhow, facts) for facts in (*_LATE, occupants_in_turn)}
    | {facts.__name__.replace("_", " ") + " at once": _as(at_once, facts) for facts in _AT_ONCE}
    | {facts.__name__.replace("_", " ") + " in a stated order": _as(in_a_stated_order, facts) for facts in _AT_ONCE}
    | {facts.__name__.replace("_", " ") + " in pairs": _as(in_pairs, facts) for facts in _IN_PAIRS}
    | {events.__name__.replace("_", " "): events for events in _EVENTS}
)
"""Every kind of dirt by name: from a number to about so many events."""
