"""The search for invented persons, which every run of tests ends with: it finds them wherever they may have got to.

Invariant: what is looked at here is real: a database, a broker, files, a run of pytest.
"""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.embedded.services import REPOSITORY
from tests.invented import ADALIND, MARKS, QUILLON, Search, in_databases, in_logs, marks_in, nothing_personal, on_kafka
from tests.parts import EmbeddedBroker
from tests.people.council import Person

TOPIC = "workforce.invented"


def test_a_mark_is_found_in_any_letters_and_as_bytes_that_a_database_shows() -> None:
    assert marks_in("worker ZARQUAR left") == ["Zarquar"]
    assert marks_in(f"\\x{QUILLON.name.encode().hex()}") == ["Quillon", "Zarquar"]
    assert marks_in("P-ME2WCMJQGIZTANJWGY3TQOJQ") == []


def test_a_mark_is_found_across_two_pieces_of_what_is_looked_at() -> None:
    for mark in MARKS:
        search = Search()
        for piece in (f"xx{mark[:3]}", f"{mark[3:]}xx"):
            search.look(piece.encode())
        assert mark in search.found


@pytest.mark.parametrize(
    ("type", "value"),
    [("text", QUILLON.surname), ("bytea", QUILLON.surname.encode()), ("jsonb", f'{{"of": ["{QUILLON.surname}"]}}')],
)
def test_a_name_in_a_database_is_found_with_its_table(database: str, type: str, value: str | bytes) -> None:
    async def write() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute(f"CREATE SCHEMA told; CREATE TABLE told.note (id int, content {type})")
        await connection.execute(f"INSERT INTO told.note VALUES (1, $1::{type})", value)
        await connection.close()

    asyncio.run(write())
    assert in_databases({"metrics": database}) == ["database metrics, table told.note: Zarquar"]


@pytest.mark.parametrize("part", ["key", "header", "value"])
def test_a_name_on_kafka_is_found_with_its_record(embedded_broker: EmbeddedBroker, part: str) -> None:
    name = ADALIND.name.encode()

    async def send() -> None:
        servers = embedded_broker.servers
        admin = AIOKafkaAdminClient(bootstrap_servers=servers)
        await admin.start()
        await admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
            told: dict[str, dict[str, Any]] = {
                "key": {"key": name},
                "header": {"headers": [("ce_subject", name)]},
                "value": {"value": name},
            }
            await producer.send_and_wait(TOPIC, partition=0, **({"value": b"{}"} | told[part]))

    embedded_broker.empty()
    asyncio.run(send())
    assert on_kafka(embedded_broker.servers) == [f"Kafka, {TOPIC}[0]@0: Adalind, Quillfeather"]
    embedded_broker.empty()


def test_nobody_sends_a_name_that_would_not_be_found() -> None:
    with pytest.raises(AssertionError, match="not from tests"):
        Person(1, surname="Smith")


def test_nothing_found_is_nothing_said(tmp_path: Path) -> None:
    (tmp_path / "quiet.log").write_text("event=file taken in\n")
    nothing_personal(in_logs([tmp_path]))


def test_a_run_of_tests_that_leave_names_behind_fails_and_says_where() -> None:
    options = ["-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
    telling = [sys.executable, "-m", "pytest", "tests/parts/telling.py", *options]
    ended = subprocess.run(telling, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    # The test passed; the run did not.
    assert "ERROR at teardown of test_that_leaves_names_behind" in ended.stdout
    assert "database telling, table public.note: SW990017" in ended.stdout
    assert "service.log: Quillfeather" in ended.stdout
