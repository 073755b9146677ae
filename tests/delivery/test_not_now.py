"""PostgreSQL that cannot do it now is waited for, whatever the reason: no dead letter, and nothing needs a restart.

Invariant: metrics runs under a role of its own, as in production, on a server of the session that others use too. A
test undoes what it does to its role, database and tables.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.delivery.feed import post_established, put_on_topic, record_of
from tests.delivery.observing import dead_letters, eventually, get, read, total
from tests.parts import EmbeddedBroker, PostgreSQL, Service

QUICK = {"delivery__backoff_seconds": 0.05, "delivery__longest_backoff_seconds": 0.2}

RAISE = """
    CREATE FUNCTION out_of_order() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'out of order' USING ERRCODE = '{state}'; END $$;
    CREATE TRIGGER out_of_order BEFORE INSERT OR UPDATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION out_of_order();
"""
MEND = "DROP TRIGGER out_of_order ON {table}; DROP FUNCTION out_of_order()"

NOT_OF_THE_DATA = {
    "0A000": "PostgreSQL cannot do this now",
    "25006": "PostgreSQL takes no writes (read-only)",
    "25P02": "PostgreSQL cannot do this now",
    "26000": "PostgreSQL cannot do this now",
    "3F000": "the database lacks a schema of this service",
    "40001": "PostgreSQL rolled the transaction back for another's sake",
    "40P01": "PostgreSQL rolled the transaction back for another's sake",
    "42501": "PostgreSQL refuses this service a right it needs",
    "42703": "the database lacks a column of this service",
    "42P01": "the database lacks a table of this service",
    "42601": "PostgreSQL cannot do this now",
    "53100": "PostgreSQL's disk is full",
    "53200": "PostgreSQL is out of memory",
    "53300": "PostgreSQL has too many connections",
    "53400": "PostgreSQL has reached a limit of its configuration",
    "55P03": "another holds a lock in PostgreSQL",
    "57014": "PostgreSQL cancelled a statement",
    "57P01": "PostgreSQL is being shut down",
    "57P02": "PostgreSQL recovers from a crash",
    "57P03": "PostgreSQL is starting up or shutting down",
    "58030": "PostgreSQL cannot read or write its files",
    "F0000": "PostgreSQL's configuration is faulty",
    "HV000": "PostgreSQL cannot do this now",
    "P0001": "PostgreSQL cannot do this now",
    "XX000": "PostgreSQL failed inside",
    "XX001": "PostgreSQL found its data corrupted",
}
"""At least one SQLSTATE of each class that can be raised, with what readiness says of it."""


@dataclass(frozen=True)
class Patient:
    """A service whose role and database a test can put out of order."""

    service: Service
    broker: EmbeddedBroker
    postgres: PostgreSQL
    name: str
    """Of the role and of the database, which is its."""

    @property
    def database(self) -> str:
        """Its address for the superuser."""
        return self.postgres.url(self.name)

    async def execute(self, statement: str) -> None:
        """Run a statement as superuser in its database."""
        await run(self.database, statement)

    async def administer(self, statement: str) -> None:
        """Run a statement as superuser, outside its database."""
        await run(self.postgres.url("postgres"), statement)

    async def cut_off(self) -> None:
        """End its connections."""
        await self.administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{self.name}'")

    async def make_database(self) -> None:
        """An empty database of its role."""
        await asyncio.to_thread(self.postgres.create, self.name)
        await self.administer(f"ALTER DATABASE {self.name} OWNER TO {self.name}")


async def run(database: str, statement: str) -> None:
    """Run a statement as superuser."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def broker_of_its_own(parts_folder: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(parts_folder / "not-now-broker.log")
    broker.start()
    yield broker
    broker.stop()


def started(name: str, postgres: PostgreSQL, broker: EmbeddedBroker, folder: Path) -> Patient:
    """A service under a role of its own, not started."""
    unique = f"{name}_{uuid4().hex[:8]}"
    address = postgres.url(unique).replace("postgres@", f"{unique}@")
    told = {"database_url": address, "kafka_servers": broker.servers, "kafka_idempotent_producer": broker.idempotent}
    service = Service(name, folder / f"{unique}.log", told | QUICK)
    patient = Patient(service, broker, postgres, unique)

    async def prepare() -> None:
        await patient.administer(f"CREATE ROLE {unique} LOGIN")
        await patient.make_database()

    asyncio.run(prepare())
    service.start()
    service.wait_until_ready()
    return patient


@pytest.fixture(scope="module")
def metrics(postgres: PostgreSQL, broker_of_its_own: EmbeddedBroker, parts_folder: Path) -> Iterator[Patient]:
    patient = started("metrics", postgres, broker_of_its_own, parts_folder)
    yield patient
    patient.service.stop()


@pytest.fixture(scope="module")
def recruitment(postgres: PostgreSQL, broker_of_its_own: EmbeddedBroker, parts_folder: Path) -> Iterator[Patient]:
    patient = started("recruitment", postgres, broker_of_its_own, parts_folder)
    yield patient
    patient.service.stop()


