"""From the rows of one worker to facts: where the worker started, moved, changed hours, gave up a post, and left.

Invariant: read in order (`contracts.occupying`), the facts give the same holdings on every day as the rows, as far
as events can say it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from contracts.codes import Destination, LeavingReason
from contracts.events.base import EventData
from contracts.events.hiring import WorkerFteChanged, WorkerMoved, WorkerStarted
from contracts.events.leavers import WorkerLeft
from services.people.differ.periods import Period, periods
from services.people.facts import Fact, Note
from services.people.statements import Ending, HoldingStated

CONTENT = ("post", "fte")
"""What may change while a holding lasts."""

CONSTANT = ("origin", "route", "employment", "cohort", "campaign", "converted_from")
"""What only a start says."""

MOST = Decimal(1)
"""The FTE of one worker in one post is at most this."""

Stretch = Period[HoldingStated]


def facts_of(rows: Sequence[HoldingStated]) -> tuple[list[Fact], list[Note]]:
    """The facts of one worker.

    - What ends on the day on which something else of the worker begins is a move, unless the worker left or gave it
      up. Ends and beginnings of one day are brought together by their holding, then in the order of their keys.
    - What ends otherwise, without the worker leaving, is given up (an FTE of 0); taken up again, it is at another FTE.
    - Who leaves holds nothing from that day on, whatever rows say that began before, and starts again after it.
    - An FTE of 0 with which a holding begins is that of a worker without fixed hours; a later one gives the post up.
    - Of a post held twice at once the FTEs add up.
    """
    stretches = [stretch for of_one in _by_holding(rows) for stretch in periods(of_one)]
    leavers = _leavers(rows, stretches)
    stretches = _without_those_who_did_not_come(stretches, leavers)
    days = {stretch.since for stretch in stretches} | {stretch.until for stretch in stretches if stretch.until}
    worker = _Worker(f"worker/{rows[0].worker}" if rows else "")
    changing: defaultdict[date, list[Stretch]] = defaultdict(list)
    for stretch in stretches:
        changing[stretch.since].append(stretch)
        if stretch.until is not None:
            changing[stretch.until].append(stretch)
    for day in sorted(days | leavers.keys()):
        worker.follow(day, changing[day], leavers.get(day))
    return worker.facts, worker.notes


def _by_holding(rows: Iterable[HoldingStated]) -> list[list[HoldingStated]]:
    of_each: defaultdict[str, list[HoldingStated]] = defaultdict(list)
    for row in rows:
        of_each[row.holding].append(row)
    return [of_each[holding] for holding in sorted(of_each)]


def _leavers(rows: Iterable[HoldingStated], stretches: list[Stretch]) -> dict[date, HoldingStated]:
    """For each day on which the worker left, the row that says most about it. What was held before ends there."""
    leavers: dict[date, HoldingStated] = {}
    ended = {id(stretch.row): stretch.until for stretch in stretches}
    for row in rows:
        day = row.left_on or (ended.get(id(row)) if row.ending is Ending.LEFT else None)
        if day is not None and (day not in leavers or _says(row) > _says(leavers[day])):
            leavers[day] = row
    for stretch in stretches:
        for day in leavers:
            if stretch.since < day and (stretch.until is None or stretch.until > day):
                stretch.until = day
    return {day: row for day, row in leavers.items() if _has_something_to_end(day, stretches)}


def _has_something_to_end(day: date, stretches: list[Stretch]) -> bool:
    """Whether this is a leaver, and not a starter who did not come: something was held the day before, or was given
    up earlier and nothing begins.
    """
    held_before = [stretch for stretch in stretches if stretch.since < day]
    begins = any(stretch.since == day for stretch in stretches)
    return any(not begins or stretch.until is None or stretch.until >= day for stretch in held_before)


def _says(row: HoldingStated) -> tuple[bool, bool, str, str]:
    reason, destination = row.leaving_reason, row.destination
    known = (
        reason not in (None, LeavingReason.NOT_KNOWN),
        destination not in (None, Destination.NOT_KNOWN),
    )
    return *known, reason or "", destination or ""


def _without_those_who_did_not_come(stretches: list[Stretch], leavers: dict[date, HoldingStated]) -> list[Stretch]:
    """The stretches of time, without starters who did not come. Theirs begin on the day on which their own row says
    that the worker left, and nothing was held before.
    """
    return [one for one in stretches if one.row.left_on != one.since or one.since in leavers]


@dataclass(slots=True)
class _Post:
    """How a post is held: by which rows' stretches, at which total FTE, and whether it was taken up without hours."""

    stretches: list[Stretch] = field(default_factory=list)
    fte: Decimal | None = None
    without_hours: bool = False
    given_up: bool = False
    """It was, and can be taken up again by its FTE."""


