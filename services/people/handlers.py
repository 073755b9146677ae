"""What people does with requests: one function for each use case, one transaction each.

Invariant: a file that was answered 202 is taken in exactly once, whatever stops meanwhile. Until then only its named
columns are kept, encrypted.
"""

import asyncio
import hashlib
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import asyncpg

from contracts.near_names import near_first
from services.chassis.database import why_not_now
from services.chassis.logs import get_log
from services.chassis.problems import Problem
from services.chassis.runtime import Runtime
from services.people import store
from services.people.delivering import Doors
from services.people.files.reading import open_table
from services.people.files.refusal import FileRefused
from services.people.kept_rows import packed
from services.people.mapping.model import FileMapping, Mapping, read_mapping
from services.people.mapping.refusal import MappingRefused
from services.people.mapping.rows import dropped_columns, named_rows
from services.people.register import store as register
from services.people.register.keys import CannotBeRead, Keyring, Sealed, WrappedKey
from services.people.settings import ServiceSettings

log = get_log(__name__)

KEYS_AT_ONCE = 500
"""That are wrapped again in one transaction."""

read_mapping_once = lru_cache(maxsize=100)(read_mapping)


@dataclass(slots=True)
class People:
    """What every use case needs."""

    keyring: Keyring
    doors: Doors
    settings: ServiceSettings
    reading: asyncio.Semaphore
    """One file is read at a time, because in memory it takes more than its size."""
    same_key: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it was sent, without its bytes. `file_name` says which file of the mapping it is, and is not kept.

    `recorded_at` is None if the sender does not state it. Then it is the instant of acceptance.
    """

    authority: str
    feed: str
    file_name: str
    as_at: date
    recorded_at: datetime | None
    caller: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What of a file is kept: its columns, and its rows as encrypted parts."""

    header: tuple[str, ...]
    form: str
    dropped: tuple[str, ...]
    rows: int
    parts: list[bytes]
    sha256: str


