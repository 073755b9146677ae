"""What names a person stays in the register, whatever column it comes in: it is looked for in everything else there is.

Invariant: the names here are invented, and each is found nowhere else in the project (`tests.invented`).
"""

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest

from tests.invented import QUILLON, everything_on_kafka, marks_in
from tests.parts import RealSystem
from tests.people.council import POSTS, Council, Person, employees, posts

STAFF_NUMBER = QUILLON.staff_number
FULL_NAME = QUILLON.name
"""Is in the files below, in the column it belongs to or in a wrong one, as all is that is personal."""
BROKEN = [
    Person(1, post=FULL_NAME), Person(2, fte=FULL_NAME), Person(3, start=FULL_NAME), Person(4, leaving=FULL_NAME),
    Person(5, reason=FULL_NAME), Person(6, left_post=QUILLON.registration), Person(7, born=FULL_NAME),
    Person(8, registration=FULL_NAME), Person(9, forename=QUILLON.born),
]  # fmt: skip


@pytest.fixture(scope="module")
def sent(council_system: tuple[RealSystem, dict[str, str]]) -> Council:
    """An authority that has sent names in every column, in files of every sort."""
    system, keys = council_system
    council = Council(system, "777", keys)
    council.put_mapping()
    numbers = range(1, 11)
    council.delivered("posts_1.csv", posts(*numbers))
    council.delivered("posts_2.csv", posts(*numbers) + f"\n{FULL_NAME},{FULL_NAME},{FULL_NAME},,,,{FULL_NAME}")
    # A column that the mapping does not name, called by a name.
    header, *rows = posts(*numbers).splitlines()
    council.delivered("posts_3.csv", "\n".join([f"{header},{FULL_NAME}", *(f"{row},x" for row in rows)]))
    people = employees(Person(STAFF_NUMBER, "PST-10"), *BROKEN)
    council.send(f"employees_{FULL_NAME}.csv", people, dry_run="true")
    council.delivered(f"employees_{FULL_NAME}.csv", people)
    council.delivered("employees_2.csv", employees(Person(STAFF_NUMBER, "PST-10", "0.5"), *BROKEN), as_at="2023-11-30")
    # Whole files: of another layout, cut off, no table at all, twice the same.
    header = f"{FULL_NAME},{POSTS}"
    whole = (f"{header}\n{FULL_NAME}", f"{FULL_NAME}\n\n{people}", people[: len(people) // 2], FULL_NAME, people * 2)
    for text in whole:
        for name in ("employees_3.csv", "posts_3.csv"):
            answer = council.send(name, text, as_at="2023-12-31")
            if answer.status_code == 202:
                council.settled(answer.json()["id"])
    council.send("employees_3.csv", people, as_at=FULL_NAME, recorded_at=FULL_NAME)
    council.ask("PUT", "/v1/feeds/hr/mapping", content=f"files: {FULL_NAME}".encode())
    (worker,) = council.ask(
        "GET", "/v1/persons", "registrar", reference=str(STAFF_NUMBER), reason="looking for what is held"
    ).json()["workers"]
    asked = council.ask("GET", f"/v1/persons/{worker}", "registrar", reason="looking for what is held")
    assert asked.json()["details"]["name"] == FULL_NAME
    # Of the broken rows those count in which only what is personal is in a wrong column.
    council.wait_for_figure("in-post", 4.5, as_at="2023-11-30")
    return council


def test_whoever_sent_them_is_told_which_rows_and_columns_are_wrong_and_not_what_is_personal(sent: Council) -> None:
    (feed,) = [one for one in sent.ask("GET", "/v1/feeds", "analyst").json()["feeds"] if one["file"] == "employees"]
    for form in ("json", "csv"):
        told = sent.ask("GET", f"/v1/files/{feed['id']}/rows", status="rejected", format=form).text
        assert all(column in told for column in ("Post Number", "FTE", "Start in Post", "Leaving Date"))
        assert marks_in(told) == []


def test_what_is_looked_for_would_be_found() -> None:
    assert marks_in(f'{{"sealed": "\\\\x{FULL_NAME.encode().hex()}"}}') == ["Quillon", "Zarquar"]


@pytest.mark.parametrize("service", ["recruitment", "retention", "metrics", "people"])
def test_no_table_of_any_database_holds_them(sent: Council, service: str) -> None:
    tables = asyncio.run(dumped(sent.system.databases[service]))
    assert tables
    assert {name: marks_in(text) for name, text in tables.items() if marks_in(text)} == {}


def test_the_register_holds_the_person_and_rejected_rows_are_kept(sent: Council) -> None:
    tables = asyncio.run(dumped(sent.system.databases["people"]))
    assert '"authority":"777"' in tables["person"]
    assert '"sealed_details":"\\\\x' in tables["person_details"]
    assert '"status":"rejected","sealed_answer":"\\\\x' in tables["file_row"]


async def dumped(database: str) -> dict[str, str]:
    """Every row of every table, as text."""
    connection = await asyncpg.connect(database)
    try:
        names = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        found = {}
        for (name,) in names:
            rows = await connection.fetch(f"SELECT to_json(one)::text AS text FROM {name} AS one")
            found[name.removeprefix("public.")] = "\n".join(row["text"] for row in rows)
        return found
    finally:
        await connection.close()


def test_no_record_on_kafka_holds_them_dead_letters_among_them(sent: Council) -> None:
    records = asyncio.run(all_records(sent.system.broker.servers))
    assert any(b"777:worker/P-" in record for record in records)
    assert [record for record in records if marks_in(record)] == []


async def all_records(servers: str) -> list[bytes]:
    return [record async for _, record in everything_on_kafka(servers)]


def test_no_log_holds_them(sent: Council, folder: Path) -> None:
    logs = {path.name: path.read_text() for path in folder.glob("*.log")}
    assert {"people.log", "recruitment.log", "retention.log", "metrics.log"} <= logs.keys()
    assert "file taken in" in logs["people.log"]
    assert {name: marks_in(text) for name, text in logs.items() if marks_in(text)} == {}


@pytest.mark.parametrize("service", ["recruitment", "retention", "metrics", "people"])
def test_nothing_that_is_open_to_all_holds_them(sent: Council, service: str) -> None:
    for path in ("/metrics", "/health/ready", "/openapi.json"):
        assert marks_in(sent.ask("GET", path, None, service).text) == []


def test_no_answer_to_whoever_did_not_send_them_holds_them(sent: Council) -> None:
    in_post = sent.ask("GET", "/v1/measures/in-post/explanation", "analyst", "metrics", as_at="2023-11-30").text
    workers = sorted(set(re.findall("worker/P-[A-Z2-7]{24}", in_post)))
    assert workers
    answers = [
        in_post,
        *(sent.ask("GET", f"/v1/subjects/{worker}", "analyst", "metrics").text for worker in workers),
        sent.ask("GET", "/v1/quality", "analyst", "metrics", as_at="2023-11-30").text,
        sent.ask("GET", "/v1/feeds", "analyst").text,
        sent.ask("GET", "/v1/audit", "registrar").text,
    ]
    assert [marks_in(text) for text in answers if marks_in(text)] == []
