"""What must hold of what the system keeps when it is at rest: journals, inboxes, timelines, dead letters, figures.

Invariant: what is expected comes from what the doors answered, and from a system that nothing befell.
"""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx

from contracts.catalogue import ALL_TOPICS, METRICS, RECRUITMENT, RETENTION, topics_read_by
from contracts.envelope import parse_event
from services.chassis.dead_letters import read_dead_letters
from services.chassis.topics import admin_client
from tests.campaign.sending import Identity, Sent
from tests.campaign.stage import Planted, Stage
from tests.campaign.undisturbed import Expected, Question, answer_of, rows_of
from tests.campaign.verdicts import Violation
from tests.delivery.observing import read

OWNERS = (RECRUITMENT, RETENTION)
JOURNAL = "SELECT position, authority, source, event_id, type, body::text AS body FROM journal ORDER BY position"
HEAD = "SELECT position FROM journal_head"
INBOX = "SELECT authority, source, event_id, type, count(*) AS copies FROM inbox GROUP BY 1, 2, 3, 4"
COUNTS = """
    SELECT count(*) AS queued, count(failed) AS failed FROM derivation_queue
"""
DIGESTS = """
    SELECT authority, md5(string_agg(line, ',' ORDER BY line)) AS digest
    FROM (
        SELECT authority, (occupancy.*)::text AS line FROM occupancy
        UNION ALL SELECT authority, (cover.*)::text FROM cover
        UNION ALL SELECT authority, (staffing.*)::text FROM staffing
        UNION ALL SELECT authority, (initiative.*)::text FROM initiative
    ) AS lines
    GROUP BY authority
"""
MOST_SHOWN = 3
LARGE = 900_000
"""Bytes of a record that may be cut when it becomes a dead letter: what is said of it takes room, too."""
HEADER = "dead-letter-"
"""What the headers begin with that say where a record was and why it becomes a dead letter."""

Events = set[tuple[str, str, str, str]]
"""Authority, source, id and type of events."""


def _event_in(row: asyncpg.Record) -> tuple[str, str, str, str]:
    return row["authority"], row["source"], row["event_id"], row["type"]


async def journals(stage: Stage) -> dict[str, list[asyncpg.Record]]:
    """The journal of each service that has one."""
    return {owner: await read(stage.system.databases[owner], JOURNAL) for owner in OWNERS}


async def what_is_missing(stage: Stage) -> dict[str, Events]:
    """The events that each service should have read, and has not. Raises what is raised while PostgreSQL is away."""
    kept = [row for rows in (await journals(stage)).values() for row in rows]
    missing: dict[str, Events] = {}
    for service, database in stage.system.databases.items():
        types = {event.event_type for topic in topics_read_by(service) for event in topic.events}
        wanted = {_event_in(row) for row in kept if row["type"] in types}
        held = {_event_in(row) for row in await read(database, INBOX)}
        if wanted - held:
            missing[service] = wanted - held
    return missing


async def still_queued(stage: Stage) -> tuple[int, int]:
    """How many subjects wait to be derived, and how many of them cannot be."""
    (row,) = await read(stage.system.databases[METRICS], COUNTS)
    return row["queued"], row["failed"]


async def kept_exactly(stage: Stage, sent: Sent) -> list[Violation]:
    """Every accepted event is in its journal once, as it was sent; positions have no gaps; nothing else is there."""
    violations: list[Violation] = []
    journalled: dict[Identity, asyncpg.Record] = {}
    rule = "what is accepted is in the journal once"
    for owner, rows in (await journals(stage)).items():
        ((head,),) = await read(stage.system.databases[owner], HEAD)
        positions = [row["position"] for row in rows]
        if positions != list(range(1, head + 1)):
            violations.append(Violation("positions have no gaps", f"{owner}: {len(positions)} positions, head {head}"))
        for row in rows:
            key = (row["authority"], row["source"], row["event_id"])
            if key in journalled:
                violations.append(Violation(rule, f"{key} stands in both journals"))
            if key[0] in stage.authorities:
                journalled[key] = row
    lost = sorted(set(sent.accepted) - set(journalled))
    if lost:
        violations.append(Violation(rule, f"{len(lost)} accepted events are in no journal, as {lost[:MOST_SHOWN]}"))
    extra = sorted(set(journalled) - set(sent.accepted))
    if extra:
        told = [f"{key}: {sent.rejected.get(key, 'never answered')}" for key in extra[:MOST_SHOWN]]
        violations.append(Violation(rule, f"{len(extra)} events are in a journal that were not accepted: {told}"))
    for key in sorted(set(sent.accepted) & set(journalled)):
        stated = sent.events[key]
        attributes = {name: value for name, value in stated.items() if name != "data"}
        event = parse_event(attributes, json.dumps(stated["data"]).encode())
        if json.loads(journalled[key]["body"]) != event.data.model_dump(mode="json", exclude_none=True) and json.loads(
            journalled[key]["body"]
        ) != json.loads(event.data.model_dump_json(exclude_none=True)):
            violations.append(Violation(rule, f"{key} was kept as {journalled[key]['body']}, sent as {stated['data']}"))
    return violations


