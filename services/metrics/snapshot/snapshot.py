"""One authority's snapshot, each part worked out when it is first asked for.

Invariant: everything in it follows from the events given, which are those known; nothing asks a clock or a database.
"""

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
from contracts.standing import standing_events
from services.metrics.snapshot.amounts import millionths
from services.metrics.snapshot.assignments import Running, held_over_time, running
from services.metrics.snapshot.employment import (
    EmploymentPeriod,
    Move,
    Places,
    Scope,
    Spell,
    employment_on,
    employment_periods,
    moves,
    places_of,
    spells,
)
from services.metrics.snapshot.lazily import cached_property
from services.metrics.snapshot.vacancies import VacancyTranche, tranches
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

    def __init__(self, events: Iterable[Event]) -> None:
        self.events: Sequence[Event] = tuple(events)
        """Every event known, whether it stands or not, as given: in any order, some perhaps twice."""
        # All that follows is made in this order, so that not even the order of rows alike hangs on that of the events.
        self.standing: list[Event] = standing_events(self.events)
        """Every event that stands, in the order of recording."""
        self._kept: dict[Hashable, Any] = {}
        self._by_data: defaultdict[type, list[Event]] = defaultdict(list)
        self._by_subject: defaultdict[str, list[Event]] = defaultdict(list)
        for event in self.standing:
            self._by_data[type(event.data)].append(event)
            self._by_subject[event.envelope.subject].append(event)
        merges = self.facts(WorkerMerged)
        self._persons = persons((event.envelope.subject.partition("/")[2], data.duplicate) for event, data in merges)

    def kept(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """What `make` gives, worked out once for each key."""
        if key not in self._kept:
            self._kept[key] = make()
        found: Kept = self._kept[key]
        return found

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
        found: defaultdict[str, list[str]] = defaultdict(list)
        for number, person in sorted(self._persons.items()):
            found[person].append(number)
        return found

    @cached_property
    def of_persons(self) -> Mapping[str, Sequence[Event]]:
        """The standing events of each person, whatever number they came under."""
        found: defaultdict[str, list[Event]] = defaultdict(list)
        for subject, events in self._by_subject.items():
            kind, _, number = subject.partition("/")
            if kind == "worker":
                found[self.person(number)] += events
        return found

    def _of_kind(self, kind: str) -> Iterable[tuple[str, list[Event]]]:
        for subject, events in self._by_subject.items():
            found, _, identifier = subject.partition("/")
            if found == kind:
                yield identifier, events

    @cached_property
    def posts(self) -> Mapping[str, Sequence[Post]]:
        """The facts of each post over time."""
        found: dict[str, list[Post]] = {}
        for post, events in self._of_kind("post"):
            actions = sorted(action_of(event, POST_EFFECTS) for event in events)
            found[post] = [
                Post(post, facts, since, until, ALWAYS_KNOWN, STILL_KNOWN)
                for since, until, facts in stretches(facts_of_post({}, actions)[ONLY])
            ]
        return found

    @cached_property
    def places(self) -> Places:
        """By what each post is broken down over time."""
        return places_of(self.posts)

    @cached_property
    def occupancies(self) -> Mapping[str, Sequence[Occupancy]]:
        """The posts each person holds over time."""
        found: dict[str, list[Occupancy]] = {}
        for person, events in self.of_persons.items():
            actions = sorted(
                action_of(event, WORKER_EFFECTS) for event in events if event.envelope.type in WORKER_EFFECTS
            )
            held = [
                Occupancy(person, post, millionths(fte), since, until, ALWAYS_KNOWN, STILL_KNOWN)
                for post, steps in posts_held(actions).items()
                for since, until, fte in stretches(steps)
            ]
            if held:
                found[person] = held
        return found

    @cached_property
    def assignments(self) -> Mapping[str, Sequence[Running]]:
        """Each agency assignment over the days on which it runs."""
        return {
            cover: runs for cover, events in self._of_kind("cover") if (runs := running(cover, events, self.places))
        }

    def events_of_cover(self, cover: str) -> Sequence[Event]:
        """The standing events of one agency assignment."""
        return self.of_subject(f"cover/{cover}")

    def of_subject(self, subject: str) -> Sequence[Event]:
        """The standing events of one subject, as `post/P-1`; none of a subject that is not known."""
        return self._by_subject.get(subject, ())

    @cached_property
    def staffing(self) -> Mapping[str, Sequence[Staffing]]:
        """Who and what stands at each place (a post, or an assignment without one) over time."""
        covered: defaultdict[str, list[Cover]] = defaultdict(list)
        for cover, events in self._of_kind("cover"):
            for since, until, assignment in held_over_time(events):
                row = Cover(cover, *assignment, since, until, ALWAYS_KNOWN, STILL_KNOWN)
                covered["" if row.post is None else row.post].append(row)
        occupied: defaultdict[str, list[Occupancy]] = defaultdict(list)
        for held in self.occupancies.values():
            for occupancy in held:
                occupied[occupancy.post].append(occupancy)
        rows = unposted_cover_staffing(covered.pop("", []))
        for post in self.posts.keys() | occupied.keys() | covered.keys():
            rows += staffing(f"post/{post}", self.posts.get(post, ()), occupied[post], covered[post])
        rows.sort(key=attrgetter("place", "valid_from"))
        return {place: list(of_place) for place, of_place in groupby(rows, attrgetter("place"))}

    def employment(self, scope: Scope) -> Mapping[str, Sequence[EmploymentPeriod]]:
        """Each person's stretches of service, with their main post."""
        return self.kept(
            ("employment", scope),
            lambda: {
                person: served
                for person, held in self.occupancies.items()
                if (served := employment_periods(person, held, self.places, scope))
            },
        )

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
            lambda: {
                person: spells(person, served, in_any_post[person], self.of_persons[person])
                for person, served in self.employment(scope).items()
            },
        )

    @cached_property
    def moves(self) -> Sequence[Move]:
        """Every move that took effect."""
        movers = {self.person_of(event) for event, _ in self.facts(WorkerMoved)}
        return [
            move
            for person in sorted(movers)
            for move in moves(
                person,
                self.occupancies.get(person, ()),
                self.employment(Scope.ALL).get(person, ()),
                self.places,
                self.of_persons[person],
            )
        ]

    @cached_property
    def tranches(self) -> Sequence[VacancyTranche]:
        """Every vacancy of a post, in tranches."""
        return [
            tranche for place, rows in self.staffing.items() if place.startswith("post/") for tranche in tranches(rows)
        ]
