"""Who and what stands at one place: a post's funding, those in post and those who cover it, put together.

Invariant: rows are a pure function of the facts given: at every date as known at every instant the amounts are the sums
over the facts that hold there, and no two adjacent rows could be one.

Definitions (CSWW; vacancies never below 0 per post, posts covered by agency stay vacant), all in FTE:
vacancies = establishment - in post, over-establishment = in post - establishment, uncovered = vacancies - agency cover,
each at least 0. Agency cover is not capped at the vacancy: there can be more of it than vacancies.
"""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, datetime
from operator import itemgetter

from contracts.codes import CoverReason
from services.metrics.timelines.knowledge import Timelines
from services.metrics.timelines.rows import FOREVER, STILL_KNOWN, Cover, Dimensions, Occupancy, Post, Staffing

_UNKNOWN = Dimensions()
_without_dimensions = itemgetter(slice(0, 5))

# The amounts of a stock, in this order after its dimensions.
_ESTABLISHMENT, _IN_POST, _COVERING_VACANCY, _OTHER_AGENCY = range(4)
_Stock = tuple[Dimensions, int, int, int, int]
_NOTHING: _Stock = (_UNKNOWN, 0, 0, 0, 0)


# No NamedTuple: a rebuild makes millions of them, and a tuple costs a fifth.
_Edge = tuple[date, bool, int, int, datetime, datetime, Dimensions | None]
"""What changes on a day, as known in one stretch: day, whether something begins, which amount, by how much, known from,
known to, and the dimensions from then on where they are given."""


def staffing(
    place: str, posts: Iterable[Post], occupancies: Iterable[Occupancy], covers: Iterable[Cover]
) -> list[Staffing]:
    """The staffing of one post, whose subject is `place`, from its facts, its occupancies and the covers of it alone.

    While nobody has established the post, its dimensions are None and its establishment 0.
    Rows in which every amount is 0 are left out.
    """
    edges: list[_Edge] = []
    for post in posts:
        facts = post.facts
        dimensions = Dimensions(facts.role, facts.team, facts.service_area, facts.grade, facts.csww_role)
        edges += _edges(post, _ESTABLISHMENT, facts.funded, dimensions)
    for occupancy in occupancies:
        edges += _edges(occupancy, _IN_POST, occupancy.fte)
    for cover in covers:
        edges += _edges(cover, _agency(cover), cover.fte)
    return _rows(place, edges)


def unposted_cover_staffing(covers: Iterable[Cover]) -> list[Staffing]:
    """The staffing by agency assignments that cover no post: one place, `cover/<id>`, for each. Others are ignored."""
    edges: dict[str, list[_Edge]] = {}
    for cover in covers:
        if cover.post is None:
            dimensions = Dimensions(cover.role, cover.team, cover.service_area, None, cover.csww_role)
            edges.setdefault(f"cover/{cover.cover}", []).extend(_edges(cover, _agency(cover), cover.fte, dimensions))
    return [row for place in sorted(edges) for row in _rows(place, edges[place])]


def _agency(cover: Cover) -> int:
    return _COVERING_VACANCY if cover.reason is CoverReason.VACANCY else _OTHER_AGENCY


def _edges(row: Post | Occupancy | Cover, amount: int, fte: int, dimensions: Dimensions | None = None) -> list[_Edge]:
    valid_from, valid_to, known_from, known_to = row[-4:]
    begin = (valid_from, True, amount, fte, known_from, known_to, dimensions)
    if valid_to == FOREVER:
        return [begin]
    return [begin, (valid_to, False, amount, -fte, known_from, known_to, dimensions and _UNKNOWN)]


def _rows(place: str, edges: list[_Edge]) -> list[Staffing]:
    edges = _joined(edges)
    first_changes: dict[datetime, date] = {}
    for day, _, _, _, known_from, known_to, _ in edges:
        # By day: what stands there already is no later.
        first_changes.setdefault(known_from, day)
        first_changes.setdefault(known_to, day)
    first_changes.pop(STILL_KNOWN, None)
    timelines: Timelines[_Stock] = Timelines()
    for instant, first in sorted(first_changes.items()):
        stock = timelines.held_before(first).get(place, _NOTHING)
        again = edges[bisect_left(edges, (first,)) :]
        timelines.replace_from(first, {place: _stocks(stock, again, instant)}, instant)
    return [_row(*stretch) for stretch in timelines.stretches() if any(stretch[-1][1:])]


def _joined(edges: list[_Edge]) -> list[_Edge]:
    """The edges by day, of one day old dimensions before new ones, with those joined that go on as known.

    When the end of an occupancy becomes known, say, its beginning stays as it was, and need not be added up again.
    """
    edges.sort(key=_without_dimensions)
    joined = edges[:1]
    for edge in edges[1:]:
        last = joined[-1]
        if last[5] == edge[4] and last[:4] == edge[:4] and last[6] == edge[6]:
            joined[-1] = (*edge[:4], last[4], edge[5], edge[6])
        else:
            joined.append(edge)
    return joined


def _stocks(stock: _Stock, edges: list[_Edge], instant: datetime) -> dict[date, _Stock | None]:
    """The stock from each date on, as known at an instant, that these edges make of the one before them."""
    stocks: dict[date, _Stock | None] = {}
    dimensions, *amounts = stock
    for day, _, amount, fte, known_from, known_to, dimensions_from_now in edges:
        if known_from <= instant < known_to:
            amounts[amount] += fte
            if dimensions_from_now is not None:
                dimensions = dimensions_from_now
            stocks[day] = (dimensions, amounts[0], amounts[1], amounts[2], amounts[3])
    return stocks


def _row(
    place: str, valid_from: date, known_from: datetime, valid_to: date, known_to: datetime, stock: _Stock
) -> Staffing:
    dimensions, establishment, in_post, covering_vacancy, other_agency = stock
    vacant = establishment - in_post
    vacancies = max(0, vacant)
    return Staffing(
        place,
        *dimensions,
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
