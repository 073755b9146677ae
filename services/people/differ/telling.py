"""Finds the events that lead from the facts that stood to those that should stand.

Invariant: after these events exactly the right facts are in force. The same two sets of facts and the same extract
give the same events, with the same ids.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
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
    """The result for one subject: the facts in force afterwards, and the events that lead there, in order."""

    facts: tuple[StatedFact, ...]
    events: list[StatedEvent]


def statements_for(
    subject: str, before: Sequence[StatedFact], now: Sequence[Fact], extract: Extract, *, others_stay: bool
) -> Telling:
    """The events that lead from `before` to `now`. `others_stay`: facts that are not in `now` stay."""
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
    return fact if fact.row is None else Fact(fact.subject, fact.key, fact.data)


def _in_order(stated: StatedFact) -> tuple[date, str, str, str]:
    fact = stated.fact
    return fact.data.effective_date or _TIME_BEFORE_ALL, fact.type, fact.key, stated.events[0]


# --- what has become of what ------------------------------------------------------------------------------------------


def _paired(
    before: Sequence[StatedFact], now: Sequence[Fact], kind: Kind, others_stay: bool
) -> tuple[list[tuple[StatedFact, Fact]], list[tuple[StatedFact, Fact]], Sequence[Fact], list[StatedFact]]:
    """Sorts facts into those that are the same, corrected, new, or gone.

    Facts without a partner by key are paired in the order of their dates. This is not done for facts that have a key
    of their own in the source, nor if not all facts that should stand are known.
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
    """Pair facts with an equal trait, in the order of their dates. Returns those without a partner."""
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
    """Collects the events of one subject in one extract."""

    def __init__(self, subject: str, extract: Extract) -> None:
        self._subject = subject
        self._extract = extract
        self._time = format_instant(extract.recorded_at.astimezone(UTC))
        self._stated: list[tuple[date, StatedEvent]] = []

    def state(self, fact: Fact, supersedes: str | None = None) -> str:
        """State a fact, as a correction of an event if one is named. Returns the id of the new event."""
        refers = {} if supersedes is None else {"supersedes": supersedes}
        return self._say(fact.type, fact.key, fact.data, fact.data.effective_date, refers, fact.row)

    def withdraw(self, stated: StatedFact, now: Iterable[Fact]) -> None:
        """State that a fact does not hold.

        If a worker did not leave but goes on, a `leaver.reversed` says so. That is what HR records when a notice is
        taken back, and it holds for leavers of that day under all numbers and of all feeds. Every other fact never
        was: it is voided. All its versions are, because otherwise the version before would stand again.
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
        self._stated.append((day or _TIME_BEFORE_ALL, StatedEvent(attributes, content, row)))
        return attributes["id"]

    def in_order(self) -> list[StatedEvent]:
        """The events in the order of the days that they are about, numbered by `sourcesequence`, because they all
        have one `time`.
        """
        self._stated.sort(key=lambda dated: dated[0])
        for number, (_, event) in enumerate(self._stated, start=1):
            event.attributes["sourcesequence"] = str(number)
        return [event for _, event in self._stated]


def _goes_on(leaver: WorkerLeft, now: Iterable[Fact]) -> bool:
    """Whether a worker who is no longer a leaver was in post before that day."""
    came = (fact.data for fact in now if isinstance(fact.data, WorkerStarted | WorkerMoved))
    return any(data.effective_date is not None and data.effective_date < leaver.left_on for data in came)
