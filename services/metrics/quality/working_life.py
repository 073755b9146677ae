"""Checks of what is recorded of persons while they work: panels, absences, caseloads; and of cohorts.

Invariant: what a person did on a day is checked against the person's service (scope all) on that day.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from operator import attrgetter, itemgetter

from contracts.codes import PanelKind
from contracts.envelope import Event
from contracts.events.hiring import CohortOpened, WorkerStarted
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import AbsenceRecorded, CaseloadCounted
from services.metrics.quality.declaration import (
    ACADEMY,
    MOST_NAMED,
    Check,
    Finding,
    Severity,
    in_order,
    in_words,
    on_a_day,
)
from services.metrics.quality.following import followed
from services.metrics.snapshot.absences import Absence, absences
from services.metrics.snapshot.amounts import weekdays
from services.metrics.snapshot.employment import Scope, Spell
from services.metrics.snapshot.snapshot import Snapshot

ONE_ROUND = timedelta(days=7)
"""Counts of a person no further apart can be of one round, though their days differ. Chosen."""


def _last_start_or_leaver(snapshot: Snapshot, person: str) -> list[Event]:
    """The event by which a person last came or went, as the one to look at first."""

    def make() -> dict[str, list[Event]]:
        return {name: steps.last_coming_or_going() for name, steps in followed(snapshot).items()}

    return snapshot.kept("quality: arrivals and goings", make).get(person, [])


def panels_outside_service(snapshot: Snapshot) -> Iterable[Finding]:
    """Panel decisions on persons not in service that day."""
    for event, data in snapshot.facts(PanelDecided):
        person, day = snapshot.person_of(event), data.decided_on
        if snapshot.employment_on(person, day, Scope.ALL) is None and not _starts_decided_before(snapshot, event, data):
            message = f"Panel {data.panel} decided on worker/{person} on {day}, who is in no post that day."
            events = [event, *_last_start_or_leaver(snapshot, person)]
            yield on_a_day("panel-outside-service", [f"worker/{person}"], day, message, events)


def asye_decided_before_start(snapshot: Snapshot) -> Iterable[Finding]:
    """ASYE decisions before the academy's cohort was entered."""
    for event, data in snapshot.facts(PanelDecided):
        person = snapshot.person_of(event)
        starts = _starts_decided_before(snapshot, event, data)
        if starts:
            message = (
                f"Panel {data.panel} decided on the ASYE of worker/{person} on {data.decided_on}, before the start."
            )
            yield on_a_day(
                "asye-decided-before-start", [f"worker/{person}"], data.decided_on, message, [event, *starts]
            )


def _starts_decided_before(snapshot: Snapshot, event: Event, data: PanelDecided) -> list[Event]:
    """The starts in the cohort that an ASYE decision is about, where it comes before all of them; so many as named."""
    if data.kind is not PanelKind.ASYE:
        return []
    starts = snapshot.kept("quality: entrants", lambda: _entrants(snapshot)).get(
        (snapshot.person_of(event), data.cohort)
    )
    return starts[1][:MOST_NAMED] if starts is not None and data.decided_on < starts[0] else []


def _entrants(snapshot: Snapshot) -> dict[tuple[str, str | None], tuple[date, list[Event]]]:
    """By person and cohort, and by person for all of them, the starts that name one, and the first of their days."""
    entrants: dict[tuple[str, str | None], tuple[date, list[Event]]] = {}
    for event, data in snapshot.facts(WorkerStarted):
        if data.cohort is not None:
            for cohort in (data.cohort, None):
                first, starts = entrants.setdefault((snapshot.person_of(event), cohort), (data.started_on, []))
                starts.append(event)
                entrants[snapshot.person_of(event), cohort] = (min(first, data.started_on), starts)
    return entrants


def absences_outside_service(snapshot: Snapshot) -> Iterable[Finding]:
    """Absences that begin on a day on which the person is in no post."""
    for event, data in snapshot.facts(AbsenceRecorded):
        person, day = snapshot.person_of(event), data.absent_from
        if snapshot.employment_on(person, day, Scope.ALL) is None:
            message = f"worker/{person} was absent from {day} on, and is in no post that day."
            events = [event, *_last_start_or_leaver(snapshot, person)]
            yield on_a_day("absence-outside-service", [f"worker/{person}"], day, message, events)


def absences_beyond_leaving(snapshot: Snapshot) -> Iterable[Finding]:
    """Absences that go on after the worker left."""
    for absence in absences(snapshot):
        spell = _spell_on(snapshot, absence.person, absence.data.absent_from)
        if spell is None or spell.until >= absence.stated_until:
            continue
        of_all = weekdays(absence.data.absent_from, absence.stated_until)
        message = (
            f"worker/{absence.person} left on {spell.until}, and is recorded as absent until {absence.stated_until}: "
            f"of {of_all} weekdays {absence.in_service} count."
        )
        events = [absence.event, *_last_start_or_leaver(snapshot, absence.person)]
        yield on_a_day("absence-beyond-leaving", [f"worker/{absence.person}"], spell.until, message, events)