async def put_mapping(runtime: Runtime, authority: str, feed: str, text: str, caller: str) -> asyncpg.Record:
    """Keep a mapping as the newest of its feed. Raises MappingRefused."""
    await asyncio.to_thread(read_mapping_once, text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    async with runtime.pool.acquire() as connection, connection.transaction():
        await connection.execute(store.MAPPINGS_ONE_AT_A_TIME)
        newest = await connection.fetchrow(store.NEWEST_MAPPING, authority, feed)
        if newest is not None and newest["sha256"] == digest:
            return newest
        (put,) = await connection.fetch(store.PUT_MAPPING, authority, feed, text, digest, caller)
    return put


async def newest_mapping(runtime: Runtime, authority: str, feed: str) -> asyncpg.Record:
    """The mapping that applies. Raises a 404 problem if there is none."""
    newest = await runtime.pool.fetchrow(store.NEWEST_MAPPING, authority, feed)
    if newest is None:
        put = f"put one first: PUT /v1/feeds/{feed}/mapping?authority={authority}"
        feeds = [row["feed"] for row in await runtime.pool.fetch(store.FEEDS_WITH_A_MAPPING, authority)]
        others = near_first(
            feed, feeds, f"of this authority {', '.join(feeds)} {'has' if len(feeds) == 1 else 'have'} one"
        )
        detail = f"Feed {feed} of authority {authority} has none{f' ({others})' if feeds else ''}; {put}."
        raise Problem(404, "no-mapping", "No mapping", detail)
    return newest


async def mapping_for(runtime: Runtime, sent: Sent) -> tuple[asyncpg.Record, FileMapping]:
    """The newest mapping of a feed, and what it says of the file. Raises FileRefused, or a 404 problem."""
    newest = await newest_mapping(runtime, sent.authority, sent.feed)
    try:
        mapping: Mapping = await asyncio.to_thread(read_mapping_once, newest["content"])
    except MappingRefused as refused:
        # It was put when less was asked of one.
        raise FileRefused(f"comes by a mapping that cannot be applied: {refused}", "the mapping, put again") from None
    return newest, mapping.file_for(sent.file_name)


async def accept_file(
    runtime: Runtime, people: People, sent: Sent, body: bytes
) -> tuple[asyncpg.Record, bool, tuple[str, ...]]:
    """Keep what is needed of a file. Returns it, whether it was known before, and the columns that were dropped.

    Raises FileRefused.
    """
    await assert_same_key(runtime, people)
    mapping, file_mapping = await mapping_for(runtime, sent)
    async with people.reading:
        read, key, _ = await read_file(people, sent, file_mapping, body)
    file = as_kept(sent, file_mapping, mapping, read)
    async with runtime.pool.acquire() as connection, connection.transaction():
        await store.in_turn(connection, file)
        same = await connection.fetchrow(store.SAME_FILE, *(file[name] for name in store.SAME_IN))
        if same is not None:
            return same, True, read.dropped
        accepted = await store.accept_file(connection, file, key, sent.caller, read.parts)
    runtime.wake()
    return accepted, False, read.dropped


async def read_file(
    people: People, sent: Sent, file_mapping: FileMapping, body: bytes
) -> tuple[ReadFile, WrappedKey, Sealed]:
    """What is needed of a file, and its key. Raises FileRefused."""
    digest = hashlib.sha256(body).hexdigest()
    key, sealed = people.keyring.new(store.of_file({"authority": sent.authority, "sha256": digest}))
    return await asyncio.to_thread(_read, body, file_mapping, sealed, digest), key, sealed


def as_kept(sent: Sent, file_mapping: FileMapping, mapping: asyncpg.Record, read: ReadFile) -> dict[str, Any]:
    """A file that was read, as the table has it."""
    return {
        "authority": sent.authority,
        "feed": sent.feed,
        "kind": file_mapping.name,
        "mapping_version": mapping["version"],
        "as_at": sent.as_at,
        "recorded_at": sent.recorded_at,
        "sha256": read.sha256,
        "header": [name for name in read.header if name not in read.dropped],
        "form": read.form,
        "rows": read.rows,
        "confirmed": sent.confirmed,
    }


@contextmanager
def in_silence() -> Iterator[None]:
    """Log an unforeseen error on a file without its text, which may repeat a cell.

    Raises a 500 problem then.
    """
    try:
        yield
    except (FileRefused, Problem):
        raise
    except Exception as error:
        if why_not_now(error) is not None:
            raise
        log.error("a file could not be read", cause=type(error).__name__, at=source_line_of(error))
        detail = "The service failed on this file; its log says where."
        raise Problem(500, "failed", "The service failed", detail) from None


def source_line_of(error: BaseException) -> str:
    """Where an error was raised: the module and the line."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/services/')[2]}:{frames[-1].lineno}" if frames else "nowhere"


def _read(body: bytes, file_mapping: FileMapping, sealed: Sealed, digest: str) -> ReadFile:
    table = open_table(body, file_mapping.layout)
    parts, rows = [], 0
    for count, part in packed(named_rows(table, file_mapping), sealed):
        parts.append(part)
        rows += count
    return ReadFile(table.header, table.form, dropped_columns(table, file_mapping), rows, parts, digest)


def sealed_of(people: People, file: store.File) -> Sealed | None:
    """The object that encrypts the rows of a file; None once they may no longer be read."""
    if file["wrapped_key"] is None:
        return None
    with keys_at_hand():
        return people.keyring.open(WrappedKey(file["master_key"], file["wrapped_key"]), store.of_file(file))


@contextmanager
def keys_at_hand() -> Iterator[None]:
    """Raises a 503 problem if something to be read is encrypted under a master key that the settings do not hold."""
    try:
        yield
    except CannotBeRead as reason:
        raise Problem(503, "key-missing", "A key is missing", str(reason), headers={"Retry-After": "60"}) from None


async def assert_same_key(runtime: Runtime, people: People) -> None:
    """Raises a 503 problem if the pseudonym key has changed: all workers would become new people."""
    if not people.same_key:
        known = await runtime.pool.fetchval(store.KNOW_PSEUDONYM_KEY, people.keyring.fingerprint)
        if known != people.keyring.fingerprint:
            detail = "WORKFORCE_PSEUDONYM_KEY is not the one that workers' ids were made with: give it the old one."
            raise Problem(503, "other-key", "Another pseudonym key", detail, headers={"Retry-After": "60"})
        people.same_key = True


async def find_file(runtime: Runtime, id: int) -> asyncpg.Record:
    """A file. Raises a 404 problem if there is none."""
    file = await runtime.pool.fetchrow(store.FIND_FILE, id)
    if file is None:
        raise Problem(404, "no-such-file", "No such file", f"No file has the id {id}.")
    return file


# --- the register -----------------------------------------------------------------------------------------------------


async def search_persons(
    runtime: Runtime, people: People, caller: str, authority: str, reference: str, reason: str
) -> list[str]:
    """The workers' ids of a staff number."""
    await register.note(runtime.pool, caller, "search", authority, None, reason)
    return await register.with_reference(runtime.pool, people.keyring, authority, reference)


def nobody(authority: str, worker: str) -> Problem:
    """What is answered about somebody who is not in the register."""
    return Problem(404, "nobody", "Nothing is held", f"Nothing is held on {worker} of authority {authority}.")


async def read_person(
    runtime: Runtime, people: People, action: str, caller: str, authority: str, worker: str, reason: str
) -> tuple[asyncpg.Record, list[register.PersonStated]]:
    """Everything that was ever known of a person, oldest first. Raises a 404 problem if there is nobody."""
    await register.note(runtime.pool, caller, action, authority, worker, reason)
    person = await register.find_person(runtime.pool, authority, worker)
    if person is None:
        raise nobody(authority, worker)
    with keys_at_hand():
        return person, await register.statements_of(runtime.pool, people.keyring, person)


async def erase_person(runtime: Runtime, caller: str, authority: str, worker: str, reason: str) -> datetime:
    """Forget a person. Returns when it was done. Raises a 404 problem if there is nobody: nothing is destroyed then."""
    async with runtime.pool.acquire() as connection, connection.transaction():
        erased_at = await register.erase(connection, authority, worker)
        if erased_at is None:
            raise nobody(authority, worker)
        await register.note(connection, caller, "erase", authority, worker, reason)
        # The cells of rejected rows are nobody's in particular: those of every file go.
        await connection.execute(store.FORGET_CELLS, authority)
        return erased_at


async def audit_after(runtime: Runtime, authority: str, position: int, most: int) -> list[asyncpg.Record]:
    """The audit trail of an authority, in order."""
    return await register.audit_after(runtime.pool, authority, position, most)


async def audit_of_person(runtime: Runtime, authority: str, worker: str) -> list[asyncpg.Record]:
    """Everything in the audit trail about one person."""
    return await register.audit_of(runtime.pool, authority, worker)


async def keep_house(people: People, runtime: Runtime) -> None:
    """Forget rows that were kept long enough, and wrap old keys by the newest master key."""
    async with runtime.pool.acquire() as connection, connection.transaction():
        await connection.execute(store.FORGET_ROWS, people.settings.rows_kept_days)
        await register.rewrap(connection, people.keyring, KEYS_AT_ONCE)
        for file in await connection.fetch(store.FILES_UNDER_OLD_MASTERS, people.keyring.newest, KEYS_AT_ONCE):
            key = WrappedKey(file["master_key"], file["wrapped_key"])
            key = people.keyring.rewrapped(key, store.of_file(file))
            await connection.execute(store.REWRAP_FILE, file["id"], key.master, key.wrapped)
