"""What changed vacancies month by month: leavers, hires by kind, progression from the academy, and the rest.

Invariant: vacancies at the end of a month = those at its opening + what leavers and moves opened - what hires, moves
and progression filled + the rest (funding, changes of FTE or role). All of it follows from the snapshot's staffing,
post by post and day by day.

A vacancy is opened by leavers as far as the post's vacancies rose on a day on which somebody left it. It is filled
by hires as far as they fell on a day on which somebody started there. A leaver whose post's funding ends the same
day opens no vacancy, and a starter on a post established for them fills none. Progression that leaves a vacancy
behind fills that much less.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.codes import Role, Route
from services.metrics.academy.progression import ACADEMY_ROLE, is_in_service_area
from services.metrics.figures.edges import sums_by_edges
from services.metrics.snapshot.amounts import ONE, months_later
from services.metrics.snapshot.employment import Scope, Start, dimensions_of
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import DAY, FOREVER, Staffing

Amounts = NDArray[np.float64]


class Flow(StrEnum):
    """What happens in a month, in millionths of an FTE."""

    LEAVERS = "leavers"
    OPENED_BY_LEAVERS = "opened-by-leavers"
    FILLED_BY_CONVERSIONS = "filled-by-conversions"
    FILLED_BY_ENTRANTS = "filled-by-entrants"
    FILLED_BY_HIRES = "filled-by-hires"
    FILLED_BY_PROGRESSION = "filled-by-progression"
    OPENED_BY_MOVES = "opened-by-moves"
    FILLED_BY_MOVES = "filled-by-moves"
    PROGRESSED = "progressed"
    REST = "rest"


FILLED = tuple(flow for flow in Flow if flow.startswith("filled-"))
HIRED = (Flow.FILLED_BY_CONVERSIONS, Flow.FILLED_BY_ENTRANTS, Flow.FILLED_BY_HIRES)


@dataclass(frozen=True, slots=True)
class VacancyFlow:
    """One amount of a flow at a post on a day."""

    day: date
    flow: Flow
    role: Role | None
    amount: int


def steps(as_at: date, first: int, last: int) -> list[date]:
    """The dates a whole number of months from `as_at`: month ends from a month end, else the same day of the month."""
    if (as_at + DAY).day == 1:
        return [months_later(as_at + DAY, months) - DAY for months in range(first, last + 1)]
    return [months_later(as_at, months) for months in range(first, last + 1)]


class Arrivals(NamedTuple):
    """Who left, started and progressed, by post and day, in millionths of an FTE."""

    left: dict[tuple[str, date], int]
    started: dict[tuple[str, date], dict[Flow, int]]
    moved_to: dict[tuple[str, date], dict[Flow, int]]
    moved_from: dict[tuple[str, date], dict[Flow, int]]


def is_entrant(start: Start) -> bool:
    """Whether a person came as an entrant of the academy."""
    return start.cohort is not None or start.route is Route.ACADEMY


def arrivals_of(snapshot: Snapshot) -> Arrivals:
    """Who left, started and progressed, by post and day."""
    arrivals = Arrivals(defaultdict(int), _by_flow(), _by_flow(), _by_flow())
    for person, occupancies in snapshot.occupancies.items():
        spells = snapshot.spells_of(person, Scope.ALL)
        began = {spell.since: spell.start for spell in spells}
        ended = {spell.until for spell in spells if spell.until < FOREVER}
        for held in occupancies:
            if held.valid_from in began:
                arrivals.started[held.post, held.valid_from][_how(began[held.valid_from])] += held.fte
            if held.valid_to in ended:
                arrivals.left[held.post, held.valid_to] += held.fte
    for move in snapshot.moves:
        before = dimensions_of(snapshot.post_dimensions, move.from_post, move.moved_on - DAY)
        progressed = before.role is ACADEMY_ROLE and is_in_service_area(move.dimensions)
        kind = Flow.FILLED_BY_PROGRESSION if progressed else Flow.FILLED_BY_MOVES
        arrivals.moved_to[move.to_post, move.moved_on][kind] += move.fte
        arrivals.moved_from[move.from_post, move.moved_on][kind] += move.fte
    return arrivals


def _how(start: Start) -> Flow:
    """The flow by which a vacancy is filled, for somebody who came in this way."""
    if start.is_conversion:
        return Flow.FILLED_BY_CONVERSIONS
    return Flow.FILLED_BY_ENTRANTS if is_entrant(start) else Flow.FILLED_BY_HIRES


def _by_flow() -> dict[tuple[str, date], dict[Flow, int]]:
    return defaultdict(lambda: defaultdict(int))


def vacancy_flows(snapshot: Snapshot) -> list[VacancyFlow]:
    """Every flow of the authority, by post and day, in the order of the days."""
    came = arrivals_of(snapshot)
    flows: list[VacancyFlow] = []
    progressed = {at: moved.get(Flow.FILLED_BY_PROGRESSION, 0) for at, moved in came.moved_from.items()}
    for flow, amounts in ((Flow.LEAVERS, came.left), (Flow.PROGRESSED, progressed)):
        for (post, day), amount in amounts.items():
            role = dimensions_of(snapshot.post_dimensions, post, day - DAY).role
            flows.append(VacancyFlow(day, flow, role, amount))
    for staffing_unit, rows in snapshot.staffing.items():
        kind, _, post = staffing_unit.partition("/")
        if kind == "post":
            flows += _of_post(post, rows, came)
    flows.sort(key=lambda item: item.day)
    return flows


def _of_post(post: str, rows: Iterable[Staffing], came: Arrivals) -> Iterable[VacancyFlow]:
    """What changed the vacancies of one post. If its role changes, they leave one role and appear in another."""
    vacant, role, ended = 0, None, date.min
    for row in rows:
        if vacant and (ended < row.valid_from or row.dimensions.role is not role):
            yield VacancyFlow(min(ended, row.valid_from), Flow.REST, role, -vacant)
            vacant = 0
        yield from _on_day(post, row.valid_from, row.dimensions.role, row.vacancies - vacant, came)
        vacant, role, ended = row.vacancies, row.dimensions.role, row.valid_to
    if vacant and ended < FOREVER:
        yield VacancyFlow(ended, Flow.REST, role, -vacant)


def _on_day(post: str, day: date, role: Role | None, change: int, came: Arrivals) -> Iterable[VacancyFlow]:
    """What moved the vacancies of one post on one day."""
    if change > 0:
        moved = came.moved_from.get((post, day), {})
        opened = min(change, came.left.get((post, day), 0))
        given_up = min(change - opened, moved.get(Flow.FILLED_BY_PROGRESSION, 0))
        moved_on = min(change - opened - given_up, moved.get(Flow.FILLED_BY_MOVES, 0))
        yield VacancyFlow(day, Flow.OPENED_BY_LEAVERS, role, opened)
        yield VacancyFlow(day, Flow.FILLED_BY_PROGRESSION, role, -given_up)
        yield VacancyFlow(day, Flow.OPENED_BY_MOVES, role, moved_on)
        change -= opened + given_up + moved_on
    elif change < 0:
        arrived = came.started.get((post, day), {}) | came.moved_to.get((post, day), {})
        for flow, amount in sorted(arrived.items()):
            filled = min(-change, amount)
            yield VacancyFlow(day, flow, role, filled)
            change += filled
    if change:
        yield VacancyFlow(day, Flow.REST, role, change)


def known_since(snapshot: Snapshot) -> date:
    """The day from which leavers were recorded. Leavers before it are not known, and those who stayed say too
    little.

    It is the day of the first recording, or that of the first leaver if earlier leavers were entered afterwards.
    """
    recorded = min((event.envelope.time.date() for event in snapshot.in_force), default=FOREVER)
    left = min((spell.until for spell in snapshot.spells(Scope.ALL)), default=FOREVER)
    return min(recorded, left)


@dataclass(frozen=True, slots=True)
class Months:
    """The stocks of a group of posts at some dates, and the flows of the months between them; in FTE.

    `stocks[name][i]` is as at `dates[i]`; `flows[flow][i]` is of the month that ends on `dates[i + 1]`.
    """

    dates: list[date]
    stocks: Mapping[str, Amounts]
    flows: Mapping[Flow, Amounts]


STOCKS = ("establishment", "in_post", "vacancies")


class _StockRows(NamedTuple):
    """Every row of a post's staffing: days (as ordinals) from and until, its role, and the stocks in millionths."""

    since: NDArray[np.int64]
    until: NDArray[np.int64]
    roles: NDArray[np.object_]
    amounts: NDArray[np.int64]


