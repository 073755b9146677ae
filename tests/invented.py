"""Persons whom tests invent, and the search for them in whatever a run leaves behind.

Invariant: everything personal that a test sends to a service comes from here. Each value is found nowhere else in the
project, so wherever one is found, something personal has got out of the register. What cannot be read fails too: a
search that looked at nothing would always be content.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition


@dataclass(frozen=True)
class Invented:
    """Somebody who does not exist. Dates are as files have them and as services write them."""

    forename: str
    surname: str
    born: str
    born_iso: str
    registration: str
    staff_number: int
    ethnicity: str = "Zemblan"
    street: str = "Frobisher Crescent"

    @property
    def name(self) -> str:
        return f"{self.forename} {self.surname}"


QUILLON = Invented("Quillon", "Zarquar", "07/08/1917", "1917-08-07", "SW990017", 884_711_238_847_112_388)
ADALIND = Invented("Adalind", "Quillfeather", "02/03/1921", "1921-03-02", "SW123456", 884_722_348_847_223_488)
MARKS = tuple(
    dict.fromkeys(
        str(mark)
        for one in (QUILLON, ADALIND)
        for mark in (
            *(one.forename, one.surname, one.born, one.born_iso, one.registration, one.staff_number),
            *(one.ethnicity, one.street.split()[0]),
        )
    )
)
"""What gives an invented person away. None can stand somewhere by chance: no event is dated before 1948, and the
numbers are too long to be part of a digest."""
_PLAIN = {mark: mark.casefold().encode() for mark in MARKS}
_AS_SHOWN = {mark: (plain, mark.encode().hex().encode()) for mark, plain in _PLAIN.items()}
"""A mark in small letters, and as PostgreSQL and logs show bytes."""
_LONGEST = 2 * max(map(len, MARKS))


def marks_in(text: str | bytes) -> list[str]:
    """The marks in a text: plainly, in whatever letters, or as bytes in hexadecimal."""
    held = (text.encode() if isinstance(text, str) else text).lower()
    return [mark for mark, shown in _AS_SHOWN.items() if any(one in held for one in shown)]


class Search:
    """Looks at pieces of one thing, in order, and knows the marks in all of it."""

    def __init__(self) -> None:
        self.found: dict[str, None] = {}
        self._end = b""

    def look(self, piece: bytes) -> None:
        """Look at the next piece; a mark may begin in the piece before."""
        self.found |= dict.fromkeys(marks_in(self._end + piece))
        self._end = piece[-_LONGEST:]

    async def look_later(self, piece: bytes) -> None:
        self.look(piece)


# --- what a run leaves behind -----------------------------------------------------------------------------------------


DATABASES_AT_ONCE = 8
TABLES_WITH_ROWS = """
    SELECT format('%I.%I', nspname, relname)
    FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema')
        AND pg_relation_size(pg_class.oid) > 0
"""


def in_databases(urls: Mapping[str, str]) -> list[str]:
    """Where marks stand in these databases, by their names: a line for each table."""
    return asyncio.run(_in_databases(urls))


async def _in_databases(urls: Mapping[str, str]) -> list[str]:
    some = asyncio.Semaphore(DATABASES_AT_ONCE)
    found = await asyncio.gather(*(_in_database(name, url, some) for name, url in urls.items()))
    return [line for lines in found for line in lines]


async def _in_database(name: str, url: str, some: asyncio.Semaphore) -> list[str]:
    async with some:
        return [line async for line in _in_tables(name, url)]


async def _in_tables(name: str, url: str) -> AsyncIterator[str]:
    connection = await asyncpg.connect(url)
    try:
        for (table,) in await connection.fetch(TABLES_WITH_ROWS):
            search = Search()
            await connection.copy_from_query(f"SELECT * FROM {table}", output=search.look_later)
            if search.found:
                yield f"database {name}, table {table}: {', '.join(search.found)}"
    finally:
        await connection.close()


def on_kafka(servers: str) -> list[str]:
    """Where marks stand on the topics of a broker, dead letters among them: a line for each record."""
    return asyncio.run(_on_kafka(servers))


async def _on_kafka(servers: str) -> list[str]:
    return [
        f"Kafka, {where}: {', '.join(found)}"
        async for where, record in everything_on_kafka(servers)
        if (found := marks_in(record))
    ]


async def everything_on_kafka(servers: str) -> AsyncIterator[tuple[str, bytes]]:
    """Key, headers and value of every record of every topic, with its place."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest", enable_auto_commit=False)
    async with consumer:
        topics = sorted(await consumer.topics())
        numbers = {topic: sorted(consumer.partitions_for_topic(topic) or ()) for topic in topics}
        partitions = [TopicPartition(topic, number) for topic in topics for number in numbers[topic]]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for batch in (await consumer.getmany(partition, timeout_ms=1000)).values():
                    for one in batch:
                        place = f"{one.topic}[{one.partition}]@{one.offset}"
                        yield place, repr((one.key, one.headers, one.value)).encode()


def in_logs(folders: Iterable[Path]) -> list[str]:
    """Where marks stand in the logs below these folders: a line for each file."""
    return [line for folder in folders for path in sorted(folder.rglob("*.log")) for line in _in_log(path)]


def _in_log(path: Path) -> Iterator[str]:
    search = Search()
    with path.open("rb") as log:
        while piece := log.read(1 << 20):
            search.look(piece)
    if search.found:
        yield f"log {path}: {', '.join(search.found)}"


def nothing_personal(found: list[str]) -> None:
    """Fails if something was found."""
    assert not found, "\n".join(["something personal has got out of the register:", *found])
