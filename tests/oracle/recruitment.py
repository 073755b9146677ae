"""Applications and campaigns, and the agency cover that is engaged meanwhile: its weeks and what they cost.

Invariant: weeks and pounds are rounded once for each assignment on one post, for one reason.
"""

from fractions import Fraction

from contracts.envelope import Event
from contracts.events.hiring import ApplicationProgressed, CampaignOpened
from tests.oracle.days import Period, to_a_millionth
from tests.oracle.parts import Dimensions, Part, part
from tests.oracle.service import plain, workforce_of
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
