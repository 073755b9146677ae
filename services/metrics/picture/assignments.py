"""Agency assignments: who covers what at which FTE and rate, broken down by what the covered post is.

Invariant: of one assignment no two stretches share a day; on days on which it does not run it has none.
Definition: docs/definitions.md, 'Posts and occupancies'.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from contracts.codes import CoverOutcome, CoverReason
from contracts.effects import action_of
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from services.metrics.picture.amounts import millionths
from services.metrics.picture.service import dimensions_of
from services.metrics.timelines.covers import EFFECTS, ONLY, Assignment, assignments_held
from services.metrics.timelines.knowledge import stretches
from services.metrics.timelines.rows import FOREVER, Dimensions, Post


class Terms(NamedTuple):
    """What the agency is paid by the hour, in millionths of a pound, and who it is."""

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
    place: Dimensions
    since: date
    until: date


def held_over_time(events: Sequence[Event]) -> list[tuple[date, date, Assignment]]:
    """What one assignment is over time (from, to, facts), from its events that stand; none while its FTE is 0."""
    actions = sorted(action_of(event, EFFECTS) for event in events if event.envelope.type in EFFECTS)
    steps = assignments_held({}, actions, []).get(ONLY, {})
    return [stretch for stretch in stretches(date.min, None, steps) if stretch[2].fte]


def running(cover: str, events: Sequence[Event], posts: Mapping[str, Sequence[Post]]) -> list[Running]:
    """The stretches of one assignment, ascending, from its events that stand."""
    actions = sorted(action_of(event, EFFECTS) for event in events if event.envelope.type in EFFECTS)
    terms: dict[date, Terms | None] = {}
    now = Terms()
    for day, *_, data in actions:
        if isinstance(data, CoverStarted):
            now = Terms(None if data.hourly_rate is None else millionths(data.hourly_rate), data.agency)
        elif isinstance(data, CoverChanged) and data.hourly_rate is not None:
            now = now._replace(hourly_rate=millionths(data.hourly_rate))
        terms[day] = now
    agreed = stretches(date.min, None, terms)
    found: list[Running] = []
    for since, until, assignment in held_over_time(events):
        found += _pieces(cover, assignment, since, until, agreed, posts)
    return found


def _pieces(
    cover: str,
    assignment: Assignment,
    since: date,
    until: date,
    agreed: Sequence[tuple[date, date, Terms]],
    posts: Mapping[str, Sequence[Post]],
) -> list[Running]:
    """One assignment's stretch, cut where its terms or the facts of its post change."""
    of_post = () if assignment.post is None else posts.get(assignment.post, ())
    cuts = {day for post in of_post for day in (post.valid_from, post.valid_to)} | {day for day, *_ in agreed}
    days = sorted({since, until} | {day for day in cuts if since < day < until})
    own = Dimensions(assignment.role, assignment.team, assignment.service_area, None, assignment.csww_role)
    pieces: list[Running] = []
    for begins, ends in pairwise(days):
        terms = next((terms for first, last, terms in agreed if first <= begins < last), Terms())
        place = own if assignment.post is None else dimensions_of(of_post, begins)
        piece = Running(
            cover,
            assignment.agency_worker,
            assignment.post,
            assignment.fte,
            assignment.reason,
            terms,
            place,
            begins,
            ends,
        )
        if pieces and pieces[-1][:-2] == piece[:-2]:
            piece = piece._replace(since=pieces.pop().since)
        pieces.append(piece)
    return pieces


def conversions(events: Sequence[Event], runs: Sequence[Running]) -> list[tuple[date, Running]]:
    """The days on which one assignment stopped running because its worker was employed, with how it ran before."""
    converted = {
        event.data.ended_on
        for event in events
        if isinstance(event.data, CoverEnded) and event.data.outcome is CoverOutcome.CONVERTED_TO_PERMANENT
    }
    stopped = {piece.until: piece for piece in runs if piece.until < FOREVER}
    for piece in runs:
        stopped.pop(piece.since, None)
    return [(day, piece) for day, piece in sorted(stopped.items()) if day in converted]
