"""What every kind of event declares about itself.

Invariant: an event type's name, topic and subject never change once published; a changed meaning is a new version.
"""

from datetime import date
from typing import Any, ClassVar

from contracts.codes import WithdrawalReason
from contracts.values import Contract


class EventData(Contract):
    """Base of the `data` of every event. Effective dates stand here, never in the envelope's `time`.

    Class attributes: `event_type` is the CloudEvents type, `subject_kind` the word before the slash of its subject.
    `effective_field` is the field that says from which date on it holds; None if it always held.
    """

    event_type: ClassVar[str]
    subject_kind: ClassVar[str]
    effective_field: ClassVar[str | None]

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Refuse a kind of event that does not say when it takes effect: it would be passed over unsaid."""
        field = vars(cls).get("effective_field", ...)
        if field is ... or (field is not None and field not in cls.model_fields):
            raise TypeError(f"{cls.__name__}: effective_field must name the field of its effective date, or be None")

    @property
    def effective_date(self) -> date | None:
        """The date from which on the event holds; None if it always held."""
        if self.effective_field is None:
            return None
        day: date = getattr(self, self.effective_field)
        return day


class Withdrawal(Contract):
    """The `data` of an event whose envelope carries `voids`: that event never happened, and this is why."""

    because: WithdrawalReason
