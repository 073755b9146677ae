"""Who is in service of what, day by day: one question about one person, post or assignment on one day at a time.

Invariant: every answer is of the set of events in force, alone. Between two days that any event names nothing
changes, so only those are looked at, and what was asked of one day is not worked out again for the next.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Generic, TypeVar

from contracts.envelope import Event
from contracts.events.base import EventData
from tests.oracle.order import in_order_of_recording
from tests.oracle.parts import Dimensions
from tests.oracle.persons import as_persons
from tests.oracle.stock import _assignment, _facts_of_post, posts_held

Data = TypeVar("Data", bound=EventData)
Answer = TypeVar("Answer")

PLACE = ("role", "team", "service_area", "grade", "csww_role", "location")
NOWHERE: Dimensions = dict.fromkeys(PLACE)


@dataclass(frozen=True)
class Told(Generic[Data]):
    """An event: the identifier of whom or what it is about, what it says, and its index in the order of recording."""

    of: str
    data: Data
    recorded: int
    event: Event


@dataclass(frozen=True)
class Spell:
    """From the first day in service to the first day out of it; None where none is known."""

    first: date
    out: date | None

    def holds(self, day: date) -> bool:
        """Whether the person is in service on the day."""
        return self.first <= day and (self.out is None or day < self.out)


@dataclass(frozen=True)
class Staffing:
    """One post on one day, in FTE."""

    establishment: Fraction
    in_post: Fraction
    agency: Fraction
    agency_cover: Fraction

    @property
    def vacancies(self) -> Fraction:
        """What is funded and not in post."""
        return max(Fraction(0), self.establishment - self.in_post)

    @property
    def over_establishment(self) -> Fraction:
        """What is in post and not funded."""
        return max(Fraction(0), self.in_post - self.establishment)

    @property
    def uncovered(self) -> Fraction:
        """What of the vacancies no agency worker covers."""
        return max(Fraction(0), self.vacancies - self.agency_cover)


class Workforce:
    """Everyone and everything that the events name."""

    def __init__(self, events_in_force: list[Event]) -> None:
        self.under_their_numbers = events_in_force
        self.events = in_order_of_recording(as_persons(events_in_force))
        self.persons = self._subjects("worker")
        self.covers = self._subjects("cover")
        named = {getattr(event.data, name, None) for event in self.events for name in ("post", "from_post", "to_post")}
        self.posts = sorted({post for post in named if post is not None} | set(self._subjects("post")))
        values = [value for event in self.events for _, value in event.data]
        self.days_named = sorted({value for value in values if isinstance(value, date)})
        self._answers: dict[tuple[str, str, int], Any] = {}
        self._spells: dict[tuple[str, str], list[Spell]] = {}

    def _subjects(self, kind: str) -> list[str]:
        subjects = {event.envelope.subject.partition("/") for event in self.events}
        return sorted(identifier for its_kind, _, identifier in subjects if its_kind == kind)

    def told(self, model: type[Data], of: str | None = None) -> list[Told[Data]]:
        """The events of a type (about one subject), in the order of recording."""
        facts = []
        for index, event in enumerate(self.events):
            identifier = event.envelope.subject.partition("/")[2]
            if isinstance(event.data, model) and of in (None, identifier):
                facts.append(Told(identifier, event.data, index, event))
        return facts

    def _once(self, question: str, of: str, day: date, answer: Callable[[], Answer]) -> Answer:
        """The answer of this day, which is that of the last day that any event names."""
        asked = (question, of, bisect_right(self.days_named, day))
        if asked not in self._answers:
            self._answers[asked] = answer()
        answered: Answer = self._answers[asked]
        return answered

    # --- what holds on a day ------------------------------------------------------------------------------------------

    def held(self, person: str, day: date) -> dict[str, Decimal]:
        """The FTE at which a person holds each post."""
        return self._once("held", person, day, lambda: posts_held(self.under_their_numbers, f"worker/{person}", day))

    def facts(self, post: str, day: date) -> dict[str, Any] | None:
        """What a post is; None before it is established."""
        return self._once("facts", post, day, lambda: _facts_of_post(self.events, f"post/{post}", day))

    def assignment(self, cover: str, day: date) -> dict[str, Any] | None:
        """What an assignment is; None while it does not run."""
        value = self._once("assignment", cover, day, lambda: _assignment(self.events, f"cover/{cover}", day))
        return value if value and value["fte"] > 0 else None

    def staffing(self, post: str, day: date) -> Staffing:
        """A post's establishment, in post, agency and agency cover."""
        return self._once("staffing", post, day, lambda: self._staffing(post, day))

    def _staffing(self, post: str, day: date) -> Staffing:
        facts = self.facts(post, day)
        held = [self.held(person, day).get(post, Decimal(0)) for person in self.persons]
        running = [assignment for cover in self.covers if (assignment := self.assignment(cover, day))]
        there = [assignment for assignment in running if assignment["post"] == post]
        return Staffing(
            establishment=Fraction(facts["funded_fte"]) if facts else Fraction(0),
            in_post=Fraction(sum(held, Decimal(0))),
            agency=Fraction(sum((one["fte"] for one in there), Decimal(0))),
            agency_cover=Fraction(sum((one["fte"] for one in there if one["reason"] == "vacancy"), Decimal(0))),
        )

    # --- dimensions and scope -----------------------------------------------------------------------------------------

    def dimensions_of_post(self, post: str, day: date) -> Dimensions:
        """A post's role, team, service area, grade, CSWW role and location."""
        facts = self.facts(post, day)
        return dict(NOWHERE) if facts is None else {name: plain(facts[name]) for name in PLACE}

    def dimensions_of_cover(self, cover: str, day: date) -> Dimensions:
        """The same of a running assignment: of the post it covers or, without one, its own."""
        assignment = self.assignment(cover, day)
        assert assignment is not None
        if assignment["post"] is not None:
            return self.dimensions_of_post(assignment["post"], day)
        return {name: plain(assignment.get(name)) for name in PLACE}

    def covers_running(self, day: date, scope: str) -> list[str]:
        """The assignments of the scope that run on a day."""
        running = [cover for cover in self.covers if self.assignment(cover, day)]
        return [cover for cover in running if is_in(scope, self.dimensions_of_cover(cover, day))]

    def posts_in_scope(self, person: str, day: date, scope: str) -> dict[str, Decimal]:
        """The FTE at which a person holds each post of the scope."""
        return self._once(f"posts in {scope}", person, day, lambda: self._posts_in_scope(person, day, scope))

    def _posts_in_scope(self, person: str, day: date, scope: str) -> dict[str, Decimal]:
        held = self.held(person, day)
        return {post: fte for post, fte in held.items() if is_in(scope, self.dimensions_of_post(post, day))}

    def is_in_service(self, person: str, day: date, scope: str) -> bool:
        """Whether a person holds a post of the scope."""
        return bool(self.posts_in_scope(person, day, scope))

    def fte(self, person: str, day: date, scope: str) -> Fraction:
        """A person's FTE in service of the scope."""
        return Fraction(sum(self.posts_in_scope(person, day, scope).values(), Decimal(0)))

    def dimensions_of_person(self, person: str, day: date, scope: str) -> Dimensions:
        """The same of a person's main post; of no one in service none."""
        return self._once(f"dimensions in {scope}", person, day, lambda: self._dimensions_of_person(person, day, scope))

    def _dimensions_of_person(self, person: str, day: date, scope: str) -> Dimensions:
        held = self.posts_in_scope(person, day, scope)
        if not held:
            return dict(NOWHERE)
        main_post = min(
            held, key=lambda post: (self.dimensions_of_post(post, day)["csww_role"] or 99, -held[post], post)
        )
        return self.dimensions_of_post(main_post, day)

    def spells(self, person: str, scope: str) -> list[Spell]:
        """A person's longest runs of days in service."""
        if (person, scope) in self._spells:
            return self._spells[person, scope]
        spells = []
        first = None
        for day in self.days_named:
            in_service = self.is_in_service(person, day, scope)
            if in_service and first is None:
                first = day
            if not in_service and first is not None:
                spells.append(Spell(first, day))
                first = None
        if first is not None:
            spells.append(Spell(first, None))
        self._spells[person, scope] = spells
        return spells


def plain(value: Any) -> str | int | None:
    """A code as it stands in an event's JSON."""
    if value is None:
        return None
    return int(value) if isinstance(value, int) else str(value)


def is_in(scope: str, dimensions: Dimensions) -> bool:
    """Whether what has these dimensions counts in a scope, `all` or `census`."""
    assert scope in ("all", "census")
    return scope == "all" or dimensions["csww_role"] is not None


def workforce_of(events_in_force: list[Event]) -> Workforce:
    """Everyone and everything that these events name; worked out once for the same events."""
    return _workforce(tuple(events_in_force))


@lru_cache(maxsize=4)
def _workforce(events_in_force: tuple[Event, ...]) -> Workforce:
    return Workforce(list(events_in_force))
