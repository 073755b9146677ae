"""The events that this process took in lately, kept as they were decoded. So they need not be read from a table.

Invariant: for each authority these are the newest events in the inbox, without a gap, and they are equal to what the
inbox would give. Each caller first asks the inbox which event arrived last. If that is another one than is known
here, another process took in events of the authority, or the tables were made again. Then everything is read from the
inbox.

Events of one authority are taken in by one transaction at a time, so none can arrive between two that are kept.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import takewhile

from contracts.envelope import Event
from services.chassis import inbox
from services.chassis.database import Reads
from services.chassis.inbox import Arrived

MOST = 10_000
"""The most events kept by one process, 1.5 kB each: a month of England's, or more than one authority's ten years."""

Subjects = Collection[tuple[str, str]]


class Tail:
    """The newest events of one authority: all that arrived after a place in the order of arrival."""

    def __init__(self, after: int) -> None:
        self.after = self.last = after
        self.is_kept = True
        self.in_order: deque[tuple[int, Event]] = deque()
        # Lists: most subjects have one or two, and a deque takes the room of sixty.
        self._of_subject: defaultdict[str, list[Event]] = defaultdict(list)

    def of(self, subject: str) -> Sequence[Event]:
        """Those of one subject."""
        return self._of_subject.get(subject, ())

    def since(self, after: int) -> list[Event]:
        """Those that arrived after a place, in the order of arrival."""
        newest_first = [event for _, event in takewhile(lambda one: one[0] > after, reversed(self.in_order))]
        return newest_first[::-1]

    def append(self, arrival: int, event: Event) -> None:
        """One more, which arrived after all others."""
        self.in_order.append((arrival, event))
        self._of_subject[event.envelope.subject].append(event)
        self.last = arrival

    def drop_first(self) -> None:
        """Keep the first no longer."""
        self.after, event = self.in_order.popleft()
        of_subject = self._of_subject[event.envelope.subject]
        del of_subject[0]
        if not of_subject:
            del self._of_subject[event.envelope.subject]


Tails = Mapping[str, Sequence[Tail]]
"""The newest events of each authority, in tails: each tail begins where the one before ends."""


async def read_subjects(connection: Reads, subjects: Subjects, tails: Tails) -> list[Event]:
    """All events of these (authority, subject), in no particular order. `tails` must be of the caller's transaction."""
    # What is kept is looked up before anything is awaited: meanwhile the oldest may be let go.
    kept: list[Event] = []
    others: list[tuple[str, str, int]] = []
    for authority, subject in subjects:
        newest = tails.get(authority, ())
        up_to = newest[0].after if newest else inbox.LAST
        if up_to:
            others.append((authority, subject, up_to))
        for tail in newest:
            kept += tail.of(subject)
    return kept + await inbox.read_subjects(connection, others) if others else kept


class RecentEvents:
    """The newest events of every authority, as many as there is room for."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._tails: dict[str, Tail] = {}
        self._in_order: deque[Tail] = deque()

    def forget(self) -> None:
        """Keep none: the tables were made again."""
        for authority in list(self._tails):
            self._let_go(authority)
        self._in_order.clear()

    def add(self, arrived: Iterable[Arrived]) -> None:
        """Keep what one transaction took in, once it is committed."""
        tails: dict[str, Tail] = {}
        for one in arrived:
            authority = one.event.envelope.authority
            if authority not in tails:
                tails[authority] = self._reaching(authority, one.before) or self._begin(authority, one.before)
            tails[authority].append(one.arrival, one.event)
            self._in_order.append(tails[authority])
        # Those of a tail that was let go count until it is their turn: what is held in memory is bounded all the same.
        while len(self._in_order) > self._most:
            tail = self._in_order.popleft()
            if tail.is_kept:
                tail.drop_first()

    async def tails(self, connection: Reads, authorities: Iterable[str]) -> Tails:
        """The events kept of authorities that the caller's transaction has locked."""
        kept = [authority for authority in authorities if authority in self._tails]
        last = await inbox.last_arrivals(connection, kept) if kept else {}
        return {authority: [tail] for authority in kept if (tail := self._reaching(authority, last[authority]))}

    def tails_with(self, arrived: Sequence[Arrived]) -> Tails:
        """The same for the authorities of these events, in the transaction that has just taken them in."""
        tails: dict[str, list[Tail]] = {}
        for one in arrived:
            authority = one.event.envelope.authority
            if authority not in tails:
                kept = self._reaching(authority, one.before)
                tails[authority] = [*([kept] if kept else ()), Tail(one.before)]
            tails[authority][-1].append(one.arrival, one.event)
        return tails

    async def arrived_after(self, readers: Reads, authority: str, after: int) -> tuple[list[Event], int]:
        """The events of an authority that arrived after a place in the order of arrival, and the place of the last."""
        tail = self._tails.get(authority)
        if tail is not None and tail.after <= after:
            last = (await inbox.last_arrivals(readers, [authority]))[authority]
            # Asked again: it may have lost its oldest meanwhile, or a commit may not have been told here yet.
            if self._tails.get(authority) is tail and tail.after <= after and tail.last == last:
                return tail.since(after), last
        return await inbox.read_arrived(readers, authority, after)

    def _reaching(self, authority: str, last: int) -> Tail | None:
        """The events kept of an authority, if they reach the last that arrived; if not, they are dropped."""
        tail = self._tails.get(authority)
        if tail is None or tail.last == last:
            return tail
        self._let_go(authority)
        return None

    def _begin(self, authority: str, after: int) -> Tail:
        tail = self._tails[authority] = Tail(after)
        return tail

    def _let_go(self, authority: str) -> None:
        # A transaction may still read from it: it stays as it is.
        self._tails.pop(authority).is_kept = False
