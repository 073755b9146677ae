"""Whatever is recorded, delivered in any order and any number of times: the API gives the figures of the definitions.

Invariant: the figures expected here come from tests/oracle, which shares no code with the services.
"""

from collections.abc import AsyncIterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.envelope import Event
from services.metrics.app import ServiceSettings, create
from services.metrics.measures.catalogue import MEASURES, dimensions_of
from tests.delivery.test_permutations import Metrics
from tests.histories import tied
from tests.oracle.measures import MEASURES as ORACLE
from tests.oracle.measures import Period, by, known
from tests.oracle.reasons import figure_of_count
from tests.parts import PostgreSQL
from tests.property.test_measures import asked_of
from tests.whole_histories import whole_histories

EXAMPLES = settings.default.max_examples if settings.default else 50
WITH_MONTHS = ("starters-old-enough", "starters-retained")
WHOLE = ("people", "assignments", "count", "children")

on_one_database = settings(max_examples=EXAMPLES // 2, suppress_health_check=[*HealthCheck])


@pytest.fixture(scope="module")
async def metrics(postgres: PostgreSQL) -> AsyncIterator[Metrics]:
    """Two consumers of metrics on a database of their own."""
    async with Metrics.on(postgres.create("any_delivery")) as started:
        yield started


def rounded(value: Fraction, unit: str) -> float:
    """As a figure is shown: people and counts whole, pounds to the penny, others to 1 decimal, half up."""
    decimals = Decimal(1) if unit in WHOLE else Decimal("0.01") if unit == "GBP" else Decimal("0.1")
    return float((Decimal(value.numerator) / Decimal(value.denominator)).quantize(decimals, rounding=ROUND_HALF_UP))


async def answered(metrics: Metrics, path: str, query: dict[str, Any]) -> dict[str, Any]:
    """What the API of a process that was just started answers about what the consumers took in."""
    app = create(ServiceSettings(database_url=metrics.database))
    app.state.runtime._pool = metrics.consumers[0].runtime.pool
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://metrics") as client:
        answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@on_one_database
@given(st.data())
async def test_the_api_gives_the_figures_of_the_definitions(metrics: Metrics, data: st.DataObject) -> None:
    history = data.draw(whole_histories() | tied(whole_histories()))
    as_known_at, as_accepted_at, when, scope = data.draw(asked_of(history))
    deliveries: list[Event] = data.draw(st.permutations(history + data.draw(st.lists(st.sampled_from(history)))))
    middle = data.draw(st.integers(0, len(deliveries)))
    await metrics.take_in([(0, deliveries[:middle], data.draw(st.booleans())), (1, deliveries[middle:], False)])
    in_force = known(history, as_known_at, as_accepted_at)
    if not in_force:
        return
    name = data.draw(st.sampled_from(sorted(ORACLE)))
    dimension = data.draw(st.sampled_from(dimensions_of(MEASURES[name])))
    query = {"authority": "331", "from": when.first, "to": when.last, "scope": scope.value, "by": dimension}
    query |= {"as_known_at": as_known_at.isoformat(), "months": when.months, "planned": "true"}
    query |= {} if as_accepted_at is None else {"as_accepted_at": as_accepted_at.isoformat()}
    more = {"as_at": when.as_at, "months": when.months} if name in WITH_MONTHS else {}
    parts = ORACLE[name](in_force, Period(when.first, when.last), scope.value, **more)
    expected = by(parts, [dimension])
    answer = await answered(metrics, f"/v1/measures/{name}", query)
    unit = answer["unit"]
    shown = {(row[dimension],): float(row["value"]) for row in answer["rows"]}
    assert {key: value for key, value in shown.items() if value or key in expected} == {
        key: rounded(value, unit) for key, value in expected.items()
    }, name
    total = figure_of_count(name, parts, in_force)
    if isinstance(total, Fraction):
        assert float(answer["total"]) == rounded(total, unit), name
    else:
        assert (answer["total"], answer["reason"]) == (None, total), name
