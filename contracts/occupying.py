"""What the events of one person mean: which posts the person holds, at which FTE, from which date on.

Invariant: a person holds a post at one FTE at a time, however many events and numbers say so. A person who left
under every number that holds a post holds none until a new start. Every service that needs to know who holds a post
uses this module, so that all of them agree.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from contracts.effects import Action, Steps, in_order_of_effect
from contracts.envelope import Event
from contracts.events.hiring import WorkerFteChanged, WorkerMerged, WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import AbsenceRecorded, CaseloadCounted, RetentionPaymentMade, SupportTakenUp
from contracts.in_force import Recorded, order_of_recording, recorded_before

# Who leaves a post and starts again on one day is in post; a start on the day of a leaver, before which nothing was
# held, is of a starter who did not come. The FTE stated for a day holds for the post moved to on that day.
# A reversal comes before the leavers it cancels.
EFFECTS = in_order_of_effect(
    LeaverReversed,
    WorkerLeft,
    WorkerStarted,
    WorkerMoved,
    WorkerFteChanged,
    without=(
        WorkerMerged,  # says whose the numbers are, which comes before all this: contracts/persons.py
        PanelDecided,
        AbsenceRecorded,
        CaseloadCounted,
        RetentionPaymentMade,
        SupportTakenUp,
    ),
)
"""The events that say who holds a post, in the order in which they act on one day."""


# --- one post ---------------------------------------------------------------------------------------------------------


class HeldUnder(NamedTuple):
    """A post as it is held under one number of a person.

    An `fte` of 0 means a worker without fixed hours if the post was taken up `without_hours`. If not, the post is
    given up until an FTE above 0 is stated.
    """

    number: str
    fte: Decimal
    without_hours: bool

    @property
    def is_in_post(self) -> bool:
        """Whether the person holds the post by it."""
        return self.without_hours or self.fte > 0


Held = tuple[HeldUnder, ...]
"""One post as it is held under each number of a person, in the order in which their FTE was stated."""


def fte_held(held: Held) -> Decimal | None:
    """The FTE at which a person holds a post; if several numbers hold it, the one stated last. None: not held."""
    for under in reversed(held):
        if under.is_in_post:
            return under.fte
    return None


def taken_up(held: Held, number: str, fte: Decimal) -> Held:
    """A post taken up under a number, by a start or a move."""
    return (*[under for under in held if under.number != number], HeldUnder(number, fte, without_hours=not fte))


def at_another_fte(held: Held, number: str, fte: Decimal) -> Held:
    """A post whose FTE is stated under a number: it applies to the post as held under that number or, if it is not,
    as held under the others.
    """
    others = [under for under in held if under.number != number]
    stated_of = [under for under in held if under.number == number]
    if not stated_of:
        others, stated_of = stated_of, others
    return (*others, *[HeldUnder(under.number, fte, under.without_hours) for under in stated_of])


# --- leavers ----------------------------------------------------------------------------------------------------------


def deciding(reversals: Iterable[Recorded]) -> Sequence[Recorded]:
    """Of the reversals of one date, at most two that are enough to say of every leaver whether it is reversed.

    They are the first and the last of the latest instant. Earlier ones reverse nothing that these do not.
    - If several sources reversed at that instant, these two are of different sources, so a leaver of that instant is
      of another source than one of them.
    - If only one source did, the last has the highest sourcesequence.
    """
    deciders: list[Recorded] = []
    for reversal in reversals:
        if not deciders or deciders[0][0] < reversal[0]:
            deciders = [reversal]
        elif deciders[0][0] == reversal[0]:
            deciders = [min(deciders[0], reversal), max(deciders[-1], reversal)]
    return deciders


def is_reversed(leaver: Recorded, reversals: Iterable[Recorded]) -> bool:
    """Whether one of the reversals of its date reverses a leaver. Each does, unless it is stated to have been
    recorded before.

    It is enough to give those that are `deciding`.
    """
    return any(not recorded_before(reversal, leaver) for reversal in reversals)


class Reversals:
    """The reversals of one person's leavers, by the date that they speak of."""

    def __init__(self, events: Iterable[Event]) -> None:
        """From the person's events in force, in any order."""
        self._deciding: dict[date, Sequence[Recorded]] = {}
        for event in events:
            if isinstance(event.data, LeaverReversed):
                day = event.data.left_on
                self._deciding[day] = deciding((*self._deciding.get(day, ()), order_of_recording(event)))

    def reverse(self, leaver: Event) -> bool:
        """Whether one of them reverses a leaver; nothing else is ever reversed."""
        if not isinstance(leaver.data, WorkerLeft):
            return False
        return is_reversed(order_of_recording(leaver), self._deciding.get(leaver.data.left_on, ()))


