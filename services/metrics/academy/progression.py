"""Who has gone from the academy to the work of a service area.

Invariant: outcomes and forecasts ask here, and nothing else says who progressed.
Definition: docs/definitions.md, 'Academy'.
"""

from datetime import date

from contracts.codes import Role
from services.metrics.snapshot.employment import Spell
from services.metrics.timelines.dimensions import Dimensions

ACADEMY_ROLE = Role.NEWLY_QUALIFIED_SOCIAL_WORKER
"""The role of the academy's posts."""


def is_in_service_area(dimensions: Dimensions) -> bool:
    """Whether a post belongs to a service area, by its role. A post of which nothing is known does not count as one."""
    return dimensions.role not in (None, ACADEMY_ROLE)


def progressed_on(spell: Spell, entered_on: date, by: date) -> date | None:
    """The first day on which the main post belongs to a service area, from a day of the spell on and by a date."""
    for service in spell.employment:
        if service.until > entered_on and service.since <= by and is_in_service_area(service.dimensions):
            return max(service.since, entered_on)
    return None
