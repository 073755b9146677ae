"""Events of one instant through the real doors, in other orders and other requests: the same figures and explanations.

Invariant: the figures were worked out by hand (tests/ties.py); every authority is of one test, and gets one order.
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import httpx

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.envelope import Event
from services.metrics.measures.catalogue import MEASURES
from services.metrics.measures.declaration import Kind
from tests.delivery.feed import Stated, record_of, send, stated
from tests.delivery.observing import events_in, eventually, log_of
from tests.parts import RealSystem
from tests.ties import AS_AT, FIRST, LAST, TIES, Rows, Tie

FORWARDS, BACKWARDS = 700, 800
"""From where on authorities get the events as written down, in one request; the other way round, one by one."""
STATED_FORWARDS, STATED_BACKWARDS = 750, 850
"""The same of events whose sourcesequences say that the first of the two is the later."""
OF_THE_DELIVERY = ("accepted", "provenance")
"""What an answer says of an event that its feed did not."""


def as_fed(event: Event, authority: int) -> Stated:
    """The event as an HR system sends it."""
    envelope = event.envelope.model_copy(update={"authority": str(authority)})
    attributes = envelope.model_dump(mode="json", exclude_none=True)
    return {**attributes, "data": json.loads(event.body)}


async def feed(system: RealSystem, events: Sequence[Stated], at_once: bool) -> None:
    """Send events in their order: in one request to each service, or each in one of its own."""
    batches = [[event] for event in events]
    if at_once:
        owners = [TOPIC_OF_TYPE[event["type"]].owner for event in events]
        batches = [
            [event for event, owner in zip(events, owners, strict=True) if owner == name]
            for name in ("recruitment", "retention")
        ]
    for batch in batches:
        if batch:
            await send(system.services[TOPIC_OF_TYPE[batch[0]["type"]].owner], batch)


async def ask(client: httpx.AsyncClient, path: str, authority: int, **query: str) -> dict[str, Any]:
    """What metrics answers of an authority, without what differs from one authority and one delivery to the next."""
    answer = await client.get(path, params={"authority": str(authority), **query})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    for name in ("authority", "as_known_at", "links", "complete_until"):
        body.pop(name, None)
    bodies = [body, *body.get("findings", [])]
    for event in (event for holder in bodies for event in holder.get("events", [])):
        for name in OF_THE_DELIVERY:
            event.pop(name)
    return body


async def everything(client: httpx.AsyncClient, tie: Tie, authority: int) -> tuple[Rows, list[dict[str, Any]]]:
    """The figure of a tie; and that, its explanation, what is found, and the events of the subject, as answered."""
    time = {"as_at": str(AS_AT)}
    if MEASURES[tie.measure].kind is not Kind.STOCK:
        time = {"from": str(FIRST), "to": str(LAST)}
    by = {"by": ",".join(tie.by)} if tie.by else {}
    figure = await ask(client, f"/v1/measures/{tie.measure}", authority, **time, **by)
    answers = [
        figure,
        await ask(client, f"/v1/measures/{tie.measure}/explanation", authority, **time),
        await ask(client, "/v1/quality", authority, as_at=str(AS_AT)),
        await ask(client, f"/v1/subjects/{tie.subject}", authority),
    ]
    rows = {tuple(row[name] for name in tie.by): row["value"] for row in figure["rows"] if row["value"]}
    if not tie.by:
        rows = {(): figure["total"]} if figure["total"] else {}
    return rows, answers


def as_shown(rows: Rows) -> dict[Any, float]:
    """The rows of a tie as an answer shows them."""
    return {key: float(value) for key, value in rows.items()}


async def test_each_tie_gives_the_figure_of_the_definitions_in_every_order_and_in_any_requests(
    standing_system: RealSystem,
) -> None:
    system = standing_system
    expected, fed = {}, dict[str, int]()
    for number, tie in enumerate(TIES):
        unstated, said = tie.events(), tie.events(("10", "9"))
        for first, events, rows in (
            (FORWARDS, unstated, tie.one_then_other),
            (STATED_FORWARDS, said, tie.other_then_one),
            (BACKWARDS, unstated[::-1], tie.one_then_other),
            (STATED_BACKWARDS, said[::-1], tie.other_then_one),
        ):
            await feed(system, [as_fed(one, first + number) for one in events], at_once=first < BACKWARDS)
            expected[first, number] = as_shown(rows)
            fed[str(first + number)] = len(events)
    for authority, how_many in fed.items():
        await eventually(partial(events_in, system.databases["metrics"], "inbox", authority), how_many)
    async with httpx.AsyncClient(base_url=system.metrics.url, timeout=60, trust_env=False) as client:
        for number, tie in enumerate(TIES):
            for one, other, findings in ((FORWARDS, BACKWARDS, 1), (STATED_FORWARDS, STATED_BACKWARDS, 0)):
                rows, answers = await everything(client, tie, one + number)
                assert rows == expected[one, number], tie.name
                assert (rows, answers) == await everything(client, tie, other + number), tie.name
                summary = {line["check"]: line["findings"] for line in answers[2]["summary"]}
                assert summary["order-not-stated"] == findings, tie.name


def funded(id: str, fte: float, authority: str, **attributes: str) -> Stated:
    """A change of a post's funding from 1 October 2023 on, without a time."""
    data = {"effective_from": "2023-10-01", "funded_fte": fte}
    event = stated(id, "post.changed", "post/P-1", authority, data, **attributes)
    event.pop("time")
    return event


