"""Health tells the truth: parts are frozen, stopped and dropped in turn, and the services are asked how they are.

Invariant: liveness asks for a new process only where that would help, so never for what befalls PostgreSQL or Kafka.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

import pytest

from tests.delivery.observing import all_has_come, eventually, get, read
from tests.parts import EmbeddedBroker, RealSystem, Service
from tests.parts.freezing import freeze

Cause = Callable[[RealSystem], Callable[[], None]]
"""Does something to a part, and gives what mends it."""


async def says(service: Service) -> dict[str, object]:
    answer = await get(service, "/health/ready")
    body: dict[str, object] = answer.json()
    return body | {"status": answer.status_code}


async def reasons(system: RealSystem) -> set[str]:
    """Why each service is not ready, without the seconds; nothing of those that are ready."""
    answers = [await says(service) for service in system.services.values()]
    return {"".join(filter(lambda sign: not sign.isdigit(), "; ".join(answer["reasons"]))) for answer in answers}  # type: ignore[arg-type]


def frozen_database(system: RealSystem) -> Callable[[], None]:
    return freeze(system.postgres.process)


def killed_database(system: RealSystem) -> Callable[[], None]:
    system.postgres.kill()
    return system.postgres.start


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (frozen_database, "PostgreSQL has not answered for  seconds"),
        (killed_database, "PostgreSQL cannot be reached"),
    ],
)
async def test_without_postgresql_all_say_so_within_seconds_and_nobody_asks_to_be_started_again(
    standing_system: RealSystem, cause: Cause, words: str
) -> None:
    system = standing_system
    if isinstance(system.broker, EmbeddedBroker):
        pytest.skip("nothing of it depends on the broker")
    await eventually(lambda: reasons(system), {""})
    mend = cause(system)
    try:
        await eventually(lambda: reasons(system), {words})
        told_at = time.monotonic()
        while time.monotonic() < told_at + 8:
            for service in system.services.values():
                assert (await get(service, "/health/live")).json() == {"live": True, "reason": None}
            assert {(await says(service))["status"] for service in system.services.values()} == {503}
            await asyncio.sleep(0.5)
    finally:
        mend()
    await eventually(lambda: reasons(system), {""})


def frozen_kafka(system: RealSystem) -> Callable[[], None]:
    return freeze(system.broker.process)


def killed_kafka(system: RealSystem) -> Callable[[], None]:
    system.broker.kill()
    return system.broker.start


@pytest.mark.parametrize("cause", [frozen_kafka, killed_kafka])
async def test_without_kafka_what_is_there_is_answered_with_the_instant_up_to_which_it_is_complete(
    standing_system: RealSystem, cause: Cause
) -> None:
    system = standing_system
    # What was on its way when Kafka went away would be missed, and readiness would say so.
    await eventually(lambda: all_has_come(system), True)
    await eventually(lambda: reasons(system), {""})
    mend = cause(system)
    try:
        await eventually(lambda: all_remark(system, "Kafka has not answered for"), True)
        before = (await says(system.metrics))["complete_until"]
        assert before is not None
        await asyncio.sleep(2)
        for service in system.services.values():
            assert (await get(service, "/health/live")).status_code == 200
            assert (await says(service))["status"] == 200
        assert (await says(system.metrics))["complete_until"] == before

        # Who is started while Kafka is away says the same as who was running.
        system.metrics.restart()
        await eventually(lambda: status_of(system.metrics), 200)
        assert (await says(system.metrics))["complete_until"] == before
    finally:
        mend()
    await eventually(lambda: complete_beyond(system, str(before)), True)


async def status_of(service: Service) -> int:
    return int(str((await says(service))["status"]))


async def all_remark(system: RealSystem, words: str) -> bool:
    answers = [await says(service) for service in system.services.values()]
    return all(any(words in str(remark) for remark in answer["remarks"]) for answer in answers)  # type: ignore[attr-defined]


async def complete_beyond(system: RealSystem, before: str) -> bool:
    said = await says(system.metrics)
    return said["status"] == 200 and str(said["complete_until"]) > before


async def test_an_owner_that_is_silent_keeps_nobody_from_hearing_the_other_one(standing_system: RealSystem) -> None:
    system = standing_system
    await eventually(lambda: reasons(system), {""})
    thaw = freeze(system.retention.process)
    try:
        await eventually(lambda: silent_owners(system), ["retention"])
        before = await heard_from(system, "recruitment")
        await eventually(lambda: heard_later(system, "recruitment", before), True)
        await eventually(lambda: silent_owners(system), ["retention"])
    finally:
        thaw()
    await eventually(lambda: silent_owners(system), [])


async def silent_owners(system: RealSystem) -> list[str]:
    remarks = [str(remark) for remark in (await says(system.metrics))["remarks"]]  # type: ignore[attr-defined]
    begins = "nothing was heard from "
    return [remark.removeprefix(begins).split(" ")[0] for remark in remarks if remark.startswith(begins)]


async def heard_from(system: RealSystem, owner: str) -> datetime:
    query = "SELECT min(heard_until) AS heard FROM expected WHERE owner = $1"
    (row,) = await read(system.databases["metrics"], query, owner)
    heard: datetime = row["heard"]
    return heard


async def heard_later(system: RealSystem, owner: str, before: datetime) -> bool:
    return await heard_from(system, owner) > before


async def test_a_dropped_database_is_told_in_its_own_words(standing_system: RealSystem) -> None:
    system = standing_system
    if isinstance(system.broker, EmbeddedBroker):
        pytest.skip("nothing of it depends on the broker")
    name = system.databases["metrics"].partition("@/")[2].partition("?")[0]
    system.postgres.drop(name)
    try:
        await eventually(lambda: reasons_of(system.metrics), ["the database does not exist"])
        assert (await get(system.metrics, "/health/live")).status_code == 200
        await eventually(lambda: reasons_of(system.recruitment), [])
    finally:
        system.postgres.create(name)
    await eventually(lambda: reasons_of(system.metrics), [])


async def reasons_of(service: Service) -> object:
    return (await says(service))["reasons"]