def _stock_rows(snapshot: Snapshot) -> _StockRows:
    rows = [
        row for staffing_unit, rows in snapshot.staffing.items() if staffing_unit.startswith("post/") for row in rows
    ]
    amounts = [[getattr(row, name) for name in STOCKS] for row in rows]
    return _StockRows(
        np.array([row.valid_from.toordinal() for row in rows], dtype=np.int64),
        np.array([row.valid_to.toordinal() for row in rows], dtype=np.int64),
        np.array([row.dimensions.role for row in rows], dtype=np.object_),
        np.array(amounts, dtype=np.int64).reshape(len(rows), len(STOCKS)),
    )


def months(snapshot: Snapshot, dates: Sequence[date], role: Role | None = None) -> Months:
    """Stocks and flows of all posts, or of those of one role, as the snapshot knows them (the future included)."""
    rows = snapshot.kept("stock rows", lambda: _stock_rows(snapshot))
    chosen = np.full(len(rows.since), True) if role is None else rows.roles == role
    days = [day.toordinal() for day in dates]
    begins, ends = (np.searchsorted(days, edge[chosen]) for edge in (rows.since, rows.until))
    all_one = np.zeros(len(begins), dtype=np.int64)
    flows = {flow: np.zeros(len(dates) - 1, dtype=np.int64) for flow in Flow}
    for item in snapshot.kept("flows of vacancies", lambda: vacancy_flows(snapshot)):
        if dates[0] < item.day <= dates[-1] and role in (None, item.role):
            flows[item.flow][bisect_left(dates, item.day) - 1] += item.amount
    return Months(
        list(dates),
        {
            name: sums_by_edges(1, len(days), all_one, begins, ends, rows.amounts[chosen, column])[0] / ONE
            for column, name in enumerate(STOCKS)
        },
        {flow: amounts / ONE for flow, amounts in flows.items()},
    )
