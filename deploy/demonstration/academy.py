"""The Social Work Academy: cohorts of newly qualified social workers, their ASYE panels, and where they go afterwards.

Invariant: the outcomes of the 17 completed cohorts add up to the paper's figures, because the table below does. An
academy post is one position for a whole cohort. Its funding follows the newly qualified social workers it has, so it is
never vacant.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from contracts.codes import Destination, LeavingReason, MoveKind, Origin, PanelDecision, PanelKind, Role, Route
from contracts.events.hiring import CohortOpened
from contracts.events.progression_panels import PanelDecided
from deploy.demonstration.establishment import WHOLE, Post, Share
from deploy.demonstration.ledger import Entry
from deploy.demonstration.published import ACADEMY_COUNTED_ON
from deploy.demonstration.workforce import Coming, Leaving, Worker, Workforce, leaving_by_chance
from deploy.demonstration.working_days import Month, day_between, monday_from

ACADEMY_TEAMS = ("academy-team-1", "academy-team-2")
SECOND_TEAM_FROM = 7
"""The cohort from which the two academy teams take turns."""
PLACES = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """One cohort: how many entered when, and what became of them up to November 2023.

    Some left during the year, failed the ASYE (and left), were deferred (and passed three months on), or left after
    progressing.
    """

    number: int
    entry_on: date
    entrants: int
    left_during: int
    failed: int
    deferred: int
    left_after: int

    @property
    def identifier(self) -> str:
        """The academy's name for the cohort."""
        return f"cohort-{self.number:02}"

    @property
    def completes_on(self) -> date:
        """The end of the assessed and supported year. From this day on the cohort is completed."""
        return self.entry_on.replace(year=self.entry_on.year + 1)


COHORTS: tuple[Plan, ...] = (
    Plan(1, date(2018, 7, 16), 11, 1, 0, 1, 2),
    Plan(2, date(2018, 10, 8), 9, 1, 0, 0, 2),
    Plan(3, date(2019, 3, 11), 9, 1, 1, 0, 2),
    Plan(4, date(2019, 7, 15), 10, 1, 0, 1, 2),
    Plan(5, date(2020, 1, 20), 9, 2, 0, 0, 1),
    Plan(6, date(2020, 9, 14), 10, 2, 0, 1, 2),
    Plan(7, date(2021, 1, 25), 16, 2, 1, 1, 4),
    Plan(8, date(2021, 3, 22), 14, 2, 0, 1, 3),
    Plan(9, date(2021, 5, 24), 13, 2, 0, 0, 3),
    Plan(10, date(2021, 7, 12), 13, 2, 1, 1, 3),
    Plan(11, date(2021, 9, 13), 13, 2, 0, 0, 2),
    Plan(12, date(2021, 11, 15), 12, 2, 0, 1, 2),
    Plan(13, date(2022, 1, 17), 11, 2, 0, 0, 3),
    Plan(14, date(2022, 3, 14), 11, 2, 1, 0, 2),
    Plan(15, date(2022, 5, 16), 10, 1, 0, 1, 1),
    Plan(16, date(2022, 7, 11), 10, 1, 0, 0, 0),
    Plan(17, date(2022, 10, 10), 9, 2, 0, 0, 0),
    Plan(18, date(2023, 4, 17), 13, 0, 0, 0, 0),
    Plan(19, date(2023, 7, 10), 13, 0, 0, 0, 0),
    Plan(20, date(2023, 9, 11), 13, 0, 0, 0, 0),
    Plan(21, date(2024, 1, 15), 13, 0, 0, 0, 0),
)
"""Invented, so that the published sums come out. There were 58 in the six cohorts before the seventh, and 190 in 17. Of
these 190, 32 left without progressing (28 during the year, 4 after failing), 34 left afterwards, and 124 stay. There
were 52 at the four entry points of 2023/24, whose year had not ended in November 2023."""

GOING_ON_MONTHS = (7, 9, 1, 4)
"""In which months cohorts enter after those above, in the academy's order; invented, as all about them is."""
GOING_ON_ENTRANTS = 8
LAST_COMPLETED = 17
PANEL_BEFORE_COMPLETION = timedelta(days=14)
DEFERRAL = timedelta(days=91)
SETTLED_AFTER_PROGRESSING = timedelta(days=120)
QUIET_BEFORE_COUNT = timedelta(days=20)
"""Nobody of the completed cohorts leaves in the days before the count, so that all of it was known on the day."""


def later_cohorts(last: date) -> Iterator[Plan]:
    """The cohorts that enter after the published history, up to a day."""
    number, year = COHORTS[-1].number, COHORTS[-1].entry_on.year
    while True:
        for month in GOING_ON_MONTHS:
            number, year = number + 1, year + (month == 1)
            plan = Plan(number, monday_from(date(year, month, 8)), GOING_ON_ENTRANTS, 1, int(number % 4 == 0), 1, 0)
            if plan.entry_on > last:
                return
            yield plan


