"""Checks of what is recorded of persons while they work: panels, absences, caseloads; and of cohorts.

Invariant: what a person did on a day is checked against the person's service (scope all) on that day.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from operator import itemgetter

from contracts.codes import PanelKind
from contracts.envelope import Event
from contracts.events.hiring import CohortOpened, WorkerStarted
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import AbsenceRecorded, CaseloadCounted
from services.metrics.picture.picture import Picture
from services.metrics.picture.service import Scope
from services.metrics.quality.declaration import ACADEMY, MOST_NAMED, Check, Finding, Severity, on_a_day
from services.metrics.quality.following import followed


def _comings_and_goings(picture: Picture, person: str) -> list[Event]:
    """The event by which a person last came or went, as the one to look at first."""

    def make() -> dict[str, list[Event]]:
        return {name: steps.last_coming_or_going() for name, steps in followed(picture).items()}

    return picture.kept("quality: comings and goings", make).get(person, [])


def panels_outside_service(picture: Picture) -> Iterable[Finding]:
    """Panel decisions on persons not in service that day."""
    for event, data in picture.facts(PanelDecided):
        person, day = picture.person_of(event), data.decided_on
        if picture.service_on(person, day, Scope.ALL) is None and not _starts_decided_before(picture, event, data):
            says = f"Panel {data.panel} decided on worker/{person} on {day}, who is in no post that day."
            events = [event, *_comings_and_goings(picture, person)]
            yield on_a_day("panel-outside-service", [f"worker/{person}"], day, says, events)


def asye_decided_before_start(picture: Picture) -> Iterable[Finding]:
    """ASYE decisions before the academy's cohort was entered."""
    for event, data in picture.facts(PanelDecided):
        person = picture.person_of(event)
        starts = _starts_decided_before(picture, event, data)
        if starts:
            says = f"Panel {data.panel} decided on the ASYE of worker/{person} on {data.decided_on}, before the start."
            yield on_a_day("asye-decided-before-start", [f"worker/{person}"], data.decided_on, says, [event, *starts])


def _starts_decided_before(picture: Picture, event: Event, data: PanelDecided) -> list[Event]:
    """The starts in the cohort that an ASYE decision is about, where it comes before all of them; so many as named."""
    if data.kind is not PanelKind.ASYE:
        return []
    starts = picture.kept("quality: entrants", lambda: _entrants(picture)).get((picture.person_of(event), data.cohort))
    return starts[1][:MOST_NAMED] if starts is not None and data.decided_on < starts[0] else []


def _entrants(picture: Picture) -> dict[tuple[str, str | None], tuple[date, list[Event]]]:
    """By person and cohort, and by person for all of them, the starts that name one, and the first of their days."""
    found: dict[tuple[str, str | None], tuple[date, list[Event]]] = {}
    for event, data in picture.facts(WorkerStarted):
        if data.cohort is not None:
            for cohort in (data.cohort, None):
                first, starts = found.setdefault((picture.person_of(event), cohort), (data.started_on, []))
                starts.append(event)
                found[picture.person_of(event), cohort] = (min(first, data.started_on), starts)
    return found


def absences_outside_service(picture: Picture) -> Iterable[Finding]:
    """Absences that begin on a day on which the person is in no post."""
    for event, data in picture.facts(AbsenceRecorded):
        person, day = picture.person_of(event), data.absent_from
        if picture.service_on(person, day, Scope.ALL) is None:
            says = f"worker/{person} was absent from {day} on, and is in no post that day."
            events = [event, *_comings_and_goings(picture, person)]
            yield on_a_day("absence-outside-service", [f"worker/{person}"], day, says, events)


def caseloads_without_fte(picture: Picture) -> Iterable[Finding]:
    """Cases counted of persons who have no FTE that day, in a post or as agency workers."""
    running: defaultdict[str, list[tuple[date, date]]] = defaultdict(list)
    for of_cover in picture.assignments.values():
        for run in of_cover:
            running[picture.person(run.agency_worker)].append((run.since, run.until))
    covering = {person: _joined(stretches) for person, stretches in running.items()}
    for event, data in picture.facts(CaseloadCounted):
        person, day = picture.person_of(event), data.counted_on
        if data.cases and not _has_fte(picture, person, day, covering.get(person, [])):
            says = f"worker/{person} held {data.cases} cases on {day}, and has no FTE that day."
            events = [event, *_comings_and_goings(picture, person)]
            yield on_a_day("caseload-without-fte", [f"worker/{person}"], day, says, events)


def _joined(stretches: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """The days of any of the stretches, as stretches that do not overlap, ascending."""
    found: list[tuple[date, date]] = []
    for since, until in sorted(stretches):
        if found and since <= found[-1][1]:
            since, until = found[-1][0], max(until, found.pop()[1])
        found.append((since, until))
    return found


def _has_fte(picture: Picture, person: str, day: date, covering: Sequence[tuple[date, date]]) -> bool:
    at = bisect_right(covering, day, key=itemgetter(0)) - 1
    service = picture.service_on(person, day, Scope.ALL)
    return bool(service and service.fte) or (at >= 0 and day < covering[at][1])


def cohorts_complete_before_entry(picture: Picture) -> Iterable[Finding]:
    """Cohorts whose year is over before it begins."""
    for event, data in picture.facts(CohortOpened):
        if data.completes_on <= data.entry_on:
            subject = event.envelope.subject
            says = f"{subject} enters on {data.entry_on} and completes on {data.completes_on}."
            yield on_a_day("cohort-completes-before-entry", [subject], data.entry_on, says, [event])


CHECKS = (
    Check(
        "panel-outside-service",
        "Panel for somebody not in service",
        "A progression panel decided on a worker who is in no post on that day (a leaver, say): a candidate without "
        "role or team, and of no FTE unless the decision states one.",
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
        "An absence begins on a day on which the worker is in no post: its days are in no role or team, and not in the "
        "census.",
        "Supersede the absence with the right date; or record the start, or reverse the leaver.",
        Severity.MOVES,
        ("working-days-lost", "absence-rate"),
        absences_outside_service,
    ),
    Check(
        "caseload-without-fte",
        "Caseload of somebody with no FTE",
        "Cases are counted of a worker who has no FTE that day, in a post or as an agency worker: they are left out.",
        "Record the start or the cover that is missing, merge the numbers if the worker has two, or void the count.",
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
