"""What of a database could not be distributed by the authority: keys without it, and queries that join without it.

Invariant: nothing is read from how it is written: keys come from PostgreSQL's catalogue, joins from its plans.
"""

import ast
import importlib
import json
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from services.chassis.database import Connection

KEYS = """
    SELECT relation.relname AS table, index.indexrelid::regclass::text AS index, index.indisprimary AS is_primary
    FROM pg_index AS index
    JOIN pg_class AS relation ON relation.oid = index.indrelid
    WHERE relation.relnamespace = 'public'::regnamespace AND index.indisunique AND NOT EXISTS (
        SELECT FROM pg_attribute AS attribute
        WHERE
            attribute.attrelid = relation.oid
            AND attribute.attnum = ANY (index.indkey::smallint[])
            AND attribute.attname = 'authority'
    )
"""

FOREIGN_KEYS = """
    SELECT conrelid::regclass::text AS table, conname AS name
    FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM unnest(conkey, confkey) AS pair (ours, theirs)
        JOIN pg_attribute AS our ON our.attrelid = conrelid AND our.attnum = ours
        JOIN pg_attribute AS their ON their.attrelid = confrelid AND their.attnum = theirs
        WHERE our.attname = 'authority' AND their.attname = 'authority'
    )
"""

TABLES = """
    SELECT
        relname AS table,
        EXISTS (SELECT FROM pg_index WHERE indrelid = relation.oid AND indisprimary) AS has_key,
        EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation.oid AND attname = 'authority') AS of_authority
    FROM pg_class AS relation
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
"""

FUNCTIONS = """
    SELECT proname AS name, proargnames AS arguments, pronargs AS given, prosrc AS body
    FROM pg_proc
    WHERE pronamespace = 'reporting'::regnamespace
"""


async def keys_without_authority(connection: Connection, leave_out: Iterable[str]) -> set[str]:
    """Tables and unique indexes of which no two machines could hold a part each, but for those of some tables."""
    tables = await connection.fetch(TABLES)
    faults = {f"{row['table']} has no authority" for row in tables if not row["of_authority"]}
    faults |= {f"{row['table']} has no primary key" for row in tables if not row["has_key"]}
    keys = [*await connection.fetch(KEYS), *await connection.fetch(FOREIGN_KEYS)]
    for row in keys:
        name = row.get("index") or row["name"]
        faults.add(f"{row['table']}: {name} is without the authority")
    return {fault for fault in faults if re.split("[ :]", fault)[0] not in set(leave_out)}


# --- what is asked ----------------------------------------------------------------------------------------------------

_IS_SQL = re.compile(r"\s*(--[^\n]*\n\s*)*(SELECT|INSERT|UPDATE|DELETE|WITH)\s")


def is_sql(value: object) -> bool:
    """Whether this is the text of a query."""
    return isinstance(value, str) and _IS_SQL.match(value) is not None


def modules_in(package: ModuleType, leave_out: Iterable[str] = ()) -> Iterator[ModuleType]:
    """Every module of a package."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__") and not found.name.startswith(tuple(leave_out)):
            yield importlib.import_module(found.name)


def queries_in(modules: Iterable[ModuleType]) -> dict[str, str]:
    """Every query that is a constant of a module, by the name of its module and its own; imported ones once."""
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": text
        for module in modules
        for name, text in vars(module).items()
        if name.isupper() and is_sql(text) and f"\n{name} = " in f"\n{Path(str(module.__file__)).read_text()}"
    }


def queries_within_functions(modules: Iterable[ModuleType]) -> set[str]:
    """The queries that are written within functions, where `queries_in` finds none."""
    return {
        constant.value
        for module in modules
        for function in ast.walk(ast.parse(Path(str(module.__file__)).read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for constant in ast.walk(function)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str) and is_sql(constant.value)
    }


async def queries_of_reporting(connection: Connection) -> dict[str, str]:
    """The bodies of the functions of the schema reporting, with their arguments by number."""
    bodies = {}
    for row in await connection.fetch(FUNCTIONS):
        body = row["body"]
        for number, name in enumerate(row["arguments"][: row["given"]], start=1):
            body = re.sub(rf"\b{row['name']}\.{name}\b", f"${number}", body)
        bodies[f"reporting.{row['name']}"] = body
    return bodies


# --- how it is asked --------------------------------------------------------------------------------------------------

_EQUAL = re.compile(r"([\w.$]+)(?:::\w+)? = ([\w.$]+)(?:::\w+)?")


async def scans_without_authority(
    connection: Connection, queries: Mapping[str, str], tables: Iterable[str]
) -> set[str]:
    """The scans of these tables that would not stay on one machine: by no given authority, nor by that of another.

    Two tables by a list of authorities are not by the same one.
    """
    faults = set()
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    for name, query in queries.items():
        plan = await _plan(connection, query)
        tied = _tied(_equalities(plan))
        for alias, table in _scans(plan):
            if table in set(tables) and f"{alias}.authority" not in tied:
                faults.add(f"{name}: {table} as {alias}")
    return faults


async def _plan(connection: Connection, query: str) -> dict[str, Any]:
    count = max((int(number) for number in re.findall(r"\$(\d+)", query)), default=0)
    await connection.execute(f"PREPARE asked AS {query}")
    try:
        arguments = f"({', '.join(['NULL'] * count)})" if count else ""
        (plan,) = json.loads(await connection.fetchval(f"EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE asked{arguments}"))
    finally:
        await connection.execute("DEALLOCATE asked")
    return dict(plan["Plan"])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def _equalities(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is equal to what in every row: not what is so in some, of one condition or another."""
    for node in _nodes(plan):
        for what, text in node.items():
            for condition in _all_of(text) if what.endswith(("Cond", "Filter")) else ():
                if found := _EQUAL.fullmatch(condition):
                    yield found[1], found[2]


def _all_of(condition: str) -> Iterator[str]:
    """The conditions that are joined by AND, each without its brackets."""
    depth, start, parts = 0, 0, []
    for place, letter in enumerate(condition):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and condition.startswith(" AND ", place):
            parts.append(condition[start:place])
            start = place + len(" AND ")
    parts.append(condition[start:])
    for part in parts:
        inner = part.strip()
        if len(parts) == 1 and not (inner.startswith("(") and _closes_at_its_end(inner)):
            yield inner
        else:
            yield from _all_of(inner[1:-1] if inner.startswith("(") and _closes_at_its_end(inner) else inner)


def _closes_at_its_end(condition: str) -> bool:
    depth = 0
    for place, letter in enumerate(condition):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place == len(condition) - 1
    return False


def _scans(plan: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (node["Alias"], node["Relation Name"])
        for node in _nodes(plan)
        if "Relation Name" in node and node["Node Type"] != "ModifyTable"
    }


def _tied(equalities: Iterable[tuple[str, str]]) -> set[str]:
    """What is equal to something given, or to an authority of something else, at any remove."""
    equal = defaultdict(set)
    for one, other in equalities:
        equal[one].add(other)
        equal[other].add(one)
    return {
        name
        for name, others in equal.items()
        if name.endswith(".authority") and any(each.startswith("$") or each.endswith("authority") for each in others)
    }
