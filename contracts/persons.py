"""Which worker numbers are one person: HR systems give one person two numbers, and merge them later.

Invariant: the answer depends on the set of merges alone, never on their order.
"""

from collections.abc import Iterable


def persons(merges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The person of every number that these merges name; each merge is (the number kept, its duplicate).

    Merges join transitively. A person goes by the number that no merge calls a duplicate; where several or none of the
    joined numbers are such, by the first of all of them in alphabetical order.
    """
    merges = set(merges)
    joined: dict[str, set[str]] = {}
    for kept, duplicate in merges:
        together = joined.get(kept, {kept}) | joined.get(duplicate, {duplicate})
        for number in together:
            joined[number] = together
    duplicates = {duplicate for _, duplicate in merges}
    found: dict[str, str] = {}
    for number, together in joined.items():
        kept_numbers = sorted(together - duplicates)
        found[number] = kept_numbers[0] if len(kept_numbers) == 1 else min(together)
    return found
