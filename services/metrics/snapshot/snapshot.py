"""One authority's snapshot. Each part is worked out when it is first asked for.

Invariant: everything in it follows from the events given, which are the known ones. Nothing asks a clock or a
database.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar

from contracts.effects import action_of
from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.events.hiring import WorkerMerged, WorkerMoved
from contracts.in_force import events_in_force
from contracts.occupying import EFFECTS as WORKER_EFFECTS
from contracts.occupying import posts_held
from contracts.persons import persons
from services.metrics.snapshot.amounts import millionths
from services.metrics.snapshot.assignments import Running, held_over_time, running
from services.metrics.snapshot.employment import (
    EmploymentPeriod,
    Move,
    PostDimensions,
    Scope,
    Spell,
    dimensions_of_rows,
    employment_on,
    employment_periods,
    moves,
    spells,
)
from services.metrics.snapshot.grouped import Grouped, OfSubject, by_subject, changed_between
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
"""Rows of a snapshot are always known, because it is of one instant."""


def known(events: Iterable[Event], as_known_at: datetime, as_accepted_at: datetime | None = None) -> list[Event]:
    """The events recorded by one instant and, if a second is given, accepted by that one."""
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
        """`before` is another snapshot of the authority: what is the same in both is not worked out again."""
        self.events: tuple[Event, ...] = tuple(events)
        """Every event known, in force or not, as given: in any order, some perhaps twice."""
        self._made: Made = Made(None if before is None else before._made)
        self._of_subject: OfSubject = (
            by_subject(self.events, before.events, before._of_subject) if before else by_subject(self.events)
        )
        # Events refer to others of their own subject only.
        self._in_force_of: dict[str, list[Event]] = self._made.each(
            "in force", self._of_subject, lambda _, events: events_in_force(events)
        )
        # All that follows is made in this order, so that not even the order of rows alike hangs on that of the events.
        self._grouped: Grouped = (
            Grouped.of(self._in_force_of)
            if before is None
            else before._grouped.after(changed_between(before._in_force_of, self._in_force_of))
        )
        self.in_force: Sequence[Event] = self._grouped.in_order
        """Every event in force, in the order of recording."""
        self._kept: dict[Hashable, Any] = {}
        merges = self.facts(WorkerMerged)
        self._persons = persons((event.identifier, data.duplicate) for event, data in merges)

    def kept(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """The result of `make`, worked out once for each key."""
        if key not in self._kept:
            self._kept[key] = make()
        made: Kept = self._kept[key]
        return made

    def facts(self, model: type[Data]) -> list[tuple[Event, Data]]:
        """The events in force of one kind with their data, in the order of recording."""

        def make() -> list[tuple[Event, Data]]:
            of_type = self._grouped.of_type.get(model, ())
            return [(event, event.data) for event in of_type if isinstance(event.data, model)]

        return self.kept(("facts", model), make)

    def person(self, number: str) -> str:
        """The number that stands for the person who has this number."""
        return self._persons.get(number, number)

    def person_of(self, event: Event) -> str:
        """The person whom an event of a `worker/…` is about."""
        return self.person(event.identifier)

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
        """The events in force of each person, whatever number they came under."""
        by_person: dict[str, Sequence[Event]] = {}
        for number, events in self._of_kind("worker").items():
            person = self.person(number)
            # The same list where there is one number: the next snapshot finds at once that nothing changed.
            by_person[person] = [*by_person[person], *events] if person in by_person else events
        return by_person

    def _of_kind(self, kind: str) -> Mapping[str, list[Event]]:
        return self._by_kind.get(kind, {})

    @cached_property
    def _by_kind(self) -> Mapping[str, Mapping[str, list[Event]]]:
        """The events in force by kind of subject, then by identifier."""
        by_kind: defaultdict[str, dict[str, list[Event]]] = defaultdict(dict)
        for subject, events in self._grouped.of_subject.items():
            kind, _, identifier = subject.partition("/")
            by_kind[kind][identifier] = events
        return by_kind

    @cached_property
    def posts(self) -> Mapping[str, Sequence[Post]]:
        """The facts of each post over time."""
        return self._made.each("posts", self._of_kind("post"), _facts_over_time)

    @cached_property
    def post_dimensions(self) -> PostDimensions:
        """The dimensions of each post over time."""
        return self._made.each("post dimensions", self.posts, lambda _, rows: dimensions_of_rows(rows))

    @cached_property
    def occupancies(self) -> Mapping[str, Sequence[Occupancy]]:
        """The posts each person holds over time."""
        return _not_empty(self._made.each("occupancies", self.of_persons, _held_over_time))

    @cached_property
    def occupied(self) -> Mapping[str, Sequence[Occupancy]]:
        """The same by post: who holds it over time."""
        occupied: defaultdict[str, list[Occupancy]] = defaultdict(list)
        for of_person in self.occupancies.values():
            for occupancy in of_person:
                occupied[occupancy.post].append(occupancy)
        return dict(occupied)

    @cached_property
    def _covers(self) -> Mapping[str, Sequence[tuple[date, date, Assignment]]]:
        return self._made.each("covers", self._of_kind("cover"), lambda _, events: held_over_time(events))

    @cached_property
    def assignments(self) -> Mapping[str, Sequence[Running]]:
        """Each agency assignment over the days on which it runs."""
        of_each = {
            cover: (events, self._covers[cover], self._dimensions_of(held.post for _, _, held in self._covers[cover]))
            for cover, events in self._of_kind("cover").items()
        }
        return _not_empty(self._made.each("assignments", of_each, lambda cover, facts: running(cover, *facts)))

    @cached_property
    def covered(self) -> Mapping[str, Sequence[Cover]]:
        """The assignments of each staffing unit over time."""
        covered: defaultdict[str, list[Cover]] = defaultdict(list)
        for rows in self._made.each("cover rows", self._covers, _rows_of_cover).values():
            for row in rows:
                covered[f"cover/{row.cover}" if row.post is None else f"post/{row.post}"].append(row)
        return dict(covered)

    def _dimensions_of(self, posts: Iterable[str | None]) -> PostDimensions:
        """The dimensions of only these posts over time."""
        return {post: self.post_dimensions[post] for post in posts if post is not None and post in self.post_dimensions}

    def events_of_cover(self, cover: str) -> Sequence[Event]:
        """The events in force of one agency assignment."""
        return self.of_subject(f"cover/{cover}")

    def of_subject(self, subject: str) -> Sequence[Event]:
        """The events in force of one subject, such as `post/P-1`; none for an unknown subject."""
        return self._grouped.of_subject.get(subject, ())

    @cached_property
    def staffing(self) -> Mapping[str, Sequence[Staffing]]:
        """The staffing of each unit over time."""
        alone = {unit: rows for unit, rows in self.covered.items() if rows[0].post is None}
        covered = {rows[0].post for rows in self.covered.values() if rows[0].post is not None}
        of_posts = {
            f"post/{post}": (
                self.posts.get(post, ()),
                self.occupied.get(post, ()),
                self.covered.get(f"post/{post}", ()),
            )
            for post in self.posts.keys() | self.occupied.keys() | covered
        }
        of_covers = self._made.each("staffing of covers", alone, _staffing_of_cover)
        by_unit = of_covers | self._made.each("staffing", of_posts, _staffing_over_time)
        return _not_empty(dict(sorted(by_unit.items())))

    def of_each_unit(self, what: Hashable, make: Callable[[str, Sequence[Staffing]], list[Kept]]) -> list[Kept]:
        """What is made of the staffing of each unit, in the order of the units."""
        return list(chain.from_iterable(self._made.each(what, self.staffing, make).values()))

    def employment(self, scope: Scope) -> Mapping[str, Sequence[EmploymentPeriod]]:
        """Each person's employment periods, with their main post."""
        return self.kept(
            ("employment", scope),
            lambda: _not_empty(
                self._made.each(
                    ("employment", scope),
                    {person: (held, self._dimensions_held(person)) for person, held in self.occupancies.items()},
                    lambda person, facts: employment_periods(person, facts[0], facts[1], scope),
                )
            ),
        )

    def _dimensions_held(self, person: str) -> PostDimensions:
        return self._dimensions_of(occupancy.post for occupancy in self.occupancies.get(person, ()))

    def employment_on(self, person: str, day: date, scope: Scope) -> EmploymentPeriod | None:
        """A person's service on one day; None if not in service."""
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
                {
                    person: (served, in_any_post[person], self.of_persons[person])
                    for person, served in self.employment(scope).items()
                },
                lambda person, facts: spells(person, *facts),
            ),
        )

    @cached_property
    def moves(self) -> Sequence[Move]:
        """Every move that took effect."""
        movers = {self.person_of(event) for event, _ in self.facts(WorkerMoved)}
        in_any_post = self.employment(Scope.ALL)
        of_each = {
            person: (
                self.occupancies.get(person, ()),
                in_any_post.get(person, ()),
                self._dimensions_held(person),
                self.of_persons[person],
            )
            for person in sorted(movers)
        }
        of_movers = self._made.each("moves", of_each, lambda person, facts: moves(person, *facts))
        return [move for of_person in of_movers.values() for move in of_person]

    @cached_property
    def tranches(self) -> Sequence[VacancyTranche]:
        """Every vacancy of a post, in tranches."""
        of_each = {
            staffing_unit: rows for staffing_unit, rows in self.staffing.items() if staffing_unit.startswith("post/")
        }
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


def _rows_of_cover(cover: str, held: Sequence[tuple[date, date, Assignment]]) -> list[Cover]:
    return [Cover(cover, *assignment, since, until, ALWAYS_KNOWN, STILL_KNOWN) for since, until, assignment in held]


def _staffing_of_cover(_: str, covered: Sequence[Cover]) -> list[Staffing]:
    return sorted(unposted_cover_staffing(covered), key=attrgetter("valid_from"))


def _staffing_over_time(
    staffing_unit: str, facts: tuple[Sequence[Post], Sequence[Occupancy], Sequence[Cover]]
) -> list[Staffing]:
    posts, occupied, covered = facts
    return sorted(staffing(staffing_unit, posts, occupied, covered), key=attrgetter("valid_from"))


def _not_empty(items_of_each: Mapping[str, list[Kept]]) -> dict[str, list[Kept]]:
    return {whose: items for whose, items in items_of_each.items() if items}
