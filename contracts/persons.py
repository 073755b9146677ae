"""Which worker numbers are one person: HR systems give one person two numbers, and merge them later.

Invariant: the answer depends on the set of merges alone, never on their order.
"""

from collections.abc import Iterable

from contracts.envelope import Event
from contracts.events.hiring import WorkerMerged


def merges_stated(events: Iterable[Event]) -> list[tuple[str, str]]:
    """What the merges among these events say, each (the number kept, its duplicate); a withdrawal says nothing."""
    return [
        (event.envelope.subject.partition("/")[2], event.data.duplicate)
        for event in events
        if isinstance(event.data, WorkerMerged)
    ]


def persons(merges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The person of every number that these merges name; each merge is (the number kept, its duplicate).

    Merges join transitively. A person goes by the number that no merge calls a duplicate; where several or none of the
    joined numbers are such, by the first of all of them in alphabetical order.
    """
    duplicates: set[str] = set()
    joined: dict[str, set[str]] = {}
    for kept, duplicate in merges:
        duplicates.add(duplicate)
        fewer, more = sorted((joined.get(kept, {kept}), joined.get(duplicate, {duplicate})), key=len)
        more |= fewer
        joined.update(dict.fromkeys(fewer, more))
        joined.update(dict.fromkeys((kept, duplicate), more))
    found: dict[str, str] = {}
    for number, together in joined.items():
        if number not in found:
            kept_numbers = together - duplicates
            person = kept_numbers.pop() if len(kept_numbers) == 1 else min(together)
            found.update(dict.fromkeys(together, person))
    return found
