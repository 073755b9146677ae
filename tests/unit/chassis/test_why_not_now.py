"""Which errors say that PostgreSQL cannot do it now, and which are of the data.

Invariant: every SQLSTATE that asyncpg knows is asked about.
"""

import asyncpg
import pytest
from asyncpg import exceptions

from services.chassis.database import lacks_tables, why_not_now

KNOWN = sorted(
    {
        kind.sqlstate: kind
        for kind in vars(exceptions).values()
        if isinstance(kind, type) and issubclass(kind, asyncpg.PostgresError) and kind.sqlstate
    }.items()
)
OF_DATA = {"21", "22", "23", "54"}


@pytest.mark.parametrize(("state", "kind"), KNOWN, ids=[state for state, _ in KNOWN])
def test_only_what_speaks_of_the_data_is_a_fault_of_the_data(state: str, kind: type[asyncpg.PostgresError]) -> None:
    reason = why_not_now(kind("whatever it says"))
    assert (reason is None) == (state[:2] in OF_DATA)
    assert reason is None or "PostgreSQL" in reason or "database" in reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (asyncpg.ReadOnlySQLTransactionError(), "PostgreSQL takes no writes (read-only)"),
        (asyncpg.DiskFullError(), "PostgreSQL's disk is full"),
        (asyncpg.OutOfMemoryError(), "PostgreSQL is out of memory"),
        (asyncpg.TooManyConnectionsError(), "PostgreSQL has too many connections"),
        (asyncpg.CannotConnectNowError(), "PostgreSQL is starting up or shutting down"),
        (asyncpg.InvalidCatalogNameError(), "the database does not exist"),
        (exceptions.DatabaseDroppedError(), "the database was dropped"),
        (asyncpg.UndefinedTableError(), "the database lacks a table of this service"),
        (asyncpg.InsufficientPrivilegeError(), "PostgreSQL refuses this service a right it needs"),
        (asyncpg.QueryCanceledError(), "PostgreSQL cancelled a statement (it took too long, or somebody asked for it)"),
        (asyncpg.DeadlockDetectedError(), "PostgreSQL rolled the transaction back for another's sake"),
        (exceptions.DataCorruptedError(), "PostgreSQL found its data corrupted"),
        (
            exceptions.FeatureNotSupportedError(),
            "PostgreSQL cannot do this now (FeatureNotSupportedError, SQLSTATE 0A000)",
        ),
        (ConnectionRefusedError(), "PostgreSQL cannot be reached"),
        (TimeoutError(), "PostgreSQL cannot be reached"),
        (asyncpg.InterfaceError("the connection is closed"), "PostgreSQL cannot be reached"),
        (asyncpg.InternalClientError("unexpected"), "PostgreSQL cannot be reached"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_the_reason_is_told_in_words(error: Exception, reason: str) -> None:
    assert why_not_now(error) == reason


@pytest.mark.parametrize("error", [ValueError("x"), RecursionError(), AttributeError("x"), KeyError("x"), TypeError()])
def test_an_error_of_our_own_code_is_no_reason_to_wait(error: Exception) -> None:
    assert why_not_now(error) is None


def test_a_value_that_no_column_holds_is_of_the_data() -> None:
    assert why_not_now(asyncpg.DataError("value out of int64 range")) is None


def test_migrations_are_run_again_for_what_they_make_and_nothing_else() -> None:
    assert lacks_tables(asyncpg.UndefinedTableError())
    assert lacks_tables(asyncpg.UndefinedColumnError())
    assert not lacks_tables(asyncpg.InvalidCatalogNameError())
    assert not lacks_tables(ValueError())
    assert not lacks_tables(None)


CLASSES: dict[str, str | None] = {
    "08": "PostgreSQL cannot be reached",
    "25P03": "PostgreSQL ended a transaction that was idle",
    "28": "PostgreSQL does not let this service in (its name or password)",
    "3F": "the database lacks a schema of this service",
    "40": "PostgreSQL rolled the transaction back for another's sake",
    "42703": "the database lacks a column of this service",
    "42883": "the database lacks a function of this service",
    "53": "PostgreSQL is short of resources",
    "53400": "PostgreSQL has reached a limit of its configuration",
    "55": "PostgreSQL is not in a state to do that",
    "55P03": "another holds a lock in PostgreSQL",
    "57": "PostgreSQL was told to stop what it did",
    "57P01": "PostgreSQL is being shut down, or somebody ended the connection",
    "57P02": "PostgreSQL recovers from a crash",
    "58": "PostgreSQL cannot read or write its files",
    "F0": "PostgreSQL's configuration is faulty",
    "XX": "PostgreSQL failed inside",
    "XX002": "PostgreSQL found an index corrupted",
    "21": None,
    "22": None,
    "23": None,
    "54": None,
}


def error_of(state: str | None) -> asyncpg.PostgresError:
    """An error of this SQLSTATE, whatever kind asyncpg makes of it."""
    made = asyncpg.PostgresError("whatever it says")
    vars(made).update(sqlstate=state)
    return made


@pytest.mark.parametrize("state", CLASSES)
def test_each_class_of_error_is_told_in_its_own_words(state: str) -> None:
    assert why_not_now(error_of(state if len(state) == 5 else f"{state}Z99")) == CLASSES[state]


def test_an_error_without_a_state_is_waited_for() -> None:
    assert why_not_now(error_of(None)) == "PostgreSQL cannot do this now (PostgresError, SQLSTATE )"


@pytest.mark.parametrize(
    ("state", "lacks"),
    [("3F000", True), ("42703", True), ("42883", True), ("42P01", True), ("3D000", False), ("42501", False)],
)
def test_only_what_migrations_make_is_made_again(state: str, lacks: bool) -> None:
    assert lacks_tables(error_of(state)) is lacks
