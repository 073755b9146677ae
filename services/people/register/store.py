"""The tables of the register: persons, what was known of them and when, and the audit trail.

Invariant: every detail of a person is encrypted under the person's own key. Once that key is destroyed, nothing of
the person is ever kept again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from services.chassis.database import Connection, Reads
from services.people.register.keys import Keyring, Sealed, WrappedKey
from services.people.statements import PersonalDetails

PERSONS = """
    SELECT authority, worker, reference_digest, master_key, wrapped_key, first_known_at, erased_at
    FROM person
    WHERE authority = $1 AND worker = ANY ($2::text[])
    FOR SHARE
"""
FIND_PERSON = """
    SELECT authority, worker, master_key, wrapped_key, first_known_at, erased_at
    FROM person
    WHERE authority = $1 AND worker = $2
"""
WITH_REFERENCE = """
    SELECT worker
    FROM person
    WHERE authority = $1 AND reference_digest = $2 AND erased_at IS NULL
    ORDER BY worker
    LIMIT 100
"""
ADD_PERSONS = """
    INSERT INTO person (authority, worker, reference_digest, master_key, wrapped_key)
    SELECT $1, new.*
    FROM unnest($2::text[], $3::bytea[], $4::text[], $5::bytea[]) AS new
"""
NEWEST_DIGESTS = """
    SELECT DISTINCT ON (worker) worker, digest
    FROM person_details
    WHERE authority = $1 AND feed = $2 AND kind = $3 AND worker = ANY ($4::text[])
    ORDER BY worker, known_from DESC
"""
ADD_DETAILS = """
    INSERT INTO person_details (authority, worker, feed, kind, known_from, digest, sealed_details)
    SELECT $1, told.worker, $2, $3, $4, told.digest, told.details
    FROM unnest($5::text[], $6::bytea[], $7::bytea[]) AS told (worker, digest, details)
    ON CONFLICT (authority, worker, feed, kind, known_from) DO UPDATE
    SET digest = excluded.digest, sealed_details = excluded.sealed_details
"""
DETAILS = """
    SELECT feed, kind, known_from, sealed_details
    FROM person_details
    WHERE authority = $1 AND worker = $2
    ORDER BY known_from, feed, kind
"""
# The row stays: what comes of the person later is told by it from somebody new.
ERASE_PERSON = """
    UPDATE person
    SET reference_digest = NULL, master_key = NULL, wrapped_key = NULL,
        erased_at = coalesce(erased_at, clock_timestamp())
    WHERE authority = $1 AND worker = $2
    RETURNING erased_at
"""
FORGET_DETAILS = "DELETE FROM person_details WHERE authority = $1 AND worker = $2"
UNDER_OLD_MASTERS = """
    SELECT authority, worker, master_key, wrapped_key
    FROM person
    WHERE master_key <> $1
    ORDER BY authority, worker
    LIMIT $2
    FOR UPDATE SKIP LOCKED
"""
REWRAP = "UPDATE person SET master_key = $3, wrapped_key = $4 WHERE authority = $1 AND worker = $2"
NOTE = "INSERT INTO audit (caller, action, authority, worker, reason) VALUES ($1, $2, $3, $4, $5)"
AUDIT = """
    SELECT position, at, caller, action, authority, worker, reason
    FROM audit
    WHERE authority = $1 AND position > $2
    ORDER BY position
    LIMIT $3
"""


AUDIT_OF = """
    SELECT position, at, caller, action, authority, worker, reason
    FROM audit
    WHERE authority = $1 AND worker = $2
    ORDER BY position
"""


@dataclass(frozen=True, slots=True)
class PersonStated:
    """What a feed's file said of a person, from `known_from` on."""

    feed: str
    kind: str
    known_from: datetime
    details: dict[str, str]


def of_person(authority: str, worker: str) -> str:
    """What a person's key is bound to."""
    return f"person {authority} {worker}"


async def remember(
    connection: Connection,
    keyring: Keyring,
    of: tuple[str, str, str],
    known_from: datetime,
    persons: Sequence[PersonalDetails],
) -> None:
    """Keep what a file (by authority, feed and kind) says about persons, if it is new. Nothing is kept of erased
    persons.
    """
    authority, feed, kind = of
    details_of = _together(persons)
    if not details_of:
        return
    known = {row["worker"]: row for row in await connection.fetch(PERSONS, authority, list(details_of))}
    new = {worker: keyring.new(of_person(authority, worker)) for worker in details_of if worker not in known}
    if new:
        rows = [
            (worker, keyring.reference_digest(authority, details_of[worker].reference), key.master, key.wrapped)
            for worker, (key, _) in new.items()
        ]
        await connection.execute(ADD_PERSONS, authority, *map(list, zip(*rows, strict=True)))
    before = {
        row["worker"]: row["digest"]
        for row in await connection.fetch(NEWEST_DIGESTS, authority, feed, kind, list(details_of))
    }
    changed = []
    for worker, person in details_of.items():
        plain = json.dumps(person.details, sort_keys=True).encode()
        digest = keyring.digest(worker.encode(), plain)
        if digest != before.get(worker) and (sealed := _sealed(keyring, authority, worker, new, known)) is not None:
            changed.append((worker, digest, sealed.seal(plain, _purpose(feed, kind, known_from))))
    if changed:
        columns = map(list, zip(*changed, strict=True))
        await connection.execute(ADD_DETAILS, authority, feed, kind, known_from, *columns)


