"""The ledger: all that the invented authority recorded, each entry with the instant of recording.

Invariant: entries about one subject stand in the order in which they were made, in working hours from July 2018 to
March 2024. If the history goes on, the later entries follow. Identifiers number the entries in the order of recording.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from contracts.codes import WithdrawalReason
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.base import EventData, Withdrawal
from contracts.events.hiring import CohortOpened, WorkerStarted
from contracts.events.leavers import WorkerLeft
from contracts.events.posts import PostEstablished
from contracts.events.progression_panels import PanelDecided
from deploy.demonstration.published import AUTHORITY
from deploy.demonstration.working_days import DAY, OFFICE_CLOSES, OFFICE_OPENS, moment_on, working_day_from

SOURCE = "/demonstration/hr-system"
FIRST_RECORDING_DAY = date(2018, 7, 2)
LAST_RECORDING_DAY = date(2024, 3, 28)
"""The history opens on a Sunday and ends at Easter."""
GOING_ON_FROM = date(2024, 4, 2)
"""The Tuesday after: what is recorded of later months is recorded from then on."""

DAYS_FROM_EFFECT = {
    PostEstablished: (-30, -15),
    CohortOpened: (-10, -5),
    WorkerStarted: (-10, 3),
    WorkerLeft: (-10, 6),
    CoverStarted: (-4, 6),
    CoverChanged: (1, 5),
    CoverEnded: (-3, 7),
    PanelDecided: (1, 6),
}
"""How many days from taking effect a fact is usually recorded, earliest and latest, by kind of event."""
USUAL_DAYS_FROM_EFFECT = (-5, 5)


@dataclass(eq=False, slots=True)
class Entry:
    """One recorded fact. `replaces` and `withdraws` name the entry it corrects or takes back."""

    data: EventData | Withdrawal
    type: str
    subject: str
    recorded: datetime
    replaces: "Entry | None" = None
    withdraws: "Entry | None" = None


@dataclass(frozen=True, slots=True)
class Awkward:
    """Something that real feeds send and a newcomer should look at: its kind, the story, and its entries."""

    kind: str
    story: str
    entries: tuple[Entry, ...]


@dataclass(slots=True)
class Ledger:
    """Takes entries in any order and gives them out in the order of recording."""

    chance: Random
    entries: list[Entry] = field(default_factory=list)
    awkward: list[Awkward] = field(default_factory=list)
    recording_from: date = FIRST_RECORDING_DAY
    recording_to: date = LAST_RECORDING_DAY
    _latest: dict[str, datetime] = field(default_factory=dict)

    def go_on(self) -> None:
        """The published history is recorded. What comes now is recorded after it."""
        self.recording_from, self.recording_to = GOING_ON_FROM, date.max

    def record(
        self,
        identifier: str,
        data: EventData,
        effective: date,
        *,
        days: tuple[int, int] | None = None,
        after: Entry | None = None,
        follows: Entry | None = None,
        replaces: Entry | None = None,
    ) -> Entry:
        """Record a fact that takes effect on `effective`, between `days` from it (negative: ahead of it).

        It is never recorded before the entry `after`. If it `follows` an entry, it is recorded in the very next minute.
        """
        subject = f"{data.subject_kind}/{identifier}"
        if follows is not None:
            recorded = _next_working_moment(max(follows.recorded, self._latest.get(subject, follows.recorded)))
        else:
            earliest, latest = days or DAYS_FROM_EFFECT.get(type(data), USUAL_DAYS_FROM_EFFECT)
            day = effective + timedelta(days=self.chance.randint(earliest, latest))
            recorded = self._moment(subject, day, after)
        return self._add(Entry(data, data.event_type, subject, recorded, replaces=replaces))

    def record_at(self, identifier: str, data: EventData, recorded: datetime) -> Entry:
        """Record a fact at a chosen instant in working hours, without chance."""
        return self._add(Entry(data, data.event_type, f"{data.subject_kind}/{identifier}", recorded))

    def withdraw(self, entry: Entry, because: WithdrawalReason, on: date) -> Entry:
        """Record on that day that the entry never happened."""
        recorded = self._moment(entry.subject, on, None)
        return self._add(Entry(Withdrawal(because=because), entry.type, entry.subject, recorded, withdraws=entry))

    def note(self, kind: str, story: str, *entries: Entry) -> None:
        """Keep entries for the list of awkward records."""
        self.awkward.append(Awkward(kind, story, entries))

    def numbered(self) -> dict[Entry, str]:
        """The identifier of every entry, in the order of recording."""
        ordered = sorted(self.entries, key=lambda entry: entry.recorded)
        return {entry: f"demo-{number:06}" for number, entry in enumerate(ordered, start=1)}

    def events(self, until: datetime) -> list[dict[str, Any]]:
        """Every entry recorded by then as a CloudEvent in structured form, in the order of recording."""
        numbers = self.numbered()
        return [_as_event(entry, numbers) for entry in numbers if entry.recorded <= until]

    def _add(self, entry: Entry) -> Entry:
        self.entries.append(entry)
        self._latest[entry.subject] = entry.recorded
        return entry

    def _moment(self, subject: str, day: date, after: Entry | None) -> datetime:
        within = min(max(day, self.recording_from), self.recording_to)
        moment = moment_on(self.chance, within).replace(tzinfo=UTC)
        known = [self._latest[subject]] if subject in self._latest else []
        known += [after.recorded] if after is not None else []
        return moment if all(moment > instant for instant in known) else _next_working_moment(max(known))


def _next_working_moment(after: datetime) -> datetime:
    later = after + timedelta(minutes=1)
    if later.time() < OFFICE_CLOSES:
        return later
    return datetime.combine(working_day_from(later.date() + DAY), OFFICE_OPENS, UTC)


def _as_event(entry: Entry, numbers: dict[Entry, str]) -> dict[str, Any]:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": numbers[entry],
        "source": SOURCE,
        "type": entry.type,
        "subject": entry.subject,
        "time": entry.recorded.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "authority": AUTHORITY,
    }
    if entry.replaces is not None:
        event["supersedes"] = numbers[entry.replaces]
    if entry.withdraws is not None:
        event["voids"] = numbers[entry.withdraws]
    return event | {"data": entry.data.model_dump(mode="json", exclude_none=True)}
