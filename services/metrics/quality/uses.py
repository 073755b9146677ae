"""Who holds or covers each post and when, and the events that say so. The checks of posts and of cover share this.

Invariant: results about a post are in the order of days, and no more than a finding names.
"""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from heapq import heappop, heappush
from operator import attrgetter
from typing import NamedTuple

from contracts.codes import CoverReason
from contracts.effects import day_of_effect
from contracts.envelope import Event
from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from contracts.in_force import order_of_recording
from services.metrics.quality.declaration import (
    MOST_NAMED,
    Affected,
    in_order,
    nearest,
)
from services.metrics.snapshot.snapshot import Snapshot
from services.metrics.timelines.rows import Staffing


class Use(NamedTuple):
    """Somebody (`worker/…` or `cover/…`) who holds or covers a post over a stretch of days. `fte` in millionths.

    `covers_vacancy` says that it is an assignment with reason vacancy.
    """

    subject: str
    post: str
    since: date
    until: date
    fte: int
    covers_vacancy: bool = False


def uses(snapshot: Snapshot) -> Mapping[str, Sequence[Use]]:
    """For each post, its workers and assignments, one after another, each in the order of their dates."""
    return snapshot.kept("quality: uses", lambda: _uses(snapshot))


def _uses(snapshot: Snapshot) -> dict[str, list[Use]]:
    by_post: defaultdict[str, list[Use]] = defaultdict(list)
    for person, held in snapshot.occupancies.items():
        for row in held:
            use = Use(f"worker/{person}", row.post, row.valid_from, row.valid_to, row.fte)
            by_post[row.post].append(use)
    for cover, runs_of_it in snapshot.assignments.items():
        for run in runs_of_it:
            if run.post is not None:
                for_vacancy = run.reason is CoverReason.VACANCY
                by_post[run.post].append(Use(f"cover/{cover}", run.post, run.since, run.until, run.fte, for_vacancy))
    return {post: sorted(by_post[post]) for post in sorted(by_post)}


class Ordered(NamedTuple):
    """Events in the order in which they take effect, with their days."""

    days: Sequence[date]
    events: Sequence[Event]

    def before(self, until: date) -> Sequence[Event]:
        """Those that take effect before a day; of many the last."""
        return nearest(self.events[: bisect_left(self.days, until)], len(self.events))

    def around(self, day: date) -> Sequence[Event]:
        """Those that take effect around a day; of few all."""
        return nearest(self.events, bisect_left(self.days, day))


_NONE = Ordered((), ())


def in_order_of_days(dated: Iterable[tuple[date, Event]]) -> Ordered:
    ordered = sorted(dated, key=lambda item: (item[0], order_of_recording(item[1])))
    return Ordered([day for day, _ in ordered], [event for _, event in ordered])


def naming(snapshot: Snapshot, subject: str, post: str) -> Ordered:
    """The events in force of a person or an assignment that name a post, in the order in which they take effect."""

    def make() -> dict[tuple[str, str], Ordered]:
        by_name: defaultdict[tuple[str, str], list[tuple[date, Event]]] = defaultdict(list)
        for event in snapshot.in_force:
            name, data = event.envelope.subject, event.data
            if name.startswith("worker/"):
                name = f"worker/{snapshot.person_of(event)}"
            for named in {getattr(data, field, None) for field in ("post", "to_post")}:
                if named is not None:
                    by_name[name, named].append((day_of_effect(event), event))
        return {key: in_order_of_days(events) for key, events in by_name.items()}

    return snapshot.kept("quality: naming", make).get((subject, post), _NONE)


def about_post(snapshot: Snapshot, post: str) -> Ordered:
    """The events in force of a post."""

    def make() -> Ordered:
        kinds = PostEstablished | PostChanged | PostClosed
        events = [event for event in snapshot.of_subject(f"post/{post}") if isinstance(event.data, kinds)]
        return in_order_of_days((day_of_effect(event), event) for event in events)

    return snapshot.kept(("quality: about post", post), make)


def events_behind(snapshot: Snapshot, post: str, subjects: Sequence[str], until: date) -> tuple[Event, ...]:
    """The events by which some subjects hold or cover a post, and those of the post, that take effect before a day."""
    each = max(4, 4 * MOST_NAMED // max(1, len(subjects)))
    named = [event for subject in subjects for event in naming(snapshot, subject, post).before(until)[-each:]]
    return in_order([*named, *about_post(snapshot, post).before(until)])


def standing_there(
    of_post: Sequence[Use], stretches: Iterable[list[Affected]]
) -> Iterable[tuple[list[Affected], list[str], list[str]]]:
    """Each of some stretches of days of a post, ascending, with the assignments for a vacancy and the workers on the
    post on one of these days. Both are in alphabetical order, and no more than a finding names.
    """
    coming = sorted((use for use in of_post), key=attrgetter("since"))
    going: list[tuple[date, str]] = []
    there: Counter[str] = Counter()
    named: tuple[list[str], list[str]] = ([], [])
    index = 0
    for run in stretches:
        since, until = run[0].since, run[-1].until
        while index < len(coming) and coming[index].since < until:
            use = coming[index]
            index += 1
            is_worker = use.subject.startswith("worker/")
            if is_worker or use.covers_vacancy:
                there[use.subject] += 1
                heappush(going, (use.until, use.subject))
                if there[use.subject] == 1:
                    insort(named[is_worker], use.subject)
        while going and going[0][0] <= since:
            subject = heappop(going)[1]
            there[subject] -= 1
            if not there[subject]:
                of_kind = named[subject.startswith("worker/")]
                del of_kind[bisect_left(of_kind, subject)]
        yield run, named[0][:MOST_NAMED], named[1][:MOST_NAMED]


def at_funded_posts(snapshot: Snapshot, amount: Callable[[Staffing], int]) -> Iterable[tuple[str, list[Affected]]]:
    """For each funded post, the amount in question over time, if there is one."""
    for staffing_unit, rows in snapshot.staffing.items():
        if staffing_unit.startswith("post/"):
            funded = [row for row in rows if row.establishment]
            yield (
                staffing_unit,
                [Affected(row.valid_from, row.valid_to, fte) for row in funded if (fte := amount(row))],
            )
