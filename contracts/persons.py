"""Which worker numbers are one person: HR systems give one person two numbers, and merge them later.

Invariant: the answer depends on the set of merges alone, never on their order.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from contracts.envelope import Event
from contracts.events.hiring import WorkerMerged


def merges_stated(events: Iterable[Event]) -> list[tuple[str, str]]:
    """The merges among these events, each as (the number kept, its duplicate); withdrawals are left out."""
    return [(event.identifier, event.data.duplicate) for event in events if isinstance(event.data, WorkerMerged)]


def persons(merges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The person of every number that these merges name; each merge is (the number kept, its duplicate).

    Merges join transitively. A person goes by the number that no merge calls a duplicate. If there are several such
    numbers, or none, it is the first of all joined numbers in alphabetical order.
    """
    known = Persons()
    for kept, duplicate in merges:
        known.join(kept, duplicate)
    return {number: person.goes_by for number, person in known.of_number.items()}


@dataclass(slots=True, eq=False)
class Person:
    """Numbers that are one person's: all of them, those that no merge calls a duplicate, the first alphabetically."""

    numbers: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    first: str = ""

    @property
    def goes_by(self) -> str:
        """The number by which the person goes."""
        return next(iter(self.kept)) if len(self.kept) == 1 else self.first


class Persons:
    """Which numbers are one person, while merges come and go. Joining costs as much as the smaller of the two has,
    parting as much as both.
    """

    def __init__(self) -> None:
        self.of_number: dict[str, Person] = {}
        """The person of every number that a merge names."""
        self._joined: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._duplicates: Counter[str] = Counter()

    def goes_by(self, number: str) -> str:
        """The number that stands for the person who has this number; the number itself if no merge names it."""
        person = self.of_number.get(number)
        return number if person is None else person.goes_by

    def change(self, begun: Iterable[tuple[str, str]], ceased: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
        """Take in merges and take out others; gives of each number whose person went by another number that, and by
        which the person goes now.
        """
        went_by: dict[str, str] = {}
        parted: dict[str, None] = {}
        for kept, duplicate in ceased:
            self._joined[kept][duplicate] -= 1
            self._joined[duplicate][kept] -= 1
            self._duplicates[duplicate] -= 1
            parted.update({kept: None, duplicate: None})
        self._part(parted, went_by)
        for kept, duplicate in begun:
            (joined, name), *former = self.join(kept, duplicate)
            for person, former_name in former:
                if former_name != joined.goes_by:
                    went_by |= dict.fromkeys(person.numbers - went_by.keys(), former_name)
            if name != joined.goes_by:
                others = joined.numbers.difference(went_by, *(person.numbers for person, _ in former))
                went_by |= dict.fromkeys(others, name)
        return {number: (was, now) for number, was in went_by.items() if (now := self.goes_by(number)) != was}

    def join(self, kept: str, duplicate: str) -> list[tuple[Person, str]]:
        """Take in one merge. Returns the person that there is now, and the one that ceased to be, if there were two.
        Each comes with the number that it had.
        """
        self._joined[kept][duplicate] += 1
        self._joined[duplicate][kept] += 1
        self._duplicates[duplicate] += 1
        one, other = self._person(kept), self._person(duplicate)
        more, fewer = (one, other) if len(one.numbers) >= len(other.numbers) else (other, one)
        went_by, fewer_went_by = more.goes_by, fewer.goes_by
        if more is not fewer:
            more.numbers |= fewer.numbers
            more.kept |= fewer.kept
            more.first = min(more.first, fewer.first)
            self.of_number.update(dict.fromkeys(fewer.numbers, more))
        more.kept.discard(duplicate)
        return [(more, went_by)] if more is fewer else [(more, went_by), (fewer, fewer_went_by)]

    def _person(self, number: str) -> Person:
        if number not in self.of_number:
            kept = set() if self._duplicates[number] else {number}
            self.of_number[number] = Person({number}, kept, number)
        return self.of_number[number]

    def _part(self, numbers: Iterable[str], went_by: dict[str, str]) -> None:
        """Put together again whom the merges that are left join, of the persons who had these numbers."""
        old = {id(self.of_number[number]): self.of_number[number] for number in numbers}
        for person in old.values():
            for number in person.numbers:
                went_by.setdefault(number, person.goes_by)
                del self.of_number[number]
        for number in [number for person in old.values() for number in person.numbers]:
            if number not in self.of_number and +self._joined[number]:
                self._gather(number)

    def _gather(self, number: str) -> None:
        person = Person(first=number)
        waiting = [number]
        self.of_number[number] = person
        while waiting:
            one = waiting.pop()
            person.numbers.add(one)
            person.first = min(person.first, one)
            if not self._duplicates[one]:
                person.kept.add(one)
            for other, merges in self._joined[one].items():
                if merges > 0 and other not in self.of_number:
                    self.of_number[other] = person
                    waiting.append(other)
