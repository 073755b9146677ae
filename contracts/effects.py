"""How events in force take effect: the order in which a reader follows them through the dates on which they are true.

Invariant: the order depends on the events alone. No two events that act on one subject are equal in it. No type of
event about such a subject is forgotten.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, TypeVar

from contracts.catalogue import EVENT_MODELS
from contracts.envelope import Event
from contracts.events.base import EventData
from contracts.in_force import Recorded, order_of_recording

Value = TypeVar("Value")

Action = tuple[date, int, Recorded, str, Any]
"""An event in force as it takes effect: effective date, precedence among those of that date, position in the order of
recording, identifier of its subject, data."""

Steps = dict[str, dict[date, Value | None]]
"""For each key the values that hold from a date on, dates ascending; None where nothing holds."""

Effects = Mapping[str, int]
"""By event type: the precedence among actions of one date."""


def effective_date(event: Event) -> date | None:
    """The date from which on an event holds; None if it holds for all time, and for a withdrawal."""
    return event.data.effective_date if isinstance(event.data, EventData) else None


def day_of_effect(event: Event) -> date:
    """The same of an event that has one. Raises ValueError for others."""
    day = effective_date(event)
    if day is None:
        raise ValueError(f"{event.envelope.type} has no effective date")
    return day


def in_order_of_effect(*models: type[EventData], without: Collection[type[EventData]] = ()) -> Effects:
    """The effects of models with an effective date, in the order in which they act on one date.

    `without` are the other models about the same kinds of subject, which have no such effect. Raises TypeError if a
    model is in neither, or has no effective date: its events would be skipped silently.
    """
    kinds = {model.subject_kind for model in models}
    about = {model for model in EVENT_MODELS.values() if model.subject_kind in kinds}
    forgotten = sorted(model.__name__ for model in about - {*models, *without})
    if forgotten:
        raise TypeError(f"{', '.join(forgotten)}: list each in the order in which it takes effect, or in `without`")
    timeless = sorted(model.__name__ for model in models if model.effective_field is None)
    if timeless:
        raise TypeError(f"{', '.join(timeless)}: has no effective date, so no order in which it takes effect")
    return {model.event_type: precedence for precedence, model in enumerate(models)}


def action_of(event: Event, effects: Effects) -> Action:
    """The action of an event whose type has an effect. Actions sort in the order in which they act."""
    identifier = event.identifier
    return day_of_effect(event), effects[event.envelope.type], order_of_recording(event), identifier, event.data
