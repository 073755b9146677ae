"""Columns of which some units were given other rows say what those say that are made of all rows alone.

Invariant: whatever the units had before, more, less or nothing, and however often they were changed.
"""

from collections import defaultdict
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Event
from services.metrics.figures.columns import AMOUNTS, BROKEN_DOWN_BY, Columns, Sums
from services.metrics.timelines.rows import Staffing
from tests.histories import histories, histories_of_merges, tied
from tests.property.test_snapshots_from_one_another import some_of
from tests.property.test_timelines import DAYS, LATEST_INSTANT, Timelines, instants_of

Made = tuple[Columns, Columns, list[datetime]]
"""Columns that came of others, those of all rows alone, and the instants at which anything became known."""

LAST_OF_ALL = datetime.max.replace(tzinfo=UTC)


def rows_of(events: list[Event]) -> dict[str, list[Staffing]]:
    """The rows of staffing that these events bring about, by unit."""
    by_unit = defaultdict(list)
    for row in Timelines(events).staffing:
        by_unit[row.staffing_unit].append(row)
    return by_unit


@st.composite
def one_after_another(draw: st.DrawFn) -> Made:
    """Columns that came of others as more of a history became known, or less, and those of what is known at last."""
    history = draw(tied(histories() | histories_of_merges()))
    columns, before, events = Columns.from_rows(()), dict[str, list[Staffing]](), list[Event]()
    for events in [
        *draw(st.lists(some_of(history), max_size=2)),
        history,
        *draw(st.lists(some_of(history), max_size=2)),
    ]:
        rows = rows_of(events)
        named = sorted(rows.keys() | before.keys())
        # Those that are named besides have the rows that they had.
        changed = {unit for unit in named if rows.get(unit) != before.get(unit)}
        changed.update(draw(st.lists(st.sampled_from([*named, "post/nobody-knows"]))))
        columns = columns.replaced(changed, [row for unit in sorted(changed) for row in rows.get(unit, ())])
        before = rows
    return columns, Columns.from_rows(Timelines(events).staffing), instants_of(history)


def everything(columns: Columns, known: datetime) -> list[Sums]:
    """Every sum by every dimension."""
    return [columns.sums(amount, DAYS, known, by) for amount in AMOUNTS for by in ((), BROKEN_DOWN_BY)]


@given(one_after_another())
def test_every_sum_is_that_of_all_rows_alone(made: Made) -> None:
    columns, alone, instants = made
    for known in (*instants, LATEST_INSTANT, LAST_OF_ALL):
        assert everything(columns, known) == everything(alone, known)


@given(one_after_another())
def test_they_hold_no_more_than_columns_of_all_rows_alone(made: Made) -> None:
    columns, alone, _ = made
    assert (len(columns), columns.units, columns.weight) == (len(alone), alone.units, alone.weight)
    assert columns.keys(BROKEN_DOWN_BY) == alone.keys(BROKEN_DOWN_BY)