@dataclass(slots=True)
class Academy:
    """The cohorts that have entered, and what will still happen to them."""

    workforce: Workforce
    plans: list[Plan] = field(default_factory=lambda: list(COHORTS))
    _undecided: list[tuple[Plan, list[Worker]]] = field(default_factory=list)
    _progressions: list[tuple[date, Worker]] = field(default_factory=list)
    _progressed: list[Worker] = field(default_factory=list)
    _panels: list[tuple[date, Worker, PanelDecided]] = field(default_factory=list)
    _departures: list[tuple[Worker, Leaving]] = field(default_factory=list)
    _posts: dict[str, Post] = field(default_factory=dict)

    def month(self, month: Month) -> None:
        """Everything the academy does in a month, except the moves to service areas (see `progress`)."""
        if month.first > ACADEMY_COUNTED_ON:
            self._leave_to_chance()
        for plan in self.plans:
            if month.first <= plan.entry_on <= month.last:
                self._enter(plan)
        for decided_on, worker, panel in [item for item in self._panels if item[0] <= month.last]:
            self._panels.remove((decided_on, worker, panel))
            self.workforce.ledger.record(worker.number, panel, decided_on)
        leavers = [item for item in self._departures if item[1].on <= month.last]
        for worker, leaving in sorted(leavers, key=lambda item: item[1].on):
            self._departures.remove((worker, leaving))
            post = worker.share.post
            entry = self.workforce.leave(worker, leaving)
            self._fund_those_present(post, leaving.on, entry)

    def go_on(self, last: date) -> None:
        """After the published history: what becomes of the cohorts whose year is under way, and later cohorts."""
        for plan, entrants in self._undecided:
            self._decide(replace(plan, deferred=1), entrants)
        self._undecided.clear()
        self.plans = list(later_cohorts(last))

    def due_to_progress(self, month: Month) -> list[tuple[date, Worker]]:
        """Who moves to a service area this month, and when, by date."""
        return sorted((due for due in self._progressions if due[0] <= month.last), key=lambda due: due[0])

    def progress(self, on: date, worker: Worker, to: Share) -> None:
        """A worker whose ASYE is passed moves to a share of a social worker's post."""
        self._progressions.remove((on, worker))
        self._progressed.append(worker)
        worker.may_move = True
        post = worker.share.post
        moved = self.workforce.move(worker, to, on, MoveKind.PROGRESSION)
        self._fund_those_present(post, on, moved)

    def _fund_those_present(self, post: Post, effective: date, after: Entry) -> None:
        """The academy post is funded for as many as it now has, and closes behind the last."""
        establishment = self.workforce.establishment
        post.shares = [share for share in post.shares if share.worker is not None]
        if post.shares:
            establishment.change_funding(post, effective, Decimal(len(post.shares)), after)
        else:
            establishment.close(post, effective, after)

    def _enter(self, plan: Plan) -> None:
        team = ACADEMY_TEAMS[plan.number % 2 if plan.number >= SECOND_TEAM_FROM else 0]
        opened = CohortOpened(entry_on=plan.entry_on, completes_on=plan.completes_on, academy_team=team, places=PLACES)
        self.workforce.ledger.record(plan.identifier, opened, plan.entry_on)
        post = self.workforce.establishment.establish(
            plan.entry_on,
            Role.NEWLY_QUALIFIED_SOCIAL_WORKER,
            (team, "social-work-academy"),
            (WHOLE,) * plan.entrants,
            identifier=f"P-ACADEMY-{plan.number:02}",
        )
        coming = Coming(Origin.NEWLY_QUALIFIED, Route.ACADEMY, cohort=plan.identifier)
        entrants = [self.workforce.start(share, plan.entry_on, coming)[0] for share in post.shares]
        for worker in entrants:
            worker.may_leave = worker.may_move = False
        self._decide_outcomes(plan, entrants)

    def _decide_outcomes(self, plan: Plan, entrants: list[Worker]) -> None:
        if LAST_COMPLETED < plan.number <= COHORTS[-1].number:
            # In the published history their year is not over: what is decided would be known too early.
            self._undecided.append((plan, entrants))
            return
        self._decide(plan, entrants)

    def _decide(self, plan: Plan, entrants: list[Worker]) -> None:
        chance = self.workforce.chance
        for worker in entrants[: plan.left_during]:
            on = day_between(chance, plan.entry_on + timedelta(days=60), plan.completes_on - timedelta(days=30))
            self._departures.append((worker, leaving_by_chance(chance, on)))
        remaining = entrants[plan.left_during :]
        panel_on = monday_from(plan.completes_on - PANEL_BEFORE_COMPLETION)
        for worker in remaining[: plan.failed]:
            self._panel(plan, worker, panel_on, PanelDecision.FAILED)
            leaving = Leaving(plan.completes_on, LeavingReason.OTHER, Destination.NOT_KNOWN)
            self._departures.append((worker, leaving))
        for worker in remaining[plan.failed : plan.failed + plan.deferred]:
            self._panel(plan, worker, panel_on, PanelDecision.DEFERRED)
            self._pass(plan, worker, panel_on + DEFERRAL, monday_from(plan.completes_on + DEFERRAL))
        passed = remaining[plan.failed + plan.deferred :]
        for worker in passed:
            self._pass(plan, worker, panel_on, monday_from(plan.completes_on))
        for worker in passed[: plan.left_after]:
            earliest = plan.completes_on + SETTLED_AFTER_PROGRESSING
            worker.leaving = leaving_by_chance(
                chance, day_between(chance, earliest, ACADEMY_COUNTED_ON - QUIET_BEFORE_COUNT)
            )

    def _pass(self, plan: Plan, worker: Worker, panel_on: date, progresses_on: date) -> None:
        self._panel(plan, worker, panel_on, PanelDecision.PASSED, progresses_on)
        self._progressions.append((progresses_on, worker))

    def _panel(
        self, plan: Plan, worker: Worker, on: date, decision: PanelDecision, effective_from: date | None = None
    ) -> None:
        panel = PanelDecided(
            panel=f"ASYE-{on:%Y-%m}",
            decided_on=on,
            kind=PanelKind.ASYE,
            decision=decision,
            effective_from=effective_from,
            cohort=plan.identifier,
        )
        self._panels.append((on, worker, panel))

    def _leave_to_chance(self) -> None:
        # After the count nothing published depends on who stays.
        for worker in self._progressed:
            worker.may_leave = True
        self._progressed.clear()
