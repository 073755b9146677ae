"""A system left alone: metrics' own handler on a database of its own, given the same events in another order.

Invariant: what is asked of it names every instant, so that nothing in its answers depends on when it is asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import httpx

from contracts.catalogue import TOPIC_OF_TYPE
from contracts.envelope import Event, parse_event
from services.metrics.app import ServiceSettings, create
from services.metrics.measures.catalogue import MEASURES, dimensions_of
from tests.campaign.sending import Identity
from tests.delivery.feed import Stated
from tests.delivery.observing import Tables, tables
from tests.delivery.test_figures_of_any_delivery import WITH_MONTHS, rounded
from tests.delivery.test_permutations import Metrics
from tests.oracle.measures import MEASURES as ORACLE
from tests.oracle.measures import Period, known
from tests.oracle.reasons import figure_of_count

FIGURES, EXPLANATIONS = 5, 2
"""How many are asked for of each authority."""
LARGEST_DELIVERY = 40
SERVER_ERROR = 500
PASSING = ("links", "sequence", "provenance", "complete_until", "provenances")
"""Members of answers that tell how an event came, not what it says."""


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of both systems."""

    path: str
    query: Mapping[str, str]

    def __str__(self) -> str:
        return f"GET {self.path}?{'&'.join(f'{name}={value}' for name, value in self.query.items())}"


@dataclass(frozen=True)
class Expected:
    """What a system left alone holds, and answers."""

    rows: dict[str, Tables]
    answers: dict[Question, Any]
    by_definition: list[str]
    """What of its own figures is not as the definitions have it."""
    failed: dict[Question, Any]
    """Answers that it, too, owes."""


def in_another_order(
    events: Mapping[Identity, Stated], accepted_at: Mapping[Identity, datetime], random: Random
) -> list[Event]:
    """The events as metrics gets them, accepted at the same instants, but at other positions of the journals."""
    order = sorted(events)
    random.shuffle(order)
    sequences: dict[str, int] = {}
    decoded: list[Event] = []
    for key in order:
        event = events[key]
        owner = TOPIC_OF_TYPE[event["type"]].owner
        sequences[owner] = sequences.get(owner, 0) + 1
        attributes = {name: value for name, value in event.items() if name != "data"}
        stamps = {
            "acceptedtime": accepted_at[key].isoformat(),
            "sequence": str(sequences[owner]),
            "provenance": "request",
        }
        decoded.append(parse_event(attributes | stamps, json.dumps(event["data"]).encode()))
    return decoded


def questions(events: list[Event], random: Random) -> list[Question]:
    """Figures of any kind, explanations, series, changes, data quality of each authority, at instants and dates."""
    asked: list[Question] = []
    for authority in sorted({event.envelope.authority for event in events}):
        own = [event for event in events if event.envelope.authority == authority]
        instants = [*sorted({event.envelope.time for event in own}), datetime(2024, 6, 1, tzinfo=UTC)]
        days = sorted({day for event in own for day in event.data.model_dump().values() if isinstance(day, date)})
        days = days or [date(2023, 9, 30)]

        def known_at(authority: str = authority, instants: list[datetime] = instants) -> dict[str, str]:
            return {"authority": authority, "as_known_at": _text(random.choice(instants))}

        def period(days: list[date] = days) -> dict[str, str]:
            last = random.choice(days)
            return {"from": str(last - timedelta(days=random.choice([0, 30, 364]))), "to": str(last)}

        for _ in range(FIGURES):
            name = random.choice(sorted(MEASURES))
            dimension = {"by": random.choice(dimensions_of(MEASURES[name]))}
            asked.append(Question(f"/v1/measures/{name}", known_at() | period() | dimension))
        for name in random.sample(["establishment", "in-post", "vacancies", "agency-cover", "leavers"], EXPLANATIONS):
            query = known_at() | (period() if name == "leavers" else {"as_at": str(random.choice(days))})
            asked.append(Question(f"/v1/measures/{name}/explanation", query))
        series = {"from": "2022-10-01", "to": "2024-09-30", "every": "quarter", "by": "role"}
        asked.append(Question("/v1/measures/vacancies/series", known_at() | series))
        asked.append(Question("/v1/quality", known_at()))
        between = {"from_known": _text(instants[0]), "to_known": _text(instants[-1])}
        changes = {"authority": authority, "measure": "in-post", "as_at": str(random.choice(days))}
        asked.append(Question("/v1/changes", changes | between))
    return asked


async def expected_of(database: str, events: list[Event], asked: list[Question], random: Random) -> Expected:
    """What a system holds and answers that took these events in, in their order, a few at a time."""
    authorities = sorted({event.envelope.authority for event in events})
    deliveries = []
    rest = events
    while rest:
        size = random.randint(1, LARGEST_DELIVERY)
        deliveries.append((random.randrange(2), rest[:size], random.random() < 0.3))
        rest = rest[size:]
    async with Metrics.on(database) as metrics:
        await metrics.take_in(deliveries)
        app = create(ServiceSettings(database_url=database))
        app.state.runtime._pool = metrics.consumers[0].runtime.pool
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://metrics", timeout=30) as client:
            answers = {question: await answer_of(client, question) for question in asked}
            wrong = [await _unlike_definition(client, authority, events, random) for authority in authorities]
        failed = {question: answer for question, answer in answers.items() if answer[0] >= SERVER_ERROR}
        rows = {authority: await rows_of(database, authority) for authority in authorities}
    return Expected(rows, answers, [one for one in wrong if one is not None], failed)


async def rows_of(database: str, authority: str) -> Tables:
    """The timelines of an authority."""
    return await tables(database, authority)


async def answer_of(client: httpx.AsyncClient, question: Question) -> Any:
    """Status and body of an answer, without what passes."""
    answer = await client.get(question.path, params=dict(question.query))
    try:
        return [answer.status_code, _lasting(answer.json())]
    except ValueError:
        return [answer.status_code, answer.text[:200]]


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lasting(held) for name, held in value.items() if name not in PASSING}
    if isinstance(value, list):
        return [_lasting(held) for held in value]
    return value


async def _unlike_definition(
    client: httpx.AsyncClient, authority: str, events: list[Event], random: Random
) -> str | None:
    """One figure beside what the definitions say, worked out a second time from the events alone."""
    own = [event for event in events if event.envelope.authority == authority]
    as_known_at = random.choice(sorted({event.envelope.time for event in own}))
    name = random.choice(sorted(set(ORACLE) - {*WITH_MONTHS}))
    dimension = random.choice(dimensions_of(MEASURES[name]))
    last = random.choice([date(2023, 3, 31), date(2023, 9, 30), date(2023, 10, 2), date(2024, 9, 30)])
    first = last - timedelta(days=364)
    question = Question(
        f"/v1/measures/{name}",
        {
            "authority": authority,
            "as_known_at": _text(as_known_at),
            "from": str(first),
            "to": str(last),
            "planned": "true",
            "by": dimension,
        },
    )
    in_force = known(own, as_known_at)
    status, body = await answer_of(client, question)
    if not in_force or status != httpx.codes.OK:
        return None
    total = figure_of_count(name, ORACLE[name](in_force, Period(first, last), "all"), in_force)
    expected = rounded(total, body["unit"]) if isinstance(total, Fraction) else total
    if (body.get("reason") if body["total"] is None else float(body["total"])) == expected:
        return None
    return f"{question}: {body['total']}, by the definitions {expected}"


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
