"""The same events accepted and delivered in any order, any number of times: the same tables, byte for byte.

Invariant: what is compared to was derived from the events as they were stated, each once, in one go.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.envelope import Event
from services.chassis.runtime import Runtime
from services.metrics.app import SPEC, ServiceSettings
from services.metrics.ingest.handlers import TakeInEvents, derive_queued
from tests.delivery.feed import ACCEPTED, Stated, decoded, send
from tests.delivery.observing import Tables, events_in, eventually, read, tables
from tests.delivery.processes import another_process
from tests.delivery.small_history import AGENCY_COVER, OF_RETENTION, VACANCIES, small_history
from tests.histories import histories, histories_of_merges, tied
from tests.parts import PostgreSQL, RealSystem

AUTHORITIES = ("331", "332")

STOCK = """
    SELECT sum(vacancies) / 1000000 AS vacancies, sum(agency_cover) / 1000000 AS agency_cover
    FROM staffing
    WHERE authority = $1 AND valid_from <= $2 AND $2 < valid_to AND known_to = 'infinity'
"""


@dataclass
class Metrics:
    """Two consumers of the metrics service on one database, without Kafka between."""

    database: str
    consumers: tuple[TakeInEvents, TakeInEvents]

    @classmethod
    @asynccontextmanager
    async def on(cls, database: str) -> AsyncIterator["Metrics"]:
        """The metrics service's own handler, twice, on a database."""
        runtimes = [Runtime(SPEC, ServiceSettings(database_url=database)) for _ in range(2)]
        for runtime in runtimes:
            await runtime._start_database()
        yield cls(database, (TakeInEvents(runtimes[0]), TakeInEvents(runtimes[1])))
        for runtime in runtimes:
            await runtime.stop()

    async def forget_everything(self) -> None:
        """As it was before the first event."""
        await self.consumers[0].runtime.pool.execute(
            "TRUNCATE inbox, occupancy, cover, staffing, initiative, derivation_queue"
        )

    async def take_in(self, deliveries: list[tuple[int, list[Event], bool]]) -> Tables:
        """Deliver batches, each to one consumer, with whether it is far behind; both work at the same time."""

        async def work(number: int) -> None:
            for consumer, events, far_behind in deliveries:
                if consumer == number:
                    await self.consumers[number](events, far_behind)
            while await derive_queued(self.consumers[number].runtime):
                pass

        await self.forget_everything()
        await asyncio.gather(work(0), work(1))
        # What one consumer listed after the other had looked is derived by the next look, a second later.
        while await derive_queued(self.consumers[0].runtime):
            pass
        return await tables(self.database)


@pytest.fixture(scope="module")
async def metrics(postgres: PostgreSQL) -> AsyncIterator[Metrics]:
    """Two consumers of metrics on a database of their own."""
    async with Metrics.on(postgres.create("permutations")) as started:
        yield started
    postgres.drop("permutations")


def stamped(history: list[Event]) -> list[Event]:
    """Events made by a strategy, with the stamps of the service that accepted them."""
    return [decoded_again(event, index) for index, event in enumerate(history, 1)]


def decoded_again(event: Event, sequence: int) -> Event:
    """An event as it comes over Kafka."""
    stamps = {"acceptedtime": ACCEPTED, "sequence": str(sequence)}
    envelope = event.envelope
    return Event(type(envelope).model_validate_strings(attributes_of(event) | stamps), event.data, event.body)


def attributes_of(event: Event) -> dict[str, str]:
    """The attributes of an event as text."""
    return {name: str(value) for name, value in event.envelope.model_dump(mode="json", exclude_none=True).items()}


def small_history_decoded() -> list[Event]:
    """The small history of two authorities."""
    return [
        decoded(event, index) for authority in AUTHORITIES for index, event in enumerate(small_history(authority), 1)
    ]


@st.composite
def deliveries(draw: st.DrawFn, history: list[Event]) -> list[tuple[int, list[Event], bool]]:
    """Any order, any repetitions, any batches, either consumer, far behind or not."""
    repeated = draw(st.lists(st.sampled_from(history), max_size=len(history)))
    rest = draw(st.permutations(history + repeated))
    batches = []
    while rest:
        size = draw(st.integers(1, len(rest)))
        batches.append((draw(st.integers(0, 1)), rest[:size], draw(st.booleans())))
        rest = rest[size:]
    return batches


EXAMPLES = settings.default.max_examples if settings.default else 50

on_one_database = settings(max_examples=EXAMPLES // 2, suppress_health_check=[*HealthCheck])


async def test_the_small_history_gives_the_figures_worked_out_by_hand(metrics: Metrics) -> None:
    await metrics.take_in([(0, small_history_decoded(), False)])
    for authority in AUTHORITIES:
        for day, expected in VACANCIES.items():
            (stock,) = await read(metrics.database, STOCK, authority, date.fromisoformat(day))
            assert float(stock["vacancies"]) == expected
        for day, expected in AGENCY_COVER.items():
            (stock,) = await read(metrics.database, STOCK, authority, date.fromisoformat(day))
            assert float(stock["agency_cover"]) == expected


@on_one_database
@given(st.data())
async def test_every_delivery_of_the_small_history_gives_the_same_tables(metrics: Metrics, data: st.DataObject) -> None:
    history = small_history_decoded()
    expected = await metrics.take_in([(0, history, False)])
    assert await metrics.take_in(data.draw(deliveries(history))) == expected


@on_one_database
@given(st.data())
async def test_every_delivery_of_any_history_gives_the_same_tables(metrics: Metrics, data: st.DataObject) -> None:
    history = data.draw(histories() | histories_of_merges() | tied(histories()) | tied(histories_of_merges()))
    expected = await metrics.take_in([(0, stamped(history), False)])
    # Accepted in another order, it has other positions in the journals.
    accepted_otherwise = stamped(data.draw(st.permutations(history)))
    assert await metrics.take_in(data.draw(deliveries(accepted_otherwise))) == expected


async def test_two_processes_in_one_group_make_the_same_tables_of_any_order(
    standing_system: RealSystem, metrics: Metrics, tmp_path: Path, seed: int
) -> None:
    system = standing_system
    second = another_process(system, "metrics", tmp_path)
    await metrics.take_in([(0, small_history_decoded(), False)])
    expected = [await tables(metrics.database, authority) for authority in AUTHORITIES]
    try:
        second.start()
        second.wait_until_ready()
        await feed_in_any_order(system, [event for name in AUTHORITIES for event in small_history(name)], Random(seed))
        for authority, of_authority in zip(AUTHORITIES, expected, strict=True):
            await eventually(lambda name=authority: tables(system.databases["metrics"], name), of_authority)  # type: ignore[misc]
            await eventually(
                lambda name=authority: events_in(system.databases["metrics"], "inbox", name),  # type: ignore[misc]
                len(small_history(authority)),
            )
    finally:
        second.stop()


async def feed_in_any_order(system: RealSystem, history: list[Stated], random: Random) -> None:
    """Send a history shuffled, some events twice, a few at a time, each to the service that takes it."""
    shuffled = history + random.sample(history, len(history) // 3)
    random.shuffle(shuffled)
    while shuffled:
        batch, shuffled = shuffled[:5], shuffled[5:]
        of_retention = [event for event in batch if event["type"] in OF_RETENTION]
        of_recruitment = [event for event in batch if event["type"] not in OF_RETENTION]
        for service, events in ((system.retention, of_retention), (system.recruitment, of_recruitment)):
            if events:
                await send(service, events)
