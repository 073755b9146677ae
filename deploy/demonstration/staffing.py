"""Staffing: who leaves, moves up and is hired in a month, so that the vacancies come out as planned at its end.

Invariant: at the end of a month with a published table the vacancies of every role are exactly the plan's. At the end
of other months they are near it. Roles are staffed from the top down, so the gap that a promotion leaves is filled from
below.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from contracts.codes import MoveKind, Origin, Role, Route
from deploy.demonstration.academy import Academy
from deploy.demonstration.agency import AgencyCover
from deploy.demonstration.establishment import HALF, WHOLE, Share
from deploy.demonstration.ledger import Entry
from deploy.demonstration.plan import HALF_VACANCIES, TABLE_DATES, vacancies_planned
from deploy.demonstration.workforce import Coming, Leaving, Worker, Workforce, coming_by_chance, leaving_by_chance
from deploy.demonstration.working_days import Month, day_between

PROMOTED_FROM: dict[Role, Role] = {
    Role.HEAD_OF_SERVICE: Role.SERVICE_MANAGER,
    Role.SERVICE_MANAGER: Role.TEAM_MANAGER,
    Role.CHILD_PROTECTION_CHAIR: Role.TEAM_MANAGER,
    Role.INDEPENDENT_REVIEWING_OFFICER: Role.SENIOR_PRACTITIONER,
    Role.TEAM_MANAGER: Role.SENIOR_PRACTITIONER,
    Role.SENIOR_PRACTITIONER: Role.ADVANCED_SOCIAL_WORKER,
    Role.ADVANCED_SOCIAL_WORKER: Role.SOCIAL_WORKER,
    Role.RESIDENTIAL_REGISTERED_MANAGER: Role.RESIDENTIAL_DEPUTY_MANAGER,
    Role.RESIDENTIAL_DEPUTY_MANAGER: Role.SENIOR_RESIDENTIAL_CHILDRENS_WORKER,
    Role.SENIOR_RESIDENTIAL_CHILDRENS_WORKER: Role.RESIDENTIAL_CHILDRENS_WORKER,
}
"""Where those promoted to a role come from."""

YEARLY_LEAVERS: dict[Role, float] = {
    Role.HEAD_OF_SERVICE: 0.05,
    Role.SERVICE_MANAGER: 0.06,
    Role.CHILD_PROTECTION_CHAIR: 0.06,
    Role.INDEPENDENT_REVIEWING_OFFICER: 0.08,
    Role.LOCAL_AUTHORITY_DESIGNATED_OFFICER: 0.05,
    Role.TEAM_MANAGER: 0.09,
    Role.SENIOR_PRACTITIONER: 0.10,
    Role.ADVANCED_SOCIAL_WORKER: 0.11,
    Role.SOCIAL_WORKER: 0.13,
    Role.RESIDENTIAL_REGISTERED_MANAGER: 0.06,
    Role.RESIDENTIAL_DEPUTY_MANAGER: 0.08,
    Role.SENIOR_RESIDENTIAL_CHILDRENS_WORKER: 0.10,
    Role.RESIDENTIAL_CHILDRENS_WORKER: 0.16,
}
"""The share of a role's workers who leave in a year by chance, from the top down; invented. The planned leavers of the
academy come on top."""

HIRES_IN_A_MONTH = 6
"""At most, per role, in months without a table."""
EXTRA_LEAVERS_IN_A_MONTH = 2
"""At most, per role, in such months when there are fewer vacancies than planned."""
PROMOTIONS = 0.8
CONVERSIONS = 0.3
HIRED_LONG_AHEAD = 0.08
LAST_LEAVING_DAY = 20
"""Leavers by chance leave up to this day of the month, which leaves days to fill their posts in."""
SERVICE_BEFORE_PROMOTION = timedelta(days=540)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Someone who starts on a day whatever the plan: a former worker, or someone new. `then` is called with them."""

    on: date
    coming: Coming
    fte: Decimal = WHOLE
    leaving: Leaving | None = None
    worker: Worker | None = None
    then: Callable[[Worker, Entry], None] | None = None


