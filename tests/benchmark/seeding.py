"""An invented England put into the database of metrics by the service's own handler, quicker than over Kafka.

    python -m tests.benchmark.seeding <database url> <code>[:<events>|:varied] …

takes in those authorities one by one; there is a process for each core. With `:<events>` an authority gets so many of
the first events of authority 201's history, under its own code. With `:varied` it gets all of them, and hardly two
posts are alike.

Invariant: the tables are those that the service makes of the same events.
"""

import asyncio
import itertools
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import cast

import psutil

from deploy.demonstration import history
from services.chassis.database import connect_pool, migrate
from services.chassis.recent_events import RecentEvents
from services.chassis.runtime import CHASSIS_MIGRATIONS, Runtime
from services.metrics.app import SPEC
from services.metrics.ingest import handlers
from services.metrics.telemetry import MetricsTelemetry
from tests.benchmark.history import Authority, Stated, accepted

VARIED = "399"
"""The code of an authority whose posts hardly share a team or a grade."""
GRADES = 40
DEMONSTRATION = "998"
"""The code under which the demonstration authority's events are taken in, beside England's."""


async def prepare(database: str) -> None:
    """Make the tables."""
    pool = await connect_pool(database, 1)
    await migrate(pool, tuple(folder for folder in (CHASSIS_MIGRATIONS, SPEC.migrations) if folder is not None))
    await pool.close()


def seed(database: str, authorities: list[str], processes: int | None = None) -> None:
    """Take in these authorities, on every core or in so many processes."""
    cores = processes or psutil.cpu_count() or 1
    command = [sys.executable, "-m", "tests.benchmark.seeding", database]
    running = [
        subprocess.Popen([*command, *part], stdout=subprocess.DEVNULL)
        for part in (authorities[core::cores] for core in range(cores))
        if part
    ]
    codes_of_exit = [process.wait() for process in running]
    if any(codes_of_exit):
        raise RuntimeError(f"seeding ended with {codes_of_exit}")


async def clean(database: str) -> None:
    """What PostgreSQL does by itself in the minutes after so many rows came, on the processors that are measured."""
    pool = await connect_pool(database, 1)
    await pool.execute("VACUUM ANALYZE", timeout=600)
    await pool.close()


async def take_in(database: str, authorities: list[str]) -> None:
    """One authority after the other, each in one batch: every subject is derived once."""
    pool = await connect_pool(database, 2)
    runtime = cast(Runtime, SimpleNamespace(pool=pool, telemetry=MetricsTelemetry(), recent_events=RecentEvents()))
    for wanted in authorities:
        code, _, most = wanted.partition(":")
        stated_events = _of_demonstration() if code == DEMONSTRATION else Authority("201" if most else code).history()
        if most == "varied":
            stated_events, most = (_varied(stated) for stated in stated_events), ""
        events = [
            accepted(stated._replace(attributes=stated.attributes | {"authority": code}), sequence)
            for sequence, stated in enumerate(itertools.islice(stated_events, int(most) if most else None), start=1)
        ]
        await handlers.TakeInEvents(runtime)(events, False)
    await pool.close()


def _of_demonstration() -> Iterator[Stated]:
    """What the demonstration authority's systems record."""
    for number, event in enumerate(history()):
        attributes = {name: value for name, value in event.items() if name != "data"}
        yield Stated(datetime.fromisoformat(event["time"]), number, attributes, event["data"])


def _varied(stated: Stated) -> Stated:
    """The same with a team and a grade for nearly each change of a post."""
    if not stated.attributes["subject"].startswith("post/") or "team" not in stated.data:
        return stated
    more = {"team": f"{stated.data['team']}-{stated.number}", "grade": f"grade-{stated.number % GRADES}"}
    return stated._replace(data=stated.data | more)


if __name__ == "__main__":
    asyncio.run(take_in(sys.argv[1], sys.argv[2:]))
