"""Applications and campaigns, and the agency cover that is engaged meanwhile: its weeks and what they cost.

Invariant: weeks and pounds are rounded once for each assignment on one post, for one reason.
"""

from datetime import date
from fractions import Fraction

from contracts.envelope import Event
from contracts.events.hiring import ApplicationProgressed, CampaignOpened, WorkerStarted
from tests.oracle.days import Period, to_a_millionth
from tests.oracle.parts import Dimensions, Part, part
from tests.oracle.service import Told, Workforce, plain, workforce_of
from tests.oracle.staffing import dimensions_of_cover

FULL_TIME_WEEK = 37
"""Hours, by the conditions of the National Joint Council."""


def applications(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Applications that reached a stage, by stage."""
    reached: dict[tuple[str, str], ApplicationProgressed] = {}
    for step in workforce_of(events).told(ApplicationProgressed):
        earliest = reached.get((step.of, step.data.stage))
        if earliest is None or step.data.reached_on < earliest.reached_on:
            reached[step.of, step.data.stage] = step.data
    return [
        part({name: plain(getattr(step, name)) for name in ("stage", "route", "campaign", "role")})
        for step in reached.values()
        if step.reached_on in period
    ]


def offers_not_started(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Applications with an offer and without an end as at the last day; a part of 0 for every other that is known."""
    workforce, day = workforce_of(events), period.last
    told = workforce.told(ApplicationProgressed)
    parts = []
    for application in sorted({step.of for step in told}):
        steps = [step for step in told if step.of == application]
        first: dict[str, ApplicationProgressed] = {}
        for reached in sorted({step.data.stage for step in steps}):
            # `min` gives the first recorded of those of one day.
            at_stage = (step.data for step in steps if step.data.stage == reached)
            first[str(reached)] = min(at_stage, key=lambda data: data.reached_on)
        if all(step.reached_on > day for step in first.values()):
            continue
        offers = {stage: first[stage] for stage in ("offered", "accepted") if stage in first}
        made: dict[str, ApplicationProgressed] = {
            stage: offer for stage, offer in offers.items() if offer.reached_on <= day
        }
        stage = "accepted" if "accepted" in made else "offered"
        if made and not _is_over(workforce, steps, first, min(offer.reached_on for offer in offers.values()), day):
            offer = made[stage]
            parts.append(part({name: plain(getattr(offer, name)) for name in ("stage", "route", "campaign", "role")}))
        # Of one that is known, that nothing is at a stage is 0.
        known = min(first.values(), key=lambda step: step.reached_on)
        said = {name: plain(getattr(known, name)) for name in ("route", "campaign", "role")}
        parts += [part({**said, "stage": stage}, 0) for stage in ("offered", "accepted")]
    return parts


def _is_over(
    workforce: Workforce,
    steps: list[Told[ApplicationProgressed]],
    first: dict[str, ApplicationProgressed],
    offered_on: date,
    day: date,
) -> bool:
    ends = [first[stage].reached_on for stage in ("started", "withdrawn", "rejected") if stage in first]
    workers = [step.data.worker for step in steps if step.data.worker is not None]
    if workers:
        ends += [start.data.started_on for start in workforce.told(WorkerStarted, workers[-1])]
    return any(offered_on <= end <= day for end in ends)


def campaigns_opened(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Campaigns that began."""
    opened = [campaign.data for campaign in workforce_of(events).told(CampaignOpened)]
    return [part({"route": plain(campaign.route)}) for campaign in opened if campaign.opened_on in period]


def agency_weeks(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Weeks of cover."""
    return _of_days_running(events, period, scope, in_pounds=False)


def agency_cost(events: list[Event], period: Period, scope: str) -> list[Part]:
    """Pounds of the days of which the hourly rate is known."""
    return _of_days_running(events, period, scope, in_pounds=True)


def _of_days_running(events: list[Event], period: Period, scope: str, in_pounds: bool) -> list[Part]:
    workforce = workforce_of(events)
    sums: dict[tuple[str, tuple[object, ...]], tuple[Dimensions, Fraction]] = {}
    for day in period:
        for cover in workforce.covers_running(day, scope):
            week = _pounds_a_week(workforce.assignment(cover, day)) if in_pounds else Fraction(1)
            if week is not None:
                dimensions = dimensions_of_cover(workforce, cover, day)
                one = cover, tuple(dimensions.values())
                so_far = sums[one][1] if one in sums else Fraction(0)
                sums[one] = dimensions, so_far + week / 7
    return [part(dimensions, to_a_millionth(amount)) for dimensions, amount in sums.values()]


def _pounds_a_week(assignment: dict[str, object] | None) -> Fraction | None:
    assert assignment is not None
    hourly_rate, fte = assignment["hourly_rate"], assignment["fte"]
    if hourly_rate is None:
        return None
    return Fraction(str(hourly_rate)) * FULL_TIME_WEEK * Fraction(str(fte))
