"""What things kept weigh, beside what Python says that it has allocated for them."""

import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest

from contracts.envelope import Event, parse_event
from deploy.demonstration import history
from services.metrics.figures.columns import Columns
from services.metrics.figures.figures import figures
from services.metrics.figures.reading import FigureQuery, Reading
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import When
from services.metrics.quality.catalogue import findings
from services.metrics.read_models.weights import weight_of, weight_of_events
from services.metrics.snapshot.employment import Scope
from services.metrics.snapshot.snapshot import Snapshot

DAY = date(2023, 9, 30)
YEAR = When(date(2022, 10, 1), DAY, DAY)
KNOWN = datetime(2024, 1, 1, tzinfo=UTC)
WITHIN = (0.67, 1.5)
"""By how much an estimate may be off: a third less, a half more."""


@contextmanager
def allocated() -> Iterator[Callable[[], int]]:
    """The bytes allocated since, and still held."""
    gc.collect()
    tracemalloc.start()

    def now() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    try:
        yield now
    finally:
        tracemalloc.stop()


def read() -> list[Event]:
    """The demonstration's history, as it is read from the database."""
    events = []
    for stated in history():
        attributes = {name: value for name, value in stated.items() if name not in ("data", "datacontenttype")}
        stamps = {"acceptedtime": attributes["time"], "sequence": "1", "provenance": "request 5f0c4a1e"}
        events.append(parse_event(attributes | stamps, json.dumps(stated["data"]).encode()))
    return events


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return read()


def test_events_weigh_what_is_said() -> None:
    with allocated() as now:
        events = read()
        assert WITHIN[0] < weight_of_events(len(events)) / now() < WITHIN[1]


@pytest.mark.parametrize("scopes", [(Scope.ALL,), tuple(Scope)])
def test_a_snapshot_weighs_what_is_said_however_much_was_asked_of_it(
    events: list[Event], scopes: tuple[Scope, ...]
) -> None:
    with allocated() as now:
        snapshot = Snapshot(events)
        reading = Reading("331", KNOWN, lambda: snapshot)
        for scope in scopes:
            for measure in MEASURES.values():
                figures(measure, [reading], [YEAR], FigureQuery(scope=scope))
        assert WITHIN[0] < weight_of(snapshot) / now() < WITHIN[1]
        findings(snapshot, DAY)
        assert WITHIN[0] < weight_of(snapshot) / now() < WITHIN[1]


def test_columns_weigh_what_is_said(events: list[Event]) -> None:
    rows = [row for of_unit in Snapshot(events).staffing.values() for row in of_unit] * 5
    with allocated() as now:
        columns = Columns.from_rows(rows)
        for by in ((), ("role",), ("team",), ("role", "team"), ("role", "team", "grade")):
            columns.sums("vacancies", [DAY], KNOWN, by)
        assert WITHIN[0] < columns.weight / now() < WITHIN[1]