class Leaving(NamedTuple):
    """The numbers that the leavers of a day are about: some numbers, or all of the person's."""

    numbers: frozenset[str] = frozenset()
    every_number: bool = False

    def ends(self, under: HeldUnder) -> bool:
        """Whether what is held so ends on that day."""
        return self.every_number or under.number in self.numbers


NOBODY_LEAVES = Leaving()


def leaving(numbers: Collection[str], came: Collection[str]) -> Leaving:
    """The numbers that unreversed leavers under some numbers are about.

    `came` are the numbers under which there is a start or a move. A number without any is only another name of the
    person: a leaver under it is about all numbers.
    """
    own = frozenset(number for number in numbers if number in came)
    return Leaving(own, every_number=len(own) < len(numbers))


def did_not_come(
    number: str, left: Leaving, ended: Collection[str], *, held_beside: bool, in_post_beside: bool
) -> bool:
    """Whether a start under a number does not count because the person leaves that day.

    `ended` are the numbers under which the leaver ends something. `held_beside` says that something is held under
    others, even at an FTE of 0 to come back to; `in_post_beside`, that the person is in post by that.

    A start does not count in two cases:
    - nothing was held at all, so the leaver can only be about the start;
    - nothing was held under its own number, and the person is in post under another: a duplicate opened and closed
      on one day.
    """
    if not left.every_number and number not in left.numbers:
        return False
    if not ended and not held_beside:
        return True
    return in_post_beside and number in left.numbers and number not in ended


_COMINGS = (WorkerStarted, WorkerMoved)


def numbers_that_came(actions: Iterable[Action]) -> frozenset[str]:
    """The numbers under which there is a start or a move."""
    return frozenset([number for _, _, _, number, data in actions if type(data) in _COMINGS])


# --- one person -------------------------------------------------------------------------------------------------------


def posts_held(actions: Iterable[Action]) -> Steps[Decimal]:
    """The FTE at which a person holds each post from each date on, by all actions in their order.

    - started: the person holds the post at the FTE stated, beside any other post held. A worker without fixed hours
      (zero-hours, casual) has an FTE of 0, and is in post;
    - moved: the person holds `to_post` in place of `from_post`, and holds `to_post` even if `from_post` was not
    held. It has no effect for a person who has left (a planned move that was not withdrawn, for example);
    - FTE changed: a post held has the FTE stated. 0 gives it up, unless it was taken up at 0. A person who gave it
    up so, and has neither left nor moved from it, takes it up again by an FTE above 0. For any other post it has no
    effect;
    - left: what was held under the number of the leaver ends on that date (everything, if no start and no move comes
    under that number). A start on that date counts, unless nothing was held before (`did_not_come`). A reversed
    leaver has no effect.
    """
    steps: Steps[Decimal] = {}
    for day, changes in followed(actions):
        for post, _, now in changes:
            steps.setdefault(post, {})[day] = now
    return steps


Changes = list[tuple[str, Decimal | None, Decimal | None]]
"""Post, the FTE at which it was held before, and from then on; None where it was not or is not held."""


def followed(actions: Iterable[Action]) -> Iterator[tuple[date, Changes]]:
    """What each action does, in order: its day, and the posts that are then held or given up."""
    in_order = list(actions)
    person = _Following(numbers_that_came(in_order))
    for action in in_order:
        changes: Changes = []
        for post, held in person.says(action):
            before, now = fte_held(person.held.get(post, ())), fte_held(held)
            if before is not None or now is not None:
                changes.append((post, before, now))
            person.hold(post, held)
        yield action[0], changes


