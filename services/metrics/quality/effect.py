"""How a finding moves the stocks as at a date: the FTE in question, and what the figures would be without some events.

Invariant: the difference is exact: it is that of two snapshots of all events, though only those are built again that
can tell the two apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import NamedTuple

from contracts.envelope import Event
from contracts.events.hiring import WorkerMerged
from contracts.occupying import EFFECTS as WORKER_EFFECTS
from services.metrics.measures.catalogue import count
from services.metrics.measures.declaration import Count, When
from services.metrics.quality.declaration import Finding
from services.metrics.quality.uses import uses
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.covers import EFFECTS as COVER_EFFECTS
from services.metrics.timelines.posts import EFFECTS as POST_EFFECTS

STOCKS: tuple[Count, ...] = tuple(
    count(name)
    for name in (
        "establishment",
        "in-post",
        "vacancies",
        "over-establishment",
        "agency",
        "agency-cover",
        "uncovered-vacancies",
        "in-post-headcount",
        "agency-headcount",
        "agency-cover-headcount",
    )
)
"""The stocks of which differences are told, in scope all."""

MOVE_STOCKS = frozenset({*WORKER_EFFECTS, *POST_EFFECTS, *COVER_EFFECTS, WorkerMerged.event_type})
"""The types of events that say who and what stands where: no other moves a stock."""


MOST_AROUND = 1_000
"""Standing events around a finding up to which its effect is worked out: two snapshots of so many take a tenth of a
second, and there are a hundred findings to a page."""


class Effect(NamedTuple):
    """What a finding is to the figures as at a date.

    `concerned` is the FTE in question, in millionths. `without` are the events that were left out, and `moves` by how
    much each stock that differs would then differ, in millionths; None where it is not plain which to leave out, or
    where so much stands around the finding (`MOST_AROUND`) that it is not worked out.
    """

    concerned: int
    without: tuple[Event, ...]
    moves: Mapping[str, int] | None


def effect(snapshot: Snapshot, finding: Finding, as_at: date) -> Effect:
    """The effect of one finding on the stocks as at a date."""
    left_out = tuple(event.identity for event in finding.withdrawn)
    moves = snapshot.kept(
        ("quality: effect", finding.check, left_out, as_at),
        lambda: difference_without(snapshot, finding.withdrawn, as_at) if left_out else None,
    )
    return Effect(finding.concerned_on(as_at), finding.withdrawn, moves)


def difference_without(snapshot: Snapshot, events: Sequence[Event], as_at: date) -> dict[str, int] | None:
    """By how much each stock as at a date would differ without some standing events; those that differ only. None where
    more than `MOST_AROUND` events stand around them.
    """
    left_out = {event.identity for event in events}
    concerned = [event for event in events if event.envelope.type in MOVE_STOCKS]
    if not concerned:
        return {}
    around = _around(snapshot, concerned)
    if around is None:
        return None
    present = _stocks(Snapshot(around), as_at)
    without = _stocks(Snapshot(event for event in around if event.identity not in left_out), as_at)
    return {name: without[name] - present[name] for name in present if without[name] != present[name]}


def _stocks(snapshot: Snapshot, as_at: date) -> dict[str, int]:
    when = When(as_at, as_at, as_at)
    return {stock.name: sum(part.amount for part in stock.parts(snapshot, Scope.ALL, when)) for stock in STOCKS}


def _around(snapshot: Snapshot, events: Iterable[Event]) -> list[Event] | None:
    """The standing events that can tell a snapshot with these events from one without.

    These are all events of the persons, posts and assignments concerned, of every post these name, of whoever stands
    on one of those, and of the posts these name in turn (whose facts, but not whose other occupants, matter). None
    where there are too many.
    """
    concerned = {_subject(snapshot, event) for event in events}
    posts = {subject.partition("/")[2] for subject in concerned if subject.startswith("post/")}
    if _are_too_many(snapshot, concerned):
        return None
    posts |= _posts_named(snapshot, concerned)
    everybody = set(concerned)
    for post in posts:
        everybody.update(use.subject for use in islice(uses(snapshot).get(post, ()), MOST_AROUND + 1))
        if _are_too_many(snapshot, everybody):
            return None
    posts |= _posts_named(snapshot, everybody)
    wanted = everybody | {f"post/{post}" for post in posts}
    if _are_too_many(snapshot, wanted):
        return None
    events_of_all = (event for subject in sorted(wanted) for event in _events_of(snapshot, subject))
    return [event for event in events_of_all if event.envelope.type in MOVE_STOCKS]


def _are_too_many(snapshot: Snapshot, subjects: Iterable[str]) -> bool:
    return sum(len(_events_of(snapshot, subject)) for subject in subjects) > MOST_AROUND


def _subject(snapshot: Snapshot, event: Event) -> str:
    subject = event.envelope.subject
    return f"worker/{snapshot.person_of(event)}" if subject.startswith("worker/") else subject


def _events_of(snapshot: Snapshot, subject: str) -> Sequence[Event]:
    kind, _, number = subject.partition("/")
    return snapshot.of_persons.get(number, ()) if kind == "worker" else snapshot.of_subject(subject)


def _posts_named(snapshot: Snapshot, subjects: Iterable[str]) -> set[str]:
    named = (
        getattr(event.data, field, None)
        for subject in subjects
        for event in _events_of(snapshot, subject)
        for field in ("post", "from_post", "to_post")
    )
    return {post for post in named if isinstance(post, str)}
