"""An invented England put into the database of metrics by the service's own handler, quicker than over Kafka.

Invariant: the tables are those that the service makes of the same events. A process of its own for each core:
`python -m tests.benchmark.seeding <database url> <code>[:<events>] …` takes in those authorities one by one; with
`:<events>` so many of the first events of authority 201's history, under that code.
"""

import asyncio
import itertools
import subprocess
import sys
from types import SimpleNamespace
from typing import cast

import psutil

from services.chassis.database import connect_pool, migrate
from services.chassis.runtime import CHASSIS_MIGRATIONS, Runtime
from services.chassis.telemetry import Telemetry
from services.metrics import handlers
from services.metrics.app import PARTS
from tests.benchmark.history import Authority, accepted


async def prepare(database: str) -> None:
    """Make the tables."""
    pool = await connect_pool(database, 1)
    await migrate(pool, tuple(folder for folder in (CHASSIS_MIGRATIONS, PARTS.migrations) if folder is not None))
    await pool.close()


def seed(database: str, authorities: list[str]) -> None:
    """Take in these authorities, on every core."""
    cores = psutil.cpu_count() or 1
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
    runtime = cast(Runtime, SimpleNamespace(pool=pool, telemetry=Telemetry()))
    for wanted in authorities:
        code, _, most = wanted.partition(":")
        history = Authority("201" if most else code).history()
        events = [
            accepted(stated._replace(attributes=stated.attributes | {"authority": code}), sequence)
            for sequence, stated in enumerate(itertools.islice(history, int(most) if most else None), start=1)
        ]
        await handlers.TakeInEvents(runtime)(events, False)
    await pool.close()


if __name__ == "__main__":
    asyncio.run(take_in(sys.argv[1], sys.argv[2:]))