def _spell_on(snapshot: Snapshot, person: str, day: date) -> Spell | None:
    spells = snapshot.spells_of(person, Scope.ALL)
    at = bisect_right(spells, day, key=attrgetter("since")) - 1
    return spells[at] if at >= 0 and day < spells[at].until else None


def absences_of_too_many_days(snapshot: Snapshot) -> Iterable[Finding]:
    """Absences that are said to lose more working days than they have weekdays."""
    for absence in absences(snapshot):
        data = absence.data
        of_all = weekdays(data.absent_from, absence.stated_until)
        if data.working_days_lost > of_all:
            message = (
                f"worker/{absence.person} is recorded as absent from {data.absent_from} until {absence.stated_until} "
                f"with {data.working_days_lost} working days lost: it has {of_all} weekdays."
            )
            yield on_a_day(
                "absence-of-too-many-days", [f"worker/{absence.person}"], data.absent_from, message, [absence.event]
            )


def absences_that_overlap(snapshot: Snapshot) -> Iterable[Finding]:
    """Absences of a worker that begin while another still goes on."""
    of_persons: defaultdict[str, list[Absence]] = defaultdict(list)
    for absence in absences(snapshot):
        of_persons[absence.person].append(absence)
    for person, recorded in of_persons.items():
        recorded.sort(key=attrgetter("data.absent_from"))
        longest = recorded[0]
        for absence in recorded[1:]:
            since, until = absence.data.absent_from, min(absence.stated_until, longest.stated_until)
            if absence.served.between(since, until):
                message = f"worker/{person} is recorded as absent twice {in_words(since, until)}: each day counts once."
                yield Finding(
                    "absences-overlap", (f"worker/{person}",), since, until, message,
                    in_order([longest.event, absence.event]),
                )  # fmt: skip
            longest = max(longest, absence, key=attrgetter("stated_until"))


def caseloads_under_two_numbers(snapshot: Snapshot) -> Iterable[Finding]:
    """Cases of one person that were counted under two numbers within a week."""
    of_persons: defaultdict[str, dict[tuple[date, str], tuple[Event, int]]] = defaultdict(dict)
    for event, data in snapshot.facts(CaseloadCounted):
        of_persons[snapshot.person_of(event)][data.counted_on, event.envelope.subject] = event, data.cases
    for person, counts in of_persons.items():
        with_cases = {day for (day, _), (_, cases) in counts.items() if cases}
        # Beside cases of its day a count of none says nothing; on a day without any it takes the place of an earlier.
        telling = sorted((*key, *count) for key, count in counts.items() if count[1] or key[0] not in with_cases)
        for (day, number, event, cases), (next_day, other, later, more) in pairwise(telling):
            counted_anew = day < next_day and (next_day, number) in counts
            if number == other or not cases or counted_anew or next_day - day > ONE_ROUND:
                continue
            counted = f"{cases} cases were counted as {number} on {day} and {more} as {other} on {next_day}"
            outcome = f"{cases + more} in all" if day == next_day else "only the later count is taken"
            message = f"worker/{person}: {counted}, {outcome}."
            yield on_a_day("caseload-under-two-numbers", [f"worker/{person}"], next_day, message, [event, later])


def caseloads_without_fte(snapshot: Snapshot) -> Iterable[Finding]:
    """Cases counted of persons who have no FTE that day, in a post or as agency workers."""
    running: defaultdict[str, list[tuple[date, date]]] = defaultdict(list)
    for of_cover in snapshot.assignments.values():
        for run in of_cover:
            running[snapshot.person(run.agency_worker)].append((run.since, run.until))
    covering = {person: _joined(stretches) for person, stretches in running.items()}
    for event, data in snapshot.facts(CaseloadCounted):
        person, day = snapshot.person_of(event), data.counted_on
        if data.cases and not _has_fte(snapshot, person, day, covering.get(person, [])):
            message = f"worker/{person} held {data.cases} cases on {day}, and has no FTE that day."
            events = [event, *_last_start_or_leaver(snapshot, person)]
            yield on_a_day("caseload-without-fte", [f"worker/{person}"], day, message, events)


