"""The demonstration authority, read from files as bytes, in the layout of the Oracle-like example mapping.

At some month ends a delivery of positions, assignments and agency workers with their whole history. The layout has
no column for why somebody moved and until when a move or an assignment is meant to last, for what joins an assignment
and a start in a conversion, for project teams, nor for the team, the service area and the CSWW role of an assignment
without a post. So the figures are those of the authority's own events without these.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from contracts.codes import MoveKind
from contracts.envelope import Event
from contracts.events.agency_cover import CoverChanged, CoverEnded, CoverStarted
from contracts.events.hiring import WorkerMoved, WorkerStarted
from services.metrics.snapshot.snapshot import Snapshot
from services.people.files.reading import open_table
from services.people.mapping.model import FileMapping, read_mapping
from services.people.mapping.reader import Reader
from services.people.mapping.rows import NamedRow, named_rows
from services.people.statements import Kind, Statement
from tests.people.demonstration import by_assignment, demonstration_events
from tests.people.hr_system import HrSystem
from tests.people.oracle_like import TEXT, assignments, contingent, positions
from tests.people.reading import COMPLETE, Reading
from tests.people.test_demonstration_as_extracts import as_known_on, different, figures_of

DELIVERIES = [date(2019, 9, 30), date(2021, 9, 30), date(2023, 9, 30), date(2024, 3, 31)]
KNOWN = [date(2021, 9, 30), date(2024, 3, 31)]

NO_COLUMN: dict[type, dict[str, Any]] = {
    WorkerMoved: {"kind": MoveKind.MOVE, "expected_until": None},
    WorkerStarted: {"converted_from": None},
    CoverStarted: dict.fromkeys(("expected_until", "project_team", "team", "service_area", "csww_role")),
    CoverChanged: {"expected_until": None},
    CoverEnded: {"converted_to": None},
}
"""What the layout cannot say, and what stands in its place."""


def without_what_has_no_column(events: Iterable[Event]) -> list[Event]:
    return [replace(event, data=event.data.model_copy(update=NO_COLUMN.get(type(event.data)))) for event in events]


def statements(content: bytes, file_mapping: FileMapping) -> list[Statement]:
    """What a file says by its mapping, every row of which can be read."""
    by_key: defaultdict[str, list[NamedRow]] = defaultdict(list)
    for row in named_rows(open_table(content, file_mapping.layout), file_mapping):
        by_key[row.key].append(row)
    reader = Reader(file_mapping, lambda _, reference: reference)
    read = [reader.read(rows) for rows in by_key.values()]
    assert [fault for one in read for fault in one.faults] == []
    return [statement for one in read for statement in one.statements]


def files_of(system: HrSystem) -> dict[Kind, bytes]:
    """The files that the system delivers."""
    held = (row for rows in system.rows[Kind.HOLDINGS].values() for row in by_assignment(rows))
    return {
        Kind.POSTS: positions(row for rows in system.rows[Kind.POSTS].values() for row in rows),
        Kind.HOLDINGS: assignments(held),
        Kind.COVERS: contingent(row for rows in system.rows[Kind.COVERS].values() for row in rows),
    }


def read_deliveries(events: Sequence[Event]) -> Reading:
    """What is told of the deliveries, and of changes, which are of other files."""
    mappings = {one.kind: one for one in read_mapping(TEXT).files}
    system, reading = HrSystem(), Reading(dict.fromkeys(Kind, COMPLETE))
    before = datetime.min.replace(tzinfo=UTC)
    for day in DELIVERIES:
        recorded_at = datetime.combine(day, time.max, UTC)
        system.learn(event for event in events if before < event.envelope.time <= recorded_at)
        for kind, content in files_of(system).items():
            reading.read(kind, statements(content, mappings[kind]), day, recorded_at)
        changes = [row for rows in system.rows[Kind.CHANGES].values() for row in rows]
        reading.read(Kind.CHANGES, changes, day, recorded_at)
        before = recorded_at
    return reading


def test_every_measure_is_the_same_as_it_was_known_on_the_days_of_deliveries() -> None:
    events = demonstration_events()
    reading = read_deliveries(events)
    assert reading.faults == []
    own_events = without_what_has_no_column(events)
    for day in KNOWN:
        own, told = (as_known_on(of, day, None) for of in (own_events, reading.events))
        assert isinstance(own, Snapshot)
        known_at = datetime.combine(day, time.max, UTC)
        assert different(figures_of(own, known_at, [day]), figures_of(told, known_at, [day])) == []
