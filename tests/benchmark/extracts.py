"""An extract of many rows through people, the first time and again unchanged, beside polars that reads and joins files.

Invariant: the same bytes for both, in the same run; seconds are from the request to the last accepted event.
"""

import io
import time
from pathlib import Path
from typing import Any

import polars
import psutil
from rich.console import Console
from rich.table import Table

from tests.parts import Broker, PostgreSQL, RealSystem
from tests.people.council import Council, Person, employees, posts

AUTHORITY = "331"
SECONDS = 900.0
ASKED_SECONDS = 0.1
"""Between two looks at the memory, and two questions what became of the file, which people answers beside its work."""


def extracts(postgres: PostgreSQL, broker: Broker, folder: Path, console: Console, rows: int) -> None:
    """Send so many employees twice, and print how long each took and how much memory people had."""
    text = employees(*(Person(number) for number in range(rows))).encode()
    establishment = posts(*range(rows)).encode()
    of_people = {"door_batch": 1000, "largest_file_bytes": 60_000_000}
    system = RealSystem(postgres, broker, folder / "extracts", None, of_people)
    table = Table(title=f"an extract of {rows:,} rows ({len(text) / 1e6:.0f} MB)", title_justify="left")
    for heading in ("what", "seconds", "rows/s", "processor seconds of people", "most memory, MB"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    began = time.perf_counter()
    frame = polars.read_csv(io.BytesIO(text)).join(polars.read_csv(io.BytesIO(establishment)), on="Post Number")
    seconds = time.perf_counter() - began
    table.add_row("floor: polars reads and joins posts and people", f"{seconds:.2f}", f"{frame.height / seconds:,.0f}")
    try:
        system.start()
        council = Council(system, AUTHORITY, {"HR system": "none is needed on loopback"})
        council.put_mapping()
        for what, as_at in (("first, to accepted events", "2023-10-31"), ("again, unchanged", "2023-11-30")):
            table.add_row(what, *_told(council, rows, text, as_at))
    finally:
        system.stop()
    console.print(table)


def _told(council: Council, rows: int, text: bytes, as_at: str) -> tuple[str, ...]:
    process = psutil.Process(council.system.people.process.pid)
    used, most, began = _processor(process), 0, time.perf_counter()
    answer = council.send("employees.csv", text, as_at)
    assert answer.status_code == 202, answer.text
    file: dict[str, Any] = {"state": "accepted"}
    while file["state"] not in ("delivered", "refused"):
        assert time.perf_counter() - began < SECONDS, file
        most = max(most, process.memory_info().rss)
        time.sleep(ASKED_SECONDS)
        file = council.file(answer.json()["id"])
    seconds = time.perf_counter() - began
    assert file["state"] == "delivered", file["refusal"]
    used = _processor(process) - used
    return f"{seconds:.1f}", f"{rows / seconds:,.0f}", f"{used:.1f}", f"{most / 1e6:.0f}"


def _processor(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