def _joined(stretches: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """The days of any of the stretches, as stretches that do not overlap, ascending."""
    joined: list[tuple[date, date]] = []
    for since, until in sorted(stretches):
        if joined and since <= joined[-1][1]:
            since, until = joined[-1][0], max(until, joined.pop()[1])
        joined.append((since, until))
    return joined


def _has_fte(snapshot: Snapshot, person: str, day: date, covering: Sequence[tuple[date, date]]) -> bool:
    at = bisect_right(covering, day, key=itemgetter(0)) - 1
    service = snapshot.employment_on(person, day, Scope.ALL)
    return bool(service and service.fte) or (at >= 0 and day < covering[at][1])


def cohorts_complete_before_entry(snapshot: Snapshot) -> Iterable[Finding]:
    """Cohorts whose year is over before it begins."""
    for event, data in snapshot.facts(CohortOpened):
        if data.completes_on <= data.entry_on:
            subject = event.envelope.subject
            message = f"{subject} enters on {data.entry_on} and completes on {data.completes_on}."
            yield on_a_day("cohort-completes-before-entry", [subject], data.entry_on, message, [event])


CHECKS = (
    Check(
        "panel-outside-service",
        "Panel for somebody not in service",
        "A progression panel decided on a worker who is in no post on that day (a leaver, say). The candidate has no "
        "role or team, and no FTE unless the decision states one.",
        "Supersede the decision with the right date, or void it and record it of the right worker; or record the "
        "start, or reverse the leaver.",
        Severity.MOVES,
        ("panel-candidates", "panel-successes", "progressed-fte", "progression-funding-used", ACADEMY),
        panels_outside_service,
    ),
    Check(
        "asye-decided-before-start",
        "ASYE decided before the start",
        "A panel decided on the ASYE of a worker before the worker started in the cohort.",
        "Supersede the decision, or the start, with the right date.",
        Severity.MOVES,
        ("panel-candidates", ACADEMY),
        asye_decided_before_start,
    ),
    Check(
        "absence-outside-service",
        "Absence of somebody not in service",
        "An absence begins on a day on which the worker is in no post. Days out of service do not count; the rest of "
        "it is in no role or team, and not in the census.",
        "Supersede the absence with the right date; or record the start, or reverse the leaver.",
        Severity.MOVES,
        ("working-days-lost", "absence-rate"),
        absences_outside_service,
    ),
    Check(
        "absence-beyond-leaving",
        "Absence that goes on after leaving",
        "An absence is recorded beyond the day on which the worker left: only the days in service count, and of its "
        "days lost no more than these.",
        "Supersede the absence with the day of leaving as its return, and the days lost up to then; or supersede or "
        "reverse the leaver.",
        Severity.MOVES,
        ("working-days-lost", "absence-rate"),
        absences_beyond_leaving,
    ),
    Check(
        "absence-of-too-many-days",
        "Absence of more days than it has",
        "An absence is said to have lost more working days than it has Mondays to Fridays: only so many count.",
        "Supersede the absence with the right dates, or the right number of days. Work at weekends counts on Mondays "
        "to Fridays: let the absence take in as many of them as days were lost.",
        Severity.MOVES,
        ("working-days-lost", "absence-rate"),
        absences_of_too_many_days,
    ),
    Check(
        "absences-overlap",
        "Absences that overlap",
        "Two absences of a worker share days, perhaps under two numbers, or because one absence was entered again when "
        "it went on. A day counts once: for the absence that loses most of it.",
        "Void the one that is a duplicate; or supersede one with dates that end before the other begins.",
        Severity.MOVES,
        ("working-days-lost", "absence-rate"),
        absences_that_overlap,
    ),
    Check(
        "caseload-under-two-numbers",
        "Cases counted under two numbers of one person",
        "Cases of a person with merged numbers were counted under two of them within a week. Counts of one day are "
        "added up, which is wrong if they are the same cases. Of different days only the later count is taken, which "
        "is wrong if they are other cases.",
        "Void the earlier count where it is of the same cases. Where it is not, void it too, and supersede the later "
        "one with the cases of both.",
        Severity.MAY_MOVE,
        ("cases", "case-holders-fte", "average-caseload", "children-per-case-holder"),
        caseloads_under_two_numbers,
    ),
    Check(
        "caseload-without-fte",
        "Caseload of somebody with no FTE",
        "Cases are counted of a worker who has no FTE that day, in a post or as an agency worker: they are left out.",
        "Record the start, the cover or the hours (FTE changed) that are missing, merge the numbers if the worker has "
        "two, or void the count.",
        Severity.MOVES,
        ("cases", "case-holders-fte", "average-caseload"),
        caseloads_without_fte,
    ),
    Check(
        "cohort-completes-before-entry",
        "Cohort that completes before it enters",
        "A cohort's year is over on or before the day it begins: it counts as completed from then on.",
        "Supersede the cohort with the right dates.",
        Severity.MOVES,
        (ACADEMY,),
        cohorts_complete_before_entry,
    ),
)
