"""A feed of which files are read as bytes: through reader, mapping, comparison and differ, as the service does it.

Invariant: what the service does in one transaction is done here in memory, by the same functions; nothing else.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from contracts.envelope import Event, parse_event
from contracts.refusal import Fault
from services.people.comparing import Comparison, Known, Outcome, Status, read_answer, subject_state
from services.people.differ.refusing import Delivery
from services.people.files.reading import open_table
from services.people.handlers import read_mapping_once
from services.people.mapping.rows import named_rows
from services.people.register.keys import KEY_BYTES, Keyring
from services.people.statements import Extract
from services.people.store import Stated
from services.people.taking_in import Refusal, assert_not_refused, layout_of

KEYRING = Keyring({"tests": bytes(KEY_BYTES)}, bytes(KEY_BYTES))
KEY, SEALED = KEYRING.new("tests")


@dataclass
class Taken:
    """What became of one file: why it was refused, or what it gave."""

    refusal: Fault | None = None
    unchanged: int = 0
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def rejected(self) -> list[dict[str, Any]]:
        """What is told of its rejected rows."""
        rows = (row for one in self.outcomes for row in one.rows if row.status == Status.REJECTED)
        return [read_answer(SEALED, row.row, row.sealed) | {"row": row.row} for row in rows]

    @property
    def questions(self) -> list[str]:
        """What people are asked."""
        return [question for one in self.outcomes for question in one.questions]

    @property
    def events(self) -> list[Event]:
        """The events that it came to."""
        return [_event(sent.event) for one in self.outcomes for sent in one.events]


@dataclass
class FeedOfFiles:
    """One feed of an authority, with the text of its mapping, and all that it stated so far."""

    mapping: str
    authority: str = "331"
    events: list[Event] = field(default_factory=list)
    states: dict[str, dict[str, Stated]] = field(default_factory=dict)
    last: dict[str, Delivery] = field(default_factory=dict)

    def take(self, name: str, content: bytes, as_at: date, recorded_at: datetime, *, confirmed: bool = False) -> Taken:
        """Take in a file."""
        file_mapping = read_mapping_once(self.mapping).file_for(name)
        table = open_table(content, file_mapping.layout)
        extract = Extract(self.authority, "hr", file_mapping.kind, as_at, recorded_at)
        comparison = Comparison(file_mapping, "mapping", extract, hashlib.sha256(content).hexdigest(), KEYRING)
        states, last = self.states.setdefault(file_mapping.name, {}), self.last.get(file_mapping.name)
        known = {name: Known(one.digest, one.missing, one.states) for name, one in states.items()}
        plan = comparison.plan(named_rows(table, file_mapping))
        comparison.compare(plan, known)
        named = {name for names in file_mapping.rules.slots for name in names}
        header = [name for name in table.header if name in named]
        file: dict[str, Any] = {"header": header, "confirmed": confirmed}
        taken = Taken(unchanged=len(plan.unchanged))
        stated = plan.stated
        try:
            assert_not_refused(last, file, comparison, plan.named)
            before = {name: subject_state(one.state) for name, one in states.items() if name in plan.changed}
            taken.outcomes.append(comparison.outcome(plan.changed, before, SEALED))
            stated += taken.outcomes[0].stated
            assert_not_refused(last, file, comparison, stated)
        except Refusal as refusal:
            return Taken(refusal.fault)
        if taken.outcomes[0].nobodys and plan.missing:
            taken.outcomes.append(comparison.nobody_missing(taken.outcomes[0].nobodys, len(plan.missing)))
        else:
            gone = {name: subject_state(states[name].state) for name in plan.missing}
            taken.outcomes.append(comparison.missing(gone))
        self._keep(file_mapping.name, taken.outcomes, Delivery(extract, stated, layout_of(header)))
        self.events += taken.events
        return taken

    def _keep(self, file: str, outcomes: Iterable[Outcome], delivery: Delivery) -> None:
        self.last[file] = delivery
        for outcome in outcomes:
            self.states[file] |= {one.subject: one for one in outcome.states}


def _event(text: str) -> Event:
    sent = json.loads(text)
    data = json.dumps(sent.pop("data")).encode()
    sent.pop("provenance")
    return parse_event(sent, data)