def _together(persons: Sequence[PersonalDetails]) -> dict[str, PersonalDetails]:
    """One entry for each person; a later row takes precedence over an earlier one."""
    by_worker: dict[str, PersonalDetails] = {}
    for person in persons:
        before = by_worker.get(person.worker)
        details = {**(before.details if before else {}), **person.details}
        by_worker[person.worker] = PersonalDetails(person.row, person.worker, person.reference, details)
    return by_worker


def _sealed(
    keyring: Keyring,
    authority: str,
    worker: str,
    new: Mapping[str, tuple[WrappedKey, Sealed]],
    known: Mapping[str, asyncpg.Record],
) -> Sealed | None:
    """The object that encrypts for a person; None if the person was erased."""
    if worker in new:
        return new[worker][1]
    return _opened(keyring, known[worker])


def _opened(keyring: Keyring, person: asyncpg.Record) -> Sealed | None:
    if person["wrapped_key"] is None:
        return None
    key = WrappedKey(person["master_key"], person["wrapped_key"])
    return keyring.open(key, of_person(person["authority"], person["worker"]))


def _purpose(feed: str, kind: str, known_from: datetime) -> str:
    return f"{feed} {kind} {known_from.isoformat()}"


async def find_person(reads: Reads, authority: str, worker: str) -> asyncpg.Record | None:
    """A person, also one who was erased."""
    rows = await reads.fetch(FIND_PERSON, authority, worker)
    return rows[0] if rows else None


async def with_reference(reads: Reads, keyring: Keyring, authority: str, reference: str) -> list[str]:
    """The workers' ids of a staff number."""
    digest = keyring.reference_digest(authority, reference)
    return [row["worker"] for row in await reads.fetch(WITH_REFERENCE, authority, digest)]


async def statements_of(reads: Reads, keyring: Keyring, person: asyncpg.Record) -> list[PersonStated]:
    """Everything that was ever known of a person, oldest first. Raises CannotBeRead."""
    sealed = _opened(keyring, person)
    if sealed is None:
        return []
    rows = await reads.fetch(DETAILS, person["authority"], person["worker"])
    return [
        PersonStated(
            row["feed"],
            row["kind"],
            row["known_from"],
            json.loads(sealed.read(row["sealed_details"], _purpose(row["feed"], row["kind"], row["known_from"]))),
        )
        for row in rows
    ]


async def erase(connection: Connection, authority: str, worker: str) -> datetime | None:
    """Destroy a person's key and everything encrypted under it. Returns when it was done; None if there is nobody."""
    await connection.execute(FORGET_DETAILS, authority, worker)
    erased_at: datetime | None = await connection.fetchval(ERASE_PERSON, authority, worker)
    return erased_at


async def rewrap(connection: Connection, keyring: Keyring, most: int) -> int:
    """Wrap some keys again, by the newest master key in place of older ones. Returns how many. Raises CannotBeRead."""
    rows = await connection.fetch(UNDER_OLD_MASTERS, keyring.newest, most)
    for row in rows:
        of = of_person(row["authority"], row["worker"])
        key = keyring.rewrapped(WrappedKey(row["master_key"], row["wrapped_key"]), of)
        await connection.execute(REWRAP, row["authority"], row["worker"], key.master, key.wrapped)
    return len(rows)


async def note(
    connection: Connection | asyncpg.Pool,
    caller: str,
    action: str,
    authority: str,
    worker: str | None,
    reason: str | None,
) -> None:
    """Add to the audit trail."""
    await connection.execute(NOTE, caller, action, authority, worker, reason)


async def audit_after(reads: Reads, authority: str, position: int, most: int) -> list[asyncpg.Record]:
    """The audit trail of an authority, in order."""
    return await reads.fetch(AUDIT, authority, position, most)


async def audit_of(reads: Reads, authority: str, worker: str) -> list[asyncpg.Record]:
    """The audit trail of one person, in order."""
    return await reads.fetch(AUDIT_OF, authority, worker)
