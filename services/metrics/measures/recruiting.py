"""Recruitment from interest to start, and what agency cover costs and how long it lasts.

Invariant: an application counts once at each stage, however often it is said to have reached it.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from contracts.codes import ApplicationStage, CoverReason
from contracts.events.hiring import ApplicationProgressed, CampaignOpened, WorkerStarted
from services.metrics.measures.bands import tenure
from services.metrics.measures.declaration import (
    BOARD,
    OWN,
    RECRUITMENT_ALONE,
    Kind,
    Part,
    Rate,
    Term,
    Unit,
    When,
    Within,
    as_months,
    flow,
    stock,
    windowed,
)
from services.metrics.snapshot.amounts import ONE, part_of
from services.metrics.snapshot.assignments import conversions
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.dimensions import NOTHING_STATED, Dimensions
from services.metrics.timelines.rows import DAY, FOREVER

WEEK = 7
HOURS_A_WEEK = 37
"""Hours of a full-time week: NJC conditions of service (Green Book). Chosen; no feed says what agencies work."""


Stages = dict[ApplicationStage, ApplicationProgressed]
"""What is said of one application, by stage: of the first day on which it reached it."""


def _stages(snapshot: Snapshot) -> dict[str, Stages]:
    first: defaultdict[str, Stages] = defaultdict(dict)
    for event, progressed in snapshot.facts(ApplicationProgressed):
        stages = first[event.envelope.subject]
        if progressed.stage not in stages or progressed.reached_on < stages[progressed.stage].reached_on:
            stages[progressed.stage] = progressed
    return first


def _at_stage(
    amount: int, progressed: ApplicationProgressed, since: date, until: date, subjects: tuple[str, ...]
) -> Part:
    more = {"stage": progressed.stage, "route": progressed.route, "campaign": progressed.campaign}
    return Part(amount, since, until, subjects, NOTHING_STATED._replace(role=progressed.role), more)


def _applications(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
    for application, stages in _stages(snapshot).items():
        for progressed in stages.values():
            yield _at_stage(ONE, progressed, progressed.reached_on, progressed.reached_on + DAY, (application,))


OFFERED, ACCEPTED = ApplicationStage.OFFERED, ApplicationStage.ACCEPTED
OVER = (ApplicationStage.STARTED, ApplicationStage.WITHDRAWN, ApplicationStage.REJECTED)


def _offers(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
    workers = _workers(snapshot)
    starts: defaultdict[str, list[date]] = defaultdict(list)
    for event, started in snapshot.facts(WorkerStarted):
        starts[snapshot.person_of(event)].append(started.started_on)
    for application, stages in _stages(snapshot).items():
        # Everybody who applied is a part of 0 at either stage: where no application is known there is no part at all.
        first = min(stages.values(), key=lambda progressed: progressed.reached_on)
        nothing = _at_stage(0, first, first.reached_on, FOREVER, (application,))
        yield from (nothing._replace(more={**nothing.more, "stage": stage}) for stage in (OFFERED, ACCEPTED))
        offers = [stages[stage] for stage in (OFFERED, ACCEPTED) if stage in stages]
        if not offers:
            continue
        begins = min(offer.reached_on for offer in offers)
        worker = workers.get(application)
        ends = [stages[stage].reached_on for stage in OVER if stage in stages]
        ends += starts.get(worker, []) if worker is not None else []
        end = min((day for day in ends if day >= begins), default=FOREVER)
        subjects = (application,) if worker is None else (application, f"worker/{worker}")
        accepted = stages[ACCEPTED].reached_on if ACCEPTED in stages else FOREVER
        if begins < min(accepted, end):
            yield _at_stage(ONE, stages[OFFERED], begins, min(accepted, end), subjects)
        if accepted < end:
            yield _at_stage(ONE, stages[ACCEPTED], accepted, end, subjects)


def _workers(snapshot: Snapshot) -> dict[str, str]:
    """Whom each application brought, as was said last."""
    pairs = ((event.envelope.subject, progressed.worker) for event, progressed in snapshot.facts(ApplicationProgressed))
    return {application: snapshot.person(worker) for application, worker in pairs if worker is not None}


def _campaigns(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
    for event, opened in snapshot.facts(CampaignOpened):
        more = {"route": opened.route}
        yield Part(ONE, opened.opened_on, opened.opened_on + DAY, (event.envelope.subject,), NOTHING_STATED, more)


def _cover(cost: bool) -> Within:
    def parts(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
        for cover, runs in snapshot.assignments.items():
            # Stretches alike but for FTE or rate are one part, so that it is rounded once.
            together: defaultdict[tuple[Dimensions, CoverReason, str | None], list[tuple[int, date, date]]]
            together = defaultdict(list)
            for run in runs:
                since, until = max(run.since, when.first), min(run.until, when.until)
                rate = run.terms.hourly_rate if cost else ONE
                in_scope = scope.holds(run.dimensions)
                if since < until and rate is not None and in_scope:
                    weight = rate * HOURS_A_WEEK * run.fte if cost else ONE * ONE
                    amount = weight * (until - since).days
                    together[run.dimensions, run.reason, run.terms.agency].append((amount, since, until))
            for (dimensions, reason, agency), stretches in together.items():
                amount = part_of(sum(amount for amount, _, _ in stretches), 1, WEEK * ONE)
                more = {"cover_reason": reason, "agency": agency}
                yield Part(amount, stretches[0][1], stretches[-1][2], (f"cover/{cover}",), dimensions, more)

    return parts


def _by_tenure(in_days: bool) -> Within:
    def parts(snapshot: Snapshot, scope: Scope, when: When) -> Iterable[Part]:
        for cover, runs in snapshot.assignments.items():
            began = before = date.min
            for run in runs:
                began, before = (run.since if before != run.since else began), run.until
                if run.since <= when.as_at < run.until and scope.holds(run.dimensions):
                    more = {"tenure": tenure(began, when.as_at), "cover_reason": run.reason, "agency": run.terms.agency}
                    subjects = (f"cover/{cover}",) if run.post is None else (f"cover/{cover}", f"post/{run.post}")
                    amount = (when.as_at - began).days if in_days else 1
                    yield Part(amount * ONE, began, run.until, subjects, run.dimensions, more)

    return parts


def _conversions(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
    for cover, runs in snapshot.assignments.items():
        for day, run in conversions(snapshot.events_of_cover(cover), runs):
            if scope.holds(run.dimensions):
                more = {"cover_reason": run.reason, "agency": run.terms.agency}
                yield Part(ONE, day, day + DAY, (f"cover/{cover}",), run.dimensions, more)


OF_AN_APPLICATION = ("stage", "route", "campaign")
OF_AN_ASSIGNMENT = ("cover_reason", "agency")
OF_A_RUNNING_ASSIGNMENT = ("tenure", *OF_AN_ASSIGNMENT)

MEASURES = (
    flow(
        "applications",
        "Applications",
        "Applications that reached a stage in the period, each once per stage, on the first day it did: by stage, the "
        "recruitment funnel.",
        BOARD,
        Unit.COUNT,
        _applications,
        more=OF_AN_APPLICATION,
        rests_on=RECRUITMENT_ALONE,
    ),
    stock(
        "offers-not-started",
        "Offered and not yet started",
        "Applications with an offer at the date, by whether it was accepted (stage), that have not started, withdrawn "
        "nor been rejected since, and whose worker, where one is named, has not started.",
        OWN,
        Unit.COUNT,
        _offers,
        more=OF_AN_APPLICATION,
        counted=True,
        rests_on=RECRUITMENT_ALONE,
    ),
    flow(
        "campaigns-opened",
        "Campaigns opened",
        "Recruitment campaigns opened in the period.",
        BOARD,
        Unit.COUNT,
        _campaigns,
        more=("route",),
        rests_on=RECRUITMENT_ALONE,
    ),
    flow(
        "agency-conversions",
        "Agency assignments converted",
        "Assignments that ended in the period because the agency worker was employed.",
        OWN,
        Unit.ASSIGNMENTS,
        _conversions,
        more=OF_AN_ASSIGNMENT,
        rests_on=RECRUITMENT_ALONE,
    ),
    windowed(
        "agency-weeks",
        "Weeks of agency cover",
        "Weeks for which assignments ran in the period, whatever their FTE.",
        OWN,
        Unit.WEEKS,
        _cover(cost=False),
        more=OF_AN_ASSIGNMENT,
        rests_on=RECRUITMENT_ALONE,
    ),
    windowed(
        "agency-cost",
        "Cost of agency cover",
        "Hourly rate x 37 hours x FTE x weeks run in the period, of assignments with a rate.",
        OWN,
        Unit.POUNDS,
        _cover(cost=True),
        more=OF_AN_ASSIGNMENT,
        rests_on=RECRUITMENT_ALONE,
    ),
    windowed(
        "agency-by-tenure",
        "Agency assignments by tenure",
        "Agency assignments that run at the date, each once, by how long each has run without a gap, in full calendar "
        "months: agency workers are not de-duplicated.",
        OWN,
        Unit.ASSIGNMENTS,
        _by_tenure(in_days=False),
        Kind.STOCK,
        more=OF_A_RUNNING_ASSIGNMENT,
        rests_on=RECRUITMENT_ALONE,
    ),
    windowed(
        "agency-tenure-days",
        "Days that agency assignments have run",
        "Days from the day on which an assignment began to the date, of the assignments that run at the date.",
        OWN,
        Unit.DAYS,
        _by_tenure(in_days=True),
        Kind.STOCK,
        more=OF_A_RUNNING_ASSIGNMENT,
        rests_on=RECRUITMENT_ALONE,
    ),
    Rate(
        "mean-agency-tenure",
        "Mean tenure of agency assignments",
        "Mean time for which the assignments that run at the date have run, in months of a twelfth of 365.25 days.",
        OWN,
        Unit.MONTHS,
        (Term("agency-tenure-days"),),
        (Term("agency-by-tenure"),),
        "days run / assignments, in months",
        factor=as_months,
        also=("agency-by-tenure",),
    ),
)
