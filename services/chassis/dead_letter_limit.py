"""When so many records of a partition are rejected that the fault is hardly in the records.

Invariant: what one authority sends never reaches the limit alone, however much of it there is; nor does what a healthy
partition takes in hide a bad one, which is watched by a limit of its own.
"""

from collections import Counter, deque

SHARE_WINDOW = 1000
"""Over how many of the latest records of a partition the share of dead letters is watched."""

Owner = str | None
"""The authority a record names, or None where it names none that can be read."""


class DeadLetterLimit:
    """Watches one partition: a run of bad records, or a large share, of several authorities or of none.

    Of one authority's records at most half a limit counts: its feed can be at fault, and stops nobody else's. Records
    that name no authority come from no feed, and all count.
    """

    def __init__(self, in_a_row: int, share: float) -> None:
        self._in_a_row = in_a_row
        self._share = share
        self._run: Counter[Owner] = Counter()
        self._latest: deque[tuple[Owner, bool]] = deque()
        self._bad_latest: Counter[Owner] = Counter()
        self._runs: Counter[Owner] = Counter()

    def note(self, owner: Owner, rejected: bool) -> str | None:
        """Note one record's fate; gives the reason to stop, or None."""
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

    def one_authority_only(self, owner: Owner) -> bool:
        """Whether just now so many of this authority's records in a row were rejected as stop a consumer."""
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
    """How many of these count towards a limit."""
    return sum(count if owner is None else min(count, limit / 2) for owner, count in bad.items())
