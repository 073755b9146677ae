"""What has not gone out yet is told: to Prometheus at once, to whoever asks how the service is after half a minute."""

import re
from types import SimpleNamespace
from typing import Any, cast

import asyncpg

from services.chassis.runtime import Runtime
from services.chassis.telemetry import Telemetry
from services.people import store
from services.people.handlers import People
from services.people.sending import tell_what_waits
from services.people.store import Outgoing
from services.people.telemetry import PeopleTelemetry
from tests.unit.people.conftest import FILE

PEOPLE = cast(People, SimpleNamespace(settings=SimpleNamespace(doors={"recruitment": "", "retention": ""})))


def gauges(telemetry: PeopleTelemetry) -> dict[str, float]:
    """What Prometheus is told by this service alone, in whole seconds of ten."""
    names = vars(telemetry).keys() - vars(Telemetry()).keys()
    samples = (one for name in names for metric in getattr(telemetry, name).collect() for one in metric.samples)
    told = {" ".join([one.name.removeprefix("workforce_"), *one.labels.values()]): one.value for one in samples}
    return {name: value // 10 * 10 if "seconds" in name else value for name, value in told.items()}


async def test_what_waits_is_told_by_door_and_what_has_waited_long_is_told_to_whoever_asks(pool: asyncpg.Pool) -> None:
    runtime = cast(Any, SimpleNamespace(pool=pool, telemetry=PeopleTelemetry(), remark=None))
    async with pool.acquire() as connection:
        await connection.execute(FILE, "accepted", 0.0)
        for seconds, events in ((5000.0, 2), (10.0, 3)):
            file = await connection.fetchval(FILE, "taken-in", seconds)
            of = ("post/P-1", "an id", "post.established", "{}", None)
            await store.write_outgoing(connection, file, "posts", [Outgoing(2, "recruitment", *of)] * events)
    await tell_what_waits(PEOPLE, cast(Runtime, runtime))
    assert gauges(runtime.telemetry) == {
        "files_waiting": 1,
        "door_waiting_events recruitment": 5,
        "door_waiting_events retention": 0,
        "door_waiting_seconds recruitment": 5000,
        "door_waiting_seconds retention": 0,
    }
    assert re.fullmatch(r"5 events wait for recruitment since 500\d seconds", runtime.remark)
    await pool.execute("UPDATE file_event_count SET events = 0 WHERE state = 'waiting'")
    await tell_what_waits(PEOPLE, cast(Runtime, runtime))
    assert gauges(runtime.telemetry)["door_waiting_seconds recruitment"] == 0
    assert runtime.remark is None