async def read_exactly(stage: Stage) -> list[Violation]:
    """No inbox holds an event twice, or one that no journal holds."""
    violations: list[Violation] = []
    kept = {_event_in(row) for rows in (await journals(stage)).values() for row in rows}
    for service, database in stage.system.databases.items():
        rows = await read(database, INBOX)
        held = {_event_in(row) for row in rows}
        if any(row["copies"] != 1 for row in rows):
            violations.append(Violation("an event is taken in once", f"{service} holds some more than once"))
        if held - kept:
            what = f"{service} took in {len(held - kept)} events of no journal, as {sorted(held - kept)[:MOST_SHOWN]}"
            violations.append(Violation("only accepted events are taken in", what))
    return violations


async def digests(stage: Stage) -> dict[str, str]:
    """A digest of the timelines of every authority."""
    return {row["authority"]: row["digest"] for row in await read(stage.system.databases[METRICS], DIGESTS)}


async def figures_are_equal(stage: Stage, expected: Expected) -> list[Violation]:
    """Rows and answers are those of the system that was left alone."""
    violations: list[Violation] = []
    for authority, rows in expected.rows.items():
        held = await rows_of(stage.system.databases[METRICS], authority)
        for table, lines in rows.items():
            if held[table] != lines:
                more, fewer = sorted(set(held[table]) - set(lines)), sorted(set(lines) - set(held[table]))
                what = f"{table} of {authority} has {more[:MOST_SHOWN]} where there should be {fewer[:MOST_SHOWN]}"
                violations.append(Violation("rows are those of a system left alone", what))
    processes = [service for name, service in stage.processes().items() if name.startswith(METRICS)]
    for service in processes:
        async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client:
            for question, right in expected.answers.items():
                answered = await _asked_twice(client, question)
                if answered != right:
                    what = f"{question} gave {_difference(answered, right)}"
                    violations.append(Violation("figures are those of a system left alone", what))
    violations += [Violation("figures are as the definitions say", wrong) for wrong in expected.by_definition]
    violations += [
        Violation("answers are right", f"{question}: {answer}") for question, answer in expected.failed.items()
    ]
    return violations


async def topics_are_there(stage: Stage) -> list[Violation]:
    """Whoever deleted a topic, the services have made it again."""
    async with admin_client(stage.broker.servers) as admin:
        present = await admin.list_topics()
    lacking = sorted({topic.name for topic in ALL_TOPICS} - set(present))
    return [Violation("topics that are missing are made", f"there is no {', '.join(lacking)}")] if lacking else []


async def dead_letters_are_the_bad_ones(stage: Stage, planted: list[Planted], at_rest: bool) -> list[Violation]:
    """Dead letters were planted, in this round or before; and what was planted in this one is one, at rest and
    unless Kafka lost records since.
    """
    violations: list[Violation] = []
    known = {(one.topic, one.key, one.value, _names(one.headers)) for one in planted}
    for service in stage.system.databases:
        topics = {topic.name for topic in topics_read_by(service)}
        held = set()
        async for record in read_dead_letters(service, stage.broker.servers):
            about = {name.removeprefix(HEADER): value for name, value in record.headers if name.startswith(HEADER)}
            topic = (about.get("topic") or b"?").decode()
            headers = _names(tuple(item for item in record.headers if not item[0].startswith(HEADER)))
            key = (topic, record.key, record.value, headers)
            held.add((topic, record.key))
            if key not in known and (topic, record.key) not in {(one.topic, one.key) for one in planted}:
                reason = (about.get("reason") or b"?").decode(errors="replace")
                what = f"{service} rejected {topic} {record.key!r}, which is good: {reason}"
                violations.append(Violation("only what is bad becomes a dead letter", what))
            elif key not in known and record.key is not None and len(record.value or b"") < LARGE:
                what = f"{service} rejected {topic} {record.key!r} otherwise than it came: {headers[:4]}"
                violations.append(Violation("what becomes a dead letter is as it came", what))
        if stage.kafka_lost_records or not at_rest:
            continue
        for one in stage.planted:
            if one.topic in topics and (one.topic, one.key) not in held:
                what = f"{service} did not reject: {one.what} on {one.topic}"
                violations.append(Violation("what is bad becomes a dead letter", what))
    return violations


async def _asked_twice(client: httpx.AsyncClient, question: Question) -> Any:
    """An answer; asked for once more where the connection, kept from before, was closed meanwhile."""
    try:
        return await answer_of(client, question)
    except httpx.TransportError:
        pass
    try:
        return await answer_of(client, question)
    except httpx.TransportError as error:
        return [type(error).__name__, None]


def _names(headers: tuple[tuple[str, bytes | None], ...]) -> tuple[tuple[str, bytes | None], ...]:
    # A name that is not text cannot be compared: its client read it otherwise than it was written.
    return tuple((name, value) for name, value in headers if name.isprintable() and type(name) is str)


def _difference(answered: Any, right: Any) -> str:
    """Where two answers differ first, and how."""
    for path, (one, other) in _walk(answered, right, ""):
        return f"{one!r} at {path or 'the top'}, where it should be {other!r}"[:600]
    return f"{answered!r}, where it should be {right!r}"[:600]


def _walk(one: Any, other: Any, path: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from _walk(one[name], other[name], f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _walk(left, right, f"{path}[{number}]")
    elif one != other:
        yield path, (one, other)
