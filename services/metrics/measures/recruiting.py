"""Recruitment from interest to start, and what agency cover costs.

Invariant: an application counts once at each stage, however often it is said to have reached it.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from contracts.codes import CoverReason
from contracts.events.hiring import ApplicationProgressed, CampaignOpened
from services.metrics.measures.declaration import (
    BOARD,
    OWN,
    RECRUITMENT_ALONE,
    Part,
    Unit,
    When,
    Within,
    flow,
    windowed,
)
from services.metrics.snapshot.amounts import ONE, part_of
from services.metrics.snapshot.assignments import conversions
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.dimensions import NOTHING_STATED, Dimensions

DAY = timedelta(days=1)
WEEK = 7
HOURS_A_WEEK = 37
"""Hours of a full-time week: NJC conditions of service (Green Book). Chosen; no feed says what agencies work."""


def _applications(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
    first: dict[tuple[str, str], ApplicationProgressed] = {}
    for event, progressed in snapshot.facts(ApplicationProgressed):
        key = (event.envelope.subject, progressed.stage)
        if key not in first or progressed.reached_on < first[key].reached_on:
            first[key] = progressed
    for (application, stage), progressed in first.items():
        more = {"stage": stage, "route": progressed.route, "campaign": progressed.campaign}
        dimensions = NOTHING_STATED._replace(role=progressed.role)
        yield Part(ONE, progressed.reached_on, progressed.reached_on + DAY, (application,), dimensions, more)


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


def _conversions(snapshot: Snapshot, scope: Scope) -> Iterable[Part]:
    for cover, runs in snapshot.assignments.items():
        for day, run in conversions(snapshot.events_of_cover(cover), runs):
            if scope.holds(run.dimensions):
                more = {"cover_reason": run.reason, "agency": run.terms.agency}
                yield Part(ONE, day, day + DAY, (f"cover/{cover}",), run.dimensions, more)


OF_AN_ASSIGNMENT = ("cover_reason", "agency")

MEASURES = (
    flow(
        "applications",
        "Applications",
        "Applications that reached a stage in the period, each once per stage, on the first day it did: by stage, the "
        "recruitment funnel.",
        BOARD,
        Unit.COUNT,
        _applications,
        more=("stage", "route", "campaign"),
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
)
