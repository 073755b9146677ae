"""How a finding moves the stocks as at a date: the FTE in question, and what the figures would be without some events.

Invariant: the difference is exact. It equals that of two snapshots of all events, although only events that can make
a difference are used.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import NamedTuple

from contracts.envelope import Event, identifier_of
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
"""The types of events that decide posts, occupancies and cover. No other type moves a stock."""


MOST_AROUND = 1_000
"""The effect of a finding is worked out if at most so many events in force are around it. Two snapshots of so many
take a tenth of a second, and a page has a hundred findings."""


class Effect(NamedTuple):
    """What a finding is to the figures as at a date.

    `affected` is the FTE in question, in millionths. `without` are the events that were left out. `moves` says by
    how much stocks would then differ, in millionths. It is None if it is not clear which events to leave out, or if
    there are too many events around the finding (`MOST_AROUND`).
    """

    affected: int
    without: tuple[Event, ...]
    moves: Mapping[str, int] | None


def effect(snapshot: Snapshot, finding: Finding, as_at: date) -> Effect:
    """The effect of one finding on the stocks as at a date."""
    left_out = tuple(event.identity for event in finding.withdrawn)
    moves = snapshot.kept(
        ("quality: effect", finding.check, left_out, as_at),
        lambda: difference_without(snapshot, finding.withdrawn, as_at) if left_out else None,
    )
    return Effect(finding.affected_on(as_at), finding.withdrawn, moves)


def difference_without(snapshot: Snapshot, events: Sequence[Event], as_at: date) -> dict[str, int] | None:
    """By how much stocks as at a date would differ without some events in force; only stocks that differ. None if
    there are more than `MOST_AROUND` events around them.
    """
    left_out = {event.identity for event in events}
    affected = [event for event in events if event.envelope.type in MOVE_STOCKS]
    if not affected:
        return {}
    around = _around(snapshot, affected)
    if around is None:
        return None
    present = _stocks(Snapshot(around), as_at)
    without = _stocks(Snapshot(event for event in around if event.identity not in left_out), as_at)
    return {name: without[name] - present[name] for name in present if without[name] != present[name]}


def _stocks(snapshot: Snapshot, as_at: date) -> dict[str, int]:
    when = When(as_at, as_at, as_at)
    return {stock.name: sum(part.amount for part in stock.parts(snapshot, Scope.ALL, when)) for stock in STOCKS}


def _around(snapshot: Snapshot, events: Iterable[Event]) -> list[Event] | None:
    """The events in force that can make a difference between a snapshot with these events and one without.

    These are all events
    - of the persons, posts and assignments affected;
    - of every post that these name, and of the workers who hold or cover one of those posts;
    - of the posts that these name in turn. (Their facts matter, but not their other occupants.) None where there are
      too many.
    """
    affected = {_subject(snapshot, event) for event in events}
    posts = {identifier_of(subject) for subject in affected if subject.startswith("post/")}
    if _are_too_many(snapshot, affected):
        return None
    posts |= _posts_named(snapshot, affected)
    everybody = set(affected)
    for post in posts:
        everybody.update(use.subject for use in islice(uses(snapshot).get(post, ()), MOST_AROUND + 1))
        if _are_too_many(snapshot, everybody):
            return None
    posts |= _posts_named(snapshot, everybody)
    subjects = everybody | {f"post/{post}" for post in posts}
    if _are_too_many(snapshot, subjects):
        return None
    events_of_all = (event for subject in sorted(subjects) for event in _events_of(snapshot, subject))
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
