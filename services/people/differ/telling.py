"""Which events lead from the facts that stood to those that ought to stand.

Invariant: once they are told, exactly the facts that ought to stand do. The same two sets of facts as of the same
extract give the same events, with the same ids.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from hashlib import sha256

from contracts.codes import WithdrawalReason
from contracts.envelope import format_instant
from contracts.events.base import EventData, Withdrawal
from contracts.events.hiring import WorkerMoved, WorkerStarted
from contracts.events.leavers import LeaverReversed, WorkerLeft
from services.people.facts import Fact, StatedEvent, StatedFact
from services.people.statements import Extract, Kind

_TIME_BEFORE_ALL = date.min
_ID_LENGTH = 40
"""Hexadecimal digits of a digest: 160 bits, as many as a commit's."""

_Trait = Callable[[Fact], Hashable]

_SAME: Sequence[_Trait] = (lambda fact: (fact.type, fact.key, fact.data), lambda fact: (fact.type, fact.data))
_SAME_BY_KEY = _SAME[:1]
_CORRECTED: Sequence[_Trait] = (
    lambda fact: (fact.type, fact.key, fact.data.effective_date),
    lambda fact: (fact.type, fact.key),
    lambda fact: fact.type,
)
_CORRECTED_BY_KEY = _CORRECTED[:2]


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told of one subject: the facts that stand afterwards, and the events that lead there, in order."""

    facts: tuple[StatedFact, ...]
    events: list[StatedEvent]


def told(
    subject: str, before: Sequence[StatedFact], now: Sequence[Fact], extract: Extract, *, others_stay: bool
) -> Telling:
    """What to tell where `before` stood and `now` ought to. `others_stay`: what is not among these still stands too."""
    same, corrected, new, gone = _paired(before, now, extract.kind, others_stay)
    speaker = _Speaker(subject, extract)
    stand = [StatedFact(_kept(fact), stated.events) for stated, fact in same]
    for stated, fact in corrected:
        id = speaker.state(fact, supersedes=stated.events[-1])
        stand.append(StatedFact(_kept(fact), (*stated.events, id)))
    stand += [StatedFact(_kept(fact), (speaker.state(fact),)) for fact in new]
    if others_stay:
        stand += gone
    else:
        for stated in gone:
            speaker.withdraw(stated, now)
    return Telling(tuple(sorted(stand, key=_in_order)), speaker.in_order())


def _kept(fact: Fact) -> Fact:
    return fact if fact.row is None else replace(fact, row=None)


def _in_order(stated: StatedFact) -> tuple[date, str, str, str]:
    fact = stated.fact
    return fact.data.effective_date or _TIME_BEFORE_ALL, fact.type, fact.key, stated.events[0]


# --- what has become of what ------------------------------------------------------------------------------------------


def _paired(
    before: Sequence[StatedFact], now: Sequence[Fact], kind: Kind, others_stay: bool
) -> tuple[list[tuple[StatedFact, Fact]], list[tuple[StatedFact, Fact]], Sequence[Fact], list[StatedFact]]:
    """Which facts are the same, which are corrected, which are new, and which are gone.

    What has no partner by its key is brought together in the order of dates; but not what has a key of its own in the
    source, nor where not all is known that ought to stand.
    """
    if not before:
        return [], [], now, []
    by_key_alone = kind is Kind.CHANGES
    old, new = sorted(before, key=_in_order), list(now)
    same: list[tuple[StatedFact, Fact]] = []
    corrected: list[tuple[StatedFact, Fact]] = []
    for trait in _SAME_BY_KEY if by_key_alone else _SAME:
        old, new = _bring_together(old, new, trait, same)
    for trait in _CORRECTED_BY_KEY if by_key_alone or others_stay else _CORRECTED:
        old, new = _bring_together(old, new, trait, corrected)
    return same, corrected, new, old


def _bring_together(
    old: list[StatedFact], new: list[Fact], trait: _Trait, pairs: list[tuple[StatedFact, Fact]]
) -> tuple[list[StatedFact], list[Fact]]:
    """Pair what is alike in a trait, in the order of dates; gives those that have no partner."""
    if not old or not new:
        return old, new
    waiting: defaultdict[Hashable, list[StatedFact]] = defaultdict(list)
    for stated in reversed(old):
        waiting[trait(stated.fact)].append(stated)
    alone: list[Fact] = []
    paired: set[int] = set()
    for fact in sorted(new, key=lambda fact: fact.data.effective_date or _TIME_BEFORE_ALL):
        if partners := waiting.get(trait(fact)):
            stated = partners.pop()
            paired.add(id(stated))
            pairs.append((stated, fact))
        else:
            alone.append(fact)
    return [stated for stated in old if id(stated) not in paired], alone


# --- events -----------------------------------------------------------------------------------------------------------


class _Speaker:
    """Gathers the events of one subject in one extract."""

    def __init__(self, subject: str, extract: Extract) -> None:
        self._subject = subject
        self._extract = extract
        self._time = format_instant(extract.recorded_at.astimezone(UTC))
        self._said: list[tuple[date, StatedEvent]] = []

    def state(self, fact: Fact, supersedes: str | None = None) -> str:
        """Say a fact, as a correction of an event if one is named; gives the id of the event."""
        refers = {} if supersedes is None else {"supersedes": supersedes}
        return self._say(fact.type, fact.key, fact.data, fact.data.effective_date, refers, fact.row)

    def withdraw(self, stated: StatedFact, now: Iterable[Fact]) -> None:
        """Say that a fact does not hold.

        That somebody did not leave who goes on is what `leaver.reversed` is for: it is what HR says who takes a notice
        back, and it holds for leavers of that day under all numbers and of all feeds. All else never was: it is voided,
        each version of it, since the one before would stand again.
        """
        fact, data = stated.fact, stated.fact.data
        if isinstance(data, WorkerLeft) and _goes_on(data, now):
            reversal = LeaverReversed(left_on=data.left_on)
            self._say(reversal.event_type, fact.key, reversal, data.left_on, {}, None)
            return
        day = data.effective_date
        ahead = day is not None and day > self._extract.as_at
        because = WithdrawalReason.CANCELLED if ahead else WithdrawalReason.ENTERED_IN_ERROR
        for version in stated.events:
            self._say(fact.type, fact.key, Withdrawal(because=because), day, {"voids": version}, None)

    def _say(
        self,
        type: str,
        key: str,
        data: EventData | Withdrawal,
        day: date | None,
        refers: dict[str, str],
        row: int | None,
    ) -> str:
        extract = self._extract
        content = data.model_dump_json(exclude_none=True)
        stated = (extract.authority, extract.feed, extract.kind, self._subject, type, key, content, self._time)
        digest = sha256("\n".join((*stated, *refers.keys(), *refers.values())).encode())
        attributes = {
            "specversion": "1.0",
            "id": digest.hexdigest()[:_ID_LENGTH],
            "source": f"/people/{extract.feed}",
            "type": type,
            "subject": self._subject,
            "time": self._time,
            "authority": extract.authority,
            **refers,
        }
        event = StatedEvent(attributes, data.model_dump(mode="json", exclude_none=True), row)
        self._said.append((day or _TIME_BEFORE_ALL, event))
        return attributes["id"]

    def in_order(self) -> list[StatedEvent]:
        """The events in the order of the days they speak of, numbered: they are all of one time."""
        self._said.sort(key=lambda said: said[0])
        for place, (_, event) in enumerate(self._said, start=1):
            event.attributes["sourcesequence"] = str(place)
        return [event for _, event in self._said]


def _goes_on(leaver: WorkerLeft, now: Iterable[Fact]) -> bool:
    """Whether a worker, who is no leaver any more, was in post before that day."""
    came = (fact.data for fact in now if isinstance(fact.data, WorkerStarted | WorkerMoved))
    return any(data.effective_date is not None and data.effective_date < leaver.left_on for data in came)
