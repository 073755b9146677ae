"""What each authority adds to a figure of all of them, kept so that the next time only those are counted that changed.

Invariant: what is given of an authority is what its events and its staffing come to as they are now.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial

from services.metrics.figures.figures import FigureSums
from services.metrics.read_models.budget import Budget

MOST_OF_THE_BUDGET = 0.1
"""The part of it that one question may take: what has very many rows and points is counted again."""

# By a few short looks into indexes for each. What is derived later than it arrived changes the version of the staffing.
STATES = """
    SELECT
        staffing_version.authority,
        version,
        (SELECT max(arrival) FROM inbox WHERE inbox.authority = staffing_version.authority) AS arrived,
        (
            SELECT max(latest.recorded_at)
            FROM unnest($2::text[]) AS owned (owner)
            CROSS JOIN LATERAL (
                SELECT max(recorded_at) AS recorded_at FROM inbox
                WHERE
                    inbox.authority = staffing_version.authority
                    AND inbox.owner = owned.owner
                    AND recorded_at <= $1
            ) AS latest
        ) AS known
    FROM staffing_version
    ORDER BY authority
"""

States = Mapping[str, Hashable]
"""Of each authority what its amounts follow from: while it is the same, so are they."""


@dataclass(slots=True)
class _Of:
    """One question's amounts, by authority, each with the state that it is of."""

    amounts: dict[str, tuple[Hashable, FigureSums]] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        return sum(sums.weight for _, sums in self.amounts.values())


class Amounts:
    """The amounts of the questions about all authorities that were asked lately, as the budget has room for."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._held: dict[Hashable, _Of] = {}

    def of(self, question: Hashable, states: States) -> dict[str, FigureSums]:
        """The amounts that are known, of the authorities that are as they were."""
        held = self._held.get(question)
        if held is None:
            return {}
        self._budget.used(_key(question))
        return {name: sums for name, (state, sums) in held.amounts.items() if states.get(name) == state}

    def keep(self, question: Hashable, states: States, amounts: Mapping[str, FigureSums]) -> bool:
        """Keep these too, counted of authorities in these states; nobody adds to them any more. False for too much."""
        held = self._held.get(question) or _Of()
        held.amounts |= {name: (states[name], sums) for name, sums in amounts.items()}
        weight = held.weight
        if weight > MOST_OF_THE_BUDGET * self._budget.most:
            self._held.pop(question, None)
            self._budget.forget(_key(question))
            return False
        self._held[question] = held
        self._budget.keep(_key(question), weight, partial(self._held.pop, question, None))
        return True


def _key(question: Hashable) -> Hashable:
    return "amounts", question
