"""The workforce: invented workers, and what they do in posts, kept as state and recorded as events at once.

Invariant: a share of a post has at most one worker, who occupies it at exactly the share's FTE.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random

from contracts.codes import Destination, Employment, LeavingReason, MoveKind, Origin, Role, Route
from contracts.events.hiring import WorkerFteChanged, WorkerMoved, WorkerStarted
from contracts.events.leavers import WorkerLeft
from deploy.demonstration.establishment import Establishment, Share
from deploy.demonstration.ledger import Entry, Ledger


@dataclass(frozen=True, slots=True)
class Leaving:
    """How a worker leaves, and when: not in post on that day."""

    on: date
    reason: LeavingReason
    destination: Destination


@dataclass(frozen=True, slots=True)
class Coming:
    """How a starter came."""

    origin: Origin
    route: Route
    employment: Employment = Employment.PERMANENT
    cohort: str | None = None
    campaign: str | None = None
    converted_from: str | None = None


@dataclass(eq=False, slots=True)
class Worker:
    """A worker. `since`: start of the present service; `settled`: since when in the present posts.

    `leaving` is planned for those whose going is part of a published figure; with `may_leave` and `may_move` False
    chance leaves a worker alone; `absent_until` is the end of a long absence that agency cover stands in for,
    `sick_until` that of the latest sickness. For a former worker `settled` is the day they left, and `left_from` the
    role.
    """

    number: str
    since: date
    settled: date
    shares: list[Share] = field(default_factory=list)
    leaving: Leaving | None = None
    may_leave: bool = True
    may_move: bool = True
    absent_until: date = date.min
    sick_until: date = date.min
    left_from: Role | None = None

    @property
    def share(self) -> Share:
        """The share held longest."""
        return self.shares[0]

    @property
    def role(self) -> Role:
        """The role of the post held longest."""
        return self.shares[0].post.role

    def is_free(self, month_start: date) -> bool:
        """Whether chance may send this worker elsewhere: settled for two months, one post, not on a long absence."""
        settled = (month_start - self.settled).days > 60
        return settled and len(self.shares) == 1 and self.absent_until <= month_start and self.leaving is None


@dataclass(slots=True)
class Workforce:
    """All workers: `employed` now, and `former` ones who left."""

    ledger: Ledger
    establishment: Establishment
    chance: Random
    employed: list[Worker] = field(default_factory=list)
    former: list[Worker] = field(default_factory=list)
    _last_number: int = 0

    def new_number(self) -> str:
        """The next worker number."""
        self._last_number += 1
        return f"W-{self._last_number:04}"

    def start(
        self,
        share: Share,
        on: date,
        coming: Coming,
        *,
        worker: Worker | None = None,
        days: tuple[int, int] | None = None,
        stated_start: date | None = None,
    ) -> tuple[Worker, Entry]:
        """A worker starts in a vacant share; `worker` is one who returns, or takes a second post.

        `told` is a starting date that is not the true one. It is recorded first, for a correction to replace.
        """
        worker = worker or Worker(self.new_number(), on, on)
        if not worker.shares:
            worker.since = worker.settled = on
            self.employed.append(worker)
        started = WorkerStarted(
            started_on=stated_start or on,
            post=share.post.identifier,
            fte=share.fte,
            origin=coming.origin,
            route=coming.route,
            employment=coming.employment,
            cohort=coming.cohort,
            campaign=coming.campaign,
            converted_from=coming.converted_from,
        )
        self._occupy(worker, share, on)
        entry = self.ledger.record(worker.number, started, started.started_on, days=days, after=share.post.entry)
        return worker, entry

    def leave(self, worker: Worker, leaving: Leaving, *, days: tuple[int, int] | None = None) -> Entry:
        """A worker leaves all posts."""
        worker.left_from, worker.settled = worker.role, leaving.on
        for share in list(worker.shares):
            self._vacate(worker, share, leaving.on)
        self.employed.remove(worker)
        worker.leaving = None
        self.former.append(worker)
        left = WorkerLeft(left_on=leaving.on, reason=leaving.reason, destination=leaving.destination)
        return self.ledger.record(worker.number, left, leaving.on, days=days)

    def move(
        self, worker: Worker, to: Share, on: date, kind: MoveKind, *, days: tuple[int, int] | None = None
    ) -> Entry:
        """A worker goes from the post held longest to a vacant share of another."""
        moved = WorkerMoved(
            moved_on=on,
            from_post=worker.share.post.identifier,
            to_post=to.post.identifier,
            fte=to.fte,
            kind=kind,
        )
        self._vacate(worker, worker.share, on)
        self._occupy(worker, to, on)
        worker.settled = on
        return self.ledger.record(worker.number, moved, on, days=days, after=to.post.entry)

    def reduce_fte(self, worker: Worker, to: Decimal, on: date) -> Entry:
        """A worker goes on at a lower FTE. What is given up becomes a vacant share of the same post."""
        share = worker.share
        share.post.shares.append(Share(share.post, share.fte - to, on))
        share.fte = to
        worker.settled = on
        changed = WorkerFteChanged(effective_from=on, post=share.post.identifier, fte=to)
        return self.ledger.record(worker.number, changed, on)

    def give_up(self, worker: Worker, share: Share, on: date) -> Entry:
        """A worker with several posts gives one up."""
        self._vacate(worker, share, on)
        given_up = WorkerFteChanged(effective_from=on, post=share.post.identifier, fte=Decimal(0))
        return self.ledger.record(worker.number, given_up, on)

    def holding(self, role: Role) -> list[Worker]:
        """The workers whose longest held post is of a role."""
        return [worker for worker in self.employed if worker.role is role]

    def _occupy(self, worker: Worker, share: Share, on: date) -> None:
        if share.worker is not None or share.vacated_on > on:
            raise ValueError(f"{share.post.identifier} is not vacant on {on}")
        share.worker = worker
        share.post.filled_on = on
        worker.shares.append(share)

    def _vacate(self, worker: Worker, share: Share, on: date) -> None:
        share.worker = None
        share.vacated_on = on
        worker.shares.remove(share)


def leaving_by_chance(chance: Random, on: date) -> Leaving:
    """An invented reason and destination for a leaver."""
    reason = chance.choices(
        (LeavingReason.RESIGNATION, LeavingReason.RETIRED, LeavingReason.DISMISSED, LeavingReason.OTHER),
        (82, 10, 2, 6),
    )[0]
    if reason is not LeavingReason.RESIGNATION:
        return Leaving(on, reason, Destination.NOT_KNOWN)
    destination = chance.choices(
        (
            Destination.OTHER_ENGLISH_AUTHORITY,
            Destination.AGENCY_OR_CONSULTANCY,
            Destination.OTHER_SOCIAL_WORK,
            Destination.OUTSIDE_ENGLAND,
            Destination.NOT_SOCIAL_CARE,
            Destination.NOT_KNOWN,
        ),
        (40, 25, 12, 3, 10, 10),
    )[0]
    return Leaving(on, reason, destination)


def coming_by_chance(chance: Random) -> Coming:
    """An invented origin for someone hired directly."""
    origin = chance.choices(
        (
            Origin.OTHER_ENGLISH_AUTHORITY,
            Origin.AGENCY_OR_CONSULTANCY,
            Origin.OTHER_SOCIAL_WORK,
            Origin.OUTSIDE_ENGLAND,
        ),
        (62, 20, 13, 5),
    )[0]
    return Coming(origin, Route.DIRECT)
