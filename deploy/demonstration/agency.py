"""Agency cover: assignments of agency workers, kept at the planned number month by month.

Invariant: at the end of a month there are as many assignments as planned, in all and on the vacancies of each role.
Each covered vacancy has an assignment of its own.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from contracts.codes import AbsenceReason, CoverOutcome, CoverReason, CswwRole, Role
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.working_life import AbsenceRecorded
from deploy.demonstration.establishment import WHOLE, Post
from deploy.demonstration.ledger import Entry
from deploy.demonstration.plan import agency_cover_planned, agency_staff_planned
from deploy.demonstration.published import AGENCY_STAFF, FIRST_DAY, LAST_DAY
from deploy.demonstration.workforce import Worker, Workforce
from deploy.demonstration.working_days import DAY, Month, day_between

COVERED_ROLES = (
    Role.SOCIAL_WORKER,
    Role.ADVANCED_SOCIAL_WORKER,
    Role.SENIOR_PRACTITIONER,
    Role.TEAM_MANAGER,
    Role.INDEPENDENT_REVIEWING_OFFICER,
)
ABSENCES_COVERED = 5
"""Agency workers standing in for absent workers at a time; invented."""
MONTHLY_TURNOVER = 0.07
"""The chance that an assignment ends in a month with its need unchanged; invented."""
PART_TIME_AFTER = max(AGENCY_STAFF)
"""Up to the last published month every agency worker is full time, so that FTE and headcount are both the table's."""
AGENCIES = ("agency-one", "agency-two", "agency-three")
BEFORE_THE_HISTORY = timedelta(days=150)
"""How long before the history its first assignments may have begun."""
UNTIL_TOLD = timedelta(days=7)
"""How long after its beginning an absence is entered where the history goes on: its end is not known then."""
PROJECT_TEAM: dict[str, Any] = {
    "role": Role.SOCIAL_WORKER,
    "team": "project-team",
    "service_area": "help-and-protection",
    "csww_role": CswwRole.CASE_HOLDER,
    "project_team": True,
}
"""Where additional agency workers stand: on no post, in a managed team of case holders."""
HOURLY_RATES = tuple(Decimal(pounds) for pounds in (34, 36, 38, 40))


@dataclass(eq=False, slots=True)
class Assignment:
    """An agency worker's assignment as it stands now. `changed_on`: when it last took another post."""

    identifier: str
    agency_worker: str
    reason: CoverReason
    started_on: date
    post: Post | None
    until: date | None = None
    changed_on: date = date.min


