"""People is killed while it takes files in, and while it sends what they gave: every row ends once.

Invariant: what is compared to is what the same files gave under another authority, of which nobody was killed.
"""

import asyncio
import time
from collections.abc import Callable
from random import Random
from typing import Any

from tests.conftest import EXAMPLES
from tests.delivery.observing import events_in, read
from tests.people.council import SECONDS, Council, Person, employees, posts

ROWS = 300
ROUNDS = max(2, EXAMPLES // 25)
"""How often people is killed while a file is on its way."""
FILES: list[tuple[str, str, str]] = [
    ("posts_1.csv", posts(*range(ROWS)), "2023-10-31"),
    ("employees_1.csv", employees(*(Person(number) for number in range(ROWS))), "2023-10-31"),
    (
        "employees_2.csv",
        employees(*(Person(number, fte="0.5" if number % 2 else "part") for number in range(ROWS))),
        "2023-11-30",
    ),
]
FIGURES = [(measure, as_at) for measure in ("vacancies", "in-post") for as_at in ("2023-10-31", "2023-11-30")]


def test_every_row_ends_once_whenever_people_is_killed(council: Council, seed: int) -> None:
    print(f"seed {seed}: again with WORKFORCE_SEED={seed} WORKFORCE_EXAMPLES={EXAMPLES}")
    random = Random(seed)
    left_alone = Council(council.system, str(int(council.authority) + 400), council.keys)
    left_alone.put_mapping()
    undisturbed = [left_alone.delivered(*file) for file in FILES]
    disturbed = []
    for file in FILES:
        answer = council.send(*file)
        assert answer.status_code == 202
        id = answer.json()["id"]
        for moment in sorted(random.choices(range(ROWS), k=ROUNDS)):
            # At the moments that come: a file that is done by then was fast.
            wait_until(lambda moment=moment, id=id: progress(council, id) >= moment)  # type: ignore[misc]
            council.system.people.restart()
        disturbed.append(council.settled(id))
    for one, other in zip(disturbed, undisturbed, strict=True):
        assert told_of(one) == told_of(other)
        assert rows_of(council, one["id"]) == rows_of(left_alone, other["id"])
    for service in ("recruitment", "retention"):
        journal = council.system.databases[service]
        assert asyncio.run(events_in(journal, "journal", council.authority)) == asyncio.run(
            events_in(journal, "journal", left_alone.authority)
        )
    for measure, as_at in FIGURES:
        expected = left_alone.figure(measure, as_at)
        assert expected is not None
        council.wait_for_figure(measure, expected, as_at)


def progress(council: Council, id: int) -> int:
    """How far a file has come: events that a door has answered for; all of them once it is done."""
    query = "SELECT count(*) AS events FROM outgoing WHERE file = $1 AND state <> 'waiting'"
    (row,) = asyncio.run(read(council.system.databases["people"], query, id))
    done = "SELECT state FROM delivered_file WHERE id = $1"
    (file,) = asyncio.run(read(council.system.databases["people"], done, id))
    return ROWS if file["state"] in ("delivered", "refused") else int(row["events"])


def wait_until(reached: Callable[[], bool]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def told_of(file: dict[str, Any]) -> dict[str, Any]:
    """What does not differ between two authorities. What was sent twice was accepted or known."""
    taken = [(one["type"], one["accepted"] + one["already-known"], one["rejected"]) for one in file["events"]]
    return {"state": file["state"], "rows": file["rows"], "events": taken}


def rows_of(council: Council, id: int) -> list[tuple[int, str, int]]:
    """Of each row of a file its number, what became of it, and how many events it gave."""
    return [(row["row"], row["status"], len(row["events"])) for row in council.rows(id)]
