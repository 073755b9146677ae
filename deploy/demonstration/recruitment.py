"""Recruitment: the campaigns the paper names, their applications, and the starters they brought.

Invariant: the numbers of applications at each stage, and of starters by route, are the paper's. The days are invented.
"""

from datetime import date, timedelta

from contracts.codes import (
    ApplicationStage,
    Destination,
    Employment,
    LeavingReason,
    Origin,
    Role,
    Route,
)
from contracts.events.hiring import ApplicationProgressed, CampaignOpened
from deploy.demonstration.ledger import Entry, Ledger
from deploy.demonstration.published import (
    REFER_A_FRIEND_SINCE,
    RESIDENTIAL_ATTENDED,
    RESIDENTIAL_INTERESTED,
    RESIDENTIAL_OFFERED,
)
from deploy.demonstration.staffing import Arrival
from deploy.demonstration.workforce import Coming, Leaving, Worker

PROGRAMME = timedelta(weeks=12)
"""The length of the return to practice programme, which ends in a decision to stay or to go."""

RETURN_TO_PRACTICE: tuple[tuple[date, tuple[bool, ...]], ...] = (
    (date(2023, 1, 16), (True, False)),
    (date(2023, 7, 17), (True, False)),
)
"""The two programmes of the 12 months to November 2023, and of each recruit whether they stayed."""

OPEN_EVENINGS: tuple[tuple[date, int, tuple[date, ...]], ...] = (
    (
        date(2023, 5, 17),
        24,
        (date(2023, 7, 24), date(2023, 8, 7), date(2023, 8, 7), date(2023, 8, 21), date(2023, 9, 4)),
    ),
    (date(2023, 9, 13), 18, (date(2023, 11, 6), date(2023, 11, 13), date(2023, 11, 13))),
)
"""Each evening with those who attended (invented), and when those appointed started (8 in all)."""

REFERRED_FRIENDS = (date(2020, 11, 2), date(2021, 10, 4), date(2023, 2, 6))

RESIDENTIAL_EVENING = date(2023, 1, 25)


def arrivals(ledger: Ledger) -> list[Arrival]:
    """Everyone whom these campaigns bring. Their applications are recorded as they are given out here."""
    return _return_to_practice(ledger) + _open_evenings(ledger) + _refer_a_friend(ledger)


def hold_residential_evening(ledger: Ledger) -> None:
    """The residential homes' evening: interested, attended, offered. What became of the offers is not reported."""
    campaign = "RESIDENTIAL-2023-01"
    _open_campaign(ledger, campaign, RESIDENTIAL_EVENING, Route.OPEN_EVENING, Role.RESIDENTIAL_CHILDRENS_WORKER)
    for number in range(1, RESIDENTIAL_INTERESTED + 1):
        stages = [(ApplicationStage.INTERESTED, RESIDENTIAL_EVENING - timedelta(days=7))]
        if number <= RESIDENTIAL_ATTENDED:
            stages.append((ApplicationStage.ATTENDED, RESIDENTIAL_EVENING))
        if number <= RESIDENTIAL_OFFERED:
            stages.append((ApplicationStage.OFFERED, RESIDENTIAL_EVENING + timedelta(days=21)))
        for stage, on in stages:
            _progress(ledger, campaign, number, stage, on, Route.OPEN_EVENING, Role.RESIDENTIAL_CHILDRENS_WORKER)


def _return_to_practice(ledger: Ledger) -> list[Arrival]:
    coming_in = []
    for begins, stays in RETURN_TO_PRACTICE:
        campaign = f"RETURN-TO-PRACTICE-{begins:%Y-%m}"
        _open_campaign(ledger, campaign, begins - timedelta(days=60), Route.RETURN_TO_PRACTICE, Role.SOCIAL_WORKER)
        coming = Coming(
            Origin.NOT_SOCIAL_CARE, Route.RETURN_TO_PRACTICE, employment=Employment.FIXED_TERM, campaign=campaign
        )
        to_adults = Leaving(begins + PROGRAMME, LeavingReason.MOVED_WITHIN_AUTHORITY, Destination.OTHER_SOCIAL_WORK)
        for stayed in stays:
            then = _stay if stayed else None
            coming_in.append(Arrival(begins, coming, leaving=None if stayed else to_adults, then=then))
    return coming_in


def _open_evenings(ledger: Ledger) -> list[Arrival]:
    coming_in = []
    for evening, attended, starts in OPEN_EVENINGS:
        campaign = f"OPEN-EVENING-{evening:%Y-%m}"
        _open_campaign(ledger, campaign, evening, Route.OPEN_EVENING, Role.SOCIAL_WORKER)
        for number in range(1, attended + 1):
            stages = [(ApplicationStage.INTERESTED, -10), (ApplicationStage.ATTENDED, 0)]
            if number <= len(starts):
                stages += [(ApplicationStage.OFFERED, 14), (ApplicationStage.ACCEPTED, 18)]
            for stage, days in stages:
                on = evening + timedelta(days=days)
                _progress(ledger, campaign, number, stage, on, Route.OPEN_EVENING, Role.SOCIAL_WORKER)
        coming = Coming(Origin.OTHER_ENGLISH_AUTHORITY, Route.OPEN_EVENING, campaign=campaign)
        for number, on in enumerate(starts, start=1):
            coming_in.append(Arrival(on, coming, then=_Applicant(ledger, campaign, number)))
    return coming_in


def _refer_a_friend(ledger: Ledger) -> list[Arrival]:
    campaign = "REFER-A-FRIEND"
    _open_campaign(ledger, campaign, REFER_A_FRIEND_SINCE, Route.REFER_A_FRIEND, Role.SOCIAL_WORKER)
    coming = Coming(Origin.OTHER_ENGLISH_AUTHORITY, Route.REFER_A_FRIEND, campaign=campaign)
    return [Arrival(on, coming) for on in REFERRED_FRIENDS]


def _stay(worker: Worker, _: Entry) -> None:
    worker.may_leave = False


class _Applicant:
    """Closes an application when its worker has started."""

    def __init__(self, ledger: Ledger, campaign: str, number: int) -> None:
        self.ledger, self.campaign, self.number = ledger, campaign, number

    def __call__(self, worker: Worker, started: Entry) -> None:
        on = worker.since
        _progress(
            self.ledger,
            self.campaign,
            self.number,
            ApplicationStage.STARTED,
            on,
            Route.OPEN_EVENING,
            Role.SOCIAL_WORKER,
            worker=worker.number,
            after=started,
        )


def _open_campaign(ledger: Ledger, campaign: str, on: date, route: Route, role: Role) -> None:
    opened_on = on - timedelta(days=30) if route is Route.OPEN_EVENING else on
    opened = CampaignOpened(opened_on=opened_on, route=route, roles=(role,))
    ledger.record(campaign, opened, opened_on)


def _progress(
    ledger: Ledger,
    campaign: str,
    number: int,
    stage: ApplicationStage,
    on: date,
    route: Route,
    role: Role,
    worker: str | None = None,
    after: Entry | None = None,
) -> None:
    progressed = ApplicationProgressed(
        stage=stage, reached_on=on, route=route, campaign=campaign, role=role, worker=worker
    )
    ledger.record(f"{campaign}-{number:03}", progressed, on, days=(1, 4), after=after)
