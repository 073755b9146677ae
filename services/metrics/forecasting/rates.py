"""Present rates: how many of those in post leave in a month, and how much of what is vacant is filled.

Invariant: rates follow only from the months before the date, as known. If nothing was seen, the rate is 0.
"""

from dataclasses import dataclass

from services.metrics.forecasting.academy import Academy
from services.metrics.forecasting.flows import FILLED, HIRED, Flow, Months

LOOKED_BACK = 12
"""The months that present rates are taken from. With 24 months the back-test on the demonstration history was worse:
rates of two years ago no longer hold."""
PRIOR_FTE_MONTHS = 240.0
"""Weight of the whole authority's turnover in that of a role, as FTE in post times months: 20 FTE for a year. A role of
5 people has about one leaver in two years: its own rate says next to nothing."""
PRIOR_VACANT_MONTHS = 24.0
"""The same for the rate of filling, as vacant FTE times months: 2 FTE vacant for a year."""
USUAL_PROGRESSION = 0.83
"""Share of the academy's members who progress, until an authority's own cohorts say something else. Source: scrutiny
board, November 2023: 158 of 190."""
PRIOR_MEMBERS = 10.0
"""Weight of that share, in members: about one cohort."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Events (FTE) over exposure (FTE times months). A rate with little exposure is shrunk towards the whole
    authority's.
    """

    events: float
    exposure: float

    @property
    def monthly(self) -> float:
        """The rate in a month; 0 without exposure."""
        return self.events / self.exposure if self.exposure else 0.0

    def with_prior(self, of_whole: "Rate", weight: float) -> "Rate":
        """The rate with `weight` of exposure at the whole's rate added."""
        return Rate(self.events + weight * of_whole.monthly, self.exposure + weight)


@dataclass(frozen=True, slots=True)
class Rates:
    """The present rates of a group of posts.

    `turnover`: leavers per FTE in post. `opening`: of the FTE of leavers, the share that leaves a vacancy.
    `moving_out`: FTE of vacancies that moves to other posts leave, per FTE in post (0 for all posts: there every
    such move also fills one). `filling`: FTE filled, by whatever way, per vacant FTE. `relieved`: FTE of vacancies of
    the group closed per FTE that progresses from the academy. `entrants_fill`: FTE of vacancies filled per entrant on
    the first day. `conversions`, `hires`: FTE of vacancies filled by them in a year (conversions are among the hires).
    `months` of history were looked at.
    """

    turnover: Rate
    opening: float
    moving_out: Rate
    filling: Rate
    relieved: float
    entrants_fill: float
    conversions: float
    hires: float
    months: int


def rates(whole: Months, group: Months, came: Academy, *, of_role: bool) -> Rates:
    """The present rates of a group, from the last months of its history and the whole's."""
    months = min(LOOKED_BACK, len(group.dates) - 1)
    turnover, filling = _turnover(group, months), _filling(group, months, of_role)
    moving_out = Rate(0.0, turnover.exposure)
    if of_role:
        turnover = turnover.with_prior(_turnover(whole, months), PRIOR_FTE_MONTHS)
        filling = filling.with_prior(_filling(whole, months, of_role), PRIOR_VACANT_MONTHS)
        moving_out = Rate(_total(group, months, Flow.OPENED_BY_MOVES), moving_out.exposure)
    looked_back = len(group.dates) - 1
    progressed = _total(whole, looked_back, Flow.PROGRESSED)
    relieved = _total(group, looked_back, Flow.FILLED_BY_PROGRESSION) / progressed if progressed else 0.0
    left = _total(group, months, Flow.LEAVERS)
    a_year = 12 / months if months else 0.0
    return Rates(
        turnover,
        _total(group, months, Flow.OPENED_BY_LEAVERS) / left if left else 1.0,
        moving_out,
        filling,
        relieved,
        _total(group, months, Flow.FILLED_BY_ENTRANTS) / came.usual_intake if came.usual_intake else 1.0,
        _total(group, months, Flow.FILLED_BY_CONVERSIONS) * a_year,
        _total(group, months, *HIRED) * a_year,
        months,
    )


def _total(group: Months, months: int, *flows: Flow) -> float:
    return float(sum(group.flows[flow][len(group.dates) - 1 - months :].sum() for flow in flows))


def _exposure(group: Months, stock: str, months: int) -> float:
    amounts = group.stocks[stock][len(group.dates) - 1 - months :]
    return float((amounts[1:] + amounts[:-1]).sum() / 2)


def _turnover(group: Months, months: int) -> Rate:
    return Rate(_total(group, months, Flow.LEAVERS), _exposure(group, "in_post", months))


def _filling(group: Months, months: int, of_role: bool) -> Rate:
    flows = [flow for flow in FILLED if of_role or flow is not Flow.FILLED_BY_MOVES]
    return Rate(max(0.0, _total(group, months, *flows)), _exposure(group, "vacancies", months))
