"""Checks of the agency assignments that cover posts.

Invariant: a finding on an assignment is about days on which it holds, or about an event for days on which it does
not.
"""

from collections.abc import Iterable

from contracts.effects import day_of_effect
from contracts.envelope import identifier_of
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
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
from services.metrics.quality.following import in_effect
from services.metrics.quality.uses import at_funded_posts, events_behind, in_order_of_days, standing_there, uses
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.covers import EFFECTS as COVER_EFFECTS
from services.metrics.timelines.rows import DAY, Staffing

COVER = ("agency", "agency-cover", "uncovered-vacancies", "agency-headcount", "agency-worker-rate", "agency-cover-rate")


def cover_of_filled_posts(snapshot: Snapshot) -> Iterable[Finding]:
    """Assignments with reason vacancy on posts without a vacancy."""

    def covered(row: Staffing) -> int:
        return 0 if row.vacancies else row.agency_cover

    for staffing_unit, affected in at_funded_posts(snapshot, covered):
        post = identifier_of(staffing_unit)
        for run, covers, workers in standing_there(uses(snapshot).get(post, ()), runs(affected)):
            since, until = run[0].since, run[-1].until
            most = exact(max(item.fte for item in run))
            message = (
                f"{most} FTE of agency cover with reason vacancy stands on {staffing_unit} {in_words(since, until)}, "
            )
            message += "and nothing of the post is vacant."
            subjects = (staffing_unit, *covers, *workers)
            events = events_behind(snapshot, post, (*covers, *workers), until)
            yield Finding("cover-of-filled-post", subjects, since, until, message, events, tuple(run))


def covers_changed_while_not_held(snapshot: Snapshot) -> Iterable[Finding]:
    """Assignments changed or ended on days on which they do not hold."""
    subjects = {e.envelope.subject for model in (CoverChanged, CoverEnded) for e, _ in snapshot.facts(model)}
    for subject in sorted(subjects):
        acting = in_effect(snapshot.of_subject(subject), COVER_EFFECTS)
        starts = [event for event in acting if isinstance(event.data, CoverStarted)]
        runs_of_it = snapshot.assignments.get(identifier_of(subject), ())
        # Where it does not hold on a day it runs before or after that: those after are affected.
        affected = tuple(Affected(run.since, run.until, run.fte) for run in runs_of_it)
        holds, started = False, 0
        for event in acting:
            data = event.data
            if isinstance(data, CoverStarted):
                holds, started = True, started + 1
            elif isinstance(data, CoverChanged | CoverEnded):
                done = "ended" if isinstance(data, CoverEnded) else "changed"
                day = day_of_effect(event)
                if not holds:
                    message = f"{subject} is {done} on {day}, and does not hold then."
                    events = [event, *nearest(starts, started)]
                    yield on_a_day("cover-changed-while-not-held", [subject], day, message, events, affected, [event])
                holds = holds and done == "changed"


def covers_past_expected_end(snapshot: Snapshot) -> Iterable[Finding]:
    """Assignments that run beyond the day up to which they were expected to."""
    for cover, of_it in sorted(snapshot.assignments.items()):
        subject, expected, saying = f"cover/{cover}", None, None
        for event in in_effect(snapshot.of_subject(subject), COVER_EFFECTS):
            data = event.data
            if isinstance(data, CoverStarted) or (isinstance(data, CoverChanged) and data.expected_until is not None):
                expected, saying = data.expected_until, event
        if expected is None or saying is None:
            continue
        first = expected + DAY
        past = [Affected(max(run.since, first), run.until, run.fte) for run in of_it if run.until > first]
        ended = [event for event in snapshot.of_subject(subject) if isinstance(event.data, CoverEnded)] if past else []
        ends = in_order_of_days((event.data.ended_on, event) for event in ended)  # type: ignore[union-attr]
        for run in runs(past):
            since, until = run[0].since, run[-1].until
            message = f"{subject} was expected to run until {expected}, and runs {in_words(since, until)}."
            events = in_order([saying, *ends.around(since)])
            yield Finding("cover-past-expected-end", (subject,), since, until, message, events, tuple(run))


CHECKS = (
    Check(
        "cover-of-filled-post",
        "Cover of a vacancy on a filled post",
        "An agency assignment with reason vacancy stands on a post of which nothing is vacant.",
        "Record the end of the cover, or change its reason (absence, additional) or its post; or record the leaver.",
        Severity.MOVES,
        ("agency-cover", "agency-cover-rate", "vacancy-agency-cover-rate"),
        cover_of_filled_posts,
    ),
    Check(
        "cover-changed-while-not-held",
        "Cover changed or ended while it does not hold",
        "An agency assignment is changed or ended before it started, after it ended, or without a start: that says "
        "nothing, and an assignment that starts later runs without end.",
        "Supersede whichever date is wrong, or record the start of the cover.",
        Severity.MOVES,
        COVER,
        covers_changed_while_not_held,
    ),
    Check(
        "cover-past-expected-end",
        "Cover that runs beyond its expected end",
        "An agency assignment runs beyond the day up to which it was expected to: its end may not have been recorded.",
        "Record the end of the cover, or change up to when it is expected to run (cover changed).",
        Severity.MAY_MOVE,
        (*COVER, "agency-weeks", "agency-cost"),
        covers_past_expected_end,
        once_due=True,
    ),
)
