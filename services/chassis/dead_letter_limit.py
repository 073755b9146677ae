"""When to stop a partition: so many of its records are rejected that the fault is probably not in the records.

Invariant: records of one authority alone never reach the limit, however many there are. A healthy partition never
hides a bad one, because each is watched by a limit of its own.
"""

from collections import Counter, deque

SHARE_WINDOW = 1000
"""The share of dead letters is counted over so many of the latest records of a partition."""

Owner = str | None
"""The authority that a record names; None if it cannot be read."""


class DeadLetterLimit:
    """Watches one partition: a run of bad records, or a large share, of several authorities or of none.

    At most half of a limit counts for one authority: its feed may be at fault, and must not stop the others. Records
    that name no authority come from no feed; all of them count.
    """

    def __init__(self, in_a_row: int, share: float) -> None:
        self._in_a_row = in_a_row
        self._share = share
        self._run: Counter[Owner] = Counter()
        self._latest: deque[tuple[Owner, bool]] = deque()
        self._bad_latest: Counter[Owner] = Counter()
        self._runs: Counter[Owner] = Counter()

    def note(self, owner: Owner, rejected: bool) -> str | None:
        """Note whether one record was rejected. Returns the reason to stop, or None."""
        self._remember(owner, rejected)
        if not rejected:
            return None
        if _counted(self._run, self._in_a_row) >= self._in_a_row:
            return f"{self._run.total()} records in a row could not be taken in"
        limit = self._share * SHARE_WINDOW
        if len(self._latest) == SHARE_WINDOW and _counted(self._bad_latest, limit) > limit:
            share = self._bad_latest.total() / SHARE_WINDOW
            return f"{share:.0%} of the last {SHARE_WINDOW} records could not be taken in"
        return None

    @property
    def is_clear(self) -> bool:
        """Whether nothing that was rejected counts any more: one more good record ends no run."""
        return not self._run and not self._runs and not any(self._bad_latest.values())

    def note_good(self, count: int) -> None:
        """The same as `note` of so many good records, whoever's they are, while it `is_clear`."""
        self._latest.extend([(None, False)] * count)
        for _ in range(len(self._latest) - SHARE_WINDOW):
            self._latest.popleft()

    def one_authority_only(self, owner: Owner) -> bool:
        """Whether this record completes a run of one authority's rejected records as long as the limit."""
        return owner is not None and self._runs[owner] == self._in_a_row

    def _remember(self, owner: Owner, rejected: bool) -> None:
        self._latest.append((owner, rejected))
        if len(self._latest) > SHARE_WINDOW:
            oldest, was_bad = self._latest.popleft()
            self._bad_latest[oldest] -= was_bad
        if rejected:
            self._run[owner] += 1
            self._runs[owner] += 1
            self._bad_latest[owner] += 1
        else:
            self._run.clear()
            del self._runs[owner]


def _counted(bad: Counter[Owner], limit: float) -> float:
    """How many of these records count towards a limit."""
    return sum(count if owner is None else min(count, limit / 2) for owner, count in bad.items())
