"""The staffing of one unit: a post's funding, those in post and those who cover it, put together.

Invariant: rows are a pure function of the facts given. At every date, as known at every instant, the amounts are the
sums over the facts that hold there. No two adjacent rows could be joined.

Definitions, for each post, all in FTE and none below 0 (as in CSWW a post that agency covers stays vacant):
- vacancies = establishment - in post
- over-establishment = in post - establishment
- uncovered = vacancies - agency cover
Agency cover is not capped at the vacancy: there can be more of it than vacancies.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from itertools import pairwise

from contracts.codes import CoverReason
from services.metrics.timelines.dimensions import NOTHING_STATED, Dimensions
from services.metrics.timelines.knowledge import Piece, Timelines
from services.metrics.timelines.rows import FOREVER, STILL_KNOWN, Cover, Occupancy, Post, Staffing

_Stock = tuple[int, int, int, int, int]
"""The dimensions (as a number; 0: unknown), establishment, in post, agency covering a vacancy, other agency. On any
day only one of a post's facts holds, so even the numbers of dimensions can be added up."""

_Fact = tuple[Post | Occupancy | Cover, _Stock]
"""A fact that holds over one stretch, and what it adds there."""

_NOTHING: _Stock = (0, 0, 0, 0, 0)


def staffing(
    staffing_unit: str, posts: Iterable[Post], occupancies: Iterable[Occupancy], covers: Iterable[Cover]
) -> list[Staffing]:
    """The staffing of one post (`staffing_unit`: its subject), from its facts, occupancies and covers alone.

    While nobody has established the post, its dimensions are None and its establishment 0.
    Rows in which every amount is 0 are left out.
    """
    numbers = _Numbers()
    facts: list[_Fact] = []
    for post in posts:
        facts.append((post, (numbers.of(post.facts.dimensions), post.facts.funded, 0, 0, 0)))
    facts += [(occupancy, (0, 0, occupancy.fte, 0, 0)) for occupancy in occupancies]
    facts += [(cover, _covering(cover, 0)) for cover in covers]
    return _rows(staffing_unit, facts, numbers)


def unposted_cover_staffing(covers: Iterable[Cover]) -> list[Staffing]:
    """The staffing by agency assignments that cover no post: one unit, `cover/<id>`, for each. Others are ignored."""
    numbers = _Numbers()
    facts: defaultdict[str, list[_Fact]] = defaultdict(list)
    for cover in covers:
        if cover.post is None:
            facts[f"cover/{cover.cover}"].append((cover, _covering(cover, numbers.of(cover.stated))))
    return [row for staffing_unit in sorted(facts) for row in _rows(staffing_unit, facts[staffing_unit], numbers)]


class _Numbers:
    """Dimensions, each with a number."""

    def __init__(self) -> None:
        self.dimensions = [NOTHING_STATED]
        self._numbers = {NOTHING_STATED: 0}

    def of(self, dimensions: Dimensions) -> int:
        if dimensions not in self._numbers:
            self._numbers[dimensions] = len(self.dimensions)
            self.dimensions.append(dimensions)
        return self._numbers[dimensions]


def _covering(cover: Cover, dimensions: int) -> _Stock:
    if cover.reason is CoverReason.VACANCY:
        return dimensions, 0, 0, cover.fte, 0
    return dimensions, 0, 0, 0, cover.fte


def _rows(staffing_unit: str, facts: Iterable[_Fact], numbers: _Numbers) -> list[Staffing]:
    # At each instant by how much the stock differs from each day on from what was known before.
    differences: defaultdict[datetime, defaultdict[date, _Stock]] = defaultdict(lambda: defaultdict(lambda: _NOTHING))
    for fact, amounts in facts:
        valid_from, valid_to, known_from, known_to = fact[-4:]
        for instant, begins, ends in ((known_from, valid_from, valid_to), (known_to, valid_to, valid_from)):
            if instant < STILL_KNOWN:
                at_instant = differences[instant]
                at_instant[begins] = _sum(at_instant[begins], amounts)
                at_instant[ends] = _less(at_instant[ends], amounts)
    timelines: Timelines[_Stock] = Timelines()
    for instant in sorted(differences):
        _add(timelines, staffing_unit, differences[instant], instant)
    return [_row(*stretch, numbers) for stretch in timelines.stretches() if any(stretch[-1][1:])]


def _add(timelines: Timelines[_Stock], staffing_unit: str, by_day: dict[date, _Stock], instant: datetime) -> None:
    """Add to the stock of a unit from each of these days on, as known from an instant on."""
    more = _NOTHING
    changed: list[Piece[_Stock]] = []
    days = sorted(day for day, amounts in by_day.items() if amounts != _NOTHING and day < FOREVER)
    for since, until in pairwise([*days, FOREVER]):
        more = _sum(more, by_day[since])
        if more != _NOTHING:
            for begins, ends, stock in timelines.pieces(staffing_unit, since, until):
                now = _sum(stock or _NOTHING, more)
                changed.append((begins, ends, None if now == _NOTHING else now))
        elif changed:
            timelines.replace(staffing_unit, changed, instant)
            changed = []
    if changed:
        timelines.replace(staffing_unit, changed, instant)


def _sum(one: _Stock, other: _Stock) -> _Stock:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3], one[4] + other[4]


def _less(one: _Stock, other: _Stock) -> _Stock:
    return one[0] - other[0], one[1] - other[1], one[2] - other[2], one[3] - other[3], one[4] - other[4]


def _row(
    staffing_unit: str,
    valid_from: date,
    known_from: datetime,
    valid_to: date,
    known_to: datetime,
    stock: _Stock,
    numbers: _Numbers,
) -> Staffing:
    dimensions, establishment, in_post, covering_vacancy, other_agency = stock
    vacant = establishment - in_post
    vacancies = max(0, vacant)
    return Staffing(
        staffing_unit,
        numbers.dimensions[dimensions],
        establishment,
        in_post,
        vacancies,
        max(0, -vacant),
        covering_vacancy + other_agency,
        covering_vacancy,
        max(0, vacancies - covering_vacancy),
        valid_from,
        valid_to,
        known_from,
        known_to,
    )
