"""Which of two events was recorded later, a second time: one pair of events at a time.

Invariant: nothing of when or where an event arrived is looked at.
"""

from collections.abc import Iterable
from functools import cmp_to_key

from contracts.envelope import Event


def in_order_of_recording(events: Iterable[Event]) -> list[Event]:
    """The events, the one recorded last at the end."""
    return sorted(events, key=cmp_to_key(_compared))


def _compared(one: Event, other: Event) -> int:
    """Below 0 where the first of the two was recorded first, above 0 where the second was."""
    a, b = one.envelope, other.envelope
    if a.time != b.time:
        return -1 if a.time < b.time else 1
    if a.source == b.source:
        stated = _stated_order(one, other)
        if stated:
            return stated
    for mine, theirs in ((a.source, b.source), (a.id, b.id), (a.type, b.type)):
        if mine != theirs:
            return -1 if mine < theirs else 1
    return 0


def _stated_order(one: Event, other: Event) -> int:
    """What two events of one source say of their order by their sourcesequences; 0 where that is nothing."""
    mine, theirs = one.envelope.sourcesequence, other.envelope.sourcesequence
    if mine is None or theirs is None:
        return (mine is not None) - (theirs is not None)
    return int(mine) - int(theirs)


def reverses(reversal: Event, leaver: Event) -> bool:
    """Whether a reversal takes back a leaver of its date: unless it is stated to have been recorded before it."""
    a, b = reversal.envelope, leaver.envelope
    if a.time != b.time:
        return a.time > b.time
    return a.source != b.source or _stated_order(reversal, leaver) >= 0
