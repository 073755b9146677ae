"""Checks of how persons come, go and hold posts.

Invariant: each leaver, move and FTE change that the figures leave out, or count beside another, is found by one check.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from operator import attrgetter

from contracts.envelope import Event
from contracts.events.hiring import WorkerFteChanged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.occupying import Reversals
from services.metrics.measures.declaration import exact
from services.metrics.quality.declaration import (
    Affected,
    Check,
    Finding,
    Severity,
    in_order,
    in_words,
    nearest,
    on_a_day,
    runs,
)
from services.metrics.quality.following import Step, does_not_come, followed
from services.metrics.snapshot.amounts import ONE
from services.metrics.snapshot.employment import Scope, Spell
from services.metrics.snapshot.snapshot import Snapshot

LEAVERS = ("leavers", "leavers-fte", "turnover-rate", "turnover-rate-headcount", "crude-turnover")
IN_POST = ("in-post", "in-post-headcount", "vacancies", "over-establishment", "vacancy-rate")


def _leavers_of_nobody(snapshot: Snapshot) -> Iterable[tuple[str, str, Step]]:
    """The leavers of persons who hold no post the day before: the check each is for, the person, the leaver."""
    for person, (steps, _) in followed(snapshot).items():
        reversals = Reversals(step.event for step in steps)
        came = [step.day for step in steps if isinstance(step.data, WorkerStarted | WorkerMoved)]
        not_coming = {step.day for step in steps if does_not_come(step)}
        left: set[date] = set()
        for step in steps:
            if not isinstance(step.data, WorkerLeft) or reversals.reverse(step.event):
                continue
            # Who starts and leaves on one day did not come; the same leaver twice is another check's.
            if not step.before and step.day not in not_coming and step.day not in left:
                yield _kind_of_leaver(came, step.day), person, step
            left.add(step.day)


def _kind_of_leaver(came: Sequence[date], day: date) -> str:
    """The check that a leaver is for; `came` are the days of starts and moves, ascending."""
    if came and came[0] < day:
        return "leaver-not-in-post"
    return "left-before-start" if came and came[-1] > day else "leaver-without-start"


def leavers_without_start(snapshot: Snapshot) -> Iterable[Finding]:
    """Leavers of persons of whom no start is known."""
    for kind, person, step in _leavers_of_nobody(snapshot):
        if kind == "leaver-without-start":
            message = f"worker/{person} left on {step.day}, and no start is recorded."
            yield on_a_day(kind, [f"worker/{person}"], step.day, message, [step.event], withdrawn=[step.event])


def left_before_start(snapshot: Snapshot) -> Iterable[Finding]:
    """Leavers of persons who start later only."""
    starts: dict[str, list[Step]] = {}
    affected_by: dict[date, tuple[Affected, ...]] = {}
    for kind, person, step in _leavers_of_nobody(snapshot):
        if kind != "left-before-start":
            continue
        if person not in starts:
            affected_by = {}
            steps = followed(snapshot)[person].steps
            starts[person] = [s for s in steps if isinstance(s.data, WorkerStarted | WorkerMoved)]
        first = starts[person][bisect_right(starts[person], step.day, key=lambda start: start.day)]
        spell = _first_spell_after(snapshot, person, step.day)
        if spell is not None and spell.since not in affected_by:
            affected_by[spell.since] = tuple(Affected(s.since, s.until, s.fte) for s in spell.employment)
        affected = () if spell is None else affected_by[spell.since]
        message = f"worker/{person} left on {step.day}, before the first start, on {first.day}."
        yield on_a_day(kind, [f"worker/{person}"], step.day, message, [step.event, first.event], affected, [step.event])


def _first_spell_after(snapshot: Snapshot, person: str, day: date) -> Spell | None:
    spells = snapshot.spells_of(person, Scope.ALL)
    index = bisect_right(spells, day, key=lambda spell: spell.since)
    return spells[index] if index < len(spells) else None


def leavers_not_in_post(snapshot: Snapshot) -> Iterable[Finding]:
    """Leavers of persons who held no post any more."""
    goings: dict[str, list[Step]] = {}
    for kind, person, step in _leavers_of_nobody(snapshot):
        if kind == "leaver-not-in-post":
            if person not in goings:
                goings[person] = [s for s in followed(snapshot)[person].steps if s.before and not s.after]
            before = bisect_right(goings[person], step.day, key=lambda going: going.day)
            message = f"worker/{person} left on {step.day}, and held no post on the day before."
            events = [step.event, *(s.event for s in goings[person][max(0, before - 1) : before])]
            starts = _starts_on(followed(snapshot)[person].steps, step.day)
            if starts:
                message += " Who starts that day counts as in post."
                events += nearest(starts, 0)
            yield on_a_day(kind, [f"worker/{person}"], step.day, message, events, withdrawn=[step.event])


def _starts_on(steps: Sequence[Step], day: date) -> list[Event]:
    """The starts of a day that count."""
    since = bisect_left(steps, day, key=attrgetter("day"))
    of_day = steps[since : bisect_right(steps, day, lo=since, key=attrgetter("day"))]
    return [step.event for step in of_day if isinstance(step.data, WorkerStarted) and not does_not_come(step)]


def reversals_without_leaver(snapshot: Snapshot) -> Iterable[Finding]:
    """Leavers reversed of which there is none."""
    for person, (steps, _) in followed(snapshot).items():
        leavers: defaultdict[date, list[Event]] = defaultdict(list)
        for step in steps:
            if isinstance(step.data, WorkerLeft):
                leavers[step.day].append(step.event)
        for step in steps:
            if not isinstance(step.data, LeaverReversed):
                continue
            of_that_day = leavers.get(step.day, [])
            reversal = Reversals([step.event])
            if any(reversal.reverse(leaver) for leaver in _first_recorded(of_that_day)):
                continue
            later = " before the reversal" if of_that_day else ""
            message = f"A leaver of worker/{person} on {step.day} is reversed, and none was recorded{later}."
            events = [step.event, *nearest(of_that_day, 0)]
            yield on_a_day("reversal-without-leaver", [f"worker/{person}"], step.day, message, events)


def _first_recorded(leavers: Sequence[Event]) -> Sequence[Event]:
    """Of the leavers of one day, in the order of recording, two that tell of any reversal whether it reverses one.

    They are the first and the last of the first instant: as `occupying.deciding`, the other way round.
    """
    if not leavers:
        return ()
    at_once = bisect_right(leavers, leavers[0].envelope.time, key=lambda leaver: leaver.envelope.time)
    return leavers[0], leavers[at_once - 1]


def starts_in_post_held(snapshot: Snapshot) -> Iterable[Finding]:
    """Starts in a post that the person holds already."""
    for person, (steps, _) in followed(snapshot).items():
        for step in steps:
            data = step.data
            giving = step.named_before.get(data.post) if isinstance(data, WorkerStarted) else None
            if giving is None:
                continue
            if isinstance(giving.data, WorkerStarted) and giving.data.started_on == step.day:
                continue  # the same start twice is another check's
            message = f"worker/{person} started in post/{data.post} on {step.day}, and held it already."
            subjects = [f"worker/{person}", f"post/{data.post}"]
            events = [giving, step.event]
            # Without a start under another number what stands beside it there would mean something else.
            alone = giving.envelope.subject == step.event.envelope.subject
            yield on_a_day(
                "start-in-post-held", subjects, step.day, message, events, withdrawn=[step.event] if alone else []
            )


def moves_from_post_not_held(snapshot: Snapshot) -> Iterable[Finding]:
    """Moves that count, from a post that the person does not hold."""
    for person, step, _ in _moves_from_elsewhere(snapshot):
        data = step.data
        if data.to_post in step.named_after:
            held = ", ".join(f"post/{post}" for post, _ in step.held_before) or "no post"
            more = step.before - len(step.held_before)
            held += f" and {more:,} more" if more else ""
            message = f"worker/{person} moved from post/{data.from_post} on {step.day}, and held {held}."
            subjects = [f"worker/{person}", f"post/{data.from_post}", f"post/{data.to_post}"]
            events = [step.event, *(event for _, event in step.held_before)]
            yield on_a_day("move-from-post-not-held", subjects, step.day, message, events, withdrawn=[step.event])


def moves_after_leaving(snapshot: Snapshot) -> Iterable[Finding]:
    """Moves of persons who have left: they say nothing."""
    for person, step, leaver in _moves_from_elsewhere(snapshot):
        if step.data.to_post not in step.named_after:
            left = [] if leaver is None else [leaver]
            message = f"worker/{person} moved to post/{step.data.to_post} on {step.day}, and had left."
            subjects = [f"worker/{person}", f"post/{step.data.to_post}"]
            yield on_a_day(
                "move-after-leaving", subjects, step.day, message, [step.event, *left], withdrawn=[step.event]
            )


def _moves_from_elsewhere(snapshot: Snapshot) -> Iterable[tuple[str, Step, Event | None]]:
    """The moves of persons who do not hold the post they move from, with the last leaver before each."""
    for person, (steps, _) in followed(snapshot).items():
        leaver: Event | None = None
        for step in steps:
            if isinstance(step.data, WorkerMoved) and step.data.from_post not in step.named_before:
                yield person, step, leaver
            elif isinstance(step.data, WorkerLeft):
                leaver = step.event


def fte_changes_in_post_not_held(snapshot: Snapshot) -> Iterable[Finding]:
    """FTE changes in a post that the person does not hold: they say nothing."""
    for person, (steps, taken_up) in followed(snapshot).items():
        so_far: Counter[str] = Counter()
        left_on: date | None = None
        for step in steps:
            so_far.update(post for post in step.named_after if post not in step.named_before)
            data = step.data
            if isinstance(data, WorkerLeft) and step.acts:
                left_on = step.day
            if not isinstance(data, WorkerFteChanged) or step.named_before or step.named_after:
                continue
            # Who leaves and gives a post up on one day says one thing twice.
            if data.fte or left_on != step.day:
                fte = f"{data.fte.normalize():f}"
                message = f"worker/{person} has {fte} FTE of post/{data.post} from {step.day} on, and does not hold it."
                subjects = [f"worker/{person}", f"post/{data.post}"]
                events = [step.event, *nearest(taken_up.get(data.post, ()), so_far[data.post])]
                yield on_a_day(
                    "fte-change-in-post-not-held", subjects, step.day, message, events, withdrawn=[step.event]
                )


def overlapping_occupancies(snapshot: Snapshot) -> Iterable[Finding]:
    """Persons who took up a post beside others, above 1 FTE in all."""
    return _above_one(snapshot, "overlapping-occupancies")


def ftes_above_one(snapshot: Snapshot) -> Iterable[Finding]:
    """Persons whose FTE in posts that they held before came to more than 1."""
    return _above_one(snapshot, "fte-above-one")


def _above_one(snapshot: Snapshot, check: str) -> Iterable[Finding]:
    for person, stretches in snapshot.employment(Scope.ALL).items():
        above = [Affected(s.since, s.until, s.fte - ONE) for s in stretches if s.fte > ONE]
        if not above:
            continue
        # Of several of one day the last.
        crossing = {step.day: step for step in followed(snapshot)[person].steps if step.goes_above_one}
        for run in runs(above):
            step = crossing[run[0].since]
            if (check == "overlapping-occupancies") is not (step.after > step.before):
                continue
            since, until = run[0].since, run[-1].until
            most = exact(ONE + max(item.fte for item in run))
            message = f"worker/{person} holds {step.after} posts of {most} FTE together {in_words(since, until)}."
            subjects = (f"worker/{person}", *(f"post/{post}" for post, _ in step.held_after))
            events = in_order([step.event, *(event for _, event in step.held_after)])
            yield Finding(check, subjects, since, until, message, events, tuple(run))


CHECKS = (
    Check(
        "leaver-without-start",
        "Leaver without a start",
        "A worker left of whom no start is recorded: the figures hold neither the service nor the leaver.",
        "Record the start (worker started) under the same number, merge the numbers if the person has two, or void the "
        "leaver.",
        Severity.MOVES,
        (*LEAVERS, "in-post", "in-post-headcount", "starters"),
        leavers_without_start,
    ),
    Check(
        "left-before-start",
        "Left before the first start",
        "A leaver is dated before the worker's first start: it says nothing, and the worker counts as in post since.",
        "Supersede the leaver, or the start, with the right date; or void the leaver.",
        Severity.MOVES,
        (*LEAVERS, *IN_POST),
        left_before_start,
    ),
    Check(
        "leaver-not-in-post",
        "Leaver who held no post any more",
        "A worker left who had left before, or had given up every post: the leaver is not counted on its date.",
        "Record the start in between, supersede whichever date is wrong, or void the second leaver. Where the worker "
        "was to start again that day and did not come, void that start and the leaver.",
        Severity.MOVES,
        (*LEAVERS, "in-post", "in-post-headcount"),
        leavers_not_in_post,
    ),
    Check(
        "reversal-without-leaver",
        "Leaver reversed without a leaver",
        "A leaver is reversed of which there is none on that date, or which was recorded after the reversal and "
        "counts.",
        "Supersede the reversal with the date of the leaver, or void it.",
        Severity.MAY_MOVE,
        (*LEAVERS, *IN_POST),
        reversals_without_leaver,
    ),
    Check(
        "start-in-post-held",
        "Start in a post held already",
        "A worker starts in a post that the same worker holds: a leaver is missing, or the second start is the first "
        "one corrected. The FTE of the second start counts from its date on.",
        "Record the leaver in between; or void the second start (where it came under a second number that was merged, "
        "all that is recorded under that one). Where it is the first one corrected, send it again with `supersedes` "
        "besides.",
        Severity.MOVES,
        ("starters", *LEAVERS, *IN_POST),
        starts_in_post_held,
    ),
    Check(
        "move-from-post-not-held",
        "Move from a post not held",
        "A worker moves from a post that the worker does not hold: the new post counts beside those that are held.",
        "Supersede the move with the post that was held, or record the start that is missing.",
        Severity.MOVES,
        ("moves", "starters", *IN_POST),
        moves_from_post_not_held,
    ),
    Check(
        "move-after-leaving",
        "Move of a worker who had left",
        "A worker moves who has left: the move says nothing.",
        "Void the move; or reverse the leaver if the worker stayed, or record the new start if the worker came back.",
        Severity.MOVES,
        ("moves", *IN_POST),
        moves_after_leaving,
    ),
    Check(
        "fte-change-in-post-not-held",
        "FTE changed in a post not held",
        "The FTE changes of a worker in a post that the worker does not hold that day: the change says nothing.",
        "Supersede the change with the right post or date, or record the start that is missing.",
        Severity.MOVES,
        IN_POST,
        fte_changes_in_post_not_held,
    ),
    Check(
        "overlapping-occupancies",
        "Posts held at one time beyond full time",
        "A worker took up a post beside another, and holds more than 1 FTE in all: one of them should have ended.",
        "Record the move (or the leaver, or an FTE of 0) by which the first post was given up, or supersede the FTE.",
        Severity.MOVES,
        IN_POST,
        overlapping_occupancies,
    ),
    Check(
        "fte-above-one",
        "FTE above 1",
        "The FTE of a worker's posts, each at most 1, come to more than 1.",
        "Supersede the FTE of one of the posts, or give it up (FTE changed to 0).",
        Severity.MOVES,
        IN_POST,
        ftes_above_one,
    ),
)
