"""What people does with what it is sent: one use case, one transaction each.

Invariant: a file that was answered 202 is taken in once, whatever stops meanwhile; nothing of it is kept but its named
columns, encrypted, until then.
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
from services.people.mapping.rows import dropped_columns, named_rows
from services.people.register import store as register
from services.people.register.keys import CannotBeRead, Keyring, Sealed, WrappedKey
from services.people.settings import ServiceSettings

log = get_log(__name__)

KEYS_AT_ONCE = 500
"""That are wrapped anew in one transaction."""

read_mapping_once = lru_cache(maxsize=100)(read_mapping)


@dataclass(slots=True)
class People:
    """What every use case needs."""

    keyring: Keyring
    doors: Doors
    settings: ServiceSettings
    reading: asyncio.Semaphore
    """One file is read at a time: what is made of it is larger than it is."""
    same_key: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it was sent, but for its bytes. `file_name` says which file of the mapping it is, and is not kept."""

    authority: str
    feed: str
    file_name: str
    as_at: date
    recorded_at: datetime
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
    """The mapping that applies. Raises a 404 problem where there is none."""
    found = await runtime.pool.fetchrow(store.NEWEST_MAPPING, authority, feed)
    if found is None:
        put = f"put one first: PUT /v1/feeds/{feed}/mapping?authority={authority}"
        raise Problem(404, "no-mapping", "No mapping", f"Feed {feed} of authority {authority} has none; {put}.")
    return found


async def mapping_for(runtime: Runtime, sent: Sent) -> tuple[asyncpg.Record, FileMapping]:
    """The newest mapping of a feed, and what it says of the file. Raises FileRefused, or a 404 problem."""
    newest = await newest_mapping(runtime, sent.authority, sent.feed)
    mapping: Mapping = await asyncio.to_thread(read_mapping_once, newest["content"])
    return newest, mapping.file_for(sent.file_name)


async def accept_file(
    runtime: Runtime, people: People, sent: Sent, body: bytes
) -> tuple[asyncpg.Record, bool, tuple[str, ...]]:
    """Keep what is needed of a file; gives it, whether it was known before, and the columns that were dropped.

    Raises FileRefused.
    """
    await assert_same_key(runtime, people)
    mapping, file_mapping = await mapping_for(runtime, sent)
    async with people.reading:
        read, key, _ = await read_file(people, sent, file_mapping, body)
    file = as_kept(sent, file_mapping, mapping, read)
    async with runtime.pool.acquire() as connection, connection.transaction():
        same = await connection.fetchrow(store.SAME_FILE, *(file[name] for name in store.SAME_IN))
        if same is not None:
            return same, True, read.dropped
        accepted = await store.accept_file(connection, file, key, sent.caller, read.parts)
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
    """What goes wrong with a file in a way that nobody foresaw is logged without its words: they may repeat a cell.

    Raises a 500 problem then.
    """
    try:
        yield
    except (FileRefused, Problem):
        raise
    except Exception as error:
        if why_not_now(error) is not None:
            raise
        log.error("a file could not be read", cause=type(error).__name__, at=place_of(error))
        detail = "The service failed on this file; where stands in its log."
        raise Problem(500, "failed", "The service failed", detail) from None


def place_of(error: BaseException) -> str:
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
    """What encrypts the rows of a file; None once they may no longer be read."""
    if file["wrapped_key"] is None:
        return None
    with keys_at_hand():
        return people.keyring.open(WrappedKey(file["master_key"], file["wrapped_key"]), store.of_file(file))


@contextmanager
def keys_at_hand() -> Iterator[None]:
    """Raises a 503 problem where what is to be read is under a master key that the settings do not hold."""
    try:
        yield
    except CannotBeRead as reason:
        raise Problem(503, "key-missing", "A key is missing", str(reason), headers={"Retry-After": "60"}) from None


async def assert_same_key(runtime: Runtime, people: People) -> None:
    """Raises a 503 problem where workers' ids would be made with another key than before: all would be new people."""
    if not people.same_key:
        known = await runtime.pool.fetchval(store.KNOW_PSEUDONYM_KEY, people.keyring.fingerprint)
        if known != people.keyring.fingerprint:
            detail = "WORKFORCE_PSEUDONYM_KEY is not the one that workers' ids were made with: give it the old one."
            raise Problem(503, "other-key", "Another pseudonym key", detail, headers={"Retry-After": "60"})
        people.same_key = True


async def find_file(runtime: Runtime, id: int) -> asyncpg.Record:
    """A file. Raises a 404 problem where there is none."""
    found = await runtime.pool.fetchrow(store.FIND_FILE, id)
    if found is None:
        raise Problem(404, "no-such-file", "No such file", f"No file has the id {id}.")
    return found


# --- the register -----------------------------------------------------------------------------------------------------


async def search_persons(
    runtime: Runtime, people: People, caller: str, authority: str, reference: str, reason: str
) -> list[str]:
    """The workers' ids of a staff number."""
    await register.note(runtime.pool, caller, "search", authority, None, reason)
    return await register.with_reference(runtime.pool, people.keyring, authority, reference)


async def read_person(
    runtime: Runtime, people: People, caller: str, action: str, authority: str, worker: str, reason: str
) -> tuple[asyncpg.Record, list[register.Told]]:
    """All that was ever known of a person, oldest first. Raises a 404 problem where there is nobody."""
    await register.note(runtime.pool, caller, action, authority, worker, reason)
    person = await register.find_person(runtime.pool, authority, worker)
    if person is None:
        raise Problem(404, "nobody", "Nothing is held", f"Nothing is held on {worker} of authority {authority}.")
    with keys_at_hand():
        return person, await register.told_of(runtime.pool, people.keyring, person)


async def erase_person(runtime: Runtime, caller: str, authority: str, worker: str, reason: str) -> datetime:
    """Forget a person; gives when it was done."""
    async with runtime.pool.acquire() as connection, connection.transaction():
        await register.note(connection, caller, "erase", authority, worker, reason)
        # The cells of rejected rows are nobody's in particular: those of every file go.
        await connection.execute(store.FORGET_CELLS, authority)
        return await register.erase(connection, authority, worker)


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