class _Following:
    """What a person holds, followed from action to action."""

    def __init__(self, came: Collection[str]) -> None:
        self.held: dict[str, Held] = {}
        self._posts_under: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._came = came
        self._gone = False
        self._day: date | None = None
        self._reversals: Sequence[Recorded] = ()
        self._leavers: set[str] = set()
        self._ended: set[str] = set()
        self._beside: tuple[bool, bool] | None = None

    def hold(self, post: str, held: Held) -> None:
        """From now on a post is held so."""
        for under in self.held.get(post, ()):
            self._posts_under[under.number].pop(post, None)
        for under in held:
            self._posts_under[under.number][post] = None
        if held:
            self.held[post] = held
        else:
            self.held.pop(post, None)

    def says(self, action: Action) -> list[tuple[str, Held]]:
        """How each post that an action is about is held after it."""
        day, _, recorded, number, data = action
        if day != self._day:
            self._day, self._reversals, self._leavers, self._ended, self._beside = day, (), set(), set(), None
        if isinstance(data, WorkerStarted):
            return self._start(number, data)
        if isinstance(data, WorkerMoved):
            return [] if self._gone else self._move(number, data)
        if isinstance(data, WorkerFteChanged):
            held = self.held.get(data.post, ())
            return [(data.post, at_another_fte(held, number, data.fte))] if held else []
        if isinstance(data, LeaverReversed):
            self._reversals = deciding([*self._reversals, recorded])
            return []
        return [] if is_reversed(recorded, self._reversals) else self._leave(number)

    def _start(self, number: str, data: WorkerStarted) -> list[tuple[str, Held]]:
        if self._leavers:
            if self._beside is None:
                self._beside = bool(self.held), any(fte_held(held) is not None for held in self.held.values())
            held, in_post = self._beside
            left = leaving(self._leavers, self._came)
            if did_not_come(number, left, self._ended, held_beside=held, in_post_beside=in_post):
                return []
        self._gone = False
        return [(data.post, taken_up(self.held.get(data.post, ()), number, data.fte))]

    def _move(self, number: str, data: WorkerMoved) -> list[tuple[str, Held]]:
        taken = (data.to_post, taken_up(self.held.get(data.to_post, ()), number, data.fte))
        return [taken] if data.from_post == data.to_post else [(data.from_post, ()), taken]

    def _leave(self, number: str) -> list[tuple[str, Held]]:
        self._leavers.add(number)
        left = leaving([number], self._came)
        posts = self.held if left.every_number else self._posts_under.get(number, ())
        changed = [(post, tuple(under for under in self.held[post] if not left.ends(under))) for post in posts]
        self._ended.update(under.number for post in posts for under in self.held[post] if left.ends(under))
        self._gone = len(self.held) == sum(not held for _, held in changed)
        return changed


class OnADay(NamedTuple):
    """What `followed` comes to on one day for one post: under each number only the last start, move to it and FTE
    count, each in the order of the actions as (number, FTE); `moved_from` says that the person moved from the post,
    before the moves to it that are given.
    """

    starts: Sequence[tuple[str, Decimal]]
    moved_from: bool
    moves: Sequence[tuple[str, Decimal]]
    ftes: Sequence[tuple[str, Decimal]]


def held_after(held: Held, of_day: OnADay, left: Leaving, not_coming: Collection[str], gone: bool) -> Held:
    """How a post is held after a day, given how it was held before.

    `left` says who leaves that day. `not_coming` are the numbers under which a starter of that day did not come.
    `gone` says that the person is gone when moves take effect.
    """
    held = tuple(under for under in held if not left.ends(under))
    for number, fte in of_day.starts:
        if number not in not_coming:
            held = taken_up(held, number, fte)
    if not gone:
        held = () if of_day.moved_from else held
        for number, fte in of_day.moves:
            held = taken_up(held, number, fte)
    for number, fte in of_day.ftes:
        held = at_another_fte(held, number, fte)
    return held
