"""Results that were worked out from each thing's facts. They are kept so that the next snapshot works out only what
has changed.

Invariant: a result is what `make` gives for these facts. Whether they are the same as before is found by comparing
the facts themselves, never from a list of changes.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple, TypeVar

Result = TypeVar("Result")


class _Results(NamedTuple):
    """By their owner the facts that results follow from, and the results."""

    facts: Mapping[str, Any]
    results: Mapping[str, Any]


NOTHING_MADE = _Results({}, {})


class Made:
    """The results of one snapshot, by kind and owner, with the facts that they follow from."""

    def __init__(self, before: "Made | None" = None) -> None:
        """`before` is of a snapshot of nearly the same events."""
        self._now: dict[Hashable, _Results] = {}
        # What was not asked for since stands as it was. Another thread may add to the one before meanwhile.
        self._before: dict[Hashable, _Results] = {} if before is None else before._before.copy() | before._now.copy()

    def each(self, what: Hashable, facts: Mapping[str, Any], make: Callable[[str, Any], Result]) -> dict[str, Result]:
        """The result for each owner, in the order given: `make(whose, its facts)`.

        Facts are immutable values and sequences of them, or tuples of these. None are None.
        """
        before = self._before.get(what, NOTHING_MADE)
        were, kept = before.facts, before.results
        # Facts that are the same object need no comparison, and of nearly all owners they are.
        made = {
            whose: make(whose, follows_from)
            for whose, follows_from in facts.items()
            if (was := were.get(whose)) is not follows_from and was != follows_from
        }
        results = {whose: made[whose] if whose in made else kept[whose] for whose in facts}
        self._now[what] = _Results(facts, results)
        self._before.pop(what, None)
        return results

    def __len__(self) -> int:
        """How many results are kept."""
        return sum(len(kept.results) for kept in [*self._now.values(), *self._before.values()])
