"""Checks of the records themselves: corrections, withdrawals, merges, entries made twice, late or early.

Invariant: only these checks look at events that are not in force; all others look at those that are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from contracts.effects import day_of_effect, effective_date
from contracts.envelope import Event, Identity, named
from contracts.events.agency_cover import CoverEnded, CoverStarted
from contracts.events.base import EventData
from contracts.events.hiring import (
    WorkerFteChanged,
    WorkerMerged,
    WorkerMoved,
    WorkerStarted,
)
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.policies import InitiativeAnnounced
from contracts.events.posts import PostClosed, PostEstablished
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import (
    AbsenceRecorded,
    CaseloadCounted,
    DemandCounted,
    DemandEnded,
    RetentionPaymentMade,
)
from contracts.in_force import events_in_force
from contracts.occupying import Reversals
from services.metrics.quality.declaration import Check, Finding, Severity, in_order, nearest, on_a_day
from services.metrics.quality.uses import naming, uses
from services.metrics.snapshot.snapshot import Snapshot

LATE_AFTER = 31
"""After so many days an entry is late: a month's figures are drawn up within the next month."""
EARLY_BEFORE = 183
"""An entry made more than so many days before is early: half a year, longer than notice periods and lead times of
hires."""

VERY_MANY = 1_000
"""Events of one subject, or occupants of one post, beyond which they cannot be right: real ones have some dozens."""

SAYS_THE_SAME: Mapping[type[EventData], tuple[str, ...]] = {
    PostEstablished: ("effective_date",),
    PostClosed: ("effective_date",),
    WorkerStarted: ("effective_date", "post"),
    WorkerMoved: ("effective_date", "to_post"),
    WorkerFteChanged: ("effective_date", "post"),
    WorkerLeft: ("effective_date",),
    CoverStarted: ("effective_date",),
    CoverEnded: ("effective_date",),
    PanelDecided: ("panel", "kind"),
    AbsenceRecorded: ("effective_date", "reason"),
    CaseloadCounted: ("effective_date",),
    RetentionPaymentMade: ("effective_date",),
    DemandCounted: ("effective_date", "demand", "service_area"),
    DemandEnded: ("effective_date",),
}
"""Two events of one kind and subject with the same values of these fields are about one thing."""


def very_many_records(snapshot: Snapshot) -> Iterable[Finding]:
    """Subjects of which more is recorded than can be true of one worker, post or assignment."""
    of_subject: defaultdict[str, list[Event]] = defaultdict(list)
    for event in snapshot.in_force:
        of_subject[event.envelope.subject].append(event)
    for subject, events in of_subject.items():
        if len(events) > VERY_MANY and subject.startswith(("worker/", "post/", "cover/")):
            message = f"{len(events):,} events are recorded of {subject}: more than can be true of one."
            day = events[-1].envelope.time.date()
            yield on_a_day("very-many-records", [subject], day, message, nearest(events, len(events)))
    for post, of_post in uses(snapshot).items():
        on_the_post = {use.subject for use in of_post}
        if len(on_the_post) > VERY_MANY:
            message = (
                f"{len(on_the_post):,} workers and assignments stand on post/{post}: more than can be true of one post."
            )
            # One of them is enough to look at.
            first = naming(snapshot, of_post[0].subject, post).before(of_post[0].until)
            yield on_a_day("very-many-records", [f"post/{post}"], min(use.since for use in of_post), message, first)


def references_to_nothing(snapshot: Snapshot) -> Iterable[Finding]:
    """Events that supersede or void an event that is not known."""
    known = in_order(snapshot.events)
    by_identity = {event.identity: event for event in known}
    by_source = {(event.envelope.source, event.envelope.id): event for event in known}
    by_id = {event.envelope.id: event for event in known}
    voided = {event.referred for event in known if event.envelope.voids}
    in_force = {event.identity for event in snapshot.in_force}
    for event in known:
        envelope = event.envelope
        if event.referred is None or envelope.referred is None:
            continue
        target = by_identity.get(event.referred)
        if target is not None and target.envelope.subject == envelope.subject:
            continue
        # What was itself corrected or withdrawn says nothing any more.
        if event.identity in voided or (envelope.supersedes is not None and event.identity not in in_force):
            continue
        done = "supersedes" if envelope.supersedes else "voids"
        other = target or by_source.get(envelope.referred) or by_id.get(envelope.referred[1])
        hint = "" if other is None else f"; {other.name} is {other.envelope.type} of {other.envelope.subject}"
        of_subject = f"no such event of {envelope.subject} is known"
        message = f"{event.name} {done} {named(*envelope.referred)}, and {of_subject}{hint}."
        yield on_a_day("reference-to-no-event", [envelope.subject], envelope.time.date(), message, [event])


