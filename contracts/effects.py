"""How standing events take effect: the order in which a reader follows them through the dates on which they are true.

Invariant: the order depends on the events alone; no two events that act on one subject are equal in it.
"""

from collections.abc import Callable, Mapping
from datetime import date
from operator import attrgetter
from typing import Any, TypeVar

from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.standing import Recorded, order_of_recording

Value = TypeVar("Value")

Action = tuple[date, int, Recorded, str, Any]
"""A standing event as it takes effect: effective date, precedence among those of that date, place in the order of
recording, identifier of its subject, data."""

Steps = dict[str, dict[date, Value | None]]
"""For each key the values that hold from a date on, dates ascending; None where nothing holds."""

Effects = Mapping[str, tuple[int, Callable[[Any], date]]]
"""By event type: the precedence among actions of one date, and what reads the effective date from the data."""


def in_order_of_effect(*models: tuple[type[EventData], str]) -> Effects:
    """The effects of models, each with the field of its effective date, in the order in which they act on one date."""
    return {model.event_type: (place, attrgetter(field)) for place, (model, field) in enumerate(models)}


def action_of(event: Event, effects: Effects) -> Action:
    """An event, of a type that has an effect, as it takes effect. Actions sort in the order in which they act."""
    precedence, effective_date = effects[event.envelope.type]
    identifier = event.envelope.subject.partition("/")[2]
    return effective_date(event.data), precedence, order_of_recording(event), identifier, event.data