class _Worker:
    """One worker, followed from day to day."""

    def __init__(self, subject: str) -> None:
        self.facts: list[Fact] = []
        self.notes: list[Note] = []
        self._subject = subject
        self._posts: defaultdict[str, _Post] = defaultdict(_Post)

    def follow(self, day: date, changing: list[Stretch], leaver: HoldingStated | None) -> None:
        """State what changes on a day. `changing` are the stretches that begin or end on it."""
        if leaver is not None:
            self._leave(day, leaver)
        ended: list[tuple[str, Stretch]] = []
        begun: list[tuple[str, Stretch]] = []
        changed: list[tuple[str, Stretch]] = []
        for name in dict.fromkeys(stretch.row.post for stretch in changing):
            post = self._posts[name]
            here = [one for one in changing if one.row.post == name]
            post.stretches = [
                one for one in (*post.stretches, *(one for one in here if one.since == day)) if _goes_on(one, day)
            ]
            before, post.fte = post.fte, self._fte(post.stretches)
            last = next((one for one in here if one.since == day), here[0])
            if before is None and post.fte is not None:
                begun.append((name, last))
            elif before is not None and post.fte is None:
                ended.append((name, last))
                post.fte = before  # until it is said
            elif before != post.fte and _with_other_hours(post, last, here, day):
                self._start(day, name, last)
            elif before != post.fte:
                changed.append((name, last))
        self._end_and_begin(day, ended, begun, changed)

    def _fte(self, stretches: list[Stretch]) -> Decimal | None:
        if len(stretches) < 2:
            return stretches[0].row.fte if stretches else None
        together = sum((one.row.fte for one in stretches), Decimal(0))
        if together > MOST:
            row = stretches[-1].row
            self.notes.append(Note(row.row, f"is in {row.post} twice at once, at {together} FTE in all; {MOST} counts"))
        return min(MOST, together)

    def _leave(self, day: date, row: HoldingStated) -> None:
        reason, destination = row.leaving_reason, row.destination
        data = WorkerLeft(
            left_on=day,
            reason=reason or LeavingReason.NOT_KNOWN,
            destination=destination or Destination.NOT_KNOWN,
        )
        self._say("", data, row)
        self._posts.clear()

    def _end_and_begin(
        self,
        day: date,
        ended: list[tuple[str, Stretch]],
        begun: list[tuple[str, Stretch]],
        changed: list[tuple[str, Stretch]],
    ) -> None:
        """Pair ends and beginnings as moves, and return those without a partner."""
        for from_post, end in sorted(
            ended, key=lambda one: (one[1].row.ending is not Ending.MOVED, one[1].row.holding)
        ):
            target = _moved_to(end, begun, changed)
            if target is None:
                self._give_up(day, from_post, end)
            else:
                to_post, stretch = target
                (begun if target in begun else changed).remove(target)
                self._move(day, from_post, to_post, stretch)
        for name, stretch in begun:
            self._take_up(day, name, stretch)
        for name, stretch in changed:
            self._change(day, name, self._posts[name].fte or Decimal(0), stretch.row)

    def _move(self, day: date, from_post: str, to_post: str, stretch: Stretch) -> None:
        fte = self._posts[to_post].fte or Decimal(0)
        row = stretch.row
        data = WorkerMoved(
            moved_on=day,
            from_post=from_post,
            to_post=to_post,
            fte=fte,
            kind=row.move_kind,
            expected_until=row.expected_until,
        )
        self._say(row.holding, data, row)
        del self._posts[from_post]
        self._posts[to_post].without_hours = not fte
        self._posts[to_post].given_up = False

    def _take_up(self, day: date, name: str, stretch: Stretch) -> None:
        post, row = self._posts[name], stretch.row
        fte = post.fte or Decimal(0)
        if post.given_up and fte:
            self._change(day, name, fte, row)
        else:
            self._start(day, name, stretch)
        post.given_up = False

    def _start(self, day: date, name: str, stretch: Stretch) -> None:
        post, row = self._posts[name], stretch.row
        fte = post.fte or Decimal(0)
        stated = {name: getattr(row, name) for name in CONSTANT}
        self._say(row.holding, WorkerStarted(started_on=day, post=name, fte=fte, **stated), row)
        post.without_hours = not fte

    def _give_up(self, day: date, name: str, stretch: Stretch) -> None:
        post, row = self._posts[name], stretch.row
        if post.fte is None:
            return
        if post.without_hours:
            self._give_up_without_hours(day, name, row)
            return
        if post.fte:
            self._change(day, name, Decimal(0), row)
        post.fte, post.given_up = None, True

    def _give_up_without_hours(self, day: date, name: str, row: HoldingStated) -> None:
        # An FTE of 0 does not give up a post that was taken up at 0: only moving from it or leaving does.
        others = sorted(key for key, other in self._posts.items() if other.stretches and key != name)
        if not others:
            self._leave(day, row)
            return
        post = others[0]
        data = WorkerMoved(moved_on=day, from_post=name, to_post=post, fte=self._posts[post].fte or Decimal(0))
        self._say(row.holding, data, row)
        text = f"gives up {name}, without fixed hours, beside other posts; told as a move to {post}, held already"
        self.notes.append(Note(row.row, text))
        del self._posts[name]

    def _change(self, day: date, name: str, fte: Decimal, row: HoldingStated) -> None:
        self._say(name, WorkerFteChanged(effective_from=day, post=name, fte=fte), row)

    def _say(self, key: str, data: EventData, row: HoldingStated) -> None:
        self.facts.append(Fact(self._subject, key, data, row.row))


def _with_other_hours(post: _Post, begun: Stretch, here: list[Stretch], day: date) -> bool:
    """Whether a post goes on in another holding that begins, or stops, to be one without fixed hours. (Within one
    holding an FTE of 0 gives the post up.)
    """
    other = begun.since == day and all(one.row.holding != begun.row.holding for one in here if one.until == day)
    return other and post.without_hours == bool(post.fte)


def _goes_on(stretch: Stretch, day: date) -> bool:
    return stretch.until is None or stretch.until > day


def _moved_to(
    end: Stretch, begun: list[tuple[str, Stretch]], changed: list[tuple[str, Stretch]]
) -> tuple[str, Stretch] | None:
    """The post to which a worker moved whose holding ended; None if the post was given up, or if no other is held."""
    ending = end.row.ending
    if ending in (Ending.GAVE_UP, Ending.LEFT):
        return None
    for candidate in begun:
        if candidate[1].row.holding == end.row.holding:
            return candidate
    if begun:
        return min(begun, key=lambda one: one[1].row.holding)
    more = [one for one in changed if one[1].since == end.until]
    return more[0] if ending is Ending.MOVED and more else None