def corrected_twice(snapshot: Snapshot) -> Iterable[Finding]:
    """Events that two corrections supersede, neither of them withdrawn."""
    known = in_order(snapshot.events)
    by_identity = {event.identity: event for event in known}
    corrections: defaultdict[Identity, list[Event]] = defaultdict(list)
    for event in known:
        if event.envelope.supersedes is not None and event.referred is not None:
            corrections[event.referred].append(event)
    of_several: dict[Identity, list[Event]] = {}
    for identity, of_one in corrections.items():
        corrected = by_identity.get(identity)
        if corrected is not None:
            fitting = [event for event in of_one if event.envelope.subject == corrected.envelope.subject]
            of_several |= {identity: fitting} if len(fitting) > 1 else {}
    not_withdrawn = _not_withdrawn(known, of_several.values())
    for identity, of_one in of_several.items():
        corrected, counting = by_identity[identity], [event for event in of_one if event.identity in not_withdrawn]
        if len(counting) > 1:
            subject = corrected.envelope.subject
            names = ", ".join(event.name for event in counting)
            message = f"{corrected.name} of {subject} is superseded by {names}: the one recorded last counts."
            day = counting[-1].envelope.time.date()
            yield on_a_day("corrected-twice", [subject], day, message, [corrected, *counting])


def _not_withdrawn(known: Sequence[Event], corrections: Iterable[Iterable[Event]]) -> set[Identity]:
    """The identities of those corrections that no void takes away. Taken for facts of their own, each stands unless it
    is voided.
    """
    alone = [
        Event(event.envelope.model_copy(update={"supersedes": None, "supersedessource": None}), event.data, event.body)
        for of_one in corrections
        for event in of_one
    ]
    voids = [event for event in known if event.envelope.voids] if alone else []
    return {event.identity for event in events_in_force([*voids, *alone])}


def merges_without_events(snapshot: Snapshot) -> Iterable[Finding]:
    """Merges of two numbers of which one has no events of its own."""
    numbers = {run.agency_worker for of_cover in snapshot.assignments.values() for run in of_cover}
    numbers |= {
        event.identifier
        for event in snapshot.in_force
        if event.envelope.subject.startswith("worker/") and not isinstance(event.data, WorkerMerged)
    }
    merges = snapshot.facts(WorkerMerged)
    for event, data in merges:
        kept = event.identifier
        for number, of_what in ((data.duplicate, "the duplicate"), (kept, "the number kept")):
            if number not in numbers:
                message = f"worker/{kept} and worker/{data.duplicate} are merged, and nothing is recorded of {of_what}."
                subjects = [f"worker/{kept}", f"worker/{data.duplicate}"]
                yield on_a_day("merge-without-events", subjects, event.envelope.time.date(), message, [event])


def recorded_twice(snapshot: Snapshot) -> Iterable[Finding]:
    """Events in force that say the same kind of thing of one subject and day."""
    reversals = {person: Reversals(events) for person, events in snapshot.of_persons.items()}
    for model, fields in SAYS_THE_SAME.items():
        alike: defaultdict[tuple[Any, ...], list[Event]] = defaultdict(list)
        for event, data in snapshot.facts(model):
            if model is not WorkerLeft or not reversals[snapshot.person_of(event)].reverse(event):
                # Who leaves under two numbers leaves twice.
                subject = event.envelope.subject if model is WorkerLeft else _subject(snapshot, event)
                alike[subject, *(getattr(data, name) for name in fields)].append(event)
        for (subject, *_), events in alike.items():
            if len(events) > 1:
                day = day_of_effect(events[-1])
                same = all(one.data == other.data for one, other in pairwise(events))
                how = "the same" if same else "not the same"
                noun = model.event_type.split(".")[2].replace("-", " ")
                verb = model.event_type.split(".")[3].replace("-", " ")
                message = f"'{noun} {verb}' stands {len(events)} times for {subject} and {day}, saying {how}."
                # Without a start under another number what stands beside it there would mean something else.
                alone = len({event.envelope.subject for event in events}) == 1
                yield on_a_day(
                    "recorded-twice", [subject], day, message, events, withdrawn=events[:-1] if alone else []
                )


def _subject(snapshot: Snapshot, event: Event) -> str:
    subject = event.envelope.subject
    return f"worker/{snapshot.person_of(event)}" if subject.startswith("worker/") else subject


def days_late(event: Event) -> int | None:
    """How many days after it takes effect an event was recorded (before: negative); None where it has no such day."""
    day = _known_at_the_earliest(event)
    return None if day is None else (event.envelope.time.date() - day).days


def _known_at_the_earliest(event: Event) -> date | None:
    """The day from which on an event can be recorded; None of a reversal, which corrects, and of a merge."""
    if isinstance(event.data, LeaverReversed):
        return None
    if isinstance(event.data, AbsenceRecorded) and event.data.returned_on is not None:
        return event.data.returned_on
    if isinstance(event.data, InitiativeAnnounced) and event.data.announced_on is not None:
        return event.data.announced_on
    return effective_date(event)


