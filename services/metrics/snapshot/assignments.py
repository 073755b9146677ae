"""Agency assignments: who covers what, at which FTE and rate, with the dimensions of the covered post.

Invariant: no two stretches of one assignment share a day; on days on which it does not run it has none. Definition:
docs/definitions.md, 'Posts and occupancies'.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from contracts.codes import CoverOutcome, CoverReason
from contracts.effects import action_of
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from services.metrics.snapshot.amounts import millionths
from services.metrics.snapshot.employment import PostDimensions, dimensions_between
from services.metrics.timelines.covers import EFFECTS, Assignment, assignments_held
from services.metrics.timelines.dimensions import Dimensions
from services.metrics.timelines.knowledge import ONLY, stretches


class Terms(NamedTuple):
    """The agency, and what it is paid by the hour, in millionths of a pound."""

    hourly_rate: int | None = None
    agency: str | None = None


class Running(NamedTuple):
    """One assignment over a stretch on which it runs and nothing of it changes. `fte` in millionths."""

    cover: str
    agency_worker: str
    post: str | None
    fte: int
    reason: CoverReason
    terms: Terms
    dimensions: Dimensions
    since: date
    until: date


def held_over_time(events: Sequence[Event]) -> list[tuple[date, date, Assignment]]:
    """What one assignment is over time (from, to, facts), from its events in force; none while its FTE is 0."""
    actions = sorted(action_of(event, EFFECTS) for event in events if event.envelope.type in EFFECTS)
    steps = assignments_held({}, actions).get(ONLY, {})
    return [stretch for stretch in stretches(steps) if stretch[2].fte]


def running(
    cover: str, events: Sequence[Event], held: Sequence[tuple[date, date, Assignment]], post_dimensions: PostDimensions
) -> list[Running]:
    """The stretches of one assignment, ascending, from its events in force and what it is over time."""
    actions = sorted(action_of(event, EFFECTS) for event in events if event.envelope.type in EFFECTS)
    terms: dict[date, Terms | None] = {}
    now = Terms()
    for day, *_, data in actions:
        if isinstance(data, CoverStarted):
            now = Terms(None if data.hourly_rate is None else millionths(data.hourly_rate), data.agency)
        elif isinstance(data, CoverChanged) and data.hourly_rate is not None:
            now = now._replace(hourly_rate=millionths(data.hourly_rate))
        terms[day] = now
    agreed = stretches(terms)
    pieces: list[Running] = []
    for since, until, assignment in held:
        pieces += _pieces(cover, assignment, since, until, agreed, post_dimensions)
    return pieces


def _pieces(
    cover: str,
    assignment: Assignment,
    since: date,
    until: date,
    agreed: Sequence[tuple[date, date, Terms]],
    post_dimensions: PostDimensions,
) -> list[Running]:
    """One assignment's stretch, cut where its terms or the facts of its post change."""
    post = assignment.post
    over_time = (
        [(since, until, assignment.stated)] if post is None else dimensions_between(post_dimensions, post, since, until)
    )
    # An assignment runs from a start on, and from then on terms are agreed.
    first = bisect_right(agreed, since, key=itemgetter(0)) - 1
    pieces: list[Running] = []
    for begins, ends, dimensions in over_time:
        while first + 1 < len(agreed) and agreed[first + 1][0] <= begins:
            first += 1
        at = first
        while begins < ends:
            _, last, terms = agreed[at]
            cut = min(ends, last)
            pieces.append(
                Running(
                    cover,
                    assignment.agency_worker,
                    post,
                    assignment.fte,
                    assignment.reason,
                    terms,
                    dimensions,
                    begins,
                    cut,
                )
            )
            begins, at = cut, at + 1
    return pieces


def conversions(events: Sequence[Event], runs: Sequence[Running]) -> list[tuple[date, Running]]:
    """The days on which one assignment stopped running because its worker was employed, each with the stretch
    before.
    """
    converted = {
        event.data.ended_on
        for event in events
        if isinstance(event.data, CoverEnded) and event.data.outcome is CoverOutcome.CONVERTED_TO_PERMANENT
    }
    # On the day it is ended it does not run, whatever else is said of that day.
    return [(piece.until, piece) for piece in runs if piece.until in converted]