async def test_events_of_one_request_without_a_time_are_in_the_order_they_state_not_in_that_of_the_request(
    standing_system: RealSystem,
) -> None:
    system = standing_system
    data = {"effective_from": "2023-04-01", "role": "social-worker", "team": "a", "service_area": "b"}
    orders = {"601": (1, 2), "602": (2, 1), "603": (None, None), "604": (None, None)}
    for authority, (first, second) in orders.items():
        changes = [
            funded("A", 0.4, authority, **({} if first is None else {"sourcesequence": str(first)})),
            funded("B", 0.8, authority, **({} if second is None else {"sourcesequence": str(second)})),
        ]
        post = stated("P", "post.established", "post/P-1", authority, {**data, "funded_fte": 1})
        await send(system.recruitment, [post, *(changes[::-1] if authority in ("601", "604") else changes)])
        await eventually(
            lambda authority=authority: events_in(system.databases["metrics"], "inbox", authority),  # type: ignore[misc]
            3,
        )
    async with httpx.AsyncClient(base_url=system.metrics.url, timeout=60, trust_env=False) as client:
        totals = {
            authority: (await ask(client, "/v1/measures/establishment", int(authority), as_at="2023-10-20"))["total"]
            for authority in orders
        }
    assert totals == {"601": 0.8, "602": 0.4, "603": 0.8, "604": 0.8}


async def test_a_sourcesequence_travels_on_kafka_and_is_told_with_the_event(standing_system: RealSystem) -> None:
    system = standing_system
    event = stated(
        "P",
        "post.established",
        "post/P-1",
        "605",
        {
            "effective_from": "2023-04-01",
            "role": "social-worker",
            "funded_fte": 1,
            "team": "a",
            "service_area": "b",
        },
        sourcesequence="000000000000000017",
    )
    assert dict(record_of(event).headers)["ce_sourcesequence"] == b"17"
    assert await send(system.recruitment, [event]) == ["accepted"]
    assert await send(system.recruitment, [event | {"sourcesequence": "17"}]) == ["already-known"]
    await eventually(lambda: events_in(system.databases["metrics"], "inbox", "605"), 1)
    records = [
        record
        for of_partition in (await log_of(system.broker, "recruitment", "605")).values()
        for record in of_partition
    ]
    assert [dict(record.headers)["ce_sourcesequence"] for record in records] == [b"17"]
    async with httpx.AsyncClient(base_url=system.metrics.url, timeout=60, trust_env=False) as client:
        (told,) = (await ask(client, "/v1/subjects/post/P-1", 605))["events"]
    assert told["sourcesequence"] == "17"
