"""What the tests of forecasts share: small authorities, and months, written down by hand.

Invariant: nothing here is computed by the code under test.
"""

from datetime import date, datetime
from decimal import Decimal

import numpy as np

from contracts.codes import Origin, Role, Route
from contracts.envelope import Event
from contracts.events.hiring import CohortOpened, WorkerStarted
from services.metrics.forecasting.flows import Flow, Months
from tests.histories import at, established, event, left

AS_AT = date(2023, 10, 31)
LONG_AGO = date(2020, 4, 1)
RECORDED = at(LONG_AGO)
NQSW = Role.NEWLY_QUALIFIED_SOCIAL_WORKER


def post(
    name: str,
    since: date = LONG_AGO,
    role: Role = Role.SOCIAL_WORKER,
    fte: str = "1",
    recorded: datetime = RECORDED,
    id: str | None = None,
) -> Event:
    """A post, recorded long ago if nothing else is said."""
    return event(established(since, fte, role), f"post/{name}", recorded, id or f"post-{name}")


def start(
    worker: str,
    post: str,
    on: date = LONG_AGO,
    fte: str = "1",
    route: Route = Route.DIRECT,
    cohort: str | None = None,
    converted_from: str | None = None,
    recorded: date = LONG_AGO,
) -> Event:
    """A start; `converted_from` is the assignment of an agency worker who is employed."""
    data = WorkerStarted(
        started_on=on,
        post=post,
        fte=Decimal(fte),
        origin=Origin.OTHER,
        route=route,
        cohort=cohort,
        converted_from=converted_from,
    )
    return event(data, f"worker/{worker}", at(recorded), f"start-{worker}-{on}")


def leaver(worker: str, on: date, recorded: date | None = None) -> Event:
    """A leaver, recorded on the day if nothing else is said."""
    return event(left(on), f"worker/{worker}", at(recorded or on), f"left-{worker}-{on}")


def opened(name: str, entry_on: date, completes_on: date, places: int | None = None) -> Event:
    """A cohort of the academy."""
    data = CohortOpened(entry_on=entry_on, completes_on=completes_on, places=places)
    return event(data, f"cohort/{name}", at(LONG_AGO), f"opened-{name}")


def months_of(count: int, stocks: dict[str, float | list[float]], flows: dict[Flow, float | list[float]]) -> Months:
    """So many months: of a stock, or a flow, the same in each, or as listed; what is not given is 0."""
    names = ("establishment", "in_post", "vacancies")
    return Months(
        [date(2000, 1, 1)] * (count + 1),
        {name: np.zeros(count + 1) + np.array(stocks.get(name, 0.0)) for name in names},
        {flow: np.zeros(count) + np.array(flows.get(flow, 0.0)) for flow in Flow},
    )
