"""Checks of persons who start but are in no post, and of persons who leave under one of several numbers.

Invariant: a person with a start or a move in force is in service that day, or is named here or by a check of moves.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from contracts.envelope import Event
from contracts.events.hiring import WorkerMoved, WorkerStarted
from contracts.events.leavers import WorkerLeft
from contracts.occupying import Reversals
from services.metrics.quality.declaration import (
    MOST_NAMED,
    Check,
    Finding,
    Severity,
    in_order,
    nearest,
    on_a_day,
)
from services.metrics.quality.following import Step, does_not_come, followed
from services.metrics.quality.workers import IN_POST, LEAVERS
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import DAY, FOREVER


def starters_not_in_post(snapshot: Snapshot) -> Iterable[Finding]:
    """Starts that do not count, or after which the person is in no post; and first moves after which the person is
    in no post.
    """
    for person, (steps, _) in followed(snapshot).items():
        of_day: dict[date, list[Event]] = {}
        for step in steps:
            of_day.setdefault(step.day, []).append(step.event)
        for step in steps:
            if not _comes(snapshot, person, step):
                continue
            post = step.data.post if isinstance(step.data, WorkerStarted) else step.data.to_post
            not_come = "and left that day: taken as not having come"
            why = not_come if does_not_come(step) else "and gave it up that day"
            message = f"worker/{person} started in post/{post} on {step.day}, {why}."
            others = [event for event in of_day[step.day] if not isinstance(event.data, WorkerStarted | WorkerMoved)]
            events = [step.event, *nearest(others, 0)]
            yield on_a_day("starter-not-in-post", [f"worker/{person}", f"post/{post}"], step.day, message, events)


def _comes(snapshot: Snapshot, person: str, step: Step) -> bool:
    """Whether somebody comes by a start or a move, and is in no post that day by it."""
    if does_not_come(step):
        return True
    if not step.acts or snapshot.employment_on(person, step.day, Scope.ALL) is not None:
        return False
    if isinstance(step.data, WorkerMoved):
        return snapshot.employment_on(person, step.day - DAY, Scope.ALL) is None
    return isinstance(step.data, WorkerStarted)


def leavers_of_merged_numbers(snapshot: Snapshot) -> Iterable[Finding]:
    """Leavers under one of several numbers, if it is not clear whether they left under the others too."""
    withdrawn = snapshot.kept("quality: withdrawn arrivals", lambda: _withdrawn_arrivals(snapshot))
    for person, (steps, _) in followed(snapshot).items():
        if len(snapshot.numbers(person)) == 1:
            continue
        reversals = Reversals(step.event for step in steps)
        leavers = [s for s in steps if isinstance(s.data, WorkerLeft) and not reversals.reverse(s.event)]
        own = {_number(step.event) for step in steps if isinstance(step.data, WorkerStarted | WorkerMoved)}
        under_own = [step for step in leavers if _number(step.event) in own]
        under_others = [step for step in leavers if _number(step.event) not in own]
        # Where a start of its day does not count, that is another check's.
        not_coming = {(_number(step.event), step.day) for step in steps if does_not_come(step)}
        last_of_day = {step.day: step for step in leavers}
        for step in under_own:
            last = last_of_day[step.day]
            is_plain = not last.after or (_number(step.event), step.day) in not_coming
            if not is_plain and _goes_on(snapshot, person, step):
                message = f"worker/{person} left under the number {_number(step.event)} on {step.day}, "
                message += "and goes on under another."
                yield _of_numbers(person, step, message, [event for _, event in last.held_after])
        plain = {step.day for step in under_own}
        for step in under_others:
            number = _number(step.event)
            if step.acts and number in withdrawn and step.day not in plain:
                message = f"{step.event.envelope.id} says that worker/{number} left on {step.day}. No start under "
                message += f"this number is in force, and the leaver ended what worker/{person} held under others."
                yield _of_numbers(person, step, message, withdrawn[number])


def _of_numbers(person: str, leaver: Step, message: str, others: Iterable[Event]) -> Finding:
    events = [leaver.event, *others]
    return on_a_day("leaver-of-merged-numbers", [f"worker/{person}"], leaver.day, message, events)


def _goes_on(snapshot: Snapshot, person: str, step: Step) -> bool:
    """Whether a leaver under one number ended nothing, or the person is in post since with no known end."""
    return not step.acts or any(
        spell.until == FOREVER and spell.at(step.day) is not None for spell in snapshot.spells_of(person, Scope.ALL)
    )


def _number(event: Event) -> str:
    return event.identifier


def _withdrawn_arrivals(snapshot: Snapshot) -> dict[str, list[Event]]:
    """By number the starts and moves of numbers that have none in force; so many as are named."""
    in_force = {_number(event) for model in (WorkerStarted, WorkerMoved) for event, _ in snapshot.facts(model)}
    by_number: defaultdict[str, list[Event]] = defaultdict(list)
    for event in in_order(snapshot.events):
        if isinstance(event.data, WorkerStarted | WorkerMoved) and _number(event) not in in_force:
            by_number[_number(event)].append(event)
    return {number: events[:MOST_NAMED] for number, events in by_number.items()}


CHECKS = (
    Check(
        "starter-not-in-post",
        "Starter who is in no post",
        "A worker starts, and is in no post that day. Either the same worker left that day and held no post before (so "
        "did not come, as far as is known), or gave the post up.",
        "If the worker came, void the leaver (or the FTE of 0), or supersede it with the right date. If not, void the "
        "start and the leaver.",
        Severity.MAY_MOVE,
        ("starters", *LEAVERS, *IN_POST),
        starters_not_in_post,
    ),
    Check(
        "leaver-of-merged-numbers",
        "Leaver under one of a worker's numbers",
        "A worker of several numbers left under one of them. Either the worker goes on under another with no known "
        "end; or the start under that number was withdrawn, and the worker counts as a leaver under all of them.",
        "If the worker left altogether, record the leaver under every number that holds a post. If the number was a "
        "duplicate, void what is recorded under it: its starts, moves and leavers. If the worker goes on, as a second "
        "contract does, there is nothing to mend.",
        Severity.MAY_MOVE,
        (*LEAVERS, *IN_POST),
        leavers_of_merged_numbers,
    ),
)