def late_entries(snapshot: Snapshot) -> Iterable[Finding]:
    """Events recorded long after they take effect."""
    return _entries(snapshot, "late-entry", lambda days: days > LATE_AFTER, "after")


def early_entries(snapshot: Snapshot) -> Iterable[Finding]:
    """Events recorded long before they take effect."""
    return _entries(snapshot, "early-entry", lambda days: days < -EARLY_BEFORE, "before")


def _entries(snapshot: Snapshot, check: str, counts: Callable[[int], bool], word: str) -> Iterable[Finding]:
    for event in snapshot.in_force:
        days, day = days_late(event), _known_at_the_earliest(event)
        if days is not None and day is not None and counts(days):
            message = f"{event.name} takes effect on {day} and was recorded {abs(days)} days {word} it."
            yield on_a_day(check, [_subject(snapshot, event)], day, message, [event])


class Lateness(NamedTuple):
    """For one kind of event: how many stand, how many were entered late, and the median delay of the late ones in
    days.
    """

    event_type: str
    events: int
    late: int
    median_days: float | None


def lateness(snapshot: Snapshot) -> list[Lateness]:
    """How late events are entered, by kind, in alphabetical order."""
    return snapshot.kept("quality: lateness", lambda: _lateness(snapshot))


def _lateness(snapshot: Snapshot) -> list[Lateness]:
    days_of: defaultdict[str, list[int]] = defaultdict(list)
    for event in snapshot.in_force:
        days = days_late(event)
        if days is not None:
            days_of[event.envelope.type].append(days)
    lateness = []
    for kind, of_kind in sorted(days_of.items()):
        late = [days for days in of_kind if days > LATE_AFTER]
        lateness.append(Lateness(kind, len(of_kind), len(late), float(median(late)) if late else None))
    return lateness


CHECKS = (
    Check(
        "very-many-records",
        "Very many records of one",
        f"More than {VERY_MANY:,} events are in force of one worker, post or assignment, or more than so many stand on "
        "one post: several share one number, or a feed repeats itself. What is counted of it comes late; where each "
        "record moves all that follow, not at all.",
        "Void what was sent too often; what is of others, record under their numbers.",
        Severity.MAY_MOVE,
        ("in-post", "establishment", "agency", "vacancies", "in-post-headcount"),
        very_many_records,
    ),
    Check(
        "reference-to-no-event",
        "Correction or withdrawal of no event",
        "An event supersedes or voids one that is not known: of the same type and subject, and of its own source if it "
        "names no other. The correction counts beside what it was to replace; the withdrawal withdraws nothing.",
        "Send the event that is referred to. Or void the correction or withdrawal and send it again with the right id. "
        "If the other event is of another source, name that in `supersedessource` or `voidssource`.",
        Severity.MAY_MOVE,
        ("in-post", "establishment", "agency", "starters", "leavers"),
        references_to_nothing,
    ),
    Check(
        "corrected-twice",
        "Two corrections of one event",
        "Two events supersede the same one, and neither is withdrawn: the one recorded last counts.",
        "Void the correction that is wrong.",
        Severity.MAY_MOVE,
        ("in-post", "establishment", "agency", "starters", "leavers"),
        corrected_twice,
    ),
    Check(
        "recorded-twice",
        "The same recorded twice",
        "Two events of one kind stand for one subject and day (and post, panel or reason). Of starts, moves and "
        "leavers the last recorded counts; absences and payments count twice.",
        "Void the one too many as a duplicate (where it came under a second number that was merged, all that is "
        "recorded under that one).",
        Severity.MAY_MOVE,
        ("in-post", "starters", "leavers", "working-days-lost", "retention-payments-made", "retention-payments-paid"),
        recorded_twice,
    ),
    Check(
        "merge-without-events",
        "Merge of a number without events",
        "Two numbers are merged, and nothing is recorded of one of them: it may be misspelt, and the person counts "
        "twice.",
        "Void the merge and record it with the right numbers.",
        Severity.MAY_MOVE,
        ("in-post-headcount", "starters", "leavers"),
        merges_without_events,
    ),
    Check(
        "late-entry",
        "Entered late",
        f"An event was recorded (or corrected) more than {LATE_AFTER} days after it takes effect: figures as known in "
        "between were without it.",
        "Nothing to mend; quicker entry makes the next report final sooner.",
        Severity.INFORMATION,
        (),
        late_entries,
    ),
    Check(
        "early-entry",
        "Entered long before",
        f"An event was recorded more than {EARLY_BEFORE} days before it takes effect: its year may be mistyped.",
        "Supersede it if the date is wrong.",
        Severity.INFORMATION,
        (),
        early_entries,
    ),
)
