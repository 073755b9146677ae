"""An invented England put into the database of metrics by the service's own handler, quicker than over Kafka.

Invariant: the tables are those that the service makes of the same events. A process of its own for each core:
`python -m tests.benchmark.seeding <database url> <code>[:<events>|:varied] …` takes in those authorities one by one;
with `:<events>` so many of the first events of authority 201's history, under that code; with `:varied` all of them,
and hardly two posts alike.
"""

import asyncio
import itertools
import subprocess
import sys
from types import SimpleNamespace
from typing import cast

import psutil

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


async def take_in(database: str, authorities: list[str]) -> None:
    """One authority after the other, each in one batch: every subject is derived once."""
    pool = await connect_pool(database, 2)
    runtime = cast(Runtime, SimpleNamespace(pool=pool, telemetry=MetricsTelemetry(), recent_events=RecentEvents()))
    for wanted in authorities:
        code, _, most = wanted.partition(":")
        history = Authority("201" if most else code).history()
        if most == "varied":
            history, most = (_varied(stated) for stated in history), ""
        events = [
            accepted(stated._replace(attributes=stated.attributes | {"authority": code}), sequence)
            for sequence, stated in enumerate(itertools.islice(history, int(most) if most else None), start=1)
        ]
        await handlers.TakeInEvents(runtime)(events, False)
    await pool.close()


def _varied(stated: Stated) -> Stated:
    """The same with a team and a grade for nearly each change of a post."""
    if not stated.attributes["subject"].startswith("post/") or "team" not in stated.data:
        return stated
    more = {"team": f"{stated.data['team']}-{stated.number}", "grade": f"grade-{stated.number % GRADES}"}
    return stated._replace(data=stated.data | more)


if __name__ == "__main__":
    asyncio.run(take_in(sys.argv[1], sys.argv[2:]))