authorities = iter(f"{number}" for number in range(500, 999))


@asynccontextmanager
async def an_event_waits(metrics: Patient, words: str) -> AsyncIterator[None]:
    """An event comes, and waits for the reason of these words; behind this block it is to count by itself."""
    authority, process = next(authorities), metrics.service.process.pid
    await put_on_topic(metrics.broker, [record_of(post_established("P-1", authority))])
    await eventually(lambda: says(metrics.service, f"the consumer waits: {words}"), True)
    assert (await get(metrics.service, "/health/live")).status_code == 200
    yield
    await eventually(lambda: total(metrics.service, "establishment", authority), 1.0)
    await eventually(lambda: readiness(metrics.service), [])
    assert await dead_letters(metrics.broker) == []
    assert metrics.service.process.pid == process


async def says(service: Service, words: str) -> bool:
    """Whether a service gives this among its reasons for not being ready."""
    return any(reason.startswith(words) for reason in await readiness(service))


async def readiness(service: Service) -> list[str]:
    """Why a service is not ready."""
    reasons: list[str] = (await get(service, "/health/ready")).json()["reasons"]
    return reasons


@pytest.mark.parametrize(("state", "words"), NOT_OF_THE_DATA.items(), ids=NOT_OF_THE_DATA)
async def test_an_error_that_is_not_of_the_data_is_waited_for(metrics: Patient, state: str, words: str) -> None:
    await metrics.execute(RAISE.format(state=state, table="inbox"))
    async with an_event_waits(metrics, words):
        await metrics.execute(MEND.format(table="inbox"))


Act = Callable[[Patient], Awaitable[None]]


async def takes_no_writes(metrics: Patient) -> None:
    await metrics.administer(f"ALTER ROLE {metrics.name} SET default_transaction_read_only = on")
    await metrics.cut_off()


async def takes_writes(metrics: Patient) -> None:
    await metrics.administer(f"ALTER ROLE {metrics.name} RESET ALL")
    await metrics.cut_off()


async def connects_nobody(metrics: Patient) -> None:
    await metrics.administer(f"ALTER ROLE {metrics.name} CONNECTION LIMIT 0")
    await metrics.cut_off()


async def does_not_let_in(metrics: Patient) -> None:
    await metrics.administer(f"ALTER ROLE {metrics.name} NOLOGIN")
    await metrics.cut_off()


async def accepts_no_connection(metrics: Patient) -> None:
    await metrics.administer(f"ALTER DATABASE {metrics.name} ALLOW_CONNECTIONS false")
    await metrics.cut_off()


async def moves_the_database(metrics: Patient) -> None:
    await metrics.administer(f"ALTER DATABASE {metrics.name} ALLOW_CONNECTIONS false")
    await metrics.cut_off()
    await metrics.administer(f"ALTER DATABASE {metrics.name} RENAME TO {metrics.name}_away")


async def moves_it_back(metrics: Patient) -> None:
    await metrics.administer(f"ALTER DATABASE {metrics.name}_away RENAME TO {metrics.name}")
    await metrics.administer(f"ALTER DATABASE {metrics.name} ALLOW_CONNECTIONS true")


def statement(text: str) -> Act:
    """Run this as superuser, with the role's name in it."""
    return lambda metrics: metrics.execute(text.format(role=metrics.name))


def outside(text: str) -> Act:
    """Run this as superuser outside the database, with the role's name in it."""
    return lambda metrics: metrics.administer(text.format(role=metrics.name))


