"""What an HR system would write out that knows what some events say: the rows of its extracts.

Invariant: rows are made from what is in force and is held (`contracts.in_force`, `contracts.occupying`), never by the
differ.

What such rows cannot carry, because nothing in a file does:
- under which of a person's numbers something was stated: rows are of the number by which the person goes;
- what took no effect: an FTE of a post not held, a move of who had left, a starter who did not come, a second leaver;
- that a post already held was started again, or moved to, at the same FTE; a way from post to post within one day;
- how a worker came whose first post was taken up by a move.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from contracts.effects import Action, action_of, in_order_of_effect
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.base import EventData
from contracts.events.hiring import WorkerMoved, WorkerStarted
from contracts.events.leavers import WorkerLeft
from contracts.events.posts import PostChanged, PostClosed, PostEstablished
from contracts.in_force import events_in_force
from contracts.occupying import EFFECTS as OF_WORKERS
from contracts.occupying import Reversals, posts_held
from contracts.persons import merges_stated, persons
from services.people.statements import (
    ChangeStated,
    CoverStated,
    Ending,
    HoldingStated,
    Kind,
    PostStated,
)

OF_POSTS = in_order_of_effect(PostClosed, PostEstablished, PostChanged)
OF_COVERS = in_order_of_effect(CoverStarted, CoverChanged, CoverEnded)


@dataclass(frozen=True)
class Written:
    """What an HR system has on record: rows with their dates, and changes."""

    posts: Sequence[PostStated]
    holdings: Sequence[HoldingStated]
    covers: Sequence[CoverStated]
    changes: Sequence[ChangeStated]


def written(events: Iterable[Event], known_at: datetime) -> Written:
    """The whole history, as known at an instant."""
    system = HrSystem()
    system.learn([event for event in events if event.envelope.time <= known_at])
    kinds = (Kind.POSTS, Kind.HOLDINGS, Kind.COVERS, Kind.CHANGES)
    return Written(*(_numbered([row for rows in system.rows[kind].values() for row in rows]) for kind in kinds))


def _numbered(rows: Sequence[Any]) -> list[Any]:
    return [replace(row, row=number) for number, row in enumerate(rows, start=2)]


class HrSystem:
    """An HR system that learns of more and more. `rows` are by kind and subject what it would write out."""

    def __init__(self) -> None:
        self.rows: dict[Kind, dict[str, Sequence[Any]]] = {kind: {} for kind in Kind}
        self._known: defaultdict[str, list[Event]] = defaultdict(list)
        self._in_force: dict[str, list[Event]] = {}
        self._merges: dict[str, list[tuple[str, str]]] = {}
        self._goes_by: dict[str, str] = {}

    def learn(self, events: Iterable[Event]) -> set[str]:
        """Take in what was recorded; gives the subjects of which other rows may be written than before."""
        changed: set[str] = set()
        for event in events:
            self._known[event.envelope.subject].append(event)
            changed.add(event.envelope.subject)
        for subject in changed:
            self._in_force[subject] = events_in_force(self._known[subject])
            if subject.startswith("worker/"):
                self._merges[subject] = merges_stated(self._in_force[subject])
        changed |= self._learn_who_is_who()
        for subject in sorted(changed):
            self._write(subject)
        return changed

    def _learn_who_is_who(self) -> set[str]:
        before = self._goes_by
        self._goes_by = persons(merge for merges in self._merges.values() for merge in merges)
        numbers = {
            number
            for number in before.keys() | self._goes_by.keys()
            if before.get(number, number) != self._goes_by.get(number, number)
        }
        of = numbers | {names.get(number, number) for number in numbers for names in (before, self._goes_by)}
        return {f"worker/{number}" for number in of if f"worker/{number}" in self._known}

    def _write(self, subject: str) -> None:
        kind, _, identifier = subject.partition("/")
        in_force = self._in_force[subject]
        if kind == "post":
            self._keep(Kind.POSTS, subject, _post([event for event in in_force if event.envelope.type in OF_POSTS]))
        elif kind == "cover":
            self._keep(Kind.COVERS, subject, _cover([event for event in in_force if event.envelope.type in OF_COVERS]))
        elif kind == "worker":
            person = self._goes_by.get(identifier, identifier)
            numbers = {person, *(number for number, name in self._goes_by.items() if name == person)}
            of_person = [event for number in sorted(numbers) for event in self._in_force.get(f"worker/{number}", ())]
            held = _worker(person, [event for event in of_person if event.envelope.type in OF_WORKERS])
            self._keep(Kind.HOLDINGS, subject, ())
            self._keep(Kind.HOLDINGS, f"worker/{person}", held)
        others = {*OF_POSTS, *OF_COVERS, *OF_WORKERS}
        changes = [event for event in in_force if event.envelope.type not in others]
        self._keep(Kind.CHANGES, subject, [self._change(event) for event in changes])

    def _keep(self, kind: Kind, subject: str, rows: Sequence[Any]) -> None:
        if rows:
            self.rows[kind][subject] = rows
        else:
            self.rows[kind].pop(subject, None)

    def _change(self, event: Event) -> ChangeStated:
        """A row of a change file. Its key stays while what it states is corrected."""
        assert isinstance(event.data, EventData)
        of = {one.identity: one for one in self._known[event.envelope.subject]}
        first, seen = event, {event.identity}
        while first.referred in of and first.referred not in seen:
            first = of[first.referred]
            seen.add(first.identity)
        return ChangeStated(0, event.envelope.subject.partition("/")[2], first.name, event.data)


def _actions(events: Iterable[Event], effects: Any) -> list[Action]:
    return sorted(action_of(event, effects) for event in events)


# --- posts and assignments --------------------------------------------------------------------------------------------


def _post(events: list[Event]) -> list[PostStated]:
    rows: dict[date, PostStated] = {}
    current: PostStated | None = None
    for day, _, _, post, data in _actions(events, OF_POSTS):
        stated = {
            name: value for name, value in data if value is not None and name not in ("effective_from", "closed_on")
        }
        if isinstance(data, PostEstablished):
            current = PostStated(0, post, holds_from=day, **stated)
        elif current is None:
            continue
        elif isinstance(data, PostChanged):
            current = replace(current, holds_from=day, **stated)
        else:
            current = replace(current, holds_from=day, holds_until=day)
        rows[day] = current
        if isinstance(data, PostClosed):
            current = None  # nothing changes what is closed but establishing it again
    return [row for row in _each_until_the_next(list(rows.values())) if row.holds_until != row.holds_from]


def _each_until_the_next(rows: list[Any]) -> list[Any]:
    found = []
    for row, following in zip(rows, [*rows[1:], None][: len(rows)], strict=True):
        ends = row.holds_until is None and following is not None
        found.append(replace(row, holds_until=following.holds_from) if ends and following is not None else row)
    return found


def _cover(events: list[Event]) -> list[CoverStated]:
    rows: dict[date, CoverStated] = {}
    current: CoverStated | None = None
    for day, _, _, cover, data in _actions(events, OF_COVERS):
        dates = ("started_on", "effective_from", "ended_on")
        stated = {name: value for name, value in data if value is not None and name not in dates}
        if isinstance(data, CoverStarted):
            current = CoverStated(0, cover, holds_from=day, **({"post": None} | stated))
        elif current is None:
            continue
        elif isinstance(data, CoverChanged):
            current = replace(current, holds_from=day, **stated)
        else:
            rows.pop(day, None)
            if rows and rows[max(rows)].holds_until is None:
                rows[max(rows)] = replace(rows[max(rows)], holds_until=day, **stated)
            current = None
            continue
        rows[day] = current
    return _each_until_the_next(list(rows.values()))


# --- workers ----------------------------------------------------------------------------------------------------------

# Without any fact: of a holding whose start the file does not say.
NOBODY_CAME: WorkerStarted = cast(Any, WorkerStarted).model_construct()


def _worker(person: str, events: list[Event]) -> list[HoldingStated]:
    """The rows of one person: of each post, how long it was held at one FTE."""
    actions = _actions(events, OF_WORKERS)
    held = {post: _changes(steps) for post, steps in posts_held(actions).items()}
    reversals = Reversals(events)
    leavers = [event.data for event in events if not reversals.reverse(event) and isinstance(event.data, WorkerLeft)]
    left = {
        data.left_on: data for data in leavers if not any(_held_through(steps, data.left_on) for steps in held.values())
    }
    rows: list[HoldingStated] = []
    for post, steps in held.items():
        came, number = NOBODY_CAME, 0
        for (day, fte), (until, then) in zip(steps, [*steps[1:], (None, None)][: len(steps)], strict=True):
            if fte is None:
                came = NOBODY_CAME
                continue
            came = _came(actions, post, day) or came
            number += _taken_up(actions, post, day)
            row = HoldingStated(0, person, f"{person}.{post}.{number}", post, fte, day, until, **_of_start(came))
            row = _with_move(row, actions)
            rows.append(_with_ending(row, actions, left) if until is not None and then is None else row)
    return sorted(rows, key=lambda row: (row.holds_from or date.min, row.post))


def _changes(steps: dict[date, Decimal | None]) -> list[tuple[date, Decimal | None]]:
    found: list[tuple[date, Decimal | None]] = []
    for day, fte in sorted(steps.items()):
        if fte != (found[-1][1] if found else None):
            found.append((day, fte))
    return found


def _held_through(steps: list[tuple[date, Decimal | None]], day: date) -> bool:
    """Whether a post was held the day before and on that day too."""
    before = [fte for since, fte in steps if since < day]
    then = [fte for since, fte in steps if since <= day]
    return bool(before) and before[-1] is not None and then[-1] is not None


def _taken_up(actions: list[Action], post: str, day: date) -> bool:
    """Whether a post is taken up on a day, by a start or a move: a holding begins."""
    return any(
        data.post == post if isinstance(data, WorkerStarted) else isinstance(data, WorkerMoved) and data.to_post == post
        for on, *_, data in actions
        if on == day
    )


def _came(actions: list[Action], post: str, day: date) -> WorkerStarted | None:
    found = [data for on, *_, data in actions if on == day and isinstance(data, WorkerStarted) and data.post == post]
    return found[-1] if found else None


def _of_start(came: WorkerStarted | None) -> dict[str, Any]:
    names = ("origin", "route", "employment", "cohort", "campaign", "converted_from")
    return {name: value for name in names if (value := getattr(came, name, None)) is not None}


def _with_move(row: HoldingStated, actions: list[Action]) -> HoldingStated:
    for day, *_, data in actions:
        if day == row.holds_from and isinstance(data, WorkerMoved) and data.to_post == row.post:
            row = replace(row, move_kind=data.kind, expected_until=data.expected_until)
    return row


def _with_ending(row: HoldingStated, actions: list[Action], left: dict[date, WorkerLeft]) -> HoldingStated:
    end = row.holds_until
    leaver = left.get(end) if end is not None else None
    if leaver is not None:
        return replace(
            row, ending=Ending.LEFT, left_on=end, leaving_reason=leaver.reason, destination=leaver.destination
        )
    moves = (data for day, *_, data in actions if day == end and isinstance(data, WorkerMoved))
    moved = any(data.from_post == row.post and data.to_post != row.post for data in moves)
    return replace(row, ending=Ending.MOVED if moved else Ending.GAVE_UP)


# --- what is current --------------------------------------------------------------------------------------------------


def current(rows: Sequence[Any], as_at: date, dated: str) -> list[Any]:
    """The rows that hold on a day, without ends. `dated`: `not` at all, by the start of the `thing` or of the `row`."""
    found = []
    for row in rows:
        if row.holds_from <= as_at and (row.holds_until is None or row.holds_until > as_at):
            since = {"not": None, "thing": _start(rows, row), "row": row.holds_from}[dated]
            ends = {"ending": None, "left_on": None, "leaving_reason": None} if isinstance(row, HoldingStated) else {}
            found.append(replace(row, holds_from=since, holds_until=None, **ends))
    return found


def _start(rows: Sequence[Any], row: Any) -> date:
    """When what a row is a part of began."""
    start: date = row.holds_from
    before = [one for one in rows if _thing(one) == _thing(row) and one.holds_until == start]
    return _start(rows, before[0]) if before and before[0] is not row else start


def _thing(row: Any) -> str:
    for name in ("holding", "cover", "post"):
        if hasattr(row, name):
            return str(getattr(row, name))
    raise TypeError(type(row))
