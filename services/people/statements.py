"""What a file says once its mapping was applied: the types that `mapping`, which reads rows, hands on to `differ`.

Invariant: a statement names no person. It has workers' pseudonyms only. What names them is in `PersonalDetails`,
which goes to the register and nowhere else.

Dates are half open, as in contracts: what holds `until` a day does not hold on that day. None if the file does not
say.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from contracts.codes import (
    CoverOutcome,
    CoverReason,
    CswwRole,
    Destination,
    Employment,
    LeavingReason,
    MoveKind,
    Origin,
    Role,
    Route,
)
from contracts.events.base import EventData


@dataclass(frozen=True, slots=True)
class PostStated:
    """One row about a post: what it is, from `holds_from` on, up to `holds_until`.

    A row without `holds_from` says how the post is on the day of the extract. Several rows of one post are its history,
    each holding until the next.
    """

    row: int
    post: str
    role: Role
    funded_fte: Decimal
    team: str
    service_area: str
    grade: str | None = None
    csww_role: CswwRole | None = None
    location: str | None = None
    holds_from: date | None = None
    holds_until: date | None = None


class Ending(StrEnum):
    """The meaning of the end of a holding, if the file states it."""

    MOVED = "moved"
    """The worker goes on in another post: a transfer."""
    GAVE_UP = "gave-up"
    """This post alone is given up: a career break, or one of several posts."""
    LEFT = "left"
    """The end of employment."""


@dataclass(frozen=True, slots=True)
class HoldingStated:
    """One row about a worker in a post: at which FTE, from `holds_from` on, up to `holds_until`.

    `holding` is the source's own key of the occupancy, stable while its dates are corrected (worker and post where it
    has none). Several rows of one holding are its history: the FTE of each holds until the next. `left_on`,
    `leaving_reason` and `destination` are of the employment, and stand on whichever of the worker's rows states them.
    """

    row: int
    worker: str
    holding: str
    post: str
    fte: Decimal
    holds_from: date | None = None
    holds_until: date | None = None
    ending: Ending | None = None
    left_on: date | None = None
    leaving_reason: LeavingReason | None = None
    destination: Destination | None = None
    origin: Origin = Origin.NOT_KNOWN
    route: Route = Route.DIRECT
    employment: Employment = Employment.PERMANENT
    move_kind: MoveKind = MoveKind.MOVE
    expected_until: date | None = None
    cohort: str | None = None
    campaign: str | None = None
    converted_from: str | None = None


@dataclass(frozen=True, slots=True)
class CoverStated:
    """One row about an agency worker's assignment, from `holds_from` on, up to `holds_until`.

    Several rows of one assignment are its history.
    """

    row: int
    cover: str
    agency_worker: str
    fte: Decimal
    reason: CoverReason
    post: str | None = None
    role: Role | None = None
    team: str | None = None
    service_area: str | None = None
    csww_role: CswwRole | None = None
    holds_from: date | None = None
    holds_until: date | None = None
    expected_until: date | None = None
    hourly_rate: Decimal | None = None
    agency: str | None = None
    project_team: bool | None = None
    outcome: CoverOutcome = CoverOutcome.NOT_KNOWN
    converted_to: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeStated:
    """One row of a change file: one fact, as an event states it. `key` tells it from others of its type and subject.

    `subject` is the bare identifier, as `post` and `worker` are above; its kind is `data.subject_kind`.
    """

    row: int
    subject: str
    key: str
    data: EventData


Statement = PostStated | HoldingStated | CoverStated | ChangeStated


class Kind(StrEnum):
    """What the rows of a file are about."""

    POSTS = "posts"
    HOLDINGS = "holdings"
    """Employees with their posts."""
    COVERS = "covers"
    """Agency assignments."""
    CHANGES = "changes"


class History(StrEnum):
    """What of the past an extract holds."""

    CURRENT = "current"
    """Only what holds on the file's day: a row that is missing has ended."""
    COMPLETE = "complete"
    """Everything since `Policy.complete_from`: a row that is missing should never have been."""


class Begins(StrEnum):
    """What began on the start date of a row, if an extract holds only what is current."""

    THING = "thing"
    """The holding, the assignment, the post itself: another date corrects its start."""
    ROW = "row"
    """What the row says: it holds from then on, whatever held before."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an authority decided about one kind of file of a feed."""

    history: History = History.CURRENT
    complete_from: date | None = None
    """Rows that ended before are not in the file any more, and stay as they were stated."""
    begins: Begins = Begins.THING
    """What the start dates of an extract of what is current are of."""
    gone_after: int | None = None
    """The number of extracts in a row without a subject that settle what became of it. None: never; the subject
    stays as it was, and people are asked. If extracts hold only what is current, it ended on the day of the first of
    them. If they hold the whole history, it should never have been."""
    smallest_share: Decimal = Decimal("0.7")
    """An extract with fewer subjects than this share of the one before is refused whole."""


@dataclass(frozen=True, slots=True)
class Extract:
    """The delivery that is read: authority, feed, what its rows are about, the date on which they are true, and when
    it was recorded. Extracts of one authority, feed and kind form a sequence.
    """

    authority: str
    feed: str
    kind: Kind
    as_at: date
    recorded_at: datetime
    """With its offset. It becomes the `time` of the events."""


@dataclass(frozen=True, slots=True)
class PersonalDetails:
    """What one row says that names or describes a person: for the register alone.

    `details` are by name of `register` (name, date of birth and so on), as text. `reference` is the person's number in
    the source, in the one spelling that the mapping gives it.
    """

    row: int
    worker: str
    reference: str = field(repr=False)
    details: dict[str, str] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row was rejected: the column, what is wrong, and what would be right.

    `value` is None where the column is personal.
    """

    row: int
    column: str
    problem: str
    expected: str
    value: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class RowLeftOut:
    """A row that a rule of the mapping leaves out: a dummy post, a person out of scope. `rule` is its name."""

    row: int
    rule: str
