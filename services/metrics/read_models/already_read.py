"""What was already read for questions that are asked together, as those of one page.

Invariant: it is kept only as long as these questions are answered. It was read after the first of them was asked, so
each answer includes everything that was committed before that, and says no more of completeness than was true then.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.metrics.figures.age import Age


@dataclass(slots=True)
class AlreadyRead:
    """The ages, versions and arrivals that one of the questions has read, so that the others need not."""

    complete_until: datetime | None = None
    """The instant before which everything accepted had arrived when the first of the questions was asked."""
    ages: dict[Hashable, Age] = field(default_factory=dict)
    versions: dict[str, UUID | None] = field(default_factory=dict)
    """The version of the staffing of authorities."""
    every_authority: list[str] | None = None
    """Every authority that has staffing."""
    arrived: dict[str, int] = field(default_factory=dict)
    """The place of the last event of authorities in the order of arrival."""

    def reaches(self, authority: str, arrived: int) -> bool:
        """Whether events up to this place are all that are needed of an authority."""
        last = self.arrived.get(authority)
        return last is not None and arrived >= last
