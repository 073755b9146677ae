"""Awkward records: what real HR feeds send and a newcomer should find in the demonstration, each noted as it is made.

Invariant: once everything is known, each of them has come right. Then exactly those are in post whom the rest of the
generator believes to be. What took effect before a published table is known by the day of its paper.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from contracts.codes import Destination, LeavingReason, MoveKind, Origin, Role, Route, WithdrawalReason
from contracts.events.hiring import WorkerMerged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from deploy.demonstration.establishment import HALF, WHOLE, Share
from deploy.demonstration.ledger import Entry, Ledger
from deploy.demonstration.staffing import Arrival, Staffing
from deploy.demonstration.workforce import Coming, Worker, Workforce, coming_by_chance, leaving_by_chance
from deploy.demonstration.working_days import Month, monday_from, working_day_from

ROLE = Role.SOCIAL_WORKER
"""All of it happens to social workers: there are enough of them for chance to find somebody."""
AWAY_BEFORE_RETURN = (timedelta(days=270), timedelta(days=1000))


@dataclass(slots=True)
class AwkwardRecords:
    """Makes the records that are due in a month, before the month is staffed."""

    staffing: Staffing
    _on_top: list[tuple[Worker, Worker]] = field(default_factory=list)
    _two_posts: list[Worker] = field(default_factory=list)

    def month(self, month: Month) -> None:
        """The awkward records of a month, as scheduled."""
        for due, make in SCHEDULE:
            if due == month.first:
                make(self, month)

    def late_leaver(self, month: Month) -> None:
        """Nobody tells HR for weeks, and until then nobody looks for a successor."""
        worker, on = self._somebody(month), working_day_from(month.first + timedelta(days=13))
        share = worker.share
        left = self._workforce.leave(worker, leaving_by_chance(self._chance, on), days=(24, 40))
        share.fill_after = left.recorded.date()
        self._note("late leaver", f"Left on {on}, entered {(left.recorded.date() - on).days} days later.", left)

    def corrected_start(self, month: Month) -> None:
        """A start is put off by two weeks. HR hears of it after the first date has passed."""
        on = monday_from(month.first + timedelta(days=5))
        stated_start = on - timedelta(days=14)
        share = self.staffing.vacant_share(ROLE, stated_start, WHOLE)
        worker, first = self._workforce.start(
            share, on, coming_by_chance(self._chance), days=(-10, -5), stated_start=stated_start
        )
        assert isinstance(first.data, WorkerStarted)  # noqa: S101  (what `start` records)
        right = first.data.model_copy(update={"started_on": on})
        correction = self._ledger.record(worker.number, right, on, days=(1, 3), replaces=first)
        self._note("start date corrected", f"Expected on {stated_start}, started on {on}.", first, correction)

    def reduced_fte(self, month: Month) -> None:
        """A worker goes part time in the middle of a month, which leaves part of the post vacant."""
        worker, on = self._somebody(month), working_day_from(month.first + timedelta(days=11))
        to = self._chance.choice((HALF, Decimal("0.6")))
        changed = self._workforce.reduce_fte(worker, to, on)
        self._note("FTE changed mid-month", f"From 1 to {to} FTE on {on}.", changed)

    def cancelled_hire(self, month: Month) -> None:
        """Somebody who accepted does not come, so the start is voided before its day."""
        on = monday_from(month.first + timedelta(days=20))
        share = self._vacant(month)
        share.fill_after = on
        coming = coming_by_chance(self._chance)
        started = WorkerStarted(
            started_on=on, post=share.post.identifier, fte=share.fte, origin=coming.origin, route=coming.route
        )
        number = self._workforce.new_number()
        first = self._ledger.record(number, started, on, days=(-22, -18), after=share.post.entry)
        void = self._ledger.withdraw(first, WithdrawalReason.CANCELLED, on - timedelta(days=6))
        self._note("hire cancelled before it starts", f"Was to start on {on}; voided.", first, void)

    def rescinded_move(self, month: Month) -> None:
        """A move to another team is agreed, entered and called off."""
        on = monday_from(month.first + timedelta(days=14))
        worker, share = self._somebody(month), self._vacant(month)
        share.fill_after = on
        moved = WorkerMoved(
            moved_on=on,
            from_post=worker.share.post.identifier,
            to_post=share.post.identifier,
            fte=share.fte,
            kind=MoveKind.MOVE,
        )
        first = self._ledger.record(worker.number, moved, on, days=(-9, -5), after=share.post.entry)
        void = self._ledger.withdraw(first, WithdrawalReason.CANCELLED, on + timedelta(days=2))
        self._keep(worker)
        self._note("move rescinded", f"Entered for {on}; voided, the worker stays.", first, void)

    def reversed_leaver(self, month: Month) -> None:
        """A worker gives notice, and takes it back after the day has passed."""
        worker, on = self._somebody(month), month.last - timedelta(days=4)
        left = WorkerLeft(left_on=on, reason=LeavingReason.RESIGNATION, destination=Destination.OTHER_ENGLISH_AUTHORITY)
        first = self._ledger.record(worker.number, left, on, days=(-12, -8))
        back = self._ledger.record(worker.number, LeaverReversed(left_on=on), on, days=(9, 13))
        self._keep(worker)
        self._note("leaver reversed", f"Left on {on} as first entered; stayed.", first, back)

    def returner(self, month: Month) -> None:
        """A worker who left comes back after some time, under the same number."""
        worker = self._gone(month)
        self.staffing.arrivals.append(Arrival(self._arrives(month), _COMING_BACK, worker=worker, then=self._returned))

    def returner_with_two_numbers(self, month: Month) -> None:
        """A worker who comes back is given a second number; the two are merged when somebody notices."""
        worker = self._gone(month)
        kept, worker.number = worker.number, self._workforce.new_number()

        def merge(returned: Worker, started: Entry) -> None:
            merged = WorkerMerged(duplicate=returned.number)
            entry = self._ledger.record(kept, merged, returned.since, days=(30, 45))
            story = f"{kept} came back as {returned.number}; the numbers are merged."
            self._note("two numbers merged", story, started, entry)
            returned.number = kept
            self._keep(returned)

        self.staffing.arrivals.append(Arrival(self._arrives(month), _COMING_BACK, worker=worker, then=merge))

    def second_post(self, month: Month) -> None:
        """A half-time worker takes up half of a second post beside the first."""
        worker, on = self._somebody(month, HALF), working_day_from(month.last - timedelta(days=3))
        share = self.staffing.vacant_share(ROLE, on, HALF)
        _, started = self._workforce.start(share, on, _BESIDE, worker=worker)
        self._keep(worker)
        self._two_posts.append(worker)
        self._note("person holding two posts", f"{worker.number} holds half of two posts from {on}.", started)

    def second_post_given_up(self, month: Month) -> None:
        """The worker with two posts gives the second one up."""
        worker, on = self._two_posts.pop(0), working_day_from(month.first + timedelta(days=8))
        given_up = self._workforce.give_up(worker, worker.shares[1], on)
        self._note("second post given up", f"{worker.number} gives the second post up on {on}: FTE 0.", given_up)

    def over_establishment(self, month: Month) -> None:
        """A worker is taken on above establishment, beside the holder of a filled post."""
        holder, on = self._somebody(month), monday_from(month.first + timedelta(days=5))
        post = holder.share.post
        share = Share(post, WHOLE, on)
        post.shares.append(share)
        worker, started = self._workforce.start(share, on, coming_by_chance(self._chance))
        self._keep(holder, worker)
        self._on_top.append((holder, worker))
        self._note("over-establishment", f"Two workers on the 1.0 FTE of {post.identifier} from {on}.", started)

    def over_establishment_ended(self, month: Month) -> None:
        """The worker above establishment moves to a vacant post."""
        (holder, worker), on = self._on_top.pop(0), monday_from(month.first + timedelta(days=5))
        share = worker.share
        self._workforce.move(worker, self.staffing.vacant_share(ROLE, on, WHOLE), on, MoveKind.MOVE)
        share.post.shares.remove(share)
        holder.may_leave = holder.may_move = True

    def _somebody(self, month: Month, fte: Decimal = WHOLE) -> Worker:
        return self.staffing.leaver(ROLE, month, fte)

    def _gone(self, month: Month) -> Worker:
        shortest, longest = AWAY_BEFORE_RETURN
        gone = [
            worker
            for worker in self._workforce.former
            if worker.may_leave and worker.left_from is ROLE and shortest < month.first - worker.settled < longest
        ]
        worker = self._chance.choice(gone)
        self._workforce.former.remove(worker)
        return worker

    def _returned(self, worker: Worker, started: Entry) -> None:
        self._note("leaves and returns", f"{worker.number} comes back on {worker.since}.", started)

    def _vacant(self, month: Month) -> Share:
        return self.staffing.vacant_share(ROLE, month.first, WHOLE)

    @staticmethod
    def _arrives(month: Month) -> date:
        return monday_from(month.first + timedelta(days=12))

    @staticmethod
    def _keep(*workers: Worker) -> None:
        for worker in workers:
            worker.may_leave = worker.may_move = False

    def _note(self, kind: str, story: str, *entries: Entry) -> None:
        self._ledger.note(kind, story, *entries)

    @property
    def _workforce(self) -> Workforce:
        return self.staffing.workforce

    @property
    def _ledger(self) -> Ledger:
        return self.staffing.workforce.ledger

    @property
    def _chance(self) -> Random:
        return self.staffing.chance


_COMING_BACK = Coming(Origin.OTHER_ENGLISH_AUTHORITY, Route.DIRECT)
_BESIDE = Coming(Origin.OTHER, Route.DIRECT)

SCHEDULE: tuple[tuple[date, Callable[[AwkwardRecords, Month], None]], ...] = (
    (date(2018, 11, 1), AwkwardRecords.reduced_fte),
    (date(2019, 3, 1), AwkwardRecords.late_leaver),
    (date(2019, 5, 1), AwkwardRecords.corrected_start),
    (date(2019, 8, 1), AwkwardRecords.reduced_fte),
    (date(2019, 10, 1), AwkwardRecords.cancelled_hire),
    (date(2019, 12, 1), AwkwardRecords.reversed_leaver),
    (date(2020, 3, 1), AwkwardRecords.rescinded_move),
    (date(2020, 5, 1), AwkwardRecords.returner),
    (date(2020, 6, 1), AwkwardRecords.late_leaver),
    (date(2020, 9, 1), AwkwardRecords.second_post),
    (date(2020, 10, 1), AwkwardRecords.corrected_start),
    (date(2020, 11, 1), AwkwardRecords.reduced_fte),
    (date(2021, 2, 1), AwkwardRecords.late_leaver),
    (date(2021, 3, 1), AwkwardRecords.cancelled_hire),
    (date(2021, 6, 1), AwkwardRecords.corrected_start),
    (date(2021, 9, 1), AwkwardRecords.reversed_leaver),
    (date(2021, 10, 1), AwkwardRecords.returner),
    (date(2021, 12, 1), AwkwardRecords.reduced_fte),
    (date(2022, 2, 1), AwkwardRecords.second_post),
    (date(2022, 5, 1), AwkwardRecords.cancelled_hire),
    (date(2022, 6, 1), AwkwardRecords.rescinded_move),
    (date(2022, 6, 1), AwkwardRecords.over_establishment),
    (date(2022, 8, 1), AwkwardRecords.reduced_fte),
    # The next two make the table as at 31 October 2022 differ between that evening and the paper.
    (date(2022, 10, 1), AwkwardRecords.late_leaver),
    (date(2022, 11, 1), AwkwardRecords.corrected_start),
    (date(2022, 12, 1), AwkwardRecords.returner_with_two_numbers),
    (date(2023, 1, 1), AwkwardRecords.reduced_fte),
    (date(2023, 2, 1), AwkwardRecords.second_post_given_up),
    (date(2023, 2, 1), AwkwardRecords.over_establishment_ended),
    (date(2023, 3, 1), AwkwardRecords.corrected_start),
    (date(2023, 5, 1), AwkwardRecords.late_leaver),
    (date(2023, 7, 1), AwkwardRecords.rescinded_move),
    (date(2023, 8, 1), AwkwardRecords.cancelled_hire),
    (date(2023, 8, 1), AwkwardRecords.over_establishment),
    (date(2023, 9, 1), AwkwardRecords.returner),
    # The next does the same for the table as at 31 October 2023.
    (date(2023, 10, 1), AwkwardRecords.reversed_leaver),
    (date(2024, 1, 1), AwkwardRecords.over_establishment_ended),
    (date(2024, 2, 1), AwkwardRecords.reduced_fte),
)
"""When what happens: the months are invented."""