@pytest.mark.parametrize(
    ("puts_out_of_order", "mends", "words"),
    [
        pytest.param(takes_no_writes, takes_writes, "PostgreSQL takes no writes (read-only)", id="read-only"),
        pytest.param(
            connects_nobody,
            outside("ALTER ROLE {role} CONNECTION LIMIT -1"),
            "PostgreSQL has too many connections",
            id="connection limit",
        ),
        pytest.param(
            does_not_let_in,
            outside("ALTER ROLE {role} LOGIN"),
            "PostgreSQL does not let this service in",
            id="no login",
        ),
        pytest.param(
            accepts_no_connection,
            outside("ALTER DATABASE {role} ALLOW_CONNECTIONS true"),
            "PostgreSQL is not in a state to do that",
            id="no connection allowed",
        ),
        pytest.param(moves_the_database, moves_it_back, "the database does not exist", id="database away"),
        pytest.param(
            statement("REVOKE INSERT ON inbox FROM {role}"),
            statement("GRANT INSERT ON inbox TO {role}"),
            "PostgreSQL refuses this service a right it needs",
            id="right revoked",
        ),
        pytest.param(
            statement("ALTER TABLE inbox RENAME TO inbox_away"),
            statement("ALTER TABLE inbox_away RENAME TO inbox"),
            "the database lacks a table of this service",
            id="table away",
        ),
        pytest.param(
            statement("ALTER TABLE inbox RENAME provenance TO provenance_away"),
            statement("ALTER TABLE inbox RENAME provenance_away TO provenance"),
            "the database lacks a column of this service",
            id="column away",
        ),
    ],
)
async def test_a_postgresql_that_is_out_of_order_is_waited_for(
    metrics: Patient, puts_out_of_order: Act, mends: Act, words: str
) -> None:
    await puts_out_of_order(metrics)
    async with an_event_waits(metrics, words):
        await mends(metrics)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("lock_timeout", "another holds a lock in PostgreSQL"),
        ("statement_timeout", "PostgreSQL cancelled a statement"),
    ],
)
async def test_a_lock_that_another_holds_is_waited_for(metrics: Patient, setting: str, words: str) -> None:
    await metrics.administer(f"ALTER ROLE {metrics.name} SET {setting} = '100ms'")
    await metrics.cut_off()
    other = await asyncpg.connect(metrics.database)
    try:
        await other.execute("BEGIN; LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
        async with an_event_waits(metrics, words):
            await other.execute("ROLLBACK")
            await takes_writes(metrics)
    finally:
        await other.close()


async def test_connections_that_are_ended_again_and_again_lose_no_event(metrics: Patient) -> None:
    authority = next(authorities)
    for number in range(10):
        await put_on_topic(metrics.broker, [record_of(post_established(f"P-{number}", authority))])
        await metrics.cut_off()
    await eventually(lambda: total(metrics.service, "establishment", authority), 10.0)
    assert await dead_letters(metrics.broker) == []


async def test_a_database_that_is_dropped_and_made_anew_is_filled_again_without_a_restart(metrics: Patient) -> None:
    await asyncio.to_thread(metrics.postgres.drop, metrics.name)
    async with an_event_waits(metrics, "the database does not exist"):
        await metrics.make_database()
    assert (await read(metrics.database, "SELECT count(*) FROM migration"))[0][0] > 5
    await put_on_topic(metrics.broker, [record_of(post_established("P-2", authority := next(authorities)))])
    await eventually(lambda: total(metrics.service, "establishment", authority), 1.0)


async def test_a_full_disk_is_no_fault_of_a_timeline(metrics: Patient) -> None:
    authority = next(authorities)
    await put_on_topic(metrics.broker, [record_of(post_established("P-1", authority))])
    await eventually(lambda: total(metrics.service, "establishment", authority), 1.0)
    await metrics.execute(RAISE.format(state="53100", table="staffing"))
    await metrics.execute(f"INSERT INTO derivation_queue (authority, subject) VALUES ('{authority}', 'post/P-1')")
    await eventually(lambda: says(metrics.service, "PostgreSQL's disk is full"), True)
    assert (await read(metrics.database, "SELECT failed FROM derivation_queue"))[0]["failed"] is None
    await metrics.execute(MEND.format(table="staffing"))
    await eventually(lambda: read(metrics.database, "SELECT * FROM derivation_queue"), [])
    await eventually(lambda: readiness(metrics.service), [])


async def sent(recruitment: Patient, post: str) -> httpx.Response:
    """What the door answers to one event."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        return await client.post(
            f"{recruitment.service.url}/v1/events",
            json=post_established(post, "331"),
            headers={"content-type": "application/cloudevents+json"},
        )


def unavailable(answer: httpx.Response) -> str:
    """The detail of a 503 that says when to ask again."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "5"
    body: dict[str, Any] = answer.json()
    assert body["type"] == "urn:workforce:problem:not-available"
    return str(body["detail"])


@pytest.mark.parametrize(("state", "words"), NOT_OF_THE_DATA.items(), ids=NOT_OF_THE_DATA)
async def test_the_door_asks_to_come_again(recruitment: Patient, state: str, words: str) -> None:
    await recruitment.execute(RAISE.format(state=state, table="journal"))
    try:
        detail = unavailable(await sent(recruitment, f"P-{state}"))
    finally:
        await recruitment.execute(MEND.format(table="journal"))
    assert detail.startswith(words)
    assert "Send the request again in a few seconds" in detail
    assert (await sent(recruitment, f"P-{state}")).status_code == 202


async def test_a_door_without_its_database_is_open_again_when_there_is_a_new_one(recruitment: Patient) -> None:
    await asyncio.to_thread(recruitment.postgres.drop, recruitment.name)
    unavailable(await sent(recruitment, "P-A"))
    await eventually(lambda: readiness(recruitment.service), ["the database does not exist"])
    await recruitment.make_database()
    await eventually(lambda: readiness(recruitment.service), [])
    assert (await sent(recruitment, "P-A")).status_code == 202


async def test_a_door_that_may_not_write_says_so(recruitment: Patient) -> None:
    await takes_no_writes(recruitment)
    try:
        await eventually(lambda: readiness(recruitment.service), ["PostgreSQL takes no writes (read-only)"])
        assert unavailable(await sent(recruitment, "P-B")).startswith("PostgreSQL takes no writes (read-only).")
    finally:
        await takes_writes(recruitment)
    await eventually(lambda: readiness(recruitment.service), [])
    assert (await sent(recruitment, "P-B")).status_code == 202
