"""The rows that the folds make and the measures sum.

Invariant: for one subject, no two rows hold at the same date as known at the same instant (for a worker: no two of one
post). All stretches are half open: a row holds from `valid_from` up to and without `valid_to`, and was what the
authority knew from `known_from` up to and without `known_to`. `FOREVER` and `STILL_KNOWN` mean 'no end is known'.
"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from contracts.codes import CoverReason
from services.metrics.timelines.dimensions import Dimensions

DAY = timedelta(days=1)
FOREVER = date.max
STILL_KNOWN = datetime.max.replace(tzinfo=UTC)


class Occupancy(NamedTuple):
    """One worker holding one post at an FTE, in millionths; 0 for a worker without fixed hours."""

    worker: str
    post: str
    fte: int
    valid_from: date
    valid_to: date
    known_from: datetime
    known_to: datetime


class Cover(NamedTuple):
    """One agency assignment, `fte` in millionths. `stated` is what the assignment itself says of where it is."""

    cover: str
    agency_worker: str
    post: str | None
    fte: int
    reason: CoverReason
    stated: Dimensions
    valid_from: date
    valid_to: date
    known_from: datetime
    known_to: datetime


class PostFacts(NamedTuple):
    """The facts of a post and its funded FTE, in millionths. After it closed the facts stay, with `funded` 0."""

    dimensions: Dimensions
    funded: int


class Post(NamedTuple):
    """One post's facts over time."""

    post: str
    facts: PostFacts
    valid_from: date
    valid_to: date
    known_from: datetime
    known_to: datetime


class Staffing(NamedTuple):
    """The staffing of one unit, in millionths of an FTE. The stock measures are sums over these rows.

    `staffing_unit` is the subject: `post/<id>`, or `cover/<id>` for an agency assignment that covers no post.
    Its dimensions are None where no event has established the post at that date.
    `agency` counts all agency workers there, `agency_cover` those with reason vacancy.
    `uncovered` is the part of `vacancies` that `agency_cover` does not fill.
    """

    staffing_unit: str
    dimensions: Dimensions
    establishment: int
    in_post: int
    vacancies: int
    over_establishment: int
    agency: int
    agency_cover: int
    uncovered: int
    valid_from: date
    valid_to: date
    known_from: datetime
    known_to: datetime
