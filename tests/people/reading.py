"""A feed whose extracts are read one after another: the events that it comes to, as the doors would take them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from contracts.envelope import Event, parse_event
from services.people.differ.differing import difference, missing, subject_of
from services.people.facts import Difference, SubjectState
from services.people.statements import Extract, History, Kind, Policy, Statement

COMPLETE = Policy(history=History.COMPLETE, gone_after=1)


class Reading:
    """What one feed said, in files of each kind."""

    def __init__(self, policies: Mapping[Kind, Policy], authority: str = "331", feed: str = "hr") -> None:
        self.events: list[Event] = []
        self.states: dict[Kind, dict[str, SubjectState]] = {kind: {} for kind in policies}
        self.faults: list[str] = []
        self._policies = policies
        self._authority = authority
        self._feed = feed

    def read(self, kind: Kind, rows: Iterable[Statement], as_at: date, recorded_at: datetime) -> list[Event]:
        """Read an extract; gives the events that it comes to."""
        extract = Extract(self._authority, self._feed, kind, as_at, recorded_at)
        states, policy = self.states[kind], self._policies[kind]
        named: defaultdict[str, list[Statement]] = defaultdict(list)
        for row in rows:
            named[subject_of(row)].append(row)
        told: list[Event] = []
        for subject in sorted(named):
            told += self._take(states, difference(states.get(subject), named[subject], extract, policy))
        for subject in sorted(states.keys() - named.keys()):
            told += self._take(states, missing(states[subject], extract, policy))
        self.events += told
        return told

    def read_subject(
        self, kind: Kind, subject: str, rows: Sequence[Statement], as_at: date, recorded_at: datetime
    ) -> None:
        """Read what an extract says of one subject alone: nothing, if it does not name it."""
        extract = Extract(self._authority, self._feed, kind, as_at, recorded_at)
        states, policy = self.states[kind], self._policies[kind]
        before = states.get(subject)
        if rows:
            self.events += self._take(states, difference(before, rows, extract, policy))
        elif before is not None:
            self.events += self._take(states, missing(before, extract, policy))

    def _take(self, states: dict[str, SubjectState], found: Difference) -> Sequence[Event]:
        states[found.state.subject] = found.state
        self.faults += [f"{found.state.subject}: {fault.column} {fault.problem}" for fault in found.faults]
        return [parse_event(stated.attributes, stated.data.encode()) for stated in found.events]

    def stated(self, kind: Kind) -> set[tuple[str, str, str, str]]:
        """The facts that stand: subject, type, key and content."""
        return {
            (subject, stated.fact.type, stated.fact.key, stated.fact.data.model_dump_json())
            for subject, state in self.states[kind].items()
            for stated in state.facts
        }