@dataclass(slots=True)
class AgencyCover:
    """The assignments that run now."""

    workforce: Workforce
    chance: Random
    running: list[Assignment] = field(default_factory=list)
    _absent: list[tuple[Worker, Entry]] = field(default_factory=list)
    _last_number: int = 0

    def covering(self, post: Post) -> Assignment | None:
        """The assignment that covers a vacancy of the post, if there is one."""
        covers = [item for item in self.running if item.post is post and item.reason is CoverReason.VACANCY]
        return covers[0] if covers else None

    def month(self, month: Month) -> None:
        """Assignments of a month, once its starters, movers and leavers are known."""
        self._follow_the_vacancies(month)
        self._end_by_chance(month)
        self._cover_vacancies(month)
        self._cover_absences(month)
        self._bring_to_plan(month)

    def record_returns(self, month: Month) -> None:
        """If the history goes on: absences whose end was not known when they were recorded end on the return."""
        for worker, open_ended in [item for item in self._absent if item[0].absent_until <= month.last]:
            self._absent.remove((worker, open_ended))
            absence, returned = open_ended.data, worker.absent_until
            assert isinstance(absence, AbsenceRecorded)  # noqa: S101  (what `_record_absence` records)
            lost = _working_days(absence.absent_from, returned)
            whole = absence.model_copy(update={"returned_on": returned, "working_days_lost": lost})
            self.workforce.ledger.record(worker.number, whole, returned, days=(0, 5), replaces=open_ended)

    def convert(self, assignment: Assignment, worker: str, on: date) -> Entry:
        """The agency worker is employed from that day on."""
        return self._end(assignment, on, CoverOutcome.CONVERTED_TO_PERMANENT, converted_to=worker)

    def _follow_the_vacancies(self, month: Month) -> None:
        for item in list(self.running):
            if item.reason is not CoverReason.VACANCY or item.post is None or item.post.is_vacant():
                continue
            on = max(item.post.filled_on, item.started_on + DAY)
            role = item.post.role
            planned = agency_cover_planned(role, month.last)
            elsewhere = [post for post in self._uncovered(role) if _vacant_since(post) <= on]
            if elsewhere and len(self._on_vacancies(role)) <= planned and self.chance.random() < 0.5:
                item.post, item.changed_on = self.chance.choice(elsewhere), on
                changed = CoverChanged(effective_from=on, post=item.post.identifier)
                self.workforce.ledger.record(item.identifier, changed, on)
            else:
                self._end(item, on, CoverOutcome.COMPLETED)

    def _end_by_chance(self, month: Month) -> None:
        for item in list(self.running):
            if item.until is not None:
                if item.until <= month.last:
                    self._end(item, item.until, CoverOutcome.COMPLETED)
            elif (month.first - item.started_on).days > 60 and self.chance.random() < MONTHLY_TURNOVER:
                outcome = self.chance.choice((CoverOutcome.ENDED_BY_AGENCY, CoverOutcome.ENDED_BY_AUTHORITY))
                self._end(item, self._last_day_in(item, month), outcome)

    def _cover_vacancies(self, month: Month) -> None:
        for role in COVERED_ROLES:
            planned = agency_cover_planned(role, month.last)
            covers = self._on_vacancies(role)
            for item in covers[planned:]:
                self._end(item, self._last_day_in(item, month), CoverOutcome.COMPLETED)
            posts = self._uncovered(role)
            for post in self.chance.sample(posts, min(len(posts), max(0, planned - len(covers)))):
                self._start(CoverReason.VACANCY, self._day_in(month, _vacant_since(post)), post)

    def _cover_absences(self, month: Month) -> None:
        running = [item for item in self.running if item.reason is CoverReason.ABSENCE]
        free = [worker for worker in self._case_holders() if worker.is_free(month.first) and worker.may_leave]
        for worker in self.chance.sample(free, max(0, ABSENCES_COVERED - len(running))):
            on = self._day_in(month)
            worker.absent_until = on + timedelta(days=self.chance.randint(150, 300))
            self._start(CoverReason.ABSENCE, on, worker.share.post, worker.absent_until)
            self._record_absence(worker, on)

    def _record_absence(self, worker: Worker, on: date) -> None:
        returned = worker.absent_until if worker.absent_until <= LAST_DAY else None
        recorded_on = returned or max(LAST_DAY, on + UNTIL_TOLD)
        lost = _working_days(on, recorded_on)
        absence = AbsenceRecorded(
            absent_from=on, returned_on=returned, working_days_lost=lost, reason=AbsenceReason.MATERNITY_OR_PATERNITY
        )
        # Known in full on the return, or, where that is still to come, at the end of the published history.
        entry = self.workforce.ledger.record(worker.number, absence, recorded_on, days=(-3, 5))
        if returned is None:
            self._absent.append((worker, entry))

    def _bring_to_plan(self, month: Month) -> None:
        extra = [item for item in self.running if item.reason is CoverReason.ADDITIONAL]
        missing = agency_staff_planned(month.last) - len(self.running)
        for item in extra[: max(0, -missing)]:
            self._end(item, self._last_day_in(item, month), CoverOutcome.COMPLETED)
        for _ in range(missing):
            self._start(CoverReason.ADDITIONAL, self._day_in(month), None)

    def _start(self, reason: CoverReason, on: date, post: Post | None, until: date | None = None) -> None:
        self._last_number += 1
        item = Assignment(f"C-{self._last_number:04}", f"A-{self._last_number:04}", reason, on, post, until)
        self.running.append(item)
        post_or_team = PROJECT_TEAM if post is None else {"post": post.identifier}
        part_time = post is None and on > PART_TIME_AFTER and self.chance.random() < 0.15
        started = CoverStarted(
            started_on=on,
            agency_worker=item.agency_worker,
            fte=Decimal("0.8") if part_time else WHOLE,
            reason=reason,
            expected_until=until,
            hourly_rate=self.chance.choice(HOURLY_RATES),
            agency=self.chance.choice(AGENCIES),
            **post_or_team,
        )
        self.workforce.ledger.record(item.identifier, started, on, after=post.entry if post else None)

    def _day_in(self, month: Month, earliest: date = date.min) -> date:
        first = month.first - BEFORE_THE_HISTORY if month.first == FIRST_DAY else month.first
        return day_between(self.chance, max(first, earliest), month.last)

    def _last_day_in(self, item: Assignment, month: Month) -> date:
        first = max(month.first, item.started_on + DAY, item.changed_on + DAY)
        return day_between(self.chance, min(first, month.last), month.last)

    def _end(self, item: Assignment, on: date, outcome: CoverOutcome, converted_to: str | None = None) -> Entry:
        self.running.remove(item)
        ended = CoverEnded(ended_on=on, outcome=outcome, converted_to=converted_to)
        return self.workforce.ledger.record(item.identifier, ended, on)

    def _on_vacancies(self, role: Role) -> list[Assignment]:
        return [
            item
            for item in self.running
            if item.reason is CoverReason.VACANCY and item.post is not None and item.post.role is role
        ]

    def _uncovered(self, role: Role) -> list[Post]:
        posts = {share.post.identifier: share.post for share in self.workforce.establishment.vacant(role)}
        return [post for post in posts.values() if self.covering(post) is None]

    def _case_holders(self) -> list[Worker]:
        holders = self.workforce.holding(Role.SOCIAL_WORKER) + self.workforce.holding(Role.ADVANCED_SOCIAL_WORKER)
        return [worker for worker in holders if worker.share.fte == WHOLE]


def _working_days(first: date, until: date) -> Decimal:
    return Decimal((until - first).days * 5 // 7)


def _vacant_since(post: Post) -> date:
    return max(share.vacated_on for share in post.shares if share.worker is None)
