"""What was worked out of each thing's facts, kept so that the next snapshot works out only what has changed.

Invariant: what is given is what `make` gives of these facts. Whether they are the same as before is asked of the facts
themselves, never of what is said to have changed.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

Result = TypeVar("Result")

Facts = tuple[Any, ...]
"""All that a result follows from: values, and sequences of values, that nobody changes."""

Results = dict[str, tuple[Facts, Any]]
"""By whose they are: what they follow from, and they themselves."""


class Made:
    """The results of one snapshot by what they are and whose, with the facts that they follow from."""

    def __init__(self, before: "Made | None" = None) -> None:
        """`before` is of a snapshot of nearly the same events."""
        self._now: dict[Hashable, Results] = {}
        # What was not asked for since stands as it was. Another thread may add to the one before meanwhile.
        self._before: dict[Hashable, Results] = {} if before is None else before._before.copy() | before._now.copy()

    def each(
        self, what: Hashable, facts: Iterable[tuple[str, Facts]], make: Callable[..., Result]
    ) -> dict[str, Result]:
        """The result of each: `make(whose, *facts)`, in the order in which they are given."""
        before = self._before.get(what, {})
        now: Results = {}
        for whose, follows_from in facts:
            was = before.get(whose)
            # Facts that are the same objects are found so at once.
            if was is not None and was[0] == follows_from:
                now[whose] = was
            else:
                now[whose] = follows_from, make(whose, *follows_from)
        self._now[what] = now
        self._before.pop(what, None)
        return {whose: result for whose, (_, result) in now.items()}

    def __len__(self) -> int:
        """How many results are kept."""
        return sum(map(len, [*self._now.values(), *self._before.values()]))
