"""One authority's snapshot, each part worked out when it is first asked for.

Invariant: everything in it follows from the events given, which are those known; nothing asks a clock or a database.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

from contracts.effects import action_of
from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.hiring import WorkerMerged, WorkerMoved
from contracts.occupying import EFFECTS as WORKER_EFFECTS
from contracts.occupying import posts_held
from contracts.persons import persons
from contracts.standing import order_of_recording, standing_events
from services.metrics.snapshot.amounts import millionths
from services.metrics.snapshot.assignments import Running, held_over_time, running
from services.metrics.snapshot.employment import (
    EmploymentPeriod,
    Move,
    PostDimensions,
    Scope,
    Spell,
    dimensions_of_posts,
    employment_on,
    employment_periods,
    moves,
    spells,
)
from services.metrics.snapshot.lazily import cached_property
from services.metrics.snapshot.made import Made
from services.metrics.snapshot.vacancies import VacancyTranche, tranches
from services.metrics.timelines.covers import Assignment
from services.metrics.timelines.knowledge import ONLY, stretches
from services.metrics.timelines.posts import EFFECTS as POST_EFFECTS
from services.metrics.timelines.posts import facts_of_post
from services.metrics.timelines.rows import STILL_KNOWN, Cover, Occupancy, Post, Staffing
from services.metrics.timelines.staffing import staffing, unposted_cover_staffing

Data = TypeVar("Data", bound=EventData)
Kept = TypeVar("Kept")

ALWAYS_KNOWN = datetime.min.replace(tzinfo=UTC)
"""Rows of a snapshot are known throughout: the snapshot is of one instant."""


def known(events: Iterable[Event], as_known_at: datetime, as_accepted_at: datetime | None = None) -> list[Event]:
    """The events recorded by one instant and, where a second is given, accepted by that one."""
    return [
        event
        for event in events
        if event.envelope.time <= as_known_at
        and (
            as_accepted_at is None
            or event.envelope.acceptedtime is None
            or event.envelope.acceptedtime <= as_accepted_at
        )
    ]


class Snapshot:
    """What the known events of one authority say. All FTE in millionths."""

    def __init__(self, events: Iterable[Event], before: "Snapshot | None" = None) -> None:
        """`before` is another snapshot of the authority: of what is the same in both nothing is worked out again."""
        self.events: Sequence[Event] = tuple(events)
        """Every event known, whether it stands or not, as given: in any order, some perhaps twice."""
        self._made: Made = Made(None if before is None else before._made)
        # All that follows is made in this order, so that not even the order of rows alike hangs on that of the events.
        self.standing: list[Event] = self._standing(before)
        """Every event that stands, in the order of recording."""
        self._kept: dict[Hashable, Any] = {}
        self._by_data: defaultdict[type, list[Event]] = defaultdict(list)
        self._by_subject: defaultdict[str, list[Event]] = defaultdict(list)
        for event in self.standing:
            self._by_data[type(event.data)].append(event)
            self._by_subject[event.envelope.subject].append(event)
        merges = self.facts(WorkerMerged)
        self._persons = persons((event.envelope.subject.partition("/")[2], data.duplicate) for event, data in merges)

    def _standing(self, before: "Snapshot | None") -> list[Event]:
        # Events refer to others of their own subject only.
        of_subject: defaultdict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            of_subject[event.envelope.subject].append(event)
        stand = self._made.each(
            "standing",
            ((subject, (events,)) for subject, events in of_subject.items()),
            lambda _, of: standing_events(of),
        )
        if before is None:
            return sorted((event for events in stand.values() for event in events), key=order_of_recording)
        was = before._by_subject
        changed = {subject for subject in stand.keys() | was.keys() if stand.get(subject, []) != was.get(subject, [])}
        standing = [event for event in before.standing if event.envelope.subject not in changed]
        for subject in changed:
            for event in stand.get(subject, ()):
                insort(standing, event, key=order_of_recording)
        return standing

    def kept(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """What `make` gives, worked out once for each key."""
        if key not in self._kept:
            self._kept[key] = make()
        made: Kept = self._kept[key]
        return made

    def facts(self, model: type[Data]) -> list[tuple[Event, Data]]:
        """The standing events of one kind with their data, in the order of recording."""

        def make() -> list[tuple[Event, Data]]:
            return [(event, event.data) for event in self._by_data[model] if isinstance(event.data, model)]

        return self.kept(("facts", model), make)

    def person(self, number: str) -> str:
        """By which number the person goes who has this one."""
        return self._persons.get(number, number)

    def person_of(self, event: Event) -> str:
        """The person whom an event of a `worker/…` is about."""
        return self.person(event.envelope.subject.partition("/")[2])

    def numbers(self, person: str) -> list[str]:
        """All numbers of a person, in alphabetical order."""
        return self._numbers.get(person, [person])

    @cached_property
    def _numbers(self) -> Mapping[str, list[str]]:
        by_person: defaultdict[str, list[str]] = defaultdict(list)
        for number, person in sorted(self._persons.items()):
            by_person[person].append(number)
        return by_person

    @cached_property
    def of_persons(self) -> Mapping[str, Sequence[Event]]:
        """The standing events of each person, whatever number they came under."""
        by_person: defaultdict[str, list[Event]] = defaultdict(list)
        for subject, events in self._by_subject.items():
            kind, _, number = subject.partition("/")
            if kind == "worker":
                by_person[self.person(number)] += events
        return by_person

    def _of_kind(self, kind: str) -> Iterable[tuple[str, list[Event]]]:
        for subject, events in self._by_subject.items():
            its_kind, _, identifier = subject.partition("/")
            if its_kind == kind:
                yield identifier, events

    @cached_property
    def posts(self) -> Mapping[str, Sequence[Post]]:
        """The facts of each post over time."""
        return self._made.each("posts", ((post, (events,)) for post, events in self._of_kind("post")), _facts_over_time)

    @cached_property
    def post_dimensions(self) -> PostDimensions:
        """By what each post is broken down over time."""
        return dimensions_of_posts(self.posts)

    @cached_property
    def occupancies(self) -> Mapping[str, Sequence[Occupancy]]:
        """The posts each person holds over time."""
        of_each = ((person, (events,)) for person, events in self.of_persons.items())
        return _not_empty(self._made.each("occupancies", of_each, _held_over_time))

    @cached_property
    def _covers(self) -> Mapping[str, Sequence[tuple[date, date, Assignment]]]:
        return self._made.each(
            "covers", ((cover, (events,)) for cover, events in self._of_kind("cover")), lambda _, of: held_over_time(of)
        )

    @cached_property
    def assignments(self) -> Mapping[str, Sequence[Running]]:
        """Each agency assignment over the days on which it runs."""
        of_each = (
            (cover, (events, self._covers[cover], self._dimensions_of(held.post for _, _, held in self._covers[cover])))
            for cover, events in self._of_kind("cover")
        )
        return _not_empty(self._made.each("assignments", of_each, running))

    def _dimensions_of(self, posts: Iterable[str | None]) -> PostDimensions:
        """By what these posts alone are broken down over time."""
        return {post: self.post_dimensions[post] for post in posts if post is not None and post in self.post_dimensions}

    def events_of_cover(self, cover: str) -> Sequence[Event]:
        """The standing events of one agency assignment."""
        return self.of_subject(f"cover/{cover}")

    def of_subject(self, subject: str) -> Sequence[Event]:
        """The standing events of one subject, as `post/P-1`; none of a subject that is not known."""
        return self._by_subject.get(subject, ())

    @cached_property
    def staffing(self) -> Mapping[str, Sequence[Staffing]]:
        """Who and what stands in each staffing unit over time."""
        covered: defaultdict[str, list[Cover]] = defaultdict(list)
        for cover, held in self._covers.items():
            for since, until, assignment in held:
                row = Cover(cover, *assignment, since, until, ALWAYS_KNOWN, STILL_KNOWN)
                covered["" if row.post is None else row.post].append(row)
        occupied: defaultdict[str, list[Occupancy]] = defaultdict(list)
        for of_person in self.occupancies.values():
            for occupancy in of_person:
                occupied[occupancy.post].append(occupancy)
        unposted = unposted_cover_staffing(covered.pop("", []))
        unposted.sort(key=attrgetter("staffing_unit", "valid_from"))
        by_unit = {staffing_unit: list(rows) for staffing_unit, rows in groupby(unposted, attrgetter("staffing_unit"))}
        of_each = (
            (f"post/{post}", (self.posts.get(post, ()), occupied[post], covered[post]))
            for post in self.posts.keys() | occupied.keys() | covered.keys()
        )
        by_unit |= _not_empty(self._made.each("staffing", of_each, _staffing_over_time))
        return dict(sorted(by_unit.items()))

    def employment(self, scope: Scope) -> Mapping[str, Sequence[EmploymentPeriod]]:
        """Each person's stretches of service, with their main post."""
        return self.kept(
            ("employment", scope),
            lambda: _not_empty(
                self._made.each(
                    ("employment", scope),
                    ((person, (held, self._dimensions_held(person))) for person, held in self.occupancies.items()),
                    lambda person, held, post_dimensions: employment_periods(person, held, post_dimensions, scope),
                )
            ),
        )

    def _dimensions_held(self, person: str) -> PostDimensions:
        return self._dimensions_of(occupancy.post for occupancy in self.occupancies.get(person, ()))

    def employment_on(self, person: str, day: date, scope: Scope) -> EmploymentPeriod | None:
        """A person's service on one day; None when not in service."""
        return employment_on(self.employment(scope).get(person, ()), day)

    def spells(self, scope: Scope) -> Sequence[Spell]:
        """Every person's spells, with how the person came and left."""
        return self.kept(
            ("spells", scope), lambda: [spell for spells in self._spells(scope).values() for spell in spells]
        )

    def spells_of(self, person: str, scope: Scope) -> Sequence[Spell]:
        """One person's spells, ascending."""
        return self._spells(scope).get(person, ())

    def _spells(self, scope: Scope) -> Mapping[str, Sequence[Spell]]:
        in_any_post = self.employment(Scope.ALL)
        return self.kept(
            ("spells by person", scope),
            lambda: self._made.each(
                ("spells", scope),
                (
                    (person, (served, in_any_post[person], self.of_persons[person]))
                    for person, served in self.employment(scope).items()
                ),
                spells,
            ),
        )

    @cached_property
    def moves(self) -> Sequence[Move]:
        """Every move that took effect."""
        movers = {self.person_of(event) for event, _ in self.facts(WorkerMoved)}
        in_any_post = self.employment(Scope.ALL)
        of_each = (
            (
                person,
                (
                    self.occupancies.get(person, ()),
                    in_any_post.get(person, ()),
                    self._dimensions_held(person),
                    self.of_persons[person],
                ),
            )
            for person in sorted(movers)
        )
        return [move for of_person in self._made.each("moves", of_each, moves).values() for move in of_person]

    @cached_property
    def tranches(self) -> Sequence[VacancyTranche]:
        """Every vacancy of a post, in tranches."""
        of_each = (
            (staffing_unit, (rows,))
            for staffing_unit, rows in self.staffing.items()
            if staffing_unit.startswith("post/")
        )
        of_posts = self._made.each("tranches", of_each, lambda _, rows: tranches(rows))
        return [tranche for of_post in of_posts.values() for tranche in of_post]


def _facts_over_time(post: str, events: Sequence[Event]) -> list[Post]:
    actions = sorted(action_of(event, POST_EFFECTS) for event in events)
    return [
        Post(post, facts, since, until, ALWAYS_KNOWN, STILL_KNOWN)
        for since, until, facts in stretches(facts_of_post({}, actions)[ONLY])
    ]


def _held_over_time(person: str, events: Sequence[Event]) -> list[Occupancy]:
    actions = sorted(action_of(event, WORKER_EFFECTS) for event in events if event.envelope.type in WORKER_EFFECTS)
    return [
        Occupancy(person, post, millionths(fte), since, until, ALWAYS_KNOWN, STILL_KNOWN)
        for post, steps in posts_held(actions).items()
        for since, until, fte in stretches(steps)
    ]


def _staffing_over_time(
    staffing_unit: str, posts: Sequence[Post], occupied: Sequence[Occupancy], covered: Sequence[Cover]
) -> list[Staffing]:
    return sorted(staffing(staffing_unit, posts, occupied, covered), key=attrgetter("valid_from"))


def _not_empty(items_of_each: Mapping[str, list[Kept]]) -> dict[str, list[Kept]]:
    return {whose: items for whose, items in items_of_each.items() if items}