@dataclass(slots=True)
class Staffing:
    """Staffs all roles except the academy's, month by month."""

    workforce: Workforce
    academy: Academy
    agency: AgencyCover
    chance: Random
    arrivals: list[Arrival] = field(default_factory=list)

    def month(self, month: Month) -> None:
        """A month's leavers, arrivals, promotions and hires."""
        self._let_leave(month)
        for on, worker in self.academy.due_to_progress(month):
            self.academy.progress(on, worker, self.vacant_share(Role.SOCIAL_WORKER, on, WHOLE))
        self._let_arrive(month)
        for role in YEARLY_LEAVERS:
            if month.last in TABLE_DATES:
                self._settle(role, month)
            else:
                self._approach(role, month)

    def vacant_share(self, role: Role, on: date, fte: Decimal) -> Share:
        """A share that is vacant on a day and known to be vacant, preferably one without agency cover.

        If no share is vacant, somebody leaves to make room.
        """
        fitting = [
            share
            for share in self.workforce.establishment.vacant(role)
            if share.fte == fte and share.vacated_on <= on and share.fill_after <= on
        ]
        uncovered = [share for share in fitting if self.agency.covering(share.post) is None]
        if fitting:
            return (uncovered or fitting)[0]
        worker = self.leaver(role, Month.of(on), fte)
        share = worker.share
        self.workforce.leave(worker, leaving_by_chance(self.chance, on))
        return share

    def leaver(self, role: Role, month: Month, fte: Decimal | None = None) -> Worker:
        """Someone of a role whom chance may let leave this month. Raises IndexError if there is nobody."""
        candidates = [
            worker
            for worker in self.workforce.holding(role)
            if worker.may_leave and worker.is_free(month.first) and fte in (None, worker.share.fte)
        ]
        return self.chance.choice(candidates)

    def depart(self, worker: Worker, month: Month) -> None:
        """A worker leaves in the course of the month."""
        on = day_between(self.chance, month.first, month.first.replace(day=LAST_LEAVING_DAY))
        self.workforce.leave(worker, leaving_by_chance(self.chance, on))

    def _let_leave(self, month: Month) -> None:
        for worker in list(self.workforce.employed):
            if worker.leaving is not None and worker.leaving.on <= month.last and worker.role in YEARLY_LEAVERS:
                self.workforce.leave(worker, worker.leaving)
        for role, yearly in YEARLY_LEAVERS.items():
            expected = len(self.workforce.holding(role)) * yearly / 12
            for _ in range(int(expected + self.chance.random())):
                self.depart(self.leaver(role, month), month)

    def _let_arrive(self, month: Month) -> None:
        for arrival in [item for item in self.arrivals if item.on <= month.last]:
            self.arrivals.remove(arrival)
            share = self.vacant_share(Role.SOCIAL_WORKER, arrival.on, arrival.fte)
            worker, entry = self.workforce.start(share, arrival.on, arrival.coming, worker=arrival.worker)
            worker.leaving = arrival.leaving
            if arrival.leaving is not None:
                worker.may_leave = worker.may_move = False
            if arrival.then is not None:
                arrival.then(worker, entry)

    def _approach(self, role: Role, month: Month) -> None:
        establishment = self.workforce.establishment
        over = establishment.vacancy(role) - vacancies_planned(role, month.last)
        # Posts are kept for those who come off the ASYE year next month.
        kept = len(self.academy.due_to_progress(month.next())) if role is Role.SOCIAL_WORKER else 0
        shares = [share for share in establishment.vacant(role) if _can_be_filled(share, month)]
        for share in sorted(shares, key=lambda share: share.fte == WHOLE)[:HIRES_IN_A_MONTH]:
            if over - kept >= HALF and share.fte <= over - kept + HALF:
                self._fill(share, month)
                over -= share.fte
        for _ in range(EXTRA_LEAVERS_IN_A_MONTH):
            if over <= -WHOLE:
                worker = self.leaver(role, month)
                over += worker.share.fte
                self.depart(worker, month)

    def _settle(self, role: Role, month: Month) -> None:
        establishment = self.workforce.establishment
        halves = HALF_VACANCIES[month.last].get(role, 0)
        wholes = int(vacancies_planned(role, month.last) - halves * HALF)
        for share in establishment.vacant(role):
            if share.fte not in (HALF, WHOLE):
                self._fill(share, month)
        for fte, left_vacant in ((HALF, halves), (WHOLE, wholes)):
            vacant = [share for share in establishment.vacant(role) if share.fte == fte]
            fillable = sorted((share for share in vacant if _can_be_filled(share, month)), key=_has_a_partner)
            for share in fillable[: max(0, len(vacant) - left_vacant)]:
                self._fill(share, month)
            for _ in range(left_vacant - len(vacant)):
                self.depart(self._leaver_with_partner(role, month, fte), month)

    def _leaver_with_partner(self, role: Role, month: Month, fte: Decimal) -> Worker:
        candidates = [
            worker
            for worker in self.workforce.holding(role)
            if worker.may_leave
            and worker.is_free(month.first)
            and worker.share.fte == fte
            and not worker.share.post.is_vacant()
        ]
        return self.chance.choice(candidates)

    def _fill(self, share: Share, month: Month) -> None:
        on = day_between(self.chance, max(month.first, share.vacated_on, share.fill_after), month.last)
        promoted = self._promotion_candidate(share, on)
        if promoted is not None and self.chance.random() < PROMOTIONS:
            self.workforce.move(promoted, share, on, MoveKind.PROMOTION)
        elif not self._convert(share, on):
            self._hire(share, on)

    def _promotion_candidate(self, share: Share, on: date) -> Worker | None:
        below = PROMOTED_FROM.get(share.post.role)
        if below is None:
            return None
        candidates = [
            worker
            for worker in self.workforce.holding(below)
            if worker.may_move
            and worker.share.fte == share.fte
            and worker.is_free(on.replace(day=1))
            and on - worker.since > SERVICE_BEFORE_PROMOTION
        ]
        return self.chance.choice(candidates) if candidates else None

    def _convert(self, share: Share, on: date) -> bool:
        cover = self.agency.covering(share.post)
        if cover is None or share.fte != WHOLE or (on - cover.started_on).days < 90:
            return False
        if self.chance.random() >= CONVERSIONS:
            return False
        coming = Coming(Origin.AGENCY_OR_CONSULTANCY, Route.AGENCY_CONVERSION, converted_from=cover.identifier)
        worker, started = self.workforce.start(share, on, coming)
        ended = self.agency.convert(cover, worker.number, on)
        self.workforce.ledger.note(
            "agency conversion", "An agency worker is employed in the post that the assignment covered.", ended, started
        )
        return True

    def _hire(self, share: Share, on: date) -> None:
        ahead = self.chance.random() < HIRED_LONG_AHEAD
        _, entry = self.workforce.start(share, on, coming_by_chance(self.chance), days=(-45, -25) if ahead else None)
        if ahead:
            self.workforce.ledger.note("future-dated hire", "A hire is entered weeks before its start.", entry)


def _can_be_filled(share: Share, month: Month) -> bool:
    return max(share.vacated_on, share.fill_after) <= month.last


def _has_a_partner(share: Share) -> bool:
    # Wholly vacant posts are filled first, so that the halves that stay vacant are on posts of their own.
    return any(other.worker is not None for other in share.post.shares)
