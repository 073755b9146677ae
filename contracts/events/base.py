"""What every kind of event declares about itself.

Invariant: an event type's name, topic and subject never change once published; a changed meaning is a new version.
"""

from typing import ClassVar

from contracts.codes import WithdrawalReason
from contracts.values import Contract


class EventData(Contract):
    """Base of the `data` of every event. Effective dates stand here, never in the envelope's `time`.

    Class attributes: `event_type` the CloudEvents type, `subject_kind` the word before the slash of its subject.
    """

    event_type: ClassVar[str]
    subject_kind: ClassVar[str]


class Withdrawal(Contract):
    """The `data` of an event whose envelope carries `voids`: that event never happened, and this is why."""

    because: WithdrawalReason
